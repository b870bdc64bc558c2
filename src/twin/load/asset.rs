//! Assets: placed, ordered parents first, given their classes and properties.

mod parents;
mod topics;
mod written;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::super::definition::{Asset, AssetId, Class, ClassId, Level, Property, Twin};
use super::super::tree::{Kind, Node};
use super::super::value::Pose;
use super::class;
use super::class_file::{ClassFile, Word};
use super::read::{At, Candidates, Cx, Fields};

const ASSET: [&str; 17] = [
    "name",
    "title",
    "class",
    "parent",
    "level",
    "at",
    "yaw",
    "rotation",
    "scale",
    "vars",
    "properties",
    "model",
    "behaviour",
    "mappings",
    "bindings",
    "count",
    "step",
];
/// Words of topics that every plant knows.
const WORDS: [&str; 8] = ["asset", "path", "twin", "site", "area", "line", "cell", "property"];
const LEVELS: [(&str, Level); 5] = [
    ("site", Level::Site),
    ("area", Level::Area),
    ("line", Level::Line),
    ("cell", Level::Cell),
    ("unit", Level::Unit),
];
const MOST_COPIES: u32 = 100_000;
/// Levels of assets that are parts of each other: paths grow with them.
pub(super) const MOST_LEVELS: usize = 64;

/// Assets of a twin at most.
const MOST_ASSETS: usize = 500_000;
/// Properties, mappings and bindings of all assets together at most.
const MOST_PARTS: usize = 5_000_000;
/// Bytes of a variable besides its texts.
const VARIABLE: usize = 64;
/// Bytes of names, paths, titles and variables of all assets together at most.
const MOST_BYTES: usize = 256 << 20;

/// What all assets have taken: counted before it is, for a row of a few words may stand for any number.
#[derive(Default)]
struct Taken {
    assets: usize,
    parts: usize,
    bytes: usize,
}

impl Taken {
    /// Takes room for an asset; says so where there is none.
    fn asset(&mut self, cx: &Cx, at: At, parts: usize, bytes: usize) -> bool {
        self.assets += 1;
        self.parts = self.parts.saturating_add(parts);
        if self.assets > MOST_ASSETS {
            cx.error(at, format!("a twin has no more than {MOST_ASSETS} assets"));
        } else if self.parts > MOST_PARTS {
            let message = format!(
                "all assets together have more than {MOST_PARTS} properties, mappings and bindings"
            );
            cx.error(at, message);
        } else {
            return self.bytes(cx, at, bytes);
        }
        false
    }

    /// Takes room for texts.
    fn bytes(&mut self, cx: &Cx, at: At, bytes: usize) -> bool {
        self.bytes = self.bytes.saturating_add(bytes);
        let fits = self.bytes <= MOST_BYTES;
        if !fits {
            let most = MOST_BYTES >> 20;
            let message =
                format!("names, paths, titles and `vars` of all assets take more than {most} MiB");
            cx.error(at, message);
        }
        fits
    }
}

/// An asset before its place in the tree is known.
struct Draft<'a> {
    asset: Asset,
    parent: Option<String>,
    place: At<'a>,
    parent_place: Option<At<'a>>,
    /// Its class, counted from 1; 0 for none.
    class: usize,
}

/// Fills in assets, and the classes that some of them have for themselves.
pub(super) fn assets<'a>(
    cx: &Cx<'a>,
    entries: Vec<At<'a>>,
    classes: Vec<ClassFile<'a>>,
    twin: &mut Twin,
) {
    let names: Vec<Arc<str>> = classes.iter().map(|file| file.class.name.clone()).collect();
    let named = Named {
        places: names.iter().cloned().zip(0..).collect(),
        candidates: Candidates::new(names.iter().map(|name| &**name)),
    };
    let mut stated = vec![Stated::default()];
    for file in classes {
        stated.push(Stated::from(&file));
        twin.classes.push(file.class);
    }
    let mut drafts = Vec::new();
    let mut taken = Taken::default();
    for at in entries {
        if !drafts_of(cx, at, &named, twin, &mut stated, &mut drafts, &mut taken) {
            return;
        }
    }
    let Some(order) = parents::order(cx, &drafts) else { return };
    let mut ids: HashMap<usize, AssetId> = HashMap::new();
    let mut missing: HashSet<(usize, &str)> = HashSet::new();
    for (number, parent) in order {
        let draft = &drafts[number];
        let mut asset = draft.asset.clone();
        asset.parent = parent.and_then(|parent| ids.get(&parent).copied());
        if let Some(parent) = asset.parent {
            let parent = twin.asset(parent);
            let inherited =
                parent.variables.iter().filter(|(name, _)| !asset.variables.contains_key(*name));
            let inherited: Vec<_> = inherited.collect();
            let texts = inherited.iter().map(|(name, value)| name.len() + value.len() + VARIABLE);
            if !taken.bytes(cx, draft.place, parent.path.len() + texts.sum::<usize>()) {
                return;
            }
            asset.path = format!("{}/{}", parent.path, asset.name).into();
            let own = |(name, value): (&String, &String)| (name.clone(), value.clone());
            asset.variables.extend(inherited.into_iter().map(own));
        }
        let id = AssetId(twin.assets.len() as u32);
        if twin.asset_by_name.insert(asset.path.clone(), id).is_some() {
            cx.error(draft.place, format!("there are two assets `{}`", asset.path));
        }
        let start = twin.property_owner.len() as u32;
        let count = asset.class.map_or(0, |class| twin.classes[class.0 as usize].properties.len());
        asset.properties = start..start + count as u32;
        twin.property_owner.extend(std::iter::repeat_n(id, count));
        twin.assets.push(asset);
        ids.insert(number, id);
        for word in &stated[draft.class].words {
            check_word(cx, twin, id, draft, word, &mut missing);
        }
    }
    bare_names(twin);
    // With a word that is none, topics and pointers are not what they will be.
    if missing.is_empty() {
        topics::check(cx, twin, &stated[1..]);
        written::check(cx, twin, &stated[1..]);
    }
}

