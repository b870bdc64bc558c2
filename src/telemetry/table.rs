//! Tables of samples: CSV with a column of times, as historians and loggers write them.
//!
//! Flows in: the table's bytes and a twin. Flows out: rows of samples, and what of the table cannot
//! be used. Two shapes are read:
//!
//! * wide, a column a property: `time,P-101.flow,P-101.speed [rad/s]`; a unit in brackets is
//!   converted, without one the numbers are in the property's own;
//! * long, a row a sample: `time,property,value` and perhaps `quality`.
//!
//! Columns stand apart by commas, semicolons (numbers may then have a decimal comma) or tabs. Times
//! are ISO 8601 (without a zone: UTC) or numbers since 1970: seconds, milliseconds or microseconds,
//! by their size. They are plant time. Empty cells say nothing.

use std::io::Cursor;

use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use super::Update;
use super::recording::BadLine;
use crate::table::{Heading, HeadingUnitError, records, usual_step};
use crate::twin::{PropertyId, Quality, Timestamp, Twin, Value, ValueType, nearest};

/// Headings of the column of times, in small letters.
const TIMES: [&str; 7] = ["time", "timestamp", "ts", "datetime", "date", "t", "time_s"];
/// Rows from which the usual step between two times is taken.
const LOOKED_AT: usize = 200;

/// Reads a table row by row.
pub struct Table {
    rows: csv::Reader<Cursor<Vec<u8>>>,
    length: usize,
    shape: Shape,
    time: usize,
    decimal_comma: bool,
    record: csv::StringRecord,
    /// Of the long shape: the properties by name, with their types.
    types: Vec<ValueType>,
    notes: Vec<String>,
    step_us: i64,
}

/// What stands where.
enum Shape {
    Wide(Vec<Option<Column>>),
    Long { property: usize, value: usize, quality: Option<usize>, known: Known },
}

/// A column of a wide table.
struct Column {
    property: PropertyId,
    /// Number × scale + offset is in the property's own unit.
    convert: (f64, f64),
}

/// Properties by all names that a row may use.
type Known = std::collections::HashMap<String, PropertyId>;

/// A row of a table.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Row {
    /// Plant time; `None`: it could not be read, and nothing of the row was taken.
    pub time: Option<Timestamp>,
    /// Its samples.
    pub updates: Vec<Update>,
    /// What of it cannot be used.
    pub faults: Vec<BadLine>,
}

impl Table {
    /// Reads the headings and looks at the first times.
    ///
    /// # Errors
    /// When it has no times, or nothing that the twin knows; says what was expected.
    pub fn new(twin: &Twin, bytes: Vec<u8>) -> Result<Self, BadLine> {
        let delimiter = delimiter(&bytes);
        let length = bytes.len();
        let reader = |bytes: Vec<u8>| records(Cursor::new(bytes), delimiter);
        let mut rows = reader(bytes);
        let headings = rows.headers().map_err(|error| unreadable(&error))?.clone();
        let columns: Vec<Heading> = headings.iter().map(Heading::read_any_brackets).collect();
        let time = columns
            .iter()
            .position(|heading| TIMES.contains(&heading.whole.to_lowercase().as_str()));
        let Some(time) = time else {
            return Err(wrong(
                1,
                1,
                format!(
                    "expected a column of times with the heading `time`, as in `time,{}`",
                    twin.property_ids()
                        .next()
                        .map_or("P-101.flow".into(), |id| twin.property_path(id))
                ),
            ));
        };
        let mut notes = Vec::new();
        let is = |heading: &Heading, name: &str| heading.whole.to_lowercase() == name;
        let place = |name: &str| columns.iter().position(|heading| is(heading, name));
        let shape = match (place("property"), place("value")) {
            (Some(property), Some(value)) => {
                let known = names(twin);
                Shape::Long { property, value, quality: place("quality"), known }
            }
            _ => Shape::Wide(wide(twin, &columns, time, &mut notes)?),
        };
        let types = twin.property_ids().map(|id| twin.property(id).ty.clone()).collect();
        let mut table = Self {
            rows,
            length,
            shape,
            time,
            decimal_comma: delimiter == b';',
            record: csv::StringRecord::new(),
            types,
            notes,
            step_us: 0,
        };
        table.look(reader);
        Ok(table)
    }

