//! What becomes of a signal on its way to a message.

use std::time::Duration;

use super::super::faults::{Fault, Occurrence};
use super::super::{Checked, Message, Simulation};
use crate::telemetry::{Batch, Decoder};
use crate::twin::{NoFiles, Quality, Timestamp, Twin, Value, load_text};

const START: Timestamp = Timestamp(1_772_366_400_000_000);

/// A pump with pressure and state in one message, and a temperature of its own.
fn twin_with(fields: &str) -> Twin {
    let text = format!(
        r#"Twin(schema: 2, name: "plant", classes: {{"C": (
            properties: {{
                "pressure": (unit: "bar", range: (0, 10)),
                "state": (type: enumeration(["stopped", "running"])),
                "temperature": (unit: "Cel", range: (0, 100)),
            }},
            mappings: [
                Json(topic: "{{asset}}/t", time: (pointer: "/t", format: epoch_ms),
                     values: {{"pressure": "/p", "state": "/s"}}),
                Scalar(topic: "{{asset}}/temperature", property: "temperature"),
            ],
        )}},
        assets: [(name: "hall", level: area), (name: "A-1", class: "C", parent: "hall"), (name: "A-2", class: "C")],
        simulation: (
            blocks: [
                Wave(asset: "A-1", signal: "pressure", unit: "bar", mean: 4),
                Wave(asset: "A-1", signal: "temperature", unit: "Cel", mean: 40),
                Word(asset: "A-1", signal: "state", of: 1, above: 0.5, then: "tripped", otherwise: "running"),
                Wave(asset: "A-2", signal: "pressure", unit: "bar", mean: 4),
                Wave(asset: "A-2", signal: "temperature", unit: "Cel", mean: 40),
                Word(asset: "A-2", signal: "state", of: 0, above: 0.5, then: "tripped", otherwise: "running"),
            ],
            {fields}
        ))"#
    );
    match load_text("test.ron".as_ref(), &text, &NoFiles) {
        Ok(loaded) => loaded.twin,
        Err(errors) => panic!("{errors}"),
    }
}

fn simulation(fields: &str) -> (Twin, Simulation) {
    let twin = twin_with(fields);
    let simulation = Simulation::new(&twin, 1, START);
    (twin, simulation.unwrap_or_else(|mistakes| panic!("{mistakes:?}")))
}

/// Breaks something for good, or with a size.
fn break_it(simulation: &mut Simulation, fault: Fault, on: &str, size: Option<f64>) {
    let (slot, _) = simulation.board.faults.look_up(fault.name(), on).expect("it can have it");
    let now = simulation.board.clock.time_us;
    let usual = Occurrence::usual(slot, fault, now);
    let broken = Occurrence { ramp_us: 0, for_us: None, size, ..usual };
    simulation.board.faults.inject(broken).expect("room");
}

/// What is sent until so many seconds have passed since the start.
fn sent(simulation: &mut Simulation, until_s: f64) -> Vec<Message> {
    let mut sent = Vec::new();
    simulation.advance(Duration::from_secs_f64(until_s), &mut |message| sent.push(message));
    sent
}

/// The values that messages tell of a property; none of them may be a fault.
fn told(twin: &Twin, messages: &[Message], property: &str) -> Vec<(Option<Value>, Quality)> {
    let decoder = Decoder::new(twin);
    let mut batch = Batch::default();
    for message in messages {
        let decoded = decoder.decode(&message.topic, &message.payload, START, &mut batch);
        assert!(decoded.fault.is_none(), "{}: {}", message.topic, decoded.reason());
    }
    let is_it = |id| twin.property_path(id) == property;
    let updates = batch.updates.into_iter().filter(|update| is_it(update.property));
    updates.map(|update| (update.value, update.quality)).collect()
}

#[test]
fn a_dropped_value_is_bad_and_no_fault() {
    let drops = r#"instruments: {"A-1.pressure": (dropout_per_h: 1800, dropout_s: 1)},"#;
    let (twin, mut plant) = simulation(drops);
    let messages = sent(&mut plant, 100.0);
    let told = told(&twin, &messages, "hall/A-1.pressure");
    assert_eq!(told.len(), 200, "the message is sent, with nothing in its place");
    let missing: Vec<_> = told.iter().filter(|(value, _)| value.is_none()).collect();
    assert!((60..140).contains(&missing.len()), "{} of 200", missing.len());
    assert!(missing.iter().all(|(_, quality)| *quality == Quality::Bad));
}

#[test]
fn a_bare_value_that_is_missing_is_not_sent() {
    let (_, mut plant) = simulation("");
    break_it(&mut plant, Fault::Dropout, "A-1.temperature", None);
    let messages = sent(&mut plant, 10.0);
    let of = |topic: &str| messages.iter().filter(|message| message.topic == topic).count();
    assert_eq!((of("A-1/temperature"), of("A-2/temperature")), (0, 20));
}

#[test]
fn a_fault_of_an_instrument_shows_in_its_property_alone() {
    let (twin, mut plant) = simulation("");
    break_it(&mut plant, Fault::Bias, "A-1.pressure", Some(-1.5));
    let messages = sent(&mut plant, 5.0);
    let expected = |property: &str, value: f64| {
        for (told, _) in told(&twin, &messages, property) {
            assert_eq!(told, Some(Value::Number(value)), "{property}");
        }
    };
    expected("hall/A-1.pressure", 2.5);
    expected("A-2.pressure", 4.0);
    expected("hall/A-1.temperature", 40.0);
}

