//! Every colour of the program, in the scene and in the panels, dark and light; and the panels'
//! type, spacing and corners.
//!
//! Flows in: the user's choice of theme. Flows out: [`Palette`], and the style of egui. Any other
//! file that needs a colour takes it from here.

use bevy::prelude::{Color, LinearRgba, Resource};
use bevy_egui::egui::{self, Color32, CornerRadius, FontFamily, FontId, Stroke, TextStyle};

use super::command::ThemeChoice;
use super::settings;
use crate::twin::{Condition, Quality};

/// The colours of a theme.
#[derive(Resource, Clone, Debug, PartialEq)]
pub struct Palette {
    /// Which theme this is.
    pub choice: ThemeChoice,
    /// The scene's.
    pub scene: ScenePalette,
    /// Behind panels and between them.
    pub window: Color32,
    /// A panel's own surface.
    pub panel: Color32,
    /// Fields, bars and plots sunk into a panel.
    pub well: Color32,
    /// Something raised from a panel: buttons, chips, tool tips.
    pub raised: Color32,
    /// The same under the pointer.
    pub raised_hover: Color32,
    /// Lines between things.
    pub line: Color32,
    /// Text that is read first.
    pub text: Color32,
    /// Text that is read second: units, captions.
    pub text_dim: Color32,
    /// Text that is hardly needed: axes, hints.
    pub text_faint: Color32,
    /// What is selected, and what can be pressed.
    pub accent: Color32,
    /// Text on the accent colour.
    pub on_accent: Color32,
    /// The plant as it is now.
    pub live: Color32,
    /// The plant as it was.
    pub past: Color32,
    /// In order.
    pub good: Color32,
    /// Beyond a limit of warning.
    pub warning: Color32,
    /// Beyond a limit of alarm.
    pub alarm: Color32,
    /// No sample has come for too long.
    pub stale: Color32,
    /// The source doubts the value, or says that it is wrong: no alarm of the plant, so no alarm colour.
    pub doubtful: Color32,
    /// Lines in plots, which also the colour-blind can distinguish.
    pub series: [Color32; 6],
}

/// The colours of the scene. Radiance and reflectance are linear; 1 is white paper in full light.
#[derive(Clone, Debug, PartialEq)]
pub struct ScenePalette {
    /// Background at the top of the picture.
    pub backdrop_top: LinearRgba,
    /// Background at the bottom of the picture.
    pub backdrop_bottom: LinearRgba,
    /// Reflectance of the ground outside the hall.
    pub ground: Color,
    /// Its lines; alpha is their strength.
    pub ground_line: LinearRgba,
    /// The sun.
    pub sun: Color,
    /// Its strength in lux.
    pub sun_lux: f32,
    /// Brightness of the surroundings, in candela per square metre.
    pub surroundings: f32,
    /// Edges of what is selected.
    pub selected: Color,
    /// Edges of what is under the pointer.
    pub hovered: Color,
    /// A placeholder for a model that could not be loaded.
    pub missing: Color,
    /// What colours fade to when their source is stale.
    pub stale: Color,
    /// In order.
    pub good: Color,
    /// Beyond a warning limit.
    pub warning: Color,
    /// Beyond an alarm limit.
    pub alarm: Color,
    /// The source doubts the value, or says that it is wrong.
    pub doubtful: Color,
}

/// Name under which the theme is remembered.
const REMEMBERED: &str = "theme.json";

impl Palette {
    /// The theme that the user chose last, on this machine or in this browser.
    pub fn remembered() -> Option<ThemeChoice> {
        settings::read(REMEMBERED)
    }

    /// Changes to a theme and remembers it; the present one stays as it is.
    pub fn choose(palette: &mut impl std::ops::DerefMut<Target = Self>, choice: ThemeChoice) {
        if palette.choice != choice {
            **palette = Self::of(choice);
            settings::write(REMEMBERED, &serde_json::json!(choice).to_string());
        }
    }

    /// The palette of that theme.
    pub fn of(choice: ThemeChoice) -> Self {
        match choice {
            ThemeChoice::Dark => Self::dark(),
            ThemeChoice::Light => Self::light(),
        }
    }

    fn dark() -> Self {
        let hex = Color32::from_rgb;
        Self {
            choice: ThemeChoice::Dark,
            scene: ScenePalette {
                backdrop_top: LinearRgba::rgb(0.030, 0.036, 0.047),
                backdrop_bottom: LinearRgba::rgb(0.085, 0.098, 0.118),
                ground: Color::srgb(0.27, 0.285, 0.31),
                ground_line: LinearRgba::new(0.22, 0.27, 0.33, 0.55),
                sun: Color::srgb(1.0, 0.955, 0.89),
                sun_lux: 3300.0,
                surroundings: 340.0,
                ..ScenePalette::common()
            },
            window: hex(12, 15, 19),
            panel: hex(20, 24, 30),
            well: hex(13, 16, 21),
            raised: hex(33, 39, 48),
            raised_hover: hex(44, 52, 64),
            line: hex(42, 49, 59),
            text: hex(228, 233, 240),
            text_dim: hex(158, 168, 182),
            text_faint: hex(108, 118, 132),
            accent: hex(74, 163, 255),
            on_accent: hex(6, 18, 32),
            live: hex(61, 206, 142),
            past: hex(255, 179, 71),
            good: hex(61, 206, 142),
            warning: hex(250, 190, 60),
            alarm: hex(255, 92, 92),
            stale: hex(139, 129, 160),
            doubtful: hex(198, 140, 255),
            series: [
                hex(74, 163, 255),
                hex(255, 159, 67),
                hex(61, 206, 142),
                hex(222, 120, 222),
                hex(240, 208, 90),
                hex(110, 210, 225),
            ],
        }
    }

