//! The packaging side as one block: bottles through filler and capper, crates, robot, pallet, AGV.
//!
//! One block, because a jam anywhere in it holds up everything before it.

use std::sync::Arc;

use serde::Deserialize;

use super::blocks::Block;
use super::physics::agv::{Agv, Route};
use super::physics::bottles::{Line, Machine};
use super::physics::lag;
use super::physics::robot::{Cell, Deed, Robot};
use super::wiring::{Board, Input, Kind, Signal, Source, Wiring};
use crate::twin::Item;

/// A rotary machine, as the file states it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MachineSpec {
    /// Signals: speed, turns, rate, count, power, state.
    pub asset: String,
    /// Where bottles come in and go out, and where one counts as done: metres along the path.
    pub enter: f64,
    /// See `enter`.
    pub leave: f64,
    /// See `enter`.
    pub done: f64,
    /// A place on the path where a pocket stands at zero turns, m.
    pub pocket: f64,
    /// Pockets of the carousel.
    pub pockets: u32,
    /// Radius of the pitch circle, m.
    pub radius: f64,
    /// The stage it gives.
    pub stage: u8,
    /// Motor at full speed, kW.
    pub power_kw: f64,
}

/// The packaging side, as the file states it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PackagingSpec {
    /// The bottle line. Signals: speed, travel, bottles, count_in, count_out, on_line, rate, state.
    pub line: String,
    /// Length of the bottles' path, m.
    pub length: f64,
    /// Speed of the belts, m/s.
    pub belt: f64,
    /// Smallest distance of bottles, m.
    pub gap: f64,
    /// Bottles an hour that come in and that the machines are set to.
    pub rate: f64,
    /// Volume of a bottle, m³.
    pub bottle_m3: f64,
    /// The machines, in the order of the line. The first fills: `flow` in m³/h.
    pub machines: Vec<MachineSpec>,
    /// Number above 0.5: the end of the line is jammed.
    #[serde(default)]
    pub jam: Source,
    /// Level of the product, %; below 5 the filler stops.
    pub product: Source,
    /// The packer. Signals: count, waiting, state.
    pub packer: String,
    /// Bottles in a crate.
    pub crate_of: u32,
    /// The crate conveyor. Signals: speed, travel, crates, waiting, state.
    pub crates: String,
    /// Its length, m, speed, m/s, and smallest distance of crates, m.
    pub crate_line: (f64, f64, f64),
    /// The robot. Signals: a1 … a6, jaw, load, holding, cycles, power, state.
    pub robot: String,
    /// What it works on.
    pub cell: Cell,
    /// The pallet on the stand. Signals: crates, count, present, layer.
    pub pallet: String,
    /// Distance along the crates' path on a pallet: start of a row to its first crate, between
    /// crates, from row to row, from layer to layer, m.
    pub pattern: (f64, f64, f64, f64),
    /// The vehicle. Signals: distance, speed, lift, battery, state, carries.
    pub agv: String,
    /// Its route.
    pub route: Route,
    /// The pallet on the vehicle. Signals: crates, count, present.
    pub load: String,
}

struct Packaging {
    spec: PackagingSpec,
    line: Line,
    crates: Line,
    robot: Robot,
    agv: Agv,
    stand: Option<u32>,
    jam: Input,
    product: Input,
    due: f64,
    packed: u32,
    full_crate: bool,
    flow: f64,
    out: Outputs,
}

struct Outputs {
    line: [usize; 6],
    bottles: usize,
    line_state: usize,
    machines: Vec<([usize; 6], usize)>,
    packer: [usize; 2],
    packer_state: usize,
    crates: [usize; 3],
    crate_items: usize,
    crates_state: usize,
    robot: [usize; 9],
    robot_load: usize,
    robot_words: [usize; 2],
    pallet: [usize; 2],
    pallet_items: usize,
    pallet_present: usize,
    agv: [usize; 4],
    agv_words: [usize; 2],
    load_count: usize,
    load_items: usize,
    load_present: usize,
}

impl PackagingSpec {
    /// Builds the block; `None` with a mistake noted when the robot cannot reach its stack.
    pub fn build(&self, w: &mut Wiring) -> Option<Box<dyn Block>> {
        let Some(robot) = Robot::new(self.cell.clone()) else {
            w.mistakes.push((self.robot.clone(), format!("the robot {} cannot reach its pick place or a place of its stack; move the pallet or lower the stack", self.robot)));
            return None;
        };
        let machines = self.machines.iter().map(|m| {
            let pitch_m = std::f64::consts::TAU * m.radius / f64::from(m.pockets.max(1));
            Machine {
                enter_m: m.enter,
                leave_m: m.leave,
                pocket_m: m.pocket,
                pitch_m,
                radius_m: m.radius,
                done_m: m.done,
                stage: m.stage,
                speed: 0.0,
                travel_m: 0.0,
                count: 0,
                finished: 0,
                blocked: false,
            }
        });
        let (length, _, gap) = self.crate_line;
        Some(Box::new(Packaging {
            line: Line::new(self.length, self.gap, machines.collect()),
            crates: Line::new(length, gap, Vec::new()),
            robot,
            agv: Agv::new(self.route.clone()),
            stand: Some(0),
            jam: w.input(&self.jam),
            product: w.input(&self.product),
            due: 0.0,
            packed: 0,
            full_crate: false,
            flow: 0.0,
            out: self.outputs(w),
            spec: self.clone(),
        }))
    }

