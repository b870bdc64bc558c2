//! Where every source puts its messages: decoded, counted, and on to the bounded channel.
//!
//! The native MQTT client, the browser's and a recording differ only in who calls [`Feed::feed`].

use std::sync::Arc;
use std::time::Duration;

use crossbeam_channel::{Receiver, Sender, TrySendError, bounded};

use super::looks::looks_like;
use super::recording::Recorded;
use super::{Batch, Decoder, Fault, Status, Update};
use crate::twin::{Quality, Timestamp};

/// Decodes messages, counts them and hands them on in batches.
#[derive(Debug)]
pub struct Feed {
    decoder: Decoder,
    status: Arc<Status>,
    /// Of the definition that the decoder is for.
    edition: u32,
    sender: Sender<Batch>,
    pending: Batch,
    pending_messages: usize,
    /// Arrival of the first message of the batch.
    since: Timestamp,
    /// A message of the batch has QoS 1 or 2, or is of presence or clock.
    keep: bool,
    /// Where every message goes besides, as it arrived.
    tap: Option<Sender<Recorded>>,
    /// The channel was full at the last attempt and the batch is kept: QoS 0 is not added to it.
    full: bool,
}

/// How a message was delivered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// Quality of service, 0 to 2.
    pub qos: u8,
    /// The broker had kept it for those who subscribe later.
    pub retained: bool,
}

/// What became of a batch that was to be handed on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flushed {
    /// It is in the channel, or there was none.
    Sent,
    /// The channel is full; the batch is still here.
    Full,
    /// Nobody listens any more.
    Closed,
}

impl Feed {
    /// Batches that the channel holds, unless stated otherwise.
    pub const CAPACITY: usize = 1024;
    /// Samples or messages after which a batch is handed on.
    const BATCH: usize = 1000;
    /// Samples that wait for a full channel at most, however many messages of QoS 1 a broker sends
    /// without their being acknowledged.
    const WAITING: usize = 100 * Self::BATCH;

    /// A feed and the other end of its channel, which holds `capacity` batches.
    pub fn new(decoder: Decoder, status: Arc<Status>, capacity: usize) -> (Self, Receiver<Batch>) {
        let (sender, receiver) = bounded(capacity);
        let pending = Batch::default();
        let since = Timestamp::MIN;
        (
            Self {
                decoder,
                status,
                edition: 0,
                sender,
                pending,
                pending_messages: 0,
                since,
                keep: false,
                tap: None,
                full: false,
            },
            receiver,
        )
    }

    /// Hands every message on besides, as it arrived, also what cannot be understood. What finds no
    /// room in the channel is counted as unrecorded.
    pub fn with_tap(mut self, tap: Sender<Recorded>) -> Self {
        self.tap = Some(tap);
        self
    }

    /// What knows the topics.
    pub fn decoder(&self) -> &Decoder {
        &self.decoder
    }

    /// Decodes for the newest definition from now on. `true` when that is another one, to whose
    /// topics the source then subscribes. While the channel is full the old one stays.
    pub fn renew(&mut self) -> bool {
        if self.status.edition() == self.edition || self.try_flush() != Flushed::Sent {
            return false;
        }
        let Some((twin, edition)) = self.status.take_definition() else { return false };
        self.decoder = Decoder::new(&twin).with_max_payload(self.decoder.max_payload());
        self.edition = edition;
        true
    }

    /// Decodes one message into the present batch. `arrival` is wall time.
    pub fn feed(&mut self, topic: &str, payload: &[u8], qos: u8, arrival: Timestamp) {
        self.take(topic, payload, Delivery { qos, retained: false }, arrival);
    }

    /// The same for a message of which is known whether the broker had kept it. What has no stamp of its source is
    /// then of unknown age, and stale.
    /// `false`: it could not be used, or not all of it.
    pub fn take(
        &mut self,
        topic: &str,
        payload: &[u8],
        delivery: Delivery,
        arrival: Timestamp,
    ) -> bool {
        self.receive(topic, payload, delivery, arrival, &mut |_| ())
    }

    /// [`Feed::take`]; why the message could not be used, or not all of it, however many others came
    /// in the same second.
    pub fn explain(
        &mut self,
        topic: &str,
        payload: &[u8],
        delivery: Delivery,
        arrival: Timestamp,
    ) -> Option<String> {
        let mut told = None;
        self.receive(topic, payload, delivery, arrival, &mut |reason| told = Some(reason()));
        told
    }

