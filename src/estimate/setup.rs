//! What a filter estimates of a machine, and what it believes at the beginning.

use std::sync::Arc;

use super::sample::MOST_STEPS;
use crate::model::linear::Matrix;
use crate::model::{Kernel, Model, Real};

/// Where an estimated number belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Slot {
    /// A state, by its place.
    State(usize),
    /// A parameter, by its place.
    Parameter(usize),
    /// A constant error of an output's sensor, by the output's place: measured = true + bias.
    Bias(usize),
    /// How much that error grows in a second, by the output's place; the bias has to be estimated,
    /// too.
    Trend(usize),
}

/// On which scale a number is estimated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Scale {
    /// As it is.
    #[default]
    Linear,
    /// Its logarithm: for what is above 0 and known by its order of magnitude, such as a wear rate.
    Log,
}

/// A number that is estimated.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimated {
    /// Which.
    pub slot: Slot,
    /// On which scale; deviation and drift are on it, too.
    pub scale: Scale,
    /// What it is believed to be at the beginning, in its own unit.
    pub mean: f64,
    /// How far off that may be: a standard deviation.
    pub deviation: f64,
    /// How far it moves by itself in a second: a standard deviation, growing with √t.
    pub drift: f64,
    /// Time in seconds in which it forgets where it was and returns to `mean`; infinite: never. Only
    /// for what is no state: states follow their model. With it, [`Estimated::wanders`], a parameter or a bias comes and goes (a first-order Gauss–Markov
    /// process) and does not stray.
    pub memory_s: f64,
}

impl Estimated {
    /// One that comes and goes about its mean: by `deviation`, forgotten within `memory_s`.
    pub fn wanders(slot: Slot, mean: f64, deviation: f64, memory_s: f64) -> Self {
        let drift = deviation * (2.0 / memory_s).sqrt();
        Self { slot, scale: Scale::Linear, mean, deviation, drift, memory_s }
    }

    /// Variance that it gains by moving by itself for so many seconds, on its scale.
    ///
    /// What forgets is drawn back to its mean while it moves, so a process of Ornstein and Uhlenbeck
    /// gains drift²·τ/2·(1 − exp(−2 dt/τ)) over a step, exactly, however long that is (C. W. Gardiner,
    /// *Handbook of Stochastic Methods*, 3.8.4); what never forgets gains drift²·dt. A state follows its
    /// model and forgets nothing.
    pub fn strays(&self, dt_s: f64) -> f64 {
        let square = self.drift * self.drift;
        if self.forgets() {
            let gained = -libm::expm1(-2.0 * dt_s / self.memory_s);
            square * (0.5 * self.memory_s) * gained
        } else {
            square * dt_s
        }
    }

    /// Whether it returns to its mean.
    pub(super) fn forgets(&self) -> bool {
        self.memory_s.is_finite() && !matches!(self.slot, Slot::State(_))
    }
}

/// A filter's setup.
#[derive(Clone)]
pub struct Setup {
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

impl Scale {
    /// From the number to the scale.
    pub fn from_value(self, value: f64) -> f64 {
        match self {
            Self::Linear => value,
            Self::Log => libm::log(value),
        }
    }

    /// From the scale to the number.
    pub fn to_value<R: Real>(self, on_scale: R) -> R {
        match self {
            Self::Linear => on_scale,
            Self::Log => on_scale.exp(),
        }
    }
}

impl Setup {
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
        self.step_s * f64::from(MOST_STEPS)
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
    pub(super) fn check(&self) -> Result<(), String> {
        let about = self.model.about();
        let count = |what: &str, is: usize, wanted: usize| {
            let fits = is == wanted;
            fits.then_some(())
                .ok_or_else(|| format!("`{}` has {wanted} {what}, not {is}", about.name))
        };
        count("states", self.initial.len(), about.states.len())?;
        count("parameters", self.parameters.len(), about.parameters.len())?;
        count("outputs that may be measured", self.noise.len(), about.outputs.len())?;
        if self.estimated.is_empty() {
            return Err("nothing is to be estimated: name a state, a parameter or a bias".into());
        }
        for (at, each) in self.estimated.iter().enumerate() {
            let there = match each.slot {
                Slot::State(state) => state < about.states.len(),
                Slot::Parameter(parameter) => parameter < about.parameters.len(),
                Slot::Bias(output) | Slot::Trend(output) => output < about.outputs.len(),
            };
            if !there {
                return Err(format!("`{}` has no {:?}", about.name, each.slot));
            }
            let name = self.name(at);
            if let Slot::Trend(output) = each.slot
                && self.place(Slot::Bias(output)).is_none()
            {
                return Err(format!("`{name}` needs an estimated bias of the same output"));
            }
            if each.scale == Scale::Log && !(each.mean > 0.0) {
                return Err(format!(
                    "`{name}` is estimated on a logarithmic scale, so it has to begin above 0, not at {}",
                    each.mean
                ));
            }
            if !(each.deviation > 0.0 && each.deviation.is_finite() && each.mean.is_finite()) {
                return Err(format!(
                    "`{name}` needs a finite mean and a deviation above 0, not {} ± {}",
                    each.mean, each.deviation
                ));
            }
            if !(each.memory_s > 0.0) {
                return Err(format!("`{name}` cannot have a memory of {} s", each.memory_s));
            }
            if !(each.drift >= 0.0 && each.drift.is_finite()) {
                return Err(format!("`{name}` cannot drift by {}", each.drift));
            }
        }
        if let Some(at) = self.noise.iter().position(|noise| !(*noise > 0.0)) {
            return Err(format!(
                "the noise of `{}` has to be above 0, not {}",
                about.outputs[at].name, self.noise[at]
            ));
        }
        if !(self.step_s > 0.0 && self.step_s.is_finite()) {
            return Err(format!("a step of {} s leads nowhere; it has to be above 0", self.step_s));
        }
        Ok(())
    }

    /// Whether there are as many inputs as the model has.
    pub(super) fn check_inputs(&self, u: &[f64]) -> Result<(), String> {
        let about = self.model.about();
        let (is, wanted) = (u.len(), about.inputs.len());
        let sentence = || format!("`{}` has {wanted} inputs, not {is}", about.name);
        (is == wanted).then_some(()).ok_or_else(sentence)
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
