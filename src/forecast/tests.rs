//! Ensembles beside an independent implementation, and what they promise.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

mod honest;
mod job;
mod linked;
mod members;

use super::*;
use crate::estimate::{self, Belief, Estimated, Filter, Particles, Scale, Slot};
use crate::model::linear::Matrix;
use crate::model::load::Profile;
use crate::model::registry;
use crate::model::tests::varied;
use crate::support::brain::{Reference, battery_outlook, battery_starts, pump_outlook as pump};
use crate::worker::{Budget, Step, step};

fn whole(setup: ForecastSetup) -> Forecast {
    let mut run = Forecasting::new(setup).expect("it can be carried out");
    match step(&mut run, &Budget::until(&|| false)) {
        Step::Done(done) => done.expect("a forecast"),
        Step::More(_) => panic!("the budget is never spent"),
    }
}

fn battery(members: usize) -> ForecastSetup {
    ForecastSetup { members, ..battery_outlook() }
}

#[test]
fn every_time_of_event_is_that_of_the_reference() {
    let reference = Reference::read("mc_battery_circuit");
    let starts = battery_starts(|name| reference.column(name));
    let mut setup = battery(starts.len());
    setup.start = Start::Each(starts);
    setup.begin_s = 600.0;
    let forecast = whole(setup);
    let event = forecast.event("EOD").expect("it ends");
    assert_eq!(event.times_s.len(), 100);
    for (row, time_s) in event.step_ends_s.iter().enumerate() {
        reference.compare("toe_EOD", row, time_s.expect("before the horizon"));
    }
}

#[test]
fn every_battery_ends_when_the_reference_says_however_empty_it_begins() {
    let reference = Reference::read("mc_battery_wide");
    let starts = battery_starts(|name| reference.column(name));
    let mut setup = battery(starts.len());
    setup.start = Start::Each(starts);
    let forecast = whole(setup);
    let event = forecast.event("EOD").expect("it ends");
    for (row, time_s) in event.step_ends_s.iter().enumerate() {
        reference.compare("toe_EOD", row, time_s.expect("before the horizon"));
    }
}

#[test]
fn every_event_of_every_pump_comes_when_the_reference_says() {
    // Worn pumps that begin far apart, in warm air, until all four events have come to each.
    let reference = Reference::read("mc_pump_every");
    let model = registry::find("centrifugal_pump").expect("a model");
    let names: Vec<String> = model.about().states.iter().map(|x| format!("x_{}", x.name)).collect();
    let states: Vec<&[f64]> = names.iter().map(|name| reference.column(name)).collect();
    let rows = (0..states[0].len()).map(|row| states.iter().map(|state| state[row]).collect());
    let load = Profile(|t_s: f64, u: &mut [f64]| {
        u.copy_from_slice(&varied(t_s));
        u[0] = 340.0 + 18.0 * libm::sin(t_s / 3000.0);
    });
    let mut setup = ForecastSetup::usual(model, Arc::new(load), 1.0, 15_000.0);
    setup.start = Start::Each(rows.collect());
    (setup.members, setup.ends) = (states[0].len(), Vec::new());
    let forecast = whole(setup);
    for event in &forecast.events {
        assert_eq!(event.times_s.len(), 24, "{}", event.name);
        for (row, time_s) in event.step_ends_s.iter().enumerate() {
            reference.compare(&format!("toe_{}", event.name), row, time_s.expect("it comes"));
        }
    }
}

#[test]
fn an_event_that_holds_at_the_beginning_comes_with_the_first_step_and_is_dated_back() {
    // The voltage of one is below its end from the start; that of the other rises above it again
    // once the surface has given off its charge.
    let mut setup = battery(2);
    setup.start = Start::Each(vec![vec![292.1, 50.0, 0.0, 0.0], vec![292.1, 4000.0, 0.0, 199.2]]);
    let load = Profile(|_: f64, u: &mut [f64]| u[0] = 0.0);
    setup.load = Arc::new(load);
    let forecast = whole(setup);
    let event = forecast.event("EOD").expect("of the battery");
    assert_eq!((event.step_ends_s[0], event.times_s[0]), (Some(1.0), 0.0));
    assert_eq!(event.step_ends_s[1], None);
}

#[test]
fn pieces_and_threads_come_to_the_same_forecast() {
    let pieces = whole(pump(100));
    let on_threads = Forecasting::new(pump(100)).expect("it can be carried out").on_threads(
        3,
        &AtomicBool::new(false),
        &|_| {},
    );
    let on_threads = on_threads.expect("nobody cancels").expect("a forecast");
    assert_eq!(format!("{pieces:?}"), format!("{on_threads:?}"));
}

#[test]
fn a_member_is_the_same_in_a_smaller_ensemble() {
    let (few, many) = (whole(pump(5)), whole(pump(77)));
    for (a, b) in few.events.iter().zip(&many.events) {
        assert_eq!(a.step_ends_s, b.step_ends_s[..5]);
    }
}

