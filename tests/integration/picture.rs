//! Pictures as a person gets them: the program against mosquitto, and facts about what it drew that
//! hold on any renderer.

mod reference;

use std::collections::HashMap;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use crate::programs::{self, Mosquitto, eventually, free_port, plant, scene, twinscope};

const STATION: &str = "scenes/pump_station.ron";
/// Differences up to this are noise of a renderer: dithering, the order of sums.
const NOISE: u8 = 12;

struct Picture {
    width: usize,
    height: usize,
    pixels: Vec<[u8; 3]>,
}

/// Shares of width and height: from and to.
struct Region {
    x: (f64, f64),
    y: (f64, f64),
}

impl Picture {
    fn open(file: &Path) -> Self {
        let file = std::fs::File::open(file).expect("the picture was written");
        let decoder = png::Decoder::new(std::io::BufReader::new(file));
        let mut reader = decoder.read_info().expect("a PNG");
        let mut bytes = vec![0; reader.output_buffer_size().expect("its size")];
        let info = reader.next_frame(&mut bytes).expect("its pixels");
        assert_eq!(info.color_type, png::ColorType::Rgb);
        let pixels = bytes[..info.buffer_size()].chunks_exact(3);
        let pixels = pixels.map(|pixel| [pixel[0], pixel[1], pixel[2]]).collect();
        Self { width: info.width as usize, height: info.height as usize, pixels }
    }

    fn size(&self) -> (usize, usize) {
        (self.width, self.height)
    }

    /// Mean brightness, 0 to 255.
    fn brightness(&self) -> f64 {
        let sum: u64 = self.pixels.iter().flatten().map(|byte| u64::from(*byte)).sum();
        sum as f64 / (3 * self.pixels.len()) as f64
    }

    /// How many colours there are, alike ones taken together.
    fn colors(&self) -> usize {
        let mut alike: Vec<_> =
            self.pixels.iter().map(|pixel| pixel.map(|byte| byte / 8)).collect();
        alike.sort_unstable();
        alike.dedup();
        alike.len()
    }

    /// Pixels that differ by more than noise, by place.
    fn changed<'a>(&'a self, other: &'a Self) -> impl Iterator<Item = (f64, f64)> + 'a {
        assert_eq!(self.size(), other.size());
        let pairs = self.pixels.iter().zip(&other.pixels).enumerate();
        let differ = |a: &[u8; 3], b: &[u8; 3]| (0..3).any(|i| a[i].abs_diff(b[i]) > NOISE);
        pairs.filter(move |(_, (a, b))| differ(a, b)).map(move |(at, _)| {
            let (x, y) = (at % self.width, at / self.width);
            (x as f64 / self.width as f64, y as f64 / self.height as f64)
        })
    }

    /// Share of the region's pixels that differ by more than noise.
    fn change_in(&self, other: &Self, region: &Region) -> f64 {
        let inside = |(x, y): &(f64, f64)| {
            (region.x.0..region.x.1).contains(x) && (region.y.0..region.y.1).contains(y)
        };
        let area = (region.x.1 - region.x.0) * (region.y.1 - region.y.0);
        self.changed(other).filter(inside).count() as f64 / (area * self.pixels.len() as f64)
    }

    /// Mean colours of so many columns and rows of fields, row by row.
    fn fields(&self, (columns, rows): (usize, usize)) -> Vec<[f64; 3]> {
        let mut sums = vec![[0.0; 4]; columns * rows];
        for (at, pixel) in self.pixels.iter().enumerate() {
            let column = at % self.width * columns / self.width;
            let row = at / self.width * rows / self.height;
            let sum: &mut [f64; 4] = &mut sums[row * columns + column];
            (0..3).for_each(|i| sum[i] += f64::from(pixel[i]));
            sum[3] += 1.0;
        }
        sums.into_iter().map(|sum| [0, 1, 2].map(|i| sum[i] / sum[3])).collect()
    }

