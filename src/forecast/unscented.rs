//! A forecast from a handful of chosen members: cheap enough for every machine of a fleet, each
//! time that a sample arrives.
//!
//! The unscented transform carried to an event: M. J. Daigle, K. Goebel, "Improving Computational
//! Efficiency of Prediction in Model-based Prognostics Using the Unscented Transform", PHM (2010).
//! Points lie on both sides of the mean along each direction in which something is uncertain: what
//! is believed, the load's level, what wanders of it or of a parameter averaged over the course, and
//! process noise as a steady push that ends where a random walk of the same variance would.
//!
//! Points are no draws: how many of them lie where says nothing of how probable it is. The forecast
//! has distributions with their moments: log-normal times, normal bands.

use super::directions::{Directions, middles};
use super::error::ForecastError;
use super::event::EventForecast;
use super::moments::Moments;
use super::result::{Forecast, Member};
use super::run::Forecasting;
use super::setup::{ForecastSetup, MemberStart, Start};
use crate::worker::{Run, Step};

/// Times that stand for a distribution, each as probable.
const TIMES: usize = 1_000;
/// Share of the work that the first course is taken as.
const FIRST: f32 = 0.1;

/// What follows from the points.
#[derive(Clone, Debug, PartialEq)]
pub struct UnscentedForecast {
    /// As a forecast: its members are the points, its times and bands those of distributions. The one
    /// member that is kept goes from the mean.
    pub forecast: Forecast,
    /// Events that happen to all points; of those that happen to some of them nothing is known.
    pub times: Vec<Moments>,
}

/// A forecast by the unscented transform, made piece by piece: first the course from the mean, whose
/// length is taken for that of the others, then these.
pub struct UnscentedForecasting {
    setup: ForecastSetup,
    run: Forecasting,
    middle: Option<Forecast>,
}

impl UnscentedForecasting {
    /// Begins.
    ///
    /// # Errors
    /// When the setup cannot be carried out, or its model does not bear its steps.
    pub fn new(setup: &ForecastSetup) -> Result<Self, ForecastError> {
        setup.check()?;
        setup.check_step()?;
        let run = Forecasting::of_points(with(setup, middles(setup)))?;
        Ok(Self { setup: setup.clone(), run, middle: None })
    }

    /// Units of work that were done for the courses under way.
    pub fn spent(&self) -> u64 {
        self.run.spent()
    }

    /// Begins with the points, now that it is known how long courses are.
    fn begin_points(&mut self, middle: Forecast) -> Result<(), ForecastError> {
        let setup = &self.setup;
        let end_s = middle.failure.as_ref().and_then(|failure| failure.times_s.first());
        let span_s = end_s.map_or(setup.horizon_s, |end_s| end_s - setup.begin_s);
        let span_s = span_s.max(setup.dt_s);
        let members = Directions::of(setup, span_s).members(setup, span_s);
        self.run = Forecasting::of_points(with(setup, members))?;
        self.middle = Some(middle);
        Ok(())
    }
}

impl Run for UnscentedForecasting {
    type Output = UnscentedForecast;

    fn piece(&mut self) -> Step<UnscentedForecast> {
        let done = match self.run.piece() {
            Step::More(share) if self.middle.is_none() => return Step::More(FIRST * share),
            Step::More(share) => return Step::More(FIRST + (1.0 - FIRST) * share),
            Step::Done(Err(error)) => return Step::Done(Err(error)),
            Step::Done(Ok(done)) => done,
        };
        match self.middle.take() {
            Some(middle) => Step::Done(Ok(UnscentedForecast::of(done, middle))),
            None => match self.begin_points(done) {
                Ok(()) => Step::More(FIRST),
                Err(error) => Step::Done(Err(error.to_string())),
            },
        }
    }
}

impl UnscentedForecast {
    /// From what became of the points, and of the course from the mean.
    fn of(points: Forecast, middle: Forecast) -> Self {
        let count = points.counted();
        let happens = |event: &&EventForecast| count > 0 && event.times_s.len() == count;
        let times = points.events.iter().filter(happens).map(Moments::of).collect();
        let (mut events, mut undetermined) = (Vec::new(), Vec::new());
        for event in &points.events {
            match distribution(event, count, points.horizon_s) {
                Some(forecast) => events.push(forecast),
                None => undetermined.push(event.name.clone()),
            }
        }
        let failure = points.failure.as_ref();
        let failure = failure.and_then(|all| distribution(all, count, points.horizon_s));
        let instants = points.instants_s.len();
        let goes_on = |time_s: &f64| {
            failure.as_ref().map_or(1.0, |failure| 1.0 - failure.probability_before(*time_s))
        };
        let forecast = Forecast {
            is_unscented: true,
            going: points.instants_s.iter().map(goes_on).collect(),
            kept: middle
                .kept
                .get(middle.medoid)
                .map(|own| as_long(own, instants))
                .into_iter()
                .collect(),
            medoid: 0,
            events,
            undetermined,
            failure,
            ..points
        };
        Self { forecast, times }
    }
}

/// A course as many instants long.
fn as_long(member: &Member, instants: usize) -> Member {
    let width = member.course.first().map_or(0, Vec::len);
    let mut course = member.course.clone();
    course.resize(instants, vec![f64::NAN; width]);
    Member { number: member.number, course }
}

/// An event as a distribution: that it does not happen, where it happens to no point; a log-normal one
/// with the points' moments, cut off at the horizon, where it happens to all; `None` otherwise.
fn distribution(points: &EventForecast, count: usize, horizon_s: f64) -> Option<EventForecast> {
    let mut forecast = EventForecast {
        name: points.name.clone(),
        begin_s: points.begin_s,
        members: TIMES,
        ..EventForecast::default()
    };
    if points.times_s.len() == count {
        let moments = Moments::of(points);
        let quantile = |at: usize| moments.quantile_s((at as f64 + 0.5) / TIMES as f64);
        let times = (0..TIMES).map(quantile).take_while(|time_s| *time_s <= horizon_s);
        forecast.times_s = times.map(|time_s| points.begin_s + time_s).collect();
        forecast.first = forecast.times_s.len() * points.first / count.max(1);
        return Some(forecast);
    }
    points.times_s.is_empty().then_some(forecast)
}

/// The setup, carried out by these members alone.
fn with(setup: &ForecastSetup, members: Vec<MemberStart>) -> ForecastSetup {
    let mut own = setup.clone();
    own.members = members.len();
    own.recorded = members.len();
    own.noise = Vec::new();
    // Members bring their levels, and nothing wanders.
    own.load_spread.iter_mut().for_each(|spread| (spread.wander, spread.begins) = (0.0, None));
    own.movers.iter_mut().for_each(|mover| mover.drift = 0.0);
    own.start = Start::Members(members);
    own
}
