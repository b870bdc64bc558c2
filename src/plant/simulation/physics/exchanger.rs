//! A counter-flow plate heat exchanger by the method of effectiveness and NTU.
//!
//! C = ṁ c_p, Cr = C_min / C_max, NTU = UA / C_min,
//! ε = (1 − e^(−NTU (1 − Cr))) / (1 − Cr e^(−NTU (1 − Cr))), and ε = NTU / (1 + NTU) at Cr = 1.
//! The duty ε C_min (T_medium − T_product) leaves one mixed holdup of water and enters another, so
//! that what one loses the other gains: ρ c_p V dT/dt = C (T_in − T) ± duty. Where either hardly
//! flows, what stands between the plates takes the heat: UA (T_medium − T_product) of both holdups.

use serde::{Deserialize, Serialize};

use super::lag;

/// Heat that a cubic metre of water takes up for a kelvin, kJ.
pub const KJ_PER_M3_K: f64 = 4180.0;
/// Heat capacity of a flow of water, kW/K for 1 m³/h.
const KW_PER_K: f64 = KJ_PER_M3_K / 3600.0;
/// Flow below which what stands between the plates exchanges its heat, m³/h.
const STANDS: f64 = 0.5;
/// Share of the conductance that fully fouled plates have left.
const FOULED: f64 = 0.55;

/// Effectiveness of a counter-flow exchanger, 0 to 1.
pub fn effectiveness(ntu: f64, capacity_ratio: f64) -> f64 {
    if (1.0 - capacity_ratio).abs() < 1e-6 {
        return ntu / (1.0 + ntu);
    }
    let decay = libm::exp(-ntu * (1.0 - capacity_ratio));
    (1.0 - decay) / (1.0 - capacity_ratio * decay)
}

/// Heat in kW that the medium gives to the product at inlets in m³/h and °C and a conductance `ua`
/// in kW/K; negative when the product is cooled.
pub fn duty_kw(product: (f64, f64), medium: (f64, f64), ua: f64) -> f64 {
    let (product_kw, medium_kw) = (product.0 * KW_PER_K, medium.0 * KW_PER_K);
    let (least, most) = (product_kw.min(medium_kw), product_kw.max(medium_kw));
    if least < 1e-6 {
        return 0.0;
    }
    effectiveness(ua / least, least / most) * least * (medium.1 - product.1)
}

/// Heat in kW that the medium between the plates gives to the product there within a step, where the
/// slower of both flows in m³/h is so slow that it stands. Their difference decays: it is never more than
/// what makes both as warm.
pub fn standing_kw(slower: f64, product: &Holdup, medium: &Holdup, ua: f64, dt_s: f64) -> f64 {
    let conducted = libm::exp(-slower.max(0.0) / STANDS) * ua;
    // Two equal holdups: d(ΔT)/dt = −2 UA ΔT / (ρ c_p V).
    let held = product.volume_m3 * KJ_PER_M3_K;
    let share = 1.0 - libm::exp(-2.0 * conducted * dt_s / held);
    0.5 * held * (medium.temperature_c - product.temperature_c) * share / dt_s
}

/// Conductance in kW/K at a flow of the product in m³/h, of plates that have `rated` at 20 m³/h
/// when clean and are fouled from 0 to 1. Film coefficients on both sides grow with flow to the
/// power of 0.7; half of the resistance is on the product's side.
pub fn conductance(rated: f64, flow: f64, fouling: f64) -> f64 {
    let left = 1.0 - (1.0 - FOULED) * fouling.clamp(0.0, 1.0);
    rated * left * libm::pow((flow / 20.0).max(0.02), 0.35)
}

/// The water between the plates on one side, well mixed.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Holdup {
    /// m³.
    pub volume_m3: f64,
    /// °C; it is also what leaves.
    pub temperature_c: f64,
}

