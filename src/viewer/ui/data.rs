//! What panels are given: plain data, borrowed for one frame. They know neither Bevy's world nor
//! where it comes from, and are tested without it.

use crate::history::{Reading, State, View};
use crate::mirror::{Mirror, Presence};
use crate::telemetry::{ConnectionState, Counts, Rates};
use crate::twin::{AssetId, PropertyId, Twin};
use crate::viewer::base::{Condition, Palette, Playhead, Selection, Shown, condition_of};
use crate::viewer::scene::camera::SavedViewpoint;
use crate::viewer::time::playback;

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
