//! A job that is under way, and the claim to its result.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use super::queue::{Busy, Priority, Queue, Task};
use super::{Budget, Run, Step, lock, step};

/// Why work that panicked has no result.
pub(super) const FAULT: &str = "this is a fault of the program: the work was given up";
/// Why work has no result whose workers were dropped.
pub(super) const ENDED: &str = "the workers have ended: the work was given up";

/// A place in the queue, left when it is dropped.
pub(super) struct Place {
    pub(super) queue: Arc<Queue>,
    pub(super) priority: Priority,
}

impl Place {
    /// # Errors
    /// When none is left.
    pub(super) fn take(queue: &Arc<Queue>, priority: Priority) -> Result<Self, Busy> {
        queue.take_place(priority)?;
        Ok(Self { queue: queue.clone(), priority })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.queue.leave_place(self.priority);
    }
}

/// What the one who asked and the one who works share.
struct Slot<T> {
    is_cancelled: AtomicBool,
    /// Bits of an `f32`.
    progress: AtomicU32,
    result: Mutex<Option<Result<T, String>>>,
}

/// A job that is under way.
pub(super) struct Running<R: Run> {
    run: R,
    slot: Arc<Slot<R::Output>>,
    has_ended: bool,
    _place: Place,
}

impl<R: Run> Running<R> {
    /// Work that has a place, and the claim to its result.
    pub(super) fn new(run: R, place: Place) -> (Self, Ticket<R::Output>) {
        let slot = Arc::new(Slot {
            is_cancelled: AtomicBool::new(false),
            progress: AtomicU32::new(0),
            result: Mutex::new(None),
        });
        (Self { run, slot: slot.clone(), has_ended: false, _place: place }, Ticket(slot))
    }

    fn end(&mut self, result: Result<R::Output, String>) {
        self.has_ended = true;
        *lock(&self.slot.result) = Some(result);
    }
}

impl<R: Run> Task for Running<R>
where
    R::Output: Send,
{
    fn go_on(mut self: Box<Self>, budget: &Budget) -> Option<Box<dyn Task>> {
        if self.slot.is_cancelled.load(Ordering::Relaxed) {
            return None;
        }
        // A job that panics has failed; whoever carries it out goes on with the others.
        let work = AssertUnwindSafe(|| step(&mut self.run, budget));
        match catch_unwind(work).unwrap_or_else(|_| Step::Done(Err(FAULT.into()))) {
            Step::More(progress) => {
                self.slot.progress.store(progress.to_bits(), Ordering::Relaxed);
                Some(self)
            }
            Step::Done(result) => {
                self.end(result);
                None
            }
        }
    }
}

impl<R: Run> Drop for Running<R> {
    fn drop(&mut self) {
        if !self.has_ended {
            self.end(Err(ENDED.into()));
        }
    }
}

/// How far a job is.
#[derive(Clone, Debug, PartialEq)]
pub enum Progress<T> {
    /// It is under way; how much of all is done, from 0 to 1.
    Working(f32),
    /// It has ended, or a sentence says why it cannot. Given once.
    Done(Result<T, String>),
}

/// A claim to a job's result. When it is dropped the job is given up.
pub struct Ticket<T>(Arc<Slot<T>>);

impl<T> Ticket<T> {
    /// How far the job is; never waits.
    pub fn poll(&self) -> Progress<T> {
        match lock(&self.0.result).take() {
            Some(result) => Progress::Done(result),
            None => Progress::Working(f32::from_bits(self.0.progress.load(Ordering::Relaxed))),
        }
    }
}

impl<T> Drop for Ticket<T> {
    fn drop(&mut self) {
        self.0.is_cancelled.store(true, Ordering::Relaxed);
    }
}
