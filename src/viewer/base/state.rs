//! The viewer's own state: what all its plugins read and only their owners write.

use std::sync::Arc;

use bevy::camera::visibility::RenderLayers;
use bevy::prelude::*;

use crate::history::{Lane, SourceId, View};
use crate::twin::{AssetId, Timestamp, Twin};

/// One round of a frame, in this order, within `Update`.
#[derive(SystemSet, Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Round {
    /// Drain the telemetry channel, within a time budget.
    Ingest,
    /// What was asked for takes effect, so that it is in the same frame's picture.
    Commands,
    /// One system moves the playhead.
    Playhead,
    /// State at the playhead into components.
    Sample,
    /// Components into transforms, colours and labels.
    Present,
    /// Panels.
    Ui,
}

impl Round {
    /// Puts the sets in their order.
    pub fn chain(app: &mut App) {
        use Round::{Commands, Ingest, Playhead, Present, Sample, Ui};
        app.configure_sets(Update, (Ingest, Commands, Playhead, Sample, Present, Ui).chain());
    }
}

/// What is painted over the scene, in this order, within `EguiPrimaryContextPass`.
#[derive(SystemSet, Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Paint {
    /// Style and size of the window.
    Prepare,
    /// Panels; they leave [`SceneRect`] free.
    Panels,
    /// Labels, in what the panels left free.
    Labels,
}

/// The definition that is on screen. Replaced as a whole when the file is saved anew.
#[derive(Resource, Clone)]
pub struct TwinDefinition(pub Arc<Twin>);

/// The instant that the scene shows. Moved by the playhead's one system from where the controls of time
/// have put it.
#[derive(Resource, Clone, Copy, Debug, PartialEq)]
pub struct Playhead {
    /// Whose time and values the main scene shows.
    pub source: SourceId,
    /// Which instant of that source.
    pub time: Timestamp,
    /// Whether it follows the present.
    pub following: bool,
    /// Whether it goes on by itself while it does not follow.
    pub playing: bool,
    /// Plant seconds that it then goes on in a second.
    pub speed: f64,
    /// Which series.
    pub lane: Lane,
    /// The newest instant that it can show: the present less the display delay.
    pub live: Timestamp,
}

impl Default for Playhead {
    fn default() -> Self {
        Self {
            source: SourceId::LIVE,
            time: Timestamp::default(),
            following: false,
            playing: false,
            speed: 1.0,
            lane: Lane::default(),
            live: Timestamp::default(),
        }
    }
}

impl Playhead {
    /// The view of the main scene.
    pub fn view(&self) -> View {
        View { source: self.source, time: self.time, lane: self.lane }
    }
}

/// Number of a scene: one set of entities for the whole plant. The main scene is 0.
#[derive(Component, Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Scene(pub u32);

impl Scene {
    /// The one that the playhead moves.
    pub const MAIN: Self = Self(0);

    /// The layers on which its meshes are drawn, so that each camera sees one scene; `None`: the usual
    /// ones.
    pub fn layers(self) -> Option<RenderLayers> {
        (self != Self::MAIN).then(|| RenderLayers::layer(SCENE_LAYERS + self.0 as usize))
    }
}

/// The first layers are the engine's and the main scene's.
const SCENE_LAYERS: usize = 8;

/// What one scene shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SceneView {
    /// Which scene.
    pub scene: Scene,
    /// What it looks at.
    pub view: View,
    /// Whether it goes on with the newest instant of its source.
    pub follows: bool,
}

/// What each scene shows: the main one, which the playhead moves, and more beside it for whoever
/// compares. Each has entities of its own, and reads the state of its own view.
#[derive(Resource, Clone, Debug, PartialEq, Eq)]
pub struct SceneViews(Vec<SceneView>);

impl Default for SceneViews {
    fn default() -> Self {
        Self(vec![SceneView { scene: Scene::MAIN, view: View::default(), follows: true }])
    }
}

impl SceneViews {
    /// Scenes at most, the main one included.
    pub const MOST: usize = 4;

    /// All, the main scene first.
    pub fn iter(&self) -> impl Iterator<Item = &SceneView> {
        self.0.iter()
    }

