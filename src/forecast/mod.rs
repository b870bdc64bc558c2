//! What a machine will do: ensembles of coherent courses, events with their times, remaining life.
//!
//! Flows in: what is believed of a machine now, the load it will have, and how uncertain both are.
//! Flows out: a [`Forecast`]. Every member of the ensemble is a course that the model really takes;
//! it can be simulated again from its number alone ([`Simulating`]), and the state at a future
//! instant is read from it as that at a past one is ([`Outlook`]).

mod block;
mod correction;
mod courses;
mod directions;
mod error;
mod event;
mod job;
mod limits;
mod moments;
pub mod optimise;
mod outlook;
mod pace;
mod pick;
mod result;
mod run;
mod score;
mod setup;
mod simulate;
mod spec;
mod start;
mod steps;
mod stored;
mod summary;
#[cfg(test)]
mod tests;
mod unscented;

pub use block::EventTime;
pub use correction::{CASES, Correction, PastForecast};
pub use error::{CorrectionError, ForecastError, JobError, OutlookError, PickError, StoreError};
pub use event::{EventForecast, FAILURE, Raw};
pub use job::{BeliefMessage, ForecastRun, MakeForecast};
pub use limits::{MOST_INSTANTS, MOST_MEMBER_STEPS, MOST_MEMBERS, MOST_STEPS};
pub use moments::Moments;
pub use outlook::{COURSES, Integrated, Outlook};
pub use pick::Pick;
pub use result::{Band, Forecast, LEVELS, MEMBERS, Member};
pub use run::Forecasting;
pub use score::{Score, Track, Wanted};
pub use setup::{ForecastSetup, LoadSpread, MemberStart, Start};
pub use simulate::{Course, Row, Simulating};
pub use stored::{EventRecord, ScoredTrack, StoredEvent, StoredForecast, judge, learn};
pub use unscented::{UnscentedForecast, UnscentedForecasting};
