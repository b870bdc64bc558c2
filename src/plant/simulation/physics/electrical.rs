//! An uninterruptible supply with its battery, and what a cabinet does with its losses.
//!
//! Energy is counted in whole microjoules, so that what enters is exactly what leaves, what is lost
//! and what the battery holds. The voltage of the battery follows its charge and sags with the load,
//! more so when it is old. An old battery holds less.

use serde::{Deserialize, Serialize};

use super::lag;

/// Microjoules in a kilowatt-second.
const UJ_PER_KJ: f64 = 1e9;
/// Microjoules in a kilowatt-hour.
const UJ_PER_KWH: f64 = 3600.0 * UJ_PER_KJ;
/// Share of its capacity that a worn-out battery has lost.
const FADE: f64 = 0.9;
/// Most power that charges a battery, in its capacities an hour.
const CHARGE_PER_H: f64 = 0.3;
/// How long an overload lasts until it goes over to its bypass, and how long after it comes back, s.
const OVERLOAD_S: [f64; 2] = [30.0, 60.0];
/// Voltage of a phase to neutral, V.
pub const NOMINAL_V: f64 = 231.0;
/// Voltage below which it goes on the battery, V.
const LEAST_V: f64 = 195.0;
/// Shares of power that its converters let through: mains to load, mains to battery, battery to load.
const THROUGH: [f64; 3] = [0.96, 0.93, 0.94];

/// The figures of a supply's name plate.
#[derive(Clone, Copy, Debug)]
pub struct UpsPlate {
    /// Power that it can give, kW.
    pub rated_kw: f64,
    /// Energy of a full battery when new, kWh.
    pub capacity_kwh: f64,
}

/// What acts on a supply during a step.
#[derive(Clone, Copy, Debug)]
pub struct Around {
    /// Share of the mains' voltage.
    pub mains: f64,
    /// The load is put on the battery as if the mains were away.
    pub test: bool,
    /// The load is fed by the mains themselves.
    pub bypass: bool,
    /// Wear of the battery, 0 to 1.
    pub worn: f64,
    /// °C.
    pub ambient_c: f64,
}

/// Energies of a step, µJ.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Flows {
    /// Taken from the mains.
    pub drawn: i64,
    /// Turned into heat.
    pub lost: i64,
}

/// What a supply does.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Ups {
    /// Energy in the battery, µJ.
    pub energy_uj: i64,
    /// Battery, °C.
    pub battery_c: f64,
    /// Mains voltage between a phase and neutral, V.
    pub mains_v: f64,
    /// Power into (positive) or out of the battery, kW.
    pub battery_kw: f64,
    /// Whether its output has a voltage.
    pub carries: bool,
    /// Wear of the battery, 0 to 1, in the last step.
    worn: f64,
    /// For how long its load has been too high, or no longer is while it is in bypass for that, s.
    overload_s: f64,
    /// It is in bypass because its load was too high.
    is_overloaded: bool,
}

impl Ups {
    /// One on the mains with a battery that is charged so far, 0 to 1.
    pub fn new(plate: &UpsPlate, charge: f64) -> Self {
        Self {
            energy_uj: (charge * plate.capacity_kwh * UJ_PER_KWH).round() as i64,
            battery_c: 24.0,
            mains_v: NOMINAL_V,
            battery_kw: 0.0,
            carries: true,
            worn: 0.0,
            overload_s: 0.0,
            is_overloaded: false,
        }
    }

