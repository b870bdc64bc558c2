//! Reads a document along a plan: once, front to back, keeping only what the plan names. JSON is
//! read from the payload itself, other formats from the document that they make of it.
//!
//! Time and quality may stand after the values they belong to, so samples go straight to the batch
//! and are completed when their object ends.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Value as Json;

use super::plan::{Action, DocumentPlan, Node, PlanTime};
use super::quality::read_quality;
use super::value::{Scalar, read_json, read_scalar};
use super::{Problems, time};
use crate::telemetry::{Batch, Update};
use crate::twin::payload::PayloadFormat;
use crate::twin::{PropertyId, Quality, Timestamp, Value};

/// Decodes a document; the samples of its good fields are appended to the batch.
pub(super) fn decode(
    plan: &DocumentPlan,
    first_property: u32,
    payload: &[u8],
    arrival: Timestamp,
    out: &mut Batch,
    problems: &mut Problems,
) {
    let start = out.updates.len();
    if matches!(payload.trim_ascii(), b"" | b"null") {
        // The source has nothing to say of all that the message would carry.
        let none = |property: u16| Update {
            property: PropertyId(first_property + u32::from(property)),
            time: None,
            value: None,
            quality: Quality::Bad,
        };
        return out.updates.extend(plan.fields.iter().map(|field| none(field.property)));
    }
    if plan.format != PayloadFormat::JSON {
        let reason = match (plan.format.read)(payload) {
            Ok(document) => match run(plan, first_property, &document, arrival, out, problems) {
                Ok(()) => return,
                Err(error) => error.to_string(),
            },
            Err(reason) => reason,
        };
        out.updates.truncate(start);
        problems.clear();
        return problems.add(None, "", format!("not {}: {reason}", plan.format.name));
    }
    let result = json(plan, first_property, payload, arrival, out, problems);
    let Err(error) = result else { return };
    out.updates.truncate(start);
    // Many devices write NaN, Infinity or 1e999, which JSON does not know. The other fields of
    // such a message are still good.
    if let Some(quoted) = quote_numbers_unknown_to_json(payload) {
        problems.clear();
        if json(plan, first_property, &quoted, arrival, out, problems).is_ok() {
            if problems.is_empty() {
                problems.add(None, "", "a number that JSON does not know (NaN, Infinity)");
            }
            return;
        }
        out.updates.truncate(start);
    }
    problems.clear();
    problems.add(None, "", format!("not JSON: {error}"));
}

/// JSON text, with nothing behind it.
fn json(
    plan: &DocumentPlan,
    first_property: u32,
    payload: &[u8],
    arrival: Timestamp,
    out: &mut Batch,
    problems: &mut Problems,
) -> Result<(), serde_json::Error> {
    let mut deserializer = serde_json::Deserializer::from_slice(payload);
    run(plan, first_property, &mut deserializer, arrival, out, problems)?;
    deserializer.end()
}

fn run<'de, D: Deserializer<'de>>(
    plan: &DocumentPlan,
    first_property: u32,
    document: D,
    arrival: Timestamp,
    out: &mut Batch,
    problems: &mut Problems,
) -> Result<(), D::Error> {
    let start = out.updates.len();
    let mut sink = Sink {
        plan,
        first_property,
        arrival,
        start,
        sample_start: start,
        sample: None,
        found_samples: false,
        fields: Vec::with_capacity(plan.fields.len()),
        seen: vec![false; plan.fields.len()],
        quality: None,
        field_qualities: Vec::new(),
        time: None,
        shared_time: None,
        out,
        problems,
    };
    Walk { node: &plan.root, sink: &mut sink }.deserialize(document)?;
    sink.end_document();
    Ok(())
}

/// What was made of a time: nothing yet, refused, or read.
type Stamp = Option<Result<Timestamp, ()>>;

struct Sink<'a> {
    plan: &'a DocumentPlan,
    first_property: u32,
    arrival: Timestamp,
    /// Where the updates of the document and of the present sample begin.
    start: usize,
    sample_start: usize,
    /// Number of the sample, in a batch.
    sample: Option<usize>,
    found_samples: bool,
    /// Field of each update of the present sample.
    fields: Vec<u16>,
    /// Fields that the sample has, good or not.
    seen: Vec<bool>,
    quality: Option<Quality>,
    field_qualities: Vec<(u16, Quality)>,
    time: Stamp,
    shared_time: Stamp,
    out: &'a mut Batch,
    problems: &'a mut Problems,
}

