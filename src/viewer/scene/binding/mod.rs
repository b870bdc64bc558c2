//! Samples into something seen: bindings at the playhead.
//!
//! Flows in: the state in each scene's view, read through [`crate::history::State`]. Flows out:
//! transforms, tags, visibility, items. [`Round::Sample`] writes into
//! [`Bound`](super::bound::Bound) only what changed or still interpolates; [`Round::Present`] draws
//! only what was written. Nothing here reads a clock: a scene is a function of its view and the
//! samples.

mod draw;
mod items;
mod maths;
mod sample;
mod scales;
#[cfg(test)]
mod tests;
mod written;

use bevy::prelude::*;

pub use maths::{color, holds, node_transform};
pub use scales::scale_color;

use crate::viewer::base::Round;
use crate::viewer::time::survey;

/// Samples at the playhead into what is seen.
pub fn plugin(app: &mut App) {
    app.init_resource::<sample::Indexes>()
        .init_resource::<sample::Spawned>()
        .init_resource::<written::Written>()
        .init_resource::<draw::Appeared>()
        .add_observer(draw::note_part)
        .add_observer(sample::note)
        .add_systems(
            Update,
            (sample::index, sample::sample.after(survey::advance)).chain().in_set(Round::Sample),
        )
        .add_systems(
            Update,
            (draw::place, (draw::paint, draw::animate, items::show, draw::age))
                .chain()
                .in_set(Round::Present),
        );
}
