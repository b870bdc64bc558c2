//! A recording or a table on screen, beside the plant.
//!
//! Flows in: the bytes of a file. Flows out: a source of its own with all that the file holds, read
//! within a time budget a frame. The plant's source goes on beside it, so that nothing of the plant is
//! lost and the way back is immediate.

use bevy::ecs::system::SystemParam;
use bevy::prelude::*;

use super::sources::{Keep, Sources, TelemetryLink};
use crate::history::SourceId;
use crate::mirror::Budget;
use crate::viewer::base::{Notice, Round, Severity};

/// How far a recording may reach: a hundred years, so that bytes alone decide how much is kept.
const RETENTION: std::time::Duration = std::time::Duration::from_secs(100 * 365 * 86_400);
/// Things that are not used and reported one by one.
const NOTES: usize = 10;

/// What is played; nothing while the scene shows the plant.
#[derive(Resource, Default)]
pub struct Playback(Option<Played>);

#[derive(Clone, Debug, PartialEq)]
struct Played {
    source: SourceId,
    name: String,
    /// Share of the file that is read.
    share: f32,
    /// And it was reported what it held.
    is_reported: bool,
    /// Whether there is a plant to return to.
    has_plant: bool,
}

/// What the panels say of a recording on screen.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Shown<'a> {
    /// The file's name.
    pub name: &'a str,
    /// Share of the file that is read, from 0 to 1.
    pub share: f32,
    /// Whether there is a plant to return to.
    pub has_plant: bool,
}

impl Playback {
    /// What is played.
    pub fn shown(&self) -> Option<Shown<'_>> {
        let Played { name, share, has_plant, .. } = self.0.as_ref()?;
        Some(Shown { name, share: *share, has_plant: *has_plant })
    }

    /// The source that the main scene shows.
    pub fn source(&self) -> SourceId {
        self.0.as_ref().map_or(SourceId::LIVE, |played| played.source)
    }
}

/// All that changes when something else is on screen.
#[derive(SystemParam)]
pub struct Stage<'w> {
    playback: ResMut<'w, Playback>,
    sources: ResMut<'w, Sources>,
    link: Res<'w, TelemetryLink>,
    keep: Option<Res<'w, Keep>>,
    problems: MessageWriter<'w, Notice>,
}

impl Stage<'_> {
    /// Puts a file on screen; `false`: it cannot be read, which is reported, and the scene stays.
    pub fn begin(&mut self, name: &str, bytes: Vec<u8>) -> bool {
        let keep = self.keep.as_ref().map(|keep| keep.0).unwrap_or_default();
        let budget = Budget { retention: RETENTION, ..keep };
        let source = match self.sources.open(name, bytes, budget) {
            Ok(source) => source,
            Err(error) => {
                self.say(Severity::Error, format!("{name}: {error}"));
                return false;
            }
        };
        let notes = self.sources.find(source).map(|opened| opened.notes().to_vec());
        let notes = notes.unwrap_or_default();
        for note in notes.iter().take(NOTES) {
            self.say(Severity::Warning, format!("{name}: {note}"));
        }
        if let Some(more) = notes.len().checked_sub(NOTES + 1) {
            self.say(Severity::Warning, format!("{name}: and {} more columns", more + 1));
        }
        // One file is on screen at a time, and only the plant goes on behind it.
        if let Some(before) = self.playback.0.take() {
            self.sources.close(before.source);
        }
        self.say(Severity::Info, format!("{name} is on screen"));
        let has_plant = !self.link.is_none();
        let name = name.to_owned();
        self.playback.0 = Some(Played { source, name, share: 0.0, is_reported: false, has_plant });
        true
    }

    /// All sources.
    pub(super) fn sources(&self) -> &Sources {
        &self.sources
    }

    /// What is played.
    pub(super) fn playback(&self) -> &Playback {
        &self.playback
    }

    /// Returns to the plant, if there is one.
    pub(super) fn end(&mut self) {
        let Some(played) = self.playback.0.take_if(|played| played.has_plant) else { return };
        self.sources.close(played.source);
        self.say(Severity::Info, "The plant is on screen again".into());
    }

    /// Reports something about files to the user.
    pub fn say(&mut self, severity: Severity, text: String) {
        self.problems.write(Notice::new(severity, text));
    }
}

