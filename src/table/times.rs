//! The times of a table: in which column they stand, and how they are written.

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;

use super::error::HeadingUnitError;
use super::heading::{Heading, SHORT, TIMES};
use super::number::{NumberError, Numbers};
use super::records::Record;
use crate::twin::{Timestamp, Unit};

/// No time is later than this (2200-01-01), in seconds since 1970.
const LATEST_S: f64 = 7_258_118_400.0;
/// Numbers from here on are no seconds.
const MOST_SECONDS: f64 = 1e11;

/// What numbers without a unit are in a column of times.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BareNumbers {
    /// Seconds.
    Seconds,
    /// Seconds, milliseconds, microseconds or nanoseconds since 1970 by their size, and dates that are
    /// written without separators.
    BySize,
}

/// Where times stand.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Times {
    /// The column with the date, where that has one of its own.
    date: Option<usize>,
    /// The column with the time.
    time: usize,
    /// Seconds for one, where the heading states the unit.
    scale: Option<f64>,
    /// Whether the column is that of dates alone.
    is_date: bool,
    bare: BareNumbers,
}

/// A time as a table states it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Instant {
    /// In seconds, from wherever the table counts.
    Seconds(f64),
    /// An instant.
    Stamp(Timestamp),
}

impl Instant {
    /// Seconds, those of an instant since 1970.
    pub fn seconds(self) -> f64 {
        match self {
            Self::Seconds(seconds) => seconds,
            Self::Stamp(stamp) => stamp.0 as f64 * 1e-6,
        }
    }

    /// An instant; seconds are counted from 1970.
    pub fn stamp(self) -> Option<Timestamp> {
        match self {
            Self::Seconds(seconds) => Timestamp::from_seconds(seconds),
            Self::Stamp(stamp) => Some(stamp),
        }
    }
}

/// Why a time cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TimeError {
    /// It is none.
    #[error("`{0}`: {expected}", expected = EXPECTED)]
    No(String),
    /// It may be another one, or is no date; says what was expected.
    #[error("{0}")]
    Unsure(String),
}

impl Times {
    /// The columns of times of a table; `None` where it has none. Of several the first counts, `t` after
    /// all others; `date` and `time` count together.
    ///
    /// # Errors
    /// When the heading states a unit that is none of time, with the heading.
    pub fn find(
        headings: &[Heading],
        bare: BareNumbers,
    ) -> Result<Option<Self>, (usize, HeadingUnitError)> {
        let place =
            |name: &str| headings.iter().position(|heading| heading.name.to_lowercase() == name);
        let first = headings.iter().position(|h| TIMES.contains(&&*h.name.to_lowercase()));
        let Some(first) = first.or_else(|| place(SHORT)) else { return Ok(None) };
        let (date, time) = match (place("date"), place("time")) {
            (Some(date), Some(time)) if first == date || first == time => (Some(date), time),
            _ => (None, first),
        };
        let heading = &headings[time];
        let name = heading.name.to_lowercase();
        let scale = match heading.has_unit() {
            true => Unit::parse("s")
                .ok()
                .map(|seconds| heading.conversion_to(&seconds))
                .transpose()
                .map_err(|error| (time, error))?
                .map(|(scale, _)| scale),
            false => (name == "time_s").then_some(1.0),
        };
        Ok(Some(Self { date, time, scale, is_date: name == "date", bare }))
    }

    /// The column of times, or that of the times of day.
    pub fn column(&self) -> usize {
        self.time
    }

    /// Whether a column states times.
    pub fn holds(&self, column: usize) -> bool {
        column == self.time || Some(column) == self.date
    }

    /// The time of a row.
    ///
    /// # Errors
    /// When it is none, or cannot be read for sure; says what was expected.
    pub fn read(&self, record: &Record, numbers: &mut Numbers) -> Result<Instant, TimeError> {
        let cell = record.get(self.time).unwrap_or_default();
        match self.date {
            Some(date) => on_day(record.get(date).unwrap_or_default(), cell).map(Instant::Stamp),
            None => self.of(cell, numbers),
        }
    }

    fn of(&self, cell: &str, numbers: &mut Numbers) -> Result<Instant, TimeError> {
        match numbers.read(cell) {
            Ok(number) if number.is_finite() => self.of_number(cell, number),
            Err(error @ NumberError::Doubtful { .. }) => {
                Err(TimeError::Unsure(format!("`{cell}` {error}")))
            }
            _ => written(cell).map(Instant::Stamp),
        }
    }

