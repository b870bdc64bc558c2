//! What of a message comes from which signal, and what the instrument between them makes of it.

pub mod transmitters;

use self::transmitters::Transmitter;
use super::Spec;
use super::board::{Acting, Board, Signal};
use super::encode::Measured;
use super::instrument::{Instrument, InstrumentSpec, Moment};
use super::places::entry;
use super::wiring::{Kind, Wiring};
use crate::twin::{AssetId, Property, Quality, Twin, Unit, Value, ValueType, nearest};

/// What a property is made from.
pub struct Tap {
    /// Of the property in its class.
    pub position: u16,
    /// Of the signal on the board.
    pub slot: usize,
    names: Vec<String>,
    /// The property is the signal × `scale` + `offset`: its unit may be another.
    scale: f64,
    offset: f64,
    /// What its number is computed from, where another property is measured.
    via: Option<Via>,
    /// What measures a number.
    pub instrument: Option<Instrument>,
    /// What its instrument told when blocks measure by it.
    told: Option<Acting>,
    doubt: Option<usize>,
}

/// A property of the same asset that is measured, and from which another is computed.
struct Via {
    /// Of its signal on the board.
    slot: usize,
    /// It is its signal × `scale` + `offset`.
    scale: f64,
    offset: f64,
    /// How the other one is shown.
    shown: InstrumentSpec,
}

/// Below this what is measured is nothing, and says nothing about what is computed from it.
const NOTHING: f64 = 1e-9;

impl Via {
    /// The property `of` of an asset, and what measures it; `None` where it has none that is a number.
    fn new(
        (twin, id): (&Twin, AssetId),
        spec: &Spec,
        of: &str,
        w: &mut Wiring,
    ) -> Option<(Self, Reading)> {
        let mut all = twin.properties_of(id).map(|id| twin.property(id));
        let other = all.find(|other| *other.name == *of && other.ty == ValueType::Number)?;
        let name = format!("{}.{of}", twin.asset(id).name);
        let class = twin.class_of(id).map(|class| &*class.name).unwrap_or_default();
        let stated = instrument_of(spec, &name, &format!("{class}.{of}"));
        let (slot, kind) = w.find(spec.shows.get(&name).unwrap_or(&name))?;
        let Kind::Number(unit) = kind else { return None };
        let (scale, offset) = conversion(unit, &other.unit).ok()?;
        let reading = Reading::new((slot, scale, offset), (stated, &name, other), w);
        Some((Self { slot, scale, offset, shown: InstrumentSpec::default() }, reading))
    }

    /// What is told of a true value, by what was told of the measured one.
    fn computed(&self, own: f64, told: f64, truth: f64) -> f64 {
        let share = if truth.abs() > NOTHING { told / truth } else { 1.0 };
        self.shown.show(own * share)
    }
}

/// What measures a signal.
struct Reading {
    instrument: Instrument,
    /// What it told when blocks measure by it.
    told: Option<Acting>,
}

impl Reading {
    fn new(
        (slot, scale, offset): (usize, f64, f64),
        (stated, name, property): (InstrumentSpec, &str, &Property),
        w: &mut Wiring,
    ) -> Self {
        let instrument = Instrument::new(stated, name, property, w);
        let told = w.transmits(slot, name).map(|(told, is_new)| {
            if is_new {
                let (unit, instrument, supply) = ((scale, offset), instrument.clone(), None);
                w.transmitters.push(Transmitter { slot, told, unit, instrument, supply });
            }
            told
        });
        Self { instrument, told }
    }
}

