//! The files of a definition: read, migrated, their includes followed.

use std::path::{Path, PathBuf};

use super::super::diagnostic::{Diagnostic, Severity};
use super::super::tree::{Kind, Node, Span, Tree};
use super::{Resolver, SCHEMA, normal};

/// One file of the definition.
pub(super) struct Source {
    pub path: PathBuf,
    /// The path as text, for messages.
    pub name: String,
    pub tree: Tree,
    /// Where the lines begin.
    lines: Vec<usize>,
    /// It is of a newer schema, and not read.
    pub is_newer: bool,
}

impl Source {
    pub(super) fn new(path: &Path, tree: Tree) -> Self {
        let ends = tree.text().match_indices('\n').map(|(end, _)| end + 1);
        let lines = std::iter::once(0).chain(ends).collect();
        Self {
            path: path.to_owned(),
            name: path.display().to_string(),
            tree,
            lines,
            is_newer: false,
        }
    }

    pub(super) fn directory(&self) -> &Path {
        self.path.parent().unwrap_or(Path::new(""))
    }

    /// Line and column, from 1.
    pub(super) fn place(&self, at: usize) -> (usize, usize) {
        let line = self.lines.partition_point(|begin| *begin <= at);
        let begin = self.lines[line - 1];
        (line, self.tree.text()[begin..at].chars().count() + 1)
    }

    pub(super) fn diagnostic(
        &self,
        severity: Severity,
        span: &Span,
        message: String,
    ) -> Diagnostic {
        let (line, column) = self.place(span.start);
        let text = self.tree.text();
        let source_line = text[self.lines[line - 1]..].split('\n').next().unwrap_or("");
        let source_line = source_line.trim_end_matches('\r');
        Diagnostic {
            severity,
            file: self.name.clone(),
            line,
            column,
            text: text[span.clone()].to_owned(),
            message,
            expected: None,
            suggestion: None,
            source_line: source_line.to_owned(),
        }
    }
}

/// The file and all that it includes, each once, the file first.
pub(super) fn read_all(
    path: &Path,
    text: &str,
    resolver: &dyn Resolver,
    diagnostics: &mut Vec<Diagnostic>,
) -> Vec<Source> {
    let mut sources = vec![read(path, text, diagnostics)];
    // Chain of the files that led to each, for cycles.
    let mut chains = vec![vec![normal(path)]];
    let mut at = 0;
    while at < sources.len() {
        for (span, file) in includes(&sources[at]) {
            let path = normal(&sources[at].directory().join(&file));
            let complain = |message| sources[at].diagnostic(Severity::Error, &span, message);
            if chains[at].contains(&path) {
                let chain: Vec<_> =
                    chains[at].iter().chain([&path]).map(|p| p.display().to_string()).collect();
                diagnostics
                    .push(complain(format!("files include each other: {}", chain.join(" → "))));
                continue;
            }
            if sources.iter().any(|source| normal(&source.path) == path) {
                continue;
            }
            match resolver.read(&path) {
                // What is no twin's file is not shown: it may hold anything, and secrets too.
                Ok(text) if !begins_a_definition(&text) => {
                    let message =
                        format!("`{file}` is no file of classes: it begins with no `Classes(`");
                    diagnostics.push(complain(message));
                }
                Ok(text) => {
                    let mut chain = chains[at].clone();
                    chain.push(path.clone());
                    let source = read(&path, &text, diagnostics);
                    sources.push(source);
                    chains.push(chain);
                }
                Err(error) => {
                    diagnostics.push(complain(format!("`{file}` cannot be read: {error}")));
                }
            }
        }
        at += 1;
    }
    sources
}

fn read(path: &Path, text: &str, diagnostics: &mut Vec<Diagnostic>) -> Source {
    let tree = Tree::parse(text);
    let mut source = Source::new(path, tree);
    if let Some(newer) = newer(&source) {
        // What a newer format has is unknown here: nothing else of the file is worth saying.
        diagnostics.push(newer);
        return Source { is_newer: true, ..Source::new(path, Tree::parse("")) };
    }
    for error in source.tree.errors() {
        let mut diagnostic = source.diagnostic(Severity::Error, &error.span, error.message.clone());
        diagnostic.expected.clone_from(&error.help);
        diagnostics.push(diagnostic);
    }
    migrate(&mut source, diagnostics);
    source
}

/// Whether a text begins as one that is included does: `Classes(`, `Twin(` or `(`.
fn begins_a_definition(text: &str) -> bool {
    let Some(rest) = behind_comments(text) else { return false };
    let named = ["Classes", "Twin"].iter().find_map(|name| rest.strip_prefix(name));
    named.unwrap_or(rest).trim_start().starts_with('(')
}

