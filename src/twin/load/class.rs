//! Classes and their properties.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::super::definition::{
    Class, DisplayUnit, IntegralOf, Interpolation, Limits, Property, PropertyKind,
};
use super::super::tree::Kind;
use super::super::unit::Unit;
use super::super::{Beyond, ValueType};
use super::class_file::{ClassFile, MOST_PROPERTIES};
use super::read::{At, Candidates, Cx, Fields};
use super::{binding, mapping, wiring, write};

const CLASS: [&str; 7] =
    ["title", "extends", "model", "behaviour", "properties", "mappings", "bindings"];
const PROPERTY: [&str; 18] = [
    "title",
    "description",
    "kind",
    "type",
    "unit",
    "display_unit",
    "decimals",
    "range",
    "low_alarm",
    "low_warning",
    "high_warning",
    "high_alarm",
    "warning_values",
    "alarm_values",
    "interval",
    "interpolation",
    "integral_of",
    "write",
];
const LIMITS: [&str; 4] = ["low_alarm", "low_warning", "high_warning", "high_alarm"];

/// Classes that extend each other in a row: each is read with all that it extends.
const MOST_EXTENDED: usize = 64;

/// Properties, mappings and bindings that all classes together take over from those that they extend, at
/// most: each of thousands of classes of a few words may extend one of thousands.
const MOST_PARTS: usize = 300_000;

/// Names of an enumeration at most.
const MOST_NAMES: usize = 4_096;

/// A class as it stands in the file.
struct Stated<'a> {
    name: String,
    fields: Fields<'a>,
    base: Option<String>,
}

/// All classes, those that others extend first.
pub(super) fn classes<'a>(cx: &Cx<'a>, entries: &[(At<'a>, At<'a>)]) -> Vec<ClassFile<'a>> {
    let mut stated: Vec<Stated> = Vec::new();
    let mut places: HashMap<String, usize> = HashMap::new();
    for (key, value) in entries {
        let (Some(name), Some(fields)) = (cx.name(*key), cx.fields(*value, "a class", &CLASS))
        else {
            continue;
        };
        if places.contains_key(&name) {
            cx.error(*key, format!("class `{name}` is stated twice"));
            continue;
        }
        places.insert(name.clone(), stated.len());
        let base = fields.get("extends").and_then(|at| cx.text(at));
        stated.push(Stated { name, fields, base });
    }
    let names = Candidates::new(stated.iter().map(|one| one.name.as_str()));
    let mut done: Vec<ClassFile> = Vec::new();
    let mut progress = vec![Progress::Open; stated.len()];
    let (mut parts, mut is_full) = (0, false);
    for start in 0..stated.len() {
        // From the class to what it extends, as far as that is not done.
        let mut chain = Vec::new();
        let mut at = Some(start);
        while let Some(number) = at {
            let Stated { name, fields, base } = &stated[number];
            let refuse = |message: String| {
                if let Some(place) = fields.get("extends") {
                    cx.error(place, message);
                }
            };
            match progress[number] {
                Progress::Done(_) => break,
                Progress::Followed => {
                    refuse(format!("class `{name}` extends itself, by way of this"));
                    break;
                }
                Progress::Open => progress[number] = Progress::Followed,
            }
            chain.push(number);
            at = base.as_ref().and_then(|base| {
                let found = places.get(base).copied();
                if let (None, Some(place)) = (found, fields.get("extends")) {
                    cx.unknown_of(place, "class", base, &names);
                }
                found
            });
        }
        for number in chain.into_iter().rev() {
            let Stated { name, fields, base } = &stated[number];
            let base = base.as_ref().and_then(|base| places.get(base));
            let mut base = base.and_then(|base| match progress[*base] {
                Progress::Done(at) => Some(&done[at]),
                // Known all the same, so that its instances are not reported as well.
                Progress::Open | Progress::Followed => None,
            });
            if base.is_some_and(|base| base.layers.len() >= MOST_EXTENDED) {
                let message =
                    format!("class `{name}` extends more than {MOST_EXTENDED} others in a row");
                if let Some(place) = fields.get("extends") {
                    cx.error(place, message);
                }
                base = None;
            }
            parts += base.map_or(0, |base| {
                let Class { properties, mappings, bindings, .. } = &base.class;
                properties.len() + mappings.len() + bindings.len()
            });
            if base.is_some() && parts > MOST_PARTS {
                // Once: what follows is as many words of the same.
                if let (false, Some(place)) = (is_full, fields.get("extends")) {
                    cx.error(
                        place,
                        format!(
                            "all classes together take over more than {MOST_PARTS} properties, mappings and bindings from those that they extend"
                        ),
                    );
                }
                is_full = true;
                base = None;
            }
            let class = class(cx, name, fields, base);
            progress[number] = Progress::Done(done.len());
            done.push(class);
        }
    }
    done
}

