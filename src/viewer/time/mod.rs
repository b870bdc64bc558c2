//! Time: samples into the live plant, recordings beside it, the playhead over both, and who follows
//! what changed. Stands on [`base`](super::base) alone.

mod ageing;
mod control;
mod follow;
pub mod ingest;
pub mod playback;
pub mod playhead;
mod rollup;
mod sources;
pub mod survey;

pub use control::TimeControl;
pub use follow::{Anew, Follower};
pub use playback::{Playback, Stage};
pub use playhead::SPEEDS;
pub use sources::{Behind, Keep, OnScreen, Sources, TelemetryLink, WallClock};
pub use survey::Survey;
