//! The simulated plant as a whole, on a small twin built by hand.

use std::path::PathBuf;
use std::sync::Arc;

use super::wiring::Signal;
use super::*;
use crate::support::twins::{class, field, json, mapping, plant, property, stamp};
use crate::twin::SimulationSource;
use crate::twin::mapping::{Payload, QualitySource, QualityStandard, TimeFormat};
use crate::twin::payload::PayloadFormat;
use crate::twin::{Unit, ValueType};

/// One asset `W-1` that sends `{"t": …, "v": …}`, with a simulation section.
pub(super) fn twin(section: &str) -> Twin {
    let payload = json(None, stamp(TimeFormat::EpochMicros), vec![field(0, "/v")]);
    let mapping = mapping("plant/{asset}", payload);
    let class = class("Wave", vec![property("value", ValueType::Number)], vec![mapping]);
    Twin {
        simulation: Some(SimulationSource { file: PathBuf::from("w.ron"), text: section.into() }),
        ..plant(class, ["W-1"])
    }
}

pub(super) const WAVE: &str = r#"(
    blocks: [Wave(asset: "W-1", signal: "value", unit: "1", mean: 5, amplitude: 2, period_s: 8)],
    noise: {"Wave.value": 0.1}, periods_ms: {"Wave": 100},
)"#;

fn messages(twin: &Twin, seed: u64, steps: &[u64]) -> Vec<Message> {
    let mut simulation = Simulation::new(twin, seed, Timestamp(0)).expect("a good section");
    let mut out = Vec::new();
    for ms in steps {
        simulation.advance(Duration::from_millis(*ms), &mut |message| out.push(message));
    }
    out
}

#[test]
fn the_same_seed_sends_the_same_bytes_however_often_it_is_asked() {
    let twin = twin(WAVE);
    let once = messages(&twin, 7, &[10_000]);
    let often: Vec<u64> = (0..=10_000).step_by(13).chain([10_000]).collect();
    assert_eq!(once, messages(&twin, 7, &often));
    assert!(once.len() > 95, "{}", once.len());
    assert_ne!(once, messages(&twin, 8, &[10_000]), "another seed differs");
    assert_eq!(once[0].topic, "plant/W-1");
}

#[test]
fn a_signal_that_no_block_sets_is_reported_where_it_stands_with_the_nearest_name() {
    let section = WAVE.replace("\"value\"", "\"valeu\"");
    let mistakes = Simulation::new(&twin(&section), 1, Timestamp(0)).err().expect("a mistake");
    assert_eq!(mistakes[0].place, "w.ron:2:26");
    assert!(mistakes[0].message.contains("W-1.valeu"), "{}", mistakes[0]);
}

/// The twin with another unit of its property.
fn in_unit(section: &str, unit: &str) -> Twin {
    let mut twin = twin(section);
    let mut property = (*twin.classes[0].properties[0]).clone();
    property.unit = Unit::parse(unit).expect("a unit");
    twin.classes[0].properties = vec![Arc::new(property)];
    twin
}

#[test]
fn a_property_of_another_scale_shows_the_signal_converted() {
    let still = WAVE.replace("amplitude: 2, ", "").replace("0.1}", "0}");
    let sent = |signal: &str, property: &str| {
        let section = still.replace("unit: \"1\"", &format!("unit: {signal:?}"));
        let first = messages(&in_unit(&section, property), 1, &[1000]).remove(0);
        let json: serde_json::Value = serde_json::from_slice(&first.payload).expect("JSON");
        json["v"].as_f64().expect("a number")
    };
    assert_eq!(sent("m", "mm"), 5000.0);
    assert_eq!(sent("Cel", "K"), 278.15);
    assert_eq!(sent("1", "%"), 500.0);
}

#[test]
fn a_property_of_another_kind_of_quantity_is_reported_where_its_asset_stands() {
    let section = WAVE.replace("unit: \"1\"", "unit: \"bar\"");
    let mistakes =
        Simulation::new(&in_unit(&section, "m3/h"), 1, Timestamp(0)).err().expect("a mistake");
    assert_eq!(mistakes[0].place, "w.ron:2:26");
    let message = &mistakes[0].message;
    assert!(message.contains("\"bar\"") && message.contains("\"m3/h\""), "{message}");
}

