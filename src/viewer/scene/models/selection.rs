//! Marks what is selected and what the pointer is over; of a group, all in it.
//!
//! Flows in: [`Selection`], and parts as they appear. Flows out: flags in the parts' tags. All parts
//! are looked at when the selection changes, those that appeared in every frame, and no others.

use bevy::mesh::MeshTag;
use bevy::prelude::*;

use crate::twin::{AssetId, Twin};
use crate::viewer::base::{PartOf, Selection, TwinDefinition};
use crate::viewer::scene::look::{self, with_flag, write};

/// Parts that appeared since [`mark`] ran.
#[derive(Resource, Default)]
pub(super) struct Fresh(Vec<Entity>);

/// Notes each part that appears.
pub(super) fn note(add: On<Add, PartOf>, mut fresh: ResMut<Fresh>) {
    fresh.0.push(add.entity);
}

/// Sets the flags of what is selected and what the pointer is over.
pub(super) fn mark(
    selection: Res<Selection>,
    twin: Res<TwinDefinition>,
    mut parts: Query<(&PartOf, &mut MeshTag)>,
    mut fresh: ResMut<Fresh>,
    mut marked: Local<Option<Selection>>,
) {
    let is_other = *marked != Some(*selection);
    if !is_other && fresh.0.is_empty() {
        return;
    }
    let mut flags = Flags { twin: &twin.0, selection: *selection, last: None };
    if is_other {
        *marked = Some(*selection);
        fresh.0.clear();
        for (part, mut tag) in &mut parts {
            flags.set(part.0, &mut tag);
        }
        return;
    }
    for entity in fresh.0.drain(..) {
        // It may be gone by now.
        if let Ok((part, mut tag)) = parts.get_mut(entity) {
            flags.set(part.0, &mut tag);
        }
    }
}

/// Which flags the parts of an asset have.
struct Flags<'a> {
    twin: &'a Twin,
    selection: Selection,
    /// Of the part before: those of an asset mostly follow one another.
    last: Option<(AssetId, [bool; 2])>,
}

impl Flags<'_> {
    fn set(&mut self, asset: AssetId, tag: &mut Mut<MeshTag>) {
        let known = self.last.filter(|(of, _)| *of == asset).map(|(_, flags)| flags);
        let flags = known.unwrap_or_else(|| {
            let Selection { selected, hovered } = self.selection;
            [selected, hovered].map(|top| top.is_some_and(|top| is_within(self.twin, asset, top)))
        });
        self.last = Some((asset, flags));
        let [selected, hovered] = flags;
        let marked = with_flag(tag.0, look::SELECTED, selected);
        write(tag, with_flag(marked, look::HOVERED, hovered));
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
        app.insert_resource(TwinDefinition(Arc::new(loaded.twin)))
            .init_resource::<Selection>()
            .init_resource::<Fresh>()
            .add_observer(note)
            .add_systems(Update, mark);
        app
    }

    fn part(app: &mut App, asset: AssetId) -> Entity {
        app.world_mut().spawn((PartOf(asset), MeshTag(0))).id()
    }

    fn tag(app: &App, part: Entity) -> u32 {
        app.world().get::<MeshTag>(part).expect("it is a part").0
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
        assert_eq!([inside, outside].map(|part| tag(&app, part)), [look::SELECTED, 0]);
        app.world_mut().resource_mut::<Selection>().hovered = Some(SECOND);
        select(&mut app, None);
        assert_eq!([inside, outside].map(|part| tag(&app, part)), [0, look::HOVERED]);
    }

    #[test]
    fn a_part_that_appears_is_marked_and_no_other_is_looked_at() {
        let mut app = app();
        let before = part(&mut app, FIRST);
        select(&mut app, Some(HALL));
        // Who looked at it would set it right.
        app.world_mut().get_mut::<MeshTag>(before).expect("it is a part").0 = 0;
        let item = part(&mut app, FIRST);
        app.update();
        assert_eq!([before, item].map(|part| tag(&app, part)), [0, look::SELECTED]);
    }

    #[test]
    fn a_selection_that_is_written_as_it_was_looks_at_no_part() {
        let mut app = app();
        let pump = part(&mut app, FIRST);
        select(&mut app, Some(HALL));
        app.world_mut().get_mut::<MeshTag>(pump).expect("it is a part").0 = 0;
        select(&mut app, Some(HALL));
        assert_eq!(tag(&app, pump), 0);
    }
}
