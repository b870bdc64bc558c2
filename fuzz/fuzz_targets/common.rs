//! A twin with a property of every type, and what must hold of every decoded message.

use std::path::Path;

use twinscope::telemetry::{Batch, Decoder};
use twinscope::twin::{NoFiles, Timestamp, Twin, Value, load_text};

const TWIN: &str = r#"Twin(
    schema: 2,
    name: "fuzz",
    clock: (topic: "clock", time: "/time", rate: "/rate"),
    presence: [(topic: "status", pointer: "/s", assets: ["*"])],
    classes: {"Device": (
        properties: {
            "number": (unit: "m3/h"),
            "state": (type: enumeration(["stopped", "running"])),
            "text": (type: text),
            "pose": (type: pose),
            "items": (type: items),
        },
        mappings: [
            Scalar(topic: "scalar/{property}/{asset}"),
            Json(topic: "json", time: "/t", quality: (pointer: "/q", good: ["ok", 1], uncertain: ["old"]), values: {
                "number": (pointer: "/n", unit: "L/h", offset: 3, quality: "/nq"),
                "state": (pointer: "/a/0/s", names: {0: "stopped", true: "running"}),
                "text": "/a/1", "pose": (pointer: "/p", optional: true), "items": "/i~1j",
            }),
            Json(topic: "samples/{asset}/#", samples: "/s", time: (pointer: "^/t", format: epoch_ms),
                values: {"number": "/n", "pose": "/p"}),
            Json(topic: "time/iso8601", time: (pointer: "/t", format: iso8601), values: {"number": "/n"}),
            Json(topic: "time/epoch_s", time: (pointer: "/t", format: epoch_s), values: {"number": "/n"}),
            Json(topic: "time/epoch_ms", time: (pointer: "/t", format: epoch_ms), values: {"number": "/n"}),
            Json(topic: "time/epoch_us", time: (pointer: "/t", format: epoch_us), values: {"number": "/n"}),
        ],
    )},
    assets: [(name: "D-1", class: "Device")],
)"#;

pub fn twin() -> Twin {
    match load_text(Path::new("fuzz.ron"), TWIN, &NoFiles) {
        Ok(loaded) => loaded.twin,
        Err(errors) => panic!("{errors}"),
    }
}

/// Wall time of every message: 1 March 2026, noon.
#[allow(dead_code)]
pub const ARRIVAL: Timestamp = Timestamp(1_772_366_400_000_000);

#[allow(dead_code)]
pub fn decode(twin: &Twin, decoder: &Decoder, topic: &str, payload: &[u8]) -> Batch {
    let mut batch = Batch::default();
    let decoded = decoder.decode(topic, payload, ARRIVAL, &mut batch);
    assert_eq!(decoded.samples, batch.updates.len());
    if decoded.fault.is_some() {
        assert!(!decoded.reason().is_empty());
    }
    for update in &batch.updates {
        assert!(update.value.fits(&twin.property(update.property).ty), "{update:?}");
        if let Value::Number(number) = update.value {
            assert!(number.is_finite());
        }
    }
    batch
}
