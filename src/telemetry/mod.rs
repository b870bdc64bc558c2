//! Samples arriving: payload decoders, topic routing, sources, the bounded channel.
//!
//! Flows in: topics and bytes from a broker. Flows out: [`Batch`]es on a bounded channel, and
//! counters. A source runs on its own thread and never touches the mirror; whoever owns the mirror
//! drains the channel at its own pace.

pub(crate) mod backoff;
mod bad;
mod decode;
mod feed;
mod filter;
mod lock;
mod looks;
#[cfg(not(target_arch = "wasm32"))]
pub mod mqtt;
pub mod recording;
mod requests;
mod router;
pub mod session;
mod status;
pub mod table;
mod topic;

use std::sync::Arc;

pub use bad::{BadMessage, BadMessages, Fault};
pub use decode::{Decoded, Decoder, Problem};
pub use feed::{Delivery, Feed, Flushed};
pub use filter::Subscription;
pub use router::{Router, Target, Targets};
pub use status::{ConnectionState, Counter, Counters, Counts, RateMeter, Rates, Status};
pub use topic::topic_of;

#[cfg(test)]
use crate::support::pumps as sample_twin;
use crate::twin::{PropertyId, Quality, Timestamp, Value};

/// The contents of one or more messages, decoded.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Batch {
    /// Edition of the definition that its identifiers belong to; see [`Status::redefine`].
    pub edition: u32,
    /// Wall time at which the (last) message arrived.
    pub arrival: Timestamp,
    /// Samples in the order in which they arrived.
    pub updates: Vec<Update>,
    /// Assets that came online or went offline.
    pub presence: Vec<PresenceChange>,
    /// The plant's own clock, where a message had it.
    pub clock: Option<ClockReading>,
    /// Why updates have no value, for people, as far as there is room.
    pub reasons: Vec<(PropertyId, Arc<str>)>,
}

impl Batch {
    /// Reasons of one batch.
    const MOST_REASONS: usize = 256;

    /// Takes note of why the value of a property cannot be read.
    fn explain(&mut self, property: PropertyId, reason: impl FnOnce() -> String) {
        if self.reasons.len() < Self::MOST_REASONS {
            self.reasons.push((property, reason().into()));
        }
    }
}

/// One decoded sample.
#[derive(Clone, Debug, PartialEq)]
pub struct Update {
    /// Whose.
    pub property: PropertyId,
    /// The source's own stamp (plant time); `None`: it counts as measured when it arrived.
    pub time: Option<Timestamp>,
    /// What was measured; `None`: the source says that it has no value, or sent one that cannot be read. The last
    /// one is kept then, as bad.
    pub value: Option<Value>,
    /// How far the source trusts it.
    pub quality: Quality,
}

/// A source is online or offline, by its birth message or its will.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PresenceChange {
    /// Index in `Twin::presence`.
    pub presence: u32,
    /// Which it is now.
    pub online: bool,
}

/// The plant's own clock, by a message.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ClockReading {
    /// Plant time when the message was sent.
    pub time: Timestamp,
    /// Plant seconds that pass in one second of wall time; finite, 0 while it stands still.
    pub rate: f64,
}
