//! Calibration against certified values, a reference's true parameters, and data that lack
//! something.

mod battery;
mod lacking;
mod nist;

use super::*;

/// Largest distance of values from what they should be, as a share of these.
fn off(values: impl Iterator<Item = f64>, wanted: &[f64]) -> f64 {
    let each = values.zip(wanted).map(|(value, wanted)| ((value - wanted) / wanted).abs());
    each.fold(0.0, f64::max)
}
