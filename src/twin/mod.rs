//! The definition of one plant: classes, assets, properties, units, mappings, bindings.
//!
//! Flows in: a RON file under `scenes/` and what it includes. Flows out: a checked [`Twin`], or all
//! that is wrong with the file, each with its line and column. This is the ground floor: it knows
//! no other room.

pub mod binding;
mod definition;
pub mod mapping;
mod time;
mod unit;
mod value;

pub use definition::*;
pub use time::Timestamp;
pub use unit::Unit;
pub use value::{Item, Pose, Quality, Sample, Value, ValueType};
