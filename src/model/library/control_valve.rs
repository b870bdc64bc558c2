//! Control valve for liquids with its actuator: a plug that follows its demand, and the seat and
//! packing that wear.
//!
//! The plug follows with a first-order lag, no faster than the thrust that the packing leaves.
//! The flow is that of the sizing equation, Q = Kv √(Δp/ρr), with Kv of an equal-percentage plug
//! beside a leak through the worn seat, and Δp no more than what chokes.

use crate::model::about::About;
use crate::model::kernel::Equations;
use crate::model::real::Real;

/// The valve.
pub struct ControlValve;

/// A flow coefficient is a flow in m3/h at this difference of pressure, Pa.
const BAR: f64 = 1e5;
/// Critical pressure of water, Pa.
const CRITICAL: f64 = 22.064e6;
/// Slowest stroke for which a stroke time is computed, 1/s: a stuck valve has no stroke time.
const SLOWEST: f64 = 1e-5;
const HOUR_S: f64 = 3600.0;

impl Equations for ControlValve {
    fn about() -> About {
        About::new("control_valve", "Control valve with wear")
            .source(
                "Flow: IEC 60534-2-1:2011, Industrial-process control valves, Flow capacity, Sizing \
                 equations for fluid flow under installed conditions: incompressible, without \
                 fittings, choked at F_L^2 (p1 - F_F pv), F_F = 0.96 - 0.28 sqrt(pv/pc). \
                 Characteristic: IEC 60534-2-4:2009, equal percentage. That the seat's leak and the \
                 packing's friction grow with use is after M. Daigle, K. Goebel: A Model-based \
                 Prognostics Approach Applied to Pneumatic Valves, Int. J. Prognostics and Health \
                 Management 2 (2011), where both grow with the work of friction; here, as an \
                 assumption, the leak grows with the work that the flow loses and the friction with \
                 the way of the stem. The actuator's lag is an assumption, too.",
            )
            .validity(
                "Turbulent liquid, water by default, without fittings; either direction of flow. No \
                 stick-slip, no flashing; packing friction acts against the thrust alike in both \
                 directions. Explicit steps may be 1 s.",
            )
            .state("h", "1", 0.5, "relative travel: 0 closed, 1 open")
            .state("K_leak", "m3/h", 0.0025, "flow coefficient of the leak through the seat")
            .state("F_pack", "N", 300.0, "friction of the packing")
            .input("demand", "1", 0.5, "demanded relative travel")
            .input("p_up", "Pa", 500_000.0, "absolute pressure upstream")
            .input("p_down", "Pa", 300_000.0, "absolute pressure downstream")
            .output("h", "1", "relative travel")
            .output("Q", "m3/h", "flow, leak included")
            .output("t_stroke", "s", "time of a full stroke at the fastest")
            .event("SeatLeak", "the closed valve leaks too much")
            .event("StrokeSlow", "the valve strokes too slowly")
            .parameter("K_vs", "m3/h", 25.0, (0.01, 1e4), "flow coefficient when open")
            .parameter("range", "1", 50.0, (5.0, 200.0), "ratio of the coefficients h = 1 to h = 0")
            .parameter("h_seat", "1", 0.02, (1e-4, 0.2), "travel below which the plug shuts off")
            .parameter("F_L", "1", 0.9, (0.1, 1.0), "pressure recovery factor")
            .parameter("p_v", "Pa", 2339.0, (0.0, 1e7), "vapour pressure of the liquid")
            .parameter("rho_r", "1", 1.0, (0.1, 10.0), "density relative to water at 15 Cel")
            .parameter("tau", "s", 1.0, (0.01, 100.0), "time constant of positioner and actuator")
            .parameter("v_free", "/s", 0.15, (0.001, 10.0), "travel a second without friction")
            .parameter("F_act", "N", 2000.0, (10.0, 1e6), "thrust of the actuator")
            .parameter("w_leak", "m3/h/J", 7e-12, (0.0, 1e-3), "leak a work that the flow loses")
            .parameter("w_pack", "1", 5e-6, (0.0, 1.0), "share of friction gained a full stroke")
            .parameter("K_new", "m3/h", 0.0025, (0.0, 100.0), "leak when new: class IV")
            .parameter("K_limit", "m3/h", 0.125, (1e-6, 100.0), "leak at its event: class II")
            .parameter("F_new", "N", 300.0, (0.0, 1e6), "packing friction when new")
            .parameter("t_limit", "s", 15.0, (0.1, 1000.0), "stroke time at its event")
    }

