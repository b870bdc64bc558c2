//! From a value in a payload to the value of a property.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use serde_json::Value as Json;

use crate::twin::mapping::{QualitySource, Read};
use crate::twin::{Item, Pose, Quality, Value, ValueType, nearest};

/// A JSON value without inner values, borrowed where it can be.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Scalar<'a> {
    Null,
    Bool(bool),
    Integer(i64),
    Number(f64),
    Text(Cow<'a, str>),
    /// An object or an array, where a plain value was expected.
    Nested(&'static str),
}

impl<'a> Scalar<'a> {
    pub(super) fn from_json(json: &'a Json) -> Self {
        match json {
            Json::Null => Self::Null,
            Json::Bool(value) => Self::Bool(*value),
            Json::Number(number) => match number.as_i64() {
                Some(integer) => Self::Integer(integer),
                None => Self::Number(number.as_f64().unwrap_or(f64::NAN)),
            },
            Json::String(text) => Self::Text(Cow::Borrowed(text)),
            Json::Array(_) => Self::Nested("an array"),
            Json::Object(_) => Self::Nested("an object"),
        }
    }

    fn number(&self) -> Option<f64> {
        match self {
            Self::Integer(integer) => Some(*integer as f64),
            Self::Number(number) => Some(*number),
            _ => None,
        }
    }

    fn equals(&self, json: &Json) -> bool {
        match (self, json) {
            (Self::Null, Json::Null) => true,
            (Self::Bool(value), Json::Bool(other)) => value == other,
            (Self::Text(text), Json::String(other)) => text == other,
            (_, Json::Number(other)) => {
                self.number().is_some_and(|number| Some(number) == other.as_f64())
            }
            _ => false,
        }
    }
}

/// As in a message for people.
impl fmt::Display for Scalar<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("null"),
            Self::Bool(value) => write!(f, "{value}"),
            Self::Integer(integer) => write!(f, "the number {integer}"),
            Self::Number(number) => write!(f, "the number {number}"),
            Self::Text(text) => {
                let end = text.floor_char_boundary(60);
                let more = if end < text.len() { "…" } else { "" };
                write!(f, "the text {:?}{more}", &text[..end])
            }
            Self::Nested(what) => f.write_str(what),
        }
    }
}

/// Reads a number, an enumeration or a text.
pub(super) fn read_scalar(
    scalar: &Scalar<'_>,
    ty: &ValueType,
    read: &Read,
) -> Result<Value, String> {
    match ty {
        ValueType::Number => read_number(scalar, read),
        ValueType::Enumeration(names) => read_name(scalar, names, read),
        ValueType::Text => match scalar {
            Scalar::Text(text) => Ok(Value::Text(Arc::from(&**text))),
            Scalar::Integer(integer) => Ok(Value::Text(integer.to_string().into())),
            Scalar::Number(number) => Ok(Value::Text(number.to_string().into())),
            Scalar::Bool(value) => Ok(Value::Text(value.to_string().into())),
            other => Err(format!("expected a text, found {other}")),
        },
        ValueType::Pose => Err(format!("expected a pose, found {scalar}")),
        ValueType::Items => Err(format!("expected an array of items, found {scalar}")),
    }
}

fn read_number(scalar: &Scalar<'_>, read: &Read) -> Result<Value, String> {
    let number = match scalar {
        Scalar::Text(text) => {
            text.trim().parse::<f64>().map_err(|_| format!("expected a number, found {scalar}"))?
        }
        other => other.number().ok_or_else(|| format!("expected a number, found {other}"))?,
    };
    let stored = number * read.scale + read.offset;
    if stored.is_finite() {
        Ok(Value::Number(stored))
    } else {
        Err(format!("expected a finite number, found {scalar}"))
    }
}

fn read_name(scalar: &Scalar<'_>, names: &[String], read: &Read) -> Result<Value, String> {
    if let Some((_, index)) = read.names.iter().find(|(json, _)| scalar.equals(json)) {
        return Ok(Value::Enumeration(*index));
    }
    let name = match scalar {
        Scalar::Text(text) => text.trim(),
        Scalar::Bool(true) => "true",
        Scalar::Bool(false) => "false",
        Scalar::Integer(index) => {
            let spelled = index.to_string();
            if let Some(index) = names.iter().position(|name| *name == spelled) {
                return Ok(Value::Enumeration(index as u16));
            }
            return usize::try_from(*index)
                .ok()
                .filter(|index| *index < names.len())
                .map(|index| Value::Enumeration(index as u16))
                .ok_or_else(|| {
                    let last = names.len().saturating_sub(1);
                    format!("expected a name or an index from 0 to {last}, found {scalar}")
                });
        }
        other => return Err(format!("expected {}, found {other}", one_of(names))),
    };
    if let Some(index) = names.iter().position(|known| known == name) {
        return Ok(Value::Enumeration(index as u16));
    }
    // A payload that spells a mapped value as text: `"3"` for 3.
    let spelled = |json: &Json| {
        let text = json.to_string();
        !json.is_string() && text == name
    };
    if let Some((_, index)) = read.names.iter().find(|(json, _)| spelled(json)) {
        return Ok(Value::Enumeration(*index));
    }
    Err(match nearest(name, names.iter().map(String::as_str)) {
        Some(known) => format!("{name:?} is no name of it; did the device mean {known:?}?"),
        None => format!("expected {}, found {scalar}", one_of(names)),
    })
}

