//! State at the playhead into [`Bound`]: which entities each property drives, and which properties
//! must be read anew in this frame.

use std::sync::Arc;

use bevy::prelude::*;

use super::ageing::{Ageing, Known};
use crate::history::State;
use crate::twin::binding::Effect;
use crate::twin::{PropertyId, Quality};
use crate::viewer::base::{Playhead, TwinDefinition};
use crate::viewer::scene::bound::Bound;
use crate::viewer::time::LiveMirror;

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
pub(super) struct Index {
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
    pub(super) stale_count: Vec<u32>,
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

/// Registers what was spawned.
pub(super) fn index(
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
pub(super) fn sample(
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
