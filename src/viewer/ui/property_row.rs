//! One property in the property panel: value, unit, age, quality, range bar, sparkline, topic.

use std::collections::HashSet;
use std::sync::Arc;

use bevy_egui::egui::{
    self, Align2, Color32, FontId, Rect, RichText, Sense, Stroke, Ui, pos2, vec2,
};

use super::data::PanelData;
use super::sparkline;
use crate::history::Reading;
use crate::telemetry::topic_of;
use crate::terminal::excerpt;
use crate::twin::{Beyond, Condition, Property, PropertyId, PropertyKind, Value, ValueType};

/// Rows whose details are open, by the property's name in its class, so that they stay open from
/// one pump to the next.
#[derive(Default)]
pub struct RowState {
    open: HashSet<Arc<str>>,
}

const ROW_HEIGHT: f32 = 44.0;
const BAR_WIDTH: f32 = 84.0;
const SPARK_WIDTH: f32 = 128.0;
/// Width of a row from which on its limits stand in it.
const WIDE: f32 = 370.0;

/// Draws one property.
pub fn show(ui: &mut Ui, data: &PanelData, id: PropertyId, state: &mut RowState) {
    let property = data.twin.property(id);
    let (rect, response) =
        ui.allocate_exact_size(vec2(ui.available_width(), ROW_HEIGHT), Sense::click());
    let open = state.open.contains(&property.name);
    let in_sight = ui.is_rect_visible(rect);
    let reading = if in_sight || open { data.reading(id) } else { None };
    if response.hovered() {
        ui.painter().rect_filled(rect, 5.0, data.palette.tint(data.palette.raised, 0.6));
    }
    if in_sight {
        paint(ui, data, id, property, reading.as_ref(), rect);
    }
    response.widget_info(|| {
        egui::WidgetInfo::labeled(egui::WidgetType::Button, true, property.title.as_str())
    });
    if response.on_hover_cursor(egui::CursorIcon::PointingHand).clicked() {
        if open {
            state.open.remove(&property.name);
        } else {
            state.open.insert(property.name.clone());
        }
    }
    if open {
        details(ui, data, id, property, reading.as_ref());
    }
}

fn paint(
    ui: &Ui,
    data: &PanelData,
    id: PropertyId,
    property: &Property,
    reading: Option<&Reading>,
    rect: Rect,
) {
    let palette = data.palette;
    let painter = ui.painter_at(rect);
    let condition = data.property_condition(id);
    let left = rect.min.x + 4.0;
    let right = rect.max.x - 4.0;
    let value_text =
        reading.map_or_else(|| "—".to_owned(), |reading| property.format(&reading.value));
    let value_color = match condition {
        Condition::Normal => palette.text,
        other => palette.condition(other),
    };
    let value = painter.text(
        pos2(right, rect.min.y + 13.0),
        Align2::RIGHT_CENTER,
        value_text,
        FontId::proportional(14.5),
        value_color,
    );
    let name_room = Rect::from_min_max(rect.min, pos2(value.min.x - 8.0, rect.max.y));
    let name = ui.painter_at(name_room).text(
        pos2(left, rect.min.y + 13.0),
        Align2::LEFT_CENTER,
        &property.title,
        FontId::proportional(13.0),
        palette.text,
    );
    let note = note(data, id, property, reading);
    let noted = painter.text(
        pos2(left, rect.min.y + 31.0),
        Align2::LEFT_CENTER,
        note,
        FontId::proportional(11.0),
        match condition {
            Condition::Stale | Condition::Uncertain | Condition::Bad => {
                palette.condition(condition)
            }
            _ => palette.text_faint,
        },
    );
    if rect.width() >= WIDE
        && let Some(limits) = limits_text(property)
    {
        let room = Rect::from_min_max(pos2(name.max.x + 10.0, rect.min.y), name_room.max);
        ui.painter_at(room).text(
            pos2(room.min.x, rect.min.y + 13.5),
            Align2::LEFT_CENTER,
            limits,
            FontId::proportional(11.0),
            palette.text_faint,
        );
    }
    if !matches!(property.ty, ValueType::Number | ValueType::Enumeration(_)) {
        return;
    }
    let bar_left = (right - BAR_WIDTH).max(noted.max.x + 8.0);
    let bar = Rect::from_min_max(pos2(bar_left, rect.min.y + 28.0), pos2(right, rect.min.y + 34.0));
    // In the same column in every row, with a range bar or without.
    let spark_right = bar.min.x - 10.0;
    if let (Some(range), Some(Value::Number(number))) =
        (property.range, reading.map(|reading| &reading.value))
    {
        range_bar(&painter, data, property, range, *number, value_color, bar);
    }
    let spark = Rect::from_min_max(
        pos2((spark_right - SPARK_WIDTH).max(noted.max.x + 10.0), rect.min.y + 23.0),
        pos2(spark_right, rect.max.y - 5.0),
    );
    if spark.width() > 24.0 {
        sparkline::paint(&painter, data, id, property, spark);
    }
}

