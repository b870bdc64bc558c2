//! Numbers as devices write them into texts.

use crate::table::{Form, Mark, form};
use crate::terminal::excerpt;

/// The number that a text is; decimals stand after a point or a comma, and the other of both, or a space or an
/// apostrophe, may separate thousands. The error says why it is none.
pub(super) fn parse(text: &str) -> Result<f64, String> {
    match form(text) {
        Form::Plain(number) | Form::Marked(number, _) => Ok(number),
        // A lone point is the decimals', as everywhere in JSON.
        Form::Doubtful { mark: Mark::Point, decimals, .. } => Ok(decimals),
        Form::Doubtful { .. } => Err(format!(
            "{:?} may be thousands or decimals: have the source send a number, not a text",
            excerpt(text.trim())
        )),
        Form::No => Err(format!("expected a number, found the text {:?}", excerpt(text.trim()))),
    }
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
