//! Which topic carries a property, for people who look for its source.

use super::router::expand;
use crate::twin::mapping::Payload;
use crate::twin::{PropertyId, Twin};

/// The topic (or, with wildcards, the topic filter) that carries a property, followed by the JSON
/// pointer to it inside the payload; `None` when no mapping does.
pub fn topic_of(twin: &Twin, property: PropertyId) -> Option<String> {
    let asset = twin.owner(property);
    let position = (property.0 - twin.asset(asset).properties.start) as u16;
    let class = twin.class_of(asset)?;
    class.mappings.iter().find_map(|mapping| {
        let payload = mapping.payload.filled(twin, asset);
        let pointer = match &*payload {
            Payload::Scalar { property: Some(at), .. } => (*at == position).then_some(""),
            Payload::Scalar { property: None, .. } => Some(""),
            Payload::Document { fields, .. } => fields
                .iter()
                .find(|field| field.property == position)
                .map(|field| field.pointer.as_str()),
        }?;
        let name = &twin.property(property).name;
        let levels = expand(twin, asset, &mapping.topic.levels)?;
        let topic: Vec<&str> = levels.iter().map(|level| level.named(name)).collect();
        let topic = topic.join("/");
        Some(if pointer.is_empty() { topic } else { format!("{topic} {pointer}") })
    })
}

#[cfg(test)]
mod tests {
    use super::super::sample_twin;
    use super::*;
    use crate::twin::mapping::Mapping;

    #[test]
    fn a_property_s_topic_names_the_asset_and_where_in_the_payload_it_is() {
        let mapping = Mapping {
            topic: sample_twin::template("plant/{asset}/{property}"),
            payload: sample_twin::scalar(None),
            qos: 0,
        };
        let twin = sample_twin::twin(2, mapping);
        let asset = twin.asset_ids().last().expect("there are assets");
        let speed = twin.property_at(asset, usize::from(sample_twin::SPEED));
        let expected = format!("plant/{}/speed", twin.asset(asset).name);
        assert_eq!(topic_of(&twin, speed), Some(expected));
    }
}
