//! Data, starts and questions that lack something, and what is said of them.

use std::sync::Arc;

use super::battery::{noisy, setup, truth, truth_under};
use super::*;
use crate::model::load::Profile;

/// Fits y = k1 · k2 · x + k3 with a little scatter.
fn product(names: [&str; 3]) -> Fit {
    let unknowns = [(names[0], 2.0), (names[1], 4.0), (names[2], 0.5)];
    let unknowns = unknowns.map(|(name, start)| Unknown::new(name, start)).to_vec();
    let fit = minimise(unknowns, SearchOptions::default(), |k| {
        let residual = |at: i32| {
            let x = f64::from(at);
            let measured = 3.0 + 12.0 * x + 0.1 * libm::sin(7.0 * x);
            measured - (k[0] * k[1] * x + k[2])
        };
        Ok::<_, String>((0..20).map(residual).collect())
    });
    fit.expect("it fits")
}

#[test]
fn calibration_names_parameters_that_only_act_together() {
    let fit = product(["k1", "k2", "k3"]);
    assert!(fit.ending.has_converged());
    assert_eq!(
        fit.warnings,
        [
            "`k1` and `k2` cannot be told apart by these data: raising `k1` by 1 % is undone by lowering `k2` by 1.000 %; measure more or other things, or fix one of them"
        ]
    );
    let [k1, k2, k3] = &fit.values[..] else { panic!("three values") };
    assert_eq!([k1.interval, k2.interval], [None; 2]);
    assert_eq!([k1.error, k2.error], [None; 2]);
    assert!((k1.value * k2.value - 12.0).abs() < 0.01, "{}", k1.value * k2.value);
    // What else there is keeps its interval, as if the product were one value.
    let (low, high) = k3.interval.expect("an interval");
    assert!(low < 3.0 && 3.0 < high && high - low < 0.2, "{low} {high}");
    assert!(fit.covariance[0][0].is_nan() && fit.eigenvalues[0] < 1e-12);
}

#[test]
fn calibration_names_what_the_voltage_alone_does_not_tell() {
    // At a constant current and in a steady state, both resistances only drop the voltage.
    let steady = Profile(|_: f64, u: &mut [f64]| u[0] = 2.0);
    let mut course = truth_under(Arc::new(steady), 600.0);
    course.measured.drain(..20);
    course.times_s.drain(..20);
    let mut setup = setup(&[("Rs", 0.05), ("Rcp0", 0.07), ("v_end", 3.0)], noisy(&course, 1));
    setup.deviation[0] = f64::INFINITY;
    let found = Calibration::new(setup).expect("a setup").finish().expect("a fit");
    let [silent, tied, ..] = &found.fit.warnings[..] else { panic!("{:?}", found.fit) };
    assert_eq!(
        silent,
        "`v_end` has no effect on these measurements and stays at 3: measure `t` too, or under other loads, or fix it"
    );
    assert!(
        tied.starts_with("`Rs` and `Rcp0` cannot be told apart by these data: raising"),
        "{tied}"
    );
    assert!(tied.ends_with("measure `t` too, or under other loads, or fix one of them"), "{tied}");
}

#[test]
fn calibration_keeps_its_bounds_and_says_where_they_hold() {
    let mut setup = setup(&[("Rs", 0.1), ("Cb1", 1500.0)], noisy(&truth(600.0), 1));
    setup.chosen[0].range = Some((0.08, 0.2));
    let found = Calibration::new(setup).expect("a setup").finish().expect("a fit");
    let rs = &found.fit.values[0];
    assert_eq!((rs.value, rs.at_bound, rs.interval), (0.08, Some(Side::Lower), None));
    assert!(found.fit.values[1].interval.is_some());
    assert!(found.fit.warnings[0].starts_with("`Rs` ended at 0.08, the smallest value allowed"));
}

#[test]
fn calibration_never_asks_outside_the_bounds() {
    let mut unknowns = vec![Unknown::new("a", 1.0).within(0.5, 1.0)];
    unknowns.push(Unknown::new("b", 0.0).within(0.0, f64::INFINITY));
    let fit = minimise(unknowns, SearchOptions::default(), |x| {
        assert!((0.5..=1.0).contains(&x[0]) && x[1] >= 0.0, "{x:?}");
        // Rosenbrock's valley, whose end (1, 1) is a corner of what is allowed.
        Ok::<_, String>(vec![10.0 * (x[1] - x[0] * x[0]), 1.0 - x[0]])
    });
    let fit = fit.expect("it fits");
    assert!(off(fit.values.iter().map(|value| value.value), &[1.0, 1.0]) < 1e-9, "{fit:?}");
}

#[test]
fn calibration_skips_and_counts_what_is_missing() {
    let mut course = noisy(&truth(600.0), 5);
    for (at, row) in course.measured.iter_mut().enumerate() {
        if at % 3 == 0 {
            row[1] = f64::NAN;
        }
        row[0] = if at < 7 { f64::NAN } else { row[0] };
    }
    let setup = setup(&[("Rs", 0.1), ("Cb1", 1500.0)], course);
    let found = Calibration::new(setup).expect("a setup").finish().expect("a fit");
    assert_eq!((found.measurements, found.missing), (93, 27));
    assert!(found.fit.values.iter().all(|value| value.interval.is_some()));
}

