//! The headings of a table: what each column tells, and in which unit.
//!
//! A heading may say its unit in brackets after the name, `z_Tt [Cel]`; without them a column is in the
//! model's unit, and `t` in seconds.

use std::collections::HashMap;

use crate::model::about::Variable;
use crate::twin::Unit;

/// The headings of a table.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Headings {
    /// Without units.
    names: Vec<String>,
    /// As they stand there.
    whole: Vec<String>,
    /// What stands in brackets.
    units: Vec<Option<Stated>>,
    places: HashMap<String, usize>,
}

/// A unit that a heading states: one, or why it is none.
type Stated = Result<Unit, String>;

/// Which column tells a variable: the variable is so many times what it tells, and so much more.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Told {
    /// The column's place.
    pub column: usize,
    /// See above.
    pub scale: f64,
    /// See above.
    pub offset: f64,
}

impl Told {
    /// The variable's value, where the column tells this.
    pub fn value(&self, told: f64) -> f64 {
        told * self.scale + self.offset
    }
}

impl Headings {
    /// Reads them.
    ///
    /// # Errors
    /// When two are the same, or the unit of `t` is none of time.
    pub(super) fn read<'a>(cells: impl Iterator<Item = &'a str>) -> Result<Self, String> {
        let mut all = Self::default();
        for cell in cells {
            let whole = cell.trim_start_matches('\u{feff}');
            let (name, unit) = split(whole);
            if let Some(before) = all.places.insert(name.to_owned(), all.names.len()) {
                let before = &all.whole[before];
                return Err(match before == whole {
                    true => "line 1: two columns have the same heading".into(),
                    false => format!("line 1: `{before}` and `{whole}` tell the same"),
                });
            }
            all.names.push(name.to_owned());
            all.whole.push(whole.to_owned());
            all.units.push(unit);
        }
        Ok(all)
    }

    /// All names, without units.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// A heading as it stands there.
    pub fn whole(&self, column: usize) -> &str {
        self.whole.get(column).map_or("?", String::as_str)
    }

    /// The column with that name.
    pub fn place(&self, name: &str) -> Option<usize> {
        self.places.get(name).copied()
    }

    /// The column of that name, in a unit.
    ///
    /// # Errors
    /// When the heading states another kind of unit, or what is none.
    pub fn in_unit(&self, name: &str, unit: &str, meaning: &str) -> Result<Option<Told>, String> {
        let Some(column) = self.place(name) else { return Ok(None) };
        let as_it_is = Told { column, scale: 1.0, offset: 0.0 };
        let Some(stated) = &self.units[column] else { return Ok(Some(as_it_is)) };
        let place = || format!("line 1, column `{}`", self.whole[column]);
        let stated = stated.as_ref().map_err(|error| {
            format!("{}: {error}; expected a unit such as `{unit}`, that of {meaning}", place())
        })?;
        let wanted = Unit::parse(unit).map_err(|error| format!("{}: {error}", place()))?;
        let (scale, offset) = stated.conversion_to(&wanted).ok_or_else(|| {
            format!(
                "{}: `{}` cannot be converted to `{unit}`, the unit of {meaning}",
                place(),
                stated.code()
            )
        })?;
        Ok(Some(Told { scale, offset, ..as_it_is }))
    }

    /// The column of a variable, by its name after one of these prefixes, by its bare name, or by its
    /// other name.
    ///
    /// # Errors
    /// See [`Headings::in_unit`].
    pub fn told(&self, prefixes: &[&str], variable: &Variable) -> Result<Option<Told>, String> {
        let Variable { name, unit, meaning, alias, .. } = variable;
        let prefixed = prefixes.iter().map(|prefix| format!("{prefix}_{name}"));
        for heading in prefixed.chain([name.clone()]) {
            if let Some(told) = self.in_unit(&heading, unit, meaning)? {
                return Ok(Some(told));
            }
        }
        let Some(alias) = alias else { return Ok(None) };
        let Some(column) = self.place(&alias.name) else { return Ok(None) };
        match self.units[column] {
            Some(_) => self.in_unit(&alias.name, unit, meaning),
            None => Ok(Some(Told { column, scale: alias.scale, offset: alias.offset })),
        }
    }

    /// How a column of this table becomes one of another, by its name; as it is unless both say their
    /// units.
    ///
    /// # Errors
    /// When one cannot be converted to the other.
    pub fn as_in(&self, other: &Self, name: &str) -> Result<Option<Told>, String> {
        let unit = other.place(name).and_then(|at| other.units[at].as_ref()?.as_ref().ok());
        match (unit, self.place(name)) {
            (Some(unit), _) => {
                self.in_unit(name, unit.code(), &format!("`{name}` in the healthy table"))
            }
            (None, column) => Ok(column.map(|column| Told { column, scale: 1.0, offset: 0.0 })),
        }
    }
}

/// A heading's name, and the unit that it states.
fn split(whole: &str) -> (&str, Option<Stated>) {
    let inner = whole.strip_suffix(']').and_then(|rest| rest.split_once('['));
    let Some((name, inner)) = inner.filter(|(name, _)| !name.trim().is_empty()) else {
        return (whole, None);
    };
    let inner = inner.trim();
    // Some units have brackets of their own: `p [psi]` is of `[psi]`.
    let bracketed = || Unit::parse(&format!("[{inner}]")).ok();
    let unit = match Unit::parse(inner) {
        Ok(unit) => Ok(unit),
        Err(error) => bracketed().ok_or_else(|| {
            let near = error.suggestion.as_ref();
            let near = near.map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
            format!("{error}{near}")
        }),
    };
    (name.trim(), Some(unit))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::registry;

    fn headings(text: &str) -> Headings {
        Headings::read(text.split(',')).expect("headings")
    }

    fn bearing(text: &str) -> Result<Option<Told>, String> {
        let pump = registry::find("centrifugal_pump").expect("a model");
        let output = pump.about().outputs.iter().find(|output| output.name == "Tt");
        headings(text).told(&["meas", "z"], output.expect("an output"))
    }

    #[test]
    fn a_column_in_another_unit_is_converted_to_the_model_s() {
        let told = bearing("t,z_Tt [Cel]").expect("a temperature").expect("a column");
        assert!((told.value(20.0) - 293.15).abs() < 1e-9);
        let told = bearing("t,Tt [degF]").expect("a temperature").expect("a column");
        assert!((told.value(68.0) - 293.15).abs() < 1e-9);
        let told = bearing("t,meas_Tt").expect("as it is").expect("a column");
        assert_eq!(told.value(293.0), 293.0);
        assert_eq!(bearing("t,z_Tr"), Ok(None));
    }

    #[test]
    fn a_unit_of_another_kind_is_told_with_line_column_and_what_was_expected() {
        assert_eq!(
            bearing("t,z_Tt [bar]").expect_err("no temperature"),
            "line 1, column `z_Tt [bar]`: `bar` cannot be converted to `K`, the unit of temperature of \
             the thrust bearing"
        );
        let error = bearing("t,z_Tt [°C]").expect_err("not UCUM");
        assert!(error.contains("did you mean `Cel`?"), "{error}");
    }

    #[test]
    fn a_column_is_told_once() {
        let error = Headings::read("t,a [K],a".split(',')).expect_err("twice");
        assert_eq!(error, "line 1: `a [K]` and `a` tell the same");
    }
}
