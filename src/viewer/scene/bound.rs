//! What models spawn for bindings and labels: the components by which they find each other.

use std::sync::Arc;

use bevy::prelude::*;

use super::track::Track;
use crate::cad::{Affine, Model};
use crate::history::Reading;
use crate::twin::binding::{Effect, LabelPart};
use crate::twin::{AssetId, Twin};

/// What bindings drive: an asset's root or a node of its model, and what they read.
#[derive(Component)]
pub struct Bound {
    /// Whose.
    pub asset: AssetId,
    /// Positions in the class's bindings.
    pub bindings: Vec<usize>,
    /// What each binding reads, at the playhead; `None`: nothing is known.
    pub readings: Vec<Option<Reading>>,
    /// Placement at rest.
    pub(super) base: Transform,
    /// Placement at rest of the entity above it, in the asset's frame.
    pub(super) above: Transform,
    pub(super) is_root: bool,
    pub(super) model: Option<Arc<Model>>,
    /// For animations: node, its entity, and the frame in which its placement is written.
    pub(super) animated: Vec<(usize, Entity, Affine)>,
    pub(super) tracks: Vec<Option<Track>>,
}

impl Bound {
    pub(super) fn new(
        asset: AssetId,
        bindings: Vec<usize>,
        base: Transform,
        above: Transform,
        is_root: bool,
        model: Option<Arc<Model>>,
        animated: Vec<(usize, Entity, Affine)>,
    ) -> Self {
        let readings = vec![None; bindings.len()];
        let tracks = Vec::new();
        Self { asset, bindings, readings, base, above, is_root, model, animated, tracks }
    }
}

/// The mesh entities that a [`Bound`] colours.
#[derive(Component)]
pub struct Paints(pub Vec<Entity>);

/// A text that stands at this entity; drawn by the labels.
#[derive(Component, Clone, Debug, PartialEq)]
pub struct LabelSpec {
    /// Whose.
    pub asset: AssetId,
    /// Text and property values in turn; positions of properties are those of the asset's class.
    pub parts: Vec<LabelPart>,
    /// Labels of greater priority are placed first where there is no room for all.
    pub priority: i32,
}

/// Effects of a bound thing with the number that each reads.
pub(super) fn effects<'a>(
    twin: &'a Twin,
    bound: &'a Bound,
) -> impl Iterator<Item = (usize, &'a Effect, Option<&'a Reading>)> {
    let class = twin.class_of(bound.asset);
    bound.bindings.iter().enumerate().filter_map(move |(slot, binding)| {
        Some((slot, &class?.bindings.get(*binding)?.effect, bound.readings[slot].as_ref()))
    })
}
