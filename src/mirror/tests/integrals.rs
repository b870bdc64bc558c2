//! Integrals follow from samples, presence and intervals alone.

use super::*;

/// Some samples of a speed, each at most a second from the next, and one gap.
fn samples() -> Vec<(i64, f64)> {
    let mut time = T0;
    (0..400_i64)
        .map(|at| {
            time += if at == 200 { 60 * S } else { 100_000 + (at * 7919 % 13) * 70_000 };
            (time, (at as f64 * 0.37).sin() * 1000.0)
        })
        .collect()
}

fn turns_at_end(mirror: &Mirror, samples: &[(i64, f64)]) -> f64 {
    let last = samples.last().expect("there are some").0;
    told(mirror.reading(at(last), TURNS)).expect("turns are counted").0
}

#[test]
fn turns_do_not_depend_on_where_memory_begins() {
    let samples = samples();
    let turns = |retention: Duration| {
        let budget = Budget { retention, ..Budget::default() };
        let mut mirror = Mirror::new(Arc::new(motors()), budget);
        for (time, speed) in &samples {
            mirror.apply(batch(*time, vec![number(SPEED, Some(*time), *speed)]));
            mirror.tick(Timestamp(*time));
        }
        let kept = mirror.history().len_of(SPEED);
        (kept, turns_at_end(&mirror, &samples).to_bits())
    };
    let (all, long) = turns(Duration::from_secs(3600));
    let (few, short) = turns(Duration::from_secs(5));
    assert!(all == samples.len() && few < 40, "{all} {few}");
    assert_eq!(long, short);
}

#[test]
fn what_is_replaced_or_late_where_memory_begins_counts_as_if_all_were_kept_or_is_too_old() {
    let samples = samples();
    let [mut long, mut short] = [3600, 5].map(|seconds| {
        let budget = Budget { retention: Duration::from_secs(seconds), ..Budget::default() };
        let mut mirror = Mirror::new(Arc::new(motors()), budget);
        for (time, speed) in &samples {
            mirror.apply(batch(*time, vec![number(SPEED, Some(*time), *speed)]));
            mirror.tick(Timestamp(*time));
        }
        mirror
    });
    let last = samples.last().expect("there are some").0;
    let mut taken = 0;
    for (time, speed) in samples.iter().rev().take(60).rev() {
        for (time, speed) in [(*time, speed + 500.0), (*time + 30_000, 1500.0)] {
            let before = short.counters().too_old;
            let update = || vec![number(SPEED, Some(time), speed)];
            short.apply(batch(last, update()));
            if short.counters().too_old == before {
                long.apply(batch(last, update()));
                taken += 1;
            } else {
                assert!(time < last - 5 * S, "it lies in what is kept");
            }
            assert_eq!(turns_at_end(&long, &samples), turns_at_end(&short, &samples), "{time}");
        }
    }
    assert!((20..110).contains(&taken), "{taken}");
}

#[test]
fn an_absence_between_two_kept_samples_is_not_forgotten_when_its_time_is() {
    let budget = Budget { retention: Duration::from_secs(5), ..Budget::default() };
    let mut mirror = Mirror::new(Arc::new(motors()), budget);
    let speed = |time: i64, speed| batch(T0 + time, vec![number(SPEED, Some(T0 + time), speed)]);
    mirror.apply(speed(0, 60.0));
    for at in 0..200 {
        mirror.apply(presence(T0 + S / 4 + at, at % 2 == 1));
    }
    for second in 1..=5 {
        mirror.apply(speed(second * S, 60.0));
    }
    mirror.tick(Timestamp(T0 + 5 * S + S / 2));
    assert_eq!(mirror.history().start(), Timestamp(T0 + S / 2));
    for at in 0..200 {
        mirror.apply(presence(T0 + 5 * S + S / 2 + at, at % 2 == 1));
    }
    mirror.apply(speed(S, 120.0));
    // From 120 to 60 r/min in the second second, and 60 r/min for three.
    assert_eq!(told(mirror.reading(at(T0 + 5 * S), TURNS)).expect("counted").0, 4.5);
}

#[test]
fn turns_do_not_depend_on_the_display_delay() {
    let samples = samples();
    let turns = |delay_ms: u64| {
        let twin = Twin { display_delay: Duration::from_millis(delay_ms), ..motors() };
        let mut mirror = mirror(twin);
        for (time, speed) in &samples {
            mirror.apply(batch(*time, vec![number(SPEED, Some(*time), *speed)]));
        }
        turns_at_end(&mirror, &samples).to_bits()
    };
    assert_eq!(turns(0), turns(30_000));
}

