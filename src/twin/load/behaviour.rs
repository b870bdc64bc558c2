//! Behaviours and named numbers.

use std::collections::HashSet;
use std::path::Path;

use super::super::behaviour::{
    Behaviour, EstimateSpec, FaultSpec, LoadSpec, Named, NamedNumber, PartNumber, PartSpec,
};
use super::super::diagnostic::{Diagnostics, Severity};
use super::super::tree::{Kind, Name, Node, Token, TokenKind, Tree};
use super::file::{Source, has_field};
use super::read::{At, Cx, Fields};
use super::{NoFiles, Resolver};

pub(super) const BEHAVIOUR: [&str; 14] = [
    "model",
    "parameters",
    "initial",
    "inputs",
    "solver",
    "noise",
    "estimate",
    "step",
    "gate",
    "spread",
    "ends",
    "load",
    "faults",
    "parts",
];
const ESTIMATE: [&str; 5] = ["mean", "deviation", "drift", "memory", "scale"];
const LOAD: [&str; 4] = ["inputs", "level", "wander", "memory"];
const FAULT: [&str; 2] = ["prior", "estimate"];
const SPREAD: [&str; 3] = ["alpha", "beta", "kappa"];

/// Reads the text of a file that holds one behaviour, `(model: "…", …)`.
///
/// # Errors
/// All that is wrong with it.
pub fn load_behaviour(name: &Path, text: &str) -> Result<Behaviour, Diagnostics> {
    let tree = Tree::parse(text);
    only(name, &tree, &MACHINE)?;
    whole(name, tree, behaviour)
}

