//! Corrections of forecasts, learnt from past ones and from when their events came.
//!
//! A model that lacks a term is wrong in the same way each time. Whoever has kept forecasts of a
//! fleet and knows when the events came can correct the next forecast by a shift and a stretch of
//! the logarithm of the remaining time, chosen so that the corrected past has the least continuous
//! ranked probability score: Gneiting, Raftery, Westveld, Goldman, "Calibrated probabilistic
//! forecasting using ensemble model output statistics and minimum CRPS estimation" (2005), with the
//! ensemble kept in place of a normal distribution.

use serde::{Deserialize, Serialize};

use super::error::CorrectionError;

/// Fewer cases than these teach nothing that would hold for the next.
pub const CASES: usize = 8;

/// A forecast of an event that has come since.
#[derive(Clone, Debug, PartialEq)]
pub struct PastForecast {
    /// Remaining times in seconds at which it happened to members, in order.
    pub remaining_s: Vec<f64>,
    /// Members that counted; those to which it did not happen went beyond the horizon.
    pub members: usize,
    /// How far the forecast looked, in seconds.
    pub horizon_s: f64,
    /// When it came, in seconds after the forecast.
    pub came_s: f64,
}

/// How forecasts of an event are corrected.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Correction {
    /// The median of the remaining time is so many times that of the model.
    pub factor: f64,
    /// The logarithm of the remaining time spreads so many times as far about its median.
    pub spread: f64,
    /// Cases from which it was learnt.
    pub cases: usize,
}

impl Correction {
    /// The one under which these cases would have been forecast best.
    ///
    /// # Errors
    /// When there are too few of them, or one is not a forecast.
    pub fn learn(past: &[PastForecast]) -> Result<Self, CorrectionError> {
        if past.len() < CASES {
            return Err(CorrectionError::TooFew { cases: past.len(), fewest: CASES });
        }
        let cases: Vec<Case> = past.iter().map(Case::of).collect::<Result<_, _>>()?;
        let score = |shift: f64, spread: f64| -> f64 {
            cases.iter().map(|case| case.score(shift, spread)).sum()
        };
        let (shift, spread) = least(score);
        Ok(Self { factor: libm::exp(shift), spread, cases: past.len() })
    }
}

/// The median, or the last time known where fewer than half have one.
pub(super) fn pivot(remaining_s: &[f64], members: usize) -> Option<f64> {
    let last = remaining_s.len().checked_sub(1)?;
    let median = remaining_s[(members.saturating_sub(1) / 2).min(last)];
    (median > 0.0).then_some(median)
}

/// A case in logarithms of time over the time at which it came.
struct Case {
    pivot: f64,
    /// Departures from the pivot.
    departures: Vec<f64>,
    /// Half of the mean distance of two members.
    sharpness: f64,
}

impl Case {
    fn of(past: &PastForecast) -> Result<Self, CorrectionError> {
        if !(past.came_s > 0.0 && past.came_s.is_finite()) {
            return Err(CorrectionError::CameBefore { came_s: past.came_s });
        }
        let Some(pivot_s) = pivot(&past.remaining_s, past.members) else {
            return Err(CorrectionError::NeverHappens);
        };
        let beyond = past.members.saturating_sub(past.remaining_s.len());
        let all = past.remaining_s.iter().copied();
        let all = all.chain(std::iter::repeat_n(past.horizon_s, beyond));
        let log = |time_s: f64| libm::log((time_s / past.came_s).max(1e-6));
        let pivot = log(pivot_s);
        let departures: Vec<f64> = all.map(|time_s| log(time_s) - pivot).collect();
        let count = departures.len() as f64;
        let place = |at: usize| 2.0 * at as f64 - count + 1.0;
        let weighted = departures.iter().enumerate().map(|(at, off)| place(at) * off);
        let sharpness = weighted.sum::<f64>() / (count * count);
        Ok(Self { pivot, departures, sharpness })
    }

    /// Continuous ranked probability score after a shift and a stretch.
    fn score(&self, shift: f64, spread: f64) -> f64 {
        let off = |departure: &f64| (self.pivot + shift + spread * departure).abs();
        let off: f64 = self.departures.iter().map(off).sum();
        off / self.departures.len() as f64 - spread * self.sharpness
    }
}

/// Where a convex score of shift and spread is least: a grid that closes in.
fn least(score: impl Fn(f64, f64) -> f64) -> (f64, f64) {
    let (mut shift, mut spread) = (0.0, 1.55);
    let (mut wide_shift, mut wide_spread) = (1.0, 1.45);
    for _ in 0..5 {
        let mut best = (f64::INFINITY, shift, spread);
        for i in -8..=8 {
            for j in -8..=8 {
                let at = (
                    shift + wide_shift * f64::from(i) / 8.0,
                    (spread + wide_spread * f64::from(j) / 8.0).max(0.1),
                );
                let is = score(at.0, at.1);
                if is < best.0 {
                    best = (is, at.0, at.1);
                }
            }
        }
        (shift, spread) = (best.1, best.2);
        (wide_shift, wide_spread) = (wide_shift / 4.0, wide_spread / 4.0);
    }
    (shift, spread)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::forecast::EventForecast;
    use crate::model::noise::RandomStream;

    /// Forecasts that say a time too long by a quarter, and half as far spread as they err.
    fn past(cases: u64) -> Vec<PastForecast> {
        let case = |number: u64| {
            let mut random = RandomStream::new(5, number);
            let median = 3_600.0 * (2.0 + 10.0 * random.normal().abs());
            let mut times: Vec<f64> =
                (0..99).map(|_| median * libm::exp(0.1 * random.normal())).collect();
            times.sort_by(f64::total_cmp);
            let came_s = median / 1.25 * libm::exp(0.2 * random.normal());
            PastForecast { remaining_s: times, members: 99, horizon_s: 1e6, came_s }
        };
        (0..cases).map(case).collect()
    }

    #[test]
    fn what_was_wrong_in_the_same_way_each_time_is_found() {
        let learnt = Correction::learn(&past(400)).expect("cases enough");
        assert!((learnt.factor - 0.8).abs() < 0.02, "{learnt:?}");
        assert!((learnt.spread - 2.0).abs() < 0.25, "{learnt:?}");
    }

    #[test]
    fn a_corrected_interval_of_90_percent_holds_90_percent_of_what_comes() {
        let all = past(800);
        let (known, next) = all.split_at(400);
        let learnt = Correction::learn(known).expect("cases enough");
        let holds = |case: &&PastForecast| {
            let event = EventForecast {
                name: "Wear".into(),
                begin_s: 500.0,
                times_s: case.remaining_s.iter().map(|time| time + 500.0).collect(),
                members: case.members,
                ..EventForecast::default()
            };
            let interval = |p| event.corrected(&learnt).remaining_s(p).expect("all members fail");
            interval(0.05) <= case.came_s && case.came_s <= interval(0.95)
        };
        let share = next.iter().filter(holds).count() as f64 / next.len() as f64;
        // Three standard deviations of a share of 400.
        assert!((share - 0.9).abs() < 0.045, "{share}");
    }

    #[test]
    fn few_cases_teach_nothing() {
        let error = Correction::learn(&past(3)).expect_err("three cases").to_string();
        assert!(error.contains("the events of 3 forecasts have happened"), "{error}");
    }
}
