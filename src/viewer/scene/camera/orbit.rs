//! The geometry of the camera, as pure functions: an orbit about a point, and what fits into it.

use bevy::math::{Mat3, Quat, Vec2, Vec3};

/// Vertical field of view in radians: 35°, about what a portrait lens has, so that machines keep
/// their proportions.
pub const FOV_Y: f32 = 35.0 * std::f32::consts::PI / 180.0;

/// Width over height of the view that viewpoints are made for.
pub const VIEWPOINT_ASPECT: f32 = 16.0 / 9.0;

/// Share of the picture that a fitted box may fill.
const FILL: f32 = 0.92;

/// The camera cannot look straight down, where its heading would be lost.
const MAX_PITCH: f32 = 89.5 * std::f32::consts::PI / 180.0;

/// Where the camera is: on a sphere about what it looks at.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Orbit {
    /// What it looks at, in metres.
    pub target: Vec3,
    /// Metres from there to the eye.
    pub distance: f32,
    /// Heading of the eye about the vertical axis in radians; 0: the eye stands in +Z.
    pub yaw: f32,
    /// Height of the eye above the target's level in radians; positive: it looks down.
    pub pitch: f32,
}

impl Default for Orbit {
    fn default() -> Self {
        Self { target: Vec3::new(0.0, 1.0, 0.0), distance: 24.0, yaw: 0.65, pitch: 0.45 }
    }
}

impl Orbit {
    /// The orbit of a camera at `eye` that looks at `target`.
    pub fn from_points(eye: Vec3, target: Vec3) -> Self {
        let arm = eye - target;
        let distance = arm.length().max(1e-3);
        let pitch = (arm.y / distance).clamp(-1.0, 1.0).asin().clamp(-MAX_PITCH, MAX_PITCH);
        Self { target, distance, yaw: arm.x.atan2(arm.z), pitch }
    }

    /// The same look in a view of that aspect (width / height): in one narrower than viewpoints are
    /// made for, the eye goes back until as much is seen to either side.
    pub fn adapted(mut self, aspect: f32) -> Self {
        self.distance *= (VIEWPOINT_ASPECT / aspect.max(0.1)).max(1.0);
        self
    }

    /// Undoes [`Orbit::adapted`]: what to keep of a look that was chosen in such a view.
    pub fn unadapted(mut self, aspect: f32) -> Self {
        self.distance /= (VIEWPOINT_ASPECT / aspect.max(0.1)).max(1.0);
        self
    }

    /// From the eye's frame (looking along −Z, Y up) to the world's.
    pub fn rotation(&self) -> Quat {
        Quat::from_rotation_y(self.yaw) * Quat::from_rotation_x(-self.pitch)
    }

    /// Where the eye is.
    pub fn eye(&self) -> Vec3 {
        self.target + self.rotation() * Vec3::Z * self.distance
    }

    /// Turned by a drag of so many radians to the right and down.
    pub fn turned(mut self, right: f32, down: f32) -> Self {
        self.yaw -= right;
        self.pitch = (self.pitch + down).clamp(-MAX_PITCH, MAX_PITCH);
        self
    }

    /// Moved sideways so that the target's plane follows a drag of `pixels` in a view of
    /// `view_height` pixels.
    pub fn panned(mut self, pixels: Vec2, view_height: f32) -> Self {
        let metres_per_pixel = visible_height(self.distance) / view_height.max(1.0);
        let shift = Vec3::new(-pixels.x, pixels.y, 0.0) * metres_per_pixel;
        self.target += self.rotation() * shift;
        self
    }

    /// Nearer (`factor` below 1) or farther, so that the point under the pointer stays there.
    /// `pointer` is its place in the view, −1 to 1 from the centre to the right and upper edge.
    pub fn zoomed(mut self, factor: f32, pointer: Vec2, aspect: f32, limits: (f32, f32)) -> Self {
        let distance = (self.distance * factor).clamp(limits.0, limits.1);
        let half_height = 0.5 * visible_height(self.distance);
        let in_view = Vec3::new(pointer.x * aspect * half_height, pointer.y * half_height, 0.0);
        let gain = 1.0 - distance / self.distance;
        self.target += self.rotation() * in_view * gain;
        self.distance = distance;
        self
    }

