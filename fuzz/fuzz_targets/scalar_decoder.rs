//! Bare payloads of any bytes, for a property of each type.
#![no_main]

use libfuzzer_sys::fuzz_target;

#[path = "../../tests/support/untrusted.rs"]
#[allow(dead_code)]
mod untrusted;

fuzz_target!(|payload: &[u8]| untrusted::scalar_decoder(payload));
