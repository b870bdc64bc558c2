//! glTF bytes in, a checked plain model out; inspection; whether bindings fit their models.
//!
//! Flows in: the bytes of a `.glb` or `.gltf` as CAD programs write them, which are nobody's friend:
//! every index, length and number is checked before it is used, and every byte counted before it is
//! taken. Flows out: [`Model`], whose meshes are plain triangles, lines or points in metres, whatever
//! quantisation, strips, instancing or sparse accessors the file used, with its pictures as pixels,
//! and with a [`Remark`] for all that is not drawn as the file has it. It knows the twin's types and no
//! other room. `document.rs` says what of this the `gltf` crate does.

mod accessor;
mod affine;
mod animation;
mod budget;
#[cfg(all(test, not(target_arch = "wasm32")))]
mod cases;
mod check;
mod container;
mod decode;
mod document;
#[cfg(test)]
mod faults;
mod file;
mod inspect;
mod lenient;
mod material;
mod mesh;
mod model;
mod picture;
mod pose;
mod reading;
mod remark;
mod resource;
mod shading;
#[cfg(test)]
mod tests;
mod topology;
mod tree;

pub use affine::{Affine, Bounds, Trs};
pub use animation::{Animation, Channel, Curve, NodePose, Target};
pub use check::{Problem, check_bindings};
pub use decode::{DecodeModel, Decoding, needs};
pub use inspect::{InspectedNode, Inspection, inspect};
pub use material::{AlphaMode, Material, Texture, TextureRef, Wrap};
pub use mesh::Primitive;
pub use model::{Mesh, Model, Node, NotFound};
pub use picture::Image;
pub use remark::Remark;
#[cfg(not(target_arch = "wasm32"))]
pub use resource::{read_beside, read_regular};
pub use topology::Topology;

/// Why a model cannot be read.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Neither binary nor textual glTF.
    #[error(
        "this is not a glTF model: expected a GLB file (it begins with `glTF`) or glTF JSON; {0}"
    )]
    NotGltf(String),
    /// Another version of the format.
    #[error("glTF version {0} is not supported; export as glTF 2.0")]
    Version(String),
    /// The file ends before what it announces.
    #[error("the file is cut off or damaged: {0}")]
    Truncated(String),
    /// The JSON is not as the format has it.
    #[error("the glTF JSON is wrong: {0}")]
    Json(String),
    /// Something refers to what is not there.
    #[error("{what} refers to {kind} {index}, but the file has only {count}")]
    Index {
        /// What refers.
        what: String,
        /// Kind of what it refers to.
        kind: &'static str,
        /// The index.
        index: usize,
        /// How many there are.
        count: usize,
    },
    /// A thing that is there is not usable.
    #[error("{0}")]
    Invalid(String),
    /// The file cannot be read without an extension that is not supported.
    #[error("the file needs {extension}, which is not supported: {hint}")]
    Unsupported {
        /// Name of the extension.
        extension: String,
        /// What to do.
        hint: &'static str,
    },
    /// Its own file cannot be read; says why.
    #[error("it cannot be read: {0}")]
    Unreadable(String),
    /// A file that it refers to cannot be read.
    #[error("`{uri}`, to which the model refers, cannot be read: {reason}")]
    Resource {
        /// As in the file.
        uri: String,
        /// Why not.
        reason: String,
    },
    /// It asks for more than is sensible.
    #[error("the model is too large: {0}")]
    TooLarge(String),
}
