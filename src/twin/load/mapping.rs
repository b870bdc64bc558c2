//! Mappings: topics and payloads.

use serde_json::Value as Json;

use super::super::definition::{Property, PropertyKind};
use super::super::mapping::*;
use super::super::payload::{FORMATS as PAYLOADS, PayloadFormat};
use super::super::tree::Kind;
use super::super::value::ValueType;
use super::class_file::{ClassFile, Word};
use super::read::{At, Cx, Fields};

pub(super) const FORMATS: [(&str, TimeFormat); 5] = [
    ("iso8601", TimeFormat::Iso8601),
    ("epoch_s", TimeFormat::EpochSeconds),
    ("epoch_ms", TimeFormat::EpochMillis),
    ("epoch_us", TimeFormat::EpochMicros),
    ("epoch_ns", TimeFormat::EpochNanos),
];
const DOCUMENT: [&str; 7] = ["topic", "where", "time", "quality", "samples", "qos", "values"];
const QUALITY: [&str; 4] = ["pointer", "standard", "good", "uncertain"];
const STANDARDS: [(&str, QualityStandard); 3] = [
    ("any", QualityStandard::Any),
    ("opc_da", QualityStandard::OpcDa),
    ("opc_ua", QualityStandard::OpcUa),
];
const SCALAR: [&str; 8] =
    ["topic", "property", "scale", "offset", "unit", "names", "others", "qos"];
const FIELD: [&str; 8] =
    ["pointer", "scale", "offset", "unit", "names", "others", "quality", "optional"];

/// Name of a variant such as `Json(…)`.
pub(super) fn variant<'a>(cx: &Cx, at: At<'a>, what: &str, known: &[&str]) -> Option<&'a str> {
    let (Kind::Struct(Some(name), _) | Kind::Tuple(Some(name), _)) = &at.node.kind else {
        return cx.wrong(at, &format!("one of {}", known.join("(…), ") + "(…)"));
    };
    if !known.contains(&name.text.as_str()) {
        cx.unknown(at, what, &name.text, known.iter().copied());
        return None;
    }
    Some(&name.text)
}

pub(super) fn mapping<'a>(cx: &Cx<'a>, at: At<'a>, file: &mut ClassFile<'a>) {
    let documents = PAYLOADS.iter().map(|format| format.name);
    let names: Vec<&str> = documents.chain(["Scalar"]).collect();
    let Some(name) = variant(cx, at, "mapping", &names) else { return };
    let format = PayloadFormat::find(name);
    let known: &[&str] = if format.is_some() { &DOCUMENT } else { &SCALAR };
    let Some(fields) = cx.fields(at, "a mapping", known) else { return };
    let topic = cx.required(&fields, "topic").and_then(|at| template(cx, at, file));
    let qos = fields.get("qos").and_then(|at| cx.whole(at, 0, 2)).unwrap_or(0) as u8;
    if let (Some(topic), Some(_), Some(at)) = (&topic, format, fields.get("topic"))
        && topic.levels.contains(&TopicLevel::Property)
    {
        let message = format!(
            "`{{property}}` in the topic of a {name} mapping names no property: every value would come from every topic"
        );
        cx.error_expecting(
            at,
            message,
            "a mapping for each topic, with the property's name in it (\"…/speed\"), or Scalar(topic: \"…/{property}\") \
             where the payload is the bare value",
        );
        return;
    }
    let payload = match format {
        Some(format) => document(cx, format, &fields, file),
        None => scalar_payload(cx, &fields, file, topic.as_ref()),
    };
    let (Some(topic), Some(payload)) = (topic, payload) else { return };
    if file.add_mapping(Mapping { topic, payload, qos }, at) {
        cx.warning(at, "another mapping reads the same property from the same topic");
    }
}

fn scalar_payload(
    cx: &Cx,
    fields: &Fields,
    file: &ClassFile,
    topic: Option<&TopicTemplate>,
) -> Option<Payload> {
    let by_topic = topic?.levels.contains(&TopicLevel::Property);
    let property = match fields.get("property") {
        Some(at) if by_topic => {
            cx.error(at, "the topic's `{property}` names the property already");
            return None;
        }
        Some(at) => Some(sent_property(cx, file, at)?),
        None if by_topic => None,
        None => {
            cx.error(
                fields.at,
                "a scalar mapping says `property`, or has a topic with the level `{property}`",
            );
            return None;
        }
    };
    let read = match property {
        Some(property) => read(cx, fields, file, property),
        None => {
            for name in ["scale", "offset", "unit", "names", "others"] {
                if let Some(at) = fields.get(name) {
                    cx.error(at, format!("`{name}` needs `property`"));
                }
            }
            Read::default()
        }
    };
    Some(Payload::Scalar { property: property.map(|p| p as u16), read, time: TimeSource::Arrival })
}

