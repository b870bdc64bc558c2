//! When something was available, over plant time: a device, or the plant's clock.

use std::collections::VecDeque;

use crate::twin::Timestamp;

/// Changes that one timeline keeps; of a device that flaps without end the oldest are forgotten.
const CHANGES: usize = 4096;

/// Changes below which it is not worth looking for some that are no longer needed.
const FEW: usize = 64;

/// Available or not, over plant time. Before the first change nothing is known.
#[derive(Clone, Debug, Default)]
pub(super) struct Timeline {
    changes: VecDeque<(Timestamp, bool)>,
    /// Changes that were left when it was last looked through, and that came since.
    left: usize,
    came: usize,
}

impl Timeline {
    /// Whether so much has come that it should be looked through: as much as was left then.
    pub(super) fn is_long(&self) -> bool {
        self.came >= self.left.max(FEW)
    }

    /// It is so from that time on. Time does not go backwards here: an earlier one counts as now.
    pub(super) fn set(&mut self, time: Timestamp, available: bool) -> bool {
        let last = self.changes.back().copied();
        if last.is_some_and(|(_, before)| before == available) {
            return false;
        }
        if self.changes.len() == CHANGES {
            self.changes.pop_front();
        }
        let time = last.map_or(time, |(last, _)| last.max(time));
        self.changes.push_back((time, available));
        self.came += 1;
        true
    }

    /// How it is now.
    pub(super) fn present(&self) -> Option<bool> {
        self.changes.back().map(|(_, available)| *available)
    }

    /// When it came or went last.
    pub(super) fn last(&self) -> Option<Timestamp> {
        self.changes.back().map(|(time, _)| *time)
    }

    /// How it was at that time, as far as it is known.
    pub(super) fn at(&self, time: Timestamp) -> Option<bool> {
        let after = self.changes.partition_point(|(at, _)| *at <= time);
        after.checked_sub(1).and_then(|at| self.changes.get(at)).map(|(_, known)| *known)
    }

    /// Whether it was known to be unavailable at that time.
    #[inline]
    pub(super) fn away_at(&self, time: Timestamp) -> bool {
        let at = match self.changes.back() {
            None => return false,
            Some((last, available)) if *last <= time => return !available,
            Some(_) => self.changes.partition_point(|(at, _)| *at <= time),
        };
        at.checked_sub(1).and_then(|at| self.changes.get(at)).is_some_and(|(_, known)| !known)
    }

    /// Whether it was known to be unavailable at some time from `from` to `to`.
    #[inline]
    pub(super) fn away_between(&self, from: Timestamp, to: Timestamp) -> bool {
        match self.changes.back() {
            None => false,
            Some((last, available)) if *last <= from => !available,
            Some(_) => {
                let first = self.changes.partition_point(|(at, _)| *at <= from);
                let end = self.changes.partition_point(|(at, _)| *at <= to);
                self.changes.range(first.saturating_sub(1)..end).any(|(_, known)| !known)
            }
        }
    }

    /// Forgets what is no longer needed to know the state from `start` on.
    pub(super) fn evict(&mut self, start: Timestamp) {
        while self.changes.get(1).is_some_and(|(second, _)| *second <= start) {
            self.changes.pop_front();
        }
        (self.left, self.came) = (self.changes.len(), 0);
    }

    /// The plant's time was turned back: the present state holds from then on.
    pub(super) fn turn_back(&mut self, time: Timestamp) {
        let Some(present) = self.present() else { return };
        self.changes.retain(|(at, _)| *at <= time);
        self.set(time, present);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_timeline_tells_the_past_as_it_was() {
        let mut timeline = Timeline::default();
        assert!(!timeline.away_at(Timestamp(5)));
        for (time, available) in [(10, true), (20, false), (25, false), (30, true)] {
            timeline.set(Timestamp(time), available);
        }
        let away: Vec<i64> = (0..50).filter(|at| timeline.away_at(Timestamp(*at))).collect();
        assert_eq!(away, (20..30).collect::<Vec<_>>());
        assert!(timeline.away_between(Timestamp(10), Timestamp(20)));
        assert!(timeline.away_between(Timestamp(22), Timestamp(24)));
        assert!(!timeline.away_between(Timestamp(10), Timestamp(19)));
        assert!(!timeline.away_between(Timestamp(30), Timestamp(90)));
        timeline.evict(Timestamp(22));
        assert!(timeline.away_at(Timestamp(23)));
    }
}
