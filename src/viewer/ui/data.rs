//! What panels are given: plain data, borrowed for one frame. They know neither Bevy's world nor
//! where it comes from, and are tested without it.

use crate::history::{Reading, State, View};
use crate::mirror::{Mirror, Presence};
use crate::telemetry::{ConnectionState, Counts, Rates};
use crate::twin::{AssetId, Limits, PropertyId, Quality, Twin, Value};
use crate::viewer::camera::SavedViewpoint;
use crate::viewer::theme::Palette;
use crate::viewer::{Playhead, Selection, Shown, playback};

/// All that the panels of one frame read.
#[derive(Clone, Copy)]
pub struct PanelData<'a> {
    /// The definition on screen.
    pub twin: &'a Twin,
    /// State and history.
    pub mirror: &'a Mirror,
    /// Where on the time axis the scene is.
    pub playhead: Playhead,
    /// What is selected and hovered.
    pub selection: Selection,
    /// Colours.
    pub palette: &'a Palette,
    /// How the connection is doing.
    pub health: &'a Health,
    /// What is switched on.
    pub shown: Shown,
    /// Where the camera can go, and how it looks.
    pub views: Views<'a>,
    /// The recording that is on screen instead of the plant.
    pub playback: Option<playback::Shown<'a>>,
}

/// What the View menu knows of the camera.
#[derive(Clone, Copy, Debug, Default)]
pub struct Views<'a> {
    /// The user's own viewpoints; they follow the twin's.
    pub saved: &'a [SavedViewpoint],
    /// Parallel instead of perspective projection.
    pub orthographic: bool,
    /// Whether this machine can shade corners.
    pub can_occlude: bool,
}

/// How the connection and the program are doing.
#[derive(Clone, Debug, Default)]
pub struct Health {
    /// Address of the broker, without user and password.
    pub broker: String,
    /// How the source stands with it.
    pub connection: ConnectionState,
    /// What was counted since the start.
    pub counts: Counts,
    /// What goes through per second.
    pub rates: Rates,
    /// Batches that wait for the mirror, and room for them.
    pub queue: (usize, usize),
    /// Mean time from one frame to the next, of the last ones, in milliseconds.
    pub frame_ms: f64,
    /// Models that are still loading, of how many.
    pub loading: Option<(usize, usize)>,
    /// Warnings and errors in the message log that nobody has seen yet.
    pub problems: usize,
}

/// How an asset or a property is doing, the worst last.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Condition {
    /// It has no property, or nothing is known yet.
    #[default]
    Unknown,
    /// Within its limits.
    Normal,
    /// Nothing has come for too long, or its source is offline.
    Stale,
    /// It deserves a look.
    Warning,
    /// Out of order, or the source says that the value is wrong.
    Alarm,
}

impl Condition {
    /// One word for people.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Unknown => "no data",
            Self::Normal => "normal",
            Self::Stale => "stale",
            Self::Warning => "warning",
            Self::Alarm => "alarm",
        }
    }

    /// Its colour.
    pub const fn color(self, palette: &Palette) -> bevy_egui::egui::Color32 {
        match self {
            Self::Unknown => palette.text_faint,
            Self::Normal => palette.good,
            Self::Stale => palette.stale,
            Self::Warning => palette.warning,
            Self::Alarm => palette.alarm,
        }
    }
}

/// How a reading stands against its limits.
pub fn condition_of(reading: Option<&Reading>, limits: &Limits) -> Condition {
    let Some(reading) = reading else { return Condition::Unknown };
    match reading.quality {
        Quality::Stale => return Condition::Stale,
        Quality::Bad => return Condition::Alarm,
        Quality::Good | Quality::Uncertain => {}
    }
    let Value::Number(number) = reading.value else { return Condition::Normal };
    let below = |limit: Option<f64>| limit.is_some_and(|limit| number < limit);
    let above = |limit: Option<f64>| limit.is_some_and(|limit| number > limit);
    if below(limits.low_alarm) || above(limits.high_alarm) {
        Condition::Alarm
    } else if below(limits.low_warning)
        || above(limits.high_warning)
        || reading.quality == Quality::Uncertain
    {
        Condition::Warning
    } else {
        Condition::Normal
    }
}

impl PanelData<'_> {
    /// The view of the main scene.
    pub fn view(&self) -> View {
        self.playhead.view()
    }

    /// A property at the playhead.
    pub fn reading(&self, property: PropertyId) -> Option<Reading> {
        self.mirror.reading(self.view(), property)
    }

    /// How a property is doing at the playhead.
    pub fn property_condition(&self, property: PropertyId) -> Condition {
        condition_of(self.reading(property).as_ref(), &self.twin.property(property).limits)
    }

    /// The worst condition of an asset's own properties at the playhead.
    pub fn asset_condition(&self, asset: AssetId) -> Condition {
        let worst =
            self.twin.properties_of(asset).map(|property| self.property_condition(property)).max();
        worst.unwrap_or_default()
    }

    /// Whether the asset's source said that it is gone.
    pub fn is_offline(&self, asset: AssetId) -> bool {
        self.mirror.online(asset) == Presence::Offline
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::twin::Timestamp;

    fn reading(number: f64, quality: Quality) -> Reading {
        Reading { value: Value::Number(number), time: Timestamp(0), quality }
    }

    #[test]
    fn a_value_beyond_its_limits_is_a_warning_and_then_an_alarm() {
        let limits = Limits {
            low_warning: Some(1.0),
            high_warning: Some(8.0),
            high_alarm: Some(9.0),
            low_alarm: None,
        };
        let condition = |number| condition_of(Some(&reading(number, Quality::Good)), &limits);
        assert_eq!(condition(5.0), Condition::Normal);
        assert_eq!(condition(0.5), Condition::Warning);
        assert_eq!(condition(8.5), Condition::Warning);
        assert_eq!(condition(9.5), Condition::Alarm);
    }

    #[test]
    fn a_stale_value_is_stale_whatever_it_says_and_an_absent_one_is_unknown() {
        let limits = Limits { high_alarm: Some(1.0), ..Limits::default() };
        assert_eq!(condition_of(Some(&reading(9.0, Quality::Stale)), &limits), Condition::Stale);
        assert_eq!(condition_of(Some(&reading(0.0, Quality::Bad)), &limits), Condition::Alarm);
        assert_eq!(condition_of(None, &limits), Condition::Unknown);
    }
}
