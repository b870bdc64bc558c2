//! The headings of a table: the name of each column, and its unit.
//!
//! A heading may state its unit in brackets after the name, `z_Tt [Cel]`; without them a column is in
//! whatever unit its reader expects.

use std::collections::HashMap;

use super::error::{HeadingUnitError, TableError};
use crate::twin::{Unit, UnitError};

/// A heading.
#[derive(Clone, Debug, PartialEq)]
pub struct Heading {
    /// The name, without the unit.
    pub name: String,
    /// As it stands in the table.
    pub whole: String,
    /// What stands in brackets: a unit, or why it is none.
    unit: Option<Result<Unit, UnitError>>,
}

impl Heading {
    /// Reads a heading with its unit in square brackets.
    pub fn read(cell: &str) -> Self {
        Self::split(cell, '[', ']')
    }

    /// The same, where a unit may stand in round brackets, too.
    pub fn read_any_brackets(cell: &str) -> Self {
        match cell.ends_with(')') {
            true => Self::split(cell, '(', ')'),
            false => Self::read(cell),
        }
    }

    fn split(cell: &str, open: char, close: char) -> Self {
        let whole = cell.trim_start_matches('\u{feff}');
        let inner = whole.strip_suffix(close).and_then(|rest| rest.split_once(open));
        let (name, unit) = match inner.filter(|(name, _)| !name.trim().is_empty()) {
            Some((name, inner)) => (name.trim(), Some(unit(inner.trim()))),
            None => (whole, None),
        };
        Self { name: name.to_owned(), whole: whole.to_owned(), unit }
    }

    /// How its numbers become numbers of another unit: scale and offset. A heading without a unit is
    /// in that one already.
    ///
    /// # Errors
    /// When the heading states no unit, or one of another kind.
    pub fn conversion_to(&self, wanted: &Unit) -> Result<(f64, f64), HeadingUnitError> {
        let wanted_code = || wanted.code().to_owned();
        match &self.unit {
            None => Ok((1.0, 0.0)),
            Some(Err(error)) => {
                let error = error.clone();
                Err(HeadingUnitError::NoUnit { error, wanted: wanted_code() })
            }
            Some(Ok(stated)) => stated.conversion_to(wanted).ok_or_else(|| {
                let stated = stated.code().to_owned();
                HeadingUnitError::OtherKind { stated, wanted: wanted_code() }
            }),
        }
    }
}

/// The unit that stands in brackets.
fn unit(inner: &str) -> Result<Unit, UnitError> {
    // Some units have brackets of their own: `p [psi]` is of `[psi]`.
    Unit::parse(inner).or_else(|error| Unit::parse(&format!("[{inner}]")).map_err(|_| error))
}

/// The headings of a table.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Headings {
    all: Vec<Heading>,
    /// All names, in order.
    names: Vec<String>,
    places: HashMap<String, usize>,
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
    /// Reads them, units in square brackets.
    ///
    /// # Errors
    /// When two have the same name.
    pub fn read<'a>(cells: impl IntoIterator<Item = &'a str>) -> Result<Self, TableError> {
        Self::unique(cells, |_| true)
    }

    /// Reads them where only columns of these names are read: others may have no heading, or the same.
    ///
    /// # Errors
    /// When two have the same one of these names.
    pub fn read_for<'a>(
        cells: impl IntoIterator<Item = &'a str>,
        names: &[&str],
    ) -> Result<Self, TableError> {
        Self::unique(cells, |name| names.contains(&name))
    }

    /// Reads them; what has to be unique is there once.
    fn unique<'a>(
        cells: impl IntoIterator<Item = &'a str>,
        is_unique: impl Fn(&str) -> bool,
    ) -> Result<Self, TableError> {
        let mut headings = Self::default();
        for cell in cells {
            let heading = Heading::read(cell);
            let place = headings.all.len();
            let before = headings.places.insert(heading.name.clone(), place);
            if let Some(before) = before.filter(|_| is_unique(&heading.name)) {
                let (before, heading) = (headings.all[before].whole.clone(), heading.whole);
                return Err(match before == heading {
                    true => TableError::SameHeading { heading },
                    false => TableError::SameName { before, heading },
                });
            }
            headings.names.push(heading.name.clone());
            headings.all.push(heading);
        }
        Ok(headings)
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

    /// The code of the unit that a column states.
    pub fn unit(&self, column: usize) -> Option<&str> {
        self.all.get(column)?.unit.as_ref()?.as_ref().ok().map(Unit::code)
    }

    /// Whether a column states its unit, or what is none.
    pub fn has_unit(&self, column: usize) -> bool {
        self.all.get(column).is_some_and(|heading| heading.unit.is_some())
    }

    /// The column with that name; `with` says in the error what it holds, such as " with seconds".
    ///
    /// # Errors
    /// When there is none; with those that there are.
    pub fn expect(&self, name: &'static str, with: &'static str) -> Result<usize, TableError> {
        let missing = || TableError::MissingColumn { name, with, known: self.names.clone() };
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
        if heading.unit.is_none() {
            return Ok(Some(LinkedColumn { column, scale: 1.0, offset: 0.0 }));
        }
        let whole = || heading.whole.clone();
        let wanted = Unit::parse(unit).map_err(|error| TableError::WantedUnit {
            heading: whole(),
            reason: error.to_string(),
        })?;
        let (scale, offset) = heading.conversion_to(&wanted).map_err(|error| {
            TableError::HeadingUnit { heading: whole(), error, meaning: meaning.to_owned() }
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
        let unit = other.place(name).and_then(|at| other.all[at].unit.as_ref()?.as_ref().ok());
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
        let read = |text: &str| Headings::read_for(text.split(','), &["t", "part"]);
        let headings = read(",t [h],note,part,note,").expect("others are not read");
        assert_eq!((headings.place("t"), headings.place("part")), (Some(1), Some(3)));
        let error = read("t,part,t [h]").expect_err("which one?").to_string();
        assert!(error.starts_with("line 1: `t` and `t [h]` have the same name"), "{error}");
    }

    #[test]
    fn units_stand_in_brackets_and_may_have_brackets_of_their_own() {
        let kelvins = Unit::parse("K").expect("a unit");
        let heading = Heading::read("z_Tt [Cel]");
        assert_eq!((&*heading.name, &*heading.whole), ("z_Tt", "z_Tt [Cel]"));
        let (scale, offset) = heading.conversion_to(&kelvins).expect("a temperature");
        assert!((scale - 1.0).abs() < 1e-12 && (offset - 273.15).abs() < 1e-9);
        let pascals = Unit::parse("Pa").expect("a unit");
        for text in ["p [psi]", "p [[psi]]"] {
            let (scale, _) = Heading::read(text).conversion_to(&pascals).expect(text);
            assert!((scale - 6_894.757).abs() < 0.01, "{text}: {scale}");
        }
        assert_eq!(Heading::read("T (K)").name, "T (K)");
        assert_eq!(Heading::read_any_brackets("T (K)").name, "T");
    }
}
