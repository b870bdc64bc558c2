//! The pointer over the scene: which drags are the camera's, what was a click. A drag that began in
//! a panel never moves the camera, and one that began in the scene keeps it until it is let go.
//!
//! The window's events are taken in their order, so that a click is a click and a drag a drag even
//! where a frame takes a second.

use bevy::input::mouse::{AccumulatedMouseScroll, MouseScrollUnit};
use bevy::input::touch::TouchPhase;
use bevy::prelude::*;
use bevy::time::Real;
use bevy::window::{PrimaryWindow, WindowEvent};

use super::orbit::Orbit;
use super::rig::{CameraRig, REACH};
use crate::viewer::base::SceneRect;

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
    /// Fingers on the screen: the first two.
    fingers: [Option<(u64, Vec2)>; 2],
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

/// Part of a drag that began in the scene.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Drag {
    button: MouseButton,
    by: Vec2,
}

/// What fingers do that began in the scene.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Slide {
    One(Drag),
    /// Moved by so much, and `zoom` times as near together (below 1: apart) about that place.
    Two {
        by: Vec2,
        about: Vec2,
        zoom: f32,
    },
}

impl ScenePointer {
    /// It is at another place; returns by how much that drags the camera.
    fn moved(&mut self, at: Vec2) -> Option<Drag> {
        let by = self.last.map_or(Vec2::ZERO, |last| at - last);
        self.last = Some(at);
        let press = self.press.as_mut()?;
        press.moved |= at.distance(press.at) > CLICK_SLOP;
        (press.moved && by != Vec2::ZERO).then_some(Drag { button: press.button, by })
    }

    /// A button goes down; `takes` says whether that place is the scene's.
    fn pressed(&mut self, button: MouseButton, takes: impl Fn(Vec2) -> bool) {
        let known = matches!(button, MouseButton::Left | MouseButton::Middle | MouseButton::Right);
        if let (true, Some(at), None) = (known, self.last.filter(|at| takes(*at)), self.press) {
            self.press = Some(Press { at, button, moved: false });
        }
    }

    /// A button goes up. Two clicks are a double click when they are at most `double_s` apart.
    fn released(&mut self, button: MouseButton, now_s: f32, double_s: f32) {
        let Some(press) = self.press.filter(|press| press.button == button) else { return };
        self.press = None;
        if press.moved || button != MouseButton::Left {
            return;
        }
        let double = self.last_click.is_some_and(|(place, when_s)| {
            now_s - when_s <= double_s && place.distance(press.at) < 2.0 * CLICK_SLOP
        });
        self.last_click = (!double).then_some((press.at, now_s));
        let gesture = if double { Gesture::DoubleClick } else { Gesture::Click };
        self.gesture = Some(gesture(press.at));
    }

    /// A finger comes down. The first is a pointer with its left button held; with a second the two
    /// move the picture as if it were under them.
    fn touched(&mut self, id: u64, at: Vec2, takes: impl Fn(Vec2) -> bool) {
        match self.fingers {
            [None, _] => {
                self.fingers[0] = Some((id, at));
                self.last = Some(at);
                self.pressed(MouseButton::Left, takes);
            }
            [Some(_), None] if self.press.is_some() => {
                self.fingers[1] = Some((id, at));
                // What two fingers do is no click.
                self.press = self.press.map(|press| Press { moved: true, ..press });
            }
            _ => {}
        }
    }

    /// A finger moves.
    fn slid(&mut self, id: u64, at: Vec2) -> Option<Slide> {
        let which = self.fingers.iter().position(|finger| finger.is_some_and(|of| of.0 == id))?;
        let before = self.fingers;
        self.fingers[which] = Some((id, at));
        match (before, self.fingers) {
            ([Some((_, a)), Some((_, b))], [Some((_, c)), Some((_, d))]) => {
                let apart = a.distance(b).max(1.0) / c.distance(d).max(1.0);
                let (from, to) = (0.5 * (a + b), 0.5 * (c + d));
                self.last = self.fingers[0].map(|finger| finger.1);
                Some(Slide::Two { by: to - from, about: to, zoom: apart })
            }
            _ if which == 0 => self.moved(at).map(Slide::One),
            _ => None,
        }
    }

    /// A finger goes up, or is taken away.
    fn lifted(&mut self, id: u64, click: Option<(f32, f32)>) {
        let Some(which) =
            self.fingers.iter().position(|finger| finger.is_some_and(|of| of.0 == id))
        else {
            return;
        };
        self.fingers[which] = None;
        if self.fingers == [None, None] {
            match click {
                Some((now_s, double_s)) => self.released(MouseButton::Left, now_s, double_s),
                None => self.let_go(),
            }
            self.last = None;
        } else if which == 0 {
            // The other finger goes on from where it is.
            self.fingers.swap(0, 1);
            self.last = self.fingers[0].map(|finger| finger.1);
        }
    }

