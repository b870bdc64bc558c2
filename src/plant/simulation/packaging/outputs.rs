//! The signals of the packaging side, and their values.

use super::Packaging;
use super::cell::GATE_OPEN_DEG;
use super::spec::{MachineSpec, PackagingSpec};
use crate::plant::simulation::blocks::{MODES, TRUTH};
use crate::plant::simulation::physics::agv::Leg;
use crate::plant::simulation::physics::bottles::Machine;
use crate::plant::simulation::physics::starter::{Cause, Starter};
use crate::plant::simulation::wiring::{Board, Kind, Wiring};

/// Seconds without bottles after which the packer counts as starved: one crateful comes every few.
const STARVED_S: f64 = 12.0;

/// Places on the board.
pub struct Outputs {
    line: [usize; 8],
    pub(super) bottles: usize,
    line_words: [usize; 3],
    machines: Vec<([usize; 6], usize)>,
    /// By machine; `None` without a hopper.
    caps: Vec<Option<usize>>,
    packer: [usize; 5],
    pub(super) packer_bottles: usize,
    packer_state: usize,
    pub(super) head_bottles: usize,
    pub(super) head_pose: usize,
    crates: [usize; 4],
    pub(super) crate_items: usize,
    crates_state: usize,
    robot: [usize; 11],
    currents: [usize; 6],
    temperatures: [usize; 6],
    pub(super) robot_load: usize,
    robot_words: [usize; 2],
    pallet: [usize; 2],
    pub(super) pallet_items: usize,
    pallet_present: usize,
    agv: [usize; 8],
    pub(super) agv_pose: usize,
    agv_words: [usize; 4],
    gate: usize,
    gate_words: [usize; 2],
    load_count: usize,
    pub(super) load_items: usize,
    load_present: usize,
    /// By starter: run, mode, lockout, acknowledged, cause.
    starters: Vec<[usize; 5]>,
}

const LINE: [(&str, &str); 8] = [
    ("speed", "m/s"),
    ("travel", "m"),
    ("count_in", "1"),
    ("count_out", "1"),
    ("on_line", "1"),
    ("rate", "{bottle}/h"),
    ("rate_setpoint", "{bottle}/h"),
    ("rejects", "1"),
];
const MACHINE: [(&str, &str); 6] = [
    ("speed", "{rev}/min"),
    ("turns", "{rev}"),
    ("rate", "{bottle}/h"),
    ("count", "1"),
    ("power", "kW"),
    ("flow", "m3/h"),
];
const PACKER: [(&str, &str); 5] =
    [("count", "1"), ("waiting", "1"), ("gantry", "m"), ("lift", "m"), ("power", "kW")];
const CRATES: [(&str, &str); 4] =
    [("speed", "m/s"), ("travel", "m"), ("waiting", "1"), ("broken", "1")];
const ROBOT: [(&str, &str); 11] = [
    ("a1", "deg"),
    ("a2", "deg"),
    ("a3", "deg"),
    ("a4", "deg"),
    ("a5", "deg"),
    ("a6", "deg"),
    ("jaw", "mm"),
    ("cycles", "1"),
    ("power", "kW"),
    ("speed", "%"),
    ("speed_setpoint", "%"),
];
const CURRENTS: [(&str, &str); 6] = [
    ("a1_current", "A"),
    ("a2_current", "A"),
    ("a3_current", "A"),
    ("a4_current", "A"),
    ("a5_current", "A"),
    ("a6_current", "A"),
];
const TEMPERATURES: [(&str, &str); 6] = [
    ("a1_temperature", "Cel"),
    ("a2_temperature", "Cel"),
    ("a3_temperature", "Cel"),
    ("a4_temperature", "Cel"),
    ("a5_temperature", "Cel"),
    ("a6_temperature", "Cel"),
];
const MACHINE_STATES: &[&str] = &["running", "starved", "blocked", "stopped", "tripped", "locked"];
/// Of a machine with a hopper.
const CAPPER_STATES: &[&str] =
    &["running", "starved", "blocked", "no caps", "stopped", "tripped", "locked"];
const AGV_STATES: &[&str] = &[
    "waiting",
    "lifting",
    "backing out",
    "turning",
    "to warehouse",
    "unloading",
    "returning",
    "lowering",
    "blocked",
    "stopped",
    "empty",
];
const AGV: [(&str, &str); 8] = [
    ("distance", "m"),
    ("left", "m"),
    ("right", "m"),
    ("speed", "m/s"),
    ("lift", "mm"),
    ("battery", "%"),
    ("delivered", "1"),
    ("pallets", "1"),
];

