//! The property panel: what is selected, and all its properties at the playhead.

use bevy_egui::egui::{self, RichText, ScrollArea, Ui};

use super::data::PanelData;
use super::overview;
use super::property_row::{self, RowState};
use super::tree;
use crate::twin::{AssetId, Condition, Level};
use crate::viewer::base::Command;

/// What the panel remembers from frame to frame.
#[derive(Default)]
pub struct PropertyPanelState {
    /// Rows whose details are open.
    pub rows: RowState,
    /// What is searched for in the tree; rows of properties that it names are marked.
    pub search: String,
    /// Asset and words whose row was last brought into sight.
    revealed: Option<(AssetId, String)>,
}

/// Draws the panel; returns what the user asked for.
pub fn show(ui: &mut Ui, data: &PanelData, state: &mut PropertyPanelState) -> Vec<Command> {
    let mut commands = Vec::new();
    egui::Frame::new().inner_margin(egui::Margin::symmetric(12, 10)).show(ui, |ui| {
        match data.selection.selected {
            Some(asset) => {
                heading(ui, data, asset, &mut commands);
                properties(ui, data, asset, state, &mut commands);
            }
            None => overview::show(ui, data, &mut commands),
        }
    });
    commands
}

fn heading(ui: &mut Ui, data: &PanelData, id: AssetId, commands: &mut Vec<Command>) {
    let asset = data.twin.asset(id);
    let palette = data.palette;
    ui.horizontal(|ui| {
        ui.label(RichText::new(&*asset.name).heading().strong().color(palette.text));
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            if ui
                .button("Fly to")
                .on_hover_text("Move the camera there (double-click, or F)")
                .clicked()
            {
                commands.push(Command::FlyTo(id));
            }
        });
    });
    ui.label(RichText::new(&asset.title).color(palette.text_dim));
    let class = data.twin.class_of(id).map_or("Group", |class| class.title.as_str());
    ui.horizontal_wrapped(|ui| {
        ui.label(RichText::new(class).small().color(palette.text_faint));
        ui.label(RichText::new("·").small().color(palette.text_faint));
        ui.label(RichText::new(&*asset.path).small().color(palette.text_faint));
    });
    ui.add_space(2.0);
    ui.horizontal_wrapped(|ui| {
        let condition = data.asset_condition(id);
        if condition != Condition::Unknown {
            chip(ui, condition.name(), palette.condition(condition));
        }
        let below = data.survey.below(id);
        if below != Condition::Unknown {
            chip(ui, &format!("below: {}", below.name()), palette.condition(below));
        }
        if data.is_offline(id) {
            chip(ui, "source offline", palette.stale);
        }
        if asset.level != Level::Unit {
            chip(ui, level_name(asset.level), palette.text_dim);
        }
    });
    ui.add_space(4.0);
    ui.separator();
}

fn level_name(level: Level) -> &'static str {
    match level {
        Level::Site => "site",
        Level::Area => "area",
        Level::Line => "line",
        Level::Cell => "cell",
        Level::Unit => "unit",
    }
}

/// A word in a coloured frame.
pub fn chip(ui: &mut Ui, text: &str, color: egui::Color32) {
    egui::Frame::new()
        .fill(ui.visuals().panel_fill.lerp_to_gamma(color, 0.16))
        .corner_radius(9)
        .inner_margin(egui::Margin::symmetric(8, 1))
        .show(ui, |ui| ui.label(RichText::new(text).small().color(color)));
}

fn properties(
    ui: &mut Ui,
    data: &PanelData,
    asset: AssetId,
    state: &mut PropertyPanelState,
    commands: &mut Vec<Command>,
) {
    let mut own = data.twin.properties_of(asset).peekable();
    if own.peek().is_some() {
        ScrollArea::vertical().auto_shrink([false, false]).show(ui, |ui| {
            let sought = tree::sought(data.twin, asset, &state.search);
            let now = Some((asset, state.search.clone()));
            let mut reveal = state.revealed != now;
            state.revealed = now;
            own.for_each(|property| {
                let is_sought = sought.contains(&property);
                // What is painted first is behind the row.
                let mark = ui.painter().add(egui::Shape::Noop);
                let row =
                    ui.scope(|ui| property_row::show(ui, data, property, &mut state.rows)).response;
                if is_sought {
                    let fill = data.palette.tint(data.palette.accent, 0.16);
                    ui.painter().set(mark, egui::Shape::rect_filled(row.rect, 5.0, fill));
                    if std::mem::take(&mut reveal) {
                        row.scroll_to_me(None);
                    }
                }
            });
        });
        return;
    }
    let text = match data.outline.children(asset) {
        [] => "It has no properties.".to_owned(),
        below => format!("A group of {}", below.len()),
    };
    ui.label(RichText::new(text).color(data.palette.text_dim));
    overview::asset_list(ui, data, data.outline.children(asset), commands);
}
