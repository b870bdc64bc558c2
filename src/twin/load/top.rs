//! The file as a whole.

use std::collections::{BTreeSet, HashSet};
use std::time::Duration;

use super::super::definition::{AssetId, SimulationSource, Twin, Viewpoint};
use super::super::mapping::{ClockSource, Presence};
use super::super::tree::Kind;
use super::file::Source;
use super::mapping::{FORMATS, plain_topic};
use super::read::{At, Candidates, Cx, Fields};
use super::{SCHEMA, asset, class, wiring};

const TWIN: [&str; 14] = [
    "schema",
    "name",
    "title",
    "description",
    "include",
    "clock",
    "display_delay",
    "max_clock_skew",
    "presence",
    "classes",
    "assets",
    "wiring",
    "viewpoints",
    "simulation",
];

/// Assets that all presences cover together at most: each may name all.
const MOST_COVERED: usize = 5_000_000;

pub(super) fn twin<'a>(cx: &Cx<'a>, sources: &'a [Source]) -> Option<Twin> {
    let source = sources.first()?;
    let root = At { source, node: source.tree.root() };
    let mut entries = Vec::new();
    for source in &sources[1..] {
        entries.extend(included(cx, At { source, node: source.tree.root() }).unwrap_or_default());
    }
    named(cx, root, "Twin")?;
    let f = cx.fields(root, "a twin", &TWIN)?;
    if let Some(at) = cx.required(&f, "schema") {
        schema(cx, at);
    }
    if let Some(at) = f.get("include") {
        for item in cx.list(at).unwrap_or_default() {
            cx.text(item);
        }
    }
    let text = |name: &str| f.get(name).and_then(|at| cx.text(at));
    let name = cx.required(&f, "name").and_then(|at| short_name(cx, at)).unwrap_or_default();
    let span = |name: &str, usual: u64| {
        f.get(name).and_then(|at| cx.duration(at)).unwrap_or(Duration::from_millis(usual))
    };
    let mut twin = Twin {
        title: text("title").unwrap_or_else(|| name.clone()),
        name,
        description: text("description").unwrap_or_default(),
        display_delay: span("display_delay", 300),
        max_clock_skew: span("max_clock_skew", 2000),
        clock: f.get("clock").and_then(|at| clock(cx, at)),
        files: sources.iter().map(|source| source.path.clone()).collect(),
        simulation: f.get("simulation").map(simulation),
        ..Twin::default()
    };
    entries.extend(f.get("classes").and_then(|at| cx.map(at)).unwrap_or_default());
    let classes = class::classes(cx, &entries);
    let assets = f.get("assets").and_then(|at| cx.list(at)).unwrap_or_default();
    asset::assets(cx, assets, classes, &mut twin);
    let list = |name: &str| f.get(name).and_then(|at| cx.list(at)).unwrap_or_default();
    twin.presence = presences(cx, list("presence"), &twin);
    twin.wiring = list("wiring").into_iter().filter_map(|at| wiring::wire(cx, at)).collect();
    let roles = twin.classes.iter().filter_map(|class| class.behaviour.as_ref());
    let files: BTreeSet<_> = roles.map(|role| role.file.clone()).collect();
    twin.files.extend(files);
    let mut names = HashSet::new();
    for at in list("viewpoints") {
        if let Some(viewpoint) = viewpoint(cx, at) {
            if !names.insert(viewpoint.name.clone()) {
                cx.error(at, format!("viewpoint `{}` is stated twice", viewpoint.name));
            }
            twin.viewpoints.push(viewpoint);
        }
    }
    Some(twin)
}

fn named(cx: &Cx, at: At, wanted: &str) -> Option<()> {
    match &at.node.kind {
        Kind::Struct(Some(name), _) | Kind::Tuple(Some(name), _) if name.text == wanted => Some(()),
        Kind::Struct(None, _) => Some(()),
        _ => cx.wrong(at, &format!("{wanted}(…)")),
    }
}

fn schema(cx: &Cx, at: At) {
    // Newer versions were refused when the file was read.
    cx.whole(at, 1, SCHEMA);
}

/// The classes of an included file.
fn included<'a>(cx: &Cx<'a>, root: At<'a>) -> Option<Vec<(At<'a>, At<'a>)>> {
    named_classes(cx, root)?;
    if let Kind::Tuple(_, items) = &root.node.kind
        && let [item] = items.as_slice()
    {
        return cx.map(root.to(item));
    }
    let f = cx.fields(root, "shared classes", &["schema", "include", "classes"])?;
    if let Some(at) = cx.required(&f, "schema") {
        schema(cx, at);
    }
    cx.map(cx.required(&f, "classes")?)
}

fn named_classes(cx: &Cx, root: At) -> Option<()> {
    named(cx, root, "Classes")
}

fn short_name(cx: &Cx, at: At) -> Option<String> {
    let name = cx.text(at)?;
    let fine = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    match !name.is_empty() && name.chars().all(fine) {
        true => Some(name),
        false => cx.wrong(at, "a short name of letters, digits, _ and -"),
    }
}

