//! What an actor and its owner share: messages one way, reports the other.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};

use super::queue::{Priority, Queue, Task};
use super::report::{ActorId, Key, Outbox, Report};
use super::{Step, lock};
use crate::twin::Timestamp;

/// Reports of an actor that may wait to be collected; then it sleeps until some are. What one piece
/// gives may go beyond.
pub(super) const REPORTS: usize = 1024;

/// Why an actor does not take a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Its mailbox is full.
    #[error("{0} messages wait already; send it again when some are dealt with")]
    Full(usize),
    /// The message is of a plant time up to which results were collected already.
    #[error("the message is of a plant time that is closed, up to {0}")]
    Closed(Timestamp),
    /// The actor has ended, by an error that is its last report.
    #[error("the actor has ended")]
    Ended,
}

/// A message that was not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused<M> {
    /// The message, to be sent again.
    pub message: M,
    /// Why it was not taken.
    pub why: Refusal,
}

pub(super) struct Shared<M, O> {
    pub id: ActorId,
    pub queue: Arc<Queue>,
    pub priority: Priority,
    /// Messages that may wait.
    pub mailbox: usize,
    /// Up to where the owner has collected, in microseconds: [`super::Actors`].
    pub closed: Arc<AtomicI64>,
    pub state: Mutex<State<M, O>>,
}

pub(super) struct State<M, O> {
    messages: VecDeque<(Timestamp, M)>,
    /// Whether a message is under way.
    is_working: bool,
    /// No report to come is of an earlier plant time.
    pub reached: Timestamp,
    /// In the order of their keys, since times only rise.
    reports: VecDeque<Report<O>>,
    sequence: u64,
    /// The actor itself, while it has nothing to do.
    pub asleep: Option<Box<dyn Task>>,
    has_ended: bool,
    is_given_up: bool,
    refused: u64,
}

impl<M, O> Default for State<M, O> {
    fn default() -> Self {
        Self {
            messages: VecDeque::new(),
            is_working: false,
            reached: Timestamp::MIN,
            reports: VecDeque::new(),
            sequence: 0,
            asleep: None,
            has_ended: false,
            is_given_up: false,
            refused: 0,
        }
    }
}

impl<M, O> State<M, O> {
    /// Whether the actor has no more turns.
    pub(super) fn is_over(&self) -> bool {
        self.has_ended || self.is_given_up
    }

    /// Whether the actor wants a turn: there is a message, and room for reports.
    pub(super) fn has_work(&self) -> bool {
        (self.is_working || !self.messages.is_empty()) && self.reports.len() < REPORTS
    }

    /// The message that begins, unless one is under way.
    pub(super) fn next_message(&mut self) -> Option<(Timestamp, M)> {
        if self.is_working {
            return None;
        }
        let (at, message) = self.messages.pop_front()?;
        self.is_working = true;
        self.reached = self.reached.max(at);
        Some((at, message))
    }

    fn report(&mut self, actor: ActorId, time: Timestamp, output: Result<O, String>) {
        let sequence = self.sequence;
        self.sequence += 1;
        self.reports.push_back(Report { time, actor, sequence, output });
    }

    /// The least plant time of a report to come, where a message is under way or waits.
    fn least(&self) -> Option<Timestamp> {
        if self.is_working {
            return Some(self.reached);
        }
        Some(self.reached.max(self.messages.front()?.0))
    }

    /// Ends with a last report, which is not of a time that is closed unless a message of that time
    /// was still to be dealt with; the messages that nobody reads any more.
    fn end(&mut self, actor: ActorId, why: String, closed: Timestamp) -> VecDeque<(Timestamp, M)> {
        let at =
            self.least().unwrap_or_else(|| self.reached.max(Timestamp(closed.0.saturating_add(1))));
        self.has_ended = true;
        self.is_working = false;
        self.report(actor, at, Err(why));
        std::mem::take(&mut self.messages)
    }
}

impl<M, O> Shared<M, O> {
    /// Up to where the owner has collected. Read while the state is locked, so that what follows and
    /// the collection of this actor have one order.
    fn closed(&self) -> Timestamp {
        Timestamp(self.closed.load(Ordering::Relaxed))
    }

