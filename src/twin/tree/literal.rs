//! Numbers, characters and texts from their notation.

use super::Kind;

const SUFFIXES: [&str; 12] =
    ["i8", "i16", "i32", "i64", "i128", "u8", "u16", "u32", "u64", "u128", "f32", "f64"];

pub(super) fn number(text: &str) -> Result<f64, String> {
    let wrong = || format!("`{text}` is not a number");
    let (sign, body) = match text.strip_prefix('-') {
        Some(body) => (-1.0, body),
        None => (1.0, text.strip_prefix('+').unwrap_or(text)),
    };
    let radix = match body.get(..2) {
        Some("0x") => 16,
        Some("0o") => 8,
        Some("0b") => 2,
        _ => 10,
    };
    // `f32` is also a run of hexadecimal digits.
    let suffix = SUFFIXES
        .iter()
        .filter(|suffix| radix != 16 || !suffix.starts_with('f'))
        .filter_map(|suffix| body.strip_suffix(suffix))
        .min_by_key(|left| left.len());
    let digits: String = suffix.unwrap_or(body).chars().filter(|c| *c != '_').collect();
    let value = match (radix, digits.as_str()) {
        (10, "inf") => f64::INFINITY,
        (10, "NaN") => f64::NAN,
        (10, plain) => {
            let numeric = |c: char| c.is_ascii_digit() || matches!(c, '.' | 'e' | 'E' | '+' | '-');
            if !plain.chars().all(numeric) {
                return Err(wrong());
            }
            plain.parse::<f64>().map_err(|_| wrong())?
        }
        (_, based) => u128::from_str_radix(&based[2..], radix).map_err(|_| wrong())? as f64,
    };
    Ok(sign * value)
}

pub(super) fn character(text: &str) -> Result<char, String> {
    let inside = text.get(1..text.len().saturating_sub(1)).unwrap_or_default();
    let read = unescape(inside, false)?;
    let read = String::from_utf8(read).map_err(|_| "not a character".to_owned())?;
    let mut chars = read.chars();
    match (chars.next(), chars.next()) {
        (Some(c), None) => Ok(c),
        _ => Err(format!("`{text}` is not one character")),
    }
}

pub(super) fn text(text: &str) -> Result<Kind, String> {
    let (bytes, rest) = match text.strip_prefix('b') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let content = match rest.strip_prefix('r') {
        Some(raw) => {
            let hashes = raw.len() - raw.trim_start_matches('#').len();
            raw.as_bytes()[hashes + 1..raw.len() - hashes - 1].to_vec()
        }
        None => unescape(&rest[1..rest.len() - 1], bytes)?,
    };
    if bytes {
        return Ok(Kind::Bytes(content));
    }
    String::from_utf8(content).map(Kind::Text).map_err(|_| "not UTF-8".to_owned())
}

fn unescape(text: &str, bytes: bool) -> Result<Vec<u8>, String> {
    let mut out = Vec::with_capacity(text.len());
    let mut chars = text.chars();
    let mut push = |c: char| out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
    let mut raw_bytes = Vec::new();
    while let Some(c) = chars.next() {
        if c != '\\' {
            push(c);
            continue;
        }
        match chars.next() {
            Some('n') => push('\n'),
            Some('r') => push('\r'),
            Some('t') => push('\t'),
            Some('0') => push('\0'),
            Some(c @ ('\\' | '\'' | '"')) => push(c),
            Some('x') => {
                let code: String = chars.by_ref().take(2).collect();
                let byte = u8::from_str_radix(&code, 16)
                    .map_err(|_| format!("`\\x{code}` is not a byte"))?;
                if bytes && byte >= 128 {
                    raw_bytes.push(byte);
                }
                push(char::from(byte));
            }
            Some('u') => {
                let code: String = chars.by_ref().take_while(|c| *c != '}').collect();
                let number = u32::from_str_radix(code.trim_start_matches('{'), 16).ok();
                let c = number.and_then(char::from_u32);
                push(c.ok_or_else(|| format!("`\\u{code}}}` is not a character"))?);
            }
            // A line's end is CRLF, too.
            Some('\n') => chars = chars.as_str().trim_start().chars(),
            Some('\r') if chars.as_str().starts_with('\n') => {
                chars = chars.as_str().trim_start().chars();
            }
            other => {
                let found = other.map(String::from).unwrap_or_default();
                return Err(format!(
                    "`\\{found}` is not an escape (`\\n`, `\\t`, `\\\"`, `\\\\`, `\\u{{…}}`)"
                ));
            }
        }
    }
    if raw_bytes.is_empty() {
        return Ok(out);
    }
    // Bytes above 127 were written as Latin-1 characters: back to one byte each.
    let text = String::from_utf8(out).map_err(|_| "not readable".to_owned())?;
    text.chars()
        .map(|c| u8::try_from(u32::from(c)).map_err(|_| format!("`{c}` is not a byte")))
        .collect()
}
