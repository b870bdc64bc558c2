//! From a search that has ended to what it found: values, their errors and intervals.

use super::error::SearchError;
use super::fit::{Fit, Fitted};
use super::identify::Identified;
use super::loss::Loss;
use super::quantile::{normal, student};
use super::search::Search;
use super::unknown::{Side, Spread, Unknown};
use super::warnings::{self, Known};

impl Search {
    /// What it found, once it has ended; `advice` completes "what to do about it is to …, or to fix
    /// one", where the data do not identify a value.
    ///
    /// # Errors
    /// While the search is under way.
    pub fn fit(&self, advice: &str) -> Result<Fit, SearchError> {
        let Some(ending) = self.ending else {
            return Err(SearchError::UnderWay);
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
