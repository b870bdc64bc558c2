//! The mirror: samples in any order, clocks, presence, another definition, files.

mod estimates;
mod integrals;
mod looks;
mod payloads;
mod sources;

use std::time::Duration;

use proptest::prelude::*;

use super::*;
use crate::history::{Cursor, IssueId, Lane, Presence, Reading, State, What};
pub(crate) use crate::support::twins::motors;
use crate::support::twins::{self, motors_with_clock as with_clock};
use crate::telemetry::{ClockReading, PresenceChange, Status};
use crate::twin::mapping::TimeFormat;
use crate::twin::{
    AssetId, IntegralOf, Property, PropertyId, PropertyKind, Quality, Unit, Value, ValueType,
};
use crate::watch::{WatchOptions, write_state};

const SPEED: PropertyId = PropertyId(0);
const TURNS: PropertyId = PropertyId(1);
const STATE: PropertyId = PropertyId(2);
const S: i64 = 1_000_000;
/// Some day in 2026.
const T0: i64 = 1_772_366_400 * S;

fn mirror(twin: Twin) -> Mirror {
    Mirror::new(Arc::new(twin), Budget::default())
}

fn number(id: PropertyId, time: Option<i64>, value: f64) -> Update {
    let value = Some(Value::Number(value));
    Update { property: id, time: time.map(Timestamp), value, quality: Quality::Good }
}

fn batch(arrival: i64, updates: Vec<Update>) -> Batch {
    Batch { arrival: Timestamp(arrival), updates, ..Batch::default() }
}

fn at(time: i64) -> View {
    View::live(Timestamp(time))
}

fn told(reading: Option<Reading>) -> Option<(f64, Quality)> {
    reading.map(|reading| (reading.value.as_number().unwrap_or(f64::NAN), reading.quality))
}

fn presence(arrival: i64, online: bool) -> Batch {
    let presence = vec![PresenceChange { presence: 0, online }];
    Batch { arrival: Timestamp(arrival), presence, ..Batch::default() }
}

#[test]
fn a_number_is_on_the_line_between_its_samples_and_holds_after_the_last() {
    let mut mirror = mirror(motors());
    for (time, speed) in [(0, 10.0), (S, 20.0)] {
        mirror.apply(batch(T0 + time, vec![number(SPEED, Some(T0 + time), speed)]));
    }
    let read = |time| told(mirror.reading(at(T0 + time), SPEED));
    assert_eq!(read(-1), None);
    assert_eq!(read(0), Some((10.0, Quality::Good)));
    assert_eq!(read(S / 4), Some((12.5, Quality::Good)));
    assert_eq!(read(3 * S), Some((20.0, Quality::Good)));
    assert_eq!(read(S + 2_500_000), Some((20.0, Quality::Good)));
    assert_eq!(read(S + 2_500_001), Some((20.0, Quality::Stale)));
}

#[test]
fn a_gap_in_the_past_holds_then_is_stale_then_jumps_and_turns_nothing() {
    let mut mirror = mirror(motors());
    for time in [0, S, 11 * S, 12 * S] {
        mirror.apply(batch(T0 + time, vec![number(SPEED, Some(T0 + time), 60.0)]));
    }
    mirror.apply(batch(T0 + 12 * S, vec![number(SPEED, Some(T0 + 11 * S), 120.0)]));
    let read = |time, id| told(mirror.reading(at(T0 + time), id));
    assert_eq!(read(3 * S, SPEED), Some((60.0, Quality::Good)));
    assert_eq!(read(10 * S, SPEED), Some((60.0, Quality::Stale)));
    assert_eq!(read(11 * S, SPEED), Some((120.0, Quality::Good)));
    assert_eq!(read(S, TURNS), Some((1.0, Quality::Good)));
    assert_eq!(read(10 * S, TURNS), Some((1.0, Quality::Stale)));
    assert_eq!(read(11 * S, TURNS), Some((1.0, Quality::Good)));
    // From 120 to 60 r/min in a second: one and a half turns.
    assert_eq!(read(12 * S, TURNS), Some((2.5, Quality::Good)));
    assert_eq!(mirror.counters().replaced, 1);
}

