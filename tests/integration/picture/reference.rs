//! The pump station beside committed pictures of it (tests/data/pictures), with a tolerance.
//!
//! The station is drawn from a table whose samples do not change, so that the picture depends on the
//! twin, its models and what draws them. Compared are the mean colours of small fields: another version
//! of the renderer rounds colours otherwise and moves edges by less than a pixel, which hardly changes a
//! field's mean; a machine that is missing, moved or of another colour changes that of some fields by
//! several times the tolerance, as the second test shows. What differs is written to
//! `target/tmp/pictures`; `TWINSCOPE_UPDATE_PICTURES=1` writes the committed pictures anew.

use std::path::{Path, PathBuf};

use super::{Picture, STATION};
use crate::programs::{folder, outcome, repository, twinscope};

const SIZE: (usize, usize) = (480, 270);
/// Fields of 10 by 10 pixels.
const FIELDS: (usize, usize) = (48, 27);
/// How much all fields may differ on average, of 255.
const MEAN: f64 = 1.0;
/// How much one field may.
const WORST: f64 = 8.0;

/// A close look at the coupling of the first pump, beside the station's own viewpoints.
const SHAFT: &str = r#"viewpoints: [
        (name: "shaft", eye: (-0.05, 0.95, 0.6), target: (-0.13, 0.42, 0)),"#;

/// What is drawn: the station's text, and the samples that its table holds all the time.
#[derive(Clone)]
struct Still {
    station: String,
    samples: Vec<(&'static str, &'static str)>,
}

impl Still {
    /// Both pumps run, the tank is more than half full.
    fn usual() -> Self {
        let text = std::fs::read_to_string(repository(STATION)).expect("the station");
        let scenes = |path: &str| format!("\"{}\"", repository(path).display());
        let station = text
            .replace("\"classes/process.ron\"", &scenes("scenes/classes/process.ron"))
            .replace(
                "\"../assets/models/pipes_station.glb\"",
                &scenes("assets/models/pipes_station.glb"),
            )
            .replace("viewpoints: [", SHAFT);
        assert!(station.contains("shaft") && !station.contains("\"../"));
        let samples = vec![
            ("P-1.state", "running"),
            ("P-1.turns", "0"),
            ("P-1.winding", "40"),
            ("P-2.state", "stopped"),
            ("P-2.turns", "0"),
            ("P-2.winding", "40"),
            ("TK-1.percent", "62"),
            ("TK-1.temperature", "14"),
            ("V-1.position", "50"),
        ];
        Self { station, samples }
    }

    /// With another text in the station's file.
    fn text(mut self, from: &str, to: &str) -> Self {
        assert!(self.station.contains(from), "{from}");
        self.station = self.station.replace(from, to);
        self
    }

    /// Without the samples of that asset, and with these.
    fn sample(mut self, heading: &'static str, value: &'static str) -> Self {
        self.samples.retain(|(other, _)| *other != heading);
        self.samples.push((heading, value));
        self
    }

    /// Draws it as seen from a viewpoint, into a file.
    fn draw(&self, viewpoint: &str, png: &Path) -> Picture {
        let folder = folder();
        let (twin, table) = (folder.path().join("station.ron"), folder.path().join("still.csv"));
        std::fs::write(&twin, &self.station).expect("written");
        let (headings, values): (Vec<_>, Vec<_>) = self.samples.iter().copied().unzip();
        let row = |minute: u32| format!("2026-03-01T12:0{minute}:00Z,{}\n", values.join(","));
        let rows: String = (0..3).map(row).collect();
        std::fs::write(&table, format!("time,{}\n{rows}", headings.join(","))).expect("written");
        let size = format!("{}x{}", SIZE.0, SIZE.1);
        let mut command = twinscope();
        command.arg("render").arg(&twin).args(["--no-ui", "--after", "0s", "--size", &size]);
        command.args(["--camera", viewpoint, "--recording"]).arg(&table).arg("--png").arg(png);
        let (status, _, errors) = outcome(command.output().expect("the program starts"));
        assert_eq!(status, 0, "{errors}");
        Picture::open(png)
    }

