//! The panels: tree, properties, health bar, messages, timeline, help.
//!
//! Flows in: the state of the frame as plain data ([`data::PanelData`]). Flows out: [`Command`]s,
//! and the rectangle that the panels leave for the scene. Each panel is a function of
//! `&mut egui::Ui` and plain data. The systems are here and in [`keys`]; what they and the dispatcher
//! share as Bevy resources is [`UiState`], [`Dock`], [`MessageLog`] and [`PanelControl`].

use bevy::prelude::*;
use bevy_egui::egui::{self, Align2, FontId, Stroke, StrokeKind, UiBuilder, pos2, vec2};
use bevy_egui::{EguiContexts, EguiPrimaryContextPass};

use crate::telemetry::{BadMessage, ConnectionState, RateMeter};
use crate::twin::Timestamp;
use crate::viewer::base::{
    Command, CommandRequest, FrameTime, Notice, Occlusion, Origin, Paint, Palette, Playhead,
    SceneRect, Selection, Severity, Shown, TwinDefinition, settings,
};
use crate::viewer::scene::camera::{CameraRig, SavedViewpoints};
use crate::viewer::scene::models::LoadProgress;
use crate::viewer::time::{OnScreen, Playback, Sources, Survey};

mod control;
pub mod data;
mod dock;
mod health_bar;
mod help;
pub mod keys;
mod messages;
mod overview;
mod property_panel;
mod property_row;
#[cfg(test)]
mod tests;
mod timeline;
mod tree;
mod view_menu;

pub use control::PanelControl;
pub use dock::Dock;
pub use messages::{LogEntry, MessageLog};

use data::{Health, PanelData, Views};
use dock::Pane;

/// What the panels remember from frame to frame.
#[derive(Resource)]
pub struct UiState {
    /// Whether the hint of the first run is shown.
    pub hint: bool,
    tree: tree::TreeState,
    properties: property_panel::PropertyPanelState,
    rates: RateMeter,
    health: Health,
    bad: Vec<BadMessage>,
    refreshed_s: f64,
    /// State of the connection that was logged last.
    logged: Option<std::mem::Discriminant<ConnectionState>>,
}

/// Name under which it is remembered that the hint was put away.
const HINT_SEEN: &str = "hint.json";

impl Default for UiState {
    fn default() -> Self {
        Self {
            hint: !settings::read::<bool>(HINT_SEEN).unwrap_or(false),
            tree: tree::TreeState::default(),
            properties: property_panel::PropertyPanelState::default(),
            rates: RateMeter::default(),
            health: Health::default(),
            bad: Vec::new(),
            refreshed_s: f64::NEG_INFINITY,
            logged: None,
        }
    }
}

impl UiState {
    /// As at first, but for somebody who knows the program already.
    pub fn without_hint() -> Self {
        Self { hint: false, ..Self::default() }
    }
}

/// Adds the panels.
pub fn plugin(app: &mut App) {
    app.init_resource::<UiState>()
        .init_resource::<Dock>()
        .init_resource::<MessageLog>()
        .add_systems(
            EguiPrimaryContextPass,
            (refresh, log_connection, log_problems, forget_old_assets, draw)
                .chain()
                .in_set(Paint::Panels),
        );
}

/// Takes the figures of the health bar; the slow ones some times a second, so that they can be read.
fn refresh(
    mut state: ResMut<UiState>,
    on_screen: OnScreen,
    time: Res<Time<Real>>,
    frame_time: Res<FrameTime>,
    progress: Option<Res<LoadProgress>>,
) {
    const REFRESH_S: f64 = 0.25;
    let now_s = time.elapsed_secs_f64();
    let state = &mut *state;
    state.health.loading = progress
        .map(|progress| (progress.models_done, progress.models_total))
        .filter(|(done, total)| done < total);
    if now_s - state.refreshed_s < REFRESH_S {
        return;
    }
    state.refreshed_s = now_s;
    let status = on_screen.status();
    let health = &mut state.health;
    health.frame_ms = frame_time.mean_ms();
    status.broker().clone_into(&mut health.broker);
    health.connection = status.connection();
    health.counts = status.counters.snapshot();
    health.rates = state.rates.update(now_s, health.counts);
    health.late = on_screen.counters().late;
    health.queue = on_screen.queue();
    state.bad = status.bad.snapshot();
}

/// What is wrong with models and with files that were saved anew goes into the log.
fn log_problems(mut problems: MessageReader<Notice>, mut log: ResMut<MessageLog>) {
    for problem in problems.read() {
        log.push(Timestamp::now(), problem.severity, problem.text.clone());
    }
}

