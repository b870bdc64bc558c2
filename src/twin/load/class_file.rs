//! A class while its file is read: what it has so far, found by name.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::super::definition::{Class, Property};
use super::super::mapping::{Mapping, Payload};
use super::read::{At, Cx, Fields};

/// Properties of a class at most: mappings and bindings know them by 16 bits, and bindings may add
/// some.
pub(super) const MOST_PROPERTIES: usize = 65_000;

/// A `{word}` of a class's topic or label, to be checked for each asset.
#[derive(Clone)]
pub(super) struct Word<'a> {
    pub place: At<'a>,
    pub word: String,
    /// A label shows properties too.
    pub in_label: bool,
}

/// A class and what is needed to check its instances.
pub(super) struct ClassFile<'a> {
    pub class: Class,
    pub words: Vec<Word<'a>>,
    /// What it extends, the most general first, and itself.
    pub layers: Vec<Fields<'a>>,
    /// Where each mapping of the class is stated.
    pub mappings: Vec<At<'a>>,
    /// Where a property is stated, as far as that is known.
    pub stated: HashMap<Arc<str>, At<'a>>,
    /// Places of the properties by their names.
    places: HashMap<Arc<str>, usize>,
    /// Place of the first integral of a property, by that.
    integrals: HashMap<u16, usize>,
    /// Properties that are read from a topic, by its template.
    carried: HashMap<String, HashSet<u16>>,
}

impl<'a> ClassFile<'a> {
    /// A class as it is so far, with the words to check and the places of its mappings.
    pub(super) fn new(class: Class, words: Vec<Word<'a>>, mappings: Vec<At<'a>>) -> Self {
        let names = class.properties.iter().map(|property| property.name.clone());
        let places = names.zip(0..).collect();
        let mut file = Self {
            class,
            words,
            mappings,
            layers: Vec::new(),
            stated: HashMap::new(),
            places,
            integrals: HashMap::new(),
            carried: HashMap::new(),
        };
        for at in 0..file.class.properties.len() {
            file.note_integral(at);
        }
        for at in 0..file.class.mappings.len() {
            let Mapping { topic, payload, .. } = &file.class.mappings[at];
            carry(&mut file.carried, &topic.text, payload);
        }
        file
    }

    /// Position of the named property among the class's.
    pub(super) fn place(&self, name: &str) -> Option<usize> {
        self.places.get(name).copied()
    }

    /// Position of the integral of the property at a position, where there is one.
    pub(super) fn integral(&self, of: usize) -> Option<usize> {
        self.integrals.get(&(of as u16)).copied()
    }

    /// Notes that the property at a position may be an integral now.
    pub(super) fn note_integral(&mut self, at: usize) {
        if let Some(integral) = self.class.properties[at].integral_of {
            self.integrals.entry(integral.property).or_insert(at);
        }
    }

    /// Position of the property that is named there.
    pub(super) fn property(&self, cx: &Cx, at: At) -> Option<usize> {
        let name = cx.text(at)?;
        let found = self.place(&name);
        if found.is_none() {
            let names = self.class.properties.iter().map(|property| &*property.name);
            cx.unknown(at, "property", &name, names);
        }
        found
    }

    /// Adds a property, or takes the place of the one with its name.
    pub(super) fn set_property(&mut self, property: Property) {
        let next = self.class.properties.len();
        let place = *self.places.entry(property.name.clone()).or_insert(next);
        match self.class.properties.get_mut(place) {
            Some(known) => *known = Arc::new(property),
            None => self.class.properties.push(Arc::new(property)),
        }
        self.note_integral(place);
    }

    /// Adds a mapping that is stated there; `true` when another one reads one of its properties from the same topic.
    pub(super) fn add_mapping(&mut self, mapping: Mapping, at: At<'a>) -> bool {
        let is_first = carry(&mut self.carried, &mapping.topic.text, &mapping.payload);
        self.class.mappings.push(mapping);
        self.mappings.push(at);
        !is_first
    }
}

/// Notes what a payload carries; `false` when some of that was carried before.
fn carry(carried: &mut HashMap<String, HashSet<u16>>, topic: &str, payload: &Payload) -> bool {
    let properties: Vec<u16> = match payload {
        Payload::Scalar { property, .. } => property.iter().copied().collect(),
        Payload::Document { fields, .. } => fields.iter().map(|field| field.property).collect(),
    };
    let known = carried.entry(topic.to_owned()).or_default();
    let properties: HashSet<u16> = properties.into_iter().collect();
    let is_first = known.is_disjoint(&properties);
    known.extend(properties);
    is_first
}
