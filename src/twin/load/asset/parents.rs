//! Which asset is part of which, by the names and ends of paths that a twin file states.

use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use super::super::super::tree::Node;
use super::super::read::{Candidates, Cx};
use super::{Draft, MOST_LEVELS};

/// Assets of the same name that an error lists.
const MOST_SHOWN: usize = 5;

/// Numbers of the drafts with those of their parents, parents first.
pub(super) fn order(cx: &Cx, drafts: &[Draft]) -> Option<Vec<(usize, Option<usize>)>> {
    let stated = Stated::of(drafts);
    let mut fine = true;
    let names = Candidates::new(drafts.iter().map(|draft| &*draft.asset.name));
    let mut reported: HashSet<(*const Node, &str)> = HashSet::new();
    let mut parents: Vec<Option<usize>> = Vec::with_capacity(drafts.len());
    // One answer for all assets that state the same parent.
    let mut answers: HashMap<&str, Rc<[usize]>> = HashMap::new();
    for draft in drafts {
        let answer = |parent| {
            let search = || find(parent, drafts, &stated).into();
            answers.entry(parent).or_insert_with(search).clone()
        };
        let found = draft.parent.as_deref().map(answer);
        let place = draft.parent_place.unwrap_or(draft.place);
        parents.push(match found.as_deref() {
            None => None,
            Some([parent]) => Some(*parent),
            Some([]) => {
                let name = draft.parent.as_deref().unwrap_or_default();
                // Once for all copies of a row.
                if reported.insert((place.node, name)) {
                    cx.unknown_of(place, "asset", name, &names);
                }
                fine = false;
                None
            }
            Some(several) => {
                let shown = several.iter().take(MOST_SHOWN);
                let paths: Vec<_> =
                    shown.map(|number| format!("`{}`", drafts[*number].path())).collect();
                let others = several.len() - paths.len();
                let more =
                    if others > 0 { format!(" or one of {others} more") } else { String::new() };
                cx.error(
                    place,
                    format!(
                        "several assets may be meant: write the path of one, {}{more}",
                        paths.join(" or ")
                    ),
                );
                fine = false;
                None
            }
        });
    }
    // Levels of those that are in order; whose chain is being followed has 0.
    let mut levels: Vec<Option<usize>> = vec![None; drafts.len()];
    let mut order = Vec::with_capacity(drafts.len());
    for start in 0..drafts.len() {
        let mut chain = Vec::new();
        let mut at = Some(start);
        while let Some(number) = at.filter(|number| levels[*number].is_none_or(|level| level == 0))
        {
            if levels[number] == Some(0) {
                let place = drafts[number].parent_place.unwrap_or(drafts[number].place);
                cx.error(place, format!("asset `{}` is part of itself", drafts[number].asset.name));
                fine = false;
                break;
            }
            levels[number] = Some(0);
            chain.push(number);
            at = parents[number];
        }
        let mut level = at.and_then(|number| levels[number]).unwrap_or(0);
        for number in chain.into_iter().rev() {
            level += 1;
            if level == MOST_LEVELS + 1 {
                let place = drafts[number].parent_place.unwrap_or(drafts[number].place);
                let name = &drafts[number].asset.name;
                cx.error(
                    place,
                    format!("asset `{name}` is more than {MOST_LEVELS} levels below its site"),
                );
                fine = false;
            }
            levels[number] = Some(level);
            order.push((number, parents[number]));
        }
    }
    fine.then_some(order)
}

/// Drafts by what they state of their own paths.
struct Stated<'d> {
    by_name: HashMap<&'d str, Vec<usize>>,
    /// By the name of the parent, then by the own one: many machines may have parts of the same names.
    by_end: HashMap<&'d str, HashMap<&'d str, Vec<usize>>>,
}

impl<'d> Stated<'d> {
    fn of(drafts: &'d [Draft]) -> Self {
        let mut stated = Self { by_name: HashMap::new(), by_end: HashMap::new() };
        for (number, draft) in drafts.iter().enumerate() {
            let name = &*draft.asset.name;
            stated.by_name.entry(name).or_default().push(number);
            if let Some(above) = draft.parent.as_deref().and_then(|path| path.rsplit('/').next()) {
                let parts = stated.by_end.entry(above).or_default();
                parts.entry(name).or_default().push(number);
            }
        }
        stated
    }

    fn named(&self, name: &str) -> &[usize] {
        self.by_name.get(name).map_or(&[], Vec::as_slice)
    }

    /// Those whose paths may end in these steps.
    fn ending(&self, steps: &[&str]) -> &[usize] {
        match steps {
            [.., above, name] => {
                let parts = self.by_end.get(*above).and_then(|parts| parts.get(*name));
                parts.map_or(&[], Vec::as_slice)
            }
            [name] => self.named(name),
            [] => &[],
        }
    }
}

/// Drafts with that name, or at the end of that path; one whose whole path it is comes before all
/// others.
fn find(path: &str, drafts: &[Draft], stated: &Stated) -> Vec<usize> {
    let steps: Vec<&str> = path.split('/').collect();
    let ends: Vec<(usize, bool)> = stated
        .ending(&steps)
        .iter()
        .filter_map(|number| Some((*number, ends_in(*number, &steps, drafts, stated)?)))
        .collect();
    let whole: Vec<usize> =
        ends.iter().filter(|(_, whole)| *whole).map(|(number, _)| *number).collect();
    if whole.len() == 1 { whole } else { ends.into_iter().map(|(number, _)| number).collect() }
}

/// Whether these steps end the path of a draft, and if so, whether they are all of it.
fn ends_in(number: usize, steps: &[&str], drafts: &[Draft], stated: &Stated) -> Option<bool> {
    let mut path = drafts[number].path();
    loop {
        let top = path.split('/').next().unwrap_or_default();
        let tops = stated.named(top);
        if path.split('/').count() >= steps.len() {
            let fits = steps.iter().rev().zip(path.rsplit('/')).all(|(step, name)| *step == name);
            let is_root = tops.iter().any(|top| drafts[*top].parent.is_none());
            return fits.then(|| is_root && path.split('/').count() == steps.len());
        }
        // What stands above is stated with the top itself, where that is clear.
        let ([top], false) = (tops, tops.is_empty()) else { return None };
        let above = drafts[*top].parent.as_ref()?;
        path = format!("{above}/{path}");
    }
}