    /// Between two orbits; the shorter way round.
    pub fn lerp(self, to: Self, t: f32) -> Self {
        use std::f32::consts::{PI, TAU};
        let turn = (to.yaw - self.yaw + PI).rem_euclid(TAU) - PI;
        Self {
            target: self.target.lerp(to.target, t),
            // Even steps of the apparent size, not of the metres.
            distance: self.distance * (to.distance / self.distance).powf(t),
            yaw: self.yaw + turn * t,
            pitch: self.pitch + (to.pitch - self.pitch) * t,
        }
    }

    /// Whether the two would show the same picture.
    pub fn is_near(&self, other: &Self) -> bool {
        (self.target - other.target).length() < 1e-4 * self.distance
            && (self.distance / other.distance - 1.0).abs() < 1e-4
            && (self.yaw - other.yaw).abs() < 1e-4
            && (self.pitch - other.pitch).abs() < 1e-4
    }

    /// The same heading, so that the box just fits into a view of that aspect (width / height).
    pub fn fitted(self, bounds: &Bounds, aspect: f32) -> Self {
        let eye_from_world = Mat3::from_quat(self.rotation().inverse());
        let tan_y = (0.5 * FOV_Y).tan() * FILL;
        let tan_x = tan_y * aspect;
        let corners = bounds.corners().map(|corner| eye_from_world * (corner - bounds.centre()));
        // Planes through the eye at the edges of the view: the eye is where the box touches them.
        // With the eye at (ex, ey, ez): |x − ex| ≤ tan_x (ez − z), likewise for y.
        let (ex, need_x) = touch(corners.map(|c| (c.x, c.z)), tan_x);
        let (ey, need_y) = touch(corners.map(|c| (c.y, c.z)), tan_y);
        // What has no size is looked at from half a metre.
        let least = if bounds.radius() > 0.0 { 1e-3 } else { 0.5 };
        let distance = need_x.max(need_y).max(least);
        let world_from_eye = self.rotation();
        Self { target: bounds.centre() + world_from_eye * Vec3::new(ex, ey, 0.0), distance, ..self }
    }
}

/// Offset and distance of an eye from which all points lie within a wedge of that half-slope.
fn touch(points: [(f32, f32); 8], slope: f32) -> (f32, f32) {
    let upper = points.map(|(x, z)| x + slope * z).into_iter().fold(f32::MIN, f32::max);
    let lower = points.map(|(x, z)| -x + slope * z).into_iter().fold(f32::MIN, f32::max);
    (0.5 * (upper - lower), 0.5 * (upper + lower) / slope)
}

/// Metres that a view shows from top to bottom at that distance.
pub fn visible_height(distance: f32) -> f32 {
    2.0 * distance * (0.5 * FOV_Y).tan()
}

/// Share of the way to go in `dt_s` for a motion that has done 63 % of it after `time_s`: the same
/// motion at any frame rate.
pub fn ease(dt_s: f32, time_s: f32) -> f32 {
    1.0 - (-dt_s.max(0.0) / time_s).exp()
}

/// An axis-aligned box in the world, never empty.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bounds {
    /// Least x, y, z.
    pub min: Vec3,
    /// Greatest x, y, z.
    pub max: Vec3,
}

impl Bounds {
    /// The smallest box that holds both.
    pub fn union(self, other: Self) -> Self {
        Self { min: self.min.min(other.min), max: self.max.max(other.max) }
    }

    /// Its middle.
    pub fn centre(&self) -> Vec3 {
        0.5 * (self.min + self.max)
    }

    /// Half its diagonal.
    pub fn radius(&self) -> f32 {
        0.5 * (self.max - self.min).length()
    }

