//! The View menu: viewpoints of the twin and of the user, standard views, and what is shown.

use bevy_egui::egui::containers::menu::{MenuButton, MenuConfig};
use bevy_egui::egui::{self, Align, Layout, PopupCloseBehavior, RichText, Ui};

use super::data::PanelData;
use crate::viewer::base::{Command, StandardView};

/// Width of the menu in points.
const WIDTH: f32 = 240.0;

/// Draws the button that opens the menu.
pub fn button(ui: &mut Ui, data: &PanelData, commands: &mut Vec<Command>) {
    // A click into the field for a name must not close the menu.
    let config = MenuConfig::new().close_behavior(PopupCloseBehavior::CloseOnClickOutside);
    MenuButton::new("View").config(config).ui(ui, |ui| show(ui, data, commands));
}

/// Draws what is in the menu.
pub fn show(ui: &mut Ui, data: &PanelData, commands: &mut Vec<Command>) {
    ui.set_width(WIDTH);
    viewpoints(ui, data, commands);
    ui.separator();
    heading(ui, data, "Look from");
    for views in [&StandardView::ALL[..3], &StandardView::ALL[3..]] {
        ui.columns(3, |columns| {
            for (column, view) in columns.iter_mut().zip(views) {
                column.vertical_centered_justified(|ui| {
                    item(ui, view.name(), Command::Standard(*view), commands);
                });
            }
        });
    }
    ui.separator();
    item(ui, "Whole plant", Command::FitAll, commands);
    item(ui, "Copy a link to this view", Command::CopyLink, commands);
    ui.separator();
    let shown = data.shown;
    let edge = data.palette.text_faint;
    let switches = [
        (("Parallel projection", data.views.orthographic), Command::ToggleProjection),
        (("Labels", shown.labels), Command::ToggleLabels),
        (("Panels", shown.panels), Command::TogglePanels),
    ];
    for (state, command) in switches {
        switch(ui, edge, state, command, commands);
    }
    let state = ("Shaded corners", shown.occlusion && data.views.can_occlude);
    let offered = ui.add_enabled_ui(data.views.can_occlude, |ui| {
        switch(ui, edge, state, Command::ToggleOcclusion, commands);
    });
    offered.response.on_hover_text(match (data.views.can_occlude, cfg!(target_arch = "wasm32")) {
        (true, _) => "Darker where little light comes",
        (false, true) => "Not in a page that is drawn with WebGL2; a browser with WebGPU can",
        (false, false) => "This computer's graphics driver cannot",
    });
    ui.separator();
    item(ui, "Panels as at first", Command::ResetLayout, commands);
}

fn viewpoints(ui: &mut Ui, data: &PanelData, commands: &mut Vec<Command>) {
    heading(ui, data, "Viewpoints");
    let own = &data.twin.viewpoints;
    for (number, viewpoint) in own.iter().enumerate() {
        let text = numbered(number, &viewpoint.name);
        item(ui, &text, Command::Viewpoint(number), commands);
    }
    for (index, kept) in data.views.saved.iter().enumerate() {
        let number = own.len() + index;
        ui.horizontal(|ui| {
            item(ui, &numbered(number, &kept.name), Command::Viewpoint(number), commands);
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                let hint = format!("Forget {}", kept.name);
                let forget = ui.add(egui::Button::new("Forget").small()).on_hover_text(hint);
                if forget.clicked() {
                    commands.push(Command::ForgetViewpoint(kept.name.clone()));
                }
            });
        });
    }
    save(ui, data, commands);
}

/// The field for the name of a new viewpoint; what is typed stays while the menu is closed.
fn save(ui: &mut Ui, data: &PanelData, commands: &mut Vec<Command>) {
    let id = egui::Id::new("name of the new viewpoint");
    let mut name = ui.data(|kept| kept.get_temp::<String>(id)).unwrap_or_default();
    ui.horizontal(|ui| {
        let field = egui::TextEdit::singleline(&mut name)
            .hint_text("Name of the present view")
            .char_limit(60)
            .desired_width(168.0);
        let field = ui.add(field);
        let enter = field.lost_focus() && ui.input(|input| input.key_pressed(egui::Key::Enter));
        let wanted = name.trim();
        let taken = data.twin.viewpoints.iter().any(|viewpoint| viewpoint.name == wanted);
        let can = !wanted.is_empty() && !taken;
        let press =
            ui.add_enabled(can, egui::Button::new("Save")).on_disabled_hover_text(if taken {
                "The twin has a viewpoint of that name"
            } else {
                "Give it a name"
            });
        if can && (press.clicked() || enter) {
            commands.push(Command::SaveViewpoint(wanted.to_owned()));
            name.clear();
        }
    });
    ui.data_mut(|kept| kept.insert_temp(id, name));
}

/// A viewpoint's name with the key that leads there.
fn numbered(number: usize, name: &str) -> String {
    match number {
        0..9 => format!("{}   {name}", number + 1),
        _ => format!("     {name}"),
    }
}

fn heading(ui: &mut Ui, data: &PanelData, text: &str) {
    ui.label(RichText::new(text).small().color(data.palette.text_faint));
}

fn item(ui: &mut Ui, text: &str, command: Command, commands: &mut Vec<Command>) {
    if ui.button(text).clicked() {
        commands.push(command);
        ui.close();
    }
}

fn switch(
    ui: &mut Ui,
    edge: egui::Color32,
    (text, mut on): (&str, bool),
    command: Command,
    commands: &mut Vec<Command>,
) {
    ui.scope(|ui| {
        // An empty box is seen by its edge.
        ui.visuals_mut().widgets.inactive.bg_stroke = egui::Stroke::new(1.0, edge);
        if ui.checkbox(&mut on, text).clicked() {
            commands.push(command);
        }
    });
}
