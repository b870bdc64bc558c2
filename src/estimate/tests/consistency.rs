//! Filters that go with their machine, filters that do not, and samples that cannot be.

use super::*;

fn filter(gate: f64) -> Unscented {
    let setup = FilterSetup { gate, ..battery() };
    Unscented::new(setup, 0.0, &[2.0]).expect("it fits")
}

/// Whether the filter is consistent after each of so many samples, which `change` may spoil.
fn trusted(
    gate: f64,
    rows: usize,
    change: impl Fn(usize, &mut Measured),
) -> Vec<Result<(), Inconsistency>> {
    let reference = Reference::read("ukf_battery_circuit");
    let mut filter = filter(gate);
    let mut update = |row: usize| {
        let mut sample = sample(&reference, row);
        change(row, &mut sample);
        filter.observe(&sample).expect("it goes on");
        filter.check_consistency()
    };
    (0..rows).map(&mut update).collect()
}

#[test]
fn a_filter_that_is_right_is_trusted_all_the_time() {
    assert!(trusted(f64::INFINITY, 600, |_, _| {}).iter().all(Result::is_ok));
}

#[test]
fn a_bad_sample_in_ten_is_no_reason_to_doubt() {
    let spoilt = |row: usize, sample: &mut Measured| {
        if row % 10 == 7 {
            sample.outputs[1] = Some(-40.0);
        }
    };
    assert!(trusted(5.0, 600, spoilt).iter().all(Result::is_ok));
}

#[test]
fn a_filter_whose_sensor_has_gone_is_doubted_and_the_sensor_named() {
    let gone = |row: usize, sample: &mut Measured| {
        if row >= 100 {
            sample.outputs[1] = Some(1.0 + 0.5 * (row % 2) as f64);
        }
    };
    for gate in [5.0, f64::INFINITY] {
        let all = trusted(gate, 160, gone);
        assert!(all[..100].iter().all(Result::is_ok));
        let inconsistency = all[159].clone().expect_err("60 values from nowhere");
        assert_eq!(inconsistency.worst, "v");
        assert!(inconsistency.to_string().contains("`v` most of all"), "{inconsistency}");
    }
}

#[test]
fn a_battery_of_another_kind_is_doubted() {
    let reference = Reference::read("ukf_battery_circuit");
    let mut setup = FilterSetup { gate: 6.0, ..battery() };
    // Ten times the resistance: the voltage is far from what the filter can explain.
    let about = setup.model.about();
    let at = about.parameters.iter().position(|p| p.name == "Rs").expect("a resistance");
    setup.parameters[at] *= 10.0;
    setup.estimated.iter_mut().for_each(|each| each.drift *= 1e-3);
    let mut filter = Unscented::new(setup, 0.0, &[2.0]).expect("it fits");
    for row in 0..100 {
        filter.observe(&sample(&reference, row)).expect("it goes on");
    }
    assert!(filter.check_consistency().is_err());
    // A new part makes another machine of it, of which nothing is known yet.
    filter.replaced(&new_charge());
    assert_eq!(filter.check_consistency(), Ok(()));
}

#[test]
fn a_temperature_below_absolute_zero_is_never_taken_however_often_it_comes() {
    let mut sigma = filter(5.0);
    let mut crowd = particles(200, 1);
    for row in 1..=100 {
        let outputs = vec![Some(-40.0), None];
        let sample = Measured { time_s: f64::from(row), inputs: vec![2.0], outputs };
        for update in [sigma.observe(&sample), crowd.observe(&sample)] {
            let update = update.expect("it goes on");
            assert_eq!((update.taken[0], update.innovation[0]), (false, None), "row {row}");
        }
    }
}

#[test]
fn a_wild_time_is_answered_with_both_times_and_changes_nothing() {
    let mut sigma = filter(5.0);
    sigma
        .observe(&Measured { time_s: 1.0, inputs: vec![2.0], outputs: vec![None, None] })
        .expect("it goes on");
    let before = sigma.belief().clone();
    let wild = Measured { time_s: 1.7e15, inputs: vec![2.0], outputs: vec![None, None] };
    let error = sigma.observe(&wild).expect_err("millions of years").to_string();
    assert!(error.contains("from 1 s to 1700000000000000 s"), "{error}");
    assert_eq!(*sigma.belief(), before);
}
