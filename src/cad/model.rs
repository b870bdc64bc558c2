//! The checked model: node tree, meshes, materials, textures, animations.

use std::collections::{HashMap, HashSet};
use std::fmt;

use serde::{Deserialize, Serialize};

use super::accessor::read;
use super::affine::{Affine, Bounds, Trs};
use super::animation::{Animation, animation};
use super::container::{Fetch, File, open, resource, view_bytes};
use super::mesh::{Primitive, primitive};
use super::{Error, schema};

/// A tree deeper than this is damage, not design.
const MAX_DEPTH: usize = 512;
/// Instances of one node that `EXT_mesh_gpu_instancing` may ask for.
const MAX_INSTANCES: usize = 1 << 16;

/// A model as the twin uses it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Model {
    /// Every node of the default scene; a parent always stands before its children.
    pub nodes: Vec<Node>,
    /// Shapes, in the file's order.
    pub meshes: Vec<Mesh>,
    /// Surfaces, in the file's order.
    pub materials: Vec<Material>,
    /// Textures, in the file's order.
    pub textures: Vec<Texture>,
    /// Pictures, in the file's order, still encoded.
    pub images: Vec<Image>,
    /// Movements, in the file's order.
    pub animations: Vec<Animation>,
    /// The box around everything at rest, in metres.
    pub bounds: Option<Bounds>,
}

/// A node of the tree.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Node {
    /// Name in the file, or `node N`; a sibling of the same name gets `#2`, `#3` …
    pub name: String,
    /// Names from the root joined by `/`; unique.
    pub path: String,
    /// Index in [`Model::nodes`].
    pub parent: Option<usize>,
    /// Placement in the parent's frame.
    pub parent_from_node: Affine,
    /// Placement in the model's frame.
    pub model_from_node: Affine,
    /// Index in [`Model::meshes`].
    pub mesh: Option<usize>,
    /// The box around it and all below it, in the model's frame at rest.
    pub bounds: Option<Bounds>,
}

/// A shape: one primitive for each material.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Mesh {
    /// Name in the file.
    pub name: String,
    /// Its surfaces.
    pub primitives: Vec<Primitive>,
}

/// How a surface's transparency is meant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub enum AlphaMode {
    /// Not at all.
    #[default]
    Opaque,
    /// Present from this alpha on.
    Mask(f32),
    /// Mixed with what is behind.
    Blend,
}

/// A texture and nothing more: its index in [`Model::textures`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct TextureRef(pub usize);

/// A surface after the metallic-roughness model; factors are linear.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Material {
    /// Name in the file.
    pub name: String,
    /// Red, green, blue, alpha.
    pub base_color: [f32; 4],
    /// 0 to 1.
    pub metallic: f32,
    /// 0 to 1.
    pub roughness: f32,
    /// Red, green, blue; may exceed 1.
    pub emissive: [f32; 3],
    /// How alpha is meant.
    pub alpha: AlphaMode,
    /// Seen from behind as well.
    pub double_sided: bool,
    /// Not lit.
    pub unlit: bool,
    /// Texture of the base colour.
    pub base_color_texture: Option<TextureRef>,
    /// Green: roughness; blue: metal.
    pub metallic_roughness_texture: Option<TextureRef>,
    /// Normals in tangent space.
    pub normal_texture: Option<TextureRef>,
    /// Red: how much light reaches the place.
    pub occlusion_texture: Option<TextureRef>,
    /// Texture of what shines.
    pub emissive_texture: Option<TextureRef>,
}

/// A picture with its sampling.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Texture {
    /// Index in [`Model::images`].
    pub image: usize,
    /// Repeats beyond its edges, along u and v; else the edge goes on.
    pub repeat: [bool; 2],
    /// Smooth instead of in squares.
    pub smooth: bool,
}

/// A picture, encoded as in the file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Image {
    /// Name in the file, or its number.
    pub name: String,
    /// PNG, JPEG …
    #[serde(with = "serde_bytes")]
    pub bytes: Vec<u8>,
    /// Media type, by its first bytes where the file does not say.
    pub mime: String,
}

/// No node (or animation) has that name.
#[derive(Clone, Debug, PartialEq)]
pub struct NotFound {
    /// What was looked for.
    pub wanted: String,
    /// The nearest names, or all that it could mean.
    pub nearest: Vec<String>,
    /// Several have that name.
    pub ambiguous: bool,
}

