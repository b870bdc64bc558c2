//! How a machine behaves, as a file states it: which model, with which parameters, what of it is
//! estimated and how.
//!
//! The ground floor knows no models: what a name means is found by those above, who answer a wrong
//! one with the place that [`Named`] keeps.

use super::diagnostic::{Diagnostic, Diagnostics};
use super::nearest::nearest;

/// A name in a file, with its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    /// The name.
    pub text: String,
    /// A message about this place that says nothing yet.
    pub(super) place: Box<Diagnostic>,
}

impl Named {
    /// That there is nothing with this name, and what there is.
    pub fn unknown<'a>(&self, what: &str, known: impl IntoIterator<Item = &'a str>) -> Diagnostic {
        let known: Vec<&str> = known.into_iter().collect();
        Diagnostic {
            message: format!("unknown {what} `{}`", self.text),
            expected: Some(match known.len() {
                0 => format!("no {what}: there is none"),
                _ => format!("one of {}", known.join(", ")),
            }),
            suggestion: nearest(&self.text, known),
            ..(*self.place).clone()
        }
    }

    /// A part of the name, at the same place.
    pub fn part(&self, text: &str) -> Self {
        Self { text: text.to_owned(), ..self.clone() }
    }

    /// That something is wrong with what stands here.
    pub fn wrong(&self, message: impl Into<String>) -> Diagnostic {
        Diagnostic { message: message.into(), ..(*self.place).clone() }
    }
}

/// A number by name.
pub type NamedNumber = (Named, f64);

/// A machine's model and what is believed of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Behaviour {
    /// The model's name.
    pub model: Named,
    /// Parameters that are not the usual ones.
    pub parameters: Vec<NamedNumber>,
    /// States that do not begin as usual.
    pub initial: Vec<NamedNumber>,
    /// Standard deviation of what is measured of each output.
    pub noise: Vec<NamedNumber>,
    /// What is estimated.
    pub estimate: Vec<EstimateSpec>,
    /// Longest step of the model in seconds; `None`: the model's usual one.
    pub step_s: Option<f64>,
    /// The solver that takes the steps; `None`: Euler's method.
    pub solver: Option<Named>,
    /// What is done with it where nothing else says so: inputs, each with times in seconds and the
    /// values that hold from then on.
    pub inputs: Vec<(Named, Vec<(f64, f64)>)>,
    /// Measurements that are off by more standard deviations are not taken.
    pub gate: f64,
    /// Sigma points: alpha, beta, kappa; `None`: the usual ones.
    pub spread: Option<(f64, f64, f64)>,
    /// Events that end a forecast; empty: any.
    pub ends: Vec<Named>,
    /// How far the planned load may be off.
    pub load: Vec<LoadSpec>,
    /// In which ways it may go wrong.
    pub faults: Vec<FaultSpec>,
    /// Its parts, and which numbers are new with a new part.
    pub parts: Vec<PartSpec>,
}

/// A part that can be replaced.
#[derive(Clone, Debug, PartialEq)]
pub struct PartSpec {
    /// Its name.
    pub name: Named,
    /// What belongs to it.
    pub numbers: Vec<PartNumber>,
}

/// A number that is new with a new part.
#[derive(Clone, Debug, PartialEq)]
pub struct PartNumber {
    /// A state, a parameter, or `bias_` or `trend_` and an output.
    pub name: Named,
    /// What it is in a new part, in its own unit; `None`: as usual.
    pub mean: Option<f64>,
    /// How far off that may be, on the scale on which it is estimated; `None`: as at the beginning.
    pub deviation: Option<f64>,
}

/// A way in which a machine may go wrong.
#[derive(Clone, Debug, PartialEq)]
pub struct FaultSpec {
    /// Its name.
    pub name: Named,
    /// How often it comes up beside the others; only ratios count.
    pub prior: f64,
    /// What is then estimated in another way than usual, or besides.
    pub estimate: Vec<EstimateSpec>,
}

/// Something that is estimated.
#[derive(Clone, Debug, PartialEq)]
pub struct EstimateSpec {
    /// A state, a parameter, or `bias_` and an output.
    pub name: Named,
    /// By its logarithm.
    pub log: bool,
    /// What it is believed to be at the beginning; `None`: as usual.
    pub mean: Option<f64>,
    /// How far off that may be.
    pub deviation: f64,
    /// How far it moves by itself in a second.
    pub drift: f64,
    /// Time in seconds in which it forgets where it was and returns to its mean; `None`: never.
    pub memory_s: Option<f64>,
}

/// How far some inputs may be off from what is planned.
#[derive(Clone, Debug, PartialEq)]
pub struct LoadSpec {
    /// These, in common.
    pub inputs: Vec<Named>,
    /// Share from beginning to end.
    pub level: f64,
    /// Share that comes and goes.
    pub wander: f64,
    /// How fast, in seconds.
    pub memory_s: f64,
}

impl Behaviour {
    /// A model of which nothing else is stated.
    pub fn empty(model: Named) -> Self {
        Self {
            model,
            parameters: Vec::new(),
            initial: Vec::new(),
            noise: Vec::new(),
            estimate: Vec::new(),
            step_s: None,
            solver: None,
            inputs: Vec::new(),
            gate: 5.0,
            spread: None,
            ends: Vec::new(),
            load: Vec::new(),
            faults: Vec::new(),
            parts: Vec::new(),
        }
    }

    /// From now on a fault has come up: what it states is estimated as it states it.
    ///
    /// # Errors
    /// When there is no such fault; with those that there are.
    pub fn suppose(&mut self, fault: &str) -> Result<(), String> {
        let found = self.faults.iter().find(|other| other.name.text == fault);
        let Some(found) = found else {
            let known = || self.faults.iter().map(|fault| &*fault.name.text);
            let near = nearest(fault, known()).map(|near| format!("; did you mean `{near}`?"));
            let known: Vec<&str> = known().collect();
            let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
            let near = near.unwrap_or_default();
            return Err(format!("there is no fault `{fault}`; stated are: {known}{near}"));
        };
        for spec in found.estimate.clone() {
            match self.estimate.iter_mut().find(|other| other.name.text == spec.name.text) {
                Some(other) => *other = spec,
                None => self.estimate.push(spec),
            }
        }
        Ok(())
    }
}

impl Diagnostics {
    /// These, unless there is none.
    ///
    /// # Errors
    /// When there is one.
    pub fn unless_empty(all: Vec<Diagnostic>) -> Result<(), Self> {
        if all.is_empty() { Ok(()) } else { Err(Self(all)) }
    }
}
