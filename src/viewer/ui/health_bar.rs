//! The bar at the top: the plant's name, the connection and its health, views and themes.

use bevy_egui::egui::{self, Align, Color32, Layout, RichText, Sense, Ui, vec2};

use super::data::{Health, PanelData};
use super::view_menu;
use crate::telemetry::ConnectionState;
use crate::viewer::base::{Command, ThemeChoice};

/// Height of the bar.
pub const HEIGHT: f32 = 38.0;

/// Draws the bar; returns what the user asked for.
pub fn show(ui: &mut Ui, data: &PanelData) -> Vec<Command> {
    let mut commands = Vec::new();
    let palette = data.palette;
    ui.horizontal_centered(|ui| {
        ui.add_space(12.0);
        ui.label(RichText::new(&data.twin.title).size(15.0).strong().color(palette.text));
        ui.add_space(14.0);
        connection(ui, data);
        ui.add_space(8.0);
        figures(ui, data, &mut commands);
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            ui.add_space(10.0);
            actions(ui, data, &mut commands);
        });
    });
    commands
}

fn connection(ui: &mut Ui, data: &PanelData) {
    let palette = data.palette;
    let (color, text, hint) = connection_text(data.health, data);
    egui::Frame::new()
        .fill(palette.well)
        .corner_radius(11)
        .inner_margin(egui::Margin::symmetric(10, 3))
        .show(ui, |ui| {
            ui.spacing_mut().item_spacing.x = 6.0;
            let (dot, _) = ui.allocate_exact_size(vec2(8.0, 8.0), Sense::hover());
            ui.painter().circle_filled(dot.center(), 4.0, color);
            ui.label(RichText::new(text).color(palette.text_dim));
        })
        .response
        .on_hover_text(hint);
}

/// Colour, short text and full text of how the connection is doing.
fn connection_text(health: &Health, data: &PanelData) -> (Color32, String, String) {
    let palette = data.palette;
    if let Some(recording) = data.playback {
        let name = recording.name.to_owned();
        let text = match recording.share {
            share if share < 1.0 => format!("{name} · reading {:.0} %", share * 100.0),
            _ => name,
        };
        let hint = match recording.has_plant {
            true => "A recording; the plant goes on being mirrored behind it",
            false => "A recording",
        };
        return (palette.past, text, hint.into());
    }
    let broker = health.broker.trim_start_matches("mqtt://").to_owned();
    match &health.connection {
        ConnectionState::Connected
            if health.rates.messages == 0.0 && health.counts.messages > 0 =>
        {
            (
                palette.warning,
                format!("{broker} · silent"),
                "Connected; no message has come for a while".into(),
            )
        }
        ConnectionState::Connected => (palette.live, broker, "Connected and subscribed".into()),
        ConnectionState::Connecting => {
            (palette.warning, format!("{broker} · connecting"), "Connecting".into())
        }
        ConnectionState::Disconnected { reason, retry_in } => (
            palette.alarm,
            format!("{broker} · disconnected"),
            format!("{reason}\nTrying again in {:.1} s", retry_in.as_secs_f64()),
        ),
        ConnectionState::Rejected { reason, retry_in } => (
            palette.alarm,
            format!("{broker} · rejected"),
            format!("{reason}\nTrying again in {:.0} s", retry_in.as_secs_f64()),
        ),
        ConnectionState::Ended => {
            (palette.text_faint, format!("{broker} · ended"), "The source has ended".into())
        }
    }
}

