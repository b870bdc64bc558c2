//! The names by which a table may call properties, and the answers to names that none has.

use std::collections::BTreeMap;

use crate::twin::{LONGEST, NearestNames, PropertyId, Twin};

/// Comparisons of unknown names with known ones in a table: a frame waits for them, some tenths of a
/// second altogether.
const COMPARISONS: usize = 200_000;

/// The properties of a twin by all names that a table may use.
pub(super) struct Names {
    known: BTreeMap<String, PropertyId>,
    nearest: NearestNames,
}

impl Names {
    /// The names of all properties, as [`Twin::property_names`] has them.
    pub(super) fn of(twin: &Twin) -> Self {
        let names =
            twin.property_ids().flat_map(|id| twin.property_names(id).map(move |n| (n, id)));
        Self { known: names.collect(), nearest: NearestNames::new(COMPARISONS) }
    }

    /// The property of that name.
    pub(super) fn find(&self, name: &str) -> Option<PropertyId> {
        self.known.get(name).copied()
    }

    /// What to say of a name that no property has. The nearest name is sought for the first unknown
    /// names alone, so that a table of many costs no more than one of few.
    pub(super) fn unknown(&mut self, name: &str) -> String {
        let shown = shortened(name);
        let Some(first) = self.known.keys().next() else {
            return format!("the twin has no property `{shown}`, and none at all");
        };
        match self.nearest.find(name, self.known.keys().map(String::as_str)) {
            None => format!("the twin has no property `{shown}`"),
            Some(Some(near)) => {
                format!("the twin has no property `{shown}`; the nearest is `{near}`")
            }
            Some(None) => {
                format!("the twin has no property `{shown}`; one that it has is `{first}`")
            }
        }
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
    fn of_endless_unknown_names_the_first_alone_are_answered_with_the_nearest() {
        let mut names = Names::of(&sample_twin::pumps(4));
        let first = names.unknown("P-1.sped");
        assert!(first.ends_with("the nearest is `P-1.speed`"), "{first}");
        for at in 0..10_000 {
            names.unknown(&format!("Q-{at}.sped"));
        }
        assert_eq!(names.unknown("Q-9999.sped"), "the twin has no property `Q-9999.sped`");
        assert_eq!(names.unknown("P-1.sped"), first);
    }

    #[test]
    fn a_name_that_is_far_too_long_is_not_repeated_whole() {
        let answer = Names::of(&sample_twin::pumps(1)).unknown(&"ü".repeat(1_000_000));
        assert!(answer.ends_with("ü…`") && answer.len() < 400, "{answer}");
    }
}