/// Whether a text begins with fields, `(`, which may have a name, as in `Behaviour(`.
pub(super) fn begins_with_fields(text: &str) -> bool {
    behind_comments(text).is_some_and(|rest| {
        let name = |c: char| c.is_ascii_alphanumeric() || c == '_';
        rest.trim_start_matches(name).trim_start().starts_with('(')
    })
}

/// The text behind comments and the attributes of RON; `None` where one of them has no end.
fn behind_comments(text: &str) -> Option<&str> {
    let mut rest = text.trim_start_matches('\u{feff}').trim_start();
    loop {
        let after = if let Some(comment) = rest.strip_prefix("//") {
            comment.split_once('\n').map(|(_, after)| after)
        } else if let Some(comment) = rest.strip_prefix("/*") {
            comment.split_once("*/").map(|(_, after)| after)
        } else if let Some(attribute) = rest.strip_prefix("#!") {
            attribute.split_once(']').map(|(_, after)| after)
        } else {
            return Some(rest);
        };
        rest = after?.trim_start();
    }
}

/// Why a file is not read that is of a newer schema.
fn newer(source: &Source) -> Option<Diagnostic> {
    let Kind::Struct(_, fields) = &source.tree.root().kind else { return None };
    let (_, node) = fields.iter().find(|(name, _)| name.text == "schema")?;
    let Kind::Number(version) = node.kind else { return None };
    let message = format!(
        "this file has schema {version}, which is newer than this program (schema {SCHEMA}): update twinscope"
    );
    (version > f64::from(SCHEMA)).then(|| source.diagnostic(Severity::Error, &node.span, message))
}

fn includes(source: &Source) -> Vec<(Span, String)> {
    let Kind::Struct(_, fields) = &source.tree.root().kind else { return Vec::new() };
    let lists = fields.iter().filter(|(name, _)| name.text == "include");
    let items = lists.flat_map(|(_, node)| match &node.kind {
        Kind::List(items) => items.as_slice(),
        _ => &[],
    });
    let file = |node: &Node| match &node.kind {
        Kind::Text(file) => Some((node.span.clone(), file.clone())),
        _ => None,
    };
    items.filter_map(file).collect()
}

/// Brings an older file up to the present format, in the tree: places stay those of the text.
fn migrate(source: &mut Source, diagnostics: &mut Vec<Diagnostic>) {
    let Kind::Struct(_, fields) = &source.tree.root().kind else { return };
    let Some(node) = fields.iter().find(|(name, _)| name.text == "schema").map(|(_, node)| node)
    else {
        return;
    };
    let span = node.span.clone();
    let version = match node.kind {
        Kind::Number(version) => version,
        _ => return, // Reported with the other fields' types.
    };
    if version == 1.0 {
        let mut renamed = Vec::new();
        for (path, old, new) in RENAMED_IN_2 {
            rename(source.tree.root_mut(), path, old, new, &mut renamed);
        }
        for (span, new) in renamed {
            let old = &source.tree.text()[span.clone()];
            let message = format!("`{old}` of schema 1 is read as `{new}`");
            diagnostics.push(source.diagnostic(Severity::Notice, &span, message));
        }
        let message = format!("this file has schema 1; it is read as schema {SCHEMA}");
        diagnostics.push(source.diagnostic(Severity::Notice, &span, message));
    }
}

/// Where, the old name, the new name.
const RENAMED_IN_2: [(&[&str], &str, &str); 3] = [
    (&["classes", "*", "properties", "*"], "every", "interval"),
    (&["assets", "*", "properties", "*"], "every", "interval"),
    (&["assets", "*"], "position", "at"),
];

fn rename(node: &mut Node, path: &[&str], old: &str, new: &str, renamed: &mut Vec<(Span, String)>) {
    match (path.split_first(), &mut node.kind) {
        (None, Kind::Struct(_, fields)) => {
            for (name, _) in fields.iter_mut().filter(|(name, _)| name.text == old) {
                renamed.push((name.span.clone(), new.to_owned()));
                name.text = new.to_owned();
            }
        }
        (Some((&"*", rest)), Kind::List(items)) => {
            items.iter_mut().for_each(|item| rename(item, rest, old, new, renamed));
        }
        (Some((&"*", rest)), Kind::Map(entries)) => {
            entries.iter_mut().for_each(|(_, value)| rename(value, rest, old, new, renamed));
        }
        (Some((step, rest)), Kind::Struct(_, fields)) => {
            for (_, value) in fields.iter_mut().filter(|(name, _)| name.text == **step) {
                rename(value, rest, old, new, renamed);
            }
        }
        _ => {}
    }
}
