//! Joint of a robot: a motor and a link with an elastic gear between them that has play.
//!
//! J_m θ̈ = torque − gear − friction, J_l θ̈_l = gear − load, all seen from the link. The gear gives
//! nothing within its backlash and is a spring and a damper beyond. Friction is that of a robot's
//! gear by speed, load and temperature; it heats the gear, and the work that passes wears the play.

use crate::model::about::About;
use crate::model::kernel::Equations;
use crate::model::real::Real;
use crate::model::solver::{Method, Tolerance};

/// The joint.
pub struct RobotJoint;

/// The edge of the play is rounded over this share of it, so that solvers may step across.
const ROUNDED: f64 = 0.1;
/// And over this, rad, where there is no play.
const SHARPEST: f64 = 1e-9;
/// Exponent of the Stribeck curve, as identified by Bittencourt and Gunnarsson.
const STRIBECK: f64 = 1.3;
/// Temperature for which the viscous friction is stated, K.
const ROOM: f64 = 293.15;

impl Equations for RobotJoint {
    fn about() -> About {
        About::new("robot_joint", "Robot joint with elastic gear")
            .source(
                "Two masses and a spring: M. W. Spong: Modeling and Control of Elastic Joint Robots, \
                 J. Dynamic Systems, Measurement, and Control 109 (1987). Play as a dead zone: M. \
                 Nordin, P.-O. Gutman: Controlling mechanical systems with backlash - a survey, \
                 Automatica 38 (2002) 1633-1649; its edge is rounded here. Friction: A. C. \
                 Bittencourt, S. Gunnarsson: Static Friction in a Robot Joint - Modeling and \
                 Identification of Load and Temperature Effects, J. Dynamic Systems, Measurement, and \
                 Control 134 (2012) 051013, with the Stribeck part kept from load and temperature. \
                 That play grows with the work that passes is an assumption after J. F. Archard, J. \
                 Applied Physics 24 (1953) 981-988.",
            )
            .validity(
                "One axis of a mid-size six-axis robot. The current loop is far faster than the \
                 gear, so torque is what is demanded; friction slides at any speed (no stick). \
                 Motor and link swing with some 20 Hz: explicit Euler steps may be 0.5 ms, \
                 Runge-Kutta steps 5 ms; the implicit solver takes larger ones.",
            )
            .stepped_by(Method::Rosenbrock(Tolerance::default()), 0.05)
            .state("q_m", "rad", 0.0, "angle of the motor, seen from the link")
            .state("w_m", "rad/s", 0.0, "speed of the motor, seen from the link")
            .state("q_l", "rad", 0.0, "angle of the link")
            .state("w_l", "rad/s", 0.0, "speed of the link")
            .state("T", "K", 293.15, "temperature of the gear")
            .state("b", "rad", 1.5e-4, "play of the gear to either side")
            .input("M", "N.m", 0.0, "demanded torque of the motor, at its own shaft")
            .input("load", "N.m", 0.0, "torque that gravity and tool take from the link")
            .input("T_amb", "K", 293.15, "temperature of the surroundings")
            .output("q_m", "rad", "angle of the motor, seen from the link")
            .output("w_m", "rad/s", "speed of the motor, seen from the link")
            .output("q_l", "rad", "angle of the link")
            .output("gear", "N.m", "torque that the gear passes to the link")
            .output("friction", "N.m", "torque that friction takes, seen from the link")
            .output("T", "K", "temperature of the gear")
            .event("GearHot", "the gear is too hot")
            .event("BacklashLarge", "the gear has too much play")
            .parameter("N", "1", 100.0, (1.0, 1000.0), "ratio of the gear")
            .parameter("J_m", "kg.m2", 0.005, (1e-7, 10.0), "inertia of the motor")
            .parameter("J_l", "kg.m2", 80.0, (1e-4, 1e5), "inertia of the link and what it holds")
            .parameter("k", "N.m/rad", 5e5, (1.0, 1e9), "stiffness of the gear")
            .parameter("d", "N.m.s/rad", 600.0, (0.0, 1e6), "damping of the gear")
            .parameter("M_max", "N.m", 20.0, (0.001, 1e4), "greatest torque of the motor")
            .parameter("F_c", "N.m", 50.0, (0.0, 1e5), "Coulomb friction without load")
            .parameter("F_cl", "1", 0.023, (0.0, 1.0), "Coulomb friction a torque that passes")
            .parameter("F_s", "N.m", 30.0, (0.0, 1e5), "more at the lowest speed (Stribeck)")
            .parameter("w_s", "rad/s", 0.1, (1e-4, 100.0), "speed at which that has fallen to 1/e")
            .parameter("F_v", "N.m.s/rad", 15.0, (0.0, 1e5), "viscous friction of a hot gear")
            .parameter("F_vT", "N.m.s/rad", 75.0, (0.0, 1e5), "viscous friction more at 20 Cel")
            .parameter("T_v", "K", 21.0, (1.0, 500.0), "warming after which that has fallen to 1/e")
            .parameter("w_0", "rad/s", 0.02, (1e-4, 1.0), "speed below which friction turns over")
            .parameter("C", "J/K", 8000.0, (1.0, 1e7), "heat capacity of the gear")
            .parameter("H", "W/K", 4.0, (0.01, 1e4), "heat to the surroundings")
            .parameter("w_b", "rad/J", 3.5e-14, (0.0, 1e-3), "play gained a work that passes")
            .parameter("T_new", "K", 293.15, (230.0, 350.0), "temperature of a healthy gear")
            .parameter("T_limit", "K", 353.15, (300.0, 500.0), "temperature at its event")
            .parameter("b_new", "rad", 1.5e-4, (0.0, 0.1), "play when new")
            .parameter("b_limit", "rad", 9e-4, (1e-6, 0.5), "play at its event")
    }

