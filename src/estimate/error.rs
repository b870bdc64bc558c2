//! Why nothing can be estimated, watched or diagnosed by what was stated.

use super::estimated::Slot;
use crate::model::WrongCount;
use crate::table::{TableError, did_you_mean};
use crate::twin::Diagnostic;

/// What does not fit in a filter's setup, or in what it begins with.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum FilterSetupError {
    /// There are not as many numbers as the model has of them.
    #[error(transparent)]
    Count(#[from] WrongCount),
    /// Nothing is to be estimated.
    #[error("nothing is to be estimated: name a state, a parameter or a bias")]
    NothingEstimated,
    /// What is to be estimated is beyond what the model has.
    #[error("`{model}` has no {slot:?}")]
    NoSlot {
        /// The model.
        model: String,
        /// What is to be estimated.
        slot: Slot,
    },
    /// A trend is estimated without its bias.
    #[error("`{name}` needs an estimated bias of the same output")]
    TrendWithoutBias {
        /// The trend.
        name: String,
    },
    /// A mean on a logarithmic scale is not above 0.
    #[error(
        "`{name}` is estimated on a logarithmic scale, so it has to begin above 0, not at {mean}"
    )]
    LogMean {
        /// What is to be estimated.
        name: String,
        /// Its mean.
        mean: f64,
    },
    /// A mean is not finite, or a deviation not above 0.
    #[error("`{name}` needs a finite mean and a deviation above 0, not {mean} ± {deviation}")]
    Belief {
        /// What is to be estimated.
        name: String,
        /// Its mean.
        mean: f64,
        /// Its standard deviation.
        deviation: f64,
    },
    /// A memory is not above 0.
    #[error("`{name}` cannot have a memory of {memory_s} s")]
    Memory {
        /// What is to be estimated.
        name: String,
        /// Its memory in seconds.
        memory_s: f64,
    },
    /// A drift is below 0 or not finite.
    #[error("`{name}` cannot drift by {drift}")]
    Drift {
        /// What is to be estimated.
        name: String,
        /// Its drift, on its scale by the square root of a second.
        drift: f64,
    },
    /// The noise of a measurement is not above 0.
    #[error("the noise of `{output}` has to be above 0, not {noise}")]
    Noise {
        /// The output.
        output: String,
        /// Its standard deviation.
        noise: f64,
    },
    /// A step is not above 0.
    #[error("a step of {step_s} s leads nowhere; it has to be above 0")]
    Step {
        /// The step in seconds.
        step_s: f64,
    },
    /// A particle filter has too few particles to have a spread.
    #[error("{count} particles are too few: take {fewest} at least")]
    Particles {
        /// How many there are.
        count: usize,
        /// How many are needed.
        fewest: usize,
    },
    /// A belief is of other numbers than those that were estimated.
    #[error("the belief does not belong to what was estimated")]
    BeliefSize {
        /// Numbers in the belief.
        numbers: usize,
        /// Numbers that were estimated.
        estimated: usize,
    },
}

/// Why hypotheses cannot be compared.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum BankError {
    /// There is none.
    #[error("there is no hypothesis to choose from")]
    NoHypothesis,
    /// The filter of one of them does not fit its model.
    #[error("{hypothesis}: {error}")]
    Hypothesis {
        /// Its name.
        hypothesis: String,
        /// What does not fit.
        error: FilterSetupError,
    },
}

/// Why a machine's condition cannot be monitored.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum MonitorError {
    /// A span of time is not above 0.
    #[error("the time of {what} has to be above 0 s, not {span_s} s")]
    Span {
        /// What it is the time of.
        what: &'static str,
        /// The span in seconds.
        span_s: f64,
    },
    /// There is not a scatter for each output.
    #[error("the model has {wanted} outputs, but the scatter of {is} is stated")]
    ScatterCount {
        /// How many there are.
        is: usize,
        /// How many there should be.
        wanted: usize,
    },
    /// A scatter is not above 0.
    #[error("the scatter of `{output}` has to be above 0, not {scatter}")]
    Scatter {
        /// The output.
        output: String,
        /// Its scatter, in the output's unit.
        scatter: f64,
    },
    /// The CUSUM's slack or threshold is not above 0.
    #[error(
        "slack and threshold of the tests have to be above 0 deviations, not {slack} and {threshold}"
    )]
    Cusum {
        /// The slack in standard deviations.
        slack: f64,
        /// The threshold in standard deviations.
        threshold: f64,
    },
    /// The filter cannot be set up.
    #[error(transparent)]
    Filter(#[from] FilterSetupError),
    /// The hypotheses cannot be compared.
    #[error(transparent)]
    Bank(#[from] BankError),
}

/// What is wrong with a log of maintenance, or with a part that it names.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum MaintenanceError {
    /// It is no table with the columns that it should have, or a row has no time.
    #[error(transparent)]
    Table(#[from] TableError),
    /// A row names no part.
    #[error("line {line}: which part was replaced?")]
    NoPart {
        /// Its line.
        line: u64,
    },
    /// The machine has no such part.
    #[error(
        "there is no part `{part}`: the machine's file states parts as parts: {{\"name\": [\"state\", …]}}; there are {}{}",
        .known.join(", "), did_you_mean(.nearest)
    )]
    UnknownPart {
        /// The part.
        part: String,
        /// Parts and estimated numbers that there are.
        known: Vec<String>,
        /// The one that was probably meant.
        nearest: Option<String>,
    },
    /// A new part changes neither a state nor anything that is estimated.
    #[error(
        "a new `{part}` changes nothing: of {} none is a state or estimated; estimated are {}",
        .numbers.join(", "), .estimated.join(", ")
    )]
    NothingChanges {
        /// The part.
        part: String,
        /// What it names.
        numbers: Vec<String>,
        /// What is estimated.
        estimated: Vec<String>,
    },
    /// It is not known with what a state of a new part begins.
    #[error(
        "what is `{state}` in a new `{part}`? It begins at {initial} in this machine's file and usually at 0: state it, parts: {{\"{part}\": {{\"{state}\": …}}}}"
    )]
    UnknownBeginning {
        /// The part.
        part: String,
        /// The state.
        state: String,
        /// With what the machine's file begins, in the state's unit.
        initial: f64,
    },
    /// A new part is to change what is not estimated.
    #[error(
        "a new `{part}` cannot change `{name}`, which is not estimated; estimate it, or leave it out"
    )]
    NotEstimated {
        /// The part.
        part: String,
        /// The parameter or the sensor's error.
        name: String,
    },
    /// A part names what the model does not have; with its place in the machine's file.
    #[error("{0}")]
    UnknownName(Box<Diagnostic>),
}
