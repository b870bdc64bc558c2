//! The figures of the fleet, printed: `truth_test --ignored --nocapture --test-threads 1 report`.

use super::figures::HOUR;
use super::figures::STEP_S;
use super::instruments::*;
use super::physics::{Conditions, Physics};
use super::run::Engine;
use super::*;

const NAMES: [&str; 5] = ["w", "Qout", "Tt", "Tr", "To"];

/// The value below which a share `p` of the sorted values lies.
fn quantile(v: &[f64], p: f64) -> f64 {
    v.get((p * (v.len() as f64 - 1.0)).round() as usize).copied().unwrap_or(f64::NAN)
}

fn mean(v: &[f64]) -> f64 {
    v.iter().sum::<f64>() / v.len() as f64
}

fn deviation(v: &[f64]) -> f64 {
    let m = mean(v);
    (v.iter().map(|x| (x - m).powi(2)).sum::<f64>() / v.len() as f64).sqrt()
}

/// The same unit under the same weather and load, its fault never begun.
fn without_fault(unit: &Unit) -> Unit {
    let mut well = unit.clone();
    (well.fault, well.drift, well.blockage) = (Fault::Healthy, 0.0, 0.0);
    well.wear[1] = well.wear[0];
    well
}

/// True outputs each minute from the start to `end_s`, a failing sensor's error added.
fn minutes(unit: &Unit, end_s: f64) -> Vec<[f64; 5]> {
    let mut e = Engine::new(unit.clone());
    let mut rows = Vec::new();
    while e.t_s() < end_s && e.event.is_none() {
        let mut z = e.outputs();
        if let (Fault::SensorDrift(sensor), Some(onset)) = (unit.fault, unit.onset_s) {
            let error = unit.drift * (e.t_s() - onset).max(0.0);
            z[sensor as usize] += error * if sensor == Sensor::Qout { z[1] } else { 1.0 };
        }
        rows.push(z);
        for _ in 0..120 {
            e.step();
        }
    }
    rows
}

/// Standard deviation of the white noise of a measured value.
fn white(i: usize) -> f64 {
    [
        TACHOMETER.white * 390.0,
        FLOW_METER.white * 0.12,
        THERMOMETER.white,
        THERMOMETER.white,
        THERMOMETER.white,
    ][i]
}

#[test]
#[ignore = "prints figures for a person; a minute"]
fn report_times_of_event_and_hours() {
    for seed in [1, 2, 3] {
        let (mut total, mut well) = (0.0, 0.0);
        let fleet = Fleet::new(seed, 200);
        let mut lives: Vec<(&str, f64)> = Vec::new();
        let mut others = Vec::new();
        for unit in fleet.units() {
            let event = unit.time_of_event();
            let end = event.map_or(unit.span_s, |e| e.1) / HOUR;
            let onset = unit.onset_s.map_or(end, |s| s / HOUR);
            total += end;
            well += if unit.fault.event().is_some() { onset } else { end };
            match event {
                Some((event, _)) if unit.fault.event() == Some(event) => {
                    lives.push((unit.fault.name(), end - onset))
                }
                _ if unit.fault.event().is_some() || event.is_some() => {
                    others.push((unit.fault.name(), event))
                }
                _ => {}
            }
        }
        println!(
            "seed {seed}: {total:.0} h in all, {well:.0} h without wear; not their own event: {others:?}"
        );
        for name in ["ImpellerWear", "ThrustBearingWear", "RadialBearingWear"] {
            let mut v: Vec<f64> = lives.iter().filter(|x| x.0 == name).map(|x| x.1).collect();
            v.sort_by(f64::total_cmp);
            let q =
                [0.0, 0.1, 0.25, 0.5, 0.75, 0.9, 1.0].map(|p| format!("{:.1}", quantile(&v, p)));
            println!("  {name}: {} lives, h at 0 10 25 50 75 90 100 %: {}", v.len(), q.join(" "));
        }
    }
}