#[test]
fn a_late_sample_moves_neither_the_present_nor_leaves_the_integral_wrong() {
    let mut mirror = mirror(motors());
    for (time, speed) in [(0, 0.0), (2 * S, 60.0), (S, 60.0)] {
        mirror.apply(batch(T0 + 2 * S, vec![number(SPEED, Some(T0 + time), speed)]));
    }
    mirror.tick(Timestamp(T0 + 2 * S));
    assert_eq!(mirror.latest(SPEED).map(|reading| reading.time), Some(Timestamp(T0 + 2 * S)));
    assert_eq!(told(mirror.latest(TURNS)), Some((1.5, Quality::Good)));
    assert_eq!((mirror.counters().late, mirror.counters().applied), (1, 3));
    // The log says in which order samples came, and an integral changes with its source.
    let mut cursor = Cursor::default();
    let whats: Vec<_> = mirror.changes().read(&mut cursor).map(|change| change.what).collect();
    let new = [What::New(SPEED), What::New(TURNS)];
    assert_eq!(whats, [new, new, [What::Late(SPEED), What::Late(TURNS)]].concat());
    assert_eq!(mirror.changes().read(&mut cursor).count(), 0);
}

#[test]
fn an_offline_device_is_stale_from_then_on_and_the_past_shows_when_it_was() {
    let mut mirror = mirror(motors());
    assert_eq!(mirror.online(AssetId(1)), Presence::Unknown);
    mirror.apply(presence(T0, true));
    for tenth in 0..=30 {
        let time = T0 + tenth * S / 10;
        match tenth {
            10 => mirror.apply(presence(time, false)),
            20 => mirror.apply(presence(time, true)),
            11..20 => {}
            _ => mirror.apply(batch(time, vec![number(SPEED, Some(time), 60.0)])),
        }
    }
    let read = |time| told(mirror.reading(at(T0 + time), SPEED));
    assert_eq!(read(S - 1), Some((60.0, Quality::Good)));
    assert_eq!(read(S), Some((60.0, Quality::Stale)));
    assert_eq!(read(2 * S - 1), Some((60.0, Quality::Stale)));
    assert_eq!(read(2 * S + S / 5), Some((60.0, Quality::Good)));
    assert_eq!(mirror.online(AssetId(0)), Presence::Online);
    let turns = told(mirror.latest(TURNS)).map(|(turns, _)| turns);
    // 0.9 s before and 0.9 s after; nothing while it was away.
    assert!(turns.is_some_and(|turns| (turns - 1.8).abs() < 1e-9), "{turns:?}");
}

#[test]
fn a_source_whose_clock_is_ahead_is_shown_as_current_and_still_goes_stale() {
    let mut mirror = mirror(motors());
    const HOUR: i64 = 3600 * S;
    for second in 0..10 {
        let now = T0 + second * S;
        mirror.apply(batch(now, vec![number(SPEED, Some(now + HOUR), second as f64)]));
        mirror.tick(Timestamp(now));
    }
    let warnings = mirror.clock().warnings;
    assert_eq!(warnings, [SkewWarning { asset: AssetId(0), mapping: None, seconds: 3600.0 }]);
    let newest = mirror.newest(at(T0), SPEED);
    assert_eq!(newest, Some(Timestamp(T0 + 9 * S)), "as the view counts time");
    // All that it stated is read at other times now, which followers learn of.
    let learnt = mirror.changes().read(&mut Cursor::default());
    assert_eq!(learnt.filter(|change| change.what == What::Skew).count(), 1);
    assert_eq!(told(mirror.reading(at(T0 + 5 * S), SPEED)), Some((5.0, Quality::Good)));
    assert_eq!(told(mirror.latest(SPEED)), Some((9.0, Quality::Good)));
    mirror.tick(Timestamp(T0 + 12 * S));
    assert_eq!(told(mirror.latest(SPEED)), Some((9.0, Quality::Stale)));
}

