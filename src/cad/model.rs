//! The checked model: node tree, meshes, materials, textures, animations.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::affine::{Affine, Bounds};
use super::animation::Animation;
use super::material::{Material, Texture};
use super::mesh::Primitive;
use super::picture::Image;
use super::remark::{Remark, reason, shown};

/// Names longer than this are not compared with one that is not there: it takes the square of the length.
const COMPARED: usize = 200;

/// A model as the twin uses it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Model {
    /// Every node of the default scene; a parent always stands before its children.
    pub nodes: Vec<Node>,
    /// Shapes, in the file's order.
    pub meshes: Vec<Mesh>,
    /// Surfaces, in the file's order.
    pub materials: Vec<Material>,
    /// The textures that materials show.
    pub textures: Vec<Texture>,
    /// The pictures of these textures, decoded.
    pub images: Vec<Image>,
    /// Movements, in the file's order.
    pub animations: Vec<Animation>,
    /// The box around everything at rest, in metres.
    pub bounds: Option<Bounds>,
    /// Where the model's origin stands in the file's frame, in metres: 0 but for a model that stands so
    /// far from the origin of its file that 32 bits would tear it there.
    pub origin: [f64; 3],
    /// All that is not drawn as the file has it.
    pub remarks: Vec<Remark>,
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
        let names = self.nearest.iter().map(|name| format!("`{}`", shown(name)));
        let (names, wanted) = (names.collect::<Vec<_>>(), reason(&self.wanted));
        match (self.ambiguous, names.is_empty()) {
            (true, _) => {
                write!(f, "`{wanted}` could be {}; write more of the path", names.join(", "))
            }
            (false, true) => write!(f, "`{wanted}` is not there, and nothing like it"),
            (false, false) => {
                write!(f, "`{wanted}` is not there; the nearest are {}", names.join(", "))
            }
        }
    }
}

impl Model {
    /// The node with that path, or with the end of a path (a bare name will do) that only one has.
    ///
    /// # Errors
    /// When none or several have it; tells which are near.
    pub fn find_node(&self, wanted: &str) -> Result<usize, NotFound> {
        self.find_among(wanted, || 0..self.nodes.len(), true)
    }

    /// [`Model::find_node`] among these nodes; `may_compare`: one that is not there is compared with all.
    pub(super) fn find_among<I: Iterator<Item = usize>>(
        &self,
        wanted: &str,
        among: impl Fn() -> I,
        may_compare: bool,
    ) -> Result<usize, NotFound> {
        if let Some(exact) = among().find(|at| self.nodes[*at].path == wanted) {
            return Ok(exact);
        }
        let ends = |path: &str| path.strip_suffix(wanted).is_some_and(|rest| rest.ends_with('/'));
        let found: Vec<usize> = among().filter(|at| ends(&self.nodes[*at].path)).collect();
        match found.as_slice() {
            [one] => Ok(*one),
            [] => {
                let compared = if may_compare { self.nodes.len() } else { 0 };
                let paths = self.nodes[..compared].iter().map(|node| node.path.as_str());
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
        .filter(|name| name.len() <= COMPARED && wanted.len() <= COMPARED)
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
