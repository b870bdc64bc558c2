//! What each key does, in one table: the keyboard and the list of keys on screen both read it.

use bevy::prelude::*;
use bevy_egui::input::EguiWantsInput;

use crate::viewer::command::{Command, StandardView, ThemeChoice};
use crate::viewer::state::{Playhead, Selection};
use crate::viewer::theme::Palette;

/// A line of the list of keys.
pub struct Key {
    /// As it is called on the keyboard, or the pointer's gesture.
    pub name: &'static str,
    /// What it does.
    pub what: &'static str,
    /// Any of these; empty for gestures.
    codes: &'static [KeyCode],
    does: Option<fn(&Now) -> Option<Command>>,
}

/// What a key's effect may depend on.
struct Now<'a> {
    selection: &'a Selection,
    playhead: Option<&'a Playhead>,
    theme: ThemeChoice,
    coarse: bool,
}

const fn key(
    name: &'static str,
    what: &'static str,
    codes: &'static [KeyCode],
    does: fn(&Now) -> Option<Command>,
) -> Key {
    Key { name, what, codes, does: Some(does) }
}

const fn gesture(name: &'static str, what: &'static str) -> Key {
    Key { name, what, codes: &[], does: None }
}

/// All keys and gestures, in the order of the list on screen.
pub const KEYS: &[Key] = &[
    gesture("Drag", "Turn about what you look at"),
    gesture("Right drag, Shift + drag", "Move sideways"),
    gesture("Wheel", "Nearer or farther, towards the pointer"),
    gesture("Click", "Select"),
    gesture("Double click", "Fly there"),
    key("F", "Fit the selection, or the whole plant", &[KeyCode::KeyF], |now| {
        Some(now.selection.selected.map_or(Command::FitAll, Command::FlyTo))
    }),
    key("Home", "Overview", &[KeyCode::Home], |_| Some(Command::Viewpoint(0))),
    key("1", "From the front", &[KeyCode::Digit1, KeyCode::Numpad1], |_| {
        Some(Command::Standard(StandardView::Front))
    }),
    key("2", "From behind", &[KeyCode::Digit2, KeyCode::Numpad2], |_| {
        Some(Command::Standard(StandardView::Back))
    }),
    key("3", "From the left", &[KeyCode::Digit3, KeyCode::Numpad3], |_| {
        Some(Command::Standard(StandardView::Left))
    }),
    key("4", "From the right", &[KeyCode::Digit4, KeyCode::Numpad4], |_| {
        Some(Command::Standard(StandardView::Right))
    }),
    key("5", "From above", &[KeyCode::Digit5, KeyCode::Numpad5], |_| {
        Some(Command::Standard(StandardView::Top))
    }),
    key("6", "From front, right and above", &[KeyCode::Digit6, KeyCode::Numpad6], |_| {
        Some(Command::Standard(StandardView::Isometric))
    }),
    key("P", "Perspective or parallel", &[KeyCode::KeyP], |_| Some(Command::ToggleProjection)),
    key("Space, End", "Return to the present", &[KeyCode::Space, KeyCode::End], |_| {
        Some(Command::Follow)
    }),
    key("←", "One second back (with Shift: ten)", &[KeyCode::ArrowLeft], |now| now.step(-1)),
    key("→", "One second on (with Shift: ten)", &[KeyCode::ArrowRight], |now| now.step(1)),
    key("L", "Labels", &[KeyCode::KeyL], |_| Some(Command::ToggleLabels)),
    key("Tab", "Panels", &[KeyCode::Tab], |_| Some(Command::TogglePanels)),
    key("T", "Light or dark", &[KeyCode::KeyT], |now| {
        Some(Command::Theme(match now.theme {
            ThemeChoice::Dark => ThemeChoice::Light,
            ThemeChoice::Light => ThemeChoice::Dark,
        }))
    }),
    key("Esc", "Select nothing", &[KeyCode::Escape], |_| Some(Command::Select(None))),
    key("?, F1", "This list", &[KeyCode::F1, KeyCode::Slash], |_| Some(Command::ToggleHelp)),
];

impl Now<'_> {
    /// Moves the playhead by so many seconds, or ten times as many.
    fn step(&self, seconds: i64) -> Option<Command> {
        let span = seconds * if self.coarse { 10_000_000 } else { 1_000_000 };
        let playhead = self.playhead?;
        Some(Command::Seek(playhead.time.plus_micros(span)))
    }
}

pub(super) fn plugin(app: &mut App) {
    app.add_systems(PreUpdate, press.after(bevy::input::InputSystems));
}

fn press(
    keys: Option<Res<ButtonInput<KeyCode>>>,
    panels: Option<Res<EguiWantsInput>>,
    selection: Res<Selection>,
    playhead: Option<Res<Playhead>>,
    palette: Res<Palette>,
    mut commands: MessageWriter<Command>,
) {
    let Some(keys) = keys else { return };
    // Somebody who types into a field of a panel does not steer the scene.
    if panels.is_some_and(|panels| panels.wants_keyboard_input())
        || keys.any_pressed([KeyCode::ControlLeft, KeyCode::ControlRight, KeyCode::AltLeft])
    {
        return;
    }
    let now = Now {
        selection: &selection,
        playhead: playhead.as_deref(),
        theme: palette.choice,
        coarse: keys.any_pressed([KeyCode::ShiftLeft, KeyCode::ShiftRight]),
    };
    for key in KEYS {
        if keys.any_just_pressed(key.codes.iter().copied())
            && let Some(command) = key.does.and_then(|does| does(&now))
        {
            commands.write(command);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_key_does_two_things() {
        let mut codes: Vec<_> = KEYS.iter().flat_map(|key| key.codes).collect();
        let all = codes.len();
        codes.sort();
        codes.dedup();
        assert_eq!(codes.len(), all);
    }
}
