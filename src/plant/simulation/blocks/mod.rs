//! The blocks of which a `simulation` section is made, and how each is wired.
//!
//! A block belongs to an asset and sets signals named `asset.signal`. What it reads is a number, a
//! signal, or a list of them to be added. Blocks step in the order of the file.

use serde::Deserialize;

use super::noise;
use super::packaging::PackagingSpec;
use super::physics::control::Pi;
use super::physics::electrical;
use super::physics::exchanger::{self, Outlets};
use super::physics::hydraulics::{self, METRES_PER_BAR};
use super::physics::lag;
use super::physics::pump::{self, PumpPlate};
use super::physics::tank;
use super::wiring::{Board, Input, Kind, Source, Wiring};

/// A part of the simulated plant that steps.
pub trait Block: Send {
    /// Advances by `dt_s` to `time_s` since the plant's start.
    fn step(&mut self, board: &mut Board, time_s: f64, dt_s: f64);
}

/// A block as the file states it.
#[derive(Clone, Debug, Deserialize)]
pub enum BlockSpec {
    /// A pump and its motor. Signals: speed, turns, flow, pressure, power, current, bearing,
    /// winding, vibration, hours, state, available.
    Pump {
        asset: String,
        plate: PumpPlate,
        #[serde(default)]
        command: Source,
        #[serde(default)]
        trip: Source,
        #[serde(default = "room")]
        ambient: Source,
    },
    /// Which of some pumps run, at which speed: those that trip are replaced by those that wait.
    /// Signals: `PUMP.command` each.
    Duty { pumps: Vec<String>, running: usize, speed: Source },
    /// Pumps in parallel into one line. Signals: flow, pressure, drop, and the pumps' flows.
    Circuit {
        asset: String,
        pumps: Vec<String>,
        #[serde(default)]
        static_head: Source,
        resistance: Source,
        #[serde(default = "open")]
        kv: Source,
    },
    /// A tank. Signals: level, percent, volume, temperature, inflow, outflow.
    Tank {
        asset: String,
        area: f64,
        height: f64,
        level: f64,
        #[serde(default = "room")]
        temperature: Source,
        #[serde(default)]
        inflow: Source,
        #[serde(default)]
        outflow: Source,
        #[serde(default = "room")]
        inflow_temperature: Source,
        #[serde(default = "room")]
        ambient: Source,
        #[serde(default = "day")]
        loss_s: f64,
    },
    /// A control valve. Signals: command, position, kv, state.
    Valve { asset: String, command: Source, kvs: f64, stroke_s: f64 },
    /// A plate heat exchanger. Signals: product_in, product_out, medium_in, medium_out, duty,
    /// effectiveness.
    Exchanger {
        asset: String,
        flow: Source,
        inlet: Source,
        medium_flow: Source,
        medium_inlet: Source,
        ua: f64,
    },
    /// A PI controller. Signals: measured, setpoint, output.
    Control { asset: String, measured: Source, setpoint: Source, pi: Pi },
    /// A geared motor that drives a belt. Signals: speed, travel, power, current, temperature, hours,
    /// state.
    Drive { asset: String, speed: Source, rated_kw: f64, rated_speed: f64 },
    /// An uninterruptible supply. Signals: load, power, charge, energy, battery_voltage,
    /// mains_voltage, battery_temperature, minutes, state.
    Ups {
        asset: String,
        load: Source,
        rated_kw: f64,
        capacity_kwh: f64,
        #[serde(default)]
        mains_lost: Source,
    },
    /// A cabinet. Signals: power, current, temperature, fan, state.
    Cabinet {
        asset: String,
        load: Source,
        losses: f64,
        #[serde(default = "room")]
        ambient: Source,
    },
    /// Something that happens now and then. Signals: active (0 or 1), since.
    Event { asset: String, first_s: f64, every_s: f64, for_s: f64 },
    /// mean + amplitude · sin(2π t / period + phase), and slow random drift. Signal: value in `unit`.
    Wave {
        asset: String,
        signal: String,
        unit: String,
        mean: f64,
        #[serde(default)]
        amplitude: f64,
        #[serde(default = "minute")]
        period_s: f64,
        #[serde(default)]
        phase: f64,
    },
    /// offset + scale · of, lagged. For instruments and sums. Signal: `signal` in `unit`.
    Follow {
        asset: String,
        signal: String,
        unit: String,
        of: Source,
        #[serde(default = "one")]
        scale: f64,
        #[serde(default)]
        offset: f64,
        #[serde(default)]
        lag_s: f64,
    },
    /// One of two words. Signal: `signal`.
    Word { asset: String, signal: String, of: Source, above: f64, then: String, otherwise: String },
    /// The integral of a number. Signal: `signal` in `unit`.
    Total { asset: String, signal: String, unit: String, of: Source, per_second: f64 },
    /// Bottles, crates, robot, pallet and vehicle.
    Packaging(Box<PackagingSpec>),
}

