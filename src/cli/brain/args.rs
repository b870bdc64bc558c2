//! The words of the commands about models.

use std::path::PathBuf;

use clap::{Args, ValueEnum, ValueHint};

use super::super::values::{above_zero, duration, finite};

/// Arguments of `models`.
#[derive(Args, Debug)]
pub struct Models {
    /// The model to describe; without it all are listed
    #[arg(value_name = "NAME")]
    pub name: Option<String>,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// Which machine.
#[derive(Args, Clone, Debug)]
pub struct MachineArgs {
    /// A model's name (see `twinscope models`), a file that states a machine:
    /// (model: "…", parameters: {…}, noise: {…}, estimate: {…}), or a twin, whose machines are then
    /// run together, as they are wired
    #[arg(value_name = "MODEL|MACHINE.ron|TWIN.ron")]
    pub model: String,
    /// Parameters that are not the usual ones: RON such as '(Rs: 0.06)', or a file with it
    #[arg(long, value_name = "RON")]
    pub params: Option<String>,
    /// States that do not begin as usual, likewise
    #[arg(long, value_name = "RON")]
    pub initial: Option<String>,
    /// Take it that this fault has come up: one of those that the machine's file states, or `healthy` for
    /// none of them
    #[arg(long, value_name = "NAME")]
    pub fault: Option<String>,
}

/// Arguments of `simulate`.
#[derive(Args, Clone, Debug)]
pub struct Simulate {
    #[command(flatten)]
    pub machine: MachineArgs,
    /// What acts on it: CSV with t in seconds and a column an input; `-`: standard input; without
    /// it the usual inputs are held
    #[arg(long, value_name = "CSV", value_hint = ValueHint::FilePath)]
    pub inputs: Option<PathBuf>,
    /// What a row of inputs holds for: the step that ends there (`end`, as in written courses), the
    /// time from there on (`start`, as in a schedule), or a point of straight lines (`linear`)
    #[arg(long, default_value = "end")]
    pub hold: twinscope::model::load::Hold,
    /// Inputs that are held where the table has no column for them: RON such as '(V: 471.2, pdisch: 9e5)', a
    /// file with it, or V=471.2,pdisch=9e5
    #[arg(long, value_name = "RON|NAME=VALUE,…")]
    pub set: Option<String>,
    /// Length of a step in seconds; without it that which the machine's file states, or the model's usual
    /// one
    #[arg(long, value_name = "S", allow_negative_numbers = true, value_parser = above_zero)]
    pub dt: Option<f64>,
    /// Solver: euler, rk4, dopri5 or rosenbrock (for stiff systems); without it the one that the
    /// machine's file states, or the model's usual one
    #[arg(long)]
    pub solver: Option<twinscope::model::solver::Method>,
    /// How exact dopri5 and rosenbrock have to be: relative to a state, and after a comma in its unit
    /// [default: 1e-8,1e-10]
    #[arg(long, value_name = "REL[,ABS]", value_delimiter = ',', num_args = 1, allow_negative_numbers = true, value_parser = above_zero)]
    pub tolerance: Vec<f64>,
    /// How exactly events are located, in seconds [default: 1e-12 steps]
    #[arg(long, value_name = "S", allow_negative_numbers = true, value_parser = above_zero)]
    pub event_tolerance: Option<f64>,
    /// Time in seconds at which it begins; without it that of the inputs' first row, or 0
    #[arg(long, value_name = "T", allow_negative_numbers = true, value_parser = finite)]
    pub begin: Option<f64>,
    /// When to end: a time in seconds, `event` or an event's name; without it the end of the inputs
    /// or the first event, whichever comes first
    #[arg(long, value_name = "T|EVENT", allow_negative_numbers = true)]
    pub until: Option<String>,
    /// Seconds between two rows; without it each step is one
    #[arg(long, value_name = "S", allow_negative_numbers = true, value_parser = above_zero)]
    pub every: Option<f64>,
    /// Process noise: for states, their standard deviation after one second, in RON
    #[arg(long, value_name = "RON")]
    pub noise: Option<String>,
    /// Chooses the noise
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// The file to write; `-`: standard output
    #[arg(long, value_name = "CSV", default_value = "-", value_hint = ValueHint::FilePath)]
    pub out: PathBuf,
}

/// Which filter, and how it is run over samples.
#[derive(Args, Debug)]
pub struct FilterArgs {
    /// The filter
    #[arg(long, value_name = "KIND", value_enum, default_value_t = FilterKind::Unscented)]
    pub filter: FilterKind,
    /// Particles of the particle filter
    #[arg(long, value_name = "COUNT", default_value_t = 1_000)]
    pub particles: usize,
    #[command(flatten)]
    pub samples_args: SamplesArgs,
}

/// How samples are taken, and what was done to the machine meanwhile.
#[derive(Args, Debug)]
pub struct SamplesArgs {
    /// Samples may come late by this: rows that are not in order of time are taken then
    #[arg(long, value_name = "TIME", value_parser = duration)]
    pub late: Option<std::time::Duration>,
    /// What was done to the machine: CSV with t (in seconds, or as its heading states: t [h]) and part,
    /// one of those that the machine's file states; the estimates of that part begin anew
    #[arg(long, value_name = "CSV", value_hint = ValueHint::FilePath)]
    pub maintenance: Option<PathBuf>,
    /// Stop at the first row or cell that cannot be taken, instead of leaving it out with a note
    #[arg(long)]
    pub strict: bool,
}

/// Kinds of filters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum FilterKind {
    /// Unscented Kalman filter: cheap, for beliefs with one mode.
    Unscented,
    /// Particle filter: for beliefs of any shape.
    Particles,
}

