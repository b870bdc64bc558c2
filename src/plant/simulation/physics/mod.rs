//! The physics of the simulated plant: each file a kind of equipment, with its equations and units.
//!
//! Everything here is a plain state with a `step(dt_s, …)`; it knows neither MQTT nor the twin.

pub mod agv;
pub mod axis;
pub mod bottles;
pub mod control;
pub mod electrical;
pub mod exchanger;
pub mod hydraulics;
pub mod joints;
pub mod packer;
pub mod pump;
pub mod robot;
pub mod tank;
pub mod way;

/// Moves `value` towards `target` with the time constant `tau_s` (first order), exactly for a
/// target that stands still during the step.
pub fn lag(value: f64, target: f64, tau_s: f64, dt_s: f64) -> f64 {
    if tau_s <= 0.0 { target } else { target + (value - target) * (-dt_s / tau_s).exp() }
}

/// Moves `value` towards `target` by no more than `rate` a second.
pub fn ramp(value: f64, target: f64, rate: f64, dt_s: f64) -> f64 {
    let most = rate * dt_s;
    value + (target - value).clamp(-most, most)
}
