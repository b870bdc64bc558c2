//! What watches a pump: a filter that learns it while it is new, the open-loop model, CUSUM tests of
//! its residuals, and hypotheses once a change is detected.

use std::sync::Arc;

use twinscope::estimate::*;
use twinscope::forecast::{Forecast, ForecastSetup, Forecasting, LoadSpread};
use twinscope::model::load::Profile;
use twinscope::model::{Model, registry};

use super::minutes::Minutes;
use super::plant::{Fault, Unit};

/// The model's step in seconds.
const STEP_S: f64 = 1.0;
/// A pump is learnt for so long before it is watched.
const LEARN_S: f64 = 4.0 * 3600.0;
/// Residuals are averaged over so long before they are tested.
const BLOCK_S: f64 = 1800.0;
/// Slack of the CUSUM tests: residuals up to so many healthy deviations do not count. A change is
/// detected when those beyond add up to the threshold.
const SLACK: f64 = 2.5;
const THRESHOLD: f64 = 9.5;
/// What the hypotheses' errors have in common from minute to minute is counted once in so many.
const COUNTED: f64 = 5.0;
/// The diagnosis looks back so far at most.
const REACH_S: f64 = 96.0 * 3600.0;

/// Noise of a minute's sample.
const NOISE: [f64; 5] = [0.3, 0.0006, 1.5, 1.5, 1.0];
/// Errors that come and go within hours, as healthy residuals show them: of flow and temperatures.
const WANDERS: [f64; 4] = [0.0004, 0.94, 0.67, 0.63];
const MEMORY_S: f64 = 2.5 * 3600.0;

/// Places of the pump's states.
const W: usize = 0;
const Q: usize = 1;
const TT: usize = 2;
const TR: usize = 3;
const TO: usize = 4;
const AREA: usize = 5;
const R_RADIAL: usize = 6;
const R_THRUST: usize = 7;
const W_A: usize = 9;
const W_RADIAL: usize = 10;
const W_THRUST: usize = 11;

pub fn pump() -> Arc<dyn Model> {
    registry::find("centrifugal_pump").unwrap()
}

fn parameter(model: &dyn Model, name: &str) -> usize {
    model.about().parameters.iter().position(|parameter| parameter.name == name).unwrap()
}

fn linear(slot: Slot, mean: f64, deviation: f64, drift: f64) -> Estimated {
    Estimated { slot, scale: Scale::Linear, mean, deviation, drift, memory_s: f64::INFINITY }
}

/// What is estimated of a healthy pump, beginning with what is measured first.
fn setup(first: &Measured) -> FilterSetup {
    let model = pump();
    let c = parameter(&*model, "c");
    let measured = |at: usize, usual: f64| first.outputs[at].unwrap_or(usual);
    let state = |at: usize, mean, deviation, drift| linear(Slot::State(at), mean, deviation, drift);
    let ambient = first.inputs[0];
    let parameters = model.about().usual_parameters();
    let flow = parameters[c];
    let parameter = |name: &str, share: f64| {
        let at = parameter(&*model, name);
        linear(Slot::Parameter(at), parameters[at], share * parameters[at], 0.0)
    };
    let wanders = |at: usize| Estimated::wanders(Slot::Bias(at), 0.0, WANDERS[at - 1], MEMORY_S);
    FilterSetup {
        estimated: vec![
            state(W, measured(0, 370.0), 5.0, 0.02),
            state(Q, measured(1, 0.0).max(1e-6), 0.02, 1e-4),
            state(TT, measured(2, ambient), 2.0, 0.01),
            state(TR, measured(3, ambient), 2.0, 0.01),
            state(TO, measured(4, ambient), 2.0, 0.01),
            state(AREA, 12.7084, 0.15, 1e-5),
            state(R_RADIAL, 1.8e-6, 5e-8, 1e-11),
            state(R_THRUST, 1.4e-6, 4e-8, 1e-11),
            linear(Slot::Parameter(c), flow, 0.01 * flow, 1e-6 * flow),
            parameter("C_t", 0.15),
            parameter("C_r", 0.15),
            wanders(1),
            wanders(2),
            wanders(3),
            wanders(4),
        ],
        initial: model.about().states.iter().map(|state| state.usual).collect(),
        parameters,
        noise: NOISE.to_vec(),
        step_s: STEP_S,
        spread: Spread::default(),
        gate: 6.0,
        model,
    }
}