    /// `explain` gets what can say why the message could not be used.
    fn receive(
        &mut self,
        topic: &str,
        payload: &[u8],
        delivery: Delivery,
        arrival: Timestamp,
        explain: &mut dyn FnMut(&dyn Fn() -> String),
    ) -> bool {
        let Delivery { qos, retained } = delivery;
        if self.is_empty() {
            self.since = arrival;
        }
        let counters = &self.status.counters;
        counters.messages.add(1);
        counters.bytes.add((topic.len() + payload.len()) as u64);
        if let Some(tap) = &self.tap {
            let (topic, payload) = (topic.to_owned(), payload.to_vec());
            if tap.try_send(Recorded { at: arrival, topic, qos, retained, payload }).is_err() {
                counters.unrecorded.add(1);
            }
        }
        let before = self.pending.updates.len();
        let decoded = self.decoder.decode(topic, payload, arrival, &mut self.pending);
        counters.samples.add(decoded.samples as u64);
        if retained {
            if decoded.counts_from_now {
                // Nobody knows when that was.
                self.pending.updates[before..].iter_mut().for_each(|update| update.time = None);
            }
            let undated = |update: &&mut Update| update.time.is_none() && update.value.is_some();
            self.pending.updates[before..].iter_mut().filter(undated).for_each(|update| {
                update.quality = update.quality.max(Quality::Stale);
            });
        }
        if let Some(fault) = decoded.fault {
            match fault {
                Fault::Unmapped => counters.unmapped.add(1),
                Fault::Oversized => counters.oversized.add(1),
                _ => counters.malformed.add(1),
            }
            let reason = || {
                let looks =
                    (fault == Fault::Malformed).then(|| looks_like(topic, payload)).flatten();
                match looks {
                    Some(looks) => format!("{}; it looks like {looks}", decoded.reason()),
                    None => decoded.reason(),
                }
            };
            self.status.bad.push(fault, topic, payload, arrival, reason);
            explain(&reason);
        }
        self.pending_messages += 1;
        if self.full {
            self.bound(before, qos, topic, payload);
        }
        self.keep |= qos > 0 && decoded.samples > 0;
        self.keep |= !self.pending.presence.is_empty() || self.pending.clock.is_some();
        decoded.fault.is_none()
    }

    /// While a batch waits for a full channel it grows by QoS 1 and 2 alone.
    fn bound(&mut self, before: usize, qos: u8, topic: &str, payload: &[u8]) {
        let updates = &mut self.pending.updates;
        if qos == 0 || updates.len() > Self::WAITING {
            let samples = updates.len() - before;
            updates.truncate(before);
            self.status.counters.dropped.add(samples as u64);
            let arrival = self.pending.arrival;
            self.status.bad.push(Fault::Dropped, topic, payload, arrival, || slow(samples));
        }
        // Of presence the last word counts, so that it cannot grow beyond the twin.
        let presence = &mut self.pending.presence;
        if let Some(last) = presence.last().copied() {
            presence.retain(|earlier| earlier.presence != last.presence);
            presence.push(last);
        }
    }

    /// Whether the batch is large enough to be handed on before the next message.
    pub fn is_ripe(&self) -> bool {
        self.pending_messages >= Self::BATCH || self.pending.updates.len() >= Self::BATCH
    }

    /// Whether there is nothing to hand on.
    pub fn is_empty(&self) -> bool {
        is_empty(&self.pending)
    }

    /// Whether the channel had no room at the last attempt to hand something on.
    pub fn is_full(&self) -> bool {
        self.full
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
    pub fn try_flush(&mut self) -> Flushed {
        let mut pending = std::mem::take(&mut self.pending);
        self.pending_messages = 0;
        if is_empty(&pending) {
            (self.keep, self.full) = (false, false);
            return Flushed::Sent;
        }
        pending.edition = self.edition;
        match self.sender.try_send(pending) {
            Ok(()) => {
                (self.keep, self.full) = (false, false);
                Flushed::Sent
            }
            Err(TrySendError::Full(batch)) => {
                self.pending = batch;
                self.full = true;
                Flushed::Full
            }
            Err(TrySendError::Disconnected(_)) => Flushed::Closed,
        }
    }

    /// Drops the batch and counts its samples.
    pub fn drop_batch(&mut self) {
        let batch = std::mem::take(&mut self.pending);
        let samples = batch.updates.len() as u64;
        self.status.counters.dropped.add(samples);
        self.status.bad.push(Fault::Dropped, "", b"", batch.arrival, || slow(samples as usize));
        self.pending_messages = 0;
        (self.keep, self.full) = (false, false);
    }
}

fn slow(samples: usize) -> String {
    format!("{samples} samples came faster than the mirror takes them")
}

fn is_empty(batch: &Batch) -> bool {
    batch.updates.is_empty() && batch.presence.is_empty() && batch.clock.is_none()
}

#[cfg(test)]
mod tests {
    use super::super::sample_twin;
    use super::*;
    use crate::support::twins;
    use crate::telemetry::PresenceChange;
    use crate::twin::mapping::{Mapping, QualitySource, QualityStandard, TimeFormat, TimeSource};
    use crate::twin::{PropertyId, Value};