/// How far a class has been read.
#[derive(Clone, Copy)]
enum Progress {
    Open,
    /// One that is to be read first is being sought.
    Followed,
    /// At this place among those that are read.
    Done(usize),
}

/// A class is what it extends and its own, read together: a property that is stated anew is so for
/// the mappings and bindings of the base as well.
fn class<'a>(
    cx: &Cx<'a>,
    name: &str,
    fields: &Fields<'a>,
    base: Option<&ClassFile<'a>>,
) -> ClassFile<'a> {
    let mut layers = base.map_or_else(Vec::new, |base| base.layers.clone());
    layers.push(*fields);
    let title = fields.get("title").and_then(|at| cx.text(at));
    let class = Class {
        name: name.into(),
        title: title.unwrap_or_else(|| name.to_owned()),
        behaviour: None,
        model: None,
        properties: Vec::new(),
        mappings: Vec::new(),
        bindings: Vec::new(),
    };
    let mut file = ClassFile::new(class, Vec::new(), Vec::new());
    properties(cx, &latest(cx, &layers), &mut file);
    for layer in &layers {
        extend_own(cx, layer, &mut file);
    }
    file.layers = layers;
    file
}

/// The properties of all layers, each as it was stated last: a class's own before what it extends,
/// since they say most of what it is.
fn latest<'a>(cx: &Cx<'a>, layers: &[Fields<'a>]) -> Vec<(At<'a>, At<'a>)> {
    let mut entries: Vec<(At, At)> = Vec::new();
    // By name: the layer that stated it last, and its place.
    let mut places: HashMap<&str, (usize, usize)> = HashMap::new();
    for (depth, layer) in layers.iter().rev().enumerate() {
        for (key, value) in layer.get("properties").and_then(|at| cx.map(at)).into_iter().flatten()
        {
            // What is no name is reported when it is read.
            let (by, place) = match &key.node.kind {
                Kind::Text(name) => *places.entry(name).or_insert((depth, entries.len())),
                _ => (depth, entries.len()),
            };
            match entries.get_mut(place) {
                Some(entry) if by == depth => *entry = (key, value),
                Some(_) => {}
                None => entries.push((key, value)),
            }
        }
    }
    entries
}

/// Adds the model, mappings and bindings of these fields to a class.
pub(super) fn extend_own<'a>(cx: &Cx<'a>, fields: &Fields<'a>, file: &mut ClassFile<'a>) {
    if let Some(at) = fields.get("model") {
        file.class.model = cx.model(at);
    }
    if let Some(at) = fields.get("behaviour") {
        file.class.behaviour = wiring::role(cx, at).map(Arc::new);
    }
    for at in fields.get("mappings").and_then(|at| cx.list(at)).unwrap_or_default() {
        mapping::mapping(cx, at, file);
    }
    for at in fields.get("bindings").and_then(|at| cx.list(at)).unwrap_or_default() {
        binding::binding(cx, at, file);
    }
}

