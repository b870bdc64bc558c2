//! Samples kept: the last minutes of every property in memory, within a stated budget.
//!
//! Flows in: samples in any order of time. Flows out: the state at an instant, and ranges for
//! charts. It knows the twin's types and no other room.

mod column;
mod decimate;
mod interpolate;
mod recent;
#[cfg(test)]
mod tests;
mod view;

pub use decimate::{Bucket, decimate};
pub use recent::{Budget, Inserted, Range, Recent, Rule};
pub use view::{Lane, Pick, Reading, State, View};
