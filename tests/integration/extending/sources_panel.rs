//! A panel as a file of its own: which sources of the plant were online at the playhead, a line
//! each; a click selects what hangs on one.

use bevy_egui::egui::{RichText, ScrollArea, Ui};
use twinscope::history::Presence;
use twinscope::viewer::Command;
use twinscope::viewer::ui::data::PanelData;

/// Draws the sources; what was clicked comes back as commands.
pub fn show(ui: &mut Ui, data: &PanelData) -> Vec<Command> {
    let mut commands = Vec::new();
    ScrollArea::vertical().auto_shrink([false, false]).show(ui, |ui| {
        for source in &data.twin.presence {
            let Some(asset) = source.assets.first().copied() else { continue };
            let (word, color) = match data.state.presence(data.view(), asset) {
                Presence::Online => ("online", data.palette.good),
                Presence::Offline => ("offline", data.palette.alarm),
                Presence::Unknown => ("not known", data.palette.text_dim),
            };
            let line = RichText::new(format!("{}: {word}", source.topic)).color(color);
            if ui.link(line).clicked() {
                commands.push(Command::Select(Some(asset)));
            }
        }
    });
    commands
}
