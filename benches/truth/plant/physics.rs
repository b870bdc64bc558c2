//! The pump's equations: the published ones, with terms and spreads added, stepped by Runge and Kutta's
//! method of order four.

use super::figures::*;
use super::random::Random;

/// Places in a [`State`]; 5 is the temperature of the housing, which the published model has not.
pub const W: usize = 0;
pub const Q: usize = 1;
pub const TT: usize = 2;
pub const TR: usize = 3;
pub const TO: usize = 4;
pub const A: usize = 6;
pub const RR: usize = 7;
pub const RT: usize = 8;

/// Speed, flow, the four temperatures, impeller coefficient and the two friction coefficients.
pub type State = [f64; 9];

/// What acts on the pump during one step.
#[derive(Clone, Debug)]
pub struct Conditions {
    /// Tamb K, V V, pdisch Pa (at nominal flow), psuc Pa, wsync rad/s.
    pub inputs: [f64; 5],
    /// Factor on the flow coefficient.
    pub pipe: f64,
    /// Factor on the thrust bearing's friction.
    pub thrust_load: f64,
    /// Factor on the radial bearing's friction.
    pub radial_load: f64,
    /// Factor on the heat loss to the air.
    pub air: f64,
    /// Wear rates of impeller, thrust bearing and radial bearing, as published (wA, wThrust, wRadial).
    pub wear: [f64; 3],
}

impl Conditions {
    /// These inputs, and nothing else.
    pub fn plain(inputs: [f64; 5], wear: [f64; 3]) -> Self {
        Self { inputs, pipe: 1.0, thrust_load: 1.0, radial_load: 1.0, air: 1.0, wear }
    }
}

/// The parameters of one pump. The names are the published model's where it has the parameter.
#[derive(Clone, Debug)]
pub struct Physics {
    oil: [f64; 3],
    oil_mass: f64,
    thrust: [f64; 2],
    thrust_mass: f64,
    radial: [f64; 2],
    radial_mass: f64,
    inertia: f64,
    drag: f64,
    stator: f64,
    rotor: f64,
    reactance: f64,
    torque: [f64; 3],
    head: f64,
    flow: f64,
    flow_s: f64,
    leak: f64,
    /// Impeller coefficient, thrust and radial friction when new.
    pub new: [f64; 3],
    viscosity: f64,
    housing_share: f64,
    convection: f64,
    cable_sag: f64,
    system_curve: f64,
    cavitation: f64,
    recirculation: f64,
    wear_heat: f64,
}

/// Flow at nominal inputs, m³/s, where the added terms of the hydraulics vanish.
const Q_BEST: f64 = 0.110_336_5;
/// Speed at nominal inputs, rad/s.
const W_BEST: f64 = 370.698_65;
/// Slip at nominal inputs.
const S_BEST: f64 = 0.0167;

impl Physics {
    /// The published model and its nominal parameters, nothing added.
    pub fn published() -> Self {
        Self {
            oil: [1.0, 3.0, 1.5],
            oil_mass: 8000.0,
            thrust: [0.0034, 0.0026],
            thrust_mass: 7.3,
            radial: [0.0018, 0.020],
            radial_mass: 2.4,
            inertia: 50.0,
            drag: 0.008,
            stator: 0.36,
            rotor: 0.076,
            reactance: 0.000_63,
            torque: [-9179.4, 5.777_03, 0.001_492_04],
            head: 17_984.6,
            flow: 8.241_23e-5,
            flow_s: 5.0,
            leak: 1e-10,
            new: [12.7084, 1.4e-6, 1.8e-6],
            viscosity: 0.0,
            housing_share: 0.0,
            convection: 0.0,
            cable_sag: 0.0,
            system_curve: 0.0,
            cavitation: 0.0,
            recirculation: 0.0,
            wear_heat: 0.0,
        }
    }

    /// The published pump with the added terms, no spread.
    pub fn typical() -> Self {
        Self {
            viscosity: VISCOSITY,
            housing_share: HOUSING_SHARE,
            convection: CONVECTION,
            cable_sag: CABLE_SAG,
            system_curve: SYSTEM_CURVE,
            cavitation: CAVITATION,
            recirculation: RECIRCULATION,
            wear_heat: WEAR_HEAT,
            ..Self::published()
        }
    }

    /// One pump off the production line.
    pub fn made(random: &mut Random) -> Self {
        let mut p = Self::typical();
        let mut vary = |x: &mut f64, spread: f64| *x *= 1.0 + spread * random.inspected();
        p.oil
            .iter_mut()
            .chain(&mut p.thrust)
            .chain(&mut p.radial)
            .for_each(|x| vary(x, SPREAD_HEAT));
        let masses = [&mut p.oil_mass, &mut p.thrust_mass, &mut p.radial_mass];
        masses.into_iter().for_each(|x| vary(x, SPREAD_MASS));
        let motor = [&mut p.stator, &mut p.rotor, &mut p.reactance];
        motor.into_iter().for_each(|x| vary(x, SPREAD_MOTOR));
        let mut all = 1.0;
        vary(&mut all, SPREAD_TORQUE);
        p.torque = p.torque.map(|x| x * all);
        vary(&mut p.flow, SPREAD_FLOW);
        vary(&mut p.new[0], SPREAD_AREA);
        vary(&mut p.new[1], SPREAD_FRICTION);
        vary(&mut p.new[2], SPREAD_FRICTION);
        let heat = [&mut p.viscosity, &mut p.housing_share, &mut p.convection, &mut p.wear_heat];
        let rest = [&mut p.cable_sag, &mut p.system_curve, &mut p.cavitation, &mut p.recirculation];
        heat.into_iter().chain(rest).for_each(|x| vary(x, SPREAD_TERMS));
        p
    }

