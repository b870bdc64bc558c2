//! All tests of all channels of an asset, together raising false alarms no more often than they are designed for.
//!
//! Flows in: residuals, from a model or from similarity alike. Flows out: alarms, latched until
//! they have been clear for a while.
//!
//! Thresholds come from theory ([`super::rates`]), where every test has an equal share of the false
//! alarms, after residuals were made independent. Theory is never undercut, but healthy history may
//! raise thresholds ([`super::tail`]): first each test's by its own course, then all by the course
//! of the highest, for tests are not independent.

use serde::{Deserialize, Serialize};

use super::design::{Correlation, FalseAlarmEstimate, REACH, TestDesign};
use super::events::{Anomaly, Event};
use super::sequential::{Change, Sequential};
use super::whiten::Whitener;
use super::{AnomalyError, Row, check_rows, rates};

/// Shares of the false alarms that each channel has: two sides and two scatters. Page's and Wald's
/// test to one side climb together and count as one.
const SHARES: f64 = 4.0;
/// Fewest tested rows of a channel.
const LEAST_ROWS: usize = 50;
/// Levels rise no higher than so many thresholds, and an alarm is clear under this share of one;
/// the latter is also where a healthy peak ends, so that peaks are counted as alarms are.
const CAP: f64 = 1.5;
const CLEAR: f64 = 0.5;

/// The tests of one channel.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Channel {
    pub(super) whitener: Whitener,
    pub(super) tests: Vec<Sequential>,
    alarm: Option<Anomaly>,
    /// Rows for which the alarm has been clear.
    clear_rows: u32,
}

/// All tests of an asset.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Monitor {
    /// `None` for a channel with too few healthy residuals.
    pub(super) channels: Vec<Option<Channel>>,
    clear_rows: u32,
    #[serde(rename = "promise")]
    pub(super) false_alarms: FalseAlarmEstimate,
}

impl Monitor {
    /// Learns from healthy residuals row by row, in any unit; a residual that is not there or not to
    /// be tested is `None`.
    ///
    /// # Errors
    /// When the design of the tests cannot be, rows differ in length, or no channel has 50 residuals that differ.
    pub fn learn(residuals: &[Row], design: &TestDesign) -> Result<Self, AnomalyError> {
        design.check()?;
        let many = residuals.first().map_or(0, Vec::len);
        check_rows(residuals, many)?;
        let courses = (0..many).map(|at| residuals.iter().map(|row| row[at]).collect());
        let courses: Vec<Row> = courses.collect();
        let is_white = design.correlation == Correlation::Ignore;
        let whiteners: Vec<Option<Whitener>> = courses
            .iter()
            .map(|course| {
                let is_enough = course.iter().flatten().count() >= LEAST_ROWS;
                is_enough.then(|| Whitener::learn(course, is_white)).flatten()
            })
            .collect();
        let tested = whiteners.iter().flatten().count();
        if tested == 0 {
            let most = courses.iter().map(|course| course.iter().flatten().count()).max();
            let what = "healthy residuals that differ, in the channel with most of them".into();
            return Err(AnomalyError::TooFew { what, have: most.unwrap_or(0), need: LEAST_ROWS });
        }
        let share = SHARES * tested as f64;
        let channel = |whitener: Option<Whitener>| {
            let whitener = whitener?;
            let tests = tests(design, design.samples() * share, whitener.shift_left());
            Some(Channel { whitener, tests, alarm: None, clear_rows: 0 })
        };
        let rows = residuals.iter().filter(|row| row.iter().any(Option::is_some)).count() as f64;
        let target = design.samples().min(REACH * rows);
        let healthy_h = rows * design.step_s / 3600.0;
        let wished_h = design.false_alarm_every_h;
        let false_alarms =
            FalseAlarmEstimate { wished_h, healthy_h, expected_h: None, at_least_h: 0.0 };
        let channels = whiteners.into_iter().map(channel).collect();
        let mut monitor = Self { channels, clear_rows: design.clear_rows.max(1), false_alarms };
        if design.is_calibrated {
            let theory = monitor.clone();
            monitor.calibrate_each(&courses, target * share);
            monitor.calibrate_all(residuals, target, &theory);
        }
        monitor.estimate_false_alarms(residuals, design.step_s / 3600.0);
        Ok(monitor)
    }

