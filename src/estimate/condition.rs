//! Condition monitoring: one machine watched on line, from its first sample to what is wrong with it.
//!
//! Flows in: samples, one by one. Flows out: whether something has changed, since when, and which
//! fault explains it. The steps are those of ISO 13374 up to health assessment: a filter learns the
//! machine while it is new; the model then runs open-loop, not corrected by samples; means of its
//! residuals over blocks of time go through CUSUM tests (E. S. Page, 1954); and once one of them is
//! above its threshold, a bank of hypotheses is run from the belief before the change on. The past
//! that is kept for this is bounded.

use std::collections::VecDeque;

use super::anomaly::{Change, Sequential};
use super::bank::{Bank, Hypothesis};
use super::error::{BankError, MonitorError};
use super::open_loop::OpenLoopModel;
use super::sample::{Measured, ObserveError};
use super::setup::FilterSetup;
use super::unscented::{Belief, Unscented};

/// How a machine's condition is monitored.
#[derive(Clone)]
pub struct MonitorSetup {
    /// What is estimated of it while it is healthy.
    pub setup: FilterSetup,
    /// In which ways it may go wrong; that nothing is wrong should be one of them.
    pub hypotheses: Vec<Hypothesis>,
    /// It is learnt for so long, in seconds, before it is watched.
    pub learn_s: f64,
    /// Residuals are averaged over so long, in seconds, before they are tested.
    pub block_s: f64,
    /// Standard deviation of a healthy block's mean, by output ([`scatter`]); where it is not
    /// finite, the output is not tested.
    pub scatter: Vec<f64>,
    /// Slack of the CUSUM tests: means of up to so many deviations do not count.
    pub cusum_slack: f64,
    /// Threshold of the CUSUM tests: a change is detected when what is beyond the slack adds up to
    /// so many deviations.
    pub cusum_threshold: f64,
    /// Share by which a sample counts in the diagnosis ([`Bank::tempered`]).
    pub share: f64,
    /// How far the diagnosis goes back at most, in seconds.
    pub reach_s: f64,
}

/// Means of the residuals over a block of time, by output; `None` where nothing was measured.
pub type Block = Vec<Option<f64>>;

/// A change that was detected: in which output, which way and since when.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Detection {
    /// When it was detected, in seconds.
    pub time_s: f64,
    /// Since when residuals have been adding up, in seconds.
    pub since_s: f64,
    /// In which output.
    pub output: usize,
    /// Which way.
    pub change: Change,
}

/// A machine whose condition is monitored.
pub struct ConditionMonitor {
    monitor_setup: MonitorSetup,
    begin_s: f64,
    filter: Unscented,
    open_loop: Option<OpenLoopModel>,
    sums: Vec<(f64, u32)>,
    block_end_s: f64,
    /// Upwards and downwards, for each output.
    tests: Vec<[Sequential; 2]>,
    /// Beliefs once a block, the earliest first.
    beliefs: VecDeque<Belief>,
    /// Samples since the first of the beliefs.
    samples: VecDeque<Measured>,
    detection: Option<Detection>,
    bank: Option<Bank>,
}

impl ConditionMonitor {
    /// Begins with the first sample's inputs, at `begin_s` seconds.
    ///
    /// # Errors
    /// When the setup does not fit its model, or a span of time is not above 0 s.
    pub fn new(
        monitor_setup: MonitorSetup,
        begin_s: f64,
        inputs: &[f64],
    ) -> Result<Self, MonitorError> {
        monitor_setup.check()?;
        let filter = Unscented::new(monitor_setup.setup.clone(), begin_s, inputs)?;
        // Hypotheses that do not fit are an error now, and not when a change is detected.
        Bank::new(&filter, &monitor_setup.hypotheses)?;
        let outputs = monitor_setup.scatter.len();
        Ok(Self {
            begin_s,
            filter,
            open_loop: None,
            sums: vec![(0.0, 0); outputs],
            block_end_s: f64::NAN,
            tests: vec![monitor_setup.tests(); outputs],
            beliefs: VecDeque::new(),
            samples: VecDeque::new(),
            detection: None,
            bank: None,
            monitor_setup,
        })
    }

    /// Takes the next sample; the means of a block of residuals when one has become full.
    ///
    /// # Errors
    /// When the sample does not fit, or the filter or the open-loop model has diverged.
    pub fn observe(&mut self, sample: &Measured) -> Result<Option<Block>, ObserveError> {
        self.filter.observe(sample)?;
        if let Some(bank) = &mut self.bank {
            bank.observe(sample)?;
        }
        if sample.time_s < self.begin_s + self.monitor_setup.learn_s {
            return Ok(None);
        }
        self.store(sample);
        let open_loop = self.open_loop.get_or_insert_with(|| OpenLoopModel::learned(&self.filter));
        let residual = open_loop.residual(sample)?;
        let Some(block) = self.average(sample.time_s, &residual) else { return Ok(None) };
        if self.bank.is_none()
            && let Some(detection) = self.test(sample.time_s, &block)
        {
            self.bank = Some(self.diagnose(detection.since_s)?);
            self.detection = Some(detection);
        }
        Ok(Some(block))
    }

