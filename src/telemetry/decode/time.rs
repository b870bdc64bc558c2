//! Instants in payloads, and stamps that are in another unit than the mapping states.

use crate::table::TimeError;
use crate::terminal::excerpt;
use crate::twin::Timestamp;
use crate::twin::mapping::TimeFormat;

use super::{Scalar, civil};

/// Where a stamp in a wrong unit would lie is far from any time at which a plant reports: stamps
/// before this (1990-01-01) are compared with what other units would make of them.
const OLDEST_USUAL: i64 = 631_152_000 * 1_000_000;
/// No stamp is later than this (2200-01-01).
const LATEST: i64 = 7_258_118_400 * 1_000_000;
/// No stamp is earlier than this (year 1 of ISO 8601).
const EARLIEST: i64 = -62_135_596_800 * 1_000_000;
/// A stamp read in another unit is taken for the right one when it lies this close to the arrival.
const NEAR_US: i64 = 20 * 366 * 86_400 * 1_000_000;

/// Units in which devices write times, with microseconds for one unit.
const UNITS: [(&str, f64); 4] =
    [("seconds", 1e6), ("milliseconds", 1e3), ("microseconds", 1.0), ("nanoseconds", 1e-3)];

/// Why a stamp is not used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct BadTime {
    /// It would be right in another unit.
    pub unit: bool,
    /// For people.
    pub reason: String,
}

fn bad(reason: String) -> BadTime {
    BadTime { unit: false, reason }
}

fn name(format: TimeFormat) -> &'static str {
    match format {
        TimeFormat::Iso8601 | TimeFormat::Local { .. } => "ISO 8601",
        TimeFormat::EpochSeconds => "seconds since 1970",
        TimeFormat::EpochMillis => "milliseconds since 1970",
        TimeFormat::EpochMicros => "microseconds since 1970",
        TimeFormat::EpochNanos => "nanoseconds since 1970",
    }
}

/// Reads a stamp; by `arrival` (wall time) the unit of a suspicious one is found.
pub(super) fn read(
    value: &Scalar<'_>,
    format: TimeFormat,
    arrival: Timestamp,
) -> Result<Timestamp, BadTime> {
    let is_text = matches!(format, TimeFormat::Iso8601 | TimeFormat::Local { .. });
    let parsed = match value {
        Scalar::Text(text) if is_text => {
            civil::read(text, format).map_err(|error| match error {
                TimeError::No(_) => not_iso(text, arrival),
                TimeError::Unsure(reason) => bad(reason),
                TimeError::OtherUnit(reason) => BadTime { unit: true, reason },
            })?
        }
        Scalar::Text(text) => match text.trim().parse::<i128>() {
            Ok(integer) => return whole(integer, format, arrival),
            Err(_) => return text_of_number(text.trim(), format, arrival),
        },
        Scalar::Integer(integer) if !is_text => return whole(*integer, format, arrival),
        Scalar::Number(number) if !is_text => return epoch(*number, format, arrival),
        Scalar::Integer(integer) => return Err(not_iso(&integer.to_string(), arrival)),
        Scalar::Number(number) => return Err(not_iso(&number.to_string(), arrival)),
        other => return Err(bad(format!("expected a time ({}), found {other}", name(format)))),
    };
    if !(EARLIEST..=LATEST).contains(&parsed.0) {
        return Err(bad(format!("{parsed} is not a time at which a plant reports")));
    }
    Ok(parsed)
}

/// A number with a fraction, as text.
fn text_of_number(
    text: &str,
    format: TimeFormat,
    arrival: Timestamp,
) -> Result<Timestamp, BadTime> {
    if let Ok(number) = text.parse() {
        return epoch(number, format, arrival);
    }
    if civil::read(text, TimeFormat::Iso8601).is_ok() {
        let (text, name) = (excerpt(text), name(format));
        let reason = format!("{text:?} looks like ISO 8601; the mapping says {name}");
        return Err(BadTime { unit: true, reason });
    }
    Err(bad(format!("{:?} is no time; expected {}", excerpt(text), name(format))))
}

