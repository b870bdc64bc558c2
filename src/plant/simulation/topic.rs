//! The topic on which an asset sends a message: the inverse of the topic's template.

use crate::twin::mapping::{Mapping, TopicLevel, TopicPart};
use crate::twin::{Asset, Level, Twin};

/// The topic of an asset's message.
pub fn topic(twin: &Twin, asset: &Asset, mapping: &Mapping, property: &str) -> String {
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
