//! Who does the work: threads, or slices of the frame.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use web_time::Instant;

use super::{Budget, Job, Run, Step, step};

/// Jobs that may wait; more are refused.
const WAITING: usize = 4096;
/// After so long a thread looks whether its work is still wanted.
#[cfg(not(target_arch = "wasm32"))]
const LOOK: Duration = Duration::from_millis(50);
/// A frame gives no more than this to all work together, however much is asked for.
const LONGEST_SLICE: Duration = Duration::from_millis(8);

/// Too many jobs wait; the job was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{WAITING} jobs wait already; ask again when some are done")]
pub struct Busy;

/// Carries out jobs.
pub struct Workers(Kind);

enum Kind {
    #[cfg(not(target_arch = "wasm32"))]
    Threads(crossbeam_channel::Sender<Box<dyn Task>>),
    Slices(Mutex<VecDeque<Box<dyn Task>>>),
}

/// A job that is under way, whatever it ends in.
trait Task: Send {
    /// Goes on within the budget; `false`: it has ended, or nobody wants it any more.
    fn go_on(&mut self, budget: &Budget) -> bool;
}

/// What the one who asked and the one who works share.
struct Slot<T> {
    cancelled: AtomicBool,
    /// Bits of an `f32`.
    progress: AtomicU32,
    result: Mutex<Option<Result<T, String>>>,
}

struct Running<R: Run> {
    run: R,
    slot: Arc<Slot<R::Output>>,
}

impl<R: Run> Task for Running<R>
where
    R::Output: Send,
{
    fn go_on(&mut self, budget: &Budget) -> bool {
        if self.slot.cancelled.load(Ordering::Relaxed) {
            return false;
        }
        // A job that panics has failed; whoever carries it out goes on with the others.
        let work = AssertUnwindSafe(|| step(&mut self.run, budget));
        let done = catch_unwind(work).unwrap_or_else(|_| {
            Step::Done(Err("this is a fault of the program: the work was given up".into()))
        });
        match done {
            Step::More(progress) => {
                self.slot.progress.store(progress.to_bits(), Ordering::Relaxed);
                true
            }
            Step::Done(result) => {
                *lock(&self.slot.result) = Some(result);
                false
            }
        }
    }
}

/// What a ticket tells.
#[derive(Clone, Debug, PartialEq)]
pub enum Told<T> {
    /// It is under way; how much of all is done, from 0 to 1.
    Working(f32),
    /// It has ended, or a sentence says why it cannot. Told once.
    Done(Result<T, String>),
}

/// A claim to a job's result. When it is dropped the job is given up.
pub struct Ticket<T>(Arc<Slot<T>>);

impl<T> Ticket<T> {
    /// How the job is doing; never waits.
    pub fn poll(&self) -> Told<T> {
        match lock(&self.0.result).take() {
            Some(result) => Told::Done(result),
            None => Told::Working(f32::from_bits(self.0.progress.load(Ordering::Relaxed))),
        }
    }
}

impl<T> Drop for Ticket<T> {
    fn drop(&mut self) {
        self.0.cancelled.store(true, Ordering::Relaxed);
    }
}

impl Workers {
    /// As many threads as the processor runs at a time; where there are none, slices.
    pub fn new() -> Self {
        #[cfg(not(target_arch = "wasm32"))]
        return std::thread::available_parallelism()
            .map_or_else(|_| Self::in_slices(), |count| Self::threads(count.get()));
        #[cfg(target_arch = "wasm32")]
        Self::in_slices()
    }

    /// That many threads, which end when the workers are dropped.
    #[cfg(not(target_arch = "wasm32"))]
    pub fn threads(count: usize) -> Self {
        let (sender, tasks) = crossbeam_channel::bounded::<Box<dyn Task>>(WAITING);
        let mut started = 0;
        for number in 0..count.max(1) {
            let tasks = tasks.clone();
            let work = move || {
                for mut task in tasks {
                    let mut goes_on = true;
                    while goes_on {
                        let since = Instant::now();
                        goes_on = task.go_on(&Budget::until(&|| since.elapsed() >= LOOK));
                    }
                }
            };
            let thread = std::thread::Builder::new().name(format!("worker-{number}"));
            match thread.spawn(work) {
                Ok(_) => started += 1,
                Err(error) => log::warn!("there is no thread for a worker: {error}"),
            }
        }
        if started == 0 { Self::in_slices() } else { Self(Kind::Threads(sender)) }
    }

    /// None: the work is done in [`Workers::run_slice`].
    pub fn in_slices() -> Self {
        Self(Kind::Slices(Mutex::new(VecDeque::new())))
    }

    /// Has a job done.
    ///
    /// # Errors
    /// When too many wait.
    pub fn submit<J: Job>(&self, job: J) -> Result<Ticket<J::Output>, Busy> {
        self.carry_out(job.begin())
    }

    /// Has work done whose result cannot be written as bytes, such as an engine's meshes: here, and
    /// never elsewhere.
    ///
    /// # Errors
    /// When too many wait.
    pub fn carry_out<R: Run>(&self, run: R) -> Result<Ticket<R::Output>, Busy>
    where
        R::Output: Send,
    {
        let slot = Arc::new(Slot {
            cancelled: AtomicBool::new(false),
            progress: AtomicU32::new(0),
            result: Mutex::new(None),
        });
        let task = Box::new(Running { run, slot: slot.clone() });
        match &self.0 {
            #[cfg(not(target_arch = "wasm32"))]
            Kind::Threads(sender) => sender.try_send(task).map_err(|_| Busy)?,
            Kind::Slices(tasks) => {
                let mut tasks = lock(tasks);
                if tasks.len() >= WAITING {
                    return Err(Busy);
                }
                tasks.push_back(task);
            }
        }
        Ok(Ticket(slot))
    }

    /// Works for that long, but no longer than 8 ms; to be called once a frame. Each job gets its
    /// turn. With threads there is nothing to do here.
    pub fn run_slice(&self, budget: Duration) {
        let since = Instant::now();
        let budget = budget.min(LONGEST_SLICE);
        self.run_until(&Budget::until(&|| since.elapsed() >= budget));
    }

    /// The same with a clock of one's own.
    pub(super) fn run_until(&self, budget: &Budget) {
        #[cfg_attr(target_arch = "wasm32", expect(irrefutable_let_patterns))]
        let Kind::Slices(tasks) = &self.0 else { return };
        loop {
            // Not held while it works, for a job may be submitted meanwhile.
            let Some(mut task) = lock(tasks).pop_front() else { return };
            // A piece at a time, so that short jobs are not held up by long ones.
            if task.go_on(&Budget::until(&|| true)) {
                lock(tasks).push_back(task);
            }
            if (budget.0)() {
                return;
            }
        }
    }
}

impl Default for Workers {
    fn default() -> Self {
        Self::new()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
