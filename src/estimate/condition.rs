//! Condition monitoring: one machine watched on line, from its first sample to what is wrong with it.
//!
//! Flows in: samples, one by one. Flows out: whether something has changed, since when, and which
//! fault explains it. The steps are those of ISO 13374 up to health assessment: a filter learns the
//! machine while it is new; the model then runs beside it, corrected by nothing; means of its
//! residuals over blocks of time go through Page's tests; and once one speaks, a bank of hypotheses
//! looks back to before the change. What is kept of the past is bounded.

use std::collections::VecDeque;

use super::anomaly::{Change, Sequential};
use super::bank::{Bank, Hypothesis};
use super::residual::Beside;
use super::sample::{Lost, Measured};
use super::setup::{Setup, Slot};
use super::unscented::{Belief, Unscented};

/// How a machine is watched.
#[derive(Clone)]
pub struct Watching {
    /// What is estimated of it while it is healthy.
    pub setup: Setup,
    /// In which ways it may go wrong; that nothing is wrong should be one of them.
    pub hypotheses: Vec<Hypothesis>,
    /// It is learnt for so long, in seconds, before it is watched.
    pub learn_s: f64,
    /// Residuals are averaged over so long, in seconds, before they are tested.
    pub block_s: f64,
    /// Standard deviation of a healthy block's mean, by output ([`scatter`]); where it is not
    /// finite, the output is not tested.
    pub scatter: Vec<f64>,
    /// The tests forgive means of up to so many deviations.
    pub forgiven: f64,
    /// They speak when what is beyond adds up to so many deviations.
    pub speaks: f64,
    /// Share by which a sample counts in the diagnosis ([`Bank::tempered`]).
    pub share: f64,
    /// The diagnosis looks back so far at most, in seconds.
    pub reach_s: f64,
}

/// Means of the residuals over a block of time, by output; `None` where nothing was measured.
pub type Block = Vec<Option<f64>>;

/// What has changed, and since when.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Alarm {
    /// When it was noticed, in seconds.
    pub time_s: f64,
    /// Since when residuals have been adding up, in seconds.
    pub since_s: f64,
    /// In which output.
    pub output: usize,
    /// Which way.
    pub change: Change,
}

/// A machine that is watched.
pub struct ConditionMonitor {
    watching: Watching,
    begin_s: f64,
    filter: Unscented,
    beside: Option<Beside>,
    sums: Vec<(f64, u32)>,
    block_end_s: f64,
    /// Upwards and downwards, for each output.
    tests: Vec<[Sequential; 2]>,
    /// Beliefs once a block, the earliest first.
    beliefs: VecDeque<Belief>,
    /// Samples since the first of the beliefs.
    samples: VecDeque<Measured>,
    alarm: Option<Alarm>,
    bank: Option<Bank>,
}

impl ConditionMonitor {
    /// Begins with the first sample's inputs, at `begin_s` seconds.
    ///
    /// # Errors
    /// When the setup does not fit its model, or a span of time is not above 0 s.
    pub fn new(watching: Watching, begin_s: f64, inputs: &[f64]) -> Result<Self, String> {
        watching.check()?;
        let filter = Unscented::new(watching.setup.clone(), begin_s, inputs)?;
        // Whether they fit is told now, and not when there is an alarm.
        Bank::new(filter.setup(), filter.belief(), &watching.hypotheses)?;
        let outputs = watching.scatter.len();
        Ok(Self {
            begin_s,
            filter,
            beside: None,
            sums: vec![(0.0, 0); outputs],
            block_end_s: f64::NAN,
            tests: vec![watching.tests(); outputs],
            beliefs: VecDeque::new(),
            samples: VecDeque::new(),
            alarm: None,
            bank: None,
            watching,
        })
    }

    /// Takes the next sample; the means of a block of residuals when one has become full.
    ///
    /// # Errors
    /// When the sample does not fit, or the filter or the model beside the machine has diverged.
    pub fn observe(&mut self, sample: &Measured) -> Result<Option<Block>, Lost> {
        self.filter.observe(sample)?;
        if let Some(bank) = &mut self.bank {
            bank.observe(sample)?;
        }
        if sample.time_s < self.begin_s + self.watching.learn_s {
            return Ok(None);
        }
        self.remember(sample);
        let beside = self.beside.get_or_insert_with(|| learnt(&self.filter, sample.time_s));
        let residual = beside.residual(sample)?;
        let Some(block) = self.average(sample.time_s, &residual) else { return Ok(None) };
        if self.bank.is_none()
            && let Some(alarm) = self.test(sample.time_s, &block)
        {
            self.bank = Some(self.suspect(alarm.since_s)?);
            self.alarm = Some(alarm);
        }
        Ok(Some(block))
    }

    /// The alarm that stands.
    pub fn alarm(&self) -> Option<Alarm> {
        self.alarm
    }

    /// The hypotheses, once there is an alarm.
    pub fn bank(&self) -> Option<&Bank> {
        self.bank.as_ref()
    }

    /// What is believed of the machine as a healthy one.
    pub fn filter(&self) -> &Unscented {
        &self.filter
    }

    /// All is well: the alarm is taken back, and the tests begin anew.
    pub fn acquit(&mut self) {
        (self.bank, self.alarm) = (None, None);
        self.tests.iter_mut().flatten().for_each(Sequential::restart);
    }

