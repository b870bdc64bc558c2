//! One machine: a model with the parameters and the state that a file states.

use std::sync::Arc;

use super::about::position;
use super::kernel::Model;
use super::load::Schedule;
use super::registry;
use super::solver::{self, Method};
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
    /// Inputs that its file states, by place: times in seconds, and the values from then on.
    pub inputs: Vec<(usize, Vec<(f64, f64)>)>,
    /// What of its definition is unusual, though it can be used.
    pub warnings: Vec<Diagnostic>,
}

impl Machine {
    /// A usual one.
    pub fn usual(model: Arc<dyn Model>) -> Self {
        let about = model.about();
        Self {
            parameters: about.usual_parameters(),
            initial: about.states.iter().map(|state| state.usual).collect(),
            method: Method::Euler,
            inputs: Vec::new(),
            warnings: Vec::new(),
            model,
        }
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
        let mut machine = Self::usual(model);
        let mut wrong = machine.set_parameters(&behaviour.parameters);
        wrong.extend(machine.set_initial(&behaviour.initial));
        for (name, changes) in &behaviour.inputs {
            wrong.extend(machine.set_input(name, changes.clone()));
        }
        if let Some(name) = &behaviour.solver {
            match name.text.parse() {
                Ok(method) => machine.step_by(method),
                Err(_) => wrong.push(name.unknown("solver", solver::NAMES)),
            }
        }
        Diagnostics::unless_empty(wrong)?;
        Ok(machine)
    }

    /// From now on its steps are taken by that solver.
    fn step_by(&mut self, method: Method) {
        self.method = method;
        self.model = stepped(self.model.clone(), method);
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
