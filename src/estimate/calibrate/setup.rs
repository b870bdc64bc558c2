//! What is calibrated, on what, and how.

use std::collections::HashSet;
use std::sync::Arc;

use super::error::CalibrationError;
use super::unknown::{SearchOptions, Unknown};
use crate::model::load::Load;
use crate::model::solver::Method;
use crate::model::{About, Model, position};
use crate::twin::nearest;

/// A calibration.
#[derive(Clone)]
pub struct CalibrationSetup {
    /// The model.
    pub model: Arc<dyn Model>,
    /// All its parameters: where those that are to be found begin, and what the others are.
    pub parameters: Vec<f64>,
    /// What is to be found.
    pub chosen: Vec<Chosen>,
    /// What was measured, in one or more runs of the machine.
    pub courses: Vec<Course>,
    /// Standard deviation of the noise of each output's measurement; infinite: never compared.
    pub deviation: Vec<f64>,
    /// Longest step of the model between two measurements, in seconds.
    pub step_s: f64,
    /// The solver.
    pub method: Method,
    /// How to search.
    pub options: SearchOptions,
}

/// A parameter, or an initial state, that is to be found.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Chosen {
    /// Its name. A state's name stands for its initial value, which is another one in each course.
    pub name: String,
    /// Smallest and largest value that is allowed; unless stated otherwise a parameter's own range,
    /// and no bounds for a state.
    pub range: Option<(f64, f64)>,
    /// Where the search begins; unless stated otherwise what the setup or the course states.
    pub start: Option<f64>,
    /// Its usual size, above 0; unless stated otherwise that of its usual value, or of its start.
    pub size: Option<f64>,
}

impl Chosen {
    /// The one with that name, as its model describes it.
    pub fn named(name: &str) -> Self {
        Self { name: name.into(), ..Self::default() }
    }
}

/// A run of the machine that was measured.
#[derive(Clone)]
pub struct Course {
    /// What acted on it.
    pub load: Arc<dyn Load>,
    /// The state it began with, where that is not to be found.
    pub initial: Vec<f64>,
    /// Time of that state in seconds.
    pub start_s: f64,
    /// When it was measured, in seconds: times that grow, none before the start.
    pub times_s: Vec<f64>,
    /// For each of these times a value for each output, in the outputs' units; NaN where one is
    /// missing.
    pub measured: Vec<Vec<f64>>,
}

/// Where an unknown belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Place {
    /// A parameter.
    Parameter(usize),
    /// The initial value of a state in a course.
    Initial { course: usize, state: usize },
}

impl CalibrationSetup {
    /// A usual machine's, by Euler's method with steps of at most a second.
    pub fn usual(model: Arc<dyn Model>, deviation: &[f64], chosen: &[&str]) -> Self {
        Self {
            parameters: model.about().usual_parameters(),
            chosen: chosen.iter().map(|name| Chosen::named(name)).collect(),
            courses: Vec::new(),
            deviation: deviation.to_vec(),
            step_s: 1.0,
            method: Method::Euler,
            options: SearchOptions::default(),
            model,
        }
    }

    /// How exactly residuals can be computed: no better than the solver solves.
    pub(super) fn exactness(&self) -> f64 {
        match self.method {
            Method::Euler | Method::Rk4 => self.options.exactness,
            Method::DormandPrince(tolerance) | Method::Rosenbrock(tolerance) => {
                self.options.exactness.max(tolerance.relative)
            }
        }
    }

    /// What is to be found, and where it belongs.
    pub(super) fn unknowns(&self) -> Result<(Vec<Unknown>, Vec<Place>), CalibrationError> {
        let about = self.model.about();
        let mut all = Vec::new();
        for chosen in &self.chosen {
            let name = &chosen.name;
            if let Some(state) = position(&about.states, name) {
                for course in 0..self.courses.len() {
                    all.push(self.initial(chosen, course, state));
                }
            } else if let Some(at) = about.parameters.iter().position(|p| p.name == *name) {
                all.push(self.parameter(chosen, at));
            } else {
                return Err(unknown_name(about, name));
            }
        }
        let mut seen = HashSet::new();
        match all.iter().find(|(_, place)| !seen.insert(*place)) {
            Some((unknown, _)) => Err(CalibrationError::NamedTwice { name: unknown.name.clone() }),
            None => Ok(all.into_iter().unzip()),
        }
    }

    fn parameter(&self, chosen: &Chosen, at: usize) -> (Unknown, Place) {
        let about = &self.model.about().parameters[at];
        let range = chosen.range.unwrap_or(about.range);
        let start = chosen.start.unwrap_or(self.parameters[at]);
        let unit = about.unit.clone();
        let size = chosen.size.unwrap_or_else(|| size(start, about.usual));
        (Unknown { name: chosen.name.clone(), unit, start, range, size }, Place::Parameter(at))
    }

    fn initial(&self, chosen: &Chosen, course: usize, state: usize) -> (Unknown, Place) {
        let about = &self.model.about().states[state];
        let name = match self.courses.len() {
            1 => chosen.name.clone(),
            _ => format!("{} of run {}", chosen.name, course + 1),
        };
        let range = chosen.range.unwrap_or((f64::NEG_INFINITY, f64::INFINITY));
        let start = chosen.start.unwrap_or(self.courses[course].initial[state]);
        let unit = about.unit.clone();
        let size = chosen.size.unwrap_or_else(|| size(start, about.usual));
        (Unknown { name, unit, start, range, size }, Place::Initial { course, state })
    }

    /// What to do where the data do not identify a value.
    pub(super) fn advice(&self) -> String {
        let outputs = self.model.about().outputs.iter().enumerate();
        let unmeasured = outputs.filter(|(at, _)| !self.is_measured(*at));
        let names: Vec<String> = unmeasured.map(|(_, z)| format!("`{}`", z.name)).collect();
        match &names[..] {
            [] => "measure under other loads".into(),
            names => format!("measure {} too, or under other loads", names.join(", ")),
        }
    }

    /// Whether an output is compared anywhere.
    pub(super) fn is_measured(&self, output: usize) -> bool {
        let mut rows = self.courses.iter().flat_map(|course| &course.measured);
        self.deviation[output].is_finite() && rows.any(|row| !row[output].is_nan())
    }
}

/// How large a value usually is.
fn size(start: f64, usual: f64) -> f64 {
    let sizes = [usual.abs(), start.abs()];
    sizes.into_iter().find(|size| *size > 0.0).unwrap_or(1.0)
}

/// The error for a name that the model does not have.
fn unknown_name(about: &About, name: &str) -> CalibrationError {
    let parameters = about.parameters.iter().map(|parameter| &*parameter.name);
    let states = about.states.iter().map(|state| &*state.name);
    let known: Vec<&str> = parameters.chain(states).collect();
    CalibrationError::UnknownName {
        model: about.name.clone(),
        name: name.to_owned(),
        nearest: nearest(name, known.iter().copied()),
        known: known.into_iter().map(str::to_owned).collect(),
    }
}
