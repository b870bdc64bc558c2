//! How often sequential tests raise a false alarm when residuals are white and normal.
//!
//! Levels and thresholds are in units of the logarithm of the likelihood ratio. Page's statistic in
//! units of standard deviations, with h and k = shift/2, is these divided by the shift.
//!
//! D. Siegmund: Sequential Analysis: Tests and Confidence Intervals, Springer 1985, for the
//! overshoot over a boundary; A. Wald: Sequential Tests of Statistical Hypotheses, 1945.

/// By how many standard deviations a random walk of normal steps oversteps a boundary (Siegmund).
const OVERSHOOT: f64 = 0.583;
/// Nobody needs thresholds beyond: e^300 samples are never taken.
const HIGHEST: f64 = 300.0;

/// Mean number of samples between false alarms of Page's test for a shift of the mean to one side.
///
/// Siegmund's approximation (e^y − y − 1) / (2 k²) with y = 2 k (h + 1.166).
pub fn page_samples(shift: f64, threshold: f64) -> f64 {
    let y = threshold + 2.0 * OVERSHOOT * shift;
    2.0 * (libm::expm1(y) - y) / (shift * shift)
}

/// The threshold by which Page's test raises a false alarm to one side once in so many samples.
pub fn page_threshold(shift: f64, samples: f64) -> f64 {
    rising(|threshold| page_samples(shift, threshold), samples)
}

/// Mean number of samples between false alarms of Wald's test for a shift of the mean, begun anew
/// after each decision, with boundaries `upper` > 0 and `lower` < 0.
pub fn wald_samples(shift: f64, upper: f64, lower: f64) -> f64 {
    let overshoot = OVERSHOOT * shift;
    between(upper + overshoot, lower - overshoot, -0.5 * shift * shift)
}

/// Mean number of samples between false alarms of Wald's test for a variance `ratio` times as large.
///
/// Without overshoot, hence too low: alarms are rarer than that.
pub fn wald_variance_samples(ratio: f64, upper: f64, lower: f64) -> f64 {
    between(upper, lower, 0.5 * (1.0 - 1.0 / ratio - libm::log(ratio)))
}

/// The upper boundary by which a test whose mean number of samples between false alarms rises with
/// the boundary has that number; found by halving.
pub fn rising(samples_at: impl Fn(f64) -> f64, samples: f64) -> f64 {
    let (mut low, mut high) = (0.0, HIGHEST);
    for _ in 0..100 {
        let middle = 0.5 * (low + high);
        if samples_at(middle) < samples {
            low = middle;
        } else {
            high = middle;
        }
    }
    high
}

/// Samples of one decision by the chance that it is an alarm, from Wald's identities: under the
/// healthy state the likelihood ratio is a martingale, and the walk drifts by `drift` a sample.
fn between(upper: f64, lower: f64, drift: f64) -> f64 {
    let alarm = -libm::expm1(lower) / (libm::exp(upper) - libm::exp(lower));
    let samples = (alarm * upper + (1.0 - alarm) * lower) / drift;
    samples / alarm
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_known_run_lengths_of_page_come_out() {
        // D. C. Montgomery: Introduction to Statistical Quality Control: for k = 1/2, two-sided
        // tests run 168 samples with h = 4 and 465 with h = 5.
        assert!((page_samples(1.0, 4.0) / 2.0 / 168.0 - 1.0).abs() < 0.02);
        assert!((page_samples(1.0, 5.0) / 2.0 / 465.0 - 1.0).abs() < 0.02);
        assert!((page_threshold(1.0, page_samples(1.0, 4.0)) - 4.0).abs() < 1e-9);
    }
}
