//! What the viewer is started with, and why it may not start.

use std::sync::Arc;

use bevy::camera::RenderTarget;
use bevy::prelude::*;
use crossbeam_channel::Receiver;

use super::open::Dropped;
use super::remote::Remote;
use crate::history::Budget;
use crate::telemetry::{Batch, Status};
use crate::twin::{Timestamp, Twin};
use crate::viewer::base::{Files, ThemeChoice};
use crate::viewer::time::TelemetryLink;

/// What the viewer shows.
pub struct ViewerOptions {
    /// The plant.
    pub twin: Arc<Twin>,
    /// Where its samples come from.
    pub link: TelemetryLink,
    /// Light or dark.
    pub theme: ThemeChoice,
    /// Name of the viewpoint to begin with, or six numbers as in a link: the camera's place and what it
    /// looks at, in metres; the twin's first viewpoint, or the whole plant, without it.
    pub camera: Option<String>,
    /// Path or name of the asset that is selected at first.
    pub select: Option<String>,
    /// The instant of the recording that a picture shows.
    pub at: Option<Timestamp>,
    /// Panels around the scene, and labels in it.
    pub panels: bool,
    /// How much of the past is kept in memory.
    pub history: Budget,
    /// Where twin files and models are read.
    pub files: Files,
    /// Who else steers and watches the viewer.
    pub remote: Option<Remote>,
    /// What stands before the `#` of links to a view.
    pub link_base: String,
    /// Files to open at the start, as if they were dropped.
    pub open: Vec<Dropped>,
}

impl ViewerOptions {
    /// A twin that is fed by decoded messages, as the user sees it at first.
    pub fn new(twin: Arc<Twin>, batches: Receiver<Batch>, status: Arc<Status>) -> Self {
        Self {
            twin,
            link: TelemetryLink { batches, status },
            theme: ThemeChoice::default(),
            camera: None,
            select: None,
            at: None,
            panels: true,
            history: Budget::default(),
            files: Files::default(),
            remote: None,
            link_base: String::new(),
            open: Vec::new(),
        }
    }
}

/// Why the viewer could not do its work.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// What was asked for does not exist or makes no sense.
    #[error("{0}")]
    Input(String),
    /// The machine lacks something.
    #[error("{0}")]
    Environment(String),
}

/// Where the pictures go.
pub(super) enum Surface {
    /// A window of the desktop, or the page.
    Window,
    /// An image in memory of so many pixels, at that many pixels a point.
    #[cfg_attr(target_arch = "wasm32", expect(dead_code, reason = "pages have a canvas"))]
    Image { width: u32, height: u32, scale: f32 },
}

/// The render target of all cameras.
#[derive(Resource, Clone)]
pub(super) struct Target(pub RenderTarget);
