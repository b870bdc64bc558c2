//! The viewer as others steer and watch it: a page around it, a dashboard that embeds the page, a
//! test.
//!
//! Flows in: [`Request`]s, as JSON where they come from a page. Flows out: [`Event`]s, and a
//! [`Report`] where one is asked for. Both go through bounded channels, some a frame; nothing here
//! reaches a plant.

use bevy::ecs::system::SystemParam;
use bevy::prelude::*;
use bevy::time::Real;
use crossbeam_channel::{Receiver, Sender, TrySendError, bounded};
use serde::{Deserialize, Serialize};

use super::camera::CameraRig;
use super::frame_time::FrameTime;
use super::ingest::{LiveMirror, TelemetryLink};
use super::link::{Link, LinkCamera};
use super::open::{Dropped, Opened};
use super::playback::Playback;
use super::scene::{LoadProgress, ModelProblem};
use super::state::{Playhead, Round, SceneRect, Selection};
use super::ui::Severity;
use super::{Command, ThemeChoice, TwinDefinition};
use crate::history::State;
use crate::mirror::Counters;
use crate::telemetry::{ConnectionState, Counts};
use crate::twin::{AssetId, Quality, Timestamp, Twin, Viewpoint};

/// Requests and events that may wait.
const CAPACITY: usize = 256;
/// Requests that are taken in a frame.
const A_FRAME: usize = 32;
/// Times are told at most so often.
const TIME_EVERY_S: f64 = 0.25;

/// What others may ask for. As JSON: `{"select":"P-101"}`, `"follow"`.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Request {
    /// Select the asset with that path or name; `null`: nothing.
    Select(Option<String>),
    /// Fly to the asset with that path or name, and select it.
    FlyTo(String),
    /// Move the playhead there, ISO 8601 or milliseconds since 1970.
    Seek(Instant),
    /// Follow the present; from a recording back to the plant.
    Follow,
    /// Let the scene go on by itself, or stop it.
    Play(bool),
    /// Plant seconds that pass in a second while the past or a recording is played.
    Speed(f64),
    /// Fly to the viewpoint of that name.
    View(String),
    /// Fly to a place.
    Camera {
        /// Where the eye is, in metres.
        eye: [f64; 3],
        /// What it looks at, in metres.
        target: [f64; 3],
        /// Parallel instead of perspective projection.
        #[serde(default)]
        parallel: bool,
    },
    /// Light or dark.
    Theme(ThemeChoice),
    /// Show what a link says.
    Link(String),
    /// Answer with [`Event::Report`].
    Report,
    /// Open files that were dropped.
    #[serde(skip)]
    Open(Vec<Dropped>),
    /// The page is seen, or hidden behind another.
    Seen(bool),
}

/// An instant, as others write it.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(untagged)]
pub enum Instant {
    /// Milliseconds since 1970, as JavaScript counts.
    Millis(f64),
    /// ISO 8601.
    Text(String),
}

/// What others are told. As JSON: `{"selected":"Site/P-101"}`.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    /// All that can be shown is there.
    Ready,
    /// Models that are done, of how many.
    Progress {
        /// Ready, or cannot be shown.
        done: usize,
        /// All of the twin.
        total: usize,
    },
    /// The user, or somebody else, has selected the asset with that path.
    Selected(Option<String>),
    /// Where the playhead is; told some times a second.
    Time {
        /// Plant time, ISO 8601.
        at: String,
        /// Whether it follows the present.
        following: bool,
    },
    /// How the source stands with its broker.
    Connection {
        /// connecting, connected, disconnected, rejected, ended.
        state: &'static str,
        /// What happened and what to do, for people.
        reason: Option<String>,
    },
    /// A request made no sense: why, and what would.
    Refused(String),
    /// The answer to [`Request::Report`].
    Report(Box<Report>),
}

/// How the viewer is doing.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Report {
    /// Plant time at the playhead, ISO 8601.
    pub time: String,
    /// Whether it follows the present.
    pub following: bool,
    /// Name of the recording or table that is on screen instead of the plant.
    pub recording: Option<String>,
    /// Selected asset.
    pub selected: Option<String>,
    /// How the source stands with its broker.
    pub connection: String,
    /// What came from the broker.
    pub counts: Counts,
    /// What became of it.
    pub mirror: Counters,
    /// Batches that wait for the mirror.
    pub queue: usize,
    /// Plant seconds from the newest sample to the present.
    pub lag_s: f64,
    /// Mean time from one frame to the next, of the last ones, in milliseconds.
    pub frame_ms: f64,
    /// Frames drawn so far.
    pub frames: u32,
    /// Models that are ready or have failed, and all.
    pub models: (usize, usize),
    /// The selected asset's properties at the playhead.
    pub properties: Vec<PropertyReport>,
    /// The present view as a link.
    pub link: String,
}

