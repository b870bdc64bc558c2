//! Tables of numbers: courses and loads as CSV.
//!
//! Columns are `t` (seconds), `u_` inputs, `x_` states, `z_` outputs, `es_` event states and `tm_`
//! events that hold (1). `u_` on a row is the input of the step that ends there; the first row is
//! the state to begin with. An input may stand without its `u_`. A heading may say its unit in brackets,
//! `z_Tt [Cel]`.

mod headings;
mod reading;

use std::borrow::Cow;

pub use headings::{Headings, Told};
pub use reading::{Odd, Reader, Row, Strictness};

use super::about::{About, Variable};
use super::load::{Hold, Schedule};
use super::simulation::Simulation;

/// A table of numbers; an empty cell is no number.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Table {
    headings: Headings,
    columns: Vec<Vec<f64>>,
    /// Of each row.
    lines: Vec<u64>,
    odd: Odd,
}

impl Table {
    /// Reads a table.
    ///
    /// # Errors
    /// With line and column of what is no number, or how many cells a row should have.
    pub fn read(bytes: &[u8]) -> Result<Self, String> {
        Self::read_as(bytes, Strictness::Strict)
    }

    /// Reads a table, and leaves out what is no number; see [`Table::odd`].
    ///
    /// # Errors
    /// When the headings cannot be used.
    pub fn read_as(bytes: &[u8], strictness: Strictness) -> Result<Self, String> {
        let mut reader = Reader::new(bytes, strictness)?;
        let mut columns = vec![Vec::new(); reader.headings().names().len()];
        let mut lines = Vec::new();
        while let Some(row) = reader.row()? {
            columns.iter_mut().zip(&row.values).for_each(|(column, value)| column.push(*value));
            lines.push(row.line);
        }
        let (headings, odd) = reader.into_parts();
        Ok(Self { headings, columns, lines, odd })
    }

    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.lines.len()
    }

    /// The line of a row, from 1, the headings being on the first; 0 where there is no such row.
    pub fn line(&self, row: usize) -> u64 {
        self.lines.get(row).copied().unwrap_or_default()
    }

    /// Cells that are there but no finite numbers, and rows that were left out; `None` where all is
    /// well.
    pub fn odd(&self) -> Option<&Odd> {
        Some(&self.odd).filter(|odd| odd.count > 0)
    }

    /// The names of all columns, without their units.
    pub fn headings(&self) -> &[String] {
        self.headings.names()
    }

    /// All headings, with their units.
    pub fn units(&self) -> &Headings {
        &self.headings
    }

    /// A column by its name, in whatever unit it is; `t` is in seconds.
    pub fn column(&self, name: &str) -> Option<&[f64]> {
        self.headings.place(name).map(|at| &*self.columns[at])
    }

    /// The column of a variable, with its prefix or without, or by its other name, in the model's unit;
    /// `None` where there is none or its unit is another kind: see [`Table::told`].
    pub fn variable(&self, prefix: &str, variable: &Variable) -> Option<Cow<'_, [f64]>> {
        self.told(&[prefix], variable).ok()?
    }

    /// The same, with one of several prefixes.
    ///
    /// # Errors
    /// When the heading's unit is another kind than the model's, with line, column and what is expected.
    pub fn told(
        &self,
        prefixes: &[&str],
        variable: &Variable,
    ) -> Result<Option<Cow<'_, [f64]>>, String> {
        let told = self.headings.told(prefixes, variable)?;
        Ok(told.map(|told| self.converted(told)))
    }

    /// A column, converted.
    pub fn converted(&self, told: Told) -> Cow<'_, [f64]> {
        let column = &self.columns[told.column];
        match (told.scale, told.offset) {
            (1.0, 0.0) => column.into(),
            _ => column.iter().map(|value| told.value(*value)).collect(),
        }
    }

    /// The times.
    ///
    /// # Errors
    /// When there is no such column, no row, or a time is missing.
    pub fn times(&self) -> Result<&[f64], String> {
        let times = self.column("t").ok_or_else(|| {
            format!("expected a column `t` with seconds; there are {}", self.headings().join(", "))
        })?;
        match times.iter().position(|time| !time.is_finite()) {
            _ if times.is_empty() => Err("the table has no rows".into()),
            Some(at) => Err(format!("line {}: the time is missing", self.line(at))),
            None => Ok(times),
        }
    }

    /// The times, which grow from row to row.
    ///
    /// # Errors
    /// As for [`Table::times`], and with the line of the first that does not come after the one before.
    pub fn growing_times(&self) -> Result<&[f64], String> {
        let times = self.times()?;
        match times.windows(2).position(|pair| !(pair[0] < pair[1])) {
            Some(at) => Err(format!(
                "line {}: the time {} s does not come after {} s of line {}; rows have to be in order of \
                 time",
                self.line(at + 1),
                times[at + 1],
                times[at],
                self.line(at)
            )),
            None => Ok(times),
        }
    }
}

impl Table {
    /// The table with its rows in order of time, and for each row of this one where it is there.
    ///
    /// # Errors
    /// As for [`Table::times`].
    pub fn by_time(&self) -> Result<(Self, Vec<usize>), String> {
        let times = self.times()?;
        let mut order: Vec<usize> = (0..times.len()).collect();
        order.sort_by(|a, b| times[*a].total_cmp(&times[*b]));
        let mut places = vec![0; order.len()];
        order.iter().enumerate().for_each(|(place, row)| places[*row] = place);
        let sorted = |column: &Vec<f64>| order.iter().map(|row| column[*row]).collect();
        let columns = self.columns.iter().map(sorted).collect();
        let lines = order.iter().map(|row| self.lines[*row]).collect();
        let (headings, odd) = (self.headings.clone(), self.odd.clone());
        Ok((Self { headings, columns, lines, odd }, places))
    }
}