    /// Takes in what a piece has given; of an actor that was given up meanwhile, nothing. Messages
    /// and results are dropped after the lock, for dropping them is their own code.
    pub(super) fn take_piece(&self, out: Outbox<O>, step: Step<()>) {
        let mut state = lock(&self.state);
        if state.is_given_up {
            drop(state);
            return;
        }
        state.reached = out.reached();
        for (time, output) in out.emitted {
            state.report(self.id, time, Ok(output));
        }
        let unread = match step {
            Step::More(_) => return,
            Step::Done(Ok(())) => {
                state.is_working = false;
                return;
            }
            Step::Done(Err(why)) => state.end(self.id, why, self.closed()),
        };
        drop(state);
        drop(unread);
    }

    /// Ends an actor that was dropped before its end.
    pub(super) fn end(&self, why: &str) {
        let mut state = lock(&self.state);
        if !state.is_over() {
            let unread = state.end(self.id, why.into(), self.closed());
            drop(state);
            drop(unread);
        }
    }

    /// Gives the actor a turn if it sleeps and has work.
    fn wake(&self, mut state: MutexGuard<State<M, O>>) {
        let woken = if state.has_work() { state.asleep.take() } else { None };
        drop(state);
        if let Some(task) = woken {
            self.queue.push(self.priority, task);
        }
    }
}

/// An actor as its owner's collection sees it.
pub(super) trait Reporting<O>: Send + Sync {
    /// The least key that a report to come may have; `None` when none comes unless a message is sent.
    fn pending(&self) -> Option<Key>;
    /// Moves all reports with a smaller key over.
    fn collect(&self, before: Key, into: &mut Vec<Report<O>>);
    /// Whether there is nothing more to collect, ever.
    fn is_over(&self) -> bool;
}

impl<M: Send, O: Send> Reporting<O> for Shared<M, O> {
    fn pending(&self) -> Option<Key> {
        let state = lock(&self.state);
        if state.is_over() {
            return None;
        }
        Some((state.least()?, self.id, state.sequence))
    }

    fn collect(&self, before: Key, into: &mut Vec<Report<O>>) {
        let mut state = lock(&self.state);
        let count = state.reports.partition_point(|report| report.key() < before);
        into.extend(state.reports.drain(..count));
        self.wake(state);
    }

    fn is_over(&self) -> bool {
        let state = lock(&self.state);
        state.is_over() && state.reports.is_empty()
    }
}

/// An actor as its owner addresses it.
pub(super) trait Inbox<M>: Send + Sync {
    fn send(&self, at: Timestamp, message: M) -> Result<(), Refused<M>>;
    fn waiting(&self) -> usize;
    fn refused(&self) -> u64;
    fn give_up(&self);
}

impl<M: Send, O: Send> Inbox<M> for Shared<M, O> {
    fn send(&self, at: Timestamp, message: M) -> Result<(), Refused<M>> {
        let mut state = lock(&self.state);
        let closed = self.closed();
        let why = if state.is_over() {
            Refusal::Ended
        } else if at <= closed {
            Refusal::Closed(closed)
        } else if state.messages.len() >= self.mailbox {
            Refusal::Full(self.mailbox)
        } else {
            state.messages.push_back((at, message));
            self.wake(state);
            return Ok(());
        };
        state.refused += 1;
        Err(Refused { message, why })
    }

    fn waiting(&self) -> usize {
        lock(&self.state).messages.len()
    }

    fn refused(&self) -> u64 {
        lock(&self.state).refused
    }

    fn give_up(&self) {
        let mut state = lock(&self.state);
        state.is_given_up = true;
        let dropped = (
            state.asleep.take(),
            std::mem::take(&mut state.messages),
            std::mem::take(&mut state.reports),
        );
        drop(state);
        drop(dropped);
    }
}

/// The owner's hold on an actor. When it is dropped the actor is given up, with the results that
/// were not collected.
pub struct Handle<M> {
    pub(super) id: ActorId,
    pub(super) inbox: Arc<dyn Inbox<M>>,
}

impl<M> Handle<M> {
    /// By which its reports are known.
    pub fn id(&self) -> ActorId {
        self.id
    }

    /// Sends a message of a plant time; never waits. Messages are dealt with in the order in which
    /// they are sent.
    ///
    /// # Errors
    /// With the message, when it is not taken.
    pub fn send(&self, at: Timestamp, message: M) -> Result<(), Refused<M>> {
        self.inbox.send(at, message)
    }

    /// Messages that wait.
    pub fn waiting(&self) -> usize {
        self.inbox.waiting()
    }

    /// Messages that were not taken since the start.
    pub fn refused(&self) -> u64 {
        self.inbox.refused()
    }
}

impl<M> Drop for Handle<M> {
    fn drop(&mut self) {
        self.inbox.give_up();
    }
}