    /// One step in which the load took so many µJ. A load above the rated power is for the mains: after
    /// 30 s it goes over to its bypass, and comes back when the load has been low for a minute. In bypass
    /// the output is what the mains are, and the battery neither gives nor takes. The load took what it took: in the step in which the battery becomes empty it gives a
    /// little more than it had, and then nothing.
    pub fn step(&mut self, plate: &UpsPlate, dt_s: f64, load_uj: i64, around: Around) -> Flows {
        self.mains_v = lag(self.mains_v, NOMINAL_V * around.mains, 0.08, dt_s);
        self.worn = around.worn.clamp(0.0, 1.0);
        self.watch_load(plate, dt_s, load_uj);
        let capacity = self.capacity_uj(plate);
        // What a fading battery can no longer hold is heat.
        let excess = (self.energy_uj - capacity).max(0);
        self.energy_uj -= excess;
        let mut flows = Flows { drawn: 0, lost: excess };
        if around.bypass || self.is_overloaded {
            flows.drawn = load_uj;
            self.battery_kw = 0.0;
            self.carries = !self.on_battery();
        } else if self.on_battery() || (around.test && self.energy_uj > 0) {
            let taken = (load_uj as f64 / THROUGH[2]).round() as i64;
            self.energy_uj -= taken;
            flows.lost += taken - load_uj;
            self.battery_kw = -(taken as f64) / UJ_PER_KJ / dt_s;
            self.carries = self.energy_uj > 0;
        } else {
            // Constant power, then tapering as the battery fills.
            let room = capacity - self.energy_uj;
            let charging = (0.25 * plate.rated_kw)
                .min(CHARGE_PER_H * plate.capacity_kwh)
                .min(room as f64 / UJ_PER_KWH * 30.0);
            let charged = ((charging * THROUGH[1] * dt_s * UJ_PER_KJ).round() as i64).min(room);
            self.energy_uj += charged;
            let heat = load_uj as f64 * (1.0 / THROUGH[0] - 1.0)
                + charged as f64 * (1.0 / THROUGH[1] - 1.0);
            let heat = heat.round() as i64;
            flows.lost += heat;
            flows.drawn = load_uj + charged + heat;
            self.battery_kw = charging;
            self.carries = true;
        }
        let heat = 3.0 + 1.6 * self.battery_kw.abs();
        self.battery_c = lag(self.battery_c, around.ambient_c + heat, 900.0, dt_s);
        flows
    }

    fn watch_load(&mut self, plate: &UpsPlate, dt_s: f64, load_uj: i64) {
        let high = load_uj as f64 / UJ_PER_KJ / dt_s > plate.rated_kw;
        let counts = if self.is_overloaded { !high && !self.on_battery() } else { high };
        self.overload_s = if counts { self.overload_s + dt_s } else { 0.0 };
        if self.overload_s >= OVERLOAD_S[usize::from(self.is_overloaded)] {
            self.is_overloaded = !self.is_overloaded;
            self.overload_s = 0.0;
        }
    }

    fn capacity_uj(&self, plate: &UpsPlate) -> i64 {
        ((1.0 - FADE * self.worn) * plate.capacity_kwh * UJ_PER_KWH).round() as i64
    }

    /// Whether the mains are too low to live on.
    pub fn on_battery(&self) -> bool {
        self.mains_v < LEAST_V
    }

    /// Energy in the battery, kWh.
    pub fn energy_kwh(&self) -> f64 {
        self.energy_uj.max(0) as f64 / UJ_PER_KWH
    }

    /// Charge, % of what the battery holds now.
    pub fn charge_percent(&self, plate: &UpsPlate) -> f64 {
        100.0 * self.energy_uj.max(0) as f64 / self.capacity_uj(plate).max(1) as f64
    }

    /// Voltage of the battery, V: 32 blocks of 12 V.
    pub fn battery_v(&self, plate: &UpsPlate) -> f64 {
        let resistance = 1.1 * (1.0 + 2.5 * self.worn);
        362.0 + 0.52 * self.charge_percent(plate) + resistance * self.battery_kw
    }

    /// Minutes that the battery would last, at most 999.
    pub fn minutes(&self, load_kw: f64) -> f64 {
        (60.0 * self.energy_kwh() * THROUGH[2] / load_kw.max(0.05)).min(999.0)
    }

