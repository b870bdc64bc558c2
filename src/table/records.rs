//! Bytes of CSV as rows of cells, each with the line on which it stands as an editor counts lines.
//!
//! The headings are the first line, or the first with one of times where titles or comments stand before it.
//! A row of units beneath them is part of them: see [`super::units`].
//!
//! Of RFC 4180: cells may be quoted, a quote within one is doubled, and a quoted cell may go on over
//! lines. Lines end with LF, CRLF or CR; lines without any text are counted, and are no rows. A row
//! that cannot be read is told with its line, and reading goes on at the line after it: a quote that is
//! never closed costs one row. The crates for CSV count lines otherwise and read on to the end of the
//! file, so this is code of our own.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Read};

use super::dialect::Dialect;
use super::error::TableError;
use super::heading::Heading;
use super::number::{Form, form};
use super::record::Record;
use super::units;

/// Lines over which one row may go.
const MOST_LINES: usize = 100;
/// Bytes that a line may have.
const MOST_BYTES: usize = 4 << 20;
/// Lines with titles and comments that may stand before the headings.
const MOST_TITLES: usize = 40;

/// Rows of cells, one by one.
pub struct Records<R> {
    lines: Lines<BufReader<R>>,
    dialect: Dialect,
    headings: Record,
    /// Columns up to the last that has a heading.
    columns: usize,
    /// How many lines with text stand before the headings.
    titles: usize,
    /// The row after the headings, once it is known to be none of units.
    ahead: Option<Result<Record, TableError>>,
}

impl<R: Read> Records<R> {
    /// Reads the headings, and the row of units beneath them if there is one; a table without any has none.
    ///
    /// # Errors
    /// When the first line cannot be read, or the bytes are UTF-16.
    pub fn new(from: R) -> Result<Self, TableError> {
        let mut records = Self::of_words(from)?;
        let mut row = Record::default();
        records.ahead = match records.next(&mut row) {
            Ok(false) => None,
            Ok(true) => match units::added(&records.headings, &row) {
                Some(with_units) => {
                    records.headings = with_units;
                    None
                }
                None => Some(Ok(row)),
            },
            Err(error) => Some(Err(error)),
        };
        Ok(records)
    }

    /// Reads the headings of a table of words, which has no row of units.
    ///
    /// # Errors
    /// As for [`Records::new`].
    pub fn of_words(from: R) -> Result<Self, TableError> {
        let mut lines = Lines::of(BufReader::new(from));
        let mut first = lines.next_text()?.unwrap_or_default();
        if first.bytes.starts_with(&[0xff, 0xfe]) || first.bytes.starts_with(&[0xfe, 0xff]) {
            return Err(TableError::Utf16);
        }
        let stated = Dialect::stated(first.text()?);
        if stated.is_some() {
            first = lines.next_text()?.unwrap_or_default();
        }
        lines.held.push_front(first);
        let (dialect, titles) = find_headings(&mut lines, stated)?;
        let (headings, columns, ahead) = (Record::default(), 0, None);
        let mut records = Self { lines, dialect, headings, columns, titles, ahead };
        let mut headings = Record::default();
        records.next(&mut headings)?;
        records.columns = headings.filled();
        records.headings = headings;
        Ok(records)
    }

    /// The headings.
    pub fn headings(&self) -> &Record {
        &self.headings
    }

    /// How many lines with text stand before the headings, and are not read.
    pub fn titles(&self) -> usize {
        self.titles
    }

    /// Refuses a row with another number of cells than there are headings. Empty cells beyond the last
    /// heading do not count: some programs end rows, headings or both with a separator. Between commas
    /// only where the headings end with one, since a decimal comma makes one cell more, too.
    ///
    /// # Errors
    /// Then, with both.
    pub fn expect_cells(&self, row: &Record) -> Result<(), TableError> {
        let is_comma = self.dialect.delimiter == b',';
        let most = if is_comma { self.headings.len() } else { usize::MAX };
        let is_right =
            row.len() >= self.columns && row.filled() <= self.columns && row.len() <= most;
        match is_right {
            true => Ok(()),
            false => Err(TableError::Cells {
                line: row.line,
                cells: row.len(),
                headings: self.columns,
                may_be_decimal_commas: row.len() > self.columns && is_comma,
            }),
        }
    }

    /// How cells stand apart.
    pub fn dialect(&self) -> Dialect {
        self.dialect
    }