fn room() -> Source {
    Source::Number(22.0)
}
fn open() -> Source {
    Source::Number(1000.0)
}
fn day() -> f64 {
    86_400.0
}
fn minute() -> f64 {
    60.0
}
fn one() -> f64 {
    1.0
}

/// A text of the file that lives as long as the program: units and words are few.
fn keep(text: &str) -> &'static str {
    Box::leak(text.to_string().into_boxed_str())
}

/// Builds a block; `all` finds the plates of pumps.
pub fn build(
    spec: &BlockSpec,
    all: &[BlockSpec],
    seed: u64,
    w: &mut Wiring,
) -> Option<Box<dyn Block>> {
    Some(match spec {
        BlockSpec::Pump { asset, plate, command, trip, ambient } => Box::new(PumpBlock {
            pump: pump::Pump::new(plate.clone(), 22.0),
            inputs: [command, trip, ambient, &Source::Signal(format!("{asset}.flow"))]
                .map(|s| w.input(s)),
            outputs: [
                ("speed", "{rev}/min"),
                ("turns", "{rev}"),
                ("power", "kW"),
                ("current", "A"),
                ("bearing", "Cel"),
                ("winding", "Cel"),
                ("vibration", "mm/s"),
                ("hours", "h"),
                ("available", "1"),
            ]
            .map(|(n, u)| w.number(asset, n, u)),
            state: w.output(asset, "state", Kind::Word),
            was_tripping: false,
            down_s: 0.0,
        }),
        BlockSpec::Duty { pumps, running, speed } => Box::new(Duty {
            available: pumps
                .iter()
                .map(|p| w.input(&Source::Signal(format!("{p}.available"))))
                .collect(),
            commands: pumps.iter().map(|p| w.number(p, "command", "{rev}/min")).collect(),
            running: *running,
            speed: w.input(speed),
            on: (0..pumps.len()).map(|at| at < *running).collect(),
        }),
        BlockSpec::Circuit { asset, pumps, static_head, resistance, kv } => {
            let mut plates = Vec::new();
            for name in pumps {
                let found = all.iter().find_map(|block| match block {
                    BlockSpec::Pump { asset, plate, .. } if asset == name => Some(plate.clone()),
                    _ => None,
                });
                match found {
                    Some(plate) => plates.push(plate),
                    None => {
                        w.mistakes
                            .push((name.clone(), format!("no block Pump has the asset {name:?}")));
                        return None;
                    }
                }
            }
            Box::new(Circuit {
                plates,
                speeds: pumps
                    .iter()
                    .map(|p| w.input(&Source::Signal(format!("{p}.speed"))))
                    .collect(),
                flows: pumps
                    .iter()
                    .map(|p| (w.number(p, "flow", "m3/h"), w.number(p, "pressure", "bar")))
                    .collect(),
                inputs: [static_head, resistance, kv].map(|s| w.input(s)),
                outputs: [("flow", "m3/h"), ("pressure", "bar"), ("drop", "bar")]
                    .map(|(n, u)| w.number(asset, n, u)),
            })
        }
        BlockSpec::Tank {
            asset,
            area,
            height,
            level,
            temperature,
            inflow,
            outflow,
            inflow_temperature,
            ambient,
            loss_s,
        } => {
            let start = match temperature {
                Source::Number(number) => *number,
                _ => 22.0,
            };
            Box::new(TankBlock {
                tank: tank::Tank {
                    area_m2: *area,
                    height_m: *height,
                    volume_m3: area * level,
                    temperature_c: start,
                    loss_s: *loss_s,
                    spilled_m3: 0.0,
                    missing_m3: 0.0,
                },
                inputs: [inflow, outflow, inflow_temperature, ambient].map(|s| w.input(s)),
                outputs: [
                    ("level", "m"),
                    ("percent", "%"),
                    ("volume", "m3"),
                    ("temperature", "Cel"),
                    ("inflow", "m3/h"),
                    ("outflow", "m3/h"),
                ]
                .map(|(n, u)| w.number(asset, n, u)),
            })
        }
        BlockSpec::Valve { asset, command, kvs, stroke_s } => Box::new(Valve {
            command: w.input(command),
            kvs: *kvs,
            stroke_s: *stroke_s,
            position: 50.0,
            outputs: [("command", "%"), ("position", "%"), ("kv", "m3/h")]
                .map(|(n, u)| w.number(asset, n, u)),
            state: w.output(asset, "state", Kind::Word),
        }),
        BlockSpec::Exchanger { asset, flow, inlet, medium_flow, medium_inlet, ua } => {
            Box::new(Exchanger {
                inputs: [flow, inlet, medium_flow, medium_inlet].map(|s| w.input(s)),
                ua: *ua,
                state: None,
                outputs: [
                    ("product_in", "Cel"),
                    ("product_out", "Cel"),
                    ("medium_in", "Cel"),
                    ("medium_out", "Cel"),
                    ("duty", "kW"),
                    ("effectiveness", "%"),
                    ("medium_flow", "m3/h"),
                ]
                .map(|(n, u)| w.number(asset, n, u)),
            })
        }
        BlockSpec::Control { asset, measured, setpoint, pi } => Box::new(Control {
            inputs: [measured, setpoint].map(|s| w.input(s)),
            pi: pi.clone(),
            outputs: [("measured", "1"), ("setpoint", "1"), ("output", "%")]
                .map(|(n, u)| w.number(asset, n, u)),
        }),
        BlockSpec::Drive { asset, speed, rated_kw, rated_speed } => Box::new(Drive {
            speed: w.input(speed),
            rated_kw: *rated_kw,
            rated_speed: rated_speed.abs().max(1e-3),
            travel: 0.0,
            temperature: 22.0,
            hours: 0.0,
            outputs: [
                ("speed", "m/s"),
                ("travel", "m"),
                ("power", "kW"),
                ("current", "A"),
                ("temperature", "Cel"),
                ("hours", "h"),
            ]
            .map(|(n, u)| w.number(asset, n, u)),
            state: w.output(asset, "state", Kind::Word),
        }),
        BlockSpec::Ups { asset, load, rated_kw, capacity_kwh, mains_lost } => Box::new(UpsBlock {
            ups: electrical::Ups {
                rated_kw: *rated_kw,
                capacity_kwh: *capacity_kwh,
                energy_kwh: 0.97 * capacity_kwh,
                battery_c: 24.0,
                mains_v: 231.0,
                battery_kw: 0.0,
            },
            inputs: [load, mains_lost].map(|s| w.input(s)),
            outputs: [
                ("load", "%"),
                ("power", "kW"),
                ("charge", "%"),
                ("energy", "kW.h"),
                ("battery_voltage", "V"),
                ("mains_voltage", "V"),
                ("battery_temperature", "Cel"),
                ("minutes", "min"),
                ("battery_power", "kW"),
            ]
            .map(|(n, u)| w.number(asset, n, u)),
            state: w.output(asset, "state", Kind::Word),
        }),
        BlockSpec::Cabinet { asset, load, losses, ambient } => Box::new(Cabinet {
            inputs: [load, ambient].map(|s| w.input(s)),
            losses: *losses,
            temperature: 25.0,
            fan: false,
            outputs: [("power", "kW"), ("current", "A"), ("temperature", "Cel")]
                .map(|(n, u)| w.number(asset, n, u)),
            words: ["fan", "state"].map(|n| w.output(asset, n, Kind::Word)),
        }),
        BlockSpec::Event { asset, first_s, every_s, for_s } => Box::new(Event {
            seed,
            stream: noise::stream(asset),
            first_s: *first_s,
            every_s: every_s.max(1.0),
            for_s: *for_s,
            output: w.number(asset, "active", "1"),
        }),
        BlockSpec::Wave { asset, signal, unit, mean, amplitude, period_s, phase } => {
            Box::new(Wave {
                mean: *mean,
                amplitude: *amplitude,
                period_s: *period_s,
                phase: *phase,
                output: w.number(asset, signal, keep(unit)),
            })
        }
        BlockSpec::Follow { asset, signal, unit, of, scale, offset, lag_s } => Box::new(Follow {
            of: w.input(of),
            scale: *scale,
            offset: *offset,
            lag_s: *lag_s,
            value: None,
            output: w.number(asset, signal, keep(unit)),
        }),
        BlockSpec::Word { asset, signal, of, above, then, otherwise } => Box::new(Word {
            of: w.input(of),
            above: *above,
            words: [keep(then), keep(otherwise)],
            output: w.output(asset, signal, Kind::Word),
        }),
        BlockSpec::Total { asset, signal, unit, of, per_second } => Box::new(Total {
            of: w.input(of),
            per_second: *per_second,
            value: 0.0,
            output: w.number(asset, signal, keep(unit)),
        }),
        BlockSpec::Packaging(spec) => spec.build(w)?,
    })
}

