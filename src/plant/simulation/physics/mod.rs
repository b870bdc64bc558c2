//! The physics of the simulated plant: each file a kind of equipment, with its equations and units.
//!
//! Everything here is a plain state with a `step(dt_s, …)`; it knows neither MQTT nor the twin.

pub mod agv;
pub mod axis;
pub mod bottles;
pub mod control;
pub mod delay;
pub mod drive;
pub mod electrical;
pub mod exchanger;
pub mod hydraulics;
pub mod joints;
pub mod packer;
pub mod pump;
pub mod robot;
pub mod starter;
pub mod throughput;
pub mod valve;
pub mod way;
pub mod wear;

/// Moves `value` towards `target` with the time constant `tau_s` (first order), exactly for a
/// target that stands still during the step.
pub fn lag(value: f64, target: f64, tau_s: f64, dt_s: f64) -> f64 {
    if tau_s <= 0.0 { target } else { target + (value - target) * libm::exp(-dt_s / tau_s) }
}

/// A [`lag`] of a fixed time constant, which computes its exponential once for steps of one length.
#[derive(Clone, Copy, Debug)]
pub struct Lag {
    tau_s: f64,
    dt_s: f64,
    stays: f64,
}

impl Lag {
    /// Of that time constant.
    pub const fn new(tau_s: f64) -> Self {
        Self { tau_s, dt_s: f64::NAN, stays: 0.0 }
    }

    /// `value`, moved towards `target` for a step.
    pub fn towards(&mut self, value: f64, target: f64, dt_s: f64) -> f64 {
        if self.tau_s <= 0.0 {
            return target;
        }
        if self.dt_s != dt_s {
            (self.dt_s, self.stays) = (dt_s, libm::exp(-dt_s / self.tau_s));
        }
        target + (value - target) * self.stays
    }
}

/// Moves `value` towards `target` by no more than `rate` a second.
pub fn ramp(value: f64, target: f64, rate: f64, dt_s: f64) -> f64 {
    let most = rate * dt_s;
    value + (target - value).clamp(-most, most)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kept_lag_is_the_same_as_a_lag() {
        for tau_s in [0.0, 0.3, 7.0] {
            let mut kept = Lag::new(tau_s);
            for dt_s in [0.02, 0.02, 0.05] {
                assert_eq!(kept.towards(1.0, 5.0, dt_s), lag(1.0, 5.0, tau_s, dt_s));
            }
        }
    }
}
