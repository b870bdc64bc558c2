//! Where labels go, so that none covers another and none a machine: the important ones first, each as
//! near to its anchor as there is room, and where it was before, so that labels do not jump. Of those
//! that nothing asks for there are no more than [`MOST`].

use std::cmp::Reverse;
use std::collections::HashMap;
use std::hash::Hash;

use bevy_egui::egui::{Pos2, Rect, Vec2, vec2};

use super::cover::Cover;

/// A label that wants a place.
#[derive(Clone, Debug, PartialEq)]
pub struct LabelRequest<Key> {
    /// What keeps it the same label from frame to frame.
    pub key: Key,
    /// What it points at.
    pub anchor: Pos2,
    /// Its size.
    pub size: Vec2,
    /// Greater ones are placed first.
    pub priority: i32,
    /// It is selected or abnormal: it is placed however many there are, over a machine if need be.
    pub is_wanted: bool,
}

/// A label's place.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Placed {
    /// What it points at.
    pub anchor: Pos2,
    /// Where it is.
    pub rect: Rect,
}

/// Places labels from frame to frame.
#[derive(Debug)]
pub struct Placer<Key> {
    slots: HashMap<Key, usize>,
}

impl<Key> Default for Placer<Key> {
    fn default() -> Self {
        Self { slots: HashMap::new() }
    }
}

/// Space between two labels.
const GAP: f32 = 3.0;
/// Labels at most that are neither selected nor abnormal.
pub const MOST: usize = 6;

/// Ways to stand at an anchor, the best first: how far the label's middle is from the anchor, in
/// label sizes and in pixels.
const SLOTS: [(Vec2, Vec2); 11] = [
    (vec2(0.0, -0.5), vec2(0.0, -10.0)),
    (vec2(0.35, -0.5), vec2(4.0, -16.0)),
    (vec2(-0.35, -0.5), vec2(-4.0, -16.0)),
    (vec2(0.0, -0.5), vec2(0.0, -34.0)),
    (vec2(0.5, 0.0), vec2(14.0, -4.0)),
    (vec2(-0.5, 0.0), vec2(-14.0, -4.0)),
    (vec2(0.0, -0.5), vec2(0.0, -58.0)),
    (vec2(0.0, 0.5), vec2(0.0, 14.0)),
    (vec2(0.5, -0.5), vec2(24.0, -70.0)),
    (vec2(-0.5, -0.5), vec2(-24.0, -70.0)),
    (vec2(0.0, -0.5), vec2(0.0, -96.0)),
];

fn rect_in(slot: usize, anchor: Pos2, size: Vec2) -> Rect {
    let (share, shift) = SLOTS[slot];
    Rect::from_center_size(anchor + share * size + shift, size)
}

impl<Key: Copy + Eq + Hash + Ord> Placer<Key> {
    /// Whether it had a place the last time.
    pub fn has(&self, key: Key) -> bool {
        self.slots.contains_key(&key)
    }

