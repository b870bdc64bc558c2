//! Steps that models bear, and steps that they do not.

use std::path::Path;
use std::sync::Arc;

use super::*;
use crate::forecast::{ForecastSetup, Forecasting};
use crate::model::load::{Held, Hold, Profile, Schedule};
use crate::model::simulation::{Simulation, SimulationSetup};
use crate::model::{About, Equations, Machine, Real, Variable, model, registry};
use crate::twin::load_behaviour;

/// Steps of a usual machine under what usually acts on it.
fn checked(name: &str, method: &str, dt_s: f64, change: &[(&str, f64)]) -> Result<(), StepTooLong> {
    let model = registry::find(name).expect("a model");
    let about = model.about();
    let mut parameters = about.usual_parameters();
    for (name, value) in change {
        let at = about.parameters.iter().position(|parameter| parameter.name == *name);
        parameters[at.expect("a parameter")] = *value;
    }
    let (mut initial, inputs) = (Machine::usual(model.clone()).initial, about.usual_inputs());
    Kernel::<f64>::start(&*model, &inputs, &parameters, &mut initial);
    let steps = Steps {
        model: &*model,
        parameters: &parameters,
        initial: &initial,
        load: &Held(inputs),
        begin_s: 0.0,
        span_s: UNKNOWN_STEPS * dt_s,
        dt_s,
        method: Some(method.parse().expect("a solver")),
    };
    steps.check()
}

fn longest_s(name: &str, method: &str, dt_s: f64, change: &[(&str, f64)]) -> f64 {
    let error = checked(name, method, dt_s, change).expect_err("it is too long");
    assert!(error.to_string().contains("does not bear steps of"), "{error}");
    error.longest_s.expect("a step holds")
}

#[test]
fn steps_that_a_model_states_in_words_are_those_that_hold() {
    // 2 / (1 / R C) of the concentration's overpotential: 2 × 14.8223 × 0.0697776 s, or 0.03 Ohm of it.
    let battery = longest_s("battery_circuit", "euler", 3.0, &[]);
    assert!((2.0..2.1).contains(&battery), "{battery}");
    let low = longest_s("battery_circuit", "euler", 1.0, &[("Rcp0", 0.03)]);
    assert!((0.85..0.9).contains(&low), "{low}");
    // The current of the motor: s² + 976 s + 66,700 = 0.
    let motor = longest_s("dc_motor", "euler", 1.0, &[]);
    assert!((2.1e-3..2.25e-3).contains(&motor), "{motor}");
    let belt = longest_s("belt_conveyor", "euler", 1.0, &[]);
    assert!((0.4..0.7).contains(&belt), "{belt}");
    let pump = longest_s("centrifugal_pump", "euler", 600.0, &[]);
    assert!((1.5..3.0).contains(&pump), "{pump}");
    longest_s("centrifugal_pump", "euler", 10.0, &[]);
    // What is said to hold holds, and is the longest that does.
    for (name, dt_s, longest_s) in
        [("battery_circuit", 3.0, battery), ("dc_motor", 1.0, motor), ("belt_conveyor", 1.0, belt)]
    {
        assert_eq!(checked(name, "euler", longest_s, &[]), Ok(()), "{name}");
        assert!(checked(name, "euler", 1.1 * longest_s, &[]).is_err(), "{name} {dt_s}");
    }
}

#[test]
fn a_solver_that_divides_its_steps_bears_any_length() {
    for method in ["dopri5", "rosenbrock"] {
        assert_eq!(checked("dc_motor", method, 60.0, &[]), Ok(()));
    }
}

/// The state after so many seconds, by a machine's own steps of a length.
fn end(machine: &Machine, inputs: &[f64], dt_s: f64, span_s: f64) -> Vec<f64> {
    let kernel: &dyn Kernel<f64> = &*machine.model;
    let mut x = machine.initial.clone();
    kernel.start(inputs, &machine.parameters, &mut x);
    let mut next = x.clone();
    for _ in 0..(span_s / dt_s).round() as u64 {
        kernel.step(&x, inputs, &machine.parameters, dt_s, &mut next);
        std::mem::swap(&mut x, &mut next);
    }
    x
}

