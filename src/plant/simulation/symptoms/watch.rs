//! The messages of two plants compared: what tells first that they are not the same.
//!
//! A number is visible when it is more than five deviations of its instrument's noise, with that of its
//! steps, from the sound plant's; one without noise when it is more than a hundredth of its range away.
//! A value that is missing and a stamp that is more than a second off are visible at once. Words, whole numbers
//! without noise and messages that do not come must stay so for a second, and count from when they began. Places of
//! bottles and crates, and poses, are no instruments' and are left out.

use std::collections::BTreeMap;

use crate::plant::simulation::instrument::InstrumentSpec;
use crate::plant::simulation::tap::instrument_of;
use crate::plant::simulation::{Message, read};
use crate::telemetry::{Batch, Decoder, Update};
use crate::twin::{PropertyId, Timestamp, Twin, Value};

/// When the plants start: noon on the first of March 2026. Stamps near 1970 would be doubted.
pub const START: Timestamp = Timestamp(1_772_366_400_000_000);
/// A number is visible when it is away by this many deviations of its instrument's noise.
const VISIBLE: f64 = 5.0;
/// One without noise when it is away by this share of its range.
const SHARE: f64 = 0.01;
/// A stamp is wrong when it is off by this, s.
const STAMP_S: f64 = 1.0;
/// What must stay so to be visible stays for this long, µs.
const STAYS_US: i64 = 1_000_000;

/// The instruments of a twin, and how its messages are read.
pub struct Instruments<'a> {
    twin: &'a Twin,
    decoder: Decoder,
    /// By property.
    specs: Vec<InstrumentSpec>,
}

/// What shows that a plant is not sound.
#[derive(Clone, Debug, PartialEq)]
pub struct Symptom {
    /// When it is visible, since the fault came, µs.
    pub at_us: i64,
    /// `Class.property`; `itself` for the very instrument that has the fault, `silence` and `stamp` for messages.
    pub what: String,
    /// It is one of the machine that has the fault.
    is_own: bool,
    /// It is a word.
    is_word: bool,
    /// How many times further away than what is just visible.
    times: f64,
}

/// A difference between two messages.
struct Difference {
    /// `None`: of the message as a whole.
    property: Option<PropertyId>,
    symptom: Symptom,
    /// It is visible only when it stays.
    must_stay: bool,
}

impl<'a> Instruments<'a> {
    /// Those of a twin with a section.
    pub fn new(twin: &'a Twin) -> Self {
        let spec = read(twin.simulation.as_ref().expect("a section")).expect("a good section");
        let of = |id: PropertyId| {
            let (owner, property) = (twin.owner(id), &twin.property(id).name);
            let class = twin.class_of(owner).map(|class| &*class.name).unwrap_or_default();
            let name = format!("{}.{property}", twin.asset(owner).name);
            instrument_of(&spec, &name, &format!("{class}.{property}"))
        };
        Self { twin, decoder: Decoder::new(twin), specs: twin.property_ids().map(of).collect() }
    }

    fn read(&self, message: &Message) -> Vec<Update> {
        let mut batch = Batch::default();
        self.decoder.decode(&message.topic, &message.payload, START, &mut batch);
        batch.updates
    }

    /// How many times further apart than what is just visible two values are, and whether that must
    /// stay so; `None` where it is not visible.
    fn apart(&self, id: PropertyId, sound: &Value, told: &Value) -> Option<(f64, bool)> {
        let spec = &self.specs[id.0 as usize];
        match (sound, told) {
            (Value::Number(sound), Value::Number(told)) => {
                let relative = spec.relative * sound;
                let step = spec.resolution / 12f64.sqrt();
                let sigma = (spec.noise * spec.noise + relative * relative + step * step).sqrt();
                let range = self.twin.property(id).range.map(|(low, high)| (high - low).abs());
                let is_count = sigma == 0.0 && sound.fract() == 0.0 && told.fract() == 0.0;
                let just = if sigma > 0.0 {
                    VISIBLE * sigma
                } else if is_count {
                    0.5
                } else {
                    SHARE * range.unwrap_or(sound.abs().max(1.0))
                };
                let times = (told - sound).abs() / just;
                (times > 1.0).then_some((times, is_count))
            }
            (Value::Enumeration(_) | Value::Text(_), _) => (sound != told).then_some((1.0, true)),
            _ => None,
        }
    }
}

/// Looks for the first symptom of a fault.
pub struct Watch<'a> {
    known: &'a Instruments<'a>,
    /// What has the fault: a machine, its axis, or an instrument.
    on: String,
    best: Option<Symptom>,
    /// What is visible when it stays: by topic and property.
    pending: BTreeMap<(String, Option<PropertyId>), Symptom>,
}

