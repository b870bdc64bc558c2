//! What actors give does not depend on who runs them.

use std::time::{Duration, Instant};

use proptest::prelude::*;

use super::super::mailbox::REPORTS;
use super::{await_result, to};
use crate::twin::Timestamp;
use crate::worker::*;

/// What a message asks for: pieces, each with so many results, each so much later.
#[derive(Clone, Debug)]
struct Ask {
    pieces: u32,
    results: u32,
    later: i64,
    /// In its last piece it fails or panics.
    ends: Option<&'static str>,
}

const ONE: Ask = Ask { pieces: 1, results: 1, later: 0, ends: None };

/// Sums what it was asked for.
#[derive(Default)]
struct Summing {
    ask: Option<(Timestamp, Ask)>,
    sum: u64,
}

impl Actor for Summing {
    type Message = Ask;
    type Output = u64;

    fn receive(&mut self, at: Timestamp, ask: Ask) {
        assert!(self.ask.is_none(), "the one before is dealt with");
        self.ask = Some((at, ask));
    }

    fn piece(&mut self, out: &mut Outbox<u64>) -> Step<()> {
        let Some((at, ask)) = &mut self.ask else { return Step::Done(Ok(())) };
        for _ in 0..ask.results {
            self.sum = self.sum.wrapping_mul(31) + 1;
            *at = at.plus_micros(ask.later);
            out.emit(*at, self.sum);
        }
        ask.pieces = ask.pieces.saturating_sub(1);
        if ask.pieces > 0 {
            return Step::More(0.0);
        }
        match ask.ends {
            Some("panics") => panic!("as asked"),
            Some(why) => Step::Done(Err(why.into())),
            None => {
                self.ask = None;
                Step::Done(Ok(()))
            }
        }
    }
}

/// What an owner does: sends to an actor so much later, then perhaps collects.
#[derive(Clone, Debug)]
struct Act {
    actor: usize,
    later: i64,
    ask: Ask,
    collects: bool,
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let ends = prop_oneof![
        30 => Just(None), 1 => Just(Some("panics")), 1 => Just(Some("cannot go on"))
    ];
    let ask = (0..4_u32, 0..4_u32, -1..4_i64, ends);
    let act = (0..4_usize, 0..3_i64, ask, any::<bool>());
    let act = act.prop_map(|(actor, later, (pieces, results, step, ends), collects)| Act {
        actor,
        later,
        ask: Ask { pieces, results, later: step, ends },
        collects,
    });
    prop::collection::vec(act, 0..60)
}

/// All reports, in the order in which they were given.
fn applied(workers: &Workers, acts: &[Act]) -> Vec<Report<u64>> {
    let since = Instant::now();
    let mut actors = Actors::new();
    let handles: Vec<_> = (0..4)
        .map(|at| {
            let priority = Priority::ALL[at % 3];
            actors.begin(workers, priority, 2, Summing::default()).expect("room")
        })
        .collect();
    let mut reports = Vec::new();
    let mut now = Timestamp(0);
    for act in acts {
        // What was closed takes no more.
        now = now.plus_micros(act.later).max(actors.closed().plus_micros(1));
        let mut ask = act.ask.clone();
        while let Err(refused) = handles[act.actor].send(now, ask) {
            if refused.why == Refusal::Ended {
                break;
            }
            assert_eq!(refused.why, Refusal::Full(2));
            ask = refused.message;
            workers.run_slice(Duration::from_micros(100));
            assert!(since.elapsed() < Duration::from_secs(60), "it stands");
        }
        if act.collects {
            reports.extend(actors.collect(now).reports);
        }
    }
    loop {
        let collected = actors.collect(Timestamp::MAX);
        reports.extend(collected.reports);
        if collected.is_complete {
            return reports;
        }
        workers.run_slice(Duration::from_millis(1));
        assert!(since.elapsed() < Duration::from_secs(60), "it does not end");
    }
}

/// The same without workers: each actor's messages one after another, then all reports sorted.
fn expected(acts: &[Act]) -> Vec<Report<u64>> {
    let mut reports = Vec::new();
    for actor in 0..4 {
        let (mut closed, mut now, mut sequence, mut sum) = (Timestamp::MIN, Timestamp(0), 0, 0);
        let mut reached = Timestamp::MIN;
        let mut has_ended = false;
        for act in acts {
            now = now.plus_micros(act.later).max(closed.plus_micros(1));
            if act.collects {
                closed = now;
            }
            if act.actor != actor || has_ended {
                continue;
            }
            reached = reached.max(now);
            let mut at = now;
            let mut report = |time, output| {
                reports.push(Report { time, actor: ActorId(actor as u64), sequence, output });
                sequence += 1;
            };
            for _ in 0..act.ask.pieces.max(1) * act.ask.results {
                sum = u64::wrapping_mul(sum, 31) + 1;
                at = at.plus_micros(act.ask.later);
                reached = reached.max(at);
                report(reached, Ok(sum));
            }
            if let Some(why) = act.ask.ends {
                let why = if why == "panics" { crate::worker::task::FAULT } else { why };
                report(reached, Err(why.to_owned()));
                has_ended = true;
            }
        }
    }
    reports.sort_by_key(|report| (report.time, report.actor, report.sequence));
    reports
}

