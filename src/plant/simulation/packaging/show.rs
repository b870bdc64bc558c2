//! Items and poses of the packaging side, which no block reads: set before they are sent.

use std::sync::Arc;

use super::Packaging;
use super::spec::PackagingSpec;
use crate::plant::simulation::wiring::{Board, Signal};
use crate::twin::{Item, Pose};

/// Crates on a pallet as items on its path.
fn stack(spec: &PackagingSpec, count: u32) -> Arc<[Item]> {
    let (first, step, row, layer) = spec.pattern;
    let [along, rows, _] = spec.cell.stack;
    let item = |n: u32| {
        let in_layer = n % (along * rows);
        let at = f64::from(n / (along * rows)) * layer
            + f64::from(in_layer / along) * row
            + first
            + f64::from(in_layer % along) * step;
        Item { id: u64::from(n) + 1, at_m: at, stage: 0 }
    };
    (0..count).map(item).collect()
}

impl Packaging {
    pub(super) fn show_all(&self, b: &mut Board) {
        let (o, spec) = (&self.out, &self.spec);
        let items = |slot: usize, items: Arc<[Item]>, b: &mut Board| {
            b.signals[slot] = Signal::Items(items);
        };
        items(o.bottles, self.line.now.things.iter().copied().collect(), b);
        let lanes = self.table.lanes.iter().enumerate();
        let bottles = lanes.flat_map(|(lane, line)| {
            let start = lane as f64 * spec.packer.lane_step;
            line.now.things.iter().map(move |thing| Item { at_m: start + thing.at_m, ..*thing })
        });
        items(o.packer_bottles, bottles.collect(), b);
        let (step, lane) = spec.packer.head_steps;
        let deep = spec.packer.lanes.1.max(1);
        let at_m = |n: usize| (n / deep) as f64 * lane + (n % deep) as f64 * step;
        let held = self.gantry.now.held.iter().enumerate();
        items(o.head_bottles, held.map(|(n, i)| Item { at_m: at_m(n), ..*i }).collect(), b);
        let [x, y, z] = spec.packer.head_at;
        let head = &self.gantry.now;
        let position = [x, y + head.lift.at, z + head.across.at];
        b.signals[o.head_pose] = Signal::Pose(Pose { position, ..Pose::IDENTITY });
        let start = spec.crate_line.0;
        let filled = self.crates.now.things.iter();
        let filled = filled.map(|thing| Item { at_m: start + thing.at_m, ..*thing });
        let crates = filled.chain(self.empties.now.things.iter().copied());
        items(o.crate_items, crates.collect(), b);
        b.signals[o.robot_load] = Signal::Pose(self.robot.load_pose());
        items(o.pallet_items, stack(spec, self.now.stand.unwrap_or(0)), b);
        b.signals[o.agv_pose] = Signal::Pose(self.agv.pose());
        items(o.load_items, stack(spec, self.agv.now.carries.unwrap_or(0)), b);
    }
}
