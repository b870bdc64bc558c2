//! From signals to messages: which message each asset sends, and what its instruments measure.

use super::encode::{self, Instant, Measured};
use super::noise;
use super::snapshot::{Damaged, Loaded, Saved};
use super::topic::topic;
use super::wiring::{Board, Kind, Signal, Wiring};
use super::{Message, Spec};
use crate::twin::mapping::{Field, Mapping, Payload, TopicLevel};
use crate::twin::{AssetId, Item, Pose, Quality, Timestamp, Twin, Unit, Value, ValueType};

/// How often a message is sent unless stated otherwise.
const DEFAULT_PERIOD_MS: u32 = 500;
/// Instants in a message that holds a list of samples.
const BATCH: usize = 5;

/// What a property is made from.
struct Tap {
    position: u16,
    slot: usize,
    names: Vec<String>,
    /// The property is the signal × `scale` + `offset`: its unit may be another.
    scale: f64,
    offset: f64,
    /// Deviation of the noise, in the property's unit.
    sigma: f64,
    stream: u64,
    doubt: Option<usize>,
}

/// One message of one asset, again and again.
pub struct Publication {
    topic: String,
    mapping: Mapping,
    types: Vec<ValueType>,
    taps: Vec<Tap>,
    /// Plant time from one message to the next.
    pub period_us: i64,
    /// When the next one is due, since the start.
    pub next_us: i64,
    batch: Vec<Instant>,
    /// The blocks that are to show items and poses before it is sent.
    pub shown_by: Vec<usize>,
}

impl Publication {
    /// Writes what of it changes.
    pub fn save(&self, out: &mut Saved) {
        out.put(&(self.next_us, &self.batch));
    }

    /// Puts back what [`save`](Self::save) wrote.
    ///
    /// # Errors
    /// When it is no state of this publication.
    pub fn load(&mut self, from: &mut Loaded<'_>) -> Result<(), Damaged> {
        let (next_us, batch): (i64, Vec<Instant>) = from.take()?;
        let is_known = |(position, _): &(u16, Measured)| usize::from(*position) < self.types.len();
        if batch.len() > BATCH || !batch.iter().all(|(_, readings)| readings.iter().all(is_known)) {
            return Err(Damaged("the snapshot is damaged: a message is not this plant's".into()));
        }
        (self.next_us, self.batch) = (next_us, batch);
        Ok(())
    }

