//! What a plant is told, in which order and how much of it.

use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex};

use super::tests::{KEPT, WAVE, twin};
use super::*;
use crate::telemetry::recording::{Reader, Recorded, header};
use crate::twin::mapping::{ClockSource, TimeFormat};

const SETUP: Setup = Setup { seed: 7, start: Timestamp(1_000_000), story: false };

/// A plant with a clock of its own, called `sea`.
fn sea() -> Twin {
    let clock = ClockSource {
        topic: "clock".into(),
        time: "/now".into(),
        format: TimeFormat::EpochMillis,
        rate: Some("/rate".into()),
        interval: Duration::from_secs(5),
    };
    Twin { clock: Some(clock), name: "sea".into(), ..twin(KEPT) }
}

fn source(speed: f64) -> MessageSource {
    MessageSource::new(&sea(), SETUP, speed).expect("a good section")
}

fn text(message: &Message) -> String {
    format!("{} {}", message.topic, String::from_utf8_lossy(&message.payload))
}

/// What is said without that time passes.
fn said(source: &mut MessageSource) -> Vec<String> {
    let mut out = Vec::new();
    source.speak(Duration::ZERO, &mut |message| out.push(text(&message)));
    out
}

/// A run as it is live: every 20 ms some time passes, and now and then it is told something. Gives what it sent, but
/// for the clock of a time that stands still, what it took note of, and how much plant time has passed.
fn live(told: &[(u64, &str, &str)]) -> (Vec<String>, Vec<Scripted>, Duration) {
    let noted = Arc::new(Mutex::new(Vec::new()));
    let into = noted.clone();
    let journal: Journal = Box::new(move |at, topic, payload, retained| {
        let (topic, payload) = (topic.to_string(), payload.to_vec());
        into.lock().expect("one thread").push(Scripted { at, topic, payload, retained });
    });
    let mut source = source(2.0).with_journal(journal);
    let mut sent = Vec::new();
    for (real_ms, order, payload) in told {
        for _ in 0..real_ms / 20 {
            source.advance(Duration::from_millis(20), &mut |message| sent.push(text(&message)));
        }
        assert!(source.command(&format!("sea/instructor/{order}"), payload.as_bytes(), false));
    }
    for _ in 0..5 {
        source.advance(Duration::from_millis(20), &mut |message| sent.push(text(&message)));
    }
    let noted = noted.lock().expect("one thread").clone();
    (moving(sent), noted, source.passed())
}

