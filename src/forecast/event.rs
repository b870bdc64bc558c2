//! When an event happens, as a distribution; and which of several comes first.
//!
//! Events compete: a course that one of them ends does not live to see the others. The times of an
//! event are those at which it happens before anything else has ended the course: its cumulative
//! incidence (J. P. Fine, R. J. Gray, J. Am. Stat. Assoc. 94, 1999). How probable it is that anything
//! ends the course is given beside it.

use serde::{Deserialize, Serialize};

use super::correction::{Correction, pivot};

/// Name of the first failure, whichever it is.
pub const FAILURE: &str = "failure";

/// When an event happens.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct EventForecast {
    /// The event's name.
    pub name: String,
    /// When it was made, in seconds.
    pub begin_s: f64,
    /// Times in seconds at which it happens to members, in order; others end before by another
    /// event, or go on beyond the horizon.
    pub times_s: Vec<f64>,
    /// Numbers of the members to which it happens, in the order of `times_s`; empty where the times
    /// are those of a distribution.
    pub order: Vec<usize>,
    /// Ends of the steps in which it happens, by member; `None`: not before the horizon, or the
    /// member diverged.
    pub step_ends_s: Vec<Option<f64>>,
    /// Members that count: all that did not diverge.
    pub members: usize,
    /// Members whose course it ends, before any other event does.
    pub first: usize,
    /// The times that the model gave, where they were corrected.
    pub raw: Option<Raw>,
}

/// The times that a model gave for an event before they were corrected.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Raw {
    /// The times in seconds, in order.
    pub times_s: Vec<f64>,
    /// The correction.
    pub by: Correction,
}

impl EventForecast {
    /// Probability that it happens before a time.
    pub fn probability_before(&self, time_s: f64) -> f64 {
        let before = self.times_s.partition_point(|time| *time < time_s);
        before as f64 / self.members.max(1) as f64
    }

    /// Probability that it is what ends the course.
    pub fn probability_first(&self) -> f64 {
        self.first as f64 / self.members.max(1) as f64
    }

    /// The time before which it happens with that probability; `None`: it is less probable before the
    /// horizon.
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

    /// Number of the member whose time is nearest to that quantile; `None`: as for
    /// [`Self::quantile_s`].
    pub fn member_at(&self, probability: f64) -> Option<usize> {
        let place = probability.clamp(0.0, 1.0) * (self.members as f64 - 1.0);
        self.order.get(libm::floor(place + 0.5) as usize).copied()
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

    /// The forecast, corrected; the times that the model gave are kept beside. Members keep their
    /// order.
    pub fn corrected(&self, by: &Correction) -> Self {
        let remaining: Vec<f64> = self.times_s.iter().map(|time| time - self.begin_s).collect();
        let Some(median) = pivot(&remaining, self.members) else { return self.clone() };
        let corrected = |time_s: f64| {
            let share = (time_s - self.begin_s).max(0.0) / median;
            self.begin_s + by.factor * median * libm::pow(share, by.spread)
        };
        Self {
            times_s: self.times_s.iter().map(|time| corrected(*time)).collect(),
            step_ends_s: self.step_ends_s.iter().map(|end| end.map(corrected)).collect(),
            raw: Some(Raw { times_s: self.raw_s().to_vec(), by: *by }),
            ..self.clone()
        }
    }

    /// The times that the model gave, before any correction.
    pub fn raw_s(&self) -> &[f64] {
        self.raw.as_ref().map_or(&self.times_s, |raw| &raw.times_s)
    }

    /// Times and numbers of members, put in order.
    pub(super) fn set_times(&mut self, mut all: Vec<(f64, usize)>) {
        all.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        (self.times_s, self.order) = all.into_iter().unzip();
    }
}

/// The first of the events that end a course, member by member; sets for each of them how many courses
/// it ends. `None` where nothing ends a course.
pub(super) fn first_of(
    events: &mut [EventForecast],
    ends: &[String],
    members: usize,
    diverged: usize,
) -> Option<EventForecast> {
    let begin_s = events.first()?.begin_s;
    // Of each member: when its course ends, by which event, and the end of that step.
    let mut first: Vec<Option<(f64, usize)>> = vec![None; members];
    let mut step_ends_s: Vec<Option<f64>> = vec![None; members];
    let mut any = false;
    for (at, event) in events.iter_mut().enumerate() {
        event.first = 0;
        if !ends.contains(&event.name) {
            continue;
        }
        any = true;
        for (time_s, member) in event.times_s.iter().zip(&event.order) {
            let own = &mut first[*member];
            if own.is_none_or(|(before_s, _)| *time_s < before_s) {
                *own = Some((*time_s, at));
                step_ends_s[*member] = event.step_ends_s.get(*member).copied().flatten();
            }
        }
    }
    let ended = || first.iter().enumerate().filter_map(|(member, own)| Some((member, (*own)?)));
    ended().for_each(|(_, (_, at))| events[at].first += 1);
    let times = ended().map(|(member, (time_s, _))| (time_s, member)).collect();
    let mut failure = EventForecast {
        name: FAILURE.into(),
        begin_s,
        step_ends_s,
        members: members - diverged,
        ..EventForecast::default()
    };
    failure.first = ended().count();
    failure.set_times(times);
    any.then_some(failure)
}

/// A failure of which no member is known, as the event that it was before that was corrected.
pub(super) fn corrected_like(failure: EventForecast, events: &[EventForecast]) -> EventForecast {
    let same = |event: &&EventForecast| event.raw.is_some() && event.raw_s() == failure.times_s;
    match events.iter().find(same) {
        Some(event) => EventForecast { name: failure.name, ..event.clone() },
        None => failure,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(name: &str, times: &[(f64, usize)]) -> EventForecast {
        let mut event = EventForecast { name: name.into(), members: 4, ..Default::default() };
        event.step_ends_s = vec![None; 5];
        times.iter().for_each(|(time, member)| event.step_ends_s[*member] = Some(time.ceil()));
        event.set_times(times.to_vec());
        event
    }

    #[test]
    fn of_events_that_compete_the_first_of_each_member_is_its_failure() {
        // Five members, of which number 4 diverged; a warning ends no course.
        let mut events = [
            event("Wear", &[(9.5, 0), (3.5, 1)]),
            event("Heat", &[(7.5, 0), (5.5, 2)]),
            event("Warning", &[(1.5, 0), (1.5, 1), (1.5, 2), (1.5, 3)]),
        ];
        let ends = ["Wear".to_owned(), "Heat".to_owned()];
        let failure = first_of(&mut events, &ends, 5, 1).expect("two events end a course");
        assert_eq!(failure.times_s, [3.5, 5.5, 7.5]);
        assert_eq!(failure.order, [1, 2, 0]);
        assert_eq!(failure.step_ends_s, [Some(8.0), Some(4.0), Some(6.0), None, None]);
        assert_eq!(failure.probability_before(6.0), 0.5);
        let first: Vec<f64> = events.iter().map(EventForecast::probability_first).collect();
        assert_eq!(first, [0.25, 0.5, 0.0]);
        assert!(first_of(&mut events, &[], 5, 1).is_none());
    }

    #[test]
    fn the_member_at_a_quantile_is_the_one_whose_time_is_nearest() {
        let heat = event("Heat", &[(7.5, 0), (5.5, 2), (6.5, 3)]);
        let at = [0.0, 0.1, 0.3, 0.5, 0.6, 0.9].map(|p| heat.member_at(p));
        assert_eq!(at, [Some(2), Some(2), Some(3), Some(0), Some(0), None]);
    }
}
