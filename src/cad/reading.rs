//! Reading a model in small steps: pictures, surfaces, shapes, and last the tree and what moves in it.

use std::collections::HashMap;

use super::Error;
use super::accessor::{Order, open};
use super::affine::{Affine, Bounds, FARTHEST_M};
use super::animation::animation;
use super::file::File;
use super::material::{Surface, Texture, shown_images, surfaces};
use super::mesh::{Bent, primitive};
use super::model::{Mesh, Model, Node};
use super::picture::{Image, Plan};
use super::remark::{left_out, length_text, shown};
use super::resource::Fetch;
use super::tree::{Tree, tree};

/// A model whose box is this far from the origin, in metres and in its own sizes, is moved to it.
const FAR_M: f64 = 1000.0;
const FAR_SIZES: f64 = 5.0;
/// Sizes in metres beyond which the unit is doubtful.
const TINY_M: f64 = 0.02;
const HUGE_M: f64 = 2000.0;

/// A model that is being read.
pub(super) struct Reading {
    file: File,
    plan: Plan,
    pictures: usize,
    images: Vec<Image>,
    /// Which picture of the file became which of the model.
    image_places: HashMap<usize, usize>,
    /// Surfaces, once all pictures are decoded.
    surfaces: Option<(Vec<Surface>, Vec<Texture>)>,
    meshes: Vec<Mesh>,
    /// Weights of morph targets that nodes give to meshes; the first node's count.
    weights: HashMap<usize, Vec<f32>>,
    /// Why the first part that was left out was.
    lost: Option<Error>,
}

impl Reading {
    /// Reads the JSON, the buffers and the headers of the pictures.
    pub fn open(bytes: &[u8], fetch: Fetch) -> Result<Self, Error> {
        let file = File::open(bytes, &mut *fetch)?;
        let plan = Plan::new(&file, &shown_images(&file), fetch)?;
        let mut weights: HashMap<usize, Vec<f32>> = HashMap::new();
        for node in file.nodes() {
            if let (Some(mesh), Some(of_node)) = (node.mesh, &node.weights)
                && weights.entry(mesh.value()).or_insert_with(|| of_node.clone()) != of_node
            {
                let text = "nodes give it different morph weights; the first ones are drawn";
                file.remarks.add(format_args!("mesh {}", mesh.value()), text);
            }
        }
        Ok(Self {
            pictures: plan.left(),
            file,
            plan,
            images: Vec::new(),
            image_places: HashMap::new(),
            surfaces: None,
            meshes: Vec::new(),
            weights,
            lost: None,
        })
    }

    /// How far it is, 0 to 1.
    pub fn share(&self) -> f32 {
        let decoded = (self.pictures - self.plan.left()) as f32 / self.pictures.max(1) as f32;
        let all = self.file.document.root.meshes.len();
        let shaped = self.meshes.len() as f32 / all.max(1) as f32;
        if self.surfaces.is_none() { 0.1 + 0.3 * decoded } else { 0.4 + 0.5 * shaped }
    }

    /// Does a part of the work; the model when it was the last one.
    ///
    /// # Errors
    /// What keeps the model from being drawn at all.
    pub fn step(&mut self) -> Result<Option<Model>, Error> {
        if self.plan.left() > 0 {
            if let Some((index, image)) = self.plan.decode_next(&self.file) {
                self.image_places.insert(index, self.images.len());
                self.images.push(image);
            }
        } else if self.surfaces.is_none() {
            self.surfaces = Some(surfaces(&self.file, &self.image_places));
        } else if self.meshes.len() < self.file.document.root.meshes.len() {
            let mesh = self.mesh(self.meshes.len(), None)?;
            self.meshes.push(mesh);
        } else {
            return self.finish().map(Some);
        }
        Ok(None)
    }

