//! Times that are written for people, as messages state them: each has a date and a time of day.

use crate::table::{TimeError, Written};
use crate::twin::Timestamp;
use crate::twin::mapping::TimeFormat;

/// The instant that a text states. Without an offset it is in UTC, or in the zone of [`TimeFormat::Local`].
///
/// # Errors
/// When it is no date with a time of day, or could be another one.
pub(super) fn read(text: &str, format: TimeFormat) -> Result<Timestamp, TimeError> {
    let Written { stamp, has_zone, has_time } = Written::read(text)?;
    match format {
        // It would be its midnight.
        _ if !has_time => Err(TimeError::No(text.to_owned())),
        TimeFormat::Local { offset_s } if !has_zone => {
            Ok(stamp.plus_micros(i64::from(offset_s) * -1_000_000))
        }
        _ => Ok(stamp),
    }
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
            assert_eq!(read(text, TimeFormat::Iso8601), Ok(NOON), "{text}");
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
            "2026-02-30T12:00:00",
            "30.02.2026 12:00:00",
            "2026-03-01T24:00:01",
            "2026-03-01T12:00:61",
            "/Date(1772366400)/",
            "/Date(1772366400000000)/",
        ] {
            assert!(read(text, TimeFormat::Iso8601).is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn a_clock_s_zone_holds_for_times_without_an_offset_and_for_no_others(hours in -14..=14_i32, half in 0..2_i32) {
            let offset_s = hours * 3600 + half * 1800;
            let local = TimeFormat::Local { offset_s };
            let shift = i64::from(offset_s) * 1_000_000;
            prop_assert_eq!(read("2026-03-01T12:00:00", local), Ok(NOON.plus_micros(-shift)));
            prop_assert_eq!(read("01.03.2026 12:00:00", local), Ok(NOON.plus_micros(-shift)));
            prop_assert_eq!(read("2026-03-01T12:00:00Z", local), Ok(NOON));
            prop_assert_eq!(read("2026-03-01 12:00:00 UTC", local), Ok(NOON));
        }

        #[test]
        fn no_text_makes_it_panic(text in "\\PC{0,40}", digits in "[-+0-9T:. /DateUTC()]{0,30}") {
            let _ = read(&text, TimeFormat::Iso8601);
            let _ = read(&digits, TimeFormat::Iso8601);
            let _ = read(&format!("/Date({text})/"), TimeFormat::Iso8601);
        }
    }
}
