//! State in each scene's view into [`Bound`]: which entities each property drives there, and which
//! properties must be read anew in this frame.

use std::collections::HashMap;
use std::sync::Arc;

use bevy::prelude::*;
use smallvec::SmallVec;

use super::written::{Written, lists};
use crate::history::State;
use crate::twin::binding::{ColorMap, Effect};
use crate::twin::{AssetId, PropertyId, PropertyKind, Quality, Twin};
use crate::viewer::base::{Scene, SceneView, SceneViews, TwinDefinition};
use crate::viewer::scene::bound::Bound;
use crate::viewer::time::{Anew, Follower, Sources, Survey};

/// What a property drives.
struct Target {
    entity: Entity,
    /// Place in its [`Bound`].
    slot: u16,
    /// In which lists of [`Written`] it stands when that is written.
    lists: u8,
}

/// What is known of a property that drives something.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Known {
    /// Nothing.
    #[default]
    No,
    /// A value that is current.
    Fresh,
    /// One that is not.
    Stale,
}

/// What a property drives in a scene, in one piece of memory.
#[derive(Default)]
struct Driven {
    targets: SmallVec<[Target; 1]>,
    /// Whose property it is.
    asset: u32,
    known: Known,
    is_estimate: bool,
    /// It stands in [`Index::bound`].
    is_bound: bool,
    /// It stands in [`Index::active`].
    is_active: bool,
}

/// How many properties of an asset drive something.
#[derive(Clone, Copy, Debug, Default)]
struct OfAsset {
    /// Those that are measured, and of them those of which something is known.
    bound: u32,
    known: u32,
    /// Those that are stale, estimates among them.
    stale: u32,
}

/// What is driven in one scene by each property, and which must be read anew.
#[derive(Default)]
pub(super) struct Index {
    scene: Scene,
    driven: Vec<Driven>,
    /// Properties that have or had a target.
    bound: Vec<PropertyId>,
    active: Vec<PropertyId>,
    follower: Follower,
    of_asset: Vec<OfAsset>,
    /// Status lamps, which show how their whole asset is doing.
    lamps: HashMap<AssetId, SmallVec<[Entity; 1]>>,
    /// Lamps that were never painted.
    new_lamps: Vec<Entity>,
    /// Whether the source has any samples.
    has_samples: bool,
    /// Some assets look stale that did not, or the reverse.
    is_other: bool,
}

impl OfAsset {
    /// Whether it is to look stale: something that is bound there is, or nothing of it is known while
    /// other things are.
    fn looks_stale(self, has_samples: bool) -> bool {
        self.stale > 0 || (has_samples && self.bound > 0 && self.known == 0)
    }
}

impl Index {
    fn new(scene: Scene, twin: &Twin) -> Self {
        let driven = |id| Driven {
            asset: twin.owner(id).0,
            is_estimate: twin.property(id).kind == PropertyKind::Estimate,
            ..Driven::default()
        };
        Self {
            scene,
            driven: twin.property_ids().map(driven).collect(),
            of_asset: vec![OfAsset::default(); twin.assets.len()],
            follower: Follower::new(twin.property_count()),
            ..Self::default()
        }
    }

    fn add(&mut self, target: Target, id: PropertyId) {
        let Some(driven) = self.driven.get_mut(id.0 as usize) else { return };
        driven.targets.push(target);
        if !std::mem::replace(&mut driven.is_bound, true) {
            self.bound.push(id);
            if !driven.is_estimate {
                self.of_asset[driven.asset as usize].bound += 1;
                self.is_other = true;
            }
        }
        activate(&mut self.driven, &mut self.active, id);
    }

    /// Lamps that are new are to be painted, and anew those of assets whose condition turned.
    fn light(&mut self, turned: &[AssetId], bounds: &mut Query<&mut Bound>, written: &mut Written) {
        for entity in self.new_lamps.drain(..) {
            if let Ok(mut bound) = bounds.get_mut(entity) {
                written.repaint(entity, &mut bound.bypass_change_detection().written);
            }
        }
        for asset in turned {
            let Some(lamps) = self.lamps.get_mut(asset) else { continue };
            lamps.retain(|entity| {
                let Ok(mut bound) = bounds.get_mut(*entity) else { return false };
                written.repaint(*entity, &mut bound.bypass_change_detection().written);
                true
            });
        }
    }

    /// Whether an asset is to look stale.
    pub(super) fn is_stale(&self, asset: usize) -> bool {
        self.of_asset.get(asset).is_some_and(|asset| asset.looks_stale(self.has_samples))
    }
}

/// Whether an effect shows how the whole asset is doing.
fn is_lamp(effect: &Effect) -> bool {
    let (Effect::Color { map, .. } | Effect::Glow { map, .. }) = effect else { return false };
    matches!(map, ColorMap::Condition(_))
}

/// A property that drives something is to be read.
fn activate(driven: &mut [Driven], active: &mut Vec<PropertyId>, id: PropertyId) {
    if let Some(driven) = driven.get_mut(id.0 as usize)
        && !driven.targets.is_empty()
        && !std::mem::replace(&mut driven.is_active, true)
    {
        active.push(id);
    }
}

/// An index for each scene.
#[derive(Resource, Default)]
pub(super) struct Indexes(Vec<Index>);

impl Indexes {
    /// The index of a scene.
    pub(super) fn of(&self, scene: Scene) -> Option<&Index> {
        self.0.iter().find(|index| index.scene == scene)
    }

    /// Whether an asset looks stale that did not, or the reverse, since it was asked last.
    pub(super) fn take_other(&mut self) -> bool {
        self.0.iter_mut().fold(false, |other, index| std::mem::take(&mut index.is_other) | other)
    }
}

