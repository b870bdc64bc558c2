//! Numbers as people and programs write them into texts: with a decimal point or a decimal comma, and
//! perhaps with separators between thousands.

use super::dialect::Dialect;

/// What a text says as a number.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Form {
    /// A number without any mark, or in scientific notation.
    Plain(f64),
    /// A number whose writing tells which mark its decimals stand behind.
    Marked(f64, Mark),
    /// One mark before exactly three digits, as in `1,234`: decimals or thousands.
    Doubtful {
        /// The mark.
        mark: Mark,
        /// The number if decimals stand behind the mark.
        decimals: f64,
        /// The number if the mark separates thousands.
        thousands: f64,
    },
    /// No number.
    No,
}

/// What decimals stand behind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    /// `1234.5`
    Point,
    /// `1234,5`
    Comma,
}

impl Mark {
    fn other(self) -> Self {
        match self {
            Self::Point => Self::Comma,
            Self::Comma => Self::Point,
        }
    }

    fn char(self) -> char {
        match self {
            Self::Point => '.',
            Self::Comma => ',',
        }
    }
}

/// What a text says as a number; spaces around it do not count.
pub fn form(text: &str) -> Form {
    let text = text.trim();
    // Most are written without thousands and with a point; each of them is found at once.
    let points = text.bytes().filter(|byte| *byte == b'.').count();
    let mark = match (text.bytes().filter(|byte| *byte == b',').count(), points) {
        (0, 0) => return spaced(text).map_or(Form::No, Form::Plain),
        (1, 0) => Mark::Comma,
        (0, 1) => Mark::Point,
        (0, _) => return grouped(text, Mark::Point),
        (_, 0) => return grouped(text, Mark::Comma),
        // The last mark is the decimals', the other one the thousands'.
        _ if text.rfind('.') > text.rfind(',') => Mark::Point,
        _ => Mark::Comma,
    };
    let Some((whole, rest)) = text.rsplit_once(mark.char()) else { return Form::No };
    let Some(plain) = without_groups(whole, Some(mark.other())) else { return Form::No };
    let number = |text: String| text.parse::<f64>().ok();
    let Some(decimals) = number(format!("{plain}.{rest}")) else { return Form::No };
    let digits = whole.trim_start_matches(['-', '+']);
    let may_group = rest.len() == 3
        && rest.bytes().all(|byte| byte.is_ascii_digit())
        && (1..=3).contains(&digits.len())
        && digits.bytes().all(|byte| byte.is_ascii_digit())
        && !digits.starts_with('0');
    match number(format!("{plain}{rest}")).filter(|_| may_group) {
        Some(thousands) => Form::Doubtful { mark, decimals, thousands },
        None => Form::Marked(decimals, mark),
    }
}

/// A number without points and commas; spaces and apostrophes may separate its thousands.
fn spaced(text: &str) -> Option<f64> {
    text.parse().ok().or_else(|| without_groups(text, None)?.parse().ok())
}

/// A number in which one mark stands more than once, between thousands.
fn grouped(text: &str, separator: Mark) -> Form {
    let number = without_groups(text, Some(separator)).and_then(|plain| plain.parse().ok());
    number.map_or(Form::No, |number| Form::Marked(number, separator.other()))
}

/// A whole number without what separates its thousands; `None` where that does not stand before each
/// third digit from the right.
fn without_groups(text: &str, separator: Option<Mark>) -> Option<String> {
    let separator = separator.map(Mark::char);
    let is_separator =
        |c: char| Some(c) == separator || matches!(c, ' ' | '\'' | '’' | '\u{a0}' | '\u{202f}');
    let mut parts = text.split(is_separator);
    let mut plain = parts.next()?.to_owned();
    let first = plain.trim_start_matches(['-', '+']).to_owned();
    for part in parts {
        let is_group = part.len() == 3 && part.bytes().all(|byte| byte.is_ascii_digit());
        if !is_group || !(1..=3).contains(&first.len()) || first.starts_with('0') {
            return None;
        }
        plain.push_str(part);
    }
    Some(plain)
}

/// Why a cell is no number that can be used.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
pub enum NumberError {
    /// It is none.
    #[error("is no number")]
    No,
    /// It is two, and nothing in the table says which.
    #[error(
        "may be {decimals} or {thousands}, and no other number of the table says which: write numbers \
         without separators of thousands"
    )]
    Doubtful {
        /// The number if decimals stand behind its mark.
        decimals: f64,
        /// The number if the mark separates thousands.
        thousands: f64,
    },
}

/// What the cells of a column are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cells {
    /// Values.
    Values,
    /// Times. A clock may write its numbers otherwise than who wrote the values.
    Times,
}

