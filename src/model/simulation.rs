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
use super::stability::{Steps, UNKNOWN_STEPS, bounds, has_broken_down};

/// How exactly an event is located unless stated otherwise, as a share of a step.
const LOCATED: f64 = 1e-12;
/// By this share of a step a time may be off through rounding.
const ROUNDING: f64 = 1e-6;

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
    /// Seconds since the beginning: added up, these have smaller rounding errors than seconds since 1970.
    elapsed_s: f64,
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
        setup.check()?;
        let about = setup.model.about();
        let (states, events) = (about.states.len(), about.events.len());
        let mut u = vec![0.0; about.inputs.len()];
        let mut x = setup.initial.clone();
        setup.load.at(setup.start_s, &x, &mut u);
        Kernel::<f64>::start(&*setup.model, &u, &setup.parameters, &mut x);
        let steps = Steps {
            model: &*setup.model,
            parameters: &setup.parameters,
            initial: &x,
            load: &*setup.load,
            begin_s: setup.start_s,
            span_s: UNKNOWN_STEPS * setup.dt_s,
            dt_s: setup.dt_s,
            method: Some(setup.method),
        };
        steps.check().map_err(|error| error.to_string())?;
        let mut margin = vec![1.0; events];
        setup.model.margin(&x, &u, &setup.parameters, &mut margin);
        Ok(Self {
            solver: Solver::new(setup.method, states),
            random: setup.noise.as_ref().map(|noise| RandomStream::new(noise.seed, 0)),
            t_s: setup.start_s,
            elapsed_s: 0.0,
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
    /// When the state diverges, or an event would be that of a solution that has broken down; the state
    /// is then what it was before.
    pub fn step(&mut self) -> Result<Vec<EventOccurrence>, Unsolved> {
        self.step_until(f64::INFINITY)
    }

    /// The same; the step is shorter where it would go beyond that time, in seconds, and ends there.
    ///
    /// # Errors
    /// As for [`Self::step`].
    pub fn step_until(&mut self, end_s: f64) -> Result<Vec<EventOccurrence>, Unsolved> {
        let SimulationSetup { model, parameters, load, noise, start_s, dt_s, .. } = &self.setup;
        let (mut dt_s, mut elapsed_s) = (*dt_s, self.elapsed_s + dt_s);
        let mut next_s = start_s + elapsed_s;
        // What is left of a step by rounding alone is none.
        if next_s > end_s - ROUNDING * dt_s {
            if next_s > end_s + ROUNDING * dt_s {
                (dt_s, elapsed_s) = (end_s - self.t_s, end_s - start_s);
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
        self.elapsed_s = elapsed_s;
        Ok(happened)
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
