//! Wired machines beside machines that are wired by hand, and what is wrong with wires.

mod links;
mod many;

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use super::Network;
use crate::model::kernel::Kernel;
use crate::model::load::Held;
use crate::model::simulation::{Simulation, SimulationSetup};
use crate::model::solver::Method;
use crate::model::table::Table;
use crate::model::{Lanes, Model, position, registry};
use crate::twin::{Diagnostics, Resolver, Twin, load_text};

/// Files by their names.
struct Files(HashMap<&'static str, &'static str>);

impl Resolver for Files {
    fn read(&self, path: &Path) -> Result<String, String> {
        let name = path.to_str().unwrap_or_default();
        self.0
            .get(name)
            .map(|text| (*text).to_owned())
            .ok_or_else(|| "there is no such file".into())
    }

    fn exists(&self, _: &Path) -> bool {
        true
    }
}

const FILES: [(&str, &str); 5] = [
    ("tank.ron", "(model: \"tank\", initial: (h: 2.0))"),
    ("lower.ron", "(model: \"tank\", initial: (h: 0.5), parameters: (A: 2.0))"),
    ("empty.ron", "(model: \"tank\", initial: (h: 0))"),
    ("line.ron", "(model: \"machine_line\")"),
    ("pump.ron", "(model: \"centrifugal_pump\")"),
];

fn twin(classes: &str, assets: &str, wiring: &str) -> Result<Twin, Diagnostics> {
    let text = format!(
        "Twin(schema: 2, name: \"plant\", classes: {{{classes}}}, assets: [{assets}], wiring: [{wiring}])"
    );
    load_text(Path::new("plant.ron"), &text, &Files(FILES.into())).map(|loaded| loaded.twin)
}

fn network(classes: &str, assets: &str, wiring: &str) -> Result<Network, String> {
    let twin = twin(classes, assets, wiring).map_err(|errors| errors.to_string())?;
    Network::of(&twin).map_err(|errors| errors.to_string())
}

const TANKS: &str = "\"Upper\": (behaviour: \"tank.ron\"), \"Lower\": (behaviour: \"lower.ron\")";
const CASCADE: &str = "(name: \"T-1\", class: \"Upper\"), (name: \"T-2\", class: \"Lower\")";

fn cascade() -> Network {
    let wiring = "(from: \"T-1.q_out\", to: \"T-2.q_in\"), (from: \"T-1.T\", to: \"T-2.T_in\")";
    network(TANKS, CASCADE, wiring).expect("two tanks")
}

/// Inputs of the whole: usual ones but for those stated.
fn inputs(model: &dyn Model, stated: &[(&str, f64)]) -> Vec<f64> {
    let about = model.about();
    let mut u = about.usual_inputs();
    for (name, value) in stated {
        u[position(&about.inputs, name).expect("an input")] = *value;
    }
    u
}

const LOAD: [(&str, f64); 4] =
    [("T-1.q_in", 0.001), ("T-1.q_out", 0.0), ("T-1.outlet", 0.8), ("T-2.q_out", 0.0005)];

#[test]
fn a_wired_input_is_no_input_of_the_plant_and_names_begin_with_their_machine() {
    let about = cascade().machine.model.about().clone();
    let names: Vec<&str> = about.inputs.iter().map(|input| &*input.name).collect();
    assert_eq!(
        names,
        [
            "T-1.q_in",
            "T-1.T_in",
            "T-1.q_out",
            "T-1.outlet",
            "T-1.P_heat",
            "T-1.T_amb",
            "T-2.q_out",
            "T-2.outlet",
            "T-2.P_heat",
            "T-2.T_amb"
        ]
    );
    assert_eq!(about.states[2].name, "T-2.h");
    assert_eq!(about.events[3].name, "T-2.Dry");
}

