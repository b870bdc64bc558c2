//! What becomes of a sample, and by which rule a value is read.

use crate::twin::Timestamp;

/// What became of a sample.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Inserted {
    /// It is the newest of its property now.
    Newest,
    /// It took its place in the past.
    Late,
    /// It was there already, to the bit: nothing changed.
    Duplicate,
    /// Another value stood at that very time; the one that came last counts.
    Replaced,
    /// It is late, and lies before the span that is kept.
    TooOld,
    /// Its value is not of the property's type, or its time cannot be kept.
    Refused,
}

impl Inserted {
    /// Whether the history differs from before.
    pub fn changed(self) -> bool {
        matches!(self, Self::Newest | Self::Late | Self::Replaced)
    }
}

/// By which rule a value between, or after, samples is read.
pub struct Rule<'a> {
    /// Interpolate where the type allows it, instead of holding the earlier sample.
    pub linear: bool,
    /// Microseconds after which a sample no longer tells the state; `i64::MAX`: never. The value
    /// is not interpolated across a longer gap either.
    pub stale_after: i64,
    /// The source is known to be offline at that time.
    pub offline: bool,
    /// Whether the source was offline at some time between two instants.
    pub broken: &'a dyn Fn(Timestamp, Timestamp) -> bool,
}