/// Where the parts of a class are stated that are checked once its assets are known.
#[derive(Default)]
struct Stated<'a> {
    words: Vec<Word<'a>>,
    mappings: Vec<At<'a>>,
    properties: HashMap<Arc<str>, At<'a>>,
}

impl<'a> Stated<'a> {
    fn from(file: &ClassFile<'a>) -> Self {
        Self {
            words: file.words.clone(),
            mappings: file.mappings.clone(),
            properties: file.stated.clone(),
        }
    }
}

/// A bare name finds its asset where only one has it and it is no path of another.
fn bare_names(twin: &mut Twin) {
    let mut named: HashMap<Arc<str>, Vec<AssetId>> = HashMap::new();
    for (number, asset) in twin.assets.iter().enumerate() {
        named.entry(asset.name.clone()).or_default().push(AssetId(number as u32));
    }
    for (name, ids) in named {
        if let [id] = ids[..] {
            twin.asset_by_name.entry(name).or_insert(id);
        }
    }
}

fn check_word<'w>(
    cx: &Cx,
    twin: &Twin,
    id: AssetId,
    draft: &Draft,
    stated: &'w Word,
    missing: &mut HashSet<(usize, &'w str)>,
) {
    let Word { place, word, in_label } = stated;
    if twin.word(id, word).is_some() {
        return;
    }
    // Once a class and word, however many instances there are.
    if !missing.insert((draft.class, word)) {
        return;
    }
    let asset = twin.asset(id);
    if WORDS[3..7].contains(&word.as_str()) {
        let user = if *in_label { "label" } else { "topic" };
        let path = &asset.path;
        cx.error(*place, format!("asset `{path}` is in no {word}, which this {user} needs"));
        return;
    }
    let mut own: Vec<&str> = asset.variables.keys().map(String::as_str).collect();
    own.sort_unstable();
    if *in_label {
        let properties = twin.class_of(id).map_or(&[][..], |class| &class.properties);
        let names = properties.iter().map(|property| &*property.name);
        let known = names.chain(["title"]).chain(WORDS[..7].iter().copied()).chain(own);
        cx.unknown(*place, "property or placeholder", word, known);
    } else {
        cx.unknown(*place, "placeholder", word, WORDS.iter().copied().chain(own));
    }
}

impl Draft<'_> {
    /// As far as it is stated.
    fn path(&self) -> String {
        match &self.parent {
            Some(parent) => format!("{parent}/{}", self.asset.name),
            None => self.asset.name.to_string(),
        }
    }
}

/// The classes that have names, and where each is.
struct Named<'n> {
    places: HashMap<Arc<str>, usize>,
    candidates: Candidates<'n>,
}

