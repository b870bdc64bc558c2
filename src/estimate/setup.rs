//! What a filter estimates of a machine, and what it believes at the beginning.

use std::sync::Arc;

use super::error::FilterSetupError;
use super::estimated::{Estimated, Scale, Slot};
use crate::model::linear::Matrix;
use crate::model::{Kernel, Model};

/// Most steps of the model from one sample to the next: 46 days of a second each. Beyond, a time is
/// more likely wrong than the machine silent.
pub(super) const MOST_STEPS_A_SAMPLE: u32 = 4_000_000;

/// A filter's setup.
#[derive(Clone)]
pub struct FilterSetup {
    /// The model.
    pub model: Arc<dyn Model>,
    /// Its parameters, where they are not estimated.
    pub parameters: Vec<f64>,
    /// The state, where it is not estimated.
    pub initial: Vec<f64>,
    /// What is estimated.
    pub estimated: Vec<Estimated>,
    /// Standard deviation of the noise of each output's measurement; infinite: never taken.
    pub noise: Vec<f64>,
    /// Longest step of the model between two measurements, in seconds.
    pub step_s: f64,
    /// How sigma points are spread.
    pub spread: Spread,
    /// A measurement that is off by more than so many standard deviations is not taken;
    /// [`f64::INFINITY`] takes all.
    pub gate: f64,
}

/// How sigma points are spread about the mean: the parameters of R. van der Merwe, *Sigma-Point
/// Kalman Filters for Probabilistic Inference in Dynamic State-Space Models* (2004).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spread {
    /// Scale.
    pub alpha: f64,
    /// Weight of the middle in the covariance.
    pub beta: f64,
    /// Second scale.
    pub kappa: f64,
}

impl Default for Spread {
    /// No weight in the middle, equal weights elsewhere: the cubature filter of I. Arasaratnam and
    /// S. Haykin (2009), whose covariances cannot become indefinite.
    fn default() -> Self {
        Self { alpha: 1.0, beta: 0.0, kappa: 0.0 }
    }
}

/// Weights of the sigma points.
#[derive(Clone, Copy, Debug)]
pub(super) struct Weights {
    /// Of the middle in means.
    pub middle_mean: f64,
    /// Of the middle in covariances.
    pub middle_covariance: f64,
    /// Of each other point in both.
    pub other: f64,
    /// Points lie at the mean ± √(this × covariance).
    pub stretch: f64,
}

impl Spread {
    pub(super) fn weights(&self, n: usize) -> Weights {
        let Self { alpha, beta, kappa } = *self;
        let n = n as f64;
        let lambda = alpha * alpha * (n + kappa) - n;
        let stretch = n + lambda;
        Weights {
            middle_mean: lambda / stretch,
            middle_covariance: lambda / stretch + (1.0 - alpha * alpha + beta),
            other: 0.5 / stretch,
            stretch,
        }
    }
}

impl FilterSetup {
    /// All states of a usual machine are estimated, with these deviations and drifts.
    pub fn usual(model: Arc<dyn Model>, deviation: &[f64], drift: &[f64], noise: &[f64]) -> Self {
        let about = model.about();
        let each = about.states.iter().zip(deviation).zip(drift).enumerate();
        let estimated = each.map(|(at, ((state, deviation), drift))| Estimated {
            slot: Slot::State(at),
            scale: Scale::Linear,
            mean: state.usual,
            deviation: *deviation,
            drift: *drift,
            memory_s: f64::INFINITY,
        });
        Self {
            estimated: estimated.collect(),
            parameters: about.usual_parameters(),
            initial: about.states.iter().map(|state| state.usual).collect(),
            noise: noise.to_vec(),
            step_s: 1.0,
            spread: Spread::default(),
            gate: f64::INFINITY,
            model,
        }
    }

    /// Longest time from one sample to the next through which the model is carried, in seconds.
    pub fn reach_s(&self) -> f64 {
        self.step_s * f64::from(MOST_STEPS_A_SAMPLE)
    }

