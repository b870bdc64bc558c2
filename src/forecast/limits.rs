//! How large forecasts may be: what bounds their memory.

/// Most members of an ensemble: memory for their events is taken all at once.
pub const MOST_MEMBERS: usize = 100_000;
/// Most numbers that are kept of courses, 8 bytes each.
pub(super) const MOST_NUMBERS: usize = 1 << 27;
/// Most instants of a course that is kept.
pub const MOST_INSTANTS: u64 = 1_000_000;