/// Reads numbers by name, `{"name": 1.5}` or `(name: 1.5)`.
///
/// # Errors
/// All that is wrong with them.
pub fn load_numbers(name: &Path, text: &str) -> Result<Vec<NamedNumber>, Diagnostics> {
    let tree = Tree::parse(text);
    let values: Vec<&Node> = match &tree.root().kind {
        Kind::Struct(_, fields) => fields.iter().map(|(_, value)| value).collect(),
        Kind::Map(entries) => entries.iter().map(|(_, value)| value).collect(),
        _ => Vec::new(),
    };
    let other = values.iter().find(|value| !matches!(value.kind, Kind::Number(_)));
    if other.is_some() || values.is_empty() && !is_blank(&tree) {
        let place = other.map(|other| {
            let (line, column) = Source::new(name, tree.clone()).place(other.span.start);
            format!(": in line {line}, column {column} stands something else than a finite number")
        });
        let why = place.unwrap_or_default();
        return Err(refused(name, &format!("list of numbers by name{why}"), r#"{"name": 1.5}"#));
    }
    whole(name, tree, |cx, at| Some(numbers(cx, at)))
}

/// What a text of fields is to hold.
pub(super) struct Expected {
    /// What it is called, and how it is written.
    pub what: &'static str,
    pub written: &'static str,
    /// Its fields, the most telling first.
    pub fields: &'static [&'static str],
}

const MACHINE: Expected =
    Expected { what: "machine", written: r#"(model: "…", …)"#, fields: &BEHAVIOUR };

/// Refuses a text that has none of the fields of what it is to hold. Nothing is shown of it: it may be
/// any file of the disk, with secrets in it.
pub(super) fn only(name: &Path, tree: &Tree, expected: &Expected) -> Result<(), Diagnostics> {
    let Expected { what, written, fields } = expected;
    if is_blank(tree) || has_field(tree, fields) {
        return Ok(());
    }
    let first = fields.first().unwrap_or(&"");
    let what = format!("{what}: it has no field of one, such as `{first}`");
    Err(refused(name, &what, written))
}

/// Whether a text says nothing yet.
fn is_blank(tree: &Tree) -> bool {
    let says_nothing = |token: &Token| matches!(token.kind, TokenKind::Trivia | TokenKind::Mark(_));
    tree.tokens().iter().all(says_nothing)
}

fn refused(name: &Path, what: &str, written: &str) -> Diagnostics {
    let Diagnostics(mut refusal) = Diagnostics::whole(name, format!("this is no {what}"));
    refusal[0].expected = Some(format!("{written} in it"));
    Diagnostics(refusal)
}

/// Reads a text whose root is one thing.
pub(super) fn whole<T>(
    name: &Path,
    tree: Tree,
    read: impl for<'a> FnOnce(&Cx<'a>, At<'a>) -> Option<T>,
) -> Result<T, Diagnostics> {
    let source = Source::new(name, tree);
    let syntax = source.tree.errors().iter().map(|error| {
        let mut diagnostic = source.diagnostic(Severity::Error, &error.span, error.message.clone());
        diagnostic.expected.clone_from(&error.help);
        diagnostic
    });
    let resolver: &dyn Resolver = &NoFiles;
    let cx = Cx::new(resolver, syntax.collect());
    let done = read(&cx, At { source: &source, node: source.tree.root() });
    let mut diagnostics = cx.finish();
    diagnostics.sort_by_key(|d| (d.line, d.column));
    diagnostics.dedup();
    let diagnostics = Diagnostics(diagnostics);
    match done {
        Some(done) if !diagnostics.has_errors() => Ok(done),
        _ => Err(diagnostics),
    }
}

/// A behaviour.
pub(super) fn behaviour<'a>(cx: &Cx<'a>, at: At<'a>) -> Option<Behaviour> {
    let fields = cx.fields(at, "a behaviour", &BEHAVIOUR)?;
    let each = |name: &str| fields.get(name).map(|at| numbers(cx, at)).unwrap_or_default();
    let number = |name: &str, usual: f64| match fields.get(name) {
        Some(at) => cx.number(at).unwrap_or(usual),
        None => usual,
    };
    let positive = |name: &str, usual: f64| {
        let value = number(name, usual);
        if let Some(at) = fields.get(name)
            && !(value > 0.0)
        {
            cx.error(at, format!("`{name}` has to be above 0"));
        }
        value
    };
    let spread = fields.get("spread").and_then(|at| {
        let fields = cx.fields(at, "a spread", &SPREAD)?;
        let part = |name: &str| cx.required(&fields, name).and_then(|at| cx.number(at));
        Some((part("alpha")?, part("beta")?, part("kappa")?))
    });
    let entries = |name: &str| fields.get(name).and_then(|at| cx.map(at)).unwrap_or_default();
    let list = |name: &str| fields.get(name).and_then(|at| cx.list(at)).unwrap_or_default();
    Some(Behaviour {
        parameters: each("parameters"),
        initial: each("initial"),
        noise: each("noise"),
        estimate: entries("estimate").into_iter().filter_map(|entry| estimate(cx, entry)).collect(),
        step_s: fields.get("step").map(|_| positive("step", 1.0)),
        solver: fields.get("solver").and_then(|at| named(cx, at)),
        inputs: entries("inputs").into_iter().filter_map(|entry| input(cx, entry)).collect(),
        gate: positive("gate", 5.0),
        spread,
        ends: list("ends").into_iter().filter_map(|at| named(cx, at)).collect(),
        faults: entries("faults").into_iter().filter_map(|entry| fault(cx, entry)).collect(),
        parts: entries("parts").into_iter().filter_map(|entry| part(cx, entry)).collect(),
        load: list("load").into_iter().filter_map(|at| load(cx, at)).collect(),
        model: named(cx, cx.required(&fields, "model")?)?,
    })
}

pub(super) fn named(cx: &Cx, at: At) -> Option<Named> {
    let text = cx.text(at)?;
    let place = at.source.diagnostic(Severity::Error, &at.node.span, String::new());
    Some(Named { text, place: Box::new(place) })
}

/// Numbers by name, in either form.
pub(super) fn numbers<'a>(cx: &Cx<'a>, at: At<'a>) -> Vec<NamedNumber> {
    if let Kind::Struct(_, fields) = &at.node.kind {
        let mut names = HashSet::new();
        let number = |(name, node): &'a (Name, _)| {
            if !names.insert(name.text.as_str()) {
                cx.error_at(at, &name.span, format!("`{}` is stated twice", name.text));
            }
            let place = at.source.diagnostic(Severity::Error, &name.span, String::new());
            let named = Named { text: name.text.clone(), place: Box::new(place) };
            Some((named, cx.number(at.to(node))?))
        };
        return fields.iter().filter_map(number).collect();
    }
    if matches!(&at.node.kind, Kind::Tuple(_, items) if items.is_empty()) {
        return Vec::new();
    }
    let entries = cx.map(at).unwrap_or_default();
    entries
        .into_iter()
        .filter_map(|(key, value)| Some((named(cx, key)?, cx.number(value)?)))
        .collect()
}

