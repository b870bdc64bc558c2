//! Viewers for tests: no window, no scene and no panels, but everything that commands can change.

use std::path::Path;
use std::sync::Arc;

use bevy::prelude::*;

use super::dispatch;
use crate::twin::{NoFiles, Timestamp, load_text};
use crate::viewer::base::{
    LinkBase, Notice, Palette, Round, SceneRect, Selection, Shown, ThemeChoice, TwinDefinition,
};
use crate::viewer::scene::camera::{CameraRig, PlantBounds, SavedViewpoints};
use crate::viewer::time::{TelemetryLink, WallClock, ingest, playback, playhead};
use crate::viewer::ui::Dock;

const TWIN: &str = r#"Twin(schema: 2, name: "t",
    classes: {"A": (properties: {"v": ()})}, assets: [(name: "a", class: "A")])"#;

/// Where the clock on the wall stands: 2026-03-01T12:00:00Z.
pub const NOW: Timestamp = Timestamp(1_772_366_400_000_000);

/// Adds the dispatcher and what it changes, but for the playhead and the sources.
pub fn add_dispatcher(app: &mut App) {
    app.insert_resource(Palette::of(ThemeChoice::Dark))
        .insert_resource(Dock::standard())
        .init_resource::<Selection>()
        .init_resource::<Shown>()
        .init_resource::<SceneRect>()
        .init_resource::<LinkBase>()
        .init_resource::<CameraRig>()
        .init_resource::<PlantBounds>()
        .init_resource::<SavedViewpoints>()
        .add_plugins(dispatch::plugin);
}

/// A viewer of a twin with one asset and no plant.
pub fn app() -> App {
    let loaded = load_text(Path::new("t.ron"), TWIN, &NoFiles).expect("the twin is right");
    let mut app = App::new();
    app.add_plugins(MinimalPlugins)
        .insert_resource(TwinDefinition(Arc::new(loaded.twin)))
        .insert_resource(TelemetryLink::none())
        .insert_resource(WallClock::At(NOW))
        .add_message::<Notice>()
        .add_plugins((ingest::plugin, playback::plugin, playhead::plugin));
    Round::chain(&mut app);
    add_dispatcher(&mut app);
    app
}