struct PumpBlock {
    pump: pump::Pump,
    inputs: [Input; 4],
    outputs: [usize; 9],
    state: usize,
    was_tripping: bool,
    down_s: f64,
}
impl Block for PumpBlock {
    fn step(&mut self, b: &mut Board, _time_s: f64, dt_s: f64) {
        let [command, trip, ambient, flow] = [0, 1, 2, 3].map(|at| b.read(&self.inputs[at]));
        let tripping = trip > 0.5;
        // The event trips it once; it is reset when the event is over and it stands still.
        if tripping && !self.was_tripping {
            self.pump.tripped = true;
        }
        self.was_tripping = tripping;
        self.down_s = if self.pump.tripped && !tripping && self.pump.speed <= 0.0 {
            self.down_s + dt_s
        } else {
            0.0
        };
        if self.down_s > 5.0 {
            self.pump.tripped = false;
        }
        let p = &mut self.pump;
        p.step(dt_s, command, flow, ambient);
        let available = if p.tripped { 0.0 } else { 1.0 };
        let values = [
            p.speed,
            p.turns,
            p.power_kw,
            p.current_a(),
            p.bearing_c,
            p.winding_c,
            p.vibration_mm_s,
            p.hours,
            available,
        ];
        self.outputs.iter().zip(values).for_each(|(slot, value)| b.set(*slot, value));
        b.say(self.state, p.state(command));
    }
}

