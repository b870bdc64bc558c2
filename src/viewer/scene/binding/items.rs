//! Things on a path: an instance for each item, shared meshes, reused from sample to sample.

use bevy::mesh::MeshTag;
use bevy::platform::collections::HashMap;
use bevy::prelude::*;

use super::written::Written;
use crate::twin::Value;
use crate::twin::binding::Effect;
use crate::viewer::base::{Item, PartOf, TwinDefinition};
use crate::viewer::scene::bound::{Bound, effects};
use crate::viewer::scene::models::{Models, put_in};

/// More than this on one path are not drawn.
const MAX_ITEMS: usize = 2000;

/// The instances that stand for the items of an asset's bindings, by binding and item.
#[derive(Component, Default)]
pub(super) struct ShownItems(HashMap<(usize, u64), (u8, Entity)>);

/// Makes the instances what the lists say.
pub(super) fn show(
    twin: Res<TwinDefinition>,
    models: Res<Models>,
    written: Res<Written>,
    mut bounds: Query<(Entity, &Bound, Option<&mut ShownItems>)>,
    mut places: Query<&mut Transform>,
    mut commands: Commands,
) {
    // What was missing for want of a model is tried again when models come.
    let again: Vec<Entity> = match models.is_changed() {
        true => bounds.iter().filter(|(_, _, shown)| shown.is_some()).map(|(at, ..)| at).collect(),
        false => Vec::new(),
    };
    let again = again.iter().filter(|entity| !written.carries.contains(entity));
    let mut wanted = bounds.iter_many_mut(written.carries.iter().chain(again));
    while let Some((entity, bound, mut shown)) = wanted.fetch_next() {
        let mut left = shown.as_mut().map(|shown| std::mem::take(&mut shown.0)).unwrap_or_default();
        let mut now = HashMap::with_capacity(left.len());
        for (slot, effect, reading) in effects(&twin.0, bound) {
            let Effect::Items { models: files, .. } = effect else { continue };
            let Some(Some(track)) = bound.tracks.get(slot) else { continue };
            let Some(Value::Items(items)) = reading.map(|reading| &reading.value) else { continue };
            for item in items.iter().take(MAX_ITEMS) {
                let place = track.at(item.at_m);
                let model = usize::from(item.stage).min(files.len().saturating_sub(1)) as u8;
                let key = (slot, item.id);
                match left.remove(&key) {
                    Some((same, instance)) if same == model => {
                        if let Ok(mut transform) = places.get_mut(instance) {
                            transform.set_if_neq(place);
                        }
                        now.insert(key, (model, instance));
                        continue;
                    }
                    Some((_, other)) => commands.entity(other).despawn(),
                    None => {}
                }
                let Some(parts) = files.get(usize::from(model)).and_then(|file| models.plain(file))
                else {
                    continue;
                };
                let instance = commands.spawn((ChildOf(entity), place, Visibility::default())).id();
                for (mesh, material) in parts {
                    let mut part = commands.spawn((
                        ChildOf(instance),
                        PartOf(bound.asset),
                        Item,
                        Mesh3d(mesh),
                        MeshMaterial3d(material),
                        MeshTag(0),
                    ));
                    put_in(bound.scene, &mut part);
                }
                now.insert(key, (model, instance));
            }
        }
        left.values().for_each(|(_, instance)| commands.entity(*instance).despawn());
        match shown {
            Some(mut shown) => shown.0 = now,
            None => _ = commands.entity(entity).insert(ShownItems(now)),
        }
    }
}
