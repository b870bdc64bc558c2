//! Where the viewer reads twin files and models: this computer's disk, or the server that the page
//! came from; and what was dropped onto the window goes before both.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use bevy::prelude::*;

use crate::twin::{Diagnostics, Loaded, Resolver, load_text};

/// Reads files by the paths that a twin names.
#[derive(Resource, Clone, Default)]
pub struct Files(Arc<Inner>);

#[derive(Default)]
struct Inner {
    /// What was dropped, by file name: pages learn no folder.
    dropped: RwLock<BTreeMap<String, Arc<[u8]>>>,
    /// Address of the folder that paths are relative to; only in the browser.
    #[cfg(target_arch = "wasm32")]
    base: RwLock<String>,
}

/// Bytes of files that were dropped and are kept at most; more would not fit into a page.
pub const DROPPED_BYTES: usize = 256 << 20;

impl Files {
    /// The files below an address, which ends with `/`.
    #[cfg(target_arch = "wasm32")]
    pub fn below(base: &str) -> Self {
        let files = Self::default();
        *files.0.base.write().unwrap_or_else(PoisonError::into_inner) = base.to_owned();
        files
    }

    /// Keeps a file that was dropped; it stands for every file of that name from now on.
    ///
    /// # Errors
    /// When there is no room for it.
    pub fn keep(&self, name: &str, bytes: Vec<u8>) -> Result<(), String> {
        let mut dropped = self.0.dropped.write().unwrap_or_else(PoisonError::into_inner);
        let kept: usize =
            dropped.iter().filter(|(other, _)| *other != name).map(|(_, bytes)| bytes.len()).sum();
        if kept + bytes.len() > DROPPED_BYTES {
            let (size, limit) = (bytes.len() >> 20, DROPPED_BYTES >> 20);
            return Err(format!(
                "`{name}` has {size} MiB, and dropped files may have {limit} MiB together; put it \
                 beside the twin file instead"
            ));
        }
        dropped.insert(name.to_owned(), bytes.into());
        Ok(())
    }

    fn dropped(&self, path: &Path) -> Option<Arc<[u8]>> {
        let name = path.file_name()?.to_str()?;
        self.0.dropped.read().unwrap_or_else(PoisonError::into_inner).get(name).cloned()
    }

    /// Bytes of a file. Natively it blocks, so it is called off the frame.
    ///
    /// # Errors
    /// Why it cannot be read, for people.
    pub async fn read(&self, path: &Path) -> Result<Vec<u8>, String> {
        if let Some(bytes) = self.dropped(path) {
            return Ok(bytes.to_vec());
        }
        #[cfg(not(target_arch = "wasm32"))]
        return std::fs::read(path).map_err(|error| error.to_string());
        #[cfg(target_arch = "wasm32")]
        {
            let base = self.0.base.read().unwrap_or_else(PoisonError::into_inner).clone();
            super::fetch::fetch(&format!("{base}{}", path.display())).await
        }
    }

    /// [`Files::read`] of a file that has no more than so many bytes.
    ///
    /// # Errors
    /// Why it cannot be read, for people.
    pub async fn read_bounded(&self, path: &Path, most: u64) -> Result<Vec<u8>, String> {
        #[cfg(not(target_arch = "wasm32"))]
        if let Ok(about) = std::fs::metadata(path)
            && about.len() > most
        {
            let (size, most) = (about.len() >> 20, most >> 20);
            return Err(format!("it has {size} MiB, and {most} MiB are the most that is read"));
        }
        #[cfg(target_arch = "wasm32")]
        let _ = most;
        self.read(path).await
    }

    /// Reads a twin file and all that it includes.
    ///
    /// # Errors
    /// All that is wrong with them.
    pub async fn load_twin(&self, path: &Path) -> Result<Loaded, Diagnostics> {
        let known = Known { files: self.clone(), ..Known::default() };
        loop {
            let text = match known.text(path) {
                Some(Ok(text)) => text,
                Some(Err(error)) => return Err(Diagnostics::unreadable(path, &error)),
                None => {
                    known.add(path, self.text(path).await);
                    continue;
                }
            };
            let result = load_text(path, &text, &known);
            // What the text includes is read between two attempts: reading may have to wait.
            let missing = std::mem::take(&mut *known.lock_wanted());
            if missing.is_empty() {
                return result;
            }
            for path in missing {
                let text = self.text(&path).await;
                known.add(&path, text);
            }
        }
    }

    async fn text(&self, path: &Path) -> Result<String, String> {
        let bytes = self.read(path).await?;
        String::from_utf8(bytes).map_err(|error| {
            format!("it is not UTF-8 text (byte {})", error.utf8_error().valid_up_to())
        })
    }
}

/// Texts that are there, and those that were asked for and are not.
#[derive(Default)]
struct Known {
    files: Files,
    texts: RwLock<BTreeMap<PathBuf, Result<String, String>>>,
    wanted: Mutex<BTreeSet<PathBuf>>,
}

impl Known {
    fn text(&self, path: &Path) -> Option<Result<String, String>> {
        self.texts.read().unwrap_or_else(PoisonError::into_inner).get(path).cloned()
    }

    fn add(&self, path: &Path, text: Result<String, String>) {
        let mut texts = self.texts.write().unwrap_or_else(PoisonError::into_inner);
        texts.insert(path.to_owned(), text);
    }

    fn lock_wanted(&self) -> std::sync::MutexGuard<'_, BTreeSet<PathBuf>> {
        self.wanted.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Resolver for Known {
    fn read(&self, path: &Path) -> Result<String, String> {
        self.text(path).unwrap_or_else(|| {
            self.lock_wanted().insert(path.to_owned());
            Err("it is not read yet".into())
        })
    }

    /// In the browser a model that is not there is noticed when it is wanted.
    fn exists(&self, path: &Path) -> bool {
        cfg!(target_arch = "wasm32") || path.is_file() || self.files.dropped(path).is_some()
    }
}

#[cfg(test)]
mod tests {
    use bevy::tasks::block_on;

    use super::*;

    #[test]
    fn a_twin_and_what_it_includes_are_read_wherever_they_are() {
        let files = Files::default();
        let main = r#"Twin(schema: 2, name: "t", include: ["classes/a.ron"],
            assets: [(name: "A", class: "A")])"#;
        let class = r#"Classes(schema: 2, classes: {"A": (properties: {"v": ()})})"#;
        files.keep("t.ron", main.into()).expect("room");
        let missing = block_on(files.load_twin(Path::new("t.ron"))).expect_err("it has no class");
        assert!(missing.to_string().contains("classes/a.ron"), "{missing}");
        files.keep("a.ron", class.into()).expect("room");
        let loaded = block_on(files.load_twin(Path::new("t.ron")));
        assert_eq!(loaded.map(|loaded| loaded.twin.assets.len()).map_err(|e| e.to_string()), Ok(1));
    }

    #[test]
    fn a_file_that_is_not_there_or_no_text_is_told() {
        let files = Files::default();
        let absent = block_on(files.load_twin(Path::new("nowhere/x.ron"))).expect_err("not there");
        assert!(absent.to_string().contains("nowhere/x.ron"), "{absent}");
        files.keep("x.ron", vec![0xff, 0xfe]).expect("room");
        let binary = block_on(files.load_twin(Path::new("x.ron"))).expect_err("no text");
        assert!(binary.to_string().contains("UTF-8"), "{binary}");
    }
}
