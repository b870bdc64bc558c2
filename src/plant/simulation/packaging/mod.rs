//! The packaging side as one block: bottles through filler and capper, crates, robot, pallet, AGV.
//!
//! One block, because a jam anywhere in it holds up everything before it. `spec` is what the file
//! states, `state` what snapshots and balances need, `orders` what it obeys, `outputs`
//! and `show` its signals.

mod cell;
mod orders;
mod outputs;
mod show;
mod spec;
mod state;

#[cfg(test)]
pub(super) use self::cell::USUAL_KW;
pub use self::spec::PackagingSpec;

use self::outputs::Outputs;
use self::spec::MachineSpec;
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
use super::physics::{lag, ramp};
use super::reading::LARGEST;
use super::snapshot::{Damaged, Loaded, Saved};
use super::wiring::{Board, Input, Source, Wiring};

/// Below this level of the product, %, the filler gets too little.
const DRY: f64 = 5.0;
/// Below this share of the supply contactors drop out.
const LOW: f64 = 0.7;
/// Seconds from one machine that starts by itself to the next, when the supply is back.
const STAGGER_S: f64 = 2.0;
/// Caps below which a capper stops, so that no bottle passes without one.
const FEW_CAPS: u64 = 4;
/// Names of the robot's gears as parts, and of its axes.
pub(super) const GEARS: [&str; 6] = ["gear 1", "gear 2", "gear 3", "gear 4", "gear 5", "gear 6"];
const AXES: [&str; 6] = ["a1", "a2", "a3", "a4", "a5", "a6"];
/// Median life of a gear at its usual work, h, and its deviation by the mean.
pub(super) const GEAR_LIFE: (f64, f64) = (16_000.0, 0.35);

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
    now: State,
    wired: Wired,
    out: Outputs,
}

