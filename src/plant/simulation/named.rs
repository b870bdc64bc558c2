//! What the section names by class, asset, property or topic and nothing is called so.

use std::collections::BTreeSet;

use super::Spec;
use super::command::topics::Topics;
use super::places::entry;
use super::reading::figure;
use super::topic::fill;
use super::wiring::{Kind, Wiring};
use crate::twin::mapping::Payload;
use crate::twin::{AssetId, Twin, nearest};

/// The nearest of some names, to stand behind a message.
fn near<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    nearest(name, known).map(|near| format!("; nearest: {near:?}")).unwrap_or_default()
}

/// Notes keys of `periods_ms`, `noise`, `shows` and `doubtful` that are none, and numbers that cannot be.
pub fn check_keys(twin: &Twin, spec: &Spec, w: &mut Wiring) {
    // A section alone has no assets, and says nothing about names.
    if twin.asset_ids().next().is_none() {
        return;
    }
    check_periods(twin, spec, w);
    let (mut of_assets, mut of_classes) = (BTreeSet::new(), BTreeSet::new());
    for id in twin.asset_ids() {
        let class = twin.class_of(id).map(|class| &*class.name).unwrap_or_default();
        for property in twin.properties_of(id).map(|property| twin.property(property)) {
            of_assets.insert(format!("{}.{}", twin.asset(id).name, property.name));
            of_classes.insert(format!("{class}.{}", property.name));
        }
    }
    for (name, noise) in &spec.noise {
        w.enter(Some(entry(["noise", name])));
        let known = || of_assets.iter().chain(&of_classes).map(String::as_str);
        if !known().any(|known| known == name) {
            let near = near(name, known());
            let what = format!(
                "no asset has the property {name:?}{near}; noise is named by Class.property or asset.property"
            );
            w.mistakes.push((name.clone(), what));
        }
        if !(0.0..=1e9).contains(noise) {
            let what = format!("the noise of {name} is {}; expected 0 or more", figure(*noise));
            w.mistakes.push((name.clone(), what));
        }
    }
    let maps = [("shows", &spec.shows), ("doubtful", &spec.doubtful)];
    for (field, (name, signal)) in
        maps.into_iter().flat_map(|(field, map)| map.iter().map(move |pair| (field, pair)))
    {
        w.enter(Some(entry([field, name])));
        if !of_assets.contains(name) {
            let near = near(name, of_assets.iter().map(String::as_str));
            let what =
                format!("no asset has the property {name:?}{near}; `{field}` is by asset.property");
            w.mistakes.push((name.clone(), what));
        }
        let kind = w.find(signal).map(|(_, kind)| kind);
        let what = match kind {
            None if w.is_hushed(signal) => continue,
            None if w.is_hidden(signal) => {
                format!("{signal:?} is hidden: no instrument measures it")
            }
            None => {
                let near = w.nearest(signal).map(|near| format!("; nearest: {near:?}"));
                format!("no block sets the signal {signal:?}{}", near.unwrap_or_default())
            }
            Some(Kind::Number(_)) => continue,
            Some(_) if field == "shows" => continue,
            Some(_) => format!("the signal {signal:?} is no number that could be above 0.5"),
        };
        // A property that is sent has said so itself.
        if !w.mistakes.iter().any(|(_, said)| said.contains(&format!("{signal:?}"))) {
            w.mistakes.push((signal.clone(), what));
        }
    }
    w.enter(None);
    check_doubts(twin, spec, w);
}

fn check_periods(twin: &Twin, spec: &Spec, w: &mut Wiring) {
    let mut known = BTreeSet::new();
    for class in &twin.classes {
        known.insert(class.name.to_string());
        for last in class.mappings.iter().filter_map(|m| m.topic.text.rsplit('/').next()) {
            known.insert(format!("/{last}"));
            known.insert(format!("{}/{last}", class.name));
        }
    }
    for (key, period) in &spec.periods_ms {
        w.enter(Some(entry(["periods_ms", key])));
        if !known.contains(key) {
            let near = near(key, known.iter().map(String::as_str));
            let what = format!(
                "no class and no topic of one is {key:?}{near}; expected a class, \"/\" and the last level of a \
                 topic, or both"
            );
            w.mistakes.push((key.clone(), what));
        }
        if !(1..=86_400_000).contains(period) {
            let what = format!("the period of {key:?} is {period} ms; expected 1 to 86400000 ms");
            w.mistakes.push((key.clone(), what));
        }
    }
    w.enter(None);
}

/// Doubt about a property that no message with a quality tells.
fn check_doubts(twin: &Twin, spec: &Spec, w: &mut Wiring) {
    let told = |id: AssetId, name: &str| {
        let class = twin.class_of(id)?;
        let position = class.property(name)? as u16;
        Some(class.mappings.iter().any(|mapping| match &mapping.payload {
            Payload::Document { quality, fields, .. } => {
                let field = fields.iter().find(|field| field.property == position);
                field.is_some_and(|field| quality.is_some() || field.quality.is_some())
            }
            Payload::Scalar { .. } => false,
        }))
    };
    for name in spec.doubtful.keys() {
        let Some((asset, property)) = name.rsplit_once('.') else { continue };
        let id = twin.asset_ids().find(|id| *twin.asset(*id).name == *asset);
        if id.and_then(|id| told(id, property)) == Some(false) {
            let what = format!(
                "no mapping sends {name} with a `quality`, so that its doubt is never told; give the mapping one"
            );
            w.notices.push((Some(entry(["doubtful", name])), name.clone(), what));
        }
    }
}

/// Notices topics on which setpoints are written and that no machine obeys.
pub fn check_writes(twin: &Twin, topics: &Topics, w: &mut Wiring) {
    let set = |asset: &str| topics.machines.iter().find(|machine| machine.asset == asset);
    let obeyed: BTreeSet<String> = w
        .commands()
        .iter()
        .filter_map(|known| Some(format!("{}{}", set(&known.asset)?.set, known.name)))
        .collect();
    let mut notices = Vec::new();
    for id in twin.asset_ids() {
        for (position, property) in twin.properties_of(id).enumerate() {
            let property_name = twin.property_path(property);
            let property = twin.property(twin.property_at(id, position));
            let Some(write) = &property.write else { continue };
            let topic = fill(twin, id, &write.topic, &property.name);
            if !obeyed.contains(&topic) {
                let what = format!(
                    "{property_name} is written on {topic:?}, which nothing in the simulated plant obeys{}",
                    near(&topic, obeyed.iter().map(String::as_str))
                );
                notices.push((None, twin.asset(id).name.to_string(), what));
            }
        }
    }
    w.notices.extend(notices);
}
