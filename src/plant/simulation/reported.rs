//! What is wrong with the text of a section, in the words of who wrote it: block, field, nearest choice.

use ron::error::SpannedError;
use ron::{Error, Options};
use serde::de::DeserializeOwned;

use super::Mistake;
use super::blocks::BlockSpec;
use super::places::Places;
use crate::twin::tree::{Kind, Node};
use crate::twin::{SimulationSource, nearest};

/// How values of a section are written.
pub fn options() -> Options {
    use ron::extensions::Extensions;
    Options::default()
        .with_default_extension(Extensions::IMPLICIT_SOME | Extensions::UNWRAP_VARIANT_NEWTYPES)
}

/// All that is wrong with a section that cannot be read: each block's first mistake, or else the first of
/// all.
pub fn mistakes(source: &SimulationSource, error: &SpannedError) -> Vec<Mistake> {
    let places = Places::new(source, false);
    let root = places.tree().root();
    let mut found = Vec::new();
    for blocks in lists_of_blocks(root) {
        found.extend(blocks.iter().filter_map(|block| check::<BlockSpec>(&places, source, block)));
    }
    if found.is_empty() {
        found.push(mistake(&places, error, 0));
    }
    found
}

/// The blocks of the section and of its story.
fn lists_of_blocks(root: &Node) -> Vec<&[Node]> {
    let field = |node: &'_ Node, wanted: &str| match &node.kind {
        Kind::Struct(_, fields) => fields.iter().position(|(name, _)| name.text == wanted),
        _ => None,
    };
    let value = |node, wanted: &str| match (field(node, wanted), &node.kind) {
        (Some(at), Kind::Struct(_, fields)) => fields.get(at).map(|(_, value)| value),
        _ => None,
    };
    fn list(node: &Node) -> Option<&[Node]> {
        match &node.kind {
            Kind::List(items) => Some(items),
            _ => None,
        }
    }
    let story = value(root, "story").and_then(|story| value(story, "blocks"));
    [value(root, "blocks"), story].into_iter().flatten().filter_map(list).collect()
}

/// What is wrong with one value of the text by itself.
fn check<T: DeserializeOwned>(
    places: &Places<'_>,
    source: &SimulationSource,
    node: &Node,
) -> Option<Mistake> {
    let text = source.text.get(node.span.clone())?;
    let error = options().from_str::<T>(text).err()?;
    Some(mistake(places, &error, node.span.start))
}

/// A mistake at a place of a text that begins at a byte of the section.
fn mistake(places: &Places<'_>, error: &SpannedError, begins: usize) -> Mistake {
    let text = places.tree().text();
    let byte = byte_of(text.get(begins..).unwrap_or_default(), error.span.start) + begins;
    let behind = text.get(byte..).unwrap_or_default();
    // The place of a value, not of the space before it.
    let byte = byte + behind.len() - behind.trim_start().len();
    let node = around(places.tree().root(), byte);
    let is_missing = matches!(error.code, Error::MissingStructField { .. });
    let at = node.last().filter(|_| is_missing).map_or(byte, |node| node.span.start);
    places.at(at, &said(&error.code, &name_of(&node)))
}

/// The byte of a place that counts lines and characters from 1.
fn byte_of(text: &str, at: ron::error::Position) -> usize {
    let mut lines = text.split_inclusive('\n');
    let before: usize = lines.by_ref().take(at.line.saturating_sub(1)).map(str::len).sum();
    let line = lines.next().unwrap_or_default();
    before + line.chars().take(at.col.saturating_sub(1)).map(char::len_utf8).sum::<usize>()
}

/// The groups of fields around a byte, from the outermost to the innermost.
fn around(node: &Node, byte: usize) -> Vec<&Node> {
    if !(node.span.start <= byte && byte <= node.span.end) {
        return Vec::new();
    }
    let inner = match &node.kind {
        Kind::Struct(_, fields) => fields.iter().map(|(_, value)| value).collect(),
        Kind::Map(entries) => entries.iter().map(|(_, value)| value).collect(),
        Kind::List(items) | Kind::Tuple(_, items) => items.iter().collect::<Vec<_>>(),
        _ => Vec::new(),
    };
    let below = inner.into_iter().map(|node| around(node, byte)).find(|found| !found.is_empty());
    let own = matches!(node.kind, Kind::Struct(..)).then_some(node);
    own.into_iter().chain(below.unwrap_or_default()).collect()
}

/// What the innermost group is called: `Pump P-1`, `plate of Pump P-1`, or the section.
fn name_of(around: &[&Node]) -> String {
    let name = |node: &Node| match &node.kind {
        Kind::Struct(Some(name), _) => Some(name.text.clone()),
        _ => None,
    };
    let Some(at) = around.iter().rposition(|node| name(node).is_some()) else {
        return if around.len() > 1 { "an entry" } else { "the simulation section" }.into();
    };
    let block = name(around[at]).unwrap_or_default();
    let asset = match &around[at].kind {
        Kind::Struct(_, fields) => fields.iter().find_map(|(name, value)| match &value.kind {
            Kind::Text(text) if name.text == "asset" => Some(format!(" {text}")),
            _ => None,
        }),
        _ => None,
    };
    let block = format!("{block}{}", asset.unwrap_or_default());
    let Some(inner) = around.get(at + 1) else { return block };
    let field = match &around[at].kind {
        Kind::Struct(_, fields) => fields.iter().find(|(_, value)| {
            value.span.start <= inner.span.start && inner.span.end <= value.span.end
        }),
        _ => None,
    };
    field.map_or(block.clone(), |(name, _)| format!("`{}` of {block}", name.text))
}

