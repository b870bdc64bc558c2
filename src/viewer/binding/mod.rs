//! Samples into something seen: bindings at the playhead.
//!
//! Flows in: the state in the main view, read through [`State`]. Flows out: transforms, tags,
//! visibility, items. [`Round::Sample`] writes into [`Bound`] only what changed or still
//! interpolates; [`Round::Present`] draws only what was written. Nothing here reads a clock: the
//! scene is a function of the playhead and the samples.

mod ageing;
mod items;
mod maths;
mod path;
mod scales;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use bevy::mesh::MeshTag;
use bevy::prelude::*;

pub use maths::{color, holds, node_transform};
pub use path::Track;
pub use scales::scale_color;

use ageing::{Ageing, Known};

use super::ingest::LiveMirror;
use super::scene::{self, Look};
use super::state::{PartOf, Playhead, Round, TwinDefinition};
use super::theme::Palette;
use crate::cad::{self, Affine, Model};
use crate::history::{Reading, State};
use crate::twin::binding::{Effect, LabelPart};
use crate::twin::{AssetId, PropertyId, Quality, Twin};

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
    base: Transform,
    /// Placement at rest of the entity above it, in the asset's frame.
    above: Transform,
    is_root: bool,
    model: Option<Arc<Model>>,
    /// For animations: node, its entity, and the frame in which its placement is written.
    animated: Vec<(usize, Entity, Affine)>,
    tracks: Vec<Option<Track>>,
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

/// The property that an effect reads, by its position in the class.
pub fn source(effect: &Effect) -> Option<u16> {
    match effect {
        Effect::Rotate { by, .. }
        | Effect::Translate { by, .. }
        | Effect::Path { by, .. }
        | Effect::Pose { by }
        | Effect::Items { by, .. }
        | Effect::Fill { by, .. }
        | Effect::Color { by, .. }
        | Effect::Glow { by, .. }
        | Effect::Show { by, .. }
        | Effect::Animation { by, .. } => Some(*by),
        Effect::Label { .. } => None,
    }
}

/// What is driven by each property, and which must be read anew.
#[derive(Resource, Default)]
struct Index {
    /// By [`PropertyId`]: entity and position in its [`Bound`].
    targets: Vec<Vec<(Entity, u16)>>,
    /// Properties that have or had a target.
    bound: Vec<PropertyId>,
    is_bound: Vec<bool>,
    active: Vec<PropertyId>,
    is_active: Vec<bool>,
    view: Option<crate::history::View>,
    following: bool,
    /// What becomes stale without a new sample.
    ageing: Ageing,
    /// For each asset, how many of its bound properties are stale, and by property whether it is.
    stale_count: Vec<u32>,
    is_stale: Vec<bool>,
}

impl Index {
    fn activate(&mut self, id: PropertyId) {
        let at = id.0 as usize;
        if self.targets.get(at).is_some_and(|targets| !targets.is_empty()) && !self.is_active[at] {
            self.is_active[at] = true;
            self.active.push(id);
        }
    }
}

/// Samples at the playhead into what is seen.
pub fn plugin(app: &mut App) {
    app.init_resource::<Index>()
        .add_systems(Update, (index, sample).chain().in_set(Round::Sample))
        .add_systems(
            Update,
            (place, (paint, animate, items::show, age)).chain().in_set(Round::Present),
        );
}

/// Registers what was spawned.
fn index(
    twin: Res<TwinDefinition>,
    mut index: ResMut<Index>,
    added: Query<(Entity, &Bound), Added<Bound>>,
) {
    if twin.is_changed() || index.targets.len() != twin.0.property_count() {
        let count = twin.0.property_count();
        *index = Index {
            targets: vec![Vec::new(); count],
            is_bound: vec![false; count],
            is_active: vec![false; count],
            is_stale: vec![false; count],
            stale_count: vec![0; twin.0.assets.len()],
            ageing: Ageing::new(count),
            ..Index::default()
        };
    }
    for (entity, bound) in &added {
        let Some(class) = twin.0.class_of(bound.asset) else { continue };
        for (slot, binding) in bound.bindings.iter().enumerate() {
            let Some(by) = source(&class.bindings[*binding].effect) else { continue };
            let id = twin.0.property_at(bound.asset, usize::from(by));
            index.targets[id.0 as usize].push((entity, slot as u16));
            if !std::mem::replace(&mut index.is_bound[id.0 as usize], true) {
                index.bound.push(id);
            }
            index.activate(id);
        }
    }
}

