//! What a client has subscribed to, what the broker has granted of it, and what is to be asked for again.
//!
//! Both clients use it, the native one and the browser's; it has no clock of its own.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::Status;

/// A broker answers a subscription within this time, or it is taken as refused.
const ANSWER: Duration = Duration::from_secs(10);
/// First wait before a refused subscription is asked for again; each further one is twice as long.
const FIRST: Duration = Duration::from_secs(10);
/// Longest wait: rights that a broker grants later are noticed within five minutes.
const LONGEST: Duration = Duration::from_secs(300);
/// After lost samples everything is asked for again at most this often.
const LOSSES: Duration = Duration::from_secs(5);

/// Filters of one packet, in the order in which a broker answers them; `None`: one that is no longer wanted keeps its
/// place.
pub(super) type Asked = Vec<Option<String>>;

/// Empties the places of filters that are no longer wanted.
pub(super) fn keep_wanted(asked: &mut [Option<String>], is_wanted: impl Fn(&str) -> bool) {
    for place in asked {
        *place = place.take().filter(|filter| is_wanted(filter));
    }
}

/// Subscriptions under way, and those that were refused.
#[derive(Debug)]
pub(super) struct Requests {
    /// Filters of each packet that is not answered yet, and when it was sent.
    asked: BTreeMap<u16, (Duration, Asked)>,
    refused: BTreeSet<String>,
    /// When the refused ones are asked for again.
    retry: Option<Duration>,
    wait: Duration,
    /// Lost samples that were known when everything was last asked for, and when that was.
    lost: u64,
    last: Duration,
}

/// What is to be subscribed to again.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Again {
    /// Nothing.
    Nothing,
    /// These filters.
    These(BTreeSet<String>),
    /// All: samples were lost, and a broker sends its retained values anew to who subscribes anew.
    All,
}

impl Requests {
    /// Nothing is asked yet.
    pub(super) fn new() -> Self {
        Self {
            asked: BTreeMap::new(),
            refused: BTreeSet::new(),
            retry: None,
            wait: FIRST,
            lost: 0,
            last: Duration::ZERO,
        }
    }

    /// A new connection: all is to be asked for, and `lost` samples before it count no more.
    pub(super) fn begin(&mut self, lost: u64, now: Duration, status: &Status) {
        *self = Self { lost, last: now, ..Self::new() };
        status.set_refused_filters(Vec::new());
    }

    /// A definition has changed: what it does not want is no longer asked for.
    pub(super) fn retain(&mut self, is_wanted: impl Fn(&str) -> bool, status: &Status) {
        self.refused.retain(|filter| is_wanted(filter));
        self.asked.values_mut().for_each(|(_, filters)| keep_wanted(filters, &is_wanted));
        self.tell(status);
    }

    /// A packet with these filters was sent.
    pub(super) fn asked(&mut self, packet: u16, filters: Asked, now: Duration) {
        self.asked.insert(packet, (now, filters));
    }

    /// The broker's answer: of each filter, in order, whether it is granted. One without an answer is refused.
    pub(super) fn answered(
        &mut self,
        packet: u16,
        granted: impl IntoIterator<Item = bool>,
        now: Duration,
        status: &Status,
    ) {
        let Some((_, filters)) = self.asked.remove(&packet) else { return };
        let mut granted = granted.into_iter();
        let (yes, no): (Asked, Asked) =
            filters.into_iter().partition(|_| granted.next().unwrap_or(false));
        yes.iter().flatten().for_each(|filter| {
            self.refused.remove(filter);
        });
        self.refuse(no.into_iter().flatten(), now);
        self.tell(status);
    }

    /// These filters are not granted, or could not be asked for.
    pub(super) fn refuse(&mut self, filters: impl IntoIterator<Item = String>, now: Duration) {
        let new: Vec<_> =
            filters.into_iter().filter(|filter| self.refused.insert(filter.clone())).collect();
        if !new.is_empty() {
            log::warn!("the broker refuses to send {}", new.join(", "));
        }
        if self.retry.is_none() && !self.refused.is_empty() {
            self.retry = Some(now + self.wait);
            self.wait = (self.wait * 2).min(LONGEST);
        }
    }

