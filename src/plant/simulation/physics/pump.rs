//! A centrifugal pump with its motor on a frequency converter.
//!
//! With speed ratio r = n / n_rated (affinity laws), flow Q in m³/h and head H in m:
//! H(Q, r) = H₀ r² − k Q², k = (H₀ − H_rated) / Q_rated². A worn impeller and vapour in its eye
//! lower H₀. Hydraulic power P = ρ g Q H; efficiency η(Q/r) is a parabola with its peak at the rated
//! flow, so that P / η has a limit at no flow: half of the rated one times H₀ / H_rated. What it takes
//! and does not pass on warms the water in its casing, which the flow carries away. It needs NPSHr(Q) = 1.5 + 3 (Q / Q_rated)² m at its suction and cavitates below that.
//! Bearing and winding warm up with a first-order lag. The sources of vibration are independent, so
//! that their squares add up.

use serde::{Deserialize, Serialize};

use super::starter::Cause;
use super::{lag, ramp};

/// Density of water times gravity, in N/m³.
const RHO_G: f64 = 998.0 * 9.81;
/// Least rest of the parabola of the efficiency, so that power stays finite near twice the rated flow.
const LEAST_REST: f64 = 0.06;
/// Water in the casing, l, and what it and the casing take up, kJ/K.
const CASING: (f64, f64) = (5.0, 35.0);
/// Time constant with which a casing loses its heat to the room, s.
const CASING_S: f64 = 1800.0;
/// Shares of the casing's warmth that reach the bearing and the winding.
const CONDUCTED: [f64; 2] = [0.5, 0.3];
/// Share of its suction under water below which a pump that delivers nothing runs dry.
const DRY: f64 = 0.5;
/// Share of the head that a worn-out impeller has lost.
const IMPELLER_LOSS: f64 = 0.25;
/// Share of the head that full cavitation takes.
const CAVITATION_LOSS: f64 = 0.4;
/// Metres below what it needs at which the cavitation is full.
pub const FULL_CAVITATION_M: f64 = 4.0;
/// A bearing warms up only after so much wear: until then the film of grease carries.
const FILM: f64 = 0.06;

/// Temperature of the bearing at which the motor is switched off, °C.
pub const BEARING_TRIP_C: f64 = 90.0;
/// Temperature of the winding at which the motor is switched off, °C.
pub const WINDING_TRIP_C: f64 = 130.0;
/// Velocity of vibration at which the motor is switched off, mm/s, when it lasts [`SHAKING_S`].
pub const VIBRATION_TRIP_MM_S: f64 = 7.1;
/// See [`VIBRATION_TRIP_MM_S`].
pub const SHAKING_S: f64 = 10.0;
/// How long it may run without water, s.
pub const DRY_S: f64 = 20.0;
/// How long it may run full of water and without delivering, s.
pub const NO_FLOW_S: f64 = 120.0;

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

/// Head over flow at one speed: H = h0 − slope · Q².
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Curve {
    /// Head without flow, m.
    pub h0_m: f64,
    /// m/(m³/h)².
    pub slope: f64,
}

impl Curve {
    /// Flow in m³/h against a head in m; 0 where the check valve closes.
    pub fn flow(&self, head_m: f64) -> f64 {
        ((self.h0_m - head_m) / self.slope.max(1e-9)).max(0.0).sqrt()
    }

    /// Head in m at a flow in m³/h.
    pub fn head(&self, flow: f64) -> f64 {
        self.h0_m - self.slope * flow * flow
    }
}

impl PumpPlate {
    /// The curve of a new pump at a speed in r/min.
    pub fn curve(&self, speed: f64) -> Curve {
        let ratio = speed / self.rated_speed;
        let slope = (self.shutoff_head - self.rated_head) / (self.rated_flow * self.rated_flow);
        Curve { h0_m: self.shutoff_head * ratio * ratio, slope }
    }

    /// Electrical power in kW at a flow in m³/h, a head in m and a speed in r/min.
    pub fn power(&self, flow: f64, head_m: f64, speed: f64) -> f64 {
        let ratio = (speed / self.rated_speed).max(1e-6);
        // η = η_best · q (2 − q) with the share q of the best flow: Q / η is finite at q = 0.
        let best = self.rated_flow * ratio;
        let rest = (2.0 - flow / best).max(LEAST_REST);
        let shaft = RHO_G * best / 3600.0 * head_m.max(0.0) / 1000.0 / (self.efficiency * rest);
        let windage = 0.05 * self.rated_power() * ratio * ratio * ratio;
        shaft + windage
    }

    /// Electrical power at the best point, kW.
    pub fn rated_power(&self) -> f64 {
        RHO_G * self.rated_flow / 3600.0 * self.rated_head / 1000.0 / self.efficiency
    }

