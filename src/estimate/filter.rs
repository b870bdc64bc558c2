//! A filter of either kind, and samples that come late.
//!
//! Flows in: samples, in nearly any order. Flows out: the belief that they give in the right one.

use std::collections::VecDeque;

use super::maintenance::NewPart;
use super::particle::Particles;
use super::sample::{Heard, Lost, Measured};
use super::setup::Setup;
use super::trust::Doubt;
use super::unscented::{Belief, Unscented};
use crate::model::WIDTH;

/// Samples between two states of the filter that are kept to go back to.
const STRIDE: usize = 8;

/// A filter of either kind.
#[derive(Clone)]
pub enum Filter {
    /// Sigma points: cheap, for beliefs with one summit.
    Unscented(Box<Unscented>),
    /// Particles: for beliefs of any shape.
    Particles(Box<Particles>),
}

impl Filter {
    /// See [`Unscented::observe`].
    ///
    /// # Errors
    /// See [`Lost`]; the belief is then what it was.
    pub fn observe(&mut self, sample: &Measured) -> Result<Heard, Lost> {
        match self {
            Self::Unscented(filter) => filter.observe(sample),
            Self::Particles(filter) => filter.observe(sample),
        }
    }

    /// What is believed now.
    pub fn belief(&self) -> &Belief {
        match self {
            Self::Unscented(filter) => filter.belief(),
            Self::Particles(filter) => filter.belief(),
        }
    }

    /// See [`Unscented::trust`].
    ///
    /// # Errors
    /// When the filter no longer goes with its machine.
    pub fn trust(&self) -> Result<(), Doubt> {
        match self {
            Self::Unscented(filter) => filter.trust(),
            Self::Particles(filter) => filter.trust(),
        }
    }

    /// The setup.
    pub fn setup(&self) -> &Setup {
        match self {
            Self::Unscented(filter) => filter.setup(),
            Self::Particles(filter) => filter.setup(),
        }
    }

    /// Mean and standard deviation of what is estimated at a place, on its scale.
    pub fn estimate(&self, at: usize) -> (f64, f64) {
        let belief = self.belief();
        (belief.mean[at], belief.covariance.get(at, at).sqrt())
    }

    /// Memory that it takes, in bytes, about.
    fn bytes(&self) -> usize {
        let setup = self.setup();
        let about = setup.model.about();
        let n = setup.estimated.len();
        let member = n + about.states.len() + about.parameters.len() + about.outputs.len() + 1;
        let members = match self {
            Self::Unscented(_) => 2 * n + 1,
            Self::Particles(filter) => filter.count(),
        };
        // The covariance is there twice, and what was heard last.
        let numbers = members.next_multiple_of(WIDTH) * member + 2 * n * n + 1_024;
        numbers * size_of::<f64>()
    }

    /// A part was replaced: see [`Unscented::replaced`].
    pub fn replaced(&mut self, new: &NewPart) {
        match self {
            Self::Unscented(filter) => filter.replaced(new),
            Self::Particles(filter) => filter.replaced(new),
        }
    }
}

/// A filter that takes samples late: it goes back to before them and hears all later ones again. What
/// it believes in the end is, to the bit, what it would if they had come in order.
pub struct Patient {
    filter: Filter,
    /// How late a sample may be, in seconds.
    reach_s: f64,
    /// Most that is kept to go back through.
    most: usize,
    /// What was heard, in order of time.
    heard: VecDeque<Event>,
    /// The filter as it was before the event of that number.
    kept: VecDeque<(usize, Filter)>,
    /// Number of the first event in `heard`.
    first: usize,
}

/// What happens to a filter.
#[derive(Clone, Debug, PartialEq)]
enum Event {
    Sample(Measured),
    Replaced { time_s: f64, new: NewPart },
}

impl Event {
    fn time_s(&self) -> f64 {
        match self {
            Self::Sample(sample) => sample.time_s,
            Self::Replaced { time_s, .. } => *time_s,
        }
    }
}

impl Patient {
    /// A filter whose samples may be late by so many seconds, as long as not more than `most` others
    /// have come since.
    pub fn new(filter: Filter, reach_s: f64, most: usize) -> Self {
        let (heard, kept) = (VecDeque::new(), VecDeque::new());
        Self { filter, reach_s, most: most.max(STRIDE), heard, kept, first: 0 }
    }