impl fmt::Display for NotFound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.nearest.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>();
        match (self.ambiguous, names.is_empty()) {
            (true, _) => {
                write!(f, "`{}` could be {}; write more of the path", self.wanted, names.join(", "))
            }
            (false, true) => write!(f, "`{}` is not there, and nothing like it", self.wanted),
            (false, false) => {
                write!(f, "`{}` is not there; the nearest are {}", self.wanted, names.join(", "))
            }
        }
    }
}

impl Model {
    /// Reads a GLB, or a glTF whose data is inside it.
    ///
    /// # Errors
    /// When the bytes are damaged, or need what is not supported; says what to do.
    pub fn parse(bytes: &[u8]) -> Result<Self, Error> {
        Self::parse_with(bytes, &mut |_| Err("only its bytes were given, not its folder".into()))
    }

    /// Reads a GLB or glTF; `fetch` reads the files beside it that it refers to.
    ///
    /// # Errors
    /// As [`Model::parse`], and when a file cannot be read.
    pub fn parse_with(
        bytes: &[u8],
        fetch: &mut dyn FnMut(&str) -> Result<Vec<u8>, String>,
    ) -> Result<Self, Error> {
        let file = open(bytes, fetch)?;
        let meshes = (0..file.document.meshes.len()).map(|at| mesh(&file, at));
        let meshes = meshes.collect::<Result<_, _>>()?;
        finish(&file, meshes, fetch)
    }

    /// Reads a file, and the files beside it that it refers to.
    ///
    /// # Errors
    /// As [`Model::parse_with`].
    #[cfg(not(target_arch = "wasm32"))]
    pub fn open(path: &std::path::Path) -> Result<Self, Error> {
        let fail = |error: std::io::Error| Error::Resource {
            uri: path.display().to_string(),
            reason: error.to_string(),
        };
        let bytes = std::fs::read(path).map_err(fail)?;
        let folder = path.parent().unwrap_or(std::path::Path::new("."));
        Self::parse_with(&bytes, &mut |uri| {
            std::fs::read(folder.join(uri)).map_err(|error| error.to_string())
        })
    }

    /// The node with that path, or with the end of a path (a bare name will do) that only one has.
    ///
    /// # Errors
    /// When none or several have it; tells which are near.
    pub fn find_node(&self, wanted: &str) -> Result<usize, NotFound> {
        if let Some(exact) = self.nodes.iter().position(|node| node.path == wanted) {
            return Ok(exact);
        }
        let ends = |path: &str| path.strip_suffix(wanted).is_some_and(|rest| rest.ends_with('/'));
        let found: Vec<usize> =
            (0..self.nodes.len()).filter(|at| ends(&self.nodes[*at].path)).collect();
        match found.as_slice() {
            [one] => Ok(*one),
            [] => {
                let paths = self.nodes.iter().map(|node| node.path.as_str());
                Err(not_found(wanted, paths))
            }
            several => Err(NotFound {
                wanted: wanted.to_owned(),
                nearest: several.iter().take(8).map(|at| self.nodes[*at].path.clone()).collect(),
                ambiguous: true,
            }),
        }
    }

    /// The animation with that name.
    ///
    /// # Errors
    /// When none has it; tells which are near.
    pub fn find_animation(&self, wanted: &str) -> Result<usize, NotFound> {
        let found = self.animations.iter().position(|animation| animation.name == wanted);
        let names = self.animations.iter().map(|animation| animation.name.as_str());
        found.ok_or_else(|| not_found(wanted, names))
    }
}

/// The three nearest names, compared by their last part as well as whole.
fn not_found<'a>(wanted: &str, names: impl Iterator<Item = &'a str>) -> NotFound {
    let last = |name: &str| name.rsplit('/').next().unwrap_or_default().to_lowercase();
    let (whole, tail) = (wanted.to_lowercase(), last(wanted));
    let mut near: Vec<(f64, &str)> = names
        .map(|name| {
            let likeness = strsim::jaro_winkler(&name.to_lowercase(), &whole)
                .max(strsim::jaro_winkler(&last(name), &tail));
            (likeness, name)
        })
        .filter(|(likeness, _)| *likeness > 0.6)
        .collect();
    near.sort_by(|a, b| b.0.total_cmp(&a.0));
    let nearest = near.into_iter().take(3).map(|(_, name)| name.to_owned()).collect();
    NotFound { wanted: wanted.to_owned(), nearest, ambiguous: false }
}

