//! Belt conveyor with idlers, its load, its drive, and what wears and heats.
//!
//! m v̇ = F_drive − F, with F = C f L g (q_R + (2 q_B + q_G) cos δ) + q_G H g as the standards have
//! it. The drive's torque follows its demand with a first-order lag. The load is what was fed and
//! has not left. Friction of the idlers grows with their work, the belt's cover wears with what it
//! carries.

use crate::model::about::About;
use crate::model::kernel::Equations;
use crate::model::real::Real;
use crate::model::solver::Method;

/// The conveyor.
pub struct BeltConveyor;

/// Acceleration of free fall, m/s2.
const FALL: f64 = 9.806_65;
/// A set speed below this, m/s, lets the drive go.
const CREEP: f64 = 0.01;

impl Equations for BeltConveyor {
    fn about() -> About {
        About::new("belt_conveyor", "Belt conveyor with wear")
            .source(
                "Resistance: ISO 5048:1989, Continuous mechanical handling equipment, Belt conveyors \
                 with carrying idlers, Calculation of operating power and tensile forces: C f L g \
                 (q_R + (2 q_B + q_G) cos d) + q_G H g, without special resistances; the same in DIN \
                 22101. The standard gives C from 80 m on; 2.4 at 40 m is the usual value of older \
                 tables. That friction and cover wear in proportion to work and to what is carried is \
                 an assumption after J. F. Archard: Contact and Rubbing of Flat Surfaces, J. Applied \
                 Physics 24 (1953) 981-988; drive and heat are first-order lags.",
            )
            .validity(
                "One straight conveyor, level or uphill, that a backstop keeps from running back; \
                 stiff belt without slip on the drum. The load counts as spread evenly, so what \
                 leaves follows the feed with the lag of a mixed belt, not after a dead time. \
                 Explicit steps of a usual machine may be 0.5 s at most.",
            )
            .stepped_by(Method::Euler, 0.1)
            .state("v", "m/s", 1.0, "speed of the belt")
            .state("M", "N.m", 12.2, "torque of the motor")
            .state("m", "kg", 800.0, "load on the belt")
            .state("T_gear", "K", 293.0, "temperature of the gearbox oil")
            .state("T_motor", "K", 293.0, "temperature of the motor winding")
            .state("f", "1", 0.025, "fictive friction of the idlers")
            .state("cover", "m", 0.004, "thickness of the belt's cover")
            .input("v_set", "m/s", 1.0, "set speed")
            .input("feed", "kg/s", 20.0, "what is fed")
            .input("T_amb", "K", 293.0, "temperature of the surroundings")
            .output("v", "m/s", "speed of the belt")
            .output("M", "N.m", "torque of the motor")
            .output("P", "W", "mechanical power of the motor")
            .output("discharge", "kg/s", "what leaves")
            .output("T_gear", "K", "temperature of the gearbox oil")
            .output("T_motor", "K", "temperature of the motor winding")
            .event("GearHot", "the gearbox is too hot")
            .event("MotorHot", "the motor is too hot")
            .event("Overload", "carrying the load takes more than the rated torque")
            .event("IdlersWorn", "the idlers have too much friction")
            .event("BeltWorn", "the cover of the belt is worn through")
            .parameter("L", "m", 40.0, (1.0, 5000.0), "length between the drums")
            .parameter("H", "m", 3.0, (0.0, 1000.0), "lift")
            .parameter("C", "1", 2.4, (1.0, 10.0), "coefficient of secondary resistances")
            .parameter("q_R", "kg/m", 12.0, (0.0, 500.0), "idlers a length, both strands")
            .parameter("q_B", "kg/m", 8.0, (0.1, 500.0), "belt a length, one strand")
            .parameter("r", "m", 0.16, (0.01, 2.0), "radius of the driving drum")
            .parameter("i", "1", 24.0, (1.0, 1000.0), "ratio of the gearbox")
            .parameter("eta", "1", 0.94, (0.1, 1.0), "efficiency of the gearbox")
            .parameter("J", "kg.m2", 0.008, (0.0, 100.0), "inertia of the motor")
            .parameter("tau", "s", 0.2, (0.001, 10.0), "time constant of the torque")
            .parameter("t_speed", "s", 1.0, (0.05, 100.0), "time constant of the speed control")
            .parameter("M_max", "N.m", 30.0, (0.01, 1e6), "greatest torque of the drive")
            .parameter("M_rated", "N.m", 20.0, (0.01, 1e6), "rated torque of the motor")
            .parameter("k_loss", "W/N2/m2", 0.7, (0.0, 1e4), "copper loss a squared torque")
            .parameter("P_iron", "W", 150.0, (0.0, 1e6), "other losses of the running motor")
            .parameter("C_gear", "J/K", 1.5e4, (1.0, 1e8), "heat capacity of the gearbox")
            .parameter("H_gear", "W/K", 3.0, (0.01, 1e5), "heat, gearbox to surroundings")
            .parameter("C_motor", "J/K", 1.2e4, (1.0, 1e8), "heat capacity of the motor")
            .parameter("H_motor", "W/K", 7.0, (0.01, 1e5), "heat, motor to surroundings")
            .parameter("w_f", "/J", 2e-13, (0.0, 1e-3), "friction gained a work of the idlers")
            .parameter("w_cover", "m/kg", 3e-12, (0.0, 1e-3), "cover lost a mass carried")
            .parameter("T_new", "K", 293.0, (230.0, 350.0), "temperature of a healthy drive")
            .parameter("Tg_limit", "K", 363.0, (300.0, 500.0), "gearbox at its event")
            .parameter("Tm_limit", "K", 393.0, (300.0, 500.0), "motor at its event")
            .parameter("f_new", "1", 0.025, (0.005, 0.1), "fictive friction when new")
            .parameter("f_limit", "1", 0.04, (0.005, 0.5), "fictive friction at its event")
            .parameter("c_new", "m", 0.004, (1e-4, 0.1), "cover when new")
            .parameter("c_limit", "m", 0.001, (0.0, 0.1), "cover at its event")
    }

