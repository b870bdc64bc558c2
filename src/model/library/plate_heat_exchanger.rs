//! Plate heat exchanger in counterflow whose cold side fouls.
//!
//! The duty is that of effectiveness and NTU at the flows of the moment; each side's hold-up lags
//! behind it: M c Ṫ_out = ṁ c (T_in − T_out) ∓ duty. Film coefficients go with flow^0.8. Fouling
//! is deposition less removal by shear; the deposit narrows the gap, which raises the pressure drop.

use crate::model::about::About;
use crate::model::kernel::Equations;
use crate::model::real::Real;

/// The heat exchanger.
pub struct PlateHeatExchanger;

/// Keeps fractions of flows and of coefficients finite where there is no flow; far below any flow.
const NONE: f64 = 1e-12;
/// Exponent of the film coefficient by flow.
const FILM: f64 = 0.8;
/// Exponent of the pressure drop by flow.
const DROP: f64 = 1.75;
/// The gap stays this share of a clean one at least.
const OPEN: f64 = 0.1;

impl Equations for PlateHeatExchanger {
    fn about() -> About {
        About::new("plate_heat_exchanger", "Plate heat exchanger that fouls")
            .source(
                "Duty: W. M. Kays, A. L. London: Compact Heat Exchangers, 3rd ed. (1984), chapter 2, \
                 effectiveness by NTU in counterflow. Fouling: deposition less removal after D. Q. \
                 Kern, R. E. Seaton: A theoretical analysis of thermal surface fouling, British \
                 Chemical Engineering 4 (1959) 258-262; removal with the square of the flow, as the \
                 shear at the wall. Films with flow^0.8 (F. W. Dittus, L. M. K. Boelter, 1930, for \
                 turbulent flow in tubes; plates have 0.6 to 0.8), pressure drop with flow^1.75 (H. \
                 Blasius, 1913). The lag of the outlets is an assumption of this model.",
            )
            .validity(
                "Turbulent liquids without change of phase, no loss to the surroundings, fouling on \
                 the cold side only. While flows change, outlet temperatures lag as if each side's \
                 hold-up were mixed. Explicit steps may be as long as the hold-up's time, 10 s at \
                 the reference flow.",
            )
            .state("T_hot", "K", 317.0, "temperature at the hot outlet")
            .state("T_cold", "K", 317.0, "temperature at the cold outlet")
            .state("R_f", "m2.K/W", 0.0, "fouling resistance")
            .input("m_hot", "kg/s", 5.0, "flow of the hot side")
            .input("m_cold", "kg/s", 5.0, "flow of the cold side")
            .input("T_hot_in", "K", 343.0, "temperature at the hot inlet")
            .input("T_cold_in", "K", 291.0, "temperature at the cold inlet")
            .input("dirt", "1", 1.0, "foulants in the cold side, as a share of the usual")
            .output("T_hot", "K", "temperature at the hot outlet")
            .output("T_cold", "K", "temperature at the cold outlet")
            .output("dp", "Pa", "pressure drop of the cold side")
            .output("duty", "W", "heat that passes")
            .output("effectiveness", "1", "duty as a share of the greatest possible")
            .event("DutyLost", "too little heat would pass at the reference flows")
            .event("PressureDropHigh", "the pressure drop at the reference flow is too high")
            .parameter("A", "m2", 10.0, (0.01, 1e4), "area of the plates")
            .parameter("h_hot", "W/m2/K", 12_000.0, (10.0, 1e5), "hot film at its reference flow")
            .parameter("h_cold", "W/m2/K", 12_000.0, (10.0, 1e5), "cold film at its reference flow")
            .parameter("m_hot_ref", "kg/s", 5.0, (1e-3, 1e4), "reference flow of the hot side")
            .parameter("m_cold_ref", "kg/s", 5.0, (1e-3, 1e4), "reference flow of the cold side")
            .parameter("c_hot", "J/kg/K", 4180.0, (100.0, 1e4), "heat capacity of the hot liquid")
            .parameter("c_cold", "J/kg/K", 4180.0, (100.0, 1e4), "heat capacity of the cold liquid")
            .parameter("R_wall", "m2.K/W", 3.1e-5, (0.0, 0.01), "resistance of the plates")
            .parameter("tau", "s", 10.0, (0.1, 1e3), "time a reference flow takes through a side")
            .parameter("k_dep", "m2.K/J", 1.3e-11, (0.0, 1e-6), "fouling deposited a second")
            .parameter("t_rem", "s", 7.8e6, (1.0, 1e12), "time constant of removal")
            .parameter("k_f", "W/m/K", 1.5, (0.05, 100.0), "conductivity of the deposit")
            .parameter("gap", "m", 0.003, (5e-4, 0.05), "gap between clean plates")
            .parameter("dp_ref", "Pa", 50e3, (1.0, 1e7), "pressure drop, clean, at reference flow")
            .parameter("e_limit", "1", 0.65, (0.01, 0.99), "effectiveness at its event")
            .parameter("dp_limit", "Pa", 65e3, (1.0, 1e8), "pressure drop at its event")
    }

