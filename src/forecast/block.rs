//! Members of an ensemble side by side, carried on together.
//!
//! A member is the same whatever others are in its block: it has a random stream of its own, and the
//! numbers of [`Lanes`] are independent.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::pace::{Mover, Pace};
use super::setup::{ForecastSetup, LoadSpread};
use super::start::StartSampler;
use crate::model::noise::RandomStream;
use crate::model::simulation::{Clock, ROUNDING};
use crate::model::solver::Problem;
use crate::model::stability::{bounds, has_broken_down};
use crate::model::{Kernel, Lanes, Real, WIDTH, Way};

/// When an event happened to a member.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct EventTime {
    /// Located inside the step, on a straight line.
    pub time_s: f64,
    /// End of the step.
    pub step_end_s: f64,
}

/// Members side by side.
pub(in crate::forecast) struct Block {
    members: Range<usize>,
    t_s: f64,
    clock: Clock,
    steps: u64,
    way: Way<Lanes>,
    p: Vec<Lanes>,
    u: Vec<Lanes>,
    plan: Vec<f64>,
    streams: Vec<RandomStream>,
    /// For each spread of the load: its process, the level of each member, and the process's value.
    off: Vec<(Pace, Lanes, Lanes)>,
    movers: Vec<Mover>,
    /// What is added to each state in a second; empty: nothing.
    push: Vec<Lanes>,
    /// Whether each step is followed by noise or a push.
    has_noise: bool,
    /// For each event, when it first happened to each member.
    pub met: Vec<[Option<EventTime>; WIDTH]>,
    /// Members whose course has ended, or that diverged.
    pub ended: [bool; WIDTH],
    /// Members that diverged.
    pub lost: [bool; WIDTH],
    /// For each state, what no course reaches.
    bounds: Vec<f64>,
}

impl Block {
    /// The members of a block, at the beginning.
    pub fn new(setup: &ForecastSetup, sampler: &StartSampler, number: usize) -> Self {
        let first = number * WIDTH;
        Self::of(setup, sampler, first..setup.members.min(first + WIDTH))
    }

    /// Some members, [`WIDTH`] at most, at the beginning.
    pub fn of(setup: &ForecastSetup, sampler: &StartSampler, members: Range<usize>) -> Self {
        let about = setup.model.about();
        let first = members.start;
        let zero = |count: usize| vec![Lanes::default(); count];
        let mut x = zero(about.states.len());
        let mut p = zero(setup.parameters.len());
        let pace = |each: &LoadSpread| {
            let pace = Pace::comes_and_goes(each.wander, each.memory_s, setup.dt_s);
            (pace, Lanes::default(), Lanes::default())
        };
        let mut off: Vec<_> = setup.load_spread.iter().map(pace).collect();
        let mut push = Vec::new();
        let mut moves: [Vec<(f64, f64)>; WIDTH] = Default::default();
        let mut streams = Vec::with_capacity(WIDTH);
        for lane in 0..WIDTH {
            // Lanes that are left over repeat the last member and are not looked at.
            let member = (first + lane).min(members.end - 1);
            let mut random = RandomStream::new(setup.seed, member as u64);
            let begin = sampler.draw(setup, member, &mut random);
            let into = |lanes: &mut [Lanes], values: &[f64]| {
                lanes.iter_mut().zip(values).for_each(|(lanes, value)| lanes.0[lane] = *value);
            };
            into(&mut x, &begin.states);
            into(&mut p, &begin.parameters);
            if !begin.push.is_empty() {
                push.resize(about.states.len(), Lanes::default());
                into(&mut push, &begin.push);
            }
            for (at, (spread, (_, level, wander))) in
                setup.load_spread.iter().zip(&mut off).enumerate()
            {
                let drawn = spread.level * random.normal();
                level.0[lane] = begin.levels.as_ref().map_or(drawn, |levels| levels[at]);
                let wanders = spread.wander * random.normal();
                wander.0[lane] = spread.begins.unwrap_or(wanders);
            }
            moves[lane] = begin.moves;
            streams.push(random);
        }
        let events = about.events.len();
        let mut block = Self {
            t_s: setup.begin_s,
            clock: Clock::of(setup.dt_s),
            steps: 0,
            u: zero(about.inputs.len()),
            plan: vec![0.0; about.inputs.len()],
            met: vec![[None; WIDTH]; events],
            ended: std::array::from_fn(|lane| first + lane >= members.end),
            lost: [false; WIDTH],
            bounds: bounds(about, &x.iter().map(|lanes| lanes.0[0]).collect::<Vec<_>>()),
            members,
            way: Way::new(x, events),
            p,
            off,
            movers: Mover::all(setup, &moves),
            has_noise: !push.is_empty() || setup.noise.iter().any(|strength| *strength > 0.0),
            push,
            streams,
        };
        block.set_inputs(setup, block.t_s);
        block.compute_margins(setup);
        block.detect_events(setup, true);
        block
    }

