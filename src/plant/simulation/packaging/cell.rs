//! The robot's cell: robot, pallet, gate and vehicle.

use super::{AXES, Packaging};
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
pub const USUAL_KW: [f64; 6] = [0.15, 0.06, 0.04, 0.01, 0.02, 0.02];

impl Packaging {
    pub(super) fn step_cell(&mut self, b: &mut Board, dt_s: f64) {
        self.step_robot(b, dt_s);
        self.step_axes(b, dt_s);
        let goal = if self.vehicle_passes() || self.now.gate_open { GATE_OPEN_DEG } else { 0.0 };
        self.now.gate.towards(goal, 35.0, 40.0, dt_s);
        self.step_vehicle(b, dt_s);
    }

    /// Whether the gate is open for the vehicle.
    pub(super) fn vehicle_passes(&self) -> bool {
        match self.agv.now.leg {
            Leg::Lifting | Leg::BackingOut | Leg::Lowering => true,
            Leg::Returning => self.agv.from_stand_m() < GATE_M,
            _ => false,
        }
    }

    fn step_robot(&mut self, b: &Board, dt_s: f64) {
        let at = self.robot_at();
        if b.fault(self.wired.gripper) > 0.5 && self.robot.now.is_in_cycle() {
            self.now.starters[at].trip(Cause::Gripper);
        }
        if self.now.drives.hottest() > HOT_C {
            self.now.starters[at].trip(Cause::Overload);
        }
        let runs = self.runs(b, at, true, self.now.gate_open);
        let around = Around {
            crate_waits: self.crates.foremost_waits().is_some(),
            stacked: self.now.stand.filter(|_| !self.agv.now.handles_pallet()),
            pace: if runs { self.now.robot_speed / 100.0 } else { 0.0 },
        };
        match self.robot.step(dt_s, around) {
            Deed::Picked => drop(self.crates.take()),
            Deed::Placed => self.now.stand = self.now.stand.map(|crates| crates + 1),
            Deed::None => {}
        }
    }

    fn step_axes(&mut self, b: &mut Board, dt_s: f64) {
        let worn = self.wired.gears.map(|(part, fault)| b.worn(part).max(b.fault(fault)));
        let starter = &self.now.starters[self.robot_at()];
        let loading = Loading {
            links: &self.robot.cell.links,
            load_kg: if self.robot.now.holding { self.spec.crate_kg } else { 0.0 },
            worn,
            room_c: b.read(&self.wired.ambient),
            off: !starter.is_switched_on() && self.robot.now.pace <= 0.0,
        };
        self.now.drives.step(dt_s, &self.robot.now.joints, &loading);
        if b.second().is_some() {
            for at in 0..AXES.len() {
                let stress = self.now.drives.0[at].take_work_kj() / USUAL_KW[at];
                b.wear(self.wired.gears[at].0, stress, 1.0);
            }
        }
    }

    fn step_vehicle(&mut self, b: &mut Board, dt_s: f64) {
        let share = b.meters.share(self.wired.bus);
        let obstacle = b.fault(self.wired.obstacle) > 0.5;
        self.now.obstacle = obstacle;
        let traffic = Traffic {
            full: self.spec.cell.full(),
            dispatch: self.now.dispatch,
            clear: !self.robot.now.is_in_cycle(),
            gate: self.now.gate.at >= GATE_OPEN_DEG,
            runs: self.now.agv_run && !obstacle && b.withheld(self.wired.agv_permit).is_none(),
            charger_kw: self.agv.now.wants_kw() * share,
        };
        let charged_uj = self.agv.step(dt_s, &mut self.now.stand, traffic);
        b.meters.draw(self.wired.bus, charged_uj);
        self.now.dispatch &= self.agv.now.leg == Leg::Waiting;
    }
}
