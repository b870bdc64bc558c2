//! What is wrong with a table.

use super::number::NumberError;
use crate::terminal::excerpt;
use crate::twin::UnitError;

/// What a column of times holds.
pub(super) const EXPECTED: &str =
    "expected a time such as 2026-11-23T12:00:00Z or seconds since 1970";

/// Why a time cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TimeError {
    /// It is none.
    #[error("`{}`: {expected}", excerpt(.0), expected = EXPECTED)]
    No(String),
    /// It may be another one, or is no date; says what was expected.
    #[error("{0}")]
    Unsure(String),
    /// It would be right in another unit; says in which.
    #[error("{0}")]
    OtherUnit(String),
}

/// What is wrong with a table. Lines are counted from 1, as an editor counts them.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum TableError {
    /// A line is no text in UTF-8.
    #[error("line {line}: not UTF-8")]
    NotUtf8 {
        /// The line.
        line: u64,
    },
    /// It is text in UTF-16.
    #[error("the text is in UTF-16: save the table as CSV in UTF-8")]
    Utf16,
    /// A line is longer than any table's.
    #[error("line {line}: more than {most} bytes in one line")]
    LongLine {
        /// The line.
        line: u64,
        /// Bytes that a line may have.
        most: usize,
    },
    /// A quoted cell does not end.
    #[error(
        "line {line}, column {column}: a quote is opened here and not closed; the row is left out"
    )]
    OpenQuote {
        /// The line of the row.
        line: u64,
        /// The column of the cell, from 1.
        column: usize,
    },
    /// Something follows on a quoted cell.
    #[error(
        "line {line}, column {column}: after the closing quote the separator is missing; a quote within \
         a quoted cell is written twice"
    )]
    AfterQuote {
        /// The line of the row.
        line: u64,
        /// The column of the cell, from 1.
        column: usize,
    },
    /// It is no CSV.
    #[error("{reason}")]
    NoCsv {
        /// The line, where it is known.
        line: Option<u64>,
        /// What the reader of CSV says, its place included.
        reason: String,
    },
    /// Two headings are the same.
    #[error("line {line}: two columns have {}; each needs one of its own", named(.heading))]
    SameHeading {
        /// The line of the headings.
        line: u64,
        /// The heading.
        heading: String,
    },
    /// Two headings differ in their units alone.
    #[error(
        "line {line}: `{before}` and `{heading}` have the same name; each column needs one of its own"
    )]
    SameName {
        /// The line of the headings.
        line: u64,
        /// The first of them.
        before: String,
        /// The second.
        heading: String,
    },
    /// The unit of a heading is none, or another kind of unit than the one that is expected.
    #[error("line {line}, column `{heading}`: {error}, the unit of {meaning}")]
    HeadingUnit {
        /// The line of the headings.
        line: u64,
        /// The heading, with its unit.
        heading: String,
        /// What is wrong with it.
        error: Box<HeadingUnitError>,
        /// What the column is to be.
        meaning: String,
    },
    /// The unit that is asked for is none.
    #[error("line {line}, column `{heading}`: {reason}")]
    WantedUnit {
        /// The line of the headings.
        line: u64,
        /// The heading, with its unit.
        heading: String,
        /// What is wrong with the unit that is asked for.
        reason: String,
    },
    /// A column is not there.
    #[error("line {line}: expected a column `{name}`{with}; there are {}", .known.join(", "))]
    MissingColumn {
        /// The line of the headings.
        line: u64,
        /// Its name.
        name: &'static str,
        /// What it holds, such as " with seconds"; may be empty.
        with: &'static str,
        /// The columns that are there.
        known: Vec<String>,
    },
    /// There are no rows.
    #[error("the table has no rows")]
    NoRows,
    /// A row has too few or too many cells.
    #[error("line {line}: {cells} cells, but {headings} headings{}", if_decimal_commas(*.may_be_decimal_commas))]
    Cells {
        /// Its line.
        line: u64,
        /// Its cells.
        cells: usize,
        /// The headings.
        headings: usize,
        /// Whether numbers with decimal commas between commas would look like that.
        may_be_decimal_commas: bool,
    },
    /// A cell is no number, or two.
    #[error("line {line}, column `{heading}`: `{}` {error}", excerpt(.cell))]
    NoNumber {
        /// Its line.
        line: u64,
        /// Its column's heading.
        heading: String,
        /// What stands there.
        cell: String,
        /// What is wrong with it.
        error: NumberError,
    },
    /// A time cannot be read.
    #[error("line {line}, column `{heading}`: {reason}")]
    BadTime {
        /// Its line.
        line: u64,
        /// Its column's heading.
        heading: String,
        /// What is wrong, and what was expected.
        reason: String,
    },
    /// A row has no time.
    #[error("line {line}: the time is missing")]
    MissingTime {
        /// Its line.
        line: u64,
    },
    /// What stands in the column of times is no time.
    #[error("line {line}: `{}` is no time in {unit}", excerpt(.cell))]
    NoTime {
        /// Its line.
        line: u64,
        /// What stands there.
        cell: String,
        /// The unit in which times are expected: "seconds", or the one of the heading.
        unit: String,
    },
    /// A cell is empty that has to state something.
    #[error("line {line}: the column `{heading}` is empty")]
    EmptyCell {
        /// Its line.
        line: u64,
        /// Its column's heading.
        heading: String,
    },
    /// A row does not come after the one before it.
    #[error(
        "line {line}: the time {time_s} s does not come after {before_s} s of line {line_before}; rows have to be in order of time"
    )]
    TimeOrder {
        /// Its line.
        line: u64,
        /// Its time in seconds.
        time_s: f64,
        /// Line of the row before.
        line_before: u64,
        /// Time of the row before in seconds.
        before_s: f64,
    },
}

