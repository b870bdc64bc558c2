//! Viewpoints that the user keeps, by the twin's name, in the user's configuration folder.

use bevy::prelude::*;
use serde::{Deserialize, Serialize};

use crate::twin::Viewpoint;
#[cfg(not(target_arch = "wasm32"))]
use crate::viewer::state::TwinDefinition;

/// A viewpoint of the user.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SavedViewpoint {
    /// Name for the menu.
    pub name: String,
    /// Where the camera is, in metres.
    pub eye: [f64; 3],
    /// What it looks at, in metres.
    pub target: [f64; 3],
    /// Parallel instead of perspective projection.
    #[serde(default)]
    pub orthographic: bool,
}

impl From<Viewpoint> for SavedViewpoint {
    fn from(from: Viewpoint) -> Self {
        let Viewpoint { name, eye, target, orthographic } = from;
        Self { name, eye, target, orthographic }
    }
}

impl From<SavedViewpoint> for Viewpoint {
    fn from(from: SavedViewpoint) -> Self {
        let SavedViewpoint { name, eye, target, orthographic } = from;
        Self { name, eye, target, orthographic }
    }
}

/// The user's viewpoints of the present twin; they follow the twin's own in lists and by number.
#[derive(Resource, Clone, Debug, Default, PartialEq)]
pub struct SavedViewpoints {
    /// In the order in which they were kept.
    pub list: Vec<SavedViewpoint>,
}

impl SavedViewpoints {
    /// Keeps a viewpoint; one of the same name is replaced.
    pub fn keep(&mut self, viewpoint: SavedViewpoint) {
        match self.list.iter_mut().find(|kept| kept.name == viewpoint.name) {
            Some(kept) => *kept = viewpoint,
            None => self.list.push(viewpoint),
        }
    }
}

/// Where the viewpoints of a twin are kept; `None` where there is no such folder.
#[cfg(not(target_arch = "wasm32"))]
fn file(twin: &str) -> Option<std::path::PathBuf> {
    let safe: String = twin
        .chars()
        .map(|letter| if letter.is_alphanumeric() || "-_".contains(letter) { letter } else { '_' })
        .collect();
    Some(dirs::config_dir()?.join("twinscope").join("viewpoints").join(format!("{safe}.json")))
}

#[cfg(not(target_arch = "wasm32"))]
pub(super) fn load(mut saved: ResMut<SavedViewpoints>, twin: Option<Res<TwinDefinition>>) {
    let Some(path) = twin.and_then(|twin| file(&twin.0.name)) else { return };
    let Ok(text) = std::fs::read_to_string(&path) else { return };
    match serde_json::from_str(&text) {
        Ok(list) => saved.list = list,
        Err(error) => warn!(
            "the saved viewpoints in {} cannot be read ({error}); rename the file to start anew",
            path.display()
        ),
    }
}

#[cfg(not(target_arch = "wasm32"))]
pub(super) fn store(saved: Res<SavedViewpoints>, twin: Option<Res<TwinDefinition>>) -> Result {
    // At the start it counts as changed by having been read.
    if !saved.is_changed() || saved.list.is_empty() {
        return Ok(());
    }
    let Some(path) = twin.and_then(|twin| file(&twin.0.name)) else { return Ok(()) };
    let text = serde_json::to_string_pretty(&saved.list)?;
    if std::fs::read_to_string(&path).is_ok_and(|old| old == text) {
        return Ok(());
    }
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    std::fs::write(&path, text)
        .map_err(|error| format!("the viewpoints cannot be kept in {}: {error}", path.display()))?;
    Ok(())
}

#[cfg(target_arch = "wasm32")]
pub(super) fn load() {}

#[cfg(target_arch = "wasm32")]
pub(super) fn store() {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_viewpoint_of_the_same_name_replaces_the_old_one() {
        let at = |name: &str, x: f64| SavedViewpoint {
            name: name.into(),
            eye: [x, 1.0, 2.0],
            target: [0.0; 3],
            orthographic: false,
        };
        let mut saved = SavedViewpoints::default();
        saved.keep(at("pumps", 1.0));
        saved.keep(at("filler", 2.0));
        saved.keep(at("pumps", 3.0));
        assert_eq!(saved.list, [at("pumps", 3.0), at("filler", 2.0)]);
    }
}
