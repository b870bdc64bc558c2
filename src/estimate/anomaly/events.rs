//! Events and verdicts of a detector.

use serde::{Deserialize, Serialize};

use super::Row;
use super::fidelity::Drift;
use super::gate::Mode;
use super::sequential::Change;
use super::similarity::Estimate;

/// A channel whose residuals have changed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Anomaly {
    /// Its number, from 0.
    pub channel: usize,
    /// What has changed.
    pub change: Change,
    /// When that most likely began, in seconds.
    pub since_s: f64,
    /// When it was noticed, in seconds.
    pub raised_s: f64,
}

/// A change of an alarm, or a drift of fidelity; reported once.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Event {
    /// An alarm was raised; it stays until it is released.
    Raised(Anomaly),
    /// An alarm has been clear for long enough.
    Released {
        /// The alarm.
        anomaly: Anomaly,
        /// When it was released, in seconds.
        time_s: f64,
    },
    /// Estimates match measurements better or worse from window to window.
    Drifting(Drift),
}

/// The verdict on an asset by a row.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Verdict {
    /// Time of the row in seconds.
    pub time_s: f64,
    /// Whether the row could be judged.
    pub mode: Mode,
    /// Why tests pause, in words; `None` when they run.
    pub reason: Option<String>,
    /// What each channel should be, and how far it is off.
    pub estimate: Estimate,
    /// The strongest statistic of each channel, by its threshold; `None` where nothing is tested.
    pub scores: Row,
    /// Channels in alarm, the first first: it is the likeliest cause.
    pub anomalies: Vec<Anomaly>,
    /// The strongest statistic of all, by its threshold; above 1 there is an alarm.
    pub score: f64,
    /// How well estimates match measurements, from 0 to 1, once a window is full.
    pub fidelity: Option<f64>,
    /// What has changed with this row.
    pub events: Vec<Event>,
}

/// What became of all rows.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counters {
    /// Rows that came.
    pub rows: u64,
    /// Of these, rows that were tested: steady and known.
    pub tested: u64,
    /// Rows on the way from one state to another, or settling, or at a start.
    pub transient: u64,
    /// Rows in a mode that was not learned.
    pub unknown: u64,
    /// Rows with too few channels to determine the mode.
    pub unclear: u64,
    /// Missing values.
    pub missing_values: u64,
    /// Values that are no numbers; they count as missing, but not above.
    pub no_numbers: u64,
    /// Gaps between rows.
    pub gaps: u64,
}

impl Counters {
    /// Counts a row's values, and makes those that are no numbers missing.
    pub(super) fn clean(&mut self, row: &[Option<f64>]) -> Row {
        self.rows += 1;
        let clean = row.iter().map(|value| match value {
            None => {
                self.missing_values += 1;
                None
            }
            Some(value) if !value.is_finite() => {
                self.no_numbers += 1;
                None
            }
            Some(value) => Some(*value),
        });
        clean.collect()
    }

    /// Counts what a row could be used for.
    pub(in super::super) fn used(&mut self, mode: &Mode) {
        match mode {
            Mode::Steady => self.tested += 1,
            Mode::Starting { .. } | Mode::Transient { .. } | Mode::Settling { .. } => {
                self.transient += 1;
            }
            Mode::Unknown { .. } => self.unknown += 1,
            Mode::Missing => self.unclear += 1,
        }
    }
}
