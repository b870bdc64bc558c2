//! Recordings: what a real broker sent, and the state to which it leads.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use twinscope::telemetry::recording::Reader;
use twinscope::twin::Timestamp;

use crate::programs::{
    Background, Mosquitto, eventually, folder, publish, repository, run, signal, twinscope,
};

/// State hash of `tests/data/bottling.jsonl`. The browser's test expects the same.
const HASH: &str = include_str!("../data/bottling.hash");

fn replay(recording: &Path) -> (i32, String, String) {
    run(&["replay", "scenes/bottling.ron", recording.to_str().unwrap()])
}

#[test]
fn a_recording_leads_to_the_same_state_to_the_bit_whenever_it_is_replayed() {
    let recording = repository("tests/data/bottling.jsonl");
    let (status, told, errors) = replay(&recording);
    assert_eq!((status, errors.as_str()), (0, ""));
    let told: serde_json::Value = serde_json::from_str(&told).expect("JSON");
    assert_eq!(told["messages"], 899);
    assert_eq!((&told["faults"], &told["bad_lines"]), (&0.into(), &0.into()));
    assert_eq!(told["mirror"]["applied"], told["samples"]);
    assert_eq!(told["state_hash"], HASH.trim());
}

#[test]
fn another_value_in_a_recording_leads_to_another_state() {
    let recording = repository("tests/data/bottling.jsonl");
    let text = std::fs::read_to_string(recording).unwrap();
    let changed = text.replacen(r#"\"setpoint\":2600.0"#, r#"\"setpoint\":2600.5"#, 1);
    assert_ne!(text, changed);
    let folder = folder();
    let file = folder.path().join("changed.jsonl");
    std::fs::write(&file, changed).unwrap();
    let (status, told, _) = replay(&file);
    assert_eq!(status, 0);
    assert!(!told.contains(HASH.trim()), "{told}");
}

#[test]
fn what_a_broker_sends_is_recorded_to_the_byte() {
    let broker = Mosquitto::start();
    let folder = folder();
    let file = folder.path().join("out.jsonl");
    let mut command = twinscope();
    command.args(["record", "scenes/bottling.ron", "--broker", &broker.url(), "--out"]).arg(&file);
    let mut recorder = Background::start(command.stdout(Stdio::null()));
    let send = |topic: &str, payload: &[u8]| {
        let path = folder.path().join("payload");
        std::fs::write(&path, payload).unwrap();
        publish(&broker, &["-t", topic, "-f", path.to_str().unwrap()]);
    };
    let read = || -> Vec<_> {
        let bytes = std::fs::read(&file).unwrap_or_default();
        Reader::new(&bytes).map(|reader| reader.flatten().collect()).unwrap_or_default()
    };
    let topic = "bottling/utilities/P-101/telemetry";
    assert!(eventually(Duration::from_secs(20), || {
        send(topic, b"hello");
        !read().is_empty()
    }));
    send(topic, &[0xff, 0x00, 0x80]);
    send("bottling/status", "grün".as_bytes());
    let last = "grün".as_bytes();
    let all_there = || read().last().is_some_and(|message| message.payload == last);
    assert!(eventually(Duration::from_secs(10), all_there));
    let all = read();
    let [binary, text] = &all[all.len() - 2..] else { panic!("two messages") };
    assert_eq!((binary.topic.as_str(), binary.payload.as_slice()), (topic, &[0xff, 0, 0x80][..]));
    assert_eq!(text.payload, last);
    assert!(binary.at <= text.at && Timestamp::now().seconds_since(text.at) < 60.0);
    signal(&recorder.0, "INT");
    assert_eq!(recorder.0.wait().unwrap().code(), Some(0));
    // What is there is not overwritten.
    let again = ["record", "scenes/bottling.ron", "--out", file.to_str().unwrap()];
    let (status, _, errors) = run(&again);
    assert_eq!(status, 1);
    assert!(errors.contains("exists already"), "{errors}");
}
