//! The packaging side, as the file states it.

use serde::Deserialize;

use crate::plant::simulation::physics::agv::Route;
use crate::plant::simulation::physics::robot::Cell;
use crate::plant::simulation::wiring::Source;

/// A rotary machine.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MachineSpec {
    /// Signals: speed, turns, rate, count, power, flow, state.
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

/// The case packer: a table with lanes, and a gantry that lifts a crateful.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PackerSpec {
    /// Signals: count, waiting, bottles, gantry, lift, state.
    pub asset: String,
    /// The bottles in its head. Signals: bottles, pose.
    pub head: String,
    /// Lanes, and bottles in a lane.
    pub lanes: (usize, usize),
    /// Length of a lane and smallest distance of bottles in it, m.
    pub lane: (f64, f64),
    /// On the path of its bottles, from the start of a lane to that of the next, m.
    pub lane_step: f64,
    /// On the path of the bottles in the head, from bottle to bottle and from lane to lane, m.
    pub head_steps: (f64, f64),
    /// Way of the gantry to the crates, and of the lift to grip and to set down, m.
    pub reach: (f64, f64, f64),
    /// Base of the bottles in the head with the gantry and the lift at 0, in the frame of `asset`.
    pub head_at: [f64; 3],
}

/// The packaging side.
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
    /// Places on the path, m, where a bottle gets a stage in passing.
    #[serde(default)]
    pub marks: Vec<(f64, u8)>,
    /// Number above 0.5: the end of the line is jammed.
    #[serde(default)]
    pub jam: Source,
    /// Level of the product, %; below 5 the filler stops.
    pub product: Source,
    /// The packer.
    pub packer: PackerSpec,
    /// The crate conveyor. Signals: speed, travel, crates, waiting, state. Empty crates are stage 0,
    /// full ones stage 1.
    pub crates: String,
    /// From its start to where crates are filled, from there to its end, m; its speed, m/s; the
    /// smallest distance of crates, m.
    pub crate_line: (f64, f64, f64, f64),
    /// The robot. Signals: a1 … a6, jaw, load, holding, cycles, power, state.
    pub robot: String,
    /// What it works on.
    pub cell: Cell,
    /// The pallet on the stand. Signals: crates, count, present, layer.
    pub pallet: String,
    /// Distance along the crates' path on a pallet: start of a row to its first crate, between
    /// crates, from row to row, from layer to layer, m.
    pub pattern: (f64, f64, f64, f64),
    /// The vehicle. Signals: pose, distance, left, right, speed, lift, battery, state, carries.
    pub agv: String,
    /// Its route.
    pub route: Route,
    /// The gate that it passes. Signals: angle in degrees, state.
    pub gate: String,
    /// The pallet on the vehicle. Signals: crates, count, present.
    pub load: String,
}
