//! From a value in a payload to the value of a property.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use serde_json::Value as Json;

use super::number;
use crate::terminal::excerpt;
use crate::twin::mapping::Read;
use crate::twin::{Item, Pose, Value, ValueType, nearest};

/// A JSON value without inner values, borrowed where it can be.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Scalar<'a> {
    Null,
    Bool(bool),
    Integer(i128),
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
            Json::Number(number) => match number.as_i128() {
                Some(integer) => Self::Integer(integer),
                None => Self::Number(number.as_f64().unwrap_or(f64::NAN)),
            },
            Json::String(text) => Self::Text(Cow::Borrowed(text)),
            Json::Array(_) => Self::Nested("an array"),
            Json::Object(_) => Self::Nested("an object"),
        }
    }

    pub(super) fn number(&self) -> Option<f64> {
        match self {
            Self::Integer(integer) => Some(*integer as f64),
            Self::Number(number) => Some(*number),
            _ => None,
        }
    }

    /// Whether it is the same value, however either is written: 3, 3.0 and "3", true and "True", "ON" and "On".
    pub(super) fn is_spelled_like(&self, json: &Json) -> bool {
        let other = Scalar::from_json(json);
        match (self.integer(), other.integer()) {
            (Some(integer), Some(other)) => return integer == other,
            _ => match (self.plain_number(), other.plain_number()) {
                (Some(number), Some(other)) => return number == other,
                (None, None) => {}
                _ => return false,
            },
        }
        match (self.word(), other.word()) {
            (Some(word), Some(other)) => word.eq_ignore_ascii_case(other),
            _ => *self == other,
        }
    }

    /// Whether that text is how it is written: `5` for 5 and "5".
    pub(super) fn is_text(&self, text: &str) -> bool {
        match self {
            Self::Text(own) => **own == *text,
            Self::Bool(_) => self.word() == Some(text),
            Self::Integer(integer) => text.parse::<i128>().ok() == Some(*integer),
            Self::Number(number) => text.parse::<f64>().ok() == Some(*number),
            Self::Null | Self::Nested(_) => false,
        }
    }

    /// The whole number that it is or that its text spells, to its last digit.
    fn integer(&self) -> Option<i128> {
        match self {
            Self::Integer(integer) => Some(*integer),
            Self::Text(text) => text.trim().parse().ok(),
            _ => None,
        }
    }

    /// The number that it is or that its text spells.
    fn plain_number(&self) -> Option<f64> {
        match self {
            Self::Text(text) => text.trim().parse().ok(),
            other => other.number(),
        }
    }

    fn word(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text.trim()),
            Self::Bool(true) => Some("true"),
            Self::Bool(false) => Some("false"),
            Self::Null => Some("null"),
            _ => None,
        }
    }

    /// Whether the source says by it that it has no value: null, an empty text, or a word that stands for one.
    /// MTConnect writes UNAVAILABLE, Home Assistant `unavailable`, `unknown` and `None`, others NaN. A text may well
    /// be such a word: for one, only null and MTConnect's word count. What the mapping lists is a value in any case.
    pub(super) fn is_no_value(&self, ty: &ValueType, read: &Read) -> bool {
        let is_none = match (self, ty) {
            (Self::Null, _) => true,
            (Self::Text(text), ValueType::Text) => text == "UNAVAILABLE",
            (Self::Text(text), ValueType::Enumeration(names)) => {
                stands_for_none(text) && !names.iter().any(|name| **name == **text)
            }
            (Self::Text(text), _) => stands_for_none(text),
            (Self::Number(number), _) => number.is_nan(),
            _ => false,
        };
        is_none && !read.names.iter().any(|(listed, _)| self.is_spelled_like(listed))
    }
}

/// Bytes of the longest word that stands for no value.
pub(super) const LONGEST_WORD: usize = "unavailable".len();

/// Whether a text is one by which a source says that it has no value.
pub(super) fn stands_for_none(text: &str) -> bool {
    const WORDS: [&str; 8] =
        ["unavailable", "unknown", "none", "null", "nan", "n/a", "undefined", "offline"];
    let text = text.trim();
    text.is_empty() || WORDS.iter().any(|word| text.eq_ignore_ascii_case(word))
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
                let shown = excerpt(text);
                write!(f, "the text {shown:?}")
            }
            Self::Nested(what) => f.write_str(what),
        }
    }
}

/// Up to here a double keeps each whole number.
const EXACT: f64 = 9_007_199_254_740_992.0;

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
            // A number of more digits than a double keeps has been rounded: as a text it would be another.
            Scalar::Number(number) if number.abs() >= EXACT && number.fract() == 0.0 => {
                Err("the number has more digits than are kept: have the source send it as a text"
                    .into())
            }
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
        Scalar::Text(text) => number::parse(text)?,
        Scalar::Bool(value) => f64::from(u8::from(*value)),
        other => other.number().ok_or_else(|| format!("expected a number, found {other}"))?,
    };
    let stored = number * read.scale + read.offset;
    if stored.is_finite() {
        Ok(Value::Number(stored))
    } else {
        Err(format!("expected a finite number, found {scalar}"))
    }
}

