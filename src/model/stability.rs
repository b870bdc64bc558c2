//! Which steps a model bears. A step of fixed length that is too long for a model's fastest motion makes
//! errors grow from step to step, until its course has nothing to do with the machine.
//!
//! Flows in: a model with a state, what acts on it, and how its steps are taken. Flows out: nothing, or a
//! [`StepTooLong`] with the longest step that holds. A rough course is run ahead by an implicit solver; at
//! points along it the Jacobian of one step tells by how much a small error grows in it: by the spectral
//! radius, less the growth that the equations themselves have (E. Hairer, G. Wanner: Solving Ordinary
//! Differential Equations II, 2nd ed. (1996), section IV.2). Growth that passes, as while a motor starts,
//! is borne.

mod acting;
mod radius;

use self::acting::{Acting, UntilEnd, acting_within};
use self::radius::{Grown, flow, growth_of};
use super::about::{About, nearest_angle};
use super::kernel::{Kernel, Model};
use super::linear::Matrix;
use super::load::Load;
use super::solver::{Method, Problem, Solver, Tolerance};

/// Natural logarithm of the growth of errors that a course does not bear: a thousandfold.
const TOO_MUCH: f64 = 6.907_755_278_982_137;
/// How exact the course is that is run ahead: only where it leads matters.
const ROUGH: Tolerance = Tolerance { relative: 1e-4, absolute: 1e-8 };
/// A piece of the course, at whose ends steps are looked at, is this part of it, if not shorter: at first
/// each is as long as all before it together.
const PIECES: f64 = 48.0;
/// Tries of the solver that runs ahead, in a piece; fewer for models of many states, whose tries take
/// longer by the cube of their number.
const TRIES: u64 = 4_000;
const TRIES_BY_CUBE: u64 = 20_000_000;
/// Models of more states are not looked at: their Jacobian is too large.
const STATES: usize = 512;
/// By this share of its size a state is moved to take a derivative …
const NUDGE: f64 = 1e-6;
/// … which counts as this much at least, in the state's unit.
const LEAST: f64 = 1e-4;
/// Halvings of a step that is too long, in search of one that holds.
const HALVINGS: u32 = 60;
/// The longest step that holds is found within a factor of 2^(1/2^5), 2 %.
const BISECTIONS: u32 = 5;
/// Growth, as a logarithm, that counts as none that ends.
const BOUNDLESS: f64 = 1e9;
/// In a course of so few steps errors have no time to grow: each of them is compared with finer ones.
const FEW: f64 = 16.0;
/// One of these has broken down where it is off by more than this share of a state's size, too.
const FEW_OFF: f64 = 0.05;
/// A course whose length is not known, or that is shorter, counts as so many steps; what acts on a shorter one
/// in the end goes on.
pub const UNKNOWN_STEPS: f64 = 1024.0;
/// Intervals between two checks of steps whose number is not known.
const GUARDED: u32 = 4096;
/// Finer steps with which one is compared.
const FINER: u32 = 16;
/// A step has broken down where it is off by so many times what finer steps move …
const OFF: f64 = 1.25;
/// … and by more than this share of the state's size.
const OFF_OF_SIZE: f64 = 1e-3;
/// A state that is so many times larger than it usually is, or begins with, has left all bounds.
const BEYOND: f64 = 1e12;

/// A step that a model does not bear.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error(
    "`{model}` does not bear steps of {dt_s} s: errors of {} would grow from step to step; {}",
    quoted(.states), advice(.longest_s)
)]
pub struct StepTooLong {
    /// The model.
    pub model: String,
    /// Length of the step in seconds.
    pub dt_s: f64,
    /// States whose errors grow.
    pub states: Vec<String>,
    /// The longest step that holds, in seconds, rounded down; `None`: there is none.
    pub longest_s: Option<f64>,
}

fn quoted(states: &[String]) -> String {
    let each: Vec<String> = states.iter().map(|state| format!("`{state}`")).collect();
    each.join(", ")
}

