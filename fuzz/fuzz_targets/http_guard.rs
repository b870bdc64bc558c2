//! Host and Origin of any text.
#![no_main]

use libfuzzer_sys::fuzz_target;

#[path = "../../tests/support/untrusted.rs"]
#[allow(dead_code)]
mod untrusted;

fuzz_target!(|text: &str| untrusted::http_guard(text));
