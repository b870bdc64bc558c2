//! Solvers of the equations of motion: a state over an interval in which the inputs are held.
//!
//! Flows in: a model, a state, inputs, parameters and the interval's length. Flows out: the state at
//! its end, and every step inside it as a [`Dense`] polynomial, on which events are located. Noise
//! is not theirs: [`super::simulation`] adds it between intervals.

mod adaptive;
mod dense;
mod fixed;
mod implicit;
#[cfg(test)]
mod tests;

use std::str::FromStr;

pub use dense::Dense;

use super::kernel::Model;
use super::stability::StepTooLong;

/// Which solver.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Method {
    /// Explicit Euler, one step an interval: first order.
    #[default]
    Euler,
    /// The classical Runge–Kutta method, one step an interval: fourth order.
    Rk4,
    /// Dormand–Prince 5(4) with steps as long as the tolerance allows.
    DormandPrince(Tolerance),
    /// A linearly implicit (Rosenbrock) method of third order for stiff systems, with steps as long
    /// as the tolerance allows.
    Rosenbrock(Tolerance),
}

impl Method {
    /// Its name on the command line and in machines' files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Euler => NAMES[0],
            Self::Rk4 => NAMES[1],
            Self::DormandPrince(_) => NAMES[2],
            Self::Rosenbrock(_) => NAMES[3],
        }
    }

    /// Whether it divides an interval into steps as its tolerance wants it.
    pub fn adapts_steps(self) -> bool {
        matches!(self, Self::DormandPrince(_) | Self::Rosenbrock(_))
    }

    /// The same solver with another tolerance; `None` where it has none, since its steps are given.
    pub fn with_tolerance(self, tolerance: Tolerance) -> Option<Self> {
        match self {
            Self::Euler | Self::Rk4 => None,
            Self::DormandPrince(_) => Some(Self::DormandPrince(tolerance)),
            Self::Rosenbrock(_) => Some(Self::Rosenbrock(tolerance)),
        }
    }
}

/// How exact an adaptive solver has to be in each step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tolerance {
    /// Relative to the state.
    pub relative: f64,
    /// In the state's own unit.
    pub absolute: f64,
}

impl Default for Tolerance {
    fn default() -> Self {
        Self { relative: 1e-8, absolute: 1e-10 }
    }
}

/// The names of the solvers on the command line.
pub const NAMES: [&str; 4] = ["euler", "rk4", "dopri5", "rosenbrock"];

impl FromStr for Method {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        match name {
            "euler" => Ok(Self::Euler),
            "rk4" => Ok(Self::Rk4),
            "dopri5" => Ok(Self::DormandPrince(Tolerance::default())),
            "rosenbrock" => Ok(Self::Rosenbrock(Tolerance::default())),
            other => Err(format!("there is no solver `{other}`; there are {}", NAMES.join(", "))),
        }
    }
}

/// Why an interval could not be solved.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Unsolved {
    /// A state is no longer a number, or beyond all numbers.
    #[error(
        "`{state}` became {value} within {dt_s} s: take shorter steps, the solver `rosenbrock`, or other parameters"
    )]
    Diverged {
        /// Which state.
        state: String,
        /// What it became.
        value: f64,
        /// Length of the interval.
        dt_s: f64,
    },
    /// Finer steps lead elsewhere than the step in which an event would be located.
    #[error(
        "the solution has broken down: finer steps lead elsewhere than one of {dt_s} s; take shorter steps, or the solver `rosenbrock`"
    )]
    BrokenDown {
        /// Length of the step.
        dt_s: f64,
    },
    /// The model does not bear the steps from here on.
    #[error(transparent)]
    StepTooLong(#[from] StepTooLong),
    /// The tolerance would need steps that are too short.
    #[error(
        "the tolerance cannot be kept even by steps of {step_s:e} s: the system is stiff (take the solver `rosenbrock`) or not smooth"
    )]
    TooStiff {
        /// The step that was still too long.
        step_s: f64,
    },
}

/// What is solved in an interval.
#[derive(Clone, Copy)]
pub struct Problem<'a> {
    /// The model.
    pub model: &'a dyn Model,
    /// Its inputs, held.
    pub u: &'a [f64],
    /// Its parameters.
    pub p: &'a [f64],
}

impl Problem<'_> {
    /// The rates at a state.
    fn rates(&self, x: &[f64], dx: &mut [f64]) {
        self.model.derivative(x, self.u, self.p, dx);
    }
}

/// Carries a state on, interval by interval, with room of its own.
pub struct Solver {
    method: Kind,
    begin: Vec<f64>,
    dense: Dense,
}

enum Kind {
    Fixed(fixed::Fixed),
    Adaptive(adaptive::DormandPrince),
    Implicit(implicit::Rosenbrock),
}

