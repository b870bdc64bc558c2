//! Tanks, valves, heat exchangers and their controllers.

use serde::Deserialize;

use super::{Block, room, set_all};
use crate::plant::simulation::physics::control::Pi;
use crate::plant::simulation::physics::exchanger::{self, Outlets};
use crate::plant::simulation::physics::{hydraulics, lag, tank};
use crate::plant::simulation::wiring::{Board, Input, Kind, Source, Wiring, keep};

/// A tank. Signals: level, percent, volume, temperature, inflow, outflow.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TankSpec {
    asset: String,
    /// m².
    area: f64,
    /// m.
    height: f64,
    /// At the start, m.
    level: f64,
    /// Of the content at the start, °C.
    #[serde(default = "start_temperature")]
    temperature: f64,
    /// m³/h.
    #[serde(default)]
    inflow: Source,
    /// m³/h.
    #[serde(default)]
    outflow: Source,
    /// °C.
    #[serde(default = "room")]
    inflow_temperature: Source,
    /// °C.
    #[serde(default = "room")]
    ambient: Source,
    /// Time constant of the loss of heat.
    #[serde(default = "day")]
    loss_s: f64,
}

struct TankBlock {
    tank: tank::Tank,
    inputs: [Input; 4],
    outputs: [usize; 6],
}

fn start_temperature() -> f64 {
    22.0
}
fn day() -> f64 {
    86_400.0
}

impl TankSpec {
    pub(super) fn build(&self, w: &mut Wiring) -> Box<dyn Block> {
        let outputs = [
            ("level", "m"),
            ("percent", "%"),
            ("volume", "m3"),
            ("temperature", "Cel"),
            ("inflow", "m3/h"),
            ("outflow", "m3/h"),
        ];
        Box::new(TankBlock {
            tank: tank::Tank {
                area_m2: self.area,
                height_m: self.height,
                volume_m3: self.area * self.level,
                temperature_c: self.temperature,
                loss_s: self.loss_s,
                spilled_m3: 0.0,
                missing_m3: 0.0,
            },
            inputs: [&self.inflow, &self.outflow, &self.inflow_temperature, &self.ambient]
                .map(|source| w.input(source)),
            outputs: w.numbers(&self.asset, outputs),
        })
    }
}

impl Block for TankBlock {
    fn step(&mut self, b: &mut Board, _time_s: f64, dt_s: f64) {
        let [inflow, outflow, inflow_c, ambient_c] = b.read_all(&self.inputs);
        let t = &mut self.tank;
        t.step(dt_s, inflow, outflow, inflow_c, ambient_c);
        let values = [t.level_m(), t.percent(), t.volume_m3, t.temperature_c, inflow, outflow];
        set_all(b, &self.outputs, values);
    }
}

/// A control valve. Signals: command, position, kv, state.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ValveSpec {
    asset: String,
    /// %.
    command: Source,
    /// Flow coefficient when open, m³/h.
    kvs: f64,
    /// Time constant of the actuator.
    stroke_s: f64,
}

struct Valve {
    command: Input,
    kvs: f64,
    stroke_s: f64,
    position: f64,
    outputs: [usize; 3],
    state: usize,
}

impl ValveSpec {
    pub(super) fn build(&self, w: &mut Wiring) -> Box<dyn Block> {
        let outputs = [("command", "%"), ("position", "%"), ("kv", "m3/h")];
        Box::new(Valve {
            command: w.input(&self.command),
            kvs: self.kvs,
            stroke_s: self.stroke_s,
            position: 50.0,
            outputs: w.numbers(&self.asset, outputs),
            state: w.output(&self.asset, "state", Kind::Word),
        })
    }
}

impl Block for Valve {
    fn step(&mut self, b: &mut Board, _time_s: f64, dt_s: f64) {
        let command = b.read(&self.command).clamp(0.0, 100.0);
        self.position = lag(self.position, command, self.stroke_s, dt_s);
        let kv = hydraulics::equal_percentage_kv(self.kvs, 30.0, self.position);
        set_all(b, &self.outputs, [command, self.position, kv]);
        let state = match self.position {
            p if p < 1.0 => "closed",
            p if p > 99.0 => "open",
            _ => "control",
        };
        b.set_word(self.state, state);
    }
}

/// A plate heat exchanger. Signals: product_in, product_out, medium_in, medium_out, duty,
/// effectiveness, medium_flow.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExchangerSpec {
    asset: String,
    /// Of the product, m³/h.
    flow: Source,
    /// Of the product, °C.
    inlet: Source,
    /// m³/h.
    medium_flow: Source,
    /// °C.
    medium_inlet: Source,
    /// Heat transfer at 20 m³/h, kW/K.
    ua: f64,
}

struct Exchanger {
    inputs: [Input; 4],
    ua: f64,
    state: Option<Outlets>,
    outputs: [usize; 7],
}

impl ExchangerSpec {
    pub(super) fn build(&self, w: &mut Wiring) -> Box<dyn Block> {
        let outputs = [
            ("product_in", "Cel"),
            ("product_out", "Cel"),
            ("medium_in", "Cel"),
            ("medium_out", "Cel"),
            ("duty", "kW"),
            ("effectiveness", "%"),
            ("medium_flow", "m3/h"),
        ];
        Box::new(Exchanger {
            inputs: [&self.flow, &self.inlet, &self.medium_flow, &self.medium_inlet]
                .map(|source| w.input(source)),
            ua: self.ua,
            state: None,
            outputs: w.numbers(&self.asset, outputs),
        })
    }
}

impl Block for Exchanger {
    fn step(&mut self, b: &mut Board, _time_s: f64, dt_s: f64) {
        let [flow, inlet, medium_flow, medium_inlet] = b.read_all(&self.inputs);
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
        set_all(b, &self.outputs, values);
    }
}

/// A PI controller. Signals: measured and setpoint in `unit`, output in %.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ControlSpec {
    asset: String,
    measured: Source,
    setpoint: Source,
    /// Of what it measures.
    unit: String,
    pi: Pi,
}

struct Control {
    inputs: [Input; 2],
    pi: Pi,
    outputs: [usize; 3],
}

impl ControlSpec {
    pub(super) fn build(&self, w: &mut Wiring) -> Box<dyn Block> {
        let unit = keep(&self.unit);
        let outputs = [("measured", unit), ("setpoint", unit), ("output", "%")];
        Box::new(Control {
            inputs: [&self.measured, &self.setpoint].map(|source| w.input(source)),
            pi: self.pi.clone(),
            outputs: w.numbers(&self.asset, outputs),
        })
    }
}

impl Block for Control {
    fn step(&mut self, b: &mut Board, _time_s: f64, dt_s: f64) {
        let [measured, setpoint] = b.read_all(&self.inputs);
        let output = self.pi.step(dt_s, measured, setpoint);
        set_all(b, &self.outputs, [measured, setpoint, output]);
    }
}
