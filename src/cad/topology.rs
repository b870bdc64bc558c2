//! What the indices of a surface make.

use serde::{Deserialize, Serialize};

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
