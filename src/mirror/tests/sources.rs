//! Several sources, and several readers of one.

use super::*;
use crate::history::SourceId;
use crate::support::twins::{mapping, scalar};
use crate::telemetry::recording::{Recorded, header};

#[test]
fn two_followers_of_one_mirror_do_not_disturb_each_other_and_the_slow_one_catches_up() {
    let mut mirror = mirror(motors());
    let (mut quick, mut slow) = (mirror.changes().end(), mirror.changes().end());
    let mut seen = 0;
    let rounds = mirror.changes().capacity() as i64 / 2 + 500;
    for round in 0..rounds {
        mirror.apply(batch(T0 + round * 1000, vec![number(SPEED, None, round as f64)]));
        let unread = mirror.changes().read(&mut quick);
        assert!(!unread.is_behind());
        seen += unread.count();
    }
    assert_eq!(seen, 2 * rounds as usize, "the speed and what is counted from it");
    let unread = mirror.changes().read(&mut slow);
    assert_eq!(unread.missed, 1000);
    // What it missed stands in history.
    let last = T0 + (rounds - 1) * 1000;
    assert_eq!(told(mirror.reading(at(last), SPEED)), Some(((rounds - 1) as f64, Quality::Good)));
    assert_eq!(mirror.changes().read(&mut quick).count(), 0);
}

fn opened() -> (Sources, SourceId) {
    let twin = Arc::new(with_clock());
    let mut sources = Sources::new(Mirror::new(twin, Budget::default()));
    let id = sources.open("minutes.csv", MINUTES.into(), Budget::default()).expect("a table");
    (sources, id)
}

#[test]
fn a_recording_stands_beside_the_live_plant_and_both_go_on() {
    let (mut sources, recording) = opened();
    let clock = |second: i64| {
        let told = ClockReading { time: Timestamp(2 * T0 + second * S), rate: 1.0 };
        Batch { arrival: Timestamp(2 * T0 + second * S), clock: Some(told), ..Batch::default() }
    };
    let mut live = sources.changes(SourceId::LIVE).expect("it has a log").end();
    let mut spans = Vec::new();
    for second in 0..3 {
        let time = 2 * T0 + second * S;
        sources.live_mut().apply(clock(second));
        sources.live_mut().apply(batch(time, vec![number(SPEED, None, 7.0)]));
        sources.live_mut().tick(Timestamp(time));
        // A row of the file in each round.
        sources.read_on(|| true);
        spans.push([SourceId::LIVE, recording].map(|id| sources.span(id).expect("known").to.0));
    }
    assert!(spans.is_sorted() && spans[0][0] < spans[2][0] && spans[0][1] < spans[2][1]);
    let of_live = View::live(Timestamp(2 * T0 + 2 * S));
    let of_recording = View { source: recording, ..at(T0 + 30 * S) };
    assert_eq!(told(sources.reading(of_live, SPEED)), Some((7.0, Quality::Good)));
    assert_eq!(told(sources.reading(of_recording, SPEED)), Some((90.0, Quality::Good)));
    // Whoever follows the plant reads nothing of the recording.
    let log = sources.changes(SourceId::LIVE).expect("it has a log");
    let speeds = log.read(&mut live).filter(|change| change.what == What::New(SPEED));
    assert_eq!(speeds.count(), 3);
}

#[test]
fn a_source_that_was_closed_or_never_opened_knows_nothing() {
    let (mut sources, recording) = opened();
    sources.read_on(|| false);
    assert!(sources.find(recording).is_some_and(|opened| opened.is_read()));
    assert!(sources.close(recording) && !sources.close(recording));
    assert!(!sources.close(SourceId::LIVE), "the plant stays");
    let view = View { source: recording, ..at(T0 + 30 * S) };
    assert_eq!(sources.reading(view, SPEED), None);
    assert_eq!(sources.span(recording), None);
    let next = sources.open("again.csv", MINUTES.into(), Budget::default()).expect("a table");
    assert_ne!(next, recording, "numbers are not used twice");
}

#[test]
fn two_files_are_read_in_turns() {
    let (mut sources, one) = opened();
    let two = sources.open("two.csv", MINUTES.into(), Budget::default()).expect("a table");
    (0..3).for_each(|_| sources.read_on(|| true));
    for id in [one, two] {
        assert!(sources.span(id).is_some_and(|span| span.to >= Timestamp(T0 + 60 * S)), "{id:?}");
    }
}

