//! From topic and payload to samples: pure, without threads, the same natively and in the browser.
//!
//! Flows in: a topic, bytes and the time of arrival. Flows out: samples appended to a [`Batch`], and
//! what could not be understood. The good fields of a bad message are still used.

mod civil;
mod document;
mod elements;
mod number;
mod plain;
mod plan;
mod quality;
mod senml;
mod sink;
mod time;
mod value;
mod walk;

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use serde_json::Value as Json;

use super::{Batch, ClockReading, Fault, PresenceChange, Router, Target, Update};
use crate::terminal::excerpt;
use crate::twin::mapping::{ClockSource, Mapping, Presence, QualitySource, QualityStandard, Read};
use crate::twin::payload::PayloadFormat;
use crate::twin::{AssetId, Class, PropertyId, Quality, Timestamp, Twin, Value, ValueType};
use elements::{ElementNames, PropertyName};
use plan::Plan;
use sink::Message;
use value::{Scalar, read_json, read_scalar};

/// The value that a cell of a table states for a property that is no number: a name, an index or a text.
pub(super) fn read_cell(cell: &str, ty: &ValueType) -> Result<Value, String> {
    let read = Read::default();
    let text = read_scalar(&Scalar::Text(cell.into()), ty, &read);
    let index = cell.parse::<f64>().ok().filter(|_| !matches!(ty, ValueType::Text));
    match (text, index) {
        // Tables write an index as 1 or 1.0.
        (Err(_), Some(number)) => read_scalar(&Scalar::Number(number), ty, &read),
        (read, _) => read,
    }
}

/// Whether a cell of a table that is not empty says that there is no value: NaN, null, n/a and such.
pub(super) fn has_no_value(cell: &str, ty: &ValueType) -> bool {
    Scalar::Text(cell.into()).is_no_value(ty, &Read::default())
}

/// The quality that a cell of a table states, by its words or by its code of OPC; `None` of anything else.
pub(super) fn quality_of_cell(cell: &str) -> Option<Quality> {
    let cell = cell.trim();
    let begins = |word: &str| cell.get(..word.len()).is_some_and(|w| w.eq_ignore_ascii_case(word));
    if cell.is_empty() {
        return Some(Quality::Good);
    }
    if cell.eq_ignore_ascii_case("stale") {
        return Some(Quality::Stale);
    }
    let is_known =
        ["good", "uncertain", "bad"].iter().any(|word| begins(word)) || cell.parse::<f64>().is_ok();
    let (pointer, standard) = (String::new(), QualityStandard::Any);
    let source = QualitySource { pointer, standard, good: Vec::new(), uncertain: Vec::new() };
    is_known.then(|| quality::read_quality(&Scalar::Text(cell.into()), &source, false))
}

/// One thing that is wrong with a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Whose value it would have been, where that is known.
    pub property: Option<PropertyId>,
    /// JSON pointer from the sample; empty: the payload.
    pub pointer: String,
    /// Which sample of a batch, from 0.
    pub sample: Option<usize>,
    /// A time that would be right in another unit.
    pub time_unit: bool,
    /// What was expected and what was found, for people.
    pub reason: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(sample) = self.sample {
            write!(f, "sample {sample}, ")?;
        }
        if !self.pointer.is_empty() {
            write!(f, "{}: ", self.pointer)?;
        }
        f.write_str(&self.reason)
    }
}

/// What a message was made into.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Decoded {
    /// Samples appended to the batch.
    pub samples: usize,
    /// The worst that is wrong with the message; `None`: nothing.
    pub fault: Option<Fault>,
    /// What is wrong in detail: the first few.
    pub problems: Vec<Problem>,
    /// Problems beyond those.
    pub more_problems: u64,
    /// A stamp was counted from the arrival, so that of a retained message it says nothing.
    pub counts_from_now: bool,
}

impl Decoded {
    /// All that is wrong, in one line for people.
    pub fn reason(&self) -> String {
        let mut all: Vec<String> = self.problems.iter().map(Problem::to_string).collect();
        if self.more_problems > 0 {
            all.push(format!("and {} more", self.more_problems));
        }
        all.join("; ")
    }
}

/// Collects what is wrong with a message; the first few in full, so that the worst message of a
/// flood costs no more than another.
#[derive(Debug, Default)]
struct Problems {
    first: Vec<Problem>,
    more: u64,
}

impl Problems {
    const KEPT: usize = 8;

    fn add(&mut self, property: Option<PropertyId>, pointer: &str, reason: impl Into<String>) {
        self.add_in(None, property, pointer, reason);
    }

