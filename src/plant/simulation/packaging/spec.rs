//! The packaging side, as the file states it; `outputs` has the signals of each asset.

use serde::Deserialize;

use crate::plant::simulation::physics::agv::Route;
use crate::plant::simulation::physics::robot::Cell;
use crate::plant::simulation::wiring::Source;

/// A rotary machine.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MachineSpec {
    /// The machine's own asset.
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
    /// Caps that its hopper holds; 0: it needs none.
    #[serde(default)]
    pub hopper: u32,
}

/// The case packer: a table with lanes, and a gantry that lifts a crateful.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PackerSpec {
    /// The packer's own asset.
    pub asset: String,
    /// The bottles in its head.
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
    /// The bottle line.
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
    /// Number above 0.5: the line is jammed.
    #[serde(default)]
    pub jam: Source,
    /// Where on the path bottles jam, m; unless stated in the middle between the first machine and
    /// the second, or the end.
    #[serde(default)]
    pub jam_at: Option<f64>,
    /// Level of the product, %; below 5 the filler stops.
    pub product: Source,
    /// The tank that the filler empties, or `outside`.
    #[serde(default = "outside")]
    pub product_tank: String,
    /// The drives of the line's belts, and of the crate conveyor: each stops it while it is not
    /// available.
    #[serde(default)]
    pub belts: Vec<String>,
    /// See `belts`.
    #[serde(default)]
    pub crate_belts: Vec<String>,
    /// The asset that supplies machines, robot and the vehicle's charger, or `outside`.
    #[serde(default = "outside")]
    pub supply: String,
    /// Temperature of the hall, °C.
    #[serde(default = "room")]
    pub ambient: Source,
    /// Mass of a full crate, kg.
    #[serde(default = "crate_kg")]
    pub crate_kg: f64,
    /// The packer. Without one, bottles leave at the end of the line.
    #[serde(default)]
    pub packer: Option<PackerSpec>,
    /// The crate conveyor, which a packer needs. Empty crates are stage 0, full ones stage 1.
    #[serde(default)]
    pub crates: Option<String>,
    /// From its start to where crates are filled, from there to its end, m; its speed, m/s; the
    /// smallest distance of crates, m.
    #[serde(default)]
    pub crate_line: Option<(f64, f64, f64, f64)>,
    /// The robot. Without one, full crates leave at the end of their conveyor.
    #[serde(default)]
    pub robot: Option<String>,
    /// What it works on.
    #[serde(default)]
    pub cell: Option<Cell>,
    /// The pallet on the stand.
    #[serde(default)]
    pub pallet: Option<String>,
    /// Distance along the crates' path on a pallet: start of a row to its first crate, between
    /// crates, from row to row, from layer to layer, m.
    #[serde(default)]
    pub pattern: Option<(f64, f64, f64, f64)>,
    /// The vehicle. Without one, somebody takes a full pallet away and brings an empty one.
    #[serde(default)]
    pub agv: Option<String>,
    /// Its route.
    #[serde(default)]
    pub route: Option<Route>,
    /// The gate that it passes; without one its way is always free.
    #[serde(default)]
    pub gate: Option<String>,
    /// The pallet on the vehicle.
    #[serde(default)]
    pub load: Option<String>,
}

/// Packer and crate conveyor, as the file states them.
#[derive(Clone, Debug)]
pub struct PackingSpec {
    /// The packer.
    pub packer: PackerSpec,
    /// The crate conveyor.
    pub crates: String,
    /// See [`PackagingSpec::crate_line`].
    pub crate_line: (f64, f64, f64, f64),
}

/// Robot and pallet, as the file states them.
#[derive(Clone, Debug)]
pub struct CellSpec {
    /// The robot.
    pub robot: String,
    /// What it works on.
    pub cell: Cell,
    /// The pallet on the stand.
    pub pallet: String,
    /// See [`PackagingSpec::pattern`].
    pub pattern: (f64, f64, f64, f64),
}

/// Vehicle and gate, as the file states them.
#[derive(Clone, Debug)]
pub struct VehicleSpec {
    /// The vehicle.
    pub agv: String,
    /// Its route.
    pub route: Route,
    /// The gate that it passes.
    pub gate: Option<String>,
    /// The pallet that it carries.
    pub load: String,
}

/// What of a `Packaging` block there is beyond its line, each with what comes before it.
#[derive(Clone, Debug, Default)]
pub struct Extent {
    /// Packer and crates.
    pub packing: Option<PackingSpec>,
    /// Robot and pallet.
    pub cell: Option<CellSpec>,
    /// Vehicle and gate.
    pub vehicle: Option<VehicleSpec>,
}

fn outside() -> String {
    "outside".into()
}

fn room() -> Source {
    Source::Number(22.0)
}

fn crate_kg() -> f64 {
    14.0
}

