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
    plant.run(150.0);
    let crates = told(&plant, "LINE-301.state", "tripped", 60.0);
    let packer = told(&plant, "PK-301.state", "blocked", 60.0);
    let filler = told(&plant, "FL-201.state", "blocked", 60.0);
    assert!(
        crates < 1.0 && packer > crates && filler > packer + 10.0,
        "{crates} {packer} {filler}"
    );
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
    // Each span holds work of the robot, which stands while pallets are changed.
    let more = |name: &str, (from, to): (f64, f64)| {
        with.mean(name, from, to) - without.mean(name, from, to)
    };
    assert!(more("R-301.a1_current", (62.0, 107.0)) > 0.08, "at once");
    let spans = [(62.0, 92.0), (92.0, 122.0), (180.0, 240.0), (300.0, 360.0)];
    let course = spans.map(|span| more("R-301.a1_temperature", span));
    assert!(course[0] < 1.2, "slowly: {course:?}");
    assert!(course.windows(2).all(|two| two[1] > two[0] + 0.8), "in minutes: {course:?}");
    assert!(course[3] > 6.0, "in minutes: {course:?}");
    assert!(more("R-301.a2_temperature", (300.0, 360.0)).abs() < 0.5, "of this axis alone");
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
fn each_machine_that_trips_says_so_and_runs_again_after_its_reset() {
    let mut plant = bottling();
    let machines = ["FL-201", "CP-201", "PK-301", "LINE-301", "R-301"];
    for asset in machines {
        break_it(&mut plant, "trip", asset);
    }
    plant.run(5.0);
    for asset in machines {
        assert_eq!(plant.word(&format!("{asset}.state")), "tripped", "{asset}");
        assert_eq!(plant.word(&format!("{asset}.cause")), "overload", "{asset}");
    }
    tell(&mut plant, "instructor/clear", "");
    for name in ["acknowledge", "reset"] {
        for asset in machines {
            let id = plant.twin.asset_ids().find(|id| &*plant.twin.asset(*id).name == asset);
            let path = plant.twin.asset(id.expect("an asset")).path.clone();
            tell(&mut plant, &format!("{path}/set/{name}"), "");
        }
        plant.run(5.0);
    }
    for asset in machines {
        assert_eq!(plant.word(&format!("{asset}.cause")), "none", "{asset}");
    }
}

#[test]
fn robot_and_vehicle_are_never_faster_than_they_can_be() {
    let mut plant = bottling();
    plant.run(600.0);
    for axis in 1..=6 {
        let points = plant.points(&format!("R-301.a{axis}"));
        for two in points.windows(2).filter(|two| two[1].at_s > two[0].at_s) {
            let turned = (two[1].number() - two[0].number() + 180.0).rem_euclid(360.0) - 180.0;
            let speed = turned.abs() / (two[1].at_s - two[0].at_s);
            assert!(speed < 350.0, "axis {axis}: {speed} °/s at {} s", two[1].at_s);
        }
    }
    assert!(plant.points("R-301.a1").iter().any(|point| point.number() > -90.0));
    let place = |point: &super::observed::Point| match &point.value {
        Some(Value::Pose(pose)) => pose.position,
        other => panic!("{other:?}"),
    };
    let mut fastest = 0.0_f64;
    for two in plant.points("AGV-301.pose").windows(2).filter(|two| two[1].at_s > two[0].at_s) {
        let ([x, _, z], [u, _, w]) = (place(&two[0]), place(&two[1]));
        fastest = fastest.max((u - x).hypot(w - z) / (two[1].at_s - two[0].at_s));
    }
    assert!((1.0..2.1).contains(&fastest), "{fastest} m/s");
}

#[test]
fn the_robot_stands_until_the_gate_is_shut() {
    let mut plant = bottling();
    tell(&mut plant, "palletising/R-301/set/mode", "manual");
    tell(&mut plant, "palletising/R-301/set/stop", "");
    plant.run(3.0);
    tell(&mut plant, "palletising/FG-301/set/open", "true");
    plant.run(10.0);
    assert_eq!(plant.word("FG-301.state"), "open");
    tell(&mut plant, "palletising/R-301/set/mode", "automatic");
    tell(&mut plant, "palletising/FG-301/set/open", "false");
    plant.run(90.0);
    let open = |from: f64, to: f64| {
        let angles = plant.points("FG-301.angle").iter();
        let mut angles = angles.filter(|point| point.at_s >= from - 0.2 && point.at_s <= to + 0.2);
        angles.all(|point| point.number() > 0.0)
    };
    let mut while_open = 0;
    for two in plant.points("R-301.a1").windows(2) {
        if two[0].at_s > 70.0 && two[1].at_s < 80.0 && open(two[0].at_s, two[1].at_s) {
            assert_eq!(two[0].value, two[1].value, "it moves at {} s", two[1].at_s);
            while_open += 1;
        }
    }
    assert!(while_open > 20, "{while_open}");
    assert!(
        plant.points("R-301.speed").iter().any(|point| point.at_s > 80.0 && point.number() > 50.0)
    );
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

#[test]
fn a_gate_that_a_vehicle_keeps_open_is_shut_only_when_it_is() {
    let mut plant = Observed::new(scene("bottling.ron"), 4);
    plant.run(1.0);
    tell(&mut plant, "palletising/AGV-301/set/dispatch", "");
    plant.run(8.0);
    tell(&mut plant, "palletising/AGV-301/set/stop", "");
    plant.run(8.0);
    tell(&mut plant, "palletising/FG-301/set/open", "false");
    plant.run(5.0);
    let said = |plant: &Observed| {
        let answers = plant.told.iter().filter(|told| told.1.ends_with("FG-301/answer"));
        answers.map(|told| told.2.clone()).collect::<Vec<_>>()
    };
    let first = said(&plant);
    assert!(!first.iter().any(|answer| answer.contains("\"done\"")), "{first:?}");
    tell(&mut plant, "palletising/AGV-301/set/start", "");
    plant.run(60.0);
    let last = said(&plant).pop().expect("an answer");
    assert!(last.contains("\"done\""), "{last}");
    let angle = plant.number("FG-301.angle");
    assert!(angle < 0.5, "{angle}");
}