    /// How many bytes have been read.
    pub fn bytes_read(&self) -> u64 {
        self.lines.bytes
    }

    /// What is read from.
    pub fn get_ref(&self) -> &R {
        self.lines.from.get_ref()
    }

    /// What was read from.
    pub fn into_inner(self) -> R {
        self.lines.from.into_inner()
    }

    /// The next row; `false` at the end. Rows without any text in their cells are passed over.
    ///
    /// # Errors
    /// When a row cannot be read, with its line; the next call goes on after it.
    pub fn next(&mut self, record: &mut Record) -> Result<bool, TableError> {
        if let Some(ahead) = self.ahead.take() {
            *record = ahead?;
            return Ok(true);
        }
        loop {
            record.text.clear();
            record.ends.clear();
            let Some(line) = self.lines.next_text()? else { return Ok(false) };
            record.line = line.number;
            self.read(&line, record)?;
            if !record.text.trim().is_empty() {
                return Ok(true);
            }
        }
    }

    /// Reads a row that begins on a line.
    fn read(&mut self, line: &Line, record: &mut Record) -> Result<(), TableError> {
        let column = match cells(line.text()?, self.dialect, false, record) {
            Ok(None) => return Ok(()),
            Ok(Some(column)) => column,
            Err(column) => return Err(TableError::AfterQuote { line: line.number, column }),
        };
        // Lines that a quoted cell may go on over; they are rows of their own where it does not end.
        let line = line.number;
        let mut over = Vec::new();
        while over.len() < MOST_LINES
            && let Some(next) = self.lines.next_line()?
        {
            let text = next.text().ok();
            let read = text.map(|text| cells(text, self.dialect, true, record));
            over.push(next);
            match read {
                Some(Ok(None)) => return Ok(()),
                Some(Ok(Some(_))) => {}
                Some(Err(_)) | None => break,
            }
        }
        over.into_iter().rev().for_each(|line| self.lines.held.push_front(line));
        Err(TableError::OpenQuote { line, column })
    }
}

/// How the cells of a table stand apart, and how many lines stand before its headings, which are passed over.
/// The headings are the next lines, without one of times as well.
fn find_headings<B: BufRead>(
    lines: &mut Lines<B>,
    stated: Option<Dialect>,
) -> Result<(Dialect, usize), TableError> {
    let is_time = |cell: &str| Heading::read(cell).is_time();
    let mut read: Vec<Line> = Vec::new();
    let (mut first, mut found) = (None, None);
    while read.len() < MOST_TITLES && found.is_none() {
        let begin = read.len();
        let mut text = String::new();
        // Headings in quotes may go on over lines.
        while read.len() < begin + MOST_LINES
            && (text.is_empty() || text.matches('"').count() % 2 == 1)
        {
            let Some(line) = lines.next_text()? else { break };
            // What is no text is reported when it is read.
            text.push_str(line.text().unwrap_or("?"));
            read.push(line);
        }
        if read.len() == begin {
            break;
        }
        let dialect = stated.unwrap_or_else(|| Dialect::of(&text, is_time));
        let cells = dialect.cells(&text);
        let has_time = cells.iter().any(|cell| is_time(cell));
        let is_number = |cell: &&str| !matches!(form(cell), Form::No);
        let texts = cells.iter().filter(|cell| !cell.is_empty()).count();
        first.get_or_insert(dialect);
        // A row of a log may have such a word in a cell, beside a number.
        if has_time && (begin == 0 || texts > 1 && !cells.iter().any(is_number)) {
            found = Some((dialect, begin));
        }
    }
    let comma = Dialect { delimiter: b',' };
    let (dialect, titles) = found.unwrap_or((first.unwrap_or(comma), 0));
    read.drain(titles..).rev().for_each(|line| lines.held.push_front(line));
    Ok((dialect, titles))
}

