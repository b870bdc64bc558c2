//! Optima that can be told beforehand.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use super::*;
use crate::forecast::setup::LoadSpread;
use crate::forecast::{EventForecast, Forecast, ForecastSetup};
use crate::model::load::Held;
use crate::model::{About, Equations, Machine, Model, Real, model};
use crate::twin::load_goal;
use crate::worker::{Run, Step};

/// Two pumps on one pipe: each makes q, takes a q² + b for power when it runs, and wears by its flow.
struct Pair;

impl Equations for Pair {
    fn about() -> About {
        About::new("pair", "Two pumps")
            .state("life", "1", 1.0, "what is left of the first one's life")
            .input("q1", "m3/s", 1.0, "flow of the first")
            .input("q2", "m3/s", 1.0, "flow of the second")
            .output("P", "W", "power of both")
            .output("q", "m3/s", "flow of both")
            .event("Worn", "the first is worn")
            .parameter("b", "W", 0.5, (0.0, 10.0), "power of a pump that runs idle")
    }
    fn derivative<R: Real>(_: &[R], u: &[R], _: &[R], dx: &mut [R]) {
        dx[0] = u[0] * -1e-4;
    }
    fn output<R: Real>(_: &[R], u: &[R], p: &[R], z: &mut [R]) {
        let runs = |q: R| R::choose(R::of(1e-9).below(q), p[0], R::of(0.0));
        z[0] = u[0] * u[0] + u[1] * u[1] * 2.0 + runs(u[0]) + runs(u[1]);
        z[1] = u[0] + u[1];
    }
    fn event_state<R: Real>(x: &[R], _: &[R], _: &[R], es: &mut [R]) {
        es[0] = x[0];
    }
}

fn pair() -> (Machine, ForecastSetup) {
    let model: Arc<dyn Model> = model::<Pair>();
    let machine = Machine::usual(model.clone());
    let mut setup = ForecastSetup::usual(model, Arc::new(Held(vec![1.0, 1.0])), 1.0, 100.0);
    setup.members = 8;
    (machine, setup)
}

fn found(goal: &str, change: impl Fn(&mut ForecastSetup)) -> Result<Optimum, String> {
    let (machine, mut setup) = pair();
    change(&mut setup);
    let goal = load_goal(Path::new("g.ron"), goal).map_err(|error| error.to_string())?;
    let problem = Problem::new(&goal, &machine, setup).map_err(|error| error.to_string())?;
    let found = optimise(&problem, &AtomicBool::new(false), &|_| {}).expect("nobody cancels");
    found.map_err(|error| error.to_string())
}

const SET: &str = "set: {\"q1\": (from: 0.1, to: 4, off: 0), \"q2\": (from: 0.1, to: 4, off: 0)}";

#[test]
fn flow_is_shared_so_that_marginal_costs_are_equal() {
    // q1² + 2 q2² with q1 + q2 = 3: 2 q1 = 4 q2, so 2 and 1; both cost 7, one alone 9.5 or more.
    let goal =
        format!("({SET}, running: [\"1e-1 * P * 1E1\"], limits: [(of: \"q\", at_least: 3)])");
    let best = found(&goal, |_| {}).expect("it can be had");
    let values: Vec<f64> = best.settings.iter().map(|setting| setting.best).collect();
    assert!((values[0] - 2.0).abs() < 0.05 && (values[1] - 1.0).abs() < 0.05, "{values:?}");
    assert!((best.cost - 700.0).abs() < 2.0, "{}", best.cost);
    assert!(best.limits[0].best > -1e-5 && best.limits[0].now < -0.9, "{:?}", best.limits);
    assert_eq!(best.alternatives.len(), 4);
    assert!(!best.alternatives[3].keeps, "with both off there is no flow");
}

#[test]
fn a_pump_that_costs_more_idle_than_it_saves_is_switched_off() {
    let goal =
        format!("({SET}, running: [\"P\"], limits: [(of: \"q\", at_least: 0.5, when: mean)])");
    let best = found(&goal, |_| {}).expect("it can be had");
    assert!((best.settings[0].best - 0.5).abs() < 0.01, "{:?}", best.settings);
    assert_eq!(best.settings[1].best, 0.0);
    // What is done now costs 100 s × (1 + 2 + 1) and the best 100 s × (0.25 + 0.5).
    let gain = best.gain.expect("both can be measured");
    assert!((gain.mean - 325.0).abs() < 2.0 && gain.probability == 1.0, "{gain:?}");
}

