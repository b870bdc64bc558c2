//! Files that are dropped onto the window or the page: a model is looked at, a twin file is shown, a
//! recording or a table is played.
//!
//! Flows in: [`Dropped`] files. Flows out: another definition or a recording on screen, or what is
//! wrong with the file; the scene stays as it was then.

use std::path::{Path, PathBuf};

use bevy::prelude::*;
use bevy::tasks::{AsyncComputeTaskPool, Task, futures::check_ready};
use bevy::window::FileDragAndDrop;

use super::definition::Definition;
use crate::twin::{Diagnostics, Loaded, Timestamp};
use crate::viewer::base::{Files, Round, Severity};
use crate::viewer::time::TimeControl;

/// A file that was dropped.
#[derive(Clone, Debug, PartialEq)]
pub enum Dropped {
    /// Onto the page, which learns no folder from the browser.
    Bytes(String, Vec<u8>),
    /// Onto a window.
    Path(PathBuf),
}

/// Files that wait to be opened.
#[derive(Resource, Default)]
pub struct Opened(pub Vec<Dropped>);

/// A twin that is being read.
#[derive(Resource, Default)]
struct Reading(Option<(String, Task<Result<Loaded, Diagnostics>>)>);

/// A recording or a table that is being read.
#[derive(Resource, Default)]
struct ReadingRecording(Option<(String, Task<ReadBytes>)>);

/// A file's bytes, or why it cannot be read.
type ReadBytes = Result<Vec<u8>, String>;

/// What a file is opened as, by the end of its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Twin,
    Model,
    /// Messages or samples over time.
    Recording,
    /// Goes with another: a picture, a binary part of a model, a text to include.
    Beside,
    Unknown,
}

/// Bytes that a recording may have: it is read as a whole.
const RECORDING_BYTES: u64 = 1 << 30;

/// What can be dropped, for people.
const KINDS: &str =
    "a twin file (.ron), a model (.glb, .gltf), a recording (.jsonl) or a table (.csv, .tsv)";

/// Opens what is dropped.
pub fn plugin(app: &mut App) {
    app.init_resource::<Opened>()
        .init_resource::<Reading>()
        .init_resource::<ReadingRecording>()
        .add_systems(Update, (gather, open, finish, play).chain().before(Round::Ingest));
}

/// Files that were dropped onto the window.
fn gather(drops: Option<MessageReader<FileDragAndDrop>>, mut opened: ResMut<Opened>) {
    let Some(mut drops) = drops else { return };
    for drop in drops.read() {
        if let FileDragAndDrop::DroppedFile { path_buf, .. } = drop {
            opened.0.push(Dropped::Path(path_buf.clone()));
        }
    }
}

fn kind(path: &Path) -> Kind {
    let end = path.extension().map(|end| end.to_string_lossy().to_lowercase());
    match end.as_deref() {
        Some("ron") => Kind::Twin,
        Some("glb" | "gltf") => Kind::Model,
        Some("jsonl" | "ndjson" | "csv" | "tsv") => Kind::Recording,
        Some("bin" | "png" | "jpg" | "jpeg" | "webp") => Kind::Beside,
        _ => Kind::Unknown,
    }
}

/// Of files that are dropped together the twin file is opened, else the model; the others lie
/// beside it. A recording or a table is played besides.
fn open(
    files: Res<Files>,
    mut opened: ResMut<Opened>,
    mut reading: ResMut<Reading>,
    mut recording: ResMut<ReadingRecording>,
    mut definition: Definition,
) {
    if opened.0.is_empty() {
        return;
    }
    let mut candidates = Vec::new();
    for dropped in std::mem::take(&mut opened.0) {
        let path = match dropped {
            // It is read once, and not kept beside what it becomes.
            Dropped::Bytes(name, bytes) if kind(Path::new(&name)) == Kind::Recording => {
                let task = AsyncComputeTaskPool::get().spawn(async move { Ok(bytes) });
                recording.0 = Some((name, task));
                continue;
            }
            Dropped::Path(path) => path,
            Dropped::Bytes(name, bytes) => match files.keep(&name, bytes) {
                Ok(()) => PathBuf::from(name),
                Err(error) => {
                    definition.say(Severity::Error, error);
                    continue;
                }
            },
        };
        match kind(&path) {
            Kind::Unknown => {
                let name = path.display();
                let text = format!("`{name}` cannot be opened here: drop {KINDS}");
                definition.say(Severity::Warning, text);
            }
            Kind::Recording => {
                let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy();
                let (name, files) = (name.into_owned(), files.clone());
                let task = AsyncComputeTaskPool::get()
                    .spawn(async move { files.read_bounded(&path, RECORDING_BYTES).await });
                recording.0 = Some((name, task));
            }
            kind => candidates.push((kind, path)),
        }
    }
    let first = |wanted| candidates.iter().find(|(kind, _)| *kind == wanted);
    let Some((kind, path)) = first(Kind::Twin).or_else(|| first(Kind::Model)).cloned() else {
        return;
    };
    let name = path.display().to_string();
    let files = files.clone();
    let task = AsyncComputeTaskPool::get().spawn(async move {
        match kind {
            Kind::Twin => files.load_twin(&path).await,
            _ => showcase(&path),
        }
    });
    reading.0 = Some((name, task));
}

