//! The figures of the health bar, and what becomes of the connection as messages in the log.
//!
//! Flows in: counters and state of the source on screen. Flows out: [`Figures`], which the panels show,
//! and messages.

use bevy::prelude::*;

use super::data::Health;
use super::messages::MessageLog;
use crate::history::SourceId;
use crate::telemetry::{BadMessage, ConnectionState, RateMeter};
use crate::twin::Timestamp;
use crate::viewer::base::{FrameTime, Playhead, Severity};
use crate::viewer::scene::models::LoadProgress;
use crate::viewer::time::{OnScreen, TelemetryLink};

/// What is shown of the source on screen and of the program.
#[derive(Resource, Default)]
pub(super) struct Figures {
    pub health: Health,
    /// Its last messages that could not be decoded.
    pub bad: Vec<BadMessage>,
    /// The source that the figures are of.
    source: Option<SourceId>,
    /// The plant's, which goes on behind a recording.
    plant: RateMeter,
    /// The recording's on screen.
    recording: RateMeter,
    refreshed_s: f64,
    /// State of the plant's connection that was logged last.
    logged: Option<std::mem::Discriminant<ConnectionState>>,
}

/// Takes the figures: at once when another source is on screen, else the slow ones some times a
/// second, so that they can be read.
pub(super) fn refresh(
    mut figures: ResMut<Figures>,
    on_screen: OnScreen,
    link: Res<TelemetryLink>,
    playhead: Res<Playhead>,
    time: Res<Time<Real>>,
    frame_time: Res<FrameTime>,
    progress: Option<Res<LoadProgress>>,
) {
    const REFRESH_S: f64 = 0.25;
    let now_s = time.elapsed_secs_f64();
    let figures = &mut *figures;
    figures.health.loading = progress
        .map(|progress| (progress.models_done, progress.models_total))
        .filter(|(done, total)| done < total);
    let is_other = figures.source != Some(playhead.source);
    if !is_other && now_s - figures.refreshed_s < REFRESH_S {
        return;
    }
    if is_other {
        figures.source = Some(playhead.source);
        figures.recording = RateMeter::default();
    }
    figures.refreshed_s = now_s;
    let status = on_screen.status();
    let health = &mut figures.health;
    health.frame_ms = frame_time.mean_ms();
    status.broker().clone_into(&mut health.broker);
    health.connection = status.connection();
    health.counts = status.counters.snapshot();
    let plant = figures.plant.update(now_s, link.status.counters.snapshot());
    health.rates = match playhead.source {
        SourceId::LIVE => plant,
        _ => figures.recording.update(now_s, health.counts),
    };
    health.late = on_screen.counters().late;
    health.queue = on_screen.queue();
    health.behind = on_screen.behind();
    figures.bad = status.bad.snapshot();
}

/// What becomes of the plant's connection goes into the log, each change once.
pub(super) fn log_connection(mut figures: ResMut<Figures>, mut log: ResMut<MessageLog>) {
    // Attempts to connect are not logged, and recordings are logged where they are opened.
    let is_news = !matches!(figures.health.connection, ConnectionState::Connecting)
        && figures.source == Some(SourceId::LIVE);
    let now = std::mem::discriminant(&figures.health.connection);
    if figures.logged == Some(now) || !is_news || figures.health.broker.is_empty() {
        return;
    }
    let again = figures.logged.replace(now).is_some();
    if let Some((severity, text)) = connection_message(&figures.health, again) {
        log.push(Timestamp::now(), severity, text);
    }
}

