//! JSON payloads of any bytes.
#![no_main]
mod common;

use libfuzzer_sys::fuzz_target;
use std::sync::LazyLock;
use twinscope::telemetry::Decoder;
use twinscope::twin::Twin;

static DECODER: LazyLock<(Twin, Decoder)> = LazyLock::new(|| {
    let twin = common::twin();
    let decoder = Decoder::new(&twin);
    (twin, decoder)
});

fuzz_target!(|payload: &[u8]| {
    let (twin, decoder) = &*DECODER;
    for topic in ["json", "samples/D-1/a", "status", "clock"] {
        common::decode(twin, decoder, topic, payload);
    }
});
