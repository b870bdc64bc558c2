//! Half widths of intervals, in standard errors.
//!
//! Libraries of statistics take logarithms and powers from the platform, so that their last bits
//! differ between the browser and elsewhere; these few lines do not.

use std::f64::consts::{FRAC_PI_2, SQRT_2};

/// Beyond so many degrees of freedom the expansion about the normal distribution is exact to ten
/// digits.
const MANY: usize = 200;

/// The x with P(|X| ≤ x) = `confidence` for a normal X of variance 1.
pub fn normal(confidence: f64) -> f64 {
    halve(0.0, 40.0, |x| libm::erfc(x / SQRT_2) <= 1.0 - confidence)
}

/// The same for Student's distribution with so many degrees of freedom; not a number without any.
///
/// M. Abramowitz, I. A. Stegun: Handbook of Mathematical Functions (1964), 26.7.3 to 26.7.5.
pub(super) fn student(confidence: f64, freedom: usize) -> f64 {
    let nu = freedom as f64;
    if freedom == 0 {
        return f64::NAN;
    }
    if freedom <= MANY {
        let angle = halve(0.0, FRAC_PI_2, |angle| within(angle, freedom) >= confidence);
        return nu.sqrt() * libm::tan(angle);
    }
    let x = normal(confidence);
    let s = x * x;
    let terms = [
        x * (s + 1.0) / 4.0,
        x * ((5.0 * s + 16.0) * s + 3.0) / 96.0,
        x * (((3.0 * s + 19.0) * s + 17.0) * s - 15.0) / 384.0,
        x * ((((79.0 * s + 776.0) * s + 1482.0) * s - 1920.0) * s - 945.0) / 92160.0,
    ];
    terms.iter().rev().fold(0.0, |sum, term| (sum + term) / nu) + x
}

/// P(|t| ≤ √ν tan θ).
fn within(angle: f64, freedom: usize) -> f64 {
    let (sine, cosine) = libm::sincos(angle);
    // Factors of the terms: 2/3, 4/5, … for odd degrees of freedom, 1/2, 3/4, … for even ones.
    let odd = freedom % 2;
    let (mut term, mut sum) = (if odd == 1 { cosine } else { 1.0 }, 0.0);
    for at in 0..freedom / 2 {
        let above = (2 * at + 1 + odd) as f64;
        sum += term;
        term *= above / (above + 1.0) * cosine * cosine;
    }
    if odd == 1 { (angle + sine * sum) / FRAC_PI_2 } else { sine * sum }
}

/// Where a condition begins to hold that grows true from `low` to `high`.
fn halve(mut low: f64, mut high: f64, holds: impl Fn(f64) -> bool) -> f64 {
    for _ in 0..100 {
        let middle = 0.5 * (low + high);
        if holds(middle) { high = middle } else { low = middle }
    }
    high
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calibration_takes_its_quantiles_as_tables_have_them() {
        assert!((normal(0.95) - 1.959963984540).abs() < 1e-11);
        let table = [
            (1, 12.706204736),
            (2, 4.302652730),
            (5, 2.570581836),
            (12, 2.178812830),
            (30, 2.042272456),
            (120, 1.979930405),
            (1000, 1.962339081),
            (1_000_000, 1.959966357),
        ];
        for (freedom, wanted) in table {
            let quantile = student(0.95, freedom);
            assert!((quantile - wanted).abs() < 1e-8, "{freedom}: {quantile}");
        }
        assert!(student(0.95, 0).is_nan());
    }

    #[test]
    fn calibration_quantiles_agree_where_the_ways_to_compute_them_meet() {
        for confidence in [0.5, 0.9, 0.95, 0.99] {
            let [a, b, c] = [MANY - 1, MANY, MANY + 1].map(|nu| student(confidence, nu));
            // A smooth course: what bends is of the order of ν⁻³.
            assert!((a - 2.0 * b + c).abs() < 1e-5 * b, "{a} {b} {c}");
            assert!(a > b && b > c, "{a} {b} {c}");
        }
    }
}
