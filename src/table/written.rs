//! Instants that are written out: dates and times of day in the ways that exports write them.
//!
//! Year, month and day in this order, or day, month and year with points between them. A date with
//! slashes that ends with the year may be read two ways and is refused, and so is a zone that is no offset.

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;

use super::error::TimeError;
use crate::terminal::excerpt;
use crate::twin::Timestamp;

/// No time is later than this (2200-01-01), in seconds since 1970.
pub(super) const LATEST_S: f64 = 7_258_118_400.0;

/// Milliseconds since 1970 that are a time (1990-01-01 to 2200-01-01).
const USUAL_MS: std::ops::Range<f64> = 631_152_000e3..LATEST_S * 1e3;
/// Units that are written for milliseconds by mistake, with milliseconds for one.
const OTHER_UNITS: [(&str, f64); 3] =
    [("seconds", 1e3), ("microseconds", 1e-3), ("nanoseconds", 1e-6)];

/// An instant as it is written.
///
/// Tables and messages are read by it alike; who needs a zone or a time of day asks whether it is stated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Written {
    pub stamp: Timestamp,
    /// Whether it has an offset from UTC or states UTC; it is taken as UTC otherwise.
    pub has_zone: bool,
    /// Whether it has a time of day; it is the midnight at the beginning of a date otherwise.
    pub has_time: bool,
}

impl Written {
    /// Reads one.
    ///
    /// # Errors
    /// When it is none, or may be another one.
    pub fn read(text: &str) -> Result<Self, TimeError> {
        let text = text.trim();
        if let Some(millis) = net_millis(text) {
            return Self::of_millis(text, millis);
        }
        if let Some(stamp) = rfc_2822(text) {
            return Self { stamp, has_zone: true, has_time: true }.in_time(text);
        }
        let no_time = || TimeError::No(text.to_owned());
        let (rest, states_utc) = without_zone(text)?;
        let iso = iso(rest)?;
        let rest = iso.as_deref().unwrap_or(rest);
        let instant = rest.parse::<jiff::Timestamp>().ok().map(|at| Timestamp(at.as_microsecond()));
        let has_zone = states_utc || instant.is_some();
        let stamp = match instant {
            // An offset beside `UTC` has to be that of UTC.
            Some(at) if !states_utc || civil(rest) == Some(at) => at,
            Some(_) => return Err(no_time()),
            None => civil(rest).filter(|_| is_bare(rest)).ok_or_else(no_time)?,
        };
        let has_time = time_of_day(rest).is_some();
        Self { stamp, has_zone, has_time }.in_time(text)
    }

    /// What .NET wrote: milliseconds since 1970, which are checked for another unit.
    fn of_millis(text: &str, millis: i64) -> Result<Self, TimeError> {
        let is_usual = |factor: f64| USUAL_MS.contains(&(millis as f64 * factor));
        if is_usual(1.0) {
            let stamp = Timestamp(millis * 1000);
            return Ok(Self { stamp, has_zone: true, has_time: true });
        }
        let text = excerpt(text);
        let expected = "between `/Date(` and `)/` stand milliseconds since 1970";
        Err(match OTHER_UNITS.iter().find(|(_, factor)| is_usual(*factor)) {
            Some((unit, _)) => {
                TimeError::OtherUnit(format!("`{text}` looks like {unit}; {expected}"))
            }
            None => TimeError::Unsure(format!(
                "`{text}` is not between the years 1990 and 2200; {expected}"
            )),
        })
    }

    /// The same, if it is not later than any time.
    fn in_time(self, text: &str) -> Result<Self, TimeError> {
        match (self.stamp.0 as f64) < LATEST_S * 1e6 {
            true => Ok(self),
            false => Err(TimeError::Unsure(format!("`{}` is beyond the year 2200", excerpt(text)))),
        }
    }

    /// The instant of a time of day, perhaps with its offset, on a date; the time may have that date, too.
    ///
    /// # Errors
    /// When one of them is none.
    pub fn on_day(date: &str, time: &str) -> Result<Self, TimeError> {
        let dotted = self::iso(date).ok().flatten();
        let day = match compact(date).filter(|_| date.len() == 8) {
            Some(stamp) => stamp.to_string()[..10].to_owned(),
            None => dotted.unwrap_or_else(|| date.to_owned()),
        };
        if day.contains(['T', 't', ' ', ':', '[']) || day.parse::<Date>().is_err() {
            return Err(TimeError::Unsure(format!(
                "`{}` is no date such as 2026-11-23, which a column `date` beside one `time` holds",
                excerpt(date)
            )));
        }
        let iso = self::iso(time).ok().flatten();
        let has_date = iso.as_deref().unwrap_or(time).starts_with(&day);
        let written = match time.contains(':') {
            true if has_date => Self::read(time),
            // A time with another date is none of that day.
            true if Self::read(time).is_err() => Self::read(&format!("{day} {time}")),
            _ => Err(TimeError::No(time.to_owned())),
        };
        written.map_err(|_| {
            let expected = "is no time of day such as 06:00:10, beside the date";
            TimeError::Unsure(format!("`{}` {expected} `{}`", excerpt(time), excerpt(date)))
        })
    }
}

