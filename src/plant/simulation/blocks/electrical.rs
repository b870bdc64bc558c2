//! Geared motors, the battery supply, cabinets.

use serde::Deserialize;

use super::{Block, room, set_all};
use crate::plant::simulation::physics::{electrical, lag};
use crate::plant::simulation::wiring::{Board, Input, Kind, Source, Wiring};

/// A geared motor that drives a belt. Signals: speed, travel, power, current, temperature, hours,
/// state.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DriveSpec {
    asset: String,
    /// m/s.
    speed: Source,
    rated_kw: f64,
    /// m/s.
    rated_speed: f64,
}

struct Drive {
    speed: Input,
    rated_kw: f64,
    rated_speed: f64,
    travel: f64,
    temperature: f64,
    hours: f64,
    outputs: [usize; 6],
    state: usize,
}

impl DriveSpec {
    pub(super) fn build(&self, w: &mut Wiring) -> Box<dyn Block> {
        let outputs = [
            ("speed", "m/s"),
            ("travel", "m"),
            ("power", "kW"),
            ("current", "A"),
            ("temperature", "Cel"),
            ("hours", "h"),
        ];
        Box::new(Drive {
            speed: w.input(&self.speed),
            rated_kw: self.rated_kw,
            rated_speed: self.rated_speed.abs().max(1e-3),
            travel: 0.0,
            temperature: 22.0,
            hours: 0.0,
            outputs: w.numbers(&self.asset, outputs),
            state: w.output(&self.asset, "state", Kind::Word),
        })
    }
}

impl Block for Drive {
    fn step(&mut self, b: &mut Board, _time_s: f64, dt_s: f64) {
        let speed = b.read(&self.speed);
        let running = speed.abs() > 1e-3;
        self.travel += speed * dt_s;
        self.hours += if running { dt_s / 3600.0 } else { 0.0 };
        // Friction of the belt grows with its way, a fifth is the gear's own.
        let power = if running {
            self.rated_kw * (0.2 + 0.5 * speed.abs() / self.rated_speed)
        } else {
            0.02 * self.rated_kw
        };
        self.temperature = lag(self.temperature, 22.0 + 38.0 * power / self.rated_kw, 600.0, dt_s);
        let current = power * 1000.0 / (3f64.sqrt() * 400.0 * 0.78);
        let values = [speed, self.travel, power, current, self.temperature, self.hours];
        set_all(b, &self.outputs, values);
        b.set_word(self.state, if running { "running" } else { "stopped" });
    }
}

/// An uninterruptible supply. Signals: load, power, charge, energy, battery_voltage,
/// mains_voltage, battery_temperature, minutes, battery_power, state.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UpsSpec {
    asset: String,
    /// kW.
    load: Source,
    rated_kw: f64,
    capacity_kwh: f64,
    /// Above 0.5 the mains are away.
    #[serde(default)]
    mains_lost: Source,
}

struct UpsBlock {
    ups: electrical::Ups,
    inputs: [Input; 2],
    outputs: [usize; 9],
    state: usize,
}

impl UpsSpec {
    pub(super) fn build(&self, w: &mut Wiring) -> Box<dyn Block> {
        let outputs = [
            ("load", "%"),
            ("power", "kW"),
            ("charge", "%"),
            ("energy", "kW.h"),
            ("battery_voltage", "V"),
            ("mains_voltage", "V"),
            ("battery_temperature", "Cel"),
            ("minutes", "min"),
            ("battery_power", "kW"),
        ];
        Box::new(UpsBlock {
            ups: electrical::Ups {
                rated_kw: self.rated_kw,
                capacity_kwh: self.capacity_kwh,
                energy_kwh: 0.97 * self.capacity_kwh,
                battery_c: 24.0,
                mains_v: 231.0,
                battery_kw: 0.0,
            },
            inputs: [&self.load, &self.mains_lost].map(|source| w.input(source)),
            outputs: w.numbers(&self.asset, outputs),
            state: w.output(&self.asset, "state", Kind::Word),
        })
    }
}

impl Block for UpsBlock {
    fn step(&mut self, b: &mut Board, _time_s: f64, dt_s: f64) {
        let [load, lost] = b.read_all(&self.inputs);
        let u = &mut self.ups;
        u.step(dt_s, load, lost > 0.5, 22.0);
        let values = [
            100.0 * load / u.rated_kw,
            load,
            u.charge_percent(),
            u.energy_kwh,
            u.battery_v(),
            u.mains_v,
            u.battery_c,
            u.minutes(load),
            u.battery_kw,
        ];
        set_all(b, &self.outputs, values);
        b.set_word(self.state, u.state());
    }
}

/// A cabinet. Signals: power, current, temperature, fan, state.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CabinetSpec {
    asset: String,
    /// kW.
    load: Source,
    /// Share of the load that warms it.
    losses: f64,
    /// °C.
    #[serde(default = "room")]
    ambient: Source,
}

struct Cabinet {
    inputs: [Input; 2],
    losses: f64,
    temperature: f64,
    fan: bool,
    outputs: [usize; 3],
    words: [usize; 2],
}

impl CabinetSpec {
    pub(super) fn build(&self, w: &mut Wiring) -> Box<dyn Block> {
        let outputs = [("power", "kW"), ("current", "A"), ("temperature", "Cel")];
        Box::new(Cabinet {
            inputs: [&self.load, &self.ambient].map(|source| w.input(source)),
            losses: self.losses,
            temperature: 25.0,
            fan: false,
            outputs: w.numbers(&self.asset, outputs),
            words: ["fan", "state"].map(|name| w.output(&self.asset, name, Kind::Word)),
        })
    }
}

impl Block for Cabinet {
    fn step(&mut self, b: &mut Board, _time_s: f64, dt_s: f64) {
        let [load, ambient] = b.read_all(&self.inputs);
        // Losses warm the cabinet by 14 K a kilowatt with the fan, by 30 K without it.
        let rise = (0.12 + self.losses * load) * if self.fan { 14.0 } else { 30.0 };
        self.temperature = lag(self.temperature, ambient + rise, 500.0, dt_s);
        self.fan = self.temperature > if self.fan { 31.0 } else { 35.0 };
        let current = load * 1000.0 / (3f64.sqrt() * 400.0 * 0.9);
        set_all(b, &self.outputs, [load, current, self.temperature]);
        b.set_word(self.words[0], if self.fan { "on" } else { "off" });
        b.set_word(self.words[1], if self.temperature > 48.0 { "hot" } else { "ok" });
    }
}