#[test]
fn a_signal_with_what_is_no_unit_is_reported_with_the_nearest_one() {
    let section = WAVE.replace("unit: \"1\"", "unit: \"rpm\"");
    let mistakes = Simulation::new(&twin(&section), 1, Timestamp(0)).err().expect("a mistake");
    assert!(mistakes[0].place.starts_with("w.ron:2:"), "{}", mistakes[0]);
    assert!(mistakes[0].message.contains("{rev}/min"), "{}", mistakes[0]);
}

#[test]
fn a_field_that_a_block_does_not_know_is_reported() {
    let section = WAVE.replace("mean: 5", "mean: 5, means: 6");
    let mistakes = Simulation::new(&twin(&section), 1, Timestamp(0)).err().expect("a mistake");
    assert!(mistakes[0].message.contains("means"), "{}", mistakes[0]);
}

#[test]
fn a_mistake_in_the_syntax_is_reported_with_its_line() {
    let section = WAVE.replace("mean: 5", "means: 5").replace("period_s: 8", "");
    let mistakes = Simulation::new(&twin(&section), 1, Timestamp(0)).err().expect("a mistake");
    assert!(mistakes[0].place.starts_with("w.ron:2:"), "{}", mistakes[0]);
}

#[test]
fn a_twin_without_a_section_cannot_be_simulated() {
    let mistakes = Simulation::new(&Twin::default(), 1, Timestamp(0)).err().expect("a mistake");
    assert!(mistakes[0].message.contains("no `simulation` section"));
}

/// A format that holds numbers beside each other and nothing else.
static NUMBERS: PayloadFormat = PayloadFormat {
    name: "Numbers",
    read: |_| Err("it is only written".into()),
    write: |document| {
        let members = document.as_object().ok_or("expected members")?;
        match members.iter().find(|(_, value)| !value.is_number()) {
            Some((name, _)) => Err(format!("what is at /{name} is no number")),
            None => Ok(document.to_string().into_bytes()),
        }
    },
};

#[test]
fn a_time_or_a_quality_that_a_format_cannot_hold_is_reported_before_anything_is_sent() {
    let mistake = |time: TimeFormat, quality: Option<&str>| {
        let mut twin = twin(WAVE);
        let quality = quality.map(|pointer| QualitySource {
            standard: QualityStandard::Any,
            pointer: pointer.into(),
            good: Vec::new(),
            uncertain: Vec::new(),
        });
        let fields = vec![field(0, "/v")];
        let (format, time) = (&NUMBERS, stamp(time));
        twin.classes[0].mappings[0].payload = Payload::Document {
            format,
            samples: None,
            requires: Vec::new(),
            time,
            quality,
            fields,
        };
        let mistakes = Simulation::new(&twin, 1, Timestamp(0)).err();
        mistakes.map(|mistakes| mistakes[0].message.clone())
    };
    assert_eq!(mistake(TimeFormat::EpochMillis, None), None);
    let time = mistake(TimeFormat::Iso8601, None).expect("a time that is a text");
    assert!(time.contains("plant/{asset}") && time.ends_with("/t is no number"), "{time}");
    let quality = mistake(TimeFormat::EpochMillis, Some("/q")).expect("a quality is a text");
    assert!(quality.ends_with("/q is no number"), "{quality}");
}

/// A scene's twin.
pub(super) fn scene_section(name: &str) -> Twin {
    let file = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("scenes").join(name);
    crate::twin::load(&file).unwrap_or_else(|errors| panic!("{errors}")).twin
}

#[test]
fn the_sections_of_the_scenes_are_wired_without_a_mistake() {
    for name in ["pump_station.ron", "bottling.ron"] {
        let simulation = Simulation::new(&scene_section(name), 1, Timestamp(0));
        if let Err(mistakes) = simulation {
            panic!("{name}: {mistakes:#?}");
        }
    }
}

