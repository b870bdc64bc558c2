//! Tables of samples: CSV with a column of times, as historians and loggers write them.
//!
//! Flows in: the table's bytes and a twin. Flows out: rows of samples, and what of the table cannot
//! be used. Two shapes are read:
//!
//! * wide, a column a property: `time,P-101.flow,P-101.speed [rad/s]`; a unit in brackets is
//!   converted, without one the numbers are in the property's own;
//! * long, a row a sample: `time,property,value` and perhaps `unit` and `quality`.
//!
//! How cells stand apart, and how times and numbers are written, is as in every table: see
//! [`crate::table`]. Times without a unit are since 1970, in the unit that their size tells. They are
//! plant time. Empty cells say nothing.

mod cell;
mod columns;
mod names;

use std::io::Cursor;
use std::sync::Arc;

use super::Update;
use super::decode::quality_of_cell;
use super::recording::BadLine;
use crate::table::{
    BareNumbers, Cells, Heading, Numbers, Record, Records, TableError, Times, look, usual_step,
};
use crate::twin::{Property, PropertyId, Quality, Timestamp, Twin};
use cell::value_of;
use columns::{Columns, can_be_read};

/// Rows from which the usual step between two times is taken.
const LOOKED_AT: usize = 200;

/// Reads a table row by row.
pub struct Table {
    rows: Records<Cursor<Vec<u8>>>,
    length: usize,
    headings: Vec<Heading>,
    /// The line of the headings.
    line: u64,
    columns: Columns,
    times: Times,
    numbers: Numbers,
    record: Record,
    /// Of each property of the twin its definition.
    properties: Vec<Arc<Property>>,
    notes: Vec<String>,
    step_us: i64,
    /// The latest time so far with its line; `None` once a row was reported that is not later, and in a
    /// table with a row a sample, which may be in order of properties.
    latest: Option<(Timestamp, u64)>,
}

/// A row of a table.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Row {
    /// Plant time; `None`: it could not be read, and nothing of the row was taken.
    pub time: Option<Timestamp>,
    /// Its samples.
    pub updates: Vec<Update>,
    /// What of it cannot be used.
    pub faults: Vec<BadLine>,
}

impl Table {
    /// Reads the headings and looks at the first times.
    ///
    /// # Errors
    /// When it has no times, or nothing that the twin knows; says what was expected.
    pub fn new(twin: &Twin, bytes: Vec<u8>) -> Result<Self, BadLine> {
        let length = bytes.len();
        let rows = Records::new(Cursor::new(bytes)).map_err(|error| unreadable(&error))?;
        let line = rows.headings().line.max(1);
        let headings: Vec<Heading> = rows.headings().iter().map(Heading::read).collect();
        let times = Times::find(&headings, BareNumbers::BySize)
            .map_err(|(at, error)| wrong(line, at + 1, error.to_string()))?;
        let Some(times) = times else {
            return Err(wrong(
                line,
                1,
                format!(
                    "expected a column of times with the heading `time`, as in `time,{}`",
                    twin.property_ids()
                        .next()
                        .map_or("P-101.flow".into(), |id| twin.property_path(id))
                ),
            ));
        };
        let (columns, notes) = Columns::of(twin, &headings, line, times);
        if !columns.has_any() {
            let none = "expected columns with the names of properties, such as `P-101.flow`";
            return Err(notes.into_iter().next().unwrap_or_else(|| wrong(line, 1, none.into())));
        }
        let cells = |at: usize, record: &Record| match times.holds(at) {
            true => Some(Cells::Times),
            false => columns.is_number(twin, at, record).then_some(Cells::Values),
        };
        let numbers = look(rows.get_ref().get_ref(), cells).map_err(|e| unreadable(&e))?;
        let mut table = Self {
            rows,
            length,
            headings,
            line,
            columns,
            times,
            numbers,
            record: Record::default(),
            properties: properties(twin),
            notes: notes.iter().map(BadLine::to_string).collect(),
            step_us: 0,
            latest: None,
        };
        table.look()?;
        table.note_file();
        Ok(table)
    }

    /// Rows that are not read yet are read for another definition: columns are found anew by their
    /// names and converted to its units, and what it does not have stands in the notes.
    pub fn redefine(&mut self, twin: &Twin) {
        let (columns, notes) = Columns::of(twin, &self.headings, self.line, self.times);
        (self.columns, self.notes) = (columns, notes.iter().map(BadLine::to_string).collect());
        self.note_file();
        self.properties = properties(twin);
    }

    /// Notes what holds for all columns.
    fn note_file(&mut self) {
        if self.times.is_without_zone() {
            let text = "times without a zone are taken as UTC; write an offset, such as +01:00, if they are not";
            self.notes.push(text.into());
        }
        if self.rows.titles() > 0 {
            self.notes
                .push(format!("what stands before the headings on line {} is not used", self.line));
        }
    }

    /// The usual step between two times, from the first rows; then begins again.
    fn look(&mut self) -> Result<(), BadLine> {
        let mut times: Vec<_> =
            (0..LOOKED_AT).map_while(|_| self.next()).filter_map(|row| row.time).collect();
        times.dedup();
        let times: Vec<f64> = times.iter().map(|time| time.0 as f64).collect();
        self.step_us = usual_step(&times).map_or(0, |step_us| step_us as i64);
        let none = Records::new(Cursor::new(Vec::new())).map_err(|error| unreadable(&error))?;
        let bytes = std::mem::replace(&mut self.rows, none).into_inner().into_inner();
        self.rows = Records::new(Cursor::new(bytes)).map_err(|error| unreadable(&error))?;
        self.latest = matches!(self.columns, Columns::Wide(_)).then_some((Timestamp(i64::MIN), 0));
        Ok(())
    }

