//! Tables of a model's variables: courses and loads as CSV.
//!
//! Columns are `t` (or another heading of times, see [`crate::table::Times`]), `u_` inputs, `x_` states, `z_` outputs, `es_` event states and `tm_`
//! events that hold (1). `u_` on a row is the input of the step that ends there; the first row is
//! the state to begin with. A variable may stand without its prefix. A heading may state its unit in
//! brackets, `z_Tt [Cel]`; without them a column is in the model's unit. The column of times is no
//! variable: a model's variable `t` has a prefix, or stands beside a column `time`.
//!
//! In a plant's table a column may also have the name of a property, `station/P-1.flow` or
//! `P-1.flow`, and is then in the property's unit. Where a property and a variable have the same name,
//! the column without a prefix is the property, and that with one the variable.

use std::borrow::Cow;
use std::collections::HashSet;

use super::about::{About, Variable};
use super::load::{Hold, Schedule};
use super::simulation::Simulation;
use crate::table::{Headings, Invalid, LinkedColumn, Reader, Strictness, TableError};

/// A table of numbers; an empty cell is no number.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Table {
    headings: Headings,
    columns: Vec<Vec<f64>>,
    /// Of each row.
    lines: Vec<u64>,
    invalid: Invalid,
}

impl Table {
    /// Reads a table.
    ///
    /// # Errors
    /// With line and column of what is no number, or how many cells a row should have.
    pub fn read(bytes: &[u8]) -> Result<Self, TableError> {
        let mut reader = Reader::of(bytes, Strictness::Strict)?;
        let mut columns = vec![Vec::new(); reader.headings().names().len()];
        let mut lines = Vec::new();
        while let Some(row) = reader.row()? {
            columns.iter_mut().zip(&row.values).for_each(|(column, value)| column.push(*value));
            lines.push(row.line);
        }
        let (headings, invalid) = reader.into_parts();
        Ok(Self { headings, columns, lines, invalid })
    }

    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.lines.len()
    }

    /// The line of a row, as an editor counts lines; 0 where there is no such row.
    pub fn line(&self, row: usize) -> u64 {
        self.lines.get(row).copied().unwrap_or_default()
    }

    /// Cells that are there but no finite numbers; `None` where there are none.
    pub fn invalid(&self) -> Option<&Invalid> {
        Some(&self.invalid).filter(|invalid| invalid.count > 0)
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

    /// The column of a variable, in the model's unit: see [`link`]; `None` where there is none or its
    /// unit is another kind, which [`Table::linked`] says.
    pub fn variable(&self, prefix: &str, variable: &Variable) -> Option<Cow<'_, [f64]>> {
        self.linked(&[prefix], variable).ok()?
    }

    /// The same, with one of several prefixes.
    ///
    /// # Errors
    /// When the heading's unit is another kind than the model's, with line, column and what is expected.
    pub fn linked(
        &self,
        prefixes: &[&str],
        variable: &Variable,
    ) -> Result<Option<Cow<'_, [f64]>>, TableError> {
        let linked = link(&self.headings, prefixes, variable)?;
        Ok(linked.map(|linked| self.converted(linked)))
    }

    /// A column, converted.
    pub fn converted(&self, linked: LinkedColumn) -> Cow<'_, [f64]> {
        let column = &self.columns[linked.column];
        match (linked.scale, linked.offset) {
            (1.0, 0.0) => column.into(),
            _ => column.iter().map(|value| linked.value(*value)).collect(),
        }
    }

    /// The times.
    ///
    /// # Errors
    /// When there is no such column, no row, or a time is missing.
    pub fn times(&self) -> Result<&[f64], TableError> {
        let times = &self.columns[self.headings.expect_times(" with seconds")?.column()];
        match times.iter().position(|time| !time.is_finite()) {
            _ if times.is_empty() => Err(TableError::NoRows),
            Some(at) => Err(TableError::MissingTime { line: self.line(at) }),
            None => Ok(times),
        }
    }

    /// The times, which grow from row to row.
    ///
    /// # Errors
    /// As for [`Table::times`], and with the line of the first that does not come after the one before.
    pub fn growing_times(&self) -> Result<&[f64], TableError> {
        let times = self.times()?;
        match times.windows(2).position(|pair| !(pair[0] < pair[1])) {
            Some(at) => Err(TableError::TimeOrder {
                line: self.line(at + 1),
                time_s: times[at + 1],
                line_before: self.line(at),
                before_s: times[at],
            }),
            None => Ok(times),
        }
    }

    /// The table with its rows in order of time, and for each row of this one where it is there.
    ///
    /// # Errors
    /// As for [`Table::times`].
    pub fn by_time(&self) -> Result<(Self, Vec<usize>), TableError> {
        let times = self.times()?;
        let mut order: Vec<usize> = (0..times.len()).collect();
        order.sort_by(|a, b| times[*a].total_cmp(&times[*b]));
        let mut places = vec![0; order.len()];
        order.iter().enumerate().for_each(|(place, row)| places[*row] = place);
        let sorted = |column: &Vec<f64>| order.iter().map(|row| column[*row]).collect();
        let columns = self.columns.iter().map(sorted).collect();
        let lines = order.iter().map(|row| self.lines[*row]).collect();
        let (headings, invalid) = (self.headings.clone(), self.invalid.clone());
        Ok((Self { headings, columns, lines, invalid }, places))
    }
}