/// Whether a machine's steps lead where steps a tenth as long do.
fn ends_near(machine: &Machine, inputs: &[f64]) {
    let about = machine.model.about();
    let span_s = 200.0 * machine.step_s;
    let own = end(machine, inputs, machine.step_s, span_s);
    let fine = end(machine, inputs, 0.1 * machine.step_s, span_s);
    for ((state, own), fine) in about.states.iter().zip(&own).zip(&fine) {
        let own = state.turn.map_or(*own, |turn| nearest_angle(*own, *fine, turn));
        let size = fine.abs().max(state.usual.abs()).max(1e-3);
        assert!((own - fine).abs() < 0.02 * size, "{} {}: {own} {fine}", about.name, state.name);
    }
}

#[test]
fn the_usual_steps_of_every_model_lead_where_steps_a_tenth_as_long_do() {
    for model in registry::models() {
        let mut machine = Machine::usual(model.clone());
        assert_eq!(machine.shorten_step(), Ok(None), "{}", model.about().name);
        let usual = model.about().usual_inputs();
        ends_near(&machine, &usual);
        if ["dc_motor", "robot_joint"].contains(&&*model.about().name) {
            // As they begin they stand still, or nearly.
            ends_near(&machine, &[5.0, 0.01, 293.15][..usual.len()]);
        }
    }
}

#[test]
fn every_machine_s_file_that_is_shipped_states_steps_that_hold() {
    let folder = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/scenes/machines"));
    let mut count = 0;
    for entry in std::fs::read_dir(folder).expect("the folder") {
        let path = entry.expect("an entry").path();
        if path.to_string_lossy().ends_with("_goal.ron") {
            continue;
        }
        let text = std::fs::read_to_string(&path).expect("a file");
        let behaviour = load_behaviour(&path, &text).expect("a machine");
        let mut machine = Machine::of(&behaviour).expect("it fits");
        machine.is_step_stated = false;
        assert_eq!(machine.shorten_step(), Ok(None), "{}", path.display());
        ends_near(&machine, &machine.model.about().usual_inputs());
        count += 1;
    }
    assert!(count >= 8, "{count}");
}

#[test]
fn a_step_that_nobody_stated_is_shortened_and_one_that_was_is_not() {
    let of = |text: &str| {
        let behaviour = load_behaviour(Path::new("m.ron"), text).expect("a machine");
        Machine::of(&behaviour).expect("it fits")
    };
    let mut low = of("(model: \"battery_circuit\", parameters: {\"Rcp0\": 0.03})");
    assert_eq!(low.shorten_step(), Ok(Some(1.0)));
    assert_eq!(low.step_s, 0.2);
    ends_near(&low, &[2.0]);
    let mut stated = of("(model: \"battery_circuit\", step: 3)");
    assert_eq!((stated.shorten_step(), stated.step_s), (Ok(None), 3.0));
    let mut motor = of("(model: \"dc_motor\", solver: \"euler\")");
    assert_eq!(motor.shorten_step(), Ok(Some(1.0)));
    assert_eq!(motor.step_s, 1e-3);
}

/// A spring without damping, and what grows by itself.
struct Swing;

impl Equations for Swing {
    fn about() -> About {
        About::new("swing", "Swing")
            .state("x", "m", 1.0, "place")
            .state("v", "m/s", 0.0, "speed")
            .state("g", "1", 1.0, "what grows")
            .input("rate", "/s", 0.0, "rate of growth")
            .event("Large", "it has grown")
    }
    fn derivative<R: Real>(x: &[R], u: &[R], _: &[R], dx: &mut [R]) {
        dx.copy_from_slice(&[x[1], -x[0], x[2] * u[0]]);
    }
    fn output<R: Real>(_: &[R], _: &[R], _: &[R], _: &mut [R]) {}
    fn event_state<R: Real>(x: &[R], _: &[R], _: &[R], es: &mut [R]) {
        es[0] = -x[0].abs() + 5.0;
    }
}

fn swing(method: &str, rate: f64, dt_s: f64, span_s: f64) -> Result<(), StepTooLong> {
    let model = model::<Swing>();
    let steps = Steps {
        model: &*model,
        parameters: &[],
        initial: &[1.0, 0.0, 1.0],
        load: &Held(vec![rate]),
        begin_s: 0.0,
        span_s,
        dt_s,
        method: Some(method.parse().expect("a solver")),
    };
    steps.check()
}

