//! Where the camera is and where it is going; who sends it there calls [`CameraRig`].

use bevy::prelude::*;

use super::orbit::{Bounds, Orbit};
use crate::twin::Viewpoint;
use crate::viewer::base::StandardView;

/// The camera that draws the scene.
#[derive(Component)]
pub struct SceneCamera;

/// Seconds after which a flight has done 63 % of its way.
const FLIGHT_S: f32 = 0.22;
/// The same while the pointer drags.
const DRAG_S: f32 = 0.035;
/// Nearest and farthest the eye may come to its target, in metres.
pub(super) const REACH: (f32, f32) = (1e-3, 1500.0);

/// Where the camera is and where it is going.
#[derive(Resource, Clone, Debug)]
pub struct CameraRig {
    /// What is drawn.
    pub now: Orbit,
    /// Where it glides to.
    pub goal: Orbit,
    /// Parallel instead of perspective projection.
    pub orthographic: bool,
    pub(super) time_s: f32,
    pub(super) looked: bool,
    pub(super) jumps: bool,
    /// The viewpoint that it was last sent to, until somebody moves it elsewhere.
    pub(super) at: Option<Viewpoint>,
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

    /// Follows a drag to an orbit.
    pub fn drag_to(&mut self, goal: Orbit) {
        (self.goal, self.time_s, self.looked, self.at) = (goal, DRAG_S, true, None);
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
pub fn orbit_of(viewpoint: &Viewpoint) -> Orbit {
    let point = |p: [f64; 3]| Vec3::from(p.map(|metres| metres as f32));
    Orbit::from_points(point(viewpoint.eye), point(viewpoint.target))
}
