#![no_main]
//! Any bytes as a recording: each line is a message or told, never a panic.

use libfuzzer_sys::fuzz_target;
use twinscope::telemetry::recording::{Reader, header};

fuzz_target!(|bytes: &[u8]| {
    if let Ok(reader) = Reader::new(bytes) {
        let _ = reader.count();
    }
    let mut text = header("t").into_bytes();
    text.push(b'\n');
    text.extend(bytes);
    let again: Vec<_> = Reader::new(&text).expect("a header").flatten().collect();
    // What was read is written so that it is read alike.
    for message in again {
        let text = format!("{}\n{}\n", header("t"), message.line());
        let read = Reader::new(text.as_bytes()).expect("a header").next();
        assert_eq!(read, Some(Ok(message)));
    }
});
