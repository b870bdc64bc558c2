//! Why a calibration or a search cannot be made; each mistake is answered with what to do.

use crate::estimate::sample::ObserveError;
use crate::model::solver::Unsolved;
use crate::model::stability::StepTooLong;
use crate::table::did_you_mean;

/// Numbers that do not go with the names of a model.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum ValuesError {
    /// There is not one for each name.
    #[error("expected a value for each of the {what} ({}), found {found}", .expected.join(", "))]
    Count {
        /// What they are.
        what: &'static str,
        /// The names.
        expected: Vec<String>,
        /// How many values there are.
        found: usize,
    },
    /// One is not finite.
    #[error("{what}: `{name}` is {value}; give it a number")]
    NoNumber {
        /// What they are.
        what: &'static str,
        /// Its name.
        name: String,
        /// What it is.
        value: f64,
    },
}

/// What is wrong with a measured run of the machine; rows are counted from 1.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum CourseError {
    /// Its initial state does not fit the model.
    #[error(transparent)]
    Values(#[from] ValuesError),
    /// There are not as many times as rows.
    #[error("there are {times} times for {rows} rows of measurements")]
    Rows {
        /// How many times there are.
        times: usize,
        /// How many rows there are.
        rows: usize,
    },
    /// A row does not come after the one before.
    #[error("row {row} ({time_s} s): the time has to come after {before_s} s")]
    TimeOrder {
        /// The row.
        row: usize,
        /// Its time in seconds.
        time_s: f64,
        /// The time before it in seconds.
        before_s: f64,
    },
    /// A row comes so long after the one before that the model cannot be carried there.
    #[error("row {row} ({time_s} s): {error}")]
    Gap {
        /// The row.
        row: usize,
        /// Its time in seconds.
        time_s: f64,
        /// How many steps that would be.
        error: ObserveError,
    },
    /// A row has not a value for each output.
    #[error(
        "row {row} ({time_s} s): expected a value for each output ({}), found {found}",
        .outputs.join(", ")
    )]
    RowLength {
        /// The row.
        row: usize,
        /// Its time in seconds.
        time_s: f64,
        /// The outputs.
        outputs: Vec<String>,
        /// How many values there are.
        found: usize,
    },
    /// A value is infinite.
    #[error("row {row} ({time_s} s): `{output}` is {value}; leave out what was not measured (NaN)")]
    Infinite {
        /// The row.
        row: usize,
        /// Its time in seconds.
        time_s: f64,
        /// The output.
        output: String,
        /// What it is.
        value: f64,
    },
}

/// Why the residuals of a run cannot be computed at a point.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("run {run}, {time_s} s: {reason}")]
pub struct EvaluationError {
    /// The run, from 1.
    pub run: usize,
    /// At which time, in seconds.
    pub time_s: f64,
    /// Why not.
    pub reason: NotComputed,
}

/// Why a residual cannot be computed.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum NotComputed {
    /// The model cannot be solved.
    #[error(transparent)]
    Model(#[from] Unsolved),
    /// An output is no number.
    #[error("`{output}` became {value}: take other parameters")]
    NoNumber {
        /// The output.
        output: String,
        /// What it became.
        value: f64,
    },
}

/// What is wrong with a value that a search is to find.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum UnknownError {
    /// It does not start at a number.
    #[error("`{name}` cannot start at {start}: give it a number")]
    Start {
        /// Its name.
        name: String,
        /// Where it starts.
        start: f64,
    },
    /// Its bounds are in the wrong order, or equal.
    #[error("the bounds of `{name}` leave it no room: {low} has to be below {high}")]
    Bounds {
        /// Its name.
        name: String,
        /// The lower bound.
        low: f64,
        /// The upper bound.
        high: f64,
    },
    /// It starts outside its bounds.
    #[error(
        "`{name}` starts at {start}, outside its bounds from {low} to {high}: start inside, or widen them"
    )]
    Outside {
        /// Its name.
        name: String,
        /// Where it starts.
        start: f64,
        /// The lower bound.
        low: f64,
        /// The upper bound.
        high: f64,
    },
    /// Its usual size is not above 0.
    #[error("the usual size of `{name}` has to be above 0, not {size}")]
    Size {
        /// Its name.
        name: String,
        /// The size in its unit.
        size: f64,
    },
}

