//! The search for settings: every choice of what is switched off, and for each the best values of the
//! rest.
//!
//! Values are found by COBYLA (M. J. D. Powell, in: Advances in Optimization and Numerical Analysis,
//! 1994), which needs no slopes and keeps limits.

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};

use cobyla::{RhoBeg, StopTols, minimize};

use super::course::carry_out;
use super::problem::{Knob, Limit, Problem};
use crate::forecast::result::quantile;

/// Most knobs that may be switched off: twice as many choices for each.
const SWITCHES: usize = 8;
/// Ensembles for a choice, and more for each knob.
const TRIES: (usize, usize) = (25, 15);
/// The gain is measured on so many times as many members.
const FRESH: usize = 4;

/// The best settings.
#[derive(Clone, Debug, PartialEq)]
pub struct Optimum {
    /// All of them.
    pub settings: Vec<Setting>,
    /// Mean cost over the horizon, or of one of what is made.
    pub cost: f64,
    /// What is gained over what is done now; `None` where that breaks a limit or costs no number.
    pub gain: Option<Gain>,
    /// Each limit, now and then.
    pub limits: Vec<Kept>,
    /// The best of each choice of what is switched off, the cheapest first.
    pub alternatives: Vec<Alternative>,
    /// Ensembles that were carried out.
    pub tried: usize,
}

/// A setting.
#[derive(Clone, Debug, PartialEq)]
pub struct Setting {
    /// Its name.
    pub name: String,
    /// Now.
    pub now: f64,
    /// The best.
    pub best: f64,
}

/// What is gained, over members with the same chance.
#[derive(Clone, Debug, PartialEq)]
pub struct Gain {
    /// Mean cost now.
    pub now: f64,
    /// Mean of what is saved.
    pub mean: f64,
    /// Standard error of that mean.
    pub error: f64,
    /// Bounds that hold what is saved in 90 % of the members.
    pub interval: (f64, f64),
    /// Share of the members that save anything.
    pub probability: f64,
}

/// How far a limit is kept.
#[derive(Clone, Debug, PartialEq)]
pub struct Kept {
    /// The limit.
    pub limit: String,
    /// The margin that is kept with the wanted probability now; below 0 it is broken.
    pub now: f64,
    /// The same under the best settings.
    pub best: f64,
}

/// The best of a choice.
#[derive(Clone, Debug, PartialEq)]
pub struct Alternative {
    /// Values of all knobs.
    pub settings: Vec<f64>,
    /// Its mean cost.
    pub cost: f64,
    /// Whether all limits are kept.
    pub keeps: bool,
}

/// Looks for the settings that cost least and keep all limits; `None` when cancelled. `told` hears
/// how much is done, from 0 to 1.
///
/// # Errors
/// When nothing may be set, too much may be switched off, or no settings keep all limits.
pub fn optimise(
    problem: &Problem,
    cancelled: &AtomicBool,
    told: &dyn Fn(f32),
) -> Option<Result<Optimum, String>> {
    let switches: Vec<usize> =
        (0..problem.knobs.len()).filter(|at| problem.knobs[*at].off.is_some()).collect();
    if problem.knobs.is_empty() {
        return Some(Err("nothing may be set: state `set: {\"input\": (from: …, to: …)}`".into()));
    }
    if switches.len() > SWITCHES {
        let count = switches.len();
        return Some(Err(format!(
            "{count} knobs may be switched off; every choice of these is tried, so {SWITCHES} at most"
        )));
    }
    let trial = Trial { problem, cancelled, seen: RefCell::default(), now: problem.now() };
    let choices = 1usize << switches.len();
    let mut alternatives = Vec::with_capacity(choices);
    for choice in 0..choices {
        let off: Vec<usize> = switches
            .iter()
            .enumerate()
            .filter(|(bit, _)| choice >> bit & 1 == 1)
            .map(|(_, knob)| *knob)
            .collect();
        alternatives.extend(trial.best_with_off(&off));
        if cancelled.load(Ordering::Relaxed) {
            return None;
        }
        told((choice + 1) as f32 / choices as f32);
    }
    alternatives.sort_by(|a, b| {
        (!a.keeps, a.cost).partial_cmp(&(!b.keeps, b.cost)).unwrap_or(std::cmp::Ordering::Equal)
    });
    let tried = trial.seen.borrow().len();
    conclude(problem, alternatives, tried, cancelled)
}

/// Measures the best alternative against what is done now, on members of its own.
fn conclude(
    problem: &Problem,
    alternatives: Vec<Alternative>,
    tried: usize,
    cancelled: &AtomicBool,
) -> Option<Result<Optimum, String>> {
    let Some(best) = alternatives.first().filter(|best| best.keeps) else {
        let text = "no settings keep all limits: widen what may be set, or ask for less";
        return Some(Err(match alternatives.first() {
            Some(nearest) => {
                format!("{text}; the nearest are {}", written(problem, &nearest.settings))
            }
            None => text.into(),
        }));
    };
    let fresh = (problem.setup.seed ^ 0x9e37_79b9_7f4a_7c15, problem.setup.members * FRESH);
    let then = carry_out(problem, &best.settings, fresh, cancelled)?;
    let now = carry_out(problem, &problem.now(), fresh, cancelled)?;
    let setting = |(knob, best): (&Knob, &f64)| Setting {
        name: knob.name.clone(),
        now: knob.now,
        best: *best,
    };
    let margins = now.margins.iter().zip(&then.margins);
    let limits = problem.limits.iter().zip(margins).map(|(limit, (now, best))| Kept {
        limit: limit.text.clone(),
        now: *now,
        best: *best,
    });
    Some(Ok(Optimum {
        settings: problem.knobs.iter().zip(&best.settings).map(setting).collect(),
        cost: then.cost(),
        gain: (now.lost + then.lost == 0).then(|| Gain::of(&now.costs, &then.costs)),
        limits: limits.collect(),
        alternatives,
        tried,
    }))
}

