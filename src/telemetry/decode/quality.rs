//! From a quality in a payload to that of a sample, by the standard that the source follows.

use serde_json::Value as Json;

use super::value::Scalar;
use crate::twin::Quality;
use crate::twin::mapping::{QualitySource, QualityStandard};

/// The largest quality of OPC Classic: 16 bits, the upper eight of which are the vendor's.
const LARGEST_DA: u32 = 0xFFFF;

/// Reads a quality field, or the `Code` in it where it is a status of OPC UA; what is not known as good or uncertain is
/// bad.
pub(super) fn read_quality(
    scalar: &Scalar<'_>,
    source: &QualitySource,
    is_status: bool,
) -> Quality {
    let is_one_of = |all: &[Json]| all.iter().any(|json| scalar.is_spelled_like(json));
    if is_one_of(&source.good) {
        return Quality::Good;
    }
    if is_one_of(&source.uncertain) {
        return Quality::Uncertain;
    }
    match by_standard(scalar, standard(source, is_status)) {
        // Where a list is given, nothing else is that good.
        Quality::Good if !source.good.is_empty() => Quality::Bad,
        Quality::Uncertain if !source.uncertain.is_empty() => Quality::Bad,
        quality => quality,
    }
}

/// How codes are read.
#[derive(Clone, Copy)]
enum Standard {
    Ua,
    Da,
    /// By their size.
    Any {
        zero_is_good: bool,
    },
}

/// The standard that the mapping states. Where it states none, a 0 is bad as in OPC Classic, but good in what is called
/// a status code as in OPC UA.
fn standard(source: &QualitySource, is_status: bool) -> Standard {
    let last = source.pointer.rsplit('/').next().unwrap_or_default();
    let letters = last.bytes().filter(|byte| *byte != b'_').map(|byte| byte.to_ascii_lowercase());
    let is_called_one = last == "Code" || letters.eq(*b"statuscode");
    match source.standard {
        QualityStandard::OpcUa => Standard::Ua,
        QualityStandard::OpcDa => Standard::Da,
        QualityStandard::Any => Standard::Any { zero_is_good: is_status || is_called_one },
    }
}

fn by_standard(scalar: &Scalar<'_>, standard: Standard) -> Quality {
    match scalar {
        Scalar::Bool(true) => Quality::Good,
        Scalar::Text(text) => match code_in(text.trim()) {
            Some(number) => of_code(number, standard),
            None => of_words(text),
        },
        scalar => scalar.number().map_or(Quality::Bad, |number| of_code(number, standard)),
    }
}

/// A code as text, in decimal or hexadecimal digits (`0x40000000`).
fn code_in(text: &str) -> Option<f64> {
    let hexadecimal = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X"));
    match hexadecimal {
        Some(digits) => u32::from_str_radix(digits, 16).ok().map(f64::from),
        None => text.parse().ok(),
    }
}

/// By the first word: OPC writes "Good, non-specific" and "Uncertain, last usable value", OPC UA
/// `GoodClamped` and `Bad_NotConnected`. IEC 61850 says "questionable" for uncertain.
fn of_words(text: &str) -> Quality {
    let lower = text.trim().to_ascii_lowercase();
    if lower == "true" || lower.starts_with("good") {
        Quality::Good
    } else if lower.starts_with("uncertain") || lower == "questionable" {
        Quality::Uncertain
    } else {
        Quality::Bad
    }
}

