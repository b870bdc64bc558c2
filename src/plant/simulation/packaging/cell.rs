//! The robot's cell: robot, pallet, gate and vehicle.

use super::Packaging;
use crate::plant::simulation::physics::agv::{Leg, Traffic};
use crate::plant::simulation::physics::joints::{HOT_C, Loading};
use crate::plant::simulation::physics::robot::{Around, Deed};
use crate::plant::simulation::physics::starter::Cause;
use crate::plant::simulation::wiring::Board;

/// Where the gate stands open, degrees.
pub const GATE_OPEN_DEG: f64 = 95.0;
/// The gate is open while the vehicle is under way and nearer to the stand than this, m.
const GATE_M: f64 = 8.0;
/// Work of a gear that its stated life is for, kW.
pub const USUAL_KW: [f64; 6] = [0.45, 0.06, 0.04, 0.01, 0.02, 0.02];
/// Where no vehicle comes, somebody takes a full pallet away and brings an empty one within this
/// time, s.
const EXCHANGE_S: f64 = 60.0;

impl Packaging {
    pub(super) fn step_cell(&mut self, b: &mut Board, dt_s: f64) {
        if self.cell.is_none() {
            return;
        }
        self.step_robot(b, dt_s);
        self.step_axes(b, dt_s);
        if self.vehicle.is_none() {
            self.exchange_pallet(dt_s);
            return;
        }
        // Without voltage its motor stands, and the gate where it is.
        if !self.is_low(b) {
            let opens = self.vehicle_passes() || self.now.gate_open;
            self.now.gate.towards(if opens { GATE_OPEN_DEG } else { 0.0 }, 35.0, 40.0, dt_s);
        } else {
            // Who is opening it is answered that this failed.
            self.now.gate.speed = 0.0;
            self.now.gate_open &= self.now.gate.at >= GATE_OPEN_DEG;
        }
        self.step_vehicle(b, dt_s);
    }

    /// Whether the gate is open for the vehicle.
    pub(super) fn vehicle_passes(&self) -> bool {
        let Some(vehicle) = &self.vehicle else { return false };
        match vehicle.agv.now.leg {
            Leg::Lifting | Leg::BackingOut | Leg::Lowering => true,
            Leg::Returning => vehicle.agv.from_stand_m() < GATE_M,
            _ => false,
        }
    }

    /// The gate that keeps the robot standing: one that is to open, or is not shut and through which
    /// no vehicle passes.
    pub(super) fn open_gate(&self) -> Option<&str> {
        let gate = self.vehicle.as_ref()?.spec.gate.as_deref()?;
        let is_open = self.now.gate.at > 0.0 && !self.vehicle_passes();
        (self.now.gate_open || is_open).then_some(gate)
    }

    fn step_robot(&mut self, b: &Board, dt_s: f64) {
        let at = self.robot_at();
        let held_up = self.open_gate().is_some();
        let lifts = self.vehicle.as_ref().is_some_and(|v| v.agv.now.handles_pallet());
        let Some(cell) = &self.cell else { return };
        if b.fault(cell.gripper) > 0.5 && cell.robot.now.is_in_cycle() {
            self.now.starters[at].trip(Cause::Gripper);
        }
        if self.now.drives.hottest() > HOT_C {
            self.now.starters[at].trip(Cause::Overload);
        }
        let runs = self.runs(b, at, true, held_up);
        let (Some(cell), Some(packing)) = (&mut self.cell, &mut self.packing) else { return };
        let around = Around {
            crate_waits: packing.crates.foremost_waits().is_some(),
            stacked: self.now.stand.filter(|_| !lifts),
            pace: if runs { self.now.robot_speed / 100.0 } else { 0.0 },
        };
        match cell.robot.step(dt_s, around) {
            Deed::Picked => drop(packing.crates.take()),
            Deed::Placed => self.now.stand = self.now.stand.map(|crates| crates + 1),
            Deed::None => {}
        }
    }

    fn step_axes(&mut self, b: &mut Board, dt_s: f64) {
        let is_on = self.now.starters[self.robot_at()].is_switched_on();
        let Some(cell) = &self.cell else { return };
        let worn = cell
            .gears
            .map(|gear| gear.map_or(0.0, |(part, fault)| b.worn(part).max(b.fault(fault))));
        let loading = Loading {
            links: &cell.robot.cell.links,
            load_kg: if cell.robot.now.holding { self.spec.crate_kg } else { 0.0 },
            worn,
            room_c: b.read(&self.wired.ambient),
            off: !is_on && cell.robot.now.pace <= 0.0,
        };
        self.now.drives.step(dt_s, &cell.robot.now.joints, &loading);
        if b.second().is_some() {
            for (at, gear) in cell.gears.iter().enumerate() {
                let stress = self.now.drives.0[at].take_work_kj() / USUAL_KW[at];
                if let Some((part, _)) = gear {
                    b.wear(*part, stress, 1.0);
                }
            }
        }
    }

    /// What somebody does where no vehicle is.
    fn exchange_pallet(&mut self, dt_s: f64) {
        let full = self.extent.full();
        let Some(crates) = self.now.stand.filter(|crates| *crates >= full) else {
            self.now.exchange_s = 0.0;
            return;
        };
        self.now.exchange_s += dt_s;
        let clear = self.cell.as_ref().is_some_and(|cell| !cell.robot.now.is_in_cycle());
        if self.now.exchange_s >= EXCHANGE_S && clear {
            self.now.left_crates += u64::from(crates);
            self.now.stand = Some(0);
            self.now.exchange_s = 0.0;
        }
    }

    fn step_vehicle(&mut self, b: &mut Board, dt_s: f64) {
        let share = b.meters.share(self.wired.bus);
        let (full, gate_at) = (self.extent.full(), self.now.gate.at);
        let (Some(vehicle), Some(cell)) = (&mut self.vehicle, &self.cell) else { return };
        self.now.obstacle = b.fault(vehicle.obstacle) > 0.5;
        let withheld = b.withheld(vehicle.permit).is_some();
        let traffic = Traffic {
            full,
            dispatch: self.now.dispatch_s > 0.0,
            clear: !cell.robot.now.is_in_cycle(),
            gate: vehicle.spec.gate.is_none() || gate_at >= GATE_OPEN_DEG,
            runs: self.now.agv_run && !self.now.obstacle && !withheld,
            charger_kw: vehicle.agv.now.wants_kw() * share,
        };
        let charged_uj = vehicle.agv.step(dt_s, &mut self.now.stand, traffic);
        b.meters.draw(self.wired.bus, charged_uj);
        let waits = vehicle.agv.now.leg == Leg::Waiting;
        self.now.dispatch_s = if waits { (self.now.dispatch_s - dt_s).max(0.0) } else { 0.0 };
    }
}
