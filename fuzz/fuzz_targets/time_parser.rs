//! Times of any text, as a JSON string or raw, in each format.
#![no_main]
mod common;

use libfuzzer_sys::fuzz_target;
use std::sync::LazyLock;
use twinscope::telemetry::Decoder;
use twinscope::twin::{Timestamp, Twin};

static DECODER: LazyLock<(Twin, Decoder)> = LazyLock::new(|| {
    let twin = common::twin();
    let decoder = Decoder::new(&twin);
    (twin, decoder)
});

/// The time that a format reads from a JSON value, where it accepts it.
fn read(format: &str, json: &str) -> Option<Timestamp> {
    let (twin, decoder) = &*DECODER;
    let payload = format!(r#"{{"n": 1, "t": {json}}}"#);
    let topic = format!("time/{format}");
    let batch = common::decode(twin, decoder, &topic, payload.as_bytes());
    batch.updates.first().and_then(|update| update.time)
}

fuzz_target!(|text: &str| {
    let quoted = serde_json::Value::from(text).to_string();
    for format in ["iso8601", "epoch_s", "epoch_ms", "epoch_us"] {
        for json in [text, &quoted] {
            if let Some(time) = read(format, json) {
                let printed = format!("\"{time}\"");
                // Epochs reach beyond the years that ISO 8601 can write.
                if printed.ends_with("µs\"") {
                    continue;
                }
                assert_eq!(read("iso8601", &printed), Some(time), "{format} {json} {printed}");
            }
        }
    }
});
