//! Filters beside an independent implementation, and against samples as plants send them.

mod bank;
mod consistency;

use super::*;
use crate::model::registry;
use crate::support::brain::{
    Reference, battery_filter as battery, battery_sample, estimated, hypothesis,
};

const STATES: [&str; 4] = ["tb", "qb", "qcp", "qcs"];

fn sample(reference: &Reference, row: usize) -> Measured {
    battery_sample(|name| reference.column(name), row)
}

#[test]
fn means_and_covariances_are_those_of_the_reference() {
    let reference = Reference::read("ukf_battery_circuit");
    let mut filter = Unscented::new(battery(), 0.0, &[2.0]).expect("it fits");
    for row in 0..reference.column("t").len() {
        filter.observe(&sample(&reference, row)).expect("it goes on");
        let belief = filter.belief();
        for (at, name) in STATES.iter().enumerate() {
            reference.compare(&format!("mean_{name}"), row, belief.mean[at]);
            for (column, other) in STATES.iter().enumerate() {
                let ours = belief.covariance.get(at, column);
                reference.compare(&format!("P_{name}_{other}"), row, ours);
            }
        }
    }
}

#[test]
fn missing_and_impossible_measurements_are_left_out_and_the_truth_is_found_all_the_same() {
    let reference = Reference::read("ukf_battery_circuit");
    let setup = FilterSetup { gate: 5.0, ..battery() };
    let mut filter = Unscented::new(setup, 0.0, &[2.0]).expect("it fits");
    let mut refused = 0;
    for row in 0..600 {
        let mut sample = sample(&reference, row);
        match row % 10 {
            3 => sample.outputs[1] = None,
            5 => sample.outputs[0] = Some(f64::NAN),
            7 if row > 50 => sample.outputs[1] = Some(-40.0),
            _ => {}
        }
        let update = filter.observe(&sample).expect("it goes on");
        refused += update.taken.iter().filter(|taken| !**taken).count();
    }
    assert!(refused >= 60 + 60 + 55, "{refused}");
    let (charge, deviation) = filter.estimate(1);
    let truth = reference.column("true_qb")[599];
    assert!((charge - truth).abs() < 4.0 * deviation && deviation < 20.0, "{charge} {truth}");
}

#[test]
fn samples_that_do_not_fit_are_answered_and_change_nothing() {
    let mut filter = Unscented::new(battery(), 10.0, &[2.0]).expect("it fits");
    let before = filter.belief().clone();
    let sample = |time_s: f64, input: f64, outputs: usize| Measured {
        time_s,
        inputs: vec![input],
        outputs: vec![Some(4.0); outputs],
    };
    for (sample, word) in [
        (sample(9.0, 2.0, 2), "comes after"),
        (sample(11.0, f64::NAN, 2), "`i` at 11 s is NaN"),
        (sample(11.0, 2.0, 3), "3 outputs, the model 2"),
        (sample(11.0, 1e300, 2), "diverged"),
    ] {
        let error = filter.observe(&sample).expect_err("it does not fit").to_string();
        assert!(error.contains(word), "{error}");
        assert_eq!(filter.belief(), &before);
    }
}

/// A battery that is charged as at the beginning.
fn new_charge() -> NewPart {
    NewPart { estimated: vec![(1, 7700.0, 100.0)], states: Vec::new() }
}

#[test]
fn a_part_that_was_replaced_is_believed_as_at_the_beginning() {
    let reference = Reference::read("ukf_battery_circuit");
    let mut filter = Unscented::new(battery(), 0.0, &[2.0]).expect("it fits");
    for row in 0..300 {
        filter.observe(&sample(&reference, row)).expect("it goes on");
    }
    filter.replaced(&new_charge());
    assert_eq!(filter.estimate(1), (7700.0, 100.0));
    assert_eq!(filter.belief().covariance.get(1, 2), 0.0);
    assert_ne!(filter.estimate(0), (293.0, 1.0));
}

/// Measurements of a battery whose thermometer drifts, or whose resistance is higher than believed.
fn odd_battery(row: usize, reference: &Reference, drift: f64) -> Measured {
    let mut sample = sample(reference, row);
    if let Some(t) = &mut sample.outputs[0] {
        *t += drift * row as f64;
    }
    sample
}

#[test]
fn the_hypothesis_that_is_true_is_ranked_first() {
    let reference = Reference::read("ukf_battery_circuit");
    let base = Unscented::new(battery(), 0.0, &[2.0]).expect("it fits");
    let bias = |output, drift| estimated(Slot::Bias(output), 0.0, 1e-3, drift);
    let all = [
        hypothesis("fine", Vec::new()),
        hypothesis("thermometer drifts", vec![bias(0, 0.3)]),
        hypothesis("voltmeter drifts", vec![bias(1, 0.02)]),
    ];
    for (drift, wanted) in [(0.0, "fine"), (0.05, "thermometer drifts")] {
        let mut bank = Bank::new(&base, &all).expect("it fits");
        for row in 0..300 {
            bank.observe(&odd_battery(row, &reference, drift)).expect("it goes on");
        }
        let ranking = bank.ranking();
        assert_eq!(ranking[0].name, wanted, "{ranking:?}");
        assert!(ranking[0].probability > 0.9, "{ranking:?}");
        assert!((ranking.iter().map(|each| each.probability).sum::<f64>() - 1.0).abs() < 1e-12);
    }
}