/// Reads an entry, of one asset or several; `false` when there is no room for more.
fn drafts_of<'a>(
    cx: &Cx<'a>,
    at: At<'a>,
    classes: &Named,
    twin: &mut Twin,
    stated: &mut Vec<Stated<'a>>,
    drafts: &mut Vec<Draft<'a>>,
    taken: &mut Taken,
) -> bool {
    let Some(f) = cx.fields(at, "an asset", &ASSET) else { return true };
    let text = |name: &str| f.get(name).and_then(|at| cx.text(at));
    let count = f.get("count").map(|at| cx.whole(at, 0, MOST_COPIES).unwrap_or(1));
    let name = cx.required(&f, "name").and_then(|at| match count {
        None => cx.name(at),
        Some(_) => cx.text(at),
    });
    let named = named_class(cx, &f, classes);
    let class = class_of(cx, &f, named, twin, stated);
    let pose = pose(cx, &f);
    let step = f.get("step").and_then(|at| cx.point(at)).unwrap_or_default();
    if let (Some(count), Some(at)) = (count, f.get("step")) {
        let last = f64::from(count.max(1) - 1);
        let places = pose.position.iter().zip(step).map(|(begin, step)| begin + step * last);
        // The last of the copies has a place within the plant, too.
        let _ = places.map(|place| cx.within_plant(at, place)).collect::<Option<Vec<f64>>>();
    }
    let scale = f.get("scale").and_then(|at| cx.scale(at)).unwrap_or(1.0);
    let level = f.get("level").and_then(|at| cx.choice(at, "level", &LEVELS)).unwrap_or_default();
    let variables = variables(cx, &f);
    let overrides = overrides(
        cx,
        &f,
        named.map(|at| &twin.classes[at]),
        class.map(|id| &twin.classes[id.0 as usize]),
    );
    let (title, parent) = (text("title"), text("parent"));
    let Some(name) = name else { return true };
    if let (Some(2..), false, Some(at)) = (count, name.contains("{n"), f.get("name")) {
        cx.error(at, "the name of several assets has `{n}` in it");
        return true;
    }
    let parts = class.map_or(0, |id| {
        let class = &twin.classes[id.0 as usize];
        class.properties.len() + class.mappings.len() + class.bindings.len()
    });
    let texts = variables.iter().map(|(name, value)| name.len() + value.len() + VARIABLE);
    let title_bytes = title.as_ref().unwrap_or(&name).len();
    let bytes = 2 * name.len()
        + title_bytes
        + parent.as_ref().map_or(0, String::len)
        + texts.sum::<usize>()
        + std::mem::size_of_val(&*overrides);
    for n in 1..=count.unwrap_or(1) {
        if !taken.asset(cx, at, parts, bytes) {
            return false;
        }
        let fill = |text: &str| if count.is_some() { numbered(text, n) } else { text.to_owned() };
        let name: Arc<str> = fill(&name).into();
        let mut pose = pose;
        for (position, step) in pose.position.iter_mut().zip(step) {
            *position += step * f64::from(n - 1);
        }
        let asset = Asset {
            path: name.clone(),
            title: title.as_deref().map_or_else(|| name.to_string(), fill),
            name,
            level,
            class,
            parent: None,
            parent_from_asset: pose,
            scale,
            properties: 0..0,
            overrides: overrides.clone(),
            variables: variables.iter().map(|(name, value)| (name.clone(), fill(value))).collect(),
        };
        drafts.push(Draft {
            asset,
            parent: parent.as_deref().map(fill),
            place: f.get("name").unwrap_or(at),
            parent_place: f.get("parent"),
            class: class.map_or(0, |class| class.0 as usize + 1),
        });
    }
    true
}

/// `{n}` and `{n:3}` replaced by the number.
fn numbered(text: &str, n: u32) -> String {
    if !text.contains("{n") {
        return text.to_owned();
    }
    let mut text = text.replace("{n}", &n.to_string());
    for width in 1..=6 {
        text = text.replace(&format!("{{n:{width}}}"), &format!("{n:0width$}"));
    }
    text
}

fn variables(cx: &Cx, f: &Fields) -> Vec<(String, String)> {
    let entries = f.get("vars").and_then(|at| cx.map(at)).unwrap_or_default();
    let read = |(key, value): (At, At)| {
        let name = cx.name(key)?;
        if WORDS.contains(&name.as_str()) {
            cx.error(key, format!("`{{{name}}}` has a meaning of its own; choose another name"));
        }
        Some((name, cx.text(value)?))
    };
    entries.into_iter().filter_map(read).collect()
}

/// Which class the asset names.
fn named_class(cx: &Cx, f: &Fields, classes: &Named) -> Option<usize> {
    let at = f.get("class")?;
    let name = cx.text(at)?;
    let found = classes.places.get(name.as_str()).copied();
    if found.is_none() {
        cx.unknown_of(at, "class", &name, &classes.candidates);
    }
    found
}

