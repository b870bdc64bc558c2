//! State in each scene's view into [`Bound`]: which entities each property drives there, and which
//! properties must be read anew in this frame.

use std::sync::Arc;

use bevy::prelude::*;

use crate::history::State;
use crate::twin::{PropertyId, Quality, Twin};
use crate::viewer::base::{Scene, SceneView, SceneViews, TwinDefinition};
use crate::viewer::scene::bound::Bound;
use crate::viewer::time::{Anew, Follower, Sources};

/// What is driven in one scene by each property, and which must be read anew.
#[derive(Default)]
pub(super) struct Index {
    scene: Scene,
    /// By [`PropertyId`]: entity and position in its [`Bound`].
    targets: Vec<Vec<(Entity, u16)>>,
    /// Properties that have or had a target.
    bound: Vec<PropertyId>,
    is_bound: Vec<bool>,
    active: Vec<PropertyId>,
    is_active: Vec<bool>,
    follower: Follower,
    /// For each asset, how many of its bound properties are stale, and by property whether it is.
    stale_count: Vec<u32>,
    is_stale: Vec<bool>,
}

impl Index {
    fn new(scene: Scene, twin: &Twin) -> Self {
        let count = twin.property_count();
        Self {
            scene,
            targets: vec![Vec::new(); count],
            is_bound: vec![false; count],
            is_active: vec![false; count],
            is_stale: vec![false; count],
            stale_count: vec![0; twin.assets.len()],
            follower: Follower::new(count),
            ..Self::default()
        }
    }

    fn add(&mut self, entity: Entity, slot: u16, id: PropertyId) {
        self.targets[id.0 as usize].push((entity, slot));
        if !std::mem::replace(&mut self.is_bound[id.0 as usize], true) {
            self.bound.push(id);
        }
        activate(&self.targets, &mut self.is_active, &mut self.active, id);
    }
}

/// A property that drives something is to be read.
fn activate(
    targets: &[Vec<(Entity, u16)>],
    is_active: &mut [bool],
    active: &mut Vec<PropertyId>,
    id: PropertyId,
) {
    let at = id.0 as usize;
    if targets.get(at).is_some_and(|targets| !targets.is_empty()) && !is_active[at] {
        is_active[at] = true;
        active.push(id);
    }
}

/// An index for each scene.
#[derive(Resource, Default)]
pub(super) struct Indexes(Vec<Index>);

/// What was written in this frame: what follows looks at these alone, and not through all that is
/// bound.
#[derive(Resource, Default)]
pub(super) struct Written(pub Vec<Entity>);

impl Indexes {
    /// By asset, whether something that is bound there is stale in that scene.
    pub(super) fn stale(&self, scene: Scene) -> Option<Vec<bool>> {
        let index = self.0.iter().find(|index| index.scene == scene)?;
        Some(index.stale_count.iter().map(|count| *count > 0).collect())
    }

    /// The scenes that have one.
    pub(super) fn scenes(&self) -> impl Iterator<Item = Scene> {
        self.0.iter().map(|index| index.scene)
    }
}

/// Registers what was spawned.
pub(super) fn index(
    twin: Res<TwinDefinition>,
    views: Res<SceneViews>,
    mut indexes: ResMut<Indexes>,
    added: Query<(Entity, &Bound), Added<Bound>>,
) {
    let count = twin.0.property_count();
    let is_other = twin.is_changed() || indexes.0.iter().any(|index| index.targets.len() != count);
    if is_other {
        indexes.0.clear();
    }
    indexes.0.retain(|index| views.get(index.scene).is_some());
    for SceneView { scene, .. } in views.iter() {
        if indexes.0.iter().all(|index| index.scene != *scene) {
            indexes.0.push(Index::new(*scene, &twin.0));
        }
    }
    for (entity, bound) in &added {
        let Some(class) = twin.0.class_of(bound.asset) else { continue };
        let index = indexes.0.iter_mut().find(|index| index.scene == bound.scene);
        let Some(index) = index else { continue };
        for (slot, binding) in bound.bindings.iter().enumerate() {
            let Some(by) = class.bindings[*binding].effect.by() else { continue };
            index.add(entity, slot as u16, twin.0.property_at(bound.asset, usize::from(by)));
        }
    }
}

/// State in the scenes' views into [`Bound`], only what changed or still interpolates.
pub(super) fn sample(
    views: Res<SceneViews>,
    sources: Res<Sources>,
    twin: Res<TwinDefinition>,
    mut indexes: ResMut<Indexes>,
    mut written: ResMut<Written>,
    mut bounds: Query<&mut Bound>,
) {
    for entity in written.0.drain(..) {
        if let Ok(mut bound) = bounds.get_mut(entity) {
            bound.is_listed = false;
        }
    }
    if !Arc::ptr_eq(sources.live().twin(), &twin.0) {
        return;
    }
    for index in &mut indexes.0 {
        if let Some(shown) = views.get(index.scene) {
            index.sample(&**sources, &twin.0, shown, &mut bounds, &mut written.0);
        }
    }
}

impl Index {
    fn sample(
        &mut self,
        state: &impl State,
        twin: &Twin,
        shown: &SceneView,
        bounds: &mut Query<&mut Bound>,
        written: &mut Vec<Entity>,
    ) {
        let Self { targets, bound, active, is_active, follower, stale_count, is_stale, .. } = self;
        let SceneView { view, follows, .. } = *shown;
        let mut activate = |id| activate(targets, is_active, active, id);
        if follower.advance(state, view, follows, &mut activate) == Anew::All {
            bound.iter().for_each(|id| activate(*id));
        }
        active.retain(|id| {
            let at = id.0 as usize;
            let view = view.of_kind(twin.property(*id).kind);
            let reading = state.reading(view, *id);
            let stale = reading.as_ref().is_some_and(|reading| reading.quality >= Quality::Stale);
            if !stale {
                follower.fresh(state, view, *id);
            }
            if stale != is_stale[at] {
                is_stale[at] = stale;
                let count = &mut stale_count[twin.owner(*id).0 as usize];
                *count = if stale { *count + 1 } else { count.saturating_sub(1) };
            }
            targets[at].retain(|(entity, slot)| {
                let Ok(mut bound) = bounds.get_mut(*entity) else { return false };
                let slot = usize::from(*slot);
                let same = match (&bound.readings[slot], &reading) {
                    (Some(a), Some(b)) => a.value == b.value && a.quality == b.quality,
                    (None, None) => true,
                    _ => false,
                };
                if !same {
                    bound.readings[slot] = reading.clone();
                    if !std::mem::replace(&mut bound.is_listed, true) {
                        written.push(*entity);
                    }
                }
                true
            });
            let waits = follower.goes_on(state, view, *id);
            is_active[at] = waits;
            waits
        });
    }
}
