//! The camera: orbit, pan, zoom to the pointer, fit, flights, viewpoints, projections.
//!
//! Flows in: the pointer over the scene, commands. Flows out: the scene camera's transform,
//! projection and viewport, the plant's bounds. Its glide is the only motion in the viewer that
//! follows real time.

mod bounds;
mod orbit;
mod pointer;
mod saved;

use bevy::camera::{ScalingMode, SubCameraView, Viewport};
use bevy::prelude::*;
use bevy::time::Real;

pub use bounds::PlantBounds;
pub use orbit::{Bounds, FOV_Y, Orbit, VIEWPOINT_ASPECT, ease, visible_height};
pub use pointer::{Gesture, ScenePointer};
pub use saved::{SavedViewpoint, SavedViewpoints};

use super::command::StandardView;
use super::light::Occlusion;
use super::state::{Round, SceneRect, TwinDefinition};
use crate::twin::{AssetId, Viewpoint};

/// The camera that draws the scene.
#[derive(Component)]
pub struct SceneCamera;

/// Seconds after which a flight has done 63 % of its way.
const FLIGHT_S: f32 = 0.22;
/// The same while the hand leads.
const FOLLOW_S: f32 = 0.035;
/// Nearest and farthest the eye may come to its target, in metres.
const REACH: (f32, f32) = (0.25, 1500.0);

/// Adds the camera's systems.
pub fn plugin(app: &mut App) {
    app.init_resource::<CameraRig>()
        .init_resource::<PlantBounds>()
        .init_resource::<ScenePointer>()
        .init_resource::<SavedViewpoints>()
        .add_systems(Startup, saved::load)
        .add_systems(
            Update,
            (bounds::measure, first_look, pointer::read, glide).chain().in_set(Round::Present),
        )
        .add_systems(Update, saved::store.in_set(Round::Ui));
}

/// Where the camera is and where it is going.
#[derive(Resource, Clone, Debug)]
pub struct CameraRig {
    /// What is drawn.
    pub now: Orbit,
    /// Where it glides to.
    pub goal: Orbit,
    /// Parallel instead of perspective projection.
    pub orthographic: bool,
    time_s: f32,
    looked: bool,
    jumps: bool,
    /// The viewpoint that it was last sent to, until somebody moves it elsewhere.
    at: Option<Viewpoint>,
}

impl Default for CameraRig {
    fn default() -> Self {
        let orbit = Orbit::default();
        Self {
            now: orbit,
            goal: orbit,
            orthographic: false,
            time_s: FLIGHT_S,
            looked: false,
            jumps: false,
            at: None,
        }
    }
}

impl CameraRig {
    /// A rig that is at its goal at once: for pictures.
    pub fn without_glide() -> Self {
        Self { jumps: true, ..Self::default() }
    }

    /// Glides to an orbit.
    pub fn fly(&mut self, goal: Orbit) {
        (self.goal, self.time_s, self.looked, self.at) = (goal, FLIGHT_S, true, None);
    }

    /// Follows the hand to an orbit.
    pub fn lead(&mut self, goal: Orbit) {
        (self.goal, self.time_s, self.looked, self.at) = (goal, FOLLOW_S, true, None);
    }

    /// Flies to where a box fills the view, from the present direction.
    pub fn fit(&mut self, bounds: &Bounds, aspect: f32) {
        self.fly(self.goal.fitted(bounds, aspect));
    }

    /// Flies to a viewpoint, and stays there when the view gets another aspect.
    pub fn look_from(&mut self, viewpoint: &Viewpoint, aspect: f32) {
        self.orthographic = viewpoint.orthographic;
        self.fly(orbit_of(viewpoint).adapted(aspect));
        self.at = Some(viewpoint.clone());
    }

    /// Flies to a standard direction, with the box in view.
    pub fn standard(&mut self, view: StandardView, bounds: &Bounds, aspect: f32) {
        use std::f32::consts::{FRAC_PI_2, FRAC_PI_4, PI};
        let (yaw, pitch) = match view {
            StandardView::Front => (0.0, 0.0),
            StandardView::Back => (PI, 0.0),
            StandardView::Left => (-FRAC_PI_2, 0.0),
            StandardView::Right => (FRAC_PI_2, 0.0),
            StandardView::Top => (0.0, 1.562),
            StandardView::Isometric => (FRAC_PI_4, 0.615),
        };
        self.fly(Orbit { yaw, pitch, ..self.goal }.fitted(bounds, aspect));
    }

    /// The present place as a viewpoint.
    pub fn viewpoint(&self, name: &str, aspect: f32) -> Viewpoint {
        let goal = self.goal.unadapted(aspect);
        Viewpoint {
            name: name.to_owned(),
            eye: goal.eye().to_array().map(f64::from),
            target: goal.target.to_array().map(f64::from),
            orthographic: self.orthographic,
        }
    }
}

/// The orbit of a camera at that viewpoint.
pub(super) fn orbit_of(viewpoint: &Viewpoint) -> Orbit {
    let point = |p: [f64; 3]| Vec3::from(p.map(|metres| metres as f32));
    Orbit::from_points(point(viewpoint.eye), point(viewpoint.target))
}

/// The whole plant is in view as soon as it has bounds, unless somebody has chosen otherwise.
fn first_look(
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
fn glide(
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
    let near = (rig.now.distance * 0.02).clamp(0.01, 0.5);
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
            && old.fov == FOV_Y
        {
            return;
        }
        **projection = Projection::Perspective(PerspectiveProjection {
            fov: FOV_Y,
            near,
            far: 12_000.0,
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

/// What of an asset to look at: its own parts and those of all below it.
pub(super) fn bounds_of(
    plant: &PlantBounds,
    twin: &TwinDefinition,
    asset: AssetId,
) -> Option<Bounds> {
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
