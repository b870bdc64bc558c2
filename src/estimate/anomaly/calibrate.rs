//! Thresholds from healthy history, and how often false alarms come with them.

use super::Row;
use super::design::REACH;
use super::monitor::{Channel, Monitor};
use super::tail::Tail;
use super::whiten::Whitener;

impl Monitor {
    /// Raises each test's threshold to what its own healthy course needs.
    pub(super) fn calibrate_each(&mut self, courses: &[Row], samples: f64) {
        for (channel, course) in self.channels.iter_mut().zip(courses) {
            let Some(Channel { whitener, tests, .. }) = channel else {
                continue;
            };
            let white = whitened(whitener.clone(), course);
            for test in tests {
                let mut run = test.clone();
                let score = white.iter().map(|residual| {
                    run.step(*residual, 0.0);
                    run.score()
                });
                let score: Vec<f64> = score.collect();
                let factor = Tail::of(&score).map_or(1.0, |tail| tail.height(samples));
                test.raise(factor.max(1.0));
            }
        }
    }

    /// Makes all thresholds so many times as high as the course of the highest score needs, but
    /// none lower than theory.
    pub(super) fn calibrate_all(&mut self, residuals: &[Row], samples: f64, theory: &Self) {
        let Some(tail) = Tail::of(&self.course(residuals)) else {
            return;
        };
        let factor = tail.height(samples);
        for (channel, theory) in self.channels.iter_mut().zip(&theory.channels) {
            let tests = channel.iter_mut().flat_map(|channel| &mut channel.tests);
            let theory = theory.iter().flat_map(|channel| &channel.tests);
            for (test, theory) in tests.zip(theory) {
                test.raise(factor.max(theory.threshold() / test.threshold()));
            }
        }
    }

    /// Estimates how often false alarms come with these thresholds.
    pub(super) fn estimate_false_alarms(&mut self, residuals: &[Row], step_h: f64) {
        let course = self.course(residuals);
        let Some(tail) = Tail::of(&course) else {
            // An upper limit of 95 % to the number of alarms that could have come.
            let alarms = course.iter().filter(|score| **score > 1.0).count() as f64;
            self.false_alarms.at_least_h =
                self.false_alarms.healthy_h / (alarms + 3.0 + 2.0 * alarms.sqrt());
            return;
        };
        let (expected, at_least) = tail.samples(1.0);
        self.false_alarms.expected_h = Some(expected * step_h);
        // Beyond its reach the tail is not believed.
        self.false_alarms.at_least_h = (at_least * step_h).min(REACH * self.false_alarms.healthy_h);
    }

    /// The highest score of all tests by tested row.
    fn course(&self, residuals: &[Row]) -> Vec<f64> {
        let mut run = self.clone();
        let mut course = Vec::new();
        for row in residuals {
            if row.iter().all(Option::is_none) {
                run.pause();
                continue;
            }
            for (channel, residual) in run.channels.iter_mut().zip(row) {
                if let Some(channel) = channel {
                    channel.step(*residual, 0.0);
                }
            }
            course.push(run.score());
        }
        course
    }
}

/// What is left of a course, without its gaps.
fn whitened(mut whitener: Whitener, course: &Row) -> Vec<f64> {
    let each = course.iter().filter_map(|residual| match residual {
        Some(residual) => Some(whitener.step(*residual)),
        None => {
            whitener.pause();
            None
        }
    });
    each.collect()
}
