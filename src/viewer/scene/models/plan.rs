//! From a model to what is spawned for each instance: few entities, shared meshes.
//!
//! Only nodes that a binding (or an animation) drives become entities, *groups*; everything else is
//! joined, for each group and material, into one mesh in the group's frame. A pump of fifty nodes
//! thus costs an instance some twenty entities, not a hundred. Pure and slow: it is work for
//! [`crate::worker`], in pieces that fit into a frame.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use bevy::asset::RenderAssetUsages;
use bevy::mesh::{Indices, Mesh, PrimitiveTopology};

use crate::cad::{self, Affine, Model, Topology};
use crate::worker::{Run, Step};

/// A node that moves, hides or is coloured on its own, with all that is fixed to it.
pub struct GroupPlan {
    /// Index in the model's nodes; `None`: the model itself.
    pub node: Option<usize>,
    /// Position of the group above; the first group is its own.
    pub parent: usize,
    /// From the frame in which the node's local placement is written to the group above.
    pub group_from_base: Affine,
    /// Placement of the group at rest in the group above, without shear and not mirrored: what moves,
    /// moves in this frame.
    pub group_from_node: Affine,
    /// Placement of the group at rest in the model.
    pub model_from_node: Affine,
    /// From the node's own frame to the group's: its shear and its mirroring, which are built into the
    /// group's meshes, so that nothing that moves it changes its shape. Mostly the identity.
    pub shape: Affine,
    /// One mesh for each material, in the group's frame.
    pub parts: Vec<(Mesh, Option<usize>)>,
}

/// A model and its groups.
pub struct Planned {
    /// Without its shapes and pictures, which stand in the groups and below.
    pub model: Arc<Model>,
    /// The first group is the model itself, and a group always stands after the one above it.
    pub groups: Vec<GroupPlan>,
    /// The model's pictures.
    pub images: Vec<cad::Image>,
}

/// Splits a model into groups at those nodes, node by node.
pub struct Planner {
    model: Model,
    groups: Vec<GroupPlan>,
    /// For each node its group, and its placement there.
    home: Vec<(usize, Affine)>,
    /// Nodes whose meshes have been joined.
    done: usize,
    joined: BTreeMap<Key, Joined>,
}

impl Planner {
    /// Begins; `driven` are indices of nodes.
    pub fn new(model: Model, driven: &[usize]) -> Self {
        let mut groups = vec![GroupPlan {
            node: None,
            parent: 0,
            group_from_base: Affine::IDENTITY,
            group_from_node: Affine::IDENTITY,
            model_from_node: Affine::IDENTITY,
            shape: Affine::IDENTITY,
            parts: Vec::new(),
        }];
        let driven: HashSet<usize> = driven.iter().copied().collect();
        let mut home: Vec<(usize, Affine)> = Vec::with_capacity(model.nodes.len());
        for (at, node) in model.nodes.iter().enumerate() {
            let (above, base) = node.parent.map_or((0, Affine::IDENTITY), |parent| home[parent]);
            let placed = base.then_inner(&node.parent_from_node);
            if driven.contains(&at) {
                let (frame, shape) = upright(&placed);
                groups.push(GroupPlan {
                    node: Some(at),
                    parent: above,
                    group_from_base: base,
                    group_from_node: frame,
                    model_from_node: groups[above].model_from_node.then_inner(&frame),
                    shape,
                    parts: Vec::new(),
                });
                home.push((groups.len() - 1, shape));
            } else {
                home.push((above, placed));
            }
        }
        Self { model, groups, home, done: 0, joined: BTreeMap::new() }
    }

    /// Joins a node's meshes to those of its group.
    fn join(&mut self, at: usize) {
        let (group, placed) = &self.home[at];
        let meshes = self.model.nodes[at].mesh.iter();
        for primitive in meshes.flat_map(|mesh| &self.model.meshes[*mesh].primitives) {
            let key = (
                *group,
                primitive.material,
                primitive.topology as u8,
                [
                    primitive.uvs[0].is_empty(),
                    primitive.uvs[1].is_empty(),
                    primitive.colors.is_empty(),
                    primitive.tangents.is_empty(),
                ],
            );
            self.joined.entry(key).or_default().add(primitive, placed);
        }
    }
}

