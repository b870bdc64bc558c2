//! What becomes stale without a sample: when to read properties again that get none.
//!
//! Flows in: until when each reading holds. Flows out: which properties to read anew in this frame.
//! Each property waits at most once, so that a frame costs what is due in it and no more.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::twin::{PropertyId, Timestamp};

/// The next instants at which readings may become stale.
#[derive(Debug, Default)]
pub(super) struct Ageing {
    due: BinaryHeap<Reverse<(Timestamp, u32)>>,
    waits: Vec<bool>,
}

impl Ageing {
    /// Of so many properties.
    pub(super) fn new(count: usize) -> Self {
        Self { waits: vec![false; count], ..Self::default() }
    }

    /// Whether it will be due without a further call.
    pub(super) fn waits(&self, id: PropertyId) -> bool {
        self.waits.get(id.0 as usize).copied().unwrap_or(true)
    }

    /// The reading holds until then; a later time for one that waits already is taken when its
    /// turn comes.
    pub(super) fn wait(&mut self, id: PropertyId, until: Option<Timestamp>) {
        let (Some(until), Some(waits)) = (until, self.waits.get_mut(id.0 as usize)) else { return };
        if !std::mem::replace(waits, true) {
            self.due.push(Reverse((until, id.0)));
        }
    }

    /// The next property whose reading may no longer hold at that time.
    pub(super) fn next(&mut self, time: Timestamp) -> Option<PropertyId> {
        let Reverse((until, id)) = *self.due.peek()?;
        if until > time {
            return None;
        }
        self.due.pop();
        self.waits[id as usize] = false;
        Some(PropertyId(id))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_property_is_due_when_its_time_has_come_and_not_before() {
        let mut ageing = Ageing::new(3);
        ageing.wait(PropertyId(2), Some(Timestamp(30)));
        ageing.wait(PropertyId(0), Some(Timestamp(10)));
        ageing.wait(PropertyId(1), None);
        assert_eq!(ageing.next(Timestamp(9)), None);
        assert_eq!(ageing.next(Timestamp(10)), Some(PropertyId(0)));
        assert_eq!(ageing.next(Timestamp(29)), None);
        assert_eq!(ageing.next(Timestamp(99)), Some(PropertyId(2)));
        assert_eq!(ageing.next(Timestamp(99)), None);
    }

    #[test]
    fn a_property_with_many_samples_waits_once() {
        let mut ageing = Ageing::new(1);
        for sample in 0..1000 {
            ageing.wait(PropertyId(0), Some(Timestamp(sample)));
        }
        assert_eq!(ageing.due.len(), 1);
    }
}