    #[inline(always)]
    fn derivative<R: Real>(x: &[R], u: &[R], p: &[R], dx: &mut [R]) {
        let (&[h, _, f_pack], &[demand, p_up, p_down]) = (x, u) else { return };
        let &[_, _, _, _, _, _, tau, _, _, w_leak, w_pack, ..] = p else { return };
        let fastest = stroke_rate(f_pack, p);
        let rate = ((demand.between(0.0, 1.0) - h) / tau).min(fastest).max(-fastest);
        let lost = ((p_up - p_down) * flow(x, u, p) / HOUR_S).abs();
        dx.copy_from_slice(&[rate, w_leak * lost, w_pack * f_pack * rate.abs()]);
    }

    fn output<R: Real>(x: &[R], u: &[R], p: &[R], z: &mut [R]) {
        let stroke = R::of(1.0) / stroke_rate(x[2], p).max(R::of(SLOWEST));
        z.copy_from_slice(&[x[0], flow(x, u, p), stroke]);
    }

    fn event_state<R: Real>(x: &[R], _: &[R], p: &[R], es: &mut [R]) {
        let &[.., k_new, k_limit, f_new, t_limit] = p else { return };
        // In speeds, not times: that of a stuck valve is a number.
        let slow = R::of(1.0) / t_limit;
        es.copy_from_slice(&[
            (k_limit - x[1]) / (k_limit - k_new),
            (stroke_rate(x[2], p) - slow) / (stroke_rate(f_new, p) - slow),
        ]);
    }

    #[inline(always)]
    fn margin<R: Real>(x: &[R], _: &[R], p: &[R], margin: &mut [R]) {
        let &[.., k_limit, _, t_limit] = p else { return };
        margin.copy_from_slice(&[k_limit - x[1], stroke_rate(x[2], p) - R::of(1.0) / t_limit]);
    }
}

/// Fastest travel, 1/s: the share of the thrust that the packing leaves drives the stem.
fn stroke_rate<R: Real>(f_pack: R, p: &[R]) -> R {
    let [v_free, f_act] = [p[7], p[8]];
    v_free * ((f_act - f_pack) / f_act).max(R::of(0.0))
}

/// Flow coefficient at a travel, without the leak.
fn coefficient<R: Real>(h: R, p: &[R]) -> R {
    let &[k_vs, range, h_seat, ..] = p else { return R::of(f64::NAN) };
    // The equal-percentage curve alone would pass 1/range when closed.
    k_vs * ((h - 1.0) * range.ln()).exp() * (h / h_seat).between(0.0, 1.0)
}

