//! Calibration: the parameters with which a model comes nearest to what was measured.
//!
//! Flows in: courses ([`Course`]: a load, instants, measured outputs), a model and the names of what
//! is to be found ([`CalibrationSetup`]). Flows out: a [`Calibrated`] machine with the uncertainty of each
//! value, and sentences about what the data do not identify.
//!
//! The search is the method of Levenberg and Marquardt ([`Search`]) and knows nothing of models: it
//! names a point and takes the residuals there, so that whoever computes them may do so piece by
//! piece ([`Calibration`]) or at once ([`minimise`]). All sums run in a fixed order.

mod check;
mod course;
mod ending;
mod error;
mod fit;
mod fitting;
mod identify;
mod loss;
mod quadratic;
mod quantile;
mod result;
mod run;
mod search;
mod setup;
mod slopes;
mod stopping;
#[cfg(test)]
mod tests;
mod unknown;
mod warnings;

pub use ending::Ending;
pub use error::{
    CalibrationError, CourseError, EvaluationError, NotComputed, SearchError, UnknownError,
    ValuesError,
};
pub use fit::{Fit, Fitted};
pub use loss::Loss;
pub(crate) use quantile::normal;
pub use result::Calibrated;
pub use run::Calibration;
pub use search::Search;
pub use setup::{CalibrationSetup, Chosen, Course};
pub use unknown::{Differences, SearchOptions, Side, Spread, Unknown};

/// The values with which the residuals become smallest.
///
/// `residuals` gives, for a point (a value for each unknown, in order), the measured minus the
/// modelled values, each divided by its standard deviation; or an error that says why there are none
/// there. Such a point is avoided, unless the search begins there.
///
/// # Errors
/// When the unknowns or the options cannot be, or nothing can be computed at the start.
pub fn minimise<E: std::fmt::Display>(
    unknowns: Vec<Unknown>,
    options: SearchOptions,
    mut residuals: impl FnMut(&[f64]) -> Result<Vec<f64>, E>,
) -> Result<Fit, SearchError> {
    let mut search = Search::new(unknowns, options)?;
    while let Some(point) = search.point() {
        let residuals = residuals(point);
        search.report(residuals)?;
    }
    search.fit("measure more or other things")
}
