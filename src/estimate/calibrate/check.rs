//! Whether a calibration fits its model; each mistake is answered with what to do.

use super::super::sample::steps_between;
use super::setup::{Course, Setup};
use crate::model::{About, Variable};

impl Setup {
    /// Whether everything fits the model and is a number.
    pub(super) fn check(&self) -> Result<(), String> {
        let about = self.model.about();
        let parameters = about.parameters.iter().map(|parameter| &*parameter.name);
        numbers("parameters", &self.parameters, &parameters.collect::<Vec<_>>())?;
        if self.deviation.len() != about.outputs.len() {
            return Err(format!(
                "state a deviation for each output ({}), not {} of them",
                names(&about.outputs).join(", "),
                self.deviation.len()
            ));
        }
        if let Some(at) = self.deviation.iter().position(|deviation| !(*deviation > 0.0)) {
            return Err(format!(
                "the deviation of `{}` has to be above 0, not {}",
                about.outputs[at].name, self.deviation[at]
            ));
        }
        if !(self.step_s > 0.0 && self.step_s.is_finite()) {
            return Err(format!("a step of {} s leads nowhere; it has to be above 0", self.step_s));
        }
        for (at, course) in self.courses.iter().enumerate() {
            course.check(about, self.step_s).map_err(|error| format!("run {}: {error}", at + 1))?;
        }
        if !(0..about.outputs.len()).any(|output| self.is_measured(output)) {
            return Err("there is nothing to compare with: not one measurement of an output with a finite deviation".into());
        }
        Ok(())
    }
}

impl Course {
    fn check(&self, about: &About, step_s: f64) -> Result<(), String> {
        numbers("states", &self.initial, &names(&about.states))?;
        let (times, rows) = (self.times_s.len(), self.measured.len());
        if times != rows {
            return Err(format!("there are {times} times for {rows} rows of measurements"));
        }
        let mut before = self.start_s;
        for (at, (time_s, row)) in self.times_s.iter().zip(&self.measured).enumerate() {
            let place = format!("row {} ({time_s} s)", at + 1);
            let in_order = if at == 0 { *time_s >= before } else { *time_s > before };
            if !(in_order && time_s.is_finite() && before.is_finite()) {
                return Err(format!("{place}: the time has to come after {before} s"));
            }
            steps_between(before, *time_s, step_s).map_err(|error| format!("{place}: {error}"))?;
            before = *time_s;
            if row.len() != about.outputs.len() {
                return Err(format!(
                    "{place}: expected a value for each output ({}), found {}",
                    names(&about.outputs).join(", "),
                    row.len()
                ));
            }
            if let Some(at) = row.iter().position(|value| value.is_infinite()) {
                return Err(format!(
                    "{place}: `{}` is {}; leave out what was not measured (NaN)",
                    about.outputs[at].name, row[at]
                ));
            }
        }
        Ok(())
    }
}

fn names(variables: &[Variable]) -> Vec<&str> {
    variables.iter().map(|variable| &*variable.name).collect()
}

/// Whether there is a number for each name.
fn numbers(what: &str, values: &[f64], names: &[&str]) -> Result<(), String> {
    if values.len() != names.len() {
        let (expected, found) = (names.join(", "), values.len());
        return Err(format!("expected a value for each of the {what} ({expected}), found {found}"));
    }
    match values.iter().position(|value| !value.is_finite()) {
        Some(at) => Err(format!("{what}: `{}` is {}; give it a number", names[at], values[at])),
        None => Ok(()),
    }
}

/// What is said of a name that there is not.
pub(super) fn unknown_name(about: &About, name: &str) -> String {
    let parameters = about.parameters.iter().map(|parameter| &*parameter.name);
    let mut known: Vec<&str> = parameters.chain(names(&about.states)).collect();
    let lower = name.to_lowercase();
    let likeness = |known: &str| strsim::jaro_winkler(&known.to_lowercase(), &lower);
    known.sort_by(|a, b| likeness(b).total_cmp(&likeness(a)));
    let nearest = known.first().copied().unwrap_or_default();
    format!(
        "`{}` has no parameter and no state `{name}`; the nearest is `{nearest}`; there are {}",
        about.name,
        known.join(", ")
    )
}
