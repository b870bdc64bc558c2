//! Whitening: the autocorrelation of residuals is taken out.
//!
//! Tests that take residuals for independent detect a shift where a residual stays high for a while, as
//! most do; false alarms then come many times as often as stated. What is left of
//! an AR(1) course after its own forecast is white (J. Alwan, H. V. Roberts: Time-Series Modeling
//! for Statistical Process Control, 1988).

use serde::{Deserialize, Serialize};

use super::robust;

/// Beyond so many spreads a residual counts no more, so that one bad sample is no change.
const FARTHEST: f64 = 5.0;
/// Correlations nearer to 1 cannot be distinguished from a drift.
const STRONGEST: f64 = 0.99;

/// The course of one channel's healthy residuals, and where it is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Whitener {
    center: f64,
    spread: f64,
    /// Correlation of a residual with the one before.
    correlation: f64,
    /// Spread of what is left, in spreads.
    left: f64,
    last: Option<f64>,
}

impl Whitener {
    /// From healthy residuals in order of time, with gaps; `None` when they are all the same.
    pub fn learn(residuals: &[Option<f64>], is_white: bool) -> Option<Self> {
        let (center, spread) = robust::center_and_spread(residuals.iter().flatten().copied());
        if spread <= 0.0 {
            return None;
        }
        let mut out = Self { center, spread, correlation: 0.0, left: 1.0, last: None };
        if !is_white {
            out.correlation = correlation(residuals, |value| out.standard(value));
            let rest = residuals.windows(2).filter_map(|pair| {
                Some(out.standard(pair[1]?) - out.correlation * out.standard(pair[0]?))
            });
            // Residuals in steps of a resolution may leave nothing; then half of the theoretical spread.
            let (_, left) = robust::center_and_spread(rest);
            let theory = (1.0 - out.correlation * out.correlation).sqrt();
            out.left = left.max(0.5 * theory);
        }
        Some(out)
    }

    fn standard(&self, residual: f64) -> f64 {
        ((residual - self.center) / self.spread).clamp(-FARTHEST, FARTHEST)
    }

    /// What is left of a residual, of mean 0 and standard deviation 1.
    pub fn step(&mut self, residual: f64) -> f64 {
        let now = self.standard(residual);
        let rest = match self.last.replace(now) {
            Some(last) => (now - self.correlation * last) / self.left,
            None => now,
        };
        rest.clamp(-FARTHEST, FARTHEST)
    }

    /// Forgets the last residual: the next does not follow it.
    pub fn pause(&mut self) {
        self.last = None;
    }

    /// How much of a lasting shift is left, as a share: √((1−ρ)/(1+ρ)).
    pub fn shift_left(&self) -> f64 {
        (1.0 - self.correlation) / self.left
    }
}

/// Correlation of neighbours, where both are there.
fn correlation(residuals: &[Option<f64>], standard: impl Fn(f64) -> f64) -> f64 {
    let (mut products, mut squares) = (0.0, 0.0);
    for pair in residuals.windows(2) {
        if let [Some(a), Some(b)] = *pair {
            let (a, b) = (standard(a), standard(b));
            products += a * b;
            squares += 0.5 * (a * a + b * b);
        }
    }
    if squares > 0.0 { (products / squares).clamp(-STRONGEST, STRONGEST) } else { 0.0 }
}
