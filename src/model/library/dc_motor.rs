//! Direct-current motors: one winding with brushes, and three windings that are commutated by
//! their position.

use std::f64::consts::TAU;

use crate::model::about::About;
use crate::model::kernel::Equations;
use crate::model::real::Real;
use crate::model::solver::{Method, Tolerance};

/// A motor with one winding.
pub struct DcMotor;

/// A brushless motor with three windings.
pub struct ThreePhaseMotor;

impl Equations for DcMotor {
    fn about() -> About {
        About::new("dc_motor", "DC motor, single phase")
            .source(
                "Standard equations of the permanent-magnet DC motor, e.g. R. Krishnan: Electric \
                 Motor Drives (2001), chapter 2; parameters of a small drone motor",
            )
            .validity(
                "Constant magnetic field, no heating. The current follows the voltage within a \
                 millisecond: Euler's steps may be 2 ms at most, the implicit solver takes larger.",
            )
            .stepped_by(Method::Rosenbrock(Tolerance::default()), 1.0)
            .state("i", "A", 0.0, "current")
            .state("v_rot", "rad/s", 0.0, "speed")
            .input("v", "V", 10.0, "voltage")
            .input("t_l", "N.m", 0.0, "torque of the load")
            .output("v_rot", "rad/s", "speed")
            .parameter("L", "H", 83e-6, (1e-7, 1.0), "inductance")
            .parameter("R", "Ohm", 0.081, (1e-4, 100.0), "resistance")
            .parameter("Kt", "N.m/A", 1.0 / 37.699_145_737_357_6, (1e-5, 100.0), "torque a current")
            .parameter("J", "kg.m2", 1.269e-4, (1e-8, 100.0), "inertia")
            .parameter("B", "N.m.s", 5.006_067_495_270_290_5e-5, (0.0, 10.0), "friction")
    }

    #[inline(always)]
    fn derivative<R: Real>(x: &[R], u: &[R], p: &[R], dx: &mut [R]) {
        let (&[i, w], &[v, t_l], &[l, r, kt, j, b]) = (x, u, p) else { return };
        dx.copy_from_slice(&[(v - kt * w - r * i) / l, (kt * i - t_l - b * w) / j]);
    }

    fn output<R: Real>(x: &[R], _: &[R], _: &[R], z: &mut [R]) {
        z[0] = x[1];
    }
}

impl Equations for ThreePhaseMotor {
    fn about() -> About {
        About::new("dc_motor_three_phase", "DC motor, three phases, brushless")
            .source(
                "Standard equations of the brushless motor with trapezoidal back electromotive \
                 force, e.g. P. Pillay, R. Krishnan: Modeling, Simulation, and Analysis of \
                 Permanent-Magnet Motor Drives II, IEEE Trans. Industry Applications 25 (1989)",
            )
            .validity(
                "Constant magnetic field, star without neutral, no heating; as the other DC motor.",
            )
            .stepped_by(Method::Rosenbrock(Tolerance::default()), 1.0)
            .state("i_a", "A", 0.0, "current of phase a")
            .state("i_b", "A", 0.0, "current of phase b")
            .state("i_c", "A", 0.0, "current of phase c")
            .state("v_rot", "rad/s", 0.0, "speed")
            .state("theta", "rad", 0.0, "electrical angle, within a turn")
            .input("v_a", "V", 0.0, "voltage of phase a")
            .input("v_b", "V", 0.0, "voltage of phase b")
            .input("v_c", "V", 0.0, "voltage of phase c")
            .input("t_l", "N.m", 0.0, "torque of the load")
            .output("v_rot", "rad/s", "speed")
            .output("theta", "rad", "electrical angle, within a turn")
            .within_a_turn("theta", TAU)
            .parameter("L", "H", 83e-6, (1e-7, 1.0), "inductance of a phase")
            .parameter("R", "Ohm", 0.081, (1e-4, 100.0), "resistance of a phase")
            .parameter("K", "N.m/A", 0.0265, (1e-5, 100.0), "torque a current of a phase")
            .parameter("J", "kg.m2", 26.967e-6, (1e-8, 100.0), "inertia")
            .parameter("B", "N.m.s", 0.0, (0.0, 10.0), "friction")
            .parameter("poles", "1", 14.0, (1.0, 100.0), "pole pairs")
    }

