//! The times of a table: in which column they stand, and what numbers among them mean.

use super::error::{EXPECTED, HeadingUnitError, TimeError};
use super::heading::{Heading, SHORT};
use super::number::{Cells, NumberError, Numbers};
use super::record::Record;
use super::written::{LATEST_S, Written, compact};
use crate::terminal::excerpt;
use crate::twin::{Timestamp, Unit};

/// Numbers from here on are no seconds.
const MOST_SECONDS: f64 = 1e11;
/// Seconds up to here may count from any beginning; beyond, from 1970.
const RELATIVE_S: f64 = 1e8;
/// Numbers that count from 1970 are between these (2000-01-01 and 2070-01-01), in seconds; those that are not
/// count from 1601, 1900, 1904 or the year 1, or in other units.
const SINCE_1970_S: std::ops::Range<f64> = 946_684_800.0..3_155_760_000.0;
/// Days of spreadsheets, which count from 1899-12-30: 2000-01-01 to 2100-01-01.
const SHEET_DAYS: std::ops::Range<f64> = 36_526.0..73_051.0;
/// The day of 1970-01-01 among them.
const SHEET_DAY_1970: f64 = 25_569.0;

/// What numbers without a unit are in a column of times.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BareNumbers {
    /// Seconds.
    Seconds,
    /// Seconds, milliseconds, microseconds or nanoseconds since 1970 by their size, and dates that are
    /// written without separators.
    BySize,
}