    /// How far it is from the committed picture from there.
    fn difference(&self, viewpoint: &str, name: &str) -> Difference {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("pictures");
        std::fs::create_dir_all(&folder).expect("a folder for what is drawn");
        let drawn = folder.join(format!("{name}.png"));
        let picture = self.draw(viewpoint, &drawn);
        Difference::between(&picture, &Picture::open(&committed(viewpoint)), drawn)
    }
}

fn committed(viewpoint: &str) -> PathBuf {
    repository("tests/data/pictures").join(format!("station_{viewpoint}.png"))
}

/// How far two pictures are apart, by their fields' mean colours.
#[derive(Debug)]
#[expect(dead_code, reason = "what is not compared stands in the message of a failure")]
struct Difference {
    /// Of all fields, of 255.
    mean: f64,
    /// Of the field that differs most, of 255.
    worst: f64,
    /// Where that one is: column and row.
    at: (usize, usize),
    /// The picture that was drawn.
    drawn: PathBuf,
}

impl Difference {
    fn between(ours: &Picture, theirs: &Picture, drawn: PathBuf) -> Self {
        assert_eq!(ours.size(), theirs.size());
        let (ours, theirs) = (ours.fields(FIELDS), theirs.fields(FIELDS));
        let apart = |(a, b): (&[f64; 3], &[f64; 3])| {
            (0..3).map(|i| (a[i] - b[i]).abs()).fold(0.0, f64::max)
        };
        let all: Vec<f64> = ours.iter().zip(&theirs).map(apart).collect();
        let by_difference = |a: &(usize, &f64), b: &(usize, &f64)| a.1.total_cmp(b.1);
        let worst = all.iter().enumerate().max_by(by_difference).expect("fields");
        Self {
            mean: all.iter().sum::<f64>() / all.len() as f64,
            worst: *worst.1,
            at: (worst.0 % FIELDS.0, worst.0 / FIELDS.0),
            drawn,
        }
    }

    fn is_within_tolerance(&self) -> bool {
        self.mean <= MEAN && self.worst <= WORST
    }
}

const VIEWPOINTS: [&str; 3] = ["pumps", "tank", "shaft"];

#[test]
fn the_station_looks_as_in_its_committed_pictures() {
    for viewpoint in VIEWPOINTS {
        if std::env::var_os("TWINSCOPE_UPDATE_PICTURES").is_some() {
            std::fs::create_dir_all(repository("tests/data/pictures")).expect("a folder");
            Still::usual().draw(viewpoint, &committed(viewpoint));
        }
        let difference = Still::usual().difference(viewpoint, viewpoint);
        assert!(difference.is_within_tolerance(), "{viewpoint}: {difference:?}");
    }
}

#[test]
fn a_machine_that_is_missing_moved_turned_or_of_another_colour_differs_from_its_picture() {
    let second =
        r#"(name: "P-2", class: "Pump", parent: "station", title: "Pump 2", at: (0, 0, -1.8)),"#;
    let usual = Still::usual();
    let mut alone = usual.clone().text(second, "");
    alone.samples.retain(|(heading, _)| !heading.starts_with("P-2."));
    let moved = usual.clone().text("(0, 0, -1.8)", "(0.2, 0, -1.8)");
    let cases = [
        ("missing", "pumps", alone),
        ("moved", "pumps", moved),
        ("hot", "pumps", usual.clone().sample("P-1.winding", "125")),
        ("tripped", "pumps", usual.clone().sample("P-1.state", "tripped")),
        ("turned", "shaft", usual.clone().sample("P-1.turns", "0.125")),
        ("empty", "tank", usual.clone().sample("TK-1.percent", "5")),
    ];
    for (name, viewpoint, still) in cases {
        let difference = still.difference(viewpoint, name);
        assert!(difference.worst > 2.0 * WORST, "{name}: {difference:?}");
    }
}
