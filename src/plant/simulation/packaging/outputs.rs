//! The signals of the packaging side: their places on the board.

use super::spec::{CellSpec, Extent, PackagingSpec, PackingSpec, VehicleSpec};
use crate::plant::simulation::blocks::{MODES, TRUTH};
use crate::plant::simulation::wiring::{Kind, Wiring};

/// Places on the board.
pub struct Outputs {
    pub line: [usize; 8],
    pub bottles: usize,
    /// State, run, cause.
    pub line_words: [usize; 3],
    pub machines: Vec<MachineOut>,
    pub packing: Option<PackingOut>,
    pub cell: Option<CellOut>,
    pub vehicle: Option<VehicleOut>,
    /// By starter: run, mode, lockout, acknowledged, cause.
    pub starters: Vec<[usize; 5]>,
}

/// Of a machine.
pub struct MachineOut {
    pub numbers: [usize; 6],
    pub state: usize,
    /// `None` without a hopper.
    pub caps: Option<usize>,
}

/// Of packer and crate conveyor.
pub struct PackingOut {
    pub packer: [usize; 5],
    pub bottles: usize,
    pub state: usize,
    pub head_bottles: usize,
    pub head_pose: usize,
    pub crates: [usize; 4],
    pub crate_items: usize,
    pub crates_state: usize,
}

/// Of robot and pallet.
pub struct CellOut {
    pub robot: [usize; 11],
    pub currents: [usize; 6],
    pub temperatures: [usize; 6],
    pub load: usize,
    /// Holding, state.
    pub words: [usize; 2],
    pub pallet: [usize; 2],
    pub pallet_items: usize,
    pub pallet_present: usize,
}

/// Of vehicle and gate.
pub struct VehicleOut {
    pub agv: [usize; 8],
    pub pose: usize,
    /// State, carries, run, cause.
    pub words: [usize; 4],
    /// Angle, state, open; `None` without a gate.
    pub gate: Option<[usize; 3]>,
    pub load_count: usize,
    pub load_items: usize,
    pub load_present: usize,
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
    pub fn new(spec: &PackagingSpec, extent: &Extent, w: &mut Wiring) -> Self {
        let machines = spec.machines.iter().map(|machine| {
            let states = if machine.hopper > 0 { CAPPER_STATES } else { MACHINE_STATES };
            MachineOut {
                numbers: w.numbers(&machine.asset, MACHINE),
                state: w.words(&machine.asset, "state", states),
                caps: (machine.hopper > 0).then(|| w.number(&machine.asset, "caps", "1")),
            }
        });
        let machines = machines.collect();
        Self {
            line: w.numbers(&spec.line, LINE),
            bottles: w.output(&spec.line, "bottles", Kind::Items),
            line_words: [
                w.words(&spec.line, "state", &["running", "queue", "jammed", "stopped"]),
                w.words(&spec.line, "run", TRUTH),
                w.words(&spec.line, "cause", line_causes(spec)),
            ],
            machines,
            packing: extent.packing.as_ref().map(|packing| PackingOut::new(packing, w)),
            cell: extent.cell.as_ref().map(|cell| CellOut::new(cell, w)),
            vehicle: extent.vehicle.as_ref().map(|vehicle| VehicleOut::new(vehicle, w)),
            starters: starters(spec, extent, w),
        }
    }
}

/// Why the line can stand: without drives of its belts none of them is a cause.
fn line_causes(spec: &PackagingSpec) -> &'static [&'static str] {
    if spec.belts.is_empty() {
        &["none", "jam", "undervoltage"]
    } else {
        &["none", "jam", "belt", "undervoltage"]
    }
}

/// The signals of all starters, in their order.
fn starters(spec: &PackagingSpec, extent: &Extent, w: &mut Wiring) -> Vec<[usize; 5]> {
    let causes = |at: usize| -> &'static [&'static str] {
        match at.checked_sub(spec.machines.len()) {
            None if spec.machines[at].hopper > 0 => {
                &["none", "overload", "undervoltage", "no caps"]
            }
            None | Some(0) => &["none", "overload", "undervoltage"],
            Some(1) => &["none", "overload", "undervoltage", "crate"],
            Some(_) => &["none", "overload", "undervoltage", "gripper"],
        }
    };
    let assets = extent.with_starters(spec);
    let signals = assets.iter().enumerate().map(|(at, asset)| {
        [
            ("run", TRUTH),
            ("mode", MODES),
            ("lockout", TRUTH),
            ("acknowledged", TRUTH),
            ("cause", causes(at)),
        ]
        .map(|(signal, words)| w.words(asset, signal, words))
    });
    signals.collect()
}

impl PackingOut {
    fn new(spec: &PackingSpec, w: &mut Wiring) -> Self {
        let (packer, head) = (&spec.packer.asset, &spec.packer.head);
        let crates = &["running", "queue", "stopped", "tripped", "locked"];
        Self {
            packer: w.numbers(packer, PACKER),
            bottles: w.output(packer, "bottles", Kind::Items),
            state: w.words(packer, "state", MACHINE_STATES),
            head_bottles: w.output(head, "bottles", Kind::Items),
            head_pose: w.output(head, "pose", Kind::Pose),
            crates: w.numbers(&spec.crates, CRATES),
            crate_items: w.output(&spec.crates, "crates", Kind::Items),
            crates_state: w.words(&spec.crates, "state", crates),
        }
    }
}

impl CellOut {
    fn new(spec: &CellSpec, w: &mut Wiring) -> Self {
        let states = &["waiting", "running", "pallet", "stopped", "tripped", "locked"];
        Self {
            robot: w.numbers(&spec.robot, ROBOT),
            currents: w.numbers(&spec.robot, CURRENTS),
            temperatures: w.numbers(&spec.robot, TEMPERATURES),
            load: w.output(&spec.robot, "load", Kind::Pose),
            words: [w.words(&spec.robot, "holding", TRUTH), w.words(&spec.robot, "state", states)],
            pallet: w.numbers(&spec.pallet, [("count", "1"), ("layer", "1")]),
            pallet_items: w.output(&spec.pallet, "crates", Kind::Items),
            pallet_present: w.words(&spec.pallet, "present", TRUTH),
        }
    }
}

impl VehicleOut {
    fn new(spec: &VehicleSpec, w: &mut Wiring) -> Self {
        let gate = |gate: &String, w: &mut Wiring| {
            let angle = w.number(gate, "angle", "deg");
            let state = w.words(gate, "state", &["closed", "moving", "open"]);
            [angle, state, w.words(gate, "open", TRUTH)]
        };
        Self {
            agv: w.numbers(&spec.agv, AGV),
            pose: w.output(&spec.agv, "pose", Kind::Pose),
            words: [
                w.words(&spec.agv, "state", AGV_STATES),
                w.words(&spec.agv, "carries", TRUTH),
                w.words(&spec.agv, "run", TRUTH),
                w.words(&spec.agv, "cause", &["none", "empty"]),
            ],
            gate: spec.gate.as_ref().map(|asset| gate(asset, w)),
            load_count: w.number(&spec.load, "count", "1"),
            load_items: w.output(&spec.load, "crates", Kind::Items),
            load_present: w.words(&spec.load, "present", TRUTH),
        }
    }
}