    /// What of the table is not used, for people.
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// The usual step between two rows in microseconds of plant time; 0 of fewer than two rows.
    pub fn step_us(&self) -> i64 {
        self.step_us
    }

    /// Share of the bytes that have been read, from 0 to 1.
    pub fn share(&self) -> f32 {
        self.rows.bytes_read() as f32 / self.length.max(1) as f32
    }

    fn read(&mut self) -> Row {
        let mut row = Row::default();
        let Self { rows, record, columns, properties, times, numbers, latest, .. } = self;
        let line = record.line;
        if let Err(error) = rows.expect_cells(record) {
            row.faults.push(unreadable(&error));
            return row;
        }
        let time = match times.read(record, numbers) {
            Ok(time) => time.stamp(),
            Err(error) => {
                row.faults.push(wrong(line, times.column() + 1, error.to_string()));
                return row;
            }
        };
        let Some(time) = time else {
            row.faults.push(wrong(
                line,
                times.column() + 1,
                "expected a time that a clock shows".into(),
            ));
            return row;
        };
        row.time = Some(time);
        match latest {
            Some((before, line_before)) if time <= *before => {
                let text = format!(
                    "this time is not later than that of line {line_before}: the rows are not in order, or \
                     a clock was set back; rows after it are not checked"
                );
                row.faults.push(wrong(line, times.column() + 1, text));
                *latest = None;
            }
            latest => *latest = latest.map(|_| (time, line)),
        }
        let mut take = |cell: &str, at: usize, property: PropertyId, convert, quality| {
            let definition = &properties[property.0 as usize];
            if let Err(reason) = can_be_read(definition) {
                row.faults.push(wrong(line, at + 1, format!("this property {reason}")));
                return;
            }
            let mut update = lost(property, time);
            match value_of(cell, &definition.ty, convert, numbers) {
                Ok(value) => {
                    update.quality = if value.is_some() { quality } else { Quality::Bad };
                    update.value = value;
                }
                Err(reason) => row.faults.push(wrong(line, at + 1, reason)),
            }
            row.updates.push(update);
        };
        match columns {
            Columns::Wide(columns) => {
                for (at, (cell, column)) in record.iter().zip(columns).enumerate() {
                    if let (Some(column), false) = (column, cell.is_empty()) {
                        take(cell, at, column.property, column.convert, Quality::Good);
                    }
                }
            }
            Columns::Long(long) => {
                let cell = |at: Option<usize>| at.and_then(|at| record.get(at)).unwrap_or("");
                let (name, value) = (cell(Some(long.property)), cell(Some(long.value)));
                let (quality, unit) = (cell(long.quality), cell(long.unit));
                let found = match (long.names.find(name), quality_of_cell(quality)) {
                    (None, _) => Err((long.property, None, long.names.unknown(name))),
                    (Some(id), None) => Err((
                        long.quality.unwrap_or_default(),
                        Some(id),
                        format!(
                            "`{quality}` is no quality: expected good, uncertain, bad or stale"
                        ),
                    )),
                    (Some(id), Some(quality)) => {
                        let definition = &properties[id.0 as usize];
                        let place = long.unit.filter(|_| !unit.is_empty()).unwrap_or(long.value);
                        let convert = long.conversion(id, definition, unit);
                        let found = convert.map(|by| (id, by, quality));
                        found.map_err(|reason| (place, Some(id), reason))
                    }
                };
                match found {
                    // A row may say that a value is bad without one.
                    Ok((property, _, Quality::Bad)) if value.is_empty() => {
                        row.updates.push(lost(property, time));
                    }
                    Ok((id, convert, quality)) if !value.is_empty() => {
                        take(value, long.value, id, convert, quality);
                    }
                    Ok(_) => {}
                    Err((at, property, reason)) => {
                        row.faults.push(wrong(line, at + 1, reason));
                        row.updates.extend(property.map(|property| lost(property, time)));
                    }
                }
            }
        }
        row
    }
}

/// That a value is lost: it is not the one before it any more.
fn lost(property: PropertyId, time: Timestamp) -> Update {
    Update { property, time: Some(time), value: None, quality: Quality::Bad }
}

impl Iterator for Table {
    type Item = Row;

    fn next(&mut self) -> Option<Row> {
        match self.rows.next(&mut self.record) {
            Ok(false) => None,
            Ok(true) => Some(self.read()),
            Err(error) => Some(Row { faults: vec![unreadable(&error)], ..Row::default() }),
        }
    }
}

fn wrong(line: u64, column: usize, reason: String) -> BadLine {
    BadLine { line: line as usize, column, reason }
}

/// What is wrong with a row as a whole.
fn unreadable(error: &TableError) -> BadLine {
    let line = error.line().unwrap_or(1);
    let (column, place) = match error {
        TableError::OpenQuote { column, .. } | TableError::AfterQuote { column, .. } => {
            (*column, format!("line {line}, column {column}: "))
        }
        _ => (1, format!("line {line}: ")),
    };
    let text = error.to_string();
    wrong(line, column, text.strip_prefix(&place).unwrap_or(&text).to_owned())
}

fn properties(twin: &Twin) -> Vec<Arc<Property>> {
    twin.property_ids().map(|id| twin.property(id).clone()).collect()
}

#[cfg(test)]
mod tests;
