//! What is found in a document becomes samples.
//!
//! Time and quality may stand after the values they belong to, so samples go straight to the batch
//! and are completed when their object ends.

use std::collections::HashSet;

use serde_json::Value as Json;

use super::elements::{ElementNames, Placed};
use super::plan::{Action, DocumentPlan, Node, PlanTime};
use super::quality::read_quality;
use super::senml::Pack;
use super::value::{Scalar, read_json, read_scalar};
use super::{Problems, time};
use crate::telemetry::{Batch, Update};
use crate::twin::{PropertyId, Quality, Timestamp, Value, ValueType};

/// One asset's part in a message, and where what is read of it goes.
pub(super) struct Message<'a> {
    pub plan: &'a DocumentPlan,
    pub first_property: u32,
    pub arrival: Timestamp,
    /// Whether the plant runs by a clock of its own, so that plant time is not wall time.
    pub has_clock: bool,
    /// Whether a time was counted from the arrival.
    pub counts_from_now: bool,
    pub names: &'a ElementNames,
    pub out: &'a mut Batch,
    pub problems: &'a mut Problems,
}

/// What was made of a time: nothing yet, refused, or read.
type Stamp = Option<Result<Timestamp, ()>>;

/// The time of the record around another one; `None`: there is none around it.
pub(super) struct RecordTime(Option<Stamp>);

pub(super) struct Sink<'a> {
    plan: &'a DocumentPlan,
    first_property: u32,
    arrival: Timestamp,
    names: &'a ElementNames,
    /// Where the updates of the document and of the present sample begin.
    start: usize,
    sample_start: usize,
    /// The problems before them.
    problems_before: (usize, u64),
    sample_problems_before: (usize, u64),
    /// Number of the sample, in a batch.
    sample: Option<usize>,
    found_samples: bool,
    /// Field of each update of the present sample.
    fields: Vec<u16>,
    /// Whether each of them is of a record that has a time of its own, which is not known or now.
    of_arrival: Vec<bool>,
    /// Fields that the sample has, good or not.
    seen: Vec<bool>,
    /// Requirements that are met, and whether a sample met all of its own.
    met: Vec<bool>,
    is_meant: bool,
    quality: Option<Quality>,
    field_qualities: Vec<(u16, Quality)>,
    time: Stamp,
    shared_time: Stamp,
    /// Properties of which a sample had a time that cannot be read.
    lost: HashSet<PropertyId>,
    pack: Pack,
    /// Of the present record of SenML its own time; `None`: there is no record.
    record_time: Option<Stamp>,
    /// The present element of a list that is read by its place, within others.
    elements: Vec<Placed>,
    out: &'a mut Batch,
    problems: &'a mut Problems,
}

impl<'a> Sink<'a> {
    pub(super) fn new(message: &'a mut Message<'_>, pack: Pack) -> Self {
        let plan = message.plan;
        let (start, before) = (message.out.updates.len(), message.problems.count());
        Self {
            plan,
            first_property: message.first_property,
            arrival: message.arrival,
            names: message.names,
            start,
            sample_start: start,
            problems_before: before,
            sample_problems_before: before,
            sample: None,
            found_samples: false,
            fields: Vec::with_capacity(plan.fields.len()),
            of_arrival: Vec::new(),
            seen: vec![false; plan.fields.len()],
            met: vec![false; plan.requires.len()],
            is_meant: false,
            quality: None,
            field_qualities: Vec::new(),
            time: None,
            shared_time: None,
            lost: HashSet::new(),
            pack,
            record_time: None,
            elements: Vec::new(),
            out: &mut *message.out,
            problems: &mut *message.problems,
        }
    }