#[test]
fn turns_are_the_area_below_the_speed_at_any_instant_between_two_samples() {
    let mut mirror = mirror(motors());
    let updates = [(0, 0.0), (2, 120.0)].map(|(s, v)| number(SPEED, Some(T0 + s * S), v));
    mirror.apply(batch(T0 + 2 * S, updates.into()));
    // A ramp of 60 r/min a second is half a turn a second more in each second.
    for tenth in 0..=20_i64 {
        let seconds = tenth as f64 / 10.0;
        let turns = told(mirror.reading(at(T0 + tenth * S / 10), TURNS)).expect("known").0;
        assert!((turns - 0.5 * seconds * seconds).abs() < 1e-9, "{turns} after {seconds} s");
    }
}

#[test]
fn a_device_that_was_offline_between_two_samples_has_not_turned_then() {
    let speed = |second: i64| number(SPEED, Some(T0 + second * S), 60.0);
    let mut before = mirror(motors());
    before.apply(presence(T0, true));
    before.apply(batch(T0, vec![speed(0), speed(1), speed(2), speed(3)]));
    assert_eq!(told(before.latest(TURNS)).expect("counted").0, 3.0);
    // Its absence is learnt of after the samples.
    before.apply(presence(T0 + S + S / 2, false));
    before.apply(presence(T0 + S + S / 2 + 1, true));
    assert_eq!(told(before.latest(TURNS)).expect("counted").0, 2.0);
}

#[test]
fn what_was_counted_in_one_unit_goes_on_in_another() {
    let in_unit = |code: &str, per_second: f64| {
        let mut twin = motors();
        let class = &mut twin.classes[0];
        let mut speed = Property::clone(&class.properties[0]);
        speed.unit = Unit::parse(code).expect("a unit");
        class.properties[0] = Arc::new(speed);
        let mut turns = Property::clone(&class.properties[1]);
        turns.integral_of = Some(IntegralOf { property: 0, per_second });
        class.properties[1] = Arc::new(turns);
        twin
    };
    let mut heated = mirror(in_unit("Cel", 1.0));
    for second in 0..=10 {
        heated.apply(batch(T0 + second * S, vec![number(SPEED, None, 10.0)]));
    }
    heated.swap_twin(Arc::new(in_unit("K", 1.0)), 1);
    let counted = told(heated.latest(TURNS)).expect("counted").0;
    assert!((counted - 2831.5).abs() < 1e-9, "{counted}");
    let mut mirror = mirror(in_unit("{rev}/min", 1.0 / 60.0));
    for second in 0..=10 {
        mirror.apply(batch(T0 + second * S, vec![number(SPEED, None, 60.0)]));
    }
    assert_eq!(told(mirror.latest(TURNS)).expect("counted").0, 10.0);
    mirror.swap_twin(Arc::new(in_unit("{rev}/s", 1.0)), 1);
    let turns = told(mirror.latest(TURNS)).expect("counted").0;
    assert!((turns - 10.0).abs() < 1e-9, "{turns}");
    let next = Batch { edition: 1, ..batch(T0 + 11 * S, vec![number(SPEED, None, 1.0)]) };
    mirror.apply(next);
    let turns = told(mirror.latest(TURNS)).expect("counted").0;
    assert!((turns - 11.0).abs() < 1e-9, "{turns}");
}

proptest! {
    #[test]
    fn samples_and_absences_in_any_order_give_the_same_turns(
        times in prop::collection::btree_set(0..20_000_i64, 2..60),
        order in prop::collection::vec(any::<prop::sample::Index>(), 1..60),
        replaced in prop::collection::vec(any::<prop::sample::Index>(), 0..10),
        absences in prop::collection::btree_set(0..20_000_i64, 0..8),
    ) {
        let value = |ms: i64| (ms as f64 * 0.37).sin() * 1000.0;
        let samples: Vec<_> =
            times.iter().map(|ms| number(SPEED, Some(T0 + ms * 1000), value(*ms))).collect();
        let now = T0 + 20 * S;
        let turn = |(at, ms): (usize, &i64)| presence(T0 + ms * 1000 + 500, at % 2 == 1);
        let presences = || absences.iter().enumerate().map(turn);
        let mut sorted = mirror(motors());
        presences().for_each(|change| sorted.apply(change));
        sorted.apply(batch(now, samples.clone()));
        let mut mixed = mirror(motors());
        for at in &replaced {
            let sample = at.get(&samples);
            let wrong = Update { value: Some(Value::Number(7.5)), ..sample.clone() };
            mixed.apply(batch(now, vec![wrong]));
        }
        let mut changes = presences();
        for at in &order {
            mixed.apply(batch(now, vec![at.get(&samples).clone()]));
            changes.next().into_iter().for_each(|change| mixed.apply(change));
        }
        changes.for_each(|change| mixed.apply(change));
        mixed.apply(batch(now, samples.iter().rev().cloned().collect()));
        for step in 0..100 {
            let view = at(T0 + step * 210_000);
            let bits = |mirror: &Mirror| told(mirror.reading(view, TURNS)).map(|(n, _)| n.to_bits());
            prop_assert_eq!(bits(&sorted), bits(&mixed));
        }
    }
}
