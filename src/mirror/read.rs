//! The state in a view.

use std::sync::Arc;

use super::layout::{Layout, NONE, Traits};
use super::{Mirror, STALE_LOOK, Timestamp, Unread};
use crate::history::{
    Answer, Band, Bucket, ChangeLog, Lane, Presence, Present, Reading, Rule, SourceId, Span, State,
    View, decimate,
};
use crate::twin::{AssetId, PropertyId, Quality, Sample, Value};

/// A mirror is one source, whichever number it has where there are several: it answers for all.
impl State for Mirror {
    fn read(&self, view: View, property: PropertyId) -> Answer {
        match view.lane {
            Lane::Measured => self.measured(property, view.time).into(),
            Lane::Estimated => self.estimated(property, view.time).into(),
            // What is predicted is never taken for what was measured.
            Lane::Predicted { .. } => Answer::Unknown,
        }
    }

    #[inline]
    fn reading(&self, view: View, property: PropertyId) -> Option<Reading> {
        match view.lane {
            Lane::Measured => self.measured(property, view.time),
            _ => self.read(view, property).into_reading(),
        }
    }

    fn quality(&self, view: View, property: PropertyId) -> Option<Quality> {
        match view.lane {
            Lane::Measured => self.quality_at(property, view.time),
            lane => self.reading(View { lane, ..view }, property).map(|reading| reading.quality),
        }
    }

    fn unread(&self, view: View, property: PropertyId) -> Option<Arc<str>> {
        let unread = self.never_read(property).filter(|_| view.lane == Lane::Measured)?;
        // The live view hangs behind so that it interpolates; this need not wait for it.
        let source = self.layout.traits.get(property.0 as usize)?.source;
        let late = self.display_delay().saturating_add(self.layout.sources[source as usize].ahead);
        (unread.since <= view.time.plus_micros(late)).then(|| unread.reason.clone())
    }

    fn band(&self, view: View, property: PropertyId) -> Option<Band> {
        match view.lane {
            Lane::Estimated => self.estimates.band(property, view.time),
            _ => None,
        }
    }

    fn presence(&self, view: View, asset: AssetId) -> Presence {
        self.presence_at(asset, view.time)
    }

    fn series(&self, view: View, property: PropertyId, over: Span, buckets: usize) -> Vec<Bucket> {
        let Span { from, to } = over;
        match view.lane {
            Lane::Measured => decimate(self.samples(property, from, to), from, to, buckets),
            Lane::Estimated => {
                decimate(self.estimates.series(property, from, to), from, to, buckets)
            }
            Lane::Predicted { .. } => Vec::new(),
        }
    }

    fn newest(&self, view: View, property: PropertyId) -> Option<Timestamp> {
        match view.lane {
            Lane::Measured => {
                let traits = self.layout.traits.get(property.0 as usize)?;
                let ahead = self.layout.sources[traits.source as usize].ahead;
                Some(self.newest_stamp(property)?.plus_micros(-ahead))
            }
            Lane::Estimated => self.estimates.newest(property),
            Lane::Predicted { .. } => None,
        }
    }

    fn stale_from(&self, view: View, property: PropertyId) -> Option<Timestamp> {
        match view.lane {
            Lane::Measured => self.stale_at(property),
            Lane::Estimated => {
                let after = self.layout.traits.get(property.0 as usize)?.interval;
                let newest = self.estimates.newest(property)?;
                let after = Layout::stale_after(after, self.display_delay());
                (after < i64::MAX).then(|| newest.plus_micros(after).plus_micros(1))
            }
            Lane::Predicted { .. } => None,
        }
    }

    fn span(&self, _: SourceId) -> Option<Span> {
        self.recent.span().map(|(from, to)| Span { from, to })
    }

    fn present(&self, _: SourceId) -> Present {
        Present { now: self.clock.now(), live: self.live, goes_on: self.knows_time() }
    }

    fn changes(&self, _: SourceId) -> Option<&ChangeLog> {
        Some(&self.changes)
    }
}

impl Mirror {
    /// Since when messages have come for a property that has had no value yet, and why none could be read; `None` where
    /// it has one, and where none came.
    pub fn never_read(&self, id: PropertyId) -> Option<&Unread> {
        self.unread.get(&id).filter(|_| self.recent.latest_time(id).is_none())
    }

