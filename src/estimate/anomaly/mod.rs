//! Whether something is wrong with an asset, found without one example of a failure.
//!
//! Flows in: rows of healthy history to learn from, then rows one by one as they are measured.
//! Flows out: a [`Verdict`] for each, with what every channel should have been, how far it was
//! off, which channels are anomalous, why and since when. False alarms come no more often than the
//! tests are designed for ([`TestDesign`]); where the healthy history is too short for that,
//! [`FalseAlarmEstimate`] says so.
//!
//! | part | what it does |
//! |---|---|
//! | [`Similarity`] | what each channel should be, from remembered states that are alike |
//! | [`ModeGate`] | whether a row can be judged: steady, and in a known operating mode |
//! | [`Sequential`] | one test on residuals: Wald's or Page's |
//! | [`Monitor`] | all tests of all channels, with thresholds for a rate of false alarms |
//! | [`Fidelity`] | how well estimates match measurements, from 0 to 1, and its drift |
//! | [`Detector`] | all of these for one asset |
//!
//! Rows are taken at a steady interval, `None` where a channel is missing. All state is bounded and
//! can be written and read again, and goes on the same to the bit.

mod calibrate;
mod compare;
mod design;
mod detector;
mod events;
mod fidelity;
mod gate;
mod monitor;
pub mod rates;
mod robust;
mod select;
mod sequential;
mod similarity;
pub mod tail;
#[cfg(test)]
mod tests;
pub mod trend;
mod whiten;

pub use design::{Correlation, DesignError, FalseAlarmEstimate, TestDesign};
pub use detector::{Detector, DetectorSetup, GAP_STEPS};
pub use events::{Anomaly, Counters, Event, Verdict};
pub use fidelity::{Drift, Fidelity};
pub use gate::{GateSetup, Mode, ModeGate};
pub use monitor::Monitor;
pub use sequential::{Change, Sequential};
pub use similarity::{Apart, Estimate, MemorySetup, Similarity};

/// What each channel measured at one time; `None` where it is missing.
pub type Row = Vec<Option<f64>>;

/// Why nothing can be learned, or a row cannot be tested.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum AnomalyError {
    /// The design of the tests cannot be.
    #[error(transparent)]
    Design(#[from] DesignError),
    /// A window of the gate is too short.
    #[error("the gate's window has to be 2 rows or more, not {rows}")]
    GateWindow {
        /// Its rows.
        rows: usize,
    },
    /// An input of the gate is no channel.
    #[error("input {input} is no channel: there are {channels}, counted from 0")]
    NoChannel {
        /// The input's number.
        input: usize,
        /// How many channels there are.
        channels: usize,
    },
    /// The window, the band or the probability of fidelity cannot be.
    #[error(
        "fidelity needs a window of 2 rows or more, a band between 0 and {widest} spreads and a chance between 0 and 1, not {rows}, {band} and {chance}"
    )]
    Fidelity {
        /// Rows of the window.
        rows: usize,
        /// The band in healthy standard deviations.
        band: f64,
        /// The widest band that there may be.
        widest: f64,
        /// Probability of taking scatter for a drift.
        chance: f64,
    },
    /// The first row has no time.
    #[error("the first row's time is {time_s}, no number")]
    FirstTime {
        /// Its time.
        time_s: f64,
    },
    /// There is too little to learn from.
    #[error("{what}: there are {have}, at least {need} are needed; give more healthy history")]
    TooFew {
        /// Of what.
        what: String,
        /// How many there are.
        have: usize,
        /// How many have to be there.
        need: usize,
    },
    /// Channels that never change say nothing of one another.
    #[error(
        "only {varying} of {channels} channels change in the healthy history; at least two have to, so that one can be estimated from another"
    )]
    Constant {
        /// How many change.
        varying: usize,
        /// How many there are.
        channels: usize,
    },
    /// A row does not fit the channels.
    #[error("row {row} has {have} values, and there are {wanted} channels")]
    Misfit {
        /// Its number, from 1.
        row: usize,
        /// How many it has.
        have: usize,
        /// How many it should have.
        wanted: usize,
    },
    /// Its time is not after that of the last one.
    #[error("a row of {row_s} s comes after one of {last_s} s; rows have to come in order of time")]
    Late {
        /// Time of the row.
        row_s: f64,
        /// Time of the one before.
        last_s: f64,
    },
}

/// Healthy rows one a step, as [`Detector::learn`] wants them: where times are further apart than
/// [`GAP_STEPS`] steps, a row without any value stands for the gap.
pub fn with_gaps(times_s: &[f64], rows: &[Row], step_s: f64) -> Vec<Row> {
    let mut out: Vec<Row> = Vec::with_capacity(rows.len());
    for (at, row) in rows.iter().enumerate() {
        if at > 0 && times_s[at] - times_s[at - 1] > GAP_STEPS * step_s {
            out.push(vec![None; row.len()]);
        }
        out.push(row.clone());
    }
    out
}

/// Checks that every row has a value or a gap for each channel.
fn check_rows(rows: &[Row], wanted: usize) -> Result<(), AnomalyError> {
    match rows.iter().position(|row| row.len() != wanted) {
        Some(at) => Err(AnomalyError::Misfit { row: at + 1, have: rows[at].len(), wanted }),
        None => Ok(()),
    }
}
