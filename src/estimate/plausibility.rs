//! Whether estimates are where a machine's file expects them: one that is far outside of what it was
//! believed to be stands for something else, as a sensor's error that grows because a part wears.
//!
//! Flows in: a filter's setup, what new parts made new, and its belief. Flows out: an [`Implausible`],
//! where there is one. States that move follow their model and are not looked at.

use super::consistency::Inconsistency;
use super::estimated::Slot;
use super::maintenance::NewPart;
use super::setup::FilterSetup;
use super::unscented::Belief;
use crate::model::Kernel;

/// An estimate that is further off than so many deviations of what was believed at the beginning is
/// implausible: chance makes one in 500 million so.
const FAR: f64 = 6.0;

/// An estimate that is far outside of what its machine's file expects.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error(
    "what the filter believes is implausible: `{name}` is {value:.4e} at {time_s} s, {deviations:.0} standard deviations from what is stated of it ({expected:.4e} ± {deviation:.2e}{scale}); a fault that was not supposed may explain it (`diagnose` ranks them), or a sensor's unit is wrong, or its `deviation`, `drift` or `memory` is too small"
)]
pub struct Implausible {
    /// Time of the belief, in seconds.
    pub time_s: f64,
    /// What is estimated.
    pub name: String,
    /// The estimate, in its own unit.
    pub value: f64,
    /// What was expected by then, in its own unit.
    pub expected: f64,
    /// The standard deviation of that, on the scale of the estimate.
    pub deviation: f64,
    /// How many of these it is off.
    pub deviations: f64,
    /// " of its logarithm", where it is on that scale.
    pub scale: &'static str,
}

/// Why what a filter believes is not to be relied upon.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Doubt {
    /// Measurements are not where the filter expects them.
    #[error(transparent)]
    Inconsistent(#[from] Inconsistency),
    /// An estimate is not where the machine's file expects it.
    #[error(transparent)]
    Implausible(#[from] Box<Implausible>),
}

/// Which states do not move by themselves: neither where the machine is, nor beside that.
fn still(setup: &FilterSetup, states: &[f64], inputs: &[f64]) -> Vec<bool> {
    let mut still = vec![true; states.len()];
    let mut rates = vec![0.0; states.len()];
    for by in [0.0, 0.01, -0.003] {
        let beside = |all: &[f64]| -> Vec<f64> {
            let moved =
                |(at, value): (usize, &f64)| value + by * (value.abs() + 1e-3 * (at + 1) as f64);
            all.iter().enumerate().map(moved).collect()
        };
        let (x, u) = (beside(states), beside(inputs));
        Kernel::<f64>::derivative(&*setup.model, &x, &u, &setup.parameters, &mut rates);
        still.iter_mut().zip(&rates).for_each(|(still, rate)| *still &= *rate == 0.0);
    }
    still
}

/// What was believed of an estimate before anything was measured: its mean, its variance, and when.
#[derive(Clone, Copy, Debug)]
struct Prior {
    mean: f64,
    variance: f64,
    since_s: f64,
}

/// What was believed of each estimate before it was measured; `None` where it follows a model.
#[derive(Clone, Debug)]
pub(super) struct Priors(Vec<Option<Prior>>);

impl Priors {
    /// What a setup states, from a time on at which the machine is in that state.
    pub fn new(setup: &FilterSetup, since_s: f64, states: &[f64], inputs: &[f64]) -> Self {
        let still = still(setup, states, inputs);
        let each = setup.estimated.iter().map(|each| {
            let stays = match each.slot {
                // A wear rate is a state that does not move by itself.
                Slot::State(at) => still[at],
                Slot::Parameter(_) | Slot::Bias(_) | Slot::Trend(_) => true,
            };
            let (mean, variance) =
                (each.scale.from_value(each.mean), each.deviation * each.deviation);
            stays.then_some(Prior { mean, variance, since_s })
        });
        Self(each.collect())
    }

    /// A part was replaced: what is believed of it begins anew.
    pub fn replaced(&mut self, new: &NewPart, since_s: f64) {
        for &(at, mean, deviation) in &new.estimated {
            if let Some(prior) = &mut self.0[at] {
                *prior = Prior { mean, variance: deviation * deviation, since_s };
            }
        }
    }

    /// Whether all estimates are within what is expected of them.
    pub fn check(&self, setup: &FilterSetup, belief: &Belief) -> Result<(), Box<Implausible>> {
        let mut worst: Option<Implausible> = None;
        for (at, each) in setup.estimated.iter().enumerate() {
            let Some((mean, variance)) = self.expected(setup, at, belief.time_s) else { continue };
            let deviation = variance.sqrt();
            let deviations = (belief.mean[at] - mean).abs() / deviation;
            if deviations > worst.as_ref().map_or(FAR, |worst| worst.deviations) {
                let is_linear = each.scale == super::Scale::Linear;
                worst = Some(Implausible {
                    time_s: belief.time_s,
                    name: setup.name(at),
                    value: each.scale.to_value(belief.mean[at]),
                    expected: each.scale.to_value(mean),
                    deviation,
                    deviations,
                    scale: if is_linear { "" } else { " of its logarithm" },
                });
            }
        }
        worst.map_or(Ok(()), |worst| Err(Box::new(worst)))
    }

    /// Mean and variance that an estimate would have by a time if nothing were measured.
    fn expected(&self, setup: &FilterSetup, at: usize, time_s: f64) -> Option<(f64, f64)> {
        let (prior, each) = (self.0[at]?, &setup.estimated[at]);
        let span_s = (time_s - prior.since_s).max(0.0);
        let kept = if each.forgets() { libm::exp(-span_s / each.memory_s) } else { 1.0 };
        let usual = each.scale.from_value(each.mean);
        let mean = usual + (prior.mean - usual) * kept;
        let mut variance = prior.variance * kept * kept + each.strays(span_s);
        if let Slot::Bias(output) = each.slot
            && let Some(trend) = setup.place(Slot::Trend(output))
            && let Some((_, of_trend)) = self.expected(setup, trend, time_s)
        {
            variance += of_trend * span_s * span_s;
        }
        Some((mean, variance))
    }
}
