//! Tank with an inflow, a drawn outflow and an outlet by gravity: its level and its temperature.
//!
//! A ḣ = q_in − q_drawn − q_outlet − q_spilled. The outlet follows Torricelli, what spills over
//! the rim Poleni's weir. The contents are mixed: V Ṫ = q_in (T_in − T) + heat / (ρ c).

use crate::model::about::About;
use crate::model::kernel::Equations;
use crate::model::real::Real;

/// The tank.
pub struct Tank;

/// Acceleration of free fall, m/s2.
const FALL: f64 = 9.806_65;
/// The temperature is that of a layer at least this high, m, so that an empty tank has one.
const LAYER: f64 = 0.01;
/// Discharge coefficient of a sharp weir.
const WEIR: f64 = 0.62;

impl Equations for Tank {
    fn about() -> About {
        About::new("tank", "Tank with outlet and overflow")
            .source(
                "Outlet: E. Torricelli, De motu aquarum (1644), v = sqrt(2 g h) with a coefficient of \
                 discharge. Rim: G. Poleni's weir, q = 2/3 C b sqrt(2 g) h^1.5; both e.g. in F. M. \
                 White: Fluid Mechanics, 7th ed. (2011), chapters 3 and 10. Balances of the stirred \
                 tank: D. E. Seborg, T. F. Edgar, D. A. Mellichamp, F. J. Doyle: Process Dynamics and \
                 Control, 3rd ed. (2011), chapter 2. How the drawn flow fades at the suction is an \
                 assumption of this model.",
            )
            .validity(
                "One well-mixed liquid in an open upright tank of even cross-section. Below the \
                 level of the suction the drawn flow fades out, below 1 cm the temperature is that \
                 of a layer of 1 cm. A nearly empty tank fills and drains within seconds: explicit \
                 steps may be 1 s with the usual outlet and cross-section.",
            )
            .state("h", "m", 1.2, "level above the bottom")
            .state("T", "K", 293.0, "temperature of the contents")
            .input("q_in", "m3/s", 0.0014, "inflow")
            .input("T_in", "K", 293.0, "temperature of the inflow")
            .input("q_out", "m3/s", 0.0014, "outflow that a pump draws")
            .input("outlet", "1", 0.0, "opening of the outlet: 0 shut, 1 open")
            .input("P_heat", "W", 0.0, "heat from a heater; negative from a cooler")
            .input("T_amb", "K", 293.0, "temperature of the surroundings")
            .output("h", "m", "level above the bottom")
            .output("T", "K", "temperature of the contents")
            .output("q_out", "m3/s", "flow out, drawn and by the outlet")
            .output("q_spill", "m3/s", "flow over the rim")
            .event("Overflow", "the tank spills over its rim")
            .event("Dry", "the level is down at the suction")
            .parameter("A", "m2", 4.0, (0.01, 1e4), "cross-section")
            .parameter("h_rim", "m", 2.4, (0.1, 50.0), "level at which it spills")
            .parameter("h_dry", "m", 0.15, (0.001, 10.0), "level at which the suction runs dry")
            .parameter("a_outlet", "m2", 5e-4, (0.0, 10.0), "cross-section of the outlet")
            .parameter("C_d", "1", 0.62, (0.1, 1.0), "discharge coefficient of the outlet")
            .parameter("b_rim", "m", 0.5, (0.0, 100.0), "width over which it spills")
            .parameter("UA", "W/K", 20.0, (0.0, 1e6), "heat to the surroundings")
            .parameter("rho_c", "J/m3/K", 4.18e6, (1e3, 1e8), "heat capacity of the liquid")
    }

    #[inline(always)]
    fn derivative<R: Real>(x: &[R], u: &[R], p: &[R], dx: &mut [R]) {
        let (&[h, t], &[q_in, t_in, _, _, p_heat, t_amb]) = (x, u) else { return };
        let &[a, _, _, _, _, _, ua, rho_c] = p else { return };
        let [drawn, outlet, spilled] = flows(h, u, p);
        let q_in = q_in.max(R::of(0.0));
        let heat = (ua * (t_amb - t) + p_heat) / rho_c;
        dx.copy_from_slice(&[
            (q_in - drawn - outlet - spilled) / a,
            (q_in * (t_in - t) + heat) / (a * h.max(R::of(LAYER))),
        ]);
    }

    fn output<R: Real>(x: &[R], u: &[R], p: &[R], z: &mut [R]) {
        let [drawn, outlet, spilled] = flows(x[0], u, p);
        z.copy_from_slice(&[x[0], x[1], drawn + outlet, spilled]);
    }

    fn event_state<R: Real>(x: &[R], _: &[R], p: &[R], es: &mut [R]) {
        let &[_, h_rim, h_dry, ..] = p else { return };
        // Healthy from either side of half full.
        let half = h_rim / 2.0;
        let one = R::of(1.0);
        let above = (x[0] - h_dry) / (half - h_dry).max(R::of(LAYER));
        es.copy_from_slice(&[((h_rim - x[0]) / half).min(one), above.min(one)]);
    }

    #[inline(always)]
    fn margin<R: Real>(x: &[R], _: &[R], p: &[R], margin: &mut [R]) {
        margin.copy_from_slice(&[p[1] - x[0], x[0] - p[2]]);
    }

