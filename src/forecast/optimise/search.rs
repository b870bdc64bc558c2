//! The search for settings: every choice of what is switched off, and for each the best values of the
//! rest.
//!
//! Values are found by COBYLA (M. J. D. Powell, in: Advances in Optimization and Numerical Analysis,
//! 1994), which needs no slopes and keeps limits.

use std::cell::RefCell;
use std::cmp::Ordering;
use std::collections::HashMap;
use std::sync::atomic::AtomicBool;

use cobyla::{RhoBeg, StopTols, minimize};

use super::course::{EnsembleRun, Outcome, Sampling, carry_out};
use super::error::OptimiseError;
use super::expression::Expression;
use super::optimum::{Alternative, Gain, LimitMargin, Losses, Optimum, Setting};
use super::problem::{Knob, Limit, Problem};
use crate::forecast::ForecastError;
use crate::model::About;
use crate::worker::{Run, Step};

/// Most knobs that may be switched off: twice as many choices for each.
const SWITCHES: usize = 8;
/// Ensembles for a choice, and more for each knob.
const TRIES: (usize, usize) = (25, 15);
/// The gain is measured on so many times as many members.
const FRESH: usize = 4;
/// Most members of an ensemble that is compared.
const MOST_COMPARED: usize = 25_000;
/// What a cost counts at most, as a multiple of that of the settings by which a search begins; settings that
/// lose members count more.
const FORBIDDEN: f64 = 1e3;

/// Looks for the settings that cost least and keep all limits, on all cores; `None` when cancelled.
/// `progress` is called with the share that is done, from 0 to 1.
///
/// # Errors
/// When the forecast cannot be carried out, nothing may be set, too much may be switched off, or no
/// settings keep all limits.
pub fn optimise(
    problem: &Problem,
    cancelled: &AtomicBool,
    progress: &dyn Fn(f32),
) -> Option<Result<Optimum, OptimiseError>> {
    let mut search = match Search::new(problem) {
        Ok(search) => search,
        Err(error) => return Some(Err(error)),
    };
    loop {
        match search.next(problem) {
            Next::Try(settings, sampling) => {
                let outcome = carry_out(problem, &settings, sampling, cancelled)?;
                search.record(problem, settings, outcome);
            }
            Next::Done(done) => return Some(*done),
        }
        progress(search.share());
    }
}

/// The same search piece by piece, for where it must not hold up a frame.
pub struct Optimising {
    problem: Problem,
    search: Search,
    trying: Option<(Vec<f64>, EnsembleRun)>,
}

impl Optimising {
    /// Begins.
    ///
    /// # Errors
    /// When the forecast cannot be carried out, nothing may be set, or too much may be switched off.
    pub fn new(problem: Problem) -> Result<Self, OptimiseError> {
        Ok(Self { search: Search::new(&problem)?, problem, trying: None })
    }
}

impl Run for Optimising {
    type Output = Optimum;

    fn piece(&mut self) -> Step<Optimum> {
        let Self { problem, search, trying } = self;
        match trying {
            Some((settings, run)) => {
                if let Some(outcome) = run.piece(problem) {
                    search.record(problem, std::mem::take(settings), outcome);
                    *trying = None;
                }
            }
            None => match search.next(problem) {
                Next::Try(settings, sampling) => {
                    match EnsembleRun::new(problem, &settings, sampling) {
                        Ok(run) => *trying = Some((settings, run)),
                        Err(lost) => search.record(problem, settings, lost),
                    }
                }
                Next::Done(done) => {
                    return Step::Done(done.map_err(|error| error.to_string()));
                }
            },
        }
        Step::More(search.share())
    }
}

/// What a search needs next.
enum Next {
    /// What these settings come to.
    Try(Vec<f64>, Sampling),
    /// Nothing more.
    Done(Box<Result<Optimum, OptimiseError>>),
}

