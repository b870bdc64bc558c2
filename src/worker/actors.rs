//! The actors of one owner, and their results in the order of plant time.
//!
//! Flows in: actors. Flows out: [`Report`]s, in the order of (plant time, actor, sequence).
//!
//! **What does not depend on threads.** The owner closes plant time by [`Actors::collect`]: from then
//! on no message of that time or before is taken, whether its results are there or not. An actor that
//! has something to do states the least key (time, itself, next number) that a report of it may yet
//! have: the time that it has reached, which never falls. One without anything to do gives no
//! report until a message comes, and that is of a later time than all that is closed. So when every
//! report is given out whose key is smaller than all stated ones and whose time is closed, no report
//! with a smaller key can come any more: all that is ever given out is sorted by key, whatever
//! threads do. What an actor gives depends on its own messages alone. Hence the whole row of reports
//! is decided by what the owner sends and closes; only in how many parts it arrives is not. That
//! needs an owner who sends a message that was refused ([`super::Refusal::Full`]) again before it
//! closes that message's time, and who collects all that it wants before it gives an actor up: with
//! the actor goes what was not collected, and how much that is depends on threads. So does the time
//! of the last report of an actor whose workers were dropped; it still follows all before it.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use super::actor::{Acting, Actor};
use super::mailbox::{Handle, Reporting, Shared, State};
use super::queue::{Busy, Priority};
use super::report::{ActorId, Report};
use super::task::Place;
use super::workers::Workers;
use crate::twin::Timestamp;

/// What [`Actors::collect`] gives.
#[derive(Clone, Debug, PartialEq)]
pub struct Collected<O> {
    /// Reports that follow those collected before, in order.
    pub reports: Vec<Report<O>>,
    /// Whether these are all up to the time that was asked for; otherwise more will come.
    pub is_complete: bool,
}

/// The actors of one owner, which all give the same kind of results.
pub struct Actors<O> {
    members: Vec<Arc<dyn Reporting<O>>>,
    begun: u64,
    closed: Arc<AtomicI64>,
}

impl<O> Default for Actors<O> {
    fn default() -> Self {
        let closed = Arc::new(AtomicI64::new(Timestamp::MIN.0));
        Self { members: Vec::new(), begun: 0, closed }
    }
}

impl<O: Send + 'static> Actors<O> {
    /// None yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Begins an actor, in whose mailbox so many messages may wait.
    ///
    /// # Errors
    /// When too much of that priority is under way.
    pub fn begin<A: Actor<Output = O>>(
        &mut self,
        workers: &Workers,
        priority: Priority,
        mailbox: usize,
        actor: A,
    ) -> Result<Handle<A::Message>, Busy> {
        let place: Place = workers.place(priority)?;
        let id = ActorId(self.begun);
        self.begun += 1;
        let shared = Arc::new(Shared {
            id,
            queue: place.queue.clone(),
            priority,
            mailbox,
            closed: self.closed.clone(),
            state: State::default().into(),
        });
        let acting = Acting { actor, shared: shared.clone(), _place: place };
        super::lock(&shared.state).asleep = Some(Box::new(acting));
        self.members.push(shared.clone());
        Ok(Handle { id, inbox: shared })
    }

    /// Closes plant time up to `until`, that instant included, and gives the reports up to there
    /// that can be followed by none earlier; never waits.
    pub fn collect(&mut self, until: Timestamp) -> Collected<O> {
        let closed = self.closed();
        let until = until.max(closed);
        self.closed.store(until.0, Ordering::Relaxed);
        let end = (until, ActorId(u64::MAX), u64::MAX);
        let pending = self.members.iter().filter_map(|member| member.pending()).min();
        let before = pending.map_or(end, |pending| pending.min(end));
        let mut reports = Vec::new();
        for member in &self.members {
            member.collect(before, &mut reports);
        }
        reports.sort_unstable_by_key(Report::key);
        self.members.retain(|member| !member.is_over());
        Collected { reports, is_complete: before == end }
    }

    /// Up to where plant time is closed.
    pub fn closed(&self) -> Timestamp {
        Timestamp(self.closed.load(Ordering::Relaxed))
    }
}
