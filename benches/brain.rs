//! The brain beside NASA's ProgPy, on the same work: `scripts/bench-brain`.
//!
//! Reads what benches/progpy/peer.py wrote, does the same, and says first whether both came to the
//! same answer. Prints a table; the aims are those of docs/measured.md.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::print_stdout)]

#[path = "../tests/support/brain.rs"]
#[allow(dead_code)]
mod support;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Instant;

use serde_json::Value as Json;
use support::{
    battery_filter, battery_load, battery_outlook, battery_sample, battery_starts, pump_inputs,
};
use twinscope::estimate::calibrate::{self, Calibration, Course};
use twinscope::estimate::{Measured, Unscented};
use twinscope::forecast::{Forecast, ForecastSetup, Forecasting, Start};
use twinscope::model::load::Held;
use twinscope::model::registry;
use twinscope::model::table::Table;

/// Our work is timed so often; the median counts.
const TURNS: usize = 9;

fn main() {
    let arguments: Vec<String> =
        std::env::args().skip(1).filter(|a| !a.starts_with("--")).collect();
    let [reference, peer] = &arguments[..] else {
        println!("run scripts/bench-brain: it makes what this is compared with");
        return;
    };
    let peer: Json = serde_json::from_slice(&std::fs::read(peer).unwrap()).unwrap();
    let reference = Path::new(reference);
    println!(
        "| work | ProgPy, s | ours, s | ratio | aim | same answer |\n|---|---|---|---|---|---|"
    );
    battery(&peer, reference);
    pump(&peer);
    steps(&peer);
    filter(&peer, reference);
    calibration(&peer);
    wide();
}

/// The median of some turns, and the last answer.
fn timed<T>(mut work: impl FnMut() -> T) -> (f64, T) {
    let mut turn = || {
        let begun = Instant::now();
        let answer = work();
        (begun.elapsed().as_secs_f64(), answer)
    };
    let (first, mut answer) = turn();
    let mut seconds = vec![first];
    for _ in 1..TURNS {
        let (next, again) = turn();
        seconds.push(next);
        answer = again;
    }
    seconds.sort_by(f64::total_cmp);
    (seconds[TURNS / 2], answer)
}

fn row(what: &str, theirs_s: f64, ours_s: f64, aim: f64, same: &str) {
    let ratio = theirs_s / ours_s;
    println!("| {what} | {theirs_s:.3} | {ours_s:.5} | {ratio:.0} | {aim:.0} | {same} |");
}

fn seconds(peer: &Json, work: &str) -> f64 {
    peer[work]["seconds"].as_f64().expect("ProgPy's time")
}

fn answers(peer: &Json, work: &str) -> Vec<f64> {
    let all = peer[work]["answer"].as_array().expect("ProgPy's answer");
    all.iter().map(|value| value.as_f64().unwrap()).collect()
}

fn read(reference: &Path, name: &str) -> Table {
    Table::read(&std::fs::read(reference.join(format!("{name}.csv"))).unwrap()).unwrap()
}

fn forecast(setup: &ForecastSetup) -> Forecast {
    let run = Forecasting::new(setup.clone()).unwrap();
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    run.on_threads(threads, &AtomicBool::new(false), &|_| {}).unwrap().unwrap()
}

/// Whether both ended in the same steps.
fn same_ends(forecast: &Forecast, event: &str, theirs: &[f64]) -> String {
    let ours = &forecast.event(event).unwrap().step_ends_s;
    let same = ours.iter().zip(theirs).filter(|(a, b)| a.is_some_and(|a| (a - *b).abs() < 1e-6));
    format!("{} of {} times of event", same.count(), theirs.len())
}

fn battery(peer: &Json, reference: &Path) {
    let table = read(reference, "mc_battery_circuit");
    let starts = battery_starts(|name| table.column(name).unwrap());
    let mut setup = battery_outlook();
    (setup.begin_s, setup.members) = (600.0, table.rows());
    setup.start = Start::Each(starts);
    let (ours_s, done) = timed(|| forecast(&setup));
    let work = "battery ensemble";
    let same = same_ends(&done, "EOD", &answers(peer, work));
    row("Monte Carlo, battery, 100 samples", seconds(peer, work), ours_s, 2000.0, &same);
}

fn worn(at: usize, count: usize) -> Vec<f64> {
    let model = registry::find("centrifugal_pump").unwrap();
    let mut x: Vec<f64> = model.about().states.iter().map(|state| state.usual).collect();
    x[9] = 0.06 + 1e-4 * at as f64 / count as f64;
    x
}