fn advice(longest_s: &Option<f64>) -> String {
    match longest_s {
        Some(longest_s) => format!(
            "{longest_s} s is the longest step that holds (`step` in the machine's file; --dt of simulate), \
             or take the solver `rosenbrock`"
        ),
        None => "no step holds: take the solver `rosenbrock`, or check the parameters".into(),
    }
}

impl StepTooLong {
    /// A round step that holds with room to spare, in seconds.
    pub fn comfortable_s(&self) -> Option<f64> {
        let half = 0.5 * self.longest_s?;
        let ten = libm::pow(10.0, libm::floor(libm::log10(half)));
        let round = [5.0, 2.0, 1.0].into_iter().map(|digit| digit * ten);
        round.into_iter().find(|step_s| *step_s <= half).or(Some(half))
    }
}

/// Steps that are to be taken.
#[derive(Clone, Copy)]
pub struct Steps<'a> {
    /// Of this model.
    pub model: &'a dyn Model,
    /// Its parameters.
    pub parameters: &'a [f64],
    /// The state to begin with, completed by [`Kernel::start`].
    pub initial: &'a [f64],
    /// What acts on it.
    pub load: &'a dyn Load,
    /// Time of the beginning, in seconds.
    pub begin_s: f64,
    /// How long they are taken, in seconds.
    pub span_s: f64,
    /// Length of a step, in seconds.
    pub dt_s: f64,
    /// By which solver; `None`: the model's own steps, as filters and forecasts take them.
    pub method: Option<Method>,
}

/// When steps are to be checked that are taken one by one, and of which it is not known how many come.
#[derive(Clone, Debug, Default)]
pub struct StepGuard {
    /// The longest step that was checked, in seconds.
    checked_s: f64,
    /// Intervals until the next check.
    left: u32,
}

impl StepGuard {
    /// Checks steps of an interval, the first time, where they are longer than before, and now and then.
    ///
    /// # Errors
    /// When the model does not bear them.
    pub fn check(
        &mut self,
        dt_s: f64,
        check: impl FnOnce() -> Result<(), StepTooLong>,
    ) -> Result<(), StepTooLong> {
        if dt_s <= self.checked_s * (1.0 + 1e-6) && self.left > 0 {
            self.left -= 1;
            return Ok(());
        }
        check()?;
        (self.checked_s, self.left) = (dt_s.max(self.checked_s), GUARDED);
        Ok(())
    }
}

/// A piece of the course that is run ahead.
struct Piece {
    /// The state at its beginning.
    begin: Vec<f64>,
    /// What acts in it, and the state to which each leads.
    acting: Vec<(Acting, Vec<f64>)>,
}

