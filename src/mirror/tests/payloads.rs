//! Messages as products send them, from the twin file to the state: what each makes of the plant is known.

use std::path::Path;

use serde_json::Value as Json;

use super::*;
use crate::telemetry::{Decoder, Feed, Status};
use crate::twin::ValueType;

/// 2026-11-23T12:00:01Z, a second after what the messages state.
const ARRIVAL: Timestamp = Timestamp(1_795_435_201_000_000);

/// What the twin file of a case cannot say, and why; nothing of it may be wrong and look good.
const NOT_AS_EXPECTED: [(&str, &str); 22] = [
    ("aas_collection", BY_PLACE),
    ("azure_adt_patch", BY_PLACE),
    ("cbor", "a format of its own"),
    ("csv_line", "a format of its own"),
    ("lorawan_base64", "bytes in base64"),
    ("modbus_hex", "bytes in hexadecimal digits"),
    ("msgpack", "a format of its own"),
    ("name_value_array", BY_PLACE),
    ("opc_publisher_samples", BY_PLACE),
    ("raw_binary", "bytes"),
    ("sparkplug_b_psp", "a format of its own"),
    ("sparkplug_b_spbw", "a format of its own"),
    ("sparkplug_json", BY_PLACE),
    ("telegraf_influx", "a format of its own"),
    ("telegraf_json", "the twin is refused; `_where` shows how it is said whose a message is"),
    ("time_ns_text", "the twin states another unit; `_ns` states the right one"),
    ("time_s_mapped_as_ms", "the twin states another unit"),
    ("time_two_fields", "a time in two fields"),
    ("value_enum_unknown", "the twin does not say what other codes stand for; `_others` does"),
    ("xml", "a format of its own"),
    ("zlib", "compressed"),
    ("modbus_registers", NOT_SEEN),
];

const BY_PLACE: &str = "the twin reads a list by its places; `_by_name` shows how it is read";

/// What cannot be seen in the message, which has a number where the twin says that there is one: a word of a register
/// pair for its value.
const NOT_SEEN: &str = "the twin's mapping is another than the message's";

/// A time without an offset is in UTC, as other cases want it; this one wants the time of arrival.
const CONTRADICTING: [&str; 1] = ["time_wrong_then_lost"];

/// The state after a case's messages, and how many of them were not understood; `None`: the twin is refused.
fn mirrored(folder: &Path) -> Option<(Mirror, u64)> {
    let read = |name: &str| std::fs::read_to_string(folder.join(name)).ok();
    let twin = Arc::new(crate::twin::load(&folder.join("twin.ron")).ok()?.twin);
    let status = Arc::new(Status::new("test"));
    let (mut feed, batches) = Feed::new(Decoder::new(&twin), status.clone(), 16);
    let mut mirror = Mirror::new(twin, Budget::default());
    for number in 1..10 {
        let of = |name: &str, end: &str| match number {
            1 => format!("{name}{end}"),
            _ => format!("{name}.{number}{end}"),
        };
        let Ok(payload) = std::fs::read(folder.join(of("payload", ""))) else { break };
        let topic = read(&of("topic", ".txt")).or_else(|| read("topic.txt")).expect("a topic");
        feed.feed(topic.trim(), &payload, 1, ARRIVAL);
        assert_eq!(feed.try_flush(), crate::telemetry::Flushed::Sent);
        batches.try_iter().for_each(|batch| mirror.apply(batch));
    }
    mirror.tick(ARRIVAL);
    let counters = &status.counters;
    Some((mirror, counters.malformed.get() + counters.unmapped.get()))
}

fn cases() -> impl Iterator<Item = (String, std::path::PathBuf, Vec<Json>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/payloads");
    std::fs::read_dir(folder).expect("the cases").flatten().map(|case| {
        let expected = std::fs::read(case.path().join("expected.json")).expect("what is expected");
        let expected = serde_json::from_slice(&expected).expect("JSON");
        (case.file_name().to_string_lossy().into_owned(), case.path(), expected)
    })
}