    /// Its eight corners.
    pub fn corners(&self) -> [Vec3; 8] {
        std::array::from_fn(|i| {
            let pick = |bit: usize, low: f32, high: f32| if i >> bit & 1 == 0 { low } else { high };
            Vec3::new(
                pick(0, self.min.x, self.max.x),
                pick(1, self.min.y, self.max.y),
                pick(2, self.min.z, self.max.z),
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn view(orbit: &Orbit, point: Vec3, aspect: f32) -> Vec2 {
        let in_eye = orbit.rotation().inverse() * (point - orbit.eye());
        let scale = 1.0 / (-in_eye.z * (0.5 * FOV_Y).tan());
        Vec2::new(in_eye.x * scale / aspect, in_eye.y * scale)
    }

    #[test]
    fn an_orbit_made_from_two_points_has_its_eye_at_the_first() {
        let (eye, target) = (Vec3::new(4.0, 3.0, -7.0), Vec3::new(1.0, 0.5, 2.0));
        let orbit = Orbit::from_points(eye, target);
        assert!((orbit.eye() - eye).length() < 1e-4);
        assert!((orbit.rotation() * Vec3::NEG_Z - (target - eye).normalize()).length() < 1e-5);
    }

    #[test]
    fn a_viewpoint_shows_as_much_to_either_side_in_a_narrow_view_as_in_a_wide_one() {
        let made = Orbit::from_points(Vec3::new(12.0, 22.0, 34.0), Vec3::new(-1.0, 0.0, 1.0));
        let beside = made.target + made.rotation() * Vec3::X * 10.0;
        let wide = view(&made.adapted(VIEWPOINT_ASPECT), beside, VIEWPOINT_ASPECT);
        let narrow = view(&made.adapted(1.1), beside, 1.1);
        assert!((wide.x - narrow.x).abs() < 1e-4, "{wide} {narrow}");
        assert_eq!(made.adapted(2.4), made, "a wider view only shows more");
        assert!(made.adapted(0.8).unadapted(0.8).is_near(&made));
    }

    #[test]
    fn zooming_keeps_what_lies_under_the_pointer() {
        let orbit = Orbit::default();
        let pointer = Vec2::new(0.6, -0.4);
        let half = 0.5 * visible_height(orbit.distance);
        let under = orbit.target
            + orbit.rotation() * Vec3::new(pointer.x * 1.6 * half, pointer.y * half, 0.0);
        for factor in [0.25, 0.9, 1.7] {
            let zoomed = orbit.zoomed(factor, pointer, 1.6, (0.1, 1000.0));
            assert!((view(&zoomed, under, 1.6) - pointer).length() < 1e-4, "{factor}");
        }
    }

    #[test]
    fn a_fitted_box_is_wholly_seen_and_touches_the_margin_on_two_sides() {
        let bounds = Bounds { min: Vec3::new(-12.0, 0.0, -4.0), max: Vec3::new(20.0, 6.0, 9.0) };
        for (yaw, pitch) in [(0.0, 0.0), (0.7, 0.5), (2.5, 1.2), (-1.2, -0.3)] {
            for aspect in [0.6, 1.0, 1.78] {
                let orbit = Orbit { yaw, pitch, ..Orbit::default() }.fitted(&bounds, aspect);
                let seen = bounds.corners().map(|corner| view(&orbit, corner, aspect));
                let widest = seen.iter().map(|at| at.abs().max_element()).fold(0.0, f32::max);
                assert!((widest - FILL).abs() < 0.02, "{yaw} {pitch} {aspect}: {widest}");
            }
        }
    }

    #[test]
    fn easing_goes_as_far_in_many_small_steps_as_in_one() {
        let small = (0..100).fold(1.0, |left: f32, _| left * (1.0 - ease(0.005, 0.2)));
        assert!((small - (1.0 - ease(0.5, 0.2))).abs() < 1e-4);
    }

    #[test]
    fn flying_takes_the_shorter_way_round() {
        let from = Orbit { yaw: 3.0, ..Orbit::default() };
        let to = Orbit { yaw: -3.0, ..Orbit::default() };
        assert!((from.lerp(to, 0.5).yaw - std::f32::consts::PI).abs() < 1e-3);
    }
}
