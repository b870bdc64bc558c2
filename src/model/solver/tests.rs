//! The solvers beside solutions that are known in closed form.

use std::sync::Arc;

use super::*;
use crate::model::about::About;
use crate::model::kernel::{Equations, model};
use crate::model::load::Held;
use crate::model::real::Real;
use crate::model::simulation::{EventOccurrence, Simulation, SimulationSetup};

/// A ball that is thrown up and falls: height h, speed v; event: it is back on the ground.
struct Ball;

impl Equations for Ball {
    fn about() -> About {
        About::new("ball", "Ball")
            .state("h", "m", 1.0, "height")
            .state("v", "m/s", 20.0, "speed upwards")
            .input("g", "m/s2", 10.0, "gravity")
            .output("h", "m", "height")
            .event("landed", "it is on the ground")
    }
    fn derivative<R: Real>(x: &[R], u: &[R], _: &[R], dx: &mut [R]) {
        dx.copy_from_slice(&[x[1], -u[0]]);
    }
    fn output<R: Real>(x: &[R], _: &[R], _: &[R], z: &mut [R]) {
        z[0] = x[0];
    }
    fn event_state<R: Real>(x: &[R], _: &[R], _: &[R], es: &mut [R]) {
        es[0] = x[0];
    }
}

/// The oscillator ẍ = −x, whose solution from (1, 0) is the cosine.
struct Oscillator;

impl Equations for Oscillator {
    fn about() -> About {
        About::new("oscillator", "Oscillator")
            .state("x", "1", 1.0, "place")
            .state("v", "1", 0.0, "speed")
    }
    fn derivative<R: Real>(x: &[R], _: &[R], _: &[R], dx: &mut [R]) {
        dx.copy_from_slice(&[x[1], -x[0]]);
    }
    fn output<R: Real>(_: &[R], _: &[R], _: &[R], _: &mut [R]) {}
}

/// Robertson's chemical kinetics, the classical stiff problem.
struct Robertson;

impl Equations for Robertson {
    fn about() -> About {
        About::new("robertson", "Robertson")
            .state("a", "1", 1.0, "share")
            .state("b", "1", 0.0, "share")
            .state("c", "1", 0.0, "share")
    }
    fn derivative<R: Real>(x: &[R], _: &[R], _: &[R], dx: &mut [R]) {
        let &[a, b, c] = x else { return };
        let slow = a * 0.04;
        let back = b * c * 1e4;
        let fast = b * b * 3e7;
        dx.copy_from_slice(&[back - slow, slow - back - fast, fast]);
    }
    fn output<R: Real>(_: &[R], _: &[R], _: &[R], _: &mut [R]) {}
}

fn end<E: Equations>(method: Method, dt_s: f64, steps: usize) -> Vec<f64> {
    let model = model::<E>();
    let load = Arc::new(Held(model.about().usual_inputs()));
    let setup = SimulationSetup { method, ..SimulationSetup::usual(model, load, dt_s) };
    let mut simulation = Simulation::new(setup).expect("it fits");
    for _ in 0..steps {
        simulation.step().expect("it is solved");
    }
    simulation.state().to_vec()
}

/// How many times smaller the error becomes when the step is halved, as a power of two.
fn order(method: Method) -> f64 {
    let error = |steps: usize| {
        let end = end::<Oscillator>(method, 1.0 / steps as f64, steps);
        (end[0] - 1f64.cos()).abs()
    };
    (error(64) / error(128)).log2()
}

#[test]
fn euler_is_of_first_and_runge_kutta_of_fourth_order() {
    assert!((order(Method::Euler) - 1.0).abs() < 0.05, "{}", order(Method::Euler));
    assert!((order(Method::Rk4) - 4.0).abs() < 0.05, "{}", order(Method::Rk4));
}

