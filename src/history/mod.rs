//! Samples kept: the last minutes of every property in memory, within a stated budget.
//!
//! Flows in: samples in any order of time. Flows out: the state at an instant, ranges for charts,
//! exact integrals, and the log of changes. [`State`] is the one interface through which everything
//! that is seen reads. It knows the twin's types and no other room.

mod area;
mod changes;
mod column;
mod decimate;
mod estimates;
mod interpolate;
mod recent;
mod rule;
mod state;
#[cfg(test)]
mod tests;
mod view;

pub use area::{Area, AreaRule};
pub use changes::{Change, ChangeLog, Cursor, Unread, What};
pub use decimate::{Bucket, decimate};
pub use estimates::{Estimate, Estimates};
pub use recent::{Budget, Range, Recent};
pub use rule::{Inserted, Rule};
pub use state::{Answer, Band, Presence, Present, Reading, Span, State};
pub use view::{IssueId, Lane, SourceId, View};
