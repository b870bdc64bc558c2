//! Filters fed from tables: what `estimate` and `forecast` have in common.

use std::borrow::Cow;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum, ValueHint};
use twinscope::estimate::{
    Entry, Filter, Heard, Measured, Particles, Patient, Setup, Unscented, read_log,
};
use twinscope::model::load::{Hold, Load, Schedule};
use twinscope::model::table::{self, Table};
use twinscope::model::{About, Machine, Variable};
use twinscope::twin::behaviour::Behaviour;

use super::super::{Failure, Outcome};
use super::{told, wrong};

/// Most samples through which a late one is carried back.
const MOST_LATER: usize = 4_096;

/// Which filter, and what it is told besides samples.
#[derive(Args, Debug)]
pub struct FilterArgs {
    /// The filter
    #[arg(long, value_name = "KIND", value_enum, default_value_t = Kind::Unscented)]
    pub filter: Kind,
    /// Particles of the particle filter
    #[arg(long, value_name = "COUNT", default_value_t = 1_000)]
    pub particles: usize,
    /// Samples may come late by this: rows that are not in order of time are taken then
    #[arg(long, value_name = "TIME", value_parser = super::super::args::duration)]
    pub late: Option<std::time::Duration>,
    /// What was done to the machine: CSV with t in seconds and part, one of those that the machine's
    /// file states; what is believed of it begins anew
    #[arg(long, value_name = "CSV", value_hint = ValueHint::FilePath)]
    pub maintenance: Option<PathBuf>,
}

/// Kinds of filters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Kind {
    /// Unscented Kalman filter: cheap, for beliefs with one summit.
    Unscented,
    /// Particle filter: for beliefs of any shape.
    Particles,
}

/// Feeds a filter with a table, row by row; the filter as it is then.
pub fn run(
    machine: &Machine,
    behaviour: &Behaviour,
    args: &FilterArgs,
    path: &Path,
    mut told_row: impl FnMut(&Filter, &Measured, &Heard) -> Outcome,
) -> Result<Filter, Failure> {
    let setup = Setup::of(behaviour, machine).map_err(told)?;
    let mut log = log(args, behaviour, &setup)?.into_iter().peekable();
    let complain = |error: String| wrong(path, &error);
    let series = Series::read(path, &setup, args.late.is_some())?;
    let first = &series.samples[0].inputs;
    let filter = match args.filter {
        Kind::Unscented => Unscented::new(setup, series.begin_s, first)
            .map(|filter| Filter::Unscented(Box::new(filter))),
        Kind::Particles => Particles::new(setup, args.particles, 1, series.begin_s, first)
            .map(|filter| Filter::Particles(Box::new(filter))),
    };
    let reach_s = args.late.map_or(0.0, |late| late.as_secs_f64());
    let mut filter = Patient::new(filter.map_err(complain)?, reach_s, MOST_LATER);
    for (row, sample) in series.samples.iter().enumerate() {
        while let Some((entry, places)) = log.next_if(|(entry, _)| entry.time_s <= sample.time_s) {
            filter.replaced(entry.time_s, &places).map_err(|error| {
                let log = args.maintenance.as_deref().unwrap_or(path);
                wrong(log, &format!("line {}: {error}", entry.line))
            })?;
        }
        let line = row + 2;
        let heard =
            filter.observe(sample).map_err(|error| complain(format!("line {line}: {error}")))?;
        told_row(filter.filter(), sample, &heard)?;
    }
    if let Some((entry, _)) = log.next() {
        eprintln!(
            "note: the {} is replaced at {} s, after the last sample: not yet taken into account",
            entry.part, entry.time_s
        );
    }
    Ok(filter.filter().clone())
}

/// The log of maintenance, and which places begin anew.
fn log(
    args: &FilterArgs,
    behaviour: &Behaviour,
    setup: &Setup,
) -> Result<Vec<(Entry, Vec<usize>)>, Failure> {
    let Some(path) = &args.maintenance else { return Ok(Vec::new()) };
    let bytes = super::super::files::recording(path)?;
    let entries = read_log(&bytes).map_err(|error| wrong(path, &error))?;
    let places = |entry: Entry| {
        let places = setup.places_of(behaviour, &entry.part);
        let places =
            places.map_err(|error| wrong(path, &format!("line {}: {error}", entry.line)))?;
        Ok((entry, places))
    };
    entries.into_iter().map(places).collect()
}

/// What was measured of a machine, from a table.
pub struct Series {
    /// A step before the first sample, in seconds.
    pub begin_s: f64,
    /// The inputs.
    pub load: Schedule,
    /// Row by row; there is one at least.
    pub samples: Vec<Measured>,
}

impl Series {
    /// Reads a table; what of it is not used is told. With `late`, rows need not be in order of
    /// time: samples are then in that of the rows.
    pub fn read(path: &Path, setup: &Setup, late: bool) -> Result<Self, Failure> {
        let about = setup.model.about();
        let mut table = super::table(path)?;
        let mut arrival: Vec<usize> = (0..table.rows()).collect();
        if late {
            (table, arrival) = table.by_time().map_err(|error| wrong(path, &error))?;
        }
        let complain = |error: String| wrong(path, &error);
        let (load, notes) = table::load(&table, about, Hold::End).map_err(complain)?;
        for note in notes.iter().filter(|note| note.starts_with("there is no column")) {
            eprintln!("note: {}: {note}", path.display());
        }
        let measured = measured(&table, setup, about).map_err(complain)?;
        let times = table.times().map_err(complain)?;
        let begin_s = times[0] - load.usual_step_s().unwrap_or(setup.step_s);
        let each = times.iter().enumerate();
        let samples: Vec<Measured> =
            each.map(|(row, time_s)| sample(&load, &measured, row, *time_s)).collect();
        let samples = arrival.into_iter().map(|at| samples[at].clone()).collect();
        Ok(Self { begin_s, load, samples })
    }
}

/// The columns of measured outputs.
fn measured<'a>(
    table: &'a Table,
    setup: &Setup,
    about: &About,
) -> Result<Vec<Option<Cow<'a, [f64]>>>, String> {
    let column = |output: &Variable| {
        let prefixed = table.column(&format!("meas_{}", output.name));
        prefixed.map(Cow::from).or_else(|| table.variable("z", output))
    };
    let all: Vec<_> = about.outputs.iter().map(column).collect();
    let known = |at: &usize| all[*at].is_some() && setup.is_measured(*at);
    if !(0..all.len()).any(|at| known(&at)) {
        let names: Vec<&str> = about.outputs.iter().map(|output| &*output.name).collect();
        return Err(format!(
            "no output is measured: state its noise in the machine's file, noise: {{\"{}\": …}}, \
             and its values in a column z_{}; outputs are {}",
            names.first().unwrap_or(&"?"),
            names.first().unwrap_or(&"?"),
            names.join(", ")
        ));
    }
    for (at, output) in about.outputs.iter().enumerate() {
        if all[at].is_some() && !setup.is_measured(at) {
            eprintln!("note: {} is not taken: its noise is not stated", output.name);
        }
    }
    Ok(all)
}

fn sample(
    schedule: &Schedule,
    measured: &[Option<Cow<[f64]>>],
    row: usize,
    time_s: f64,
) -> Measured {
    let mut inputs = vec![0.0; schedule.inputs()];
    schedule.at(time_s, &[], &mut inputs);
    let outputs = measured.iter().map(|column| {
        let value = column.as_ref().map(|column| column[row]);
        value.filter(|value| value.is_finite())
    });
    Measured { time_s, inputs, outputs: outputs.collect() }
}