    /// Mean difference of the means of 16 by 9 fields: what is left when one steps back.
    fn distance_from_afar(&self, other: &Self) -> f64 {
        let (own, others) = (self.fields((16, 9)), other.fields((16, 9)));
        let pairs = own.as_flattened().iter().zip(others.as_flattened());
        pairs.map(|(a, b)| (a - b).abs()).sum::<f64>() / (3 * own.len()) as f64
    }

    /// Share of the outermost pixels at the left and the right that are of their most common colour.
    fn flatness_of_sides(&self) -> f64 {
        let depth = self.width / 40;
        let sides = self.pixels.iter().enumerate().filter(|(at, _)| {
            let x = at % self.width;
            x < depth || x >= self.width - depth
        });
        let mut counts: HashMap<[u8; 3], usize> = HashMap::new();
        sides.for_each(|(_, pixel)| *counts.entry(*pixel).or_default() += 1);
        let most = counts.values().copied().max().unwrap_or(0);
        most as f64 / (2 * depth * self.height) as f64
    }
}

/// Runs the program until it has drawn; what it said on standard error, and the picture.
fn draw(command: &mut Command, option: &str, size: (usize, usize)) -> (String, Picture) {
    let folder = tempfile::tempdir().unwrap();
    let png = folder.path().join("new folder/picture.png");
    command.arg(option).arg(&png).args(["--size", &format!("{}x{}", size.0, size.1)]);
    let output = command.output().expect("the program starts");
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(0), "{errors}");
    let picture = Picture::open(&png);
    assert_eq!(picture.size(), size);
    (errors, picture)
}

fn render(broker: &Mosquitto, more: &[&str], size: (usize, usize)) -> Picture {
    let folder = tempfile::tempdir().unwrap();
    let twin = folder.path().join("station.ron");
    std::fs::write(&twin, patient_station()).unwrap();
    let mut command = twinscope();
    command.arg("render").arg(&twin).args(["--broker", &broker.url(), "--after", "300ms"]);
    draw(command.args(more), "--png", size).1
}

/// The pump station, whose clock may be silent: on a slow machine nothing becomes stale meanwhile.
fn patient_station() -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(root.join(STATION)).unwrap();
    let classes = root.join("scenes/classes/process.ron");
    let patient = text
        .replace("\"classes/process.ron\"", &format!("{classes:?}"))
        .replace("rate: \"/rate\")", "rate: \"/rate\", interval: \"1h\")");
    assert!(patient.contains("1h") && patient.contains("scenes/classes"));
    patient
}

/// Publishes a retained message.
fn publish(broker: &Mosquitto, topic: &str, payload: &str) {
    programs::publish(broker, &["-r", "-t", topic, "-m", payload]);
}

/// 2026-03-01T12:00:04Z.
const STAMP_MS: i64 = 1_772_366_404_000;

fn publish_pump(broker: &Mosquitto, turns: f64) {
    let payload = format!(
        r#"{{"ts": {STAMP_MS}, "quality": "good", "state": "running", "motor": {{"setpoint": 1500,
        "speed": 1500, "turns": {turns}, "power": 1.5, "current": 3, "winding": 60}}, "pump":
        {{"flow": 12.5, "pressure": 2, "bearing": 40, "vibration": 1, "hours": 10}}}}"#
    );
    publish(broker, "pump_station/station/P-1/telemetry", &payload);
}

fn publish_tank(broker: &Mosquitto, percent: f64) {
    let payload = format!(
        r#"{{"ts": {STAMP_MS}, "level": {{"percent": {percent}, "mm": 1200}}, "volume": 4,
        "temperature": 14, "flow": {{"in": 15, "out": 15}}}}"#
    );
    publish(broker, "pump_station/station/TK-1/telemetry", &payload);
}

