//! Anomaly detection for one asset: learn from healthy rows, then watch row by row.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use super::design::{FalseAlarmEstimate, TestDesign};
use super::events::{Counters, Event, Verdict};
use super::fidelity::Fidelity;
use super::gate::{GateSetup, Mode, ModeGate};
use super::monitor::Monitor;
use super::similarity::{Apart, MemorySetup, Similarity};
use super::{AnomalyError, Row, check_rows};

/// Rows farther apart than so many steps have a gap between them.
pub const GAP_STEPS: f64 = 2.5;
/// While false alarms are calibrated, a row is judged without all that is within this part of the
/// history from it: days to come are not remembered either.
const LEFT_OUT: usize = 20;

/// What is watched, and how.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DetectorSetup {
    /// Names of the channels, for reasons in words.
    pub channels: Vec<String>,
    /// Channels that are set from outside (setpoints, surroundings): the others are
    /// estimated from them, and they are not tested themselves.
    pub conditions: Vec<usize>,
    /// When rows are judged.
    pub gate: GateSetup,
    /// How healthy states are remembered.
    pub memory: MemorySetup,
    /// What the tests are designed for.
    #[serde(rename = "wish")]
    pub design: TestDesign,
    /// Rows in a window of fidelity.
    pub fidelity_rows: usize,
    /// The band of fidelity, in healthy spreads.
    pub fidelity_band: f64,
    /// The chance of taking scatter for a drift of fidelity, in one look.
    pub fidelity_chance: f64,
}

impl DetectorSetup {
    /// For these channels, with what is usual.
    pub fn new(channels: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Self {
            channels: channels.into_iter().map(Into::into).collect(),
            conditions: Vec::new(),
            gate: GateSetup::default(),
            memory: MemorySetup::default(),
            design: TestDesign::default(),
            fidelity_rows: 200,
            fidelity_band: 2.0,
            fidelity_chance: 0.01,
        }
    }
}

/// A detector under way.
///
/// A row waits for half a window of the gate before it is tested, because a transient is seen that
/// much after it has begun.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Detector {
    setup: DetectorSetup,
    similarity: Similarity,
    gate: ModeGate,
    monitor: Monitor,
    fidelity: Fidelity,
    counters: Counters,
    last_s: Option<f64>,
    /// Residuals that wait to be tested.
    waiting: VecDeque<(f64, Row)>,
}

impl Detector {
    /// Learns from healthy rows, one a step, in order of time; a row without any value stands for a
    /// gap. Most of the rows have to be steady.
    ///
    /// Costs a time proportional to rows × remembered states × channels, some ten ns each.
    ///
    /// # Errors
    /// When a row has too many or too few values, the design of the tests cannot be, or too little is to learn from.
    pub fn learn(setup: &DetectorSetup, rows: &[Row]) -> Result<Self, AnomalyError> {
        check_rows(rows, setup.channels.len())?;
        let mut ignored = Counters::default();
        let rows: Vec<Row> = rows.iter().map(|row| ignored.clean(row)).collect();
        let mut gate = ModeGate::learn(&rows, &setup.gate)?;
        let steady = rows.iter().map(|row| match gate.step(row) {
            Mode::Steady => row.clone(),
            _ => vec![None; row.len()],
        });
        let steady: Vec<Row> = steady.collect();
        let similarity = Similarity::learn(&steady, &setup.memory)?;
        gate.learn_distances(&steady, &similarity);
        let residuals = healthy_residuals(setup, &rows, &mut gate, &similarity);
        let fidelity = Fidelity::learn(
            &residuals,
            setup.fidelity_rows,
            setup.fidelity_band,
            setup.fidelity_chance,
        )?;
        let monitor = Monitor::learn(&residuals, &setup.design)?;
        gate.restart();
        Ok(Self {
            setup: setup.clone(),
            similarity,
            gate,
            monitor,
            fidelity,
            counters: Counters::default(),
            last_s: None,
            waiting: VecDeque::new(),
        })
    }

