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

    /// What is wrong with it, and what to do.
    ///
    /// # Errors
    /// The first mistake.
    pub fn check(&self) -> Result<(), String> {
        let jam = self.jam_place();
        let held = self.machines.iter().find(|m| jam >= m.enter && jam < m.leave);
        if let Some(machine) = held {
            return Err(format!(
                "bottles cannot jam at {jam} m, which is within {}; state a `jam_at` on a belt",
                machine.asset
            ));
        }
        let positive = [
            ("length", self.length),
            ("belt", self.belt),
            ("gap", self.gap),
            ("rate", self.rate),
            ("bottle_m3", self.bottle_m3),
            ("cycle_s", self.cell.cycle_s),
            ("track_m", self.route.track_m),
            ("crate_kg", self.crate_kg),
        ];
        let (to_filling, to_robot, speed, gap) = self.crate_line;
        let crate_line = [to_filling, to_robot, speed, gap].map(|value| ("crate_line", value));
        let lane = [self.packer.lane.0, self.packer.lane.1].map(|value| ("lane", value));
        let radii = self.machines.iter().map(|machine| ("radius", machine.radius));
        for (name, value) in positive.into_iter().chain(crate_line).chain(lane).chain(radii) {
            if !(value > 0.0 && value.is_finite()) {
                return Err(format!("`{name}` of {} is {value}; expected more than 0", self.line));
            }
        }
        if !(0.0..=self.length).contains(&jam) {
            return Err(format!("`jam_at` is {jam} m, beyond the path of {} m", self.length));
        }
        Ok(())
    }
}