#[test]
fn wear_that_is_dear_moves_the_work_to_the_other_pump() {
    // The first one's flow of q wears 0.01 q of a life of 50 in 100 s, beside 100 s × 2 q q of power.
    let of = |price: f64| {
        let goal = format!(
            "({SET}, running: [\"P\"], wear: {{\"Worn\": {price}}}, limits: [(of: \"q\", at_least: 3)])"
        );
        found(&goal, |_| {}).expect("it can be had").settings[0].best
    };
    // Marginal: 200 q1 + 0.01 × price = 400 (3 − q1).
    assert!((of(30_000.0) - 1.5).abs() < 0.06, "{}", of(30_000.0));
    assert!(of(0.0) > 1.9);
}

#[test]
fn an_uncertain_load_needs_room_and_leaves_the_gain_uncertain() {
    let goal = format!("({SET}, running: [\"P\"], limits: [(of: \"q\", at_least: 2)], sure: 0.9)");
    let spread =
        LoadSpread { inputs: vec![0, 1], level: 0.1, wander: 0.0, memory_s: 60.0, begins: None };
    let best = found(&goal, |setup| {
        setup.members = 400;
        setup.load_spread = vec![spread.clone()];
    })
    .expect("it can be had");
    let flow: f64 = best.settings.iter().map(|setting| setting.best).sum();
    // A normal share is above −1.2816 deviations with a probability of 0.9.
    assert!((flow - 2.0 / (1.0 - 0.128_16)).abs() < 0.06, "{flow}");
    let gain = best.gain.expect("both can be measured");
    assert!(gain.error > 0.0 && gain.interval.0 < gain.mean && gain.mean < gain.interval.1);
}

#[test]
fn a_life_is_used_from_the_beginning_whatever_the_number_of_steps() {
    // A flow of 1 wears 1e-4 of the life in a second: 0.01 in 100 s.
    let goal = "(set: {\"q1\": (from: 1, to: 1.0000001)}, wear: {\"Worn\": 100}, \
                limits: [(of: \"q\", at_least: 0)])";
    for dt_s in [100.0, 12.5, 1.0, 0.1] {
        let best = found(goal, |setup| setup.dt_s = dt_s).expect("it can be had");
        assert!((best.cost - 1.0).abs() < 1e-6, "{dt_s} s: {}", best.cost);
    }
}

#[test]
fn what_is_gained_over_a_broken_limit_says_so() {
    let goal = format!("({SET}, running: [\"P\"], limits: [(of: \"q\", at_least: 3)])");
    let best = found(&goal, |_| {}).expect("it can be had");
    // Now 2 of 3 are made for 4 a second, then 3 for 7.
    assert!(!best.keeps_now);
    assert!((best.gain.expect("both cost a number").mean + 300.0).abs() < 3.0);
    let less = goal.replace("at_least: 3", "at_least: 1");
    assert!(found(&less, |_| {}).expect("it can be had").keeps_now);
}

#[test]
fn what_cannot_be_carried_out_is_answered_before_anything_is_tried() {
    let goal = format!("({SET}, running: [\"P\"])");
    let of = |change: fn(&mut ForecastSetup)| found(&goal, change).expect_err("it cannot be");
    assert!(of(|setup| setup.members = 0).contains("a member at least"));
    assert!(of(|setup| setup.horizon_s = 0.0).contains("a horizon of 0 s"));
    assert!(of(|setup| setup.members = usize::MAX).contains("members at most"));
}

#[test]
fn what_cannot_be_is_answered() {
    let much = format!("({SET}, running: [\"P\"], limits: [(of: \"q\", at_least: 9)])");
    assert!(found(&much, |_| {}).expect_err("too much").contains("no settings keep all limits"));
    let strange = format!("({SET}, running: [\"Q * 2\"])");
    let error = found(&strange, |_| {}).expect_err("no such name");
    assert!(error.contains("unknown name `Q`") && error.contains("did you mean `q`"), "{error}");
    let broken = format!("({SET}, running: [\"P * (\"])");
    assert!(found(&broken, |_| {}).expect_err("no expression").contains("is no expression"));
}

/// A forecast of which only the events' ends are looked at.
fn forecast(events: &[(&str, Vec<f64>)]) -> Forecast {
    let event = |(name, ends): &(&str, Vec<f64>)| EventForecast {
        name: (*name).into(),
        begin_s: 0.0,
        times_s: ends.clone(),
        step_ends_s: ends.iter().map(|end| Some(*end)).collect(),
        members: ends.len(),
        ..EventForecast::default()
    };
    Forecast {
        horizon_s: 1e6,
        members: events[0].1.len(),
        events: events.iter().map(event).collect(),
        ..Forecast::default()
    }
}

