//! How well a twin tracks its plant, from 0 to 1, and whether that changes.
//!
//! Over a sliding window of residuals in healthy spreads:
//!
//! fidelity = √(min(1, share / healthy share) · min(1, healthy RMS / RMS))
//!
//! where the share is of residuals within a stated band, and the RMS is their root mean square with
//! residuals beyond 10 counted as 10. It is 1 while residuals are as the healthy ones or smaller,
//! but for the scatter of a window; twice as large residuals make it about 0.6.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use super::{AnomalyError, Row, trend};

/// Residuals beyond count as this, so that one bad sample does not spoil a whole window.
const FARTHEST: f64 = 10.0;
/// A trend is looked for over at least and at most so many windows.
const LEAST_WINDOWS: usize = 8;
const MOST_WINDOWS: usize = 16;
/// Changes over all windows that are smaller are of no interest, however clear.
const LEAST_CHANGE: f64 = 0.05;

/// Fidelity under way.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Fidelity {
    band: f64,
    chance: f64,
    healthy_share: f64,
    healthy_rms: f64,
    window_rows: usize,
    /// Rows of the window: residuals within the band, residuals, sum of squares.
    rows: VecDeque<(u32, u32, f64)>,
    /// Rows since the last window of the trend.
    since: usize,
    /// Time in hours and fidelity of windows that do not overlap.
    windows: VecDeque<(f64, f64)>,
    is_drifting: bool,
}

/// Fidelity that changes from window to window.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Drift {
    /// By hour; below 0 it becomes worse.
    pub per_h: f64,
    /// Over all windows that were looked at.
    pub change: f64,
    /// The chance that a fidelity that does not change looks like that.
    pub chance: f64,
    /// Time of the first and the last window, in seconds.
    pub from_s: f64,
    /// See `from_s`.
    pub to_s: f64,
}

impl Fidelity {
    /// By healthy residuals (in spreads, row by row), with windows of so many rows, a band of so
    /// many spreads, and the chance of taking scatter for a drift in one look.
    ///
    /// # Errors
    /// When a number cannot be, or there is less than a window of residuals.
    pub fn learn(
        healthy: &[Row],
        rows: usize,
        band: f64,
        chance: f64,
    ) -> Result<Self, AnomalyError> {
        if rows < 2 || !(band > 0.0 && band < FARTHEST) || !(chance > 0.0 && chance < 1.0) {
            let widest = FARTHEST;
            return Err(AnomalyError::Fidelity { rows, band, widest, chance });
        }
        let each = healthy.iter().map(|row| summary(row, band)).filter(|(_, all, _)| *all > 0);
        let each: Vec<(u32, u32, f64)> = each.collect();
        if each.len() < rows {
            let what = "rows with healthy residuals for a window of fidelity".into();
            return Err(AnomalyError::TooFew { what, have: each.len(), need: rows });
        }
        let (share, rms) = share_and_rms(each.iter());
        Ok(Self {
            band,
            chance,
            // Never nothing, so that quotients are numbers.
            healthy_share: share.max(0.1),
            healthy_rms: rms.max(1e-3),
            window_rows: rows,
            rows: VecDeque::new(),
            since: 0,
            windows: VecDeque::new(),
            is_drifting: false,
        })
    }

    /// Takes a row of residuals in healthy spreads; the drift, when one begins to show.
    pub fn step(&mut self, time_s: f64, residuals: &[Option<f64>]) -> Option<Drift> {
        let row = summary(residuals, self.band);
        if row.1 == 0 {
            return None;
        }
        if self.rows.len() == self.window_rows {
            self.rows.pop_front();
        }
        self.rows.push_back(row);
        self.since += 1;
        let score = self.score().filter(|_| self.since >= self.window_rows)?;
        self.since = 0;
        if self.windows.len() == MOST_WINDOWS {
            self.windows.pop_front();
        }
        self.windows.push_back((time_s / 3600.0, score));
        let drift = self.drift();
        let is_new = drift.is_some() && !self.is_drifting;
        self.is_drifting = drift.is_some();
        drift.filter(|_| is_new)
    }

    /// Fidelity over the last window; `None` until one is full.
    pub fn score(&self) -> Option<f64> {
        let (share, rms) = share_and_rms(self.rows.iter());
        let within = (share / self.healthy_share).min(1.0);
        let small = (self.healthy_rms / rms.max(f64::MIN_POSITIVE)).min(1.0);
        (self.rows.len() == self.window_rows).then(|| (within * small).sqrt())
    }

    /// The trend over the last windows, when there is a clear one.
    pub fn drift(&self) -> Option<Drift> {
        if self.windows.len() < LEAST_WINDOWS {
            return None;
        }
        let points: Vec<(f64, f64)> = self.windows.iter().copied().collect();
        let scores: Vec<f64> = points.iter().map(|(_, score)| *score).collect();
        let (from_h, to_h) = (points[0].0, points[points.len() - 1].0);
        let (chance, _) = trend::mann_kendall(&scores);
        let per_h = trend::theil_sen(&points);
        let change = per_h * (to_h - from_h);
        let drift = Drift { per_h, change, chance, from_s: from_h * 3600.0, to_s: to_h * 3600.0 };
        (chance < self.chance && change.abs() > LEAST_CHANGE).then_some(drift)
    }
}

/// Residuals within the band, residuals, and their sum of squares.
fn summary(row: &[Option<f64>], band: f64) -> (u32, u32, f64) {
    let there = row.iter().flatten().filter(|residual| residual.is_finite());
    there.fold((0, 0, 0.0), |(within, all, squares), residual| {
        let size = residual.abs().min(FARTHEST);
        (within + u32::from(size <= band), all + 1, squares + size * size)
    })
}

fn share_and_rms<'a>(rows: impl Iterator<Item = &'a (u32, u32, f64)>) -> (f64, f64) {
    let (within, all, squares) = rows.fold((0u64, 0u64, 0.0), |(within, all, squares), row| {
        (within + u64::from(row.0), all + u64::from(row.1), squares + row.2)
    });
    let all = all.max(1) as f64;
    (within as f64 / all, (squares / all).sqrt())
}
