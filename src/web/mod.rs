//! The viewer in a page: what the page's own script calls.
//!
//! Flows in: settings, requests and files from the page. Flows out: the viewer in the page's
//! canvas, events and figures. The page does what belongs to documents (progress, login, drops,
//! frames); everything else is the same program as on a desktop.

mod plant;
mod socket;
mod source;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use js_sys::{Function, Uint8Array};
use serde::Deserialize;
use wasm_bindgen::prelude::*;

use socket::Connection;
use source::Shared;

use crate::telemetry::session::{PAGE_IDENTIFIER, Session, Settings};
use crate::telemetry::{Decoder, Feed, Status};
use crate::twin::Twin;
use crate::viewer::app::open::Dropped;
use crate::viewer::app::remote::{self, RemoteHandle, Request};
use crate::viewer::base::Files;
use crate::viewer::{self, ThemeChoice};

/// Bytes that the recent history may take in a page: half of what a desktop keeps.
const HISTORY_BYTES: usize = 128 << 20;
/// Bytes that a page of Twinscope may take altogether; [`Page::memory`] gives them beside what it
/// takes.
pub const PAGE_BYTES: usize = 512 << 20;
/// Events that are handed over at a time.
const EVENTS: usize = 64;

/// What the page sets at the start.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct PageSettings {
    /// The twin file, relative to the page.
    twin: String,
    /// Address of the broker's WebSocket; without it the plant is simulated in the page.
    broker: Option<String>,
    /// Chooses the simulated plant's noise and disturbances.
    seed: u64,
    /// The simulated plant tells the story of its section.
    story: bool,
    /// Plant seconds that pass in a second of the simulated plant.
    speed: Option<f64>,
    /// User name for the broker.
    user: Option<String>,
    /// Password for the broker. It is kept in memory alone.
    password: Option<String>,
    /// What follows the `#` of the page's address.
    link: String,
    /// What stands before the `#` of links to a view.
    link_base: String,
    /// Light instead of dark.
    light: bool,
}

/// The viewer in the page.
#[wasm_bindgen]
pub struct Page {
    control: RemoteHandle,
    source: Shared,
}

/// Starts the viewer in the canvas `#twinscope`. `settings` is JSON; `progress` is called with what
/// is being done, for people.
///
/// # Errors
/// A sentence or more about what is wrong with the settings or the twin file.
#[wasm_bindgen]
pub async fn open(settings: String, progress: Function) -> Result<Page, JsValue> {
    let say = |text: &str| {
        // A page whose function fails is no reason to stop.
        let _ = progress.call1(&JsValue::NULL, &text.into());
    };
    let settings: PageSettings = serde_json::from_str(&settings)
        .map_err(|error| format!("the page's settings cannot be read: {error}"))?;
    let files = Files::below("");
    say("Reading the twin");
    let loaded = files.load_twin(Path::new(&settings.twin)).await;
    let loaded = loaded.map_err(|diagnostics| diagnostics.to_string())?;
    loaded.diagnostics.iter().for_each(|diagnostic| log::warn!("{diagnostic}"));
    let twin = Arc::new(loaded.twin);
    let (source, link) = source_of(&twin, &settings)?;
    source::drive(&source)?;
    let (remote, control) = remote::pair();
    let mut options = viewer::ViewerOptions::new(twin, link.0, link.1);
    options.files = files;
    options.remote = Some(remote);
    options.history.bytes = HISTORY_BYTES;
    options.link_base.clone_from(&settings.link_base);
    if settings.light {
        options.theme = ThemeChoice::Light;
    }
    if !settings.link.is_empty() {
        // The channel is new and has room.
        let _ = control.requests.try_send(Request::Link(settings.link.clone()));
    }
    say("Starting the renderer");
    viewer::run(options).map_err(|error| error.to_string())?;
    Ok(Page { control, source })
}

type Link = (crossbeam_channel::Receiver<crate::telemetry::Batch>, Arc<Status>);

