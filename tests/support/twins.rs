//! Definitions of small plants, built by hand: what is not given is the least that it can be.

use std::sync::Arc;
use std::time::Duration;

use twinscope::twin::mapping::{
    ClockSource, Field, Mapping, Payload, Presence, Read, TimeFormat, TimeSource, TopicLevel,
    TopicPart, TopicTemplate,
};
use twinscope::twin::payload::PayloadFormat;
use twinscope::twin::{
    Asset, AssetId, Class, ClassId, IntegralOf, Interpolation, Level, Limits, Pose, Property,
    PropertyKind, Twin, Unit, ValueType,
};

/// A measurement without a unit, a range and an interval.
pub fn property(name: &str, ty: ValueType) -> Property {
    Property {
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
        states: Arc::default(),
        interval: None,
        interpolation: Interpolation::Linear,
        integral_of: None,
        write: None,
    }
}

/// An enumeration of these states.
pub fn enumeration<const N: usize>(states: [&str; N]) -> ValueType {
    ValueType::Enumeration(Arc::new(states.map(String::from)))
}

/// A class without a model and bindings.
pub fn class(name: &str, properties: Vec<Property>, mappings: Vec<Mapping>) -> Class {
    Class {
        name: name.into(),
        title: name.into(),
        behaviour: None,
        model: None,
        properties: properties.into_iter().map(Arc::new).collect(),
        mappings,
        bindings: Vec::new(),
    }
}

/// One class, and an asset of it with each of these names at the plant's top.
pub fn plant(class: Class, names: impl IntoIterator<Item = impl AsRef<str>>) -> Twin {
    let mut twin = Twin { name: "test".into(), classes: vec![class], ..Twin::default() };
    for name in names {
        add(&mut twin, name.as_ref(), Some(ClassId(0)));
    }
    twin
}

/// Adds an asset at `path`, whose last level is its name and whose other levels are there already.
pub fn add(twin: &mut Twin, path: &str, class: Option<ClassId>) -> AssetId {
    let id = AssetId(twin.assets.len() as u32);
    let first = twin.property_owner.len() as u32;
    let count = class.map_or(0, |class| twin.classes[class.0 as usize].properties.len() as u32);
    let (parent, name) = path.rsplit_once('/').map_or((None, path), |(up, name)| (Some(up), name));
    let parent = parent.and_then(|up| twin.assets.iter().position(|asset| &*asset.path == up));
    let asset = Asset {
        name: name.into(),
        path: path.into(),
        title: name.into(),
        level: Level::Unit,
        class,
        parent: parent.map(|at| AssetId(at as u32)),
        parent_from_asset: Pose::IDENTITY,
        scale: 1.0,
        properties: first..first + count,
        overrides: Vec::new(),
        variables: Default::default(),
    };
    twin.asset_by_name.insert(asset.name.clone(), id);
    twin.property_owner.extend((0..count).map(|_| id));
    twin.assets.push(asset);
    id
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

/// A mapping at QoS 1.
pub fn mapping(topic: &str, payload: Payload) -> Mapping {
    Mapping { topic: template(topic), payload, qos: 1 }
}

/// A bare value; without a property the topic names it.
pub fn scalar(property: Option<u16>) -> Payload {
    Payload::Scalar { property, read: Read::default(), time: TimeSource::Arrival }
}

/// A JSON document, or several in an array, without a quality.
pub fn json(samples: Option<&str>, time: TimeSource, fields: Vec<Field>) -> Payload {
    let (format, samples) = (PayloadFormat::JSON, samples.map(str::to_owned));
    Payload::Document { format, samples, requires: Vec::new(), time, quality: None, fields }
}

/// A field without scale, quality or names.
pub fn field(property: u16, pointer: &str) -> Field {
    let pointer = pointer.into();
    Field { property, pointer, read: Read::default(), quality: None, optional: false }
}

/// A time at `/t` in that format.
pub fn stamp(format: TimeFormat) -> TimeSource {
    TimeSource::Field { pointer: "/t".into(), format }
}

/// The class of the motors: a speed in revolutions a minute, its turns and a state.
fn motor() -> Class {
    let interval = Some(Duration::from_secs(1));
    let turns = Property {
        kind: PropertyKind::Derived,
        integral_of: Some(IntegralOf { property: 0, per_second: 1.0 / 60.0 }),
        ..property("turns", ValueType::Number)
    };
    let speed = Property { interval, ..property("speed", ValueType::Number) };
    let state = Property { interval, ..property("state", enumeration(["off", "on"])) };
    class("Motor", vec![speed, turns, state], Vec::new())
}

/// Two motors `M-1` and `M-2`, each with a speed, its turns and a state; both hang on one presence
/// topic.
pub fn motors() -> Twin {
    Twin {
        presence: vec![Presence {
            topic: "online".into(),
            pointer: String::new(),
            online: "1".into(),
            offline: "0".into(),
            assets: vec![AssetId(0), AssetId(1)],
        }],
        ..shown_as_usual(plant(motor(), ["M-1", "M-2"]))
    }
}

/// The motors with a clock of their own, expected every three seconds.
pub fn motors_with_clock() -> Twin {
    let clock = ClockSource {
        topic: "clock".into(),
        time: "/time".into(),
        format: TimeFormat::default(),
        rate: None,
        interval: Duration::from_secs(3),
    };
    Twin { clock: Some(clock), ..motors() }
}

/// Assets `D-0` …, each with `per_asset` numbers `p0` … that are expected every second.
pub fn devices(count: usize, per_asset: usize) -> Twin {
    let interval = Some(Duration::from_secs(1));
    let number = |at| Property { interval, ..property(&format!("p{at}"), ValueType::Number) };
    let class = class("Device", (0..per_asset).map(number).collect(), Vec::new());
    shown_as_usual(plant(class, (0..count).map(|at| format!("D-{at}"))))
}

/// With the delay of the display and the clock's tolerance that a twin file has by default.
fn shown_as_usual(twin: Twin) -> Twin {
    Twin {
        display_delay: Duration::from_millis(250),
        max_clock_skew: Duration::from_secs(5),
        ..twin
    }
}
