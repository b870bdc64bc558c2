//! What a value is between two samples.

use std::sync::Arc;

use crate::twin::{Item, Pose, slerp};

/// A stored value: how it mixes with its successor, when two are the same, what it occupies.
pub(super) trait Stored: Clone {
    /// The value at `share` (0 to 1) of the way to `later`. What cannot be mixed stays.
    fn mix(&self, later: &Self, share: f64) -> Self;
    /// Whether both are the same to the bit.
    fn same(&self, other: &Self) -> bool;
    /// Bytes outside the column.
    fn heap(&self) -> usize {
        0
    }
}

/// Bytes that an allocation and the two counts of an `Arc` take beside what is in it.
const ARC_OVERHEAD: usize = 32;

impl Stored for f64 {
    fn mix(&self, later: &Self, share: f64) -> Self {
        lerp(*self, *later, share)
    }

    fn same(&self, other: &Self) -> bool {
        self.to_bits() == other.to_bits()
    }
}

impl Stored for u16 {
    fn mix(&self, _: &Self, _: f64) -> Self {
        *self
    }

    fn same(&self, other: &Self) -> bool {
        self == other
    }
}

impl Stored for Arc<str> {
    fn mix(&self, _: &Self, _: f64) -> Self {
        self.clone()
    }

    fn same(&self, other: &Self) -> bool {
        self == other
    }

    fn heap(&self) -> usize {
        self.len() + ARC_OVERHEAD
    }
}

impl Stored for Pose {
    fn mix(&self, later: &Self, share: f64) -> Self {
        let mut position = self.position;
        for (axis, to) in position.iter_mut().zip(later.position) {
            *axis = lerp(*axis, to, share);
        }
        Self { position, rotation: slerp(self.rotation, later.rotation, share) }
    }

    fn same(&self, other: &Self) -> bool {
        let bits = |pose: &Self| (pose.position.map(f64::to_bits), pose.rotation.map(f64::to_bits));
        bits(self) == bits(other)
    }
}

impl Stored for Arc<[Item]> {
    fn mix(&self, later: &Self, share: f64) -> Self {
        mix_items(self, later, share)
    }

    fn same(&self, other: &Self) -> bool {
        let bits = |item: &Item| (item.id, item.at_m.to_bits(), item.stage);
        self.iter().map(bits).eq(other.iter().map(bits))
    }

    fn heap(&self) -> usize {
        size_of_val::<[Item]>(self) + ARC_OVERHEAD
    }
}

/// On the straight line, and never outside the two ends: equal ends give that very number.
fn lerp(from: f64, to: f64, share: f64) -> f64 {
    let step = to - from;
    let mixed = if step.is_finite() {
        step.mul_add(share, from)
    } else {
        // The ends are so far apart that their difference is no number.
        from * (1.0 - share) + to * share
    };
    mixed.clamp(from.min(to), from.max(to))
}

/// The earlier list, each thing moved towards where the later list has the thing of the same id.
/// What the later list lacks stays until then; what it adds appears then.
fn mix_items(from: &Arc<[Item]>, to: &Arc<[Item]>, share: f64) -> Arc<[Item]> {
    // Lists mostly keep their order, so the next thing is mostly the next one; the sorted index is
    // made only when that fails.
    let mut next = 0;
    let mut index: Option<Vec<(u64, usize)>> = None;
    let mix_one = |item: &Item| {
        let found = if to.get(next).is_some_and(|candidate| candidate.id == item.id) {
            Some(next)
        } else {
            let index = index.get_or_insert_with(|| {
                let mut ids: Vec<_> = to.iter().enumerate().map(|(at, i)| (i.id, at)).collect();
                ids.sort_unstable();
                ids
            });
            let at = index.partition_point(|(id, _)| *id < item.id);
            index.get(at).filter(|(id, _)| *id == item.id).map(|(_, at)| *at)
        };
        match found {
            Some(at) => {
                next = at + 1;
                Item { at_m: lerp(item.at_m, to[at].at_m, share), ..*item }
            }
            None => *item,
        }
    };
    from.iter().map(mix_one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn item(id: u64, at_m: f64) -> Item {
        Item { id, at_m, stage: 0 }
    }

    #[test]
    fn things_move_by_their_id_and_what_left_or_came_waits_for_its_sample() {
        let from: Arc<[Item]> = [item(1, 3.0), item(2, 2.0), item(3, 1.0)].into();
        let to: Arc<[Item]> = [item(2, 4.0), item(3, 2.0), item(4, 0.0)].into();
        let mixed = mix_items(&from, &to, 0.5);
        assert_eq!(&*mixed, &[item(1, 3.0), item(2, 3.0), item(3, 1.5)]);
    }

    #[test]
    fn things_are_matched_when_their_order_is_turned_round() {
        let from: Arc<[Item]> = (0..50).map(|id| item(id, 0.0)).collect();
        let to: Arc<[Item]> = (0..50).rev().map(|id| item(id, 2.0 * id as f64)).collect();
        let mixed = mix_items(&from, &to, 0.5);
        assert!(mixed.iter().all(|item| item.at_m == item.id as f64));
    }

    proptest! {
        #[test]
        fn a_number_between_two_never_leaves_them(
            from in -f64::MAX..f64::MAX, to in -f64::MAX..f64::MAX, share in 0.0..1.0_f64,
        ) {
            let mixed = lerp(from, to, share);
            prop_assert!(mixed >= from.min(to) && mixed <= from.max(to));
            prop_assert_eq!(lerp(from, from, share), from);
        }
    }
}