#[test]
fn two_wired_tanks_go_as_two_tanks_that_are_wired_by_hand() {
    let Network { machine, .. } = cascade();
    let u = inputs(&*machine.model, &LOAD);
    let setup = SimulationSetup {
        parameters: machine.parameters.clone(),
        initial: machine.initial.clone(),
        ..SimulationSetup::usual(machine.model.clone(), Arc::new(Held(u)), 1.0)
    };
    let mut plant = Simulation::new(setup).expect("it fits");
    let tank = registry::find("tank").expect("a model");
    let usual = tank.about().usual_parameters();
    let mut lower = usual.clone();
    lower[0] = 2.0;
    let (mut above, mut below) = ([2.0, 293.0], [0.5, 293.0]);
    let (mut z, mut next) = ([0.0; 4], [0.0; 2]);
    for _ in 0..1_500 {
        plant.step().expect("finite");
        let u = [0.001, 293.0, 0.0, 0.8, 0.0, 293.0];
        Kernel::<f64>::output(&*tank, &above, &u, &usual, &mut z);
        let below_u = [z[2], z[1], 0.0005, 0.0, 0.0, 293.0];
        tank.euler(&above, &u, &usual, 1.0, &mut next);
        above = next;
        tank.euler(&below, &below_u, &lower, 1.0, &mut next);
        below = next;
        assert_eq!(plant.state(), [above, below].concat());
    }
    assert!(below[0] > 0.9, "it has filled: {below:?}");
}

#[test]
fn what_leaves_one_machine_arrives_in_the_next() {
    let Network { machine, .. } = cascade();
    let u = inputs(&*machine.model, &LOAD);
    let setup = SimulationSetup {
        parameters: machine.parameters.clone(),
        initial: machine.initial.clone(),
        method: Method::Rk4,
        ..SimulationSetup::usual(machine.model.clone(), Arc::new(Held(u)), 1.0)
    };
    let mut plant = Simulation::new(setup).expect("it fits");
    let volume = |x: &[f64]| 4.0 * x[0] + 2.0 * x[2];
    let before = volume(plant.state());
    for _ in 0..1_000 {
        plant.step().expect("finite");
    }
    let gained = volume(plant.state()) - before;
    assert!((gained - 1_000.0 * (0.001 - 0.0005)).abs() < 1e-9, "{gained}");
}

#[test]
fn samples_side_by_side_go_as_each_alone() {
    let Network { machine, .. } = cascade();
    let (model, p) = (&machine.model, &machine.parameters);
    let u = inputs(&**model, &LOAD);
    let mut alone = machine.initial.clone();
    let lanes = |all: &[f64]| all.iter().map(|value| Lanes([*value; 8])).collect::<Vec<_>>();
    let (mut x, u_lanes, p_lanes) = (lanes(&alone), lanes(&u), lanes(p));
    let (mut next, mut next_lanes) = (vec![0.0; 4], lanes(&[0.0; 4]));
    for _ in 0..200 {
        model.euler(&alone, &u, p, 1.0, &mut next);
        model.euler(&x, &u_lanes, &p_lanes, 1.0, &mut next_lanes);
        std::mem::swap(&mut alone, &mut next);
        std::mem::swap(&mut x, &mut next_lanes);
    }
    let lane: Vec<f64> = x.iter().map(|lanes| lanes.0[5]).collect();
    assert_eq!(lane, alone);
}

#[test]
fn machines_that_would_have_to_know_each_other_at_once_are_an_algebraic_loop() {
    let lines = "\"Line\": (behaviour: \"line.ron\")";
    let two = "(name: \"L-1\", class: \"Line\"), (name: \"L-2\", class: \"Line\")";
    let wire = |from: &str, to: &str| format!("(from: \"{from}.r1\", to: \"{to}.arrivals\")");
    let ring = format!("{}, {}", wire("L-1", "L-2"), wire("L-2", "L-1"));
    let error = network(lines, two, &ring).expect_err("what is taken follows what arrives at once");
    assert!(error.contains("an algebraic loop: each of"), "{error}");
    assert!(error.contains("`L-1.arrivals`") && error.contains("`L-2.arrivals`"), "{error}");
    assert!(error.contains("plant.ron:1:"), "{error}");
    network(lines, two, &wire("L-1", "L-2")).expect("a row of them is none");
}

