//! What a bank makes of samples that some of its filters refuse, and what comes and goes.

use super::*;
use crate::model::{About, Equations, Real};

/// A body with two thermometers that tell so many parts of a kelvin.
struct Body<const PARTS: u32>;

impl<const PARTS: u32> Equations for Body<PARTS> {
    fn about() -> About {
        let about = About::new("body", "A body").state("T", "K", 300.0, "temperature");
        about.output("a", "K", "one thermometer").output("b", "K", "the other")
    }
    fn derivative<R: Real>(x: &[R], _: &[R], _: &[R], dx: &mut [R]) {
        dx[0] = (x[0] - 290.0) * -1e-3;
    }
    fn output<R: Real>(x: &[R], _: &[R], _: &[R], z: &mut [R]) {
        z[0] = x[0] * f64::from(PARTS);
        z[1] = z[0];
    }
}

fn setup<const PARTS: u32>() -> FilterSetup {
    let noise = 0.1 * f64::from(PARTS);
    let model = crate::model::model::<Body<PARTS>>();
    FilterSetup { gate: 5.0, ..FilterSetup::usual(model, &[1.0], &[1e-3], &[noise, noise]) }
}

/// Minute by minute; one thermometer jumps by so many kelvins after the fortieth.
fn measured<const PARTS: u32>(row: usize, jump: f64) -> Measured {
    let time_s = 60.0 * row as f64;
    let truth = 290.0 + 10.0 * libm::exp(-1e-3 * time_s);
    let noise = |seed: f64| 0.1 * libm::sin(seed * (1.0 + row as f64));
    let off = if row > 40 { jump } else { 0.0 };
    let parts = f64::from(PARTS);
    let outputs = [truth + noise(1.3) + off, truth + noise(2.1)].map(|kelvin| Some(kelvin * parts));
    Measured { time_s, inputs: Vec::new(), outputs: outputs.to_vec() }
}

/// The ranking after a jump, every sample counted by a hundredth so that nothing is certain.
fn ranking<const PARTS: u32>(jump: f64) -> Vec<Ranked> {
    let bias = |output: usize| {
        let deviation = f64::from(PARTS);
        let each = Estimated::wanders(Slot::Bias(output), 0.0, deviation, 1e9);
        Estimated { drift: 0.05 * deviation, memory_s: f64::INFINITY, ..each }
    };
    let named = |name: &str, estimated| Hypothesis { name: name.into(), prior: 1.0, estimated };
    let all = [
        named("fine", Vec::new()),
        named("a is off", vec![bias(0)]),
        named("b is off", vec![bias(1)]),
    ];
    let base = Unscented::new(setup::<PARTS>(), 0.0, &[]).expect("it fits");
    let bank = Bank::new(&base, &all).expect("it fits");
    let mut bank = bank.tempered(0.01);
    for row in 1..120 {
        bank.observe(&measured::<PARTS>(row, jump)).expect("it goes on");
    }
    bank.ranking()
}

#[test]
fn a_ranking_is_the_same_in_kelvins_and_thousandths_of_them() {
    for (jump, first) in [(3.0, "a is off"), (0.0, "fine")] {
        let (kelvin, milli) = (ranking::<1>(jump), ranking::<1000>(jump));
        assert_eq!(kelvin[0].name, first, "{kelvin:?}");
        for (a, b) in kelvin.iter().zip(&milli) {
            assert_eq!(a.name, b.name, "{kelvin:?} {milli:?}");
            assert!((a.probability - b.probability).abs() < 1e-6, "{kelvin:?} {milli:?}");
        }
    }
}

/// What a fresh filter hears of one thermometer that is off by so many of its deviations.
fn update(deviations: f64) -> MeasurementUpdate {
    let setup = setup::<1>();
    let mut filter = Unscented::new(setup, 0.0, &[]).expect("it fits");
    // The belief is of 1 K, the noise 0.1 K.
    let off = deviations * (1.0_f64 + 0.01).sqrt();
    let outputs = vec![Some(300.0 + off), None];
    let sample = Measured { time_s: 0.0, inputs: Vec::new(), outputs };
    filter.observe(&sample).expect("it goes on")
}

