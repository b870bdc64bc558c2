//! What the instruments of the packaging side tell of commands and faults, in the order that physics has.

use std::time::Duration;

use twinscope::plant::simulation::Simulation;
use twinscope::twin::{PropertyId, PropertyKind, Value, ValueType};

use super::observed::{Observed, START};
use crate::programs::scene;

/// The bottling plant after a minute.
fn bottling() -> Observed {
    let mut plant = Observed::new(scene("bottling.ron"), 5);
    plant.run(60.0);
    plant
}

fn tell(plant: &mut Observed, topic: &str, payload: &str) {
    let topic = format!("bottling/{topic}");
    assert!(plant.simulation.command(&topic, payload.as_bytes(), false), "{topic}");
}

fn break_it(plant: &mut Observed, fault: &str, on: &str) {
    let order = format!(r#"{{"fault":"{fault}","on":"{on}","ramp_s":0,"for_s":900}}"#);
    tell(plant, "instructor/fault", &order);
}

/// When a word was told first after a time, in seconds since then.
fn told(plant: &Observed, name: &str, word: &str, since_s: f64) -> f64 {
    let id = plant.twin.property_ids().find(|id| name_of(plant, *id) == name);
    let names = match &plant.twin.property(id.expect("a property")).ty {
        ValueType::Enumeration(names) => names.clone(),
        other => panic!("{name} is {other:?}"),
    };
    let at = names.iter().position(|one| one == word).expect("a word of it") as u16;
    let is_it =
        |value: &Option<Value>| matches!(value, Some(Value::Enumeration(told)) if *told == at);
    let points = plant.points(name).iter().filter(|point| point.at_s > since_s);
    let first = points.into_iter().find(|point| is_it(&point.value));
    first.unwrap_or_else(|| panic!("{name} is never {word}")).at_s - since_s
}

fn name_of(plant: &Observed, id: PropertyId) -> String {
    format!("{}.{}", plant.twin.asset(plant.twin.owner(id)).name, plant.twin.property(id).name)
}

#[test]
fn a_jam_stops_the_filler_and_then_the_packer() {
    let mut plant = bottling();
    break_it(&mut plant, "jam", "LINE-201");
    plant.run(90.0);
    let line = told(&plant, "LINE-201.state", "jammed", 60.0);
    let filler = told(&plant, "FL-201.state", "blocked", 60.0);
    let capper = told(&plant, "CP-201.state", "starved", 60.0);
    let packer = told(&plant, "PK-301.state", "starved", 60.0);
    assert!(
        line < 1.0 && filler > 3.0 && packer > filler && packer > capper,
        "{line} {filler} {capper} {packer}"
    );
    tell(&mut plant, "filling/LINE-201/set/reset", "");
    plant.run(40.0);
    told(&plant, "PK-301.state", "running", 150.0);
    assert_eq!(plant.faulty, Vec::<String>::new());
}

#[test]
fn missing_caps_show_in_the_hopper_then_at_the_capper_then_at_the_filler() {
    let mut plant = bottling();
    break_it(&mut plant, "no caps", "CP-201");
    plant.run(120.0);
    let low = plant.first("CP-201.caps", |caps| caps < 30.0).expect("it falls") - 60.0;
    let capper = told(&plant, "CP-201.state", "no caps", 60.0);
    let filler = told(&plant, "FL-201.state", "blocked", 60.0);
    assert!(low < capper && capper < filler, "{low} {capper} {filler}");
}

#[test]
fn a_broken_crate_stops_its_conveyor_then_the_packer_then_the_filler() {
    let mut plant = bottling();
    break_it(&mut plant, "broken crate", "LINE-301");
    plant.run(55.0);
    let crates = told(&plant, "LINE-301.state", "tripped", 60.0);
    let packer = told(&plant, "PK-301.state", "blocked", 60.0);
    assert!(crates < 1.0 && packer > crates, "{crates} {packer}");
    assert_eq!(plant.word("LINE-301.cause"), "crate");
}

#[test]
fn a_worn_gear_shows_in_its_current_before_its_temperature() {
    let mut with = bottling();
    let mut without = bottling();
    let order = r#"{"fault":"gear","on":"R-301.a1","severity":0.5,"ramp_s":0}"#;
    tell(&mut with, "instructor/fault", order);
    with.run(300.0);
    without.run(300.0);
    let mean = |plant: &Observed, name: &str, from: f64| plant.mean(name, from, from + 30.0);
    let more = |name: &str, from: f64| mean(&with, name, from) - mean(&without, name, from);
    assert!(more("R-301.a1_current", 62.0) > 0.12, "at once");
    assert!(more("R-301.a1_temperature", 65.0) < 6.0, "slowly");
    assert!(more("R-301.a1_temperature", 320.0) > 4.0, "in minutes");
    assert!(more("R-301.a2_temperature", 320.0).abs() < 0.5, "of this axis alone");
}

#[test]
fn a_gripper_and_an_obstacle_stop_robot_and_vehicle_where_they_are() {
    let mut plant = bottling();
    break_it(&mut plant, "gripper", "R-301");
    plant.run(20.0);
    told(&plant, "R-301.state", "tripped", 60.0);
    assert_eq!(plant.word("R-301.cause"), "gripper");
    tell(&mut plant, "instructor/clear", r#"{"fault":"gripper","on":"R-301"}"#);
    tell(&mut plant, "palletising/R-301/set/acknowledge", "");
    plant.run(1.0);
    tell(&mut plant, "palletising/R-301/set/reset", "");
    plant.run(10.0);
    assert_eq!(plant.word("R-301.cause"), "none");
    plant.run(30.0);
    tell(&mut plant, "palletising/AGV-301/set/dispatch", "");
    plant.run(40.0);
    break_it(&mut plant, "obstacle", "AGV-301");
    plant.run(10.0);
    assert_eq!((plant.word("AGV-301.state"), plant.number("AGV-301.speed")), ("blocked", 0.0));
}

#[test]
fn what_is_not_running_has_a_cause_that_its_property_lists() {
    let mut plant = bottling();
    tell(
        &mut plant,
        "instructor/fault",
        r#"{"fault":"dip","on":"MAINS-101","ramp_s":0,"for_s":5}"#,
    );
    plant.run(4.0);
    for asset in ["FL-201", "CP-201", "PK-301", "LINE-301", "R-301"] {
        assert_eq!(plant.word(&format!("{asset}.cause")), "undervoltage", "{asset}");
    }
    plant.run(40.0);
    for asset in ["FL-201", "CP-201", "PK-301", "LINE-301", "R-301"] {
        assert_eq!(plant.word(&format!("{asset}.cause")), "none", "{asset}");
    }
    assert_eq!(plant.faulty, Vec::<String>::new());
}

/// Answers on a topic within some seconds, by their `answer` field.
fn answers(plant: &mut Simulation, elapsed_s: &mut f64, topic: &str) -> Vec<serde_json::Value> {
    *elapsed_s += 0.5;
    let mut answers = Vec::new();
    plant.advance(Duration::from_secs_f64(*elapsed_s), &mut |message| {
        if message.topic == topic {
            answers.push(serde_json::from_slice(&message.payload).expect("JSON"));
        }
    });
    answers
}

#[test]
fn every_setpoint_of_the_bottling_scene_is_written_where_it_is_obeyed() {
    let twin = scene("bottling.ron");
    let mut plant = Simulation::new(&twin, 5, START).expect("a good section");
    let (mut elapsed_s, mut written) = (0.0, 0);
    for id in twin.property_ids() {
        let property = twin.property(id);
        let asset = twin.owner(id);
        if property.kind != PropertyKind::Setpoint {
            assert!(property.write.is_none());
            continue;
        }
        let name = twin.property_path(id);
        let write = property.write.as_ref().unwrap_or_else(|| panic!("{name} is written nowhere"));
        let topic = write.topic.topic(&twin, asset, &property.name).expect("one topic");
        let answer = write.answer.as_ref().and_then(|to| to.topic(&twin, asset, &property.name));
        let answer = answer.unwrap_or_else(|| panic!("{name} is answered nowhere"));
        // What it takes is not known here: that nobody obeys it must not be the answer.
        assert!(plant.command(&topic, b"x", false), "{topic} is no command");
        let said = answers(&mut plant, &mut elapsed_s, &answer);
        let reason =
            said.first().unwrap_or_else(|| panic!("{topic} is not answered"))["reason"].clone();
        let reason = reason.as_str().unwrap_or_default();
        assert!(!reason.contains("knows no"), "{topic}: {reason}");
        written += 1;
    }
    assert!(written > 20, "{written} setpoints");
}
