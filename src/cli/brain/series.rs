//! What was measured of a machine: rows of a table or of a pipe as samples for a filter.

mod wild;

use std::collections::VecDeque;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;

use twinscope::estimate::{FilterSetup, Measured};
use twinscope::model::load::{Hold, Load, Schedule};
use twinscope::model::stability::Steps;
use twinscope::model::table::link;
use twinscope::model::{Kernel, Machine, Variable};
use twinscope::table::{Headings, LinkedColumn, Reader, Row, Strictness, TableError, usual_step};

use self::wild::{without_wild_ends, without_wild_times};
use super::super::failure::Failure;
use super::input::{bytes, note_shortened, shown, wrong};
use super::scheduled::over_stated;

/// Which rows are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RowPolicy {
    /// Rows need not be in order of time.
    pub is_late: bool,
    /// A cell that is no number is an error.
    pub is_strict: bool,
}

impl RowPolicy {
    fn strictness(self) -> Strictness {
        if self.is_strict { Strictness::Strict } else { Strictness::Lenient }
    }
}

/// A sample and its line.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    /// Its line in the table.
    pub line: u64,
    /// The sample.
    pub sample: Measured,
}

/// What was measured of a machine, as a whole.
pub struct Series {
    /// A step before the first sample, in seconds.
    pub begin_s: f64,
    /// As they came; there is one at least.
    pub lines: Vec<Line>,
    /// The inputs that have a column, by place.
    pub inputs: Vec<usize>,
    /// Longest time from one sample to the next through which a filter carries the model, in seconds.
    reach_s: f64,
}

impl Series {
    /// Reads a table; what of it is not used is noted. Samples are in the order of their rows.
    ///
    /// # Errors
    /// With file, line and column of what cannot be used.
    pub fn read(
        path: &Path,
        machine: &Machine,
        setup: &FilterSetup,
        policy: RowPolicy,
    ) -> Result<Self, Failure> {
        let complain = |error: TableError| wrong(path, error);
        let bytes = bytes(path)?;
        let mut reader = Reader::of(&bytes, policy.strictness()).map_err(complain)?;
        let columns = Columns::of(reader.headings(), machine, setup, path, policy);
        let mut columns = columns.map_err(|error| wrong(path, error))?;
        let mut rows = Vec::new();
        while let Some(row) = reader.row().map_err(complain)? {
            rows.push(row);
        }
        if reader.invalid().count > 0 {
            eprintln!("note: {}: {}", shown(path), reader.invalid());
        }
        let time = |at: usize| rows[at].values[columns.time];
        let mut order: Vec<usize> = (0..rows.len()).collect();
        match policy {
            RowPolicy { is_strict: true, .. } => {}
            RowPolicy { is_late: false, .. } => {
                order = without_wild_times(order, time, setup.reach_s())
            }
            RowPolicy { is_late: true, .. } => {
                // In order of time wild ones are at the ends.
                order.sort_by(|a, b| time(*a).total_cmp(&time(*b)));
                order = without_wild_ends(order, time, setup.reach_s());
                order.sort_unstable();
            }
        }
        if order.len() < rows.len() {
            let mut left_out = (0..rows.len()).filter(|at| order.binary_search(at).is_err());
            let first = left_out.next().unwrap_or_default();
            eprintln!(
                "note: {}: {} of {} rows are left out, first line {}: the time {} s is far from those around it",
                shown(path),
                rows.len() - order.len(),
                rows.len(),
                rows[first].line,
                time(first)
            );
        }
        match (policy.is_late, order.windows(2).find(|pair| !(time(pair[0]) < time(pair[1])))) {
            (true, _) => order.sort_by(|a, b| time(*a).total_cmp(&time(*b))),
            (false, Some(pair)) => {
                let text = format!(
                    "line {}: the time {} s does not come after {} s; where samples come late, say by \
                     how much: --late 10min",
                    rows[pair[1]].line,
                    time(pair[1]),
                    time(pair[0])
                );
                return Err(wrong(path, text));
            }
            (false, None) => {}
        }
        // A cell without an input is as the one before in time.
        let mut samples: Vec<Option<Line>> = rows.iter().map(|_| None).collect();
        let mut times = Vec::with_capacity(rows.len());
        for at in order {
            samples[at] = columns.line(&rows[at]).map_err(|error| wrong(path, error))?;
            times.extend(samples[at].as_ref().map(|line| line.sample.time_s));
        }
        let Some(first_s) = times.first() else {
            let nothing = || TableError::NoRows.to_string();
            return Err(wrong(path, columns.noted.unwrap_or_else(nothing)));
        };
        let is_short = |step_s: &f64| *step_s <= setup.reach_s();
        let begin_s = first_s - usual_step(&times).filter(is_short).unwrap_or(setup.step_s);
        let has_column = |input: &usize| columns.inputs[*input].is_some();
        let inputs = (0..columns.inputs.len()).filter(has_column).collect();
        let (lines, reach_s) = (samples.into_iter().flatten().collect(), setup.reach_s());
        Ok(Self { begin_s, lines, inputs, reach_s })
    }

