//! Changes of a tree's text that keep comments, order and layout around them.

use super::{Kind, Node, Span, Tree};

/// A step from a value to one inside it.
#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    /// Field of a struct, or key of a map.
    Key(String),
    /// Element of a list or tuple.
    Index(usize),
}

/// Why an edit was not made.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum EditError {
    /// There is no value at that path.
    #[error("there is no value at step {0} of the path")]
    NoSuchValue(usize),
    /// The value there has no fields, keys or elements to add to.
    #[error("nothing can be inserted there")]
    NotACollection,
    /// The new text is not RON, or spoils its surroundings.
    #[error("the new text is not a value: {0}")]
    NotAValue(String),
}

impl Tree {
    /// The value at a path.
    ///
    /// # Errors
    /// Number of the first step that leads nowhere.
    pub fn get(&self, path: &[Step]) -> Result<&Node, EditError> {
        let mut node = self.root();
        for (number, step) in path.iter().enumerate() {
            let inner = match (step, &node.kind) {
                (Step::Key(key), Kind::Struct(_, fields)) => {
                    fields.iter().find(|(name, _)| name.text == *key).map(|(_, value)| value)
                }
                (Step::Key(key), Kind::Map(entries)) => entries
                    .iter()
                    .find(
                        |(name, _)| matches!(&name.kind, Kind::Text(t) | Kind::Name(t) if t == key),
                    )
                    .map(|(_, value)| value),
                (Step::Index(at), Kind::List(items) | Kind::Tuple(_, items)) => items.get(*at),
                _ => None,
            };
            node = inner.ok_or(EditError::NoSuchValue(number))?;
        }
        Ok(node)
    }

    /// Puts another value in the place of one.
    ///
    /// # Errors
    /// If there is no such value, or the new one cannot be read; the tree is unchanged then.
    pub fn replace(&mut self, path: &[Step], value: &str) -> Result<(), EditError> {
        check(value)?;
        let span = self.get(path)?.span.clone();
        self.splice(span, value)
    }

    /// Adds a field, key (RON text with its quotes) or element at the end of the collection at
    /// `path`; lists and tuples ignore `key`.
    ///
    /// # Errors
    /// As [`Tree::replace`]; also if the value at `path` takes no more.
    pub fn insert(&mut self, path: &[Step], key: &str, value: &str) -> Result<(), EditError> {
        check(value)?;
        let node = self.get(path)?;
        let (last, entry) = match &node.kind {
            Kind::Struct(_, fields) => (fields.last().map(|(_, v)| v), format!("{key}: {value}")),
            Kind::Map(entries) => (entries.last().map(|(_, v)| v), format!("{key}: {value}")),
            Kind::List(items) | Kind::Tuple(_, items) => (items.last(), value.to_owned()),
            _ => return Err(EditError::NotACollection),
        };
        let Some(last) = last else {
            let end = node.span.end - 1;
            return self.splice(end..end, &entry);
        };
        let line = self.text[..last.span.start].rfind('\n').map_or(0, |at| at + 1);
        let own_line = line > node.span.start;
        let after = &self.text[last.span.end..node.span.end - 1];
        let tail = Tail::of(after);
        match tail.line_end.filter(|_| own_line) {
            // The layout of the collection's last line is repeated; a comment stays on that line.
            Some(line_end) => {
                let indent: String =
                    self.text[line..].chars().take_while(|c| matches!(c, ' ' | '\t')).collect();
                let (before, behind) = if tail.comma { ("", ",") } else { (",", "") };
                let comment = &after[..line_end];
                let new = format!("{before}{comment}\n{indent}{entry}{behind}");
                self.splice(last.span.end..last.span.end + line_end, &new)
            }
            None => {
                let end = last.span.end;
                self.splice(end..end, &format!(", {entry}"))
            }
        }
    }

    fn splice(&mut self, span: Span, new: &str) -> Result<(), EditError> {
        let mut text = self.text.clone();
        text.replace_range(span, new);
        let tree = Self::parse(&text);
        if let Some(error) = tree.errors.get(self.errors.len()) {
            return Err(EditError::NotAValue(error.message.clone()));
        }
        *self = tree;
        Ok(())
    }
}

/// What follows the last element of a collection.
struct Tail {
    /// A comma, before the end of its line.
    comma: bool,
    /// Where that line ends; `None`: it is the line on which the collection ends.
    line_end: Option<usize>,
}

impl Tail {
    fn of(text: &str) -> Self {
        let mut tail = Self { comma: false, line_end: None };
        let mut at = 0;
        while let Some(c) = text[at..].chars().next() {
            let rest = &text[at..];
            if rest.starts_with("//") || c == '\n' {
                tail.line_end = rest.find('\n').map(|end| at + end);
                break;
            }
            tail.comma |= c == ',';
            at += if rest.starts_with("/*") { block_comment(rest) } else { c.len_utf8() };
        }
        tail
    }
}

/// Length of the block comment at the start of a text; they nest.
fn block_comment(text: &str) -> usize {
    let mut depth = 0;
    let mut at = 0;
    while at < text.len() {
        let rest = &text.as_bytes()[at..];
        if rest.starts_with(b"/*") {
            (depth, at) = (depth + 1, at + 2);
        } else if rest.starts_with(b"*/") {
            (depth, at) = (depth - 1, at + 2);
            if depth == 0 {
                break;
            }
        } else {
            at += 1;
        }
    }
    at.min(text.len())
}

fn check(value: &str) -> Result<(), EditError> {
    match Tree::parse(value).errors.first() {
        Some(error) => Err(EditError::NotAValue(error.message.clone())),
        None => Ok(()),
    }
}
