//! Every figure of the plant, with its source or reason. None was fitted to an estimator.
//!
//! SI throughout: K, V, Pa, rad/s, m³/s, s. A spread is the standard deviation of a relative deviation, cut
//! at two standard deviations. The table goes on in `instruments.rs` with the sensors.

use super::random::Wandering;

/// One hour, s.
pub const HOUR: f64 = 3600.0;
/// Step of the integration, s: the fastest pole (the motor's slip) is near 1.2 1/s, and Runge-Kutta of order
/// four is stable to 2.3 s there.
pub const STEP_S: f64 = 0.5;
/// Steps between two draws of the disturbances: 10 s, short beside the fastest of them (10 min).
pub const STEPS_PER_DRAW: u64 = 20;

// ---- What is published and planned ----

/// Nominal discharge pressure, Pa: the published default.
pub const P_DISCHARGE: f64 = 928_654.0;
/// Nominal suction pressure, Pa: the published default.
pub const P_SUCTION: f64 = 239_179.0;
/// Synchronous speed per commanded volt, rad/s/V: the published default.
pub const SPEED_PER_VOLT: f64 = 0.8;
/// Impeller coefficient at the event `ImpellerWearFailure`: published.
pub const A_LIMIT: f64 = 9.5;
/// Bearing temperature at the events `ThrustBearingOverheat` and `RadialBearingOverheat`, K: published.
pub const BEARING_LIMIT: f64 = 370.0;
/// Oil temperature at the event `PumpOilOverheat`, K: published.
pub const OIL_LIMIT: f64 = 350.0;

// ---- Load ----

/// Range of the commanded voltage, V: 93 to 123 % of the published 471 V, speed in proportion.
pub const LEVEL: [f64; 2] = [440.0, 580.0];
/// Length of a block of constant load, s: 20 to 60 min, as pumps in batch service run.
pub const BLOCK_S: [f64; 2] = [1200.0, 3600.0];
/// Length of the ramp into a block, s: 1 to 3 min, against water hammer.
pub const RAMP_S: [f64; 2] = [60.0, 180.0];
/// Length of a plan, s: ten days; after that it begins again.
pub const PLAN_S: f64 = 240.0 * HOUR;
/// Realised level of a block against the plan: operators trim by half a percent.
pub const LEVEL_TRIM: f64 = 0.005;
/// Realised start of a block against the plan, s: a minute or so early or late.
pub const START_JITTER_S: f64 = 60.0;

// ---- Drive and surroundings ----

/// Lag of the drive's command, s: usual speed loops of pump drives settle in some 10 s.
pub const DRIVE_LAG_S: f64 = 3.0;
/// Slew limit of the drive, V/s: rated speed in about five minutes.
pub const DRIVE_SLEW: f64 = 1.5;
/// Spread of a drive's voltage per hertz.
pub const DRIVE_GAIN: f64 = 0.002;
/// Wander of the drive's output voltage, relative: its direct-current link follows the grid.
pub const GRID: Wandering = Wandering { sigma: 0.004, tau_s: 900.0 };
/// Mean ambient temperature of a unit's site, K: 12 to 18 °C, a temperate pump house.
pub const SITE_MEAN: [f64; 2] = [285.0, 291.0];
/// Amplitude of the day at a site, K.
pub const SITE_DAY: [f64; 2] = [2.5, 5.0];
/// Weather: departure of the day from the climate normal, K.
pub const WEATHER: Wandering = Wandering { sigma: 1.6, tau_s: 8.0 * HOUR };
/// Doors, sun and ventilation of the pump house, K.
pub const DRAUGHT: Wandering = Wandering { sigma: 0.3, tau_s: 600.0 };
/// Discharge pressure, relative: other consumers come and go on the line.
pub const DEMAND: Wandering = Wandering { sigma: 0.008, tau_s: 1800.0 };
/// Suction pressure, relative: short disturbances.
pub const SUCTION: Wandering = Wandering { sigma: 0.010, tau_s: 1200.0 };
/// Suction pressure, relative amplitude of the tank that fills and empties in `TANK_S`.
pub const TANK: f64 = 0.02;
/// Period of the tank, s.
pub const TANK_S: f64 = 9.0 * HOUR;

// ---- Terms the published model lacks ----

