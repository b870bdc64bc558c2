//! The twin as entities: one root an asset, its class's model below it, everything shared.
//!
//! Flows in: the definition and the model files, read and prepared off the frame. Flows out: an
//! [`AssetRoot`](crate::viewer::AssetRoot) for each asset,
//! [`PartOf`](crate::viewer::base::PartOf) on each mesh,
//! [`Bound`](super::bound::Bound) on what bindings drive, and [`Notice`]s; the rest of the scene
//! never waits for a broken model.

mod load;
mod plan;
mod spawn;
mod surfaces;
#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests;

use std::path::{Path, PathBuf};

use bevy::asset::io::embedded::EmbeddedAssetRegistry;
use bevy::prelude::*;

pub use load::{LoadProgress, Models, ReloadModels};
pub use spawn::SceneEntities;
pub(super) use spawn::put_in;

use crate::viewer::base::workers::run_slice;
use crate::viewer::base::{Files, Notice, Round, SceneViews};
use crate::viewer::scene::look::TwinPbr;

/// Loads and spawns what [`TwinDefinition`](crate::viewer::base::TwinDefinition) says.
pub fn plugin(app: &mut App) {
    let shader = include_bytes!("../../../../assets/shaders/twin.wgsl").as_slice();
    app.world_mut().get_resource_or_init::<EmbeddedAssetRegistry>().insert_asset(
        PathBuf::new(),
        Path::new("twinscope/twin.wgsl"),
        shader,
    );
    app.add_plugins(MaterialPlugin::<TwinPbr>::default());
    systems(app);
}

/// All of [`plugin`] that needs no renderer.
pub(super) fn systems(app: &mut App) {
    app.init_resource::<Models>()
        .init_resource::<LoadProgress>()
        .init_resource::<SceneEntities>()
        .init_resource::<SceneViews>()
        .init_resource::<Files>()
        .init_resource::<Assets<Mesh>>()
        .init_resource::<Assets<TwinPbr>>()
        .init_resource::<Assets<Image>>()
        .add_message::<Notice>()
        .add_message::<ReloadModels>()
        .add_systems(
            Update,
            (
                spawn::renew,
                spawn::follow_views,
                load::request,
                load::advance.after(run_slice),
                load::collect,
                spawn::spawn,
            )
                .chain()
                // Another definition comes before a round; what was there of the old one goes in
                // the same frame, before anybody looks its assets up in the new one.
                .after(Round::Ingest)
                .before(Round::Sample),
        );
}