#[test]
fn a_single_stamp_far_in_the_future_is_not_taken() {
    let mut mirror = mirror(motors());
    for second in 0..10 {
        let now = T0 + second * S;
        let stamp = if second == 6 { 2 * T0 } else { now };
        mirror.apply(batch(now, vec![number(SPEED, Some(stamp), second as f64)]));
    }
    mirror.tick(Timestamp(T0 + 9 * S));
    assert_eq!(told(mirror.latest(SPEED)), Some((9.0, Quality::Good)));
    assert_eq!(mirror.counters().future, 1);
    assert_eq!(mirror.clock().warnings, []);
}

#[test]
fn a_source_that_is_behind_is_reported_and_one_old_retained_message_is_not() {
    let mut mirror = mirror(motors());
    for second in 0..10 {
        let now = T0 + second * S;
        mirror.apply(batch(now, vec![number(SPEED, Some(now - 60 * S), 1.0)]));
        if second == 0 {
            assert_eq!(mirror.clock().warnings, []);
        }
    }
    assert_eq!(
        mirror.clock().warnings,
        [SkewWarning { asset: AssetId(0), mapping: None, seconds: -60.0 }]
    );
}

/// One machine that sends its speed and its temperature on topics of their own, each with a stamp.
fn two_mappings() -> Twin {
    let interval = Some(Duration::from_secs(1));
    let number = |name| Property { interval, ..twins::property(name, ValueType::Number) };
    let mapping = |topic, property| {
        let fields = vec![twins::field(property, "/v")];
        twins::mapping(topic, twins::json(None, twins::stamp(TimeFormat::EpochMicros), fields))
    };
    let mappings = vec![mapping("{asset}/speed", 0), mapping("{asset}/temperature", 1)];
    let class = twins::class("M", vec![number("speed"), number("temperature")], mappings);
    Twin { max_clock_skew: Duration::from_secs(2), ..twins::plant(class, ["M-1"]) }
}

#[test]
fn the_fast_clock_of_one_mapping_leaves_the_asset_s_other_values_as_they_are() {
    const TEMPERATURE: PropertyId = PropertyId(1);
    for lead in [3600 * S, -3600 * S] {
        let mut mirror = mirror(two_mappings());
        for second in 0..10 {
            let now = T0 + second * S;
            mirror.apply(batch(now, vec![number(SPEED, Some(now + lead), second as f64)]));
            mirror.apply(batch(now, vec![number(TEMPERATURE, Some(now), second as f64)]));
            mirror.tick(Timestamp(now));
        }
        let seconds = lead as f64 * 1e-6;
        let expected = SkewWarning { asset: AssetId(0), mapping: Some(0), seconds };
        assert_eq!(mirror.clock().warnings, [expected]);
        assert_eq!(told(mirror.latest(TEMPERATURE)), Some((9.0, Quality::Good)), "{lead}");
        let newest = mirror.newest(at(T0), TEMPERATURE);
        assert_eq!(newest, Some(Timestamp(T0 + 9 * S)), "{lead}");
    }
}

#[test]
fn plant_time_runs_by_the_plants_clock_and_stops_with_it() {
    let mut mirror = mirror(with_clock());
    let wall = 5 * T0 / 4;
    mirror.apply(batch(wall, vec![number(SPEED, None, 7.0)]));
    mirror.tick(Timestamp(wall));
    assert_eq!((mirror.now(), mirror.latest(SPEED)), (None, None));
    let clock = Some(ClockReading { time: Timestamp(T0), rate: 60.0 });
    mirror.apply(Batch { arrival: Timestamp(wall), clock, ..Batch::default() });
    mirror.tick(Timestamp(wall + S));
    assert_eq!(mirror.now(), Some(Timestamp(T0 + 60 * S)));
    assert_eq!(mirror.live_view().time, Timestamp(T0 + 45 * S));
    assert_eq!(mirror.latest(SPEED).map(|reading| reading.time), Some(Timestamp(T0)));
    mirror.tick(Timestamp(wall + 100 * S));
    assert_eq!(mirror.now(), Some(Timestamp(T0 + 180 * S)));
    assert!(!mirror.clock().known);
    assert_eq!(told(mirror.latest(SPEED)), Some((7.0, Quality::Stale)));
}

