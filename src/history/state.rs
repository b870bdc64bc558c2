//! The one interface by which everything that is seen reads: scene, labels, panels, charts, alarms.

use std::sync::Arc;

use super::changes::ChangeLog;
use super::decimate::Bucket;
use super::view::{SourceId, View};
use crate::twin::{AssetId, PropertyId, Quality, Timestamp, Value};

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

/// What is known of one property in a view.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Answer {
    /// It is known.
    Known(Reading),
    /// A branch does not know better than what was so when it began.
    AsBefore(Reading),
    /// Nothing is known of it at that time, and nothing will be.
    #[default]
    Unknown,
    /// It is kept, but not in memory yet; ask again.
    Loading,
}

impl Answer {
    /// What is known, in a branch also what was known before it.
    pub fn reading(&self) -> Option<&Reading> {
        match self {
            Self::Known(reading) | Self::AsBefore(reading) => Some(reading),
            Self::Unknown | Self::Loading => None,
        }
    }

    /// The same, by value.
    pub fn into_reading(self) -> Option<Reading> {
        match self {
            Self::Known(reading) | Self::AsBefore(reading) => Some(reading),
            Self::Unknown | Self::Loading => None,
        }
    }
}

impl From<Option<Reading>> for Answer {
    fn from(reading: Option<Reading>) -> Self {
        reading.map_or(Self::Unknown, Self::Known)
    }
}

/// Between which values something lies, in the property's unit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Band {
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
    /// Probability with which it is said to lie between them, from 0 to 1.
    pub coverage: f64,
}

/// A span of a source's plant time, both ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Span {
    /// Where it begins.
    pub from: Timestamp,
    /// Where it ends.
    pub to: Timestamp,
}

/// Where a source's own time stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Present {
    /// Its plant time; `None` while it is unknown.
    pub now: Option<Timestamp>,
    /// The newest instant that a scene shows which follows it: now, less the display delay.
    pub live: Option<Timestamp>,
    /// Whether its time goes on, or has stopped for want of messages.
    pub goes_on: bool,
}

/// Whether a device is online, as it or its last will stated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Presence {
    /// Nothing states it.
    #[default]
    Unknown,
    /// It stated that it is online.
    Online,
    /// It, or its last will, stated that it is offline.
    Offline,
}

/// Whatever knows the state of a plant in a view: memory of the past, a forecast of the future, all
/// sources of a program together; the historian and the branches later. Each answers for its own
/// sources and lanes and knows nothing of others.
///
/// ```
/// use twinscope::history::{Answer, Presence, State, View};
/// use twinscope::twin::{AssetId, PropertyId};
///
/// /// A source that knows nothing.
/// struct Empty;
///
/// impl State for Empty {
///     fn read(&self, _: View, _: PropertyId) -> Answer {
///         Answer::Unknown
///     }
/// }
/// assert_eq!(Empty.reading(View::default(), PropertyId(0)), None);
/// assert_eq!(Empty.presence(View::default(), AssetId(0)), Presence::Unknown);
/// ```
pub trait State {
    /// What is known of a property in that view.
    fn read(&self, view: View, property: PropertyId) -> Answer;

    /// The same, where it makes no difference why nothing is known.
    fn reading(&self, view: View, property: PropertyId) -> Option<Reading> {
        self.read(view, property).into_reading()
    }

    /// What is known of many properties, in their order, appended to `answers`.
    fn read_all(&self, view: View, properties: &[PropertyId], answers: &mut Vec<Answer>) {
        answers.extend(properties.iter().map(|property| self.read(view, *property)));
    }

    /// The quality of [`State::read`], where the value is of no interest: making it may be costly.
    fn quality(&self, view: View, property: PropertyId) -> Option<Quality> {
        self.reading(view, property).map(|reading| reading.quality)
    }

    /// Why a property has no value in that view although messages came for it, for people; `None` where it has one, and
    /// where none came.
    fn unread(&self, view: View, property: PropertyId) -> Option<Arc<str>> {
        let _ = (view, property);
        None
    }

    /// Between which values the property lies in that view, where that is known beside the value.
    fn band(&self, view: View, property: PropertyId) -> Option<Band> {
        let _ = (view, property);
        None
    }

    /// Whether an asset's source was online at that time: offline when any device that it hangs on
    /// was.
    fn presence(&self, view: View, asset: AssetId) -> Presence {
        let _ = (view, asset);
        Presence::Unknown
    }

    /// The samples of a number or an enumeration (as its index) over a span, both ends included, in the
    /// series of that view (whose time does not matter), shortened to at most `buckets` pieces that keep
    /// its peaks. Where nothing was sampled there is no piece.
    fn series(&self, view: View, property: PropertyId, over: Span, buckets: usize) -> Vec<Bucket> {
        let _ = (view, property, over, buckets);
        Vec::new()
    }

    /// Time of the newest sample of a property in the series of that view, as the view counts time.
    fn newest(&self, view: View, property: PropertyId) -> Option<Timestamp> {
        let _ = (view, property);
        None
    }

    /// The first instant at which the newest sample of a property is too old, in the series of that
    /// view; `None` while there is none, and where it never grows old.
    fn stale_from(&self, view: View, property: PropertyId) -> Option<Timestamp> {
        let _ = (view, property);
        None
    }

    /// What a source knows: from where on every property's history is whole, to the newest sample of all;
    /// `None` while it knows nothing.
    fn span(&self, source: SourceId) -> Option<Span> {
        let _ = source;
        None
    }

    /// Where a source's own time stands.
    fn present(&self, source: SourceId) -> Present {
        let _ = source;
        Present::default()
    }

    /// What a source takes in, to be followed; `None` where there is no such source, or nothing that
    /// is read from it ever changes.
    fn changes(&self, source: SourceId) -> Option<&ChangeLog> {
        let _ = source;
        None
    }
}
