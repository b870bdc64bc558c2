//! Tables of samples: CSV with a column of times, as historians and loggers write them.
//!
//! Flows in: the table's bytes and a twin. Flows out: rows of samples, and what of the table cannot
//! be used. Two shapes are read:
//!
//! * wide, a column a property: `time,P-101.flow,P-101.speed [rad/s]`; a unit in brackets is
//!   converted, without one the numbers are in the property's own;
//! * long, a row a sample: `time,property,value` and perhaps `quality`.
//!
//! Columns stand apart by commas, semicolons (numbers may then have a decimal comma) or tabs. Times
//! are ISO 8601 (without a zone: UTC) or numbers since 1970: seconds, milliseconds or microseconds,
//! by their size. They are plant time. Empty cells say nothing.

mod cell;
mod columns;
mod names;

use std::io::Cursor;

use super::Update;
use super::recording::BadLine;
use crate::table::{Heading, records, usual_step};
use crate::twin::{PropertyId, Quality, Timestamp, Twin, ValueType};
use cell::{quality_of, time_of, value_of};
use columns::{Columns, can_be_read};

/// Headings of the column of times, in small letters.
const TIMES: [&str; 7] = ["time", "timestamp", "ts", "datetime", "date", "t", "time_s"];
/// Rows from which the usual step between two times is taken.
const LOOKED_AT: usize = 200;

/// Reads a table row by row.
pub struct Table {
    rows: csv::Reader<Cursor<Vec<u8>>>,
    length: usize,
    headings: Vec<Heading>,
    columns: Columns,
    time: usize,
    decimal_comma: bool,
    record: csv::StringRecord,
    /// Of each property of the twin its type, or why no table can hold it.
    properties: Vec<Result<ValueType, &'static str>>,
    notes: Vec<String>,
    step_us: i64,
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
        let delimiter = delimiter(&bytes);
        let length = bytes.len();
        let reader = |bytes: Vec<u8>| records(Cursor::new(bytes), delimiter);
        let mut rows = reader(bytes);
        let headings = rows.headers().map_err(|error| unreadable(&error))?.clone();
        let headings: Vec<Heading> = headings.iter().map(Heading::read_any_brackets).collect();
        let time = headings
            .iter()
            .position(|heading| TIMES.contains(&heading.whole.to_lowercase().as_str()));
        let Some(time) = time else {
            return Err(wrong(
                1,
                1,
                format!(
                    "expected a column of times with the heading `time`, as in `time,{}`",
                    twin.property_ids()
                        .next()
                        .map_or("P-101.flow".into(), |id| twin.property_path(id))
                ),
            ));
        };
        let (columns, notes) = Columns::of(twin, &headings, time);
        if !columns.has_any() {
            let none = "expected columns with the names of properties, such as `P-101.flow`";
            return Err(wrong(1, 1, notes.into_iter().next().unwrap_or_else(|| none.into())));
        }
        let mut table = Self {
            rows,
            length,
            headings,
            columns,
            time,
            decimal_comma: delimiter == b';',
            record: csv::StringRecord::new(),
            properties: properties(twin),
            notes,
            step_us: 0,
        };
        table.look(reader);
        Ok(table)
    }

    /// Rows that are not read yet are read for another definition: columns are found anew by their
    /// names and converted to its units, and what it does not have stands in the notes.
    pub fn redefine(&mut self, twin: &Twin) {
        (self.columns, self.notes) = Columns::of(twin, &self.headings, self.time);
        self.properties = properties(twin);
    }

    /// The usual step between two times, from the first rows; then begins again.
    fn look(&mut self, reader: impl Fn(Vec<u8>) -> csv::Reader<Cursor<Vec<u8>>>) {
        let mut times: Vec<_> =
            (0..LOOKED_AT).map_while(|_| self.next()).filter_map(|row| row.time).collect();
        times.dedup();
        let times: Vec<f64> = times.iter().map(|time| time.0 as f64).collect();
        self.step_us = usual_step(&times).map_or(0, |step_us| step_us as i64);
        let empty = reader(Vec::new());
        let bytes = std::mem::replace(&mut self.rows, empty).into_inner().into_inner();
        self.rows = reader(bytes);
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
        self.rows.position().byte() as f32 / self.length.max(1) as f32
    }

    fn read(&mut self, line: usize) -> Row {
        let mut row = Row::default();
        let Self { record, columns, properties, time, decimal_comma, .. } = self;
        let written = record.get(*time).unwrap_or("");
        row.time = time_of(written);
        if row.time.is_none() {
            let expected = "expected a time such as 2026-11-23T12:00:00Z or seconds since 1970";
            row.faults.push(wrong(line, *time + 1, format!("`{written}`: {expected}")));
            return row;
        }
        let mut take = |cell: &str, at: usize, property: PropertyId, convert, quality| {
            let value = match &properties[property.0 as usize] {
                Ok(ty) => value_of(cell, ty, convert, *decimal_comma),
                Err(reason) => Err(format!("this property {reason}")),
            };
            match value {
                Ok(value) => {
                    row.updates.push(Update {
                        property,
                        time: row.time,
                        value: Some(value),
                        quality,
                    });
                }
                Err(reason) => row.faults.push(wrong(line, at + 1, reason)),
            }
        };
        match columns {
            Columns::Wide(columns) => {
                for (at, (cell, column)) in record.iter().zip(columns).enumerate() {
                    if let (Some(column), false) = (column, cell.is_empty()) {
                        take(cell, at, column.property, column.convert, Quality::Good);
                    }
                }
            }
            Columns::Long { property, value, quality, names } => {
                let name = record.get(*property).unwrap_or("");
                let cell = record.get(*value).unwrap_or("");
                let stated = quality.and_then(|at| record.get(at)).unwrap_or("");
                match (names.find(name), quality_of(stated)) {
                    (Some(id), Some(quality)) if !cell.is_empty() => {
                        take(cell, *value, id, (1.0, 0.0), quality);
                    }
                    (Some(_), Some(_)) => {}
                    (None, _) => {
                        row.faults.push(wrong(line, *property + 1, names.unknown(name)));
                    }
                    (_, None) => row.faults.push(wrong(
                        line,
                        quality.map_or(1, |at| at + 1),
                        format!("`{stated}` is no quality: expected good, uncertain, bad or stale"),
                    )),
                }
            }
        }
        row
    }
}

