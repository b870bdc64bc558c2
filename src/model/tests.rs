//! The models beside the trajectories of an independent implementation (tests/data/prognostics).

use std::f64::consts::PI;
use std::sync::Arc;

use super::load::{Held, Load, Profile};
use super::registry;
use super::simulation::{Simulation, SimulationSetup};
pub use crate::support::brain::{Reference, currents};
use crate::support::brain::{battery_load, motor_with_fan, pump_cycle, pump_inputs};

/// Runs a model beside a reference, a row each so many steps, and compares every column.
fn beside(reference: &str, model: &str, load: Arc<dyn Load>, dt_s: f64, state: &[(usize, f64)]) {
    let reference = Reference::read(reference);
    let model = registry::find(model).expect("a model");
    let about = model.about();
    let mut setup = SimulationSetup::usual(model.clone(), load, dt_s);
    for (at, value) in state {
        setup.initial[*at] = *value;
    }
    let mut simulation = Simulation::new(setup).expect("it fits");
    let times = reference.column("t").to_vec();
    for (row, time) in times.iter().enumerate() {
        while simulation.time_s() < time - dt_s / 2.0 {
            simulation.step().expect("it stays finite");
        }
        reference.compare("t", row, simulation.time_s());
        let sections = [
            ("u", about.inputs.iter().map(|u| &u.name).collect(), simulation.inputs().to_vec()),
            ("x", about.states.iter().map(|x| &x.name).collect(), simulation.state().to_vec()),
            ("z", about.outputs.iter().map(|z| &z.name).collect(), simulation.outputs()),
            ("es", about.events.iter().map(|e| &e.name).collect(), simulation.event_states()),
            (
                "tm",
                about.events.iter().map(|event| &event.name).collect::<Vec<_>>(),
                simulation.met().iter().map(|met| f64::from(u8::from(*met))).collect(),
            ),
        ];
        for (prefix, names, values) in sections {
            for (name, value) in names.into_iter().zip(values) {
                reference.compare(&format!("{prefix}_{name}"), row, value);
            }
        }
    }
}

#[test]
fn a_pump_under_a_constant_load_goes_as_the_reference_goes() {
    beside(
        "pump_default_const",
        "centrifugal_pump",
        Arc::new(Held(pump_inputs(471.2389))),
        1.0,
        &[],
    );
}

#[test]
fn a_pump_that_wears_under_a_cycle_goes_as_the_reference_to_its_event() {
    beside("pump_wearA_cycle", "centrifugal_pump", pump_cycle(), 1.0, &[(9, 0.01)]);
}

#[test]
fn a_battery_goes_as_the_reference_to_its_end_of_discharge() {
    beside("battery_circuit_euler", "battery_circuit", battery_load(), 1.0, &[]);
}

#[test]
fn a_dc_motor_with_a_fan_goes_as_the_reference() {
    beside("dcmotor_sp", "dc_motor", motor_with_fan(), 1e-3, &[]);
}

/// The varied load of the pump's other runs.
pub fn varied(t_s: f64) -> Vec<f64> {
    let boost = if t_s % 1200.0 < 300.0 { 40.0 } else { 0.0 };
    let volts = 471.2389 + 60.0 * libm::sin(t_s / 700.0) + boost;
    let ambient = 290.0 + 12.0 * libm::sin(t_s / 9000.0);
    let discharge = 928_654.0 + 1e5 * libm::sin(t_s / 400.0);
    vec![ambient, volts, discharge, 239_179.0, 0.8 * volts]
}

#[test]
fn a_pump_whose_every_part_wears_goes_as_the_reference_past_all_its_events() {
    let load = Profile(|t_s: f64, u: &mut [f64]| u.copy_from_slice(&varied(t_s)));
    let worn = [(9, 0.3), (10, 3e-10), (11, 3e-10)];
    beside("pump_past_all_events", "centrifugal_pump", Arc::new(load), 1.0, &worn);
}

#[test]
fn a_three_phase_motor_goes_as_the_reference_to_and_fro_through_many_turns() {
    // The reference adds its clock up: after 3 s it is off by 2e-12 s, by which the voltages differ.
    let clock: Vec<f64> =
        (0..30_001).scan(0.0, |sum_s, _| Some(std::mem::replace(sum_s, *sum_s + 1e-4))).collect();
    // Voltages turn ever faster; the rotor is dragged along, slips, and turns back in between.
    let load = Profile(move |t_s: f64, u: &mut [f64]| {
        let step = ((t_s / 1e-4 + 1e-6).floor() as usize).min(clock.len() - 1);
        let t_s = t_s - super::simulation::steps_s(step as u64, 1e-4) + clock[step];
        let phase = 40.0 * t_s + 30.0 * t_s * t_s;
        for (at, volts) in u[..3].iter_mut().enumerate() {
            *volts = 3.0 * libm::sin(phase - at as f64 * 2.0 * PI / 3.0);
        }
        u[3] = 1e-3;
    });
    beside("three_open_loop", "dc_motor_three_phase", Arc::new(load), 1e-4, &[]);
}
