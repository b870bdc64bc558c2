//! Primitives: attributes and indices as plain triangles, lines or points.

use serde::{Deserialize, Serialize};

use super::accessor::{Numbers, read};
use super::affine::Bounds;
use super::container::File;
use super::{Error, schema};

/// What three, two or one indices make.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Topology {
    /// Three indices each.
    Triangles,
    /// Two indices each.
    Lines,
    /// One index each.
    Points,
}

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
    /// First texture coordinates; empty where the file has none.
    pub uvs: Vec<[f32; 2]>,
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
}

/// Reads one primitive; `None` for one without positions, which draws nothing.
pub(super) fn primitive(
    file: &File,
    source: &schema::Primitive,
    what: &str,
) -> Result<Option<Primitive>, Error> {
    if source.extensions.contains_key("KHR_draco_mesh_compression") {
        return Err(Error::Unsupported {
            extension: "KHR_draco_mesh_compression".into(),
            hint: "unpack it with `gltf-transform copy in.glb out.glb`, or export without compression",
        });
    }
    let Some(&at) = source.attributes.get("POSITION") else { return Ok(None) };
    let positions: Vec<[f32; 3]> = rows(&read(file, at, &format!("{what}, POSITION"), &[3])?);
    if positions.iter().flatten().any(|entry| !entry.is_finite()) {
        return Err(Error::Invalid(format!("{what} has positions that are not finite numbers")));
    }
    let count = positions.len();
    let attribute = |name: &str, widths: &[usize]| -> Result<Option<Numbers>, Error> {
        let Some(&at) = source.attributes.get(name) else { return Ok(None) };
        let numbers = read(file, at, &format!("{what}, {name}"), widths)?;
        let found = numbers.values.len() / numbers.width;
        if found != count {
            return Err(Error::Invalid(format!(
                "{what} has {count} positions and {found} values of {name}"
            )));
        }
        Ok(Some(numbers))
    };
    let mut normals: Vec<[f32; 3]> = attribute("NORMAL", &[3])?.map_or(Vec::new(), |n| rows(&n));
    if normals.iter().flatten().any(|entry| !entry.is_finite()) {
        normals.clear();
    }
    let colors = attribute("COLOR_0", &[3, 4])?.map_or(Vec::new(), |numbers| {
        let four =
            |row: &[f64]| std::array::from_fn(|i| row.get(i).map_or(1.0, |entry| *entry as f32));
        numbers.values.chunks_exact(numbers.width).map(four).collect()
    });
    let sequence = match source.indices {
        Some(at) => {
            let numbers = read(file, at, &format!("{what}, indices"), &[1])?;
            numbers.values.iter().map(|value| *value as u32).collect()
        }
        None => (0..count as u32).collect::<Vec<u32>>(),
    };
    if let Some(index) = sequence.iter().find(|index| **index as usize >= count) {
        return Err(Error::Index {
            what: what.to_owned(),
            kind: "vertex",
            index: *index as usize,
            count,
        });
    }
    let (topology, indices) = plain(source.mode.unwrap_or(4), &sequence)
        .ok_or_else(|| Error::Invalid(format!("{what} has a mode that glTF does not know")))?;
    Ok(Some(Primitive {
        topology,
        bounds: Bounds::of(positions.iter().map(|p| p.map(f64::from))),
        positions,
        normals,
        tangents: attribute("TANGENT", &[4])?.map_or(Vec::new(), |n| rows(&n)),
        uvs: attribute("TEXCOORD_0", &[2])?.map_or(Vec::new(), |n| rows(&n)),
        colors,
        indices,
        material: source.material,
    }))
}

fn rows<const N: usize>(numbers: &Numbers) -> Vec<[f32; N]> {
    let row = |row: &[f64]| std::array::from_fn(|i| row.get(i).map_or(0.0, |entry| *entry as f32));
    numbers.values.chunks_exact(numbers.width).map(row).collect()
}

/// Strips, fans and loops as plain lists; triangles keep the side they face.
pub(super) fn plain(mode: u32, sequence: &[u32]) -> Option<(Topology, Vec<u32>)> {
    let whole = |size: usize| sequence[..sequence.len() / size * size].to_vec();
    Some(match mode {
        0 => (Topology::Points, sequence.to_vec()),
        1 => (Topology::Lines, whole(2)),
        2 | 3 => {
            let mut lines: Vec<u32> = sequence.windows(2).flatten().copied().collect();
            if let (2, [first, .., last]) = (mode, sequence) {
                lines.extend([*last, *first]);
            }
            (Topology::Lines, lines)
        }
        4 => (Topology::Triangles, whole(3)),
        5 => {
            let turn = |(at, w): (usize, &[u32])| {
                if at % 2 == 0 { [w[0], w[1], w[2]] } else { [w[1], w[0], w[2]] }
            };
            (Topology::Triangles, sequence.windows(3).enumerate().flat_map(turn).collect())
        }
        6 => {
            let Some((first, rest)) = sequence.split_first() else {
                return Some((Topology::Triangles, Vec::new()));
            };
            (Topology::Triangles, rest.windows(2).flat_map(|w| [w[0], w[1], *first]).collect())
        }
        _ => return None,
    })
}
