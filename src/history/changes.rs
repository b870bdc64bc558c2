//! The change log: what a source took in, in the order in which it did, for any number of readers.
//!
//! Flows in: one entry for each change of the history, from whoever keeps it. Flows out: to each
//! reader, by a [`Cursor`] of its own, what has come since it read last. The log is bounded and never
//! waits for a reader: one that fell behind learns how much it missed, and catches up by reading the
//! history itself.

use crate::twin::{PropertyId, Timestamp};

/// What happened to the history.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum What {
    /// A sample of this property came that is its newest now.
    New(PropertyId),
    /// A sample of this property took its place before newer ones.
    Late(PropertyId),
    /// The value of this property at that time is another one now.
    Replaced(PropertyId),
    /// The samples of this property after that time are gone: the clock of its source was ahead and
    /// has been set right.
    Dropped(PropertyId),
    /// The plant's clock was turned back to that time, where a new run begins: the samples of all
    /// properties after it are gone.
    TurnedBack,
    /// From that time on the presence group with this index is online or offline.
    Presence(u32),
    /// The clock of a source is believed to be ahead by another span than before: all that it states
    /// is read at other times.
    Skew,
    /// From that time on plant time is known, or no longer known.
    Clock {
        /// Whether it is known.
        known: bool,
    },
    /// An estimate of this property was written, in the lane of estimates.
    Estimated(PropertyId),
}

impl What {
    /// The only property that is concerned; `None`: more than one may be.
    pub fn property(self) -> Option<PropertyId> {
        match self {
            Self::New(id)
            | Self::Late(id)
            | Self::Replaced(id)
            | Self::Dropped(id)
            | Self::Estimated(id) => Some(id),
            Self::TurnedBack | Self::Presence(_) | Self::Skew | Self::Clock { .. } => None,
        }
    }

    /// The same happened to another property; what concerns no single one stays as it is.
    pub fn to(self, id: PropertyId) -> Self {
        match self {
            Self::New(_) => Self::New(id),
            Self::Late(_) => Self::Late(id),
            Self::Replaced(_) => Self::Replaced(id),
            Self::Dropped(_) => Self::Dropped(id),
            Self::Estimated(_) => Self::Estimated(id),
            other => other,
        }
    }
}

/// One entry of the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Change {
    /// What happened, and to which property.
    pub what: What,
    /// When it happened. Of a sample its own time, as its source stated it: between the sample before
    /// it and the one after it the state may differ, where values are interpolated or integrated also
    /// later. Of [`What::Dropped`] the last instant that stayed, by the source's stamps. Of the other
    /// entries plant time.
    pub time: Timestamp,
}

/// How far a reader has read. It belongs to the log that gave it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cursor(u64);

/// Entries that a log of few properties keeps: 512 KiB, so that its end stays in the processor's cache.
const LEAST_CAPACITY: usize = 1 << 15;
/// Entries that a log of many properties keeps: 4 MiB.
const MOST_CAPACITY: usize = 1 << 18;

/// A bounded log of changes; see the module.
///
/// ```
/// use twinscope::history::{ChangeLog, What};
/// use twinscope::twin::{PropertyId, Timestamp};
///
/// let mut log = ChangeLog::with_capacity(2);
/// let (mut panel, mut historian) = (log.end(), log.end());
/// log.push(What::New(PropertyId(7)), Timestamp(1_000_000));
/// let seen: Vec<_> = log.read(&mut panel).map(|change| change.what.property()).collect();
/// assert_eq!(seen, [Some(PropertyId(7))]);
///
/// // The historian reads less often than the log has room for; the panel missed nothing.
/// for second in 2..5 {
///     log.push(What::New(PropertyId(7)), Timestamp(second * 1_000_000));
///     assert_eq!(log.read(&mut panel).count(), 1);
/// }
/// let unread = log.read(&mut historian);
/// assert_eq!((unread.missed, unread.count()), (2, 2));
/// ```
#[derive(Clone, Debug)]
pub struct ChangeLog {
    /// A ring: entry number n stands at n − 1 modulo the capacity. Empty before the first entry.
    ring: Vec<Change>,
    /// A power of two.
    capacity: usize,
    /// The number of the next entry. The first is 1, so that a fresh cursor is behind.
    next: u64,
    /// The first entry of the present definition.
    first: u64,
}

impl ChangeLog {
    /// An empty log for a plant with that many properties: room for a change of a quarter of them, within
    /// 32,768 and 262,144 entries.
    pub fn new(properties: usize) -> Self {
        let wanted = (properties / 4).clamp(LEAST_CAPACITY, MOST_CAPACITY);
        Self::with_capacity(wanted)
    }

    /// An empty log for that many entries, rounded up to a power of two.
    pub fn with_capacity(entries: usize) -> Self {
        let capacity = entries.max(1).next_power_of_two();
        Self { ring: Vec::new(), capacity, next: 1, first: 1 }
    }

    /// Adds an entry; when the log is full the oldest one goes.
    #[inline]
    pub fn push(&mut self, what: What, time: Timestamp) {
        if self.ring.is_empty() {
            self.ring.resize(self.capacity, FILLER);
        }
        let at = self.place(self.next);
        if let Some(slot) = self.ring.get_mut(at) {
            *slot = Change { what, time };
        }
        self.next += 1;
    }