/// Position of the property that is named there, which the plant is to send.
fn sent_property(cx: &Cx, file: &ClassFile, at: At) -> Option<usize> {
    let found = file.property(cx, at)?;
    let Property { name, kind, .. } = &*file.class.properties[found];
    if kind.comes_from_plant() {
        return Some(found);
    }
    let origin = match kind {
        PropertyKind::Estimate => "an estimate, which comes from a model",
        _ => "derived, which is computed from another property",
    };
    let expected = "a property of the kind measurement or setpoint";
    cx.error_expecting(at, format!("`{name}` is {origin} and not from messages"), expected);
    None
}

fn document<'a>(
    cx: &Cx<'a>,
    format: &'static PayloadFormat,
    fields: &Fields<'a>,
    file: &mut ClassFile<'a>,
) -> Option<Payload> {
    let mut words = Vec::new();
    let samples = fields.get("samples").and_then(|at| pointer(cx, at, false, &mut words));
    let requires = fields.get("where").map_or(Vec::new(), |at| requirements(cx, at, &mut words));
    let time = fields.get("time").map_or(Some(TimeSource::Arrival), |at| time(cx, at, &mut words));
    let quality = fields.get("quality").and_then(|at| quality(cx, at, &mut words));
    let entries = cx.required(fields, "values").and_then(|at| cx.map(at))?;
    let field = |(key, value): (At<'a>, At<'a>)| {
        let property = sent_property(cx, file, key);
        let (pointer, read, quality, optional) = match value.node.kind {
            Kind::Text(_) => (pointer(cx, value, false, &mut words)?, Read::default(), None, false),
            _ => {
                let fields = cx.fields(value, "a value", &FIELD)?;
                let at = cx.required(&fields, "pointer");
                let pointer = at.and_then(|at| pointer(cx, at, false, &mut words));
                let read = property.map(|property| read(cx, &fields, file, property));
                let quality =
                    fields.get("quality").and_then(|at| self::quality(cx, at, &mut words));
                let optional =
                    fields.get("optional").and_then(|at| cx.boolean(at)).unwrap_or(false);
                (pointer?, read?, quality, optional)
            }
        };
        Some(Field { property: property? as u16, pointer, read, quality, optional })
    };
    let fields = entries.into_iter().filter_map(field).collect();
    file.words.append(&mut words);
    let time = time.unwrap_or_default();
    Some(Payload::Document { format, samples, requires, time, quality, fields })
}

/// What has to stand in a document for it to be meant: pointers and values, both with `{words}`.
fn requirements<'a>(cx: &Cx<'a>, at: At<'a>, words: &mut Vec<Word<'a>>) -> Vec<Requirement> {
    let entries = cx.map(at).unwrap_or_default();
    let requirement = |(key, value): (At<'a>, At<'a>)| {
        let pointer = pointer(cx, key, true, words)?;
        let value = match constant(cx, value)? {
            Json::String(text) => {
                add_words(cx, value, &text, words)?;
                text
            }
            other => other.to_string(),
        };
        Some(Requirement { pointer, value })
    };
    entries.into_iter().filter_map(requirement).collect()
}

fn read(cx: &Cx, fields: &Fields, file: &ClassFile, property: usize) -> Read {
    let property = &file.class.properties[property];
    let number = |name| fields.get(name).and_then(|at| cx.number(at));
    let (mut scale, mut offset) = (number("scale").unwrap_or(1.0), number("offset").unwrap_or(0.0));
    if let Some(at) = fields.get("unit")
        && let Some(unit) = cx.unit(at)
    {
        match unit.conversion_to(&property.unit) {
            Some((factor, shift)) => {
                scale *= factor;
                offset = offset * factor + shift;
            }
            None => cx.error(
                at,
                format!(
                    "{} does not convert to {}, the unit of `{}`",
                    unit.code(),
                    property.unit.code(),
                    property.name
                ),
            ),
        }
    }
    for name in ["scale", "offset"] {
        if let (true, Some(at)) = (property.ty != ValueType::Number, fields.get(name)) {
            cx.error(at, format!("`{}` is no number", property.name));
        }
    }
    let others =
        fields.get("others").and_then(|at| enumeration_index(cx, at, &property.ty, &property.name));
    let mut names = Vec::new();
    for (key, value) in fields.get("names").and_then(|at| cx.map(at)).unwrap_or_default() {
        let index = enumeration_index(cx, value, &property.ty, &property.name);
        if let (Some(key), Some(index)) = (constant(cx, key), index) {
            names.push((key, index));
        }
    }
    Read { scale, offset, names, others }
}

