//! Snapshots of a simulated plant of any bytes.
#![no_main]

use libfuzzer_sys::fuzz_target;

#[path = "../../tests/support/untrusted.rs"]
#[allow(dead_code)]
mod untrusted;

fuzz_target!(|bytes: &[u8]| untrusted::plant_snapshot(bytes));