    /// Its members.
    pub fn members(&self) -> Range<usize> {
        self.members.clone()
    }

    /// Time in seconds.
    pub fn time_s(&self) -> f64 {
        self.t_s
    }

    /// Steps that were taken.
    pub fn steps(&self) -> u64 {
        self.steps
    }

    /// Whether all courses have ended.
    pub fn is_over(&self) -> bool {
        self.ended.iter().all(|ended| *ended)
    }

    /// Takes so many steps, fewer when all courses end.
    pub fn advance(&mut self, setup: &ForecastSetup, steps: u64) {
        let kernel: &dyn Kernel<Lanes> = &*setup.model;
        let mut left = steps;
        while left > 0 && !self.is_over() {
            self.move_processes();
            let middle_s = self.t_s + setup.dt_s / 2.0;
            self.set_inputs(setup, middle_s);
            let most = self.steps_unchanged(setup, middle_s).min(left);
            let Self { way, u, p, .. } = self;
            let taken = if self.has_noise {
                way.step(kernel, u, p, setup.dt_s);
                1
            } else {
                kernel.march(way, u, p, setup.dt_s, most)
            };
            left -= taken;
            self.steps += taken;
            self.t_s = setup.begin_s + self.clock.after(self.steps);
            if self.has_noise {
                self.add_noise(setup);
                self.compute_margins(setup);
            }
            self.detect_events(setup, false);
        }
        self.end_beyond();
    }

    /// For how many steps from now on nothing but the model itself changes anything.
    fn steps_unchanged(&self, setup: &ForecastSetup, middle_s: f64) -> u64 {
        if setup.load.follows_state() {
            return 1;
        }
        let load = (setup.load.holds_until(middle_s) - middle_s) / setup.dt_s;
        let paces = self.off.iter().map(|(pace, ..)| pace);
        let paces = paces.chain(self.movers.iter().map(Mover::pace));
        let held = paces.map(|pace| pace.left(self.steps)).min().unwrap_or(u64::MAX);
        held.min(libm::ceil(load) as u64).max(1)
    }

    /// Moves the random processes of load, parameters and states that are due.
    fn move_processes(&mut self) {
        let Self { steps, off, movers, way, p, streams, .. } = self;
        for (pace, _, wander) in off.iter_mut().filter(|(pace, ..)| pace.is_due(*steps)) {
            *wander = pace.moved(*wander, streams);
        }
        for mover in movers {
            mover.go(*steps, &mut way.x, p, streams);
        }
    }

    /// Sets the inputs of a time.
    fn set_inputs(&mut self, setup: &ForecastSetup, t_s: f64) {
        if setup.load.follows_state() {
            let mut x = vec![0.0; self.way.x.len()];
            for lane in 0..WIDTH {
                x.iter_mut().zip(&self.way.x).for_each(|(x, lanes)| *x = lanes.0[lane]);
                setup.load.at(t_s, &x, &mut self.plan);
                self.u.iter_mut().zip(&self.plan).for_each(|(u, plan)| u.0[lane] = *plan);
            }
        } else {
            setup.load.at(t_s, &[], &mut self.plan);
            self.u.iter_mut().zip(&self.plan).for_each(|(u, plan)| *u = Lanes::of(*plan));
        }
        for (spread, (_, level, wander)) in setup.load_spread.iter().zip(&self.off) {
            let factor = *level + *wander + 1.0;
            for input in &spread.inputs {
                self.u[*input] = self.u[*input] * factor;
            }
        }
    }

    /// Adds process noise, and what is added steadily.
    fn add_noise(&mut self, setup: &ForecastSetup) {
        for (x, push) in self.way.x.iter_mut().zip(&self.push) {
            *x = *x + *push * setup.dt_s;
        }
        let root = setup.dt_s.sqrt();
        for (x, strength) in self.way.x.iter_mut().zip(&setup.noise) {
            if *strength > 0.0 {
                for (x, random) in x.0.iter_mut().zip(&mut self.streams) {
                    *x += strength * root * random.normal();
                }
            }
        }
    }

    /// Computes the margins of all events.
    fn compute_margins(&mut self, setup: &ForecastSetup) {
        let kernel: &dyn Kernel<Lanes> = &*setup.model;
        let Self { way, u, p, .. } = self;
        kernel.margin(&way.x, u, p, &mut way.margin);
    }