impl Steps<'_> {
    /// Whether the model bears them.
    ///
    /// # Errors
    /// When it does not, with the longest step that holds.
    pub fn check(&self) -> Result<(), StepTooLong> {
        let about = self.model.about();
        let fixes_steps = self.method.map_or(!self.model.adapts_steps(), |by| !by.adapts_steps());
        if !fixes_steps || about.states.is_empty() || about.states.len() > STATES {
            return Ok(());
        }
        // The last step ends with the course.
        let dt_s = self.dt_s.min(self.span_s);
        // What does not grow a thousandfold in a short course may still be far off.
        let span_s = self.span_s.max(UNKNOWN_STEPS * dt_s);
        let load = UntilEnd::new(self.load, (self.begin_s, self.begin_s + self.span_s));
        let own = Steps { load: &load, ..*self };
        let course = Steps { span_s, ..own }.run_ahead();
        let Some(states) = own.too_long(&course, dt_s) else { return Ok(()) };
        let states = states.iter().take(3).map(|at| about.states[*at].name.clone());
        Err(StepTooLong {
            model: about.name.clone(),
            dt_s,
            states: states.collect(),
            longest_s: own.longest(&course, dt_s),
        })
    }

    /// The states of which errors grow too far by steps of that length.
    fn too_long(&self, course: &[Piece], dt_s: f64) -> Option<Vec<usize>> {
        let grown = self.growth(course, dt_s);
        if grown.log > TOO_MUCH { Some(grown.states) } else { self.off_in_few(dt_s) }
    }

    /// The states that are wrong after one of a few steps; `None` where they are right, or many.
    fn off_in_few(&self, dt_s: f64) -> Option<Vec<usize>> {
        let count = libm::ceil(self.span_s / dt_s - 1e-9);
        let few = if count <= FEW { count as u32 } else { 0 };
        let mut stepper = Stepper::of(self.model, self.method);
        let (mut x, mut inputs) = (self.initial.to_vec(), self.model.about().usual_inputs());
        let mut next = x.clone();
        for step in 0..few {
            self.load.at(self.begin_s + (f64::from(step) + 0.5) * dt_s, &x, &mut inputs);
            let problem = Problem { model: self.model, u: &inputs, p: self.parameters };
            // What is no number ends the course, and says why.
            let off = off_by(problem, &x, dt_s, &mut stepper, FEW_OFF)?;
            if !off.is_empty() {
                return Some(off);
            }
            if !stepper.step(problem, &x, dt_s, &mut next) {
                return None;
            }
            std::mem::swap(&mut x, &mut next);
        }
        None
    }

    /// A step that holds: this one, or a shorter one where the model does not bear it.
    ///
    /// # Errors
    /// When there is none.
    pub fn shortened(mut self) -> Result<f64, StepTooLong> {
        loop {
            let Err(error) = self.check() else { return Ok(self.dt_s) };
            match error.comfortable_s().filter(|step_s| *step_s < self.dt_s) {
                Some(step_s) => self.dt_s = step_s,
                None => return Err(error),
            }
        }
    }

    /// A rough course under the load, in pieces; it ends where it cannot go on.
    fn run_ahead(&self) -> Vec<Piece> {
        let count = self.model.about().states.len();
        let cube = (count * count * count) as u64;
        let tries = (TRIES_BY_CUBE / cube).clamp(1, TRIES);
        let mut solver = Solver::new(Method::Rosenbrock(ROUGH), count);
        solver.try_at_most(tries);
        // The state after so long under inputs that are held; `None` where it cannot be found.
        let mut led = |begin: &[f64], inputs: &[f64], held_s: f64| {
            let problem = Problem { model: self.model, u: inputs, p: self.parameters };
            let mut x = begin.to_vec();
            solver.advance(problem, &mut x, held_s, &mut |_| {}).ok().map(|()| x)
        };
        let (mut begin, mut at_s, mut pieces) = (self.initial.to_vec(), 0.0, Vec::new());
        while at_s < self.span_s {
            let end_s = self.end_of_piece(at_s);
            let all = self.acting(&begin, at_s, end_s);
            let next = led(&begin, &acting::mean(&all), end_s - at_s);
            let all = match next {
                // Too large a model to be run ahead: it is taken to stay where it is.
                None if tries < TRIES => self.acting(&begin, at_s, self.span_s),
                _ => all,
            };
            let is_alone = all.len() == 1;
            let leads = |acting: Acting| {
                let end = match &next {
                    Some(next) if is_alone => Some(next.clone()),
                    Some(_) => led(&begin, &acting.inputs, acting.longest_s),
                    None => None,
                };
                (acting, end.unwrap_or_else(|| begin.clone()))
            };
            let acting = all.into_iter().map(leads).collect();
            pieces.push(Piece { begin: begin.clone(), acting });
            let Some(next) = next else { break };
            (begin, at_s) = (next, end_s);
        }
        pieces
    }

    /// The end of a piece: as long after its beginning as that is after the course's, but no later than a
    /// change of what acts, unless that comes too soon for all of the course to be looked at.
    fn end_of_piece(&self, at_s: f64) -> f64 {
        let doubled_s = (2.0 * at_s).max(self.dt_s).min(self.span_s);
        let part_s = (at_s + self.span_s / PIECES).min(doubled_s);
        let held_s = acting::held_until(self.load, self.begin_s + at_s);
        held_s.map_or(part_s, |held_s| (held_s - self.begin_s).clamp(part_s, doubled_s))
    }

    /// What acts between two times of the course.
    fn acting(&self, x: &[f64], from_s: f64, to_s: f64) -> Vec<Acting> {
        let usual = self.model.about().usual_inputs();
        acting_within(self.load, x, usual, (self.begin_s + from_s, self.begin_s + to_s))
    }

    /// By how much errors grow along the course at most, as a logarithm, and of which states.
    fn growth(&self, course: &[Piece], dt_s: f64) -> Grown {
        let (mut now, mut most) = (0.0, Grown::default());
        for Piece { begin, acting } in course {
            let (mut sum, mut worst) = (0.0, Grown::default());
            for (acting, end) in acting {
                // What is so at one end only passes.
                let ends = [begin, end].map(|x| self.in_a_step(x, &acting.inputs, dt_s));
                let [first, last] = ends;
                let less = if first.log < last.log { first } else { last };
                let grown = |held_s: f64| (held_s / dt_s * less.log).clamp(-BOUNDLESS, BOUNDLESS);
                let at_once = grown(acting.longest_s);
                sum += grown(acting.total_s);
                if at_once > worst.log {
                    worst = Grown { log: at_once, states: less.states };
                }
            }
            now = f64::max(now + sum, 0.0);
            // Errors that shrink in between may have grown too far before.
            let log = now.max(worst.log);
            if log > most.log {
                most = Grown { log, states: worst.states };
            }
        }
        most
    }

    /// By how much errors grow in a step at a state, less what the equations let them grow.
    fn in_a_step(&self, x: &[f64], inputs: &[f64], dt_s: f64) -> Grown {
        let about = self.model.about();
        let mut stepper = Stepper::of(self.model, self.method);
        let problem = Problem { model: self.model, u: inputs, p: self.parameters };
        let mut step = |x: &[f64], next: &mut [f64]| stepper.step(problem, x, dt_s, next);
        let mut rates = |x: &[f64], rate: &mut [f64]| {
            self.model.derivative(x, inputs, self.parameters, rate);
            rate.iter().all(|rate| rate.is_finite())
        };
        let mut next = vec![0.0; x.len()];
        if !step(x, &mut next) {
            // Not even this step can be taken: it ends the course, and says why.
            return Grown::default();
        }
        // Derivatives of what a step moves far are taken over a part of that, so that rounding is small.
        let sizes = x.iter().zip(&next).zip(&about.states);
        let sizes = sizes.map(|((x, next), state)| {
            NUDGE * x.abs().max(next.abs()).max(1e-3 * state.usual.abs()).max(LEAST)
        });
        let sizes: Vec<f64> = sizes.collect();
        // Beside an edge of the equations, as where a flow stops, one side is that of another motion.
        let sides = [1.0, -1.0].map(|side| {
            let moves: Vec<f64> = sizes.iter().map(|size| side * size).collect();
            let own = flow(&jacobian(about, x, &moves, &mut rates)?, dt_s);
            let mut grown = growth_of(&jacobian(about, x, &moves, &mut step)?);
            grown.log -= own.max(0.0);
            Some(grown)
        });
        let less = sides.into_iter().flatten().min_by(|a, b| a.log.total_cmp(&b.log));
        less.unwrap_or_default()
    }

    /// The longest step that holds, rounded down to two digits.
    fn longest(&self, course: &[Piece], dt_s: f64) -> Option<f64> {
        let holds = |dt_s: f64| self.too_long(course, dt_s).is_none();
        let mut low = dt_s;
        (0..HALVINGS).find(|_| {
            low *= 0.5;
            holds(low)
        })?;
        let mut high = 2.0 * low;
        for _ in 0..BISECTIONS {
            let middle = (low * high).sqrt();
            if holds(middle) { low = middle } else { high = middle }
        }
        let digit = libm::pow(10.0, libm::floor(libm::log10(low)) - 1.0);
        Some(libm::floor(low / digit) * digit).filter(|rounded| *rounded > 0.0).map(shortest_text)
    }
}

