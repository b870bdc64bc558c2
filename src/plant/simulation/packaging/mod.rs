//! The packaging side as one block: bottles through filler and capper, crates, robot, pallet, AGV.
//!
//! One block, because a jam anywhere in it holds up everything before it.

mod outputs;
mod spec;

pub use self::spec::PackagingSpec;

use self::outputs::Outputs;
use self::spec::MachineSpec;
use super::blocks::Block;
use super::physics::agv::{Agv, Leg, Traffic};
use super::physics::axis::Axis;
use super::physics::bottles::{Carousel, Line, Machine};
use super::physics::lag;
use super::physics::packer::{Gantry, Reach, Table};
use super::physics::robot::{Around, Deed, Robot};
use super::wiring::{Board, Input, Wiring};
use crate::twin::Item;

/// Where the gate stands open, degrees.
const GATE_OPEN_DEG: f64 = 95.0;
/// The gate is open while the vehicle is under way and nearer to the stand than this, m.
const GATE_M: f64 = 8.0;

struct Packaging {
    spec: PackagingSpec,
    line: Line,
    table: Table,
    gantry: Gantry,
    /// Crates on the way to where they are filled, and the full ones after it.
    empties: Line,
    crates: Line,
    robot: Robot,
    agv: Agv,
    gate: Axis,
    /// Crates on the pallet of the stand; `None`: there is no pallet.
    stand: Option<u32>,
    jam: Input,
    product: Input,
    due: f64,
    packed: u32,
    flow: f64,
    out: Outputs,
}

impl MachineSpec {
    fn machine(&self) -> Machine {
        Machine {
            enter_m: self.enter,
            leave_m: self.leave,
            pocket_m: self.pocket,
            pitch_m: std::f64::consts::TAU * self.radius / f64::from(self.pockets.max(1)),
            radius_m: self.radius,
            done_m: self.done,
            stage: self.stage,
            now: Carousel::default(),
        }
    }
}

impl PackagingSpec {
    /// Builds the block; `None` with a mistake noted when the robot cannot reach its stack.
    pub fn build(&self, w: &mut Wiring) -> Option<Box<dyn Block>> {
        let Some(robot) = Robot::new(self.cell.clone()) else {
            let what = format!(
                "the robot {} cannot reach its pick place or a place of its stack; move the pallet \
                 or lower the stack",
                self.robot
            );
            w.mistakes.push((self.robot.clone(), what));
            return None;
        };
        let (to_filling, to_robot, _, gap) = self.crate_line;
        let (across_m, grip_m, set_m) = self.packer.reach;
        let machines = self.machines.iter().map(MachineSpec::machine).collect();
        let mut line = Line::new(self.length, self.gap, machines);
        line.marks.clone_from(&self.marks);
        Some(Box::new(Packaging {
            line,
            table: Table::new(
                self.packer.lanes.0,
                self.packer.lane.0,
                self.packer.lanes.1,
                self.packer.lane.1,
            ),
            gantry: Gantry::new(Reach { across_m, grip_m, set_m }),
            empties: Line::new(to_filling, gap, Vec::new()),
            crates: Line::new(to_robot, gap, Vec::new()),
            robot,
            agv: Agv::new(self.route.clone()),
            gate: Axis::default(),
            stand: Some(0),
            jam: w.input(&self.jam),
            product: w.input(&self.product),
            due: 0.0,
            packed: 0,
            flow: 0.0,
            out: Outputs::new(self, w),
            spec: self.clone(),
        }))
    }
}

impl Packaging {
    fn step_line(&mut self, b: &Board, dt_s: f64) -> bool {
        let jammed = b.read(&self.jam) > 0.5;
        self.due = (self.due + self.spec.rate / 3600.0 * dt_s).min(2.0);
        if self.due >= 1.0 && self.line.put(0) {
            self.due -= 1.0;
        }
        let dry = b.read(&self.product) < 5.0;
        for (at, machine) in self.line.machines.iter_mut().enumerate() {
            let full = 1.06 * self.spec.rate / 3600.0 * machine.pitch_m;
            machine.now.target = if at == 0 && dry { 0.0 } else { full };
        }
        self.line.step(dt_s, self.spec.belt);
        let filled = self.line.machines.first().map_or(0, |machine| machine.now.finished);
        let flow = f64::from(filled) * self.spec.bottle_m3 / dt_s * 3600.0;
        self.flow = lag(self.flow, flow, 8.0, dt_s);
        jammed
    }

    fn step_packer(&mut self, dt_s: f64, jammed: bool) {
        let belt = if jammed { 0.0 } else { self.spec.belt };
        self.table.step(dt_s, belt);
        if !jammed
            && self.table.has_room()
            && let Some(bottle) = self.line.take()
        {
            self.table.put(bottle);
        }
        self.empties.step(dt_s, self.spec.crate_line.2);
        self.empties.put(0);
        let waits = self.empties.foremost_waits();
        if waits.is_some_and(|stage| stage > 0) && self.crates.put(1) {
            self.empties.take();
        }
        if self.gantry.step(dt_s, &mut self.table, waits == Some(0), !jammed).is_some() {
            self.packed += 1;
            if let Some(Item { stage, .. }) = self.empties.now.things.front_mut() {
                *stage = 1;
            }
        }
    }

    fn step_cell(&mut self, dt_s: f64) {
        let waits = self.crates.foremost_waits().is_some();
        self.crates.step(dt_s, self.spec.crate_line.2);
        let stacked = self.stand.filter(|_| !self.agv.now.handles_pallet());
        match self.robot.step(dt_s, Around { crate_waits: waits, stacked, pace: 1.0 }) {
            Deed::Picked => drop(self.crates.take()),
            Deed::Placed => self.stand = self.stand.map(|crates| crates + 1),
            Deed::None => {}
        }
        let passes = match self.agv.now.leg {
            Leg::Lifting | Leg::BackingOut | Leg::Lowering => true,
            Leg::Returning => self.agv.from_stand_m() < GATE_M,
            _ => false,
        };
        let goal = if passes { GATE_OPEN_DEG } else { 0.0 };
        self.gate.towards(goal, 35.0, 40.0, dt_s);
        let traffic = Traffic {
            full: self.spec.cell.full(),
            dispatch: false,
            clear: !self.robot.now.is_in_cycle(),
            gate: self.gate.at >= GATE_OPEN_DEG,
            runs: true,
            charger_kw: self.agv.now.wants_kw(),
        };
        self.agv.step(dt_s, &mut self.stand, traffic);
    }
}

impl Block for Packaging {
    fn step(&mut self, b: &mut Board, _time_s: f64, dt_s: f64) {
        let jammed = self.step_line(b, dt_s);
        self.step_packer(dt_s, jammed);
        self.step_cell(dt_s);
        self.write(b, jammed);
    }
}
