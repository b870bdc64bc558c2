//! The simulated plant: physics on plant time, and the messages that a real plant would send.
//!
//! Flows in: a twin (topics, payload shapes and its `simulation` section) and a seed. Flows out:
//! messages that are a pure function of both and of the plant time since the start.

pub mod balance;
mod blocks;
mod board;
mod command;
mod encode;
mod faults;
mod instrument;
mod message_source;
mod noise;
mod packaging;
mod parts;
mod permits;
pub mod physics;
mod publication;
#[cfg(not(target_arch = "wasm32"))]
mod publisher;
mod section;
mod snapshot;
mod tap;
mod topic;
mod wiring;

use std::time::Duration;

use self::balance::Balance;
use self::blocks::Block;
use self::faults::{Fault, FaultSlot};
use self::instrument::Moment;
pub use self::message_source::{MessageSource, SPEEDS, Unfit};
use self::publication::{PLANT, Publication, clock_error_us, publications_of};
#[cfg(not(target_arch = "wasm32"))]
pub use self::publisher::{PlantError, PlantOptions, run};
use self::section::{Spec, located, read};
use self::tap::check_instruments;
use self::wiring::{Board, Wiring};
use crate::twin::{Timestamp, Twin};

/// A mistake in the `simulation` section of a twin file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {message}")]
pub struct Mistake {
    /// File, line and column.
    pub place: String,
    /// What is wrong and what to do.
    pub message: String,
}

/// An MQTT message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Its topic.
    pub topic: String,
    /// Its payload.
    pub payload: Vec<u8>,
    /// Quality of service, 0 to 2.
    pub qos: u8,
    /// Kept by the broker for those who come later.
    pub retain: bool,
}

/// A plant that can be advanced.
pub struct Simulation {
    seed: u64,
    start: Timestamp,
    dt_us: i64,
    warm_up_us: i64,
    elapsed_us: i64,
    board: Board,
    blocks: Vec<Box<dyn Block>>,
    publications: Vec<Publication>,
    /// What is wrong with the network and the clock of the whole plant.
    network: FaultSlot,
    clock: FaultSlot,
}

impl Simulation {
    /// Builds the plant of a twin file; `start` is its plant time at the first message.
    ///
    /// # Errors
    /// If the twin has no `simulation` section, or with everything that is wrong in it.
    pub fn new(twin: &Twin, seed: u64, start: Timestamp) -> Result<Self, Vec<Mistake>> {
        let Some(source) = &twin.simulation else {
            let file =
                twin.files.first().map(|file| file.display().to_string()).unwrap_or_default();
            let message =
                "the twin file has no `simulation` section, so there is nothing to simulate".into();
            return Err(vec![Mistake { place: file, message }]);
        };
        let spec: Spec = read(source)?;
        let mut wiring = Wiring::new(seed, spec.wear.clone());
        let blocks = build(&spec, seed, &mut wiring);
        let mut publications = Vec::new();
        for id in twin.asset_ids() {
            publications.extend(publications_of(twin, id, &spec, &mut wiring));
        }
        check_instruments(twin, &spec, &mut wiring);
        let network = wiring.fault(PLANT, Fault::NetworkLoss);
        let clock = wiring.fault(PLANT, Fault::ClockJump);
        let board = wiring.board();
        if !wiring.mistakes.is_empty() {
            return Err(wiring
                .mistakes
                .iter()
                .map(|(word, message)| located(source, word, message))
                .collect());
        }
        let mut simulation = Self {
            seed,
            start,
            dt_us: i64::from(spec.step_ms.clamp(1, 1000)) * 1000,
            warm_up_us: (spec.warm_up_s.clamp(0.0, 86_400.0) * 1e6) as i64,
            elapsed_us: 0,
            board,
            blocks,
            publications,
            network,
            clock,
        };
        let mut warm = 0;
        while warm < simulation.warm_up_us {
            warm += simulation.dt_us;
            simulation.step(warm);
        }
        simulation.warm_up_us = warm;
        Ok(simulation)
    }

    /// Plant time now.
    pub fn now(&self) -> Timestamp {
        self.start.plus_micros(self.elapsed_us)
    }

    /// Plant time as the plant's own clock tells it; `None` while its network is away.
    pub fn told_time(&self) -> Option<Timestamp> {
        let error_us = clock_error_us(&self.board, &[self.clock]);
        (self.board.fault(self.network) <= 0.5).then(|| self.now().plus_micros(error_us))
    }

    /// Runs the physics up to `elapsed` since the start, and hands over every message that is due
    /// on the way, in order.
    pub fn advance(&mut self, elapsed: Duration, sink: &mut dyn FnMut(Message)) {
        let goal = elapsed.as_micros().min(i64::MAX as u128) as i64;
        while self.elapsed_us + self.dt_us <= goal {
            self.elapsed_us += self.dt_us;
            self.step(self.warm_up_us + self.elapsed_us);
            let now = self.now();
            for publication in &mut self.publications {
                if self.elapsed_us >= publication.next_us {
                    let count = (self.elapsed_us / self.dt_us) as u64;
                    let at = Moment { seed: self.seed, count, elapsed_us: self.elapsed_us };
                    publication.next_us += publication.period_us;
                    for block in &publication.shown_by {
                        self.blocks[*block].show(&mut self.board);
                    }
                    publication.send(now, &self.board, at, sink);
                }
            }
        }
    }

    fn step(&mut self, time_us: i64) {
        let dt_s = self.dt_us as f64 * 1e-6;
        self.board.clock.tick(self.dt_us);
        debug_assert_eq!(self.board.clock.time_us, time_us);
        self.board.faults.advance(time_us);
        for block in &mut self.blocks {
            block.step(&mut self.board, time_us as f64 * 1e-6, dt_s);
        }
    }

    /// What entered, left and is held of everything that is conserved: entered = left + held at every
    /// instant.
    pub fn balances(&self) -> Vec<Balance> {
        let own = self.blocks.iter().flat_map(|block| block.balances(&self.board));
        balance::by_quantity(self.board.balances().into_iter().chain(own))
    }
}

/// The blocks of a section, in its order.
fn build(spec: &Spec, seed: u64, wiring: &mut Wiring) -> Vec<Box<dyn Block>> {
    let mut built: Vec<Box<dyn Block>> = Vec::with_capacity(spec.blocks.len());
    for block in &spec.blocks {
        wiring.block = built.len();
        built.extend(blocks::build(block, &spec.blocks, seed, wiring));
    }
    built
}

#[cfg(test)]
mod tests;