/// Index of the enumeration's name that is written there.
pub(super) fn enumeration_index(cx: &Cx, at: At, ty: &ValueType, property: &str) -> Option<u16> {
    let ValueType::Enumeration(names) = ty else {
        cx.error(at, format!("`{property}` is not an enumeration"));
        return None;
    };
    let name = match &at.node.kind {
        Kind::Bool(value) => value.to_string(),
        _ => cx.text(at)?,
    };
    let found = names.iter().position(|known| *known == name);
    if found.is_none() {
        cx.unknown(at, &format!("name of `{property}`"), &name, names.iter().map(String::as_str));
    }
    found.map(|index| index as u16)
}

/// A payload's text, number or boolean.
fn constant(cx: &Cx, at: At) -> Option<Json> {
    match &at.node.kind {
        Kind::Text(text) => Some(text.as_str().into()),
        Kind::Bool(value) => Some((*value).into()),
        Kind::Number(n) if n.fract() == 0.0 && n.abs() < 9e15 => Some((*n as i64).into()),
        Kind::Number(n) if n.is_finite() => Some((*n).into()),
        _ => cx.wrong(at, "a text, a number or a boolean, as in the payload"),
    }
}

/// A JSON pointer in which `{words}` stand for what they are for each asset.
fn pointer<'a>(cx: &Cx<'a>, at: At<'a>, caret: bool, words: &mut Vec<Word<'a>>) -> Option<String> {
    let text = cx.pointer(at, caret)?;
    add_words(cx, at, &text, words)?;
    Some(text)
}

/// A JSON pointer that is the same for every asset.
pub(super) fn plain_pointer(cx: &Cx, at: At) -> Option<String> {
    let text = cx.pointer(at, false)?;
    if text.contains(['{', '}']) {
        return cx.wrong(at, "a JSON pointer without `{words}`");
    }
    Some(text)
}

/// Notes the `{words}` of a text; `None` where they are not written as such.
fn add_words<'a>(cx: &Cx<'a>, at: At<'a>, text: &str, words: &mut Vec<Word<'a>>) -> Option<()> {
    let stated = braces(cx, at, text)?.into_iter().filter(|(is_word, _)| *is_word);
    words.extend(stated.map(|(_, word)| Word { place: at, word, in_label: false }));
    Some(())
}

fn time<'a>(cx: &Cx<'a>, at: At<'a>, words: &mut Vec<Word<'a>>) -> Option<TimeSource> {
    match &at.node.kind {
        Kind::Name(name) if name == "arrival" => return Some(TimeSource::Arrival),
        Kind::Text(_) => {
            let pointer = pointer(cx, at, true, words)?;
            return Some(TimeSource::Field { pointer, format: TimeFormat::default() });
        }
        _ => {}
    }
    let fields = cx.fields(at, "a time", &["pointer", "format", "zone"])?;
    let mut format = fields
        .get("format")
        .and_then(|at| cx.choice(at, "time format", &FORMATS))
        .unwrap_or_default();
    if let Some(at) = fields.get("zone") {
        match format {
            TimeFormat::Iso8601 => {
                format = TimeFormat::Local { offset_s: zone(cx, at)? };
            }
            _ => cx.error(
                at,
                "only a time in `iso8601` has a zone; the others count from 1970 in UTC",
            ),
        }
    }
    let at = cx.required(&fields, "pointer")?;
    let pointer = pointer(cx, at, true, words)?;
    Some(TimeSource::Field { pointer, format })
}

/// By how many seconds a clock is ahead of UTC.
fn zone(cx: &Cx, at: At) -> Option<i32> {
    let text = cx.text(at)?;
    let offset = zone_offset_s(&text);
    if offset.is_none() {
        let message = format!(
            "`{text}` is no fixed offset from UTC; a clock with summer time has none: let the source send its offset"
        );
        cx.error_expecting(at, message, "\"UTC\", or hours and minutes such as \"+01:00\"");
    }
    offset
}

fn zone_offset_s(text: &str) -> Option<i32> {
    if text.eq_ignore_ascii_case("utc") || text == "Z" {
        return Some(0);
    }
    let (sign, rest) = match text.split_at_checked(1)? {
        ("+", rest) => (1, rest),
        ("-", rest) => (-1, rest),
        _ => return None,
    };
    let (hours, minutes) = rest.split_once(':')?;
    let number = |text: &str, most: i32| {
        let is_plain = text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit());
        text.parse::<i32>().ok().filter(|number| is_plain && *number <= most)
    };
    Some(sign * (number(hours, 18)? * 3600 + number(minutes, 59)? * 60))
}

