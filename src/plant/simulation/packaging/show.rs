//! Items and poses of the packaging side, which no block reads: set before they are sent.

use std::sync::Arc;

use super::spec::CellSpec;
use super::{Packaging, Packing};
use crate::plant::simulation::wiring::{Board, Signal};
use crate::twin::{Item, Pose};

/// Crates on a pallet as items on its path.
fn stack(spec: &CellSpec, count: u32) -> Arc<[Item]> {
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

fn set_items(b: &mut Board, slot: usize, items: Arc<[Item]>) {
    b.signals[slot] = Signal::Items(items);
}

impl Packaging {
    pub(super) fn show_all(&self, b: &mut Board) {
        set_items(b, self.out.bottles, self.line.now.things.iter().copied().collect());
        self.show_packing(b);
        let (Some(o), Some(cell)) = (&self.out.cell, &self.cell) else { return };
        b.signals[o.load] = Signal::Pose(cell.robot.load_pose());
        set_items(b, o.pallet_items, stack(&cell.spec, self.now.stand.unwrap_or(0)));
        let (Some(o), Some(vehicle)) = (&self.out.vehicle, &self.vehicle) else { return };
        b.signals[o.pose] = Signal::Pose(vehicle.agv.pose());
        set_items(b, o.load_items, stack(&cell.spec, vehicle.agv.now.carries.unwrap_or(0)));
    }

    fn show_packing(&self, b: &mut Board) {
        let (Some(o), Some(p)) = (&self.out.packing, &self.packing) else { return };
        let Packing { spec, table, gantry, .. } = p;
        let lanes = table.lanes.iter().enumerate();
        let bottles = lanes.flat_map(|(lane, line)| {
            let start = lane as f64 * spec.packer.lane_step;
            line.now.things.iter().map(move |thing| Item { at_m: start + thing.at_m, ..*thing })
        });
        set_items(b, o.bottles, bottles.collect());
        let (step, lane) = spec.packer.head_steps;
        let deep = spec.packer.lanes.1.max(1);
        let at_m = |n: usize| (n / deep) as f64 * lane + (n % deep) as f64 * step;
        let held = gantry.now.held.iter().enumerate();
        set_items(b, o.head_bottles, held.map(|(n, i)| Item { at_m: at_m(n), ..*i }).collect());
        let [x, y, z] = spec.packer.head_at;
        let head = &gantry.now;
        let position = [x, y + head.lift.at, z + head.across.at];
        b.signals[o.head_pose] = Signal::Pose(Pose { position, ..Pose::IDENTITY });
        let start = spec.crate_line.0;
        let filled = p.crates.now.things.iter();
        let filled = filled.map(|thing| Item { at_m: start + thing.at_m, ..*thing });
        let crates = filled.chain(p.empties.now.things.iter().copied());
        set_items(b, o.crate_items, crates.collect());
    }
}