fn pumps(count: usize) -> ForecastSetup {
    let model = registry::find("centrifugal_pump").unwrap();
    let inputs = pump_inputs(471.2389);
    let mut setup = ForecastSetup::usual(model, Arc::new(Held(inputs)), 1.0, 7_000.0);
    setup.members = count;
    setup.start = Start::Each((0..count).map(|at| worn(at, count)).collect());
    setup
}

fn pump(peer: &Json) {
    let setup = pumps(24);
    let (ours_s, done) = timed(|| forecast(&setup));
    let work = "pump ensemble";
    let same = same_ends(&done, "ImpellerWearFailure", &answers(peer, work));
    row("Monte Carlo, pump, 24 samples", seconds(peer, work), ours_s, 2000.0, &same);
}

/// All steps of an ensemble, by what its members took.
fn taken(forecast: &Forecast) -> f64 {
    forecast.event("ImpellerWearFailure").unwrap().step_ends_s.iter().flatten().sum()
}

fn steps(peer: &Json) {
    let setup = pumps(2_000);
    let (ours_s, done) = timed(|| forecast(&setup));
    let theirs = answers(peer, "pump steps in numpy");
    let (count, theirs_s) = (theirs[1], seconds(peer, "pump steps in numpy"));
    row(
        "500,000 steps of the pump, vectorised",
        theirs_s,
        ours_s / taken(&done) * count,
        30.0,
        "by their time a step; ours with events, load and records",
    );
}

fn filter(peer: &Json, reference: &Path) {
    let table = read(reference, "ukf_battery_circuit");
    let setup = battery_filter();
    let column = |name: &str| table.column(name).unwrap();
    let samples: Vec<Measured> = (0..table.rows())
        .filter(|row| column("t")[*row] > 0.0)
        .map(|row| battery_sample(column, row))
        .collect();
    let (ours_s, mean) = timed(|| {
        let mut filter = Unscented::new(setup.clone(), 0.0, &[2.0]).unwrap();
        for sample in &samples {
            filter.observe(sample).unwrap();
        }
        filter.belief().mean[1]
    });
    let work = "unscented filter";
    let off = (mean / answers(peer, work)[0] - 1.0).abs();
    let what = format!("Unscented filter, battery, {} samples", samples.len());
    row(&what, seconds(peer, work), ours_s, 500.0, &format!("charge off by {off:.0e}"));
}

fn calibration(peer: &Json) {
    let work = &peer["calibration"];
    let numbers = |value: &Json| -> Vec<f64> {
        value.as_array().unwrap().iter().map(|value| value.as_f64().unwrap()).collect()
    };
    let times_s = numbers(&work["course"]["t"]);
    let measured: Vec<Vec<f64>> =
        work["course"]["z"].as_array().unwrap().iter().map(numbers).collect();
    let model = registry::find("battery_circuit").unwrap();
    let initial = model.about().states.iter().map(|state| state.usual).collect();
    let mut setup = calibrate::CalibrationSetup::usual(model, &[0.5, 0.02], &["Rs", "Cs"]);
    (setup.chosen[0].start, setup.chosen[1].start) = (Some(0.06), Some(250.0));
    setup.courses = vec![Course { load: battery_load(), initial, start_s: 0.0, times_s, measured }];
    let (ours_s, found) =
        timed(|| Calibration::new(setup.clone()).and_then(Calibration::finish).unwrap());
    let truth = numbers(&work["truth"]);
    let worst = |values: &[f64]| {
        values.iter().zip(&truth).map(|(a, b)| (a / b - 1.0).abs()).fold(0.0, f64::max)
    };
    let ours: Vec<f64> = found.fit.values.iter().map(|value| value.value).collect();
    let same = format!(
        "farthest parameter off by {:.0e}, theirs by {:.0e}",
        worst(&ours),
        worst(&answers(peer, "calibration"))
    );
    row("Calibration of 2 battery parameters", seconds(peer, "calibration"), ours_s, 500.0, &same);
}

fn wide() {
    let setup = pumps(10_000);
    let mut seconds: Vec<f64> = (0..3)
        .map(|_| {
            let begun = Instant::now();
            assert!(taken(&forecast(&setup)) > 5e7);
            begun.elapsed().as_secs_f64()
        })
        .collect();
    seconds.sort_by(f64::total_cmp);
    println!(
        "\n10,000 pumps from wA ≈ 0.06 to their event: {:.2} s (aim: within 1 s).",
        seconds[1]
    );
}
