//! The state of a machine at a future instant, through the interface by which the past is read.
//!
//! Flows in: a forecast with the setup that it was made from, which property is which variable of the
//! model, and when in plant time its seconds began. Flows out: readings of whole members
//! ([`Lane::Predicted`]), on straight lines between kept instants; of other lanes, nothing.
//!
//! Outputs and event states of the members that a forecast keeps can be read at once. All else is
//! simulated again on demand ([`Outlook::want`]), as far as each frame allows
//! ([`Outlook::work`]), and the courses that were wanted last are kept.

use std::collections::HashMap;
use std::collections::VecDeque;
use std::sync::Arc;

use super::error::OutlookError;
use super::result::{Forecast, Member};
use super::setup::ForecastSetup;
use super::simulate::{Course, Simulating};
use crate::history::{Lane, Pick, Reading, State, View};
use crate::model::{About, position};
use crate::twin::{PropertyId, Quality, Timestamp, Value, nearest};
use crate::worker::{Budget, Step, step};

/// Courses that are kept, and as many that may wait to be simulated.
pub const COURSES: usize = 8;

/// A variable of a model, by its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Input(usize),
    State(usize),
    Output(usize),
    Event(usize),
}

impl Place {
    /// By a heading of a course (`u_`, `x_`, `z_`, `es_` and a name), or by a bare name: an output
    /// before a state, a state before an input.
    fn find(about: &About, name: &str) -> Option<Self> {
        let event = |name: &str| about.events.iter().position(|event| event.name == name);
        let input = |name: &str| position(&about.inputs, name).map(Self::Input);
        let state = |name: &str| position(&about.states, name).map(Self::State);
        let output = |name: &str| position(&about.outputs, name).map(Self::Output);
        let bare = || output(name).or_else(|| state(name)).or_else(|| input(name));
        let event_state = |name: &str| event(name).map(Self::Event);
        bare()
            .or_else(|| event_state(name))
            .or_else(|| name.strip_prefix("u_").and_then(input))
            .or_else(|| name.strip_prefix("x_").and_then(state))
            .or_else(|| name.strip_prefix("z_").and_then(output))
            .or_else(|| name.strip_prefix("es_").and_then(event_state))
    }
}

/// The state of the plant at future instants, by a forecast.
pub struct Outlook {
    setup: Arc<ForecastSetup>,
    forecast: Arc<Forecast>,
    origin: Timestamp,
    places: HashMap<PropertyId, Place>,
    /// The last one was wanted last.
    courses: VecDeque<Arc<Course>>,
    /// The first one is simulated.
    waiting: VecDeque<(usize, Simulating)>,
}

impl Outlook {
    /// Of a forecast, the setup that it was made from, the plant time at which its seconds are 0, and
    /// a table of properties with the variables of the model that they are, in the model's units.
    ///
    /// # Errors
    /// When the forecast was made from another setup, or the model has no such variable.
    pub fn new(
        setup: Arc<ForecastSetup>,
        forecast: Arc<Forecast>,
        origin: Timestamp,
        table: &[(PropertyId, &str)],
    ) -> Result<Self, OutlookError> {
        let about = setup.model.about();
        let is_same = forecast.model == about.name
            && forecast.seed == setup.seed
            && forecast.members == setup.members
            && forecast.begin_s == setup.begin_s
            && forecast.horizon_s == setup.horizon_s;
        if !is_same {
            return Err(OutlookError::OtherSetup);
        }
        let place = |(property, name): &(PropertyId, &str)| {
            let found = Place::find(about, name).ok_or_else(|| unknown(about, name))?;
            Ok((*property, found))
        };
        let places = table.iter().map(place).collect::<Result<_, OutlookError>>()?;
        let (courses, waiting) = (VecDeque::new(), VecDeque::new());
        Ok(Self { setup, forecast, origin, places, courses, waiting })
    }

    /// The forecast.
    pub fn forecast(&self) -> &Arc<Forecast> {
        &self.forecast
    }

