//! The slim time axis at the bottom: it drags the whole scene through the last minutes.

use bevy_egui::egui::{
    self, Align2, Color32, FontId, Rect, RichText, Sense, Stroke, Ui, pos2, vec2,
};

use super::data::PanelData;
use super::liveness::Liveness;
use crate::twin::Timestamp;
use crate::viewer::base::Command;
use crate::viewer::time::SPEEDS;

/// Height of the axis with its buttons.
pub const HEIGHT: f32 = 54.0;
/// Span that is shown at least, so that a young history does not stretch.
const LEAST_SPAN_S: f64 = 120.0;
const MOST_SPAN_S: f64 = 600.0;

/// The span of time on the axis.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Axis {
    from: Timestamp,
    to: Timestamp,
}

impl Axis {
    /// The axis of a recording: all of it.
    fn whole(oldest: Option<Timestamp>, last: Timestamp) -> Self {
        let oldest = oldest.unwrap_or(last).min(last.plus_micros(-1_000_000));
        Self { from: oldest, to: last }
    }

    /// The axis that ends at the present and reaches back as far as there are samples.
    fn new(oldest: Option<Timestamp>, live: Timestamp) -> Self {
        let known = oldest.map_or(0.0, |oldest| live.seconds_since(oldest));
        let span = known.clamp(LEAST_SPAN_S, MOST_SPAN_S);
        Self { from: live.plus_micros(-(span * 1e6) as i64), to: live }
    }

    fn share(self, time: Timestamp) -> f32 {
        (time.seconds_since(self.from) / self.to.seconds_since(self.from)) as f32
    }

    fn at(self, share: f32) -> Timestamp {
        let span = self.to.0.saturating_sub(self.from.0) as f64;
        self.from.plus_micros((f64::from(share.clamp(0.0, 1.0)) * span) as i64)
    }
}

/// Draws the axis; returns what the user asked for.
pub fn show(ui: &mut Ui, data: &PanelData) -> Vec<Command> {
    let mut commands = Vec::new();
    ui.horizontal_centered(|ui| {
        ui.add_space(10.0);
        state_button(ui, data, &mut commands);
        play_button(ui, data, &mut commands);
        speed_menu(ui, data, &mut commands);
        ui.add_space(2.0);
        clock(ui, data);
        ui.add_space(6.0);
        // In a very small picture nothing is left, and egui accepts no negative size.
        let size = vec2((ui.available_width() - 14.0).max(1.0), HEIGHT - 12.0);
        track(ui, data, size, &mut commands);
    });
    commands
}

/// Stops the scene, or lets it go on.
fn play_button(ui: &mut Ui, data: &PanelData, commands: &mut Vec<Command>) {
    let goes_on = data.playhead.following || data.playhead.playing;
    let palette = data.palette;
    let response = ui.add_sized(vec2(30.0, 30.0), egui::Button::new("").fill(palette.raised));
    let (name, hint) = match goes_on {
        true => ("Stop", "Stop the scene here (Space)"),
        false => ("Play", "Let the scene go on from here (Space)"),
    };
    response.widget_info(|| egui::WidgetInfo::labeled(egui::WidgetType::Button, true, name));
    let (middle, painter) = (response.rect.center(), ui.painter());
    if goes_on {
        for x in [-3.5, 3.5] {
            let bar = Rect::from_center_size(middle + vec2(x, 0.0), vec2(3.5, 12.0));
            painter.rect_filled(bar, 1.0, palette.text);
        }
    } else {
        let corners = [vec2(-4.0, -6.5), vec2(7.0, 0.0), vec2(-4.0, 6.5)];
        let corners = corners.map(|corner| middle + corner).to_vec();
        painter.add(egui::Shape::convex_polygon(corners, palette.text, Stroke::NONE));
    }
    if response.on_hover_text(hint).clicked() {
        commands.push(Command::Play(!goes_on));
    }
}

/// How fast a scene goes on that does not follow the plant.
fn speed_menu(ui: &mut Ui, data: &PanelData, commands: &mut Vec<Command>) {
    let ink = match data.playhead.following {
        true => data.palette.text_faint,
        false => data.palette.text,
    };
    let text = RichText::new(speed_text(data.playhead.speed)).color(ink);
    let button = egui::Button::new(text).fill(data.palette.raised).min_size(vec2(40.0, 30.0));
    let menu = egui::containers::menu::MenuButton::from_button(button);
    let (response, _) = menu.ui(ui, |ui| {
        for speed in SPEEDS {
            let chosen = data.playhead.speed == speed;
            if ui.selectable_label(chosen, speed_text(speed)).clicked() {
                commands.push(Command::Speed(speed));
                ui.close();
            }
        }
    });
    response.on_hover_text("Plant seconds that pass in a second while the past is played");
}

fn speed_text(speed: f64) -> String {
    format!("×{speed}")
}