/// A plant whose time stands still, so that its picture depends on its samples alone.
fn still_station() -> Mosquitto {
    let broker = Mosquitto::start();
    publish(&broker, "pump_station/clock", r#"{"now": "2026-03-01T12:00:05Z", "rate": 0}"#);
    publish(&broker, "pump_station/status", "online");
    publish_pump(&broker, 0.0);
    publish_tank(&broker, 20.0);
    broker
}

#[test]
fn the_picture_follows_the_messages_of_a_foreign_publisher_and_nothing_else() {
    let broker = still_station();
    let look = |camera| render(&broker, &["--no-ui", "--camera", camera], (640, 360));
    let low = look("tank");
    assert!((30.0..230.0).contains(&low.brightness()), "{}", low.brightness());
    assert!(low.colors() > 200, "{}", low.colors());

    let again = look("tank");
    let noise = low.changed(&again).count();
    assert!(noise < 20, "the same samples give the same picture, but for {noise} pixels");

    publish_tank(&broker, 90.0);
    let high = look("tank");
    let tank = Region { x: (0.2, 0.8), y: (0.0, 0.9) };
    let floor = Region { x: (0.0, 1.0), y: (0.93, 1.0) };
    let changed = low.changed(&high).count();
    assert!(changed > 100, "the level is seen to rise: {changed}");
    assert!(low.change_in(&high, &tank) > 0.0005);
    assert!(low.change_in(&high, &floor) < 0.0005, "the floor knows no level");

    let before = look("pumps");
    publish_pump(&broker, 0.25);
    let after = look("pumps");
    let turned = before.changed(&after).count();
    assert!(turned > 10, "a quarter of a turn is seen: {turned}");
    let top = Region { x: (0.0, 1.0), y: (0.0, 0.1) };
    assert!(before.change_in(&after, &top) < 0.0005, "only the pump turns");
}

#[test]
fn panels_stand_around_the_scene_and_without_them_it_fills_the_picture() {
    let broker = still_station();
    let with = render(&broker, &[], (1280, 720));
    let without = render(&broker, &["--no-ui"], (1280, 720));
    let (panels, scene) = (with.flatness_of_sides(), without.flatness_of_sides());
    assert!(panels > 0.5, "panels are of one colour at their edges: {panels}");
    assert!(scene < 0.3, "a floor in soft light is not: {scene}");
    let small = render(&broker, &[], (480, 270)).flatness_of_sides();
    assert!(small > 0.5, "panels fit into a small picture: {small}");
}

#[test]
fn a_missing_model_is_told_and_the_rest_is_drawn() {
    let broker = Mosquitto::start();
    let folder = tempfile::tempdir().unwrap();
    let twin = folder.path().join("mine.ron");
    let tank = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/models/tank_vertical.glb");
    let text = format!(
        r#"Twin(schema: 2, name: "mine",
            classes: {{"Tank": (model: {tank:?}), "Lost": (model: "nowhere.glb")}},
            assets: [(name: "T", class: "Tank"), (name: "L", class: "Lost", at: (3, 0, 0))])"#
    );
    std::fs::write(&twin, text).unwrap();
    let mut command = twinscope();
    command.arg("render").arg(&twin).args(["--broker", &broker.url(), "--after", "0s"]);
    let (errors, picture) = draw(&mut command, "--png", (320, 180));
    assert!(errors.contains("nowhere.glb"), "{errors}");
    assert!(picture.colors() > 100, "{}", picture.colors());
}

