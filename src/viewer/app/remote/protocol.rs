//! Requests to the viewer and its events, as data: JSON where they come from a page or go to one.

use serde::{Deserialize, Serialize};

use crate::mirror::Counters;
use crate::telemetry::Counts;
use crate::twin::{Quality, Timestamp};
use crate::viewer::app::open::Dropped;
use crate::viewer::base::ThemeChoice;

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

/// What others are notified of. As JSON: `{"selected":"Site/P-101"}`.
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
    /// Where the playhead is; sent some times a second.
    Time {
        /// Plant time, ISO 8601.
        at: String,
        /// Whether it follows the present.
        following: bool,
    },
    /// How the plant's source stands with its broker, also while a recording is on screen.
    Connection {
        /// connecting, connected, disconnected, rejected, ended.
        state: &'static str,
        /// What happened and what to do, for people.
        reason: Option<String>,
    },
    /// A request made no sense or was not allowed: why, and what would be.
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

impl Instant {
    /// As plant time.
    pub(super) fn read(&self) -> Result<Timestamp, String> {
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
        assert!(Instant::Text("noon".into()).read().is_err_and(|error| error.contains("noon")));
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
}
