//! What topics mean once the assets are known: which would carry the values of others, and what none carries.

use std::collections::{HashMap, HashSet};

use super::super::super::definition::{AssetId, ClassId, Twin};
use super::super::super::mapping::{Mapping, Payload, TopicLevel, TopicPart};
use super::super::read::Cx;
use super::Stated;

/// Pairs of topics that are compared for overlap at most: a plant has few kinds of topics.
pub(super) const MOST_COMPARED: usize = 1_000_000;

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

/// Who reads a topic: an asset, by one of its class's mappings.
#[derive(Clone, Copy)]
struct Reader {
    asset: AssetId,
    class: usize,
    mapping: usize,
}

/// One topic for several assets, which they read in the same places: each message would set all of them, and all show
/// the last device.
fn shared(cx: &Cx, twin: &Twin, stated: &[Stated], of_class: &[Vec<AssetId>]) {
    let mut readers: HashMap<String, Vec<Reader>> = HashMap::new();
    for (class, assets) in of_class.iter().enumerate() {
        for &asset in assets {
            for mapping in 0..twin.classes[class].mappings.len() {
                let Some(topic) = expanded(twin, asset, &twin.classes[class].mappings[mapping])
                else {
                    continue;
                };
                readers.entry(topic.join("/")).or_default().push(Reader { asset, class, mapping });
            }
        }
    }
    let mut shared: Vec<Vec<Reader>> =
        readers.into_values().filter(|readers| readers.len() > 1).collect();
    shared.sort_by_key(|readers| (readers[0].asset, readers[0].mapping));
    let mut reported: HashSet<(*const str, usize)> = HashSet::new();
    for readers in shared {
        let mut first: HashMap<String, Reader> = HashMap::new();
        for reader in readers {
            let mapping = &twin.classes[reader.class].mappings[reader.mapping];
            let payload = mapping.payload.filled(twin, reader.asset);
            for (place, property) in places(&payload) {
                let before = *first.entry(place).or_insert(reader);
                let at = stated[reader.class].mappings[reader.mapping];
                let key = (&*at.source.name as *const str, at.node.span.start);
                if before.asset != reader.asset && reported.insert(key) {
                    several(cx, twin, stated, [before, reader], property);
                }
            }
        }
    }
}

/// Where a payload's values are read, with what has to stand beside them, and by which property.
fn places(payload: &Payload) -> Vec<(String, Option<u16>)> {
    match payload {
        Payload::Scalar { property, .. } => vec![(String::new(), *property)],
        Payload::Document { samples, requires, fields, .. } => {
            let samples = samples.as_deref().unwrap_or_default();
            fields
                .iter()
                .map(|field| {
                    (format!("{requires:?} {samples} {}", field.pointer), Some(field.property))
                })
                .collect()
        }
    }
}

/// Two assets have the same value: by one mapping that is an error, for its topic says nothing of either; by two it may
/// be meant.
fn several(
    cx: &Cx,
    twin: &Twin,
    stated: &[Stated],
    [before, reader]: [Reader; 2],
    property: Option<u16>,
) {
    let place = |reader: Reader| stated[reader.class].mappings[reader.mapping];
    let (one, other) = (&twin.asset(before.asset).path, &twin.asset(reader.asset).path);
    let class = &twin.classes[reader.class];
    let text = &class.mappings[reader.mapping].topic.text;
    let at = place(reader);
    let is_one = std::ptr::eq(&*place(before).source.name, &*at.source.name)
        && place(before).node.span.start == at.node.span.start;
    if !is_one {
        let name = property.map_or("a value", |at| &class.properties[usize::from(at)].name);
        let message = format!(
            "`{name}` of `{other}` is read from the same place of the topic `{text}` as a value of `{one}`: both show \
             the same"
        );
        return cx.warning(at, message);
    }
    let message = format!(
        "the topic `{text}` is the same for `{one}` and `{other}`: each message would set both, and both would show \
         the last device"
    );
    cx.error_expecting(
        at,
        message,
        "`{asset}`, `{path}` or one of the asset's `vars` in the topic; in the pointers (\"/{asset}/speed\") where one \
         message carries several assets; or `where: {\"/device\": \"{asset}\"}` where the message says whose it is",
    );
}

/// Topics with wildcards that match those of another class, or of another mapping of their own.
fn overlapping(cx: &Cx, twin: &Twin, stated: &[Stated], of_class: &[Vec<AssetId>]) {
    let mut wild = Vec::new();
    let mut all = Vec::new();
    for (number, (class, assets)) in twin.classes.iter().zip(of_class).enumerate() {
        let Some(&asset) = assets.first() else { continue };
        for (at, mapping) in class.mappings.iter().enumerate() {
            let Some(topic) = expanded(twin, asset, mapping) else { continue };
            let is_wild = topic.iter().any(|level| level == "+" || level == "#");
            // A message that states whose it is is not taken for another's.
            let is_sure = matches!(&mapping.payload, Payload::Document { requires, .. } if !requires.is_empty());
            if is_wild && !is_sure {
                wild.push((number, at, topic.clone()));
            }
            all.push((number, at, topic));
        }
    }
    let mut compared = 0;
    for (class, at, filter) in &wild {
        for (other, at_other, topic) in &all {
            compared += 1;
            if compared > MOST_COMPARED {
                return;
            }
            if other == class {
                let mappings = &twin.classes[*class].mappings;
                let is_both = at_other != at && filter != topic && matches(filter, topic);
                if is_both && reads_alike(&mappings[*at].payload, &mappings[*at_other].payload) {
                    let message = format!(
                        "the topic `{}` also catches `{}` of another mapping: both take its messages",
                        filter.join("/"),
                        topic.join("/")
                    );
                    cx.warning(stated[*class].mappings[*at], message);
                    break;
                }
                continue;
            }
            // An asset with a class of its own has its class's topics, too.
            let [own, others] =
                [*class, *other].map(|class| twin.classes[class].name.trim_matches(['(', ')']));
            if own != others && matches(filter, topic) {
                let message = format!(
                    "the topic `{}` also catches `{}` of the class `{}`",
                    filter.join("/"),
                    topic.join("/"),
                    others
                );
                cx.warning(stated[*class].mappings[*at], message);
                break;
            }
        }
    }
}

/// Whether what is meant for the second would be a value for the first, too: its whole payload, or what stands
/// at the same place.
fn reads_alike(one: &Payload, other: &Payload) -> bool {
    let others = places(other);
    let is_shared = |(place, _): &(String, _)| others.iter().any(|(other, _)| place == other);
    matches!(one, Payload::Scalar { .. }) || places(one).iter().any(is_shared)
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

/// The levels of a mapping's topic for an asset, with `{property}` as it stands; `None` where a word has no value.
pub(super) fn expanded(twin: &Twin, asset: AssetId, mapping: &Mapping) -> Option<Vec<String>> {
    let mut levels = Vec::new();
    for level in &mapping.topic.levels {
        match level {
            TopicLevel::Any => levels.push("+".to_owned()),
            TopicLevel::Property => levels.push("{property}".to_owned()),
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

/// Whether a topic can match both filters, as MQTT says.
pub(super) fn matches(filter: &[String], other: &[String]) -> bool {
    match (filter.split_first(), other.split_first()) {
        (Some((level, _)), _) | (_, Some((level, _))) if level == "#" => true,
        (Some((level, filter)), Some((first, other))) => {
            (level == "+" || first == "+" || level == first) && matches(filter, other)
        }
        (None, None) => true,
        _ => false,
    }
}
