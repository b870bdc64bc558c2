//! Batches into history.

use std::collections::hash_map::Entry;

use super::layout::{Layout, NONE, SINCE_EVER};
use super::{Mirror, Timestamp, Unread};
use crate::history::{Estimate, Inserted, Recent, What};
use crate::telemetry::{Batch, PresenceChange, Update};
use crate::twin::{PropertyId, Quality, Sample, Value};

/// Samples without a stamp that may wait for plant time to be known.
const WAITING: usize = 65_536;
/// By at most this many microseconds, or the skew that is allowed, samples without a stamp are moved apart, when several
/// of one property come at one time.
const SPREAD_US: i64 = 1_000_000;

impl Mirror {
    /// Takes a batch into state and history.
    pub fn apply(&mut self, mut batch: Batch) {
        self.counters.batches += 1;
        self.counters.updates += batch.updates.len() as u64;
        if batch.edition != self.edition {
            batch = self.translated(batch);
        }
        if let Some(stated) = batch.clock {
            let turn = self.clock.set(batch.arrival, stated);
            self.follow(turn);
            self.apply_waiting();
        }
        let now = self.clock.at(batch.arrival);
        batch.presence.iter().for_each(|change| self.apply_presence(*change, now));
        self.watch_clocks(&batch, now);
        for update in batch.updates {
            self.apply_update(update, now, batch.arrival);
        }
        for (property, reason) in batch.reasons {
            if let Some(unread) = self.unread.get_mut(&property) {
                unread.reason = reason;
            }
        }
        if let Some(now) = now {
            self.recent.advance(now);
        }
    }

    fn apply_presence(&mut self, change: PresenceChange, now: Option<Timestamp>) {
        let Some(timeline) = self.presence.get_mut(change.presence as usize) else {
            self.counters.unknown += 1;
            return;
        };
        self.counters.presence += 1;
        if timeline.is_long() {
            timeline.evict(first_needed(&self.layout, &self.recent, change.presence));
        }
        let time = now.unwrap_or(SINCE_EVER);
        if timeline.set(time, change.online) {
            self.changes.push(What::Presence(change.presence), time);
            self.recount_group(change.presence, time);
        }
    }

    /// Compares the stamps of a batch with the plant's time, before its samples are judged by that.
    fn watch_clocks(&mut self, batch: &Batch, now: Option<Timestamp>) {
        let Some(now) = now.filter(|_| self.clock.known_at(batch.arrival)) else { return };
        let allowed = self.allowed_skew();
        let mut last = NONE;
        for update in &batch.updates {
            let (Some(stamp), Some(traits)) =
                (update.time, self.layout.traits.get(update.property.0 as usize))
            else {
                continue;
            };
            let source = traits.source;
            if source != last && last != NONE {
                self.settle(last, now, allowed);
            }
            last = source;
            self.layout.sources[last as usize].observe(batch.arrival, now, stamp, allowed);
        }
        if last != NONE {
            self.settle(last, now, allowed);
        }
    }

    fn settle(&mut self, source: u32, now: Timestamp, allowed: i64) {
        let believed = &mut self.layout.sources[source as usize];
        let before = believed.ahead;
        let fell = believed.settle(allowed);
        if believed.ahead != before {
            self.changes.push(What::Skew, now);
            self.recount_source(source);
        }
        if !fell {
            return;
        }
        let believed = &self.layout.sources[source as usize];
        // Its clock was set right: what it said of the future was said of a time that never was.
        let limit = now.plus_micros(believed.ahead.saturating_add(allowed));
        for id in 0..self.layout.traits.len() as u32 {
            if self.layout.traits[id as usize].source == source {
                let dropped = self.recent.drop_after(PropertyId(id), limit);
                if dropped > 0 {
                    self.counters.turned_back += dropped as u64;
                    let what = What::Dropped(PropertyId(id));
                    self.changes.push(what, limit);
                    self.note_integrals(what, PropertyId(id), limit);
                }
            }
        }
    }