    /// Takes a row of residuals; what was raised and released by it.
    pub fn step(&mut self, time_s: f64, residuals: &[Option<f64>]) -> Vec<Event> {
        let mut events = Vec::new();
        for (at, (channel, residual)) in self.channels.iter_mut().zip(residuals).enumerate() {
            let Some(channel) = channel else {
                continue;
            };
            let residual = residual.filter(|residual| residual.is_finite());
            channel.step(residual, time_s);
            if residual.is_some() {
                events.extend(channel.judge(at, time_s, self.clear_rows));
            }
        }
        events
    }

    /// The next row does not follow the last one; levels stay.
    pub fn pause(&mut self) {
        for channel in self.channels.iter_mut().flatten() {
            channel.whitener.pause();
        }
    }

    /// The highest level by threshold, of all tests of all channels; above 1 there is an alarm.
    pub fn score(&self) -> f64 {
        self.channels.iter().flatten().map(Channel::score).fold(0.0, f64::max)
    }

    /// The same by channel; `None` for one that is not tested.
    pub fn scores(&self) -> Row {
        self.channels.iter().map(|channel| Some(channel.as_ref()?.score())).collect()
    }

    /// The tests of a channel, with their levels.
    pub fn tests(&self, channel: usize) -> &[Sequential] {
        self.channels.get(channel).and_then(Option::as_ref).map_or(&[], |channel| &channel.tests)
    }

    /// Channels in alarm, the first first.
    pub fn anomalies(&self) -> Vec<Anomaly> {
        let each = self.channels.iter().flatten().filter_map(|channel| channel.alarm.clone());
        let mut all: Vec<Anomaly> = each.collect();
        all.sort_by(|a, b| a.raised_s.total_cmp(&b.raised_s));
        all
    }

    /// How often false alarms will come.
    pub fn false_alarms(&self) -> &FalseAlarmEstimate {
        &self.false_alarms
    }
}

impl Channel {
    /// Takes a residual; `None` is a gap.
    pub(super) fn step(&mut self, residual: Option<f64>, time_s: f64) {
        let Some(residual) = residual else {
            self.whitener.pause();
            return;
        };
        let white = self.whitener.step(residual);
        for test in &mut self.tests {
            test.step(white, time_s);
        }
    }

    fn score(&self) -> f64 {
        self.tests.iter().map(Sequential::score).fold(0.0, f64::max)
    }

    /// Raises, keeps or releases the alarm.
    fn judge(&mut self, channel: usize, time_s: f64, clear_rows: u32) -> Option<Event> {
        let score = self.score();
        for test in &mut self.tests {
            test.cap(CAP);
        }
        let Some(alarm) = &self.alarm else {
            let strongest = self.tests.iter().max_by(|a, b| a.score().total_cmp(&b.score()))?;
            if score <= 1.0 {
                return None;
            }
            let since_s = strongest.since_s().unwrap_or(time_s);
            let anomaly = Anomaly { channel, change: strongest.found(), since_s, raised_s: time_s };
            self.alarm = Some(anomaly.clone());
            self.clear_rows = 0;
            return Some(Event::Raised(anomaly));
        };
        self.clear_rows = if score < CLEAR { self.clear_rows + 1 } else { 0 };
        if self.clear_rows < clear_rows {
            return None;
        }
        let anomaly = alarm.clone();
        self.alarm = None;
        Some(Event::Released { anomaly, time_s })
    }
}

/// The tests of one channel, each with a false alarm once in so many rows, when so much of a
/// lasting shift is left after whitening.
fn tests(design: &TestDesign, samples: f64, shift_left: f64) -> Vec<Sequential> {
    let shift = design.shift * shift_left;
    let (wider, narrower) = (design.variance_ratio, 1.0 / design.variance_ratio);
    let page = rates::page_threshold(shift, samples);
    let wald = |change, size| Sequential::wald_once_in(change, size, samples, design.miss);
    vec![
        Sequential::page(Change::Higher, shift, page),
        Sequential::page(Change::Lower, shift, page),
        wald(Change::Higher, shift),
        wald(Change::Lower, shift),
        wald(Change::Wider, wider),
        wald(Change::Narrower, narrower),
    ]
}
