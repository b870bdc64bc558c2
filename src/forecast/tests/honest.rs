//! What is told is true: of few members, of points, of members that diverged, of the time it takes.

use super::*;
use crate::forecast::courses::Courses;
use crate::forecast::run::PIECE;
use crate::forecast::summary::{BandMethod, Summary};
use crate::model::{Lanes, Real, WIDTH};

fn quickly(setup: &ForecastSetup) -> UnscentedForecast {
    let mut run = UnscentedForecasting::new(setup).expect("it can be carried out");
    let Step::Done(quick) = step(&mut run, &Budget::until(&|| false)) else { panic!("endless") };
    quick.expect("a forecast")
}

#[test]
fn points_are_told_as_a_distribution_that_is_the_ensemble_s() {
    let many = whole(ForecastSetup { recorded: 8, ..believed(4_000) });
    let quick = quickly(&believed(1)).forecast;
    assert!(quick.is_unscented);
    // What the points leave open, the ensemble leaves open, too.
    for name in &quick.undetermined {
        let share = many.event(name).expect("the pump has it").probability_before(f64::INFINITY);
        assert!((0.001..0.999).contains(&share), "{name}: {share}");
    }
    let of = |forecast: &Forecast| forecast.event("ImpellerWearFailure").expect("it wears").clone();
    let (many, few) = (of(&many), of(&quick));
    for (probability, share) in [(0.05, 0.03), (0.5, 0.01), (0.95, 0.03)] {
        let (theirs, ours) = (many.remaining_s(probability), few.remaining_s(probability));
        let (theirs, ours) = (theirs.expect("all wear"), ours.expect("all wear"));
        assert!((ours / theirs - 1.0).abs() < share, "{probability}: {ours} s, {theirs} s");
        let before = few.probability_before(many.begin_s + theirs);
        assert!((before - probability).abs() < 0.05, "{before} before {theirs} s");
    }
    assert_eq!(quick.failure.expect("it ends").times_s, few.times_s);
    assert_eq!(few.probability_first(), few.probability_before(f64::INFINITY));
}

#[test]
fn bands_of_points_are_as_wide_as_those_of_members() {
    // All go on to the horizon; what comes and goes is averaged in points.
    let setup = |members| {
        let mut setup =
            ForecastSetup { horizon_s: 1_500.0, recorded: members, ..believed(members) };
        setup.load_spread[0].wander = 0.0;
        setup
    };
    let (many, few) = (whole(setup(2_000)), quickly(&setup(1)).forecast);
    let width = |forecast: &Forecast| {
        let band = forecast.band("Qout").expect("the flow");
        let last = band.quantiles.last().expect("instants");
        last[10] - last[2]
    };
    assert!((width(&few) / width(&many) - 1.0).abs() < 0.15, "{} {}", width(&few), width(&many));
}

#[test]
fn a_quick_forecast_s_own_course_goes_from_the_mean_without_any_chance() {
    let setup = believed(1);
    let kept = quickly(&setup).forecast.kept;
    let Start::Belief { belief, estimated } = &setup.start else { panic!("a belief") };
    let mut states = belief.states.clone();
    for (each, mean) in estimated.iter().zip(&belief.mean) {
        let Slot::State(at) = each.slot else { panic!("states are believed") };
        states[at] = *mean;
    }
    let mut plain = ForecastSetup { start: Start::Each(vec![states]), ..setup.clone() };
    (plain.noise, plain.load_spread) = (Vec::new(), Vec::new());
    let plain = whole(plain);
    let is = kept[0].course.iter().filter(|row| !row[0].is_nan());
    assert_eq!(kept.len(), 1);
    assert!(is.eq(plain.kept[0].course.iter().filter(|row| !row[0].is_nan())));
}

#[test]
fn of_an_event_that_happens_to_some_points_nothing_is_told() {
    let median_s = quickly(&believed(1)).times[0].median_s();
    let quick = quickly(&ForecastSetup { horizon_s: median_s, ..believed(1) });
    assert!(quick.forecast.undetermined.contains(&"ImpellerWearFailure".to_owned()));
    assert!(quick.forecast.event("ImpellerWearFailure").is_none());
    assert!(quick.forecast.failure.is_none());
}

