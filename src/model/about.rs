//! The description of a model: its states, inputs, outputs, events and parameters, with their
//! units, where it holds and who published it.

use super::solver::Method;
use crate::twin::{Unit, UnitError};

/// Length of a step in seconds, unless a model wants another one.
const STEP_S: f64 = 1.0;

/// The description of a model.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct About {
    /// Its name in twin files and on the command line.
    pub name: String,
    /// What people call it.
    pub title: String,
    /// Who published its equations.
    pub source: String,
    /// Where it holds and where it does not.
    pub validity: String,
    /// Its states.
    pub states: Vec<Variable>,
    /// What acts on it from outside.
    pub inputs: Vec<Variable>,
    /// What can be measured of it.
    pub outputs: Vec<Variable>,
    /// What can happen to it.
    pub events: Vec<EventAbout>,
    /// The numbers in which machines of this kind differ.
    pub parameters: Vec<ParameterAbout>,
    /// The solver of its steps, unless a machine's file states another.
    pub method: Method,
    /// Length of its steps in seconds, unless a machine's file states another: one that it bears by
    /// that solver.
    pub step_s: f64,
}

/// There are not as many numbers as a model has of them.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{model}` has {wanted} {what}, not {is}")]
pub struct WrongCount {
    /// The model.
    pub model: String,
    /// Of what: "inputs", "parameters" and so on.
    pub what: &'static str,
    /// How many there are.
    pub is: usize,
    /// How many there should be.
    pub wanted: usize,
}

/// A state, an input or an output.
#[derive(Clone, Debug, PartialEq)]
pub struct Variable {
    /// Its name, as in tables and twin files.
    pub name: String,
    /// Its unit in UCUM notation.
    pub unit: String,
    /// What it is.
    pub meaning: String,
    /// Its usual value; for a state the one it starts with. Outputs have none that is used.
    pub usual: f64,
    /// Other names and units under which a table may have it, the properties that are this variable.
    pub aliases: Vec<Alias>,
    /// Whether its own name is a property's as well, in that property's unit. A column of that name is
    /// then the property, which is this variable where the name is among its aliases.
    pub is_named_as_property: bool,
    /// Of an angle that is kept within a turn, how much a turn is; `None` of all else. Means and
    /// differences of such angles are taken over the shorter way round.
    pub turn: Option<f64>,
}

/// Another name of a variable, as for a property in another unit: variable = number × scale + offset.
#[derive(Clone, Debug, PartialEq)]
pub struct Alias {
    /// The name.
    pub name: String,
    /// See above.
    pub scale: f64,
    /// See above.
    pub offset: f64,
}

/// An event: its event state falls from 1 (healthy) to 0 (it happens).
#[derive(Clone, Debug, PartialEq)]
pub struct EventAbout {
    /// Its name.
    pub name: String,
    /// What happens.
    pub meaning: String,
}

/// A parameter.
#[derive(Clone, Debug, PartialEq)]
pub struct ParameterAbout {
    /// Its name.
    pub name: String,
    /// Its unit in UCUM notation.
    pub unit: String,
    /// What it is.
    pub meaning: String,
    /// Its value unless another is stated.
    pub usual: f64,
    /// Smallest and largest value that make sense.
    pub range: (f64, f64),
}

impl About {
    /// Begins a description.
    pub fn new(name: &str, title: &str) -> Self {
        Self { name: name.into(), title: title.into(), step_s: STEP_S, ..Self::default() }
    }

    /// Says by which solver it is stepped, and how long steps are in seconds.
    pub fn stepped_by(mut self, method: Method, step_s: f64) -> Self {
        (self.method, self.step_s) = (method, step_s);
        self
    }

    /// Length of its steps in seconds by another solver than its own, unless a machine's file states one:
    /// short steps are Euler's need alone.
    pub fn step_by_s(&self, method: Method) -> f64 {
        match method.adapts_steps() && !self.method.adapts_steps() {
            true => self.step_s.max(STEP_S),
            false => self.step_s,
        }
    }