/// Where times stand, and what the first of them say of the others.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Times {
    /// The column with the date, where that has one of its own.
    date: Option<usize>,
    /// The column with the time.
    time: usize,
    /// Seconds for one, where the heading states the unit.
    scale: Option<f64>,
    /// Whether the heading says that these are dates.
    is_date: bool,
    bare: BareNumbers,
    /// Whether the first number with a fraction looks like a day of a spreadsheet.
    may_be_days: Option<bool>,
    /// Whether an instant without a zone was read.
    is_without_zone: bool,
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
        let place = |name: &str| headings.iter().position(|heading| heading.is_called(name));
        let first = headings.iter().position(|heading| heading.of_times().is_some());
        let Some(first) = first.or_else(|| place(SHORT)) else { return Ok(None) };
        let (date, time) = match (place("date"), place("time")) {
            (Some(date), Some(time)) if first == date || first == time => (Some(date), time),
            _ => (None, first),
        };
        let heading = &headings[time];
        let scale = match heading.has_unit() {
            true => Unit::parse("s")
                .ok()
                .map(|seconds| heading.conversion_to(&seconds))
                .transpose()
                .map_err(|error| (time, error))?
                .map(|(scale, _)| scale),
            false => heading.of_times().flatten(),
        };
        let is_date = heading.name.to_lowercase().contains("date");
        let (may_be_days, is_without_zone) = (None, false);
        Ok(Some(Self { date, time, scale, is_date, bare, may_be_days, is_without_zone }))
    }

    /// The column of times, or that of the times of day.
    pub fn column(&self) -> usize {
        self.time
    }

    /// Whether a column states times.
    pub fn holds(&self, column: usize) -> bool {
        column == self.time || Some(column) == self.date
    }

    /// Whether an instant was read that states no zone, and was taken as UTC.
    pub fn is_without_zone(&self) -> bool {
        self.is_without_zone
    }

    /// The time of a row.
    ///
    /// # Errors
    /// When it is none, or cannot be read for sure; says what was expected.
    pub fn read(&mut self, record: &Record, numbers: &mut Numbers) -> Result<Instant, TimeError> {
        let cell = record.get(self.time).unwrap_or_default();
        match self.date {
            Some(date) => {
                let date = record.get(date).unwrap_or_default();
                Written::on_day(date, cell).map(|written| self.written(written))
            }
            None => self.of(cell, numbers),
        }
    }

    fn written(&mut self, written: Written) -> Instant {
        self.is_without_zone |= !written.has_zone;
        Instant::Stamp(written.stamp)
    }

    fn of(&mut self, cell: &str, numbers: &mut Numbers) -> Result<Instant, TimeError> {
        match numbers.read(cell, Cells::Times) {
            Ok(number) if number.is_finite() => self.of_number(cell, number),
            Err(error @ NumberError::Doubtful { .. }) => {
                Err(TimeError::Unsure(format!("`{}` {error}", excerpt(cell))))
            }
            _ => Written::read(cell).map(|written| self.written(written)),
        }
    }

    fn of_number(&mut self, cell: &str, number: f64) -> Result<Instant, TimeError> {
        if let Some(scale) = self.scale {
            return match number * scale {
                seconds if !seconds.is_finite() => Err(TimeError::No(cell.to_owned())),
                seconds if seconds.abs() >= self.most_seconds() => Err(TimeError::Unsure(format!(
                    "`{}` is {seconds:e} seconds, and later than any time: is the unit in the \
                     heading the right one?",
                    excerpt(cell)
                ))),
                seconds => {
                    refuse_rounded(cell, seconds, scale)?;
                    Ok(Instant::Seconds(seconds))
                }
            };
        }
        let compact = compact(cell);
        match (cell.len(), compact) {
            (8, Some(date)) if self.is_date => {
                return Ok(self.written(Written { stamp: date, has_zone: false, has_time: false }));
            }
            _ if self.is_date && number.abs() < RELATIVE_S => {
                return Err(TimeError::Unsure(format!(
                    "`{}`: expected a date such as 2026-11-23{}; for seconds call the column `time_s`",
                    excerpt(cell),
                    as_sheet_day(number)
                )));
            }
            _ => {}
        }
        self.refuse_days(cell, number)?;
        if self.bare == BareNumbers::Seconds {
            let (unit, scale) = unit_by_size(number);
            refuse_rounded(cell, number * scale, scale)?;
            return match number.abs() < MOST_SECONDS {
                true => Ok(Instant::Seconds(number)),
                false => Err(TimeError::Unsure(format!(
                    "`{}` looks like {unit}, and times are in seconds: state the unit in the \
                     heading, such as `t [ms]`",
                    excerpt(cell)
                ))),
            };
        }
        match (cell.len(), compact) {
            (8 | 10, Some(stamp)) => Err(TimeError::Unsure(format!(
                "`{cell}` may be seconds or the date {}: write the date so, or call the column `time_s` \
                 for seconds",
                &stamp.to_string()[..if cell.len() == 8 { 10 } else { 16 }]
            ))),
            (_, Some(stamp)) => {
                Ok(self.written(Written { stamp, has_zone: false, has_time: true }))
            }
            (_, None) => since_1970(cell, number).map(Instant::Stamp),
        }
    }

    /// Seconds from which on no table's times are.
    fn most_seconds(&self) -> f64 {
        if self.bare == BareNumbers::Seconds { MOST_SECONDS } else { LATEST_S }
    }

    /// Refuses a number that a spreadsheet has written for a day, unless the table's numbers begin elsewhere.
    fn refuse_days(&mut self, cell: &str, number: f64) -> Result<(), TimeError> {
        let is_in_range = SHEET_DAYS.contains(&number);
        if !is_in_range || number.fract() != 0.0 {
            self.may_be_days.get_or_insert(is_in_range);
        }
        match is_in_range && self.may_be_days == Some(true) {
            true => Err(TimeError::Unsure(format!(
                "`{}` may be seconds{}: write times such as 2026-11-23 12:00:00, or call the column \
                 `time_s` for seconds",
                excerpt(cell),
                as_sheet_day(number)
            ))),
            false => Ok(()),
        }
    }
}

/// What a number would be as a day of a spreadsheet, for a message; nothing of one that is none.
fn as_sheet_day(number: f64) -> String {
    let stamp = Timestamp::from_seconds((number - SHEET_DAY_1970) * 86_400.0);
    match stamp.filter(|_| SHEET_DAYS.contains(&number)) {
        Some(stamp) => {
            format!(", or a spreadsheet's number for {}", stamp.to_string()[..16].replace('T', " "))
        }
        None => String::new(),
    }
}

/// In which unit since 1970 a number is by its size, and the seconds of one.
fn unit_by_size(number: f64) -> (&'static str, f64) {
    match number.abs() {
        size if size < 1e11 => ("seconds", 1.0),
        size if size < 1e14 => ("milliseconds", 1e-3),
        size if size < 1e17 => ("microseconds", 1e-6),
        _ => ("nanoseconds", 1e-9),
    }
}

