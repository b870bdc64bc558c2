//! Telemetry into the mirror: the first thing in a frame, within a time budget.
//!
//! Flows in: batches from a bounded channel. Flows out: the mirror's state, which all else reads.

use std::sync::Arc;
use std::time::Duration;

use bevy::platform::time::Instant;
use bevy::prelude::*;
use bevy::time::Real;
use crossbeam_channel::Receiver;

use super::playback::Playback;
use super::remote::Seen;
use super::{Round, TwinDefinition};
use crate::mirror::{Budget, Mirror};
use crate::telemetry::{Batch, Status};
use crate::twin::Timestamp;

/// Time that a frame may spend on taking in samples; what is left waits for the next frame.
pub const BUDGET: Duration = Duration::from_millis(4);
/// The same while nobody sees the scene and nothing is drawn.
const UNSEEN_BUDGET: Duration = Duration::from_millis(50);
/// Where frames are slow (a software renderer), samples gather meanwhile: then this part of a frame
/// is theirs, or the scene would fall behind more with every frame.
const SHARE_OF_SLOW_FRAME: u32 = 5;

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

/// Adds the mirror of the twin on screen and what fills it.
pub fn plugin(app: &mut App) {
    let twin = app.world().resource::<TwinDefinition>().0.clone();
    let keep = app.world().get_resource::<Keep>().copied().unwrap_or_default().0;
    app.init_resource::<WallClock>()
        .init_resource::<Playback>()
        .insert_resource(LiveMirror(Mirror::new(twin, keep)))
        .add_systems(Update, take_in.in_set(Round::Ingest));
}

fn take_in(
    mut mirror: ResMut<LiveMirror>,
    link: Res<TelemetryLink>,
    time: Res<Time<Real>>,
    wall: Res<WallClock>,
    seen: Option<Res<Seen>>,
    mut playback: ResMut<Playback>,
) {
    let begin = Instant::now();
    let budget = match seen {
        Some(seen) if !seen.0 => UNSEEN_BUDGET,
        _ => BUDGET.max(time.delta() / SHARE_OF_SLOW_FRAME),
    };
    let mirror = &mut mirror.0;
    let enough = || begin.elapsed() >= budget;
    if playback.read_on(mirror, wall.now(), enough) {
        return;
    }
    mirror.ingest(&link.batches, enough);
    mirror.tick(wall.now());
}
