//! How large the plant is, and each asset of it.

use std::collections::HashMap;

use bevy::camera::primitives::Aabb;
use bevy::prelude::*;

use super::orbit::Bounds;
use crate::twin::AssetId;
use crate::viewer::base::{PartOf, Scene, TwinDefinition};

/// Boxes around what is drawn, in the world's frame. Measured when parts appear or go, not as they
/// move: a moving part does not move the camera.
#[derive(Resource, Clone, Debug, Default)]
pub struct PlantBounds {
    /// Around everything; `None` while nothing is drawn.
    pub all: Option<Bounds>,
    /// Around each asset's own parts.
    pub by_asset: HashMap<AssetId, Bounds>,
}

/// Parts of the main scene carry no scene. All scenes stand at the same place: one is measured.
type OfMainScene = (With<PartOf>, Without<Scene>);

pub(super) fn measure(
    parts: Query<(&PartOf, &Aabb, &GlobalTransform), OfMainScene>,
    fresh: Query<(), (OfMainScene, Added<Aabb>)>,
    mut gone: RemovedComponents<PartOf>,
    mut plant: ResMut<PlantBounds>,
    mut settled: Local<u8>,
) {
    let changed = !fresh.is_empty() || gone.read().count() > 0;
    // A part's place is known only after the frame that made it: measure once more.
    if !changed && *settled == 0 {
        return;
    }
    *settled = if changed { 2 } else { *settled - 1 };
    let mut by_asset: HashMap<AssetId, Bounds> = HashMap::new();
    for (part, aabb, world_from_part) in &parts {
        let bounds = world_box(aabb, world_from_part);
        by_asset.entry(part.0).and_modify(|all| *all = all.union(bounds)).or_insert(bounds);
    }
    plant.all = by_asset.values().copied().reduce(Bounds::union);
    plant.by_asset = by_asset;
}

/// What of an asset to look at: its own parts and those of all below it.
pub fn bounds_of(plant: &PlantBounds, twin: &TwinDefinition, asset: AssetId) -> Option<Bounds> {
    let inside = |candidate: AssetId| {
        std::iter::successors(Some(candidate), |at| twin.0.asset(*at).parent).any(|at| at == asset)
    };
    // Measured in the last frame, perhaps of another definition.
    let known = |candidate: AssetId| (candidate.0 as usize) < twin.0.assets.len();
    plant
        .by_asset
        .iter()
        .filter(|(candidate, _)| known(**candidate) && inside(**candidate))
        .map(|(_, bounds)| *bounds)
        .reduce(Bounds::union)
}

/// The box in the world around a part's own box.
fn world_box(aabb: &Aabb, world_from_part: &GlobalTransform) -> Bounds {
    let affine = world_from_part.affine();
    let centre = affine.transform_point3a(aabb.center);
    let m = affine.matrix3;
    let half = m.x_axis.abs() * aabb.half_extents.x
        + m.y_axis.abs() * aabb.half_extents.y
        + m.z_axis.abs() * aabb.half_extents.z;
    Bounds { min: (centre - half).into(), max: (centre + half).into() }
}