    /// Keeps what a diagnosis may look back to.
    fn remember(&mut self, sample: &Measured) {
        let due = |last: &Belief| sample.time_s >= last.time_s + self.watching.block_s;
        if self.beliefs.back().is_none_or(due) {
            self.beliefs.push_back(self.filter.belief().clone());
        }
        self.samples.push_back(sample.clone());
        let earliest_s = sample.time_s - self.watching.reach_s;
        while self.beliefs.get(1).is_some_and(|second| second.time_s < earliest_s) {
            self.beliefs.pop_front();
        }
        let first_s = self.beliefs[0].time_s;
        while self.samples.front().is_some_and(|sample| sample.time_s <= first_s) {
            self.samples.pop_front();
        }
    }

    /// Adds residuals; the block's means when it is full.
    fn average(&mut self, time_s: f64, residual: &[Option<f64>]) -> Option<Block> {
        if self.block_end_s.is_nan() {
            self.block_end_s = time_s + self.watching.block_s;
        }
        for ((sum, count), off) in self.sums.iter_mut().zip(residual) {
            if let Some(off) = off {
                (*sum, *count) = (*sum + off, *count + 1);
            }
        }
        if time_s < self.block_end_s {
            return None;
        }
        self.block_end_s += self.watching.block_s;
        if self.block_end_s <= time_s {
            // After a gap the next block begins now.
            self.block_end_s = time_s + self.watching.block_s;
        }
        let mean = |(sum, count): (f64, u32)| (count > 0).then(|| sum / f64::from(count));
        Some(self.sums.iter_mut().map(|each| mean(std::mem::take(each))).collect())
    }

    /// Whether a test speaks: the one that has been rising for longest.
    fn test(&mut self, time_s: f64, block: &[Option<f64>]) -> Option<Alarm> {
        let begun_s = time_s - self.watching.block_s;
        let mut first: Option<Alarm> = None;
        for (output, tests) in self.tests.iter_mut().enumerate() {
            let scatter = self.watching.scatter[output];
            let Some(mean) = block[output].filter(|_| scatter.is_finite()) else { continue };
            for test in tests {
                let speaks = test.step(mean / scatter, begun_s);
                let since_s = test.since_s().unwrap_or(begun_s);
                if speaks && first.is_none_or(|alarm| since_s < alarm.since_s) {
                    first = Some(Alarm { time_s, since_s, output, change: test.found() });
                }
            }
        }
        first
    }

    /// Looks back with every hypothesis, from a block before the change on.
    fn suspect(&self, since_s: f64) -> Result<Bank, Lost> {
        let Watching { hypotheses, share, block_s, .. } = &self.watching;
        let before = self.beliefs.partition_point(|belief| belief.time_s <= since_s - block_s);
        let belief = &self.beliefs[before.saturating_sub(1)];
        let unknown = |what| Lost::Diverged { time_s: belief.time_s, what };
        let bank = Bank::new(self.filter.setup(), belief, hypotheses).map_err(unknown)?;
        let mut bank = bank.tempered(*share);
        for sample in self.samples.iter().filter(|sample| sample.time_s > belief.time_s) {
            bank.observe(sample)?;
        }
        Ok(bank)
    }
}

impl Watching {
    fn check(&self) -> Result<(), String> {
        let spans =
            [("learning", self.learn_s), ("a block", self.block_s), ("reach", self.reach_s)];
        if let Some((what, span_s)) = spans.into_iter().find(|(_, span_s)| !(*span_s > 0.0)) {
            return Err(format!("the time of {what} has to be above 0 s, not {span_s} s"));
        }
        let (is, wanted) = (self.scatter.len(), self.setup.noise.len());
        if is != wanted {
            return Err(format!(
                "the model has {wanted} outputs, but the scatter of {is} is stated"
            ));
        }
        if let Some(at) = self.scatter.iter().position(|scatter| !(*scatter > 0.0)) {
            let name = &self.setup.model.about().outputs[at].name;
            return Err(format!(
                "the scatter of `{name}` has to be above 0, not {}",
                self.scatter[at]
            ));
        }
        if !(self.forgiven > 0.0 && self.speaks > 0.0) {
            let (forgiven, speaks) = (self.forgiven, self.speaks);
            return Err(format!(
                "tests forgive and speak above 0 deviations, not {forgiven} and {speaks}"
            ));
        }
        Ok(())
    }

    /// The tests of an output. A sum of what is beyond `forgiven` deviations is Page's test for a
    /// shift of twice that, in units of that shift.
    fn tests(&self) -> [Sequential; 2] {
        let shift = 2.0 * self.forgiven;
        let test = |change| Sequential::page(change, shift, shift * self.speaks);
        [test(Change::Higher), test(Change::Lower)]
    }
}

/// The model as the filter has learnt it.
fn learnt(filter: &Unscented, time_s: f64) -> Beside {
    let (setup, belief) = (filter.setup(), filter.belief());
    let mut parameters = setup.parameters.clone();
    for (each, mean) in setup.estimated.iter().zip(&belief.mean) {
        if let Slot::Parameter(at) = each.slot {
            parameters[at] = each.scale.to_value(*mean);
        }
    }
    Beside::new(setup.model.clone(), parameters, belief.states.clone(), time_s, setup.step_s)
}

/// How far the means of healthy blocks scatter about 0: a deviation for each output, as learnt from
/// the blocks of machines that were well. An output that was never measured has none that is finite.
pub fn scatter(healthy: &[Block]) -> Vec<f64> {
    let outputs = healthy.first().map_or(0, Vec::len);
    let deviation = |at: usize| {
        let values = || healthy.iter().filter_map(|block| block[at]);
        let squares: f64 = values().map(|mean| mean * mean).sum();
        let deviation = (squares / values().count() as f64).sqrt();
        if deviation > 0.0 { deviation } else { f64::INFINITY }
    };
    (0..outputs).map(deviation).collect()
}

#[cfg(test)]
mod tests;
