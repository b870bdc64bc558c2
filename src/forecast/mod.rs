//! What a machine will do: ensembles of coherent courses, events with their times, remaining life.
//!
//! Flows in: what is believed of a machine now, the load it will have, and how uncertain both are.
//! Flows out: a [`Forecast`]. Every member of the ensemble is a course that the model really takes;
//! it can be simulated again from its number alone.

mod block;
mod correction;
mod kept;
pub mod optimise;
mod pace;
mod quick;
mod result;
mod run;
mod score;
mod setup;
mod spec;
#[cfg(test)]
mod tests;

pub use block::Met;
pub use correction::{CASES, Correction, Past};
pub use kept::{Came, Judged, Kept, KeptEvent, judge, learn};
pub use quick::{Moments, Quick, Quickly};
pub use result::{Band, EventForecast, Forecast, LEVELS, MEMBERS, Member};
pub use run::Forecasting;
pub use score::{Score, Track, Wanted};
pub use setup::{Begin, LoadSpread, Setup, Start};
