//! More runs, a small one of each kind: what stands on chance, on many hypotheses, on several machines
//! and on a search.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use twinscope::estimate::anomaly::{Detector, DetectorSetup, Row};
use twinscope::estimate::{Bank, FilterSetup, Measured, Particles, Slot, Unscented};
use twinscope::forecast::optimise::{Problem, optimise};
use twinscope::forecast::{ForecastSetup, UnscentedForecasting};
use twinscope::model::load::Held;
use twinscope::model::network::Network;
use twinscope::model::noise::RandomStream;
use twinscope::model::simulation::{Simulation, SimulationSetup};
use twinscope::model::solver::Method;
use twinscope::model::table::Table;
use twinscope::model::{Machine, registry, stepped};
use twinscope::twin::{Resolver, load_behaviour, load_goal, load_text};
use twinscope::worker::{Budget, Step, step};

use super::runs::Run;
use super::support::{battery_filter, battery_sample, estimated, hypothesis};

/// All of them.
pub fn wider(runs: &mut Vec<Run>) {
    runs.push(particles());
    runs.push(hypotheses());
    runs.push(detection());
    runs.push(quick());
    runs.push(network());
    runs.push(stiff());
    runs.push(optimum());
}

/// Samples of the battery that the references measure.
fn samples(rows: usize) -> Vec<Measured> {
    let table = include_bytes!("../data/prognostics/ukf_battery_circuit.csv");
    let table = Table::read(table).expect("the reference");
    let sample = |row| battery_sample(|name| table.column(name).expect("a column"), row);
    (0..rows).map(sample).collect()
}

fn particles() -> Run {
    let mut filter = Particles::new(battery_filter(), 200, 3, 0.0, &[2.0]).expect("it fits");
    let mut numbers = Vec::new();
    for sample in samples(60) {
        filter.observe(&sample).expect("it goes on");
        numbers.extend(&filter.belief().mean);
        numbers.extend(filter.belief().covariance.values());
    }
    Run { name: "particles on the battery".into(), numbers }
}

/// A battery whose thermometer may be off, or whose resistance may have grown.
fn hypotheses() -> Run {
    let base: FilterSetup = battery_filter();
    let begun = Unscented::new(base, 0.0, &[2.0]).expect("it fits");
    let about = begun.setup().model.about();
    let place = |name: &str| about.parameters.iter().position(|p| p.name == name);
    let resistance = place("Rs").expect("a parameter");
    let odd = |slot, mean, deviation| estimated(slot, mean, deviation, 0.0);
    let all = [
        hypothesis("healthy", Vec::new()),
        hypothesis("thermometer", vec![odd(Slot::Bias(0), 0.0, 1.0)]),
        hypothesis("resistance", vec![odd(Slot::Parameter(resistance), 0.0538926, 0.01)]),
    ];
    let mut bank = Bank::new(&begun, &all).expect("they fit");
    let mut numbers = Vec::new();
    for mut sample in samples(100) {
        sample.outputs[0] = sample.outputs[0].map(|t| t + 1.5);
        bank.observe(&sample).expect("it goes on");
        numbers.extend(bank.ranking().iter().map(|ranked| ranked.probability));
    }
    Run { name: "hypotheses on the battery".into(), numbers }
}

/// Three channels that one load drives, of which one drifts in the end.
fn detection() -> Run {
    let mut random = RandomStream::new(23, 0);
    let mut load = 0.0;
    let mut row = |drift: f64| -> Row {
        load = 0.98 * load + 0.2 * random.normal();
        let true_values = [load, 2.0 * load + drift, 5.0 + libm::tanh(load)];
        true_values.map(|value| Some(value + 0.1 * random.normal())).to_vec()
    };
    let healthy: Vec<Row> = (0..1_500).map(|_| row(0.0)).collect();
    let mut setup = DetectorSetup::new(["load", "flow", "heat"]);
    setup.design.false_alarm_every_h = 0.2;
    let mut detector = Detector::learn(&setup, &healthy).expect("enough to learn from");
    let mut numbers = Vec::new();
    for at in 0..400 {
        let drift = 0.01 * f64::from((at - 200).max(0));
        let verdict = detector.watch(f64::from(at), &row(drift)).expect("a row");
        numbers.push(verdict.score);
        numbers.extend(verdict.estimate.residuals.iter().flatten());
        numbers.push(verdict.anomalies.len() as f64);
    }
    Run { name: "detection without a model".into(), numbers }
}

