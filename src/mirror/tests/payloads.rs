//! Messages as products send them, from the twin file to the state: what each makes of the plant is known.

use std::path::Path;

use serde_json::Value as Json;

use super::*;
use crate::telemetry::{Decoder, Feed, Status};
use crate::twin::ValueType;

/// 2026-11-23T12:00:01Z, a second after what the messages state.
const ARRIVAL: Timestamp = Timestamp(1_795_435_201_000_000);

/// The state after a case's messages.
fn mirrored(folder: &Path) -> Mirror {
    let read = |name: &str| std::fs::read_to_string(folder.join(name)).ok();
    let twin = match crate::twin::load(&folder.join("twin.ron")) {
        Ok(loaded) => Arc::new(loaded.twin),
        Err(errors) => panic!("{errors}"),
    };
    let status = Arc::new(Status::new("test"));
    let (mut feed, batches) = Feed::new(Decoder::new(&twin), status, 16);
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
    mirror
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
fn each_message_of_a_product_gives_what_it_says_or_nothing_that_looks_good() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/payloads");
    let mut cases = 0;
    for case in std::fs::read_dir(folder).expect("the cases").flatten() {
        let mirror = mirrored(&case.path());
        let expected = std::fs::read(case.path().join("expected.json")).expect("what is expected");
        let expected: Vec<Json> = serde_json::from_slice(&expected).expect("JSON");
        expected.iter().for_each(|expected| check(&case.path(), &mirror, expected));
        cases += 1;
    }
    assert!(cases >= 30, "{cases}");
}
