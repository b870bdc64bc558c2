//! Logs: what happened when, as rows with a time and some words.
//!
//! Flows in: bytes of CSV and the names of the columns that are read; all others are for people. Flows
//! out: entries as they stand there, times in seconds.

use super::error::{TableError, TimeError};
use super::headings::Headings;
use super::number::Cells;
use super::reading::look;
use super::record::Record;
use super::records::Records;

/// An entry of a log.
#[derive(Clone, Debug, PartialEq)]
pub struct LogEntry {
    /// Its line in the table, as an editor counts lines.
    pub line: u64,
    /// Its time in seconds.
    pub time_s: f64,
    /// What stands in the columns that are read, in the order in which they were asked for; empty
    /// where nothing does.
    pub cells: Vec<String>,
}

/// Reads a log. Its times are in seconds unless their heading states another unit; the other columns are
/// read by their names. Columns that are not read may be missing at the end of a row.
///
/// # Errors
/// When a column is not there or there twice, the unit of the times is none of time, or a row has no time.
pub fn read_log(bytes: &[u8], columns: &[&'static str]) -> Result<Vec<LogEntry>, TableError> {
    let mut records = Records::of_words(bytes)?;
    let mut names = vec!["t"];
    names.extend(columns);
    let headings = Headings::of_named(records.headings(), &names)?;
    let mut times = headings.expect_times(" with times")?;
    let places = columns.iter().map(|name| headings.expect(name, ""));
    let places: Vec<usize> = places.collect::<Result<_, _>>()?;
    let mut numbers = look(bytes, |at, _| times.holds(at).then_some(Cells::Times))?;
    let (mut entries, mut row) = (Vec::new(), Record::default());
    while records.next(&mut row)? {
        let line = row.line;
        let time_s = times.read(&row, &mut numbers).map_err(|error| match error {
            TimeError::No(cell) => {
                let unit = headings.unit(times.column()).unwrap_or("seconds").to_owned();
                TableError::NoTime { line, cell, unit }
            }
            error => {
                let heading = headings.whole(times.column()).to_owned();
                TableError::BadTime { line, heading, reason: error.to_string() }
            }
        })?;
        let cell = |at: &usize| row.get(*at).unwrap_or_default().to_owned();
        let cells = places.iter().map(cell).collect();
        entries.push(LogEntry { line, time_s: time_s.seconds(), cells });
    }
    Ok(entries)
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
    fn times_are_read_as_in_every_table() {
        let log = "sep=;\r\n\r\nwhat;time\r\n\r\na;2026-11-23T06:00:10Z\r\n";
        let entries = read_log(log.as_bytes(), &["what"]).expect("a log");
        assert_eq!((entries[0].line, entries[0].time_s), (5, 1_795_413_610.0));
        let error = read_log(b"t,what\n1795413610000,a\n", &["what"]).expect_err("milliseconds");
        assert!(error.to_string().starts_with("line 2, column `t`: `1795413610000` looks like"));
    }

    #[test]
    fn a_time_is_read_as_the_others_are_written() {
        let entries = read_log(b"t\twhat\n1.250\ta\n2.5\tb\n", &["what"]).expect("a log");
        assert_eq!(entries[0].time_s, 1.25);
        let error = read_log(b"t\twhat\n1.250\ta\n", &["what"]).expect_err("two times");
        assert!(error.to_string().contains("may be 1.25 or 1250"), "{error}");
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
            wrong("when,what\n1,a\n"),
            "line 1: expected a column `t` with times; there are when, what"
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
