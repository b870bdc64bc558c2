//! What models conclude stands in a lane of its own.

use super::*;
use crate::history::{Estimate, Inserted};

/// A motor with a wear that nobody measures.
fn worn_motors() -> Twin {
    let mut twin = motors();
    let class = &mut twin.classes[0];
    let mut wear = Property::clone(&class.properties[0]);
    (wear.name, wear.kind) = ("wear".into(), PropertyKind::Estimate);
    class.properties[0] = Arc::new(wear);
    twin
}

const WEAR: PropertyId = SPEED;

fn estimate(time: i64, number: f64, deviation: Option<f64>) -> Estimate {
    let value = Value::Number(number);
    Estimate { time: Timestamp(time), value, deviation, quality: Quality::Good }
}

fn estimated(time: i64) -> View {
    View { lane: Lane::Estimated, ..at(time) }
}

#[test]
fn an_estimate_is_read_in_its_own_lane_with_its_band_and_held_until_the_next() {
    let mut mirror = mirror(worn_motors());
    assert_eq!(mirror.estimate(WEAR, estimate(T0, 0.25, Some(0.1))), Inserted::Newest);
    assert_eq!(mirror.estimate(WEAR, estimate(T0 + S, 0.5, None)), Inserted::Newest);
    assert_eq!(told(mirror.reading(estimated(T0 + S / 2), WEAR)), Some((0.25, Quality::Good)));
    assert_eq!(told(mirror.reading(estimated(T0 + S), WEAR)), Some((0.5, Quality::Good)));
    let band = mirror.band(estimated(T0), WEAR).expect("its deviation is known");
    assert!((band.high - 0.25 - 0.196).abs() < 1e-4 && (0.25 - band.low - 0.196).abs() < 1e-4);
    assert_eq!(band.coverage, 0.95);
    assert_eq!(mirror.band(estimated(T0 + S), WEAR), None, "nobody knows how sure that is");
    assert_eq!(mirror.reading(at(T0 + S), WEAR), None, "it was not measured");
    assert_eq!(mirror.reading(estimated(T0 - 1), WEAR), None);
    let old = mirror.reading(estimated(T0 + 60 * S), WEAR).expect("it is known");
    assert_eq!(old.quality, Quality::Stale, "a model that no longer runs is seen");
}

#[test]
fn only_what_is_an_estimate_can_be_estimated_and_followers_see_it() {
    let mut mirror = mirror(worn_motors());
    let mut cursor = mirror.changes().end();
    assert_eq!(mirror.estimate(STATE, estimate(T0, 1.0, None)), Inserted::Refused);
    assert_eq!(mirror.estimate(PropertyId(99), estimate(T0, 1.0, None)), Inserted::Refused);
    let wrong = Estimate { value: Value::Enumeration(1), ..estimate(T0, 0.0, None) };
    assert_eq!(mirror.estimate(WEAR, wrong), Inserted::Refused);
    assert_eq!(mirror.changes().read(&mut cursor).count(), 0);
    mirror.estimate(WEAR, estimate(T0, 0.5, None));
    let whats: Vec<_> = mirror.changes().read(&mut cursor).map(|change| change.what).collect();
    assert_eq!(whats, [What::Estimated(WEAR)]);
}

#[test]
fn the_same_value_with_another_deviation_is_another_estimate() {
    let mut mirror = mirror(worn_motors());
    mirror.estimate(WEAR, estimate(T0, 0.25, Some(0.1)));
    assert_eq!(mirror.estimate(WEAR, estimate(T0, 0.25, Some(0.1))), Inserted::Duplicate);
    let mut cursor = mirror.changes().end();
    assert_eq!(mirror.estimate(WEAR, estimate(T0, 0.25, Some(0.2))), Inserted::Replaced);
    assert_eq!(mirror.changes().read(&mut cursor).count(), 1);
    let band = mirror.band(estimated(T0), WEAR).expect("its deviation is known");
    assert!((band.high - 0.25 - 0.392).abs() < 1e-4);
}

#[test]
fn estimates_stay_when_the_twin_file_is_saved_anew() {
    let mut mirror = mirror(worn_motors());
    mirror.estimate(WEAR, estimate(T0, 0.25, Some(0.1)));
    mirror.swap_twin(Arc::new(worn_motors()), 1);
    assert_eq!(told(mirror.reading(estimated(T0), WEAR)), Some((0.25, Quality::Good)));
    assert!(mirror.band(estimated(T0), WEAR).is_some());
}
