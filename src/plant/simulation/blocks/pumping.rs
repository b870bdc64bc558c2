//! Pumps, which of them run, and the line that they feed.

use serde::Deserialize;

use super::{Block, BlockSpec, room, set_all};
use crate::plant::simulation::physics::hydraulics::{self, METRES_PER_BAR};
use crate::plant::simulation::physics::pump::{self, PumpPlate};
use crate::plant::simulation::wiring::{Board, Input, Kind, Source, Wiring};

/// A pump and its motor. Signals: speed, turns, power, current, bearing, winding, vibration, hours,
/// state, available; flow and pressure come from its [`CircuitSpec`].
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PumpSpec {
    asset: String,
    plate: PumpPlate,
    /// Speed, r/min.
    #[serde(default)]
    command: Source,
    /// Above 0.5 it trips, once.
    #[serde(default)]
    trip: Source,
    /// °C.
    #[serde(default = "room")]
    ambient: Source,
}

struct PumpBlock {
    pump: pump::Pump,
    inputs: [Input; 4],
    outputs: [usize; 9],
    state: usize,
    was_tripping: bool,
    down_s: f64,
}

impl PumpSpec {
    pub(super) fn build(&self, w: &mut Wiring) -> Box<dyn Block> {
        let Self { asset, plate, command, trip, ambient } = self;
        let flow = Source::Signal(format!("{asset}.flow"));
        let outputs = [
            ("speed", "{rev}/min"),
            ("turns", "{rev}"),
            ("power", "kW"),
            ("current", "A"),
            ("bearing", "Cel"),
            ("winding", "Cel"),
            ("vibration", "mm/s"),
            ("hours", "h"),
            ("available", "1"),
        ];
        Box::new(PumpBlock {
            pump: pump::Pump::new(plate.clone(), 22.0),
            inputs: [command, trip, ambient, &flow].map(|source| w.input(source)),
            outputs: w.numbers(asset, outputs),
            state: w.output(asset, "state", Kind::Word),
            was_tripping: false,
            down_s: 0.0,
        })
    }
}

impl Block for PumpBlock {
    fn step(&mut self, b: &mut Board, _time_s: f64, dt_s: f64) {
        let [command, trip, ambient, flow] = b.read_all(&self.inputs);
        let tripping = trip > 0.5;
        // The event trips it once; it is reset when the event is over and it stands still.
        if tripping && !self.was_tripping {
            self.pump.tripped = true;
        }
        self.was_tripping = tripping;
        let down = self.pump.tripped && !tripping && self.pump.speed <= 0.0;
        self.down_s = if down { self.down_s + dt_s } else { 0.0 };
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
        set_all(b, &self.outputs, values);
        b.set_word(self.state, p.state(command));
    }
}

/// Which of some pumps run, at which speed: those that trip are replaced by those that wait.
/// Signals: `PUMP.command` each.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DutySpec {
    pumps: Vec<String>,
    running: usize,
    speed: Source,
}

struct Duty {
    available: Vec<Input>,
    commands: Vec<usize>,
    running: usize,
    speed: Input,
    on: Vec<bool>,
}

impl DutySpec {
    pub(super) fn build(&self, w: &mut Wiring) -> Box<dyn Block> {
        let available = |pump: &String| w.input(&Source::Signal(format!("{pump}.available")));
        Box::new(Duty {
            available: self.pumps.iter().map(available).collect(),
            commands: self
                .pumps
                .iter()
                .map(|pump| w.number(pump, "command", "{rev}/min"))
                .collect(),
            running: self.running,
            speed: w.input(&self.speed),
            on: (0..self.pumps.len()).map(|at| at < self.running).collect(),
        })
    }
}

impl Block for Duty {
    fn step(&mut self, b: &mut Board, time_s: f64, _dt_s: f64) {
        let speed = b.read(&self.speed);
        for (on, available) in self.on.iter_mut().zip(&self.available) {
            // At the very start no signal has been set yet.
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

/// Pumps in parallel into one line. Signals: flow, pressure, drop, and the pumps' flow and
/// pressure.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CircuitSpec {
    asset: String,
    pumps: Vec<String>,
    /// m.
    #[serde(default)]
    static_head: Source,
    /// Of the pipes, m/(m³/h)².
    resistance: Source,
    /// Of the valve, m³/h at 1 bar.
    #[serde(default = "open")]
    kv: Source,
}

struct Circuit {
    plates: Vec<PumpPlate>,
    speeds: Vec<Input>,
    flows: Vec<(usize, usize)>,
    inputs: [Input; 3],
    outputs: [usize; 3],
}

fn open() -> Source {
    Source::Number(1000.0)
}

impl CircuitSpec {
    pub(super) fn build(&self, all: &[BlockSpec], w: &mut Wiring) -> Option<Box<dyn Block>> {
        let mut plates = Vec::new();
        for name in &self.pumps {
            let found = all.iter().find_map(|block| match block {
                BlockSpec::Pump(pump) if pump.asset == *name => Some(pump.plate.clone()),
                _ => None,
            });
            let Some(plate) = found else {
                w.mistakes.push((name.clone(), format!("no block Pump has the asset {name:?}")));
                return None;
            };
            plates.push(plate);
        }
        let speed = |pump: &String| w.input(&Source::Signal(format!("{pump}.speed")));
        let speeds = self.pumps.iter().map(speed).collect();
        let flow =
            |pump: &String| (w.number(pump, "flow", "m3/h"), w.number(pump, "pressure", "bar"));
        let flows = self.pumps.iter().map(flow).collect();
        let inputs = [&self.static_head, &self.resistance, &self.kv].map(|source| w.input(source));
        let outputs = [("flow", "m3/h"), ("pressure", "bar"), ("drop", "bar")];
        let outputs = w.numbers(&self.asset, outputs);
        Some(Box::new(Circuit { plates, speeds, flows, inputs, outputs }))
    }
}

impl Block for Circuit {
    fn step(&mut self, b: &mut Board, _time_s: f64, _dt_s: f64) {
        let [static_head_m, resistance, kv] = b.read_all(&self.inputs);
        let line = hydraulics::Line { static_head_m, resistance, kv };
        let speeds = self.speeds.iter().map(|speed| b.read(speed));
        let pumps: Vec<_> = self.plates.iter().zip(speeds).collect();
        let head = hydraulics::meeting_head(&pumps, &line);
        let flows: Vec<f64> = pumps.iter().map(|(plate, speed)| plate.flow(head, *speed)).collect();
        let total: f64 = flows.iter().sum();
        for ((slots, flow), (_, speed)) in self.flows.iter().zip(&flows).zip(&pumps) {
            b.set(slots.0, *flow);
            b.set(slots.1, if *speed > 1.0 { head / METRES_PER_BAR } else { 0.0 });
        }
        let drop = if kv > 0.0 { (total / kv).powi(2) } else { head / METRES_PER_BAR };
        set_all(b, &self.outputs, [total, head / METRES_PER_BAR, drop]);
    }
}