impl Tap {
    /// What an instrument measures; no value for a word that the property does not list.
    pub fn measure(&mut self, board: &Board, at: Moment) -> Measured {
        let value = match &board.signals[self.slot] {
            Signal::Number(number) => {
                let own = number * self.scale + self.offset;
                let (truth, scale, offset) = match &self.via {
                    Some(Via { slot, scale, offset, .. }) => {
                        (board.number(*slot) * scale + offset, *scale, *offset)
                    }
                    None => (own, self.scale, self.offset),
                };
                let told = match (self.told.and_then(|told| told.told(board)), &mut self.instrument)
                {
                    (Some(told), _) => told.map(|told| told * scale + offset),
                    (None, Some(instrument)) => instrument.tell(truth, board, at),
                    (None, None) => Some(truth),
                };
                let told = match &self.via {
                    Some(via) => told.map(|told| via.computed(own, told, truth)),
                    None => told,
                };
                // Six digits are more than any instrument has, and keep messages short.
                told.map(|told| Value::Number((told * 1e6).round() / 1e6))
            }
            Signal::Word(word) => self.position_of(word).map(Value::Enumeration),
            Signal::Items(items) => Some(Value::Items(items.clone())),
            Signal::Pose(pose) => Some(Value::Pose(*pose)),
        };
        let doubted = self.doubt.is_some_and(|slot| board.number(slot) > 0.5);
        let quality = if doubted { Quality::Uncertain } else { Quality::Good };
        Measured { value, quality }
    }

