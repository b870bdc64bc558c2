//! How high a statistic climbs in healthy times that are longer than the history.
//!
//! Peaks over a high level follow a generalised Pareto distribution (J. Pickands 1975), fitted by
//! probability-weighted moments (J. R. M. Hosking, J. R. Wallis: Parameter and Quantile Estimation
//! for the Generalized Pareto Distribution, Technometrics 1987). Sums that are kept from falling
//! have exponential tails when their steps have (H. Cramér, F. Lundberg), so that the shape is 0
//! unless the estimated shape is significantly above 0; a lighter tail is never assumed.

use super::robust;

/// Fewest peaks to which a tail is fitted.
pub const LEAST_PEAKS: usize = 20;
/// With so many, a higher level is tried.
const GOOD_PEAKS: usize = 100;
/// Levels that are tried, as quantiles.
const LEVELS: [f64; 5] = [0.99, 0.97, 0.94, 0.9, 0.8];
/// One side of 95 % of a normal distribution.
const SIDE_95: f64 = 1.644_853_626_951_472;
/// Heavier tails have no known uncertainty.
const HEAVIEST: f64 = 0.45;

/// The upper tail of a statistic's peaks.
#[derive(Clone, Debug, PartialEq)]
pub struct Tail {
    /// Above this level the distribution holds.
    pub level: f64,
    /// Number of peaks it was fitted to.
    pub peaks: usize,
    /// Peaks above the level by sample.
    pub peaks_per_sample: f64,
    /// Scale σ of the excess.
    pub scale: f64,
    /// Shape ξ: 0 exponential, above 0 heavier.
    pub shape: f64,
}

impl Tail {
    /// From a statistic's healthy course; `None` when it has fewer than [`LEAST_PEAKS`] peaks.
    pub fn of(course: &[f64]) -> Option<Self> {
        let sorted = robust::sorted(course.iter().copied());
        let mut best: Option<(f64, Vec<f64>)> = None;
        for share in LEVELS {
            let level = robust::quantile(&sorted, share);
            let peaks = peaks(course, level);
            if level > 0.0 && best.as_ref().is_none_or(|(_, most)| peaks.len() > most.len()) {
                best = Some((level, peaks));
            }
            if best.as_ref().is_some_and(|(_, peaks)| peaks.len() >= GOOD_PEAKS) {
                break;
            }
        }
        let (level, peaks) = best.filter(|(_, peaks)| peaks.len() >= LEAST_PEAKS)?;
        let excess = robust::sorted(peaks.iter().map(|peak| peak - level));
        let (scale, shape) = pareto(&excess)?;
        let peaks_per_sample = excess.len() as f64 / course.len() as f64;
        Some(Self { level, peaks: excess.len(), peaks_per_sample, scale, shape })
    }

    /// The height that is exceeded once in so many samples.
    pub fn height(&self, samples: f64) -> f64 {
        let log_times = libm::log(self.peaks_per_sample * samples).max(0.0);
        let excess = match self.shape {
            0.0 => log_times,
            shape => libm::expm1(shape * log_times) / shape,
        };
        self.level + self.scale * excess
    }

    /// Mean number of samples between peaks above a height, and the number that it is at least, with
    /// 95 % confidence. Heights below the level count as the level.
    ///
    /// The uncertainty is that of the number of peaks and of the fit, by the linear law of errors.
    pub fn samples(&self, height: f64) -> (f64, f64) {
        let y = ((height - self.level) / self.scale).max(0.0);
        let n = self.peaks as f64;
        let (log_times, variance) = match self.shape {
            0.0 => (y, y * y),
            shape => {
                let inner = 1.0 + shape * y;
                let log_times = libm::log(inner) / shape;
                let by_scale = y / inner;
                let by_shape = (log_times - y / inner) / shape;
                let [scale, both, own] = covariance(shape);
                let sum = by_scale * by_scale * scale
                    + 2.0 * by_scale * by_shape * both
                    + by_shape * by_shape * own;
                (log_times, sum)
            }
        };
        let mean = libm::exp(log_times) / self.peaks_per_sample;
        let deviation = ((1.0 + variance) / n).sqrt();
        (mean, mean * libm::exp(-SIDE_95 * deviation))
    }
}

/// The highest value of each stretch above a level; a stretch ends below half of it, as an alarm is
/// released.
fn peaks(course: &[f64], level: f64) -> Vec<f64> {
    let mut all = Vec::new();
    let mut open: Option<f64> = None;
    for &value in course {
        open = match open {
            Some(peak) if value < 0.5 * level => {
                all.push(peak);
                None
            }
            Some(peak) => Some(peak.max(value)),
            None => (value > level).then_some(value),
        };
    }
    all.extend(open);
    all
}

/// Scale and shape of excesses in order; `None` when they are all 0.
fn pareto(excess: &[f64]) -> Option<(f64, f64)> {
    let n = excess.len() as f64;
    let mean = excess.iter().sum::<f64>() / n;
    // Each weighted by the share of those above it.
    let weighted = excess.iter().enumerate();
    let weighted: f64 = weighted.map(|(at, x)| x * (n - 1.0 - at as f64) / (n - 1.0)).sum();
    let weighted = weighted / n;
    if mean <= 0.0 {
        return None;
    }
    let ratio = mean - 2.0 * weighted;
    let shape = 2.0 - mean / ratio;
    // An exponential tail has a shape within so much of 0, in 95 of 100 cases on the upper side.
    let usual = SIDE_95 * (4.0 / 3.0 / n).sqrt();
    if !(ratio > 0.0 && shape > usual) {
        return Some((mean, 0.0));
    }
    let shape = shape.min(HEAVIEST);
    // With the shape given, the mean excess σ / (1 − ξ) gives the scale.
    Some((mean * (1.0 - shape), shape))
}

/// Variance of scale (as a share of it), covariance, and variance of shape, times the number of
/// excesses (Hosking and Wallis, with k = −shape).
fn covariance(shape: f64) -> [f64; 3] {
    let k = -shape;
    let below = (1.0 + 2.0 * k) * (3.0 + 2.0 * k);
    let scale = 7.0 + 18.0 * k + 11.0 * k * k + 2.0 * k * k * k;
    let both = (2.0 + k) * (2.0 + 6.0 * k + 7.0 * k * k + 2.0 * k * k * k);
    let own = (1.0 + k) * (2.0 + k) * (2.0 + k) * (1.0 + k + 2.0 * k * k);
    [scale / below, -both / below, own / below]
}
