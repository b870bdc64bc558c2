//! Times that are written for people: ISO 8601 and what products send in its place.

use jiff::Timestamp as Instant;
use jiff::civil::DateTime;
use jiff::tz::{Offset, TimeZone};

use crate::twin::Timestamp;
use crate::twin::mapping::TimeFormat;

/// The instant that a text states; `None` where it is no date with a time, or could be two. Without an offset it is in
/// UTC, or in the zone of [`TimeFormat::Local`].
pub(super) fn read(text: &str, format: TimeFormat) -> Option<Timestamp> {
    let text = text.trim();
    let instant = text
        .parse::<Instant>()
        .ok()
        .or_else(|| in_utc(text))
        .or_else(|| without_offset(text, format))
        .or_else(|| net_date(text))
        .or_else(|| rfc_2822(text))?;
    Some(Timestamp(instant.as_microsecond()))
}

/// `2026-03-01 12:00:00 UTC`.
fn in_utc(text: &str) -> Option<Instant> {
    let plain = text.strip_suffix("UTC").or_else(|| text.strip_suffix("GMT"))?;
    without_offset(plain.trim_end(), TimeFormat::Iso8601)
}

fn without_offset(text: &str, format: TimeFormat) -> Option<Instant> {
    let offset = match format {
        TimeFormat::Local { offset_s } => Offset::from_seconds(offset_s).ok()?,
        _ => Offset::UTC,
    };
    // A date alone would be its midnight, and a zone behind the time would be passed over.
    let (_, time) = text.split_once(['T', 't', ' '])?;
    if !time.bytes().all(|byte| byte.is_ascii_digit() || b":., ".contains(&byte)) {
        return None;
    }
    let date_time: DateTime = text.parse().ok().or_else(|| with_day_first(text))?;
    TimeZone::fixed(offset).to_timestamp(date_time).ok()
}

/// `01.03.2026 12:00:00`: between points the day comes first everywhere.
fn with_day_first(text: &str) -> Option<DateTime> {
    let (date, time) = text.split_once([' ', 'T'])?;
    let mut parts = date.split('.');
    let (day, month, year) = (parts.next()?, parts.next()?, parts.next()?);
    let is_plain = parts.next().is_none() && year.len() == 4 && (1..=2).contains(&day.len());
    if !is_plain || !(1..=2).contains(&month.len()) {
        return None;
    }
    format!("{year}-{month:0>2}-{day:0>2}T{}", time.trim()).parse().ok()
}

/// `/Date(1772366400250)/`: milliseconds since 1970, as .NET wrote them.
fn net_date(text: &str) -> Option<Instant> {
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
    Instant::from_millisecond(inner[..end].parse().ok()?).ok()
}

/// `Sun, 01 Mar 2026 12:00:00 GMT`, as in mails and in HTTP.
fn rfc_2822(text: &str) -> Option<Instant> {
    // A zone whose name is not known counts as UTC there (RFC 2822, 4.3), and would be hours off here.
    let zone = text.rsplit(' ').next()?;
    let is_known = zone.starts_with(['+', '-']) || ["GMT", "UT", "UTC", "Z"].contains(&zone);
    let zoned = is_known.then(|| jiff::fmt::rfc2822::parse(text).ok())??;
    Some(zoned.timestamp())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// 2026-03-01T12:00:00Z.
    const NOON: Timestamp = Timestamp(1_772_366_400_000_000);

    #[test]
    fn what_products_write_in_place_of_iso_8601_is_the_same_instant() {
        for text in [
            "2026-03-01T12:00:00Z",
            "2026-03-01T14:00:00+02:00",
            "2026-03-01T13:00:00+01:00[Europe/Berlin]",
            "2026-03-01T12:00:00",
            "2026-03-01T12:00:00.000000000",
            "2026-03-01 12:00:00",
            "2026-03-01 12:00:00 UTC",
            "20260301T120000Z",
            "20260301T120000",
            "01.03.2026 12:00:00",
            "1.3.2026 12:00:00",
            "Sun, 01 Mar 2026 12:00:00 GMT",
            "Sun, 01 Mar 2026 14:00:00 +0200",
            "/Date(1772366400000)/",
            "/Date(1772366400000+0200)/",
        ] {
            assert_eq!(read(text, TimeFormat::Iso8601), Some(NOON), "{text}");
        }
    }

    #[test]
    fn what_is_no_time_or_could_be_two_is_none() {
        for text in [
            "",
            "12:00:00",
            "2026-03-01",
            "20260301",
            "01.03.2026",
            "03/01/2026 12:00:00",
            "1.3.26 12:00:00",
            "32.01.2026 12:00:00",
            "yesterday",
            "/Date()/",
            "/Date(x)/",
            "2026-03-01T25:00:00",
            "2026-03-01T12:00:00[Europe/Berlin]",
            "2026-03-01T12:00:00+99:00",
            "2026-03-01 12:00:00 CET",
            "Sun, 01 Mar 2026 12:00:00 CET",
            "Sun, 01 Mar 2026 12:00:00 JST",
            "/Date(1772366400.5)/",
            "/Date(1772366400000x)/",
            "/Date(1772366400000+01)/",
            "2026-03-01 12:00:00 PM",
            "UTC",
        ] {
            assert_eq!(read(text, TimeFormat::Iso8601), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn a_clock_s_zone_holds_for_times_without_an_offset_and_for_no_others(hours in -14..=14_i32, half in 0..2_i32) {
            let offset_s = hours * 3600 + half * 1800;
            let local = TimeFormat::Local { offset_s };
            let shift = i64::from(offset_s) * 1_000_000;
            prop_assert_eq!(read("2026-03-01T12:00:00", local), Some(NOON.plus_micros(-shift)));
            prop_assert_eq!(read("01.03.2026 12:00:00", local), Some(NOON.plus_micros(-shift)));
            prop_assert_eq!(read("2026-03-01T12:00:00Z", local), Some(NOON));
            prop_assert_eq!(read("2026-03-01 12:00:00 UTC", local), Some(NOON));
        }

        #[test]
        fn no_text_makes_it_panic(text in "\\PC{0,40}", digits in "[-+0-9T:. /DateUTC()]{0,30}") {
            read(&text, TimeFormat::Iso8601);
            read(&digits, TimeFormat::Iso8601);
            read(&format!("/Date({text})/"), TimeFormat::Iso8601);
        }
    }
}