fn state_button(ui: &mut Ui, data: &PanelData, commands: &mut Vec<Command>) {
    let palette = data.palette;
    let liveness = Liveness::of(data);
    let live = liveness.color(data);
    let follows = data.playhead.following && data.playback.is_none();
    let alone = data.playback.is_some_and(|recording| !recording.has_plant);
    let (text, fill, ink) = match follows {
        false if alone => ("RECORDING", palette.tint(palette.past, 0.18), palette.past),
        true => (liveness.name(), palette.tint(live, 0.18), live),
        false => ("Back to live", palette.past, palette.window),
    };
    let button = egui::Button::new(RichText::new(text).strong().color(ink)).fill(fill);
    let hint = match follows {
        false if alone => "A file is on screen, and no plant is connected",
        true => liveness.hint(),
        false => "Follow the plant again (End)",
    };
    let response = ui.add_sized(vec2(116.0, 30.0), button).on_hover_text(hint);
    if follows {
        let dot = response.rect.left_center() + vec2(11.0, 0.0);
        ui.painter().circle_filled(dot, 4.0, live);
    }
    if response.clicked() {
        commands.push(Command::Follow);
    }
}

fn clock(ui: &mut Ui, data: &PanelData) {
    let palette = data.palette;
    let live = data.playhead.following && data.playback.is_none();
    let color = if live { palette.text } else { palette.past };
    ui.allocate_ui_with_layout(
        vec2(168.0, HEIGHT - 14.0),
        egui::Layout::top_down(egui::Align::Min),
        |ui| {
            ui.spacing_mut().item_spacing.y = 0.0;
            ui.add_space(3.0);
            ui.label(
                RichText::new(stamp_text(data.playhead.time)).monospace().size(13.5).color(color),
            );
            let behind = data.playhead.live.seconds_since(data.playhead.time);
            let note = if data.playback.is_some() {
                "recorded, UTC".to_owned()
            } else if data.playhead.following {
                "plant time, UTC".to_owned()
            } else {
                format!("−{} behind", span_text(behind))
            };
            ui.label(RichText::new(note).small().color(palette.text_faint));
        },
    );
}

fn track(ui: &mut Ui, data: &PanelData, size: egui::Vec2, commands: &mut Vec<Command>) {
    let (rect, response) = ui.allocate_exact_size(size, Sense::click_and_drag());
    let oldest = data.span().map(|span| span.from);
    let axis = match data.playback {
        Some(_) => Axis::whole(oldest, data.playhead.live),
        None => Axis::new(oldest, data.playhead.live),
    };
    let bar =
        Rect::from_min_max(pos2(rect.min.x, rect.min.y + 2.0), pos2(rect.max.x, rect.min.y + 22.0));
    paint_axis(ui, data, axis, oldest, rect, bar);

    let pointer = response.interact_pointer_pos().or(response.hover_pos());
    let Some(pointer) = pointer else { return };
    let under = axis.at((pointer.x - bar.min.x) / bar.width());
    let earliest = oldest.unwrap_or(axis.from).max(axis.from);
    if response.dragged() || response.clicked() {
        commands.push(Command::Seek(under.max(earliest)));
    } else if response.hovered() {
        ui.painter().vline(pointer.x, bar.y_range(), Stroke::new(1.0, data.palette.text_dim));
        response.on_hover_text_at_pointer(format!("{} UTC", stamp_text(under)));
    }
}

fn paint_axis(
    ui: &Ui,
    data: &PanelData,
    axis: Axis,
    oldest: Option<Timestamp>,
    rect: Rect,
    bar: Rect,
) {
    let palette = data.palette;
    let painter = ui.painter_at(rect.expand(8.0));
    let x_of = |time: Timestamp| bar.min.x + axis.share(time).clamp(0.0, 1.0) * bar.width();
    painter.rect_filled(bar, 4.0, palette.well);
    painter.rect_stroke(bar, 4.0, Stroke::new(1.0, palette.line), egui::StrokeKind::Inside);
    let color = match data.playhead.following && data.playback.is_none() {
        true => Liveness::of(data).color(data),
        false => palette.past,
    };
    if let Some(oldest) = oldest {
        let known = Rect::from_x_y_ranges(x_of(oldest)..=bar.max.x, bar.y_range());
        painter.rect_filled(known, 4.0, palette.raised);
        let shown = Rect::from_x_y_ranges(
            known.min.x..=x_of(data.playhead.time).max(known.min.x),
            bar.y_range(),
        );
        painter.rect_filled(shown, 4.0, palette.tint(color, 0.35));
    }
    let span_s = axis.to.seconds_since(axis.from);
    let step = tick_step(span_s, bar.width());
    let step_micros = (step * 1e6) as i64;
    // Before anything is known the axis lies at the beginning of all time.
    let mut tick = (axis.from.0.saturating_add(step_micros)).div_euclid(step_micros) * step_micros;
    while tick <= axis.to.0 {
        let x = x_of(Timestamp(tick));
        painter.vline(x, (bar.max.y)..=(bar.max.y + 4.0), Stroke::new(1.0, palette.line));
        if x > bar.min.x + 26.0 && x < bar.max.x - 26.0 {
            painter.text(
                pos2(x, bar.max.y + 5.0),
                Align2::CENTER_TOP,
                tick_text(Timestamp(tick), step),
                FontId::proportional(10.5),
                palette.text_faint,
            );
        }
        tick += step_micros;
    }
    paint_handle(&painter, x_of(data.playhead.time), bar, color, palette.panel);
}

