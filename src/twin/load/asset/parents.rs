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
    let paths: Vec<String> = drafts.iter().map(Draft::path).collect();
    let stated = Stated::of(drafts, &paths);
    let mut fine = true;
    let names = Candidates::new(drafts.iter().map(|draft| &*draft.asset.name));
    let mut reported: HashSet<(*const Node, &str)> = HashSet::new();
    let mut parents: Vec<Option<usize>> = Vec::with_capacity(drafts.len());
    // One answer for all assets that state the same parent.
    let mut answers: HashMap<&str, Rc<Found>> = HashMap::new();
    for draft in drafts {
        let answer = |parent| {
            let search = || Rc::new(stated.find(parent));
            answers.entry(parent).or_insert_with(search).clone()
        };
        let found = draft.parent.as_deref().map(answer);
        let place = draft.parent_place.unwrap_or(draft.place);
        parents.push(match found.as_deref() {
            None => None,
            Some(Found::One(parent)) => Some(*parent),
            Some(Found::None) => {
                let name = draft.parent.as_deref().unwrap_or_default();
                // Once for all copies of a row.
                if reported.insert((place.node, name)) {
                    cx.unknown_of(place, "asset", name, &names);
                }
                fine = false;
                None
            }
            // One path for all is no choice.
            Some(Found::Namesakes(path, count)) => {
                let message =
                    format!("`{path}` is stated {count} times: give each a name of its own");
                cx.error(place, message);
                fine = false;
                None
            }
            Some(Found::Several(first, count)) => {
                let others = count - first.len();
                let more =
                    if others > 0 { format!(" or one of {others} more") } else { String::new() };
                let paths: Vec<_> = first.iter().map(|path| format!("`{path}`")).collect();
                let paths = paths.join(" or ");
                let message =
                    format!("several assets may be meant: write the path of one, {paths}{more}");
                cx.error(place, message);
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

/// The drafts that a parent's path may mean.
enum Found<'d> {
    None,
    One(usize),
    /// So many of one path.
    Namesakes(&'d str, usize),
    /// Some of each of so many paths, the first of which are these.
    Several(Vec<&'d str>, usize),
}

/// Drafts by what they state of their own paths: of their parents' as it is written, and their names.
struct Stated<'d> {
    drafts: &'d [Draft<'d>],
    paths: &'d [String],
    /// Names of those that are part of no other.
    roots: HashSet<&'d str>,
    by_name: HashMap<&'d str, Vec<usize>>,
    by_path: HashMap<&'d str, Vec<usize>>,
    /// The stated paths that end in a path, by that.
    by_end: HashMap<&'d str, Vec<&'d str>>,
}

impl<'d> Stated<'d> {
    /// `paths` are those of the drafts.
    fn of(drafts: &'d [Draft], paths: &'d [String]) -> Self {
        let mut by_name: HashMap<&str, Vec<usize>> = HashMap::new();
        let mut by_path: HashMap<&str, Vec<usize>> = HashMap::new();
        for ((draft, path), number) in drafts.iter().zip(paths).zip(0..) {
            by_name.entry(&draft.asset.name).or_default().push(number);
            by_path.entry(path).or_default().push(number);
        }
        let mut by_end: HashMap<&str, Vec<&str>> = HashMap::new();
        for path in by_path.keys().copied() {
            ends(path).for_each(|end| by_end.entry(end).or_default().push(path));
        }
        let roots = drafts.iter().filter(|draft| draft.parent.is_none());
        let roots = roots.map(|draft| &*draft.asset.name).collect();
        Self { drafts, paths, roots, by_name, by_path, by_end }
    }

    /// Whether an asset of that name is part of no other.
    fn is_root(&self, name: &str) -> bool {
        self.roots.contains(name)
    }

    /// Drafts with that name, or at the end of that path; those whose whole path it is come before all others.
    fn find(&self, path: &'d str) -> Found<'d> {
        let (mut all, mut whole) = (Vec::new(), Vec::new());
        let mut add = |stated: &str, is_whole: bool| {
            let found = self.by_path.get(stated).map_or(&[][..], Vec::as_slice);
            all.extend_from_slice(found);
            if is_whole {
                whole.extend_from_slice(found);
            }
        };
        for stated in self.by_end.get(path).into_iter().flatten().copied() {
            add(stated, stated == path && self.is_root(first(stated)));
        }
        // Those that state less than the path, with what stands above them.
        for stated in ends(path).skip(1).filter(|end| self.by_path.contains_key(*end)) {
            let above = path[..path.len() - stated.len()].trim_end_matches('/');
            if let Some(is_whole) = self.ends_above(first(stated), above) {
                add(stated, is_whole);
            }
        }
        match (&*whole, &*all) {
            ([one], _) | ([], [one]) => Found::One(*one),
            ([], []) => Found::None,
            ([], _) => {
                all.sort_unstable();
                let count = all.len();
                let mut known = HashSet::new();
                let paths = all.into_iter().map(|number| &*self.paths[number]);
                let mut paths: Vec<&str> = paths.filter(|path| known.insert(*path)).collect();
                if let [path] = paths[..] {
                    return Found::Namesakes(path, count);
                }
                paths.truncate(MOST_SHOWN);
                Found::Several(paths, known.len())
            }
            (whole, _) => Found::Namesakes(path, whole.len()),
        }
    }

    /// Whether what stands above the asset `top` ends in that path, and if so, whether that is all of it.
    fn ends_above<'p>(&'p self, mut top: &'p str, mut path: &'p str) -> Option<bool> {
        loop {
            // It is stated with the top itself, where that is clear.
            let [number] = self.by_name.get(top)?[..] else { return None };
            let above = self.drafts[number].parent.as_deref()?;
            if ends(above).any(|end| end == path) {
                return Some(above == path && self.is_root(first(above)));
            }
            path = path.strip_suffix(above)?.strip_suffix('/')?;
            top = first(above);
        }
    }
}

/// The first step of a path.
fn first(path: &str) -> &str {
    path.split('/').next().unwrap_or_default()
}

/// A path without its first steps, one after the other, from the whole of it; of a path that is deeper
/// than assets may be its last ones.
fn ends(path: &str) -> impl Iterator<Item = &str> {
    let begins = path.match_indices('/').map(|(at, _)| at + 1);
    let deep = path.matches('/').count().saturating_sub(MOST_LEVELS);
    std::iter::once(0).chain(begins).skip(deep).map(|begin| &path[begin..])
}