/// Age and quality in a few letters.
pub(super) fn note(
    data: &PanelData,
    id: PropertyId,
    property: &Property,
    reading: Option<&Reading>,
) -> String {
    let Some(reading) = reading else {
        let unread = data.state.unread(data.view_of(id), id);
        return unread.map_or("no data yet".into(), |why| format!("bad · {}", excerpt(&why)));
    };
    let age = data.playhead.time.seconds_since(reading.time);
    let kind = match property.kind {
        PropertyKind::Measurement => "",
        PropertyKind::Setpoint => " · setpoint",
        PropertyKind::Estimate => " · estimate",
        PropertyKind::Derived => " · derived",
    };
    let band = data.state.band(data.view_of(id), id).map_or(String::new(), |band| {
        let [low, high] = [band.low, band.high].map(|end| property.format_number(end));
        format!(" · {low} to {high} ({:.0} %)", 100.0 * band.coverage)
    });
    format!("{} · {}{kind}{band}", age_text(age), reading.quality.name())
}

/// How long ago, in one unit.
pub fn age_text(seconds: f64) -> String {
    match seconds.max(0.0) {
        s if s < 1.0 => "now".to_owned(),
        s if s < 90.0 => format!("{s:.0} s ago"),
        s if s < 5400.0 => format!("{:.0} min ago", s / 60.0),
        s if s < 129_600.0 => format!("{:.0} h ago", s / 3600.0),
        s => format!("{:.0} d ago", s / 86_400.0),
    }
}

fn range_bar(
    painter: &egui::Painter,
    data: &PanelData,
    property: &Property,
    (low, high): (f64, f64),
    number: f64,
    color: Color32,
    bar: Rect,
) {
    let palette = data.palette;
    let at = |value: f64| {
        let share = ((value - low) / (high - low)).clamp(0.0, 1.0) as f32;
        bar.min.x + share * bar.width()
    };
    painter.rect_filled(bar, 3.0, palette.well);
    let fill = if color == palette.text { palette.accent } else { color };
    // A range across zero fills from there, as people read it.
    let from = at(0.0_f64.clamp(low.min(high), high.max(low)));
    let to = at(number);
    let filled =
        Rect::from_x_y_ranges(from.min(to)..=from.max(to).max(from.min(to) + 2.0), bar.y_range());
    painter.rect_filled(filled, 3.0, fill);
    for (limit, color) in sparkline::limits_between(&property.limits, low, high, palette) {
        painter.vline(at(limit), (bar.min.y - 2.0)..=(bar.max.y + 2.0), Stroke::new(1.5, color));
    }
}

fn details(
    ui: &mut Ui,
    data: &PanelData,
    id: PropertyId,
    property: &Property,
    reading: Option<&Reading>,
) {
    let palette = data.palette;
    let dim = |text: &str| RichText::new(text).small().color(palette.text_faint);
    let plain = |text: String| RichText::new(text).small().color(palette.text_dim);
    egui::Frame::new()
        .fill(palette.well)
        .corner_radius(5)
        .inner_margin(egui::Margin::symmetric(10, 8))
        .show(ui, |ui| {
            ui.set_width(ui.available_width());
            if !property.description.is_empty() {
                ui.label(plain(property.description.clone()));
            }
            egui::Grid::new(("details", id.0)).num_columns(2).spacing(vec2(10.0, 3.0)).show(
                ui,
                |ui| {
                    let mut field = |name: &str, text: String| {
                        ui.label(dim(name));
                        ui.add(egui::Label::new(plain(text)).selectable(true).wrap());
                        ui.end_row();
                    };
                    field("name", data.twin.property_path(id));
                    field(
                        "topic",
                        topic_of(data.twin, id).unwrap_or_else(|| source_text(property)),
                    );
                    if let Some(reading) = reading {
                        field("time", reading.time.to_string());
                    }
                    if let Some(limits) = limits_text(property) {
                        field("abnormal", limits);
                    }
                    let unit = property.unit.code();
                    if unit != "1" {
                        field("unit", unit.to_owned());
                    }
                    if let Some(interval) = property.interval {
                        field("expected", format!("every {} s", interval.as_secs_f64()));
                    }
                },
            );
        });
    ui.add_space(4.0);
}

/// What is abnormal of a property, in the unit in which people read it.
pub(super) fn limits_text(property: &Property) -> Option<String> {
    let limits = &property.limits;
    let of = |beyond: Beyond, word: &str, low: Option<f64>, high: Option<f64>| {
        let number = |limit: f64| property.format_number(limit);
        let mut places: Vec<String> = Vec::new();
        places.extend(low.map(|limit| format!("below {}", number(limit))));
        places.extend(high.map(|limit| format!("above {}", number(limit))));
        if let ValueType::Enumeration(names) = &property.ty {
            let states = names.iter().zip(&*property.states);
            places.extend(states.filter(|(_, at)| **at == beyond).map(|(name, _)| name.clone()));
        }
        (!places.is_empty()).then(|| format!("{word} {}", places.join(", ")))
    };
    let warning = of(Beyond::Warning, "warning", limits.low_warning, limits.high_warning);
    let alarm = of(Beyond::Alarm, "alarm", limits.low_alarm, limits.high_alarm);
    let both: Vec<String> = [warning, alarm].into_iter().flatten().collect();
    (!both.is_empty()).then(|| both.join(" · "))
}

fn source_text(property: &Property) -> String {
    match property.integral_of {
        Some(_) => "integrated here".to_owned(),
        None => "no mapping".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_age_is_given_in_the_unit_that_fits() {
        assert_eq!(age_text(-3.0), "now");
        assert_eq!(age_text(12.4), "12 s ago");
        assert_eq!(age_text(600.0), "10 min ago");
        assert_eq!(age_text(7200.0), "2 h ago");
    }
}
