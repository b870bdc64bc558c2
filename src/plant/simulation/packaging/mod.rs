//! The packaging side as one block: bottles through filler and capper, crates, robot, pallet, AGV.
//!
//! One block, because a jam anywhere in it holds up everything before it. `spec` is what the file
//! states and `check` what may be wrong with it, `line`, `packing` and `cell` are its parts, `state`
//! what snapshots need, `held` what balances need, `orders` and `progress` what it obeys, `outputs`, `told`
//! and `show` its signals.

mod belts;
mod cell;
mod check;
mod held;
mod line;
mod orders;
mod outputs;
mod packing;
mod progress;
mod show;
mod spec;
mod state;
mod told;

#[cfg(test)]
pub(super) use self::cell::USUAL_KW;
pub use self::spec::PackagingSpec;

use self::belts::Belt;
use self::outputs::Outputs;
use self::spec::{CellSpec, Extent, MachineSpec, PackingSpec, VehicleSpec};
use self::state::State;
use super::balance::{Balance, Bus, Place};
use super::blocks::Block;
use super::command::{Answer, Command, Progress};
use super::faults::{Fault, FaultSlot};
use super::parts::PartSlot;
use super::permits::PermitSlot;
use super::physics::agv::Agv;
use super::physics::bottles::{Carousel, Line, Machine};
use super::physics::packer::{Gantry, Reach, Table};
use super::physics::robot::Robot;
use super::physics::starter::{Cause, Mode};
use super::reading::LARGEST;
use super::snapshot::{Damaged, Loaded, Saved};
use super::wiring::{Board, Input, Wiring};

/// Below this share of the supply contactors drop out.
const LOW: f64 = 0.7;
/// Seconds from one machine that starts by itself to the next, when the supply is back.
const STAGGER_S: f64 = 2.0;
/// Names of the robot's gears as parts, and of its axes.
pub(super) const GEARS: [&str; 6] = ["gear 1", "gear 2", "gear 3", "gear 4", "gear 5", "gear 6"];
const AXES: [&str; 6] = ["a1", "a2", "a3", "a4", "a5", "a6"];
/// The axis that never turns: the gripper always looks down. Its gear neither wears nor breaks.
const RESTS: usize = 3;
/// Median life of a gear at its usual work, h, and its deviation by the mean.
pub(super) const GEAR_LIFE: (f64, f64) = (16_000.0, 0.35);

struct Packaging {
    spec: PackagingSpec,
    extent: Extent,
    line: Line,
    packing: Option<Packing>,
    cell: Option<RobotCell>,
    vehicle: Option<Vehicle>,
    now: State,
    wired: Wired,
    out: Outputs,
}

/// Packer and crate conveyor.
struct Packing {
    spec: PackingSpec,
    table: Table,
    gantry: Gantry,
    /// Crates on the way to where they are filled, and the full ones after it.
    empties: Line,
    crates: Line,
    /// Drives of the crate conveyor.
    belts: Vec<Belt>,
    broken_crate: FaultSlot,
}

/// Robot and pallet.
struct RobotCell {
    spec: CellSpec,
    robot: Robot,
    gripper: FaultSlot,
    /// By axis; `None` for the one that rests.
    gears: Gears,
}

/// Vehicle and gate.
struct Vehicle {
    spec: VehicleSpec,
    agv: Agv,
    obstacle: FaultSlot,
    permit: PermitSlot,
}

