//! Calibration: the parameters with which a model comes nearest to what was measured.
//!
//! Flows in: courses ([`Course`]: a load, instants, measured outputs), a model and the names of what
//! is to be found ([`Setup`]). Flows out: a [`Calibrated`] machine with the uncertainty of each
//! value, and sentences about what the data cannot tell.
//!
//! The search is the method of Levenberg and Marquardt ([`Search`]) and knows nothing of models: it
//! names a point and is told the residuals there, so that whoever computes them may do so piece by
//! piece ([`Calibration`]) or at once ([`minimise`]). All sums run in a fixed order.

mod check;
mod course;
mod ending;
mod fit;
mod identify;
mod loss;
mod quadratic;
mod quantile;
mod result;
mod run;
mod search;
mod setup;
mod slopes;
#[cfg(test)]
mod tests;
mod unknown;
mod warnings;

pub use ending::Ending;
pub use fit::{Fit, Fitted};
pub use loss::Loss;
pub(crate) use quantile::normal;
pub use result::Calibrated;
pub use run::Calibration;
pub use search::Search;
pub use setup::{Chosen, Course, Setup};
pub use unknown::{Differences, Options, Side, Spread, Unknown};

/// The values with which the residuals become smallest.
///
/// `residuals` gives, for a point (a value for each unknown, in order), the measured minus the
/// modelled values, each divided by its standard deviation; or a sentence that says why there are
/// none there. Such a point is avoided, unless the search begins there.
///
/// # Errors
/// When the unknowns or the options are no question that can be answered, or nothing can be
/// computed at the start; with a sentence that says what to do.
pub fn minimise(
    unknowns: Vec<Unknown>,
    options: Options,
    mut residuals: impl FnMut(&[f64]) -> Result<Vec<f64>, String>,
) -> Result<Fit, String> {
    let mut search = Search::new(unknowns, options)?;
    while let Some(point) = search.point() {
        let told = residuals(point);
        search.tell(told)?;
    }
    search.fit("measure more or other things")
}