    /// The usual step between two times, from the first rows; then begins again.
    fn look(&mut self, reader: impl Fn(Vec<u8>) -> csv::Reader<Cursor<Vec<u8>>>) {
        let mut times: Vec<_> =
            (0..LOOKED_AT).map_while(|_| self.next()).filter_map(|row| row.time).collect();
        times.dedup();
        let times: Vec<f64> = times.iter().map(|time| time.0 as f64).collect();
        self.step_us = usual_step(&times).map_or(0, |step_us| step_us as i64);
        let empty = reader(Vec::new());
        let bytes = std::mem::replace(&mut self.rows, empty).into_inner().into_inner();
        self.rows = reader(bytes);
    }

    /// What of the table is not used, for people.
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// The usual step between two rows in microseconds of plant time; 0 of fewer than two rows.
    pub fn step_us(&self) -> i64 {
        self.step_us
    }

    /// Share of the bytes that have been read, from 0 to 1.
    pub fn share(&self) -> f32 {
        self.rows.position().byte() as f32 / self.length.max(1) as f32
    }

    fn read(&mut self, line: usize) -> Row {
        let mut row = Row::default();
        let Self { record, types, decimal_comma, .. } = self;
        let written = record.get(self.time).unwrap_or("");
        row.time = time_of(written);
        if row.time.is_none() {
            let expected = "expected a time such as 2026-11-23T12:00:00Z or seconds since 1970";
            row.faults.push(wrong(line, self.time + 1, format!("`{written}`: {expected}")));
            return row;
        }
        let mut take =
            |cell: &str, at: usize, property: PropertyId, convert, quality| match value_of(
                cell,
                &types[property.0 as usize],
                convert,
                *decimal_comma,
            ) {
                Ok(value) => {
                    row.updates.push(Update { property, time: row.time, value, quality });
                }
                Err(reason) => row.faults.push(wrong(line, at + 1, reason)),
            };
        match &self.shape {
            Shape::Wide(columns) => {
                for (at, (cell, column)) in record.iter().zip(columns).enumerate() {
                    if let (Some(column), false) = (column, cell.is_empty()) {
                        take(cell, at, column.property, column.convert, Quality::Good);
                    }
                }
            }
            Shape::Long { property, value, quality, known } => {
                let name = record.get(*property).unwrap_or("");
                let cell = record.get(*value).unwrap_or("");
                let stated = quality.and_then(|at| record.get(at)).unwrap_or("");
                match (known.get(name), quality_of(stated)) {
                    (Some(id), Some(quality)) if !cell.is_empty() => {
                        take(cell, *value, *id, (1.0, 0.0), quality);
                    }
                    (Some(_), Some(_)) => {}
                    (None, _) => {
                        let names = known.keys().map(String::as_str);
                        row.faults.push(wrong(line, property + 1, unknown(name, names)));
                    }
                    (_, None) => row.faults.push(wrong(
                        line,
                        quality.map_or(1, |at| at + 1),
                        format!("`{stated}` is no quality: expected good, uncertain, bad or stale"),
                    )),
                }
            }
        }
        row
    }
}

impl Iterator for Table {
    type Item = Row;

    fn next(&mut self) -> Option<Row> {
        let line = |position: &csv::Position| position.line() as usize;
        match self.rows.read_record(&mut self.record) {
            Ok(false) => None,
            Ok(true) => Some(self.read(self.record.position().map_or(0, line))),
            Err(error) => Some(Row { faults: vec![unreadable(&error)], ..Row::default() }),
        }
    }
}

fn wrong(line: usize, column: usize, reason: String) -> BadLine {
    BadLine { line, column, reason }
}

fn unreadable(error: &csv::Error) -> BadLine {
    let line = error.position().map_or(1, |position| position.line() as usize);
    let reason = match error.kind() {
        csv::ErrorKind::Utf8 { .. } => "expected text in UTF-8".into(),
        _ => error.to_string(),
    };
    wrong(line, 1, reason)
}

/// What stands between the headings most often.
fn delimiter(bytes: &[u8]) -> u8 {
    let first = bytes.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let count = |sought: u8| first.iter().filter(|byte| **byte == sought).count();
    let mut best = b',';
    for other in [b';', b'\t'] {
        if count(other) > count(best) {
            best = other;
        }
    }
    best
}

fn names(twin: &Twin) -> Known {
    let mut known = Known::new();
    for id in twin.property_ids() {
        known.extend(spellings(twin, id).map(|name| (name, id)));
    }
    known
}

/// How a table may write a property: by its path, and by the asset's bare name where that says which.
fn spellings(twin: &Twin, id: PropertyId) -> impl Iterator<Item = String> {
    let owner = twin.asset(twin.owner(id));
    let bare = format!("{}.{}", owner.name, twin.property(id).name);
    let bare = (twin.property_by_path(&bare) == Some(id)).then_some(bare);
    bare.into_iter().chain([twin.property_path(id)])
}