impl Gain {
    /// Of members' costs now and then, in the same order.
    pub(super) fn of(now: &[f64], then: &[f64]) -> Self {
        let mut saved: Vec<f64> = now.iter().zip(then).map(|(now, then)| now - then).collect();
        saved.sort_by(f64::total_cmp);
        let count = saved.len().max(1) as f64;
        let mean = saved.iter().sum::<f64>() / count;
        let squares: f64 = saved.iter().map(|value| (value - mean) * (value - mean)).sum();
        Self {
            now: now.iter().sum::<f64>() / count,
            mean,
            error: (squares / (count * (count - 1.0).max(1.0))).sqrt(),
            interval: (quantile(&saved, 0.05), quantile(&saved, 0.95)),
            probability: saved.iter().filter(|saved| **saved > 0.0).count() as f64 / count,
        }
    }
}

fn written(problem: &Problem, settings: &[f64]) -> String {
    let each =
        problem.knobs.iter().zip(settings).map(|(knob, value)| format!("{} {value:.4}", knob.name));
    each.collect::<Vec<_>>().join(", ")
}

/// Cost, margins by the size of their limits, and whether all are kept.
type Tried = (f64, Vec<f64>, bool);

/// Settings that were tried.
struct Trial<'a> {
    problem: &'a Problem,
    cancelled: &'a AtomicBool,
    /// By the bits of all values.
    seen: RefCell<HashMap<Vec<u64>, Tried>>,
    now: Vec<f64>,
}

impl Trial<'_> {
    fn of(&self, settings: &[f64]) -> Tried {
        let key: Vec<u64> = settings.iter().map(|value| value.to_bits()).collect();
        if let Some(seen) = self.seen.borrow().get(&key) {
            return seen.clone();
        }
        let problem = self.problem;
        let chance = (problem.setup.seed, problem.setup.members);
        let Some(outcome) = carry_out(problem, settings, chance, self.cancelled) else {
            return (0.0, vec![0.0; problem.limits.len()], false);
        };
        let scaled = |(margin, limit): (&f64, &Limit)| (margin / limit.size()).max(-1e6);
        let margins = outcome.margins.iter().zip(&problem.limits).map(scaled).collect();
        let found = (outcome.cost(), margins, outcome.keeps(&problem.limits));
        self.seen.borrow_mut().insert(key, found.clone());
        found
    }

    /// The best values of what is not switched off.
    fn best_with_off(&self, off: &[usize]) -> Option<Alternative> {
        let knobs = &self.problem.knobs;
        let free: Vec<usize> = (0..knobs.len()).filter(|at| !off.contains(at)).collect();
        let settings = |point: &[f64]| -> Vec<f64> {
            let mut all: Vec<f64> =
                knobs.iter().map(|knob| knob.off.unwrap_or(knob.from)).collect();
            for (at, share) in free.iter().zip(point) {
                let (from, to) = (knobs[*at].from, knobs[*at].to);
                all[*at] = from + (to - from) * share.clamp(0.0, 1.0);
            }
            all
        };
        let best = RefCell::new(None::<Alternative>);
        let look = |point: &[f64]| {
            let all = settings(point);
            let (cost, margins, keeps) = self.of(&all);
            let mut best = best.borrow_mut();
            let better = best.as_ref().is_none_or(|best| {
                (keeps && !best.keeps) || (keeps == best.keeps && cost < best.cost)
            });
            if better && !self.cancelled.load(Ordering::Relaxed) {
                *best = Some(Alternative { settings: all, cost, keeps });
            }
            (cost, margins)
        };
        if free.is_empty() {
            look(&[]);
            return best.into_inner();
        }
        let begin: Vec<f64> = free
            .iter()
            .map(|at| {
                let (knob, now) = (&knobs[*at], self.now[*at]);
                let share = (now - knob.from) / (knob.to - knob.from);
                if (0.0..=1.0).contains(&share) { share } else { 0.5 }
            })
            .collect();
        let size = look(&begin).0.abs().max(1e-9);
        // What is forbidden is still a number that slopes can be taken of.
        let objective = |point: &[f64], _: &mut ()| (look(point).0 / size).min(1e3);
        let constraint = |at: usize| {
            let look = &look;
            move |point: &[f64], _: &mut ()| look(point).1[at]
        };
        let constraints: Vec<_> = (0..self.problem.limits.len()).map(constraint).collect();
        let bounds = vec![(0.0, 1.0); free.len()];
        let most = TRIES.0 + TRIES.1 * free.len();
        let tolerance = StopTols { xtol_rel: 1e-3, ftol_rel: 1e-5, ..StopTols::default() };
        // What it returns is the last of the points that were looked at; the best is kept above.
        let _ = minimize(
            objective,
            &begin,
            &bounds,
            &constraints,
            (),
            most,
            RhoBeg::All(0.25),
            Some(tolerance),
        );
        best.into_inner()
    }
}