/// Arguments of `estimate`.
#[derive(Args, Debug)]
pub struct Estimate {
    #[command(flatten)]
    pub machine: MachineArgs,
    /// What was measured: CSV with t in seconds, the inputs, and outputs as z_NAME, meas_NAME or
    /// NAME; empty cells are missing; `-`: standard input
    #[arg(long, value_name = "CSV", value_hint = ValueHint::FilePath)]
    pub samples: PathBuf,
    #[command(flatten)]
    pub filter: FilterArgs,
    /// The file to write; `-`: standard output
    #[arg(long, value_name = "CSV", default_value = "-", value_hint = ValueHint::FilePath)]
    pub out: PathBuf,
    /// Write JSON lines instead of CSV
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `forecast`.
#[derive(Args, Debug)]
pub struct Forecast {
    #[command(flatten)]
    pub machine: MachineArgs,
    /// What was measured so far, as for `estimate`; the forecast begins with the state that is
    /// estimated from it
    #[arg(long, value_name = "CSV", value_hint = ValueHint::FilePath)]
    pub samples: Option<PathBuf>,
    #[command(flatten)]
    pub filter: FilterArgs,
    /// What the machine will have to do: CSV with t in seconds and a column an input; without it
    /// the usual inputs, or the last measured ones, are held
    #[arg(long, value_name = "CSV", value_hint = ValueHint::FilePath)]
    pub plan: Option<PathBuf>,
    /// What a row of the plan holds for: see `simulate`
    #[arg(long, default_value = "start")]
    pub hold: twinscope::model::load::Hold,
    /// How far to look, such as 8h
    #[arg(long, value_name = "TIME", default_value = "24h", value_parser = duration)]
    pub horizon: std::time::Duration,
    /// An ensemble of many members, or the few points of the unscented transform
    #[arg(long, value_name = "METHOD", value_enum, default_value_t = Method::Ensemble)]
    pub method: Method,
    /// Members of the ensemble, 100,000 at most
    #[arg(long, default_value_t = 1000)]
    pub members: usize,
    /// Chooses all chance
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Simulate one whole member again and write its course, with the columns of `simulate`: the
    /// medoid, the member with a number, or the one whose time of an event is at a percentile, such as
    /// EOD:10
    #[arg(long, value_name = "medoid|N|EVENT:PERCENT", requires = "out")]
    pub member: Option<String>,
    /// The file to write the member's course to; `-`: standard output, instead of the
    /// forecast's summary
    #[arg(long, value_name = "CSV", requires = "member", value_hint = ValueHint::FilePath)]
    pub out: Option<PathBuf>,
    /// Seconds between two rows of the member's course; without it a hundredth of the horizon
    #[arg(long, value_name = "S", requires = "member", allow_negative_numbers = true, value_parser = above_zero)]
    pub every: Option<f64>,
    /// Correct the times of events by the errors of past forecasts: a file that `score --learn` wrote
    #[arg(long, value_name = "JSON", value_hint = ValueHint::FilePath)]
    pub correction: Option<PathBuf>,
    /// Keep the forecast: a line is added to this file, for `score` when its time has come
    #[arg(long, value_name = "JSONL", value_hint = ValueHint::FilePath)]
    pub keep: Option<PathBuf>,
    /// Name of the machine in what is kept and reported; the machine's file without it
    #[arg(long = "as", value_name = "NAME")]
    pub name: Option<String>,
    /// Write a report with plots
    #[arg(long, value_name = "FILE.html", value_hint = ValueHint::FilePath)]
    pub html: Option<PathBuf>,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// How a forecast is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Method {
    /// Many members, drawn by chance.
    Ensemble,
    /// A dozen or two, chosen so that mean and variance come out right.
    Unscented,
}

/// Arguments of `optimise`.
#[derive(Args, Debug)]
pub struct Optimise {
    #[command(flatten)]
    pub machine: MachineArgs,
    /// The goal: what may be set, what it costs, which limits hold, what may be maintained when
    #[arg(long, value_name = "GOAL.ron", value_hint = ValueHint::FilePath)]
    pub goal: PathBuf,
    /// What was measured so far, as for `estimate`; without it the machine is as uncertain as its file
    /// says
    #[arg(long, value_name = "CSV", value_hint = ValueHint::FilePath)]
    pub samples: Option<PathBuf>,
    #[command(flatten)]
    pub filter: FilterArgs,
    /// What acts on the machine besides what is set: see `forecast`
    #[arg(long, value_name = "CSV", value_hint = ValueHint::FilePath)]
    pub plan: Option<PathBuf>,
    /// What a row of the plan holds for: see `simulate`
    #[arg(long, default_value = "start")]
    pub hold: twinscope::model::load::Hold,
    /// Over which time costs are counted
    #[arg(long, value_name = "TIME", default_value = "8h", value_parser = duration)]
    pub horizon: std::time::Duration,
    /// Members of the ensembles that are compared
    #[arg(long, default_value_t = 32)]
    pub members: usize,
    /// Chooses all chance
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `score`.
#[derive(Args, Debug)]
pub struct Score {
    /// Forecasts that `forecast --keep` kept; may be repeated
    #[arg(long, value_name = "JSONL", required = true, value_hint = ValueHint::FilePath)]
    pub kept: Vec<PathBuf>,
    /// What has happened: CSV with machine, event and t (in seconds, or as its heading states: t [h])
    #[arg(long, value_name = "CSV", value_hint = ValueHint::FilePath)]
    pub came: PathBuf,
    /// A forecast is good when it says that the event comes within this share of the remaining time …
    #[arg(long, default_value_t = 0.2)]
    pub alpha: f64,
    /// … with this probability at least …
    #[arg(long, default_value_t = 0.5)]
    pub beta: f64,
    /// … at this share of the time from the first forecast to the event
    #[arg(long, default_value_t = 0.5)]
    pub lambda: f64,
    /// Write how future forecasts are to be corrected, for `forecast --correction`
    #[arg(long, value_name = "JSON", value_hint = ValueHint::FilePath)]
    pub learn: Option<PathBuf>,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `calibrate`.
#[derive(Args, Debug)]
pub struct Calibrate {
    #[command(flatten)]
    pub machine: MachineArgs,
    /// What was measured, one run of the machine a file, as for `estimate`; may be repeated
    #[arg(long, value_name = "CSV", required = true, value_hint = ValueHint::FilePath)]
    pub samples: Vec<PathBuf>,
    /// Parameters to find, and states whose initial values are to be found, by name
    #[arg(long, value_name = "NAME,…", required = true, value_delimiter = ',')]
    pub fit: Vec<String>,
    /// Give outliers less weight (Huber's loss)
    #[arg(long)]
    pub robust: bool,
    /// Write what was found as CSV, or as JSON with --json; `-`: standard output
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub out: Option<PathBuf>,
    /// Write the parameters that were found, for --params of the other commands
    #[arg(long, value_name = "RON", value_hint = ValueHint::FilePath)]
    pub params_out: Option<PathBuf>,
    /// Rows need not be in order of time
    #[arg(long)]
    pub unordered: bool,
    /// Stop at the first cell that is no number, instead of leaving it out with a note
    #[arg(long)]
    pub strict: bool,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `detect`.
#[derive(Args, Debug)]
pub struct Detect {
    /// What was measured in healthy times: CSV with t in seconds and a column a channel
    #[arg(long, value_name = "CSV", value_hint = ValueHint::FilePath)]
    pub healthy: PathBuf,
    /// What is to be watched, with the same columns
    #[arg(long, value_name = "CSV", value_hint = ValueHint::FilePath)]
    pub samples: PathBuf,
    /// Judge by a model beside the machine instead of by healthy states that are alike; the samples
    /// then follow the healthy ones
    #[arg(long, value_name = "MODEL|MACHINE.ron|TWIN.ron")]
    pub machine: Option<String>,
    /// Columns that are set from outside, such as setpoints and the weather: from them follows what the
    /// others should be, and they are not judged themselves
    #[arg(long, value_name = "NAME,…", value_delimiter = ',')]
    pub conditions: Vec<String>,
    /// Mean time between false alarms, at least
    #[arg(long, value_name = "TIME", default_value = "720h", value_parser = duration)]
    pub false_alarm_every: std::time::Duration,
    /// Rows need not be in order of time
    #[arg(long)]
    pub unordered: bool,
    /// Write mode, score, fidelity and residuals row by row; `-`: standard output
    #[arg(long, value_name = "CSV", value_hint = ValueHint::FilePath)]
    pub out: Option<PathBuf>,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `diagnose`.
#[derive(Args, Debug)]
pub struct Diagnose {
    #[command(flatten)]
    pub machine: MachineArgs,
    /// What was measured, as for `estimate`
    #[arg(long, value_name = "CSV", value_hint = ValueHint::FilePath)]
    pub samples: PathBuf,
    /// From when on something may be wrong, in seconds: until then the machine counts as healthy
    #[arg(long, value_name = "T", allow_negative_numbers = true, value_parser = finite)]
    pub since: Option<f64>,
    #[command(flatten)]
    pub samples_args: SamplesArgs,
    /// Write the ranking as CSV, or as JSON with --json; `-`: standard output
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub out: Option<PathBuf>,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `monitor`.
#[derive(Args, Debug)]
pub struct Monitor {
    #[command(flatten)]
    pub machine: MachineArgs,
    /// What was measured since the machine was new, as for `estimate`
    #[arg(long, value_name = "CSV", value_hint = ValueHint::FilePath)]
    pub samples: PathBuf,
    /// The same of healthy machines of the same type; may be repeated
    #[arg(long, value_name = "CSV", required = true, value_hint = ValueHint::FilePath)]
    pub healthy: Vec<PathBuf>,
    /// How long the healthy machine is calibrated before it is monitored
    #[arg(long, value_name = "TIME", default_value = "4h", value_parser = duration)]
    pub learn: std::time::Duration,
    /// Residuals are averaged over so long before they are tested
    #[arg(long, value_name = "TIME", default_value = "30min", value_parser = duration)]
    pub block: std::time::Duration,
    /// Slack of the CUSUM tests: deviations of healthy averages that do not count
    #[arg(long, value_name = "COUNT", default_value_t = 2.5, alias = "forgive", allow_negative_numbers = true, value_parser = above_zero)]
    pub slack: f64,
    /// Threshold of the CUSUM tests: deviations beyond the slack that have to add up
    #[arg(long, value_name = "COUNT", default_value_t = 9.5, alias = "alarm", allow_negative_numbers = true, value_parser = above_zero)]
    pub threshold: f64,
    /// So many samples in a row have the same error, and count as one in the diagnosis
    #[arg(long, value_name = "COUNT", default_value_t = 5.0, allow_negative_numbers = true, value_parser = above_zero)]
    pub alike: f64,
    /// How far the diagnosis looks back at most
    #[arg(long, value_name = "TIME", default_value = "96h", value_parser = duration)]
    pub reach: std::time::Duration,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}
