//! Recordings of MQTT traffic: text, a line a message, readable by people and by `jq`.
//!
//! The first line is a header: `{"twinscope":"recording","version":1,"twin":"bottling"}`. Each
//! other line is a message: `{"at":"2026-11-23T12:00:00.123456Z","topic":"a/b","qos":1,
//! "payload":"21.5"}`; a payload that is no UTF-8 text stands as `"base64":"…"` instead.

use std::ops::Range;

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde::{Deserialize, Serialize};

use crate::twin::Timestamp;

/// The version that this program writes; it reads those before too.
pub const VERSION: u32 = 1;

/// The mark of the byte order in UTF-8.
const BOM: &[u8] = "\u{feff}".as_bytes();

/// Whether these are the first bytes of a recording, rather than those of a table.
pub fn is_recording(bytes: &[u8]) -> bool {
    bytes.strip_prefix(BOM).unwrap_or(bytes).trim_ascii_start().starts_with(b"{")
}

/// A message as it arrived.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recorded {
    /// Wall time of its arrival.
    pub at: Timestamp,
    /// Its topic.
    pub topic: String,
    /// Quality of service, 0 to 2.
    pub qos: u8,
    /// The broker had kept it: nobody knows when it was sent.
    pub retained: bool,
    /// Its payload.
    pub payload: Vec<u8>,
}

/// A line of a file that cannot be read, or not all of it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, Serialize)]
#[error("line {line}, column {column}: {reason}")]
pub struct BadLine {
    /// From 1.
    pub line: usize,
    /// From 1.
    pub column: usize,
    /// What is wrong.
    pub reason: String,
}

#[derive(Serialize, Deserialize)]
struct Header {
    twinscope: String,
    version: u32,
    #[serde(default)]
    twin: String,
}

/// What another version adds is left alone.
#[derive(Serialize, Deserialize)]
struct Line {
    at: String,
    topic: String,
    #[serde(default)]
    qos: u8,
    #[serde(default, skip_serializing_if = "is_false")]
    retained: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    payload: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    base64: Option<String>,
}

/// The first line of a recording of that twin, without the line's end.
pub fn header(twin: &str) -> String {
    let header = Header { twinscope: "recording".into(), version: VERSION, twin: twin.into() };
    written(&header)
}

fn is_false(value: &bool) -> bool {
    !*value
}

/// As one line of JSON, in the order of its fields.
fn written(line: &impl Serialize) -> String {
    // Texts and numbers can always be written.
    serde_json::to_string(line).unwrap_or_default()
}

/// Adds the line of a message, with the line's end: as [`Recorded::line`], for many.
pub fn write_line(
    out: &mut Vec<u8>,
    at: Timestamp,
    topic: &str,
    (qos, retained): (u8, bool),
    payload: &[u8],
) {
    let text = |out: &mut Vec<u8>, text: &str| {
        // Texts can always be written, and into memory, too.
        let _ = serde_json::to_writer(out, text);
    };
    let number = |out: &mut Vec<u8>, name: &str, number: u8| {
        out.extend_from_slice(name.as_bytes());
        out.extend_from_slice(number.to_string().as_bytes());
    };
    out.extend_from_slice(b"{\"at\":\"");
    out.extend_from_slice(at.to_string().as_bytes());
    out.extend_from_slice(b"\",\"topic\":");
    text(out, topic);
    number(out, ",\"qos\":", qos);
    if retained {
        out.extend_from_slice(b",\"retained\":true");
    }
    match std::str::from_utf8(payload) {
        Ok(payload) => {
            out.extend_from_slice(b",\"payload\":");
            text(out, payload);
        }
        Err(_) => {
            out.extend_from_slice(b",\"base64\":");
            text(out, &BASE64.encode(payload));
        }
    }
    out.extend_from_slice(b"}\n");
}

