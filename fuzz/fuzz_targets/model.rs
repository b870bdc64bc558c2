//! glTF and GLB of any bytes.
#![no_main]

use libfuzzer_sys::fuzz_target;
use twinscope::cad::inspect;

fuzz_target!(|bytes: &[u8]| {
    let nowhere = &mut |name: &str| Err(format!("{name} is not here"));
    match inspect(bytes, nowhere) {
        Ok(inspection) => _ = inspection.to_string(),
        Err(error) => assert!(!error.to_string().is_empty()),
    }
});