    const TOPIC: &str = "plant/P-0/speed";

    /// A feed whose channel holds one batch and is full, and a message of that QoS after it.
    fn full(qos: u8) -> (Feed, Receiver<Batch>, Arc<Status>) {
        let topic = sample_twin::template("plant/{asset}/{property}");
        let mapping = Mapping { topic, payload: sample_twin::scalar(None), qos };
        let status = Arc::new(Status::new("test"));
        let decoder = Decoder::new(&sample_twin::twin(1, mapping));
        let (mut feed, receiver) = Feed::new(decoder, status.clone(), 1);
        feed.feed(TOPIC, b"1", qos, Timestamp(1));
        assert_eq!(feed.try_flush(), Flushed::Sent);
        feed.feed(TOPIC, b"2", qos, Timestamp(2));
        assert_eq!(feed.try_flush(), Flushed::Full);
        (feed, receiver, status)
    }

    fn numbers(receiver: &Receiver<Batch>) -> Vec<f64> {
        let numbers = receiver.try_iter().flat_map(|batch| batch.updates);
        let number = |value| match value {
            Some(Value::Number(number)) => number,
            other => panic!("{other:?} is no number"),
        };
        numbers.map(|update| number(update.value)).collect()
    }

    #[test]
    fn qos_1_waits_for_a_full_channel_and_arrives_in_order() {
        let (mut feed, receiver, status) = full(1);
        assert!(feed.must_keep());
        feed.feed(TOPIC, b"3", 1, Timestamp(3));
        assert_eq!(feed.try_flush(), Flushed::Full);
        assert_eq!(numbers(&receiver), [1.0]);
        assert_eq!(feed.try_flush(), Flushed::Sent);
        assert_eq!(numbers(&receiver), [2.0, 3.0]);
        assert_eq!(status.counters.dropped.get(), 0);
    }

    #[test]
    fn qos_0_may_be_dropped_at_a_full_channel_and_is_counted() {
        let (mut feed, receiver, status) = full(0);
        assert!(!feed.must_keep());
        feed.drop_batch();
        feed.feed(TOPIC, b"3", 0, Timestamp(3));
        assert_eq!(numbers(&receiver), [1.0]);
        assert_eq!(feed.try_flush(), Flushed::Sent);
        assert_eq!(numbers(&receiver), [3.0]);
        assert_eq!((status.counters.samples.get(), status.counters.dropped.get()), (3, 1));
        assert_eq!(status.bad.snapshot()[0].fault, Fault::Dropped);
    }

    #[test]
    fn qos_0_does_not_join_a_batch_of_qos_1_that_waits() {
        let (mut feed, receiver, status) = full(1);
        feed.feed(TOPIC, b"3", 0, Timestamp(3));
        assert_eq!(numbers(&receiver), [1.0]);
        assert_eq!(feed.try_flush(), Flushed::Sent);
        feed.feed(TOPIC, b"4", 0, Timestamp(4));
        assert_eq!(numbers(&receiver), [2.0]);
        assert_eq!(feed.try_flush(), Flushed::Sent);
        assert_eq!(numbers(&receiver), [4.0]);
        assert_eq!(status.counters.dropped.get(), 1);
    }

    #[test]
    fn what_was_decoded_for_an_older_definition_goes_first_and_says_so() {
        let (mut feed, receiver, status) = full(1);
        let topic = sample_twin::template("other/{asset}/{property}");
        let mapping = Mapping { topic, payload: sample_twin::scalar(None), qos: 1 };
        assert_eq!(status.redefine(&Arc::new(sample_twin::twin(1, mapping))), 1);
        assert!(!feed.renew(), "the channel is full");
        assert_eq!(receiver.recv().map(|batch| batch.edition), Ok(0));
        assert!(feed.renew());
        assert!(!feed.renew(), "once is enough");
        assert_eq!(receiver.recv().map(|batch| batch.edition), Ok(0));
        feed.feed(TOPIC, b"3", 1, Timestamp(3));
        feed.feed("other/P-0/speed", b"4", 1, Timestamp(4));
        assert_eq!(feed.try_flush(), Flushed::Sent);
        let batch = receiver.recv().expect("a batch");
        assert_eq!((batch.edition, batch.updates.len()), (1, 1));
        assert_eq!(status.counters.unmapped.get(), 1);
    }

