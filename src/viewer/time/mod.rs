//! Time: samples into the mirror, recordings beside the plant, and the playhead over both. Stands
//! on [`base`](super::base) alone.

mod control;
pub mod ingest;
pub mod playback;
pub mod playhead;
mod sources;

pub use control::TimeControl;
pub use playback::{Playback, Stage};
pub use playhead::SPEEDS;
pub use sources::{Keep, LiveMirror, TelemetryLink, WallClock};
