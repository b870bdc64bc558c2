//! SenML (RFC 8428): records that add to bases, such as a time from which those of the records count.
//!
//! A base holds for the record in which it stands and for those after it. Such a pack is read as its resolved records
//! (RFC 8428, 4.6). Only lists of which the mapping reads elements are looked at.

mod records;

use serde_json::{Map, Value as Json};

use super::plan::{DocumentPlan, Node};
use super::value::Scalar;
use crate::twin::Timestamp;
use records::Room;

/// The members of records that state a base.
const BASES: [&str; 6] = ["bn", "bt", "bu", "bv", "bs", "bver"];
/// The other members of records.
const LABELS: [&str; 9] = ["n", "u", "v", "vs", "vb", "vd", "s", "t", "ut"];

/// What a document is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) enum Pack {
    /// No SenML that adds to anything.
    #[default]
    None,
    /// Resolved records.
    Resolved(Times),
    /// SenML that cannot be resolved, and why.
    Refused(String),
}

/// The times of resolved records.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Times {
    /// Whether the mapping names the time of a record, so that each record has its own. One without was measured now.
    pub are_read: bool,
    /// Whether they differ.
    pub differ: bool,
    /// Whether one was counted from the arrival of the message.
    pub count_from_now: bool,
}

impl Times {
    fn and(self, other: Self) -> Self {
        Self {
            are_read: self.are_read || other.are_read,
            differ: self.differ || other.differ || self.are_read && other.are_read,
            count_from_now: self.count_from_now || other.count_from_now,
        }
    }
}

/// Whether a payload may have records that add to a base, count from now, or have to be understood: it names such a
/// member.
pub(super) fn may_be(payload: &[u8]) -> bool {
    let has_minus = payload.contains(&b'-');
    payload.split(|byte| *byte == b'"').any(|word| match word {
        b"t" => has_minus,
        [.., b'_'] => true,
        // Any letter may be written so.
        _ if word.windows(2).any(|two| two == br"\u") => true,
        _ => BASES.iter().any(|label| label.as_bytes() == word),
    })
}

/// Resolves the records of a document in place. `now` is wall time; `None`: the plant runs by another clock.
pub(super) fn resolve(document: &mut Json, plan: &DocumentPlan, now: Option<Timestamp>) -> Pack {
    let mut resolver = Resolver { plan, now, room: Room::default(), pack: Pack::None };
    resolver.value(document, &[&plan.root]);
    resolver.pack
}

/// Walks through a document along all nodes at once, so that no list is resolved twice.
struct Resolver<'p> {
    plan: &'p DocumentPlan,
    now: Option<Timestamp>,
    room: Room,
    pack: Pack,
}

impl<'p> Resolver<'p> {
    fn value(&mut self, json: &mut Json, nodes: &[&'p Node]) {
        match json {
            Json::Array(records)
                if nodes.iter().any(|node| node.reads_elements()) && is_pack(records) =>
            {
                self.records(records, nodes);
            }
            Json::Array(elements) => {
                for (at, element) in elements.iter_mut().enumerate() {
                    let mut below = Vec::new();
                    nodes.iter().for_each(|node| below_element(node, at, element, &mut below));
                    self.below(element, &below);
                }
            }
            Json::Object(members) => {
                for (name, value) in members {
                    let below: Vec<_> = nodes.iter().filter_map(|node| node.child(name)).collect();
                    self.below(value, &below);
                }
            }
            _ => {}
        }
    }

    fn below(&mut self, json: &mut Json, nodes: &[&'p Node]) {
        if !nodes.is_empty() {
            self.value(json, nodes);
        }
    }

    fn records(&mut self, records: &mut [Json], nodes: &[&'p Node]) {
        let with_times = nodes.iter().filter(|node| node.holds_record_times).count();
        let times = if with_times == 0 || with_times == nodes.len() {
            records::resolve(records, self.plan, with_times > 0, self.now, &mut self.room)
        } else {
            Err("the mapping reads this list by two ways, and names the time of its records by one of them"
                .to_owned())
        };
        self.pack = match (std::mem::take(&mut self.pack), times) {
            (refused @ Pack::Refused(_), _) => refused,
            (_, Err(reason)) => Pack::Refused(format!("SenML that cannot be resolved: {reason}")),
            (Pack::None, Ok(times)) => Pack::Resolved(times),
            (Pack::Resolved(before), Ok(times)) => Pack::Resolved(before.and(times)),
        };
    }
}

/// The nodes that lead to or through an element of a list.
fn below_element<'p>(node: &'p Node, at: usize, element: &Json, found: &mut Vec<&'p Node>) {
    if let Some(sample) = &node.samples {
        found.push(sample);
        return;
    }
    if !node.children.is_empty() {
        found.extend(node.child(&at.to_string()));
    }
    found.extend(node.places.iter().filter(|(place, _)| *place == at).map(|(_, node)| node));
    for (member, values) in &node.elements {
        if let Some(value) = element.get(&**member) {
            found.extend(values.of(&Scalar::from_json(value)));
        }
    }
}

/// Whether a list is SenML in which something has to be resolved: objects, one of which is called something and has a
/// number for a base; or records alone, with any base, a time before now or a member that has to be understood.
fn is_pack(records: &[Json]) -> bool {
    let objects = || records.iter().filter_map(Json::as_object);
    if records.is_empty() || objects().count() < records.len() {
        return false;
    }
    let is_named = |record: &Map<String, Json>| {
        ["bn", "n"].iter().any(|label| record.get(*label).is_some_and(Json::is_string))
    };
    let adds = |record: &Map<String, Json>| {
        let mut bases = ["bt", "bv", "bs", "bver"].iter();
        bases.any(|label| record.get(*label).is_some_and(Json::is_number))
    };
    let is_special = |record: &Map<String, Json>| {
        record.keys().any(|label| BASES.contains(&&**label) || has_to_be_understood(label))
            || record.get("t").and_then(Json::as_f64).is_some_and(|time| time < 0.0)
    };
    objects().any(is_named)
        && (objects().any(adds) || objects().all(is_record) && objects().any(is_special))
}

/// Whether an object is nothing but a record of SenML: it has a value, or bases alone.
fn is_record(record: &Map<String, Json>) -> bool {
    let has = |labels: &[&str]| labels.iter().any(|label| record.contains_key(*label));
    record.keys().all(|label| is_known(label) || has_to_be_understood(label))
        && (has(&["v", "vs", "vb", "vd", "s", "bv", "bs"]) || !has(&["n", "t"]))
}

fn is_known(label: &str) -> bool {
    LABELS.contains(&label) || BASES.contains(&label)
}

/// Whether who does not know a member may not read the record (RFC 8428, 4.4).
fn has_to_be_understood(label: &str) -> bool {
    label.ends_with('_')
}
