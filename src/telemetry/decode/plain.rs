//! Payloads as plain text: in UTF-8, without what some devices put around it.

use std::borrow::Cow;

/// The payload in UTF-8, without a byte order mark and the zero bytes with which C ends a text; UTF-16 is known by its
/// mark. What is no text stays as it is.
pub(super) fn utf8(payload: &[u8]) -> Cow<'_, [u8]> {
    let wide = |rest: &[u8], unit: fn([u8; 2]) -> u16| {
        let (units, odd) = rest.as_chunks::<2>();
        let decoded = char::decode_utf16(units.iter().map(|bytes| unit(*bytes)));
        let text: Option<String> = decoded.map(Result::ok).collect();
        text.filter(|text| odd.is_empty() && !text.is_empty())
            .map(|text| trimmed(text.as_bytes()).to_vec())
    };
    let text = match payload {
        [0xFF, 0xFE, rest @ ..] => wide(rest, u16::from_le_bytes),
        [0xFE, 0xFF, rest @ ..] => wide(rest, u16::from_be_bytes),
        [0xEF, 0xBB, 0xBF, rest @ ..] => return Cow::Borrowed(trimmed(rest)),
        _ => return Cow::Borrowed(trimmed(payload)),
    };
    text.map_or(Cow::Borrowed(payload), Cow::Owned)
}

/// Without zero bytes at its end.
fn trimmed(text: &[u8]) -> &[u8] {
    let end = text.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
    &text[..end]
}

/// The payload with `NaN`, `Infinity` and numbers beyond a double put into quotes; `None` when it
/// has none.
pub(super) fn with_quoted_numbers(payload: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(payload.len() + 16);
    let (mut at, mut in_text, mut changed) = (0, false, false);
    while at < payload.len() {
        let byte = payload[at];
        if in_text {
            let length = if byte == b'\\' { 2 } else { 1 };
            in_text = byte != b'"';
            let end = (at + length).min(payload.len());
            out.extend_from_slice(&payload[at..end]);
            at = end;
            continue;
        }
        let word = payload[at..]
            .iter()
            .take_while(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(byte))
            .count();
        if word == 0 {
            in_text = byte == b'"';
            out.push(byte);
            at += 1;
            continue;
        }
        let token = &payload[at..at + word];
        let number = std::str::from_utf8(token).ok().and_then(|text| text.parse::<f64>().ok());
        if number.is_some_and(|number| !number.is_finite()) {
            out.push(b'"');
            out.extend_from_slice(token);
            out.push(b'"');
            changed = true;
        } else {
            out.extend_from_slice(token);
        }
        at += word;
    }
    changed.then_some(out)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_text_is_the_same_in_each_encoding(text in "[^\u{0}\u{feff}]{1,40}") {
            let wide = |unit: fn(u16) -> [u8; 2]| -> Vec<u8> {
                std::iter::once(0xFEFF).chain(text.encode_utf16()).flat_map(unit).collect()
            };
            let with_mark = format!("\u{feff}{text}");
            let ended = format!("{text}\0");
            let encoded = [
                wide(u16::to_le_bytes), wide(u16::to_be_bytes), with_mark.into_bytes(), ended.into_bytes(),
            ];
            for payload in encoded {
                prop_assert_eq!(&*utf8(&payload), text.as_bytes());
            }
        }

        #[test]
        fn whatever_the_bytes_are_they_are_read_or_left(bytes in proptest::collection::vec(any::<u8>(), 0..40)) {
            utf8(&bytes);
        }
    }
}