/// A placement as one without shear that does not mirror, and what is left of it within that.
fn upright(placed: &Affine) -> (Affine, Affine) {
    if placed.has_no_shear() && placed.determinant() > 0.0 {
        return (*placed, Affine::IDENTITY);
    }
    let frame = placed.upright().and_then(|frame| Some((frame, frame.inverse()?)));
    match frame {
        Some((frame, inverse)) => (frame, inverse.then_inner(placed)),
        // What is flat has no sides.
        None => (*placed, Affine::IDENTITY),
    }
}

impl Run for Planner {
    type Output = Planned;

    fn piece(&mut self) -> Step<Planned> {
        if self.done < self.model.nodes.len() {
            self.join(self.done);
            self.done += 1;
            return Step::More(0.9 * self.done as f32 / self.model.nodes.len() as f32);
        }
        match self.joined.pop_first() {
            Some(((group, material, topology, _), joined)) => {
                if !joined.positions.is_empty() {
                    self.groups[group].parts.push((joined.mesh(topology), material));
                }
                Step::More(0.95)
            }
            None => {
                let mut model = std::mem::take(&mut self.model);
                // They stand in the groups now, and would be kept twice.
                model.meshes.clear();
                let images = std::mem::take(&mut model.images);
                let groups = std::mem::take(&mut self.groups);
                Step::Done(Ok(Planned { model: Arc::new(model), groups, images }))
            }
        }
    }
}

/// Group, material, topology, which attributes are absent.
type Key = (usize, Option<usize>, u8, [bool; 4]);

#[derive(Default)]
struct Joined {
    positions: Vec<[f32; 3]>,
    normals: Vec<[f32; 3]>,
    tangents: Vec<[f32; 4]>,
    uvs: [Vec<[f32; 2]>; 2],
    colors: Vec<[f32; 4]>,
    indices: Vec<u32>,
}

impl Joined {
    fn add(&mut self, source: &cad::Primitive, placed: &Affine) {
        if source.topology == Topology::Triangles && source.normals.is_empty() {
            return self.add(&flat(source), placed);
        }
        let Ok(first) = u32::try_from(self.positions.len()) else { return };
        let f32s = |v: [f64; 3]| v.map(|entry| entry as f32);
        let f64s = |v: &[f32; 3]| v.map(f64::from);
        self.positions.extend(source.positions.iter().map(|p| f32s(placed.point(f64s(p)))));
        self.normals.extend(source.normals.iter().map(|n| f32s(placed.normal(f64s(n)))));
        self.tangents.extend(source.tangents.iter().map(|&[x, y, z, w]| {
            let along = placed.vector([x, y, z].map(f64::from));
            let length = along.iter().map(|entry| entry * entry).sum::<f64>().sqrt();
            let [x, y, z] =
                f32s(along.map(|entry| if length > 0.0 { entry / length } else { 0.0 }));
            [x, y, z, if placed.determinant() < 0.0 { -w } else { w }]
        }));
        self.uvs.iter_mut().zip(&source.uvs).for_each(|(all, own)| all.extend(own));
        self.colors.extend(&source.colors);
        let indices = source.indices.iter().map(|index| index + first);
        if source.topology == Topology::Triangles && placed.determinant() < 0.0 {
            // A mirrored part shows its inside unless its triangles are turned round.
            let turned: Vec<u32> = indices.collect();
            self.indices.extend(turned.chunks_exact(3).flat_map(|t| [t[0], t[2], t[1]]));
        } else {
            self.indices.extend(indices);
        }
    }

    fn mesh(self, topology: u8) -> Mesh {
        let topology = match topology {
            t if t == Topology::Lines as u8 => PrimitiveTopology::LineList,
            t if t == Topology::Points as u8 => PrimitiveTopology::PointList,
            _ => PrimitiveTopology::TriangleList,
        };
        let count = self.positions.len();
        let mut mesh = Mesh::new(topology, RenderAssetUsages::default());
        mesh.insert_attribute(Mesh::ATTRIBUTE_POSITION, self.positions);
        // Lines and points have no side; up is as good as any for their light.
        let normals =
            if self.normals.len() == count { self.normals } else { vec![[0.0, 1.0, 0.0]; count] };
        mesh.insert_attribute(Mesh::ATTRIBUTE_NORMAL, normals);
        let [first, second] = self.uvs;
        if first.len() == count {
            mesh.insert_attribute(Mesh::ATTRIBUTE_UV_0, first);
        }
        if second.len() == count {
            mesh.insert_attribute(Mesh::ATTRIBUTE_UV_1, second);
        }
        if self.colors.len() == count {
            mesh.insert_attribute(Mesh::ATTRIBUTE_COLOR, self.colors);
        }
        if self.tangents.len() == count {
            mesh.insert_attribute(Mesh::ATTRIBUTE_TANGENT, self.tangents);
        }
        mesh.insert_indices(Indices::U32(self.indices));
        mesh
    }
}

