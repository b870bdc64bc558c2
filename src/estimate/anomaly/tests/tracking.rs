//! Fidelity: how well estimates match measurements.

use super::*;

fn learned() -> Fidelity {
    let mut course = Course::new(0.0, 10);
    let healthy: Vec<Row> =
        (0..2000).map(|_| (0..3).map(|_| Some(course.next())).collect()).collect();
    Fidelity::learn(&healthy, 200, 2.0, 0.01).expect("enough")
}

/// Score after rows with residuals so many times as large, and the drifts that were told.
fn run(factor: impl Fn(f64) -> f64, rows: u32) -> (f64, Vec<Drift>) {
    let (mut fidelity, mut course) = (learned(), Course::new(0.0, 11));
    let mut drifts = Vec::new();
    for at in 0..rows {
        let time_s = f64::from(at) * 60.0;
        let row: Row = (0..3).map(|_| Some(factor(time_s / 3600.0) * course.next())).collect();
        drifts.extend(fidelity.step(time_s, &row));
    }
    (fidelity.score().expect("a window is full"), drifts)
}

#[test]
fn fidelity_is_1_when_residuals_are_as_healthy_and_falls_as_they_grow() {
    let (as_healthy, drifts) = run(|_| 1.0, 5000);
    assert!(as_healthy > 0.94 && drifts.is_empty(), "{as_healthy} {drifts:?}");
    assert!(run(|_| 0.5, 500).0 == 1.0);
    let (twice, ten) = (run(|_| 2.0, 500).0, run(|_| 10.0, 500).0);
    assert!((0.55..0.65).contains(&twice) && ten < 0.2, "{twice} {ten}");
    assert_eq!(learned().score(), None);
}

#[test]
fn fidelity_that_becomes_worse_is_told_once() {
    let (_, drifts) = run(|hours| 1.0 + 0.02 * hours, 3200);
    assert_eq!(drifts.len(), 1, "{drifts:?}");
    assert!(drifts[0].per_h < 0.0 && drifts[0].change < -0.05 && drifts[0].chance < 0.01);
}

#[test]
fn one_wild_sample_spoils_no_window() {
    let (mut fidelity, mut course) = (learned(), Course::new(0.0, 12));
    for at in 0..200 {
        let wild = if at == 100 { 1e12 } else { course.next() };
        fidelity.step(f64::from(at), &[Some(wild), Some(course.next()), None]);
    }
    assert!(fidelity.score().expect("full") > 0.9, "{:?}", fidelity.score());
}

#[test]
fn numbers_that_cannot_be_are_told() {
    assert!(Fidelity::learn(&[], 1, 2.0, 0.01).is_err());
    let error = Fidelity::learn(&[vec![Some(1.0)]], 10, 2.0, 0.01).expect_err("one row");
    assert!(
        error
            .to_string()
            .ends_with("there are 1, at least 10 are needed; give more healthy history")
    );
}
