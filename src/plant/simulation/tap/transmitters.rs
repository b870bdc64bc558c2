//! Instruments by which the plant controls itself.
//!
//! What a controller or an interlock measures is what the property's instrument tells, with its noise and
//! its faults; the message tells the same. While an instrument tells nothing, its last value stands.

use crate::plant::simulation::balance::Bus;
use crate::plant::simulation::blocks::{Block, UNDERVOLTAGE};
use crate::plant::simulation::board::{Acting, Board};
use crate::plant::simulation::instrument::{Instrument, Moment};
use crate::plant::simulation::snapshot::{Damaged, Loaded, Saved};

/// One instrument.
#[derive(Clone, Debug)]
pub struct Transmitter {
    /// The signal that it measures.
    pub slot: usize,
    /// Where blocks read what it tells.
    pub told: Acting,
    /// It tells in the property's unit, which is the signal's × the first + the second.
    pub unit: (f64, f64),
    /// What it makes of the signal.
    pub instrument: Instrument,
    /// What feeds it: without it, it tells nothing.
    pub supply: Option<Bus>,
}

/// All of them: they step last, so that messages and the next step have the same readings.
pub struct Transmitters {
    /// The instruments.
    pub all: Vec<Transmitter>,
    /// Plant time before the first message, µs.
    pub warm_up_us: i64,
}

impl Block for Transmitters {
    fn step(&mut self, b: &mut Board, _time_s: f64, _dt_s: f64) {
        let elapsed_us = b.clock.time_us - self.warm_up_us;
        let count = elapsed_us.div_euclid(b.clock.dt_us.max(1)) as u64;
        let at = Moment { seed: b.clock.seed, count, elapsed_us };
        for Transmitter { slot, told, unit: (scale, offset), instrument, supply } in &mut self.all {
            let is_fed = supply.is_none_or(|bus| b.meters.share(bus) >= UNDERVOLTAGE);
            let truth = b.number(*slot) * *scale + *offset;
            match instrument.tell(truth, b, at).filter(|_| is_fed) {
                Some(reading) => told.set(b, (reading - *offset) / *scale),
                None => told.miss(b),
            }
        }
    }

    fn save(&self, out: &mut Saved) {
        let stuck: Vec<_> = self.all.iter().map(|one| one.instrument.stuck).collect();
        out.put(&stuck);
    }

    fn load(&mut self, from: &mut Loaded<'_>) -> Result<(), Damaged> {
        let stuck: Vec<Option<f64>> = from.take()?;
        if stuck.len() != self.all.len() {
            return Err(Damaged("the snapshot has another number of instruments".into()));
        }
        self.all.iter_mut().zip(stuck).for_each(|(one, stuck)| one.instrument.stuck = stuck);
        Ok(())
    }
}
