//! Actors: objects with a state that last, and take messages one after another.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use super::mailbox::Shared;
use super::queue::Task;
use super::report::Outbox;
use super::task::{ENDED, FAULT, Place};
use super::{Budget, Step, lock};
use crate::twin::Timestamp;

/// A state that lasts, kept beside the frame: an estimator, a forecaster, a writer of files.
///
/// It runs on one thread at a time, never on two.
pub trait Actor: Send + 'static {
    /// What it is sent.
    type Message: Send + 'static;
    /// What it gives its owner, as many as it likes.
    type Output: Send + 'static;

    /// Takes the next message, which is of that plant time; quick. Called once those before it are
    /// dealt with.
    fn receive(&mut self, at: Timestamp, message: Self::Message);

    /// Does one piece of what the message asks for, small enough for a frame: a few milliseconds at
    /// most. [`Step::Done`] when the message is dealt with, or when the actor cannot go on: then the
    /// sentence is its last report.
    fn piece(&mut self, out: &mut Outbox<Self::Output>) -> Step<()>;
}

/// An actor that has turns.
pub(super) struct Acting<A: Actor> {
    pub(super) actor: A,
    pub(super) shared: Arc<Shared<A::Message, A::Output>>,
    pub(super) _place: Place,
}

impl<A: Actor> Task for Acting<A> {
    fn go_on(mut self: Box<Self>, budget: &Budget) -> Option<Box<dyn Task>> {
        let shared = self.shared.clone();
        loop {
            let mut state = lock(&shared.state);
            if state.is_over() {
                return None;
            }
            if !state.has_work() {
                // Asleep; a message or a collected report wakes it.
                state.asleep = Some(self);
                return None;
            }
            let message = state.next_message();
            let mut out = Outbox::from(state.reached);
            drop(state);
            let piece = AssertUnwindSafe(|| {
                if let Some((at, message)) = message {
                    self.actor.receive(at, message);
                }
                self.actor.piece(&mut out)
            });
            let step = catch_unwind(piece).unwrap_or_else(|_| Step::Done(Err(FAULT.into())));
            shared.take_piece(out, step);
            if (budget.0)() {
                return Some(self);
            }
        }
    }
}

impl<A: Actor> Drop for Acting<A> {
    fn drop(&mut self) {
        self.shared.end(ENDED);
    }
}
