//! What is known of a machine from what is measured of it: states and wear rates with their
//! uncertainty, parameters, and whether something is wrong.
//!
//! Flows in: samples, one by one, and a model. Flows out: beliefs ([`Belief`]), and how far each
//! sample was from them. Nothing here waits or keeps more than a bounded past.

pub mod anomaly;
mod bank;
pub mod calibrate;
mod condition;
mod filter;
mod maintenance;
mod particle;
mod points;
mod residual;
mod sample;
mod setup;
mod spec;
#[cfg(test)]
mod tests;
mod tracking;
mod trust;
mod unscented;

pub use bank::{Bank, Hypothesis, Ranked};
pub use condition::{Alarm, Block, ConditionMonitor, Watching, scatter};
pub use filter::{Filter, Patient};
pub use maintenance::{Entry, NewPart, read_log};
pub use particle::{Drawn, FEWEST, Particles};
pub use residual::Beside;
pub use sample::{Heard, Lost, Measured};
pub use setup::{Estimated, Scale, Setup, Slot, Spread};
pub use tracking::{Tracked, Tracking};
pub use trust::Doubt;
pub use unscented::{Belief, Unscented};