/// The asset's class: the named one, or its own where it adds to it.
fn class_of<'a>(
    cx: &Cx<'a>,
    f: &Fields<'a>,
    named: Option<usize>,
    twin: &mut Twin,
    stated: &mut Vec<Stated<'a>>,
) -> Option<ClassId> {
    if f.get("class").is_some() && named.is_none() {
        return None;
    }
    let base = named.map(|at| &twin.classes[at]);
    let additions = new_properties(cx, f, base);
    let own = !additions.is_empty()
        || ["model", "behaviour", "mappings", "bindings"].iter().any(|name| f.get(name).is_some());
    if !own {
        return named.map(|at| ClassId(at as u32));
    }
    let name = f.get("name").and_then(|at| cx.text(at)).unwrap_or_default();
    let class = base.cloned().unwrap_or_else(|| Class {
        name: "".into(),
        title: name.clone(),
        behaviour: None,
        model: None,
        properties: Vec::new(),
        mappings: Vec::new(),
        bindings: Vec::new(),
    });
    let base = &stated[named.map_or(0, |at| at + 1)];
    let mut file = ClassFile::new(class, base.words.clone(), base.mappings.clone());
    file.class.name = format!("({name})").into();
    class::properties(cx, &additions, &mut file);
    class::extend_own(cx, f, &mut file);
    stated.push(Stated::from(&file));
    twin.classes.push(file.class);
    Some(ClassId(twin.classes.len() as u32 - 1))
}

/// The properties that are no other view of one of the class's.
fn new_properties<'a>(cx: &Cx<'a>, f: &Fields<'a>, base: Option<&Class>) -> Vec<(At<'a>, At<'a>)> {
    let mut entries = f.get("properties").and_then(|at| cx.map(at)).unwrap_or_default();
    entries.retain(|(key, value)| {
        let Kind::Text(name) = &key.node.kind else { return true };
        let Some(class) = base else { return true };
        if class.property(name).is_some() {
            return false;
        }
        let defines = |field: &str| ["unit", "type", "kind", "integral_of"].contains(&field);
        let full = matches!(&value.node.kind, Kind::Struct(_, fields) if fields.iter().any(|(n, _)| defines(&n.text)));
        if !full {
            cx.unknown(*key, "property", name, class.properties.iter().map(|p| &*p.name));
        }
        full
    });
    entries
}

/// The asset's own view of properties that its named class has; the others it adds itself.
fn overrides(
    cx: &Cx,
    f: &Fields,
    named: Option<&Class>,
    class: Option<&Class>,
) -> Vec<(u16, Arc<Property>)> {
    let (Some(named), Some(class), Some(at)) = (named, class, f.get("properties")) else {
        return Vec::new();
    };
    let Kind::Map(entries) = &at.node.kind else { return Vec::new() };
    let own = |(key, value): &(Node, Node)| {
        let Kind::Text(name) = &key.kind else { return None };
        named.property(name)?;
        let position = class.property(name)?;
        let property = class::refined(cx, at.to(value), &class.properties[position])?;
        Some((position as u16, Arc::new(property)))
    };
    entries.iter().filter_map(own).collect()
}

fn pose(cx: &Cx, f: &Fields) -> Pose {
    let position = f.get("at").and_then(|at| cx.point(at)).unwrap_or_default();
    let about = |axis: usize, angle: f64| {
        let mut q = [0.0, 0.0, 0.0, (angle / 2.0).cos()];
        q[axis] = (angle / 2.0).sin();
        q
    };
    let mut rotation = Pose::IDENTITY.rotation;
    if let Some(yaw) = f.get("yaw").and_then(|at| cx.angle(at)) {
        rotation = about(1, yaw);
    }
    if let Some(at) = f.get("rotation") {
        if f.get("yaw").is_some() {
            cx.error(at, "either `yaw` or `rotation`");
        }
        if let Kind::Tuple(None, items) = &at.node.kind
            && items.len() == 4
        {
            let parts: Vec<f64> = items.iter().filter_map(|item| cx.number(at.to(item))).collect();
            let length = parts.iter().map(|part| part * part).sum::<f64>().sqrt();
            match parts[..] {
                [x, y, z, w] if length > 1e-9 => rotation = [x, y, z, w].map(|part| part / length),
                [_, _, _, _] => cx.error(at, "this quaternion is zero"),
                _ => {}
            }
        } else if let Some(items) =
            cx.tuple(at, 3, "a quaternion (x, y, z, w) or angles (rx, ry, rz)")
        {
            let angle = |at: At| cx.angle(at).unwrap_or(0.0);
            let [x, y, z] =
                [about(0, angle(items[0])), about(1, angle(items[1])), about(2, angle(items[2]))];
            rotation = product(z, product(y, x));
        }
    }
    Pose { position, rotation }
}

/// First `b`, then `a`.
fn product(a: [f64; 4], b: [f64; 4]) -> [f64; 4] {
    let ([ax, ay, az, aw], [bx, by, bz, bw]) = (a, b);
    [
        aw * bx + ax * bw + ay * bz - az * by,
        aw * by - ax * bz + ay * bw + az * bx,
        aw * bz + ax * by - ay * bx + az * bw,
        aw * bw - ax * bx - ay * by - az * bz,
    ]
}
