//! Whether estimates are where a machine's file expects them: one that is far outside of what it was
//! believed to be stands for something else, as a sensor's error that grows because a part wears.
//!
//! Flows in: a filter's setup, what new parts made new, and its belief. Flows out: an [`Implausible`],
//! where there is one. States that move follow their model and are not looked at.

use super::consistency::Inconsistency;
use super::estimated::{Estimated, Slot};
use super::maintenance::NewPart;
use super::setup::FilterSetup;
use crate::model::Kernel;
use crate::terminal::number;

/// An estimate that is further off than so many deviations of what was believed at the beginning is
/// implausible: chance makes one in 500 million so.
const FAR: f64 = 6.0;

/// An estimate that is far outside of what its machine's file expects.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error(
    "what the filter believes is implausible: `{name}` is {} at {time_s} s, {deviations:.0} standard deviations from what is stated of it ({} ± {}{scale}); a fault that was not supposed may explain it (`diagnose` ranks them), or a sensor's unit is wrong, or its `deviation`, `drift` or `memory` is too small",
    number(*.value, 5), number(*.expected, 5), number(*.deviation, 3)
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
pub(super) fn still(setup: &FilterSetup, states: &[f64], inputs: &[f64]) -> Vec<bool> {
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
pub(super) struct Prior {
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

    /// Those of a filter that goes on with what this one believes of an estimate, from the time of that
    /// belief on: the prior is as old as it is, and one of another deviation is as uncertain as both. `later_s`
    /// is by how much the clock of the other filter is ahead.
    pub fn carried(
        &self,
        (setup, at): (&FilterSetup, usize),
        (time_s, later_s): (f64, f64),
        other: &Estimated,
    ) -> Option<Prior> {
        if setup.estimated[at] == *other {
            let prior = self.0[at]?;
            return Some(Prior { since_s: prior.since_s + later_s, ..prior });
        }
        let (mean, variance) = self.expected(setup, at, time_s)?;
        let variance = variance + other.deviation * other.deviation;
        Some(Prior { mean, variance, since_s: time_s + later_s })
    }

    /// What was believed of an estimate is this from now on, where it is looked at.
    pub fn set(&mut self, at: usize, prior: Prior) {
        if let Some(own) = &mut self.0[at] {
            *own = prior;
        }
    }

    /// Whether all estimates, each on its own scale, are within what is expected of them by then.
    pub fn check(
        &self,
        setup: &FilterSetup,
        time_s: f64,
        estimates: &[f64],
    ) -> Result<(), Box<Implausible>> {
        let mut worst: Option<Implausible> = None;
        for (at, each) in setup.estimated.iter().enumerate() {
            let Some((mean, variance)) = self.expected(setup, at, time_s) else { continue };
            let deviation = variance.sqrt();
            let deviations = (estimates[at] - mean).abs() / deviation;
            if deviations > worst.as_ref().map_or(FAR, |worst| worst.deviations) {
                let is_linear = each.scale == super::Scale::Linear;
                worst = Some(Implausible {
                    time_s,
                    name: setup.name(at),
                    value: each.scale.to_value(estimates[at]),
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

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::super::unscented::{Belief, Unscented};
    use super::*;
    use crate::model::Machine;
    use crate::twin::load_behaviour;

    /// A pump's setup, and what is believed of it at the beginning.
    fn pump() -> (FilterSetup, Belief, Priors) {
        let text = r#"(
            model: "centrifugal_pump", noise: {"w": 0.3, "Qout": 0.0006},
            estimate: {
                "w": (deviation: 5, drift: 0.02),
                "wA": (scale: log, mean: 3e-3, deviation: 1, drift: 1e-3),
                "bias_w": (deviation: 0.1, memory: "1h"),
                "bias_Qout": (deviation: 3e-4),
                "trend_Qout": (deviation: 5e-8),
            },
        )"#;
        let behaviour = load_behaviour(Path::new("pump.ron"), text).expect("a machine");
        let machine = Machine::of(&behaviour).expect("it fits");
        let setup = FilterSetup::of(&behaviour, &machine).expect("it fits");
        let inputs = machine.model.about().usual_inputs();
        let filter = Unscented::new(setup.clone(), 0.0, &inputs).expect("it fits");
        let priors = Priors::new(&setup, 0.0, &setup.begin(&inputs), &inputs);
        (setup, filter.belief().clone(), priors)
    }

    #[test]
    fn an_estimate_is_implausible_beyond_what_is_stated_of_it_by_then() {
        let (setup, believed, priors) = pump();
        let off = |at: usize, by: f64, time_s: f64| {
            let mut belief = Belief { time_s, ..believed.clone() };
            belief.mean[at] += by;
            priors.check(&setup, belief.time_s, &belief.mean).err().map(|error| error.name)
        };
        let hour = 3600.0;
        // A state that moves follows its model.
        assert_eq!(off(0, 1e3, 0.0), None);
        // A wear rate by its logarithm, whose drift allows for more in the course of time.
        assert_eq!(off(1, 5.9, 0.0), None);
        assert_eq!(off(1, -6.1, 0.0).as_deref(), Some("wA"));
        assert_eq!(off(1, -6.1, 1e6), None);
        // What returns to its mean is as far off as at the beginning, however long it takes.
        for time_s in [0.0, hour, 1e3 * hour] {
            assert_eq!(off(2, 0.59, time_s), None);
            assert_eq!(off(2, 0.61, time_s).as_deref(), Some("bias_w"));
        }
        // A constant error stays, unless it has a trend: after ten hours of 5e-8 a second, 1.8e-3.
        assert_eq!(off(3, 2e-3, 0.0).as_deref(), Some("bias_Qout"));
        assert_eq!(off(3, 2e-3, 10.0 * hour), None);
        assert_eq!(off(4, -4e-7, hour).as_deref(), Some("trend_Qout"));
    }

    #[test]
    fn what_is_expected_of_a_new_part_begins_with_it() {
        let (setup, mut belief, mut priors) = pump();
        belief.time_s = 1e6;
        belief.mean[1] -= 6.1;
        assert!(priors.check(&setup, belief.time_s, &belief.mean).is_ok());
        let new = NewPart { estimated: vec![(1, belief.mean[1] + 6.1, 1.0)], states: Vec::new() };
        priors.replaced(&new, 1e6);
        let error = priors.check(&setup, belief.time_s, &belief.mean);
        let error = error.expect_err("it has no time to drift");
        assert!(error.to_string().contains("`wA` is") && error.scale == " of its logarithm");
    }

    #[test]
    fn a_filter_that_goes_on_from_another_expects_what_that_one_expected() {
        let (setup, mut belief, _) = pump();
        let inputs = setup.model.about().usual_inputs();
        let filter = Unscented::new(setup.clone(), 0.0, &inputs).expect("it fits");
        // A wear rate that has drifted in the course of days, as it may.
        belief.time_s = 1e6;
        belief.mean[1] -= 6.1;
        for begin_s in [1e6, 0.0, 3e6] {
            let next = Unscented::succeeding(setup.clone(), &filter, &belief, begin_s);
            assert_eq!(next.expect("it fits").check(), Ok(()), "{begin_s}");
        }
        // Nothing is known of how the belief came about.
        let alone = Unscented::from_belief(setup.clone(), &belief, &setup.estimated);
        assert!(alone.expect("it fits").check().is_err());
        // A hypothesis allows for more, and for no less.
        let mut wider = setup.clone();
        wider.estimated[3].deviation = 1e-3;
        let mut far = belief.clone();
        far.mean[3] += 5e-3;
        let of = |setup: &FilterSetup| {
            Unscented::succeeding(setup.clone(), &filter, &far, 1e6).expect("it fits").check()
        };
        assert_eq!(of(&wider), Ok(()));
    }
}
