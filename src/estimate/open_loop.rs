//! The open-loop model of a machine: driven by the same inputs, not corrected by measurements.
//!
//! Flows in: samples. Flows out: residuals, measured minus modelled. A filter corrects its states by
//! each sample, which takes a fault out of its innovations; here a fault of the machine, or an error
//! of the model, stays in the residuals.

use std::sync::Arc;

use super::estimated::Slot;
use super::sample::{Measured, ObserveError, steps_between};
use super::unscented::Unscented;
use crate::model::load::Held;
use crate::model::stability::{StepGuard, Steps, UNKNOWN_STEPS};
use crate::model::{Kernel, Model};

/// A model that runs open-loop.
pub struct OpenLoopModel {
    model: Arc<dyn Model>,
    parameters: Vec<f64>,
    step_s: f64,
    time_s: f64,
    x: Vec<f64>,
    next: Vec<f64>,
    guard: StepGuard,
}

impl OpenLoopModel {
    /// Begins at a time with a state; steps are of `step_s` at most.
    pub fn new(
        model: Arc<dyn Model>,
        parameters: Vec<f64>,
        x: Vec<f64>,
        time_s: f64,
        step_s: f64,
    ) -> Self {
        let next = x.clone();
        Self { model, parameters, step_s, time_s, x, next, guard: StepGuard::default() }
    }

    /// The model with the parameters and the state that a filter has estimated, from the time of its
    /// belief on.
    pub fn learned(filter: &Unscented) -> Self {
        let (setup, belief) = (filter.setup(), filter.belief());
        let mut parameters = setup.parameters.clone();
        for (each, mean) in setup.estimated.iter().zip(&belief.mean) {
            if let Slot::Parameter(at) = each.slot {
                parameters[at] = each.scale.to_value(*mean);
            }
        }
        let states = belief.states.clone();
        Self::new(setup.model.clone(), parameters, states, belief.time_s, setup.step_s)
    }

    /// The modelled state.
    pub fn state(&self) -> &[f64] {
        &self.x
    }

    /// Carries the model on to a sample's time, under the inputs that it states; measured minus
    /// modelled, for what is measured.
    ///
    /// # Errors
    /// When the sample comes too late or much too long after the last one, the model does not bear its
    /// steps, or it diverges; its state is then what it was.
    pub fn residual(&mut self, sample: &Measured) -> Result<Vec<Option<f64>>, ObserveError> {
        let dt_s = sample.time_s - self.time_s;
        if !(dt_s >= 0.0) {
            return Err(ObserveError::Late { sample_s: sample.time_s, last_s: self.time_s });
        }
        let steps = steps_between(self.time_s, sample.time_s, self.step_s)?;
        let before = self.x.clone();
        let kernel: &dyn Kernel<f64> = &*self.model;
        if dt_s > 0.0 {
            let step_s = dt_s / steps;
            self.guard.check(step_s, || {
                let steps = Steps {
                    model: &*self.model,
                    parameters: &self.parameters,
                    initial: &self.x,
                    load: &Held(sample.inputs.clone()),
                    begin_s: self.time_s,
                    span_s: UNKNOWN_STEPS * step_s,
                    dt_s: step_s,
                    method: None,
                };
                steps.check()
            })?;
            for _ in 0..steps as u64 {
                let Self { parameters, x, next, .. } = self;
                kernel.step(x, &sample.inputs, parameters, step_s, next);
                std::mem::swap(x, next);
            }
        }
        if let Some(at) = self.x.iter().position(|x| !x.is_finite()) {
            self.x = before;
            let what = self.model.about().states[at].name.clone();
            return Err(ObserveError::Diverged { time_s: sample.time_s, what });
        }
        self.time_s = sample.time_s;
        let mut z = vec![0.0; sample.outputs.len()];
        kernel.output(&self.x, &sample.inputs, &self.parameters, &mut z);
        Ok(sample.outputs.iter().zip(z).map(|(measured, z)| measured.map(|m| m - z)).collect())
    }
}
