//! The glTF JSON, by the types and the validation of the `gltf` crate.
//!
//! What stands in front of the crate, since it refuses a whole file for one flaw: each entry of the
//! file's lists is read by itself, after `null`, whole numbers with a point (`24.0`), numbers as names
//! and `-1` as "none" are made what the format wants; an entry that is wrong still is replaced by an
//! empty one, with a remark. What of the crate is not used: its accessors (no bounds checked, panics),
//! `Root::validate` as a whole (panics on a POSITION that is not there; here it runs entry by entry
//! behind a check), its container (see `container.rs`), and its placements of nodes, which are f32 and
//! tear what stands kilometres from the origin; they are read here as f64.

use std::cell::RefCell;
use std::collections::BTreeMap;

use gltf::json::validation::{Checked, Error as Flaw, Validate};
use gltf::json::{self, Path, Root};
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::Error;
use super::affine::{Affine, Trs};
use super::budget::Budget;
use super::lenient::{channels, indices, plain};
use super::remark::{Remarks, reason, shown};

/// Memory that an object of the JSON takes, and one that any other value takes, in bytes.
const OBJECT: usize = 200;
const VALUE: usize = 24;

/// The JSON of a file.
pub(super) struct Document {
    /// All but the placements of the nodes.
    pub root: Root,
    /// For each node its placement in its parent's frame; `None`: its numbers are wrong.
    pub placements: Vec<Option<Affine>>,
    /// Cameras and lights, which are not drawn.
    pub lights: usize,
    /// Why an entry of a list, or all of it, could not be read (never a long text), by the list's name and the entry's place.
    unread: Unread,
}