/// Everything but the meshes, which were read one by one.
pub(super) fn finish(file: &File, meshes: Vec<Mesh>, fetch: Fetch) -> Result<Model, Error> {
    let (nodes, place) = nodes(file, &meshes)?;
    let mut animations = Vec::new();
    for (at, source) in file.document.animations.iter().enumerate() {
        let mut one = animation(file, source, at, file.document.nodes.len())?;
        one.channels.retain_mut(|channel| match place.get(&channel.node) {
            Some(node) => {
                channel.node = *node;
                true
            }
            None => false,
        });
        animations.push(one);
    }
    let images = images(file, fetch)?;
    let textures = textures(file, images.len())?;
    let materials = file.document.materials.iter().enumerate();
    let materials = materials
        .map(|(at, source)| material(source, at, textures.len()))
        .collect::<Result<Vec<_>, _>>()?;
    for mesh in &meshes {
        if let Some(index) = mesh.primitives.iter().filter_map(|p| p.material).max()
            && index >= materials.len()
        {
            let (what, count) = (format!("mesh `{}`", mesh.name), materials.len());
            return Err(Error::Index { what, kind: "material", index, count });
        }
    }
    let roots = nodes.iter().filter(|node| node.parent.is_none());
    let bounds = roots.filter_map(|node| node.bounds).reduce(|a, b| a.union(&b));
    Ok(Model { nodes, meshes, materials, textures, images, animations, bounds })
}

/// One mesh of a file.
pub(super) fn mesh(file: &File, at: usize) -> Result<Mesh, Error> {
    let source = &file.document.meshes[at];
    let name = source.name.clone().unwrap_or_else(|| format!("mesh {at}"));
    let mut primitives = Vec::new();
    for (part, source) in source.primitives.iter().enumerate() {
        let what = format!("mesh `{name}`, primitive {part}");
        primitives.extend(primitive(file, source, &what)?);
    }
    Ok(Mesh { name, primitives })
}

/// The nodes of the default scene, and where each node of the file went.
fn nodes(file: &File, meshes: &[Mesh]) -> Result<(Vec<Node>, HashMap<usize, usize>), Error> {
    let document = &file.document;
    let mut tree = Tree { file, meshes, nodes: Vec::new(), place: HashMap::new() };
    let scene = document.scenes.get(document.scene.unwrap_or(0));
    let roots = match scene {
        Some(scene) => scene.nodes.clone(),
        None => {
            let below: HashSet<usize> =
                document.nodes.iter().flat_map(|node| node.children.iter().copied()).collect();
            (0..document.nodes.len()).filter(|at| !below.contains(at)).collect()
        }
    };
    tree.add_all(&roots, None, 0)?;
    let Tree { mut nodes, place, .. } = tree;
    for at in (0..nodes.len()).rev() {
        // Of the vertices: the box around a turned box is too large.
        let own = nodes[at].mesh.and_then(|mesh| {
            let vertices = meshes[mesh].primitives.iter().flat_map(|part| &part.positions);
            let model_from_node = &nodes[at].model_from_node;
            Bounds::of(vertices.map(|vertex| model_from_node.point(vertex.map(f64::from))))
        });
        let all = [own, nodes[at].bounds].into_iter().flatten().reduce(|a, b| a.union(&b));
        nodes[at].bounds = all;
        if let (Some(parent), Some(all)) = (nodes[at].parent, all) {
            let sum = nodes[parent].bounds.map_or(all, |sum| sum.union(&all));
            nodes[parent].bounds = Some(sum);
        }
    }
    Ok((nodes, place))
}

struct Tree<'a> {
    file: &'a File,
    meshes: &'a [Mesh],
    nodes: Vec<Node>,
    place: HashMap<usize, usize>,
}

