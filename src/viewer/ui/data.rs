//! What panels are given: plain data, borrowed for one frame. They know neither Bevy's world nor
//! where it comes from, and are tested without it.

use std::time::Duration;

use super::outline::Outline;
use crate::history::{Presence, Present, Reading, Span, State, View};
use crate::telemetry::{ConnectionState, Counts, Rates};
use crate::twin::{AssetId, Condition, PropertyId, Twin};
use crate::viewer::base::{Palette, Playhead, Selection, Shown};
use crate::viewer::scene::camera::SavedViewpoint;
use crate::viewer::time::{Survey, playback, survey};

/// All that the panels of one frame read.
#[derive(Clone, Copy)]
pub struct PanelData<'a> {
    /// The definition on screen.
    pub twin: &'a Twin,
    /// Its assets from above to below.
    pub outline: &'a Outline,
    /// What is known of the plant, in any view.
    pub state: &'a dyn State,
    /// How all of its properties are doing.
    pub survey: &'a Survey,
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
    /// Samples that took their place in the past, since newer ones had come before them.
    pub late: u64,
    /// Batches that wait to be taken in, and room for them.
    pub queue: (usize, usize),
    /// How far behind the clock on the wall what came is taken in.
    pub behind: Duration,
    /// Mean time from one frame to the next, of the last ones, in milliseconds.
    pub frame_ms: f64,
    /// Models that are still loading, of how many.
    pub loading: Option<(usize, usize)>,
    /// Warnings and errors in the message log that nobody has seen yet.
    pub problems: usize,
}

impl PanelData<'_> {
    /// The view of the main scene.
    pub fn view(&self) -> View {
        self.playhead.view()
    }

    /// The view in which a property has its values: an estimate stands in a lane of its own.
    pub fn view_of(&self, property: PropertyId) -> View {
        self.view().of_kind(self.twin.property(property).kind)
    }

    /// A property at the playhead.
    pub fn reading(&self, property: PropertyId) -> Option<Reading> {
        self.state.reading(self.view_of(property), property)
    }

    /// How a property is doing at the playhead.
    pub fn property_condition(&self, property: PropertyId) -> Condition {
        survey::condition(self.state, self.twin, self.view(), property)
    }

    /// The worst condition of an asset's own properties at the playhead.
    pub fn asset_condition(&self, asset: AssetId) -> Condition {
        survey::asset_condition(self.state, self.twin, self.view(), asset)
    }

    /// The worst condition of an asset and of all that is below it.
    pub fn worst_condition(&self, asset: AssetId) -> Condition {
        self.asset_condition(asset).max(self.survey.below(asset))
    }

    /// Whether the asset's source was gone at the playhead.
    pub fn is_offline(&self, asset: AssetId) -> bool {
        self.state.presence(self.view(), asset) == Presence::Offline
    }

    /// What the source on screen knows.
    pub fn span(&self) -> Option<Span> {
        self.state.span(self.playhead.source)
    }

    /// Where its own time stands.
    pub fn present(&self) -> Present {
        self.state.present(self.playhead.source)
    }
}