    fn light() -> Self {
        let hex = Color32::from_rgb;
        Self {
            choice: ThemeChoice::Light,
            scene: ScenePalette {
                backdrop_top: LinearRgba::rgb(0.62, 0.69, 0.77),
                backdrop_bottom: LinearRgba::rgb(0.76, 0.80, 0.84),
                ground: Color::srgb(0.66, 0.69, 0.72),
                ground_line: LinearRgba::new(0.30, 0.35, 0.42, 0.45),
                sun: Color::srgb(1.0, 0.965, 0.91),
                sun_lux: 3900.0,
                surroundings: 440.0,
                ..ScenePalette::common()
            },
            window: hex(222, 227, 233),
            panel: hex(248, 249, 251),
            well: hex(236, 239, 243),
            raised: hex(255, 255, 255),
            raised_hover: hex(232, 238, 246),
            line: hex(211, 217, 225),
            text: hex(24, 30, 38),
            text_dim: hex(84, 95, 110),
            text_faint: hex(128, 138, 152),
            accent: hex(18, 108, 214),
            on_accent: hex(255, 255, 255),
            live: hex(12, 138, 86),
            past: hex(184, 104, 0),
            good: hex(12, 138, 86),
            warning: hex(176, 116, 0),
            alarm: hex(205, 38, 38),
            stale: hex(120, 108, 146),
            doubtful: hex(128, 60, 190),
            series: [
                hex(18, 108, 214),
                hex(208, 98, 6),
                hex(12, 138, 86),
                hex(160, 56, 168),
                hex(148, 116, 0),
                hex(0, 126, 148),
            ],
        }
    }

    /// A panel's surface with a share of a colour in it. Opaque: a see-through colour would be mixed
    /// as light is, in which a dark one on a bright surface is grey.
    pub fn tint(&self, color: Color32, share: f32) -> Color32 {
        self.panel.lerp_to_gamma(color, share)
    }

    /// The colour of how something is doing.
    pub fn condition(&self, condition: Condition) -> Color32 {
        match condition {
            Condition::Unknown => self.text_faint,
            Condition::Normal => self.good,
            Condition::Stale => self.stale,
            Condition::Uncertain | Condition::Bad => self.doubtful,
            Condition::Warning => self.warning,
            Condition::Alarm => self.alarm,
        }
    }

    /// The colour of a value's text by how far it can be trusted.
    pub fn quality(&self, quality: Quality) -> Color32 {
        match quality {
            Quality::Good => self.text,
            Quality::Stale => self.stale,
            Quality::Uncertain | Quality::Bad => self.doubtful,
        }
    }

    /// The style of all panels.
    pub fn style(&self) -> egui::Style {
        let mut style = egui::Style::default();
        let size = |points| FontId::new(points, FontFamily::Proportional);
        style.text_styles = [
            (TextStyle::Heading, size(16.0)),
            (TextStyle::Body, size(13.0)),
            (TextStyle::Button, size(13.0)),
            (TextStyle::Small, size(11.0)),
            (TextStyle::Monospace, FontId::new(12.0, FontFamily::Monospace)),
        ]
        .into();
        style.spacing.item_spacing = egui::vec2(8.0, 5.0);
        style.spacing.button_padding = egui::vec2(9.0, 4.0);
        style.spacing.interact_size = egui::vec2(32.0, 22.0);
        style.spacing.window_margin = egui::Margin::same(12);
        style.spacing.menu_margin = egui::Margin::same(6);
        style.spacing.scroll = egui::style::ScrollStyle::thin();
        style.spacing.indent = 14.0;
        style.interaction.selectable_labels = false;
        style.animation_time = 0.12;
        style.visuals = self.visuals();
        style
    }

