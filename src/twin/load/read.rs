//! Typed values out of the tree; every mistake is noted with its place.

use std::cell::{Cell, RefCell};
use std::collections::{HashMap, HashSet};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::super::behaviour::Behaviour;
use super::super::diagnostic::{Diagnostic, Diagnostics, Severity};
use super::super::nearest::{LONGEST as LONGEST_COMPARED, NearestNames, nearest};
use super::super::tree::{Kind, Name, Node, Span};
use super::super::unit::Unit;
use super::file::{Source, cut};
use super::{Resolver, normal};
use crate::terminal::excerpt;

/// No number of a plant is larger, in whatever unit.
const LARGEST: f64 = 1e30;
/// No place of a plant is further from its origin, and nothing longer, in metres: beyond, numbers of
/// single precision, which pictures are drawn with, are coarser than a centimetre.
const LONGEST_M: f64 = 1e5;
/// Nothing is drawn larger than its model by more than this.
const LARGEST_SCALE: f64 = 1e4;

/// Where mistakes are noted.
pub(super) struct Cx<'a> {
    pub resolver: &'a dyn Resolver,
    /// Behaviours by their files, each read once.
    pub behaviours: RefCell<HashMap<PathBuf, ReadBehaviour>>,
    diagnostics: RefCell<Vec<Diagnostic>>,
    /// Comparisons of names that may still be made to find what was meant.
    comparisons: Cell<usize>,
}

/// A behaviour, or what is to be said where it is named; nothing where that has been said.
pub(super) type ReadBehaviour = Result<Arc<Behaviour>, Option<String>>;

/// Diagnostics of one twin at most: beyond them nobody reads on.
const MOST_DIAGNOSTICS: usize = 100_000;
/// Comparisons for all unknown names together: about half a second.
const COMPARISONS: usize = 500_000;

/// A value and the file that it is in.
#[derive(Clone, Copy)]
pub(super) struct At<'a> {
    pub source: &'a Source,
    pub node: &'a Node,
}

impl<'a> At<'a> {
    pub(super) fn to(self, node: &'a Node) -> Self {
        Self { node, ..self }
    }

    /// `file:line:column`.
    pub(super) fn place(self) -> String {
        let (line, column) = self.source.place(self.node.span.start);
        format!("{}:{line}:{column}", self.source.name)
    }

    /// The inside of `Some(…)`, which may be written for the value itself.
    pub(super) fn plain(self) -> Self {
        match &self.node.kind {
            Kind::Tuple(Some(name), items) if name.text == "Some" && items.len() == 1 => {
                self.to(&items[0]).plain()
            }
            _ => self,
        }
    }

    pub(super) fn is_list(self) -> bool {
        matches!(self.plain().node.kind, Kind::List(_))
    }

    pub(super) fn is_text(self) -> bool {
        matches!(self.plain().node.kind, Kind::Text(_))
    }

    pub(super) fn path(self, file: &str) -> PathBuf {
        normal(&self.source.directory().join(file))
    }
}

impl<'a> Cx<'a> {
    pub(super) fn new(resolver: &'a dyn Resolver, diagnostics: Vec<Diagnostic>) -> Self {
        Self {
            resolver,
            behaviours: RefCell::default(),
            diagnostics: RefCell::new(diagnostics),
            comparisons: Cell::new(COMPARISONS),
        }
    }

    /// Adds what is wrong with another file.
    pub(super) fn add(&self, others: Diagnostics) {
        self.diagnostics.borrow_mut().extend(others.0);
    }

    pub(super) fn finish(self) -> Vec<Diagnostic> {
        self.diagnostics.into_inner()
    }

    fn push(
        &self,
        source: &Source,
        severity: Severity,
        span: &Span,
        message: String,
        more: [Option<String>; 2],
    ) {
        let mut diagnostics = self.diagnostics.borrow_mut();
        if diagnostics.len() >= MOST_DIAGNOSTICS {
            if diagnostics.len() == MOST_DIAGNOSTICS {
                let message =
                    format!("more than {MOST_DIAGNOSTICS} messages; the others are left out");
                diagnostics.push(source.diagnostic(Severity::Error, span, message));
            }
            return;
        }
        let mut diagnostic = source.diagnostic(severity, span, message);
        [diagnostic.expected, diagnostic.suggestion] = more.map(|text| text.map(cut));
        diagnostics.push(diagnostic);
    }

    pub(super) fn error(&self, at: At, message: impl Into<String>) {
        self.push(at.source, Severity::Error, &at.node.span, message.into(), [None, None]);
    }

