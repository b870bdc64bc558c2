//! The hierarchy of a definition's assets from above to below, made once for each definition.

use std::collections::HashSet;

use bevy::prelude::Resource;

use crate::twin::binding::{Effect, LabelPart};
use crate::twin::{AssetId, PropertyId, Twin};

/// Key values that are listed at most.
const MOST_KEY_VALUES: usize = 20;

/// Which assets stand directly below which.
#[derive(Resource, Debug, Default)]
pub struct Outline {
    /// All assets, those of one parent together, in the definition's order; the roots first.
    assets: Vec<AssetId>,
    /// What labels show.
    key_values: Vec<PropertyId>,
    /// Where the roots begin in [`Self::assets`], then the children of each asset, and where all end.
    begins: Vec<usize>,
}

impl Outline {
    /// The hierarchy of a definition.
    pub fn new(twin: &Twin) -> Self {
        let group = |id: AssetId| twin.asset(id).parent.map_or(0, |parent| parent.0 as usize + 1);
        let mut begins = vec![0; twin.assets.len() + 2];
        twin.asset_ids().for_each(|id| begins[group(id) + 1] += 1);
        for at in 1..begins.len() {
            begins[at] += begins[at - 1];
        }
        let mut next = begins.clone();
        let mut assets = vec![AssetId(0); twin.assets.len()];
        for id in twin.asset_ids() {
            let at = &mut next[group(id)];
            assets[*at] = id;
            *at += 1;
        }
        Self { assets, begins, key_values: key_values(twin) }
    }

    /// The assets that stand below no other.
    pub fn roots(&self) -> &[AssetId] {
        self.group(0)
    }

    /// The assets that stand directly below one.
    pub fn children(&self, asset: AssetId) -> &[AssetId] {
        self.group(asset.0 as usize + 1)
    }

    /// The properties that labels show, those of the most important labels first; not too many to list.
    pub fn key_values(&self) -> &[PropertyId] {
        &self.key_values
    }

    fn group(&self, at: usize) -> &[AssetId] {
        match self.begins.get(at..=at + 1) {
            Some(&[from, to]) => &self.assets[from..to],
            _ => &[],
        }
    }
}

fn key_values(twin: &Twin) -> Vec<PropertyId> {
    let mut keys: Vec<(i32, PropertyId)> = Vec::new();
    for asset in twin.asset_ids() {
        let bindings = twin.class_of(asset).into_iter().flat_map(|class| &class.bindings);
        for binding in bindings {
            let Effect::Label { text, priority, .. } = &binding.effect else { continue };
            keys.extend(text.iter().filter_map(|part| match part {
                LabelPart::Property(at) => {
                    Some((priority.saturating_neg(), twin.property_at(asset, usize::from(*at))))
                }
                _ => None,
            }));
        }
    }
    keys.sort();
    // One that two labels show stands where the more important one has it.
    let mut seen = HashSet::new();
    keys.retain(|(_, id)| seen.insert(*id));
    keys.truncate(MOST_KEY_VALUES);
    keys.into_iter().map(|(_, id)| id).collect()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::twin::{NoFiles, load_text};

    #[test]
    fn children_stand_in_the_definitions_order() {
        let text = r#"Twin(schema: 2, name: "t", assets: [
            (name: "a"), (name: "a1", parent: "a"), (name: "b"), (name: "a2", parent: "a"),
            (name: "a2x", parent: "a2")])"#;
        let twin = load_text(Path::new("t.ron"), text, &NoFiles).expect("it is right").twin;
        let outline = Outline::new(&twin);
        let names = |assets: &[AssetId]| {
            assets.iter().map(|id| twin.asset(*id).name.to_string()).collect::<Vec<_>>()
        };
        assert_eq!(names(outline.roots()), ["a", "b"]);
        let below = |name: &str| names(outline.children(twin.asset_by_name[name]));
        assert_eq!(below("a"), ["a1", "a2"]);
        assert_eq!(below("a2"), ["a2x"]);
        assert!(below("b").is_empty());
        assert!(outline.children(AssetId(99)).is_empty(), "of another definition");
    }
}
