//! Whether a filter is consistent with its machine: the test of normalised innovations squared.
//!
//! While a filter is right, its innovations squared by the covariance that it claims are distributed
//! as chi-square, with a degree of freedom for each output that was measured (Y. Bar-Shalom, X. R. Li,
//! T. Kirubarajan: *Estimation with Applications to Tracking and Navigation*, 2001, 5.4). Their sum over
//! the last samples shows a filter that has lost its machine, though its covariance is small.
//!
//! Flows in: measurement updates. Flows out: an [`Inconsistency`], where there is one.

use std::collections::VecDeque;

use smallvec::SmallVec;

use super::sample::MeasurementUpdate;
use super::setup::FilterSetup;

/// Samples over which innovations are summed.
const WINDOW: usize = 50;
/// Fewest measured outputs in a window that are tested.
const FEWEST: u32 = 10;
/// The standard normal quantile of one in a million: the probability by which the test of one window
/// refuses a filter that is right.
const SURE: f64 = 4.753_424_308_822_899;
/// Covariances that are a little too small are common and make forecasts a little too narrow; a filter
/// is inconsistent where the root mean square of its innovations is twice the predicted one.
const WIDER: f64 = 4.0;
/// An output counts as no further off than six deviations, so that one bad sample decides nothing.
const FARTHEST: f64 = 36.0;

/// Why a filter is not consistent with its machine.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error(
    "the filter no longer goes with its machine: in the last {samples} samples, up to {time_s} s, measurements are {wider:.1} times as far from what it expects as it says they should be, `{worst}` most of all ({refused} of its {measured} values were refused); check that sensor and its unit, the machine's parameters, or allow more noise or drift"
)]
pub struct Inconsistency {
    /// Time of the belief, in seconds.
    pub time_s: f64,
    /// Over so many samples.
    pub samples: usize,
    /// Root mean square of the innovations, by what it should be.
    pub wider: f64,
    /// The output that is furthest off.
    pub worst: String,
    /// How many of its measurements there are.
    pub measured: u32,
    /// How many of these were refused.
    pub refused: u32,
}

/// An output of a sample: its square by its own deviation, and whether it was refused.
type Off = Option<(f64, bool)>;

/// Innovations of a sample.
#[derive(Clone, Debug, Default)]
struct Innovations {
    /// By the joint covariance, what was refused by its own deviation.
    squared: f64,
    outputs: SmallVec<[Off; 8]>,
}

impl Innovations {
    fn count(&self) -> u32 {
        self.outputs.iter().flatten().count() as u32
    }
}

/// The running test of a filter.
#[derive(Clone, Debug, Default)]
pub(super) struct Consistency {
    window: VecDeque<Innovations>,
}

impl Consistency {
    /// Records the update by a sample.
    pub fn record(&mut self, setup: &FilterSetup, update: &MeasurementUpdate) {
        let output = |at: usize| {
            let off = update.innovation[at].filter(|_| setup.is_measured(at))?;
            let off = off / update.deviation[at];
            Some(((off * off).min(FARTHEST), !update.taken[at]))
        };
        let outputs: SmallVec<[Off; 8]> = (0..update.taken.len()).map(output).collect();
        let taken = update.taken.iter().filter(|taken| **taken).count() as f64;
        let refused = outputs.iter().flatten().filter(|(_, refused)| *refused);
        let squared =
            update.squared.min(FARTHEST * taken) + refused.map(|(square, _)| square).sum::<f64>();
        if outputs.iter().all(Option::is_none) {
            return;
        }
        if self.window.len() == WINDOW {
            self.window.pop_front();
        }
        self.window.push_back(Innovations { squared, outputs });
    }

    /// Begins anew: the machine is another one now.
    pub fn restart(&mut self) {
        self.window.clear();
    }

    /// Whether the filter is consistent with its machine over the last samples.
    pub fn check(&self, setup: &FilterSetup, time_s: f64) -> Result<(), Inconsistency> {
        let count: u32 = self.window.iter().map(Innovations::count).sum();
        let squared: f64 = self.window.iter().map(|each| each.squared).sum();
        let degrees = f64::from(count);
        if count < FEWEST || !(squared > chi_square(degrees).max(WIDER * degrees)) {
            return Ok(());
        }
        let sum = |at: usize| -> f64 {
            self.of(at).map(|(square, _)| square).sum::<f64>() / self.of(at).count().max(1) as f64
        };
        let worst = (0..setup.noise.len()).max_by(|a, b| sum(*a).total_cmp(&sum(*b))).unwrap_or(0);
        Err(Inconsistency {
            time_s,
            samples: self.window.len(),
            wider: (squared / degrees).sqrt(),
            worst: setup.model.about().outputs[worst].name.clone(),
            measured: self.of(worst).count() as u32,
            refused: self.of(worst).filter(|(_, refused)| *refused).count() as u32,
        })
    }

    /// What the window has of an output.
    fn of(&self, at: usize) -> impl Iterator<Item = (f64, bool)> {
        self.window.iter().filter_map(move |each| each.outputs[at])
    }
}

/// What a chi-square of so many degrees of freedom exceeds with a chance of one in a million, after
/// E. B. Wilson, M. M. Hilferty, Proc. Nat. Academy of Sciences 17 (1931); within 3 % from 10 degrees on.
fn chi_square(degrees: f64) -> f64 {
    let share = 2.0 / (9.0 * degrees);
    let root = 1.0 - share + SURE * share.sqrt();
    degrees * root * root * root
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_quantiles_of_chi_square_are_those_of_tables() {
        // For an even number of degrees the chance is a finite sum, exp(−x/2) Σ (x/2)ⁱ/i!.
        for (degrees, wanted) in [(10.0, 46.863_05), (50.0, 112.608_09), (100.0, 182.126_78)] {
            let ours = chi_square(degrees);
            assert!((ours / wanted - 1.0).abs() < 0.03, "{degrees}: {ours} {wanted}");
        }
    }
}
