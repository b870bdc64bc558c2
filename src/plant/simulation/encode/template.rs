//! Documents whose form does not change from message to message: text with places for what does. It
//! writes the same bytes as [`document`], without making the tree.

use serde_json::Value as Json;

use super::{Instant, Measured, document, object, payload_value, stamp};
use crate::twin::mapping::{Payload, Read, TimeFormat, TimeSource};
use crate::twin::payload::PayloadFormat;
use crate::twin::{Item, Quality, Timestamp, Value, ValueType};

/// A time that no plant tells, to find where times stand.
const MARKED: Timestamp = Timestamp(7_777_123_457_891_234);

/// A document as text with places.
#[derive(Clone, Debug)]
pub struct Template {
    /// What stands before each place, and after the last.
    pieces: Vec<String>,
    places: Vec<Place>,
    /// Positions of the properties whose readings it takes, in their order.
    positions: Vec<u16>,
    /// The members of an item in the order in which they are written.
    members: [Member; 3],
}

/// What goes into a place.
#[derive(Clone, Debug)]
enum Place {
    Time(TimeFormat),
    /// The reading with that number.
    Value {
        reading: usize,
        read: Read,
        ty: ValueType,
    },
}

#[derive(Clone, Copy, Debug)]
enum Member {
    Id,
    At,
    Stage,
}

/// A text that stands for the reading with that number.
fn mark(reading: usize) -> String {
    format!("\u{E000}{reading}\u{E001}")
}

impl Template {
    /// The template of a mapping's documents with values of the same properties as these readings;
    /// `None` where their form changes, or the format is not JSON.
    pub fn new(
        payload: &Payload,
        types: &[ValueType],
        readings: &[(u16, Measured)],
    ) -> Option<Self> {
        let Payload::Document { format, samples: None, time, quality: None, fields, .. } = payload
        else {
            return None;
        };
        if *format != PayloadFormat::JSON || fields.iter().any(|field| field.quality.is_some()) {
            return None;
        }
        let marked = |(n, (position, _)): (usize, &(u16, Measured))| {
            let value = Some(Value::Text(mark(n).into()));
            (*position, Measured { value, quality: Quality::Good })
        };
        let instant: Instant = (MARKED, readings.iter().enumerate().map(marked).collect());
        let text = document(payload, types, &[instant]).to_string();
        let mut found = Vec::new();
        if let TimeSource::Field { format, .. } = time {
            let written = stamp(MARKED, *format).to_string();
            found.push((only(&text, &written)?, written.len(), Place::Time(*format)));
        }
        for (reading, (position, _)) in readings.iter().enumerate() {
            let written = Json::String(mark(reading)).to_string();
            let field = fields.iter().find(|field| field.property == *position)?;
            let (read, ty) = (field.read.clone(), types.get(usize::from(*position))?.clone());
            let place = Place::Value { reading, read, ty };
            found.push((only(&text, &written)?, written.len(), place));
        }
        found.sort_by_key(|(at, ..)| *at);
        let (mut pieces, mut places, mut from) = (Vec::new(), Vec::new(), 0);
        for (at, length, place) in found {
            pieces.push(text.get(from..at)?.to_string());
            places.push(place);
            from = at + length;
        }
        pieces.push(text.get(from..)?.to_string());
        let positions = readings.iter().map(|(position, _)| *position).collect();
        Some(Self { pieces, places, positions, members: members() })
    }

    /// The document of an instant; `None` when it has readings of other properties.
    pub fn write(&self, (at, readings): &Instant) -> Option<Vec<u8>> {
        let same = readings.len() == self.positions.len()
            && readings.iter().zip(&self.positions).all(|((position, _), own)| position == own);
        if !same {
            return None;
        }
        let mut out = Vec::with_capacity(256);
        for (piece, place) in self.pieces.iter().zip(&self.places) {
            out.extend_from_slice(piece.as_bytes());
            match place {
                Place::Time(format) => json(&mut out, &stamp(*at, *format))?,
                Place::Value { reading, read, ty } => match &readings[*reading].1.value {
                    None => out.extend_from_slice(b"null"),
                    Some(Value::Number(number)) => {
                        json(&mut out, &((number - read.offset) / read.scale))?;
                    }
                    Some(Value::Items(items)) => self.items(&mut out, items)?,
                    Some(value) => json(&mut out, &payload_value(read, ty, value))?,
                },
            }
        }
        out.extend_from_slice(self.pieces.last()?.as_bytes());
        Some(out)
    }

    fn items(&self, out: &mut Vec<u8>, items: &[Item]) -> Option<()> {
        out.push(b'[');
        for (n, item) in items.iter().enumerate() {
            out.extend_from_slice(if n == 0 { b"{" } else { b",{" });
            for (k, member) in self.members.iter().enumerate() {
                if k > 0 {
                    out.push(b',');
                }
                match member {
                    Member::Id => {
                        out.extend_from_slice(b"\"id\":");
                        json(out, &item.id)?;
                    }
                    Member::At => {
                        out.extend_from_slice(b"\"at_m\":");
                        json(out, &item.at_m)?;
                    }
                    Member::Stage => {
                        out.extend_from_slice(b"\"stage\":");
                        json(out, &item.stage)?;
                    }
                }
            }
            out.push(b'}');
        }
        out.push(b']');
        Some(())
    }
}

/// Where a text stands in another, if it stands there once.
fn only(text: &str, part: &str) -> Option<usize> {
    let at = text.find(part)?;
    (!text[at + part.len()..].contains(part)).then_some(at)
}

/// The order in which the members of an object are written.
fn members() -> [Member; 3] {
    let names = [("id", Member::Id), ("at_m", Member::At), ("stage", Member::Stage)];
    let text = object(names.map(|(name, _)| (name, Json::Null))).to_string();
    let mut members = names.map(|(name, member)| (text.find(name), member));
    members.sort_by_key(|(at, _)| *at);
    members.map(|(_, member)| member)
}

/// A value as JSON; numbers that are not finite are null.
fn json(out: &mut Vec<u8>, value: &impl serde::Serialize) -> Option<()> {
    serde_json::to_writer(out, value).ok()
}
