//! What a forecast says: when events happen, with what probability, and in which bands courses go.
//!
//! Kept are quantiles at instants, the times of all events, and a few whole members. A member that
//! is shown is one that was computed, never a patchwork of percentiles.

use super::run::Courses;
use super::setup::Setup;
use crate::model::WIDTH;

/// Probabilities whose quantiles are kept at each instant.
pub const LEVELS: [f64; 13] =
    [0.01, 0.025, 0.05, 0.1, 0.25, 0.4, 0.5, 0.6, 0.75, 0.9, 0.95, 0.975, 0.99];
/// Whole members that are kept.
pub const MEMBERS: usize = 32;

/// A forecast.
#[derive(Clone, Debug, PartialEq)]
pub struct Forecast {
    /// When it was made, in seconds.
    pub begin_s: f64,
    /// How far it looks, in seconds after that.
    pub horizon_s: f64,
    /// Members of the ensemble.
    pub members: usize,
    /// Members that diverged and say nothing.
    pub lost: usize,
    /// Kept instants in seconds.
    pub instants_s: Vec<f64>,
    /// Share of the recorded members whose course goes on at each instant.
    pub going: Vec<f64>,
    /// Bands of outputs, then of event states.
    pub bands: Vec<Band>,
    /// What happens when.
    pub events: Vec<EventForecast>,
    /// A few whole members, in the order of how their courses end.
    pub kept: Vec<Member>,
    /// Place in `kept` of the member in the middle of all: it stands for the ensemble.
    pub medoid: usize,
}

/// Quantiles of a variable at all instants, of the members whose course still goes on.
#[derive(Clone, Debug, PartialEq)]
pub struct Band {
    /// The variable's name.
    pub name: String,
    /// For each instant the quantiles at [`LEVELS`]; not a number where no member goes on.
    pub quantiles: Vec<[f64; LEVELS.len()]>,
}

/// When an event happens.
#[derive(Clone, Debug, PartialEq)]
pub struct EventForecast {
    /// The event's name.
    pub name: String,
    /// When it was made, in seconds.
    pub begin_s: f64,
    /// Times in seconds at which it happens to members, in order.
    pub times_s: Vec<f64>,
    /// Ends of the steps in which it happens, by member; `None`: not before the horizon.
    pub step_ends_s: Vec<Option<f64>>,
    /// Members that count: all that did not diverge.
    pub members: usize,
}

/// A whole member.
#[derive(Clone, Debug, PartialEq)]
pub struct Member {
    /// Its number; it can be simulated again by it.
    pub number: usize,
    /// For each instant the outputs, then the event states; not a number after its end.
    pub course: Vec<Vec<f64>>,
}

impl EventForecast {
    /// Probability that it happens before a time.
    pub fn probability_before(&self, time_s: f64) -> f64 {
        let before = self.times_s.partition_point(|time| *time < time_s);
        before as f64 / self.members.max(1) as f64
    }

    /// The time before which it happens with that probability; `None`: beyond the horizon.
    pub fn quantile_s(&self, probability: f64) -> Option<f64> {
        let place = probability * (self.members as f64 - 1.0);
        let (low, share) = (libm::floor(place), place - libm::floor(place));
        let at = |place: f64| self.times_s.get(place as usize).copied();
        match at(low + 1.0) {
            Some(next) if share > 0.0 => at(low).map(|low| low + (next - low) * share),
            _ if share > 0.0 => None,
            _ => at(low),
        }
    }

    /// Remaining time until it with that probability, in seconds: remaining useful life where the
    /// event is a failure.
    pub fn remaining_s(&self, probability: f64) -> Option<f64> {
        self.quantile_s(probability).map(|time| time - self.begin_s)
    }

    /// Mean of the times at which it happens, of those members to which it does.
    pub fn mean_s(&self) -> Option<f64> {
        let count = self.times_s.len();
        (count > 0).then(|| self.times_s.iter().sum::<f64>() / count as f64)
    }
}