#[test]
fn a_plant_that_starts_anew_takes_its_history_back_to_there() {
    let mut mirror = mirror(with_clock());
    let times = [(0, 0), (1, 1), (2, 2), (3, -3600), (4, -3599), (5, -3598)];
    for (second, plant) in times {
        let (arrival, plant) = (Timestamp(2 * T0 + second * S), T0 + plant * S);
        let clock = Some(ClockReading { time: Timestamp(plant), rate: 1.0 });
        let updates = vec![number(SPEED, Some(plant), second as f64)];
        mirror.apply(Batch { arrival, updates, clock, ..Batch::default() });
        mirror.tick(arrival);
        assert_eq!(mirror.clock().restarts, u64::from(second == 5), "{second}");
    }
    assert_eq!(mirror.now(), Some(Timestamp(T0 - 3598 * S)));
    assert_eq!(told(mirror.latest(SPEED)), Some((5.0, Quality::Good)));
    assert_eq!(mirror.counters().turned_back, 3);
}

#[test]
fn one_odd_message_of_the_plants_clock_erases_nothing_whichever_way_it_is_off() {
    for odd in [-86_400, -7, 60, 86_400] {
        let mut mirror = mirror(with_clock());
        for second in 0..6 {
            let (arrival, plant) = (Timestamp(2 * T0 + second * S), T0 + second * S);
            let stated = if second == 3 { plant + odd * S } else { plant };
            let clock = Some(ClockReading { time: Timestamp(stated), rate: 1.0 });
            let updates = vec![number(SPEED, Some(plant), second as f64)];
            mirror.apply(Batch { arrival, updates, clock, ..Batch::default() });
            mirror.tick(arrival);
        }
        assert_eq!(mirror.now(), Some(Timestamp(T0 + 5 * S)), "{odd}");
        assert_eq!(mirror.history().len_of(SPEED), 6, "{odd}");
        assert_eq!((mirror.clock().restarts, mirror.counters().turned_back), (0, 0), "{odd}");
    }
}

#[test]
fn a_value_that_is_lost_keeps_the_last_one_as_bad_at_its_time() {
    let mut mirror = mirror(motors());
    let none = |time: i64| Update { value: None, ..number(SPEED, Some(T0 + time), 0.0) };
    mirror.apply(batch(T0, vec![none(0)]));
    assert_eq!((mirror.latest(SPEED), mirror.counters().no_value), (None, 1));
    assert!(mirror.unread(at(T0), SPEED).is_some_and(|why| why.contains("no value")));
    assert_eq!(mirror.unread(at(T0 - 60 * S), SPEED), None, "nothing had come");
    mirror.apply(batch(T0 + S, vec![number(SPEED, Some(T0 + S), 5.0)]));
    mirror.apply(batch(T0 + 3 * S, vec![none(3 * S)]));
    mirror.tick(Timestamp(T0 + 3 * S));
    assert_eq!(told(mirror.latest(SPEED)), Some((5.0, Quality::Bad)));
    assert_eq!(told(mirror.reading(at(T0 + 2 * S), SPEED)).map(|(number, _)| number), Some(5.0));
    mirror.apply(batch(T0 + 4 * S, vec![number(SPEED, Some(T0 + 4 * S), 6.0)]));
    assert_eq!(told(mirror.latest(SPEED)), Some((6.0, Quality::Good)));
}