impl Tree<'_> {
    fn add_all(
        &mut self,
        list: &[usize],
        parent: Option<usize>,
        depth: usize,
    ) -> Result<(), Error> {
        if depth > MAX_DEPTH {
            return Err(Error::TooLarge(format!("its node tree is deeper than {MAX_DEPTH}")));
        }
        let mut taken: HashSet<String> = HashSet::new();
        let count = self.file.document.nodes.len();
        for &at in list {
            let source = self.file.document.nodes.get(at).ok_or_else(|| Error::Index {
                what: "the node tree".into(),
                kind: "node",
                index: at,
                count,
            })?;
            if self.place.contains_key(&at) {
                return Err(Error::Invalid(format!("node {at} stands twice in the node tree")));
            }
            let name = source.name.clone().filter(|name| !name.is_empty());
            let name = unique(name.unwrap_or_else(|| format!("node {at}")), &mut taken);
            let here = self.push(name, parent, local(source, at)?, None);
            self.place.insert(at, here);
            if let Some(mesh) = source.mesh {
                if mesh >= self.meshes.len() {
                    let (what, count) = (format!("node {at}"), self.meshes.len());
                    return Err(Error::Index { what, kind: "mesh", index: mesh, count });
                }
                match source.extensions.get("EXT_mesh_gpu_instancing") {
                    Some(extension) => self.instances(extension, here, mesh)?,
                    None => self.nodes[here].mesh = Some(mesh),
                }
            }
            self.add_all(&source.children, Some(here), depth + 1)?;
        }
        Ok(())
    }

    fn push(
        &mut self,
        name: String,
        parent: Option<usize>,
        parent_from_node: Affine,
        mesh: Option<usize>,
    ) -> usize {
        let (path, model_from_node) = match parent {
            Some(parent) => {
                let above = &self.nodes[parent];
                (
                    format!("{}/{name}", above.path),
                    above.model_from_node.then_inner(&parent_from_node),
                )
            }
            None => (name.clone(), parent_from_node),
        };
        let bounds = None;
        self.nodes.push(Node {
            name,
            path,
            parent,
            parent_from_node,
            model_from_node,
            mesh,
            bounds,
        });
        self.nodes.len() - 1
    }

    /// Copies of a mesh become nodes of their own below the node that asks for them.
    fn instances(
        &mut self,
        extension: &serde_json::Value,
        node: usize,
        mesh: usize,
    ) -> Result<(), Error> {
        let what = format!("the instances of node `{}`", self.nodes[node].path);
        let attribute = |name: &str, width: usize| -> Result<Option<Vec<f64>>, Error> {
            let Some(at) = extension["attributes"][name].as_u64() else { return Ok(None) };
            Ok(Some(read(self.file, at as usize, &what, &[width])?.values))
        };
        let translation = attribute("TRANSLATION", 3)?;
        let rotation = attribute("ROTATION", 4)?;
        let scale = attribute("SCALE", 3)?;
        let lengths = [(&translation, 3), (&rotation, 4), (&scale, 3)];
        let counts = lengths.iter().filter_map(|(v, width)| v.as_ref().map(|v| v.len() / width));
        let count = counts.min().unwrap_or(0);
        if count > MAX_INSTANCES {
            return Err(Error::TooLarge(format!("{what} are {count}")));
        }
        let row = |values: &Option<Vec<f64>>, at: usize, width: usize, rest: f64| {
            let found = values.as_ref().and_then(|v| v.get(at * width..(at + 1) * width));
            std::array::from_fn::<f64, 4, _>(|i| {
                found.and_then(|row| row.get(i)).copied().unwrap_or(rest)
            })
        };
        for at in 0..count {
            let [x, y, z, _] = row(&translation, at, 3, 0.0);
            let [sx, sy, sz, _] = row(&scale, at, 3, 1.0);
            let rotation = if rotation.is_some() {
                row(&rotation, at, 4, 0.0)
            } else {
                Trs::IDENTITY.rotation
            };
            let trs = Trs { translation: [x, y, z], rotation, scale: [sx, sy, sz] };
            let affine = finite(Affine::from_trs(&trs), || what.clone())?;
            self.push(format!("instance {at}"), Some(node), affine, Some(mesh));
        }
        Ok(())
    }
}

fn unique(name: String, taken: &mut HashSet<String>) -> String {
    let name = name.replace('/', "_");
    let mut full = name.clone();
    let mut copy = 2;
    while !taken.insert(full.clone()) {
        full = format!("{name}#{copy}");
        copy += 1;
    }
    full
}

fn local(source: &schema::Node, at: usize) -> Result<Affine, Error> {
    let affine = match &source.matrix {
        Some(matrix) => Affine::from_column_major(matrix),
        None => Affine::from_trs(&Trs {
            translation: source.translation.unwrap_or_default(),
            rotation: source.rotation.unwrap_or(Trs::IDENTITY.rotation),
            scale: source.scale.unwrap_or([1.0; 3]),
        }),
    };
    finite(affine, || format!("node {at}"))
}

