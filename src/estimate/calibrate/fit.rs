//! What a search found, with its uncertainty.

use serde::{Deserialize, Serialize};

use super::ending::Ending;
use super::unknown::Side;

/// What a search found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Fit {
    /// The values, in the order of the unknowns.
    pub values: Vec<Fitted>,
    /// Cost at the start: for least squares the sum of the squared residuals.
    pub cost_before: f64,
    /// Cost at the end.
    pub cost: f64,
    /// The residuals at the end, in standard deviations, in the order in which they were reported.
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
    /// What the data do not identify, and what else to know before using the values: sentences.
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
    /// the value is large, because it is then of no use.
    pub interval: Option<(f64, f64)>,
    /// The bound that holds it, if one does: the best value may lie beyond.
    pub at_bound: Option<Side>,
}