/// Flow in m3/h, from upstream to downstream.
fn flow<R: Real>(x: &[R], u: &[R], p: &[R]) -> R {
    let (&[h, k_leak, _], &[_, p_up, p_down]) = (x, u) else { return R::of(f64::NAN) };
    let &[_, _, _, f_l, p_v, rho_r, ..] = p else { return R::of(f64::NAN) };
    let f_f = -((p_v / CRITICAL).sqrt() * 0.28) + 0.96;
    let choked = (f_l * f_l * (p_up.max(p_down) - f_f * p_v)).max(R::of(0.0));
    let drop = (p_up - p_down).min(choked).max(-choked);
    (coefficient(h, p) + k_leak) * (drop / (rho_r * BAR)).signed_sqrt()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::model::kernel::model;
    use crate::model::load::Held;
    use crate::model::simulation::{Simulation, SimulationSetup};

    fn usual(changes: &[(&str, f64)]) -> Vec<f64> {
        let mut about = ControlValve::about();
        for (name, value) in changes {
            let found = about.parameters.iter_mut().find(|parameter| parameter.name == *name);
            found.expect("a parameter").usual = *value;
        }
        about.usual_parameters()
    }

    fn course(u: [f64; 3], changes: &[(&str, f64)], dt_s: f64) -> Simulation {
        let mut setup =
            SimulationSetup::usual(model::<ControlValve>(), Arc::new(Held(u.into())), dt_s);
        setup.parameters = usual(changes);
        Simulation::new(setup).expect("it fits")
    }

    #[test]
    fn flow_coefficients_are_those_of_the_examples_in_the_standard() {
        // IEC 60534-2-1, annex: 360 m3/h of water at 363 K; example 1 a globe valve that does not
        // choke, Kv = 165; example 2 a ball valve that does, Kv = 238.
        for (f_l, k_v) in [(0.9, 165.0), (0.6, 238.0)] {
            let p = usual(&[("K_vs", k_v), ("F_L", f_l), ("p_v", 70_100.0), ("rho_r", 0.9654)]);
            let q = flow(&[1.0, 0.0, 300.0], &[1.0, 680e3, 220e3], &p);
            assert!((q / 360.0 - 1.0).abs() < 2e-3, "{q}");
        }
    }

    #[test]
    fn equal_steps_of_travel_change_the_coefficient_by_equal_shares() {
        let p = usual(&[]);
        let at = |h: f64| coefficient(h, &p);
        assert!((at(1.0) - 25.0).abs() < 1e-12 && at(0.0) == 0.0);
        for h in [0.1, 0.3, 0.5, 0.8] {
            assert!((at(h + 0.1) / at(h) - libm::pow(50.0, 0.1)).abs() < 1e-12);
        }
    }

    #[test]
    fn flow_turns_with_the_pressures_and_none_flows_without_a_difference() {
        let (p, x) = (usual(&[]), [0.5, 0.0025, 300.0]);
        assert_eq!(flow(&x, &[0.5, 5e5, 3e5], &p), -flow(&x, &[0.5, 3e5, 5e5], &p));
        assert_eq!(flow(&x, &[0.5, 3e5, 3e5], &p), 0.0);
        assert_eq!(flow(&[0.0; 3], &[0.0; 3], &p), 0.0);
    }

    #[test]
    fn a_small_step_is_a_first_order_lag_and_a_large_one_takes_the_stroke_time() {
        let mut small = course([0.55, 5e5, 3e5], &[], 1e-3);
        while small.time_s() < 1.0 - 1e-9 {
            small.step().expect("finite");
        }
        let lag = 0.55 - 0.05 * libm::exp(-1.0);
        assert!((small.state()[0] - lag).abs() < 1e-4, "{}", small.state()[0]);
        // 0.15 a second, less 300 N of 2000 N.
        let mut large = course([1.0, 5e5, 3e5], &[], 1e-3);
        large.step().expect("finite");
        assert!((large.state()[0] - 0.5 - 0.1275e-3).abs() < 1e-9);
        assert!((large.outputs()[2] - 1.0 / 0.1275).abs() < 1e-4);
    }

    #[test]
    fn the_seat_leaks_and_the_packing_binds_more_and_more_until_both_events() {
        let mut simulation = course([0.5, 5e5, 3e5], &[("w_leak", 1e-6)], 1.0);
        let mut happened = Vec::new();
        for _ in 0..2000 {
            let before = simulation.state().to_vec();
            happened.extend(simulation.step().expect("finite"));
            assert!(simulation.state()[1] > before[1]);
        }
        assert_eq!(happened.iter().map(|happened| happened.event).collect::<Vec<_>>(), [0]);

        // To and fro between closed and open.
        let p = usual(&[("w_pack", 0.05)]);
        let (mut x, mut dx) = (vec![0.5, 0.0025, 300.0], vec![0.0; 3]);
        let mut es = [1.0; 2];
        for step in 0..4000 {
            let (demand, before) = (f64::from(u8::from(step % 40 < 20)), x[2]);
            ControlValve::derivative(&x, &[demand, 5e5, 3e5], &p, &mut dx);
            x.iter_mut().zip(&dx).for_each(|(x, rate)| *x += rate);
            assert!(x[2] >= before && (0.0..=1.0).contains(&x[0]));
        }
        ControlValve::event_state(&x, &[0.5, 5e5, 3e5], &p, &mut es);
        assert!(es[1] <= 0.0 && es[0] > 0.5, "{es:?}");
    }
}
