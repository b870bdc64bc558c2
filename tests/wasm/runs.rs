//! Runs of the brain whose every number has to be the same natively and in WebAssembly.

use std::sync::Arc;

use twinscope::estimate::Unscented;
use twinscope::estimate::calibrate;
use twinscope::forecast::{ForecastSetup, Forecasting, Start};
use twinscope::model::load::{Held, Load};
use twinscope::model::noise::RandomStream;
use twinscope::model::registry;
use twinscope::model::simulation::{Noise, Simulation, SimulationSetup};
use twinscope::model::solver::Method;
use twinscope::model::table::Table;
use twinscope::worker::{Budget, Step, step};

use super::support::{
    battery_filter, battery_load, battery_outlook, battery_sample, battery_starts, motor_with_fan,
    pump_cycle, pump_inputs, pump_outlook,
};
use super::wider::wider;

/// A run: its name, and all that it computed in order.
pub struct Run {
    pub name: String,
    pub numbers: Vec<f64>,
}

/// All of them.
pub fn runs() -> Vec<Run> {
    let mut runs = Vec::new();
    every_model_by_every_solver(&mut runs);
    reference_runs(&mut runs);
    runs.push(filter());
    runs.push(battery_ensemble());
    runs.push(pump_ensemble());
    runs.push(calibration());
    wider(&mut runs);
    runs
}

/// The states, outputs and events of a course, by steps that the model bears: a tenth as long wherever
/// longer ones are refused, which both have to do alike.
fn course(name: String, mut setup: SimulationSetup, steps: usize) -> Run {
    let mut simulation = loop {
        match Simulation::new(setup.clone()) {
            Ok(simulation) => break simulation,
            Err(refused) => assert!(setup.dt_s > 1e-6, "{name}: {refused}"),
        }
        setup.dt_s *= 0.1;
    };
    let mut numbers = vec![setup.dt_s];
    for _ in 0..steps {
        match simulation.step() {
            Ok(happened) => numbers.extend(happened.iter().map(|happened| happened.time_s)),
            // A step that is too long for a solver: both have to say so at the same one.
            Err(_) => break,
        }
        numbers.extend(simulation.state());
        numbers.extend(simulation.outputs());
        numbers.extend(simulation.event_states());
    }
    Run { name, numbers }
}

fn every_model_by_every_solver(runs: &mut Vec<Run>) {
    let solvers = ["euler", "rk4", "dopri5", "rosenbrock"];
    for model in registry::models() {
        let about = model.about();
        for solver in solvers {
            let load = Arc::new(Held(about.usual_inputs()));
            let mut setup = SimulationSetup::usual(model.clone(), load, 0.01);
            setup.method = solver.parse::<Method>().expect("a solver");
            let strength = setup.initial.iter().map(|x| 1e-4 * x.abs()).collect();
            setup.noise = Some(Noise { strength, seed: 11 });
            runs.push(course(format!("{} by {solver}", about.name), setup, 300));
        }
    }
}

/// The trajectories that are compared with another implementation elsewhere.
fn reference_runs(runs: &mut Vec<Run>) {
    let setup = |model: &str, load: Arc<dyn Load>, dt_s| {
        SimulationSetup::usual(registry::find(model).expect("a model"), load, dt_s)
    };
    let constant = setup("centrifugal_pump", Arc::new(Held(pump_inputs(471.2389))), 1.0);
    runs.push(course("pump_default_const".into(), constant, 5_000));
    let mut wearing = setup("centrifugal_pump", pump_cycle(), 1.0);
    wearing.initial[9] = 0.01;
    runs.push(course("pump_wearA_cycle".into(), wearing, 23_892));
    let battery = setup("battery_circuit", battery_load(), 1.0);
    runs.push(course("battery_circuit_euler".into(), battery, 3_005));
    runs.push(course("dcmotor_sp".into(), setup("dc_motor", motor_with_fan(), 1e-3), 2_001));
}

/// The unscented filter on the reference's measurements: means and covariances.
fn filter() -> Run {
    let table = include_bytes!("../data/prognostics/ukf_battery_circuit.csv");
    let table = Table::read(table).expect("the reference");
    let mut filter = Unscented::new(battery_filter(), 0.0, &[2.0]).expect("it fits");
    let mut numbers = Vec::new();
    for row in 0..table.rows() {
        let sample = battery_sample(|name| table.column(name).expect("a column"), row);
        let heard = filter.observe(&sample).expect("it goes on");
        numbers.push(heard.log_likelihood);
        let belief = filter.belief();
        numbers.extend(&belief.mean);
        for at in 0..4 {
            numbers.extend((0..4).map(|other| belief.covariance.get(at, other)));
        }
    }
    Run { name: "ukf_battery_circuit".into(), numbers }
}

/// Times of events, bands and kept members of a forecast.
pub fn ensemble(name: &str, setup: ForecastSetup) -> Run {
    let mut run = Forecasting::new(setup).expect("it can be carried out");
    let Step::Done(done) = step(&mut run, &Budget::until(&|| false)) else {
        unreachable!("the budget is never spent")
    };
    let forecast = done.expect("a forecast");
    let mut numbers: Vec<f64> =
        forecast.events.iter().flat_map(|event| event.times_s.clone()).collect();
    for band in &forecast.bands {
        numbers.extend(band.quantiles.iter().flatten());
    }
    for member in &forecast.kept {
        numbers.extend(member.course.iter().flatten());
    }
    numbers.push(forecast.medoid as f64);
    // What is no number after a course has ended may have other bits.
    numbers.retain(|number| !number.is_nan());
    Run { name: name.into(), numbers }
}

fn battery_ensemble() -> Run {
    let table = include_bytes!("../data/prognostics/mc_battery_circuit.csv");
    let table = Table::read(table).expect("the reference");
    let starts = battery_starts(|name| table.column(name).expect("states"));
    let mut setup = battery_outlook();
    (setup.start, setup.begin_s) = (Start::Each(starts), 600.0);
    setup.members = table.rows();
    ensemble("mc_battery_circuit", setup)
}

fn pump_ensemble() -> Run {
    ensemble("pump ensemble with noise and an uncertain load", pump_outlook(64))
}

/// A resistance and a capacitance of a battery from its own course with noise: values, errors and intervals.
fn calibration() -> Run {
    let model = registry::find("battery_circuit").expect("a model");
    let load = battery_load();
    let mut simulation =
        Simulation::new(SimulationSetup::usual(model.clone(), load.clone(), 1.0)).expect("it fits");
    let mut random = RandomStream::new(17, 0);
    let (mut times_s, mut measured) = (Vec::new(), Vec::new());
    let initial = simulation.state().to_vec();
    for _ in 0..1_000 {
        simulation.step().expect("it stays finite");
        times_s.push(simulation.time_s());
        let z = simulation.outputs();
        measured.push(vec![z[0] + 0.1 * random.normal(), z[1] + 0.005 * random.normal()]);
    }
    let mut setup = calibrate::CalibrationSetup::usual(model, &[0.1, 0.005], &["Rs", "Cs"]);
    setup.courses = vec![calibrate::Course { load, initial, start_s: 0.0, times_s, measured }];
    // From where it has to be found.
    setup.chosen[0].start = Some(0.1);
    let found = calibrate::Calibration::new(setup)
        .and_then(calibrate::Calibration::finish)
        .expect("an answer");
    let mut numbers = vec![found.fit.cost];
    for value in &found.fit.values {
        numbers.push(value.value);
        numbers.extend(value.error);
        numbers.extend(value.interval.iter().flat_map(|(low, high)| [*low, *high]));
    }
    Run { name: "calibration of a battery".into(), numbers }
}
