//! Cells: values as tables write them.

use crate::table::Numbers;
use crate::telemetry::decode::read_cell;
use crate::twin::{Value, ValueType};

/// A value of that type; a number is converted by scale and offset. The error says what is wrong with
/// the cell.
pub(super) fn value_of(
    cell: &str,
    ty: &ValueType,
    (scale, offset): (f64, f64),
    numbers: &mut Numbers,
) -> Result<Value, String> {
    match ty {
        ValueType::Number => {
            let number = numbers.read(cell).map_err(|error| format!("`{cell}` {error}"))?;
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