/// The load that a table states for a model, and what to know about it.
///
/// # Errors
/// When times or inputs cannot be used.
pub fn load(table: &Table, about: &About, hold: Hold) -> Result<(Schedule, Vec<String>), String> {
    let times = table.times()?;
    let mut notes = Vec::new();
    let mut rows: Vec<(f64, Vec<f64>)> =
        times.iter().map(|time| (*time, Vec::with_capacity(about.inputs.len()))).collect();
    for input in &about.inputs {
        let column = table.told(&["u"], input)?;
        if column.is_none() {
            notes.push(format!(
                "there is no column `u_{}`: the {} is {} {} all the time",
                input.name, input.meaning, input.usual, input.unit
            ));
        }
        for (at, (_, row)) in rows.iter_mut().enumerate() {
            let value = column.as_ref().map_or(input.usual, |column| column[at]);
            // A cell that is empty: as on the row before.
            let before = |value: f64| if value.is_finite() { Some(value) } else { None };
            row.push(before(value).unwrap_or(f64::NAN));
        }
    }
    for at in 0..rows.len() {
        for input in 0..about.inputs.len() {
            if !rows[at].1[input].is_finite() {
                let before = at.checked_sub(1).map(|before| rows[before].1[input]);
                rows[at].1[input] = before.ok_or_else(|| {
                    format!(
                        "line {}: the input `{}` has no value to begin with",
                        table.line(0),
                        about.inputs[input].name
                    )
                })?;
            }
        }
    }
    notes.extend(strangers(table, about));
    Ok((Schedule::new(&rows, hold)?, notes))
}

/// Columns that mean nothing to a model.
fn strangers(table: &Table, about: &About) -> Vec<String> {
    let known = |heading: &str| {
        let bare = ["u_", "x_", "z_", "es_", "tm_"].iter().find_map(|p| heading.strip_prefix(p));
        let bare = bare.unwrap_or(heading);
        let variables = [&about.states, &about.inputs, &about.outputs];
        heading == "t"
            || variables.into_iter().flatten().any(|variable| variable.is_called(bare))
            || about.events.iter().any(|event| event.name == bare)
    };
    let strange: Vec<&str> =
        table.headings().iter().map(String::as_str).filter(|heading| !known(heading)).collect();
    match strange.is_empty() {
        true => Vec::new(),
        false => vec![format!("`{}` has nothing called {}", about.name, strange.join(", "))],
    }
}

/// The headings of a model's course.
pub fn headings(about: &About) -> Vec<String> {
    let variables = |prefix: &'static str, all: &[Variable]| -> Vec<String> {
        all.iter().map(|variable| format!("{prefix}_{}", variable.name)).collect()
    };
    let events = |prefix: &'static str| {
        about.events.iter().map(move |event| format!("{prefix}_{}", event.name))
    };
    let mut all = vec!["t".to_owned()];
    all.extend(variables("u", &about.inputs));
    all.extend(variables("x", &about.states));
    all.extend(variables("z", &about.outputs));
    all.extend(events("es"));
    all.extend(events("tm"));
    all
}

/// The present row of a course, as many cells as [`headings`].
pub fn row(simulation: &Simulation) -> Vec<String> {
    let numbers = [simulation.inputs(), simulation.state()].concat();
    let more = [simulation.outputs(), simulation.event_states()].concat();
    let mut cells = vec![simulation.time_s().to_string()];
    cells.extend(numbers.iter().chain(&more).map(f64::to_string));
    cells.extend(simulation.met().iter().map(|met| u8::from(*met).to_string()));
    cells
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::load::Load;
    use crate::model::registry;

    #[test]
    fn a_load_is_read_with_or_without_prefix_and_empty_cells_hold_what_was() {
        let about = registry::find("dc_motor").expect("a model");
        let table = Table::read(b"t,u_v,t_l\n0,10,0\n1,,0.5\n2,12,\n").expect("a table");
        let (load, notes) = load(&table, about.about(), Hold::End).expect("a load");
        assert!(notes.is_empty(), "{notes:?}");
        let mut u = [0.0; 2];
        load.at(0.5, &[], &mut u);
        assert_eq!(u, [10.0, 0.5]);
        load.at(1.5, &[], &mut u);
        assert_eq!(u, [12.0, 0.5]);
    }

    #[test]
    fn what_is_wrong_is_told_with_line_and_column() {
        let wrong = |text: &str| Table::read(text.as_bytes()).map(|_| ()).expect_err("wrong");
        assert_eq!(wrong("t,u_v\n0,1\n1,much\n"), "line 3, column `u_v`: `much` is no number");
        assert_eq!(wrong("t,u_v\n0\n"), "line 2: 1 cells, but 2 headings");
        let about = registry::find("dc_motor").expect("a model");
        let of = |text: &str| {
            let table = Table::read(text.as_bytes()).expect("a table");
            load(&table, about.about(), Hold::End).map(|(_, notes)| notes)
        };
        assert!(of("time,u_v\n0,1\n").expect_err("no times").contains("a column `t`"));
        assert!(of("t,u_v\n0,1\n0,2\n").expect_err("time stands still").starts_with("row 2: "));
        let notes = of("t,u_v,volts\n0,1,2\n").expect("a load");
        assert_eq!(notes.len(), 2, "{notes:?}");
        assert!(notes[1].ends_with("nothing called volts"), "{notes:?}");
    }
}