type Unread = BTreeMap<(&'static str, Option<usize>), String>;

/// Reads the JSON, as far as it can be read.
pub(super) fn read(text: &str, budget: &Budget, remarks: &Remarks) -> Result<Document, Error> {
    let count = |letters: &[u8]| text.bytes().filter(|byte| letters.contains(byte)).count();
    let bytes = count(b"{") * OBJECT + count(b",[") * VALUE;
    budget.take(bytes as u64, || "its JSON".into())?;
    let mut lists: BTreeMap<String, &RawValue> =
        serde_json::from_str(text).map_err(|error| damaged(text, &error))?;
    let asset = lists.remove("asset").map(|raw| raw.get());
    let asset = asset.and_then(|raw| serde_json::from_str(raw).ok()).unwrap_or(Value::Null);
    let asset = version(asset)?;
    let read = Lists { lists, budget, remarks, unread: RefCell::default() };
    let placements = read.placements();
    let lights = read.lights();
    let strings = |value: Option<Value>| -> Vec<String> {
        let list = value.and_then(|value| value.as_array().cloned()).unwrap_or_default();
        list.iter().filter_map(|name| Some(name.as_str()?.to_owned())).collect()
    };
    let root = Root {
        asset,
        scene: read.scene(),
        extensions_used: strings(read.value("extensionsUsed")),
        extensions_required: strings(read.value("extensionsRequired")),
        scenes: read.list("scenes", r#"{"nodes": []}"#)?,
        nodes: read.list("nodes", "{}")?,
        meshes: read.list("meshes", r#"{"primitives": []}"#)?,
        accessors: read
            .list("accessors", r#"{"count": 0, "componentType": 0, "type": "not readable"}"#)?,
        buffer_views: read.list("bufferViews", r#"{"buffer": 4294967294, "byteLength": 0}"#)?,
        buffers: read.list("buffers", r#"{"byteLength": 0}"#)?,
        materials: read.list("materials", "{}")?,
        textures: read.list("textures", "{}")?,
        images: read.list("images", "{}")?,
        samplers: read.list("samplers", "{}")?,
        animations: read.list("animations", r#"{"channels": [], "samplers": []}"#)?,
        skins: read.list("skins", r#"{"joints": []}"#)?,
        ..Root::default()
    };
    let unread = read.unread.into_inner();
    let document = Document { root, placements, lights, unread };
    document.validate(remarks);
    Ok(document)
}

/// Where and why a text is no JSON.
fn damaged(text: &str, error: &serde_json::Error) -> Error {
    let line = text.lines().nth(error.line().saturating_sub(1)).unwrap_or_default();
    let at = error.column().saturating_sub(1);
    let mut from = at.saturating_sub(24).min(line.len());
    while !line.is_char_boundary(from) {
        from -= 1;
    }
    // Of a file that is no model nothing is shown: it may be any file of the disk, with secrets in it.
    if !text.contains("\"asset\"") {
        return Error::Json(reason(&error.to_string()));
    }
    let near: String = line[from..].chars().take(40).collect();
    let rest = line.get(at..).unwrap_or_default();
    let none = ["NaN", "nan", "Infinity", "-Infinity", "inf", "-inf"];
    let hint = if none.iter().any(|word| rest.starts_with(word) || near.contains(word)) {
        ": JSON has no NaN or infinity, export the model without such numbers"
    } else {
        ""
    };
    let error = reason(&error.to_string());
    Error::Json(format!("{error}, near `{}`{hint}", shown(&near)))
}

/// The `asset` of a file whose version is read.
fn version(asset: Value) -> Result<json::Asset, Error> {
    let text = |key: &str| match asset.get(key) {
        Some(Value::String(text)) => Some(text.clone()),
        // Written as a number by some programs.
        Some(Value::Number(number)) => Some(number.to_string()),
        _ => None,
    };
    let version = text("version").unwrap_or_default();
    let wanted = text("minVersion").unwrap_or_else(|| version.clone());
    if wanted.is_empty() {
        return Err(Error::Version("(none stated in `asset.version`)".into()));
    }
    if wanted != "2" && !wanted.starts_with("2.") {
        return Err(Error::Version(shown(&wanted)));
    }
    Ok(json::Asset {
        version,
        min_version: text("minVersion"),
        generator: text("generator"),
        copyright: text("copyright"),
        ..json::Asset::default()
    })
}

/// The lists of a file, each entry of which is still text.
struct Lists<'a> {
    lists: BTreeMap<String, &'a RawValue>,
    budget: &'a Budget,
    remarks: &'a Remarks,
    unread: RefCell<Unread>,
}

impl Lists<'_> {
    /// The default scene.
    fn scene(&self) -> Option<json::Index<json::Scene>> {
        let stated = self.value("scene").filter(|scene| !scene.is_null())?;
        let at = stated.as_u64().and_then(|at| u32::try_from(at).ok());
        match at {
            None if stated.as_i64() == Some(-1) => {
                self.remarks.add("", "its default `scene` is -1, which is taken for none");
            }
            None => {
                let scene = shown(&stated.to_string());
                let text = format!("its default scene {scene} is not there; scene 0 is shown");
                self.remarks.add("", text);
            }
            Some(_) => {}
        }
        at.map(json::Index::new)
    }

    fn value(&self, key: &str) -> Option<Value> {
        let mut value = serde_json::from_str(self.lists.get(key)?.get()).ok()?;
        plain(&mut value);
        Some(value)
    }

    fn entries(&self, key: &'static str) -> Vec<&RawValue> {
        let Some(raw) = self.lists.get(key) else { return Vec::new() };
        match serde_json::from_str::<Option<Vec<&RawValue>>>(raw.get()) {
            Ok(list) => list.unwrap_or_default(),
            Err(_) => {
                let text = "it is no list";
                self.remarks
                    .add(format_args!("`{key}`"), format_args!("{text}; it is passed over"));
                self.unread.borrow_mut().insert((key, None), text.into());
                Vec::new()
            }
        }
    }

    /// The entries of a list; `empty` stands for one that cannot be read.
    fn list<T: DeserializeOwned>(&self, key: &'static str, empty: &str) -> Result<Vec<T>, Error> {
        let entries = self.entries(key);
        self.budget.take_all(entries.len(), size_of::<T>(), || format!("the list `{key}`"))?;
        let mut list = Vec::with_capacity(entries.len());
        for (at, raw) in entries.into_iter().enumerate() {
            let place = || format!("`{key}[{at}]`");
            let read = serde_json::from_str(raw.get()).map_err(|error| error.to_string());
            let read = read.and_then(|mut value| {
                plain(&mut value);
                let tell = |text| self.remarks.add(place(), text);
                if key == "animations" {
                    channels(&mut value, &tell);
                }
                indices(&mut value, &tell)?;
                serde_json::from_value(value).map_err(|error| error.to_string())
            });
            match read {
                Ok(entry) => list.push(entry),
                Err(error) => {
                    let error = reason(&error);
                    self.remarks.add(place(), format_args!("it is passed over: {error}"));
                    self.unread.borrow_mut().insert((key, Some(at)), error);
                    // The constant is right: a test reads them all.
                    list.extend(serde_json::from_str::<T>(empty).ok());
                }
            }
        }
        Ok(list)
    }

    /// Placements of the nodes, in f64.
    fn placements(&self) -> Vec<Option<Affine>> {
        let one = |raw: &RawValue| {
            let mut value: Value = serde_json::from_str(raw.get()).ok()?;
            plain(&mut value);
            placement(&value)
        };
        self.entries("nodes").into_iter().map(one).collect()
    }

    fn lights(&self) -> usize {
        let list = self.value("extensions").and_then(|extensions| {
            Some(extensions.get("KHR_lights_punctual")?.get("lights")?.as_array()?.len())
        });
        list.unwrap_or(0)
    }
}

fn placement(node: &Value) -> Option<Affine> {
    fn numbers<const N: usize>(value: &Value) -> Option<[f64; N]> {
        let list: Vec<f64> = value.as_array()?.iter().map(Value::as_f64).collect::<Option<_>>()?;
        list.try_into().ok()
    }
    let affine = match node.get("matrix") {
        Some(matrix) => Affine::from_column_major(&numbers(matrix)?),
        None => {
            let or = |key: &str| node.get(key);
            Affine::from_trs(&Trs {
                translation: or("translation").map_or(Some([0.0; 3]), numbers)?,
                rotation: or("rotation").map_or(Some(Trs::IDENTITY.rotation), numbers)?,
                scale: or("scale").map_or(Some([1.0; 3]), numbers)?,
            })
        }
    };
    affine.is_drawable().then_some(affine)
}

impl Document {
    /// Why an entry of a list could not be read, if so.
    pub fn unread(&self, list: &'static str, at: usize) -> Option<&str> {
        self.unread.get(&(list, Some(at))).map(String::as_str)
    }

    /// The first entry of these lists that could not be read, with the reason.
    pub fn first_unread(&self, lists: &[&str]) -> Option<String> {
        let mut all = self.unread.iter().filter(|((list, _), _)| lists.contains(list));
        let ((list, at), reason) = all.next()?;
        let at = at.map_or(String::new(), |at| format!("[{at}]"));
        Some(format!("`{list}{at}` cannot be read: {reason}"))
    }

    /// What the crate finds wrong, in one remark: it names the places, and what cannot be drawn for it is
    /// said where it is left out.
    fn validate(&self, remarks: &Remarks) {
        let root = &self.root;
        let mut flaws: Vec<String> = Vec::new();
        let mut count = 0;
        let mut report = |path: &dyn Fn() -> Path, flaw: Flaw| {
            // Accessors without a view are zeros, which the crate does not know.
            if flaw == Flaw::Missing || flaw == Flaw::Unsupported {
                return;
            }
            count += 1;
            if flaws.len() < 4 {
                flaws.push(format!("`{}`: {flaw}", shown(path().as_str())));
            }
        };
        let list = |name: &'static str, at: usize| move || Path::new().field(name).index(at);
        macro_rules! each {
            ($($list:ident $name:literal),*) => {$(
                for (at, entry) in root.$list.iter().enumerate() {
                    entry.validate(root, list($name, at), &mut report);
                }
            )*};
        }
        each!(scenes "scenes", nodes "nodes", accessors "accessors", buffer_views "bufferViews",
            materials "materials", textures "textures", images "images", samplers "samplers",
            animations "animations", skins "skins");
        let position = Checked::Valid(json::mesh::Semantic::Positions);
        for (at, mesh) in root.meshes.iter().enumerate() {
            let there = |part: &json::mesh::Primitive| {
                part.attributes.get(&position).is_none_or(|at| at.value() < root.accessors.len())
            };
            if mesh.primitives.iter().all(there) {
                mesh.validate(root, list("meshes", at), &mut report);
            }
        }
        if count > 0 {
            let more = if count > flaws.len() { " …" } else { "" };
            let places = if count == 1 { "place" } else { "places" };
            remarks.add(
                "the JSON",
                format_args!(
                    "it is not valid glTF in {count} {places}: {}{more}",
                    flaws.join(", ")
                ),
            );
        }
    }
}

/// The extensions of an entry.
pub(super) trait Extended {
    /// All of them by name.
    fn extensions(&self) -> Option<&Map<String, Value>>;

    /// One of them.
    fn extension(&self, name: &str) -> Option<&Value> {
        self.extensions()?.get(name)
    }
}

macro_rules! extended {
    ($($entry:ty),*) => {$(
        impl Extended for $entry {
            fn extensions(&self) -> Option<&Map<String, Value>> {
                Some(&self.extensions.as_ref()?.others)
            }
        }
    )*};
}

extended!(
    json::Node,
    json::Material,
    json::Texture,
    json::texture::Info,
    json::material::NormalTexture,
    json::material::OcclusionTexture,
    json::mesh::Primitive,
    json::buffer::View
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_of_every_list_that_cannot_be_read_keeps_its_place() {
        let text = r#"{"asset": {"version": "2.0"}, "scenes": [1], "nodes": [1], "meshes": [1],
            "accessors": [1], "bufferViews": [1], "buffers": [1], "materials": [1], "textures": [1],
            "images": [1], "samplers": [1], "animations": [1], "skins": [1]}"#;
        let remarks = Remarks::default();
        let root = read(text, &Budget::new(), &remarks).expect("it is glTF").root;
        let counts = [
            root.scenes.len(),
            root.nodes.len(),
            root.meshes.len(),
            root.accessors.len(),
            root.buffer_views.len(),
            root.buffers.len(),
            root.materials.len(),
            root.textures.len(),
            root.images.len(),
            root.samplers.len(),
            root.animations.len(),
            root.skins.len(),
        ];
        assert_eq!(counts, [1; 12]);
        assert!(remarks.all().len() >= 12, "{:?}", remarks.all());
    }
}
