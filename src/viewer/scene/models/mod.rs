//! The twin as entities: one root an asset, its class's model below it, everything shared.
//!
//! Flows in: the definition and the model files, read and prepared off the frame. Flows out: an
//! [`AssetRoot`](crate::viewer::AssetRoot) for each asset, [`PartOf`] on each mesh,
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

use crate::twin::{AssetId, Twin};
use crate::viewer::base::workers::run_slice;
use crate::viewer::base::{Files, Notice, PartOf, Round, SceneViews, Selection, TwinDefinition};
use crate::viewer::scene::look::{self, TwinPbr, with_flag, write};

/// Loads and spawns what [`TwinDefinition`] says, and marks what is selected.
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
        .init_resource::<Selection>()
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
        )
        .add_systems(Update, (mark_selection, surfaces::recolour).in_set(Round::Present));
}

/// Sets the flags of what is selected and what the pointer is over; of a group, all in it.
fn mark_selection(
    selection: Res<Selection>,
    twin: Res<TwinDefinition>,
    mut parts: Query<(&PartOf, &mut bevy::mesh::MeshTag)>,
    added: Query<(), Added<PartOf>>,
) {
    if !selection.is_changed() && added.is_empty() {
        return;
    }
    let selected = members(&twin.0, selection.selected);
    let hovered = members(&twin.0, selection.hovered);
    let has = |set: &[bool], part: &PartOf| set.get(part.0.0 as usize) == Some(&true);
    for (part, mut tag) in &mut parts {
        let marked = with_flag(tag.0, look::SELECTED, has(&selected, part));
        let marked = with_flag(marked, look::HOVERED, has(&hovered, part));
        write(&mut tag, marked);
    }
}

/// For each asset whether it is that one or stands below it.
fn members(twin: &Twin, of: Option<AssetId>) -> Vec<bool> {
    let Some(of) = of else { return Vec::new() };
    let mut inside = vec![false; twin.assets.len()];
    // A parent stands before its children.
    for id in twin.asset_ids() {
        let parent = twin.asset(id).parent;
        inside[id.0 as usize] = id == of || parent.is_some_and(|above| inside[above.0 as usize]);
    }
    inside
}