    /// Net positive suction head that it needs at a flow in m³/h, m.
    pub fn npsh_required(&self, flow: f64) -> f64 {
        let share = flow / self.rated_flow;
        1.5 + 3.0 * share * share
    }
}

/// Net positive suction head in m under an open tank of cold water whose level is so many metres
/// above the pump, and behind a suction strainer that is blocked from 0 to 1: 101.3 kPa less 2.3 kPa
/// of vapour, and up to 20 m lost at the rated flow.
pub fn npsh_available(level_m: f64, blocked: f64, flow_share: f64) -> f64 {
    10.1 + level_m - 20.0 * blocked * flow_share * flow_share
}

/// How far gone its parts are, each from 0 (new) to 1.
#[derive(Clone, Copy, Debug, Default)]
pub struct Condition {
    /// Bearing on the drive side.
    pub bearing: f64,
    /// Impeller.
    pub impeller: f64,
    /// Coupling of pump and motor out of line.
    pub misalignment: f64,
}

/// What acts on a pump during a step.
#[derive(Clone, Copy, Debug)]
pub struct Acting {
    /// Speed that its converter is to reach, r/min.
    pub command: f64,
    /// The converter gives no power: the rotor runs down.
    pub coasts: bool,
    /// What it delivers, m³/h.
    pub flow: f64,
    /// °C.
    pub ambient_c: f64,
    /// Net positive suction head at its flange, m.
    pub npsh_m: f64,
    /// How much of its suction is under water, 0 to 1: below 1 it draws air.
    pub primed: f64,
    /// Its parts.
    pub condition: Condition,
}

/// What a pump does.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Pump {
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
    /// Head without flow at the present speed and condition, m.
    h0_m: f64,
    /// Vapour in the impeller, 0 to 1.
    cavitation: f64,
    /// How long it has shaken beyond the limit, s.
    shaking_s: f64,
    /// How long it has run without delivering, s.
    still_s: f64,
    /// It lacks the water to deliver.
    is_dry: bool,
    /// By how much its casing is warmer than what flows through it, K.
    casing_k: f64,
}

impl Pump {
    /// A cold pump at standstill.
    pub fn new(ambient_c: f64) -> Self {
        Self {
            speed: 0.0,
            turns: 0.0,
            power_kw: 0.0,
            bearing_c: ambient_c,
            winding_c: ambient_c,
            vibration_mm_s: 0.0,
            hours: 0.0,
            h0_m: 0.0,
            cavitation: 0.0,
            shaking_s: 0.0,
            still_s: 0.0,
            is_dry: false,
            casing_k: 0.0,
        }
    }

    /// One step.
    pub fn step(&mut self, plate: &PumpPlate, dt_s: f64, acting: &Acting) {
        let Acting { flow, ambient_c, condition, .. } = *acting;
        let target = if acting.coasts { 0.0 } else { acting.command.max(0.0) };
        // Without power the rotor runs down faster than the ramp would let it.
        let rate =
            plate.rated_speed / plate.ramp_s.max(0.1) * if acting.coasts { 2.0 } else { 1.0 };
        let before = self.speed;
        self.speed = ramp(self.speed, target, rate, dt_s);
        self.turns += (before + self.speed) / 2.0 / 60.0 * dt_s;
        let ratio = self.speed / plate.rated_speed;

        let lacking = plate.npsh_required(flow) - acting.npsh_m;
        let vapour = if ratio > 0.05 { (lacking / FULL_CAVITATION_M).clamp(0.0, 1.0) } else { 0.0 };
        self.cavitation = lag(self.cavitation, vapour, 1.0, dt_s);
        self.h0_m = self.curve_now(plate, condition.impeller, acting.primed).h0_m;

        // Friction of bearing and coupling adds to what the water takes.
        let friction = 1.0 + 0.04 * condition.bearing + 0.03 * condition.misalignment;
        // Air weighs nothing: it takes no power.
        let head = self.curve(plate).head(flow) * acting.primed;
        self.power_kw =
            if target > 0.0 { friction * plate.power(flow, head, self.speed) } else { 0.0 };
        self.warm_casing(plate, dt_s, flow, head);
        let load = self.power_kw / plate.rated_power();
        let worn = ((condition.bearing - FILM) / (1.0 - FILM)).max(0.0);
        let rise = ratio * (24.0 + 60.0 * worn + 12.0 * condition.misalignment) + 9.0 * load;
        let [to_bearing, to_winding] = CONDUCTED.map(|share| ambient_c + share * self.casing_k);
        self.bearing_c = lag(self.bearing_c, to_bearing + rise, 40.0, dt_s);
        self.winding_c = lag(self.winding_c, to_winding + 48.0 * load, 420.0, dt_s);

        let off = flow / (plate.rated_flow * ratio.max(0.05)) - 1.0;
        let sources = [
            1.1,
            (1.6 * off * off).min(9.0),
            6.0 * libm::pow(condition.bearing.max(0.0), 0.65),
            4.0 * condition.misalignment,
            15.0 * self.cavitation,
            4.0 * (1.0 - acting.primed),
        ];
        self.vibration_mm_s = ratio * sources.iter().map(|v| v * v).sum::<f64>().sqrt();

        let shakes = self.vibration_mm_s > VIBRATION_TRIP_MM_S;
        self.shaking_s = if shakes { self.shaking_s + dt_s } else { 0.0 };
        let still = target > 0.0 && ratio > 0.5 && flow < 0.02 * plate.rated_flow;
        self.still_s = if still { self.still_s + dt_s } else { 0.0 };
        self.is_dry = acting.primed < DRY;
        if self.speed > 1.0 {
            self.hours += dt_s / 3600.0;
        }
    }