    /// Reads a property by its rule, at a time of a view; `read` gets the time by the stamps of the
    /// property's source.
    #[inline]
    fn by_rule<T>(
        &self,
        traits: &Traits,
        time: Timestamp,
        read: impl FnOnce(Timestamp, &Rule) -> Option<T>,
    ) -> Option<T> {
        let ahead = self.layout.sources[traits.source as usize].ahead;
        let rule = Rule {
            linear: traits.linear,
            stale_after: Layout::stale_after(traits.interval, self.display_delay()),
            offline: self.away_at(traits, time),
            broken: &|from, to| {
                self.broken(traits, from.plus_micros(-ahead), to.plus_micros(-ahead))
            },
        };
        read(time.plus_micros(ahead), &rule)
    }

    #[inline]
    fn measured(&self, id: PropertyId, time: Timestamp) -> Option<Reading> {
        let traits = self.layout.traits.get(id.0 as usize)?;
        if traits.derived {
            return self.by_rule(traits, time, |time, rule| self.read_integral(traits, time, rule));
        }
        self.by_rule(traits, time, |time, rule| self.recent.read(id, time, rule))
    }

    fn quality_at(&self, id: PropertyId, time: Timestamp) -> Option<Quality> {
        let sampled = self.sampled(id);
        let traits = self.layout.traits.get(sampled.0 as usize)?;
        self.by_rule(traits, time, |time, rule| self.recent.quality(sampled, time, rule))
    }

    fn estimated(&self, id: PropertyId, time: Timestamp) -> Option<Reading> {
        let traits = self.layout.traits.get(id.0 as usize)?;
        let stale_after = Layout::stale_after(traits.interval, self.display_delay());
        self.estimates.read(id, time, stale_after)
    }

    /// Whether an asset's source is online now: offline when any device that it hangs on is.
    pub fn online(&self, asset: AssetId) -> Presence {
        self.presence_at(asset, Timestamp::MAX)
    }

    /// The set of devices that an asset hangs on, as they were at that time.
    fn presence_at(&self, asset: AssetId, time: Timestamp) -> Presence {
        let set = self.layout.groups_of_asset.get(asset.0 as usize);
        let groups = set.and_then(|set| self.layout.groups.get(*set as usize));
        let mut known = Presence::Unknown;
        for group in groups.into_iter().flatten() {
            match self.presence[*group as usize].at(time) {
                Some(false) => return Presence::Offline,
                Some(true) => known = Presence::Online,
                None => {}
            }
        }
        known
    }

    #[inline]
    fn away_at(&self, traits: &Traits, time: Timestamp) -> bool {
        self.clock_known.away_at(time) || self.groups(traits).any(|group| group.away_at(time))
    }

    /// Whether the source was away, or plant time unknown, at some time between.
    fn broken(&self, traits: &Traits, from: Timestamp, to: Timestamp) -> bool {
        self.clock_known.away_between(from, to)
            || self.groups(traits).any(|group| group.away_between(from, to))
    }

    fn groups(&self, traits: &Traits) -> impl Iterator<Item = &super::Timeline> {
        let set = (traits.groups != NONE).then(|| &self.layout.groups[traits.groups as usize]);
        set.into_iter().flatten().map(|group| &self.presence[*group as usize])
    }

    /// The present: the newest sample, ahead of the display delay, with the source's own stamp.
    /// Stale when it is too old for the present, or its source is offline.
    pub fn latest(&self, id: PropertyId) -> Option<Reading> {
        let traits = self.layout.traits.get(id.0 as usize)?;
        let Sample { time, value, quality } = self.newest_sample(traits, id)?;
        let age = self.age_us(traits, time);
        let stale = age
            .is_some_and(|age| age > Layout::stale_after(traits.interval, self.display_delay()))
            || self.away_at(traits, self.clock.now().unwrap_or(Timestamp::MAX));
        let quality = if stale { quality.max(Quality::Stale) } else { quality };
        Some(Reading { value, time, quality })
    }