    fn of_number(&self, cell: &str, number: f64) -> Result<Instant, TimeError> {
        if let Some(scale) = self.scale {
            let seconds = number * scale;
            return match seconds.is_finite() {
                true => Ok(Instant::Seconds(seconds)),
                false => Err(TimeError::No(cell.to_owned())),
            };
        }
        if self.bare == BareNumbers::Seconds {
            return match by_size(cell, number) {
                _ if number.abs() < MOST_SECONDS => Ok(Instant::Seconds(number)),
                (unit, _) => Err(TimeError::Unsure(format!(
                    "`{cell}` looks like {unit}, and times are in seconds: state the unit in the \
                     heading, such as `t [ms]`"
                ))),
            };
        }
        let compact = compact(cell);
        match (cell.len(), compact) {
            (8, Some(date)) if self.is_date => return Ok(Instant::Stamp(date)),
            (8, Some(date)) => {
                return Err(TimeError::Unsure(format!(
                    "`{cell}` may be seconds or the date {}: write the date so, or call the column \
                     `time_s` for seconds",
                    &date.to_string()[..10]
                )));
            }
            (_, Some(stamp)) => return Ok(Instant::Stamp(stamp)),
            _ => {}
        }
        match by_size(cell, number) {
            (_, Some(stamp)) if (stamp.0 as f64).abs() < LATEST_S * 1e6 => {
                Ok(Instant::Stamp(stamp))
            }
            (unit, _) => Err(TimeError::Unsure(format!(
                "`{cell}` in {unit} since 1970 is beyond the year 2200: {EXPECTED}, or state the unit \
                 in the heading, such as `time [ms]`"
            ))),
        }
    }
}

/// What a column of times holds.
const EXPECTED: &str = "expected a time such as 2026-11-23T12:00:00Z or seconds since 1970";

/// In which unit since 1970 a number is by its size, and the instant.
fn by_size(cell: &str, number: f64) -> (&'static str, Option<Timestamp>) {
    let (unit, micros) = match number.abs() {
        size if size < 1e11 => ("seconds", 1e6),
        size if size < 1e14 => ("milliseconds", 1e3),
        size if size < 1e17 => ("microseconds", 1.0),
        _ => ("nanoseconds", 1e-3),
    };
    // Whole numbers have more digits than a floating point number keeps.
    let stamp = match (cell.parse::<i128>().ok(), micros >= 1.0) {
        (Some(whole), true) => i64::try_from(whole.saturating_mul(micros as i128)).ok(),
        (Some(whole), false) => i64::try_from(whole.div_euclid(1000)).ok(),
        (None, _) => Timestamp::from_seconds(number * micros * 1e-6).map(|stamp| stamp.0),
    };
    (unit, stamp.map(Timestamp))
}

/// A date, perhaps with a time of day, in digits alone: `20261123`, `202611231200`, `20261123120000` or
/// with milliseconds `20261123120000250`; in UTC.
fn compact(cell: &str) -> Option<Timestamp> {
    let length = cell.len();
    if !matches!(length, 8 | 12 | 14 | 17) || !cell.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let part = |from: usize, to: usize| match to <= length {
        true => cell[from..to].parse::<i16>().ok(),
        false => Some(0),
    };
    let small = |from: usize, to: usize| part(from, to).and_then(|part| i8::try_from(part).ok());
    let year = part(0, 4).filter(|year| (1900..2200).contains(year))?;
    let date = Date::new(year, small(4, 6)?, small(6, 8)?).ok()?;
    let millis = i32::from(part(14, 17)?);
    let time = Time::new(small(8, 10)?, small(10, 12)?, small(12, 14)?, millis * 1_000_000).ok()?;
    utc(date.to_datetime(time))
}

fn utc(time: DateTime) -> Option<Timestamp> {
    let zoned = time.to_zoned(TimeZone::UTC).ok()?;
    Some(Timestamp(zoned.timestamp().as_microsecond()))
}

