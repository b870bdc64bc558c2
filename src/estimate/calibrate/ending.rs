//! Why a search ended.

use serde::{Deserialize, Serialize};

/// Why a search ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Ending {
    /// Every measurement is met exactly.
    Exact,
    /// No step promises to lower the cost by more than the tolerance.
    Cost,
    /// Every step is shorter than the tolerance.
    Step,
    /// The residuals are at right angles to every slope.
    Slope,
    /// No better point was found near by, though the slopes predicted one.
    Stuck,
    /// All evaluations that were allowed are spent.
    Evaluations,
}

impl Ending {
    /// Whether the values are those with the smallest cost near by.
    pub fn has_converged(self) -> bool {
        !matches!(self, Self::Stuck | Self::Evaluations)
    }

    /// The same as a sentence.
    pub fn sentence(self) -> &'static str {
        match self {
            Self::Exact => "every measurement is met exactly",
            Self::Cost => "no step promises to lower the cost further",
            Self::Step => "the values no longer change",
            Self::Slope => "the cost is flat in every direction",
            Self::Stuck => {
                "no better point was found near by, though the slopes predicted one: state how exactly the residuals can be computed (`exactness`), or take a more exact solver"
            }
            Self::Evaluations => {
                "all evaluations that were allowed are spent: allow more, or start nearer"
            }
        }
    }
}
