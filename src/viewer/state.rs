//! The viewer's own state: what all its plugins read and only their owners write.

use std::sync::Arc;

use bevy::prelude::*;

use crate::history::{Lane, View};
use crate::twin::{AssetId, Timestamp, Twin};

/// One round of a frame, in this order, within `Update`.
#[derive(SystemSet, Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Round {
    /// Drain the telemetry channel, within a time budget.
    Ingest,
    /// One system moves the playhead.
    Playhead,
    /// State at the playhead into components.
    Sample,
    /// Components into transforms, colours and labels.
    Present,
    /// Panels.
    Ui,
}

/// The definition that is on screen. Replaced as a whole when the file is saved anew.
#[derive(Resource, Clone)]
pub struct TwinDefinition(pub Arc<Twin>);

/// The instant that the scene shows. Written by the playhead's one system.
#[derive(Resource, Clone, Copy, Debug, Default, PartialEq)]
pub struct Playhead {
    /// What the main scene shows.
    pub time: Timestamp,
    /// Whether it follows the present.
    pub following: bool,
    /// Which series.
    pub lane: Lane,
    /// The newest instant that it can show: the present less the display delay.
    pub live: Timestamp,
}

impl Playhead {
    /// The view of the main scene.
    pub fn view(&self) -> View {
        View { time: self.time, lane: self.lane }
    }
}

/// What the user has selected and what the pointer is over.
#[derive(Resource, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Selection {
    /// Selected in the tree or in the scene.
    pub selected: Option<AssetId>,
    /// Under the pointer, in the tree or in the scene.
    pub hovered: Option<AssetId>,
}

/// Root entity of an asset's scene, in the main view.
#[derive(Component, Clone, Copy, Debug, PartialEq, Eq)]
pub struct AssetRoot(pub AssetId);

/// A mesh entity that belongs to an asset; what picking hits.
#[derive(Component, Clone, Copy, Debug, PartialEq, Eq)]
pub struct PartOf(pub AssetId);
