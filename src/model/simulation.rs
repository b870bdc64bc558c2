//! A machine's course under a load, step by step.
//!
//! Flows in: a model, parameters, a state to start with, a load, a solver. Flows out: the state at
//! the end of each step and the events that happened in it. A step is: the inputs at the step's
//! middle; the state over the step; process noise; then the test for events.

use std::sync::Arc;

use super::kernel::{Kernel, Model};
use super::load::Load;
use super::noise::RandomStream;
use super::solver::{Dense, Method, Problem, Solver, Unsolved};
use super::stability::{StepTooLong, Steps, UNKNOWN_STEPS, bounds, has_broken_down};

/// How exactly an event is located unless stated otherwise, as a share of a step.
pub const LOCATED: f64 = 1e-12;
/// By this share of a step a time may be off through rounding.
pub(crate) const ROUNDING: f64 = 1e-6;
/// Most steps of a course: as many take hours.
pub const MOST_STEPS: u64 = 1_000_000_000;

/// Times of whole steps. Where a step is a short decimal number they are such numbers, too: three steps of
/// 0.1 s end at 0.3 s, and not at the number beside it that 3 × 0.1 is rounded to.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    /// A step is this many …
    step: f64,
    /// … of the parts of a second of which there are so many.
    parts: f64,
}

impl Clock {
    /// Of steps of that length, in seconds.
    pub fn of(dt_s: f64) -> Self {
        let decimal = (0..=9).map(|digits| libm::pow(10.0, f64::from(digits))).find_map(|parts| {
            let step = (dt_s * parts).round();
            (step / parts == dt_s).then_some(Self { step, parts })
        });
        decimal.unwrap_or(Self { step: dt_s, parts: 1.0 })
    }

    /// Seconds that so many steps take.
    pub fn after(self, steps: u64) -> f64 {
        steps as f64 * self.step / self.parts
    }
}

/// Seconds that so many steps of a length take: see [`Clock`].
pub fn steps_s(steps: u64, dt_s: f64) -> f64 {
    Clock::of(dt_s).after(steps)
}

/// What is simulated, and how.
#[derive(Clone)]
pub struct SimulationSetup {
    /// The model.
    pub model: Arc<dyn Model>,
    /// Its parameters.
    pub parameters: Vec<f64>,
    /// The state to start with; [`Kernel::start`] completes it.
    pub initial: Vec<f64>,
    /// Time of that state in seconds.
    pub start_s: f64,
    /// What acts on the machine.
    pub load: Arc<dyn Load>,
    /// Length of a step in seconds.
    pub dt_s: f64,
    /// The solver.
    pub method: Method,
    /// How exactly events are located inside a step, in seconds.
    pub located_s: f64,
    /// Process noise.
    pub noise: Option<Noise>,
}

/// Process noise: after a step of dt each state moves by a normal number × strength × √dt, so that
/// its spread does not depend on the length of the steps.
#[derive(Clone, Debug, PartialEq)]
pub struct Noise {
    /// Standard deviation after one second, for each state.
    pub strength: Vec<f64>,
    /// Chooses the noise.
    pub seed: u64,
}

impl SimulationSetup {
    /// A usual machine under a load, solved by Euler's method.
    pub fn usual(model: Arc<dyn Model>, load: Arc<dyn Load>, dt_s: f64) -> Self {
        let about = model.about();
        Self {
            parameters: about.usual_parameters(),
            initial: about.states.iter().map(|state| state.usual).collect(),
            start_s: 0.0,
            load,
            dt_s,
            method: Method::Euler,
            located_s: LOCATED * dt_s,
            noise: None,
            model,
        }
    }

    /// Steps are from now on ones that the model bears for so many seconds (`None`: it is not known how many),
    /// where they are longer; the step before, where it was.
    ///
    /// # Errors
    /// When no step holds, or the setup does not fit the model.
    pub fn shorten_step(&mut self, span_s: Option<f64>) -> Result<Option<f64>, String> {
        self.check()?;
        let (before_s, begin) = (self.dt_s, self.begin());
        let shortened = self.steps_from(&begin, span_s).shortened();
        self.dt_s = shortened.map_err(|error| error.to_string())?;
        Ok((self.dt_s < before_s).then_some(before_s))
    }

