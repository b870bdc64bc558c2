//! The packaging side, as the file states it; `outputs` has the signals of each asset.

use serde::Deserialize;

use crate::plant::simulation::physics::agv::Route;
use crate::plant::simulation::physics::robot::Cell;
use crate::plant::simulation::reading::figure;
use crate::plant::simulation::wiring::{Source, Wiring};

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
    /// The packer.
    pub packer: PackerSpec,
    /// The crate conveyor. Empty crates are stage 0, full ones stage 1.
    pub crates: String,
    /// From its start to where crates are filled, from there to its end, m; its speed, m/s; the
    /// smallest distance of crates, m.
    pub crate_line: (f64, f64, f64, f64),
    /// The robot.
    pub robot: String,
    /// What it works on.
    pub cell: Cell,
    /// The pallet on the stand.
    pub pallet: String,
    /// Distance along the crates' path on a pallet: start of a row to its first crate, between
    /// crates, from row to row, from layer to layer, m.
    pub pattern: (f64, f64, f64, f64),
    /// The vehicle.
    pub agv: String,
    /// Its route.
    pub route: Route,
    /// The gate that it passes.
    pub gate: String,
    /// The pallet on the vehicle.
    pub load: String,
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
    /// Bottles in a crate.
    pub fn per_crate(&self) -> u64 {
        (self.packer.lanes.0.max(1) * self.packer.lanes.1.max(1)) as u64
    }

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

    /// All assets of which it sets signals.
    pub fn assets(&self) -> Vec<&str> {
        let own = [&self.line, &self.packer.asset, &self.packer.head, &self.crates, &self.robot];
        let others = [&self.pallet, &self.agv, &self.gate, &self.load];
        let machines = self.machines.iter().map(|machine| &machine.asset);
        own.into_iter().chain(others).chain(machines).map(String::as_str).collect()
    }

    /// Notes all that is wrong with it; `false` when something is.
    pub fn check(&self, w: &mut Wiring) -> bool {
        let before = w.mistakes.len();
        self.check_line(w);
        self.check_packer(w);
        self.check_cell(w);
        self.check_route(w);
        w.mistakes.len() == before
    }

    fn check_line(&self, w: &mut Wiring) {
        let length = w.check("length", self.length, 0.1..=1e4, "m");
        w.check("belt", self.belt, 1e-3..=100.0, "m/s");
        w.check("gap", self.gap, 0.01..=100.0, "m");
        w.check("rate", self.rate, 1.0..=1e6, "{bottle}/h");
        w.check("bottle_m3", self.bottle_m3, 1e-6..=10.0, "m3");
        w.check("crate_kg", self.crate_kg, 0.01..=1e4, "kg");
        for (at, machine) in self.machines.iter().enumerate() {
            let mut check = |field: &str, value, range, unit| {
                w.check(&format!("machines.{at}.{field}"), value, range, unit)
            };
            let enter = check("enter", machine.enter, 0.0..=length, "m");
            let leave = check("leave", machine.leave, enter..=length, "m");
            check("done", machine.done, enter..=leave, "m");
            check("pocket", machine.pocket, -1e4..=1e4, "m");
            check("pockets", f64::from(machine.pockets), 1.0..=1e4, "1");
            check("radius", machine.radius, 1e-3..=1e3, "m");
            check("power_kw", machine.power_kw, 0.0..=1e4, "kW");
            check("hopper", f64::from(machine.hopper), 0.0..=1e6, "1");
        }
        for (at, (metres, _)) in self.marks.iter().enumerate() {
            w.check(&format!("marks.{at}"), *metres, 0.0..=length, "m");
        }
        let jam = w.check("jam_at", self.jam_place(), 0.0..=length, "m");
        if let Some(machine) = self.machines.iter().find(|m| jam >= m.enter && jam < m.leave) {
            let what = format!(
                "bottles cannot jam at {} m, which is within {}; state a `jam_at` on a belt",
                figure(jam),
                machine.asset
            );
            w.mistakes.push(("jam_at".into(), what));
        }
    }

    fn check_packer(&self, w: &mut Wiring) {
        let packer = &self.packer;
        let (lanes, deep) = packer.lanes;
        w.check("packer.lanes", lanes as f64, 1.0..=100.0, "1");
        w.check("packer.lanes", deep as f64, 1.0..=100.0, "1");
        w.check("packer.lane", packer.lane.0, 0.01..=1e3, "m");
        w.check("packer.lane", packer.lane.1, 1e-3..=1e3, "m");
        let (across, grip, set) = packer.reach;
        for way in [across, grip, set] {
            w.check("packer.reach", way, -1e3..=1e3, "m");
        }
        let (step, row) = packer.head_steps;
        for (field, way) in [
            ("packer.lane_step", packer.lane_step),
            ("packer.head_steps", step),
            ("packer.head_steps", row),
        ] {
            w.check(field, way, -1e4..=1e4, "m");
        }
        for at in packer.head_at {
            w.check("packer.head_at", at, -1e5..=1e5, "m");
        }
        let (to_filling, to_robot, speed, gap) = self.crate_line;
        w.check("crate_line", to_filling, 0.01..=1e3, "m");
        w.check("crate_line", to_robot, 0.01..=1e3, "m");
        w.check("crate_line", speed, 1e-3..=100.0, "m/s");
        w.check("crate_line", gap, 0.01..=100.0, "m");
        let (first, next, row, layer) = self.pattern;
        for way in [first, next, row, layer] {
            w.check("pattern", way, -1e4..=1e4, "m");
        }
    }

    fn check_cell(&self, w: &mut Wiring) {
        let (cell, links) = (&self.cell, &self.cell.links);
        for (field, length) in [
            ("cell.links.shoulder_height", links.shoulder_height),
            ("cell.links.shoulder_offset", links.shoulder_offset),
            ("cell.links.elbow_offset", links.elbow_offset),
            ("cell.links.hand", links.hand),
        ] {
            w.check(field, length, -100.0..=100.0, "m");
        }
        w.check("cell.links.upper_arm", links.upper_arm, 0.01..=100.0, "m");
        w.check("cell.links.forearm", links.forearm, 0.01..=100.0, "m");
        for (field, place) in [("cell.pick", cell.pick), ("cell.pallet", cell.pallet)] {
            for at in place {
                w.check(field, at, -1e4..=1e4, "m");
            }
        }
        for count in cell.stack {
            w.check("cell.stack", f64::from(count), 1.0..=20.0, "1");
        }
        for pitch in cell.pitch {
            w.check("cell.pitch", pitch, 1e-3..=100.0, "m");
        }
        w.check("cell.yaw", cell.yaw, -360.0..=360.0, "deg");
        w.check("cell.clearance", cell.clearance, 0.0..=100.0, "m");
        w.check("cell.cycle_s", cell.cycle_s, 0.5..=3600.0, "s");
    }

    fn check_route(&self, w: &mut Wiring) {
        let route = &self.route;
        let places = std::iter::once(("route.stand", route.stand));
        let points = route.points.iter().map(|point| ("route.points", *point));
        for (field, (x, z)) in places.chain(points) {
            w.check(field, x, -1e5..=1e5, "m");
            w.check(field, z, -1e5..=1e5, "m");
        }
        if route.points.len() < 2 {
            let what = format!("the `route` of {} has less than two points", self.agv);
            w.mistakes.push(("route.points".into(), what));
        }
        w.check("route.corner_radius", route.corner_radius, 0.0..=1e3, "m");
        w.check("route.warehouse_m", route.warehouse_m, 0.0..=1e6, "m");
        let speed = w.check("route.speed", route.speed, 0.01..=50.0, "m/s");
        w.check("route.slow", route.slow, 0.01..=speed, "m/s");
        w.check("route.turn_deg_s", route.turn_deg_s, 1.0..=720.0, "deg/s");
        w.check("route.track_m", route.track_m, 0.05..=100.0, "m");
        let lift = w.check("route.lift_mm", route.lift_mm, 1.0..=1e4, "mm");
        w.check("route.touch_mm", route.touch_mm, 0.0..=lift, "mm");
    }
}
