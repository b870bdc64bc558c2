//! What happens in the viewer, sent to whoever steers it: each change once, and all of it where a
//! report is requested.

use bevy::ecs::system::SystemParam;
use bevy::prelude::*;
use bevy::time::Real;

use super::channel::Remote;
use super::protocol::{Event, PropertyReport, Report};
use super::refusals::Refusals;
use crate::history::State;
use crate::telemetry::ConnectionState;
use crate::twin::AssetId;
use crate::viewer::app::command_log::{CommandLog, Outcome};
use crate::viewer::app::viewed::Viewed;
use crate::viewer::base::{FrameTime, Origin};
use crate::viewer::scene::models::LoadProgress;
use crate::viewer::time::{OnScreen, Playback, Sources, TelemetryLink};

/// Times are sent at most so often.
const TIME_EVERY_S: f64 = 0.25;

/// Whether a report is requested.
#[derive(Resource, Default)]
pub(super) struct ReportRequested(pub bool);

/// What was sent last, so that only news is.
#[derive(Default)]
pub(super) struct LastSent {
    ready: bool,
    progress: (usize, usize),
    selected: Option<Option<AssetId>>,
    connection: Option<ConnectionState>,
    following: Option<bool>,
    time_s: f64,
    /// How much of the command log was read.
    commands: u64,
}

/// All that events and reports are made from.
#[derive(SystemParam)]
pub(super) struct Watched<'w> {
    viewed: Viewed<'w>,
    sources: Res<'w, Sources>,
    on_screen: OnScreen<'w>,
    link: Res<'w, TelemetryLink>,
    progress: Res<'w, LoadProgress>,
    playback: Res<'w, Playback>,
    time: Res<'w, Time<Real>>,
    frame_time: Res<'w, FrameTime>,
    frames: Option<Res<'w, bevy::diagnostic::FrameCount>>,
    commands: Res<'w, CommandLog>,
}

pub(super) fn send_events(
    remote: Res<Remote>,
    watched: Watched,
    mut requested: ResMut<ReportRequested>,
    mut refusals: ResMut<Refusals>,
    mut sent: Local<LastSent>,
) {
    let Watched { viewed: Viewed { twin, playhead, selection, .. }, progress, .. } = &watched;
    let done = (progress.models_done, progress.models_total);
    if sent.progress != done && remote.send(Event::Progress { done: done.0, total: done.1 }) {
        sent.progress = done;
    }
    if !sent.ready && progress.models_total > 0 && progress.is_complete() {
        sent.ready = remote.send(Event::Ready);
    }
    if sent.selected != Some(selection.selected) {
        let path = selection.selected.map(|asset| twin.0.asset(asset).path.to_string());
        if remote.send(Event::Selected(path)) {
            sent.selected = Some(selection.selected);
        }
    }
    // The plant's, whatever is on screen: a recording that is opened is no news of a broker.
    let connection = watched.link.status.connection();
    if sent.connection.as_ref() != Some(&connection) {
        let reason = match &connection {
            ConnectionState::Disconnected { reason, .. }
            | ConnectionState::Rejected { reason, .. } => Some(reason.clone()),
            _ => None,
        };
        if remote.send(Event::Connection { state: connection.name(), reason }) {
            sent.connection = Some(connection);
        }
    }
    let now_s = watched.time.elapsed_secs_f64();
    let turned = sent.following != Some(playhead.following);
    if playhead.is_changed() && (turned || now_s - sent.time_s >= TIME_EVERY_S) {
        let (at, following) = (playhead.time.to_string(), playhead.following);
        if remote.send(Event::Time { at, following }) {
            sent.following = Some(playhead.following);
            sent.time_s = now_s;
        }
    }
    for record in watched.commands.since(sent.commands) {
        if let (Origin::Remote, Outcome::Refused { why }) = (record.by, &record.outcome) {
            refusals.push(why.clone());
        }
    }
    sent.commands = watched.commands.end();
    refusals.send(&remote);
    if requested.0 && remote.send(Event::Report(Box::new(watched.report()))) {
        requested.0 = false;
    }
}

impl Watched<'_> {
    /// All of it at once.
    fn report(&self) -> Report {
        let Viewed { selection, playhead, .. } = &self.viewed;
        let twin = &self.viewed.twin.0;
        let (state, view) = (&**self.sources, playhead.view());
        let newest = state.span(view.source).map(|span| span.to);
        let now = state.present(view.source).now;
        let lag = newest.zip(now).map(|(newest, now)| now.seconds_since(newest));
        let status = self.on_screen.status();
        let selected = selection.selected;
        let property = |id| {
            let property = twin.property(id);
            let reading = state.reading(view.of_kind(property.kind), id);
            PropertyReport {
                name: property.name.to_string(),
                value: reading.as_ref().map(|reading| property.format(&reading.value)),
                quality: reading.map(|reading| reading.quality),
            }
        };
        Report {
            time: playhead.time.to_string(),
            following: playhead.following,
            recording: self.playback.shown().map(|shown| shown.name.to_owned()),
            selected: selected.map(|asset| twin.asset(asset).path.to_string()),
            connection: status.connection().name().to_owned(),
            counts: status.counters.snapshot(),
            mirror: self.on_screen.counters(),
            queue: self.on_screen.queue().0,
            lag_s: lag.unwrap_or(0.0),
            frame_ms: self.frame_time.mean_ms(),
            frames: self.frames.as_ref().map_or(0, |frames| frames.0),
            models: (self.progress.models_done, self.progress.models_total),
            properties: selected
                .map(|asset| twin.properties_of(asset).map(property).collect())
                .unwrap_or_default(),
            link: self.viewed.link().format(),
        }
    }
}
