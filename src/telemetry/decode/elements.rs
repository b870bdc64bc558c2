//! Lists whose elements say which they are: by their places something else may stand there tomorrow.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use serde_json::Value as Json;

use super::plan::Node;

/// Members by which products name the elements of a list, the surest first.
const NAMES: [&str; 22] = [
    "name",
    "Name",
    "n",
    "tag",
    "Tag",
    "tagName",
    "TagName",
    "idShort",
    "NodeId",
    "DisplayName",
    "displayName",
    "path",
    "key",
    "Key",
    "metric",
    "variable",
    "channel",
    "signal",
    "sensor",
    "id",
    "Id",
    "ID",
];

/// An element that says which it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Named {
    pub member: &'static str,
    pub name: Box<str>,
}

/// What the element calls itself; a serial number or a UUID is no name.
fn named(element: &Json) -> Option<Named> {
    let is_counted = |name: &str| {
        name.bytes().all(|byte| byte.is_ascii_hexdigit() || b"-{}".contains(&byte))
            && name.bytes().any(|byte| byte.is_ascii_digit())
    };
    NAMES.iter().find_map(|&member| {
        let name = element.get(member)?.as_str()?.trim();
        let is_name = !name.is_empty() && !is_counted(name);
        is_name.then(|| Named { member, name: name.into() })
    })
}

/// What the elements called themselves that are read by their places, as of the first message.
#[derive(Debug, Default)]
pub(super) struct ElementNames(Mutex<HashMap<(u32, usize), Named>>);

impl ElementNames {
    /// The element that stood at that place of an asset's list before, and the name of the one that stands there now,
    /// if that is another.
    pub(super) fn moved(
        &self,
        asset: u32,
        place: &Node,
        element: &Json,
    ) -> Option<(Named, Box<str>)> {
        let now = named(element)?;
        // A node stays where it is as long as its decoder lives.
        let key = (asset, std::ptr::from_ref(place).addr());
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let before = known.entry(key).or_insert_with(|| now.clone());
        (*before != now).then(|| (before.clone(), now.name))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_element_is_named_by_a_text_that_is_no_serial_number() {
        let name = |element: Json| named(&element).map(|named| named.name.to_string());
        assert_eq!(name(json!({"v": 1, "name": "speed"})).as_deref(), Some("speed"));
        assert_eq!(
            name(json!({"id": "Channel1.Device1.Tag1"})).as_deref(),
            Some("Channel1.Device1.Tag1")
        );
        for unnamed in [
            json!({"id": 17}),
            json!({"id": "8f14e45f-ceea-467f-a8f0-6b6f7c1f2d3a"}),
            json!({"id": "20261123"}),
            json!({"name": ""}),
            json!(5),
            json!(["name"]),
        ] {
            assert_eq!(name(unnamed.clone()), None, "{unnamed}");
        }
    }
}
