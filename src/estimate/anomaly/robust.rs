//! Centres and spreads that a few wild values do not move.

/// Makes the median absolute deviation of normal values their standard deviation.
const NORMAL_MAD: f64 = 1.482_602_218_505_602;
/// Between the 5 % and the 95 % quantile of normal values lie so many standard deviations.
const NORMAL_RANGE: f64 = 3.289_707_253_902_945;

/// In order; what is not a number is left out.
pub(super) fn sorted(values: impl IntoIterator<Item = f64>) -> Vec<f64> {
    let mut all: Vec<f64> = values.into_iter().filter(|value| value.is_finite()).collect();
    all.sort_by(f64::total_cmp);
    all
}

/// The quantile of values in order, on the line between neighbours (R. J. Hyndman, Y. Fan: Sample
/// Quantiles in Statistical Packages, 1996, type 7); 0 where there are none.
pub(super) fn quantile(sorted: &[f64], share: f64) -> f64 {
    let Some(last) = sorted.len().checked_sub(1) else {
        return 0.0;
    };
    let place = share.clamp(0.0, 1.0) * last as f64;
    let at = (place as usize).min(last);
    let next = sorted[(at + 1).min(last)];
    sorted[at] + (next - sorted[at]) * (place - at as f64)
}

/// Median, and the median absolute deviation as a standard deviation. Where more than half of the
/// values are the same, the standard deviation itself; 0 when all are.
pub(super) fn center_and_spread(values: impl IntoIterator<Item = f64>) -> (f64, f64) {
    let all = sorted(values);
    let center = quantile(&all, 0.5);
    let off = sorted(all.iter().map(|value| (value - center).abs()));
    let spread = NORMAL_MAD * quantile(&off, 0.5);
    (center, if spread > 0.0 { spread } else { deviation(&all) })
}

/// Median, and the range from the 5 % to the 95 % quantile as a standard deviation.
///
/// For channels of a machine that runs in several modes: the median absolute deviation would be
/// the spread within the commonest mode and make all others infinitely far away.
pub(super) fn center_and_wide_spread(values: impl IntoIterator<Item = f64>) -> (f64, f64) {
    let all = sorted(values);
    let spread = (quantile(&all, 0.95) - quantile(&all, 0.05)) / NORMAL_RANGE;
    (quantile(&all, 0.5), if spread > 0.0 { spread } else { deviation(&all) })
}

/// Standard deviation; exactly 0 when all are the same.
fn deviation(sorted: &[f64]) -> f64 {
    match (sorted.first(), sorted.last()) {
        (Some(first), Some(last)) if first < last => {
            let n = sorted.len() as f64;
            let mean = sorted.iter().sum::<f64>() / n;
            let squares: f64 = sorted.iter().map(|value| (value - mean) * (value - mean)).sum();
            (squares / n).sqrt()
        }
        _ => 0.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_lie_between_neighbours_and_wild_values_change_no_spread() {
        assert_eq!(quantile(&[1.0, 2.0, 4.0], 0.75), 3.0);
        assert_eq!(quantile(&[], 0.5), 0.0);
        let mut values: Vec<f64> = (0..1001).map(|at| f64::from(at) * 0.001).collect();
        let (center, spread) = center_and_spread(values.clone());
        assert!((center - 0.5).abs() < 1e-12 && (spread - 0.25 * NORMAL_MAD).abs() < 1e-3);
        values[1000] = 1e9;
        values[0] = f64::NAN;
        assert!((center_and_spread(values.clone()).1 - spread).abs() < 1e-3);
        assert!((center_and_wide_spread(values).1 - 0.9 / NORMAL_RANGE).abs() < 1e-3);
    }

    #[test]
    fn constant_values_have_no_spread_and_rare_ones_a_little() {
        assert_eq!(center_and_spread([0.1; 9]), (0.1, 0.0));
        let mut values = [1.0; 100];
        values[7] = 2.0;
        assert!((center_and_spread(values).1 - 0.0995).abs() < 1e-4);
    }
}