/// A text without the zone at its end; and whether that is UTC. An offset stays.
fn without_zone(text: &str) -> Result<(&str, bool), TimeError> {
    const UTC: [&str; 3] = ["Etc/UTC", "UTC", "GMT"];
    if let Some((before, zone)) = text.split_once('[') {
        let zone = zone.strip_suffix(']').unwrap_or_default();
        return match before.parse::<jiff::Timestamp>() {
            // With an offset the instant is known, whatever the zone is called.
            Ok(_) => Ok((before, false)),
            Err(_) if UTC.contains(&zone) => Ok((before, true)),
            Err(_) => {
                let unread = "a zone in brackets is not read; write the offset, such as +02:00";
                Err(TimeError::Unsure(format!("`{}`: {unread}", excerpt(text))))
            }
        };
    }
    let plain = UTC.iter().find_map(|zone| text.strip_suffix(zone));
    Ok(plain.map_or((text, false), |plain| (plain.trim_end(), true)))
}

/// A text as ISO 8601 has it, where it is written otherwise: with points or slashes between the parts of
/// the date, an hour of one digit, or a space before the offset.
fn iso(text: &str) -> Result<Option<String>, TimeError> {
    let end = text.find([' ', 'T']).unwrap_or(text.len());
    let (date, rest) = text.split_at(end);
    let date = match date.split(['.', '/']).collect::<Vec<_>>()[..] {
        [day, month, year] if has_digits(year, 4) && is_short(day) && is_short(month) => {
            if date.contains('/') {
                return Err(TimeError::Unsure(format!(
                    "`{}`: which is the day and which the month cannot be told: write 2026-11-23",
                    excerpt(text)
                )));
            }
            format!("{year}-{month:0>2}-{day:0>2}")
        }
        [year, month, day] if has_digits(year, 4) && is_short(day) && is_short(month) => {
            format!("{year}-{month:0>2}-{day:0>2}")
        }
        _ => date.to_owned(),
    };
    let Some(time) = rest.get(1..) else { return Ok((date != text).then_some(date)) };
    let time = match time.find(':') {
        Some(1) => format!("0{time}"),
        _ => time.to_owned(),
    };
    let time = match time.split_once(' ') {
        Some((time, offset)) if offset.starts_with(['+', '-']) => format!("{time}{offset}"),
        _ => time,
    };
    let iso = format!("{date}{}{time}", &rest[..1]);
    Ok((iso != text).then_some(iso))
}

