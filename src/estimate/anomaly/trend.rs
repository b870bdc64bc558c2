//! Whether a few values rise or fall, and how fast, without asking how they are distributed.

use super::robust;

/// The chance that values without any trend would rise or fall as clearly as these, by the test of
/// H. B. Mann (1945) and M. G. Kendall (1975), two-sided, with ties and continuity corrected; and
/// whether they rise more often than fall. 1 for fewer than 3 values.
pub fn mann_kendall(values: &[f64]) -> (f64, bool) {
    let n = values.len();
    let mut sign = 0.0;
    let mut ties = 0.0;
    for (at, a) in values.iter().enumerate() {
        for b in &values[at + 1..] {
            sign += f64::from(u8::from(b > a)) - f64::from(u8::from(b < a));
        }
        // Every value of a tie of t adds its t-th part of t (t − 1) (2 t + 5).
        let tied = values.iter().filter(|b| *b == a).count() as f64;
        ties += (tied - 1.0) * (2.0 * tied + 5.0);
    }
    let count = n as f64;
    let variance = (count * (count - 1.0) * (2.0 * count + 5.0) - ties) / 18.0;
    if n < 3 || variance <= 0.0 {
        return (1.0, false);
    }
    let z = (sign.abs() - 1.0).max(0.0) / variance.sqrt();
    (libm::erfc(z / std::f64::consts::SQRT_2), sign > 0.0)
}

/// The median slope of all pairs (H. Theil 1950, P. K. Sen 1968), in values by unit of time.
pub fn theil_sen(points: &[(f64, f64)]) -> f64 {
    let slopes = points.iter().enumerate().flat_map(|(at, (t, value))| {
        let later = points[at + 1..].iter().filter(move |(later, _)| later > t);
        later.map(move |(later, then)| (then - value) / (later - t))
    });
    robust::quantile(&robust::sorted(slopes), 0.5)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trend_is_told_from_chance_and_a_wild_value_does_not_turn_it() {
        let mut points: Vec<(f64, f64)> =
            (0..10).map(|at| (f64::from(at), 2.0 - 0.5 * f64::from(at))).collect();
        let values = |points: &[(f64, f64)]| points.iter().map(|(_, y)| *y).collect::<Vec<_>>();
        // S = −45, variance 10 · 9 · 25 / 18 = 125, z = 44 / √125.
        let (chance, rises) = mann_kendall(&values(&points));
        assert!((chance - 8.3e-5).abs() < 1e-6 && !rises, "{chance}");
        assert_eq!(theil_sen(&points), -0.5);
        points[4].1 = 1e6;
        assert!((theil_sen(&points) + 0.5).abs() < 0.01);
        assert!(mann_kendall(&values(&points)).0 < 0.01);
        assert_eq!(mann_kendall(&[1.0; 9]).0, 1.0);
        assert!(mann_kendall(&[1.0, 3.0, 2.0, 1.5, 2.5, 1.2]).0 > 0.5);
    }
}
