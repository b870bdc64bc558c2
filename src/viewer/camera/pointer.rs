//! The pointer over the scene: which drags are the camera's, what was a click. A drag that began in
//! a panel never moves the camera, and one that began in the scene keeps it until it is let go.

use bevy::input::mouse::{AccumulatedMouseScroll, MouseScrollUnit};
use bevy::prelude::*;
use bevy::time::Real;
use bevy::window::PrimaryWindow;

use super::{CameraRig, REACH};
use crate::viewer::state::SceneRect;

/// Pixels within which a press and a release are a click.
const CLICK_SLOP: f32 = 4.0;
/// Seconds between the clicks of a double click.
const DOUBLE_S: f32 = 0.35;

/// What the pointer does in the scene.
#[derive(Resource, Clone, Copy, Debug, Default, PartialEq)]
pub struct ScenePointer {
    /// Where it is over the scene, in logical pixels of the window; `None` elsewhere.
    pub over: Option<Vec2>,
    /// Whether it drags the camera.
    pub dragging: bool,
    /// What it did in this frame.
    pub gesture: Option<Gesture>,
    press: Option<Press>,
    last_click: Option<(Vec2, f32)>,
    last: Option<Vec2>,
}

/// A click into the scene.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Gesture {
    /// At that place.
    Click(Vec2),
    /// The second of two.
    DoubleClick(Vec2),
}

#[derive(Clone, Copy, Debug, PartialEq)]
struct Press {
    at: Vec2,
    button: MouseButton,
    moved: bool,
}

#[expect(clippy::too_many_arguments, reason = "a system's arguments are what it reads")]
pub(super) fn read(
    mut pointer: ResMut<ScenePointer>,
    mut rig: ResMut<CameraRig>,
    scene: Res<SceneRect>,
    windows: Query<&Window, With<PrimaryWindow>>,
    buttons: Option<Res<ButtonInput<MouseButton>>>,
    keys: Option<Res<ButtonInput<KeyCode>>>,
    scroll: Option<Res<AccumulatedMouseScroll>>,
    time: Option<Res<Time<Real>>>,
) {
    let (Ok(window), Some(buttons)) = (windows.single(), buttons) else { return };
    let at = window.cursor_position();
    let over = at.filter(|at| scene.takes_pointer(*at));
    let moved_by = match (pointer.last, at) {
        (Some(last), Some(at)) => at - last,
        _ => Vec2::ZERO,
    };
    pointer.last = at;
    pointer.over = over;
    pointer.gesture = None;

    for button in [MouseButton::Left, MouseButton::Middle, MouseButton::Right] {
        if let (true, Some(at), None) = (buttons.just_pressed(button), over, pointer.press) {
            pointer.press = Some(Press { at, button, moved: false });
        }
    }
    if let Some(mut press) = pointer.press {
        press.moved |= at.is_some_and(|at| at.distance(press.at) > CLICK_SLOP);
        pointer.press = Some(press);
        if press.moved && moved_by != Vec2::ZERO {
            let shift = keys
                .as_ref()
                .is_some_and(|keys| keys.any_pressed([KeyCode::ShiftLeft, KeyCode::ShiftRight]));
            let height = scene.size().y.max(1.0);
            let goal = if press.button == MouseButton::Left && !shift {
                let turn = moved_by * (std::f32::consts::PI / height);
                rig.goal.turned(turn.x, turn.y)
            } else {
                rig.goal.panned(moved_by, height)
            };
            rig.lead(goal);
        }
        if !buttons.pressed(press.button) {
            pointer.press = None;
            if !press.moved && press.button == MouseButton::Left {
                let now = time.map_or(0.0, |time| time.elapsed_secs());
                let double = pointer.last_click.is_some_and(|(place, when)| {
                    now - when < DOUBLE_S && place.distance(press.at) < 2.0 * CLICK_SLOP
                });
                pointer.last_click = (!double).then_some((press.at, now));
                let gesture = if double { Gesture::DoubleClick } else { Gesture::Click };
                pointer.gesture = Some(gesture(press.at));
            }
        }
    }
    pointer.dragging = pointer.press.is_some_and(|press| press.moved);

    if let (Some(at), Some(scroll)) = (over, scroll)
        && scroll.delta.y != 0.0
    {
        let lines = match scroll.unit {
            MouseScrollUnit::Line => scroll.delta.y,
            MouseScrollUnit::Pixel => scroll.delta.y / 50.0,
        };
        let goal = rig.goal.zoomed(
            0.87f32.powf(lines.clamp(-6.0, 6.0)),
            scene.from_centre(at),
            scene.aspect(),
            REACH,
        );
        rig.lead(goal);
    }
}