    /// One mesh of the file, bent by joints if it hangs on any.
    fn mesh(&mut self, at: usize, joints: Option<&[Affine]>) -> Result<Mesh, Error> {
        let root = &self.file.document.root;
        let source = &root.meshes[at];
        if let Some(reason) = self.file.document.unread("meshes", at) {
            let text = format!("mesh {at} cannot be read: {reason}");
            self.lost.get_or_insert(Error::Invalid(text));
        }
        let name = File::name(&source.name, "mesh", at);
        let place = format!("mesh `{}`", shown(&name));
        let surfaces = self.surfaces.as_ref().map_or(&[][..], |(surfaces, _)| surfaces);
        let weights = self.weights.get(&at).or(source.weights.as_ref());
        let bent = Bent { weights: weights.map_or(&[], Vec::as_slice), joints };
        let mut primitives = Vec::new();
        for (part, source) in source.primitives.iter().enumerate() {
            let what = format!("{place}, primitive {part}");
            let material = source.material.map(|at| at.value());
            let surface = material.and_then(|at| surfaces.get(at));
            if let (Some(at), None) = (material, surface) {
                let text =
                    format!("it refers to material {at}, but the file has only {}", surfaces.len());
                self.file.remarks.add(&what, text);
            }
            let wanted = surface.map(Surface::wants).unwrap_or_default();
            match primitive(&self.file, source, &what, &wanted, bent) {
                Ok(Some(mut primitive)) => {
                    primitive.material = material.filter(|_| surface.is_some());
                    primitives.push(primitive);
                }
                Ok(None) => {}
                Err(error @ Error::TooLarge(_)) => return Err(error),
                Err(error) => {
                    self.file.remarks.add(&what, left_out(&what, &error));
                    self.lost.get_or_insert(error);
                }
            }
        }
        Ok(Mesh { name, primitives })
    }

    /// The tree, what moves in it, and the sizes.
    fn finish(&mut self) -> Result<Model, Error> {
        let Tree { mut nodes, place, .. } = tree(&self.file)?;
        self.bend_skins(&mut nodes, &place)?;
        if let Some(lost) = &self.lost
            && self.meshes.iter().all(|mesh| mesh.primitives.is_empty())
        {
            return Err(lost.clone());
        }
        let file = &self.file;
        if nodes.iter().all(|node| node.mesh.is_none()) {
            if let Some(unread) = file.document.first_unread(&["nodes", "scenes", "meshes"]) {
                let text = format!("no node of it shows a mesh: {unread}");
                return Err(Error::Invalid(text));
            }
            file.remarks.add("", "no node of it shows a mesh: nothing of it is seen");
        }
        let mut animations = Vec::new();
        for (at, source) in file.document.root.animations.iter().enumerate() {
            if file.document.unread("animations", at).is_some() {
                continue;
            }
            let mut one = match animation(file, source, at) {
                Ok(one) => one,
                Err(error @ Error::TooLarge(_)) => return Err(error),
                Err(error) => {
                    let name = File::name(&source.name, "animation", at);
                    let place = format!("animation `{}`", shown(&name));
                    file.remarks.add(&place, left_out(&place, &error));
                    continue;
                }
            };
            one.channels.retain_mut(|channel| match place.get(&channel.node) {
                Some(node) => {
                    channel.node = *node;
                    true
                }
                None => false,
            });
            animations.push(one);
        }
        self.measure(&mut nodes)?;
        let roots = nodes.iter().filter(|node| node.parent.is_none());
        let bounds = roots.filter_map(|node| node.bounds).reduce(|a, b| a.union(&b));
        let (surfaces, textures) = self.surfaces.take().unwrap_or_default();
        let mut model = Model {
            nodes,
            meshes: std::mem::take(&mut self.meshes),
            materials: surfaces.into_iter().map(|surface| surface.material).collect(),
            textures,
            images: std::mem::take(&mut self.images),
            animations,
            bounds,
            ..Model::default()
        };
        self.judge_size(&mut model);
        model.remarks = self.file.remarks.all();
        Ok(model)
    }

