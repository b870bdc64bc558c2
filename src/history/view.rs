//! A view: which instant, of which series, is looked at; and the one interface that answers it.

use crate::twin::{PropertyId, Quality, Timestamp, Value};

/// Which series of a property is looked at. Measured, estimated and predicted values never mix.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Lane {
    /// What the plant said.
    #[default]
    Measured,
    /// What one member of a forecast will do: a whole course that a model takes.
    Predicted(Pick),
}

/// Which member of a forecast.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Pick {
    /// The one in the middle of all, which stands for the ensemble.
    #[default]
    Medoid,
    /// The one whose time of an event is at a percentile.
    At {
        /// Place of the event among the model's.
        event: u16,
        /// Thousandths of the members to which it happens no later: 100 is the 10 % percentile.
        permille: u16,
    },
    /// The one with this number, from 0.
    Number(u32),
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

/// Whatever can tell the state of the plant in a view: memory of the past, a forecast of the future;
/// the historian and the branches later. Each answers for its own lanes alone. All that is seen
/// reads it through this.
pub trait State {
    /// The property in that view; `None` when nothing is known of it at that time.
    fn reading(&self, view: View, property: PropertyId) -> Option<Reading>;
}
