//! Threads, slices and bytes do the same work.

mod actors;
mod turns;

use std::cell::Cell;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use super::remote::{Host, Reply, Work, begin, result, written};
use super::*;
use crate::cad::{DecodeModel, Model};

/// Counts; fails or panics at a number.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Count {
    to: u32,
    fails_at: Option<u32>,
    panics_at: Option<u32>,
}

pub(super) struct Counting(Count, u32);

static PIECES: AtomicU32 = AtomicU32::new(0);

impl Job for Count {
    const KIND: &'static str = "count";
    type Output = u32;
    type Run = Counting;

    fn begin(self) -> Counting {
        Counting(self, 0)
    }
}

impl Run for Counting {
    type Output = u32;

    fn piece(&mut self) -> Step<u32> {
        PIECES.fetch_add(1, Ordering::Relaxed);
        self.1 += 1;
        assert_ne!(self.0.panics_at, Some(self.1));
        if self.0.fails_at == Some(self.1) {
            return Step::Done(Err(format!("no further than {}", self.1)));
        }
        match self.1 == self.0.to {
            true => Step::Done(Ok(self.1)),
            false => Step::More(self.1 as f32 / self.0.to as f32),
        }
    }
}

pub(super) fn to(to: u32) -> Count {
    Count { to, ..Count::default() }
}

pub(super) fn await_result<T>(workers: &Workers, ticket: &Ticket<T>) -> Result<T, String> {
    let since = Instant::now();
    while since.elapsed() < Duration::from_secs(60) {
        workers.run_slice(Duration::from_millis(1));
        if let Progress::Done(result) = ticket.poll() {
            return result;
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    panic!("the work does not end");
}

#[test]
fn threads_and_slices_give_results_failures_and_faults_alike() {
    let quiet = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| {}));
    for workers in [Workers::threads(2), Workers::in_slices()] {
        let good = workers.submit(Priority::Loading, to(1000)).expect("room");
        let bad =
            workers.submit(Priority::Loading, Count { fails_at: Some(3), ..to(5) }).expect("room");
        let worse =
            workers.submit(Priority::Loading, Count { panics_at: Some(2), ..to(5) }).expect("room");
        let after = workers.submit(Priority::Loading, to(2)).expect("room");
        assert_eq!(await_result(&workers, &good), Ok(1000));
        assert_eq!(await_result(&workers, &bad), Err("no further than 3".into()));
        assert!(await_result(&workers, &worse).is_err_and(|why| why.contains("fault")));
        assert_eq!(await_result(&workers, &after), Ok(2));
    }
    std::panic::set_hook(quiet);
}

#[test]
fn a_slice_ends_when_its_budget_is_spent_and_each_job_gets_its_turn() {
    let workers = Workers::in_slices();
    let long = workers.submit(Priority::Loading, to(1_000_000)).expect("room");
    let short = workers.submit(Priority::Loading, to(3)).expect("room");
    let looks = Cell::new(0);
    let six_pieces = || {
        looks.set(looks.get() + 1);
        looks.get() == 6
    };
    workers.run_until(&Budget::until(&six_pieces));
    assert_eq!(short.poll(), Progress::Done(Ok(3)));
    assert_eq!(long.poll(), Progress::Working(3e-6));
}

#[test]
fn a_job_that_nobody_wants_any_more_is_given_up() {
    let workers = Workers::in_slices();
    drop(workers.submit(Priority::Loading, to(u32::MAX)).expect("room"));
    let before = PIECES.load(Ordering::Relaxed);
    let wanted = workers.submit(Priority::Loading, to(1)).expect("room");
    assert_eq!(await_result(&workers, &wanted), Ok(1));
    // Other tests count too, but not four billion times.
    assert!(PIECES.load(Ordering::Relaxed) - before < 10_000_000);
    let threads = Workers::threads(1);
    drop(threads.submit(Priority::Loading, to(u32::MAX)).expect("room"));
    let wanted = threads.submit(Priority::Loading, to(1)).expect("room");
    assert_eq!(await_result(&threads, &wanted), Ok(1));
}

#[test]
fn more_jobs_than_may_wait_are_refused() {
    let workers = Workers::in_slices();
    let taken: Vec<_> =
        std::iter::from_fn(|| workers.submit(Priority::Loading, to(1)).ok()).take(10_000).collect();
    assert_eq!(taken.len(), 4096);
    assert!(Busy.to_string().contains("4096"));
    assert_eq!(workers.counters().refused, 1);
    // Those of another priority have places of their own.
    assert!(workers.submit(Priority::Interactive, to(1)).is_ok());
    assert_eq!(workers.counters().queued, [1, 4096, 0]);
}

fn kinds(kind: &str, job: &[u8]) -> Result<Work, String> {
    match kind {
        Count::KIND => written::<Count>(job),
        other => crate::jobs::begin(other, job),
    }
}

/// Runs a job through bytes alone.
fn through_bytes<J: Job>(job: &J) -> Result<J::Output, String> {
    let mut host = Host::new(kinds);
    assert_eq!(host.receive(&begin(7, job)?)?, None);
    loop {
        let reply = host.step(&Budget::until(&|| true)).expect("there is work");
        let wire = postcard::to_stdvec(&reply).expect("bytes");
        match postcard::from_bytes(&wire).expect("a reply") {
            Reply::Working(7, _) => {}
            Reply::Done(7, done) => return result::<J>(&done?),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn a_job_gives_the_same_through_bytes_and_what_is_unknown_is_why() {
    assert_eq!(through_bytes(&to(9)), Ok(9));
    let failing = Count { fails_at: Some(2), ..to(9) };
    assert_eq!(through_bytes(&failing), Err("no further than 2".into()));
    let mut host = Host::new(kinds);
    let order = remote::Order::Begin { id: 1, kind: "cont".into(), job: vec![] };
    let order = postcard::to_stdvec(&order).expect("bytes");
    let reply = host.receive(&order).expect("an order");
    assert!(matches!(reply, Some(Reply::Done(1, Err(why))) if why.contains("`cont`")));
    assert!(host.receive(&[0xff; 9]).is_err());
    host.receive(&begin(2, &to(u32::MAX)).expect("bytes")).expect("an order");
    host.receive(&postcard::to_stdvec(&remote::Order::Cancel(2)).expect("bytes"))
        .expect("an order");
    assert!(host.is_idle());
}

#[test]
fn every_model_is_decoded_alike_by_a_file_a_thread_slices_and_bytes() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("assets/models");
    let (threads, slices) = (Workers::threads(2), Workers::in_slices());
    let mut count = 0;
    for entry in std::fs::read_dir(folder).expect("models") {
        let path = entry.expect("a file").path();
        let bytes = std::fs::read(&path).expect("its bytes");
        let job = DecodeModel { bytes, ..DecodeModel::default() };
        let expected = Model::open(&path).expect("a model");
        for workers in [&threads, &slices] {
            let ticket = workers.submit(Priority::Loading, job.clone()).expect("room");
            assert!(await_result(workers, &ticket) == Ok(expected.clone()), "{}", path.display());
        }
        assert!(through_bytes(&job) == Ok(expected), "{}", path.display());
        count += 1;
    }
    assert!(count > 20);
}
