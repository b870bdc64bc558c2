//! Topics that setpoints are written to, once the assets are known.

use std::collections::{HashMap, HashSet};

use super::super::super::definition::{AssetId, ClassId, Twin};
use super::super::read::Cx;
use super::Stated;
use super::topics::{MOST_COMPARED, expanded, matches};

/// Checks what the assets' setpoints are written to: a topic of their own, from which nothing is read.
pub(super) fn check(cx: &Cx, twin: &Twin, stated: &[Stated]) {
    let mut first: Vec<Option<AssetId>> = vec![None; twin.classes.len()];
    let mut writers: HashMap<String, (AssetId, usize)> = HashMap::new();
    let mut reported: HashSet<(*const str, usize)> = HashSet::new();
    let mut report = |class: usize, property: usize, message: String| {
        let name = &twin.classes[class].properties[property].name;
        let Some(at) = stated.get(class).and_then(|stated| stated.properties.get(name)) else {
            return;
        };
        if reported.insert((&*at.source.name as *const str, at.node.span.start)) {
            cx.warning(*at, message);
        }
    };
    for id in twin.asset_ids() {
        let Some(ClassId(class)) = twin.asset(id).class else { continue };
        first[class as usize].get_or_insert(id);
        for (place, property) in twin.classes[class as usize].properties.iter().enumerate() {
            let Some(write) = &property.write else { continue };
            let Some(topic) = write.topic.topic(twin, id, &property.name) else { continue };
            let key = format!("{topic} {}", write.value.as_deref().unwrap_or_default());
            let (other, at) = *writers.entry(key).or_insert((id, place));
            if (other, at) != (id, place) {
                let message = format!(
                    "`{}` of `{}` is written to the topic `{topic}`, and so is `{}` of `{}`: each would set both",
                    property.name,
                    twin.asset(id).path,
                    twin.property(twin.property_at(other, at)).name,
                    twin.asset(other).path,
                );
                report(class as usize, place, message);
            }
        }
    }
    let mut compared = 0;
    for (class, asset) in first.iter().enumerate() {
        let Some(asset) = *asset else { continue };
        for (place, property) in twin.classes[class].properties.iter().enumerate() {
            let Some(write) = &property.write else { continue };
            let Some(topic) = write.topic.topic(twin, asset, &property.name) else { continue };
            let levels: Vec<String> = topic.split('/').map(str::to_owned).collect();
            for (reader, of) in twin.classes.iter().zip(&first) {
                for mapping in &reader.mappings {
                    compared += 1;
                    if compared > MOST_COMPARED {
                        return;
                    }
                    let filter = of.and_then(|of| expanded(twin, of, mapping));
                    if filter.is_some_and(|filter| reads(&filter, &levels)) {
                        let message = format!(
                            "`{}` is written to `{topic}`, which the mapping of `{}` also reads: what is wished would be shown as what is",
                            property.name, mapping.topic.text
                        );
                        report(class, place, message);
                    }
                }
            }
        }
    }
}

/// Whether a message to that topic is read by a filter; `{property}` is any level.
fn reads(filter: &[String], topic: &[String]) -> bool {
    let any = |level: &String| if level == "{property}" { "+".to_owned() } else { level.clone() };
    matches(&filter.iter().map(any).collect::<Vec<_>>(), topic)
}
