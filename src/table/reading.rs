//! Rows of a table as they come.
//!
//! Flows in: bytes of CSV, from a file or a pipe. Flows out: rows of numbers, each with its line, and
//! what of them was none.

use std::io::Read;

use super::error::TableError;
use super::headings::Headings;

/// So many invalid cells are kept with their places; of the others only how many there are.
const KEPT: usize = 5;

/// CSV whose cells are trimmed and whose rows may have any number of them.
pub fn records<R: Read>(from: R, delimiter: u8) -> csv::Reader<R> {
    let mut builder = csv::ReaderBuilder::new();
    builder.delimiter(delimiter).trim(csv::Trim::All).flexible(true).from_reader(from)
}

/// What becomes of a cell that is no number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Strictness {
    /// It is an error, with its line and column.
    Strict,
    /// It counts as an empty cell, and a row that cannot be used as none; see [`Reader::invalid`].
    Lenient,
}

/// Reads a table row by row. A column `t` is a time, in seconds unless its heading states another
/// unit of time.
pub struct Reader<R> {
    csv: csv::Reader<R>,
    record: csv::StringRecord,
    headings: Headings,
    /// Place of the times, and how many seconds one is.
    time: Option<(usize, f64)>,
    strictness: Strictness,
    invalid: Invalid,
}

/// A row of numbers; NaN where there is none.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// Its line in the table, the first being that of the headings.
    pub line: u64,
    /// A number for each heading.
    pub values: Vec<f64>,
}

/// Cells that are no numbers, and rows that are none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Invalid {
    /// How many there are.
    pub count: u64,
    /// The first of them, with their lines and columns.
    pub first: Vec<String>,
}

impl Invalid {
    fn note(&mut self, what: impl FnOnce() -> String) {
        if self.first.len() < KEPT {
            self.first.push(what());
        }
        self.count += 1;
    }
}

impl std::fmt::Display for Invalid {
    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        let more = self.count - self.first.len() as u64;
        write!(f, "taken as missing: {}", self.first.join("; "))?;
        if more > 0 {
            write!(f, "; and {more} more")?;
        }
        Ok(())
    }
}

impl<R: Read> Reader<R> {
    /// Reads the headings.
    ///
    /// # Errors
    /// When there are none that can be used, or the unit of `t` is none of time.
    pub fn new(from: R, strictness: Strictness) -> Result<Self, TableError> {
        // Rows with too few or too many cells are answered here, with their numbers of cells.
        let mut csv = records(from, b',');
        let headings = Headings::read(csv.headers()?.iter())?;
        let time = headings.in_unit("t", "s", "the time")?;
        let time = time.map(|linked| (linked.column, linked.scale));
        let (record, invalid) = (csv::StringRecord::new(), Invalid::default());
        Ok(Self { csv, record, headings, time, strictness, invalid })
    }

    /// The headings.
    pub fn headings(&self) -> &Headings {
        &self.headings
    }

    /// What was no number so far.
    pub fn invalid(&self) -> &Invalid {
        &self.invalid
    }

    /// Headings, and what was no number.
    pub fn into_parts(self) -> (Headings, Invalid) {
        (self.headings, self.invalid)
    }

    /// The next row, times in seconds; `None` at the end.
    ///
    /// # Errors
    /// With line and column of what is no number, or how many cells a row should have.
    pub fn row(&mut self) -> Result<Option<Row>, TableError> {
        loop {
            if !self.csv.read_record(&mut self.record)? {
                return Ok(None);
            }
            let line = self.record.position().map_or(0, csv::Position::line);
            let (cells, headings) = (self.record.len(), self.headings.names().len());
            if cells != headings {
                self.refuse(TableError::Cells { line, cells, headings })?;
                continue;
            }
            let mut values = Vec::with_capacity(headings);
            for at in 0..headings {
                values.push(self.cell(at, line)?);
            }
            if let Some((at, scale)) = self.time {
                values[at] *= scale;
                if self.strictness == Strictness::Lenient && !values[at].is_finite() {
                    // A cell that is no number is noted already.
                    if self.record.get(at).is_none_or(str::is_empty) {
                        self.invalid.note(|| TableError::MissingTime { line }.to_string());
                    }
                    continue;
                }
            }
            return Ok(Some(Row { line, values }));
        }
    }

    fn cell(&mut self, at: usize, line: u64) -> Result<f64, TableError> {
        let cell = self.record.get(at).unwrap_or_default();
        if cell.is_empty() {
            return Ok(f64::NAN);
        }
        match cell.parse::<f64>() {
            Ok(value) if value.is_finite() => Ok(value),
            // A course may state that a number is infinite or none; it is noted all the same.
            Ok(_) => {
                let heading = self.headings.whole(at);
                self.invalid.note(|| format!("line {line}, column `{heading}`: `{cell}`"));
                Ok(f64::NAN)
            }
            Err(_) => {
                let (heading, cell) = (self.headings.whole(at).to_owned(), cell.to_owned());
                self.refuse(TableError::NoNumber { line, heading, cell }).map(|()| f64::NAN)
            }
        }
    }

    /// An error, or a note.
    fn refuse(&mut self, error: TableError) -> Result<(), TableError> {
        match self.strictness {
            Strictness::Strict => Err(error),
            Strictness::Lenient => {
                self.invalid.note(|| error.to_string());
                Ok(())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(text: &str, strictness: Strictness) -> Result<(Vec<Row>, Invalid), TableError> {
        let mut reader = Reader::new(text.as_bytes(), strictness)?;
        let mut rows = Vec::new();
        while let Some(row) = reader.row()? {
            rows.push(row);
        }
        Ok((rows, reader.invalid().clone()))
    }

    #[test]
    fn what_is_no_number_is_left_out_and_reported_with_its_place() {
        let text = "t,u_i\n0,2\n1,two\n2,inf\n3\nsoon,2\n4,3\n";
        let (rows, invalid) = all(text, Strictness::Lenient).expect("rows");
        let lines: Vec<u64> = rows.iter().map(|row| row.line).collect();
        assert_eq!(lines, [2, 3, 4, 7]);
        assert!(rows[1].values[1].is_nan() && rows[2].values[1].is_nan());
        assert_eq!(invalid.count, 4);
        assert_eq!(invalid.first[0], "line 3, column `u_i`: `two` is no number");
        assert_eq!(invalid.first[1], "line 4, column `u_i`: `inf`");
        assert_eq!(invalid.first[2], "line 5: 1 cells, but 2 headings");
        let error = all(text, Strictness::Strict).expect_err("strict");
        assert_eq!(error.to_string(), "line 3, column `u_i`: `two` is no number");
    }

    #[test]
    fn times_in_hours_become_seconds() {
        let (rows, _) = all("t [h],a\n0.5,1\n", Strictness::Strict).expect("rows");
        assert_eq!(rows[0].values, [1800.0, 1.0]);
        assert!(all("t [K],a\n0.5,1\n", Strictness::Strict).is_err());
    }
}
