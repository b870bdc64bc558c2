//! Line of five machines with four buffers between them; the third paces it, as a filler does.
//!
//! Items flow like a liquid: a machine runs at its rate, availability and efficiency, less as the
//! buffer before it runs empty (starved) or the one after it fills up (blocked). What leaves one
//! buffer enters the next, so no item is made or lost.

use crate::model::about::About;
use crate::model::kernel::Equations;
use crate::model::real::Real;

/// The line.
pub struct MachineLine;

/// Machines, and buffers between them.
const MACHINES: usize = 5;
const BUFFERS: usize = MACHINES - 1;
/// Places of the states: finished items, entered items, and the first efficiency.
const DONE: usize = BUFFERS;
const ENTERED: usize = BUFFERS + 1;
const EFFICIENCY: usize = BUFFERS + 2;
/// The buffers before and after the machine that paces.
const BEFORE: usize = 1;
const AFTER: usize = 2;
const HOUR_S: f64 = 3600.0;

impl Equations for MachineLine {
    fn about() -> About {
        let mut about = About::new("machine_line", "Line of five machines with buffers")
            .source(
                "Flow of continuous material through unreliable machines and finite buffers: B. \
                 Zimmern: Etudes de la propagation des arrets aleatoires dans les chaines de \
                 production, Revue de Statistique Appliquee 4 (1956) 85-104; reviewed in Y. Dallery, \
                 S. B. Gershwin: Manufacturing flow line systems: a review of models and analytical \
                 results, Queueing Systems 12 (1992) 3-94. Slowing down near empty and full, and rates \
                 that wear with items, are assumptions of this model.",
            )
            .validity(
                "Many small items, such as bottles, as a fluid. Stops come in by the availability: 0 \
                 or 1 by the moment, or their average. Near empty and near full, over the width \
                 `ramp`, a machine slows down instead of stopping. Explicit steps may be half the \
                 time in which the fastest machine passes `ramp`: 1 s as usual.",
            );
        for buffer in 1..=BUFFERS {
            let meaning = format!("items between machines {buffer} and {}", buffer + 1);
            about = about.state(&format!("b{buffer}"), "{item}", 300.0, &meaning);
        }
        about = about.state("done", "{item}", 0.0, "items finished").state(
            "entered",
            "{item}",
            0.0,
            "items that have entered",
        );
        for machine in 1..=MACHINES {
            let meaning = format!("share of its rate that machine {machine} still reaches");
            about = about.state(&format!("e{machine}"), "1", 1.0, &meaning);
        }
        let rates = [28_800.0, 26_400.0, 24_000.0, 26_400.0, 28_800.0];
        for (machine, rate) in (1..).zip(rates) {
            let meaning = format!("set rate of machine {machine}");
            about = about.input(&format!("rate{machine}"), "{item}/h", rate, &meaning);
        }
        for machine in 1..=MACHINES {
            let meaning = format!("share of time in which machine {machine} is up");
            about = about.input(&format!("up{machine}"), "1", 1.0, &meaning);
        }
        about = about.input("arrivals", "{item}/h", 30_000.0, "items that arrive at the line");
        for machine in 1..=MACHINES {
            let meaning = format!("rate of machine {machine}");
            about = about.output(&format!("r{machine}"), "{item}/h", &meaning);
        }
        for buffer in 1..=BUFFERS {
            let meaning = format!("items in buffer {buffer}");
            about = about.output(&format!("b{buffer}"), "{item}", &meaning);
        }
        about = about
            .output("line", "{item}/h", "rate of the line")
            .output("wip", "{item}", "work in process: items in all buffers")
            .event("Starved", "the machine that paces runs out of items")
            .event("Blocked", "the machine that paces has no room for its items")
            .event("Worn", "a machine has lost too much of its rate");
        for buffer in 1..=BUFFERS {
            let meaning = format!("room in buffer {buffer}");
            about = about.parameter(&format!("N{buffer}"), "{item}", 600.0, (1.0, 1e6), &meaning);
        }
        for machine in 1..=MACHINES {
            let (name, meaning) = (format!("w{machine}"), format!("wear of machine {machine}"));
            let meaning = format!("{meaning}: share of its rate lost an item");
            about = about.parameter(&name, "/{item}", 2e-9, (0.0, 1.0), &meaning);
        }
        about
            .parameter("ramp", "{item}", 30.0, (1.0, 1e5), "items over which a machine slows down")
            .parameter("e_limit", "1", 0.8, (0.0, 0.999), "efficiency at its event")
    }

