//! Tables of numbers: courses and loads as CSV.
//!
//! Columns are `t` (seconds), `u_` inputs, `x_` states, `z_` outputs, `es_` event states and `tm_`
//! events that hold (1). `u_` on a row is the input of the step that ends there; the first row is
//! the state to begin with. An input may stand without its `u_`.

use std::borrow::Cow;
use std::collections::HashMap;

use super::about::{About, Variable};
use super::load::{Hold, Schedule};
use super::simulation::Simulation;

/// A table of numbers; an empty cell is no number.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Table {
    headings: Vec<String>,
    columns: Vec<Vec<f64>>,
    places: HashMap<String, usize>,
}

impl Table {
    /// Reads a table.
    ///
    /// # Errors
    /// With line and column of what is no number, or how many cells a row should have.
    pub fn read(bytes: &[u8]) -> Result<Self, String> {
        let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(bytes);
        let unreadable = |error: csv::Error| match error.kind() {
            csv::ErrorKind::UnequalLengths { pos, expected_len, len } => format!(
                "line {}: {len} cells, but {expected_len} headings",
                pos.as_ref().map_or(0, csv::Position::line)
            ),
            csv::ErrorKind::Utf8 { pos, .. } => {
                format!("line {}: not UTF-8", pos.as_ref().map_or(0, csv::Position::line))
            }
            _ => error.to_string(),
        };
        let headings = reader.headers().map_err(unreadable)?;
        let bare = |heading: &str| heading.trim_start_matches('\u{feff}').to_owned();
        let headings: Vec<String> = headings.iter().map(bare).collect();
        let places: HashMap<_, _> =
            headings.iter().enumerate().map(|(at, name)| (name.clone(), at)).collect();
        if places.len() != headings.len() {
            return Err("line 1: two columns have the same heading".into());
        }
        let mut columns = vec![Vec::new(); headings.len()];
        for row in reader.records() {
            let row = row.map_err(unreadable)?;
            for (at, cell) in row.iter().enumerate() {
                columns[at].push(number(cell).ok_or_else(|| {
                    let line = row.position().map_or(0, csv::Position::line);
                    format!("line {line}, column `{}`: `{cell}` is no number", headings[at])
                })?);
            }
        }
        Ok(Self { headings, columns, places })
    }

    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.columns.first().map_or(0, Vec::len)
    }

    /// All headings.
    pub fn headings(&self) -> &[String] {
        &self.headings
    }

    /// A column by its heading.
    pub fn column(&self, heading: &str) -> Option<&[f64]> {
        self.places.get(heading).map(|at| &*self.columns[*at])
    }

    /// The column of a variable, with its prefix or without, or by its other name.
    pub fn variable(&self, prefix: &str, variable: &Variable) -> Option<Cow<'_, [f64]>> {
        let whole = self.column(&format!("{prefix}_{}", variable.name));
        if let Some(column) = whole.or_else(|| self.column(&variable.name)) {
            return Some(column.into());
        }
        let alias = variable.alias.as_ref()?;
        let column = self.column(&alias.name)?;
        let converted = column.iter().map(|value| value * alias.scale + alias.offset);
        Some(converted.collect())
    }

    /// The times.
    ///
    /// # Errors
    /// When there is no such column, no row, or a time is missing.
    pub fn times(&self) -> Result<&[f64], String> {
        let times = self.column("t").ok_or_else(|| {
            format!("expected a column `t` with seconds; there are {}", self.headings.join(", "))
        })?;
        match times.iter().position(|time| !time.is_finite()) {
            _ if times.is_empty() => Err("the table has no rows".into()),
            Some(at) => Err(format!("line {}: the time is missing", at + 2)),
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
        Ok((Self { headings: self.headings.clone(), columns, places: self.places.clone() }, places))
    }
}

fn number(cell: &str) -> Option<f64> {
    if cell.is_empty() { Some(f64::NAN) } else { cell.parse().ok() }
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
        let column = table.variable("u", input);
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
                        "line 2: the input `{}` has no value to begin with",
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
        table.headings.iter().map(String::as_str).filter(|heading| !known(heading)).collect();
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
