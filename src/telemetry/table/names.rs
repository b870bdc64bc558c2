//! The names by which a table may call properties, and the answers to names that none has.

use std::collections::{BTreeMap, HashMap};

use crate::twin::{PropertyId, Twin, nearest};

/// So many unknown names of one table are answered with the nearest known one and kept with their
/// answers.
const ANSWERS: usize = 256;
/// So many comparisons are made for all answers of one table together, beyond the first answer. A
/// comparison takes about a microsecond, and a frame waits for it.
const COMPARISONS: usize = 200_000;
/// Characters of a name beyond which it is no mistyped name, and is not shown whole.
const LONGEST: usize = 120;

/// The properties of a twin by all names that a table may use.
pub(super) struct Names {
    /// Sorted, so that of names that are equally near the same one is always answered.
    known: BTreeMap<String, PropertyId>,
    /// The nearest known name by the unknown one, where it was sought.
    answers: HashMap<String, Option<String>>,
    /// Comparisons that are left for names that are not answered yet.
    left: usize,
}

impl Names {
    /// The names of all properties: their paths, and the asset's bare name for its path where that
    /// says which asset is meant.
    pub(super) fn of(twin: &Twin) -> Self {
        let names =
            twin.property_ids().flat_map(|id| twin.property_names(id).map(move |n| (n, id)));
        let known = names.collect();
        Self { known, answers: HashMap::new(), left: COMPARISONS }
    }

    /// The property of that name.
    pub(super) fn find(&self, name: &str) -> Option<PropertyId> {
        self.known.get(name).copied()
    }

    /// What to say of a name that no property has. The nearest name is sought once for each of the
    /// first unknown names: a table of many costs no more than one of few.
    pub(super) fn unknown(&mut self, name: &str) -> String {
        if self.known.is_empty() {
            return format!("the twin has no property `{}`, and none at all", shortened(name));
        }
        let Some(nearest) = self.nearest(name) else {
            return format!("the twin has no property `{}`", shortened(name));
        };
        match (nearest, self.known.keys().next()) {
            (Some(near), _) => {
                format!("the twin has no property `{name}`; the nearest is `{near}`")
            }
            (None, first) => {
                let first = first.map(String::as_str).unwrap_or_default();
                format!("the twin has no property `{name}`; one that it has is `{first}`")
            }
        }
    }

    /// The nearest known name, if any is near; `None` where it is not sought.
    fn nearest(&mut self, name: &str) -> Option<Option<String>> {
        if let Some(answer) = self.answers.get(name) {
            return Some(answer.clone());
        }
        let may_compare = self.answers.is_empty() || self.known.len() <= self.left;
        if self.answers.len() >= ANSWERS || !may_compare || name.chars().nth(LONGEST).is_some() {
            return None;
        }
        self.left = self.left.saturating_sub(self.known.len());
        let answer = nearest(name, self.known.keys().map(String::as_str));
        self.answers.insert(name.to_owned(), answer.clone());
        Some(answer)
    }
}

/// A name, or the beginning of one that is too long to be shown.
fn shortened(name: &str) -> String {
    match name.char_indices().nth(LONGEST) {
        None => name.to_owned(),
        Some((end, _)) => format!("{}…", &name[..end]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::telemetry::sample_twin;

    #[test]
    fn of_names_that_are_equally_near_the_first_in_order_is_answered_every_time() {
        let answers: Vec<String> =
            (0..8).map(|_| Names::of(&sample_twin::pumps(40)).unknown("P-x.speed")).collect();
        assert!(answers[0].contains("nearest is `"), "{}", answers[0]);
        assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:?}");
    }

    #[test]
    fn the_nearest_name_is_sought_once_a_name_and_not_for_endless_names() {
        let mut names = Names::of(&sample_twin::pumps(4));
        let first = names.unknown("P-1.sped");
        assert!(first.ends_with("the nearest is `P-1.speed`"), "{first}");
        let left = names.left;
        assert_eq!(left, COMPARISONS - names.known.len());
        assert_eq!((names.unknown("P-1.sped"), names.left), (first.clone(), left));
        for at in 0..10_000 {
            names.unknown(&format!("Q-{at}.sped"));
        }
        assert_eq!(names.answers.len(), ANSWERS);
        assert_eq!(names.unknown("Q-9999.sped"), "the twin has no property `Q-9999.sped`");
        assert_eq!(names.unknown("P-1.sped"), first, "what was answered is kept");
    }

    #[test]
    fn the_first_unknown_name_is_answered_however_many_names_there_are() {
        let mut names = Names::of(&sample_twin::pumps(10));
        names.left = names.known.len() - 1;
        assert!(names.unknown("P-9.sped").ends_with("the nearest is `P-9.speed`"));
        assert_eq!(names.unknown("P-8.sped"), "the twin has no property `P-8.sped`");
    }

    #[test]
    fn a_name_that_is_far_too_long_is_not_compared_and_not_repeated_whole() {
        let mut names = Names::of(&sample_twin::pumps(1));
        let answer = names.unknown(&"ü".repeat(1_000_000));
        assert_eq!(names.left, COMPARISONS);
        assert!(answer.ends_with("ü…`") && answer.len() < 400, "{answer}");
    }
}
