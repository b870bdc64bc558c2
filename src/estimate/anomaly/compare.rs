//! How alike a row and remembered states are.

use super::Row;
use super::similarity::{Apart, Similarity};

/// At least this share of the other channels has to be there to estimate one.
const LEAST_SHARE: f64 = 0.5;
/// Beyond so many spreads one is as far away as the other; keeps squares finite.
const FARTHEST: f64 = 1e6;
/// States whose weight is under e^−25 of the nearest one's are left out.
const FAINTEST: f64 = 25.0;

impl Similarity {
    /// How far the nearest remembered state is, in spreads: by these channels (root of the mean
    /// square), or with none named by all but the one that is farthest off, so that one bad sensor
    /// does not make a state unknown. `None` when too few channels are there.
    pub fn distance(
        &self,
        row: &[Option<f64>],
        channels: &[usize],
        apart: Option<Apart>,
    ) -> Option<f64> {
        let mut scaled = self.scaled(row);
        let nearest = |all: &[f64]| all.iter().copied().min_by(f64::total_cmp);
        let squared = if channels.is_empty() {
            let distances = self.distances(&scaled, &[], apart);
            let each = (0..scaled.len()).filter_map(|at| nearest(distances.of(at)?));
            each.min_by(f64::total_cmp)?
        } else {
            for (at, value) in scaled.iter_mut().enumerate() {
                *value = value.filter(|_| channels.contains(&at));
            }
            let known = scaled.iter().flatten().count();
            let wanted = channels.iter().filter(|at| self.spread[**at] > 0.0).count();
            if known < wanted || known == 0 {
                return None;
            }
            let states = self.memory.chunks(scaled.len()).enumerate();
            let states = states.filter(|(at, _)| !self.is_near(*at, apart));
            let each = states.map(|(_, state)| {
                let pairs = scaled.iter().zip(state);
                let sum: f64 = pairs.filter_map(|(x, m)| Some(((*x)? - m) * ((*x)? - m))).sum();
                sum / known as f64
            });
            each.min_by(f64::total_cmp)?
        };
        Some(squared.sqrt())
    }

    /// In spreads from the centre; `None` where missing, no number or constant.
    pub(super) fn scaled(&self, row: &[Option<f64>]) -> Row {
        let each = row.iter().zip(self.center.iter().zip(&self.spread));
        each.map(|(value, (center, spread))| {
            let scaled = (value.filter(|_| *spread > 0.0)? - center) / spread;
            scaled.is_finite().then_some(scaled.clamp(-FARTHEST, FARTHEST))
        })
        .collect()
    }

    /// Whether a state is too near to a row of the history to judge it.
    fn is_near(&self, state: usize, apart: Option<Apart>) -> bool {
        apart.is_some_and(|apart| self.origin[state].abs_diff(apart.number) <= apart.rows)
    }

    /// The mean square distance to each state, once without each channel.
    pub(super) fn distances(
        &self,
        scaled: &Row,
        is_distrusted: &[bool],
        apart: Option<Apart>,
    ) -> Distances {
        let channels = scaled.len();
        let counts = |at: usize| scaled[at].is_some() && !is_distrusted.get(at).unwrap_or(&false);
        let others = self.spread.iter().filter(|spread| **spread > 0.0).count() - 1;
        let least = LEAST_SHARE * others as f64;
        let states = self.origin.len();
        let mut out = Distances {
            states,
            squared: vec![f64::INFINITY; channels * states],
            compared: Vec::new(),
        };
        let all = (0..channels).filter(|at| counts(*at)).count();
        let compared = |at: usize| all - usize::from(counts(at));
        out.compared = (0..channels).map(|at| compared(at) as f64 / others as f64).collect();
        let mut after = vec![0.0; channels + 1];
        for (state, values) in self.memory.chunks(channels).enumerate() {
            if self.is_near(state, apart) {
                continue;
            }
            let square = |at: usize| match scaled[at] {
                Some(value) if counts(at) => (value - values[at]) * (value - values[at]),
                _ => 0.0,
            };
            // Sums before and after a channel, for a difference would cancel when it is far off.
            for at in (0..channels).rev() {
                after[at] = after[at + 1] + square(at);
            }
            let mut before = 0.0;
            for at in 0..channels {
                let many = compared(at);
                if many > 0 && many as f64 >= least {
                    out.squared[at * states + state] = (before + after[at + 1]) / many as f64;
                }
                before += square(at);
            }
        }
        out
    }

    /// The mean of a channel over the states, weighted by exp(−d²/2h²).
    pub(super) fn kernel_mean(
        &self,
        squared: &[f64],
        channel: usize,
        bandwidth: f64,
    ) -> Option<f64> {
        if self.spread[channel] == 0.0 {
            return None;
        }
        let nearest = squared.iter().copied().min_by(f64::total_cmp).filter(|d| d.is_finite())?;
        let (mut sum, mut weights) = (0.0, 0.0);
        for (squared, state) in squared.iter().zip(self.memory.chunks(self.spread.len())) {
            // The nearest weighs 1, so that there is a mean however far away all are.
            let exponent = (squared - nearest) / (2.0 * bandwidth * bandwidth);
            if exponent < FAINTEST {
                let weight = libm::exp(-exponent);
                sum += weight * state[channel];
                weights += weight;
            }
        }
        Some(sum / weights)
    }
}

/// Mean square distances, channel by channel left out; infinite where too few were compared.
pub(super) struct Distances {
    states: usize,
    squared: Vec<f64>,
    /// Which share of the others each channel is compared by.
    pub(super) compared: Vec<f64>,
}

impl Distances {
    /// By state, with a channel left out; `None` when too few others are there.
    pub(super) fn of(&self, left_out: usize) -> Option<&[f64]> {
        let all = &self.squared[left_out * self.states..][..self.states];
        all.iter().any(|squared| squared.is_finite()).then_some(all)
    }
}
