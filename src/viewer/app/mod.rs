//! The app, composed of all plugins: in a window, as a picture, steered by others; and what opens
//! files and links.
//!
//! Flows in: [`ViewerOptions`]. Flows out: a Bevy app whose frame runs the sets of
//! [`Round`](crate::viewer::Round) in order.

mod build;
mod cameras;
pub mod command_log;
pub(super) mod definition;
mod dispatch;
#[cfg(not(target_arch = "wasm32"))]
pub mod headless;
#[cfg(not(target_arch = "wasm32"))]
mod icon;
pub mod link;
#[cfg(not(target_arch = "wasm32"))]
mod log;
#[cfg(not(target_arch = "wasm32"))]
mod machine;
pub mod open;
mod options;
pub mod permission;
#[cfg(not(target_arch = "wasm32"))]
mod place;
pub mod remote;
#[cfg(test)]
pub(super) mod testing;
mod viewed;
#[cfg(not(target_arch = "wasm32"))]
pub(super) mod watch;
mod window;

pub use build::run;
pub use options::{Failure, ViewerOptions};