/// A search under way, which needs one ensemble after the other.
struct Search {
    /// All choices of knobs that are switched off.
    choices: Vec<Vec<usize>>,
    /// The best of each choice that has been searched.
    alternatives: Vec<Alternative>,
    /// Number of the choice that is being searched.
    choice: usize,
    tried: Trials,
    /// What the alternatives that keep all limits come to on fresh members, the best first, until one loses
    /// none of them.
    then: Vec<Outcome>,
    /// What is done now comes to on the same members.
    now: Option<Outcome>,
}

impl Search {
    fn new(problem: &Problem) -> Result<Self, OptimiseError> {
        let switches: Vec<usize> =
            (0..problem.knobs.len()).filter(|at| problem.knobs[*at].off.is_some()).collect();
        problem.setup.check()?;
        problem.setup.check_step().map_err(ForecastError::from)?;
        if problem.setup.members > MOST_COMPARED {
            return Err(OptimiseError::TooManyMembers {
                members: problem.setup.members,
                most: MOST_COMPARED,
            });
        }
        if problem.knobs.is_empty() {
            return Err(OptimiseError::NothingSet);
        }
        if switches.len() > SWITCHES {
            return Err(OptimiseError::TooManySwitches { knobs: switches.len(), most: SWITCHES });
        }
        let off = |choice: usize| {
            let bits = switches.iter().enumerate();
            bits.filter(|(bit, _)| choice >> bit & 1 == 1).map(|(_, knob)| *knob).collect()
        };
        Ok(Self {
            choices: (0..1usize << switches.len()).map(off).collect(),
            alternatives: Vec::new(),
            choice: 0,
            tried: Trials::default(),
            then: Vec::new(),
            now: None,
        })
    }

    /// How much is done, from 0 to 1.
    fn share(&self) -> f32 {
        self.choice as f32 / self.choices.len() as f32
    }

    /// What it has to know next.
    fn next(&mut self, problem: &Problem) -> Next {
        let sampling = (problem.setup.seed, problem.setup.members);
        while let Some(off) = self.choices.get(self.choice) {
            match best_with_off(problem, off, &self.tried) {
                Ok(best) => self.alternatives.extend(best),
                Err(Unknown(settings)) => return Next::Try(settings, sampling),
            }
            self.choice += 1;
            self.alternatives.sort_by(Alternative::better_first);
        }
        let fresh = (problem.setup.seed ^ 0x9e37_79b9_7f4a_7c15, problem.setup.members * FRESH);
        if !self.alternatives.first().is_some_and(|best| best.keeps) {
            return Next::Done(Box::new(Err(self.nothing_keeps(problem))));
        }
        match (self.on_fresh(), &self.now) {
            (Some(at), _) => Next::Try(self.alternatives[at].settings.clone(), fresh),
            (None, None) => Next::Try(problem.now(), fresh),
            (None, Some(now)) => Next::Done(Box::new(Ok(self.conclude(problem, now)))),
        }
    }

    /// The alternative that has to be carried out on fresh members; `None` where one has been found that loses
    /// none of them, or all lose some.
    fn on_fresh(&self) -> Option<usize> {
        let is_found = self.then.last().is_some_and(|then| then.lost == 0);
        let at = self.then.len();
        (!is_found && self.alternatives.get(at).is_some_and(|next| next.keeps)).then_some(at)
    }

    /// Records the outcome of settings that it needed.
    fn record(&mut self, problem: &Problem, settings: Vec<f64>, outcome: Outcome) {
        if self.choice < self.choices.len() {
            self.tried.add(problem, &settings, &outcome);
        } else if self.on_fresh().is_some() {
            self.then.push(outcome);
        } else {
            self.now = Some(outcome);
        }
    }

