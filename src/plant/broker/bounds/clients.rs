//! Clients that are connected: how they speak, and which wills the broker keeps for them.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

use mqtt5::{WillMessage, WillProperties};

use super::OVERHEAD;
use super::retained::size_of_pair;

/// A client that was let in and has not connected after so long has gone.
const CONNECTS_WITHIN: Duration = Duration::from_secs(30);

/// A will that was published is not seen any more, and may wait for others: it counts for so long after that. A
/// client that takes nothing is cut by the broker after this time, unless it has stated a longer one.
const MAY_WAIT: Duration = Duration::from_secs(300);

/// What the wills that were published count at most in bytes, those of all clients together: most are taken at once,
/// and clients that come and go shall not take the room of others by them.
const MAX_PUBLISHED: usize = 32 << 20;

/// A will that the broker keeps.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Will {
    /// What it takes while it waits.
    pub bytes: usize,
    /// What it takes once it is published, if it is to be retained.
    pub retained: Option<usize>,
    /// How long it waits after its client has gone.
    pub delay: Duration,
}

/// What a will takes, its properties included.
pub(super) fn bytes_of(will: &WillMessage) -> usize {
    let WillProperties { content_type, response_topic, correlation_data, user_properties, .. } =
        &will.properties;
    let texts: usize = [content_type, response_topic].into_iter().flatten().map(String::len).sum();
    let pairs: usize = user_properties.iter().map(|(name, value)| size_of_pair(name, value)).sum();
    let correlation = correlation_data.as_ref().map_or(0, Vec::len);
    will.topic.len() + will.payload.len() + texts + pairs + correlation + OVERHEAD
}

#[derive(Debug)]
struct Client {
    /// Any of its connections speaks MQTT 5.
    speaks_five: bool,
    admitted: Instant,
    /// The will of each connection, the oldest first: of two for one client the older ends first.
    connections: VecDeque<Option<Will>>,
}

/// Clients by their identifiers.
#[derive(Debug, Default)]
pub(super) struct Clients {
    known: HashMap<Arc<str>, Client>,
    /// Wills whose clients have gone, and when they are published.
    delayed: Vec<(Arc<str>, Will, Instant)>,
    /// Bytes of wills that were published, and until when they count; the oldest first.
    published: VecDeque<(Arc<str>, usize, Instant)>,
    published_bytes: usize,
}

impl Clients {
    /// A client was let in by this version of MQTT.
    pub fn admit(&mut self, client: &str, version: u8, now: Instant) {
        let new = || Client { speaks_five: false, admitted: now, connections: VecDeque::new() };
        let known = self.known.entry(client.into()).or_insert_with(new);
        known.speaks_five |= version >= 5;
        known.admitted = now;
    }

    /// Whether a client may speak MQTT 5.
    pub fn speaks_five(&self, client: &str) -> bool {
        self.known.get(client).is_none_or(|client| client.speaks_five)
    }

    /// A client is connected; its wills that waited are not published any more, and are given.
    pub fn connect(&mut self, client: &Arc<str>, will: Option<Will>) -> Vec<Will> {
        let unknown =
            || Client { speaks_five: true, admitted: Instant::now(), connections: VecDeque::new() };
        self.known.entry(client.clone()).or_insert_with(unknown).connections.push_back(will);
        let is_its = |(whose, ..): &mut (Arc<str>, Will, Instant)| whose == client;
        self.delayed.extract_if(.., is_its).map(|(_, will, _)| will).collect()
    }

    /// A connection has ended; gives what is not kept any more of its will, and whether it was the client's last one.
    pub fn disconnect(
        &mut self,
        client: &Arc<str>,
        unexpected: bool,
        now: Instant,
    ) -> (Option<Will>, bool) {
        let Some(known) = self.known.get_mut(client) else { return (None, true) };
        let will = known.connections.pop_front().flatten();
        let is_last = known.connections.is_empty();
        if is_last {
            self.known.remove(client);
        }
        let will = match will {
            Some(will) if unexpected && will.delay.is_zero() => {
                Some(self.publish(client, will, now))
            }
            // A connection that was taken over leaves none that waits.
            Some(will) if unexpected && is_last => {
                let until = now + will.delay;
                self.delayed.push((client.clone(), will, until));
                None
            }
            will => will,
        };
        (will, is_last)
    }

    /// A will has been published: if it is retained, it counts as such now. Gives what is not kept any more.
    fn publish(&mut self, client: &Arc<str>, will: Will, now: Instant) -> Will {
        self.published.push_back((client.clone(), will.bytes, now + MAY_WAIT));
        self.published_bytes += will.bytes;
        Will { bytes: 0, ..will }
    }

    /// Gives the oldest of the published wills that count no more, for those of all count at most
    /// [`MAX_PUBLISHED`].
    pub fn beyond(&mut self) -> Vec<(Arc<str>, Will)> {
        let mut beyond = Vec::new();
        while self.published_bytes > MAX_PUBLISHED
            && let Some(oldest) = self.forget_published(|_| true)
        {
            beyond.push(oldest);
        }
        beyond
    }

    /// Takes the oldest of the published wills out, if it counts only until a time that is over.
    fn forget_published(&mut self, is_over: impl Fn(Instant) -> bool) -> Option<(Arc<str>, Will)> {
        let (client, bytes, _) = self.published.pop_front_if(|(_, _, until)| is_over(*until))?;
        self.published_bytes -= bytes;
        Some((client, Will { bytes, ..Will::default() }))
    }

