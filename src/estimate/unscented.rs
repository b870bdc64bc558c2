//! The unscented Kalman filter, fed sample by sample.
//!
//! S. J. Julier, J. K. Uhlmann: Unscented Filtering and Nonlinear Estimation, Proc. IEEE 92 (2004);
//! weights after van der Merwe. Sigma points are drawn anew between prediction and update, so that
//! process noise is in them.
//!
//! Flows in: inputs and measurements with their times. Flows out: a belief (means and covariance)
//! and, for every sample, its measurement update.

use smallvec::SmallVec;

use super::consistency::{Consistency, Inconsistency};
use super::error::FilterSetupError;
use super::estimated::{Estimated, Slot};
use super::maintenance::NewPart;
use super::plausibility::{Doubt, Priors, still};
use super::points::Points;
use super::sample::{
    Gate, Measured, MeasurementUpdate, ObserveError, check_steps, fits, log_at_gate,
};
use super::setup::{FilterSetup, Weights};
use crate::model::linear::Matrix;
use crate::model::stability::StepGuard;

/// Added to a covariance that is not positive definite, as a share of its diagonal.
const REPAIR: f64 = 1e-9;

/// A number for each output.
type Few<T> = SmallVec<[T; 8]>;

/// A filter under way.
///
/// ```
/// use twinscope::estimate::{FilterSetup, Measured, Unscented};
///
/// let battery = twinscope::model::registry::find("battery_circuit")?;
/// // Deviations and drifts of its four states, and the noise of its thermometer and its voltmeter.
/// let (deviation, drift) = ([1.0, 100.0, 0.1, 0.1], [0.01, 0.3, 0.03, 0.03]);
/// let setup = FilterSetup::usual(battery, &deviation, &drift, &[0.5, 0.02]);
/// let mut filter = Unscented::new(setup, 0.0, &[2.0])?;
/// let (_, before) = filter.estimate(1);
/// let outputs = vec![None, Some(4.1)];
/// filter.observe(&Measured { time_s: 1.0, inputs: vec![2.0], outputs }).expect("it goes on");
/// let (_, after) = filter.estimate(1);
/// assert!(after < before, "a voltage tells of the charge: {after} {before}");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Unscented {
    setup: FilterSetup,
    weights: Weights,
    points: Points,
    belief: Belief,
    /// What was believed before the sample that is being taken.
    before: Belief,
    gate: Gate,
    consistency: Consistency,
    guard: StepGuard,
    priors: Priors,
}

/// What is believed of a machine.
#[derive(Clone, Debug, PartialEq)]
pub struct Belief {
    /// Seconds; that of the last sample.
    pub time_s: f64,
    /// What is estimated, on the scales of the setup.
    pub mean: Vec<f64>,
    /// Covariance on these scales.
    pub covariance: Matrix,
    /// All states, in their own units.
    pub states: Vec<f64>,
}

impl Belief {
    /// Becomes the other, in the memory that it has.
    fn become_like(&mut self, other: &Self) {
        self.time_s = other.time_s;
        self.mean.clone_from(&other.mean);
        self.covariance.clone_from(&other.covariance);
        self.states.clone_from(&other.states);
    }
}

impl Unscented {
    /// Begins with what the setup believes at a time, under the inputs that act then.
    ///
    /// # Errors
    /// When the setup does not fit its model.
    pub fn new(setup: FilterSetup, time_s: f64, u: &[f64]) -> Result<Self, FilterSetupError> {
        setup.check()?;
        setup.check_inputs(u)?;
        let n = setup.estimated.len();
        let (mean, covariance) = setup.belief();
        let belief = Belief { time_s, mean, covariance, states: setup.begin(u) };
        let priors = Priors::new(&setup, time_s, &belief.states, u);
        Ok(Self {
            weights: setup.spread.weights(n),
            points: Points::new(&setup, 2 * n + 1),
            gate: Gate::new(setup.model.about()),
            consistency: Consistency::default(),
            guard: StepGuard::default(),
            priors,
            before: belief.clone(),
            belief,
            setup,
        })
    }

