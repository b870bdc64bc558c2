//! Rows of a table as they come.
//!
//! Flows in: bytes of CSV, from a file or a pipe. Flows out: rows of numbers, each with its line, and
//! what of them was none.

use std::io::Read;

use super::headings::Headings;

/// So many odd cells are told by their place; of the others only how many there are.
const TOLD: usize = 5;

/// What cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Strictness {
    /// Is an error, with its line and column.
    Strict,
    /// Counts as an empty cell, or as no row, and is told in the end.
    Lenient,
}

/// Reads a table row by row.
pub struct Reader<R> {
    csv: csv::Reader<R>,
    record: csv::StringRecord,
    headings: Headings,
    /// Place of the times, and how many seconds one is.
    time: Option<(usize, f64)>,
    strictness: Strictness,
    odd: Odd,
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
pub struct Odd {
    /// How many there are.
    pub count: u64,
    /// The first of them, with their lines and columns.
    pub first: Vec<String>,
}

impl Odd {
    fn note(&mut self, what: impl FnOnce() -> String) {
        if self.first.len() < TOLD {
            self.first.push(what());
        }
        self.count += 1;
    }
}

impl std::fmt::Display for Odd {
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
    /// When there are none that can be used.
    pub fn new(from: R, strictness: Strictness) -> Result<Self, String> {
        // Rows with too few or too many cells are ours to tell.
        let mut csv =
            csv::ReaderBuilder::new().trim(csv::Trim::All).flexible(true).from_reader(from);
        let headings = Headings::read(csv.headers().map_err(|error| unreadable(&error))?.iter())?;
        let time = headings.in_unit("t", "s", "the time")?.map(|told| (told.column, told.scale));
        let (record, odd) = (csv::StringRecord::new(), Odd::default());
        Ok(Self { csv, record, headings, time, strictness, odd })
    }

    /// The headings.
    pub fn headings(&self) -> &Headings {
        &self.headings
    }

    /// What was no number so far.
    pub fn odd(&self) -> &Odd {
        &self.odd
    }

    /// What it was read as.
    pub(super) fn into_parts(self) -> (Headings, Odd) {
        (self.headings, self.odd)
    }

    /// The next row, times in seconds; `None` at the end.
    ///
    /// # Errors
    /// With line and column of what is no number, or how many cells a row should have.
    pub fn row(&mut self) -> Result<Option<Row>, String> {
        loop {
            if !self.csv.read_record(&mut self.record).map_err(|error| unreadable(&error))? {
                return Ok(None);
            }
            let line = self.record.position().map_or(0, csv::Position::line);
            let (is, wanted) = (self.record.len(), self.headings.names().len());
            if is != wanted {
                let text = format!("line {line}: {is} cells, but {wanted} headings");
                self.complain(text)?;
                continue;
            }
            let mut values = Vec::with_capacity(wanted);
            for at in 0..wanted {
                values.push(self.cell(at, line)?);
            }
            if let Some((at, scale)) = self.time {
                values[at] *= scale;
                if self.strictness == Strictness::Lenient && !values[at].is_finite() {
                    // What stands there and is no number was told.
                    if self.record.get(at).is_none_or(str::is_empty) {
                        self.odd.note(|| format!("line {line}: the time is missing"));
                    }
                    continue;
                }
            }
            return Ok(Some(Row { line, values }));
        }
    }

    fn cell(&mut self, at: usize, line: u64) -> Result<f64, String> {
        let cell = self.record.get(at).unwrap_or_default();
        if cell.is_empty() {
            return Ok(f64::NAN);
        }
        let place = || format!("line {line}, column `{}`", self.headings.whole(at));
        match cell.parse::<f64>() {
            Ok(value) if value.is_finite() => Ok(value),
            // A course may say that a number is none; it is told all the same.
            Ok(_) => {
                self.odd.note(|| format!("{}: `{cell}`", place()));
                Ok(f64::NAN)
            }
            Err(_) => {
                let text = format!("{}: `{cell}` is no number", place());
                self.complain(text).map(|()| f64::NAN)
            }
        }
    }

    /// An error, or a note.
    fn complain(&mut self, text: String) -> Result<(), String> {
        match self.strictness {
            Strictness::Strict => Err(text),
            Strictness::Lenient => {
                self.odd.note(|| text);
                Ok(())
            }
        }
    }
}

fn unreadable(error: &csv::Error) -> String {
    match error.kind() {
        csv::ErrorKind::Utf8 { pos, .. } => {
            format!("line {}: not UTF-8", pos.as_ref().map_or(0, csv::Position::line))
        }
        _ => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(text: &str, strictness: Strictness) -> Result<(Vec<Row>, Odd), String> {
        let mut reader = Reader::new(text.as_bytes(), strictness)?;
        let mut rows = Vec::new();
        while let Some(row) = reader.row()? {
            rows.push(row);
        }
        Ok((rows, reader.odd().clone()))
    }

    #[test]
    fn what_is_no_number_is_left_out_and_told_with_its_place() {
        let text = "t,u_i\n0,2\n1,two\n2,inf\n3\nsoon,2\n4,3\n";
        let (rows, odd) = all(text, Strictness::Lenient).expect("rows");
        let lines: Vec<u64> = rows.iter().map(|row| row.line).collect();
        assert_eq!(lines, [2, 3, 4, 7]);
        assert!(rows[1].values[1].is_nan() && rows[2].values[1].is_nan());
        assert_eq!(odd.count, 4);
        assert_eq!(odd.first[0], "line 3, column `u_i`: `two` is no number");
        assert_eq!(odd.first[1], "line 4, column `u_i`: `inf`");
        assert_eq!(odd.first[2], "line 5: 1 cells, but 2 headings");
        let error = all(text, Strictness::Strict).expect_err("strict");
        assert_eq!(error, "line 3, column `u_i`: `two` is no number");
    }

    #[test]
    fn times_in_hours_become_seconds() {
        let (rows, _) = all("t [h],a\n0.5,1\n", Strictness::Strict).expect("rows");
        assert_eq!(rows[0].values, [1800.0, 1.0]);
        assert!(all("t [K],a\n0.5,1\n", Strictness::Strict).is_err());
    }
}