/// Appends the cells of a line, which may begin within a quoted cell; the column of the cell that is
/// still open at its end, from 1. The error is the column in which something follows on a closing quote.
fn cells(
    text: &str,
    dialect: Dialect,
    is_open: bool,
    record: &mut Record,
) -> Result<Option<usize>, usize> {
    let delimiter = char::from(dialect.delimiter);
    let (mut rest, mut is_open) = (text, is_open);
    loop {
        if !is_open {
            let unquoted = rest.trim_start_matches(|c: char| c.is_whitespace() && c != delimiter);
            match unquoted.strip_prefix('"') {
                Some(quoted) => rest = quoted,
                None => match rest.split_once(delimiter) {
                    Some((cell, after)) => {
                        record.end(cell);
                        rest = after;
                        continue;
                    }
                    None => {
                        record.end(rest);
                        return Ok(None);
                    }
                },
            }
        }
        let Some((cell, after)) = rest.split_once('"') else {
            record.text.push_str(rest.trim_end_matches(['\n', '\r']));
            record.text.push('\n');
            return Ok(Some(record.ends.len() + 1));
        };
        record.text.push_str(cell);
        if let Some(after) = after.strip_prefix('"') {
            record.text.push('"');
            (rest, is_open) = (after, true);
            continue;
        }
        is_open = false;
        record.end("");
        match after.trim_start_matches(|c: char| c.is_whitespace() && c != delimiter) {
            "" => return Ok(None),
            after => match after.strip_prefix(delimiter) {
                Some(after) => rest = after,
                None => return Err(record.ends.len()),
            },
        }
    }
}

/// A line with its end.
#[derive(Clone, Debug, Default)]
struct Line {
    number: u64,
    bytes: Vec<u8>,
}

impl Line {
    fn text(&self) -> Result<&str, TableError> {
        let line = self.number;
        if self.bytes.len() > MOST_BYTES {
            return Err(TableError::LongLine { line, most: MOST_BYTES });
        }
        let text = std::str::from_utf8(&self.bytes).map_err(|_| TableError::NotUtf8 { line })?;
        Ok(if line == 1 { text.trim_start_matches('\u{feff}') } else { text })
    }

    fn is_blank(&self) -> bool {
        self.bytes.iter().all(u8::is_ascii_whitespace)
    }
}

/// Lines one by one, as an editor counts them.
struct Lines<B> {
    from: B,
    /// Lines that are to be read once more.
    held: VecDeque<Line>,
    /// How many were read.
    count: u64,
    bytes: u64,
    /// The last line ended with CR: an LF behind it belongs to it.
    after_cr: bool,
}

impl<B: BufRead> Lines<B> {
    fn of(from: B) -> Self {
        Self { from, held: VecDeque::new(), count: 0, bytes: 0, after_cr: false }
    }

    /// The next line with any text.
    fn next_text(&mut self) -> Result<Option<Line>, TableError> {
        loop {
            match self.next_line()? {
                Some(line) if line.is_blank() => {}
                line => return Ok(line),
            }
        }
    }

