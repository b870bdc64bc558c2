//! What was written in a frame, by what is to be done with it: what follows looks at these alone, and
//! not through all that is bound.

use bevy::prelude::*;

use crate::twin::binding::Effect;

/// Bits of the lists.
const PLACED: u8 = 1;
const PAINTED: u8 = 2;
const ANIMATED: u8 = 4;
const CARRIES: u8 = 8;

/// In which lists something stands whose effect of that kind reads another value.
pub(super) fn lists(effect: &Effect) -> u8 {
    match effect {
        Effect::Color { .. } | Effect::Glow { .. } => PAINTED,
        Effect::Animation { .. } => ANIMATED,
        Effect::Items { .. } => CARRIES,
        _ => PLACED,
    }
}

/// The entities that read another value in this frame, each once in each list.
#[derive(Resource, Default)]
pub(super) struct Written {
    frame: u32,
    /// They move, or are shown or not.
    pub(super) placed: Vec<Entity>,
    /// They have another colour or glow.
    pub(super) painted: Vec<Entity>,
    /// They play an animation.
    pub(super) animated: Vec<Entity>,
    /// Things on their paths have moved.
    pub(super) carries: Vec<Entity>,
}

impl Written {
    /// Another frame begins, in which nothing is written yet.
    pub(super) fn begin(&mut self) {
        self.frame = self.frame.wrapping_add(1);
        for list in [&mut self.placed, &mut self.painted, &mut self.animated, &mut self.carries] {
            list.clear();
        }
    }

    /// An entity is to be painted anew, though it reads the same values.
    pub(super) fn repaint(&mut self, entity: Entity, last: &mut (u32, u8)) {
        self.note(entity, PAINTED, last);
    }

    /// An entity was written, for those lists; `last` is its own note of when it was.
    pub(super) fn note(&mut self, entity: Entity, lists: u8, last: &mut (u32, u8)) {
        if last.0 != self.frame {
            *last = (self.frame, 0);
        }
        let new = lists & !last.1;
        last.1 |= lists;
        let all = [
            (PLACED, &mut self.placed),
            (PAINTED, &mut self.painted),
            (ANIMATED, &mut self.animated),
            (CARRIES, &mut self.carries),
        ];
        for (bit, list) in all {
            if new & bit != 0 {
                list.push(entity);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_entity_stands_once_in_each_list_of_a_frame() {
        let (mut written, mut last) = (Written::default(), (0, 0));
        let entity = Entity::PLACEHOLDER;
        for _ in 0..2 {
            written.begin();
            written.note(entity, PLACED, &mut last);
            written.note(entity, PLACED | CARRIES, &mut last);
            assert_eq!((written.placed.len(), written.carries.len()), (1, 1));
            assert!(written.painted.is_empty() && written.animated.is_empty());
        }
    }
}