/// Fall of bearing friction per kelvin of oil over 310 K: a few percent over the working range. (Oil itself
/// thins faster, but only a part of the friction is viscous.)
pub const VISCOSITY: f64 = 0.0015;
/// Share of the bearings' heat loss that goes through the housing instead of straight to the air.
pub const HOUSING_SHARE: f64 = 0.35;
/// How far the housing stands from the air towards the oil, as a share.
pub const HOUSING_OIL: f64 = 0.10;
/// Time constant of the housing, s: some 100 kg of cast iron in still air.
pub const HOUSING_S: f64 = 2400.0;
/// Growth of the heat loss per kelvin over 35 K above ambient: free convection goes with the difference to
/// the 1.25th power and radiation with the fourth powers, a part of the loss being neither.
pub const CONVECTION: f64 = 0.0007;
/// Wander of the heat loss, relative: air movement in the pump house.
pub const AIR: Wandering = Wandering { sigma: 0.02, tau_s: 2.0 * HOUR };
/// Wander of the thrust bearing's friction, relative: axial load and lubrication.
pub const THRUST_LOAD: Wandering = Wandering { sigma: 0.015, tau_s: 1.5 * HOUR };
/// Wander of the radial bearing's friction, relative.
pub const RADIAL_LOAD: Wandering = Wandering { sigma: 0.015, tau_s: 1.5 * HOUR };
/// Wander of the flow coefficient, relative: density, entrained air, valves downstream.
pub const PIPE: Wandering = Wandering { sigma: 0.003, tau_s: 3.0 * HOUR };
/// Fall of the voltage along the motor's cable at nominal slip, relative.
pub const CABLE_SAG: f64 = 0.01;
/// Rise of the discharge pressure with the square of the flow, Pa/(m³/s)²: 1 % over the range of load.
pub const SYSTEM_CURVE: f64 = 2.0e6;
/// Head lost to cavitation, as a share of the impeller's, per unit that speed squared over suction pressure
/// exceeds its nominal value: 0 at nominal load, 1 % at the highest.
pub const CAVITATION: f64 = 0.02;
/// Head lost to recirculation, as a share of the impeller's, per squared departure from the best point.
pub const RECIRCULATION: f64 = 0.15;
/// Growth of bearing wear per kelvin of the bearing over 340 K: a hot bearing is lubricated worse.
pub const WEAR_HEAT: f64 = 0.0015;

// ---- Spread of manufacture, not told to the estimator ----

/// Impeller coefficient: a machined part.
pub const SPREAD_AREA: f64 = 0.005;
/// Friction of a bearing when new: fits and preload differ.
pub const SPREAD_FRICTION: f64 = 0.03;
/// Flow coefficient: as-built pipework.
pub const SPREAD_FLOW: f64 = 0.008;
/// Hydraulic torque on the shaft.
pub const SPREAD_TORQUE: f64 = 0.015;
/// Each thermal conductance.
pub const SPREAD_HEAT: f64 = 0.02;
/// Each thermal mass.
pub const SPREAD_MASS: f64 = 0.03;
/// Resistances of the motor: winding temperature and tolerance.
pub const SPREAD_MOTOR: f64 = 0.02;
/// The terms that the published model lacks differ by this much from unit to unit.
pub const SPREAD_TERMS: f64 = 0.15;

// ---- Faults ----

/// Onset of any fault, s after the start.
pub const ONSET_S: [f64; 2] = [5.0 * HOUR, 15.0 * HOUR];
/// Life the wear rate is aimed at from onset to event, s. Load, weather and the wander of the rate make of
/// it the 8 to 40 h that are promised.
pub const LIFE_S: [f64; 2] = [8.5 * HOUR, 31.0 * HOUR];
/// Life at ordinary ageing, s: 1500 to 4000 h.
pub const AGEING_S: [f64; 2] = [1500.0 * HOUR, 4000.0 * HOUR];
/// Square of the flow by which a wear rate is chosen, (m³/s)²: the middle of the load, the impeller half
/// worn.
pub const TYPICAL_Q2: f64 = 0.0137;
/// Square of the speed by which a wear rate is chosen, (rad/s)²: the middle of the load.
pub const TYPICAL_W2: f64 = 1.6e5;
/// Growth of the thrust bearing's friction by which its wear rate is chosen.
pub const TYPICAL_THRUST: f64 = 1.6;
/// Growth of the radial bearing's friction by which its wear rate is chosen.
pub const TYPICAL_RADIAL: f64 = 2.15;
/// Range of the standard deviation of the logarithm of the wear rate, one for each unit: roughness and
/// particles in the stream.
pub const WEAR_SIGMA: [f64; 2] = [0.03, 0.10];
/// Time constant of the same, s.
pub const WEAR_TAU_S: f64 = 3.0 * HOUR;
/// Drift of a temperature sensor over the run, K: a probe that leaves its pocket or a corroding contact.
pub const DRIFT_K: [f64; 2] = [4.0, 9.0];
/// Drift of the flow meter over the run, relative: coating of its electrodes.
pub const DRIFT_FLOW: [f64; 2] = [0.04, 0.09];
/// Share of the flow coefficient that a blockage takes: it costs less flow than a worn out impeller.
pub const BLOCKAGE: [f64; 2] = [0.04, 0.09];
/// Rise of the discharge pressure for each unit of that share, relative: part of the blockage is downstream
/// of the transmitter.
pub const BLOCKAGE_PRESSURE: f64 = 0.25;
/// Time in which a blockage comes about, s.
pub const BLOCKAGE_S: f64 = HOUR;
/// Longest run of a unit with a wear fault, s.
pub const SPAN_WEAR_S: f64 = 60.0 * HOUR;
/// Run of a unit without, s.
pub const SPAN_OTHER_S: f64 = 40.0 * HOUR;