/// What the headings of a wide table mean. What means nothing is noted.
fn wide(
    twin: &Twin,
    headings: &[Heading],
    time: usize,
    notes: &mut Vec<String>,
) -> Result<Vec<Option<Column>>, BadLine> {
    let mut columns = Vec::new();
    for (at, heading) in headings.iter().enumerate() {
        columns.push(match column(twin, heading) {
            _ if at == time || heading.whole.is_empty() => None,
            Ok(column) => Some(column),
            Err(reason) => {
                notes.push(format!("line 1, column {}: {reason}", at + 1));
                None
            }
        });
    }
    if columns.iter().any(Option::is_some) {
        return Ok(columns);
    }
    let none = "expected columns with the names of properties, such as `P-101.flow`".into();
    Err(wrong(1, 1, notes.first().cloned().unwrap_or(none)))
}

fn column(twin: &Twin, heading: &Heading) -> Result<Column, String> {
    let name = &*heading.name;
    let property = twin.property_by_path(name).ok_or_else(|| {
        let names: Vec<_> = twin.property_ids().flat_map(|id| spellings(twin, id)).collect();
        unknown(name, names.iter().map(String::as_str))
    })?;
    let definition = twin.property(property);
    if definition.integral_of.is_some() {
        return Err(format!("`{name}` is computed from another property, and not read"));
    }
    if matches!(definition.ty, ValueType::Pose | ValueType::Items) {
        return Err(format!("`{name}` is no number, enumeration or text, as cells are"));
    }
    let convert = heading.conversion_to(&definition.unit).map_err(|error| match error {
        HeadingUnitError::OtherKind { stated, wanted } => {
            format!("`{name}` is in {wanted}, to which {stated} does not convert")
        }
        error => error.to_string(),
    })?;
    Ok(Column { property, convert })
}

fn unknown<'a>(name: &str, names: impl Iterator<Item = &'a str>) -> String {
    let mut names = names.peekable();
    let Some(first) = names.peek().copied() else {
        return format!("the twin has no property `{name}`, and none at all");
    };
    match nearest(name, names) {
        Some(near) => format!("the twin has no property `{name}`; the nearest is `{near}`"),
        None => format!("the twin has no property `{name}`; one that it has is `{first}`"),
    }
}

/// An instant as tables write it.
fn time_of(text: &str) -> Option<Timestamp> {
    if let Ok(number) = text.parse::<f64>() {
        // Seconds, milliseconds and microseconds of the years in question differ by a thousand.
        return match number.abs() {
            size if size < 1e11 => Timestamp::from_seconds(number),
            size if size < 1e14 => Timestamp::from_seconds(number * 1e-3),
            _ => Timestamp::from_seconds(number * 1e-6),
        };
    }
    if let Ok(stamp) = text.parse::<jiff::Timestamp>() {
        return Some(Timestamp(stamp.as_microsecond()));
    }
    let civil: DateTime = text.parse().ok()?;
    let zoned = civil.to_zoned(TimeZone::UTC).ok()?;
    Some(Timestamp(zoned.timestamp().as_microsecond()))
}

fn quality_of(text: &str) -> Option<Quality> {
    match text.to_lowercase().as_str() {
        "" | "good" => Some(Quality::Good),
        "uncertain" => Some(Quality::Uncertain),
        "bad" => Some(Quality::Bad),
        "stale" => Some(Quality::Stale),
        _ => None,
    }
}

