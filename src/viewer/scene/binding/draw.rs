//! What [`Bound`] has read into transforms, colours, visibility, animations and the look of what is
//! stale.

use bevy::mesh::MeshTag;
use bevy::prelude::*;

use super::maths::{color, holds, node_transform};
use super::sample::Index;
use crate::cad::{self, Affine};
use crate::twin::binding::Effect;
use crate::twin::{AssetId, Twin};
use crate::viewer::base::{Palette, PartOf, TwinDefinition};
use crate::viewer::scene::bound::{Bound, Paints, effects};
use crate::viewer::scene::look::{self, Look};
use crate::viewer::scene::placement;
use crate::viewer::scene::track::Track;

/// Placements and what is shown.
pub(super) fn place(
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
                    base = within(placement::transform(pose));
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
    placement::transform(&twin.asset(asset).parent_from_asset)
}

/// Colours and glow.
pub(super) fn paint(
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
                let value = look::with_look(tag.0, &look);
                look::write(&mut tag, value);
            }
        }
    }
}

/// Poses of animations.
pub(super) fn animate(
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
                    transform.set_if_neq(placement::local(&base.then_inner(&now)));
                }
            }
        }
    }
}

/// What is stale looks stale.
pub(super) fn age(
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
        let value = look::with_flag(tag.0, look::STALE, on);
        look::write(&mut tag, value);
    }
    *last = stale;
}
