//! What is estimated of all machines, by the names of the whole.

use super::resolve::Part;
use crate::twin::Twin;
use crate::twin::behaviour::{
    Behaviour, EstimateSpec, FaultSpec, LoadSpec, Named, NamedNumber, PartNumber, PartSpec,
};

/// The behaviours of all machines, each name with its asset's before it. The gate
/// is that of the machine that is most careful; its step is in [`super::Network::machine`].
pub(super) fn of_all(twin: &Twin, parts: &[Part]) -> Behaviour {
    let roles = parts.iter().filter_map(|part| {
        let role = twin.class_of(part.asset)?.behaviour.as_ref()?;
        Some((&*part.name, &role.behaviour))
    });
    let mut roles = roles.peekable();
    let Some((_, first)) = roles.peek() else { unreachable!("a network has machines") };
    let mut all = Behaviour {
        model: first.model.part(&twin.name),
        step_s: None,
        gate: f64::INFINITY,
        spread: first.spread,
        ..Behaviour::empty(first.model.clone())
    };
    for (asset, one) in roles {
        let name = |name: &Named| name.part(&full(asset, &name.text));
        let numbers = |all: &[NamedNumber]| -> Vec<NamedNumber> {
            all.iter().map(|(of, value)| (name(of), *value)).collect()
        };
        let number = |one: &PartNumber| PartNumber { name: name(&one.name), ..one.clone() };
        let specs = |all: &[EstimateSpec]| -> Vec<EstimateSpec> {
            all.iter().map(|spec| EstimateSpec { name: name(&spec.name), ..spec.clone() }).collect()
        };
        all.parameters.extend(numbers(&one.parameters));
        all.initial.extend(numbers(&one.initial));
        all.noise.extend(numbers(&one.noise));
        all.estimate.extend(specs(&one.estimate));
        all.ends.extend(one.ends.iter().map(name));
        all.load.extend(one.load.iter().map(|load| LoadSpec {
            inputs: load.inputs.iter().map(name).collect(),
            ..load.clone()
        }));
        all.faults.extend(one.faults.iter().map(|fault| FaultSpec {
            name: fault.name.part(&format!("{asset}: {}", fault.name.text)),
            estimate: specs(&fault.estimate),
            ..fault.clone()
        }));
        all.parts.extend(one.parts.iter().map(|part| PartSpec {
            name: part.name.part(&format!("{asset}.{}", part.name.text)),
            numbers: part.numbers.iter().map(number).collect(),
        }));
        all.gate = all.gate.min(one.gate);
    }
    all
}

/// `P-101.Qout` for `Qout`, `bias_P-101.Qout` for `bias_Qout`.
fn full(asset: &str, name: &str) -> String {
    let prefix = ["bias_", "trend_"].into_iter().find(|prefix| name.starts_with(prefix));
    let prefix = prefix.unwrap_or_default();
    format!("{prefix}{asset}.{}", &name[prefix.len()..])
}
