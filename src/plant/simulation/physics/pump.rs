//! A centrifugal pump with its motor on a frequency converter.
//!
//! With speed ratio r = n / n_rated (affinity laws), flow Q in m³/h and head H in m:
//! H(Q, r) = H₀ r² − k Q², k = (H₀ − H_rated) / Q_rated².
//! Hydraulic power P = ρ g Q H; efficiency η(Q/r) is a parabola with its peak at the rated flow.
//! Bearing and winding warm up with a first-order lag; vibration grows away from the best point.

use serde::Deserialize;

use super::{lag, ramp};

/// Density of water times gravity, in N/m³.
const RHO_G: f64 = 998.0 * 9.81;
/// Least efficiency, so that power stays finite near no flow.
const LEAST_EFFICIENCY: f64 = 0.08;

/// The figures of a pump's name plate.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PumpPlate {
    /// Speed at which the curve was measured, r/min.
    pub rated_speed: f64,
    /// Flow at the best point, m³/h.
    pub rated_flow: f64,
    /// Head at the best point, m.
    pub rated_head: f64,
    /// Head without flow, m.
    pub shutoff_head: f64,
    /// Seconds from standstill to rated speed.
    #[serde(default = "six")]
    pub ramp_s: f64,
    /// Efficiency of pump and motor at the best point.
    #[serde(default = "efficiency")]
    pub efficiency: f64,
}

fn six() -> f64 {
    6.0
}

fn efficiency() -> f64 {
    0.66
}

impl PumpPlate {
    /// Slope of the curve, m/(m³/h)².
    fn slope(&self) -> f64 {
        (self.shutoff_head - self.rated_head) / self.rated_flow.powi(2)
    }

    /// Flow in m³/h against a head in m at a speed in r/min; 0 where the check valve closes.
    pub fn flow(&self, head_m: f64, speed: f64) -> f64 {
        let ratio = speed / self.rated_speed;
        ((self.shutoff_head * ratio * ratio - head_m) / self.slope()).max(0.0).sqrt()
    }

    /// Head in m at a flow in m³/h and a speed in r/min.
    pub fn head(&self, flow: f64, speed: f64) -> f64 {
        let ratio = speed / self.rated_speed;
        self.shutoff_head * ratio * ratio - self.slope() * flow * flow
    }

    /// Electrical power in kW.
    pub fn power(&self, flow: f64, speed: f64) -> f64 {
        let ratio = (speed / self.rated_speed).max(1e-6);
        let off = flow / (self.rated_flow * ratio) - 1.0;
        let efficiency = (self.efficiency * (1.0 - off * off)).max(LEAST_EFFICIENCY);
        let hydraulic = RHO_G * flow / 3600.0 * self.head(flow, speed).max(0.0) / 1000.0;
        let windage = 0.05 * self.rated_power() * ratio.powi(3);
        hydraulic / efficiency + windage
    }

    /// Electrical power at the best point, kW.
    pub fn rated_power(&self) -> f64 {
        RHO_G * self.rated_flow / 3600.0 * self.rated_head / 1000.0 / self.efficiency
    }
}

/// What a pump does.
#[derive(Clone, Debug)]
pub struct Pump {
    /// Its name plate.
    pub plate: PumpPlate,
    /// Speed, r/min.
    pub speed: f64,
    /// Turns of the shaft since the start.
    pub turns: f64,
    /// Electrical power, kW.
    pub power_kw: f64,
    /// Temperature of the bearing on the drive side, °C.
    pub bearing_c: f64,
    /// Temperature of the winding, °C.
    pub winding_c: f64,
    /// Velocity of vibration, mm/s.
    pub vibration_mm_s: f64,
    /// Hours run.
    pub hours: f64,
    /// Tripped and not yet reset.
    pub tripped: bool,
}

