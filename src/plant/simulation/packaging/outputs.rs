//! The signals of the packaging side, and their values.

use std::sync::Arc;

use super::spec::PackagingSpec;
use super::{GATE_OPEN_DEG, Packaging};
use crate::plant::simulation::physics::bottles::Machine;
use crate::plant::simulation::wiring::{Board, Kind, Signal, Wiring};
use crate::twin::{Item, Pose};

/// Places on the board.
pub struct Outputs {
    line: [usize; 6],
    bottles: usize,
    line_state: usize,
    machines: Vec<([usize; 6], usize)>,
    packer: [usize; 4],
    packer_bottles: usize,
    packer_state: usize,
    head_bottles: usize,
    head_pose: usize,
    crates: [usize; 3],
    crate_items: usize,
    crates_state: usize,
    robot: [usize; 9],
    robot_load: usize,
    robot_words: [usize; 2],
    pallet: [usize; 2],
    pallet_items: usize,
    pallet_present: usize,
    agv: [usize; 6],
    agv_pose: usize,
    agv_words: [usize; 2],
    gate: usize,
    gate_state: usize,
    load_count: usize,
    load_items: usize,
    load_present: usize,
}

const LINE: [(&str, &str); 6] = [
    ("speed", "m/s"),
    ("travel", "m"),
    ("count_in", "1"),
    ("count_out", "1"),
    ("on_line", "1"),
    ("rate", "{bottle}/h"),
];
const MACHINE: [(&str, &str); 6] = [
    ("speed", "{rev}/min"),
    ("turns", "{rev}"),
    ("rate", "{bottle}/h"),
    ("count", "1"),
    ("power", "kW"),
    ("flow", "m3/h"),
];
const PACKER: [(&str, &str); 4] =
    [("count", "1"), ("waiting", "1"), ("gantry", "m"), ("lift", "m")];
const CRATES: [(&str, &str); 3] = [("speed", "m/s"), ("travel", "m"), ("waiting", "1")];
const ROBOT: [(&str, &str); 9] = [
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
const AGV: [(&str, &str); 6] = [
    ("distance", "m"),
    ("left", "m"),
    ("right", "m"),
    ("speed", "m/s"),
    ("lift", "mm"),
    ("battery", "%"),
];

impl Outputs {
    /// Declares all signals.
    pub fn new(spec: &PackagingSpec, w: &mut Wiring) -> Self {
        let machines = spec.machines.iter().map(|machine| {
            (w.numbers(&machine.asset, MACHINE), w.output(&machine.asset, "state", Kind::Word))
        });
        let machines = machines.collect();
        let (packer, head) = (&spec.packer.asset, &spec.packer.head);
        Self {
            line: w.numbers(&spec.line, LINE),
            bottles: w.output(&spec.line, "bottles", Kind::Items),
            line_state: w.output(&spec.line, "state", Kind::Word),
            machines,
            packer: w.numbers(packer, PACKER),
            packer_bottles: w.output(packer, "bottles", Kind::Items),
            packer_state: w.output(packer, "state", Kind::Word),
            head_bottles: w.output(head, "bottles", Kind::Items),
            head_pose: w.output(head, "pose", Kind::Pose),
            crates: w.numbers(&spec.crates, CRATES),
            crate_items: w.output(&spec.crates, "crates", Kind::Items),
            crates_state: w.output(&spec.crates, "state", Kind::Word),
            robot: w.numbers(&spec.robot, ROBOT),
            robot_load: w.output(&spec.robot, "load", Kind::Pose),
            robot_words: ["holding", "state"].map(|n| w.output(&spec.robot, n, Kind::Word)),
            pallet: w.numbers(&spec.pallet, [("count", "1"), ("layer", "1")]),
            pallet_items: w.output(&spec.pallet, "crates", Kind::Items),
            pallet_present: w.output(&spec.pallet, "present", Kind::Word),
            agv: w.numbers(&spec.agv, AGV),
            agv_pose: w.output(&spec.agv, "pose", Kind::Pose),
            agv_words: ["state", "carries"].map(|n| w.output(&spec.agv, n, Kind::Word)),
            gate: w.number(&spec.gate, "angle", "deg"),
            gate_state: w.output(&spec.gate, "state", Kind::Word),
            load_count: w.number(&spec.load, "count", "1"),
            load_items: w.output(&spec.load, "crates", Kind::Items),
            load_present: w.output(&spec.load, "present", Kind::Word),
        }
    }
}

fn set_all<const N: usize>(b: &mut Board, slots: &[usize; N], values: [f64; N]) {
    slots.iter().zip(values).for_each(|(slot, value)| b.set(*slot, value));
}

fn yes(is_so: bool) -> &'static str {
    if is_so { "true" } else { "false" }
}

