//! The state of a machine at a future instant, through the interface by which the past is read.
//!
//! Flows in: a forecast with the setup that it was made from, which property is which variable of the
//! model ([`Links`], or a table by names), and when in plant time its seconds began. Flows out:
//! readings of whole members ([`Lane::Predicted`]), on straight lines between kept instants; of other
//! lanes, nothing.
//!
//! Outputs and event states of the members that a forecast keeps can be read at once. All else is
//! simulated again on demand ([`Outlook::want`]), as far as each frame allows
//! ([`Outlook::work`]), and the courses that were wanted last are kept.

use std::collections::HashMap;
use std::collections::VecDeque;
use std::sync::Arc;

use super::error::OutlookError;
use super::pick::Pick;
use super::result::{Forecast, Member};
use super::setup::ForecastSetup;
use super::simulate::{Course, Simulating};
use crate::history::{Answer, Area, IssueId, Lane, Reading, State, View};
use crate::model::network::{Link, Links, VariableId};
use crate::model::{About, Variable, position};
use crate::twin::{PropertyId, Quality, Timestamp, Value, nearest};
use crate::worker::{Budget, Step, step};

/// Courses that are kept, and as many that may wait to be simulated.
pub const COURSES: usize = 8;

/// What of a course a property is, by its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Variable(VariableId),
    Event(usize),
}

impl Place {
    /// By a heading of a course (`u_`, `x_`, `z_`, `es_` and a name), or by a bare name: an output
    /// before a state, a state before an input.
    fn find(about: &About, name: &str) -> Option<Self> {
        let event = |name: &str| about.events.iter().position(|event| event.name == name);
        let variable = |all: &[Variable], name: &str, id: fn(usize) -> VariableId| {
            position(all, name).map(|at| Self::Variable(id(at)))
        };
        let input = |name: &str| variable(&about.inputs, name, VariableId::Input);
        let state = |name: &str| variable(&about.states, name, VariableId::State);
        let output = |name: &str| variable(&about.outputs, name, VariableId::Output);
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

/// A property that a course shows: the value in the course is so many times the property, and so
/// much more.
#[derive(Clone, Copy, Debug)]
struct Shown {
    place: Place,
    scale: f64,
    offset: f64,
}

/// A property that counts the integral of another one which the forecast predicts.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Integrated {
    /// The property that is integrated.
    pub of: PropertyId,
    /// Integral per second for one unit of that property.
    pub per_second: f64,
    /// The integral as it was measured when the forecast was issued, where its members begin
    /// ([`Forecast::begin_s`]).
    pub at_issue: f64,
}

/// The state of the plant at future instants, by a forecast.
pub struct Outlook {
    setup: Arc<ForecastSetup>,
    forecast: Arc<Forecast>,
    origin: Timestamp,
    issue: IssueId,
    shown: HashMap<PropertyId, Shown>,
    integrals: HashMap<PropertyId, Integrated>,
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
        let shown = |(property, name): &(PropertyId, &str)| {
            let place = Place::find(about, name).ok_or_else(|| unknown(about, name))?;
            Ok((*property, Shown { place, scale: 1.0, offset: 0.0 }))
        };
        let shown = table.iter().map(shown).collect::<Result<_, OutlookError>>()?;
        Self::showing(setup, forecast, origin, shown)
    }

    /// The same by the links of the network whose forecast it is: values are in the properties'
    /// units. A property that is several variables shows an output before a state before an input; one
    /// that has no share in its variable (a wire with scale 0) cannot be read from it, and is unknown.
    ///
    /// # Errors
    /// When the forecast was made from another setup, the links are those of another network, or a
    /// link's conversion is not finite.
    pub fn linked(
        setup: Arc<ForecastSetup>,
        forecast: Arc<Forecast>,
        origin: Timestamp,
        links: &Links,
    ) -> Result<Self, OutlookError> {
        let about = setup.model.about();
        let model = || about.name.clone();
        if links.model() != about {
            let links_of = links.model().name.clone();
            return Err(OutlookError::OtherLinks { model: model(), links_of });
        }
        // A scale of 0 is no share in the variable, and another one is divided by.
        let is_finite = |link: &&Link| {
            let inverse = if link.scale == 0.0 { 0.0 } else { link.scale.recip() };
            [link.scale, link.offset, inverse].iter().all(|number| number.is_finite())
        };
        if let Some(link) = links.all().iter().find(|link| !is_finite(link)) {
            let Link { variable, scale, offset, .. } = *link;
            let variable = variable.of(about).map_or("?", |variable| &*variable.name).to_owned();
            return Err(OutlookError::LinkNotFinite { model: model(), variable, scale, offset });
        }
        let mut links: Vec<Link> = links.all().to_vec();
        links.retain(|link| link.scale != 0.0);
        // Of several links of a property the last one stays.
        links.sort_by_key(|link| link.variable);
        let shown = links.into_iter().map(|Link { property, variable, scale, offset, .. }| {
            (property, Shown { place: Place::Variable(variable), scale, offset })
        });
        let shown = shown.collect();
        Self::showing(setup, forecast, origin, shown)
    }

