//! The window: its title and size, and keys and pointer in and out of it.

use bevy::prelude::*;
use bevy::window::{ExitCondition, PresentMode, WindowResolution};

use super::options::Surface;

pub(super) fn plugin(app: &mut App) {
    #[cfg(not(target_arch = "wasm32"))]
    {
        app.add_systems(Update, super::icon::set);
        super::place::plugin(app);
    }
    #[cfg(target_arch = "wasm32")]
    let _ = app;
}

/// The window's settings; none for a picture.
pub(super) fn window_plugin(title: &str, surface: &Surface) -> WindowPlugin {
    match surface {
        Surface::Image { .. } => WindowPlugin {
            primary_window: None,
            exit_condition: ExitCondition::DontExit,
            ..default()
        },
        Surface::Window => WindowPlugin {
            primary_window: Some(Window {
                title: title.to_owned(),
                name: Some("twinscope".to_owned()),
                resolution: WindowResolution::new(1600, 900),
                resize_constraints: bevy::window::WindowResizeConstraints {
                    min_width: 800.0,
                    min_height: 480.0,
                    ..default()
                },
                present_mode: PresentMode::AutoVsync,
                canvas: Some("#twinscope".to_owned()),
                fit_canvas_to_parent: true,
                // The browser's own keys stay the browser's; the page keeps it from scrolling.
                prevent_default_event_handling: false,
                ..default()
            }),
            ..default()
        },
    }
}