proptest! {
    #[test]
    fn the_applied_results_are_the_same_on_one_two_and_four_threads_and_in_slices(acts in acts()) {
        let quiet = std::panic::take_hook();
        std::panic::set_hook(Box::new(|_| {}));
        let all = [Workers::threads(1), Workers::threads(2), Workers::threads(4), Workers::in_slices()]
            .map(|workers| applied(&workers, &acts));
        std::panic::set_hook(quiet);
        let expected = expected(&acts);
        for applied in all {
            prop_assert_eq!(&applied, &expected);
        }
    }
}

/// Collects until all up to that time are there.
fn collect(workers: &Workers, actors: &mut Actors<u64>, until: i64) -> Vec<Report<u64>> {
    let since = Instant::now();
    let mut reports = Vec::new();
    loop {
        let collected = actors.collect(Timestamp(until));
        reports.extend(collected.reports);
        if collected.is_complete {
            return reports;
        }
        workers.run_slice(Duration::from_millis(1));
        assert!(since.elapsed() < Duration::from_secs(60), "it does not end");
    }
}

#[test]
fn results_wait_for_those_that_may_come_before_them_and_for_no_others() {
    let workers = Workers::in_slices();
    let mut actors = Actors::new();
    let slow = actors.begin(&workers, Priority::Background, 4, Summing::default()).expect("room");
    let quick = actors.begin(&workers, Priority::Interactive, 4, Summing::default()).expect("room");
    quick.send(Timestamp(5), ONE).expect("taken");
    slow.send(Timestamp(10), Ask { pieces: 100, ..ONE }).expect("taken");
    quick.send(Timestamp(20), ONE).expect("taken");
    let few = |count| {
        let pieces = std::cell::Cell::new(0);
        workers.run_until(&Budget::until(&|| pieces.replace(pieces.get() + 1) == count));
    };
    few(20);
    // The slow one stands at 10: what the quick one gave at 5 is certain, what at 20 is not.
    let collected = actors.collect(Timestamp(30));
    let quick_at = |report: &&Report<u64>| report.actor == quick.id();
    let times: Vec<_> = collected.reports.iter().filter(quick_at).map(|r| r.time.0).collect();
    assert_eq!((times, collected.is_complete), (vec![5], false));
    let rest = collect(&workers, &mut actors, 30);
    assert_eq!(rest.last().map(|report| (report.time.0, report.actor)), Some((20, quick.id())));
    drop(slow);
}

#[test]
fn an_actor_that_says_how_far_it_is_holds_up_nobody_before_that() {
    struct Reaching;
    impl Actor for Reaching {
        type Message = i64;
        type Output = u64;
        fn receive(&mut self, _: Timestamp, _: i64) {}
        fn piece(&mut self, out: &mut Outbox<u64>) -> Step<()> {
            out.reach(Timestamp(100));
            Step::More(0.0)
        }
    }
    let workers = Workers::in_slices();
    let mut actors = Actors::new();
    let reaching = actors.begin(&workers, Priority::Loading, 1, Reaching).expect("room");
    let other = actors.begin(&workers, Priority::Loading, 1, Summing::default()).expect("room");
    reaching.send(Timestamp(1), 0).expect("taken");
    other.send(Timestamp(50), ONE).expect("taken");
    assert_eq!(collect(&workers, &mut actors, 60).len(), 1);
    assert!(!actors.collect(Timestamp(100)).is_complete);
}

#[test]
fn a_mailbox_that_is_full_refuses_and_counts_and_gives_the_message_back() {
    let workers = Workers::in_slices();
    let mut actors = Actors::new();
    let actor = actors.begin(&workers, Priority::Loading, 2, Summing::default()).expect("room");
    for at in 1..=2 {
        actor.send(Timestamp(at), ONE).expect("taken");
    }
    let refused = actor.send(Timestamp(3), Ask { pieces: 7, ..ONE }).expect_err("it is full");
    assert_eq!((refused.message.pieces, refused.why), (7, Refusal::Full(2)));
    assert_eq!((actor.waiting(), actor.refused()), (2, 1));
    assert_eq!(collect(&workers, &mut actors, 2).len(), 2);
    let closed = actor.send(Timestamp(2), ONE).expect_err("that time is over").why;
    assert_eq!(closed, Refusal::Closed(Timestamp(2)));
    actor.send(Timestamp(3), ONE).expect("taken");
    assert_eq!(actor.refused(), 2);
}

