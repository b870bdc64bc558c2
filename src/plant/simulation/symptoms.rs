//! What a fault shows first, and after how long: each of the catalogue, in the bottling scene, over
//! many seeds.
//!
//! This is a table for `docs/plant.md`, made by
//! `cargo test --no-default-features --lib symptoms -- --ignored --nocapture`. Noise is a pure function of seed,
//! instrument and time, so two plants of the same seed send the same bytes until a fault that only
//! one of them has makes a difference. What they send is compared, message by message; nothing else of
//! them is looked at. No other fault comes by itself meanwhile.

use std::collections::BTreeMap;
use std::time::Duration;

use super::faults::{Fault, FaultSlot, Occurrence, Plan};
use super::lives::of_seeds;
use super::tests::scene_section;
use super::*;

mod watch;

use self::watch::{Instruments, START, Symptom, Watch};

/// Seeds of the table.
const SEEDS: u64 = 200;
/// A fault comes so many seconds after the first message at the latest, by the seed.
const LATEST_S: f64 = 600.0;
/// So long every message of both is compared; later those of one second each.
const FINE_S: usize = 20;
/// So long a symptom is waited for, s.
const HORIZON_S: usize = 1800;
/// How often it is looked whether a fault that is over has left nothing behind, s.
const LOOK_S: usize = 60;

/// A plant without a fault, from the moment at which others get one.
struct Sound {
    plant: Simulation,
    /// At that moment.
    snapshot: Vec<u8>,
    /// From one message to the next, by publication, µs.
    periods: Vec<i64>,
    /// Its messages by step, and its state every [`LOOK_S`].
    sent: Vec<Vec<Message>>,
    states: Vec<Vec<u8>>,
}

/// What came of a fault.
struct Outcome {
    fault: Fault,
    /// `None`: nothing in half an hour.
    symptom: Option<Symptom>,
}

fn steps_per_second(plant: &Simulation) -> usize {
    (1_000_000 / plant.dt_us) as usize
}

/// One more step, of those since the moment; gives its messages.
fn step(plant: &mut Simulation, step: usize) -> Vec<Message> {
    if step == FINE_S * steps_per_second(plant) {
        plant.thin(Duration::from_secs(1));
    }
    let mut sent = Vec::new();
    plant.advance(plant.asked + plant.step_length(), &mut |message| sent.push(message));
    sent
}

impl Sound {
    fn new(twin: &Twin, seed: u64) -> Self {
        let mut plant = Simulation::new(twin, seed, START).expect("a good section");
        // Nothing else goes wrong.
        plant.plan = Plan::default();
        let steps = (draw(seed, "moment") * LATEST_S) as u32 * steps_per_second(&plant) as u32;
        plant.advance(plant.step_length() * steps, &mut |_| ());
        let snapshot = plant.snapshot().expect("it can be written");
        let periods = plant.publications.iter().map(|publication| publication.period_us).collect();
        let (sent, states) = (Vec::new(), Vec::new());
        Self { plant, snapshot, periods, sent, states }
    }

    /// Puts the plant back to the moment.
    fn back(&mut self) {
        self.plant.restore(&self.snapshot).expect("its own");
        for (publication, period_us) in self.plant.publications.iter_mut().zip(&self.periods) {
            publication.period_us = *period_us;
        }
    }

    /// Makes its messages of the whole time.
    fn run(&mut self, seconds: usize) {
        self.back();
        let a_second = steps_per_second(&self.plant);
        for at in 0..seconds * a_second {
            self.sent.push(step(&mut self.plant, at));
            if (at + 1) % (LOOK_S * a_second) == 0 {
                self.states.push(self.plant.snapshot().expect("it can be written"));
            }
        }
    }

    /// The first symptom of a fault that comes at the moment.
    fn with(&mut self, known: &Instruments, fault: Occurrence) -> Option<Symptom> {
        self.back();
        let on = self.plant.board.faults.known().find(|(slot, ..)| *slot == fault.slot);
        let mut watch = Watch::new(known, on.expect("it is known").1);
        let from_us = self.plant.board.clock.time_us;
        self.plant.board.faults.inject(Occurrence { from_us, ..fault }).expect("room");
        let look = LOOK_S * steps_per_second(&self.plant);
        for (at, sound) in self.sent.iter().enumerate() {
            let sent = step(&mut self.plant, at);
            let since_us = self.plant.board.clock.time_us - from_us;
            if let Some(symptom) = watch.look(since_us, sound, &sent) {
                return Some(symptom);
            }
            if (at + 1) % look == 0 && self.plant.board.faults.present().is_empty() {
                let now = self.plant.snapshot().expect("it can be written");
                if now == self.states[at / look] {
                    return None;
                }
            }
        }
        None
    }

    /// A fault by the seed: on what of all that can have it, and how severe.
    fn drawn(&self, seed: u64, fault: Fault) -> Occurrence {
        let known = self.plant.board.faults.known().filter(|(_, _, known)| *known == fault);
        let able: Vec<FaultSlot> = known.map(|(slot, ..)| slot).collect();
        let at = (draw(seed, &format!("{} on", fault.name())) * able.len() as f64) as usize;
        let severity = 0.5 + 0.5 * draw(seed, &format!("{} severity", fault.name()));
        Occurrence { severity, ..Occurrence::usual(able[at], fault, 0) }
    }
}