/// The same triangles with corners of their own and the normal of their plane.
fn flat(source: &cad::Primitive) -> cad::Primitive {
    fn pick<T: Copy>(from: &[T], order: &[u32]) -> Vec<T> {
        order.iter().filter_map(|index| from.get(*index as usize).copied()).collect()
    }
    let positions = pick(&source.positions, &source.indices);
    let normals = positions.chunks_exact(3).flat_map(|corners| {
        let [a, b, c] = [0, 1, 2].map(|at| bevy::math::Vec3::from(corners[at]));
        [(b - a).cross(c - a).normalize_or_zero().to_array(); 3]
    });
    cad::Primitive {
        normals: normals.collect(),
        tangents: pick(&source.tangents, &source.indices),
        uvs: source.uvs.each_ref().map(|uvs| pick(uvs, &source.indices)),
        colors: pick(&source.colors, &source.indices),
        indices: (0..source.indices.len() as u32).collect(),
        positions,
        ..source.clone()
    }
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use std::path::Path;

    use bevy::mesh::VertexAttributeValues;

    use super::*;

    fn planned(file: &str, driven: &[&str]) -> Planned {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/models");
        let model = Model::open(&folder.join(file)).expect("a model");
        let node = |name: &&str| model.find_node(name).expect("the node is there");
        let driven: Vec<usize> = driven.iter().map(node).collect();
        let mut planner = Planner::new(model, &driven);
        loop {
            if let Step::Done(planned) = planner.piece() {
                return planned.expect("it is planned");
            }
        }
    }

    /// The triangles as they are drawn, each from its least corner on, so that its side is kept.
    fn triangles(planned: &Planned) -> Vec<[[i64; 3]; 3]> {
        let mut frames: Vec<Affine> = Vec::new();
        let mut all = Vec::new();
        for group in &planned.groups {
            // What the engine can draw: a translation, rotation and scale.
            let own = Affine::from_trs(&group.group_from_node.to_trs());
            let frame = frames.get(group.parent).map_or(own, |above| above.then_inner(&own));
            assert!(frame.determinant() >= 0.0, "the engine draws the inside of what it mirrors");
            frames.push(frame);
            for (mesh, _) in &group.parts {
                let positions = mesh.attribute(Mesh::ATTRIBUTE_POSITION);
                let Some(VertexAttributeValues::Float32x3(positions)) = positions else {
                    panic!("positions are three numbers each")
                };
                let Some(Indices::U32(indices)) = mesh.indices() else { panic!("it has indices") };
                for corners in indices.chunks_exact(3) {
                    let mut corners = [0, 1, 2].map(|at| {
                        let at = frame.point(positions[corners[at] as usize].map(f64::from));
                        at.map(|entry| (entry * 1e4).round() as i64)
                    });
                    let least = (0..3).min_by_key(|at| corners[*at]).unwrap_or(0);
                    corners.rotate_left(least);
                    all.push(corners);
                }
            }
        }
        all.sort();
        all
    }

    #[test]
    fn a_driven_node_keeps_its_shape_and_its_sides_whatever_stretches_or_mirrors_it() {
        for (file, driven) in [
            ("shear.glb", &["turned"][..]),
            ("found/shear.glb", &["turned"]),
            ("found/mirrored.glb", &["right/inner", "left"]),
            ("found/mirrored.glb", &["right"]),
            ("found/mirrored.glb", &["right", "right/inner"]),
        ] {
            let free = triangles(&planned(file, &[]));
            assert!(free.len() >= 12, "{file}");
            assert_eq!(triangles(&planned(file, driven)), free, "{file}, {driven:?}");
        }
    }
}
