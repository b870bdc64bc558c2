//! Filters run over tables and pipes: what `estimate`, `forecast` and `diagnose` have in common.

use std::path::Path;

use twinscope::estimate::{
    Entry, Filter, FilterSetup, Measured, MeasurementUpdate, NewPart, ObserveError, Particles,
    ReorderingFilter, Unscented, read_log,
};
use twinscope::model::Machine;
use twinscope::table::usual_step;
use twinscope::twin::behaviour::Behaviour;

use super::super::failure::{Failure, Outcome};
use super::args::{FilterArgs, FilterKind, SamplesArgs};
use super::input::{is_standard, reported, wrong};
use super::rejections::Rejections;
use super::series::{Line, RowPolicy, Series, Stream};

/// Memory that may be kept to go back to late samples, in bytes.
const MOST_BYTES: usize = 1 << 30;
/// Most particles of a filter: each carries a state and parameters of its own through every sample.
const MOST_PARTICLES: usize = 100_000;

impl SamplesArgs {
    /// How rows are taken.
    pub fn row_policy(&self) -> RowPolicy {
        RowPolicy { is_late: self.late.is_some(), is_strict: self.strict }
    }

    /// What was done, in order of time.
    pub fn log(&self) -> Result<Vec<Entry>, Failure> {
        let Some(path) = &self.maintenance else { return Ok(Vec::new()) };
        let bytes = super::super::files::recording(path)?;
        read_log(&bytes).map_err(|error| wrong(path, error))
    }

    /// The failure that something is wrong with an entry.
    pub fn wrong_entry(&self, entry: &Entry, error: impl std::fmt::Display) -> Failure {
        let path = self.maintenance.as_deref().unwrap_or(Path::new("--maintenance"));
        wrong(path, format!("line {}: {error}", entry.line))
    }
}

/// Updates a filter by a table, row by row, or by what comes through a pipe, as it comes; the filter
/// as it is then. `on_row` is called with each row that was taken; what was not taken is noted.
pub fn run(
    machine: &Machine,
    behaviour: &Behaviour,
    args: &FilterArgs,
    path: &Path,
    mut on_row: impl FnMut(&Filter, &Measured, &MeasurementUpdate) -> Outcome,
) -> Result<Filter, Failure> {
    check_particles(args)?;
    let setup = FilterSetup::of(behaviour, machine).map_err(reported)?;
    let log = log(&args.samples_args, behaviour, &setup)?;
    let policy = args.samples_args.row_policy();
    if is_standard(path) {
        let mut stream = Stream::new(std::io::stdin(), machine, &setup, path, policy)
            .map_err(|error| wrong(path, error))?;
        let Some(first) = stream.line().map_err(|error| wrong(path, error))? else {
            return Err(wrong(path, "the table has no rows"));
        };
        let mut filtering = FilterRun::new(setup, args, path, log, (stream.begin_s, &first))?;
        filtering.take(&first, &mut on_row)?;
        while let Some(line) = stream.line().map_err(|error| wrong(path, error))? {
            filtering.take(&line, &mut on_row)?;
        }
        return Ok(filtering.end());
    }
    let series = Series::read(path, machine, &setup, policy)?;
    let machine = &series.with_steps_that_hold(machine, path)?;
    run_series(machine, behaviour, args, path, &series, on_row)
}

fn check_particles(args: &FilterArgs) -> Outcome {
    match args.particles {
        ..=MOST_PARTICLES => Ok(()),
        count => Err(Failure::Input(format!("--particles {count}: {MOST_PARTICLES} is the most"))),
    }
}

/// The same by a table that was read already.
pub fn run_series(
    machine: &Machine,
    behaviour: &Behaviour,
    args: &FilterArgs,
    path: &Path,
    series: &Series,
    mut on_row: impl FnMut(&Filter, &Measured, &MeasurementUpdate) -> Outcome,
) -> Result<Filter, Failure> {
    check_particles(args)?;
    let setup = FilterSetup::of(behaviour, machine).map_err(reported)?;
    let log = log(&args.samples_args, behaviour, &setup)?;
    let first = &series.lines[0];
    let mut filtering = FilterRun::new(setup, args, path, log, (series.begin_s, first))?;
    filtering.reaches(series)?;
    for line in &series.lines {
        filtering.take(line, &mut on_row)?;
    }
    filtering.whole()?;
    Ok(filtering.end())
}

