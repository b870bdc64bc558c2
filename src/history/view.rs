//! A view: which instant, of which series, of which source is looked at.

use crate::twin::{PropertyKind, Timestamp};

/// The live plant, an opened recording or a branch. Numbers are given by whoever keeps the sources
/// and are not used twice.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SourceId(pub u32);

impl SourceId {
    /// The live plant.
    pub const LIVE: Self = Self(0);
}

/// A forecast, by the number under which it was issued; 0 is none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct IssueId(pub u32);

/// Which series of a property is looked at. Measured, estimated and predicted values never mix.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Lane {
    /// What the plant sent, and what follows from it alone (integrals).
    #[default]
    Measured,
    /// What a model that is fed with measurements concludes.
    Estimated,
    /// What one member of a forecast will do: a whole course that a model takes.
    Predicted {
        /// The forecast.
        issue: IssueId,
        /// The member's number in it, from 0.
        member: u32,
    },
}

/// What a scene, a plot or a panel looks at: all of it concrete, so that two readers of the same view
/// see the same. What is relative (the newest instant, the member in the middle) is resolved by the
/// playhead, once a frame.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct View {
    /// Whose time and values.
    pub source: SourceId,
    /// Plant time of that source.
    pub time: Timestamp,
    /// Which series.
    pub lane: Lane,
}

impl View {
    /// What the live plant sent, at that time.
    pub const fn live(time: Timestamp) -> Self {
        Self { source: SourceId::LIVE, time, lane: Lane::Measured }
    }

    /// The same at another time.
    pub const fn at(self, time: Timestamp) -> Self {
        Self { time, ..self }
    }

    /// The series in which a property of that kind has its values in this view: up to now an
    /// estimate stands in the lane of estimates; a forecast predicts both.
    pub fn of_kind(self, kind: PropertyKind) -> Self {
        match (self.lane, kind) {
            (Lane::Measured, PropertyKind::Estimate) => Self { lane: Lane::Estimated, ..self },
            _ => self,
        }
    }
}
