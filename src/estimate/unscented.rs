//! The unscented Kalman filter, fed sample by sample.
//!
//! S. J. Julier, J. K. Uhlmann: Unscented Filtering and Nonlinear Estimation, Proc. IEEE 92 (2004);
//! weights after van der Merwe. Sigma points are drawn anew between prediction and update, so that
//! process noise is in them.
//!
//! Flows in: inputs and measurements with their times. Flows out: a belief (means and covariance)
//! and, for every sample, how far it was from what the belief said.

use super::points::Points;
use super::setup::{Estimated, Setup, Slot, Weights};
use crate::model::linear::Matrix;

/// How often an output may be refused in a row before it is taken in spite of the gate: what is
/// far off for so long is a change of the machine, not a bad sample.
const STUBBORN: u32 = 20;
/// Added to a covariance that is none any more, as a share of its diagonal.
const REPAIR: f64 = 1e-9;

/// A filter under way.
pub struct Unscented {
    setup: Setup,
    weights: Weights,
    points: Points,
    belief: Belief,
    /// Refusals in a row, by output.
    refused: Vec<u32>,
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

/// A sample.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Measured {
    /// Seconds.
    pub time_s: f64,
    /// The inputs since the last sample.
    pub inputs: Vec<f64>,
    /// The outputs; what is missing is `None`.
    pub outputs: Vec<Option<f64>>,
}

/// What a sample said.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Heard {
    /// What the belief said that each output would be.
    pub expected: Vec<f64>,
    /// Measured minus expected, where measured.
    pub innovation: Vec<Option<f64>>,
    /// Standard deviation that each innovation should have.
    pub deviation: Vec<f64>,
    /// Which outputs were taken.
    pub taken: Vec<bool>,
    /// Logarithm of the likelihood of what was taken.
    pub log_likelihood: f64,
    /// Innovations squared by their covariance: as many as were taken, on average.
    pub squared: f64,
}

/// Why a filter cannot go on.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Lost {
    /// A sample does not fit the model.
    #[error("a sample has {is} {what}, the model {wanted}")]
    Misfit {
        /// Inputs or outputs.
        what: &'static str,
        /// How many there are.
        is: usize,
        /// How many there should be.
        wanted: usize,
    },
    /// Its time is before that of the last one.
    #[error("a sample of {sample_s} s comes after one of {last_s} s")]
    Late {
        /// Time of the sample.
        sample_s: f64,
        /// Time of the belief.
        last_s: f64,
    },
    /// An input or a time is not a number.
    #[error("{what} at {time_s} s is {value}, which is no number")]
    NoNumber {
        /// Which input.
        what: String,
        /// When.
        time_s: f64,
        /// What it is.
        value: f64,
    },
    /// The belief has broken down; it is what it was before the sample.
    #[error(
        "the filter has diverged at {time_s} s: `{what}` is no longer known; check the model's parameters against the machine, or allow more process noise"
    )]
    Diverged {
        /// When.
        time_s: f64,
        /// What is estimated no longer.
        what: String,
    },
}

