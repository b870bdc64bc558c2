//! Lists whose elements say which they are: by their places something else may stand there tomorrow.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::Value as Json;

use super::plan::Node;
use crate::twin::pointer::Step;

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
#[derive(Debug)]
struct Named {
    member: &'static str,
    name: Box<str>,
    /// The name, and the last part of it, by their letters and digits: products write the way to the element in front of
    /// its name.
    plain: [String; 2],
}

impl Named {
    fn new((member, name): (&'static str, &str)) -> Self {
        let last = name.rsplit(['/', '.', ':', ';', '=']).next().unwrap_or_default();
        Self { member, name: name.into(), plain: [plain(name), plain(last)] }
    }

    /// How much it is like the name of a property: 2 the same, 1 a part of it or the other way round.
    fn likeness(&self, property: &PropertyName) -> u8 {
        let ([element, last], property) = (&self.plain, &property.plain);
        let is_in = |part: &str, whole: &str| part.len() >= 3 && whole.contains(part);
        if element == property || last == property {
            2
        } else if is_in(property, element) || is_in(last, property) {
            1
        } else {
            0
        }
    }
}

/// The name of a property, prepared for comparing.
#[derive(Debug)]
pub(super) struct PropertyName {
    name: Arc<str>,
    plain: String,
}

impl PropertyName {
    pub(super) fn new(name: Arc<str>) -> Self {
        let plain = plain(&name);
        Self { name, plain }
    }
}

/// The letters and digits of a name, in small letters.
fn plain(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// What the element calls itself, and by which member; a serial number or a UUID is no name.
fn named(element: &Json) -> Option<(&'static str, &str)> {
    let is_counted = |name: &str| {
        // `F101` is a tag, and only long names are numbers in hexadecimal digits.
        let is_long = name.len() >= 8;
        let is_digit = |byte: u8| byte.is_ascii_digit() || is_long && byte.is_ascii_hexdigit();
        name.bytes().all(|byte| is_digit(byte) || b"-{}".contains(&byte))
            && name.bytes().any(|byte| byte.is_ascii_digit())
    };
    NAMES.iter().find_map(|&member| {
        let name = element.get(member)?.as_str()?.trim();
        let is_name = !name.is_empty() && !is_counted(name);
        is_name.then_some((member, name))
    })
}

/// An element of a list that is read by its place and says which it is.
#[derive(Debug)]
pub(super) struct Placed {
    place: usize,
    /// What stood there in the first message, where that was another.
    before: Option<Arc<Named>>,
    now: Arc<Named>,
}

impl Placed {
    /// Whether another element stood there before.
    pub(super) fn is_moved(&self) -> bool {
        self.before.is_some()
    }

    /// Why its value is not that of a property, for people; `None`: it may be. `names` are those of all properties.
    pub(super) fn objection(&self, property: usize, names: &[PropertyName]) -> Option<String> {
        let Self { place, before, now } = self;
        let Some(before) = before else {
            let own = now.likeness(&names[property]);
            if own == 2 {
                return None;
            }
            let other = names.iter().find(|name| now.likeness(name) > own)?;
            let other = &other.name;
            return Some(format!(
                "place {place} of the list is `{}`, which looks like `{other}`: write the name of the element that is \
                 meant, as `[{}=…]`, for `{place}` in the pointer, or `[{place}]` for whatever stands there",
                now.name, now.member
            ));
        };
        let (member, value) = (before.member.to_owned(), before.name.to_string());
        let element = Step::Element { member, value };
        Some(format!(
            "place {place} of the list was `{}` and is now `{}`: write `{element}` for `{place}` in the pointer, or \
             `[{place}]` for whatever stands there",
            before.name, now.name
        ))
    }
}

/// What the elements called themselves that are read by their places, as of the first message.
#[derive(Debug, Default)]
pub(super) struct ElementNames(Mutex<HashMap<(u32, usize), Arc<Named>>>);

impl ElementNames {
    /// The element at that place of an asset's list, if it says which it is.
    pub(super) fn placed(
        &self,
        asset: u32,
        node: &Node,
        element: &Json,
        place: usize,
    ) -> Option<Placed> {
        let now = named(element)?;
        // A node stays where it is as long as its decoder lives.
        let key = (asset, std::ptr::from_ref(node).addr());
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let first = known.entry(key).or_insert_with(|| Arc::new(Named::new(now)));
        let (before, now) = match (first.member, &*first.name) == now {
            true => (None, first.clone()),
            false => (Some(first.clone()), Arc::new(Named::new(now))),
        };
        Some(Placed { place, before, now })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_name_is_like_that_of_a_property_by_its_last_part_or_as_its_beginning() {
        for (element, property, expected) in [
            ("Temp", "temperature", 1),
            ("Temp", "speed", 0),
            ("Motor/Speed", "speed", 2),
            ("Line1.Pump1.Outlet_Temperature", "temperature", 1),
            ("ns=2;s=Pump.speed", "speed", 2),
            ("t", "temperature", 0),
            ("Motor/T", "temperature", 0),
            ("Speed_Setpoint", "speed setpoint", 2),
        ] {
            let likeness = Named::new(("n", element)).likeness(&PropertyName::new(property.into()));
            assert_eq!(likeness, expected, "{element} {property}");
        }
    }

    #[test]
    fn an_element_is_named_by_a_text_that_is_no_serial_number() {
        let name = |element: Json| named(&element).map(|(_, name)| name.to_owned());
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