/// Where the mapping lists `names`, only they count: another code stands for another state.
fn read_name(scalar: &Scalar<'_>, names: &[String], read: &Read) -> Result<Value, String> {
    // An object or a list is no code, not even another one.
    let others = read.others.filter(|_| !matches!(scalar, Scalar::Nested(_)));
    if !read.names.is_empty() {
        let exact = |json: &&(Json, u16)| Scalar::from_json(&json.0) == *scalar;
        let alike = |json: &&(Json, u16)| scalar.is_spelled_like(&json.0);
        let found = read.names.iter().find(exact).or_else(|| read.names.iter().find(alike));
        let index = found.map(|(_, index)| *index).or(others);
        return index.map(Value::Enumeration).ok_or_else(|| {
            let listed: Vec<String> =
                read.names.iter().take(8).map(|(json, _)| json.to_string()).collect();
            let more = if read.names.len() > 8 { ", …" } else { "" };
            format!(
                "expected what the mapping lists in `names` ({}{more}), found {scalar}",
                listed.join(", ")
            )
        });
    }
    match (name_or_index(scalar, names), others) {
        (Err(_), Some(others)) => Ok(Value::Enumeration(others)),
        (read, _) => read,
    }
}

/// The name that stands there, or the one whose index does.
fn name_or_index(scalar: &Scalar<'_>, names: &[String]) -> Result<Value, String> {
    let spelled = |name: &str| names.iter().position(|known| known == name);
    let index = match scalar {
        Scalar::Text(text) => return own_name(text.trim(), names),
        Scalar::Bool(true) => spelled("true").ok_or(()),
        Scalar::Bool(false) => spelled("false").ok_or(()),
        Scalar::Integer(_) | Scalar::Number(_) => {
            let number = scalar.number().unwrap_or(f64::NAN);
            let is_index = number.fract() == 0.0 && (0.0..names.len() as f64).contains(&number);
            let own = spelled(&number.to_string());
            return own
                .or(is_index.then_some(number as usize))
                .map(|at| Value::Enumeration(at as u16))
                .ok_or_else(|| {
                    let last = names.len().saturating_sub(1);
                    format!("expected a name or an index from 0 to {last}, found {scalar}")
                });
        }
        _ => Err(()),
    };
    index
        .map(|at| Value::Enumeration(at as u16))
        .map_err(|()| format!("expected {}, found {scalar}", one_of(names)))
}

/// The name that a text is, whatever its case where only one is alike; on, off, yes, no, 1 and 0 for a boolean.
fn own_name(text: &str, names: &[String]) -> Result<Value, String> {
    let at = |at: usize| Ok(Value::Enumeration(at as u16));
    if let Some(found) = names.iter().position(|known| known == text) {
        return at(found);
    }
    let mut alike = (0..names.len()).filter(|&at| names[at].eq_ignore_ascii_case(text));
    if let (Some(found), None) = (alike.next(), alike.next()) {
        return at(found);
    }
    if names == ["false", "true"] {
        for (found, words) in [["off", "no", "0"], ["on", "yes", "1"]].iter().enumerate() {
            if words.iter().any(|word| word.eq_ignore_ascii_case(text)) {
                return at(found);
            }
        }
    }
    Err(match nearest(text, names.iter().map(String::as_str)) {
        Some(known) => {
            let text = excerpt(text);
            format!("{text:?} is no name of it; did the device mean {known:?}?")
        }
        None => format!("expected {}, found {}", one_of(names), Scalar::Text(text.into())),
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

const POSE: &str = "expected a pose: {\"position\": [x, y, z], \"rotation\": [x, y, z, w]}, an array of 3 or 7 \
                    numbers, or {\"x\": …, \"y\": …, \"theta\": …} on a floor";

/// The pose of a vehicle as VDA 5050 and ROS have it: metres on the floor, and radians counter-clockwise as seen from
/// above. There y is to the left and z up, here y is up.
fn on_floor(object: &serde_json::Map<String, Json>) -> Option<Pose> {
    let number = |name: &str| object.get(name)?.as_f64().filter(|number| number.is_finite());
    let (x, y, theta) = (number("x")?, number("y")?, number("theta")?);
    let z = if object.contains_key("z") { number("z")? } else { 0.0 };
    let (sin, cos) = (theta / 2.0).sin_cos();
    Some(Pose { position: [x, z, -y], rotation: [0.0, sin, 0.0, cos] })
}

fn read_pose(json: &Json) -> Result<Pose, String> {
    let numbers: Vec<f64> = match json {
        Json::Array(all) => numbers(all)?,
        Json::Object(object) if object.contains_key("theta") => {
            return on_floor(object).ok_or_else(|| POSE.to_owned());
        }
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
