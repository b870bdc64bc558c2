//! What the packaging side's steps to come depend on, as snapshots have it.

use serde::{Deserialize, Serialize};

use super::Packaging;
use super::cell::GATE_OPEN_DEG;
use super::spec::{Extent, PackagingSpec};
use crate::plant::simulation::physics::agv::Ride;
use crate::plant::simulation::physics::axis::Axis;
use crate::plant::simulation::physics::bottles::{Belt, Carousel, Line};
use crate::plant::simulation::physics::joints::AxisDrives;
use crate::plant::simulation::physics::packer::Head;
use crate::plant::simulation::physics::robot::{Arm, Robot};
use crate::plant::simulation::physics::starter::{Mode, Starter};
use crate::plant::simulation::physics::throughput::Throughput;
use crate::plant::simulation::snapshot::{Damaged, Loaded, Saved};

/// A hopper of caps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Hopper {
    /// Caps put in since the start.
    pub fed: u64,
    /// Caps that went onto bottles.
    pub used: u64,
    /// Part of the next cap that is on its way.
    pub due: f64,
}

impl Hopper {
    /// Caps in it.
    pub fn held(&self) -> u64 {
        self.fed.saturating_sub(self.used)
    }
}

/// What is not the state of one machine's physics.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct State {
    /// The line is switched on.
    pub run: bool,
    /// For how long the line may still be starting, s; 0: nobody has just started it.
    pub start_s: f64,
    /// Bottles an hour that the line is set to, and that it has come to.
    pub rate_set: f64,
    /// See `rate_set`.
    pub rate: f64,
    /// Part of the next bottle that is on its way to the line.
    pub due: f64,
    /// Flow through the filler, m³/h.
    pub flow: f64,
    /// The filler gets no product.
    pub dry: bool,
    /// Bottles that have left the line as they should, lately.
    pub output: Throughput,
    /// By machine: bottles that it has finished, lately.
    pub rates: Vec<Throughput>,
    /// By machine: for how long it has had no bottles, s.
    pub unfed_s: Vec<f64>,
    /// Crates filled.
    pub packed: u64,
    /// Bottles rejected.
    pub rejects: u64,
    /// Crates broken.
    pub broken: u64,
    /// Bottles that have left where no packer is, and crates where no robot or no vehicle is.
    pub left_bottles: u64,
    /// See `left_bottles`.
    pub left_crates: u64,
    /// Crates on the pallet of the stand; `None`: there is no pallet.
    pub stand: Option<u32>,
    /// Time for which a full pallet has waited for somebody, s.
    pub exchange_s: f64,
    /// The gate's angle, degrees.
    pub gate: Axis,
    /// The gate is held open by command.
    pub gate_open: bool,
    /// Of machines, packer, crate conveyor and robot.
    pub starters: Vec<Starter>,
    /// By machine; `None` where it has none.
    pub hoppers: Vec<Option<Hopper>>,
    /// The robot's axes.
    pub drives: AxisDrives,
    /// Speed that the robot is set to, %.
    pub robot_speed: f64,
    /// The vehicle is switched on.
    pub agv_run: bool,
    /// For how long the vehicle still is to take the pallet as it is, s.
    pub dispatch_s: f64,
    /// Something is in the vehicle's way.
    pub obstacle: bool,
    /// The present jam, and the present broken crate, have had their effect.
    pub jam_seen: bool,
    /// See `jam_seen`.
    pub crate_seen: bool,
    /// A broken crate lies on the conveyor.
    pub crate_broken: bool,
    /// Time since the supply came back, s.
    pub back_s: f64,
    /// Time for which the packer has waited for bottles, s.
    pub idle_s: f64,
}

impl State {
    /// Everything ready and empty.
    pub fn new(spec: &PackagingSpec, extent: &Extent, robot: Option<&Robot>) -> Self {
        let full = |hopper: u32| Hopper { fed: u64::from(hopper), ..Hopper::default() };
        let hoppers = spec.machines.iter().map(|m| (m.hopper > 0).then(|| full(m.hopper)));
        let joints = robot.map(|robot| robot.now.joints).unwrap_or_default();
        let starters = extent.with_starters(spec).len();
        Self {
            run: true,
            start_s: 0.0,
            rate_set: spec.rate,
            rate: spec.rate,
            due: 0.0,
            flow: 0.0,
            dry: false,
            output: Throughput::default(),
            rates: vec![Throughput::default(); spec.machines.len()],
            unfed_s: vec![0.0; spec.machines.len()],
            packed: 0,
            rejects: 0,
            broken: 0,
            left_bottles: 0,
            left_crates: 0,
            stand: extent.cell.is_some().then_some(0),
            exchange_s: 0.0,
            gate: Axis::default(),
            gate_open: false,
            starters: vec![Starter::new(Mode::Automatic); starters],
            hoppers: hoppers.collect(),
            drives: AxisDrives::new(&joints, 22.0),
            robot_speed: 100.0,
            agv_run: true,
            dispatch_s: 0.0,
            obstacle: false,
            jam_seen: false,
            crate_seen: false,
            crate_broken: false,
            back_s: 0.0,
            idle_s: 0.0,
        }
    }