    /// Takes a row at a time in seconds; the verdict on the asset.
    ///
    /// # Errors
    /// When the row does not fit the channels, or comes before the last one; it is then ignored.
    pub fn watch(&mut self, time_s: f64, row: &[Option<f64>]) -> Result<Verdict, AnomalyError> {
        if row.len() != self.setup.channels.len() {
            let (have, wanted) = (row.len(), self.setup.channels.len());
            let number = self.counters.rows as usize + 1;
            return Err(AnomalyError::Misfit { row: number, have, wanted });
        }
        self.follow(time_s)?;
        let row = self.counters.clean(row);
        let mode = self.gate.judge(&row, &self.similarity, None);
        self.counters.used(&mode);
        let estimate = self.similarity.estimate(&row, &self.distrusted());
        let mut events = Vec::new();
        if mode.is_passing() {
            self.pause();
        } else {
            // Nothing of an unknown state is tested, but what came before it is.
            let residuals = match mode {
                Mode::Steady => judged(&self.setup, estimate.residuals.clone()),
                _ => vec![None; row.len()],
            };
            self.waiting.push_back((time_s, residuals));
            if self.waiting.len() > delay(&self.setup)
                && let Some((then_s, residuals)) = self.waiting.pop_front()
            {
                events = self.monitor.step(then_s, &residuals);
                events.extend(self.fidelity.step(then_s, &residuals).map(Event::Drifting));
            }
        }
        let name = |at: usize| self.setup.channels[at].clone();
        Ok(Verdict {
            time_s,
            reason: mode.reason(name),
            mode,
            estimate,
            scores: self.monitor.scores(),
            anomalies: self.monitor.anomalies(),
            score: self.monitor.score(),
            fidelity: self.fidelity.score(),
            events,
        })
    }

    /// How often false alarms will come, by the healthy history.
    pub fn false_alarms(&self) -> &FalseAlarmEstimate {
        self.monitor.false_alarms()
    }

    /// What became of all rows watched.
    pub fn counters(&self) -> &Counters {
        &self.counters
    }

    /// The tests, with their levels and thresholds.
    pub fn monitor(&self) -> &Monitor {
        &self.monitor
    }

    /// The model of healthy states.
    pub fn similarity(&self) -> &Similarity {
        &self.similarity
    }

    /// Notices gaps.
    fn follow(&mut self, time_s: f64) -> Result<(), AnomalyError> {
        if let Some(last_s) = self.last_s {
            if time_s <= last_s || !time_s.is_finite() {
                return Err(AnomalyError::Late { row_s: time_s, last_s });
            }
            if time_s - last_s > GAP_STEPS * self.setup.design.step_s {
                self.counters.gaps += 1;
                self.gate.restart();
                self.pause();
            }
        } else if !time_s.is_finite() {
            return Err(AnomalyError::FirstTime { time_s });
        }
        self.last_s = Some(time_s);
        Ok(())
    }

    fn pause(&mut self) {
        self.waiting.clear();
        self.monitor.pause();
    }

    /// Channels in alarm, from which others are not estimated: at most half of them, the first ones;
    /// when more are off it is the asset and not its sensors.
    fn distrusted(&self) -> Vec<bool> {
        let mut out = vec![false; self.setup.channels.len()];
        let most = out.len().saturating_sub(1) / 2;
        for anomaly in self.monitor.anomalies().iter().take(most) {
            out[anomaly.channel] = true;
        }
        out
    }
}

/// Residuals without those of conditions.
fn judged(setup: &DetectorSetup, mut residuals: Row) -> Row {
    for at in &setup.conditions {
        if let Some(residual) = residuals.get_mut(*at) {
            *residual = None;
        }
    }
    residuals
}

/// Rows that a row waits until it is tested.
fn delay(setup: &DetectorSetup) -> usize {
    setup.gate.window_rows / 2
}

/// Residuals of the history as they will be tested; nothing where tests pause.
fn healthy_residuals(
    setup: &DetectorSetup,
    rows: &[Row],
    gate: &mut ModeGate,
    similarity: &Similarity,
) -> Vec<Row> {
    gate.restart();
    let few = rows.len() / LEFT_OUT;
    let apart = |number| Some(Apart { number, rows: few.max(setup.memory.apart_rows) });
    let mut out = vec![vec![None; setup.channels.len()]; rows.len()];
    let mut waiting = VecDeque::new();
    for (at, row) in rows.iter().enumerate() {
        let mode = gate.judge(row, similarity, apart(at));
        if mode.is_passing() {
            waiting.clear();
            continue;
        }
        waiting.push_back((at, mode == Mode::Steady));
        if waiting.len() > delay(setup)
            && let Some((tested, true)) = waiting.pop_front()
        {
            let estimate = similarity.estimate_apart(&rows[tested], &[], apart(tested));
            out[tested] = judged(setup, estimate.residuals);
        }
    }
    out
}
