//! A mapping, compiled: its JSON pointers become one tree, so that a document is read once, front
//! to back, and what no pointer leads to is skipped.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use super::elements::PropertyName;
use super::value::Scalar;
use crate::twin::ValueType;
use crate::twin::mapping::{
    Field, Payload, QualitySource, Read, Requirement, TimeFormat, TimeSource,
};
use crate::twin::payload::PayloadFormat;
use crate::twin::pointer::{Step, steps};

/// What is done with the value at a [`Node`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Action {
    /// It is the value of that field.
    Value(u16),
    /// It is the quality of that field, or of the sample.
    Quality {
        field: Option<u16>,
        /// It is the code of an OPC UA status.
        is_status: bool,
    },
    /// It has to be the value of that requirement.
    Require(u16),
    /// It is the time of the sample.
    Time,
    /// It is the time of all samples of the document.
    SharedTime,
}

/// A place in a document that a pointer leads to or through.
#[derive(Debug, Default)]
pub(super) struct Node {
    /// Member names (or places, as text) with what is below them; sorted.
    pub children: Vec<(Box<str>, Node)>,
    /// Elements of a list that are found by a member: of each member what its values lead to.
    pub elements: Vec<(Box<str>, ByValue)>,
    /// Elements of a list by their places, whatever they are.
    pub places: Vec<(usize, Node)>,
    pub actions: Vec<Action>,
    /// Here is the array of samples, each of which looks like this.
    pub samples: Option<Box<Node>>,
    /// A field reads the value with all that is inside it.
    pub whole: bool,
    /// It is a list, and the time of an element of it is called as in a record of SenML (`t` or `bt`).
    pub holds_record_times: bool,
}

/// Elements of a list by the value of a member, as text.
#[derive(Debug, Default)]
pub(super) struct ByValue(BTreeMap<Box<str>, Node>);

impl ByValue {
    /// What a value leads to, by whatever text it is called.
    pub fn of<'n>(&'n self, value: &Scalar<'_>) -> impl Iterator<Item = &'n Node> {
        let known = &self.0;
        let (text, other) = match value {
            // Of a text there is one, which is found at once.
            Scalar::Text(text) => (known.get(&**text), None),
            other => (None, Some(other)),
        };
        let others = other.into_iter().flat_map(move |value| {
            known.iter().filter(move |(text, _)| value.is_text(text)).map(|(_, node)| node)
        });
        text.into_iter().chain(others)
    }
}

impl Node {
    /// The child with that member name or position.
    pub fn child(&self, name: &str) -> Option<&Node> {
        let at = self.children.binary_search_by(|(known, _)| (**known).cmp(name)).ok()?;
        Some(&self.children[at].1)
    }

    /// Whether it leads to elements of lists, here or below.
    fn reads_lists(&self) -> bool {
        self.reads_elements() || self.children.iter().any(|(_, node)| node.reads_lists())
    }

    /// Whether it leads to elements of the list that stands here.
    pub fn reads_elements(&self) -> bool {
        self.elements_below().next().is_some()
    }

    /// The nodes of elements of the list that stands here.
    fn elements_below(&self) -> impl Iterator<Item = &Self> {
        let is_place =
            |name: &str| !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_digit());
        let by_place = self.children.iter().filter(move |(name, _)| is_place(name));
        let by_value = self.elements.iter().flat_map(|(_, values)| values.0.values());
        let any = self.places.iter().map(|(_, node)| node);
        by_place.map(|(_, node)| node).chain(by_value).chain(any).chain(self.samples.as_deref())
    }

    /// Marks the lists whose elements have the time of a sample.
    fn mark_record_times(&mut self) {
        let is_time = |action: &Action| matches!(action, Action::Time | Action::SharedTime);
        let has_time = |record: &Self| {
            let mut times = ["t", "bt"].iter().filter_map(|label| record.child(label));
            times.any(|node| node.actions.iter().any(is_time))
        };
        let holds_times = self.elements_below().any(has_time);
        self.holds_record_times = holds_times;
        let children = self.children.iter_mut().map(|(_, node)| node);
        let by_value = self.elements.iter_mut().flat_map(|(_, values)| values.0.values_mut());
        let any = self.places.iter_mut().map(|(_, node)| node);
        let below = children.chain(by_value).chain(any).chain(self.samples.as_deref_mut());
        below.for_each(Self::mark_record_times);
    }

    /// Collects the names of members that it leads to or by which it finds elements, and what elements are found by
    /// their name as in a record of SenML.
    fn collect(&self, members: &mut HashSet<Box<str>>, names: &mut HashSet<Box<str>>) {
        members.extend(self.children.iter().map(|(name, _)| name.clone()));
        for (member, values) in &self.elements {
            members.insert(member.clone());
            if **member == *"n" {
                names.extend(values.0.keys().cloned());
            }
        }
        let children = self.children.iter().map(|(_, node)| node);
        let by_value = self.elements.iter().flat_map(|(_, values)| values.0.values());
        let any = self.places.iter().map(|(_, node)| node);
        let below = children.chain(by_value).chain(any).chain(self.samples.as_deref());
        below.for_each(|node| node.collect(members, names));
    }

    fn at(&mut self, pointer: &str) -> &mut Node {
        steps(pointer).fold(self, Node::step)
    }

    fn step(&mut self, step: Step) -> &mut Node {
        match step {
            Step::Name(name) => {
                let found = self.children.binary_search_by(|(known, _)| (**known).cmp(&name));
                let at = found.unwrap_or_else(|at| {
                    self.children.insert(at, (name.into(), Node::default()));
                    at
                });
                &mut self.children[at].1
            }
            Step::Place(place) => {
                let found = self.places.iter().position(|(known, _)| *known == place);
                let at = found.unwrap_or(self.places.len());
                if at == self.places.len() {
                    self.places.push((place, Node::default()));
                }
                &mut self.places[at].1
            }
            Step::Element { member, value } => {
                let found = self.elements.iter().position(|(known, _)| **known == *member);
                let at = found.unwrap_or(self.elements.len());
                if at == self.elements.len() {
                    self.elements.push((member.into(), ByValue::default()));
                }
                self.elements[at].1.0.entry(value.into()).or_default()
            }
        }
    }
}

