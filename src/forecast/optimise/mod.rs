//! What should be done: setpoints under which a machine, or all of a plant, costs least, and when to
//! maintain which part.
//!
//! Flows in: a goal as a file states it, and a forecast's setup: what is believed of the machine, the
//! load, and how uncertain both are. Flows out: an [`Optimum`] with its gain over what is done now,
//! and how sure that gain is; a [`Schedule`]. All choices are compared over the same members (common
//! random numbers); the gain is measured on others, so that it is not biased by the choice.
//!
//! A search runs many ensembles: seconds to minutes, on all cores ([`optimise`]) or in pieces that fit
//! into a frame ([`Optimising`]).

mod course;
mod error;
mod expression;
mod optimum;
mod problem;
mod schedule;
mod search;
#[cfg(test)]
mod tests;

pub use error::OptimiseError;
pub use optimum::{Alternative, Gain, LimitMargin, Losses, Optimum, Setting, Trouble};
pub use problem::Problem;
pub use schedule::{Planned, Schedule, schedule};
pub use search::{Optimising, optimise};