#[test]
fn why_the_first_value_of_a_property_cannot_be_read_is_known_until_there_is_one() {
    let mut mirror = mirror(motors());
    let none = |at: i64| Update { value: None, ..number(SPEED, Some(T0 + at), 0.0) };
    let unreadable = |at: i64, reason: &str| Batch {
        reasons: vec![(SPEED, reason.into())],
        ..batch(T0 + at, vec![none(at)])
    };
    mirror.apply(unreadable(0, "no number"));
    mirror.apply(unreadable(S, "still none"));
    let unread = mirror.never_read(SPEED).expect("messages came");
    assert_eq!((unread.since, &*unread.reason), (Timestamp(T0), "still none"));
    let watched = |json: bool| {
        let (status, mut out) = (Status::new("test"), Vec::new());
        let options = WatchOptions { json, ..WatchOptions::default() };
        write_state(&mirror, &status, &options, &mut out).expect("memory takes it");
        String::from_utf8(out).expect("text")
    };
    let (lines, table) = (watched(true), watched(false));
    let line = lines.lines().find(|line| line.contains("still none")).expect("its line");
    assert!(line.contains(r#""quality":"bad""#) && line.contains(r#""value":null"#), "{line}");
    assert!(table.contains("has no value: still none"), "{table}");
    assert!(table.lines().any(|line| line.ends_with("  bad")), "{table}");
    mirror.apply(batch(T0 + 2 * S, vec![number(SPEED, Some(T0 + 2 * S), 6.0)]));
    assert_eq!(mirror.never_read(SPEED), None);
}

#[test]
fn a_value_that_is_lost_is_bad_at_once_and_no_longer_than_that_however_its_clock_is_off() {
    for off in [-3600, -5, 0, 5, 3600] {
        let mut mirror = mirror(motors());
        let at_source = |second: i64| T0 + (second + off) * S;
        for second in 0..10 {
            let sample = number(SPEED, Some(at_source(second)), second as f64);
            mirror.apply(batch(T0 + second * S, vec![sample]));
        }
        let lost = Update { value: None, ..number(SPEED, None, 0.0) };
        mirror.apply(batch(T0 + 10 * S, vec![lost]));
        let last = mirror.history().latest(SPEED).map(|last| (last.value, last.quality));
        assert_eq!(last, Some((Value::Number(9.0), Quality::Bad)), "{off}");
        mirror.apply(batch(T0 + 11 * S, vec![number(SPEED, Some(at_source(11)), 11.0)]));
        let last = mirror.history().latest(SPEED).map(|last| (last.value, last.quality));
        assert_eq!(last, Some((Value::Number(11.0), Quality::Good)), "{off}");
    }
}

#[test]
fn a_retained_value_without_a_stamp_is_stale_and_one_that_is_known_is_no_news() {
    let mut mirror = mirror(motors());
    let retained = |value| Update { quality: Quality::Stale, ..number(SPEED, None, value) };
    mirror.apply(batch(T0, vec![retained(7.0)]));
    mirror.tick(Timestamp(T0));
    assert_eq!(told(mirror.latest(SPEED)), Some((7.0, Quality::Stale)));
    mirror.apply(batch(T0 + S, vec![number(SPEED, None, 8.0)]));
    mirror.apply(batch(T0 + 2 * S, vec![retained(8.0)]));
    mirror.tick(Timestamp(T0 + 2 * S));
    assert_eq!(told(mirror.latest(SPEED)), Some((8.0, Quality::Good)));
    assert_eq!(mirror.latest(SPEED).map(|reading| reading.time), Some(Timestamp(T0 + S)));
}

#[test]
fn messages_of_one_moment_keep_their_order() {
    let mut mirror = mirror(motors());
    mirror.apply(batch(T0, (0..5).map(|n| number(SPEED, None, f64::from(n))).collect()));
    assert_eq!(mirror.history().len_of(SPEED), 5);
    assert_eq!(mirror.history().latest(SPEED).map(|s| s.value), Some(Value::Number(4.0)));
}

#[test]
fn what_names_no_property_or_is_of_another_type_is_counted() {
    let mut mirror = mirror(motors());
    let wrong = Update { value: Some(Value::Enumeration(2)), ..number(STATE, None, 0.0) };
    let updates = vec![
        number(PropertyId(99), None, 1.0),
        number(STATE, None, 1.0),
        wrong,
        number(TURNS, None, 1.0),
        number(SPEED, None, f64::NAN),
    ];
    mirror.apply(batch(T0, updates));
    assert_eq!((mirror.counters().unknown, mirror.counters().applied), (5, 0));
}

#[test]
fn another_definition_keeps_what_still_fits() {
    let mut mirror = mirror(motors());
    mirror.apply(batch(T0, vec![number(SPEED, None, 1.0), number(PropertyId(3), None, 2.0)]));
    mirror.tick(Timestamp(T0));
    let mut twin = motors();
    twin.assets.swap(0, 1);
    for (asset, first) in [(0, 0), (1, 3)] {
        twin.assets[asset].properties = first..first + 3;
    }
    twin.asset_by_name = [("M-2".into(), AssetId(0)), ("M-1".into(), AssetId(1))].into();
    mirror.swap_twin(Arc::new(twin), 1);
    mirror.tick(Timestamp(T0));
    assert_eq!(told(mirror.latest(SPEED)), Some((2.0, Quality::Good)));
    assert_eq!(told(mirror.latest(PropertyId(3))), Some((1.0, Quality::Good)));
    assert_eq!(mirror.counters().applied, 2);
    // What was decoded for the definition before still goes to whom it belongs.
    mirror.apply(batch(T0 + S, vec![number(SPEED, None, 5.0)]));
    let of_this = Batch { edition: 1, ..batch(T0 + S, vec![number(SPEED, None, 6.0)]) };
    mirror.apply(of_this);
    mirror.tick(Timestamp(T0 + S));
    assert_eq!(told(mirror.latest(PropertyId(3))), Some((5.0, Quality::Good)));
    assert_eq!(told(mirror.latest(SPEED)), Some((6.0, Quality::Good)));
}

#[test]
fn what_was_kept_in_one_unit_is_told_in_the_unit_of_another_definition() {
    let in_unit = |code: &str| {
        let mut twin = motors();
        let class = &mut twin.classes[0];
        let mut speed = Property::clone(&class.properties[0]);
        speed.unit = Unit::parse(code).expect("a unit");
        class.properties[0] = Arc::new(speed);
        twin
    };
    let mut mirror = mirror(in_unit("{rev}/min"));
    mirror.apply(batch(T0, vec![number(SPEED, None, 120.0)]));
    mirror.swap_twin(Arc::new(in_unit("{rev}/s")), 1);
    mirror.tick(Timestamp(T0));
    assert_eq!(told(mirror.latest(SPEED)), Some((2.0, Quality::Good)));
    // Decoded before the definition changed, taken after it.
    mirror.apply(batch(T0 + S, vec![number(SPEED, None, 240.0)]));
    mirror.tick(Timestamp(T0 + S));
    assert_eq!(told(mirror.latest(SPEED)), Some((4.0, Quality::Good)));
    mirror.swap_twin(Arc::new(in_unit("Cel")), 2);
    assert_eq!(told(mirror.latest(SPEED)), None, "a speed is no temperature");
}

proptest! {
    #[test]
    fn any_order_of_the_same_samples_any_number_of_times_gives_the_same_state(
        times in prop::collection::btree_set(0..20_000_i64, 1..40),
        seeds in prop::collection::vec(any::<prop::sample::Index>(), 1..120),
    ) {
        let samples: Vec<_> = times.iter().map(|ms| number(
            SPEED, Some(T0 + ms * 1000), (*ms as f64 * 0.37).sin() * 1000.0)).collect();
        let now = T0 + 20 * S;
        let mut sorted = mirror(motors());
        sorted.apply(batch(now, samples.clone()));
        let mut mixed = mirror(motors());
        for seed in &seeds {
            mixed.apply(batch(now, vec![samples[seed.index(samples.len())].clone()]));
        }
        mixed.apply(batch(now, samples.iter().rev().cloned().collect()));
        for step in 0..100 {
            let view = at(T0 + step * 210_000);
            prop_assert_eq!(sorted.state_hash(view), mixed.state_hash(view));
        }
    }

    #[test]
    fn a_reading_never_knows_what_comes_after_its_gap_and_never_leaves_its_samples(
        samples in prop::collection::btree_map(0..60_000_i64, -1e6..1e6_f64, 1..30),
        view_ms in -1000..70_000_i64,
    ) {
        let mut mirror = mirror(motors());
        let now = T0 + 60 * S;
        mirror.apply(batch(now, samples.iter().map(
            |(ms, value)| number(SPEED, Some(T0 + ms * 1000), *value)).collect()));
        let before = samples.range(..=view_ms).next_back();
        let after = samples.range(view_ms + 1..).next();
        let reading = told(mirror.reading(at(T0 + view_ms * 1000), SPEED));
        match (before, after) {
            (None, _) => prop_assert_eq!(reading, None),
            (Some((from, low)), Some((to, high))) if to - from <= 2500 => {
                let (value, quality) = reading.expect("a sample lies before");
                prop_assert_eq!(quality, Quality::Good);
                prop_assert!(value >= low.min(*high) && value <= low.max(*high));
            }
            (Some((from, held)), _) => {
                let fresh = view_ms - from <= 2500;
                let quality = if fresh { Quality::Good } else { Quality::Stale };
                prop_assert_eq!(reading, Some((*held, quality)));
            }
        }
    }
}

/// A table of one-minute rows, of a plant that tells its own clock.
const MINUTES: &str = "time,M-1.speed,M-1.state,M-1.turns\n\
    2026-03-01T12:00:00Z,60,off,5\n2026-03-01T12:01:00Z,120,on,5\n2026-03-01T12:02:00Z,60,on,5\n";

fn minutes() -> (Replay, Mirror) {
    let twin = Arc::new(with_clock());
    let mut replay = Replay::open(&twin, "minutes.csv", MINUTES.into()).expect("a table");
    let mut mirror = replay.mirror(twin, Budget::default());
    assert!(replay.step(&mut mirror, || false));
    (replay, mirror)
}

#[test]
fn a_table_is_mixed_between_its_rows_however_often_the_twin_expects_samples() {
    let (replay, mirror) = minutes();
    let half = at(T0 + 30 * S);
    assert_eq!(told(mirror.reading(half, SPEED)), Some((90.0, Quality::Good)));
    // Turns are counted from the speed: a minute at 60 to 120, half of it to 90 r/min.
    let turns = |t: i64| told(mirror.reading(at(T0 + t * S), TURNS)).expect("turns").0;
    assert!((turns(120) - turns(0) - 180.0).abs() < 1e-9, "{}", turns(120) - turns(0));
    assert_eq!(replay.notes().len(), 1, "turns are computed: {:?}", replay.notes());
    let counts = replay.status().counters.snapshot();
    assert_eq!((counts.messages, counts.samples, counts.malformed), (3, 6, 0));
    assert_eq!(mirror.live_view().time, Timestamp(T0 + 120 * S));
}

#[test]
fn a_table_stays_when_the_twin_file_is_saved_anew() {
    let (_, mut mirror) = minutes();
    mirror.swap_twin(Arc::new(with_clock()), 1);
    assert_eq!(told(mirror.reading(at(T0 + 30 * S), SPEED)), Some((90.0, Quality::Good)));
    assert_eq!(mirror.live_view().time, Timestamp(T0 + 120 * S));
}

#[test]
fn a_file_that_is_read_in_pieces_leads_to_the_same_state() {
    let twin = Arc::new(with_clock());
    let (_, whole) = minutes();
    let mut replay = Replay::open(&twin, "", MINUTES.into()).expect("a table");
    let mut pieces = replay.mirror(twin.clone(), Budget::default());
    while !replay.step(&mut pieces, || true) {}
    for second in 0..=120 {
        let view = at(T0 + second * S);
        assert_eq!(whole.state_hash(view), pieces.state_hash(view), "after {second} s");
    }
    assert_eq!(replay.share(), 1.0);
}

#[test]
fn what_is_neither_a_recording_nor_a_table_is_refused() {
    let twin = with_clock();
    let wrong = |text: &str| Replay::open(&twin, "", text.into()).err().expect("wrong").to_string();
    assert!(wrong("{\"a\":1}").contains("recording"));
    assert!(wrong("hello").contains("`time`"));
}

#[test]
fn what_is_predicted_is_not_answered_by_what_was_measured() {
    let mut mirror = mirror(motors());
    mirror.apply(batch(1_000_000, vec![number(SPEED, Some(1_000_000), 5.0)]));
    let view = at(1_000_000);
    assert!(mirror.reading(view, SPEED).is_some());
    let lane = Lane::Predicted { issue: IssueId(0), member: 0 };
    assert_eq!(mirror.reading(View { lane, ..view }, SPEED), None);
    assert_eq!(mirror.reading(View { lane: Lane::Estimated, ..view }, SPEED), None);
}
