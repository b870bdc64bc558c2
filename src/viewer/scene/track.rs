//! A binding's path, measured, so that a distance becomes a place and a direction.

use bevy::prelude::*;

use crate::twin::binding::Path;

/// Straight pieces this long at most stand for a rounded corner, as a share of a right angle.
const CORNER_STEPS: usize = 12;

/// A path as short straight pieces with the distance at each of their ends.
#[derive(Clone, Debug, PartialEq)]
pub struct Track {
    points: Vec<bevy::math::DVec3>,
    distances: Vec<f64>,
    closed: bool,
}

impl Track {
    /// Measures a path and rounds its corners.
    pub fn new(path: &Path) -> Self {
        let corners: Vec<_> = path.points.iter().map(|p| bevy::math::DVec3::from(*p)).collect();
        let count = corners.len();
        let mut points = Vec::new();
        for (at, corner) in corners.iter().enumerate() {
            let end = !path.closed && (at == 0 || at + 1 == count);
            if end || count < 3 || path.corner_radius <= 0.0 {
                points.push(*corner);
                continue;
            }
            let before = corners[(at + count - 1) % count];
            let after = corners[(at + 1) % count];
            round(&mut points, before, *corner, after, path.corner_radius);
        }
        if path.closed
            && let Some(first) = points.first().copied()
        {
            points.push(first);
        }
        points.dedup_by(|a, b| a.distance(*b) < 1e-9);
        let mut distances = Vec::with_capacity(points.len());
        let mut sum = 0.0;
        for (at, point) in points.iter().enumerate() {
            sum += if at > 0 { point.distance(points[at - 1]) } else { 0.0 };
            distances.push(sum);
        }
        Self { points, distances, closed: path.closed }
    }

    /// Its length in metres.
    pub fn length_m(&self) -> f64 {
        self.distances.last().copied().unwrap_or(0.0)
    }

    /// The place at a distance from its start, with X along the path and Y up. On a closed path it
    /// goes round; an open one holds at its ends.
    pub fn at(&self, distance_m: f64) -> Transform {
        let length = self.length_m();
        let [first, .., _] = self.points.as_slice() else {
            let only = self.points.first().map_or(Vec3::ZERO, |p| p.as_vec3());
            return Transform::from_translation(only);
        };
        let d = if distance_m.is_nan() {
            0.0
        } else if self.closed && length > 0.0 {
            distance_m.rem_euclid(length)
        } else {
            distance_m.clamp(0.0, length)
        };
        let after = self.distances.partition_point(|end| *end <= d).clamp(1, self.points.len() - 1);
        let (a, b) = (self.points[after - 1], self.points[after]);
        let span = self.distances[after] - self.distances[after - 1];
        let t = if span > 0.0 { (d - self.distances[after - 1]) / span } else { 0.0 };
        let along = (b - a).normalize_or(bevy::math::DVec3::X).as_vec3();
        let place = if after > 0 { a.lerp(b, t) } else { *first };
        let side = along.cross(Vec3::Y).try_normalize().unwrap_or(Vec3::Z);
        let rotation = Quat::from_mat3(&Mat3::from_cols(along, side.cross(along), side));
        Transform { translation: place.as_vec3(), rotation, scale: Vec3::ONE }
    }
}

/// Adds the arc that touches both legs of a corner, as far as the legs are long enough for it.
fn round(
    points: &mut Vec<bevy::math::DVec3>,
    before: bevy::math::DVec3,
    corner: bevy::math::DVec3,
    after: bevy::math::DVec3,
    radius: f64,
) {
    let (into, out) = ((before - corner).normalize_or_zero(), (after - corner).normalize_or_zero());
    let angle = into.angle_between(out);
    if !angle.is_finite() || !(0.01..3.13).contains(&angle) {
        points.push(corner);
        return;
    }
    let room = 0.5 * corner.distance(before).min(corner.distance(after));
    let cut = (radius / (angle / 2.0).tan()).min(room);
    let radius = cut * (angle / 2.0).tan();
    let center = corner + (into + out).normalize() * (radius / (angle / 2.0).sin());
    let (from, to) = (corner + into * cut - center, corner + out * cut - center);
    let turn = from.angle_between(to);
    for step in 0..=CORNER_STEPS {
        let t = step as f64 / CORNER_STEPS as f64;
        let (a, b) = (((1.0 - t) * turn).sin() / turn.sin(), (t * turn).sin() / turn.sin());
        points.push(center + from * a + to * b);
    }
}
