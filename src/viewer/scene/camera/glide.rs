//! Moves the scene's camera towards its goal, and fits projection and viewport to what the panels
//! leave free.

use bevy::camera::{ScalingMode, SubCameraView, Viewport};
use bevy::prelude::*;
use bevy::time::Real;

use super::bounds::PlantBounds;
use super::orbit::{FOV_Y, Orbit, ease, visible_height};
use super::rig::{CameraRig, SceneCamera, orbit_of};
use crate::viewer::base::{Occlusion, SceneRect, TwinDefinition};

/// The whole plant is in view as soon as it has bounds, unless somebody has chosen otherwise.
pub(super) fn first_look(
    mut rig: ResMut<CameraRig>,
    plant: Res<PlantBounds>,
    twin: Option<Res<TwinDefinition>>,
    scene: Res<SceneRect>,
) {
    if rig.looked {
        // Panels open and windows grow: the viewpoint still shows what it was made to show.
        if scene.is_changed()
            && let Some(viewpoint) = &rig.at
        {
            rig.goal = orbit_of(viewpoint).adapted(scene.aspect());
        }
        return;
    }
    if let Some(viewpoint) = twin.as_ref().and_then(|twin| twin.0.viewpoints.first()) {
        rig.look_from(viewpoint, scene.aspect());
        rig.now = rig.goal;
        return;
    }
    // Parts arrive over some frames: the view follows until the user takes over.
    if let (Some(bounds), true) = (plant.all, plant.is_changed() || scene.is_changed()) {
        rig.goal = Orbit::default().fitted(&bounds, scene.aspect());
        rig.now = rig.goal;
    }
}

/// Moves the camera towards its goal, and fits projection and viewport to the free rectangle.
pub(super) fn glide(
    mut rig: ResMut<CameraRig>,
    scene: Res<SceneRect>,
    plant: Res<PlantBounds>,
    time: Option<Res<Time<Real>>>,
    occlusion: Option<Res<Occlusion>>,
    mut cameras: Query<(&mut Transform, &mut Projection, &mut Camera), With<SceneCamera>>,
) {
    let dt_s = time.map_or(0.0, |time| time.delta_secs());
    if rig.now != rig.goal {
        let share = if rig.jumps { 1.0 } else { ease(dt_s, rig.time_s) };
        let next = rig.now.lerp(rig.goal, share);
        rig.now = if share == 1.0 || next.is_near(&rig.goal) { rig.goal } else { next };
    }
    let whole = occlusion.is_some_and(|occlusion| occlusion.on);
    let orbit = rig.now;
    let reach = plant
        .all
        .map_or(50.0, |all| (all.centre() - orbit.target).length() + all.radius() + orbit.distance);
    for (mut transform, mut projection, mut camera) in &mut cameras {
        // In parallel projection the eye's distance changes nothing but what is cut off in front.
        let back = if rig.orthographic { orbit.distance.max(reach) } else { orbit.distance };
        let rotation = orbit.rotation();
        let placed = Transform {
            translation: orbit.target + rotation * Vec3::Z * back,
            rotation,
            scale: Vec3::ONE,
        };
        transform.set_if_neq(placed);
        let free = scene.viewport(&camera);
        let shift = free.as_ref().filter(|_| whole).and_then(|free| shift(free, &camera));
        let is_shifted = match (&camera.sub_camera_view, &shift) {
            (Some(a), Some(b)) => {
                (a.full_size, a.offset, a.size) == (b.full_size, b.offset, b.size)
            }
            (None, None) => true,
            _ => false,
        };
        if !is_shifted {
            camera.sub_camera_view = shift;
        }
        let wanted = free.filter(|_| !whole);
        let same = match (&camera.viewport, &wanted) {
            (Some(a), Some(b)) => {
                (a.physical_position, a.physical_size) == (b.physical_position, b.physical_size)
            }
            (None, None) => true,
            _ => false,
        };
        if !same {
            camera.viewport = wanted;
        }
        set_projection(&mut projection, &rig, back + reach);
    }
}

fn set_projection(projection: &mut Mut<Projection>, rig: &CameraRig, far: f32) {
    let near = (rig.now.distance * 0.02).clamp(1e-4, 0.5);
    // Beyond it nothing is drawn: a site of kilometres is seen from farther away.
    let reach = (rig.now.distance * 4.0).max(12_000.0);
    if rig.orthographic {
        let height = visible_height(rig.now.distance);
        let far = far * 1.5 + 100.0;
        if let Projection::Orthographic(old) = &**projection
            && matches!(old.scaling_mode, ScalingMode::FixedVertical { viewport_height }
                if viewport_height == height)
            && old.far == far
        {
            return;
        }
        **projection = Projection::Orthographic(OrthographicProjection {
            near: 0.05,
            far,
            scaling_mode: ScalingMode::FixedVertical { viewport_height: height },
            ..OrthographicProjection::default_3d()
        });
    } else {
        if let Projection::Perspective(old) = &**projection
            && old.near == near
            && old.far == reach
            && old.fov == FOV_Y
        {
            return;
        }
        **projection = Projection::Perspective(PerspectiveProjection {
            fov: FOV_Y,
            near,
            far: reach,
            ..default()
        });
    }
}

/// Draws into the whole target what a camera with that viewport sees, with all around it, so that
/// the free rectangle shows the same.
fn shift(free: &Viewport, camera: &Camera) -> Option<SubCameraView> {
    Some(SubCameraView {
        full_size: free.physical_size,
        offset: -free.physical_position.as_vec2(),
        size: camera.physical_target_size()?,
    })
}

impl SceneRect {
    /// The camera's viewport: the free rectangle in pixels, `None` for the whole target.
    fn viewport(&self, camera: &Camera) -> Option<Viewport> {
        let rect = self.rect?;
        let target = camera.physical_target_size()?;
        let scale = camera.target_scaling_factor()?;
        let min = (rect.min * scale).round().max(Vec2::ZERO).as_uvec2().min(target);
        let max = (rect.max * scale).round().max(Vec2::ZERO).as_uvec2().min(target);
        let size = max.saturating_sub(min);
        // A viewport without area is an error of the renderer.
        (size.x > 0 && size.y > 0).then(|| Viewport {
            physical_position: min,
            physical_size: size,
            ..default()
        })
    }
}
