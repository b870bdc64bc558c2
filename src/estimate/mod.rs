//! What is known of a machine from what is measured of it: states and wear rates with their
//! uncertainty, parameters, and whether something is wrong.
//!
//! Flows in: samples, one by one, and a model. Flows out: beliefs ([`Belief`]), and how far each
//! sample was from them. Nothing here waits or keeps more than a bounded past.

pub mod anomaly;
mod bank;
pub mod calibrate;
mod condition;
mod consistency;
mod error;
mod estimated;
mod filter;
mod maintenance;
mod open_loop;
mod particle;
mod plausibility;
mod points;
mod reordering;
mod sample;
mod setup;
mod spec;
#[cfg(test)]
mod tests;
mod tracking;
mod unscented;

pub use bank::{Bank, Hypothesis, Ranked};
pub use condition::{Block, ConditionMonitor, Detection, MonitorSetup, scatter};
pub use consistency::Inconsistency;
pub use error::{BankError, FilterSetupError, MaintenanceError, MonitorError};
pub use estimated::{Estimated, Scale, Slot};
pub use filter::Filter;
pub use maintenance::{Entry, NewPart, read_log};
pub use open_loop::OpenLoopModel;
pub use particle::{Drawn, FEWEST, Particles};
pub use plausibility::{Doubt, Implausible};
pub use reordering::ReorderingFilter;
pub use sample::{Measured, MeasurementUpdate, ObserveError};
pub use setup::{FilterSetup, Spread};
pub use spec::HEALTHY;
pub use tracking::{Tracked, Tracking, TrackingError};
pub use unscented::{Belief, Unscented};