#[test]
fn bands_are_ordered_and_hold_the_members_that_are_kept() {
    let forecast = whole(pump(200));
    assert_eq!(forecast.kept.len(), MEMBERS);
    assert!(forecast.medoid < MEMBERS);
    let impeller = forecast.event("ImpellerWearFailure").expect("it wears");
    assert!(impeller.times_s.len() > 150, "{}", impeller.times_s.len());
    let (early, late) = (impeller.quantile_s(0.05), impeller.quantile_s(0.6));
    assert!(early < late && early.is_some(), "{early:?} {late:?}");
    assert!((impeller.probability_before(early.unwrap_or(0.0)) - 0.05).abs() < 0.01);
    let band = forecast.band("Qout").expect("the flow");
    for row in band.quantiles.iter().filter(|row| !row[0].is_nan()) {
        assert!(row.is_sorted(), "{row:?}");
    }
    let flow = 1;
    let outside =
        forecast.kept.iter().flat_map(|member| {
            member.course.iter().zip(&band.quantiles).filter(|(values, row)| {
                values[flow] < row[0] || values[flow] > row[LEVELS.len() - 1]
            })
        });
    let share = outside.count() as f64 / (MEMBERS * forecast.instants_s.len()) as f64;
    assert!(share < 0.06, "{share}");
}

#[test]
fn cancelling_ends_a_forecast_without_a_result() {
    let run = Forecasting::new(pump(50)).expect("it can be carried out");
    assert!(run.on_threads(2, &AtomicBool::new(true), &|_| {}).is_none());
}

#[test]
fn an_event_after_the_horizon_is_none_of_the_forecast_though_its_step_begins_before() {
    let times_s = |horizon_s: f64| {
        let setup = ForecastSetup { dt_s: 0.7, horizon_s, ..battery(1) };
        whole(setup).event("EOD").expect("of the battery").times_s.clone()
    };
    let found_s = times_s(battery(1).horizon_s)[0];
    let into_s = found_s - (found_s / 0.7).floor() * 0.7;
    assert!((0.02..0.68).contains(&into_s), "it is inside a step: {into_s}");
    assert!(times_s(found_s - 0.01).is_empty());
    assert_eq!(times_s(found_s + 0.01), vec![found_s]);
}

#[test]
fn what_cannot_be_forecast_is_answered_with_a_reason() {
    let nan = ForecastSetup { start: Start::Each(vec![vec![f64::NAN; 4]]), ..battery(1) };
    let short = ForecastSetup { start: Start::Each(vec![vec![1.0]]), ..battery(1) };
    let still = ForecastSetup { dt_s: 0.0, ..battery(1) };
    for (setup, word) in [(nan, "no forecast"), (short, "4 states, not 1"), (still, "a step of 0")]
    {
        let error = Forecasting::new(setup).map(|_| ()).expect_err("it cannot be");
        assert!(error.to_string().contains(word), "{error}");
    }
    // Steps that are far too long for the shaft.
    let wild = ForecastSetup { dt_s: 600.0, noise: Vec::new(), load_spread: Vec::new(), ..pump(4) };
    let error = Forecasting::new(wild).map(|_| ()).expect_err("too long").to_string();
    assert!(error.starts_with("no forecast: `centrifugal_pump` does not bear"), "{error}");
    // More steps than can be taken, of one member or of all.
    for (setup, word) in [
        (ForecastSetup { dt_s: 1e-9, ..battery(1) }, "steps of 0.000000001 s"),
        (ForecastSetup { horizon_s: 1e12, ..battery(1) }, "1.0e12 steps of 1 s"),
        (ForecastSetup { horizon_s: 1e8, recorded: 8, ..battery(2_000) }, "2000 members over"),
    ] {
        let error = Forecasting::new(setup).map(|_| ()).expect_err("too many").to_string();
        assert!(error.contains(word), "{error}");
    }
}

/// A pump of which a filter believes that its impeller wears fast, under an uncertain load.
fn believed(members: usize) -> ForecastSetup {
    let mut setup = pump(members);
    let Start::Each(all) = &setup.start else { panic!("it begins with a state") };
    let estimated = |at: usize, deviation: f64| Estimated {
        slot: Slot::State(at),
        scale: Scale::Linear,
        mean: all[0][at],
        deviation,
        drift: 0.0,
        memory_s: f64::INFINITY,
    };
    let estimated = vec![estimated(6, 0.05), estimated(9, 0.004)];
    let squares: Vec<f64> = estimated.iter().map(|each| each.deviation * each.deviation).collect();
    let belief = Belief {
        time_s: 0.0,
        mean: estimated.iter().map(|each| each.mean).collect(),
        covariance: Matrix::diagonal(&squares),
        states: all[0].clone(),
    };
    setup.from_belief(belief, &estimated);
    setup.noise = vec![0.0; 12];
    setup.noise[6] = 2e-4;
    setup.ends = vec![0];
    setup
}