#[test]
fn files_stay_in_the_order_in_which_they_were_opened_while_each_is_first_in_its_turn() {
    let (mut sources, one) = opened();
    let rows = |count: i64| {
        let rows = (0..count).map(|row| format!("{},{row}\n", T0 / S + row));
        format!("time,M-1.speed\n{}", rows.collect::<String>()).into_bytes()
    };
    let [two, three] =
        [20, 20].map(|count| sources.open("", rows(count), Budget::default()).expect("a table"));
    sources.read_on(|| false);
    assert!(sources.close(one));
    let four = sources.open("", rows(20), Budget::default()).expect("a table");
    let five = sources.open("", rows(20), Budget::default()).expect("a table");
    let order = |sources: &Sources| sources.opened().iter().map(Opened::id).collect::<Vec<_>>();
    let share = |sources: &Sources, id| sources.find(id).expect("it is open").share();
    for round in 0..4 {
        // Time for two rows beside the one that each file is given.
        let mut left = 2;
        let before = [four, five].map(|id| share(&sources, id));
        sources.read_on(|| {
            left -= 1;
            left < 0
        });
        let read = [four, five].map(|id| share(&sources, id));
        let [by_four, by_five] = [read[0] - before[0], read[1] - before[1]];
        assert_eq!(by_four > by_five, round % 2 == 0, "round {round}: {by_four} {by_five}");
        assert_eq!(order(&sources), [two, three, four, five]);
    }
}

/// The motors with their properties in another order, which is another each time.
fn saved_anew(times: usize) -> Arc<Twin> {
    let mut twin = motors();
    let class = &mut twin.classes[0];
    let places = class.properties.len();
    class.properties.rotate_left(times % places);
    let place = |old: u16| ((usize::from(old) + places - times % places) % places) as u16;
    for property in &mut class.properties {
        let property = Arc::make_mut(property);
        if let Some(of) = &mut property.integral_of {
            of.property = place(of.property);
        }
    }
    class.mappings = vec![mapping("{asset}/speed", scalar(Some(place(0))))];
    Arc::new(twin)
}

/// What an opened file says of the first motor's speed, when the twin file is saved anew after each
/// of its messages or rows.
fn speeds_while_the_twin_file_is_saved(file: Vec<u8>) -> (Vec<Option<f64>>, u64) {
    let mut sources = Sources::new(Mirror::new(saved_anew(0), Budget::default()));
    let id = sources.open("", file, Budget::default()).expect("it is readable");
    let mut speeds = Vec::new();
    for times in 1..=10 {
        sources.read_on(|| true);
        let twin = saved_anew(times);
        sources.redefine(&twin, times as u32);
        let speed = twin.property_by_path("M-1.speed").expect("it has one");
        let view = View { source: id, ..at(T0 + (times as i64 - 1) * S) };
        speeds.push(told(sources.reading(view, speed)).map(|(speed, _)| speed));
    }
    let mirror = sources.get(id).expect("it is open");
    (speeds, mirror.counters().unknown)
}

#[test]
fn an_opened_table_follows_the_twin_file_however_often_it_is_saved() {
    let rows = (0..10).map(|row| format!("{},{row},on\n", T0 / S + row));
    let table = format!("time,M-1.speed,M-2.state\n{}", rows.collect::<String>());
    let (speeds, unknown) = speeds_while_the_twin_file_is_saved(table.into());
    let expected: Vec<_> = (0..10).map(|row| Some(f64::from(row))).collect();
    assert_eq!((speeds, unknown), (expected, 0));
}

#[test]
fn an_opened_recording_follows_the_twin_file_however_often_it_is_saved() {
    let line = |second: i64| {
        let at = Timestamp(T0 + second * S);
        let (topic, payload) = ("M-1/speed".into(), second.to_string().into_bytes());
        format!("{}\n", Recorded { at, topic, qos: 0, retained: false, payload }.line())
    };
    let messages: String = (0..10).map(line).collect();
    let text = format!("{}\n{messages}", header("motors"));
    let (speeds, unknown) = speeds_while_the_twin_file_is_saved(text.into());
    let expected: Vec<_> = (0..10).map(|row| Some(f64::from(row))).collect();
    assert_eq!((speeds, unknown), (expected, 0));
}

#[test]
fn a_file_that_is_neither_a_recording_nor_a_table_opens_nothing() {
    let (mut sources, _) = opened();
    assert!(sources.open("x", "hello".into(), Budget::default()).is_err());
    assert_eq!(sources.opened().len(), 1);
}