#[test]
fn units_are_converted_and_those_that_cannot_be_are_refused() {
    let told = |unit: &str| {
        let class = format!(
            "\"Tank\": (behaviour: (file: \"tank.ron\", inputs: {{\"q_in\": \"feed\"}}), \
             properties: {{\"feed\": (unit: \"{unit}\")}})"
        );
        network(&class, "(name: \"T-1\", class: \"Tank\")", "")
    };
    let network = told("m3/h").expect("flows convert");
    let table = Table::read(b"t,T-1.feed\n0,7.2\n").expect("a table");
    let input = &network.machine.model.about().inputs[0];
    let column = table.variable("u", input).expect("by the property's name");
    assert!((column[0] - 0.002).abs() < 1e-15, "{column:?}");
    let error = told("bar").expect_err("a pressure is no flow");
    assert!(error.contains("`feed` is in bar") && error.contains("m3/s"), "{error}");
}

#[test]
fn wrong_wires_are_reported_with_their_place_and_what_was_probably_meant() {
    let wrong = |wiring: &str| network(TANKS, CASCADE, wiring).expect_err("it is wrong");
    let cases = [
        ("(from: \"T-1.q_uot\", to: \"T-2.q_in\")", "did you mean `q_out`"),
        ("(from: \"T-3.q_out\", to: \"T-2.q_in\")", "unknown asset with a behaviour `T-3`"),
        ("(from: \"T-1.h\", to: \"T-2.q_in\")", "`T-1.h` is in m, which does not"),
        ("(from: \"T-1\", to: \"T-2.q_in\")", "an asset, a full stop and a name"),
        ("(to: \"T-2.q_in\")", "a wire has no `from`"),
        (
            "(from: \"T-1.q_out\", to: \"T-2.q_in\"), (from: \"T-1.q_spill\", to: \"T-2.q_in\")",
            "two wires lead to `T-2.q_in`",
        ),
    ];
    for (wiring, message) in cases {
        let error = wrong(wiring);
        assert!(error.contains(message) && error.contains("plant.ron:1:"), "{wiring}: {error}");
    }
}

#[test]
fn flows_that_add_up_are_summed() {
    let wiring = "(from: \"T-1.q_out\", to: \"T-2.q_in\", adds: true), \
                  (from: \"T-1.q_spill\", to: \"T-2.q_in\", adds: true, scale: 0.5)";
    let machine = network(TANKS, CASCADE, wiring).expect("a sum").machine;
    let u = inputs(&*machine.model, &LOAD);
    let mut x = machine.initial.clone();
    x[0] = 2.5;
    let (mut dx, mut z) = (vec![0.0; 4], vec![0.0; 8]);
    Kernel::<f64>::derivative(&*machine.model, &x, &u, &machine.parameters, &mut dx);
    Kernel::<f64>::output(&*machine.model, &x, &u, &machine.parameters, &mut z);
    assert!(z[3] > 0.0, "it spills");
    assert!((2.0 * dx[2] - (z[2] + 0.5 * z[3] - z[6])).abs() < 1e-15);
}

const METERS: &str = "\"Lower\": (behaviour: \"lower.ron\"), \"Upper\": (behaviour: \"tank.ron\"), \
                      \"Meter\": (properties: {\"flow\": (unit: \"m3/h\")})";
const METERED: &str = "(name: \"T-1\", class: \"Upper\"), (name: \"T-2\", class: \"Lower\"), \
                       (name: \"F-1\", class: \"Meter\"), (name: \"F-2\", class: \"Meter\")";

