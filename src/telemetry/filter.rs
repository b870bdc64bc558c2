//! The topic filters to subscribe to, which cover each topic once.
//!
//! Up to [`NAMED_TOPICS`] topics are named one by one, so that a broker sends nothing else. Beyond that the templates
//! with most topics are widened first: a level in which their topics differ becomes `+`.

use std::collections::{BTreeMap, HashMap};

/// Topics to which a client subscribes by name; beyond this the filters are widened. A broker looks each of them up
/// once a connection, which takes it milliseconds, while what a wide filter brings besides fills its queue for ever.
pub(super) const NAMED_TOPICS: usize = 500;

/// A topic filter to subscribe to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subscription {
    /// The filter, with `+` and `#`.
    pub filter: String,
    /// MQTT quality of service, 0 to 2.
    pub qos: u8,
}

/// Whether a filter names one topic.
pub(super) fn is_exact(filter: &[String]) -> bool {
    !filter.iter().any(|level| level == "+" || level == "#")
}

/// The topics that one template makes.
#[derive(Clone, Debug, Default)]
pub(super) struct FilterGroup {
    /// Matches all of them: a level in which they differ is `+`.
    levels: Vec<String>,
    qos: u8,
    /// Each of them; empty when they are more than may be named.
    members: BTreeMap<Vec<String>, u8>,
    is_large: bool,
}

impl FilterGroup {
    /// Adds a topic or filter with as many levels as the others.
    pub(super) fn add(&mut self, filter: Vec<String>, qos: u8) {
        self.qos = self.qos.max(qos);
        self.levels =
            if self.levels.is_empty() { filter.clone() } else { union(&self.levels, &filter) };
        if !self.is_large {
            let known = self.members.entry(filter).or_default();
            *known = qos.max(*known);
            self.is_large = self.members.len() > NAMED_TOPICS;
        }
        if self.is_large {
            self.members.clear();
        }
    }
}

/// A filter and its quality of service.
struct Wanted {
    levels: Vec<String>,
    qos: u8,
}

/// Joins groups until no two of their filters match the same topic.
pub(super) fn subscriptions(groups: Vec<FilterGroup>) -> Vec<Subscription> {
    let (topics, filters): (Vec<_>, Vec<_>) =
        named(groups).into_iter().partition(|wanted| is_exact(&wanted.levels));
    let mut joined = join(filters);
    // A topic that a filter matches is covered by it, and two topics overlap when they are the same.
    let mut alone: HashMap<Vec<String>, u8> = HashMap::new();
    for Wanted { levels, qos } in topics {
        let covers = |filter: &&mut Wanted| overlap(&filter.levels, &levels);
        let known = match joined.iter_mut().find(covers) {
            Some(filter) => &mut filter.qos,
            None => alone.entry(levels).or_default(),
        };
        *known = qos.max(*known);
    }
    let alone = alone.into_iter().map(|(levels, qos)| Wanted { levels, qos });
    let mut subscriptions: Vec<Subscription> = joined
        .into_iter()
        .chain(alone)
        .map(|wanted| Subscription { filter: wanted.levels.join("/"), qos: wanted.qos })
        .collect();
    subscriptions.sort_by(|a, b| a.filter.cmp(&b.filter));
    subscriptions
}

/// The topics of the small groups one by one, as long as they are few, and the wide filter of each other group.
fn named(mut groups: Vec<FilterGroup>) -> Vec<Wanted> {
    groups.sort_by(|a, b| {
        let key = |group: &FilterGroup| (group.is_large, group.members.len());
        key(a).cmp(&key(b)).then_with(|| a.levels.cmp(&b.levels))
    });
    let mut room = NAMED_TOPICS;
    let mut all = Vec::new();
    for FilterGroup { levels, qos, members, is_large } in groups {
        // A group of one has nothing to widen.
        if is_large || members.len() > room.max(1) {
            all.push(Wanted { levels, qos });
        } else {
            room = room.saturating_sub(members.len());
            all.extend(members.into_iter().map(|(levels, qos)| Wanted { levels, qos }));
        }
    }
    all
}

/// Joins filters with wildcards until no two of them match the same topic.
fn join(mut groups: Vec<Wanted>) -> Vec<Wanted> {
    let mut joined: Vec<Wanted> = Vec::new();
    while let Some(mut group) = groups.pop() {
        // A joined filter is wider, so it is compared with all the others again.
        while let Some(at) = joined.iter().position(|other| overlap(&other.levels, &group.levels)) {
            let other = joined.swap_remove(at);
            group = Wanted {
                levels: union(&other.levels, &group.levels),
                qos: other.qos.max(group.qos),
            };
        }
        joined.push(group);
    }
    joined
}

