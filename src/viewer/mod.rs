//! The 3D viewer: the only room that knows Bevy and egui.
//!
//! Flows in: a twin and batches of telemetry. Flows out: pictures, and what the user asks for as
//! [`Command`]s. One round of a frame runs the sets of [`Round`] in order; everything that is seen
//! is read through [`crate::history::State`] at the playhead.

mod command;
mod state;

pub use command::{Command, StandardView, ThemeChoice};
pub use state::{AssetRoot, PartOf, Playhead, Round, Selection, TwinDefinition};
