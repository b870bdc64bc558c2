//! The simulated plant: physics on plant time, and the messages that a real plant would send.
//!
//! Flows in: a twin (topics, payload shapes and its `simulation` section) and a seed. Flows out:
//! messages that are a pure function of both and of the plant time since the start.

mod blocks;
mod encode;
mod message_source;
mod noise;
mod packaging;
pub mod physics;
mod publication;
#[cfg(not(target_arch = "wasm32"))]
mod publisher;
mod topic;
mod wiring;

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Deserialize;

use self::blocks::{Block, BlockSpec};
pub use self::message_source::{MessageSource, SPEEDS, Unfit};
use self::publication::{Publication, publications_of};
#[cfg(not(target_arch = "wasm32"))]
pub use self::publisher::{PlantError, PlantOptions, run};
use self::wiring::{Board, Wiring};
use crate::twin::{SimulationSource, Timestamp, Twin};

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

/// The `simulation` section.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Spec {
    /// Step of the physics.
    #[serde(default = "step_ms")]
    step_ms: u32,
    /// Plant time that has passed before the first message, so that it does not start cold.
    #[serde(default)]
    warm_up_s: f64,
    /// The parts of the plant, in the order in which they step.
    blocks: Vec<BlockSpec>,
    /// Milliseconds between two messages, by class.
    #[serde(default)]
    periods_ms: BTreeMap<String, u32>,
    /// Deviation of the noise of a measurement in the property's unit, by `Class.property` or
    /// `asset.property`.
    #[serde(default)]
    noise: BTreeMap<String, f64>,
    /// The signal that a property shows, where it is not the one of the same asset and name.
    #[serde(default)]
    shows: BTreeMap<String, String>,
    /// Signals by which a property's quality is uncertain while they are above 0.5.
    #[serde(default)]
    doubtful: BTreeMap<String, String>,
}

fn step_ms() -> u32 {
    20
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
        let mut wiring = Wiring::default();
        let blocks: Vec<_> = spec
            .blocks
            .iter()
            .filter_map(|block| blocks::build(block, &spec.blocks, seed, &mut wiring))
            .collect();
        let mut publications = Vec::new();
        for id in twin.asset_ids() {
            publications.extend(publications_of(twin, id, &spec, &mut wiring));
        }
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
                    publication.next_us += publication.period_us;
                    publication.send(now, &self.board, (self.seed, count), sink);
                }
            }
        }
    }

    fn step(&mut self, time_us: i64) {
        let dt_s = self.dt_us as f64 * 1e-6;
        for block in &mut self.blocks {
            block.step(&mut self.board, time_us as f64 * 1e-6, dt_s);
        }
    }
}

/// Reads the section; its text keeps the places of the file.
fn read(source: &SimulationSource) -> Result<Spec, Vec<Mistake>> {
    use ron::extensions::Extensions;
    let options = ron::Options::default()
        .with_default_extension(Extensions::IMPLICIT_SOME | Extensions::UNWRAP_VARIANT_NEWTYPES);
    options.from_str(&source.text).map_err(|error| {
        let at = error.span.start;
        let place = format!("{}:{}:{}", source.file.display(), at.line, at.col);
        vec![Mistake { place, message: format!("in the simulation section: {}", error.code) }]
    })
}

/// A mistake at the first place where the section mentions a word.
fn located(source: &SimulationSource, word: &str, message: &str) -> Mistake {
    let quoted = format!("\"{word}\"");
    let at = source
        .text
        .find(&quoted)
        .or_else(|| source.text.find(|c: char| !c.is_whitespace()))
        .unwrap_or(0);
    let before = &source.text[..at];
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().map_or(0, |last| last.chars().count()) + 1;
    Mistake {
        place: format!("{}:{line}:{column}", source.file.display()),
        message: message.to_string(),
    }
}

#[cfg(test)]
mod tests;
