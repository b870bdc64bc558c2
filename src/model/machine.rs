//! One machine: a model with the parameters and the state that a file states.

use std::sync::Arc;

use super::about::position;
use super::kernel::Model;
use super::registry;
use crate::twin::behaviour::{Behaviour, NamedNumber};
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
    /// What of its definition is odd, though it can be used.
    pub warnings: Vec<Diagnostic>,
}

impl Machine {
    /// A usual one.
    pub fn usual(model: Arc<dyn Model>) -> Self {
        let about = model.about();
        Self {
            parameters: about.usual_parameters(),
            initial: about.states.iter().map(|state| state.usual).collect(),
            warnings: Vec::new(),
            model,
        }
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
        Diagnostics::unless_empty(wrong)?;
        Ok(machine)
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
