//! Numbers that a model is written in: one at a time, or several samples side by side.
//!
//! A model is written once, over [`Real`]. With `f64` it runs a single machine; with [`Lanes`] the
//! same lines run [`WIDTH`] samples of an ensemble in step, which the compiler turns into vector
//! instructions. Both give the same bits for the same sample, natively and in the browser: only
//! operations that IEEE 754 defines exactly are left to the processor, no product and sum is ever
//! contracted, and everything transcendental comes from the `libm` crate.

use std::fmt::Debug;
use std::ops::{Add, Div, Mul, Neg, Sub};

/// Samples side by side in [`Lanes`].
pub const WIDTH: usize = 8;

/// A number, or several side by side, with the operations that equations need.
///
/// There is no `if` on a value: what depends on one is computed both ways and chosen with
/// [`Real::choose`], so that the samples of [`Lanes`] may differ.
pub trait Real:
    Copy
    + Debug
    + Default
    + Send
    + Sync
    + 'static
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Div<Output = Self>
    + Neg<Output = Self>
    + Add<f64, Output = Self>
    + Sub<f64, Output = Self>
    + Mul<f64, Output = Self>
    + Div<f64, Output = Self>
{
    /// What a comparison ends in.
    type Mask: Copy;

    /// The same number everywhere.
    fn of(value: f64) -> Self;
    /// Whether this is less than the other; never so of NaN.
    fn below(self, other: Self) -> Self::Mask;
    /// The first where the mask holds, else the second.
    fn choose(mask: Self::Mask, then: Self, otherwise: Self) -> Self;
    /// Applies a function of one number to each.
    fn each(self, function: impl Fn(f64) -> f64) -> Self;

    /// Whether this, and each side by side, is above 0; no NaN is.
    fn is_positive(self) -> bool;

    /// Square root.
    fn sqrt(self) -> Self {
        self.each(f64::sqrt)
    }
    /// Without its sign.
    fn abs(self) -> Self {
        self.each(f64::abs)
    }
    /// e to this power.
    fn exp(self) -> Self {
        self.each(libm::exp)
    }
    /// Natural logarithm.
    fn ln(self) -> Self {
        self.each(libm::log)
    }
    /// Sine of an angle in radians.
    fn sin(self) -> Self {
        self.each(libm::sin)
    }
    /// Cosine of an angle in radians.
    fn cos(self) -> Self {
        self.each(libm::cos)
    }
    /// Hyperbolic tangent.
    fn tanh(self) -> Self {
        self.each(libm::tanh)
    }
    /// This number to a power.
    fn pow(self, exponent: f64) -> Self {
        self.each(|value| libm::pow(value, exponent))
    }
    /// The largest whole number that is not above this one.
    fn floor(self) -> Self {
        self.each(libm::floor)
    }
    /// The lesser of the two; NaN stays NaN.
    fn min(self, other: Self) -> Self {
        Self::choose(other.below(self), other, self)
    }
    /// The greater of the two; NaN stays NaN.
    fn max(self, other: Self) -> Self {
        Self::choose(self.below(other), other, self)
    }
    /// The nearest number from `low` to `high`; NaN stays NaN.
    fn between(self, low: f64, high: f64) -> Self {
        let (low, high) = (Self::of(low), Self::of(high));
        let raised = Self::choose(self.below(low), low, self);
        Self::choose(high.below(raised), high, raised)
    }
    /// −1, 0 or 1.
    fn sign(self) -> Self {
        let zero = Self::of(0.0);
        let up = Self::choose(zero.below(self), Self::of(1.0), zero);
        Self::choose(self.below(zero), Self::of(-1.0), up)
    }
    /// √|x| with the sign of x: what flows through an orifice.
    fn signed_sqrt(self) -> Self {
        self.abs().sqrt() * self.sign()
    }
}

impl Real for f64 {
    type Mask = bool;

