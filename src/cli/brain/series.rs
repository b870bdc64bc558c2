//! What was measured of a machine: rows of a table or of a pipe as samples for a filter.

use std::collections::VecDeque;
use std::io::Read;
use std::path::Path;

use twinscope::estimate::{Measured, Setup};
use twinscope::model::load::{Hold, Schedule};
use twinscope::model::table::{Headings, Reader, Row, Strictness, Told};

use super::super::Failure;
use super::{bytes, shown, wrong};

/// How rows are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Manner {
    /// Rows need not be in order of time.
    pub is_late: bool,
    /// The first cell that is no number ends it all.
    pub is_strict: bool,
}

impl Manner {
    fn strictness(self) -> Strictness {
        if self.is_strict { Strictness::Strict } else { Strictness::Lenient }
    }
}

/// A sample and the line that told it.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    /// Its line in the table.
    pub line: u64,
    /// What it told.
    pub sample: Measured,
}

/// What was measured of a machine, as a whole.
pub struct Series {
    /// A step before the first sample, in seconds.
    pub begin_s: f64,
    /// As they came; there is one at least.
    pub lines: Vec<Line>,
}

impl Series {
    /// Reads a table; what of it is not used is told. Samples are in the order of their rows.
    ///
    /// # Errors
    /// With file, line and column of what cannot be used.
    pub fn read(path: &Path, setup: &Setup, manner: Manner) -> Result<Self, Failure> {
        let complain = |error: String| wrong(path, &error);
        let bytes = bytes(path)?;
        let mut reader = Reader::new(&*bytes, manner.strictness()).map_err(complain)?;
        let mut columns = Columns::of(reader.headings(), setup, path, manner).map_err(complain)?;
        let mut rows = Vec::new();
        while let Some(row) = reader.row().map_err(complain)? {
            rows.push(row);
        }
        if reader.odd().count > 0 {
            eprintln!("note: {}: {}", shown(path), reader.odd());
        }
        let mut order: Vec<usize> = (0..rows.len()).collect();
        let time = |at: usize| rows[at].values[columns.time];
        match (manner.is_late, order.windows(2).find(|pair| !(time(pair[0]) < time(pair[1])))) {
            (true, _) => order.sort_by(|a, b| time(*a).total_cmp(&time(*b))),
            (false, Some(pair)) => {
                return Err(complain(format!(
                    "line {}: the time {} s does not come after {} s; where samples come late, say by \
                     how much: --late 10min",
                    rows[pair[1]].line,
                    time(pair[1]),
                    time(pair[0])
                )));
            }
            (false, None) => {}
        }
        // A cell without an input is as the one before in time.
        let mut samples: Vec<Option<Line>> = rows.iter().map(|_| None).collect();
        let mut times = Vec::with_capacity(rows.len());
        for at in order {
            samples[at] = columns.line(&rows[at]).map_err(complain)?;
            times.extend(samples[at].as_ref().map(|line| line.sample.time_s));
        }
        let Some(first_s) = times.first() else {
            let nothing = || "the table has no rows".to_owned();
            return Err(complain(columns.told.unwrap_or_else(nothing)));
        };
        let begin_s = first_s - usual_step(&times).unwrap_or(setup.step_s);
        Ok(Self { begin_s, lines: samples.into_iter().flatten().collect() })
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

/// The usual time between two rows, in seconds.
pub fn usual_step(times: &[f64]) -> Option<f64> {
    let mut steps: Vec<f64> = times.windows(2).map(|pair| pair[1] - pair[0]).collect();
    steps.sort_by(f64::total_cmp);
    steps.get(steps.len() / 2).copied().filter(|step_s| *step_s > 0.0)
}

/// Samples that come one by one, as through a pipe.
pub struct Stream<R> {
    reader: Reader<R>,
    columns: Columns,
    /// Read, but not told yet.
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
    pub fn new(from: R, setup: &Setup, path: &Path, manner: Manner) -> Result<Self, String> {
        let mut reader = Reader::new(from, manner.strictness())?;
        let columns = Columns::of(reader.headings(), setup, path, manner)?;
        let first = reader.row()?.ok_or("the table has no rows")?;
        let second = reader.row()?;
        let time = |row: &Row| row.values[columns.time];
        let step_s = second.as_ref().map(|second| time(second) - time(&first));
        let step_s = step_s.filter(|step_s| *step_s > 0.0).unwrap_or(setup.step_s);
        let begin_s = time(&first) - step_s;
        Ok(Self {
            reader,
            columns,
            ahead: [Some(first), second].into_iter().flatten().collect(),
            begin_s,
        })
    }

    /// The next sample; `None` at the end, where what was no number is told.
    ///
    /// # Errors
    /// With line and column of what cannot be used.
    pub fn line(&mut self) -> Result<Option<Line>, String> {
        loop {
            let row = match self.ahead.pop_front() {
                Some(row) => Some(row),
                None => self.reader.row()?,
            };
            let Some(row) = row else {
                if self.reader.odd().count > 0 {
                    eprintln!("note: standard input: {}", self.reader.odd());
                }
                return Ok(None);
            };
            if let Some(line) = self.columns.line(&row)? {
                return Ok(Some(line));
            }
        }
    }
}

/// Where a table tells what a filter takes.
struct Columns {
    time: usize,
    inputs: Vec<Option<Told>>,
    names: Vec<String>,
    outputs: Vec<Option<Told>>,
    /// The inputs that were told last; usual ones where there is no column.
    last: Vec<f64>,
    manner: Manner,
    /// Why rows are left out, once that has been told.
    told: Option<String>,
}

impl Columns {
    /// Finds them; inputs that no column tells, and outputs that are not taken, are told.
    fn of(headings: &Headings, setup: &Setup, path: &Path, manner: Manner) -> Result<Self, String> {
        let about = setup.model.about();
        let time = headings.place("t").ok_or_else(|| {
            format!("expected a column `t` with seconds; there are {}", headings.names().join(", "))
        })?;
        let inputs = about.inputs.iter().map(|input| headings.told(&["u"], input));
        let inputs: Vec<Option<Told>> = inputs.collect::<Result<_, _>>()?;
        let mut last = Vec::new();
        for (input, told) in about.inputs.iter().zip(&inputs) {
            last.push(if told.is_some() { f64::NAN } else { input.usual });
            if told.is_none() {
                let (name, meaning, usual, unit) =
                    (&input.name, &input.meaning, input.usual, &input.unit);
                eprintln!(
                    "note: {}: there is no column `u_{name}`: the {meaning} is {usual} {unit} all the time",
                    shown(path)
                );
            }
        }
        let outputs = about.outputs.iter().map(|output| headings.told(&["meas", "z"], output));
        let outputs: Vec<Option<Told>> = outputs.collect::<Result<_, _>>()?;
        let names: Vec<String> = about.outputs.iter().map(|output| output.name.clone()).collect();
        if !(0..outputs.len()).any(|at| outputs[at].is_some() && setup.is_measured(at)) {
            let first = names.first().map_or("?", String::as_str);
            return Err(format!(
                "no output is measured: state its noise in the machine's file, noise: {{\"{first}\": …}}, \
                 and its values in a column z_{first}; outputs are {}",
                names.join(", ")
            ));
        }
        for (at, name) in names.iter().enumerate() {
            if outputs[at].is_some() && !setup.is_measured(at) {
                eprintln!("note: {name} is not taken: its noise is not stated");
            }
        }
        let names = about.inputs.iter().map(|input| input.name.clone()).collect();
        Ok(Self { time, inputs, names, outputs, last, manner, told: None })
    }

    /// What a row tells; inputs that are missing are as on the row before. `None` for a row that is left
    /// out, because there was no row before.
    fn line(&mut self, row: &Row) -> Result<Option<Line>, String> {
        let value = |told: &Told| told.value(row.values[told.column]);
        for (last, told) in self.last.iter_mut().zip(&self.inputs) {
            if let Some(input) = told.as_ref().map(value).filter(|input| input.is_finite()) {
                *last = input;
            }
        }
        if let Some(at) = self.last.iter().position(|input| !input.is_finite()) {
            let (line, name) = (row.line, &self.names[at]);
            let error = format!("line {line}: the input `{name}` has no value to begin with");
            if self.manner.is_strict {
                return Err(error);
            }
            if self.told.is_none() {
                eprintln!("note: {error}; rows are left out until it has");
                self.told = Some(error);
            }
            return Ok(None);
        }
        if !row.values[self.time].is_finite() {
            return Err(format!("line {}: the time is missing", row.line));
        }
        let output = |told: &Option<Told>| told.as_ref().map(value).filter(|z| z.is_finite());
        let sample = Measured {
            time_s: row.values[self.time],
            inputs: self.last.clone(),
            outputs: self.outputs.iter().map(output).collect(),
        };
        Ok(Some(Line { line: row.line, sample }))
    }
}
