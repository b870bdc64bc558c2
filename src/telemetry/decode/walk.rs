//! Walks through a document along the nodes of a plan.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Value as Json;

use super::plan::Node;
use super::sink::Sink;
use super::value::Scalar;

/// Walks through one value of the document.
pub(super) struct Walk<'w, 'a> {
    pub node: &'w Node,
    pub sink: &'w mut Sink<'a>,
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
        self.sink.scalar(self.node, &Scalar::Integer(value.into()));
        Ok(())
    }

    fn visit_u64<E>(self, value: u64) -> Result<(), E> {
        self.sink.scalar(self.node, &Scalar::Integer(value.into()));
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

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut seq: A) -> Result<(), A::Error> {
        if let Some(node) = &self.node.samples {
            self.sink.begin_samples();
            while seq.next_element_seed(Walk { node, sink: &mut *self.sink })?.is_some() {
                self.sink.next_sample();
            }
            self.sink.end_samples();
            return Ok(());
        }
        self.sink.scalar(self.node, &Scalar::Nested("an array"));
        let are_records = self.node.holds_record_times && self.sink.takes_record_times();
        for at in 0.. {
            let node = self.node;
            let by_place = match node.children.is_empty() {
                true => None,
                false => node.child(&at.to_string()),
            };
            let any = node.places.iter().find(|(place, _)| *place == at).map(|(_, node)| node);
            let more = match (by_place, any, node.elements.is_empty()) {
                (None, None, true) if at > 0 => seq.next_element::<IgnoredAny>()?.is_some(),
                (None, Some(node), true) if at > 0 && !are_records => {
                    seq.next_element_seed(Walk { node, sink: &mut *self.sink })?.is_some()
                }
                _ => match seq.next_element::<Json>()? {
                    Some(element) => {
                        let outer = are_records.then(|| self.sink.begin_record(&element));
                        self.element(&element, at, by_place);
                        if let Some(node) = any {
                            self.descend(&element, node);
                        }
                        if let Some(outer) = outer {
                            self.sink.end_record(outer);
                        }
                        true
                    }
                    None => false,
                },
            };
            if !more {
                break;
            }
        }
        Ok(())
    }
}

impl Walk<'_, '_> {
    /// An element of a list, for those that know it by its place or by a member.
    fn element(&mut self, element: &Json, at: usize, by_place: Option<&Node>) {
        if let Some(node) = by_place {
            let outer = self.sink.enter(node, element, at);
            self.descend(element, node);
            self.sink.leave(outer);
        }
        let node = self.node;
        for (member, values) in &node.elements {
            if let Some(json) = element.get(&**member) {
                let value = Scalar::from_json(json);
                values.of(&value).for_each(|node| self.descend(element, node));
            }
        }
    }

    fn descend(&mut self, element: &Json, node: &Node) {
        // Reading a tree that stands in memory cannot fail.
        Walk { node, sink: &mut *self.sink }.deserialize(element).unwrap_or_default();
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
