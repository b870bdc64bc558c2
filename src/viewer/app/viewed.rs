//! The present view as a link, and its way into the clipboard.

use bevy::ecs::system::SystemParam;
use bevy::prelude::*;
use bevy_egui::{EguiContexts, EguiPrimaryContextPass};

use super::link::{Link, LinkCamera};
use crate::twin::{Twin, Viewpoint};
use crate::viewer::base::{Paint, Playhead, SceneRect, Selection, TwinDefinition};
use crate::viewer::scene::camera::CameraRig;

/// Copies what is in [`ToClipboard`].
pub(super) fn plugin(app: &mut App) {
    app.init_resource::<ToClipboard>()
        .add_systems(EguiPrimaryContextPass, copy.in_set(Paint::Panels));
}

/// A view as a link: what is selected, where the camera is, and the time unless it follows the
/// present.
pub(super) fn link_of(
    twin: &Twin,
    selection: &Selection,
    playhead: &Playhead,
    camera: Viewpoint,
) -> Link {
    Link {
        asset: selection.selected.map(|asset| twin.asset(asset).path.to_string()),
        camera: Some(LinkCamera::Placed(camera)),
        time: (!playhead.following).then_some(playhead.time),
        ..Link::default()
    }
}

/// What a link to the present view is made from.
#[derive(SystemParam)]
pub(super) struct Viewed<'w> {
    pub twin: Res<'w, TwinDefinition>,
    pub selection: Res<'w, Selection>,
    pub playhead: Res<'w, Playhead>,
    rig: Res<'w, CameraRig>,
    scene: Res<'w, SceneRect>,
}

impl Viewed<'_> {
    /// The present view as a link.
    pub(super) fn link(&self) -> Link {
        let camera = self.rig.viewpoint("", self.scene.aspect());
        link_of(&self.twin.0, &self.selection, &self.playhead, camera)
    }
}

/// A text on its way into the clipboard, which only the panels' pass can reach.
#[derive(Resource, Default)]
pub(super) struct ToClipboard(pub Option<String>);

fn copy(mut text: ResMut<ToClipboard>, mut contexts: EguiContexts) -> Result {
    if text.0.is_some() {
        let context = contexts.ctx_mut()?;
        text.0.take().into_iter().for_each(|text| context.copy_text(text));
    }
    Ok(())
}
