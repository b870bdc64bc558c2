//! What becomes stale without a sample: when to read properties again that get none.
//!
//! Flows in: until when each reading holds. Flows out: which properties to read anew in this frame.
//! Each property waits at most once, so that a frame costs what is due in it and no more.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::twin::{PropertyId, Timestamp};

/// Stands for a property that does not wait.
const NEVER: Timestamp = Timestamp::MAX;

/// The next instants at which readings may become stale.
#[derive(Debug, Default)]
pub(super) struct Ageing {
    due: BinaryHeap<Reverse<(Timestamp, u32)>>,
    /// By property when it is due. An entry of the heap with another time is no longer meant.
    due_at: Vec<Timestamp>,
}

impl Ageing {
    /// Of so many properties.
    pub(super) fn new(count: usize) -> Self {
        Self { due_at: vec![NEVER; count], ..Self::default() }
    }

    /// Whether it will be due without a further call.
    #[inline]
    pub(super) fn waits(&self, id: PropertyId) -> bool {
        self.due_at.get(id.0 as usize).is_none_or(|at| *at != NEVER)
    }

    /// The reading holds until then; a later time for one that waits already is taken when its
    /// turn comes.
    pub(super) fn wait(&mut self, id: PropertyId, until: Option<Timestamp>) {
        let (Some(until), Some(due_at)) = (until, self.due_at.get_mut(id.0 as usize)) else {
            return;
        };
        if *due_at == NEVER && until != NEVER {
            *due_at = until;
            self.due.push(Reverse((until, id.0)));
        }
    }

    /// The property waits for nothing any more: its reading may cease to hold earlier than was said.
    pub(super) fn forget(&mut self, id: PropertyId) {
        if let Some(due_at) = self.due_at.get_mut(id.0 as usize) {
            *due_at = NEVER;
        }
    }

    /// The same for all.
    pub(super) fn forget_all(&mut self) {
        if !self.due.is_empty() {
            self.due.clear();
            self.due_at.fill(NEVER);
        }
    }

    /// The next property whose reading may no longer hold at that time.
    pub(super) fn next(&mut self, time: Timestamp) -> Option<PropertyId> {
        loop {
            let Reverse((until, id)) = *self.due.peek()?;
            if until > time {
                return None;
            }
            self.due.pop();
            let due_at = &mut self.due_at[id as usize];
            if *due_at == until {
                *due_at = NEVER;
                return Some(PropertyId(id));
            }
        }
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
    fn what_is_forgotten_is_due_when_it_is_said_anew() {
        let mut ageing = Ageing::new(2);
        ageing.wait(PropertyId(0), Some(Timestamp(100)));
        ageing.forget(PropertyId(0));
        ageing.wait(PropertyId(0), Some(Timestamp(10)));
        assert_eq!(ageing.next(Timestamp(10)), Some(PropertyId(0)));
        assert_eq!(ageing.next(Timestamp(100)), None);
        ageing.wait(PropertyId(1), Some(Timestamp(100)));
        ageing.forget_all();
        ageing.wait(PropertyId(1), Some(Timestamp(10)));
        assert_eq!(ageing.next(Timestamp(200)), Some(PropertyId(1)));
        assert_eq!(ageing.next(Timestamp(200)), None);
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
