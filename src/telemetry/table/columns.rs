//! What the headings of a table mean to a twin.

use super::names::Names;
use crate::table::{Heading, HeadingUnitError};
use crate::twin::{Property, PropertyId, PropertyKind, Twin, ValueType};

/// What stands where.
pub(super) enum Columns {
    /// A column a property; `None` of a column that is not used.
    Wide(Vec<Option<Column>>),
    /// A row a sample: the places of the property's name, its value and perhaps its quality.
    Long { property: usize, value: usize, quality: Option<usize>, names: Names },
}

/// A column of a wide table.
pub(super) struct Column {
    pub property: PropertyId,
    /// Number × scale + offset is in the property's own unit.
    pub convert: (f64, f64),
}

impl Columns {
    /// The columns of a table whose times stand at `time`, and a note on each that is not used.
    pub(super) fn of(twin: &Twin, headings: &[Heading], time: usize) -> (Self, Vec<String>) {
        let is = |heading: &Heading, name: &str| heading.whole.to_lowercase() == name;
        let place = |name: &str| headings.iter().position(|heading| is(heading, name));
        if let (Some(property), Some(value)) = (place("property"), place("value")) {
            let (quality, names) = (place("quality"), Names::of(twin));
            return (Self::Long { property, value, quality, names }, Vec::new());
        }
        let mut notes = Vec::new();
        // Made for the first name that is unknown: a table of known names needs no search.
        let mut names = None;
        let mut columns = Vec::with_capacity(headings.len());
        for (at, heading) in headings.iter().enumerate() {
            if at == time || heading.whole.is_empty() {
                columns.push(None);
                continue;
            }
            let read = column(twin, heading, &mut names);
            columns.push(read.map_err(|reason| notes.push(note(at, &reason))).ok());
        }
        (Self::Wide(columns), notes)
    }

    /// Whether any sample can be read from them.
    pub(super) fn has_any(&self) -> bool {
        match self {
            Self::Wide(columns) => columns.iter().any(Option::is_some),
            Self::Long { .. } => true,
        }
    }
}

/// What is wrong with the heading at a place.
fn note(at: usize, reason: &str) -> String {
    format!("line 1, column {}: {reason}", at + 1)
}

fn column(twin: &Twin, heading: &Heading, names: &mut Option<Names>) -> Result<Column, String> {
    let name = &*heading.name;
    let Some(property) = twin.property_by_path(name) else {
        return Err(names.get_or_insert_with(|| Names::of(twin)).unknown(name));
    };
    let definition = twin.property(property);
    can_be_read(definition).map_err(|reason| format!("`{name}` {reason}"))?;
    let convert = heading.conversion_to(&definition.unit).map_err(|error| match error {
        HeadingUnitError::OtherKind { stated, wanted } => {
            format!("`{name}` is in {wanted}, to which {stated} does not convert")
        }
        error => error.to_string(),
    })?;
    Ok(Column { property, convert })
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
