//! What is wrong with a table.

use crate::twin::UnitError;

/// What is wrong with a table. Lines are counted from 1, the headings being on the first.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum TableError {
    /// A line is no text in UTF-8.
    #[error("line {line}: not UTF-8")]
    NotUtf8 {
        /// The line.
        line: u64,
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
    #[error("line 1: two columns have {}; each needs one of its own", named(.heading))]
    SameHeading {
        /// The heading.
        heading: String,
    },
    /// Two headings differ in their units alone.
    #[error(
        "line 1: `{before}` and `{heading}` have the same name; each column needs one of its own"
    )]
    SameName {
        /// The first of them.
        before: String,
        /// The second.
        heading: String,
    },
    /// The unit of a heading is none, or another kind of unit than the one that is expected.
    #[error("line 1, column `{heading}`: {error}, the unit of {meaning}")]
    HeadingUnit {
        /// The heading, with its unit.
        heading: String,
        /// What is wrong with it.
        error: HeadingUnitError,
        /// What the column is to be.
        meaning: String,
    },
    /// The unit that is asked for is none.
    #[error("line 1, column `{heading}`: {reason}")]
    WantedUnit {
        /// The heading, with its unit.
        heading: String,
        /// What is wrong with the unit that is asked for.
        reason: String,
    },
    /// A column is not there.
    #[error("line 1: expected a column `{name}`{with}; there are {}", .known.join(", "))]
    MissingColumn {
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
    #[error("line {line}: {cells} cells, but {headings} headings")]
    Cells {
        /// Its line.
        line: u64,
        /// Its cells.
        cells: usize,
        /// The headings.
        headings: usize,
    },
    /// A cell is no number.
    #[error("line {line}, column `{heading}`: `{cell}` is no number")]
    NoNumber {
        /// Its line.
        line: u64,
        /// Its column's heading.
        heading: String,
        /// What stands there.
        cell: String,
    },
    /// A row has no time.
    #[error("line {line}: the time is missing")]
    MissingTime {
        /// Its line.
        line: u64,
    },
    /// What stands in the column of times is no time.
    #[error("line {line}: `{cell}` is no time in {unit}")]
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

impl From<csv::Error> for TableError {
    fn from(error: csv::Error) -> Self {
        let line = error.position().map(csv::Position::line);
        match error.kind() {
            csv::ErrorKind::Utf8 { pos, .. } => {
                Self::NotUtf8 { line: pos.as_ref().map_or(0, csv::Position::line) }
            }
            _ => Self::NoCsv { line, reason: error.to_string() },
        }
    }
}

impl TableError {
    /// The line at which something is wrong, where it is known.
    pub fn line(&self) -> Option<u64> {
        match self {
            Self::NotUtf8 { line }
            | Self::Cells { line, .. }
            | Self::NoNumber { line, .. }
            | Self::MissingTime { line }
            | Self::NoTime { line, .. }
            | Self::EmptyCell { line, .. }
            | Self::TimeOrder { line, .. } => Some(*line),
            Self::NoCsv { line, .. } => *line,
            Self::NoRows => None,
            _ => Some(1),
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

/// What two columns have in common.
fn named(heading: &str) -> String {
    match heading {
        "" => "no heading".to_owned(),
        _ => format!("the heading `{heading}`"),
    }
}
