//! A filter's sample, the measurement update by it, and why a sample is refused.

use super::estimated::Slot;
use super::setup::{FilterSetup, MOST_STEPS_A_SAMPLE};
use crate::model::load::Held;
use crate::model::stability::{StepGuard, StepTooLong, Steps, UNKNOWN_STEPS};
use crate::model::{About, Variable, nearest_angle};

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

/// The measurement update by a sample: innovations, their deviations and their likelihood.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct MeasurementUpdate {
    /// The predicted outputs.
    pub expected: Vec<f64>,
    /// Measured minus expected, where something is measured that can be: a number, and no temperature
    /// below absolute zero.
    pub innovation: Vec<Option<f64>>,
    /// Standard deviation that each innovation should have.
    pub deviation: Vec<f64>,
    /// Which outputs were taken.
    pub taken: Vec<bool>,
    /// Logarithm of the likelihood of what was taken.
    pub log_likelihood: f64,
    /// Logarithm of the likelihood of all that was measured; what is further off than the gate counts
    /// as if it were at the gate. All filters of a sample are thus compared by the same outputs,
    /// whichever of them they take: what a filter refuses counts against it, but one bad sample no
    /// more than the gate allows.
    pub log_clipped: f64,
    /// Innovations squared by their covariance: as many as were taken, on average.
    pub squared: f64,
}

/// Why a sample cannot be taken.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum ObserveError {
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
    /// Its time is so long after that of the last one that the model cannot be carried there.
    #[error(
        "from {last_s} s to {sample_s} s the model takes {steps:.0} steps of {step_s} s, and {MOST_STEPS_A_SAMPLE} are the most at a time: check the time, or state a longer `step`"
    )]
    Gap {
        /// Time of the sample.
        sample_s: f64,
        /// Time of the belief.
        last_s: f64,
        /// How many steps that would be.
        steps: f64,
        /// How long a step is.
        step_s: f64,
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
    /// The model does not bear the steps that lead to it.
    #[error(transparent)]
    StepTooLong(#[from] StepTooLong),
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

/// Whether the model bears the steps that lead to a sample from a time, at which estimates and states are
/// believed to be so.
pub(super) fn check_steps(
    setup: &FilterSetup,
    guard: &mut StepGuard,
    (time_s, mean, states): (f64, &[f64], &[f64]),
    sample: &Measured,
) -> Result<(), ObserveError> {
    let span_s = sample.time_s - time_s;
    if !(span_s > 0.0) {
        return Ok(());
    }
    let dt_s = span_s / steps_between(time_s, sample.time_s, setup.step_s)?;
    let checked = guard.check(dt_s, || {
        let mut parameters = setup.parameters.clone();
        for (each, mean) in setup.estimated.iter().zip(mean) {
            if let Slot::Parameter(at) = each.slot {
                parameters[at] = each.scale.to_value(*mean);
            }
        }
        let steps = Steps {
            model: &*setup.model,
            parameters: &parameters,
            initial: states,
            load: &Held(sample.inputs.clone()),
            begin_s: time_s,
            span_s: UNKNOWN_STEPS * dt_s,
            dt_s,
            method: None,
        };
        steps.check()
    });
    Ok(checked?)
}

/// How many steps of so many seconds the model takes from one time to another.
///
/// # Errors
/// When these are too many: [`ObserveError::Gap`].
pub(super) fn steps_between(last_s: f64, sample_s: f64, step_s: f64) -> Result<f64, ObserveError> {
    let steps = libm::ceil((sample_s - last_s) / step_s - 1e-9).max(1.0);
    match steps <= f64::from(MOST_STEPS_A_SAMPLE) {
        true => Ok(steps),
        false => Err(ObserveError::Gap { sample_s, last_s, steps, step_s }),
    }
}

/// How often an output may be refused in a row before it is taken in spite of the gate: what is
/// far off for so long is a change of the machine, not a bad sample. What cannot be is never taken.
const STUBBORN: u32 = 20;

/// Refuses what cannot be, and what is too far off to be a measurement.
#[derive(Clone, Debug)]
pub(super) struct Gate {
    /// Refusals in a row, by output.
    refused: Vec<u32>,
    /// What an output is above, whatever happens; −∞ where nothing is known.
    above: Vec<f64>,
    /// A turn of each output that is an angle kept within one.
    turns: Vec<Option<f64>>,
}

impl Gate {
    pub fn new(about: &About) -> Self {
        // The outputs in kelvins are temperatures, not differences of them.
        let above = |output: &Variable| if output.unit == "K" { 0.0 } else { f64::NEG_INFINITY };
        let above: Vec<f64> = about.outputs.iter().map(above).collect();
        let turns = about.outputs.iter().map(|output| output.turn).collect();
        Self { refused: vec![0; above.len()], above, turns }
    }

    /// Measured minus expected, where there is a number that can be: nothing else is ever taken,
    /// however often it comes.
    pub fn innovation(&self, sample: &Measured, expected: &[f64]) -> Vec<Option<f64>> {
        let each = sample.outputs.iter().zip(expected).enumerate();
        let off = |(at, (z, expected)): (usize, (&Option<f64>, &f64))| {
            let z = z.filter(|z| z.is_finite() && *z > self.above[at])?;
            // Of an angle, the shorter way round.
            let z = self.turns[at].map_or(z, |turn| nearest_angle(z, *expected, turn));
            Some(z - expected).filter(|off| off.is_finite())
        };
        each.map(off).collect()
    }

    /// Which outputs are taken: known by their noise, measured, and near enough.
    pub fn admit(
        &mut self,
        setup: &FilterSetup,
        innovation: &[Option<f64>],
        deviation: &[f64],
    ) -> Vec<bool> {
        let each = innovation.iter().zip(deviation).zip(&mut self.refused).enumerate();
        each.map(|(at, ((innovation, deviation), refused))| match innovation {
            Some(off) => {
                let near = off.abs() <= setup.gate * deviation || *refused >= STUBBORN;
                *refused = if near { 0 } else { *refused + 1 };
                near && setup.is_measured(at)
            }
            None => false,
        })
        .collect()
    }
}

/// Logarithm of the density of an output that is as far off as the gate, by the deviation that it
/// should have: what one further off counts as.
pub(super) fn log_at_gate(gate: f64, deviation: f64) -> f64 {
    -0.5 * (gate * gate + libm::log(std::f64::consts::TAU)) - libm::log(deviation)
}

/// Whether a sample can be taken after one of `last_s`.
pub(super) fn fits(
    setup: &FilterSetup,
    sample: &Measured,
    last_s: f64,
) -> Result<(), ObserveError> {
    let about = setup.model.about();
    let lengths = [
        ("inputs", sample.inputs.len(), about.inputs.len()),
        ("outputs", sample.outputs.len(), about.outputs.len()),
    ];
    if let Some((what, is, wanted)) = lengths.into_iter().find(|(_, is, wanted)| is != wanted) {
        return Err(ObserveError::Misfit { what, is, wanted });
    }
    let time_s = sample.time_s;
    if let Some(at) = sample.inputs.iter().position(|value| !value.is_finite()) {
        let what = format!("the input `{}`", about.inputs[at].name);
        return Err(ObserveError::NoNumber { what, time_s, value: sample.inputs[at] });
    }
    if !time_s.is_finite() {
        return Err(ObserveError::NoNumber { what: "the time".into(), time_s, value: time_s });
    }
    if time_s < last_s {
        return Err(ObserveError::Late { sample_s: time_s, last_s });
    }
    steps_between(last_s, time_s, setup.step_s).map(|_| ())
}