/// What the block reads and shares as a whole.
struct Wired {
    jam: Input,
    product: Input,
    ambient: Input,
    /// Drives of the line.
    belts: Vec<Belt>,
    tank: Place,
    bus: Bus,
    meter: usize,
    jam_fault: FaultSlot,
    /// By machine; `None` without a hopper.
    no_caps: Vec<Option<FaultSlot>>,
    line_permit: PermitSlot,
    /// Overload, by starter.
    trips: Vec<FaultSlot>,
    /// By starter.
    permits: Vec<PermitSlot>,
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

/// What the block shares of packer and crates, of the robot's cell, and of the vehicle.
struct Shared {
    /// Drives of the crate conveyor, and the fault of a broken crate.
    packing: Option<(Vec<Belt>, FaultSlot)>,
    /// The fault of the gripper, and gears with theirs; `None` for the axis that rests.
    cell: Option<(FaultSlot, Gears)>,
    vehicle: Option<(FaultSlot, PermitSlot)>,
}

type Gears = [Option<(PartSlot, FaultSlot)>; 6];

impl Shared {
    /// Declares and looks it up.
    fn new(spec: &PackagingSpec, extent: &Extent, w: &mut Wiring) -> Self {
        let packing = extent.packing.as_ref().map(|packing| {
            let belts = spec.crate_belts.iter().map(|drive| Belt::new(drive, w)).collect();
            (belts, w.fault(&packing.crates, Fault::BrokenCrate))
        });
        let gear = |robot: &str, at: usize, w: &mut Wiring| {
            let (life_h, spread) = GEAR_LIFE;
            let part = w.part(robot, GEARS[at], life_h, spread);
            (part, w.fault(&format!("{robot}.{}", AXES[at]), Fault::Gear))
        };
        let cell = extent.cell.as_ref().map(|cell| {
            let gripper = w.fault(&cell.robot, Fault::Gripper);
            let gears = std::array::from_fn(|at| (at != RESTS).then(|| gear(&cell.robot, at, w)));
            (gripper, gears)
        });
        let vehicle = extent
            .vehicle
            .as_ref()
            .map(|vehicle| (w.fault(&vehicle.agv, Fault::Obstacle), w.permit(&vehicle.agv)));
        Self { packing, cell, vehicle }
    }
}

impl PackingSpec {
    fn build(&self, (belts, broken_crate): (Vec<Belt>, FaultSlot)) -> Packing {
        let (lanes, deep) = self.packer.lanes;
        let (lane_m, lane_gap) = self.packer.lane;
        let (across_m, grip_m, set_m) = self.packer.reach;
        let (to_filling, to_end, _, gap) = self.crate_line;
        Packing {
            table: Table::new(lanes, lane_m, deep, lane_gap),
            gantry: Gantry::new(Reach { across_m, grip_m, set_m }),
            empties: Line::new(to_filling, gap, Vec::new()),
            crates: Line::new(to_end, gap, Vec::new()),
            belts,
            broken_crate,
            spec: self.clone(),
        }
    }
}

impl PackagingSpec {
    /// Builds the block; `None` with its mistakes noted when it cannot be. Its signals, parts, faults and
    /// commands are declared even then, and nothing is said of signals that are missing: one mistake makes
    /// no others.
    pub fn build(&self, w: &mut Wiring) -> Option<Box<dyn Block>> {
        w.asset.clone_from(&self.line);
        let (extent, incomplete) = self.extent();
        let out = Outputs::new(self, &extent, w);
        let wired = self.wire(&extent, w);
        let shared = Shared::new(self, &extent, w);
        self.wire_commands(&extent, w);
        let is_whole = incomplete.is_empty();
        w.mistakes.extend(incomplete);
        if !(self.check(&extent, w) && is_whole) {
            self.assets().into_iter().for_each(|asset| w.hush(asset));
            return None;
        }
        let robot = match &extent.cell {
            Some(cell) => Some(Robot::new(cell.cell.clone())?),
            None => None,
        };
        let now = State::new(self, &extent, robot.as_ref());
        let packing = extent.packing.as_ref().zip(shared.packing);
        let packing = packing.map(|(packing, shared)| packing.build(shared));
        let cell = extent.cell.as_ref().zip(robot).zip(shared.cell);
        let cell = cell.map(|((spec, robot), (gripper, gears))| RobotCell {
            spec: spec.clone(),
            robot,
            gripper,
            gears,
        });
        let vehicle = extent.vehicle.as_ref().zip(shared.vehicle);
        let vehicle = vehicle.map(|(spec, (obstacle, permit))| Vehicle {
            agv: Agv::new(spec.route.clone()),
            spec: spec.clone(),
            obstacle,
            permit,
        });
        let machines = self.machines.iter().map(MachineSpec::machine).collect();
        let mut line = Line::new(self.length, self.gap, machines);
        line.marks.clone_from(&self.marks);
        let spec = self.clone();
        Some(Box::new(Packaging { spec, extent, line, packing, cell, vehicle, now, wired, out }))
    }

    /// Notes drives of belts that no `Drive` is; `drives` are all that there are.
    pub fn check_belts<'a>(&self, drives: impl Iterator<Item = &'a str> + Clone, w: &mut Wiring) {
        for (field, belts) in [("belts", &self.belts), ("crate_belts", &self.crate_belts)] {
            if !belts.is_empty() {
                w.check_machines(field, belts, "Drive", drives.clone());
            }
        }
    }