impl Outputs {
    /// Declares all signals.
    pub fn new(spec: &PackagingSpec, w: &mut Wiring) -> Self {
        let machines = spec.machines.iter().map(|machine| {
            let states = if machine.hopper > 0 { CAPPER_STATES } else { MACHINE_STATES };
            (w.numbers(&machine.asset, MACHINE), w.words(&machine.asset, "state", states))
        });
        let machines = machines.collect();
        let (packer, head) = (&spec.packer.asset, &spec.packer.head);
        Self {
            line: w.numbers(&spec.line, LINE),
            bottles: w.output(&spec.line, "bottles", Kind::Items),
            line_words: [
                w.words(&spec.line, "state", &["running", "queue", "jammed", "stopped"]),
                w.words(&spec.line, "run", TRUTH),
                w.words(&spec.line, "cause", &["none", "jam"]),
            ],
            machines,
            caps: spec
                .machines
                .iter()
                .map(|m| (m.hopper > 0).then(|| w.number(&m.asset, "caps", "1")))
                .collect(),
            packer: w.numbers(packer, PACKER),
            packer_bottles: w.output(packer, "bottles", Kind::Items),
            packer_state: w.words(packer, "state", MACHINE_STATES),
            head_bottles: w.output(head, "bottles", Kind::Items),
            head_pose: w.output(head, "pose", Kind::Pose),
            crates: w.numbers(&spec.crates, CRATES),
            crate_items: w.output(&spec.crates, "crates", Kind::Items),
            crates_state: w.words(
                &spec.crates,
                "state",
                &["running", "queue", "stopped", "tripped", "locked"],
            ),
            robot: w.numbers(&spec.robot, ROBOT),
            currents: w.numbers(&spec.robot, CURRENTS),
            temperatures: w.numbers(&spec.robot, TEMPERATURES),
            robot_load: w.output(&spec.robot, "load", Kind::Pose),
            robot_words: [
                w.words(&spec.robot, "holding", TRUTH),
                w.words(
                    &spec.robot,
                    "state",
                    &["waiting", "running", "pallet", "stopped", "tripped", "locked"],
                ),
            ],
            pallet: w.numbers(&spec.pallet, [("count", "1"), ("layer", "1")]),
            pallet_items: w.output(&spec.pallet, "crates", Kind::Items),
            pallet_present: w.words(&spec.pallet, "present", TRUTH),
            agv: w.numbers(&spec.agv, AGV),
            agv_pose: w.output(&spec.agv, "pose", Kind::Pose),
            agv_words: [
                w.words(&spec.agv, "state", AGV_STATES),
                w.words(&spec.agv, "carries", TRUTH),
                w.words(&spec.agv, "run", TRUTH),
                w.words(&spec.agv, "cause", &["none", "empty"]),
            ],
            gate: w.number(&spec.gate, "angle", "deg"),
            gate_words: [
                w.words(&spec.gate, "state", &["closed", "moving", "open"]),
                w.words(&spec.gate, "open", TRUTH),
            ],
            load_count: w.number(&spec.load, "count", "1"),
            load_items: w.output(&spec.load, "crates", Kind::Items),
            load_present: w.words(&spec.load, "present", TRUTH),
            starters: starters(spec, w),
        }
    }
}

/// The signals of all starters.
fn starters(spec: &PackagingSpec, w: &mut Wiring) -> Vec<[usize; 5]> {
    let machine = |machine: &MachineSpec| -> (String, &'static [&'static str]) {
        let causes: &[&str] = match machine.hopper {
            0 => &["none", "overload", "undervoltage"],
            _ => &["none", "overload", "undervoltage", "no caps"],
        };
        (machine.asset.clone(), causes)
    };
    let mut all: Vec<_> = spec.machines.iter().map(machine).collect();
    all.push((spec.packer.asset.clone(), &["none", "overload", "undervoltage"]));
    all.push((spec.crates.clone(), &["none", "overload", "undervoltage", "crate"]));
    all.push((spec.robot.clone(), &["none", "overload", "undervoltage", "gripper"]));
    let mut words = |(asset, causes): (String, &'static [&'static str])| {
        let signals = [
            ("run", TRUTH),
            ("mode", MODES),
            ("lockout", TRUTH),
            ("acknowledged", TRUTH),
            ("cause", causes),
        ];
        signals.map(|(signal, words)| w.words(&asset, signal, words))
    };
    all.into_iter().map(&mut words).collect()
}

