//! What is known about a source besides its samples: counters, connection, rates.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde::Serialize;

use super::bad::BadMessages;
use super::lock::lock;
use crate::twin::Twin;

/// A number that several threads add to and anyone may read.
#[derive(Debug, Default)]
pub struct Counter(AtomicU64);

impl Counter {
    /// Adds `count`.
    pub fn add(&self, count: u64) {
        self.0.fetch_add(count, Ordering::Relaxed);
    }

    /// The sum so far.
    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

macro_rules! counters {
    ($($(#[$doc:meta])* $name:ident,)*) => {
        /// Everything that is counted between the broker and the channel, since the start. What
        /// became of the samples then is counted by the mirror.
        #[derive(Debug, Default)]
        pub struct Counters { $($(#[$doc])* pub $name: Counter,)* }

        /// The [`Counters`] at one moment.
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
        pub struct Counts { $($(#[$doc])* pub $name: u64,)* }

        impl Counters {
            /// All counters now.
            pub fn snapshot(&self) -> Counts {
                Counts { $($name: self.$name.get(),)* }
            }
        }
    };
}

counters! {
    /// Messages received.
    messages,
    /// Bytes of topics and payloads received.
    bytes,
    /// Samples decoded.
    samples,
    /// Messages of which at least a part could not be understood.
    malformed,
    /// Messages whose topic no mapping wants.
    unmapped,
    /// Messages larger than the decoder's limit, which are not decoded.
    oversized,
    /// Samples lost because the mirror did not keep up.
    dropped,
    /// Messages that are missing in a recording because its disk did not keep up.
    unrecorded,
    /// Connections after the first one.
    reconnects,
    /// Subscriptions that were asked for again, since they were refused or samples were lost.
    asked_again,
    /// Attempts to connect that failed, and connections that broke.
    connection_errors,
}

/// How a source stands with its broker.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum ConnectionState {
    /// Trying.
    #[default]
    Connecting,
    /// Subscribed and listening.
    Connected,
    /// Not connected, and trying again.
    Disconnected {
        /// What happened, for people.
        reason: String,
        /// The next attempt follows after this long.
        retry_in: Duration,
    },
    /// The broker answered and does not want this client (user, password, identifier, rights).
    Rejected {
        /// What happened and what to do, for people.
        reason: String,
        /// The next attempt follows after this long.
        retry_in: Duration,
    },
    /// The source has ended: it was stopped, or its recording is over.
    Ended,
}

impl ConnectionState {
    /// One or two words for a status bar.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Connecting => "connecting",
            Self::Connected => "connected",
            Self::Disconnected { .. } => "disconnected",
            Self::Rejected { .. } => "rejected",
            Self::Ended => "ended",
        }
    }
}

/// What a source reports about itself, shared with whoever shows it; and which definition it is to
/// follow.
#[derive(Debug, Default)]
pub struct Status {
    /// What was counted.
    pub counters: Counters,
    /// The last bad messages.
    pub bad: BadMessages,
    broker: String,
    state: Mutex<ConnectionState>,
    refused: Mutex<Vec<String>>,
    edition: AtomicU32,
    /// The newest definition, until the source takes it.
    next_definition: Mutex<Option<Arc<Twin>>>,
}

impl Status {
    /// Of a source with that name (a broker's address without user and password, or a file).
    pub fn new(broker: impl Into<String>) -> Self {
        Self { broker: broker.into(), ..Self::default() }
    }

    /// Where the messages come from, for people.
    pub fn broker(&self) -> &str {
        &self.broker
    }

    /// The definition has changed: the source then subscribes to what that one wants and decodes
    /// for it. Returns the edition by which its batches are known from those before; the first
    /// definition is edition 0.
    pub fn redefine(&self, twin: &Arc<Twin>) -> u32 {
        let mut next = lock(&self.next_definition);
        *next = Some(twin.clone());
        self.edition.fetch_add(1, Ordering::AcqRel) + 1
    }

    /// Edition of the newest definition.
    pub fn edition(&self) -> u32 {
        self.edition.load(Ordering::Acquire)
    }

    /// The newest definition and its edition; once.
    pub(super) fn take_definition(&self) -> Option<(Arc<Twin>, u32)> {
        let mut next = lock(&self.next_definition);
        next.take().map(|twin| (twin, self.edition()))
    }

    /// How the source stands with its broker now.
    pub fn connection(&self) -> ConnectionState {
        lock(&self.state).clone()
    }

    /// Notes how the source stands with its broker.
    pub fn set_connection(&self, state: ConnectionState) {
        *lock(&self.state) = state;
    }

    /// Topic filters to which the broker refused to subscribe this client, since the last connection.
    pub fn refused_filters(&self) -> Vec<String> {
        lock(&self.refused).clone()
    }

    /// Replaces the filters that the broker refused.
    pub fn set_refused_filters(&self, filters: Vec<String>) {
        *lock(&self.refused) = filters;
    }
}

/// What goes through per second.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Rates {
    /// Messages received per second.
    pub messages: f64,
    /// Samples decoded per second.
    pub samples: f64,
    /// Bytes received per second.
    pub bytes: f64,
}

/// Turns counters into rates; each reader has its own.
#[derive(Clone, Copy, Debug, Default)]
pub struct RateMeter {
    last: Option<(f64, Counts)>,
    rates: Rates,
}

impl RateMeter {
    /// The shortest span over which a rate is taken.
    const SPAN_S: f64 = 0.5;

    /// Rates over at least the last half second. `now_s` is any clock that only goes forward.
    pub fn update(&mut self, now_s: f64, counts: Counts) -> Rates {
        let Some((then_s, then)) = self.last else {
            self.last = Some((now_s, counts));
            return self.rates;
        };
        let span_s = now_s - then_s;
        if span_s >= Self::SPAN_S {
            let rate = |new: u64, old: u64| new.saturating_sub(old) as f64 / span_s;
            self.rates = Rates {
                messages: rate(counts.messages, then.messages),
                samples: rate(counts.samples, then.samples),
                bytes: rate(counts.bytes, then.bytes),
            };
            self.last = Some((now_s, counts));
        }
        self.rates
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_taken_over_at_least_half_a_second() {
        let mut meter = RateMeter::default();
        let counts = |messages| Counts { messages, ..Counts::default() };
        assert_eq!(meter.update(10.0, counts(100)).messages, 0.0);
        assert_eq!(meter.update(10.1, counts(1_000)).messages, 0.0);
        assert_eq!(meter.update(11.0, counts(600)).messages, 500.0);
        assert_eq!(meter.update(11.2, counts(9_000)).messages, 500.0);
    }

    #[test]
    fn a_snapshot_holds_what_was_counted() {
        let status = Status::new("mqtt://localhost:1883");
        status.counters.unmapped.add(3);
        assert_eq!(status.counters.snapshot(), Counts { unmapped: 3, ..Counts::default() });
        assert_eq!(status.broker(), "mqtt://localhost:1883");
    }
}
