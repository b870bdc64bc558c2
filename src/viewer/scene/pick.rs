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

/// What [`hover`] remembers.
#[derive(Default)]
struct Hovering {
    /// Where it looked last, and when.
    looked: Option<(Vec2, f32)>,
    /// What it found there and has set.
    found: Option<AssetId>,
}

fn hover(
    pointer: Res<ScenePointer>,
    view: SceneView,
    parts: Query<&PartOf, Without<Scene>>,
    mut rays: MeshRayCast,
    mut selection: ResMut<Selection>,
    time: Res<Time<Real>>,
    mut before: Local<Hovering>,
) {
    let Some(at) = pointer.over.filter(|_| !pointer.dragging) else {
        let found = std::mem::take(&mut *before).found;
        // What a panel has set stays.
        if found.is_some() && selection.hovered == found {
            selection.hovered = None;
        }
        return;
    };
    let now_s = time.elapsed_secs();
    if before.looked.is_some_and(|(place, when_s)| place == at || now_s - when_s < HOVER_INTERVAL_S)
    {
        return;
    }
    let hovered = asset_at(at, *view, &parts, &mut rays);
    *before = Hovering { looked: Some((at, now_s)), found: hovered };
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

#[cfg(test)]
mod tests {
    use bevy::camera::primitives::Aabb;
    use bevy::camera::visibility::SetViewVisibility;
    use bevy::camera::{ComputedCameraValues, RenderTargetInfo};

    use super::*;

    const PUMP: AssetId = AssetId(1);
    const TANK: AssetId = AssetId(2);

    /// How often the selection was written.
    #[derive(Resource, Default)]
    struct Writes(usize);

    /// A pump of a metre in the middle of a view of a hundred pixels, two metres before the eye.
    fn app() -> App {
        let mut app = App::new();
        app.init_resource::<ScenePointer>()
            .init_resource::<Selection>()
            .init_resource::<Assets<Mesh>>()
            .init_resource::<Time<Real>>()
            .init_resource::<Writes>()
            .add_systems(Update, (hover, count).chain());
        let target = RenderTargetInfo { physical_size: UVec2::splat(100), scale_factor: 1.0 };
        let projection = PerspectiveProjection::default();
        let clip_from_view = bevy::camera::CameraProjection::get_clip_from_view(&projection);
        let computed =
            ComputedCameraValues { clip_from_view, target_info: Some(target), ..default() };
        let camera = Camera { computed, ..default() };
        app.world_mut().spawn((SceneCamera, camera, GlobalTransform::from_xyz(0.0, 0.0, 2.0)));
        let cube = app.world_mut().resource_mut::<Assets<Mesh>>().add(Cuboid::from_length(1.0));
        let part = app.world_mut().spawn((
            PartOf(PUMP),
            Mesh3d(cube),
            Aabb::from_min_max(Vec3::splat(-0.5), Vec3::splat(0.5)),
            GlobalTransform::IDENTITY,
            (Visibility::Visible, InheritedVisibility::VISIBLE),
        ));
        let part = part.id();
        app.world_mut()
            .get_mut::<ViewVisibility>(part)
            .expect("it comes with the mesh")
            .set_visible();
        app
    }

    fn count(selection: Res<Selection>, mut writes: ResMut<Writes>) {
        writes.0 += usize::from(selection.is_changed() && !selection.is_added());
    }

    fn at(app: &mut App, place: Option<Vec2>) -> Option<AssetId> {
        app.world_mut().resource_mut::<ScenePointer>().over = place;
        app.update();
        app.world().resource::<Selection>().hovered
    }

    #[test]
    fn what_a_panel_has_set_stays_while_the_pointer_is_not_over_the_scene() {
        let mut app = app();
        app.world_mut().resource_mut::<Selection>().hovered = Some(TANK);
        assert_eq!(at(&mut app, None), Some(TANK));
        let writes = app.world().resource::<Writes>().0;
        assert_eq!(at(&mut app, None), Some(TANK));
        assert_eq!(app.world().resource::<Writes>().0, writes, "nothing is written");
    }

    #[test]
    fn what_the_pointer_leaves_in_the_scene_is_hovered_no_more() {
        let mut app = app();
        assert_eq!(at(&mut app, Some(Vec2::splat(50.0))), Some(PUMP));
        assert_eq!(at(&mut app, None), None);
    }
}