fn one_of(names: &[String]) -> String {
    let shown: Vec<String> = names.iter().take(8).map(|name| format!("{name:?}")).collect();
    let more = if names.len() > 8 { ", …" } else { "" };
    format!("one of {}{more}", shown.join(", "))
}

/// Reads a value that may have inner values: a pose or items; the others as [`read_scalar`].
pub(super) fn read_json(json: &Json, ty: &ValueType, read: &Read) -> Result<Value, String> {
    match ty {
        ValueType::Pose => read_pose(json).map(Value::Pose),
        ValueType::Items => read_items(json).map(|items| Value::Items(items.into())),
        ty => read_scalar(&Scalar::from_json(json), ty, read),
    }
}

const POSE: &str = "expected a pose: {\"position\": [x, y, z], \"rotation\": [x, y, z, w]}, \
                    or an array of 3 or 7 numbers";

fn read_pose(json: &Json) -> Result<Pose, String> {
    let numbers: Vec<f64> = match json {
        Json::Array(all) => numbers(all)?,
        Json::Object(object) => {
            let part = |name: &str| object.get(name).and_then(Json::as_array);
            let mut all = numbers(part("position").ok_or(POSE)?)?;
            if all.len() != 3 {
                return Err(POSE.into());
            }
            if object.contains_key("rotation") {
                all.extend(numbers(part("rotation").ok_or(POSE)?)?);
            }
            all
        }
        _ => return Err(POSE.into()),
    };
    let mut pose = Pose::IDENTITY;
    match numbers.len() {
        3 => pose.position.copy_from_slice(&numbers),
        7 => {
            pose.position.copy_from_slice(&numbers[..3]);
            let length = numbers[3..].iter().map(|part| part * part).sum::<f64>().sqrt();
            if !(1e-6..1e6).contains(&length) {
                return Err("the rotation is no quaternion: its length is near 0".into());
            }
            for (to, from) in pose.rotation.iter_mut().zip(&numbers[3..]) {
                *to = from / length;
            }
        }
        _ => return Err(POSE.into()),
    }
    Ok(pose)
}

fn numbers(all: &[Json]) -> Result<Vec<f64>, String> {
    // A longer array is wrong in any case; it need not be read to the end.
    let finite = |json: &Json| json.as_f64().filter(|number| number.is_finite());
    all.iter().take(8).map(|json| finite(json).ok_or_else(|| POSE.to_owned())).collect()
}

fn read_items(json: &Json) -> Result<Vec<Item>, String> {
    let all = json.as_array().ok_or("expected an array of items")?;
    let mut items = Vec::with_capacity(all.len());
    for (at, json) in all.iter().enumerate() {
        let (id, at_m, stage) = match json {
            Json::Array(parts) if (2..=3).contains(&parts.len()) => {
                (parts.first(), parts.get(1), parts.get(2))
            }
            Json::Object(parts) => {
                (parts.get("id"), parts.get("at_m").or_else(|| parts.get("at")), parts.get("stage"))
            }
            _ => (None, None, None),
        };
        let stage = stage.map_or(Some(0), |stage| stage.as_u64());
        let item = (|| {
            let id = id?.as_u64()?;
            let at_m = at_m?.as_f64().filter(|at_m| at_m.is_finite())?;
            Some(Item { id, at_m, stage: u8::try_from(stage?).ok()? })
        })();
        items.push(item.ok_or_else(|| {
            format!(
                "item {at}: expected {{\"id\": 7, \"at_m\": 1.25, \"stage\": 0}} or [7, 1.25, 0]"
            )
        })?);
    }
    Ok(items)
}

/// Reads a quality field; what is not known as good or uncertain is bad.
pub(super) fn read_quality(scalar: &Scalar<'_>, source: &QualitySource) -> Quality {
    let is_one_of = |all: &[Json]| all.iter().any(|json| scalar.equals(json));
    let is_text =
        |text: &str| matches!(scalar, Scalar::Text(own) if own.eq_ignore_ascii_case(text));
    let number = scalar.number();
    let good = match source.good.is_empty() {
        true => {
            is_text("good") || *scalar == Scalar::Bool(true) || matches!(number, Some(192.0 | 0.0))
        }
        false => is_one_of(&source.good),
    };
    let uncertain = match source.uncertain.is_empty() {
        true => is_text("uncertain") || number == Some(64.0),
        false => is_one_of(&source.uncertain),
    };
    match (good, uncertain) {
        (true, _) => Quality::Good,
        (false, true) => Quality::Uncertain,
        (false, false) => Quality::Bad,
    }
}