    /// The window has lost the pointer's buttons: what was held is let go elsewhere.
    fn let_go(&mut self) {
        self.press = None;
    }
}

#[expect(clippy::too_many_arguments, reason = "a system's arguments are what it reads")]
pub(super) fn read(
    mut pointer: ResMut<ScenePointer>,
    mut rig: ResMut<CameraRig>,
    scene: Res<SceneRect>,
    windows: Query<&Window, With<PrimaryWindow>>,
    mut events: MessageReader<WindowEvent>,
    keys: Option<Res<ButtonInput<KeyCode>>>,
    scroll: Option<Res<AccumulatedMouseScroll>>,
    time: Option<Res<Time<Real>>>,
) {
    let Ok(window) = windows.single() else { return };
    let (now_s, frame_s) = time.map_or((0.0, 0.0), |time| (time.elapsed_secs(), time.delta_secs()));
    let shift =
        keys.is_some_and(|keys| keys.any_pressed([KeyCode::ShiftLeft, KeyCode::ShiftRight]));
    let height = scene.size().y.max(1.0);
    pointer.gesture = None;
    for event in events.read() {
        match event {
            WindowEvent::CursorMoved(moved) => {
                let Some(drag) = pointer.moved(moved.position) else { continue };
                let goal = dragged(rig.goal, drag, shift, height);
                rig.drag_to(goal);
            }
            WindowEvent::TouchInput(touch) => match touch.phase {
                TouchPhase::Started => {
                    pointer.touched(touch.id, touch.position, |at| scene.takes_pointer(at));
                }
                TouchPhase::Moved => {
                    let goal =
                        match pointer.slid(touch.id, touch.position) {
                            Some(Slide::One(drag)) => dragged(rig.goal, drag, shift, height),
                            Some(Slide::Two { by, about, zoom }) => rig
                                .goal
                                .panned(by, height)
                                .zoomed(zoom, scene.from_centre(about), scene.aspect(), REACH),
                            None => continue,
                        };
                    rig.drag_to(goal);
                }
                TouchPhase::Ended => {
                    let double_s = DOUBLE_S.max(1.5 * frame_s);
                    pointer.lifted(touch.id, Some((now_s, double_s)));
                }
                TouchPhase::Canceled => pointer.lifted(touch.id, None),
            },
            WindowEvent::MouseButtonInput(input) if input.state.is_pressed() => {
                pointer.pressed(input.button, |at| scene.takes_pointer(at));
            }
            WindowEvent::MouseButtonInput(input) => {
                // Where frames are slow, so are the notices of clicks.
                pointer.released(input.button, now_s, DOUBLE_S.max(1.5 * frame_s));
            }
            WindowEvent::WindowFocused(focus) if !focus.focused => pointer.let_go(),
            _ => {}
        }
    }
    let at = window.cursor_position();
    pointer.over = at.filter(|at| scene.takes_pointer(*at));
    pointer.dragging = pointer.press.is_some_and(|press| press.moved);

    if let (Some(at), Some(scroll)) = (pointer.over, scroll)
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
        rig.drag_to(goal);
    }
}

