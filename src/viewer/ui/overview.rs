//! What the property panel shows while nothing is selected: how the plant is doing as a whole, and
//! what deserves a look.

use bevy_egui::egui::{self, RichText, Sense, Ui, vec2};

use super::data::PanelData;
use crate::twin::{AssetId, Condition, PropertyId};
use crate::viewer::base::Command;

/// Entries of the list of what deserves a look.
const MOST_LISTED: usize = 40;
/// Height of a row of a list.
const ROW_HEIGHT: f32 = 24.0;

/// Draws the overview.
pub fn show(ui: &mut Ui, data: &PanelData, commands: &mut Vec<Command>) {
    let palette = data.palette;
    ui.label(RichText::new(&data.twin.title).heading().strong().color(palette.text));
    if !data.twin.description.is_empty() {
        ui.label(RichText::new(&data.twin.description).small().color(palette.text_dim));
    }
    ui.add_space(6.0);
    let survey = data.survey;
    let [unknown, normal, stale, warning, alarm] = [
        Condition::Unknown,
        Condition::Normal,
        Condition::Stale,
        Condition::Warning,
        Condition::Alarm,
    ]
    .map(|condition| survey.count(condition));
    ui.columns(3, |columns| {
        tile(&mut columns[0], data, "assets", survey.equipment(), palette.text);
        tile(&mut columns[1], data, "properties", data.twin.property_count(), palette.text);
        let out = warning + alarm;
        // Of what is stale or unknown nobody knows whether it is in order.
        let color = match (out, stale + unknown) {
            (0, 0) => palette.good,
            (0, _) => palette.stale,
            _ => palette.warning,
        };
        tile(&mut columns[2], data, "off limits", out, color);
    });
    ui.add_space(8.0);
    if !survey.is_complete() {
        ui.label(RichText::new("Looking through all properties…").color(palette.text_dim));
    }
    if stale > 0 {
        ui.label(RichText::new(format!("{stale} properties are stale")).color(palette.stale));
    }
    if unknown > 0 && unknown < data.twin.property_count() {
        ui.label(RichText::new(format!("{unknown} properties are unknown")).color(palette.stale));
    }
    ui.add_space(4.0);
    ui.label(RichText::new("Deserves a look").strong().color(palette.text));
    ui.separator();
    if warning + alarm == 0 {
        let text = match (stale, normal, unknown) {
            (0, 0, _) => "Nothing is known yet.",
            (0, _, 0) => "Nothing: every value is within its limits.",
            (0, _, _) => "Nothing of what is known: it is within its limits.",
            (_, 0, _) => "No value is current: nobody knows.",
            _ => "Nothing of what is current: it is within its limits.",
        };
        ui.label(RichText::new(text).color(palette.text_dim));
        return;
    }
    egui::ScrollArea::vertical().auto_shrink([false, false]).show(ui, |ui| {
        for (property, condition) in survey.worst().take(MOST_LISTED) {
            line(ui, data, property, condition, commands);
        }
    });
}

fn tile(ui: &mut Ui, data: &PanelData, name: &str, count: usize, color: egui::Color32) {
    egui::Frame::new()
        .fill(data.palette.well)
        .corner_radius(6)
        .inner_margin(egui::Margin::symmetric(10, 7))
        .show(ui, |ui| {
            ui.set_width(ui.available_width());
            ui.spacing_mut().item_spacing.y = 0.0;
            ui.label(RichText::new(count.to_string()).size(20.0).strong().color(color));
            let name = RichText::new(name).small().color(data.palette.text_dim);
            ui.add(egui::Label::new(name).truncate());
        });
}

fn line(
    ui: &mut Ui,
    data: &PanelData,
    property: PropertyId,
    condition: Condition,
    commands: &mut Vec<Command>,
) {
    let owner = data.twin.owner(property);
    let definition = data.twin.property(property);
    let value = data.reading(property).map(|reading| definition.format(&reading.value));
    let texts = [
        data.twin.asset(owner).name.to_string(),
        definition.title.clone(),
        value.unwrap_or_default(),
    ];
    if row(ui, data, condition, &texts).clicked() {
        commands.push(Command::FlyTo(owner));
    }
}

/// A list of assets with their conditions that scrolls; a click selects.
pub fn asset_list(ui: &mut Ui, data: &PanelData, assets: &[AssetId], commands: &mut Vec<Command>) {
    let area = egui::ScrollArea::vertical().auto_shrink([false, false]);
    area.show_rows(ui, ROW_HEIGHT, assets.len(), |ui, in_sight| {
        for &id in &assets[in_sight] {
            let asset = data.twin.asset(id);
            let texts = [asset.name.to_string(), asset.title.clone(), String::new()];
            let response = row(ui, data, data.asset_condition(id), &texts);
            response.widget_info(|| {
                egui::WidgetInfo::labeled(egui::WidgetType::Button, true, &*asset.name)
            });
            if response.clicked() {
                commands.push(Command::Select(Some(id)));
            }
        }
    });
}

fn row(ui: &mut Ui, data: &PanelData, condition: Condition, texts: &[String; 3]) -> egui::Response {
    let palette = data.palette;
    let (rect, response) =
        ui.allocate_exact_size(vec2(ui.available_width(), ROW_HEIGHT), Sense::click());
    if response.hovered() {
        ui.painter().rect_filled(rect, 4.0, palette.raised);
    }
    let painter = ui.painter_at(rect);
    let mid = rect.center().y;
    let color = palette.condition(condition);
    painter.circle_filled(egui::pos2(rect.min.x + 6.0, mid), 3.5, color);
    let font = egui::FontId::proportional(13.0);
    let value = painter.text(
        egui::pos2(rect.max.x - 6.0, mid),
        egui::Align2::RIGHT_CENTER,
        &texts[2],
        font.clone(),
        color,
    );
    let name = painter.text(
        egui::pos2(rect.min.x + 16.0, mid),
        egui::Align2::LEFT_CENTER,
        &texts[0],
        font,
        palette.text,
    );
    let room = egui::Rect::from_x_y_ranges(name.max.x + 8.0..=value.min.x - 6.0, rect.y_range());
    ui.painter_at(room).text(
        egui::pos2(room.min.x, mid),
        egui::Align2::LEFT_CENTER,
        &texts[1],
        egui::FontId::proportional(12.0),
        palette.text_dim,
    );
    response
}
