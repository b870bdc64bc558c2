//! How much the broker holds: bytes of messages that are retained or wait for a client, for each client that
//! has published them and in all.
//!
//! A message that waits counts until its last receiver has taken it (exact for MQTT 3.1.1; for MQTT 5 see
//! `waiting`), a retained one from when the broker has stored it until it is replaced or deleted, a will as long as
//! its connection lives or its delay lasts, and for some time after it was published (see `clients`).
//!
//! Not counted is what the broker keeps of a message for each of its receivers: of quality 1 and 2 a copy of its
//! payload until the receiver has acknowledged it, of at most [`super::UNACKNOWLEDGED`] messages a receiver; and
//! what waits for clients that are away, which has bounds of its own.

mod clients;
mod retained;
mod sums;
mod waiting;

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};
use std::time::{Duration, Instant};

use axum::body::Bytes;
use mqtt5::WillMessage;
use mqtt5::broker::events::{
    BrokerEventHandler, ClientConnectEvent, ClientDisconnectEvent, ClientPublishEvent,
    PublishAction, RetainedSetEvent,
};
use mqtt5::broker::router::MessageRouter;
use mqtt5::broker::{DynamicStorage, StorageBackend as _};
use mqtt5::packet::publish::PublishPacket;

use clients::{Clients, Will};
use retained::Retained;
use waiting::Waiting;

use super::SESSION_EXPIRY;
use super::counters::Counters;

/// What a message takes besides its topic, its payload and its properties, in bytes.
const OVERHEAD: usize = 256;

/// Largest will in bytes: it says that a client is gone, and all clients may have one.
const MAX_WILL_BYTES: usize = 64 << 10;

/// Pause between two looks at what was let go, where a message is refused.
const LOOK_PAUSE: Duration = Duration::from_millis(100);

/// Pause between two looks at what was let go, where nothing happens.
const TEND_PAUSE: Duration = Duration::from_secs(1);

/// Bounds in bytes; a message counts with its topic, its properties and [`OVERHEAD`], a retained one as often as the
/// broker keeps it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Limits {
    /// Messages of one client that wait.
    pub client: usize,
    /// Messages of all clients that are retained or wait.
    pub all: usize,
    /// Retained messages of one client.
    pub client_retained: usize,
    /// Retained messages of all clients.
    pub all_retained: usize,
}

impl Limits {
    /// A plant of 100,000 retained topics of half a kilobyte fits.
    pub(super) const USUAL: Self = Self {
        client: 256 << 20,
        all: 512 << 20,
        client_retained: 256 << 20,
        all_retained: 384 << 20,
    };
}

/// The broker's parts that are asked here.
struct Parts {
    router: Weak<MessageRouter>,
    storage: Option<Arc<DynamicStorage>>,
}

/// Counts what is published and refuses what is beyond the limits.
pub(super) struct Bounds {
    limits: Limits,
    waiting: Waiting,
    retained: Mutex<Retained>,
    clients: Mutex<Clients>,
    counters: Arc<Counters>,
    parts: OnceLock<Parts>,
}

impl Bounds {
    pub(super) fn new(limits: Limits, counters: Arc<Counters>) -> Self {
        Self {
            limits,
            waiting: Waiting::default(),
            retained: Mutex::default(),
            clients: Mutex::default(),
            counters,
            parts: OnceLock::new(),
        }
    }

    /// The router by which a client is disconnected, and the storage in which it is seen what is kept; known
    /// once the broker is made.
    pub(super) fn set_parts(
        &self,
        router: &Arc<MessageRouter>,
        storage: Option<Arc<DynamicStorage>>,
    ) {
        // Others are never given.
        let _ = self.parts.set(Parts { router: Arc::downgrade(router), storage });
    }

    fn retained(&self) -> MutexGuard<'_, Retained> {
        self.retained.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn clients(&self) -> MutexGuard<'_, Clients> {
        self.clients.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A client has the login and is about to be connected, by this version of MQTT.
    pub(super) fn admit(&self, client: &str, version: u8) {
        self.clients().admit(client, version, Instant::now());
    }

