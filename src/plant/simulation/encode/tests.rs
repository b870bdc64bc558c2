//! Documents with known answers; and whatever is encoded is decoded to the same.

use proptest::prelude::*;

use super::*;
use crate::plant::simulation::topic::topic;
use crate::support::twins::{field, json, stamp};
use crate::telemetry::{Batch, Decoder};
use crate::twin::mapping::QualityStandard;
use crate::twin::payload::PayloadFormat;
use crate::twin::{AssetId, Item, NoFiles, Twin, load_text};

fn good(value: Value) -> Measured {
    Measured { value: Some(value), quality: Quality::Good }
}

#[test]
fn a_nested_document_is_built_from_its_pointers() {
    let mut scaled = field(1, "/list/1");
    scaled.read = Read { scale: 0.1, offset: -40.0, ..Read::default() };
    let names: std::sync::Arc<[String]> = ["off".into(), "on".into()].into();
    let payload = Payload::Document {
        format: PayloadFormat::JSON,
        samples: None,
        requires: vec![],
        time: TimeSource::Field { pointer: "/t".into(), format: TimeFormat::EpochMillis },
        quality: Some(QualitySource {
            pointer: "/q".into(),
            standard: QualityStandard::Any,
            good: vec![],
            uncertain: vec![],
        }),
        fields: vec![field(0, "/a~1b/x"), scaled, field(2, "/state")],
    };
    let types = [ValueType::Number, ValueType::Number, ValueType::Enumeration(names)];
    let readings = vec![
        (0, good(Value::Number(1.5))),
        (1, good(Value::Number(20.0))),
        (2, Measured { value: Some(Value::Enumeration(1)), quality: Quality::Uncertain }),
    ];
    let document = document(&payload, &types, &[(Timestamp(1_500_000), readings)]);
    let expected = serde_json::json!({
        "t": 1500, "q": "uncertain", "a/b": {"x": 1.5}, "list": [null, 600.0], "state": "on"
    });
    assert_eq!(document, expected);
}

#[test]
fn a_batch_holds_every_instant_with_its_own_time() {
    let payload = json(Some("/samples"), stamp(TimeFormat::EpochMicros), vec![field(0, "/v")]);
    let instant = |at, number| (Timestamp(at), vec![(0, good(Value::Number(number)))]);
    let document = document(&payload, &[ValueType::Number], &[instant(1, 0.5), instant(2, 0.75)]);
    let expected = serde_json::json!({"samples": [{"t": 1, "v": 0.5}, {"t": 2, "v": 0.75}]});
    assert_eq!(document, expected);
}

