//! Whether a row can be judged at all: steady, and in an operating mode that was learned.
//!
//! A model of healthy states does not hold in a transient between two of them, or in a mode in which
//! the machine has never been; tests then pause, with a reason.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use super::similarity::{Apart, Similarity, column};
use super::{AnomalyError, Row, robust};

/// A change of an input is a transient beyond so many healthy spreads of such changes.
const FASTEST: f64 = 6.0;
/// The least change that is a transient, as a share of the input's own spread: inputs that stand
/// still have no noise.
const LEAST_CHANGE: f64 = 0.1;
/// A state is unknown when it is this much farther from all remembered ones than healthy rows are,
/// but for a few of them.
const UNKNOWN_MARGIN: f64 = 1.5;
const HEALTHY_SHARE: f64 = 0.995;

/// When rows are judged.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct GateSetup {
    /// Which channels say in which mode the machine is (setpoints, load, speed). With none named
    /// all are looked at, and one channel alone makes neither a transient nor an unknown mode.
    pub inputs: Vec<usize>,
    /// Changes are measured from the first to the second half of so many rows.
    pub window_rows: usize,
    /// Tests wait for so many more rows after a transient, until outputs have followed.
    pub settle_rows: usize,
}

impl Default for GateSetup {
    fn default() -> Self {
        Self { inputs: Vec::new(), window_rows: 10, settle_rows: 20 }
    }
}

/// In what state a machine is, as far as it can be judged.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum Mode {
    /// Steady and known: tests run.
    Steady,
    /// Too few rows have come since the start or a gap.
    Starting {
        /// So many more are needed.
        rows: usize,
    },
    /// An input changes faster than in healthy steady operation.
    Transient {
        /// Which channel changes most.
        channel: usize,
        /// By how many times the limit.
        times: f64,
    },
    /// It has just changed.
    Settling {
        /// So many more rows.
        rows: usize,
    },
    /// No remembered state is near.
    Unknown {
        /// How far the nearest is, in spreads; beside a model, in halves of the healthy range.
        distance: f64,
        /// How far it may be.
        limit: f64,
    },
    /// Too few channels are there to determine the mode.
    Missing,
}

impl Mode {
    /// Whether it is a transient or a start, so that rows just before it may have been in it.
    pub fn is_passing(&self) -> bool {
        !matches!(self, Self::Steady | Self::Unknown { .. } | Self::Missing)
    }

    /// Why tests pause, in words; `None` when they run. `name` gives a channel's name.
    pub fn reason(&self, name: impl Fn(usize) -> String) -> Option<String> {
        Some(match *self {
            Self::Steady => return None,
            Self::Starting { rows } => {
                format!("tests begin in {rows} rows, when it is known whether the asset is steady")
            }
            Self::Transient { channel, times } => {
                let name = name(channel);
                format!("tests pause: `{name}` changes {times:.1} times as fast as when steady")
            }
            Self::Settling { rows } => {
                format!("tests pause for {rows} more rows, until a transient has settled")
            }
            Self::Unknown { distance, limit } => format!(
                "tests pause: this operating mode was not learned; the nearest known state is {distance:.2} spreads away, at most {limit:.2} is usual"
            ),
            Self::Missing => {
                "tests pause: too many channels are missing to tell the operating mode".into()
            }
        })
    }
}

/// Distinguishes steady from transient and known from unknown, row by row.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ModeGate {
    setup: GateSetup,
    /// The greatest change that is steady, by looked-at channel, in its own unit.
    limits: Vec<f64>,
    /// How far the nearest state may be, in spreads; until it is learned all are known.
    distance_limit: Option<f64>,
    recent: VecDeque<Row>,
    /// So many rows are still to be waited for.
    settling: usize,
}

impl ModeGate {
    /// Learns how fast inputs change in healthy rows in order of time, where more than half of them
    /// are steady.
    ///
    /// # Errors
    /// When the window is too short, an input is no channel, or rows are fewer than two windows.
    pub fn learn(rows: &[Row], setup: &GateSetup) -> Result<Self, AnomalyError> {
        let channels = rows.first().map_or(0, Vec::len);
        if setup.window_rows < 2 {
            return Err(AnomalyError::GateWindow { rows: setup.window_rows });
        }
        if let Some(input) = setup.inputs.iter().find(|input| **input >= channels) {
            return Err(AnomalyError::NoChannel { input: *input, channels });
        }
        let need = 2 * setup.window_rows;
        if rows.len() < need {
            return Err(AnomalyError::TooFew {
                what: "healthy rows".into(),
                have: rows.len(),
                need,
            });
        }
        let mut gate = Self {
            setup: setup.clone(),
            limits: Vec::new(),
            distance_limit: None,
            recent: VecDeque::new(),
            settling: 0,
        };
        let mut changes: Vec<Vec<f64>> = vec![Vec::new(); gate.looked_at(channels).len()];
        for row in rows {
            if !gate.keep(row) {
                gate.restart();
            }
            for (changes, channel) in changes.iter_mut().zip(gate.looked_at(channels)) {
                changes.extend(gate.change(channel));
            }
        }
        for (changes, channel) in changes.into_iter().zip(gate.looked_at(channels)) {
            let (_, own) = robust::center_and_wide_spread(column(rows, channel));
            let (_, usual) = robust::center_and_spread(changes);
            gate.limits.push((FASTEST * usual).max(LEAST_CHANGE * own));
        }
        gate.restart();
        Ok(gate)
    }

