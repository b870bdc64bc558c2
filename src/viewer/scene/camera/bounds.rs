//! How large the plant is, and each asset of it.
//!
//! Flows in: parts that come and go. Flows out: [`PlantBounds`]. Items on paths come and go all the
//! time and are left out: the path stands for them.

use std::collections::HashMap;

use bevy::camera::primitives::Aabb;
use bevy::prelude::*;

use super::orbit::Bounds;
use crate::twin::binding::Effect;
use crate::twin::{AssetId, Twin};
use crate::viewer::base::{AssetRoot, Item, PartOf, Scene, TwinDefinition};

/// Boxes around what is drawn, in the world's frame. Measured when parts appear or go, not as they
/// move: a moving part does not move the camera.
#[derive(Resource, Clone, Debug, Default, PartialEq)]
pub struct PlantBounds {
    /// Around everything; `None` while there is nothing.
    pub all: Option<Bounds>,
    /// Around each asset's own parts, and the paths of its items.
    pub by_asset: HashMap<AssetId, Bounds>,
}

/// Parts of the main scene carry no scene. All scenes stand at the same place: one is measured.
type OfPlant = (With<PartOf>, Without<Scene>, Without<Item>);

/// Frames in which to measure: a part's place is known only after the frame that made it.
#[derive(Resource, Default)]
pub(super) struct Unmeasured(u8);

impl Unmeasured {
    fn begin(&mut self) {
        self.0 = 3;
    }
}

/// Notes a part whose own box is known from now on.
pub(super) fn come(
    add: On<Add, Aabb>,
    parts: Query<(), OfPlant>,
    mut unmeasured: ResMut<Unmeasured>,
) {
    if parts.contains(add.entity) {
        unmeasured.begin();
    }
}

/// Notes a part that goes.
pub(super) fn go(
    remove: On<Remove, PartOf>,
    parts: Query<(), OfPlant>,
    mut unmeasured: ResMut<Unmeasured>,
) {
    if parts.contains(remove.entity) {
        unmeasured.begin();
    }
}

/// Notes an asset that comes, which may have paths and no parts.
pub(super) fn come_asset(_: On<Add, AssetRoot>, mut unmeasured: ResMut<Unmeasured>) {
    unmeasured.begin();
}

pub(super) fn measure(
    parts: Query<(&PartOf, &Aabb, &GlobalTransform), OfPlant>,
    roots: Query<(&AssetRoot, &Scene, &GlobalTransform)>,
    twin: Res<TwinDefinition>,
    mut plant: ResMut<PlantBounds>,
    mut unmeasured: ResMut<Unmeasured>,
) {
    if unmeasured.0 == 0 {
        return;
    }
    unmeasured.0 -= 1;
    let mut by_asset: HashMap<AssetId, Bounds> = HashMap::new();
    let mut hold = |asset: AssetId, bounds: Bounds| {
        by_asset.entry(asset).and_modify(|all| *all = all.union(bounds)).or_insert(bounds);
    };
    for (part, aabb, world_from_part) in &parts {
        hold(part.0, world_box(aabb, world_from_part));
    }
    for (root, _, world_from_asset) in roots.iter().filter(|(_, scene, _)| **scene == Scene::MAIN) {
        for point in item_paths(&twin.0, root.0) {
            let at = world_from_asset.transform_point(point);
            hold(root.0, Bounds { min: at, max: at });
        }
    }
    let all = by_asset.values().copied().reduce(Bounds::union);
    plant.set_if_neq(PlantBounds { all, by_asset });
}

/// The corners of the paths on which an asset's items are drawn, in the asset's frame.
fn item_paths(twin: &Twin, asset: AssetId) -> impl Iterator<Item = Vec3> {
    let known = (asset.0 as usize) < twin.assets.len();
    let class = known.then(|| twin.class_of(asset)).flatten();
    let bindings = class.map_or(&[][..], |class| &class.bindings);
    let paths = bindings.iter().filter_map(|binding| match &binding.effect {
        Effect::Items { path, .. } => Some(path),
        _ => None,
    });
    paths.flat_map(|path| &path.points).map(|point| Vec3::from(point.map(|metres| metres as f32)))
}

/// What of an asset to look at: its own parts and those of all below it.
pub fn bounds_of(plant: &PlantBounds, twin: &TwinDefinition, asset: AssetId) -> Option<Bounds> {
    let inside = |candidate: AssetId| {
        std::iter::successors(Some(candidate), |at| twin.0.asset(*at).parent).any(|at| at == asset)
    };
    // Measured in the last frame, perhaps of another definition.
    let known = |candidate: AssetId| (candidate.0 as usize) < twin.0.assets.len();
    plant
        .by_asset
        .iter()
        .filter(|(candidate, _)| known(**candidate) && inside(**candidate))
        .map(|(_, bounds)| *bounds)
        .reduce(Bounds::union)
}

