//! What each channel should be, from remembered healthy states that are alike.
//!
//! Auto-associative kernel regression: D. R. Garvey, J. W. Hines: The Development of a Process and
//! Equipment Monitoring System, 2006; S. W. Wegerich: Similarity-Based Modeling of Time Synchronous
//! Averaged Vibration Signals, 2004; before them the multivariate state estimation technique (see
//! [`super::select`]). A channel's estimate is a mean of its remembered values, weighted by how
//! alike the *other* channels are: a sensor that drifts does not pull its own estimate along.

use serde::{Deserialize, Serialize};

use super::select::select;
use super::{AnomalyError, Row, check_rows, robust};

/// Healthy residuals are measured on so many rows, and the bandwidth on so many.
const RESIDUAL_ROWS: usize = 2000;
const BANDWIDTH_ROWS: usize = 300;
/// Bandwidths that are tried, in spreads of the channels.
const BANDWIDTHS: [f64; 10] = [0.05, 0.08, 0.12, 0.18, 0.27, 0.4, 0.6, 0.9, 1.4, 2.0];

/// How states are remembered.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MemorySetup {
    /// At most so many are.
    pub states: usize,
    /// While learning, rows within so many of a remembered one are not judged by it, because they
    /// share its disturbances.
    pub apart_rows: usize,
}

impl Default for MemorySetup {
    fn default() -> Self {
        Self { states: 200, apart_rows: 10 }
    }
}

/// A row of the history, which is not to be judged by its neighbours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Apart {
    /// Its number in the history, from 0.
    pub number: usize,
    /// States up to so many rows from it are left out.
    pub rows: usize,
}

/// A model of healthy states.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Similarity {
    /// Centre and spread of each channel; the spread of a constant one is 0, and it is left out.
    pub(super) center: Vec<f64>,
    pub(super) spread: Vec<f64>,
    /// Remembered states in spreads, row by row; and the number of the row each was.
    pub(super) memory: Vec<f64>,
    pub(super) origin: Vec<usize>,
    /// In spreads.
    bandwidth: f64,
    pub(super) apart_rows: usize,
    /// Each channel's healthy residuals.
    residual: Vec<Healthy>,
}

/// Healthy residuals of a channel, in its spreads.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Healthy {
    center: f64,
    /// With all other channels there.
    variance: f64,
    /// What is added with half of them, as the noise of a mean of half as many.
    extra: f64,
}

impl Healthy {
    /// From residuals by all others, and by some, with missing by present channels.
    fn of(all: Vec<f64>, few: Vec<(f64, f64)>) -> Self {
        let (center, spread) = robust::center_and_spread(all);
        // Without any scatter a rounding error would count as a fault.
        let variance = (spread * spread).max(1e-12);
        let many = few.len().max(1) as f64;
        let missing = few.iter().map(|(missing, _)| missing).sum::<f64>() / many;
        let (_, wider) = robust::center_and_spread(few.into_iter().map(|(_, residual)| residual));
        let extra = if missing > 0.0 { (wider * wider - variance).max(0.0) / missing } else { 0.0 };
        Self { center, variance, extra }
    }

    /// By a share of the other channels, above 0.
    fn spread(&self, share: f64) -> f64 {
        let missing = if share > 0.0 { (1.0 / share - 1.0).max(0.0) } else { 0.0 };
        (self.variance + self.extra * missing).sqrt()
    }
}

/// What the channels should be.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Estimate {
    /// By channel, in its own unit; `None` where too few others were there, or it never changed.
    pub expected: Vec<Option<f64>>,
    /// Measured minus expected, in spreads of the healthy residuals: of those by as many other
    /// channels as were there.
    pub residuals: Vec<Option<f64>>,
}

impl Similarity {
    /// Learns from healthy rows in order of time. Values that are no numbers count as missing.
    ///
    /// # Errors
    /// When rows differ in length, fewer than two channels change, or too few rows are complete.
    pub fn learn(rows: &[Row], setup: &MemorySetup) -> Result<Self, AnomalyError> {
        let channels = rows.first().map_or(0, Vec::len);
        check_rows(rows, channels)?;
        let (center, spread): (Vec<f64>, Vec<f64>) =
            (0..channels).map(|at| robust::center_and_wide_spread(column(rows, at))).unzip();
        let varying = spread.iter().filter(|spread| **spread > 0.0).count();
        if varying < 2 {
            return Err(AnomalyError::Constant { varying, channels });
        }
        let mut model = Self {
            center,
            spread,
            memory: Vec::new(),
            origin: Vec::new(),
            bandwidth: BANDWIDTHS[0],
            apart_rows: setup.apart_rows,
            residual: vec![Healthy { center: 0.0, variance: 1.0, extra: 0.0 }; channels],
        };
        let complete = model.remember(rows, setup.states)?;
        model.choose_bandwidth(rows, &every(&complete, BANDWIDTH_ROWS));
        model.measure_residuals(rows, &every(&complete, RESIDUAL_ROWS));
        Ok(model)
    }

