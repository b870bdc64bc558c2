//! What the property panel shows while nothing is selected: how the plant is doing as a whole, and
//! what needs attention.

use bevy_egui::egui::{self, RichText, Sense, Ui, vec2};

use super::data::PanelData;
use super::mark;
use crate::twin::{AssetId, Condition, PropertyId};
use crate::viewer::base::Command;
use crate::viewer::time::Survey;

/// Entries of the list of what needs attention.
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
    let attention = survey.attention();
    ui.columns(3, |columns| {
        tile(&mut columns[0], data, "assets", survey.equipment(), palette.text);
        tile(&mut columns[1], data, "properties", data.twin.property_count(), palette.text);
        tile(&mut columns[2], data, "need attention", attention, attention_color(data));
    });
    ui.add_space(8.0);
    if !survey.is_complete() {
        ui.label(RichText::new("Looking through all properties…").color(palette.text_dim));
    }
    counts(ui, data);
    ui.add_space(6.0);
    ui.label(RichText::new("Needs attention").strong().color(palette.text));
    ui.separator();
    egui::ScrollArea::vertical().auto_shrink([false, false]).show(ui, |ui| {
        if attention == 0 {
            ui.label(RichText::new(nothing_text(survey)).color(palette.text_dim));
        }
        for (property, condition) in survey.worst().take(MOST_LISTED) {
            line(ui, data, property, condition, commands);
        }
        if attention > MOST_LISTED {
            let more = format!("and {} more", attention - MOST_LISTED);
            ui.label(RichText::new(more).small().color(palette.text_faint));
        }
        key_values(ui, data, commands);
    });
}

/// The colour of the count: that of the worst, and of what is stale or unknown nobody knows whether it is
/// in order.
fn attention_color(data: &PanelData) -> egui::Color32 {
    let survey = data.survey;
    let worst = survey.worst().next().map(|(_, condition)| condition);
    let is_known = survey.count(Condition::Stale) + survey.count(Condition::Unknown) == 0;
    let otherwise = if is_known { Condition::Normal } else { Condition::Stale };
    data.palette.condition(worst.unwrap_or(otherwise))
}

/// How many properties are in each condition that is not normal, the worst first.
fn counts(ui: &mut Ui, data: &PanelData) {
    for condition in Condition::ALL.into_iter().rev() {
        let count = data.survey.count(condition);
        let what = match condition {
            Condition::Alarm => "in alarm",
            Condition::Bad => "with a bad value",
            Condition::Warning => "in warning",
            Condition::Uncertain => "with an uncertain value",
            Condition::Stale => "stale",
            Condition::Unknown if count < data.twin.property_count() => "without data",
            Condition::Normal | Condition::Unknown => continue,
        };
        let properties = if count == 1 { "property" } else { "properties" };
        if count > 0 {
            ui.horizontal(|ui| {
                let (place, _) = ui.allocate_exact_size(vec2(12.0, 14.0), Sense::hover());
                mark::paint(ui.painter(), data.palette, place.center(), condition);
                let text = RichText::new(format!("{count} {properties} {what}"));
                ui.label(text.color(data.palette.text_dim));
            });
        }
    }
}

/// What is said where nothing needs attention.
fn nothing_text(survey: &Survey) -> &'static str {
    let [normal, stale, unknown] = [Condition::Normal, Condition::Stale, Condition::Unknown]
        .map(|condition| survey.count(condition));
    match (stale, normal, unknown) {
        (0, 0, _) => "No value has come yet.",
        (0, _, 0) => "Nothing: every value is normal.",
        (0, _, _) => "Nothing: every value that has come is normal.",
        (_, 0, _) => "No value is current: whether all is normal is not known.",
        _ => "Nothing: every current value is normal.",
    }
}

/// The values that labels of the scene show, the most important first.
fn key_values(ui: &mut Ui, data: &PanelData, commands: &mut Vec<Command>) {
    let keys = data.outline.key_values();
    if keys.is_empty() {
        return;
    }
    ui.add_space(10.0);
    ui.label(RichText::new("Key values").strong().color(data.palette.text));
    ui.separator();
    for property in keys {
        line(ui, data, *property, data.property_condition(*property), commands);
    }
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
    let value = value.unwrap_or_else(|| "—".to_owned());
    // What is no limit is said in words: its value alone may look as if it were in order.
    let value = match condition {
        Condition::Uncertain | Condition::Bad | Condition::Stale => {
            format!("{value} · {}", condition.name())
        }
        _ => value,
    };
    let texts = [data.twin.asset(owner).name.to_string(), definition.title.clone(), value];
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
            let response = row(ui, data, data.worst_condition(id), &texts);
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
    let color = match condition {
        Condition::Normal => palette.text,
        other => palette.condition(other),
    };
    mark::paint(&painter, palette, egui::pos2(rect.min.x + 6.0, mid), condition);
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