#[test]
fn a_quick_forecast_has_the_moments_of_a_large_ensemble() {
    let many = whole(ForecastSetup { recorded: 8, ..believed(4_000) });
    let event = many.event("ImpellerWearFailure").expect("it wears");
    assert!(event.times_s.len() > 3_990, "{}", event.times_s.len());
    let mut run = UnscentedForecasting::new(&believed(1)).expect("it can be carried out");
    let Step::Done(quick) = step(&mut run, &Budget::until(&|| false)) else { panic!("endless") };
    let quick = quick.expect("a forecast");
    assert!(quick.forecast.members <= 12, "{}", quick.forecast.members);
    let moments = quick.times.iter().find(|times| times.name == event.name).expect("it wears");
    let close = |ours: f64, theirs: f64, share: f64| {
        assert!((ours / theirs - 1.0).abs() < share, "{ours} {theirs}");
    };
    close(moments.mean_s, event.mean_s().expect("it wears"), 0.01);
    close(moments.median_s(), event.remaining_s(0.5).expect("it wears"), 0.01);
    let (low, high) = moments.interval_s(0.9);
    close(low, event.remaining_s(0.05).expect("it wears"), 0.03);
    close(high, event.remaining_s(0.95).expect("it wears"), 0.03);
}

#[test]
fn an_ensemble_begins_with_a_filter_s_particles() {
    let model = registry::find("battery_circuit").expect("a model");
    let filter =
        estimate::FilterSetup::usual(model, &[1.0, 100.0, 0.1, 0.1], &[0.0; 4], &[0.5, 0.02]);
    let crowd = Particles::new(filter, 64, 1, 600.0, &[2.0]).expect("it fits");
    let mut setup = battery(64);
    setup.from_filter(&Filter::Particles(Box::new(crowd.clone())));
    assert_eq!(setup.begin_s, 600.0);
    let Start::Particles(all) = &setup.start else { panic!("particles") };
    assert_eq!(all.len(), 64);
    let mean = all.iter().map(|begin| begin.states[1]).sum::<f64>() / 64.0;
    assert!((mean - crowd.belief().mean[1]).abs() < 1e-6);
    assert_eq!(whole(setup).event("EOD").expect("it ends").times_s.len(), 64);
}

#[test]
fn what_a_filter_lets_come_and_go_does_so_in_the_forecast() {
    let model = registry::find("centrifugal_pump").expect("a model");
    let about = model.about();
    let at = about.parameters.iter().position(|each| each.name == "H_ta").expect("a parameter");
    let heat = about.parameters[at].usual;
    let (share, memory_s) = (0.05, 7_200.0);
    let mut setup = ForecastSetup { members: 400, ..pump(400) };
    (setup.noise, setup.load_spread, setup.horizon_s) = (Vec::new(), Vec::new(), 40_000.0);
    let Start::Each(all) = &setup.start else { panic!("it begins with a state") };
    let mut states = all[0].clone();
    states[9..12].fill(0.0);
    let estimated = vec![Estimated::wanders(Slot::Parameter(at), heat, share * heat, memory_s)];
    let belief = Belief {
        time_s: 0.0,
        mean: vec![heat],
        covariance: Matrix::diagonal(&[share * share * heat * heat]),
        states,
    };
    setup.from_belief(belief, &estimated);
    let done = whole(setup.clone());
    let band = done.bands.iter().find(|band| band.name == "Tt").expect("a temperature");
    // What the temperature answers to heat that goes, slowed by the bearing and its heat's memory.
    let last = band.quantiles.last().expect("an instant");
    let (t, oil) = (last[6], about.parameters[at + 1].usual);
    let lag_s = about.parameters[at - 1].usual / (heat + oil);
    let answer = heat * (t - 290.0) / (heat + oil) * share;
    let wanted = answer * (memory_s / (memory_s + lag_s)).sqrt();
    // From the 5th to the 95th percentile.
    let is = (last[10] - last[2]) / (2.0 * 1.645);
    assert!((is / wanted - 1.0).abs() < 0.15, "{is} K, {wanted} K by the theory of lags");
}

#[test]
fn a_quick_forecast_hears_of_a_wear_rate_that_strays() {
    let straying = |members: usize| {
        let mut setup = believed(members);
        setup.noise = Vec::new();
        setup.load_spread = Vec::new();
        let Start::Belief { estimated, .. } = &setup.start else { panic!("a belief") };
        let rate = Estimated { scale: Scale::Log, drift: 0.003, ..estimated[1] };
        setup.movers = vec![rate];
        setup
    };
    let still = ForecastSetup { movers: Vec::new(), ..straying(2_000) };
    let spread = |done: Forecast| {
        let event = done.event("ImpellerWearFailure").expect("it wears").clone();
        event.remaining_s(0.84).expect("late") - event.remaining_s(0.16).expect("early")
    };
    let (still, many) = (spread(whole(still)), spread(whole(straying(2_000))));
    assert!(many > 1.1 * still, "{many} s beside {still} s when nothing strays");
    let mut run = UnscentedForecasting::new(&straying(1)).expect("it can be carried out");
    let Step::Done(quick) = step(&mut run, &Budget::until(&|| false)) else { panic!("endless") };
    let quick = quick.expect("a forecast");
    let (low, high) = quick.times[0].interval_s(0.68);
    assert!(((high - low) / many - 1.0).abs() < 0.1, "{} s, {many} s", high - low);
}