/// An orbit after a drag: the left button turns, the others, and Shift, move sideways.
fn dragged(orbit: Orbit, drag: Drag, shift: bool, height: f32) -> Orbit {
    if drag.button == MouseButton::Left && !shift {
        let turn = drag.by * (std::f32::consts::PI / height);
        orbit.turned(turn.x, turn.y)
    } else {
        orbit.panned(drag.by, height)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LEFT: MouseButton = MouseButton::Left;

    fn at(x: f32, y: f32) -> Vec2 {
        Vec2::new(x, y)
    }

    fn click(pointer: &mut ScenePointer, place: Vec2, now_s: f32) -> Option<Gesture> {
        pointer.moved(place);
        pointer.pressed(LEFT, |_| true);
        pointer.released(LEFT, now_s, DOUBLE_S);
        pointer.gesture
    }

    #[test]
    fn two_quick_clicks_at_one_place_are_a_double_click_even_within_one_frame() {
        let mut pointer = ScenePointer::default();
        assert_eq!(click(&mut pointer, at(5.0, 5.0), 1.0), Some(Gesture::Click(at(5.0, 5.0))));
        assert_eq!(
            click(&mut pointer, at(6.0, 5.0), 1.0),
            Some(Gesture::DoubleClick(at(6.0, 5.0)))
        );
        assert_eq!(click(&mut pointer, at(6.0, 5.0), 1.1), Some(Gesture::Click(at(6.0, 5.0))));
    }

    #[test]
    fn slow_clicks_and_clicks_apart_are_two_clicks() {
        let mut pointer = ScenePointer::default();
        click(&mut pointer, at(5.0, 5.0), 1.0);
        assert_eq!(click(&mut pointer, at(5.0, 5.0), 2.0), Some(Gesture::Click(at(5.0, 5.0))));
        assert_eq!(click(&mut pointer, at(90.0, 5.0), 2.1), Some(Gesture::Click(at(90.0, 5.0))));
    }

    #[test]
    fn a_drag_is_no_click_and_moves_by_what_the_pointer_moved() {
        let mut pointer = ScenePointer::default();
        pointer.moved(at(10.0, 10.0));
        pointer.pressed(LEFT, |_| true);
        assert_eq!(pointer.moved(at(12.0, 10.0)), None, "a trembling hand");
        let drag = Drag { button: LEFT, by: at(18.0, 0.0) };
        assert_eq!(pointer.moved(at(30.0, 10.0)), Some(drag));
        // Back where it began it is still no click.
        pointer.moved(at(10.0, 10.0));
        pointer.released(LEFT, 1.0, DOUBLE_S);
        assert_eq!(pointer.gesture, None);
        assert_eq!(pointer.moved(at(50.0, 10.0)), None, "it was let go");
    }

    #[test]
    fn a_drag_that_begins_in_a_panel_never_moves_the_camera() {
        let mut pointer = ScenePointer::default();
        let scene = |place: Vec2| place.x > 100.0;
        pointer.moved(at(50.0, 10.0));
        pointer.pressed(LEFT, scene);
        assert_eq!(pointer.moved(at(200.0, 10.0)), None);
        pointer.released(LEFT, 1.0, DOUBLE_S);
        assert_eq!(pointer.gesture, None);
    }

    #[test]
    fn a_second_button_does_not_take_the_drag_away() {
        let mut pointer = ScenePointer::default();
        pointer.moved(at(10.0, 10.0));
        pointer.pressed(LEFT, |_| true);
        pointer.moved(at(40.0, 10.0));
        pointer.pressed(MouseButton::Right, |_| true);
        pointer.released(MouseButton::Right, 1.0, DOUBLE_S);
        let drag = pointer.moved(at(50.0, 10.0)).expect("the first button still drags");
        assert_eq!(drag.button, LEFT);
    }

    #[test]
    fn a_tap_is_a_click_and_one_finger_turns() {
        let mut pointer = ScenePointer::default();
        pointer.touched(7, at(20.0, 20.0), |_| true);
        pointer.lifted(7, Some((1.0, DOUBLE_S)));
        assert_eq!(pointer.gesture, Some(Gesture::Click(at(20.0, 20.0))));
        pointer.touched(8, at(50.0, 50.0), |_| true);
        let drag = Drag { button: LEFT, by: at(30.0, 0.0) };
        assert_eq!(pointer.slid(8, at(80.0, 50.0)), Some(Slide::One(drag)));
    }

    #[test]
    fn two_fingers_move_and_zoom_and_are_no_click() {
        let mut pointer = ScenePointer::default();
        pointer.touched(1, at(100.0, 100.0), |_| true);
        pointer.touched(2, at(200.0, 100.0), |_| true);
        let slide = pointer.slid(2, at(300.0, 100.0));
        let expected = Slide::Two { by: at(50.0, 0.0), about: at(200.0, 100.0), zoom: 0.5 };
        assert_eq!(slide, Some(expected));
        // The second finger goes on alone, without a jump.
        pointer.lifted(1, Some((1.0, DOUBLE_S)));
        let drag = Drag { button: LEFT, by: at(10.0, 0.0) };
        assert_eq!(pointer.slid(2, at(310.0, 100.0)), Some(Slide::One(drag)));
        pointer.lifted(2, Some((1.1, DOUBLE_S)));
        assert_eq!((pointer.gesture, pointer.press), (None, None));
    }

    #[test]
    fn fingers_on_a_panel_never_move_the_camera() {
        let mut pointer = ScenePointer::default();
        pointer.touched(1, at(10.0, 10.0), |_| false);
        pointer.touched(2, at(60.0, 10.0), |_| false);
        assert_eq!(pointer.slid(1, at(40.0, 10.0)), None);
        assert_eq!(pointer.slid(2, at(90.0, 10.0)), None);
    }
}
