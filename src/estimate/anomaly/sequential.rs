//! Tests that decide as soon as they can whether residuals have changed.
//!
//! Both sum the logarithm of the likelihood ratio of "changed" to "healthy". A. Wald (1945) lets
//! the sum run between two boundaries and begins anew after each decision; E. S. Page (Continuous
//! Inspection Schemes, Biometrika 1954) never lets it fall below 0. So they are one thing with a
//! lower boundary below 0 or at 0. On residuals of equipment: K. C. Gross, K. E. Humenik:
//! Sequential Probability Ratio Test for Nuclear Plant Component Surveillance, 1991.

use serde::{Deserialize, Serialize};

use super::rates;

/// What may have changed of a channel's residuals.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Change {
    /// The channel measures more than it should.
    Higher,
    /// It measures less.
    Lower,
    /// It scatters more.
    Wider,
    /// It scatters less, as a stuck sensor does.
    Narrower,
}

/// One test, fed residual by residual (mean 0 and standard deviation 1 when healthy).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Sequential {
    change: Change,
    /// The shift in standard deviations, above 0, or the ratio of variances.
    size: f64,
    /// Where the sum begins anew from 0; 0 or below.
    lower: f64,
    threshold: f64,
    level: f64,
    since_s: Option<f64>,
    /// Number, sum and sum of squares of the residuals since the sum last began anew.
    seen: (f64, f64, f64),
}

impl Sequential {
    /// Wald's test, with the chance `alpha` that one decision is a false alarm and `beta` that it
    /// misses a change of that size (a shift in standard deviations, or a ratio of variances).
    pub fn wald(change: Change, size: f64, alpha: f64, beta: f64) -> Self {
        let lower = libm::log(beta / (1.0 - alpha));
        Self::new(change, size, lower, libm::log((1.0 - beta) / alpha))
    }

    /// Wald's test that raises a false alarm once in so many samples, and misses with chance `beta`.
    pub fn wald_once_in(change: Change, size: f64, samples: f64, beta: f64) -> Self {
        // Alpha is so small beside beta that the lower boundary does not depend on it.
        let lower = libm::log(beta);
        let upper = rates::rising(
            |upper| match change {
                Change::Higher | Change::Lower => rates::wald_samples(size, upper, lower),
                Change::Wider | Change::Narrower => {
                    rates::wald_variance_samples(size, upper, lower)
                }
            },
            samples,
        );
        Self::new(change, size, lower, upper)
    }

    /// Page's test for a shift of the mean, alarming above a threshold in units of the logarithm of
    /// the likelihood ratio ([`rates::page_threshold`]).
    pub fn page(change: Change, shift: f64, threshold: f64) -> Self {
        Self::new(change, shift, 0.0, threshold)
    }

    fn new(change: Change, size: f64, lower: f64, threshold: f64) -> Self {
        Self { change, size, lower, threshold, level: 0.0, since_s: None, seen: (0.0, 0.0, 0.0) }
    }

    /// Takes a residual; then whether the level is above the threshold.
    ///
    /// The level stays where it is: a caller begins anew with [`Sequential::restart`] or lets it
    /// fall by itself, below what [`Sequential::cap`] allows.
    pub fn step(&mut self, residual: f64, time_s: f64) -> bool {
        self.level += self.gain(residual);
        let (many, sum, squares) = self.seen;
        self.seen = (many + 1.0, sum + residual, squares + residual * residual);
        if self.level <= self.lower {
            self.restart();
        } else if self.since_s.is_none() {
            self.since_s = Some(time_s);
        }
        self.level > self.threshold
    }

    /// Logarithm of the likelihood ratio of one residual.
    fn gain(&self, residual: f64) -> f64 {
        match self.change {
            Change::Higher => self.size * (residual - 0.5 * self.size),
            Change::Lower => self.size * (-residual - 0.5 * self.size),
            Change::Wider | Change::Narrower => {
                let weight = 1.0 - 1.0 / self.size;
                0.5 * (weight * residual * residual - libm::log(self.size))
            }
        }
    }

    /// Begins anew.
    pub fn restart(&mut self) {
        self.level = 0.0;
        self.since_s = None;
        self.seen = (0.0, 0.0, 0.0);
    }

    /// Keeps the level from rising above so many thresholds, so that it can fall again.
    pub fn cap(&mut self, thresholds: f64) {
        self.level = self.level.min(thresholds * self.threshold);
    }

    /// Makes the threshold so many times as high.
    pub fn raise(&mut self, factor: f64) {
        self.threshold *= factor;
    }

    /// The change that it has found: the one that it tests for; of a test for more scatter a shift,
    /// where the mean makes the squares large.
    pub fn found(&self) -> Change {
        let (many, sum, squares) = self.seen;
        if self.change != Change::Wider || many == 0.0 {
            return self.change;
        }
        let mean = sum / many;
        let scatter = squares / many - mean * mean;
        // Squares are 1 when healthy; which part of the excess is the larger?
        if mean * mean < scatter - 1.0 {
            Change::Wider
        } else if mean > 0.0 {
            Change::Higher
        } else {
            Change::Lower
        }
    }

    /// Above which it alarms.
    pub fn threshold(&self) -> f64 {
        self.threshold
    }

    /// Level by threshold: above 1 it alarms.
    pub fn score(&self) -> f64 {
        self.level / self.threshold
    }

    /// Time of the first sample since the sum last began anew, in seconds: the likeliest time of
    /// the change once it alarms.
    pub fn since_s(&self) -> Option<f64> {
        self.since_s
    }
}