    fn visuals(&self) -> egui::Visuals {
        let mut visuals = match self.choice {
            ThemeChoice::Dark => egui::Visuals::dark(),
            ThemeChoice::Light => egui::Visuals::light(),
        };
        let rounded = CornerRadius::same(5);
        visuals.override_text_color = None;
        visuals.window_fill = self.panel;
        visuals.panel_fill = self.panel;
        visuals.extreme_bg_color = self.well;
        visuals.faint_bg_color = self.well;
        visuals.code_bg_color = self.well;
        visuals.window_corner_radius = CornerRadius::same(8);
        visuals.menu_corner_radius = CornerRadius::same(6);
        visuals.window_stroke = Stroke::new(1.0, self.line);
        visuals.hyperlink_color = self.accent;
        visuals.warn_fg_color = self.warning;
        visuals.error_fg_color = self.alarm;
        visuals.selection.bg_fill = self.tint(self.accent, 0.32);
        visuals.selection.stroke = Stroke::new(1.0, self.accent);
        visuals.window_shadow = egui::Shadow {
            offset: [0, 6],
            blur: 18,
            spread: 0,
            color: Color32::from_black_alpha(if self.choice == ThemeChoice::Dark {
                110
            } else {
                45
            }),
        };
        visuals.popup_shadow = visuals.window_shadow;
        let widget = |fill: Color32, line: Color32, text: Color32| egui::style::WidgetVisuals {
            bg_fill: fill,
            weak_bg_fill: fill,
            bg_stroke: Stroke::new(1.0, line),
            corner_radius: rounded,
            fg_stroke: Stroke::new(1.0, text),
            expansion: 0.0,
        };
        visuals.widgets.noninteractive = widget(self.panel, self.line, self.text);
        visuals.widgets.inactive = widget(self.raised, Color32::TRANSPARENT, self.text);
        visuals.widgets.hovered = widget(self.raised_hover, self.line, self.text);
        visuals.widgets.active = widget(self.raised_hover, self.accent, self.text);
        visuals.widgets.open = widget(self.raised, self.line, self.text);
        visuals
    }
}

impl ScenePalette {
    /// What both themes share: colours that mean something in the plant.
    fn common() -> Self {
        Self {
            backdrop_top: LinearRgba::BLACK,
            backdrop_bottom: LinearRgba::BLACK,
            ground: Color::BLACK,
            ground_line: LinearRgba::BLACK,
            sun: Color::WHITE,
            sun_lux: 0.0,
            surroundings: 0.0,
            selected: Color::srgb(0.20, 0.62, 1.0),
            hovered: Color::srgb(0.75, 0.88, 1.0),
            missing: Color::srgb(0.95, 0.25, 0.75),
            stale: Color::srgb(0.46, 0.44, 0.52),
            good: Color::srgb(0.16, 0.70, 0.44),
            warning: Color::srgb(0.98, 0.70, 0.16),
            alarm: Color::srgb(0.95, 0.20, 0.18),
            doubtful: Color::srgb(0.62, 0.36, 0.95),
        }
    }

    /// The colour of how something is doing.
    pub fn condition(&self, condition: Condition) -> Color {
        match condition {
            Condition::Unknown | Condition::Stale => self.stale,
            Condition::Normal => self.good,
            Condition::Uncertain | Condition::Bad => self.doubtful,
            Condition::Warning => self.warning,
            Condition::Alarm => self.alarm,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Contrast ratio as WCAG 2 defines it.
    fn contrast(a: Color32, b: Color32) -> f32 {
        let luminance = |colour: Color32| {
            let channel = |value: u8| {
                let value = f32::from(value) / 255.0;
                if value <= 0.04045 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
            };
            0.2126 * channel(colour.r())
                + 0.7152 * channel(colour.g())
                + 0.0722 * channel(colour.b())
        };
        let (a, b) = (luminance(a), luminance(b));
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    #[test]
    fn every_text_can_be_read_on_every_surface_of_its_theme() {
        for choice in [ThemeChoice::Dark, ThemeChoice::Light] {
            let palette = Palette::of(choice);
            for surface in [palette.panel, palette.well, palette.raised] {
                assert!(contrast(palette.text, surface) > 7.0, "{choice:?}");
                assert!(contrast(palette.text_dim, surface) > 4.5, "{choice:?}");
                assert!(contrast(palette.text_faint, surface) > 2.6, "{choice:?}");
                let Palette { good, warning, alarm, accent, doubtful, .. } = palette;
                for signal in [good, warning, alarm, accent, doubtful] {
                    assert!(contrast(signal, surface) > 3.0, "{choice:?} {signal:?}");
                }
            }
            assert!(contrast(palette.on_accent, palette.accent) > 4.5);
        }
    }

    #[test]
    fn the_page_around_the_scene_has_the_palette_s_colours() {
        let css = include_str!("../../../web/page.css");
        for palette in [Palette::of(ThemeChoice::Dark), Palette::of(ThemeChoice::Light)] {
            let Palette { window, panel, line, text, text_dim, accent, live, alarm, .. } = palette;
            for colour in [window, panel, line, text, text_dim, accent, live, alarm] {
                let [red, green, blue, _] = colour.to_array();
                let hex = format!("#{red:02x}{green:02x}{blue:02x}");
                assert!(css.contains(&hex), "web/page.css lacks {hex} ({:?})", palette.choice);
            }
        }
    }
}