#[test]
fn a_word_that_a_property_does_not_list_is_told_as_no_value_and_noticed_before() {
    let (twin, mut plant) = simulation("");
    let messages = sent(&mut plant, 2.0);
    let told = |property: &str| told(&twin, &messages, property)[0].0.clone();
    assert_eq!(told("hall/A-1.state"), None, "tripped is not stopped");
    assert_eq!(told("A-2.state"), Some(Value::Enumeration(1)));
    let checked = Checked::of(&twin);
    assert!(checked.mistakes.is_empty() && checked.notices.len() == 2, "{checked:?}");
    let said = checked.notices[0].to_string();
    let expected =
        "the signal \"A-1.state\" can be \"tripped\", which the property A-1.state does not list";
    assert!(said.contains(expected), "{said}");
}

#[test]
fn without_a_network_nothing_comes_through_and_what_is_kept_comes_late() {
    let (twin, mut plant) = simulation("");
    let all = sent(&mut plant, 10.0).len();
    break_it(&mut plant, Fault::NetworkLoss, "hall", None);
    let half = sent(&mut plant, 20.0);
    assert_eq!(half.len(), all / 2);
    assert!(half.iter().all(|message| message.topic.starts_with("A-2/")));
    plant.board.faults.clear(None);
    assert_eq!(sent(&mut plant, 30.0).len(), all);

    break_it(&mut plant, Fault::NetworkLoss, "A-1", Some(4.0));
    sent(&mut plant, 40.0);
    plant.board.faults.clear(None);
    let late = sent(&mut plant, 50.0);
    // Eight of each of two topics had waited.
    assert!((all + 14..=all + 18).contains(&late.len()), "{} and {all}", late.len());
    told(&twin, &late, "hall/A-1.pressure");

    break_it(&mut plant, Fault::NetworkLoss, "plant", None);
    assert_eq!((sent(&mut plant, 60.0).len(), plant.told_time(START)), (0, None));
}

#[test]
fn a_clock_that_jumps_stamps_what_is_sent_wrongly() {
    let (twin, mut plant) = simulation("");
    break_it(&mut plant, Fault::ClockJump, "A-1", Some(-90.0));
    let messages = sent(&mut plant, 10.0);
    let decoder = Decoder::new(&twin);
    let mut batch = Batch::default();
    for message in &messages {
        decoder.decode(&message.topic, &message.payload, START, &mut batch);
    }
    let stamps = |path: &str| {
        let is_it = |id| twin.property_path(id) == path;
        let of = batch.updates.iter().filter(|update| is_it(update.property));
        of.filter_map(|update| update.time).map(|at| at.seconds_since(START)).collect::<Vec<_>>()
    };
    assert!(stamps("hall/A-1.pressure").iter().all(|at| (-90.0..=-80.0).contains(at)));
    assert!(stamps("A-2.pressure").iter().all(|at| (0.0..=10.0).contains(at)));
    assert_eq!(plant.told_time(START), Some(START));
    break_it(&mut plant, Fault::ClockJump, "plant", None);
    sent(&mut plant, 11.0);
    assert_eq!(plant.told_time(START).map(|at| at.seconds_since(START)), Some(3600.0));
}

#[test]
fn an_instrument_that_cannot_be_or_measures_nothing_is_reported() {
    let said = |fields: &str| {
        let mistakes = Simulation::new(&twin_with(fields), 1, START).err().expect("a mistake");
        mistakes.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
    };
    let range = said(r#"instruments: {"C.pressure": (noise: -1)},"#);
    assert!(range.contains("`noise` is -1; expected 0 or more"), "{range}");
    let name = said(r#"instruments: {"C.presure": (noise: 1)},"#);
    assert!(name.contains("nearest: \"C.pressure\""), "{name}");
    let twice = said(r#"noise: {"C.pressure": 1}, instruments: {"C.pressure": (noise: 1)},"#);
    assert!(twice.contains("leave it out of one"), "{twice}");
}

#[test]
fn periods_are_those_of_a_topic_of_a_class_or_of_a_class() {
    let count = |fields: &str| {
        let messages = sent(&mut simulation(fields).1, 10.0);
        let of = |end: &str| messages.iter().filter(|m| m.topic.ends_with(end)).count();
        (of("/t"), of("/temperature"))
    };
    assert_eq!(count(""), (40, 40));
    assert_eq!(count(r#"periods_ms: {"C": 1000, "/temperature": 2000},"#), (20, 10));
    assert_eq!(count(r#"periods_ms: {"C/t": 250},"#), (80, 40));
}

#[test]
fn a_publication_put_back_goes_on_as_it_was() {
    let fields = r#"instruments: {"C.pressure": (noise: 0.1)},"#;
    let (_, mut plant) = simulation(fields);
    break_it(&mut plant, Fault::Stuck, "A-1.pressure", None);
    break_it(&mut plant, Fault::NetworkLoss, "A-2", Some(60.0));
    sent(&mut plant, 7.3);
    let (_, mut other) = simulation(fields);
    break_it(&mut other, Fault::Stuck, "A-1.pressure", None);
    break_it(&mut other, Fault::NetworkLoss, "A-2", Some(60.0));
    sent(&mut other, 3.0);
    other.elapsed_us = plant.elapsed_us;
    other.board.clock = plant.board.clock;
    for (from, to) in plant.publications.iter().zip(&mut other.publications) {
        let state = from.state();
        let bytes = postcard::to_stdvec(&state).expect("it can be written");
        let read = postcard::from_bytes(&bytes).expect("it can be read");
        assert!(to.fits(&read) && read == state);
        to.restore(read);
    }
    assert!(!plant.publications[0].fits(&plant.publications[1].state()));
    plant.board.faults.clear(plant.board.faults.find("A-2", Fault::NetworkLoss));
    other.board.faults.clear(other.board.faults.find("A-2", Fault::NetworkLoss));
    assert_eq!(sent(&mut plant, 20.0), sent(&mut other, 20.0));
}
