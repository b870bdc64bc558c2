//! Every command of the scenes, as strangers give them.

use std::collections::BTreeMap;

use serde_json::Value as Json;

use super::command::Takes;
use super::restored::{plant, scene};
use super::*;

/// Plant time within which all but maintenance is done.
const SOON_S: f64 = 300.0;

#[test]
fn every_write_topic_of_the_scenes_is_obeyed() {
    for name in ["pump_station.ron", "bottling.ron"] {
        let twin = scene(name);
        let simulation = plant(&twin, 1);
        let topics = &simulation.orders.topics;
        let mut count = 0;
        for asset in twin.asset_ids() {
            for id in twin.properties_of(asset) {
                let property = twin.property(id);
                let Some(write) = &property.write else { continue };
                let path = twin.property_path(id);
                let topic = |template: &crate::twin::mapping::TopicTemplate| {
                    template.topic(&twin, asset, &property.name).expect("a topic")
                };
                let set = topic(&write.topic);
                let (machine, command) =
                    topics.machine(&set).unwrap_or_else(|| panic!("{path}: {set}"));
                let machine = &topics.machines[machine];
                let known = simulation.orders.known();
                let is_known = known.iter().any(|k| k.asset == machine.asset && k.name == command);
                assert!(is_known, "{path}: {} does not know {command}", machine.asset);
                let answer = write.answer.as_ref().map(topic);
                assert!(answer.is_none_or(|answer| answer == machine.answer), "{path}");
                count += 1;
            }
        }
        assert!(count > 5, "{name}: {count} setpoints are written");
    }
}

#[test]
fn each_command_of_the_line_is_answered_once_and_then_done_or_failed() {
    let mut simulation = plant(&scene("bottling.ron"), 4);
    let told: Vec<(String, String)> = simulation
        .orders
        .known()
        .iter()
        .filter(|known| known.within_s <= SOON_S)
        .enumerate()
        .map(|(at, known)| {
            let machines = &simulation.orders.topics.machines;
            let machine = machines.iter().find(|machine| machine.asset == known.asset);
            let topic = format!("{}{}", machine.expect("its topics").set, known.name);
            let value = match known.takes {
                Takes::Nothing | Takes::Part => Json::Null,
                Takes::Switch => Json::Bool(at % 2 == 0),
                Takes::Number { low, high, .. } => Json::from(0.4 * low + 0.6 * high),
                Takes::Word(words) => Json::from(words[at % words.len()]),
            };
            (
                topic,
                serde_json::json!({"value": value, "id": format!("c{at}"), "by": "eva"})
                    .to_string(),
            )
        })
        .collect();
    assert!(told.len() > 100, "{} commands", told.len());
    let mut answers: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut sink = |message: Message| {
        if message.topic.ends_with("/answer") {
            let json: Json = serde_json::from_slice(&message.payload).expect("JSON");
            let id = json["id"].as_str().expect("the mark").to_string();
            answers
                .entry(id)
                .or_default()
                .push(json["answer"].as_str().expect("a word").to_string());
            let explains = json["reason"].as_str().is_some_and(|reason| !reason.is_empty());
            let must = matches!(json["answer"].as_str(), Some("refused" | "failed"));
            assert_eq!(explains, must, "{json}");
        }
    };
    let mut at = Duration::ZERO;
    for (topic, payload) in &told {
        assert!(simulation.command(topic, payload.as_bytes(), false), "{topic}");
        at += Duration::from_millis(100);
        simulation.advance(at, &mut sink);
    }
    simulation.advance(at + Duration::from_secs_f64(SOON_S + 1.0), &mut sink);
    for (at, (topic, _)) in told.iter().enumerate() {
        let said = answers.remove(&format!("c{at}")).unwrap_or_default();
        let said: Vec<_> = said.iter().map(String::as_str).collect();
        let is_whole = matches!(said[..], ["refused"] | ["accepted", "done" | "failed"]);
        assert!(is_whole, "{topic}: {said:?}");
    }
    assert!(answers.is_empty(), "{answers:?}");
}