impl Solver {
    /// A solver for so many states.
    pub fn new(method: Method, states: usize) -> Self {
        let method = match method {
            Method::Euler => Kind::Fixed(fixed::Fixed::euler(states)),
            Method::Rk4 => Kind::Fixed(fixed::Fixed::rk4(states)),
            Method::DormandPrince(tolerance) => {
                Kind::Adaptive(adaptive::DormandPrince::new(states, tolerance))
            }
            Method::Rosenbrock(tolerance) => {
                Kind::Implicit(implicit::Rosenbrock::new(states, tolerance))
            }
        };
        Self { method, begin: vec![0.0; states], dense: Dense::new(states) }
    }

    /// From now on an adaptive solver gives an interval up after so many tries.
    pub fn try_at_most(&mut self, tries: u64) {
        match &mut self.method {
            Kind::Fixed(_) => {}
            Kind::Adaptive(solver) => solver.most_tries = tries,
            Kind::Implicit(solver) => solver.most_tries = tries,
        }
    }

    /// The state at the beginning of the last interval.
    pub fn begin(&self) -> &[f64] {
        &self.begin
    }

    /// Carries `x` over an interval and shows each step inside it to `watch`.
    ///
    /// # Errors
    /// When a state diverges or the tolerance cannot be kept; `x` is then what it was.
    pub fn advance(
        &mut self,
        problem: Problem,
        x: &mut [f64],
        dt_s: f64,
        watch: &mut dyn FnMut(&Dense),
    ) -> Result<(), Unsolved> {
        self.begin.copy_from_slice(x);
        let done = match &mut self.method {
            Kind::Fixed(fixed) => {
                fixed.advance(problem, x, dt_s, &mut self.dense, watch);
                Ok(())
            }
            Kind::Adaptive(solver) => solver.advance(problem, x, dt_s, &mut self.dense, watch),
            Kind::Implicit(solver) => solver.advance(problem, x, dt_s, &mut self.dense, watch),
        };
        if done.is_ok() {
            problem.model.settle(&self.begin, problem.u, problem.p, x);
        }
        let done = done.and_then(|()| finite(problem.model, x, dt_s));
        if done.is_err() {
            x.copy_from_slice(&self.begin);
        }
        done
    }
}

/// Whether every state is a number.
fn finite(model: &dyn Model, x: &[f64], dt_s: f64) -> Result<(), Unsolved> {
    match x.iter().position(|value| !value.is_finite()) {
        None => Ok(()),
        Some(at) => Err(Unsolved::Diverged {
            state: model.about().states[at].name.clone(),
            value: x[at],
            dt_s,
        }),
    }
}

/// Largest ratio of an error to what is tolerated, over all states; infinite where an error or a
/// state is not a number or beyond all numbers, so that no such step is ever taken.
fn excess(error: &[f64], x0: &[f64], x1: &[f64], tolerance: Tolerance) -> f64 {
    let mut worst: f64 = 0.0;
    for at in 0..error.len() {
        let size = if x0[at].abs() > x1[at].abs() { x0[at].abs() } else { x1[at].abs() };
        let ratio = (error[at] / (tolerance.absolute + tolerance.relative * size)).abs();
        if !(ratio.is_finite() && x1[at].is_finite()) {
            return f64::INFINITY;
        }
        if ratio > worst {
            worst = ratio;
        }
    }
    worst
}

/// Length of the next step after one whose error had this ratio to the tolerated one.
fn next_step(step_s: f64, excess: f64, order: f64) -> f64 {
    let factor = if excess > 0.0 { 0.9 * libm::pow(excess, -1.0 / order) } else { 5.0 };
    step_s * factor.clamp(0.2, 5.0)
}

/// What an adaptive solver tried last in an interval that it gives up.
struct GivenUp<'a> {
    problem: Problem<'a>,
    /// The state that the last step would have led to, and the estimate of its error.
    within: &'a [f64],
    error: &'a [f64],
    step_s: f64,
    dt_s: f64,
}

impl GivenUp<'_> {
    /// A state that is no longer finite is the error, before a tolerance that cannot be kept.
    fn why(&self) -> Unsolved {
        let lost = |values: &[f64]| values.iter().position(|value| !value.is_finite());
        let diverged = |at: usize, value: f64| Unsolved::Diverged {
            state: self.problem.model.about().states[at].name.clone(),
            value,
            dt_s: self.dt_s,
        };
        match (lost(self.within), lost(self.error)) {
            (Some(at), _) => diverged(at, self.within[at]),
            // The state is still finite, but its rate is not.
            (None, Some(at)) => diverged(at, self.error[at]),
            (None, None) => Unsolved::TooStiff { step_s: self.step_s },
        }
    }
}

/// A step shorter than this share of the interval is given up on.
const SHORTEST: f64 = 1e-12;
/// So many steps, taken or not, are tried in an interval.
const MOST_TRIES: u64 = 10_000_000;

/// Whether an adaptive solver gives an interval up after a step that was not exact enough, because
/// shorter ones would hardly move.
fn is_given_up(step_s: f64, dt_s: f64, excess: f64) -> bool {
    excess > 1.0 && !(step_s > dt_s * SHORTEST)
}