fn planned(at_once: u32) -> Schedule {
    let part = |name: &str| {
        format!("\"{name}\": (event: \"{name}\", planned: 100, failure: 1000, life: \"1000h\")")
    };
    let goal = format!(
        "(maintain: (every: \"10h\", windows: 6, at_once: {at_once}, parts: {{{}, {}, {}}}))",
        part("A"),
        part("B"),
        part("C")
    );
    let goal = load_goal(Path::new("g.ron"), &goal).expect("it is right");
    // A and B fail after 35 to 39 h, C long after.
    let soon: Vec<f64> = (0..5).map(|at| 3_600.0 * (35.0 + f64::from(at))).collect();
    let late = vec![3.6e6; 5];
    let forecast = forecast(&[("A", soon.clone()), ("B", soon), ("C", late)]);
    schedule(&goal.maintain.expect("a plan"), &About::default(), &forecast).expect("all are known")
}

#[test]
fn parts_are_maintained_in_the_last_window_before_they_fail_as_far_as_there_is_room() {
    let windows = |schedule: &Schedule| -> Vec<Option<usize>> {
        schedule.parts.iter().map(|part| part.window).collect()
    };
    let both = planned(2);
    assert_eq!(windows(&both), [Some(3), Some(3), None]);
    assert_eq!((both.parts[0].fails_before, both.parts[0].fails_otherwise), (0.0, 1.0));
    // Two failures are spared, for two plans and hours of life at 0.1 an hour.
    assert!(
        (both.gain.mean - (1_800.0 - 2.0 * 0.1 * (37.0 - 30.0))).abs() < 1e-6,
        "{:?}",
        both.gain
    );
    let one = planned(1);
    let mut own = windows(&one);
    own.sort();
    assert_eq!(own, [None, Some(2), Some(3)], "one of them a window sooner");
}

#[test]
fn a_search_in_pieces_finds_the_same_to_the_bit() {
    let (machine, mut setup) = pair();
    setup.members = 20;
    let goal = format!("({SET}, running: [\"P\"], limits: [(of: \"q\", at_least: 3)])");
    let goal = load_goal(Path::new("g.ron"), &goal).expect("a goal");
    let problem = Problem::new(&goal, &machine, setup).expect("it fits");
    let whole = optimise(&problem, &AtomicBool::new(false), &|_| {}).expect("nobody cancels");
    let whole = whole.map_err(|error| error.to_string());
    let mut pieces = Optimising::new(problem).expect("it can be searched");
    let (mut share, mut count) = (0.0, 0);
    let done = loop {
        match pieces.piece() {
            Step::Done(done) => break done,
            Step::More(now) => {
                assert!(now >= share, "{now} after {share}");
                (share, count) = (now, count + 1);
            }
        }
    };
    assert_eq!(done, whole);
    // Each ensemble takes a piece for every instant of each block, and one to begin.
    assert!(count > 100 * whole.expect("it can be had").tried, "{count}");
}

#[test]
fn a_member_that_diverged_is_no_survivor() {
    let (fails, unknown) = (vec![3_600.0; 4], Vec::new());
    let of = |diverged: Vec<usize>| {
        let mut told = forecast(&[("A", fails.clone())]);
        // Two members more of which nothing is known.
        told.events[0].step_ends_s.extend([None, None]);
        (told.members, told.diverged) = (6, diverged);
        told
    };
    let text = "(maintain: (every: \"2h\", windows: 2, at_once: 1, parts: {\"A\": (event: \"A\", \
                planned: 100, failure: 1000, life: \"1000h\")}))";
    let goal = load_goal(Path::new("goal.ron"), text).expect("a goal");
    let spec = goal.maintain.expect("it is stated");
    let about = About::new("p", "p").event("A", "fails");
    let otherwise = |told: &Forecast| {
        schedule(&spec, &about, told).expect("it can be planned").parts[0].fails_otherwise
    };
    assert_eq!(otherwise(&of(unknown)), 4.0 / 6.0);
    assert_eq!(otherwise(&of(vec![4, 5])), 1.0);
}

/// A machine that gets out of hand where it runs faster than 2.
struct Fragile;

impl Equations for Fragile {
    fn about() -> About {
        About::new("fragile", "What gets out of hand")
            .state("x", "1", 1.0, "how far it is out of hand")
            .input("q", "1/s", 1.0, "how fast it runs")
            .output("speed", "1/s", "how fast it runs")
            .event("Far", "it is far out of hand")
    }
    fn derivative<R: Real>(x: &[R], u: &[R], _: &[R], dx: &mut [R]) {
        dx[0] = R::choose(R::of(2.0).below(u[0]), x[0], R::of(0.0));
    }
    fn output<R: Real>(_: &[R], u: &[R], _: &[R], z: &mut [R]) {
        z[0] = u[0];
    }
    fn event_state<R: Real>(_: &[R], _: &[R], _: &[R], es: &mut [R]) {
        es[0] = R::of(1.0);
    }
}

