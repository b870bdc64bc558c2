//! The files of a twin, and no others: the twin file, what it includes, its models and what lies
//! beside them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Component, Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use super::stamp::Looked;
use crate::cad;
use crate::twin::{self, Twin};

/// Largest model that is looked through for names of files beside it, in bytes.
const MAX_MODEL_BYTES: u64 = 256 << 20;

/// A file, and what it was when it was looked at; `None`: it was not there.
type Version = (PathBuf, Option<Looked>);

/// The files by the paths under which pages find them.
#[derive(Clone, Debug, Default)]
pub(super) struct TwinFiles {
    /// Path of the twin file for pages.
    pub twin: String,
    /// Its title.
    pub title: String,
    /// File on the disk by path for pages; it may be missing.
    files: BTreeMap<String, PathBuf>,
    /// The folder of all of them.
    root: PathBuf,
    /// What they were when they were looked at.
    looked: Arc<Mutex<Vec<Version>>>,
}

impl TwinFiles {
    /// Reads a twin and finds what belongs to it.
    ///
    /// # Errors
    /// All that is wrong with the twin file.
    pub fn read(path: &Path) -> Result<Self, String> {
        let twin = twin::load(path).map_err(|diagnostics| diagnostics.to_string())?.twin;
        let mut all: BTreeSet<PathBuf> = twin.files.iter().map(|file| plain(file)).collect();
        // Stamped before they are read, so that what is saved meanwhile is noticed.
        let look = |file: &PathBuf| (file.clone(), Looked::at(file));
        let mut looked: Vec<_> = all.iter().map(look).collect();
        for model in twin.models() {
            let model = plain(&model);
            // A twin file may be a stranger's: what it calls a model is handed out only if it is one.
            if is_of_a_twin(&model) && all.insert(model.clone()) {
                looked.push(look(&model));
                all.extend(beside(&model).iter().map(|file| plain(file)));
            }
        }
        all.retain(|file| is_of_a_twin(file));
        let root = common(&all);
        let name = |file: &Path| {
            let relative = file.strip_prefix(&root).unwrap_or(file);
            let parts: Vec<_> = relative.iter().map(|part| part.to_string_lossy()).collect();
            format!("files/{}", parts.join("/"))
        };
        Ok(Self {
            twin: name(&plain(path)),
            title: title(&twin),
            files: all.iter().map(|file| (name(file), file.clone())).collect(),
            looked: Arc::new(Mutex::new(looked)),
            root,
        })
    }

    /// Whether a definition or a model was saved, or has appeared, since they were read.
    pub fn is_old(&self) -> bool {
        let mut looked = self.looked.lock().unwrap_or_else(PoisonError::into_inner);
        looked.iter_mut().any(|(file, before)| {
            let now = again(*before, file);
            let same = match (&before, &now) {
                (Some(before), Some(now)) => before.is(now),
                (before, now) => before.is_none() && now.is_none(),
            };
            if same {
                // Later looks need not read it any more, once it has settled.
                *before = now;
            }
            !same
        })
    }

    /// The same, taken for what is on the disk now: what is wrong there has been reported.
    pub fn seen(&self) -> Self {
        let mut looked = self.looked.lock().unwrap_or_else(PoisonError::into_inner).clone();
        looked.iter_mut().for_each(|(file, before)| *before = again(*before, file));
        Self { looked: Arc::new(Mutex::new(looked)), ..self.clone() }
    }

    /// The file of a path for pages, where it is there and may be handed out.
    pub fn find(&self, name: &str) -> Option<&Path> {
        let file = self.files.get(name)?;
        may_hand_out(file, &self.root).then_some(file)
    }

    /// Bytes of each file that is there.
    pub fn sizes(&self) -> BTreeMap<&str, u64> {
        let there = self.files.iter().filter(|(_, file)| may_hand_out(file, &self.root));
        let size = |(name, file): (&'_ String, &PathBuf)| {
            Some((name.len(), std::fs::metadata(file).ok()?.len()))
        };
        there.filter_map(|entry| Some((entry.0.as_str(), size(entry)?.1))).collect()
    }
}

/// The version of a file that is there now, where `before` was there before.
fn again(before: Option<Looked>, file: &Path) -> Option<Looked> {
    match before {
        Some(before) => before.again(file),
        None => Looked::at(file),
    }
}

/// Whether a file is a regular one, and no link that leads out of the twin's folder or to a file of
/// another kind.
fn may_hand_out(file: &Path, root: &Path) -> bool {
    let (Ok(real), Ok(root)) = (file.canonicalize(), root.canonicalize()) else { return false };
    // Files of one twin that have nothing but the root of the disk in common: no link is followed.
    let is_link = || {
        file.parent().and_then(|folder| folder.canonicalize().ok()).is_none_or(|folder| {
            Some(real.as_path()) != file.file_name().map(|name| folder.join(name)).as_deref()
        })
    };
    real.is_file()
        && is_of_a_twin(&real)
        && real.starts_with(&root)
        && (root.parent().is_some() || !is_link())
}

/// Whether a file's name is one of those that twins and models are made of.
fn is_of_a_twin(file: &Path) -> bool {
    const ENDS: [&str; 8] = ["ron", "glb", "gltf", "bin", "png", "jpg", "jpeg", "webp"];
    let end = file.extension().map(|end| end.to_string_lossy().to_lowercase());
    end.is_some_and(|end| ENDS.contains(&end.as_str()))
}

fn title(twin: &Twin) -> String {
    if twin.title.is_empty() { twin.name.clone() } else { twin.title.clone() }
}

/// What a glTF that is not all in one file names beside it, whether it is there or not.
fn beside(model: &Path) -> Vec<PathBuf> {
    // A model that cannot be read is reported by the page that wants it.
    let Ok(bytes) = twin::read_regular(model, MAX_MODEL_BYTES) else { return Vec::new() };
    let folder = model.parent().unwrap_or(Path::new(""));
    let below = |name: &String| {
        Path::new(name)
            .components()
            .all(|part| matches!(part, Component::Normal(_) | Component::CurDir))
    };
    let names = cad::needs(&bytes).unwrap_or_default();
    names.iter().filter(|name| below(name)).map(|name| folder.join(name)).collect()
}

/// Absolute, without `.` and `..`; links are not followed, so that names relate as in the twin file.
fn plain(path: &Path) -> PathBuf {
    let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let mut out = PathBuf::new();
    for part in absolute.components() {
        match part {
            Component::ParentDir => drop(out.pop()),
            Component::CurDir => {}
            other => out.push(other),
        }
    }
    out
}

/// The deepest folder that holds all files.
fn common(files: &BTreeSet<PathBuf>) -> PathBuf {
    let mut folders = files.iter().filter_map(|file| file.parent());
    let Some(first) = folders.next() else { return PathBuf::new() };
    let mut root = first.to_owned();
    for folder in folders {
        while !folder.starts_with(&root) && root.pop() {}
    }
    root
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_folder_of_all_files_is_the_deepest_that_holds_them() {
        let files = |names: &[&str]| names.iter().map(PathBuf::from).collect();
        assert_eq!(common(&files(&["/a/b/c.ron", "/a/d/e.glb"])), Path::new("/a"));
        assert_eq!(common(&files(&["/a/b/c.ron", "/a/b/d/e.glb"])), Path::new("/a/b"));
        assert_eq!(plain(Path::new("/a/./b/../c")), Path::new("/a/c"));
    }
}