fn value_of(
    cell: &str,
    ty: &ValueType,
    (scale, offset): (f64, f64),
    decimal_comma: bool,
) -> Result<Value, String> {
    match ty {
        ValueType::Number => {
            let plain = if decimal_comma { cell.replace(',', ".") } else { cell.to_owned() };
            let number = plain.parse::<f64>().ok().map(|number| number * scale + offset);
            let number = number.filter(|number| number.is_finite());
            number.map(Value::Number).ok_or_else(|| format!("`{cell}` is no number"))
        }
        ValueType::Enumeration(names) => {
            let named = names.iter().position(|name| name == cell);
            let counted = cell.parse::<usize>().ok().filter(|at| *at < names.len());
            let index = named.or(counted).and_then(|at| u16::try_from(at).ok());
            index
                .map(Value::Enumeration)
                .ok_or_else(|| format!("`{cell}` is none of {}", names.join(", ")))
        }
        ValueType::Text => Ok(Value::Text(cell.into())),
        ValueType::Pose | ValueType::Items => {
            Err("this property is no number, enumeration or text, as cells are".into())
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::sample_twin;
    use super::*;
    use crate::twin::mapping::Mapping;

    fn twin() -> Twin {
        let topic = sample_twin::template("plant/{asset}/{property}");
        sample_twin::twin(2, Mapping { topic, payload: sample_twin::scalar(None), qos: 0 })
    }

    fn rows(text: &str) -> Vec<Row> {
        table(text).collect()
    }

    fn table(text: &str) -> Table {
        Table::new(&twin(), text.as_bytes().to_vec()).expect("a table")
    }

    fn values(row: &Row) -> Vec<(u32, Value)> {
        row.updates.iter().map(|update| (update.property.0, update.value.clone())).collect()
    }

    #[test]
    fn a_wide_table_has_a_column_a_property() {
        let rows = rows(
            "time,P-0.speed,P-1.state,P-1.note\n\
             2026-11-23T12:00:00Z,1.5,running,\"hello, all\"\n\
             2026-11-23 12:00:01.25,,2,\n",
        );
        assert_eq!(rows[0].time, Some(Timestamp(1_795_435_200_000_000)));
        let note = Value::Text("hello, all".into());
        let first = [(0, Value::Number(1.5)), (6, Value::Enumeration(1)), (7, note)];
        assert_eq!(values(&rows[0]), first);
        assert_eq!(rows[1].time, Some(Timestamp(1_795_435_201_250_000)));
        assert_eq!(values(&rows[1]), [(6, Value::Enumeration(2))]);
    }

    #[test]
    fn a_long_table_has_a_row_a_sample() {
        let rows = rows(
            "timestamp;property;value;quality\n\
             1795435200;P-0.speed;1,5;uncertain\n\
             1795435201000;P-1.state;tripped;\n\
             1795435202000;P-1.sped;4;\n\
             1795435203000;P-1.speed;4;fine\n",
        );
        assert_eq!(values(&rows[0]), [(0, Value::Number(1.5))]);
        assert_eq!(rows[0].updates[0].quality, Quality::Uncertain);
        assert_eq!(rows[1].time, Some(Timestamp(1_795_435_201_000_000)));
        assert_eq!(values(&rows[1]), [(6, Value::Enumeration(2))]);
        assert!(rows[2].faults[0].to_string().starts_with("line 4, column 2:"), "{rows:?}");
        assert!(rows[2].faults[0].reason.contains("nearest is `P-1.speed`"), "{rows:?}");
        assert!(rows[3].faults[0].reason.contains("no quality"), "{rows:?}");
    }

    #[test]
    fn what_cannot_be_used_is_told_with_its_place_and_the_rest_is_taken() {
        let mut table =
            table("time,P-0.speed,P-0.sped,P-0.pose,P-1.speed\n0,x,1,2,3\nnoon,1,1,1,1\n");
        assert_eq!(table.notes().len(), 2);
        assert!(table.notes()[0].contains("line 1, column 3"), "{:?}", table.notes());
        let row = table.next().expect("a row");
        assert_eq!(values(&row), [(5, Value::Number(3.0))]);
        assert_eq!((row.faults[0].line, row.faults[0].column), (2, 2));
        let row = table.next().expect("a row");
        assert_eq!((row.time, row.faults[0].line), (None, 3));
        assert!(table.next().is_none());
    }

    #[test]
    fn a_table_without_times_or_known_columns_is_refused_with_what_was_expected() {
        let refused = |text: &str| {
            Table::new(&twin(), text.as_bytes().to_vec()).err().expect("no table").reason
        };
        assert!(refused("speed,flow\n1,2\n").contains("heading `time`"));
        assert!(refused("time,P-9.speed\n1,2\n").contains("nearest is"));
        assert!(refused("").contains("heading `time`"));
    }

    #[test]
    fn the_usual_step_is_known_before_the_rows_are_read() {
        let mut table = table("time,P-0.speed\n0,1\n60,2\n120,3\n600,4\n");
        assert_eq!(table.step_us(), 60_000_000);
        assert_eq!(table.next().and_then(|row| row.time), Some(Timestamp(0)));
        assert_eq!(table.by_ref().count(), 3);
        assert_eq!(table.share(), 1.0);
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_fail(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let mut text = b"time,P-0.speed,P-0.state\n".to_vec();
            text.extend(bytes);
            let _ = Table::new(&twin(), text).expect("headings").count();
        }
    }
}