    /// Gives what is not kept any more of wills that have been published since, and forgets clients that never came.
    pub fn tend(&mut self, now: Instant) -> Vec<(Arc<str>, Will)> {
        self.known.retain(|_, client| {
            let waited = now.saturating_duration_since(client.admitted);
            !client.connections.is_empty() || waited < CONNECTS_WITHIN
        });
        let over = std::iter::from_fn(|| self.forget_published(|until| until <= now));
        let mut gone: Vec<_> = over.collect();
        let is_due = |(_, _, until): &mut (Arc<str>, Will, Instant)| *until <= now;
        let due: Vec<_> = self.delayed.extract_if(.., is_due).collect();
        for (client, will, published) in due {
            let will = self.publish(&client, will, published);
            gone.push((client, will));
        }
        gone.extend(self.beyond());
        gone
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn will(delay: u64) -> Will {
        Will { bytes: 300, retained: None, delay: Duration::from_secs(delay) }
    }

    /// A will of which the bytes that wait are still kept.
    fn published(delay: u64) -> Will {
        Will { bytes: 0, ..will(delay) }
    }

    #[test]
    fn a_will_is_kept_until_its_connection_ends_well_or_it_has_been_published_and_taken() {
        let mut clients = Clients::default();
        let (client, now): (Arc<str>, _) = ("a".into(), Instant::now());
        let after = |seconds| now + Duration::from_secs(seconds);
        for (delay, unexpected, expected) in [
            (0, false, Some(will(0))),
            (9, false, Some(will(9))),
            (0, true, Some(published(0))),
            (9, true, None),
        ] {
            clients.admit("a", 5, now);
            assert!(clients.connect(&client, Some(will(delay))).is_empty());
            let ended = clients.disconnect(&client, unexpected, now);
            assert_eq!(ended, (expected, true), "{delay} {unexpected}");
        }
        assert!(clients.tend(after(8)).is_empty());
        assert_eq!(clients.tend(after(9)), [(client.clone(), published(9))]);
        let waited = Will { bytes: 300, ..Will::default() };
        assert_eq!(clients.tend(now + MAY_WAIT), [(client.clone(), waited.clone())]);
        assert_eq!(clients.tend(after(9) + MAY_WAIT), [(client, waited)]);
        let Clients { known, delayed, published, published_bytes } = clients;
        assert!(known.is_empty() && delayed.is_empty() && published.is_empty());
        assert_eq!(published_bytes, 0);
    }

    #[test]
    fn a_client_that_comes_back_or_is_taken_over_has_the_will_of_its_last_connection() {
        let mut clients = Clients::default();
        let (client, now): (Arc<str>, _) = ("a".into(), Instant::now());
        clients.admit("a", 5, now);
        clients.connect(&client, Some(will(9)));
        clients.disconnect(&client, true, now);
        clients.admit("a", 5, now);
        assert_eq!(
            clients.connect(&client, Some(will(1))),
            [will(9)],
            "it is not published any more"
        );
        clients.admit("a", 5, now);
        clients.connect(&client, Some(will(0)));
        assert_eq!(
            clients.disconnect(&client, false, now),
            (Some(will(1)), false),
            "the older ends"
        );
        assert_eq!(clients.disconnect(&client, false, now), (Some(will(0)), true));
    }

    #[test]
    fn a_client_is_taken_to_speak_mqtt_5_while_any_of_its_connections_may() {
        let mut clients = Clients::default();
        let (client, now): (Arc<str>, _) = ("a".into(), Instant::now());
        assert!(clients.speaks_five("a"), "nothing is known of it");
        clients.admit("a", 4, now);
        clients.connect(&client, None);
        assert!(!clients.speaks_five("a"));
        clients.admit("a", 5, now);
        assert!(clients.speaks_five("a"));
        clients.admit("b", 4, now);
        clients.tend(now + CONNECTS_WITHIN);
        assert!(clients.known.contains_key("a") && !clients.known.contains_key("b"));
    }

    #[test]
    fn published_wills_take_no_more_than_their_share_and_the_oldest_are_forgotten_first() {
        let mut clients = Clients::default();
        let now = Instant::now();
        let large = Will { bytes: 64 << 10, ..will(0) };
        let mut held = 0;
        let mut forgotten = Vec::new();
        for number in 0..8_192 {
            let client: Arc<str> = number.to_string().into();
            clients.admit(&client, 5, now);
            clients.connect(&client, Some(large.clone()));
            held += large.bytes;
            let (gone, _) = clients.disconnect(&client, true, now);
            held -= gone.map_or(0, |will| will.bytes);
            for (client, will) in clients.beyond() {
                held -= will.bytes;
                forgotten.push(client);
            }
            assert!(held <= MAX_PUBLISHED);
        }
        let expected: Vec<Arc<str>> =
            (0..8_192 - 512).map(|number| number.to_string().into()).collect();
        assert_eq!((held, forgotten), (MAX_PUBLISHED, expected));
    }

    #[test]
    fn the_properties_of_a_will_are_counted() {
        let mut will = WillMessage::new("t", vec![0; 100]);
        assert_eq!(bytes_of(&will), 101 + OVERHEAD);
        will.properties.user_properties.push(("n".repeat(1_000), "v".repeat(1_000)));
        will.properties.correlation_data = Some(vec![0; 1_000]);
        assert!(bytes_of(&will) >= 3_101 + OVERHEAD);
    }
}
