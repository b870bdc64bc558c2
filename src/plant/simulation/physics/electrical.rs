//! An uninterruptible supply with its battery, and what a cabinet does with its losses.
//!
//! dE/dt = η P_charge − P_load / η while on battery; the voltage of the battery follows its charge
//! and sags with the load. Powers in kW, energy in kWh.

use super::lag;

/// A supply with a battery.
#[derive(Clone, Debug)]
pub struct Ups {
    /// Power that it can give, kW.
    pub rated_kw: f64,
    /// Energy of a full battery, kWh.
    pub capacity_kwh: f64,
    /// Energy in the battery, kWh.
    pub energy_kwh: f64,
    /// Battery, °C.
    pub battery_c: f64,
    /// Mains voltage between a phase and neutral, V.
    pub mains_v: f64,
    /// Power into (positive) or out of the battery, kW.
    pub battery_kw: f64,
}

impl Ups {
    /// One step with a load in kW.
    pub fn step(&mut self, dt_s: f64, load_kw: f64, mains_lost: bool, ambient_c: f64) {
        self.mains_v = lag(self.mains_v, if mains_lost { 92.0 } else { 231.0 }, 0.08, dt_s);
        let room = self.capacity_kwh - self.energy_kwh;
        self.battery_kw = if self.on_battery() {
            if self.energy_kwh > 0.0 { -load_kw / 0.94 } else { 0.0 }
        } else {
            // Constant power, then tapering as the battery fills.
            (0.25 * self.rated_kw).min(room * 30.0)
        };
        let stored = if self.battery_kw > 0.0 { 0.93 } else { 1.0 };
        let energy = self.energy_kwh + self.battery_kw * stored * dt_s / 3600.0;
        self.energy_kwh = energy.clamp(0.0, self.capacity_kwh);
        let heat = 3.0 + 1.6 * self.battery_kw.abs();
        self.battery_c = lag(self.battery_c, ambient_c + heat, 900.0, dt_s);
    }

    /// Whether the mains are too low to live on.
    pub fn on_battery(&self) -> bool {
        self.mains_v < 195.0
    }

    /// Charge, %.
    pub fn charge_percent(&self) -> f64 {
        100.0 * self.energy_kwh / self.capacity_kwh
    }

    /// Voltage of the battery, V: 32 blocks of 12 V.
    pub fn battery_v(&self) -> f64 {
        362.0 + 0.52 * self.charge_percent() + 1.1 * self.battery_kw
    }

    /// Minutes that the battery would last, at most 999.
    pub fn minutes(&self, load_kw: f64) -> f64 {
        (60.0 * self.energy_kwh * 0.94 / load_kw.max(0.05)).min(999.0)
    }

    /// In a word.
    pub fn state(&self) -> &'static str {
        match () {
            () if self.on_battery() && self.energy_kwh <= 0.0 => "empty",
            () if self.on_battery() => "battery",
            () if self.charge_percent() < 99.0 => "charging",
            () => "mains",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_hour_on_battery_takes_the_energy_of_the_load() {
        let mut ups = Ups {
            rated_kw: 20.0,
            capacity_kwh: 12.0,
            energy_kwh: 12.0,
            battery_c: 22.0,
            mains_v: 92.0,
            battery_kw: 0.0,
        };
        (0..3600).for_each(|_| ups.step(1.0, 4.7, true, 22.0));
        assert!((ups.energy_kwh - 7.0).abs() < 1e-9, "{}", ups.energy_kwh);
        assert_eq!(ups.state(), "battery");
        ups.step(1.0, 4.7, false, 22.0);
        assert_eq!(ups.state(), "charging");
    }
}