#[test]
fn the_bottling_line_packs_and_stacks_and_sends_pallets_away() {
    let twin = scene_section("bottling.ron");
    let spec = read(twin.simulation.as_ref().expect("a section")).expect("a good section");
    let mut wiring = Wiring::default();
    let mut blocks = build(&spec, 1, &mut wiring);
    let mut board = wiring.board();
    let number = |board: &Board, wiring: &Wiring, name: &str| match &board.signals
        [wiring.find(name).expect("a signal").0]
    {
        Signal::Number(number) => *number,
        other => panic!("{name}: {other:?}"),
    };
    for step in 1..=60_000 {
        for block in &mut blocks {
            block.step(&mut board, f64::from(step) * 0.02, 0.02);
        }
        let bottles = ["count_in", "on_line", "count_out"]
            .map(|name| number(&board, &wiring, &format!("LINE-201.{name}")));
        assert_eq!(bottles[0], bottles[1] + bottles[2], "no bottle vanishes");
    }
    // Twenty minutes of 6000 bottles an hour make some 150 crates, less what the jams cost.
    let crates = number(&board, &wiring, "PK-301.count");
    assert!(crates > 90.0, "{crates} crates");
    let placed = number(&board, &wiring, "R-301.cycles");
    assert!(placed > crates - 16.0, "{placed} of {crates} crates placed");
    let way = number(&board, &wiring, "AGV-301.distance");
    assert!(way > 300.0, "{way} m driven");
    let level = number(&board, &wiring, "TK-102.percent");
    assert!((40.0..85.0).contains(&level), "the product tank is under control: {level} %");
}

/// A wave, its lagged copy, its sum, and faults by chance.
pub(super) const KEPT: &str = r#"(
    warm_up_s: 3,
    blocks: [
        Event(asset: "now and then", first_s: 2, every_s: 7, for_s: 2),
        Wave(asset: "sea", signal: "level", unit: "1", mean: 5, amplitude: 2, period_s: 8),
        Follow(asset: "gauge", signal: "level", unit: "1", of: ["sea.level", "now and then.active"], lag_s: 2.5, dead_s: 0.7),
        Total(asset: "W-1", signal: "value", unit: "1", of: "gauge.level", per_second: 0.1),
    ],
    noise: {"Wave.value": 0.1}, periods_ms: {"Wave": 70},
)"#;

fn kept(seed: u64) -> Simulation {
    Simulation::new(&twin(KEPT), seed, Timestamp(1_000_000)).expect("a good section")
}

fn run(simulation: &mut Simulation, to_ms: u64) -> Vec<Message> {
    let mut out = Vec::new();
    simulation.advance(Duration::from_millis(to_ms), &mut |message| out.push(message));
    out
}

#[test]
fn a_plant_put_back_sends_the_same_bytes() {
    for at_ms in [0, 10, 1990, 12_345] {
        let mut simulation = kept(7);
        run(&mut simulation, at_ms);
        let snapshot = simulation.snapshot().expect("it can be written");
        let future = run(&mut simulation, 30_000);
        assert!(future.len() > 200);
        simulation.restore(&snapshot).expect("its own");
        assert_eq!(run(&mut simulation, 30_000), future, "in the process, at {at_ms} ms");
        let mut other = Simulation::new(&twin(KEPT), 7, Timestamp(5)).expect("a good section");
        other.restore(&snapshot).expect("of the same definition");
        assert_eq!(run(&mut other, 30_000), future, "in another one, at {at_ms} ms");
        assert_eq!(other.snapshot(), simulation.snapshot());
        let mut seed = kept(8);
        seed.restore(&snapshot).expect("of the same definition");
        assert_ne!(run(&mut seed, 30_000), future, "another seed is another future");
    }
}

#[test]
fn a_damaged_or_foreign_snapshot_changes_nothing() {
    let mut simulation = kept(7);
    run(&mut simulation, 4000);
    let before = simulation.snapshot().expect("it can be written");
    let setup = setup_of(&before).expect("whose it is");
    assert_eq!(setup, Setup { seed: 7, start: Timestamp(1_000_000), story: false });
    for at in (0..before.len()).step_by(7) {
        let mut damaged = before.clone();
        damaged[at] ^= 0x10;
        assert!(simulation.restore(&damaged).is_err(), "byte {at}");
        assert!(simulation.restore(&before[..at]).is_err(), "cut at {at}");
    }
    let mut other =
        Simulation::new(&twin(&KEPT.replace("2.5", "2.6")), 7, Timestamp(0)).expect("good");
    let foreign = other.snapshot().expect("it can be written");
    let said = simulation.restore(&foreign).expect_err("another definition").to_string();
    assert!(said.contains("another definition"), "{said}");
    assert!(other.restore(&before).is_err());
    // With a check sum that fits, what is inside is looked at, too.
    let states = before.len() - 4;
    for at in 16..states {
        let mut forged = before.clone();
        forged[at] ^= 0x01;
        let sum = crc32fast::hash(&forged[16..states]).to_le_bytes();
        forged[states..].copy_from_slice(&sum);
        if simulation.restore(&forged).is_ok() {
            simulation.restore(&before).expect("its own");
        }
    }
    assert_eq!(simulation.snapshot().expect("it can be written"), before);
}