    /// Begins with what another filter of the same machine believes; what only this one estimates is
    /// as its setup says.
    ///
    /// # Errors
    /// When the setup does not fit its model, or the belief not to what was `estimated`.
    pub fn from_belief(
        setup: FilterSetup,
        belief: &Belief,
        estimated: &[Estimated],
    ) -> Result<Self, FilterSetupError> {
        if belief.mean.len() != estimated.len() {
            let (numbers, estimated) = (belief.mean.len(), estimated.len());
            return Err(FilterSetupError::BeliefSize { numbers, estimated });
        }
        let inputs = vec![0.0; setup.model.about().inputs.len()];
        let mut filter = Self::new(setup, belief.time_s, &inputs)?;
        let places = places(&filter.setup.estimated, estimated);
        for (row, from) in places.iter().enumerate() {
            let Some(from) = *from else { continue };
            filter.belief.mean[row] = belief.mean[from];
            for (column, other) in places.iter().enumerate() {
                if let Some(other) = *other {
                    let value = belief.covariance.get(from, other);
                    filter.belief.covariance.set(row, column, value);
                }
            }
        }
        filter.belief.states.clone_from(&belief.states);
        filter.settle();
        Ok(filter)
    }

    /// Begins with what another filter of the same machine believes or believed, at a time of its own clock;
    /// what was believed before anything was measured is as old as it is for that filter.
    ///
    /// # Errors
    /// As for [`Self::from_belief`].
    pub(super) fn succeeding(
        setup: FilterSetup,
        of: &Self,
        belief: &Belief,
        time_s: f64,
    ) -> Result<Self, FilterSetupError> {
        let begin = Belief { time_s, ..belief.clone() };
        let mut filter = Self::from_belief(setup, &begin, &of.setup.estimated)?;
        let times = (belief.time_s, time_s - belief.time_s);
        let places = places(&filter.setup.estimated, &of.setup.estimated);
        for (at, from) in places.into_iter().enumerate() {
            let Some(from) = from else { continue };
            let own = &filter.setup.estimated[at];
            if let Some(prior) = of.priors.carried((&of.setup, from), times, own) {
                filter.priors.set(at, prior);
            }
        }
        Ok(filter)
    }

    /// The filter of another run of the same machine, from that time on: what moves begins anew as the setup
    /// states, and what does not (a parameter, a wear rate, a sensor's error) is as it was learnt.
    ///
    /// # Errors
    /// As for [`Self::new`].
    pub fn in_another_run(&self, time_s: f64, u: &[f64]) -> Result<Self, FilterSetupError> {
        let setup = &self.setup;
        setup.check_inputs(u)?;
        let mut filter = Self::succeeding(setup.clone(), self, &self.belief, time_s)?;
        let begin = setup.begin(u);
        let still = still(setup, &begin, u);
        let moving = (0..begin.len()).filter(|at| !still[*at]);
        let mut new =
            NewPart { states: moving.map(|at| (at, begin[at])).collect(), ..NewPart::default() };
        for (at, each) in setup.estimated.iter().enumerate() {
            if matches!(each.slot, Slot::State(state) if !still[state]) {
                new.estimated.push((at, each.scale.from_value(each.mean), each.deviation));
            }
        }
        filter.replaced(&new);
        Ok(filter)
    }

    /// What is believed now.
    pub fn belief(&self) -> &Belief {
        &self.belief
    }

    /// The setup.
    pub fn setup(&self) -> &FilterSetup {
        &self.setup
    }

    /// Mean and standard deviation of what is estimated at a place, on its scale.
    pub fn estimate(&self, at: usize) -> (f64, f64) {
        (self.belief.mean[at], self.belief.covariance.get(at, at).sqrt())
    }

    /// A part was replaced: what is believed of it begins anew, and nothing that was learnt of the
    /// others' connection with it holds.
    pub fn replaced(&mut self, new: &NewPart) {
        self.consistency.restart();
        self.priors.replaced(new, self.belief.time_s);
        for &(state, value) in &new.states {
            self.belief.states[state] = value;
        }
        for &(at, mean, deviation) in &new.estimated {
            self.belief.mean[at] = mean;
            for other in 0..self.belief.mean.len() {
                self.belief.covariance.set(at, other, 0.0);
                self.belief.covariance.set(other, at, 0.0);
            }
            self.belief.covariance.set(at, at, deviation * deviation);
        }
        self.settle();
    }

    /// Takes a sample: predicts to its time, then corrects by what it measures.
    ///
    /// # Errors
    /// See [`ObserveError`]; the belief is then what it was.
    pub fn observe(&mut self, sample: &Measured) -> Result<MeasurementUpdate, ObserveError> {
        fits(&self.setup, sample, self.belief.time_s)?;
        let Self { setup, guard, belief, .. } = self;
        check_steps(setup, guard, (belief.time_s, &belief.mean, &belief.states), sample)?;
        self.before.become_like(&self.belief);
        let update = self.predict(sample).and_then(|()| self.correct(sample));
        match &update {
            Ok(update) => self.consistency.record(&self.setup, update),
            Err(_) => self.belief.become_like(&self.before),
        }
        update
    }