#[test]
fn what_stands_in_the_way_of_a_picture_is_said_with_its_exit_status() {
    let broker = still_station();
    let render = |broker: &str, png: &str, more: &[&str]| {
        let mut command = twinscope();
        command.args(["render", STATION, "--broker", broker, "--png", png, "--after", "0s"]);
        let output = command.args(["--size", "64x64"]).args(more).output().unwrap();
        (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    let folder = tempfile::tempdir().unwrap();
    let png = folder.path().join("a.png");
    let (png, below_a_file) = (png.to_str().unwrap(), "Cargo.toml/a.png");

    let (status, errors) = render(&broker.url(), png, &["--camera", "tnak"]);
    assert_eq!(status, Some(1), "{errors}");
    assert!(errors.contains("`tank`"), "the nearest viewpoint: {errors}");

    let (status, errors) = render(&broker.url(), below_a_file, &[]);
    assert_eq!(status, Some(2), "{errors}");
    assert!(errors.contains(below_a_file), "{errors}");

    let nobody = format!("mqtt://127.0.0.1:{}", free_port());
    let (status, errors) = render(&nobody, png, &[]);
    assert_eq!(status, Some(2), "{errors}");
    assert!(errors.contains(&nobody) && Path::new(png).is_file(), "{errors}");
}

#[test]
fn a_recording_and_a_table_are_drawn_without_a_broker() {
    let folder = tempfile::tempdir().unwrap();
    let table = |name: &str, percent: u32| {
        let file = folder.path().join(name);
        let rows = (0..3).map(|minute| format!("2026-03-01T12:0{minute}:00Z,{percent}\n"));
        let text = format!("time,TK-1.percent\n{}", rows.collect::<String>());
        std::fs::write(&file, text).unwrap();
        file
    };
    let drawn = |file: &Path| {
        let mut command = twinscope();
        command.args(["render", STATION, "--camera", "tank", "--after", "0s", "--recording"]);
        draw(command.arg(file), "--png", (640, 360)).1
    };
    let (low, high) = (drawn(&table("low.csv", 10)), drawn(&table("high.csv", 90)));
    let scene = Region { x: (0.2, 0.75), y: (0.1, 0.9) };
    assert!(low.change_in(&high, &scene) > 0.0003, "{}", low.change_in(&high, &scene));

    let mut command = twinscope();
    command.args(["render", "scenes/bottling.ron", "--after", "0s", "--recording"]);
    let (_, picture) = draw(command.arg("tests/data/bottling.jsonl"), "--png", (640, 360));
    assert!(picture.colors() > 300, "{}", picture.colors());

    let mut command = twinscope();
    command.args(["render", STATION, "--recording", "Cargo.toml", "--png", "/dev/null"]);
    let output = command.output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("heading `time`"));
}

#[test]
fn an_instant_of_a_recording_is_drawn_with_what_is_selected_from_any_place() {
    let folder = tempfile::tempdir().unwrap();
    let table = folder.path().join("fills.csv");
    let rows = "time,TK-1.percent\n2026-03-01T12:00:00Z,10\n2026-03-01T12:10:00Z,90\n";
    std::fs::write(&table, rows).unwrap();
    let command = |more: &[&str]| {
        let mut command = twinscope();
        command.args(["render", STATION, "--recording"]).arg(&table).args(more);
        command
    };
    let at = |time: &str, more: &[&str]| {
        let place = if more.contains(&"--camera") { &[] } else { ["--camera", "tank"].as_slice() };
        let mut command = command(&["--at", time, "--no-ui"]);
        draw(command.args(place).args(more), "--png", (640, 360)).1
    };
    let whole = Region { x: (0.0, 1.0), y: (0.0, 1.0) };
    let (begin, end) = ("2026-03-01T12:00:00Z", "2026-03-01T12:10:00Z");
    let last = at(end, &[]);
    assert!(at(begin, &[]).change_in(&last, &whole) > 0.0003, "the level differs");
    assert!(at(end, &["--select", "TK-1"]).change_in(&last, &whole) > 0.001, "it is marked");
    let elsewhere = at(end, &["--camera", "9,6,-9,0,1,0"]);
    assert!(elsewhere.change_in(&last, &whole) > 0.05, "it is seen from behind");

    let refused = |more: &[&str]| {
        let output = command(more).args(["--png", "/dev/null"]).output().unwrap();
        assert_eq!(output.status.code(), Some(1), "{more:?}");
        String::from_utf8_lossy(&output.stderr).into_owned()
    };
    let errors = refused(&["--at", "2026-03-01T13:00:00Z"]);
    assert!(errors.contains("the nearest is 2026-03-01T12:10:00Z"), "{errors}");
    let errors = refused(&["--select", "TK-2"]);
    assert!(errors.contains("the nearest is `TK-1`"), "{errors}");
    let errors = refused(&["--camera", "1,2,3"]);
    assert!(errors.contains("six numbers"), "{errors}");
}

#[cfg(unix)]
#[test]
fn a_signal_ends_a_picture_at_once_and_leaves_no_file() {
    use std::os::unix::process::ExitStatusExt;
    let folder = tempfile::tempdir().unwrap();
    for (name, number) in [("INT", 2), ("TERM", 15)] {
        let mut command = twinscope();
        command.args(["render", "scenes/bottling.ron", "--after", "600s", "--recording"]);
        command.args(["tests/data/bottling.jsonl", "--png"]).arg(folder.path().join("a.png"));
        let mut program = command.stderr(std::process::Stdio::null()).spawn().unwrap();
        // It is drawing, or about to.
        std::thread::sleep(std::time::Duration::from_secs(3));
        let sent = Command::new("kill").args(["-s", name, &program.id().to_string()]).status();
        assert!(sent.unwrap().success());
        let begun = std::time::Instant::now();
        let status = program.wait().unwrap();
        assert!(begun.elapsed() < std::time::Duration::from_secs(10), "{:?}", begun.elapsed());
        assert_eq!(status.signal(), Some(number));
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}

/// Messages that came through the broker, as the demo tells.
fn messages(told: &str) -> u64 {
    let words: Vec<_> = told.split_whitespace().collect();
    let at = words.iter().position(|word| *word == "messages").expect("a count of messages");
    words[at - 1].parse().expect("a number")
}

#[test]
fn the_demo_moves_and_a_plant_elsewhere_looks_the_same() {
    let size = (480, 270);
    let demo = |after: &str| {
        let folder = tempfile::tempdir().unwrap();
        let png = folder.path().join("demo.png");
        let mut command = twinscope();
        command.args(["demo", "--no-ui", "--after", after, "--size", "480x270", "--headless"]);
        let output = command.arg(&png).output().expect("the program starts");
        let errors = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(0), "{errors}");
        let told = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(told.contains("mqtt://127.0.0.1:"), "{told}");
        (messages(&told), Picture::open(&png))
    };
    let (few, early) = demo("1s");
    let (many, late) = demo("6s");
    assert!(few > 100 && many > few + 300, "messages through the broker: {few}, {many}");
    let moved = early.changed(&late).count();
    assert!(moved > 100, "bottles, robot or vehicle have moved: {moved}");

    let broker = Mosquitto::start();
    let _plant = plant("bottling.ron", &broker.url(), &[]);
    let mut command = twinscope();
    command.args(["render", "scenes/bottling.ron", "--no-ui", "--after", "2s"]);
    let (_, elsewhere) = draw(command.args(["--broker", &broker.url()]), "--png", size);
    let distance = late.distance_from_afar(&elsewhere);
    assert!(distance < 6.0, "a plant behind mosquitto looks the same, but for {distance}");

    let states = || {
        let mut command = twinscope();
        command.args(["watch", "scenes/bottling.ron", "--json", "--for", "1s"]);
        let output = command.args(["--broker", &broker.url()]).output().unwrap();
        String::from_utf8(output.stdout).unwrap()
    };
    let properties = scene("bottling.ron").property_count();
    let all_known = eventually(Duration::from_secs(30), || {
        let states = states();
        let lines = states.lines().filter(|line| line.contains("\"property\""));
        lines.clone().count() == properties
            && lines.filter(|line| line.contains("null,\"unit\"")).count() == 0
    });
    assert!(all_known, "each property has a value: {}", states());
}