impl Holdup {
    /// One step with an inflow in m³/h and °C and a heat that enters in kW, exact for what stands
    /// still during the step; gives the mean temperature of what left during it.
    pub fn step(&mut self, dt_s: f64, inflow: (f64, f64), heat_kw: f64) -> f64 {
        let (capacity, held) = (inflow.0 * KW_PER_K, self.volume_m3 * KJ_PER_M3_K);
        let before = self.temperature_c;
        if capacity < 1e-6 {
            self.temperature_c += heat_kw * dt_s / held;
            return self.temperature_c;
        }
        let goal = inflow.1 + heat_kw / capacity;
        self.temperature_c = lag(before, goal, held / capacity, dt_s);
        goal - held * (self.temperature_c - before) / (capacity * dt_s)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn effectiveness_agrees_with_the_textbook() {
        // Incropera, counter-flow: NTU 2, Cr 0.5 → 0.775; NTU 1, Cr 1 → 0.5; Cr 0 → 1 − e^−NTU.
        assert!((effectiveness(2.0, 0.5) - 0.775).abs() < 5e-4);
        assert!((effectiveness(1.0, 1.0) - 0.5).abs() < 1e-6);
        assert!((effectiveness(1.5, 0.0) - (1.0 - (-1.5f64).exp())).abs() < 1e-12);
    }

    #[test]
    fn the_heat_that_the_product_gains_is_what_the_medium_loses_also_on_the_way() {
        let (mut product, mut medium) = (
            Holdup { volume_m3: 0.05, temperature_c: 15.0 },
            Holdup { volume_m3: 0.05, temperature_c: 70.0 },
        );
        let held =
            |a: &Holdup, b: &Holdup| 0.05 * KJ_PER_M3_K * (a.temperature_c + b.temperature_c);
        let start = held(&product, &medium);
        let (mut entered, mut left) = (0.0, 0.0);
        for step in 0..5000 {
            // The flow of the product changes all the time and stops now and then.
            let flow = (12.0 + 14.0 * libm::sin(f64::from(step) * 0.01)).max(0.0);
            let duty = duty_kw((flow, 15.0), (8.0, 70.0), conductance(14.0, flow, 0.2));
            let out = product.step(0.02, (flow, 15.0), duty);
            let cooled = medium.step(0.02, (8.0, 70.0), -duty);
            entered += (flow * 15.0 + 8.0 * 70.0) * KW_PER_K * 0.02;
            left += (flow * out + 8.0 * cooled) * KW_PER_K * 0.02;
        }
        let kept = held(&product, &medium) - start;
        assert!((entered - left - kept).abs() < 1e-9 * entered, "{entered} {left} {kept}");
        assert!(product.temperature_c > 25.0, "{product:?}");
    }

    #[test]
    fn what_stands_between_the_plates_warms_up_within_a_minute_or_so() {
        let side = |temperature_c| Holdup { volume_m3: 0.05, temperature_c };
        let (mut product, mut medium) = (side(27.0), side(50.0));
        for _ in 0..90 * 50 {
            let ua = conductance(20.0, 0.0, 0.0);
            let heat = standing_kw(0.0, &product, &medium, ua, 0.02);
            product.step(0.02, (0.0, 13.0), heat);
            medium.step(0.02, (12.0, 72.0), -heat);
        }
        assert!(product.temperature_c > 55.0, "{product:?}");
        let (cold, hot) = (side(13.0), side(72.0));
        assert!(standing_kw(20.0, &cold, &hot, 20.0, 0.02) < 1e-9, "what flows takes it along");
        let most = 0.05 * KJ_PER_M3_K * 59.0 / 2.0;
        assert!(standing_kw(0.0, &cold, &hot, 1e9, 1.0) <= most, "until both are as warm");
    }

    #[test]
    fn fouled_plates_conduct_55_percent() {
        let share = conductance(14.0, 30.0, 1.0) / conductance(14.0, 30.0, 0.0);
        assert!((share - 0.55).abs() < 1e-9, "{share}");
    }
}
