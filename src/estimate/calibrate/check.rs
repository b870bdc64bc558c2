//! Whether a calibration fits its model.

use super::super::sample::steps_between;
use super::error::{CalibrationError, CourseError, ValuesError};
use super::setup::{CalibrationSetup, Course};
use crate::model::stability::{StepTooLong, Steps};
use crate::model::{About, Kernel, Variable};

impl CalibrationSetup {
    /// Whether everything fits the model and is a number.
    pub(super) fn check(&self) -> Result<(), CalibrationError> {
        let about = self.model.about();
        let parameters = about.parameters.iter().map(|parameter| &*parameter.name);
        numbers("parameters", &self.parameters, &parameters.collect::<Vec<_>>())?;
        if self.deviation.len() != about.outputs.len() {
            let (outputs, found) = (owned(&names(&about.outputs)), self.deviation.len());
            return Err(CalibrationError::DeviationCount { outputs, found });
        }
        if let Some(at) = self.deviation.iter().position(|deviation| !(*deviation > 0.0)) {
            let (output, deviation) = (about.outputs[at].name.clone(), self.deviation[at]);
            return Err(CalibrationError::Deviation { output, deviation });
        }
        if !(self.step_s > 0.0 && self.step_s.is_finite()) {
            return Err(CalibrationError::Step { step_s: self.step_s });
        }
        for (at, course) in self.courses.iter().enumerate() {
            course
                .check(about, self.step_s)
                .map_err(|error| CalibrationError::Course { run: at + 1, error })?;
        }
        if !(0..about.outputs.len()).any(|output| self.is_measured(output)) {
            return Err(CalibrationError::NothingMeasured);
        }
        for (at, course) in self.courses.iter().enumerate() {
            self.check_step(course)
                .map_err(|error| CalibrationError::StepTooLong { run: at + 1, error })?;
        }
        Ok(())
    }

    /// Whether the model bears the steps of a run where the search begins.
    fn check_step(&self, course: &Course) -> Result<(), StepTooLong> {
        let mut before_s = course.start_s;
        let mut longest_s: f64 = 0.0;
        for time_s in &course.times_s {
            let steps = ((time_s - before_s) / self.step_s - 1e-9).ceil().max(1.0);
            longest_s = longest_s.max((time_s - before_s) / steps);
            before_s = *time_s;
        }
        if !(longest_s > 0.0) {
            return Ok(());
        }
        let mut x = course.initial.clone();
        let mut u = self.model.about().usual_inputs();
        course.load.at(course.start_s, &x, &mut u);
        Kernel::<f64>::start(&*self.model, &u, &self.parameters, &mut x);
        let steps = Steps {
            model: &*self.model,
            parameters: &self.parameters,
            initial: &x,
            load: &*course.load,
            begin_s: course.start_s,
            span_s: before_s - course.start_s,
            dt_s: longest_s,
            method: Some(self.method),
        };
        steps.check()
    }
}

impl Course {
    fn check(&self, about: &About, step_s: f64) -> Result<(), CourseError> {
        numbers("states", &self.initial, &names(&about.states))?;
        let (times, rows) = (self.times_s.len(), self.measured.len());
        if times != rows {
            return Err(CourseError::Rows { times, rows });
        }
        let mut before_s = self.start_s;
        for (at, (time_s, values)) in self.times_s.iter().zip(&self.measured).enumerate() {
            let (row, time_s) = (at + 1, *time_s);
            let in_order = if at == 0 { time_s >= before_s } else { time_s > before_s };
            if !(in_order && time_s.is_finite() && before_s.is_finite()) {
                return Err(CourseError::TimeOrder { row, time_s, before_s });
            }
            steps_between(before_s, time_s, step_s).map_err(|error| CourseError::Gap {
                row,
                time_s,
                error,
            })?;
            before_s = time_s;
            if values.len() != about.outputs.len() {
                let (outputs, found) = (owned(&names(&about.outputs)), values.len());
                return Err(CourseError::RowLength { row, time_s, outputs, found });
            }
            if let Some(at) = values.iter().position(|value| value.is_infinite()) {
                let (output, value) = (about.outputs[at].name.clone(), values[at]);
                return Err(CourseError::Infinite { row, time_s, output, value });
            }
        }
        Ok(())
    }
}

fn names(variables: &[Variable]) -> Vec<&str> {
    variables.iter().map(|variable| &*variable.name).collect()
}

fn owned(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

/// Whether there is a number for each name.
fn numbers(what: &'static str, values: &[f64], names: &[&str]) -> Result<(), ValuesError> {
    if values.len() != names.len() {
        let (expected, found) = (owned(names), values.len());
        return Err(ValuesError::Count { what, expected, found });
    }
    match values.iter().position(|value| !value.is_finite()) {
        Some(at) => {
            let (name, value) = (names[at].to_owned(), values[at]);
            Err(ValuesError::NoNumber { what, name, value })
        }
        None => Ok(()),
    }
}
