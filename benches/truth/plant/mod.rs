//! A fleet of simulated centrifugal pumps whose wear is known here and hidden from the program under test.
//!
//! Each pump is like NASA's published centrifugal pump wear model (Daigle and Goebel), but not the same: it
//! has terms the model lacks, its own solver, a drive that lags, parameters that differ from unit to unit,
//! and sensors as industry has them. `figures.rs` and `instruments.rs` are the table of every figure, with
//! its reason. The plant shares no code with the program that is judged against it, and uses the standard
//! library only.
//!
//! ```text
//! let fleet = Fleet::new(1, 200);
//! let unit = fleet.unit(17);
//! let mut run = unit.run(10.0);
//! for row in &mut run { /* estimate from row.inputs and row.measured, judge by row.truth */ }
//! let truth = run.event();
//! ```
//!
//! Alone: `rustc --edition 2024 -O --test benches/truth/plant/mod.rs -o /tmp/truth_test && /tmp/truth_test`.
//!
//! Inputs are in the order Tamb K, V V, pdisch Pa, psuc Pa, wsync rad/s; measured values in the order
//! w rad/s, Qout m³/s, Tt K, Tr K, To K.

// A judge takes the part of this that it needs.
#![allow(dead_code, unused_imports)]

mod disturbances;
mod figures;
mod instruments;
pub mod physics;
pub mod random;
#[cfg(test)]
mod report;
mod run;
mod schedule;
mod sensors;
#[cfg(test)]
mod tests;
mod unit;

use random::{Purpose, Random};
pub use run::{Row, Run, Truth, futures};
pub use unit::Unit;

/// A sensor that can drift; the number is its place in [`Row::measured`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sensor {
    /// Flow meter.
    Qout = 1,
    /// Thermometer of the thrust bearing.
    Tt = 2,
    /// Thermometer of the radial bearing.
    Tr = 3,
    /// Thermometer of the oil.
    To = 4,
}

/// What is wrong with a unit from its onset on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Nothing: ordinary ageing, which would take more than 1000 h.
    Healthy,
    /// The impeller erodes.
    ImpellerWear,
    /// The friction of the thrust bearing grows.
    ThrustBearingWear,
    /// The friction of the radial bearing grows.
    RadialBearingWear,
    /// One sensor drifts; the pump is well.
    SensorDrift(Sensor),
    /// The discharge side clogs in part within an hour; the pump is well.
    Blockage,
}

impl Fault {
    /// Its name, without the sensor.
    pub fn name(self) -> &'static str {
        match self {
            Fault::Healthy => "Healthy",
            Fault::ImpellerWear => "ImpellerWear",
            Fault::ThrustBearingWear => "ThrustBearingWear",
            Fault::RadialBearingWear => "RadialBearingWear",
            Fault::SensorDrift(_) => "SensorDrift",
            Fault::Blockage => "Blockage",
        }
    }

    /// The event it leads to, if it is wear.
    pub fn event(self) -> Option<Event> {
        match self {
            Fault::ImpellerWear => Some(Event::ImpellerWearFailure),
            Fault::ThrustBearingWear => Some(Event::ThrustBearingOverheat),
            Fault::RadialBearingWear => Some(Event::RadialBearingOverheat),
            Fault::Healthy | Fault::SensorDrift(_) | Fault::Blockage => None,
        }
    }
}

/// What ends a run, judged by the true state and not by the sensors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// The impeller coefficient A is at or below 9.5.
    ImpellerWearFailure,
    /// Tt is at or above 370 K.
    ThrustBearingOverheat,
    /// Tr is at or above 370 K.
    RadialBearingOverheat,
    /// To is at or above 350 K.
    PumpOilOverheat,
}

impl Event {
    /// Its name, as the published model has it.
    pub fn name(self) -> &'static str {
        match self {
            Event::ImpellerWearFailure => "ImpellerWearFailure",
            Event::ThrustBearingOverheat => "ThrustBearingOverheat",
            Event::RadialBearingOverheat => "RadialBearingOverheat",
            Event::PumpOilOverheat => "PumpOilOverheat",
        }
    }
}

/// Twenty units of a fleet: of 200, 50 have impeller wear, 40 each bearing, 20 a drift, 20 a blockage, and
/// 30 are healthy.
const MIX: [Fault; 20] = {
    use Fault::*;
    [
        ImpellerWear,
        ThrustBearingWear,
        RadialBearingWear,
        Healthy,
        SensorDrift(Sensor::Tt),
        ImpellerWear,
        ThrustBearingWear,
        RadialBearingWear,
        Blockage,
        ImpellerWear,
        Healthy,
        ThrustBearingWear,
        RadialBearingWear,
        SensorDrift(Sensor::Qout),
        ImpellerWear,
        Blockage,
        ThrustBearingWear,
        RadialBearingWear,
        ImpellerWear,
        Healthy,
    ]
};

/// A number of pumps.
#[derive(Clone, Debug)]
pub struct Fleet {
    seed: u64,
    faults: Vec<Fault>,
}

impl Fleet {
    /// The fleet of this seed; the same seed and number give the same fleet to the last bit.
    pub fn new(seed: u64, units: usize) -> Self {
        let sensors = [Sensor::Tt, Sensor::Qout, Sensor::Tr, Sensor::To];
        let mut drifts = sensors.iter().cycle();
        let mut faults: Vec<Fault> = MIX.into_iter().cycle().take(units).collect();
        for fault in &mut faults {
            if let Fault::SensorDrift(sensor) = fault {
                *sensor = *drifts.next().expect("a cycle has no end");
            }
        }
        let mut random = Random::stream(seed, 0, Purpose::Fleet);
        for i in (1..units).rev() {
            faults.swap(i, random.below(i + 1));
        }
        Self { seed, faults }
    }

    /// All its units, in order.
    pub fn units(&self) -> impl Iterator<Item = Unit> {
        (0..self.faults.len()).map(|i| self.unit(i))
    }

    /// Unit `i`, counted from 0. Panics if there is none.
    pub fn unit(&self, i: usize) -> Unit {
        Unit::new(self.seed, i, self.faults[i])
    }
}