    fn apply_update(&mut self, update: Update, now: Option<Timestamp>, arrival: Timestamp) {
        let id = update.property;
        let Some(traits) = self.layout.traits.get(id.0 as usize).filter(|known| !known.derived)
        else {
            self.counters.unknown += 1;
            return;
        };
        // A retained message: nobody knows since when its value holds, and one that is known says nothing new.
        let is_of_unknown_age = update.time.is_none() && update.quality == Quality::Stale;
        if is_of_unknown_age
            && let Some(last) = self.recent.latest(id)
            && last.quality != Quality::Bad
            && update.value.as_ref() == Some(&last.value)
        {
            return self.counters.duplicate += 1;
        }
        let time = match (update.time, now) {
            (Some(stamp), Some(now)) => {
                let ahead = self.layout.sources[traits.source as usize].ahead;
                let limit = now.plus_micros(ahead.saturating_add(self.allowed_skew()));
                if stamp > limit && self.clock.known_at(arrival) {
                    self.counters.future += 1;
                    return;
                }
                stamp
            }
            (Some(stamp), None) => stamp,
            // What comes without a stamp follows the samples before it, by the clock of their source.
            (None, Some(now)) => {
                let lead = self.layout.sources[traits.source as usize].lead();
                self.spread(id, now.plus_micros(lead))
            }
            (None, None) if self.waiting.len() < WAITING => {
                self.waiting.push((arrival, update));
                return;
            }
            (None, None) => {
                self.counters.no_clock += 1;
                return;
            }
        };
        let is_integrated = traits.integral != NONE;
        let (value, quality) = match update.value {
            Some(value) => (value, update.quality),
            None => match self.recent.bracket(id, time).0 {
                Some(last) => (last.value, Quality::Bad),
                // Nothing was known, and nothing is.
                None => return self.note_unread(id, time),
            },
        };
        let inserted = match value {
            Value::Number(number) if is_integrated => {
                self.insert_counted(id, time, quality, number)
            }
            Value::Number(number) => self.recent.insert_number(id, time, quality, number),
            value if value.fits(&self.twin.property(id).ty) => {
                self.recent.insert(id, Sample { time, value, quality })
            }
            _ => Inserted::Refused,
        };
        self.counters.count(inserted);
        let what = match inserted {
            Inserted::Newest => What::New(id),
            Inserted::Late => What::Late(id),
            Inserted::Replaced => What::Replaced(id),
            Inserted::Duplicate | Inserted::TooOld | Inserted::Refused => return,
        };
        if !self.unread.is_empty() {
            self.unread.remove(&id);
        }
        self.changes.push(what, time);
        if is_integrated {
            self.note_integrals(what, id, time);
        }
    }

    /// A message came for a property that has had no value yet, and had none either.
    fn note_unread(&mut self, id: PropertyId, time: Timestamp) {
        self.counters.no_value += 1;
        if let Entry::Vacant(unread) = self.unread.entry(id) {
            let reason = "no value came that could be read".into();
            unread.insert(Unread { since: time, reason });
            self.changes.push(What::New(id), time);
        }
    }

    /// Into the change log: what happened to a property has happened to its integrals, too.
    fn note_integrals(&mut self, what: What, id: PropertyId, time: Timestamp) {
        let mut next = self.layout.traits[id.0 as usize].integral;
        while let Some(integral) = self.layout.integrals.get(next as usize) {
            self.changes.push(what.to(integral.derived), time);
            next = integral.next;
        }
    }

    /// Takes an estimate of a property into its own lane. Estimates come from models beside the
    /// mirror, never from telemetry; only properties of the kind `estimate` have some.
    pub fn estimate(&mut self, id: PropertyId, estimate: Estimate) -> Inserted {
        let fits = (id.0 as usize) < self.twin.property_count()
            && estimate.value.fits(&self.twin.property(id).ty);
        if !fits {
            return Inserted::Refused;
        }
        let time = estimate.time;
        let inserted = self.estimates.insert(id, estimate);
        if inserted.changed() {
            self.changes.push(What::Estimated(id), time);
        }
        inserted
    }

    /// The time of a sample that has none: when it arrived, and after the property's newest one,
    /// since messages keep their order.
    fn spread(&self, id: PropertyId, arrived: Timestamp) -> Timestamp {
        let most = self.allowed_skew().max(SPREAD_US);
        match self.recent.latest_time(id) {
            Some(newest) if newest >= arrived && newest.0.saturating_sub(arrived.0) < most => {
                newest.plus_micros(1)
            }
            _ => arrived,
        }
    }

    /// Plant time is known: what waited for it takes its place.
    fn apply_waiting(&mut self) {
        if self.waiting.is_empty() {
            return;
        }
        for (arrival, update) in std::mem::take(&mut self.waiting) {
            let now = self.clock.at(arrival);
            self.apply_update(update, now, arrival);
        }
    }
}

/// From when on the times are needed at which a presence group was online: the oldest sample that is
/// kept of what hangs on it, by the plant's clock, or where memory begins.
fn first_needed(layout: &Layout, recent: &Recent, group: u32) -> Timestamp {
    let is_covered: Vec<bool> = layout.groups.iter().map(|set| set.contains(&group)).collect();
    let covered = (0_u32..)
        .zip(&layout.traits)
        .filter(|(_, traits)| traits.groups != NONE && is_covered[traits.groups as usize]);
    let kept = covered.filter_map(|(id, traits)| {
        let ahead = layout.sources[traits.source as usize].ahead;
        Some(recent.oldest_time(PropertyId(id))?.plus_micros(-ahead))
    });
    kept.min().map_or(recent.start(), |oldest| oldest.min(recent.start()))
}