    fn add_in(
        &mut self,
        sample: Option<usize>,
        property: Option<PropertyId>,
        pointer: &str,
        reason: impl Into<String>,
    ) {
        if self.first.len() == Self::KEPT {
            self.more += 1;
            return;
        }
        let (pointer, reason) = (pointer.to_owned(), reason.into());
        self.first.push(Problem { property, pointer, sample, time_unit: false, reason });
    }

    fn add_time(&mut self, sample: Option<usize>, pointer: &str, bad: time::BadTime) {
        self.add_in(sample, None, pointer, bad.reason);
        if let Some(problem) = self.first.last_mut()
            && self.more == 0
        {
            problem.time_unit = bad.unit;
        }
    }

    fn clear(&mut self) {
        *self = Self::default();
    }

    /// How many there are in full, and beyond those.
    fn count(&self) -> (usize, u64) {
        (self.first.len(), self.more)
    }

    /// Forgets what came since there were that many.
    fn truncate(&mut self, (kept, more): (usize, u64)) {
        self.first.truncate(kept);
        self.more = more;
    }

    /// Adds those of a part of the message.
    fn append(&mut self, mut part: Self) {
        let room = Self::KEPT.saturating_sub(self.first.len());
        self.more += part.more + part.first.len().saturating_sub(room) as u64;
        part.first.truncate(room);
        self.first.append(&mut part.first);
    }

    fn is_empty(&self) -> bool {
        self.first.is_empty()
    }
}

/// Knows how every message of a twin is read.
#[derive(Debug)]
pub struct Decoder {
    router: Router,
    plans: Vec<Plan>,
    /// By asset: its first property and the first plan of its class.
    assets: Vec<(u32, u32)>,
    presence: Vec<Presence>,
    clock: Option<ClockSource>,
    names: ElementNames,
    max_payload: usize,
}

impl Decoder {
    /// The largest payload that is decoded, unless stated otherwise: 1 MiB.
    pub const MAX_PAYLOAD: usize = 1 << 20;

    /// Compiles all mappings of a twin.
    pub fn new(twin: &Twin) -> Self {
        let mut plans = Vec::new();
        let mut first_of_class = Vec::with_capacity(twin.classes.len());
        for class in &twin.classes {
            first_of_class.push(plans.len() as u32);
            let types = class.properties.iter().map(|property| property.ty.clone()).collect();
            let names = names(class);
            let mappings = class.mappings.iter();
            plans.extend(mappings.map(|mapping| Plan::new(&mapping.payload, &types, &names)));
        }
        let mut assets = Vec::with_capacity(twin.assets.len());
        for asset in twin.asset_ids() {
            let first = own_plans(twin, asset, &mut plans).unwrap_or_else(|| {
                let class = twin.asset(asset).class;
                class.map_or(0, |class| first_of_class[class.0 as usize])
            });
            assets.push((twin.asset(asset).properties.start, first));
        }
        Self {
            router: Router::new(twin),
            plans,
            assets,
            presence: twin.presence.clone(),
            clock: twin.clock.clone(),
            names: ElementNames::default(),
            max_payload: Self::MAX_PAYLOAD,
        }
    }

    /// The same with another limit on the size of a payload, in bytes.
    pub fn with_max_payload(mut self, bytes: usize) -> Self {
        self.max_payload = bytes;
        self
    }

    /// The limit on the size of a payload, in bytes.
    pub fn max_payload(&self) -> usize {
        self.max_payload
    }

    /// The topics that it knows.
    pub fn router(&self) -> &Router {
        &self.router
    }

