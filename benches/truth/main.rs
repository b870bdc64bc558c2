//! How far the estimates and forecasts can be trusted: judged over a fleet of pumps whose hidden wear
//! only the judge knows. Prints the table of docs/truth.md.
//!
//! `cargo run --release --no-default-features --example truth`
//!
//! The fleet ([`plant`]) shares no code with the models; it was committed before what watches it was
//! tuned. What watches it ([`watch`]) sees what a plant's historian would hold: measured inputs and
//! outputs, and the planned load. Thresholds come from the healthy units of another fleet.
#![allow(missing_docs, clippy::unwrap_used, clippy::print_stdout)]

mod judge;
mod minutes;
mod plant;
mod watch;

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use judge::{Report, Taught, Verdict};
use plant::{Fault, Fleet, Unit};
use watch::Commissioned;

/// The fleet that is judged.
const SEED: u64 = 1;
const UNITS: usize = 200;
/// Runs of the plant that tell what could be known at best.
const RUNS: u64 = 60;
/// The fleet that has run before: its healthy units tell how residuals wander, and the others, when
/// they have failed, how forecasts have to be corrected.
const EARLIER_SEED: u64 = 1001;

fn main() {
    let begun = Instant::now();
    let (seed, units) = (of("--seed=").unwrap_or(SEED), of("--units=").unwrap_or(UNITS as u64));
    let (unrest, life) = (of("--unrest=").unwrap_or(1.0), of("--life=").unwrap_or(1.0));
    let (duty, only) = (of("--duty=").unwrap_or(1.0), of::<String>("--only="));
    // With only one kind of fault nothing is known from an earlier fleet but how healthy pumps scatter.
    let fleet = |seed: u64, units: usize, only: Option<&str>| -> Vec<Unit> {
        let units = Fleet::new(seed, units);
        let as_asked = |unit: Unit| unit.with_unrest(unrest).with_life(life).with_duty(duty);
        let is_asked = |unit: &Unit| only.is_none_or(|only| unit.fault.name() == only);
        units.units().filter(is_asked).map(as_asked).collect()
    };
    let runs = of("--runs=").unwrap_or(RUNS);
    let earlier = fleet(EARLIER_SEED, UNITS, None);
    let is_healthy = |unit: &&Unit| unit.fault == Fault::Healthy;
    let healthy: Vec<_> = earlier.iter().filter(is_healthy).cloned().collect();
    let residuals = on_threads(&healthy, watch::healthy_residuals);
    let commissioned = Commissioned::of(&residuals.concat(), life);
    let judge_all = |fleet: &[Unit], taught: &Taught, runs| -> Vec<Verdict> {
        on_threads(fleet, |unit| judge::judge(unit, &commissioned, taught, runs))
    };
    let taught = match only {
        Some(_) => Taught::default(),
        None => Taught::by(&judge_all(&earlier, &Taught::default(), 0)),
    };
    let judged = fleet(seed, units as usize, only.as_deref());
    let verdicts: Vec<Verdict> = judge_all(&judged, &taught, runs);
    if std::env::args().any(|argument| argument == "--each") {
        for verdict in &verdicts {
            println!("{verdict:?}");
        }
    }
    println!("{}", Report::of(&verdicts));
    println!(
        "| event | remaining time × | its spread × | learnt from |\n|---|---|---|---|\n{taught}"
    );
    println!("Fleet {seed} of {units} units, judged in {:.0} s.", begun.elapsed().as_secs_f64());
}

/// What an argument says.
fn of<T: std::str::FromStr>(name: &str) -> Option<T> {
    std::env::args().find_map(|argument| argument.strip_prefix(name)?.parse().ok())
}

/// What becomes of each, in order, on all cores.
fn on_threads<T: Sync, R: Send>(all: &[T], work: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let next = AtomicUsize::new(0);
    let done = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, |count| count.get()) {
            scope.spawn(|| {
                loop {
                    let at = next.fetch_add(1, Ordering::Relaxed);
                    let Some(one) = all.get(at) else { return };
                    let result = work(one);
                    done.lock().unwrap().push((at, result));
                }
            });
        }
    });
    let mut done = done.into_inner().unwrap();
    done.sort_by_key(|(at, _)| *at);
    done.into_iter().map(|(_, result)| result).collect()
}