struct Duty {
    available: Vec<Input>,
    commands: Vec<usize>,
    running: usize,
    speed: Input,
    on: Vec<bool>,
}
impl Block for Duty {
    fn step(&mut self, b: &mut Board, time_s: f64, _dt_s: f64) {
        let speed = b.read(&self.speed);
        for (on, available) in self.on.iter_mut().zip(&self.available) {
            // At the very start nothing has been said yet.
            *on &= time_s <= 0.1 || b.read(available) > 0.5;
        }
        let missing = self.running.saturating_sub(self.on.iter().filter(|on| **on).count());
        for _ in 0..missing {
            let spare =
                (0..self.on.len()).find(|at| !self.on[*at] && b.read(&self.available[*at]) > 0.5);
            if let Some(spare) = spare {
                self.on[spare] = true;
            }
        }
        for (slot, on) in self.commands.iter().zip(&self.on) {
            b.set(*slot, if *on { speed } else { 0.0 });
        }
    }
}

struct Circuit {
    plates: Vec<PumpPlate>,
    speeds: Vec<Input>,
    flows: Vec<(usize, usize)>,
    inputs: [Input; 3],
    outputs: [usize; 3],
}
impl Block for Circuit {
    fn step(&mut self, b: &mut Board, _time_s: f64, _dt_s: f64) {
        let [static_head_m, resistance, kv] = [0, 1, 2].map(|at| b.read(&self.inputs[at]));
        let line = hydraulics::Line { static_head_m, resistance, kv };
        let pumps: Vec<_> = self
            .plates
            .iter()
            .zip(&self.speeds)
            .map(|(plate, speed)| (plate, b.read(speed)))
            .collect();
        let head = hydraulics::meeting_head(&pumps, &line);
        let flows: Vec<f64> = pumps.iter().map(|(plate, speed)| plate.flow(head, *speed)).collect();
        let total: f64 = flows.iter().sum();
        for ((flow_slot, pressure_slot), (flow, (_, speed))) in
            self.flows.iter().zip(flows.iter().zip(&pumps))
        {
            b.set(*flow_slot, *flow);
            b.set(*pressure_slot, if *speed > 1.0 { head / METRES_PER_BAR } else { 0.0 });
        }
        let drop = if kv > 0.0 { (total / kv).powi(2) } else { head / METRES_PER_BAR };
        for (slot, value) in self.outputs.iter().zip([total, head / METRES_PER_BAR, drop]) {
            b.set(*slot, value);
        }
    }
}

