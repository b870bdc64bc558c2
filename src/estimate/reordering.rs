//! Samples that come late.
//!
//! Flows in: samples, in nearly any order. Flows out: the belief that they give in the right one.

use std::collections::VecDeque;

use super::filter::Filter;
use super::maintenance::NewPart;
use super::sample::{Measured, MeasurementUpdate, ObserveError};

/// Events between two copies of the filter that are kept to go back to.
const STRIDE: usize = 8;

/// A filter that takes samples late: it goes back to a copy of before them and takes all later ones
/// again. Its belief is then, to the bit, what it would be if all had come in order.
pub struct ReorderingFilter {
    filter: Filter,
    /// How late a sample may be, in seconds.
    reach_s: f64,
    /// Most that is kept to go back through.
    most: usize,
    /// What happened to the filter, in order of time.
    events: VecDeque<Event>,
    /// Copies of the filter, each as it was before the event of that number.
    kept: VecDeque<(usize, Filter)>,
    /// Number of the first event in `events`.
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

impl ReorderingFilter {
    /// A filter whose samples may be late by so many seconds, as long as not more than `most` others
    /// have come since.
    pub fn new(filter: Filter, reach_s: f64, most: usize) -> Self {
        let (events, kept) = (VecDeque::new(), VecDeque::new());
        Self { filter, reach_s, most: most.max(STRIDE), events, kept, first: 0 }
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
    /// See [`ObserveError`]; [`ObserveError::Late`] when it comes later than can be gone back. Nothing
    /// has changed then.
    pub fn observe(&mut self, sample: &Measured) -> Result<MeasurementUpdate, ObserveError> {
        let update = self.insert(Event::Sample(sample.clone()))?;
        Ok(update.unwrap_or_default())
    }

    /// A part was replaced at a time, known then or later: see [`Filter::replaced`].
    ///
    /// # Errors
    /// As for a sample.
    pub fn replaced(&mut self, time_s: f64, new: &NewPart) -> Result<(), ObserveError> {
        self.insert(Event::Replaced { time_s, new: new.clone() }).map(|_| ())
    }

    /// Takes an event at its place in time; the update by it, where it is a sample.
    fn insert(&mut self, event: Event) -> Result<Option<MeasurementUpdate>, ObserveError> {
        let time_s = event.time_s();
        let late = self.events.back().is_some_and(|last| time_s < last.time_s());
        if !late {
            return self.next(event);
        }
        let place = self.events.partition_point(|other| other.time_s() <= time_s);
        let last_s = self.filter.belief().time_s;
        let too_late = ObserveError::Late { sample_s: time_s, last_s };
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
        let mut events = self.events.clone();
        events.insert(place, event);
        for (at, event) in events.iter().enumerate().skip(begin) {
            if (self.first + at).is_multiple_of(STRIDE) {
                kept.push((self.first + at, filter.clone()));
            }
            let update = apply(&mut filter, event)?;
            if at == place {
                own = update;
            }
        }
        self.kept.retain(|(at, _)| *at < self.first + begin);
        self.kept.extend(kept);
        (self.filter, self.events) = (filter, events);
        self.forget();
        Ok(own)
    }

    fn next(&mut self, event: Event) -> Result<Option<MeasurementUpdate>, ObserveError> {
        let number = self.first + self.events.len();
        let keep = (number.is_multiple_of(STRIDE) || self.kept.is_empty()) && self.reach_s > 0.0;
        let before = keep.then(|| self.filter.clone());
        let update = apply(&mut self.filter, &event)?;
        if self.reach_s > 0.0 {
            self.kept.extend(before.map(|filter| (number, filter)));
            self.events.push_back(event);
            self.forget();
        }
        Ok(update)
    }

    /// Drops what is too old to go back to.
    fn forget(&mut self) {
        let now_s = self.filter.belief().time_s;
        while let Some((second, _)) = self.kept.get(1) {
            let place = second - self.first;
            let old =
                self.events.get(place).is_none_or(|event| event.time_s() < now_s - self.reach_s);
            if !old && self.events.len() <= self.most {
                return;
            }
            self.events.drain(..place);
            self.first += place;
            self.kept.pop_front();
        }
    }
}

fn apply(filter: &mut Filter, event: &Event) -> Result<Option<MeasurementUpdate>, ObserveError> {
    match event {
        Event::Sample(sample) => filter.observe(sample).map(Some),
        Event::Replaced { new, .. } => {
            filter.replaced(new);
            Ok(None)
        }
    }
}