fn finish(mut reading: ResMut<Reading>, mut definition: Definition) {
    let reading = reading.bypass_change_detection();
    let Some(loaded) = reading.0.as_mut().and_then(|(_, task)| check_ready(task)) else { return };
    let name = reading.0.take().map(|(name, _)| name).unwrap_or_default();
    definition.show(loaded, format!("`{name}` was dropped and is shown"));
}

/// A recording that has been read is played, once no twin is waited for that it may belong to.
fn play(mut recording: ResMut<ReadingRecording>, reading: Res<Reading>, mut time: TimeControl) {
    let recording = recording.bypass_change_detection();
    if reading.0.is_some() {
        return;
    }
    let Some(read) = recording.0.as_mut().and_then(|(_, task)| check_ready(task)) else { return };
    let name = recording.0.take().map(|(name, _)| name).unwrap_or_default();
    match read {
        Ok(bytes) => {
            if time.stage.begin(&name, bytes) {
                // From its beginning, and by itself.
                time.seek(Timestamp::MIN);
                time.play(true);
            }
        }
        Err(error) => time.stage.say(Severity::Error, format!("`{name}` cannot be read: {error}")),
    }
}

/// A twin with one asset, which is that model.
fn showcase(path: &Path) -> Result<Loaded, Diagnostics> {
    let title = path.file_stem().map(|stem| stem.to_string_lossy().into_owned());
    let title = title.unwrap_or_else(|| "model".into());
    let quoted = |text: &str| format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""));
    let name: String =
        title.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
    let text = format!(
        "Twin(schema: {}, name: {}, title: {}, classes: {{\"Model\": (title: {}, model: {})}}, \
         assets: [(name: {}, class: \"Model\")])",
        crate::twin::SCHEMA,
        quoted(&name),
        quoted(&title),
        quoted(&title),
        quoted(&path.display().to_string()),
        quoted(&name),
    );
    // The model is named by its own path, whatever folder the text is thought to be in.
    crate::twin::load_text(Path::new("dropped"), &text, &Anywhere)
}

/// The model is there: it was dropped.
struct Anywhere;

impl crate::twin::Resolver for Anywhere {
    fn read(&self, path: &Path) -> Result<String, String> {
        Err(format!("{} is not included", path.display()))
    }

    fn exists(&self, _path: &Path) -> bool {
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_model_alone_is_a_twin_with_one_asset_whatever_its_name() {
        for name in ["pump.glb", "a b \"c\"\\.gltf", "/tmp/päckchen #1.GLB"] {
            let loaded = showcase(Path::new(name)).map_err(|wrong| wrong.to_string());
            let loaded = loaded.unwrap_or_else(|wrong| panic!("{name}: {wrong}"));
            assert_eq!(loaded.twin.assets.len(), 1, "{name}");
            assert_eq!(loaded.twin.classes[0].model.as_deref(), Some(Path::new(name)));
            assert_eq!(kind(Path::new(name)), Kind::Model);
        }
    }

    #[test]
    fn what_a_file_is_opened_as_follows_from_the_end_of_its_name() {
        assert_eq!(kind(Path::new("plant.RON")), Kind::Twin);
        assert_eq!(kind(Path::new("model.bin")), Kind::Beside);
        assert_eq!(kind(Path::new("shift.jsonl")), Kind::Recording);
        assert_eq!(kind(Path::new("Export.CSV")), Kind::Recording);
        assert_eq!(kind(Path::new("notes.txt")), Kind::Unknown);
    }
}
