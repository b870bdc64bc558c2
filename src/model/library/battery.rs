//! Battery as an equivalent circuit: a capacity whose voltage depends on its charge, behind a
//! surface and a concentration overpotential, each a resistor beside a capacitor.

use crate::model::about::About;
use crate::model::kernel::Equations;
use crate::model::real::Real;

/// The battery.
pub struct Battery;

impl Equations for Battery {
    fn about() -> About {
        About::new("battery_circuit", "Battery, equivalent circuit")
            .source(
                "M. Daigle, S. Sankararaman: Advanced Methods for Determining Prediction \
                 Uncertainty in Model-Based Prognostics with Application to Planetary Rovers, PHM \
                 Society (2013)",
            )
            .validity(
                "One lithium-ion cell of 2.2 Ah that is discharged at up to about 4 A, near room \
                 temperature; no ageing, no charging beyond full.",
            )
            .state("tb", "K", 292.1, "temperature")
            .state("qb", "C", 7856.3254, "charge of the capacity")
            .state("qcp", "C", 0.0, "charge of the concentration overpotential")
            .state("qcs", "C", 0.0, "charge of the surface overpotential")
            .input("i", "A", 2.0, "current that is drawn")
            .output("t", "K", "temperature")
            .output("v", "V", "voltage at the terminals")
            .event("EOD", "discharged: the voltage has fallen to its end")
            .parameter("q_max", "C", 7856.3254, (100.0, 1e6), "charge when full")
            .parameter("c_max", "C", 7777.0, (100.0, 1e6), "charge between full and empty")
            .parameter("Cb0", "F", 27.055726, (-1e4, 1e4), "capacitance, constant part")
            .parameter("Cb1", "F", 2079.9, (-1e5, 1e5), "capacitance, with the state of charge")
            .parameter("Cb2", "F", 1.2, (-1e4, 1e4), "capacitance, with its square")
            .parameter("Cb3", "F", -230.0, (-1e4, 1e4), "capacitance, with its cube")
            .parameter("Cs", "F", 234.387, (1.0, 1e4), "capacitance of the surface")
            .parameter("Ccp", "F", 14.8223, (0.1, 1e3), "capacitance of the concentration")
            .parameter("Rs", "Ohm", 0.0538926, (1e-3, 1.0), "resistance of the surface")
            .parameter("Rcp0", "Ohm", 0.0697776, (1e-3, 1.0), "of the concentration, when full")
            .parameter("Rcp1", "Ohm", 1.50528e-17, (0.0, 1e-10), "of it, what grows when empty")
            .parameter("Rcp2", "1", 37.223, (1.0, 100.0), "of it, how fast it grows")
            .parameter("Rp", "Ohm", 1e4, (10.0, 1e7), "resistance of self-discharge")
            .parameter("T_amb", "K", 292.1, (230.0, 350.0), "temperature of the surroundings")
            .parameter("h", "W/K", 0.5, (0.0, 100.0), "heat to the surroundings")
            .parameter("C_heat", "J/K", 800.0, (1.0, 1e5), "heat capacity")
            .parameter("k_s", "1", 19.0, (0.0, 1e3), "heating weight of the concentration")
            .parameter("v_end", "V", 3.0, (0.5, 5.0), "voltage at the end of discharge")
            .parameter("v_drop", "V", 0.1, (0.01, 2.0), "voltage above it that counts as healthy")
    }

    #[rustfmt::skip]
    #[inline(always)]
    fn derivative<R: Real>(x: &[R], u: &[R], p: &[R], dx: &mut [R]) {
        let &[tb, qb, qcp, qcs] = x else { return };
        let &[i] = u else { return };
        let &[_, _, _, _, _, _, cs, ccp, rs, rcp0, rcp1, rcp2, rp, t_amb, h, c_heat, k_s, ..] = p else { return };
        let soc = state_of_charge(qb, p);
        let [v_cs, v_cp] = [qcs / cs, qcp / ccp];
        let v = qb / capacitance(soc, p) - v_cp - v_cs;
        let rcp = rcp0 + rcp1 * (rcp2 * (-soc + 1.0)).exp();
        let ib = i + v / rp;
        let both = rcp * rs;
        dx.copy_from_slice(&[
            (both * h * (t_amb - tb) + rcp * v_cs * v_cs + k_s * rs * v_cp * v_cp) / (c_heat * both),
            -ib,
            ib - v_cp / rcp,
            ib - v_cs / rs,
        ]);
    }

    fn output<R: Real>(x: &[R], _: &[R], p: &[R], z: &mut [R]) {
        z.copy_from_slice(&[x[0], voltage(x, p)]);
    }

    #[inline(always)]
    fn settle<R: Real>(_: &[R], _: &[R], _: &[R], next: &mut [R]) {
        // What is not there cannot be drawn: a course may go on after its end.
        next[1] = next[1].max(R::of(0.0));
    }

    fn event_state<R: Real>(x: &[R], _: &[R], p: &[R], es: &mut [R]) {
        let &[.., v_end, v_drop] = p else { return };
        es[0] = state_of_charge(x[1], p).min((voltage(x, p) - v_end) / v_drop);
    }

    #[inline(always)]
    fn margin<R: Real>(x: &[R], _: &[R], p: &[R], margin: &mut [R]) {
        let &[.., v_end, _] = p else { return };
        margin[0] = voltage(x, p) - v_end;
    }
}

#[inline(always)]
fn state_of_charge<R: Real>(qb: R, p: &[R]) -> R {
    let [q_max, c_max] = [p[0], p[1]];
    (c_max - q_max + qb) / c_max
}

/// Of the capacity, at a state of charge.
#[inline(always)]
fn capacitance<R: Real>(soc: R, p: &[R]) -> R {
    let [c0, c1, c2, c3] = [p[2], p[3], p[4], p[5]];
    let square = soc * soc;
    // In pairs, which do not wait for each other.
    (c3 * (square * soc) + c2 * square) + (c1 * soc + c0)
}

#[inline(always)]
fn voltage<R: Real>(x: &[R], p: &[R]) -> R {
    let &[_, qb, qcp, qcs] = x else { return R::of(f64::NAN) };
    qb / capacitance(state_of_charge(qb, p), p) - qcp / p[7] - qcs / p[6]
}
