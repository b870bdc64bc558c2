//! A plant that is put back goes on as if nothing had been, whatever it was told and whatever broke.

use std::path::PathBuf;

use proptest::prelude::*;

use super::command::Takes;
use super::faults::Fault;
use super::*;

pub(super) fn scene(name: &str) -> Twin {
    let file = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("scenes").join(name);
    match crate::twin::load(&file) {
        Ok(loaded) => loaded.twin,
        Err(errors) => panic!("{errors}"),
    }
}

/// How long a course is, s.
const END_S: f64 = 70.0;

/// What is told and breaks in the first seconds: when, and which by two numbers from 0 to 1.
type Told = Vec<(f64, f64, f64)>;

pub(super) fn plant(twin: &Twin, seed: u64) -> Simulation {
    match Simulation::new(twin, seed, Timestamp(1_772_366_400_000_000)) {
        Ok(simulation) => simulation,
        Err(mistakes) => panic!("{mistakes:#?}"),
    }
}

/// Topic and payload of some command, or of some fault.
fn message(simulation: &Simulation, which: f64, value: f64) -> (String, String) {
    let pick = |share: f64, count: usize| ((share * count as f64) as usize).min(count - 1);
    let known = simulation.orders.known();
    if which < 0.3 {
        let faults: Vec<(String, Fault)> =
            simulation.board.faults.known().map(|(_, on, fault)| (on.to_string(), fault)).collect();
        let (on, fault) = &faults[pick(which / 0.3, faults.len())];
        let payload =
            format!(r#"{{"fault": {:?}, "on": {on:?}, "severity": {value:.3}}}"#, fault.name());
        return ("bottling/instructor/fault".into(), payload);
    }
    let known = &known[pick((which - 0.3) / 0.7, known.len())];
    let topics = &simulation.orders.topics.machines;
    let machine = topics.iter().find(|machine| machine.asset == known.asset).expect("its topics");
    let payload = match known.takes {
        Takes::Nothing => String::new(),
        Takes::Switch => (value < 0.5).to_string(),
        Takes::Number { low, high, .. } => (low + (high - low) * value).to_string(),
        Takes::Word(words) => words[pick(value, words.len())].to_string(),
        Takes::Part => {
            let names: Vec<_> = simulation.board.parts.names(&known.asset).collect();
            names.get(pick(value, names.len().max(1))).copied().unwrap_or("none").to_string()
        }
    };
    (format!("{}{}", machine.set, known.name), payload)
}

/// Runs from where it stands to a time, telling it what is due.
fn run(simulation: &mut Simulation, told: &Told, to_s: f64) -> Vec<Message> {
    let mut sent = Vec::new();
    let mut sink = |message: Message| sent.push(message);
    let from_s = simulation.asked().as_secs_f64();
    for (at_s, which, value) in told.iter().filter(|(at_s, ..)| *at_s >= from_s && *at_s < to_s) {
        simulation.advance(Duration::from_secs_f64(*at_s), &mut sink);
        let (topic, payload) = message(simulation, *which, *value);
        assert!(simulation.command(&topic, payload.as_bytes(), false), "{topic}");
    }
    simulation.advance(Duration::from_secs_f64(to_s), &mut sink);
    sent
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(
        std::env::var("TWINSCOPE_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(6),
    ))]

    #[test]
    fn a_plant_put_back_at_any_instant_sends_the_same_bytes(
        seed in 0u64..1000,
        mut told in prop::collection::vec((0.0..40.0f64, 0.0..1.0f64, 0.0..1.0f64), 0..40),
        mut instants in prop::collection::vec(0.0..40.0f64, 1..4),
    ) {
        told.sort_by(|a, b| a.0.total_cmp(&b.0));
        instants.sort_by(f64::total_cmp);
        let twin = scene("bottling.ron");
        let mut simulation = plant(&twin, seed);
        let (mut sent, mut kept) = (Vec::new(), Vec::new());
        for at_s in instants {
            sent.extend(run(&mut simulation, &told, at_s));
            let snapshot = simulation.snapshot().expect("it can be written");
            kept.push((at_s, sent.len(), snapshot));
        }
        sent.extend(run(&mut simulation, &told, END_S));
        let end = simulation.snapshot().expect("it can be written");
        for (at_s, before, snapshot) in kept {
            let future = &sent[before..];
            prop_assert!(future.len() > 1000, "{} messages after {at_s} s", future.len());
            let mut other = plant(&twin, seed);
            for (restored, place) in [(&mut simulation, "in the process"), (&mut other, "elsewhere")] {
                restored.restore(&snapshot).expect("of the same definition");
                let again = run(restored, &told, END_S);
                let difference = first_difference(future, &again);
                prop_assert!(again == future, "{place}, from {at_s} s on: {difference}");
                let is_end = restored.snapshot().is_ok_and(|snapshot| snapshot == end);
                prop_assert!(is_end, "{place}, from {at_s} s on: the states differ");
            }
        }
    }
}

fn first_difference(once: &[Message], again: &[Message]) -> String {
    let text = |message: &Message| {
        format!("{} {}", message.topic, String::from_utf8_lossy(&message.payload))
    };
    match once.iter().zip(again).position(|(once, again)| once != again) {
        Some(at) => format!("message {at}: {} and {}", text(&once[at]), text(&again[at])),
        None => format!("{} and {} messages", once.len(), again.len()),
    }
}