impl Pump {
    /// A cold pump at standstill.
    pub fn new(plate: PumpPlate, ambient_c: f64) -> Self {
        Self {
            plate,
            speed: 0.0,
            turns: 0.0,
            power_kw: 0.0,
            bearing_c: ambient_c,
            winding_c: ambient_c,
            vibration_mm_s: 0.0,
            hours: 0.0,
            tripped: false,
        }
    }

    /// One step towards `command` r/min, delivering `flow` m³/h.
    pub fn step(&mut self, dt_s: f64, command: f64, flow: f64, ambient_c: f64) {
        let target = if self.tripped { 0.0 } else { command.max(0.0) };
        // A trip cuts the power: the rotor runs down faster than the ramp would let it.
        let rate =
            self.plate.rated_speed / self.plate.ramp_s * if self.tripped { 2.0 } else { 1.0 };
        let before = self.speed;
        self.speed = ramp(self.speed, target, rate, dt_s);
        self.turns += (before + self.speed) / 2.0 / 60.0 * dt_s;
        let ratio = self.speed / self.plate.rated_speed;
        self.power_kw = if target > 0.0 { self.plate.power(flow, self.speed) } else { 0.0 };
        let load = self.power_kw / self.plate.rated_power();
        self.bearing_c = lag(self.bearing_c, ambient_c + 24.0 * ratio + 9.0 * load, 240.0, dt_s);
        self.winding_c = lag(self.winding_c, ambient_c + 48.0 * load, 420.0, dt_s);
        let off = flow / (self.plate.rated_flow * ratio.max(0.05)) - 1.0;
        self.vibration_mm_s = ratio * (1.1 + 1.6 * off * off).min(9.0);
        if self.speed > 1.0 {
            self.hours += dt_s / 3600.0;
        }
    }

    /// Current of the motor in A at 400 V, three-phase, power factor 0.86.
    pub fn current_a(&self) -> f64 {
        self.power_kw * 1000.0 / (3f64.sqrt() * 400.0 * 0.86)
    }

    /// In a word.
    pub fn state(&self, command: f64) -> &'static str {
        match () {
            () if self.tripped => "tripped",
            () if command <= 0.0 && self.speed < 1.0 => "stopped",
            () if command <= 0.0 => "stopping",
            () if self.speed < command - 5.0 && self.speed < 0.5 * command => "starting",
            () => "running",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plate() -> PumpPlate {
        PumpPlate {
            rated_speed: 2900.0,
            rated_flow: 20.0,
            rated_head: 30.0,
            shutoff_head: 38.0,
            ramp_s: 6.0,
            efficiency: 0.66,
        }
    }

    #[test]
    fn the_curve_passes_through_the_rated_point_and_follows_the_affinity_laws() {
        let plate = plate();
        assert!((plate.head(20.0, 2900.0) - 30.0).abs() < 1e-9);
        // Half the speed: half the flow at a quarter of the head.
        assert!((plate.head(10.0, 1450.0) - 7.5).abs() < 1e-9);
        assert!((plate.flow(7.5, 1450.0) - 10.0).abs() < 1e-9);
    }

    #[test]
    fn the_rated_point_takes_the_rated_power_and_its_windage() {
        // 998 · 9.81 · 20/3600 · 30 W / 0.66 = 2.472 kW.
        let plate = plate();
        assert!((plate.rated_power() - 2.4723).abs() < 1e-3);
        assert!((plate.power(20.0, 2900.0) / plate.rated_power() - 1.05).abs() < 1e-9);
    }

    #[test]
    fn a_tripped_pump_runs_down_and_its_turns_stand_still() {
        let mut pump = Pump::new(plate(), 20.0);
        (0..1000).for_each(|_| pump.step(0.02, 2900.0, 20.0, 20.0));
        assert_eq!(pump.state(2900.0), "running");
        pump.tripped = true;
        (0..500).for_each(|_| pump.step(0.02, 2900.0, 0.0, 20.0));
        let turns = pump.turns;
        pump.step(0.02, 2900.0, 0.0, 20.0);
        assert_eq!((pump.speed, pump.turns, pump.state(2900.0)), (0.0, turns, "tripped"));
    }
}
