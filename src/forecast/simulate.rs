//! A member of an ensemble, simulated again: whole, and to the bit as the ensemble had it.
//!
//! Flows in: the setup that a forecast was made from, and the number of a member. Flows out: its
//! [`Course`], with states and inputs that a forecast does not keep.

use std::ops::Range;
use std::sync::Arc;

use super::block::{Block, EventTime};
use super::error::ForecastError;
use super::limits::MOST_INSTANTS;
use super::run::PIECE;
use super::setup::ForecastSetup;
use super::start::StartSampler;
use crate::model::{About, Lanes};
use crate::worker::{Run, Step};

/// A member's course at some instants, and at its end.
#[derive(Clone, Debug, PartialEq)]
pub struct Course {
    /// The member's number.
    pub number: usize,
    /// The instants in seconds, in order.
    pub instants_s: Vec<f64>,
    /// For each event, when it happened.
    pub met: Vec<Option<EventTime>>,
    /// Whether it ended by leaving all numbers.
    pub diverged: bool,
    /// Numbers of inputs, states, outputs and event states.
    widths: [usize; 4],
    values: Vec<f64>,
    /// For each instant, which events hold.
    holds: Vec<bool>,
}

/// A course at an instant.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Row<'a> {
    /// Seconds.
    pub time_s: f64,
    /// Inputs of the step that ends here.
    pub inputs: &'a [f64],
    /// The state.
    pub states: &'a [f64],
    /// What can be measured.
    pub outputs: &'a [f64],
    /// The event states.
    pub event_states: &'a [f64],
    /// Which events hold.
    pub holds: &'a [bool],
}

impl Row<'_> {
    /// As a table has it, under the headings of [`crate::model::table::headings`].
    pub fn cells(&self) -> Vec<String> {
        let numbers = [self.inputs, self.states, self.outputs, self.event_states];
        let mut cells = vec![self.time_s.to_string()];
        cells.extend(numbers.into_iter().flatten().map(f64::to_string));
        cells.extend(self.holds.iter().map(|holds| u8::from(*holds).to_string()));
        cells
    }
}

impl Course {
    /// The course at its instant with that place.
    pub fn row(&self, at: usize) -> Option<Row<'_>> {
        let time_s = *self.instants_s.get(at)?;
        let width: usize = self.widths.iter().sum();
        let mut rest = self.values.get(at * width..(at + 1) * width)?;
        let mut next = |width: usize| {
            let (own, others) = rest.split_at(width);
            rest = others;
            own
        };
        let [inputs, states, outputs, event_states] = self.widths.map(&mut next);
        let events = self.widths[3];
        let holds = self.holds.get(at * events..(at + 1) * events)?;
        Some(Row { time_s, inputs, states, outputs, event_states, holds })
    }

    /// All of it, instant by instant.
    pub fn rows(&self) -> impl Iterator<Item = Row<'_>> {
        (0..self.instants_s.len()).filter_map(|at| self.row(at))
    }
}

/// A member that is simulated again piece by piece.
pub struct Simulating {
    setup: Arc<ForecastSetup>,
    block: Block,
    /// Steps from one instant to the next.
    every: u64,
    course: Course,
    z: Vec<Lanes>,
    es: Vec<Lanes>,
}

impl Simulating {
    /// Begins with a member; its course is kept at the instants of the forecast.
    ///
    /// # Errors
    /// When the setup cannot be carried out, or has no such member.
    pub fn new(setup: Arc<ForecastSetup>, number: usize) -> Result<Self, ForecastError> {
        let every = setup.steps_an_instant();
        Self::at_every(setup, number, every)
    }

    /// The same with an instant after each so many steps.
    ///
    /// # Errors
    /// As for [`Self::new`], and when these are too many instants.
    pub fn at_every(
        setup: Arc<ForecastSetup>,
        number: usize,
        steps: u64,
    ) -> Result<Self, ForecastError> {
        setup.check()?;
        if number >= setup.members {
            let last = setup.members - 1;
            return Err(ForecastError::NoMember { number, last });
        }
        let every = steps.max(1);
        if setup.steps() / every > MOST_INSTANTS {
            return Err(ForecastError::TooManyInstants { steps: setup.steps(), every });
        }
        let block = Block::of(&setup, &StartSampler::new(&setup), only(number));
        let about = setup.model.about();
        let mut simulating = Self {
            z: vec![Lanes::default(); about.outputs.len()],
            es: vec![Lanes::default(); about.events.len()],
            course: Course::empty(number, about),
            setup,
            block,
            every,
        };
        simulating.keep();
        Ok(simulating)
    }

    fn keep(&mut self) {
        self.block.look(&self.setup, &mut self.z, &mut self.es);
        let (x, u, _) = self.block.now();
        self.course.instants_s.push(self.block.time_s());
        let all = u.iter().chain(x).chain(&self.z).chain(&self.es);
        self.course.values.extend(all.map(|lanes| lanes.0[0]));
        self.course.holds.extend((0..self.es.len()).map(|event| self.block.holds(event)));
    }

    fn is_over(&self) -> bool {
        self.block.is_over() || self.block.steps() >= self.setup.steps()
    }

    fn end(&mut self) -> Course {
        self.course.met = self.block.met.iter().map(|met| met[0]).collect();
        self.course.diverged = self.block.lost[0];
        std::mem::replace(&mut self.course, Course::empty(0, self.setup.model.about()))
    }
}

impl Course {
    fn empty(number: usize, about: &About) -> Self {
        Self {
            number,
            instants_s: Vec::new(),
            met: Vec::new(),
            diverged: false,
            widths: [
                about.inputs.len(),
                about.states.len(),
                about.outputs.len(),
                about.events.len(),
            ],
            values: Vec::new(),
            holds: Vec::new(),
        }
    }
}

fn only(number: usize) -> Range<usize> {
    number..number + 1
}

impl Run for Simulating {
    type Output = Course;

    fn piece(&mut self) -> Step<Course> {
        let mut left = (PIECE / self.setup.effort_of_a_step()).max(1);
        while left > 0 && !self.is_over() {
            let before = self.block.steps();
            let until = self.every - before % self.every;
            let most = until.min(self.setup.steps() - before).min(left);
            self.block.advance(&self.setup, most);
            left -= (self.block.steps() - before).min(left);
            // The end, wherever it is, belongs to the course; what has left all numbers does not.
            let is_instant = self.block.steps().is_multiple_of(self.every) || self.is_over();
            if is_instant && !self.block.lost[0] {
                self.keep();
            }
        }
        if self.is_over() {
            return Step::Done(Ok(self.end()));
        }
        Step::More(self.block.steps() as f32 / self.setup.steps().max(1) as f32)
    }
}
