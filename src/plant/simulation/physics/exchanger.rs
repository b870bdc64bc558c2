//! A counter-flow plate heat exchanger by the method of effectiveness and NTU.
//!
//! C = ṁ c_p, Cr = C_min / C_max, NTU = UA / C_min,
//! ε = (1 − e^(−NTU (1 − Cr))) / (1 − Cr e^(−NTU (1 − Cr))), and ε = NTU / (1 + NTU) at Cr = 1.
//! The outlets follow with a first-order lag, the holdup of the plates.

/// Heat capacity of a flow of water, kW/K for 1 m³/h.
const KW_PER_K: f64 = 998.0 * 4.187 / 3600.0;

/// Effectiveness of a counter-flow exchanger, 0 to 1.
pub fn effectiveness(ntu: f64, capacity_ratio: f64) -> f64 {
    if (1.0 - capacity_ratio).abs() < 1e-6 {
        return ntu / (1.0 + ntu);
    }
    let decay = (-ntu * (1.0 - capacity_ratio)).exp();
    (1.0 - decay) / (1.0 - capacity_ratio * decay)
}

/// What leaves the exchanger.
#[derive(Clone, Copy, Debug, Default)]
pub struct Outlets {
    /// Outlet of the product, °C.
    pub product_c: f64,
    /// Outlet of the medium, °C.
    pub medium_c: f64,
    /// Heat given to the product, kW; negative when it is cooled.
    pub duty_kw: f64,
}

/// Steady outlets for inlets in m³/h and °C and a conductance `ua` in kW/K.
pub fn outlets(product: (f64, f64), medium: (f64, f64), ua: f64) -> Outlets {
    let (product_kw, medium_kw) = (product.0 * KW_PER_K, medium.0 * KW_PER_K);
    let (least, most) = (product_kw.min(medium_kw), product_kw.max(medium_kw));
    if least < 1e-6 {
        return Outlets { product_c: product.1, medium_c: medium.1, duty_kw: 0.0 };
    }
    let duty_kw = effectiveness(ua / least, least / most) * least * (medium.1 - product.1);
    Outlets {
        product_c: product.1 + duty_kw / product_kw,
        medium_c: medium.1 - duty_kw / medium_kw,
        duty_kw,
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
    fn the_heat_that_the_product_gains_is_what_the_medium_loses() {
        let (product, medium) = ((12.0, 15.0), (8.0, 70.0));
        let out = outlets(product, medium, 20.0);
        let gained = product.0 * (out.product_c - product.1);
        let lost = medium.0 * (medium.1 - out.medium_c);
        assert!((gained - lost).abs() < 1e-9 && gained > 0.0);
    }
}
