//! A battery's parameters from its own measurements.

use std::sync::Arc;

use super::*;
use crate::model::load::{Load, Profile};
use crate::model::noise::RandomStream;
use crate::model::registry;
use crate::model::simulation::{Simulation, SimulationSetup};
use crate::model::tests::{Reference, currents};
use crate::worker::{Run, Step};

const RS: f64 = 0.0538926;
const CB1: f64 = 2079.9;

/// A battery whose parameters of these names start away from the truth.
pub(super) fn setup(starts: &[(&str, f64)], course: Course) -> CalibrationSetup {
    let model = registry::find("battery_circuit").expect("a model");
    let names: Vec<&str> = starts.iter().map(|(name, _)| *name).collect();
    let mut setup = CalibrationSetup::usual(model, &[0.5, 0.01], &names);
    for (chosen, (_, start)) in setup.chosen.iter_mut().zip(starts) {
        chosen.start = Some(*start);
    }
    setup.courses.push(course);
    setup
}

/// What a usual battery would be measured at without noise, every ten seconds, under a load that
/// changes soon enough for short courses.
pub(super) fn truth(until_s: f64) -> Course {
    truth_under(Arc::new(Profile(|t_s: f64, u: &mut [f64]| u[0] = currents(5.0 * t_s))), until_s)
}

/// The same under another load.
pub(super) fn truth_under(load: Arc<dyn Load>, until_s: f64) -> Course {
    let model = registry::find("battery_circuit").expect("a model");
    let setup = SimulationSetup::usual(model, load.clone(), 1.0);
    let initial = setup.initial.clone();
    let mut simulation = Simulation::new(setup).expect("it fits");
    let (mut times_s, mut measured) = (Vec::new(), Vec::new());
    while simulation.time_s() < until_s {
        for _ in 0..10 {
            simulation.step().expect("it stays finite");
        }
        times_s.push(simulation.time_s());
        measured.push(simulation.outputs());
    }
    Course { load, initial, start_s: 0.0, times_s, measured }
}

/// The same with noise of the deviations of [`setup`].
pub(super) fn noisy(course: &Course, seed: u64) -> Course {
    let mut random = RandomStream::new(seed, 0);
    let mut course = course.clone();
    for row in &mut course.measured {
        for (value, deviation) in row.iter_mut().zip([0.5, 0.01]) {
            *value += deviation * random.normal();
        }
    }
    course
}

/// The first rows of the reference, which another program computed.
fn reference(rows: usize) -> Course {
    let reference = Reference::read("battery_circuit_euler");
    let column = |name: &str| reference.column(name)[..rows].to_vec();
    let pairs = column("z_t").into_iter().zip(column("z_v"));
    Course {
        load: Arc::new(Profile(|t_s: f64, u: &mut [f64]| u[0] = currents(t_s))),
        initial: vec![292.1, 7856.3254, 0.0, 0.0],
        start_s: 0.0,
        times_s: column("t"),
        measured: pairs.map(|(t, v)| vec![t, v]).collect(),
    }
}

#[test]
fn calibration_finds_the_true_parameters_of_the_reference() {
    let run = |setup: CalibrationSetup| {
        Calibration::new(setup).expect("a setup").finish().expect("a fit")
    };
    let found = run(setup(&[("Rs", 0.1), ("Cb1", 1500.0)], reference(61)));
    let off = off(found.fit.values.iter().map(|value| value.value), &[RS, CB1]);
    assert!(off < 1e-9, "off by {off:e}");
    assert!(found.fit.evaluations < 84, "{}", found.fit.evaluations);
    assert!(found.fit.warnings.is_empty(), "{:?}", found.fit.warnings);
    assert_eq!((found.measurements, found.missing), (122, 0));
    assert_eq!(found.parameters[8], found.fit.values[0].value);
}

#[test]
fn calibration_finds_initial_states_of_several_runs_beside_a_parameter() {
    let long = reference(91);
    let mut setup = setup(&[("Rs", 0.1), ("qb", 7500.0)], reference(61));
    setup.courses.push(long);
    let found = Calibration::new(setup).expect("a setup").finish().expect("a fit");
    let names: Vec<&str> = found.fit.values.iter().map(|value| &*value.name).collect();
    assert_eq!(names, ["Rs", "qb of run 1", "qb of run 2"]);
    let off = off(found.fit.values.iter().map(|value| value.value), &[RS, 7856.3254, 7856.3254]);
    assert!(off < 1e-9, "off by {off:e}");
    assert_eq!(found.initial[1][1], found.fit.values[2].value);
}

#[test]
fn calibration_intervals_hold_the_truth_as_often_as_they_promise() {
    let truth = truth(600.0);
    for spread in [Spread::Residuals, Spread::Stated] {
        let mut held = [0, 0];
        for seed in 0..200 {
            let mut setup = setup(&[("Rs", 0.07), ("Cb1", 1900.0)], noisy(&truth, seed));
            setup.options.spread = spread;
            let found = Calibration::new(setup).expect("a setup").finish().expect("a fit");
            assert!(found.fit.ending.has_converged(), "{:?}", found.fit);
            for ((held, value), truth) in held.iter_mut().zip(&found.fit.values).zip([RS, CB1]) {
                let (low, high) = value.interval.expect("an interval");
                *held += usize::from(low <= truth && truth <= high);
            }
        }
        // 190 of 200 are promised; the number scatters by 3.
        assert!(held.iter().all(|held| (182..=198).contains(held)), "{held:?}");
    }
}

#[test]
fn calibration_runs_in_small_pieces_that_end_in_the_same_bits() {
    let new = || Calibration::new(setup(&[("Rs", 0.1)], reference(300))).expect("a setup");
    let (mut run, mut pieces, mut before) = (new(), 0, 0.0);
    let done = loop {
        match run.piece() {
            Step::More(done) => {
                assert!((before..1.0).contains(&done), "{done} after {before}");
                (pieces, before) = (pieces + 1, done);
            }
            Step::Done(done) => break done.expect("a fit"),
        }
    };
    assert!(pieces > done.fit.evaluations, "{pieces}");
    assert_eq!(done.fit.values, new().finish().expect("a fit").fit.values);
}

#[test]
fn calibration_comes_through_an_adaptive_solver() {
    let mut setup = setup(&[("Rs", 0.1), ("Cb1", 1500.0)], noisy(&truth(600.0), 3));
    setup.method = "dopri5".parse().expect("a solver");
    setup.step_s = 10.0;
    let found = Calibration::new(setup).expect("a setup").finish().expect("a fit");
    assert!(found.fit.ending.has_converged(), "{:?}", found.fit);
    for (value, truth) in found.fit.values.iter().zip([RS, CB1]) {
        let error = value.error.expect("an error");
        assert!((value.value - truth).abs() < 4.0 * error, "{value:?}");
    }
}
