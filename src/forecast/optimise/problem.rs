//! A goal, with all names found in a machine.

use std::sync::Arc;

use super::expression::Expression;
use crate::forecast::setup::ForecastSetup;
use crate::model::load::Load;
use crate::model::stability::StepTooLong;
use crate::model::{Machine, position};
use crate::twin::Diagnostics;
use crate::twin::behaviour::{Named, NamedNumber};
use crate::twin::goal::{Goal, When};

/// A goal that fits a machine.
#[derive(Clone)]
pub struct Problem {
    pub(super) setup: ForecastSetup,
    pub(super) knobs: Vec<Knob>,
    pub(super) running: Vec<Expression>,
    pub(super) per: Option<Expression>,
    /// Event, price, and whether it is that of the life which is left.
    pub(super) wear: Vec<(usize, f64, bool)>,
    pub(super) failure: Vec<(usize, f64)>,
    pub(super) limits: Vec<Limit>,
    pub(super) sure: f64,
}

/// What may be set.
#[derive(Clone)]
pub(super) struct Knob {
    pub name: String,
    pub unit: String,
    pub from: f64,
    pub to: f64,
    pub off: Option<f64>,
    /// Inputs, by place, and how many times the value each is.
    pub inputs: Vec<(usize, f64)>,
    /// What it is now.
    pub now: f64,
}

/// A limit: the expression less the bound, or the bound less the expression.
#[derive(Clone)]
pub(super) struct Limit {
    pub text: String,
    pub unit: String,
    pub of: Expression,
    pub bound: f64,
    pub is_least: bool,
    pub when: When,
}

impl Limit {
    /// How far a value is on the right side.
    pub fn margin(&self, value: f64) -> f64 {
        if self.is_least { value - self.bound } else { self.bound - value }
    }

    /// A size beside which margins are small or large.
    pub fn size(&self) -> f64 {
        self.bound.abs().max(1e-9)
    }
}

impl Problem {
    /// Finds what a goal names in a machine; `setup` is the forecast under what is done now.
    ///
    /// # Errors
    /// All names that the machine does not have, and expressions that are none.
    pub fn new(goal: &Goal, machine: &Machine, setup: ForecastSetup) -> Result<Self, Diagnostics> {
        let mut wrong = Vec::new();
        let about = machine.model.about();
        let mut now = about.usual_inputs();
        setup.load.at(setup.begin_s, &machine.initial, &mut now);
        let mut knobs = Vec::new();
        for spec in &goal.set {
            let own = [(spec.name.clone(), 1.0)];
            let stated = if spec.inputs.is_empty() { &own[..] } else { &spec.inputs };
            let mut inputs = Vec::new();
            for (input, factor) in stated {
                match position(&about.inputs, &input.text) {
                    Some(at) => inputs.push((at, *factor)),
                    None => {
                        wrong.push(input.unknown("input", about.inputs.iter().map(|u| &*u.name)))
                    }
                }
            }
            let now = inputs.first().map_or(spec.from, |(at, factor)| now[*at] / factor);
            let (name, from, to, off) = (spec.name.text.clone(), spec.from, spec.to, spec.off);
            let same = inputs.iter().find(|(_, factor)| *factor == 1.0);
            let unit = same.map_or(String::new(), |(at, _)| about.inputs[*at].unit.clone());
            knobs.push(Knob { name, unit, from, to, off, inputs, now });
        }
        let mut expression = |named: &Named| {
            Expression::new(named, machine).map_err(|error| wrong.push(*error)).ok()
        };
        let running = goal.running.iter().filter_map(&mut expression).collect();
        let per = goal.per.as_ref().and_then(&mut expression);
        let mut limits = Vec::new();
        for spec in &goal.limits {
            let Some(of) = expression(&spec.of) else { continue };
            let bounds = [(spec.at_least, true, "≥"), (spec.at_most, false, "≤")];
            for (bound, is_least, sign) in bounds {
                let Some(bound) = bound else { continue };
                let text = format!("{} {sign} {bound}", spec.of.text);
                let (unit, of) = (of.unit(about), of.clone());
                limits.push(Limit { text, unit, of, bound, is_least, when: spec.when });
            }
        }
        let mut price = |(name, price): &NamedNumber| {
            let found = about.events.iter().position(|event| event.name == name.text);
            if found.is_none() {
                wrong.push(name.unknown("event", about.events.iter().map(|event| &*event.name)));
            }
            found.map(|at| (at, *price))
        };
        let worn: Vec<_> = goal.wear.iter().filter_map(&mut price).collect();
        let lived: Vec<_> = goal.life.iter().filter_map(&mut price).collect();
        let failure = goal.failure.iter().filter_map(&mut price).collect();
        let wear = worn.into_iter().map(|(at, price)| (at, price, false));
        let wear = wear.chain(lived.into_iter().map(|(at, price)| (at, price, true))).collect();
        Diagnostics::unless_empty(wrong)?;
        Ok(Self { setup, knobs, running, per, wear, failure, limits, sure: goal.sure })
    }

