//! What each key does, in one table: the keyboard and the list of keys on screen both read it.

use bevy::prelude::*;
use bevy_egui::{EguiContexts, EguiInput, EguiPreUpdateSet, PrimaryEguiContext, egui};

use crate::viewer::base::{
    Command, CommandRequest, Origin, Palette, Playhead, Selection, Shown, StandardView, ThemeChoice,
};

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
    /// The list of keys is over the scene.
    help: bool,
    /// Shift is held.
    coarse: bool,
    /// Which of its codes was pressed.
    code: Option<KeyCode>,
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

/// Digits of the rows and of the pad in turn.
const DIGITS: &[KeyCode] = &[
    KeyCode::Digit1,
    KeyCode::Numpad1,
    KeyCode::Digit2,
    KeyCode::Numpad2,
    KeyCode::Digit3,
    KeyCode::Numpad3,
    KeyCode::Digit4,
    KeyCode::Numpad4,
    KeyCode::Digit5,
    KeyCode::Numpad5,
    KeyCode::Digit6,
    KeyCode::Numpad6,
    KeyCode::Digit7,
    KeyCode::Numpad7,
    KeyCode::Digit8,
    KeyCode::Numpad8,
    KeyCode::Digit9,
    KeyCode::Numpad9,
];

/// In a page Tab is the browser's: it leads to the next field.
const PANELS: (&str, &[KeyCode]) = if cfg!(target_arch = "wasm32") {
    ("B", &[KeyCode::KeyB])
} else {
    ("Tab, B", &[KeyCode::Tab, KeyCode::KeyB])
};

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
    key("1 … 9", "Viewpoint of that number in the View menu", DIGITS, |now| {
        let at = now.code.and_then(|code| DIGITS.iter().position(|digit| *digit == code))? / 2;
        if now.coarse {
            StandardView::ALL.get(at).map(|view| Command::Standard(*view))
        } else {
            Some(Command::Viewpoint(at))
        }
    }),
    gesture("Shift + 1 … 6", "From front, back, left, right, above, from a corner"),
    key("P", "Perspective or parallel", &[KeyCode::KeyP], |_| Some(Command::ToggleProjection)),
    key("Space", "Stop the scene, or let it go on", &[KeyCode::Space], |now| {
        now.playhead.map(|playhead| Command::Play(!playhead.following && !playhead.playing))
    }),
    key("End", "Return to the present", &[KeyCode::End], |_| Some(Command::Follow)),
    key("Left", "One second back (with Shift: ten)", &[KeyCode::ArrowLeft], |now| now.step(-1)),
    key("Right", "One second on (with Shift: ten)", &[KeyCode::ArrowRight], |now| now.step(1)),
    key("L", "Labels", &[KeyCode::KeyL], |_| Some(Command::ToggleLabels)),
    key(PANELS.0, "Panels", PANELS.1, |_| Some(Command::TogglePanels)),
    key("T", "Light or dark", &[KeyCode::KeyT], |now| {
        Some(Command::Theme(match now.theme {
            ThemeChoice::Dark => ThemeChoice::Light,
            ThemeChoice::Light => ThemeChoice::Dark,
        }))
    }),
    key("Esc", "Close this list; select nothing", &[KeyCode::Escape], |now| {
        Some(if now.help { Command::ToggleHelp } else { Command::Select(None) })
    }),
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

/// What of the panels takes keys, as the frame before left it.
#[derive(Resource, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum KeyFocus {
    /// Nothing.
    #[default]
    Scene,
    /// A button or a row, which keys can press.
    Widget,
    /// A menu, which Esc closes.
    Menu,
    /// A field that somebody types into.
    Text,
}

impl KeyFocus {
    /// What takes keys at present.
    pub(super) fn of(ctx: &egui::Context) -> Self {
        if ctx.text_edit_focused() {
            Self::Text
        } else if ctx.any_popup_open() {
            Self::Menu
        } else if ctx.memory(|memory| memory.focused().is_some()) {
            Self::Widget
        } else {
            Self::Scene
        }
    }

    /// Whether a key is the panels' own.
    fn takes(self, code: KeyCode) -> bool {
        use KeyCode::{ArrowLeft, ArrowRight, Escape, Space};
        match self {
            Self::Scene => false,
            Self::Widget => matches!(code, Space | Escape | ArrowLeft | ArrowRight),
            Self::Menu => code == Escape,
            Self::Text => true,
        }
    }
}

/// Adds the keyboard.
pub fn plugin(app: &mut App) {
    app.init_resource::<KeyFocus>()
        .add_systems(PreUpdate, press.after(bevy::input::InputSystems))
        .add_systems(
            PreUpdate,
            keep_tab
                .after(EguiPreUpdateSet::ProcessInput)
                .before(EguiPreUpdateSet::BeginPass)
                .run_if(|| TAB_IS_OURS),
        );
}

/// Whether Tab is a key of the program, which shows and hides panels.
const TAB_IS_OURS: bool = !cfg!(target_arch = "wasm32");

/// Tab does not go on to the next button, which would take the other keys: it shows and hides the panels.
/// In a field it leads to the next one, as everywhere.
fn keep_tab(focus: Res<KeyFocus>, mut inputs: Query<&mut EguiInput, With<PrimaryEguiContext>>) {
    if *focus == KeyFocus::Text {
        return;
    }
    for mut input in &mut inputs {
        let tab =
            |event: &egui::Event| matches!(event, egui::Event::Key { key: egui::Key::Tab, .. });
        input.events.retain(|event| !tab(event));
    }
}