fn quick() -> Run {
    let text = include_str!("../../scenes/machines/battery.ron");
    let behaviour = load_behaviour(Path::new("battery.ron"), text).expect("a machine");
    let machine = Machine::of(&behaviour).expect("a machine");
    let load = Arc::new(Held(machine.model.about().usual_inputs()));
    let mut setup = ForecastSetup::of(&behaviour, &machine, load, 7_200.0).expect("it fits");
    setup.from_prior(&behaviour, &machine).expect("it fits");
    let mut run = UnscentedForecasting::new(&setup).expect("it can be carried out");
    let Step::Done(done) = step(&mut run, &Budget::until(&|| false)) else {
        unreachable!("the budget is never spent")
    };
    let forecast = done.expect("a forecast").forecast;
    let mut numbers: Vec<f64> =
        forecast.events.iter().flat_map(|event| event.times_s.clone()).collect();
    numbers.extend(forecast.kept.iter().flat_map(|member| member.course.iter().flatten()));
    // What is no number after a course has ended may have other bits.
    numbers.retain(|number| !number.is_nan());
    Run { name: "quick forecast of a battery".into(), numbers }
}

/// The files of a plant, in the module itself.
struct Inside;

impl Resolver for Inside {
    fn read(&self, path: &Path) -> Result<String, String> {
        let files = [
            ("classes/process.ron", include_str!("../../scenes/classes/process.ron")),
            ("machines/lower_tank.ron", include_str!("../../scenes/machines/lower_tank.ron")),
            ("machines/upper_tank.ron", include_str!("../../scenes/machines/upper_tank.ron")),
            ("machines/transfer_pump.ron", include_str!("../../scenes/machines/transfer_pump.ron")),
        ];
        let found = files.iter().find(|(name, _)| path.ends_with(name));
        found.map(|(_, text)| (*text).into()).ok_or_else(|| "there is no such file".into())
    }

    fn exists(&self, _: &Path) -> bool {
        true
    }
}

/// A pump between two tanks.
fn network() -> Run {
    let text = include_str!("../../scenes/transfer.ron");
    let twin = load_text(Path::new("transfer.ron"), text, &Inside).expect("a twin").twin;
    let machine = Network::of(&twin).expect("it is wired").machine;
    let setup = SimulationSetup {
        parameters: machine.parameters.clone(),
        initial: machine.initial.clone(),
        ..SimulationSetup::usual(machine.model.clone(), Arc::new(machine.load()), 1.0)
    };
    let mut simulation = Simulation::new(setup).expect("it fits");
    let mut numbers = Vec::new();
    for _ in 0..600 {
        simulation.step().expect("it stays finite");
        numbers.extend(simulation.state());
        numbers.extend(simulation.outputs());
    }
    Run { name: "wired tanks and pump".into(), numbers }
}

/// A stiff motor in an ensemble, each step by the implicit solver.
fn stiff() -> Run {
    let method: Method = "rosenbrock".parse().expect("a solver");
    let model = stepped(registry::find("dc_motor").expect("a model"), method);
    let load = Arc::new(Held(vec![10.0, 0.1]));
    let mut setup = ForecastSetup::usual(model, load, 0.1, 2.0);
    (setup.members, setup.noise) = (9, vec![0.0, 0.5]);
    super::runs::ensemble("stiff motor, implicit steps", setup)
}

/// The best speed of a pump by what a flow costs, with functions in the goal.
fn optimum() -> Run {
    let machine = Machine::usual(registry::find("centrifugal_pump").expect("a model"));
    let load = Arc::new(Held(machine.model.about().usual_inputs()));
    let mut setup = ForecastSetup::usual(machine.model.clone(), load, 1.0, 120.0);
    setup.members = 4;
    setup.noise = vec![0.1, 0.0, 0.01, 0.01, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0];
    let goal = r#"(
        set: {"speed": (from: 300, to: 420, inputs: {"wsync": 1, "V": 1.25})},
        running: ["exp(w / 300) + 1e-3 * w ^ 1.7"], per: "Qout",
        limits: [(of: "Qout", at_least: 0.02, when: end)],
    )"#;
    let goal = load_goal(Path::new("goal.ron"), goal).expect("a goal");
    let problem = Problem::new(&goal, &machine, setup).expect("it fits");
    let found = optimise(&problem, &AtomicBool::new(false), &|_| {}).expect("nobody cancels");
    let best = found.expect("it can be had");
    let mut numbers = vec![best.cost, best.tried as f64];
    numbers.extend(best.settings.iter().map(|setting| setting.best));
    numbers.extend(best.limits.iter().flat_map(|limit| [limit.now, limit.best]));
    if let Some(gain) = best.gain {
        numbers.extend([gain.now, gain.mean, gain.error, gain.interval.0, gain.interval.1]);
    }
    Run { name: "optimal speed of a pump".into(), numbers }
}
