//! What a value does, as pure functions.

use bevy::prelude::*;

use super::scales::scale_color;
use crate::twin::binding::{ColorMap, Condition, Effect};
use crate::twin::{self, Value};

/// What a value does to a node, in the node's own frame; `None` for effects that move nothing.
pub fn node_transform(effect: &Effect, value: f64) -> Option<Transform> {
    let vector = |axis: &[f64; 3]| Vec3::from(axis.map(|entry| entry as f32));
    match effect {
        Effect::Rotate { axis, radians_per_unit, offset_rad, .. } => {
            // Whole turns are taken off in f64: a counter of turns grows for years.
            let angle = (value * radians_per_unit + offset_rad).rem_euclid(std::f64::consts::TAU);
            let axis = vector(axis).try_normalize()?;
            Some(Transform::from_rotation(Quat::from_axis_angle(axis, angle as f32)))
        }
        Effect::Translate { axis, metres_per_unit, offset_m, .. } => {
            let shift = (value * metres_per_unit + offset_m) as f32;
            Some(Transform::from_translation(vector(axis) * shift))
        }
        Effect::Fill { axis, empty, full, min_scale, .. } => {
            let level = share(value, *empty, *full);
            let scale = (min_scale + (1.0 - min_scale) * level) as f32;
            let along = vector(axis).abs();
            Some(Transform::from_scale(Vec3::ONE + along * (scale - 1.0)))
        }
        _ => None,
    }
}

/// What moves a node in its own frame, in a frame in which the node is sheared or mirrored by `shape`:
/// along and about the node's own axes, by an entity with that scale.
pub fn shaped(own: Transform, shape: &Mat3, scale: Vec3) -> Transform {
    let (axis, angle) = own.rotation.to_axis_angle();
    // What turns to the right turns to the left in a mirror.
    let axis = (scale * (*shape * axis)).try_normalize().unwrap_or(axis);
    let angle = if shape.determinant() < 0.0 { -angle } else { angle };
    Transform {
        translation: *shape * own.translation,
        rotation: Quat::from_axis_angle(axis, angle),
        scale: own.scale,
    }
}

/// How far a value is from `low` to `high`, 0 to 1; either may be the greater.
fn share(value: f64, low: f64, high: f64) -> f64 {
    if low == high {
        return if value >= high { 1.0 } else { 0.0 };
    }
    ((value - low) / (high - low)).clamp(0.0, 1.0)
}

/// Whether a condition holds for a value.
pub fn holds(condition: &Condition, value: &Value) -> bool {
    match (condition, value) {
        (Condition::Within(low, high), value) => {
            value.as_number().is_some_and(|number| *low <= number && number <= *high)
        }
        (Condition::OneOf(list), Value::Enumeration(index)) => list.contains(index),
        (Condition::OneOf(_), _) => false,
    }
}

/// The sRGB colour of a value, and its strength from 0 to 1, on something that is in `condition`: the
/// property's own, or for a status lamp the asset's. `color_of` are the colours of conditions.
pub fn color(
    map: &ColorMap,
    value: f64,
    condition: twin::Condition,
    color_of: impl Fn(twin::Condition) -> [f32; 3],
) -> ([f32; 3], f64) {
    let named = |colors: &[[f32; 3]]| {
        let at = if value >= 0.0 { value as usize } else { usize::MAX };
        colors.get(at).map_or(([0.0; 3], 0.0), |color| (*color, 1.0))
    };
    match map {
        ColorMap::Scale { name, low, high } => (scale_color(*name, share(value, *low, *high)), 1.0),
        ColorMap::Names(colors) => named(colors),
        ColorMap::Single { color, low, high } => (*color, share(value, *low, *high)),
        ColorMap::Condition(colors)
            if condition == twin::Condition::Normal && !colors.is_empty() =>
        {
            named(colors)
        }
        ColorMap::Limits | ColorMap::Condition(_) => (color_of(condition), 1.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn in_a_mirrored_node_all_that_moves_is_mirrored() {
        let mirror = Mat3::from_diagonal(Vec3::new(1.0, 1.0, -1.0));
        for axis in [Vec3::X, Vec3::Y, Vec3::Z, Vec3::new(0.6, 0.0, 0.8)] {
            let own = Transform {
                translation: Vec3::new(1.0, 2.0, 3.0),
                rotation: Quat::from_axis_angle(axis, 0.7),
                scale: Vec3::new(1.0, 1.0, 2.0),
            };
            // What the node's own frame does, seen from outside of the mirror.
            let wanted = Mat4::from_mat3(mirror) * own.to_matrix() * Mat4::from_mat3(mirror);
            let found = shaped(own, &mirror, Vec3::ONE).to_matrix();
            assert!(found.abs_diff_eq(wanted, 1e-5), "{axis}: {found} {wanted}");
        }
    }
}