    /// What a node leads to, where it has no inner values or they do not matter.
    pub(super) fn scalar(&mut self, node: &Node, scalar: &Scalar<'_>) {
        if node.samples.is_some() {
            self.no_samples(scalar);
        }
        for action in &node.actions {
            match *action {
                Action::Value(_) if node.whole => {}
                Action::Value(field) => {
                    let at = usize::from(field);
                    let (ty, read) = (&self.plan.types[at], &self.plan.fields[at].read);
                    let value = match scalar.is_no_value(ty, read) {
                        true => Ok(None),
                        false => read_scalar(scalar, ty, read).map(Some),
                    };
                    self.value(field, value);
                }
                Action::Quality { field: Some(field), is_status } => {
                    if let Some(source) = &self.plan.fields[usize::from(field)].quality {
                        self.field_qualities.push((field, read_quality(scalar, source, is_status)));
                    }
                }
                Action::Quality { field: None, is_status } => {
                    let read = |source| read_quality(scalar, source, is_status);
                    self.quality = self.plan.quality.as_ref().map(read);
                }
                Action::Require(at) => {
                    let at = usize::from(at);
                    self.met[at] = scalar.is_text(&self.plan.requires[at].value);
                }
                Action::Time | Action::SharedTime => self.stamp(*action, scalar),
            }
        }
    }

    /// What a node leads to, with all that is inside it.
    pub(super) fn whole(&mut self, node: &Node, json: &Json) {
        for action in &node.actions {
            if let Action::Value(field) = *action {
                let at = usize::from(field);
                let (ty, read) = (&self.plan.types[at], &self.plan.fields[at].read);
                let value = match json.is_null() {
                    true => Ok(None),
                    false => read_json(json, ty, read).map(Some),
                };
                self.value(field, value);
            }
        }
    }

    /// Takes a field's value; one that cannot be read, or is none, makes the property bad.
    fn value(&mut self, field: u16, value: Result<Option<Value>, String>) {
        let at = usize::from(field);
        let own = &self.plan.fields[at];
        let property = PropertyId(self.first_property + u32::from(own.property));
        // The same member twice in one object: the later one counts.
        if std::mem::replace(&mut self.seen[at], true)
            && let Some(earlier) = self.fields.iter().position(|known| *known == field)
        {
            self.fields.remove(earlier);
            self.of_arrival.remove(earlier);
            self.out.updates.remove(self.sample_start + earlier);
        }
        let element = self.elements.iter().find(|element| element.is_moved());
        let element = element.or(self.elements.last());
        let element = element.filter(|_| self.plan.types[at] != ValueType::Text);
        let objection = element
            .and_then(|element| element.objection(usize::from(own.property), &self.plan.names));
        let value = match objection {
            Some(reason) => {
                self.problems.add_in(self.sample, Some(property), &own.pointer, reason);
                // The message need not have it.
                if own.optional {
                    return;
                }
                None
            }
            None => value.unwrap_or_else(|reason| {
                self.problems.add_in(self.sample, Some(property), &own.pointer, reason);
                None
            }),
        };
        let record_time = self.record_time.flatten();
        let quality = match (&value, record_time) {
            (None, _) => Quality::Bad,
            (Some(_), Some(Err(()))) => Quality::Uncertain,
            (Some(_), _) => Quality::Good,
        };
        let time = record_time.and_then(Result::ok);
        self.fields.push(field);
        self.of_arrival.push(self.record_time.is_some() && time.is_none());
        self.out.updates.push(Update { property, time, value, quality });
    }

    fn stamp(&mut self, action: Action, scalar: &Scalar<'_>) {
        let stamp = self.read_stamp(scalar);
        match action {
            Action::SharedTime => self.shared_time = stamp,
            _ => self.time = stamp,
        }
    }

    /// A time as the mapping states that it is written.
    fn read_stamp(&mut self, scalar: &Scalar<'_>) -> Stamp {
        let (PlanTime::Sample(pointer, format) | PlanTime::Shared(pointer, format)) =
            &self.plan.time
        else {
            return None;
        };
        let stamp = time::read(scalar, *format, self.arrival);
        Some(stamp.map_err(|bad| self.problems.add_time(self.sample, pointer, bad)))
    }

    fn no_samples(&mut self, found: &Scalar<'_>) {
        self.found_samples = true;
        let pointer = self.plan.samples.as_deref().unwrap_or_default();
        self.problems.add(None, pointer, format!("expected an array of samples, found {found}"));
    }