    /// What the motor gives and the flow does not take along as pressure warms the casing, until the flow
    /// carries it away.
    fn warm_casing(&mut self, plate: &PumpPlate, dt_s: f64, flow: f64, head_m: f64) {
        let (litres, capacity) = CASING;
        let passed_on = RHO_G * flow / 3600.0 * head_m.max(0.0) / 1000.0;
        // The motor's own losses, a fifth, do not reach the water.
        let heat_kw = (0.8 * self.power_kw.min(2.0 * plate.rated_power()) - passed_on).max(0.0);
        let carried = capacity * (flow / 3.6 / litres + 1.0 / CASING_S);
        self.casing_k = lag(self.casing_k, heat_kw / carried, capacity / carried, dt_s);
    }

    fn curve_now(&self, plate: &PumpPlate, impeller: f64, primed: f64) -> Curve {
        let mut curve = plate.curve(self.speed);
        curve.h0_m *= (1.0 - IMPELLER_LOSS * impeller)
            * (1.0 - CAVITATION_LOSS * self.cavitation)
            * primed.clamp(0.0, 1.0);
        curve
    }

    /// Its curve at the present speed and in its present condition.
    pub fn curve(&self, plate: &PumpPlate) -> Curve {
        Curve { h0_m: self.h0_m, slope: plate.curve(self.speed).slope }
    }

    /// Current of the motor in A at 400 V, three-phase, power factor 0.86.
    pub fn current_a(&self) -> f64 {
        self.power_kw * 1000.0 / (3f64.sqrt() * 400.0 * 0.86)
    }

    /// Why it has to be switched off now.
    pub fn trouble(&self) -> Option<Cause> {
        match () {
            () if self.bearing_c >= BEARING_TRIP_C => Some(Cause::BearingHot),
            () if self.winding_c >= WINDING_TRIP_C => Some(Cause::WindingHot),
            () if self.shaking_s >= SHAKING_S => Some(Cause::Vibration),
            () if self.still_s >= DRY_S && self.is_dry => Some(Cause::DryRunning),
            () if self.still_s >= NO_FLOW_S => Some(Cause::NoFlow),
            () => None,
        }
    }

