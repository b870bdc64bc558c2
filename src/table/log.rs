//! Logs: what happened when, as rows with a time and some words.
//!
//! Flows in: bytes of CSV and the names of the columns that are read; all others are for people. Flows
//! out: entries as they stand there, times in seconds.

use super::error::TableError;
use super::headings::Headings;
use super::reading::records;

/// An entry of a log.
#[derive(Clone, Debug, PartialEq)]
pub struct LogEntry {
    /// Its line in the table, the first being that of the headings.
    pub line: u64,
    /// Its time in seconds.
    pub time_s: f64,
    /// What stands in the columns that are read, in the order in which they were asked for; empty
    /// where nothing does.
    pub cells: Vec<String>,
}

/// Reads a log. The column `t` is a time, in seconds unless its heading states another unit of time;
/// the others are read by their names.
///
/// # Errors
/// When a column is not there or there twice, the unit of `t` is none of time, or a row has no time.
pub fn read_log(bytes: &[u8], columns: &[&'static str]) -> Result<Vec<LogEntry>, TableError> {
    let mut reader = records(bytes, b',');
    let names: Vec<&str> = std::iter::once("t").chain(columns.iter().copied()).collect();
    let headings = Headings::read_for(reader.headers()?.iter(), &names)?;
    let missing = || TableError::MissingColumn {
        name: "t",
        with: " with times",
        known: headings.names().to_vec(),
    };
    let time = headings.in_unit("t", "s", "the time")?.ok_or_else(missing)?;
    let places = columns.iter().map(|name| headings.expect(name, ""));
    let places: Vec<usize> = places.collect::<Result<_, _>>()?;
    let unit = headings.unit(time.column).unwrap_or("seconds");
    let entry = |row: Result<csv::StringRecord, csv::Error>| {
        let row = row?;
        let line = row.position().map_or(0, csv::Position::line);
        let cell = |at: usize| row.get(at).unwrap_or_default();
        let stated = cell(time.column);
        let time_s = stated.parse().ok().map(|number| time.value(number));
        let no_time =
            || TableError::NoTime { line, cell: stated.to_owned(), unit: unit.to_owned() };
        let time_s = time_s.filter(|time_s| time_s.is_finite()).ok_or_else(no_time)?;
        Ok(LogEntry { line, time_s, cells: places.iter().map(|at| cell(*at).to_owned()).collect() })
    };
    reader.records().map(entry).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_become_seconds_from_whatever_unit_of_time_the_heading_states() {
        for (heading, second) in [("t", 2.0), ("t [s]", 2.0), ("t [min]", 120.0), ("t [h]", 7200.0)]
        {
            let log = format!("{heading},what\n2,a\n");
            let entries = read_log(log.as_bytes(), &["what"]).expect(heading);
            let expected = LogEntry { line: 2, time_s: second, cells: vec!["a".to_owned()] };
            assert_eq!(entries, [expected], "{heading}");
        }
    }

    #[test]
    fn a_unit_that_is_none_of_time_is_refused_with_what_is_expected() {
        let wrong = |log: &str| read_log(log.as_bytes(), &["what"]).expect_err(log).to_string();
        assert_eq!(
            wrong("t [K],what\n1,a\n"),
            "line 1, column `t [K]`: `K` cannot be converted to `s`, the unit of the time"
        );
        assert!(wrong("t [hr.],what\n").contains("expected a unit such as `s`"));
        assert_eq!(
            wrong("time,what\n1,a\n"),
            "line 1: expected a column `t` with times; there are time, what"
        );
    }

    #[test]
    fn what_is_no_time_is_named_with_its_line_and_the_unit_that_is_expected() {
        let wrong = |log: &str| read_log(log.as_bytes(), &["what"]).expect_err(log).to_string();
        assert_eq!(wrong("t,what\n1,a\nsoon,b\n"), "line 3: `soon` is no time in seconds");
        assert_eq!(wrong("t [h],what\nsoon,b\n"), "line 2: `soon` is no time in h");
        assert_eq!(wrong("t [h],what\n1e307,b\n"), "line 2: `1e307` is no time in h");
        assert_eq!(wrong("t,what\n,b\n"), "line 2: `` is no time in seconds");
    }

    #[test]
    fn columns_that_are_not_read_may_be_called_anything_and_end_early() {
        let log = b"\xef\xbb\xbft,,what,note,note,x [no unit]\n1,,a\n2,,b,c,d,e,f\n";
        let entries = read_log(log, &["what"]).expect("a log");
        let all: Vec<_> = entries.iter().map(|entry| (entry.time_s, &*entry.cells[0])).collect();
        assert_eq!(all, [(1.0, "a"), (2.0, "b")]);
    }
}