    fn of(value: f64) -> Self {
        value
    }
    fn below(self, other: Self) -> bool {
        self < other
    }
    fn choose(mask: bool, then: Self, otherwise: Self) -> Self {
        if mask { then } else { otherwise }
    }
    fn each(self, function: impl Fn(f64) -> f64) -> Self {
        function(self)
    }
    fn is_positive(self) -> bool {
        self > 0.0
    }
}

/// [`WIDTH`] samples side by side.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[repr(align(64))]
pub struct Lanes(pub [f64; WIDTH]);

/// Where a comparison of [`Lanes`] holds.
#[derive(Clone, Copy, Debug)]
pub struct LaneMask([bool; WIDTH]);

impl Lanes {
    #[inline(always)]
    fn pairs(self, other: Self, function: impl Fn(f64, f64) -> f64) -> Self {
        let mut out = self.0;
        for (at, other) in out.iter_mut().zip(other.0) {
            *at = function(*at, other);
        }
        Self(out)
    }
}

impl Real for Lanes {
    type Mask = LaneMask;

    #[inline(always)]
    fn of(value: f64) -> Self {
        Self([value; WIDTH])
    }
    #[inline(always)]
    fn below(self, other: Self) -> LaneMask {
        let mut mask = [false; WIDTH];
        for (at, mask) in mask.iter_mut().enumerate() {
            *mask = self.0[at] < other.0[at];
        }
        LaneMask(mask)
    }
    #[inline(always)]
    fn choose(mask: LaneMask, then: Self, otherwise: Self) -> Self {
        let mut out = otherwise.0;
        for (at, out) in out.iter_mut().enumerate() {
            *out = if mask.0[at] { then.0[at] } else { *out };
        }
        Self(out)
    }
    #[inline(always)]
    fn each(self, function: impl Fn(f64) -> f64) -> Self {
        let mut out = self.0;
        for out in &mut out {
            *out = function(*out);
        }
        Self(out)
    }
    #[inline(always)]
    fn is_positive(self) -> bool {
        // All are looked at: that takes less than to ask after each whether it was enough.
        self.0.iter().fold(true, |all, value| all & (*value > 0.0))
    }
}

macro_rules! operators {
    ($($operator:ident $method:ident),*) => {$(
        impl $operator for Lanes {
            type Output = Self;
            #[inline(always)]
            fn $method(self, other: Self) -> Self {
                self.pairs(other, |a, b| a.$method(b))
            }
        }
        impl $operator<f64> for Lanes {
            type Output = Self;
            #[inline(always)]
            fn $method(self, other: f64) -> Self {
                self.each(|value| value.$method(other))
            }
        }
    )*};
}
operators!(Add add, Sub sub, Mul mul, Div div);

impl Neg for Lanes {
    type Output = Self;
    #[inline(always)]
    fn neg(self) -> Self {
        self.each(|value| -value)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A bit of everything.
    fn mixed<R: Real>(a: R, b: R) -> R {
        let root = (a - b).signed_sqrt() + (a * b).abs().sqrt() / (b.abs() + 1.0);
        let wave = a.sin() * b.cos() - (a * 0.01).exp().min(b) + b.tanh();
        R::choose(a.below(b), root, wave).between(-1e3, 1e3) + a.max(b).floor().sign()
    }

    proptest! {
        #[test]
        fn samples_side_by_side_come_out_as_one_at_a_time(
            a in proptest::array::uniform8(-1e3..1e3_f64),
            b in proptest::array::uniform8(-1e3..1e3_f64),
        ) {
            let together = mixed(Lanes(a), Lanes(b)).0;
            for at in 0..WIDTH {
                prop_assert_eq!(together[at].to_bits(), mixed(a[at], b[at]).to_bits());
            }
        }
    }

    #[test]
    fn what_is_not_a_number_stays_so() {
        assert!(Real::between(f64::NAN, 0.0, 1.0).is_nan());
        assert!(Real::max(f64::NAN, 0.0).is_nan() && Real::min(f64::NAN, 0.0).is_nan());
        assert!(f64::NAN.signed_sqrt().is_nan());
        assert_eq!(0.0.sign(), 0.0);
    }
}
