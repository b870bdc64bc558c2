//! Who does the work: threads, or slices of the frame. Both take from one queue.

use std::sync::Arc;
use std::time::Duration;

use web_time::Instant;

use super::queue::Task;
use super::queue::{Busy, Counters, Priority, Queue};
use super::task::{Place, Running, Ticket};
use super::{Budget, Job, Run};

/// After so long a thread gives the work back and takes what is next.
#[cfg(not(target_arch = "wasm32"))]
const LOOK: Duration = Duration::from_millis(5);
/// A frame gives no more than this to all work together, however much is asked for.
const LONGEST_SLICE: Duration = Duration::from_millis(8);

/// Carries out jobs and actors. What is under way when they are dropped is given up.
///
/// ```
/// use std::time::Duration;
/// use twinscope::worker::{Priority, Progress, Run, Step, Workers};
///
/// /// Sums numbers, a thousand a piece.
/// struct Sum(u64, u64);
///
/// impl Run for Sum {
///     type Output = u64;
///
///     fn piece(&mut self) -> Step<u64> {
///         let until = (self.0 + 1_000).min(1_000_000);
///         self.1 += (self.0..until).sum::<u64>();
///         self.0 = until;
///         match until {
///             1_000_000 => Step::Done(Ok(self.1)),
///             done => Step::More(done as f32 / 1e6),
///         }
///     }
/// }
///
/// let workers = Workers::new();
/// let ticket = workers.carry_out(Priority::Background, Sum(0, 0))?;
/// // A frame asks once and goes on with what it has.
/// let sum = loop {
///     workers.run_slice(Duration::from_millis(4));
///     if let Progress::Done(sum) = ticket.poll() {
///         break sum?;
///     }
/// };
/// assert_eq!(sum, 499_999_500_000);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Workers {
    queue: Arc<Queue>,
    has_threads: bool,
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
        let mut workers = Self::in_slices();
        for number in 0..count.max(1) {
            let queue = workers.queue.clone();
            let work = move || {
                while let Some((priority, task)) = queue.wait() {
                    let since = Instant::now();
                    let task = task.go_on(&Budget::until(&|| since.elapsed() >= LOOK));
                    queue.turn_over(priority, task);
                }
            };
            let thread = std::thread::Builder::new().name(format!("worker-{number}"));
            match thread.spawn(work) {
                Ok(_) => workers.has_threads = true,
                Err(error) => log::warn!("there is no thread for a worker: {error}"),
            }
        }
        workers
    }

    /// None: the work is done in [`Workers::run_slice`].
    pub fn in_slices() -> Self {
        Self { queue: Arc::default(), has_threads: false }
    }

    /// Has a job done.
    ///
    /// # Errors
    /// When too many of that priority are under way.
    pub fn submit<J: Job>(&self, priority: Priority, job: J) -> Result<Ticket<J::Output>, Busy> {
        self.carry_out(priority, job.begin())
    }

    /// Has work done whose result cannot be written as bytes, such as an engine's meshes: here, and
    /// never elsewhere.
    ///
    /// # Errors
    /// When too many of that priority are under way.
    pub fn carry_out<R: Run>(&self, priority: Priority, run: R) -> Result<Ticket<R::Output>, Busy>
    where
        R::Output: Send,
    {
        let (task, ticket) = Running::new(run, self.place(priority)?);
        self.queue.push(priority, Box::new(task));
        Ok(ticket)
    }

    /// A place for a task that lasts.
    pub(super) fn place(&self, priority: Priority) -> Result<Place, Busy> {
        Place::take(&self.queue, priority)
    }

    /// What there is to do.
    pub fn counters(&self) -> Counters {
        self.queue.counters()
    }

    /// Works for that long, but no longer than 8 ms; to be called once a frame. A turn is one piece,
    /// so that short jobs are not held up by long ones. With threads there is nothing to do here.
    pub fn run_slice(&self, budget: Duration) {
        let since = Instant::now();
        let budget = budget.min(LONGEST_SLICE);
        self.run_until(&Budget::until(&|| since.elapsed() >= budget));
    }

    /// The same with a clock of one's own.
    pub(super) fn run_until(&self, budget: &Budget) {
        if self.has_threads {
            return;
        }
        // The queue is not locked while a task has its turn: a job may be submitted meanwhile.
        while let Some((priority, task)) = self.queue.next() {
            let task: Option<Box<dyn Task>> = task.go_on(&Budget::until(&|| true));
            self.queue.turn_over(priority, task);
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

impl Drop for Workers {
    fn drop(&mut self) {
        self.queue.close();
    }
}
