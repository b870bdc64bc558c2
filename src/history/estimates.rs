//! The lane of estimates: what models that are fed with measurements conclude, with how sure they are.
//!
//! Flows in: estimates of properties of the kind `estimate`, in any order of time. Flows out: their
//! state at an instant, held from one to the next, with the band around it. It is kept apart from
//! what was measured, so that neither is ever taken for the other.

use super::recent::{Budget, Recent};
use super::rule::{Inserted, Rule};
use super::state::{Band, Reading};
use crate::twin::{PropertyId, PropertyKind, Quality, Sample, Timestamp, Twin, Value, ValueType};

/// One estimate of a property.
#[derive(Clone, Debug, PartialEq)]
pub struct Estimate {
    /// Plant time for which it holds.
    pub time: Timestamp,
    /// Its value.
    pub value: Value,
    /// Standard deviation of a number, in the property's unit; `None`: not known.
    pub deviation: Option<f64>,
    /// How far it can be trusted.
    pub quality: Quality,
}

/// Standard deviations on either side that a band reaches, and the probability of a normal
/// distribution to lie within.
const SIGMAS: f64 = 1.959_963_984_540_054;
const COVERAGE: f64 = 0.95;

/// Estimates of a plant's properties; see the module.
#[derive(Clone, Debug)]
pub struct Estimates {
    /// The properties that can have some, in order.
    properties: Vec<PropertyId>,
    values: Recent,
    /// By the same places and times; where none was stated, 0 of bad quality.
    deviations: Recent,
}

impl Estimates {
    /// No estimates yet of the properties of the kind `estimate`.
    pub fn new(twin: &Twin, budget: Budget) -> Self {
        let is_estimate = |id: &PropertyId| twin.property(*id).kind == PropertyKind::Estimate;
        let properties: Vec<_> = twin.property_ids().filter(is_estimate).collect();
        let types: Vec<_> = properties.iter().map(|id| twin.property(*id).ty.clone()).collect();
        let deviations = vec![ValueType::Number; properties.len()];
        // Numbers alone have a deviation, so that values take at least half.
        let half = Budget { bytes: budget.bytes / 2, ..budget };
        Self {
            properties,
            values: Recent::new(&types, half),
            deviations: Recent::new(&deviations, half),
        }
    }

    fn place(&self, id: PropertyId) -> Option<PropertyId> {
        self.properties.binary_search(&id).ok().map(|at| PropertyId(at as u32))
    }

    /// Puts an estimate in its place in time. A property of another kind, or a value of another type,
    /// is refused.
    pub fn insert(&mut self, id: PropertyId, estimate: Estimate) -> Inserted {
        let Some(place) = self.place(id) else { return Inserted::Refused };
        let Estimate { time, value, deviation, quality } = estimate;
        let inserted = self.values.insert(place, Sample { time, value, quality });
        if inserted == Inserted::Refused || inserted == Inserted::TooOld {
            return inserted;
        }
        let deviation = deviation.filter(|sigma| sigma.is_finite() && *sigma >= 0.0);
        let known = if deviation.is_some() { Quality::Good } else { Quality::Bad };
        let of_deviation =
            self.deviations.insert_number(place, time, known, deviation.unwrap_or(0.0));
        // The same value with another deviation is another estimate.
        match inserted {
            Inserted::Duplicate if of_deviation.changed() => Inserted::Replaced,
            _ => inserted,
        }
    }

    /// The estimate that holds at that time: the last one before it.
    pub fn read(&self, id: PropertyId, time: Timestamp, stale_after: i64) -> Option<Reading> {
        self.values.read(self.place(id)?, time, &held(stale_after))
    }

    /// 95 % of a normal distribution around a number that is estimated, where its deviation is known.
    pub fn band(&self, id: PropertyId, time: Timestamp) -> Option<Band> {
        let place = self.place(id)?;
        let estimate = self.values.read(place, time, &held(i64::MAX))?;
        let deviation = self.deviations.read(place, time, &held(i64::MAX))?;
        // Each is kept within bytes of its own, so that one of them may be gone.
        let is_its_own = deviation.quality == Quality::Good && deviation.time == estimate.time;
        let value = estimate.value.as_number()?;
        let sigma = deviation.value.as_number().filter(|_| is_its_own)?;
        Some(Band { low: value - SIGMAS * sigma, high: value + SIGMAS * sigma, coverage: COVERAGE })
    }

    /// Time of a property's newest estimate.
    pub fn newest(&self, id: PropertyId) -> Option<Timestamp> {
        self.values.latest_time(self.place(id)?)
    }

    /// The estimates of a number or an enumeration from `from` to `to` with the one before them,
    /// oldest first.
    pub fn series(
        &self,
        id: PropertyId,
        from: Timestamp,
        to: Timestamp,
    ) -> impl Iterator<Item = (Timestamp, f64, Quality)> + '_ {
        // A place that is none has no samples.
        let place = self.place(id).unwrap_or(PropertyId(u32::MAX));
        let before = self.values.bracket(place, from).0.filter(|sample| sample.time < from);
        let samples = before.into_iter().chain(self.values.range(place, from, to));
        samples.filter_map(|sample| Some((sample.time, sample.value.as_number()?, sample.quality)))
    }

    /// Moves the kept span: it ends at `now`.
    pub fn advance(&mut self, now: Timestamp) {
        self.values.advance(now);
        self.deviations.advance(now);
    }

    /// The plant's time was turned back: what was estimated after that instant is dropped.
    pub fn turn_back(&mut self, time: Timestamp) {
        self.values.turn_back(time);
        self.deviations.turn_back(time);
    }

    /// Takes over what fits of the estimates under another definition: `target` gives the property
    /// here, with scale and offset where its unit is another.
    pub fn adopt(
        &mut self,
        other: &mut Self,
        target: impl Fn(PropertyId) -> Option<(PropertyId, Option<(f64, f64)>)>,
    ) {
        self.values.adopt_span(&other.values);
        self.deviations.adopt_span(&other.deviations);
        for (at, id) in other.properties.iter().enumerate() {
            let Some((here, convert)) = target(*id) else { continue };
            let Some(place) = self.place(here) else { continue };
            let theirs = PropertyId(at as u32);
            if self.values.adopt(place, &mut other.values, theirs, convert) {
                let scale = convert.map(|(scale, _)| (scale.abs(), 0.0));
                self.deviations.adopt(place, &mut other.deviations, theirs, scale);
            }
        }
    }
}

fn held(stale_after: i64) -> Rule<'static> {
    Rule { linear: false, stale_after, offline: false, broken: &|_, _| false }
}
