//! The 3D viewer: the only room that knows Bevy and egui.
//!
//! Flows in: a twin and batches of telemetry. Flows out: pictures, and what the user asks for as
//! [`Command`]s. One round of a frame runs the sets of [`Round`] in order; everything that is seen
//! is read through [`crate::history::State`] at the playhead.

pub mod app;
pub mod binding;
pub mod camera;
mod command;
mod definition;
pub mod files;
mod frame_time;
#[cfg(not(target_arch = "wasm32"))]
pub mod headless;
pub mod ingest;
pub mod label;
pub mod light;
pub mod link;
pub mod open;
mod pick;
pub mod playback;
mod playhead;
pub mod remote;
pub mod scene;
mod settings;
mod state;
pub mod theme;
pub mod ui;

pub use app::{Failure, Options, run};
pub use command::{Command, StandardView, ThemeChoice};
#[cfg(not(target_arch = "wasm32"))]
pub use headless::{Picture, render};
pub use state::{
    AssetRoot, Paint, PartOf, Playhead, Round, SceneRect, Selection, Shown, TwinDefinition,
};
