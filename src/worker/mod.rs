//! Long work beside the frame: one interface, whatever carries it out.
//!
//! Flows in: [`Job`]s, which are plain messages, and messages to [`Actor`]s, which last. Flows out:
//! results of jobs, by [`Ticket`]s that are asked and never waited for, and results of actors in the
//! order of plant time ([`Actors::collect`]). Work is done piece by piece, in turns by [`Priority`], so
//! that what lasts never keeps other work from its turn. Natively threads carry it out; where there
//! are none, slices of a few milliseconds that the frame grants ([`Workers::run_slice`]); and a Web
//! Worker could, because job, progress and result can all be written as bytes ([`remote`]).

mod actor;
mod actors;
mod mailbox;
mod queue;
pub mod remote;
mod report;
mod task;
#[cfg(test)]
mod tests;
mod workers;

use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::Serialize;
use serde::de::DeserializeOwned;

pub use actor::Actor;
pub use actors::{Actors, Collected};
pub use mailbox::{Handle, Refusal, Refused};
pub use queue::{Busy, Counters, Priority};
pub use report::{ActorId, Outbox, Report};
pub use task::{Progress, Ticket};
pub use workers::Workers;

/// Something that takes longer than a frame may wait, as a message.
pub trait Job: Serialize + DeserializeOwned + Send + 'static {
    /// Its name where jobs are distinguished by names.
    const KIND: &'static str;
    /// What it ends in.
    type Output: Serialize + DeserializeOwned + Send + 'static;
    /// The work itself, once begun.
    type Run: Run<Output = Self::Output>;

    /// Begins it; quick.
    fn begin(self) -> Self::Run;
}

/// Work that is done piece by piece.
pub trait Run: Send + 'static {
    /// What it ends in.
    type Output;

    /// Does one piece, small enough for a frame: a few milliseconds at most.
    fn piece(&mut self) -> Step<Self::Output>;
}

/// What became of a piece of work.
#[derive(Clone, Debug, PartialEq)]
pub enum Step<T> {
    /// There is more to do; how much of all is done, from 0 to 1.
    More(f32),
    /// It has ended well, or with a sentence that says why it cannot.
    Done(Result<T, String>),
}

/// How long a step may take.
pub struct Budget<'a>(&'a dyn Fn() -> bool);

impl<'a> Budget<'a> {
    /// Until `is_spent` says that it is over.
    pub fn until(is_spent: &'a dyn Fn() -> bool) -> Self {
        Self(is_spent)
    }
}

/// Does pieces until the work has ended or the budget is spent; at least one.
pub fn step<R: Run + ?Sized>(run: &mut R, budget: &Budget) -> Step<R::Output> {
    loop {
        let done = run.piece();
        if matches!(done, Step::Done(_)) || (budget.0)() {
            return done;
        }
    }
}

/// What a thread that panicked has left is whole: nothing is half done while it is locked.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
