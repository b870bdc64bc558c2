//! Where every source puts its messages: decoded, counted, and on to the bounded channel.
//!
//! The native MQTT client, the browser's and a recording differ only in who calls [`Feed::feed`].

use std::sync::Arc;
use std::time::Duration;

use crossbeam_channel::{Receiver, Sender, TrySendError, bounded};

use super::{Batch, Decoder, Fault, Status};
use crate::twin::Timestamp;

/// Decodes messages, counts them and hands them on in batches.
#[derive(Debug)]
pub struct Feed {
    decoder: Decoder,
    status: Arc<Status>,
    sender: Sender<Batch>,
    pending: Batch,
    pending_messages: usize,
    /// Arrival of the first message of the batch.
    since: Timestamp,
    /// A message of the batch was promised to arrive (QoS 1 or 2), or tells of presence or clock.
    keep: bool,
}

/// What became of a batch that was to be handed on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Handed {
    /// It is on its way, or there was none.
    On,
    /// The channel is full; the batch is still here.
    Full,
    /// Nobody listens any more.
    Closed,
}

impl Feed {
    /// Batches that the channel holds, unless told otherwise.
    pub const CAPACITY: usize = 1024;
    /// Samples or messages after which a batch is handed on.
    const BATCH: usize = 1000;

    /// A feed and the other end of its channel, which holds `capacity` batches.
    pub fn new(decoder: Decoder, status: Arc<Status>, capacity: usize) -> (Self, Receiver<Batch>) {
        let (sender, receiver) = bounded(capacity);
        let pending = Batch::default();
        let since = Timestamp::MIN;
        (
            Self { decoder, status, sender, pending, pending_messages: 0, since, keep: false },
            receiver,
        )
    }

    /// What knows the topics.
    pub fn decoder(&self) -> &Decoder {
        &self.decoder
    }

    /// Decodes one message into the present batch. `arrival` is wall time.
    pub fn feed(&mut self, topic: &str, payload: &[u8], qos: u8, arrival: Timestamp) {
        if self.is_empty() {
            self.since = arrival;
        }
        let counters = &self.status.counters;
        counters.messages.add(1);
        counters.bytes.add((topic.len() + payload.len()) as u64);
        let decoded = self.decoder.decode(topic, payload, arrival, &mut self.pending);
        counters.samples.add(decoded.samples as u64);
        if let Some(fault) = decoded.fault {
            match fault {
                Fault::Unmapped => counters.unmapped.add(1),
                Fault::Oversized => counters.oversized.add(1),
                _ => counters.malformed.add(1),
            }
            self.status.bad.push(fault, topic, payload, arrival, || decoded.reason());
        }
        self.pending_messages += 1;
        self.keep |= qos > 0 && decoded.samples > 0;
        self.keep |= !self.pending.presence.is_empty() || self.pending.clock.is_some();
    }

    /// Whether the batch is large enough to be handed on before the next message.
    pub fn is_ripe(&self) -> bool {
        self.pending_messages >= Self::BATCH || self.pending.updates.len() >= Self::BATCH
    }

    /// Whether there is nothing to hand on.
    pub fn is_empty(&self) -> bool {
        is_empty(&self.pending)
    }

    /// How long the first message of the batch has waited.
    pub fn age(&self, now: Timestamp) -> Duration {
        let micros = now.0.saturating_sub(self.since.0);
        Duration::from_micros(if self.is_empty() { 0 } else { micros.unsigned_abs() })
    }

    /// Whether the batch may not be dropped.
    pub fn must_keep(&self) -> bool {
        self.keep
    }

    /// Hands the batch on without waiting.
    pub fn try_flush(&mut self) -> Handed {
        let pending = std::mem::take(&mut self.pending);
        self.pending_messages = 0;
        if is_empty(&pending) {
            self.keep = false;
            return Handed::On;
        }
        match self.sender.try_send(pending) {
            Ok(()) => {
                self.keep = false;
                Handed::On
            }
            Err(TrySendError::Full(batch)) => {
                self.pending = batch;
                Handed::Full
            }
            Err(TrySendError::Disconnected(_)) => Handed::Closed,
        }
    }

    /// Drops the batch and counts its samples.
    pub fn drop_batch(&mut self) {
        let batch = std::mem::take(&mut self.pending);
        let samples = batch.updates.len() as u64;
        self.status.counters.dropped.add(samples);
        self.status.bad.push(Fault::Dropped, "", b"", batch.arrival, || {
            format!("{samples} samples came faster than the mirror takes them")
        });
        (self.pending_messages, self.keep) = (0, false);
    }
}

fn is_empty(batch: &Batch) -> bool {
    batch.updates.is_empty() && batch.presence.is_empty() && batch.clock.is_none()
}
