//! What the packaging side holds of what is conserved.

use std::collections::VecDeque;

use super::Packaging;
use super::state::Hopper;
use crate::plant::simulation::balance::Balance;
use crate::plant::simulation::physics::bottles::Line;
use crate::twin::Item;

fn balance(quantity: &'static str, entered: u64, left: u64, held: u64) -> Balance {
    Balance {
        quantity,
        entered: i128::from(entered),
        left: i128::from(left),
        held: i128::from(held),
    }
}

fn full(things: &VecDeque<Item>) -> u64 {
    things.iter().filter(|item| item.stage > 0).count() as u64
}

impl Packaging {
    /// Bottles, crates, caps and the vehicle's energy.
    pub(super) fn held(&self) -> Vec<Balance> {
        let now = &self.now;
        let conveyor: Vec<&Line> =
            self.packing.iter().flat_map(|p| [&p.empties, &p.crates]).collect();
        let gripped = self.cell.as_ref().is_some_and(|cell| cell.robot.now.holding);
        let ride = self.vehicle.as_ref().map(|vehicle| &vehicle.agv.now);
        let carried = ride.and_then(|ride| ride.carries).unwrap_or(0);
        let loose = u64::from(gripped) + u64::from(now.stand.unwrap_or(0)) + u64::from(carried);
        let filled = loose + conveyor.iter().map(|line| full(&line.now.things)).sum::<u64>();
        let delivered = ride.map_or(0, |ride| ride.delivered.0) + now.left_crates;
        let in_packer = |p: &super::Packing| p.table.count() + p.gantry.now.held.len();
        let on_belts = self.line.now.things.len() + self.packing.as_ref().map_or(0, in_packer);
        let per_crate = self.extent.per_crate();
        let on_conveyor = conveyor.iter().map(|line| line.now.things.len() as u64).sum::<u64>();
        let caps = |of: fn(&Hopper) -> u64| now.hoppers.iter().flatten().map(of).sum::<u64>();
        let mut balances = vec![
            balance(
                "bottles",
                self.line.now.entered,
                now.rejects + now.left_bottles + delivered * per_crate,
                on_belts as u64 + filled * per_crate,
            ),
            balance(
                "crates",
                conveyor.first().map_or(0, |empties| empties.now.entered),
                now.broken + delivered,
                on_conveyor + loose,
            ),
            balance("caps", caps(|h| h.fed), caps(|h| h.used), caps(Hopper::held)),
        ];
        balances.extend(ride.map(|ride| Balance {
            quantity: "energy",
            entered: i128::from(ride.brought_uj),
            left: i128::from(ride.used_uj),
            held: i128::from(ride.energy_uj),
        }));
        balances
    }
}
