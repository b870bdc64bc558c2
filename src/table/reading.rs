//! Rows of a table as they come.
//!
//! Flows in: bytes of CSV, from a file or a pipe. Flows out: rows of numbers, each with its line, and
//! what of them was none.

use std::io::Read;

use super::error::{TableError, TimeError};
use super::headings::Headings;
use super::number::{Cells, NumberError, Numbers};
use super::record::Record;
use super::records::Records;
use super::times::Times;
use crate::terminal::excerpt;

/// So many invalid cells are kept with their places; of the others only how many there are.
const KEPT: usize = 5;

/// Rows that are looked at to see how numbers are written.
const LOOKED_AT: usize = 20_000;

/// What becomes of a cell that is no number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Strictness {
    /// It is an error, with its line and column.
    Strict,
    /// It counts as an empty cell, and a row that cannot be used as none; see [`Reader::invalid`].
    Lenient,
}

/// Reads a table row by row. Its times are in seconds unless their heading states another unit; instants
/// are in seconds since 1970.
pub struct Reader<R> {
    records: Records<R>,
    record: Record,
    headings: Headings,
    times: Option<Times>,
    numbers: Numbers,
    strictness: Strictness,
    invalid: Invalid,
}

/// A row of numbers; NaN where there is none.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// Its line in the table, as an editor counts lines.
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

impl<'a> Reader<&'a [u8]> {
    /// Reads the headings of a table that is there as a whole; its numbers are looked at to see whether
    /// they have decimal points or commas.
    ///
    /// # Errors
    /// As for [`Reader::new`].
    pub fn of(bytes: &'a [u8], strictness: Strictness) -> Result<Self, TableError> {
        let mut reader = Self::new(bytes, strictness)?;
        let headings = &reader.headings;
        let cells = |at: usize, _: &Record| match headings.is_time(at) {
            true => Some(Cells::Times),
            false => Some(Cells::Values),
        };
        reader.numbers = look(bytes, cells)?;
        Ok(reader)
    }
}

/// How the numbers of a table are written, by the first rows; `cells` says what stands in a column of a row, `None` of
/// what is no number. Tables whose numbers are written in one way alone are not looked at.
///
/// # Errors
/// When its headings cannot be read.
pub fn look(
    bytes: &[u8],
    cells: impl Fn(usize, &Record) -> Option<Cells>,
) -> Result<Numbers, TableError> {
    let mut records = Records::new(bytes)?;
    let mut numbers = Numbers::of(records.dialect());
    // Between commas a decimal comma is within quotes.
    if records.dialect().delimiter == b',' && !bytes.contains(&b'"') {
        return Ok(numbers);
    }
    let mut record = Record::default();
    for _ in 0..LOOKED_AT {
        match records.next(&mut record) {
            Ok(false) => {
                numbers.seen_all();
                break;
            }
            Ok(true) => {
                for (at, cell) in record.iter().enumerate() {
                    if let Some(of) = cells(at, &record) {
                        numbers.see(cell, of);
                    }
                }
            }
            // What is wrong with a row is told when it is read.
            Err(_) => {}
        }
    }
    Ok(numbers)
}

