//! How well a model goes with its machine: residuals, a fidelity, and tests for a change of either.
//!
//! Flows in: samples, healthy ones to learn from and then one by one. Flows out: how far the model
//! was off, what is anomalous since when, and a [`Fidelity`] with its drift. No failure has to be
//! known.

use std::collections::VecDeque;

use super::anomaly::{
    Anomaly, AnomalyError, Counters, Event, FalseAlarmEstimate, Fidelity, GAP_STEPS, GateSetup,
    Mode, ModeGate, Monitor, Row, TestDesign,
};
use super::open_loop::OpenLoopModel;
use super::sample::{Measured, ObserveError};

/// Residuals within so many healthy spreads count as good.
const BAND: f64 = 2.0;
/// Probability of taking scatter for a drift of fidelity, in one test.
const CHANCE: f64 = 0.01;
/// An input is outside of its healthy range when it leaves it by this share of that range.
const MARGIN: f64 = 0.1;
/// The least margin of a range, as a share of the input's size: for inputs that hardly moved.
const LEAST_MARGIN: f64 = 0.01;

/// A model and its machine, compared sample by sample.
pub struct Tracking {
    open_loop: OpenLoopModel,
    modes: Modes,
    monitor: Monitor,
    fidelity: Fidelity,
    counters: Counters,
    /// Healthy residuals of each output: their mean and deviation; `None` where none is measured.
    healthy: Vec<Option<(f64, f64)>>,
    /// Residuals that wait to be tested, because a transient is seen a little after it has begun.
    waiting: VecDeque<(f64, Row)>,
}

/// What follows from a sample.
#[derive(Clone, Debug, PartialEq)]
pub struct Tracked {
    /// Whether the sample could be judged: the model's inputs are steady and where they were in
    /// healthy times. Channels of a transient are the model's inputs.
    pub mode: Mode,
    /// Measured minus modelled, less the healthy mean, in the outputs' units.
    pub residuals: Row,
    /// What has changed with this sample; channels are the model's outputs.
    pub events: Vec<Event>,
    /// The strongest test by its threshold; above 1 there is an alarm.
    pub score: f64,
    /// From 0 to 1, once a window is full.
    pub fidelity: Option<f64>,
    /// Outputs in alarm, the first first.
    pub anomalies: Vec<Anomaly>,
}

