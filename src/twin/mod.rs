//! The definition of one plant: classes, assets, properties, units, mappings, bindings.
//!
//! Flows in: a RON file under `scenes/` and what it includes. Flows out: a checked [`Twin`], or all
//! that is wrong with the file, each with its line and column. This is the ground floor: it knows
//! no other room.

pub mod behaviour;
pub mod binding;
mod condition;
mod definition;
mod diagnostic;
mod format;
pub mod goal;
mod load;
pub mod mapping;
mod nearest;
pub mod payload;
pub mod pointer;
mod time;
pub mod tree;
mod turn;
mod unit;
mod value;
pub mod wiring;

pub use condition::{Beyond, Condition};
pub use definition::*;
pub use diagnostic::{Diagnostic, Diagnostics, Severity};
#[cfg(not(target_arch = "wasm32"))]
pub use load::{Disk, MAX_DEFINITION_BYTES, load, read_regular};
pub use load::{
    Loaded, NoFiles, Resolver, SCHEMA, is_twin, load_behaviour, load_goal, load_numbers, load_text,
};
pub(crate) use nearest::{LONGEST, NearestNames, nearest};
pub use time::Timestamp;
pub use turn::slerp;
pub use unit::{Unit, UnitError};
pub use value::{Item, Pose, Quality, Sample, Value, ValueType};
