//! What a residual costs.

use serde::{Deserialize, Serialize};

/// What a residual costs; residuals are in standard deviations of their measurement.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub enum Loss {
    /// Its square: least squares.
    #[default]
    Square,
    /// Its square up to so many standard deviations and a straight line beyond, so that single
    /// wild measurements cannot drag the values along. P. J. Huber: Robust Estimation of a Location
    /// Parameter, Annals of Mathematical Statistics 35 (1964).
    Huber(f64),
}

impl Loss {
    /// Huber's loss with the usual limit, which loses 5 % of the precision where no measurement is
    /// wild.
    pub const ROBUST: Self = Self::Huber(1.345);

    /// Cost of all residuals.
    pub(super) fn cost(self, residuals: &[f64]) -> f64 {
        residuals.iter().map(|r| self.of(*r)).sum()
    }

    fn of(self, r: f64) -> f64 {
        match self {
            Self::Huber(limit) if r.abs() > limit => 2.0 * limit * r.abs() - limit * limit,
            _ => r * r,
        }
    }

    /// Weight by which the square has the slope of the cost: iteratively reweighted least squares
    /// (P. W. Holland, R. E. Welsch, Communications in Statistics A6, 1977).
    pub(super) fn weight(self, r: f64) -> f64 {
        match self {
            Self::Huber(limit) if r.abs() > limit => limit / r.abs(),
            _ => 1.0,
        }
    }

    /// Whether a residual counts less than its square.
    pub(super) fn is_outlier(self, r: f64) -> bool {
        self.weight(r) < 1.0
    }

    /// Variance of a residual of size 1 by the residuals, for the covariance of `unknowns`
    /// values: RSS/(n − p), and for Huber's loss K² · Σψ²/(n − p) / (mean ψ′)² of P. J. Huber and
    /// E. M. Ronchetti: Robust Statistics (2009), section 7.6. `None` without residuals to spare.
    pub(super) fn variance(self, residuals: &[f64], unknowns: usize) -> Option<f64> {
        let (n, p) = (residuals.len() as f64, unknowns as f64);
        if !(n > p) {
            return None;
        }
        let squares: f64 = residuals.iter().map(|r| self.weight(*r) * r).map(|psi| psi * psi).sum();
        let inside = residuals.iter().filter(|r| !self.is_outlier(**r)).count() as f64 / n;
        // Variance of ψ′, which is 1 inside and 0 outside, over the square of its mean.
        let correction = 1.0 + p / n * (1.0 - inside) / inside;
        let variance = correction * correction * squares / (n - p) / (inside * inside);
        variance.is_finite().then_some(variance)
    }
}