    /// Fills the memory; returns the numbers of the rows in which no channel is missing.
    fn remember(&mut self, rows: &[Row], states: usize) -> Result<Vec<usize>, AnomalyError> {
        let channels = self.spread.len();
        let mut complete = Vec::new();
        let mut values = Vec::new();
        for (at, row) in rows.iter().enumerate() {
            let scaled = self.scaled(row);
            if (0..channels).all(|at| scaled[at].is_some() || self.spread[at] == 0.0) {
                values.extend(scaled.iter().map(|value| value.unwrap_or(0.0)));
                complete.push(at);
            }
        }
        let need = 30.max(5 * channels);
        if complete.len() < need || states < need {
            let (what, have) = if complete.len() < need {
                ("rows in which no channel is missing", complete.len())
            } else {
                ("states that may be remembered", states)
            };
            return Err(AnomalyError::TooFew { what: what.into(), have, need });
        }
        let slices: Vec<&[f64]> = values.chunks(channels).collect();
        let chosen = select(&slices, states);
        self.memory = chosen.iter().flat_map(|at| slices[*at].iter().copied()).collect();
        self.origin = chosen.iter().map(|at| complete[*at]).collect();
        Ok(complete)
    }

    /// The bandwidth by which rows are estimated best without themselves.
    fn choose_bandwidth(&mut self, rows: &[Row], picked: &[usize]) {
        let mut error = [0.0; BANDWIDTHS.len()];
        for &at in picked {
            let scaled = self.scaled(&rows[at]);
            let distances = self.distances(&scaled, &[], self.apart(at));
            for (bandwidth, error) in BANDWIDTHS.iter().zip(&mut error) {
                let each = scaled.iter().enumerate().filter_map(|(channel, value)| {
                    let mean = self.kernel_mean(distances.of(channel)?, channel, *bandwidth)?;
                    Some(((*value)? - mean).abs())
                });
                *error += each.sum::<f64>();
            }
        }
        let best = (0..BANDWIDTHS.len()).min_by(|a, b| error[*a].total_cmp(&error[*b]));
        self.bandwidth = BANDWIDTHS[best.unwrap_or(0)];
    }

    fn measure_residuals(&mut self, rows: &[Row], picked: &[usize]) {
        let channels = self.spread.len();
        let odd: Vec<bool> = (0..channels).map(|at| at % 2 == 1).collect();
        let even: Vec<bool> = odd.iter().map(|is_odd| !is_odd).collect();
        // By all others, and by about half of them; with how many are missing by how many there are.
        let mut full: Vec<Vec<f64>> = vec![Vec::new(); channels];
        let mut part: Vec<Vec<(f64, f64)>> = vec![Vec::new(); channels];
        for &at in picked {
            let scaled = self.scaled(&rows[at]);
            for left_out in [&[], &odd[..], &even[..]] {
                let distances = self.distances(&scaled, left_out, self.apart(at));
                for channel in 0..channels {
                    let mean = distances.of(channel);
                    let mean = mean.and_then(|d| self.kernel_mean(d, channel, self.bandwidth));
                    let Some((value, mean)) = scaled[channel].zip(mean) else {
                        continue;
                    };
                    if left_out.is_empty() {
                        full[channel].push(value - mean);
                    } else {
                        part[channel].push((1.0 / distances.compared[channel] - 1.0, value - mean));
                    }
                }
            }
        }
        self.residual =
            full.into_iter().zip(part).map(|(all, few)| Healthy::of(all, few)).collect();
    }

    /// What the channels should be by the others that are there and not distrusted. Values that
    /// are no numbers count as missing; an empty `is_distrusted` distrusts none.
    pub fn estimate(&self, row: &[Option<f64>], is_distrusted: &[bool]) -> Estimate {
        self.estimate_apart(row, is_distrusted, None)
    }

    /// As [`Similarity::estimate`], for a row of the history it has learned from.
    pub fn estimate_apart(
        &self,
        row: &[Option<f64>],
        is_distrusted: &[bool],
        apart: Option<Apart>,
    ) -> Estimate {
        let scaled = self.scaled(row);
        let distances = self.distances(&scaled, is_distrusted, apart);
        let mut out = Estimate::default();
        for (channel, value) in scaled.iter().enumerate() {
            let mean = distances.of(channel);
            let mean = mean.and_then(|all| self.kernel_mean(all, channel, self.bandwidth));
            let healthy = &self.residual[channel];
            let center = healthy.center;
            let own = |mean: f64| self.center[channel] + (mean + center) * self.spread[channel];
            out.expected.push(mean.map(own));
            let spread = healthy.spread(distances.compared[channel]);
            let residual = value.zip(mean).map(|(value, mean)| (value - mean - center) / spread);
            out.residuals.push(residual);
        }
        out
    }

    /// A row of the history by its number, apart from as many others as stated.
    pub(super) fn apart(&self, number: usize) -> Option<Apart> {
        Some(Apart { number, rows: self.apart_rows })
    }

    /// Which channels never changed while it learned; they are not estimated.
    pub fn constant(&self) -> impl Iterator<Item = usize> + '_ {
        (0..self.spread.len()).filter(|at| self.spread[*at] == 0.0)
    }

    /// Number of states remembered.
    pub fn states(&self) -> usize {
        self.origin.len()
    }

    /// A channel's healthy residual spread, in its own unit.
    pub fn residual_spread(&self, channel: usize) -> f64 {
        self.residual[channel].spread(1.0) * self.spread[channel]
    }
}

/// A channel's values.
pub(super) fn column(rows: &[Row], channel: usize) -> impl Iterator<Item = f64> + '_ {
    rows.iter().filter_map(move |row| row[channel])
}

/// At most so many of all, evenly.
fn every(all: &[usize], most: usize) -> Vec<usize> {
    let many = all.len().min(most);
    (0..many).map(|at| all[at * all.len() / many]).collect()
}