/// What was spawned and is not registered yet.
#[derive(Resource, Default)]
pub(super) struct Spawned(Vec<Entity>);

/// Notes what is spawned.
pub(super) fn note(added: On<Add, Bound>, mut spawned: ResMut<Spawned>) {
    spawned.0.push(added.entity);
}

/// Registers what was spawned.
pub(super) fn index(
    twin: Res<TwinDefinition>,
    views: Res<SceneViews>,
    mut indexes: ResMut<Indexes>,
    mut spawned: ResMut<Spawned>,
    mut bounds: Query<&mut Bound>,
) {
    let count = twin.0.property_count();
    let is_other = twin.is_changed() || indexes.0.iter().any(|index| index.driven.len() != count);
    if is_other {
        indexes.0.clear();
    }
    if is_other || views.is_changed() {
        indexes.0.retain(|index| views.get(index.scene).is_some());
        for SceneView { scene, .. } in views.iter() {
            if indexes.of(*scene).is_none() {
                indexes.0.push(Index::new(*scene, &twin.0));
            }
        }
    }
    for entity in spawned.0.drain(..) {
        // What was spawned and is gone again has no component any more.
        let Ok(mut bound) = bounds.get_mut(entity) else { continue };
        let index = indexes.0.iter_mut().find(|index| index.scene == bound.scene);
        let (Some(class), Some(index)) = (twin.0.class_of(bound.asset), index) else { continue };
        bound.prepare(&twin.0);
        for (slot, binding) in bound.bindings.iter().enumerate() {
            let effect = &class.bindings[*binding].effect;
            let Some(by) = effect.by() else { continue };
            if is_lamp(effect) {
                index.lamps.entry(bound.asset).or_default().push(entity);
                index.new_lamps.push(entity);
            }
            let target = Target { entity, slot: slot as u16, lists: lists(effect) };
            index.add(target, twin.0.property_at(bound.asset, usize::from(by)));
        }
    }
}

/// State in the scenes' views into [`Bound`], only what changed or still interpolates.
pub(super) fn sample(
    views: Res<SceneViews>,
    sources: Res<Sources>,
    twin: Res<TwinDefinition>,
    survey: Option<Res<Survey>>,
    mut indexes: ResMut<Indexes>,
    mut written: ResMut<Written>,
    mut bounds: Query<&mut Bound>,
) {
    written.begin();
    if !Arc::ptr_eq(sources.live().twin(), &twin.0) {
        return;
    }
    for index in &mut indexes.0 {
        let Some(shown) = views.get(index.scene) else { continue };
        // A source that is there is asked itself, one that is not answers that it knows nothing.
        match sources.get(shown.view.source) {
            Some(mirror) => index.sample(mirror, &twin.0, shown, &mut bounds, &mut written),
            None => index.sample(&**sources, &twin.0, shown, &mut bounds, &mut written),
        }
        // Another scene's lamps follow the property that their binding names; the survey is of the main one.
        let survey = survey.as_ref().filter(|_| index.scene == Scene::MAIN);
        let turned = survey.map_or(&[][..], |survey| survey.turned());
        index.light(turned, &mut bounds, &mut written);
    }
}

impl Index {
    fn sample(
        &mut self,
        state: &impl State,
        twin: &Twin,
        shown: &SceneView,
        bounds: &mut Query<&mut Bound>,
        written: &mut Written,
    ) {
        let Self { driven, bound, active, follower, of_asset, has_samples, is_other, .. } = self;
        let SceneView { view, follows, .. } = *shown;
        let has = state.span(view.source).is_some();
        *is_other |= std::mem::replace(has_samples, has) != has;
        let mut activate = |id| activate(driven, active, id);
        if follower.advance(state, twin, view, follows, &mut activate) == Anew::All {
            bound.iter().for_each(|id| activate(*id));
        }
        active.retain(|id| {
            let driven = &mut driven[id.0 as usize];
            let view = if driven.is_estimate { view.of_kind(PropertyKind::Estimate) } else { view };
            let reading = state.reading(view, *id);
            let known = match &reading {
                None => Known::No,
                Some(reading) if reading.quality >= Quality::Stale => Known::Stale,
                Some(_) => Known::Fresh,
            };
            if known != Known::Stale {
                follower.fresh(state, view, *id);
            }
            let before = std::mem::replace(&mut driven.known, known);
            if known != before {
                let asset = &mut of_asset[driven.asset as usize];
                let looked_stale = asset.looks_stale(has);
                let turned = |is| u32::from(known == is).wrapping_sub(u32::from(before == is));
                asset.stale = asset.stale.wrapping_add(turned(Known::Stale));
                if !driven.is_estimate {
                    asset.known = asset.known.wrapping_sub(turned(Known::No));
                }
                *is_other |= asset.looks_stale(has) != looked_stale;
            }
            driven.targets.retain(|target| {
                let Ok(mut bound) = bounds.get_mut(target.entity) else { return false };
                // Nobody asks whether it changed: what was written is in the lists.
                let bound = bound.bypass_change_detection();
                let slot = &mut bound.readings[usize::from(target.slot)];
                let same = match (&*slot, &reading) {
                    (Some(a), Some(b)) => a.value == b.value && a.quality == b.quality,
                    (None, None) => true,
                    _ => false,
                };
                if !same {
                    slot.clone_from(&reading);
                    written.note(target.entity, target.lists, &mut bound.written);
                }
                true
            });
            driven.is_active = follower.goes_on(state, view, *id);
            driven.is_active
        });
    }
}
