//! The method of Dormand and Prince, of fifth order with an error estimate of fourth.
//!
//! J. R. Dormand, P. J. Prince: A family of embedded Runge–Kutta formulae, J. Comp. Appl. Math. 6
//! (1980) 19–26; what lies inside a step as in Hairer, Nørsett, Wanner I, section II.6.

use super::{
    Dense, GivenUp, MOST_TRIES, Problem, Tolerance, Unsolved, excess, is_given_up, next_step,
};

const STAGES: usize = 7;

/// Rows: what of which rate goes into the state of the next stage; the last is the step itself.
const A: [&[f64]; STAGES - 1] = [
    &[1.0 / 5.0],
    &[3.0 / 40.0, 9.0 / 40.0],
    &[44.0 / 45.0, -56.0 / 15.0, 32.0 / 9.0],
    &[19372.0 / 6561.0, -25360.0 / 2187.0, 64448.0 / 6561.0, -212.0 / 729.0],
    &[9017.0 / 3168.0, -355.0 / 33.0, 46732.0 / 5247.0, 49.0 / 176.0, -5103.0 / 18656.0],
    &[35.0 / 384.0, 0.0, 500.0 / 1113.0, 125.0 / 192.0, -2187.0 / 6784.0, 11.0 / 84.0],
];
/// Difference of the solutions of both orders.
const ERROR: [f64; STAGES] = [
    71.0 / 57600.0,
    0.0,
    -71.0 / 16695.0,
    71.0 / 1920.0,
    -17253.0 / 339200.0,
    22.0 / 525.0,
    -1.0 / 40.0,
];
/// What of which rate goes into the quartic part inside the step.
const INSIDE: [f64; STAGES] = [
    -12715105075.0 / 11282082432.0,
    0.0,
    87487479700.0 / 32700410799.0,
    -10690763975.0 / 1880347072.0,
    701980252875.0 / 199316789632.0,
    -1453857185.0 / 822651844.0,
    69997945.0 / 29380423.0,
];

/// The solver, which keeps the length of its step from one interval to the next.
pub struct DormandPrince {
    tolerance: Tolerance,
    /// So many steps, taken or not, are tried in an interval.
    pub most_tries: u64,
    step_s: Option<f64>,
    rates: [Vec<f64>; STAGES],
    within: Vec<f64>,
    error: Vec<f64>,
}

impl DormandPrince {
    pub fn new(states: usize, tolerance: Tolerance) -> Self {
        let room = || vec![0.0; states];
        let rates = std::array::from_fn(|_| room());
        Self {
            tolerance,
            most_tries: MOST_TRIES,
            step_s: None,
            rates,
            within: room(),
            error: room(),
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
        problem.rates(x, &mut self.rates[0]);
        while done_s < dt_s {
            let wanted_s = self.step_s.unwrap_or(dt_s * 0.01);
            let last = done_s + wanted_s >= dt_s;
            let step_s = if last { dt_s - done_s } else { wanted_s };
            let excess = self.attempt(problem, x, step_s);
            tries += 1;
            if tries >= self.most_tries || is_given_up(step_s, dt_s, excess) {
                self.step_s = None;
                let (within, error) = (&self.within, &self.error);
                return Err(GivenUp { problem, within, error, step_s, dt_s }.why());
            }
            if excess <= 1.0 {
                self.show(x, done_s, step_s, dense);
                watch(dense);
                x.copy_from_slice(&self.within);
                // The last rate of a step is the first of the next.
                self.rates.swap(0, STAGES - 1);
                done_s = if last { dt_s } else { done_s + step_s };
            }
            // A step that the end of the interval cut short is no measure for the next one.
            let next_s = next_step(step_s, excess, 5.0);
            if !(last && excess <= 1.0 && next_s < wanted_s) {
                self.step_s = Some(next_s);
            }
        }
        Ok(())
    }

    /// Takes a step into `within`; the ratio of its error to the tolerated one.
    fn attempt(&mut self, problem: Problem, x: &[f64], step_s: f64) -> f64 {
        for (stage, weights) in A.iter().enumerate() {
            for at in 0..x.len() {
                let sum: f64 = weights.iter().zip(&self.rates).map(|(a, rate)| a * rate[at]).sum();
                self.within[at] = x[at] + step_s * sum;
            }
            let Self { within, rates, .. } = self;
            problem.rates(within, &mut rates[stage + 1]);
        }
        for at in 0..x.len() {
            self.error[at] = step_s * weighted(&ERROR, &self.rates, at);
        }
        excess(&self.error, x, &self.within, self.tolerance)
    }

    fn show(&self, x: &[f64], begin_s: f64, step_s: f64, dense: &mut Dense) {
        dense.line(begin_s, step_s, x, &self.within);
        dense.bend(&self.rates[0], &self.rates[STAGES - 1]);
        for (at, inside) in dense.quartic().iter_mut().enumerate() {
            *inside = step_s * weighted(&INSIDE, &self.rates, at);
        }
    }
}

fn weighted(weights: &[f64; STAGES], rates: &[Vec<f64>; STAGES], at: usize) -> f64 {
    weights.iter().zip(rates).map(|(weight, rate)| weight * rate[at]).sum()
}
