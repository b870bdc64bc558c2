//! Hot reload: files saved while viewing are shown at once.
//!
//! Flows in: notices of the operating system. Flows out: a new [`TwinDefinition`] in the mirror and
//! on screen, or [`ReloadModels`]; of a file with errors only what is wrong with it, and the scene
//! stays as it was.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Duration;

use bevy::platform::time::Instant;
use bevy::prelude::*;
use bevy::tasks::{AsyncComputeTaskPool, Task, futures::check_ready};
use crossbeam_channel::{Receiver, Sender, bounded};
use notify::{RecommendedWatcher, RecursiveMode, Watcher};

use super::definition::Definition;
use crate::twin::{Diagnostics, Loaded};
use crate::viewer::base::{Files, Round, TwinDefinition};
use crate::viewer::scene::models::ReloadModels;

/// A save is over when nothing was written for so long; editors write in several steps.
const QUIET: Duration = Duration::from_millis(200);
/// Notices that may wait; when there are more, everything counts as saved.
const NOTICES: usize = 1024;

/// Watches the files of the twin on screen.
#[derive(Resource)]
struct Watch {
    watcher: RecommendedWatcher,
    notices: Receiver<PathBuf>,
    folders: BTreeSet<PathBuf>,
    saved: BTreeSet<PathBuf>,
    last_notice: Option<Instant>,
    loading: Option<Task<Result<Loaded, Diagnostics>>>,
}

/// Watches where the operating system can; elsewhere says that it cannot.
pub(in crate::viewer) fn plugin(app: &mut App) {
    let (sender, notices) = bounded(NOTICES);
    match notify::recommended_watcher(forward(sender)) {
        Ok(watcher) => {
            let watch = Watch {
                watcher,
                notices,
                folders: BTreeSet::new(),
                saved: BTreeSet::new(),
                last_notice: None,
                loading: None,
            };
            app.insert_resource(watch)
                .add_systems(Update, (aim, look, finish).chain().before(Round::Ingest));
        }
        Err(error) => log::warn!("saved files are not noticed: {error}"),
    }
}

fn forward(sender: Sender<PathBuf>) -> impl FnMut(notify::Result<notify::Event>) {
    move |event| match event {
        Ok(event) if !event.kind.is_access() => {
            for path in event.paths {
                // A full channel already holds enough notices to look at everything.
                let _ = sender.try_send(path);
            }
        }
        Ok(_) => {}
        Err(error) => log::warn!("a notice of a saved file was lost: {error}"),
    }
}

/// One spelling for each file.
fn plain(path: &Path) -> PathBuf {
    path.canonicalize().unwrap_or_else(|_| path.to_owned())
}

/// Watches the folders of the files; a file that is replaced is another one to the system.
fn aim(twin: Res<TwinDefinition>, mut watch: ResMut<Watch>) {
    if !twin.is_changed() {
        return;
    }
    let files = twin.0.files.iter().cloned().chain(twin.0.models());
    for file in files {
        let Some(folder) = plain(&file).parent().map(Path::to_owned) else { continue };
        if !folder.is_dir() || watch.folders.contains(&folder) {
            continue;
        }
        if let Err(error) = watch.watcher.watch(&folder, RecursiveMode::NonRecursive) {
            log::warn!("files saved in {} are not noticed: {error}", folder.display());
        }
        watch.folders.insert(folder);
    }
}

/// Sorts what was saved, once it is quiet.
fn look(
    twin: Res<TwinDefinition>,
    files: Res<Files>,
    mut watch: ResMut<Watch>,
    mut reload: MessageWriter<ReloadModels>,
) {
    let watch = watch.bypass_change_detection();
    while let Ok(path) = watch.notices.try_recv() {
        watch.saved.insert(plain(&path));
        watch.last_notice = Some(Instant::now());
    }
    if watch.last_notice.is_none_or(|last| last.elapsed() < QUIET) {
        return;
    }
    watch.last_notice = None;
    let saved = std::mem::take(&mut watch.saved);
    let models: Vec<PathBuf> =
        twin.0.models().into_iter().filter(|file| saved.contains(&plain(file))).collect();
    if !models.is_empty() {
        reload.write(ReloadModels(models));
    }
    if let Some(first) = twin.0.files.first()
        && twin.0.files.iter().any(|file| saved.contains(&plain(file)))
    {
        let file = first.clone();
        let files = files.clone();
        watch.loading =
            Some(AsyncComputeTaskPool::get().spawn(async move { files.load_twin(&file).await }));
    }
}

/// Puts a definition that was read anew on screen.
fn finish(mut watch: ResMut<Watch>, mut definition: Definition) {
    let watch = watch.bypass_change_detection();
    let Some(loaded) = watch.loading.as_mut().and_then(check_ready) else { return };
    watch.loading = None;
    definition.show(loaded, "The twin file was saved and is shown anew".to_owned());
}