/// Whether there is a topic that both filters match.
fn overlap(a: &[String], b: &[String]) -> bool {
    // A leading wildcard does not match `$SYS` and the like.
    let hidden = |levels: &[String]| levels.first().is_some_and(|level| level.starts_with('$'));
    let wild = |levels: &[String]| levels.first().is_some_and(|level| level == "+" || level == "#");
    if hidden(a) && wild(b) || hidden(b) && wild(a) {
        return false;
    }
    let mut at = 0;
    loop {
        match (a.get(at).map(String::as_str), b.get(at).map(String::as_str)) {
            (None, None) | (Some("#"), _) | (_, Some("#")) => return true,
            (None, _) | (_, None) => return false,
            (Some(a), Some(b)) if a != b && a != "+" && b != "+" => return false,
            _ => at += 1,
        }
    }
}

/// A filter that matches all that either of them matches.
fn union(a: &[String], b: &[String]) -> Vec<String> {
    let mut union = Vec::with_capacity(a.len());
    let mut at = 0;
    loop {
        match (a.get(at), b.get(at)) {
            (None, None) => return union,
            (Some(a), Some(b)) if a == b => union.push(a.clone()),
            (Some(a), Some(b)) if a != "#" && b != "#" => union.push("+".into()),
            _ => {
                union.push("#".into());
                return union;
            }
        }
        at += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn merged(filters: &[(&str, u8)]) -> Vec<(String, u8)> {
        let groups = filters.iter().map(|(filter, qos)| {
            let mut group = FilterGroup::default();
            group.add(filter.split('/').map(str::to_owned).collect(), *qos);
            group
        });
        let subscriptions = subscriptions(groups.collect());
        subscriptions
            .into_iter()
            .map(|subscription| (subscription.filter, subscription.qos))
            .collect()
    }

    #[test]
    fn a_filter_that_another_covers_is_dropped_and_its_quality_of_service_kept() {
        assert_eq!(merged(&[("a/+/c", 0), ("a/b/c", 2)]), [("a/+/c".into(), 2)]);
        assert_eq!(merged(&[("a", 0), ("a/#", 1), ("a/b/c/d", 0)]), [("a/#".into(), 1)]);
    }

    #[test]
    fn filters_that_cross_are_joined_and_others_stay_apart() {
        assert_eq!(merged(&[("a/+/x", 0), ("a/b/+", 1)]), [("a/+/+".into(), 1)]);
        assert_eq!(merged(&[("a/x", 0), ("b/x", 0)]), [("a/x".into(), 0), ("b/x".into(), 0)]);
        assert_eq!(merged(&[("a/x", 0), ("a/x/y", 0)]).len(), 2);
    }

    #[test]
    fn a_joined_filter_is_compared_with_all_others_again() {
        let all = merged(&[("a/b/z", 0), ("a/c/x", 0), ("a/+/x", 0), ("a/b/+", 0)]);
        assert_eq!(all, [("a/+/+".into(), 0)]);
    }

    #[test]
    fn topics_without_wildcards_stay_apart_however_many_they_are() {
        let topic = |at: u32| format!("plant/tag-{at}/value");
        let all: Vec<(String, u8)> =
            (0..30_000).chain([7]).map(|at| (topic(at), u8::from(at == 7))).collect();
        let mut groups: Vec<(&str, u8)> = all.iter().map(|(t, qos)| (&**t, *qos)).collect();
        let apart = merged(&groups);
        assert_eq!(apart.len(), 30_000);
        assert!(apart.contains(&(topic(7), 1)) && apart.contains(&(topic(8), 0)));
        groups.extend([("plant/#", 0), ("$SYS/uptime", 0)]);
        assert_eq!(merged(&groups), [("$SYS/uptime".into(), 0), ("plant/#".into(), 1)]);
    }

    /// A group with the topics `plant/A-0/NAME` and on.
    fn group(count: usize, name: &str) -> FilterGroup {
        let mut group = FilterGroup::default();
        for at in 0..count {
            group.add(vec!["plant".into(), format!("A-{at}"), name.into()], 0);
        }
        group
    }

    #[test]
    fn some_hundreds_of_topics_are_named_one_by_one_and_the_largest_templates_are_widened_beyond() {
        let all = subscriptions(vec![group(2, "speed"), group(2, "state")]);
        assert_eq!(all.len(), 4);
        assert!(all.iter().all(|one| !one.filter.contains('+')), "{all:?}");
        assert_eq!(subscriptions(vec![group(NAMED_TOPICS, "speed")]).len(), NAMED_TOPICS);
        let wide = subscriptions(vec![group(NAMED_TOPICS + 1, "speed"), group(300, "state")]);
        assert_eq!(wide.len(), 301);
        assert!(wide.iter().any(|one| one.filter == "plant/+/speed"), "{wide:?}");
        let both = subscriptions(vec![group(300, "speed"), group(301, "state")]);
        assert_eq!(both.len(), 301);
        assert!(both.iter().any(|one| one.filter == "plant/+/state"), "{both:?}");
    }
}
