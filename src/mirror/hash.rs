//! The state in a view as one number, by which two programs compare what they show.
//!
//! Flows in: the mirror. Flows out: its [`Mirror::state_hash`], and the same number of the live view
//! look after look, for which only what may read differently is read anew.
//!
//! The number depends on the order of the properties, so that after the first one that has changed all
//! words are mixed again. That is quick; what takes long in a large plant is to find the readings.

use super::layout::Layout;
use super::{Mirror, Timestamp};
use crate::history::{Cursor, Reading, State, View, What};
use crate::twin::{Item, Pose, PropertyId, Value};

impl Mirror {
    /// A number that is the same for two mirrors if and only if (but for chance) all their readings
    /// in that view are the same to the bit, on any machine.
    pub fn state_hash(&self, view: View) -> u64 {
        let mut hash = Hash::default();
        for id in self.known_properties() {
            hash.add_reading(id, self.reading(view, id).as_ref());
        }
        hash.0
    }

    /// The properties of which a sample is kept. Of most properties of a large plant a file says nothing.
    fn known_properties(&self) -> impl Iterator<Item = PropertyId> {
        self.twin.property_ids().filter(|id| self.newest_stamp(*id).is_some())
    }

    /// The last instant of a view until which a property reads as it does at that time, as long as the
    /// change log and the [`Steadiness`] say nothing else; none where it may differ at any other.
    fn reads_the_same_until(&self, id: PropertyId, time: Timestamp) -> Option<Timestamp> {
        let traits = self.layout.traits.get(id.0 as usize)?;
        let ahead = self.layout.sources[traits.source as usize].ahead;
        let stamp = time.plus_micros(ahead);
        // Before the newest sample it may be on its way from one to the next.
        let newest = self.newest_stamp(id).filter(|newest| *newest <= stamp)?;
        let stale_after = Layout::stale_after(traits.interval, self.display_delay());
        let fresh_until = newest.plus_micros(stale_after);
        Some(if stamp <= fresh_until { fresh_until.plus_micros(-ahead) } else { Timestamp::MAX })
    }

    /// The last instant at which a device or the plant's clock came or went.
    fn last_turn(&self) -> Timestamp {
        let timelines = self.presence.iter().chain([&self.clock_known]);
        timelines.filter_map(super::Timeline::last).max().unwrap_or(Timestamp::MIN)
    }
}

/// The hash of the live view, look after look.
#[derive(Debug, Default)]
pub(super) struct Looks {
    /// How far the change log has been followed.
    cursor: Cursor,
    /// What was read of each property of which something is known, in the order of the properties.
    parts: Vec<Part>,
    /// After all of them.
    hash: u64,
    steadiness: Option<Steadiness>,
    /// Properties that were read, over all looks.
    #[cfg(test)]
    pub(super) reads: u64,
}

/// What the readings of all properties rest on besides their samples, as of the last look.
#[derive(Debug)]
struct Steadiness {
    /// Of the view.
    time: Timestamp,
    /// Plant microseconds.
    display_delay: i64,
    /// When a device or the plant's clock came or went last, which may be ahead of the view.
    last_turn: Timestamp,
}

#[derive(Debug)]
struct Part {
    id: PropertyId,
    reading: Option<Reading>,
    /// It reads so at any later look up to this; the earliest time of all: it is to be read anew.
    until: Timestamp,
    /// The hash before it.
    before: Hash,
}

impl Looks {
    /// [`Mirror::state_hash`] of the live view, of one mirror from the first look to the last.
    pub(super) fn look(&mut self, mirror: &Mirror) -> u64 {
        let view = mirror.live_view();
        let is_steady = self.follow(mirror, view.time);
        let is_due = |part: &Part| !is_steady || part.until < view.time;
        let Some(first) = self.parts.iter().position(is_due) else { return self.hash };
        let mut hash = self.parts[first].before;
        for part in &mut self.parts[first..] {
            if !is_steady || part.until < view.time {
                #[cfg(test)]
                {
                    self.reads += 1;
                }
                part.reading = mirror.reading(view, part.id);
                part.until =
                    mirror.reads_the_same_until(part.id, view.time).unwrap_or(Timestamp::MIN);
            }
            part.before = hash;
            hash.add_reading(part.id, part.reading.as_ref());
        }
        self.hash = hash.0;
        hash.0
    }

