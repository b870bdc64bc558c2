//! What the packaging side's steps to come depend on, and what it holds.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use super::Packaging;
use super::spec::PackagingSpec;
use crate::plant::simulation::balance::Balance;
use crate::plant::simulation::physics::agv::{CAPACITY_UJ, Ride};
use crate::plant::simulation::physics::axis::Axis;
use crate::plant::simulation::physics::bottles::{Belt, Carousel, Line};
use crate::plant::simulation::physics::joints::AxisDrives;
use crate::plant::simulation::physics::packer::Head;
use crate::plant::simulation::physics::robot::{Arm, Robot};
use crate::plant::simulation::physics::starter::{Mode, Starter};
use crate::plant::simulation::snapshot::{Damaged, Loaded, Saved};
use crate::twin::Item;

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
    /// Crates filled.
    pub packed: u64,
    /// Bottles rejected.
    pub rejects: u64,
    /// Crates broken.
    pub broken: u64,
    /// Crates on the pallet of the stand; `None`: there is no pallet.
    pub stand: Option<u32>,
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
    /// The vehicle is to take the pallet as it is.
    pub dispatch: bool,
    /// Something is in the vehicle's way.
    pub obstacle: bool,
    /// The present jam, and the present broken crate, have had their effect.
    pub jam_seen: bool,
    /// See `jam_seen`.
    pub crate_seen: bool,
    /// Time since the supply came back, s.
    pub back_s: f64,
    /// Time for which the packer has waited for bottles, s.
    pub idle_s: f64,
}

impl State {
    /// Everything ready and empty.
    pub fn new(spec: &PackagingSpec, robot: &Robot) -> Self {
        let full = |hopper: u32| Hopper { fed: u64::from(hopper), ..Hopper::default() };
        let hoppers = spec.machines.iter().map(|m| (m.hopper > 0).then(|| full(m.hopper)));
        Self {
            run: true,
            rate_set: spec.rate,
            rate: spec.rate,
            due: 0.0,
            flow: 0.0,
            dry: false,
            packed: 0,
            rejects: 0,
            broken: 0,
            stand: Some(0),
            gate: Axis::default(),
            gate_open: false,
            starters: vec![Starter::new(Mode::Automatic); spec.with_starters().len()],
            hoppers: hoppers.collect(),
            drives: AxisDrives::new(&robot.now.joints, 22.0),
            robot_speed: 100.0,
            agv_run: true,
            dispatch: false,
            obstacle: false,
            jam_seen: false,
            crate_seen: false,
            back_s: 0.0,
            idle_s: 0.0,
        }
    }
}

/// A line's belts and its machines.
type LineState = (Belt, Vec<Carousel>);

/// All of it, as snapshots have it.
type Whole = (State, Vec<LineState>, usize, Head, Arm, Ride);

/// Counts beyond this are none.
const COUNTS: u64 = 1 << 53;

impl Packaging {
    fn lines(&self) -> impl Iterator<Item = &Line> {
        [&self.line, &self.empties, &self.crates].into_iter().chain(&self.table.lanes)
    }

    pub(super) fn put(&self, out: &mut Saved) {
        let machines = |line: &Line| line.machines.iter().map(|machine| machine.now).collect();
        let lines: Vec<LineState> =
            self.lines().map(|line| (line.now.clone(), machines(line))).collect();
        let (head, arm, ride) = (&self.gantry.now, &self.robot.now, &self.agv.now);
        out.put(&(&self.now, lines, self.table.next, head, arm, ride));
    }

    pub(super) fn take(&mut self, from: &mut Loaded<'_>) -> Result<(), Damaged> {
        let (now, lines, next, head, arm, ride): Whole = from.take()?;
        let per_crate = self.spec.per_crate();
        let fits = now.starters.len() == self.now.starters.len()
            && now.hoppers.len() == self.now.hoppers.len()
            && now.hoppers.iter().zip(&self.now.hoppers).all(|(a, b)| a.is_some() == b.is_some())
            && now.stand.is_none_or(|crates| crates <= self.spec.cell.full())
            && ride.carries.is_none_or(|crates| crates <= self.spec.cell.full())
            && lines.len() == self.lines().count()
            && lines.iter().zip(self.lines()).all(|(state, line)| fits(state, line))
            && next < self.table.lanes.len()
            && head.held.len() as u64 <= per_crate
            && arm.is_sound()
            && [now.packed, now.rejects, now.broken, arm.cycles].iter().all(|n| *n < COUNTS)
            && now.hoppers.iter().flatten().all(|h| h.used <= h.fed && h.fed < COUNTS)
            && (0..=CAPACITY_UJ).contains(&ride.energy_uj);
        if !fits {
            return Err(Damaged(format!("the snapshot is of another {}", self.spec.line)));
        }
        let mut lines = lines.into_iter();
        let own = [&mut self.line, &mut self.empties, &mut self.crates];
        for line in own.into_iter().chain(&mut self.table.lanes) {
            let Some((belt, carousels)) = lines.next() else { continue };
            line.now = belt;
            line.machines.iter_mut().zip(carousels).for_each(|(m, now)| m.now = now);
        }
        (self.now, self.table.next, self.gantry.now) = (now, next, head);
        (self.robot.now, self.agv.now) = (arm, ride);
        Ok(())
    }

    /// Bottles, crates, caps and the vehicle's energy.
    pub(super) fn held(&self) -> Vec<Balance> {
        let crates = [&self.empties, &self.crates].map(|line| &line.now.things);
        let full = |things: &VecDeque<Item>| things.iter().filter(|item| item.stage > 0).count();
        let loose = u64::from(self.robot.now.holding)
            + u64::from(self.now.stand.unwrap_or(0))
            + u64::from(self.agv.now.carries.unwrap_or(0));
        let filled = loose + crates.iter().map(|things| full(things) as u64).sum::<u64>();
        let delivered = self.agv.now.delivered.0;
        let on_belts = self.line.now.things.len() + self.table.count() + self.gantry.now.held.len();
        let per_crate = self.spec.per_crate();
        let on_conveyor = crates.iter().map(|things| things.len() as u64).sum::<u64>();
        let caps = |of: fn(&Hopper) -> u64| self.now.hoppers.iter().flatten().map(of).sum::<u64>();
        let balance = |quantity, entered: u64, left: u64, held: u64| Balance {
            quantity,
            entered: i128::from(entered),
            left: i128::from(left),
            held: i128::from(held),
        };
        let ride = &self.agv.now;
        vec![
            balance(
                "bottles",
                self.line.now.entered,
                self.now.rejects + delivered * per_crate,
                on_belts as u64 + filled * per_crate,
            ),
            balance(
                "crates",
                self.empties.now.entered,
                self.now.broken + delivered,
                on_conveyor + loose,
            ),
            balance("caps", caps(|h| h.fed), caps(|h| h.used), caps(Hopper::held)),
            Balance {
                quantity: "energy",
                entered: i128::from(ride.brought_uj),
                left: i128::from(ride.used_uj),
                held: i128::from(ride.energy_uj),
            },
        ]
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
        && carousels
            .iter()
            .all(|now| now.travel_m.is_finite() && now.speed.is_finite() && now.count < COUNTS)
        && belt.speed.is_finite()
        && belt.travel_m.is_finite()
}