struct TankBlock {
    tank: tank::Tank,
    inputs: [Input; 4],
    outputs: [usize; 6],
}
impl Block for TankBlock {
    fn step(&mut self, b: &mut Board, _time_s: f64, dt_s: f64) {
        let [inflow, outflow, inflow_c, ambient_c] =
            [0, 1, 2, 3].map(|at| b.read(&self.inputs[at]));
        let t = &mut self.tank;
        t.step(dt_s, inflow, outflow, inflow_c, ambient_c);
        let values = [t.level_m(), t.percent(), t.volume_m3, t.temperature_c, inflow, outflow];
        self.outputs.iter().zip(values).for_each(|(slot, value)| b.set(*slot, value));
    }
}

struct Valve {
    command: Input,
    kvs: f64,
    stroke_s: f64,
    position: f64,
    outputs: [usize; 3],
    state: usize,
}
impl Block for Valve {
    fn step(&mut self, b: &mut Board, _time_s: f64, dt_s: f64) {
        let command = b.read(&self.command).clamp(0.0, 100.0);
        self.position = lag(self.position, command, self.stroke_s, dt_s);
        let kv = hydraulics::equal_percentage_kv(self.kvs, 30.0, self.position);
        for (slot, value) in self.outputs.iter().zip([command, self.position, kv]) {
            b.set(*slot, value);
        }
        b.say(
            self.state,
            match self.position {
                p if p < 1.0 => "closed",
                p if p > 99.0 => "open",
                _ => "control",
            },
        );
    }
}

struct Exchanger {
    inputs: [Input; 4],
    ua: f64,
    state: Option<Outlets>,
    outputs: [usize; 7],
}
impl Block for Exchanger {
    fn step(&mut self, b: &mut Board, _time_s: f64, dt_s: f64) {
        let [flow, inlet, medium_flow, medium_inlet] =
            [0, 1, 2, 3].map(|at| b.read(&self.inputs[at]));
        // Film coefficients on both sides grow with flow to the power of 0.7; half the resistance is
        // on the product's side.
        let ua = self.ua * (flow / 20.0).max(0.02).powf(0.35);
        let now = exchanger::outlets((flow, inlet), (medium_flow, medium_inlet), ua);
        let before = self.state.unwrap_or(now);
        let out = Outlets {
            product_c: lag(before.product_c, now.product_c, 9.0, dt_s),
            medium_c: lag(before.medium_c, now.medium_c, 12.0, dt_s),
            duty_kw: lag(before.duty_kw, now.duty_kw, 9.0, dt_s),
        };
        self.state = Some(out);
        let span = medium_inlet - inlet;
        let effectiveness =
            if span.abs() > 0.5 { 100.0 * (out.product_c - inlet) / span } else { 0.0 };
        let values = [
            inlet,
            out.product_c,
            medium_inlet,
            out.medium_c,
            out.duty_kw,
            effectiveness,
            medium_flow,
        ];
        self.outputs.iter().zip(values).for_each(|(slot, value)| b.set(*slot, value));
    }
}

struct Control {
    inputs: [Input; 2],
    pi: Pi,
    outputs: [usize; 3],
}
impl Block for Control {
    fn step(&mut self, b: &mut Board, _time_s: f64, dt_s: f64) {
        let [measured, setpoint] = [0, 1].map(|at| b.read(&self.inputs[at]));
        let output = self.pi.step(dt_s, measured, setpoint);
        self.outputs
            .iter()
            .zip([measured, setpoint, output])
            .for_each(|(slot, value)| b.set(*slot, value));
    }
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
        for (slot, value) in self.outputs.iter().zip([
            speed,
            self.travel,
            power,
            current,
            self.temperature,
            self.hours,
        ]) {
            b.set(*slot, value);
        }
        b.say(self.state, if running { "running" } else { "stopped" });
    }
}

