//! The worked examples of `docs/extending.md` and the programs in `examples`, compiled and run; and
//! that the pages for contributors say what is so.

#[path = "../../../examples/headless_mirror.rs"]
#[allow(dead_code)]
mod headless_mirror;
mod key_values;
#[path = "../../../examples/own_model.rs"]
#[allow(dead_code)]
mod own_model;
mod pages;
#[cfg(feature = "viewer")]
mod panel;
#[path = "../../../examples/read_recording.rs"]
#[allow(dead_code)]
mod read_recording;
#[cfg(feature = "viewer")]
mod sources_panel;

use std::path::Path;
use std::sync::Arc;

use twinscope::model::simulation::{Simulation, SimulationSetup};
use twinscope::model::{load::Held, model};
use twinscope::telemetry::{Batch, Decoded, Decoder, Fault};
use twinscope::twin::mapping::Payload;
use twinscope::twin::{NoFiles, Timestamp, Twin, Value, load_text};

use crate::programs::repository;

const PUMP: &str = r#"Twin(
    schema: 2,
    name: "small",
    classes: {"Pump": (
        properties: {
            "speed": (unit: "{rev}/min"),
            "state": (type: enumeration(["stopped", "running"])),
        },
        mappings: [Json(topic: "{asset}", time: (pointer: "/at", format: epoch_ms),
            values: {"speed": (pointer: "/rps", unit: "{rev}/s"), "state": "/state"})],
    )},
    assets: [(name: "P-1", class: "Pump")],
)"#;

/// The twin as if its mapping said `KeyValues` instead of `Json`: for that the format would need its
/// line in `twin::payload::FORMATS`.
fn with_key_values() -> Twin {
    let mut twin = load_text("small.ron".as_ref(), PUMP, &NoFiles).expect("it is right").twin;
    let Payload::Document { format, .. } = &mut twin.classes[0].mappings[0].payload else {
        panic!("the mapping is one of documents")
    };
    *format = &key_values::FORMAT;
    twin
}

fn decode(payload: &[u8]) -> (Batch, Decoded) {
    let mut batch = Batch::default();
    let decoder = Decoder::new(&with_key_values());
    let decoded = decoder.decode("P-1", payload, Timestamp(1_772_366_400_500_000), &mut batch);
    (batch, decoded)
}

#[test]
fn a_payload_format_of_one_file_has_units_names_and_times_as_json_has() {
    let (batch, decoded) = decode(b"at=1772366400000; rps=24.5;state=running;note=x\n");
    assert_eq!(decoded.fault, None, "{}", decoded.reason());
    let values: Vec<Value> =
        batch.updates.iter().filter_map(|update| update.value.clone()).collect();
    assert_eq!(values, [Value::Number(24.5 * 60.0), Value::Enumeration(1)]);
    let time = Some(Timestamp(1_772_366_400_000_000));
    assert!(batch.updates.iter().all(|update| update.time == time));
}

#[test]
fn a_payload_that_is_not_of_its_format_is_told_with_the_format_s_name() {
    let (batch, decoded) = decode(b"at=1772366400000;rps");
    assert!(batch.updates.is_empty());
    assert_eq!(decoded.fault, Some(Fault::Malformed));
    let expected = "not KeyValues: pair 2 has no `=`: expected name=value;name=value";
    assert_eq!(decoded.reason(), expected);
    let (_, decoded) = decode(b"\xff");
    assert_eq!(decoded.reason(), "not KeyValues: byte 0 is no text in UTF-8");
}

#[test]
fn the_good_fields_of_another_format_s_payload_are_used_too() {
    let (batch, decoded) = decode(b"at=1772366400000;rps=fast;state=running");
    let values: Vec<_> = batch.updates.iter().map(|update| update.value.clone()).collect();
    assert_eq!(values, [None, Some(Value::Enumeration(1))], "the bad one loses its value");
    assert_eq!(decoded.reason(), "/rps: expected a number, found the text \"fast\"");
}