    fn newest_sample(&self, traits: &Traits, id: PropertyId) -> Option<Sample> {
        if !traits.derived {
            return self.recent.latest(id);
        }
        let last = self.recent.len_of(self.sampled(id)).checked_sub(1)?;
        let (time, number, quality) = self.integral_at(traits, last)?;
        Some(Sample { time, value: Value::Number(number), quality })
    }

    /// The source's own stamp of the newest sample that the property rests on.
    pub fn newest_stamp(&self, id: PropertyId) -> Option<Timestamp> {
        self.recent.latest_time(self.sampled(id))
    }

    /// The first instant of a view at which the newest sample of a property is too old; `None`
    /// while there is none, and where it never grows old.
    pub fn stale_at(&self, id: PropertyId) -> Option<Timestamp> {
        let traits = self.layout.traits.get(id.0 as usize)?;
        let ahead = self.layout.sources[traits.source as usize].ahead;
        let after = Layout::stale_after(traits.interval, self.display_delay());
        let newest = self.newest_stamp(id)?;
        (after < i64::MAX).then(|| newest.plus_micros(-ahead).plus_micros(after).plus_micros(1))
    }

    /// Whether plant time goes on, or has stopped for want of messages.
    pub fn knows_time(&self) -> bool {
        self.clock_known.present() != Some(false)
    }

    fn age_us(&self, traits: &Traits, stamp: Timestamp) -> Option<i64> {
        let ahead = self.layout.sources[traits.source as usize].ahead;
        Some(self.clock.now()?.plus_micros(ahead).0.saturating_sub(stamp.0))
    }

    /// Plant seconds since the newest sample, allowing for a source whose clock is ahead.
    pub fn age_s(&self, id: PropertyId) -> Option<f64> {
        let traits = self.layout.traits.get(id.0 as usize)?;
        let age = self.age_us(traits, self.newest_stamp(id)?)?;
        Some(age as f64 * 1e-6)
    }

    /// The samples of a number or an enumeration (as its index) from `from` to `to`, oldest first,
    /// with the one before them, so that a line enters the chart from its left edge. Times are
    /// plant time, allowing for a source whose clock is ahead.
    pub fn samples(
        &self,
        id: PropertyId,
        from: Timestamp,
        to: Timestamp,
    ) -> impl Iterator<Item = (Timestamp, f64, Quality)> + '_ {
        let traits = self.layout.traits.get(id.0 as usize);
        let ahead = traits.map_or(0, |traits| self.layout.sources[traits.source as usize].ahead);
        let (from, to) = (from.plus_micros(ahead), to.plus_micros(ahead));
        let sampled = self.sampled(id);
        let begin = self.recent.count_until(sampled, from.plus_micros(-1)).saturating_sub(1);
        let end = self.recent.count_until(sampled, to);
        let sample = move |at: usize| match traits {
            Some(traits) if traits.derived => self.integral_at(traits, at),
            _ => {
                let sample = self.recent.sample(sampled, at)?;
                Some((sample.time, sample.value.as_number()?, sample.quality))
            }
        };
        (begin..end).filter_map(move |at| {
            let (time, number, quality) = sample(at)?;
            Some((time.plus_micros(-ahead), number, quality))
        })
    }

    /// Number of properties that are stale now; looks at each of them.
    pub fn stale_count(&self) -> usize {
        (0..self.layout.traits.len() as u32).filter(|id| self.is_stale(PropertyId(*id))).count()
    }

    fn is_stale(&self, id: PropertyId) -> bool {
        let traits = &self.layout.traits[id.0 as usize];
        let Some(stamp) = self.newest_stamp(id) else { return false };
        let Some(now) = self.clock.now() else { return false };
        let after = Layout::stale_after(traits.interval, self.display_delay());
        self.age_us(traits, stamp).is_some_and(|age| age > after) || self.away_at(traits, now)
    }

    /// Goes on counting the stale properties, some in each tick.
    pub(super) fn count_stale(&mut self) {
        let total = self.layout.traits.len();
        let end = (self.stale_look + STALE_LOOK.min(total.div_ceil(16))).min(total);
        let found = (self.stale_look..end).filter(|id| self.is_stale(PropertyId(*id as u32)));
        self.stale_found += found.count() as u64;
        self.stale_look = end;
        if end == total {
            self.counters.stale = std::mem::take(&mut self.stale_found);
            self.stale_look = 0;
        }
    }
}