impl Recorded {
    /// Its line, without the line's end.
    pub fn line(&self) -> String {
        let text = std::str::from_utf8(&self.payload).ok().map(str::to_owned);
        let base64 = text.is_none().then(|| BASE64.encode(&self.payload));
        let Self { topic, qos, retained, .. } = self;
        let line = Line {
            at: self.at.to_string(),
            topic: topic.clone(),
            qos: *qos,
            retained: *retained,
            payload: text,
            base64,
        };
        written(&line)
    }
}

/// Reads a recording line by line.
///
/// ```
/// use twinscope::telemetry::recording::{Reader, header};
///
/// let line = r#"{"at":"2026-03-01T12:00:00Z","topic":"pump/speed","payload":"1500"}"#;
/// let text = format!("{}\n{line}\nno message\n", header("station"));
/// let mut reader = Reader::new(&text)?;
/// let message = reader.next().expect("a line")?;
/// assert_eq!((message.topic.as_str(), message.payload.as_slice()), ("pump/speed", &b"1500"[..]));
/// assert_eq!(reader.next().expect("a line").expect_err("it is no message").line, 3);
/// # Ok::<(), twinscope::telemetry::recording::BadLine>(())
/// ```
#[derive(Clone, Debug)]
pub struct Reader<B> {
    bytes: B,
    /// Where the next line begins.
    at: usize,
    line: usize,
}

impl<B: AsRef<[u8]>> Reader<B> {
    /// Begins behind the first line.
    ///
    /// # Errors
    /// When this is no recording, or a newer one; says what was expected.
    pub fn new(bytes: B) -> Result<Self, BadLine> {
        // Some editors put a mark of the byte order before the text.
        let at = if bytes.as_ref().starts_with(BOM) { BOM.len() } else { 0 };
        let mut reader = Self { bytes, at, line: 0 };
        let wrong = |reason: String| BadLine { line: 1, column: 1, reason };
        let expected =
            format!("expected the first line of a recording, such as {}", header("plant"));
        let is_blank = |reader: &Self, line: &Range<usize>| {
            reader.bytes.as_ref()[line.clone()].trim_ascii().is_empty()
        };
        let mut first = reader.next_line();
        while first.as_ref().is_some_and(|line| is_blank(&reader, line)) {
            first = reader.next_line();
        }
        let Some(first) = first else { return Err(wrong(expected)) };
        match serde_json::from_slice::<Header>(&reader.bytes.as_ref()[first]) {
            Ok(header) if header.twinscope == "recording" && header.version <= VERSION => {
                Ok(reader)
            }
            Ok(header) if header.twinscope == "recording" => Err(wrong(format!(
                "this recording has version {}, which is newer than this program ({VERSION}): \
                 update twinscope",
                header.version
            ))),
            _ => Err(wrong(expected)),
        }
    }

    /// The line that was read last, from 1.
    pub fn line(&self) -> usize {
        self.line
    }

    fn next_line(&mut self) -> Option<Range<usize>> {
        let rest = self.bytes.as_ref().get(self.at..).filter(|rest| !rest.is_empty())?;
        let length = rest.iter().position(|byte| *byte == b'\n');
        let line = self.at..self.at + length.unwrap_or(rest.len());
        self.at = line.end + 1;
        self.line += 1;
        Some(line)
    }

    /// Share of the bytes that have been read, from 0 to 1.
    pub fn share(&self) -> f32 {
        let all = self.bytes.as_ref().len();
        self.at.min(all) as f32 / all.max(1) as f32
    }

    fn read(&self, line: &[u8]) -> Result<Recorded, BadLine> {
        let bad = |column: usize, reason: String| BadLine { line: self.line, column, reason };
        let read: Line = serde_json::from_slice(line)
            .map_err(|error| bad(error.column().max(1), format!("this is no message: {error}")))?;
        let at = read.at.parse::<jiff::Timestamp>().map_err(|_| {
            bad(1, format!("`{}` is no time such as 2026-11-23T12:00:00Z", read.at))
        })?;
        let payload = match (read.payload, read.base64) {
            (Some(text), None) => text.into_bytes(),
            (None, Some(code)) => BASE64
                .decode(code)
                .map_err(|error| bad(1, format!("its base64 is damaged: {error}")))?,
            _ => return Err(bad(1, "expected either `payload` or `base64`".into())),
        };
        let at = Timestamp(at.as_microsecond());
        Ok(Recorded { at, topic: read.topic, qos: read.qos, retained: read.retained, payload })
    }
}

