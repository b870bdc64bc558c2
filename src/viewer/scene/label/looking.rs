//! What labels are made of.

use bevy::prelude::*;

use crate::twin::{AssetId, Condition, PropertyId};
use crate::viewer::base::{Palette, Playhead, SceneRect, Selection, Shown, TwinDefinition};
use crate::viewer::scene::camera::PlantBounds;
use crate::viewer::time::{Sources, Survey};

/// What is on screen in one frame.
#[derive(bevy::ecs::system::SystemParam)]
pub(super) struct Looking<'w> {
    pub twin: Res<'w, TwinDefinition>,
    pub sources: Res<'w, Sources>,
    pub survey: Res<'w, Survey>,
    pub playhead: Res<'w, Playhead>,
    pub palette: Res<'w, Palette>,
    pub selection: Res<'w, Selection>,
    pub scene: Res<'w, SceneRect>,
    pub shown: Res<'w, Shown>,
    pub plant: Res<'w, PlantBounds>,
}

impl Looking<'_> {
    /// The property of an asset that needs attention most in the present view; `budget` is what may still be
    /// judged for it.
    pub fn worst_of(&self, asset: AssetId, budget: &mut usize) -> Option<(Condition, PropertyId)> {
        let view = self.playhead.view();
        self.survey.worst_in(&**self.sources, &self.twin.0, view, asset, budget)
    }
}