    /// Whether a client may publish any more now.
    pub(super) fn has_room(&self, client: &str) -> bool {
        let sums = || {
            let (own, all) = self.waiting.sums(client);
            (own, all + self.retained().all())
        };
        let over = |(own, all)| own > self.limits.client || all > self.limits.all;
        let mut held = sums();
        if over(held) {
            self.waiting.let_go(Instant::now(), LOOK_PAUSE);
            held = sums();
        }
        let fits = !over(held);
        if !fits {
            self.counters.refused_message(&format!(
                "client '{client}': {} MiB of its messages wait for clients that do not take them, and {} MiB of \
                 all are retained or wait; at most {} MiB and {} MiB are held",
                held.0 >> 20,
                held.1 >> 20,
                self.limits.client >> 20,
                self.limits.all >> 20,
            ));
        }
        fits
    }

    /// Whether a client's will may be kept.
    pub(super) fn takes_will(&self, client: &str, will: &WillMessage) -> bool {
        let bytes = clients::bytes_of(will);
        let kept = retained::bytes_of(&will.topic, bytes);
        let fits = bytes <= MAX_WILL_BYTES
            && (!will.retain || self.retained().fits(&will.topic, client, kept, &self.limits));
        if !fits {
            self.counters.refused_message(&format!(
                "client '{client}' leaves a will of {bytes} bytes: it has at most {} KiB, and is retained like \
                 other messages",
                MAX_WILL_BYTES >> 10
            ));
        }
        fits
    }

    /// Begins to count what a connection holds.
    fn connect(&self, client: &Arc<str>, will: Option<Will>) {
        if let Some(will) = &will {
            self.waiting.hold(client, will.bytes);
            will.retained.into_iter().for_each(|bytes| self.retained().hold(client, bytes));
        }
        let cancelled = self.clients().connect(client, will);
        cancelled.iter().for_each(|will| self.release(client, will));
    }

    /// Counts what a connection has held no more.
    fn disconnect(&self, client: &Arc<str>, unexpected: bool) {
        let (will, is_last) = self.clients().disconnect(client, unexpected, Instant::now());
        will.iter().for_each(|will| self.release(client, will));
        let beyond = self.clients().beyond();
        beyond.iter().for_each(|(client, will)| self.release(client, will));
        if is_last {
            self.retained().forget_coming(client);
        }
    }

    fn release(&self, client: &Arc<str>, will: &Will) {
        self.waiting.release(client, will.bytes);
        will.retained.into_iter().for_each(|bytes| self.retained().release(client, bytes));
    }

    /// The will of a client that is connected now, as the broker keeps it.
    async fn will(&self, event: &ClientConnectEvent) -> Option<Will> {
        let topic = event.will_topic.as_deref()?;
        let session = match self.parts.get().and_then(|parts| parts.storage.as_ref()) {
            Some(storage) => storage.get_session(&event.client_id).await.ok().flatten(),
            None => None,
        };
        let delay = session.as_ref().and_then(|session| session.will_publish_delay());
        let delay = Duration::from_secs(delay.unwrap_or_default().into()).min(SESSION_EXPIRY);
        let kept = session.and_then(|session| session.will_message);
        let kept = kept.filter(|will| will.topic == topic);
        let bytes = match &kept {
            Some(will) => clients::bytes_of(will),
            None => topic.len() + event.will_payload.as_ref().map_or(0, Bytes::len) + OVERHEAD,
        };
        let is_retained = event.will_retain == Some(true);
        let retained = is_retained.then(|| retained::bytes_of(topic, bytes));
        Some(Will { bytes, retained, delay })
    }

