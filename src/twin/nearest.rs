//! The nearest known name to one that is unknown, for messages.

use std::collections::HashMap;

/// The candidate nearest to what was written, if any is near. A name that is written without its path
/// is compared with the ends of paths, too; a candidate that is written in the same way goes before.
pub(crate) fn nearest<'a>(
    written: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<String> {
    let lower = written.to_lowercase();
    let likeness = |candidate: &str| {
        let candidate = candidate.to_lowercase();
        let whole = strsim::jaro_winkler(&lower, &candidate);
        match candidate.rsplit_once('/') {
            Some((_, end)) if !lower.contains('/') => {
                whole.max(0.99 * strsim::jaro_winkler(&lower, end))
            }
            _ => whole,
        }
    };
    candidates
        .into_iter()
        .map(|candidate| (likeness(candidate), candidate))
        .filter(|(likeness, _)| *likeness > 0.72)
        // Of those that are equally near the first by name, in whatever order they come.
        .max_by(|a, b| a.0.total_cmp(&b.0).then_with(|| b.1.cmp(a.1)))
        .map(|(_, candidate)| candidate.to_owned())
}

/// So many unknown names are kept with what was found for them.
const KEPT: usize = 256;
/// Characters of a name beyond which it is no mistyped name, and is not compared.
pub(crate) const LONGEST: usize = 120;

/// The nearest names for any number of unknown ones, with a bounded number of comparisons: of 100,000
/// known names one search takes some tenths of a second.
#[derive(Debug)]
pub(crate) struct NearestNames {
    answers: HashMap<String, Option<String>>,
    /// Comparisons that are left.
    left: usize,
}

impl NearestNames {
    /// So many comparisons are made for all names after the first. One takes about a microsecond.
    pub(crate) fn new(comparisons: usize) -> Self {
        Self { answers: HashMap::new(), left: comparisons }
    }

    /// The known name that is nearest, if any is near; `None` where it is not sought, because the name
    /// is too long or too many have been sought. `known` is to be the same in each call.
    pub(crate) fn find<'a>(
        &mut self,
        name: &str,
        known: impl ExactSizeIterator<Item = &'a str>,
    ) -> Option<Option<String>> {
        if let Some(answer) = self.answers.get(name) {
            return Some(answer.clone());
        }
        let may_compare = self.answers.is_empty() || known.len() <= self.left;
        if self.answers.len() >= KEPT || !may_compare || name.chars().nth(LONGEST).is_some() {
            return None;
        }
        self.left = self.left.saturating_sub(known.len());
        let answer = nearest(name, known);
        self.answers.insert(name.to_owned(), answer.clone());
        Some(answer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_without_its_path_is_near_to_the_end_of_a_path() {
        let assets = ["station", "station/utilities/TK-1", "station/utilities/P-1"];
        assert_eq!(nearest("TK-9", assets).as_deref(), Some("station/utilities/TK-1"));
        assert_eq!(nearest("station/utilities/P-2", assets).as_deref(), Some(assets[2]));
        assert_eq!(nearest("boiler", assets), None);
    }

    #[test]
    fn of_names_that_are_equally_near_the_first_is_found_in_whatever_order_they_come() {
        let (one, other) = (["P-1", "P-2", "P-3"], ["P-3", "P-1", "P-2"]);
        assert_eq!(nearest("P-9", one).as_deref(), Some("P-1"));
        assert_eq!(nearest("P-9", other).as_deref(), Some("P-1"));
    }

    #[test]
    fn a_name_is_compared_once_and_endless_names_cost_a_bounded_number_of_comparisons() {
        let known = ["P-1", "P-2"];
        let mut names = NearestNames::new(1_000);
        let first = names.find("P-9", known.into_iter());
        assert_eq!(first, Some(Some("P-1".into())));
        assert_eq!((names.find("P-9", known.into_iter()), names.left), (first.clone(), 998));
        for at in 0..10_000 {
            names.find(&format!("boiler {at}"), known.into_iter());
        }
        assert_eq!((names.answers.len(), names.left), (KEPT, 1_000 - 2 * KEPT));
        assert_eq!(names.find("boiler", known.into_iter()), None, "it is not sought");
        assert_eq!(names.find("P-9", known.into_iter()), first, "what was found is kept");
    }

    #[test]
    fn the_first_name_is_compared_however_many_are_known_and_one_that_is_far_too_long_never() {
        let known = ["P-1", "P-2"];
        let mut names = NearestNames::new(1);
        assert_eq!(names.find(&"P".repeat(1_000_000), known.into_iter()), None);
        assert_eq!(names.find("P-9", known.into_iter()), Some(Some("P-1".into())));
        assert_eq!(names.find("P-8", known.into_iter()), None);
    }
}