    fn position_of(&self, word: &str) -> Option<u16> {
        u16::try_from(self.names.iter().position(|name| name == word)?).ok()
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

/// Where a property's value comes from; `None` (with a mistake noted) when no block sets it.
pub fn tap(
    twin: &Twin,
    id: AssetId,
    position: u16,
    spec: &Spec,
    wiring: &mut Wiring,
) -> Option<Tap> {
    let asset = twin.asset(id);
    let property = twin.property(twin.property_at(id, usize::from(position)));
    if !property.kind.comes_from_plant() {
        return None;
    }
    let name = format!("{}.{}", asset.name, property.name);
    let signal = spec.shows.get(&name).unwrap_or(&name);
    let shown = spec.shows.contains_key(&name).then(|| entry(["shows", &name]));
    wiring.enter(shown);
    let Some((slot, kind)) = wiring.find(signal) else {
        if wiring.is_hushed(signal) {
            return None;
        }
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
    let measured = matches!(property.ty, ValueType::Number).then(|| {
        let own = instrument_of(spec, &name, &format!("{class}.{}", property.name));
        let of = own.of.as_deref().and_then(|of| Via::new((twin, id), spec, of, wiring));
        match of {
            Some((via, other)) => (Some(Via { shown: own, ..via }), other),
            None => (None, Reading::new((slot, scale, offset), (own, &name, property), wiring)),
        }
    });
    let (via, reading) = measured.map_or((None, None), |(via, reading)| (via, Some(reading)));
    let (instrument, told) =
        reading.map_or((None, None), |reading| (Some(reading.instrument), reading.told));
    let doubt = spec.doubtful.get(&name).and_then(|signal| Some(wiring.find(signal)?.0));
    let names = match &property.ty {
        ValueType::Enumeration(names) => names.to_vec(),
        _ => Vec::new(),
    };
    if kind == Kind::Word {
        check_words(&name, signal, wiring.words_of(slot), &names, wiring);
    }
    Some(Tap { position, slot, names, scale, offset, via, instrument, told, doubt })
}

/// Notes the words of a signal that its property does not list: they cannot be told.
fn check_words(
    property: &str,
    signal: &str,
    words: &[&str],
    names: &[impl AsRef<str>],
    wiring: &mut Wiring,
) {
    let is_listed = |word: &&&str| names.iter().any(|name| name.as_ref() == **word);
    let missing: Vec<String> =
        words.iter().filter(|word| !is_listed(word)).map(|word| format!("{word:?}")).collect();
    if missing.is_empty() {
        return;
    }
    let what = format!(
        "the signal {signal:?} can be {}, which the property {property} does not list: it has no value then; \
         add {} to its enumeration",
        missing.join(" or "),
        if missing.len() == 1 { "it" } else { "them" }
    );
    let word = signal.split('.').next().unwrap_or(signal).to_string();
    let entry = wiring.entry().cloned();
    wiring.notices.push((entry, word, what));
}

/// The instrument that the section states for a property, by `asset.property` or else by
/// `Class.property`; one without noise where it states none.
pub fn instrument_of(spec: &Spec, name: &str, of_class: &str) -> InstrumentSpec {
    let stated = |key: &str| {
        let noisy = || spec.noise.get(key).map(|noise| InstrumentSpec::noisy(*noise));
        spec.instruments.get(key).cloned().or_else(noisy)
    };
    stated(name).or_else(|| stated(of_class)).unwrap_or_default()
}

/// What is wrong with the instruments of a section: numbers that cannot be, and names that no property
/// of a twin has.
pub fn check_instruments(twin: &Twin, spec: &Spec, wiring: &mut Wiring) {
    for (name, instrument) in &spec.instruments {
        if let Err(what) = instrument.check() {
            wiring.mistakes.push((name.clone(), format!("the instrument {name:?}: {what}")));
        }
        if spec.noise.contains_key(name) {
            let what = format!("{name:?} is in `noise` and in `instruments`; leave it out of one");
            wiring.mistakes.push((name.clone(), what));
        }
    }
    let mut known = Vec::new();
    for id in twin.asset_ids() {
        let class = twin.class_of(id).map(|class| &*class.name).unwrap_or_default();
        for property in twin.properties_of(id).map(|property| twin.property(property)) {
            known.push(format!("{}.{}", twin.asset(id).name, property.name));
            known.push(format!("{class}.{}", property.name));
        }
    }
    // A section alone has no assets, and says nothing about names.
    if known.is_empty() {
        return;
    }
    for name in spec.instruments.keys().filter(|name| !known.contains(name)) {
        let near = nearest(name, known.iter().map(String::as_str));
        let near = near.map(|near| format!("; nearest: {near:?}")).unwrap_or_default();
        let what = format!(
            "no asset has the property {name:?}{near}; an instrument is named Class.property or \
             asset.property"
        );
        wiring.mistakes.push((name.clone(), what));
    }
    check_shared(twin, spec, wiring);
}

/// Notes instruments that are to be those of a property which is not there, or has no range to compare.
fn check_shared(twin: &Twin, spec: &Spec, wiring: &mut Wiring) {
    for id in twin.asset_ids() {
        let class = twin.class_of(id).map(|class| &*class.name).unwrap_or_default();
        let own =
            |name: &str| [format!("{}.{name}", twin.asset(id).name), format!("{class}.{name}")];
        for property in twin.properties_of(id).map(|property| twin.property(property)) {
            let entry = own(&property.name).into_iter().find_map(|key| {
                let of = spec.instruments.get(&key)?.of.clone()?;
                Some((key, of))
            });
            let Some((key, of)) = entry else { continue };
            let is_number = |name: &str| {
                let mut all = twin.properties_of(id).map(|id| twin.property(id));
                all.any(|one| *one.name == *name && one.ty == ValueType::Number)
            };
            let names = || twin.properties_of(id).map(|id| &*twin.property(id).name);
            let chained = own(&of).iter().any(|key| {
                spec.instruments.get(key).is_some_and(|instrument| instrument.of.is_some())
            });
            let what = if !names().any(|name| *name == *of) {
                let near = nearest(&of, names());
                let near = near.map(|near| format!("; nearest: {near:?}")).unwrap_or_default();
                format!("`of` is {of:?}, which {} does not have{near}", twin.asset(id).name)
            } else if chained {
                format!(
                    "`of` is {of:?}, which has an `of` itself; name the property that is measured"
                )
            } else if *of == *property.name || !is_number(&of) {
                format!(
                    "`of` is {of:?}; expected another property that is a number and is measured"
                )
            } else {
                continue;
            };
            let wrong = (key.clone(), format!("the instrument {key:?}: {what}"));
            if !wiring.mistakes.iter().any(|mistake| mistake.1 == wrong.1) {
                wiring.mistakes.push(wrong);
            }
        }
    }
}

#[cfg(test)]
mod tests;
