//! The samples of one property, in order of time.

use std::collections::VecDeque;

use super::area::{Area, AreaRule};
use super::interpolate::Stored;
use super::rule::{Inserted, Rule};
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
    /// What most columns have none of, so that they stay small.
    extra: Option<Box<Extra>>,
}

/// What some columns have beside their entries.
#[derive(Clone, Debug, Default)]
struct Extra {
    /// Bytes of the values outside the entries.
    heap: usize,
    /// Where the property is integrated: for each entry the area below the series from its first
    /// sample ever up to that entry.
    sums: Option<VecDeque<Area>>,
    /// Where the property is integrated: there were samples before the oldest that is kept, so that
    /// its own sum can no longer be counted anew.
    is_cut: bool,
}

impl<T: Stored> Column<T> {
    pub(super) const fn new() -> Self {
        Self { entries: VecDeque::new(), extra: None }
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
        let extra = self.extra.as_ref().map_or(0, |extra| {
            let sums = extra.sums.as_ref().map_or(0, |sums| sums.capacity() * size_of::<Area>());
            size_of::<Extra>() + ALLOCATION_OVERHEAD + extra.heap + sums
        });
        match self.entries.capacity() {
            0 => extra,
            capacity => capacity * size_of::<Entry<T>>() + ALLOCATION_OVERHEAD + extra,
        }
    }

    fn sums_mut(&mut self) -> Option<&mut VecDeque<Area>> {
        self.extra.as_mut()?.sums.as_mut()
    }

    fn is_integrated(&self) -> bool {
        self.extra.as_ref().is_some_and(|extra| extra.sums.is_some())
    }

    /// Values took that many bytes more outside the entries, and gave that many back.
    #[inline]
    fn change_heap(&mut self, more: usize, less: usize) {
        if more > 0 || less > 0 {
            let extra = self.extra.get_or_insert_default();
            extra.heap = extra.heap + more - less;
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
            self.change_heap(entry.value.heap(), 0);
            self.entries.push_back(entry);
            if let Some(sums) = self.sums_mut() {
                sums.push_back(sums.back().copied().unwrap_or_default());
            }
            return Inserted::Newest;
        }
        let at = self.count_until(time);
        if let Some(present) = at.checked_sub(1).and_then(|at| self.entries.get_mut(at))
            && present.time() == time
        {
            if present.stamp == entry.stamp && present.value.same(&entry.value) {
                return Inserted::Duplicate;
            }
            let (more, less) = (entry.value.heap(), present.value.heap());
            *present = entry;
            self.change_heap(more, less);
            return Inserted::Replaced;
        }
        if time < start {
            return Inserted::TooOld;
        }
        self.reserve_one();
        self.change_heap(entry.value.heap(), 0);
        self.entries.insert(at, entry);
        if let Some(sums) = self.sums_mut() {
            let before = sums.get(at.saturating_sub(1)).copied().unwrap_or_default();
            sums.insert(at, before);
        }
        Inserted::Late
    }

    /// Room grows by a half instead of twofold: what is reserved counts against the budget.
    fn reserve_one(&mut self) {
        if self.entries.len() == self.entries.capacity() {
            let more = (self.entries.len() / 2).max(4);
            self.entries.reserve_exact(more);
            if let Some(sums) = self.sums_mut() {
                sums.reserve_exact(more);
            }
        }
    }

    /// Drops what is no longer needed to know the state from `start` on: all but the last sample
    /// at or before it. Where the property is integrated one more stays, so that the area up to any
    /// sample that may still be replaced can be counted anew.
    pub(super) fn evict(&mut self, start: Timestamp) {
        let beyond = if self.is_integrated() { 2 } else { 1 };
        while self.entries.get(beyond).is_some_and(|later| later.time() <= start) {
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
            self.change_heap(0, oldest.value.heap());
            if let Some(Extra { sums: Some(sums), is_cut, .. }) = self.extra.as_deref_mut() {
                sums.pop_front();
                *is_cut = true;
            }
        }
    }

