//! Several sources, and several readers of one.

use super::*;
use crate::history::SourceId;

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
fn a_file_that_is_neither_a_recording_nor_a_table_opens_nothing() {
    let (mut sources, _) = opened();
    assert!(sources.open("x", "hello".into(), Budget::default()).is_err());
    assert_eq!(sources.opened().len(), 1);
}
