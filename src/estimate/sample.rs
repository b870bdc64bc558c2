//! What a filter is fed with, what it answers, and why it refuses.

use super::setup::Setup;

/// A sample.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Measured {
    /// Seconds.
    pub time_s: f64,
    /// The inputs since the last sample.
    pub inputs: Vec<f64>,
    /// The outputs; what is missing is `None`.
    pub outputs: Vec<Option<f64>>,
}

/// What a sample said.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Heard {
    /// What the belief said that each output would be.
    pub expected: Vec<f64>,
    /// Measured minus expected, where measured.
    pub innovation: Vec<Option<f64>>,
    /// Standard deviation that each innovation should have.
    pub deviation: Vec<f64>,
    /// Which outputs were taken.
    pub taken: Vec<bool>,
    /// Logarithm of the likelihood of what was taken.
    pub log_likelihood: f64,
    /// Innovations squared by their covariance: as many as were taken, on average.
    pub squared: f64,
}

/// Why a filter cannot go on.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Lost {
    /// A sample does not fit the model.
    #[error("a sample has {is} {what}, the model {wanted}")]
    Misfit {
        /// Inputs or outputs.
        what: &'static str,
        /// How many there are.
        is: usize,
        /// How many there should be.
        wanted: usize,
    },
    /// Its time is before that of the last one.
    #[error("a sample of {sample_s} s comes after one of {last_s} s")]
    Late {
        /// Time of the sample.
        sample_s: f64,
        /// Time of the belief.
        last_s: f64,
    },
    /// An input or a time is not a number.
    #[error("{what} at {time_s} s is {value}, which is no number")]
    NoNumber {
        /// Which input.
        what: String,
        /// When.
        time_s: f64,
        /// What it is.
        value: f64,
    },
    /// The belief has broken down; it is what it was before the sample.
    #[error(
        "the filter has diverged at {time_s} s: `{what}` is no longer known; check the model's parameters against the machine, or allow more process noise"
    )]
    Diverged {
        /// When.
        time_s: f64,
        /// What is estimated no longer.
        what: String,
    },
}

/// How often an output may be refused in a row before it is taken in spite of the gate: what is
/// far off for so long is a change of the machine, not a bad sample.
const STUBBORN: u32 = 20;

/// Refuses what is too far off to be a measurement.
#[derive(Clone, Debug)]
pub(super) struct Gate {
    /// Refusals in a row, by output.
    refused: Vec<u32>,
}

impl Gate {
    pub fn new(outputs: usize) -> Self {
        Self { refused: vec![0; outputs] }
    }

    /// Which outputs are taken: known by their noise, measured, and near enough.
    pub fn admit(
        &mut self,
        setup: &Setup,
        innovation: &[Option<f64>],
        deviation: &[f64],
    ) -> Vec<bool> {
        let each = innovation.iter().zip(deviation).zip(&mut self.refused).enumerate();
        each.map(|(at, ((innovation, deviation), refused))| match innovation {
            Some(off) if off.is_finite() => {
                let near = off.abs() <= setup.gate * deviation || *refused >= STUBBORN;
                *refused = if near { 0 } else { *refused + 1 };
                near && setup.is_measured(at)
            }
            _ => false,
        })
        .collect()
    }
}

/// Whether a sample can be taken after one of `last_s`.
pub(super) fn fits(setup: &Setup, sample: &Measured, last_s: f64) -> Result<(), Lost> {
    let about = setup.model.about();
    let lengths = [
        ("inputs", sample.inputs.len(), about.inputs.len()),
        ("outputs", sample.outputs.len(), about.outputs.len()),
    ];
    if let Some((what, is, wanted)) = lengths.into_iter().find(|(_, is, wanted)| is != wanted) {
        return Err(Lost::Misfit { what, is, wanted });
    }
    let time_s = sample.time_s;
    if let Some(at) = sample.inputs.iter().position(|value| !value.is_finite()) {
        let what = format!("the input `{}`", about.inputs[at].name);
        return Err(Lost::NoNumber { what, time_s, value: sample.inputs[at] });
    }
    if !time_s.is_finite() {
        return Err(Lost::NoNumber { what: "the time".into(), time_s, value: time_s });
    }
    if time_s < last_s {
        return Err(Lost::Late { sample_s: time_s, last_s });
    }
    Ok(())
}