#[test]
fn what_is_refused_counts_as_if_it_were_at_the_gate() {
    let (within, at, beyond, far) = (update(4.9), update(5.0 - 1e-9), update(5.1), update(500.0));
    assert!(at.taken[0] && !beyond.taken[0]);
    assert_eq!(within.log_clipped, within.log_likelihood);
    assert!((beyond.log_clipped - at.log_clipped).abs() < 1e-6);
    assert!((far.log_clipped - at.log_clipped).abs() < 1e-6);
    assert!(within.log_clipped > at.log_clipped);
}

#[test]
fn a_hypothesis_does_not_gain_by_refusing_what_another_explains() {
    let ranking = ranking::<1>(30.0);
    assert_eq!(ranking[0].name, "a is off", "{ranking:?}");
    // As many samples as are refused by a share of a hundredth cost 0.01 · gate²/2 each at least.
    let fine = ranking.iter().find(|each| each.name == "fine").expect("it is there");
    assert!(fine.probability < 0.01, "{ranking:?}");
}

#[test]
fn what_is_taken_in_spite_of_the_gate_counts_no_more_than_what_is_refused() {
    let mut filter = Unscented::new(setup::<1>(), 0.0, &[]).expect("it fits");
    let mut taken = None;
    for row in 0..40 {
        let outputs = vec![Some(1000.0), Some(300.0)];
        let sample = Measured { time_s: f64::from(row), inputs: Vec::new(), outputs };
        let update = filter.observe(&sample).expect("it goes on");
        if update.taken[0] {
            taken = Some(update);
            break;
        }
    }
    let update = taken.expect("so many in a row are a change of the machine");
    assert!(update.log_likelihood < -1e6 && update.log_clipped > -20.0, "{update:?}");
}

/// A bias that comes and goes while nothing is measured, sample by sample.
fn unmeasured() -> (FilterSetup, f64) {
    let deviation = 0.9;
    let mut setup = FilterSetup { step_s: 600.0, ..setup::<1>() };
    setup.estimated = vec![Estimated::wanders(Slot::Bias(0), 0.0, deviation, 9_000.0)];
    (setup, deviation)
}

fn nothing(time_s: f64) -> Measured {
    Measured { time_s, inputs: Vec::new(), outputs: vec![None, None] }
}

#[test]
fn what_comes_and_goes_keeps_its_spread_however_seldom_it_is_looked_at() {
    for every_s in [1.0, 60.0, 3_600.0, 86_400.0] {
        let (setup, deviation) = unmeasured();
        let mut filter = Unscented::new(setup, 0.0, &[]).expect("it fits");
        for row in 1..=50 {
            filter.observe(&nothing(every_s * f64::from(row))).expect("it goes on");
            let spread = filter.estimate(0).1;
            assert!((spread / deviation - 1.0).abs() < 1e-9, "every {every_s} s: {spread}");
        }
        // A day in which nothing is told.
        filter.observe(&nothing(every_s * 50.0 + 86_400.0)).expect("it goes on");
        assert!((filter.estimate(0).1 / deviation - 1.0).abs() < 1e-9);
    }
}

#[test]
fn particles_that_come_and_go_keep_their_spread_over_a_day_without_samples() {
    let (setup, deviation) = unmeasured();
    let mut crowd = Particles::new(setup, 20_000, 1, 0.0, &[]).expect("it fits");
    for time_s in [60.0, 3_600.0, 90_000.0] {
        crowd.observe(&nothing(time_s)).expect("it goes on");
        let spread = crowd.belief().covariance.get(0, 0).sqrt();
        // A spread of so many particles is known to 0.5 %.
        assert!((spread / deviation - 1.0).abs() < 0.02, "{time_s}: {spread}");
    }
}

#[test]
fn what_forgets_nothing_strays_with_the_root_of_time_and_a_state_forgets_nothing() {
    let walk = Estimated { memory_s: f64::INFINITY, ..unmeasured().0.estimated[0] };
    assert_eq!(walk.strays(400.0), walk.drift * walk.drift * 400.0);
    let state = Estimated { slot: Slot::State(0), memory_s: 10.0, ..walk };
    assert_eq!(state.strays(400.0), walk.strays(400.0));
}
