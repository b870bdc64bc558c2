//! A geared motor that drives a belt: friction of belt and idlers, heat, overload.

use serde::{Deserialize, Serialize};

use super::lag;

/// Power above which the overload relay counts, as a share of the rated one.
const OVERLOAD: f64 = 1.05;
/// How long the relay lets an overload last, s.
const OVERLOAD_S: f64 = 60.0;

/// The figures of a drive's name plate.
#[derive(Clone, Copy, Debug)]
pub struct DrivePlate {
    /// Power of the motor, kW.
    pub rated_kw: f64,
    /// Speed of the belt at that power, m/s.
    pub rated_speed: f64,
}

/// What a drive does.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Drive {
    /// Way of the belt since the start, m.
    pub travel_m: f64,
    /// Electrical power, kW.
    pub power_kw: f64,
    /// Temperature of the gear, °C.
    pub temperature_c: f64,
    /// Hours run.
    pub hours: f64,
    /// How long it has been overloaded, s.
    overloaded_s: f64,
}

impl Drive {
    /// A cold drive at standstill.
    pub fn new(ambient_c: f64) -> Self {
        Self {
            travel_m: 0.0,
            power_kw: 0.0,
            temperature_c: ambient_c,
            hours: 0.0,
            overloaded_s: 0.0,
        }
    }

    /// One step at a speed of the belt in m/s, driven or running down, with idlers that are worn from
    /// 0 to 1.
    pub fn step(
        &mut self,
        plate: &DrivePlate,
        dt_s: f64,
        (speed, driven): (f64, bool),
        idlers: f64,
        ambient_c: f64,
    ) {
        let runs = speed.abs() > 1e-3;
        self.travel_m += speed * dt_s;
        self.hours += if runs { dt_s / 3600.0 } else { 0.0 };
        // Friction of the belt grows with its speed and with the idlers that no longer turn; a
        // fifth is the gear's own.
        let friction = 0.5 * (1.0 + 1.5 * idlers) * speed.abs() / plate.rated_speed;
        let share = if runs { 0.2 + friction } else { 0.02 };
        let share = if driven { share } else { 0.0 };
        self.power_kw = plate.rated_kw * share;
        self.temperature_c = lag(self.temperature_c, ambient_c + 38.0 * share, 600.0, dt_s);
        self.overloaded_s = if share > OVERLOAD { self.overloaded_s + dt_s } else { 0.0 };
    }

    /// Whether its relay switches it off.
    pub fn overloaded(&self) -> bool {
        self.overloaded_s >= OVERLOAD_S
    }

    /// Current of the motor in A at 400 V, three-phase, power factor 0.78.
    pub fn current_a(&self) -> f64 {
        self.power_kw * 1000.0 / (3f64.sqrt() * 400.0 * 0.78)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn worn_idlers_take_current_then_heat_and_then_the_relay_trips() {
        let plate = DrivePlate { rated_kw: 0.75, rated_speed: 0.5 };
        let mut well = Drive::new(22.0);
        let mut worn = well.clone();
        for _ in 0..50 * 50 {
            well.step(&plate, 0.02, (0.42, true), 0.0, 22.0);
            worn.step(&plate, 0.02, (0.42, true), 1.0, 22.0);
        }
        assert!(worn.current_a() > 1.5 * well.current_a());
        assert!(worn.temperature_c - well.temperature_c > 1.0 && !worn.overloaded());
        (0..20 * 50).for_each(|_| worn.step(&plate, 0.02, (0.42, true), 1.0, 22.0));
        assert!(worn.overloaded() && !well.overloaded());
    }
}