    #[rustfmt::skip]
    #[inline(always)]
    fn derivative<R: Real>(x: &[R], u: &[R], p: &[R], dx: &mut [R]) {
        let &[t_hot, t_cold, r_f] = x else { return };
        let &[m_hot, m_cold, t_hot_in, t_cold_in, dirt] = u else { return };
        let &[_, _, _, m_hot_ref, m_cold_ref, c_hot, c_cold, _, tau, k_dep, t_rem, ..] = p else { return };
        let [m_hot, m_cold] = [m_hot, m_cold].map(forward);
        let [_, conductance] = exchange(m_hot, m_cold, r_f, p);
        let duty = conductance * (t_hot_in - t_cold_in);
        let share = m_cold / m_cold_ref;
        dx.copy_from_slice(&[
            (m_hot * (t_hot_in - t_hot) - duty / c_hot) / (m_hot_ref * tau),
            (m_cold * (t_cold_in - t_cold) + duty / c_cold) / (m_cold_ref * tau),
            // What settles goes with what arrives; what is torn off with the shear at the wall.
            k_dep * forward(dirt) * share - r_f / t_rem * share * share,
        ]);
    }

    fn output<R: Real>(x: &[R], u: &[R], p: &[R], z: &mut [R]) {
        let (&[t_hot, t_cold, r_f], &[m_hot, m_cold, _, t_cold_in, _]) = (x, u) else { return };
        let [m_hot, m_cold] = [m_hot, m_cold].map(forward);
        let [effectiveness, _] = exchange(m_hot, m_cold, r_f, p);
        let duty = m_cold * p[6] * (t_cold - t_cold_in);
        z.copy_from_slice(&[t_hot, t_cold, pressure_drop(m_cold, r_f, p), duty, effectiveness]);
    }

    fn event_state<R: Real>(x: &[R], u: &[R], p: &[R], es: &mut [R]) {
        Self::margin(x, u, p, es);
        let &[_, _, _, m_hot_ref, m_cold_ref, .., dp_ref, e_limit, dp_limit] = p else { return };
        let [clean, _] = exchange(m_hot_ref, m_cold_ref, R::of(0.0), p);
        es[0] = es[0] / (clean - e_limit);
        es[1] = es[1] / (dp_limit - dp_ref);
    }

    // At the reference flows, lest a change of flow be taken for fouling.
    #[inline(always)]
    fn margin<R: Real>(x: &[R], _: &[R], p: &[R], margin: &mut [R]) {
        let &[_, _, _, m_hot_ref, m_cold_ref, .., e_limit, dp_limit] = p else { return };
        let [effectiveness, _] = exchange(m_hot_ref, m_cold_ref, x[2], p);
        let drop = pressure_drop(m_cold_ref, x[2], p);
        margin.copy_from_slice(&[effectiveness - e_limit, dp_limit - drop]);
    }
}

