//! How much the broker holds: bytes of messages that are kept as retained ones or wait for a client,
//! for each client that has published them and in all.

use std::collections::{HashMap, VecDeque};
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, OnceLock, PoisonError, Weak};

use axum::body::Bytes;
use mqtt5::broker::events::{BrokerEventHandler, ClientPublishEvent, PublishAction};
use mqtt5::broker::router::MessageRouter;

use super::counters::Counters;

/// What a message takes besides its topic and its payload, in bytes.
const OVERHEAD: usize = 256;

/// Largest will in bytes: it says that a client is gone, and all clients may have one.
const MAX_WILL_BYTES: usize = 64 << 10;

/// Bounds in bytes; a message counts with its topic and [`OVERHEAD`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Limits {
    /// Messages of one client that are retained or wait.
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
        client_retained: 128 << 20,
        all_retained: 256 << 20,
    };
}

/// Sums by client and in all.
#[derive(Debug, Default)]
struct Sums {
    clients: HashMap<Arc<str>, usize>,
    all: usize,
}

impl Sums {
    fn of(&self, client: &str) -> usize {
        self.clients.get(client).copied().unwrap_or_default()
    }

    fn add(&mut self, client: &Arc<str>, bytes: usize) {
        *self.clients.entry(client.clone()).or_default() += bytes;
        self.all += bytes;
    }

    fn remove(&mut self, client: &Arc<str>, bytes: usize) {
        self.all = self.all.saturating_sub(bytes);
        if let Some(sum) = self.clients.get_mut(client) {
            *sum = sum.saturating_sub(bytes);
            if *sum == 0 {
                self.clients.remove(client);
            }
        }
    }
}

/// Messages that somebody besides this list may still hold.
#[derive(Debug, Default)]
struct Held {
    messages: VecDeque<(Bytes, Arc<str>, usize)>,
    sums: Sums,
    /// Number of messages and of bytes at which the list is looked through again.
    next: (usize, usize),
}

impl Held {
    /// The least messages and bytes before the list is looked through.
    const LEAST: (usize, usize) = (4_096, 8 << 20);

    fn add(&mut self, payload: &Bytes, client: &Arc<str>, bytes: usize) {
        self.messages.push_back((payload.clone(), client.clone(), bytes));
        self.sums.add(client, bytes);
        let (messages, all) = (self.next.0.max(Self::LEAST.0), self.next.1.max(Self::LEAST.1));
        if self.messages.len() >= messages || self.sums.all >= all {
            self.sweep();
            // Twice what is left, so that each message is looked at a bounded number of times.
            self.next = (2 * self.messages.len(), 2 * self.sums.all);
        }
    }

    /// Lets go of the messages that nobody else holds.
    fn sweep(&mut self) {
        let sums = &mut self.sums;
        self.messages.retain(|(payload, client, bytes)| {
            // An empty payload has no memory that others could share.
            let is_held = !payload.is_empty() && !payload.is_unique();
            if !is_held {
                sums.remove(client, *bytes);
            }
            is_held
        });
    }
}

/// Who has published what is retained, by topic.
#[derive(Debug, Default)]
struct Retained {
    topics: HashMap<Arc<str>, (Arc<str>, usize)>,
    sums: Sums,
}

impl Retained {
    /// Takes a message in the place of the one of its topic; `false` when it is beyond the limits, and
    /// then nothing is changed.
    fn set(&mut self, topic: &Arc<str>, client: &Arc<str>, bytes: usize, limits: &Limits) -> bool {
        let before = self.topics.get(topic).cloned();
        if let Some((owner, bytes)) = &before {
            self.sums.remove(owner, *bytes);
        }
        let fits = self.sums.of(client) + bytes <= limits.client_retained
            && self.sums.all + bytes <= limits.all_retained;
        if fits {
            self.sums.add(client, bytes);
            self.topics.insert(topic.clone(), (client.clone(), bytes));
        } else if let Some((owner, bytes)) = before {
            self.sums.add(&owner, bytes);
        }
        fits
    }

    fn clear(&mut self, topic: &str) {
        if let Some((owner, bytes)) = self.topics.remove(topic) {
            self.sums.remove(&owner, bytes);
        }
    }
}

/// Counts what is published and refuses what is beyond the limits.
pub(super) struct Bounds {
    limits: Limits,
    held: Mutex<Held>,
    retained: Mutex<Retained>,
    counters: Arc<Counters>,
    router: OnceLock<Weak<MessageRouter>>,
}

impl Bounds {
    pub(super) fn new(limits: Limits, counters: Arc<Counters>) -> Self {
        let (held, retained) = (Mutex::default(), Mutex::default());
        Self { limits, held, retained, counters, router: OnceLock::new() }
    }

    /// The router by which a client is disconnected; known once the broker is made.
    pub(super) fn set_router(&self, router: &Arc<MessageRouter>) {
        // A second one is never given.
        let _ = self.router.set(Arc::downgrade(router));
    }