    /// In a word.
    pub fn state(&self, plate: &UpsPlate) -> &'static str {
        match () {
            () if !self.carries => "empty",
            () if self.on_battery() || self.battery_kw < 0.0 => "battery",
            () if self.battery_kw > 0.0 && self.charge_percent(plate) < 99.0 => "charging",
            () => "mains",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLATE: UpsPlate = UpsPlate { rated_kw: 20.0, capacity_kwh: 12.0 };

    const USUAL: Around =
        Around { mains: 1.0, test: false, bypass: false, worn: 0.0, ambient_c: 22.0 };

    /// What was drawn, delivered and lost, µJ.
    fn run(ups: &mut Ups, seconds: usize, load_kw: f64, mains: f64, worn: f64) -> [i64; 3] {
        let mut sum = [0; 3];
        for _ in 0..seconds {
            let load = if ups.carries { (load_kw * 1e9) as i64 } else { 0 };
            let flows = ups.step(&PLATE, 1.0, load, Around { mains, worn, ..USUAL });
            sum = [sum[0] + flows.drawn, sum[1] + load, sum[2] + flows.lost];
        }
        sum
    }

    #[test]
    fn an_hour_on_battery_takes_the_energy_of_the_load() {
        let mut ups = Ups::new(&PLATE, 1.0);
        run(&mut ups, 3600, 4.7, 0.4, 0.0);
        assert!((ups.energy_kwh() - 7.0).abs() < 1e-6, "{}", ups.energy_kwh());
        assert_eq!((ups.state(&PLATE), ups.carries), ("battery", true));
        run(&mut ups, 2, 4.7, 1.0, 0.0);
        assert_eq!(ups.state(&PLATE), "charging");
    }

    #[test]
    fn every_microjoule_is_delivered_lost_or_held_until_the_battery_is_empty_and_after() {
        let mut ups = Ups::new(&PLATE, 0.3);
        for (mains, worn) in [(1.0, 0.0), (0.4, 0.0), (1.0, 0.3), (0.0, 0.9), (1.0, 1.0)] {
            let held = ups.energy_uj;
            let [drawn, delivered, lost] = run(&mut ups, 5000, 7.313, mains, worn);
            assert_eq!(drawn, delivered + lost + ups.energy_uj - held, "{mains}");
            if mains == 0.0 {
                assert_eq!((ups.state(&PLATE), ups.carries), ("empty", false));
            }
        }
    }

    #[test]
    fn a_battery_is_charged_by_three_tenths_of_its_capacity_an_hour() {
        let mut ups = Ups::new(&UpsPlate { rated_kw: 60.0, ..PLATE }, 0.2);
        ups.step(&UpsPlate { rated_kw: 60.0, ..PLATE }, 1.0, 0, USUAL);
        assert!((ups.battery_kw - 3.6).abs() < 1e-9, "{}", ups.battery_kw);
    }

    #[test]
    fn too_high_a_load_goes_to_the_bypass_where_no_battery_bridges_a_dip() {
        let mut ups = Ups::new(&PLATE, 1.0);
        run(&mut ups, 25, 21.0, 1.0, 0.0);
        let mut held = ups.energy_uj;
        run(&mut ups, 3, 4.0, 0.0, 0.0);
        assert!(ups.carries && ups.energy_uj < held, "a short overload changes nothing");
        run(&mut ups, 40, 21.0, 1.0, 0.0);
        held = ups.energy_uj;
        let [drawn, delivered, lost] = run(&mut ups, 20, 4.0, 1.0, 0.0);
        assert_eq!((drawn, lost, ups.energy_uj), (delivered, 0, held), "in bypass");
        run(&mut ups, 3, 4.0, 0.0, 0.0);
        assert!(!ups.carries && ups.state(&PLATE) == "empty");
        run(&mut ups, 70, 4.0, 1.0, 0.0);
        run(&mut ups, 3, 4.0, 0.0, 0.0);
        assert!(ups.carries, "the load was low for a minute");
    }

    #[test]
    fn an_old_battery_lasts_for_less_and_sags_more() {
        let (mut new, mut old) = (Ups::new(&PLATE, 1.0), Ups::new(&PLATE, 1.0));
        run(&mut new, 60, 4.7, 0.4, 0.0);
        run(&mut old, 60, 4.7, 0.4, 1.0);
        assert!(old.minutes(4.7) < 0.2 * new.minutes(4.7));
        assert!(old.battery_v(&PLATE) < new.battery_v(&PLATE) - 10.0);
    }
}
