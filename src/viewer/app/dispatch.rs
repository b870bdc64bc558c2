//! The one place where a command becomes its effect: permission is asked, the owner of the state is
//! called, and what became of it is recorded.
//!
//! Flows in: [`CommandRequest`]s. Flows out: calls to the owners of camera, time, panels and
//! selection, notices of what was refused, and [`CommandLog`]. It runs in [`Round::Commands`], after
//! samples were taken in and before the playhead moves, so that what is asked for is in the same
//! frame's picture.

use bevy::ecs::system::SystemParam;
use bevy::prelude::*;

use super::command_log::{CommandLog, CommandRecord, Outcome};
use super::permission::{Decision, Permission};
use super::viewed::{ToClipboard, link_of};
use crate::twin::AssetId;
use crate::viewer::base::{
    Command, CommandRequest, LinkBase, Palette, Round, Selection, Severity, TwinDefinition,
};
use crate::viewer::scene::camera::CameraControl;
use crate::viewer::time::{TimeControl, WallClock};
use crate::viewer::ui::PanelControl;

pub(super) fn plugin(app: &mut App) {
    app.init_resource::<Permission>()
        .init_resource::<CommandLog>()
        .init_resource::<ToClipboard>()
        .add_message::<CommandRequest>()
        .add_systems(Update, dispatch.in_set(Round::Commands));
}

/// All that commands can change.
#[derive(SystemParam)]
struct Owners<'w> {
    twin: Res<'w, TwinDefinition>,
    selection: ResMut<'w, Selection>,
    palette: ResMut<'w, Palette>,
    camera: CameraControl<'w>,
    time: TimeControl<'w>,
    panels: PanelControl<'w>,
    link_base: Res<'w, LinkBase>,
    clipboard: ResMut<'w, ToClipboard>,
}

fn dispatch(
    mut requests: MessageReader<CommandRequest>,
    permission: Res<Permission>,
    wall: Res<WallClock>,
    mut owners: Owners,
    mut log: ResMut<CommandLog>,
) {
    for CommandRequest { command, by } in requests.read() {
        let outcome = match permission.0(command, *by) {
            Decision::Allowed => match owners.take(command) {
                Ok(()) => Outcome::Done,
                Err(why) => Outcome::Impossible { why },
            },
            Decision::Refused { why } => {
                owners.time.stage.say(Severity::Warning, format!("Refused: {why}"));
                Outcome::Refused { why }
            }
        };
        log.push(CommandRecord {
            wall: wall.now(),
            plant: owners.time.plant_time(),
            by: *by,
            command: command.clone(),
            outcome,
        });
    }
}