/// The box in the world around a part's own box.
fn world_box(aabb: &Aabb, world_from_part: &GlobalTransform) -> Bounds {
    let affine = world_from_part.affine();
    let centre = affine.transform_point3a(aabb.center);
    let m = affine.matrix3;
    let half = m.x_axis.abs() * aabb.half_extents.x
        + m.y_axis.abs() * aabb.half_extents.y
        + m.z_axis.abs() * aabb.half_extents.z;
    Bounds { min: (centre - half).into(), max: (centre + half).into() }
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::sync::Arc;

    use super::*;
    use crate::twin::{NoFiles, load_text};

    const TWIN: &str = r#"Twin(schema: 2, name: "t",
        classes: {"Belt": (properties: {"crates": (type: items)}, bindings: [
            Items(by: "crates", points: [(0, 1, 0), (4, 1, 0)], models: ["crate.glb"])])},
        assets: [(name: "belt", class: "Belt")])"#;
    const BELT: AssetId = AssetId(0);

    /// Models are there, whatever they are called.
    struct AllModels;

    impl crate::twin::Resolver for AllModels {
        fn read(&self, path: &Path) -> Result<String, String> {
            NoFiles.read(path)
        }

        fn exists(&self, _: &Path) -> bool {
            true
        }
    }

    fn app() -> App {
        let loaded = load_text(Path::new("t.ron"), TWIN, &AllModels);
        let loaded = loaded.unwrap_or_else(|wrong| panic!("{wrong}"));
        let mut app = App::new();
        app.insert_resource(TwinDefinition(Arc::new(loaded.twin)))
            .init_resource::<PlantBounds>()
            .init_resource::<Unmeasured>()
            .init_resource::<Changes>()
            .add_observer(come)
            .add_observer(go)
            .add_observer(come_asset)
            .add_systems(Update, (measure, count).chain());
        app
    }

    /// How often the bounds changed.
    #[derive(Resource, Default)]
    struct Changes(usize);

    fn count(plant: Res<PlantBounds>, mut changes: ResMut<Changes>) {
        changes.0 += usize::from(plant.is_changed());
    }

    /// A cube of two metres about a place.
    fn cube(at: Vec3) -> (PartOf, Aabb, GlobalTransform) {
        let aabb = Aabb::from_min_max(Vec3::NEG_ONE, Vec3::ONE);
        (PartOf(BELT), aabb, GlobalTransform::from_translation(at))
    }

    fn settle(app: &mut App) -> Option<Bounds> {
        (0..4).for_each(|_| app.update());
        app.world().resource::<PlantBounds>().all
    }

    #[test]
    fn parts_that_come_and_go_are_measured_and_items_are_not() {
        let mut app = app();
        let first = app.world_mut().spawn(cube(Vec3::ZERO)).id();
        let alone = Bounds { min: Vec3::NEG_ONE, max: Vec3::ONE };
        assert_eq!(settle(&mut app), Some(alone));
        let second = app.world_mut().spawn(cube(Vec3::X * 8.0)).id();
        let both = Bounds { max: Vec3::new(9.0, 1.0, 1.0), ..alone };
        assert_eq!(settle(&mut app), Some(both));
        app.world_mut().despawn(second);
        assert_eq!(settle(&mut app), Some(alone));

        let changes = app.world().resource::<Changes>().0;
        let item = app.world_mut().spawn((cube(Vec3::X * 20.0), Item)).id();
        assert_eq!(app.world().resource::<Unmeasured>().0, 0, "nothing is to be measured");
        assert_eq!(settle(&mut app), Some(alone));
        app.world_mut().despawn(item);
        assert_eq!(app.world().resource::<Unmeasured>().0, 0, "nor when it goes");
        settle(&mut app);
        // What is measured as it was is not written.
        app.world_mut().spawn(cube(Vec3::ZERO));
        settle(&mut app);
        assert_eq!(app.world().resource::<Changes>().0, changes);
        app.world_mut().despawn(first);
        assert_eq!(settle(&mut app), Some(alone), "the other cube stands there still");
    }

    #[test]
    fn an_asset_without_a_model_is_where_the_path_of_its_items_is() {
        let mut app = app();
        let placed = GlobalTransform::from_xyz(10.0, 0.0, 0.0);
        app.world_mut().spawn((AssetRoot(BELT), Scene::MAIN, placed));
        settle(&mut app);
        let path = Bounds { min: Vec3::new(10.0, 1.0, 0.0), max: Vec3::new(14.0, 1.0, 0.0) };
        let plant = app.world().resource::<PlantBounds>();
        assert_eq!(bounds_of(plant, app.world().resource::<TwinDefinition>(), BELT), Some(path));
    }
}
