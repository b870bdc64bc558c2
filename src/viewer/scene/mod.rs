//! The scene: models, what bindings make of them, labels, light, the camera and picking. Stands on
//! [`time`](super::time) and [`base`](super::base).

pub mod binding;
pub mod bound;
pub mod camera;
pub mod label;
pub mod light;
pub mod look;
pub mod models;
pub mod outline;
pub mod pick;
mod placement;
mod track;

pub use track::Track;