    /// Counts a message, and gives it as it goes on; `None` when it is to be retained and there is no room for it.
    fn take(&self, event: &ClientPublishEvent) -> Option<PublishAction> {
        let text = event.response_topic.as_ref().map_or(0, |topic| topic.len());
        let correlation = event.correlation_data.as_ref();
        let content = event.payload.len() + text + correlation.map_or(0, Bytes::len);
        // An empty one deletes what is retained.
        if event.retain && !event.payload.is_empty() {
            let bytes = retained::bytes_of(&event.topic, content);
            let mut retained = self.retained();
            if !retained.reserve(&event.topic, &event.client_id, bytes, &self.limits) {
                return None;
            }
        }
        let bytes = event.topic.len() + content + OVERHEAD;
        if self.clients().speaks_five(&event.client_id) {
            let part = correlation.filter(|_| event.payload.is_empty()).unwrap_or(&event.payload);
            self.waiting.watch(part, &event.client_id, bytes);
            return Some(PublishAction::Continue);
        }
        let payload = self.waiting.counted(&event.payload, &event.client_id, bytes);
        let mut packet = PublishPacket::new_v311(&*event.topic, payload, event.qos);
        (packet.packet_id, packet.retain) = (event.packet_id, event.retain);
        // What the broker had noted in the message that this one takes the place of.
        packet.properties.inject_sender(event.user_id.as_deref());
        packet.properties.inject_client_id(Some(&event.client_id));
        Some(PublishAction::Transform(packet))
    }

    /// Notes what the broker has stored as the retained message of a topic.
    async fn note_retained(&self, event: &RetainedSetEvent) {
        if event.cleared {
            return self.retained().clear(&event.topic);
        }
        let stored = match self.parts.get().and_then(|parts| parts.storage.as_ref()) {
            Some(storage) => storage.get_retained_message(&event.topic).await.ok().flatten(),
            None => None,
        };
        match stored {
            Some(message) => {
                let bytes = retained::bytes_kept(&message);
                self.retained().set(&event.topic, retained::publisher(&message), bytes);
            }
            // One that has expired already is kept nevertheless, and is not shown.
            None => self.retained().set_unseen(&event.topic, event.payload.len()),
        }
    }

    /// Lets go of what nobody holds any more, for as long as the task lives.
    pub(super) async fn tend(self: Arc<Self>) {
        loop {
            tokio::time::sleep(TEND_PAUSE).await;
            let now = Instant::now();
            self.waiting.let_go(now, Duration::ZERO);
            let published = self.clients().tend(now);
            published.iter().for_each(|(client, will)| self.release(client, will));
        }
    }
}

impl BrokerEventHandler for Bounds {
    fn on_client_connect<'a>(
        &'a self,
        event: ClientConnectEvent,
    ) -> Pin<Box<dyn Future<Output = ()> + Send + 'a>> {
        Box::pin(async move {
            let will = self.will(&event).await;
            self.connect(&event.client_id, will);
        })
    }

    fn on_client_disconnect<'a>(
        &'a self,
        event: ClientDisconnectEvent,
    ) -> Pin<Box<dyn Future<Output = ()> + Send + 'a>> {
        Box::pin(async move { self.disconnect(&event.client_id, event.unexpected) })
    }

    fn on_retained_set<'a>(
        &'a self,
        event: RetainedSetEvent,
    ) -> Pin<Box<dyn Future<Output = ()> + Send + 'a>> {
        Box::pin(async move { self.note_retained(&event).await })
    }

    fn on_client_publish<'a>(
        &'a self,
        event: ClientPublishEvent,
    ) -> Pin<Box<dyn Future<Output = PublishAction> + Send + 'a>> {
        Box::pin(async move {
            if let Some(action) = self.take(&event) {
                return action;
            }
            let client = &event.client_id;
            self.counters.refused_message(&format!(
                "client '{client}' is disconnected: it has, or all have, as many retained messages as are kept \
                 ({} MiB a client, {} MiB in all, each message counted as often as it is kept; one that has expired                  counts until it is replaced or cleared by an empty one)",
                self.limits.client_retained >> 20,
                self.limits.all_retained >> 20,
            ));
            if let Some(router) = self.parts.get().and_then(|parts| parts.router.upgrade()) {
                router.disconnect_client(client).await;
            }
            PublishAction::Handled
        })
    }
}

#[cfg(test)]
mod tests {
    use mqtt5::QoS;

    use super::*;

    const SMALL: Limits =
        Limits { client: 20_000, all: 30_000, client_retained: 10_000, all_retained: 16_000 };

    fn publish(client: &str, topic: &str, payload: &Bytes, retain: bool) -> ClientPublishEvent {
        ClientPublishEvent {
            client_id: client.into(),
            user_id: None,
            topic: topic.into(),
            payload: payload.clone(),
            qos: QoS::AtMostOnce,
            retain,
            packet_id: None,
            response_topic: None,
            correlation_data: None,
        }
    }