/// In which ways a pump may go wrong, and how often each has come up in a hundred and eighty pumps
/// that lived so many times as long as those of the usual fleet.
fn hypotheses(life: f64) -> Vec<Hypothesis> {
    let model = pump();
    let c = parameter(&*model, "c");
    let flow = model.about().parameters[c].usual;
    let hour = 60.0; // √3600
    // Rates as the earlier fleet's filters told them when its events came.
    let wear = |at: usize, mean: f64| Estimated {
        slot: Slot::State(at),
        scale: Scale::Log,
        mean: mean / life,
        deviation: 0.4,
        drift: 0.025 / hour,
        memory_s: f64::INFINITY,
    };
    // What had worn off unnoticed before.
    let since = |at: usize, mean, deviation, drift| linear(Slot::State(at), mean, deviation, drift);
    // A sensor drifts by so much a day, this way or that.
    let drifts = |output: usize, a_day: f64| {
        let drift = WANDERS[output - 1] * (2.0 / MEMORY_S).sqrt();
        let bias = linear(Slot::Bias(output), 0.0, WANDERS[output - 1], drift);
        vec![bias, linear(Slot::Trend(output), 0.0, a_day / life / 86_400.0, 0.0)]
    };
    let of = |name: &str, prior, estimated| Hypothesis { name: name.into(), prior, estimated };
    vec![
        of("Healthy", 10.0, Vec::new()),
        of("ImpellerWear", 50.0, vec![wear(W_A, 0.0036), since(AREA, 12.7084, 0.25, 1e-5)]),
        of(
            "ThrustBearingWear",
            40.0,
            vec![wear(W_THRUST, 4e-11), since(R_THRUST, 1.4e-6, 1e-7, 1e-11)],
        ),
        of(
            "RadialBearingWear",
            40.0,
            vec![wear(W_RADIAL, 7.2e-11), since(R_RADIAL, 1.8e-6, 1.3e-7, 1e-11)],
        ),
        of("SensorDrift Qout", 5.0, drifts(1, 0.004)),
        of("SensorDrift Tt", 5.0, drifts(2, 7.0)),
        of("SensorDrift Tr", 5.0, drifts(3, 7.0)),
        of("SensorDrift To", 5.0, drifts(4, 7.0)),
        of(
            "Blockage",
            20.0,
            vec![linear(Slot::Parameter(c), flow, 0.04 * flow, 0.02 * flow / hour)],
        ),
    ]
}

/// What a works knows from an earlier fleet.
pub struct Commissioned {
    /// How the means of healthy residuals scatter: a deviation for each output.
    scatter: Vec<f64>,
    /// How long its faulty pumps lived, over the usual fleet's.
    life: f64,
}

impl Commissioned {
    pub fn of(blocks: &[Block], life: f64) -> Self {
        Self { scatter: scatter(blocks), life }
    }

    /// Nothing yet: whoever learns how healthy residuals scatter is not tested by it.
    fn nothing() -> Self {
        Self { scatter: vec![f64::INFINITY; 5], life: 1.0 }
    }
}

/// A pump that is being watched.
pub struct Watch {
    pub monitor: ConditionMonitor,
    minutes: Vec<Measured>,
}

impl Watch {
    pub fn new(first: &Measured, known: &Commissioned) -> Self {
        let monitor_setup = MonitorSetup {
            setup: setup(first),
            hypotheses: hypotheses(known.life),
            learn_s: LEARN_S,
            block_s: BLOCK_S,
            scatter: known.scatter.clone(),
            cusum_slack: SLACK,
            cusum_threshold: THRESHOLD,
            share: 1.0 / COUNTED,
            reach_s: REACH_S,
        };
        let monitor =
            ConditionMonitor::new(monitor_setup, first.time_s - 60.0, &first.inputs).unwrap();
        Self { monitor, minutes: Vec::new() }
    }

