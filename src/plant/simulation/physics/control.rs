//! A PI controller: u = K (e + ∫e dt / T_i), held within its limits without winding up.

use serde::Deserialize;

/// A PI controller.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pi {
    /// Change of the output for one unit of error; negative for a reverse action.
    pub gain: f64,
    /// Seconds in which the integral repeats the proportional part.
    pub integral_s: f64,
    /// Least output.
    pub low: f64,
    /// Greatest output.
    pub high: f64,
    /// Present integral part.
    #[serde(default)]
    pub integral: f64,
}

impl Pi {
    /// One step; gives the output.
    pub fn step(&mut self, dt_s: f64, measured: f64, setpoint: f64) -> f64 {
        let error = setpoint - measured;
        let proportional = self.gain * error;
        let integral = self.integral + proportional * dt_s / self.integral_s;
        // The integral part may fill what the proportional part leaves free, and no more.
        self.integral = integral.clamp(self.low.min(self.high - proportional), self.high);
        (proportional + self.integral).clamp(self.low, self.high)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_error_of_a_lagging_process_goes_to_zero() {
        let mut pi = Pi { gain: 2.0, integral_s: 20.0, low: 0.0, high: 100.0, integral: 0.0 };
        let mut measured = 0.0;
        for _ in 0..20_000 {
            let output = pi.step(0.1, measured, 40.0);
            measured = super::super::lag(measured, output * 0.8, 15.0, 0.1);
        }
        assert!((measured - 40.0).abs() < 1e-6, "{measured}");
    }
}
