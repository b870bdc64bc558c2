//! A forecast: when events happen, with what probability, and in which bands courses go.
//!
//! Kept are quantiles at instants, the times of all events, and a few whole members. A member that
//! is shown is one that was computed, never a patchwork of percentiles.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::correction::Correction;
use super::error::PickError;
use super::event::{self, EventForecast};
use super::pick::Pick;

/// Probabilities whose quantiles are kept at each instant.
pub const LEVELS: [f64; 13] =
    [0.01, 0.025, 0.05, 0.1, 0.25, 0.4, 0.5, 0.6, 0.75, 0.9, 0.95, 0.975, 0.99];
/// Whole members that are kept.
pub const MEMBERS: usize = 32;

/// A forecast. With the [`super::ForecastSetup`] that it was made from, any member can be simulated again:
/// see [`super::Simulating`] and [`super::Outlook`].
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Forecast {
    /// Name of the model.
    pub model: String,
    /// The seed that chose all chance.
    pub seed: u64,
    /// When it was made, in seconds.
    pub begin_s: f64,
    /// How far it looks, in seconds after that.
    pub horizon_s: f64,
    /// Members of the ensemble.
    pub members: usize,
    /// Whether members are points of the unscented transform: then times and bands are those of
    /// distributions with the points' moments, and there is no member that chance has drawn.
    pub is_unscented: bool,
    /// Numbers of the members that diverged and say nothing.
    pub diverged: Vec<usize>,
    /// Kept instants in seconds.
    pub instants_s: Vec<f64>,
    /// Share of the recorded members whose course goes on at each instant, or how probable that is.
    pub going: Vec<f64>,
    /// Bands of outputs, then of event states.
    pub bands: Vec<Band>,
    /// What happens when.
    pub events: Vec<EventForecast>,
    /// Names of events of which it is not known when they happen.
    pub undetermined: Vec<String>,
    /// Names of the events that end a course: they are taken as failures.
    pub ends: Vec<String>,
    /// The first of the events that end a course, whichever it is: remaining useful life. `None`:
    /// nothing ends a course, or it is not known.
    pub failure: Option<EventForecast>,
    /// A few whole members, in the order of how their courses end.
    pub kept: Vec<Member>,
    /// Place in `kept` of the member in the middle of all: it stands for the ensemble.
    pub medoid: usize,
    /// What is to be known of it besides, in words: steps that were shortened, the fault that was taken as
    /// given.
    #[serde(default)]
    pub notes: Vec<String>,
}

/// Quantiles of a variable at all instants, of the members whose course still goes on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Band {
    /// The variable's name.
    pub name: String,
    /// For each instant the quantiles at [`LEVELS`]; not a number where no member goes on.
    pub quantiles: Vec<[f64; LEVELS.len()]>,
}

/// A whole member.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Member {
    /// Its number; it can be simulated again by it.
    pub number: usize,
    /// For each instant the outputs, then the event states; not a number after its end.
    pub course: Vec<Vec<f64>>,
}

impl Forecast {
    /// The event with that name.
    pub fn event(&self, name: &str) -> Option<&EventForecast> {
        self.events.iter().find(|event| event.name == name)
    }

    /// The band of the output, or of the event state, with that name.
    pub fn band(&self, name: &str) -> Option<&Band> {
        self.bands.iter().find(|band| band.name == name)
    }

    /// Members that count: all that did not diverge.
    pub fn counted(&self) -> usize {
        self.members.saturating_sub(self.diverged.len())
    }

    /// The number of the member that is picked.
    ///
    /// # Errors
    /// When there is no such member; with what there is.
    pub fn pick(&self, pick: Pick) -> Result<usize, PickError> {
        if self.is_unscented {
            return Err(PickError::Unscented);
        }
        match pick {
            Pick::Medoid => {
                let medoid = self.kept.get(self.medoid).map(|member| member.number);
                medoid.ok_or(PickError::NoMedoid)
            }
            Pick::Number(number) if (number as usize) >= self.members => {
                let last = self.members.saturating_sub(1);
                Err(PickError::NoMember { number, last })
            }
            Pick::Number(number) if self.diverged.contains(&(number as usize)) => {
                Err(PickError::Diverged { number })
            }
            Pick::Number(number) => Ok(number as usize),
            Pick::At { event, permille } => {
                let events = self.events.len();
                let found = self.events.get(usize::from(event));
                let found = found.ok_or(PickError::NoEvent { event, events })?;
                let probability = f64::from(permille) / 1000.0;
                found.member_at(probability).ok_or_else(|| PickError::NoneAt {
                    event: found.name.clone(),
                    probability,
                    happens: found.probability_before(f64::INFINITY),
                })
            }
        }
    }

    /// Events are corrected by what past forecasts of theirs taught, and with them the first failure;
    /// courses and bands stay as the model has them.
    pub fn corrected(mut self, corrections: &BTreeMap<String, Correction>) -> Self {
        if corrections.is_empty() {
            return self;
        }
        let before = self.failure.take();
        for event in &mut self.events {
            if let Some(correction) = corrections.get(&event.name) {
                *event = event.corrected(correction);
            }
        }
        self.failure = if self.is_unscented {
            before.map(|failure| event::corrected_like(failure, &self.events))
        } else {
            event::first_of(&mut self.events, &self.ends, self.members, self.diverged.len())
        };
        self
    }
}

/// The quantile of values in order, on the straight line between two; where the lower one is infinite it is
/// that.
pub(super) fn quantile(sorted: &[f64], probability: f64) -> f64 {
    let Some(last) = sorted.len().checked_sub(1) else { return f64::NAN };
    let place = probability * last as f64;
    let low = libm::floor(place) as usize;
    let (a, b) = (sorted[low.min(last)], sorted[(low + 1).min(last)]);
    let share = place - low as f64;
    // No line leads from −∞ to a number, nor is there a part of 0 of what is infinite.
    if a.is_finite() && share > 0.0 { a + (b - a) * share } else { a }
}
