//! Sources whose clocks are off.

use crate::twin::{AssetId, Timestamp};

/// Arrivals that are compared.
const WINDOW: usize = 5;
/// Arrivals in a row, and the microseconds that they must span, before a source is called late:
/// retained messages are old without any fault of a clock.
const LATE_COUNT: u32 = 4;
const LATE_SPAN_US: i64 = 2_000_000;

/// A source whose stamps do not agree with the plant's time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SkewWarning {
    /// The asset, or the first asset of the presence group, that the samples belong to.
    pub asset: AssetId,
    /// Position in `Class::mappings` of the mapping whose stamps they are; `None`: of a table.
    pub mapping: Option<u16>,
    /// Plant seconds by which its stamps are ahead (positive) or behind (negative).
    pub seconds: f64,
}

impl SkewWarning {
    /// So far off that the stamps are more likely written in another unit than taken from a bad clock.
    pub fn looks_like_another_unit(&self) -> bool {
        self.seconds.abs() > 365.0 * 86_400.0
    }
}

/// The clock of one source, as its stamps show it.
#[derive(Clone, Debug)]
pub(super) struct Source {
    pub(super) asset: AssetId,
    mapping: Option<u16>,
    /// Stamp less plant time at arrival, of the newest stamp of each of the last arrivals.
    leads: [i64; WINDOW],
    count: u32,
    arrival: Timestamp,
    /// Since when it has been behind without a break, and over how many arrivals.
    late_since: Timestamp,
    late_count: u32,
    /// How far its stamps are ahead, when that is more than what is allowed; else 0. Its history is
    /// read by that much later, since what it says of the future it can only mean of the present.
    pub(super) ahead: i64,
}

impl Source {
    pub(super) fn new(asset: AssetId, mapping: Option<u16>) -> Self {
        Self {
            asset,
            mapping,
            leads: [0; WINDOW],
            count: 0,
            arrival: Timestamp::MIN,
            late_since: Timestamp::MIN,
            late_count: 0,
            ahead: 0,
        }
    }

    /// Time was turned back: what is known of its clock is worth nothing.
    pub(super) fn forget(&mut self) {
        *self = Self::new(self.asset, self.mapping);
    }

    /// A sample arrived. `now` is the plant time at its arrival.
    pub(super) fn observe(
        &mut self,
        arrival: Timestamp,
        now: Timestamp,
        stamp: Timestamp,
        allowed: i64,
    ) {
        let lead = stamp.0.saturating_sub(now.0);
        if self.count > 0 && self.arrival == arrival {
            // One arrival may carry a whole run of samples: the newest tells the clock.
            let slot = &mut self.leads[(self.count as usize - 1) % WINDOW];
            *slot = lead.max(*slot);
            let newest = *slot;
            self.note_late(arrival, newest, allowed);
            return;
        }
        self.leads[self.count as usize % WINDOW] = lead;
        // Keeps its place in the ring when it would overflow.
        self.count = if self.count == u32::MAX { WINDOW as u32 } else { self.count + 1 };
        self.arrival = arrival;
        if lead < -allowed {
            if self.late_count == 0 {
                self.late_since = arrival;
            }
            self.late_count = self.late_count.saturating_add(1);
        } else {
            self.late_count = 0;
        }
    }

    fn note_late(&mut self, arrival: Timestamp, newest: i64, allowed: i64) {
        if newest >= -allowed {
            self.late_count = 0;
        } else if self.late_count == 0 {
            (self.late_since, self.late_count) = (arrival, 1);
        }
    }

    /// The middle of the last leads: a single wrong stamp does not move it.
    fn median(&self) -> i64 {
        let mut leads = self.leads;
        let known = &mut leads[..(self.count as usize).min(WINDOW)];
        known.sort_unstable();
        known.get(known.len().saturating_sub(1) / 2).copied().unwrap_or(0)
    }

    /// By how much its stamps are ahead of the plant's time (negative: behind), microseconds; 0 where it has none.
    pub(super) fn lead(&self) -> i64 {
        self.median()
    }

    /// Takes the last observations into account. Tells whether the source is less far ahead than
    /// was believed, so that some of what it said before lies in its future now.
    pub(super) fn settle(&mut self, allowed: i64) -> bool {
        let median = self.median();
        let ahead = if median > allowed { median } else { 0 };
        // Small changes are jitter: the scene should not jump for them.
        if ahead.abs_diff(self.ahead) <= allowed.unsigned_abs() / 2 {
            return false;
        }
        let fell = ahead < self.ahead;
        self.ahead = ahead;
        fell
    }

    pub(super) fn warning(&self, allowed: i64) -> Option<SkewWarning> {
        let median = self.median();
        let late = median < -allowed
            && self.late_count >= LATE_COUNT
            && self.arrival.0.saturating_sub(self.late_since.0) >= LATE_SPAN_US;
        let seconds = median as f64 * 1e-6;
        (self.ahead > 0 || late).then_some(SkewWarning {
            asset: self.asset,
            mapping: self.mapping,
            seconds,
        })
    }
}