    /// Whether the document has resolved records of SenML, each of which has a time of its own.
    fn has_record_times(&self) -> bool {
        matches!(self.pack, Pack::Resolved(times) if times.are_read)
    }

    /// Whether what is read of a record has its time: the mapping takes the time of one of them for all.
    pub(super) fn takes_record_times(&self) -> bool {
        self.has_record_times() && self.plan.samples.is_none()
    }

    /// A record of SenML begins that has a time of its own; what [`Sink::end_record`] takes.
    pub(super) fn begin_record(&mut self, record: &Json) -> RecordTime {
        let outer = self.record_time;
        let time = record.get("t");
        self.record_time = Some(time.and_then(|time| self.read_stamp(&Scalar::from_json(time))));
        RecordTime(outer)
    }

    pub(super) fn end_record(&mut self, outer: RecordTime) {
        self.record_time = outer.0;
    }

    /// An element of a list begins that is known by its place; what [`Sink::leave`] takes.
    pub(super) fn enter(&mut self, node: &Node, element: &Json, place: usize) -> usize {
        let outer = self.elements.len();
        self.elements.extend(self.names.placed(self.first_property, node, element, place));
        outer
    }

    pub(super) fn leave(&mut self, outer: usize) {
        self.elements.truncate(outer);
    }

    /// The array of samples begins, and the first of them.
    pub(super) fn begin_samples(&mut self) {
        self.found_samples = true;
        self.begin_sample(0);
    }

    /// A sample ends, and perhaps another begins.
    pub(super) fn next_sample(&mut self) {
        self.end_sample();
        self.begin_sample(self.sample.map_or(0, |number| number + 1));
    }

    pub(super) fn end_samples(&mut self) {
        self.sample = None;
    }

    fn begin_sample(&mut self, number: usize) {
        self.sample = Some(number);
        self.sample_start = self.out.updates.len();
        self.sample_problems_before = self.problems.count();
        self.fields.clear();
        self.of_arrival.clear();
        self.seen.fill(false);
        for (met, required) in self.met.iter_mut().zip(&self.plan.requires) {
            *met &= required.pointer.starts_with('^');
        }
        self.quality = None;
        self.field_qualities.clear();
        self.time = None;
    }

    /// Whether all is met that is required of samples, or of the document.
    fn meets(&self, of_document: bool) -> bool {
        let is_of_document = |pointer: &str| pointer.starts_with('^');
        let mut required = self.met.iter().zip(&self.plan.requires);
        required.all(|(met, required)| *met || is_of_document(&required.pointer) != of_document)
    }

    fn end_sample(&mut self) {
        let plan = self.plan;
        if !self.meets(false) {
            self.out.updates.truncate(self.sample_start);
            self.problems.truncate(self.sample_problems_before);
            return;
        }
        self.is_meant = true;
        let missing =
            plan.fields.iter().zip(&self.seen).filter(|(field, seen)| !**seen && !field.optional);
        for (field, _) in missing {
            let property = PropertyId(self.first_property + u32::from(field.property));
            let reason = "the field is absent";
            self.problems.add_in(self.sample, Some(property), &field.pointer, reason);
        }
        self.qualify();
        let PlanTime::Sample(pointer, _) = &plan.time else { return };
        let is_empty = !self.seen.contains(&true) && plan.fields.iter().all(|field| field.optional);
        match self.time {
            Some(Ok(time)) => self.stamped(self.sample_start, time),
            // A record without a time was measured now.
            None if self.has_record_times() => {}
            _ if self.takes_record_times() => {}
            stamp => {
                if stamp.is_none() && !is_empty {
                    self.problems.add_in(self.sample, None, pointer, "the time is absent");
                }
                self.untimed(self.sample_start);
            }
        }
    }

