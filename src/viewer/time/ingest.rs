//! Telemetry into the live plant, and files that are opened beside it: the first thing in a frame,
//! within a time budget.
//!
//! Flows in: batches from a bounded channel, and what is left of files. Flows out: the state of each
//! source, which all else reads.

use std::time::Duration;

use bevy::platform::time::Instant;
use bevy::prelude::*;
use bevy::time::Real;

use super::playback::Playback;
use super::sources::{Keep, Sources, TelemetryLink, WallClock};
use crate::viewer::base::{Round, Seen, TwinDefinition};

/// Time that a frame may spend on taking in samples; what is left waits for the next frame.
pub const BUDGET: Duration = Duration::from_millis(4);
/// The same while nobody sees the scene and nothing is drawn.
const UNSEEN_BUDGET: Duration = Duration::from_millis(50);
/// Where frames are slow (a software renderer), samples gather meanwhile: then this part of a frame
/// is theirs, or the scene would fall behind more with every frame.
const SHARE_OF_SLOW_FRAME: u32 = 5;

/// Adds the live plant of the twin on screen and what fills it.
pub fn plugin(app: &mut App) {
    let twin = app.world().resource::<TwinDefinition>().0.clone();
    let keep = app.world().get_resource::<Keep>().copied().unwrap_or_default().0;
    app.init_resource::<WallClock>()
        .init_resource::<Playback>()
        .insert_resource(Sources::new(twin, keep))
        .add_systems(Update, take_in.in_set(Round::Ingest));
}

fn take_in(
    mut sources: ResMut<Sources>,
    link: Res<TelemetryLink>,
    time: Res<Time<Real>>,
    wall: Res<WallClock>,
    seen: Option<Res<Seen>>,
) {
    let begin = Instant::now();
    let budget = match seen {
        Some(seen) if !seen.0 => UNSEEN_BUDGET,
        _ => BUDGET.max(time.delta() / SHARE_OF_SLOW_FRAME),
    };
    let enough = || begin.elapsed() >= budget;
    // The plant first: its channel is bounded and does not wait, files do.
    sources.live_mut().ingest(&link.batches, enough);
    sources.live_mut().tick(wall.now());
    sources.read_on(enough);
}