#[test]
fn a_model_beside_its_machine_has_no_residual_but_the_noise() {
    let reference = Reference::read("ukf_battery_circuit");
    let model = registry::find("battery_circuit").expect("a model");
    let about = model.about();
    let x = about.states.iter().map(|state| state.usual).collect();
    let p = about.usual_parameters();
    let mut beside = OpenLoopModel::new(model.clone(), p, x, 0.0, 1.0);
    let mut squares = [0.0; 2];
    for row in 0..600 {
        let residual = beside.residual(&sample(&reference, row)).expect("it goes on");
        for (sum, off) in squares.iter_mut().zip(residual) {
            *sum += off.expect("all is measured").powi(2) / 600.0;
        }
    }
    assert!((squares[0].sqrt() - 0.5).abs() < 0.1, "{squares:?}");
    assert!((squares[1].sqrt() - 0.02).abs() < 0.004, "{squares:?}");
    let late = Measured { time_s: 1.0, inputs: vec![2.0], outputs: vec![None, None] };
    assert!(beside.residual(&late).is_err());
}

/// The reference's samples, as far as a row.
fn samples(count: usize) -> Vec<Measured> {
    let reference = Reference::read("ukf_battery_circuit");
    (0..count).map(|row| sample(&reference, row)).collect()
}

fn particles(count: usize, seed: u64) -> Particles {
    Particles::new(battery(), count, seed, 0.0, &[2.0]).expect("it fits")
}

#[test]
fn particles_believe_what_sigma_points_do_of_a_machine_that_is_nearly_linear() {
    let mut sigma = Unscented::new(battery(), 0.0, &[2.0]).expect("it fits");
    let mut crowd = particles(4_000, 1);
    for sample in samples(200) {
        sigma.observe(&sample).expect("it goes on");
        crowd.observe(&sample).expect("it goes on");
    }
    for at in 0..4 {
        let (mean, deviation) = sigma.estimate(at);
        let own = crowd.belief();
        let (off, spread) = ((own.mean[at] - mean).abs(), own.covariance.get(at, at).sqrt());
        // Kernel and chance of so many particles.
        assert!(off < 0.5 * deviation, "{}: {off} of {deviation}", STATES[at]);
        assert!((spread / deviation - 1.0).abs() < 0.35, "{}: {spread} {deviation}", STATES[at]);
    }
    assert!(crowd.effective() > 1_000.0);
    assert_eq!(crowd.members().len(), 4_000);
}

/// A number that does not move and of which only the square is seen.
struct Square;

impl crate::model::Equations for Square {
    fn about() -> crate::model::About {
        crate::model::About::new("square", "A square").state("x", "1", 0.0, "a number").output(
            "y",
            "1",
            "its square",
        )
    }
    fn derivative<R: crate::model::Real>(_: &[R], _: &[R], _: &[R], dx: &mut [R]) {
        dx[0] = R::of(0.0);
    }
    fn output<R: crate::model::Real>(x: &[R], _: &[R], _: &[R], z: &mut [R]) {
        z[0] = x[0] * x[0];
    }
}

#[test]
fn particles_keep_two_peaks_where_only_a_square_is_measured() {
    let setup = FilterSetup::usual(crate::model::model::<Square>(), &[1.0], &[0.0], &[0.1]);
    let mut crowd = Particles::new(setup, 4_000, 3, 0.0, &[]).expect("it fits");
    let sample = |time_s| Measured { time_s, inputs: Vec::new(), outputs: vec![Some(1.0)] };
    crowd.observe(&sample(1.0)).expect("it goes on");
    let members = crowd.members();
    let near = |value: f64| {
        let all = members.iter().filter(|(x, _)| (x[0] - value).abs() < 0.35);
        all.count() as f64 / members.len() as f64
    };
    assert!(near(1.0) > 0.4 && near(-1.0) > 0.4, "{} {}", near(1.0), near(-1.0));
    // The exact posterior is symmetric, and its mean square is that of N(0, 1) given y = 1 ± 0.1.
    assert!(crowd.belief().mean[0].abs() < 0.1);
    let variance = crowd.belief().covariance.get(0, 0);
    assert!((variance - 0.98).abs() < 0.05, "{variance}");
}

#[test]
fn late_samples_give_the_belief_that_they_would_have_given_in_order() {
    let all = samples(160);
    for kind in [0, 1] {
        let fresh = || match kind {
            0 => Filter::Unscented(Box::new(
                Unscented::new(battery(), 0.0, &[2.0]).expect("it fits"),
            )),
            _ => Filter::Particles(Box::new(particles(64, 5))),
        };
        let mut ordered = fresh();
        let mut patient = ReorderingFilter::new(fresh(), 30.0, 64);
        for sample in &all {
            ordered.observe(sample).expect("it goes on");
        }
        let mut mixed: Vec<&Measured> = all.iter().collect();
        mixed.chunks_mut(9).for_each(|nine| nine.reverse());
        for sample in mixed {
            patient.observe(sample).expect("late, but not too late");
        }
        assert_eq!(format!("{:?}", patient.filter().belief()), format!("{:?}", ordered.belief()));
        let before = patient.filter().belief().clone();
        let late = patient.observe(&all[100]).expect_err("a minute late");
        assert!(late.to_string().contains("comes after"), "{late}");
        assert_eq!(*patient.filter().belief(), before);
    }
}

#[test]
fn a_replacement_that_is_told_late_counts_from_when_it_was_done() {
    let all = samples(60);
    let fresh = || {
        let filter = Unscented::new(battery(), 0.0, &[2.0]).expect("it fits");
        ReorderingFilter::new(Filter::Unscented(Box::new(filter)), 100.0, 200)
    };
    let (mut told, mut late) = (fresh(), fresh());
    for (at, sample) in all.iter().enumerate() {
        told.observe(sample).expect("it goes on");
        late.observe(sample).expect("it goes on");
        if at == 30 {
            told.replaced(sample.time_s, &new_charge()).expect("it goes on");
        }
    }
    late.replaced(all[30].time_s, &new_charge()).expect("late, but not too late");
    assert_eq!(told.filter().belief(), late.filter().belief());
}
