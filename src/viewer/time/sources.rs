//! Where samples come from, and all sources that can be looked at.

use std::ops::{Deref, DerefMut};
use std::sync::Arc;
use std::time::Duration;

use bevy::ecs::system::SystemParam;
use bevy::prelude::*;
use crossbeam_channel::Receiver;

use crate::history::SourceId;
use crate::mirror::{self, Budget, Mirror};
use crate::telemetry::{Batch, Status};
use crate::twin::{Timestamp, Twin};
use crate::viewer::base::Playhead;

/// The live plant and the recordings beside it. What is seen reads them through
/// [`crate::history::State`], by the source that its view names.
#[derive(Resource)]
pub struct Sources(mirror::Sources);

impl Sources {
    /// The live plant of a twin, of which nothing is known yet.
    pub fn new(twin: Arc<Twin>, budget: Budget) -> Self {
        Self(mirror::Sources::new(Mirror::new(twin, budget)))
    }
}

impl Deref for Sources {
    type Target = mirror::Sources;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl DerefMut for Sources {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.0
    }
}

/// How much of the past is kept of each source.
#[derive(Resource, Clone, Copy, Debug, Default)]
pub struct Keep(pub Budget);

/// How far behind the clock on the wall the live plant is taken in; zero unless frames are slow or more
/// comes than there is time for.
#[derive(Resource, Clone, Copy, Debug, Default)]
pub struct Behind(pub Duration);

/// Where the live plant's samples come from.
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

/// The source that the main scene shows: how it is doing, and what was counted of it.
#[derive(SystemParam)]
pub struct OnScreen<'w> {
    sources: Res<'w, Sources>,
    link: Res<'w, TelemetryLink>,
    playhead: Res<'w, Playhead>,
    behind: Option<Res<'w, Behind>>,
}

impl OnScreen<'_> {
    /// How its connection or its file is doing.
    pub fn status(&self) -> &Arc<Status> {
        let opened = self.sources.find(self.playhead.source);
        opened.map_or(&self.link.status, mirror::Opened::status)
    }

    /// Batches that wait to be taken in, and room for them; a file has none.
    pub fn queue(&self) -> (usize, usize) {
        match self.sources.find(self.playhead.source) {
            Some(_) => (0, 0),
            None => (self.link.batches.len(), self.link.batches.capacity().unwrap_or(0)),
        }
    }

    /// How far behind the clock on the wall it is taken in; a file is as it is.
    pub fn behind(&self) -> Duration {
        let behind = self.behind.as_ref().filter(|_| self.playhead.source == SourceId::LIVE);
        behind.map(|behind| behind.0).unwrap_or_default()
    }

    /// What became of everything that it sent.
    pub fn counters(&self) -> mirror::Counters {
        let mirror = self.sources.get(self.playhead.source);
        mirror.map(|mirror| *mirror.counters()).unwrap_or_default()
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