impl PackagingSpec {
    /// The stage of a bottle that has everything.
    pub fn last_stage(&self) -> u8 {
        let machines = self.machines.iter().map(|machine| machine.stage);
        machines.chain(self.marks.iter().map(|(_, stage)| *stage)).max().unwrap_or(0)
    }

    /// Where bottles jam, m.
    pub fn jam_place(&self) -> f64 {
        self.jam_at.unwrap_or_else(|| {
            let from = self.machines.first().map_or(0.0, |first| first.leave);
            let to = self.machines.get(1).map_or(self.length, |second| second.enter);
            (from + to) / 2.0
        })
    }

    /// All assets of which it sets signals, or would.
    pub fn assets(&self) -> Vec<&str> {
        let machines = self.machines.iter().map(|machine| &machine.asset);
        let packer = self.packer.iter().flat_map(|packer| [&packer.asset, &packer.head]);
        let cell = [&self.crates, &self.robot, &self.pallet];
        let vehicle = [&self.agv, &self.gate, &self.load];
        let others = cell.into_iter().chain(vehicle).flatten();
        let all = std::iter::once(&self.line).chain(machines).chain(packer).chain(others);
        all.map(String::as_str).collect()
    }

    /// What there is beyond the line, and what is missing or stands alone: the field, and the message.
    pub fn extent(&self) -> (Extent, Vec<(String, String)>) {
        let packing = self.packer.clone().zip(self.crates.clone()).zip(self.crate_line);
        let packing = packing.map(|((packer, crates), crate_line)| PackingSpec {
            packer,
            crates,
            crate_line,
        });
        let cell = self.robot.clone().zip(self.cell.clone());
        let cell = cell
            .zip(self.pallet.clone().zip(self.pattern))
            .map(|((robot, cell), (pallet, pattern))| CellSpec { robot, cell, pallet, pattern });
        let vehicle = self.agv.clone().zip(self.route.clone()).zip(self.load.clone());
        let gate = self.gate.clone();
        let vehicle = vehicle.map(|((agv, route), load)| VehicleSpec { agv, route, gate, load });
        (Extent { packing, cell, vehicle }, self.incomplete())
    }

    /// Fields that need others which are not stated.
    fn incomplete(&self) -> Vec<(String, String)> {
        let (packer, robot, agv) =
            (self.packer.is_some(), self.robot.is_some(), self.agv.is_some());
        let groups = [
            (("packer", packer), ("crates", self.crates.is_some())),
            (("packer", packer), ("crate_line", self.crate_line.is_some())),
            (("robot", robot), ("cell", self.cell.is_some())),
            (("robot", robot), ("pallet", self.pallet.is_some())),
            (("robot", robot), ("pattern", self.pattern.is_some())),
            (("agv", agv), ("route", self.route.is_some())),
            (("agv", agv), ("load", self.load.is_some())),
        ];
        let both = groups.iter().filter_map(|((first, has_first), (other, has_other))| {
            match (has_first, has_other) {
                (true, false) => {
                    let what = format!(
                        "`{other}` is missing, which `{first}` needs; state both of {}, or neither",
                        self.line
                    );
                    Some((first.to_string(), what))
                }
                (false, true) => Some(self.alone(other, first)),
                _ => None,
            }
        });
        let after = [
            (robot && !packer, "robot", "packer"),
            (agv && !robot, "agv", "robot"),
            (self.gate.is_some() && !agv, "gate", "agv"),
            (!self.crate_belts.is_empty() && !packer, "crate_belts", "packer"),
        ];
        let after = after.iter().filter(|(wrong, ..)| *wrong);
        both.chain(after.map(|(_, name, needed)| self.alone(name, needed))).collect()
    }

    fn alone(&self, name: &str, needed: &str) -> (String, String) {
        let what = format!(
            "`{name}` is stated without `{needed}`, which it needs; state both of {}, or neither",
            self.line
        );
        (name.to_string(), what)
    }
}

impl Extent {
    /// Bottles in a crate; 0 where there are no crates.
    pub fn per_crate(&self) -> u64 {
        let lanes = self.packing.as_ref().map(|packing| packing.packer.lanes);
        lanes.map_or(0, |(lanes, deep)| (lanes * deep) as u64)
    }

    /// Crates on a full pallet; 0 where there is none.
    pub fn full(&self) -> u32 {
        self.cell.as_ref().map_or(0, |cell| cell.cell.full())
    }

    /// The assets that have a starter, in the order of their starters: machines, packer, crate
    /// conveyor, robot.
    pub fn with_starters<'a>(&'a self, spec: &'a PackagingSpec) -> Vec<&'a str> {
        let machines = spec.machines.iter().map(|machine| machine.asset.as_str());
        let packing = self.packing.iter().flat_map(|p| [&*p.packer.asset, &*p.crates]);
        machines.chain(packing).chain(self.cell.iter().map(|cell| &*cell.robot)).collect()
    }
}