impl Iterator for Table {
    type Item = Row;

    fn next(&mut self) -> Option<Row> {
        let line = |position: &csv::Position| position.line() as usize;
        match self.rows.read_record(&mut self.record) {
            Ok(false) => None,
            Ok(true) => Some(self.read(self.record.position().map_or(0, line))),
            Err(error) => Some(Row { faults: vec![unreadable(&error)], ..Row::default() }),
        }
    }
}

fn wrong(line: usize, column: usize, reason: String) -> BadLine {
    BadLine { line, column, reason }
}

fn unreadable(error: &csv::Error) -> BadLine {
    let line = error.position().map_or(1, |position| position.line() as usize);
    let reason = match error.kind() {
        csv::ErrorKind::Utf8 { .. } => "expected text in UTF-8".into(),
        _ => error.to_string(),
    };
    wrong(line, 1, reason)
}

/// What stands between the headings most often.
fn delimiter(bytes: &[u8]) -> u8 {
    let first = bytes.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let count = |sought: u8| first.iter().filter(|byte| **byte == sought).count();
    let mut best = b',';
    for other in [b';', b'\t'] {
        if count(other) > count(best) {
            best = other;
        }
    }
    best
}

/// Of each property its type, or why no table can hold it.
fn properties(twin: &Twin) -> Vec<Result<ValueType, &'static str>> {
    let definitions = twin.property_ids().map(|id| twin.property(id));
    definitions.map(|property| can_be_read(property).map(|()| property.ty.clone())).collect()
}

#[cfg(test)]
mod tests;