fn figures(ui: &mut Ui, data: &PanelData, commands: &mut Vec<Command>) {
    let health = data.health;
    let palette = data.palette;
    let wide = ui.available_width() > 700.0;
    figure(
        ui,
        data,
        &rate_text(health.rates.messages),
        "msg/s",
        palette.text,
        "Messages received per second",
    );
    figure(
        ui,
        data,
        &rate_text(health.rates.samples),
        "points/s",
        palette.text,
        "Samples decoded per second",
    );
    if wide {
        let (lag, unit) = lag_text(data);
        figure(
            ui,
            data,
            &lag,
            unit,
            palette.text,
            "Plant time since the newest sample was measured",
        );
    }
    let lost = health.counts.dropped;
    let color = if lost > 0 { palette.alarm } else { palette.text };
    figure(
        ui,
        data,
        &lost.to_string(),
        "drops",
        color,
        "Samples lost because the viewer did not keep up",
    );
    let bad = health.counts.malformed + health.counts.oversized;
    let color = if bad > 0 { palette.warning } else { palette.text };
    let hint = format!(
        "{} messages could not be understood, {} were too large, {} had topics that no mapping wants, {} samples came late",
        health.counts.malformed, health.counts.oversized, health.counts.unmapped, data.health.late,
    );
    figure(ui, data, &bad.to_string(), "bad", color, &hint);
    if wide {
        figure(
            ui,
            data,
            &format!("{:.1}", health.frame_ms),
            "ms frame",
            palette.text,
            "Time from one frame to the next",
        );
    }
    problems(ui, data, commands);
    if let Some((done, of)) = health.loading {
        ui.add(egui::Spinner::new().size(14.0).color(palette.accent));
        ui.label(RichText::new(format!("models {done}/{of}")).color(palette.text_dim));
    }
}

/// How many problems nobody has seen yet; a click shows them.
fn problems(ui: &mut Ui, data: &PanelData, commands: &mut Vec<Command>) {
    let text = match data.health.problems {
        0 => return,
        1 => "1 problem".to_owned(),
        more => format!("{more} problems"),
    };
    let palette = data.palette;
    let button = egui::Button::new(RichText::new(text).color(palette.warning))
        .fill(palette.tint(palette.warning, 0.16));
    if ui.add(button).on_hover_text("Show the messages").clicked() {
        commands.push(Command::ShowMessages);
    }
}

/// How far the newest sample is behind the plant's present, with its unit.
fn lag_text(data: &PanelData) -> (String, &'static str) {
    let newest = data.span().map(|span| span.to);
    match newest.zip(data.present().now).map(|(newest, now)| now.seconds_since(newest).max(0.0)) {
        None => ("—".to_owned(), "ms lag"),
        Some(lag_s) if lag_s < 10.0 => (format!("{:.0}", lag_s * 1e3), "ms lag"),
        Some(lag_s) => (format!("{lag_s:.0}"), "s lag"),
    }
}

fn figure(ui: &mut Ui, data: &PanelData, number: &str, unit: &str, color: Color32, hint: &str) {
    ui.scope(|ui| {
        ui.spacing_mut().item_spacing.x = 4.0;
        ui.label(RichText::new(number).strong().color(color));
        ui.label(RichText::new(unit).small().color(data.palette.text_faint)).on_hover_text(hint);
    });
    ui.add_space(4.0);
}

/// A rate in at most four characters.
pub fn rate_text(rate: f64) -> String {
    match rate {
        r if r >= 99_500.0 => format!("{:.0}k", r / 1000.0),
        r if r >= 999.5 => format!("{:.1}k", r / 1000.0),
        r => format!("{r:.0}"),
    }
}

fn actions(ui: &mut Ui, data: &PanelData, commands: &mut Vec<Command>) {
    if ui.button("?").on_hover_text("Keys (?)").clicked() {
        commands.push(Command::ToggleHelp);
    }
    let (text, other) = match data.palette.choice {
        ThemeChoice::Dark => ("Light", ThemeChoice::Light),
        ThemeChoice::Light => ("Dark", ThemeChoice::Dark),
    };
    if ui.button(text).on_hover_text("Change the theme (T)").clicked() {
        commands.push(Command::Theme(other));
    }
    view_menu::button(ui, data, commands);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_short_however_large() {
        assert_eq!(rate_text(0.0), "0");
        assert_eq!(rate_text(512.4), "512");
        assert_eq!(rate_text(12_345.0), "12.3k");
        assert_eq!(rate_text(192_000.0), "192k");
    }
}