    fn outputs(&self, w: &mut Wiring) -> Outputs {
        let robot = [
            ("a1", "deg"),
            ("a2", "deg"),
            ("a3", "deg"),
            ("a4", "deg"),
            ("a5", "deg"),
            ("a6", "deg"),
            ("jaw", "mm"),
            ("cycles", "1"),
            ("power", "kW"),
        ];
        Outputs {
            line: [
                ("speed", "m/s"),
                ("travel", "m"),
                ("count_in", "1"),
                ("count_out", "1"),
                ("on_line", "1"),
                ("rate", "{bottle}/h"),
            ]
            .map(|(n, u)| w.number(&self.line, n, u)),
            bottles: w.output(&self.line, "bottles", Kind::Items),
            line_state: w.output(&self.line, "state", Kind::Word),
            machines: self
                .machines
                .iter()
                .map(|m| {
                    let numbers = [
                        ("speed", "{rev}/min"),
                        ("turns", "{rev}"),
                        ("rate", "{bottle}/h"),
                        ("count", "1"),
                        ("power", "kW"),
                        ("flow", "m3/h"),
                    ]
                    .map(|(n, u)| w.number(&m.asset, n, u));
                    (numbers, w.output(&m.asset, "state", Kind::Word))
                })
                .collect(),
            packer: [("count", "1"), ("waiting", "1")].map(|(n, u)| w.number(&self.packer, n, u)),
            packer_state: w.output(&self.packer, "state", Kind::Word),
            crates: [("speed", "m/s"), ("travel", "m"), ("waiting", "1")]
                .map(|(n, u)| w.number(&self.crates, n, u)),
            crate_items: w.output(&self.crates, "crates", Kind::Items),
            crates_state: w.output(&self.crates, "state", Kind::Word),
            robot: robot.map(|(n, u)| w.number(&self.robot, n, u)),
            robot_load: w.output(&self.robot, "load", Kind::Pose),
            robot_words: ["holding", "state"].map(|n| w.output(&self.robot, n, Kind::Word)),
            pallet: [("count", "1"), ("layer", "1")].map(|(n, u)| w.number(&self.pallet, n, u)),
            pallet_items: w.output(&self.pallet, "crates", Kind::Items),
            pallet_present: w.output(&self.pallet, "present", Kind::Word),
            agv: [("distance", "m"), ("speed", "m/s"), ("lift", "mm"), ("battery", "%")]
                .map(|(n, u)| w.number(&self.agv, n, u)),
            agv_words: ["state", "carries"].map(|n| w.output(&self.agv, n, Kind::Word)),
            load_count: w.number(&self.load, "count", "1"),
            load_items: w.output(&self.load, "crates", Kind::Items),
            load_present: w.output(&self.load, "present", Kind::Word),
        }
    }

    /// Crates on a pallet as items on its path.
    fn stack(&self, count: u32) -> Arc<[Item]> {
        let (first, step, row, layer) = self.pattern;
        let [along, rows, _] = self.cell.stack;
        (0..count)
            .map(|n| {
                let in_layer = n % (along * rows);
                let at = f64::from(n / (along * rows)) * layer
                    + f64::from(in_layer / along) * row
                    + first
                    + f64::from(in_layer % along) * step;
                Item { id: u64::from(n) + 1, at_m: at, stage: 0 }
            })
            .collect()
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
        let targets: Vec<f64> = self
            .line
            .machines
            .iter()
            .enumerate()
            .map(|(at, machine)| {
                if at == 0 && dry { 0.0 } else { 1.06 * self.spec.rate / 3600.0 * machine.pitch_m }
            })
            .collect();
        self.line.step(dt_s, self.spec.belt, &targets);
        if !jammed && !self.full_crate && self.line.take().is_some() {
            self.packed += 1;
            self.full_crate = self.packed.is_multiple_of(self.spec.crate_of);
        }
        if self.full_crate && self.crates.put(0) {
            self.full_crate = false;
        }
        let filled = self.line.machines.first().map_or(0, |machine| machine.finished);
        let flow = f64::from(filled) * self.spec.bottle_m3 / dt_s * 3600.0;
        self.flow = lag(self.flow, flow, 8.0, dt_s);
        jammed
    }

