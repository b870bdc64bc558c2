//! The topic on which an asset sends a message: the inverse of the topic's template.

use crate::twin::mapping::{Mapping, TopicLevel, TopicPart, TopicTemplate};
use crate::twin::{AssetId, Twin};

/// The topic of an asset's message.
pub fn topic(twin: &Twin, id: AssetId, mapping: &Mapping, property: &str) -> String {
    fill(twin, id, &mapping.topic, property)
}

/// A topic with the words of an asset and one of its properties.
pub fn fill(twin: &Twin, id: AssetId, template: &TopicTemplate, property: &str) -> String {
    let levels = template.levels.iter().filter_map(|level| match level {
        TopicLevel::Text(parts) => Some(
            parts
                .iter()
                .map(|part| match part {
                    TopicPart::Literal(text) => text.clone(),
                    TopicPart::Placeholder(word) => {
                        twin.word(id, word).unwrap_or_default().to_string()
                    }
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