fn moving(mut sent: Vec<String>) -> Vec<String> {
    sent.retain(|message| !message.contains(r#""rate":0.0"#));
    sent
}

const JUMP: &str = r#"{"fault": "clock jump", "on": "plant", "size": 3}"#;

#[test]
fn a_journal_makes_a_run_again_that_was_put_back_frozen_and_sped_up() {
    let (sent, noted, passed) = live(&[
        (1010, "snapshot", "a"),
        (2030, "fault", JUMP),
        (1000, "speed", "5"),
        (500, "restore", "a"),
        (700, "freeze", "true"),
        (300, "clear", ""),
        (600, "freeze", "false"),
        (440, "snapshot", "b"),
        (600, "restore", "b"),
        (100, "restore", "a"),
        (100, "speed", "0.7"),
        (1500, "faults", "none of that name"),
        (1000, "fault", JUMP),
    ]);
    assert!(noted.windows(2).any(|two| two[1].at < two[0].at), "it was put back");
    assert!(sent.iter().filter(|said| said.contains("\"done\"")).count() == 12, "{sent:#?}");
    let mut lines = format!("{}\n", header("sea")).into_bytes();
    let (mut again, early) = source(2.0).with_script(noted, true).expect("a journal");
    assert_eq!(early, 0);
    let write = |bytes: &[u8]| {
        lines.extend_from_slice(bytes);
        Ok(())
    };
    record(&mut again, passed, &AtomicBool::new(false), write, &mut |_| {}).expect("it is written");
    assert_eq!(again.passed(), passed);
    let made: Vec<Recorded> =
        Reader::new(&lines).expect("a recording").map(|line| line.expect("a message")).collect();
    assert!(made.windows(2).all(|two| two[0].at <= two[1].at), "the times of its lines go on");
    let made = made
        .iter()
        .map(|made| format!("{} {}", made.topic, String::from_utf8_lossy(&made.payload)));
    let made = moving(made.collect());
    if let Some(at) = sent.iter().zip(&made).position(|(sent, made)| sent != made) {
        panic!("message {at}: live {}, again {}", sent[at], made[at]);
    }
    assert_eq!(sent.len(), made.len());
    assert!(sent.len() > 250, "{}", sent.len());
}

#[test]
fn a_script_that_lets_time_stand_still_for_good_ends_a_recording() {
    let at = Timestamp(3_000_000);
    let freeze = |payload: &str| {
        let topic = "sea/instructor/freeze".into();
        Scripted { at, topic, payload: payload.into(), retained: false }
    };
    let record = |script: Vec<Scripted>| {
        let (mut source, _) = source(1.0).with_script(script, false).expect("a script");
        let stop = AtomicBool::new(false);
        record(&mut source, Duration::from_secs(10), &stop, |_| Ok(()), &mut |_| {}).expect("fine");
        source.elapsed()
    };
    assert_eq!(record(vec![freeze("true")]), Duration::from_secs(2));
    assert_eq!(record(vec![freeze("true"), freeze("false")]), Duration::from_secs(10));
}

#[test]
fn a_script_of_unknown_topics_or_times_that_go_back_is_refused_and_what_is_over_is_counted() {
    let at = |seconds: i64, topic: &str| Scripted {
        at: Timestamp(seconds * 1_000_000),
        topic: topic.into(),
        payload: b"a".to_vec(),
        retained: false,
    };
    let (clear, restore) = ("sea/instructor/clear", "sea/instructor/restore");
    let given = |script: Vec<Scripted>| source(1.0).with_script(script, false);
    let bad = given(vec![at(2, clear), at(3, "sea/instructor/cler")]).err().expect("unknown");
    assert!(bad.at == 1 && bad.reason.contains("nearest: \"sea/instructor/clear\""), "{bad}");
    let bad = given(vec![at(3, clear), at(2, clear)]).err().expect("it goes back");
    assert!(bad.at == 1 && bad.reason.contains("only what follows a `restore`"), "{bad}");
    let (_, early) = given(vec![at(0, clear), at(3, restore), at(2, clear)]).expect("it is fine");
    assert_eq!(early, 1);
}

#[test]
fn what_is_too_much_for_a_plant_is_refused_at_once_and_cut() {
    let mut source = source(1.0);
    assert!(source.command("sea/instructor/freeze", b"true", false));
    let mut answers = said(&mut source).len() - 1;
    for _ in 0..1500 {
        assert!(source.command("sea/instructor/clear", b"", false));
    }
    let refused = said(&mut source);
    answers += refused.len();
    assert!(refused[0].contains("1000 commands wait"), "{}", refused[0]);
    source.command("sea/instructor/freeze", b"false", false);
    source.advance(Duration::from_millis(40), &mut |message| {
        answers += usize::from(message.topic.ends_with("/answer"));
    });
    assert_eq!(answers, 1 + 1500 + 1, "each is answered");
    for _ in 0..1000 {
        assert!(source.command("sea/instructor/fault", &[b'x'; 100_000], false));
    }
    let snapshot = source.snapshot().expect("it is small enough");
    assert!(snapshot.len() < 5 << 20, "{} bytes", snapshot.len());
    assert!(!source.command(&"x".repeat(100_000), b"", false));
}

#[test]
fn an_order_of_no_name_is_answered_and_what_the_plant_sends_is_none() {
    let mut source = source(1.0);
    assert!(source.command("sea/instructor/faults", b"", false));
    let mut answers = Vec::new();
    source.advance(Duration::from_millis(40), &mut |message| answers.push(text(&message)));
    assert!(answers.iter().any(|said| said.contains("nearest: \\\"fault\\\"")), "{answers:?}");
    for own in ["sea/instructor/answer", "sea/instructor/catalogue", "clock", "plant/W-1"] {
        assert!(source.sends(own) && !source.command(own, b"{}", false), "{own}");
    }
}

#[test]
fn a_snapshot_of_the_first_instant_has_the_clock_of_the_first_instant() {
    let mut source = source(1.0);
    assert!(source.command("sea/instructor/snapshot", b"new", false));
    let mut first = Vec::new();
    source.advance(Duration::from_millis(40), &mut |message| first.push(text(&message)));
    assert!(source.command("sea/instructor/restore", b"new", false));
    let mut again = Vec::new();
    source.advance(Duration::from_millis(40), &mut |message| again.push(text(&message)));
    assert!(first[1..] == again[1..] && first[1].starts_with("clock "), "{first:?} {again:?}");
}

#[test]
fn a_snapshot_of_another_definition_is_refused_with_what_is_other() {
    let snapshot = |twin: &Twin, setup: Setup| {
        let simulation = Simulation::set_up(twin, setup).expect("a good section");
        simulation.snapshot().expect("it can be written")
    };
    let own = snapshot(&sea(), SETUP);
    let refused = |twin: &Twin, setup: Setup| {
        let mut simulation = Simulation::set_up(twin, setup).expect("a good section");
        simulation.restore(&own).expect_err("another definition").to_string()
    };
    let other = Twin { name: "lake".into(), ..sea() };
    assert!(refused(&other, SETUP).contains("of the twin \"sea\""));
    let mut other = sea();
    other.simulation = twin(&KEPT.replace("2.5", "2.6")).simulation;
    assert!(refused(&other, SETUP).contains("the simulation section"));
    let mut other = sea();
    Arc::make_mut(&mut other.classes[0].properties[0]).range = Some((0.0, 5.0));
    assert!(refused(&other, SETUP).contains("ranges"), "{}", refused(&other, SETUP));
    let told = KEPT.replacen('(', "(story: (blocks: []),", 1);
    let other = Twin { simulation: twin(&told).simulation, ..sea() };
    let story = Setup { story: true, ..SETUP };
    assert!(refused(&other, story).contains("without its story"));
}

#[test]
fn warming_up_can_be_stopped() {
    let cold = twin(&WAVE.replacen('(', "(warm_up_s: 86400,", 1));
    let stopped = MessageSource::unless(&cold, SETUP, 1.0, &AtomicBool::new(true)).err();
    assert!(matches!(stopped, Some(Unfit::Stopped)), "{stopped:?}");
}

#[test]
fn a_block_whose_name_two_assets_have_is_a_mistake() {
    let mut two = twin(WAVE);
    let mut other = two.assets[0].clone();
    other.path = "elsewhere/W-1".into();
    other.properties = 1..2;
    two.assets.push(other);
    two.property_owner.push(crate::twin::AssetId(1));
    let mistakes = Simulation::new(&two, 1, Timestamp(0)).err().expect("a mistake");
    let expected = "W-1 is the name of W-1 and elsewhere/W-1";
    assert!(mistakes.iter().any(|wrong| wrong.message.contains(expected)), "{mistakes:#?}");
}

#[test]
fn a_message_that_is_measured_almost_never_is_measured_once() {
    let mut source = source(1.0).thinned(Duration::from_secs(u64::MAX));
    let mut count = 0;
    source.advance_plant(Duration::from_secs(60), &mut |message| {
        count += usize::from(message.topic == "plant/W-1");
    });
    assert_eq!(count, 1);
}