    /// Shapes that hang on joints become shapes of their own, as they stand at rest.
    fn bend_skins(
        &mut self,
        nodes: &mut [Node],
        place: &HashMap<usize, usize>,
    ) -> Result<(), Error> {
        let mut skinned: Vec<(usize, usize, usize)> = Vec::new();
        for (at, source) in self.file.nodes().iter().enumerate() {
            let (Some(skin), Some(mesh), Some(&here)) = (source.skin, source.mesh, place.get(&at))
            else {
                continue;
            };
            if nodes[here].mesh == Some(mesh.value()) {
                skinned.push((here, skin.value(), mesh.value()));
            }
        }
        for (here, skin, mesh) in skinned {
            let what = format!("node `{}`", shown(&nodes[here].path));
            match self.joints(nodes, place, (here, skin), &what) {
                Ok(joints) => {
                    let mesh = self.mesh(mesh, Some(&joints))?;
                    nodes[here].mesh = Some(self.meshes.len());
                    self.meshes.push(mesh);
                    let text = "its skin is drawn as it stands at rest; animations do not bend it";
                    self.file.remarks.add(what, text);
                }
                Err(error @ Error::TooLarge(_)) => return Err(error),
                Err(error) => {
                    self.file
                        .remarks
                        .add(what, format_args!("it is drawn without its skin: {error}"));
                }
            }
        }
        Ok(())
    }

    /// From each joint's bound place into the frame of a node.
    fn joints(
        &self,
        nodes: &[Node],
        place: &HashMap<usize, usize>,
        (here, skin): (usize, usize),
        what: &str,
    ) -> Result<Vec<Affine>, Error> {
        let file = &self.file;
        let skins = &file.document.root.skins;
        let skin = skins.get(skin).ok_or_else(|| Error::Index {
            what: what.to_owned(),
            kind: "skin",
            index: skin,
            count: skins.len(),
        })?;
        let bound = match skin.inverse_bind_matrices {
            None => None,
            Some(at) => {
                let elements = open(file, at.value(), &format!("{what}, its skin"), &[16])?;
                Some(
                    elements
                        .read(file, &Order::All, |m: [f64; 16]| Affine::from_column_major(&m))?,
                )
            }
        };
        let node_from_model = nodes[here].model_from_node.inverse();
        let flat = || Error::Invalid("its own placement flattens it".into());
        let node_from_model = node_from_model.ok_or_else(flat)?;
        file.budget.take_all(skin.joints.len(), size_of::<Affine>(), || what.to_owned())?;
        let joint = |(at, joint): (usize, &gltf::json::Index<gltf::json::Node>)| {
            let away = || Error::Invalid(format!("its joint {at} is not in the scene"));
            let there = place.get(&joint.value()).ok_or_else(away)?;
            let short = || Error::Invalid("it has fewer bind matrices than joints".into());
            let bound = match &bound {
                None => Affine::IDENTITY,
                Some(list) => *list.get(at).ok_or_else(short)?,
            };
            let placed = nodes[*there].model_from_node.then_inner(&bound);
            Ok(node_from_model.then_inner(&placed))
        };
        skin.joints.iter().enumerate().map(joint).collect()
    }

