mod senml;
mod shapes;

use proptest::prelude::*;

use super::*;
use crate::support::twins::{json, mapping};
use crate::telemetry::sample_twin::*;
use crate::twin::mapping::*;
use crate::twin::payload::PayloadFormat;
use crate::twin::{Item, Pose, Value};

/// 2026-03-01T12:00:00Z.
const ARRIVAL: Timestamp = Timestamp(1_772_366_400_000_000);
const TOPIC: &str = "plant/P-0";

fn decoder(payload: Payload) -> Decoder {
    Decoder::new(&with_topic("plant/{asset}", payload))
}

fn document(fields: Vec<Field>) -> Payload {
    Payload::Document {
        format: PayloadFormat::JSON,
        samples: None,
        requires: vec![],
        time: TimeSource::Arrival,
        quality: None,
        fields,
    }
}

fn decode(decoder: &Decoder, payload: impl AsRef<[u8]>) -> (Vec<Update>, Decoded) {
    let mut batch = Batch::default();
    let decoded = decoder.decode(TOPIC, payload.as_ref(), ARRIVAL, &mut batch);
    assert_eq!(decoded.samples, batch.updates.len());
    (batch.updates, decoded)
}

/// The values of those that have one.
fn values(updates: &[Update]) -> Vec<(u32, Value)> {
    let value = |update: &Update| Some((update.property.0, update.value.clone()?));
    updates.iter().filter_map(value).collect()
}

/// Whose value is lost: the last one is bad from now on.
fn lost(updates: &[Update]) -> Vec<u32> {
    let lost = updates.iter().filter(|update| update.value.is_none());
    assert!(lost.clone().all(|update| update.quality == Quality::Bad));
    lost.map(|update| update.property.0).collect()
}

fn number(update: &Update) -> Option<f64> {
    update.value.as_ref()?.as_number()
}

/// The one value of a bare payload.
fn scalar_of(property: u16, payload: &str) -> Result<Value, String> {
    let (mut updates, decoded) = decode(&decoder(scalar(Some(property))), payload);
    updates.pop().and_then(|update| update.value).ok_or(decoded.reason())
}

#[test]
fn nested_fields_are_read_by_their_pointers() {
    let fields = vec![field(SPEED, "/motor/0/rpm"), field(STATE, "/a~1b"), field(NOTE, "/note")];
    let payload =
        r#"{"skip":[1,{"x":2}],"motor":[{"rpm":1450.5},{"rpm":1}],"a/b":"running","note":"ok"}"#;
    let (updates, decoded) = decode(&decoder(document(fields)), payload);
    assert_eq!(decoded.fault, None);
    let expected =
        [(0, Value::Number(1450.5)), (1, Value::Enumeration(1)), (2, Value::Text("ok".into()))];
    assert_eq!(values(&updates), expected);
    assert!(updates.iter().all(|update| update.time.is_none()));
}

#[test]
fn each_field_of_each_sample_has_its_own_quality_before_or_after_it_and_the_last_one_counts() {
    let with_quality = |property, pointer: &str, quality: &str| {
        let quality = QualitySource {
            pointer: quality.into(),
            standard: QualityStandard::Any,
            good: vec![],
            uncertain: vec![],
        };
        Field { quality: Some(quality), ..field(property, pointer) }
    };
    let fields = vec![with_quality(SPEED, "/s", "/sq"), with_quality(NOTE, "/n", "/nq")];
    let payload = json(Some("/list"), TimeSource::Arrival, fields);
    let text = r#"{"list": [
        {"sq": "bad", "n": "a", "s": 1, "nq": "uncertain", "sq": "good"},
        {"n": "b", "s": 2, "s": 3, "sq": "uncertain"}
    ]}"#;
    let (updates, _) = decode(&decoder(payload), text);
    let seen: Vec<_> = updates.iter().map(|one| (one.property.0, one.quality)).collect();
    let (good, uncertain) = (Quality::Good, Quality::Uncertain);
    assert_eq!(seen, [(2, uncertain), (0, good), (2, good), (0, uncertain)]);
}