    /// A machine whose steps, where its file states none, are ones that it bears under the inputs of these
    /// samples; shorter ones are noted. Samples after a gap that is refused act on nothing.
    ///
    /// # Errors
    /// When no step holds.
    pub fn with_steps_that_hold(&self, machine: &Machine, path: &Path) -> Result<Machine, Failure> {
        let mut machine = machine.clone();
        let rows = self.rows_until_a_gap();
        let apart_s = rows.windows(2).map(|pair| pair[1].0 - pair[0].0).fold(0.0, f64::max);
        let Some((last_s, _)) = rows.last().filter(|_| !machine.is_step_stated && apart_s > 0.0)
        else {
            return Ok(machine);
        };
        let load = Schedule::new(&rows, Hold::End).map_err(|error| wrong(path, error))?;
        let load = over_stated(&machine, Arc::new(load), self.inputs.clone());
        let begin_s = self.begin_s;
        let (mut initial, mut u) = (machine.initial.clone(), machine.model.about().usual_inputs());
        load.at(begin_s, &initial, &mut u);
        Kernel::<f64>::start(&*machine.model, &u, &machine.parameters, &mut initial);
        // From one sample to the next there are as many steps as are needed: none is longer than that.
        let dt_s = machine.step_s.min(apart_s);
        let steps = Steps {
            model: &*machine.model,
            parameters: &machine.parameters,
            initial: &initial,
            load: &*load,
            begin_s,
            span_s: last_s - begin_s,
            dt_s,
            method: None,
        };
        let step_s = steps.shortened().map_err(|error| wrong(path, error))?;
        if step_s < dt_s {
            let why = format!("under the inputs in {}", shown(path));
            eprintln!("{}", note_shortened(&machine, step_s, machine.step_s, &why));
            machine.step_s = step_s;
        }
        Ok(machine)
    }

    /// Times and inputs in order of time, up to the first gap that no filter carries the model through. Of
    /// several samples with the same time only the first one's inputs act at all.
    fn rows_until_a_gap(&self) -> Vec<(f64, Vec<f64>)> {
        let mut rows: Vec<_> = self.lines.iter().map(row).collect();
        rows.sort_by(|a, b| a.0.total_cmp(&b.0));
        rows.dedup_by(|later, first| later.0 == first.0);
        let gap = rows.windows(2).position(|pair| pair[1].0 - pair[0].0 > self.reach_s);
        rows.truncate(gap.map_or(rows.len(), |before| before + 1));
        rows
    }

    /// Only the samples, in order of time.
    pub fn in_order(mut self) -> Self {
        self.lines.sort_by(|a, b| a.sample.time_s.total_cmp(&b.sample.time_s));
        self
    }

    /// The inputs as a load, each row's until its time.
    ///
    /// # Errors
    /// When two rows have the same time.
    pub fn load(&self) -> Result<Schedule, String> {
        Schedule::new(&self.lines.iter().map(row).collect::<Vec<_>>(), Hold::End)
    }
}

/// The row of a load that a sample is.
fn row(line: &Line) -> (f64, Vec<f64>) {
    (line.sample.time_s, line.sample.inputs.clone())
}

/// Samples that come one by one, as through a pipe.
pub struct Stream<R> {
    reader: Reader<R>,
    columns: Columns,
    /// Rows that were read ahead.
    ahead: VecDeque<Row>,
    /// A step before the first sample, in seconds: as long as that to the second one.
    pub begin_s: f64,
}

impl<R: Read> Stream<R> {
    /// Reads headings and the first rows. The first row waits for the second, by which it is known how
    /// long its inputs have acted.
    ///
    /// # Errors
    /// With line and column of what cannot be used.
    pub fn new(
        from: R,
        machine: &Machine,
        setup: &FilterSetup,
        path: &Path,
        policy: RowPolicy,
    ) -> Result<Self, String> {
        let mut reader = Reader::new(from, policy.strictness()).map_err(text)?;
        let columns = Columns::of(reader.headings(), machine, setup, path, policy)?;
        let first = reader.row().map_err(text)?.ok_or("the table has no rows")?;
        let second = reader.row().map_err(text)?;
        let time = |row: &Row| row.values[columns.time];
        let step_s = second.as_ref().map(|second| time(second) - time(&first));
        let is_usual = |step_s: &f64| *step_s > 0.0 && *step_s <= setup.reach_s();
        let step_s = step_s.filter(is_usual).unwrap_or(setup.step_s);
        let begin_s = time(&first) - step_s;
        Ok(Self {
            reader,
            columns,
            ahead: [Some(first), second].into_iter().flatten().collect(),
            begin_s,
        })
    }