    /// Decodes one message and appends its contents to `out`. `arrival` is wall time.
    pub fn decode(
        &self,
        topic: &str,
        payload: &[u8],
        arrival: Timestamp,
        out: &mut Batch,
    ) -> Decoded {
        let targets = self.router.route(topic);
        let mut problems = Problems::default();
        if targets.is_empty() {
            problems.add(None, "", "no mapping of the twin has this topic");
            return finish(0, Some(Fault::Unmapped), problems);
        }
        if payload.len() > self.max_payload {
            let (length, limit) = (payload.len(), self.max_payload);
            problems.add(None, "", format!("{length} bytes; at most {limit} are decoded"));
            return finish(0, Some(Fault::Oversized), problems);
        }
        out.arrival = arrival;
        let before = out.updates.len();
        let text = plain::utf8(payload);
        let (mut is_meant, mut parts) = (false, Vec::new());
        let mut counts_from_now = false;
        for target in targets.iter() {
            let mut own = Problems::default();
            let start = out.updates.len();
            match target {
                Target::Mapping { asset, mapping, property } => {
                    let (first_property, first_plan) = self.assets[asset.0 as usize];
                    match &self.plans[first_plan as usize + mapping as usize] {
                        Plan::Document(plan) => {
                            let is_json = plan.format == PayloadFormat::JSON;
                            let payload = if is_json { &*text } else { payload };
                            let mut message = Message {
                                plan,
                                first_property,
                                arrival,
                                has_clock: self.clock.is_some(),
                                counts_from_now: false,
                                names: &self.names,
                                out: &mut *out,
                                problems: &mut own,
                            };
                            if !message.decode(payload) {
                                continue;
                            }
                            counts_from_now |= message.counts_from_now;
                            let is_empty = out.updates.len() == start;
                            let carried = plan.fields.iter().map(|field| field.property);
                            let carried =
                                carried.map(|at| PropertyId(first_property + u32::from(at)));
                            parts
                                .push((own, if is_empty { carried.collect() } else { Vec::new() }));
                        }
                        Plan::Scalar { property: fixed, read, types } => {
                            let Some(position) = fixed.or(property) else { continue };
                            let id = PropertyId(first_property + u32::from(position));
                            out.updates.push(bare_update(
                                id,
                                &text,
                                &types[position as usize],
                                read,
                                &mut own,
                            ));
                            parts.push((own, Vec::new()));
                        }
                    }
                }
                Target::Presence(at) => {
                    match read_presence(&self.presence[at as usize], &text) {
                        Ok(value) => {
                            let presence = &self.presence[at as usize];
                            let online = value == presence.online;
                            out.presence.push(PresenceChange { presence: at, online });
                            if !online && value != presence.offline {
                                let Presence { online, offline, .. } = presence;
                                let reason = format!(
                                    "expected {online:?} or {offline:?}, found {:?}, which counts as offline",
                                    excerpt(&value)
                                );
                                own.add(None, "", reason);
                            }
                        }
                        Err(reason) => own.add(None, "", reason),
                    }
                    parts.push((own, Vec::new()));
                }
                Target::Clock => {
                    let Some(clock) = &self.clock else { continue };
                    read_clock(clock, &text, arrival, out, &mut own);
                    parts.push((own, Vec::new()));
                }
            }
            is_meant = true;
        }
        if !is_meant {
            problems.add(
                None,
                "",
                "no asset has what the message states where its mapping says `where`",
            );
            return finish(0, Some(Fault::Unmapped), problems);
        }
        let updates = &out.updates[before..];
        for (own, carried) in parts {
            // Two mappings for two forms of a message: one of them found nothing, and the other all of it.
            let is_carried = |id: &PropertyId| updates.iter().any(|update| update.property == *id);
            if carried.is_empty() || !carried.iter().all(is_carried) {
                problems.append(own);
            }
        }
        for problem in &problems.first {
            if let Some(property) = problem.property {
                out.explain(property, || problem.to_string());
            }
        }
        let time_unit = problems.first.iter().any(|problem| problem.time_unit);
        let fault = match (problems.is_empty(), time_unit) {
            (true, _) => None,
            (false, true) => Some(Fault::TimeUnit),
            (false, false) => Some(Fault::Malformed),
        };
        Decoded { counts_from_now, ..finish(out.updates.len() - before, fault, problems) }
    }
}

fn finish(samples: usize, fault: Option<Fault>, problems: Problems) -> Decoded {
    let Problems { first: problems, more: more_problems } = problems;
    Decoded { samples, fault, problems, more_problems, counts_from_now: false }
}

/// Plans of an asset's own, when its overrides change the type of a property or pointers name it.
fn own_plans(twin: &Twin, asset: AssetId, plans: &mut Vec<Plan>) -> Option<u32> {
    let class = twin.class_of(asset)?;
    let mut overrides = twin.asset(asset).overrides.iter();
    let is_other = overrides.any(|(at, own)| own.ty != class.properties[*at as usize].ty);
    if !is_other && !class.mappings.iter().any(|mapping| mapping.payload.has_placeholders()) {
        return None;
    }
    let types: Arc<[ValueType]> =
        twin.properties_of(asset).map(|id| twin.property(id).ty.clone()).collect();
    let first = plans.len() as u32;
    let names = names(class);
    let filled =
        |mapping: &Mapping| Plan::new(&mapping.payload.filled(twin, asset), &types, &names);
    plans.extend(class.mappings.iter().map(filled));
    Some(first)
}