    /// The next line; `None` at the end.
    fn next_line(&mut self) -> Result<Option<Line>, TableError> {
        if let Some(line) = self.held.pop_front() {
            return Ok(Some(line));
        }
        let mut line = Line { number: self.count + 1, bytes: Vec::new() };
        loop {
            let Self { from, after_cr, .. } = self;
            let bytes = from.fill_buf().map_err(|error| TableError::NoCsv {
                line: Some(line.number),
                reason: format!("line {}: cannot be read: {error}", line.number),
            })?;
            if bytes.is_empty() {
                break;
            }
            let skip = usize::from(std::mem::take(after_cr) && bytes[0] == b'\n');
            let end = bytes[skip..].iter().position(|byte| matches!(byte, b'\n' | b'\r'));
            let taken = end.map_or(bytes.len(), |end| skip + end + 1);
            let room = (MOST_BYTES + 1).saturating_sub(line.bytes.len());
            let ended_by = end.map(|_| bytes[taken - 1]);
            line.bytes.extend_from_slice(&bytes[skip..taken.min(skip + room)]);
            from.consume(taken);
            self.bytes += taken as u64;
            if ended_by.is_some() {
                self.after_cr = ended_by == Some(b'\r');
                break;
            }
        }
        if line.bytes.is_empty() {
            return Ok(None);
        }
        self.count += 1;
        Ok(Some(line))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn all(text: &[u8]) -> Vec<Result<(u64, Vec<String>), String>> {
        let mut records = Records::new(text).expect("headings");
        let (mut rows, mut record) = (Vec::new(), Record::default());
        loop {
            match records.next(&mut record) {
                Ok(false) => return rows,
                Ok(true) => {
                    rows.push(Ok((record.line, record.iter().map(str::to_owned).collect())))
                }
                Err(error) => rows.push(Err(error.to_string())),
            }
        }
    }

    fn row(line: u64, cells: &[&str]) -> Result<(u64, Vec<String>), String> {
        Ok((line, cells.iter().map(|cell| (*cell).to_owned()).collect()))
    }

    #[test]
    fn cells_are_quoted_where_they_have_to_be_and_may_go_on_over_lines() {
        let rows = all(b"t,a,b\r\n1,\"x, \"\"y\"\"\", z \r\n2,\"one\r\ntwo\",3\r\n4,\"\",5");
        assert_eq!(rows[0], row(2, &["1", "x, \"y\"", "z"]));
        assert_eq!(rows[1], row(3, &["2", "one\ntwo", "3"]));
        assert_eq!(rows[2], row(5, &["4", "", "5"]));
    }

    #[test]
    fn a_quote_that_is_not_closed_costs_one_row() {
        let rows = all(b"t,a,b\n1,x,2\n2,\"y,3\n3,z,4\n4,\"w\",5\n5,\"v\"u,6\n6,,7\n");
        assert_eq!(rows[0], row(2, &["1", "x", "2"]));
        assert!(rows[1].as_ref().is_err_and(|e| e.starts_with("line 3, column 2: ")), "{rows:?}");
        assert_eq!(rows[2], row(4, &["3", "z", "4"]));
        assert_eq!(rows[3], row(5, &["4", "w", "5"]));
        assert!(rows[4].as_ref().is_err_and(|e| e.starts_with("line 6, column 2: ")), "{rows:?}");
        assert_eq!(rows[5], row(7, &["6", "", "7"]));
    }

    #[test]
    fn what_is_no_utf_8_costs_one_row_and_utf_16_is_told() {
        let rows = all(b"\xef\xbb\xbft,a\n1,\xb0C\n2,b\n");
        assert_eq!(rows, [Err("line 2: not UTF-8".to_owned()), row(3, &["2", "b"])]);
        let told = Records::new(&b"\xff\xfet\0,\0"[..]).err().expect("refused").to_string();
        assert!(told.contains("UTF-16"), "{told}");
    }

    #[test]
    fn a_line_that_is_far_too_long_is_not_kept() {
        let text = format!("t,a\n1,{}\n2,b\n", "x".repeat(MOST_BYTES + 10));
        let rows = all(text.as_bytes());
        assert!(rows[0].as_ref().is_err_and(|e| e.starts_with("line 2: ")), "{:?}", rows[0]);
        assert_eq!(rows[1], row(3, &["2", "b"]));
    }

    proptest! {
        #[test]
        fn lines_are_counted_as_an_editor_counts_them(
            blanks in prop::collection::vec(0_usize..4, 1..20),
            end in prop::sample::select(vec!["\n", "\r\n", "\r"]),
            delimiter in prop::sample::select(vec![",", ";", "\t"]),
        ) {
            let (mut text, mut expected, mut line) = (format!("time{delimiter}a{end}"), Vec::new(), 1_u64);
            for (at, blank) in blanks.iter().enumerate() {
                text.push_str(&end.repeat(*blank));
                line += *blank as u64 + 1;
                text.push_str(&format!("{at}{delimiter}x{end}"));
                expected.push(row(line, &[&at.to_string(), "x"]));
            }
            prop_assert_eq!(all(text.as_bytes()), expected);
        }

        #[test]
        fn cells_are_read_as_they_were_written(
            rows in prop::collection::vec(prop::collection::vec("[a-z,;\"\n\t é]{0,6}", 3), 1..8),
        ) {
            let mut text = "time,a,b,c\n".to_owned();
            for row in &rows {
                let quoted = row.iter().map(|cell| format!(",\"{}\"", cell.replace('"', "\"\"")));
                text.push_str(&format!("0{}\n", quoted.collect::<String>()));
            }
            let read: Vec<Vec<String>> =
                all(text.as_bytes()).into_iter().map(|row| row.expect("a row").1).collect();
            let written = |row: &Vec<String>| {
                let cells = row.iter().map(|cell| cell.trim().to_owned());
                std::iter::once("0".to_owned()).chain(cells).collect::<Vec<_>>()
            };
            let expected: Vec<Vec<String>> = rows.iter().map(written).collect();
            prop_assert_eq!(read, expected);
        }

        #[test]
        fn no_bytes_make_it_fail(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            if let Ok(mut records) = Records::new(&*bytes) {
                let mut record = Record::default();
                for _ in 0..1000 {
                    if matches!(records.next(&mut record), Ok(false)) {
                        break;
                    }
                }
            }
        }
    }
}