/// The column of a variable, by its name after one of these prefixes, by its bare name unless that is
/// a property's, or by an alias; converted to the model's unit.
///
/// # Errors
/// When the heading states another kind of unit, or what is none.
pub fn link(
    headings: &Headings,
    prefixes: &[&str],
    variable: &Variable,
) -> Result<Option<LinkedColumn>, TableError> {
    let Variable { name, unit, meaning, aliases, is_named_as_property, .. } = variable;
    let prefixed = prefixes.iter().map(|prefix| format!("{prefix}_{name}"));
    let bare = (!is_named_as_property).then(|| name.clone());
    let is_free =
        |heading: &String| !headings.place(heading).is_some_and(|column| headings.is_time(column));
    for heading in prefixed.chain(bare).filter(is_free) {
        if let Some(linked) = headings.in_unit(&heading, unit, meaning)? {
            return Ok(Some(linked));
        }
    }
    for alias in aliases {
        let Some(column) = headings.place(&alias.name) else { continue };
        if headings.is_time(column) {
            continue;
        }
        return match headings.has_unit(column) {
            true => headings.in_unit(&alias.name, unit, meaning),
            false => Ok(Some(LinkedColumn { column, scale: alias.scale, offset: alias.offset })),
        };
    }
    Ok(None)
}