fn yes(is_so: bool) -> &'static str {
    if is_so { "true" } else { "false" }
}

/// Why what has a starter cannot run, or that it is switched off; `None` while it runs.
fn halted(starter: &Starter) -> Option<&'static str> {
    if starter.locked_by().is_some() {
        Some("locked")
    } else if starter.cause().is_some() {
        Some("tripped")
    } else {
        (!starter.is_switched_on()).then_some("stopped")
    }
}

/// Numbers and words, which other blocks may read: written in every step.
impl Packaging {
    pub(super) fn write(&self, b: &mut Board) {
        self.write_line(b);
        self.write_machines(b);
        self.write_packer(b);
        self.write_robot(b);
        self.write_vehicle(b);
        for (at, (starter, slots)) in self.now.starters.iter().zip(&self.out.starters).enumerate() {
            b.set_word(slots[0], yes(starter.is_switched_on()));
            b.set_word(slots[1], starter.mode().name());
            b.set_word(slots[2], yes(starter.locked_by().is_some()));
            b.set_word(slots[3], yes(starter.is_acknowledged()));
            // A capper without caps waits for some, and has not tripped.
            let lacks_caps = self.lacks_caps(at).then_some(Cause::NoCaps);
            let cause = starter.cause().or(lacks_caps);
            b.set_word(slots[4], cause.map_or("none", Cause::name));
        }
    }

    fn write_line(&self, b: &mut Board) {
        let (l, o) = (&self.line, &self.out);
        let rate = l.machines.last().map_or(0.0, Machine::rate_per_hour);
        let counts = [l.now.entered, l.now.left, l.now.things.len() as u64].map(|n| n as f64);
        let [entered, left, on_line] = counts;
        let (speed, travel, rejects) = (l.now.speed, l.now.travel_m, self.now.rejects as f64);
        let set = self.now.rate_set;
        b.set_all(&o.line, [speed, travel, entered, left, on_line, rate, set, rejects]);
        let jammed = l.now.stopper_m.is_some();
        let word = match (jammed, l.now.speed > 0.01, l.waiting(1.2) > 10) {
            (true, ..) => "jammed",
            (_, false, _) => "stopped",
            (.., queue) => ["running", "queue"][usize::from(queue)],
        };
        b.set_word(o.line_words[0], word);
        b.set_word(o.line_words[1], yes(self.now.run));
        b.set_word(o.line_words[2], if jammed { Cause::Jam.name() } else { "none" });
    }

    /// Power of a machine at its full supply, kW.
    pub(super) fn machine_kw(&self, at: usize) -> f64 {
        let (machine, rated) = (&self.line.machines[at], self.spec.machines[at].power_kw);
        let full = self.spec.rate / 3600.0 * machine.pitch_m;
        let idle = if self.now.starters[at].is_switched_on() { 0.15 } else { 0.03 };
        rated * (idle + 0.85 * machine.now.speed / full.max(1e-9))
    }

    fn write_machines(&self, b: &mut Board) {
        let share = b.meters.share(self.wired.bus);
        for (at, (machine, (numbers, state))) in
            self.line.machines.iter().zip(&self.out.machines).enumerate()
        {
            let flow = if at == 0 { self.now.flow } else { 0.0 };
            // Carousels turn clockwise seen from above: negative about the upward axis.
            let (turns, count) = (-machine.turns(), machine.now.count as f64);
            let (rate, power) = (machine.rate_per_hour(), self.machine_kw(at) * share);
            b.set_all(numbers, [machine.rpm(), turns, rate, count, power, flow]);
            b.set_word(*state, self.machine_word(at));
            if let (Some(slot), Some(hopper)) = (self.out.caps[at], self.now.hoppers[at]) {
                b.set(slot, hopper.held() as f64);
            }
        }
    }

    fn lacks_caps(&self, at: usize) -> bool {
        let hopper = self.now.hoppers.get(at).copied().flatten();
        hopper.is_some_and(|caps| caps.held() < super::FEW_CAPS)
    }