impl TableError {
    /// The line at which something is wrong, where it is known.
    pub fn line(&self) -> Option<u64> {
        match self {
            Self::NotUtf8 { line }
            | Self::LongLine { line, .. }
            | Self::OpenQuote { line, .. }
            | Self::AfterQuote { line, .. }
            | Self::SameHeading { line, .. }
            | Self::SameName { line, .. }
            | Self::HeadingUnit { line, .. }
            | Self::WantedUnit { line, .. }
            | Self::MissingColumn { line, .. }
            | Self::Cells { line, .. }
            | Self::NoNumber { line, .. }
            | Self::BadTime { line, .. }
            | Self::MissingTime { line }
            | Self::NoTime { line, .. }
            | Self::EmptyCell { line, .. }
            | Self::TimeOrder { line, .. } => Some(*line),
            Self::NoCsv { line, .. } => *line,
            Self::NoRows => None,
            Self::Utf16 => Some(1),
        }
    }
}

/// Why the unit of a heading cannot be used.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum HeadingUnitError {
    /// What stands in brackets is no unit.
    #[error("{error}{}; expected a unit such as `{wanted}`", did_you_mean(&.error.suggestion))]
    NoUnit {
        /// Why not.
        error: UnitError,
        /// The unit that is asked for.
        wanted: String,
    },
    /// It is another kind of unit.
    #[error("`{stated}` cannot be converted to `{wanted}`")]
    OtherKind {
        /// The heading's unit.
        stated: String,
        /// The unit that is asked for.
        wanted: String,
    },
}

/// The end of a message about an unknown name, or nothing: `; did you mean …?`
pub(crate) fn did_you_mean(nearest: &Option<String>) -> String {
    nearest.as_ref().map(|near| format!("; did you mean `{near}`?")).unwrap_or_default()
}

/// What may be the reason of a row that is too long.
fn if_decimal_commas(may_be: bool) -> &'static str {
    match may_be {
        true => "; numbers with decimal commas need semicolons or tabs between the cells",
        false => "",
    }
}

/// What two columns have in common.
fn named(heading: &str) -> String {
    match heading {
        "" => "no heading".to_owned(),
        _ => format!("the heading `{heading}`"),
    }
}
