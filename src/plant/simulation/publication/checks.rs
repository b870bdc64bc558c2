//! What of messages can be sent at all.

use super::PLANT;
use crate::plant::simulation::Spec;
use crate::plant::simulation::encode::{self, Measured};
use crate::plant::simulation::wiring::Wiring;
use crate::twin::mapping::{Field, Payload};
use crate::twin::{Item, Pose, Quality, Timestamp, Twin, Value, ValueType, nearest};

/// Notes what `powered` names and nothing is.
pub fn check_powered(twin: &Twin, spec: &Spec, wiring: &mut Wiring) {
    for (supply, names) in &spec.powered {
        if !wiring.is_supplied(supply) {
            let what = format!(
                "no block supplies anything as {supply:?}; name the asset of a Mains or an Ups"
            );
            wiring.mistakes.push((supply.clone(), what));
        }
        let assets = || twin.asset_ids().map(|id| &*twin.asset(id).name);
        for name in names.iter().filter(|name| *name != PLANT && !assets().any(|a| a == *name)) {
            let near = nearest(name, assets());
            let near = near.map(|near| format!("; nearest: {near:?}")).unwrap_or_default();
            wiring.mistakes.push((name.clone(), format!("there is no asset {name:?}{near}")));
        }
    }
}

/// Whether a payload's format can hold all that a message states: values of these types (or that there
/// are none), times and qualities, each at its pointer.
pub fn can_be_written(payload: &Payload, types: &[ValueType], values: bool) -> Result<(), String> {
    let Payload::Document { format, fields, .. } = payload else { return Ok(()) };
    let reading = |field: &Field| {
        let value = values.then(|| sample_value(&types[usize::from(field.property)]));
        (field.property, Measured { value, quality: Quality::Good })
    };
    let instant = (Timestamp(0), fields.iter().map(reading).collect());
    (format.write)(&encode::document(payload, types, &[instant])).map(drop)
}

/// Some value of a type.
fn sample_value(ty: &ValueType) -> Value {
    match ty {
        ValueType::Number => Value::Number(1.5),
        ValueType::Enumeration(_) => Value::Enumeration(0),
        ValueType::Text => Value::Text("text".into()),
        ValueType::Pose => Value::Pose(Pose::IDENTITY),
        ValueType::Items => Value::Items([Item { id: 1, at_m: 1.5, stage: 0 }].into()),
    }
}