    /// Has a whole member simulated again, unless it is there; whether it is. When more than
    /// [`COURSES`] wait, the one that was wanted first is given up; what is under way is not.
    ///
    /// # Errors
    /// When there is no such member.
    pub fn want(&mut self, pick: Pick) -> Result<bool, OutlookError> {
        let number = self.forecast.pick(pick)?;
        if let Some(at) = self.courses.iter().position(|course| course.number == number) {
            let wanted = self.courses.remove(at);
            self.courses.extend(wanted);
            return Ok(true);
        }
        if !self.waiting.iter().any(|(waiting, _)| *waiting == number) {
            let simulating = Simulating::new(self.setup.clone(), number)?;
            self.waiting.push_back((number, simulating));
            if self.waiting.len() > COURSES {
                self.waiting.remove(1);
            }
        }
        Ok(false)
    }

    /// Goes on with what is wanted, within the budget; whether more is left.
    ///
    /// # Errors
    /// When a member cannot be simulated; it is given up.
    pub fn work(&mut self, budget: &Budget) -> Result<bool, OutlookError> {
        let Some((_, simulating)) = self.waiting.front_mut() else { return Ok(false) };
        if let Step::Done(done) = step(simulating, budget) {
            self.waiting.pop_front();
            self.courses.push_back(Arc::new(done.map_err(OutlookError::Simulation)?));
            if self.courses.len() > COURSES {
                self.courses.pop_front();
            }
        }
        Ok(!self.waiting.is_empty())
    }

    /// The course of a member, once it is simulated.
    pub fn course(&self, pick: Pick) -> Option<&Arc<Course>> {
        let number = self.forecast.pick(pick).ok()?;
        self.courses.iter().find(|course| course.number == number)
    }

    /// Value and time of the instant before, at seconds of the forecast.
    fn read(&self, pick: Pick, place: Place, time_s: f64) -> Option<(f64, f64)> {
        let number = self.forecast.pick(pick).ok()?;
        if let Some(course) = self.courses.iter().find(|course| course.number == number) {
            let value = |at: usize| {
                let row = course.row(at)?;
                Some(match place {
                    Place::Input(at) => row.inputs[at],
                    Place::State(at) => row.states[at],
                    Place::Output(at) => row.outputs[at],
                    Place::Event(at) => row.event_states[at],
                })
            };
            return between(&course.instants_s, time_s, value);
        }
        let kept = self.forecast.kept.iter().find(|member| member.number == number)?;
        let column = self.column(place)?;
        let value = |at: usize| kept_value(kept, at, column);
        between(&self.forecast.instants_s, time_s, value)
    }

    /// Where a kept member has a variable; inputs and states it has not.
    fn column(&self, place: Place) -> Option<usize> {
        match place {
            Place::Output(at) => Some(at),
            Place::Event(at) => Some(self.setup.model.about().outputs.len() + at),
            Place::Input(_) | Place::State(_) => None,
        }
    }
}

fn kept_value(member: &Member, instant: usize, column: usize) -> Option<f64> {
    member.course.get(instant)?.get(column).copied().filter(|value| !value.is_nan())
}

/// The value on the straight line between two instants, and the time of the first of them.
fn between(
    instants_s: &[f64],
    time_s: f64,
    value: impl Fn(usize) -> Option<f64>,
) -> Option<(f64, f64)> {
    let at = instants_s.partition_point(|instant| *instant <= time_s).checked_sub(1)?;
    let (from_s, from) = (instants_s[at], value(at)?);
    if from_s == time_s {
        return Some((from, from_s));
    }
    let (to_s, to) = (*instants_s.get(at + 1)?, value(at + 1)?);
    let share = (time_s - from_s) / (to_s - from_s);
    Some((from + (to - from) * share, from_s))
}

fn unknown(about: &About, name: &str) -> OutlookError {
    let variables = [&about.outputs, &about.states, &about.inputs];
    let names = variables.into_iter().flatten().map(|variable| variable.name.clone());
    let known: Vec<String> =
        names.chain(about.events.iter().map(|event| event.name.clone())).collect();
    OutlookError::NoVariable {
        model: about.name.clone(),
        name: name.to_owned(),
        nearest: nearest(name, known.iter().map(String::as_str)),
        known,
    }
}

impl State for Outlook {
    fn reading(&self, view: View, property: PropertyId) -> Option<Reading> {
        let Lane::Predicted(pick) = view.lane else { return None };
        let place = *self.places.get(&property)?;
        let (value, time_s) = self.read(pick, place, view.time.seconds_since(self.origin))?;
        let since = libm::round(time_s * 1e6) as i64;
        Some(Reading {
            value: Value::Number(value),
            time: self.origin.plus_micros(since),
            // What one member does is one of many things that may come.
            quality: Quality::Uncertain,
        })
    }
}
