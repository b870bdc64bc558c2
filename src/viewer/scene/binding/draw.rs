//! What [`Bound`] has read into transforms, colours, visibility, animations and the look of what is
//! stale.

use bevy::mesh::MeshTag;
use bevy::prelude::*;

use super::maths::{color, holds, node_transform, shaped};
use super::sample::Indexes;
use super::written::Written;
use crate::cad::{self, Affine};
use crate::twin::Condition;
use crate::twin::binding::{ColorMap, Effect};
use crate::viewer::base::{Palette, PartOf, Scene, SceneViews, TwinDefinition};
use crate::viewer::scene::bound::{Bound, Paints, effects};
use crate::viewer::scene::look::{self, Look};
use crate::viewer::scene::placement;
use crate::viewer::time::{Sources, survey};

/// Placements and what is shown. What nothing is known of stands as it does at rest.
pub(super) fn place(
    twin: Res<TwinDefinition>,
    written: Res<Written>,
    mut bounds: Query<(&Bound, &mut Transform, &mut Visibility)>,
) {
    let mut changed = bounds.iter_many_mut(&written.placed);
    while let Some((bound, mut transform, mut visibility)) = changed.fetch_next() {
        let mut local = Transform::IDENTITY;
        let mut base = bound.base;
        let mut shown = None;
        let mut moves = false;
        // A pose in the frame of the asset's parent, for the root or for a node within.
        let within = |pose: Transform| match &bound.within {
            None => pose,
            Some(frame) => **frame * pose.with_scale(bound.base.scale),
        };
        for (slot, effect, reading) in effects(&twin.0, bound) {
            let value = reading.map(|reading| &reading.value);
            match (effect, value) {
                (Effect::Color { .. } | Effect::Glow { .. } | Effect::Label { .. }, _)
                | (Effect::Animation { .. } | Effect::Items { .. }, _) => {}
                (Effect::Show { when, .. }, value) => {
                    let holds = value.is_none_or(|value| holds(when, value));
                    shown = Some(shown.unwrap_or(true) && holds);
                }
                (_, None) => moves = true,
                (Effect::Path { metres_per_unit, .. }, Some(value)) => {
                    if let (Some(track), Some(value)) = (&bound.tracks[slot], value.as_number()) {
                        base = within(track.at(value * metres_per_unit));
                        moves = true;
                    }
                }
                (Effect::Pose { .. }, Some(crate::twin::Value::Pose(pose))) => {
                    base = within(placement::transform(pose));
                    moves = true;
                }
                (effect, Some(value)) => {
                    if let Some(value) = value.as_number()
                        && let Some(own) = node_transform(effect, value)
                    {
                        let own = match &bound.shape {
                            None => own,
                            Some(shape) => shaped(own, shape, bound.base.scale),
                        };
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

/// Colours and glow.
pub(super) fn paint(
    twin: Res<TwinDefinition>,
    palette: Res<Palette>,
    written: Res<Written>,
    views: Res<SceneViews>,
    sources: Res<Sources>,
    bounds: Query<(&Bound, &Paints)>,
    mut tags: Query<&mut MeshTag>,
) {
    let color_of =
        |condition| palette.scene.condition(condition).to_srgba().to_f32_array_no_alpha();
    let mut paint = |(bound, paints): (&Bound, &Paints)| {
        let mut look: Option<Look> = None;
        for (_, effect, reading) in effects(&twin.0, bound) {
            let (Effect::Color { by, map, .. } | Effect::Glow { by, map, .. }) = effect else {
                continue;
            };
            let look = look.get_or_insert_default();
            let is_lamp = matches!(map, ColorMap::Condition(_));
            let condition = if is_lamp {
                let view = views.get(bound.scene).map(|shown| shown.view).unwrap_or_default();
                survey::asset_condition(&**sources, &twin.0, view, bound.asset)
            } else {
                let id = twin.0.property_at(bound.asset, usize::from(*by));
                let property = twin.0.property(id);
                reading.map_or(Condition::Unknown, |reading| {
                    property.condition(&reading.value, reading.quality)
                })
            };
            // A lamp is lit by what is known of the asset, and of what nothing is known it is dark.
            let value = match reading.and_then(|reading| reading.value.as_number()) {
                Some(value) => value,
                None if is_lamp && condition > Condition::Normal => f64::NAN,
                None => continue,
            };
            let (rgb, share) = color(map, value, condition, color_of);
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
        let Some(look) = look else { return };
        for part in &paints.0 {
            if let Ok(mut tag) = tags.get_mut(*part) {
                let value = look::with_look(tag.0, &look);
                look::write(&mut tag, value);
            }
        }
    };
    if palette.is_changed() {
        bounds.iter().for_each(&mut paint);
    } else {
        bounds.iter_many(&written.painted).for_each(&mut paint);
    }
}

/// Poses of animations; the pose at rest where nothing is known.
pub(super) fn animate(
    twin: Res<TwinDefinition>,
    written: Res<Written>,
    bounds: Query<&Bound>,
    mut nodes: Query<&mut Transform, Without<Bound>>,
) {
    for bound in bounds.iter_many(&written.animated) {
        let Some(model) = &bound.model else { continue };
        // What is known comes last: a node that several animations move is not put to rest by one of
        // which nothing is known.
        let of = |is_known: bool| {
            effects(&twin.0, bound).filter(move |(_, _, reading)| reading.is_some() == is_known)
        };
        for (_, effect, reading) in of(false).chain(of(true)) {
            let Effect::Animation { name, seconds_per_unit, repeat, .. } = effect else { continue };
            let Ok(at) = model.find_animation(name) else { continue };
            let animation = &model.animations[at];
            let value = reading.and_then(|reading| reading.value.as_number());
            let mut time_s = value.unwrap_or(0.0) * seconds_per_unit;
            if *repeat && animation.duration_s > 0.0 {
                time_s = time_s.rem_euclid(animation.duration_s);
            }
            for pose in animation.sample(time_s) {
                // Groups stand in the order of their nodes.
                let found = bound.animated.binary_search_by_key(&pose.node, |(node, _)| *node);
                let Ok(found) = found else { continue };
                let (_, (entity, (base, node_from_group))) = &bound.animated[found];
                let rest = model.nodes[pose.node].parent_from_node.to_trs();
                let now = match value {
                    None => rest,
                    Some(_) => cad::Trs {
                        translation: pose.translation.unwrap_or(rest.translation),
                        rotation: pose.rotation.unwrap_or(rest.rotation),
                        scale: pose.scale.unwrap_or(rest.scale),
                    },
                };
                let now = Affine::from_trs(&now).then_inner(node_from_group);
                if let Ok(mut transform) = nodes.get_mut(*entity) {
                    transform.set_if_neq(placement::local(&base.then_inner(&now)));
                }
            }
        }
    }
}

/// Parts that appeared since [`age`] ran.
#[derive(Resource, Default)]
pub(super) struct Appeared(Vec<Entity>);

/// Notes each part that appears.
pub(super) fn note_part(add: On<Add, PartOf>, mut appeared: ResMut<Appeared>) {
    appeared.0.push(add.entity);
}

/// What is stale looks stale, and so does an asset of which nothing is known.
pub(super) fn age(
    mut indexes: ResMut<Indexes>,
    mut parts: Query<(&PartOf, Option<&Scene>, &mut MeshTag)>,
    mut appeared: ResMut<Appeared>,
) {
    let is_other = indexes.take_other();
    if !is_other && appeared.0.is_empty() {
        return;
    }
    let mark = |(part, scene, mut tag): (&PartOf, Option<&Scene>, Mut<MeshTag>)| {
        let index = indexes.of(scene.copied().unwrap_or_default());
        let is_stale = index.is_some_and(|index| index.is_stale(part.0.0 as usize));
        let value = look::with_flag(tag.0, look::STALE, is_stale);
        look::write(&mut tag, value);
    };
    if is_other {
        parts.iter_mut().for_each(mark);
    } else {
        let mut appeared = parts.iter_many_mut(&appeared.0);
        while let Some(part) = appeared.fetch_next() {
            mark(part);
        }
    }
    appeared.0.clear();
}