/// Reads the numbers of one table. A number that may be two, such as `1,234`, is read as the others of
/// its table are written; where they do not say, it is refused. What times say counts for values only where all rows
/// were looked at and no value says anything, and the other way round. No column is read in two ways: once a number was
/// read by one mark, those that may be two are refused when others show the other mark.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Numbers {
    /// Whether a decimal comma would separate cells, so that a point is that of decimals.
    has_points: bool,
    /// Whether a point was taken for that of decimals for no other reason.
    has_assumed: bool,
    /// Of values and of times, whether a number with a decimal point, and one with a decimal comma, was there.
    seen: [[bool; 2]; 2],
    /// Of values and of times, the mark of decimals by which a number was read that may be two.
    decided: [Option<Mark>; 2],
    /// Whether all rows of the table were looked at before the first was read.
    knows_all: bool,
}

impl Numbers {
    /// Of a table whose cells stand apart like that.
    pub fn of(dialect: Dialect) -> Self {
        Self { has_points: dialect.delimiter == b',', ..Self::default() }
    }

    /// Takes note of how a cell is written.
    pub fn see(&mut self, cell: &str, of: Cells) {
        if let Form::Marked(_, mark) = form(cell) {
            self.seen[of as usize][mark as usize] = true;
        }
    }

    /// All rows of the table were looked at.
    pub fn seen_all(&mut self) {
        self.knows_all = true;
    }

    /// The number of a cell.
    ///
    /// # Errors
    /// When it is none, or may be two.
    pub fn read(&mut self, cell: &str, of: Cells) -> Result<f64, NumberError> {
        let (mark, decimals, thousands) = match form(cell) {
            Form::No => return Err(NumberError::No),
            Form::Plain(number) => return Ok(number),
            Form::Marked(number, mark) => {
                self.seen[of as usize][mark as usize] = true;
                return Ok(number);
            }
            Form::Doubtful { mark, decimals, thousands } => (mark, decimals, thousands),
        };
        let of_decimals = match self.said(of) {
            [true, false] => Some(Mark::Point),
            // A point that was read otherwise before cannot separate thousands now.
            [false, true] if !self.has_assumed => Some(Mark::Comma),
            [false, false] if self.has_points && mark == Mark::Point => {
                self.has_assumed = true;
                Some(Mark::Point)
            }
            _ => None,
        };
        let decided = &mut self.decided[of as usize];
        match of_decimals.filter(|found| decided.is_none_or(|decided| decided == *found)) {
            Some(found) => {
                *decided = Some(found);
                Ok(if found == mark { decimals } else { thousands })
            }
            None => Err(NumberError::Doubtful { decimals, thousands }),
        }
    }