impl Unscented {
    /// Begins with what the setup believes at a time, under the inputs that act then.
    ///
    /// # Errors
    /// When the setup does not fit its model.
    pub fn new(setup: Setup, time_s: f64, u: &[f64]) -> Result<Self, String> {
        setup.check()?;
        if u.len() != setup.model.about().inputs.len() {
            return Err(format!(
                "`{}` has {} inputs, not {}",
                setup.model.about().name,
                setup.model.about().inputs.len(),
                u.len()
            ));
        }
        let n = setup.estimated.len();
        let (mean, covariance) = setup.belief();
        let belief = Belief { time_s, mean, covariance, states: setup.begin(u) };
        Ok(Self {
            weights: setup.spread.weights(n),
            points: Points::new(&setup, 2 * n + 1),
            refused: vec![0; setup.noise.len()],
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
        setup: Setup,
        belief: &Belief,
        estimated: &[Estimated],
    ) -> Result<Self, String> {
        if belief.mean.len() != estimated.len() {
            return Err("the belief does not belong to what was estimated".into());
        }
        let inputs = vec![0.0; setup.model.about().inputs.len()];
        let mut filter = Self::new(setup, belief.time_s, &inputs)?;
        let place = |each: &Estimated| {
            let same = |other: &Estimated| other.slot == each.slot && other.scale == each.scale;
            estimated.iter().position(same)
        };
        let places: Vec<Option<usize>> = filter.setup.estimated.iter().map(place).collect();
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

    /// What is believed now.
    pub fn belief(&self) -> &Belief {
        &self.belief
    }

    /// Goes back, or elsewhere, in belief.
    pub fn believe(&mut self, belief: Belief) {
        self.belief = belief;
    }

    /// The setup.
    pub fn setup(&self) -> &Setup {
        &self.setup
    }

    /// Mean and standard deviation of what is estimated at a place, on its scale.
    pub fn estimate(&self, at: usize) -> (f64, f64) {
        (self.belief.mean[at], self.belief.covariance.get(at, at).sqrt())
    }

    /// A part was replaced: what is believed of these becomes what it was at the beginning, and
    /// nothing that was learnt of the others' connection with them holds.
    pub fn replaced(&mut self, places: &[usize]) {
        let (mean, covariance) = self.setup.belief();
        for &at in places {
            self.belief.mean[at] = mean[at];
            for other in 0..mean.len() {
                self.belief.covariance.set(at, other, 0.0);
                self.belief.covariance.set(other, at, 0.0);
            }
            self.belief.covariance.set(at, at, covariance.get(at, at));
            let each = &self.setup.estimated[at];
            if let Slot::State(state) = each.slot {
                self.belief.states[state] = each.mean;
            }
        }
    }

    /// Takes a sample: predicts to its time, then corrects by what it measures.
    ///
    /// # Errors
    /// See [`Lost`]; the belief is then what it was.
    pub fn observe(&mut self, sample: &Measured) -> Result<Heard, Lost> {
        self.fits(sample)?;
        let before = self.belief.clone();
        let heard = self.predict(sample).and_then(|()| self.correct(sample));
        if heard.is_err() {
            self.belief = before;
        }
        heard
    }

    fn fits(&self, sample: &Measured) -> Result<(), Lost> {
        let about = self.setup.model.about();
        let lengths = [
            ("inputs", sample.inputs.len(), about.inputs.len()),
            ("outputs", sample.outputs.len(), about.outputs.len()),
        ];
        if let Some((what, is, wanted)) = lengths.into_iter().find(|(_, is, wanted)| is != wanted) {
            return Err(Lost::Misfit { what, is, wanted });
        }
        let time_s = sample.time_s;
        if let Some(at) = sample.inputs.iter().position(|value| !value.is_finite()) {
            let what = format!("the input `{}`", about.inputs[at].name);
            return Err(Lost::NoNumber { what, time_s, value: sample.inputs[at] });
        }
        if !time_s.is_finite() {
            return Err(Lost::NoNumber { what: "the time".into(), time_s, value: time_s });
        }
        if time_s < self.belief.time_s {
            return Err(Lost::Late { sample_s: time_s, last_s: self.belief.time_s });
        }
        Ok(())
    }

    /// Draws points of the belief, whose covariance is mended once where it is none any more.
    fn draw(&mut self) -> Result<(), Lost> {
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

    fn diverged(&self) -> Lost {
        let worst = (0..self.belief.mean.len()).find(|at| {
            let variance = self.belief.covariance.get(*at, *at);
            !(self.belief.mean[*at].is_finite() && variance.is_finite() && variance > 0.0)
        });
        let what = self.setup.name(worst.unwrap_or(0));
        Lost::Diverged { time_s: self.belief.time_s, what }
    }

    fn predict(&mut self, sample: &Measured) -> Result<(), Lost> {
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
                belief.covariance.add(at, at, each.drift * each.drift * dt_s);
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

    fn correct(&mut self, sample: &Measured) -> Result<Heard, Lost> {
        self.draw()?;
        let Self { setup, weights, points, .. } = self;
        points.measure(setup, &sample.inputs);
        let outputs = setup.noise.len();
        let known: Vec<bool> = (0..outputs).map(|at| setup.is_measured(at)).collect();
        let mut expected = vec![0.0; outputs];
        points.outputs(*weights, &mut expected);
        let all: Vec<usize> = (0..outputs).collect();
        let mut spread = points.of_outputs(*weights, &expected, &all);
        for (at, noise) in setup.noise.iter().enumerate().filter(|(at, _)| known[*at]) {
            spread.add(at, at, noise * noise);
        }
        let deviation: Vec<f64> = all.iter().map(|at| spread.get(*at, *at).sqrt()).collect();
        let innovation: Vec<Option<f64>> =
            sample.outputs.iter().zip(&expected).map(|(z, wanted)| Some((*z)? - wanted)).collect();
        let mut taken = self.admit(&innovation, &deviation);
        taken.iter_mut().zip(known).for_each(|(taken, known)| *taken &= known);
        let mut heard = Heard { expected, innovation, deviation, taken, ..Heard::default() };
        self.take(&mut heard, &spread)?;
        Ok(heard)
    }

    /// Which outputs are taken.
    fn admit(&mut self, innovation: &[Option<f64>], deviation: &[f64]) -> Vec<bool> {
        let gate = self.setup.gate;
        let each = innovation.iter().zip(deviation).zip(&mut self.refused);
        each.map(|((innovation, deviation), refused)| match innovation {
            Some(off) if off.is_finite() => {
                let near = off.abs() <= gate * deviation || *refused >= STUBBORN;
                *refused = if near { 0 } else { *refused + 1 };
                near
            }
            _ => false,
        })
        .collect()
    }

    /// Corrects the belief by the outputs that are taken.
    fn take(&mut self, heard: &mut Heard, spread: &Matrix) -> Result<(), Lost> {
        let places: Vec<usize> = (0..heard.taken.len()).filter(|at| heard.taken[*at]).collect();
        if places.is_empty() {
            return self.healthy();
        }
        let m = places.len();
        let mut s = Matrix::zero(m, m);
        for (row, a) in places.iter().enumerate() {
            for (column, b) in places.iter().enumerate() {
                s.set(row, column, spread.get(*a, *b));
            }
        }
        let expected: Vec<f64> = places.iter().map(|at| heard.expected[*at]).collect();
        let off: Vec<f64> = places.iter().filter_map(|at| heard.innovation[*at]).collect();
        let Some(root) = s.clone().symmetric().cholesky() else { return Err(self.diverged()) };
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
        let less = gain.times(&s).times(&gain.transposed());
        let n = self.belief.mean.len();
        for row in 0..n {
            for column in 0..n {
                self.belief.covariance.add(row, column, -less.get(row, column));
            }
        }
        self.belief.covariance = std::mem::take(&mut self.belief.covariance).symmetric();
        self.settle();
        let mut white = off;
        root.solve_lower(&mut white);
        heard.squared = white.iter().map(|value| value * value).sum();
        let volume: f64 = (0..m).map(|at| 2.0 * libm::log(root.get(at, at))).sum();
        let turn = libm::log(std::f64::consts::TAU) * m as f64;
        heard.log_likelihood = -0.5 * (heard.squared + volume + turn);
        if heard.log_likelihood.is_finite() { self.healthy() } else { Err(self.diverged()) }
    }

    /// Whether every mean is a number and every variance above 0.
    fn healthy(&self) -> Result<(), Lost> {
        let n = self.belief.mean.len();
        let fine = (0..n).all(|at| {
            let variance = self.belief.covariance.get(at, at);
            self.belief.mean[at].is_finite() && variance.is_finite() && variance > 0.0
        });
        if fine { Ok(()) } else { Err(self.diverged()) }
    }
}
