//! A heading: the name of a column, and its unit.
//!
//! A heading may state its unit in brackets after the name, `z_Tt [Cel]` or `z_Tt (Cel)`; without them a
//! column is in whatever unit its reader expects.

use super::error::HeadingUnitError;
use crate::twin::{Unit, UnitError};

/// Names of the column of times, in small letters and with `_` between words.
const TIMES: [&str; 8] =
    ["time", "timestamp", "ts", "datetime", "date", "date_time", "sourcetimestamp", "epoch"];
/// What such a name may end with: the unit of its numbers, in seconds.
const TIME_UNITS: [(&str, Option<f64>); 5] = [
    ("_s", Some(1.0)),
    ("_ms", Some(1e-3)),
    ("_us", Some(1e-6)),
    ("_ns", Some(1e-9)),
    ("_utc", None),
];
/// One that counts only where there is no other, since variables are called so, too.
pub(super) const SHORT: &str = "t";

/// A heading.
#[derive(Clone, Debug, PartialEq)]
pub struct Heading {
    /// The name, without the unit.
    pub name: String,
    /// As it stands in the table.
    pub whole: String,
    /// What stands in brackets: a unit, or why it is none.
    unit: Option<Result<Unit, UnitError>>,
}

impl Heading {
    /// Reads a heading. What stands in square brackets at its end is its unit, and so is what stands in
    /// round ones if it is a unit. Brackets are matched from the outside: some units have their own.
    /// `UTC` in brackets is no unit; times without a zone are in UTC anyway.
    pub fn read(cell: &str) -> Self {
        let whole = cell.trim_start_matches('\u{feff}').trim();
        let is_utc = |inner: &str| inner.eq_ignore_ascii_case("UTC");
        let (name, unit) = match in_brackets(whole, '[', ']') {
            Some((name, inner)) if is_utc(inner) => (name, None),
            Some((name, inner)) => (name, Some(unit(inner))),
            None => match in_brackets(whole, '(', ')').map(|(name, inner)| (name, unit(inner))) {
                Some((name, Ok(unit))) => (name, Some(Ok(unit))),
                Some((name, Err(error))) if is_utc(&error.code) => (name, None),
                _ => (whole, None),
            },
        };
        Self { name: name.to_owned(), whole: whole.to_owned(), unit }
    }

    /// Its unit; `None` where it states none, or what is none.
    pub fn unit(&self) -> Option<&Unit> {
        self.unit.as_ref()?.as_ref().ok()
    }

    /// Whether it is one of times.
    pub fn is_time(&self) -> bool {
        self.of_times().is_some() || self.is_called(SHORT)
    }

    /// Of one of times, `t` aside: the seconds of one, where its name ends with a unit as in `time_ms`.
    pub(super) fn of_times(&self) -> Option<Option<f64>> {
        let name = self.name.to_lowercase().replace([' ', '/'], "_");
        let name = name.trim_start_matches('_');
        let (bare, unit) = TIME_UNITS
            .iter()
            .find_map(|(end, unit)| Some((name.strip_suffix(end)?, *unit)))
            .unwrap_or((name, None));
        TIMES.contains(&bare).then_some(unit)
    }

    /// Whether that is its name, whatever the case.
    pub(super) fn is_called(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name)
    }

    /// What stands in brackets at its end.
    pub(super) fn in_brackets(&self) -> Option<&str> {
        in_brackets(&self.whole, '[', ']')
            .or_else(|| in_brackets(&self.whole, '(', ')'))
            .map(|(_, inner)| inner)
    }

    /// Whether it states a unit, or what is none.
    pub fn has_unit(&self) -> bool {
        self.unit.is_some()
    }

    /// How its numbers become numbers of another unit: scale and offset. A heading without a unit is
    /// in that one already.
    ///
    /// # Errors
    /// When the heading states no unit, or one of another kind.
    pub fn conversion_to(&self, wanted: &Unit) -> Result<(f64, f64), HeadingUnitError> {
        let wanted_code = || wanted.code().to_owned();
        match &self.unit {
            None => Ok((1.0, 0.0)),
            Some(Err(error)) => {
                let error = error.clone();
                Err(HeadingUnitError::NoUnit { error, wanted: wanted_code() })
            }
            Some(Ok(stated)) => stated.conversion_to(wanted).ok_or_else(|| {
                let stated = stated.code().to_owned();
                HeadingUnitError::OtherKind { stated, wanted: wanted_code() }
            }),
        }
    }
}