struct UpsBlock {
    ups: electrical::Ups,
    inputs: [Input; 2],
    outputs: [usize; 9],
    state: usize,
}
impl Block for UpsBlock {
    fn step(&mut self, b: &mut Board, _time_s: f64, dt_s: f64) {
        let [load, lost] = [0, 1].map(|at| b.read(&self.inputs[at]));
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
        self.outputs.iter().zip(values).for_each(|(slot, value)| b.set(*slot, value));
        b.say(self.state, u.state());
    }
}

struct Cabinet {
    inputs: [Input; 2],
    losses: f64,
    temperature: f64,
    fan: bool,
    outputs: [usize; 3],
    words: [usize; 2],
}
impl Block for Cabinet {
    fn step(&mut self, b: &mut Board, _time_s: f64, dt_s: f64) {
        let [load, ambient] = [0, 1].map(|at| b.read(&self.inputs[at]));
        // Losses warm the cabinet by 14 K a kilowatt with the fan, by 30 K without it.
        let rise = (0.12 + self.losses * load) * if self.fan { 14.0 } else { 30.0 };
        self.temperature = lag(self.temperature, ambient + rise, 500.0, dt_s);
        self.fan = self.temperature > if self.fan { 31.0 } else { 35.0 };
        for (slot, value) in self.outputs.iter().zip([
            load,
            load * 1000.0 / (3f64.sqrt() * 400.0 * 0.9),
            self.temperature,
        ]) {
            b.set(*slot, value);
        }
        b.say(self.words[0], if self.fan { "on" } else { "off" });
        b.say(self.words[1], if self.temperature > 48.0 { "hot" } else { "ok" });
    }
}

struct Event {
    seed: u64,
    stream: u64,
    first_s: f64,
    every_s: f64,
    for_s: f64,
    output: usize,
}
impl Block for Event {
    fn step(&mut self, b: &mut Board, time_s: f64, _dt_s: f64) {
        // Each occurrence comes up to a fifth of the period later than its turn, by the seed.
        let turn = ((time_s - self.first_s) / self.every_s).floor();
        let active = turn >= 0.0 && {
            let late = 0.2 * self.every_s * noise::uniform(self.seed, self.stream, turn as u64);
            let since = time_s - self.first_s - turn * self.every_s - late;
            (0.0..self.for_s).contains(&since)
        };
        b.set(self.output, if active { 1.0 } else { 0.0 });
    }
}

struct Wave {
    mean: f64,
    amplitude: f64,
    period_s: f64,
    phase: f64,
    output: usize,
}
impl Block for Wave {
    fn step(&mut self, b: &mut Board, time_s: f64, _dt_s: f64) {
        let angle = std::f64::consts::TAU * (time_s / self.period_s + self.phase);
        b.set(self.output, self.mean + self.amplitude * angle.sin());
    }
}

struct Follow {
    of: Input,
    scale: f64,
    offset: f64,
    lag_s: f64,
    value: Option<f64>,
    output: usize,
}
impl Block for Follow {
    fn step(&mut self, b: &mut Board, _time_s: f64, dt_s: f64) {
        let now = self.offset + self.scale * b.read(&self.of);
        let value = lag(self.value.unwrap_or(now), now, self.lag_s, dt_s);
        self.value = Some(value);
        b.set(self.output, value);
    }
}

struct Word {
    of: Input,
    above: f64,
    words: [&'static str; 2],
    output: usize,
}
impl Block for Word {
    fn step(&mut self, b: &mut Board, _time_s: f64, _dt_s: f64) {
        let word = self.words[usize::from(b.read(&self.of) <= self.above)];
        b.say(self.output, word);
    }
}

struct Total {
    of: Input,
    per_second: f64,
    value: f64,
    output: usize,
}
impl Block for Total {
    fn step(&mut self, b: &mut Board, _time_s: f64, dt_s: f64) {
        self.value += b.read(&self.of) * self.per_second * dt_s;
        b.set(self.output, self.value);
    }
}