impl<R: Read> Reader<R> {
    /// Reads the headings.
    ///
    /// # Errors
    /// When there are none that can be used, or the unit of the times is none of time.
    pub fn new(from: R, strictness: Strictness) -> Result<Self, TableError> {
        let records = Records::new(from)?;
        let headings = Headings::of(records.headings())?;
        let (times, numbers) = (headings.times(), Numbers::of(records.dialect()));
        let (record, invalid) = (Record::default(), Invalid::default());
        Ok(Self { records, record, headings, times, numbers, strictness, invalid })
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
            match self.records.next(&mut self.record) {
                Ok(true) => {}
                Ok(false) => return Ok(None),
                Err(error @ TableError::NoCsv { .. }) => return Err(error),
                Err(error) => {
                    self.refuse(error)?;
                    continue;
                }
            }
            let (line, headings) = (self.record.line, self.headings.names().len());
            if let Err(error) = self.records.expect_cells(&self.record) {
                self.refuse(error)?;
                continue;
            }
            let mut values = Vec::with_capacity(headings);
            for at in 0..headings {
                values.push(self.cell(at, line)?);
            }
            if let Some(at) = self.times.as_ref().map(Times::column) {
                values[at] = self.time(line)?;
                if self.strictness == Strictness::Lenient && !values[at].is_finite() {
                    // A cell that is no time is noted already.
                    if self.record.get(at).is_none_or(str::is_empty) {
                        self.invalid.note(|| TableError::MissingTime { line }.to_string());
                    }
                    continue;
                }
            }
            return Ok(Some(Row { line, values }));
        }
    }

    /// The time of the present row in seconds; NaN where there is none.
    fn time(&mut self, line: u64) -> Result<f64, TableError> {
        let Some(times) = &mut self.times else { return Ok(f64::NAN) };
        let cell = self.record.get(times.column()).unwrap_or_default();
        if cell.is_empty() {
            return Ok(f64::NAN);
        }
        let column = times.column();
        let heading = || self.headings.whole(column).to_owned();
        let error = match times.read(&self.record, &mut self.numbers) {
            Ok(time) => return Ok(time.seconds()),
            Err(TimeError::No(cell)) if cell.parse::<f64>().is_ok() => {
                self.invalid
                    .note(|| format!("line {line}, column `{}`: `{}`", heading(), excerpt(&cell)));
                return Ok(f64::NAN);
            }
            Err(TimeError::No(cell)) => {
                TableError::NoNumber { line, heading: heading(), cell, error: NumberError::No }
            }
            Err(error) => {
                TableError::BadTime { line, heading: heading(), reason: error.to_string() }
            }
        };
        self.refuse(error).map(|()| f64::NAN)
    }

    /// The number of a cell; NaN of an empty one, and of times, which are read apart.
    fn cell(&mut self, at: usize, line: u64) -> Result<f64, TableError> {
        let cell = self.record.get(at).unwrap_or_default();
        if cell.is_empty() || self.headings.is_time(at) {
            return Ok(f64::NAN);
        }
        match self.numbers.read(cell, Cells::Values) {
            Ok(value) if value.is_finite() => Ok(value),
            // A course may state that a number is infinite or none; it is noted all the same.
            Ok(_) => {
                let heading = self.headings.whole(at);
                let cell = excerpt(cell);
                self.invalid.note(|| format!("line {line}, column `{heading}`: `{cell}`"));
                Ok(f64::NAN)
            }
            Err(error) => {
                let (heading, cell) = (self.headings.whole(at).to_owned(), cell.to_owned());
                self.refuse(TableError::NoNumber { line, heading, cell, error }).map(|()| f64::NAN)
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
    fn a_number_of_a_table_that_is_there_as_a_whole_is_read_alike_whatever_stands_before_it() {
        let read = |text: &str| {
            let mut reader = Reader::of(text.as_bytes(), Strictness::Strict).expect("headings");
            reader.row().map(|row| row.expect("a row").values[1]).map_err(|e| e.to_string())
        };
        for separator in ["\t", ";"] {
            let row = |text: &str| read(&text.replace('|', separator));
            assert_eq!(row("t|a\n0|1.234\n1|0,5\n"), Ok(1234.0));
            assert_eq!(row("t|a\n0|1.234\n1|0.5\n"), Ok(1.234));
            // The clock writes commas, and the values points.
            assert_eq!(row("t|a\n0,5|1.234\n1,5|0.5\n"), Ok(1.234));
            let refused = row("t|a\n0|1.234\n1|2.345\n").expect_err("two numbers each");
            assert!(
                refused.starts_with("line 2, column `a`: `1.234` may be 1.234 or 1234"),
                "{refused}"
            );
        }
        assert_eq!(read("t,a\n0,1.234\n"), Ok(1.234));
    }

    #[test]
    fn what_times_say_of_values_counts_only_where_all_rows_are_known() {
        let text = "t;u_V\n0,5;1.234\n1,5;0.5\n2,5;1.234\n";
        let (rows, invalid) = all(text, Strictness::Lenient).expect("rows");
        let values: Vec<f64> = rows.iter().map(|row| row.values[1]).collect();
        assert!(values[0].is_nan() && values[1..] == [0.5, 1.234], "{values:?}");
        assert!(invalid.first[0].contains("may be 1.234 or 1234"), "{invalid}");
        // A value behind the rows that are looked at may say otherwise.
        let many = format!("t;u_V\n0,5;1.234\n{}1,5;0.5\n", "1,5;7\n".repeat(LOOKED_AT));
        let mut reader = Reader::of(many.as_bytes(), Strictness::Strict).expect("headings");
        assert!(reader.row().expect_err("doubtful").to_string().contains("may be 1.234 or 1234"));
    }

    #[test]
    fn times_in_hours_become_seconds() {
        let (rows, _) = all("t [h],a\n0.5,1\n", Strictness::Strict).expect("rows");
        assert_eq!(rows[0].values, [1800.0, 1.0]);
        assert!(all("t [K],a\n0.5,1\n", Strictness::Strict).is_err());
    }
}