/// State at the playhead into [`Bound`], only what changed or still interpolates.
fn sample(
    playhead: Res<Playhead>,
    mut mirror: ResMut<LiveMirror>,
    twin: Res<TwinDefinition>,
    mut index: ResMut<Index>,
    mut bounds: Query<&mut Bound>,
) {
    let index = &mut *index;
    if !Arc::ptr_eq(mirror.0.twin(), &twin.0) {
        return;
    }
    let changes = mirror.bypass_change_detection().0.take_changes();
    let mirror = &mirror.0;
    let view = playhead.view();
    changes.into_iter().for_each(|id| index.activate(id));
    let moved = index.view.is_some_and(|last| last != view);
    // Any jump, a change of series and a return to live ask everything anew.
    let back = index.view.is_none_or(|last| view.time < last.time || view.lane != last.lane);
    let aged = index.ageing.all(Known::of(mirror), mirror.now(), view.time);
    if back || aged || index.following != playhead.following || (!playhead.following && moved) {
        for at in 0..index.bound.len() {
            index.activate(index.bound[at]);
        }
    } else {
        // What becomes stale sends no sample.
        while let Some(id) = index.ageing.next(view.time) {
            index.activate(id);
        }
    }
    index.view = Some(view);
    index.following = playhead.following;
    let mut active = std::mem::take(&mut index.active);
    active.retain(|id| {
        let at = id.0 as usize;
        let reading = mirror.reading(view, *id);
        let stale = reading.as_ref().is_some_and(|reading| reading.quality >= Quality::Stale);
        if !stale && !index.ageing.waits(*id) {
            index.ageing.wait(*id, mirror.stale_at(*id).map(|at| at.max(view.time.plus_micros(1))));
        }
        if stale != index.is_stale[at] {
            index.is_stale[at] = stale;
            let count = &mut index.stale_count[twin.0.owner(*id).0 as usize];
            *count = if stale { *count + 1 } else { count.saturating_sub(1) };
        }
        index.targets[at].retain(|(entity, slot)| {
            let Ok(mut bound) = bounds.get_mut(*entity) else { return false };
            let slot = usize::from(*slot);
            let same = match (&bound.readings[slot], &reading) {
                (Some(a), Some(b)) => a.value == b.value && a.quality == b.quality,
                (None, None) => true,
                _ => false,
            };
            if !same {
                bound.readings[slot] = reading.clone();
            }
            true
        });
        let newest = mirror.newest_stamp(*id);
        let waits = playhead.following && newest.is_some_and(|newest| newest > view.time);
        index.is_active[at] = waits;
        waits
    });
    index.active = active;
}

/// Effects of a bound thing with the number that each reads.
fn effects<'a>(
    twin: &'a Twin,
    bound: &'a Bound,
) -> impl Iterator<Item = (usize, &'a Effect, Option<&'a Reading>)> {
    let class = twin.class_of(bound.asset);
    bound.bindings.iter().enumerate().filter_map(move |(slot, binding)| {
        Some((slot, &class?.bindings.get(*binding)?.effect, bound.readings[slot].as_ref()))
    })
}

/// Placements and what is shown.
fn place(
    twin: Res<TwinDefinition>,
    mut bounds: Query<(&mut Bound, &mut Transform, &mut Visibility), Changed<Bound>>,
) {
    for (mut bound, mut transform, mut visibility) in &mut bounds {
        let bound = bound.bypass_change_detection();
        if bound.tracks.len() != bound.bindings.len() {
            bound.tracks = effects(&twin.0, bound)
                .map(|(_, effect, _)| match effect {
                    Effect::Path { path, .. } | Effect::Items { path, .. } => {
                        Some(Track::new(path))
                    }
                    _ => None,
                })
                .collect();
        }
        let parent_from_asset = scene_transform(&twin.0, bound.asset);
        let mut local = Transform::IDENTITY;
        let mut base = bound.base;
        let mut shown = None;
        let mut moves = false;
        for (slot, effect, reading) in effects(&twin.0, bound) {
            let Some(reading) = reading else { continue };
            // A pose in the frame of the asset's parent, for the root or for a node within.
            let within = |pose: Transform| {
                if bound.is_root {
                    pose
                } else {
                    let inverse = (parent_from_asset * bound.above).to_matrix().inverse();
                    Transform::from_matrix(inverse) * pose.with_scale(bound.base.scale)
                }
            };
            match (effect, &reading.value) {
                (Effect::Path { metres_per_unit, .. }, value) => {
                    if let (Some(track), Some(value)) = (&bound.tracks[slot], value.as_number()) {
                        base = within(track.at(value * metres_per_unit));
                        moves = true;
                    }
                }
                (Effect::Pose { .. }, crate::twin::Value::Pose(pose)) => {
                    base = within(scene::transform(pose));
                    moves = true;
                }
                (Effect::Show { when, .. }, value) => {
                    shown = Some(shown.unwrap_or(true) && holds(when, value));
                }
                (effect, value) => {
                    if let Some(value) = value.as_number()
                        && let Some(own) = node_transform(effect, value)
                    {
                        local = local * own;
                        moves = true;
                    }
                }
            }
        }
        if moves {
            transform.set_if_neq(base * local);
        }
        if let Some(shown) = shown {
            let wanted = if shown { Visibility::Inherited } else { Visibility::Hidden };
            visibility.set_if_neq(wanted);
        }
    }
}