/// A whole number, to its last digit.
fn whole(integer: i128, format: TimeFormat, arrival: Timestamp) -> Result<Timestamp, BadTime> {
    let micros = match format {
        TimeFormat::EpochNanos => Some(integer.div_euclid(1000)),
        format => integer.checked_mul(factor(format) as i128),
    };
    match micros.and_then(|micros| i64::try_from(micros).ok()) {
        Some(micros) => plausible(Timestamp(micros), integer as f64, format, arrival),
        None => epoch(integer as f64, format, arrival),
    }
}

fn not_iso(text: &str, arrival: Timestamp) -> BadTime {
    let unit = text.trim().parse::<f64>().ok().and_then(|number| likely_unit(number, arrival));
    let text = excerpt(text);
    match unit {
        Some(unit) => BadTime {
            unit: true,
            reason: format!("{text} looks like {unit} since 1970; the mapping says ISO 8601"),
        },
        None => bad(format!("{text:?} is no time with a date, such as 2026-03-01T12:00:00.25Z")),
    }
}

/// Microseconds for one unit of the format.
fn factor(format: TimeFormat) -> f64 {
    match format {
        TimeFormat::EpochMillis => 1e3,
        TimeFormat::EpochMicros => 1.0,
        TimeFormat::EpochNanos => 1e-3,
        TimeFormat::EpochSeconds | TimeFormat::Iso8601 | TimeFormat::Local { .. } => 1e6,
    }
}

fn epoch(number: f64, format: TimeFormat, arrival: Timestamp) -> Result<Timestamp, BadTime> {
    match Timestamp::from_seconds(number * factor(format) * 1e-6) {
        // Seconds with a fraction are rounded once, not twice.
        Some(_) => {
            let micros = Timestamp((number * factor(format)).round() as i64);
            plausible(micros, number, format, arrival)
        }
        None => Err(wrong_unit(number, format, arrival)
            .unwrap_or_else(|| bad(format!("{number} is no time in {}", name(format))))),
    }
}

fn plausible(
    time: Timestamp,
    number: f64,
    format: TimeFormat,
    arrival: Timestamp,
) -> Result<Timestamp, BadTime> {
    if (OLDEST_USUAL..=LATEST).contains(&time.0) {
        return Ok(time);
    }
    match wrong_unit(number, format, arrival) {
        Some(problem) => Err(problem),
        None if !(EARLIEST..=LATEST).contains(&time.0) => Err(bad(format!(
            "{number} in {} is {time}, which is not a time at which a plant reports",
            name(format)
        ))),
        None => Ok(time),
    }
}

fn wrong_unit(number: f64, format: TimeFormat, arrival: Timestamp) -> Option<BadTime> {
    let unit = likely_unit(number, arrival)?;
    let reason = format!("{number} looks like {unit}; the mapping says {}", name(format));
    Some(BadTime { unit: true, reason })
}

