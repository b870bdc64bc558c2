//! The simulated plant as a process of its own, through mosquitto, into a mirror.

use std::sync::Arc;
use std::time::{Duration, Instant};

use twinscope::history::{Presence, Reading, State, View};
use twinscope::mirror::{Budget, Mirror};
use twinscope::plant::simulation::{Message, Simulation};
use twinscope::telemetry::mqtt::{ClientOptions, Link, Source};
use twinscope::twin::{PropertyId, PropertyKind, Quality, Timestamp, Twin, Value};

use crate::programs::{Mosquitto, plant, scene};

mod commands;
mod instruments;
mod observed;
mod offline;
mod packaging;
mod process;
mod story;

/// How long anything here may take.
const TIMEOUT: Duration = Duration::from_secs(60);

/// A mirror that a broker feeds.
struct Watched {
    mirror: Mirror,
    link: Link,
}

impl Watched {
    fn new(twin: Twin, broker: &Mosquitto) -> Self {
        let options = ClientOptions::from_url(&broker.url()).expect("an address");
        let link = Source::spawn(&twin, options).expect("the client starts");
        Self { mirror: Mirror::new(Arc::new(twin), Budget::default()), link }
    }

    /// Takes in what comes until it is so.
    fn until(&mut self, mut is_so: impl FnMut(&Mirror) -> bool) -> bool {
        let since = Instant::now();
        while since.elapsed() < TIMEOUT {
            self.mirror.ingest(&self.link.batches, || false);
            self.mirror.tick(Timestamp::now());
            if is_so(&self.mirror) {
                return true;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        false
    }
}

/// What a plant sends for, in the order of the ids: all but what the mirror derives itself.
fn measured(twin: &Twin) -> Vec<PropertyId> {
    let ids = twin.property_ids();
    ids.filter(|id| twin.property(*id).kind != PropertyKind::Derived).collect()
}

fn readings(mirror: &Mirror, time: Timestamp) -> Vec<Option<Reading>> {
    let view = View::live(time);
    mirror.twin().property_ids().map(|id| mirror.reading(view, id)).collect()
}

fn values(readings: &[Option<Reading>]) -> Vec<Option<&Value>> {
    readings.iter().map(|reading| reading.as_ref().map(|reading| &reading.value)).collect()
}

#[test]
fn every_property_of_the_bottling_line_arrives_and_all_stands_still_when_the_plant_is_gone() {
    let broker = Mosquitto::start();
    let twin = scene("bottling.ron");
    let mut watched = Watched::new(twin, &broker);
    let mut plant = plant("bottling.ron", &broker.url(), &["--seed", "3"]);
    let twin = watched.mirror.twin().clone();
    let wanted = measured(&twin);
    let missing = |mirror: &Mirror| -> Vec<String> {
        let good = |id: &&PropertyId| {
            mirror.latest(**id).is_none_or(|reading| reading.quality != Quality::Good)
        };
        wanted.iter().filter(good).map(|id| twin.property_path(*id)).collect()
    };
    let complete = watched.until(|mirror| missing(mirror).is_empty());
    assert!(complete, "no good value of {:?}", missing(&watched.mirror));
    let start = watched.mirror.live_view().time;
    let later = |mirror: &Mirror| mirror.live_view().time.seconds_since(start) > 2.0;
    assert!(watched.until(later), "plant time goes on");
    let counts = watched.link.status.counters.snapshot();
    assert_eq!((counts.malformed, counts.unmapped, counts.oversized), (0, 0, 0), "{counts:?}");

    // It is alive: two instants differ in what turns, travels, lies on a belt and has a pose.
    let now = watched.mirror.live_view().time;
    let (then, now) =
        (readings(&watched.mirror, now.plus_micros(-1_000_000)), readings(&watched.mirror, now));
    for path in ["P-101.turns", "CV-201-1.travel", "FL-201.turns", "LINE-201.bottles"] {
        let id = twin.property_ids().find(|id| twin.property_path(*id).ends_with(path)).unwrap();
        let [then, now] = [&then, &now].map(|all| all[id.0 as usize].as_ref().unwrap());
        assert!(then.value != now.value, "{path} stands still: {:?}", now.value);
    }

    plant.kill();
    let asset = twin.owner(wanted[0]);
    assert!(
        watched.until(|mirror| mirror.online(asset) == Presence::Offline),
        "the last will tells that the plant is gone"
    );
    // Instants to come need no waiting: the mirror is told what time it is.
    let wall = Timestamp::now();
    let mut seen = Vec::new();
    for seconds in [5, 6, 20, 120] {
        watched.mirror.tick(wall.plus_micros(seconds * 1_000_000));
        let view = watched.mirror.live_view();
        seen.push((view.time, readings(&watched.mirror, view.time)));
    }
    let (_, first) = &seen[0];
    for (at, later) in &seen[1..] {
        assert_eq!(values(first), values(later), "something moves at {at}");
    }
    let fresh = seen.iter().flat_map(|(_, all)| all).flatten();
    assert_eq!(fresh.filter(|reading| reading.quality < Quality::Stale).count(), 0);
    assert_eq!(watched.mirror.stale_count(), wanted.len() + derived_with_values(&watched.mirror));
}

/// Derived properties that have a value: they go stale with what they are made from.
fn derived_with_values(mirror: &Mirror) -> usize {
    let twin = mirror.twin();
    let derived = |id: &PropertyId| twin.property(*id).kind == PropertyKind::Derived;
    twin.property_ids().filter(derived).filter(|id| mirror.latest(*id).is_some()).count()
}

#[test]
fn two_runs_of_the_same_seed_send_the_same_payloads() {
    for name in ["pump_station.ron", "bottling.ron"] {
        let twin = scene(name);
        let run = |seed: u64, steps_ms: &[u64]| {
            let start = Timestamp(1_772_366_400_000_000);
            let mut simulation = match Simulation::new(&twin, seed, start) {
                Ok(simulation) => simulation,
                Err(mistakes) => panic!("{name}: {mistakes:#?}"),
            };
            let mut sent: Vec<Message> = Vec::new();
            for step in steps_ms {
                simulation.advance(Duration::from_millis(*step), &mut |message| sent.push(message));
            }
            sent
        };
        let once = run(7, &[20_000]);
        let again = run(7, &[17, 1_000, 1_001, 13_333, 20_000]);
        assert!(once.len() > 200, "{name}: {} messages", once.len());
        assert_eq!(once, again, "{name}");
        assert_ne!(once, run(8, &[20_000]), "{name}: another seed is another plant");
    }
}
