//! One pump in operation: its solver, its disturbances, and the rows its sensors deliver.

use super::disturbances::Disturbances;
use super::figures::*;
use super::physics::{A, Conditions, Q, RR, RT, State, TO, TR, TT, W};
use super::sensors::Sensors;
use super::{Event, Fault, Unit};

/// The true state of a pump.
#[derive(Clone, Copy, Debug, PartialEq)]
#[allow(non_snake_case)]
pub struct Truth {
    /// Impeller coefficient, as published.
    pub A: f64,
    /// Friction coefficient of the thrust bearing, as published, at 310 K of oil.
    pub rT: f64,
    /// Friction coefficient of the radial bearing, as published, at 310 K of oil.
    pub rR: f64,
    /// Temperature of the thrust bearing, K.
    pub Tt: f64,
    /// Temperature of the radial bearing, K.
    pub Tr: f64,
    /// Temperature of the oil, K.
    pub To: f64,
    /// Speed, rad/s.
    pub w: f64,
    /// Flow through the impeller, m³/s.
    pub Q: f64,
}

/// One sample of a unit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Row {
    /// Time since the start, s.
    pub t_s: f64,
    /// What the sensors say of Tamb K, V V, pdisch Pa, psuc Pa and wsync rad/s; `None` is missing.
    pub inputs: [Option<f64>; 5],
    /// What the sensors say of w rad/s, Qout m³/s, Tt K, Tr K and To K; `None` is missing.
    pub measured: [Option<f64>; 5],
    /// The truth, for the judge.
    pub truth: Truth,
}

/// The pump without its sensors.
#[derive(Clone)]
pub(super) struct Engine {
    pub(super) unit: Unit,
    pub(super) state: State,
    pub(super) conditions: Conditions,
    disturbances: Disturbances,
    /// Voltage the drive has reached, V.
    drive: f64,
    steps: u64,
    pub(super) event: Option<(Event, f64)>,
}

impl Engine {
    pub(super) fn new(unit: Unit) -> Self {
        let disturbances = Disturbances::new(&unit);
        let drive = unit.realised.volts(0.0);
        let conditions = Conditions::plain(unit.plan(0.0), unit.wear[0]);
        let mut engine =
            Self { state: [0.0; 9], unit, conditions, disturbances, drive, steps: 0, event: None };
        engine.set_conditions();
        engine.set_drive();
        engine.state = engine.unit.physics.start(&engine.conditions.inputs);
        engine
    }

    /// Time since the start, s.
    pub(super) fn t_s(&self) -> f64 {
        self.steps as f64 * STEP_S
    }

    /// Sets what changes slowly.
    fn set_conditions(&mut self) {
        let (unit, d, c, t) =
            (&self.unit, &self.disturbances, &mut self.conditions, self.steps as f64 * STEP_S);
        let since = t - unit.onset_s.unwrap_or(f64::INFINITY);
        let clogged = unit.blockage * (since / BLOCKAGE_S).clamp(0.0, 1.0);
        let tank = TANK * (std::f64::consts::TAU * t / TANK_S + d.tank).sin();
        c.inputs[0] = unit.climate.normal(t) + d.weather.value + d.draught.value;
        c.inputs[2] = P_DISCHARGE * (1.0 + d.demand.value + BLOCKAGE_PRESSURE * clogged);
        c.inputs[3] = P_SUCTION * (1.0 + d.suction.value + tank);
        c.pipe = (1.0 + d.pipe.value) * (1.0 - clogged);
        c.thrust_load = 1.0 + d.thrust.value;
        c.radial_load = 1.0 + d.radial.value;
        c.air = 1.0 + d.air.value;
        let rate = (d.wear.value - 0.5 * (unit.unrest * unit.wear_sigma).powi(2)).exp();
        c.wear = unit.wear[usize::from(since >= 0.0)].map(|x| x * rate);
    }

    /// Sets what the drive delivers.
    fn set_drive(&mut self) {
        let delivered = self.drive * (1.0 + self.disturbances.grid.value);
        self.conditions.inputs[1] = delivered;
        self.conditions.inputs[4] = SPEED_PER_VOLT * self.drive * self.unit.drive_gain;
    }

    /// Goes on by one step; true if an event came in it.
    pub(super) fn step(&mut self) -> bool {
        if self.steps.is_multiple_of(STEPS_PER_DRAW) {
            self.disturbances.step();
            self.set_conditions();
        }
        let slew = (self.unit.realised.volts(self.t_s()) - self.drive) / DRIVE_LAG_S;
        self.drive += STEP_S * slew.clamp(-DRIVE_SLEW, DRIVE_SLEW);
        self.set_drive();
        let before = self.state;
        self.state = self.unit.physics.step(&before, &self.conditions, STEP_S);
        let start = self.t_s();
        self.steps += 1;
        self.event =
            first_event(&before, &self.state).map(|(event, share)| (event, start + share * STEP_S));
        self.event.is_some()
    }

