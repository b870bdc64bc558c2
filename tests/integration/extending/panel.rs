//! The panel of `docs/extending.md`, drawn and clicked without Bevy.

use std::sync::Arc;

use bevy_egui::egui;
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable;
use twinscope::history::{Answer, Presence, State, View};
use twinscope::twin::{AssetId, PropertyId, Twin};
use twinscope::viewer::ui::data::{Health, PanelData, Views};
use twinscope::viewer::ui::outline::Outline;
use twinscope::viewer::{Command, Playhead, Selection, Shown, ThemeChoice};
use twinscope::viewer::{base::Palette, time::Survey};

use super::sources_panel;
use crate::support::twins::motors;

/// All of it is offline.
struct Offline;

impl State for Offline {
    fn read(&self, _: View, _: PropertyId) -> Answer {
        Answer::Unknown
    }

    fn presence(&self, _: View, _: AssetId) -> Presence {
        Presence::Offline
    }
}

/// What one frame of the panel gives.
fn draw(ui: &mut egui::Ui, twin: &Twin) -> Vec<Command> {
    let data = PanelData {
        twin,
        outline: &Outline::new(twin),
        state: &Offline,
        survey: &Survey::new(twin),
        playhead: Playhead::default(),
        selection: Selection::default(),
        palette: &Palette::of(ThemeChoice::Dark),
        health: &Health::default(),
        shown: Shown::default(),
        views: Views::default(),
        playback: None,
    };
    sources_panel::show(ui, &data)
}

#[test]
fn the_panel_of_the_page_says_what_is_offline_and_a_click_selects_it() {
    let twin = Arc::new(motors());
    let first = twin.presence[0].assets[0];
    let size = egui::vec2(300.0, 200.0);
    let mut harness = Harness::builder().with_size(size).build_ui_state(
        move |ui, commands: &mut Vec<Command>| commands.extend(draw(ui, &twin)),
        Vec::new(),
    );
    harness.get_by_label("online: offline").click();
    harness.run();
    assert_eq!(harness.state().as_slice(), [Command::Select(Some(first))]);
}