fn paint_handle(painter: &egui::Painter, x: f32, bar: Rect, color: Color32, edge: Color32) {
    painter.vline(x, (bar.min.y - 3.0)..=(bar.max.y + 3.0), Stroke::new(2.0, color));
    painter.circle(pos2(x, bar.center().y), 6.0, color, Stroke::new(2.0, edge));
}

/// Seconds between two ticks, so that their labels do not touch.
fn tick_step(span_s: f64, width: f32) -> f64 {
    let least = span_s * 90.0 / f64::from(width.max(90.0));
    let steps = [
        1.0, 2.0, 5.0, 10.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1800.0, 3600.0, 7200.0,
        21_600.0, 43_200.0,
    ];
    let days = (least / 86_400.0).ceil() * 86_400.0;
    steps.into_iter().find(|step| *step >= least).unwrap_or(days)
}

/// A tick's label: the time of day, or the day where ticks are days apart.
fn tick_text(time: Timestamp, step_s: f64) -> String {
    if step_s < 21_600.0 {
        return clock_text(time);
    }
    let format = if step_s < 86_400.0 { "%d %b %H:%M" } else { "%Y-%m-%d" };
    jiff::Timestamp::from_microsecond(time.0)
        .map_or_else(|_| "--".to_owned(), |stamp| stamp.strftime(format).to_string())
}

/// Hours, minutes and seconds in UTC.
pub fn clock_text(time: Timestamp) -> String {
    jiff::Timestamp::from_microsecond(time.0)
        .map_or_else(|_| "--:--:--".to_owned(), |stamp| stamp.strftime("%H:%M:%S").to_string())
}

/// Date and time of day in UTC.
pub fn stamp_text(time: Timestamp) -> String {
    jiff::Timestamp::from_microsecond(time.0).map_or_else(
        |_| "---------- --:--:--".to_owned(),
        |stamp| stamp.strftime("%Y-%m-%d %H:%M:%S").to_string(),
    )
}

/// A span in minutes and seconds, with hours where there are any.
pub fn span_text(seconds: f64) -> String {
    let seconds = seconds.max(0.0).round() as u64;
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    match hours {
        0 => format!("{minutes}:{seconds:02}"),
        _ => format!("{hours}:{minutes:02}:{seconds:02}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_axis_grows_with_the_history_up_to_ten_minutes() {
        let live = Timestamp(1_000_000_000);
        let span = |known_s: i64| {
            let axis = Axis::new(Some(live.plus_micros(-known_s * 1_000_000)), live);
            axis.to.seconds_since(axis.from)
        };
        assert_eq!(span(10), 120.0);
        assert_eq!(span(300), 300.0);
        assert_eq!(span(5000), 600.0);
    }

    #[test]
    fn the_axis_of_a_recording_is_all_of_it() {
        let axis = Axis::whole(Some(Timestamp(0)), Timestamp(9_000_000_000));
        assert_eq!((axis.from, axis.to), (Timestamp(0), Timestamp(9_000_000_000)));
        let axis = Axis::whole(None, Timestamp(5));
        assert!(axis.from < axis.to, "an instant has a span too");
    }

    #[test]
    fn a_span_of_hours_is_told_from_one_of_minutes() {
        assert_eq!(
            [59.6, 600.0, 3600.0, 90_061.0].map(span_text),
            ["1:00", "10:00", "1:00:00", "25:01:01"]
        );
    }

    #[test]
    fn a_place_on_the_axis_and_its_time_belong_together() {
        let axis = Axis { from: Timestamp(0), to: Timestamp(600_000_000) };
        assert_eq!(axis.at(0.5), Timestamp(300_000_000));
        assert_eq!(axis.share(Timestamp(300_000_000)), 0.5);
        assert_eq!(axis.at(7.0), axis.to);
    }

    #[test]
    fn ticks_stand_further_apart_on_a_narrow_axis() {
        assert_eq!(tick_step(600.0, 1200.0), 60.0);
        assert_eq!(tick_step(600.0, 400.0), 300.0);
        assert_eq!(tick_step(30.0 * 86_400.0, 900.0), 3.0 * 86_400.0);
        assert_eq!(tick_text(Timestamp(1_772_366_400_000_000), 86_400.0), "2026-03-01");
    }
}
