//! The panels: tree, properties, health bar, messages, timeline, help.
//!
//! Flows in: the state of the frame as plain data ([`data::PanelData`]). Flows out: [`Command`]s,
//! and the rectangle that the panels leave for the scene. Each panel is a function of
//! `&mut egui::Ui` and plain data. The systems are here and in [`keys`]; what they and the dispatcher
//! share as Bevy resources is [`UiState`], [`Dock`], [`MessageLog`] and [`PanelControl`].

use bevy::prelude::*;
use bevy_egui::egui::{self, Align2, FontId, Stroke, StrokeKind, UiBuilder, pos2, vec2};
use bevy_egui::{EguiContexts, EguiPrimaryContextPass};

use crate::telemetry::BadMessage;
use crate::twin::{AssetId, Timestamp};
use crate::viewer::base::{
    Command, CommandRequest, Notice, Occlusion, Origin, Paint, Palette, Playhead, SceneRect,
    Selection, Shown, TwinDefinition, settings,
};
use crate::viewer::scene::camera::{CameraRig, SavedViewpoints, ScenePointer};
use crate::viewer::time::{Playback, Sources, Survey};

mod control;
pub mod data;
mod dock;
mod figures;
mod health_bar;
mod help;
pub mod keys;
mod liveness;
mod mark;
mod messages;
pub mod outline;
mod overview;
mod property_panel;
mod property_row;
mod sparkline;
#[cfg(test)]
mod tests;
mod timeline;
mod tree;
mod view_menu;

pub use control::PanelControl;
pub use dock::Dock;
pub use messages::{LogEntry, MessageLog};

use data::{PanelData, Views};
use dock::Pane;
use figures::Figures;
use outline::Outline;

/// What the panels remember from frame to frame.
#[derive(Resource)]
pub struct UiState {
    /// Whether the hint of the first run is shown.
    pub hint: bool,
    tree: tree::TreeState,
    properties: property_panel::PropertyPanelState,
    /// Row of the tree that was under the pointer in the frame before.
    hovered: Option<AssetId>,
}

/// Name under which it is remembered that the hint was put away.
const HINT_SEEN: &str = "hint.json";

impl Default for UiState {
    fn default() -> Self {
        Self {
            hint: !settings::read::<bool>(HINT_SEEN).unwrap_or(false),
            tree: tree::TreeState::default(),
            properties: property_panel::PropertyPanelState::default(),
            hovered: None,
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
        .init_resource::<Figures>()
        .init_resource::<Outline>()
        .add_systems(
            EguiPrimaryContextPass,
            (
                figures::refresh,
                figures::log_connection,
                log_problems,
                follow_definition,
                draw,
                keys::note_focus,
            )
                .chain()
                .in_set(Paint::Panels),
        );
}

/// What is wrong with models and with files that were saved anew goes into the log.
fn log_problems(mut problems: MessageReader<Notice>, mut log: ResMut<MessageLog>) {
    for problem in problems.read() {
        log.push(Timestamp::now(), problem.severity, problem.text.clone());
    }
}

/// Of another definition's assets nothing is remembered.
fn follow_definition(
    mut state: ResMut<UiState>,
    mut outline: ResMut<Outline>,
    twin: Res<TwinDefinition>,
) {
    if twin.is_changed() {
        *outline = Outline::new(&twin.0);
        state.tree.reset();
        state.hovered = None;
    }
}

/// What the scene is looking at, for one frame.
#[derive(bevy::ecs::system::SystemParam)]
struct Looking<'w> {
    twin: Res<'w, TwinDefinition>,
    outline: Res<'w, Outline>,
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
    figures: ResMut<'w, Figures>,
    pointer: Res<'w, ScenePointer>,
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
    looking.figures.health.problems = looking.log.unseen();
    let data = PanelData {
        twin: &looking.twin.0,
        outline: &looking.outline,
        state: &**looking.sources,
        survey: &looking.survey,
        playhead: *looking.playhead,
        selection: *selection,
        palette: &looking.palette,
        health: &looking.figures.health,
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
        let (log, bad) = (&mut *looking.log, &looking.figures.bad);
        panels(&mut root, &data, (log, bad), state, &mut dock, &mut commands)
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
    let row = state.tree.hovered.filter(|_| has_panels);
    let row_before = std::mem::replace(&mut state.hovered, row);
    let in_scene = looking.pointer.over.is_some() && !looking.pointer.dragging;
    let hovered = hovered_after(selection.hovered, row_before, row, in_scene);
    if selection.hovered != hovered {
        selection.hovered = hovered;
    }
    let free = has_panels.then(|| Rect::new(scene.min.x, scene.min.y, scene.max.x, scene.max.y));
    if scene_rect.rect != free {
        scene_rect.rect = free;
    }
    if ctx.input(|input| input.pointer.any_released()) {
        dock.remember();
    }
    requests.write_batch(commands.into_iter().map(|command| command.by(Origin::User)));
    Ok(())
}

/// What is hovered after the pointer went from one row of the tree to another, or from or to none. What
/// the tree did not set stays, and over the scene the scene decides.
fn hovered_after(
    hovered: Option<AssetId>,
    row_before: Option<AssetId>,
    row: Option<AssetId>,
    in_scene: bool,
) -> Option<AssetId> {
    let left = row_before.is_some() && hovered == row_before && !in_scene;
    row.or(hovered.filter(|_| !left))
}

/// Draws all panels; returns the rectangle that is left for the scene.
fn panels(
    ui: &mut egui::Ui,
    data: &PanelData,
    (log, bad): (&mut MessageLog, &[BadMessage]),
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
            state.properties.search.clone_from(&state.tree.search);
            commands.extend(property_panel::show(ui, data, &mut state.properties));
        }
        Pane::Messages => {
            log.seen();
            messages::show(ui, data, log, bad);
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
    let clock = timeline::stamp_text(data.playhead.time);
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