    /// An error at a place of the same file.
    pub(super) fn error_at(&self, at: At, span: &Span, message: String) {
        self.push(at.source, Severity::Error, span, message, [None, None]);
    }

    /// An error, and what should have stood there.
    pub(super) fn error_expecting(&self, at: At, message: String, expected: &str) {
        let more = [Some(expected.to_owned()), None];
        self.push(at.source, Severity::Error, &at.node.span, message, more);
    }

    pub(super) fn warning(&self, at: At, message: impl Into<String>) {
        self.push(at.source, Severity::Warning, &at.node.span, message.into(), [None, None]);
    }

    /// Says that `expected` should have stood there.
    pub(super) fn wrong<T>(&self, at: At, expected: &str) -> Option<T> {
        let at = at.plain();
        if at.node.kind != Kind::Fault {
            let message = format!("{} has no place here", describe(&at.node.kind));
            self.push(
                at.source,
                Severity::Error,
                &at.node.span,
                message,
                [Some(expected.to_owned()), None],
            );
        }
        None
    }

    /// Says that a name is unknown, and which ones there are.
    pub(super) fn unknown<'n>(
        &self,
        at: At,
        what: &str,
        name: &str,
        known: impl IntoIterator<Item = &'n str>,
    ) {
        let known: Vec<&str> = known.into_iter().collect();
        self.unknown_at(at.source, &at.node.span, what, name, &known);
    }

    /// The same where many names may be unknown among many known ones.
    pub(super) fn unknown_of(&self, at: At, what: &str, name: &str, known: &Candidates) {
        let more = [Some(expected(what, &known.names)), known.nearest(name)];
        let message = format!("unknown {what} `{name}`");
        self.push(at.source, Severity::Error, &at.node.span, message, more);
    }

    fn unknown_at(&self, source: &Source, span: &Span, what: &str, name: &str, known: &[&str]) {
        let left = self.comparisons.get().checked_sub(known.len());
        let may_compare = left.is_some() && name.len() <= LONGEST_COMPARED;
        self.comparisons.set(left.unwrap_or_default());
        let suggestion = may_compare.then(|| nearest(name, known.iter().copied())).flatten();
        let message = format!("unknown {what} `{name}`");
        self.push(
            source,
            Severity::Error,
            span,
            message,
            [Some(expected(what, known)), suggestion],
        );
    }

    /// The fields of a struct, of which only `known` ones are allowed.
    pub(super) fn fields(
        &self,
        at: At<'a>,
        what: &'static str,
        known: &[&str],
    ) -> Option<Fields<'a>> {
        let at = at.plain();
        let fields = match &at.node.kind {
            Kind::Struct(_, fields) => fields.as_slice(),
            Kind::Tuple(_, items) if items.is_empty() => &[],
            _ => return self.wrong(at, &format!("the fields of {what}: (name: value, …)")),
        };
        let mut names: HashSet<&str> = HashSet::new();
        for (name, _) in fields {
            if !known.contains(&name.text.as_str()) {
                self.unknown_at(
                    at.source,
                    &name.span,
                    &format!("field of {what}"),
                    &name.text,
                    known,
                );
            }
            if !names.insert(&name.text) {
                let message = format!("field `{}` is stated twice", name.text);
                self.push(at.source, Severity::Error, &name.span, message, [None, None]);
            }
        }
        Some(Fields { at, fields, what })
    }

    /// A field that must be there.
    pub(super) fn required(&self, fields: &Fields<'a>, name: &str) -> Option<At<'a>> {
        let found = fields.get(name);
        if found.is_none() {
            let start = fields.at.node.span.start;
            let message = format!("{} has no `{name}`", fields.what);
            let expected = Some(format!("a field `{name}`"));
            self.push(
                fields.at.source,
                Severity::Error,
                &(start..start + 1),
                message,
                [expected, None],
            );
        }
        found
    }

    pub(super) fn text(&self, at: At) -> Option<String> {
        match &at.plain().node.kind {
            Kind::Text(text) => Some(text.clone()),
            _ => self.wrong(at, "a text in quotes"),
        }
    }

    /// The name of an asset, a class or a property.
    pub(super) fn name(&self, at: At) -> Option<String> {
        let name = self.text(at)?;
        let odd = name.chars().find(|c| "/.+#{}".contains(*c) || c.is_control());
        match odd {
            Some(odd) => self.error(at, format!("a name has no `{odd}` in it")),
            None if name.is_empty() || name.trim() != name => {
                self.error(at, "a name is not empty, and has no spaces around it");
            }
            None => {}
        }
        Some(name)
    }

    pub(super) fn number(&self, at: At) -> Option<f64> {
        match at.plain().node.kind {
            Kind::Number(number) if number.is_finite() => {
                self.within(at, number, LARGEST, "a number of a plant is no larger than 1e30")
            }
            _ => self.wrong(at, "a finite number"),
        }
    }

    /// Refuses what is larger than anything of a plant; `bound` says how large that may be.
    fn within(&self, at: At, number: f64, largest: f64, bound: &str) -> Option<f64> {
        if number.abs() <= largest {
            return Some(number);
        }
        let at = at.plain();
        let shown = shortened(&at.source.tree.text()[at.node.span.clone()]);
        self.error(at, format!("{shown} is beyond any plant: {bound}"));
        None
    }

    /// A whole number within bounds.
    pub(super) fn whole(&self, at: At, low: u32, high: u32) -> Option<u32> {
        match at.plain().node.kind {
            Kind::Number(n) if n.fract() == 0.0 && n >= f64::from(low) && n <= f64::from(high) => {
                Some(n as u32)
            }
            _ => self.wrong(at, &format!("a whole number from {low} to {high}")),
        }
    }

    pub(super) fn boolean(&self, at: At) -> Option<bool> {
        match at.plain().node.kind {
            Kind::Bool(value) => Some(value),
            _ => self.wrong(at, "true or false"),
        }
    }

    pub(super) fn list(&self, at: At<'a>) -> Option<Vec<At<'a>>> {
        let at = at.plain();
        match &at.node.kind {
            Kind::List(items) => Some(items.iter().map(|item| at.to(item)).collect()),
            _ => self.wrong(at, "a list: […]"),
        }
    }

    /// The entries of a map; keys that are stated twice are reported.
    pub(super) fn map(&self, at: At<'a>) -> Option<Vec<(At<'a>, At<'a>)>> {
        let at = at.plain();
        let Kind::Map(entries) = &at.node.kind else {
            return self.wrong(at, "a map: {\"key\": value}");
        };
        let mut names: HashSet<&str> = HashSet::new();
        let mut numbers: HashSet<u64> = HashSet::new();
        let mut others: HashSet<&str> = HashSet::new();
        for (key, _) in entries {
            let text = &at.source.tree.text()[key.span.clone()];
            let is_first = match &key.kind {
                Kind::Text(name) => names.insert(name),
                // 1 and 1.0 are one; 0.0 takes the sign from -0.
                Kind::Number(number) => numbers.insert((number + 0.0).to_bits()),
                _ => others.insert(text),
            };
            if !is_first {
                self.error(at.to(key), format!("{text} is stated twice"));
            }
        }
        Some(entries.iter().map(|(key, value)| (at.to(key), at.to(value))).collect())
    }

    pub(super) fn tuple(&self, at: At<'a>, length: usize, expected: &str) -> Option<Vec<At<'a>>> {
        let at = at.plain();
        match &at.node.kind {
            Kind::Tuple(None, items) if items.len() == length => {
                Some(items.iter().map(|item| at.to(item)).collect())
            }
            _ => self.wrong(at, expected),
        }
    }

    pub(super) fn point(&self, at: At<'a>) -> Option<[f64; 3]> {
        let parts = self.tuple(at, 3, "a point (x, y, z) in metres")?;
        let parts: Vec<_> = parts.into_iter().map(|part| self.length(part)).collect();
        Some([parts[0]?, parts[1]?, parts[2]?])
    }

    /// Low and high.
    pub(super) fn range(&self, at: At<'a>) -> Option<(f64, f64)> {
        let parts = self.tuple(at, 2, "a range (low, high)")?;
        let (low, high) = (self.number(parts[0])?, self.number(parts[1])?);
        if low >= high {
            self.error(at, format!("the range is reversed: {low} is not below {high}"));
            return None;
        }
        Some((low, high))
    }

    /// One of some bare names.
    pub(super) fn choice<T: Copy>(&self, at: At, what: &str, choices: &[(&str, T)]) -> Option<T> {
        let at = at.plain();
        let (Kind::Name(name) | Kind::Text(name)) = &at.node.kind else {
            let names: Vec<_> = choices.iter().map(|(name, _)| *name).collect();
            return self.wrong(at, &format!("one of {}", names.join(", ")));
        };
        let found = choices.iter().find(|(choice, _)| choice == name);
        if found.is_none() {
            self.unknown(at, what, name, choices.iter().map(|(name, _)| *name));
        }
        found.map(|(_, value)| *value)
    }

    pub(super) fn unit(&self, at: At) -> Option<Unit> {
        let code = self.text(at)?;
        match Unit::parse(&code) {
            Ok(unit) => Some(unit),
            Err(error) => {
                let expected = Some("a UCUM unit, such as m3/h, Cel or {rev}/min".to_owned());
                let more = [expected, error.suggestion.clone()];
                self.push(at.source, Severity::Error, &at.node.span, error.to_string(), more);
                None
            }
        }
    }

    /// A number with one of some suffixes, as text.
    fn measure(&self, at: At, suffixes: &[(&str, f64)], expected: &str) -> Option<f64> {
        let at = at.plain();
        let Kind::Text(text) = &at.node.kind else { return self.wrong(at, expected) };
        let end =
            text.find(|c: char| !(c.is_ascii_digit() || ".+-".contains(c))).unwrap_or(text.len());
        let number = text[..end].parse::<f64>().ok().filter(|number| number.is_finite());
        let factor = suffixes.iter().find(|(suffix, _)| *suffix == text[end..].trim());
        match (number, factor) {
            (Some(number), Some((_, factor))) => Some(number * factor),
            _ => self.wrong(at, expected),
        }
    }

    pub(super) fn duration(&self, at: At) -> Option<Duration> {
        let suffixes =
            [("us", 1e-6), ("ms", 1e-3), ("s", 1.0), ("min", 60.0), ("h", 3600.0), ("d", 86400.0)];
        let expected = "a duration such as \"250ms\", \"5s\" or \"2min\"";
        let seconds = self.measure(at, &suffixes, expected)?;
        match (0.0..1e10).contains(&seconds) {
            true => Some(Duration::from_micros((seconds * 1e6).round() as u64)),
            false => self.wrong(at, expected),
        }
    }

    /// Radians.
    pub(super) fn angle(&self, at: At) -> Option<f64> {
        let expected = "an angle such as 90 (degrees), \"90deg\" or \"1.5rad\"";
        let radians = match at.plain().node.kind {
            Kind::Number(degrees) if degrees.is_finite() => degrees.to_radians(),
            Kind::Number(_) => return self.wrong(at, expected),
            _ => {
                let suffixes = [
                    ("deg", 1_f64.to_radians()),
                    ("°", 1_f64.to_radians()),
                    ("rad", 1.0),
                    ("rev", std::f64::consts::TAU),
                ];
                self.measure(at, &suffixes, expected)?
            }
        };
        let most = "an angle is no larger than 1000000 degrees";
        self.within(at, radians, 1e6_f64.to_radians(), most)
    }

    /// Metres.
    pub(super) fn length(&self, at: At) -> Option<f64> {
        let expected = "a length such as 0.3 (metres) or \"30mm\"";
        let metres = match at.plain().node.kind {
            Kind::Number(metres) if metres.is_finite() => metres,
            Kind::Number(_) => return self.wrong(at, expected),
            _ => self.measure(at, &[("mm", 1e-3), ("cm", 1e-2), ("m", 1.0)], expected)?,
        };
        self.within_plant(at, metres)
    }

    /// Refuses a place or a length that no plant has, in metres.
    pub(super) fn within_plant(&self, at: At, metres: f64) -> Option<f64> {
        let most = "no place is further than 100 km (100000 m) from the plant's origin, and nothing longer";
        self.within(at, metres, LONGEST_M, most)
    }

    /// A factor by which something is drawn larger: above 0.
    pub(super) fn scale(&self, at: At) -> Option<f64> {
        let scale = self.number(at)?;
        if scale <= 0.0 {
            self.error(at, "a scale is above 0");
            return None;
        }
        self.within(at, scale, LARGEST_SCALE, "a scale is no larger than 10000")
    }

    /// sRGB, 0 to 1.
    pub(super) fn color(&self, at: At) -> Option<[f32; 3]> {
        let text = self.text(at)?;
        let digits = text.strip_prefix('#').filter(|d| d.chars().all(|c| c.is_ascii_hexdigit()));
        let wide: String = match digits {
            Some(short) if short.len() == 3 => short.chars().flat_map(|c| [c, c]).collect(),
            Some(wide) if wide.len() == 6 => wide.to_owned(),
            _ => return self.wrong(at, "a colour such as \"#30c060\""),
        };
        let part = |at: usize| {
            u8::from_str_radix(&wide[at..at + 2], 16).map_or(0.0, |c| f32::from(c) / 255.0)
        };
        Some([part(0), part(2), part(4)])
    }

    /// A direction of length 1.
    pub(super) fn axis(&self, at: At<'a>) -> Option<[f64; 3]> {
        let at = at.plain();
        if let Kind::Name(_) | Kind::Text(_) = at.node.kind {
            let axes = [
                ("x", [1.0, 0.0, 0.0]),
                ("y", [0.0, 1.0, 0.0]),
                ("z", [0.0, 0.0, 1.0]),
                ("-x", [-1.0, 0.0, 0.0]),
                ("-y", [0.0, -1.0, 0.0]),
                ("-z", [0.0, 0.0, -1.0]),
            ];
            return self.choice(at, "axis", &axes);
        }
        let direction = self.point(at)?;
        let length = direction.iter().map(|part| part * part).sum::<f64>().sqrt();
        match length > 1e-9 {
            true => Some(direction.map(|part| part / length)),
            false => self.wrong(at, "a direction that is not zero"),
        }
    }

    /// A JSON pointer (RFC 6901).
    pub(super) fn pointer(&self, at: At, may_start_with_caret: bool) -> Option<String> {
        let text = self.text(at)?;
        let pointer =
            if may_start_with_caret { text.strip_prefix('^').unwrap_or(&text) } else { &text };
        let rooted = pointer.is_empty() || pointer.starts_with('/');
        let escapes = pointer.split('~').skip(1).all(|rest| rest.starts_with(['0', '1']));
        if !rooted || !escapes {
            let more = [
                Some("a JSON pointer such as \"/motor/speed\"".to_owned()),
                (!rooted).then(|| format!("/{pointer}")),
            ];
            let message = format!("`{text}` is not a JSON pointer");
            self.push(at.source, Severity::Error, &at.node.span, message, more);
            return None;
        }
        Some(text)
    }

    /// A GLB file, relative to the file that states it; one that is missing is a warning.
    pub(super) fn model(&self, at: At) -> Option<PathBuf> {
        let file = self.text(at)?;
        let path = at.path(&file);
        if !self.resolver.exists(&path) {
            self.warning(
                at,
                format!("there is no model `{}`; a placeholder is drawn", path.display()),
            );
        }
        Some(path)
    }
}

/// Which names there are.
fn expected(what: &str, known: &[&str]) -> String {
    match known.len() {
        0 => format!("no {what}: there is none"),
        1..=30 => format!("one of {}", known.join(", ")),
        count => format!("one of {count} names"),
    }
}

/// Known names among which many unknown ones are looked up.
pub(super) struct Candidates<'n> {
    names: Vec<&'n str>,
    found: RefCell<NearestNames>,
}

impl<'n> Candidates<'n> {
    pub(super) fn new(names: impl Iterator<Item = &'n str>) -> Self {
        let found = NearestNames::new(COMPARISONS).into();
        Self { names: names.collect(), found }
    }

    /// The nearest known name; `None` where none is near or it is not sought any more.
    fn nearest(&self, name: &str) -> Option<String> {
        self.found.borrow_mut().find(name, self.names.iter().copied()).flatten()
    }
}

/// The fields of one struct.
#[derive(Clone, Copy)]
pub(super) struct Fields<'a> {
    pub at: At<'a>,
    fields: &'a [(Name, Node)],
    what: &'static str,
}