/// The best settings of it, by an ensemble of so many members of which each runs by a share faster or slower.
fn fragile(goal: &str, now: f64, members: usize) -> Result<Optimum, OptimiseError> {
    let model: Arc<dyn Model> = model::<Fragile>();
    let machine = Machine::usual(model.clone());
    let mut setup = ForecastSetup::usual(model, Arc::new(Held(vec![now])), 1.0, 200.0);
    setup.members = members;
    setup.load_spread = vec![LoadSpread {
        inputs: vec![0],
        level: 0.05,
        wander: 0.0,
        memory_s: 60.0,
        begins: None,
    }];
    let goal = load_goal(Path::new("g.ron"), goal).expect("a goal");
    let problem = Problem::new(&goal, &machine, setup).expect("it fits");
    optimise(&problem, &AtomicBool::new(false), &|_| {}).expect("nobody cancels")
}

/// The faster the cheaper; above some 1.7 the first members get out of hand.
const FASTER: &str = "(set: {\"q\": (from: 0.5, to: 2.5)}, running: [\"10 - 3 * q\"])";

#[test]
fn lost_members_are_counted_and_in_no_mean_and_settings_that_lose_any_do_not_win() {
    let best = fragile(FASTER, 2.2, 200).expect("slow settings hold");
    let found = best.settings[0].best;
    assert!((1.4..1.85).contains(&found), "{found}");
    assert!(best.cost > 0.0 && best.cost < 2_000.0, "{}", best.cost);
    assert!(best.losses.as_ref().is_none_or(|losses| losses.lost < 8), "{:?}", best.losses);
    let losses = best.losses_now.expect("most are lost now");
    assert_eq!(losses.members, 800);
    assert!((700..800).contains(&losses.lost), "{losses:?}");
    let text = losses.to_string();
    assert!(text.contains(" of 800 members were lost: the model diverges"), "{text}");
    assert!(best.gain.is_none() && best.cost_now.abs() < 2_000.0, "{}", best.cost_now);
    // Where all lose members, no mean of the others makes them the best.
    let fast = "(set: {\"q\": (from: 1.95, to: 2.5)}, running: [\"10 - 3 * q\"])";
    let error = fragile(fast, 2.2, 200).expect_err("all lose members").to_string();
    assert!(error.contains(" of 200 members were lost: the model diverges"), "{error}");
}

#[test]
fn what_is_done_now_and_loses_no_member_is_better_than_the_only_choice_where_that_loses_some() {
    // So few members see little of what the fresh ones lose.
    let mut lost = 0;
    for members in [8, 16, 50, 200] {
        let best = fragile(FASTER, 1.0, members).expect("slow settings hold");
        assert_eq!((best.losses, best.losses_now), (None, None), "{members}");
        assert!(best.keeps_best && best.gain.is_some(), "{members}");
        let Some(losses) = &best.alternatives[best.alternatives.len() - 1].losses else {
            assert!(!best.stays && best.settings[0].best > 1.4, "{members}: {:?}", best.settings);
            continue;
        };
        lost += losses.lost;
        assert!(best.stays && best.alternatives.len() == 2, "{members}");
        assert_eq!((best.settings[0].best, best.cost), (1.0, best.cost_now), "{members}");
        assert_eq!(best.alternatives[0].settings, [1.0]);
        assert_eq!(best.gain.expect("nothing is lost").mean, 0.0);
    }
    assert!(lost > 0, "the fresh members of none of these lose any");
    // What may not be set is no choice, and one that breaks a limit is none either.
    let narrow = FASTER.replace("from: 0.5", "from: 1.2");
    let limited = FASTER.replace("])", "], limits: [(of: \"speed\", at_least: 1.2)])");
    for goal in [narrow, limited] {
        let best = fragile(&goal, 1.0, 8).expect("faster settings hold");
        assert!(best.settings[0].best > 1.2 && !best.stays, "{goal}: {:?}", best.settings);
    }
}

#[test]
fn the_margin_of_a_limit_is_not_known_where_members_are_lost() {
    let goal = "(set: {\"q\": (from: 0.5, to: 2.5)}, running: [\"10 - 3 * q\"], \
                limits: [(of: \"speed\", at_most: 3)])";
    let best = fragile(goal, 2.2, 200).expect("slow settings hold");
    assert_eq!(best.limits[0].now, f64::NEG_INFINITY);
    assert!((1.0..2.0).contains(&best.limits[0].best), "{:?}", best.limits);
}
