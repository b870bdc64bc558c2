//! The headings of a table: where each column stands, and how it becomes what is asked for.
//!
//! A column whose whole heading is a name has that name, brackets and all.

use std::collections::HashMap;

use super::error::TableError;
use super::heading::Heading;
use super::record::Record;
use super::times::{BareNumbers, Times};
use crate::twin::Unit;

/// The headings of a table.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Headings {
    all: Vec<Heading>,
    /// All names, in order.
    names: Vec<String>,
    /// By name, and by the whole heading.
    places: HashMap<String, usize>,
    /// Where times stand, if there are any.
    times: Option<Times>,
    /// The line on which they stand.
    line: u64,
}

/// A column that holds a variable, in whatever unit: variable = number × scale + offset.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LinkedColumn {
    /// The column's place.
    pub column: usize,
    /// See above.
    pub scale: f64,
    /// See above.
    pub offset: f64,
}

impl LinkedColumn {
    /// The variable's value where the column holds this number.
    pub fn value(&self, number: f64) -> f64 {
        number * self.scale + self.offset
    }
}

impl Headings {
    /// Reads them, from the first line.
    ///
    /// # Errors
    /// When two have the same name.
    pub fn read<'a>(cells: impl IntoIterator<Item = &'a str>) -> Result<Self, TableError> {
        Self::unique(1, cells, |_| true)
    }

    /// Reads those of a row.
    ///
    /// # Errors
    /// When two have the same name.
    pub fn of(row: &Record) -> Result<Self, TableError> {
        Self::unique(row.line, row.iter(), |_| true)
    }

    /// Reads those of a row where only columns of these names, and times, are read: others may have no heading, or the same.
    ///
    /// # Errors
    /// When two have the same one of these names.
    pub fn of_named(row: &Record, names: &[&str]) -> Result<Self, TableError> {
        Self::unique(row.line, row.iter(), |name| {
            names.contains(&name) || Heading::read(name).is_time()
        })
    }

    /// Reads them; what has to be unique is there once.
    fn unique<'a>(
        line: u64,
        cells: impl IntoIterator<Item = &'a str>,
        is_unique: impl Fn(&str) -> bool,
    ) -> Result<Self, TableError> {
        let mut headings = Self { line, ..Self::default() };
        for cell in cells {
            let heading = Heading::read(cell);
            let place = headings.all.len();
            let before = headings.places.insert(heading.name.clone(), place);
            if let Some(before) = before.filter(|_| is_unique(&heading.name)) {
                let (before, heading) = (headings.all[before].whole.clone(), heading.whole);
                return Err(match before == heading {
                    true => TableError::SameHeading { line, heading },
                    false => TableError::SameName { line, before, heading },
                });
            }
            headings.places.entry(heading.whole.clone()).or_insert(place);
            headings.names.push(heading.name.clone());
            headings.all.push(heading);
        }
        headings.times =
            Times::find(&headings.all, BareNumbers::Seconds).map_err(|(at, error)| {
                let (heading, meaning) = (headings.whole(at).to_owned(), "the time".to_owned());
                TableError::HeadingUnit { line, heading, error: error.into(), meaning }
            })?;
        Ok(headings)
    }

    /// All of them.
    pub fn all(&self) -> &[Heading] {
        &self.all
    }

    /// The line on which they stand.
    pub fn line(&self) -> u64 {
        self.line
    }

    /// All names, without units.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// A heading as it stands there.
    pub fn whole(&self, column: usize) -> &str {
        self.all.get(column).map_or("?", |heading| &*heading.whole)
    }

    /// The column with that name.
    pub fn place(&self, name: &str) -> Option<usize> {
        self.places.get(name).copied()
    }

    /// Where times stand, if there are any; see [`Times::find`].
    pub fn times(&self) -> Option<Times> {
        self.times
    }

    /// Whether a column holds times: it is no variable then, whatever it is called.
    pub fn is_time(&self, column: usize) -> bool {
        self.times.is_some_and(|times| times.holds(column))
    }

    /// Where times stand; `with` as for [`Headings::expect`].
    ///
    /// # Errors
    /// When they stand nowhere.
    pub fn expect_times(&self, with: &'static str) -> Result<Times, TableError> {
        let (line, known) = (self.line, self.names.clone());
        self.times.ok_or(TableError::MissingColumn { line, name: "t", with, known })
    }

    /// The code of the unit that a column states.
    pub fn unit(&self, column: usize) -> Option<&str> {
        self.all.get(column)?.unit().map(Unit::code)
    }

    /// Whether a column states its unit, or what is none.
    pub fn has_unit(&self, column: usize) -> bool {
        self.all.get(column).is_some_and(Heading::has_unit)
    }

    /// The column with that name; `with` says in the error what it holds, such as " with seconds".
    ///
    /// # Errors
    /// When there is none; with those that there are.
    pub fn expect(&self, name: &'static str, with: &'static str) -> Result<usize, TableError> {
        let line = self.line;
        let missing = || TableError::MissingColumn { line, name, with, known: self.names.clone() };
        self.place(name).ok_or_else(missing)
    }

    /// The column of that name, converted to a unit; one without a unit is taken as it is.
    ///
    /// # Errors
    /// When the heading states another kind of unit, or what is none.
    pub fn in_unit(
        &self,
        name: &str,
        unit: &str,
        meaning: &str,
    ) -> Result<Option<LinkedColumn>, TableError> {
        let Some(column) = self.place(name) else { return Ok(None) };
        let heading = &self.all[column];
        if !heading.has_unit() {
            return Ok(Some(LinkedColumn { column, scale: 1.0, offset: 0.0 }));
        }
        let (line, whole) = (self.line, || heading.whole.clone());
        let wanted = Unit::parse(unit).map_err(|error| TableError::WantedUnit {
            line,
            heading: whole(),
            reason: error.to_string(),
        })?;
        let (scale, offset) =
            heading.conversion_to(&wanted).map_err(|error| TableError::HeadingUnit {
                line,
                heading: whole(),
                error: error.into(),
                meaning: meaning.to_owned(),
            })?;
        Ok(Some(LinkedColumn { column, scale, offset }))
    }

    /// How a column of this table becomes one of another, by its name; as it is unless both state
    /// their units. `meaning` of the column is for the error.
    ///
    /// # Errors
    /// When one cannot be converted to the other.
    pub fn as_in(
        &self,
        other: &Self,
        name: &str,
        meaning: &str,
    ) -> Result<Option<LinkedColumn>, TableError> {
        let unit = other.place(name).and_then(|at| other.all[at].unit());
        match (unit, self.place(name)) {
            (Some(unit), _) => self.in_unit(name, unit.code(), meaning),
            (None, column) => {
                Ok(column.map(|column| LinkedColumn { column, scale: 1.0, offset: 0.0 }))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::records::Records;
    use super::*;

    #[test]
    fn a_name_is_used_once() {
        let error = Headings::read("t,a [K],a".split(',')).expect_err("twice");
        assert_eq!(
            error.to_string(),
            "line 1: `a [K]` and `a` have the same name; each column needs one of its own"
        );
    }

    #[test]
    fn a_heading_that_stands_there_twice_is_printed() {
        let error = |text: &str| Headings::read(text.split(',')).expect_err("twice").to_string();
        let rest = "each needs one of its own";
        assert_eq!(error("t,a,a"), format!("line 1: two columns have the heading `a`; {rest}"));
        assert_eq!(error("t,,"), format!("line 1: two columns have no heading; {rest}"));
    }

    #[test]
    fn headings_of_columns_that_are_not_read_need_no_name_of_their_own() {
        let read = |text: &str| {
            let records = Records::new(text.as_bytes()).expect("headings");
            Headings::of_named(records.headings(), &["t", "part"])
        };
        let headings = read(",t [h],note,part,note,").expect("others are not read");
        assert_eq!((headings.place("t"), headings.place("part")), (Some(1), Some(3)));
        let error = read("t,part,t [h]").expect_err("which one?").to_string();
        assert!(error.starts_with("line 1: `t` and `t [h]` have the same name"), "{error}");
    }

    #[test]
    fn a_heading_is_looked_up_as_a_whole_first() {
        let headings = Headings::read(["t", "a (h)", "b [K]"]).expect("headings");
        assert_eq!(headings.place("a (h)"), Some(1));
        assert_eq!(headings.place("a"), Some(1));
        assert_eq!((headings.place("b"), headings.place("b [K]")), (Some(2), Some(2)));
    }
}
