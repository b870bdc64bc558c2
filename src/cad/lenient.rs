//! JSON as programs write it, made what the format wants before the `gltf` crate reads it.

use serde_json::Value;

use super::remark::shown;

/// Without what is `null` and what only the program that wrote it knows, and with whole numbers as such.
pub(super) fn plain(value: &mut Value) {
    match value {
        Value::Object(map) => {
            // The least and greatest numbers of accessors are not asked for: the numbers are.
            let is_accessor = map.contains_key("componentType");
            map.retain(|key, entry| {
                !entry.is_null()
                    && key != "extras"
                    && !(is_accessor && (key == "min" || key == "max"))
            });
            for (key, entry) in map.iter_mut() {
                if key == "name"
                    && let Value::Number(_) | Value::Bool(_) = entry
                {
                    *entry = Value::String(entry.to_string());
                }
                plain(entry);
            }
        }
        Value::Array(list) => list.iter_mut().for_each(plain),
        Value::Number(number) => {
            if let (false, Some(real)) = (number.is_u64() || number.is_i64(), number.as_f64())
                && real.fract() == 0.0
                && real.abs() < 9e15
                && !(real == 0.0 && real.is_sign_negative())
            {
                *value = if real < 0.0 { (real as i64).into() } else { (real as u64).into() };
            }
        }
        _ => {}
    }
}

/// An animation without the channels that move no node: what they move is stated by an extension, such as
/// `KHR_animation_pointer`, and the format says to pass them over; or its number is that of no node.
pub(super) fn channels(animation: &mut Value, tell: &dyn Fn(String)) {
    let Some(channels) = animation.get_mut("channels").and_then(Value::as_array_mut) else {
        return;
    };
    let all = channels.len();
    channels.retain(|channel| {
        let moves = |target: &Value| target.get("node").is_some_and(|node| !is_none(node));
        channel.get("target").is_none_or(|target| !target.is_object() || moves(target))
    });
    let lost = all - channels.len();
    if lost > 0 {
        tell(format!("{lost} of its {all} channels move no node and are passed over"));
    }
}

/// Whether a reference is `-1`, which many programs write for "none".
fn is_none(reference: &Value) -> bool {
    reference.as_i64() == Some(-1)
}

/// Members that refer to entries of lists.
const INDEX: [&str; 14] = [
    "mesh",
    "skin",
    "camera",
    "material",
    "indices",
    "bufferView",
    "buffer",
    "source",
    "sampler",
    "input",
    "output",
    "node",
    "skeleton",
    "inverseBindMatrices",
];

/// References that cannot be: `-1` is taken out, with the whole texture or attribute that it should name, and
/// what does not fit into the crate's 32 bits is an error.
pub(super) fn indices(value: &mut Value, tell: &dyn Fn(String)) -> Result<(), String> {
    let Value::Object(map) = value else {
        if let Value::Array(list) = value {
            return list.iter_mut().try_for_each(|entry| indices(entry, tell));
        }
        return Ok(());
    };
    map.retain(|key, entry| {
        let gone = match entry {
            // A texture of a material.
            Value::Object(of_entry) => of_entry.get("index").is_some_and(is_none),
            _ => INDEX.contains(&key.as_str()) && is_none(entry),
        };
        if gone {
            tell(format!("`{}` is -1, which is taken for none", shown(key)));
        }
        !gone
    });
    let fits = |entry: &Value| entry.as_u64().is_none_or(|at| at < u64::from(u32::MAX));
    for (key, entry) in map.iter_mut() {
        // Whoever reads it says what it lacks: without its attribute all instances would be in one place.
        if key == "EXT_mesh_gpu_instancing" {
            continue;
        }
        if let ("children" | "nodes", Value::Array(list)) = (key.as_str(), &mut *entry) {
            let all = list.len();
            list.retain(|at| !at.is_null() && !is_none(at));
            if list.len() < all {
                tell(format!("`{key}` names -1 or null, which is taken for none"));
            }
        }
        let listed = matches!(key.as_str(), "children" | "joints" | "nodes");
        let all = listed && entry.as_array().is_some_and(|list| !list.iter().all(fits));
        if all || (INDEX.contains(&key.as_str()) && !fits(entry)) {
            return Err(format!(
                "`{key}` refers to {}, which no file has",
                shown(&entry.to_string())
            ));
        }
        match (key.as_str(), &mut *entry) {
            ("attributes", attributes) => without_none(attributes, tell),
            ("targets", Value::Array(list)) => {
                list.iter_mut().for_each(|target| without_none(target, tell));
            }
            _ => {}
        }
        if key == "attributes" && entry.as_object().is_some_and(|map| !map.values().all(fits)) {
            return Err("`attributes` refers to what no file has".into());
        }
        indices(entry, tell)?;
    }
    Ok(())
}

/// The attributes of a part without those that are `-1`.
fn without_none(attributes: &mut Value, tell: &dyn Fn(String)) {
    let Value::Object(map) = attributes else { return };
    map.retain(|key, entry| {
        let gone = is_none(entry);
        if gone {
            tell(format!("`{}` is -1, which is taken for none", shown(key)));
        }
        !gone
    });
}
