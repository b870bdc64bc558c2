//! What can be asked of the camera.

use bevy::ecs::system::SystemParam;
use bevy::prelude::*;

use super::bounds::{PlantBounds, bounds_of};
use super::orbit::Bounds;
use super::rig::CameraRig;
use super::saved::SavedViewpoints;
use crate::twin::{AssetId, Viewpoint};
use crate::viewer::base::{SceneRect, StandardView, TwinDefinition};

/// The camera, and what it can be sent to, for whoever may move it.
#[derive(SystemParam)]
pub struct CameraControl<'w> {
    rig: ResMut<'w, CameraRig>,
    saved: ResMut<'w, SavedViewpoints>,
    plant: Res<'w, PlantBounds>,
    scene: Res<'w, SceneRect>,
    twin: Res<'w, TwinDefinition>,
}

impl CameraControl<'_> {
    /// Flies to where an asset is seen with some of its surroundings; what is not drawn is not flown
    /// to.
    pub fn fit(&mut self, asset: AssetId) {
        if let Some(bounds) = bounds_of(&self.plant, &self.twin, asset) {
            self.rig.fit(&padded(bounds), self.scene.aspect());
        }
    }

    /// Flies to where the whole plant is seen.
    pub fn fit_all(&mut self) {
        if let Some(bounds) = self.plant.all {
            self.rig.fit(&bounds, self.scene.aspect());
        }
    }

    /// Flies to a viewpoint by its number from 0. The twin's come first, then the user's; without
    /// any the first is an overview.
    ///
    /// # Errors
    /// When there is no viewpoint of that number.
    pub fn viewpoint(&mut self, number: usize, selected: Option<AssetId>) -> Result<(), String> {
        let own = &self.twin.0.viewpoints;
        if let Some(viewpoint) = own.get(number) {
            self.rig.look_from(viewpoint, self.scene.aspect());
        } else if let Some(kept) = self.saved.list.get(number - own.len()) {
            self.rig.look_from(&kept.clone().into(), self.scene.aspect());
        } else if number == 0 {
            self.standard(StandardView::Isometric, selected);
        } else {
            return Err(format!("there is no viewpoint {}", number + 1));
        }
        Ok(())
    }

    /// Flies to a place.
    pub fn look_from(&mut self, place: &Viewpoint) {
        self.rig.look_from(place, self.scene.aspect());
    }

    /// Looks from a standard direction at what is selected, or at the whole plant.
    pub fn standard(&mut self, view: StandardView, selected: Option<AssetId>) {
        let wanted = selected.and_then(|asset| bounds_of(&self.plant, &self.twin, asset));
        if let Some(bounds) = wanted.map(padded).or(self.plant.all) {
            self.rig.standard(view, &bounds, self.scene.aspect());
        }
    }

    /// Changes between perspective and parallel projection.
    pub fn toggle_projection(&mut self) {
        self.rig.orthographic = !self.rig.orthographic;
    }

    /// Where the camera stands, or is flying to.
    pub fn present(&self, name: &str) -> Viewpoint {
        self.rig.viewpoint(name, self.scene.aspect())
    }

    /// Keeps the present place as a viewpoint of the user.
    pub fn save(&mut self, name: &str) {
        let viewpoint = self.present(name);
        self.saved.keep(viewpoint.into());
    }

    /// Forgets the viewpoint of the user with that name.
    pub fn forget(&mut self, name: &str) {
        self.saved.forget(name);
    }
}

/// A machine with some of its surroundings.
fn padded(bounds: Bounds) -> Bounds {
    let margin = Vec3::splat(0.25 * bounds.radius() + bounds.radius().min(0.2));
    Bounds { min: bounds.min - margin, max: bounds.max + margin }
}