    /// Takes a minute; averages of residuals when a block is full.
    pub fn minute(&mut self, sample: &Measured) -> Option<Block> {
        self.minutes.push(sample.clone());
        self.monitor.observe(sample).ok()?
    }

    /// How the load has been beside its plan: the factor of the voltage over all minutes, and the
    /// share by which the surroundings were warmer in the last hour.
    fn off_plan(&self, unit: &Unit) -> (f64, f64) {
        let ratio = |minutes: &[Measured], input: usize| {
            let of = |m: &Measured| m.inputs[input] / unit.plan(m.time_s)[input];
            minutes.iter().map(of).sum::<f64>() / minutes.len().max(1) as f64
        };
        let last = &self.minutes[self.minutes.len().saturating_sub(60)..];
        (ratio(&self.minutes, 1), ratio(last, 0) - 1.0)
    }

    /// The wear rate of what is wrong: the logarithm of what is believed over the truth, and its
    /// deviation.
    pub fn rate(&self, unit: &Unit) -> Option<(f64, f64)> {
        let filter = self.monitor.bank()?.filter(unit.fault.name())?;
        let at = match unit.fault {
            Fault::ImpellerWear => 0,
            Fault::ThrustBearingWear => 2,
            Fault::RadialBearingWear => 1,
            _ => return None,
        };
        let place = filter.setup().place(Slot::State(W_A + at))?;
        let [impeller, thrust, radial] = unit.wear_rates();
        let belief = filter.belief();
        let off = belief.mean[place] - [impeller, radial, thrust][at].ln();
        Some((off, belief.covariance.get(place, place).sqrt()))
    }

    /// A forecast under the most probable kind of wear, with the load that is planned.
    pub fn forecast(&self, unit: &Unit, horizon_s: f64) -> Option<Forecast> {
        let bank = self.monitor.bank()?;
        let wear = bank.ranking().into_iter().find(|ranked| ranked.name.ends_with("Wear"))?;
        let filter = bank.filter(&wear.name)?;
        let plan = unit.clone();
        let (speed, _) = self.off_plan(unit);
        let load = Profile(move |t_s: f64, u: &mut [f64]| {
            u.copy_from_slice(&plan.plan(t_s));
            u[1] *= speed;
            u[4] *= speed;
        });
        let mut outlook = ForecastSetup::usual(pump(), Arc::new(load), STEP_S, horizon_s);
        outlook.from_belief(filter.belief().clone(), &filter.setup().estimated);
        outlook.noise = vec![0.0, 0.0, 0.005, 0.005, 0.001, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0];
        let (_, warmth) = self.off_plan(unit);
        let spread = |inputs: &[usize], level, wander, memory_s, begins| LoadSpread {
            inputs: inputs.to_vec(),
            level,
            wander,
            memory_s,
            begins,
        };
        outlook.load_spread = vec![
            spread(&[0], 0.0, 0.007, 28_800.0, Some(warmth)),
            spread(&[1, 4], 0.001, 0.002, 1_800.0, None),
            spread(&[2], 0.005, 0.01, 3_600.0, None),
        ];
        (outlook.members, outlook.seed) = (200, unit.index as u64);
        (outlook.instants, outlook.recorded) = (8, 8);
        Forecasting::new(outlook).ok()?.on_threads(1, &false.into(), &|_| {})?.ok()
    }
}

/// Averages of a healthy unit's residuals.
pub fn healthy_residuals(unit: &Unit) -> Vec<Block> {
    let mut minutes = Minutes::of(unit).peekable();
    let Some(first) = minutes.peek() else { return Vec::new() };
    let mut watch = Watch::new(first, &Commissioned::nothing());
    minutes.filter_map(|minute| watch.minute(&minute)).collect()
}