/// An input's value, or times and values that hold from then on: `[(0, 2.0), ("10min", 1.0)]`.
fn input<'a>(cx: &Cx<'a>, (key, value): (At<'a>, At<'a>)) -> Option<(Named, Vec<(f64, f64)>)> {
    let name = named(cx, key)?;
    if !value.is_list() {
        return Some((name, vec![(0.0, cx.number(value)?)]));
    }
    let mut all: Vec<(f64, f64)> = Vec::new();
    for at in cx.list(value)? {
        let pair = cx.tuple(at, 2, "a time and a value: (600, 2.5) or (\"10min\", 2.5)")?;
        let time_s = match pair[0].is_text() {
            true => cx.duration(pair[0])?.as_secs_f64(),
            false => cx.number(pair[0])?,
        };
        if all.last().is_some_and(|(before_s, _)| time_s <= *before_s) {
            cx.error(at, format!("the time {time_s} s does not come after the one before"));
            return None;
        }
        all.push((time_s, cx.number(pair[1])?));
    }
    if all.is_empty() {
        cx.error(value, "a schedule needs a time and a value at least");
        return None;
    }
    Some((name, all))
}

fn estimate<'a>(cx: &Cx<'a>, (key, value): (At<'a>, At<'a>)) -> Option<EstimateSpec> {
    let name = named(cx, key)?;
    let fields = cx.fields(value, "an estimate", &ESTIMATE)?;
    let number = |name: &str| fields.get(name).and_then(|at| cx.number(at));
    let scales = [("linear", false), ("log", true)];
    Some(EstimateSpec {
        name,
        log: fields.get("scale").and_then(|at| cx.choice(at, "scale", &scales)).unwrap_or(false),
        mean: number("mean"),
        deviation: cx.number(cx.required(&fields, "deviation")?)?,
        drift: number("drift").unwrap_or(0.0),
        memory_s: fields
            .get("memory")
            .and_then(|at| cx.duration(at))
            .map(|time| time.as_secs_f64()),
    })
}

fn fault<'a>(cx: &Cx<'a>, (key, value): (At<'a>, At<'a>)) -> Option<FaultSpec> {
    let name = named(cx, key)?;
    let fields = cx.fields(value, "a fault", &FAULT)?;
    let prior = fields.get("prior").map_or(Some(1.0), |at| {
        let prior = cx.number(at)?;
        if !(prior > 0.0) {
            cx.error(at, "`prior` has to be above 0");
        }
        Some(prior)
    })?;
    let entries = fields.get("estimate").and_then(|at| cx.map(at)).unwrap_or_default();
    let estimate = entries.into_iter().filter_map(|entry| estimate(cx, entry)).collect();
    Some(FaultSpec { name, prior, estimate })
}

fn part<'a>(cx: &Cx<'a>, (key, value): (At<'a>, At<'a>)) -> Option<PartSpec> {
    let name = named(cx, key)?;
    let numbers = match &value.plain().node.kind {
        Kind::Map(_) => {
            let entries = cx.map(value)?.into_iter();
            entries.filter_map(|entry| stated(cx, entry)).collect()
        }
        Kind::List(_) => {
            let usual = |name| PartNumber { name, mean: None, deviation: None };
            let names = cx.list(value)?.into_iter().filter_map(|at| named(cx, at));
            names.map(usual).collect()
        }
        _ => cx.wrong(
            value,
            "what is new with the part: [\"name\", …], or {\"name\": value, \"name\": (mean, deviation)}",
        )?,
    };
    Some(PartSpec { name, numbers })
}

/// What a number is in a new part: a value, or (mean, deviation).
fn stated<'a>(cx: &Cx<'a>, (key, value): (At<'a>, At<'a>)) -> Option<PartNumber> {
    let name = named(cx, key)?;
    if let Kind::Number(_) = value.plain().node.kind {
        return Some(PartNumber { name, mean: Some(cx.number(value)?), deviation: None });
    }
    let both = cx.tuple(value, 2, "a number, or (mean, deviation)")?;
    let (mean, deviation) = (cx.number(both[0])?, cx.number(both[1])?);
    if !(deviation > 0.0) {
        cx.error(both[1], "a deviation has to be above 0");
    }
    Some(PartNumber { name, mean: Some(mean), deviation: Some(deviation) })
}