impl Sink<'_> {
    fn scalar(&mut self, node: &Node, scalar: &Scalar<'_>) {
        if node.samples.is_some() {
            self.no_samples(scalar);
        }
        for action in &node.actions {
            match *action {
                Action::Value(field) => {
                    let at = field as usize;
                    let absent = *scalar == Scalar::Null && self.plan.fields[at].optional;
                    if !node.whole && !absent {
                        let (ty, read) = (&self.plan.types[at], &self.plan.fields[at].read);
                        let value = match scalar.is_no_value(ty, read) {
                            true => Ok(None),
                            false => read_scalar(scalar, ty, read).map(Some),
                        };
                        self.value(field, value);
                    }
                }
                Action::FieldQuality(field) => {
                    if let Some(source) = &self.plan.fields[field as usize].quality {
                        self.field_qualities.push((field, read_quality(scalar, source)));
                    }
                }
                Action::Quality => {
                    self.quality =
                        self.plan.quality.as_ref().map(|source| read_quality(scalar, source));
                }
                Action::Time | Action::SharedTime => self.stamp(*action, scalar),
            }
        }
    }

    fn whole(&mut self, node: &Node, json: &Json) {
        for action in &node.actions {
            if let Action::Value(field) = *action {
                let at = field as usize;
                let (own, ty) = (&self.plan.fields[at], &self.plan.types[at]);
                match (json.is_null(), own.optional) {
                    (true, true) => {}
                    (true, false) => self.value(field, Ok(None)),
                    (false, _) => {
                        self.value(field, read_json(json, ty, &own.read).map(Some));
                    }
                }
            }
        }
    }

    /// Takes a field's value; one that cannot be read, or is none, makes the property bad.
    fn value(&mut self, field: u16, value: Result<Option<Value>, String>) {
        let at = field as usize;
        let property = PropertyId(self.first_property + u32::from(self.plan.fields[at].property));
        // The same member twice in one object: the later one counts.
        if std::mem::replace(&mut self.seen[at], true)
            && let Some(earlier) = self.fields.iter().position(|known| *known == field)
        {
            self.fields.remove(earlier);
            self.out.updates.remove(self.sample_start + earlier);
        }
        let value = value.unwrap_or_else(|reason| {
            let pointer = &self.plan.fields[at].pointer;
            self.problems.add_in(self.sample, Some(property), pointer, reason);
            None
        });
        let quality = if value.is_some() { Quality::Good } else { Quality::Bad };
        self.fields.push(field);
        self.out.updates.push(Update { property, time: None, value, quality });
    }

    fn stamp(&mut self, action: Action, scalar: &Scalar<'_>) {
        let (PlanTime::Sample(pointer, format) | PlanTime::Shared(pointer, format)) =
            &self.plan.time
        else {
            return;
        };
        let stamp = time::read(scalar, *format, self.arrival).map_err(|bad| {
            self.problems.add_time(self.sample, pointer, bad);
        });
        match action {
            Action::SharedTime => self.shared_time = Some(stamp),
            _ => self.time = Some(stamp),
        }
    }

    fn no_samples(&mut self, found: &Scalar<'_>) {
        self.found_samples = true;
        let pointer = self.plan.samples.as_deref().unwrap_or_default();
        self.problems.add(None, pointer, format!("expected an array of samples, found {found}"));
    }

    fn begin_sample(&mut self, number: usize) {
        self.sample = Some(number);
        self.sample_start = self.out.updates.len();
        self.fields.clear();
        self.seen.fill(false);
        self.quality = None;
        self.field_qualities.clear();
        self.time = None;
    }

    fn end_sample(&mut self) {
        let plan = self.plan;
        for (field, _) in
            plan.fields.iter().zip(&self.seen).filter(|(field, seen)| !**seen && !field.optional)
        {
            let property = PropertyId(self.first_property + u32::from(field.property));
            self.problems.add_in(
                self.sample,
                Some(property),
                &field.pointer,
                "the field is absent",
            );
        }
        if let PlanTime::Sample(pointer, _) = &plan.time {
            if self.time.is_none() {
                self.problems.add_in(self.sample, None, pointer, "the time is absent");
            }
            let Some(Ok(time)) = self.time else {
                self.out.updates.truncate(self.sample_start);
                return;
            };
            for update in &mut self.out.updates[self.sample_start..] {
                update.time = Some(time);
            }
        }
        let updates = &mut self.out.updates[self.sample_start..];
        if let Some(quality) = self.quality {
            let with_value = updates.iter_mut().filter(|update| update.value.is_some());
            with_value.for_each(|update| update.quality = quality);
        }
        if self.field_qualities.is_empty() {
            return;
        }
        let mut own: Vec<Option<Quality>> = vec![None; plan.fields.len()];
        for (field, quality) in self.field_qualities.drain(..) {
            own[usize::from(field)] = Some(quality);
        }
        for (update, field) in updates.iter_mut().zip(&self.fields) {
            if update.value.is_some() {
                update.quality = own[usize::from(*field)].unwrap_or(update.quality);
            }
        }
    }

    fn end_document(&mut self) {
        match &self.plan.samples {
            None => self.end_sample(),
            Some(pointer) if !self.found_samples => {
                self.problems.add(None, pointer, "the array of samples is absent");
            }
            Some(_) => {}
        }
        if let PlanTime::Shared(pointer, _) = &self.plan.time {
            if self.shared_time.is_none() {
                self.problems.add(None, pointer, "the time is absent");
            }
            match self.shared_time {
                Some(Ok(time)) => self.out.updates[self.start..]
                    .iter_mut()
                    .for_each(|update| update.time = Some(time)),
                _ => self.out.updates.truncate(self.start),
            }
        }
    }
}

