//! The camera: orbit, pan, zoom to the pointer, fit, flights, viewpoints, projections.
//!
//! Flows in: the pointer over the scene, and calls of [`CameraControl`]. Flows out: the scene camera's
//! transform, projection and viewport, the plant's bounds. Its glide is the only motion in the
//! viewer that follows real time.

mod bounds;
mod control;
mod glide;
mod orbit;
mod pointer;
mod rig;
mod saved;

use bevy::prelude::*;

pub use bounds::{PlantBounds, bounds_of};
pub use control::CameraControl;
pub use orbit::{Bounds, FOV_Y, Orbit, VIEWPOINT_ASPECT, ease, visible_height};
pub use pointer::{Gesture, ScenePointer};
pub use rig::{CameraRig, SceneCamera, orbit_of};
pub use saved::{SavedViewpoint, SavedViewpoints};

use crate::viewer::base::Round;

/// Adds the camera's systems.
pub fn plugin(app: &mut App) {
    app.init_resource::<CameraRig>()
        .init_resource::<PlantBounds>()
        .init_resource::<bounds::Unmeasured>()
        .init_resource::<ScenePointer>()
        .init_resource::<SavedViewpoints>()
        .add_observer(bounds::come)
        .add_observer(bounds::go)
        .add_observer(bounds::come_asset)
        .add_systems(Startup, saved::load)
        .add_systems(
            Update,
            (bounds::measure, glide::first_look, pointer::read, glide::glide)
                .chain()
                .in_set(Round::Present),
        )
        .add_systems(Update, saved::store.in_set(Round::Ui));
}