/// Every way in which the twin file can say that a message carries values. The first mapping is
/// used; `{}` stands for the time of the sample.
const DOCUMENTS: [&str; 4] = [
    r#"Json(topic: "t/{asset}/a", {time}quality: "/q", values: {
        "number": "/n", "state": "/state", "flag": "/flag", "note": "/a~1b", "pose": "/pose", "items": "/deep/0/items"})"#,
    r#"Json(topic: "{twin}/+/{path}/b", {time}values: {
        "number": (pointer: "/list/1", unit: "L/min", quality: "/list/2"),
        "state": (pointer: "/list/0", names: {0: "stopped", 17: "running", true: "fault"}), "note": "/note"})"#,
    r#"Json(topic: "t/{asset}/c", samples: "/readings", {time}quality: (pointer: "/q", good: ["ok"], uncertain: [7]), values: {
        "number": (pointer: "/v", scale: 0.1, offset: -40), "items": "/items", "flag": (pointer: "/flag", names: {"yes": "true", "no": "false"})})"#,
    r#"Json(topic: "t/{asset}/d", samples: "", {time}values: {"pose": "/p", "number": (pointer: "/v", unit: "m3/s")})"#,
];
/// Documents of one instant without qualities: their form does not change.
const PLAIN: [&str; 2] = [
    r#"Json(topic: "t/{asset}/e", {time}values: {
        "number": "/n", "state": "/state", "flag": "/flag", "note": "/a~1b", "pose": "/pose", "items": "/deep/0/items"})"#,
    r#"Json(topic: "t/{asset}/f", where: {"/kind": "a"}, {time}values: {
        "items": "/i", "number": (pointer: "/list/1", scale: 0.1, offset: -40),
        "state": (pointer: "/list/0", names: {0: "stopped", 17: "running", true: "fault"})})"#,
];
const SCALARS: [(&str, &str); 7] = [
    ("number", ""),
    ("number", ", scale: 0.25, offset: 3.5"),
    ("number", r#", unit: "L/h""#),
    ("state", r#", names: {"S": "stopped", 1: "running", "F": "fault"}"#),
    ("flag", ""),
    ("note", ""),
    ("items", ""),
];
/// How a time is written, and its smallest step in microseconds.
const TIMES: [(&str, i64); 6] = [
    (r#"time: "/t", "#, 1),
    (r#"time: (pointer: "/t", format: epoch_s), "#, 1),
    (r#"time: (pointer: "/t", format: epoch_ms), "#, 1000),
    (r#"time: (pointer: "/t", format: epoch_us), "#, 1),
    (r#"time: (pointer: "^/at", format: epoch_us), "#, 1),
    ("", 0),
];

fn twin_of(mapping: &str) -> Twin {
    let text = format!(
        r#"Twin(schema: 2, name: "plant", classes: {{"C": (
            properties: {{
                "number": (unit: "m3/h"), "state": (type: enumeration(["stopped", "running", "fault"])),
                "flag": (type: boolean), "note": (type: text), "pose": (type: pose), "items": (type: items),
            }},
            mappings: [{mapping}],
        )}}, assets: [(name: "hall", level: area), (name: "A-1", class: "C", parent: "hall")])"#
    );
    match load_text("test.ron".as_ref(), &text, &NoFiles) {
        Ok(loaded) => loaded.twin,
        Err(errors) => panic!("{errors}"),
    }
}

/// A value for each property of the class, in its order.
fn values() -> impl Strategy<Value = Vec<Value>> {
    let number = prop_oneof![-1e9..1e9_f64, Just(0.0), -1.0..1.0_f64];
    let angle = (-3.1..3.1_f64, prop::array::uniform3(-1e3..1e3_f64));
    let pose = angle.prop_map(|(angle, position)| {
        let half = angle / 2.0;
        Value::Pose(Pose { position, rotation: [0.0, half.sin(), 0.0, half.cos()] })
    });
    let item = (any::<u64>(), -1e3..1e3_f64, any::<u8>());
    let item = item.prop_map(|(id, at_m, stage)| Item { id, at_m, stage });
    let items = prop::collection::vec(item, 0..5).prop_map(|items| Value::Items(items.into()));
    let text = prop_oneof!["\\PC{0,12}", " ?\"?(null|true|1e3)\"? ?"];
    (number, 0..3_u16, 0..2_u16, text, pose, items).prop_map(
        |(number, state, flag, text, pose, items)| {
            let (state, flag) = (Value::Enumeration(state), Value::Enumeration(flag));
            vec![Value::Number(number), state, flag, Value::Text(text.into()), pose, items]
        },
    )
}

/// Equal, but for the last digits that a scale and its inverse cost.
fn same(sent: &Value, received: &Value) -> bool {
    let near = |a: f64, b: f64| (a - b).abs() <= 1e-9_f64.max(1e-14 * a.abs().max(1e3));
    match (sent, received) {
        (Value::Number(a), Value::Number(b)) => near(*a, *b),
        (Value::Pose(a), Value::Pose(b)) => {
            a.position == b.position
                && a.rotation.iter().zip(b.rotation).all(|(a, b)| (a - b).abs() < 1e-15)
        }
        (sent, received) => sent == received,
    }
}

fn types_of(twin: &Twin) -> Vec<ValueType> {
    twin.properties_of(AssetId(1)).map(|property| twin.property(property).ty.clone()).collect()
}

fn decode(twin: &Twin, payload: &[u8]) -> Batch {
    let mut batch = Batch::default();
    let class = twin.class_of(AssetId(1)).expect("a class");
    let topic = topic(twin, AssetId(1), &class.mappings[0], "");
    let decoded = Decoder::new(twin).decode(&topic, payload, Timestamp(5), &mut batch);
    let text = String::from_utf8_lossy(payload);
    assert!(decoded.fault.is_none(), "{topic} {text}: {}", decoded.reason());
    batch
}

proptest! {
    #[test]
    fn what_a_document_says_is_decoded_to_what_was_measured(
        document in 0..DOCUMENTS.len(),
        time in 0..TIMES.len(),
        instants in prop::collection::vec((values(), any::<bool>(), 0..1_000_000_000_i64), 1..4),
    ) {
        let (time_text, step) = TIMES[time];
        // An array has no place for a time that all its samples share.
        prop_assume!(document != 3 || !time_text.contains('^'));
        let twin = twin_of(&DOCUMENTS[document].replace("{time}", time_text));
        let mapping = twin.classes[0].mappings[0].clone();
        let Payload::Document { samples, quality, fields, .. } = &mapping.payload else {
            panic!("a document");
        };
        // 2026, where seconds as a double still resolve microseconds.
        let mut instants: Vec<Instant> = instants
            .into_iter()
            .map(|(values, doubt, after)| {
                let quality = if doubt { Quality::Uncertain } else { Quality::Good };
                let readings = values.into_iter().enumerate();
                let at = Timestamp(1_772_366_400_000_000 + after);
                (at, readings.map(|(n, value)| (n as u16, Measured { value: Some(value), quality })).collect())
            })
            .collect();
        let document = document_of(&mapping.payload, &twin, &instants);
        if samples.is_none() {
            instants.drain(..instants.len() - 1);
        }
        let shared = time_text.contains('^').then(|| instants.last().map(|(at, _)| *at)).flatten();
        let batch = decode(&twin, document.as_bytes());
        let sent = instants.iter().flat_map(|(at, readings)| {
            fields.iter().map(move |field| (*at, field, &readings[usize::from(field.property)].1))
        });
        let sent: Vec<_> = sent.collect();
        prop_assert_eq!(batch.updates.len(), sent.len());
        for (at, field, reading) in sent {
            let stated = |at: Timestamp| (step > 0).then(|| Timestamp(at.0 - at.0.rem_euclid(step)));
            let time = stated(shared.unwrap_or(at));
            let found = batch.updates.iter().any(|update| {
                let trusted = quality.is_some() || field.quality.is_some();
                let quality = if trusted { reading.quality } else { Quality::Good };
                update.property.0 == u32::from(field.property)
                    && update.value.as_ref().is_some_and(|value| same(reading.value.as_ref().expect("a value"), value))
                    && update.time == time
                    && update.quality == quality
            });
            prop_assert!(found, "{:?} {:?} at {:?} in {} as {:?}", field, reading, time, document, batch);
        }
    }

    #[test]
    fn a_template_writes_the_bytes_of_the_document(
        document in 0..PLAIN.len(),
        time in 0..TIMES.len(),
        values in values(),
        others in values(),
        missing in 0..8_usize,
    ) {
        let twin = twin_of(&PLAIN[document].replace("{time}", TIMES[time].0));
        let payload = &twin.classes[0].mappings[0].payload;
        let Payload::Document { fields, .. } = payload else { panic!("a document") };
        let reading = |field: &Field, values: &[Value], missing: usize| {
            let at = usize::from(field.property);
            let value = (at != missing).then(|| values[at].clone());
            (field.property, Measured { value, quality: Quality::Good })
        };
        let first: Vec<_> = fields.iter().map(|field| reading(field, &values, 99)).collect();
        let second: Vec<_> = fields.iter().map(|field| reading(field, &others, missing)).collect();
        let template = Template::new(payload, &types_of(&twin), &first).expect("a plain document");
        for readings in [first, second] {
            let instant = (Timestamp(1_772_366_400_123_456), readings);
            let slow = document_of(payload, &twin, std::slice::from_ref(&instant));
            let fast = template.write(&instant).map(String::from_utf8);
            prop_assert_eq!(fast, Some(Ok(slow)));
        }
        prop_assert!(template.write(&(Timestamp(0), Vec::new())).is_none());
    }

    #[test]
    fn documents_with_lists_of_samples_or_qualities_have_no_template(document in 0..DOCUMENTS.len()) {
        let twin = twin_of(&DOCUMENTS[document].replace("{time}", ""));
        let payload = &twin.classes[0].mappings[0].payload;
        prop_assert!(Template::new(payload, &types_of(&twin), &[]).is_none());
    }

    #[test]
    fn what_a_bare_payload_says_is_decoded_to_what_was_measured(
        scalar in 0..SCALARS.len(), values in values(),
    ) {
        let (property, more) = SCALARS[scalar];
        let twin = twin_of(&format!(r#"Scalar(topic: "s/{{asset}}", property: "{property}"{more})"#));
        let Payload::Scalar { read, property: Some(position), .. } = &twin.classes[0].mappings[0].payload
        else {
            panic!("a bare value");
        };
        let value = &values[usize::from(*position)];
        let payload = super::scalar(read, &types_of(&twin)[usize::from(*position)], value);
        let batch = decode(&twin, payload.as_bytes());
        prop_assert_eq!(batch.updates.len(), 1);
        let read = batch.updates[0].value.as_ref();
        prop_assert!(read.is_some_and(|read| same(value, read)), "{:?} as {} is {:?}", value, payload, batch);
    }
}

fn document_of(payload: &Payload, twin: &Twin, instants: &[Instant]) -> String {
    document(payload, &types_of(twin), instants).to_string()
}