    fn nothing_keeps(&self, problem: &Problem) -> OptimiseError {
        let named = |settings: &[f64]| {
            let each = problem.knobs.iter().zip(settings);
            each.map(|(knob, value)| (knob.name.clone(), *value)).collect()
        };
        let first = self.alternatives.first();
        let nearest = first.map(|nearest| named(&nearest.settings));
        let is_compared = |each: &&Alternative| each.losses.is_none();
        match (self.alternatives.iter().find(is_compared), first) {
            (None, Some(Alternative { losses: Some(losses), .. })) => {
                OptimiseError::NothingCompares { losses: losses.clone(), nearest }
            }
            (Some(compared), _) => {
                OptimiseError::NothingKeeps { nearest: Some(named(&compared.settings)) }
            }
            _ => OptimiseError::NothingKeeps { nearest },
        }
    }

    /// The best alternative beside what is done now, on members of their own.
    fn conclude(&self, problem: &Problem, now: &Outcome) -> Optimum {
        // Where all lose members, the one that loses fewest; each of the others states what it loses.
        let least = (1..self.then.len())
            .fold(0, |best, at| if self.then[at].lost < self.then[best].lost { at } else { best });
        let then = &self.then[least];
        let mut alternatives = self.alternatives.clone();
        for (alternative, then) in alternatives.iter_mut().zip(&self.then) {
            if let Some(losses) = then.losses() {
                (alternative.losses, alternative.cost) = (Some(losses), then.cost());
                alternative.keeps = false;
            }
        }
        let chosen = alternatives.remove(least);
        alternatives.sort_by(Alternative::better_first);
        alternatives.insert(0, chosen);
        // Settings that lose members never win against such as lose none: what is done now may be those.
        let stays = then.lost > 0 && problem.may_stay() && now.keeps(&problem.limits);
        let then = if stays { now } else { then };
        if stays {
            let (settings, cost) = (problem.now(), now.cost());
            alternatives.insert(0, Alternative { settings, cost, keeps: true, losses: None });
        }
        let setting = |(knob, best): (&Knob, &f64)| Setting {
            name: knob.name.clone(),
            unit: knob.unit.clone(),
            now: knob.now,
            best: *best,
        };
        let margins = now.margins.iter().zip(&then.margins);
        let limits = problem.limits.iter().zip(margins).map(|(limit, (now, best))| LimitMargin {
            limit: limit.text.clone(),
            unit: limit.unit.clone(),
            now: *now,
            best: *best,
        });
        let best = &alternatives[0].settings;
        Optimum {
            settings: problem.knobs.iter().zip(best).map(setting).collect(),
            cost: then.cost(),
            cost_now: now.cost(),
            losses: then.losses(),
            losses_now: now.losses(),
            gain: (now.lost + then.lost == 0).then(|| Gain::of(&now.costs, &then.costs)),
            keeps_now: now.keeps(&problem.limits),
            keeps_best: then.keeps(&problem.limits),
            per: problem.per.as_ref().map(|of| per(of, problem.setup.model.about())),
            limits: limits.collect(),
            alternatives,
            stays,
            tried: self.tried.0.len(),
        }
    }
}

impl Alternative {
    /// The order by which alternatives are preferred: those that keep all limits, then those that lose fewer
    /// members, then those that cost less.
    fn better_first(&self, other: &Self) -> Ordering {
        let lost = |each: &Self| each.losses.as_ref().map_or(0.0, Losses::share);
        let by_limits = other.keeps.cmp(&self.keeps);
        let by_losses = by_limits.then(lost(self).total_cmp(&lost(other)));
        by_losses.then(self.cost.total_cmp(&other.cost))
    }
}

/// One of what an expression counts a second, as text.
fn per(of: &Expression, about: &About) -> String {
    match &*of.unit(about) {
        "" => format!("one of `{}`", of.text),
        unit => match unit.strip_suffix("/s") {
            Some(whole) => whole.to_owned(),
            None => format!("{unit}.s"),
        },
    }
}

/// Cost, margins by the size of their limits, whether all are kept, and what is lost.
type Tried = (f64, Vec<f64>, bool, Option<Losses>);