fn check(case: &Path, mirror: &Mirror, expected: &Json) {
    let case = case.display();
    let text = |name: &str| expected[name].as_str().unwrap_or_default();
    let id = mirror.twin().property_by_path(text("property")).expect("it is the twin's");
    let found = mirror.latest(id);
    let allowed: Vec<&str> = text("quality").split(" or ").collect();
    let Some(reading) = found else {
        assert!(allowed.contains(&"none"), "{case}: nothing is known; expected {expected}");
        return;
    };
    assert!(allowed.contains(&reading.quality.name()), "{case}: {reading:?}; expected {expected}");
    match (&mirror.twin().property(id).ty, &reading.value, &expected["value"]) {
        (_, _, Json::Null) => assert_eq!(reading.quality, Quality::Bad),
        (ValueType::Enumeration(names), Value::Enumeration(at), Json::String(name)) => {
            assert_eq!(&names[usize::from(*at)], name, "{case}");
        }
        (_, Value::Number(number), wanted) => assert_eq!(Some(*number), wanted.as_f64(), "{case}"),
        (_, Value::Pose(pose), wanted) => {
            let near = |found: &[f64], wanted: &Json| {
                let wanted = wanted.as_array().expect("numbers");
                let pairs = found.iter().zip(wanted.iter().filter_map(Json::as_f64));
                assert!(pairs.clone().count() == found.len(), "{case}: {wanted:?}");
                pairs
                    .into_iter()
                    .for_each(|(a, b)| assert!((a - b).abs() < 1e-6, "{case}: {pose:?}"));
            };
            near(&pose.position, &wanted["position"]);
            near(&pose.rotation, &wanted["rotation"]);
        }
        (_, value, wanted) => panic!("{case}: {value:?}; expected {wanted}"),
    }
    match &expected["time"] {
        Json::String(time) if time != "arrival" => {
            assert_eq!(reading.time.to_string(), *time, "{case}")
        }
        Json::String(_) => assert!(reading.time >= ARRIVAL),
        _ => {}
    }
}

#[test]
fn each_message_of_a_product_gives_what_it_says() {
    let mut read = 0;
    for (name, folder, expected) in cases() {
        let is_left_out = NOT_AS_EXPECTED.iter().any(|(case, _)| *case == name);
        if is_left_out || CONTRADICTING.contains(&&*name) {
            continue;
        }
        let (mirror, _) = mirrored(&folder).expect("its twin loads");
        expected.iter().for_each(|expected| check(&folder, &mirror, expected));
        read += 1;
    }
    assert!(read >= 70, "{read}");
}

/// What is known of a property is doubtful, or right, or older than the message that was not understood.
fn is_safe(mirror: &Mirror, expected: &Json) -> bool {
    let text = |name: &str| expected[name].as_str().unwrap_or_default();
    let id = mirror.twin().property_by_path(text("property")).expect("it is the twin's");
    let Some(reading) = mirror.latest(id).filter(|reading| reading.quality == Quality::Good) else {
        return true;
    };
    let time = reading.time.to_string();
    let is_older = text("time") != "arrival" && *time < *text("time");
    let is_right = match reading.value {
        Value::Number(number) => Some(number) == expected["value"].as_f64(),
        _ => false,
    };
    is_older || is_right && (time == text("time") || text("time") == "arrival")
}

#[test]
fn what_is_not_understood_of_a_product_s_message_is_counted_and_never_looks_good() {
    let mut seen = 0;
    for (name, folder, expected) in cases() {
        let Some((_, why)) = NOT_AS_EXPECTED.iter().find(|(case, _)| *case == name) else {
            continue;
        };
        seen += 1;
        let Some((mirror, faults)) = mirrored(&folder) else { continue };
        if *why == NOT_SEEN {
            continue;
        }
        let safe: Vec<bool> = expected.iter().map(|expected| is_safe(&mirror, expected)).collect();
        assert!(safe.iter().all(|safe| *safe), "{name}: {safe:?}");
        let is_all_bad = |expected: &Json| {
            let id =
                mirror.twin().property_by_path(expected["property"].as_str().unwrap_or_default());
            let reading = id.and_then(|id| mirror.latest(id));
            reading.is_some_and(|reading| reading.quality == Quality::Bad)
        };
        assert!(
            faults > 0 || expected.iter().all(is_all_bad),
            "{name} ({why}) is said to be understood"
        );
    }
    assert_eq!(seen, NOT_AS_EXPECTED.len());
}
