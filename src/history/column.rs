//! The samples of one property, in order of time.

use std::collections::VecDeque;

use super::interpolate::Stored;
use super::{Inserted, Rule};
use crate::twin::{Quality, Timestamp};

/// Bytes that the allocator keeps for itself beside a block.
const ALLOCATION_OVERHEAD: usize = 16;

/// A value with its stamp: time and quality share eight bytes, so that a number's sample takes
/// sixteen and a column is one block of memory.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entry<T> {
    stamp: i64,
    pub(super) value: T,
}

impl<T> Entry<T> {
    pub(super) fn new(time: Timestamp, quality: Quality, value: T) -> Self {
        Self { stamp: (time.0 << 2) | quality as i64, value }
    }

    pub(super) fn time(&self) -> Timestamp {
        Timestamp(self.stamp >> 2)
    }

    pub(super) fn quality(&self) -> Quality {
        match self.stamp & 3 {
            0 => Quality::Good,
            1 => Quality::Uncertain,
            2 => Quality::Stale,
            _ => Quality::Bad,
        }
    }
}

/// Whether an instant can be kept: some 73,000 years around 1970.
pub(super) fn can_keep(time: Timestamp) -> bool {
    const LIMIT: i64 = i64::MAX >> 2;
    (-LIMIT..=LIMIT).contains(&time.0)
}

/// The samples of one property, each time once, oldest first.
#[derive(Clone, Debug)]
pub(super) struct Column<T> {
    entries: VecDeque<Entry<T>>,
    /// Bytes of the values outside `entries`.
    heap: usize,
}

impl<T: Stored> Column<T> {
    pub(super) const fn new() -> Self {
        Self { entries: VecDeque::new(), heap: 0 }
    }

    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    pub(super) fn get(&self, at: usize) -> Option<&Entry<T>> {
        self.entries.get(at)
    }

    pub(super) fn newest(&self) -> Option<&Entry<T>> {
        self.entries.back()
    }

    /// Bytes of memory outside the struct itself, as reserved and not only as used.
    pub(super) fn bytes(&self) -> usize {
        match self.entries.capacity() {
            0 => 0,
            capacity => capacity * size_of::<Entry<T>>() + ALLOCATION_OVERHEAD + self.heap,
        }
    }

    /// Number of samples at or before that time.
    ///
    /// A live view asks for one of the last few, so these are looked at first.
    pub(super) fn count_until(&self, time: Timestamp) -> usize {
        let length = self.entries.len();
        for back in 0..length.min(4) {
            if self.entries[length - 1 - back].time() <= time {
                return length - back;
            }
        }
        self.entries.partition_point(|entry| entry.time() <= time)
    }

    /// Puts a sample in its place. `start` is where history begins: a late sample before it is not
    /// taken.
    pub(super) fn insert(&mut self, entry: Entry<T>, start: Timestamp) -> Inserted {
        let time = entry.time();
        let newest = self.entries.back().map(Entry::time);
        if newest.is_none_or(|newest| newest < time) {
            self.evict(start);
            self.reserve_one();
            self.heap += entry.value.heap();
            self.entries.push_back(entry);
            return Inserted::Newest;
        }
        let at = self.count_until(time);
        if let Some(present) = at.checked_sub(1).and_then(|at| self.entries.get_mut(at))
            && present.time() == time
        {
            if present.stamp == entry.stamp && present.value.same(&entry.value) {
                return Inserted::Duplicate;
            }
            self.heap = self.heap + entry.value.heap() - present.value.heap();
            *present = entry;
            return Inserted::Replaced;
        }
        if time < start {
            return Inserted::TooOld;
        }
        self.reserve_one();
        self.heap += entry.value.heap();
        self.entries.insert(at, entry);
        Inserted::Late
    }

    /// Room grows by a half instead of twofold: what is reserved counts against the budget.
    fn reserve_one(&mut self) {
        if self.entries.len() == self.entries.capacity() {
            self.entries.reserve_exact((self.entries.len() / 2).max(4));
        }
    }

    /// Drops what is no longer needed to know the state from `start` on: all but the last sample
    /// at or before it.
    pub(super) fn evict(&mut self, start: Timestamp) {
        while self.entries.get(1).is_some_and(|second| second.time() <= start) {
            self.drop_oldest();
        }
    }

    /// Drops the older half.
    pub(super) fn halve(&mut self) {
        for _ in 0..self.entries.len() / 2 {
            self.drop_oldest();
        }
    }

    fn drop_oldest(&mut self) {
        if let Some(oldest) = self.entries.pop_front() {
            self.heap -= oldest.value.heap();
        }
    }

    /// Gives unused room back, but for a small reserve.
    pub(super) fn tighten(&mut self) {
        let wanted = self.entries.len() + self.entries.len() / 16 + 1;
        if self.entries.capacity() > wanted + wanted / 8 {
            self.entries.shrink_to(wanted);
        }
    }

    /// Drops the samples after that time; tells how many.
    pub(super) fn drop_after(&mut self, time: Timestamp) -> usize {
        let keep = self.count_until(time);
        let dropped = self.entries.len() - keep;
        self.heap -= self.entries.range(keep..).map(|entry| entry.value.heap()).sum::<usize>();
        self.entries.truncate(keep);
        dropped
    }

    /// Changes every value in its place.
    pub(super) fn convert(&mut self, change: impl Fn(&mut T)) {
        self.entries.iter_mut().for_each(|entry| change(&mut entry.value));
    }

    /// The value at that time with the time of the sample before it, and its quality; see [`Rule`].
    pub(super) fn read(&self, time: Timestamp, rule: &Rule) -> Option<(T, Timestamp, Quality)> {
        let count = self.count_until(time);
        let before = self.entries.get(count.checked_sub(1)?)?;
        let age = time.0.saturating_sub(before.time().0);
        let hold = |quality| Some((before.value.clone(), before.time(), quality));
        if rule.offline {
            return hold(before.quality().max(Quality::Stale));
        }
        let aged = || {
            let fresh = age <= rule.stale_after;
            if fresh { before.quality() } else { before.quality().max(Quality::Stale) }
        };
        let Some(after) = self.entries.get(count) else { return hold(aged()) };
        let span = after.time().0.saturating_sub(before.time().0);
        let crosses = rule.linear
            && age > 0
            && span <= rule.stale_after
            && before.quality() < Quality::Stale
            && after.quality() < Quality::Stale
            && !(rule.broken)(before.time(), after.time());
        if !crosses {
            return hold(aged());
        }
        let share = age as f64 / span as f64;
        let quality = before.quality().max(after.quality());
        Some((before.value.mix(&after.value, share), before.time(), quality))
    }
}