    /// The change that was detected, until it is cleared.
    pub fn detection(&self) -> Option<Detection> {
        self.detection
    }

    /// The hypotheses, once a change was detected.
    pub fn bank(&self) -> Option<&Bank> {
        self.bank.as_ref()
    }

    /// What is believed of the machine as a healthy one.
    pub fn filter(&self) -> &Unscented {
        &self.filter
    }

    /// Clears the detection, as for a false alarm: the tests begin anew.
    pub fn clear(&mut self) {
        (self.bank, self.detection) = (None, None);
        self.tests.iter_mut().flatten().for_each(Sequential::restart);
    }

    /// Keeps what a diagnosis goes back to.
    fn store(&mut self, sample: &Measured) {
        let due = |last: &Belief| sample.time_s >= last.time_s + self.monitor_setup.block_s;
        if self.beliefs.back().is_none_or(due) {
            self.beliefs.push_back(self.filter.belief().clone());
        }
        self.samples.push_back(sample.clone());
        let earliest_s = sample.time_s - self.monitor_setup.reach_s;
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
            self.block_end_s = time_s + self.monitor_setup.block_s;
        }
        for ((sum, count), off) in self.sums.iter_mut().zip(residual) {
            if let Some(off) = off {
                (*sum, *count) = (*sum + off, *count + 1);
            }
        }
        if time_s < self.block_end_s {
            return None;
        }
        self.block_end_s += self.monitor_setup.block_s;
        if self.block_end_s <= time_s {
            // After a gap the next block begins now.
            self.block_end_s = time_s + self.monitor_setup.block_s;
        }
        let mean = |(sum, count): (f64, u32)| (count > 0).then(|| sum / f64::from(count));
        Some(self.sums.iter_mut().map(|each| mean(std::mem::take(each))).collect())
    }

    /// The change that the tests detect: of those above their threshold, the one that began first.
    fn test(&mut self, time_s: f64, block: &[Option<f64>]) -> Option<Detection> {
        let begun_s = time_s - self.monitor_setup.block_s;
        let mut first: Option<Detection> = None;
        for (output, tests) in self.tests.iter_mut().enumerate() {
            let scatter = self.monitor_setup.scatter[output];
            let Some(mean) = block[output].filter(|_| scatter.is_finite()) else { continue };
            for test in tests {
                let is_above = test.step(mean / scatter, begun_s);
                let since_s = test.since_s().unwrap_or(begun_s);
                if is_above && first.is_none_or(|detection| since_s < detection.since_s) {
                    first = Some(Detection { time_s, since_s, output, change: test.found() });
                }
            }
        }
        first
    }

    /// Runs every hypothesis over the samples from a block before the change on.
    fn diagnose(&self, since_s: f64) -> Result<Bank, ObserveError> {
        let MonitorSetup { hypotheses, share, block_s, .. } = &self.monitor_setup;
        let before = self.beliefs.partition_point(|belief| belief.time_s <= since_s - block_s);
        let belief = &self.beliefs[before.saturating_sub(1)];
        let unknown = |error: BankError| ObserveError::Diverged {
            time_s: belief.time_s,
            what: error.to_string(),
        };
        let bank = Bank::since(&self.filter, belief, hypotheses).map_err(unknown)?;
        let mut bank = bank.tempered(*share);
        for sample in self.samples.iter().filter(|sample| sample.time_s > belief.time_s) {
            bank.observe(sample)?;
        }
        Ok(bank)
    }
}

impl MonitorSetup {
    fn check(&self) -> Result<(), MonitorError> {
        let spans =
            [("learning", self.learn_s), ("a block", self.block_s), ("reach", self.reach_s)];
        if let Some((what, span_s)) = spans.into_iter().find(|(_, span_s)| !(*span_s > 0.0)) {
            return Err(MonitorError::Span { what, span_s });
        }
        let (is, wanted) = (self.scatter.len(), self.setup.noise.len());
        if is != wanted {
            return Err(MonitorError::ScatterCount { is, wanted });
        }
        if let Some(at) = self.scatter.iter().position(|scatter| !(*scatter > 0.0)) {
            let output = self.setup.model.about().outputs[at].name.clone();
            return Err(MonitorError::Scatter { output, scatter: self.scatter[at] });
        }
        let (slack, threshold) = (self.cusum_slack, self.cusum_threshold);
        if !(slack > 0.0 && threshold > 0.0) {
            return Err(MonitorError::Cusum { slack, threshold });
        }
        Ok(())
    }

    /// The tests of an output. A sum of what is beyond a slack is Page's test for a shift of twice
    /// that slack, in units of that shift.
    fn tests(&self) -> [Sequential; 2] {
        let shift = 2.0 * self.cusum_slack;
        let test = |change| Sequential::page(change, shift, shift * self.cusum_threshold);
        [test(Change::Higher), test(Change::Lower)]
    }
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
