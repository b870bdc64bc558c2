//! Integrals over time, exact: areas below a series, in fixed point, summed as integers.
//!
//! The area between two neighbouring samples is computed once in floating point, rounded to a
//! multiple of 2⁻⁴⁰ unit seconds, and from there on only added and subtracted as an integer. Such
//! sums do not depend on the order of additions: the integral up to an instant follows from the
//! samples alone, whichever came late, wherever memory begins, and on any machine.

use std::iter::Sum;
use std::ops::{Add, AddAssign, Sub, SubAssign};

use crate::twin::Timestamp;

/// Parts of a unit second.
const PARTS: f64 = (1_u64 << 40) as f64;
/// An area of more unit seconds than this between two samples is not counted: no plant has one (it is a
/// terawatt in watts, for half a year), and the sum of 2²³ of them still fits.
const MOST: f64 = (1_u128 << 64) as f64;

/// An area below a series: its value × seconds, in parts of 2⁻⁴⁰.
///
/// ```
/// use twinscope::history::Area;
/// use twinscope::twin::Timestamp;
///
/// // A speed in metres a second that rises for two seconds, and then holds for a tenth.
/// let [a, b, c] = [0, 2_000_000, 2_100_000].map(Timestamp);
/// let rise = Area::below_line((a, 0.0), (b, 0.3));
/// let hold = Area::rectangle(0.3, b, c);
/// assert!(((rise + hold).unit_seconds() - 0.33).abs() < 1e-11);
/// // Sums are exact, in any order: 0.1 + 0.2 + 0.3 is not, in floating point.
/// let parts = [0.1, 0.2, 0.3].map(Area::of);
/// assert_eq!(parts[0] + parts[1] + parts[2], parts[2] + parts[1] + parts[0]);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Area(i128);

impl Area {
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// Below the straight line between two values at two instants.
    pub fn below_line(from: (Timestamp, f64), to: (Timestamp, f64)) -> Self {
        Self::rectangle(0.5 * from.1 + 0.5 * to.1, from.0, to.0)
    }

    /// Below a value that holds from one instant to another.
    pub fn rectangle(value: f64, from: Timestamp, to: Timestamp) -> Self {
        let span_us = to.0.saturating_sub(from.0);
        Self::of(value * (span_us as f64 * 1e-6))
    }

    /// That many unit seconds, rounded; what is no number or beyond all measure counts as nothing.
    pub fn of(unit_seconds: f64) -> Self {
        if unit_seconds.abs() <= MOST {
            Self(libm::round(unit_seconds * PARTS) as i128)
        } else {
            Self::ZERO
        }
    }

    /// In unit seconds.
    pub fn unit_seconds(self) -> f64 {
        self.0 as f64 / PARTS
    }

    /// The area of the same series in another unit, of which one of the present makes `scale`;
    /// rounded, and no number makes nothing.
    pub fn scaled(self, scale: f64) -> Self {
        // A conversion to integers saturates.
        Self(libm::round(self.0 as f64 * scale) as i128)
    }
}

impl Add for Area {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl Sub for Area {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }
}

impl AddAssign for Area {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl SubAssign for Area {
    fn sub_assign(&mut self, other: Self) {
        *self = *self - other;
    }
}

impl Sum for Area {
    fn sum<I: Iterator<Item = Self>>(areas: I) -> Self {
        areas.fold(Self::ZERO, Add::add)
    }
}

/// By which rule the area between two samples of a property is counted.
pub struct AreaRule<'a> {
    /// The series is the straight line between two samples; else each sample holds until the next.
    pub linear: bool,
    /// Between samples that are farther apart than this many microseconds nothing was measured, and
    /// nothing is counted; `i64::MAX`: they may be any time apart.
    pub longest_gap_us: i64,
    /// Whether the source was offline at some time between two instants; nothing is counted then.
    pub broken: &'a dyn Fn(Timestamp, Timestamp) -> bool,
}

impl AreaRule<'_> {
    /// Whether the way from one sample to the next counts.
    pub(super) fn counts(&self, from: Timestamp, to: Timestamp) -> bool {
        to.0.saturating_sub(from.0) <= self.longest_gap_us && !(self.broken)(from, to)
    }

    /// The area between two samples that follow each other, both of them measured.
    pub(super) fn between(&self, from: (Timestamp, f64), to: (Timestamp, f64)) -> Area {
        if !self.counts(from.0, to.0) {
            Area::ZERO
        } else if self.linear {
            Area::below_line(from, to)
        } else {
            Area::rectangle(from.1, from.0, to.0)
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const S: i64 = 1_000_000;

    #[test]
    fn the_area_of_a_ramp_is_half_of_its_rectangle() {
        let ramp = Area::below_line((Timestamp(0), 0.0), (Timestamp(4 * S), 10.0));
        assert_eq!(ramp.unit_seconds(), 20.0);
        assert_eq!(ramp + ramp, Area::rectangle(10.0, Timestamp(S), Timestamp(5 * S)));
    }

    #[test]
    fn what_is_no_number_or_beyond_all_measure_counts_as_nothing() {
        for value in [f64::NAN, f64::INFINITY, 1e300, -1e300] {
            assert_eq!(Area::of(value), Area::ZERO, "{value}");
        }
        assert_eq!(Area::of(1e12).unit_seconds(), 1e12);
    }

    #[test]
    fn a_gigawatt_over_a_month_is_counted_in_watts_and_in_any_other_unit() {
        let month = Area::rectangle(1e9, Timestamp(0), Timestamp(30 * 86_400 * S));
        assert_eq!(month.unit_seconds(), 2.592e15);
        assert_eq!(month.scaled(1e3).unit_seconds(), 2.592e18);
        assert_eq!(month.scaled(1e-6).unit_seconds(), 2.592e9);
        assert_eq!(month.scaled(f64::NAN), Area::ZERO);
    }

    proptest! {
        #[test]
        fn a_sum_does_not_depend_on_its_order(
            areas in prop::collection::vec(-1e9..1e9_f64, 1..50), turn in any::<prop::sample::Index>(),
        ) {
            let mut turned = areas.clone();
            turned.rotate_left(turn.index(areas.len()));
            turned.reverse();
            let sum = |areas: &[f64]| areas.iter().map(|area| Area::of(*area)).sum::<Area>();
            prop_assert_eq!(sum(&areas), sum(&turned));
        }
    }
}