/// What is wrong, and what to do.
fn said(error: &Error, of: &str) -> String {
    match error {
        Error::NoSuchStructField { expected, found, .. } => {
            format!("{of} has no field `{found}`{}", choice(found, expected))
        }
        Error::NoSuchEnumVariant { expected, found, .. } => {
            let what = if expected.contains(&"Pump") { "block" } else { "choice" };
            format!("there is no {what} `{found}`{}", choice(found, expected))
        }
        Error::MissingStructField { field, .. } => format!("{of} lacks `{field}`"),
        Error::DuplicateStructField { field, .. } => format!("{of} has `{field}` twice"),
        Error::ExpectedIdentifier => {
            format!("in {of}: expected a bare name without quotes, such as `manual` or `decent`")
        }
        Error::ExpectedString | Error::ExpectedStringEnd => {
            format!("in {of}: expected a text in quotes")
        }
        Error::IntegerOutOfBounds | Error::ExpectedInteger | Error::InvalidIntegerDigit { .. } => {
            format!("in {of}: expected a whole number that is not below 0")
        }
        Error::ExpectedFloat => format!("in {of}: expected a number"),
        Error::ExpectedArray => format!("in {of}: expected a list, `[…]`"),
        Error::ExpectedMap => format!("in {of}: expected a map, `{{\"key\": value}}`"),
        Error::ExpectedDifferentStructName { .. }
        | Error::ExpectedStructLike
        | Error::ExpectedNamedStructLike(_)
        | Error::ExpectedStructName(_) => {
            format!("in {of}: expected a group of fields, `(name: value)`")
        }
        Error::Message(text) if text.contains("untagged enum") => {
            format!("in {of}: expected a number, a signal as \"asset.signal\", or a list of them")
        }
        Error::InvalidValueForType { expected, found } => {
            let expected = match expected.as_str() {
                text if text.starts_with("struct ") => "a group of fields, `(name: value)`",
                text => text,
            };
            format!("in {of}: expected {expected}, found {found}")
        }
        Error::ExpectedDifferentLength { expected, found } => {
            format!("in {of}: expected {expected}, found {found} of them")
        }
        other => {
            let text = other.to_string();
            let mut letters = text.chars();
            let first = letters.next().map(|first| first.to_lowercase().to_string());
            format!("in {of}: {}{}", first.unwrap_or_default(), letters.as_str())
        }
    }
}

/// The nearest of some names, or all of them.
fn choice(found: &str, expected: &[&str]) -> String {
    match nearest(found, expected.iter().copied()) {
        Some(near) => format!("; nearest: `{near}`"),
        None => format!("; there are {}", expected.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::super::section::read;
    use super::*;

    fn mistakes(blocks: &str) -> Vec<String> {
        let text = format!("(blocks: [\n{blocks}\n])");
        let source = SimulationSource { file: PathBuf::from("w"), text };
        read(&source).expect_err("a mistake").iter().map(Mistake::to_string).collect()
    }

    #[test]
    fn what_cannot_be_read_is_said_in_the_words_of_the_section_with_the_nearest_choice() {
        let cases = [
            (r#"Tank(asset: "T", aera: 1)"#, "w:2:18: Tank T has no field `aera`; nearest: `area`"),
            (r#"Vlave(asset: "V")"#, "w:2:1: there is no block `Vlave`; nearest: `Valve`"),
            (r#"Interlock(of: 1, reason: "x", stops: [])"#, "w:2:1: Interlock lacks `asset`"),
            (
                r#"Control(asset: "C", measured: 1, setpoint: 1, unit: "1", pi: (gain: 1), mode: manual)"#,
                "w:2:62: `pi` of Control C lacks `integral_s`",
            ),
            (
                r#"Pump(asset: "P", mode: "manual", plate: ())"#,
                "w:2:24: in Pump P: expected a bare name without quotes, such as `manual` or `decent`",
            ),
            (r#"Mains(asset: 7)"#, "w:2:14: in Mains: expected a text in quotes"),
            (
                r#"Duty(pumps: ["P"], running: -1, speed: 1)"#,
                "w:2:30: in Duty: expected a whole number that is not below 0",
            ),
        ];
        for (block, expected) in cases {
            assert_eq!(mistakes(block), [expected], "{block}");
        }
    }

    #[test]
    fn each_block_that_cannot_be_read_is_reported() {
        let said =
            mistakes("Mains(asset: \"M\", x: 1),\nMains(asset: \"N\"),\nMains(aset: \"O\"),");
        assert_eq!(said.len(), 2, "{said:#?}");
        assert!(said[0].starts_with("w:2:19: Mains M has no field `x`"), "{}", said[0]);
        assert!(
            said[1].starts_with("w:4:7: Mains has no field `aset`; nearest: `asset`"),
            "{}",
            said[1]
        );
    }

    #[test]
    fn what_is_no_source_says_what_a_source_is() {
        let said = mistakes(r#"Cabinet(asset: "C", losses: 0, load: true)"#);
        assert!(said[0].contains("a number, a signal as \"asset.signal\""), "{}", said[0]);
    }
}
