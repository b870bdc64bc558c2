//! Shapes as they are bent at rest: morph targets by their weights, skins by their joints.
//!
//! Both are applied once, when a model is read. What bends while it moves is not drawn; the model says so.

use gltf::json::mesh::MorphTarget;

use super::Error;
use super::accessor::{Order, open};
use super::affine::Affine;
use super::file::File;

/// Adds morph targets to positions and normals.
pub(super) fn morph(
    file: &File,
    targets: &[MorphTarget],
    weights: &[f32],
    what: &str,
    (order, count): (&Order, usize),
    positions: &mut [[f32; 3]],
    normals: &mut [[f32; 3]],
) -> Result<(), Error> {
    let add = |at: Option<usize>, weight: f32, to: &mut [[f32; 3]]| -> Result<(), Error> {
        let Some(at) = at.filter(|_| !to.is_empty()) else { return Ok(()) };
        let elements = open(file, at, &format!("{what}, a morph target"), &[3])?;
        if elements.count != count {
            let text = format!("{what} has a morph target of another number of vertices");
            return Err(Error::Invalid(text));
        }
        for (to, by) in to.iter_mut().zip(elements.f32s::<3>(file, order)?) {
            (0..3).for_each(|row| to[row] += weight * by[row]);
        }
        Ok(())
    };
    for (target, weight) in targets.iter().zip(weights).filter(|(_, weight)| **weight != 0.0) {
        add(target.positions.map(|at| at.value()), *weight, positions)?;
        add(target.normals.map(|at| at.value()), *weight, normals)?;
    }
    if targets.len() > weights.len() || weights.iter().any(|weight| *weight != 0.0) {
        let text = "its morph targets are drawn at rest alone; animations do not bend it";
        file.remarks.add(what, text);
    }
    Ok(())
}

/// Moves each vertex by its joints, as much as it hangs on each.
pub(super) fn bend(
    joints: &[Affine],
    of: &[[u32; 4]],
    weights: &[[f32; 4]],
    positions: &mut [[f32; 3]],
    normals: &mut [[f32; 3]],
    what: &str,
) -> Result<(), Error> {
    for (at, position) in positions.iter_mut().enumerate() {
        let total: f64 = weights[at].iter().copied().map(f64::from).sum();
        // A vertex that hangs on nothing stays where its first joint has it.
        let share = |part: usize| match total > 0.0 {
            true => f64::from(weights[at][part]) / total,
            false => f64::from(u8::from(part == 0)),
        };
        let mut by = Affine { columns: [[0.0; 3]; 3], origin: [0.0; 3] };
        for part in (0..4).filter(|part| share(*part) != 0.0) {
            let joint = joints.get(of[at][part] as usize).ok_or_else(|| Error::Index {
                what: format!("{what}, JOINTS_0"),
                kind: "joint",
                index: of[at][part] as usize,
                count: joints.len(),
            })?;
            let add = |to: &mut [f64; 3], from: &[f64; 3]| {
                (0..3).for_each(|row| to[row] += share(part) * from[row]);
            };
            by.columns.iter_mut().zip(&joint.columns).for_each(|(to, from)| add(to, from));
            add(&mut by.origin, &joint.origin);
        }
        *position = by.point(position.map(f64::from)).map(|entry| entry as f32);
        if let Some(normal) = normals.get_mut(at) {
            *normal = by.normal(normal.map(f64::from)).map(|entry| entry as f32);
        }
    }
    Ok(())
}
