//! Where samples come from and where they are kept: the source on screen and its mirror.

use std::sync::Arc;

use bevy::prelude::*;
use crossbeam_channel::Receiver;

use crate::mirror::{Budget, Mirror};
use crate::telemetry::{Batch, Status};
use crate::twin::Timestamp;

/// State and history of the plant on screen.
#[derive(Resource)]
pub struct LiveMirror(pub Mirror);

/// How much of the past the mirror keeps.
#[derive(Resource, Clone, Copy, Debug, Default)]
pub struct Keep(pub Budget);

/// Where the samples come from.
#[derive(Resource, Clone)]
pub struct TelemetryLink {
    /// Decoded messages, in order.
    pub batches: Receiver<Batch>,
    /// How the source is doing.
    pub status: Arc<Status>,
}

impl TelemetryLink {
    /// Of a viewer that has no plant, only files.
    pub fn none() -> Self {
        Self { batches: crossbeam_channel::never(), status: Arc::default() }
    }

    /// Whether there is no plant.
    pub fn is_none(&self) -> bool {
        self.status.broker().is_empty()
    }
}

/// The clock on the wall. Only here does it reach the scene.
#[derive(Resource, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum WallClock {
    /// The computer's.
    #[default]
    System,
    /// Stands there until it is set anew: for what must not depend on how fast the machine is.
    At(Timestamp),
}

impl WallClock {
    /// What it shows.
    pub fn now(self) -> Timestamp {
        match self {
            Self::System => Timestamp::now(),
            Self::At(time) => time,
        }
    }
}