    /// The next sample; `None` at the end, where what was no number is noted.
    ///
    /// # Errors
    /// With line and column of what cannot be used.
    pub fn line(&mut self) -> Result<Option<Line>, String> {
        loop {
            let row = match self.ahead.pop_front() {
                Some(row) => Some(row),
                None => self.reader.row().map_err(text)?,
            };
            let Some(row) = row else {
                if self.reader.invalid().count > 0 {
                    eprintln!("note: standard input: {}", self.reader.invalid());
                }
                return Ok(None);
            };
            if let Some(line) = self.columns.line(&row)? {
                return Ok(Some(line));
            }
        }
    }
}

/// The columns of what a filter takes.
struct Columns {
    time: usize,
    inputs: Vec<Option<LinkedColumn>>,
    names: Vec<String>,
    outputs: Vec<Option<LinkedColumn>>,
    /// The last inputs.
    last: Vec<f64>,
    /// Those that have no column: as the machine's file states, or as usual.
    stated: Schedule,
    /// Time of the last row, in seconds.
    last_s: Option<f64>,
    policy: RowPolicy,
    /// Why rows are left out, once that has been noted.
    noted: Option<String>,
}

impl Columns {
    /// Finds them; inputs without a column, and outputs that are not taken, are noted.
    fn of(
        headings: &Headings,
        machine: &Machine,
        setup: &FilterSetup,
        path: &Path,
        policy: RowPolicy,
    ) -> Result<Self, String> {
        let about = setup.model.about();
        let time = headings.expect_times(" with seconds").map_err(text)?.column();
        let inputs = about.inputs.iter().map(|input| link(headings, &["u"], input));
        let inputs: Vec<Option<LinkedColumn>> = inputs.collect::<Result<_, _>>().map_err(text)?;
        let mut last = Vec::new();
        for (at, (input, column)) in about.inputs.iter().zip(&inputs).enumerate() {
            last.push(if column.is_some() { f64::NAN } else { input.usual });
            if column.is_none() && machine.inputs.iter().all(|(input, _)| *input != at) {
                let (name, meaning, usual, unit) =
                    (&input.name, &input.meaning, input.usual, &input.unit);
                eprintln!(
                    "note: {}: there is no column `u_{name}`: the {meaning} is {usual} {unit} all the time",
                    shown(path)
                );
            }
        }
        let outputs = about.outputs.iter().map(|output| link(headings, &["meas", "z"], output));
        let outputs: Vec<Option<LinkedColumn>> = outputs.collect::<Result<_, _>>().map_err(text)?;
        let names: Vec<String> = about.outputs.iter().map(|output| output.name.clone()).collect();
        if !(0..outputs.len()).any(|at| outputs[at].is_some() && setup.is_measured(at)) {
            let first = names.first().map_or("?", String::as_str);
            return Err(format!(
                "no output is measured: state its noise in the machine's file, noise: {{\"{first}\": …}}, \
                 and its values in a column z_{first}; outputs are {}",
                names.join(", ")
            ));
        }
        let has_prefix = |linked: &LinkedColumn| {
            let name = &headings.names()[linked.column];
            ["u_", "z_", "meas_"].iter().any(|prefix| name.starts_with(prefix))
        };
        let have_prefixes = inputs.iter().chain(&outputs).flatten().all(has_prefix);
        for (at, output) in about.outputs.iter().enumerate() {
            let column = headings.place(&output.name).filter(|column| headings.is_time(*column));
            let Some(column) = column.filter(|_| outputs[at].is_none() && setup.is_measured(at))
            else {
                continue;
            };
            let Variable { name, meaning, .. } = output;
            // Where variables stand without a prefix, this one may be another of them.
            if !have_prefixes && !headings.has_unit(column) {
                return Err(format!(
                    "line {}: `{name}` may be the time or the {meaning}: call it `time`, or `z_{name}` beside \
                     a column `time`",
                    headings.line()
                ));
            }
            eprintln!("note: `{name}` is the time: the {meaning} is read from a column `z_{name}`");
        }
        for (at, name) in names.iter().enumerate() {
            if outputs[at].is_some() && !setup.is_measured(at) {
                eprintln!("note: {name} is not taken: its noise is not stated");
            }
        }
        let names = about.inputs.iter().map(|input| input.name.clone()).collect();
        let (stated, last_s) = (machine.load(), None);
        Ok(Self { time, inputs, names, outputs, last, stated, last_s, policy, noted: None })
    }