/// Settings that were tried, by the bits of all values.
#[derive(Default)]
struct Trials(HashMap<Vec<u64>, Tried>);

impl Trials {
    fn key(settings: &[f64]) -> Vec<u64> {
        settings.iter().map(|value| value.to_bits()).collect()
    }

    fn add(&mut self, problem: &Problem, settings: &[f64], outcome: &Outcome) {
        let scaled = |(margin, limit): (&f64, &Limit)| (margin / limit.size()).max(-1e6);
        let margins = outcome.margins.iter().zip(&problem.limits).map(scaled).collect();
        let keeps = outcome.keeps(&problem.limits);
        let found = (outcome.cost(), margins, keeps, outcome.losses());
        self.0.insert(Self::key(settings), found);
    }
}

/// Settings that have to be tried before a search can go on.
struct Unknown(Vec<f64>);

/// The best values of what is not switched off.
///
/// COBYLA calls its objective and cannot be left half-way. It is deterministic, though: so it is begun
/// anew whenever one more trial is known, and ends without further work as soon as it needs one that is
/// not. That costs little beside an ensemble.
fn best_with_off(
    problem: &Problem,
    off: &[usize],
    tried: &Trials,
) -> Result<Option<Alternative>, Unknown> {
    let knobs = &problem.knobs;
    let free: Vec<usize> = (0..knobs.len()).filter(|at| !off.contains(at)).collect();
    let settings = |point: &[f64]| -> Vec<f64> {
        let mut all: Vec<f64> = knobs.iter().map(|knob| knob.off.unwrap_or(knob.from)).collect();
        for (at, share) in free.iter().zip(point) {
            let (from, to) = (knobs[*at].from, knobs[*at].to);
            all[*at] = from + (to - from) * share.clamp(0.0, 1.0);
        }
        all
    };
    let seen = RefCell::new((None::<Alternative>, None::<Vec<f64>>));
    let look = |point: &[f64]| {
        let (best, unknown) = &mut *seen.borrow_mut();
        let all = settings(point);
        let known = tried.0.get(&Trials::key(&all)).filter(|_| unknown.is_none());
        let Some((cost, margins, keeps, losses)) = known.cloned() else {
            unknown.get_or_insert(all);
            return (0.0, vec![0.0; problem.limits.len()], 0.0);
        };
        let share = losses.as_ref().map_or(0.0, Losses::share);
        let found = Alternative { settings: all, cost, keeps, losses };
        if best.as_ref().is_none_or(|best| found.better_first(best).is_lt()) {
            *best = Some(found);
        }
        (cost, margins, share)
    };
    let begin: Vec<f64> = free
        .iter()
        .map(|at| {
            let knob = &knobs[*at];
            let share = (knob.now - knob.from) / (knob.to - knob.from);
            if (0.0..=1.0).contains(&share) { share } else { 0.5 }
        })
        .collect();
    let size = Some(look(&begin).0.abs()).filter(|size| size.is_finite());
    if !free.is_empty() && seen.borrow().1.is_none() {
        // What is forbidden is still a number that slopes can be taken of: the more members are lost, the
        // more it counts, and always more than what loses none.
        let objective = |point: &[f64], _: &mut ()| match look(point) {
            (_, _, share) if share > 0.0 => FORBIDDEN * (1.0 + share),
            (cost, ..) => match size {
                Some(size) => (cost / size.max(1e-9)).min(FORBIDDEN),
                // Nothing is known of what costs usually are.
                None => libm::copysign(libm::log1p(cost.abs()), cost),
            },
        };
        let constraint = |at: usize| {
            let look = &look;
            move |point: &[f64], _: &mut ()| look(point).1[at]
        };
        let constraints: Vec<_> = (0..problem.limits.len()).map(constraint).collect();
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
    }
    match seen.into_inner() {
        (_, Some(unknown)) => Err(Unknown(unknown)),
        (best, None) => Ok(best),
    }
}
