//! The one place where a command becomes its effect.

use bevy::ecs::system::SystemParam;
use bevy::prelude::*;

use crate::viewer::base::{
    Command, Palette, Round, SceneRect, Selection, Shown, StandardView, ThemeChoice,
    TwinDefinition, settings,
};
use crate::viewer::scene::camera::{Bounds, CameraRig, PlantBounds, SavedViewpoints, bounds_of};

pub(super) fn plugin(app: &mut App) {
    // Before the playhead moves, so that what a command asks for is in the same frame's picture.
    app.add_systems(
        Update,
        take_effect.in_set(EffectSystems).before(Round::Playhead).after(Round::Ingest),
    );
}

/// Commands become effects.
#[derive(SystemSet, Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct EffectSystems;

/// Name under which the theme is remembered.
const THEME: &str = "theme.json";

/// The theme that the user chose last.
pub(super) fn remembered_theme() -> Option<ThemeChoice> {
    settings::read(THEME)
}

#[derive(SystemParam)]
struct Effects<'w> {
    selection: ResMut<'w, Selection>,
    shown: ResMut<'w, Shown>,
    palette: ResMut<'w, Palette>,
    rig: ResMut<'w, CameraRig>,
    saved: ResMut<'w, SavedViewpoints>,
    plant: Res<'w, PlantBounds>,
    scene: Res<'w, SceneRect>,
    twin: Res<'w, TwinDefinition>,
}

fn take_effect(mut commands: MessageReader<Command>, mut effects: Effects) {
    for command in commands.read() {
        effects.take(command);
    }
}

impl Effects<'_> {
    fn take(&mut self, command: &Command) {
        // What was clicked may be of a definition that has gone since.
        if let Command::Select(Some(asset)) | Command::FlyTo(asset) = command
            && asset.0 as usize >= self.twin.0.assets.len()
        {
            return;
        }
        match command {
            Command::Select(asset) => {
                if self.selection.selected != *asset {
                    self.selection.selected = *asset;
                }
            }
            Command::FlyTo(asset) => {
                self.selection.selected = Some(*asset);
                if let Some(bounds) = bounds_of(&self.plant, &self.twin, *asset) {
                    self.rig.fit(&padded(bounds), self.scene.aspect());
                }
            }
            Command::FitAll => {
                if let Some(bounds) = self.plant.all {
                    self.rig.fit(&bounds, self.scene.aspect());
                }
            }
            Command::Viewpoint(number) => self.look_from(*number),
            Command::LookFrom(place) => self.rig.look_from(place, self.scene.aspect()),
            Command::SaveViewpoint(name) => {
                self.saved.keep(self.rig.viewpoint(name, self.scene.aspect()).into())
            }
            Command::ForgetViewpoint(name) => self.saved.forget(name),
            Command::Standard(view) => self.standard(*view),
            Command::ToggleProjection => self.rig.orthographic = !self.rig.orthographic,
            Command::Theme(choice) => {
                if self.palette.choice != *choice {
                    *self.palette = Palette::of(*choice);
                    settings::write(THEME, &serde_json::json!(choice).to_string());
                }
            }
            Command::ToggleLabels => self.shown.labels = !self.shown.labels,
            Command::ToggleOcclusion => self.shown.occlusion = !self.shown.occlusion,
            Command::TogglePanels => self.shown.panels = !self.shown.panels,
            Command::ToggleHelp => self.shown.help = !self.shown.help,
            // The owners of the playhead and of the panels read these themselves.
            Command::Seek(_)
            | Command::Follow
            | Command::Play(_)
            | Command::Speed(_)
            | Command::ShowMessages
            | Command::ResetLayout
            | Command::CopyLink => {}
        }
    }

    /// The twin's viewpoints come first, then the user's; without any the first is an overview.
    fn look_from(&mut self, number: usize) {
        let own = &self.twin.0.viewpoints;
        if let Some(viewpoint) = own.get(number) {
            self.rig.look_from(viewpoint, self.scene.aspect());
        } else if let Some(kept) = self.saved.list.get(number - own.len()) {
            self.rig.look_from(&kept.clone().into(), self.scene.aspect());
        } else if number == 0 {
            self.standard(StandardView::Isometric);
        }
    }

    fn standard(&mut self, view: StandardView) {
        let selected = self.selection.selected;
        let wanted = selected.and_then(|asset| bounds_of(&self.plant, &self.twin, asset));
        if let Some(bounds) = wanted.map(padded).or(self.plant.all) {
            self.rig.standard(view, &bounds, self.scene.aspect());
        }
    }
}

/// A machine with some of its surroundings.
fn padded(bounds: Bounds) -> Bounds {
    let margin = Vec3::splat(0.25 * bounds.radius() + 0.2);
    Bounds { min: bounds.min - margin, max: bounds.max + margin }
}