    /// Whether the filter is consistent with its machine, by the innovations of the last samples.
    ///
    /// # Errors
    /// When it is not: no forecast should then be made from its belief.
    pub fn check_consistency(&self) -> Result<(), Inconsistency> {
        self.consistency.check(&self.setup, self.belief.time_s)
    }

    /// Whether what the filter believes is to be relied upon: it is consistent with its machine, and no
    /// estimate is far outside of what the machine's file expects.
    ///
    /// # Errors
    /// When it is not.
    pub fn check(&self) -> Result<(), Doubt> {
        self.check_consistency()?;
        Ok(self.priors.check(&self.setup, self.belief.time_s, &self.belief.mean)?)
    }

    /// Draws points of the belief; a covariance that is not positive definite is repaired once.
    fn draw(&mut self) -> Result<(), ObserveError> {
        let Self { setup, weights, points, belief, .. } = self;
        for _ in 0..2 {
            let Belief { mean, covariance, states, .. } = &*belief;
            if points.draw(setup, *weights, mean, covariance, states).is_some() {
                return Ok(());
            }
            for at in 0..belief.mean.len() {
                let variance = belief.covariance.get(at, at).abs();
                belief.covariance.add(at, at, REPAIR * variance + f64::MIN_POSITIVE);
            }
        }
        Err(self.diverged())
    }

    fn diverged(&self) -> ObserveError {
        let worst = (0..self.belief.mean.len()).find(|at| {
            let variance = self.belief.covariance.get(*at, *at);
            !(self.belief.mean[*at].is_finite() && variance.is_finite() && variance > 0.0)
        });
        let what = self.setup.name(worst.unwrap_or(0));
        ObserveError::Diverged { time_s: self.belief.time_s, what }
    }

    fn predict(&mut self, sample: &Measured) -> Result<(), ObserveError> {
        let dt_s = sample.time_s - self.belief.time_s;
        self.belief.time_s = sample.time_s;
        if dt_s > 0.0 {
            self.draw()?;
            self.points.advance(&self.setup, &sample.inputs, dt_s);
            let Self { setup, weights, points, belief, .. } = self;
            points.means(*weights, &mut belief.mean);
            points.states(*weights, &mut belief.states);
            belief.covariance = points.covariance(*weights, &belief.mean);
            for (at, each) in setup.estimated.iter().enumerate() {
                belief.covariance.add(at, at, each.strays(dt_s));
            }
            self.settle();
        }
        Ok(())
    }

    /// States that are estimated follow from their means on the scales.
    fn settle(&mut self) {
        for (each, mean) in self.setup.estimated.iter().zip(&self.belief.mean) {
            if let Slot::State(at) = each.slot {
                self.belief.states[at] = each.scale.to_value(*mean);
            }
        }
    }

    fn correct(&mut self, sample: &Measured) -> Result<MeasurementUpdate, ObserveError> {
        self.draw()?;
        let Self { setup, weights, points, gate, .. } = self;
        points.measure(setup, &sample.inputs);
        let outputs = setup.noise.len();
        let mut expected = vec![0.0; outputs];
        points.outputs(*weights, &mut expected);
        let all: Few<usize> = (0..outputs).collect();
        let mut spread = points.of_outputs(*weights, &expected, &all);
        for (at, noise) in setup.noise.iter().enumerate().filter(|(at, _)| setup.is_measured(*at)) {
            spread.add(at, at, noise * noise);
        }
        let deviation: Vec<f64> = all.iter().map(|at| spread.get(*at, *at).sqrt()).collect();
        let innovation = gate.innovation(sample, &expected);
        let taken = gate.admit(setup, &innovation, &deviation);
        let mut update = MeasurementUpdate {
            expected,
            innovation,
            deviation,
            taken,
            ..MeasurementUpdate::default()
        };
        self.take(&mut update, &spread)?;
        update.log_clipped = self.clipped(&update, &spread)?;
        Ok(update)
    }