    #[inline(always)]
    fn settle<R: Real>(_: &[R], _: &[R], _: &[R], next: &mut [R]) {
        // A step that is too long would draw more than there was.
        next[0] = next[0].max(R::of(0.0));
    }
}

/// What is drawn, what runs out by the outlet and what spills at a level, m3/s.
fn flows<R: Real>(h: R, u: &[R], p: &[R]) -> [R; 3] {
    let &[_, _, q_out, opening, _, _] = u else { return [R::of(f64::NAN); 3] };
    let &[_, h_rim, h_dry, a_outlet, c_d, b_rim, _, _] = p else { return [R::of(f64::NAN); 3] };
    let zero = R::of(0.0);
    let h = h.max(zero);
    let drawn = q_out.max(zero) * (h / h_dry).between(0.0, 1.0);
    let outlet = opening.between(0.0, 1.0) * c_d * a_outlet * (h * (2.0 * FALL)).sqrt();
    let over = (h - h_rim).max(zero);
    let spilled = b_rim * over * (over * (2.0 * FALL)).sqrt() * (WEIR * 2.0 / 3.0);
    [drawn, outlet, spilled]
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::model::kernel::model;
    use crate::model::load::Held;
    use crate::model::simulation::{Simulation, SimulationSetup};
    use crate::model::solver::Method;

    /// Inflow at 350 K, drawn outflow, opening.
    fn course(q_in: f64, q_out: f64, opening: f64, dt_s: f64) -> Simulation {
        let load = Held(vec![q_in, 350.0, q_out, opening, 0.0, 293.0]);
        let mut setup = SimulationSetup::usual(model::<Tank>(), Arc::new(load), dt_s);
        setup.method = Method::Rk4;
        setup.parameters[6] = 0.0;
        Simulation::new(setup).expect("it fits")
    }

    #[test]
    fn it_empties_in_the_time_that_torricelli_gives() {
        let mut simulation = course(0.0, 0.0, 1.0, 1.0);
        // Halfway down the square root of the level: three quarters are out.
        let whole_s = 4.0 / (0.62 * 5e-4) * (2.0 * 1.2 / FALL).sqrt();
        while simulation.time_s() < whole_s / 2.0 - 0.5 {
            simulation.step().expect("finite");
        }
        let left = 1.0 - simulation.time_s() / whole_s;
        assert!((simulation.state()[0] - 1.2 * left * left).abs() < 1e-9);
    }

    #[test]
    fn at_an_even_level_the_temperature_follows_the_inflow_exponentially() {
        let mut simulation = course(0.002, 0.002, 0.0, 1.0);
        for _ in 0..1000 {
            simulation.step().expect("finite");
        }
        let expected = 350.0 - 57.0 * libm::exp(-0.002 * 1000.0 / 4.8);
        assert!((simulation.state()[1] - expected).abs() < 1e-9);
        assert_eq!(simulation.state()[0], 1.2);
    }

    #[test]
    fn neither_volume_nor_heat_is_made_or_lost() {
        let u = [0.003, 350.0, 0.001, 0.7, 0.0, 293.0];
        let mut p = Tank::about().usual_parameters();
        p[6] = 0.0;
        for x in [[0.05, 280.0], [1.2, 300.0], [2.5, 340.0]] {
            let (mut dx, mut z) = ([0.0; 2], [0.0; 4]);
            Tank::derivative(&x, &u, &p, &mut dx);
            Tank::output(&x, &u, &p, &mut z);
            let out = z[2] + z[3];
            assert!((4.0 * dx[0] - (u[0] - out)).abs() < 1e-15);
            let heat = 4.0 * (dx[0] * x[1] + x[0] * dx[1]);
            assert!((heat - (u[0] * u[1] - out * x[1])).abs() < 1e-12);
        }
    }

    #[test]
    fn it_runs_dry_when_more_is_drawn_and_never_holds_less_than_nothing() {
        let mut simulation = course(0.0, 0.05, 1.0, 5.0);
        let mut happened = Vec::new();
        for _ in 0..200 {
            happened.extend(simulation.step().expect("finite"));
            assert!(simulation.state()[0] >= 0.0);
        }
        assert_eq!(happened.iter().map(|happened| happened.event).collect::<Vec<_>>(), [1]);
        assert!(simulation.state()[0] < 1e-3 && simulation.state()[1] > 200.0);
    }

    #[test]
    fn it_overflows_on_time_and_then_holds_the_level_at_which_as_much_spills() {
        let mut simulation = course(0.02, 0.0, 0.0, 1.0);
        let mut happened = Vec::new();
        for _ in 0..2000 {
            happened.extend(simulation.step().expect("finite"));
        }
        assert_eq!((happened.len(), happened[0].event), (1, 0));
        assert!((happened[0].time_s - 1.2 * 4.0 / 0.02).abs() < 1e-6);
        assert!((simulation.outputs()[3] - 0.02).abs() < 1e-6);
    }

    #[test]
    fn nothing_at_all_is_still_finite() {
        let p = Tank::about().usual_parameters();
        let (mut dx, mut z) = ([f64::NAN; 2], [f64::NAN; 4]);
        Tank::derivative(&[0.0; 2], &[0.0; 6], &p, &mut dx);
        Tank::output(&[0.0; 2], &[0.0; 6], &p, &mut z);
        assert!(dx.iter().chain(&z).all(|value| value.is_finite()));
    }
}