    /// Steps are from now on ones that the model bears under whatever may be set, as far as the ends of what
    /// may be set tell; the step before, where it was longer.
    ///
    /// # Errors
    /// When no step holds.
    pub fn shorten_step(&mut self) -> Result<Option<f64>, StepTooLong> {
        let before_s = self.setup.dt_s;
        let now = self.now();
        let mut all = vec![now.clone()];
        for (at, knob) in self.knobs.iter().enumerate() {
            for value in [Some(knob.from), Some(knob.to), knob.off].into_iter().flatten() {
                let mut settings = now.clone();
                settings[at] = value;
                all.push(settings);
            }
        }
        let highest = self.knobs.iter().map(|knob| knob.to).collect();
        all.push(highest);
        for settings in all {
            let mut under = self.under(&settings);
            under.shorten_step()?;
            self.setup.dt_s = under.dt_s;
        }
        let is_shorter = self.setup.dt_s < before_s;
        if is_shorter {
            self.setup.notes.push(format!(
                "steps of {} s are taken: `{}` does not bear those of {before_s} s under all that may be set",
                self.setup.dt_s,
                self.setup.model.about().name
            ));
        }
        Ok(is_shorter.then_some(before_s))
    }

    /// What is to be known of the forecasts besides, in words.
    pub fn notes(&self) -> &[String] {
        &self.setup.notes
    }

    /// What is done now, by knob.
    pub(super) fn now(&self) -> Vec<f64> {
        self.knobs.iter().map(|knob| knob.now).collect()
    }

    /// Whether what is done now is among what may be set.
    pub(super) fn may_stay(&self) -> bool {
        let may = |knob: &Knob| {
            (knob.from..=knob.to).contains(&knob.now) || knob.off.is_some_and(|off| off == knob.now)
        };
        self.knobs.iter().all(may)
    }

    /// The forecast's setup under other settings.
    pub fn under(&self, settings: &[f64]) -> ForecastSetup {
        let knobs = self.knobs.iter().zip(settings);
        let set = knobs.flat_map(|(knob, value)| {
            knob.inputs.iter().map(move |(at, factor)| (*at, factor * value))
        });
        let load = Arc::new(SetPoints { base: self.setup.load.clone(), set: set.collect() });
        ForecastSetup { load, ends: Vec::new(), ..self.setup.clone() }
    }
}

/// A load of which some inputs are set to something else.
struct SetPoints {
    base: Arc<dyn Load>,
    set: Vec<(usize, f64)>,
}

impl Load for SetPoints {
    fn at(&self, t_s: f64, x: &[f64], u: &mut [f64]) {
        self.base.at(t_s, x, u);
        for (at, value) in &self.set {
            u[*at] = *value;
        }
    }
    fn follows_state(&self) -> bool {
        self.base.follows_state()
    }
    fn holds_until(&self, t_s: f64) -> f64 {
        self.base.holds_until(t_s)
    }
    fn changes_after(&self, t_s: f64) -> Option<f64> {
        self.base.changes_after(t_s)
    }
    fn end_s(&self) -> Option<f64> {
        self.base.end_s()
    }
}
