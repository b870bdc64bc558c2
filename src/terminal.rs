//! What may go to a terminal.
//!
//! Payloads, topics, models and files hold whatever somebody wrote. A terminal obeys control characters, and bidirectional
//! marks reorder a line, so that a foreign text could move the cursor, change the title or forge a line. Each such
//! character is written as `\\uXXXX`, which in JSON is the same text, so that JSON stays exact.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::io::{self, Write};

/// Whether a terminal could do something else with it than show it.
fn is_unsafe(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

fn escape(c: char, out: &mut String) {
    for unit in c.encode_utf16(&mut [0; 2]) {
        // Writing into a text does not fail.
        let _ = write!(out, "\\u{unit:04x}");
    }
}

/// A foreign text as a part of one line: line breaks are escaped too.
pub fn line(text: &str) -> Cow<'_, str> {
    if !text.contains(is_unsafe) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        if is_unsafe(c) { escape(c, &mut out) } else { out.push(c) }
    }
    Cow::Owned(out)
}

/// Characters of a foreign text that a message quotes.
const QUOTED: usize = 80;

/// A foreign text as a message quotes it: of a long one its beginning.
pub fn excerpt(text: &str) -> Cow<'_, str> {
    match text.char_indices().nth(QUOTED) {
        None => Cow::Borrowed(text),
        Some((end, _)) => Cow::Owned(format!("{}…", &text[..end])),
    }
}

/// A number for people: so many significant digits at most, without zeros at the end. Only what is very small or very
/// large has an exponent.
pub fn number(number: f64, digits: usize) -> String {
    if number == 0.0 || !number.is_finite() {
        return number.to_string();
    }
    let digits = digits.max(1);
    let rounded = format!("{number:.*e}", digits - 1);
    let (mantissa, exponent) = rounded.split_once('e').unwrap_or((&rounded, "0"));
    let magnitude: i32 = exponent.parse().unwrap_or_default();
    let plain = |text: &str| match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.').to_owned(),
        false => text.to_owned(),
    };
    if !(-4..15).contains(&magnitude) {
        return format!("{}e{exponent}", plain(mantissa));
    }
    let decimals = (digits as i32 - 1 - magnitude).max(0) as usize;
    plain(&format!("{number:.decimals$}"))
}

/// Whether the so-many-th of events of one kind is told: the 1st, 10th, 100th and so on, for they may go on for ever.
pub fn is_power_of_ten(count: u64) -> bool {
    count.checked_ilog10().is_some_and(|power| 10_u64.pow(power) == count)
}

/// Writes text with all that a terminal would obey escaped but line breaks and tabulators, and lines cut at a bound.
pub struct Writer<W: Write> {
    inner: W,
    /// Bytes of a character that is not complete yet.
    begun: Vec<u8>,
    longest: usize,
    column: usize,
}

impl<W: Write> Writer<W> {
    /// Lines of any length.
    pub fn new(inner: W) -> Self {
        Self::with_longest(inner, usize::MAX)
    }

    /// Lines of at most so many characters; how many more there were is said.
    pub fn with_longest(inner: W, longest: usize) -> Self {
        Self { inner, begun: Vec::new(), longest, column: 0 }
    }

    fn add(&mut self, c: char, out: &mut String) {
        if c == '\n' {
            if self.column > self.longest {
                let more = self.column - self.longest;
                // Writing into a text does not fail.
                let _ = write!(out, " … ({more} characters more)");
            }
            self.column = 0;
            return out.push(c);
        }
        self.column += 1;
        if self.column > self.longest {
        } else if c != '\t' && is_unsafe(c) {
            escape(c, out);
        } else {
            out.push(c);
        }
    }
}

impl<W: Write> Write for Writer<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut all = std::mem::take(&mut self.begun);
        all.extend_from_slice(bytes);
        let mut out = String::with_capacity(all.len());
        let mut chunks = all.utf8_chunks().peekable();
        while let Some(chunk) = chunks.next() {
            chunk.valid().chars().for_each(|c| self.add(c, &mut out));
            let invalid = chunk.invalid();
            if invalid.is_empty() {
                continue;
            }
            let may_go_on = std::str::from_utf8(invalid).is_err_and(|e| e.error_len().is_none());
            if may_go_on && chunks.peek().is_none() {
                self.begun = invalid.to_vec();
            } else {
                self.add(char::REPLACEMENT_CHARACTER, &mut out);
            }
        }
        self.inner.write_all(out.as_bytes())?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn written(text: &[u8], longest: usize) -> String {
        let mut out = Vec::new();
        let mut writer = Writer::with_longest(&mut out, longest);
        // Byte by byte, so that characters are cut.
        text.chunks(1).for_each(|part| writer.write_all(part).expect("memory takes it"));
        String::from_utf8(out).expect("it is text")
    }

    #[test]
    fn escape_sequences_and_bidirectional_marks_are_shown_and_not_obeyed() {
        let text = "a\u{1b}[2Jb\r\u{9b}c\u{202e}ü\n";
        assert_eq!(written(text.as_bytes(), 99), "a\\u001b[2Jb\\u000d\\u009bc\\u202eü\n");
        assert_eq!(line("fine\nerror: none"), "fine\\u000aerror: none");
    }

    #[test]
    fn numbers_for_people_are_written_plainly() {
        for (value, digits, text) in [
            (6.078, 5, "6.078"),
            (0.0, 3, "0"),
            (1234.5678, 3, "1235"),
            (99.996, 4, "100"),
            (-0.000_123_45, 3, "-0.000123"),
            (1.5e-7, 4, "1.5e-7"),
            (2e20, 4, "2e20"),
            (f64::INFINITY, 4, "inf"),
        ] {
            assert_eq!(number(value, digits), text);
        }
    }

    #[test]
    fn of_a_long_text_a_message_quotes_the_beginning() {
        assert_eq!(excerpt("soon"), "soon");
        assert_eq!(excerpt(&"ü".repeat(200_000)).chars().count(), QUOTED + 1);
    }

    #[test]
    fn a_long_line_is_cut_and_says_so() {
        let text = format!("{}\nnext\n", "(".repeat(200_000));
        assert_eq!(written(text.as_bytes(), 10), "(((((((((( … (199990 characters more)\nnext\n");
    }

    #[test]
    fn powers_of_ten_are_told_apart_up_to_the_largest_count() {
        for told in [1, 10, 100, 10_000_000_000_000_000_000] {
            assert!(is_power_of_ten(told), "{told}");
        }
        for other in [0, 2, 11, 99, 1_001, u64::MAX] {
            assert!(!is_power_of_ten(other), "{other}");
        }
    }

    proptest! {
        #[test]
        fn whatever_is_written_no_character_of_it_is_obeyed(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let out = written(&bytes, usize::MAX);
            prop_assert!(!out.chars().any(|c| c != '\n' && c != '\t' && is_unsafe(c)));
            prop_assert!(!line(&String::from_utf8_lossy(&bytes)).contains(is_unsafe));
        }

        #[test]
        fn json_means_the_same_afterwards(text in any::<String>()) {
            let json = serde_json::to_string(&text).expect("a text");
            let read: String = serde_json::from_str(&written(json.as_bytes(), usize::MAX)).expect("JSON");
            prop_assert_eq!(read, text);
        }
    }
}