/// The message about a connection that has just changed; `again`: it is not the first.
fn connection_message(health: &Health, again: bool) -> Option<(Severity, String)> {
    let broker = &health.broker;
    match &health.connection {
        ConnectionState::Connecting => None,
        ConnectionState::Connected => {
            let again = if again { " again" } else { "" };
            Some((Severity::Info, format!("Connected to {broker}{again}")))
        }
        ConnectionState::Disconnected { reason, .. } => {
            Some((Severity::Error, format!("Connection to {broker} lost: {reason}")))
        }
        ConnectionState::Rejected { reason, .. } => {
            Some((Severity::Error, format!("{broker} refuses the connection: {reason}")))
        }
        ConnectionState::Ended => Some((Severity::Info, "The source has ended".to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::sync::Arc;
    use std::time::Duration;

    use bevy::time::TimeUpdateStrategy;

    use super::*;
    use crate::mirror::Budget;
    use crate::telemetry::Status;
    use crate::twin::{NoFiles, load_text};
    use crate::viewer::time::Sources;

    const TWIN: &str = r#"Twin(schema: 2, name: "t",
        classes: {"A": (properties: {"v": ()})}, assets: [(name: "a", class: "A")])"#;
    const TABLE: &str = "time,a.v\n2026-03-01T12:00:00Z,10\n2026-03-01T12:10:00Z,20\n";

    /// The panels of a plant that sends 100 messages in each frame of a tenth of a second.
    fn app() -> App {
        let loaded = load_text(Path::new("t.ron"), TWIN, &NoFiles).expect("the twin is right");
        let status = Arc::new(Status::new("mqtt://plant"));
        status.set_connection(ConnectionState::Connected);
        let link = TelemetryLink { batches: crossbeam_channel::never(), status };
        let mut app = App::new();
        app.add_plugins(MinimalPlugins)
            .insert_resource(TimeUpdateStrategy::ManualDuration(Duration::from_millis(100)))
            .insert_resource(Sources::new(Arc::new(loaded.twin), Budget::default()))
            .insert_resource(link)
            .init_resource::<Playhead>()
            .init_resource::<FrameTime>()
            .init_resource::<MessageLog>()
            .init_resource::<Figures>()
            .add_systems(Update, (send, refresh, log_connection).chain());
        app
    }

    fn send(link: Res<TelemetryLink>) {
        link.status.counters.messages.add(100);
    }

    fn figures(app: &App) -> &Figures {
        app.world().resource()
    }

    fn texts(app: &App) -> Vec<String> {
        app.world().resource::<MessageLog>().entries().map(|entry| entry.text.clone()).collect()
    }

    /// Puts a recording on screen that has been read as a whole.
    fn show_recording(app: &mut App) {
        let mut sources = app.world_mut().resource_mut::<Sources>();
        let opened = sources.open("shift.csv", TABLE.into(), Budget::default());
        let source = opened.unwrap_or_else(|wrong| panic!("{wrong}"));
        sources.read_on(|| false);
        app.world_mut().resource_mut::<Playhead>().source = source;
    }

    #[test]
    fn the_figures_are_those_of_the_source_on_screen_from_its_first_frame() {
        let mut app = app();
        (0..30).for_each(|_| app.update());
        assert_eq!(figures(&app).health.broker, "mqtt://plant");
        let rate = figures(&app).health.rates.messages;
        assert!((rate - 1000.0).abs() < 1.0, "{rate}");

        show_recording(&mut app);
        app.update();
        assert_eq!(figures(&app).health.broker, "shift.csv");
        (0..30).for_each(|_| app.update());
        assert_eq!(figures(&app).health.rates.messages, 0.0, "it is read already");

        app.world_mut().resource_mut::<Playhead>().source = SourceId::LIVE;
        for _ in 0..30 {
            app.update();
            let health = &figures(&app).health;
            assert_eq!(health.broker, "mqtt://plant");
            assert!((health.rates.messages - 1000.0).abs() < 1.0, "{}", health.rates.messages);
        }
    }

    #[test]
    fn a_recording_that_is_opened_and_closed_is_no_news_of_the_connection() {
        let mut app = app();
        (0..3).for_each(|_| app.update());
        show_recording(&mut app);
        (0..10).for_each(|_| app.update());
        app.world_mut().resource_mut::<Playhead>().source = SourceId::LIVE;
        (0..10).for_each(|_| app.update());
        assert_eq!(texts(&app), ["Connected to mqtt://plant"]);
    }

    #[test]
    fn a_connection_that_broke_behind_a_recording_is_logged_when_the_plant_is_on_screen() {
        let mut app = app();
        app.update();
        show_recording(&mut app);
        app.update();
        let (reason, retry_in) = ("no route".to_owned(), Duration::from_secs(1));
        let lost = ConnectionState::Disconnected { reason, retry_in };
        app.world().resource::<TelemetryLink>().status.set_connection(lost);
        app.world_mut().resource_mut::<Playhead>().source = SourceId::LIVE;
        app.update();
        let last = texts(&app).pop();
        assert_eq!(last.as_deref(), Some("Connection to mqtt://plant lost: no route"));
    }
}