/// The name, and what stands in the brackets at the end of a heading.
fn in_brackets(whole: &str, open: char, close: char) -> Option<(&str, &str)> {
    let inner = whole.strip_suffix(close)?;
    let mut depth = 1_usize;
    let begin = inner.char_indices().rev().find(|(_, c)| {
        depth = if *c == close { depth + 1 } else { depth - usize::from(*c == open) };
        depth == 0
    });
    let begin = begin?.0;
    let name = inner[..begin].trim();
    (!name.is_empty()).then(|| (name, inner[begin + open.len_utf8()..].trim()))
}

/// A unit as tables write it.
///
/// # Errors
/// When it is none.
pub fn unit(text: &str) -> Result<Unit, UnitError> {
    // Some units have brackets of their own: `p [gal_us]` is of `[gal_us]`.
    Unit::parse_common(text).or_else(|error| Unit::parse(&format!("[{text}]")).map_err(|_| error))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn units_stand_in_brackets_and_may_have_brackets_of_their_own() {
        let kelvins = Unit::parse("K").expect("a unit");
        let heading = Heading::read("z_Tt [Cel]");
        assert_eq!((&*heading.name, &*heading.whole), ("z_Tt", "z_Tt [Cel]"));
        let (scale, offset) = heading.conversion_to(&kelvins).expect("a temperature");
        assert!((scale - 1.0).abs() < 1e-12 && (offset - 273.15).abs() < 1e-9);
        let pascals = Unit::parse("Pa").expect("a unit");
        for text in ["p [psi]", "p [[psi]]"] {
            let (scale, _) = Heading::read(text).conversion_to(&pascals).expect(text);
            assert!((scale - 6_894.757).abs() < 0.01, "{text}: {scale}");
        }
        for text in ["T (K)", "T [K]", "T([degF])", "T [[degF]]", "T [degF]", "T [°C]", "T (°F)"]
        {
            let heading = Heading::read(text);
            assert!(heading.name == "T" && heading.conversion_to(&kelvins).is_ok(), "{text}");
        }
        for name in ["time (UTC)", "Time [utc]"] {
            let heading = Heading::read(name);
            assert!(heading.is_time() && !heading.has_unit(), "{name}");
        }
        for name in ["level (top)", "level (of (all))", "a)", "(top)", "x [", "[K]"] {
            let heading = Heading::read(name);
            assert_eq!((&*heading.name, heading.has_unit()), (name, false));
        }
        let heading = Heading::read("level (top) [%]");
        assert!(heading.name == "level (top)" && heading.has_unit());
    }

    proptest! {
        #[test]
        fn a_name_and_a_unit_are_read_as_they_were_put_together(
            name in "[a-zA-Z][a-zA-Z0-9._/-]{0,8}( \\([A-Z]{4}\\))?",
            code in prop::sample::select(vec!["Cel", "[degF]", "[psi]", "m3/h", "L/min", "{rev}/min", "%"]),
            style in 0_usize..3,
        ) {
            let bare = code.trim_matches(['[', ']']);
            let text = match style {
                0 => format!("{name} [{code}]"),
                1 => format!("{name} ({code})"),
                _ => format!("{name}[{bare}]"),
            };
            let heading = Heading::read(&text);
            prop_assert_eq!(&heading.name, &name);
            let unit = heading.unit.expect("a unit").expect("a known unit");
            prop_assert_eq!(unit, Unit::parse(code).expect("a unit"));
        }

        #[test]
        fn no_heading_makes_it_fail(text in "\\PC{0,20}") {
            let _ = Heading::read(&text);
        }
    }
}