    /// See [`MeasurementUpdate::log_clipped`]; what is taken in spite of the gate is clipped, too.
    fn clipped(&self, update: &MeasurementUpdate, spread: &Matrix) -> Result<f64, ObserveError> {
        let MeasurementUpdate { innovation, deviation, taken, .. } = update;
        let gate = self.setup.gate;
        let is_far = |at: usize| innovation[at].is_some_and(|off| off.abs() > gate * deviation[at]);
        let all = 0..taken.len();
        let far: Few<usize> =
            all.clone().filter(|at| self.setup.is_measured(*at) && is_far(*at)).collect();
        let near = if far.iter().any(|at| taken[*at]) {
            let near: Few<usize> = all.filter(|at| taken[*at] && !is_far(*at)).collect();
            let mut off: Few<f64> = near.iter().filter_map(|at| innovation[*at]).collect();
            let root = part(spread, &near).cholesky().ok_or_else(|| self.diverged())?;
            log_density(&root, &mut off).0
        } else {
            update.log_likelihood
        };
        Ok(near + far.iter().map(|at| log_at_gate(gate, deviation[*at])).sum::<f64>())
    }

    /// Corrects the belief by the outputs that are taken.
    fn take(
        &mut self,
        update: &mut MeasurementUpdate,
        spread: &Matrix,
    ) -> Result<(), ObserveError> {
        let places: Few<usize> = (0..update.taken.len()).filter(|at| update.taken[*at]).collect();
        if places.is_empty() {
            return self.healthy();
        }
        let m = places.len();
        let expected: Few<f64> = places.iter().map(|at| update.expected[*at]).collect();
        let off: Few<f64> = places.iter().filter_map(|at| update.innovation[*at]).collect();
        let s = part(spread, &places);
        let Some(root) = s.cholesky() else { return Err(self.diverged()) };
        let across = self.points.across(self.weights, &self.belief.mean, &expected, &places);
        // Kᵀ column by column: S k = (row of the cross covariance).
        let mut gain = Matrix::zero(across.rows(), m);
        for row in 0..across.rows() {
            let out = gain.row_mut(row);
            out.copy_from_slice(across.row(row));
            root.solve_lower(out);
            root.solve_lower_transposed(out);
        }
        for (row, mean) in self.belief.mean.iter_mut().enumerate() {
            *mean += gain.row(row).iter().zip(&off).map(|(gain, off)| gain * off).sum::<f64>();
        }
        let half = gain.times(&s);
        for row in 0..gain.rows() {
            for (column, less) in self.belief.covariance.row_mut(row).iter_mut().enumerate() {
                let both = half.row(row).iter().zip(gain.row(column));
                *less -= both.map(|(half, gain)| half * gain).sum::<f64>();
            }
        }
        self.belief.covariance = std::mem::take(&mut self.belief.covariance).symmetric();
        self.settle();
        let mut white = off;
        (update.log_likelihood, update.squared) = log_density(&root, &mut white);
        if update.log_likelihood.is_finite() { self.healthy() } else { Err(self.diverged()) }
    }

    /// Whether every mean is a number and every variance above 0.
    fn healthy(&self) -> Result<(), ObserveError> {
        let n = self.belief.mean.len();
        let fine = (0..n).all(|at| {
            let variance = self.belief.covariance.get(at, at);
            self.belief.mean[at].is_finite() && variance.is_finite() && variance > 0.0
        });
        if fine { Ok(()) } else { Err(self.diverged()) }
    }
}

/// For each of what is estimated its place among others; `None` where it is not among them on that scale.
fn places(all: &[Estimated], among: &[Estimated]) -> Vec<Option<usize>> {
    let place = |each: &Estimated| {
        let same = |other: &Estimated| other.slot == each.slot && other.scale == each.scale;
        among.iter().position(same)
    };
    all.iter().map(place).collect()
}

/// The rows and columns of a covariance at these places.
fn part(spread: &Matrix, places: &[usize]) -> Matrix {
    let mut out = Matrix::zero(places.len(), places.len());
    for (row, a) in places.iter().enumerate() {
        for (column, b) in places.iter().enumerate() {
            out.set(row, column, spread.get(*a, *b));
        }
    }
    out.symmetric()
}

/// Logarithm of a normal density so far from its mean, and the square of that by its covariance,
/// whose root is given; what is off becomes white.
fn log_density(root: &Matrix, off: &mut [f64]) -> (f64, f64) {
    let m = off.len();
    root.solve_lower(off);
    let squared: f64 = off.iter().map(|value| value * value).sum();
    let volume: f64 = (0..m).map(|at| 2.0 * libm::log(root.get(at, at))).sum();
    let turn = libm::log(std::f64::consts::TAU) * m as f64;
    (-0.5 * (squared + volume + turn), squared)
}