/// Walks through one value of the document.
struct Walk<'w, 'a> {
    node: &'w Node,
    sink: &'w mut Sink<'a>,
}

impl<'de> DeserializeSeed<'de> for Walk<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        if !self.node.whole {
            return deserializer.deserialize_any(self);
        }
        let json = Json::deserialize(deserializer)?;
        self.sink.whole(self.node, &json);
        // Reading a tree that stands in memory cannot fail.
        json.deserialize_any(self).unwrap_or_default();
        Ok(())
    }
}

impl<'de> Visitor<'de> for Walk<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        self.sink.scalar(self.node, &Scalar::Null);
        Ok(())
    }

    fn visit_bool<E>(self, value: bool) -> Result<(), E> {
        self.sink.scalar(self.node, &Scalar::Bool(value));
        Ok(())
    }

    fn visit_i64<E>(self, value: i64) -> Result<(), E> {
        self.sink.scalar(self.node, &Scalar::Integer(value));
        Ok(())
    }

    fn visit_u64<E>(self, value: u64) -> Result<(), E> {
        let scalar = match i64::try_from(value) {
            Ok(value) => Scalar::Integer(value),
            Err(_) => Scalar::Number(value as f64),
        };
        self.sink.scalar(self.node, &scalar);
        Ok(())
    }

    fn visit_f64<E>(self, value: f64) -> Result<(), E> {
        self.sink.scalar(self.node, &Scalar::Number(value));
        Ok(())
    }

    fn visit_str<E>(self, value: &str) -> Result<(), E> {
        self.sink.scalar(self.node, &Scalar::Text(Cow::Borrowed(value)));
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        self.sink.scalar(self.node, &Scalar::Nested("an object"));
        while let Some(child) = map.next_key_seed(Key(self.node))? {
            match child {
                Some(node) => map.next_value_seed(Walk { node, sink: &mut *self.sink })?,
                None => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        if let Some(node) = &self.node.samples {
            self.sink.found_samples = true;
            self.sink.begin_sample(0);
            while seq.next_element_seed(Walk { node, sink: &mut *self.sink })?.is_some() {
                self.sink.end_sample();
                let next = self.sink.sample.map_or(0, |number| number + 1);
                self.sink.begin_sample(next);
            }
            self.sink.sample = None;
            return Ok(());
        }
        self.sink.scalar(self.node, &Scalar::Nested("an array"));
        for at in 0.. {
            let node = match self.node.children.is_empty() {
                true => None,
                false => self.node.child(&at.to_string()),
            };
            let more = match node {
                Some(node) => {
                    seq.next_element_seed(Walk { node, sink: &mut *self.sink })?.is_some()
                }
                None => seq.next_element::<IgnoredAny>()?.is_some(),
            };
            if !more {
                break;
            }
        }
        Ok(())
    }
}

/// Finds the child of a node by a member name, without copying the name.
struct Key<'n>(&'n Node);

impl<'de, 'n> DeserializeSeed<'de> for Key<'n> {
    type Value = Option<&'n Node>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'n> Visitor<'_> for Key<'n> {
    type Value = Option<&'n Node>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a member name")
    }

    fn visit_str<E>(self, name: &str) -> Result<Self::Value, E> {
        Ok(self.0.child(name))
    }
}

/// The payload with `NaN`, `Infinity` and numbers beyond a double put into quotes; `None` when it
/// has none.
fn quote_numbers_unknown_to_json(payload: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(payload.len() + 16);
    let (mut at, mut in_text, mut changed) = (0, false, false);
    while at < payload.len() {
        let byte = payload[at];
        if in_text {
            let length = if byte == b'\\' { 2 } else { 1 };
            in_text = byte != b'"';
            let end = (at + length).min(payload.len());
            out.extend_from_slice(&payload[at..end]);
            at = end;
            continue;
        }
        let word = payload[at..]
            .iter()
            .take_while(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(byte))
            .count();
        if word == 0 {
            in_text = byte == b'"';
            out.push(byte);
            at += 1;
            continue;
        }
        let token = &payload[at..at + word];
        let number = std::str::from_utf8(token).ok().and_then(|text| text.parse::<f64>().ok());
        if number.is_some_and(|number| !number.is_finite()) {
            out.push(b'"');
            out.extend_from_slice(token);
            out.push(b'"');
            changed = true;
        } else {
            out.extend_from_slice(token);
        }
        at += word;
    }
    changed.then_some(out)
}