    /// Clients that speak MQTT 3.1.1 and are connected.
    fn bounds() -> Bounds {
        let bounds = Bounds::new(SMALL, Arc::default());
        for client in ["a", "b", "c"] {
            bounds.admit(client, 4);
            bounds.connect(&client.into(), None);
        }
        bounds
    }

    /// What goes on of a message, as somebody holds it.
    fn held(bounds: &Bounds, event: &ClientPublishEvent) -> Bytes {
        match bounds.take(event) {
            Some(PublishAction::Transform(packet)) => packet.payload,
            Some(_) => event.payload.clone(),
            None => panic!("there is room for it"),
        }
    }

    /// What the broker says when it has retained a message. There is no storage to look into.
    fn retain(bounds: &Bounds, client: &str, topic: &str, payload: &Bytes) -> bool {
        let may = bounds.take(&publish(client, topic, payload, true)).is_some();
        if may && payload.is_empty() {
            bounds.retained().clear(topic);
        } else if may {
            let bytes = retained::bytes_of(topic, payload.len());
            bounds.retained().set(&topic.into(), None, bytes);
        }
        may
    }

    #[test]
    fn messages_that_nobody_takes_fill_a_client_s_room_and_then_that_of_all() {
        for version in [4, 5] {
            let bounds = bounds();
            ["a", "b", "c"].iter().for_each(|client| bounds.admit(client, version));
            let one = |client| {
                let payload = Bytes::from(vec![0; 1_000]);
                held(&bounds, &publish(client, "t", &payload, false))
            };
            let mut kept: Vec<Bytes> = (0..20).map(|_| one("a")).collect();
            assert!(!bounds.has_room("a"), "its own room is full");
            assert!(bounds.has_room("b"), "others have theirs");
            kept.extend((0..10).map(|_| one("b")));
            assert!(!bounds.has_room("c"), "that of all is full");
            assert_eq!(bounds.counters.snapshot().messages, 2);
            drop(kept);
            bounds.waiting.let_go(Instant::now() + LOOK_PAUSE, LOOK_PAUSE);
            assert!(bounds.has_room("a") && bounds.has_room("c"), "what was taken makes room");
        }
    }

    #[test]
    fn a_message_goes_on_with_all_that_it_had() {
        let bounds = bounds();
        let payload = Bytes::from_static(b"payload");
        let event = ClientPublishEvent {
            user_id: Some("eva".into()),
            qos: QoS::ExactlyOnce,
            packet_id: Some(7),
            ..publish("a", "t", &payload, true)
        };
        let Some(PublishAction::Transform(packet)) = bounds.take(&event) else {
            panic!("it goes on")
        };
        assert_eq!((&*packet.topic_name, &packet.payload), ("t", &payload));
        assert_eq!((packet.qos, packet.packet_id, packet.retain), (event.qos, Some(7), true));
        let noted = |name| packet.properties.get_user_property_value(name);
        assert_eq!((noted("x-mqtt-sender"), noted("x-mqtt-client-id")), (Some("eva"), Some("a")));
        // The properties of MQTT 5 are not seen here, and so left as they are.
        bounds.admit("a", 5);
        assert!(matches!(bounds.take(&event), Some(PublishAction::Continue)));
    }

    #[test]
    fn what_is_known_of_the_properties_counts_also_beside_an_empty_payload() {
        let bounds = bounds();
        bounds.admit("a", 5);
        let correlation = Bytes::from(vec![0; 6_000]);
        let event = ClientPublishEvent {
            response_topic: Some("r".repeat(6_000).into()),
            correlation_data: Some(correlation.clone()),
            ..publish("a", "t", &Bytes::new(), false)
        };
        assert!(bounds.take(&event).is_some() && bounds.take(&event).is_some());
        assert!(!bounds.has_room("a"));
    }

    #[test]
    fn an_empty_message_counts_for_as_long_as_it_waits() {
        let bounds = bounds();
        let topic = "t".repeat(5_000);
        let one = || held(&bounds, &publish("a", &topic, &Bytes::new(), false));
        let kept: Vec<Bytes> = (0..4).map(|_| one()).collect();
        assert!(!bounds.has_room("a"));
        drop(kept);
        assert!(bounds.has_room("a"));
    }

