//! From values to payloads: the inverse of the twin file's mappings.

mod template;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};

pub use self::template::Template;
use crate::twin::mapping::{Field, Payload, QualitySource, Read, TimeFormat, TimeSource};
use crate::twin::pointer::{Step, steps};
use crate::twin::{Pose, Quality, Timestamp, Value, ValueType};

/// One reading to be sent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Measured {
    /// The value; `None` where the instrument tells nothing.
    pub value: Option<Value>,
    /// Its quality.
    pub quality: Quality,
}

/// The readings of one instant, by position of the property in the class.
pub type Instant = (Timestamp, Vec<(u16, Measured)>);

/// The text of a scalar payload.
pub fn scalar(read: &Read, ty: &ValueType, value: &Value) -> String {
    match payload_value(read, ty, value) {
        Json::String(text) if stands_bare(&text) => text,
        other => other.to_string(),
    }
}

/// Whether a text without quotes reads as itself.
fn stands_bare(text: &str) -> bool {
    !text.is_empty() && text.trim() == text && !text.starts_with('"') && text != "null"
}

/// The document of a mapping. Mappings without a list of samples take the last instant.
pub fn document(payload: &Payload, types: &[ValueType], instants: &[Instant]) -> Json {
    let Payload::Document { samples, requires, time, quality, fields, .. } = payload else {
        return Json::Null;
    };
    let mut document = Json::Null;
    let mut encoded = instants.iter().map(|(at, readings)| {
        let mut sample = Json::Null;
        if let TimeSource::Field { pointer, format } = time
            && !pointer.starts_with('^')
        {
            put(&mut sample, pointer, stamp(*at, *format));
        }
        for required in requires.iter().filter(|required| !required.pointer.starts_with('^')) {
            put(&mut sample, &required.pointer, Json::String(required.value.clone()));
        }
        let mut worst = Quality::Good;
        for field in fields {
            if let Some((_, reading)) = readings.iter().find(|(at, _)| *at == field.property) {
                worst = worst.max(reading.quality);
                put_field(&mut sample, field, &types[usize::from(field.property)], reading);
            }
        }
        if let Some(source) = quality {
            put(&mut sample, &source.pointer, quality_value(source, worst));
        }
        sample
    });
    match samples {
        Some(pointer) => {
            let list: Vec<Json> = encoded.collect();
            put(&mut document, pointer, Json::Array(list));
        }
        None => document = encoded.next_back().unwrap_or(Json::Null),
    }
    if let (TimeSource::Field { pointer, format }, Some((last, _))) = (time, instants.last())
        && let Some(pointer) = pointer.strip_prefix('^')
    {
        put(&mut document, pointer, stamp(*last, *format));
    }
    for required in requires {
        if let Some(pointer) = required.pointer.strip_prefix('^') {
            put(&mut document, pointer, Json::String(required.value.clone()));
        }
    }
    document
}

fn put_field(sample: &mut Json, field: &Field, ty: &ValueType, reading: &Measured) {
    let value = reading.value.as_ref();
    put(sample, &field.pointer, value.map_or(Json::Null, |v| payload_value(&field.read, ty, v)));
    if let Some(source) = &field.quality {
        put(sample, &source.pointer, quality_value(source, reading.quality));
    }
}

/// The payload for a value: numbers through the inverse of scale and offset, names for
/// enumerations.
fn payload_value(read: &Read, ty: &ValueType, value: &Value) -> Json {
    match (value, ty) {
        (Value::Number(number), _) => number_value((number - read.offset) / read.scale),
        (Value::Enumeration(index), ValueType::Enumeration(names)) => {
            let stated = read.names.iter().find(|(_, stands_for)| stands_for == index);
            match (stated, names.get(usize::from(*index))) {
                (Some((payload, _)), _) => payload.clone(),
                (None, Some(name)) if **names == ["false", "true"] => Json::Bool(name == "true"),
                (None, Some(name)) => Json::String(name.clone()),
                (None, None) => Json::Null,
            }
        }
        (Value::Enumeration(index), _) => Json::from(*index),
        (Value::Text(text), _) => Json::String(text.to_string()),
        (Value::Pose(Pose { position, rotation }), _) => {
            let list =
                |numbers: &[f64]| Json::Array(numbers.iter().map(|n| number_value(*n)).collect());
            object([("position", list(position)), ("rotation", list(rotation))])
        }
        (Value::Items(items), _) => Json::Array(
            items
                .iter()
                .map(|item| {
                    object([
                        ("id", Json::from(item.id)),
                        ("at_m", number_value(item.at_m)),
                        ("stage", Json::from(item.stage)),
                    ])
                })
                .collect(),
        ),
    }
}

