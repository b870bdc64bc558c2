//! The figures of the sensors, with their sources. They go on the table in `figures.rs`.
//!
//! "Reading" is the present value, "span" the range a transmitter is set to.

use super::figures::HOUR;
use super::random::Wandering;

/// What a kind of sensor does to the truth. `white`, `offset` and `drift` are shares of the reading if
/// `of_reading`, else in the unit of the quantity.
#[derive(Clone, Copy, Debug)]
pub struct Kind {
    /// Whether the errors go with the reading.
    pub of_reading: bool,
    /// Standard deviation of the white noise.
    pub white: f64,
    /// Standard deviation of the constant offset of calibration, from sensor to sensor.
    pub offset: f64,
    /// Slow wander of the offset.
    pub drift: Wandering,
    /// Step of the quantisation, in the unit of the quantity.
    pub quantum: f64,
    /// Lag of the sensor, s.
    pub lag_s: f64,
}

/// Platinum thermometer in a pocket. Class A (IEC 60751) allows 0.31 K at 80 °C, taken as two standard
/// deviations; transmitter noise 0.2 K; resolution 0.1 K; a pocket in oil lags by some 20 s.
pub const THERMOMETER: Kind = Kind {
    of_reading: false,
    white: 0.2,
    offset: 0.15,
    drift: Wandering { sigma: 0.1, tau_s: 6.0 * HOUR },
    quantum: 0.1,
    lag_s: 20.0,
};
/// Thermometer of the ambient air: the same, class B.
pub const AIR_THERMOMETER: Kind = Kind { offset: 0.25, ..THERMOMETER };
/// Magnetic flow meter: 0.5 % of reading noise, 0.3 % calibration, resolution of a 4-20 mA loop.
pub const FLOW_METER: Kind = Kind {
    of_reading: true,
    white: 0.005,
    offset: 0.003,
    drift: Wandering { sigma: 0.0015, tau_s: 8.0 * HOUR },
    quantum: 1e-4,
    lag_s: 0.0,
};
/// Tachometer: 0.05 % of reading, counts whole turns a minute.
pub const TACHOMETER: Kind = Kind {
    of_reading: true,
    white: 0.0005,
    offset: 0.0001,
    drift: Wandering { sigma: 0.000_05, tau_s: 6.0 * HOUR },
    quantum: std::f64::consts::TAU / 60.0,
    lag_s: 0.0,
};
/// Output voltage as the drive reports it: 0.3 % noise and calibration, 0.1 V resolution.
pub const VOLTMETER: Kind = Kind {
    of_reading: true,
    white: 0.003,
    offset: 0.003,
    drift: Wandering { sigma: 0.0005, tau_s: 6.0 * HOUR },
    quantum: 0.1,
    lag_s: 0.0,
};
/// Output frequency as the drive reports it: crystal-exact, 0.02 % jitter, 0.01 Hz resolution.
pub const DRIVE_FREQUENCY: Kind = Kind {
    of_reading: true,
    white: 0.0002,
    offset: 0.000_05,
    drift: Wandering { sigma: 0.000_01, tau_s: 6.0 * HOUR },
    quantum: std::f64::consts::TAU / 100.0,
    lag_s: 0.0,
};
/// Discharge pressure transmitter of 0.25 % of its span of 1.6 MPa in all: 0.15 % noise, 0.15 % calibration.
pub const DISCHARGE_GAUGE: Kind = Kind {
    of_reading: false,
    white: 2400.0,
    offset: 2400.0,
    drift: Wandering { sigma: 1000.0, tau_s: 12.0 * HOUR },
    quantum: 100.0,
    lag_s: 0.0,
};
/// Suction pressure transmitter, the same with a span of 0.6 MPa.
pub const SUCTION_GAUGE: Kind = Kind {
    of_reading: false,
    white: 900.0,
    offset: 900.0,
    drift: Wandering { sigma: 375.0, tau_s: 12.0 * HOUR },
    quantum: 100.0,
    lag_s: 0.0,
};
/// Probability that a sample is a spike: electrical disturbance.
pub const SPIKE: f64 = 1.0 / 5000.0;
/// Size of a spike in standard deviations of the white noise, either sign.
pub const SPIKE_SIZE: [f64; 2] = [20.0, 100.0];
/// Probability that a sample is missing.
pub const MISSING: f64 = 0.003;
/// Mean time between outages of the whole transmission, s: one a day or so.
pub const OUTAGE_EVERY_S: f64 = 20.0 * HOUR;
/// Length of an outage, s.
pub const OUTAGE_S: [f64; 2] = [60.0, 600.0];
