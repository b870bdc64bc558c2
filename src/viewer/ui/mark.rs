//! The mark of a condition: a shape of its own, so that it is not told by its colour alone.

use bevy_egui::egui::{self, Pos2, Shape, Stroke, vec2};

use crate::twin::Condition;
use crate::viewer::base::Palette;

/// Half the width of a mark.
const RADIUS: f32 = 3.8;

/// Draws the mark of a condition: a disc while it is normal, a triangle for a warning, a square for an
/// alarm, a cross for a bad value, a ring for what is uncertain, stale or unknown.
pub fn paint(painter: &egui::Painter, palette: &Palette, at: Pos2, condition: Condition) {
    let color = palette.condition(condition);
    let stroke = Stroke::new(1.6, color);
    match condition {
        Condition::Normal => {
            painter.circle_filled(at, RADIUS - 0.4, color);
        }
        Condition::Unknown | Condition::Stale | Condition::Uncertain => {
            painter.circle_stroke(at, RADIUS - 0.8, stroke);
        }
        Condition::Warning => {
            let corners = [vec2(0.0, -1.15), vec2(1.15, 0.95), vec2(-1.15, 0.95)];
            let corners = corners.map(|corner| at + corner * RADIUS).to_vec();
            painter.add(Shape::convex_polygon(corners, color, Stroke::NONE));
        }
        Condition::Bad => {
            for way in [vec2(1.0, 1.0), vec2(1.0, -1.0)] {
                painter.line_segment([at - way * 3.2, at + way * 3.2], Stroke::new(2.0, color));
            }
        }
        Condition::Alarm => {
            let square = egui::Rect::from_center_size(at, egui::Vec2::splat(2.0 * RADIUS));
            painter.rect_filled(square, 1.0, color);
        }
    }
}