impl<B: AsRef<[u8]>> Iterator for Reader<B> {
    type Item = Result<Recorded, BadLine>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let line = self.next_line()?;
            let line = &self.bytes.as_ref()[line];
            if !line.trim_ascii().is_empty() {
                return Some(self.read(line));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_is_no_recording_or_a_newer_one_is_refused() {
        let other = Reader::new(b"time,flow\n1,2\n").expect_err("a table");
        assert!(other.to_string().contains("twinscope"), "{other}");
        let newer = br#"{"twinscope":"recording","version":9,"twin":"a"}"#;
        assert!(Reader::new(newer).expect_err("newer").reason.contains("update"));
        assert!(Reader::new(b"").is_err());
    }

    #[test]
    fn a_bad_line_is_reported_with_its_place_and_the_others_are_read() {
        let text = format!(
            "{}\n{{\"at\":\"2026-11-23T12:00:00Z\",\"topic\":\"a\",\"payload\":\"1\"}}\n\
             {{\"at\":\"noon\",\"topic\":\"a\",\"payload\":\"1\"}}\n\n\
             {{\"at\":\"2026-11-23T12:00:01Z\",\"topic\":\"b\",\"payload\":\"2\"}}\n{{\"at\":\"20",
            header("t")
        );
        let read: Vec<_> = Reader::new(text.as_bytes()).expect("a recording").collect();
        assert_eq!(read.len(), 4);
        assert_eq!(read[0].as_ref().map(|message| message.qos), Ok(0));
        assert_eq!(read[1].as_ref().map_err(|bad| bad.line), Err(3));
        assert_eq!(read[2].as_ref().map(|message| message.topic.as_str()), Ok("b"));
        assert_eq!(read[3].as_ref().map_err(|bad| bad.line), Err(6), "it was cut off");
    }

    #[test]
    fn a_mark_of_the_byte_order_and_ends_of_lines_of_windows_are_no_part_of_it() {
        let line = r#"{"at":"2026-11-23T12:00:00Z","topic":"a","payload":"1"}"#;
        let text = format!("\u{feff}{}\r\n\r\n{line}\r\nnone\r\n", header("t"));
        assert!(is_recording(text.as_bytes()) && !is_recording(b"time,a.b\n"));
        let read: Vec<_> = Reader::new(text.as_bytes()).expect("a recording").collect();
        assert_eq!(read[0].as_ref().map(|message| message.topic.as_str()), Ok("a"));
        assert_eq!(read[1].as_ref().map_err(|bad| bad.line), Err(4));
    }

    proptest! {
        #[test]
        fn a_message_is_read_as_it_was_written(
            micros in 0_i64..4_000_000_000_000_000,
            topic in ".{1,30}",
            qos in 0_u8..3,
            retained in any::<bool>(),
            payload in proptest::collection::vec(any::<u8>(), 0..60),
        ) {
            let message = Recorded { at: Timestamp(micros), topic, qos, retained, payload };
            let text = format!("{}\n{}\n", header("t"), message.line());
            let mut line = Vec::new();
            let Recorded { at, topic, payload, .. } = &message;
            write_line(&mut line, *at, topic, (qos, retained), payload);
            prop_assert_eq!(String::from_utf8_lossy(&line), format!("{}\n", message.line()));
            let read: Vec<_> = Reader::new(text.as_bytes()).expect("a recording").collect();
            prop_assert_eq!(read, vec![Ok(message)]);
        }

        #[test]
        fn no_bytes_make_it_fail(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let mut text = header("t").into_bytes();
            text.push(b'\n');
            text.extend(bytes);
            let _ = Reader::new(&text).expect("a header").count();
        }
    }
}
