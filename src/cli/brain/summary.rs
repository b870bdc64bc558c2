//! What a filter did not take, told once: how often, and where first.

use std::path::Path;

use twinscope::estimate::{Heard, Lost, Setup};
use twinscope::model::Variable;
use twinscope::twin::Unit;

use super::series::Line;
use super::shown;

/// So many first values of an output decide whether they can be in its unit.
const LOOKS: u32 = 5;
/// Values further from what is expected than so many deviations are hardly in that unit; …
const FAR: f64 = 20.0;
/// … and in another one they are if they are then within so many.
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
    looks: u32,
    far: u32,
    last: f64,
}

/// What became of all samples.
pub struct Summary {
    rows: u64,
    left_out: Tally,
    /// Why the first row was left out.
    why: String,
    outputs: Vec<Output>,
}

impl Summary {
    /// Of a filter with that setup.
    pub fn new(setup: &Setup) -> Self {
        let outputs = vec![Output::default(); setup.noise.len()];
        Self { rows: 0, left_out: Tally::default(), why: String::new(), outputs }
    }

    /// A row was left out.
    pub fn leave_out(&mut self, line: u64, lost: &Lost) {
        self.rows += 1;
        if self.left_out.count == 0 {
            self.why = lost.to_string();
        }
        self.left_out.count(line);
    }

    /// A row was taken; whether its values can be in the model's units is told by the first ones.
    pub fn hear(&mut self, line: &Line, heard: &Heard, setup: &Setup) {
        self.rows += 1;
        let about = setup.model.about();
        for (at, output) in self.outputs.iter_mut().enumerate() {
            let Some(value) = line.sample.outputs[at].filter(|_| setup.is_measured(at)) else {
                continue;
            };
            output.measured += 1;
            match heard.innovation[at] {
                None => output.impossible.count(line.line),
                Some(_) if !heard.taken[at] => output.refused.count(line.line),
                Some(_) => {}
            }
            if output.looks < LOOKS {
                output.looks += 1;
                let off = (value - heard.expected[at]).abs() / heard.deviation[at];
                output.far += u32::from(off > FAR);
                output.last = value;
                if output.looks == LOOKS && output.far == LOOKS {
                    wonder(&about.outputs[at], value, heard.expected[at], heard.deviation[at]);
                }
            }
        }
    }

    /// Tells what was not taken.
    pub fn tell(&self, path: &Path, setup: &Setup) {
        let name = shown(path);
        let Tally { count, line } = &self.left_out;
        if *count > 0 {
            eprintln!(
                "note: {name}: {count} of {} rows are left out, first line {line}: {}",
                self.rows, self.why
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

/// Tells that values are hardly in a unit, and in which they may be.
fn wonder(output: &Variable, value: f64, expected: f64, deviation: f64) {
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
