//! Where a setpoint is written to the plant.

use std::sync::Arc;

use super::super::definition::{Property, PropertyKind};
use super::super::mapping::{TopicLevel, TopicTemplate, Write};
use super::super::tree::Kind;
use super::super::value::ValueType;
use super::class_file::ClassFile;
use super::mapping;
use super::read::{At, Cx};

const WRITE: [&str; 4] = ["topic", "value", "answer", "qos"];

/// The `write` of a property, which is a topic, or fields.
pub(super) fn write<'a>(
    cx: &Cx<'a>,
    at: At<'a>,
    property: &Property,
    file: &mut ClassFile<'a>,
) -> Option<Arc<Write>> {
    if property.kind != PropertyKind::Setpoint {
        let message = format!("`{}` is no setpoint, and only a setpoint is written", property.name);
        cx.error_expecting(at, message, "`kind: setpoint` beside it, or no `write`");
        return None;
    }
    if matches!(property.ty, ValueType::Pose | ValueType::Items) {
        let message =
            format!("`{}` is a pose or a list of items, which cannot be written", property.name);
        cx.error_expecting(at, message, "a number, boolean, enumeration or text");
        return None;
    }
    if let Kind::Text(_) = at.node.kind {
        let topic = topic(cx, at, file)?;
        return Some(Arc::new(Write { topic, value: None, answer: None, qos: 1 }));
    }
    let fields = cx.fields(at, "a topic, or a struct", &WRITE)?;
    let topic = cx.required(&fields, "topic").and_then(|at| self::topic(cx, at, file));
    let value = fields.get("value").and_then(|at| mapping::plain_pointer(cx, at));
    let answer = fields.get("answer").and_then(|at| self::topic(cx, at, file));
    let qos = fields.get("qos").map_or(Some(1), |at| cx.whole(at, 0, 2))? as u8;
    Some(Arc::new(Write { topic: topic?, value, answer, qos }))
}

/// A topic that a message is sent to: it is one topic.
fn topic<'a>(cx: &Cx<'a>, at: At<'a>, file: &mut ClassFile<'a>) -> Option<TopicTemplate> {
    let topic = mapping::template(cx, at, file)?;
    if topic.levels.iter().any(|level| matches!(level, TopicLevel::Any | TopicLevel::Rest)) {
        let message =
            format!("`{}` has a wildcard, and a message is sent to one topic", topic.text);
        cx.error_expecting(
            at,
            message,
            "a topic without `+` and `#`, such as \"{path}/set/{property}\"",
        );
        return None;
    }
    Some(topic)
}
