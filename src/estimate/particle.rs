//! A particle filter: a belief of any shape, as samples with weights.
//!
//! N. J. Gordon, D. J. Salmond, A. F. M. Smith: Novel approach to nonlinear/non-Gaussian Bayesian
//! state estimation, IEE Proc. F 140 (1993); systematic resampling after G. Kitagawa, J. Comp. Graph.
//! Stat. 5 (1996). Without a drift, resampling leaves fewer and fewer different values; so resampled
//! particles are moved by a kernel that keeps mean and covariance: J. Liu, M. West,
//! in: Sequential Monte Carlo Methods in Practice (2001).
//!
//! Flows in: inputs and measurements with their times. Flows out: particles, and of them means and
//! covariance.

use super::consistency::{Consistency, Inconsistency};
use super::error::FilterSetupError;
use super::estimated::Slot;
use super::maintenance::NewPart;
use super::plausibility::{Doubt, Priors};
use super::points::Points;
use super::sample::{
    Gate, Measured, MeasurementUpdate, ObserveError, check_steps, fits, log_at_gate,
};
use super::setup::FilterSetup;
use super::unscented::Belief;
use crate::model::linear::Matrix;
use crate::model::noise::RandomStream;
use crate::model::stability::StepGuard;

/// Fewest particles of a filter: the spread of fewer is not known.
pub const FEWEST: usize = 16;
/// Resampled when fewer than this share of the particles carry the weight.
const WORN: f64 = 0.5;

/// A particle filter under way.
#[derive(Clone)]
pub struct Particles {
    setup: FilterSetup,
    points: Points,
    /// Of each particle; their sum is 1.
    weights: Vec<f64>,
    time_s: f64,
    gate: Gate,
    consistency: Consistency,
    guard: StepGuard,
    priors: Priors,
    random: RandomStream,
    belief: Belief,
}

/// State and parameters of a member of an ensemble.
pub type Drawn = (Vec<f64>, Vec<f64>);

impl Particles {
    /// Begins with what the setup believes at a time, under the inputs that act then.
    ///
    /// # Errors
    /// When the setup does not fit its model, or there are too few particles.
    pub fn new(
        setup: FilterSetup,
        count: usize,
        seed: u64,
        time_s: f64,
        u: &[f64],
    ) -> Result<Self, FilterSetupError> {
        setup.check()?;
        setup.check_inputs(u)?;
        if count < FEWEST {
            return Err(FilterSetupError::Particles { count, fewest: FEWEST });
        }
        let mut points = Points::new(&setup, count);
        let mut random = RandomStream::new(seed, 0);
        points.set_state(&setup.begin(u));
        for at in 0..count {
            for (row, each) in setup.estimated.iter().enumerate() {
                let mean = each.scale.from_value(each.mean);
                *points.estimated(at, row) = mean + each.deviation * random.normal();
            }
        }
        points.apply(&setup);
        let (mean, covariance) = setup.belief();
        let mut filter = Self {
            weights: vec![1.0 / count as f64; count],
            belief: Belief { time_s, mean, covariance, states: Vec::new() },
            gate: Gate::new(setup.model.about()),
            consistency: Consistency::default(),
            guard: StepGuard::default(),
            priors: Priors::new(&setup, time_s, &setup.begin(u), u),
            time_s,
            points,
            random,
            setup,
        };
        filter.sum_up();
        Ok(filter)
    }

    /// The setup.
    pub fn setup(&self) -> &FilterSetup {
        &self.setup
    }

    /// Means and covariance of the particles.
    pub fn belief(&self) -> &Belief {
        &self.belief
    }

    /// How many particles there are.
    pub(super) fn count(&self) -> usize {
        self.weights.len()
    }

    /// Effective number of particles: all, while weights are equal.
    pub fn effective(&self) -> f64 {
        1.0 / self.weights.iter().map(|weight| weight * weight).sum::<f64>()
    }

    /// The particles, each as often as its weight: what an ensemble begins with.
    pub fn members(&self) -> Vec<Drawn> {
        let places = systematic(&self.weights, 0.5);
        places.into_iter().map(|at| self.points.one(at)).collect()
    }

    /// A part was replaced: see [`super::Unscented::replaced`].
    pub fn replaced(&mut self, new: &NewPart) {
        self.consistency.restart();
        self.priors.replaced(new, self.time_s);
        for &(state, value) in &new.states {
            self.points.set_variable(state, value);
        }
        for &(row, mean, deviation) in &new.estimated {
            for at in 0..self.weights.len() {
                *self.points.estimated(at, row) = mean + deviation * self.random.normal();
            }
        }
        self.points.apply(&self.setup);
        self.sum_up();
    }