    /// The sample of a row; inputs that are missing are as on the row before. `None` for a row that is left
    /// out, because there was no row before.
    fn line(&mut self, row: &Row) -> Result<Option<Line>, String> {
        let value = |linked: &LinkedColumn| linked.value(row.values[linked.column]);
        let time_s = row.values[self.time];
        if !time_s.is_finite() {
            return Err(TableError::MissingTime { line: row.line }.to_string());
        }
        let mut stated = self.last.clone();
        // What the row's inputs are acts from the row before on.
        self.stated.at(
            self.last_s.map_or(time_s, |last_s| 0.5 * (last_s + time_s)),
            &[],
            &mut stated,
        );
        self.last_s = Some(time_s);
        for ((last, column), stated) in self.last.iter_mut().zip(&self.inputs).zip(stated) {
            match column.as_ref().map(value) {
                None => *last = stated,
                Some(input) if input.is_finite() => *last = input,
                Some(_) => {}
            }
        }
        if let Some(at) = self.last.iter().position(|input| !input.is_finite()) {
            let (line, name) = (row.line, &self.names[at]);
            let error = format!("line {line}: the input `{name}` has no value to begin with");
            if self.policy.is_strict {
                return Err(error);
            }
            if self.noted.is_none() {
                eprintln!("note: {error}; rows are left out until it has");
                self.noted = Some(error);
            }
            return Ok(None);
        }
        let output =
            |column: &Option<LinkedColumn>| column.as_ref().map(value).filter(|z| z.is_finite());
        let sample = Measured {
            time_s,
            inputs: self.last.clone(),
            outputs: self.outputs.iter().map(output).collect(),
        };
        Ok(Some(Line { line: row.line, sample }))
    }
}

fn text(error: TableError) -> String {
    error.to_string()
}

#[cfg(test)]
mod tests {
    use twinscope::model::{About, Equations, Real, model};

    use super::*;

    /// What shrinks at a rate that acts on it.
    struct Shrinking;

    impl Equations for Shrinking {
        fn about() -> About {
            let about =
                About::new("shrinking", "What shrinks").state("x", "1", 1.0, "what shrinks");
            about.input("rate", "1/s", 1.0, "rate by which it does")
        }
        fn derivative<R: Real>(x: &[R], u: &[R], _: &[R], dx: &mut [R]) {
            dx[0] = x[0] * u[0] * -1.0;
        }
        fn output<R: Real>(_: &[R], _: &[R], _: &[R], _: &mut [R]) {}
        fn event_state<R: Real>(_: &[R], _: &[R], _: &[R], _: &mut [R]) {}
    }

    /// Steps of a second are too long for a rate above 2 a second: what is taken for such samples.
    fn step_s(rows: &[(f64, f64)]) -> f64 {
        let line = |(at, (time_s, rate)): (usize, &(f64, f64))| {
            let sample = Measured { time_s: *time_s, inputs: vec![*rate], outputs: Vec::new() };
            Line { line: at as u64 + 2, sample }
        };
        let lines = rows.iter().enumerate().map(line).collect();
        let series = Series { begin_s: -1.0, lines, inputs: vec![0], reach_s: 4e6 };
        let machine = Machine::usual(model::<Shrinking>());
        assert_eq!(machine.step_s, 1.0);
        let found = series.with_steps_that_hold(&machine, Path::new("s.csv"));
        found.expect("a step holds").step_s
    }

    #[test]
    fn steps_hold_under_samples_in_whatever_order_and_not_under_those_after_a_gap() {
        // From the row before on the third one's rate acts for a minute.
        let rows = [(0.0, 1.0), (60.0, 1.0), (120.0, 4.0), (180.0, 1.0)];
        let shorter_s = step_s(&rows);
        assert!((0.1..0.5).contains(&shorter_s), "{shorter_s}");
        for order in [[0, 2, 1, 3], [3, 2, 1, 0], [1, 3, 0, 2]] {
            assert_eq!(step_s(&order.map(|at: usize| rows[at])), shorter_s, "{order:?}");
        }
        let twice = [rows[0], rows[1], rows[1], rows[2], rows[3]];
        assert_eq!(step_s(&twice), shorter_s);
        // A filter refuses so wild a last row.
        let wild = (1e12, 100.0);
        assert_eq!(step_s(&[(0.0, 1.0), (60.0, 1.0), wild]), 1.0);
        assert_eq!(step_s(&[&rows[..], &[wild]].concat()), shorter_s);
    }
}
