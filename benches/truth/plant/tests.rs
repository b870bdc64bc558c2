//! The plant as a whole: it is the published pump when nothing is added, and keeps its promises when it is.

use super::figures::*;
use super::physics::{A, Conditions, Physics, Q, State, TO, TR, TT, W};
use super::*;

const NOMINAL: [f64; 5] = [290.0, 471.2389, 928_654.0, 239_179.0, 376.991_12];

/// Runs the published pump under `volts`, with a wear rate of the impeller, until it ends or is worn.
fn published(wear_a: f64, end_s: f64, volts: impl Fn(f64) -> f64) -> (State, f64) {
    let p = Physics::published();
    let mut x = p.start(&NOMINAL);
    let mut t = 0.0;
    while t < end_s && x[A] > A_LIMIT {
        let v = volts(t);
        let u = [290.0, v, 928_654.0, 239_179.0, 0.8 * v];
        x = p.step(&x, &Conditions::plain(u, [wear_a, 0.0, 0.0]), STEP_S);
        t += STEP_S;
    }
    (x, t)
}

#[test]
fn with_nothing_added_it_is_the_published_pump_after_5000_seconds() {
    let (x, _) = published(0.0, 5000.0, |_| NOMINAL[1]);
    // shared/reference/prognostics/pump_default_const.csv, last row.
    let near = |i: usize, value: f64, within: f64| {
        assert!((x[i] - value).abs() < within, "{i}: {} {value}", x[i])
    };
    near(W, 370.698_650_9, 1e-3);
    near(Q, 0.110_336_504_5, 1e-6);
    near(TT, 328.230_703_1, 0.05);
    near(TR, 318.665_781_9, 0.05);
    near(TO, 309.145_674_3, 0.05);
}

#[test]
fn with_nothing_added_the_impeller_wears_out_when_the_published_one_does() {
    let volts = |t: f64| match t % 3600.0 {
        s if s < 1800.0 => 471.2389,
        s if s < 1900.0 => 471.2389 + s - 1800.0,
        s if s < 3500.0 => 571.2389,
        s => 471.2398 - (s - 3600.0),
    };
    // shared/reference/prognostics/pump_wearA_cycle.csv, by Euler steps of 1 s.
    let (_, t) = published(0.01, 40_000.0, volts);
    assert!((t / 23_892.0 - 1.0).abs() < 0.001, "{t}");
}

#[test]
fn a_shorter_step_gives_the_same_pump() {
    let p = Physics::typical();
    let u = [290.0, 560.0, 928_654.0, 239_179.0, 448.0];
    let c = Conditions::plain(u, [1e-3, 0.0, 1e-11]);
    let run =
        |dt: f64| (0..(7200.0 / dt) as u64).fold(p.start(&NOMINAL), |x, _| p.step(&x, &c, dt));
    let (x, y) = (run(STEP_S), run(STEP_S / 10.0));
    for i in 0..x.len() {
        assert!((x[i] / y[i] - 1.0).abs() < 1e-6, "{i}: {} {}", x[i], y[i]);
    }
}

#[test]
fn no_state_is_lost_in_the_wildest_inputs() {
    let p = Physics::typical();
    for u in [
        [290.0, 0.0, 2e6, 0.0, 0.0],
        [250.0, 900.0, 0.0, 2e6, 900.0],
        [330.0, 471.0, 9e5, 2e5, 100.0],
    ] {
        let mut x = p.start(&NOMINAL);
        for _ in 0..20_000 {
            x = p.step(&x, &Conditions::plain(u, [1e-3, 1e-12, 1e-12]), STEP_S);
            assert!(x.iter().all(|v| v.is_finite() && v.abs() < 1e6), "{u:?}: {x:?}");
        }
    }
}

#[test]
fn the_same_seed_gives_the_same_rows_and_another_seed_others() {
    let rows = |seed| Fleet::new(seed, 20).unit(7).run(10.0).take(500).collect::<Vec<_>>();
    assert_eq!(rows(1), rows(1));
    assert_ne!(rows(1), rows(2));
    let (a, b) = (Fleet::new(1, 20).unit(7), Fleet::new(1, 20).unit(8));
    assert_ne!(a.plan(5000.0), b.plan(5000.0));
}

#[test]
fn the_faults_of_a_fleet_are_dealt_as_stated() {
    let fleet = Fleet::new(1, 200);
    let count = |name| fleet.units().filter(|unit| unit.fault.name() == name).count();
    let names = [
        "ImpellerWear",
        "ThrustBearingWear",
        "RadialBearingWear",
        "SensorDrift",
        "Blockage",
        "Healthy",
    ];
    assert_eq!(names.map(count), [50, 40, 40, 20, 20, 30]);
    let drift =
        |sensor| fleet.units().filter(|unit| unit.fault == Fault::SensorDrift(sensor)).count();
    assert_eq!([Sensor::Tt, Sensor::Qout, Sensor::Tr, Sensor::To].map(drift), [5; 4]);
}

