//! Primitives: attributes and indices as plain triangles, lines or points.

use std::collections::HashMap;

use gltf::json;
use gltf::json::mesh::{Mode, Semantic};
use gltf::json::validation::Checked;
use serde::{Deserialize, Serialize};

use super::accessor::{Elements, Order, open};
use super::affine::{Affine, Bounds, FARTHEST_M};
use super::document::Extended as _;
use super::file::{File, hint};
use super::material::Wanted;
use super::shading::{mend_normals, tangents as made_tangents};
use super::topology::Topology;
use super::{Error, pose};

/// A surface (or lines, or points) of one material.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Primitive {
    /// What the indices make.
    pub topology: Topology,
    /// Metres, finite.
    pub positions: Vec<[f32; 3]>,
    /// Unit vectors, one for each position; empty: flat shading is wanted.
    pub normals: Vec<[f32; 3]>,
    /// Tangents with their handedness; empty where the file has none.
    pub tangents: Vec<[f32; 4]>,
    /// Two sets of texture coordinates, as the material's textures want them: see
    /// [`super::TextureRef::channel`]. Empty where no texture wants them, or the file has none.
    pub uvs: [Vec<[f32; 2]>; 2],
    /// Linear colours; empty where the file has none.
    pub colors: Vec<[f32; 4]>,
    /// Each below the number of positions.
    pub indices: Vec<u32>,
    /// Index in [`super::Model::materials`].
    pub material: Option<usize>,
    /// The box around the positions.
    pub bounds: Option<Bounds>,
}

impl Primitive {
    /// Number of triangles.
    pub fn triangles(&self) -> usize {
        if self.topology == Topology::Triangles { self.indices.len() / 3 } else { 0 }
    }

    /// Bytes of one more copy of it on screen.
    pub(super) fn bytes(&self) -> usize {
        let each = 24
            + 8 * self.uvs.iter().filter(|uvs| !uvs.is_empty()).count()
            + 16 * usize::from(!self.colors.is_empty())
            + 16 * usize::from(!self.tangents.is_empty());
        // Shaded flat, each triangle has corners of its own.
        let is_flat = self.normals.is_empty() && self.topology == Topology::Triangles;
        let vertices = if is_flat { self.indices.len() } else { self.positions.len() };
        vertices * each + self.indices.len() * 4
    }
}

/// How a shape is bent at rest.
#[derive(Clone, Copy, Default)]
pub(super) struct Bent<'a> {
    /// Weights of its morph targets.
    pub weights: &'a [f32],
    /// From each joint's bound place to where the shape is drawn; `None`: it has no skin.
    pub joints: Option<&'a [Affine]>,
}

