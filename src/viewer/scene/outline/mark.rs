//! Which parts are outlined, as a [`Mark`] below each.
//!
//! All parts are looked at when something else is selected or pointed at, those that appeared in every frame, and
//! no others. Marks that say the same as before are left alone.

use std::collections::HashSet;

use bevy::camera::visibility::RenderLayers;
use bevy::light::{NotShadowCaster, NotShadowReceiver};
use bevy::mesh::MeshTag;
use bevy::prelude::*;

use super::draw::{LAYER, Mark, Silhouette};
use crate::twin::{AssetId, Twin};
use crate::viewer::base::{PartOf, Scene, Selection, TwinDefinition};

/// A mark's tag: it is selected. The shader has the same bits.
const SELECTED: u32 = 1;
/// A mark's tag: the pointer is over it.
const HOVERED: u32 = 2;

/// What [`mark`] has done.
#[derive(Resource, Default)]
pub(super) struct Marked {
    /// The selection whose parts are marked.
    selection: Option<Selection>,
    /// Parts that appeared since.
    fresh: Vec<Entity>,
}

/// Notes each part that appears.
pub(super) fn note(add: On<Add, PartOf>, mut marked: ResMut<Marked>) {
    marked.fresh.push(add.entity);
}

/// Marks the parts of what is selected and of what the pointer is over. Parts of the main scene carry no
/// scene; no other is outlined.
pub(super) fn mark(
    selection: Res<Selection>,
    twin: Res<TwinDefinition>,
    silhouette: Res<Silhouette>,
    parts: Query<(Entity, &PartOf, &Mesh3d), Without<Scene>>,
    mut marks: Query<(Entity, &ChildOf, &mut MeshTag), With<Mark>>,
    mut marked: ResMut<Marked>,
    mut commands: Commands,
) {
    let is_other = marked.selection != Some(*selection);
    let mut flags = Flags { twin: &twin.0, selection: *selection, last: None };
    // Parts that have a mark, and keep it.
    let mut kept = HashSet::new();
    if is_other {
        marked.selection = Some(*selection);
        for (mark, below, mut tag) in &mut marks {
            let part = below.parent();
            let wanted = parts.get(part).map_or(0, |(_, of, _)| flags.of(of.0));
            if wanted == 0 {
                commands.entity(mark).despawn();
                continue;
            }
            kept.insert(part);
            if tag.0 != wanted {
                tag.0 = wanted;
            }
        }
    }
    if *selection == Selection::default() {
        marked.fresh.clear();
        return;
    }
    let mut outline = |(part, of, mesh): (Entity, &PartOf, &Mesh3d)| {
        let tag = flags.of(of.0);
        if tag != 0 {
            commands.spawn((
                Mark,
                ChildOf(part),
                mesh.clone(),
                MeshMaterial3d(silhouette.0.clone()),
                MeshTag(tag),
                RenderLayers::layer(LAYER),
                (NotShadowCaster, NotShadowReceiver),
            ));
        }
    };
    if is_other {
        marked.fresh.clear();
        parts.iter().filter(|(part, ..)| !kept.contains(part)).for_each(outline);
    } else {
        // Some may be gone by now.
        parts.iter_many(marked.fresh.drain(..)).for_each(&mut outline);
    }
}

/// What is said of the parts of an asset.
struct Flags<'a> {
    twin: &'a Twin,
    selection: Selection,
    /// Of the part before: those of an asset mostly follow one another.
    last: Option<(AssetId, u32)>,
}

impl Flags<'_> {
    fn of(&mut self, asset: AssetId) -> u32 {
        if let Some((_, flags)) = self.last.filter(|(of, _)| *of == asset) {
            return flags;
        }
        let Selection { selected, hovered } = self.selection;
        let flag = |top: Option<AssetId>, flag| match top {
            Some(top) if is_within(self.twin, asset, top) => flag,
            _ => 0,
        };
        let flags = flag(selected, SELECTED) | flag(hovered, HOVERED);
        self.last = Some((asset, flags));
        flags
    }
}

