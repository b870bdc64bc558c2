//! An asset as a whole: what is found, what is left alone, and what is said of it.

use super::*;

fn plant() -> Detector {
    let mut setup = DetectorSetup::new(Plant::NAMES);
    // One in 5 h of seconds.
    setup.design.false_alarm_every_h = 5.0;
    Detector::learn(&setup, &Plant::rows(1, 6000)).expect("enough to learn from")
}

#[test]
fn a_drifting_channel_is_found_and_told_from_those_that_it_is_compared_with() {
    let detector = plant();
    for channel in 0..5 {
        let (mut detector, mut plant) = (detector.clone(), Plant::new(20));
        let spread = detector.similarity().residual_spread(channel);
        let mut found = None;
        for at in 0..3000 {
            // From row 500 on, 3 spreads in 2000 rows.
            let drift = f64::from((at - 500).max(0)) * 3.0 / 2000.0;
            let mut row = plant.row();
            row[channel] = row[channel].map(|value| value + drift * spread);
            let verdict = detector.watch(f64::from(at), &row).expect("a row that fits");
            if let (None, Some(first)) = (&found, verdict.anomalies.first()) {
                found = Some((drift, first.clone()));
            }
        }
        let (drift, first) = found.expect("the drift is found");
        assert_eq!(first.channel, channel, "{first:?}");
        assert!(drift > 0.0 && drift < 3.0 && first.change == Change::Higher);
        let (all, counters) = (detector.monitor().anomalies(), detector.counters());
        assert_eq!(all.len(), 1, "no other channel is accused: {all:?} {counters:?}");
        assert!(counters.tested > 2800, "{counters:?}");
    }
}

#[test]
fn an_estimate_is_not_pulled_along_by_its_own_sensor() {
    let detector = plant();
    let mut row = Plant::new(21).row();
    let before = detector.similarity().estimate(&row, &[]);
    row[1] = Some(1e7);
    let after = detector.similarity().estimate(&row, &[]);
    assert_eq!(before.expected[1], after.expected[1]);
    assert!(after.residuals[1].expect("measured") > 1e4);
    // Nor are those of others when it is distrusted.
    let others = detector.similarity().estimate(&row, &[false, true, false, false, false]);
    row[1] = None;
    assert_eq!(others.expected, detector.similarity().estimate(&row, &[]).expected);
}

/// Learns from so many healthy rows, and counts false alarms in 30 000 others.
fn false_alarms(learned: usize) -> (Detector, u32) {
    let mut setup = DetectorSetup::new(Plant::NAMES);
    setup.design.false_alarm_every_h = 2.0;
    let mut detector = Detector::learn(&setup, &Plant::rows(1, learned)).expect("enough");
    let mut plant = Plant::new(77);
    let mut alarms = 0;
    for at in 0..30_000 {
        let verdict = detector.watch(f64::from(at), &plant.row()).expect("fits");
        alarms += verdict.events.iter().filter(|e| matches!(e, Event::Raised(_))).count() as u32;
    }
    (detector, alarms)
}

#[test]
fn a_healthy_plant_is_left_alone() {
    let (detector, alarms) = false_alarms(12_000);
    assert!(alarms <= 8, "twice as often as wished: {alarms}");
    assert!(detector.counters().tested > 29_000, "{:?}", detector.counters());
}

#[test]
fn a_history_that_has_seen_too_little_of_the_plant_says_so() {
    let (detector, alarms) = false_alarms(2000);
    let false_alarms = detector.false_alarms();
    assert!(!false_alarms.meets_design(), "{alarms} alarms, {false_alarms:?}");
    let is_h = 30_000.0 / 3600.0 / f64::from(alarms);
    assert!(is_h > false_alarms.at_least_h, "what is promised is kept: {is_h} {false_alarms:?}");
}

#[test]
fn four_modes_are_quiet_and_a_fifth_is_told_as_unknown() {
    let mut detector = Detector::learn(&Machine::setup(), &Machine::day(1, 6000)).expect("enough");
    let mut machine = Machine::new(30);
    let mut largest: f64 = 0.0;
    for at in 0..1800 {
        let verdict = detector.watch(f64::from(at), &machine.row((at / 150 % 4) as usize));
        let verdict = verdict.expect("fits");
        assert!(verdict.anomalies.is_empty(), "{verdict:?}");
        assert_eq!(verdict.reason.is_none(), verdict.mode == Mode::Steady);
        if matches!(verdict.mode, Mode::Transient { .. } | Mode::Settling { .. }) {
            let off = verdict.estimate.residuals.iter().flatten().map(|r| r.abs());
            largest = off.fold(largest, f64::max);
        }
    }
    let counters = detector.counters().clone();
    assert!(largest > 8.0, "outputs follow slowly, which would be an alarm: {largest}");
    assert!(counters.tested > 1300 && counters.transient > 300, "{counters:?}");
    assert!(counters.unknown < 20, "{counters:?}");
    let mut last = None;
    for at in 1800..1950 {
        last = Some(detector.watch(f64::from(at), &machine.row(4)).expect("fits"));
    }
    let last = last.expect("150 rows");
    let reason = last.reason.expect("tests pause");
    assert!(reason.contains("this operating mode was not learned"), "{reason}");
    assert!(last.anomalies.is_empty() && detector.counters().unknown > 80);
}