    fn step_cell(&mut self, dt_s: f64) {
        let (length, speed, _) = self.spec.crate_line;
        let waits = self.crates.things.front().is_some_and(|first| first.at_m >= length - 1e-9);
        self.crates.step(dt_s, speed, &[]);
        self.robot.stacked = self.stand.unwrap_or(0);
        match self.robot.step(dt_s, waits, self.stand.is_some()) {
            Deed::Picked => drop(self.crates.take()),
            Deed::Placed => self.stand = Some(self.robot.stacked),
            Deed::None => {}
        }
        let clear = self.robot.state != "running";
        self.agv.step(dt_s, &mut self.stand, self.spec.cell.full(), clear);
    }

    fn tell_line(&self, b: &mut Board, jammed: bool) {
        let (l, o) = (&self.line, &self.out);
        let on_line = l.things.len() as f64;
        let rate = l.machines.last().map_or(0.0, Machine::rate_per_hour);
        let values =
            [l.belt_speed, l.belt_travel_m, l.entered as f64, l.left as f64, on_line, rate];
        o.line.iter().zip(values).for_each(|(slot, value)| b.set(*slot, value));
        b.0[o.bottles] = Signal::Items(l.things.iter().copied().collect());
        b.say(
            o.line_state,
            if jammed {
                "jammed"
            } else if l.waiting(1.2) > 10 {
                "queue"
            } else {
                "running"
            },
        );
        for (at, (machine, (numbers, state))) in l.machines.iter().zip(&o.machines).enumerate() {
            let full = self.spec.rate / 3600.0 * machine.pitch_m;
            let power =
                self.spec.machines[at].power_kw * (0.15 + 0.85 * machine.speed / full.max(1e-9));
            let flow = if at == 0 { self.flow } else { 0.0 };
            // Carousels turn clockwise seen from above: negative about the upward axis.
            let values = [
                machine.rpm(),
                -machine.turns(),
                machine.rate_per_hour(),
                machine.count as f64,
                power,
                flow,
            ];
            numbers.iter().zip(values).for_each(|(slot, value)| b.set(*slot, value));
            b.say(
                *state,
                if machine.blocked {
                    "blocked"
                } else if machine.speed > 0.01 {
                    "running"
                } else {
                    "stopped"
                },
            );
        }
        let waiting = f64::from(self.packed % self.spec.crate_of);
        b.set(o.packer[0], f64::from(self.packed / self.spec.crate_of));
        b.set(o.packer[1], waiting);
        b.say(
            o.packer_state,
            if jammed {
                "fault"
            } else if self.full_crate {
                "blocked"
            } else {
                "running"
            },
        );
    }

    fn tell_cell(&self, b: &mut Board) {
        let (o, r, a) = (&self.out, &self.robot, &self.agv);
        let c = &self.crates;
        o.crates
            .iter()
            .zip([c.belt_speed, c.belt_travel_m, c.waiting(2.0) as f64])
            .for_each(|(slot, value)| b.set(*slot, value));
        b.0[o.crate_items] = Signal::Items(c.things.iter().copied().collect());
        b.say(o.crates_state, if c.things.len() > 6 { "queue" } else { "running" });
        let j = r.joints;
        let power = if r.state == "running" { if r.holding { 3.4 } else { 2.6 } } else { 0.7 };
        let values = [j[0], j[1], j[2], j[3], j[4], j[5], r.jaw_mm, r.cycles as f64, power];
        o.robot.iter().zip(values).for_each(|(slot, value)| b.set(*slot, value));
        b.0[o.robot_load] = Signal::Pose(r.load_pose());
        b.say(o.robot_words[0], if r.holding { "true" } else { "false" });
        b.say(o.robot_words[1], r.state);
        let yes = |yes: bool| if yes { "true" } else { "false" };
        let [along, rows, _] = self.spec.cell.stack;
        let count = self.stand.unwrap_or(0);
        b.set(o.pallet[0], f64::from(count));
        b.set(o.pallet[1], f64::from(count.div_ceil(along * rows)));
        b.0[o.pallet_items] = Signal::Items(self.spec.stack(count));
        b.say(o.pallet_present, yes(self.stand.is_some()));
        let values = [a.distance_m, a.speed, a.lift_mm, a.battery];
        o.agv.iter().zip(values).for_each(|(slot, value)| b.set(*slot, value));
        b.say(o.agv_words[0], a.state);
        b.say(o.agv_words[1], yes(a.carries.is_some()));
        let carried = a.carries.unwrap_or(0);
        b.set(o.load_count, f64::from(carried));
        b.0[o.load_items] = Signal::Items(self.spec.stack(carried));
        b.say(o.load_present, yes(a.carries.is_some()));
    }
}

impl Block for Packaging {
    fn step(&mut self, b: &mut Board, _time_s: f64, dt_s: f64) {
        let jammed = self.step_line(b, dt_s);
        self.step_cell(dt_s);
        self.tell_line(b, jammed);
        self.tell_cell(b);
    }
}
