//! Centrifugal pump with an induction motor, whose impeller and bearings wear and whose oil heats.
//!
//! Shaft: J ω̇ = Te − (r + rT + rR) ω − back, with the torque Te of an induction motor at its slip
//! and the fluid's back torque a quadratic form of speed and flow. Flow follows the head with a
//! first-order lag. Wear takes area from the impeller with the flow's square and adds friction to
//! the bearings with the speed's, which heats them and the oil between them.

use crate::model::about::About;
use crate::model::kernel::Equations;
use crate::model::real::Real;

/// The pump.
pub struct CentrifugalPump;

/// Slip is a share of this speed at least, rad/s, so that a supply at rest divides by no zero.
const SLOWEST: f64 = 1e-9;
/// Place of the impeller's area among the states.
const AREA: usize = 5;
/// Place of the leak among the states.
const LEAK: usize = 8;
/// Place of the leak's size among the parameters.
const LEAK_A_ROOT: usize = 13;
/// Keeps the torque finite where the supply's frequency is 0, as published.
const SUPPLY_OFFSET: f64 = 1e-5;

impl Equations for CentrifugalPump {
    fn about() -> About {
        About::new("centrifugal_pump", "Centrifugal pump with wear")
            .source(
                "M. Daigle, K. Goebel: Model-Based Prognostics with Concurrent Damage Progression \
                 Processes, IEEE Trans. SMC: Systems 43 (2013) 535-546; M. Daigle, I. Roychoudhury, \
                 S. Narasimhan, S. Saha, B. Saha, K. Goebel: Investigating the Effect of Damage \
                 Progression Model Choice on Prognostics Performance, PHM Society (2011)",
            )
            .validity(
                "One pump at or near its designed speed, driven by an induction motor; no cavitation, \
                 no reverse flow. The faster half of the shaft's motion takes 0.1 s, so explicit \
                 steps may be 1 s at most; slip is kept from -1 to 1.",
            )
            .state("w", "rad/s", 376.991118431, "speed of the shaft")
            .state("Q", "m3/s", 0.0, "flow through the impeller")
            .state("Tt", "K", 290.0, "temperature of the thrust bearing")
            .state("Tr", "K", 290.0, "temperature of the radial bearing")
            .state("To", "K", 290.0, "temperature of the oil")
            .state("A", "Pa.s2", 12.7084, "area coefficient of the impeller: head a squared speed")
            .state("rRadial", "N.m.s", 1.8e-6, "friction of the radial bearing")
            .state("rThrust", "N.m.s", 1.4e-6, "friction of the thrust bearing")
            .state("QLeak", "m3/s", 0.0, "flow that leaks back; of the inputs of the step before")
            .state("wA", "Pa.s3/m6", 0.0, "wear rate of the impeller")
            .state("wRadial", "s", 0.0, "wear rate of the radial bearing")
            .state("wThrust", "s", 0.0, "wear rate of the thrust bearing")
            .input("Tamb", "K", 290.0, "temperature of the surroundings")
            .input("V", "V", 471.2389, "supply voltage of the motor")
            .input("pdisch", "Pa", 928_654.0, "pressure at the discharge")
            .input("psuc", "Pa", 239_179.0, "pressure at the suction")
            .input("wsync", "rad/s", 376.99112, "synchronous speed of the supply")
            .output("w", "rad/s", "speed of the shaft")
            .output("Qout", "m3/s", "flow at the discharge")
            .output("Tt", "K", "temperature of the thrust bearing")
            .output("Tr", "K", "temperature of the radial bearing")
            .output("To", "K", "temperature of the oil")
            .event("ImpellerWearFailure", "the impeller no longer makes the head")
            .event("PumpOilOverheat", "the oil is too hot")
            .event("RadialBearingOverheat", "the radial bearing is too hot")
            .event("ThrustBearingOverheat", "the thrust bearing is too hot")
            .parameter("J", "kg.m2", 50.0, (1.0, 500.0), "inertia of shaft, impeller and fluid")
            .parameter("r", "N.m.s", 0.008, (0.0, 0.1), "friction of a new shaft")
            .parameter("n", "1", 3.0, (1.0, 3.0), "phases of the motor")
            .parameter("p", "1", 1.0, (1.0, 8.0), "pole pairs of the motor")
            .parameter("R1", "Ohm", 0.36, (0.01, 10.0), "resistance of the stator")
            .parameter("R2", "Ohm", 0.076, (0.001, 10.0), "resistance of the rotor")
            .parameter("L1", "H", 0.00063, (1e-5, 0.1), "inductance of the stator")
            .parameter("a0", "N.m.s2", 0.00149204, (0.0, 1.0), "back torque a squared speed")
            .parameter("a1", "N.m.s2/m3", 5.77703, (0.0, 100.0), "back torque a speed and flow")
            .parameter("a2", "N.m.s2/m6", 9179.4, (0.0, 1e5), "back torque less, a squared flow")
            .parameter("b", "Pa.s2/m3", 17984.6, (0.0, 1e6), "head a speed and flow")
            .parameter("c", "{m3/s/sqrt(Pa)}", 8.24123e-5, (1e-6, 1e-3), "flow a root of pressure")
            .parameter("fluid", "s", 5.0, (0.1, 100.0), "time constant of the flow")
            .parameter("leak", "{m3/s/sqrt(Pa)}", 1e-10, (0.0, 1e-4), "leak a root of pressure")
            .parameter("C_t", "J/K", 7.3, (0.1, 1e4), "heat capacity of the thrust bearing")
            .parameter("H_ta", "W/K", 0.0034, (0.0, 10.0), "heat, thrust bearing to surroundings")
            .parameter("H_to", "W/K", 0.0026, (0.0, 10.0), "heat, thrust bearing to oil")
            .parameter("C_r", "J/K", 2.4, (0.1, 1e4), "heat capacity of the radial bearing")
            .parameter("H_ra", "W/K", 0.0018, (0.0, 10.0), "heat, radial bearing to surroundings")
            .parameter("H_ro", "W/K", 0.020, (0.0, 10.0), "heat, radial bearing to oil")
            .parameter("C_o", "J/K", 8000.0, (1.0, 1e6), "heat capacity of the oil")
            .parameter("H_ot", "W/K", 1.0, (0.0, 100.0), "heat, oil from the thrust bearing")
            .parameter("H_or", "W/K", 3.0, (0.0, 100.0), "heat, oil from the radial bearing")
            .parameter("H_oa", "W/K", 1.5, (0.0, 100.0), "heat, oil to surroundings")
            .parameter("A_new", "Pa.s2", 12.7084, (1.0, 100.0), "area coefficient when new")
            .parameter("A_limit", "Pa.s2", 9.5, (1.0, 100.0), "area coefficient at its event")
            .parameter("T_new", "K", 290.0, (200.0, 400.0), "temperature of a healthy pump")
            .parameter("Tt_limit", "K", 370.0, (300.0, 600.0), "thrust bearing at its event")
            .parameter("Tr_limit", "K", 370.0, (300.0, 600.0), "radial bearing at its event")
            .parameter("To_limit", "K", 350.0, (300.0, 600.0), "oil at its event")
    }

