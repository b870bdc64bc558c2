//! From a topic to the mappings that want it, and from all mappings to few subscriptions.
//!
//! Every topic without wildcards that a twin can receive stands in one hash table; templates with
//! `+` or `#` stand in a trie of levels. Both are built once, so that what arrives later never makes
//! them grow.

use std::collections::HashMap;

use super::filter::{self, FilterGroup, Subscription};
use crate::twin::mapping::{Mapping, Payload, TopicLevel, TopicPart};
use crate::twin::{AssetId, Twin};

/// Who wants a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Target {
    /// A mapping of an asset's class.
    Mapping {
        /// Whose properties it carries.
        asset: AssetId,
        /// Position in `Class::mappings`.
        mapping: u16,
        /// Position of the property that the topic names, where its template has `{property}`.
        property: Option<u16>,
    },
    /// Index in `Twin::presence`.
    Presence(u32),
    /// The plant's own clock.
    Clock,
}

/// Who wants the messages of one topic.
#[derive(Clone, Debug)]
pub struct Targets<'a> {
    exact: &'a [Target],
    wild: Vec<Target>,
}

impl Targets<'_> {
    /// Nobody wants it.
    pub fn is_empty(&self) -> bool {
        self.exact.is_empty() && self.wild.is_empty()
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = Target> + '_ {
        self.exact.iter().chain(&self.wild).copied()
    }
}

/// Knows every topic of a twin.
#[derive(Debug, Default)]
pub struct Router {
    exact: HashMap<Box<str>, (u32, u32)>,
    exact_targets: Vec<Target>,
    trie: Vec<Node>,
    subscriptions: Vec<Subscription>,
}

#[derive(Debug, Default)]
struct Node {
    children: HashMap<Box<str>, usize>,
    any: Option<usize>,
    /// Templates that end here.
    here: Vec<Target>,
    /// Templates that end here with `#`.
    rest: Vec<Target>,
}

impl Router {
    /// Fills in every topic template for every instance.
    pub fn new(twin: &Twin) -> Self {
        let mut builder = Builder::default();
        for asset in twin.asset_ids() {
            let Some(class) = twin.class_of(asset) else { continue };
            for (at, mapping) in class.mappings.iter().enumerate() {
                builder.add_mapping(twin, asset, at as u16, mapping);
            }
        }
        for (at, presence) in twin.presence.iter().enumerate() {
            builder.add_topic(&presence.topic, Target::Presence(at as u32));
        }
        if let Some(clock) = &twin.clock {
            builder.add_topic(&clock.topic, Target::Clock);
        }
        builder.build()
    }

    /// What to subscribe to: the topics themselves up to some hundreds, wider filters beyond; no two match the
    /// same topic, so that no message arrives twice.
    pub fn subscriptions(&self) -> &[Subscription] {
        &self.subscriptions
    }

    /// Who wants the messages of that topic.
    pub fn route(&self, topic: &str) -> Targets<'_> {
        let exact = match self.exact.get(topic) {
            Some(&(start, end)) => &self.exact_targets[start as usize..end as usize],
            None => &[],
        };
        let mut wild = Vec::new();
        if !self.trie.is_empty() {
            // `$SYS/…` is not meant by a leading wildcard.
            let hidden = topic.starts_with('$');
            self.walk(0, Some(topic), hidden, &mut wild);
        }
        Targets { exact, wild }
    }

    fn walk(&self, node: usize, remaining: Option<&str>, hidden: bool, out: &mut Vec<Target>) {
        let node = &self.trie[node];
        if !hidden {
            out.extend(&node.rest);
        }
        let Some(remaining) = remaining else {
            out.extend(&node.here);
            return;
        };
        let (level, remaining) = match remaining.split_once('/') {
            Some((level, remaining)) => (level, Some(remaining)),
            None => (remaining, None),
        };
        if let Some(&child) = node.children.get(level) {
            self.walk(child, remaining, false, out);
        }
        if let Some(child) = node.any
            && !hidden
        {
            self.walk(child, remaining, false, out);
        }
    }
}

#[derive(Default)]
struct Builder {
    exact: Vec<(String, Target)>,
    trie: Vec<Node>,
    groups: HashMap<(String, usize), FilterGroup>,
}

