//! Who has a turn when.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::super::queue::Lines;
use super::{await_result, to};
use crate::worker::*;
use Priority::{Background, Interactive, Loading};

/// Those who have the next turns, each of which is given back.
fn turns(lines: &mut Lines<&'static str>, count: usize) -> String {
    let mut names = String::new();
    for _ in 0..count {
        let Some((priority, name)) = lines.pop() else { return names };
        names += name;
        lines.push(priority, name);
    }
    names
}

#[test]
fn of_eight_turns_five_are_interactive_two_load_and_one_is_in_the_background() {
    let mut lines = Lines::default();
    lines.push(Background, "b");
    lines.push(Loading, "l");
    lines.push(Interactive, "i");
    assert_eq!(turns(&mut lines, 16), "iliibiliiliibili");
}

#[test]
fn a_turn_that_nobody_of_its_priority_wants_goes_to_the_highest_that_waits() {
    let mut lines = Lines::default();
    lines.push(Background, "b");
    assert_eq!(turns(&mut lines, 3), "bbb");
    let mut lines = Lines::default();
    lines.push(Background, "b");
    lines.push(Loading, "l");
    assert_eq!(turns(&mut lines, 8), "llllblll");
}

#[test]
fn in_a_line_each_has_its_turn_before_any_has_another() {
    let mut lines = Lines::default();
    for name in ["1", "2", "3"] {
        lines.push(Loading, name);
    }
    lines.push(Interactive, "i");
    let loading: String = turns(&mut lines, 48).chars().filter(|name| *name != 'i').collect();
    assert_eq!(loading, "123".repeat(4));
}

/// Never ends.
struct Endless;

impl Run for Endless {
    type Output = ();

    fn piece(&mut self) -> Step<()> {
        std::thread::sleep(Duration::from_micros(50));
        Step::More(0.0)
    }
}

#[test]
fn work_without_an_end_keeps_no_work_of_its_own_or_a_lower_priority_from_its_turns() {
    for workers in [Workers::threads(1), Workers::in_slices()] {
        let _endless: Vec<_> =
            (0..2).map(|_| workers.carry_out(Interactive, Endless).expect("room")).collect();
        for priority in Priority::ALL {
            let job = workers.submit(priority, to(20)).expect("room");
            assert_eq!(await_result(&workers, &job), Ok(20));
        }
    }
}

#[test]
fn workers_that_are_dropped_give_up_what_is_under_way() {
    for workers in [Workers::threads(2), Workers::in_slices()] {
        let endless = workers.carry_out(Background, Endless).expect("room");
        drop(workers);
        let since = Instant::now();
        let ended = loop {
            match endless.poll() {
                Progress::Done(ended) => break ended,
                Progress::Working(_) => std::thread::sleep(Duration::from_millis(1)),
            }
            assert!(since.elapsed() < Duration::from_secs(60), "it goes on");
        };
        assert!(ended.is_err_and(|why| why.contains("have ended")));
    }
}

/// Gives what there is to do while it has its turn.
struct Looking(Arc<Workers>);

impl Run for Looking {
    type Output = Counters;

    fn piece(&mut self) -> Step<Counters> {
        Step::Done(Ok(self.0.counters()))
    }
}

#[test]
fn what_waits_and_what_runs_is_counted() {
    let workers = Arc::new(Workers::in_slices());
    let _jobs: Vec<_> = (0..3).map(|_| workers.submit(Background, to(2)).expect("room")).collect();
    let looking = workers.carry_out(Interactive, Looking(workers.clone())).expect("room");
    assert_eq!(workers.counters(), Counters { queued: [1, 0, 3], running: 0, refused: 0 });
    let counters = await_result(&workers, &looking);
    assert_eq!(counters, Ok(Counters { queued: [0, 0, 3], running: 1, refused: 0 }));
    workers.run_until(&Budget::until(&|| false));
    assert_eq!(workers.counters(), Counters::default());
}