    /// The state that it begins with, completed by the model under the inputs of the first instant.
    fn begin(&self) -> Vec<f64> {
        let (mut x, mut u) = (self.initial.clone(), self.model.about().usual_inputs());
        self.load.at(self.start_s, &x, &mut u);
        Kernel::<f64>::start(&*self.model, &u, &self.parameters, &mut x);
        x
    }

    fn steps_from<'a>(&'a self, initial: &'a [f64], span_s: Option<f64>) -> Steps<'a> {
        Steps {
            model: &*self.model,
            parameters: &self.parameters,
            initial,
            load: &*self.load,
            begin_s: self.start_s,
            span_s: span_s.unwrap_or(UNKNOWN_STEPS * self.dt_s),
            dt_s: self.dt_s,
            method: Some(self.method),
        }
    }
}

/// An event that happened.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct EventOccurrence {
    /// Its place among the model's events.
    pub event: usize,
    /// When, located inside the step.
    pub time_s: f64,
    /// End of the step in which it happened.
    pub step_end_s: f64,
}

/// A course under way.
pub struct Simulation {
    setup: SimulationSetup,
    solver: Solver,
    random: Option<RandomStream>,
    t_s: f64,
    /// The time from which on whole steps are counted, and how many there were: times that are added up
    /// would be off by a rounding error a step.
    counted_from_s: f64,
    steps: u64,
    clock: Clock,
    /// Until when it is known that the model bears the steps.
    checked_until_s: f64,
    x: Vec<f64>,
    u: Vec<f64>,
    margin: Vec<f64>,
    met: Vec<bool>,
    locator: Locator,
    /// For each state, what no course reaches.
    bounds: Vec<f64>,
}

impl Simulation {
    /// Begins a course. The inputs of the first instant are those at its time, not at a step's
    /// middle.
    ///
    /// # Errors
    /// When the setup does not fit its model, holds what is not a number, or states steps that the model
    /// does not bear.
    pub fn new(setup: SimulationSetup) -> Result<Self, String> {
        Self::over(setup, None)
    }

    /// The same for a course of which it may be known how many seconds it takes: by that it is judged whether
    /// the model bears the steps.
    ///
    /// # Errors
    /// As for [`Self::new`].
    pub fn over(setup: SimulationSetup, span_s: Option<f64>) -> Result<Self, String> {
        setup.check()?;
        let about = setup.model.about();
        let (states, events) = (about.states.len(), about.events.len());
        let mut u = about.usual_inputs();
        setup.load.at(setup.start_s, &setup.initial, &mut u);
        let x = setup.begin();
        let steps = setup.steps_from(&x, span_s);
        steps.check().map_err(|error| error.to_string())?;
        let checked_until_s = setup.start_s + steps.span_s;
        let mut margin = vec![1.0; events];
        setup.model.margin(&x, &u, &setup.parameters, &mut margin);
        Ok(Self {
            solver: Solver::new(setup.method, states),
            random: setup.noise.as_ref().map(|noise| RandomStream::new(noise.seed, 0)),
            t_s: setup.start_s,
            counted_from_s: setup.start_s,
            steps: 0,
            clock: Clock::of(setup.dt_s),
            checked_until_s,
            met: margin.iter().map(|margin| *margin <= 0.0).collect(),
            locator: Locator {
                within: vec![0.0; states],
                margin: vec![0.0; events],
                located_s: setup.located_s,
            },
            bounds: bounds(about, &x),
            x,
            u,
            margin,
            setup,
        })
    }

    /// Takes a step; the events that happened in it.
    ///
    /// # Errors
    /// When the state diverges, the model no longer bears the steps, or an event would be that of a solution
    /// that has broken down; the state is then what it was before.
    pub fn step(&mut self) -> Result<Vec<EventOccurrence>, Unsolved> {
        self.step_until(f64::INFINITY)
    }

