//! The list of all keys, and the hint of three lines for the first run.

use bevy_egui::egui::{self, Align2, Context, RichText, vec2};

use super::keys::Key;
use crate::viewer::base::Palette;

/// Draws the list of keys; returns whether it was closed.
pub fn show(ctx: &Context, palette: &Palette, keys: &[Key]) -> bool {
    let mut open = true;
    egui::Window::new(RichText::new("Keys and pointer").strong())
        .open(&mut open)
        .collapsible(false)
        .resizable(false)
        .anchor(Align2::CENTER_CENTER, vec2(0.0, 0.0))
        .show(ctx, |ui| {
            egui::Grid::new("keys").num_columns(2).spacing(vec2(24.0, 6.0)).show(ui, |ui| {
                for key in keys {
                    ui.label(RichText::new(key.name).strong().color(palette.accent));
                    ui.label(RichText::new(key.what).color(palette.text));
                    ui.end_row();
                }
            });
            if let Some(limits) = LIMITS {
                ui.separator();
                ui.label(RichText::new(limits).small().color(palette.text_dim));
            }
        });
    !open
}

/// Draws the hint of the first run into the scene's rectangle; returns whether it was put away.
pub fn hint(ctx: &Context, palette: &Palette, scene: egui::Rect) -> bool {
    let mut done = false;
    egui::Area::new("hint".into())
        .pivot(Align2::LEFT_BOTTOM)
        .fixed_pos(scene.left_bottom() + vec2(16.0, -16.0))
        .order(egui::Order::Middle)
        .show(ctx, |ui| {
            // In a narrow scene the lines are broken and the button stays in it.
            ui.set_max_width(scene.width() - 56.0);
            egui::Frame::new()
                .fill(palette.panel)
                .stroke(egui::Stroke::new(1.0, palette.line))
                .corner_radius(8)
                .inner_margin(egui::Margin::symmetric(12, 8))
                .show(ui, |ui| {
                    ui.horizontal(|ui| {
                        ui.vertical(|ui| {
                            ui.set_max_width(ui.available_width() - 70.0);
                            ui.spacing_mut().item_spacing.y = 2.0;
                            for line in HINT {
                                ui.label(RichText::new(line).color(palette.text_dim));
                            }
                        });
                        done = ui.button("Got it").clicked();
                    });
                });
        });
    done
}

/// What users of the desktop's program would look for here in vain.
const LIMITS: Option<&str> = if cfg!(target_arch = "wasm32") {
    Some(
        "In a page: a twin file or a model that was saved anew is seen when the page is loaded again;\n\
         brokers are reached by WebSocket alone (ws://, wss://, or through twinscope serve).",
    )
} else {
    None
};

const HINT: [&str; 3] = [
    "Drag to orbit, right-drag to pan, scroll to zoom; double-click flies to a machine.",
    "Click a machine to see its values. Drag the timeline to see the past; End is live again.",
    "? lists all keys.",
];