/// An instant that is written as ISO 8601, without a zone in UTC.
fn written(text: &str) -> Result<Timestamp, TimeError> {
    let instant = |text: &str| text.parse::<jiff::Timestamp>().ok();
    let (plain, is_utc) = match [" UTC", " GMT"].iter().find_map(|zone| text.strip_suffix(zone)) {
        Some(plain) => (plain, true),
        None => (text, false),
    };
    let no_time = || TimeError::No(text.to_owned());
    let stamp = match text.split_once('[') {
        // With an offset the instant is known, whatever the zone is called.
        Some((before, _)) => {
            instant(before).map(|at| Timestamp(at.as_microsecond())).ok_or_else(|| {
                let unread = "a zone in brackets is not read; write the offset, such as +02:00";
                TimeError::Unsure(format!("`{text}`: {unread}"))
            })?
        }
        None if is_utc => plain.parse().ok().and_then(utc).ok_or_else(no_time)?,
        None => match instant(text) {
            Some(at) => Timestamp(at.as_microsecond()),
            None => text.parse().ok().and_then(utc).ok_or_else(no_time)?,
        },
    };
    match (stamp.0 as f64) < LATEST_S * 1e6 {
        true => Ok(stamp),
        false => Err(TimeError::Unsure(format!("`{text}` is beyond the year 2200"))),
    }
}