    /// Which marks of decimals count for a cell.
    fn said(&self, of: Cells) -> [bool; 2] {
        let [values, times] = self.seen;
        let (own, other) = match of {
            Cells::Values => (values, times),
            Cells::Times => (times, values),
        };
        if own == [false; 2] && self.knows_all { other } else { own }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn numbers(delimiter: u8, seen: &[&str]) -> Numbers {
        let mut numbers = Numbers::of(Dialect { delimiter });
        seen.iter().for_each(|cell| numbers.see(cell, Cells::Values));
        numbers
    }

    #[test]
    fn between_tabs_both_marks_are_possible_and_what_may_be_two_numbers_is_refused() {
        let read = |seen: &[&str], cell| numbers(b'\t', seen).read(cell, Cells::Values).ok();
        assert_eq!(read(&[], "1.234"), None);
        assert_eq!(read(&[], "1,234"), None);
        assert_eq!(read(&["0.5"], "1.234"), Some(1.234));
        assert_eq!(read(&["0,5"], "1.234"), Some(1234.0));
        assert_eq!(read(&["0,5", "0.5"], "1.234"), None);
    }

    #[test]
    fn a_point_is_not_read_in_two_ways_in_one_table() {
        let mut numbers = numbers(b',', &[]);
        assert_eq!(numbers.read("1.234", Cells::Values), Ok(1.234));
        assert_eq!(numbers.read("0,5", Cells::Values), Ok(0.5));
        assert!(numbers.read("1.234", Cells::Values).is_err(), "no longer decimals for sure");
    }

    #[test]
    fn what_times_say_counts_for_values_only_where_no_value_says_anything() {
        let mut numbers = numbers(b';', &["0.5"]);
        numbers.see("1795413610,25", Cells::Times);
        assert_eq!(numbers.read("1.234", Cells::Values), Ok(1.234));
        assert_eq!(numbers.read("1,234", Cells::Times), Ok(1.234));
        let mut of_times = super::tests::numbers(b';', &[]);
        of_times.see("0,5", Cells::Times);
        assert!(of_times.read("1.234", Cells::Values).is_err(), "a value may still come that says");
        of_times.seen_all();
        assert_eq!(of_times.read("1.234", Cells::Values), Ok(1234.0));
    }

    #[test]
    fn what_was_decided_by_one_mark_is_not_decided_by_the_other_later() {
        for (first, other) in [("0,5", "0.5"), ("0.5", "0,5")] {
            let mut numbers = numbers(b';', &[]);
            numbers.see(first, Cells::Times);
            numbers.seen_all();
            assert!(numbers.read("1.234", Cells::Values).is_ok());
            assert_eq!(numbers.read(other, Cells::Values), Ok(0.5));
            assert!(numbers.read("1.234", Cells::Values).is_err(), "{first} {other}");
        }
    }

    #[test]
    fn a_number_that_may_be_two_is_read_as_the_others_of_its_table_are_written() {
        let read = |delimiter, seen: &[&str], cell| {
            numbers(delimiter, seen).read(cell, Cells::Values).ok()
        };
        assert_eq!(read(b';', &["1000,5"], "1,234"), Some(1.234));
        assert_eq!(read(b';', &["1000,5"], "1.234"), Some(1234.0));
        assert_eq!(read(b';', &["1,234.5"], "1,234"), Some(1234.0));
        assert_eq!(read(b';', &["0.5"], "1.234"), Some(1.234));
        assert_eq!(read(b';', &["1.234.567"], "1,234"), Some(1.234));
        assert_eq!(read(b';', &[], "1,234"), None);
        assert_eq!(read(b';', &["12", "1.000"], "1.000"), None);
        assert_eq!(read(b';', &["0,5", "0.5"], "1.000"), None);
        assert_eq!(read(b',', &[], "1.000"), Some(1.0));
        assert_eq!(read(b',', &[], "1,000"), None);
        assert_eq!(read(b',', &["2.5"], "1,000"), Some(1000.0));
        let refused =
            numbers(b';', &[]).read("1,234", Cells::Values).expect_err("two numbers").to_string();
        assert!(refused.starts_with("may be 1.234 or 1234, and no other number"), "{refused}");
    }

    #[test]
    fn what_is_no_number_in_any_writing_is_refused() {
        for cell in
            ["", "a,5", "12,34,5", "1,2345.6", "1.2.3,4", ",", "1,,5", "12 34", "5 bar", "0,000,1"]
        {
            assert_eq!(form(cell), Form::No, "{cell}");
        }
        assert_eq!(form("0,250"), Form::Marked(0.25, Mark::Comma));
        assert_eq!(form(" 1 480,5 "), Form::Marked(1480.5, Mark::Comma));
        assert_eq!(form("1'480"), Form::Plain(1480.0));
        assert_eq!(form("1,5E+03"), Form::Marked(1500.0, Mark::Comma));
    }

    proptest! {
        #[test]
        fn no_column_is_read_in_two_ways(
            cells in prop::collection::vec((prop::sample::select(vec!["1.234", "1,234", "0.5", "0,5", "7"]), any::<bool>()), 1..12),
            delimiter in prop::sample::select(vec![b',', b';', b'\t']), knows_all in any::<bool>()
        ) {
            let mut numbers = numbers(delimiter, &[]);
            if knows_all {
                numbers.seen_all();
            }
            let mut found: [Vec<bool>; 2] = Default::default();
            for (cell, is_time) in cells {
                let of = if is_time { Cells::Times } else { Cells::Values };
                if let (true, Ok(number)) = (cell.ends_with("234"), numbers.read(cell, of)) {
                    found[of as usize].push((number < 2.0) == cell.contains('.'));
                }
            }
            for marks in found {
                prop_assert!(marks.windows(2).all(|two| two[0] == two[1]), "{:?}", marks);
            }
        }

        #[test]
        fn a_number_is_read_as_it_was_or_refused_and_never_as_another(
            number in -9_999_999_i64..10_000_000, digits in 0_usize..5, style in 0_usize..6,
            delimiter in prop::sample::select(vec![b',', b';', b'\t']), knows in any::<bool>()
        ) {
            let fraction = &"25631"[..digits];
            let (point, group) = [('.', ""), (',', ""), ('.', ","), (',', "."), (',', " "), ('.', "'")][style];
            let sign = if number < 0 { "-" } else { "" };
            let whole = number.unsigned_abs().to_string();
            let mut text = sign.to_owned();
            for (at, digit) in whole.chars().enumerate() {
                if at > 0 && (whole.len() - at) % 3 == 0 {
                    text.push_str(group);
                }
                text.push(digit);
            }
            let mut plain = format!("{sign}{whole}");
            if digits > 0 {
                text.push_str(&format!("{point}{fraction}"));
                plain.push_str(&format!(".{fraction}"));
            }
            let expected: f64 = plain.parse().expect("a number");
            let seen: &[&str] = match (knows, point) {
                (false, _) => &[],
                (true, '.') => &["0.5"],
                (true, _) => &["0,5"],
            };
            let read = numbers(delimiter, seen).read(&text, Cells::Values);
            if knows {
                prop_assert_eq!(read, Ok(expected), "{}", text);
            } else if !(delimiter == b',' && text.matches('.').count() == 1) {
                prop_assert!(read == Ok(expected) || matches!(read, Err(NumberError::Doubtful { .. })), "{}", text);
            }
        }
    }
}