/// Why a search cannot begin or go on.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum SearchError {
    /// Nothing is to be found.
    #[error("nothing is to be found: name a parameter or a state")]
    NoUnknowns,
    /// A value that is to be found cannot be searched for.
    #[error(transparent)]
    Unknown(#[from] UnknownError),
    /// An option is out of range.
    #[error("{what} has to lie between {low} and {high}, not {value}")]
    Option {
        /// Which option.
        what: &'static str,
        /// What it has to be above.
        low: f64,
        /// What it has to be below.
        high: f64,
        /// What it is.
        value: f64,
    },
    /// No evaluation is allowed.
    #[error("a search needs at least one evaluation")]
    NoEvaluations,
    /// There are no residuals.
    #[error("there is nothing to compare with: not one measurement")]
    NoResiduals,
    /// There are not as many residuals as at the point before.
    #[error("there were {before} residuals and then {now}")]
    ResidualCount {
        /// How many there were.
        before: usize,
        /// How many there are.
        now: usize,
    },
    /// Residuals cannot be computed where the search begins.
    #[error("nothing can be computed at the start ({point}): {reason}; start elsewhere")]
    Start {
        /// The values, as `name = value`.
        point: String,
        /// Why not.
        reason: String,
    },
    /// Residuals can be computed on neither side of a value.
    #[error(
        "what `{name}` does cannot be seen: nothing can be computed on either side of {point}: {reason}"
    )]
    NoSlope {
        /// The value.
        name: String,
        /// The values, as `name = value`.
        point: String,
        /// Why not.
        reason: String,
    },
    /// The search has ended; it takes no more residuals.
    #[error("the search has ended")]
    Ended,
    /// The search has not ended; it has found nothing yet.
    #[error("the search is still under way")]
    UnderWay,
}

/// Why a model cannot be calibrated.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum CalibrationError {
    /// The parameters do not fit the model.
    #[error(transparent)]
    Values(#[from] ValuesError),
    /// There is not a deviation for each output.
    #[error("state a deviation for each output ({}), not {found} of them", .outputs.join(", "))]
    DeviationCount {
        /// The outputs.
        outputs: Vec<String>,
        /// How many deviations there are.
        found: usize,
    },
    /// A deviation is not above 0.
    #[error("the deviation of `{output}` has to be above 0, not {deviation}")]
    Deviation {
        /// The output.
        output: String,
        /// Its standard deviation, in the output's unit.
        deviation: f64,
    },
    /// A step is not above 0.
    #[error("a step of {step_s} s leads nowhere; it has to be above 0")]
    Step {
        /// The step in seconds.
        step_s: f64,
    },
    /// The model does not bear its steps.
    #[error("run {run}: {error}")]
    StepTooLong {
        /// Number of the run, from 1.
        run: usize,
        /// Which step would hold.
        error: StepTooLong,
    },
    /// A run of the machine cannot be used.
    #[error("run {run}: {error}")]
    Course {
        /// Its number, from 1.
        run: usize,
        /// What is wrong with it.
        error: CourseError,
    },
    /// Nothing was measured that could be compared.
    #[error(
        "there is nothing to compare with: not one measurement of an output with a finite deviation"
    )]
    NothingMeasured,
    /// The model has neither a parameter nor a state of that name.
    #[error(
        "`{model}` has no parameter and no state `{name}`; there are {}{}",
        .known.join(", "), did_you_mean(.nearest)
    )]
    UnknownName {
        /// The model.
        model: String,
        /// The name.
        name: String,
        /// The one that was probably meant.
        nearest: Option<String>,
        /// All that there are.
        known: Vec<String>,
    },
    /// A name is to be found twice.
    #[error("`{name}` is named twice: name it once")]
    NamedTwice {
        /// The name.
        name: String,
    },
    /// The search cannot begin or go on.
    #[error(transparent)]
    Search(#[from] SearchError),
}