fn load<'a>(cx: &Cx<'a>, at: At<'a>) -> Option<LoadSpec> {
    let fields: Fields<'a> = cx.fields(at, "a spread of the load", &LOAD)?;
    let inputs = cx.list(cx.required(&fields, "inputs")?)?;
    let number = |name: &str| fields.get(name).and_then(|at| cx.number(at)).unwrap_or(0.0);
    let memory = fields.get("memory").and_then(|at| cx.duration(at));
    Some(LoadSpec {
        inputs: inputs.into_iter().filter_map(|at| named(cx, at)).collect(),
        level: number("level"),
        wander: number("wander"),
        memory_s: memory.map_or(600.0, |memory| memory.as_secs_f64()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_behaviour_is_read_with_its_places() {
        let text = r#"(
            model: "centrifugal_pump",
            noise: {"w": 0.2},
            initial: (Q: 0.1, wA: 1e-3),
            estimate: {"wA": (scale: log, mean: 1e-4, deviation: 2)},
            ends: ["ImpellerWearFailure"],
            load: [(inputs: ["V", "wsync"], level: 0.01, memory: "10min")],
            parts: {"impeller": ["A", "wA"], "seal": {"c": 8e-5, "A": (12.7, 0.1)}},
            solver: "rk4",
            inputs: {"V": 471.2, "pdisch": [(0, 9e5), ("10min", 8e5)]},
        )"#;
        let behaviour = load_behaviour(Path::new("p.ron"), text).expect("it is right");
        assert_eq!(behaviour.model.text, "centrifugal_pump");
        assert_eq!(behaviour.initial[1].1, 1e-3);
        assert!(behaviour.estimate[0].log && behaviour.estimate[0].drift == 0.0);
        assert_eq!(behaviour.load[0].memory_s, 600.0);
        assert_eq!(behaviour.parts[0].numbers[1].name.text, "wA");
        assert_eq!(behaviour.parts[0].numbers[1].mean, None);
        let seal = &behaviour.parts[1].numbers;
        assert_eq!((seal[0].mean, seal[0].deviation), (Some(8e-5), None));
        assert_eq!((seal[1].mean, seal[1].deviation), (Some(12.7), Some(0.1)));
        assert_eq!(behaviour.inputs[0].1, [(0.0, 471.2)]);
        assert_eq!(behaviour.inputs[1].1, [(0.0, 9e5), (600.0, 8e5)]);
        let message = behaviour.noise[0].0.unknown("output", ["W", "Qout"]).to_string();
        assert!(message.starts_with("p.ron:3:21: error: unknown output `w`"), "{message}");
        assert!(message.contains("did you mean `W`"), "{message}");
    }

    #[test]
    fn all_that_is_wrong_is_reported_at_once() {
        let text =
            "(parameters: {\"a\": \"b\"}, step: 0, gain: 1, inputs: {\"i\": [(9, 1), (8, 1)]})";
        let errors = load_behaviour(Path::new("p.ron"), text).expect_err("much is wrong");
        let text = errors.to_string();
        for part in
            ["has no `model`", "a finite number", "above 0", "unknown field", "does not come after"]
        {
            assert!(text.contains(part), "{text}");
        }
    }

    #[test]
    fn nothing_is_shown_of_a_file_that_is_no_machine() {
        for text in [
            "root:x:0:0:secret\nfoo: secret\n",
            "(password: \"secret\")",
            "(password: secret, port: 22)",
            "(secret",
            "{secret}",
            "{\"port\": 22, \"password\": \"secret\"}",
            "// a note\n((secret: 5",
            "[\"secret\"]",
        ] {
            let name = Path::new("shadow");
            let machine = load_behaviour(name, text).map(|_| ()).expect_err("no machine");
            let numbers = load_numbers(name, text).expect_err("no numbers");
            for error in [machine, numbers] {
                let told = format!("{error} {error:?}");
                assert!(told.contains("this is no ") && !told.contains("secret"), "{told}");
            }
        }
    }

    #[test]
    fn what_is_no_number_is_told_by_its_place() {
        let text = "(Rs: 0.05,\n h: \"1\")";
        let error = load_numbers(Path::new("n.ron"), text).expect_err("a text").to_string();
        assert!(error.contains("in line 2, column 5 stands"), "{error}");
        let text = "(Rs: 0.05,\n h 1)";
        let error = load_numbers(Path::new("n.ron"), text).expect_err("no colon").to_string();
        assert!(error.contains("n.ron:2:3") && error.contains("expected `:`"), "{error}");
    }

    #[test]
    fn numbers_are_read_in_either_form() {
        for text in ["{\"Rs\": 0.05, \"h\": 1}", "(Rs: 0.05, h: 1)"] {
            let all = load_numbers(Path::new("-"), text).expect("two numbers");
            let all: Vec<_> = all.iter().map(|(name, value)| (&*name.text, *value)).collect();
            assert_eq!(all, [("Rs", 0.05), ("h", 1.0)]);
        }
        assert!(load_numbers(Path::new("-"), "()").expect("none").is_empty());
        assert!(load_numbers(Path::new("-"), "{1: 2}").is_err());
        for text in ["(Rs: 0.05, h: 1, Rs: 0.06)", "{\"Rs\": 0.05, \"Rs\": 0.06}"] {
            let error = load_numbers(Path::new("-"), text).expect_err("stated twice").to_string();
            assert!(error.contains("is stated twice"), "{error}");
        }
    }
}
