//! What the headings of a table mean to a twin.

use std::collections::HashMap;

use super::names::Names;
use crate::table::{Heading, HeadingUnitError, Record, Times};
use crate::telemetry::recording::BadLine;
use crate::twin::{Property, PropertyId, PropertyKind, Twin, ValueType, nearest};

/// What stands where.
pub(super) enum Columns {
    /// A column a property; `None` of a column that is not used.
    Wide(Vec<Option<Column>>),
    /// A row a sample.
    Long(Box<Long>),
}

/// A column of a wide table.
pub(super) struct Column {
    pub property: PropertyId,
    /// Number × scale + offset is in the property's own unit.
    pub convert: (f64, f64),
}

/// The columns of a table with a row a sample.
pub(super) struct Long {
    pub property: usize,
    pub value: usize,
    pub quality: Option<usize>,
    pub unit: Option<usize>,
    /// The heading of the values, with the unit of all of them if it states one.
    heading: Heading,
    pub names: Names,
    /// How the numbers of a property in a unit become those of its own, or why they do not; a table has
    /// few of each.
    conversions: HashMap<(PropertyId, String), Result<(f64, f64), String>>,
}

/// What the columns of a long table are called.
const LONG: [&str; 5] = ["time", "property", "value", "unit", "quality"];

impl Long {
    /// The conversion of a property's numbers that are in the unit of a cell, or in that of the heading
    /// where the cell is empty.
    pub(super) fn conversion(
        &mut self,
        property: PropertyId,
        definition: &Property,
        cell: &str,
    ) -> Result<(f64, f64), String> {
        let key = (property, cell.to_owned());
        if self.conversions.len() > MOST_CONVERSIONS {
            self.conversions.clear();
        }
        let Self { conversions, heading, .. } = self;
        let found = conversions.entry(key).or_insert_with(|| {
            let stated = match cell {
                "" => heading.clone(),
                cell => Heading::read(&format!("x [{cell}]")),
            };
            conversion(&stated, &definition.name, definition)
        });
        found.clone()
    }
}

/// Units that are remembered at a time.
const MOST_CONVERSIONS: usize = 10_000;

impl Columns {
    /// The columns of a table, and a note on each that is not used.
    pub(super) fn of(
        twin: &Twin,
        headings: &[Heading],
        line: u64,
        times: Times,
    ) -> (Self, Vec<BadLine>) {
        let is = |heading: &Heading, name: &str| heading.name.to_lowercase() == name;
        let place = |name: &str| headings.iter().position(|heading| is(heading, name));
        let mut notes = Vec::new();
        let mut note = |at: usize, reason: String| {
            notes.push(BadLine { line: line as usize, column: at + 1, reason });
        };
        if let (Some(property), Some(value)) = (place("property"), place("value")) {
            let (quality, unit) = (place("quality"), place("unit").or_else(|| place("units")));
            let used = [Some(property), Some(value), quality, unit];
            for (at, heading) in headings.iter().enumerate() {
                if times.holds(at) || used.contains(&Some(at)) || heading.whole.is_empty() {
                    continue;
                }
                let name = heading.name.to_lowercase();
                let near = match nearest(&name, LONG) {
                    Some(near) => format!("; the nearest that is one is `{near}`"),
                    None => String::new(),
                };
                note(
                    at,
                    format!(
                        "`{}` is not used: a row a sample has the columns {}{near}",
                        heading.whole,
                        LONG.join(", ")
                    ),
                );
            }
            let (heading, names) = (headings[value].clone(), Names::of(twin));
            let conversions = HashMap::new();
            let long = Long { property, value, quality, unit, heading, names, conversions };
            return (Self::Long(Box::new(long)), notes);
        }
        // Made for the first name that is unknown: a table of known names needs no search.
        let mut names = None;
        let mut columns: Vec<Option<Column>> = Vec::with_capacity(headings.len());
        let mut first: HashMap<PropertyId, usize> = HashMap::new();
        for (at, heading) in headings.iter().enumerate() {
            columns.push(None);
            if times.holds(at) || heading.whole.is_empty() {
                continue;
            }
            match column(twin, heading, &mut names) {
                Ok(column) => {
                    if let Some(before) = first.insert(column.property, at) {
                        // Which of them is meant, nobody knows.
                        columns[before] = None;
                        let same = &headings[before].whole;
                        note(
                            at,
                            format!(
                                "`{}` is the same property as `{same}` in column {}: neither is used",
                                heading.whole,
                                before + 1
                            ),
                        );
                    } else {
                        columns[at] = Some(column);
                    }
                }
                Err(reason) if heading.is_time() => {
                    let time = &headings[times.column()].whole;
                    note(at, format!("{reason}; the times are those of the column `{time}`"));
                }
                Err(reason) => note(at, reason),
            }
        }
        (Self::Wide(columns), notes)
    }

    /// Whether any sample can be read from them.
    pub(super) fn has_any(&self) -> bool {
        match self {
            Self::Wide(columns) => columns.iter().any(Option::is_some),
            Self::Long(_) => true,
        }
    }

    /// Whether a column holds numbers, in a row of that property.
    pub(super) fn is_number(&self, twin: &Twin, at: usize, record: &Record) -> bool {
        let is_number = |property| twin.property(property).ty == ValueType::Number;
        match self {
            Self::Wide(columns) => columns
                .get(at)
                .and_then(Option::as_ref)
                .is_some_and(|column| is_number(column.property)),
            Self::Long(long) => {
                let property = record.get(long.property).and_then(|name| long.names.find(name));
                at == long.value && property.is_some_and(is_number)
            }
        }
    }
}

fn column(twin: &Twin, heading: &Heading, names: &mut Option<Names>) -> Result<Column, String> {
    // A name may have brackets of its own.
    if let Some(property) = twin.property_by_path(&heading.whole) {
        can_be_read(twin.property(property))
            .map_err(|reason| format!("`{}` {reason}", heading.whole))?;
        return Ok(Column { property, convert: (1.0, 0.0) });
    }
    let name = &*heading.name;
    let Some(property) = twin.property_by_path(name) else {
        return Err(names.get_or_insert_with(|| Names::of(twin)).unknown(name));
    };
    let definition = twin.property(property);
    can_be_read(definition).map_err(|reason| format!("`{name}` {reason}"))?;
    Ok(Column { property, convert: conversion(heading, name, definition)? })
}

/// How the numbers of a column become those of a property.
fn conversion(heading: &Heading, name: &str, property: &Property) -> Result<(f64, f64), String> {
    if property.ty != ValueType::Number {
        return Ok((1.0, 0.0));
    }
    heading.conversion_to(&property.unit).map_err(|error| match error {
        HeadingUnitError::OtherKind { stated, wanted } => {
            format!("`{name}` is in {wanted}, to which {stated} does not convert")
        }
        error => error.to_string(),
    })
}

/// Whether a table can hold samples of a property; if not, why.
pub(super) fn can_be_read(property: &Property) -> Result<(), &'static str> {
    match (property.kind, &property.ty) {
        (PropertyKind::Derived, _) => Err("is computed from another property, and not read"),
        (PropertyKind::Estimate, _) => {
            Err("is estimated by a model from what is measured, and not read")
        }
        (_, ValueType::Pose | ValueType::Items) => {
            Err("is no number, enumeration or text, as cells are")
        }
        _ => Ok(()),
    }
}