    /// Takes in what has changed since the last look. `false` when everything may read differently.
    fn follow(&mut self, mirror: &Mirror, time: Timestamp) -> bool {
        let unread = mirror.changes().read(&mut self.cursor);
        let is_behind = unread.is_behind();
        let mut concerns_all = is_behind;
        let mut changed = Vec::new();
        for change in unread {
            match (change.what, change.what.property()) {
                // The live view is of what was measured.
                (What::Estimated(_), _) => {}
                (_, Some(id)) => changed.push(id),
                (_, None) => concerns_all = true,
            }
        }
        let display_delay = mirror.display_delay();
        let before = self.steadiness.take();
        let last_turn = match &before {
            Some(before) if !concerns_all => before.last_turn,
            _ => mirror.last_turn(),
        };
        // A device that went away is so in the view only once that has come to when it went.
        let is_steady = !concerns_all
            && before.is_some_and(|before| {
                before.display_delay == display_delay
                    && before.time <= time
                    && before.last_turn <= before.time
            });
        self.steadiness = Some(Steadiness { time, display_delay, last_turn });
        if is_behind {
            self.parts = mirror.known_properties().map(Part::new).collect();
            self.hash = Hash::default().0;
        } else {
            self.note(changed);
        }
        is_steady
    }

    /// These are to be read anew.
    fn note(&mut self, mut changed: Vec<PropertyId>) {
        changed.sort_unstable();
        changed.dedup();
        changed.retain(|id| match self.parts.binary_search_by_key(id, |part| part.id) {
            Ok(at) => {
                self.parts[at].until = Timestamp::MIN;
                false
            }
            Err(_) => true,
        });
        if let Some(first) = changed.first() {
            let at = self.parts.partition_point(|part| part.id < *first);
            let before = self.parts.get(at).map_or(Hash(self.hash), |part| part.before);
            self.parts.extend(changed.into_iter().map(Part::new));
            self.parts.sort_by_key(|part| part.id);
            self.parts[at].before = before;
        }
    }
}

impl Part {
    fn new(id: PropertyId) -> Self {
        Self { id, reading: None, until: Timestamp::MIN, before: Hash::default() }
    }
}

/// FNV-1a over 64-bit words, with a final stir of each.
#[derive(Clone, Copy, Debug)]
struct Hash(u64);

impl Default for Hash {
    fn default() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }
}

impl Hash {
    /// A property as it reads; nothing where nothing is known of it.
    fn add_reading(&mut self, id: PropertyId, reading: Option<&Reading>) {
        let Some(reading) = reading else { return };
        self.add(u64::from(id.0));
        self.add(reading.time.0 as u64);
        self.add(reading.quality as u64);
        self.add_value(&reading.value);
    }

    fn add(&mut self, word: u64) {
        let mixed = (self.0 ^ word).wrapping_mul(0x0000_0100_0000_01b3);
        self.0 = mixed ^ (mixed >> 29);
    }

    fn add_value(&mut self, value: &Value) {
        match value {
            Value::Number(number) => self.add(number.to_bits()),
            Value::Enumeration(index) => self.add(u64::from(*index)),
            Value::Text(text) => {
                self.add(text.len() as u64);
                text.bytes().for_each(|byte| self.add(u64::from(byte)));
            }
            Value::Pose(Pose { position, rotation }) => {
                position.iter().chain(rotation).for_each(|number| self.add(number.to_bits()));
            }
            Value::Items(items) => {
                self.add(items.len() as u64);
                for Item { id, at_m, stage } in items.iter() {
                    self.add(*id);
                    self.add(at_m.to_bits());
                    self.add(u64::from(*stage));
                }
            }
        }
    }
}
