//! Filters fed from tables and pipes: what `estimate`, `forecast` and `diagnose` have in common.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum, ValueHint};
use twinscope::estimate::{
    Entry, Filter, Heard, Lost, Measured, NewPart, Particles, Patient, Setup, Unscented, read_log,
};
use twinscope::model::Machine;
use twinscope::twin::behaviour::Behaviour;

use super::super::{Failure, Outcome};
use super::series::{Line, Manner, Series, Stream, usual_step};
use super::summary::Summary;
use super::{is_standard, told, wrong};

/// Memory that may be kept to go back to late samples, in bytes.
const MOST_BYTES: usize = 1 << 30;
/// Most particles of a filter: each carries a state and parameters of its own through every sample.
const MOST_PARTICLES: usize = 100_000;

/// Which filter, and what it is told besides samples.
#[derive(Args, Debug)]
pub struct FilterArgs {
    /// The filter
    #[arg(long, value_name = "KIND", value_enum, default_value_t = Kind::Unscented)]
    pub filter: Kind,
    /// Particles of the particle filter
    #[arg(long, value_name = "COUNT", default_value_t = 1_000)]
    pub particles: usize,
    #[command(flatten)]
    pub feed: FeedArgs,
}

/// How samples are taken, and what was done to the machine meanwhile.
#[derive(Args, Debug)]
pub struct FeedArgs {
    /// Samples may come late by this: rows that are not in order of time are taken then
    #[arg(long, value_name = "TIME", value_parser = super::super::args::duration)]
    pub late: Option<std::time::Duration>,
    /// What was done to the machine: CSV with t in seconds and part, one of those that the machine's
    /// file states; what is believed of it begins anew
    #[arg(long, value_name = "CSV", value_hint = ValueHint::FilePath)]
    pub maintenance: Option<PathBuf>,
    /// Stop at the first row or cell that cannot be taken, instead of leaving it out and telling so
    #[arg(long)]
    pub strict: bool,
}

impl FeedArgs {
    /// How rows are taken.
    pub fn manner(&self) -> Manner {
        Manner { is_late: self.late.is_some(), is_strict: self.strict }
    }

    /// What was done, in order of time.
    pub fn log(&self) -> Result<Vec<Entry>, Failure> {
        let Some(path) = &self.maintenance else { return Ok(Vec::new()) };
        let bytes = super::super::files::recording(path)?;
        read_log(&bytes).map_err(|error| wrong(path, &error))
    }

    /// That something is wrong with an entry.
    pub fn wrong_entry(&self, entry: &Entry, error: &str) -> Failure {
        let path = self.maintenance.as_deref().unwrap_or(Path::new("--maintenance"));
        wrong(path, &format!("line {}: {error}", entry.line))
    }
}

/// Kinds of filters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Kind {
    /// Unscented Kalman filter: cheap, for beliefs with one summit.
    Unscented,
    /// Particle filter: for beliefs of any shape.
    Particles,
}

/// Feeds a filter with a table, row by row, or with what comes through a pipe, as it comes; the filter
/// as it is then. What was not taken is told.
pub fn run(
    machine: &Machine,
    behaviour: &Behaviour,
    args: &FilterArgs,
    path: &Path,
    mut told_row: impl FnMut(&Filter, &Measured, &Heard) -> Outcome,
) -> Result<Filter, Failure> {
    if args.particles > MOST_PARTICLES {
        let count = args.particles;
        return Err(Failure::Input(format!("--particles {count}: {MOST_PARTICLES} is the most")));
    }
    let setup = Setup::of(behaviour, machine).map_err(told)?;
    let log = log(&args.feed, behaviour, &setup)?;
    let manner = args.feed.manner();
    let complain = |error: String| wrong(path, &error);
    if is_standard(path) {
        let mut stream = Stream::new(std::io::stdin(), &setup, path, manner).map_err(complain)?;
        let Some(first) = stream.line().map_err(complain)? else {
            return Err(complain("the table has no rows".into()));
        };
        let mut feeder = Feeder::new(setup, args, path, log, (stream.begin_s, &first))?;
        feeder.take(&first, &mut told_row)?;
        while let Some(line) = stream.line().map_err(complain)? {
            feeder.take(&line, &mut told_row)?;
        }
        return Ok(feeder.end());
    }
    let series = Series::read(path, &setup, manner)?;
    let first = &series.lines[0];
    let mut feeder = Feeder::new(setup, args, path, log, (series.begin_s, first))?;
    feeder.reaches(&series)?;
    for line in &series.lines {
        feeder.take(line, &mut told_row)?;
    }
    Ok(feeder.end())
}