    /// The oldest entry that can still be read.
    fn oldest(&self) -> u64 {
        self.first.max(self.next.saturating_sub(self.capacity as u64))
    }

    fn place(&self, number: u64) -> usize {
        ((number - 1) & (self.capacity as u64 - 1)) as usize
    }

    /// The log that goes on from this one when its entries no longer mean what they say (the
    /// identifiers of properties are those of another definition now, with so many properties). It is
    /// empty, and every reader is behind.
    pub fn renewed(&self, properties: usize) -> Self {
        let next = self.next + 1;
        Self { next, first: next, ..Self::new(properties) }
    }

    /// The cursor of a reader that has just read the whole history and follows it from now on.
    pub fn end(&self) -> Cursor {
        Cursor(self.next)
    }

    /// What has come since that reader read last, oldest first; its cursor moves to the end. A
    /// [`Cursor::default`] is behind from the beginning.
    pub fn read(&self, cursor: &mut Cursor) -> Unread<'_> {
        let from = cursor.0.clamp(self.oldest(), self.next);
        let missed = from.saturating_sub(cursor.0).max(cursor.0.saturating_sub(self.next));
        cursor.0 = self.next;
        Unread { log: self, next: from, missed }
    }

    /// Number of entries that can be read at most.
    pub fn capacity(&self) -> usize {
        self.capacity
    }
}

/// Stands in the ring where no entry has been written.
const FILLER: Change = Change { what: What::TurnedBack, time: Timestamp(0) };

/// The entries that a reader has not read yet.
#[derive(Clone, Debug)]
pub struct Unread<'a> {
    log: &'a ChangeLog,
    next: u64,
    /// Entries that were dropped before this reader came to read them. When it is not 0, the reader
    /// must read from the history all that it depends on.
    pub missed: u64,
}

impl Unread<'_> {
    /// Whether entries were missed.
    pub fn is_behind(&self) -> bool {
        self.missed > 0
    }
}

impl Iterator for Unread<'_> {
    type Item = Change;

    #[inline]
    fn next(&mut self) -> Option<Change> {
        if self.next >= self.log.next {
            return None;
        }
        let change = self.log.ring.get(self.log.place(self.next)).copied();
        self.next += 1;
        change
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = (self.log.next - self.next) as usize;
        (left, Some(left))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn new(at: i64) -> (What, Timestamp) {
        (What::New(PropertyId(at as u32)), Timestamp(at))
    }

    fn times(unread: Unread<'_>) -> Vec<i64> {
        unread.map(|change| change.time.0).collect()
    }

    #[test]
    fn two_readers_follow_the_same_log_each_at_its_own_pace() {
        let mut log = ChangeLog::with_capacity(8);
        let (mut quick, mut slow) = (log.end(), log.end());
        for at in 0..6 {
            let (what, time) = new(at);
            log.push(what, time);
            assert_eq!(times(log.read(&mut quick)), [at]);
        }
        let unread = log.read(&mut slow);
        assert!(!unread.is_behind());
        assert_eq!(times(unread), [0, 1, 2, 3, 4, 5]);
        assert_eq!(times(log.read(&mut slow)), [0_i64; 0]);
    }

    #[test]
    fn a_reader_that_fell_behind_learns_how_much_it_missed() {
        let mut log = ChangeLog::with_capacity(4);
        let mut cursor = log.end();
        (0..10).map(new).for_each(|(what, time)| log.push(what, time));
        let unread = log.read(&mut cursor);
        assert_eq!((unread.missed, times(unread)), (6, vec![6, 7, 8, 9]));
        assert!(!log.read(&mut cursor).is_behind());
    }

    #[test]
    fn a_reader_that_never_read_is_behind_even_when_nothing_has_come() {
        let log = ChangeLog::new(3);
        let mut cursor = Cursor::default();
        assert!(log.read(&mut cursor).is_behind());
        assert!(!log.read(&mut cursor).is_behind());
    }

    #[test]
    fn after_another_definition_every_reader_is_behind_and_reads_nothing_old() {
        let mut log = ChangeLog::with_capacity(4);
        let mut cursor = log.end();
        log.push(new(1).0, new(1).1);
        log = log.renewed(1_000_000);
        assert_eq!(log.capacity(), ChangeLog::new(1_000_000).capacity());
        log.push(new(2).0, new(2).1);
        let unread = log.read(&mut cursor);
        assert!(unread.is_behind());
        assert_eq!(times(unread), [2]);
    }

    proptest! {
        #[test]
        fn what_is_read_is_the_end_of_what_was_written_and_the_rest_is_counted(
            capacity in 1..40_usize,
            steps in prop::collection::vec((0..4_u8, 0..30_usize), 1..60),
        ) {
            let mut log = ChangeLog::with_capacity(capacity);
            let mut cursor = log.end();
            let (mut written, mut unread_since) = (0_i64, 0_i64);
            for (kind, count) in steps {
                match kind {
                    0 => {
                        let unread = log.read(&mut cursor);
                        let (missed, read) = (unread.missed as i64, times(unread));
                        let expected: Vec<i64> = (unread_since + missed..written).collect();
                        prop_assert_eq!(read, expected);
                        prop_assert!(missed == 0 || written - unread_since > log.capacity() as i64);
                        unread_since = written;
                    }
                    _ => for _ in 0..count {
                        let (what, time) = new(written);
                        log.push(what, time);
                        written += 1;
                    }
                }
            }
        }
    }
}