    #[inline(always)]
    fn derivative<R: Real>(x: &[R], u: &[R], p: &[R], dx: &mut [R]) {
        let rates = rates(x, u, p);
        for buffer in 0..BUFFERS {
            dx[buffer] = rates[buffer] - rates[buffer + 1];
        }
        dx[DONE] = rates[MACHINES - 1];
        dx[ENTERED] = rates[0];
        for machine in 0..MACHINES {
            dx[EFFICIENCY + machine] = -(p[BUFFERS + machine] * rates[machine]);
        }
    }

    fn output<R: Real>(x: &[R], u: &[R], p: &[R], z: &mut [R]) {
        let rates = rates(x, u, p);
        let mut wip = R::of(0.0);
        for machine in 0..MACHINES {
            z[machine] = rates[machine] * HOUR_S;
        }
        for buffer in 0..BUFFERS {
            z[MACHINES + buffer] = x[buffer];
            wip = wip + x[buffer];
        }
        z[MACHINES + BUFFERS] = z[MACHINES - 1];
        z[MACHINES + BUFFERS + 1] = wip;
    }

    fn event_state<R: Real>(x: &[R], u: &[R], p: &[R], es: &mut [R]) {
        Self::margin(x, u, p, es);
        let &[.., ramp, e_limit] = p else { return };
        // Healthy from either side of half full.
        for (es, room) in es.iter_mut().zip([p[BEFORE], p[AFTER]]) {
            *es = (*es / (room / 2.0 - ramp).max(R::of(1.0))).min(R::of(1.0));
        }
        es[2] = es[2] / (-e_limit + 1.0);
    }

    #[inline(always)]
    fn margin<R: Real>(x: &[R], _: &[R], p: &[R], margin: &mut [R]) {
        let &[.., ramp, e_limit] = p else { return };
        let worst = x[EFFICIENCY..].iter().fold(R::of(1.0), |worst, e| worst.min(*e));
        margin.copy_from_slice(&[x[BEFORE] - ramp, p[AFTER] - x[AFTER] - ramp, worst - e_limit]);
    }
}