    #[rustfmt::skip]
    #[inline(always)]
    fn derivative<R: Real>(x: &[R], u: &[R], p: &[R], dx: &mut [R]) {
        let &[w, q, tt, tr, to, area, r_radial, r_thrust, leak, w_a, w_radial, w_thrust] = x else { return };
        let &[t_amb, v, p_disch, p_suc, w_sync] = u else { return };
        let &[j, r, n, poles, r1, r2, l1, a0, a1, a2, b, c, fluid, _, c_t, h_ta, h_to, c_r, h_ra, h_ro,
              c_o, h_ot, h_or, h_oa, ..] = p else { return };
        let ww = w * w;
        // The published fraction of resistances by slip, widened by the slip's square: the same
        // torque, and none at no slip instead of none over none.
        let slip = ((w_sync - w) / w_sync.max(R::of(SLOWEST))).between(-1.0, 1.0);
        let resistance = r1 * slip + r2;
        let reactance = l1 * w_sync * slip;
        let impedance = resistance * resistance + reactance * reactance;
        let torque = n * poles * r2 * v * v * slip / ((w_sync + SUPPLY_OFFSET) * impedance);
        let out = (q - leak).max(R::of(0.0));
        let back = a1 * w * out + a0 * ww - a2 * out * out;
        let head = area * ww + b * w * q + p_suc - p_disch;
        let [to_oil_t, to_oil_r] = [tt - to, tr - to];

        dx.copy_from_slice(&[
            (torque - (r + r_thrust + r_radial) * w - back) / j,
            (c * head.signed_sqrt() - q) / fluid,
            (r_thrust * ww - h_ta * (tt - t_amb) - h_to * to_oil_t) / c_t,
            (r_radial * ww - h_ra * (tr - t_amb) - h_ro * to_oil_r) / c_r,
            (h_ot * to_oil_t + h_or * to_oil_r + h_oa * (t_amb - to)) / c_o,
            -(w_a * q * q),
            w_radial * r_radial * ww,
            w_thrust * r_thrust * ww,
            R::of(0.0), R::of(0.0), R::of(0.0), R::of(0.0),
        ]);
    }

    fn output<R: Real>(x: &[R], _: &[R], _: &[R], z: &mut [R]) {
        let &[w, q, tt, tr, to, _, _, _, leak, ..] = x else { return };
        z.copy_from_slice(&[w, (q - leak).max(R::of(0.0)), tt, tr, to]);
    }

    fn event_state<R: Real>(x: &[R], _: &[R], p: &[R], es: &mut [R]) {
        let &[_, _, tt, tr, to, area, ..] = x else { return };
        let &[.., a_new, a_limit, t_new, tt_limit, tr_limit, to_limit] = p else { return };
        let left = |value: R, new: R, limit: R| (value - limit) / (new - limit);
        es.copy_from_slice(&[
            left(area, a_new, a_limit),
            left(to, t_new, to_limit),
            left(tr, t_new, tr_limit),
            left(tt, t_new, tt_limit),
        ]);
    }

    #[inline(always)]
    fn margin<R: Real>(x: &[R], _: &[R], p: &[R], margin: &mut [R]) {
        let &[_, _, tt, tr, to, area, ..] = x else { return };
        let &[.., a_limit, _, tt_limit, tr_limit, to_limit] = p else { return };
        margin.copy_from_slice(&[area - a_limit, to_limit - to, tr_limit - tr, tt_limit - tt]);
    }

    #[inline(always)]
    fn settle<R: Real>(_: &[R], u: &[R], p: &[R], next: &mut [R]) {
        Self::start(u, p, next);
        // Of an impeller that is worn away nothing is left to wear: a course may go on after its end.
        next[AREA] = next[AREA].max(R::of(0.0));
    }

    #[inline(always)]
    fn start<R: Real>(u: &[R], p: &[R], x: &mut [R]) {
        let &[_, _, p_disch, p_suc, _] = u else { return };
        x[LEAK] = p[LEAK_A_ROOT] * (p_suc - p_disch).signed_sqrt();
    }
}
