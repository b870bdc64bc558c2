//! The `simulation` section of a twin file.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::Mistake;
use super::blocks::{self, BlockSpec};
use super::command::topics::TopicsSpec;
use super::faults::FaultsSpec;
use super::instrument::InstrumentSpec;
use super::maintenance::MaintenanceSpec;
use super::parts::WearSpec;
use super::places::{Entry, Places, entry};
use super::reported;
use super::wiring::Wiring;
use crate::twin::SimulationSource;

/// The section.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Spec {
    /// Step of the physics.
    #[serde(default = "step_ms")]
    pub step_ms: u32,
    /// Plant time that has passed before the first message, so that it does not start cold.
    #[serde(default)]
    pub warm_up_s: f64,
    /// The parts of the plant, in the order in which they step.
    pub blocks: Vec<BlockSpec>,
    /// How fast parts wear, and how far they are worn at the start.
    #[serde(default)]
    pub wear: WearSpec,
    /// What goes wrong by itself.
    #[serde(default)]
    pub faults: FaultsSpec,
    /// What is replaced regularly, and who does it and mends what has tripped.
    #[serde(default)]
    pub maintenance: MaintenanceSpec,
    /// Where the plant is told what to do, and answers.
    #[serde(default)]
    pub topics: TopicsSpec,
    /// What is otherwise when a story is told.
    #[serde(default)]
    pub story: Option<Story>,
    /// Milliseconds between two messages, by class; `/control` is for topics that end so, `Pump/control`
    /// for those of a class.
    #[serde(default)]
    pub periods_ms: BTreeMap<String, u32>,
    /// Deviation of the noise of a measurement in the property's unit, by `Class.property` or
    /// `asset.property`.
    #[serde(default)]
    pub noise: BTreeMap<String, f64>,
    /// What measures a property, by `Class.property` or `asset.property`; `noise` is short for it.
    #[serde(default)]
    pub instruments: BTreeMap<String, InstrumentSpec>,
    /// The signal that a property shows, where it is not the one of the same asset and name.
    #[serde(default)]
    pub shows: BTreeMap<String, String>,
    /// By the asset that supplies them: assets whose instruments are silent without supply, with all
    /// that stands in them; `plant` is everything.
    #[serde(default)]
    pub powered: BTreeMap<String, Vec<String>>,
    /// Signals by which a property's quality is uncertain while they are above 0.5.
    #[serde(default)]
    pub doubtful: BTreeMap<String, String>,
    /// By block: where it stands in the section. Of a section that was [told](Self::told).
    #[serde(skip)]
    pub places: Vec<Entry>,
}

/// What is otherwise when a story is told: each field takes the place of the section's.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Story {
    /// Each takes the place of the block of the same kind that sets the same signals; one that takes no
    /// place steps last.
    #[serde(default)]
    pub blocks: Vec<BlockSpec>,
    /// What goes wrong by itself.
    #[serde(default)]
    pub faults: Option<FaultsSpec>,
    /// How fast parts wear, and how far they are worn at the start.
    #[serde(default)]
    pub wear: Option<WearSpec>,
    /// What is replaced regularly, and who does it.
    #[serde(default)]
    pub maintenance: Option<MaintenanceSpec>,
    /// What measures a property: each takes the place of the section's of that name.
    #[serde(default)]
    pub instruments: BTreeMap<String, InstrumentSpec>,
}

impl Spec {
    /// The section of the story; the same where there is none.
    pub fn told(mut self, is_story: bool) -> Self {
        self.places = (0..self.blocks.len()).map(|at| entry(["blocks", &at.to_string()])).collect();
        let Some(story) = self.story.take().filter(|_| is_story) else { return self };
        for (number, block) in story.blocks.into_iter().enumerate() {
            let place = entry(["story", "blocks", &number.to_string()]);
            let (kind, own) = (std::mem::discriminant(&block), signals_of(&block, &self.blocks));
            let at = self.blocks.iter().position(|other| {
                std::mem::discriminant(other) == kind
                    && signals_of(other, &self.blocks).iter().any(|name| own.contains(name))
            });
            match at {
                Some(at) => (self.blocks[at], self.places[at]) = (block, place),
                None => {
                    self.blocks.push(block);
                    self.places.push(place);
                }
            }
        }
        self.faults = story.faults.unwrap_or(self.faults);
        self.wear = story.wear.unwrap_or(self.wear);
        self.maintenance = story.maintenance.unwrap_or(self.maintenance);
        for name in story.instruments.keys() {
            self.noise.remove(name);
        }
        self.instruments.extend(story.instruments);
        self
    }
}

/// The signals that a block sets.
fn signals_of(block: &BlockSpec, all: &[BlockSpec]) -> Vec<String> {
    let mut wiring = Wiring::default();
    drop(blocks::build(block, all, 0, &mut wiring));
    wiring.outputs()
}

fn step_ms() -> u32 {
    20
}

/// Reads the section; its text keeps the places of the file.
pub fn read(source: &SimulationSource) -> Result<Spec, Vec<Mistake>> {
    let read = reported::options().from_str(&source.text);
    read.map_err(|error| reported::mistakes(source, &error))
}

/// A mistake at the first place where the section mentions a word.
pub fn located(source: &SimulationSource, word: &str, message: &str) -> Mistake {
    Places::new(source, false).mistake(None, word, message)
}

/// What is wrong with the section as a whole, besides its parts.
pub fn check(spec: &Spec, wiring: &mut Wiring) {
    wiring.asset = "the simulation section".into();
    wiring.check("step_ms", f64::from(spec.step_ms), 1.0..=1000.0, "ms");
    wiring.check("warm_up_s", spec.warm_up_s, 0.0..=86_400.0, "s");
    wiring.asset.clear();
}