/// A property at the playhead.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PropertyReport {
    /// Its name.
    pub name: String,
    /// Its value with its unit, as the panel shows it; `None`: nothing is known.
    pub value: Option<String>,
    /// How far it can be trusted.
    pub quality: Option<Quality>,
}

/// The viewer's ends of the two channels.
#[derive(Resource, Clone)]
pub struct Remote {
    requests: Receiver<Request>,
    events: Sender<Event>,
}

/// The others' ends.
#[derive(Clone)]
pub struct Control {
    /// Where requests go; a full channel refuses.
    pub requests: Sender<Request>,
    /// What happens. While nobody takes it, the viewer tells no more than fits.
    pub events: Receiver<Event>,
}

/// Both ends of a viewer that others steer.
pub fn pair() -> (Remote, Control) {
    let (ask, requests) = bounded(CAPACITY);
    let (events, told) = bounded(CAPACITY);
    (Remote { requests, events }, Control { requests: ask, events: told })
}

impl Remote {
    /// Whether the event is on its way, or nobody listens. What finds no room is told again by the
    /// caller in a later frame.
    #[must_use]
    fn tell(&self, event: Event) -> bool {
        !matches!(self.events.try_send(event), Err(TrySendError::Full(_)))
    }
}

/// Whether somebody sees the scene; while nobody does it is not drawn.
#[derive(Resource, Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seen(pub bool);

/// Somebody wants a report.
#[derive(Resource, Default)]
struct Asked(bool);

/// Lets others steer and watch, where [`Remote`] is there.
pub fn plugin(app: &mut App) {
    app.insert_resource(Seen(true))
        .init_resource::<Asked>()
        .add_systems(
            Update,
            take.run_if(resource_exists::<Remote>)
                .after(Round::Ingest)
                .before(super::app::EffectSystems),
        )
        .add_systems(Update, tell.run_if(resource_exists::<Remote>).after(Round::Ui));
}

/// What a request may change.
#[derive(SystemParam)]
struct Steered<'w> {
    twin: Res<'w, TwinDefinition>,
    seen: ResMut<'w, Seen>,
    asked: ResMut<'w, Asked>,
    opened: ResMut<'w, Opened>,
    commands: MessageWriter<'w, Command>,
    problems: MessageWriter<'w, ModelProblem>,
}

fn take(remote: Res<Remote>, mut steered: Steered) {
    for request in remote.requests.try_iter().take(A_FRAME) {
        if let Err(refusal) = steered.take(request) {
            log::warn!("refused: {refusal}");
            if !remote.tell(Event::Refused(refusal)) {
                log::warn!("nobody reads the viewer's events; who asked was not told of it");
            }
        }
    }
}

impl Steered<'_> {
    fn take(&mut self, request: Request) -> Result<(), String> {
        match request {
            Request::Select(None) => self.ask(Command::Select(None)),
            Request::Select(Some(name)) => {
                let asset = find(&self.twin.0, &name)?;
                self.ask(Command::Select(Some(asset)));
            }
            Request::FlyTo(name) => {
                let asset = find(&self.twin.0, &name)?;
                self.ask(Command::FlyTo(asset));
            }
            Request::Seek(at) => {
                let time = at.read()?;
                self.ask(Command::Seek(time));
            }
            Request::Follow => self.ask(Command::Follow),
            Request::Play(on) => self.ask(Command::Play(on)),
            Request::Speed(speed) if speed.is_finite() && speed > 0.0 => {
                self.ask(Command::Speed(speed));
            }
            Request::Speed(speed) => {
                return Err(format!("{speed} is no speed: expected a number above 0"));
            }
            Request::View(name) => {
                let at = viewpoint(&self.twin.0, &name)?;
                self.ask(Command::Viewpoint(at));
            }
            Request::Camera { eye, target, parallel } => {
                let name = String::new();
                self.ask(Command::LookFrom(Viewpoint {
                    name,
                    eye,
                    target,
                    orthographic: parallel,
                }));
            }
            Request::Theme(choice) => self.ask(Command::Theme(choice)),
            Request::Link(text) => self.link(&text)?,
            Request::Open(files) => self.opened.0.extend(files),
            Request::Seen(seen) => {
                if self.seen.0 != seen {
                    self.seen.0 = seen;
                }
            }
            // Told with the rest, when all of the frame is known.
            Request::Report => self.asked.0 = true,
        }
        Ok(())
    }

    fn ask(&mut self, command: Command) {
        self.commands.write(command);
    }

    /// Shows what a link says; what of it cannot be is told to the user too, who may have typed it.
    fn link(&mut self, text: &str) -> Result<(), String> {
        let (link, mut wrong) = Link::parse(text);
        match link.asset.as_deref().map(|name| find(&self.twin.0, name)) {
            Some(Ok(asset)) => self.ask(Command::Select(Some(asset))),
            Some(Err(error)) => wrong.push(error),
            None => {}
        }
        match &link.camera {
            Some(LinkCamera::Named(name)) => match viewpoint(&self.twin.0, name) {
                Ok(at) => self.ask(Command::Viewpoint(at)),
                Err(error) => wrong.push(error),
            },
            Some(LinkCamera::Placed(place)) => self.ask(Command::LookFrom(place.clone())),
            None => {}
        }
        if let Some(time) = link.time {
            self.ask(Command::Seek(time));
        }
        if wrong.is_empty() {
            return Ok(());
        }
        let text = wrong.join("; ");
        let (severity, told) = (Severity::Warning, text.clone());
        self.problems.write(ModelProblem { asset: None, file: None, severity, text });
        Err(told)
    }
}

