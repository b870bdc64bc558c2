//! Pumps with a property of every type, for the tests of what reads samples.

use std::time::Duration;

use twinscope::twin::mapping::{ClockSource, Mapping, Payload, Presence, TimeFormat, TimeSource};
use twinscope::twin::{AssetId, ClassId, Level, Twin, ValueType};

use super::twins::{add, class, enumeration, json, mapping, plant, property};
pub use super::twins::{field, scalar, template};

/// Positions of the properties of class `Pump`.
pub const SPEED: u16 = 0;
pub const STATE: u16 = 1;
pub const NOTE: u16 = 2;
pub const POSE: u16 = 3;
pub const ITEMS: u16 = 4;

/// `count` pumps `P-0` … in the area `utilities`, each with a number `speed`, an enumeration
/// `state`, a text `note`, a pose and items, and one mapping. The area is asset 0.
pub fn twin(count: usize, mapping: Mapping) -> Twin {
    let properties = vec![
        property("speed", ValueType::Number),
        property("state", enumeration(["stopped", "running", "tripped"])),
        property("note", ValueType::Text),
        property("pose", ValueType::Pose),
        property("items", ValueType::Items),
    ];
    let mut twin = plant(class("Pump", properties, vec![mapping]), [""; 0]);
    let area = add(&mut twin, "utilities", None);
    twin.assets[area.0 as usize].level = Level::Area;
    for at in 0..count {
        add(&mut twin, &format!("utilities/P-{at}"), Some(ClassId(0)));
    }
    twin
}

/// One pump with that mapping.
pub fn with_topic(topic: &str, payload: Payload) -> Twin {
    twin(1, mapping(topic, payload))
}

/// Pumps that send `{"speed": …, "state": …}`.
pub fn pumps(count: usize) -> Twin {
    let fields = vec![field(SPEED, "/speed"), field(STATE, "/state")];
    let payload = json(None, TimeSource::Arrival, fields);
    twin(count, mapping("plant/{area}/{asset}/telemetry", payload))
}

/// A twin whose plant publishes its clock and whose pump reports whether it is online.
pub fn with_clock_and_presence() -> Twin {
    let mut twin = pumps(1);
    twin.clock = Some(ClockSource {
        topic: "plant/clock".into(),
        time: "/now".into(),
        format: TimeFormat::EpochMillis,
        rate: Some("/rate".into()),
        interval: Duration::from_secs(5),
    });
    twin.presence.push(Presence {
        topic: "plant/P-0/online".into(),
        pointer: String::new(),
        online: "1".into(),
        offline: "0".into(),
        assets: vec![AssetId(1)],
    });
    twin
}
