//! What became of everything that came in.

use crate::history::Inserted;
use crate::twin::Timestamp;

/// What became of everything that came in, since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Counters {
    /// Batches taken from the channel.
    pub batches: u64,
    /// Samples in them.
    pub updates: u64,
    /// Samples that changed the history: newest, late or replacing.
    pub applied: u64,
    /// Samples that came after a newer one of the same property, and took their place in the past.
    pub late: u64,
    /// Samples that were there already, to the bit.
    pub duplicate: u64,
    /// Samples whose time was taken by another value, which they replaced.
    pub replaced: u64,
    /// Late samples from before the span that is kept.
    pub too_old: u64,
    /// Samples stamped far in the future, unlike the others of their source.
    pub future: u64,
    /// Samples that named no property, did not fit its type, or were of a derived property.
    pub unknown: u64,
    /// Samples without a stamp that came before plant time was known and found no room to wait.
    pub no_clock: u64,
    /// Messages that a property has no value, where it never had one.
    pub no_value: u64,
    /// Samples dropped since time was turned back, by the plant or by a source.
    pub turned_back: u64,
    /// Devices that came online or went offline.
    pub presence: u64,
    /// Properties that are stale now, as of the last look at each.
    pub stale: u64,
}

impl Counters {
    pub(super) fn count(&mut self, inserted: Inserted) {
        self.applied += u64::from(inserted.changed());
        match inserted {
            Inserted::Newest => {}
            Inserted::Late => self.late += 1,
            Inserted::Duplicate => self.duplicate += 1,
            Inserted::Replaced => self.replaced += 1,
            Inserted::TooOld => self.too_old += 1,
            Inserted::Refused => self.unknown += 1,
        }
    }
}

/// What one call of `Mirror::ingest` did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ingested {
    /// Batches applied.
    pub batches: usize,
    /// Samples in them.
    pub updates: usize,
    /// Time was up before the channel was empty.
    pub out_of_time: bool,
    /// When the newest of them arrived, in wall time.
    pub arrival: Option<Timestamp>,
    /// The source has ended; nothing will come any more.
    pub closed: bool,
}

/// The plant's clock, for the health bar.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ClockStatus {
    /// Whether plant time is known now. When not, it stands still.
    pub known: bool,
    /// Seconds by which plant time is ahead of wall time.
    pub offset_s: f64,
    /// Plant seconds that pass in one second of wall time.
    pub rate: f64,
    /// How often time was turned back.
    pub restarts: u64,
    /// Sources whose clocks are off.
    pub warnings: Vec<super::SkewWarning>,
}