#[test]
fn adaptive_solvers_keep_the_tolerance_that_they_are_given() {
    for relative in [1e-5, 1e-7, 1e-9] {
        let tolerance = Tolerance { relative, absolute: relative };
        for method in [Method::DormandPrince(tolerance), Method::Rosenbrock(tolerance)] {
            let end = end::<Oscillator>(method, 10.0, 1);
            let error = (end[0] - 10f64.cos()).abs();
            assert!(error < 60.0 * relative, "{method:?}: {error:e}");
        }
    }
}

#[test]
fn a_stiff_problem_ends_at_its_published_values() {
    // Hairer and Wanner II, section IV.10: the values at t = 40 are in every library's tests.
    let tolerance = Tolerance { relative: 1e-8, absolute: 1e-12 };
    let end = end::<Robertson>(Method::Rosenbrock(tolerance), 40.0, 1);
    for (ours, theirs) in end.iter().zip([0.7158270687, 9.185534764e-6, 0.2841637457]) {
        assert!((ours / theirs - 1.0).abs() < 1e-6, "{ours} is not {theirs}");
    }
}

#[test]
fn an_event_is_located_inside_its_step() {
    // 1 + 20 t − 5 t² = 0 at t = 2 + √4.2.
    let wanted = 2.0 + 4.2_f64.sqrt();
    for method in ["rk4", "dopri5", "rosenbrock"].map(|name| name.parse::<Method>()) {
        let method = method.expect("a solver");
        for dt_s in [0.3, 1.0, 7.0] {
            let happened = fall(method, dt_s);
            assert!((happened.time_s - wanted).abs() < 1e-9, "{method:?} {dt_s}: {happened:?}");
            assert!(happened.time_s <= happened.step_end_s);
        }
    }
}

fn fall(method: Method, dt_s: f64) -> EventOccurrence {
    let load = Arc::new(Held(vec![10.0]));
    let setup = SimulationSetup { method, ..SimulationSetup::usual(model::<Ball>(), load, dt_s) };
    let mut simulation = Simulation::new(setup).expect("it fits");
    for _ in 0..100 {
        if let [first] = simulation.step().expect("it falls")[..] {
            return first;
        }
    }
    panic!("it never came down");
}

#[test]
fn a_step_that_diverges_says_which_state_and_leaves_the_state_as_it_was() {
    let load = Arc::new(Held(vec![f64::MAX]));
    let mut simulation =
        Simulation::new(SimulationSetup::usual(model::<Ball>(), load, 1e9)).expect("it fits");
    let before = simulation.state().to_vec();
    let error = simulation.step().expect_err("beyond all numbers").to_string();
    assert!(error.starts_with("`v` became -inf"), "{error}");
    assert_eq!(simulation.state(), before);
}

/// The first state has no rate once a square root has none; the second one fades.
struct Broken;

impl Equations for Broken {
    fn about() -> About {
        About::new("broken", "Broken")
            .state("a", "1", 1.0, "falls to where it has no rate")
            .state("b", "1", 1.0, "fades")
            .input("more", "1", 0.0, "what is added below the root")
    }
    fn derivative<R: Real>(x: &[R], u: &[R], _: &[R], dx: &mut [R]) {
        dx.copy_from_slice(&[-((x[0] - 0.25 + u[0]).sqrt() + 1.0), -x[1]]);
    }
    fn output<R: Real>(_: &[R], _: &[R], _: &[R], _: &mut [R]) {}
}

#[test]
fn a_rate_that_is_no_number_ends_every_solver_and_the_state_is_named() {
    for name in NAMES {
        let method: Method = name.parse().expect("a solver");
        // Without a rate from the start, and only after a while.
        for more in [-1.0, 0.0] {
            let load = Arc::new(Held(vec![more]));
            let setup = SimulationSetup {
                method,
                ..SimulationSetup::usual(model::<Broken>(), load, 100.0)
            };
            let mut simulation = Simulation::new(setup).expect("it fits");
            let failed = (0..3).find_map(|_| simulation.step().err());
            let error = failed.expect("there is no way on").to_string();
            assert!(error.starts_with("`a` became NaN"), "{name} {more}: {error}");
            assert!(simulation.state().iter().all(|value| value.is_finite()), "{name}");
        }
    }
}
