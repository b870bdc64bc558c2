//! How a table separates its cells.

/// What stands between the cells of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dialect {
    /// A comma, a semicolon or a tab.
    pub delimiter: u8,
}

/// Delimiters that are known; the first of equals counts.
const KNOWN: [u8; 3] = [b',', b';', b'\t'];

impl Dialect {
    /// Of a table with those headings, which may go on over lines: what separates most cells outside quotes, and among those
    /// by which one of the cells is the heading of times, if there are any.
    pub fn of(headings: &str, is_time: impl Fn(&str) -> bool) -> Self {
        let rated = KNOWN.into_iter().enumerate().map(|(at, delimiter)| {
            let cells = Self { delimiter }.cells(headings);
            let has_time = cells.iter().any(|cell| is_time(cell));
            ((has_time, cells.len(), KNOWN.len() - at), delimiter)
        });
        Self { delimiter: rated.max().map_or(b',', |(_, delimiter)| delimiter) }
    }

    /// What a first line `sep=;` states, as spreadsheets write and read it.
    pub fn stated(line: &str) -> Option<Self> {
        let [delimiter] = *line.trim_end_matches(['\r', '\n']).strip_prefix("sep=")?.as_bytes()
        else {
            return None;
        };
        Some(Self { delimiter }).filter(|dialect| KNOWN.contains(&dialect.delimiter))
    }

    /// The cells of a row, without the quotes around them; quotes within them stay as they are.
    pub fn cells(self, row: &str) -> Vec<&str> {
        let (mut cells, mut begin, mut is_quoted) = (Vec::new(), 0, false);
        let cell = |begin: usize, end: usize| row[begin..end].trim().trim_matches('"').trim();
        for (at, byte) in row.bytes().enumerate() {
            is_quoted ^= byte == b'"';
            if byte == self.delimiter && !is_quoted {
                cells.push(cell(begin, at));
                begin = at + 1;
            }
        }
        cells.push(cell(begin, row.len()));
        cells
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn delimiter(headings: &str) -> char {
        Dialect::of(headings, |cell| cell == "time").delimiter.into()
    }

    #[test]
    fn separators_inside_quotes_and_within_names_do_not_count() {
        assert_eq!(delimiter("time,a,b"), ',');
        assert_eq!(delimiter("\"time\";\"remark, by hand, in words\";\"P-1.speed\""), ';');
        assert_eq!(delimiter("time;flow, measured, by hand, today"), ';');
        assert_eq!(delimiter("a\ttime"), '\t');
        assert_eq!(delimiter("a;b,c,d"), ',');
        assert_eq!(delimiter("alone"), ',');
    }

    #[test]
    fn a_first_line_may_state_the_separator() {
        assert_eq!(Dialect::stated("sep=;\r\n"), Some(Dialect { delimiter: b';' }));
        assert_eq!(Dialect::stated("sep=|"), None);
        assert_eq!(Dialect::stated("time;a"), None);
    }
}