    #[rustfmt::skip]
    #[inline(always)]
    fn derivative<R: Real>(x: &[R], u: &[R], p: &[R], dx: &mut [R]) {
        let (&[v, torque, m, t_gear, t_motor, _, _], &[v_set, feed, t_amb]) = (x, u) else { return };
        let &[l, _, _, q_r, q_b, r, i, eta, j, tau, t_speed, m_max, _, k_loss, p_iron,
              c_gear, h_gear, c_motor, h_motor, w_f, w_cover, ..] = p else { return };
        let zero = R::of(0.0);
        let a_belt = r / (i * eta); // torque of the motor a force at the belt
        let [idlers, lift] = resistances(x, p);
        let moving = l * (q_r + q_b * 2.0) + m + j * (i / r) * (i / r) * eta;
        // The drive compensates its load, as a controller with an integral part does in the steady state.
        let asked = (idlers + lift + moving * (v_set - v) / t_speed) * a_belt;
        let on = (v_set / CREEP).between(0.0, 1.0);
        let demand = on * asked.min(m_max).max(-m_max);
        let gained = (torque / a_belt - idlers - lift) / moving;
        let discharge = m * v.max(zero) / l;
        let speed = v.max(zero) * i / r;
        let power = (torque * speed).abs();
        dx.copy_from_slice(&[
            // Neither friction nor the backstop lets it start backwards.
            R::choose(zero.below(v), gained, gained.max(zero)),
            (demand - torque) / tau,
            feed.max(zero) - discharge,
            (power * (-eta + 1.0) - h_gear * (t_gear - t_amb)) / c_gear,
            (k_loss * torque * torque + p_iron * on - h_motor * (t_motor - t_amb)) / c_motor,
            w_f * idlers * v.max(zero),
            -(w_cover * discharge),
        ]);
    }

    fn output<R: Real>(x: &[R], _: &[R], p: &[R], z: &mut [R]) {
        let &[v, torque, m, t_gear, t_motor, _, _] = x else { return };
        let [l, r, i] = [p[0], p[5], p[6]];
        z.copy_from_slice(&[v, torque, torque * v * i / r, m * v / l, t_gear, t_motor]);
    }

    #[rustfmt::skip]
    fn event_state<R: Real>(x: &[R], u: &[R], p: &[R], es: &mut [R]) {
        Self::margin(x, u, p, es);
        let &[.., t_new, tg_limit, tm_limit, f_new, f_limit, c_new, c_limit] = p else { return };
        // Up to two thirds of the rated torque are healthy.
        let whole = [tg_limit - t_new, tm_limit - t_new, p[12] / 3.0, f_limit - f_new, c_new - c_limit];
        for (es, whole) in es.iter_mut().zip(whole) {
            *es = *es / whole;
        }
        es[2] = es[2].min(R::of(1.0));
    }

    #[inline(always)]
    fn margin<R: Real>(x: &[R], _: &[R], p: &[R], margin: &mut [R]) {
        let &[_, _, _, t_gear, t_motor, f, cover] = x else { return };
        let &[.., tg_limit, tm_limit, _, f_limit, _, c_limit] = p else { return };
        let [r, i, eta, rated] = [p[5], p[6], p[7], p[12]];
        let [idlers, lift] = resistances(x, p);
        margin.copy_from_slice(&[
            tg_limit - t_gear,
            tm_limit - t_motor,
            rated - (idlers + lift) * r / (i * eta),
            f_limit - f,
            cover - c_limit,
        ]);
    }

    #[inline(always)]
    fn settle<R: Real>(_: &[R], _: &[R], _: &[R], next: &mut [R]) {
        next[0] = next[0].max(R::of(0.0));
    }
}