fn quality<'a>(cx: &Cx<'a>, at: At<'a>, words: &mut Vec<Word<'a>>) -> Option<QualitySource> {
    if let Kind::Text(_) = at.node.kind {
        let pointer = pointer(cx, at, false, words)?;
        let (good, uncertain) = (Vec::new(), Vec::new());
        return Some(QualitySource { pointer, standard: QualityStandard::Any, good, uncertain });
    }
    let fields = cx.fields(at, "a quality", &QUALITY)?;
    let at = cx.required(&fields, "pointer")?;
    let pointer = pointer(cx, at, false, words)?;
    let standard = fields.get("standard").and_then(|at| cx.choice(at, "standard", &STANDARDS));
    let values = |name| -> Vec<Json> {
        let list = fields.get(name).and_then(|at| cx.list(at)).unwrap_or_default();
        list.into_iter().filter_map(|at| constant(cx, at)).collect()
    };
    let (good, uncertain) = (values("good"), values("uncertain"));
    Some(QualitySource { pointer, standard: standard.unwrap_or_default(), good, uncertain })
}

/// Text with `{words}`: literals and words in turn; `{{` is a brace.
pub(super) fn braces(cx: &Cx, at: At, text: &str) -> Option<Vec<(bool, String)>> {
    let mut parts: Vec<(bool, String)> = Vec::new();
    let mut literal = String::new();
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '{' | '}' if chars.peek() == Some(&c) => literal.extend(chars.next()),
            '{' => {
                let mut word = String::new();
                loop {
                    match chars.next() {
                        Some('}') => break,
                        Some(c) if c != '{' => word.push(c),
                        _ => {
                            cx.error(at, "a `{` here has no `}`");
                            return None;
                        }
                    }
                }
                if !literal.is_empty() {
                    parts.push((false, std::mem::take(&mut literal)));
                }
                parts.push((true, word));
            }
            c => literal.push(c),
        }
    }
    if !literal.is_empty() {
        parts.push((false, literal));
    }
    Some(parts)
}

pub(super) fn template<'a>(
    cx: &Cx<'a>,
    at: At<'a>,
    file: &mut ClassFile<'a>,
) -> Option<TopicTemplate> {
    let text = cx.text(at)?;
    if !is_topic(cx, at, &text) {
        return None;
    }
    let count = text.split('/').count();
    let mut levels = Vec::new();
    for (number, level) in text.split('/').enumerate() {
        levels.push(match level {
            "+" => TopicLevel::Any,
            "#" if number + 1 == count => TopicLevel::Rest,
            "{property}" => TopicLevel::Property,
            _ if level.contains(['+', '#', '\0']) => {
                cx.error(
                    at,
                    format!(
                        "`{level}` is no level of a topic: `+` stands alone, `#` alone and last"
                    ),
                );
                return None;
            }
            _ => {
                let parts = braces(cx, at, level)?.into_iter().map(|(word, text)| {
                    if word {
                        file.words.push(Word { place: at, word: text.clone(), in_label: false });
                        TopicPart::Placeholder(text)
                    } else {
                        TopicPart::Literal(text)
                    }
                });
                TopicLevel::Text(parts.collect())
            }
        });
    }
    if text.is_empty() || levels.iter().filter(|l| **l == TopicLevel::Property).count() > 1 {
        cx.error(at, "a topic is not empty, and has one level `{property}` at most");
        return None;
    }
    Some(TopicTemplate { text, levels })
}

/// Whether it is a topic of messages, not of a subscription: a broker sends what is subscribed to as
/// `$share/GROUP/TOPIC` under TOPIC alone.
fn is_topic(cx: &Cx, at: At, text: &str) -> bool {
    let mut levels = text.splitn(3, '/');
    let (first, second, third) = (levels.next(), levels.next(), levels.next());
    let topic = match (first, second, third) {
        (Some("$share"), Some(_), topic) => topic.unwrap_or_default().to_owned(),
        (Some("$queue"), Some(second), third) => {
            third.map_or(second.to_owned(), |third| format!("{second}/{third}"))
        }
        _ => return true,
    };
    let message = format!(
        "`{text}` is a shared subscription; messages come with the topic `{topic}`, and each viewer wants all of them"
    );
    cx.error_expecting(at, message, &format!("the topic alone: \"{topic}\""));
    false
}

/// A topic without placeholders or wildcards.
pub(super) fn plain_topic(cx: &Cx, at: At) -> Option<String> {
    let topic = cx.text(at)?;
    if !is_topic(cx, at, &topic) {
        return None;
    }
    if topic.is_empty() || topic.contains(['+', '#', '{', '}', '\0']) {
        return cx.wrong(at, "a topic without placeholders or wildcards");
    }
    Some(topic)
}
