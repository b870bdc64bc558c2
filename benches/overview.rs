//! What the overview costs in a frame, for a thousand properties and for a million: the same number of
//! them changes in each frame, whatever the size of the plant. Beside it, what it cost as it was
//! before: every property judged in every frame.
//!
//! `CARGO_PROFILE_DEV_OPT_LEVEL=3 cargo bench --profile dev --bench overview`

// What a bench measures is its output.
#![allow(clippy::print_stdout)]

#[path = "../tests/support/twins.rs"]
#[allow(dead_code, missing_docs)]
mod twins;

use std::hint::black_box;
use std::sync::Arc;
use std::time::Instant;

use twins::devices;
use twinscope::history::View;
use twinscope::mirror::{Budget, Mirror};
use twinscope::telemetry::{Batch, Update};
use twinscope::twin::{Condition, PropertyId, Quality, Timestamp, Twin, Value};
use twinscope::viewer::time::Survey;
use twinscope::viewer::time::survey::condition;

const PER_ASSET: usize = 10;
const FRAMES: usize = 300;
/// Plant time from one frame to the next.
const FRAME_US: i64 = 16_667;
/// Properties that change in a frame.
const CHANGING: usize = 200;
const START: i64 = 1_772_366_400_000_000;

fn main() {
    println!(
        "properties  |  followed, µs a frame  |  while all grow stale, worst  |  every one judged  |  followed, beside 1,000"
    );
    let mut least = None;
    for properties in [1_000, 10_000, 100_000, 1_000_000] {
        let Cost { followed, ageing, judged } = measure(properties);
        let least = *least.get_or_insert(followed);
        println!(
            "{properties:>10}  |  {followed:>20.1}  |  {ageing:>27.1}  |  {judged:>16.1}  |  {:>23.2}",
            followed / least
        );
    }
}

/// Microseconds of a frame's overview.
struct Cost {
    /// Following what changes: the median.
    followed: f64,
    /// The worst of the frames in which what was known from the beginning grows old.
    ageing: f64,
    /// By looking at each property: the median.
    judged: f64,
}

fn measure(properties: usize) -> Cost {
    let twin = Arc::new(devices(properties / PER_ASSET, PER_ASSET));
    let mut mirror = Mirror::new(twin.clone(), Budget::default());
    let mut survey = Survey::new(&twin);
    let mut now = Timestamp(START);
    // Everything is known, and judged once.
    let all: Vec<Update> = (0..properties as u32).map(|id| update(id, now)).collect();
    mirror.apply(Batch { arrival: now, updates: all, ..Batch::default() });
    // The view has come to the samples.
    now = now.plus_micros(1_000_000);
    mirror.tick(now);
    survey.advance(&mirror, &twin, mirror.live_view(), true);
    while !survey.is_complete() {
        survey.advance(&mirror, &twin, mirror.live_view(), true);
    }
    let mut ageing = 0.0_f64;
    now = now.plus_micros(10_000_000);
    mirror.tick(now);
    while survey.count(Condition::Stale) < properties {
        let begin = Instant::now();
        survey.advance(&mirror, &twin, mirror.live_view(), true);
        ageing = ageing.max(begin.elapsed().as_secs_f64() * 1e6);
    }
    let (mut followed, mut judged) = (Vec::new(), Vec::new());
    for frame in 0..FRAMES {
        now = now.plus_micros(FRAME_US);
        let changing = (0..CHANGING).map(|at| ((frame * CHANGING + at) % properties) as u32);
        let updates = changing.map(|id| update(id, now)).collect();
        mirror.apply(Batch { arrival: now, updates, ..Batch::default() });
        mirror.tick(now);
        let view = mirror.live_view();
        let begin = Instant::now();
        survey.advance(&mirror, &twin, view, true);
        black_box(survey.count(Condition::Alarm));
        followed.push(begin.elapsed().as_secs_f64() * 1e6);
        // The peer takes long: a part of the frames is enough for its median.
        if frame % 30 == 29 {
            let begin = Instant::now();
            black_box(judge_all(&mirror, &twin, view));
            judged.push(begin.elapsed().as_secs_f64() * 1e6);
        }
    }
    let median = |mut times: Vec<f64>| {
        times.sort_by(f64::total_cmp);
        times[times.len() / 2]
    };
    Cost { followed: median(followed), ageing, judged: median(judged) }
}

fn update(id: u32, time: Timestamp) -> Update {
    let value = Some(Value::Number(f64::from(id % 100) + (time.0 % 7) as f64));
    Update { property: PropertyId(id), time: Some(time), value, quality: Quality::Good }
}

/// How many properties are in each condition, by looking at each.
fn judge_all(mirror: &Mirror, twin: &Twin, view: View) -> [usize; 5] {
    let mut counts = [0; 5];
    for id in twin.property_ids() {
        counts[condition(mirror, twin, view, id) as usize] += 1;
    }
    counts
}