#[test]
fn properties_that_add_up_are_summed_with_each_other_and_with_outputs() {
    let wires = |outputs: &str| {
        let told = "(property: \"F-1.flow\", to: \"T-2.q_in\", adds: true), \
                    (property: \"F-2.flow\", to: \"T-2.q_in\", adds: true, scale: 2)";
        network(METERS, METERED, &format!("{told}{outputs}")).expect("a sum").machine
    };
    let drawn = ", (from: \"T-1.q_out\", to: \"T-2.q_in\", adds: true)";
    for (machine, is_drawn) in [(wires(""), 0.0), (wires(drawn), 1.0)] {
        let about = machine.model.about();
        assert!(position(&about.inputs, "T-2.q_in").is_none(), "it is wired");
        assert!(about.inputs.iter().all(|input| input.unit().is_ok()));
        let u =
            inputs(&*machine.model, &[("F-1.flow", 3.6), ("F-2.flow", 7.2), ("T-2.q_out", 0.0)]);
        let (mut dx, mut z) = (vec![0.0; 4], vec![0.0; 8]);
        Kernel::<f64>::derivative(
            &*machine.model,
            &machine.initial,
            &u,
            &machine.parameters,
            &mut dx,
        );
        Kernel::<f64>::output(&*machine.model, &machine.initial, &u, &machine.parameters, &mut z);
        // 3.6 m3/h are 0.001 m3/s, and twice 7.2 m3/h are 0.004 m3/s.
        let wanted = 0.005 + is_drawn * z[2];
        assert!((2.0 * dx[2] - wanted).abs() < 1e-15, "{} {wanted}", 2.0 * dx[2]);
    }
    let lone =
        "(property: \"F-1.flow\", to: \"T-2.q_in\"), (property: \"F-2.flow\", to: \"T-2.q_in\")";
    let error = network(METERS, METERED, lone).expect_err("which of both");
    assert!(error.contains("two wires lead to `T-2.q_in`"), "{error}");
}

/// Three tanks of which the first begins empty, and gives what the third lets go.
const EMPTY: &str = "\"Empty\": (behaviour: \"empty.ron\"), \"Full\": (behaviour: \"tank.ron\")";
const THREE: &str = "(name: \"T-1\", class: \"Empty\"), (name: \"T-2\", class: \"Full\"), \
                     (name: \"T-3\", class: \"Full\")";

#[test]
fn what_an_empty_tank_gives_follows_what_is_asked_of_it_once_there_is_something() {
    let wiring =
        "(from: \"T-3.q_out\", to: \"T-1.q_out\"), (from: \"T-1.q_out\", to: \"T-2.q_in\")";
    let Network { machine, .. } = network(EMPTY, THREE, wiring).expect("three tanks");
    let load = [("T-1.q_in", 0.01), ("T-2.q_out", 0.0), ("T-3.q_in", 0.003), ("T-3.q_out", 0.003)];
    let u = inputs(&*machine.model, &load);
    let setup = SimulationSetup {
        parameters: machine.parameters.clone(),
        initial: machine.initial.clone(),
        ..SimulationSetup::usual(machine.model.clone(), Arc::new(Held(u)), 1.0)
    };
    let mut plant = Simulation::new(setup).expect("it fits");
    let volume = |x: &[f64]| 4.0 * (x[0] + x[2]);
    let before = volume(plant.state());
    for step in 1..=500 {
        plant.step().expect("finite");
        // All water of the first two tanks came in through the first.
        let gained = volume(plant.state()) - before;
        assert!((gained - 0.01 * f64::from(step)).abs() < 1e-9, "{step} s: {gained}");
    }
    assert!(plant.state()[2] > 2.2, "the second one has filled: {:?}", plant.state());
}

#[test]
fn an_algebraic_loop_of_empty_tanks_is_found_before_there_is_water() {
    let wiring =
        "(from: \"T-1.q_out\", to: \"T-2.q_out\"), (from: \"T-2.q_out\", to: \"T-1.q_out\")";
    let two = "(name: \"T-1\", class: \"Empty\"), (name: \"T-2\", class: \"Empty\")";
    let error = network(EMPTY, two, wiring).expect_err("each draws what the other draws");
    assert!(error.contains("an algebraic loop: each of"), "{error}");
}

#[test]
fn a_twin_without_behaviours_says_how_to_state_one() {
    let error = network("\"Plain\": ()", "(name: \"A\", class: \"Plain\")", "").expect_err("none");
    assert!(error.contains("no asset of this twin has a behaviour"), "{error}");
}

#[test]
fn a_behaviour_that_is_wrong_is_reported_in_its_own_file() {
    let classes = "\"Odd\": (behaviour: \"odd.ron\")";
    let error = twin(classes, "", "").expect_err("no such file").to_string();
    assert!(error.contains("`odd.ron` cannot be read: there is no such file"), "{error}");
}
