//! The outline around what is selected and around what the pointer is over; of a group, around all in it.
//!
//! Flows in: [`Selection`](crate::viewer::base::Selection), and parts as they appear. Flows out: the parts'
//! silhouettes, drawn by a camera of their own into a picture, and a line around them over the scene. The
//! surfaces themselves stay as they are: their colours say how the machine is. The line is seen through
//! whatever stands before it. While nothing is marked, neither camera nor line is drawn.

mod draw;
mod mark;

use bevy::prelude::*;

use crate::viewer::base::{Round, Selection};
pub use draw::Mark;
use draw::{LineMaterial, SilhouetteMaterial};

/// Outlines what is selected and what the pointer is over.
pub fn plugin(app: &mut App) {
    draw::load_shaders(app);
    app.add_plugins((
        MaterialPlugin::<SilhouetteMaterial>::default(),
        MaterialPlugin::<LineMaterial>::default(),
    ))
    .add_systems(Startup, draw::make)
    .add_systems(Update, draw::follow.after(mark::mark).in_set(Round::Ui));
    systems(app);
}

/// All of [`plugin`] that needs no renderer.
pub(in crate::viewer::scene) fn systems(app: &mut App) {
    app.init_resource::<Selection>()
        .init_resource::<mark::Marked>()
        .init_resource::<Assets<SilhouetteMaterial>>()
        .init_resource::<draw::Silhouette>()
        .add_observer(mark::note)
        // What was to go in this frame is gone: nothing is marked that is not there.
        .add_systems(Update, mark::mark.in_set(Round::Ui));
}