/// The number whose text is short: products of powers of ten have rounding errors.
fn shortest_text(value: f64) -> f64 {
    format!("{value:.1e}").parse().unwrap_or(value)
}

/// Takes single steps, by a solver or as the model does.
struct Stepper(Option<Solver>);

impl Stepper {
    fn of(model: &dyn Model, method: Option<Method>) -> Self {
        Self(method.map(|method| Solver::new(method, model.about().states.len())))
    }

    /// A step from `x` to `next`; whether that is finite.
    fn step(&mut self, problem: Problem, x: &[f64], dt_s: f64, next: &mut [f64]) -> bool {
        match &mut self.0 {
            Some(solver) => {
                next.copy_from_slice(x);
                solver.advance(problem, next, dt_s, &mut |_| {}).is_ok()
            }
            None => {
                let Problem { model, u, p } = problem;
                Kernel::<f64>::step(model, x, u, p, dt_s, next);
                next.iter().all(|next| next.is_finite())
            }
        }
    }
}

/// The derivatives of a function of the state, each by a move of one state; `None` where it is not finite.
fn jacobian(
    about: &About,
    x: &[f64],
    moves: &[f64],
    of: &mut dyn FnMut(&[f64], &mut [f64]) -> bool,
) -> Option<Matrix> {
    let count = x.len();
    let (mut moved, mut base, mut out) = (x.to_vec(), vec![0.0; count], vec![0.0; count]);
    let mut all = Matrix::zero(count, count);
    if !of(x, &mut base) {
        return None;
    }
    for column in 0..count {
        moved[column] = x[column] + moves[column];
        let by = moved[column] - x[column];
        if !of(&moved, &mut out) {
            return None;
        }
        moved[column] = x[column];
        for row in 0..count {
            let turned =
                about.states[row].turn.map(|turn| nearest_angle(out[row], base[row], turn));
            all.set(row, column, (turned.unwrap_or(out[row]) - base[row]) / by);
        }
    }
    Some(all)
}