/// Notes what of the panels takes keys.
pub(super) fn note_focus(mut contexts: EguiContexts, mut focus: ResMut<KeyFocus>) -> Result {
    let now = KeyFocus::of(contexts.ctx_mut()?);
    focus.set_if_neq(now);
    Ok(())
}

fn press(
    keys: Option<Res<ButtonInput<KeyCode>>>,
    focus: Res<KeyFocus>,
    shown: Option<Res<Shown>>,
    selection: Res<Selection>,
    playhead: Option<Res<Playhead>>,
    palette: Res<Palette>,
    mut requests: MessageWriter<CommandRequest>,
) {
    let Some(keys) = keys else { return };
    // With these a key is another one's.
    const WITH_OTHERS: [KeyCode; 5] = [
        KeyCode::ControlLeft,
        KeyCode::ControlRight,
        KeyCode::AltLeft,
        KeyCode::SuperLeft,
        KeyCode::SuperRight,
    ];
    if keys.any_pressed(WITH_OTHERS) {
        return;
    }
    let mut now = Now {
        selection: &selection,
        playhead: playhead.as_deref(),
        theme: palette.choice,
        help: shown.is_some_and(|shown| shown.help),
        coarse: keys.any_pressed([KeyCode::ShiftLeft, KeyCode::ShiftRight]),
        code: None,
    };
    for key in KEYS {
        now.code =
            key.codes.iter().copied().find(|code| keys.just_pressed(*code) && !focus.takes(*code));
        if now.code.is_some()
            && let Some(command) = key.does.and_then(|does| does(&now))
        {
            requests.write(command.by(Origin::User));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a key asks for, with the plant's overview selected as nothing.
    fn pressed(code: KeyCode, shift: bool) -> Option<Command> {
        let selection = Selection::default();
        let theme = ThemeChoice::Dark;
        let (code, help) = (Some(code), false);
        let now = Now { selection: &selection, playhead: None, theme, help, coarse: shift, code };
        let key = KEYS.iter().find(|key| code.is_some_and(|code| key.codes.contains(&code)))?;
        key.does.and_then(|does| does(&now))
    }

    #[test]
    fn a_digit_is_a_viewpoint_and_with_shift_a_standard_view() {
        assert_eq!(pressed(KeyCode::Digit1, false), Some(Command::Viewpoint(0)));
        assert_eq!(pressed(KeyCode::Numpad7, false), Some(Command::Viewpoint(6)));
        assert_eq!(pressed(KeyCode::Digit9, false), Some(Command::Viewpoint(8)));
        let top = Command::Standard(StandardView::Top);
        assert_eq!(pressed(KeyCode::Digit5, true), Some(top));
        assert_eq!(pressed(KeyCode::Digit7, true), None);
    }

    fn pressed_in_an_app(code: KeyCode, focus: KeyFocus, help: bool) -> Vec<Command> {
        let mut app = App::new();
        let mut keys = ButtonInput::<KeyCode>::default();
        keys.press(code);
        app.insert_resource(keys)
            .insert_resource(focus)
            .insert_resource(Shown { help, ..Shown::default() })
            .insert_resource(Palette::of(ThemeChoice::Dark))
            .init_resource::<Selection>()
            .add_message::<CommandRequest>()
            .add_systems(Update, press);
        app.update();
        let requests = app.world().resource::<Messages<CommandRequest>>();
        requests.iter_current_update_messages().map(|request| request.command.clone()).collect()
    }

    #[test]
    fn a_button_in_focus_takes_the_keys_that_press_it_and_no_others() {
        let focus = KeyFocus::Widget;
        assert_eq!(pressed_in_an_app(KeyCode::KeyL, focus, false), [Command::ToggleLabels]);
        assert_eq!(pressed_in_an_app(KeyCode::Tab, focus, false), [Command::TogglePanels]);
        assert_eq!(pressed_in_an_app(KeyCode::Space, focus, false), []);
        assert_eq!(pressed_in_an_app(KeyCode::KeyL, KeyFocus::Text, false), []);
    }

    #[test]
    fn esc_closes_the_list_of_keys_before_it_selects_nothing() {
        let esc = |help| pressed_in_an_app(KeyCode::Escape, KeyFocus::Scene, help);
        assert_eq!(esc(true), [Command::ToggleHelp]);
        assert_eq!(esc(false), [Command::Select(None)]);
        assert_eq!(pressed_in_an_app(KeyCode::Escape, KeyFocus::Menu, false), []);
    }

    #[test]
    fn the_manual_has_every_key_gesture_direction_and_speed_and_each_word_of_the_live_button() {
        use crate::viewer::time::SPEEDS;
        use crate::viewer::ui::liveness::Liveness::{
            self, Connecting, Late, Live, Offline, Silent, Stale, Waiting,
        };
        let manual = include_str!("../../../docs/viewer.md");
        for Key { name, what, .. } in KEYS {
            let row = format!("| {name} | {what} |");
            assert!(manual.contains(&row), "docs/viewer.md has no row {row}");
        }
        for view in StandardView::ALL {
            assert!(manual.contains(&format!("*{}*", view.name())), "{}", view.name());
        }
        for speed in SPEEDS {
            assert!(manual.contains(&format!("×{speed}")), "×{speed}");
        }
        let words = [Live, Connecting, Offline, Silent, Late, Waiting, Stale];
        for word in words.map(Liveness::name) {
            assert!(manual.contains(&format!("| `{word}` | ")), "{word}");
        }
    }

    #[test]
    fn no_key_does_two_things() {
        let mut codes: Vec<_> = KEYS.iter().flat_map(|key| key.codes).collect();
        let all = codes.len();
        codes.sort();
        codes.dedup();
        assert_eq!(codes.len(), all);
    }
}