/// The value's text behind as many breaks and spaces as keep its line and column.
fn simulation(at: At) -> SimulationSource {
    let text = at.source.tree.text();
    let mut padded: String = text[..at.node.span.start]
        .chars()
        .map(|c| if matches!(c, '\n' | '\t') { c } else { ' ' })
        .collect();
    padded.push_str(&text[at.node.span.clone()]);
    SimulationSource { file: at.source.path.clone(), text: padded }
}

fn clock<'a>(cx: &Cx<'a>, at: At<'a>) -> Option<ClockSource> {
    let f = cx.fields(at, "a clock", &["topic", "time", "format", "rate", "interval"])?;
    let pointer = |name: &str| f.get(name).and_then(|at| cx.pointer(at, false));
    let topic = cx.required(&f, "topic").and_then(|at| plain_topic(cx, at));
    Some(ClockSource {
        time: pointer("time").unwrap_or_default(),
        format: f
            .get("format")
            .and_then(|at| cx.choice(at, "time format", &FORMATS))
            .unwrap_or_default(),
        rate: pointer("rate"),
        interval: f
            .get("interval")
            .and_then(|at| cx.duration(at))
            .unwrap_or(Duration::from_secs(5)),
        topic: topic?,
    })
}

/// The presence groups, each with the assets that it names and all that is part of them.
fn presences<'a>(cx: &Cx<'a>, entries: Vec<At<'a>>, twin: &Twin) -> Vec<Presence> {
    let mut parts: Vec<Vec<AssetId>> = vec![Vec::new(); twin.assets.len()];
    for id in twin.asset_ids() {
        if let Some(parent) = twin.asset(id).parent {
            parts[parent.0 as usize].push(id);
        }
    }
    let names = Candidates::new(twin.assets.iter().map(|asset| &*asset.path));
    let mut covered = 0;
    let mut presences = Vec::new();
    for at in entries {
        if let Some(presence) = presence(cx, at, twin, &parts, &names) {
            covered += presence.assets.len();
            presences.push(presence);
        }
        if covered > MOST_COVERED {
            cx.error(at, format!("all presences name more than {MOST_COVERED} assets together"));
            break;
        }
    }
    presences
}

/// `parts` are those of each asset.
fn presence<'a>(
    cx: &Cx<'a>,
    at: At<'a>,
    twin: &Twin,
    parts: &[Vec<AssetId>],
    names: &Candidates,
) -> Option<Presence> {
    let f = cx.fields(at, "a presence", &["topic", "pointer", "online", "offline", "assets"])?;
    let word =
        |name: &str| f.get(name).and_then(|at| cx.text(at)).unwrap_or_else(|| name.to_owned());
    let topic = cx.required(&f, "topic").and_then(|at| plain_topic(cx, at));
    let mut assets = covered(cx, &f, twin, names)?;
    let mut known: HashSet<AssetId> = assets.iter().copied().collect();
    let mut at = 0;
    while let Some(asset) = assets.get(at) {
        let new = parts[asset.0 as usize].iter().filter(|part| known.insert(**part));
        assets.extend(new);
        at += 1;
    }
    assets.sort_unstable();
    assets.dedup();
    Some(Presence {
        topic: topic?,
        pointer: f.get("pointer").and_then(|at| cx.pointer(at, false)).unwrap_or_default(),
        online: word("online"),
        offline: word("offline"),
        assets,
    })
}

/// The assets that a presence names.
fn covered<'a>(
    cx: &Cx<'a>,
    f: &Fields<'a>,
    twin: &Twin,
    names: &Candidates,
) -> Option<Vec<AssetId>> {
    let mut roots = Vec::new();
    let mut is_all = false;
    for at in cx.required(f, "assets").and_then(|at| cx.list(at))? {
        let Some(name) = cx.text(at) else { continue };
        match twin.asset_by_name.get(name.as_str()) {
            _ if name == "*" => {
                if !std::mem::replace(&mut is_all, true) {
                    roots.extend(twin.asset_ids());
                }
            }
            Some(id) => roots.push(*id),
            // Where the assets themselves could not be read, that is what is to be said.
            None if twin.assets.is_empty() => {}
            None => cx.unknown_of(at, "asset", &name, names),
        }
    }
    Some(roots)
}

fn viewpoint<'a>(cx: &Cx<'a>, at: At<'a>) -> Option<Viewpoint> {
    let f = cx.fields(at, "a viewpoint", &["name", "eye", "target", "orthographic"])?;
    let name = cx.required(&f, "name").and_then(|at| cx.text(at));
    let eye = cx.required(&f, "eye").and_then(|at| cx.point(at));
    let target = cx.required(&f, "target").and_then(|at| cx.point(at));
    let orthographic = f.get("orthographic").and_then(|at| cx.boolean(at)).unwrap_or(false);
    Some(Viewpoint { name: name?, eye: eye?, target: target?, orthographic })
}
