//! Distributions by their moments: log-normal times of events, quantiles of normal numbers.

use super::event::EventForecast;
use crate::estimate::calibrate::normal;

/// When an event happens, by its moments.
#[derive(Clone, Debug, PartialEq)]
pub struct Moments {
    /// The event's name.
    pub name: String,
    /// Mean of the time until it, in seconds.
    pub mean_s: f64,
    /// Standard deviation of that time.
    pub deviation_s: f64,
    /// Mean and deviation of its logarithm.
    log: (f64, f64),
}

impl Moments {
    pub(super) fn of(event: &EventForecast) -> Self {
        let remaining = || event.times_s.iter().map(|time_s| time_s - event.begin_s);
        let (mean_s, deviation_s) = moments(remaining());
        let log = moments(remaining().map(|time_s| libm::log(time_s.max(1e-3))));
        Self { name: event.name.clone(), mean_s, deviation_s, log }
    }

    /// Bounds in seconds that hold the time until it with a probability, as a log-normal one.
    pub fn interval_s(&self, probability: f64) -> (f64, f64) {
        let tail = (1.0 - probability) / 2.0;
        (self.quantile_s(tail), self.quantile_s(1.0 - tail))
    }

    /// The time in seconds before which it happens with a probability.
    pub fn quantile_s(&self, probability: f64) -> f64 {
        let (mean, deviation) = self.log;
        libm::exp(mean + deviations(probability) * deviation)
    }

    /// The time in seconds before which it happens as probably as after.
    pub fn median_s(&self) -> f64 {
        libm::exp(self.log.0)
    }
}

/// By how many deviations the quantile of a normal number is off its mean.
pub(super) fn deviations(probability: f64) -> f64 {
    let off = normal((2.0 * probability - 1.0).abs());
    if probability < 0.5 { -off } else { off }
}

/// Mean and standard deviation of all.
pub(super) fn moments(all: impl Iterator<Item = f64> + Clone) -> (f64, f64) {
    let count = all.clone().count() as f64;
    let mean = all.clone().sum::<f64>() / count;
    (mean, (all.map(|value| (value - mean) * (value - mean)).sum::<f64>() / count).sqrt())
}
