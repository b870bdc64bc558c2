//! What a machine will do: ensembles of coherent courses, events with their times, remaining life.
//!
//! Flows in: what is believed of a machine now, the load it will have, and how uncertain both are.
//! Flows out: a [`Forecast`]. Every member of the ensemble is a course that the model really takes;
//! it can be simulated again from its number alone ([`Simulating`]), and the state at a future
//! instant is read from it as that at a past one is ([`Outlook`]).

mod begin;
mod block;
mod correction;
mod directions;
mod event;
mod job;
mod kept;
pub mod optimise;
mod outlook;
mod pace;
mod pick;
mod quick;
mod result;
mod run;
mod score;
mod setup;
mod simulate;
mod spec;
mod summary;
#[cfg(test)]
mod tests;

pub use block::Met;
pub use correction::{CASES, Correction, Past};
pub use event::{EventForecast, FAILURE, Raw};
pub use job::{Believed, MakeForecast, Making};
pub use kept::{Came, Judged, Kept, KeptEvent, judge, learn};
pub use outlook::{COURSES, Integrated, Outlook};
pub use pick::Pick;
pub use quick::{Moments, Quick, Quickly};
pub use result::{Band, Forecast, LEVELS, MEMBERS, Member};
pub use run::Forecasting;
pub use score::{Score, Track, Wanted};
pub use setup::{Begin, LoadSpread, MOST_MEMBERS, Setup, Start};
pub use simulate::{Course, MOST_INSTANTS, Row, Simulating};