impl Builder {
    fn add_mapping(&mut self, twin: &Twin, asset: AssetId, at: u16, mapping: &Mapping) {
        let Some(levels) = expand(twin, asset, &mapping.topic.levels) else {
            log::warn!(
                "{}: the topic {} has a placeholder that this asset cannot fill; it is skipped",
                twin.asset(asset).path,
                mapping.topic.text
            );
            return;
        };
        let names_property = matches!(mapping.payload, Payload::Scalar { property: None, .. });
        if names_property && levels.iter().any(|level| matches!(level, Step::Property)) {
            let count = twin.class_of(asset).map_or(0, |class| class.properties.len());
            for position in 0..count {
                let property = twin.property(twin.property_at(asset, position));
                // Nobody sends the others: a message with such a name is unmapped.
                if !property.kind.comes_from_plant() {
                    continue;
                }
                let name = &property.name;
                let named = levels.iter().map(|level| match level {
                    Step::Property => Step::Text(name.to_string()),
                    other => other.clone(),
                });
                let target =
                    Target::Mapping { asset, mapping: at, property: Some(position as u16) };
                self.add(named.collect(), &mapping.topic.text, mapping.qos, target);
            }
        } else {
            let target = Target::Mapping { asset, mapping: at, property: None };
            self.add(levels, &mapping.topic.text, mapping.qos, target);
        }
    }

    /// Topics without placeholders: many of the same shape share a filter.
    fn add_topic(&mut self, topic: &str, target: Target) {
        let levels: Vec<Step> = topic.split('/').map(|level| Step::Text(level.into())).collect();
        let first = topic.split('/').next().unwrap_or_default();
        let last = topic.rsplit('/').next().unwrap_or_default();
        self.add(levels, &format!("{first}/…/{last}"), 1, target);
    }

    fn add(&mut self, levels: Vec<Step>, template: &str, qos: u8, target: Target) {
        let filter: Vec<String> = levels.iter().map(Step::filter).map(str::to_owned).collect();
        if filter::is_exact(&filter) {
            self.exact.push((filter.join("/"), target));
        } else {
            self.add_to_trie(&filter, target);
        }
        let group = self.groups.entry((template.to_owned(), filter.len())).or_default();
        group.add(filter, qos);
    }

    fn add_to_trie(&mut self, filter: &[String], target: Target) {
        if self.trie.is_empty() {
            self.trie.push(Node::default());
        }
        let mut at = 0;
        for level in filter {
            let next = self.trie.len();
            let child = match level.as_str() {
                "#" => return self.trie[at].rest.push(target),
                "+" => *self.trie[at].any.get_or_insert(next),
                text => *self.trie[at].children.entry(text.into()).or_insert(next),
            };
            if child == next {
                self.trie.push(Node::default());
            }
            at = child;
        }
        self.trie[at].here.push(target);
    }

    fn build(mut self) -> Router {
        // A stable sort: the targets of one topic stay in the order of the definition.
        self.exact.sort_by(|a, b| a.0.cmp(&b.0));
        let mut router = Router { trie: self.trie, ..Router::default() };
        for chunk in self.exact.chunk_by(|a, b| a.0 == b.0) {
            let start = router.exact_targets.len() as u32;
            router.exact_targets.extend(chunk.iter().map(|(_, target)| *target));
            let end = router.exact_targets.len() as u32;
            router.exact.insert(chunk[0].0.as_str().into(), (start, end));
        }
        router.subscriptions = filter::subscriptions(self.groups.into_values().collect());
        router
    }
}

/// A level of a template, filled in for one asset.
#[derive(Clone, Debug)]
pub(super) enum Step {
    Text(String),
    Any,
    Rest,
    Property,
}

impl Step {
    fn filter(&self) -> &str {
        match self {
            Self::Text(text) => text,
            Self::Any | Self::Property => "+",
            Self::Rest => "#",
        }
    }

    /// As people read it, with the name of the property filled in.
    pub(super) fn named<'a>(&'a self, property: &'a str) -> &'a str {
        match self {
            Self::Property => property,
            other => other.filter(),
        }
    }
}

