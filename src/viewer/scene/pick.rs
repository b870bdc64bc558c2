//! What is under the pointer: hovering, selecting with a click, flying with a double click.
//!
//! Flows in: the pointer's place over the scene. Flows out: what is hovered, and requests.

use bevy::picking::mesh_picking::ray_cast::{MeshRayCast, MeshRayCastSettings, RayCastVisibility};
use bevy::prelude::*;
use bevy::time::Real;

use crate::twin::AssetId;
use crate::viewer::base::{
    Command, CommandRequest, Origin, PartOf, Round, Scene, Selection, TwinDefinition,
};
use crate::viewer::scene::camera::{Gesture, SceneCamera, ScenePointer};
use crate::viewer::scene::label::{self, PlacedLabels};

/// Casting a ray looks at every triangle near it: while the pointer moves, some times a second do.
const HOVER_INTERVAL_S: f32 = 0.08;

/// Adds picking.
pub fn plugin(app: &mut App) {
    app.add_systems(Update, (hover, click).in_set(Round::Ui));
}

type SceneView<'w, 's> =
    Single<'w, 's, (&'static Camera, &'static GlobalTransform), With<SceneCamera>>;

fn hover(
    pointer: Res<ScenePointer>,
    view: SceneView,
    parts: Query<&PartOf, Without<Scene>>,
    mut rays: MeshRayCast,
    mut selection: ResMut<Selection>,
    time: Res<Time<Real>>,
    mut seen: Local<Option<(Vec2, f32)>>,
) {
    let Some(at) = pointer.over.filter(|_| !pointer.dragging) else {
        *seen = None;
        if selection.hovered.is_some() {
            selection.hovered = None;
        }
        return;
    };
    let now_s = time.elapsed_secs();
    if seen.is_some_and(|(place, when_s)| place == at || now_s - when_s < HOVER_INTERVAL_S) {
        return;
    }
    *seen = Some((at, now_s));
    let hovered = asset_at(at, *view, &parts, &mut rays);
    if selection.hovered != hovered {
        selection.hovered = hovered;
    }
}

fn click(
    pointer: Res<ScenePointer>,
    view: SceneView,
    parts: Query<&PartOf, Without<Scene>>,
    twin: Res<TwinDefinition>,
    labels: Res<PlacedLabels>,
    mut rays: MeshRayCast,
    mut requests: MessageWriter<CommandRequest>,
) {
    // Floors and fences have no properties: a click on them selects nothing.
    let has_properties = |asset: &AssetId| !twin.0.asset(*asset).properties.is_empty();
    let command = match pointer.gesture {
        None => return,
        Some(Gesture::Click(at)) => label::click(&labels, at).unwrap_or_else(|| {
            Command::Select(asset_at(at, *view, &parts, &mut rays).filter(has_properties))
        }),
        Some(Gesture::DoubleClick(at)) => match asset_at(at, *view, &parts, &mut rays) {
            Some(asset) => Command::FlyTo(asset),
            None => return,
        },
    };
    requests.write(command.by(Origin::User));
}

/// The asset whose part is nearest along the ray through that place in the window.
fn asset_at(
    at: Vec2,
    (camera, camera_transform): (&Camera, &GlobalTransform),
    parts: &Query<&PartOf, Without<Scene>>,
    rays: &mut MeshRayCast,
) -> Option<AssetId> {
    let ray = camera.viewport_to_world(camera_transform, at).ok()?;
    let is_part = |entity: Entity| parts.contains(entity);
    let settings = MeshRayCastSettings::default()
        .with_visibility(RayCastVisibility::VisibleInView)
        .with_filter(&is_part);
    let (entity, _) = rays.cast_ray(ray, &settings).first()?;
    parts.get(*entity).ok().map(|part| part.0)
}