/// The instant of a time of day, perhaps with its offset, on a date.
fn on_day(date: &str, time: &str) -> Result<Timestamp, TimeError> {
    let day = match compact(date).filter(|_| date.len() == 8) {
        Some(stamp) => stamp.to_string()[..10].to_owned(),
        None => date.to_owned(),
    };
    let is_date = day.parse::<Date>().is_ok() && !day.contains(['T', ' ', ':', '[']);
    if !is_date {
        return Err(TimeError::Unsure(format!(
            "`{date}` is no date such as 2026-11-23, which a column `date` beside one `time` holds"
        )));
    }
    let no_time = || {
        let expected = "is no time of day such as 06:00:10, beside the date";
        TimeError::Unsure(format!("`{time}` {expected} `{date}`"))
    };
    if !time.contains(':') {
        return Err(no_time());
    }
    // Spreadsheets write 6:00:10; and the time may have its date already.
    let padded = if time.find(':') == Some(1) { format!("0{time}") } else { time.to_owned() };
    written(&format!("{day}T{padded}")).or_else(|_| written(time)).map_err(|_| no_time())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::dialect::Dialect;
    use super::*;

    fn times(headings: &str, bare: BareNumbers) -> Times {
        let headings: Vec<Heading> = headings.split(',').map(Heading::read).collect();
        Times::find(&headings, bare).expect("units of time").expect("times")
    }

    fn read(heading: &str, cell: &str) -> Result<Instant, TimeError> {
        let numbers = &mut Numbers::of(Dialect { delimiter: b';' });
        times(heading, BareNumbers::BySize).of(cell, numbers)
    }

    fn stamp(cell: &str) -> Result<String, String> {
        let at = read("time", cell).map_err(|error| error.to_string())?;
        Ok(at.stamp().expect("an instant").to_string())
    }

    fn is(cell: &str, expected: &str) {
        let expected: jiff::Timestamp = expected.parse().expect("an instant");
        let expected = Timestamp(expected.as_microsecond()).to_string();
        assert_eq!(stamp(cell), Ok(expected), "{cell}");
    }

    #[test]
    fn an_instant_is_read_in_each_way_that_exports_write_it() {
        for cell in [
            "2026-11-23T06:00:10Z",
            "2026-11-23T07:00:10+01:00",
            "2026-11-23 06:00:10",
            "2026-11-23 06:00:10 UTC",
            "2026-11-23T07:00:10+01:00[Europe/Berlin]",
            "1795413610",
            "1795413610000",
            "1795413610000000",
            "1795413610000000000",
            "20261123060010",
            "20261123060010000",
            "1795413610,0",
        ] {
            is(cell, "2026-11-23T06:00:10Z");
        }
        is("202611230600", "2026-11-23T06:00:00Z");
        is("1795413610000000250", "2026-11-23T06:00:10Z");
        is("1795413610123456", "2026-11-23T06:00:10.123456Z");
        is("0,5", "1970-01-01T00:00:00.5Z");
        assert_eq!(read("date", "20261123").map(|at| at.seconds()), Ok(1_795_392_000.0));
    }

    #[test]
    fn what_may_be_another_instant_is_refused_with_what_to_write() {
        let told = |cell: &str| stamp(cell).expect_err(cell);
        assert!(told("2026-07-01T12:00:00[Europe/Berlin]").contains("write the offset"));
        assert!(told("2026-07-01 12:00:00 CEST").contains("expected a time"));
        assert!(told("20261123").contains("the date 2026-11-23"));
        assert!(told("20269923120000").contains("beyond the year 2200"));
        assert!(told("1,234").contains("may be 1.234 or 1234"));
        assert!(told("23.11.2026 06:00").contains("expected a time"));
        assert!(told("06:00:00").contains("expected a time"));
        assert!(told("").contains("expected a time"));
        assert!(told("99999999999999999999999999").contains("beyond the year"));
    }

    #[test]
    fn a_unit_in_the_heading_says_what_numbers_are() {
        for (heading, cell) in [("time [ms]", "1500"), ("time_s", "1.5"), ("t [min]", "0.025")] {
            let headings = times(heading, BareNumbers::BySize);
            let read = headings.of(cell, &mut Numbers::default());
            assert!(read.is_ok_and(|at| (at.seconds() - 1.5).abs() < 1e-12), "{heading}");
        }
        assert_eq!(read("time [ms]", "1795413610000"), Ok(Instant::Seconds(1_795_413_610.0)));
        let error = Times::find(&[Heading::read("t [K]")], BareNumbers::Seconds);
        assert!(error.is_err_and(|(column, _)| column == 0));
    }

    #[test]
    fn where_a_table_counts_seconds_other_units_are_refused() {
        let of = |cell: &str| times("t", BareNumbers::Seconds).of(cell, &mut Numbers::default());
        assert_eq!(of("20261123"), Ok(Instant::Seconds(20_261_123.0)));
        assert!(
            of("1795413610000")
                .expect_err("milliseconds")
                .to_string()
                .contains("looks like milliseconds")
        );
        assert_eq!(of("2026-11-23T06:00:10Z").map(Instant::seconds), Ok(1_795_413_610.0));
    }

    #[test]
    fn t_is_the_column_of_times_where_there_is_no_other_and_date_and_time_go_together() {
        let column = |headings: &str| times(headings, BareNumbers::Seconds).column();
        assert_eq!(column("t,i,v"), 0);
        assert_eq!(column("t,i,time"), 2);
        assert_eq!(column("i,TIMESTAMP,date"), 1);
        let both = times("date,time,a", BareNumbers::BySize);
        assert!(both.holds(0) && both.holds(1) && !both.holds(2));
    }

    #[test]
    fn a_date_and_a_time_of_day_are_one_instant() {
        let seconds = |date: &str, time: &str| on_day(date, time).map(|at| at.0 / 1_000_000);
        assert_eq!(seconds("2026-11-23", "06:00:10"), Ok(1_795_413_610));
        assert_eq!(seconds("20261123", "06:00:10Z"), Ok(1_795_413_610));
        assert_eq!(seconds("2026-11-23", "05:00:10-01:00"), Ok(1_795_413_610));
        assert_eq!(seconds("2026-11-23", "6:00:10"), Ok(1_795_413_610));
        assert_eq!(seconds("2026-11-23", "2026-11-23T06:00:10Z"), Ok(1_795_413_610));
        assert!(
            seconds("23.11.2026", "06:00:10")
                .expect_err("no date")
                .to_string()
                .contains("is no date")
        );
        assert!(
            seconds("2026-11-23", "6 o'clock")
                .expect_err("no time")
                .to_string()
                .contains("no time of day")
        );
        assert!(seconds("2026-11-23", "3600").is_err());
    }

    proptest! {
        #[test]
        fn a_stamp_in_any_unit_is_the_same_instant(
            micros in 631_152_000_000_000_i64..4_102_444_800_000_000
        ) {
            let expected = Timestamp(micros);
            prop_assert_eq!(read("time", &micros.to_string()).expect("us").stamp(), Some(expected));
            prop_assert_eq!(read("time", &format!("{micros}999")).expect("ns").stamp(), Some(expected));
            let millis = Timestamp(micros / 1000 * 1000);
            prop_assert_eq!(read("time", &(micros / 1000).to_string()).expect("ms").stamp(), Some(millis));
            prop_assert_eq!(read("time", &expected.to_string()).expect("text").stamp(), Some(expected));
            let seconds = micros / 1_000_000;
            let second = Timestamp(seconds * 1_000_000);
            prop_assert_eq!(read("time", &seconds.to_string()).expect("s").stamp(), Some(second));
            let text = second.to_string();
            let compact: String = text.chars().take(19).filter(char::is_ascii_digit).collect();
            prop_assert_eq!(read("time", &compact).expect("compact").stamp(), Some(second));
        }

        #[test]
        fn no_cell_makes_it_fail(cell in "[0-9TZ:+.,e \\[\\]A-Za-z-]{0,30}", date in "\\PC{0,12}") {
            let _ = read("time", &cell);
            let _ = on_day(&date, &cell);
        }
    }
}
