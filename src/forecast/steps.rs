//! Whether a forecast's model bears its steps.

use super::setup::ForecastSetup;
use super::start::StartSampler;
use crate::model::stability::{StepTooLong, Steps};

impl ForecastSetup {
    /// Whether the model bears the steps, from the middle of what is known at the beginning on and under
    /// the load that is planned.
    ///
    /// # Errors
    /// When it does not, with the longest step that holds.
    pub fn check_step(&self) -> Result<(), StepTooLong> {
        let (initial, parameters) = StartSampler::new(self).at(self, 0, &[]);
        self.steps_from(&initial, &parameters).check()
    }

    /// Steps are from now on as long as the model bears them, where they are longer; the step before, where
    /// it was.
    ///
    /// # Errors
    /// When no step holds.
    pub fn shorten_step(&mut self) -> Result<Option<f64>, StepTooLong> {
        let (initial, parameters) = StartSampler::new(self).at(self, 0, &[]);
        let (before_s, step_s) = (self.dt_s, self.steps_from(&initial, &parameters).shortened()?);
        self.dt_s = step_s;
        if step_s < before_s {
            self.notes.push(format!(
                "steps of {step_s} s are taken: `{}` does not bear those of {before_s} s as it is believed to be, \
                 under what is planned",
                self.model.about().name
            ));
        }
        Ok((step_s < before_s).then_some(before_s))
    }

    fn steps_from<'a>(&'a self, initial: &'a [f64], parameters: &'a [f64]) -> Steps<'a> {
        Steps {
            model: &*self.model,
            parameters,
            initial,
            load: &*self.load,
            begin_s: self.begin_s,
            span_s: self.horizon_s,
            dt_s: self.dt_s,
            method: None,
        }
    }
}