    /// Gives the sample's values the qualities that were stated.
    fn qualify(&mut self) {
        let updates = &mut self.out.updates[self.sample_start..];
        if let Some(quality) = self.quality {
            let with_value = updates.iter_mut().filter(|update| update.value.is_some());
            with_value.for_each(|update| update.quality = quality);
        }
        if self.field_qualities.is_empty() {
            return;
        }
        let mut own: Vec<Option<Quality>> = vec![None; self.plan.fields.len()];
        for (field, quality) in self.field_qualities.drain(..) {
            own[usize::from(field)] = Some(quality);
        }
        for (update, field) in updates.iter_mut().zip(&self.fields) {
            if update.value.is_some() {
                update.quality = own[usize::from(*field)].unwrap_or(update.quality);
            }
        }
    }

    fn stamped(&mut self, from: usize, time: Timestamp) {
        // Records are read where the document is the one sample.
        let of_arrival = self.of_arrival.iter().copied().chain(std::iter::repeat(false));
        for (update, of_arrival) in self.out.updates[from..].iter_mut().zip(of_arrival) {
            if !of_arrival {
                update.time.get_or_insert(time);
            }
        }
    }

    /// The updates from there on have a stamp that cannot be read. A message's one sample was measured about when it
    /// arrived; when those of a list were measured nobody knows, and their properties have no value from now on.
    fn untimed(&mut self, from: usize) {
        if self.plan.samples.is_none() {
            let with_value =
                self.out.updates[from..].iter_mut().filter(|update| update.value.is_some());
            return with_value
                .for_each(|update| update.quality = update.quality.max(Quality::Uncertain));
        }
        let mut lost: Vec<PropertyId> =
            self.out.updates.drain(from..).map(|update| update.property).collect();
        lost.sort_unstable();
        lost.dedup();
        for property in lost {
            if self.lost.insert(property) {
                let (time, value, quality) = (None, None, Quality::Bad);
                self.out.updates.push(Update { property, time, value, quality });
            }
        }
    }

    /// Why nothing of the document is used; `None`: it is.
    fn refusal(&self) -> Option<String> {
        match (&self.pack, &self.plan.time) {
            (Pack::Refused(reason), _) => {
                Some(format!("{reason}; have the source send resolved records (RFC 8428, 4.6)"))
            }
            (Pack::Resolved(times), PlanTime::Shared(pointer, _))
                if times.are_read && times.differ && self.plan.samples.is_some() =>
            {
                Some(format!(
                    "each record of this SenML has a time of its own, and `^{pointer}` is that of one: write `/t`"
                ))
            }
            _ => None,
        }
    }

    /// What was not found in a document that is refused may be there under a name that was not made out.
    fn lose_absent(&mut self) {
        if self.plan.samples.is_some() {
            return;
        }
        let absent = self.plan.fields.iter().zip(&self.seen);
        for (field, _) in absent.filter(|(field, seen)| !**seen && !field.optional) {
            let property = PropertyId(self.first_property + u32::from(field.property));
            let (time, value, quality) = (None, None, Quality::Bad);
            self.out.updates.push(Update { property, time, value, quality });
        }
    }

    /// The document ends. Whether the asset is meant by it.
    pub(super) fn end_document(mut self) -> bool {
        if !self.meets(true) {
            self.out.updates.truncate(self.start);
            self.problems.truncate(self.problems_before);
            return false;
        }
        match &self.plan.samples {
            None => self.end_sample(),
            Some(pointer) if !self.found_samples => {
                self.problems.add(None, pointer, "the array of samples is absent");
                self.is_meant = true;
            }
            Some(_) => self.is_meant |= self.plan.requires.is_empty(),
        }
        if let Some(reason) = self.refusal() {
            if !self.is_meant {
                self.out.updates.truncate(self.start);
                return false;
            }
            self.problems.add(None, "", reason);
            for update in &mut self.out.updates[self.start..] {
                (update.time, update.value, update.quality) = (None, None, Quality::Bad);
            }
            self.lose_absent();
            return true;
        }
        if let (PlanTime::Shared(pointer, _), true) = (&self.plan.time, self.is_meant) {
            match self.shared_time {
                Some(Ok(time)) => self.stamped(self.start, time),
                _ if self.takes_record_times() => {}
                stamp => {
                    if stamp.is_none() {
                        self.problems.add(None, pointer, "the time is absent");
                    }
                    self.untimed(self.start);
                }
            }
        }
        self.is_meant
    }
}
