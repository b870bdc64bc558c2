//! How equipment behaves: published models, and the solvers that run them.
//!
//! Flows in: a model's name, parameters, a state, a load. Flows out: its course, with events. A
//! model is a file with [`Equations`] and a line in [`registry`]; it runs one machine or an
//! ensemble side by side ([`Lanes`]), natively and in the browser to the same bits.

mod about;
mod kernel;
pub mod library;
pub mod linear;
pub mod load;
mod machine;
pub mod network;
pub mod noise;
mod real;
pub mod registry;
pub mod simulation;
pub mod solver;
pub mod stability;
mod stepped;
pub mod table;
#[cfg(test)]
pub(crate) mod tests;

pub use about::{
    About, Alias, EventAbout, ParameterAbout, Variable, WrongCount, nearest_angle, position,
};
pub use kernel::{Equations, Kernel, Model, Way, model};
pub use machine::Machine;
pub use real::{LaneMask, Lanes, Real, WIDTH};
pub use stepped::stepped;
