//! The last minutes of every property, in memory.

use std::sync::Arc;
use std::time::Duration;

use super::Reading;
use super::area::{Area, AreaRule};
use super::column::{Column, Entry, can_keep};
use super::interpolate::Stored;
use super::rule::{Inserted, Rule};
use crate::twin::{Item, Pose, PropertyId, Quality, Sample, Timestamp, Value, ValueType};

/// How much is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    /// Span of plant time to keep.
    pub retention: Duration,
    /// Bytes that the samples may occupy. When they do not suffice, the span shrinks for all
    /// properties alike.
    pub bytes: usize,
}

impl Default for Budget {
    /// Ten minutes, 256 MiB.
    fn default() -> Self {
        Self { retention: Duration::from_secs(600), bytes: 256 << 20 }
    }
}

/// A column for each type.
#[derive(Clone, Debug)]
enum Track {
    Numbers(Column<f64>),
    Enumerations(Column<u16>),
    Texts(Column<Arc<str>>),
    Poses(Column<Pose>),
    Items(Column<Arc<[Item]>>),
}

/// Does the same with a track's column, whatever its type.
macro_rules! each_type {
    ($track:expr, $column:ident => $result:expr) => {
        match $track {
            Track::Numbers($column) => $result,
            Track::Enumerations($column) => $result,
            Track::Texts($column) => $result,
            Track::Poses($column) => $result,
            Track::Items($column) => $result,
        }
    };
}

impl Track {
    fn new(ty: &ValueType) -> Self {
        match ty {
            ValueType::Number => Self::Numbers(Column::new()),
            ValueType::Enumeration(_) => Self::Enumerations(Column::new()),
            ValueType::Text => Self::Texts(Column::new()),
            ValueType::Pose => Self::Poses(Column::new()),
            ValueType::Items => Self::Items(Column::new()),
        }
    }

    fn sample(&self, at: usize) -> Option<Sample> {
        each_type!(self, column => column.get(at).map(to_sample))
    }
}

fn to_sample<T: Stored + Into<Value>>(entry: &Entry<T>) -> Sample {
    Sample { time: entry.time(), value: entry.value.clone().into(), quality: entry.quality() }
}

/// The last minutes of every property, in memory: typed columns, dense by [`PropertyId`].
///
/// A sample is known by its property and its time, so the order in which samples come and how
/// often each comes make no difference; of two values for one time the one that came last counts.
///
/// What is kept is bounded by a span of plant time ([`Recent::advance`] moves it) and by bytes.
/// Bytes are counted as reserved, with the allocator's own; what the allocator loses between blocks
/// is not. When they run out, the span becomes shorter for all properties alike
/// ([`Recent::horizon`] says how short), and grows again when there is room. Of each property the
/// newest sample is always kept, and the last one before the span, so that its whole length has a
/// state.
#[derive(Clone, Debug)]
pub struct Recent {
    tracks: Vec<Track>,
    budget: Budget,
    /// Span kept now, in microseconds.
    horizon: i64,
    /// History is complete from here on, as far as the budget is concerned.
    start: Timestamp,
    now: Option<Timestamp>,
    oldest: Option<Timestamp>,
    newest: Option<Timestamp>,
    bytes: usize,
    /// The next property that [`Recent::advance`] looks at.
    sweep: usize,
}

/// At most so many properties does one [`Recent::advance`] look through for what is too old; of few
/// properties a share.
const SWEEP: usize = 512;

