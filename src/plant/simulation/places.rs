//! Where in the section stands what a message is about.

use super::Mistake;
use crate::twin::SimulationSource;
use crate::twin::tree::{Kind, Node, Tree};

/// The way to an entry of the section: names of fields, keys of maps and positions in lists.
pub type Entry = Vec<String>;

/// An entry by its steps.
pub fn entry<const N: usize>(steps: [&str; N]) -> Entry {
    steps.map(str::to_string).to_vec()
}

/// The section's text with its places.
pub struct Places<'a> {
    source: &'a SimulationSource,
    tree: Tree,
    is_story: bool,
}

impl<'a> Places<'a> {
    /// Of a section; `is_story` looks into the story first.
    pub fn new(source: &'a SimulationSource, is_story: bool) -> Self {
        Self { source, tree: Tree::parse(&source.text), is_story }
    }

    /// The text as a tree.
    pub fn tree(&self) -> &Tree {
        &self.tree
    }

    /// A mistake about a word in an entry, or in the section where no entry is known: at the word, else
    /// where the entry begins.
    pub fn mistake(&self, at: Option<&Entry>, word: &str, message: &str) -> Mistake {
        let found = match at {
            Some(entry) => self.of_entry(entry, word),
            None => self.of_word(word),
        };
        self.at(found.unwrap_or(self.tree.root().span.start), message)
    }

    /// A mistake at a byte of the text.
    pub fn at(&self, byte: usize, message: &str) -> Mistake {
        let before = self.source.text.get(..byte).unwrap_or_default();
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().map_or(0, |last| last.chars().count()) + 1;
        let place = format!("{}:{line}:{column}", self.source.file.display());
        Mistake { place, message: message.to_string() }
    }

    fn of_entry(&self, entry: &Entry, word: &str) -> Option<usize> {
        let root = self.tree.root();
        let story = child(root, "story").filter(|_| self.is_story);
        let of_story = story.and_then(|(_, story)| walk(story, entry));
        let (begins, node) = of_story.or_else(|| walk(root, entry))?;
        let field = word.split('.').try_fold(node, |node, step| Some(child(node, step)?.1));
        let field = field.map(|node| node.span.start);
        let at_key = entry.last().is_some_and(|last| last == word).then_some(begins);
        Some(at_key.or(field).or_else(|| text(node, word)).unwrap_or(begins))
    }

    fn of_word(&self, word: &str) -> Option<usize> {
        let root = self.tree.root();
        let story = child(root, "story").map(|(_, story)| story);
        let blocks =
            |node: &Node| child(node, "blocks").and_then(|(_, blocks)| asset(blocks, word));
        let in_story = |story: &Node| {
            blocks(story).or_else(|| text(story, word)).or_else(|| name(story, word))
        };
        let of_story = story.filter(|_| self.is_story).and_then(in_story);
        of_story.or_else(|| blocks(root)).or_else(|| text(root, word)).or_else(|| name(root, word))
    }
}

/// The field, entry or element of that name: where it begins, and its value.
fn child<'a>(node: &'a Node, step: &str) -> Option<(usize, &'a Node)> {
    match &node.kind {
        Kind::Struct(_, fields) => {
            let (name, value) = fields.iter().find(|(name, _)| name.text == step)?;
            Some((name.span.start, value))
        }
        Kind::Map(entries) => {
            let is_it = |key: &Node| matches!(&key.kind, Kind::Text(text) if text == step);
            let (key, value) = entries.iter().find(|(key, _)| is_it(key))?;
            Some((key.span.start, value))
        }
        Kind::List(items) => {
            let item = items.get(step.parse::<usize>().ok()?)?;
            Some((item.span.start, item))
        }
        // `Some(…)`.
        Kind::Tuple(Some(_), items) if items.len() == 1 => child(&items[0], step),
        _ => None,
    }
}

fn walk<'a>(root: &'a Node, entry: &Entry) -> Option<(usize, &'a Node)> {
    entry.iter().try_fold((root.span.start, root), |(_, node), step| child(node, step))
}

fn children(node: &Node) -> Vec<&Node> {
    match &node.kind {
        Kind::Struct(_, fields) => fields.iter().map(|(_, value)| value).collect(),
        Kind::Map(entries) => entries.iter().flat_map(|(key, value)| [key, value]).collect(),
        Kind::List(items) | Kind::Tuple(_, items) => items.iter().collect(),
        _ => Vec::new(),
    }
}

/// The asset of the block that has this one.
fn asset(blocks: &Node, name: &str) -> Option<usize> {
    let is_it = |node: &&Node| matches!(&node.kind, Kind::Text(text) if text == name);
    let stated = children(blocks).into_iter().filter_map(|block| Some(child(block, "asset")?.1));
    stated.filter(is_it).map(|node| node.span.start).next()
}

/// The first text like this below a node.
fn text(node: &Node, word: &str) -> Option<usize> {
    match &node.kind {
        Kind::Text(text) if text == word => Some(node.span.start),
        _ => children(node).into_iter().find_map(|node| text(node, word)),
    }
}

/// The first field of this name below a node.
fn name(node: &Node, word: &str) -> Option<usize> {
    if let Kind::Struct(_, fields) = &node.kind
        && let Some((name, _)) = fields.iter().find(|(name, _)| name.text == word)
    {
        return Some(name.span.start);
    }
    children(node).into_iter().find_map(|node| name(node, word))
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    const TEXT: &str = r#"(
        blocks: [
            Circuit(asset: "line", pumps: ["P-1"]),
            Pump(asset: "P-1", plate: (rated_flow: 0)),
        ],
        shows: {"P-1": "line"},
        faults: (schedule: [(fault: "trip", on: "P-1"), (fault: "trip", on: "P-1")]),
        story: (faults: (schedule: [(fault: "trip", on: "P-1")])),
    )"#;

    fn place(is_story: bool, at: Option<Entry>, word: &str) -> String {
        let source = SimulationSource { file: PathBuf::from("w"), text: TEXT.into() };
        Places::new(&source, is_story).mistake(at.as_ref(), word, "").place
    }

    #[test]
    fn a_message_points_into_the_entry_that_it_is_about() {
        let places = [
            (place(false, Some(entry(["blocks", "1"])), "P-1"), "w:4:25"),
            (place(false, Some(entry(["blocks", "1"])), "plate.rated_flow"), "w:4:52"),
            (place(false, Some(entry(["blocks", "1"])), "unknown"), "w:4:13"),
            (place(false, Some(entry(["faults", "schedule", "1"])), "P-1"), "w:7:77"),
            (place(true, Some(entry(["faults", "schedule", "0"])), "P-1"), "w:8:57"),
            (place(false, Some(entry(["shows", "P-1"])), "P-1"), "w:6:17"),
            (place(false, None, "P-1"), "w:4:25"),
            (place(false, None, "schedule"), "w:7:18"),
            (place(false, None, "nothing"), "w:1:1"),
        ];
        for (found, expected) in places {
            assert_eq!(found, expected);
        }
    }
}