    fn showing(
        setup: Arc<ForecastSetup>,
        forecast: Arc<Forecast>,
        origin: Timestamp,
        shown: HashMap<PropertyId, Shown>,
    ) -> Result<Self, OutlookError> {
        let is_same = forecast.model == setup.model.about().name
            && forecast.seed == setup.seed
            && forecast.members == setup.members
            && forecast.begin_s == setup.begin_s
            && forecast.horizon_s == setup.horizon_s;
        if !is_same {
            return Err(OutlookError::OtherSetup);
        }
        let (courses, waiting) = (VecDeque::new(), VecDeque::new());
        let (issue, integrals) = (IssueId::default(), HashMap::new());
        Ok(Self { setup, forecast, origin, issue, shown, integrals, courses, waiting })
    }

    /// The same under the number with which it was issued: it answers for no other.
    pub fn issued(mut self, issue: IssueId) -> Self {
        self.issue = issue;
        self
    }

    /// The same with properties that count the integral of a predicted one: what was measured when the
    /// forecast was issued, and the area below each member from there on.
    pub fn with_integrals(
        mut self,
        all: impl IntoIterator<Item = (PropertyId, Integrated)>,
    ) -> Self {
        self.integrals = all.into_iter().collect();
        self
    }

    /// The lane in which a member's course is read.
    ///
    /// # Errors
    /// When there is no such member.
    pub fn lane(&self, pick: Pick) -> Result<Lane, OutlookError> {
        let member = self.forecast.pick(pick)? as u32;
        Ok(Lane::Predicted { issue: self.issue, member })
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

    /// A property's value, and the time of the instant before, at seconds of the forecast.
    fn read_member(&self, number: usize, shown: Shown, time_s: f64) -> Option<(f64, f64)> {
        let (value, instant_s) = self.read_place(number, shown.place, time_s)?;
        Some(((value - shown.offset) / shown.scale, instant_s))
    }

    /// The same of what stands in the course.
    fn read_place(&self, number: usize, place: Place, time_s: f64) -> Option<(f64, f64)> {
        if let Some(course) = self.courses.iter().find(|course| course.number == number) {
            let value = |at: usize| {
                let row = course.row(at)?;
                Some(match place {
                    Place::Variable(VariableId::Input(at)) => row.inputs[at],
                    Place::Variable(VariableId::State(at)) => row.states[at],
                    Place::Variable(VariableId::Output(at)) => row.outputs[at],
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
            Place::Variable(VariableId::Output(at)) => Some(at),
            Place::Event(at) => Some(self.setup.model.about().outputs.len() + at),
            Place::Variable(_) => None,
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

impl Outlook {
    /// A member's area below a predicted property from its beginning to an instant, on straight lines
    /// between the instants that are kept; `None` where a part of the way is not known.
    fn area(&self, number: usize, shown: Shown, time_s: f64) -> Option<Area> {
        let course = self.courses.iter().find(|course| course.number == number);
        let instants_s = course.map_or(&self.forecast.instants_s, |course| &course.instants_s);
        let at = |time_s: f64| Timestamp(libm::round(time_s * 1e6) as i64);
        let begin_s = self.forecast.begin_s;
        let mut before = (at(begin_s), self.read_member(number, shown, begin_s)?.0);
        let mut sum = Area::ZERO;
        let between =
            instants_s.iter().copied().filter(|instant| *instant > begin_s && *instant < time_s);
        for instant_s in between.chain([time_s]) {
            let next = (at(instant_s), self.read_member(number, shown, instant_s)?.0);
            sum += Area::below_line(before, next);
            before = next;
        }
        Some(sum)
    }
}

impl State for Outlook {
    fn read(&self, view: View, property: PropertyId) -> Answer {
        let Lane::Predicted { issue, member } = view.lane else { return Answer::Unknown };
        if issue != self.issue {
            return Answer::Unknown;
        }
        let (number, since_s) = (member as usize, view.time.seconds_since(self.origin));
        let shown_of = |property: &PropertyId| self.shown.get(property).copied();
        let read = match (shown_of(&property), self.integrals.get(&property)) {
            (Some(shown), _) => self.read_member(number, shown, since_s),
            (None, Some(integrated)) => shown_of(&integrated.of).and_then(|shown| {
                let (_, time_s) = self.read_member(number, shown, since_s)?;
                let area = self.area(number, shown, since_s)?.unit_seconds();
                Some((integrated.at_issue + area * integrated.per_second, time_s))
            }),
            (None, None) => None,
        };
        let finite = read.filter(|(value, _)| value.is_finite());
        let reading = finite.map(|(value, time_s)| Reading {
            value: Value::Number(value),
            time: self.origin.plus_micros(libm::round(time_s * 1e6) as i64),
            // What one member does is one of many things that may come.
            quality: Quality::Uncertain,
        });
        reading.into()
    }
}
