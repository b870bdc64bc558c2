//! A recording or a table on screen instead of the plant.
//!
//! Flows in: the bytes of a file. Flows out: a mirror with all that the file holds, read within a
//! time budget a frame. The plant's own mirror goes on beside it, so that nothing of the plant is
//! lost and the way back is immediate.

use bevy::ecs::system::SystemParam;
use bevy::prelude::*;

use super::ingest::{Keep, LiveMirror, TelemetryLink};
use super::scene::ModelProblem;
use super::ui::Severity;
use super::{Command, Round, TwinDefinition};
use crate::mirror::{Budget, Mirror, Replay};
use crate::twin::{Timestamp, Twin};

/// How far a recording may reach: a hundred years, so that bytes alone decide how much is kept.
const RETENTION: std::time::Duration = std::time::Duration::from_secs(100 * 365 * 86_400);
/// Things that are not used and told one by one.
const NOTES: usize = 10;

/// What is played; nothing while the scene shows the plant.
#[derive(Resource, Default)]
pub struct Playback(Option<Played>);

struct Played {
    name: String,
    replay: Replay,
    /// All of the file is read.
    is_read: bool,
    /// And it was told what it held.
    is_told: bool,
    /// The plant goes on here; `None` where there is none.
    plant: Option<(Mirror, TelemetryLink)>,
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
        let played = self.0.as_ref()?;
        let share = if played.is_read { 1.0 } else { played.replay.share().min(0.999) };
        Some(Shown { name: &played.name, share, has_plant: played.plant.is_some() })
    }

    /// Reads on until `enough`, and lets the plant go on; `false`: nothing is played.
    pub(super) fn read_on(
        &mut self,
        shown: &mut Mirror,
        wall: Timestamp,
        mut enough: impl FnMut() -> bool,
    ) -> bool {
        let Some(played) = &mut self.0 else { return false };
        if !played.is_read {
            played.is_read = played.replay.step(shown, &mut enough);
        }
        if let Some((mirror, link)) = &mut played.plant {
            mirror.ingest(&link.batches, enough);
            mirror.tick(wall);
        }
        true
    }

    /// The plant has another definition.
    pub(super) fn redefine(&mut self, twin: &std::sync::Arc<Twin>) {
        if let Some((mirror, link)) = self.0.as_mut().and_then(|played| played.plant.as_mut()) {
            mirror.swap_twin(twin.clone(), link.status.redefine(twin));
        }
    }
}

/// All that changes when something else is on screen.
#[derive(SystemParam)]
pub struct Stage<'w> {
    playback: ResMut<'w, Playback>,
    mirror: ResMut<'w, LiveMirror>,
    link: ResMut<'w, TelemetryLink>,
    keep: Option<Res<'w, Keep>>,
    twin: Res<'w, TwinDefinition>,
    problems: MessageWriter<'w, ModelProblem>,
}

impl Stage<'_> {
    /// Puts a file on screen; `false`: it cannot be read, which is told, and the scene stays.
    pub fn begin(&mut self, name: &str, bytes: Vec<u8>) -> bool {
        let replay = match Replay::open(&self.twin.0, name, bytes) {
            Ok(replay) => replay,
            Err(error) => {
                self.say(Severity::Error, format!("{name}: {error}"));
                return false;
            }
        };
        let keep = self.keep.as_ref().map(|keep| keep.0).unwrap_or_default();
        let budget = Budget { retention: RETENTION, ..keep };
        let fresh = replay.mirror(self.twin.0.clone(), budget);
        let link =
            TelemetryLink { batches: crossbeam_channel::never(), status: replay.status().clone() };
        for note in replay.notes().iter().take(NOTES) {
            self.say(Severity::Warning, format!("{name}: {note}"));
        }
        if let Some(more) = replay.notes().len().checked_sub(NOTES + 1) {
            self.say(Severity::Warning, format!("{name}: and {} more columns", more + 1));
        }
        let mirror = std::mem::replace(&mut self.mirror.0, fresh);
        let link = std::mem::replace(&mut *self.link, link);
        // The plant waits behind the first recording, not behind each.
        let plant = match self.playback.0.take() {
            Some(before) => before.plant,
            None => Some((mirror, link)),
        };
        let plant = plant.filter(|(_, link)| !link.is_none());
        self.say(Severity::Info, format!("{name} is on screen"));
        self.playback.0 =
            Some(Played { name: name.to_owned(), replay, is_read: false, is_told: false, plant });
        true
    }

    /// Returns to the plant, if there is one.
    fn end(&mut self) {
        let Some(Played { plant: Some((mirror, link)), .. }) =
            self.playback.0.take_if(|played| played.plant.is_some())
        else {
            return;
        };
        self.mirror.0 = mirror;
        *self.link = link;
        self.say(Severity::Info, "The plant is on screen again".into());
    }

    /// Tells the user something about files.
    pub fn say(&mut self, severity: Severity, text: String) {
        self.problems.write(ModelProblem { asset: None, file: None, severity, text });
    }
}

/// Plays what is opened.
pub fn plugin(app: &mut App) {
    app.init_resource::<Playback>()
        .add_systems(Update, (return_to_plant, tell_end).chain().before(Round::Ingest));
}

fn return_to_plant(mut asked: MessageReader<Command>, mut stage: Stage) {
    if asked.read().any(|command| *command == Command::Follow) {
        stage.end();
    }
}

/// Says what the file held when all of it is read.
fn tell_end(mut playback: ResMut<Playback>, mut problems: MessageWriter<ModelProblem>) {
    let unknown = playback.bypass_change_detection().0.as_mut().filter(|played| !played.is_told);
    let Some(played) = unknown.filter(|played| played.is_read) else { return };
    played.is_told = true;
    let counts = played.replay.status().counters.snapshot();
    let bad = match counts.malformed + counts.oversized {
        0 => String::new(),
        bad => format!(", of which {bad} could not be understood"),
    };
    let text =
        format!("{}: {} samples in {} messages{bad}", played.name, counts.samples, counts.messages);
    let severity = if bad.is_empty() { Severity::Info } else { Severity::Warning };
    problems.write(ModelProblem { asset: None, file: None, severity, text });
}
