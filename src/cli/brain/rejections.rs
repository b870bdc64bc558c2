//! What a filter did not take, noted once: how often, and where first.

use std::path::Path;

use twinscope::estimate::{FilterSetup, MeasurementUpdate, ObserveError};
use twinscope::model::Variable;
use twinscope::twin::Unit;

use super::input::shown;
use super::series::Line;

/// By so many first values of an output it is checked whether they can be in its unit.
pub const CHECKED: u32 = 5;
/// Values further from what is expected than so many deviations are hardly in the output's unit.
const FAR: f64 = 20.0;
/// Values that are within so many deviations in another unit are in that one.
const NEAR: f64 = 6.0;
/// Units in which things are measured.
const USUAL: [&str; 21] = [
    "Cel",
    "[degF]",
    "K",
    "bar",
    "kPa",
    "MPa",
    "Pa",
    "[psi]",
    "m3/h",
    "L/min",
    "L/s",
    "m3/s",
    "{rev}/min",
    "rad/s",
    "mm",
    "m",
    "deg",
    "rad",
    "kW",
    "W",
    "%",
];

/// How often something happened, and where first.
#[derive(Clone, Debug, Default)]
struct Tally {
    count: u64,
    line: u64,
}

impl Tally {
    fn count(&mut self, line: u64) {
        if self.count == 0 {
            self.line = line;
        }
        self.count += 1;
    }
}

/// What becomes of an output's values.
#[derive(Clone, Debug, Default)]
struct Output {
    measured: u64,
    refused: Tally,
    impossible: Tally,
    /// Of the first values: how many, how many far off, and the last of them.
    checked: u32,
    far: u32,
    last: f64,
}

/// What became of all samples.
pub struct Rejections {
    rows: u64,
    left_out: Tally,
    /// Why the first row was left out.
    reason: String,
    outputs: Vec<Output>,
}

impl Rejections {
    /// Of a filter with that setup.
    pub fn new(setup: &FilterSetup) -> Self {
        let outputs = vec![Output::default(); setup.noise.len()];
        Self { rows: 0, left_out: Tally::default(), reason: String::new(), outputs }
    }

    /// A row was left out.
    pub fn leave_out(&mut self, line: u64, error: &ObserveError) {
        self.rows += 1;
        if self.left_out.count == 0 {
            self.reason = error.to_string();
        }
        self.left_out.count(line);
    }

    /// Why the first row was left out, where all rows were.
    pub fn all_left_out(&self) -> Option<&str> {
        (self.rows > 0 && self.left_out.count == self.rows).then_some(&*self.reason)
    }

    /// A row was taken; by its first values it is checked whether an output is in the model's unit.
    pub fn record(&mut self, line: &Line, update: &MeasurementUpdate, setup: &FilterSetup) {
        self.rows += 1;
        let about = setup.model.about();
        for (at, output) in self.outputs.iter_mut().enumerate() {
            let Some(value) = line.sample.outputs[at].filter(|_| setup.is_measured(at)) else {
                continue;
            };
            output.measured += 1;
            match update.innovation[at] {
                None => output.impossible.count(line.line),
                Some(_) if !update.taken[at] => output.refused.count(line.line),
                Some(_) => {}
            }
            if output.checked < CHECKED {
                output.checked += 1;
                let off = (value - update.expected[at]).abs() / update.deviation[at];
                output.far += u32::from(off > FAR);
                output.last = value;
                if output.checked == CHECKED && output.far == CHECKED {
                    note_unit(&about.outputs[at], value, update.expected[at], update.deviation[at]);
                }
            }
        }
    }

    /// Notes what was not taken.
    pub fn note(&self, path: &Path, setup: &FilterSetup) {
        let name = shown(path);
        let Tally { count, line } = &self.left_out;
        if *count > 0 {
            eprintln!(
                "note: {name}: {count} of {} rows are left out, first line {line}: {}",
                self.rows, self.reason
            );
        }
        for (output, about) in self.outputs.iter().zip(&setup.model.about().outputs) {
            let (of, what) = (output.measured, &about.name);
            let Tally { count, line } = &output.impossible;
            if *count > 0 {
                eprintln!(
                    "note: {name}: {count} of {of} values of `{what}` cannot be and are left out, first on \
                     line {line}: it is in {}",
                    about.unit
                );
            }
            let Tally { count, line } = &output.refused;
            if *count > 0 {
                eprintln!(
                    "note: {name}: {count} of {of} values of `{what}` are too far off to be taken, first on \
                     line {line}: beyond {} deviations of what is expected",
                    setup.gate
                );
            }
        }
    }
}

/// Notes that values are hardly in a unit, and in which they may be.
fn note_unit(output: &Variable, value: f64, expected: f64, deviation: f64) {
    let Variable { name, unit, meaning, .. } = output;
    let off = |code: &&&str| {
        let (scale, offset) = Unit::parse(code).ok()?.conversion_to(&output.unit().ok()?)?;
        let off = (value * scale + offset - expected).abs() / deviation;
        (off < NEAR).then_some(off)
    };
    let other =
        USUAL.iter().filter(|code| **code != unit.as_str()).filter(|code| off(code).is_some());
    let nearest = other.min_by(|a, b| off(a).unwrap_or(FAR).total_cmp(&off(b).unwrap_or(FAR)));
    let what_to_do = match nearest {
        Some(code) => format!(
            "if the column is in {code}, say so in its heading: `z_{name} [{}]`",
            code.trim_matches(['[', ']'])
        ),
        None => {
            "check the column's unit, and where the machine begins (`initial`, `estimate`)".into()
        }
    };
    eprintln!(
        "note: `{name}` ({meaning}) is expected at {expected:.4} {unit} ± {deviation:.2}, but its first values \
         are about {value:.4}: {what_to_do}"
    );
}