/// Whether a step has broken down: finer ones lead elsewhere, by more than they move at all.
pub fn has_broken_down(problem: Problem, x: &[f64], dt_s: f64, method: Option<Method>) -> bool {
    let mut stepper = Stepper::of(problem.model, method);
    let off = off_by(problem, x, dt_s, &mut stepper, OFF_OF_SIZE);
    off.is_none_or(|states| !states.is_empty())
}

/// The states by which a step and finer ones differ by more than these move at all, and than a share of the
/// state's size; `None` where either leads to what is no number.
fn off_by(
    problem: Problem,
    x: &[f64],
    dt_s: f64,
    stepper: &mut Stepper,
    of_size: f64,
) -> Option<Vec<usize>> {
    let about = problem.model.about();
    let mut whole = vec![0.0; x.len()];
    if !stepper.step(problem, x, dt_s, &mut whole) {
        return None;
    }
    let (mut now, mut next) = (x.to_vec(), vec![0.0; x.len()]);
    for _ in 0..FINER {
        if !stepper.step(problem, &now, dt_s / f64::from(FINER), &mut next) {
            return None;
        }
        std::mem::swap(&mut now, &mut next);
    }
    let is_off = |at: &usize| {
        let (at, state) = (*at, &about.states[*at]);
        let near =
            |value: f64| state.turn.map_or(value, |turn| nearest_angle(value, now[at], turn));
        let (off, moved) = ((near(whole[at]) - now[at]).abs(), (near(x[at]) - now[at]).abs());
        let size = now[at].abs().max(state.usual.abs());
        !(off <= OFF * moved + of_size * size + f64::MIN_POSITIVE)
    };
    Some((0..x.len()).filter(is_off).collect())
}

/// For each state, what no course of a machine reaches.
pub fn bounds(about: &About, initial: &[f64]) -> Vec<f64> {
    let bound = |(state, initial): (&super::Variable, &f64)| {
        BEYOND * state.usual.abs().max(initial.abs()).max(1.0)
    };
    about.states.iter().zip(initial).map(bound).collect()
}

#[cfg(test)]
mod tests;
