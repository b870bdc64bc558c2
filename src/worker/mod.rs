//! Long work beside the frame: one interface, whatever carries it out.
//!
//! Flows in: [`Job`]s, which are plain messages. Flows out: their results, by [`Ticket`]s that are
//! asked and never waited for. Natively threads carry them out; where there are none, slices of a
//! few milliseconds that the frame grants ([`Workers::run_slice`]); and a Web Worker could, because
//! job, progress and result can all be written as bytes ([`remote`]).

pub mod remote;
#[cfg(test)]
mod tests;
mod workers;

use serde::Serialize;
use serde::de::DeserializeOwned;

pub use workers::{Busy, Ticket, Told, Workers};

/// Something that takes longer than a frame may wait, as a message.
pub trait Job: Serialize + DeserializeOwned + Send + 'static {
    /// Its name where jobs are told apart by names.
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
