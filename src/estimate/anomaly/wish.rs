//! What is wished of alarms, and what can be promised.

use serde::{Deserialize, Serialize};

use super::Cannot;

/// So many times the healthy history is as far as its tail is believed.
pub(super) const REACH: f64 = 10.0;

/// How residuals that follow one another are dealt with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Correlation {
    /// They are made independent by their AR(1) course.
    #[default]
    Whiten,
    /// They are taken as they are.
    Ignore,
}

/// What is wished of an alarm.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Wish {
    /// Seconds from row to row.
    pub step_s: f64,
    /// Mean time between false alarms of the whole asset, in hours of tested operation.
    pub false_alarm_every_h: f64,
    /// The shift that is to be found soonest, in spreads of healthy residuals.
    pub shift: f64,
    /// The ratio of variances that is to be found, upwards and (its inverse) downwards; above 1.
    pub variance_ratio: f64,
    /// Chance that one decision of Wald's tests misses such a change.
    pub miss: f64,
    /// What is done about residuals that follow one another.
    pub correlation: Correlation,
    /// Whether healthy history may raise thresholds.
    pub is_calibrated: bool,
    /// Rows for which an alarm has to be clear before it is released.
    pub clear_rows: u32,
}

impl Default for Wish {
    fn default() -> Self {
        Self {
            step_s: 1.0,
            false_alarm_every_h: 24.0 * 30.0,
            shift: 1.0,
            variance_ratio: 4.0,
            miss: 0.01,
            correlation: Correlation::Whiten,
            is_calibrated: true,
            clear_rows: 30,
        }
    }
}

impl Wish {
    pub(super) fn check(&self) -> Result<(), Cannot> {
        let positive = |value: f64| value > 0.0 && value.is_finite();
        let wrong = if !positive(self.step_s) {
            format!("the time from row to row has to be above 0 s, not {} s", self.step_s)
        } else if !(self.samples() >= 10.0 && self.samples().is_finite()) {
            format!(
                "a false alarm every {} h is one every {:.1} rows; wish for 10 rows or more",
                self.false_alarm_every_h,
                self.samples()
            )
        } else if !positive(self.shift) {
            format!("the shift to be found has to be above 0 spreads, not {}", self.shift)
        } else if !(self.variance_ratio > 1.0 && self.variance_ratio.is_finite()) {
            format!("the ratio of variances has to be above 1, not {}", self.variance_ratio)
        } else if !(self.miss > 0.0 && self.miss < 0.5) {
            format!("the chance of a miss has to be between 0 and 0.5, not {}", self.miss)
        } else {
            return Ok(());
        };
        Err(Cannot::Setup(wrong))
    }

    /// Wished number of rows between false alarms.
    pub(super) fn samples(&self) -> f64 {
        self.false_alarm_every_h * 3600.0 / self.step_s
    }
}

/// How often false alarms will come, as far as healthy history can tell.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Promise {
    /// Wished mean time between false alarms, in hours.
    pub wished_h: f64,
    /// Tested hours in the healthy history.
    pub healthy_h: f64,
    /// The mean time to be expected; `None` when the history is too short to tell.
    pub expected_h: Option<f64>,
    /// What it is at least, with 95 % confidence: this can be promised.
    pub at_least_h: f64,
}

impl Promise {
    /// Whether the wish can be promised: it is within reach of the history, which expects it to nine
    /// tenths and leaves it uncertain by no more than a factor 4.
    pub fn is_kept(&self) -> bool {
        self.wished_h <= REACH * self.healthy_h
            && self.expected_h.is_some_and(|expected_h| expected_h >= 0.9 * self.wished_h)
            && self.at_least_h >= 0.25 * self.wished_h
    }
}

impl std::fmt::Display for Promise {
    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        let Self { wished_h, healthy_h, at_least_h, .. } = self;
        match self.expected_h {
            Some(expected_h) if self.is_kept() => write!(
                f,
                "a false alarm is expected every {expected_h:.3} h, and with 95 % confidence no more often than every {at_least_h:.3} h, by {healthy_h:.3} h of healthy history"
            ),
            _ => write!(
                f,
                "{healthy_h:.3} h of healthy history are too few to promise no more than one false alarm in {wished_h:.3} h; one in {at_least_h:.3} h can be promised"
            ),
        }
    }
}
