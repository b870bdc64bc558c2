//! Twin files of any text.
#![no_main]

use libfuzzer_sys::fuzz_target;
use std::path::Path;
use twinscope::twin::{NoFiles, load_text};

fuzz_target!(|text: &str| {
    match load_text(Path::new("fuzz.ron"), text, &NoFiles) {
        Ok(loaded) => _ = loaded.diagnostics.to_string(),
        Err(errors) => assert!(!errors.to_string().is_empty()),
    }
});
