//! Tests: looks at the state, one after the other, and what a file that is replayed is told.

use super::super::hash::Looks;
use super::*;
use crate::telemetry::recording::{Recorded, header};

/// What happens between two looks.
#[derive(Clone, Debug)]
enum Step {
    /// A sample of a property, its stamp so many milliseconds ahead of wall time.
    Sample {
        property: u32,
        ahead_ms: i64,
        value: f64,
        quality: Quality,
    },
    /// A sample without a stamp.
    Unstamped {
        property: u32,
        value: f64,
    },
    Presence {
        online: bool,
    },
    /// The plant's clock says that it is so many milliseconds ahead of wall time.
    Clock {
        ahead_ms: i64,
        rate: f64,
    },
    /// Nothing for so many milliseconds.
    Wait {
        ms: i64,
    },
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let quality = prop::sample::select(vec![Quality::Good, Quality::Uncertain, Quality::Bad]);
    let ahead = prop_oneof![8 => -3_000..200_i64, 1 => 3_000..9_000_i64, 1 => -60_000..-3_000_i64];
    let clock = (prop_oneof![4 => -300..300_i64, 1 => -90_000..90_000_i64], 0.5..3.0_f64);
    let step = prop_oneof![
        8 => (0..6_u32, ahead, -50.0..50.0_f64, quality).prop_map(
            |(property, ahead_ms, value, quality)| Step::Sample { property, ahead_ms, value, quality }
        ),
        2 => (0..6_u32, -9.0..9.0_f64)
            .prop_map(|(property, value)| Step::Unstamped { property, value }),
        1 => any::<bool>().prop_map(|online| Step::Presence { online }),
        1 => clock.prop_map(|(ahead_ms, rate)| Step::Clock { ahead_ms, rate: rate.round() }),
        8 => (20..700_i64).prop_map(|ms| Step::Wait { ms }),
        1 => (2_000..15_000_i64).prop_map(|ms| Step::Wait { ms }),
    ];
    prop::collection::vec(step, 1..150)
}

/// A value of the property's type.
fn value_of(twin: &Twin, id: PropertyId, value: f64) -> Value {
    match twin.property(id).ty {
        ValueType::Enumeration(_) => Value::Enumeration(u16::from(value > 0.0)),
        _ => Value::Number(value),
    }
}

fn follow(twin: Twin, steps: &[Step]) -> Result<(), TestCaseError> {
    let count = twin.property_count() as u32;
    let mut mirror = mirror(twin);
    let mut looks = Looks::default();
    let mut wall = T0;
    for step in steps {
        let update = |property: u32, time, value, quality| {
            let property = PropertyId(property % count);
            let value = Some(value_of(mirror.twin(), property, value));
            Update { property, time, value, quality }
        };
        match *step {
            Step::Sample { property, ahead_ms, value, quality } => {
                let stamp = Some(Timestamp(wall + ahead_ms * 1000));
                let update = update(property, stamp, value, quality);
                mirror.apply(batch(wall, vec![update]));
            }
            Step::Unstamped { property, value } => {
                let update = update(property, None, value, Quality::Good);
                mirror.apply(batch(wall, vec![update]));
            }
            Step::Presence { online } => mirror.apply(presence(wall, online)),
            Step::Clock { ahead_ms, rate } => {
                let time = Timestamp(wall + ahead_ms * 1000);
                let clock = Some(ClockReading { time, rate });
                mirror.apply(Batch { clock, ..batch(wall, Vec::new()) });
            }
            Step::Wait { ms } => {
                for _ in 0..3 {
                    wall += ms * 1000 / 3;
                    mirror.tick(Timestamp(wall));
                    prop_assert_eq!(looks.look(&mirror), mirror.state_hash(mirror.live_view()));
                }
            }
        }
    }
    mirror.end();
    prop_assert_eq!(looks.look(&mirror), mirror.state_hash(mirror.live_view()));
    Ok(())
}

proptest! {
    #[test]
    fn looks_that_follow_what_changed_give_the_hash_of_the_whole_state(steps in steps()) {
        follow(motors(), &steps)?;
        follow(with_clock(), &steps)?;
    }
}

#[test]
fn a_look_reads_only_what_may_read_differently() {
    let mut mirror = mirror(motors());
    let mut looks = Looks::default();
    mirror.apply(batch(T0, vec![number(SPEED, None, 60.0)]));
    let mut look = |mirror: &mut Mirror, ms: i64| {
        mirror.tick(Timestamp(T0 + ms * 1000));
        let hash = looks.look(mirror);
        assert_eq!(hash, mirror.state_hash(mirror.live_view()), "after {ms} ms");
        looks.reads
    };
    // Before the sample, from it on, on and on, and once when it is stale.
    let read: Vec<u64> =
        [100, 500, 600, 900, 2_000, 9_000, 9_100].map(|ms| look(&mut mirror, ms)).into();
    let new: Vec<u64> = read.windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert_eq!(new, [2, 0, 0, 0, 2, 0], "of the speed and its integral");
}

#[test]
fn each_of_many_bad_messages_of_one_second_is_told_its_own_reason() {
    let twin = Arc::new(motors());
    let mut text = header("motors") + "\n";
    for number in 0..120_i64 {
        let at = Timestamp(T0 + number * 1_000);
        let topic = format!("unknown/{number}");
        let payload = b"1".to_vec();
        text += &Recorded { at, topic, qos: 0, retained: false, payload }.line();
        text.push('\n');
    }
    let replayed = replay(&twin, text.into_bytes()).expect("a recording");
    assert_eq!((replayed.faults, replayed.more_unused), (120, 20));
    for (unused, number) in replayed.unused.iter().zip(0..) {
        let topic = format!("unknown/{number}: ");
        assert!(unused.reason.starts_with(&topic) && unused.line == number + 2, "{unused}");
    }
    assert_eq!(replayed.unused.len(), 100);
}
