//! The files of a twin, and no others: the twin file, what it includes, its models and what lies
//! beside them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Component, Path, PathBuf};
use std::time::SystemTime;

use crate::cad::Model;
use crate::twin::{self, Twin};

/// The files by the paths under which pages find them.
#[derive(Debug, Default)]
pub(super) struct TwinFiles {
    /// Path of the twin file for pages.
    pub twin: String,
    /// Its title.
    pub title: String,
    /// File on the disk by path for pages.
    pub files: BTreeMap<String, PathBuf>,
    /// Definitions, with the time at which each was saved.
    stamps: Vec<(PathBuf, Option<SystemTime>)>,
}

impl TwinFiles {
    /// Reads a twin and finds what belongs to it.
    ///
    /// # Errors
    /// All that is wrong with the twin file.
    pub fn read(path: &Path) -> Result<Self, String> {
        let twin = twin::load(path).map_err(|diagnostics| diagnostics.to_string())?.twin;
        let mut all: BTreeSet<PathBuf> = twin.files.iter().map(|file| plain(file)).collect();
        for model in twin.models() {
            all.extend(beside(&model).iter().map(|file| plain(file)));
            all.insert(plain(&model));
        }
        // A twin file may be a stranger's: what it calls a model is handed out only if it is one.
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
            stamps: twin.files.iter().map(|file| (file.clone(), saved(file))).collect(),
        })
    }

    /// Whether a definition was saved since it was read.
    pub fn is_old(&self) -> bool {
        self.stamps.iter().any(|(file, stamp)| saved(file) != *stamp)
    }

    /// Bytes of each file that is there.
    pub fn sizes(&self) -> BTreeMap<&str, u64> {
        let size = |(name, file): (&'_ String, &PathBuf)| {
            Some((name.len(), std::fs::metadata(file).ok()?.len()))
        };
        let known = self.files.iter().filter_map(|entry| Some((entry.0.as_str(), size(entry)?.1)));
        known.collect()
    }
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

fn saved(file: &Path) -> Option<SystemTime> {
    std::fs::metadata(file).ok()?.modified().ok()
}

/// What a glTF that is not all in one file names beside it.
fn beside(model: &Path) -> Vec<PathBuf> {
    if model.extension().is_none_or(|end| !end.eq_ignore_ascii_case("gltf")) {
        return Vec::new();
    }
    let Ok(bytes) = std::fs::read(model) else { return Vec::new() };
    let folder = model.parent().unwrap_or(Path::new(""));
    let mut found = Vec::new();
    // A model that cannot be read is reported by the page that wants it.
    let _ = Model::parse_with(&bytes, &mut |uri| {
        let file = folder.join(uri);
        found.push(file.clone());
        std::fs::read(file).map_err(|error| error.to_string())
    });
    found
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