    /// Looks for events at the end of a step.
    fn detect_events(&mut self, setup: &ForecastSetup, first: bool) {
        let mut is_none = true;
        for event in 0..self.way.margin.len() {
            if !self.way.margin[event].is_positive() {
                self.record_event(setup, event, first);
                is_none = false;
            }
        }
        if self.way.margin.is_empty() {
            self.end_diverged();
        }
        if !is_none {
            self.park_ended();
        }
    }

    /// Members whose course has ended become copies of one that goes on; they are not looked at again.
    /// Otherwise their margins would end every march after one step.
    fn park_ended(&mut self) {
        let Some(going) = self.ended.iter().position(|ended| !ended) else { return };
        let Self { way, p, off, movers, .. } = self;
        let all = way.x.iter_mut().chain(&mut way.margin).chain(p);
        let all = all.chain(off.iter_mut().flat_map(|(_, level, wander)| [level, wander]));
        for lanes in all.chain(movers.iter_mut().flat_map(Mover::own)) {
            for (lane, ended) in self.ended.iter().enumerate() {
                if *ended {
                    lanes.0[lane] = lanes.0[going];
                }
            }
        }
    }

    /// Records an event of some members.
    fn record_event(&mut self, setup: &ForecastSetup, event: usize, first: bool) {
        for lane in 0..WIDTH {
            let margin = self.way.margin[event].0[lane];
            if self.ended[lane] {
                continue;
            }
            if margin.is_nan() {
                (self.ended[lane], self.lost[lane]) = (true, true);
            } else if !first && margin <= 0.0 && self.met[event][lane].is_none() {
                if self.has_broken_down(setup, lane) {
                    (self.ended[lane], self.lost[lane]) = (true, true);
                    continue;
                }
                let before = self.way.before[event].0[lane];
                let share = before / (before - margin);
                let share = match before > 0.0 {
                    true if share.is_finite() => share.between(0.0, 1.0),
                    true => 1.0,
                    // It held at the beginning already, and still does after a step.
                    false => 0.0,
                };
                let time_s = self.t_s - setup.dt_s * (1.0 - share);
                if time_s - setup.begin_s > setup.horizon_s + ROUNDING * setup.dt_s {
                    // The last step ends beyond the horizon where that is no whole number of steps.
                    continue;
                }
                self.met[event][lane] = Some(EventTime { time_s, step_end_s: self.t_s });
                self.ended[lane] |= setup.ends.contains(&event);
            }
        }
    }

    /// Ends members without events whose states are no longer finite.
    fn end_diverged(&mut self) {
        for lane in 0..WIDTH {
            if !self.ended[lane] && self.way.x.iter().any(|x| !x.0[lane].is_finite()) {
                (self.ended[lane], self.lost[lane]) = (true, true);
            }
        }
    }

    /// Whether the last step of a member has broken down: an event in it would be none of a machine.
    fn has_broken_down(&self, setup: &ForecastSetup, lane: usize) -> bool {
        if setup.model.adapts_steps() {
            return false;
        }
        let of = |all: &[Lanes]| all.iter().map(|lanes| lanes.0[lane]).collect::<Vec<f64>>();
        let (x, u, p) = (of(self.way.previous()), of(&self.u), of(&self.p));
        let problem = Problem { model: &*setup.model, u: &u, p: &p };
        has_broken_down(problem, &x, setup.dt_s, None)
    }

    /// Ends members that have left all bounds, though they are still finite.
    fn end_beyond(&mut self) {
        let Self { way, bounds, ended, lost, .. } = self;
        for (x, bound) in way.x.iter().zip(&*bounds) {
            for lane in 0..WIDTH {
                if !ended[lane] && !(x.0[lane].abs() <= *bound) {
                    (ended[lane], lost[lane]) = (true, true);
                }
            }
        }
    }

    /// Whether an event holds for a member that stands there alone, now.
    pub fn holds(&self, event: usize) -> bool {
        self.way.margin[event].0[0] <= 0.0
    }

    /// States, inputs and parameters of all members, now.
    pub fn now(&self) -> (&[Lanes], &[Lanes], &[Lanes]) {
        (&self.way.x, &self.u, &self.p)
    }

    /// Outputs and event states of all members, now.
    pub fn look(&self, setup: &ForecastSetup, z: &mut [Lanes], es: &mut [Lanes]) {
        let kernel: &dyn Kernel<Lanes> = &*setup.model;
        kernel.output(&self.way.x, &self.u, &self.p, z);
        kernel.event_state(&self.way.x, &self.u, &self.p, es);
    }
}
