//! The simulated plant: physics on plant time, and the messages that a real plant would send.
//!
//! Flows in: a twin (topics, payload shapes and its `simulation` section) and a seed. Flows out:
//! messages that are a pure function of both and of the plant time since the start.

mod blocks;
mod encode;
mod noise;
mod packaging;
pub mod physics;
mod publisher;
mod wiring;

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Deserialize;

use self::blocks::{Block, BlockSpec};
use self::encode::{Instant, Measured};
pub use self::publisher::{Options, PlantError, run};
use self::wiring::{Board, Kind, Signal, Wiring};
use crate::twin::mapping::{Mapping, Payload, TopicLevel, TopicPart};
use crate::twin::{
    Asset, AssetId, Level, PropertyKind, Quality, SimulationSource, Timestamp, Twin, Value,
    ValueType,
};

/// How often a message is sent when nothing says otherwise.
const DEFAULT_PERIOD_MS: u32 = 500;
/// Instants in a message that holds a list of samples.
const BATCH: usize = 5;

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
    /// Deviation of the noise of a measurement in its own unit, by `Class.property` or
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

/// What a property is made from.
struct Tap {
    position: u16,
    slot: usize,
    names: Vec<String>,
    sigma: f64,
    stream: u64,
    doubt: Option<usize>,
}

