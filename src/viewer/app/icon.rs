//! The window's icon, drawn here: a playhead on a time axis, before the plant's colour.

use bevy::ecs::system::NonSendMarker;
use bevy::prelude::*;
use bevy::window::PrimaryWindow;
use bevy::winit::WINIT_WINDOWS;
use winit::window::Icon;

use crate::viewer::base::Palette;

/// Width and height in pixels.
const SIZE: u32 = 64;

/// Gives the window its icon as soon as there is a window.
pub(super) fn set(
    windows: Query<Entity, With<PrimaryWindow>>,
    palette: Res<Palette>,
    // Windows belong to the main thread.
    _main: NonSendMarker,
    mut done: Local<bool>,
) {
    if *done {
        return;
    }
    let Ok(entity) = windows.single() else { return };
    WINIT_WINDOWS.with_borrow(|windows| {
        let Some(window) = windows.get_window(entity) else { return };
        *done = true;
        match Icon::from_rgba(draw(&palette), SIZE, SIZE) {
            Ok(icon) => window.set_window_icon(Some(icon)),
            Err(error) => warn!("the window has no icon: {error}"),
        }
    });
}

/// The icon's pixels, red, green, blue and alpha.
fn draw(palette: &Palette) -> Vec<u8> {
    let middle = SIZE as f32 / 2.0;
    let mut pixels = Vec::with_capacity((SIZE * SIZE * 4) as usize);
    for y in 0..SIZE {
        for x in 0..SIZE {
            let at = Vec2::new(x as f32 + 0.5, y as f32 + 0.5) - middle;
            // Each shape by the distance to its edge, negative inside; edges a pixel soft.
            let plate = rounded(at, Vec2::splat(middle - 1.0), 14.0);
            let past = rounded(at - Vec2::new(-9.0, 0.0), Vec2::new(15.0, 4.0), 4.0);
            let future = rounded(at - Vec2::new(15.0, 0.0), Vec2::new(9.0, 4.0), 4.0);
            let head = at.distance(Vec2::new(6.0, 0.0)) - 11.0;
            let line = rounded(at - Vec2::new(6.0, 0.0), Vec2::new(2.0, 23.0), 2.0);
            let mut color = palette.window;
            for (shape, ink) in [
                (future, palette.raised_hover),
                (past, palette.accent),
                (line, palette.live),
                (head, palette.live),
                (head + 5.0, palette.window),
            ] {
                color = color.lerp_to_gamma(ink, (0.5 - shape).clamp(0.0, 1.0));
            }
            let [red, green, blue, _] = color.to_array();
            let alpha = ((0.5 - plate).clamp(0.0, 1.0) * 255.0) as u8;
            pixels.extend([red, green, blue, alpha]);
        }
    }
    pixels
}

/// Distance to the edge of a rounded rectangle about the origin.
fn rounded(at: Vec2, half: Vec2, radius: f32) -> f32 {
    let beyond = at.abs() - half + radius;
    beyond.max(Vec2::ZERO).length() + beyond.max_element().min(0.0) - radius
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::viewer::base::ThemeChoice;

    #[test]
    fn the_icon_is_round_at_its_corners_and_has_the_playhead_in_it() {
        let palette = Palette::of(ThemeChoice::Dark);
        let pixels = draw(&palette);
        let pixel = |x: usize, y: usize| &pixels[4 * (y * SIZE as usize + x)..][..4];
        assert_eq!(pixels.len(), (SIZE * SIZE * 4) as usize);
        assert_eq!(pixel(0, 0)[3], 0);
        assert_eq!(pixel(38, 12), palette.live.to_array());
        assert_eq!(pixel(12, 32), palette.accent.to_array());
    }
}