/// What it reads and shares.
struct Wired {
    jam: Input,
    product: Input,
    ambient: Input,
    /// Whether each drive of the line, and of the crate conveyor, is available.
    belts: Vec<Input>,
    crate_belts: Vec<Input>,
    tank: Place,
    bus: Bus,
    meter: usize,
    jam_fault: FaultSlot,
    /// By machine; `None` without a hopper.
    no_caps: Vec<Option<FaultSlot>>,
    broken_crate: FaultSlot,
    gripper: FaultSlot,
    obstacle: FaultSlot,
    /// Overload, by starter.
    trips: Vec<FaultSlot>,
    gears: [(PartSlot, FaultSlot); 6],
    line_permit: PermitSlot,
    agv_permit: PermitSlot,
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

impl PackagingSpec {
    /// Builds the block; `None` with a mistake noted when it cannot be.
    pub fn build(&self, w: &mut Wiring) -> Option<Box<dyn Block>> {
        w.asset.clone_from(&self.line);
        if !self.check(w) {
            self.assets().into_iter().for_each(|asset| w.hush(asset));
            return None;
        }
        let Some(robot) = Robot::new(self.cell.clone()) else {
            self.assets().into_iter().for_each(|asset| w.hush(asset));
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
        let (lanes, deep) = self.packer.lanes;
        let (lane_m, lane_gap) = self.packer.lane;
        let wired = self.wire(w);
        self.wire_commands(w);
        Some(Box::new(Packaging {
            line,
            table: Table::new(lanes, lane_m, deep, lane_gap),
            gantry: Gantry::new(Reach { across_m, grip_m, set_m }),
            empties: Line::new(to_filling, gap, Vec::new()),
            crates: Line::new(to_robot, gap, Vec::new()),
            now: State::new(self, &robot),
            robot,
            agv: Agv::new(self.route.clone()),
            wired,
            out: Outputs::new(self, w),
            spec: self.clone(),
        }))
    }

    fn wire(&self, w: &mut Wiring) -> Wired {
        let available = |drive: &String| Source::Signal(format!("{drive}.available"));
        let belts = self.belts.iter().map(|drive| w.input(&available(drive))).collect();
        let crate_belts = self.crate_belts.iter().map(|drive| w.input(&available(drive))).collect();
        let no_caps = self
            .machines
            .iter()
            .map(|m| (m.hopper > 0).then(|| w.fault(&m.asset, Fault::NoCaps)))
            .collect();
        let gear = |at: usize, w: &mut Wiring| {
            let (life_h, spread) = GEAR_LIFE;
            let part = w.part(&self.robot, GEARS[at], life_h, spread);
            (part, w.fault(&format!("{}.{}", self.robot, AXES[at]), Fault::Gear))
        };
        let starters = self.with_starters();
        Wired {
            jam: w.read("jam", &self.jam, -LARGEST..=LARGEST, "1"),
            product: w.read_measured("product", &self.product, 0.0..=1e6, "%"),
            ambient: w.read("ambient", &self.ambient, -50.0..=300.0, "Cel"),
            belts,
            crate_belts,
            tank: w.place(&self.product_tank),
            bus: w.supply(Some(&self.supply)),
            meter: w.meter(),
            jam_fault: w.fault(&self.line, Fault::Jam),
            no_caps,
            broken_crate: w.fault(&self.crates, Fault::BrokenCrate),
            gripper: w.fault(&self.robot, Fault::Gripper),
            obstacle: w.fault(&self.agv, Fault::Obstacle),
            trips: starters.iter().map(|asset| w.fault(asset, Fault::Trip)).collect(),
            gears: std::array::from_fn(|at| gear(at, w)),
            line_permit: w.permit(&self.line),
            agv_permit: w.permit(&self.agv),
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

    /// The first drive of some that does not run, by its name.
    fn stopped_belt<'a>(b: &Board, inputs: &[Input], names: &'a [String]) -> Option<&'a str> {
        let stops = inputs.iter().position(|input| b.read(input) < 0.5)?;
        names.get(stops).map(String::as_str)
    }

    /// Starters trip at low voltage, and at overload; in automatic those that fell out for the voltage
    /// come back one after another.
    fn step_supply(&mut self, b: &Board, dt_s: f64) {
        let low = b.meters.share(self.wired.bus) < LOW;
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

    /// Whether the line as a whole runs.
    fn line_runs(&self, b: &Board) -> bool {
        self.now.run
            && b.withheld(self.wired.line_permit).is_none()
            && self.now.back_s > STAGGER_S
            && Self::stopped_belt(b, &self.wired.belts, &self.spec.belts).is_none()
    }

    fn step_jam(&mut self, b: &Board) {
        let jam = b.read(&self.wired.jam) > 0.5 || b.fault(self.wired.jam_fault) > 0.5;
        if jam && !self.now.jam_seen {
            self.line.now.stopper_m = Some(self.spec.jam_place());
        } else if !jam && self.now.jam_seen {
            self.now.rejects += u64::from(self.line.clear_stopper());
        }
        self.now.jam_seen = jam;
    }

    fn step_line(&mut self, b: &mut Board, dt_s: f64) {
        self.step_jam(b);
        let runs = self.line_runs(b);
        self.now.rate = ramp(self.now.rate, self.now.rate_set, 0.05 * self.spec.rate, dt_s);
        if runs {
            self.now.due = (self.now.due + self.now.rate / 3600.0 * dt_s).min(2.0);
            if self.now.due >= 1.0 && self.line.put(0) {
                self.now.due -= 1.0;
            }
        }
        self.now.dry = b.read(&self.wired.product) < if self.now.dry { DRY + 3.0 } else { DRY };
        for at in 0..self.line.machines.len() {
            let lacks = at == 0 && self.now.dry || self.step_hopper(b, at, dt_s);
            let runs = self.runs(b, at, runs, false);
            // Water for the bottle that the filler may finish in this step, and for one more.
            let works = at > 0 || b.stores.volume_m3(self.wired.tank) >= 2.0 * self.spec.bottle_m3;
            let machine = &mut self.line.machines[at];
            let full = self.now.rate / 3600.0 * machine.pitch_m;
            machine.now.target = if runs && !lacks { full } else { 0.0 };
            machine.now.works = works && self.now.hoppers[at].is_none_or(|caps| caps.held() > 0);
        }
        self.line.step(dt_s, if runs { self.spec.belt } else { 0.0 });
        for (machine, hopper) in self.line.machines.iter().zip(&mut self.now.hoppers) {
            if let Some(hopper) = hopper {
                hopper.used += u64::from(machine.now.finished);
            }
        }
        let filled = self.line.machines.first().map_or(0, |machine| machine.now.finished);
        if filled > 0 {
            let water = b.take(self.wired.tank, f64::from(filled) * self.spec.bottle_m3);
            let rest = b.give(Place::Outside, water);
            debug_assert!(rest.is_empty(), "outside takes everything");
        }
        let flow = f64::from(filled) * self.spec.bottle_m3 / dt_s * 3600.0;
        self.now.flow = lag(self.now.flow, flow, 8.0, dt_s);
    }

    /// The feeder of a hopper; whether the machine lacks caps.
    fn step_hopper(&mut self, b: &Board, at: usize, dt_s: f64) -> bool {
        let (Some(hopper), Some(fault)) = (&mut self.now.hoppers[at], self.wired.no_caps[at])
        else {
            return false;
        };
        if hopper.held() < u64::from(self.spec.machines[at].hopper) && b.fault(fault) <= 0.5 {
            hopper.due += 1.5 * self.spec.rate / 3600.0 * dt_s;
            while hopper.due >= 1.0 {
                hopper.due -= 1.0;
                hopper.fed += 1;
            }
        }
        hopper.held() < FEW_CAPS
    }

    fn step_packer(&mut self, b: &Board, dt_s: f64) {
        let wanted = self.line_runs(b);
        let runs = self.runs(b, self.packer_at(), wanted, false);
        self.table.step(dt_s, if runs { self.spec.belt } else { 0.0 });
        if self.line.foremost_waits().is_some_and(|stage| stage < self.spec.last_stage()) {
            self.line.take();
            self.now.rejects += 1;
        } else if runs
            && self.table.has_room()
            && let Some(bottle) = self.line.take()
        {
            self.table.put(bottle);
        }
        let belt = self.step_crates(b, dt_s);
        let waits = self.empties.foremost_waits();
        let full = waits.is_some_and(|stage| stage > 0) && !self.gantry.is_at_crate();
        if belt && full && self.crates.put(1) {
            self.empties.take();
        }
        if let Some(bottles) = self.gantry.step(dt_s, &mut self.table, waits == Some(0), runs) {
            match self.empties.now.things.front_mut() {
                Some(empty) if waits == Some(0) => {
                    empty.stage = 1;
                    self.now.packed += 1;
                }
                // The crate was taken away meanwhile.
                _ => self.now.rejects += bottles.len() as u64,
            }
        }
        let idle = self.gantry.is_starved() && runs;
        self.now.idle_s = if idle { (self.now.idle_s + dt_s).min(1e4) } else { 0.0 };
    }

    /// The crate conveyor; whether it is driven.
    fn step_crates(&mut self, b: &Board, dt_s: f64) -> bool {
        let at = self.crates_at();
        let breaks = b.fault(self.wired.broken_crate) > 0.5;
        let any = !(self.crates.now.things.is_empty() && self.empties.now.things.is_empty());
        if breaks && !self.now.crate_seen && any {
            self.now.starters[at].trip(Cause::Crate);
        }
        self.now.crate_seen = breaks;
        let belts = &self.wired.crate_belts;
        let stopped = Self::stopped_belt(b, belts, &self.spec.crate_belts).is_some();
        let runs = self.runs(b, at, true, stopped);
        let speed = if runs { self.spec.crate_line.2 } else { 0.0 };
        self.empties.step(dt_s, speed);
        self.crates.step(dt_s, speed);
        if runs {
            self.empties.put(0);
        }
        runs
    }

    /// Takes a broken crate away: the foremost one. Its bottles are rejected.
    fn remove_crate(&mut self) {
        let line =
            if self.crates.now.things.is_empty() { &mut self.empties } else { &mut self.crates };
        let Some(broken) = line.now.things.pop_front() else { return };
        line.now.left += 1;
        self.now.broken += 1;
        if broken.stage > 0 {
            self.now.rejects += self.spec.per_crate();
        }
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
        self.step_packer(b, dt_s);
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

    fn progress(&self, _b: &Board, command: &Command) -> Progress {
        self.progress_of(command)
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