/// Plays what is opened.
pub fn plugin(app: &mut App) {
    app.init_resource::<Playback>()
        .add_systems(Update, report.after(Round::Ingest).before(Round::Playhead));
}

/// How much of the file is read; says what it held when all of it is.
fn report(
    mut playback: ResMut<Playback>,
    sources: Res<Sources>,
    mut problems: MessageWriter<Notice>,
) {
    let Some(played) = playback.bypass_change_detection().0.as_mut() else { return };
    let Some(opened) = sources.find(played.source) else { return };
    played.share = opened.share();
    if !opened.is_read() || std::mem::replace(&mut played.is_reported, true) {
        return;
    }
    let counts = opened.status().counters.snapshot();
    let bad = match counts.malformed + counts.oversized {
        0 => String::new(),
        bad => format!(", of which {bad} could not be understood"),
    };
    let text =
        format!("{}: {} samples in {} messages{bad}", played.name, counts.samples, counts.messages);
    let severity = if bad.is_empty() { Severity::Info } else { Severity::Warning };
    problems.write(Notice::new(severity, text));
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::sync::Arc;

    use crossbeam_channel::{Sender, bounded};

    use super::*;
    use crate::history::{State, View};
    use crate::telemetry::{Batch, Status, Update};
    use crate::twin::Timestamp;
    use crate::twin::{NoFiles, PropertyId, Quality, Value, load_text};
    use crate::viewer::app::open::{self, Dropped, Opened};
    use crate::viewer::app::testing;
    use crate::viewer::base::TwinDefinition;
    use crate::viewer::base::{Command, Files, Origin, Playhead, SceneViews};
    use crate::viewer::time::{WallClock, ingest, playhead};

    const TWIN: &str = r#"Twin(schema: 2, name: "t",
        classes: {"A": (properties: {"v": ()}, mappings: [Scalar(topic: "t/v", property: "v")])},
        assets: [(name: "a", class: "A")])"#;
    const TABLE: &str = "time,a.v\n2026-03-01T12:00:00Z,10\n2026-03-01T12:10:00Z,20\n";
    /// 2026-03-01T12:00:00Z.
    const TABLE_BEGINS: Timestamp = Timestamp(1_772_366_400_000_000);
    /// An hour later.
    const NOW: Timestamp = Timestamp(TABLE_BEGINS.0 + 3_600_000_000);

    /// A viewer without a picture, and where its plant's samples go in.
    fn viewer() -> (App, Sender<Batch>) {
        let loaded = load_text(Path::new("t.ron"), TWIN, &NoFiles).expect("the twin is right");
        let (plant, batches) = bounded(8);
        let mut app = App::new();
        app.add_plugins(MinimalPlugins)
            .insert_resource(TwinDefinition(Arc::new(loaded.twin)))
            .insert_resource(TelemetryLink { batches, status: Arc::new(Status::new("plant")) })
            .insert_resource(WallClock::At(NOW))
            .init_resource::<Files>()
            .add_message::<Notice>()
            .add_plugins((ingest::plugin, open::plugin, plugin, playhead::plugin));
        Round::chain(&mut app);
        testing::add_dispatcher(&mut app);
        (app, plant)
    }

    fn send(plant: &Sender<Batch>, number: f64) {
        let (property, time) = (PropertyId(0), Some(NOW));
        let value = Value::Number(number);
        let updates = vec![Update { property, time, value: Some(value), quality: Quality::Good }];
        plant.try_send(Batch { arrival: NOW, updates, ..Batch::default() }).expect("room");
    }

    fn drop_file(app: &mut App, name: &str, text: &str) {
        let dropped = Dropped::Bytes(name.into(), text.into());
        app.world_mut().resource_mut::<Opened>().0.push(dropped);
        for _ in 0..200 {
            app.update();
            std::thread::sleep(std::time::Duration::from_millis(2));
            let open = app.world().resource::<Opened>().0.is_empty();
            if open && app.world().resource::<Playback>().shown().is_some_and(|s| s.share == 1.0) {
                break;
            }
        }
        app.update();
    }

    fn playhead(app: &App) -> Playhead {
        *app.world().resource::<Playhead>()
    }

    fn shown(app: &App) -> Option<Value> {
        let sources = app.world().resource::<Sources>();
        sources.reading(playhead(app).view(), PropertyId(0)).map(|reading| reading.value)
    }

    #[test]
    fn a_table_plays_from_its_beginning_while_the_plant_goes_on_behind_it() {
        let (mut app, plant) = viewer();
        send(&plant, 1.0);
        app.update();
        drop_file(&mut app, "minutes.csv", TABLE);
        let at = playhead(&app);
        assert!(at.playing && !at.following);
        assert!((0.0..5.0).contains(&at.time.seconds_since(TABLE_BEGINS)), "{}", at.time);
        app.world_mut()
            .write_message(Command::Seek(TABLE_BEGINS.plus_micros(300_000_000)).by(Origin::Test));
        app.world_mut().write_message(Command::Play(false).by(Origin::Test));
        app.update();
        assert_eq!(shown(&app), Some(Value::Number(15.0)));

        send(&plant, 2.0);
        app.update();
        assert_eq!(shown(&app), Some(Value::Number(15.0)));
        app.world_mut().write_message(Command::Follow.by(Origin::Test));
        app.update();
        assert!(playhead(&app).following);
        assert_eq!(app.world().resource::<Playback>().shown(), None);
        let mirror = app.world().resource::<Sources>().live();
        assert_eq!(mirror.latest(PropertyId(0)).map(|now| now.value), Some(Value::Number(2.0)));
    }

    #[test]
    fn behind_a_second_recording_waits_the_plant_and_not_the_first() {
        let (mut app, _plant) = viewer();
        drop_file(&mut app, "one.csv", TABLE);
        drop_file(&mut app, "two.csv", &TABLE.replace(",20", ",30"));
        assert_eq!(
            app.world().resource::<Playback>().shown().map(|s| s.name.to_owned()),
            Some("two.csv".into())
        );
        app.world_mut().write_message(Command::Follow.by(Origin::Test));
        app.update();
        assert_eq!(playhead(&app).source, SourceId::LIVE);
        assert!(app.world().resource::<Sources>().opened().is_empty(), "both are closed");
    }

    #[test]
    fn another_scene_follows_its_own_source_and_closes_with_it() {
        let (mut app, plant) = viewer();
        send(&plant, 1.0);
        app.update();
        drop_file(&mut app, "minutes.csv", TABLE);
        let source = app.world().resource::<Playback>().source();
        let mut views = app.world_mut().resource_mut::<SceneViews>();
        let live = views.open(View::default(), true).expect("room");
        let file = views.open(View { source, ..View::default() }, true).expect("room");
        app.update();
        let views = app.world().resource::<SceneViews>();
        let time = |scene| views.get(scene).map(|shown| shown.view.time);
        let present = |of| app.world().resource::<Sources>().present(of).live;
        assert_eq!(time(live), present(SourceId::LIVE));
        assert_eq!(time(file), present(source));
        assert!(time(live) > time(file));
        app.world_mut().write_message(Command::Follow.by(Origin::Test));
        app.update();
        app.update();
        let views = app.world().resource::<SceneViews>();
        assert_eq!((views.get(live).is_some(), views.get(file)), (true, None));
    }

    /// What was said of files.
    #[derive(Resource, Default)]
    struct Said(Vec<String>);

    #[test]
    fn a_file_that_cannot_be_read_leaves_the_plant_on_screen_and_is_reported() {
        let (mut app, _plant) = viewer();
        app.init_resource::<Said>().add_systems(
            Last,
            |mut problems: MessageReader<Notice>, mut said: ResMut<Said>| {
                said.0.extend(problems.read().map(|problem| problem.text.clone()));
            },
        );
        drop_file(&mut app, "wrong.csv", "flow\n1\n");
        assert_eq!(app.world().resource::<Playback>().shown(), None);
        let said = &app.world().resource::<Said>().0;
        assert!(said[0].contains("wrong.csv: line 1, column 1: expected a column"), "{said:?}");
        assert_eq!(playhead(&app).source, SourceId::LIVE);
    }
}