    /// Boxes around the nodes; what is drawn is counted, each shape as often as nodes have it. A shape of a
    /// node that reaches beyond [`FARTHEST_M`] with the placements of all above it is left out.
    ///
    /// # Errors
    /// When it is too large, or nothing is left of it.
    fn measure(&self, nodes: &mut [Node]) -> Result<(), Error> {
        let bytes: Vec<usize> = (self.meshes.iter())
            .map(|mesh| mesh.primitives.iter().map(|part| part.bytes()).sum())
            .collect();
        let mut far = None;
        for at in (0..nodes.len()).rev() {
            let own = match nodes[at].mesh {
                None => None,
                Some(mesh) => {
                    let all = || "all that its nodes show".to_owned();
                    self.file.budget.take(bytes[mesh] as u64, all)?;
                    let parts = &self.meshes[mesh].primitives;
                    let vertices = parts.iter().flat_map(|part| &part.positions);
                    let model_from_node = &nodes[at].model_from_node;
                    Bounds::of(vertices.map(|at| model_from_node.point(at.map(f64::from))))
                }
            };
            let is_far = |bounds: &Bounds| {
                bounds.min.iter().chain(&bounds.max).any(|entry| entry.abs() > FARTHEST_M)
            };
            if own.as_ref().is_some_and(is_far) {
                nodes[at].mesh = None;
                let place = format!("node `{}`", shown(&nodes[at].path));
                let text = "reaches beyond 1e12 m with its placement and those above it";
                self.file.remarks.add(&place, format_args!("its shape is left out: it {text}"));
                far.get_or_insert(Error::Invalid(format!("{place}: its shape {text}")));
            }
            let own = own.filter(|bounds| !is_far(bounds));
            let all = [own, nodes[at].bounds].into_iter().flatten().reduce(|a, b| a.union(&b));
            nodes[at].bounds = all;
            if let (Some(parent), Some(all)) = (nodes[at].parent, all) {
                let sum = nodes[parent].bounds.map_or(all, |sum| sum.union(&all));
                nodes[parent].bounds = Some(sum);
            }
        }
        match far.filter(|_| nodes.iter().all(|node| node.mesh.is_none())) {
            Some(far) => Err(far),
            None => Ok(()),
        }
    }

    /// Moves what stands far away to the origin, and says where a size is doubtful.
    fn judge_size(&self, model: &mut Model) {
        let Some(bounds) = model.bounds else { return };
        let length = |v: [f64; 3]| v.iter().map(|entry| entry * entry).sum::<f64>().sqrt();
        let (size, center) = (bounds.size(), bounds.center());
        let (size, away) = (size.into_iter().fold(0.0, f64::max), length(center));
        let tell = |text: String| self.file.remarks.add("", text);
        if size == 0.0 {
            let why = "a scale is 0, or all its positions are the same";
            tell(format!("it has no size, all of it is in one point: {why}"));
        } else if size < TINY_M {
            let size_mm = size * 1000.0;
            let shown =
                if size_mm < 0.001 { format!("{size_mm:.1e}") } else { format!("{size_mm:.3}") };
            let hint = "if it should be larger, scale it in metres";
            tell(format!("it is only {shown} mm in size: {hint}"));
        } else if size > HUGE_M {
            tell(format!(
                "it is {} m in size: if it should be smaller, export it in metres, not millimetres",
                length_text(size, 0)
            ));
        }
        if away < FAR_M || away < FAR_SIZES * size {
            return;
        }
        // Up and down only what stands far above or below the origin.
        let y = if center[1].abs() > FAR_SIZES * size { bounds.min[1] } else { 0.0 };
        let by = [-center[0].round(), -y, -center[2].round()];
        let shift = |v: &mut [f64; 3]| (0..3).for_each(|at| v[at] += by[at]);
        for node in &mut model.nodes {
            shift(&mut node.model_from_node.origin);
            if node.parent.is_none() {
                shift(&mut node.parent_from_node.origin);
            }
            if let Some(bounds) = &mut node.bounds {
                shift(&mut bounds.min);
                shift(&mut bounds.max);
            }
        }
        for channel in model.animations.iter_mut().flat_map(|animation| &mut animation.channels) {
            if model.nodes[channel.node].parent.is_none() {
                channel.shift(by);
            }
        }
        if let Some(bounds) = &mut model.bounds {
            shift(&mut bounds.min);
            shift(&mut bounds.max);
        }
        model.origin = by.map(|entry| -entry);
        let [x, y, z] = model.origin;
        tell(format!(
            "it stands {} km from its origin and is drawn about it: its origin is taken to be at \
             ({}, {}, {}) m",
            length_text(away / 1000.0, 1),
            length_text(x, 0),
            length_text(y, 3),
            length_text(z, 0)
        ));
    }
}