#[test]
fn what_grows_by_itself_may_grow_and_what_swings_may_not() {
    // Euler's steps let a swing grow by √(1 + h²) in each, for ever.
    assert_eq!(swing("euler", 0.0, 0.01, 10.0), Ok(()));
    let error = swing("euler", 0.0, 0.5, 1000.0).expect_err("it grows without bounds");
    assert_eq!(error.states, ["x", "v"]);
    let longest_s = error.longest_s.expect("a step holds");
    assert!(longest_s * 1000.0 / 2.0 < 7.0 && longest_s > 0.012, "{longest_s}");
    assert_eq!(swing("rk4", 0.0, 0.5, 100.0), Ok(()));
    // Equations that let errors grow are no fault of the step.
    assert_eq!(swing("rk4", 0.5, 0.5, 100.0), Ok(()));
}

#[test]
fn no_event_is_located_and_no_course_goes_on_where_the_solution_has_broken_down() {
    // The motor is shut off at first, so that its steps seem to hold; they do not once it turns.
    let load = Profile(|t_s: f64, u: &mut [f64]| {
        let volts = if t_s < 1e5 { 0.0 } else { 10.0 };
        u.copy_from_slice(&[volts, 0.0]);
    });
    let motor = registry::find("dc_motor").expect("a model");
    let setup = SimulationSetup::usual(motor, Arc::new(load), 1.0);
    let error = Simulation::new(setup).map(|_| ()).expect_err("its steps are too long");
    assert!(error.contains("does not bear steps of 1 s"), "{error}");
    // A swing is not looked at for as long as it takes to grow.
    let load = Arc::new(Held(vec![0.0]));
    let setup = SimulationSetup::usual(model::<Swing>(), load.clone(), 0.1);
    let mut simulation = Simulation::new(setup).expect("a thousand steps hold");
    let ended = (0..100_000).find_map(|_| simulation.step().err());
    let error = ended.expect("it ends").to_string();
    assert!(error.contains("`x` became") || error.contains("has broken down"), "{error}");
    assert!(simulation.state().iter().all(|value| value.abs() < 1e13));
    // The same of an ensemble, whose horizon is known: at once.
    let setup = ForecastSetup::usual(model::<Swing>(), load, 0.1, 1e5);
    let error = Forecasting::new(setup).map(|_| ()).expect_err("it grows").to_string();
    assert!(error.contains("`swing` does not bear steps of 0.1 s"), "{error}");
}

#[test]
fn a_step_has_broken_down_where_finer_ones_lead_elsewhere() {
    let battery = registry::find("battery_circuit").expect("a model");
    let about = battery.about();
    let (u, p) = (about.usual_inputs(), about.usual_parameters());
    let problem = Problem { model: &*battery, u: &u, p: &p };
    // An overpotential far from where it settles, at 2 A × 0.07 Ohm × 14.8 F.
    let x = [292.1, 7856.0, 20.0, 0.0];
    for method in [None, Some(Method::Euler)] {
        assert!(!has_broken_down(problem, &x, 1.0, method));
        assert!(has_broken_down(problem, &x, 4.0, method));
    }
}

/// What grows or shrinks at a rate that is set.
struct Growing;

impl Equations for Growing {
    fn about() -> About {
        About::new("growing", "What grows").state("g", "1", 1.0, "what grows").input(
            "rate",
            "/s",
            0.0,
            "rate of growth",
        )
    }
    fn derivative<R: Real>(x: &[R], u: &[R], _: &[R], dx: &mut [R]) {
        dx[0] = x[0] * u[0];
    }
    fn output<R: Real>(_: &[R], _: &[R], _: &[R], _: &mut [R]) {}
    fn event_state<R: Real>(_: &[R], _: &[R], _: &[R], _: &mut [R]) {}
}

/// A plan of rows of a minute each that begins at a time in seconds since 1970.
struct Minutes(Schedule);

/// When it begins.
const BEGIN_S: f64 = 1.7e9;

impl Minutes {
    /// So many rows with a rate of −1 a second, but for one.
    fn of(count: u32, (odd, rate): (u32, f64)) -> Self {
        let row = |at: u32| (60.0 * f64::from(at), vec![if at == odd { rate } else { -1.0 }]);
        let rows: Vec<_> = (0..count).map(row).collect();
        Self(Schedule::new(&rows, Hold::Start).expect("a plan"))
    }
}

impl Load for Minutes {
    fn at(&self, t_s: f64, x: &[f64], u: &mut [f64]) {
        self.0.at(t_s - BEGIN_S, x, u);
    }
    fn holds_until(&self, t_s: f64) -> f64 {
        BEGIN_S + self.0.holds_until(t_s - BEGIN_S)
    }
}