/// Particles of a battery that differ in charge alone, in its order.
fn cloud(members: usize, seed: u64) -> ForecastSetup {
    let mut setup = ForecastSetup { seed, ..battery(members) };
    let Start::Each(all) = &setup.start else { panic!("it begins with a state") };
    let particle = |at: usize| {
        let mut states = all[0].clone();
        states[1] = 4_000.0 + at as f64;
        MemberStart { states, parameters: setup.parameters.clone(), ..MemberStart::default() }
    };
    setup.start = Start::Particles((0..1_000).map(particle).collect());
    setup
}

fn charges(setup: &ForecastSetup) -> Vec<f64> {
    let beginning = crate::forecast::start::StartSampler::new(setup);
    let mut random = crate::model::noise::RandomStream::new(1, 1);
    let charge = |member| beginning.draw(setup, member, &mut random).states[1];
    (0..setup.members).map(charge).collect()
}

#[test]
fn few_members_stand_for_all_particles_and_another_seed_takes_others() {
    let few = charges(&cloud(20, 1));
    let mean = few.iter().sum::<f64>() / 20.0;
    assert!((mean - 4_500.0).abs() < 50.0, "{mean}");
    // Each tenth of the cloud has its two, give or take one.
    for tenth in 0..10 {
        let (from, to) = (4_000.0 + 100.0 * f64::from(tenth), 4_100.0 + 100.0 * f64::from(tenth));
        let count = few.iter().filter(|charge| (from..to).contains(*charge)).count();
        assert!((1..=3).contains(&count), "{count} from {from} to {to}");
    }
    assert_eq!(few, charges(&cloud(500, 1))[..20], "as in a larger ensemble");
    let fresh = charges(&cloud(20, 2));
    assert!(fresh.iter().filter(|charge| few.contains(charge)).count() < 3, "{fresh:?}");
}

#[test]
fn members_that_diverged_have_no_times_and_no_share() {
    let setup = battery(4);
    let met = |time_s: f64| Some(EventTime { time_s, step_end_s: time_s });
    let mut courses =
        Courses { met: vec![[None; WIDTH]], lost: [false; WIDTH], kept: vec![Lanes::of(1.0); 3] };
    courses.met[0][..3].copy_from_slice(&[met(10.0), met(20.0), met(30.0)]);
    // The second met the event, and then left all numbers.
    courses.lost[1] = true;
    let mut summary =
        Summary::new(&setup, vec![courses], BandMethod::Quantiles).expect("most are fine");
    while !summary.is_over() {
        summary.advance(&setup);
    }
    let forecast = summary.end(&setup);
    let event = &forecast.events[0];
    assert_eq!((forecast.diverged.as_slice(), event.members), (&[1][..], 3));
    assert_eq!(event.times_s, [10.0, 30.0]);
    assert_eq!(event.step_ends_s, [Some(10.0), None, Some(30.0), None]);
    assert!(forecast.kept.iter().all(|member| member.number != 1));
    assert!(forecast.pick(crate::forecast::Pick::Number(1)).is_err());
}

#[test]
fn every_piece_is_a_bounded_piece_of_work() {
    let setup = pump(200);
    // A block's beginning, one step, and one column or event are done as a whole.
    let whole = 32 * setup.effort_of_a_step();
    let mut run = Forecasting::new(setup).expect("it can be carried out");
    assert_eq!(run.spent(), 0, "nothing is done before the first piece");
    let (mut before, mut pieces) = (0, 0);
    loop {
        let is_more = matches!(step(&mut run, &Budget::until(&|| true)), Step::More(_));
        let units = run.spent() - before;
        assert!(units <= PIECE + whole, "{units} units in piece {pieces}");
        (before, pieces) = (run.spent(), pieces + 1);
        if !is_more {
            break;
        }
    }
    assert!(pieces > 100, "{pieces}");
    let quick = UnscentedForecasting::new(&believed(1)).expect("it can be carried out");
    assert_eq!(quick.spent(), 0, "nothing is done before the first piece");
}

#[test]
fn more_than_memory_can_hold_is_refused_before_it_is_taken() {
    let huge = ForecastSetup { members: usize::MAX, ..battery(1) };
    let many = ForecastSetup { instants: usize::MAX, horizon_s: 1e12, ..battery(1_000) };
    for (setup, word) in [(huge, "100000 members at most"), (many, "record fewer")] {
        let error = Forecasting::new(setup).map(|_| ()).expect_err("too much");
        assert!(error.to_string().contains(word), "{error}");
    }
}