fn has_digits(text: &str, count: usize) -> bool {
    text.len() == count && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_short(text: &str) -> bool {
    has_digits(text, 1) || has_digits(text, 2)
}

/// A date, perhaps with a time of day, in digits alone: `20261123`, `202611231200`, `20261123120000` or
/// with milliseconds `20261123120000250`; in UTC. Of ten digits the last two are the hour.
pub(super) fn compact(cell: &str) -> Option<Timestamp> {
    let length = cell.len();
    if !matches!(length, 8 | 10 | 12 | 14 | 17) || !has_digits(cell, length) {
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

/// The time of day behind a date.
fn time_of_day(text: &str) -> Option<&str> {
    Some(text.split_once(['T', 't', ' '])?.1)
}

/// Whether nothing but a time of day stands behind the date: a zone that is not known would be passed over.
fn is_bare(text: &str) -> bool {
    let is_digit = |byte: u8| byte.is_ascii_digit() || b":.,".contains(&byte);
    time_of_day(text).is_none_or(|time| time.bytes().all(is_digit))
}

/// `/Date(1772366400250)/`: milliseconds since 1970, as .NET wrote them.
fn net_millis(text: &str) -> Option<i64> {
    let inner = text.strip_prefix("/Date(")?.strip_suffix(")/")?;
    // An offset behind the number says where it was taken, not when.
    let sign = inner.len() - inner.trim_start_matches('-').len();
    let end = inner[sign..].find(|c: char| !c.is_ascii_digit()).map_or(inner.len(), |at| sign + at);
    let offset = &inner.as_bytes()[end..];
    let is_offset = matches!(offset, [b'+' | b'-', digits @ ..]
        if digits.len() == 4 && digits.iter().all(u8::is_ascii_digit));
    if !offset.is_empty() && !is_offset {
        return None;
    }
    inner[..end].parse().ok()
}

/// `Sun, 01 Mar 2026 12:00:00 GMT`, as in mails and in HTTP.
fn rfc_2822(text: &str) -> Option<Timestamp> {
    // A zone whose name is not known counts as UTC there (RFC 2822, 4.3), and would be hours off here.
    let zone = text.rsplit(' ').next()?;
    let is_known = zone.starts_with(['+', '-']) || ["GMT", "UT", "UTC", "Z"].contains(&zone);
    let zoned = is_known.then(|| jiff::fmt::rfc2822::parse(text).ok())??;
    Some(Timestamp(zoned.timestamp().as_microsecond()))
}

/// What a clock shows, as in UTC.
fn civil(text: &str) -> Option<Timestamp> {
    text.parse().ok().and_then(utc)
}

fn utc(time: DateTime) -> Option<Timestamp> {
    let zoned = time.to_zoned(TimeZone::UTC).ok()?;
    Some(Timestamp(zoned.timestamp().as_microsecond()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn second(text: &str) -> Result<i64, String> {
        Written::read(text).map(|at| at.stamp.0 / 1_000_000).map_err(|error| error.to_string())
    }

    #[test]
    fn an_instant_is_read_in_each_way_that_exports_write_it() {
        for text in [
            "2026-11-23T06:00:10Z",
            "2026-11-23t06:00:10z",
            "2026-11-23T07:00:10+01:00",
            "2026-11-23 07:00:10 +01:00",
            "2026-11-23 07:00:10 +0100",
            "2026-11-23 06:00:10 +0000 UTC",
            "2026-11-23 06:00:10",
            "2026-11-23 6:00:10",
            "2026-11-23 06:00:10,000",
            "2026-11-23 06:00:10 UTC",
            "2026-11-23T06:00:10[UTC]",
            "2026-11-23T06:00:10Z[UTC]",
            "2026-11-23T07:00:10+01:00[Europe/Berlin]",
            "20261123T060010Z",
            "2026/11/23 06:00:10",
            "23.11.2026 06:00:10",
            "23.11.2026 6:00:10",
            "2026-11-23 06:00:10UTC",
            " 2026-11-23 06:00:10 ",
            "Mon, 23 Nov 2026 06:00:10 GMT",
            "Mon, 23 Nov 2026 07:00:10 +0100",
            "/Date(1795413610000)/",
            "/Date(1795413610000+0100)/",
        ] {
            assert_eq!(second(text), Ok(1_795_413_610), "{text}");
        }
        assert_eq!(second("1.2.2026"), second("2026-02-01T00:00:00Z"));
        assert_eq!(second("23.11.2026 06:00"), Ok(1_795_413_600));
    }

    #[test]
    fn what_may_be_another_instant_is_refused() {
        for (text, told) in [
            ("2026-07-01T12:00:00[Europe/Berlin]", "write the offset"),
            ("2026-07-01 12:00:00 CEST", "expected a time"),
            ("2026-07-01 12:00:00 +0200 UTC", "expected a time"),
            ("2026-07-01T12:00:00+02:00 UTC", "expected a time"),
            ("11/23/2026 06:00:10", "which is the day"),
            ("11/12/2026", "which is the day"),
            ("2026-11-23 06:00:10 AM", "expected a time"),
            ("2026-11-23 06:00:10 PM", "expected a time"),
            ("2026-11-23 06:00:10PM", "expected a time"),
            ("23.11.26 06:00", "expected a time"),
            ("23-Nov-2026 06:00:10", "expected a time"),
            ("31.02.2026", "expected a time"),
            ("06:00:00", "expected a time"),
            ("2026-11-23 25:00:00", "expected a time"),
            ("2300-11-23", "beyond the year 2200"),
            ("2026-02-30 12:00:00", "expected a time"),
            ("30.02.2026 12:00:00", "expected a time"),
            ("2026-13-01 12:00:00", "expected a time"),
            ("2026-11-23 24:00:01", "expected a time"),
            ("2026-11-23 12:60:00", "expected a time"),
            ("2026-11-23 12:00:61", "expected a time"),
            ("Mon, 30 Feb 2026 12:00:00 GMT", "expected a time"),
            ("Mon, 23 Nov 2026 06:00:10 CET", "expected a time"),
            ("/Date(1795413610)/", "looks like seconds"),
            ("/Date(1795413610000000)/", "looks like microseconds"),
            ("/Date(1795413610000000000)/", "looks like nanoseconds"),
            ("/Date(0)/", "not between the years 1990 and 2200"),
            ("/Date(-1)/", "not between the years 1990 and 2200"),
        ] {
            assert!(
                second(text).is_err_and(|error| error.contains(told)),
                "{text}: {:?}",
                second(text)
            );
        }
    }

    #[test]
    fn of_a_long_text_its_beginning_is_quoted() {
        for digits in ["1795413610", "1795413610000000", "17", "-1"] {
            let (sign, digits) = digits.split_at(usize::from(digits.starts_with('-')));
            let told = second(&format!("/Date({sign}{}{digits})/", "0".repeat(100_000)));
            assert!(told.as_ref().is_err_and(|told| told.len() < 400), "{digits}");
        }
    }

    #[test]
    fn whether_a_zone_is_stated_is_known() {
        let has_zone = |text: &str| Written::read(text).map(|at| at.has_zone);
        assert_eq!(has_zone("2026-11-23 06:00:10 UTC"), Ok(true));
        assert_eq!(has_zone("2026-11-23 06:00:10+01"), Ok(true));
        assert_eq!(has_zone("2026-11-23 06:00:10"), Ok(false));
        assert_eq!(has_zone("Mon, 23 Nov 2026 06:00:10 GMT"), Ok(true));
    }

    #[test]
    fn whether_a_time_of_day_is_stated_is_known() {
        let has_time = |text: &str| Written::read(text).map(|at| at.has_time);
        for text in ["2026-11-23", "23.11.2026", "2026/11/23", "20261123", "2026-11-23 UTC"] {
            assert_eq!(has_time(text), Ok(false), "{text}");
        }
        for text in ["2026-11-23 00:00", "20261123T000000", "2026-11-23T00:00:00Z"] {
            assert_eq!(has_time(text), Ok(true), "{text}");
        }
    }

    #[test]
    fn a_date_and_a_time_of_day_are_one_instant() {
        let seconds =
            |date: &str, time: &str| Written::on_day(date, time).map(|at| at.stamp.0 / 1_000_000);
        for (date, time) in [
            ("2026-11-23", "06:00:10"),
            ("20261123", "06:00:10Z"),
            ("23.11.2026", "6:00:10"),
            ("2026-11-23", "05:00:10-01:00"),
            ("2026-11-23", "2026-11-23T06:00:10Z"),
        ] {
            assert_eq!(seconds(date, time), Ok(1_795_413_610), "{date} {time}");
        }
        for (date, time, told) in [
            ("11/23/2026", "06:00:10", "is no date"),
            ("2026-11-23T00:00:00", "06:00:10", "is no date"),
            ("", "06:00:10", "is no date"),
            ("2026-11-23", "6 o'clock", "no time of day"),
            ("2026-11-23", "6:00:10 PM", "no time of day"),
            ("2026-11-23", "3600", "no time of day"),
            ("2026-11-23", "0.25", "no time of day"),
            ("2026-11-23", "1899-12-30 06:00:10", "no time of day"),
        ] {
            let error = seconds(date, time).expect_err(time).to_string();
            assert!(error.contains(told), "{date} {time}: {error}");
        }
    }

    proptest! {
        #[test]
        fn each_way_of_writing_an_instant_is_that_instant(
            second in 0_i64..7_200_000_000, minutes in -14_i64 * 60..14 * 60
        ) {
            let at = Timestamp(second * 1_000_000);
            let local = Timestamp((second + minutes * 60) * 1_000_000).to_string();
            let (date, time) = (&local[..10], &local[11..19]);
            let (year, month, day) = (&date[..4], &date[5..7], &date[8..]);
            let sign = if minutes < 0 { '-' } else { '+' };
            let (hours, rest) = (minutes.abs() / 60, minutes.abs() % 60);
            let offset = format!("{sign}{hours:02}:{rest:02}");
            for text in [
                format!("{date}T{time}{offset}"),
                format!("{date} {time} {offset}"),
                format!("{day}.{month}.{year} {time}{offset}"),
                format!("{year}/{month}/{day} {time} {offset}"),
                format!("{date}T{time}{offset}[Some/Where]"),
            ] {
                let read = Written::read(&text);
                prop_assert_eq!(read.as_ref().map(|at| (at.stamp, at.has_zone)), Ok((at, true)), "{}", text);
            }
        }

        #[test]
        fn no_text_makes_it_fail(text in "\\PC{0,30}", time in "[0-9TZ:+./,APM \\[\\]-]{0,30}") {
            let _ = Written::read(&text);
            let _ = Written::read(&time);
            let _ = Written::on_day(&text, &time);
        }
    }
}