/// Why nothing can be learnt of how well a model goes with its machine.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum TrackingError {
    /// The model cannot follow a healthy sample.
    #[error(transparent)]
    Model(#[from] ObserveError),
    /// The healthy residuals cannot be learnt from.
    #[error(transparent)]
    Learning(#[from] AnomalyError),
}

impl Tracking {
    /// Learns from healthy samples, in order, through which the model runs from its present state on;
    /// fidelity is of so many samples. Most of the samples have to be steady.
    ///
    /// # Errors
    /// When the model diverges, the design of the tests cannot be, or too little is to learn from.
    pub fn learn(
        mut open_loop: OpenLoopModel,
        healthy: &[Measured],
        design: &TestDesign,
        window: usize,
    ) -> Result<Self, TrackingError> {
        let mut modes = Modes::learn(healthy, design.step_s)?;
        let residuals = healthy.iter().map(|sample| open_loop.residual(sample));
        let residuals: Vec<Row> = residuals.collect::<Result<_, _>>()?;
        let residuals = modes.tested(healthy, residuals);
        let outputs = residuals.first().map_or(0, Vec::len);
        let spreads: Vec<_> = (0..outputs).map(|at| spread(&residuals, at)).collect();
        let residuals: Vec<Row> = residuals.iter().map(|row| centred(row, &spreads)).collect();
        let rows: Vec<Row> = residuals.iter().map(|row| scaled(row, &spreads)).collect();
        Ok(Self {
            monitor: Monitor::learn(&rows, design)?,
            fidelity: Fidelity::learn(&rows, window, BAND, CHANCE)?,
            healthy: spreads,
            counters: Counters::default(),
            waiting: VecDeque::new(),
            modes,
            open_loop,
        })
    }

    /// The next samples are of another run of the machine, which that model follows from its state on.
    pub fn follow(&mut self, open_loop: OpenLoopModel) {
        self.open_loop = open_loop;
    }

    /// Takes the next sample.
    ///
    /// # Errors
    /// When it comes too late, or the model diverges; nothing has changed then.
    pub fn observe(&mut self, sample: &Measured) -> Result<Tracked, ObserveError> {
        let residuals = centred(&self.open_loop.residual(sample)?, &self.healthy);
        let row = scaled(&residuals, &self.healthy);
        self.count(sample);
        let (mode, is_gap) = self.modes.judge(sample);
        self.counters.gaps += u64::from(is_gap);
        self.counters.used(&mode);
        if is_gap || mode.is_passing() {
            self.waiting.clear();
            self.monitor.pause();
        }
        let mut events = Vec::new();
        if !mode.is_passing() {
            // What is not known is not tested, but what came before it is.
            let tested = if mode == Mode::Steady { row } else { vec![None; row.len()] };
            self.waiting.push_back((sample.time_s, tested));
            if self.waiting.len() > self.modes.delay()
                && let Some((then_s, row)) = self.waiting.pop_front()
            {
                events = self.monitor.step(then_s, &row);
                events.extend(self.fidelity.step(then_s, &row).map(Event::Drifting));
            }
        }
        Ok(Tracked {
            mode,
            residuals,
            events,
            score: self.monitor.score(),
            fidelity: self.fidelity.score(),
            anomalies: self.monitor.anomalies(),
        })
    }

    fn count(&mut self, sample: &Measured) {
        self.counters.rows += 1;
        for (value, healthy) in sample.outputs.iter().zip(&self.healthy) {
            let is_missing = value.is_none() && healthy.is_some();
            self.counters.missing_values += u64::from(is_missing);
        }
    }

    /// How often false alarms will come, by the healthy samples.
    pub fn false_alarms(&self) -> &FalseAlarmEstimate {
        self.monitor.false_alarms()
    }

    /// What became of all samples.
    pub fn counters(&self) -> &Counters {
        &self.counters
    }
}

/// In which operating mode a machine is, by the inputs of its model: a model that was compared with its
/// machine in some modes does not show its errors in others, or in the transients between them.
struct Modes {
    gate: ModeGate,
    /// Smallest and largest healthy value of each input, with a margin.
    ranges: Vec<(f64, f64)>,
    window_rows: usize,
    step_s: f64,
    last_s: Option<f64>,
}

impl Modes {
    fn learn(healthy: &[Measured], step_s: f64) -> Result<Self, AnomalyError> {
        let inputs = healthy.first().map_or(0, |sample| sample.inputs.len());
        let setup = GateSetup { inputs: (0..inputs).collect(), ..GateSetup::default() };
        let rows: Vec<Row> = healthy.iter().map(of_inputs).collect();
        let range = |at: usize| {
            let values = healthy.iter().map(|sample| sample.inputs[at]);
            let low = values.clone().fold(f64::INFINITY, f64::min);
            let high = values.fold(f64::NEG_INFINITY, f64::max);
            let size = LEAST_MARGIN * low.abs().max(high.abs());
            let margin = (MARGIN * (high - low)).max(size);
            (low - margin, high + margin)
        };
        Ok(Self {
            gate: ModeGate::learn(&rows, &setup)?,
            ranges: (0..inputs).map(range).collect(),
            window_rows: setup.window_rows,
            step_s,
            last_s: None,
        })
    }

    /// Samples that one waits until it is tested.
    fn delay(&self) -> usize {
        self.window_rows / 2
    }

    /// The mode, and whether there was a gap before the sample.
    fn judge(&mut self, sample: &Measured) -> (Mode, bool) {
        let reach_s = GAP_STEPS * self.step_s;
        let is_gap = self.last_s.is_some_and(|last_s| sample.time_s - last_s > reach_s);
        self.last_s = Some(sample.time_s);
        if is_gap {
            self.gate.restart();
        }
        // A model without inputs has one mode.
        let mode = match sample.inputs.is_empty() {
            true => Mode::Steady,
            false => self.gate.step(&of_inputs(sample)),
        };
        if mode != Mode::Steady {
            return (mode, is_gap);
        }
        let beyond = |(value, (low, high)): (&f64, &(f64, f64))| {
            let half = (0.5 * (high - low)).max(f64::MIN_POSITIVE);
            (value - 0.5 * (low + high)).abs() / half
        };
        let far = sample.inputs.iter().zip(&self.ranges).map(beyond).fold(0.0, f64::max);
        match far > 1.0 {
            true => (Mode::Unknown { distance: far, limit: 1.0 }, is_gap),
            false => (Mode::Steady, is_gap),
        }
    }

    /// Healthy residuals as they will be tested: nothing where tests pause, and an empty row for a gap.
    fn tested(&mut self, healthy: &[Measured], residuals: Vec<Row>) -> Vec<Row> {
        let mut out: Vec<Row> = Vec::with_capacity(residuals.len());
        let mut waiting: VecDeque<(usize, Row)> = VecDeque::new();
        for (sample, row) in healthy.iter().zip(residuals) {
            let (mode, is_gap) = self.judge(sample);
            let nothing = vec![None; row.len()];
            if is_gap {
                waiting.clear();
                out.push(nothing.clone());
            }
            out.push(nothing.clone());
            if mode.is_passing() {
                waiting.clear();
                continue;
            }
            waiting.push_back((out.len() - 1, if mode == Mode::Steady { row } else { nothing }));
            if waiting.len() > self.delay()
                && let Some((at, row)) = waiting.pop_front()
            {
                out[at] = row;
            }
        }
        self.gate.restart();
        self.last_s = None;
        out
    }
}

fn of_inputs(sample: &Measured) -> Row {
    sample.inputs.iter().copied().map(Some).collect()
}

/// Mean and deviation of a column, if it has values that differ.
fn spread(rows: &[Row], at: usize) -> Option<(f64, f64)> {
    let values: Vec<f64> =
        rows.iter().filter_map(|row| row[at]).filter(|value| value.is_finite()).collect();
    let count = values.len() as f64;
    let mean = values.iter().sum::<f64>() / count;
    let squares: f64 = values.iter().map(|value| (value - mean) * (value - mean)).sum();
    let deviation = (squares / count).sqrt();
    (deviation > 0.0).then_some((mean, deviation))
}

fn centred(row: &Row, healthy: &[Option<(f64, f64)>]) -> Row {
    row.iter().zip(healthy).map(|(value, healthy)| Some((*value)? - (*healthy)?.0)).collect()
}

fn scaled(row: &Row, healthy: &[Option<(f64, f64)>]) -> Row {
    row.iter().zip(healthy).map(|(value, healthy)| Some((*value)? / (*healthy)?.1)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::noise::RandomStream;
    use crate::model::registry;

    /// A tank that fills a little and whose level is measured with noise; from a time on its inflow
    /// meter reads too high by a share.
    fn samples(begin: usize, count: usize, wrong: f64) -> Vec<Measured> {
        let tank = registry::find("tank").expect("a model");
        let usual = tank.about().usual_inputs();
        let mut random = RandomStream::new(3, begin as u64);
        let sample = |at: usize| {
            let mut inputs = usual.clone();
            inputs[0] *= 1.0 + wrong * (at - begin) as f64 / count as f64;
            let level = 1.2 + 0.002 * random.normal();
            let outputs = vec![Some(level), Some(293.0 + 0.1 * random.normal()), None, None];
            Measured { time_s: 60.0 * at as f64, inputs, outputs }
        };
        (begin..begin + count).map(sample).collect()
    }

    fn learnt() -> Tracking {
        let tank = registry::find("tank").expect("a model");
        let p = tank.about().usual_parameters();
        let open_loop = OpenLoopModel::new(tank, p, vec![1.2, 293.0], -60.0, 10.0);
        let design =
            TestDesign { step_s: 60.0, false_alarm_every_h: 500.0, ..TestDesign::default() };
        Tracking::learn(open_loop, &samples(0, 3_000, 0.0), &design, 100)
            .expect("enough to learn from")
    }

    #[test]
    fn a_model_that_goes_with_its_machine_keeps_its_fidelity_and_raises_nothing() {
        let mut tracking = learnt();
        let mut last = None;
        for sample in samples(3_000, 1_500, 0.0) {
            let tracked = tracking.observe(&sample).expect("it goes on");
            assert!(tracked.anomalies.is_empty(), "{:?}", tracked.anomalies);
            last = tracked.fidelity;
        }
        assert!(last.is_some_and(|fidelity| fidelity > 0.9), "{last:?}");
    }

    #[test]
    fn a_meter_that_drifts_is_noticed_and_the_fidelity_is_told_to_fall() {
        let mut tracking = learnt();
        let (mut raised, mut falls, mut fidelity) = (None, false, None);
        for sample in samples(3_000, 3_000, 5e-4) {
            let tracked = tracking.observe(&sample).expect("it goes on");
            for event in tracked.events {
                match event {
                    Event::Raised(anomaly) => drop(raised.get_or_insert(anomaly)),
                    Event::Drifting(drift) => falls |= drift.per_h < 0.0,
                    Event::Released { .. } => {}
                }
            }
            fidelity = tracked.fidelity;
        }
        assert_eq!(raised.expect("an alarm").channel, 0);
        assert!(falls && fidelity.is_some_and(|fidelity| fidelity < 0.5), "{fidelity:?}");
    }

    #[test]
    fn a_mode_that_was_never_healthy_is_not_judged_and_said_to_be_unknown() {
        let mut tracking = learnt();
        for (at, mut sample) in samples(3_000, 300, 0.0).into_iter().enumerate() {
            // Twice the inflow, of which the model was never seen to be right.
            sample.inputs[0] *= 2.0;
            let tracked = tracking.observe(&sample).expect("it goes on");
            if at >= 30 {
                assert!(matches!(tracked.mode, Mode::Unknown { .. }), "{:?}", tracked.mode);
            }
            assert!(tracked.anomalies.is_empty());
        }
        assert_eq!(tracking.counters().tested, 0);
        assert!(tracking.counters().unknown >= 270, "{:?}", tracking.counters());
    }

    #[test]
    fn a_gap_pauses_the_tests_until_it_is_known_whether_the_machine_is_steady() {
        let mut tracking = learnt();
        let mut modes = Vec::new();
        for mut sample in samples(3_000, 60, 0.0) {
            if sample.time_s > 60.0 * 3_030.0 {
                sample.time_s += 36_000.0;
            }
            modes.push(tracking.observe(&sample).expect("it goes on").mode);
        }
        assert_eq!(modes[30], Mode::Steady);
        assert!(matches!(modes[31], Mode::Starting { .. }), "{:?}", modes[31]);
        assert_eq!(tracking.counters().gaps, 1);
    }

    #[test]
    fn too_little_history_is_said() {
        let tank = registry::find("tank").expect("a model");
        let p = tank.about().usual_parameters();
        let open_loop = OpenLoopModel::new(tank, p, vec![1.2, 293.0], -60.0, 10.0);
        let error =
            Tracking::learn(open_loop, &samples(0, 20, 0.0), &TestDesign::default(), 100).err();
        assert!(error.is_some_and(|error| error.to_string().contains("at least")));
    }
}