#[test]
#[ignore = "prints figures for a person; a minute"]
fn report_run_time_of_the_fleet_with_rows_of_10_seconds() {
    let start = std::time::Instant::now();
    let fleet = Fleet::new(1, 200);
    let rows: usize = fleet.units().map(|unit| unit.run(10.0).count()).sum();
    println!("{rows} rows in {:.1} s", start.elapsed().as_secs_f64());
}

#[test]
#[ignore = "prints figures for a person; a minute"]
fn report_how_far_healthy_pumps_are_from_the_published_one() {
    let fleet = Fleet::new(1, 200);
    let mut off: [Vec<f64>; 5] = Default::default();
    let mut wander: [Vec<f64>; 5] = Default::default();
    let mut size: [Vec<f64>; 5] = Default::default();
    for unit in fleet.units().step_by(2).map(|unit| without_fault(&unit)) {
        let p = Physics::published();
        let mut e = Engine::new(unit);
        let mut x = p.start(&e.inputs());
        let mut residual: [Vec<f64>; 5] = Default::default();
        while e.t_s() < 24.0 * HOUR {
            e.step();
            let u = e.inputs();
            x = p.step(&x, &Conditions::plain(u, [0.0; 3]), STEP_S);
            if e.t_s() % 60.0 == 0.0 && e.t_s() > 3.0 * HOUR {
                let z = e.outputs();
                let y = [x[0], p.flow_out(x[1], u[2], u[3]), x[2], x[3], x[4]];
                for i in 0..5 {
                    residual[i].push(z[i] - y[i]);
                    size[i].push(if i < 2 { z[i] } else { z[i] - u[0] });
                }
            }
        }
        for i in 0..5 {
            off[i].push(mean(&residual[i]));
            wander[i].push(deviation(&residual[i]));
        }
    }
    for i in 0..5 {
        let typical = mean(&size[i]);
        let share = |x: f64| format!("{x:.5} ({:.2} %)", 100.0 * x / typical);
        println!(
            "{}: typical {typical:.4} (temperatures over ambient); mean of the units' departures {}, spread over units {}, \
             wander within a unit {}, white noise of its sensor {:.5}",
            NAMES[i],
            share(mean(&off[i])),
            share(deviation(&off[i])),
            share(mean(&wander[i])),
            white(i)
        );
    }
}

#[test]
#[ignore = "prints figures for a person; a minute"]
fn report_how_strongly_faults_show() {
    let fleet = Fleet::new(1, 200);
    let mut table: Vec<(String, [[Vec<f64>; 5]; 3])> = Vec::new();
    for unit in fleet.units() {
        let Some(onset) = unit.onset_s else { continue };
        let end = unit.time_of_event().map_or(unit.span_s, |e| e.1);
        let (ill, well) = (minutes(&unit, end), minutes(&without_fault(&unit), end));
        let name = match unit.fault {
            Fault::SensorDrift(sensor) => format!("SensorDrift {sensor:?}"),
            fault => fault.name().to_string(),
        };
        let place = table.iter().position(|t| t.0 == name).unwrap_or_else(|| {
            table.push((name, Default::default()));
            table.len() - 1
        });
        for (k, share) in [0.1, 0.5, 0.9].into_iter().enumerate() {
            let middle = ((onset + share * (end - onset)) / 60.0) as usize;
            let hour = middle.saturating_sub(30)..(middle + 30).min(ill.len()).min(well.len());
            for i in 0..5 {
                let shift: Vec<f64> = hour.clone().map(|m| ill[m][i] - well[m][i]).collect();
                table[place].1[k][i].push(mean(&shift));
            }
        }
    }
    for (name, shares) in &table {
        for (k, share) in [10, 50, 90].into_iter().enumerate() {
            let cells: Vec<String> = (0..5)
                .map(|i| {
                    let v = &shares[k][i];
                    let size = v.iter().map(|x| x.abs()).sum::<f64>() / v.len() as f64;
                    format!("{} {:+.4} ({:.1})", NAMES[i], mean(v), size / white(i))
                })
                .collect();
            println!("{name} at {share} %: {}", cells.join(", "));
        }
    }
}