/// Reads one primitive; `None` for one without positions, which draws nothing.
///
/// # Errors
/// [`Error::TooLarge`] concerns the whole model, any other this part alone.
pub(super) fn primitive(
    file: &File,
    source: &json::mesh::Primitive,
    what: &str,
    wanted: &Wanted,
    bent: Bent,
) -> Result<Option<Primitive>, Error> {
    let Some(at) = attribute(source, Semantic::Positions) else {
        file.remarks.add(what, "it has no positions and draws nothing");
        return Ok(None);
    };
    let packed = "KHR_draco_mesh_compression";
    let stands_for_itself =
        |at: usize| file.document.root.accessors.get(at).is_some_and(|a| a.buffer_view.is_some());
    if source.extension(packed).is_some() && !stands_for_itself(at) {
        return Err(Error::Unsupported { extension: packed.into(), hint: hint(packed) });
    }
    let Checked::Valid(mode) = source.mode else {
        let text = format!("{what} has a mode that glTF does not know, expected 0 to 6");
        return Err(Error::Invalid(text));
    };
    let all = open(file, at, &format!("{what}, POSITION"), &[3])?;
    let count = all.count;
    let sequence = sequence(file, source, count, what)?;
    let (topology, mut indices) = plain(mode, &sequence);
    drop(sequence);
    // What many parts share is read only where it is used, so that the sum stays that of their indices.
    let picked = (indices.len() < count / 2).then(|| compacted(&mut indices));
    let order = picked.as_deref().map_or(Order::All, Order::Picked);

    let part = Part { file, source, what, order, count };
    let mut positions: Vec<[f32; 3]> = all.f32s(file, &part.order)?;
    let mut normals: Vec<[f32; 3]> = match part.look(Semantic::Normals, &[3])? {
        Some(elements) => elements.f32s(file, &part.order)?,
        None => Vec::new(),
    };
    let mut tangents: Vec<[f32; 4]> = match part.look(Semantic::Tangents, &[4])? {
        Some(elements) => elements.f32s(file, &part.order)?,
        None => Vec::new(),
    };
    part.bend(bent, &mut positions, &mut normals)?;
    // What is no number is not below it either.
    let is_far = |entry: &f32| !(f64::from(entry.abs()) <= FARTHEST_M);
    let is_wrong = |position: &[f32; 3]| position.iter().any(is_far);
    if let Some(at) = indices.iter().find(|at| is_wrong(&positions[**at as usize])) {
        let is_finite = positions[*at as usize].iter().all(|entry| entry.is_finite());
        let why = if is_finite { "beyond 1e12 m" } else { "not finite numbers" };
        return Err(Error::Invalid(format!("{what} has positions that are {why}")));
    }
    // A vertex that nothing uses is put where it does not matter.
    let used = indices.first().map_or([0.0; 3], |at| positions[*at as usize]);
    positions.iter_mut().filter(|at| is_wrong(at)).for_each(|at| *at = used);
    mend_normals(file, topology, &positions, &indices, &mut normals, what);
    let uvs = part.uvs(wanted)?;
    if bent.joints.is_some() || tangents.iter().flatten().any(|entry| !entry.is_finite()) {
        tangents.clear();
    }
    if let Some(channel) = wanted.tangents.filter(|_| tangents.is_empty()) {
        if topology == Topology::Triangles && !normals.is_empty() && !uvs[channel].is_empty() {
            file.budget.take_all(positions.len(), 64, || what.to_owned())?;
            tangents = made_tangents(&positions, &normals, &uvs[channel], &indices);
        } else if normals.is_empty() {
            let text = "it has no normals and is shaded flat, without its normal texture";
            file.remarks.add(what, text);
        }
    }
    Ok(Some(Primitive {
        topology,
        bounds: Bounds::of(positions.iter().map(|p| p.map(f64::from))),
        positions,
        normals,
        tangents,
        uvs,
        colors: part.colors()?,
        indices,
        material: source.material.map(|at| at.value()),
    }))
}

/// A primitive of which the vertices to be read are known.
struct Part<'a> {
    file: &'a File,
    source: &'a json::mesh::Primitive,
    what: &'a str,
    order: Order<'a>,
    /// Vertices in the file.
    count: usize,
}

impl<'a> Part<'a> {
    /// An attribute without which the part has no shape.
    fn read(&self, name: Semantic, widths: &[usize]) -> Result<Option<Elements<'a>>, Error> {
        let Some(at) = attribute(self.source, name.clone()) else { return Ok(None) };
        let what = format!("{}, {}", self.what, name.to_string());
        let elements = open(self.file, at, &what, widths)?;
        if elements.count != self.count {
            let (count, found) = (self.count, elements.count);
            let text = format!("{what}: {count} positions have {found} values of it");
            return Err(Error::Invalid(text));
        }
        Ok(Some(elements))
    }

    /// An attribute that may be wrong without the part being lost.
    fn look(&self, name: Semantic, widths: &[usize]) -> Result<Option<Elements<'a>>, Error> {
        match self.read(name, widths) {
            Err(error @ Error::TooLarge(_)) => Err(error),
            Err(error) => {
                let text = format_args!("it is drawn without what is wrong: {error}");
                self.file.remarks.add(self.what, text);
                Ok(None)
            }
            Ok(found) => Ok(found),
        }
    }

    /// Bends the shape as it is bent at rest.
    fn bend(
        &self,
        bent: Bent,
        positions: &mut [[f32; 3]],
        normals: &mut [[f32; 3]],
    ) -> Result<(), Error> {
        let (file, what, order) = (self.file, self.what, &self.order);
        let targets = self.source.targets.as_deref().unwrap_or_default();
        pose::morph(file, targets, bent.weights, what, (order, self.count), positions, normals)?;
        let Some(joints) = bent.joints else { return Ok(()) };
        let of = self.read(Semantic::Joints(0), &[4])?;
        let (Some(of), Some(weights)) = (of, self.read(Semantic::Weights(0), &[4])?) else {
            let text = format!("{what} has a skin, but no JOINTS_0 and WEIGHTS_0");
            return Err(Error::Invalid(text));
        };
        if attribute(self.source, Semantic::Joints(1)).is_some() {
            file.remarks.add(what, "only the first four joints of each vertex bend it");
        }
        let of = of.read(file, order, |row: [f64; 4]| row.map(|joint| joint as u32))?;
        let weights = weights.f32s(file, order)?;
        pose::bend(joints, &of, &weights, positions, normals, what)
    }

    /// The coordinates that the material's textures want.
    fn uvs(&self, wanted: &Wanted) -> Result<[Vec<[f32; 2]>; 2], Error> {
        let mut uvs = [Vec::new(), Vec::new()];
        for (uvs, set) in uvs.iter_mut().zip(&wanted.uv_sets) {
            let Some(set) = set else { continue };
            let Some(elements) = self.look(Semantic::TexCoords(set.set), &[2])? else {
                let text = format!("a texture wants TEXCOORD_{}, which it does not have", set.set);
                self.file.remarks.add(self.what, text);
                continue;
            };
            *uvs = elements.read(self.file, &self.order, |uv: [f64; 2]| set.placed(uv))?;
            let mut wrong = uvs.iter_mut().flatten().filter(|entry| !entry.is_finite()).peekable();
            if wrong.peek().is_some() {
                let text = "some of its texture coordinates are not finite numbers";
                self.file.remarks.add(self.what, text);
            }
            wrong.for_each(|entry| *entry = 0.0);
        }
        Ok(uvs)
    }

    fn colors(&self) -> Result<Vec<[f32; 4]>, Error> {
        let Some(elements) = self.look(Semantic::Colors(0), &[3, 4])? else {
            return Ok(Vec::new());
        };
        let is_opaque = elements.width == 3;
        elements.read(self.file, &self.order, |[r, g, b, a]: [f64; 4]| {
            let color = [r, g, b, if is_opaque { 1.0 } else { a }];
            color.map(|part| if part.is_finite() { part as f32 } else { 1.0 })
        })
    }
}