    /// Measures, and hands over what is full.
    pub fn send(
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
        let lists = matches!(self.mapping.payload, Payload::Document { samples: Some(_), .. });
        if lists && self.batch.len() < BATCH {
            return;
        }
        let qos = self.mapping.qos;
        match &self.mapping.payload {
            Payload::Document { format, .. } => {
                let document = encode::document(&self.mapping.payload, &self.types, &self.batch);
                match (format.write)(&document) {
                    Ok(payload) => {
                        sink(Message { topic: self.topic.clone(), payload, qos, retain: false });
                    }
                    Err(reason) => log::error!("{}: not sent: {reason}", self.topic),
                }
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
    /// What an instrument measures; `None` for a word that the property does not know.
    fn measure(&self, board: &Board, (seed, count): (u64, u64)) -> Option<Measured> {
        let value = match &board.signals[self.slot] {
            Signal::Number(number) => {
                let noise = if self.sigma > 0.0 {
                    self.sigma * noise::normal(seed, self.stream, count)
                } else {
                    0.0
                };
                // Six digits are more than any instrument has, and keep messages short.
                let shown = number * self.scale + self.offset + noise;
                Value::Number((shown * 1e6).round() / 1e6)
            }
            Signal::Word(word) => {
                Value::Enumeration(self.names.iter().position(|name| name == word)? as u16)
            }
            Signal::Items(items) => Value::Items(items.clone()),
            Signal::Pose(pose) => Value::Pose(*pose),
        };
        let doubted = self
            .doubt
            .is_some_and(|slot| matches!(board.signals[slot], Signal::Number(n) if n > 0.5));
        let quality = if doubted { Quality::Uncertain } else { Quality::Good };
        Some(Measured { value, quality })
    }
}

/// From a signal's unit to that of the property which shows it.
fn conversion(signal: &str, property: &Unit) -> Result<(f64, f64), String> {
    // What is no unit is a mistake where the signal is declared.
    let Ok(signal) = Unit::parse(signal) else { return Ok((1.0, 0.0)) };
    signal.conversion_to(property).ok_or_else(|| {
        format!(
            "is in {:?}, the property in {:?}, which is another kind of quantity; give the \
             property a unit that {:?} converts to",
            signal.code(),
            property.code(),
            signal.code()
        )
    })
}

fn kind_name(kind: Kind) -> &'static str {
    match kind {
        Kind::Number(_) => "a number",
        Kind::Word => "a word",
        Kind::Items => "a list of items",
        Kind::Pose => "a pose",
    }
}

fn type_name(ty: &ValueType) -> &'static str {
    match ty {
        ValueType::Number => "a number",
        ValueType::Enumeration(_) => "an enumeration",
        ValueType::Text => "a text",
        ValueType::Pose => "a pose",
        ValueType::Items => "a list of items",
    }
}

/// The messages that an asset sends: those of its mappings for which blocks set signals.
pub fn publications_of(
    twin: &Twin,
    id: AssetId,
    spec: &Spec,
    wiring: &mut Wiring,
) -> Vec<Publication> {
    let Some(class) = twin.class_of(id) else { return Vec::new() };
    let asset = twin.asset(id);
    let types: Vec<_> =
        twin.properties_of(id).map(|property| twin.property(property).ty.clone()).collect();
    let mut publications = Vec::new();
    for mapping in &class.mappings {
        if let Err(reason) = can_be_written(&mapping.payload, &types) {
            let message = format!("the topic {} of {}: {reason}", mapping.topic.text, asset.path);
            wiring.mistakes.push((asset.name.to_string(), message));
            continue;
        }
        let one_each = mapping.topic.levels.contains(&TopicLevel::Property);
        let positions: Vec<u16> = match &mapping.payload {
            Payload::Document { fields, .. } => fields.iter().map(|field| field.property).collect(),
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
            let topic = topic(twin, id, mapping, &property);
            let shown_by = wiring.shown_by(taps.iter().map(|tap| tap.slot));
            publications.push(Publication {
                topic,
                mapping: Mapping {
                    payload: mapping.payload.filled(twin, id).into_owned(),
                    ..mapping.clone()
                },
                types: types.clone(),
                taps,
                period_us,
                next_us,
                batch: Vec::new(),
                shown_by,
            });
        }
    }
    publications
}

/// Whether a payload's format can hold all that a message states: values of these types, times and
/// qualities, each at its pointer.
fn can_be_written(payload: &Payload, types: &[ValueType]) -> Result<(), String> {
    let Payload::Document { format, fields, .. } = payload else { return Ok(()) };
    let reading = |field: &Field| {
        let value = sample_value(&types[usize::from(field.property)]);
        (field.property, Measured { value, quality: Quality::Good })
    };
    let instant = (Timestamp(0), fields.iter().map(reading).collect());
    (format.write)(&encode::document(payload, types, &[instant])).map(drop)
}

/// Some value of a type.
fn sample_value(ty: &ValueType) -> Value {
    match ty {
        ValueType::Number => Value::Number(1.5),
        ValueType::Enumeration(_) => Value::Enumeration(0),
        ValueType::Text => Value::Text("text".into()),
        ValueType::Pose => Value::Pose(Pose::IDENTITY),
        ValueType::Items => Value::Items([Item { id: 1, at_m: 1.5, stage: 0 }].into()),
    }
}

/// Where a property's value comes from; `None` (with a mistake noted) when no block sets it.
fn tap(twin: &Twin, id: AssetId, position: u16, spec: &Spec, wiring: &mut Wiring) -> Option<Tap> {
    let asset = twin.asset(id);
    let property = twin.property(twin.property_at(id, usize::from(position)));
    if !property.kind.comes_from_plant() {
        return None;
    }
    let name = format!("{}.{}", asset.name, property.name);
    let signal = spec.shows.get(&name).unwrap_or(&name);
    let Some((slot, kind)) = wiring.find(signal) else {
        if wiring.is_hidden(signal) {
            let message = format!("{signal:?} is hidden: no instrument measures it");
            wiring.mistakes.push((asset.name.to_string(), message));
            return None;
        }
        let near =
            wiring.nearest(signal).map(|near| format!("; nearest: {near:?}")).unwrap_or_default();
        let message =
            format!("no block sets {signal:?}, which the mapping of {} sends{near}", asset.path);
        wiring.mistakes.push((asset.name.to_string(), message));
        return None;
    };
    let fits = match (&property.ty, kind) {
        (ValueType::Number, Kind::Number(unit)) => conversion(unit, &property.unit),
        (ValueType::Enumeration(_), Kind::Word)
        | (ValueType::Items, Kind::Items)
        | (ValueType::Pose, Kind::Pose) => Ok((1.0, 0.0)),
        (ty, kind) => Err(format!(
            "is {}, the property {}; make the property like the signal",
            kind_name(kind),
            type_name(ty)
        )),
    };
    let (scale, offset) = match fits {
        Ok(conversion) => conversion,
        Err(wrong) => {
            let message = format!("the signal {signal:?} of {name} {wrong}");
            wiring.mistakes.push((asset.name.to_string(), message));
            return None;
        }
    };
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
        scale,
        offset,
        sigma: sigma.copied().unwrap_or(0.0),
        stream: noise::stream(&name),
        doubt,
    })
}