impl Owners<'_> {
    /// Gives a command its effect; an error says why it can have none.
    fn take(&mut self, command: &Command) -> Result<(), String> {
        match command {
            Command::Select(asset) => {
                let asset = asset.map(|asset| self.known(asset)).transpose()?;
                self.select(asset);
            }
            Command::FlyTo(asset) => {
                let asset = self.known(*asset)?;
                self.select(Some(asset));
                self.camera.fit(asset);
            }
            Command::FitAll => self.camera.fit_all(),
            Command::Viewpoint(number) => {
                self.camera.viewpoint(*number, self.selection.selected)?;
            }
            Command::LookFrom(place) => self.camera.look_from(place),
            Command::SaveViewpoint(name) => self.camera.save(name),
            Command::ForgetViewpoint(name) => self.camera.forget(name),
            Command::Standard(view) => self.camera.standard(*view, self.selection.selected),
            Command::ToggleProjection => self.camera.toggle_projection(),
            Command::CopyLink => self.copy_link(),
            Command::Seek(time) => self.time.seek(*time),
            Command::Follow => self.time.follow(),
            Command::Play(on) => self.time.play(*on),
            Command::Speed(speed) => self.time.set_speed(*speed)?,
            Command::Theme(choice) => Palette::choose(&mut self.palette, *choice),
            Command::ToggleLabels => self.panels.shown.labels = !self.panels.shown.labels,
            Command::ToggleOcclusion => self.panels.shown.occlusion = !self.panels.shown.occlusion,
            Command::TogglePanels => self.panels.shown.panels = !self.panels.shown.panels,
            Command::ToggleHelp => self.panels.shown.help = !self.panels.shown.help,
            Command::ResetLayout => self.panels.reset_layout(),
            Command::ShowMessages => self.panels.show_messages(),
        }
        Ok(())
    }

    /// What was clicked may be of a definition that has gone since.
    fn known(&self, asset: AssetId) -> Result<AssetId, String> {
        let is_known = (asset.0 as usize) < self.twin.0.assets.len();
        is_known.then_some(asset).ok_or_else(|| "the asset is not in the twin any more".to_owned())
    }

    fn select(&mut self, asset: Option<AssetId>) {
        if self.selection.selected != asset {
            self.selection.selected = asset;
        }
    }

    /// Puts a link to the present view into the clipboard.
    fn copy_link(&mut self) {
        let camera = self.camera.present("");
        let link = link_of(&self.twin.0, &self.selection, &self.time.playhead(), camera);
        self.clipboard.0 = Some(format!("{}#{}", self.link_base.0, link.format()));
        let text = "A link to this view is in the clipboard".to_owned();
        self.time.stage.say(Severity::Info, text);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::viewer::app::testing::{NOW, app};
    use crate::viewer::base::{Notice, Origin, Playhead, Shown};

    fn ask(app: &mut App, command: Command, by: Origin) {
        app.world_mut().write_message(command.by(by));
    }

    fn outcomes(app: &App) -> Vec<Outcome> {
        let log = app.world().resource::<CommandLog>();
        log.records().map(|record| record.outcome.clone()).collect()
    }

    #[test]
    fn what_is_asked_for_is_in_the_same_frame() {
        let mut app = app();
        app.update();
        assert!(app.world().resource::<Playhead>().following);
        ask(&mut app, Command::Play(false), Origin::User);
        ask(&mut app, Command::Select(Some(AssetId(0))), Origin::User);
        app.update();
        assert!(!app.world().resource::<Playhead>().following);
        assert_eq!(app.world().resource::<Selection>().selected, Some(AssetId(0)));
    }

    #[test]
    fn commands_take_effect_in_their_order() {
        let mut app = app();
        for command in [Command::TogglePanels, Command::ShowMessages, Command::TogglePanels] {
            ask(&mut app, command, Origin::User);
        }
        app.update();
        assert!(!app.world().resource::<Shown>().panels);
    }

    #[test]
    fn a_refused_command_changes_nothing_and_becomes_a_notice_and_a_record() {
        let mut app = app();
        app.insert_resource(Permission(|_, by| match by {
            Origin::Remote => Decision::Refused { why: "it is night".into() },
            _ => Decision::Allowed,
        }));
        ask(&mut app, Command::ToggleLabels, Origin::Remote);
        ask(&mut app, Command::ToggleHelp, Origin::User);
        app.update();
        let shown = *app.world().resource::<Shown>();
        assert!(shown.labels && shown.help);
        let notices = app.world().resource::<Messages<Notice>>();
        let texts: Vec<_> =
            notices.iter_current_update_messages().map(|notice| notice.text.clone()).collect();
        assert_eq!(texts, ["Refused: it is night"]);
        let log = app.world().resource::<CommandLog>();
        let records: Vec<_> = log.records().map(|one| (one.by, &one.command, one.wall)).collect();
        let expected = [
            (Origin::Remote, &Command::ToggleLabels, NOW),
            (Origin::User, &Command::ToggleHelp, NOW),
        ];
        assert_eq!(records, expected);
        let refused = Outcome::Refused { why: "it is night".into() };
        assert_eq!(outcomes(&app), [refused, Outcome::Done]);
    }

    #[test]
    fn what_has_nothing_to_take_effect_on_is_recorded_with_the_reason() {
        let mut app = app();
        ask(&mut app, Command::Select(Some(AssetId(7))), Origin::User);
        ask(&mut app, Command::Speed(f64::NAN), Origin::User);
        ask(&mut app, Command::Viewpoint(8), Origin::User);
        app.update();
        for outcome in outcomes(&app) {
            assert!(matches!(outcome, Outcome::Impossible { .. }), "{outcome:?}");
        }
        assert_eq!(app.world().resource::<Selection>().selected, None);
        assert_eq!(app.world().resource::<Playhead>().speed, 1.0);
    }

    #[test]
    fn a_link_to_the_present_view_waits_for_the_clipboard() {
        let mut app = app();
        app.insert_resource(LinkBase("https://plant/".into()));
        ask(&mut app, Command::Select(Some(AssetId(0))), Origin::User);
        ask(&mut app, Command::CopyLink, Origin::User);
        app.update();
        let text = app.world().resource::<ToClipboard>().0.clone().expect("a link");
        assert!(text.starts_with("https://plant/#asset=a&camera="), "{text}");
    }
}