/// The load that a table states for a model, and what to know about it.
///
/// # Errors
/// When times or inputs cannot be used.
pub fn load(table: &Table, about: &About, hold: Hold) -> Result<(Schedule, Vec<String>), String> {
    let text = |error: TableError| error.to_string();
    let times = table.growing_times().map_err(text)?;
    let mut notes = Vec::new();
    let mut rows: Vec<(f64, Vec<f64>)> =
        times.iter().map(|time| (*time, Vec::with_capacity(about.inputs.len()))).collect();
    for input in &about.inputs {
        let column = table.linked(&["u"], input).map_err(text)?;
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
    notes.extend(unlinked(table, about));
    Ok((Schedule::new(&rows, hold)?, notes))
}

/// Notes on columns that mean nothing to a model.
fn unlinked(table: &Table, about: &About) -> Vec<String> {
    let kinds = [("x_", &about.states), ("u_", &about.inputs), ("z_", &about.outputs)];
    let variables = || kinds.iter().flat_map(|(_, variables)| *variables);
    let by_column: HashSet<&str> = variables().flat_map(Variable::names).collect();
    let with_prefix: HashSet<&str> = variables().map(|variable| &*variable.name).collect();
    let events: HashSet<&str> = about.events.iter().map(|event| &*event.name).collect();
    let known = |heading: &str| {
        let prefixes = ["u_", "x_", "z_", "es_", "tm_"];
        let bare = prefixes.iter().find_map(|prefix| heading.strip_prefix(prefix));
        table.units().place(heading).is_some_and(|column| table.units().is_time(column))
            || by_column.contains(heading)
            || bare.is_some_and(|bare| with_prefix.contains(bare))
            || events.contains(bare.unwrap_or(heading))
    };
    let unknown = table.headings().iter().map(String::as_str).filter(|heading| !known(heading));
    // Names of properties that none of the model's variables is, though one is called the same.
    let (properties, unknown): (Vec<&str>, Vec<&str>) =
        unknown.partition(|heading| with_prefix.contains(heading));
    let mut notes: Vec<String> = properties
        .into_iter()
        .map(|name| {
            let has = |all: &[Variable]| all.iter().any(|variable| variable.name == name);
            let prefix = kinds.iter().find(|(_, all)| has(all)).map_or("", |(prefix, _)| prefix);
            format!(
                "`{name}` is a property that is not linked to the model's variable of that name: \
                 expected a column `{prefix}{name}` for the variable, in its own unit"
            )
        })
        .collect();
    if !unknown.is_empty() {
        notes.push(format!("`{}` has nothing called {}", about.name, unknown.join(", ")));
    }
    notes
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
    fn what_is_wrong_is_reported_with_line_and_column() {
        let wrong = |text: &str| Table::read(text.as_bytes()).expect_err("wrong").to_string();
        assert_eq!(wrong("t,u_v\n0,1\n1,much\n"), "line 3, column `u_v`: `much` is no number");
        assert_eq!(wrong("t,u_v\n0\n"), "line 2: 1 cells, but 2 headings");
        let about = registry::find("dc_motor").expect("a model");
        let of = |text: &str| {
            let table = Table::read(text.as_bytes()).expect("a table");
            load(&table, about.about(), Hold::End).map(|(_, notes)| notes)
        };
        assert!(of("when,u_v\n0,1\n").expect_err("no times").contains("a column `t`"));
        assert!(of("t,u_v\n0,1\n0,2\n").expect_err("time stands still").starts_with("line 3: "));
        let notes = of("t,u_v,volts\n0,1,2\n").expect("a load");
        assert_eq!(notes.len(), 2, "{notes:?}");
        assert!(notes[1].ends_with("nothing called volts"), "{notes:?}");
    }

    #[test]
    fn the_column_of_times_is_no_variable_of_the_same_name() {
        let battery = registry::find("battery_circuit").expect("a model");
        let output = battery.about().outputs.iter().find(|output| output.name == "t");
        let column = |text: &str| {
            let headings = Headings::read(text.split(',')).expect("headings");
            let linked = link(&headings, &["meas", "z"], output.expect("an output"));
            linked.expect("a temperature").map(|linked| linked.column)
        };
        assert_eq!(column("t,i,v"), None);
        assert_eq!(column("t,i,z_t,v"), Some(2));
        assert_eq!(column("time,i,t [Cel],v"), Some(2));
        assert_eq!(column("timestamp,t,z_t"), Some(2));
    }

    #[test]
    fn a_table_of_a_plant_s_instants_is_a_course_too() {
        let text = "date;time;u_v\r\n2026-11-23;06:00:00;1,5\r\n2026-11-23;06:00:10;2,5\r\n";
        let table = Table::read(text.as_bytes()).expect("a table");
        assert_eq!(table.times(), Ok(&[1_795_413_600.0, 1_795_413_610.0][..]));
        assert_eq!(table.column("u_v"), Some(&[1.5, 2.5][..]));
    }

    fn bearing(text: &str) -> Result<Option<LinkedColumn>, TableError> {
        let pump = registry::find("centrifugal_pump").expect("a model");
        let output = pump.about().outputs.iter().find(|output| output.name == "Tt");
        let headings = Headings::read(text.split(',')).expect("headings");
        link(&headings, &["meas", "z"], output.expect("an output"))
    }

    #[test]
    fn a_column_in_another_unit_is_converted_to_the_model_s() {
        let linked = bearing("t,z_Tt [Cel]").expect("a temperature").expect("a column");
        assert!((linked.value(20.0) - 293.15).abs() < 1e-9);
        let linked = bearing("t,Tt [degF]").expect("a temperature").expect("a column");
        assert!((linked.value(68.0) - 293.15).abs() < 1e-9);
        let linked = bearing("t,meas_Tt").expect("as it is").expect("a column");
        assert_eq!(linked.value(293.0), 293.0);
        assert_eq!(bearing("t,z_Tr"), Ok(None));
    }

    #[test]
    fn a_unit_of_another_kind_is_reported_with_line_column_and_what_was_expected() {
        assert_eq!(
            bearing("t,z_Tt [bar]").expect_err("no temperature").to_string(),
            "line 1, column `z_Tt [bar]`: `bar` cannot be converted to `K`, the unit of temperature of \
             the thrust bearing"
        );
        let error = bearing("t,z_Tt [Celsius]").expect_err("not UCUM").to_string();
        assert!(error.contains("`Celsius` is not a UCUM unit"), "{error}");
        assert!(bearing("t,z_Tt [°C]").is_ok_and(|linked| linked.is_some()));
    }
}
