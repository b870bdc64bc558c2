//! Instants and spans of time, and how people write them.
//!
//! Everything in the core is an integer number of microseconds, so that two places that compute the
//! same instant agree to the bit. Seconds as `f64` exist only inside solvers and animations.

use std::fmt;
use std::ops::{Add, Sub};
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// An instant: microseconds since 1970-01-01T00:00:00Z.
///
/// Whether it is *plant time* (the time base of the samples' sources) or *wall time* (this
/// computer's clock) is said by the name of the variable that holds it; the two meet only in the
/// plant clock (`mirror::PlantClock`).
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Timestamp(pub i64);

impl Timestamp {
    /// The earliest instant that can be written down.
    pub const MIN: Self = Self(i64::MIN);
    /// The latest instant that can be written down.
    pub const MAX: Self = Self(i64::MAX);

    /// This computer's clock, now.
    pub fn now() -> Self {
        #[cfg(not(target_arch = "wasm32"))]
        {
            let now = std::time::SystemTime::now();
            match now.duration_since(std::time::UNIX_EPOCH) {
                Ok(since) => Self(since.as_micros() as i64),
                Err(before) => Self(-(before.duration().as_micros() as i64)),
            }
        }
        // The page gives milliseconds since 1970, with a fraction where the browser allows it.
        #[cfg(target_arch = "wasm32")]
        Self((js_sys::Date::now() * 1e3) as i64)
    }

    /// Seconds since the epoch, rounded to the nearest microsecond; `None` when it is not finite or
    /// out of range.
    pub fn from_seconds(seconds: f64) -> Option<Self> {
        let micros = (seconds * 1e6).round();
        (micros.is_finite() && micros.abs() < 9.2e18).then_some(Self(micros as i64))
    }

    /// Seconds since `earlier` (negative when `self` comes first).
    pub fn seconds_since(self, earlier: Self) -> f64 {
        self.0.saturating_sub(earlier.0) as f64 * 1e-6
    }

    /// The instant `span` later (earlier when it is negative), kept inside the range.
    pub const fn plus_micros(self, span: i64) -> Self {
        Self(self.0.saturating_add(span))
    }
}

impl Add<Duration> for Timestamp {
    type Output = Self;
    fn add(self, span: Duration) -> Self {
        Self(self.0.saturating_add(span.as_micros().min(i64::MAX as u128) as i64))
    }
}

impl Sub<Duration> for Timestamp {
    type Output = Self;
    fn sub(self, span: Duration) -> Self {
        Self(self.0.saturating_sub(span.as_micros().min(i64::MAX as u128) as i64))
    }
}

/// RFC 3339 in UTC with microseconds, as in `2026-03-01T12:00:00.250000Z`.
impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match jiff::Timestamp::from_microsecond(self.0) {
            Ok(stamp) => write!(f, "{stamp:.6}"),
            Err(_) => write!(f, "{} µs", self.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_timestamp_is_written_as_rfc_3339_in_utc() {
        assert_eq!(Timestamp(1_772_366_400_250_000).to_string(), "2026-03-01T12:00:00.250000Z");
    }

    #[test]
    fn seconds_round_to_the_nearest_microsecond_and_refuse_what_is_not_a_time() {
        assert_eq!(Timestamp::from_seconds(1.000_000_4), Some(Timestamp(1_000_000)));
        assert_eq!(Timestamp::from_seconds(f64::NAN), None);
        assert_eq!(Timestamp::from_seconds(1e300), None);
    }
}