    /// Whether a client may publish any more now.
    pub(super) fn has_room(&self, client: &str) -> bool {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        let over = |held: &Held| {
            held.sums.of(client) > self.limits.client || held.sums.all > self.limits.all
        };
        if over(&held) {
            held.sweep();
        }
        let fits = !over(&held);
        if !fits {
            let (own, all) = (held.sums.of(client) >> 20, held.sums.all >> 20);
            self.counters.refused_message(&format!(
                "client '{client}': {own} MiB of its messages and {all} MiB in all are retained or \
                 wait for clients that do not take them; at most {} MiB and {} MiB are held",
                self.limits.client >> 20,
                self.limits.all >> 20,
            ));
        }
        fits
    }

    /// Notes a client's will, which the broker keeps as long as the client is connected, and longer where
    /// it is retained; `false` when there is no room for it.
    pub(super) fn will(&self, client: &str, topic: &str, payload: usize, retain: bool) -> bool {
        let bytes = payload + topic.len() + OVERHEAD;
        let fits = bytes <= MAX_WILL_BYTES
            && (!retain || {
                let mut retained = self.retained.lock().unwrap_or_else(PoisonError::into_inner);
                retained.set(&topic.into(), &client.into(), bytes, &self.limits)
            });
        if !fits {
            self.counters.refused_message(&format!(
                "client '{client}' leaves a will of {payload} bytes: it has at most {} KiB, and is \
                 retained like other messages",
                MAX_WILL_BYTES >> 10
            ));
        }
        fits
    }

    /// Notes a message; `false` when it is to be retained and there is no room for it.
    fn take(&self, event: &ClientPublishEvent) -> bool {
        let bytes = event.payload.len() + event.topic.len() + OVERHEAD;
        if event.retain {
            let mut retained = self.retained.lock().unwrap_or_else(PoisonError::into_inner);
            if event.payload.is_empty() {
                retained.clear(&event.topic);
            } else if !retained.set(&event.topic, &event.client_id, bytes, &self.limits) {
                return false;
            }
        }
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        held.add(&event.payload, &event.client_id, bytes);
        true
    }
}

impl BrokerEventHandler for Bounds {
    fn on_client_publish<'a>(
        &'a self,
        event: ClientPublishEvent,
    ) -> Pin<Box<dyn Future<Output = PublishAction> + Send + 'a>> {
        Box::pin(async move {
            if self.take(&event) {
                return PublishAction::Continue;
            }
            let client = &event.client_id;
            self.counters.refused_message(&format!(
                "client '{client}' is disconnected: it has, or all have, as many retained messages \
                 as are kept ({} MiB a client, {} MiB in all)",
                self.limits.client_retained >> 20,
                self.limits.all_retained >> 20,
            ));
            if let Some(router) = self.router.get().and_then(Weak::upgrade) {
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
        Limits { client: 20_000, all: 30_000, client_retained: 5_000, all_retained: 8_000 };

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

    fn bounds() -> Bounds {
        Bounds::new(SMALL, Arc::default())
    }

    #[test]
    fn messages_that_nobody_takes_fill_a_client_s_room_and_then_that_of_all() {
        let bounds = bounds();
        let kept: Vec<Bytes> = (0..30).map(|_| Bytes::from(vec![0; 1_000])).collect();
        for payload in &kept[..20] {
            assert!(bounds.take(&publish("a", "t", payload, false)));
        }
        assert!(!bounds.has_room("a"), "its own room is full");
        assert!(bounds.has_room("b"), "others have theirs");
        for payload in &kept[20..] {
            assert!(bounds.take(&publish("b", "t", payload, false)));
        }
        assert!(!bounds.has_room("c"), "that of all is full");
        drop(kept);
        assert!(bounds.has_room("a") && bounds.has_room("c"), "what was taken makes room");
    }

    #[test]
    fn what_is_taken_at_once_never_fills_the_room_and_the_list_stays_short() {
        let bounds = bounds();
        for _ in 0..100_000 {
            let payload = Bytes::from(vec![0; 100]);
            assert!(bounds.take(&publish("a", "t", &payload, false)));
        }
        assert!(bounds.has_room("a"));
        assert!(bounds.held.lock().expect("no panic").messages.len() <= 2 * Held::LEAST.0);
    }

    #[test]
    fn retained_messages_are_bounded_by_client_and_in_all_and_a_cleared_one_makes_room() {
        let bounds = bounds();
        let payload = Bytes::from(vec![0; 1_000]);
        let retain =
            |client: &str, topic: &str| bounds.take(&publish(client, topic, &payload, true));
        let stored =
            |client: &str| (0..9).filter(|n| retain(client, &format!("{client}/{n}"))).count();
        assert_eq!((stored("a"), stored("b"), stored("c")), (3, 3, 0));
        assert!(retain("a", "a/0"), "in its own place there is room");
        assert!(bounds.take(&publish("a", "a/0", &Bytes::new(), true)));
        assert!(retain("c", "c/0"));
    }

    #[test]
    fn wills_are_bounded_and_retained_ones_count_as_retained_messages() {
        let bounds = bounds();
        assert!(bounds.will("a", "a/status", 100, false));
        assert!(!bounds.will("a", "a/status", MAX_WILL_BYTES, false));
        let stored = (0..50).filter(|n| bounds.will("b", &format!("b/{n}"), 100, true)).count();
        assert_eq!(stored, SMALL.client_retained / (100 + 3 + OVERHEAD));
        assert_eq!(bounds.counters.snapshot().messages, 51 - stored as u64);
    }
}
