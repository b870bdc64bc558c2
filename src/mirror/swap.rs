//! Another definition of the same plant, while it is mirrored.

use std::collections::HashMap;
use std::sync::Arc;

use super::Mirror;
use crate::telemetry::{Batch, PresenceChange, Update};
use crate::twin::{Property, PropertyId, Twin, Value, ValueType};

/// Definitions before the present one whose batches may still be on their way.
const EARLIER: usize = 4;

impl Mirror {
    /// Mirrors another definition from now on (its file was saved anew). What is known stays, by
    /// the persistent paths of the properties, where type and unit still fit; counters go on.
    /// `edition` is what [`crate::telemetry::Status::redefine`] returned for it; batches of the
    /// definitions before it are translated.
    pub fn swap_twin(&mut self, twin: Arc<Twin>, edition: u32) {
        let budget = self.recent.budget();
        let mut fresh = match self.table_step_us {
            Some(step_us) => Self::of_table(twin, budget, step_us),
            None => Self::new(twin, budget),
        };
        let old = self.twin.clone();
        let step = Translation::between(&old, &fresh.twin);
        fresh.recent.adopt_span(&self.recent);
        for (at, target) in step.properties.iter().enumerate() {
            let Some((id, convert)) = target else { continue };
            fresh.recent.adopt(*id, &mut self.recent, PropertyId(at as u32), *convert);
        }
        let here = |id: PropertyId| step.properties.get(id.0 as usize).copied().flatten();
        fresh.estimates.adopt(&mut self.estimates, here);
        let unread = std::mem::take(&mut self.unread).into_iter();
        fresh.unread = unread.filter_map(|(id, unread)| Some((here(id)?.0, unread))).collect();
        for (at, target) in step.presence.iter().enumerate() {
            if let Some(same) = target {
                fresh.presence[*same as usize] = std::mem::take(&mut self.presence[at]);
            }
        }
        if fresh.twin.clock == old.clock || self.table_step_us.is_some() {
            fresh.clock = self.clock.clone();
            fresh.clock_known = std::mem::take(&mut self.clock_known);
            fresh.live = self.live;
        }
        let waiting = std::mem::take(&mut self.waiting).into_iter();
        fresh.waiting =
            waiting.filter_map(|(time, update)| Some((time, step.update(update)?))).collect();
        (fresh.counters, fresh.restarts) = (self.counters, self.restarts);
        fresh.earlier = self.earlier.iter().map(|(of, first)| (*of, first.then(&step))).collect();
        fresh.earlier.push((self.edition, step));
        let too_many = fresh.earlier.len().saturating_sub(EARLIER);
        fresh.earlier.drain(..too_many);
        fresh.edition = edition;
        for integral in &fresh.layout.integrals {
            fresh.recent.integrate(integral.source);
        }
        fresh.recount_all();
        // Entries name properties of the definition before.
        fresh.changes = self.changes.renewed(fresh.twin.property_count());
        *self = fresh;
    }

    /// A batch that was decoded for an earlier definition, in the terms of the present one.
    pub(super) fn translated(&mut self, batch: Batch) -> Batch {
        let known = self.earlier.iter().find(|(edition, _)| *edition == batch.edition);
        let updates = batch.updates.len();
        let mut here = Batch {
            updates: Vec::with_capacity(updates),
            presence: Vec::new(),
            reasons: Vec::new(),
            ..batch
        };
        if let Some((_, translation)) = known {
            here.updates
                .extend(batch.updates.into_iter().filter_map(|one| translation.update(one)));
            let presence = batch.presence.into_iter();
            here.presence.extend(presence.filter_map(|one| translation.change(one)));
            let reasons = batch.reasons.into_iter();
            here.reasons.extend(
                reasons.filter_map(|(id, reason)| Some((translation.property(id)?, reason))),
            );
        }
        // What the present definition has no more, or has as something else.
        self.counters.unknown += (updates - here.updates.len()) as u64;
        here
    }
}

/// Scale and offset from one unit to another; `None`: it is the same.
type Convert = Option<(f64, f64)>;

/// How the identifiers of one definition are those of another.
#[derive(Clone, Debug, Default)]
pub(super) struct Translation {
    /// By property: which it is there, with scale and offset where it is in another unit.
    properties: Vec<Option<(PropertyId, Convert)>>,
    /// By presence group: which it is there.
    presence: Vec<Option<u32>>,
}

impl Translation {
    fn between(old: &Twin, new: &Twin) -> Self {
        let ids: HashMap<String, PropertyId> =
            new.property_ids().map(|id| (new.property_path(id), id)).collect();
        let property = |id: PropertyId| {
            let its_id = *ids.get(&old.property_path(id))?;
            Some((its_id, conversion(old.property(id), new.property(its_id))?))
        };
        let presence = old.presence.iter().map(|presence| {
            let same = new.presence.iter().position(|other| other.topic == presence.topic);
            same.map(|at| at as u32)
        });
        Self {
            properties: old.property_ids().map(property).collect(),
            presence: presence.collect(),
        }
    }

    /// Which a property is there.
    fn property(&self, id: PropertyId) -> Option<PropertyId> {
        self.properties.get(id.0 as usize).copied().flatten().map(|(id, _)| id)
    }

    /// This and then another.
    fn then(&self, next: &Self) -> Self {
        let property = |(id, first): (PropertyId, Convert)| {
            let (id, second) = next.properties.get(id.0 as usize).copied().flatten()?;
            let both = match (first, second) {
                (Some((a, b)), Some((c, d))) => Some((a * c, b * c + d)),
                (one, other) => one.or(other),
            };
            Some((id, both))
        };
        let presence = |at: u32| next.presence.get(at as usize).copied().flatten();
        Self {
            properties: self.properties.iter().map(|one| one.and_then(property)).collect(),
            presence: self.presence.iter().map(|one| one.and_then(presence)).collect(),
        }
    }

    fn update(&self, mut update: Update) -> Option<Update> {
        let (id, convert) = self.properties.get(update.property.0 as usize).copied().flatten()?;
        update.property = id;
        if let (Some((scale, offset)), Some(Value::Number(number))) = (convert, &mut update.value) {
            *number = *number * scale + offset;
        }
        Some(update)
    }

    fn change(&self, change: PresenceChange) -> Option<PresenceChange> {
        let presence = self.presence.get(change.presence as usize).copied().flatten()?;
        Some(PresenceChange { presence, ..change })
    }
}

/// Whether samples of one definition can serve another, and by which scale and offset where the
/// unit is another; `None`: they cannot.
fn conversion(old: &Property, new: &Property) -> Option<Convert> {
    if old.ty != new.ty || old.integral_of.is_some() || new.integral_of.is_some() {
        // An integral has no samples of its own.
        return None;
    }
    if old.ty != ValueType::Number || old.unit.code() == new.unit.code() {
        return Some(None);
    }
    old.unit.conversion_to(&new.unit).map(Some)
}