/// Replaces the placeholders; `None` when one has no value. A value may itself have several levels.
pub(super) fn expand(twin: &Twin, asset: AssetId, levels: &[TopicLevel]) -> Option<Vec<Step>> {
    let mut steps = Vec::with_capacity(levels.len());
    for level in levels {
        match level {
            TopicLevel::Any => steps.push(Step::Any),
            TopicLevel::Rest => steps.push(Step::Rest),
            TopicLevel::Property => steps.push(Step::Property),
            TopicLevel::Text(parts) => {
                let mut text = String::new();
                for part in parts {
                    match part {
                        TopicPart::Literal(literal) => text.push_str(literal),
                        TopicPart::Placeholder(name) => {
                            text.push_str(twin.word(asset, name)?);
                        }
                    }
                }
                steps.extend(text.split('/').map(|level| Step::Text(level.to_owned())));
            }
        }
    }
    Some(steps)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::telemetry::sample_twin;
    use crate::twin::PropertyKind;

    fn targets(router: &Router, topic: &str) -> Vec<Target> {
        router.route(topic).iter().collect()
    }

    #[test]
    fn ten_thousand_assets_share_one_subscription_and_each_topic_finds_its_own() {
        let twin = sample_twin::pumps(10_000);
        let router = Router::new(&twin);
        let expected = Subscription { filter: "plant/utilities/+/telemetry".into(), qos: 1 };
        assert_eq!(router.subscriptions(), [expected]);
        let asset = twin.asset_by_name["P-9999"];
        assert_eq!(
            targets(&router, "plant/utilities/P-9999/telemetry"),
            [Target::Mapping { asset, mapping: 0, property: None }]
        );
        assert!(router.route("plant/utilities/P-10000/telemetry").is_empty());
    }

    #[test]
    fn a_property_level_names_the_property() {
        let twin = sample_twin::with_topic("plant/{asset}/{property}", sample_twin::scalar(None));
        let router = Router::new(&twin);
        let asset = twin.asset_by_name["P-0"];
        assert_eq!(
            targets(&router, "plant/P-0/state"),
            [Target::Mapping { asset, mapping: 0, property: Some(1) }]
        );
        assert!(router.route("plant/P-0/nonsense").is_empty());
        let filters = router.subscriptions().iter().map(|one| one.filter.as_str());
        assert_eq!(filters.clone().count(), twin.classes[0].properties.len());
        assert!(filters.clone().any(|one| one == "plant/P-0/state"));
        assert!(filters.clone().all(|one| !one.contains('+')));
    }

    #[test]
    fn a_property_level_does_not_name_what_a_model_or_the_twin_computes() {
        let mut twin =
            sample_twin::with_topic("plant/{asset}/{property}", sample_twin::scalar(None));
        Arc::make_mut(&mut twin.classes[0].properties[1]).kind = PropertyKind::Estimate;
        let router = Router::new(&twin);
        assert!(router.route("plant/P-0/state").is_empty());
        assert!(!router.route("plant/P-0/speed").is_empty());
    }

    #[test]
    fn wildcards_match_as_the_mqtt_standard_says() {
        let matches = |template: &str, topic: &str| {
            let twin = sample_twin::with_topic(template, sample_twin::scalar(Some(0)));
            !Router::new(&twin).route(topic).is_empty()
        };
        assert!(matches("a/+/c", "a/b/c"));
        assert!(matches("a/+/c", "a//c"));
        assert!(!matches("a/+/c", "a/b/x/c"));
        assert!(matches("a/#", "a"));
        assert!(matches("a/#", "a/b/c"));
        assert!(!matches("a/#", "b"));
        assert!(!matches("#", "$SYS/uptime"));
        assert!(!matches("+/uptime", "$SYS/uptime"));
        assert!(matches("$SYS/#", "$SYS/uptime"));
    }

    #[test]
    fn unknown_topics_leave_the_router_as_it_is() {
        let router = Router::new(&sample_twin::pumps(3));
        for topic in 0..1000 {
            assert!(router.route(&format!("nobody/knows/{topic}")).is_empty());
        }
        assert_eq!(router.exact.len(), 3);
    }
}
