//! A view: which instant, of which series, is looked at; and the one interface that answers it.

use crate::twin::{PropertyId, Quality, Timestamp, Value};

/// Which series of a property is looked at. Measured, estimated and predicted values never mix.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Lane {
    /// What the plant said.
    #[default]
    Measured,
}

/// What a scene, a plot or a panel looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct View {
    /// Plant time.
    pub time: Timestamp,
    /// Which series.
    pub lane: Lane,
}

/// The state of one property in a view.
#[derive(Clone, Debug, PartialEq)]
pub struct Reading {
    /// The value, interpolated where the property allows it.
    pub value: Value,
    /// Plant time of the newest sample that it rests on.
    pub time: Timestamp,
    /// How far it can be trusted in that view: the sample's own quality, or stale.
    pub quality: Quality,
}

/// Whatever can tell the state of the plant in a view: memory now; the historian, the forecast and
/// the branches later. All that is seen reads it through this.
pub trait State {
    /// The property in that view; `None` when nothing is known of it at that time.
    fn reading(&self, view: View, property: PropertyId) -> Option<Reading>;
}