    /// Takes a sample: carries all particles to its time, then weighs them by what it measures.
    ///
    /// # Errors
    /// See [`ObserveError`]; nothing has changed then.
    pub fn observe(&mut self, sample: &Measured) -> Result<MeasurementUpdate, ObserveError> {
        fits(&self.setup, sample, self.time_s)?;
        let Self { setup, guard, belief, .. } = self;
        check_steps(setup, guard, (belief.time_s, &belief.mean, &belief.states), sample)?;
        let before = self.clone();
        let update = self.take(sample);
        match &update {
            Ok(update) => self.consistency.record(&self.setup, update),
            Err(_) => *self = before,
        }
        update
    }

    /// See [`super::Unscented::check_consistency`].
    ///
    /// # Errors
    /// When the filter is not consistent with its machine.
    pub fn check_consistency(&self) -> Result<(), Inconsistency> {
        self.consistency.check(&self.setup, self.time_s)
    }

    /// See [`super::Unscented::check`].
    ///
    /// # Errors
    /// When what the filter believes is not to be relied upon.
    pub fn check(&self) -> Result<(), Doubt> {
        self.check_consistency()?;
        Ok(self.priors.check(&self.setup, self.belief.time_s, &self.belief.mean)?)
    }

    fn take(&mut self, sample: &Measured) -> Result<MeasurementUpdate, ObserveError> {
        let dt_s = sample.time_s - self.time_s;
        self.time_s = sample.time_s;
        if dt_s > 0.0 {
            self.points.advance(&self.setup, &sample.inputs, dt_s);
            self.shake(dt_s);
        }
        self.points.measure(&self.setup, &sample.inputs);
        let mut update = self.expect(sample);
        self.weigh(sample, &mut update)?;
        self.sum_up();
        if self.effective() < WORN * self.weights.len() as f64 {
            self.resample();
        }
        Ok(update)
    }

    /// Adds what moves by itself.
    fn shake(&mut self, dt_s: f64) {
        let far: Vec<f64> =
            self.setup.estimated.iter().map(|each| each.strays(dt_s).sqrt()).collect();
        for at in 0..self.weights.len() {
            for (row, far) in far.iter().enumerate().filter(|(_, far)| **far > 0.0) {
                *self.points.estimated(at, row) += far * self.random.normal();
            }
        }
        self.points.apply(&self.setup);
    }

    /// What the particles say of the outputs, and which of these are taken.
    fn expect(&mut self, sample: &Measured) -> MeasurementUpdate {
        let outputs = self.setup.noise.len();
        let mut update = MeasurementUpdate::default();
        for output in 0..outputs {
            let of = |at: usize| self.points.output(at, output);
            let (mean, variance) = moments(&self.weights, of);
            let noise = self.setup.noise[output];
            let noise = if noise.is_finite() { noise } else { 0.0 };
            update.expected.push(mean);
            update.deviation.push((variance + noise * noise).sqrt());
        }
        update.innovation = self.gate.innovation(sample, &update.expected);
        update.taken = self.gate.admit(&self.setup, &update.innovation, &update.deviation);
        update
    }

    fn weigh(
        &mut self,
        sample: &Measured,
        update: &mut MeasurementUpdate,
    ) -> Result<(), ObserveError> {
        let taken: Vec<(usize, f64, f64)> = (0..update.taken.len())
            .filter(|at| update.taken[*at])
            .filter_map(|at| Some((at, sample.outputs[at]?, self.setup.noise[at])))
            .collect();
        let mut logs = Vec::with_capacity(self.weights.len());
        for (at, weight) in self.weights.iter().enumerate() {
            let off = |(row, z, noise): &(usize, f64, f64)| {
                let off = (z - self.points.output(at, *row)) / noise;
                off * off
            };
            let squared: f64 = taken.iter().map(off).sum();
            let log = libm::log(*weight) - 0.5 * squared;
            let one_is_gone = (0..self.setup.estimated.len())
                .any(|row| !self.points.estimated(at, row).is_finite());
            logs.push(if one_is_gone || log.is_nan() { f64::NEG_INFINITY } else { log });
        }
        let most = logs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        if !most.is_finite() {
            let what = self.setup.name(0);
            return Err(ObserveError::Diverged { time_s: self.time_s, what });
        }
        let relative: Vec<f64> = logs.iter().map(|log| libm::exp(log - most)).collect();
        let sum: f64 = relative.iter().sum();
        self.weights = relative.iter().map(|weight| weight / sum).collect();
        let turn = libm::log(std::f64::consts::TAU);
        let noises = taken.iter().map(|(_, _, noise)| libm::log(*noise) + 0.5 * turn);
        update.log_likelihood = most + libm::log(sum) - noises.sum::<f64>();
        let off = |at: usize| Some(update.innovation[at]? / update.deviation[at]);
        let squares = taken.iter().filter_map(|(at, _, _)| off(*at)).map(|off| off * off);
        update.squared = squares.sum();
        let refused = (0..update.taken.len()).filter(|at| {
            update.innovation[*at].is_some() && !update.taken[*at] && self.setup.is_measured(*at)
        });
        let refused = refused.map(|at| log_at_gate(self.setup.gate, update.deviation[at]));
        update.log_clipped = update.log_likelihood + refused.sum::<f64>();
        Ok(())
    }