#[test]
fn time_and_quality_may_come_after_the_values_of_a_batch() {
    let payload = Payload::Document {
        format: PayloadFormat::JSON,
        samples: Some("/data/samples".into()),
        requires: vec![],
        time: TimeSource::Field { pointer: "/t".into(), format: TimeFormat::EpochMillis },
        quality: Some(QualitySource {
            pointer: "/q".into(),
            standard: QualityStandard::Any,
            good: vec![],
            uncertain: vec![],
        }),
        fields: vec![field(SPEED, "/v")],
    };
    let text = r#"{"data":{"samples":[
        {"v":1,"t":1772366400001,"q":"good"},
        {"q":"uncertain","v":2,"t":1772366400002},
        {"v":3,"t":1772366400003,"q":24}]}}"#;
    let (updates, decoded) = decode(&decoder(payload), text);
    assert_eq!(decoded.fault, None, "{}", decoded.reason());
    let seen: Vec<_> = updates.iter().map(|u| (u.time, number(u), u.quality)).collect();
    let at = |ms: i64| Some(ARRIVAL.plus_micros(ms * 1000));
    assert_eq!(
        seen,
        [
            (at(1), Some(1.0), Quality::Good),
            (at(2), Some(2.0), Quality::Uncertain),
            (at(3), Some(3.0), Quality::Bad),
        ]
    );
}