    #[inline(always)]
    fn derivative<R: Real>(x: &[R], u: &[R], p: &[R], dx: &mut [R]) {
        let (&[_, w_m, _, w_l, t, _], &[torque, load, t_amb]) = (x, u) else { return };
        let [n, j_m, j_l, m_max, c, h, w_b] = [p[0], p[1], p[2], p[5], p[14], p[15], p[16]];
        let torque = torque.min(m_max).max(-m_max) * n;
        let [spring, damper] = gear(x, p);
        let passed = spring + damper;
        let friction = friction(w_m, passed, t, p);
        let heat = friction * w_m + damper * (w_m - w_l);
        dx.copy_from_slice(&[
            w_m,
            (torque - passed - friction) / (j_m * n * n),
            w_l,
            (passed - load) / j_l,
            (heat - h * (t - t_amb)) / c,
            w_b * (passed * w_l).abs(),
        ]);
    }

    fn output<R: Real>(x: &[R], _: &[R], p: &[R], z: &mut [R]) {
        let &[q_m, w_m, q_l, _, t, _] = x else { return };
        let [spring, damper] = gear(x, p);
        let passed = spring + damper;
        z.copy_from_slice(&[q_m, w_m, q_l, passed, friction(w_m, passed, t, p), t]);
    }

    fn event_state<R: Real>(x: &[R], _: &[R], p: &[R], es: &mut [R]) {
        let &[.., t_new, t_limit, b_new, b_limit] = p else { return };
        es[0] = (t_limit - x[4]) / (t_limit - t_new);
        es[1] = (b_limit - x[5]) / (b_limit - b_new);
    }

    #[inline(always)]
    fn margin<R: Real>(x: &[R], _: &[R], p: &[R], margin: &mut [R]) {
        let &[.., t_limit, _, b_limit] = p else { return };
        margin.copy_from_slice(&[t_limit - x[4], b_limit - x[5]]);
    }
}

