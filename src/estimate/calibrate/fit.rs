//! What a search found, with its uncertainty.

use serde::{Deserialize, Serialize};

use super::ending::Ending;
use super::identify::Identified;
use super::loss::Loss;
use super::quantile::{normal, student};
use super::search::Search;
use super::unknown::{Side, Spread, Unknown};
use super::warnings::{self, Known};

/// What a search found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Fit {
    /// The values, in the order of the unknowns.
    pub values: Vec<Fitted>,
    /// Cost at the start: for least squares the sum of the squared residuals.
    pub cost_before: f64,
    /// Cost at the end.
    pub cost: f64,
    /// The residuals at the end, in standard deviations, in the order in which they were told.
    pub residuals: Vec<f64>,
    /// How many of them cost less than their square, by Huber's loss.
    pub outliers: usize,
    /// Measurements minus values that no bound holds.
    pub freedom: usize,
    /// Standard deviation of the residuals, in stated ones; 1 when model and statement are right.
    /// `None` without measurements to spare.
    pub scatter: Option<f64>,
    /// Covariance of the values: n × n, each entry in both values' units. Not a number in the rows
    /// and columns of values that a bound holds or the data do not identify.
    pub covariance: Vec<Vec<f64>>,
    /// Correlation of the values: n × n, from −1 to 1; not a number where the covariance is none.
    pub correlation: Vec<Vec<f64>>,
    /// Eigenvalues of the normal matrix of the values that no bound holds, with slopes scaled to
    /// length 1: the smallest first. Near 0: a combination that the data do not identify.
    pub eigenvalues: Vec<f64>,
    /// Steps that lowered the cost.
    pub iterations: usize,
    /// Points that were looked at.
    pub evaluations: usize,
    /// How many of them had no residuals (the model diverged there) and were turned away from.
    pub lost: usize,
    /// Why it ended.
    pub ending: Ending,
    /// What the data cannot tell, and what else to know before using the values: sentences.
    pub warnings: Vec<String>,
}

/// A value that was found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Fitted {
    /// Its name.
    pub name: String,
    /// Its unit in UCUM notation.
    pub unit: String,
    /// Where the search began.
    pub start: f64,
    /// What it found.
    pub value: f64,
    /// Its standard error; `None` when a bound holds it or the data do not identify it.
    pub error: Option<f64>,
    /// The interval in which it lies with the chosen confidence, as far as the residuals are linear
    /// in the values; `None` where there is no error, and where the interval would be wider than
    /// the value is large, because it then says nothing.
    pub interval: Option<(f64, f64)>,
    /// The bound that holds it, if one does: the best value may lie beyond.
    pub at_bound: Option<Side>,
}

impl Search {
    /// What it found, once it has ended; `advice` completes "what to do about it is to …, or to fix
    /// one", where the data do not identify a value.
    ///
    /// # Errors
    /// While the search is under way.
    pub fn fit(&self, advice: &str) -> Result<Fit, String> {
        let Some(ending) = self.ending else {
            return Err("the search is still under way".into());
        };
        let at_bound = self.held();
        let held: Vec<bool> = at_bound.iter().map(Option::is_some).collect();
        let identified = Identified::new(&self.quadratic, &held, self.options.exactness);
        let free = held.iter().filter(|held| !**held).count();
        let noise = Noise::of(self, free);
        let each = self.unknowns.iter().enumerate();
        let values: Vec<Fitted> = each
            .map(|(at, unknown)| {
                let variance =
                    noise.variance.map(|scale| scale * identified.covariance.get(at, at));
                let error = variance.filter(|variance| variance.is_finite()).map(f64::sqrt);
                fitted(unknown, self.values[at], error, noise.quantile, at_bound[at])
            })
            .collect();
        let n = values.len();
        let table = |entry: &dyn Fn(usize, usize) -> f64| -> Vec<Vec<f64>> {
            (0..n).map(|a| (0..n).map(|b| entry(a, b)).collect()).collect()
        };
        let scale = noise.variance.unwrap_or(f64::NAN);
        let mut fit = Fit {
            cost_before: self.cost_before,
            cost: self.cost,
            outliers: self.residuals.iter().filter(|r| self.options.loss.is_outlier(**r)).count(),
            freedom: self.residuals.len().saturating_sub(free),
            scatter: noise.scatter,
            covariance: table(&|a, b| scale * identified.covariance.get(a, b)),
            correlation: table(&|a, b| identified.correlation(a, b)),
            eigenvalues: identified.eigenvalues.clone(),
            iterations: self.iterations,
            evaluations: self.evaluations,
            lost: self.lost.0,
            ending,
            warnings: Vec::new(),
            residuals: self.residuals.clone(),
            values,
        };
        let known = Known {
            unknowns: &self.unknowns,
            identified: &identified,
            quantile: noise.quantile,
            stated: self.options.spread == Spread::Stated,
            advice,
        };
        fit.warnings = warnings::of(&fit, &known);
        Ok(fit)
    }
}

/// How far the residuals scatter, and what follows for intervals.
struct Noise {
    /// By which the covariance for residuals of variance 1 is multiplied.
    variance: Option<f64>,
    /// Half width of an interval, in standard errors.
    quantile: f64,
    scatter: Option<f64>,
}

impl Noise {
    fn of(search: &Search, free: usize) -> Self {
        let options = &search.options;
        let seen = options.loss.variance(&search.residuals, free);
        let freedom = search.residuals.len().saturating_sub(free);
        let scatter = Loss::Square.variance(&search.residuals, free).map(f64::sqrt);
        if options.spread == Spread::Stated && options.loss == Loss::Square {
            return Self { variance: Some(1.0), quantile: normal(options.confidence), scatter };
        }
        let quantile = student(options.confidence, freedom);
        Self { variance: seen, quantile, scatter }
    }
}

fn fitted(
    unknown: &Unknown,
    value: f64,
    error: Option<f64>,
    quantile: f64,
    at_bound: Option<Side>,
) -> Fitted {
    let half = error.map(|error| quantile * error);
    let half = half.filter(|half| *half <= unknown.size_at(value));
    Fitted {
        name: unknown.name.clone(),
        unit: unknown.unit.clone(),
        start: unknown.start,
        value,
        error,
        interval: half.map(|half| (value - half, value + half)),
        at_bound,
    }
}
