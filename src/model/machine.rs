//! One machine: a model with the parameters and the state that a file states.

use std::sync::Arc;

use super::about::position;
use super::kernel::{Kernel, Model};
use super::load::{Load, Schedule};
use super::registry;
use super::solver::{self, Method};
use super::stability::{StepTooLong, Steps, UNKNOWN_STEPS};
use super::stepped::stepped;
use crate::twin::behaviour::{Behaviour, Named, NamedNumber};
use crate::twin::{Diagnostic, Diagnostics, Severity};

/// A machine.
#[derive(Clone, Debug)]
pub struct Machine {
    /// Its model.
    pub model: Arc<dyn Model>,
    /// Its parameters.
    pub parameters: Vec<f64>,
    /// The state it begins with.
    pub initial: Vec<f64>,
    /// The solver of its steps; the model takes its own steps by it.
    pub method: Method,
    /// Length of its steps in seconds: that which its file states, or the model's usual one.
    pub step_s: f64,
    /// Whether the file states that length.
    pub is_step_stated: bool,
    /// Inputs that its file states, by place: times in seconds, and the values from then on.
    pub inputs: Vec<(usize, Vec<(f64, f64)>)>,
    /// What of its definition is unusual, though it can be used.
    pub warnings: Vec<Diagnostic>,
}

impl Machine {
    /// A usual one.
    pub fn usual(model: Arc<dyn Model>) -> Self {
        let method = model.about().method;
        Self::stepped_by(model, method)
    }

    /// A usual one whose steps are taken by a solver.
    pub fn stepped_by(model: Arc<dyn Model>, method: Method) -> Self {
        let about = model.about();
        Self {
            parameters: about.usual_parameters(),
            initial: about.states.iter().map(|state| state.usual).collect(),
            method,
            step_s: about.step_by_s(method),
            is_step_stated: false,
            inputs: Vec::new(),
            warnings: Vec::new(),
            model: stepped(model, method),
        }
    }

    /// Where its file states no step, it is from now on one that the machine bears, as it begins and under
    /// what acts on it; the step before, where that was longer.
    ///
    /// # Errors
    /// When no step holds.
    pub fn shorten_step(&mut self) -> Result<Option<f64>, StepTooLong> {
        if self.is_step_stated {
            return Ok(None);
        }
        let (mut x, mut u) = (self.initial.clone(), self.model.about().usual_inputs());
        let load = self.load();
        load.at(0.0, &x, &mut u);
        Kernel::<f64>::start(&*self.model, &u, &self.parameters, &mut x);
        let before_s = self.step_s;
        let steps = Steps {
            model: &*self.model,
            parameters: &self.parameters,
            initial: &x,
            load: &load,
            begin_s: 0.0,
            span_s: UNKNOWN_STEPS * before_s,
            dt_s: before_s,
            method: None,
        };
        self.step_s = steps.shortened()?;
        Ok((self.step_s < before_s).then_some(before_s))
    }

    /// What acts on it where nothing else is stated: the inputs that its file states, and the usual
    /// ones.
    pub fn load(&self) -> Schedule {
        Schedule::of_changes(&self.model.about().usual_inputs(), &self.inputs)
    }

    /// The one that a behaviour states.
    ///
    /// # Errors
    /// All names that its model does not know.
    pub fn of(behaviour: &Behaviour) -> Result<Self, Diagnostics> {
        let Ok(model) = registry::find(&behaviour.model.text) else {
            let known = registry::models().iter().map(|model| &*model.about().name);
            return Err(Diagnostics(vec![behaviour.model.unknown("model", known)]));
        };
        let mut wrong = Vec::new();
        let stated = behaviour.solver.as_ref().and_then(|name| {
            let unknown = |_| wrong.push(name.unknown("solver", solver::NAMES));
            name.text.parse().map_err(unknown).ok()
        });
        let method = stated.unwrap_or(model.about().method);
        let mut machine = Self::stepped_by(model, method);
        if let Some(step_s) = behaviour.step_s {
            (machine.step_s, machine.is_step_stated) = (step_s, true);
        }
        wrong.extend(machine.set_parameters(&behaviour.parameters));
        wrong.extend(machine.set_initial(&behaviour.initial));
        for (name, changes) in &behaviour.inputs {
            wrong.extend(machine.set_input(name, changes.clone()));
        }
        Diagnostics::unless_empty(wrong)?;
        Ok(machine)
    }

    /// Sets an input by name: times in seconds, and the values from then on; what is wrong with it.
    pub fn set_input(&mut self, name: &Named, changes: Vec<(f64, f64)>) -> Option<Diagnostic> {
        let about = self.model.about();
        let Some(at) = position(&about.inputs, &name.text) else {
            return Some(name.unknown("input", about.inputs.iter().map(|input| &*input.name)));
        };
        self.inputs.retain(|(other, _)| *other != at);
        self.inputs.push((at, changes));
        None
    }

    /// Sets parameters by name; what is wrong with them.
    pub fn set_parameters(&mut self, all: &[NamedNumber]) -> Vec<Diagnostic> {
        let about = self.model.about();
        let mut wrong = Vec::new();
        for (name, value) in all {
            let found = about.parameters.iter().position(|p| p.name == name.text);
            let Some(at) = found else {
                let known = about.parameters.iter().map(|parameter| &*parameter.name);
                wrong.push(name.unknown("parameter", known));
                continue;
            };
            let (low, high) = about.parameters[at].range;
            if !(low..=high).contains(value) {
                self.warnings.push(Diagnostic {
                    severity: Severity::Warning,
                    ..name.wrong(format!("`{}` makes sense from {low} to {high}", name.text))
                });
            }
            self.parameters[at] = *value;
        }
        wrong
    }

    /// Sets states by name; what is wrong with them.
    pub fn set_initial(&mut self, all: &[NamedNumber]) -> Vec<Diagnostic> {
        let about = self.model.about();
        let mut wrong = Vec::new();
        for (name, value) in all {
            match position(&about.states, &name.text) {
                Some(at) => self.initial[at] = *value,
                None => {
                    let known = about.states.iter().map(|state| &*state.name);
                    wrong.push(name.unknown("state", known));
                }
            }
        }
        wrong
    }
}
