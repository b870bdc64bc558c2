//! From the rows of the sensors to one sample a minute, as a historian would keep it: medians, so
//! that a spike does no harm; inputs that are missing are as they were.

use twinscope::estimate::Measured;

use super::plant::{Row, Run, Unit};

/// Seconds between two rows of the sensors.
const SAMPLE_S: f64 = 10.0;
/// Rows in a minute.
const ROWS: usize = 6;

/// The minutes of a unit, up to its event.
pub struct Minutes {
    run: Run,
    inputs: Vec<f64>,
}

impl Minutes {
    pub fn of(unit: &Unit) -> Self {
        Self { run: unit.run(SAMPLE_S), inputs: unit.plan(0.0).to_vec() }
    }
}

impl Iterator for Minutes {
    type Item = Measured;

    fn next(&mut self) -> Option<Measured> {
        let rows: Vec<Row> = self.run.by_ref().take(ROWS).collect();
        let time_s = rows.last()?.t_s;
        for (at, input) in self.inputs.iter_mut().enumerate() {
            *input = median(rows.iter().filter_map(|row| row.inputs[at])).unwrap_or(*input);
        }
        let outputs = (0..5).map(|at| median(rows.iter().filter_map(|row| row.measured[at])));
        Some(Measured { time_s, inputs: self.inputs.clone(), outputs: outputs.collect() })
    }
}

fn median(values: impl Iterator<Item = f64>) -> Option<f64> {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    match values.len() {
        0 => None,
        odd if odd % 2 == 1 => Some(values[middle]),
        _ => Some(0.5 * (values[middle - 1] + values[middle])),
    }
}
