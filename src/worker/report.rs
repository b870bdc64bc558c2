//! Results of actors: where an actor puts them, and by what they are sorted.

use crate::twin::Timestamp;

/// An actor of an owner, by the order in which they were begun.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ActorId(pub u64);

/// By which reports are sorted.
pub(super) type Key = (Timestamp, ActorId, u64);

/// A result of an actor.
#[derive(Clone, Debug, PartialEq)]
pub struct Report<O> {
    /// The plant time that it is of.
    pub time: Timestamp,
    /// Whose it is.
    pub actor: ActorId,
    /// Its number among those of this actor, from 0.
    pub sequence: u64,
    /// The result; or why the actor has ended, which is its last report.
    pub output: Result<O, String>,
}

impl<O> Report<O> {
    pub(super) fn key(&self) -> Key {
        (self.time, self.actor, self.sequence)
    }
}

/// Where an actor puts its results.
pub struct Outbox<O> {
    reached: Timestamp,
    pub(super) emitted: Vec<(Timestamp, O)>,
}

impl<O> Outbox<O> {
    pub(super) fn from(reached: Timestamp) -> Self {
        Self { reached, emitted: Vec::new() }
    }

    /// Gives a result of a plant time. Times only rise: an earlier one than was reached, by a result,
    /// by [`Outbox::reach`] or by the message, becomes that one.
    pub fn emit(&mut self, time: Timestamp, output: O) {
        self.reach(time);
        self.emitted.push((self.reached, output));
    }

    /// Says that all results to come are of that plant time or later, so that those of others need
    /// not wait for this actor.
    pub fn reach(&mut self, time: Timestamp) {
        self.reached = self.reached.max(time);
    }

    /// The plant time that was reached.
    pub fn reached(&self) -> Timestamp {
        self.reached
    }
}