/// A compiled mapping.
#[derive(Debug)]
pub(super) enum Plan {
    /// The payload is one value.
    Scalar { property: Option<u16>, read: Read, types: Arc<[ValueType]> },
    /// The payload is a document.
    Document(Box<DocumentPlan>),
}

/// A compiled [`Payload::Document`].
#[derive(Debug)]
pub(super) struct DocumentPlan {
    pub format: &'static PayloadFormat,
    pub root: Node,
    /// Whether it reads elements of lists.
    pub reads_lists: bool,
    pub samples: Option<String>,
    pub requires: Vec<Requirement>,
    pub fields: Vec<Field>,
    /// Names of all properties of the asset.
    pub names: Arc<[PropertyName]>,
    /// Type of each field.
    pub types: Vec<ValueType>,
    pub quality: Option<QualitySource>,
    pub time: PlanTime,
    /// Names of the members that pointers lead to or find elements by.
    members: HashSet<Box<str>>,
    /// What the mapping calls the records of SenML that it reads.
    record_names: HashSet<Box<str>>,
}

impl DocumentPlan {
    /// Whether a pointer leads to a member of that name or finds elements by it.
    pub fn reads_member(&self, name: &str) -> bool {
        self.members.contains(name)
    }

    /// Whether the mapping calls a record of SenML so.
    pub fn calls_record(&self, name: &str) -> bool {
        self.record_names.contains(name)
    }
}

/// Where the time of a sample comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum PlanTime {
    Arrival,
    Sample(String, TimeFormat),
    Shared(String, TimeFormat),
}

impl Plan {
    /// `types` and `names` are those of the properties of the asset.
    pub fn new(payload: &Payload, types: &Arc<[ValueType]>, names: &Arc<[PropertyName]>) -> Self {
        match payload {
            Payload::Scalar { property, read, time: _ } => {
                Self::Scalar { property: *property, read: read.clone(), types: types.clone() }
            }
            Payload::Document { format, samples, requires, time, quality, fields } => {
                let time = match time {
                    TimeSource::Arrival => PlanTime::Arrival,
                    TimeSource::Field { pointer, format } => match pointer.strip_prefix('^') {
                        Some(pointer) => PlanTime::Shared(pointer.into(), *format),
                        None => PlanTime::Sample(pointer.clone(), *format),
                    },
                };
                let types: Vec<ValueType> =
                    fields.iter().map(|field| types[field.property as usize].clone()).collect();
                let mut plan = DocumentPlan {
                    format,
                    root: Node::default(),
                    reads_lists: false,
                    samples: samples.clone(),
                    requires: requires.clone(),
                    fields: fields.clone(),
                    names: names.clone(),
                    types,
                    quality: quality.clone(),
                    time,
                    members: HashSet::new(),
                    record_names: HashSet::new(),
                };
                plan.root = root(&plan);
                plan.root.mark_record_times();
                plan.reads_lists = plan.root.reads_lists();
                plan.root.collect(&mut plan.members, &mut plan.record_names);
                let of_names = requires.iter().filter(|required| required.pointer.ends_with("/n"));
                plan.record_names.extend(of_names.map(|required| required.value.as_str().into()));
                Self::Document(Box::new(plan))
            }
        }
    }
}

fn root(plan: &DocumentPlan) -> Node {
    let DocumentPlan { samples, requires, fields, types, quality, time, .. } = plan;
    let mut document = Node::default();
    let mut inner = Node::default();
    let sample = if samples.is_some() { &mut inner } else { &mut document };
    for (at, (field, ty)) in fields.iter().zip(types).enumerate() {
        let node = sample.at(&field.pointer);
        node.actions.push(Action::Value(at as u16));
        node.whole |= matches!(ty, ValueType::Pose | ValueType::Items);
        if let Some(quality) = &field.quality {
            quality_at(sample, quality, Some(at as u16));
        }
    }
    if let Some(quality) = quality {
        quality_at(sample, quality, None);
    }
    if let PlanTime::Sample(pointer, _) = time {
        sample.at(pointer).actions.push(Action::Time);
    }
    for (required, at) in requires.iter().zip(0..) {
        let node = match required.pointer.strip_prefix('^') {
            Some(pointer) => document.at(pointer),
            None if samples.is_some() => inner.at(&required.pointer),
            None => document.at(&required.pointer),
        };
        node.actions.push(Action::Require(at));
    }
    if let PlanTime::Shared(pointer, _) = time {
        document.at(pointer).actions.push(Action::SharedTime);
    }
    if let Some(pointer) = samples {
        document.at(pointer).samples = Some(Box::new(inner));
    }
    document
}

/// A quality stands at its pointer, or in a status of OPC UA (`{"Code": …, "Symbol": …}`) there.
fn quality_at(sample: &mut Node, quality: &QualitySource, field: Option<u16>) {
    let stated = Action::Quality { field, is_status: false };
    sample.at(&quality.pointer).actions.push(stated);
    let code = Action::Quality { field, is_status: true };
    sample.at(&format!("{}/Code", quality.pointer)).actions.push(code);
}