/// Crates on a pallet as items on its path.
fn stack(spec: &PackagingSpec, count: u32) -> Arc<[Item]> {
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

impl Packaging {
    /// Writes every signal.
    pub(super) fn write(&self, b: &mut Board, jammed: bool) {
        self.write_line(b, jammed);
        self.write_machines(b);
        self.write_packer(b, jammed);
        self.write_crates(b);
        self.write_robot(b);
        self.write_vehicle(b);
    }

    fn write_line(&self, b: &mut Board, jammed: bool) {
        let (l, o) = (&self.line, &self.out);
        let rate = l.machines.last().map_or(0.0, Machine::rate_per_hour);
        let (on_line, entered, left) =
            (l.now.things.len() as f64, l.now.entered as f64, l.now.left as f64);
        set_all(b, &o.line, [l.now.speed, l.now.travel_m, entered, left, on_line, rate]);
        b.signals[o.bottles] = Signal::Items(l.now.things.iter().copied().collect());
        let queue = l.waiting(1.2) > 10;
        b.set_word(
            o.line_state,
            if jammed { "jammed" } else { ["running", "queue"][usize::from(queue)] },
        );
    }

    fn write_machines(&self, b: &mut Board) {
        for (at, (machine, (numbers, state))) in
            self.line.machines.iter().zip(&self.out.machines).enumerate()
        {
            let full = self.spec.rate / 3600.0 * machine.pitch_m;
            let power = self.spec.machines[at].power_kw
                * (0.15 + 0.85 * machine.now.speed / full.max(1e-9));
            let flow = if at == 0 { self.flow } else { 0.0 };
            // Carousels turn clockwise seen from above: negative about the upward axis.
            let (turns, count) = (-machine.turns(), machine.now.count as f64);
            set_all(
                b,
                numbers,
                [machine.rpm(), turns, machine.rate_per_hour(), count, power, flow],
            );
            let moves = if machine.now.speed > 0.01 { "running" } else { "stopped" };
            b.set_word(*state, if machine.now.blocked { "blocked" } else { moves });
        }
    }

    fn write_packer(&self, b: &mut Board, jammed: bool) {
        let (o, spec, gantry) = (&self.out, &self.spec.packer, &self.gantry);
        let waiting = self.table.count() as f64;
        let (across, lift) = (gantry.now.across.at, gantry.now.lift.at);
        set_all(b, &o.packer, [f64::from(self.packed), waiting, across, lift]);
        let lanes = self.table.lanes.iter().enumerate();
        let bottles = lanes.flat_map(|(lane, line)| {
            let start = lane as f64 * spec.lane_step;
            line.now.things.iter().map(move |thing| Item { at_m: start + thing.at_m, ..*thing })
        });
        b.signals[o.packer_bottles] = Signal::Items(bottles.collect());
        let blocked = if gantry.is_blocked() { "blocked" } else { "running" };
        b.set_word(o.packer_state, if jammed { "fault" } else { blocked });
        let held = gantry.now.held.iter().enumerate();
        let (step, lane) = spec.head_steps;
        let at_m = |n: usize| (n / spec.lanes.1) as f64 * lane + (n % spec.lanes.1) as f64 * step;
        let held = held.map(|(n, thing)| Item { at_m: at_m(n), ..*thing });
        b.signals[o.head_bottles] = Signal::Items(held.collect());
        let [x, y, z] = spec.head_at;
        let position = [x, y + lift, z + across];
        b.signals[o.head_pose] = Signal::Pose(Pose { position, ..Pose::IDENTITY });
    }

    fn write_crates(&self, b: &mut Board) {
        let (o, c) = (&self.out, &self.crates);
        set_all(b, &o.crates, [c.now.speed, c.now.travel_m, c.waiting(2.0) as f64]);
        let start = self.spec.crate_line.0;
        let filled = c.now.things.iter().map(|thing| Item { at_m: start + thing.at_m, ..*thing });
        let items = filled.chain(self.empties.now.things.iter().copied()).collect();
        b.signals[o.crate_items] = Signal::Items(items);
        b.set_word(o.crates_state, if c.now.things.len() > 6 { "queue" } else { "running" });
    }

    fn write_robot(&self, b: &mut Board) {
        let (o, r) = (&self.out, &self.robot.now);
        let j = r.joints;
        let power = if r.is_in_cycle() { if r.holding { 3.4 } else { 2.6 } } else { 0.7 };
        let values = [j[0], j[1], j[2], j[3], j[4], j[5], r.jaw_mm, r.cycles as f64, power];
        set_all(b, &o.robot, values);
        b.signals[o.robot_load] = Signal::Pose(self.robot.load_pose());
        b.set_word(o.robot_words[0], yes(r.holding));
        b.set_word(o.robot_words[1], r.doing.name());
        let [along, rows, _] = self.spec.cell.stack;
        let count = self.stand.unwrap_or(0);
        let layers = count.div_ceil(along * rows);
        set_all(b, &o.pallet, [f64::from(count), f64::from(layers)]);
        b.signals[o.pallet_items] = Signal::Items(stack(&self.spec, count));
        b.set_word(o.pallet_present, yes(self.stand.is_some()));
    }

    fn write_vehicle(&self, b: &mut Board) {
        let (o, a) = (&self.out, &self.agv.now);
        let [left, right] = a.wheels_m;
        set_all(b, &o.agv, [a.odometer_m, left, right, a.speed, a.lift_mm, a.charge()]);
        b.signals[o.agv_pose] = Signal::Pose(self.agv.pose());
        b.set_word(o.agv_words[0], a.leg.name());
        b.set_word(o.agv_words[1], yes(a.carries.is_some()));
        b.set(o.gate, self.gate.at);
        let moves = if self.gate.at >= GATE_OPEN_DEG { "open" } else { "moving" };
        b.set_word(o.gate_state, if self.gate.at <= 0.0 { "closed" } else { moves });
        let carried = a.carries.unwrap_or(0);
        b.set(o.load_count, f64::from(carried));
        b.signals[o.load_items] = Signal::Items(stack(&self.spec, carried));
        b.set_word(o.load_present, yes(a.carries.is_some()));
    }
}
