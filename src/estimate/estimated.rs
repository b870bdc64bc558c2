//! A number that is estimated: where it belongs, on which scale, and how it moves.

use crate::model::Real;

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
    /// Time constant in seconds of a first-order Gauss–Markov process, by which a parameter or a bias
    /// returns to `mean` ([`Estimated::wanders`]); infinite: a random walk. Only for what is no state:
    /// states follow their model.
    pub memory_s: f64,
}

impl Estimated {
    /// A first-order Gauss–Markov process about its mean, with a standard deviation and a time
    /// constant in seconds.
    pub fn wanders(slot: Slot, mean: f64, deviation: f64, memory_s: f64) -> Self {
        let drift = deviation * (2.0 / memory_s).sqrt();
        Self { slot, scale: Scale::Linear, mean, deviation, drift, memory_s }
    }

    /// Variance that it gains by moving by itself for so many seconds, on its scale.
    ///
    /// A process of Ornstein and Uhlenbeck with time constant τ gains drift²·τ/2·(1 − exp(−2 dt/τ))
    /// over a step, exactly, however long that is (C. W. Gardiner, *Handbook of Stochastic Methods*,
    /// 3.8.4); a random walk gains drift²·dt. A state follows its model and has no time constant.
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