/// What rolling and what lifting the load takes, N.
fn resistances<R: Real>(x: &[R], p: &[R]) -> [R; 2] {
    let (&[_, _, m, _, _, f, _], &[l, h, c, q_r, q_b, ..]) = (x, p) else {
        return [R::of(f64::NAN); 2];
    };
    let slope = h / l;
    let level = (-(slope * slope) + 1.0).max(R::of(0.0)).sqrt();
    let load = m / l;
    [c * f * l * (q_r + (q_b * 2.0 + load) * level) * FALL, load * h * FALL]
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::model::kernel::model;
    use crate::model::load::Held;
    use crate::model::simulation::{Simulation, SimulationSetup};

    fn course(u: [f64; 3], change: impl Fn(&mut SimulationSetup)) -> Simulation {
        let mut setup =
            SimulationSetup::usual(model::<BeltConveyor>(), Arc::new(Held(u.into())), 0.1);
        change(&mut setup);
        Simulation::new(setup).expect("it fits")
    }

    fn run(simulation: &mut Simulation, seconds: f64) -> Vec<usize> {
        let end_s = simulation.time_s() + seconds;
        let mut happened = Vec::new();
        while simulation.time_s() < end_s - 0.05 {
            happened.extend(simulation.step().expect("finite").into_iter().map(|it| it.event));
        }
        happened
    }

    #[test]
    fn the_resistance_is_that_of_the_standard_worked_out_by_hand() {
        // 2.4 × 0.025 × 40 m × g × (12 + 36 cos δ) kg/m, and 20 kg/m × 3 m × g; sin δ = 3/40.
        let about = BeltConveyor::about();
        let x: Vec<f64> = about.states.iter().map(|state| state.usual).collect();
        let [idlers, lift] = resistances(&x, &about.usual_parameters());
        assert!((idlers - 1127.3).abs() < 0.1, "{idlers}");
        assert!((lift - 588.4).abs() < 0.1, "{lift}");
    }

    #[test]
    fn it_settles_at_its_set_speed_where_the_load_is_the_feed_by_the_speed() {
        let mut simulation = course([0.8, 16.0, 293.0], |setup| setup.initial[..3].fill(0.0));
        run(&mut simulation, 1000.0);
        let (x, z) = (simulation.state(), simulation.outputs());
        assert!((x[0] - 0.8).abs() < 1e-6 && (x[2] - 800.0).abs() < 1e-3, "{x:?}");
        let [idlers, lift] = resistances(x, &simulation.setup().parameters);
        assert!((z[2] * 0.94 / ((idlers + lift) * 0.8) - 1.0).abs() < 1e-6, "{z:?}");
    }

    #[test]
    fn what_is_fed_is_on_the_belt_or_has_left() {
        let mut simulation = course([0.7, 25.0, 293.0], |_| {});
        let mut left = 0.0;
        for _ in 0..500 {
            left += 0.1 * simulation.outputs()[3];
            simulation.step().expect("finite");
        }
        assert!((800.0 + 25.0 * 50.0 - left - simulation.state()[2]).abs() < 1e-8);
    }

    #[test]
    fn let_go_it_stops_and_stays_though_the_load_pulls_back() {
        let mut simulation = course([0.0, 0.0, 293.0], |_| {});
        run(&mut simulation, 30.0);
        assert_eq!(simulation.state()[0], 0.0);
        assert!(simulation.state()[1].abs() < 1e-9);
        assert!(simulation.state()[2] > 700.0);
    }

    #[test]
    fn too_much_on_the_belt_is_an_overload_and_heats_the_drive_beyond_its_limits() {
        let mut simulation = course([1.0, 60.0, 303.0], |_| {});
        assert_eq!(run(&mut simulation, 300.0), [2]);
        assert!(simulation.state()[0] > 0.9);
        let mut hot = run(&mut simulation, 30_000.0);
        hot.sort_unstable();
        assert_eq!(hot, [0, 1]);
    }

    #[test]
    fn a_usual_conveyor_stays_cool_and_warms_to_where_losses_and_cooling_balance() {
        let mut simulation = course([1.0, 20.0, 293.0], |_| {});
        assert!(run(&mut simulation, 60_000.0).is_empty());
        let (x, z) = (simulation.state(), simulation.outputs());
        assert!((x[3] - 293.0 - 0.06 * z[2] / 3.0).abs() < 0.01, "{x:?}");
        assert!((x[4] - 293.0 - (0.7 * x[1] * x[1] + 150.0) / 7.0).abs() < 0.01, "{x:?}");
    }

    #[test]
    fn idlers_and_belt_only_ever_wear_until_their_events() {
        let worn = |setup: &mut SimulationSetup| {
            setup.parameters[19] = 2e-8;
            setup.parameters[20] = 3e-7;
        };
        let mut simulation = course([1.0, 20.0, 293.0], worn);
        let mut happened = Vec::new();
        for _ in 0..10_000 {
            let before = simulation.state().to_vec();
            happened.extend(simulation.step().expect("finite").into_iter().map(|it| it.event));
            assert!(simulation.state()[5] > before[5] && simulation.state()[6] < before[6]);
        }
        // Worn idlers take so much torque in the end that the drive is overloaded, too.
        assert_eq!(happened, [4, 3, 2]);
    }

    #[test]
    fn a_conveyor_at_rest_and_empty_is_finite() {
        let p = BeltConveyor::about().usual_parameters();
        let mut dx = [f64::NAN; 7];
        BeltConveyor::derivative(&[0.0; 7], &[0.0; 3], &p, &mut dx);
        assert!(dx.iter().all(|rate| rate.is_finite()));
    }
}