    /// Draws the particles anew, each as often as its weight, and moves them by the kernel.
    fn resample(&mut self) {
        let count = self.weights.len();
        let places = systematic(&self.weights, self.random.uniform());
        self.points.pick(&places);
        self.weights = vec![1.0 / count as f64; count];
        let n = self.setup.estimated.len();
        // Silverman's width of a kernel for a normal density of so many dimensions.
        let power = 1.0 / (n as f64 + 4.0);
        let width = libm::pow(4.0 / (n as f64 + 2.0), power) * libm::pow(count as f64, -power);
        let Belief { mean, covariance, .. } = &self.belief;
        let width = width.min(0.5);
        let (Some(root), kept) = (covariance.cholesky(), (1.0 - width * width).sqrt()) else {
            return;
        };
        let mut normal = vec![0.0; n];
        for at in 0..count {
            normal.iter_mut().for_each(|normal| *normal = self.random.normal());
            for (row, mean) in mean.iter().enumerate() {
                let off: f64 = root.row(row)[..=row].iter().zip(&normal).map(|(a, b)| a * b).sum();
                let value = self.points.estimated(at, row);
                *value = mean + kept * (*value - mean) + width * off;
            }
        }
        self.points.apply(&self.setup);
    }

    /// Means and covariance of what is estimated, means of all states.
    fn sum_up(&mut self) {
        let n = self.setup.estimated.len();
        let count = self.weights.len();
        let mut rows = vec![vec![0.0; count]; n];
        for (row, values) in rows.iter_mut().enumerate() {
            for (at, value) in values.iter_mut().enumerate() {
                *value = *self.points.estimated(at, row);
            }
        }
        let dot = |f: &dyn Fn(usize) -> f64| {
            (0..count).filter(|at| self.weights[*at] > 0.0).map(|at| self.weights[at] * f(at)).sum()
        };
        let mean: Vec<f64> = rows.iter().map(|row| dot(&|at| row[at])).collect();
        let mut covariance = Matrix::zero(n, n);
        for a in 0..n {
            for b in 0..=a {
                let value = dot(&|at| (rows[a][at] - mean[a]) * (rows[b][at] - mean[b]));
                covariance.set(a, b, value);
                covariance.set(b, a, value);
            }
        }
        let mut states = vec![0.0; self.setup.initial.len()];
        for at in (0..count).filter(|at| self.weights[*at] > 0.0) {
            let (x, _) = self.points.one(at);
            states.iter_mut().zip(x).for_each(|(sum, x)| *sum += self.weights[at] * x);
        }
        for (each, mean) in self.setup.estimated.iter().zip(&mean) {
            if let Slot::State(at) = each.slot {
                states[at] = each.scale.to_value(*mean);
            }
        }
        self.belief = Belief { time_s: self.time_s, mean, covariance, states };
    }
}

/// Mean and variance under weights.
fn moments(weights: &[f64], of: impl Fn(usize) -> f64) -> (f64, f64) {
    let all = || weights.iter().enumerate().filter(|(_, weight)| **weight > 0.0);
    let mean: f64 = all().map(|(at, weight)| weight * of(at)).sum();
    let square = |at: usize| (of(at) - mean) * (of(at) - mean);
    (mean, all().map(|(at, weight)| weight * square(at)).sum())
}

/// Places drawn with one number from 0 to 1: each as often as its weight, to within one.
fn systematic(weights: &[f64], uniform: f64) -> Vec<usize> {
    let count = weights.len();
    // None without weight is drawn, whatever is rounded off.
    let last = weights.iter().rposition(|weight| *weight > 0.0).unwrap_or(0);
    let (mut at, mut sum) = (0, weights[0]);
    let place = |draw: usize| {
        let wanted = (draw as f64 + uniform) / count as f64;
        while sum <= wanted && at < last {
            at += 1;
            sum += weights[at];
        }
        at
    };
    (0..count).map(place).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_particle_is_drawn_as_often_as_its_weight_says() {
        for uniform in [0.0, 0.3, 0.999] {
            let places = systematic(&[0.1, 0.0, 0.5, 0.4, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0], uniform);
            let count = |at: usize| places.iter().filter(|place| **place == at).count();
            assert_eq!([count(0), count(1), count(2), count(3)], [1, 0, 5, 4], "{uniform}");
        }
    }
}
