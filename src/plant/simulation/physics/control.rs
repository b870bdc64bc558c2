//! A PI controller: u = K (e + ∫e dt / T_i), held within its limits without winding up, by hand or
//! automatic. Going from one to the other does not move its output.

use serde::{Deserialize, Serialize};

use super::ramp;

/// What a PI controller is set to.
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
    /// Integral part at the start.
    #[serde(default)]
    pub integral: f64,
}

/// What a PI controller does.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Controller {
    /// Present integral part.
    integral: f64,
    /// Present output.
    pub output: f64,
    /// The output that somebody set; `None`: automatic.
    pub manual: Option<f64>,
    /// Present setpoint, on its ramp; `None` before the first step.
    pub setpoint: Option<f64>,
}

impl Controller {
    /// An automatic one.
    pub fn new(pi: &Pi) -> Self {
        let output = pi.integral.clamp(pi.low, pi.high);
        Self { integral: pi.integral, output, manual: None, setpoint: None }
    }

    /// One step towards a setpoint that is approached by no more than `rate` a second (0: at once);
    /// gives the output.
    pub fn step(&mut self, pi: &Pi, dt_s: f64, measured: f64, setpoint: f64, rate: f64) -> f64 {
        let before = self.setpoint.unwrap_or(setpoint);
        let now = if rate > 0.0 { ramp(before, setpoint, rate, dt_s) } else { setpoint };
        self.setpoint = Some(now);
        let proportional = pi.gain * (now - measured);
        if let Some(output) = self.manual {
            self.output = output.clamp(pi.low, pi.high);
            // The integral part follows, so that automatic takes over where it stands.
            self.integral = self.output - proportional;
        } else {
            // It integrates up to where the output reaches its limit, and back at any time.
            let change = proportional * dt_s / pi.integral_s;
            let room = [pi.low, pi.high].map(|end| end - proportional - self.integral);
            self.integral += change.clamp(room[0].min(0.0), room[1].max(0.0));
            self.output = (proportional + self.integral).clamp(pi.low, pi.high);
        }
        self.output
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PI: Pi = Pi { gain: 2.0, integral_s: 20.0, low: 0.0, high: 100.0, integral: 0.0 };

    #[test]
    fn the_error_of_a_lagging_process_goes_to_zero() {
        let mut controller = Controller::new(&PI);
        let mut measured = 0.0;
        for _ in 0..20_000 {
            let output = controller.step(&PI, 0.1, measured, 40.0, 0.0);
            measured = super::super::lag(measured, output * 0.8, 15.0, 0.1);
        }
        assert!((measured - 40.0).abs() < 1e-6, "{measured}");
    }

    #[test]
    fn by_hand_and_back_leaves_the_output_where_it_is() {
        let mut controller = Controller::new(&PI);
        (0..50).for_each(|_| {
            controller.step(&PI, 0.1, 38.0, 40.0, 0.0);
        });
        let before = controller.output;
        controller.manual = Some(before);
        assert_eq!(controller.step(&PI, 0.1, 30.0, 40.0, 0.0), before);
        controller.manual = Some(35.0);
        assert_eq!(controller.step(&PI, 0.1, 30.0, 40.0, 0.0), 35.0);
        controller.manual = None;
        let after = controller.step(&PI, 0.1, 30.0, 40.0, 0.0);
        assert!((after - 35.0).abs() < 0.2, "{after}");
    }

    #[test]
    fn it_does_not_wind_up_in_either_direction_and_leaves_its_limit_at_once() {
        for gain in [2.0, -2.0] {
            let pi = Pi { gain, integral: 50.0, ..PI };
            let mut controller = Controller::new(&pi);
            // For an hour the setpoint cannot be reached, from below and then from above.
            for (measured, end) in [(30.0, 100.0), (50.0, 0.0)] {
                let end = if gain > 0.0 { end } else { 100.0 - end };
                (0..36_000).for_each(|_| {
                    controller.step(&pi, 0.1, measured, 40.0, 0.0);
                });
                assert!((controller.output - end).abs() < 1e-9, "{}", controller.output);
                // One unit less of error leaves the limit by the proportional part.
                let nearer = measured + (40.0 - measured).signum();
                let output = controller.clone().step(&pi, 0.1, nearer, 40.0, 0.0);
                assert!((output - end).abs() > 1.5, "{output} after {end}");
            }
        }
    }

    #[test]
    fn a_setpoint_is_approached_at_its_rate() {
        let mut controller = Controller::new(&PI);
        controller.step(&PI, 0.1, 40.0, 40.0, 0.5);
        (0..100).for_each(|_| {
            controller.step(&PI, 0.1, 40.0, 60.0, 0.5);
        });
        assert!((controller.setpoint.unwrap_or(0.0) - 45.0).abs() < 1e-9);
    }
}
