//! What watches a pump: a filter that learns it while it is new, the model beside it, a test of the
//! residuals, and hypotheses once the test has spoken.

use std::sync::Arc;

use twinscope::estimate::*;
use twinscope::model::load::Profile;
use twinscope::model::{Model, registry};

use super::minutes::Minutes;
use super::plant::Unit;
use twinscope::forecast::{Forecast, Forecasting, LoadSpread, Setup as Outlook};

/// The model's step in seconds.
const STEP_S: f64 = 1.0;
/// A pump is learnt for so long before it is watched.
const LEARN_S: f64 = 4.0 * 3600.0;
/// Residuals are averaged over so long before they are tested.
const BLOCK_S: f64 = 1800.0;
/// The test forgives residuals up to so many healthy deviations, and speaks when those beyond add up
/// to so many.
const FORGIVEN: f64 = 2.5;
const SPEAKS: f64 = 9.5;
/// What the hypotheses' errors have in common from minute to minute is counted once in so many.
const COUNTED: f64 = 5.0;
/// Whoever is diagnosed is believed as so long before the test began to rise.
const BEFORE_S: f64 = 1800.0;

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
fn setup(first: &Measured) -> Setup {
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
    Setup {
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

/// In which ways a pump may go wrong, and how often each has come up in a hundred and eighty pumps.
pub fn hypotheses() -> Vec<Hypothesis> {
    let model = pump();
    let c = parameter(&*model, "c");
    let flow = model.about().parameters[c].usual;
    let hour = 60.0; // √3600
    // Rates as the earlier fleet's filters told them when its events came.
    let wear = |at: usize, mean: f64| Estimated {
        slot: Slot::State(at),
        scale: Scale::Log,
        mean,
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
        vec![bias, linear(Slot::Trend(output), 0.0, a_day / 86_400.0, 0.0)]
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

/// How healthy residuals scatter: a deviation for each output.
pub struct Commissioned([f64; 5]);

impl Commissioned {
    pub fn of(blocks: &[[f64; 5]]) -> Self {
        Self([0, 1, 2, 3, 4].map(|at| {
            let squares: f64 = blocks.iter().map(|block| block[at] * block[at]).sum();
            (squares / blocks.len() as f64).sqrt()
        }))
    }
}

/// Averages of residuals over a block of time.
#[derive(Default)]
struct Blocks {
    sums: [f64; 5],
    counts: [f64; 5],
    end_s: f64,
}

impl Blocks {
    /// Adds residuals; a block's averages when it is full.
    fn add(&mut self, time_s: f64, residual: &[Option<f64>]) -> Option<[f64; 5]> {
        for (at, off) in residual.iter().enumerate() {
            if let Some(off) = off {
                self.sums[at] += off;
                self.counts[at] += 1.0;
            }
        }
        if time_s < self.end_s {
            return None;
        }
        let means = [0, 1, 2, 3, 4].map(|at| self.sums[at] / self.counts[at].max(1.0));
        *self = Self { end_s: self.end_s + BLOCK_S, ..Self::default() };
        Some(means)
    }
}

/// The test of the residuals: two one-sided cumulative sums for each output (E. S. Page, 1954).
#[derive(Clone, Default)]
struct Test {
    sums: [[f64; 2]; 5],
    rising_since_s: [[f64; 2]; 5],
}

impl Test {
    /// When it speaks: since when residuals have been adding up.
    fn speaks(&mut self, time_s: f64, means: [f64; 5], healthy: &Commissioned) -> Option<f64> {
        let mut since = None;
        for at in 0..5 {
            let size = means[at] / healthy.0[at];
            for (side, sign) in [1.0, -1.0].into_iter().enumerate() {
                let sum = &mut self.sums[at][side];
                if *sum == 0.0 {
                    self.rising_since_s[at][side] = time_s - BLOCK_S;
                }
                *sum = (*sum + sign * size - FORGIVEN).max(0.0);
                if *sum > SPEAKS {
                    since = Some(self.rising_since_s[at][side]);
                }
            }
        }
        since
    }
}

/// A pump that is being watched.
pub struct Watch {
    filter: Unscented,
    beside: Option<Beside>,
    blocks: Blocks,
    test: Test,
    /// Beliefs every half hour, and the minutes since the first of them.
    beliefs: Vec<Belief>,
    minutes: Vec<Measured>,
    pub alarms_s: Vec<f64>,
    pub bank: Option<Bank>,
}

impl Watch {
    pub fn new(first: &Measured) -> Self {
        let filter = Unscented::new(setup(first), first.time_s - 60.0, &first.inputs).unwrap();
        Self {
            filter,
            beside: None,
            blocks: Blocks::default(),
            test: Test::default(),
            beliefs: Vec::new(),
            minutes: Vec::new(),
            alarms_s: Vec::new(),
            bank: None,
        }
    }

    /// Takes a minute; averages of residuals when a block is full.
    pub fn minute(
        &mut self,
        sample: &Measured,
        healthy: Option<&Commissioned>,
    ) -> Option<[f64; 5]> {
        let _ = self.filter.observe(sample);
        self.minutes.push(sample.clone());
        if let Some(bank) = &mut self.bank {
            let _ = bank.observe(sample);
        }
        if sample.time_s < LEARN_S {
            return None;
        }
        let due = self.beliefs.last().is_none_or(|last| sample.time_s >= last.time_s + BEFORE_S);
        if due {
            self.beliefs.push(self.filter.belief().clone());
        }
        let filter = &self.filter;
        let beside = self.beside.get_or_insert_with(|| {
            let (model, belief) = (pump(), filter.belief());
            let mut parameters = filter.setup().parameters.clone();
            for (each, mean) in filter.setup().estimated.iter().zip(&belief.mean) {
                if let Slot::Parameter(at) = each.slot {
                    parameters[at] = *mean;
                }
            }
            Beside::new(model, parameters, belief.states.clone(), sample.time_s, STEP_S)
        });
        if self.blocks.end_s == 0.0 {
            self.blocks.end_s = sample.time_s + BLOCK_S;
        }
        let residual = beside.residual(sample).ok()?;
        let means = self.blocks.add(sample.time_s, &residual)?;
        if let Some(healthy) = healthy
            && self.bank.is_none()
            && let Some(since_s) = self.test.speaks(sample.time_s, means, healthy)
        {
            self.alarms_s.push(sample.time_s);
            self.bank = Some(self.suspect(since_s));
        }
        Some(means)
    }

    /// All was well: the alarm is taken back, and the test begins anew.
    pub fn acquit(&mut self) {
        self.bank = None;
        self.test = Test::default();
    }

    /// Looks back with every hypothesis.
    pub fn suspect(&self, since_s: f64) -> Bank {
        let before = self.beliefs.partition_point(|belief| belief.time_s <= since_s - BEFORE_S);
        let belief = &self.beliefs[before.saturating_sub(1)];
        let bank = Bank::new(self.filter.setup(), belief, &hypotheses()).unwrap();
        let mut bank = bank.tempered(1.0 / COUNTED);
        let from = self.minutes.partition_point(|minute| minute.time_s <= belief.time_s);
        for minute in &self.minutes[from..] {
            let _ = bank.observe(minute);
        }
        bank
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

    /// A forecast under the most probable kind of wear, with the load that is planned.
    pub fn forecast(&self, unit: &Unit, horizon_s: f64) -> Option<Forecast> {
        let bank = self.bank.as_ref()?;
        let wear = bank.ranking().into_iter().find(|ranked| ranked.name.ends_with("Wear"))?;
        let filter = bank.filter(&wear.name)?;
        let plan = unit.clone();
        let (speed, _) = self.off_plan(unit);
        let load = Profile(move |t_s: f64, u: &mut [f64]| {
            u.copy_from_slice(&plan.plan(t_s));
            u[1] *= speed;
            u[4] *= speed;
        });
        let mut outlook = Outlook::usual(pump(), Arc::new(load), STEP_S, horizon_s);
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
pub fn healthy_residuals(unit: &Unit) -> Vec<[f64; 5]> {
    let mut minutes = Minutes::of(unit).peekable();
    let Some(mut watch) = minutes.peek().map(Watch::new) else { return Vec::new() };
    minutes.filter_map(|minute| watch.minute(&minute, None)).collect()
}
