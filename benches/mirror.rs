//! What a changed property costs in the mirror: to apply its sample and to read it back at the live
//! edge, beside a plain write of the same numbers into an array. Of all properties a tenth changes
//! in each round of 100 ms of plant time, in batches of 100 samples, as from a gateway.
//!
//! `CARGO_PROFILE_DEV_OPT_LEVEL=3 cargo bench --profile dev --no-default-features --bench mirror`

// What a bench measures is its output.
#![allow(clippy::print_stdout)]

#[path = "../tests/support/twins.rs"]
#[allow(dead_code, missing_docs)]
mod twins;

use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

use twins::devices;
use twinscope::history::State;
use twinscope::mirror::{Budget, Mirror};
use twinscope::telemetry::{Batch, Update};
use twinscope::twin::{PropertyId, Quality, Timestamp, Twin, Value};

const PER_ASSET: u32 = 10;
const ROUNDS: i64 = 200;
const ROUND_US: i64 = 100_000;
const PER_BATCH: usize = 100;
const START: i64 = 1_772_366_400_000_000;

fn twin(properties: u32) -> Twin {
    devices((properties / PER_ASSET) as usize, PER_ASSET as usize)
}

/// The tenth of all properties that changes in a round: spread evenly, another one each time.
fn changing(properties: u32, round: i64) -> impl Iterator<Item = u32> {
    (0..properties / 10).map(move |at| at * 10 + (round % 10) as u32)
}

/// Mean seconds of the mirror's apply and of its reading, for one changed property.
fn mirror(properties: u32) -> (f64, f64) {
    let mut mirror = Mirror::new(Arc::new(twin(properties)), Budget::default());
    let mut cursor = mirror.changes().end();
    let (mut apply, mut read) = (Duration::ZERO, Duration::ZERO);
    let mut changed = 0;
    for round in 0..ROUNDS {
        let now = Timestamp(START + round * ROUND_US);
        let update = |id| Update {
            property: PropertyId(id),
            time: Some(now),
            value: Some(Value::Number(f64::from(id) + round as f64)),
            quality: Quality::Good,
        };
        let updates: Vec<Update> = changing(properties, round).map(update).collect();
        let batches: Vec<Batch> = updates
            .chunks(PER_BATCH)
            .map(|part| Batch { arrival: now, updates: part.to_vec(), ..Batch::default() })
            .collect();
        let begin = Instant::now();
        batches.into_iter().for_each(|batch| mirror.apply(batch));
        mirror.tick(now);
        let unread = mirror.changes().read(&mut cursor);
        let changes: Vec<_> = unread.filter_map(|change| change.what.property()).collect();
        let applied = Instant::now();
        let view = mirror.live_view();
        for id in &changes {
            black_box(mirror.reading(view, *id));
        }
        // The first second only fills the columns.
        if round >= 20 {
            apply += applied - begin;
            read += applied.elapsed();
            changed += changes.len();
        }
    }
    (apply.as_secs_f64() / changed as f64, read.as_secs_f64() / changed as f64)
}

/// Mean seconds of writing a changed number into an array.
fn array(properties: u32) -> f64 {
    let mut values = vec![0.0_f64; properties as usize];
    let mut spent = Duration::ZERO;
    let mut changed = 0;
    for round in 0..ROUNDS {
        let updates: Vec<(u32, f64)> =
            changing(properties, round).map(|id| (id, f64::from(id) + round as f64)).collect();
        let begin = Instant::now();
        for (id, value) in &updates {
            values[*id as usize] = *value;
        }
        black_box(&mut values);
        spent += begin.elapsed();
        changed += updates.len();
    }
    spent.as_secs_f64() / changed as f64
}

fn main() {
    println!(
        "properties | apply, ns | read, ns | both, µs per change | array, ns | ratio to array"
    );
    for properties in [1_000, 10_000, 100_000] {
        let (apply, read) = mirror(properties);
        let plain = array(properties);
        let both = apply + read;
        println!(
            "{properties:>10} | {:>9.1} | {:>8.1} | {:>19.3} | {:>9.2} | {:>14.1}",
            apply * 1e9,
            read * 1e9,
            both * 1e6,
            plain * 1e9,
            both / plain,
        );
    }
}
