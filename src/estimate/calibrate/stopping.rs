//! When a search ends.

use super::ending::Ending;
use super::quadratic::held;
use super::search::Search;

/// A step that fails though it was predicted to lower the cost by this share fails by rounding.
const ROUNDING: f64 = 1e-10;

impl Search {
    /// Why the step is not worth a try, if it is not. Strong damping makes any step short and its
    /// predicted reduction small; hence that of the `full`, undamped step counts, too.
    pub(super) fn end(&self, step: &[f64], predicted: f64, full: &[f64]) -> Option<Ending> {
        let options = &self.options;
        let short = |step: &[f64], tolerance: f64| {
            let each = self.unknowns.iter().zip(&self.values).zip(step);
            let mut each = each.map(|((unknown, value), step)| (step, unknown.size_at(*value)));
            each.all(|(step, size)| step.abs() <= tolerance * size)
        };
        let most = predicted.max(self.quadratic.predicted(full));
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
