//! The forecast that an ensemble's courses make, summed up piece by piece so that no frame waits.

use super::courses::Courses;
use super::error::ForecastError;
use super::event::{EventForecast, first_of};
use super::moments::{deviations, moments};
use super::result::{Band, Forecast, LEVELS, MEMBERS, Member, quantile};
use super::setup::ForecastSetup;
use crate::model::WIDTH;
use crate::model::simulation::steps_s;

/// Units of work (see [`super::run`]) for each value that is put in its place among others.
const SORTED: u64 = 4;

/// From what the bands follow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum BandMethod {
    /// The quantiles of members that chance has drawn.
    Quantiles,
    /// Mean and deviation of points that were chosen for them, as of a normal distribution; nothing
    /// once a point has ended.
    Moments,
}

/// A forecast that is being put together: column by column, then event by event.
pub(super) struct Summary {
    blocks: Vec<Courses>,
    by: BandMethod,
    /// By how many deviations each of [`LEVELS`] is off the mean.
    deviations: [f64; LEVELS.len()],
    diverged: Vec<usize>,
    /// Members whose courses were recorded, and those of them that did not diverge.
    recorded: usize,
    counted: usize,
    /// Variables at an instant, and instants.
    width: usize,
    instants: usize,
    /// The next column: instant × width + variable, then an event each.
    next: usize,
    going: Vec<f64>,
    bands: Vec<Band>,
    events: Vec<EventForecast>,
    /// How far each recorded member is from the middle of all.
    distance: Vec<f64>,
    column: Vec<f64>,
}

impl Summary {
    /// Begins with what became of all blocks, which come in order.
    ///
    /// # Errors
    /// When most members diverged.
    pub fn new(
        setup: &ForecastSetup,
        blocks: Vec<Courses>,
        by: BandMethod,
    ) -> Result<Self, ForecastError> {
        let lost = blocks.iter().flat_map(|block| &block.lost).take(setup.members);
        let diverged: Vec<usize> =
            lost.enumerate().filter(|(_, lost)| **lost).map(|(member, _)| member).collect();
        if diverged.len() * 2 > setup.members {
            let (diverged, members) = (diverged.len(), setup.members);
            return Err(ForecastError::Diverged { diverged, members });
        }
        let about = setup.model.about();
        let width = about.outputs.len() + about.events.len();
        let most = (setup.steps() / setup.steps_an_instant()) as usize + 1;
        let kept = blocks.iter().map(|block| block.kept.len() / width.max(1)).max().unwrap_or(0);
        let recorded = setup.recorded.div_ceil(WIDTH).saturating_mul(WIDTH).min(setup.members);
        let names = about.outputs.iter().map(|output| output.name.clone());
        let names = names.chain(about.events.iter().map(|event| event.name.clone()));
        let instants = kept.min(most);
        let band = |name| Band { name, quantiles: Vec::with_capacity(instants) };
        Ok(Self {
            counted: recorded - diverged.iter().filter(|member| **member < recorded).count(),
            recorded,
            width,
            instants,
            next: 0,
            going: Vec::with_capacity(instants),
            bands: names.map(band).collect(),
            events: Vec::with_capacity(about.events.len()),
            distance: vec![0.0; recorded],
            deviations: LEVELS.map(deviations),
            by,
            column: Vec::with_capacity(recorded),
            diverged,
            blocks,
        })
    }

    /// Share of all columns that are summed up.
    pub fn progress(&self) -> f32 {
        self.next as f32 / self.columns().max(1) as f32
    }

    fn columns(&self) -> usize {
        self.instants * self.width + self.event_count()
    }

    /// Events of the model.
    fn event_count(&self) -> usize {
        self.blocks.first().map_or(0, |block| block.met.len())
    }

    /// Whether all is summed up.
    pub fn is_over(&self) -> bool {
        self.next >= self.columns()
    }

    /// Sums the next column up, or the next event; the units of work that this took.
    pub fn advance(&mut self, setup: &ForecastSetup) -> u64 {
        let at = self.next;
        self.next += 1;
        if at < self.instants * self.width {
            self.sum_up(at / self.width, at % self.width);
            return SORTED * self.recorded as u64;
        }
        let event = at - self.instants * self.width;
        self.events.push(self.event(setup, event));
        SORTED * setup.members as u64
    }

    /// A variable of a recorded member at an instant; not a number after its end.
    fn value(&self, member: usize, instant: usize, variable: usize) -> f64 {
        let block = &self.blocks[member / WIDTH];
        let lane = member % WIDTH;
        match block.kept.get(instant * self.width + variable) {
            Some(lanes) if !block.lost[lane] => lanes.0[lane],
            _ => f64::NAN,
        }
    }