    /// In a word.
    pub fn state(&self, tripped: bool, command: f64) -> &'static str {
        match () {
            () if tripped => "tripped",
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
            shutoff_head: 42.0,
            ramp_s: 6.0,
            efficiency: 0.66,
        }
    }

    fn acting(flow: f64) -> Acting {
        Acting {
            command: 2600.0,
            coasts: false,
            flow,
            ambient_c: 24.0,
            npsh_m: 11.0,
            primed: 1.0,
            condition: Condition::default(),
        }
    }

    /// A pump that has been under the same conditions for so long.
    fn after(seconds: usize, acting: &Acting) -> Pump {
        let mut pump = Pump::new(24.0);
        (0..seconds * 50).for_each(|_| pump.step(&plate(), 0.02, acting));
        pump
    }

    #[test]
    fn the_curve_passes_through_the_rated_point_and_follows_the_affinity_laws() {
        let plate = plate();
        assert!((plate.curve(2900.0).head(20.0) - 30.0).abs() < 1e-9);
        // Half the speed: half the flow at a quarter of the head.
        assert!((plate.curve(1450.0).head(10.0) - 7.5).abs() < 1e-9);
        assert!((plate.curve(1450.0).flow(7.5) - 10.0).abs() < 1e-9);
    }

    #[test]
    fn the_rated_point_takes_the_rated_power_and_its_windage() {
        // 998 · 9.81 · 20/3600 · 30 W / 0.66 = 2.472 kW.
        let plate = plate();
        assert!((plate.rated_power() - 2.4723).abs() < 1e-3);
        assert!((plate.power(20.0, 30.0, 2900.0) / plate.rated_power() - 1.05).abs() < 1e-9);
    }

    #[test]
    fn a_pump_without_power_runs_down_and_its_turns_stand_still() {
        let mut pump = after(20, &acting(20.0));
        assert_eq!(pump.state(false, 2600.0), "running");
        let off = Acting { coasts: true, flow: 0.0, ..acting(0.0) };
        (0..500).for_each(|_| pump.step(&plate(), 0.02, &off));
        let turns = pump.turns;
        pump.step(&plate(), 0.02, &off);
        assert_eq!((pump.speed, pump.turns, pump.power_kw), (0.0, turns, 0.0));
        assert_eq!(pump.state(true, 2600.0), "tripped");
        assert_eq!(pump.vibration_mm_s, 0.0, "what stands still does not shake");
    }

    #[test]
    fn a_bearing_is_at_52_degrees_when_well_and_trips_at_90_when_worn_out() {
        let well = after(400, &acting(21.6));
        assert!((well.bearing_c - 52.4).abs() < 0.5, "{}", well.bearing_c);
        assert_eq!(well.trouble(), None);
        let condition = Condition { bearing: 1.0, ..Condition::default() };
        let worn = after(400, &Acting { condition, ..acting(21.6) });
        assert_eq!(worn.trouble(), Some(Cause::BearingHot));
        assert!(worn.vibration_mm_s > 4.5, "{}", worn.vibration_mm_s);
        let more = worn.current_a() / well.current_a();
        assert!((more - 1.04).abs() < 1e-6, "{more}");
    }

    #[test]
    fn a_bearing_shakes_before_it_warms_up() {
        let condition = Condition { bearing: FILM, ..Condition::default() };
        let (well, worn) =
            (after(300, &acting(21.6)), after(300, &Acting { condition, ..acting(21.6) }));
        assert!(worn.vibration_mm_s > well.vibration_mm_s + 0.2, "{}", worn.vibration_mm_s);
        assert!((worn.bearing_c - well.bearing_c).abs() < 0.05);
    }

    #[test]
    fn a_worn_impeller_lifts_less_and_takes_less() {
        let condition = Condition { impeller: 1.0, ..Condition::default() };
        let (new, worn) =
            (after(30, &acting(18.0)), after(30, &Acting { condition, ..acting(18.0) }));
        let lift = worn.curve(&plate()).h0_m / new.curve(&plate()).h0_m;
        assert!((lift - 0.75).abs() < 1e-9, "{lift}");
        assert!(worn.current_a() < 0.8 * new.current_a());
    }

    #[test]
    fn a_throttled_suction_takes_head_and_current_and_shakes_until_it_trips() {
        // 21.6 m³/h need 1.5 + 3 · 1.166 = 5.0 m.
        assert!((plate().npsh_required(21.6) - 4.999).abs() < 1e-2);
        assert!(npsh_available(1.6, 0.0, 1.08) > 11.0);
        let throttled = npsh_available(1.6, 0.8, 1.08);
        let (well, bad) =
            (after(60, &acting(21.6)), after(60, &Acting { npsh_m: throttled, ..acting(21.6) }));
        assert!(bad.curve(&plate()).h0_m < 0.7 * well.curve(&plate()).h0_m);
        assert!(bad.current_a() < well.current_a());
        assert_eq!(bad.trouble(), Some(Cause::Vibration));
    }

    #[test]
    fn a_pump_that_delivers_nothing_is_underloaded_and_trips_after_twenty_seconds() {
        let dry = Acting { primed: 0.2, ..acting(0.0) };
        assert_eq!(after(22, &dry).trouble(), None, "the ramp takes some of it");
        let pump = after(26, &dry);
        assert_eq!(pump.trouble(), Some(Cause::DryRunning));
        assert!(pump.power_kw < 0.1 * plate().rated_power());
    }

    #[test]
    fn against_a_shut_valve_it_takes_most_of_its_power_warms_up_and_trips_for_no_flow() {
        let shut = after(100, &acting(0.0));
        let share = shut.power_kw / after(100, &acting(18.0)).power_kw;
        assert!((0.4..0.75).contains(&share), "{share}");
        // No step on the way from no flow to some.
        let some = plate().power(0.5, 33.0, 2600.0) / plate().power(0.0, 33.0, 2600.0);
        assert!((some - 1.0).abs() < 0.03, "{some}");
        assert_eq!(shut.trouble(), None);
        assert!(shut.casing_k > 2.0 && after(100, &acting(18.0)).casing_k < 0.2);
        assert_eq!(after(130, &acting(0.0)).trouble(), Some(Cause::NoFlow));
    }

    #[test]
    fn a_bearing_hardly_shakes_at_first() {
        let condition = Condition { bearing: 0.01, ..Condition::default() };
        let (new, used) =
            (after(60, &acting(18.0)), after(60, &Acting { condition, ..acting(18.0) }));
        assert!(used.vibration_mm_s < 1.05 * new.vibration_mm_s, "{}", used.vibration_mm_s);
    }
}
