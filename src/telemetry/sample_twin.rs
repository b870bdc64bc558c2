//! Small definitions for the tests of this room.

use std::sync::Arc;
use std::time::Duration;

use crate::twin::mapping::*;
use crate::twin::*;

/// A property of class `Pump`.
fn property(name: &str, ty: ValueType) -> Arc<Property> {
    Arc::new(Property {
        name: name.into(),
        title: name.into(),
        description: String::new(),
        kind: PropertyKind::Measurement,
        ty,
        unit: Unit::default(),
        display: Default::default(),
        decimals: None,
        range: None,
        limits: Limits::default(),
        interval: None,
        interpolation: Interpolation::Linear,
        integral_of: None,
    })
}

/// Positions of the properties of class `Pump`.
pub const SPEED: u16 = 0;
pub const STATE: u16 = 1;
pub const NOTE: u16 = 2;
pub const POSE: u16 = 3;
pub const ITEMS: u16 = 4;

/// `count` pumps `P-0` … in the area `utilities`, each with a number `speed`, an enumeration
/// `state`, a text `note`, a pose and items, and one mapping.
pub fn twin(count: usize, mapping: Mapping) -> Twin {
    let states = ["stopped", "running", "tripped"].map(String::from);
    let class = Class {
        name: "Pump".into(),
        title: "Pump".into(),
        behaviour: None,
        model: None,
        properties: vec![
            property("speed", ValueType::Number),
            property("state", ValueType::Enumeration(Arc::new(states))),
            property("note", ValueType::Text),
            property("pose", ValueType::Pose),
            property("items", ValueType::Items),
        ],
        mappings: vec![mapping],
        bindings: Vec::new(),
    };
    let mut twin = Twin { name: "test".into(), ..Twin::default() };
    let columns = class.properties.len() as u32;
    twin.classes.push(class);
    twin.assets.push(asset("utilities", "utilities", Level::Area, None, 0..0));
    for at in 0..count {
        let name = format!("P-{at}");
        let start = at as u32 * columns;
        let path = format!("utilities/{name}");
        let mut pump = asset(&name, &path, Level::Unit, Some(AssetId(0)), start..start + columns);
        pump.class = Some(ClassId(0));
        let id = AssetId(twin.assets.len() as u32);
        twin.asset_by_name.insert(pump.name.clone(), id);
        twin.property_owner.extend((0..columns).map(|_| id));
        twin.assets.push(pump);
    }
    twin
}

fn asset(
    name: &str,
    path: &str,
    level: Level,
    parent: Option<AssetId>,
    properties: std::ops::Range<u32>,
) -> Asset {
    Asset {
        name: name.into(),
        path: path.into(),
        title: name.into(),
        level,
        class: None,
        parent,
        parent_from_asset: Pose::IDENTITY,
        scale: 1.0,
        properties,
        overrides: Vec::new(),
        variables: Default::default(),
    }
}

/// Reads a topic template.
pub fn template(text: &str) -> TopicTemplate {
    let level = |level: &str| match level {
        "+" => TopicLevel::Any,
        "#" => TopicLevel::Rest,
        "{property}" => TopicLevel::Property,
        level => match level.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')) {
            Some(name) => TopicLevel::Text(vec![TopicPart::Placeholder(name.into())]),
            None => TopicLevel::Text(vec![TopicPart::Literal(level.into())]),
        },
    };
    TopicTemplate { text: text.into(), levels: text.split('/').map(level).collect() }
}

/// A field without scale, quality or names.
pub fn field(property: u16, pointer: &str) -> Field {
    let pointer = pointer.into();
    Field { property, pointer, read: Read::default(), quality: None, optional: false }
}

/// A bare value.
pub fn scalar(property: Option<u16>) -> Payload {
    Payload::Scalar { property, read: Read::default(), time: TimeSource::Arrival }
}

/// One pump with that mapping.
pub fn with_topic(topic: &str, payload: Payload) -> Twin {
    twin(1, Mapping { topic: template(topic), payload, qos: 1 })
}

/// Pumps that send `{"speed": …, "state": …}`.
pub fn pumps(count: usize) -> Twin {
    let payload = Payload::Json {
        samples: None,
        time: TimeSource::Arrival,
        quality: None,
        fields: vec![field(SPEED, "/speed"), field(STATE, "/state")],
    };
    let topic = template("plant/{area}/{asset}/telemetry");
    twin(count, Mapping { topic, payload, qos: 1 })
}

/// A twin whose plant publishes its clock and whose pump its presence.
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