    /// Whether its span is over.
    pub(super) fn over(&self) -> bool {
        self.t_s() >= self.unit.span_s
    }

    /// Goes on to the event or to the end of the span.
    pub(super) fn finish(mut self) -> Option<(Event, f64)> {
        while !self.over() && !self.step() {}
        self.event
    }

    /// From now on what is in no plan goes another way.
    fn diverge(&mut self, future: u64) {
        self.disturbances.diverge(&self.unit, future);
    }

    /// True inputs, the discharge pressure with its answer to the flow.
    pub(super) fn inputs(&self) -> [f64; 5] {
        let mut inputs = self.conditions.inputs;
        inputs[2] = self.unit.physics.discharge(inputs[2], self.state[Q]);
        inputs
    }

    /// True outputs.
    pub(super) fn outputs(&self) -> [f64; 5] {
        let (x, u) = (&self.state, self.inputs());
        [x[W], self.unit.physics.flow_out(x[Q], u[2], u[3]), x[TT], x[TR], x[TO]]
    }
}

/// The first event between two states, and how far between them it lies.
fn first_event(before: &State, after: &State) -> Option<(Event, f64)> {
    let tests = [
        (Event::ImpellerWearFailure, A, -1.0, -A_LIMIT),
        (Event::ThrustBearingOverheat, TT, 1.0, BEARING_LIMIT),
        (Event::RadialBearingOverheat, TR, 1.0, BEARING_LIMIT),
        (Event::PumpOilOverheat, TO, 1.0, OIL_LIMIT),
    ];
    let met = tests.into_iter().filter_map(|(event, i, sign, limit)| {
        let (x, y) = (sign * before[i], sign * after[i]);
        (y >= limit)
            .then(|| (event, if y > x { ((limit - x) / (y - x)).clamp(0.0, 1.0) } else { 0.0 }))
    });
    met.min_by(|a, b| a.1.total_cmp(&b.1))
}

/// When an event comes, s after the start, if from a time on all that is in no plan goes another way:
/// so many futures of a pump whose state, parameters and wear are known exactly. No forecast can know
/// more.
pub fn futures(unit: &Unit, at_s: f64, count: u64) -> Vec<Option<f64>> {
    let mut engine = Engine::new(Unit { span_s: f64::INFINITY, ..unit.clone() });
    while engine.t_s() < at_s && !engine.step() {}
    let future = |number| {
        let mut engine = engine.clone();
        engine.unit.span_s = unit.span_s;
        engine.diverge(number);
        engine.finish().map(|(_, time_s)| time_s)
    };
    (0..count).map(future).collect()
}

/// A unit in operation: an iterator of rows, from time 0 to the event or the end of the span.
pub struct Run {
    pub(super) engine: Engine,
    sensors: Sensors,
    /// Steps between two rows.
    stride: u64,
    begun: bool,
}

impl Run {
    pub(super) fn new(unit: Unit, sample_s: f64) -> Self {
        let stride = (sample_s / STEP_S).round().max(1.0) as u64;
        let sensors = Sensors::new(unit.seed, unit.index, stride as f64 * STEP_S);
        Self { engine: Engine::new(unit), sensors, stride, begun: false }
    }

    /// After the last row: the event that ended the run and the true time of it, s after the start,
    /// interpolated within the solver's step; none if the span ended it.
    pub fn event(&self) -> Option<(Event, f64)> {
        self.engine.event
    }

    /// What the sensors say now.
    fn row(&mut self) -> Row {
        let e = &self.engine;
        let fault = match (e.unit.fault, e.unit.onset_s) {
            (Fault::SensorDrift(sensor), Some(onset)) => {
                Some((sensor as usize, e.unit.drift * (e.t_s() - onset).max(0.0)))
            }
            _ => None,
        };
        let (u, z, x) = (e.inputs(), e.outputs(), &e.state);
        let all =
            self.sensors.read(std::array::from_fn(|i| if i < 5 { z[i] } else { u[i - 5] }), fault);
        let truth = Truth {
            A: x[A],
            rT: x[RT],
            rR: x[RR],
            Tt: x[TT],
            Tr: x[TR],
            To: x[TO],
            w: x[W],
            Q: x[Q],
        };
        Row {
            t_s: e.t_s(),
            inputs: std::array::from_fn(|i| all[i + 5]),
            measured: std::array::from_fn(|i| all[i]),
            truth,
        }
    }
}

impl Iterator for Run {
    type Item = Row;

    fn next(&mut self) -> Option<Row> {
        if self.event().is_some() {
            return None;
        }
        if self.begun {
            for _ in 0..self.stride {
                if self.engine.over() || self.engine.step() {
                    return None;
                }
            }
        }
        self.begun = true;
        Some(self.row())
    }
}
