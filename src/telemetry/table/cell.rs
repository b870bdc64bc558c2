//! Cells: values as tables write them.

use crate::table::{Cells, Numbers};
use crate::telemetry::decode::{has_no_value, read_cell};
use crate::twin::{Value, ValueType};

/// What spreadsheets and historians write where there is no value, besides what messages do.
const NO_VALUE: [&str; 9] =
    ["-", "--", "na", "#n/a", "#nv", "bad", "bad input", "no data", "i/o timeout"];

/// A value of that type; a number is converted by scale and offset. `None`: the cell says that there is
/// none. The error says what is wrong with the cell.
pub(super) fn value_of(
    cell: &str,
    ty: &ValueType,
    convert: (f64, f64),
    numbers: &mut Numbers,
) -> Result<Option<Value>, String> {
    if has_no_value(cell, ty) {
        return Ok(None);
    }
    match read(cell, ty, convert, numbers) {
        Err(_) if NO_VALUE.iter().any(|word| cell.eq_ignore_ascii_case(word)) => Ok(None),
        read => read.map(Some),
    }
}

fn read(
    cell: &str,
    ty: &ValueType,
    (scale, offset): (f64, f64),
    numbers: &mut Numbers,
) -> Result<Value, String> {
    match ty {
        ValueType::Number => {
            let number =
                numbers.read(cell, Cells::Values).map_err(|error| format!("`{cell}` {error}"))?;
            let number = number * scale + offset;
            match number.is_finite() {
                true => Ok(Value::Number(number)),
                false => Err(format!("`{cell}` is no finite number")),
            }
        }
        ValueType::Pose | ValueType::Items => {
            Err("this property is no number, enumeration or text, as cells are".into())
        }
        ty => read_cell(cell, ty),
    }
}