    /// The same; the step is shorter where it would go beyond that time, in seconds, and ends there.
    ///
    /// # Errors
    /// As for [`Self::step`].
    pub fn step_until(&mut self, end_s: f64) -> Result<Vec<EventOccurrence>, Unsolved> {
        if end_s <= self.t_s {
            return Ok(Vec::new());
        }
        self.check_on()?;
        let SimulationSetup { model, parameters, load, noise, dt_s: whole_s, .. } = &self.setup;
        let (mut from_s, mut steps, mut dt_s) = (self.counted_from_s, self.steps + 1, *whole_s);
        let mut next_s = from_s + self.clock.after(steps);
        // What is left of a step by rounding alone is none.
        if next_s > end_s - ROUNDING * dt_s {
            if next_s > end_s + ROUNDING * dt_s {
                dt_s = end_s - self.t_s;
                (from_s, steps) = (end_s, 0);
            }
            next_s = end_s;
        }
        load.at(self.t_s + dt_s / 2.0, &self.x, &mut self.u);
        let problem = Problem { model: &**model, u: &self.u, p: parameters };
        let begin_s = self.t_s;
        let mut happened = Vec::new();
        let Self { solver, x, margin, met, locator, .. } = self;
        solver.advance(problem, x, dt_s, &mut |dense| {
            locator.watch(problem, dense, margin, met, |event, at_s| {
                happened.push(EventOccurrence { event, time_s: begin_s + at_s, step_end_s: 0.0 });
            });
        })?;
        self.t_s = next_s;
        if let (Some(noise), Some(random)) = (noise, &mut self.random) {
            for (x, strength) in self.x.iter_mut().zip(&noise.strength) {
                *x += strength * dt_s.sqrt() * random.normal();
            }
        }
        self.test(&mut happened);
        if let Err(error) = self.holds(&happened, dt_s) {
            self.x.copy_from_slice(self.solver.begin());
            self.t_s = begin_s;
            self.test(&mut Vec::new());
            return Err(error);
        }
        (self.counted_from_s, self.steps) = (from_s, steps);
        Ok(happened)
    }

    /// Checks the steps for as long again as they have been taken, where they are checked no further: what
    /// acts later may be more than the model bears.
    fn check_on(&mut self) -> Result<(), StepTooLong> {
        if self.t_s < self.checked_until_s {
            return Ok(());
        }
        let span_s = self.t_s - self.setup.start_s;
        let steps = self.setup.steps_from(&self.x, Some(span_s));
        Steps { begin_s: self.t_s, ..steps }.check()?;
        self.checked_until_s = self.t_s + span_s;
        Ok(())
    }

    /// Whether the step that was taken is one of a machine: within all bounds, and not, where something
    /// happened in it, broken down.
    fn holds(&self, happened: &[EventOccurrence], dt_s: f64) -> Result<(), Unsolved> {
        let SimulationSetup { model, parameters, method, .. } = &self.setup;
        let is_beyond = |at: &usize| !(self.x[*at].abs() <= self.bounds[*at]);
        if let Some(at) = (0..self.x.len()).find(is_beyond) {
            let state = model.about().states[at].name.clone();
            return Err(Unsolved::Diverged { state, value: self.x[at], dt_s });
        }
        let problem = Problem { model: &**model, u: &self.u, p: parameters };
        let is_fixed = !happened.is_empty() && !method.adapts_steps();
        if is_fixed && has_broken_down(problem, self.solver.begin(), dt_s, Some(*method)) {
            return Err(Unsolved::BrokenDown { dt_s });
        }
        Ok(())
    }

    /// The test at a step's end: it finds what noise or a settled state brought about, too.
    fn test(&mut self, happened: &mut Vec<EventOccurrence>) {
        let SimulationSetup { model, parameters, .. } = &self.setup;
        model.margin(&self.x, &self.u, parameters, &mut self.margin);
        for event in 0..self.margin.len() {
            let now = self.margin[event] <= 0.0;
            if now && !self.met[event] {
                happened.push(EventOccurrence { event, time_s: self.t_s, step_end_s: self.t_s });
            }
            self.met[event] = now;
        }
        for happened in happened {
            happened.step_end_s = self.t_s;
        }
    }

