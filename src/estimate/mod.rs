//! What is known of a machine from what is measured of it: states and wear rates with their
//! uncertainty, parameters, and whether something is wrong.
//!
//! Flows in: samples, one by one, and a model. Flows out: beliefs ([`Belief`]), and how far each
//! sample was from them. Nothing here waits or keeps more than a bounded past.

pub mod anomaly;
mod bank;
pub mod calibrate;
mod points;
mod residual;
mod setup;
mod spec;
#[cfg(test)]
mod tests;
mod unscented;

pub use bank::{Bank, Hypothesis, Ranked};
pub use residual::Beside;
pub use setup::{Estimated, Scale, Setup, Slot, Spread};
pub use unscented::{Belief, Heard, Lost, Measured, Unscented};