    /// What is to be asked for again now. `lost`: samples that were lost so far.
    pub(super) fn due(&mut self, lost: u64, now: Duration, status: &Status) -> Again {
        let late: Vec<u16> = self
            .asked
            .iter()
            .filter(|(_, (sent, _))| now >= *sent + ANSWER)
            .map(|(packet, _)| *packet)
            .collect();
        for packet in late {
            self.answered(packet, [], now, status);
        }
        if lost > self.lost && now >= self.last + LOSSES {
            (self.lost, self.last) = (lost, now);
            return Again::All;
        }
        if self.retry.is_some_and(|at| now >= at) {
            self.retry = None;
            if !self.refused.is_empty() {
                return Again::These(self.refused.clone());
            }
        }
        Again::Nothing
    }

    fn tell(&self, status: &Status) {
        status.set_refused_filters(self.refused.iter().cloned().collect());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECONDS: fn(u64) -> Duration = Duration::from_secs;

    fn asked() -> (Requests, Status) {
        let status = Status::new("test");
        let mut requests = Requests::new();
        requests.begin(0, SECONDS(0), &status);
        requests.asked(7, ["a", "b", "c"].map(|one| Some(one.to_owned())).into(), SECONDS(0));
        (requests, status)
    }

    #[test]
    fn what_is_refused_is_shown_asked_for_again_ever_more_rarely_and_forgotten_once_granted() {
        let (mut requests, status) = asked();
        requests.answered(7, [true, false, true], SECONDS(0), &status);
        assert_eq!(status.refused_filters(), ["b"]);
        assert_eq!(requests.due(0, SECONDS(9), &status), Again::Nothing);
        let again = Again::These(["b".to_owned()].into());
        assert_eq!(requests.due(0, SECONDS(10), &status), again);
        requests.asked(8, vec![Some("b".into())], SECONDS(10));
        requests.answered(8, [false], SECONDS(10), &status);
        assert_eq!(requests.due(0, SECONDS(29), &status), Again::Nothing);
        assert_eq!(requests.due(0, SECONDS(30), &status), again);
        requests.asked(9, vec![Some("b".into())], SECONDS(30));
        requests.answered(9, [true], SECONDS(30), &status);
        assert!(status.refused_filters().is_empty());
        assert_eq!(requests.due(0, SECONDS(1000), &status), Again::Nothing);
    }

    #[test]
    fn an_answer_is_that_of_its_filter_when_another_one_is_dropped_meanwhile() {
        let (mut requests, status) = asked();
        requests.retain(|filter| filter != "a", &status);
        requests.answered(7, [true, true, false], SECONDS(0), &status);
        assert_eq!(status.refused_filters(), ["c"]);
        let (mut requests, status) = asked();
        requests.retain(|filter| filter != "b", &status);
        requests.answered(7, [false, false, true], SECONDS(0), &status);
        assert_eq!(status.refused_filters(), ["a"], "nobody wants b any more");
    }

    #[test]
    fn a_filter_without_an_answer_of_its_own_counts_as_refused() {
        let (mut requests, status) = asked();
        requests.answered(7, [true], SECONDS(0), &status);
        assert_eq!(status.refused_filters(), ["b", "c"]);
        let (mut requests, status) = asked();
        assert_eq!(requests.due(0, SECONDS(10), &status), Again::Nothing);
        assert_eq!(status.refused_filters(), ["a", "b", "c"]);
        assert_ne!(requests.due(0, SECONDS(20), &status), Again::Nothing);
    }

    #[test]
    fn lost_samples_are_asked_for_again_once_and_not_all_the_time() {
        let (mut requests, status) = asked();
        requests.answered(7, [true; 3], SECONDS(0), &status);
        assert_eq!(requests.due(3, SECONDS(4), &status), Again::Nothing);
        assert_eq!(requests.due(3, SECONDS(5), &status), Again::All);
        assert_eq!(requests.due(3, SECONDS(60), &status), Again::Nothing);
        assert_eq!(requests.due(4, SECONDS(61), &status), Again::All);
        assert_eq!(requests.due(9, SECONDS(62), &status), Again::Nothing);
    }
}
