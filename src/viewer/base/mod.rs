//! The ground of the viewer, which all its other layers stand on: state, commands, notices,
//! settings, files, workers and colours. It knows none of them.

pub mod command;
#[cfg(target_arch = "wasm32")]
pub mod fetch;
pub mod files;
pub mod frame_time;
mod notice;
pub mod settings;
mod state;
pub mod theme;
pub mod workers;

pub use command::{Command, CommandRequest, Origin, StandardView, ThemeChoice};
pub use files::Files;
pub use frame_time::FrameTime;
pub use notice::{Notice, Severity};
pub use state::{
    AssetRoot, Item, LinkBase, Occlusion, Paint, PartOf, Playhead, Round, Scene, SceneRect,
    SceneView, SceneViews, Seen, Selection, Shown, TwinDefinition,
};
pub use theme::{Palette, ScenePalette};
pub use workers::Work;