pub(super) fn properties<'a>(cx: &Cx<'a>, entries: &[(At<'a>, At<'a>)], file: &mut ClassFile<'a>) {
    if let Some((key, _)) = entries.get(MOST_PROPERTIES) {
        let message = format!("a class has no more than {MOST_PROPERTIES} properties");
        cx.error(*key, message);
        return;
    }
    let mut integrals = Vec::new();
    for (key, value) in entries {
        let (Some(name), Some(fields)) =
            (cx.name(*key), cx.fields(*value, "a property", &PROPERTY))
        else {
            continue;
        };
        let mut property = property(cx, &name, &fields);
        property.write = fields.get("write").and_then(|at| write::write(cx, at, &property, file));
        file.stated.insert(property.name.clone(), *key);
        file.set_property(property);
        if let Some(of) = fields.get("integral_of") {
            integrals.push((name, of, fields));
        }
    }
    for (name, of, fields) in integrals {
        if let (Some(source), Some(position)) = (file.property(cx, of), file.place(&name)) {
            integral(cx, &mut file.class, position, source, &fields);
            file.note_integral(position);
        }
    }
}

/// Makes the property at `position` the integral of that at `of`.
fn integral(cx: &Cx, class: &mut Class, position: usize, of: usize, fields: &Fields) {
    let source = class.properties[of].clone();
    let Some(at) = fields.get("integral_of") else { return };
    if position == of || source.ty != ValueType::Number || source.integral_of.is_some() {
        cx.error(at, format!("`{}` is not a number that can be integrated", source.name));
        return;
    }
    let Some((mut unit, mut per_second)) = source.unit.integral() else {
        cx.error(
            at,
            format!(
                "`{}` has a unit that cannot be integrated: {}",
                source.name,
                source.unit.code()
            ),
        );
        return;
    };
    let mut property = Property::clone(&class.properties[position]);
    if fields.get("unit").is_some() {
        match unit.conversion_to(&property.unit) {
            Some((scale, 0.0)) => {
                per_second *= scale;
                unit = property.unit.clone();
            }
            _ => cx.error(
                at,
                format!(
                    "the integral of `{}` is in {}, which does not convert to {}",
                    source.name,
                    unit.code(),
                    property.unit.code()
                ),
            ),
        }
    }
    property.display = DisplayUnit::same(unit.clone());
    property.unit = unit;
    display_unit(cx, fields, &mut property);
    property.kind = PropertyKind::Derived;
    property.interval = property.interval.or(source.interval);
    property.integral_of = Some(IntegralOf { property: of as u16, per_second });
    class.properties[position] = Arc::new(property);
}

fn property(cx: &Cx, name: &str, fields: &Fields) -> Property {
    use PropertyKind::{Derived, Estimate, Measurement, Setpoint};
    let kinds = [
        ("measurement", Measurement),
        ("setpoint", Setpoint),
        ("estimate", Estimate),
        ("derived", Derived),
    ];
    let kind = fields.get("kind").and_then(|at| cx.choice(at, "kind", &kinds)).unwrap_or_default();
    let ty = fields.get("type").and_then(|at| value_type(cx, at)).unwrap_or(ValueType::Number);
    let unit = fields.get("unit").and_then(|at| cx.unit(at)).unwrap_or_default();
    let ways = [("linear", Interpolation::Linear), ("step", Interpolation::Step)];
    let stepwise = matches!(ty, ValueType::Enumeration(_) | ValueType::Text) || kind == Setpoint;
    let usual = if stepwise { Interpolation::Step } else { Interpolation::Linear };
    if let (true, Some(at)) = (ty != ValueType::Number, fields.get("unit")) {
        cx.error(at, "only a number has a unit");
    }
    if let (Derived, None) = (kind, fields.get("integral_of")) {
        cx.error(fields.at, "a derived property says `integral_of`");
    }
    let mut property = Property {
        name: name.into(),
        title: in_words(name),
        description: String::new(),
        kind,
        ty,
        display: DisplayUnit::same(unit.clone()),
        unit,
        decimals: None,
        range: None,
        limits: Limits::default(),
        states: Arc::default(),
        interval: None,
        interpolation: fields
            .get("interpolation")
            .and_then(|at| cx.choice(at, "interpolation", &ways))
            .unwrap_or(usual),
        integral_of: None,
        write: None,
    };
    // The unit of an integral follows from its source, which may come later in the file.
    if fields.get("integral_of").is_none() {
        display_unit(cx, fields, &mut property);
    }
    refine(cx, fields, &mut property);
    property
}