impl<'a> Fields<'a> {
    /// A field that is there, and not `None`.
    pub(super) fn get(&self, name: &str) -> Option<At<'a>> {
        let (_, node) = self.fields.iter().find(|(field, _)| field.text == name)?;
        let none = matches!(&node.kind, Kind::Name(name) if name == "None");
        (!none).then(|| self.at.to(node).plain())
    }
}

/// What stands in a file, or its beginning.
fn shortened(text: &str) -> String {
    match text.char_indices().nth(40) {
        Some((end, _)) => format!("`{}…`", &text[..end]),
        None => format!("`{text}`"),
    }
}

fn describe(kind: &Kind) -> String {
    match kind {
        Kind::Bool(value) => format!("`{value}`"),
        Kind::Number(number) => format!("the number {number}"),
        Kind::Char(_) => "a character".into(),
        Kind::Text(text) => format!("the text {:?}", excerpt(text)),
        Kind::Bytes(_) => "a byte text".into(),
        Kind::List(_) => "a list".into(),
        Kind::Map(_) => "a map".into(),
        Kind::Struct(Some(name), _) | Kind::Tuple(Some(name), _) => format!("`{}(…)`", name.text),
        Kind::Struct(None, _) => "a group of fields".into(),
        Kind::Tuple(None, items) => format!("a tuple of {}", items.len()),
        Kind::Name(name) => format!("`{name}`"),
        Kind::Fault => "this".into(),
    }
}
