//! A plant without a broker: recordings, snapshots in files, and runs that are made again.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use twinscope::plant::simulation::{Message, MessageSource, Setup};
use twinscope::telemetry::recording::{Reader, Recorded};

use super::observed::START;
use crate::programs::{Mosquitto, eventually, fine, folder, plant, publish, run, scene};

/// A run of the pump station with these options.
fn made(out: &Path, span: &str, more: &[&str]) -> Vec<Recorded> {
    let out = out.to_str().expect("a path");
    let args = ["plant", "scenes/pump_station.ron", "--out", out, "--for", span];
    fine(&[&args, more].concat());
    read(Path::new(out))
}

fn read(path: &Path) -> Vec<Recorded> {
    let bytes = std::fs::read(path).expect("the file");
    let lines = Reader::new(&bytes).expect("a recording");
    lines.map(|line| line.expect("a message")).collect()
}

const FROM: [&str; 2] = ["--from", "2026-03-01T12:00:00Z"];

#[test]
fn a_recording_made_offline_is_what_a_broker_would_have_got() {
    let folder = folder();
    let made = made(&folder.path().join("a.jsonl"), "20s", &FROM);
    let setup = Setup { seed: 1, start: START, story: false };
    let mut source = MessageSource::new(&scene("pump_station.ron"), setup, 1.0).expect("a plant");
    let mut sent: Vec<Message> = source.birth().to_vec();
    for _ in 0..1000 {
        source.advance(Duration::from_millis(20), &mut |message| sent.push(message));
    }
    assert!(made.len() > 400, "{} messages", made.len());
    assert_eq!(made.len(), sent.len());
    for (made, sent) in made.iter().zip(&sent) {
        assert_eq!((&made.topic, &made.payload), (&sent.topic, &sent.payload));
        assert_eq!((made.qos, made.retained), (sent.qos, sent.retain));
    }
    assert!(made.windows(2).all(|two| two[0].at <= two[1].at), "in the order of plant time");
    assert_eq!(made.last().map(|last| last.at.seconds_since(START).round()), Some(20.0));
}

#[test]
fn the_same_seed_makes_the_same_file_and_a_thinned_one_has_the_same_topics() {
    let folder = folder();
    let path = |name: &str| folder.path().join(name);
    let once = made(&path("a.jsonl"), "30s", &FROM);
    assert_eq!(once, made(&path("b.jsonl"), "30s", &FROM));
    assert_ne!(once, made(&path("c.jsonl"), "30s", &[&FROM[..], &["--seed", "2"]].concat()));
    let thin = made(&path("d.jsonl"), "30s", &[&FROM[..], &["--every", "5s"]].concat());
    let topics = |made: &[Recorded]| -> BTreeSet<String> {
        made.iter().map(|message| message.topic.clone()).collect()
    };
    assert!(thin.len() < once.len() / 3, "{} of {}", thin.len(), once.len());
    assert_eq!(topics(&thin), topics(&once));
    let again = path("a.jsonl");
    let again = again.to_str().expect("a path");
    let args = ["plant", "scenes/pump_station.ron", "--out", again, "--for", "1s"];
    let (status, _, errors) = run(&args);
    assert!(status == 1 && errors.contains("not overwritten"), "{status} {errors}");
}

#[test]
fn a_run_goes_on_from_a_snapshot_in_a_file() {
    let folder = folder();
    let path = |name: &str| folder.path().join(name);
    let text = |name: &str| path(name).to_str().expect("a path").to_string();
    let kept = ["--snapshots", &text("kept"), "--snapshot-every", "20s"];
    let whole = made(&path("a.jsonl"), "50s", &[&FROM[..], &kept, &["--seed", "5"]].concat());
    let snapshot = text("kept/2026-03-01t12-00-20z.plant");
    let rest = made(&path("b.jsonl"), "30s", &["--restore", &snapshot]);
    let later: Vec<_> = whole.iter().filter(|m| m.at.seconds_since(START) > 20.0).collect();
    let rest: Vec<_> = rest.iter().filter(|m| m.at.seconds_since(START) > 20.0).collect();
    assert!(rest.len() > 500 && rest == later, "{} and {}", rest.len(), later.len());

    let mut bytes = std::fs::read(&snapshot).expect("the file");
    bytes[100] ^= 1;
    std::fs::write(path("damaged"), bytes).expect("a file");
    let damaged = text("damaged");
    let args = ["plant", "scenes/pump_station.ron", "--restore", &damaged];
    let (status, _, errors) = run(&args);
    assert!(status == 1 && errors.contains("check sum"), "{status} {errors}");
    let args = ["plant", "scenes/bottling.ron", "--restore", &snapshot];
    let (status, _, errors) = run(&args);
    assert!(status == 1 && errors.contains("another definition"), "{status} {errors}");
}