/// What is above nothing, rounded over a width.
fn above<R: Real>(value: R, width: R) -> R {
    (value + (value * value + width * width).sqrt()) / 2.0
}

/// Slope of [`above`]: 0 below, 1 above.
fn touching<R: Real>(value: R, width: R) -> R {
    (value / (value * value + width * width).sqrt() + 1.0) / 2.0
}

/// Torque of the gear's spring and of its damper, from the motor to the link.
fn gear<R: Real>(x: &[R], p: &[R]) -> [R; 2] {
    let (&[q_m, w_m, q_l, w_l, _, b], [k, d]) = (x, [p[3], p[4]]) else {
        return [R::of(f64::NAN); 2];
    };
    let width = b * ROUNDED + SHARPEST;
    let [ahead, behind] = [q_m - q_l - b, q_l - q_m - b];
    let contact = touching(ahead, width) + touching(behind, width);
    [k * (above(ahead, width) - above(behind, width)), d * contact * (w_m - w_l)]
}

/// Torque of friction at a speed, with a torque that passes and a temperature.
fn friction<R: Real>(w: R, passed: R, t: R, p: &[R]) -> R {
    let &[_, _, _, _, _, _, f_c, f_cl, f_s, w_s, f_v, f_vt, t_v, w_0, ..] = p else {
        return R::of(f64::NAN);
    };
    let dry = f_c + f_cl * passed.abs() + f_s * (-(w.abs() / w_s).pow(STRIBECK)).exp();
    // Oil is not followed below -50 Cel, where the exponential would leave all measure.
    let warmer = ((t - ROOM) / t_v).between(-3.5, 50.0);
    dry * (w / w_0).tanh() + (f_v + f_vt * (-warmer).exp()) * w
}

#[cfg(test)]
mod tests {
    use std::f64::consts::PI;
    use std::sync::Arc;

    use super::*;
    use crate::model::kernel::model;
    use crate::model::load::{Held, Profile};
    use crate::model::simulation::{Simulation, SimulationSetup};
    use crate::model::solver::Method;

    fn setup(u: [f64; 3], dt_s: f64) -> SimulationSetup {
        let mut setup =
            SimulationSetup::usual(model::<RobotJoint>(), Arc::new(Held(u.into())), dt_s);
        setup.method = Method::Rk4;
        setup
    }

    /// Takes all friction and damping away.
    fn smooth(setup: &mut SimulationSetup) {
        for at in [4, 6, 7, 8, 10, 11] {
            setup.parameters[at] = 0.0;
        }
    }

    #[test]
    fn without_play_and_friction_it_swings_at_the_frequency_of_two_masses() {
        let mut setup = setup([0.0, 0.0, 293.15], 1e-4);
        smooth(&mut setup);
        setup.initial = vec![1e-3, 0.0, 0.0, 0.0, 293.15, 0.0];
        setup.parameters[16] = 0.0;
        let omega = (5e5_f64 * (1.0 / 50.0 + 1.0 / 80.0)).sqrt();
        let mut simulation = Simulation::new(setup).expect("it fits");
        for _ in 0..5000 {
            simulation.step().expect("finite");
            let x = simulation.state();
            let expected = 1e-3 * libm::cos(omega * simulation.time_s());
            assert!((x[0] - x[2] - expected).abs() < 1e-8, "{}", simulation.time_s());
        }
        assert!((10.0..30.0).contains(&(omega / (2.0 * PI))));
    }

    #[test]
    fn nothing_passes_within_the_play_and_all_of_the_spring_beyond() {
        let p = RobotJoint::about().usual_parameters();
        let at = |twist: f64| gear(&[twist, 0.0, 0.0, 0.0, 293.15, 1.5e-4], &p)[0];
        assert_eq!(at(0.0), 0.0);
        assert!(at(0.75e-4).abs() < 0.5 && at(-0.75e-4) == -at(0.75e-4));
        let beyond = 5e5 * 1e-3;
        assert!((at(1.15e-3) / beyond - 1.0).abs() < 1e-4);
    }

