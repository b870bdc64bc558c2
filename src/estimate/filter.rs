//! A filter of either kind, and samples that come late.
//!
//! Flows in: samples, in nearly any order. Flows out: the belief that they give in the right one.

use std::collections::VecDeque;

use super::particle::Particles;
use super::sample::{Heard, Lost, Measured};
use super::setup::Setup;
use super::unscented::{Belief, Unscented};

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

    /// A part was replaced: see [`Unscented::replaced`].
    pub fn replaced(&mut self, places: &[usize]) {
        match self {
            Self::Unscented(filter) => filter.replaced(places),
            Self::Particles(filter) => filter.replaced(places),
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
    Replaced { time_s: f64, places: Vec<usize> },
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
    pub fn replaced(&mut self, time_s: f64, places: &[usize]) -> Result<(), Lost> {
        self.happen(Event::Replaced { time_s, places: places.to_vec() }).map(|_| ())
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
        Event::Replaced { places, .. } => {
            filter.replaced(places);
            Ok(None)
        }
    }
}