#[test]
fn all_of_a_plan_is_looked_at_however_often_it_changes() {
    let model = model::<Growing>();
    let of = |load: &Minutes, span_s: f64| {
        let steps = Steps {
            model: &*model,
            parameters: &[],
            initial: &[1.0],
            load,
            begin_s: BEGIN_S,
            span_s,
            dt_s: 0.01,
            method: Some(Method::Euler),
        };
        steps.check()
    };
    for (count, odd) in [(40, 39), (300, 250), (5_000, 4_321), (100_000, 54_321)] {
        // A rate of −300 a second bears steps of 0.0067 s.
        let span_s = 60.0 * f64::from(count);
        let error = of(&Minutes::of(count, (odd, -300.0)), span_s).expect_err("too much");
        let longest_s = error.longest_s.expect("a step holds");
        assert!((0.006..0.0067).contains(&longest_s), "{count}: {longest_s}");
        assert_eq!(of(&Minutes::of(count, (odd, -100.0)), span_s), Ok(()));
    }
    // What comes after the end is not looked at, and the cost is bounded.
    let since = std::time::Instant::now();
    let many = Minutes::of(500_000, (400_000, -300.0));
    assert_eq!(of(&many, 60.0 * 399_000.0), Ok(()));
    assert!(since.elapsed().as_secs() < 5);
}

#[test]
fn what_acts_after_the_end_of_a_course_refuses_no_step() {
    let model = model::<Growing>();
    // A rate of −300 a second bears steps of 0.0067 s; a thousand steps take ten seconds.
    for hold in [Hold::Start, Hold::End] {
        let (from_s, rate) = (5.0, -300.0);
        let rows = match hold {
            Hold::End => [(from_s, vec![-1.0]), (60.0, vec![rate])],
            _ => [(0.0, vec![-1.0]), (from_s, vec![rate])],
        };
        let load = Schedule::new(&rows, hold).expect("a plan");
        let of = |span_s: f64| {
            let steps = Steps {
                model: &*model,
                parameters: &[],
                initial: &[1.0],
                load: &load,
                begin_s: 0.0,
                span_s,
                dt_s: 0.01,
                method: Some(Method::Euler),
            };
            steps.check()
        };
        // The last of a few steps ends with the course, too.
        for span_s in [0.025, 0.1, 1.0, from_s] {
            assert_eq!(of(span_s), Ok(()), "{hold:?} {span_s}");
        }
        let error = of(from_s + 1.0).expect_err("too much acts before the end");
        assert_eq!(error.states, ["g"]);
    }
}

#[test]
fn a_few_steps_that_lead_far_off_are_refused_though_errors_have_no_time_to_grow() {
    let steps = |model: &dyn Model, inputs: &[f64], dt_s: f64, span_s: f64| {
        let about = model.about();
        let parameters = about.usual_parameters();
        let mut initial: Vec<f64> = about.states.iter().map(|state| state.usual).collect();
        Kernel::<f64>::start(model, inputs, &parameters, &mut initial);
        let steps = Steps {
            model,
            parameters: &parameters,
            initial: &initial,
            load: &Held(inputs.to_vec()),
            begin_s: 0.0,
            span_s,
            dt_s,
            method: Some(Method::Euler),
        };
        steps.check()
    };
    let motor = registry::find("dc_motor").expect("a model");
    // One step, of which the end is that of the course.
    let error = steps(&*motor, &[5.0, 0.01], 1.0, 0.5).expect_err("it leads nowhere");
    assert_eq!(error.dt_s, 0.5);
    let longest_s = error.longest_s.expect("a step holds");
    assert!((1e-3..3e-3).contains(&longest_s), "{longest_s}");
    assert_eq!(steps(&*motor, &[5.0, 0.01], 1e-3, 2e-3), Ok(()));
    for model in registry::models().iter().filter(|model| !model.about().method.adapts_steps()) {
        let (step_s, inputs) = (model.about().step_s, model.about().usual_inputs());
        for count in [0.5, 1.0, 3.0, 12.0] {
            let held = steps(&**model, &inputs, step_s, count * step_s);
            assert_eq!(held, Ok(()), "{}", model.about().name);
        }
    }
}

/// What became of a course: its events with their times, and its state in the end.
struct Account {
    events: Vec<Option<f64>>,
    state: Vec<f64>,
    /// The largest size of each state.
    sizes: Vec<f64>,
}

