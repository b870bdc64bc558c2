//! All tests of an asset together: how often they are wrong.

use super::*;

fn design(correlation: Correlation, is_calibrated: bool) -> TestDesign {
    // One in 2 h of seconds: one in 7200 rows.
    TestDesign { false_alarm_every_h: 2.0, correlation, is_calibrated, ..TestDesign::default() }
}

/// Mean time between false alarms, in hours.
fn measured_h(mut monitor: Monitor, rows: u32, course: &mut Course) -> f64 {
    let mut alarms = 0;
    for at in 0..rows {
        let events = monitor.step(f64::from(at), &[Some(course.next())]);
        alarms += events.iter().filter(|event| matches!(event, Event::Raised(_))).count();
    }
    f64::from(rows) / 3600.0 / alarms as f64
}

fn healthy(correlation: f64, rows: usize) -> Vec<Row> {
    let mut course = Course::new(correlation, 6);
    (0..rows).map(|_| vec![Some(course.next())]).collect()
}

#[test]
fn residuals_that_follow_one_another_keep_the_rate_when_calibrated_and_not_otherwise() {
    let history = healthy(0.9, 60_000);
    let cases = [
        (Correlation::Ignore, false),
        (Correlation::Ignore, true),
        (Correlation::Whiten, false),
        (Correlation::Whiten, true),
    ];
    for (correlation, is_calibrated) in cases {
        let monitor =
            Monitor::learn(&history, &design(correlation, is_calibrated)).expect("enough");
        let false_alarms = monitor.false_alarms().clone();
        let is = measured_h(monitor, 500_000, &mut Course::new(0.9, 7));
        if correlation == Correlation::Ignore && !is_calibrated {
            assert!(is < 0.4, "it should be more than five times as often as wished: {is}");
            assert!(!false_alarms.meets_design(), "{false_alarms:?}");
        } else if is_calibrated {
            assert!((1.0..4.0).contains(&is), "{correlation:?}: {is}");
            assert!(false_alarms.meets_design(), "{false_alarms:?}");
        }
    }
}

#[test]
fn white_residuals_keep_the_rate_by_theory_alone() {
    let monitor = Monitor::learn(&healthy(0.0, 60_000), &design(Correlation::Ignore, false));
    let is = measured_h(monitor.expect("enough"), 500_000, &mut Course::new(0.0, 7));
    assert!((1.0..4.0).contains(&is), "{is}");
}

#[test]
fn too_short_a_history_says_what_cannot_be_promised_and_what_can() {
    let learn = |rows, every_h| {
        let design = TestDesign { false_alarm_every_h: every_h, ..TestDesign::default() };
        Monitor::learn(&healthy(0.3, rows), &design)
            .expect("enough to begin")
            .false_alarms()
            .clone()
    };
    let long = learn(20_000, 5.0);
    assert!(long.meets_design(), "{long:?}");
    assert!(long.to_string().starts_with("a false alarm is expected every "), "{long}");
    for (rows, every_h) in [(20_000, 8760.0), (100, 5.0)] {
        let short = learn(rows, every_h);
        assert!(!short.meets_design() && short.at_least_h > 0.0, "{short:?}");
        assert!(short.at_least_h <= 10.0 * short.healthy_h, "{short:?}");
        assert!(short.to_string().contains(" can be promised"), "{short}");
    }
}

#[test]
fn an_alarm_stays_until_it_has_been_clear_for_a_while() {
    let mut monitor = Monitor::learn(&healthy(0.0, 5000), &TestDesign::default()).expect("enough");
    let mut course = Course::new(0.0, 8);
    let mut events = Vec::new();
    for at in 0..2000 {
        let shift = if (500..800).contains(&at) { 2.0 } else { 0.0 };
        events.extend(monitor.step(f64::from(at), &[Some(course.next() + shift)]));
        assert!(monitor.score() <= 1.6, "levels are kept from rising without end");
    }
    let [Event::Raised(raised), Event::Released { time_s, .. }] = &events[..] else {
        panic!("{events:?}");
    };
    assert_eq!(raised.change, Change::Higher);
    assert!((485.0..505.0).contains(&raised.since_s) && raised.raised_s < 520.0, "{raised:?}");
    assert!((800.0..900.0).contains(time_s), "{time_s}");
}

#[test]
fn a_stuck_and_a_noisy_channel_are_told_by_their_scatter() {
    let monitor = Monitor::learn(&healthy(0.0, 5000), &TestDesign::default()).expect("enough");
    for (factor, change) in [(0.1, Change::Narrower), (3.0, Change::Wider)] {
        let (mut monitor, mut course) = (monitor.clone(), Course::new(0.0, 9));
        for at in 0..200 {
            monitor.step(f64::from(at), &[Some(factor * course.next())]);
        }
        assert_eq!(monitor.anomalies().first().map(|first| first.change), Some(change));
    }
}

#[test]
fn one_bad_sample_is_no_alarm() {
    let mut monitor = Monitor::learn(&healthy(0.0, 5000), &TestDesign::default()).expect("enough");
    for at in 0..100 {
        let residual = if at == 50 { 1e9 } else { 0.0 };
        monitor.step(f64::from(at), &[Some(residual)]);
        monitor.step(f64::from(at) + 0.5, &[Some(f64::NAN)]);
    }
    assert!(monitor.anomalies().iter().all(|one| one.change == Change::Narrower));
}

#[test]
fn a_design_that_cannot_be_is_told() {
    let learn = |design: TestDesign| Monitor::learn(&healthy(0.0, 500), &design);
    let error =
        learn(TestDesign { shift: -1.0, ..TestDesign::default() }).expect_err("a shift below 0");
    assert_eq!(error.to_string(), "the shift to be found has to be above 0 spreads, not -1");
    let error =
        learn(TestDesign { step_s: 1e9, ..TestDesign::default() }).expect_err("less than a row");
    assert!(error.to_string().contains("wish for 10 rows or more"), "{error}");
    let error = Monitor::learn(&vec![vec![Some(1.0)]; 99], &TestDesign::default());
    assert!(error.expect_err("all the same").to_string().contains("that differ"));
    let error = Monitor::learn(&[vec![Some(1.0)], vec![]], &TestDesign::default());
    assert_eq!(error, Err(AnomalyError::Misfit { row: 2, have: 0, wanted: 1 }));
}