    /// The pump when it starts: at synchronous speed, no flow yet, everything as warm as the air.
    pub fn start(&self, inputs: &[f64; 5]) -> State {
        let [area, thrust, radial] = self.new;
        [inputs[4], 0.0, inputs[0], inputs[0], inputs[0], inputs[0], area, radial, thrust]
    }

    /// Discharge pressure, Pa, which rises with the flow.
    pub fn discharge(&self, at_nominal: f64, q: f64) -> f64 {
        at_nominal + self.system_curve * (q * q.abs() - Q_BEST * Q_BEST)
    }

    /// Flow past the meter, m³/s: the pump's, less what leaks back.
    pub fn flow_out(&self, q: f64, pdisch: f64, psuc: f64) -> f64 {
        (q - self.leak * root(psuc - pdisch)).max(0.0)
    }

    /// Time derivative of the state.
    pub fn rates(&self, x: &State, c: &Conditions) -> State {
        let [tamb, volts, pdisch, psuc, wsync] = c.inputs;
        let [w, q, tt, tr, to, th, area, rr, rt] = *x;
        let w2 = w * w;
        // Heat.
        let friction = (1.0 - self.viscosity * (to - 310.0)).max(0.7);
        let loss = |t: f64| c.air * (1.0 + self.convection * (t - tamb - 35.0));
        let around = tamb + self.housing_share * (th - tamb);
        let heat_t = rt * c.thrust_load * friction * w2;
        let heat_r = rr * c.radial_load * friction * w2;
        let d_tt =
            (heat_t - self.thrust[0] * loss(tt) * (tt - around) - self.thrust[1] * (tt - to))
                / self.thrust_mass;
        let d_tr =
            (heat_r - self.radial[0] * loss(tr) * (tr - around) - self.radial[1] * (tr - to))
                / self.radial_mass;
        let d_to =
            (self.oil[0] * (tt - to) + self.oil[1] * (tr - to) + self.oil[2] * c.air * (tamb - to))
                / self.oil_mass;
        let d_th = (tamb + HOUSING_OIL * (to - tamb) - th) / HOUSING_S;
        // Motor: the published torque, multiplied out by the squared slip so that it is smooth through 0.
        let s = ((wsync - w) / wsync.max(1.0)).clamp(-1.0, 1.0);
        let v = volts * (1.0 - self.cable_sag * (s / S_BEST).clamp(-2.0, 2.0));
        let motor = 3.0 * self.rotor * v * v * s
            / (wsync + 1e-5)
            / ((self.stator * s + self.rotor).powi(2) + (self.reactance * wsync * s).powi(2));
        // Hydraulics.
        let p = self.discharge(pdisch, q);
        let out = self.flow_out(q, p, psuc);
        let back = (self.torque[0] * out + self.torque[1] * w) * out + self.torque[2] * w2;
        let drag = (self.drag + (rt * c.thrust_load + rr * c.radial_load) * friction) * w;
        let cavitation = (w2 / (W_BEST * W_BEST) * P_SUCTION / psuc.max(1e4) - 1.0).clamp(0.0, 1.0);
        let off_best = (q * W_BEST / (Q_BEST * w.max(1.0)) - 1.0).clamp(-0.3, 0.3);
        let lost = self.cavitation * cavitation + self.recirculation * off_best * off_best;
        let dp = area * (1.0 - lost) * w2 + self.head * w * q + psuc - p;
        let d_q = (self.flow * c.pipe * root(dp) - q) / self.flow_s;
        // Wear.
        let hot = |t: f64| 1.0 + self.wear_heat * (t - 340.0);
        let [wear_a, wear_t, wear_r] = c.wear;
        let d_rr = wear_r * hot(tr) * rr * w2;
        let d_rt = wear_t * hot(tt) * rt * w2;
        [
            (motor - drag - back) / self.inertia,
            d_q,
            d_tt,
            d_tr,
            d_to,
            d_th,
            -wear_a * q * q,
            d_rr,
            d_rt,
        ]
    }

    /// The state after `dt` seconds under constant conditions.
    pub fn step(&self, x: &State, c: &Conditions, dt: f64) -> State {
        let at = |k: &State, h: f64| -> State { std::array::from_fn(|i| x[i] + h * k[i]) };
        let k1 = self.rates(x, c);
        let k2 = self.rates(&at(&k1, dt / 2.0), c);
        let k3 = self.rates(&at(&k2, dt / 2.0), c);
        let k4 = self.rates(&at(&k3, dt), c);
        std::array::from_fn(|i| x[i] + dt / 6.0 * (k1[i] + 2.0 * (k2[i] + k3[i]) + k4[i]))
    }
}

/// The square root of the size, with the sign.
fn root(x: f64) -> f64 {
    x.abs().sqrt().copysign(x)
}