fn scene_transform(twin: &Twin, asset: AssetId) -> Transform {
    scene::transform(&twin.asset(asset).parent_from_asset)
}

/// Colours and glow.
fn paint(
    twin: Res<TwinDefinition>,
    palette: Res<Palette>,
    bounds: Query<(Ref<Bound>, &Paints)>,
    mut tags: Query<&mut MeshTag>,
) {
    let limit_colors = [palette.scene.good, palette.scene.warning, palette.scene.alarm]
        .map(|color| color.to_srgba().to_f32_array_no_alpha());
    for (bound, paints) in &bounds {
        if !bound.is_changed() && !palette.is_changed() {
            continue;
        }
        let mut look: Option<Look> = None;
        for (_, effect, reading) in effects(&twin.0, &bound) {
            let (Effect::Color { by, map, .. } | Effect::Glow { by, map, .. }) = effect else {
                continue;
            };
            let look = look.get_or_insert_default();
            let Some(value) = reading.and_then(|reading| reading.value.as_number()) else {
                continue;
            };
            let id = twin.0.property_at(bound.asset, usize::from(*by));
            let (rgb, share) = color(map, value, &twin.0.property(id).limits, &limit_colors);
            match effect {
                Effect::Color { strength, .. } => {
                    look.color = rgb;
                    look.strength = strength * share;
                }
                Effect::Glow { intensity, .. } => {
                    look.glow_color = rgb;
                    look.glow = intensity * share;
                }
                _ => {}
            }
        }
        let Some(look) = look else { continue };
        for part in &paints.0 {
            if let Ok(mut tag) = tags.get_mut(*part) {
                let value = scene::with_look(tag.0, &look);
                scene::write(&mut tag, value);
            }
        }
    }
}

/// Poses of animations.
fn animate(
    twin: Res<TwinDefinition>,
    bounds: Query<&Bound, Changed<Bound>>,
    mut nodes: Query<&mut Transform, Without<Bound>>,
) {
    for bound in &bounds {
        let Some(model) = &bound.model else { continue };
        for (_, effect, reading) in effects(&twin.0, bound) {
            let Effect::Animation { name, seconds_per_unit, repeat, .. } = effect else { continue };
            let value = reading.and_then(|reading| reading.value.as_number());
            let (Some(value), Ok(at)) = (value, model.find_animation(name)) else { continue };
            let animation = &model.animations[at];
            let mut time_s = value * seconds_per_unit;
            if *repeat && animation.duration_s > 0.0 {
                time_s = time_s.rem_euclid(animation.duration_s);
            }
            for pose in animation.sample(time_s) {
                let found = bound.animated.iter().find(|(node, _, _)| *node == pose.node);
                let Some((_, entity, base)) = found else { continue };
                let rest = model.nodes[pose.node].parent_from_node.to_trs();
                let now = Affine::from_trs(&cad::Trs {
                    translation: pose.translation.unwrap_or(rest.translation),
                    rotation: pose.rotation.unwrap_or(rest.rotation),
                    scale: pose.scale.unwrap_or(rest.scale),
                });
                if let Ok(mut transform) = nodes.get_mut(*entity) {
                    transform.set_if_neq(scene::local(&base.then_inner(&now)));
                }
            }
        }
    }
}

/// What is stale looks stale.
fn age(
    index: Res<Index>,
    mut parts: Query<(&PartOf, &mut MeshTag)>,
    mut last: Local<Vec<bool>>,
    added: Query<(), Added<PartOf>>,
) {
    let stale: Vec<bool> = index.stale_count.iter().map(|count| *count > 0).collect();
    if stale == *last && added.is_empty() {
        return;
    }
    for (part, mut tag) in &mut parts {
        let on = stale.get(part.0.0 as usize).copied().unwrap_or(false);
        let value = scene::with_flag(tag.0, scene::STALE, on);
        scene::write(&mut tag, value);
    }
    *last = stale;
}