/// Whether an asset is `top` or stands below it.
fn is_within(twin: &Twin, asset: AssetId, top: AssetId) -> bool {
    let mut at = Some(asset);
    // A parent stands before its children.
    while let Some(below) = at.filter(|at| *at > top) {
        at = twin.assets.get(below.0 as usize).and_then(|asset| asset.parent);
    }
    at == Some(top)
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::sync::Arc;

    use super::*;
    use crate::twin::{NoFiles, load_text};

    const TWIN: &str = r#"Twin(schema: 2, name: "t",
        classes: {"A": (properties: {"v": ()})},
        assets: [
            (name: "hall"),
            (name: "P-1", class: "A", parent: "hall"),
            (name: "yard"),
            (name: "P-2", class: "A", parent: "yard"),
        ])"#;
    const HALL: AssetId = AssetId(0);
    const FIRST: AssetId = AssetId(1);
    const SECOND: AssetId = AssetId(3);

    fn app() -> App {
        let loaded = load_text(Path::new("t.ron"), TWIN, &NoFiles).expect("the twin is right");
        let mut app = App::new();
        app.insert_resource(TwinDefinition(Arc::new(loaded.twin)));
        super::super::systems(&mut app);
        app
    }

    fn part(app: &mut App, asset: AssetId) -> Entity {
        app.world_mut().spawn((PartOf(asset), Mesh3d::default())).id()
    }

    /// The tags of all marks below a part.
    fn tags(app: &App, part: Entity) -> Vec<u32> {
        let below = app.world().get::<Children>(part).into_iter().flat_map(|below| below.iter());
        below.filter_map(|mark| app.world().get::<MeshTag>(mark)).map(|tag| tag.0).collect()
    }

    fn select(app: &mut App, selected: Option<AssetId>) {
        app.world_mut().resource_mut::<Selection>().selected = selected;
        app.update();
    }

    #[test]
    fn a_group_that_is_selected_marks_all_in_it_and_nothing_else() {
        let mut app = app();
        let [inside, outside] = [FIRST, SECOND].map(|asset| part(&mut app, asset));
        select(&mut app, Some(HALL));
        assert_eq!([inside, outside].map(|part| tags(&app, part)), [vec![SELECTED], vec![]]);
        app.world_mut().resource_mut::<Selection>().hovered = Some(SECOND);
        select(&mut app, Some(SECOND));
        assert_eq!(
            [inside, outside].map(|part| tags(&app, part)),
            [vec![], vec![SELECTED | HOVERED]]
        );
        app.world_mut().resource_mut::<Selection>().hovered = None;
        select(&mut app, None);
        let left = app.world_mut().query::<&Mark>().iter(app.world()).count();
        assert_eq!(left, 0, "nothing is left of a selection that is gone");
    }

    #[test]
    fn a_part_that_appears_is_marked_once_and_goes_with_its_mark() {
        let mut app = app();
        let before = part(&mut app, FIRST);
        select(&mut app, Some(HALL));
        let item = part(&mut app, FIRST);
        app.update();
        app.update();
        assert_eq!([before, item].map(|part| tags(&app, part)), [[SELECTED], [SELECTED]]);
        app.world_mut().despawn(item);
        assert_eq!(app.world_mut().query::<&Mark>().iter(app.world()).count(), 1);
    }

    #[test]
    fn a_selection_that_is_written_as_it_was_looks_at_no_part() {
        let mut app = app();
        let pump = part(&mut app, FIRST);
        select(&mut app, Some(HALL));
        let mark = app.world().get::<Children>(pump).expect("it is marked")[0];
        select(&mut app, Some(HALL));
        assert_eq!(app.world().get::<Children>(pump).expect("it is marked")[0], mark);
    }

    #[test]
    fn what_the_pointer_is_over_leaves_the_marks_of_the_selection_as_they_are() {
        let mut app = app();
        let [inside, outside] = [FIRST, SECOND].map(|asset| part(&mut app, asset));
        select(&mut app, Some(HALL));
        let mark = app.world().get::<Children>(inside).expect("it is marked")[0];
        let hover = |app: &mut App, asset| {
            app.world_mut().resource_mut::<Selection>().hovered = asset;
            app.update();
            [inside, outside].map(|part| tags(app, part))
        };
        assert_eq!(hover(&mut app, Some(SECOND)), [[SELECTED], [HOVERED]]);
        assert_eq!(hover(&mut app, Some(FIRST)), [vec![SELECTED | HOVERED], vec![]]);
        assert_eq!(hover(&mut app, None), [vec![SELECTED], vec![]]);
        assert_eq!(app.world().get::<Children>(inside).expect("it is marked")[0], mark);
    }

    #[test]
    fn parts_of_another_scene_than_the_main_one_are_not_outlined() {
        let mut app = app();
        let elsewhere = app.world_mut().spawn((PartOf(FIRST), Mesh3d::default(), Scene(1))).id();
        select(&mut app, Some(FIRST));
        assert!(tags(&app, elsewhere).is_empty());
    }
}
