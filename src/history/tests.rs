use std::time::Duration;

use proptest::prelude::*;

use super::*;
use crate::twin::{PropertyId, Quality, Sample, Timestamp, Value, ValueType};

fn sample(time: i64, value: f64) -> Sample {
    Sample { time: Timestamp(time), value: Value::Number(value), quality: Quality::Good }
}

fn numbers(count: usize, budget: Budget) -> Recent {
    Recent::new(&vec![ValueType::Number; count], budget)
}

#[test]
fn a_sample_is_told_what_became_of_it() {
    let mut recent = numbers(1, Budget { retention: Duration::from_micros(50), bytes: 1 << 20 });
    let mut insert = |time, value| recent.insert(PropertyId(0), sample(time, value));
    assert_eq!(insert(100, 1.0), Inserted::Newest);
    assert_eq!(insert(100, 1.0), Inserted::Duplicate);
    assert_eq!(insert(100, 2.0), Inserted::Replaced);
    assert_eq!(insert(90, 2.0), Inserted::Late);
    assert_eq!(insert(i64::MAX, 2.0), Inserted::Refused);
    assert_eq!(insert(110, f64::NAN), Inserted::Refused);
    recent.advance(Timestamp(149));
    assert_eq!(recent.insert(PropertyId(0), sample(98, 1.0)), Inserted::TooOld);
    assert_eq!(recent.insert(PropertyId(0), sample(99, 1.0)), Inserted::Late);
    assert_eq!(recent.insert(PropertyId(1), sample(99, 1.0)), Inserted::Refused);
}

#[test]
fn the_kept_span_moves_with_time_and_keeps_the_state_at_its_start() {
    let mut recent = numbers(2, Budget { retention: Duration::from_micros(50), bytes: 1 << 20 });
    recent.insert(PropertyId(1), sample(0, 7.0));
    for time in 0..200 {
        recent.advance(Timestamp(time));
        recent.insert(PropertyId(0), sample(time, time as f64));
    }
    assert_eq!(recent.span(), Some((Timestamp(149), Timestamp(199))));
    assert_eq!(recent.len_of(PropertyId(0)), 51);
    let (before, after) = recent.bracket(PropertyId(1), Timestamp(160));
    assert_eq!((before, after), (Some(sample(0, 7.0)), None));
    let range: Vec<_> = recent.range(PropertyId(0), Timestamp(160), Timestamp(162)).collect();
    assert_eq!(range, [160, 161, 162].map(|time| sample(time, time as f64)));
}

#[test]
fn under_a_flood_the_budget_holds_and_the_span_shrinks_for_all_alike() {
    const BYTES: usize = 200_000;
    let mut recent = numbers(10, Budget { retention: Duration::from_secs(600), bytes: BYTES });
    for time in 0..100_000_i64 {
        if time % 100 == 0 {
            recent.advance(Timestamp(time * 1000));
        }
        recent.insert(PropertyId((time % 10) as u32), sample(time * 1000, time as f64));
        assert!(recent.bytes() <= BYTES, "{} at {time}", recent.bytes());
    }
    assert!(recent.horizon() < Duration::from_secs(100), "{:?}", recent.horizon());
    let (oldest, newest) = recent.span().expect("it holds samples");
    // 16 bytes a sample: the budget is used, not merely kept.
    assert!(newest.0 - oldest.0 > 4_000_000, "{oldest} {newest}");
    for id in (0..10).map(PropertyId) {
        let kept: Vec<_> = recent.range(id, oldest, newest).map(|kept| kept.time.0).collect();
        let whole: Vec<_> =
            (0..100_000).map(|t| t * 1000).filter(|t| (t / 1000) % 10 == i64::from(id.0)).collect();
        assert!(whole.ends_with(&kept) && kept.len() > 100, "{id:?}: {}", kept.len());
    }
}

#[test]
fn a_flood_of_large_texts_and_of_future_stamps_keeps_the_budget_too() {
    const BYTES: usize = 100_000;
    let mut recent = Recent::new(
        &[ValueType::Text, ValueType::Number],
        Budget { retention: Duration::from_secs(600), bytes: BYTES },
    );
    recent.advance(Timestamp(0));
    for time in 1..5000_i64 {
        let value = Value::Text("x".repeat(1000).into());
        let text = Sample { time: Timestamp(time), value, quality: Quality::Good };
        recent.insert(PropertyId(0), text);
        recent.insert(PropertyId(1), sample(time, 1.0));
        assert!(recent.bytes() <= BYTES);
    }
    assert_eq!(recent.latest_time(PropertyId(0)), Some(Timestamp(4999)));
}

proptest! {
    #[test]
    fn the_bytes_told_are_the_bytes_held(
        steps in prop::collection::vec((0..3_u32, 0..500_i64, 0..40_usize), 1..300),
    ) {
        let types = [ValueType::Text, ValueType::Number, ValueType::Text];
        let budget = Budget { retention: Duration::from_micros(100), bytes: 4000 };
        let mut recent = Recent::new(&types, budget);
        for (id, time, length) in steps {
            let value = match id {
                1 => Value::Number(length as f64),
                _ => Value::Text("x".repeat(length).into()),
            };
            recent.advance(Timestamp(time));
            let kept = Sample { time: Timestamp(time), value, quality: Quality::Good };
            recent.insert(PropertyId(id), kept);
            prop_assert_eq!(recent.bytes(), recent.measure());
        }
    }
}