#[test]
fn calibration_by_hubers_loss_is_not_dragged_along_by_wild_measurements() {
    let mut course = noisy(&truth(600.0), 9);
    for row in course.measured.iter_mut().step_by(10) {
        row[1] += 0.8;
    }
    let mut setup = setup(&[("Rs", 0.1), ("Cb1", 1500.0)], course);
    let run = |setup: CalibrationSetup| {
        Calibration::new(setup).expect("a setup").finish().expect("a fit")
    };
    let plain = run(setup.clone());
    setup.options.loss = Loss::ROBUST;
    let robust = run(setup);
    let [plain_off, robust_off] = [&plain, &robust]
        .map(|found| off(found.fit.values.iter().map(|value| value.value), &[0.0538926, 2079.9]));
    assert!(plain_off > 0.2 && robust_off < 0.04, "{plain_off} {robust_off}");
    for (value, truth) in robust.fit.values.iter().zip([0.0538926, 2079.9]) {
        let (low, high) = value.interval.expect("an interval");
        assert!(low <= truth && truth <= high, "{value:?}");
    }
    assert!(robust.fit.outliers >= 6);
}

#[test]
fn calibration_turns_away_from_points_without_a_course() {
    let unknown = Unknown::new("rate", 0.1);
    let fit = minimise(vec![unknown], SearchOptions::default(), |x| {
        if x[0] > 1.05 {
            return Err("the state became inf");
        }
        // So curved that the first full step goes far beyond.
        Ok(vec![libm::exp(-9.0 * x[0]) - libm::exp(-9.0), 1e-4 * (x[0] - 1.0)])
    });
    let fit = fit.expect("it fits");
    assert!((fit.values[0].value - 1.0).abs() < 1e-6 && fit.ending.has_converged());
}

#[test]
fn calibration_of_a_model_that_diverges_everywhere_says_where_and_what() {
    let mut setup = setup(&[("Rs", 0.1)], truth(100.0));
    setup.chosen[0].range = Some((1e-9, 1.0));
    setup.chosen[0].start = Some(1e-8);
    let error =
        Calibration::new(setup).expect("a setup").finish().expect_err("it diverges").to_string();
    assert!(error.starts_with("nothing can be computed at the start (Rs = 0.00000001): run 1, "));
    assert!(error.ends_with("start elsewhere"), "{error}");
}

#[test]
fn calibration_answers_a_wrong_question_with_what_is_wrong() {
    let good = || setup(&[("Rs", 0.1)], truth(100.0));
    let error = |change: &dyn Fn(&mut CalibrationSetup)| {
        let mut setup = good();
        change(&mut setup);
        Calibration::new(setup).err().expect("a mistake")
    };
    let says = |change: &dyn Fn(&mut CalibrationSetup), wanted: &str| {
        let error = error(change);
        assert!(error.to_string().contains(wanted), "{error}");
    };
    says(&|s| s.chosen[0].name = "RS0".into(), "no parameter and no state `RS0`; there are ");
    says(&|s| s.chosen[0].name = "RS0".into(), "; did you mean `Rs`?");
    says(&|s| s.chosen.push(s.chosen[0].clone()), "`Rs` is named twice");
    says(&|s| s.chosen.clear(), "nothing is to be found");
    says(&|s| s.chosen[0].start = Some(3.0), "outside its bounds from 0.001 to 1");
    says(&|s| s.chosen[0].range = Some((1.0, 0.1)), "leave it no room");
    says(&|s| s.courses.clear(), "not one measurement");
    says(
        &|s| s.courses[0].measured.iter_mut().for_each(|row| row.fill(f64::NAN)),
        "not one measurement",
    );
    says(&|s| s.deviation.fill(f64::INFINITY), "not one measurement");
    says(&|s| s.deviation[1] = 0.0, "the deviation of `v` has to be above 0, not 0");
    says(&|s| s.deviation.truncate(1), "a deviation for each output (t, v), not 1");
    says(&|s| s.courses[0].measured[3][1] = f64::INFINITY, "run 1: row 4 (40 s): `v` is inf");
    says(
        &|s| s.courses[0].measured[3].truncate(1),
        "row 4 (40 s): expected a value for each output (t, v), found 1",
    );
    says(&|s| s.courses[0].times_s[3] = 30.0, "row 4 (30 s): the time has to come after 30 s");
    says(&|s| s.courses[0].times_s.truncate(5), "5 times for 10 rows");
    says(&|s| s.courses[0].initial.truncate(2), "(tb, qb, qcp, qcs), found 2");
    says(&|s| s.parameters[0] = f64::NAN, "`q_max` is NaN");
    says(&|s| s.step_s = 0.0, "a step of 0 s leads nowhere");
    says(&|s| s.options.confidence = 95.0, "the confidence has to lie between 0 and 1");
}

#[test]
fn calibration_says_when_the_residuals_are_not_what_was_stated() {
    let mut setup = setup(&[("Rs", 0.1)], noisy(&truth(600.0), 2));
    setup.deviation = vec![0.05, 0.001];
    setup.options.spread = Spread::Stated;
    let found = Calibration::new(setup).expect("a setup").finish().expect("a fit");
    assert!(found.fit.warnings[0].starts_with("the residuals are "), "{:?}", found.fit.warnings);
    assert!((found.fit.scatter.expect("some") - 10.0).abs() < 2.0);
}