fn finite(affine: Affine, what: impl Fn() -> String) -> Result<Affine, Error> {
    if affine.is_finite() {
        Ok(affine)
    } else {
        Err(Error::Invalid(format!("the placement of {} is not of finite numbers", what())))
    }
}

fn material(source: &schema::Material, at: usize, textures: usize) -> Result<Material, Error> {
    let name = source.name.clone().unwrap_or_else(|| format!("material {at}"));
    let texture = |info: &Option<schema::TextureInfo>| match info {
        // A second set of coordinates is not read; without its texture the surface keeps its factor.
        Some(info) if info.tex_coord == 0 && info.index < textures => {
            Ok(Some(TextureRef(info.index)))
        }
        Some(info) if info.index >= textures => Err(Error::Index {
            what: format!("material `{name}`"),
            kind: "texture",
            index: info.index,
            count: textures,
        }),
        _ => Ok(None),
    };
    let pbr = &source.pbr_metallic_roughness;
    let shine = source.extensions.get("KHR_materials_emissive_strength");
    let shine = shine.and_then(|e| e["emissiveStrength"].as_f64()).unwrap_or(1.0) as f32;
    let alpha = match source.alpha_mode.as_deref() {
        Some("BLEND") => AlphaMode::Blend,
        Some("MASK") => AlphaMode::Mask(source.alpha_cutoff.unwrap_or(0.5)),
        _ => AlphaMode::Opaque,
    };
    Ok(Material {
        base_color: pbr.base_color_factor.unwrap_or([1.0; 4]),
        metallic: pbr.metallic_factor.unwrap_or(1.0),
        roughness: pbr.roughness_factor.unwrap_or(1.0),
        emissive: source.emissive_factor.map(|entry| entry * shine),
        alpha,
        double_sided: source.double_sided,
        unlit: source.extensions.contains_key("KHR_materials_unlit"),
        base_color_texture: texture(&pbr.base_color_texture)?,
        metallic_roughness_texture: texture(&pbr.metallic_roughness_texture)?,
        normal_texture: texture(&source.normal_texture)?,
        occlusion_texture: texture(&source.occlusion_texture)?,
        emissive_texture: texture(&source.emissive_texture)?,
        name,
    })
}

fn textures(file: &File, images: usize) -> Result<Vec<Texture>, Error> {
    let document = &file.document;
    let one = |(at, source): (usize, &schema::Texture)| {
        let image = source.source.filter(|image| *image < images).ok_or_else(|| Error::Index {
            what: format!("texture {at}"),
            kind: "image",
            index: source.source.unwrap_or(usize::MAX),
            count: images,
        })?;
        let sampler = source.sampler.and_then(|sampler| document.samplers.get(sampler));
        let repeats = |wrap: Option<u32>| wrap != Some(33071);
        Ok(Texture {
            image,
            repeat: [
                repeats(sampler.and_then(|s| s.wrap_s)),
                repeats(sampler.and_then(|s| s.wrap_t)),
            ],
            smooth: sampler.and_then(|s| s.mag_filter) != Some(9728),
        })
    };
    document.textures.iter().enumerate().map(one).collect()
}

fn images(file: &File, fetch: Fetch) -> Result<Vec<Image>, Error> {
    let mut images = Vec::new();
    for (at, source) in file.document.images.iter().enumerate() {
        let name = source.name.clone().unwrap_or_else(|| format!("image {at}"));
        let bytes = match (&source.uri, source.buffer_view) {
            (Some(uri), _) => resource(uri, fetch)?,
            (None, Some(view)) => view_bytes(file, view, &format!("image `{name}`"))?.to_vec(),
            (None, None) => return Err(Error::Invalid(format!("image `{name}` has no data"))),
        };
        let sniffed = match bytes.as_slice() {
            [0x89, b'P', b'N', b'G', ..] => "image/png",
            [0xFF, 0xD8, ..] => "image/jpeg",
            _ => "application/octet-stream",
        };
        let mime = source.mime_type.clone().unwrap_or_else(|| sniffed.to_owned());
        images.push(Image { name, bytes, mime });
    }
    Ok(images)
}
