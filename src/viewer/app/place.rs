//! Where the window is: it fits the display that it opens on, and size and place are remembered.
//!
//! Flows in: the displays, and what the user does to the window. Flows out: size and place of the
//! window, once at the start; then what is remembered of them.

use std::time::Duration;

use bevy::platform::time::Instant;
use bevy::prelude::*;
use bevy::window::{Monitor, PrimaryMonitor, PrimaryWindow, WindowMode, WindowPosition};
use serde::{Deserialize, Serialize};

use crate::viewer::base::settings;

/// Name under which size and place are remembered.
const NAME: &str = "window.json";
/// Width and height at first, in points, where the display has room.
const USUAL: (f64, f64) = (1600.0, 900.0);
/// Share of a display that a window of no remembered size fills at most: bars need the rest.
const SHARE: f64 = 0.9;
/// Part of a window, in pixels, that must be on a display so that it can be taken hold of.
const GRIP: i32 = 100;
/// A window that was left alone for so long stays as it is.
const QUIET: Duration = Duration::from_millis(500);

/// Size and place of a window.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
struct Place {
    /// Points.
    width: f64,
    /// Points.
    height: f64,
    /// Left upper corner in pixels, where the system says it.
    at: Option<(i32, i32)>,
}

/// A display.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Display {
    /// Pixels.
    at: (i32, i32),
    /// Pixels.
    size: (u32, u32),
    /// Pixels a point.
    scale: f64,
    is_primary: bool,
}

impl Display {
    /// Width and height in points.
    fn points(&self) -> (f64, f64) {
        let scale = if self.scale > 0.0 { self.scale } else { 1.0 };
        (f64::from(self.size.0) / scale, f64::from(self.size.1) / scale)
    }

    /// Whether the upper edge of a window is on it, where it is taken hold of.
    fn holds(&self, at: (i32, i32), width_px: i32) -> bool {
        let (left, top) = self.at;
        let right = left.saturating_add_unsigned(self.size.0);
        let bottom = top.saturating_add_unsigned(self.size.1);
        let inside = at.0.saturating_add(width_px).min(right).saturating_sub(at.0.max(left));
        inside >= GRIP && at.1 >= top && at.1 <= bottom.saturating_sub(GRIP)
    }
}

/// Where a window opens: as it was, on a display that is still there; else in the usual size on the
/// first one, as far as it fits.
fn place(remembered: Option<Place>, displays: &[Display]) -> Option<Place> {
    let first = displays.iter().find(|display| display.is_primary).or(displays.first())?;
    let sensible = |points: f64| points.is_finite() && points >= 1.0;
    let remembered = remembered.filter(|kept| sensible(kept.width) && sensible(kept.height));
    let home = remembered.and_then(|kept| {
        let at = kept.at?;
        let holds = |display: &&Display| display.holds(at, (kept.width * display.scale) as i32);
        displays.iter().find(holds)
    });
    let (width, height) = home.unwrap_or(first).points();
    Some(match remembered {
        Some(kept) => Place {
            width: kept.width.min(width),
            height: kept.height.min(height),
            at: kept.at.filter(|_| home.is_some()),
        },
        None => Place {
            width: USUAL.0.min(width * SHARE),
            height: USUAL.1.min(height * SHARE),
            at: None,
        },
    })
}

/// Opens the window where it was, and remembers where it is put.
pub(super) fn plugin(app: &mut App) {
    app.init_resource::<Kept>().add_systems(Update, (open, remember).chain());
}

/// What is known of the window's place.
#[derive(Resource, Default)]
struct Kept {
    /// It was put where it opens.
    is_open: bool,
    written: Option<Place>,
    /// Since when it is where it is.
    latest: Option<(Place, Instant)>,
}

fn open(
    mut windows: Query<&mut Window, With<PrimaryWindow>>,
    monitors: Query<(&Monitor, Has<PrimaryMonitor>)>,
    mut kept: ResMut<Kept>,
) {
    if kept.is_open {
        return;
    }
    let Ok(mut window) = windows.single_mut() else { return };
    let displays: Vec<Display> = monitors
        .iter()
        .map(|(monitor, is_primary)| Display {
            at: monitor.physical_position.into(),
            size: (monitor.physical_width, monitor.physical_height),
            scale: monitor.scale_factor,
            is_primary,
        })
        .collect();
    let Some(place) = place(settings::read(NAME), &displays) else { return };
    kept.is_open = true;
    let (width, height) = (place.width as f32, place.height as f32);
    let least = &mut window.resize_constraints;
    least.min_width = least.min_width.min(width);
    least.min_height = least.min_height.min(height);
    window.resolution.set(width, height);
    if let Some((x, y)) = place.at {
        window.position = WindowPosition::At(IVec2::new(x, y));
    }
}

fn remember(windows: Query<&Window, With<PrimaryWindow>>, mut kept: ResMut<Kept>) {
    let Ok(window) = windows.single() else { return };
    // A window that fills the display says nothing of its own size.
    if !kept.is_open || window.mode != WindowMode::Windowed {
        return;
    }
    let at = match window.position {
        WindowPosition::At(at) => Some(at.into()),
        _ => None,
    };
    let now = Place { width: window.width().into(), height: window.height().into(), at };
    match kept.latest {
        Some((place, since)) if place == now => {
            if since.elapsed() < QUIET || kept.written == Some(now) {
                return;
            }
            kept.written = Some(now);
            match serde_json::to_string(&now) {
                Ok(text) => settings::write(NAME, &text),
                Err(error) => warn!("the window's place is not remembered: {error}"),
            }
        }
        _ => kept.latest = Some((now, Instant::now())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LAPTOP: Display = Display { at: (0, 0), size: (1366, 768), scale: 1.0, is_primary: true };
    const BESIDE: Display =
        Display { at: (1366, 0), size: (3840, 2160), scale: 2.0, is_primary: false };

    #[test]
    fn a_window_fits_its_display_at_first() {
        let at_first = place(None, &[LAPTOP]).expect("a display is there");
        assert!(at_first.width < 1366.0 && at_first.height < 768.0, "{at_first:?}");
        let large = Display { size: (2560, 1440), ..LAPTOP };
        assert_eq!(place(None, &[large]), Some(Place { width: 1600.0, height: 900.0, at: None }));
        assert_eq!(place(None, &[]), None);
    }

    #[test]
    fn a_window_opens_where_it_was_and_on_a_display_that_is_there() {
        let kept = Place { width: 1800.0, height: 1000.0, at: Some((1400, 50)) };
        assert_eq!(place(Some(kept), &[LAPTOP, BESIDE]), Some(kept));
        let gone = place(Some(kept), &[LAPTOP]);
        assert_eq!(gone, Some(Place { width: 1366.0, height: 768.0, at: None }));
        let senseless = Place { width: f64::NAN, ..kept };
        assert_eq!(place(Some(senseless), &[LAPTOP]), place(None, &[LAPTOP]));
    }
}