impl Instant {
    fn read(&self) -> Result<Timestamp, String> {
        match self {
            Self::Millis(millis) if millis.abs() < 1e14 => Ok(Timestamp((millis * 1e3) as i64)),
            Self::Millis(millis) => Err(format!("{millis} are no milliseconds since 1970")),
            Self::Text(text) => match text.parse::<jiff::Timestamp>() {
                Ok(time) => Ok(Timestamp(time.as_microsecond())),
                Err(_) => Err(format!("`{text}` is no time such as 2026-11-23T12:00:00Z")),
            },
        }
    }
}

fn find(twin: &Twin, name: &str) -> Result<AssetId, String> {
    twin.asset_by_name.get(name).copied().ok_or_else(|| {
        let names = twin.assets.iter().map(|asset| &*asset.path);
        unknown("asset", name, names)
    })
}

fn viewpoint(twin: &Twin, name: &str) -> Result<usize, String> {
    let found = twin.viewpoints.iter().position(|viewpoint| viewpoint.name == name);
    found.ok_or_else(|| {
        unknown("viewpoint", name, twin.viewpoints.iter().map(|viewpoint| &*viewpoint.name))
    })
}

fn unknown<'a>(what: &str, wanted: &str, names: impl Iterator<Item = &'a str>) -> String {
    let likeness = |name: &str| strsim::jaro_winkler(name, wanted);
    match names.max_by(|a, b| likeness(a).total_cmp(&likeness(b))) {
        Some(nearest) => format!("the twin has no {what} `{wanted}`; the nearest is `{nearest}`"),
        None => format!("the twin has no {what} `{wanted}`, and none at all"),
    }
}

/// What has been told, so that only news is.
#[derive(Default)]
struct Told {
    ready: bool,
    progress: (usize, usize),
    selected: Option<Option<AssetId>>,
    connection: Option<ConnectionState>,
    following: Option<bool>,
    time_s: f64,
}

/// All that is told of.
#[derive(SystemParam)]
struct Watched<'w> {
    viewed: Viewed<'w>,
    mirror: Res<'w, LiveMirror>,
    link: Res<'w, TelemetryLink>,
    progress: Res<'w, LoadProgress>,
    playback: Res<'w, Playback>,
    time: Res<'w, Time<Real>>,
    frame_time: Res<'w, FrameTime>,
    frames: Option<Res<'w, bevy::diagnostic::FrameCount>>,
}

fn tell(remote: Res<Remote>, watched: Watched, mut asked: ResMut<Asked>, mut told: Local<Told>) {
    let Watched { viewed: Viewed { twin, playhead, selection, .. }, progress, .. } = &watched;
    let done = (progress.models_done, progress.models_total);
    if told.progress != done && remote.tell(Event::Progress { done: done.0, total: done.1 }) {
        told.progress = done;
    }
    if !told.ready && progress.models_total > 0 && progress.is_complete() {
        told.ready = remote.tell(Event::Ready);
    }
    if told.selected != Some(selection.selected) {
        let path = selection.selected.map(|asset| twin.0.asset(asset).path.to_string());
        if remote.tell(Event::Selected(path)) {
            told.selected = Some(selection.selected);
        }
    }
    let connection = watched.link.status.connection();
    if told.connection.as_ref() != Some(&connection) {
        let reason = match &connection {
            ConnectionState::Disconnected { reason, .. }
            | ConnectionState::Rejected { reason, .. } => Some(reason.clone()),
            _ => None,
        };
        if remote.tell(Event::Connection { state: connection.name(), reason }) {
            told.connection = Some(connection);
        }
    }
    let now_s = watched.time.elapsed_secs_f64();
    let turned = told.following != Some(playhead.following);
    if playhead.is_changed() && (turned || now_s - told.time_s >= TIME_EVERY_S) {
        let (at, following) = (playhead.time.to_string(), playhead.following);
        if remote.tell(Event::Time { at, following }) {
            told.following = Some(playhead.following);
            told.time_s = now_s;
        }
    }
    if asked.0 && remote.tell(Event::Report(Box::new(watched.report()))) {
        asked.0 = false;
    }
}

