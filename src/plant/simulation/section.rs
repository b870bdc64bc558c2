//! The `simulation` section of a twin file.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::Mistake;
use super::blocks::BlockSpec;
use super::instrument::InstrumentSpec;
use super::parts::WearSpec;
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
    /// Signals by which a property's quality is uncertain while they are above 0.5.
    #[serde(default)]
    pub doubtful: BTreeMap<String, String>,
}

fn step_ms() -> u32 {
    20
}

/// Reads the section; its text keeps the places of the file.
pub fn read(source: &SimulationSource) -> Result<Spec, Vec<Mistake>> {
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
pub fn located(source: &SimulationSource, word: &str, message: &str) -> Mistake {
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