/// One message of one asset, again and again.
struct Publication {
    topic: String,
    mapping: Mapping,
    types: Vec<ValueType>,
    taps: Vec<Tap>,
    period_us: i64,
    next_us: i64,
    batch: Vec<Instant>,
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

impl Publication {
    fn send(
        &mut self,
        now: Timestamp,
        board: &Board,
        noise: (u64, u64),
        sink: &mut dyn FnMut(Message),
    ) {
        let readings = self
            .taps
            .iter()
            .filter_map(|tap| Some((tap.position, tap.measure(board, noise)?)))
            .collect();
        self.batch.push((now, readings));
        let lists = matches!(self.mapping.payload, Payload::Json { samples: Some(_), .. });
        if lists && self.batch.len() < BATCH {
            return;
        }
        let qos = self.mapping.qos;
        match &self.mapping.payload {
            Payload::Json { .. } => {
                let document = encode::document(&self.mapping.payload, &self.types, &self.batch);
                sink(Message {
                    topic: self.topic.clone(),
                    payload: document.to_string().into_bytes(),
                    qos,
                    retain: false,
                });
            }
            Payload::Scalar { read, .. } => {
                for (position, measured) in self.batch.iter().flat_map(|(_, readings)| readings) {
                    let ty = &self.types[usize::from(*position)];
                    let payload = encode::scalar(read, ty, &measured.value).into_bytes();
                    sink(Message { topic: self.topic.clone(), payload, qos, retain: false });
                }
            }
        }
        self.batch.clear();
    }
}

impl Tap {
    /// What an instrument says; `None` for a word that the property does not know.
    fn measure(&self, board: &Board, (seed, count): (u64, u64)) -> Option<Measured> {
        let value = match &board.0[self.slot] {
            Signal::Number(number) => {
                let noise = if self.sigma > 0.0 {
                    self.sigma * noise::normal(seed, self.stream, count)
                } else {
                    0.0
                };
                // Six digits are more than any instrument has, and keep messages short.
                Value::Number(((number + noise) * 1e6).round() / 1e6)
            }
            Signal::Word(word) => {
                Value::Enumeration(self.names.iter().position(|name| name == word)? as u16)
            }
            Signal::Items(items) => Value::Items(items.clone()),
            Signal::Pose(pose) => Value::Pose(*pose),
        };
        let doubted =
            self.doubt.is_some_and(|slot| matches!(board.0[slot], Signal::Number(n) if n > 0.5));
        let quality = if doubted { Quality::Uncertain } else { Quality::Good };
        Some(Measured { value, quality })
    }
}

/// Reads the section; its text keeps the places of the file.
fn read(source: &SimulationSource) -> Result<Spec, Vec<Mistake>> {
    let options =
        ron::Options::default().with_default_extension(ron::extensions::Extensions::IMPLICIT_SOME);
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

/// The messages that an asset sends: those of its mappings for which blocks set signals.
fn publications_of(twin: &Twin, id: AssetId, spec: &Spec, wiring: &mut Wiring) -> Vec<Publication> {
    let Some(class) = twin.class_of(id) else { return Vec::new() };
    let asset = twin.asset(id);
    let types: Vec<_> =
        twin.properties_of(id).map(|property| twin.property(property).ty.clone()).collect();
    let mut publications = Vec::new();
    for mapping in &class.mappings {
        let one_each = mapping.topic.levels.contains(&TopicLevel::Property);
        let positions: Vec<u16> = match &mapping.payload {
            Payload::Json { fields, .. } => fields.iter().map(|field| field.property).collect(),
            Payload::Scalar { property: Some(property), .. } => vec![*property],
            Payload::Scalar { property: None, .. } => (0..types.len() as u16).collect(),
        };
        let taps: Vec<_> = positions
            .iter()
            .filter_map(|position| tap(twin, id, *position, spec, wiring))
            .collect();
        let period_ms =
            spec.periods_ms.get(&*class.name).copied().unwrap_or(DEFAULT_PERIOD_MS).max(1);
        let period_us = i64::from(period_ms) * 1000;
        // Assets take turns within a period, so that messages do not come in bursts.
        let next_us = (i64::from(id.0) * 7_919_000).rem_euclid(period_us);
        let groups: Vec<Vec<Tap>> =
            if one_each { taps.into_iter().map(|tap| vec![tap]).collect() } else { vec![taps] };
        for taps in groups.into_iter().filter(|taps| !taps.is_empty()) {
            let property =
                twin.property(twin.property_at(id, usize::from(taps[0].position))).name.clone();
            let topic = topic(twin, asset, mapping, &property);
            publications.push(Publication {
                topic,
                mapping: mapping.clone(),
                types: types.clone(),
                taps,
                period_us,
                next_us,
                batch: Vec::new(),
            });
        }
    }
    publications
}

/// Where a property's value comes from; `None` (with a mistake noted) when no block sets it.
fn tap(twin: &Twin, id: AssetId, position: u16, spec: &Spec, wiring: &mut Wiring) -> Option<Tap> {
    let asset = twin.asset(id);
    let property = twin.property(twin.property_at(id, usize::from(position)));
    if property.kind == PropertyKind::Derived {
        return None;
    }
    let name = format!("{}.{}", asset.name, property.name);
    let signal = spec.shows.get(&name).unwrap_or(&name);
    let Some((slot, kind)) = wiring.find(signal) else {
        let near =
            wiring.nearest(signal).map(|near| format!("; nearest: {near:?}")).unwrap_or_default();
        let message =
            format!("no block sets {signal:?}, which the mapping of {} sends{near}", asset.path);
        wiring.mistakes.push((asset.name.to_string(), message));
        return None;
    };
    let wrong = match (&property.ty, kind) {
        // Numbers in a unit of their own making ("1") take any.
        (ValueType::Number, Kind::Number(unit)) => (unit != "1" && property.unit.code() != unit)
            .then(|| format!("in {unit}, the property in {}", property.unit.code())),
        (ValueType::Enumeration(_), Kind::Word)
        | (ValueType::Items, Kind::Items)
        | (ValueType::Pose, Kind::Pose) => None,
        (ty, kind) => Some(format!("{kind:?}, the property {ty:?}")),
    };
    if let Some(wrong) = wrong {
        wiring.mistakes.push((
            asset.name.to_string(),
            format!("the signal {signal:?} is {wrong}; make the property like the signal"),
        ));
        return None;
    }
    let class = twin.class_of(id).map(|class| &*class.name).unwrap_or_default();
    let sigma =
        spec.noise.get(&name).or_else(|| spec.noise.get(&format!("{class}.{}", property.name)));
    let doubt = spec.doubtful.get(&name).and_then(|signal| Some(wiring.find(signal)?.0));
    let names = match &property.ty {
        ValueType::Enumeration(names) => names.to_vec(),
        _ => Vec::new(),
    };
    Some(Tap {
        position,
        slot,
        names,
        sigma: sigma.copied().unwrap_or(0.0),
        stream: noise::stream(&name),
        doubt,
    })
}

/// The topic of an asset's message.
fn topic(twin: &Twin, asset: &Asset, mapping: &Mapping, property: &str) -> String {
    let levels = mapping.topic.levels.iter().filter_map(|level| match level {
        TopicLevel::Text(parts) => Some(
            parts
                .iter()
                .map(|part| match part {
                    TopicPart::Literal(text) => text.clone(),
                    TopicPart::Placeholder(name) => placeholder(twin, asset, name),
                })
                .collect(),
        ),
        TopicLevel::Property => Some(property.to_string()),
        // Any level will do where the twin file does not care.
        TopicLevel::Any => Some("simulated".to_string()),
        TopicLevel::Rest => None,
    });
    levels.collect::<Vec<String>>().join("/")
}

fn placeholder(twin: &Twin, asset: &Asset, name: &str) -> String {
    let level = match name {
        "asset" => return asset.name.to_string(),
        "path" => return asset.path.to_string(),
        "twin" => return twin.name.clone(),
        "site" => Some(Level::Site),
        "area" => Some(Level::Area),
        "line" => Some(Level::Line),
        "cell" => Some(Level::Cell),
        "unit" => Some(Level::Unit),
        _ => None,
    };
    let up =
        std::iter::successors(Some(asset), |asset| asset.parent.map(|parent| twin.asset(parent)));
    let found = match level {
        Some(level) => {
            up.filter(|asset| asset.level == level).map(|asset| asset.name.to_string()).next()
        }
        None => up.filter_map(|asset| asset.variables.get(name).cloned()).next(),
    };
    found.unwrap_or_default()
}

#[cfg(test)]
mod tests;
