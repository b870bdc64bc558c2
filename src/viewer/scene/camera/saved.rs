//! Viewpoints that the user keeps, by the twin's name, in the user's configuration folder.

use bevy::prelude::*;
use serde::{Deserialize, Serialize};

use crate::twin::Viewpoint;
use crate::viewer::base::{TwinDefinition, settings};

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

    /// Forgets the viewpoint of that name.
    pub fn forget(&mut self, name: &str) {
        self.list.retain(|kept| kept.name != name);
    }
}

/// Name of what is remembered for a twin.
fn name_for(twin: &str) -> String {
    let safe = |letter: char| letter.is_alphanumeric() || "-_".contains(letter);
    let safe: String = twin.chars().map(|letter| if safe(letter) { letter } else { '_' }).collect();
    format!("viewpoints/{safe}.json")
}

pub(super) fn load(mut saved: ResMut<SavedViewpoints>, twin: Option<Res<TwinDefinition>>) {
    if let Some(list) = twin.and_then(|twin| settings::read(&name_for(&twin.0.name))) {
        saved.list = list;
    }
}

pub(super) fn store(
    saved: Res<SavedViewpoints>,
    twin: Option<Res<TwinDefinition>>,
    mut stored: Local<Option<Vec<SavedViewpoint>>>,
) -> Result {
    if !saved.is_changed() || stored.as_ref() == Some(&saved.list) {
        return Ok(());
    }
    // What was read at the start is stored already.
    let first = stored.replace(saved.list.clone()).is_none();
    if let Some(twin) = twin.filter(|_| !first) {
        settings::write(&name_for(&twin.0.name), &serde_json::to_string_pretty(&saved.list)?);
    }
    Ok(())
}

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
        saved.forget("pumps");
        assert_eq!(saved.list, [at("filler", 2.0)]);
    }
}