impl Watched<'_> {
    /// All of it at once.
    fn report(&self) -> Report {
        let Viewed { selection, playhead, .. } = &self.viewed;
        let twin = &self.viewed.twin.0;
        let mirror = &self.mirror.0;
        let newest = mirror.history().span().map(|span| span.1);
        let lag = newest.zip(mirror.now()).map(|(newest, now)| now.seconds_since(newest));
        let selected = selection.selected;
        let property = |id| {
            let property = twin.property(id);
            let reading = mirror.reading(playhead.view(), id);
            PropertyReport {
                name: property.name.to_string(),
                value: reading.as_ref().map(|reading| property.format(&reading.value)),
                quality: reading.map(|reading| reading.quality),
            }
        };
        Report {
            time: playhead.time.to_string(),
            following: playhead.following,
            recording: self.playback.shown().map(|shown| shown.name.to_owned()),
            selected: selected.map(|asset| twin.asset(asset).path.to_string()),
            connection: self.link.status.connection().name().to_owned(),
            counts: self.link.status.counters.snapshot(),
            mirror: *mirror.counters(),
            queue: self.link.batches.len(),
            lag_s: lag.unwrap_or(0.0),
            frame_ms: self.frame_time.mean_ms(),
            frames: self.frames.as_ref().map_or(0, |frames| frames.0),
            models: (self.progress.models_done, self.progress.models_total),
            properties: selected
                .map(|asset| twin.properties_of(asset).map(property).collect())
                .unwrap_or_default(),
            link: self.viewed.link().format(),
        }
    }
}

/// What a link to the present view is made from.
#[derive(SystemParam)]
pub(super) struct Viewed<'w> {
    twin: Res<'w, TwinDefinition>,
    selection: Res<'w, Selection>,
    playhead: Res<'w, Playhead>,
    rig: Res<'w, CameraRig>,
    scene: Res<'w, SceneRect>,
}

impl Viewed<'_> {
    /// The present view as a link.
    pub(super) fn link(&self) -> Link {
        let selected = self.selection.selected;
        Link {
            asset: selected.map(|asset| self.twin.0.asset(asset).path.to_string()),
            camera: Some(LinkCamera::Placed(self.rig.viewpoint("", self.scene.aspect()))),
            time: (!self.playhead.following).then_some(self.playhead.time),
            ..Link::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Request {
        serde_json::from_str(json).unwrap_or_else(|error| panic!("{json}: {error}"))
    }

    #[test]
    fn requests_are_read_as_a_dashboard_writes_them() {
        assert_eq!(read(r#"{"select":"P-101"}"#), Request::Select(Some("P-101".into())));
        assert_eq!(read(r#"{"select":null}"#), Request::Select(None));
        assert_eq!(read(r#""follow""#), Request::Follow);
        let camera = Request::Camera { eye: [4.0, 3.0, 5.0], target: [0.0; 3], parallel: false };
        assert_eq!(read(r#"{"camera":{"eye":[4,3,5],"target":[0,0,0]}}"#), camera);
        assert_eq!(read(r#"{"theme":"Light"}"#), Request::Theme(ThemeChoice::Light));
        assert!(serde_json::from_str::<Request>(r#"{"open":[]}"#).is_err(), "bytes are no JSON");
    }

    #[test]
    fn instants_are_iso_8601_or_milliseconds() {
        let Request::Seek(text) = read(r#"{"seek":"2026-03-01T12:00:00Z"}"#) else { panic!() };
        let Request::Seek(millis) = read(r#"{"seek":1772366400000}"#) else { panic!() };
        assert_eq!(text.read(), Ok(Timestamp(1_772_366_400_000_000)));
        assert_eq!(millis.read(), text.read());
        assert!(Instant::Text("noon".into()).read().is_err_and(|told| told.contains("noon")));
        assert!(Instant::Millis(f64::NAN).read().is_err());
    }

    #[test]
    fn events_are_written_as_a_dashboard_reads_them() {
        let json = |event: &Event| serde_json::to_string(event).expect("JSON");
        assert_eq!(json(&Event::Ready), r#""ready""#);
        assert_eq!(json(&Event::Selected(Some("a/b".into()))), r#"{"selected":"a/b"}"#);
        let time = Event::Time { at: "2026".into(), following: true };
        assert_eq!(json(&time), r#"{"time":{"at":"2026","following":true}}"#);
    }

    #[test]
    fn a_name_that_is_not_there_is_answered_with_the_nearest() {
        let told = unknown("asset", "P-110", ["P-101", "TK-1"].into_iter());
        assert_eq!(told, "the twin has no asset `P-110`; the nearest is `P-101`");
    }
}
