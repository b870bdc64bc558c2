//! How large forecasts may be: what bounds their memory.

pub use crate::model::simulation::MOST_STEPS;

/// Most members of an ensemble: memory for their events is taken all at once.
pub const MOST_MEMBERS: usize = 100_000;
/// Most steps of all members together: about an hour of a processor's core.
pub const MOST_MEMBER_STEPS: u64 = 100_000_000_000;
/// Most numbers that are kept of courses, 8 bytes each.
pub(super) const MOST_NUMBERS: usize = 1 << 27;
/// Most instants of a course that is kept.
pub const MOST_INSTANTS: u64 = 1_000_000;