fn likely_unit(number: f64, arrival: Timestamp) -> Option<&'static str> {
    let near = |factor: f64| (number * factor - arrival.0 as f64).abs() < NEAR_US as f64;
    UNITS.iter().find(|(_, factor)| near(*factor)).map(|(name, _)| *name)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-03-01T12:00:00Z.
    const ARRIVAL: Timestamp = Timestamp(1_772_366_400_000_000);

    fn integer(value: i128, format: TimeFormat) -> Result<Timestamp, BadTime> {
        read(&Scalar::Integer(value), format, ARRIVAL)
    }

    #[test]
    fn each_format_reads_the_same_instant() {
        let quarter = Ok(Timestamp(1_772_366_400_250_000));
        let text =
            |text: &'static str| read(&Scalar::Text(text.into()), TimeFormat::Iso8601, ARRIVAL);
        assert_eq!(text("2026-03-01T12:00:00.25Z"), quarter);
        assert_eq!(text("2026-03-01T14:00:00.25+02:00"), quarter);
        assert_eq!(integer(1_772_366_400_250, TimeFormat::EpochMillis), quarter);
        assert_eq!(integer(1_772_366_400_250_000, TimeFormat::EpochMicros), quarter);
        assert_eq!(integer(1_772_366_400_250_000_999, TimeFormat::EpochNanos), quarter);
        let nanos = Scalar::Text("1772366400250000000".into());
        assert_eq!(read(&nanos, TimeFormat::EpochNanos, ARRIVAL), quarter);
        let seconds = Scalar::Number(1_772_366_400.25);
        assert_eq!(read(&seconds, TimeFormat::EpochSeconds, ARRIVAL), quarter);
        let quoted = Scalar::Text("1772366400.25".into());
        assert_eq!(read(&quoted, TimeFormat::EpochSeconds, ARRIVAL), quarter);
    }

    #[test]
    fn a_stamp_in_another_unit_is_refused_with_the_unit_it_looks_like() {
        let hint = |value, format| {
            let problem = integer(value, format).expect_err("a stamp in another unit");
            assert!(problem.unit);
            problem.reason
        };
        let millis = 1_772_366_400_250;
        assert_eq!(
            hint(millis, TimeFormat::EpochSeconds),
            "1772366400250 looks like milliseconds; the mapping says seconds since 1970"
        );
        assert!(hint(millis / 1000, TimeFormat::EpochMillis).contains("looks like seconds"));
        assert!(hint(millis, TimeFormat::EpochMicros).contains("looks like milliseconds"));
        assert!(hint(millis * 1000, TimeFormat::EpochSeconds).contains("looks like microseconds"));
        assert!(hint(millis * 1_000_000, TimeFormat::EpochMicros).contains("nanoseconds"));
        assert!(hint(millis, TimeFormat::Iso8601).contains("looks like milliseconds"));
    }

    #[test]
    fn what_stands_in_a_date_of_net_is_checked_for_another_unit_as_well() {
        let text =
            |text: &'static str| read(&Scalar::Text(text.into()), TimeFormat::Iso8601, ARRIVAL);
        let problem = text("/Date(1772366400)/").expect_err("seconds");
        assert!(
            problem.unit && problem.reason.contains("looks like seconds"),
            "{}",
            problem.reason
        );
        assert_eq!(text("/Date(1772366400000)/"), Ok(ARRIVAL));
    }

    #[test]
    fn of_a_long_text_its_beginning_is_quoted() {
        let zeros = "0".repeat(100_000);
        for (text, format) in [
            (format!("{zeros}1772366400"), TimeFormat::Iso8601),
            (format!("/Date({zeros}1772366400)/"), TimeFormat::Iso8601),
            (format!("2026-03-01T12:00:00.{}Z", &zeros[..9]), TimeFormat::EpochSeconds),
            (format!("2026-03-01T12:00:00Z{}", " ".repeat(100_000)), TimeFormat::EpochMillis),
            (format!("2026-03-01T12:00:00Z[{}]", zeros), TimeFormat::EpochSeconds),
            (zeros.replace('0', "9"), TimeFormat::EpochMillis),
            (zeros.replace('0', "x"), TimeFormat::EpochNanos),
        ] {
            let bad = read(&Scalar::Text(text.into()), format, ARRIVAL).expect_err("no time");
            assert!(bad.reason.len() < 400, "{}", bad.reason.len());
        }
    }

    #[test]
    fn a_plant_whose_time_starts_at_zero_is_believed() {
        assert_eq!(integer(90, TimeFormat::EpochSeconds), Ok(Timestamp(90_000_000)));
    }

    #[test]
    fn a_stamp_beyond_the_years_that_people_write_is_refused() {
        for micros in [i64::MIN, EARLIEST - 1, LATEST + 1, i64::MAX] {
            let problem =
                integer(micros.into(), TimeFormat::EpochMicros).expect_err("no such year");
            assert!(problem.reason.contains("not a time"), "{}", problem.reason);
        }
        assert_eq!(integer(EARLIEST.into(), TimeFormat::EpochMicros), Ok(Timestamp(EARLIEST)));
    }

    #[test]
    fn what_is_no_time_is_refused() {
        for scalar in [Scalar::Number(f64::NAN), Scalar::Number(1e300), Scalar::Bool(true)] {
            assert!(read(&scalar, TimeFormat::EpochSeconds, ARRIVAL).is_err());
            assert!(read(&scalar, TimeFormat::Iso8601, ARRIVAL).is_err());
        }
        let text = Scalar::Text("yesterday".into());
        assert!(read(&text, TimeFormat::Iso8601, ARRIVAL).is_err());
    }
}