/// The unit in which people read a property.
fn display_unit(cx: &Cx, fields: &Fields, property: &mut Property) {
    let Some(at) = fields.get("display_unit") else { return };
    let Some(unit) = cx.unit(at) else { return };
    let (from, to) = (property.unit.code().to_owned(), unit.code().to_owned());
    match DisplayUnit::converted(&property.unit, unit) {
        Some(display) => property.display = display,
        None => cx.error(at, format!("{from} does not convert to {to}")),
    }
}

/// The fields that an asset may state in its own way.
fn refine(cx: &Cx, fields: &Fields, property: &mut Property) {
    if let Some(title) = fields.get("title").and_then(|at| cx.text(at)) {
        property.title = title;
    }
    if let Some(text) = fields.get("description").and_then(|at| cx.text(at)) {
        property.description = text;
    }
    if let Some(at) = fields.get("decimals") {
        property.decimals = cx.whole(at, 0, 9).map(|decimals| decimals as u8);
    }
    if let Some(at) = fields.get("range") {
        property.range = cx.range(at);
    }
    if let Some(at) = fields.get("interval") {
        property.interval = cx.duration(at);
    }
    let limits = &mut property.limits;
    let slots = [
        &mut limits.low_alarm,
        &mut limits.low_warning,
        &mut limits.high_warning,
        &mut limits.high_alarm,
    ];
    let mut below: Option<(&str, f64)> = None;
    for (name, slot) in LIMITS.into_iter().zip(slots) {
        if let Some(at) = fields.get(name) {
            if property.ty != ValueType::Number {
                cx.error(at, no_limits(&property.name, &property.ty));
                continue;
            }
            *slot = cx.number(at);
            if let (Some((low, high)), Some(limit)) = (property.range, *slot)
                && !(low..=high).contains(&limit)
            {
                let message = format!("`{name}` ({limit}) is outside the range ({low}, {high})");
                cx.warning(at, message);
            }
            if let (Some((other, low)), Some(high)) = (below, *slot)
                && high <= low
            {
                cx.error(at, format!("`{name}` ({high}) is not above `{other}` ({low})"));
            }
        }
        below = slot.map(|value| (name, value)).or(below);
    }
    states(cx, fields, property);
}

/// Why a property that is no number has no limits, and what it may state instead.
fn no_limits(name: &str, ty: &ValueType) -> String {
    let instead = match ty {
        ValueType::Enumeration(_) => "; state `alarm_values` or `warning_values`",
        _ => "",
    };
    format!("`{name}` is no number, and only a number has limits{instead}")
}

/// Which values of an enumeration or a boolean are abnormal. A list that is stated anew replaces that of
/// its kind; a value stands in one list.
fn states(cx: &Cx, fields: &Fields, property: &mut Property) {
    let lists = [("warning_values", Beyond::Warning), ("alarm_values", Beyond::Alarm)]
        .map(|(name, beyond)| fields.get(name).map(|at| (name, beyond, at)));
    let Some((name, _, at)) = lists.iter().flatten().next() else { return };
    let ValueType::Enumeration(names) = &property.ty else {
        let limits = if property.ty == ValueType::Number { "; state limits" } else { "" };
        cx.error(*at, format!("only an enumeration or a boolean has `{name}`{limits}"));
        return;
    };
    let mut states = property.states.to_vec();
    states.resize(names.len(), Beyond::None);
    for (_, beyond, _) in lists.iter().flatten() {
        states.iter_mut().filter(|state| *state == beyond).for_each(|state| *state = Beyond::None);
    }
    let mut stated = vec![false; names.len()];
    for (_, beyond, at) in lists.into_iter().flatten() {
        for value in cx.list(at).unwrap_or_default() {
            let index = mapping::enumeration_index(cx, value, &property.ty, &property.name);
            let Some(index) = index.map(usize::from) else { continue };
            if std::mem::replace(&mut stated[index], true) {
                cx.error(value, format!("`{}` is stated twice", names[index]));
            }
            states[index] = beyond;
        }
    }
    property.states = states.into();
}