/// The log of maintenance, and what begins anew with each entry.
fn log(
    args: &FeedArgs,
    behaviour: &Behaviour,
    setup: &Setup,
) -> Result<Vec<(Entry, NewPart)>, Failure> {
    let new = |entry: Entry| {
        let new = setup.new_part(behaviour, &entry.part);
        let new = new.map_err(|error| args.wrong_entry(&entry, &error))?;
        Ok((entry, new))
    };
    args.log()?.into_iter().map(new).collect()
}

/// A filter that is fed.
struct Feeder<'a> {
    filter: Patient,
    /// Most samples that can be kept to go back to.
    most: usize,
    reach_s: f64,
    log: std::iter::Peekable<std::vec::IntoIter<(Entry, NewPart)>>,
    summary: Summary,
    args: &'a FeedArgs,
    path: &'a Path,
}

impl<'a> Feeder<'a> {
    fn new(
        setup: Setup,
        args: &'a FilterArgs,
        path: &'a Path,
        log: Vec<(Entry, NewPart)>,
        (begin_s, first): (f64, &Line),
    ) -> Result<Self, Failure> {
        let summary = Summary::new(&setup);
        let inputs = &first.sample.inputs;
        let filter = match args.filter {
            Kind::Unscented => Unscented::new(setup, begin_s, inputs)
                .map(|filter| Filter::Unscented(Box::new(filter))),
            Kind::Particles => Particles::new(setup, args.particles, 1, begin_s, inputs)
                .map(|filter| Filter::Particles(Box::new(filter))),
        };
        let filter = filter.map_err(|error| wrong(path, &error))?;
        let args = &args.feed;
        let reach_s = args.late.map_or(0.0, |late| late.as_secs_f64());
        let most = MOST_BYTES / Patient::bytes_a_sample(&filter).max(1);
        let filter = Patient::new(filter, reach_s, most);
        Ok(Self { filter, most, reach_s, log: log.into_iter().peekable(), summary, args, path })
    }

    /// Whether so late a sample can be gone back to.
    fn reaches(&self, series: &Series) -> Outcome {
        let mut times: Vec<f64> = series.lines.iter().map(|line| line.sample.time_s).collect();
        times.sort_by(f64::total_cmp);
        let Some(step_s) = usual_step(&times) else { return Ok(()) };
        let needed = (self.reach_s / step_s).min(times.len() as f64);
        if needed <= self.most as f64 {
            return Ok(());
        }
        Err(Failure::Input(format!(
            "--late {} s are {needed:.0} rows of {step_s} s, for which there is no room: with this filter {} \
             can be kept within {} MiB; take fewer particles, or allow samples to be less late",
            self.reach_s,
            self.most,
            MOST_BYTES >> 20
        )))
    }

    fn take(
        &mut self,
        line: &Line,
        told_row: &mut impl FnMut(&Filter, &Measured, &Heard) -> Outcome,
    ) -> Outcome {
        let Line { line: number, sample } = line;
        let setup = self.filter.filter().setup();
        let is_wild = sample.time_s - self.filter.filter().belief().time_s > setup.reach_s();
        while let Some((entry, new)) =
            self.log.next_if(|(entry, _)| !is_wild && entry.time_s <= sample.time_s)
        {
            self.filter
                .replaced(entry.time_s, &new)
                .map_err(|error| self.args.wrong_entry(&entry, &error.to_string()))?;
        }
        match self.filter.observe(sample) {
            Ok(heard) => {
                self.summary.hear(line, &heard, self.filter.filter().setup());
                told_row(self.filter.filter(), sample, &heard)
            }
            // The belief is what it was: such a row is left out, unless that is not wished.
            Err(lost @ (Lost::Late { .. } | Lost::Gap { .. } | Lost::NoNumber { .. }))
                if !self.args.strict =>
            {
                self.summary.leave_out(*number, &lost);
                Ok(())
            }
            Err(lost) => {
                self.summary.tell(self.path, self.filter.filter().setup());
                Err(wrong(self.path, &format!("line {number}: {lost}")))
            }
        }
    }

    /// Tells what was not taken.
    fn end(mut self) -> Filter {
        if let Some((entry, _)) = self.log.next() {
            eprintln!(
                "note: the {} is replaced at {} s, after the last sample: not yet taken into account",
                entry.part, entry.time_s
            );
        }
        self.summary.tell(self.path, self.filter.filter().setup());
        self.filter.filter().clone()
    }
}