    #[test]
    fn retained_messages_are_bounded_by_client_and_in_all_and_a_cleared_one_makes_room() {
        let bounds = bounds();
        let payload = Bytes::from(vec![0; 1_000]);
        let stored = |client: &str| {
            let topics = (0..9).map(|n| format!("{client}/{n}"));
            topics.filter(|topic| retain(&bounds, client, topic, &payload)).count()
        };
        assert_eq!((stored("a"), stored("b"), stored("c")), (3, 3, 0));
        assert!(retain(&bounds, "a", "a/0", &payload), "in its own place there is room");
        assert!(retain(&bounds, "a", "a/0", &Bytes::new()));
        assert!(retain(&bounds, "c", "c/0", &payload));
    }

    #[tokio::test]
    async fn small_retained_messages_that_have_expired_at_once_leave_room_for_others() {
        // There is no storage that would show them.
        let bounds = Bounds::new(Limits::USUAL, Arc::default());
        let payload = Bytes::from_static(b"1");
        for number in 0..1_000 {
            let event = publish("a", &format!("a/{number}"), &payload, true);
            assert!(bounds.take(&event).is_some(), "{number}");
            let ClientPublishEvent { topic, payload, qos, .. } = event;
            let set = RetainedSetEvent { topic, payload, qos, cleared: false };
            bounds.note_retained(&set).await;
        }
        assert!((1_000..16 << 20).contains(&bounds.retained().all()));
    }

    #[test]
    fn room_that_was_kept_for_a_message_that_never_came_is_given_back() {
        let bounds = bounds();
        let payload = Bytes::from(vec![0; 3_000]);
        assert!(bounds.take(&publish("a", "a/0", &payload, true)).is_some());
        assert!(bounds.take(&publish("a", "a/1", &payload, true)).is_none());
        bounds.disconnect(&"a".into(), true);
        assert_eq!(bounds.retained().all(), 0);
        assert!(bounds.take(&publish("b", "a/1", &payload, true)).is_some());
    }

    #[test]
    fn a_will_counts_for_its_connection_alone_and_does_not_stand_for_what_is_retained() {
        let bounds = bounds();
        let (client, payload): (Arc<str>, _) = ("a".into(), Bytes::from(vec![0; 3_000]));
        assert!(retain(&bounds, "a", "a/status", &payload));
        let before = (bounds.waiting.sums("a").0, bounds.retained().all());
        let live_and_end = |unexpected| {
            let will = Will { bytes: 300, retained: Some(600), delay: Duration::ZERO };
            bounds.disconnect(&client, false);
            bounds.admit("a", 4);
            bounds.connect(&client, Some(will));
            let while_it_lives = (bounds.waiting.sums("a").0, bounds.retained().all());
            assert!(!retain(&bounds, "a", "a/other", &payload), "what is retained still counts");
            bounds.disconnect(&client, unexpected);
            (while_it_lives, (bounds.waiting.sums("a").0, bounds.retained().all()))
        };
        let kept = (before.0 + 300, before.1 + 600);
        for _ in 0..100 {
            assert_eq!(live_and_end(false), (kept, before));
        }
        // Published: it may wait for others, and is retained no more than the broker says.
        assert_eq!(live_and_end(true), (kept, (before.0 + 300, before.1)));
    }

    #[test]
    fn wills_are_bounded_and_retained_ones_only_where_there_is_room() {
        let bounds = bounds();
        let will =
            |payload, retain| WillMessage::new("a/status", vec![0; payload]).with_retain(retain);
        assert!(bounds.takes_will("a", &will(100, false)));
        assert!(!bounds.takes_will("a", &will(MAX_WILL_BYTES, false)));
        assert!(bounds.takes_will("a", &will(3_000, true)));
        assert!(!bounds.takes_will("a", &will(6_000, true)));
        let mut with_properties = will(100, false);
        let pair = ("n".to_owned(), "v".repeat(MAX_WILL_BYTES));
        with_properties.properties.user_properties.push(pair);
        assert!(!bounds.takes_will("a", &with_properties));
        assert_eq!(bounds.counters.snapshot().messages, 3);
    }
}
