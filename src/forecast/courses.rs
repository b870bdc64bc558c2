//! What became of a block's members: what a run hands to its summary.

use super::block::EventTime;
use crate::model::{Lanes, WIDTH};

/// What became of a block's members.
pub(super) struct Courses {
    /// For each event, when it happened to each member.
    pub met: Vec<[Option<EventTime>; WIDTH]>,
    /// Members that diverged.
    pub lost: [bool; WIDTH],
    /// Where courses are kept: instants × (outputs, event states), what has ended not a number.
    pub kept: Vec<Lanes>,
}
