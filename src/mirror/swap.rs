//! Another definition of the same plant, while it is mirrored.

use std::collections::HashMap;
use std::sync::Arc;

use super::Mirror;
use crate::twin::{Property, PropertyId, Twin, ValueType};

impl Mirror {
    /// Mirrors another definition from now on (its file was saved anew). What is known stays, by
    /// the persistent paths of the properties, where type and unit still fit; counters go on.
    pub fn swap_twin(&mut self, twin: Arc<Twin>) {
        let mut fresh = Self::new(twin, self.recent.budget());
        let old = self.twin.clone();
        let ids: HashMap<String, PropertyId> =
            old.property_ids().map(|id| (old.property_path(id), id)).collect();
        fresh.recent.adopt_span(&self.recent);
        for id in fresh.twin.property_ids() {
            let property = fresh.twin.property(id);
            let Some(its_id) = ids.get(&fresh.twin.property_path(id)) else { continue };
            let Some(convert) = conversion(old.property(*its_id), property) else { continue };
            fresh.recent.adopt(id, &mut self.recent, *its_id, convert.as_deref());
            fresh.mark_changed(id);
        }
        for (at, presence) in fresh.twin.presence.iter().enumerate() {
            let same = old.presence.iter().position(|other| other.topic == presence.topic);
            if let Some(same) = same {
                fresh.presence[at] = std::mem::take(&mut self.presence[same]);
            }
        }
        if fresh.twin.clock == old.clock {
            fresh.clock = self.clock.clone();
            fresh.clock_known = std::mem::take(&mut self.clock_known);
            fresh.live = self.live;
        }
        (fresh.counters, fresh.restarts) = (self.counters, self.restarts);
        *self = fresh;
    }
}

/// How an old number becomes a new one.
type Convert = Option<Box<dyn Fn(f64) -> f64>>;

/// Whether samples of one definition can serve another; `None`: they cannot.
fn conversion(old: &Property, new: &Property) -> Option<Convert> {
    let same_integral = match (old.integral_of, new.integral_of) {
        (None, None) => true,
        (Some(old), Some(new)) => old.per_second == new.per_second,
        _ => false,
    };
    if old.ty != new.ty || !same_integral {
        return None;
    }
    if old.ty != ValueType::Number || old.unit.code() == new.unit.code() {
        return Some(None);
    }
    let (scale, offset) = old.unit.conversion_to(&new.unit)?;
    Some(Some(Box::new(move |number| number * scale + offset)))
}
