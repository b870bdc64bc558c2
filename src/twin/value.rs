//! What a property can be at an instant: typed values, their quality, samples.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::Timestamp;

/// The type of a property, fixed by its definition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ValueType {
    /// A finite real number in the property's unit.
    Number,
    /// One of a fixed list of names. A boolean is the enumeration `["false", "true"]`.
    Enumeration(Arc<[String]>),
    /// Free text, an order number or a message.
    Text,
    /// A position and an orientation in the frame of the asset's parent.
    Pose,
    /// Things on a path, such as the bottles on a belt.
    Items,
}

/// A value of one of the [`ValueType`]s.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Value {
    /// In the property's own unit; always finite.
    Number(f64),
    /// Index into the names of the property's enumeration.
    Enumeration(u16),
    /// Free text.
    Text(Arc<str>),
    /// A position and an orientation.
    Pose(Pose),
    /// Things on a path.
    Items(Arc<[Item]>),
}

impl Value {
    /// The number, or the enumeration's index as a number; `None` for the others.
    pub fn as_number(&self) -> Option<f64> {
        match self {
            Self::Number(number) => Some(*number),
            Self::Enumeration(index) => Some(f64::from(*index)),
            _ => None,
        }
    }

    /// Whether this value can be stored in a property of that type.
    pub fn fits(&self, ty: &ValueType) -> bool {
        match (self, ty) {
            (Self::Number(number), ValueType::Number) => number.is_finite(),
            (Self::Enumeration(index), ValueType::Enumeration(names)) => {
                usize::from(*index) < names.len()
            }
            (Self::Text(_), ValueType::Text) | (Self::Items(_), ValueType::Items) => true,
            (Self::Pose(pose), ValueType::Pose) => pose.is_finite(),
            _ => false,
        }
    }
}

impl From<f64> for Value {
    fn from(number: f64) -> Self {
        Self::Number(number)
    }
}

impl From<u16> for Value {
    fn from(index: u16) -> Self {
        Self::Enumeration(index)
    }
}

impl From<Arc<str>> for Value {
    fn from(text: Arc<str>) -> Self {
        Self::Text(text)
    }
}

impl From<Pose> for Value {
    fn from(pose: Pose) -> Self {
        Self::Pose(pose)
    }
}

impl From<Arc<[Item]>> for Value {
    fn from(items: Arc<[Item]>) -> Self {
        Self::Items(items)
    }
}

/// A rigid placement: metres and a unit quaternion, in a right-handed frame with Y up.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Pose {
    /// Metres along x, y (up), z.
    pub position: [f64; 3],
    /// Unit quaternion x, y, z, w.
    pub rotation: [f64; 4],
}

impl Pose {
    /// At the origin, not turned.
    pub const IDENTITY: Self = Self { position: [0.0; 3], rotation: [0.0, 0.0, 0.0, 1.0] };

    /// Whether every component is a finite number.
    pub fn is_finite(&self) -> bool {
        self.position.iter().chain(&self.rotation).all(|component| component.is_finite())
    }
}

/// One thing on a path: a bottle on a belt, a crate on a conveyor.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Item {
    /// What keeps this thing the same thing from one sample to the next.
    pub id: u64,
    /// Distance travelled along the binding's path, in metres.
    pub at_m: f64,
    /// How far it is through its making, by the plant's own numbers (0 empty, 1 filled, 2 capped …).
    pub stage: u8,
}

/// How far a value can be trusted.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "lowercase")]
#[repr(u8)]
pub enum Quality {
    /// As the source measured it.
    #[default]
    Good = 0,
    /// The source doubts it.
    Uncertain = 1,
    /// No sample has come within the expected interval, or the source is offline.
    Stale = 2,
    /// The source says that it is wrong.
    Bad = 3,
}

impl Quality {
    /// Lower-case name, as used in RON, JSON and on screen.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Uncertain => "uncertain",
            Self::Stale => "stale",
            Self::Bad => "bad",
        }
    }
}

/// One value of one property at one instant of plant time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Sample {
    /// Plant time: the source's own stamp, or its equivalent for the time of arrival.
    pub time: Timestamp,
    /// What was measured.
    pub value: Value,
    /// How far it can be trusted.
    pub quality: Quality,
}