#[test]
fn the_journal_of_a_run_makes_it_again() {
    let folder = folder();
    let path = |name: &str| folder.path().join(name);
    let text = |name: &str| path(name).to_str().expect("a path").to_string();
    let broker = Mosquitto::start();
    let journal = text("journal.jsonl");
    let mut live =
        plant("pump_station.ron", &broker.url(), &["--journal", &journal, "--seed", "3"]);
    let mut told = 0;
    let both = eventually(Duration::from_secs(30), || {
        told += 1;
        let payload = if told % 2 == 0 { "1200" } else { "1500" };
        publish(&broker, &["-t", "pump_station/station/P-1/set/mode", "-m", "manual"]);
        publish(&broker, &["-t", "pump_station/station/P-1/set/speed", "-m", payload]);
        std::thread::sleep(Duration::from_millis(200));
        let written = std::fs::read_to_string(path("journal.jsonl")).unwrap_or_default();
        written.lines().count() > 10
    });
    assert!(both, "it takes note of what it is told");
    live.kill();
    let journaled = read(&path("journal.jsonl"));
    let once = made(&path("a.jsonl"), "20s", &["--commands", &journal]);
    let again = made(&path("b.jsonl"), "20s", &["--commands", &journal]);
    assert_eq!(once, again);
    assert_eq!(once[0].at, journaled[0].at, "it begins when the run began");
    let answers = once.iter().filter(|message| message.topic.ends_with("/P-1/answer")).count();
    assert!(answers >= 8, "{answers} answers");
    // Commands are taken at the instants at which they were given.
    let accepted = once.iter().find(|message| message.topic.ends_with("/P-1/answer"));
    let late = accepted.expect("an answer").at.seconds_since(journaled[1].at);
    assert!((0.0..0.05).contains(&late), "{late} s");
}

#[test]
fn a_run_that_fails_leaves_nothing_behind_that_is_in_the_way_of_the_next() {
    let folder = folder();
    let path = |name: &str| folder.path().join(name).to_str().expect("a path").to_string();
    let (out, journal, truth) = (path("a.jsonl"), path("b.jsonl"), path("c.csv"));
    let args = ["plant", "scenes/pump_station.ron", "--for", "1s", "--out", &out];
    let refused = |more: &[&str], expected: &str| {
        let (status, _, errors) = run(&[&args, more].concat());
        assert!(status != 0 && errors.contains(expected), "{status} {errors}");
        let left: Vec<_> = std::fs::read_dir(folder.path()).expect("a folder").flatten().collect();
        assert!(left.iter().all(|entry| entry.file_name() == "there.csv"), "{left:?}");
    };
    std::fs::write(path("there.csv"), "mine").expect("a file");
    refused(&["--journal", &journal, "--truth", &path("there.csv")], "not overwritten");
    refused(&["--journal", &out], "name the same file");
    refused(&["--journal", &journal, "--truth", &path("none/c.csv")], "there is no folder");
    let commands = path("there.csv");
    refused(&["--journal", &journal, "--commands", &commands], "expected the first line");
    fine(&[&args[..], &["--journal", &journal, "--truth", &truth]].concat());
}

#[test]
fn a_script_is_read_with_its_lines() {
    let folder = folder();
    let path = |name: &str| folder.path().join(name).to_str().expect("a path").to_string();
    let script = |lines: &[(&str, &str)]| {
        let mut text = twinscope::telemetry::recording::header("pump_station") + "\n";
        for (at, topic) in lines {
            text += &format!(
                "{{\"at\":\"2026-03-01T{at}Z\",\"topic\":\"pump_station/{topic}\",\"payload\":\"\"}}\n"
            );
        }
        std::fs::write(path("script.jsonl"), text).expect("a file");
        let (commands, out) = (path("script.jsonl"), path("out.jsonl"));
        let args = ["--commands", &commands, "--from", "2026-03-01T12:00:00Z", "--out", &out];
        run(&[&["plant", "scenes/pump_station.ron", "--for", "2s"][..], &args].concat())
    };
    let clear = "instructor/clear";
    let (status, _, errors) = script(&[("12:00:00", clear), ("12:00:01", "station/P-1/set/spede")]);
    assert!(status == 1 && errors.contains("line 3: "), "{errors}");
    assert!(errors.contains("nearest: \"pump_station/station/P-1/set/speed\""), "{errors}");
    let (status, _, errors) = script(&[("12:00:01", clear), ("12:00:00", clear)]);
    assert!(status == 1 && errors.contains("line 3: it is at"), "{errors}");
    let (status, _, errors) = script(&[("11:00:00", clear), ("12:00:01", clear)]);
    assert!(status == 0 && errors.contains("1 of 2 commands are from before"), "{errors}");
}

#[test]
fn the_truth_is_written_where_it_is_asked_for_and_nowhere_else() {
    let folder = folder();
    let truth = folder.path().join("truth.csv");
    let args = ["--truth", truth.to_str().expect("a path")];
    let made = made(&folder.path().join("a.jsonl"), "5s", &args);
    let table = std::fs::read_to_string(&truth).expect("the table");
    assert!(
        table.starts_with("time,part,worn,replaced\n") && table.contains("P-1.bearing"),
        "{table}"
    );
    for message in made {
        let text = String::from_utf8_lossy(&message.payload);
        assert!(!text.contains("worn") && !text.contains("pace"), "{}: {text}", message.topic);
    }
}