#[test]
fn a_stamp_of_the_document_holds_for_all_its_samples() {
    let payload = Payload::Document {
        format: PayloadFormat::JSON,
        samples: Some("/s".into()),
        requires: vec![],
        time: TimeSource::Field { pointer: "^/ts".into(), format: TimeFormat::Iso8601 },
        quality: None,
        fields: vec![field(SPEED, "")],
    };
    let decoder = decoder(payload);
    let (updates, _) = decode(&decoder, r#"{"s":[1,2],"ts":"2026-03-01T12:00:00Z"}"#);
    assert_eq!(updates.iter().filter(|update| update.time == Some(ARRIVAL)).count(), 2);
    let (updates, decoded) = decode(&decoder, r#"{"s":[1,2]}"#);
    assert_eq!(lost(&updates), [0]);
    assert_eq!(decoded.reason(), "/ts: the time is absent");
}

#[test]
fn a_stamp_in_the_wrong_unit_is_reported_and_not_used() {
    let payload = Payload::Document {
        format: PayloadFormat::JSON,
        samples: None,
        requires: vec![],
        time: TimeSource::Field { pointer: "/t".into(), format: TimeFormat::EpochSeconds },
        quality: None,
        fields: vec![field(SPEED, "/v")],
    };
    let (updates, decoded) = decode(&decoder(payload), r#"{"v":1,"t":1772366400000}"#);
    assert_eq!((updates[0].time, updates[0].quality), (None, Quality::Uncertain));
    assert_eq!(decoded.fault, Some(Fault::TimeUnit));
    assert!(decoded.reason().contains("looks like milliseconds"), "{}", decoded.reason());
}

#[test]
fn the_good_fields_of_a_bad_message_are_used_and_the_bad_ones_lose_their_value() {
    let fields = vec![field(SPEED, "/v"), field(STATE, "/s"), field(NOTE, "/n")];
    let decoder = decoder(document(fields));
    for bad in ["NaN", "-Infinity", "1e999", "[]", "{\"x\":1}", "\"fast\""] {
        let (updates, decoded) =
            decode(&decoder, format!(r#"{{"s":"running","v":{bad},"n":"NaN"}}"#));
        assert_eq!(decoded.fault, Some(Fault::Malformed), "{bad}");
        let expected = [(1, Value::Enumeration(1)), (2, Value::Text("NaN".into()))];
        assert_eq!(values(&updates), expected, "{bad}");
        assert_eq!(lost(&updates), [0], "{bad}");
        assert!(decoded.problems[0].pointer == "/v" || bad == "NaN", "{bad}");
    }
    let (updates, decoded) = decode(&decoder, r#"{"s":"runing","n":"x"}"#);
    assert_eq!((values(&updates).len(), lost(&updates)), (1, vec![1]));
    assert_eq!(
        decoded.reason(),
        "/s: \"runing\" is no name of it; did the device mean \"running\"?; /v: the field is absent"
    );
}

#[test]
fn what_is_not_json_gives_no_sample_at_all() {
    let decoder = decoder(document(vec![field(SPEED, "/v")]));
    for bad in [&b"{\"v\":1"[..], b"{\"v\":1}}", b"\xff\xfe", b"{\"v\":\"\xff\"}"] {
        let (updates, decoded) = decode(&decoder, bad);
        assert!(updates.is_empty());
        assert_eq!(decoded.fault, Some(Fault::Malformed));
    }
}

#[test]
fn bare_values_are_read_quoted_or_not() {
    for text in ["21.5", " 21.5\n", "\"21.5\"", "2.15e1"] {
        assert_eq!(scalar_of(SPEED, text), Ok(Value::Number(21.5)), "{text}");
    }
    for text in ["running", "\"running\"", "1"] {
        assert_eq!(scalar_of(STATE, text), Ok(Value::Enumeration(1)), "{text}");
    }
    assert_eq!(scalar_of(NOTE, "007"), Ok(Value::Text("007".into())));
    for (text, number) in
        [("true", 1.0), ("\"1480,5\"", 1480.5), ("18446744073709551615", 1.8446744073709552e19)]
    {
        assert_eq!(scalar_of(SPEED, text), Ok(Value::Number(number)), "{text}");
    }
    for text in ["Running", "RUNNING", "1.0"] {
        assert_eq!(scalar_of(STATE, text), Ok(Value::Enumeration(1)), "{text}");
    }
    for text in ["NaN", "inf", "1e999", "", "warm", "1,480"] {
        assert!(scalar_of(SPEED, text).is_err(), "{text}");
    }
    assert!(scalar_of(STATE, "3").is_err_and(|reason| reason.contains("from 0 to 2")));
}

#[test]
fn scale_offset_and_names_are_applied() {
    let read = Read { scale: 0.5, offset: -10.0, ..Read::default() };
    let time = TimeSource::Arrival;
    let payload = Payload::Scalar { property: Some(SPEED), read, time: time.clone() };
    assert_eq!(values(&decode(&decoder(payload), "100").0), [(0, Value::Number(40.0))]);
    let names = vec![(Json::from(7), 2), (Json::from("RUN"), 1), (Json::from(true), 1)];
    let read = Read { names, ..Read::default() };
    let payload = Payload::Scalar { property: Some(STATE), read, time };
    for (text, index) in
        [("7", 2), ("\"7\"", 2), ("RUN", 1), ("true", 1), ("True", 1), ("run", 1), ("7.0", 2)]
    {
        let (updates, decoded) = decode(&decoder(payload.clone()), text);
        assert_eq!(values(&updates), [(1, Value::Enumeration(index))], "{text} {decoded:?}");
    }
    for text in ["stopped", "0", "1", "\"2\"", "false", "RUNNING"] {
        let (updates, decoded) = decode(&decoder(payload.clone()), text);
        assert_eq!((values(&updates), lost(&updates)), (vec![], vec![1]), "{text}");
        assert!(
            decoded.reason().contains("lists in `names` (7, \"RUN\", true)"),
            "{}",
            decoded.reason()
        );
    }
}

#[test]
fn a_source_that_says_it_has_no_value_makes_the_property_bad() {
    for text in
        ["", "  ", "null", "UNAVAILABLE", "\"unavailable\"", "unknown", "None", "NaN", "n/a"]
    {
        for property in [SPEED, STATE] {
            let (updates, decoded) = decode(&decoder(scalar(Some(property))), text);
            assert_eq!(
                (lost(&updates), decoded.fault),
                (vec![u32::from(property)], None),
                "{text}"
            );
        }
    }
    let names = vec![("offline".into(), 0), ("unknown".into(), 2)];
    let read = Read { names, ..Read::default() };
    let listed = Payload::Scalar { property: Some(STATE), read, time: TimeSource::Arrival };
    for (text, index) in [("offline", 0), ("Unknown", 2)] {
        let (updates, _) = decode(&decoder(listed.clone()), text);
        assert_eq!(values(&updates), [(1, Value::Enumeration(index))], "a word that is listed");
    }
    assert_eq!(scalar_of(NOTE, "unknown"), Ok(Value::Text("unknown".into())));
    assert_eq!(lost(&decode(&decoder(scalar(Some(NOTE))), "UNAVAILABLE").0), [2]);
    let fields =
        vec![field(SPEED, "/v"), Field { optional: true, ..field(STATE, "/s") }, field(POSE, "/p")];
    let decoder = decoder(document(fields));
    let (updates, decoded) = decode(&decoder, r#"{"v":null,"s":null,"p":null}"#);
    assert_eq!((lost(&updates), decoded.fault), (vec![0, 1, 3], None));
    for empty in ["", "null", "\n"] {
        let (updates, decoded) = decode(&decoder, empty);
        assert_eq!((lost(&updates), decoded.fault), (vec![0, 1, 3], None), "{empty}");
    }
}

#[test]
fn a_quality_says_nothing_of_a_value_that_is_not_there() {
    let quality = QualitySource {
        pointer: "/q".into(),
        standard: QualityStandard::Any,
        good: vec![],
        uncertain: vec![],
    };
    let Payload::Document { format, samples, requires, time, fields, .. } =
        document(vec![field(SPEED, "/v")])
    else {
        panic!("a document")
    };
    let decoder = decoder(Payload::Document {
        format,
        samples,
        requires,
        time,
        fields,
        quality: Some(quality),
    });
    let (updates, _) = decode(&decoder, r#"{"v":null,"q":"good"}"#);
    assert_eq!(lost(&updates), [0]);
    for (status, expected) in [
        (r#"{"Code":2147483648,"Symbol":"Bad"}"#, Quality::Bad),
        (r#"{"Code":1073741824}"#, Quality::Uncertain),
        (r#"{"Symbol":"GoodClamped","Code":3145728}"#, Quality::Good),
    ] {
        let (updates, _) = decode(&decoder, format!(r#"{{"v":1,"q":{status}}}"#));
        assert_eq!(updates[0].quality, expected, "{status}");
    }
}

#[test]
fn poses_and_items_are_read_in_each_of_their_shapes() {
    let quarter = std::f64::consts::FRAC_1_SQRT_2;
    let turned = Pose { position: [1.0, 2.0, 3.0], rotation: [0.0, quarter, 0.0, quarter] };
    let still = Pose { position: [1.0, 2.0, 3.0], ..Pose::IDENTITY };
    for (text, expected) in [
        ("[1,2,3]", still),
        (r#"{"position":[1,2,3]}"#, still),
        ("[1,2,3,0,7,0,7]", turned),
        (r#"{"position":[1,2,3],"rotation":[0,7,0,7]}"#, turned),
        (r#"{"x":1,"y":-3,"z":2,"theta":1.5707963267948966}"#, turned),
    ] {
        let Ok(Value::Pose(pose)) = scalar_of(POSE, text) else { panic!("{text}") };
        let near = |a: &[f64], b: &[f64]| a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-12);
        assert!(near(&pose.position, &expected.position), "{text}");
        assert!(near(&pose.rotation, &expected.rotation), "{text}");
    }
    for text in ["[1,2]", "[1,2,3,0,0,0,0]", "{}", "[1,2,\"x\"]", "{\"x\":1,\"theta\":0}", "5"] {
        assert!(scalar_of(POSE, text).is_err(), "{text}");
    }
    let items: std::sync::Arc<[Item]> =
        [Item { id: 7, at_m: 1.25, stage: 2 }, Item { id: 8, at_m: 0.5, stage: 0 }].into();
    for text in [r#"[{"id":7,"at_m":1.25,"stage":2},{"id":8,"at":0.5}]"#, "[[7,1.25,2],[8,0.5]]"] {
        assert_eq!(scalar_of(ITEMS, text), Ok(Value::Items(items.clone())), "{text}");
    }
    assert!(scalar_of(ITEMS, "[[7,1.25,300]]").is_err_and(|reason| reason.contains("item 0")));
}

#[test]
fn presence_and_clock_are_no_samples() {
    let decoder = Decoder::new(&with_clock_and_presence());
    let mut batch = Batch::default();
    let decoded = decoder.decode("plant/P-0/online", b"0", ARRIVAL, &mut batch);
    assert_eq!(decoded.fault, None);
    assert_eq!(batch.presence, [PresenceChange { presence: 0, online: false }]);
    let text = br#"{"now":1772366400000,"rate":60}"#;
    assert_eq!(decoder.decode("plant/clock", text, ARRIVAL, &mut batch).fault, None);
    assert_eq!(batch.clock, Some(ClockReading { time: ARRIVAL, rate: 60.0 }));
    batch.presence.clear();
    let decoded = decoder.decode("plant/P-0/online", b"maybe", ARRIVAL, &mut batch);
    assert_eq!(
        decoded.reason(),
        "expected \"1\" or \"0\", found \"maybe\", which counts as offline"
    );
    assert_eq!(batch.presence, [PresenceChange { presence: 0, online: false }]);
}

#[test]
fn unknown_topics_and_oversized_payloads_are_reported() {
    let decoder = decoder(scalar(Some(SPEED))).with_max_payload(10);
    let mut batch = Batch::default();
    assert_eq!(decoder.decode("x", b"1", ARRIVAL, &mut batch).fault, Some(Fault::Unmapped));
    let decoded = decoder.decode(TOPIC, b"10000000000", ARRIVAL, &mut batch);
    assert_eq!(decoded.reason(), "11 bytes; at most 10 are decoded");
    assert!(batch.updates.is_empty());
}

/// A decoder of everything at once.
fn rich() -> Decoder {
    decoder(Payload::Document {
        format: PayloadFormat::JSON,
        samples: Some("/s".into()),
        requires: vec![],
        time: TimeSource::Field { pointer: "/t".into(), format: TimeFormat::Iso8601 },
        quality: Some(QualitySource {
            pointer: "/q".into(),
            standard: QualityStandard::Any,
            good: vec![],
            uncertain: vec![],
        }),
        fields: vec![
            field(SPEED, "/v"),
            field(STATE, "/e"),
            field(NOTE, "/n"),
            field(POSE, "/p"),
            field(ITEMS, "/i"),
        ],
    })
}

proptest! {
    #[test]
    fn no_bytes_make_a_decoder_panic_or_give_a_number_that_is_not_finite(
        bytes in prop::collection::vec(any::<u8>(), 0..200),
        jsonish in r#"[\{\}\[\]:,"stqvenpi0-9.eE+ \\naNIf-]{0,120}"#,
    ) {
        let rich = rich();
        let wrapped = format!(r#"{{"s":[{{"t":"2026-03-01T12:00:00Z","v":{jsonish}}}]}}"#);
        for payload in [&bytes[..], jsonish.as_bytes(), wrapped.as_bytes()] {
            let (updates, _) = decode(&rich, payload);
            prop_assert!(updates.iter().all(|update| number(update).is_none_or(f64::is_finite)));
            for property in [SPEED, STATE, NOTE, POSE, ITEMS] {
                decode(&decoder(scalar(Some(property))), payload);
            }
        }
    }

    #[test]
    fn what_is_written_is_read_back(
        number in any::<f64>().prop_filter("finite", |number| number.is_finite()),
        micros in 631_152_000_000_000_i64..4_000_000_000_000_000,
        note in ".*",
        items in prop::collection::vec((any::<u64>(), -1e6..1e6, any::<u8>()), 0..5),
    ) {
        let list: Vec<_> = items.iter().map(|(id, at, stage)| serde_json::json!([id, at, stage])).collect();
        let text = serde_json::json!({"s": [{
            "v": number, "e": "tripped", "n": note, "p": [1, 2, 3], "i": list, "q": true,
            "t": Timestamp(micros).to_string(),
        }]});
        let (updates, decoded) = decode(&rich(), text.to_string());
        prop_assert_eq!(decoded.fault, None);
        prop_assert_eq!(updates.len(), 5);
        prop_assert!(updates.iter().all(|update| update.time == Some(Timestamp(micros))));
        for update in updates {
            match update.value.clone().expect("a value") {
                Value::Number(read) => prop_assert_eq!(read, number),
                Value::Text(read) => prop_assert_eq!(&*read, note.as_str()),
                Value::Items(read) => {
                    let read: Vec<_> = read.iter().map(|i| (i.id, i.at_m, i.stage)).collect();
                    prop_assert_eq!(&read, &items);
                }
                Value::Enumeration(index) => prop_assert_eq!(index, 2),
                Value::Pose(pose) => prop_assert_eq!(pose.position, [1.0, 2.0, 3.0]),
            }
        }
    }
}