/// Of a code: a status code of OPC UA has its severity in the two highest of 32 bits (part 4, 7.39),
/// a quality of OPC Classic (DA 3.0, 6.8) in the bits 7 and 6.
fn of_code(number: f64, standard: Standard) -> Quality {
    if number.fract() != 0.0 || !(f64::from(i32::MIN)..=f64::from(u32::MAX)).contains(&number) {
        return Quality::Bad;
    }
    // A status code that was written as a signed number is the same 32 bits.
    let code = number as i64 as u32;
    let is_ua = match standard {
        Standard::Ua => true,
        // More bits than it has, or a sign, are none of its qualities.
        Standard::Da if code > LARGEST_DA => return Quality::Bad,
        Standard::Da => false,
        Standard::Any { zero_is_good } => code > LARGEST_DA || zero_is_good && code == 0,
    };
    match if is_ua { code >> 30 } else { code >> 6 & 0b11 } {
        0b00 if is_ua => Quality::Good,
        0b11 if !is_ua => Quality::Good,
        0b01 => Quality::Uncertain,
        _ => Quality::Bad,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn source(standard: QualityStandard, good: &[Json], uncertain: &[Json]) -> QualitySource {
        let (good, uncertain) = (good.to_vec(), uncertain.to_vec());
        QualitySource { pointer: "/q".into(), standard, good, uncertain }
    }

    fn any(scalar: Scalar<'_>) -> Quality {
        read_quality(&scalar, &source(QualityStandard::Any, &[], &[]), false)
    }

    #[test]
    fn what_has_more_bits_than_a_quality_of_opc_classic_is_bad_for_it() {
        let source = source(QualityStandard::OpcDa, &[], &[]);
        for code in [-1, -64, 0x1_0000, 0x1_00C0, 0xFFFF_FFC0] {
            assert_eq!(
                read_quality(&Scalar::Integer(code), &source, false),
                Quality::Bad,
                "{code}"
            );
        }
        let vendor = Scalar::Integer(0x12C0);
        assert_eq!(read_quality(&vendor, &source, false), Quality::Good);
    }

    #[test]
    fn each_quality_of_opc_classic_is_what_its_two_bits_say_as_number_and_as_text() {
        for code in 0..=255_i128 {
            let expected = match code {
                0..=63 | 128..=191 => Quality::Bad,
                64..=127 => Quality::Uncertain,
                _ => Quality::Good,
            };
            assert_eq!(any(Scalar::Integer(code)), expected, "{code}");
            assert_eq!(any(Scalar::Number(code as f64)), expected, "{code}");
            assert_eq!(any(Scalar::Text(format!(" {code} ").into())), expected, "{code}");
            assert_eq!(any(Scalar::Text(format!("0x{code:02X}").into())), expected, "{code}");
        }
    }

    #[test]
    fn a_status_code_of_opc_ua_is_known_by_its_size_and_0_only_where_the_mapping_says_so() {
        assert_eq!(any(Scalar::Integer(0x4000_0000)), Quality::Uncertain);
        assert_eq!(any(Scalar::Integer(0x8000_0000)), Quality::Bad);
        assert_eq!(any(Scalar::Integer(-0x8000_0000)), Quality::Bad);
        assert_eq!(any(Scalar::Integer(0x0096_0000)), Quality::Good);
        assert_eq!(any(Scalar::Integer(0)), Quality::Bad);
        let ua = source(QualityStandard::OpcUa, &[], &[]);
        assert_eq!(read_quality(&Scalar::Integer(0), &ua, false), Quality::Good);
        assert_eq!(
            read_quality(&Scalar::Integer(0), &source(QualityStandard::Any, &[], &[]), true),
            Quality::Good
        );
        assert_eq!(any(Scalar::Text("0x40000000".into())), Quality::Uncertain);
        assert_eq!(any(Scalar::Text("0x80340000".into())), Quality::Bad);
    }

    #[test]
    fn a_0_is_good_in_a_field_that_is_called_a_status_code_and_nothing_else_is_read_otherwise() {
        for (pointer, is_good) in [
            ("/a/StatusCode", true),
            ("/statusCode", true),
            ("/status_code", true),
            ("/Status/Code", true),
            ("/StatusCode/q", false),
            ("/status", false),
            ("", false),
        ] {
            let source =
                QualitySource { pointer: pointer.into(), ..source(QualityStandard::Any, &[], &[]) };
            let read = |code: i128| read_quality(&Scalar::Integer(code), &source, false);
            assert_eq!(read(0) == Quality::Good, is_good, "{pointer}");
            assert_eq!(
                (read(1), read(68), read(192)),
                (Quality::Bad, Quality::Uncertain, Quality::Good)
            );
        }
    }

    #[test]
    fn words_count_by_how_they_begin() {
        for (text, expected) in [
            ("Good, non-specific", Quality::Good),
            ("GOOD", Quality::Good),
            ("GoodClamped", Quality::Good),
            ("Uncertain, last usable value", Quality::Uncertain),
            ("Bad_NotConnected", Quality::Bad),
            ("Not good", Quality::Bad),
            ("", Quality::Bad),
        ] {
            assert_eq!(any(Scalar::Text(text.into())), expected, "{text}");
        }
        assert_eq!(any(Scalar::Null), Quality::Bad);
        assert_eq!(any(Scalar::Nested("an object")), Quality::Bad);
    }

    #[test]
    fn a_list_counts_however_its_values_are_written_and_nothing_else_is_as_good() {
        let listed = source(QualityStandard::Any, &[3.into(), "ok".into()], &[]);
        let read = |scalar: Scalar<'_>| read_quality(&scalar, &listed, false);
        assert_eq!(read(Scalar::Text("3".into())), Quality::Good);
        assert_eq!(read(Scalar::Number(3.0)), Quality::Good);
        assert_eq!(read(Scalar::Text("OK".into())), Quality::Good);
        assert_eq!(read(Scalar::Integer(192)), Quality::Bad);
        assert_eq!(read(Scalar::Integer(68)), Quality::Uncertain);
    }

    proptest! {
        #[test]
        fn a_code_means_the_same_as_number_and_as_text(code in proptest::num::u32::ANY, at in 0..3_usize) {
            let standards = [QualityStandard::Any, QualityStandard::OpcDa, QualityStandard::OpcUa];
            let source = source(standards[at], &[], &[]);
            let number = read_quality(&Scalar::Integer(code.into()), &source, false);
            prop_assert_eq!(number, read_quality(&Scalar::Text(code.to_string().into()), &source, false));
            prop_assert_eq!(number, read_quality(&Scalar::Number(code.into()), &source, false));
            prop_assert_eq!(number, read_quality(&Scalar::Text(format!("0x{code:08x}").into()), &source, false));
            if standards[at] == QualityStandard::OpcUa || at == 0 && code > LARGEST_DA {
                let severity = [Quality::Good, Quality::Uncertain, Quality::Bad, Quality::Bad];
                prop_assert_eq!(number, severity[(code >> 30) as usize]);
            }
        }
    }
}
