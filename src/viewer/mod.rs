//! The 3D viewer: the only room that knows Bevy and egui.
//!
//! Flows in: a twin and batches of telemetry. Flows out: pictures, and what the user asks for as
//! [`Command`]s. One round of a frame runs the sets of [`Round`] in order; everything that is seen
//! is read through [`crate::history::State`] at the playhead.
//!
//! Its layers, from the ground up; a file imports from its own layer and from lower ones, never
//! from a higher one, and a test keeps it so (`tests/integration/layers`):
//!
//! | layer | what is in it |
//! |---|---|
//! | [`base`] | state, commands, notices, settings, files, workers, colours |
//! | [`time`] | sources and the mirror, recordings, the playhead, who follows what changed, the survey |
//! | [`scene`] | models, bindings, labels, light, the camera and picking |
//! | [`ui`] | panels and keys |
//! | [`app`] | composition: window, pictures without one, remote steering, opening of files, links |

pub mod app;
pub mod base;
pub mod scene;
pub mod time;
pub mod ui;

#[cfg(not(target_arch = "wasm32"))]
pub use app::headless::{Picture, render};
pub use app::{Failure, ViewerOptions, run};
pub use base::{
    AssetRoot, Command, Paint, PartOf, Playhead, Round, SceneRect, Selection, Shown, StandardView,
    ThemeChoice, TwinDefinition,
};
