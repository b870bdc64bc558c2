//! Hot reload: files saved while viewing are shown at once.
//!
//! Flows in: notices of the operating system. Flows out: a new [`TwinDefinition`] in the mirror and
//! on screen, or [`ReloadModels`]; of a file with errors only what is wrong with it, and the scene
//! stays as it was.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use bevy::platform::time::Instant;
use bevy::prelude::*;
use bevy::tasks::{AsyncComputeTaskPool, Task, futures::check_ready};
use crossbeam_channel::{Receiver, Sender, bounded};
use notify::{RecommendedWatcher, RecursiveMode, Watcher};

use super::{ModelProblem, ReloadModels};
use crate::twin::{self, binding::Effect};
use crate::twin::{AssetId, Diagnostics, Twin};
use crate::twin::{Loaded, load};
use crate::viewer::ingest::{LiveMirror, TelemetryLink};
use crate::viewer::ui::Severity;
use crate::viewer::{Round, Selection, TwinDefinition};

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
pub(super) fn plugin(app: &mut App) {
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

/// Every model file of a twin.
fn models(twin: &Twin) -> BTreeSet<PathBuf> {
    let own = twin.classes.iter().filter_map(|class| class.model.clone());
    let bindings = twin.classes.iter().flat_map(|class| &class.bindings);
    let items = bindings.filter_map(|binding| match &binding.effect {
        Effect::Items { models, .. } => Some(models.iter().cloned()),
        _ => None,
    });
    own.chain(items.flatten()).collect()
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
    let files = twin.0.files.iter().cloned().chain(models(&twin.0));
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
        models(&twin.0).into_iter().filter(|file| saved.contains(&plain(file))).collect();
    if !models.is_empty() {
        reload.write(ReloadModels(models));
    }
    if let Some(first) = twin.0.files.first()
        && twin.0.files.iter().any(|file| saved.contains(&plain(file)))
    {
        let file = first.clone();
        watch.loading = Some(AsyncComputeTaskPool::get().spawn(async move { load(&file) }));
    }
}

/// Puts a definition that was read anew on screen.
fn finish(
    mut watch: ResMut<Watch>,
    mut twin: ResMut<TwinDefinition>,
    mut mirror: ResMut<LiveMirror>,
    link: Res<TelemetryLink>,
    mut selection: ResMut<Selection>,
    mut problems: MessageWriter<ModelProblem>,
) {
    let watch = watch.bypass_change_detection();
    let Some(loaded) = watch.loading.as_mut().and_then(check_ready) else { return };
    watch.loading = None;
    let diagnostics = match loaded {
        Ok(Loaded { twin: fresh, diagnostics }) => {
            let fresh = Arc::new(fresh);
            let same = |asset: Option<AssetId>| {
                fresh.asset_by_name.get(&twin.0.asset(asset?).path).copied()
            };
            let kept = Selection { selected: same(selection.selected), hovered: None };
            mirror.0.swap_twin(fresh.clone(), link.status.redefine(&fresh));
            twin.0 = fresh;
            *selection = kept;
            let text = "The twin file was saved and is shown anew".to_owned();
            let severity = Severity::Info;
            problems.write(ModelProblem { asset: None, file: None, severity, text });
            diagnostics
        }
        Err(diagnostics) => diagnostics,
    };
    for diagnostic in diagnostics.iter() {
        let severity = match diagnostic.severity {
            twin::Severity::Notice => Severity::Info,
            twin::Severity::Warning => Severity::Warning,
            twin::Severity::Error => Severity::Error,
        };
        let text = diagnostic.to_string();
        problems.write(ModelProblem { asset: None, file: None, severity, text });
    }
}
