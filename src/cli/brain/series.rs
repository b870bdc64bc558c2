//! What was measured of a machine: rows of a table or of a pipe as samples for a filter.

use std::collections::VecDeque;
use std::io::Read;
use std::path::Path;

use twinscope::estimate::{FilterSetup, Measured};
use twinscope::model::load::{Hold, Load, Schedule};
use twinscope::model::table::link;
use twinscope::model::{Machine, Variable};
use twinscope::table::{Headings, LinkedColumn, Reader, Row, Strictness, TableError, usual_step};

use super::super::failure::Failure;
use super::input::{bytes, shown, wrong};

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
        let mut order: Vec<usize> = match policy {
            RowPolicy { is_late: false, is_strict: false } => {
                without_wild_times(rows.len(), time, setup.reach_s())
            }
            _ => (0..rows.len()).collect(),
        };
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
        Ok(Self { begin_s, lines: samples.into_iter().flatten().collect(), inputs })
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
        let row = |line: &Line| (line.sample.time_s, line.sample.inputs.clone());
        Schedule::new(&self.lines.iter().map(row).collect::<Vec<_>>(), Hold::End)
    }
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

/// Places of the rows without those of a wild time: one that is further from the row before it than a model
/// can be carried, while the row after it is not.
fn without_wild_times(count: usize, time: impl Fn(usize) -> f64, reach_s: f64) -> Vec<usize> {
    let mut kept: Vec<usize> = Vec::with_capacity(count);
    for at in 0..count {
        if let [before @ .., last] = &kept[..]
            && time(at) <= time(*last)
        {
            let leads_far = match before.last() {
                Some(before) => time(*last) - time(*before) > reach_s && time(at) > time(*before),
                None => time(*last) - time(at) > reach_s,
            };
            if leads_far {
                kept.pop();
            }
        }
        kept.push(at);
    }
    kept
}

fn text(error: TableError) -> String {
    error.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wild_time_is_left_out_and_rows_out_of_order_are_not() {
        let kept = |times: &[f64]| without_wild_times(times.len(), |at| times[at], 1e6);
        assert_eq!(kept(&[0.0, 1.0, 1e12, 2.0, 3.0]), [0, 1, 3, 4]);
        assert_eq!(kept(&[1e12, 1.0, 2.0]), [1, 2]);
        // Whether the last one is wild cannot be known by what follows: the filter refuses the gap.
        assert_eq!(kept(&[0.0, 1.0, 1e12]), [0, 1, 2]);
        // A day without samples, and rows that are not in order, are another matter.
        assert_eq!(kept(&[0.0, 1.0, 86_400.0, 2.0]), [0, 1, 2, 3]);
        assert_eq!(kept(&[0.0, 1.0, 86_400.0, 86_401.0]), [0, 1, 2, 3]);
    }
}