/// A flow, or none where it would turn back.
fn forward<R: Real>(flow: R) -> R {
    flow.max(R::of(0.0))
}

/// The effectiveness, and the duty in W a kelvin between the inlets, at flows in kg/s.
fn exchange<R: Real>(m_hot: R, m_cold: R, r_f: R, p: &[R]) -> [R; 2] {
    let &[a, h_hot, h_cold, m_hot_ref, m_cold_ref, c_hot, c_cold, r_wall, ..] = p else {
        return [R::of(f64::NAN); 2];
    };
    let hot = h_hot * (m_hot / m_hot_ref).pow(FILM);
    let cold = h_cold * (m_cold / m_cold_ref).pow(FILM);
    // 1/(1/hot + R + 1/cold), without a fraction of no flow.
    let through = hot * cold / (hot + cold + hot * cold * (r_wall + r_f) + NONE);
    let [hot, cold] = [m_hot * c_hot, m_cold * c_cold];
    let least = hot.min(cold);
    let ntu = through * a / least.max(R::of(NONE));
    let effectiveness = counterflow(ntu, least / hot.max(cold).max(R::of(NONE)));
    [effectiveness, effectiveness * least]
}

/// Effectiveness in counterflow for a number of transfer units and a ratio of capacity flows.
///
/// The usual fraction (1 − e)/(1 − ratio·e), with e = exp(−x) and x = NTU (1 − ratio), is none over
/// none for equal flows. With φ = (1 − e)/x, which goes to 1 there, it is NTU φ/(1 + ratio NTU φ).
fn counterflow<R: Real>(ntu: R, ratio: R) -> R {
    let x = (ntu * (-ratio + 1.0)).max(R::of(1e-30));
    // (1 − e)/(1 + e), which is exact for small x.
    let half = (x / 2.0).tanh();
    let units = ntu * (half * 2.0 / ((half + 1.0) * x));
    units / (ratio * units + 1.0)
}