    /// Who published the equations.
    pub fn source(mut self, text: &str) -> Self {
        self.source = text.into();
        self
    }

    /// Where the model holds.
    pub fn validity(mut self, text: &str) -> Self {
        self.validity = text.into();
        self
    }

    /// Adds a state and the value it starts with.
    pub fn state(mut self, name: &str, unit: &str, usual: f64, meaning: &str) -> Self {
        self.states.push(variable(name, unit, usual, meaning));
        self
    }

    /// Adds an input and its usual value.
    pub fn input(mut self, name: &str, unit: &str, usual: f64, meaning: &str) -> Self {
        self.inputs.push(variable(name, unit, usual, meaning));
        self
    }

    /// Adds an output.
    pub fn output(mut self, name: &str, unit: &str, meaning: &str) -> Self {
        self.outputs.push(variable(name, unit, 0.0, meaning));
        self
    }

    /// Says that states and outputs of that name are angles that are kept within such a turn.
    pub fn within_a_turn(mut self, name: &str, turn: f64) -> Self {
        let all = self.states.iter_mut().chain(&mut self.outputs);
        all.filter(|variable| variable.name == name).for_each(|angle| angle.turn = Some(turn));
        self
    }

    /// Adds an event.
    pub fn event(mut self, name: &str, meaning: &str) -> Self {
        self.events.push(EventAbout { name: name.into(), meaning: meaning.into() });
        self
    }

    /// Adds a parameter with its usual value and the range in which it makes sense.
    pub fn parameter(
        mut self,
        name: &str,
        unit: &str,
        usual: f64,
        range: (f64, f64),
        meaning: &str,
    ) -> Self {
        let (name, unit, meaning) = (name.into(), unit.into(), meaning.into());
        self.parameters.push(ParameterAbout { name, unit, meaning, usual, range });
        self
    }

    /// Whether there are as many numbers as the model has of them; `what` they are is for the error.
    ///
    /// # Errors
    /// When there are more or fewer.
    pub fn count(&self, what: &'static str, is: usize, wanted: usize) -> Result<(), WrongCount> {
        let error = || WrongCount { model: self.name.clone(), what, is, wanted };
        (is == wanted).then_some(()).ok_or_else(error)
    }

    /// The usual parameters, in order.
    pub fn usual_parameters(&self) -> Vec<f64> {
        self.parameters.iter().map(|parameter| parameter.usual).collect()
    }

    /// The usual inputs, in order.
    pub fn usual_inputs(&self) -> Vec<f64> {
        self.inputs.iter().map(|input| input.usual).collect()
    }
}

impl Variable {
    /// The names of the columns that may hold it, but for its own name with a prefix.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        let own = (!self.is_named_as_property).then_some(&*self.name);
        own.into_iter().chain(self.aliases.iter().map(|alias| &*alias.name))
    }

    /// Its unit.
    ///
    /// # Errors
    /// If the text is none; the models of this library are tested for it.
    pub fn unit(&self) -> Result<Unit, UnitError> {
        Unit::parse(&self.unit)
    }
}

fn variable(name: &str, unit: &str, usual: f64, meaning: &str) -> Variable {
    let (name, unit, meaning) = (name.into(), unit.into(), meaning.into());
    Variable {
        name,
        unit,
        meaning,
        usual,
        aliases: Vec::new(),
        is_named_as_property: false,
        turn: None,
    }
}

/// An angle, so many whole turns further that it is as near as can be to another one.
pub fn nearest_angle(angle: f64, to: f64, turn: f64) -> f64 {
    angle - libm::floor((angle - to) / turn + 0.5) * turn
}

/// The place of the variable with that name.
pub fn position(variables: &[Variable], name: &str) -> Option<usize> {
    variables.iter().position(|variable| variable.name == name)
}
