//! When and why a search ends.

use serde::{Deserialize, Serialize};

use super::quadratic::held;
use super::search::Search;

/// A step that fails though it promised this share of the cost fails because of rounding.
const ROUNDING: f64 = 1e-10;

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
    /// No better point was found near by, though the slopes promise one.
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
                "no better point was found near by, though the slopes promise one: state how exactly the residuals can be computed (`exactness`), or take a more exact solver"
            }
            Self::Evaluations => {
                "all evaluations that were allowed are spent: allow more, or start nearer"
            }
        }
    }
}

impl Search {
    /// Whether the step is not worth a try. Strong damping makes any step short and any promise
    /// small; hence what the `full`, undamped step promises counts, too.
    pub(super) fn end(&self, step: &[f64], promise: f64, full: &[f64]) -> Option<Ending> {
        let options = &self.options;
        let short = |step: &[f64], tolerance: f64| {
            let each = self.unknowns.iter().zip(&self.values).zip(step);
            let mut each = each.map(|((unknown, value), step)| (step, unknown.size_at(*value)));
            each.all(|(step, size)| step.abs() <= tolerance * size)
        };
        let most = promise.max(self.quadratic.promise(full));
        let worth = options.cost_tolerance.max(10.0 * options.exactness) * self.cost;
        let failed = self.growth > 2.0;
        let reasons = [
            (self.cost == 0.0, Ending::Exact),
            (self.steepest() <= options.slope_tolerance, Ending::Slope),
            (most <= worth, Ending::Cost),
            (failed && most <= ROUNDING * self.cost, Ending::Cost),
            (short(full, options.step_tolerance), Ending::Step),
            (short(step, f64::EPSILON), Ending::Stuck),
            (self.evaluations >= options.evaluations, Ending::Evaluations),
        ];
        reasons.into_iter().find(|(holds, _)| *holds).map(|(_, ending)| ending)
    }

    /// Largest cosine between the residuals and a slope along which a value may move.
    fn steepest(&self) -> f64 {
        let length = self.cost.sqrt();
        let gradient = self.quadratic.gradient();
        let each = self.reach().into_iter().zip(gradient).zip(&self.quadratic.lengths);
        let free = each.filter(|((reach, slope), size)| !held(*reach, *slope) && **size > 0.0);
        free.map(|((_, slope), size)| slope.abs() / (size * length)).fold(0.0, f64::max)
    }
}
