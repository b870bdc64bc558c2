//! Cells: times, qualities and values as tables write them.

use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use crate::twin::{Quality, Timestamp, Value, ValueType};

/// An instant as tables write it.
pub(super) fn time_of(text: &str) -> Option<Timestamp> {
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

/// A quality by its name; no name is good.
pub(super) fn quality_of(text: &str) -> Option<Quality> {
    match text.to_lowercase().as_str() {
        "" | "good" => Some(Quality::Good),
        "uncertain" => Some(Quality::Uncertain),
        "bad" => Some(Quality::Bad),
        "stale" => Some(Quality::Stale),
        _ => None,
    }
}

/// A value of that type; a number is converted by scale and offset. The error says what is wrong with
/// the cell.
pub(super) fn value_of(
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