/// The accessor of an attribute.
fn attribute(source: &json::mesh::Primitive, name: Semantic) -> Option<usize> {
    source.attributes.get(&Checked::Valid(name)).map(|at| at.value())
}

/// The vertices in the order in which the mode takes them.
fn sequence(
    file: &File,
    source: &json::mesh::Primitive,
    count: usize,
    what: &str,
) -> Result<Vec<u32>, Error> {
    let sequence = match source.indices {
        Some(at) => {
            let elements = open(file, at.value(), &format!("{what}, indices"), &[1])?;
            // The list that is made of a strip or a loop has up to three times as many.
            file.budget.take_all(elements.count, 16, || format!("{what}, indices"))?;
            elements.read(file, &Order::All, |[at]: [f64; 1]| at as u32)?
        }
        None => {
            file.budget.take_all(count, 20, || what.to_owned())?;
            (0..u32::try_from(count).unwrap_or(u32::MAX)).collect()
        }
    };
    match sequence.iter().find(|index| **index as usize >= count) {
        Some(&index) => Err(Error::Index {
            what: what.to_owned(),
            kind: "vertex",
            index: index as usize,
            count,
        }),
        None => Ok(sequence),
    }
}

/// The vertices that the indices use, which become places in that list.
fn compacted(indices: &mut [u32]) -> Vec<u32> {
    let mut used: Vec<u32> = Vec::new();
    let mut places: HashMap<u32, u32> = HashMap::with_capacity(indices.len() / 2);
    for index in indices {
        *index = *places.entry(*index).or_insert_with(|| {
            used.push(*index);
            used.len() as u32 - 1
        });
    }
    used
}

/// Strips, fans and loops as plain lists; triangles keep the side they face.
pub(super) fn plain(mode: Mode, sequence: &[u32]) -> (Topology, Vec<u32>) {
    let whole = |size: usize| sequence[..sequence.len() / size * size].to_vec();
    match mode {
        Mode::Points => (Topology::Points, sequence.to_vec()),
        Mode::Lines => (Topology::Lines, whole(2)),
        Mode::LineLoop | Mode::LineStrip => {
            let mut lines: Vec<u32> = sequence.windows(2).flatten().copied().collect();
            if let (Mode::LineLoop, [first, .., last]) = (mode, sequence) {
                lines.extend([*last, *first]);
            }
            (Topology::Lines, lines)
        }
        Mode::Triangles => (Topology::Triangles, whole(3)),
        Mode::TriangleStrip => {
            let turn = |(at, w): (usize, &[u32])| {
                if at % 2 == 0 { [w[0], w[1], w[2]] } else { [w[1], w[0], w[2]] }
            };
            (Topology::Triangles, sequence.windows(3).enumerate().flat_map(turn).collect())
        }
        Mode::TriangleFan => {
            let Some((first, rest)) = sequence.split_first() else {
                return (Topology::Triangles, Vec::new());
            };
            (Topology::Triangles, rest.windows(2).flat_map(|w| [w[0], w[1], *first]).collect())
        }
    }
}