    #[inline(always)]
    fn derivative<R: Real>(x: &[R], u: &[R], p: &[R], dx: &mut [R]) {
        let (&[ia, ib, ic, w, angle], &[va, vb, vc, t_l], &[l, r, k, j, b, poles]) = (x, u, p)
        else {
            return;
        };
        let [fa, fb, fc] = shape(angle);
        let rate = |v: R, i: R, f: R| (v - r * i - k * f * w) / l;
        dx.copy_from_slice(&[
            rate(va, ia, fa),
            rate(vb, ib, fb),
            rate(vc, ic, fc),
            (k * (fa * ia + fb * ib + fc * ic) - t_l - b * w) / j,
            poles * w,
        ]);
    }

    fn output<R: Real>(x: &[R], _: &[R], _: &[R], z: &mut [R]) {
        z.copy_from_slice(&[x[3], x[4]]);
    }

    #[inline(always)]
    fn settle<R: Real>(_: &[R], _: &[R], _: &[R], next: &mut [R]) {
        let turns = (next[4] / TAU).floor();
        next[4] = next[4] - turns * TAU;
    }
}

/// Shape of the back electromotive force of each phase at an electrical angle in radians: a
/// trapezium that is flat for 120° and crosses over in 60°. At the border of two sectors the
/// earlier one holds. The angle may be any: within a step it is not kept within a turn.
fn shape<R: Real>(angle: R) -> [R; 3] {
    let degrees = angle * (360.0 / TAU);
    let degrees = degrees - (degrees / 360.0).floor() * 360.0;
    let sector = -((-degrees / 60.0).floor()) - 1.0;
    let sector = sector.between(0.0, 5.0);
    let across = (degrees - sector * 60.0) / 30.0;
    let one = R::of(1.0);
    let sectors = [
        [one, -one, -across + 1.0],
        [one, across - 1.0, -one],
        [-across + 1.0, one, -one],
        [-one, one, across - 1.0],
        [-one, -across + 1.0, one],
        [across - 1.0, -one, one],
    ];
    let mut chosen = sectors[0];
    for (at, next) in sectors.into_iter().enumerate().skip(1) {
        let here = R::of(at as f64 - 0.5).below(sector);
        for (chosen, next) in chosen.iter_mut().zip(next) {
            *chosen = R::choose(here, next, *chosen);
        }
    }
    chosen
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::model::kernel::model;
    use crate::model::load::Held;
    use crate::model::simulation::{Simulation, SimulationSetup};

    #[test]
    fn the_shape_is_the_same_turn_after_turn() {
        for degrees in 0..360 {
            let angle = f64::from(degrees) * TAU / 360.0;
            for turns in [-3.0, -1.0, 1.0, 20.0] {
                let (once, again): ([f64; 3], [f64; 3]) =
                    (shape(angle), shape(angle + turns * TAU));
                for phase in 0..3 {
                    assert!((once[phase] - again[phase]).abs() < 1e-12, "{degrees}° {turns}");
                }
            }
        }
    }

    /// Speed of a motor with its phases shorted, a tenth of a second after it turned fast.
    fn braked(dt_s: f64) -> f64 {
        let model = model::<ThreePhaseMotor>();
        let mut setup = SimulationSetup::usual(model, Arc::new(Held(vec![0.0; 4])), dt_s);
        setup.initial[3] = 500.0;
        setup.parameters[1] = 2.0;
        setup.method = "dopri5".parse().expect("a solver");
        let mut simulation = Simulation::new(setup).expect("it fits");
        while simulation.time_s() < 0.1 - dt_s / 2.0 {
            simulation.step().expect("finite");
        }
        simulation.state()[3]
    }

    #[test]
    fn a_step_of_many_turns_brakes_as_many_steps_within_one_do() {
        // Eleven turns in the first hundredth of a second.
        let (long, short) = (braked(0.01), braked(1e-4));
        assert!(short < 300.0, "it brakes: {short}");
        assert!((long / short - 1.0).abs() < 1e-5, "{long} {short}");
    }
}