    /// Whether it can be a state of the same block as another: as many of everything, and numbers that
    /// can be.
    fn fits(&self, own: &Self, spec: &PackagingSpec, full: u32) -> bool {
        let hoppers = |(a, b): (&Option<Hopper>, &Option<Hopper>)| a.is_some() == b.is_some();
        let is_hopper =
            |h: &Hopper| h.used <= h.fed && h.fed < COUNTS && (0.0..2.0).contains(&h.due);
        let rates = 0.0..=2.0 * spec.rate;
        let counts = [self.packed, self.rejects, self.broken, self.left_bottles, self.left_crates];
        let times = [self.start_s, self.dispatch_s, self.back_s, self.idle_s, self.exchange_s];
        self.starters.len() == own.starters.len()
            && self.hoppers.len() == own.hoppers.len()
            && self.hoppers.iter().zip(&own.hoppers).all(hoppers)
            && self.hoppers.iter().flatten().all(is_hopper)
            && self.rates.len() == own.rates.len()
            && self.rates.iter().chain([&self.output]).all(Throughput::is_sound)
            && self.unfed_s.len() == own.unfed_s.len()
            && self.unfed_s.iter().chain(&times).all(|time| (0.0..=1e5).contains(time))
            && [self.rate_set, self.rate].iter().all(|rate| rates.contains(rate))
            && (0.0..=2.0).contains(&self.due)
            && (0.0..=1e9).contains(&self.flow)
            && (0.0..=GATE_OPEN_DEG).contains(&self.gate.at)
            && self.gate.is_sound()
            && self.drives.is_sound()
            && (0.0..=100.0).contains(&self.robot_speed)
            && self.stand.is_none_or(|crates| crates <= full)
            && counts.iter().all(|count| *count < COUNTS)
    }
}

/// A line's belts and its machines.
pub(super) type LineState = (Belt, Vec<Carousel>);

/// All of it, as snapshots have it: robot and vehicle where there are some.
pub(super) type Whole = (State, Vec<LineState>, Option<(usize, Head)>, Option<Arm>, Option<Ride>);

/// Counts beyond this are none.
const COUNTS: u64 = 1 << 53;

impl Packaging {
    /// The bottle line, the crates' and the packer's lanes.
    fn lines(&self) -> impl Iterator<Item = &Line> {
        let packing = self.packing.iter();
        let rest = packing.flat_map(|p| [&p.empties, &p.crates].into_iter().chain(&p.table.lanes));
        [&self.line].into_iter().chain(rest)
    }

    pub(super) fn put(&self, out: &mut Saved) {
        let machines = |line: &Line| line.machines.iter().map(|machine| machine.now).collect();
        let lines: Vec<LineState> =
            self.lines().map(|line| (line.now.clone(), machines(line))).collect();
        let packing = self.packing.as_ref().map(|p| (p.table.next, &p.gantry.now));
        let arm = self.cell.as_ref().map(|cell| &cell.robot.now);
        out.put(&(&self.now, lines, packing, arm, self.vehicle.as_ref().map(|v| &v.agv.now)));
    }

    /// Whether a state can be one of this block.
    fn is_own(&self, (now, lines, packing, arm, ride): &Whole) -> bool {
        let full = self.extent.full();
        now.fits(&self.now, &self.spec, full)
            && lines.len() == self.lines().count()
            && lines.iter().zip(self.lines()).all(|(state, line)| fits(state, line))
            && match (packing, &self.packing) {
                (None, None) => true,
                (Some((next, head)), Some(own)) => {
                    *next < own.table.lanes.len()
                        && head.is_sound(&own.gantry.reach)
                        && head.held.len() as u64 <= self.extent.per_crate()
                }
                _ => false,
            }
            && match (arm, &self.cell) {
                (None, None) => true,
                (Some(arm), Some(_)) => arm.is_sound() && arm.cycles < COUNTS,
                _ => false,
            }
            && match (ride, &self.vehicle) {
                (None, None) => true,
                (Some(ride), Some(own)) => {
                    ride.is_sound(&own.agv.route)
                        && ride.carries.is_none_or(|crates| crates <= full)
                        && ride.delivered.0.max(ride.delivered.1) < COUNTS
                }
                _ => false,
            }
    }

    pub(super) fn take(&mut self, from: &mut Loaded<'_>) -> Result<(), Damaged> {
        let whole: Whole = from.take()?;
        if !self.is_own(&whole) {
            return Err(Damaged(format!("the snapshot is of another {}", self.spec.line)));
        }
        let (now, lines, packing, arm, ride) = whole;
        self.now = now;
        let mut lines = lines.into_iter();
        let mut put_back = |line: &mut Line| {
            let Some((belt, carousels)) = lines.next() else { return };
            line.now = belt;
            line.machines.iter_mut().zip(carousels).for_each(|(m, now)| m.now = now);
        };
        put_back(&mut self.line);
        if let (Some(own), Some((next, head))) = (&mut self.packing, packing) {
            put_back(&mut own.empties);
            put_back(&mut own.crates);
            own.table.lanes.iter_mut().for_each(put_back);
            (own.table.next, own.gantry.now) = (next, head);
        }
        if let (Some(own), Some(arm)) = (&mut self.cell, arm) {
            own.robot.now = arm;
        }
        if let (Some(own), Some(ride)) = (&mut self.vehicle, ride) {
            own.agv.now = ride;
        }
        Ok(())
    }
}

/// Whether a state can be one of that line: as many machines, in order, no more than it has room for.
fn fits((belt, carousels): &LineState, line: &Line) -> bool {
    let things: Vec<f64> = belt.things.iter().map(|thing| thing.at_m).collect();
    carousels.len() == line.machines.len()
        && things.len() as f64 <= line.length_m / line.gap_m.max(1e-3) + 2.0
        && things.iter().all(|at| (0.0..=line.length_m + 1.0).contains(at))
        && things.windows(2).all(|pair| pair[0] >= pair[1])
        && [belt.entered, belt.left].iter().all(|n| *n < COUNTS)
        && carousels.iter().all(|now| now.is_sound() && now.count < COUNTS)
        && belt.is_sound(line.length_m)
}