/// The instant of a number that counts from 1970, in the unit that its size tells.
fn since_1970(cell: &str, number: f64) -> Result<Timestamp, TimeError> {
    let (unit, scale) = unit_by_size(number);
    let seconds = number * scale;
    refuse_rounded(cell, seconds, scale)?;
    // Whole numbers have more digits than a floating point number keeps.
    let micros = match cell.parse::<i128>() {
        Ok(whole) if scale < 1e-6 => i64::try_from(whole.div_euclid(1000)).ok(),
        Ok(whole) => i64::try_from(whole.saturating_mul((scale * 1e6).round() as i128)).ok(),
        Err(_) => Timestamp::from_seconds(seconds).map(|stamp| stamp.0),
    };
    match micros {
        Some(micros) if seconds.abs() < RELATIVE_S || SINCE_1970_S.contains(&seconds) => {
            Ok(Timestamp(micros))
        }
        _ => Err(TimeError::Unsure(format!(
            "`{}` in {unit} since 1970 is not between the years 2000 and 2070: {EXPECTED}, or state \
             the unit in the heading, such as `time [ms]`",
            excerpt(cell)
        ))),
    }
}

/// Refuses an instant in scientific notation that has fewer digits than tell a second: spreadsheets
/// write 1.79541E+12 for milliseconds. `scale` is the seconds of one.
fn refuse_rounded(cell: &str, seconds: f64, scale: f64) -> Result<(), TimeError> {
    let Some((digits, exponent)) = cell.split_once(['e', 'E']) else { return Ok(()) };
    let decimals = digits.split_once(['.', ',']).map_or(0, |(_, decimals)| decimals.len() as i32);
    let last_digit = 10_f64.powi(exponent.parse().unwrap_or(0).min(400) - decimals) * scale;
    match seconds.abs() >= RELATIVE_S && last_digit > 1.0 {
        true => Err(TimeError::Unsure(format!(
            "`{}` has too few digits to tell the second: write all digits of the time",
            excerpt(cell)
        ))),
        false => Ok(()),
    }
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
    fn numbers_count_from_1970_in_the_unit_that_their_size_tells() {
        for cell in [
            "1795413610",
            "1795413610000",
            "1795413610000000",
            "1795413610000000000",
            "20261123060010",
            "20261123060010000",
            "1795413610,0",
            "1.795413610000000000e+09",
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
        assert!(told("20261123").contains("the date 2026-11-23:"));
        assert!(told("2026112306").contains("the date 2026-11-23T06:00:"));
        assert!(told("1,234").contains("may be 1.234 or 1234"));
        assert!(told("").contains("expected a time"));
        for (cell, counted) in [
            ("639310356100000000", "ticks since the year 1"),
            ("134398872100000000", "100 ns since 1601"),
            ("3878258410", "seconds since 1904"),
            ("4004402410", "seconds since 1900"),
            ("817106410", "seconds since 2001"),
            ("20269923120000", "a date that is none"),
            ("99999999999999999999999999", "nothing"),
        ] {
            assert!(told(cell).contains("not between the years"), "{counted}: {}", told(cell));
        }
        for cell in ["1.79541E+12", "1,79541E+09", "1.7954E18", "2.02611E+13"] {
            assert!(told(cell).contains("too few digits"), "{cell}: {}", told(cell));
        }
        for cell in ["46349.25", "46349,2501157407"] {
            assert!(told(cell).contains("number for 2026-11-23 06:00"), "{cell}: {}", told(cell));
        }
        for cell in ["46349", "46349.25", "3600"] {
            let error = read("Date", cell).expect_err(cell).to_string();
            assert!(error.contains("expected a date"), "{error}");
        }
    }

    #[test]
    fn seconds_that_reach_the_numbers_of_days_are_seconds_where_they_begin_elsewhere() {
        let mut times = times("time", BareNumbers::BySize);
        let mut of = |cell: &str| times.of(cell, &mut Numbers::default());
        for cell in ["36000.5", "40000.5", "46349.25"] {
            assert!(of(cell).is_ok(), "{cell}");
        }
    }

    #[test]
    fn a_unit_in_the_heading_says_what_numbers_are() {
        for (heading, cell) in [
            ("time [ms]", "1500"),
            ("time_s", "1.5"),
            ("t [min]", "0.025"),
            ("timestamp_ms", "1500"),
            ("Time (us)", "1500000"),
        ] {
            let mut headings = times(heading, BareNumbers::BySize);
            let read = headings.of(cell, &mut Numbers::default());
            assert!(read.is_ok_and(|at| (at.seconds() - 1.5).abs() < 1e-12), "{heading}");
        }
        assert_eq!(read("time [ms]", "1795413610000"), Ok(Instant::Seconds(1_795_413_610.0)));
        assert!(read("time [s]", "1795413610000").is_err(), "no second of any plant");
        assert!(read("time [ms]", "1,79541E+12").is_err(), "rounded");
        let error = Times::find(&[Heading::read("t [K]")], BareNumbers::Seconds);
        assert!(error.is_err_and(|(column, _)| column == 0));
    }

    #[test]
    fn where_a_table_counts_seconds_other_units_are_refused() {
        let of = |cell: &str| times("t", BareNumbers::Seconds).of(cell, &mut Numbers::default());
        assert_eq!(of("20261123"), Ok(Instant::Seconds(20_261_123.0)));
        assert_eq!(of("2026-11-23T06:00:10Z").map(Instant::seconds), Ok(1_795_413_610.0));
        for cell in ["1795413610000", "1e12", "1e300"] {
            assert!(of(cell).is_err(), "{cell}");
        }
        let hours = times("t [h]", BareNumbers::Seconds).of("1e12", &mut Numbers::default());
        assert!(hours.is_err());
    }

    #[test]
    fn the_column_of_times_has_one_of_their_names() {
        let column = |headings: &str| times(headings, BareNumbers::Seconds).column();
        assert_eq!(column("t,i,v"), 0);
        assert_eq!(column("t,i,time"), 2);
        assert_eq!(column("i,TIMESTAMP,date"), 1);
        for heading in
            ["_time", "Time (UTC)", "Time [UTC]", "Date/Time", "Date Time", "SourceTimestamp"]
        {
            assert_eq!(column(&format!("a,{heading}")), 1, "{heading}");
        }
        for heading in ["Time (CET)", "t_s", "uptime", "time2"] {
            assert!(!Heading::read(heading).is_time(), "{heading}");
        }
        let both = times("date,time,a", BareNumbers::BySize);
        assert!(both.holds(0) && both.holds(1) && !both.holds(2));
    }

    proptest! {
        #[test]
        fn a_stamp_in_any_unit_is_the_same_instant(
            micros in 946_684_800_000_000_i64..3_155_760_000_000_000
        ) {
            let expected = Timestamp(micros);
            prop_assert_eq!(read("time", &micros.to_string()).expect("us").stamp(), Some(expected));
            prop_assert_eq!(read("time", &format!("{micros}999")).expect("ns").stamp(), Some(expected));
            let millis = Timestamp(micros / 1000 * 1000);
            prop_assert_eq!(read("time", &(micros / 1000).to_string()).expect("ms").stamp(), Some(millis));
            prop_assert_eq!(read("time", &expected.to_string()).expect("text").stamp(), Some(expected));
            let second = Timestamp(micros / 1_000_000 * 1_000_000);
            // Some seconds have the digits of a date and an hour.
            let seconds = read("time", &(micros / 1_000_000).to_string());
            prop_assert!(seconds.map_or(true, |at| at.stamp() == Some(second)));
            let text = second.to_string();
            let compact: String = text.chars().take(19).filter(char::is_ascii_digit).collect();
            prop_assert_eq!(read("time", &compact).expect("compact").stamp(), Some(second));
        }

        #[test]
        fn a_number_that_counts_from_elsewhere_is_never_a_time_of_today(
            second in 1_600_000_000_i64..2_000_000_000, epoch in 0_usize..5
        ) {
            // Seconds from that beginning to 1970, and how many units a second has.
            let (before, per_second) = [
                (62_135_596_800_i64, 10_000_000_i64),
                (11_644_473_600, 10_000_000),
                (11_644_473_600, 1_000_000),
                (2_082_844_800, 1),
                (2_208_988_800, 1),
            ][epoch];
            prop_assert!(read("time", &((second + before) * per_second).to_string()).is_err());
        }

        #[test]
        fn no_cell_makes_it_fail(cell in "[0-9TZ:+.,eE \\[\\]A-Za-z-]{0,30}") {
            let _ = read("time", &cell);
            let _ = read("time [ms]", &cell);
        }
    }
}
