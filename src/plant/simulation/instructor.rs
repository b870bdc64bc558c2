//! What an instructor orders: faults, snapshots, freezing, another speed.

use serde::Deserialize;
use serde_json::{Value as Json, json};

use super::Message;
use super::faults::{Course, Fault, FaultSlot, Faults};
use crate::twin::{Timestamp, nearest};

/// The orders, by the last level of their topic.
pub const ORDERS: [&str; 6] = ["fault", "clear", "snapshot", "restore", "freeze", "speed"];
/// The largest payload, bytes.
const LARGEST: usize = 4096;

/// An order.
#[derive(Clone, Debug, PartialEq)]
pub enum Order {
    /// A fault comes.
    Fault(FaultSlot, Fault, Course),
    /// A fault goes, or all.
    Clear(Option<FaultSlot>),
    /// The state is kept under a name.
    Snapshot(String),
    /// The state of that name comes back.
    Restore(String),
    /// Plant time stands still, or goes on.
    Freeze(bool),
    /// Plant seconds that pass in one second.
    Speed(f64),
}

#[derive(Deserialize)]
struct FaultDocument {
    fault: String,
    on: String,
    #[serde(flatten)]
    course: Course,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ClearDocument {
    fault: String,
    on: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NameDocument {
    name: String,
}

/// Reads an order.
///
/// # Errors
/// What is wrong with it, for who sent it.
pub fn read(order: &str, payload: &[u8], faults: &Faults) -> Result<Order, String> {
    if payload.len() > LARGEST {
        return Err(format!("the payload is too long; an order has at most {LARGEST} bytes"));
    }
    let text = std::str::from_utf8(payload).map_err(|_| "the payload is no UTF-8 text")?.trim();
    match order {
        "fault" => {
            let json: Json = parse(text, FAULT)?;
            known_members(&json, &["fault", "on", "severity", "size", "ramp_s", "for_s"])?;
            let FaultDocument { fault, on, course } = of(json, FAULT)?;
            let (slot, fault) = faults.look_up(&fault, &on)?;
            course.occurrence(slot, fault, 0)?;
            Ok(Order::Fault(slot, fault, course))
        }
        "clear" if text.is_empty() || text == "all" => Ok(Order::Clear(None)),
        "clear" => {
            let ClearDocument { fault, on } = parse(text, CLEAR)?;
            Ok(Order::Clear(Some(faults.look_up(&fault, &on)?.0)))
        }
        "snapshot" => name(text).map(Order::Snapshot),
        "restore" => name(text).map(Order::Restore),
        "freeze" => match text {
            "true" => Ok(Order::Freeze(true)),
            "false" => Ok(Order::Freeze(false)),
            _ => Err(format!("expected true or false, found {text:?}")),
        },
        "speed" => match text.parse::<f64>() {
            Ok(speed) if super::SPEEDS.contains(&speed) => Ok(Order::Speed(speed)),
            _ => Err(format!(
                "expected a number from {} to {}, found {text:?}",
                super::SPEEDS.start(),
                super::SPEEDS.end()
            )),
        },
        _ => {
            let near = nearest(order, ORDERS);
            let near = near.map(|near| format!("; nearest: {near:?}")).unwrap_or_default();
            Err(format!("there is no order {order:?}{near}; expected one of {}", ORDERS.join(", ")))
        }
    }
}

const FAULT: &str =
    r#"{"fault": "bearing", "on": "P-102", "severity": 0.8, "ramp_s": 60, "for_s": 600}"#;
const CLEAR: &str = r#"{"fault": "bearing", "on": "P-102"}, or nothing for all"#;

fn parse<T: serde::de::DeserializeOwned>(text: &str, example: &str) -> Result<T, String> {
    serde_json::from_str(text).map_err(|error| format!("{error}; expected such as {example}"))
}

fn of<T: serde::de::DeserializeOwned>(json: Json, example: &str) -> Result<T, String> {
    serde_json::from_value(json).map_err(|error| format!("{error}; expected such as {example}"))
}

/// Refuses members that an order does not have.
fn known_members(json: &Json, known: &[&str]) -> Result<(), String> {
    for name in json.as_object().into_iter().flat_map(|members| members.keys()) {
        if !known.contains(&&**name) {
            let near = nearest(name, known.iter().copied());
            let near = near.map(|near| format!("; nearest: {near:?}")).unwrap_or_default();
            return Err(format!("there is no member {name:?}{near}; it has {}", known.join(", ")));
        }
    }
    Ok(())
}

/// A snapshot's name: it may become the name of a file.
fn name(text: &str) -> Result<String, String> {
    let name = if text.starts_with('{') {
        parse::<NameDocument>(text, r#"{"name": "before"}"#)?.name
    } else {
        text.to_string()
    };
    let is_fine = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '_' | '-');
    if (1..=64).contains(&name.len()) && name.chars().all(is_fine) {
        Ok(name)
    } else {
        Err(format!(
            "{name:?} is no name of a snapshot: expected 1 to 64 of the characters a-z, 0-9, _ and -"
        ))
    }
}

/// What an instructor is told.
pub fn answer(prefix: &str, order: &str, result: Result<(), &str>, now: Timestamp) -> Message {
    let payload = json!({
        "ts": now.to_string(), "order": order,
        "answer": if result.is_ok() { "done" } else { "refused" }, "reason": result.err(),
    });
    let topic = format!("{prefix}answer");
    Message { topic, payload: payload.to_string().into_bytes(), qos: 1, retain: false }
}

/// What can be broken where: names and meanings, and nothing of how the plant is.
pub fn catalogue(prefix: &str, faults: &Faults) -> Message {
    let entries: Vec<Json> = Fault::catalogue()
        .iter()
        .filter_map(|about| {
            let on: Vec<&str> =
                faults.known().filter(|(_, _, f)| *f == about.fault).map(|(_, on, _)| on).collect();
            let size = about.size.map(|(unit, meaning)| json!({"unit": unit, "means": meaning}));
            (!on.is_empty()).then(|| {
                json!({
                    "fault": about.name, "severity": about.severity, "size": size,
                    "ramp_s": about.ramp_s, "for_s": about.for_s, "on": on,
                })
            })
        })
        .collect();
    let payload = Json::Array(entries).to_string().into_bytes();
    Message { topic: format!("{prefix}catalogue"), payload, qos: 1, retain: true }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(order: &str, payload: &str) -> Result<Order, String> {
        let mut wiring = crate::plant::simulation::wiring::Wiring::default();
        wiring.fault("P-102", Fault::Bearing);
        wiring.fault("TT-101.temperature", Fault::Bias);
        super::read(order, payload.as_bytes(), &wiring.board().faults)
    }

    #[test]
    fn orders_are_read() {
        let payload = r#"{"fault":"bearing","on":"P-102","severity":0.8,"ramp_s":60,"for_s":600}"#;
        let Ok(Order::Fault(slot, Fault::Bearing, course)) = read("fault", payload) else {
            panic!("{:?}", read("fault", payload));
        };
        let numbers = (course.severity, course.size, course.ramp_s, course.for_s);
        assert_eq!(numbers, (Some(0.8), None, Some(60.0), Some(600.0)));
        assert_eq!(
            read("clear", r#"{"fault":"bearing","on":"P-102"}"#),
            Ok(Order::Clear(Some(slot)))
        );
        assert_eq!(read("clear", ""), Ok(Order::Clear(None)));
        assert_eq!(read("snapshot", "before"), Ok(Order::Snapshot("before".into())));
        assert_eq!(read("restore", r#"{"name":"before"}"#), Ok(Order::Restore("before".into())));
        assert_eq!(read("freeze", "true"), Ok(Order::Freeze(true)));
        assert_eq!(read("speed", "20"), Ok(Order::Speed(20.0)));
    }

    #[test]
    fn what_is_no_order_is_refused_with_what_was_expected() {
        for (order, payload, expected) in [
            ("fault", r#"{"fault":"bearing","on":"P-102","severty":1}"#, "nearest: \"severity\""),
            ("fault", r#"{"fault":"bearing","on":"P-102","severity":2}"#, "expected 0 to 1"),
            ("fault", r#"{"fault":"bearing","on":"P-102","size":2}"#, "has no size"),
            ("fault", r#"{"fault":"bearing","on":"P-102","for_s":-2}"#, "for_s is -2"),
            ("fault", r#"{"fault":"bearing"}"#, "missing field `on`"),
            ("fault", r#"{"fault":"bearing","on":"P-1"}"#, "nearest: \"P-102\""),
            ("fault", "bearing", "expected such as"),
            ("clear", r#"{"fault":"bearing"}"#, "missing field `on`"),
            ("snapshot", "../etc", "no name of a snapshot"),
            ("snapshot", "", "no name of a snapshot"),
            ("freeze", "1", "expected true or false"),
            ("speed", "inf", "expected a number from"),
            ("sped", "1", "nearest: \"speed\""),
        ] {
            let said = read(order, payload).expect_err(payload);
            assert!(said.contains(expected), "{order} {payload}: {said}");
        }
    }

    #[test]
    fn the_catalogue_tells_what_can_be_broken_and_where() {
        let mut wiring = crate::plant::simulation::wiring::Wiring::default();
        wiring.fault("P-1", Fault::Bearing);
        wiring.fault("P-2", Fault::Bearing);
        let message = catalogue("plant/instructor/", &wiring.board().faults);
        assert_eq!((&*message.topic, message.retain), ("plant/instructor/catalogue", true));
        let json: Json = serde_json::from_slice(&message.payload).expect("JSON");
        assert_eq!(
            (&json[0]["on"], json.as_array().map(Vec::len)),
            (&json!(["P-1", "P-2"]), Some(1))
        );
    }
}