    /// Memory that a sample takes while it can be gone back to, in bytes: itself and its share of a copy
    /// of the filter.
    pub fn bytes_a_sample(filter: &Filter) -> usize {
        let about = filter.setup().model.about();
        let numbers = about.inputs.len() + 2 * about.outputs.len();
        size_of::<Event>() + numbers * size_of::<f64>() + filter.bytes() / STRIDE
    }

    /// The filter as it is now.
    pub fn filter(&self) -> &Filter {
        &self.filter
    }

    /// Takes a sample, late or not.
    ///
    /// # Errors
    /// See [`Lost`]; [`Lost::Late`] when it comes later than can be gone back. Nothing has changed
    /// then.
    pub fn observe(&mut self, sample: &Measured) -> Result<Heard, Lost> {
        let heard = self.happen(Event::Sample(sample.clone()))?;
        Ok(heard.unwrap_or_default())
    }

    /// A part was replaced at a time, told then or late: see [`Unscented::replaced`].
    ///
    /// # Errors
    /// As for a sample.
    pub fn replaced(&mut self, time_s: f64, new: &NewPart) -> Result<(), Lost> {
        self.happen(Event::Replaced { time_s, new: new.clone() }).map(|_| ())
    }

    /// What its own event says, where that is a sample.
    fn happen(&mut self, event: Event) -> Result<Option<Heard>, Lost> {
        let time_s = event.time_s();
        let late = self.heard.back().is_some_and(|last| time_s < last.time_s());
        if !late {
            return self.next(event);
        }
        let place = self.heard.partition_point(|other| other.time_s() <= time_s);
        let last_s = self.filter.belief().time_s;
        let too_late = Lost::Late { sample_s: time_s, last_s };
        let number = self.first + place;
        let Some(back) = self.kept.iter().rposition(|(at, _)| *at <= number) else {
            return Err(too_late);
        };
        if last_s - time_s > self.reach_s {
            return Err(too_late);
        }
        // On copies, so that a sample which breaks the filter changes nothing.
        let mut filter = self.kept[back].1.clone();
        let begin = self.kept[back].0 - self.first;
        let mut own = None;
        let mut kept: Vec<(usize, Filter)> = Vec::new();
        let mut heard = self.heard.clone();
        heard.insert(place, event);
        for (at, event) in heard.iter().enumerate().skip(begin) {
            if (self.first + at).is_multiple_of(STRIDE) {
                kept.push((self.first + at, filter.clone()));
            }
            let said = act(&mut filter, event)?;
            if at == place {
                own = said;
            }
        }
        self.kept.retain(|(at, _)| *at < self.first + begin);
        self.kept.extend(kept);
        (self.filter, self.heard) = (filter, heard);
        self.forget();
        Ok(own)
    }

    fn next(&mut self, event: Event) -> Result<Option<Heard>, Lost> {
        let number = self.first + self.heard.len();
        let keep = (number.is_multiple_of(STRIDE) || self.kept.is_empty()) && self.reach_s > 0.0;
        let before = keep.then(|| self.filter.clone());
        let said = act(&mut self.filter, &event)?;
        if self.reach_s > 0.0 {
            self.kept.extend(before.map(|filter| (number, filter)));
            self.heard.push_back(event);
            self.forget();
        }
        Ok(said)
    }

    /// Drops what is too old to go back to.
    fn forget(&mut self) {
        let now_s = self.filter.belief().time_s;
        while let Some((second, _)) = self.kept.get(1) {
            let place = second - self.first;
            let old =
                self.heard.get(place).is_none_or(|event| event.time_s() < now_s - self.reach_s);
            if !old && self.heard.len() <= self.most {
                return;
            }
            self.heard.drain(..place);
            self.first += place;
            self.kept.pop_front();
        }
    }
}

fn act(filter: &mut Filter, event: &Event) -> Result<Option<Heard>, Lost> {
    match event {
        Event::Sample(sample) => filter.observe(sample).map(Some),
        Event::Replaced { new, .. } => {
            filter.replaced(new);
            Ok(None)
        }
    }
}