    #[test]
    fn momentum_is_conserved_through_the_play_and_energy_is_not_made() {
        let mut setup = setup([0.0, 0.0, 293.15], 1e-3);
        smooth(&mut setup);
        setup.parameters[4] = 600.0;
        setup.initial[1] = 0.5;
        let mut simulation = Simulation::new(setup).expect("it fits");
        for _ in 0..3000 {
            simulation.step().expect("finite");
        }
        let x = simulation.state();
        assert!((50.0 * x[1] + 80.0 * x[3] - 25.0).abs() < 1e-9, "{x:?}");
        assert!(50.0 * x[1] * x[1] + 80.0 * x[3] * x[3] < 12.5);
        assert!((x[1] - x[3]).abs() < 0.1);
    }

    #[test]
    fn friction_falls_with_speed_first_then_rises_and_falls_as_the_gear_warms() {
        let p = RobotJoint::about().usual_parameters();
        let at = |w: f64, t: f64| friction(w, 0.0, t, &p);
        assert_eq!(at(0.0, 300.0), 0.0);
        assert!(at(0.06, 330.0) > at(0.2, 330.0) && at(0.2, 330.0) < at(2.0, 330.0));
        assert!(at(2.0, 330.0) < at(2.0, 300.0) && at(-1.0, 300.0) == -at(1.0, 300.0));
        // By hand: 50 + 2 × (15 + 75/e) a warming of 21 K above 20 °C, Stribeck long gone.
        let expected = 50.0 + 2.0 * (15.0 + 75.0 * libm::exp(-1.0));
        assert!((at(2.0, ROOM + 21.0) - expected).abs() < 1e-9);
    }

    #[test]
    fn under_a_constant_torque_it_turns_where_torque_is_load_and_friction() {
        let mut setup = setup([4.0, 250.0, 293.15], 2e-3);
        setup.parameters[14] = 1e12;
        let mut simulation = Simulation::new(setup).expect("it fits");
        for _ in 0..20_000 {
            simulation.step().expect("finite");
        }
        let z = simulation.outputs();
        assert!((z[3] - 250.0).abs() < 1e-6 && (z[3] + z[4] - 400.0).abs() < 1e-6, "{z:?}");
        assert!((simulation.state()[3] - z[1]).abs() < 1e-9);
    }

    #[test]
    fn work_to_and_fro_widens_the_play_and_heats_the_gear_until_both_events() {
        let shake = Profile(|t_s: f64, u: &mut [f64]| {
            let side = if t_s % 2.0 < 1.0 { 8.0 } else { -8.0 };
            u.copy_from_slice(&[side, 0.0, 303.15]);
        });
        let mut setup = setup([0.0; 3], 2e-3);
        setup.load = Arc::new(shake);
        setup.parameters[14] = 50.0;
        setup.parameters[15] = 0.5;
        setup.parameters[16] = 1e-7;
        let mut simulation = Simulation::new(setup).expect("it fits");
        let mut happened = Vec::new();
        for _ in 0..30_000 {
            let before = simulation.state()[5];
            happened.extend(simulation.step().expect("finite").into_iter().map(|it| it.event));
            assert!(simulation.state()[5] >= before);
        }
        happened.sort_unstable();
        happened.dedup();
        assert_eq!(happened, [0, 1]);
    }

    #[test]
    fn at_rest_with_everything_at_nought_it_is_finite() {
        let p = RobotJoint::about().usual_parameters();
        let (mut dx, mut z) = ([f64::NAN; 6], [f64::NAN; 6]);
        RobotJoint::derivative(&[0.0; 6], &[0.0; 3], &p, &mut dx);
        RobotJoint::output(&[0.0; 6], &[0.0; 3], &p, &mut z);
        assert!(dx.iter().chain(&z).all(|value| value.is_finite()));
    }
}