#[test]
fn missing_values_and_no_numbers_are_tolerated_and_counted() {
    let (mut detector, mut plant) = (plant(), Plant::new(23));
    for at in 0..500 {
        let mut row = plant.row();
        row[at % 5] = None;
        row[(at + 2) % 5] = Some(f64::NAN);
        let verdict = detector.watch(at as f64, &row).expect("fits");
        assert_eq!(verdict.estimate.residuals.iter().flatten().count(), 3);
        assert!(verdict.score.is_finite() && verdict.anomalies.is_empty(), "{verdict:?}");
    }
    for at in 500..510 {
        let verdict = detector.watch(f64::from(at), &[None; 5]).expect("fits");
        assert_eq!(verdict.mode, Mode::Missing);
    }
    detector.watch(600.0, &plant.row()).expect("fits");
    let counters = detector.counters();
    assert_eq!((counters.rows, counters.missing_values, counters.no_numbers), (511, 550, 500));
    assert_eq!((counters.unclear, counters.gaps), (10, 1), "{counters:?}");
    assert!(counters.tested > 400, "{counters:?}");
    let late = detector.watch(600.0, &plant.row()).expect_err("the same time again");
    assert_eq!(
        late.to_string(),
        "a row of 600 s comes after one of 600 s; rows have to come in order of time"
    );
    assert!(matches!(detector.watch(601.0, &[None]), Err(AnomalyError::Misfit { have: 1, .. })));
}

#[test]
fn too_few_and_constant_rows_are_told_and_a_constant_channel_is_left_out() {
    let setup = DetectorSetup::new(Plant::NAMES);
    let few = Detector::learn(&setup, &Plant::rows(1, 30)).expect_err("30 rows");
    assert_eq!(
        few.to_string(),
        "rows in which no channel is missing: there are 21, at least 30 are needed; give more healthy history"
    );
    assert!(matches!(Detector::learn(&setup, &[]), Err(AnomalyError::TooFew { .. })));
    let constant = Detector::learn(&setup, &vec![vec![Some(3.0); 5]; 500]).expect_err("no change");
    assert!(constant.to_string().starts_with("only 0 of 5 channels change"), "{constant}");
    let mut rows = Plant::rows(1, 1000);
    for row in &mut rows {
        row[3] = Some(50.0);
    }
    let mut detector = Detector::learn(&setup, &rows).expect("four channels change");
    assert_eq!(detector.similarity().constant().collect::<Vec<_>>(), [3]);
    let verdict = detector.watch(0.0, &rows[0]).expect("fits");
    assert_eq!((verdict.estimate.expected[3], verdict.scores[3]), (None, None));
}

#[test]
fn written_and_read_again_it_goes_on_to_the_bit() {
    let mut plant_rows = Plant::new(24);
    let mut detector = plant();
    let mut row = |at: usize| {
        let mut row = plant_rows.row();
        row[2] = row[2].map(|value| value + if at > 300 { 0.4 } else { 0.0 });
        row
    };
    for at in 0..333 {
        detector.watch(at as f64, &row(at)).expect("fits");
    }
    let bytes = postcard::to_stdvec(&detector).expect("writable");
    let mut again: Detector = postcard::from_bytes(&bytes).expect("readable");
    let text = serde_json::to_string(&detector).expect("writable");
    let mut as_text: Detector = serde_json::from_str(&text).expect("readable");
    let mut alarms = 0;
    for at in 333..700 {
        let row = row(at);
        let verdict = detector.watch(at as f64, &row).expect("fits");
        assert_eq!(verdict, again.watch(at as f64, &row).expect("fits"));
        assert_eq!(verdict, as_text.watch(at as f64, &row).expect("fits"));
        alarms += verdict.anomalies.len();
    }
    assert!(alarms > 0 && detector == again && detector == as_text);
}