impl<'a> Watch<'a> {
    /// Of a fault of a machine or an instrument.
    pub fn new(known: &'a Instruments<'a>, on: &str) -> Self {
        Self { known, on: on.to_string(), best: None, pending: BTreeMap::new() }
    }

    /// Takes in what both have sent in a step, so many µs after the fault came; gives the first symptom
    /// when it is sure.
    pub fn look(&mut self, at_us: i64, sound: &[Message], sent: &[Message]) -> Option<Symptom> {
        for (at, expected) in sound.iter().enumerate() {
            let same = |message: &&Message| message.topic == expected.topic;
            let came = sent.get(at).filter(same).or_else(|| sent.iter().rfind(same));
            let differences = match came {
                Some(came) if came.payload == expected.payload => Vec::new(),
                Some(came) => self.differences(at_us, expected, came),
                None if self.known.read(expected).is_empty() => Vec::new(),
                None => vec![self.difference(at_us, None, "silence", (1.0, true))],
            };
            self.take_in(at_us, &expected.topic, differences);
        }
        let best = self.best.as_ref()?;
        self.pending.values().all(|waits| waits.at_us > best.at_us).then(|| best.clone())
    }

    fn take_in(&mut self, at_us: i64, topic: &str, differences: Vec<Difference>) {
        if !self.pending.is_empty() {
            let lasts = |id| differences.iter().any(|d| d.must_stay && d.property == id);
            self.pending.retain(|(of, id), _| of != topic || lasts(*id));
        }
        for Difference { property, symptom, must_stay } in differences {
            if !must_stay {
                self.offer(symptom);
                continue;
            }
            let key = (topic.to_string(), property);
            let since_us = self.pending.entry(key.clone()).or_insert(symptom).at_us;
            if at_us - since_us >= STAYS_US
                && let Some(sure) = self.pending.remove(&key)
            {
                self.offer(sure);
            }
        }
    }

    /// The earlier one counts; of several at the same time one of the machine that has the fault, then a
    /// word, then the one that is further away.
    fn offer(&mut self, symptom: Symptom) {
        let rank = |s: &Symptom| (-s.at_us, s.is_own, s.is_word);
        let is_better = self.best.as_ref().is_none_or(|best| {
            rank(&symptom) > rank(best)
                || rank(&symptom) == rank(best) && symptom.times > best.times
        });
        if is_better {
            self.best = Some(symptom);
        }
    }

    fn difference(
        &self,
        at_us: i64,
        property: Option<PropertyId>,
        what: &str,
        (times, must_stay): (f64, bool),
    ) -> Difference {
        let twin = self.known.twin;
        let (mut what, mut is_own, mut is_word) = (what.to_string(), true, false);
        if let Some(id) = property {
            let owner = twin.owner(id);
            let (asset, name) = (&twin.asset(owner).name, &twin.property(id).name);
            let class = twin.class_of(owner).map(|class| &*class.name).unwrap_or_default();
            is_own = self.on.split('.').next() == Some(&**asset);
            is_word = must_stay && !matches!(twin.property(id).ty, crate::twin::ValueType::Number);
            what = if self.on == format!("{asset}.{name}") {
                "itself".into()
            } else {
                format!("{class}.{name}")
            };
        }
        Difference { property, symptom: Symptom { at_us, what, is_own, is_word, times }, must_stay }
    }

    fn differences(&self, at_us: i64, expected: &Message, came: &Message) -> Vec<Difference> {
        let (expected, came) = (self.known.read(expected), self.known.read(came));
        let mut differences = Vec::new();
        for (at, sound) in expected.iter().enumerate() {
            let id = sound.property;
            // A message may hold several instants: each is compared with the one of the same place.
            let same = |told: &&Update| told.property == id;
            let told = came.get(at).filter(same).or_else(|| came.iter().find(same));
            let Some(told) = told else {
                // A word that the property does not know is not told.
                differences.push(self.difference(at_us, Some(id), "", (1.0, true)));
                continue;
            };
            let off_s = match (sound.time, told.time) {
                (Some(sound), Some(told)) => told.seconds_since(sound).abs(),
                _ => 0.0,
            };
            if off_s > STAMP_S {
                differences.push(self.difference(at_us, None, "stamp", (off_s, false)));
            }
            let apart = match (&sound.value, &told.value) {
                (Some(sound), Some(told)) => self.known.apart(id, sound, told),
                (None, None) => None,
                _ => Some((1.0, false)),
            };
            differences.extend(apart.map(|apart| self.difference(at_us, Some(id), "", apart)));
        }
        differences
    }
}