fn names(class: &Class) -> Arc<[PropertyName]> {
    class.properties.iter().map(|property| PropertyName::new(property.name.clone())).collect()
}

/// The sample of a payload that is one value; one that cannot be read, or is none, makes the property bad.
fn bare_update(
    property: PropertyId,
    payload: &[u8],
    ty: &ValueType,
    read: &Read,
    problems: &mut Problems,
) -> Update {
    let value = bare(payload, ty, read).unwrap_or_else(|reason| {
        problems.add(Some(property), "", reason);
        None
    });
    let quality = if value.is_some() { Quality::Good } else { Quality::Bad };
    Update { property, time: None, value, quality }
}

/// A payload that is one value; `None`: by it the source says that it has none.
fn bare(payload: &[u8], ty: &ValueType, read: &Read) -> Result<Option<Value>, String> {
    if payload.trim_ascii().is_empty() {
        return Ok(None);
    }
    let text = text_of(payload)?;
    if matches!(ty, ValueType::Pose | ValueType::Items) {
        let json: Json =
            serde_json::from_str(text).map_err(|error| format!("not JSON: {error}"))?;
        return if json.is_null() { Ok(None) } else { read_json(&json, ty, read).map(Some) };
    }
    let scalar = match (bare_scalar(text), ty) {
        // What stands there, not how a number would be written again.
        (Scalar::Integer(_) | Scalar::Number(_), ValueType::Text) => Scalar::Text(text.into()),
        (scalar, _) => scalar,
    };
    if scalar.is_no_value(ty, read) { Ok(None) } else { read_scalar(&scalar, ty, read).map(Some) }
}

fn text_of(payload: &[u8]) -> Result<&str, String> {
    let text = std::str::from_utf8(payload)
        .map_err(|error| format!("not UTF-8: byte {} is not text", error.valid_up_to()))?;
    let text = text.trim();
    if text.is_empty() { Err("the payload is empty".into()) } else { Ok(text) }
}

fn bare_scalar(text: &str) -> Scalar<'_> {
    match text {
        "null" => return Scalar::Null,
        "true" => return Scalar::Bool(true),
        "false" => return Scalar::Bool(false),
        _ => {}
    }
    if let Ok(integer) = text.parse() {
        return Scalar::Integer(integer);
    }
    if let Ok(number) = text.parse() {
        return Scalar::Number(number);
    }
    if text.starts_with('"')
        && let Ok(inner) = serde_json::from_str::<String>(text)
    {
        return Scalar::Text(Cow::Owned(inner));
    }
    Scalar::Text(Cow::Borrowed(text))
}

/// The value by which assets are online or not.
fn read_presence(presence: &Presence, payload: &[u8]) -> Result<String, String> {
    let text = text_of(payload)?;
    if presence.pointer.is_empty() {
        return Ok(match bare_scalar(text) {
            Scalar::Text(inner) => inner.into_owned(),
            _ => text.to_owned(),
        });
    }
    let json: Json = serde_json::from_str(text).map_err(|error| format!("not JSON: {error}"))?;
    match json.pointer(&presence.pointer) {
        Some(Json::String(value)) => Ok(value.clone()),
        Some(other) => Ok(other.to_string()),
        None => Err(format!("{}: the field is absent", presence.pointer)),
    }
}

fn read_clock(
    clock: &ClockSource,
    payload: &[u8],
    arrival: Timestamp,
    out: &mut Batch,
    problems: &mut Problems,
) {
    let json = match text_of(payload) {
        // A clock may be bare text, such as an ISO 8601 time without quotes.
        Ok(text) => serde_json::from_str(text).unwrap_or_else(|_| Json::String(text.into())),
        Err(reason) => return problems.add(None, "", reason),
    };
    let Some(stamp) = json.pointer(&clock.time) else {
        return problems.add(None, &clock.time, "the plant's time is absent");
    };
    let time = match time::read(&Scalar::from_json(stamp), clock.format, arrival) {
        Ok(time) => time,
        Err(bad) => return problems.add_time(None, &clock.time, bad),
    };
    let rate = match &clock.rate {
        None => Some(1.0),
        Some(pointer) => json.pointer(pointer).and_then(Json::as_f64),
    };
    match rate.filter(|rate| rate.is_finite() && *rate >= 0.0) {
        Some(rate) => out.clock = Some(ClockReading { time, rate }),
        None => problems.add(
            None,
            clock.rate.as_deref().unwrap_or_default(),
            "expected the rate of the plant's time, a number from 0 up",
        ),
    }
}

#[cfg(test)]
mod tests;