    /// Seconds.
    pub fn time_s(&self) -> f64 {
        self.t_s
    }

    /// The state.
    pub fn state(&self) -> &[f64] {
        &self.x
    }

    /// The inputs of the step that has just ended.
    pub fn inputs(&self) -> &[f64] {
        &self.u
    }

    /// Which events hold now.
    pub fn met(&self) -> &[bool] {
        &self.met
    }

    /// What can be measured now.
    pub fn outputs(&self) -> Vec<f64> {
        let mut z = vec![0.0; self.setup.model.about().outputs.len()];
        self.setup.model.output(&self.x, &self.u, &self.setup.parameters, &mut z);
        z
    }

    /// The event states now.
    pub fn event_states(&self) -> Vec<f64> {
        let mut es = vec![0.0; self.met.len()];
        self.setup.model.event_state(&self.x, &self.u, &self.setup.parameters, &mut es);
        es
    }

    /// What is simulated.
    pub fn setup(&self) -> &SimulationSetup {
        &self.setup
    }
}

impl SimulationSetup {
    /// Whether everything has the right length and is a number.
    fn check(&self) -> Result<(), String> {
        let about = self.model.about();
        let fit = |what: &str, values: &[f64], names: Vec<&String>| {
            if values.len() != names.len() {
                let all: Vec<&str> = names.iter().map(|name| name.as_str()).collect();
                return Err(format!(
                    "`{}` has {} {what} ({}), not {}",
                    about.name,
                    names.len(),
                    all.join(", "),
                    values.len()
                ));
            }
            match values.iter().position(|value| !value.is_finite()) {
                Some(at) => Err(format!("{what}: `{}` is {}", names[at], values[at])),
                None => Ok(()),
            }
        };
        fit("states", &self.initial, about.states.iter().map(|state| &state.name).collect())?;
        let parameters = about.parameters.iter().map(|parameter| &parameter.name);
        fit("parameters", &self.parameters, parameters.collect())?;
        if let Some(noise) = &self.noise {
            let names = about.states.iter().map(|state| &state.name).collect();
            fit("strengths of noise", &noise.strength, names)?;
            let below = noise.strength.iter().position(|strength| *strength < 0.0);
            if let Some(at) = below {
                let (name, strength) = (&about.states[at].name, noise.strength[at]);
                return Err(format!(
                    "strengths of noise: `{name}` is {strength}, and none is below 0"
                ));
            }
        }
        if !(self.dt_s > 0.0 && self.dt_s.is_finite()) {
            return Err(format!("a step of {} s leads nowhere; it has to be above 0", self.dt_s));
        }
        if !self.start_s.is_finite() {
            return Err(format!("it cannot begin at {} s: expected a finite time", self.start_s));
        }
        if !(self.located_s > 0.0) {
            let located = self.located_s;
            return Err(format!("events within {located} s are never found: state more than 0 s"));
        }
        Ok(())
    }
}

/// Finds events inside a step.
struct Locator {
    within: Vec<f64>,
    margin: Vec<f64>,
    located_s: f64,
}

impl Locator {
    /// Reports each event that happens in a piece of a step, with its time since the step's start.
    fn watch(
        &mut self,
        problem: Problem,
        dense: &Dense,
        before: &mut [f64],
        met: &mut [bool],
        mut report: impl FnMut(usize, f64),
    ) {
        self.margins(problem, dense, 1.0);
        let after = self.margin.clone();
        for event in 0..after.len() {
            if !met[event] && before[event] > 0.0 && after[event] <= 0.0 {
                met[event] = true;
                report(event, dense.begin_s + dense.length_s * self.locate(problem, dense, event));
            }
        }
        before.copy_from_slice(&after);
    }

    fn margins(&mut self, problem: Problem, dense: &Dense, share: f64) {
        dense.at(share, &mut self.within);
        problem.model.margin(&self.within, problem.u, problem.p, &mut self.margin);
    }