impl Forecast {
    /// Puts together what became of all blocks, which come in order.
    pub(super) fn of(setup: &Setup, blocks: Vec<Courses>) -> Result<Self, String> {
        let lost = blocks.iter().flat_map(|block| &block.lost).filter(|lost| **lost).count();
        if lost * 2 > setup.members {
            return Err(format!(
                "no forecast: {lost} of {} members diverged; take shorter steps or check the state",
                setup.members
            ));
        }
        let records = Records::of(setup, &blocks);
        let (kept, medoid) = records.choose(&blocks);
        Ok(Self {
            begin_s: setup.begin_s,
            horizon_s: setup.horizon_s,
            members: setup.members,
            lost,
            going: records.going(),
            bands: records.bands(setup),
            events: events(setup, &blocks, lost),
            instants_s: records.instants_s,
            kept,
            medoid,
        })
    }

    /// The event with that name.
    pub fn event(&self, name: &str) -> Option<&EventForecast> {
        self.events.iter().find(|event| event.name == name)
    }

    /// What happens first: probability that any of the events that end a course has happened before
    /// a time.
    pub fn band(&self, name: &str) -> Option<&Band> {
        self.bands.iter().find(|band| band.name == name)
    }
}

fn events(setup: &Setup, blocks: &[Courses], lost: usize) -> Vec<EventForecast> {
    let about = setup.model.about();
    let each = about.events.iter().enumerate().map(|(event, about)| {
        let all = blocks.iter().flat_map(|block| block.met[event]).take(setup.members);
        let all: Vec<_> = all.collect();
        let mut times_s: Vec<f64> = all.iter().flatten().map(|met| met.time_s).collect();
        times_s.sort_by(f64::total_cmp);
        EventForecast {
            name: about.name.clone(),
            begin_s: setup.begin_s,
            times_s,
            step_ends_s: all.iter().map(|met| met.map(|met| met.step_end_s)).collect(),
            members: setup.members - lost,
        }
    });
    each.collect()
}

/// Courses of the recorded members.
struct Records {
    instants_s: Vec<f64>,
    /// Variables at an instant.
    width: usize,
    members: usize,
    /// Members × instants × variables.
    values: Vec<f64>,
}

impl Records {
    fn of(setup: &Setup, blocks: &[Courses]) -> Self {
        let about = setup.model.about();
        let width = about.outputs.len() + about.events.len();
        let most = (setup.steps() / setup.steps_an_instant()) as usize + 1;
        let instants =
            blocks.iter().map(|block| block.kept.len() / width.max(1)).max().unwrap_or(0).min(most);
        let members = setup.recorded.div_ceil(WIDTH).saturating_mul(WIDTH).min(setup.members);
        let mut values = vec![f64::NAN; members * instants * width];
        for block in blocks.iter().filter(|block| block.first < members) {
            for (place, lanes) in block.kept.iter().take(instants * width).enumerate() {
                for lane in 0..WIDTH.min(members - block.first) {
                    values[(block.first + lane) * instants * width + place] = lanes.0[lane];
                }
            }
        }
        let span_s = setup.dt_s * setup.steps_an_instant() as f64;
        let instants_s = (0..instants).map(|at| setup.begin_s + at as f64 * span_s).collect();
        Self { instants_s, width, members, values }
    }

    fn value(&self, member: usize, instant: usize, variable: usize) -> f64 {
        self.values[(member * self.instants_s.len() + instant) * self.width + variable]
    }

    fn going(&self) -> Vec<f64> {
        let share = |instant: usize| {
            let all = (0..self.members).filter(|member| !self.value(*member, instant, 0).is_nan());
            all.count() as f64 / self.members.max(1) as f64
        };
        if self.width == 0 { Vec::new() } else { (0..self.instants_s.len()).map(share).collect() }
    }