/// A course of a number of steps; what ends it, where it cannot be.
fn account(
    machine: &Machine,
    inputs: &[f64],
    method: Method,
    (dt_s, steps): (f64, u64),
) -> Result<Account, String> {
    let setup = SimulationSetup {
        parameters: machine.parameters.clone(),
        initial: machine.initial.clone(),
        method,
        ..SimulationSetup::usual(machine.model.clone(), Arc::new(Held(inputs.to_vec())), dt_s)
    };
    let mut simulation = Simulation::new(setup)?;
    let mut events = vec![None; machine.model.about().events.len()];
    let mut sizes = vec![0.0; simulation.state().len()];
    for _ in 0..steps {
        for happened in simulation.step().map_err(|error| error.to_string())? {
            events[happened.event].get_or_insert(happened.time_s);
        }
        let each = sizes.iter_mut().zip(simulation.state());
        each.for_each(|(size, x): (&mut f64, _)| *size = size.max(x.abs()));
    }
    Ok(Account { events, state: simulation.state().to_vec(), sizes })
}

/// What differs between two courses: an event by more than two steps and a twentieth of its time, or a state
/// by more than [`OFF_AT_MOST`].
fn differs(
    about: &About,
    dt_s: f64,
    (own, fine): (&Account, &Account),
    span_s: f64,
) -> Option<String> {
    for ((event, own), fine) in about.events.iter().zip(&own.events).zip(&fine.events) {
        let near = |a: f64, b: f64| (a - b).abs() <= 2.0 * dt_s + 0.05 * a.max(b);
        let same = match (own, fine) {
            (Some(own), Some(fine)) => near(*own, *fine),
            // At the end it may just have happened, or not yet.
            (Some(one), None) | (None, Some(one)) => near(*one, span_s),
            (None, None) => true,
        };
        if !same {
            return Some(format!("{}: {own:?} {fine:?}", event.name));
        }
    }
    let states = about.states.iter().zip(&own.state).zip(fine.state.iter().zip(&fine.sizes));
    for ((state, own), (fine, size)) in states {
        let own = state.turn.map_or(*own, |turn| nearest_angle(*own, *fine, turn));
        let size = size.max(state.usual.abs()).max(1e-3);
        if !((own - fine).abs() < OFF_AT_MOST * size) {
            return Some(format!("{}: {own} {fine}", state.name));
        }
    }
    None
}

/// A state may be off by this share of its largest size: where a flow turns round, as in a pump that is slowed
/// down, Euler's steps are a tenth off until it has settled. A solution that has broken down is off by far more.
const OFF_AT_MOST: f64 = 0.125;
/// Steps of a course that is compared.
const STEPS: u64 = 100;

/// Whether a machine's steps lead where steps a tenth as long do, or else what differs; `None` where they are
/// refused.
fn compared(
    machine: &Machine,
    inputs: &[f64],
    method: Method,
    dt_s: f64,
) -> Option<Result<(), String>> {
    let about = machine.model.about();
    let own = account(machine, inputs, method, (dt_s, STEPS)).ok()?;
    let what = match account(machine, inputs, method, (0.1 * dt_s, 10 * STEPS)) {
        Err(error) => Some(error),
        Ok(fine) => differs(about, dt_s, (&own, &fine), dt_s * STEPS as f64),
    };
    let name = &about.name;
    Some(
        what.map_or(Ok(()), |what| {
            Err(format!("{name} by {} with {dt_s} s: {what}", method.name()))
        }),
    )
}

#[test]
fn a_step_of_whatever_length_is_refused_or_leads_where_steps_a_tenth_as_long_do() {
    let (mut misled, mut refused, mut count) = (Vec::new(), 0, 0);
    for model in registry::models() {
        let machine = Machine::usual(model.clone());
        let about = model.about();
        for factor in [1.0, 0.5, 0.0] {
            // Temperatures stay: half of one is none that occurs.
            let input =
                |input: &Variable| input.usual * if input.unit == "K" { 1.0 } else { factor };
            let inputs: Vec<f64> = about.inputs.iter().map(input).collect();
            for method in [Method::Euler, Method::Rk4] {
                for power in -5..=7 {
                    let dt_s = libm::pow(10.0, 0.5 * f64::from(power));
                    count += 1;
                    match compared(&machine, &inputs, method, dt_s) {
                        None => refused += 1,
                        Some(Ok(())) => {}
                        Some(Err(what)) => misled.push(format!("inputs × {factor}: {what}")),
                    }
                }
            }
        }
    }
    assert!(misled.is_empty(), "{refused} of {count} refused\n{}", misled.join("\n"));
    assert!(refused > count / 10 && refused < 9 * count / 10, "{refused} of {count}");
}