    /// Learns how far healthy rows, by their number in the history of the model, are from
    /// remembered states.
    pub fn learn_distances(&mut self, rows: &[Row], model: &Similarity) {
        let each = rows.iter().enumerate();
        let each =
            each.filter_map(|(at, row)| model.distance(row, &self.setup.inputs, model.apart(at)));
        let all = robust::sorted(each);
        // Inputs that stand still in each mode have no distance at all.
        let usual = robust::quantile(&all, HEALTHY_SHARE).max(0.02);
        self.distance_limit = Some(UNKNOWN_MARGIN * usual);
    }

    /// Takes a row; whether the machine is steady, whatever its mode. A row without any value is
    /// a gap, after which it starts anew.
    pub fn step(&mut self, row: &Row) -> Mode {
        if !self.keep(row) {
            self.restart();
            return Mode::Missing;
        }
        let missing = self.setup.window_rows - self.recent.len();
        if missing > 0 {
            return Mode::Starting { rows: missing };
        }
        if let Some((channel, times)) = self.transient(row.len()) {
            self.settling = self.setup.settle_rows;
            return Mode::Transient { channel, times };
        }
        if self.settling > 0 {
            self.settling -= 1;
            return Mode::Settling { rows: self.settling + 1 };
        }
        Mode::Steady
    }

    /// Takes a row; in which state the machine is by a model. A row of the model's history is
    /// judged apart from its neighbours.
    pub fn judge(&mut self, row: &Row, model: &Similarity, apart: Option<Apart>) -> Mode {
        let mode = self.step(row);
        let Some(limit) = self.distance_limit.filter(|_| mode == Mode::Steady) else {
            return mode;
        };
        match model.distance(row, &self.setup.inputs, apart) {
            None => Mode::Missing,
            Some(distance) if distance > limit => Mode::Unknown { distance, limit },
            Some(_) => Mode::Steady,
        }
    }

    /// Forgets the rows before a gap.
    pub fn restart(&mut self) {
        self.recent.clear();
        self.settling = 0;
    }

    fn looked_at(&self, channels: usize) -> Vec<usize> {
        if self.setup.inputs.is_empty() {
            (0..channels).collect()
        } else {
            self.setup.inputs.clone()
        }
    }

    /// Whether there was anything in the row.
    fn keep(&mut self, row: &Row) -> bool {
        if self.recent.len() == self.setup.window_rows {
            self.recent.pop_front();
        }
        let finite = |value: &Option<f64>| value.filter(|value| value.is_finite());
        let row: Row = row.iter().map(finite).collect();
        let is_there = row.iter().any(Option::is_some);
        self.recent.push_back(row);
        is_there
    }

    /// Mean of the window's second half minus that of its first, of what is there.
    fn change(&self, channel: usize) -> Option<f64> {
        let half = self.setup.window_rows / 2;
        let mean = |from: usize, to: usize| {
            let there = self.recent.range(from..to).filter_map(|row| row[channel]);
            let (sum, many) = there.fold((0.0, 0), |(sum, many), value| (sum + value, many + 1));
            (many > 0).then(|| sum / f64::from(many))
        };
        let rows = self.setup.window_rows;
        (self.recent.len() == rows).then(|| Some(mean(rows - half, rows)? - mean(0, half)?))?
    }

    /// The channel that changes most by its limit, and how many times it, when it is a transient.
    fn transient(&self, channels: usize) -> Option<(usize, f64)> {
        let each = self.looked_at(channels).into_iter().zip(&self.limits);
        let fast = each.filter_map(|(channel, limit)| {
            // A channel that never changed has no limit.
            let times = self.change(channel)?.abs() / limit;
            (*limit > 0.0 && times > 1.0).then_some((channel, times))
        });
        let fast: Vec<(usize, f64)> = fast.collect();
        let needed = if self.setup.inputs.is_empty() { 2 } else { 1 };
        let most = fast.iter().copied().max_by(|a, b| a.1.total_cmp(&b.1));
        most.filter(|_| fast.len() >= needed)
    }
}
