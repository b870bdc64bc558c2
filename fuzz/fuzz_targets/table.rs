#![no_main]
//! Any bytes as a table: each row is taken or told, never a panic.

use std::path::Path;
use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use twinscope::telemetry::table::Table;
use twinscope::twin::{NoFiles, Twin, load_text};

static TWIN: LazyLock<Twin> = LazyLock::new(|| {
    let text = r#"Twin(schema: 2, name: "t", classes: {"A": (properties: {
        "v": (unit: "m3/h"), "s": (type: enumeration(["off", "on"])), "n": (type: text)})},
        assets: [(name: "a", class: "A")])"#;
    load_text(Path::new("t.ron"), text, &NoFiles).expect("the twin is right").twin
});

fuzz_target!(|bytes: &[u8]| {
    if let Ok(table) = Table::new(&TWIN, bytes.to_vec()) {
        let _ = table.count();
    }
    let mut text = b"time,a.v [L/s],a.s,a.n\n".to_vec();
    text.extend(bytes);
    let table = Table::new(&TWIN, text).expect("the headings are right");
    for row in table {
        // Without a time nothing is taken; all that is taken has it.
        assert!(row.updates.iter().all(|update| update.time.is_some() && update.time == row.time));
    }
});