    fn bands(&self, setup: &Setup) -> Vec<Band> {
        let about = setup.model.about();
        let names = about.outputs.iter().map(|output| output.name.clone());
        let names = names.chain(about.events.iter().map(|event| event.name.clone()));
        let mut column = Vec::with_capacity(self.members);
        let mut quantiles = |instant: usize, variable: usize| {
            column.clear();
            let all = (0..self.members).map(|member| self.value(member, instant, variable));
            column.extend(all.filter(|value| !value.is_nan()));
            column.sort_by(f64::total_cmp);
            LEVELS.map(|level| quantile(&column, level))
        };
        let band = |(variable, name)| {
            let each = (0..self.instants_s.len()).map(|instant| quantiles(instant, variable));
            Band { name, quantiles: each.collect() }
        };
        names.enumerate().map(band).collect()
    }

    /// The members that are kept, in the order of how their courses end, and which of them is the
    /// medoid: the one whose course is nearest to all others.
    fn choose(&self, blocks: &[Courses]) -> (Vec<Member>, usize) {
        let end = |member: usize| {
            let block = &blocks[member / WIDTH];
            let first = block.met.iter().filter_map(|met| met[member % WIDTH]);
            first.map(|met| met.time_s).fold(f64::INFINITY, f64::min)
        };
        let mut order: Vec<usize> = (0..self.members).collect();
        order.sort_by(|a, b| end(*a).total_cmp(&end(*b)));
        let medoid = self.medoid();
        let count = MEMBERS.min(self.members);
        let spread = (0..count).map(|at| at * (self.members - 1) / (count - 1).max(1));
        let mut chosen: Vec<usize> = spread.map(|place| order[place]).collect();
        if let Some(medoid) = medoid
            && !chosen.contains(&medoid)
        {
            // In the place of the one that ends most like it.
            let near = |member: &usize| (end(*member) - end(medoid)).abs();
            let place = (0..count).min_by(|a, b| near(&chosen[*a]).total_cmp(&near(&chosen[*b])));
            chosen[place.unwrap_or(0)] = medoid;
        }
        let instants = 0..self.instants_s.len();
        let row = |member, instant| {
            (0..self.width).map(|variable| self.value(member, instant, variable)).collect()
        };
        let member = |number: &usize| Member {
            number: *number,
            course: instants.clone().map(|instant| row(*number, instant)).collect(),
        };
        let place = chosen.iter().position(|member| Some(*member) == medoid).unwrap_or(0);
        (chosen.iter().map(member).collect(), place)
    }

    /// The member whose course is nearest to the medians of all, each variable by its own spread.
    fn medoid(&self) -> Option<usize> {
        let mut distance = vec![0.0; self.members];
        let mut column = Vec::new();
        for instant in 0..self.instants_s.len() {
            for variable in 0..self.width {
                let value = |member: usize| self.value(member, instant, variable);
                column.clear();
                column.extend((0..self.members).map(value).filter(|value| !value.is_nan()));
                column.sort_by(f64::total_cmp);
                let spread = quantile(&column, 0.9) - quantile(&column, 0.1);
                if !(spread > 0.0) {
                    continue;
                }
                let middle = quantile(&column, 0.5);
                for (member, distance) in distance.iter_mut().enumerate() {
                    // One that has ended, or not yet, while half do the other is off by a spread.
                    let half_goes_on = column.len() * 2 > self.members;
                    let off = match value(member).is_nan() {
                        false if half_goes_on => ((value(member) - middle) / spread).abs(),
                        over => f64::from(u8::from(over == half_goes_on)),
                    };
                    *distance += off;
                }
            }
        }
        (0..self.members).min_by(|a, b| distance[*a].total_cmp(&distance[*b]))
    }
}

/// The quantile of values in order, on the straight line between two.
pub(super) fn quantile(sorted: &[f64], probability: f64) -> f64 {
    let Some(last) = sorted.len().checked_sub(1) else { return f64::NAN };
    let place = probability * last as f64;
    let low = libm::floor(place) as usize;
    let (a, b) = (sorted[low.min(last)], sorted[(low + 1).min(last)]);
    a + (b - a) * (place - low as f64)
}
