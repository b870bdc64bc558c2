//! The unknowns of a search, and its options.

use serde::{Deserialize, Serialize};

use super::error::{SearchError, UnknownError};
use super::loss::Loss;

/// A value that is to be found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Unknown {
    /// Its name, for sentences and tables.
    pub name: String,
    /// Its unit in UCUM notation; empty where there is none.
    pub unit: String,
    /// Where the search begins.
    pub start: f64,
    /// Smallest and largest value that is allowed; infinite where there is no bound.
    pub range: (f64, f64),
    /// Its usual size in its own unit, above 0: whether a step or an interval is small is judged by
    /// the larger of this and the value itself.
    pub size: f64,
}

impl Unknown {
    /// One without bounds and unit, whose size is that of its start (1 when it starts at 0).
    pub fn new(name: &str, start: f64) -> Self {
        let size = if start == 0.0 { 1.0 } else { start.abs() };
        let range = (f64::NEG_INFINITY, f64::INFINITY);
        Self { name: name.into(), unit: String::new(), start, range, size }
    }

    /// Keeps it within bounds.
    pub fn within(mut self, low: f64, high: f64) -> Self {
        self.range = (low, high);
        self
    }

    /// How large it is at that value.
    pub(super) fn size_at(&self, value: f64) -> f64 {
        self.size.max(value.abs())
    }

    /// The bound at which a value is, if any.
    pub(super) fn side(&self, value: f64) -> Option<Side> {
        match value {
            v if v <= self.range.0 => Some(Side::Lower),
            v if v >= self.range.1 => Some(Side::Upper),
            _ => None,
        }
    }

    /// Whether a search can begin there.
    pub(super) fn check(&self) -> Result<(), UnknownError> {
        let Self { start, range: (low, high), size, .. } = *self;
        let name = || self.name.clone();
        if !start.is_finite() {
            return Err(UnknownError::Start { name: name(), start });
        }
        if !(low < high) {
            return Err(UnknownError::Bounds { name: name(), low, high });
        }
        if !(low <= start && start <= high) {
            return Err(UnknownError::Outside { name: name(), start, low, high });
        }
        if !(size > 0.0 && size.is_finite()) {
            return Err(UnknownError::Size { name: name(), size });
        }
        Ok(())
    }
}

/// A bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Side {
    /// The smallest value that is allowed.
    Lower,
    /// The largest.
    Upper,
}

/// By which differences slopes are computed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Differences {
    /// Forward on the way, one point an unknown; central at the end, because the uncertainties and
    /// what the data identify are read from the last slopes.
    #[default]
    Forward,
    /// Central throughout: two points an unknown, for residuals that bend sharply.
    Central,
}

/// From what the uncertainty of the values follows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Spread {
    /// From how far the residuals scatter: the stated standard deviations hold up to a common
    /// factor. Intervals are Student's.
    #[default]
    Residuals,
    /// From the stated standard deviations alone. Intervals are normal. With Huber's loss the
    /// residuals count all the same, because the share of outliers is not stated.
    Stated,
}

/// How to search.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SearchOptions {
    /// What a residual costs.
    pub loss: Loss,
    /// How slopes are computed.
    pub differences: Differences,
    /// From what the uncertainty follows.
    pub spread: Spread,
    /// Relative error with which residuals can be computed, from which follows how far apart
    /// differences are taken: √ of it for forward and ∛ of it for central ones (J. Nocedal,
    /// S. J. Wright: Numerical Optimization, 2006, section 8.1).
    pub exactness: f64,
    /// The search has converged once no step promises to lower the cost by this share; a value is
    /// then off by about √(this × number of measurements) of its standard error.
    pub cost_tolerance: f64,
    /// The same once every step is smaller than this share of each value's size.
    pub step_tolerance: f64,
    /// The same once the residuals are at right angles to every slope up to this cosine.
    pub slope_tolerance: f64,
    /// Most points that are looked at, not counting the last slopes.
    pub evaluations: usize,
    /// Confidence of the intervals, such as 0.95.
    pub confidence: f64,
}

impl Default for SearchOptions {
    fn default() -> Self {
        Self {
            loss: Loss::default(),
            differences: Differences::default(),
            spread: Spread::default(),
            exactness: f64::EPSILON,
            cost_tolerance: 1e-14,
            step_tolerance: 1e-10,
            slope_tolerance: 1e-10,
            evaluations: 2000,
            confidence: 0.95,
        }
    }
}

impl SearchOptions {
    /// Whether one can search by them.
    pub(super) fn check(&self) -> Result<(), SearchError> {
        let within = |what: &'static str, value: f64, low: f64, high: f64| {
            let fits = value > low && value < high;
            fits.then_some(()).ok_or(SearchError::Option { what, low, high, value })
        };
        if let Loss::Huber(limit) = self.loss {
            within("the limit of Huber's loss", limit, 0.0, f64::INFINITY)?;
        }
        within("the exactness of the residuals", self.exactness, 0.0, 0.1)?;
        within("the confidence", self.confidence, 0.0, 1.0)?;
        for tolerance in [self.cost_tolerance, self.step_tolerance, self.slope_tolerance] {
            within("a tolerance", tolerance, 0.0, 1.0)?;
        }
        if self.evaluations == 0 {
            return Err(SearchError::NoEvaluations);
        }
        Ok(())
    }
}
