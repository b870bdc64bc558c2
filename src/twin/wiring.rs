//! Which model an asset follows, and what flows from one machine to the next.
//!
//! The ground floor knows no models: names of inputs and outputs are kept with their places, for
//! those above to resolve.

use std::path::PathBuf;
use std::sync::Arc;

use super::behaviour::{Behaviour, Named};
use super::unit::Unit;

/// How an asset behaves, and which of its properties are the model's.
#[derive(Clone, Debug)]
pub struct Role {
    /// The file that states the behaviour.
    pub file: PathBuf,
    /// Where the file is named.
    pub stated: Named,
    /// The behaviour.
    pub behaviour: Arc<Behaviour>,
    /// Inputs of the model, each with the property of the same asset that gives its value.
    pub inputs: Vec<(Named, Named)>,
    /// States of the model, each with the property of the same asset that shows it.
    pub states: Vec<(Named, Named)>,
    /// Outputs of the model, each with the property of the same asset that measures it.
    pub outputs: Vec<(Named, Named)>,
}

/// What flows into an input of a machine's model.
#[derive(Clone, Debug)]
pub struct Wire {
    /// `ASSET.OUTPUT`, or `ASSET.PROPERTY`.
    pub from: Named,
    /// Whether a property is meant, whose value is measured, instead of an output, which is
    /// computed.
    pub is_property: bool,
    /// `ASSET.INPUT`.
    pub to: Named,
    /// The input is so many times that …
    pub scale: f64,
    /// … and so much more.
    pub offset: f64,
    /// The unit of that; `None`: still the source's.
    pub unit: Option<Unit>,
    /// Whether the input is the sum of all that flows into it.
    pub adds: bool,
}
