//! What the property panel shows while nothing is selected: how the plant is doing as a whole, and
//! what deserves a look.

use bevy_egui::egui::{self, RichText, Sense, Ui, vec2};

use super::data::PanelData;
use crate::twin::{AssetId, PropertyId};
use crate::viewer::base::{Command, Condition};

/// Entries of the list of what deserves a look.
const MOST_LISTED: usize = 40;

/// Draws the overview.
pub fn show(ui: &mut Ui, data: &PanelData, commands: &mut Vec<Command>) {
    let palette = data.palette;
    ui.label(RichText::new(&data.twin.title).heading().strong().color(palette.text));
    if !data.twin.description.is_empty() {
        ui.label(RichText::new(&data.twin.description).small().color(palette.text_dim));
    }
    ui.add_space(6.0);
    let (counts, worst) = survey(data);
    ui.columns(3, |columns| {
        let equipment = data.twin.equipment_count();
        tile(&mut columns[0], data, "assets", equipment, palette.text);
        tile(&mut columns[1], data, "properties", data.twin.property_count(), palette.text);
        let out = counts[Condition::Warning as usize] + counts[Condition::Alarm as usize];
        // Of what is stale nobody knows whether it is in order.
        let color = match (out, counts[Condition::Stale as usize]) {
            (0, 0) => palette.good,
            (0, _) => palette.stale,
            _ => palette.warning,
        };
        tile(&mut columns[2], data, "off limits", out, color);
    });
    ui.add_space(8.0);
    let stale = counts[Condition::Stale as usize];
    if stale > 0 {
        ui.label(RichText::new(format!("{stale} properties are stale")).color(palette.stale));
    }
    ui.add_space(4.0);
    ui.label(RichText::new("Deserves a look").strong().color(palette.text));
    ui.separator();
    if worst.is_empty() {
        let text = match (stale, counts[Condition::Normal as usize]) {
            (0, 0) => "Nothing is known yet.",
            (0, _) => "Nothing: every value is within its limits.",
            (_, 0) => "No value is current: nobody knows.",
            _ => "Nothing of what is current: it is within its limits.",
        };
        ui.label(RichText::new(text).color(palette.text_dim));
        return;
    }
    egui::ScrollArea::vertical().auto_shrink([false, false]).show(ui, |ui| {
        for (property, condition) in worst {
            line(ui, data, property, condition, commands);
        }
    });
}

/// Counts of properties by condition, and those off their limits, the worst first.
fn survey(data: &PanelData) -> ([usize; 5], Vec<(PropertyId, Condition)>) {
    let mut counts = [0; 5];
    let mut worst = Vec::new();
    for property in data.twin.property_ids() {
        let condition = data.property_condition(property);
        counts[condition as usize] += 1;
        if condition >= Condition::Warning {
            worst.push((property, condition));
        }
    }
    worst.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(&b.0)));
    worst.truncate(MOST_LISTED);
    (counts, worst)
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

/// A list of assets with their conditions; a click selects.
pub fn asset_list(ui: &mut Ui, data: &PanelData, assets: &[AssetId], commands: &mut Vec<Command>) {
    for &id in assets {
        let asset = data.twin.asset(id);
        let texts = [asset.name.to_string(), asset.title.clone(), String::new()];
        if row(ui, data, data.asset_condition(id), &texts).clicked() {
            commands.push(Command::Select(Some(id)));
        }
    }
}

fn row(ui: &mut Ui, data: &PanelData, condition: Condition, texts: &[String; 3]) -> egui::Response {
    let palette = data.palette;
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), 24.0), Sense::click());
    if response.hovered() {
        ui.painter().rect_filled(rect, 4.0, palette.raised);
    }
    let painter = ui.painter_at(rect);
    let mid = rect.center().y;
    let color = condition.color(palette);
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