/// Rate of each machine, items a second.
fn rates<R: Real>(x: &[R], u: &[R], p: &[R]) -> [R; MACHINES] {
    let (zero, arrivals) = (R::of(0.0), u[2 * MACHINES]);
    let ramp = p[BUFFERS + MACHINES];
    let mut rates = [zero; MACHINES];
    for (machine, rate) in rates.iter_mut().enumerate() {
        let own = u[machine].max(zero) * u[MACHINES + machine].between(0.0, 1.0);
        *rate = own * x[EFFICIENCY + machine].between(0.0, 1.0) / HOUR_S;
        if machine > 0 {
            *rate = *rate * (x[machine - 1] / ramp).between(0.0, 1.0);
        }
        if machine < BUFFERS {
            *rate = *rate * ((p[machine] - x[machine]) / ramp).between(0.0, 1.0);
        }
    }
    rates[0] = rates[0].min(arrivals.max(zero) / HOUR_S);
    rates
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::model::kernel::model;
    use crate::model::load::{Held, Profile};
    use crate::model::simulation::{Simulation, SimulationSetup};
    use crate::model::solver::Method;

    /// With one input changed, steps by a method, and machines that wear.
    fn course(change: (usize, f64), dt_s: f64, method: Method, wear: &[f64]) -> Simulation {
        let mut u = MachineLine::about().usual_inputs();
        u[change.0] = change.1;
        let mut setup = SimulationSetup::usual(model::<MachineLine>(), Arc::new(Held(u)), dt_s);
        setup.method = method;
        setup.parameters[BUFFERS..][..wear.len()].copy_from_slice(wear);
        Simulation::new(setup).expect("it fits")
    }

    fn run(simulation: &mut Simulation, steps: usize) -> Vec<usize> {
        let mut happened = Vec::new();
        for _ in 0..steps {
            happened.extend(simulation.step().expect("finite").into_iter().map(|it| it.event));
        }
        happened
    }

    #[test]
    fn every_item_that_entered_is_in_a_buffer_or_done() {
        // Machines that stop and go at times of their own.
        let stops = Profile(|t_s: f64, u: &mut [f64]| {
            u.copy_from_slice(&MachineLine::about().usual_inputs());
            for (machine, up) in u[MACHINES..2 * MACHINES].iter_mut().enumerate() {
                *up = f64::from(u8::from(t_s % (131.0 + 37.0 * machine as f64) > 50.0));
            }
        });
        let mut setup = SimulationSetup::usual(model::<MachineLine>(), Arc::new(stops), 1.0);
        setup.initial[..BUFFERS].copy_from_slice(&[10.0, 590.0, 0.0, 600.0]);
        let mut simulation = Simulation::new(setup).expect("it fits");
        for _ in 0..20_000 {
            simulation.step().expect("finite");
            let x = simulation.state();
            let inside: f64 = x[..BUFFERS].iter().sum();
            assert!((1200.0 + x[ENTERED] - inside - x[DONE]).abs() < 1e-6);
            assert!(x[..BUFFERS].iter().all(|level| (-1e-9..=600.0 + 1e-9).contains(level)));
        }
        assert!(simulation.state()[DONE] > 10_000.0);
    }

    #[test]
    fn the_line_runs_at_the_rate_of_its_slowest_machine_wherever_it_is() {
        for slowest in 0..MACHINES {
            let mut simulation = course((slowest, 18_000.0), 1.0, Method::Euler, &[0.0; MACHINES]);
            run(&mut simulation, 20_000);
            let z = simulation.outputs();
            assert!(z[..MACHINES].iter().all(|rate| (rate - 18_000.0).abs() < 1e-3), "{z:?}");
            assert!((z[MACHINES + BUFFERS] - 18_000.0).abs() < 1e-3);
        }
    }

    #[test]
    fn too_few_arrivals_pace_the_line_and_starve_it() {
        let mut simulation = course((2 * MACHINES, 12_000.0), 1.0, Method::Euler, &[]);
        assert_eq!(run(&mut simulation, 5000), [0]);
        assert!((simulation.outputs()[MACHINES + BUFFERS] - 12_000.0).abs() < 1e-2);
    }

    #[test]
    fn when_the_machine_before_stops_the_buffer_empties_in_the_time_that_it_holds() {
        let mut simulation = course((MACHINES + 1, 0.0), 0.1, Method::Rk4, &[0.0; MACHINES]);
        // 300 items less the 30 of the ramp, at 24 000 an hour.
        let starved_s = 270.0 * 3600.0 / 24_000.0;
        let mut happened = Vec::new();
        while simulation.time_s() < starved_s + 9.0 {
            happened.extend(simulation.step().expect("finite"));
        }
        assert_eq!((happened.len(), happened[0].event), (1, 0));
        assert!((happened[0].time_s - starved_s).abs() < 1e-6);
        // Then the last ones leave at a rate by what is left.
        let since_s = simulation.time_s() - starved_s;
        let left = 30.0 * libm::exp(-since_s * 24_000.0 / 3600.0 / 30.0);
        assert!((simulation.state()[BEFORE] - left).abs() < 1e-2);
    }

    #[test]
    fn when_a_machine_after_it_stops_the_one_that_paces_is_blocked() {
        let mut simulation = course((MACHINES + 4, 0.0), 1.0, Method::Euler, &[]);
        assert_eq!(run(&mut simulation, 3000), [1]);
        assert!(simulation.outputs()[2] < 1e-3);
    }

    #[test]
    fn a_usual_line_stays_well_at_the_rate_that_paces_it() {
        let mut simulation = course((0, 28_800.0), 1.0, Method::Euler, &[]);
        assert!(run(&mut simulation, 50_000).is_empty());
        assert!((simulation.outputs()[MACHINES + BUFFERS] / 24_000.0 - 1.0).abs() < 1e-2);
        assert!(simulation.event_states().iter().all(|state| *state > 0.5));
    }

    #[test]
    fn machines_wear_with_what_they_make_until_one_is_worn() {
        let wear = [2e-9, 2e-9, 1e-5];
        let mut simulation = course((0, 28_800.0), 1.0, Method::Euler, &wear);
        let mut happened = Vec::new();
        for _ in 0..4000 {
            let before = simulation.state().to_vec();
            happened.extend(simulation.step().expect("finite").into_iter().map(|it| it.event));
            let pairs = simulation.state()[EFFICIENCY..].iter().zip(&before[EFFICIENCY..]);
            assert!(pairs.clone().all(|(now, before)| now <= before));
        }
        assert_eq!(happened, [2]);
    }

    #[test]
    fn an_empty_line_without_anything_is_finite_and_still() {
        let p = MachineLine::about().usual_parameters();
        let mut dx = [f64::NAN; EFFICIENCY + MACHINES];
        MachineLine::derivative(&[0.0; 11], &[0.0; 11], &p, &mut dx);
        assert!(dx.iter().all(|rate| *rate == 0.0));
    }
}
