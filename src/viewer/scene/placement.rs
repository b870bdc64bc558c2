//! Placements of the definition and of models as transforms.

use bevy::prelude::*;

use crate::cad::Affine;
use crate::twin::Pose;

/// A pose as a transform.
pub fn transform(pose: &Pose) -> Transform {
    let [x, y, z, w] = pose.rotation.map(|entry| entry as f32);
    let rotation = Quat::from_xyzw(x, y, z, w);
    let rotation =
        if rotation.length_squared() > 1e-9 { rotation.normalize() } else { Quat::IDENTITY };
    let [x, y, z] = pose.position.map(|entry| entry as f32);
    Transform { translation: Vec3::new(x, y, z), rotation, scale: Vec3::ONE }
}

/// A placement in the model as a transform.
pub fn local(affine: &Affine) -> Transform {
    let trs = affine.to_trs();
    let [x, y, z, w] = trs.rotation.map(|entry| entry as f32);
    Transform {
        translation: Vec3::from(trs.translation.map(|entry| entry as f32)),
        rotation: Quat::from_xyzw(x, y, z, w),
        scale: Vec3::from(trs.scale.map(|entry| entry as f32)),
    }
}
