//! What topics mean once the assets are known: which would carry the values of others, and what none carries.

use std::collections::{HashMap, HashSet};

use super::super::super::definition::{AssetId, ClassId, Twin};
use super::super::super::mapping::{Mapping, Payload, TopicLevel, TopicPart};
use super::super::read::{At, Cx};
use super::Stated;

/// Pairs of topics that are compared for overlap at most: a plant has few kinds of topics.
const MOST_COMPARED: usize = 1_000_000;

/// Checks the topics of all classes that have assets; `stated` is by class.
pub(super) fn check(cx: &Cx, twin: &Twin, stated: &[Stated]) {
    let mut of_class: Vec<Vec<AssetId>> = vec![Vec::new(); twin.classes.len()];
    for (number, asset) in twin.assets.iter().enumerate() {
        if let Some(ClassId(class)) = asset.class {
            of_class[class as usize].push(AssetId(number as u32));
        }
    }
    shared(cx, twin, stated, &of_class);
    overlapping(cx, twin, stated, &of_class);
    if twin.classes.iter().any(|class| !class.mappings.is_empty()) {
        unfilled(cx, twin, stated, &of_class);
    }
}

/// One topic for several assets: each message would set all of them, and all show the last device.
fn shared(cx: &Cx, twin: &Twin, stated: &[Stated], of_class: &[Vec<AssetId>]) {
    // By where the mapping is stated: an asset with a class of its own has its class's mappings, too.
    let mut first: HashMap<(*const str, usize, String), AssetId> = HashMap::new();
    let mut reported: HashSet<(*const str, usize)> = HashSet::new();
    for (class, assets) in
        twin.classes.iter().zip(of_class).zip(stated).map(|((c, a), s)| ((c, s), a))
    {
        let (class, stated) = class;
        for (mapping, at) in class.mappings.iter().zip(&stated.mappings) {
            let place = (&*at.source.name as *const str, at.node.span.start);
            if mapping.payload.has_placeholders() {
                continue;
            }
            for &asset in assets {
                let Some(topic) = expanded(twin, asset, mapping) else { continue };
                let before = *first.entry((place.0, place.1, topic.join("/"))).or_insert(asset);
                if before != asset && reported.insert(place) {
                    several(cx, twin, *at, mapping, [before, asset]);
                }
            }
        }
    }
}

fn several(cx: &Cx, twin: &Twin, at: At, mapping: &Mapping, [one, other]: [AssetId; 2]) {
    let (one, other) = (&twin.asset(one).path, &twin.asset(other).path);
    let text = &mapping.topic.text;
    let message = format!(
        "the topic `{text}` is the same for `{one}` and `{other}`: each message would set both, and both would show \
         the last device"
    );
    cx.error_expecting(
        at,
        message,
        "`{asset}`, `{path}` or one of the asset's `vars` in the topic, or in the pointers (\"/{asset}/speed\") where \
         one message carries several assets",
    );
}

/// Topics with wildcards that match those of another class.
fn overlapping(cx: &Cx, twin: &Twin, stated: &[Stated], of_class: &[Vec<AssetId>]) {
    let mut wild = Vec::new();
    let mut plain = Vec::new();
    for (number, (class, assets)) in twin.classes.iter().zip(of_class).enumerate() {
        let Some(&asset) = assets.first() else { continue };
        for (at, mapping) in class.mappings.iter().enumerate() {
            let Some(topic) = expanded(twin, asset, mapping) else { continue };
            let is_wild = topic.iter().any(|level| level == "+" || level == "#");
            let list = if is_wild { &mut wild } else { &mut plain };
            list.push((number, at, topic));
        }
    }
    let mut compared = 0;
    for (class, at, filter) in &wild {
        let others = plain.iter().filter(|(other, ..)| other != class);
        for (other, _, topic) in others {
            compared += 1;
            if compared > MOST_COMPARED {
                return;
            }
            if matches(filter, topic)
                && twin.classes[*class].name.trim_matches(['(', ')']) != &*twin.classes[*other].name
            {
                let message = format!(
                    "the topic `{}` also catches `{}` of the class `{}`",
                    filter.join("/"),
                    topic.join("/"),
                    twin.classes[*other].name
                );
                cx.warning(stated[*class].mappings[*at], message);
                break;
            }
        }
    }
}

/// Properties that the plant should send and no mapping reads.
fn unfilled(cx: &Cx, twin: &Twin, stated: &[Stated], of_class: &[Vec<AssetId>]) {
    // Once a place: assets with classes of their own have the properties of their named one.
    let mut reported: HashSet<(*const str, usize)> = HashSet::new();
    for ((class, stated), assets) in twin.classes.iter().zip(stated).zip(of_class) {
        let by_topic =
            |mapping: &Mapping| matches!(mapping.payload, Payload::Scalar { property: None, .. });
        if assets.is_empty() || class.mappings.iter().any(by_topic) {
            continue;
        }
        let carried: HashSet<u16> =
            class.mappings.iter().flat_map(|mapping| carried(&mapping.payload)).collect();
        for (property, number) in class.properties.iter().zip(0_u16..) {
            let wanted = property.kind.comes_from_plant() && property.integral_of.is_none();
            if let (true, false, Some(at)) =
                (wanted, carried.contains(&number), stated.properties.get(&property.name))
                && reported.insert((&*at.source.name as *const str, at.node.span.start))
            {
                cx.warning(
                    *at,
                    format!("no mapping fills `{}`: it will stay unknown", property.name),
                );
            }
        }
    }
}

fn carried(payload: &Payload) -> Vec<u16> {
    match payload {
        Payload::Scalar { property, .. } => property.iter().copied().collect(),
        Payload::Document { fields, .. } => fields.iter().map(|field| field.property).collect(),
    }
}

/// The levels of a mapping's topic for an asset, with `+` for `{property}`; `None` where a word has no value.
fn expanded(twin: &Twin, asset: AssetId, mapping: &Mapping) -> Option<Vec<String>> {
    let mut levels = Vec::new();
    for level in &mapping.topic.levels {
        match level {
            TopicLevel::Any | TopicLevel::Property => levels.push("+".to_owned()),
            TopicLevel::Rest => levels.push("#".to_owned()),
            TopicLevel::Text(parts) => {
                let mut text = String::new();
                for part in parts {
                    text.push_str(match part {
                        TopicPart::Literal(literal) => literal,
                        TopicPart::Placeholder(word) => twin.word(asset, word)?,
                    });
                }
                levels.extend(text.split('/').map(str::to_owned));
            }
        }
    }
    Some(levels)
}

/// Whether a filter matches a topic without wildcards, as MQTT says.
fn matches(filter: &[String], topic: &[String]) -> bool {
    match (filter.split_first(), topic.split_first()) {
        (Some((level, _)), _) if level == "#" => true,
        (Some((level, filter)), Some((first, topic))) => {
            (level == "+" || level == first) && matches(filter, topic)
        }
        (None, None) => true,
        _ => false,
    }
}
