//! How assets are doing: the worst of each one's own properties, and the worst of all that is below it.
//! A change costs the way up to the plant's top at most, however many assets there are.

use crate::twin::{AssetId, Condition, Twin};

/// Conditions of all assets.
#[derive(Debug, Default)]
pub(super) struct Rollup {
    parents: Vec<Option<AssetId>>,
    own: Vec<Condition>,
    /// How many of the assets directly below each are in each condition, what is below them included.
    below: Vec<[u32; Condition::ALL.len()]>,
    /// Own and below together.
    worst: Vec<Condition>,
    /// Assets whose own condition turned since [`Rollup::begin`].
    turned: Vec<AssetId>,
}

impl Rollup {
    /// Of a plant of which nothing is known yet.
    pub(super) fn new(twin: &Twin) -> Self {
        let count = twin.assets.len();
        let mut below = vec![[0; Condition::ALL.len()]; count];
        let parents: Vec<_> = twin.assets.iter().map(|asset| asset.parent).collect();
        for parent in parents.iter().flatten() {
            below[parent.0 as usize][Condition::Unknown as usize] += 1;
        }
        let unknown = vec![Condition::Unknown; count];
        Self { parents, own: unknown.clone(), below, worst: unknown, turned: Vec::new() }
    }

    /// What turned before is forgotten.
    pub(super) fn begin(&mut self) {
        self.turned.clear();
    }

    /// Assets whose own condition turned; one may stand there twice.
    pub(super) fn turned(&self) -> &[AssetId] {
        &self.turned
    }

    /// An asset's own condition.
    pub(super) fn own(&self, asset: AssetId) -> Condition {
        self.own.get(asset.0 as usize).copied().unwrap_or_default()
    }

    /// The worst condition of all that is below an asset.
    pub(super) fn below(&self, asset: AssetId) -> Condition {
        self.below.get(asset.0 as usize).map_or(Condition::Unknown, worst_of)
    }

    /// An asset's own condition is this one now.
    pub(super) fn set(&mut self, asset: AssetId, own: Condition) {
        let at = asset.0 as usize;
        if std::mem::replace(&mut self.own[at], own) == own {
            return;
        }
        self.turned.push(asset);
        let mut at = at;
        loop {
            let now = self.own[at].max(worst_of(&self.below[at]));
            let before = std::mem::replace(&mut self.worst[at], now);
            let Some(parent) = self.parents[at].filter(|_| now != before) else { return };
            at = parent.0 as usize;
            self.below[at][before as usize] -= 1;
            self.below[at][now as usize] += 1;
        }
    }
}

fn worst_of(counts: &[u32; Condition::ALL.len()]) -> Condition {
    let worst = Condition::ALL.into_iter().rev().find(|at| counts[*at as usize] > 0);
    worst.unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use proptest::prelude::*;

    use super::*;
    use crate::twin::{NoFiles, load_text};

    const TWIN: &str = r#"Twin(schema: 2, name: "t", assets: [(name: "a"), (name: "b", parent: "a"),
        (name: "c", parent: "b"), (name: "d", parent: "b"), (name: "e", parent: "a"), (name: "f")])"#;

    /// The worst below an asset, by looking at every other.
    fn looked_up(rollup: &Rollup, twin: &Twin, asset: AssetId) -> Condition {
        let is_below = |id: &AssetId| {
            let above = |id: &AssetId| twin.asset(*id).parent;
            std::iter::successors(above(id), above).any(|at| at == asset)
        };
        let all = twin.asset_ids().filter(is_below).map(|id| rollup.own[id.0 as usize]);
        all.max().unwrap_or_default()
    }

    proptest! {
        #[test]
        fn a_group_is_doing_as_badly_as_the_worst_below_it(
            changes in proptest::collection::vec((0_u32..6, 0_usize..Condition::ALL.len()), 0..40),
        ) {
            let twin = load_text(Path::new("t.ron"), TWIN, &NoFiles).expect("it is right").twin;
            let mut rollup = Rollup::new(&twin);
            for (asset, condition) in changes {
                rollup.begin();
                let before = rollup.own[asset as usize];
                rollup.set(AssetId(asset), Condition::ALL[condition]);
                prop_assert_eq!(rollup.turned().is_empty(), before == Condition::ALL[condition]);
                for id in twin.asset_ids() {
                    prop_assert_eq!(rollup.below(id), looked_up(&rollup, &twin, id));
                }
            }
        }
    }
}