    /// Gives unused room back, but for a small reserve.
    pub(super) fn tighten(&mut self) {
        let wanted = self.entries.len() + self.entries.len() / 16 + 1;
        if self.entries.capacity() > wanted + wanted / 8 {
            self.entries.shrink_to(wanted);
            if let Some(sums) = self.sums_mut() {
                sums.shrink_to(wanted);
            }
        }
    }

    /// Drops the samples after that time; tells how many.
    pub(super) fn drop_after(&mut self, time: Timestamp) -> usize {
        let keep = self.count_until(time);
        let dropped = self.entries.len() - keep;
        let less = self.entries.range(keep..).map(|entry| entry.value.heap()).sum();
        self.change_heap(0, less);
        self.entries.truncate(keep);
        if let Some(Extra { sums: Some(sums), is_cut, .. }) = self.extra.as_deref_mut() {
            sums.truncate(keep);
            // With no sample left the next one is the first: the integral begins anew there.
            *is_cut &= keep > 0;
        }
        dropped
    }

    /// Changes every value in its place.
    pub(super) fn convert(&mut self, change: impl Fn(&mut T)) {
        self.entries.iter_mut().for_each(|entry| change(&mut entry.value));
    }

    /// What the state at that time rests on, without its value; see [`Rule`].
    // Always: reading a value is the hot path of a frame, and most of this falls away in it.
    #[inline(always)]
    pub(super) fn found(&self, time: Timestamp, rule: &Rule) -> Option<Found<'_, T>> {
        let at = self.count_until(time).checked_sub(1)?;
        let before = self.entries.get(at)?;
        let age = time.0.saturating_sub(before.time().0);
        let hold = |quality| Some(Found { at, before, after: None, quality });
        if rule.offline {
            return hold(before.quality().max(Quality::Stale));
        }
        let aged = || {
            let fresh = age <= rule.stale_after;
            if fresh { before.quality() } else { before.quality().max(Quality::Stale) }
        };
        let Some(after) = self.entries.get(at + 1) else { return hold(aged()) };
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
        let quality = before.quality().max(after.quality());
        Some(Found { at, before, after: Some((after, age as f64 / span as f64)), quality })
    }

    /// The value at that time with the time of the sample before it, and its quality; see [`Rule`].
    #[inline]
    pub(super) fn read(&self, time: Timestamp, rule: &Rule) -> Option<(T, Timestamp, Quality)> {
        let Found { before, after, quality, .. } = self.found(time, rule)?;
        let value = match after {
            Some((after, share)) => before.value.mix(&after.value, share),
            None => before.value.clone(),
        };
        Some((value, before.time(), quality))
    }
}

/// What the state at an instant rests on.
pub(super) struct Found<'a, T> {
    /// Place of `before` in the column.
    at: usize,
    /// The last sample at or before the instant.
    before: &'a Entry<T>,
    /// The first one after it, where the value lies between the two, and how far on the way to it
    /// the instant is, from 0 to 1.
    after: Option<(&'a Entry<T>, f64)>,
    /// Quality of the state at that instant.
    pub(super) quality: Quality,
}

/// Where a property is integrated.
impl Column<f64> {
    /// Has the areas between the samples summed from now on.
    pub(super) fn integrate(&mut self) {
        let extra = self.extra.get_or_insert_default();
        if extra.sums.is_none() {
            extra.sums = Some(self.entries.iter().map(|_| Area::ZERO).collect());
        }
    }

    /// The area between the sample at a place and the one before it.
    fn area_before(&self, at: usize, rule: &AreaRule) -> Area {
        let earlier = at.checked_sub(1).and_then(|before| self.entries.get(before));
        match earlier.zip(self.entries.get(at)) {
            Some((from, to)) if is_measured(from) && is_measured(to) => {
                rule.between((from.time(), from.value), (to.time(), to.value))
            }
            _ => Area::ZERO,
        }
    }