/// An asset's own view of a property of its class.
pub(super) fn refined<'a>(cx: &Cx<'a>, at: At<'a>, property: &Property) -> Option<Property> {
    let fields = cx.fields(at, "a property", &PROPERTY)?;
    for fixed in ["kind", "type", "unit", "interpolation", "integral_of", "write"] {
        if let Some(at) = fields.get(fixed) {
            cx.error(at, format!("`{fixed}` is fixed by the class; extend the class for another"));
        }
    }
    let mut own = property.clone();
    display_unit(cx, &fields, &mut own);
    refine(cx, &fields, &mut own);
    Some(own)
}

fn value_type(cx: &Cx, at: At) -> Option<ValueType> {
    if let Kind::Tuple(Some(name), items) = &at.node.kind
        && name.text == "enumeration"
        && items.len() == 1
    {
        let names = cx.list(at.to(&items[0]))?;
        let names: Vec<String> = names.into_iter().filter_map(|at| cx.text(at)).collect();
        if names.len() > MOST_NAMES {
            cx.error(at, format!("an enumeration has no more than {MOST_NAMES} names"));
            return None;
        }
        let mut known = HashSet::new();
        match names.iter().find(|name| !known.insert(*name)) {
            Some(name) => cx.error(at, format!("`{name}` is stated twice")),
            None if names.is_empty() => cx.error(at, "an enumeration has at least one name"),
            None => {}
        }
        return Some(ValueType::Enumeration(names.into()));
    }
    let Kind::Name(name) = &at.node.kind else {
        return cx.wrong(at, "number, boolean, enumeration([…]), text, pose or items");
    };
    let types = ["number", "boolean", "enumeration", "text", "pose", "items"];
    match name.as_str() {
        "number" => Some(ValueType::Number),
        "boolean" => Some(ValueType::Enumeration(["false".to_owned(), "true".to_owned()].into())),
        "text" => Some(ValueType::Text),
        "pose" => Some(ValueType::Pose),
        "items" => Some(ValueType::Items),
        "enumeration" => cx.wrong(at, "the names too: enumeration([\"stopped\", \"running\"])"),
        _ => {
            cx.unknown(at, "type", name, types);
            None
        }
    }
}

/// Position of the integral of a property, which is added where the class has none.
pub(super) fn integral_position(
    file: &mut ClassFile,
    of: usize,
    unit: &Unit,
    per_second: f64,
) -> usize {
    if let Some(found) = file.integral(of) {
        return found;
    }
    let source = &file.class.properties[of];
    let word = if unit.code() == "m" { "distance" } else { "turns" };
    let mut name = format!("{}_{word}", source.name);
    while file.place(&name).is_some() {
        name.push('_');
    }
    let integral = Property {
        title: in_words(&name),
        name: name.into(),
        description: String::new(),
        kind: PropertyKind::Derived,
        ty: ValueType::Number,
        unit: unit.clone(),
        display: DisplayUnit::same(unit.clone()),
        decimals: None,
        range: None,
        limits: Limits::default(),
        states: Arc::default(),
        interval: source.interval,
        interpolation: Interpolation::Linear,
        integral_of: Some(IntegralOf { property: of as u16, per_second }),
        write: None,
    };
    file.set_property(integral);
    file.class.properties.len() - 1
}

fn in_words(name: &str) -> String {
    let words = name.replace('_', " ");
    let mut chars = words.chars();
    match chars.next() {
        Some(first) => first.to_uppercase().chain(chars).collect(),
        None => words,
    }
}