    /// The band at an instant, and how far each member is from its middle by its own spread.
    fn sum_up(&mut self, instant: usize, variable: usize) {
        let mut column = std::mem::take(&mut self.column);
        column.clear();
        let all = (0..self.recorded).map(|member| self.value(member, instant, variable));
        column.extend(all.filter(|value| !value.is_nan()));
        column.sort_unstable_by(f64::total_cmp);
        if variable == 0 {
            self.going.push(column.len() as f64 / self.counted.max(1) as f64);
        }
        let band = self.band(&column);
        self.bands[variable].quantiles.push(band);
        let spread = quantile(&column, 0.9) - quantile(&column, 0.1);
        if spread > 0.0 {
            let middle = quantile(&column, 0.5);
            // One that has ended, or not yet, while half do the other is off by a spread.
            let half_goes_on = column.len() * 2 > self.counted;
            for member in 0..self.recorded {
                let value = self.value(member, instant, variable);
                self.distance[member] += match value.is_nan() {
                    false if half_goes_on => ((value - middle) / spread).abs(),
                    over => f64::from(u8::from(over == half_goes_on)),
                };
            }
        }
        self.column = column;
    }

    fn band(&self, sorted: &[f64]) -> [f64; LEVELS.len()] {
        match self.by {
            BandMethod::Quantiles => LEVELS.map(|level| quantile(sorted, level)),
            BandMethod::Moments if sorted.len() < self.counted => [f64::NAN; LEVELS.len()],
            BandMethod::Moments => {
                let (mean, deviation) = moments(sorted.iter().copied());
                self.deviations.map(|off| mean + off * deviation)
            }
        }
    }

    fn event(&self, setup: &ForecastSetup, event: usize) -> EventForecast {
        let all = self.blocks.iter().flat_map(|block| {
            block.met[event].iter().zip(&block.lost).map(|(met, lost)| met.filter(|_| !lost))
        });
        let all: Vec<_> = all.take(setup.members).collect();
        let mut forecast = EventForecast {
            name: setup.model.about().events[event].name.clone(),
            begin_s: setup.begin_s,
            step_ends_s: all.iter().map(|met| met.map(|met| met.step_end_s)).collect(),
            members: setup.members - self.diverged.len(),
            ..EventForecast::default()
        };
        let each = all.iter().enumerate();
        forecast.set_times(each.filter_map(|(at, met)| met.map(|met| (met.time_s, at))).collect());
        forecast
    }

    /// The forecast, once all is summed up.
    pub fn end(mut self, setup: &ForecastSetup) -> Forecast {
        let about = setup.model.about();
        let an_instant = setup.steps_an_instant();
        let steps = (0..self.instants as u64).map(|at| at * an_instant);
        let instants_s = steps.map(|steps| setup.begin_s + steps_s(steps, setup.dt_s));
        let (kept, medoid) = self.choose();
        let name = |at: &usize| about.events.get(*at).map(|event| event.name.clone());
        let ends: Vec<String> = setup.ends.iter().filter_map(name).collect();
        let failure = first_of(&mut self.events, &ends, setup.members, self.diverged.len());
        Forecast {
            model: about.name.clone(),
            seed: setup.seed,
            begin_s: setup.begin_s,
            horizon_s: setup.horizon_s,
            members: setup.members,
            is_unscented: false,
            diverged: self.diverged,
            instants_s: instants_s.collect(),
            going: self.going,
            bands: self.bands,
            events: self.events,
            undetermined: Vec::new(),
            ends,
            failure,
            kept,
            medoid,
            notes: setup.notes.clone(),
        }
    }

    /// The members that are kept, in the order of how their courses end, and which of them is the
    /// medoid: the one whose course is nearest to the medians of all.
    fn choose(&self) -> (Vec<Member>, usize) {
        let end = |member: usize| {
            let met = self.blocks[member / WIDTH].met.iter();
            let met = met.filter_map(|met| met[member % WIDTH].map(|met| met.time_s));
            met.fold(f64::INFINITY, f64::min)
        };
        let mut order: Vec<usize> =
            (0..self.recorded).filter(|at| self.diverged.binary_search(at).is_err()).collect();
        let nearest = order.iter().copied();
        let medoid = nearest.min_by(|a, b| self.distance[*a].total_cmp(&self.distance[*b]));
        order.sort_by(|a, b| end(*a).total_cmp(&end(*b)));
        let count = MEMBERS.min(order.len());
        let spread = (0..count).map(|at| at * (order.len() - 1) / (count - 1).max(1));
        let mut chosen: Vec<usize> = spread.map(|place| order[place]).collect();
        if let Some(medoid) = medoid
            && !chosen.contains(&medoid)
        {
            // In the place of the one that ends most like it.
            let near = |member: &usize| (end(*member) - end(medoid)).abs();
            let place = (0..count).min_by(|a, b| near(&chosen[*a]).total_cmp(&near(&chosen[*b])));
            chosen[place.unwrap_or(0)] = medoid;
        }
        let row = |member: usize, instant: usize| {
            (0..self.width).map(|variable| self.value(member, instant, variable)).collect()
        };
        let member = |number: &usize| Member {
            number: *number,
            course: (0..self.instants).map(|instant| row(*number, instant)).collect(),
        };
        let place = chosen.iter().position(|member| Some(*member) == medoid).unwrap_or(0);
        (chosen.iter().map(member).collect(), place)
    }
}