#[test]
fn actors_without_an_end_on_one_thread_do_not_hold_up_loading() {
    for workers in [Workers::threads(1), Workers::in_slices()] {
        let mut actors = Actors::new();
        let endless: Vec<_> = (0..2)
            .map(|_| {
                let actor = Summing::default();
                let begun = actors.begin(&workers, Priority::Interactive, 1, actor).expect("room");
                let ask = Ask { pieces: u32::MAX, results: 0, ..ONE };
                begun.send(Timestamp(0), ask).expect("taken");
                begun
            })
            .collect();
        let job = workers.submit(Priority::Loading, to(1000)).expect("room");
        assert_eq!(await_result(&workers, &job), Ok(1000));
        drop(endless);
        // Given up: nothing more is waited for.
        assert!(actors.collect(Timestamp::MAX).is_complete);
    }
}

#[test]
fn an_actor_that_panics_ends_with_a_last_report_and_its_thread_goes_on() {
    let quiet = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| {}));
    let workers = Workers::threads(1);
    let mut actors = Actors::new();
    let bad = actors.begin(&workers, Priority::Loading, 4, Summing::default()).expect("room");
    let good = actors.begin(&workers, Priority::Loading, 4, Summing::default()).expect("room");
    bad.send(Timestamp(1), Ask { ends: Some("panics"), ..ONE }).expect("taken");
    good.send(Timestamp(2), ONE).expect("taken");
    let reports = collect(&workers, &mut actors, 2);
    std::panic::set_hook(quiet);
    assert_eq!(reports.len(), 3);
    assert!(reports[1].output.as_ref().is_err_and(|why| why.contains("fault")));
    assert_eq!(reports[2].actor, good.id());
    let refused = bad.send(Timestamp(3), ONE).expect_err("it has ended");
    assert_eq!(refused.why, Refusal::Ended);
}

#[test]
fn an_actor_whose_results_nobody_collects_sleeps_until_somebody_does() {
    let workers = Workers::in_slices();
    let mut actors = Actors::new();
    let actor = actors.begin(&workers, Priority::Loading, 1, Summing::default()).expect("room");
    actor.send(Timestamp(1), Ask { pieces: 3000, ..ONE }).expect("taken");
    workers.run_until(&Budget::until(&|| false));
    assert_eq!(workers.counters().queued, [0; 3]);
    let first = actors.collect(Timestamp(1));
    assert_eq!((first.reports.len(), first.is_complete), (REPORTS, false));
    assert_eq!(collect(&workers, &mut actors, 1).len(), 3000 - REPORTS);
}

#[test]
fn an_actor_keeps_its_place_until_it_is_given_up() {
    let workers = Workers::in_slices();
    let mut actors = Actors::<u64>::new();
    let begin = |actors: &mut Actors<u64>| {
        actors.begin(&workers, Priority::Background, 1, Summing::default())
    };
    let mut all: Vec<_> = std::iter::from_fn(|| begin(&mut actors).ok()).take(5000).collect();
    assert_eq!(all.len(), 4096);
    all.pop();
    assert!(begin(&mut actors).is_ok());
}

#[test]
fn the_last_report_of_an_actor_whose_workers_are_gone_follows_all_that_was_given() {
    let workers = Workers::in_slices();
    let mut actors = Actors::new();
    let [one, other] = [(); 2]
        .map(|()| actors.begin(&workers, Priority::Loading, 4, Summing::default()).expect("room"));
    one.send(Timestamp(1), ONE).expect("taken");
    other.send(Timestamp(3), ONE).expect("taken");
    assert_eq!(collect(&workers, &mut actors, 4).len(), 2);
    drop(workers);
    one.send(Timestamp(5), ONE).expect("it is not known yet that nobody works");
    let last = actors.collect(Timestamp(9)).reports;
    assert_eq!(last.len(), 1);
    assert_eq!((last[0].time, last[0].actor), (Timestamp(5), one.id()));
    assert!(last[0].output.is_err());
}

#[test]
fn what_an_actor_gives_after_it_was_given_up_is_dropped() {
    use std::sync::{Arc, Mutex};

    type Held = Arc<Mutex<Option<Handle<()>>>>;
    /// Is given up while it works.
    struct Leaving(Held);
    impl Actor for Leaving {
        type Message = ();
        type Output = u64;
        fn receive(&mut self, _: Timestamp, (): ()) {}
        fn piece(&mut self, out: &mut Outbox<u64>) -> Step<()> {
            drop(self.0.lock().expect("not poisoned").take());
            out.emit(Timestamp(1), 1);
            Step::Done(Ok(()))
        }
    }
    let workers = Workers::in_slices();
    let mut actors = Actors::new();
    let held = Held::default();
    let actor = actors.begin(&workers, Priority::Loading, 1, Leaving(held.clone())).expect("room");
    actor.send(Timestamp(1), ()).expect("taken");
    *held.lock().expect("not poisoned") = Some(actor);
    workers.run_until(&Budget::until(&|| false));
    assert!(held.lock().expect("not poisoned").is_none(), "it had its turn");
    assert_eq!(collect(&workers, &mut actors, 1), []);
}