#[test]
fn key_values_are_written_as_they_are_read_or_not_at_all() {
    let (read, write) = (key_values::FORMAT.read, key_values::FORMAT.write);
    let document = serde_json::json!({"speed": 1450.5, "state": "running", "count": 7});
    let payload = write(&document).expect("it is flat");
    assert_eq!(read(&payload), Ok(document));
    for other in [serde_json::json!({"a": "b;c"}), serde_json::json!({"a": "7"})] {
        assert!(write(&other).expect_err("ambiguous").contains("/a"), "{other}");
    }
    assert!(write(&serde_json::json!({"a": {"b": 1}})).is_err());
}

#[test]
fn a_model_of_one_s_own_empties_in_the_time_that_torricelli_gives() {
    let load = Arc::new(Held(vec![0.0]));
    let setup = SimulationSetup::usual(model::<own_model::LeakyTank>(), load, 1.0);
    let mut simulation = Simulation::new(setup).expect("it fits");
    let mut empty_s = None;
    while empty_s.is_none() && simulation.time_s() < 10_000.0 {
        empty_s = simulation.step().expect("finite").first().map(|event| event.time_s);
    }
    // From 2 m down to 0.1 m, a square metre wide, through 2 cm².
    let fall = 2.0_f64.sqrt() - 0.1_f64.sqrt();
    let expected_s = 2.0 * fall / (0.61 * 2e-4 * (2.0 * 9.80665_f64).sqrt());
    let empty_s = empty_s.expect("it has run empty");
    assert!((empty_s / expected_s - 1.0).abs() < 1e-3, "{empty_s} s, not {expected_s} s");
}

#[test]
fn the_example_with_a_model_of_its_own_says_when_the_tank_is_likely_to_be_empty() {
    let mut out = Vec::new();
    own_model::forecast(&mut out).expect("a forecast");
    let text = String::from_utf8(out).expect("text");
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines[0], "empty within 1 h:  37 %", "{text}");
    assert_eq!(lines[2], "empty within 3 h: 100 %", "{text}");
    assert_eq!(lines[4], "as likely before as after 68 min", "{text}");
}

/// What the example prints of the bottling plant's recording.
fn recording_at(instant: Option<&str>) -> Result<String, String> {
    let (twin, file) = (repository("scenes/bottling.ron"), repository("tests/data/bottling.jsonl"));
    let mut out = Vec::new();
    read_recording::read(&twin, &file, instant, &mut out).map_err(|error| error.to_string())?;
    Ok(String::from_utf8(out).expect("text"))
}

#[test]
fn the_example_reads_a_recording_at_the_instant_that_is_asked_for() {
    let newest = recording_at(None).expect("a recording");
    let line = |text: &str| {
        let line = text.lines().find(|line| line.contains("P-102.winding"));
        line.map(str::to_owned)
    };
    let (_, span) = newest.split_once("from ").expect("its span");
    let begin = span.split(' ').next().expect("an instant");
    let first = recording_at(Some(begin)).expect("a recording");
    assert!(line(&newest).is_some_and(|line| line.contains("°C")), "{newest}");
    assert_ne!(line(&newest), line(&first));
}

#[test]
fn what_the_example_cannot_read_is_said() {
    let error = recording_at(Some("noon")).expect_err("no instant");
    assert_eq!(error, "\"noon\" is no instant such as 2026-11-23T12:00:00Z");
    let missing = Path::new("missing.jsonl");
    let twin = repository("scenes/bottling.ron");
    let error = read_recording::read(&twin, missing, None, &mut Vec::new()).expect_err("no file");
    assert!(error.to_string().starts_with("missing.jsonl: "), "{error}");
    let other = repository("Cargo.toml");
    let error = read_recording::read(&twin, &other, None, &mut Vec::new()).expect_err("no table");
    assert!(error.to_string().contains("column of times"), "{error}");
}