    /// [`Column::insert`] where the property is integrated: counts the areas on both sides of the
    /// sample anew. What stood before the oldest sample that is kept is not known any more, so that
    /// one before it, or another value in its place, is too old.
    pub(super) fn insert_counted(
        &mut self,
        entry: Entry<f64>,
        start: Timestamp,
        rule: &AreaRule,
    ) -> Inserted {
        let time = entry.time();
        let is_cut = self.extra.as_ref().is_some_and(|extra| extra.is_cut);
        if let Some(oldest) = self.entries.front().filter(|oldest| is_cut && time <= oldest.time())
        {
            let same = oldest.stamp == entry.stamp && oldest.value.same(&entry.value);
            return if same { Inserted::Duplicate } else { Inserted::TooOld };
        }
        let inserted = self.insert(entry, start);
        if inserted.changed() {
            self.recount(time, rule);
        }
        inserted
    }

    /// A sample at that time was inserted or replaced: counts the areas on both of its sides anew.
    fn recount(&mut self, time: Timestamp, rule: &AreaRule) {
        let Some(at) = self.count_until(time).checked_sub(1) else { return };
        let (before, after) = (self.area_before(at, rule), self.area_before(at + 1, rule));
        let Some(sums) = self.sums_mut() else { return };
        // Before the first sample of all nothing is counted.
        if let Some(earlier) = at.checked_sub(1) {
            sums[at] = sums[earlier] + before;
        }
        if let Some(next) = sums.get(at + 1) {
            let change = sums[at] + after - *next;
            if change != Area::ZERO {
                sums.range_mut(at + 1..).for_each(|sum| *sum += change);
            }
        }
    }

    /// By another rule from that time on: counts every area anew that ends after it.
    pub(super) fn recount_after(&mut self, time: Timestamp, rule: &AreaRule) {
        for at in self.count_until(time).max(1)..self.entries.len() {
            let area = self.area_before(at, rule);
            if let Some(sums) = self.sums_mut() {
                sums[at] = sums[at - 1] + area;
            }
        }
    }

    /// The integral at the sample at a place.
    pub(super) fn area_at(&self, at: usize) -> Option<Area> {
        self.extra.as_ref()?.sums.as_ref()?.get(at).copied()
    }

    /// The integral at that time with the time of the sample before it, and the quality that
    /// [`Column::found`] states. After a sample with nothing measured behind it, it stays as it is.
    pub(super) fn read_area(
        &self,
        time: Timestamp,
        rule: &Rule,
        area_rule: &AreaRule,
    ) -> Option<(Area, Timestamp, Quality)> {
        let Found { at, before, quality, .. } = self.found(time, rule)?;
        let sum = self.area_at(at)?;
        let (start, value) = (before.time(), before.value);
        let after = self.entries.get(at + 1).filter(|after| {
            is_measured(before) && is_measured(after) && area_rule.counts(start, after.time())
        });
        let Some(after) = after.filter(|_| time > start) else {
            return Some((sum, start, quality));
        };
        let part = if area_rule.linear {
            let span = after.time().0.saturating_sub(start.0);
            let share = time.0.saturating_sub(start.0) as f64 / span as f64;
            Area::below_line((start, value), (time, value.mix(&after.value, share)))
        } else {
            Area::rectangle(value, start, time)
        };
        Some((sum + part, start, quality))
    }

    /// The values were converted by number × scale + offset: so are the sums. With an offset the sum
    /// of what is kept no more is not known in the new unit; the integral begins anew with the oldest
    /// sample that is kept. The areas between samples are to be counted anew after it.
    pub(super) fn convert_sums(&mut self, scale: f64, offset: f64) {
        if let Some(Extra { sums: Some(sums), is_cut, .. }) = self.extra.as_deref_mut() {
            if offset == 0.0 {
                sums.iter_mut().for_each(|sum| *sum = sum.scaled(scale));
            } else {
                sums.iter_mut().for_each(|sum| *sum = Area::ZERO);
                *is_cut = false;
            }
        }
    }
}

/// Whether a sample says what was measured.
fn is_measured(entry: &Entry<f64>) -> bool {
    entry.quality() < Quality::Stale
}
