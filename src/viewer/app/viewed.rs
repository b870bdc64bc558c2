//! The present view as a link, and its way into the clipboard.

use bevy::ecs::system::SystemParam;
use bevy::prelude::*;
use bevy_egui::{EguiContexts, EguiPrimaryContextPass};

use super::link::{Link, LinkCamera};
use crate::viewer::base::{
    Command, LinkBase, Notice, Paint, Playhead, SceneRect, Selection, Severity, TwinDefinition,
};
use crate::viewer::scene::camera::CameraRig;

/// Copies links when that is asked for.
pub(super) fn plugin(app: &mut App) {
    app.add_systems(EguiPrimaryContextPass, copy_link.in_set(Paint::Panels));
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
        let selected = self.selection.selected;
        Link {
            asset: selected.map(|asset| self.twin.0.asset(asset).path.to_string()),
            camera: Some(LinkCamera::Placed(self.rig.viewpoint("", self.scene.aspect()))),
            time: (!self.playhead.following).then_some(self.playhead.time),
            ..Link::default()
        }
    }
}

/// Puts a link to the present view into the clipboard.
fn copy_link(
    mut asked: MessageReader<Command>,
    mut contexts: EguiContexts,
    viewed: Viewed,
    base: Res<LinkBase>,
    mut problems: MessageWriter<Notice>,
) -> Result {
    if !asked.read().any(|command| *command == Command::CopyLink) {
        return Ok(());
    }
    contexts.ctx_mut()?.copy_text(format!("{}#{}", base.0, viewed.link().format()));
    let text = "A link to this view is in the clipboard".to_owned();
    problems.write(Notice { asset: None, file: None, severity: Severity::Info, text });
    Ok(())
}