    #[test]
    fn what_a_full_tap_misses_is_counted_as_unrecorded_and_still_decoded() {
        let (feed, receiver, status) = full(1);
        receiver.try_iter().for_each(drop);
        let (tap, recorded) = bounded(1);
        let mut feed = feed.with_tap(tap);
        feed.feed(TOPIC, b"3", 1, Timestamp(3));
        feed.feed(TOPIC, b"4", 1, Timestamp(4));
        assert_eq!(feed.try_flush(), Flushed::Sent);
        assert_eq!(numbers(&receiver), [2.0, 3.0, 4.0]);
        assert_eq!(recorded.try_iter().count(), 1);
        let counts = status.counters.snapshot();
        assert_eq!((counts.unrecorded, counts.dropped), (1, 0));
    }

    #[test]
    fn what_waits_is_bounded_whatever_comes() {
        let (mut feed, receiver, status) = full(1);
        let more = Feed::WAITING + 10;
        for _ in 0..more {
            feed.feed(TOPIC, b"3", 1, Timestamp(3));
            feed.pending.presence.push(PresenceChange { presence: 0, online: false });
        }
        feed.feed(TOPIC, b"3", 1, Timestamp(3));
        assert_eq!(feed.pending.presence.len(), 1);
        assert_eq!(numbers(&receiver), [1.0]);
        assert_eq!(feed.try_flush(), Flushed::Sent);
        let kept = receiver.try_recv().expect("it waited").updates;
        assert_eq!(kept.len(), Feed::WAITING);
        assert_eq!(kept[0].property, PropertyId(0));
        assert_eq!(status.counters.dropped.get() as usize, 1 + more + 1 - Feed::WAITING);
    }

    #[test]
    fn what_the_broker_kept_is_stale_unless_it_says_when_it_was_or_that_it_is_bad() {
        let stamp = twins::stamp(TimeFormat::EpochMicros);
        let mut fields = vec![twins::field(sample_twin::SPEED, "/v")];
        let quality = QualitySource {
            pointer: "/q".into(),
            standard: QualityStandard::Any,
            good: vec![],
            uncertain: vec![],
        };
        fields[0].quality = Some(quality);
        for (payload, time, expected) in [
            (r#"{"v":1}"#, TimeSource::Arrival, Quality::Stale),
            (r#"{"v":1,"q":68}"#, TimeSource::Arrival, Quality::Stale),
            (r#"{"v":1,"q":0}"#, TimeSource::Arrival, Quality::Bad),
            (r#"{"v":null}"#, TimeSource::Arrival, Quality::Bad),
            (r#"{"v":1,"t":1795435200000000}"#, stamp.clone(), Quality::Good),
            (r#"{"v":1,"t":"?"}"#, stamp, Quality::Stale),
        ] {
            let payload_of = twins::json(None, time, fields.clone());
            let mapping = twins::mapping("plant/{asset}", payload_of);
            let decoder = Decoder::new(&sample_twin::twin(1, mapping));
            let (mut feed, batches) = Feed::new(decoder, Arc::new(Status::new("test")), 1);
            let kept = Delivery { qos: 0, retained: true };
            feed.take("plant/P-0", payload.as_bytes(), kept, Timestamp(1_795_435_201_000_000));
            assert_eq!(feed.try_flush(), Flushed::Sent);
            let updates = batches.try_recv().expect("a batch").updates;
            assert_eq!((updates.len(), updates[0].quality), (1, expected), "{payload}");
        }
    }

    #[test]
    fn what_the_broker_kept_and_counts_from_now_is_of_unknown_age() {
        let (pointer, format) = ("/0/t".into(), TimeFormat::EpochSeconds);
        let fields = vec![twins::field(sample_twin::SPEED, "/0/v")];
        let payload = twins::json(None, TimeSource::Field { pointer, format }, fields);
        let decoder = Decoder::new(&sample_twin::twin(1, twins::mapping("plant/{asset}", payload)));
        let (mut feed, batches) = Feed::new(decoder, Arc::new(Status::new("test")), 1);
        for retained in [true, false] {
            let text = br#"[{"n":"speed","v":1,"t":-5}]"#;
            let delivery = Delivery { qos: 0, retained };
            feed.take("plant/P-0", text, delivery, Timestamp(1_795_435_201_000_000));
            assert_eq!(feed.try_flush(), Flushed::Sent);
            let update = &batches.try_recv().expect("a batch").updates[0];
            assert_eq!(
                (update.time.is_none(), update.quality == Quality::Stale),
                (retained, retained)
            );
        }
    }

    #[test]
    fn a_packed_payload_is_called_by_its_name() {
        let (mut feed, _receiver, status) = full(0);
        feed.feed(TOPIC, &[0x1f, 0x8b, 8, 0, 0, 0], 0, Timestamp(3));
        let bad = status.bad.snapshot();
        let told =
            bad.iter().any(|bad| bad.reason.contains("looks like gzip, which is not unpacked"));
        assert!(told, "{bad:?}");
    }
}
