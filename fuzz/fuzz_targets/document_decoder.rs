//! Payloads of any bytes, as documents of every format.
#![no_main]

use libfuzzer_sys::fuzz_target;

#[path = "../../tests/support/untrusted.rs"]
#[allow(dead_code)]
mod untrusted;

fuzz_target!(|payload: &[u8]| untrusted::document_decoder(payload));