    fn machine_word(&self, at: usize) -> &'static str {
        let now = &self.line.machines[at].now;
        match halted(&self.now.starters[at]) {
            Some(word) => word,
            None if self.lacks_caps(at) => "no caps",
            None if now.blocked => "blocked",
            None if now.starved || at == 0 && self.now.dry => "starved",
            None if now.speed > 0.01 => "running",
            None => "stopped",
        }
    }

    /// Power of the packer, kW: of its control, and of its axes while they move.
    pub(super) fn packer_kw(&self) -> f64 {
        let head = &self.gantry.now;
        0.15 + 0.9 * (head.across.speed.abs() + head.lift.speed.abs())
    }

    fn write_packer(&self, b: &mut Board) {
        let (o, gantry) = (&self.out, &self.gantry);
        let power = self.packer_kw() * b.meters.share(self.wired.bus);
        let (packed, waiting) = (self.now.packed as f64, self.table.count() as f64);
        let (across, lift) = (gantry.now.across.at, gantry.now.lift.at);
        b.set_all(&o.packer, [packed, waiting, across, lift, power]);
        let starved = self.now.idle_s > STARVED_S;
        let word = match halted(&self.now.starters[self.packer_at()]) {
            Some(word) => word,
            None if gantry.is_blocked() => "blocked",
            None => ["running", "starved"][usize::from(starved)],
        };
        b.set_word(o.packer_state, word);
        let c = &self.crates;
        let (waiting, broken) = (c.waiting(2.0) as f64, self.now.broken as f64);
        b.set_all(&o.crates, [c.now.speed, c.now.travel_m, waiting, broken]);
        let queue = if c.now.things.len() > 6 { "queue" } else { "running" };
        b.set_word(o.crates_state, halted(&self.now.starters[self.crates_at()]).unwrap_or(queue));
    }

    /// Power of the robot, kW: of its control and of its axes.
    pub(super) fn robot_kw(&self) -> f64 {
        0.55 + self.now.drives.power_kw()
    }

    fn write_robot(&self, b: &mut Board) {
        let (o, r) = (&self.out, &self.robot.now);
        let power = self.robot_kw() * b.meters.share(self.wired.bus);
        let ([j1, j2, j3, j4, j5, j6], cycles) = (r.joints, r.cycles as f64);
        let (speed, set) = (100.0 * r.pace, self.now.robot_speed);
        b.set_all(&o.robot, [j1, j2, j3, j4, j5, j6, r.jaw_mm, cycles, power, speed, set]);
        let axes = &self.now.drives.0;
        b.set_all(&o.currents, std::array::from_fn(|at| axes[at].current_a));
        b.set_all(&o.temperatures, std::array::from_fn(|at| axes[at].temperature_c));
        b.set_word(o.robot_words[0], yes(r.holding));
        let word = halted(&self.now.starters[self.robot_at()]).unwrap_or(r.doing.name());
        b.set_word(o.robot_words[1], word);
        let [along, rows, _] = self.spec.cell.stack;
        let count = self.now.stand.unwrap_or(0);
        let layers = count.div_ceil(along * rows);
        b.set_all(&o.pallet, [f64::from(count), f64::from(layers)]);
        b.set_word(o.pallet_present, yes(self.now.stand.is_some()));
    }

    fn write_vehicle(&self, b: &mut Board) {
        let (o, a) = (&self.out, &self.agv.now);
        let [left, right] = a.wheels_m;
        let (crates, pallets) = (a.delivered.0 as f64, a.delivered.1 as f64);
        let (way, charge) = (a.odometer_m, a.charge());
        b.set_all(&o.agv, [way, left, right, a.speed, a.lift_mm, charge, crates, pallets]);
        let word = if a.energy_uj == 0 {
            "empty"
        } else if !self.now.agv_run {
            "stopped"
        } else if self.now.obstacle && a.leg != Leg::Waiting {
            "blocked"
        } else {
            a.leg.name()
        };
        b.set_word(o.agv_words[0], word);
        b.set_word(o.agv_words[1], yes(a.carries.is_some()));
        b.set_word(o.agv_words[2], yes(self.now.agv_run));
        b.set_word(o.agv_words[3], if a.energy_uj == 0 { "empty" } else { "none" });
        let gate = self.now.gate.at;
        b.set(o.gate, gate);
        let moves = if gate >= GATE_OPEN_DEG { "open" } else { "moving" };
        b.set_word(o.gate_words[0], if gate <= 0.0 { "closed" } else { moves });
        b.set_word(o.gate_words[1], yes(self.now.gate_open));
        b.set(o.load_count, f64::from(a.carries.unwrap_or(0)));
        b.set_word(o.load_present, yes(a.carries.is_some()));
    }
}