/// A number from 0 to 1 that belongs to a seed.
fn draw(seed: u64, what: &str) -> f64 {
    noise::uniform(seed, noise::stream(what), 0)
}

/// Every fault of the catalogue with one seed.
fn outcomes(twin: &Twin, known: &Instruments, seed: u64) -> Vec<Outcome> {
    let mut sound = Sound::new(twin, seed);
    sound.run(HORIZON_S);
    let catalogue = Fault::catalogue().iter().map(|about| about.fault);
    let mut outcome = |fault| {
        let occurrence = sound.drawn(seed, fault);
        Outcome { fault, symptom: sound.with(known, occurrence) }
    };
    catalogue.map(&mut outcome).collect()
}

/// The row of a fault.
fn row(fault: Fault, outcomes: &[Option<&Symptom>]) -> String {
    let seen: Vec<&Symptom> = outcomes.iter().copied().flatten().collect();
    let mut first: BTreeMap<&str, usize> = BTreeMap::new();
    for symptom in &seen {
        *first.entry(&symptom.what).or_default() += 1;
    }
    let mut first: Vec<_> = first.into_iter().collect();
    first.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    let percent = |count: usize, of: usize| 100.0 * count as f64 / of.max(1) as f64;
    let named = first.iter().take(3);
    let mut names: Vec<String> = named
        .map(|(name, count)| format!("{name} ({:.0} %)", percent(*count, seen.len())))
        .collect();
    if first.len() > 3 {
        names.push(format!("{} others", first.len() - 3));
    }
    let mut after: Vec<f64> = seen.iter().map(|symptom| symptom.at_us as f64 * 1e-6).collect();
    after.sort_by(f64::total_cmp);
    let at = |share: f64| after[((after.len() - 1) as f64 * share).round() as usize];
    let after = if after.is_empty() {
        "–".to_string()
    } else {
        [0.1, 0.5, 0.9].map(|share| format!("{:.1}", at(share))).join(" / ")
    };
    let nothing = percent(outcomes.len() - seen.len(), outcomes.len());
    format!("| `{}` | {} | {after} | {nothing:.0} % |", fault.name(), names.join(", "))
}

#[test]
#[ignore = "takes minutes: makes the table of first symptoms in docs/plant.md"]
#[expect(clippy::print_stdout, reason = "the table is what it is run for")]
fn table() {
    let seeds = std::env::var("TWINSCOPE_CASES").ok().and_then(|cases| cases.parse().ok());
    let twin = scene_section("bottling.ron");
    let known = Instruments::new(&twin);
    let all = of_seeds(seeds.unwrap_or(SEEDS), |seed| outcomes(&twin, &known, seed));
    println!("| fault | first visible in | after, s: P10 / P50 / P90 | nothing in 30 minutes |");
    println!("|---|---|---|---|");
    for about in Fault::catalogue() {
        let of_it = all.iter().flatten().filter(|outcome| outcome.fault == about.fault);
        let of_it: Vec<_> = of_it.map(|outcome| outcome.symptom.as_ref()).collect();
        println!("{}", row(about.fault, &of_it));
    }
}

#[test]
fn a_fault_shows_first_where_physics_has_it_and_a_sound_plant_shows_nothing() {
    let twin = scene_section("bottling.ron");
    let known = Instruments::new(&twin);
    let mut sound = Sound::new(&twin, 3);
    sound.run(120);
    let mut first = |fault: &str, on: &str, severity: f64| {
        let (slot, fault) = sound.plant.board.faults.look_up(fault, on).expect("a fault");
        let usual = Occurrence::usual(slot, fault, 0);
        let symptom = sound.with(&known, Occurrence { severity, ..usual });
        symptom.map(|symptom| (symptom.what, symptom.at_us as f64 * 1e-6))
    };
    assert_eq!(first("bearing", "P-101", 0.0), None, "no fault, no symptom");
    for (fault, on, symptom, within_s) in [
        ("bearing", "P-101", "Pump.vibration", 0.3..20.0),
        ("misalignment", "P-101", "Pump.vibration", 0.0..0.5),
        ("fouling", "HX-101", "HeatExchanger.medium_out", 1.0..60.0),
        ("gear", "R-301.a1", "Robot.power", 1.0..20.0),
        ("jam", "LINE-201", "BottleLine.cause", 0.0..0.2),
        ("battery", "UPS-101", "Ups.energy", 0.0..1.0),
        ("bias", "TT-101.temperature", "itself", 0.0..1.0),
        ("network loss", "P-101", "silence", 0.0..1.0),
        ("clock jump", "P-101", "stamp", 0.0..1.0),
    ] {
        let (what, at_s) = first(fault, on, 1.0).unwrap_or_else(|| panic!("{fault} shows"));
        assert_eq!(what, symptom, "{fault} after {at_s} s");
        assert!(within_s.contains(&at_s), "{fault}: {what} after {at_s} s");
    }
}
