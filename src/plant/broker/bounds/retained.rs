//! Who has published what is retained, by topic.

use std::collections::HashMap;
use std::sync::Arc;

use mqtt5::broker::storage::RetainedMessage;

use super::sums::Sums;
use super::{Limits, OVERHEAD};

/// The broker keeps each retained message twice: to hand it out, and in its storage.
const COPIES: usize = 2;
/// What a retained message has beside what is known of it, where the broker shows it no more: its properties. They
/// have some hundred bytes as a rule.
const UNSEEN: usize = 4 << 10;
/// Property by which the broker itself states in a message who has published it.
const CLIENT: &str = "x-mqtt-client-id";

/// What a retained message takes that has so many bytes besides its topic.
pub(super) fn bytes_of(topic: &str, content: usize) -> usize {
    // The topic is the key and stands in the message.
    COPIES * (2 * topic.len() + content + OVERHEAD)
}

/// What a message takes that is retained, all of its properties included.
pub(super) fn bytes_kept(message: &RetainedMessage) -> usize {
    let pairs = message.user_properties.iter();
    let properties: usize = pairs.map(|(name, value)| size_of_pair(name, value)).sum();
    let texts = [&message.content_type, &message.response_topic];
    let texts: usize = texts.into_iter().flatten().map(String::len).sum();
    let correlation = message.correlation_data.as_ref().map_or(0, Vec::len);
    bytes_of(&message.topic, message.payload.len() + properties + texts + correlation)
}

/// What a user property takes.
pub(super) fn size_of_pair(name: &str, value: &str) -> usize {
    size_of::<(String, String)>() + name.len() + value.len()
}

/// Who has published a retained message, as the broker notes it.
pub(super) fn publisher(message: &RetainedMessage) -> Option<Arc<str>> {
    let mut pairs = message.user_properties.iter();
    pairs.find(|(name, _)| name == CLIENT).map(|(_, client)| client.as_str().into())
}

/// A client and bytes of it.
type Share = (Arc<str>, usize);

/// What is retained, and what is about to be.
#[derive(Debug, Default)]
pub(super) struct Retained {
    topics: HashMap<Arc<str>, Share>,
    /// Messages that were let in and are not retained yet: one of quality 2 is when its client has completed it.
    coming: HashMap<Arc<str>, Share>,
    sums: Sums,
}

impl Retained {
    /// Bytes of all clients.
    pub fn all(&self) -> usize {
        self.sums.all()
    }

    /// Whether a message may take the place of the one of its topic.
    pub fn fits(&self, topic: &str, client: &str, bytes: usize, limits: &Limits) -> bool {
        let before = [self.topics.get(topic), self.coming.get(topic)];
        let before = before.into_iter().flatten();
        let (mut own, mut all) = (self.sums.of(client), self.sums.all());
        for (owner, bytes) in before {
            all = all.saturating_sub(*bytes);
            if &**owner == client {
                own = own.saturating_sub(*bytes);
            }
        }
        own + bytes <= limits.client_retained && all + bytes <= limits.all_retained
    }

    /// Keeps room for a message that is about to be retained; `false` when there is none, and then nothing is
    /// changed.
    pub fn reserve(
        &mut self,
        topic: &Arc<str>,
        client: &Arc<str>,
        bytes: usize,
        limits: &Limits,
    ) -> bool {
        let fits = self.fits(topic, client, bytes, limits);
        if fits {
            self.sums.add(client, bytes);
            if let Some((owner, bytes)) = self.coming.insert(topic.clone(), (client.clone(), bytes))
            {
                self.sums.remove(&owner, bytes);
            }
        }
        fits
    }

    /// Notes what is retained now. A message that says nothing of its publisher is of the one that room was kept
    /// for, or else the broker's own.
    pub fn set(&mut self, topic: &Arc<str>, publisher: Option<Arc<str>>, bytes: usize) {
        let coming = self.coming.remove(topic);
        if let Some((owner, bytes)) = &coming {
            self.sums.remove(owner, *bytes);
        }
        let client = publisher.or(coming.map(|(owner, _)| owner)).unwrap_or_else(|| "".into());
        self.sums.add(&client, bytes);
        if let Some((owner, bytes)) = self.topics.insert(topic.clone(), (client, bytes)) {
            self.sums.remove(&owner, bytes);
        }
    }