/// What becomes of the connection goes into the log, each change once.
fn log_connection(
    mut state: ResMut<UiState>,
    mut log: ResMut<MessageLog>,
    playback: Res<Playback>,
) {
    // Attempts to connect are not logged, and recordings are logged where they are opened.
    let is_news = !matches!(state.health.connection, ConnectionState::Connecting)
        && playback.shown().is_none();
    let now = std::mem::discriminant(&state.health.connection);
    if state.logged == Some(now) || !is_news || state.health.broker.is_empty() {
        return;
    }
    let again = state.logged.replace(now).is_some();
    if let Some((severity, text)) = connection_message(&state.health, again) {
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

fn forget_old_assets(mut state: ResMut<UiState>, twin: Res<TwinDefinition>) {
    if twin.is_changed() {
        state.tree.reset();
    }
}

/// What the scene is looking at, for one frame.
#[derive(bevy::ecs::system::SystemParam)]
struct Looking<'w> {
    twin: Res<'w, TwinDefinition>,
    sources: Res<'w, Sources>,
    survey: Res<'w, Survey>,
    playhead: Res<'w, Playhead>,
    palette: Res<'w, Palette>,
    log: ResMut<'w, MessageLog>,
    shown: Res<'w, Shown>,
    rig: Res<'w, CameraRig>,
    saved: Res<'w, SavedViewpoints>,
    occlusion: Res<'w, Occlusion>,
    playback: Res<'w, Playback>,
}

/// In a smaller picture panels would leave no room to the scene, so they are left out.
const LEAST_ROOM: egui::Vec2 = vec2(480.0, 270.0);

fn draw(
    mut contexts: EguiContexts,
    mut looking: Looking,
    mut selection: ResMut<Selection>,
    mut state: ResMut<UiState>,
    mut dock: ResMut<Dock>,
    mut scene_rect: ResMut<SceneRect>,
    mut requests: MessageWriter<CommandRequest>,
) -> Result {
    let ctx = contexts.ctx_mut()?.clone();
    let state = &mut *state;
    let mut health = std::mem::take(&mut state.health);
    health.problems = looking.log.unseen();
    let data = PanelData {
        twin: &looking.twin.0,
        state: &**looking.sources,
        survey: &looking.survey,
        playhead: *looking.playhead,
        selection: *selection,
        palette: &looking.palette,
        health: &health,
        shown: *looking.shown,
        views: Views {
            saved: &looking.saved.list,
            orthographic: looking.rig.orthographic,
            can_occlude: looking.occlusion.supported,
        },
        playback: looking.playback.shown(),
    };
    let mut commands = Vec::new();
    let builder =
        UiBuilder::new().layer_id(egui::LayerId::background()).max_rect(ctx.viewport_rect());
    let mut root = egui::Ui::new(ctx.clone(), "panels".into(), builder);
    let room = root.max_rect().size();
    let has_panels = looking.shown.panels && room.x >= LEAST_ROOM.x && room.y >= LEAST_ROOM.y;
    let scene = if has_panels {
        panels(&mut root, &data, &mut looking.log, state, &mut dock, &mut commands)
    } else {
        root.max_rect()
    };
    mark_past(&root, &data, scene);
    if looking.shown.help && help::show(&ctx, data.palette, keys::KEYS) {
        commands.push(Command::ToggleHelp);
    }
    if state.hint && has_panels && help::hint(&ctx, data.palette, scene) {
        state.hint = false;
        settings::write(HINT_SEEN, "true");
    }
    if let Some(hovered) = state.tree.hovered.filter(|_| has_panels) {
        selection.hovered = Some(hovered);
    }
    let free = has_panels.then(|| Rect::new(scene.min.x, scene.min.y, scene.max.x, scene.max.y));
    if scene_rect.rect != free {
        scene_rect.rect = free;
    }
    if ctx.input(|input| input.pointer.any_released()) {
        dock.remember();
    }
    state.health = health;
    requests.write_batch(commands.into_iter().map(|command| command.by(Origin::User)));
    Ok(())
}

/// Draws all panels; returns the rectangle that is left for the scene.
fn panels(
    ui: &mut egui::Ui,
    data: &PanelData,
    log: &mut MessageLog,
    state: &mut UiState,
    dock: &mut Dock,
    commands: &mut Vec<Command>,
) -> egui::Rect {
    let frame = egui::Frame::new().fill(data.palette.window);
    egui::Panel::top("health").exact_size(health_bar::HEIGHT).frame(frame).show(ui, |ui| {
        commands.extend(health_bar::show(ui, data));
    });
    egui::Panel::bottom("timeline").exact_size(timeline::HEIGHT).frame(frame).show(ui, |ui| {
        commands.extend(timeline::show(ui, data));
    });
    state.tree.hovered = None;
    dock.show(ui, data.palette, data.health.problems, &mut |ui, pane| match pane {
        Pane::Scene => {}
        Pane::Assets => commands.extend(tree::show(ui, data, &mut state.tree)),
        Pane::Properties => {
            commands.extend(property_panel::show(ui, data, &mut state.properties));
        }
        Pane::Messages => {
            log.seen();
            messages::show(ui, data, log, &state.bad);
        }
    })
}

/// Frames the scene while it shows the past or a recording, so that nobody takes it for the present.
fn mark_past(ui: &egui::Ui, data: &PanelData, scene: egui::Rect) {
    if data.playhead.following && data.playback.is_none() {
        return;
    }
    let color = data.palette.past;
    let painter = ui.ctx().layer_painter(egui::LayerId::new(egui::Order::Middle, "past".into()));
    painter.rect_stroke(scene, 0.0, Stroke::new(3.0, color), StrokeKind::Inside);
    let clock = timeline::clock_text(data.playhead.time);
    let text = match data.playback {
        Some(shown) => format!("RECORDING  {clock}   {}", shown.name),
        None => {
            let behind = data.playhead.live.seconds_since(data.playhead.time);
            format!("PAST  {clock}   −{}", timeline::span_text(behind))
        }
    };
    let font = FontId::proportional(13.0);
    let galley = painter.layout_no_wrap(text, font, data.palette.window);
    let size = galley.size() + vec2(24.0, 8.0);
    let place = egui::Rect::from_min_size(pos2(scene.center().x - size.x / 2.0, scene.min.y), size);
    painter.rect_filled(place, egui::CornerRadius { nw: 0, ne: 0, sw: 6, se: 6 }, color);
    let at = Align2::CENTER_CENTER.align_size_within_rect(galley.size(), place).min;
    painter.galley(at, galley, data.palette.window);
}