    fn wire(&self, extent: &Extent, w: &mut Wiring) -> Wired {
        let no_caps = self
            .machines
            .iter()
            .map(|m| (m.hopper > 0).then(|| w.fault(&m.asset, Fault::NoCaps)))
            .collect();
        let starters = extent.with_starters(self);
        Wired {
            jam: w.read("jam", &self.jam, -LARGEST..=LARGEST, "1"),
            product: w.read_measured("product", &self.product, 0.0..=1e6, "%"),
            ambient: w.read("ambient", &self.ambient, -50.0..=300.0, "Cel"),
            belts: self.belts.iter().map(|drive| Belt::new(drive, w)).collect(),
            tank: w.place(&self.product_tank),
            bus: w.supply(Some(&self.supply)),
            meter: w.meter(),
            jam_fault: w.fault(&self.line, Fault::Jam),
            no_caps,
            line_permit: w.permit(&self.line),
            trips: starters.iter().map(|asset| w.fault(asset, Fault::Trip)).collect(),
            permits: starters.iter().map(|asset| w.permit(asset)).collect(),
        }
    }
}

impl Packaging {
    /// Positions of the starters of packer, crate conveyor and robot; machines come first.
    fn packer_at(&self) -> usize {
        self.line.machines.len()
    }

    fn crates_at(&self) -> usize {
        self.line.machines.len() + 1
    }

    fn robot_at(&self) -> usize {
        self.line.machines.len() + 2
    }

    /// Whether a starter is the robot's.
    fn is_robot(&self, at: usize) -> bool {
        self.cell.is_some() && at == self.robot_at()
    }

    /// Whether contactors have dropped out.
    fn is_low(&self, b: &Board) -> bool {
        b.meters.share(self.wired.bus) < LOW
    }

    /// Starters trip at low voltage, and at overload; in automatic those that fell out for the voltage
    /// come back one after another.
    fn step_supply(&mut self, b: &Board, dt_s: f64) {
        let low = self.is_low(b);
        self.now.back_s = if low { 0.0 } else { (self.now.back_s + dt_s).min(1e4) };
        for (at, starter) in self.now.starters.iter_mut().enumerate() {
            if low && starter.is_switched_on() {
                starter.trip(Cause::Undervoltage);
            } else if starter.mode() == Mode::Automatic
                && self.now.back_s > STAGGER_S * (at + 1) as f64
            {
                starter.reset_undervoltage();
            }
            if b.fault(self.wired.trips[at]) > 0.5 && starter.is_switched_on() {
                starter.trip(Cause::Overload);
            }
        }
    }

    /// Whether a machine runs, as its starter says.
    fn runs(&mut self, b: &Board, at: usize, wanted: bool, held_up: bool) -> bool {
        let withheld = b.withheld(self.wired.permits[at]).is_some() || held_up;
        self.now.starters[at].runs(wanted, withheld)
    }

    /// Power of everything, from its bus.
    fn step_energy(&mut self, b: &mut Board, dt_s: f64) {
        let machines = (0..self.line.machines.len()).map(|at| self.machine_kw(at));
        let kw = machines.sum::<f64>() + self.packer_kw() + self.robot_kw();
        b.use_energy(self.wired.bus, self.wired.meter, kw, dt_s);
    }
}

impl Block for Packaging {
    fn step(&mut self, b: &mut Board, _time_s: f64, dt_s: f64) {
        self.step_supply(b, dt_s);
        self.step_line(b, dt_s);
        self.step_end(b, dt_s);
        self.step_cell(b, dt_s);
        self.step_energy(b, dt_s);
        self.write(b);
    }

    fn show(&self, b: &mut Board) {
        self.show_all(b);
    }

    fn command(&mut self, b: &mut Board, command: &Command) -> Answer {
        self.obey(b, command)
    }

    fn progress(&self, b: &Board, command: &Command) -> Progress {
        self.progress_of(b, command)
    }

    fn balances(&self, _b: &Board) -> Vec<Balance> {
        self.held()
    }

    fn save(&self, out: &mut Saved) {
        self.put(out);
    }

    fn load(&mut self, from: &mut Loaded<'_>) -> Result<(), Damaged> {
        self.take(from)
    }
}

#[cfg(test)]
mod tests;