#[test]
fn the_truth_does_not_depend_on_the_sampling() {
    let unit = Fleet::new(3, 20).unit(4);
    let end = |sample_s| {
        let mut run = unit.run(sample_s);
        let last = (&mut run).last().map(|row| row.t_s);
        (run.event(), last)
    };
    let (fine, coarse) = (end(10.0), end(60.0));
    assert_eq!(fine.0, coarse.0);
    assert_eq!(fine.0, unit.time_of_event());
    let at = fine.0.map_or(unit.span_s, |e| e.1);
    assert!(fine.1.is_some_and(|t| t <= at && at - t <= 10.0), "{fine:?}");
}

#[test]
fn no_row_has_a_value_that_is_not_a_number_and_all_are_plausible() {
    let fleet = Fleet::new(1, 20);
    for unit in fleet.units() {
        for row in unit.run(30.0) {
            let t = row.truth;
            for v in row.inputs.iter().chain(&row.measured).flatten() {
                assert!(v.is_finite(), "unit {} at {}", unit.index, row.t_s);
            }
            assert!(
                (280.0..=370.1).contains(&t.Tt) && (280.0..=370.1).contains(&t.Tr) && t.To < 350.1,
                "{t:?}"
            );
            assert!(
                (330.0..480.0).contains(&t.w) && (0.0..0.16).contains(&t.Q),
                "{} {row:?}",
                unit.index
            );
        }
    }
}

#[test]
fn nearly_every_wear_fault_ends_in_its_own_event_within_8_to_40_hours_and_nothing_else_has_one() {
    let fleet = Fleet::new(1, 200);
    let (mut worn, mut own, mut in_time) = (0, 0, 0);
    for unit in fleet.units() {
        let event = unit.time_of_event();
        let Some(expected) = unit.fault.event() else {
            assert_eq!(event, None, "unit {}, {}", unit.index, unit.fault.name());
            continue;
        };
        let onset = unit.onset_s.expect("a fault has an onset");
        assert!((5.0 * HOUR..=15.0 * HOUR).contains(&onset));
        worn += 1;
        if let Some((event, t_s)) = event {
            own += usize::from(event == expected);
            in_time += usize::from((8.0..=40.0).contains(&((t_s - onset) / HOUR)));
        }
    }
    assert_eq!(worn, 130);
    assert!(own >= 126 && in_time >= 126, "{own} own events, {in_time} in time, of {worn}");
}

#[test]
fn a_blockage_takes_flow_and_no_impeller_and_a_drift_takes_nothing_at_all() {
    let fleet = Fleet::new(1, 200);
    let end = |unit: &Unit, hours: f64| {
        unit.run(600.0).take((6.0 * hours) as usize).last().expect("a row").truth
    };
    for unit in
        fleet.units().filter(|u| matches!(u.fault, Fault::Blockage | Fault::SensorDrift(_))).take(8)
    {
        let mut well = unit.clone();
        (well.fault, well.drift, well.blockage) = (Fault::Healthy, 0.0, 0.0);
        let (x, y) = (end(&unit, 30.0), end(&well, 30.0));
        let flow = x.Q / y.Q;
        match unit.fault {
            Fault::Blockage => {
                assert!((0.85..0.97).contains(&flow) && x.A > 12.0, "{flow} {}", x.A)
            }
            _ => assert_eq!(x, y),
        }
    }
}

#[test]
fn the_plan_is_known_past_the_run_and_close_to_what_is_realised() {
    for unit in Fleet::new(1, 20).units() {
        let mut off = [0.0; 5];
        let mut rows = 0.0;
        for row in unit.run(60.0).take(1200) {
            let plan = unit.plan(row.t_s);
            for i in 0..5 {
                off[i] += row.inputs[i]
                    .map_or(0.0, |x| (x - plan[i]) / if i == 0 { 1.0 } else { plan[i] })
                    .powi(2);
            }
            rows += 1.0;
        }
        let rms = off.map(|x| f64::sqrt(x / rows));
        // K, then shares.
        assert!(
            rms[0] < 5.0 && rms[1] < 0.02 && rms[2] < 0.05 && rms[3] < 0.05 && rms[4] < 0.02,
            "{rms:?}"
        );
        assert!(unit.plan(1e6).iter().all(|x| x.is_finite()));
    }
}
