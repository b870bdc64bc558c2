//! The files of a definition: read, migrated, their includes followed.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use super::super::diagnostic::{Diagnostic, Diagnostics, Severity};
use super::super::tree::{Kind, MOST_TOKENS, Node, Span, Tree};
use super::{Resolver, SCHEMA, normal};

/// One file of the definition.
pub(super) struct Source {
    pub path: PathBuf,
    /// The path as text, for messages.
    pub name: String,
    pub tree: Tree,
    /// Where the lines begin.
    lines: Vec<usize>,
    /// Characters before each [`BLOCK`] of the text.
    characters: Vec<usize>,
    /// It is of a newer schema, and not read.
    pub is_newer: bool,
}

/// Bytes between two places whose characters are counted once, so that a place in a long line is found
/// at once.
const BLOCK: usize = 1 << 10;
/// Bytes of a line that a diagnostic keeps before and after its place.
const AROUND: usize = 400;
/// Bytes of the offending text that a diagnostic keeps.
const LONGEST_TEXT: usize = 400;
/// Bytes of a message at most; names in it may be of any length.
const LONGEST_MESSAGE: usize = 2_000;
/// Files that a twin includes at most, by way of others too.
const MOST_INCLUDED: usize = 1_000;
/// Bytes of a twin's file and all that it includes at most.
const MOST_BYTES: usize = 64 << 20;

/// A message that is not too long to be read.
pub(super) fn cut(mut text: String) -> String {
    if text.len() > LONGEST_MESSAGE {
        text.truncate(text.floor_char_boundary(LONGEST_MESSAGE));
        text.push('…');
    }
    text
}

/// Number of characters that begin in these bytes of UTF-8.
fn characters(bytes: &[u8]) -> usize {
    bytes.iter().filter(|byte| **byte & 0xc0 != 0x80).count()
}

impl Source {
    pub(super) fn new(path: &Path, tree: Tree) -> Self {
        let ends = tree.text().match_indices('\n').map(|(end, _)| end + 1);
        let lines = std::iter::once(0).chain(ends).collect();
        let blocks = tree.text().as_bytes().chunks(BLOCK).scan(0, |sum, block| {
            *sum += characters(block);
            Some(*sum)
        });
        let characters = std::iter::once(0).chain(blocks).collect();
        let name = path.display().to_string();
        Self { path: path.to_owned(), name, tree, lines, characters, is_newer: false }
    }

    pub(super) fn directory(&self) -> &Path {
        self.path.parent().unwrap_or(Path::new(""))
    }

    /// Line and column, from 1.
    pub(super) fn place(&self, at: usize) -> (usize, usize) {
        let line = self.lines.partition_point(|begin| *begin <= at);
        (line, self.characters_before(at) - self.characters_before(self.lines[line - 1]) + 1)
    }

    fn characters_before(&self, at: usize) -> usize {
        let block = at / BLOCK;
        self.characters[block] + characters(&self.tree.text().as_bytes()[block * BLOCK..at])
    }

    pub(super) fn diagnostic(
        &self,
        severity: Severity,
        span: &Span,
        message: String,
    ) -> Diagnostic {
        let (line, column) = self.place(span.start);
        let text = self.tree.text();
        let (begin, end) =
            (self.lines[line - 1], self.lines.get(line).map_or(text.len(), |next| next - 1));
        let from = text.floor_char_boundary(span.start.saturating_sub(AROUND)).max(begin);
        let to = text.floor_char_boundary(span.start.saturating_add(AROUND)).min(end);
        let source_line = text[from..to].trim_end_matches('\r');
        let offending = &text[span.clone()];
        let offending = &offending[..offending.floor_char_boundary(LONGEST_TEXT)];
        Diagnostic {
            severity,
            file: self.name.clone(),
            line,
            column,
            text: offending.to_owned(),
            message: cut(message),
            expected: None,
            suggestion: None,
            source_line: source_line.to_owned(),
            skipped: self.characters_before(from) - self.characters_before(begin),
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
    let tree = Tree::parse(text);
    if !is_definition(&tree) {
        let Diagnostics(mut refusal) = Diagnostics::whole(path, "this is no twin file".into());
        refusal[0].expected = Some("Twin(schema: 2, name: \"…\", …) in it".into());
        diagnostics.append(&mut refusal);
        return Vec::new();
    }
    let mut sources = vec![read(path, tree, diagnostics)];
    let mut known = HashSet::from([normal(path)]);
    let mut taken = (text.len(), sources[0].tree.tokens().len());
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
            if !known.insert(path.clone()) {
                continue;
            }
            if sources.len() > MOST_INCLUDED {
                let message = format!("a twin includes no more than {MOST_INCLUDED} files");
                diagnostics.push(complain(message));
                return sources;
            }
            match resolver.read(&path) {
                Ok(text) => {
                    let tree = Tree::parse(&text);
                    taken = (taken.0 + text.len(), taken.1 + tree.tokens().len());
                    if taken.0 > MOST_BYTES || taken.1 > MOST_TOKENS {
                        let most = MOST_BYTES >> 20;
                        let message = format!(
                            "with `{file}` the twin's files are too large: together they have {most} MiB at most"
                        );
                        diagnostics.push(complain(message));
                        return sources;
                    }
                    if !is_definition(&tree) {
                        let message = format!("`{file}` is no file of classes");
                        let mut refusal = complain(message);
                        refusal.expected = Some("Classes(schema: 2, classes: {…}) in it".into());
                        diagnostics.push(refusal);
                        continue;
                    }
                    let mut chain = chains[at].clone();
                    chain.push(path.clone());
                    let source = read(&path, tree, diagnostics);
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

fn read(path: &Path, tree: Tree, diagnostics: &mut Vec<Diagnostic>) -> Source {
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

/// Whether a text says that it is a twin or classes, or has a field of theirs. Nothing is shown of one
/// that does not: it may be any file of the disk, with secrets in it.
fn is_definition(tree: &Tree) -> bool {
    match &tree.root().kind {
        Kind::Struct(Some(name), _) | Kind::Tuple(Some(name), _)
            if matches!(name.text.as_str(), "Twin" | "Classes") =>
        {
            true
        }
        Kind::Struct(..) => has_field(tree, &["schema", "include", "classes", "assets"]),
        // An empty file is one that is begun.
        _ => tree.text().trim().is_empty(),
    }
}

/// Whether the text is a group of fields with one of these names.
pub(super) fn has_field(tree: &Tree, names: &[&str]) -> bool {
    let Kind::Struct(_, fields) = &tree.root().kind else { return false };
    fields.iter().any(|(name, _)| names.contains(&name.text.as_str()))
}

/// Why a file is not read that is of a newer schema.
fn newer(source: &Source) -> Option<Diagnostic> {
    let Kind::Struct(_, fields) = &source.tree.root().kind else { return None };
    let (_, node) = fields.iter().find(|(name, _)| name.text == "schema")?;
    let Kind::Number(version) = node.kind else { return None };
    // What is no version of any program is answered where the field is read.
    let is_version = version.fract() == 0.0 && version < 1e6;
    let message = format!(
        "this file has schema {version}, which is newer than this program (schema {SCHEMA}): update twinscope"
    );
    (is_version && version > f64::from(SCHEMA))
        .then(|| source.diagnostic(Severity::Error, &node.span, message))
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
