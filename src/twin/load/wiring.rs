//! Roles and wires.

use std::path::Path;
use std::sync::Arc;

use super::super::behaviour::Named;
use super::super::tree::Tree;
use super::super::wiring::{Role, Wire};
use super::behaviour::{BEHAVIOUR, behaviour, named, whole};
use super::file::has_field;
use super::read::{At, Cx, ReadBehaviour};

const ROLE: [&str; 4] = ["file", "inputs", "states", "outputs"];
const WIRE: [&str; 7] = ["from", "property", "to", "scale", "offset", "unit", "adds"];

/// A role, `"pump.ron"` or `(file: "pump.ron", inputs: {…}, states: {…}, outputs: {…})`.
pub(super) fn role<'a>(cx: &Cx<'a>, at: At<'a>) -> Option<Role> {
    if at.is_text() {
        return follow(cx, at, |_| Vec::new());
    }
    let fields = cx.fields(at, "a behaviour's use", &ROLE)?;
    let pairs = |name: &str| -> Vec<(Named, Named)> {
        let entries = fields.get(name).and_then(|at| cx.map(at)).unwrap_or_default();
        let pair = |(key, value)| Some((named(cx, key)?, named(cx, value)?));
        entries.into_iter().filter_map(pair).collect()
    };
    follow(cx, cx.required(&fields, "file")?, pairs)
}

/// Reads the behaviour's own file; `pairs` gives variables and properties of a kind.
fn follow<'a>(
    cx: &Cx<'a>,
    at: At<'a>,
    pairs: impl Fn(&str) -> Vec<(Named, Named)>,
) -> Option<Role> {
    let stated = named(cx, at)?;
    let file = at.path(&stated.text);
    let known = cx.behaviours.borrow().get(&file).cloned();
    let read = known.unwrap_or_else(|| {
        let read = read(cx, &file);
        cx.behaviours.borrow_mut().insert(file.clone(), read.clone());
        read
    });
    match read {
        Ok(behaviour) => Some(Role {
            file,
            stated,
            behaviour,
            inputs: pairs("inputs"),
            states: pairs("states"),
            outputs: pairs("outputs"),
        }),
        Err(reason) => {
            if let Some(reason) = reason {
                cx.error(at, format!("`{}` {reason}", stated.text));
            }
            None
        }
    }
}

fn read(cx: &Cx, file: &Path) -> ReadBehaviour {
    let text = cx.resolver.read(file).map_err(|error| Some(format!("cannot be read: {error}")))?;
    let tree = Tree::parse(&text);
    // Nothing is shown of any other file of the disk: it may hold secrets.
    if !has_field(&tree, &BEHAVIOUR) {
        return Err(Some("is no behaviour: it has no field of one, such as `model`".into()));
    }
    whole(file, tree, behaviour).map(Arc::new).map_err(|errors| {
        cx.add(errors);
        None
    })
}

/// A wire, `(from: "P-101.Qout", to: "T-201.qin")`.
pub(super) fn wire<'a>(cx: &Cx<'a>, at: At<'a>) -> Option<Wire> {
    let fields = cx.fields(at, "a wire", &WIRE)?;
    let end = |name: &str| -> Option<Named> {
        let at = fields.get(name)?;
        let end = named(cx, at)?;
        if end.text.rsplit_once('.').is_none_or(|(asset, name)| asset.is_empty() || name.is_empty())
        {
            return cx.wrong(at, "an asset, a full stop and a name: \"P-101.flow\"");
        }
        Some(end)
    };
    let number = |name: &str, usual| {
        fields.get(name).map_or(Some(usual), |at| cx.number(at)).unwrap_or(usual)
    };
    let is_property = fields.get("property").is_some();
    let from = match (fields.get("from"), fields.get("property")) {
        (Some(_), Some(at)) => return cx.wrong(at, "either `from` or `property`"),
        (None, None) => {
            cx.required(&fields, "from");
            None
        }
        (Some(_), None) => end("from"),
        (None, Some(_)) => end("property"),
    };
    cx.required(&fields, "to")?;
    Some(Wire {
        to: end("to")?,
        from: from?,
        is_property,
        scale: number("scale", 1.0),
        offset: number("offset", 0.0),
        unit: fields.get("unit").and_then(|at| cx.unit(at)),
        adds: fields.get("adds").and_then(|at| cx.boolean(at)).unwrap_or(false),
    })
}
