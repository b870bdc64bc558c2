//! A Rosenbrock method: implicit in the linear part, so that stiff systems need no tiny steps, with
//! one linear system a step and no iteration.
//!
//! Rodas3, four stages, third order, stiffly accurate, with an error estimate of second order:
//! A. Sandu, J. G. Verwer, J. G. Blom, E. J. Spee, G. R. Carmichael, F. A. Potra: Benchmarking
//! stiff ODE solvers for atmospheric chemistry problems II, Atmospheric Environment 31 (1997).

use super::{
    Dense, GivenUp, MOST_TRIES, Problem, Tolerance, Unsolved, excess, is_given_up, next_step,
};
use crate::model::linear::{Lu, Matrix};

const STAGES: usize = 4;
const GAMMA: f64 = 0.5;
/// What of the earlier stages goes into the state at which a stage takes its rate.
const A: [[f64; 3]; STAGES] = [[0.0; 3], [0.0; 3], [2.0, 0.0, 0.0], [2.0, 0.0, 1.0]];
/// What of the earlier stages, over the step's length, goes into its right-hand side.
const C: [[f64; 3]; STAGES] =
    [[0.0; 3], [4.0, 0.0, 0.0], [1.0, -1.0, 0.0], [1.0, -1.0, -8.0 / 3.0]];
/// What of the stages goes into the step.
const STEP: [f64; STAGES] = [2.0, 0.0, 1.0, 1.0];
/// Index of the stage that is the error.
const ERROR: usize = 3;

/// The solver, which keeps the length of its step from one interval to the next.
pub struct Rosenbrock {
    tolerance: Tolerance,
    /// So many steps, taken or not, are tried in an interval.
    pub most_tries: u64,
    step_s: Option<f64>,
    stages: [Vec<f64>; STAGES],
    rate: Vec<f64>,
    rate_after: Vec<f64>,
    within: Vec<f64>,
    jacobian: Matrix,
}

impl Rosenbrock {
    pub fn new(states: usize, tolerance: Tolerance) -> Self {
        let room = || vec![0.0; states];
        Self {
            tolerance,
            most_tries: MOST_TRIES,
            step_s: None,
            stages: std::array::from_fn(|_| room()),
            rate: room(),
            rate_after: room(),
            within: room(),
            jacobian: Matrix::zero(states, states),
        }
    }

    pub fn advance(
        &mut self,
        problem: Problem,
        x: &mut [f64],
        dt_s: f64,
        dense: &mut Dense,
        watch: &mut dyn FnMut(&Dense),
    ) -> Result<(), Unsolved> {
        let (mut done_s, mut tries) = (0.0, 0);
        let mut fresh = false;
        while done_s < dt_s {
            if !fresh {
                problem.rates(x, &mut self.rate);
                self.differentiate(problem, x);
                fresh = true;
            }
            let wanted_s = self.step_s.unwrap_or(dt_s * 0.01);
            let last = done_s + wanted_s >= dt_s;
            let step_s = if last { dt_s - done_s } else { wanted_s };
            let excess = self.attempt(problem, x, step_s);
            tries += 1;
            if tries >= self.most_tries || is_given_up(step_s, dt_s, excess) {
                self.step_s = None;
                let (within, error) = (&self.within, &self.stages[ERROR]);
                return Err(GivenUp { problem, within, error, step_s, dt_s }.why());
            }
            if excess <= 1.0 {
                dense.line(done_s, step_s, x, &self.within);
                problem.rates(&self.within, &mut self.rate_after);
                dense.bend(&self.rate, &self.rate_after);
                watch(dense);
                x.copy_from_slice(&self.within);
                fresh = false;
                done_s = if last { dt_s } else { done_s + step_s };
            }
            let next_s = next_step(step_s, excess, 3.0);
            if !(last && excess <= 1.0 && next_s < wanted_s) {
                self.step_s = Some(next_s);
            }
        }
        Ok(())
    }

    /// The rates' derivatives by the states, by differences.
    fn differentiate(&mut self, problem: Problem, x: &[f64]) {
        self.within.copy_from_slice(x);
        for column in 0..x.len() {
            let size = if x[column].abs() > 1e-6 { x[column].abs() } else { 1e-6 };
            let nudged = x[column] + size * f64::EPSILON.sqrt();
            self.within[column] = nudged;
            problem.rates(&self.within, &mut self.rate_after);
            self.within[column] = x[column];
            for row in 0..x.len() {
                let slope = (self.rate_after[row] - self.rate[row]) / (nudged - x[column]);
                self.jacobian.set(row, column, slope);
            }
        }
    }

    /// Takes a step into `within`; the ratio of its error to the tolerated one.
    fn attempt(&mut self, problem: Problem, x: &[f64], step_s: f64) -> f64 {
        let mut system = self.jacobian.scaled(-1.0);
        for at in 0..x.len() {
            system.set(at, at, system.get(at, at) + 1.0 / (GAMMA * step_s));
        }
        let Some(lu) = Lu::of(system) else {
            // A slope that is no number, or too long a step: shorter ones may do.
            self.stages[ERROR].copy_from_slice(&self.rate);
            return f64::INFINITY;
        };
        for stage in 0..STAGES {
            self.mix(x, &A[stage], 1.0);
            let Self { within, rate_after, .. } = self;
            problem.rates(within, rate_after);
            let mut side = self.rate_after.clone();
            for (earlier, weight) in C[stage].iter().enumerate().take(stage) {
                for (side, value) in side.iter_mut().zip(&self.stages[earlier]) {
                    *side += weight / step_s * value;
                }
            }
            lu.solve(&mut side);
            self.stages[stage] = side;
        }
        self.mix(x, &STEP, 1.0);
        excess(&self.stages[ERROR], x, &self.within, self.tolerance)
    }

    /// `within` = x and the weighted stages.
    fn mix(&mut self, x: &[f64], weights: &[f64], scale: f64) {
        self.within.copy_from_slice(x);
        for (weight, stage) in weights.iter().zip(&self.stages) {
            if *weight != 0.0 {
                for (within, value) in self.within.iter_mut().zip(stage) {
                    *within += scale * weight * value;
                }
            }
        }
    }
}