impl Recent {
    /// An empty history for properties of those types, in the order of their ids.
    pub fn new<'a>(types: impl IntoIterator<Item = &'a ValueType>, budget: Budget) -> Self {
        let tracks: Vec<Track> = types.into_iter().map(Track::new).collect();
        let bytes = tracks.capacity() * size_of::<Track>();
        Self {
            tracks,
            budget,
            horizon: micros(budget.retention),
            start: Timestamp::MIN,
            now: None,
            oldest: None,
            newest: None,
            bytes,
            sweep: 0,
        }
    }

    /// Puts a sample in its place in time.
    pub fn insert(&mut self, id: PropertyId, sample: Sample) -> Inserted {
        let Sample { time, value, quality } = sample;
        match value {
            Value::Number(number) => self.insert_number(id, time, quality, number),
            Value::Enumeration(index) => self.insert_with(id, time, |track, start| match track {
                Track::Enumerations(column) => {
                    column.insert(Entry::new(time, quality, index), start)
                }
                _ => Inserted::Refused,
            }),
            Value::Text(text) => self.insert_with(id, time, |track, start| match track {
                Track::Texts(column) => column.insert(Entry::new(time, quality, text), start),
                _ => Inserted::Refused,
            }),
            Value::Pose(pose) => self.insert_with(id, time, |track, start| match track {
                Track::Poses(column) if pose.is_finite() => {
                    column.insert(Entry::new(time, quality, pose), start)
                }
                _ => Inserted::Refused,
            }),
            Value::Items(items) => self.insert_with(id, time, |track, start| match track {
                Track::Items(column) => column.insert(Entry::new(time, quality, items), start),
                _ => Inserted::Refused,
            }),
        }
    }

    /// [`Recent::insert`] for a number.
    pub fn insert_number(
        &mut self,
        id: PropertyId,
        time: Timestamp,
        quality: Quality,
        number: f64,
    ) -> Inserted {
        self.insert_with(id, time, |track, start| match track {
            Track::Numbers(column) if number.is_finite() => {
                column.insert(Entry::new(time, quality, number), start)
            }
            _ => Inserted::Refused,
        })
    }

    /// [`Recent::insert`] for a number that is integrated: its areas are counted by that rule. Where
    /// older samples were dropped, one before the oldest that is kept, or another value in its place, is
    /// too old, since the area up to it cannot be counted any more.
    pub fn insert_counted(
        &mut self,
        id: PropertyId,
        time: Timestamp,
        quality: Quality,
        number: f64,
        rule: &AreaRule<'_>,
    ) -> Inserted {
        self.insert_with(id, time, |track, start| match track {
            Track::Numbers(column) if number.is_finite() => {
                column.insert_counted(Entry::new(time, quality, number), start, rule)
            }
            _ => Inserted::Refused,
        })
    }

    #[inline]
    fn insert_with(
        &mut self,
        id: PropertyId,
        time: Timestamp,
        put: impl FnOnce(&mut Track, Timestamp) -> Inserted,
    ) -> Inserted {
        let Some(track) = self.tracks.get_mut(id.0 as usize).filter(|_| can_keep(time)) else {
            return Inserted::Refused;
        };
        let before = each_type!(&*track, column => column.bytes());
        let inserted = put(track, self.start);
        let after = each_type!(&*track, column => column.bytes());
        self.bytes = self.bytes + after - before;
        if inserted.changed() {
            self.oldest = Some(self.oldest.map_or(time, |oldest| oldest.min(time)));
            self.newest = Some(self.newest.map_or(time, |newest| newest.max(time)));
        }
        if self.bytes > self.budget.bytes {
            self.shorten();
        }
        inserted
    }

    /// Moves the kept span: it ends at `now` (plant time). Call it often; each call looks through
    /// some of the properties for what is too old.
    pub fn advance(&mut self, now: Timestamp) {
        let before = self.now.replace(now);
        if before == Some(now) {
            return;
        }
        let full = micros(self.budget.retention);
        if self.bytes > self.budget.bytes / 8 * 7 && self.horizon > 1_000_000 {
            // Ahead of the hard limit, so that it is not met within a frame.
            self.horizon -= self.horizon / 256;
        } else if self.bytes < self.budget.bytes / 2 && self.horizon < full {
            self.horizon = full.min(self.horizon + self.horizon / 64 + 1);
        }
        self.start = self.start.max(now.plus_micros(-self.horizon));
        let pressed = self.horizon < full;
        for _ in 0..self.tracks.len().div_ceil(64).min(SWEEP) {
            self.sweep = (self.sweep + 1) % self.tracks.len();
            self.evict_one(self.sweep, pressed, false);
        }
    }

    fn evict_one(&mut self, at: usize, tighten: bool, halve: bool) {
        let start = self.start;
        let (before, after) = each_type!(&mut self.tracks[at], column => {
            let before = column.bytes();
            column.evict(start);
            if halve {
                column.halve();
            }
            if tighten {
                column.tighten();
            }
            (before, column.bytes())
        });
        self.bytes = self.bytes + after - before;
    }

    /// The bytes have run out: shortens the span until a sixteenth of them is free again.
    fn shorten(&mut self) {
        let goal = self.budget.bytes / 16 * 15;
        let Some(end) = self.now.or(self.newest) else { return };
        while self.bytes > goal && self.horizon > 0 {
            self.horizon = self.horizon / 8 * 7;
            self.start = self.start.max(end.plus_micros(-self.horizon));
            (0..self.tracks.len()).for_each(|at| self.evict_one(at, true, false));
        }
        // What is left is stamped after the present: halve it, oldest first, for all alike.
        let mut samples = self.sample_count();
        while self.bytes > goal && samples > self.tracks.len() {
            (0..self.tracks.len()).for_each(|at| self.evict_one(at, true, true));
            let left = self.sample_count();
            if left == samples {
                break;
            }
            samples = left;
        }
    }

    /// The newest sample of a property.
    pub fn latest(&self, id: PropertyId) -> Option<Sample> {
        let track = self.tracks.get(id.0 as usize)?;
        each_type!(track, column => column.newest().map(to_sample))
    }

    /// Time of a property's newest sample.
    #[inline]
    pub fn latest_time(&self, id: PropertyId) -> Option<Timestamp> {
        let track = self.tracks.get(id.0 as usize)?;
        each_type!(track, column => column.newest().map(Entry::time))
    }

    /// Time of a property's oldest sample that is kept.
    pub fn oldest_time(&self, id: PropertyId) -> Option<Timestamp> {
        let track = self.tracks.get(id.0 as usize)?;
        each_type!(track, column => column.get(0).map(Entry::time))
    }

    /// The last sample at or before that time, and the first one after it.
    pub fn bracket(&self, id: PropertyId, time: Timestamp) -> (Option<Sample>, Option<Sample>) {
        let Some(track) = self.tracks.get(id.0 as usize) else { return (None, None) };
        let count = each_type!(track, column => column.count_until(time));
        (count.checked_sub(1).and_then(|at| track.sample(at)), track.sample(count))
    }

    /// The state of a property at that time, by a rule.
    #[inline]
    pub fn read(&self, id: PropertyId, time: Timestamp, rule: &Rule<'_>) -> Option<Reading> {
        let track = self.tracks.get(id.0 as usize)?;
        each_type!(track, column => column.read(time, rule).map(|(value, time, quality)| {
            Reading { value: value.into(), time, quality }
        }))
    }

    /// The quality that [`Recent::read`] states, without making the value.
    #[inline]
    pub fn quality(&self, id: PropertyId, time: Timestamp, rule: &Rule<'_>) -> Option<Quality> {
        let track = self.tracks.get(id.0 as usize)?;
        each_type!(track, column => column.found(time, rule).map(|found| found.quality))
    }

    /// Has the areas below a number's series summed from now on; see [`Area`]. Its samples come by
    /// [`Recent::insert_counted`] then.
    pub fn integrate(&mut self, id: PropertyId) {
        self.change_numbers(id, Column::integrate);
    }

    /// What counts for the integral of a number has changed from that time on: counts it anew.
    pub fn recount_after(&mut self, id: PropertyId, time: Timestamp, rule: &AreaRule<'_>) {
        self.change_numbers(id, |column| column.recount_after(time, rule));
    }

    fn change_numbers(&mut self, id: PropertyId, change: impl FnOnce(&mut Column<f64>)) {
        if let Some(Track::Numbers(column)) = self.tracks.get_mut(id.0 as usize) {
            let before = column.bytes();
            change(column);
            self.bytes = self.bytes + column.bytes() - before;
        }
    }

    /// The integral of a number at that time, with the time of the sample that it rests on and its
    /// quality; `None` where nothing is known, or it is not integrated.
    pub fn area(
        &self,
        id: PropertyId,
        time: Timestamp,
        rule: &Rule<'_>,
        area_rule: &AreaRule<'_>,
    ) -> Option<(Area, Timestamp, Quality)> {
        match self.tracks.get(id.0 as usize)? {
            Track::Numbers(column) => column.read_area(time, rule, area_rule),
            _ => None,
        }
    }

    /// The integral of a number at its sample at a place in the column, the oldest at 0.
    pub fn area_at(&self, id: PropertyId, at: usize) -> Option<Area> {
        match self.tracks.get(id.0 as usize)? {
            Track::Numbers(column) => column.area_at(at),
            _ => None,
        }
    }

    /// The samples from `from` to `to`, both included, oldest first.
    pub fn range(&self, id: PropertyId, from: Timestamp, to: Timestamp) -> Range<'_> {
        let Some(track) = self.tracks.get(id.0 as usize) else {
            return Range { track: None, next: 0, end: 0 };
        };
        let (next, end) = each_type!(track, column => {
            let before = match from.0.checked_sub(1) {
                Some(before) => column.count_until(Timestamp(before)),
                None => 0,
            };
            (before, column.count_until(to))
        });
        Range { track: Some(track), next, end }
    }

    /// Number of a property's samples at or before that time.
    pub fn count_until(&self, id: PropertyId, time: Timestamp) -> usize {
        let Some(track) = self.tracks.get(id.0 as usize) else { return 0 };
        each_type!(track, column => column.count_until(time))
    }

    /// A sample by its place in the column, the oldest at 0.
    pub fn sample(&self, id: PropertyId, at: usize) -> Option<Sample> {
        self.tracks.get(id.0 as usize)?.sample(at)
    }

    /// A number's sample by its place in the column, the oldest at 0.
    pub fn number(&self, id: PropertyId, at: usize) -> Option<(Timestamp, f64, Quality)> {
        match self.tracks.get(id.0 as usize)? {
            Track::Numbers(column) => {
                column.get(at).map(|entry| (entry.time(), entry.value, entry.quality()))
            }
            _ => None,
        }
    }

    /// Number of samples kept of a property.
    pub fn len_of(&self, id: PropertyId) -> usize {
        let Some(track) = self.tracks.get(id.0 as usize) else { return 0 };
        each_type!(track, column => column.len())
    }

    /// Number of samples kept of all properties; looks at each of them.
    pub fn sample_count(&self) -> usize {
        self.tracks.iter().map(|track| each_type!(track, column => column.len())).sum()
    }

    /// From where on every property's history is whole, and the newest sample of all.
    pub fn span(&self) -> Option<(Timestamp, Timestamp)> {
        let (oldest, newest) = self.oldest.zip(self.newest)?;
        Some((oldest.max(self.start).min(newest), newest))
    }

    /// Bytes that the samples occupy.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// The bytes, added up from scratch.
    #[cfg(test)]
    pub(super) fn measure(&self) -> usize {
        let tracks = self.tracks.iter().map(|track| each_type!(track, column => column.bytes()));
        self.tracks.capacity() * size_of::<Track>() + tracks.sum::<usize>()
    }

    /// How much may be kept.
    pub fn budget(&self) -> Budget {
        self.budget
    }

    /// Span of plant time that is kept now; shorter than the budget's retention when its bytes do
    /// not suffice for that.
    pub fn horizon(&self) -> Duration {
        Duration::from_micros(self.horizon.unsigned_abs())
    }

    /// Where the kept span begins.
    pub fn start(&self) -> Timestamp {
        self.start
    }

    /// Drops a property's samples after that time; tells how many.
    pub fn drop_after(&mut self, id: PropertyId, time: Timestamp) -> usize {
        let Some(track) = self.tracks.get_mut(id.0 as usize) else { return 0 };
        let (before, dropped, after) = each_type!(track, column => {
            (column.bytes(), column.drop_after(time), column.bytes())
        });
        self.bytes = self.bytes + after - before;
        dropped
    }

    /// Turns the plant's time back: all after that instant is dropped, and the span starts anew
    /// from there. Tells how many samples went.
    pub fn turn_back(&mut self, time: Timestamp) -> usize {
        let dropped =
            (0..self.tracks.len()).map(|at| self.drop_after(PropertyId(at as u32), time)).sum();
        self.now = Some(time);
        self.newest = self.newest.map(|newest| newest.min(time));
        self.oldest = self.oldest.map(|oldest| oldest.min(time));
        self.start = self.start.min(time);
        dropped
    }

    /// Takes a property's samples over from another history; both must have the same type there.
    /// With `convert` (scale, offset) numbers become number × scale + offset; [`Recent::recount_after`]
    /// then counts the areas between them anew. Whether they were taken.
    pub fn adopt(
        &mut self,
        id: PropertyId,
        other: &mut Self,
        its_id: PropertyId,
        convert: Option<(f64, f64)>,
    ) -> bool {
        let Some((mine, theirs)) =
            self.tracks.get_mut(id.0 as usize).zip(other.tracks.get_mut(its_id.0 as usize))
        else {
            return false;
        };
        if std::mem::discriminant(mine) != std::mem::discriminant(theirs) {
            return false;
        }
        let before = each_type!(&*mine, column => column.bytes());
        let moved = each_type!(&*theirs, column => column.bytes());
        std::mem::swap(mine, theirs);
        if let (Track::Numbers(column), Some((scale, offset))) = (&mut *mine, convert) {
            column.convert(|number| *number = *number * scale + offset);
            column.convert_sums(scale, offset);
        }
        self.bytes = self.bytes + moved - before;
        other.bytes = other.bytes + before - moved;
        true
    }

    /// Takes over the span of another history whose samples were adopted.
    pub fn adopt_span(&mut self, other: &Self) {
        self.horizon = other.horizon.min(micros(self.budget.retention));
        (self.start, self.now) = (other.start, other.now);
        (self.oldest, self.newest) = (other.oldest, other.newest);
    }
}

fn micros(span: Duration) -> i64 {
    i64::try_from(span.as_micros()).unwrap_or(i64::MAX >> 2)
}

/// Samples of a property, oldest first.
#[derive(Clone)]
pub struct Range<'a> {
    track: Option<&'a Track>,
    next: usize,
    end: usize,
}

impl Iterator for Range<'_> {
    type Item = Sample;

    fn next(&mut self) -> Option<Sample> {
        if self.next >= self.end {
            return None;
        }
        self.next += 1;
        self.track?.sample(self.next - 1)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = self.end.saturating_sub(self.next);
        (left, Some(left))
    }
}
