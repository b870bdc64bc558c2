//! Integrals over time: turns from a speed, metres from a velocity.
//!
//! A derived property has no samples of its own: it is read from the areas below its source's samples,
//! which history keeps as exact sums ([`crate::history::Area`]). What counts is between two samples
//! that are both measured, no farther apart than the source's interval allows, while its devices were
//! online; neither the display delay nor where memory begins make a difference.

use super::Mirror;
use super::layout::{Layout, NONE, Traits};
use super::timeline::Timeline;
use crate::history::{Area, AreaRule, Inserted, Reading, Recent, Rule};
use crate::twin::{PropertyId, Quality, Timestamp, Value};

impl Mirror {
    /// Puts a number that is integrated in its place in time.
    pub(super) fn insert_counted(
        &mut self,
        id: PropertyId,
        time: Timestamp,
        quality: Quality,
        number: f64,
    ) -> Inserted {
        let traits = self.layout.traits[id.0 as usize];
        let broken = |from, to| was_away(&self.layout, &self.presence, &traits, from, to);
        self.recent.insert_counted(id, time, quality, number, &area_rule(&traits, &broken))
    }

    /// What counts for the integrals of everything is another.
    pub(super) fn recount_all(&mut self) {
        for sources in &self.layout.integrated_by_source {
            for id in sources {
                recount(&mut self.recent, &self.layout, &self.presence, *id, Timestamp::MIN);
            }
        }
    }

    /// A device came or went at that time by the plant's clock: what counts from there on is another.
    pub(super) fn recount_group(&mut self, group: u32, time: Timestamp) {
        for id in &self.layout.integrated_by_group[group as usize] {
            // Samples are found by the stamps of their source, which may be ahead of the plant's time.
            let source = self.layout.traits[id.0 as usize].source;
            let ahead = self.layout.sources[source as usize].ahead;
            let time = time.plus_micros(ahead);
            recount(&mut self.recent, &self.layout, &self.presence, *id, time);
        }
    }

    /// A source's clock is believed to be ahead by another span: when its devices were online is
    /// counted by its stamps.
    pub(super) fn recount_source(&mut self, source: u32) {
        for id in &self.layout.integrated_by_source[source as usize] {
            recount(&mut self.recent, &self.layout, &self.presence, *id, Timestamp::MIN);
        }
    }

    /// The derived property with its source's traits and what one unit second of it counts.
    fn integral_of(&self, traits: &Traits) -> Option<(PropertyId, f64)> {
        let integral = self.layout.integrals.get(traits.integral as usize)?;
        Some((integral.source, integral.per_second))
    }

    /// A derived property at a time by its source's stamps.
    pub(super) fn read_integral(
        &self,
        derived: &Traits,
        time: Timestamp,
        rule: &Rule,
    ) -> Option<Reading> {
        let (source, per_second) = self.integral_of(derived)?;
        let traits = self.layout.traits[source.0 as usize];
        let broken = |from, to| was_away(&self.layout, &self.presence, &traits, from, to);
        let found = self.recent.area(source, time, rule, &area_rule(&traits, &broken))?;
        let (area, time, quality) = found;
        Some(Reading { value: Value::Number(counted(area, per_second)?), time, quality })
    }

    /// A derived property at its source's sample at a place, with the sample's quality.
    pub(super) fn integral_at(
        &self,
        derived: &Traits,
        at: usize,
    ) -> Option<(Timestamp, f64, Quality)> {
        let (source, per_second) = self.integral_of(derived)?;
        let (time, _, quality) = self.recent.number(source, at)?;
        Some((time, counted(self.recent.area_at(source, at)?, per_second)?, quality))
    }

    /// The property whose samples tell the state of this one: the source of a derived property, else
    /// itself.
    pub(super) fn sampled(&self, id: PropertyId) -> PropertyId {
        match self.layout.traits.get(id.0 as usize) {
            Some(traits) if traits.derived => {
                self.integral_of(traits).map_or(id, |(source, _)| source)
            }
            _ => id,
        }
    }
}

/// What an area counts; nothing is known where that is no number.
fn counted(area: Area, per_second: f64) -> Option<f64> {
    let number = area.unit_seconds() * per_second;
    number.is_finite().then_some(number)
}

/// Counts the areas of a property anew that end after that time, by the stamps of its source.
fn recount(
    recent: &mut Recent,
    layout: &Layout,
    presence: &[Timeline],
    id: PropertyId,
    time: Timestamp,
) {
    let traits = layout.traits[id.0 as usize];
    let broken = |from, to| was_away(layout, presence, &traits, from, to);
    recent.recount_after(id, time, &area_rule(&traits, &broken));
}

/// What counts between two samples of a property.
fn area_rule<'a>(
    traits: &Traits,
    broken: &'a dyn Fn(Timestamp, Timestamp) -> bool,
) -> AreaRule<'a> {
    let longest_gap_us = Layout::stale_after(traits.interval, 0);
    AreaRule { linear: traits.linear, longest_gap_us, broken }
}

/// Whether a device that a property hangs on was offline at some time between two stamps of its
/// source.
fn was_away(
    layout: &Layout,
    presence: &[Timeline],
    traits: &Traits,
    from: Timestamp,
    to: Timestamp,
) -> bool {
    if traits.groups == NONE {
        return false;
    }
    let ahead = layout.sources[traits.source as usize].ahead;
    let (from, to) = (from.plus_micros(-ahead), to.plus_micros(-ahead));
    let groups = layout.groups[traits.groups as usize].iter();
    groups.into_iter().any(|group| presence[*group as usize].away_between(from, to))
}