/// Where the samples come from: a broker, or the plant simulated in the page.
fn source_of(twin: &Twin, settings: &PageSettings) -> Result<(Shared, Link), String> {
    let name = settings.broker.as_deref().unwrap_or("simulated in this page");
    let status = Arc::new(Status::new(name));
    let (feed, batches) = Feed::new(Decoder::new(twin), status.clone(), Feed::CAPACITY);
    let link = (batches, status.clone());
    let source: Shared = match &settings.broker {
        Some(url) => {
            let session = Session::new(login(settings), feed, status);
            std::rc::Rc::new(std::cell::RefCell::new(Connection::new(url, session)))
        }
        None => {
            let speed = settings.speed.unwrap_or(1.0);
            let plant =
                plant::InPage::new(twin, (settings.seed, settings.story), speed, feed, status)?;
            std::rc::Rc::new(std::cell::RefCell::new(plant))
        }
    };
    Ok((source, link))
}

fn login(settings: &PageSettings) -> Settings {
    // Brokers cut the older of two clients with one identifier.
    let mut random = [0; 8];
    let unique = match getrandom::fill(&mut random) {
        Ok(()) => u64::from_le_bytes(random),
        Err(_) => js_sys::Math::random().to_bits(),
    };
    Settings {
        client_id: format!("{PAGE_IDENTIFIER}{unique:016x}"),
        user: settings.user.clone(),
        password: settings.password.clone(),
        keep_alive: Duration::from_secs(60),
        max_packet: 16 << 20,
    }
}

#[wasm_bindgen]
impl Page {
    /// Asks the viewer for something: a [`Request`] as JSON.
    ///
    /// # Errors
    /// When it is no request, or too many wait.
    pub fn ask(&self, request: &str) -> Result<(), JsValue> {
        let request: Request = serde_json::from_str(request)
            .map_err(|error| format!("{request} is no request: {error}"))?;
        self.send(request)
    }

    /// Opens files that were dropped onto the page: their names, and as many contents.
    ///
    /// # Errors
    /// When too many requests wait.
    pub fn open_files(&self, names: Vec<String>, contents: Vec<Uint8Array>) -> Result<(), JsValue> {
        let files = names.into_iter().zip(contents);
        let files = files.map(|(name, content)| Dropped::Bytes(name, content.to_vec())).collect();
        self.send(Request::Open(files))
    }

    fn send(&self, request: Request) -> Result<(), JsValue> {
        let refused = |_| JsValue::from("the viewer is busy and takes no more requests; try again");
        self.control.requests.try_send(request).map_err(refused)
    }

    /// What has happened since the last call: a list of events as JSON.
    pub fn events(&self) -> String {
        let events: Vec<_> = self.control.events.try_iter().take(EVENTS).collect();
        serde_json::to_string(&events).unwrap_or_else(|_| "[]".into())
    }

    /// Logs in to the broker as somebody else. Nothing of it is stored.
    pub fn log_in(&self, user: String, password: String) {
        let given = |text: String| (!text.is_empty()).then_some(text);
        self.source.borrow_mut().log_in(given(user), given(password));
    }

    /// Bytes of memory that the program has taken, and its budget.
    pub fn memory(&self) -> Vec<f64> {
        let memory: js_sys::WebAssembly::Memory = wasm_bindgen::memory().unchecked_into();
        let taken = memory.buffer().unchecked_into::<js_sys::ArrayBuffer>().byte_length();
        vec![f64::from(taken), PAGE_BYTES as f64]
    }
}

/// Replays a recording of a twin whose files the page's server has, and returns its state's hash and
/// counts as JSON: the same as `twinscope replay` prints.
///
/// # Errors
/// What is wrong with the twin or the recording.
#[wasm_bindgen]
pub async fn replay(twin: String, recording: Vec<u8>) -> Result<String, JsValue> {
    let loaded = Files::below("").load_twin(Path::new(&twin)).await;
    let loaded = loaded.map_err(|diagnostics| diagnostics.to_string())?;
    let done = crate::mirror::replay(&Arc::new(loaded.twin), recording);
    let done = done.map_err(|error| error.to_string())?;
    serde_json::to_string(&done).map_err(|error| error.to_string().into())
}
