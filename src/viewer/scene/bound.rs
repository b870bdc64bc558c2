//! What models spawn for bindings and labels: the components by which they find each other.

use std::sync::Arc;

use bevy::prelude::*;

use super::placement;
use super::track::Track;
use crate::cad::{Affine, Model};
use crate::history::Reading;
use crate::twin::binding::{Effect, LabelPart};
use crate::twin::{AssetId, Class, ClassId, Twin};
use crate::viewer::base::Scene;

/// A node that animations move: its entity, the frame in which its placement is written, and from the
/// entity's frame to the node's own.
pub(super) type Animated = (usize, (Entity, (Affine, Affine)));

/// What bindings drive: an asset's root or a node of its model, and what they read.
#[derive(Component)]
pub struct Bound {
    /// In which scene.
    pub scene: Scene,
    /// Whose.
    pub asset: AssetId,
    /// Positions in the class's bindings.
    pub bindings: Vec<usize>,
    /// What each binding reads, in the view of its scene; `None`: nothing is known.
    pub readings: Vec<Option<Reading>>,
    /// Placement at rest.
    pub(super) base: Transform,
    /// Of a node within a model: placement at rest of the entity above it, in the asset's frame. Of a
    /// root: the frame of the asset's parent in that of the entity above it.
    pub(super) above: Transform,
    pub(super) is_root: bool,
    pub(super) model: Option<Arc<Model>>,
    /// For animations, by node.
    pub(super) animated: Vec<Animated>,
    /// Shear and mirroring that are built into its meshes, as a matrix from the node's own frame to the
    /// entity's; `None`: they are the same.
    pub(super) shape: Option<Box<Mat3>>,
    /// Of its asset; set with what follows when the entity is registered.
    class: Option<ClassId>,
    pub(super) tracks: Vec<Option<Track>>,
    /// From the frame of the asset's parent, in which poses are given, into that of the entity above it;
    /// `None`: nothing takes poses, or it is a root and they are the same.
    pub(super) within: Option<Box<Transform>>,
    /// In which frame it was last written, and in which lists of that frame it stands.
    pub(super) written: (u32, u8),
}

impl Bound {
    pub(super) fn new(
        (scene, asset): (Scene, AssetId),
        bindings: Vec<usize>,
        base: Transform,
        above: Transform,
        is_root: bool,
        model: Option<Arc<Model>>,
        animated: Vec<Animated>,
    ) -> Self {
        let readings = vec![None; bindings.len()];
        Self {
            scene,
            asset,
            bindings,
            readings,
            base,
            above,
            is_root,
            model,
            animated,
            shape: None,
            class: None,
            tracks: Vec::new(),
            within: None,
            written: (0, 0),
        }
    }

    /// Works out what stays the same as long as the definition does.
    pub(super) fn prepare(&mut self, twin: &Twin) {
        self.class = twin.asset(self.asset).class;
        let track = |(_, effect, _): (_, &Effect, _)| match effect {
            Effect::Path { path, .. } | Effect::Items { path, .. } => Some(Track::new(path)),
            _ => None,
        };
        self.tracks = effects(twin, self).map(track).collect();
        let takes_poses = effects(twin, self)
            .any(|(_, effect, _)| matches!(effect, Effect::Path { .. } | Effect::Pose { .. }));
        let within = if self.is_root {
            self.above
        } else {
            let parent_from_asset = placement::transform(&twin.asset(self.asset).parent_from_asset);
            Transform::from_matrix((parent_from_asset * self.above).to_matrix().inverse())
        };
        // A node keeps its own scale, also where the frames are the same.
        let differs = !self.is_root || within != Transform::IDENTITY;
        self.within = (takes_poses && differs).then(|| Box::new(within));
    }

    fn class<'a>(&self, twin: &'a Twin) -> Option<&'a Class> {
        twin.classes.get(self.class?.0 as usize)
    }
}

/// The mesh entities that a [`Bound`] colours.
#[derive(Component)]
pub struct Paints(pub Vec<Entity>);

/// A text that stands at this entity; drawn by the labels.
#[derive(Component, Clone, Debug, PartialEq)]
pub struct LabelSpec {
    /// In which scene.
    pub scene: Scene,
    /// Whose.
    pub asset: AssetId,
    /// Text and property values in turn; positions of properties are those of the asset's class.
    pub parts: Vec<LabelPart>,
    /// Labels of greater priority are placed first where there is no room for all.
    pub priority: i32,
}

/// Effects of a bound thing with what each reads, by their place in its lists. It must be prepared.
pub(super) fn effects<'a>(
    twin: &'a Twin,
    bound: &'a Bound,
) -> impl Iterator<Item = (usize, &'a Effect, Option<&'a Reading>)> {
    let class = bound.class(twin);
    bound.bindings.iter().enumerate().filter_map(move |(slot, binding)| {
        Some((slot, &class?.bindings.get(*binding)?.effect, bound.readings[slot].as_ref()))
    })
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::twin::{NoFiles, load_text};

    #[test]
    fn a_posed_node_keeps_its_scale_also_where_the_frames_are_the_same() {
        let text = r#"Twin(schema: 2, name: "t",
            classes: {"A": (properties: {"p": (type: pose)}, bindings: [Pose(node: "n", by: "p")])},
            assets: [(name: "a", class: "A")])"#;
        let twin = load_text(Path::new("t.ron"), text, &NoFiles);
        let twin = twin.unwrap_or_else(|wrong| panic!("{wrong}")).twin;
        let prepared = |is_root| {
            let (asset, rest) = ((Scene::MAIN, AssetId(0)), Transform::IDENTITY);
            let mut bound = Bound::new(asset, vec![0], rest, rest, is_root, None, Vec::new());
            bound.prepare(&twin);
            bound.within.map(|within| *within)
        };
        assert_eq!(prepared(false), Some(Transform::IDENTITY));
        assert_eq!(prepared(true), None);
    }
}