    /// Where in the piece the event happens, by halving.
    fn locate(&mut self, problem: Problem, dense: &Dense, event: usize) -> f64 {
        let (mut low, mut high) = (0.0, 1.0);
        while (high - low) * dense.length_s > self.located_s {
            let middle = 0.5 * (low + high);
            if !(low < middle && middle < high) {
                // No number lies between them.
                break;
            }
            self.margins(problem, dense, middle);
            if self.margin[event] > 0.0 { low = middle } else { high = middle }
        }
        high
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::load::{Held, Hold, Schedule};
    use crate::model::registry;

    fn battery(load: Arc<dyn Load>, dt_s: f64) -> SimulationSetup {
        SimulationSetup::usual(registry::find("battery_circuit").expect("a model"), load, dt_s)
    }

    #[test]
    fn times_are_the_beginning_plus_whole_steps_and_the_last_is_the_end() {
        for (start_s, dt_s) in [(0.0, 0.1), (0.0, 0.3), (1.7e9, 0.1), (-5.0, 0.7)] {
            let mut setup = battery(Arc::new(Held(vec![0.0])), dt_s);
            setup.start_s = start_s;
            let end_s = start_s + 3_000.05;
            let mut simulation = Simulation::new(setup).expect("it fits");
            let mut steps = 0_u64;
            while simulation.time_s() < end_s {
                simulation.step_until(end_s).expect("it goes on");
                steps += 1;
                let wanted_s = (start_s + steps as f64 * dt_s).min(end_s);
                let off_s = (simulation.time_s() - wanted_s).abs();
                let size_s = start_s.abs().max(wanted_s.abs()).max(1.0);
                assert!(off_s <= 2.0 * f64::EPSILON * size_s, "{steps}: {off_s}");
            }
            assert_eq!(simulation.time_s(), end_s);
            // Beyond its end it goes on from there.
            simulation.step().expect("it goes on");
            assert_eq!(simulation.time_s(), end_s + dt_s);
        }
        assert_eq!(
            (steps_s(3, 0.1), steps_s(29_999, 0.1), steps_s(7, 600.0)),
            (0.3, 2_999.9, 4_200.0)
        );
        let mut simulation =
            Simulation::new(battery(Arc::new(Held(vec![0.0])), 1.0)).expect("it fits");
        assert_eq!(simulation.step_until(-1.0), Ok(Vec::new()));
        assert_eq!(simulation.time_s(), 0.0);
    }

    #[test]
    fn what_acts_after_the_steps_that_were_checked_is_looked_at_when_it_comes() {
        // What stays as it is for an hour, and then is fast.
        let rows = [(0.0, vec![0.0, 0.0]), (3_600.0, vec![10.0, 0.0])];
        let plan: Arc<dyn Load> = Arc::new(Schedule::new(&rows, Hold::Start).expect("a plan"));
        let model = crate::model::model::<Lag>();
        let mut setup = SimulationSetup::usual(model, plan, 1.0);
        setup.initial = vec![1.0];
        let mut simulation = Simulation::new(setup.clone()).expect("a thousand steps hold");
        let ended = (0..10_000).find_map(|_| simulation.step().err()).expect("it is refused");
        assert!(ended.to_string().contains("`lag` does not bear steps of 1 s"), "{ended}");
        assert!(simulation.time_s() <= 3_600.0, "{}", simulation.time_s());
        // Where the end is known, at once.
        let error = Simulation::over(setup, Some(7_200.0)).map(|_| ()).expect_err("too long");
        assert!(error.contains("`lag` does not bear steps of 1 s"), "{error}");
    }

    /// A lag whose rate is set.
    struct Lag;

    impl crate::model::Equations for Lag {
        fn about() -> crate::model::About {
            crate::model::About::new("lag", "Lag")
                .state("x", "1", 1.0, "what lags")
                .input("rate", "/s", 0.0, "how fast")
                .input("to", "1", 0.0, "where to")
        }
        fn derivative<R: crate::model::Real>(x: &[R], u: &[R], _: &[R], dx: &mut [R]) {
            dx[0] = (u[1] - x[0]) * u[0];
        }
        fn output<R: crate::model::Real>(_: &[R], _: &[R], _: &[R], _: &mut [R]) {}
        fn event_state<R: crate::model::Real>(_: &[R], _: &[R], _: &[R], _: &mut [R]) {}
    }
}