    /// What a scene shows.
    pub fn get(&self, scene: Scene) -> Option<&SceneView> {
        self.0.iter().find(|shown| shown.scene == scene)
    }

    /// Opens another scene with that view; `None` when there are as many as can be.
    pub fn open(&mut self, view: View, follows: bool) -> Option<Scene> {
        let free = (1..Self::MOST as u32).map(Scene).find(|scene| self.get(*scene).is_none())?;
        self.0.push(SceneView { scene: free, view, follows });
        Some(free)
    }

    /// Changes what a scene shows; whether there is such a scene.
    pub fn set(&mut self, scene: Scene, view: View, follows: bool) -> bool {
        let found = self.0.iter_mut().find(|shown| shown.scene == scene);
        found.map(|shown| *shown = SceneView { scene, view, follows }).is_some()
    }

    /// Closes a scene. The main one stays.
    pub fn close(&mut self, scene: Scene) {
        self.0.retain(|shown| shown.scene != scene || scene == Scene::MAIN);
    }
}

/// What the user has selected and what the pointer is over.
#[derive(Resource, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Selection {
    /// Selected in the tree or in the scene.
    pub selected: Option<AssetId>,
    /// Under the pointer, in the tree or in the scene.
    pub hovered: Option<AssetId>,
}

/// Root entity of an asset, one in each scene.
#[derive(Component, Clone, Copy, Debug, PartialEq, Eq)]
pub struct AssetRoot(pub AssetId);

/// A mesh entity that belongs to an asset; what picking hits.
#[derive(Component, Clone, Copy, Debug, PartialEq, Eq)]
pub struct PartOf(pub AssetId);

/// A mesh entity of an item on a path; it comes and goes, and is no part of the plant's extent.
#[derive(Component)]
pub struct Item;

/// The part of the window that panels leave to the scene, in logical pixels.
#[derive(Resource, Clone, Copy, Debug, Default, PartialEq)]
pub struct SceneRect {
    /// Set by the panels; `None`: the whole target.
    pub rect: Option<Rect>,
    /// Size of the whole target.
    pub target: Vec2,
    /// Whether the panels have the pointer: a window, a menu or a drag of theirs is over the scene.
    pub covered: bool,
}

impl SceneRect {
    /// The free rectangle.
    pub fn free(&self) -> Rect {
        self.rect.unwrap_or(Rect { min: Vec2::ZERO, max: self.target })
    }

    /// Its size, at least one pixel each way.
    pub fn size(&self) -> Vec2 {
        self.free().size().max(Vec2::ONE)
    }

    /// Width by height.
    pub fn aspect(&self) -> f32 {
        let size = self.size();
        size.x / size.y
    }

    /// Whether a pointer there is the scene's.
    pub fn takes_pointer(&self, at: Vec2) -> bool {
        !self.covered && self.free().contains(at)
    }

    /// A place in the window as −1 to 1 from the scene's middle to its right and upper edge.
    pub fn from_centre(&self, at: Vec2) -> Vec2 {
        let free = self.free();
        (at - free.center()) / (0.5 * self.size()) * Vec2::new(1.0, -1.0)
    }
}

/// What stands before the `#` of links to a view: the page's address, or nothing.
#[derive(Resource, Clone, Debug, Default, PartialEq, Eq)]
pub struct LinkBase(pub String);

/// What the user has switched on.
#[derive(Resource, Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shown {
    /// Labels in the scene.
    pub labels: bool,
    /// Panels around it.
    pub panels: bool,
    /// The list of keys over it.
    pub help: bool,
    /// Corners are shaded where light hardly comes, if the machine can.
    pub occlusion: bool,
}

impl Default for Shown {
    fn default() -> Self {
        Self { labels: true, panels: true, help: false, occlusion: false }
    }
}

/// Whether corners are shaded where light hardly comes.
#[derive(Resource, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Occlusion {
    /// The machine can.
    pub supported: bool,
    /// It is done in this frame.
    pub on: bool,
}

/// Whether somebody sees the scene; while nobody does it is not drawn.
#[derive(Resource, Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seen(pub bool);
