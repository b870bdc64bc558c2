//! One pump of the fleet: how it was made, what will go wrong with it, and what is planned for it.

use super::figures::*;
use super::physics::Physics;
use super::random::{Purpose, Random};
use super::run::{Engine, Run};
use super::schedule::{Climate, Schedule};
use super::{Event, Fault, Sensor};

/// One pump, with its secrets.
#[derive(Clone, Debug)]
pub struct Unit {
    /// Its place in the fleet.
    pub index: usize,
    /// What is wrong with it. For the judge, not for the estimator.
    pub fault: Fault,
    /// When the fault begins, s after the start. For the judge.
    pub onset_s: Option<f64>,
    /// Longest run, s: a run without event ends here. For the judge.
    pub span_s: f64,
    pub(super) seed: u64,
    pub(super) physics: Physics,
    pub(super) climate: Climate,
    pub(super) planned: Schedule,
    pub(super) realised: Schedule,
    pub(super) drive_gain: f64,
    /// Wear rates (impeller, thrust, radial) before and after the onset.
    pub(super) wear: [[f64; 3]; 2],
    pub(super) wear_sigma: f64,
    /// Times what is stated, what is in no plan moves about: 1.
    pub(super) unrest: f64,
    /// Error of the drifting sensor, in its unit or as a share, for each second after the onset.
    pub(super) drift: f64,
    /// Share of the flow coefficient that the blockage takes.
    pub(super) blockage: f64,
}

impl Unit {
    pub(super) fn new(seed: u64, index: usize, fault: Fault) -> Self {
        let mut r = Random::stream(seed, index, Purpose::Making);
        let physics = Physics::made(&mut r);
        let climate = Climate::somewhere(&mut r);
        let (planned, realised) = Schedule::planned_and_realised(seed, index);
        let onset = r.uniform(ONSET_S[0], ONSET_S[1]);
        let onset_s = (fault != Fault::Healthy).then_some(onset);
        let worn = [
            (physics.new[0] - A_LIMIT) / TYPICAL_Q2,
            TYPICAL_THRUST.ln() / TYPICAL_W2,
            TYPICAL_RADIAL.ln() / TYPICAL_W2,
        ];
        let ageing = worn.map(|x| x / r.uniform(AGEING_S[0], AGEING_S[1]));
        let mut wearing = ageing;
        let life = r.uniform(LIFE_S[0], LIFE_S[1]);
        match fault {
            Fault::ImpellerWear => wearing[0] = worn[0] / life,
            Fault::ThrustBearingWear => wearing[1] = worn[1] / life,
            Fault::RadialBearingWear => wearing[2] = worn[2] / life,
            Fault::Healthy | Fault::SensorDrift(_) | Fault::Blockage => {}
        }
        let span_s = if fault.event().is_some() { SPAN_WEAR_S } else { SPAN_OTHER_S };
        let sign = if r.chance(0.5) { 1.0 } else { -1.0 };
        let drift = match fault {
            Fault::SensorDrift(Sensor::Qout) => {
                sign * r.uniform(DRIFT_FLOW[0], DRIFT_FLOW[1]) / (span_s - onset)
            }
            Fault::SensorDrift(_) => sign * r.uniform(DRIFT_K[0], DRIFT_K[1]) / (span_s - onset),
            _ => 0.0,
        };
        let blockage =
            if fault == Fault::Blockage { r.uniform(BLOCKAGE[0], BLOCKAGE[1]) } else { 0.0 };
        let drive_gain = 1.0 + DRIVE_GAIN * r.inspected();
        let wear_sigma = r.uniform(WEAR_SIGMA[0], WEAR_SIGMA[1]);
        let wear = [ageing, wearing];
        Self {
            index,
            fault,
            onset_s,
            span_s,
            seed,
            physics,
            climate,
            planned,
            realised,
            drive_gain,
            wear,
            wear_sigma,
            unrest: 1.0,
            drift,
            blockage,
        }
    }

    /// The same pump where all that is in no plan (weather, other consumers, grid, friction, air,
    /// roughness) moves about by so many times what is stated.
    #[must_use]
    pub fn with_unrest(self, times: f64) -> Self {
        Self { unrest: times, ..self }
    }

    /// The same pump where what goes wrong takes so many times as long from its onset on: its wear, the
    /// drift of its sensor, and its run. All that moves about, noise included, stays as it is.
    #[must_use]
    pub fn with_life(mut self, times: f64) -> Self {
        let [ageing, wearing] = &mut self.wear;
        for (wearing, ageing) in wearing.iter_mut().zip(ageing) {
            if *wearing > *ageing {
                *wearing /= times;
            }
        }
        self.drift /= times;
        self.span_s *= times;
        self
    }

    /// The same pump in steadier service ([`Schedule::steadier`]).
    #[must_use]
    pub fn with_duty(self, times: f64) -> Self {
        let (planned, realised) = Schedule::steadier(&self.planned, &self.realised, times);
        Self { planned, realised, ..self }
    }

    /// The wear rates after the onset: wA, wThrust and wRadial, as published. For the judge.
    pub fn wear_rates(&self) -> [f64; 3] {
        self.wear[1]
    }

    /// The planned inputs at `t_s` after the start, known in advance: the climate normal of the ambient
    /// temperature, the commanded voltage and its speed, and the nominal pressures. It may be asked for any
    /// time, also past the run.
    pub fn plan(&self, t_s: f64) -> [f64; 5] {
        let volts = self.planned.volts(t_s);
        [self.climate.normal(t_s), volts, P_DISCHARGE, P_SUCTION, SPEED_PER_VOLT * volts]
    }

    /// Runs it from the start, with a row of sensor values each `sample_s` seconds, rounded to a whole number
    /// of the solver's steps of 0.5 s. The truth does not depend on the sampling.
    pub fn run(&self, sample_s: f64) -> Run {
        Run::new(self.clone(), sample_s)
    }

    /// The event that ends its run and the true time of it, s after the start, found without any row.
    pub fn time_of_event(&self) -> Option<(Event, f64)> {
        Engine::new(self.clone()).finish()
    }
}
