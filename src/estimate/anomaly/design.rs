//! The design of the tests: how rare false alarms are to be, and how rare they will be.

use serde::{Deserialize, Serialize};

/// The tail of the healthy history is extrapolated to so many times its length at most.
pub(super) const REACH: f64 = 10.0;

/// How the autocorrelation of residuals is dealt with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Correlation {
    /// Residuals are whitened by an AR(1) model.
    #[default]
    Whiten,
    /// Residuals are taken as they are.
    Ignore,
}

/// What the tests are designed for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TestDesign {
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
    /// What is done about the autocorrelation of residuals.
    pub correlation: Correlation,
    /// Whether healthy history may raise thresholds.
    pub is_calibrated: bool,
    /// Rows for which an alarm has to be clear before it is released.
    pub clear_rows: u32,
}

impl Default for TestDesign {
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

impl TestDesign {
    pub(super) fn check(&self) -> Result<(), DesignError> {
        let positive = |value: f64| value > 0.0 && value.is_finite();
        let Self { step_s, shift, variance_ratio, miss, .. } = *self;
        let (every_h, rows) = (self.false_alarm_every_h, self.samples());
        if !positive(step_s) {
            Err(DesignError::Step { step_s })
        } else if !(rows >= 10.0 && rows.is_finite()) {
            Err(DesignError::FalseAlarms { every_h, rows })
        } else if !positive(shift) {
            Err(DesignError::Shift { shift })
        } else if !(variance_ratio > 1.0 && variance_ratio.is_finite()) {
            Err(DesignError::VarianceRatio { ratio: variance_ratio })
        } else if !(miss > 0.0 && miss < 0.5) {
            Err(DesignError::Miss { miss })
        } else {
            Ok(())
        }
    }

    /// Number of rows that is to lie between false alarms.
    pub(super) fn samples(&self) -> f64 {
        self.false_alarm_every_h * 3600.0 / self.step_s
    }
}

/// What of the design of the tests cannot be.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum DesignError {
    /// The time from row to row is not above 0.
    #[error("the time from row to row has to be above 0 s, not {step_s} s")]
    Step {
        /// The time in seconds.
        step_s: f64,
    },
    /// False alarms are designed to come too often, or never.
    #[error(
        "a false alarm every {every_h} h is one every {rows:.1} rows; wish for 10 rows or more"
    )]
    FalseAlarms {
        /// The mean time between false alarms in hours.
        every_h: f64,
        /// The same in rows.
        rows: f64,
    },
    /// The shift is not above 0.
    #[error("the shift to be found has to be above 0 spreads, not {shift}")]
    Shift {
        /// The shift in healthy standard deviations.
        shift: f64,
    },
    /// The ratio of variances is not above 1.
    #[error("the ratio of variances has to be above 1, not {ratio}")]
    VarianceRatio {
        /// The ratio.
        ratio: f64,
    },
    /// The probability of a miss is none.
    #[error("the chance of a miss has to be between 0 and 0.5, not {miss}")]
    Miss {
        /// The probability.
        miss: f64,
    },
}

/// How often false alarms will come, as far as healthy history shows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FalseAlarmEstimate {
    /// Mean time between false alarms by design, in hours.
    pub wished_h: f64,
    /// Tested hours in the healthy history.
    pub healthy_h: f64,
    /// The mean time to be expected; `None` when the history is too short for it.
    pub expected_h: Option<f64>,
    /// What it is at least, with 95 % confidence.
    pub at_least_h: f64,
}

impl FalseAlarmEstimate {
    /// Whether false alarms are as rare as designed: the history reaches that far, the time expected
    /// from it is nine tenths at least, and it is uncertain by no more than a factor 4.
    pub fn meets_design(&self) -> bool {
        self.wished_h <= REACH * self.healthy_h
            && self.expected_h.is_some_and(|expected_h| expected_h >= 0.9 * self.wished_h)
            && self.at_least_h >= 0.25 * self.wished_h
    }
}

impl std::fmt::Display for FalseAlarmEstimate {
    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        let Self { wished_h, healthy_h, at_least_h, .. } = self;
        match self.expected_h {
            Some(expected_h) if self.meets_design() => write!(
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
