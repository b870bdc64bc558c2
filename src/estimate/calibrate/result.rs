//! A machine that was calibrated.

use serde::{Deserialize, Serialize};

use super::fit::Fit;

/// A machine that was calibrated.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Calibrated {
    /// Name of its model.
    pub model: String,
    /// All its parameters, in the order of the model: those that were found and the others.
    pub parameters: Vec<f64>,
    /// For each course the state it began with: what was found and what was stated.
    pub initial: Vec<Vec<f64>>,
    /// Values that were compared.
    pub measurements: usize,
    /// Values that were missing, of outputs that are compared.
    pub missing: usize,
    /// What was found, with its uncertainty.
    pub fit: Fit,
}