/// Pressure drop of the cold side at a flow: with the cube of the narrowing at the same flow, as
/// friction in a flat channel has it.
fn pressure_drop<R: Real>(m_cold: R, r_f: R, p: &[R]) -> R {
    let &[_, _, _, _, m_cold_ref, .., k_f, gap, dp_ref, _, _] = p else {
        return R::of(f64::NAN);
    };
    let open = (-(r_f * k_f * 2.0 / gap) + 1.0).max(R::of(OPEN));
    dp_ref * (m_cold / m_cold_ref).pow(DROP) / (open * open * open)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::model::kernel::model;
    use crate::model::load::Held;
    use crate::model::simulation::{Simulation, SimulationSetup};

    fn course(changes: impl Fn(&mut SimulationSetup, &mut Vec<f64>), dt_s: f64) -> Simulation {
        let mut u = PlateHeatExchanger::about().usual_inputs();
        let mut setup =
            SimulationSetup::usual(model::<PlateHeatExchanger>(), Arc::new(Held(vec![])), dt_s);
        changes(&mut setup, &mut u);
        setup.load = Arc::new(Held(u));
        Simulation::new(setup).expect("it fits")
    }

    #[test]
    fn the_effectiveness_is_that_of_the_closed_form_to_three_digits() {
        // NTU, ratio, effectiveness (1 − e)/(1 − ratio·e), worked out by hand.
        for (ntu, ratio, table) in [
            (1.0, 0.0, 0.632),
            (1.0, 0.5, 0.565),
            (1.0, 1.0, 0.500),
            (2.0, 0.5, 0.775),
            (2.0, 1.0, 0.667),
            (5.0, 0.5, 0.957),
            (5.0, 1.0, 0.833),
        ] {
            let ours: f64 = counterflow(ntu, ratio);
            assert!((ours - table).abs() < 6e-4, "{ntu} {ratio}: {ours}");
        }
    }

    #[test]
    fn the_effectiveness_is_continuous_where_the_flows_are_equal() {
        for ntu in [0.0, 1e-9, 0.3, 2.0, 50.0] {
            let equal = ntu / (1.0 + ntu);
            for off in [0.0, 1e-16, 1e-12, 1e-9] {
                assert!((counterflow(ntu, 1.0 - off) - equal).abs() <= off + 1e-13);
            }
            for ratio in [0.1, 0.9, 0.99] {
                let e = libm::exp(-ntu * (1.0 - ratio));
                let usual = (1.0 - e) / (1.0 - ratio * e);
                assert!((counterflow(ntu, ratio) - usual).abs() < 1e-13);
            }
        }
    }

    #[test]
    fn in_the_steady_state_what_one_side_loses_the_other_gains() {
        let mut simulation = course(|_, u| u[..2].copy_from_slice(&[3.0, 6.0]), 1.0);
        for _ in 0..500 {
            simulation.step().expect("finite");
        }
        let (z, x) = (simulation.outputs(), simulation.state());
        let lost = 3.0 * 4180.0 * (343.0 - x[0]);
        assert!((z[3] / lost - 1.0).abs() < 1e-6, "{} {lost}", z[3]);
        assert!((z[3] / (z[4] * 3.0 * 4180.0 * 52.0) - 1.0).abs() < 1e-6);
    }

    #[test]
    fn fouling_goes_to_its_asymptote_as_kern_and_seaton_have_it_and_brings_both_events() {
        let fast = |setup: &mut SimulationSetup, _: &mut Vec<f64>| {
            setup.parameters[9] = 1e-4 / 1000.0;
            setup.parameters[10] = 1000.0;
        };
        let mut simulation = course(fast, 0.5);
        let mut happened = Vec::new();
        for _ in 0..2000 {
            let before = simulation.state()[2];
            happened.extend(simulation.step().expect("finite"));
            assert!(simulation.state()[2] > before);
        }
        let closed = 1e-4 * (1.0 - libm::exp(-1.0));
        assert!((simulation.state()[2] / closed - 1.0).abs() < 1e-3);
        for _ in 0..20_000 {
            happened.extend(simulation.step().expect("finite"));
        }
        assert!((simulation.state()[2] / 1e-4 - 1.0).abs() < 1e-3);
        assert_eq!(happened.iter().map(|it| it.event).collect::<Vec<_>>(), [0, 1]);
    }

    #[test]
    fn faster_water_fouls_less() {
        // The asymptote goes with the inverse of the flow.
        let p = PlateHeatExchanger::about().usual_parameters();
        let rate = |m_cold: f64, r_f: f64| {
            let mut dx = [0.0; 3];
            PlateHeatExchanger::derivative(
                &[317.0, 317.0, r_f],
                &[5.0, m_cold, 343.0, 291.0, 1.0],
                &p,
                &mut dx,
            );
            dx[2]
        };
        for m_cold in [2.5, 5.0, 10.0] {
            assert!(rate(m_cold, 1.3e-11 * 7.8e6 * 5.0 / m_cold).abs() < 1e-24);
        }
    }

    #[test]
    fn nothing_that_flows_leaves_everything_as_it_is() {
        let p = PlateHeatExchanger::about().usual_parameters();
        for flows in [[0.0, 0.0], [5.0, 0.0], [0.0, 5.0]] {
            let u = [flows[0], flows[1], 343.0, 291.0, 1.0];
            let (mut dx, mut z) = ([f64::NAN; 3], [f64::NAN; 5]);
            PlateHeatExchanger::derivative(&[320.0, 310.0, 1e-5], &u, &p, &mut dx);
            PlateHeatExchanger::output(&[320.0, 310.0, 1e-5], &u, &p, &mut z);
            assert!(dx.iter().chain(&z).all(|value| value.is_finite()));
            assert_eq!((dx[0] == 0.0, dx[1] == 0.0), (flows[0] == 0.0, flows[1] == 0.0));
        }
    }
}