    /// Gives each request its place, in the order of the requests; `None` where there is no room.
    /// `machines` are covered by none that can go without.
    pub fn place(
        &mut self,
        requests: &[LabelRequest<Key>],
        machines: &Cover,
        area: Rect,
    ) -> Vec<Option<Placed>> {
        let mut order: Vec<usize> = (0..requests.len()).collect();
        // Those that had a place keep it before others of the same priority take it.
        order.sort_by_key(|&at| {
            let request = &requests[at];
            let is_new = !self.has(request.key);
            (!request.is_wanted, Reverse(request.priority), is_new, request.key)
        });
        let mut taken: Vec<Rect> = Vec::new();
        let mut places = vec![None; requests.len()];
        let mut slots = HashMap::with_capacity(requests.len());
        let mut unwanted = 0;
        for at in order {
            let request = &requests[at];
            if !request.is_wanted && unwanted == MOST {
                continue;
            }
            let before = self.slots.get(&request.key).copied();
            let candidates = before.into_iter().chain(0..SLOTS.len());
            let mut free = candidates
                .map(|slot| (slot, rect_in(slot, request.anchor, request.size)))
                .filter(|(_, rect)| {
                    area.contains_rect(*rect) && !taken.iter().any(|other| other.intersects(*rect))
                });
            let first = free.clone().next().filter(|_| request.is_wanted);
            let found = free.find(|(_, rect)| !machines.is_under(*rect)).or(first);
            if let Some((slot, rect)) = found {
                unwanted += usize::from(!request.is_wanted);
                taken.push(rect.expand(GAP));
                slots.insert(request.key, slot);
                places[at] = Some(Placed { anchor: request.anchor, rect });
            }
        }
        self.slots = slots;
        places
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn request(key: u32, x: f32, y: f32, priority: i32) -> LabelRequest<u32> {
        let anchor = Pos2::new(x, y);
        LabelRequest { key, anchor, size: vec2(80.0, 20.0), priority, is_wanted: priority > 1 }
    }

    fn area() -> Rect {
        Rect::from_min_size(Pos2::ZERO, vec2(1000.0, 600.0))
    }

    fn covered(machines: &[Rect]) -> Cover {
        let mut cover = Cover::of(area());
        machines.iter().for_each(|machine| cover.add(*machine));
        cover.close();
        cover
    }

    proptest! {
        #[test]
        fn no_two_labels_overlap_and_none_leaves_the_scene(
            anchors in proptest::collection::vec((0.0f32..1000.0, 0.0f32..600.0, 0i32..3), 0..60),
        ) {
            let requests: Vec<_> = anchors
                .iter()
                .enumerate()
                .map(|(key, (x, y, priority))| request(key as u32, *x, *y, *priority))
                .collect();
            let machine = Rect::from_min_size(Pos2::new(300.0, 200.0), vec2(200.0, 150.0));
            let places = Placer::default().place(&requests, &covered(&[machine]), area());
            let unwanted = places.iter().zip(&requests).filter(|(place, request)| {
                let rect = place.filter(|_| !request.is_wanted).map(|place| place.rect);
                assert!(rect.is_none_or(|rect| !rect.intersects(machine)));
                rect.is_some()
            });
            prop_assert!(unwanted.count() <= MOST);
            let rects: Vec<Rect> = places.iter().flatten().map(|placed| placed.rect).collect();
            for (at, rect) in rects.iter().enumerate() {
                prop_assert!(area().contains_rect(*rect));
                for other in &rects[at + 1..] {
                    prop_assert!(!rect.intersects(*other));
                }
            }
        }
    }

    #[test]
    fn the_important_label_gets_its_place_when_there_is_room_for_one() {
        let narrow = Rect::from_min_size(Pos2::ZERO, vec2(100.0, 40.0));
        let requests = [request(1, 50.0, 32.0, 0), request(2, 50.0, 32.0, 5)];
        let places = Placer::default().place(&requests, &covered(&[]), narrow);
        assert_eq!(places.iter().map(Option::is_some).collect::<Vec<_>>(), [false, true]);
    }

    #[test]
    fn a_label_that_is_wanted_is_placed_over_a_machine_where_nothing_else_is_free() {
        let everywhere = covered(&[area()]);
        let requests = [request(1, 500.0, 300.0, 0), request(2, 500.0, 300.0, 5)];
        let places = Placer::default().place(&requests, &everywhere, area());
        assert_eq!(places.iter().map(Option::is_some).collect::<Vec<_>>(), [false, true]);
    }

    #[test]
    fn a_label_stays_on_its_side_while_there_is_room() {
        let mut placer = Placer::default();
        let both = [request(1, 500.0, 300.0, 1), request(2, 500.0, 300.0, 0)];
        let aside = placer.place(&both, &covered(&[]), area())[1].expect("there is room").rect;
        let alone = placer.place(&both[1..], &covered(&[]), area())[0].expect("there is room").rect;
        assert_eq!(aside, alone);
    }
}