    /// Notes that a message is retained which cannot be looked at, with this payload: it counts with what is known of
    /// it and an allowance for the rest.
    pub fn set_unseen(&mut self, topic: &Arc<str>, payload: usize) {
        let known = self.coming.get(topic).map_or(0, |(_, bytes)| *bytes);
        let bytes = known.max(bytes_of(topic, payload)) + COPIES * UNSEEN;
        self.set(topic, None, bytes);
    }

    /// Notes that nothing is retained of a topic.
    pub fn clear(&mut self, topic: &str) {
        if let Some((owner, bytes)) = self.topics.remove(topic) {
            self.sums.remove(&owner, bytes);
        }
    }

    /// Keeps no more room for what a client has begun to publish.
    pub fn forget_coming(&mut self, client: &str) {
        let sums = &mut self.sums;
        self.coming.retain(|_, (owner, bytes)| {
            let stays = &**owner != client;
            if !stays {
                sums.remove(owner, *bytes);
            }
            stays
        });
    }

    /// Keeps room for a will that is to be retained.
    pub fn hold(&mut self, client: &Arc<str>, bytes: usize) {
        self.sums.add(client, bytes);
    }

    /// Gives that room back.
    pub fn release(&mut self, client: &Arc<str>, bytes: usize) {
        self.sums.remove(client, bytes);
    }
}

#[cfg(test)]
mod tests {
    use mqtt5::QoS;
    use mqtt5::packet::publish::PublishPacket;

    use super::*;

    const SMALL: Limits = Limits { client: 0, all: 0, client_retained: 5_000, all_retained: 8_000 };

    #[test]
    fn a_message_counts_once_while_it_comes_and_when_it_is_there() {
        let mut retained = Retained::default();
        let (topic, client): (Arc<str>, Arc<str>) = ("t".into(), "a".into());
        assert!(retained.reserve(&topic, &client, 4_000, &SMALL));
        assert!(!retained.fits("other", "a", 2_000, &SMALL) && retained.all() == 4_000);
        retained.set(&topic, None, 4_100);
        assert_eq!((retained.sums.of("a"), retained.all()), (4_100, 4_100));
        assert!(retained.reserve(&topic, &client, 5_000, &SMALL), "it takes its own place");
        retained.forget_coming("a");
        assert_eq!(retained.all(), 4_100, "the one that was there stays");
        retained.set(&topic, Some("b".into()), 100);
        assert_eq!((retained.sums.of("a"), retained.sums.of("b")), (0, 100));
        retained.clear("t");
        assert_eq!(retained.all(), 0);
    }

    #[test]
    fn a_message_that_cannot_be_looked_at_counts_with_what_is_known_of_it() {
        let mut retained = Retained::default();
        let (topic, client): (Arc<str>, Arc<str>) = ("t".into(), "a".into());
        assert!(retained.reserve(&topic, &client, 4_000, &SMALL));
        retained.set_unseen(&topic, 1);
        let known = 4_000 + COPIES * UNSEEN;
        assert_eq!((retained.sums.of("a"), retained.all()), (known, known));
        // A will, for which no room is kept here.
        retained.set_unseen(&topic, 1_000);
        assert_eq!(retained.all(), bytes_of("t", 1_000 + UNSEEN));
        retained.clear("t");
        assert_eq!(retained.all(), 0);
    }

    #[test]
    fn every_part_of_a_retained_message_is_counted_and_it_names_its_publisher() {
        let mut packet = PublishPacket::new("t", vec![0; 100], QoS::AtMostOnce);
        let plain = bytes_kept(&RetainedMessage::new(packet.clone()));
        assert_eq!(plain, bytes_of("t", 100));
        packet.properties.set_response_topic("r".repeat(1_000));
        packet.properties.set_correlation_data(vec![0; 1_000].into());
        packet.properties.set_content_type("c".repeat(1_000));
        packet.properties.add_user_property("n".repeat(1_000), "v".repeat(1_000));
        packet.properties.inject_client_id(Some("plant"));
        let message = RetainedMessage::new(packet);
        assert!(bytes_kept(&message) >= plain + COPIES * 5_000);
        assert_eq!(publisher(&message).as_deref(), Some("plant"));
    }
}