fn object<const N: usize>(fields: [(&str, Json); N]) -> Json {
    Json::Object(fields.into_iter().map(|(name, value)| (name.to_string(), value)).collect())
}

/// Nothing but finite numbers comes out of the physics; JSON has no others.
fn number_value(number: f64) -> Json {
    serde_json::Number::from_f64(number).map_or(Json::Null, Json::Number)
}

fn stamp(at: Timestamp, format: TimeFormat) -> Json {
    match format {
        TimeFormat::Iso8601 | TimeFormat::Local { .. } => Json::String(at.to_string()),
        TimeFormat::EpochSeconds => number_value(at.0 as f64 / 1e6),
        TimeFormat::EpochMillis => Json::from(at.0.div_euclid(1000)),
        TimeFormat::EpochMicros => Json::from(at.0),
        TimeFormat::EpochNanos => {
            at.0.checked_mul(1000).map_or_else(|| number_value(at.0 as f64 * 1e3), Json::from)
        }
    }
}

/// The payload value that stands for a quality.
fn quality_value(source: &QualitySource, quality: Quality) -> Json {
    let stated = match quality {
        Quality::Good => source.good.first(),
        Quality::Uncertain => source.uncertain.first(),
        Quality::Stale | Quality::Bad => None,
    };
    stated.cloned().unwrap_or_else(|| Json::String(quality.name().to_string()))
}

/// The clock message, or whatever else is put together by pointers.
pub fn fields<'a>(fields: impl IntoIterator<Item = (&'a str, Json)>) -> Json {
    let mut document = Json::Null;
    for (pointer, value) in fields {
        put(&mut document, pointer, value);
    }
    document
}

/// A time as JSON.
pub fn time_value(at: Timestamp, format: TimeFormat) -> Json {
    stamp(at, format)
}

/// Sets what a pointer points at, and makes what is missing on the way: a list where the pointer has a
/// number or an element and nothing is there yet, else an object.
fn put(document: &mut Json, pointer: &str, value: Json) {
    let mut place = document;
    for step in steps(pointer) {
        let (token, index) = match step {
            Step::Element { member, value } => match element(place, &member, value) {
                Some(element) => {
                    place = element;
                    continue;
                }
                None => return,
            },
            Step::Place(at) => (at.to_string(), Some(at)),
            Step::Name(name) => {
                let index = name.parse().ok();
                (name, index)
            }
        };
        let index = index.filter(|index| *index < 10_000);
        if place.is_null() {
            *place =
                if index.is_some() { Json::Array(Vec::new()) } else { Json::Object(Map::new()) };
        }
        place = match (place, index) {
            (Json::Array(list), Some(index)) => {
                if list.len() <= index {
                    list.resize(index + 1, Json::Null);
                }
                &mut list[index]
            }
            (Json::Object(map), _) => map.entry(token).or_insert(Json::Null),
            // Two pointers of the mapping contradict each other; the first stands.
            _ => return,
        };
    }
    *place = value;
}

/// The element of a list that has this member; it is added where there is none. `None` where something else than a
/// list stands.
fn element<'a>(place: &'a mut Json, member: &str, value: String) -> Option<&'a mut Json> {
    if place.is_null() {
        *place = Json::Array(Vec::new());
    }
    let list = place.as_array_mut()?;
    let is_it = |json: &Json| json.get(member).and_then(Json::as_str) == Some(&value);
    let at = list.iter().position(is_it).unwrap_or(list.len());
    if at == list.len() {
        list.push(object([(member, Json::String(value))]));
    }
    list.get_mut(at)
}

#[cfg(test)]
mod tests;