    /// Where something is among what is estimated.
    pub fn place(&self, slot: Slot) -> Option<usize> {
        self.estimated.iter().position(|each| each.slot == slot)
    }

    /// The name of what is estimated at a place.
    pub fn name(&self, at: usize) -> String {
        let about = self.model.about();
        match self.estimated[at].slot {
            Slot::State(state) => about.states[state].name.clone(),
            Slot::Parameter(parameter) => about.parameters[parameter].name.clone(),
            Slot::Bias(output) => format!("bias_{}", about.outputs[output].name),
            Slot::Trend(output) => format!("trend_{}", about.outputs[output].name),
        }
    }

    /// What is believed at the beginning: means and covariance on the scales.
    pub(crate) fn belief(&self) -> (Vec<f64>, Matrix) {
        let means = self.estimated.iter().map(|each| each.scale.from_value(each.mean));
        let squares: Vec<f64> =
            self.estimated.iter().map(|each| each.deviation * each.deviation).collect();
        (means.collect(), Matrix::diagonal(&squares))
    }

    /// Whether everything fits the model and is a number.
    pub(super) fn check(&self) -> Result<(), FilterSetupError> {
        let about = self.model.about();
        let count = |what: &'static str, is, wanted| self.count(what, is, wanted);
        count("states", self.initial.len(), about.states.len())?;
        count("parameters", self.parameters.len(), about.parameters.len())?;
        count("outputs that may be measured", self.noise.len(), about.outputs.len())?;
        if self.estimated.is_empty() {
            return Err(FilterSetupError::NothingEstimated);
        }
        for (at, each) in self.estimated.iter().enumerate() {
            let there = match each.slot {
                Slot::State(state) => state < about.states.len(),
                Slot::Parameter(parameter) => parameter < about.parameters.len(),
                Slot::Bias(output) | Slot::Trend(output) => output < about.outputs.len(),
            };
            if !there {
                let (model, slot) = (about.name.clone(), each.slot);
                return Err(FilterSetupError::NoSlot { model, slot });
            }
            let name = self.name(at);
            if let Slot::Trend(output) = each.slot
                && self.place(Slot::Bias(output)).is_none()
            {
                return Err(FilterSetupError::TrendWithoutBias { name });
            }
            let Estimated { mean, deviation, memory_s, drift, .. } = *each;
            if each.scale == Scale::Log && !(mean > 0.0) {
                return Err(FilterSetupError::LogMean { name, mean });
            }
            if !(deviation > 0.0 && deviation.is_finite() && mean.is_finite()) {
                return Err(FilterSetupError::Belief { name, mean, deviation });
            }
            if !(memory_s > 0.0) {
                return Err(FilterSetupError::Memory { name, memory_s });
            }
            if !(drift >= 0.0 && drift.is_finite()) {
                return Err(FilterSetupError::Drift { name, drift });
            }
        }
        if let Some(at) = self.noise.iter().position(|noise| !(*noise > 0.0)) {
            let (output, noise) = (about.outputs[at].name.clone(), self.noise[at]);
            return Err(FilterSetupError::Noise { output, noise });
        }
        if !(self.step_s > 0.0 && self.step_s.is_finite()) {
            return Err(FilterSetupError::Step { step_s: self.step_s });
        }
        Ok(())
    }

    /// Whether there are as many inputs as the model has.
    pub(super) fn check_inputs(&self, u: &[f64]) -> Result<(), FilterSetupError> {
        self.count("inputs", u.len(), self.model.about().inputs.len())
    }

    fn count(&self, what: &'static str, is: usize, wanted: usize) -> Result<(), FilterSetupError> {
        Ok(self.model.about().count(what, is, wanted)?)
    }

    /// The state that a model begins with under these inputs.
    pub(super) fn begin(&self, u: &[f64]) -> Vec<f64> {
        let mut x = self.initial.clone();
        for each in &self.estimated {
            if let Slot::State(at) = each.slot {
                x[at] = each.mean;
            }
        }
        Kernel::<f64>::start(&*self.model, u, &self.parameters, &mut x);
        x
    }
}