#[test]
fn a_story_takes_the_place_of_what_it_names() {
    let story = r#"story: (
        blocks: [Wave(asset: "W-1", signal: "value", unit: "1", mean: 50), Wave(asset: "new", signal: "x", unit: "1", mean: 1)],
    ),
    noise: {}"#;
    let section = WAVE.replace("noise: {\"Wave.value\": 0.1}", story);
    let told = |is_story: bool| {
        let setup = Setup { seed: 1, start: Timestamp(0), story: is_story };
        let mut simulation = Simulation::set_up(&twin(&section), setup).expect("a good section");
        let first = run(&mut simulation, 200).remove(0);
        let json: serde_json::Value = serde_json::from_slice(&first.payload).expect("JSON");
        (json["v"].as_f64().expect("a number"), simulation.blocks.len())
    };
    let (plain, story) = (told(false), told(true));
    assert!((plain.0 - 5.0).abs() < 2.1 && plain.1 == 1, "{plain:?}");
    assert_eq!(story, (50.0, 2));
    let setup = Setup { seed: 1, start: Timestamp(0), story: true };
    let mistakes = Simulation::set_up(&twin(WAVE), setup).err().expect("no story");
    assert!(mistakes[0].message.contains("no `story`"), "{}", mistakes[0]);
}

#[test]
fn an_instructor_freezes_snapshots_restores_and_changes_the_speed() {
    let setup = Setup { seed: 7, start: Timestamp(0), story: false };
    let clock = crate::twin::mapping::ClockSource {
        topic: "clock".into(),
        time: "/now".into(),
        format: TimeFormat::EpochMillis,
        rate: Some("/rate".into()),
        interval: Duration::from_secs(5),
    };
    let twin = Twin { clock: Some(clock), name: "sea".into(), ..twin(KEPT) };
    let mut source = MessageSource::new(&twin, setup, 2.0).expect("a good section");
    let pass = |source: &mut MessageSource, real_ms: u64| {
        let mut out = Vec::new();
        for _ in 0..real_ms / 20 {
            source.advance(Duration::from_millis(20), &mut |message| out.push(message));
        }
        out
    };
    let text = |message: &Message| String::from_utf8(message.payload.clone()).expect("text");
    let clocks = |messages: &[Message]| -> Vec<String> {
        messages.iter().filter(|message| message.topic == "clock").map(text).collect()
    };
    let first = pass(&mut source, 1200);
    let expected =
        [r#"{"now":0,"rate":2.0}"#, r#"{"now":1000,"rate":2.0}"#, r#"{"now":2000,"rate":2.0}"#];
    assert_eq!(clocks(&first), expected);
    assert!(source.command("sea/instructor/snapshot", b"before", false));
    let future = pass(&mut source, 3000);
    assert_eq!(future[0].topic, "sea/instructor/answer");
    assert!(text(&future[0]).contains(r#""answer":"done""#), "{}", text(&future[0]));
    assert!(source.command("sea/instructor/restore", b"befor", false));
    let said = text(&pass(&mut source, 20)[0]);
    assert!(said.contains("refused") && said.contains(r#"nearest: \"before\""#), "{said}");
    assert!(source.command("sea/instructor/restore", b"before", false));
    let again = pass(&mut source, 3000);
    assert_eq!(again[1..], future[1..], "the same bytes, with those of the clock");

    assert!(source.command("sea/instructor/freeze", b"true", false));
    let frozen = pass(&mut source, 1000);
    assert!(frozen[1..].iter().all(|message| message.topic == "clock"), "{frozen:?}");
    assert!(
        clocks(&frozen).len() >= 2 && clocks(&frozen)[0].contains(r#""rate":0.0"#),
        "{frozen:?}"
    );
    assert!(source.command("sea/instructor/freeze", b"false", false));
    assert!(source.command("sea/instructor/speed", b"10", false));
    let before = source.elapsed();
    let fast = pass(&mut source, 1000);
    assert_eq!(source.elapsed() - before, Duration::from_secs(10));
    assert!(clocks(&fast).iter().all(|clock| clock.contains(r#""rate":10.0"#)), "{fast:?}");
    assert!(source.command("sea/instructor/speed", b"0", true));
    assert!(text(&pass(&mut source, 20)[0]).contains("without retain"));
    assert!(!source.command("sea/elsewhere", b"1", false));
}