/// The log of maintenance, and what begins anew with each entry.
fn log(
    args: &SamplesArgs,
    behaviour: &Behaviour,
    setup: &FilterSetup,
) -> Result<Vec<(Entry, NewPart)>, Failure> {
    let new = |entry: Entry| {
        let new = setup.new_part(behaviour, &entry.part);
        let new = new.map_err(|error| args.wrong_entry(&entry, error))?;
        Ok((entry, new))
    };
    args.log()?.into_iter().map(new).collect()
}

/// A filter under way.
struct FilterRun<'a> {
    filter: ReorderingFilter,
    /// Most samples that can be kept to go back to.
    most: usize,
    reach_s: f64,
    log: std::iter::Peekable<std::vec::IntoIter<(Entry, NewPart)>>,
    rejections: Rejections,
    args: &'a SamplesArgs,
    path: &'a Path,
}

impl<'a> FilterRun<'a> {
    fn new(
        setup: FilterSetup,
        args: &'a FilterArgs,
        path: &'a Path,
        log: Vec<(Entry, NewPart)>,
        (begin_s, first): (f64, &Line),
    ) -> Result<Self, Failure> {
        let rejections = Rejections::new(&setup);
        let inputs = &first.sample.inputs;
        let filter = match args.filter {
            FilterKind::Unscented => Unscented::new(setup, begin_s, inputs)
                .map(|filter| Filter::Unscented(Box::new(filter))),
            FilterKind::Particles => Particles::new(setup, args.particles, 1, begin_s, inputs)
                .map(|filter| Filter::Particles(Box::new(filter))),
        };
        let filter = filter.map_err(|error| wrong(path, error))?;
        let args = &args.samples_args;
        let reach_s = args.late.map_or(0.0, |late| late.as_secs_f64());
        let most = MOST_BYTES / ReorderingFilter::bytes_a_sample(&filter).max(1);
        let filter = ReorderingFilter::new(filter, reach_s, most);
        Ok(Self { filter, most, reach_s, log: log.into_iter().peekable(), rejections, args, path })
    }

    /// Whether there is memory to go back to the latest sample.
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
        on_row: &mut impl FnMut(&Filter, &Measured, &MeasurementUpdate) -> Outcome,
    ) -> Outcome {
        let Line { line: number, sample } = line;
        let setup = self.filter.filter().setup();
        let is_wild = sample.time_s - self.filter.filter().belief().time_s > setup.reach_s();
        while let Some((entry, new)) =
            self.log.next_if(|(entry, _)| !is_wild && entry.time_s <= sample.time_s)
        {
            self.filter
                .replaced(entry.time_s, &new)
                .map_err(|error| self.args.wrong_entry(&entry, error))?;
        }
        match self.filter.observe(sample) {
            Ok(update) => {
                self.rejections.record(line, &update, self.filter.filter().setup());
                on_row(self.filter.filter(), sample, &update)
            }
            // The belief is what it was: such a row is left out, unless `--strict` is given.
            Err(
                error @ (ObserveError::Late { .. }
                | ObserveError::Gap { .. }
                | ObserveError::NoNumber { .. }),
            ) if !self.args.strict => {
                self.rejections.leave_out(*number, &error);
                Ok(())
            }
            Err(error) => {
                self.rejections.note(self.path, self.filter.filter().setup());
                Err(wrong(self.path, format!("line {number}: {error}")))
            }
        }
    }

    /// That a row was taken at all.
    fn whole(&self) -> Outcome {
        match self.rejections.all_left_out() {
            Some(reason) => {
                let text = format!("not one row could be taken: {reason}");
                Err(wrong(self.path, text))
            }
            None => Ok(()),
        }
    }

    /// Notes what was not taken.
    fn end(mut self) -> Filter {
        if let Some((entry, _)) = self.log.next() {
            eprintln!(
                "note: the {} is replaced at {} s, after the last sample: not yet taken into account",
                entry.part, entry.time_s
            );
        }
        self.rejections.note(self.path, self.filter.filter().setup());
        self.filter.filter().clone()
    }
}
