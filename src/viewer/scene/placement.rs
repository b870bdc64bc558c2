//! Placements of the definition and of models as transforms.

use bevy::prelude::*;

use crate::cad::Affine;
use crate::twin::binding::Effect;
use crate::twin::{AssetId, Pose, Twin};

/// Where the root of an asset is put.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Placed {
    /// The asset whose root it hangs on: the nearest one above it that bindings may move or hide.
    pub above: Option<AssetId>,
    /// The asset's parent in the frame of that root, or of the world.
    pub parent: Transform,
    /// The asset itself in that frame.
    pub own: Transform,
}

/// Where the root of each asset is put, by [`AssetId`].
///
/// An asset hangs on another one only if that one can move or hide: the engine looks at all that hangs
/// on an entity whenever anything below it moves.
pub fn roots(twin: &Twin) -> Vec<Placed> {
    let mut placed: Vec<Placed> = Vec::with_capacity(twin.assets.len());
    // A parent stands before its children.
    for asset in twin.asset_ids() {
        let definition = twin.asset(asset);
        let (above, parent) = match definition.parent {
            None => (None, Transform::IDENTITY),
            Some(parent) if can_move(twin, parent) => (Some(parent), Transform::IDENTITY),
            Some(parent) => {
                let Placed { above, own, .. } = placed[parent.0 as usize];
                (above, own)
            }
        };
        let own = parent * transform(&definition.parent_from_asset);
        placed.push(Placed { above, parent, own });
    }
    placed
}

/// Whether bindings may move or hide the root of an asset; those of a node within may fall to it when
/// the model has no such node.
fn can_move(twin: &Twin, asset: AssetId) -> bool {
    use Effect::{Animation, Color, Glow, Items, Label};
    let bindings = twin.class_of(asset).map_or(&[][..], |class| &class.bindings);
    bindings.iter().any(|binding| {
        !matches!(
            binding.effect,
            Color { .. } | Glow { .. } | Label { .. } | Animation { .. } | Items { .. }
        )
    })
}

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

/// What a placement does to directions.
pub fn linear(affine: &Affine) -> Mat3 {
    Mat3::from_cols_array_2d(&affine.columns.map(|column| column.map(|entry| entry as f32)))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::twin::{NoFiles, load_text};

    #[test]
    fn an_asset_hangs_on_the_nearest_one_above_it_that_can_move_and_stands_where_it_did() {
        let text = r#"Twin(schema: 2, name: "t",
            classes: {"Still": (properties: {"v": ()}),
                "Cart": (properties: {"x": (unit: "m")},
                    bindings: [Translate(by: "x", axis: x)])},
            assets: [(name: "hall", at: (10, 0, 0), yaw: 90),
                (name: "line", parent: "hall", at: (1, 0, 0)),
                (name: "cart", class: "Cart", parent: "line", at: (0, 0, 2)),
                (name: "rack", parent: "cart", at: (0, 1, 0)),
                (name: "box", class: "Still", parent: "rack", at: (0, 1, 0))])"#;
        let twin = load_text(Path::new("t.ron"), text, &NoFiles);
        let twin = twin.unwrap_or_else(|wrong| panic!("{wrong}")).twin;
        let placed = roots(&twin);
        let cart = twin.asset_by_name["cart"];
        let above: Vec<_> = placed.iter().map(|placed| placed.above).collect();
        assert_eq!(above, [None, None, None, Some(cart), Some(cart)]);
        for asset in twin.asset_ids() {
            let mut one_by_one = Transform::IDENTITY;
            let mut next = Some(asset);
            while let Some(at) = next {
                one_by_one = transform(&twin.asset(at).parent_from_asset) * one_by_one;
                next = twin.asset(at).parent;
            }
            let Placed { above, own, .. } = placed[asset.0 as usize];
            let world = above.map_or(own, |above| placed[above.0 as usize].own * own);
            assert!(world.translation.distance(one_by_one.translation) < 1e-5);
            assert!(world.rotation.angle_between(one_by_one.rotation) < 1e-5);
        }
    }
}
