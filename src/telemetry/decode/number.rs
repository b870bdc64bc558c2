//! Numbers as devices write them into texts.

/// The number that a text is; decimals stand after a point or a comma, and the other of both, or a space or an
/// apostrophe, may separate thousands. The error says why it is none.
pub(super) fn parse(text: &str) -> Result<f64, String> {
    let text = text.trim();
    if let Ok(number) = text.parse::<f64>() {
        return Ok(number);
    }
    let no_number = || format!("expected a number, found the text {text:?}");
    let (decimal, thousands) = match (text.rfind(','), text.rfind('.')) {
        (Some(comma), Some(point)) if comma > point => (Some(','), Some('.')),
        (Some(_), Some(_)) => (Some('.'), Some(',')),
        (Some(comma), None) if text.matches(',').count() == 1 => {
            let (whole, after) = (unsigned(&text[..comma]), &text[comma + 1..]);
            if after.len() == 3 && (1..=3).contains(&whole.len()) && whole != "0" {
                return Err(format!(
                    "{text:?} may be thousands or decimals: have the source send a number, not a text"
                ));
            }
            (Some(','), None)
        }
        (Some(_), None) => (None, Some(',')),
        (None, Some(_)) if text.matches('.').count() > 1 => (None, Some('.')),
        (None, _) => (Some('.'), None),
    };
    let (whole, rest) = match decimal.and_then(|decimal| text.rfind(decimal)) {
        Some(at) => (&text[..at], Some(&text[at + 1..])),
        None => (text, None),
    };
    let whole = without_thousands(whole, thousands).ok_or_else(no_number)?;
    let plain = match rest {
        Some(rest) => format!("{whole}.{rest}"),
        None => whole,
    };
    plain.parse().map_err(|_| no_number())
}

fn unsigned(text: &str) -> &str {
    text.trim_start_matches(['-', '+'])
}

/// A whole number without what separates its thousands; `None` where that does not stand at each third digit.
fn without_thousands(text: &str, separator: Option<char>) -> Option<String> {
    let is_separator =
        |c: char| Some(c) == separator || matches!(c, ' ' | '\'' | '\u{a0}' | '\u{202f}');
    let mut parts = text.split(is_separator);
    let mut plain = parts.next()?.to_owned();
    let first = unsigned(&plain).len();
    for part in parts {
        if part.len() != 3
            || !(1..=3).contains(&first)
            || !part.bytes().all(|byte| byte.is_ascii_digit())
        {
            return None;
        }
        plain.push_str(part);
    }
    Some(plain)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn decimals_and_thousands_are_told_apart_in_either_way_of_writing_them() {
        for (text, expected) in [
            ("  1480.50 ", 1480.5),
            ("1480,5", 1480.5),
            ("1,480.5", 1480.5),
            ("1.480,5", 1480.5),
            ("1 480,5", 1480.5),
            ("1'234'567.25", 1_234_567.25),
            ("1.234.567", 1_234_567.0),
            ("1,234,567", 1_234_567.0),
            ("-0,250", -0.25),
            ("1e3", 1000.0),
            ("1480,525", 1480.525),
        ] {
            assert_eq!(parse(text), Ok(expected), "{text}");
        }
    }

    #[test]
    fn what_could_be_two_numbers_is_refused() {
        assert!(parse("1,480").is_err_and(|reason| reason.contains("thousands or decimals")));
        assert!(parse("-12,500").is_err_and(|reason| reason.contains("thousands or decimals")));
        for text in ["", "12,34,5", "1.2.3,4", "1,2345.6", "a,5", ",", "1,,5", "12 34", "5 bar"] {
            assert!(parse(text).is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn a_number_is_read_as_it_was_however_its_thousands_are_written(
            number in -9_999_999_i64..10_000_000, cents in 0..100_u8
        ) {
            let grouped = |separator: &str| {
                let digits = number.unsigned_abs().to_string();
                let mut out = String::new();
                for (at, digit) in digits.chars().enumerate() {
                    if at > 0 && (digits.len() - at) % 3 == 0 {
                        out.push_str(separator);
                    }
                    out.push(digit);
                }
                format!("{}{out}", if number < 0 { "-" } else { "" })
            };
            let expected = format!("{}{}.{cents:02}", if number < 0 { "-" } else { "" }, number.unsigned_abs());
            let expected: f64 = expected.parse().expect("it is a number");
            prop_assert_eq!(parse(&format!("{}.{cents:02}", grouped(","))), Ok(expected));
            prop_assert_eq!(parse(&format!("{},{cents:02}", grouped("."))), Ok(expected));
            prop_assert_eq!(parse(&format!("{},{cents:02}", grouped(" "))), Ok(expected));
        }
    }
}
