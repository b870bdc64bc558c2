//! The last messages that could not be used, kept to look at.
//!
//! Each kind of fault has a share of the space, so that a flood of unknown topics does not push out
//! the one broken payload that matters, and only a few a second are copied, so that a flood costs
//! little; the rest is counted on the newest of its kind.

use std::collections::VecDeque;
use std::sync::Mutex;

use serde::Serialize;

use super::lock::lock;
use crate::twin::Timestamp;

/// What is wrong with a message, in one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fault {
    /// The payload, or a part of it, is not what the mapping states.
    Malformed,
    /// A time that would be right in another unit.
    TimeUnit,
    /// No mapping wants the topic.
    Unmapped,
    /// Larger than the decoder's limit.
    Oversized,
    /// It came faster than the mirror could take it.
    Dropped,
}

impl Fault {
    const COUNT: usize = 5;

    /// Name for a table.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Malformed => "malformed",
            Self::TimeUnit => "time unit",
            Self::Unmapped => "unmapped",
            Self::Oversized => "oversized",
            Self::Dropped => "dropped",
        }
    }
}

/// A message that could not be used, or not all of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadMessage {
    /// Wall time at which it arrived.
    pub arrival: Timestamp,
    /// Its topic, at most [`BadMessages::MAX_TOPIC`] bytes of it.
    pub topic: String,
    /// What is wrong.
    pub fault: Fault,
    /// What is wrong with it, where, and what was expected.
    pub reason: String,
    /// The first [`BadMessages::MAX_PAYLOAD`] bytes of the payload.
    pub payload: Vec<u8>,
    /// Length of the whole payload.
    pub payload_len: usize,
    /// More of the same kind that came after this one and were counted, not kept.
    pub more: u64,
}

/// The last bad messages, oldest first.
#[derive(Debug, Default)]
pub struct BadMessages {
    kept: Mutex<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    messages: VecDeque<BadMessage>,
    /// Start of the running second and how many were kept in it, for each fault.
    budget: [(i64, u32); Fault::COUNT],
}

impl BadMessages {
    /// How many are kept.
    pub const CAPACITY: usize = 100;
    /// How much of a payload is kept, in bytes.
    pub const MAX_PAYLOAD: usize = 4096;
    /// How much of a topic is kept, in bytes.
    pub const MAX_TOPIC: usize = 512;
    /// How many of one kind are kept in a second.
    const PER_SECOND: u32 = 20;

    /// Keeps a message, or counts it when many of its kind come in one second. `reason` is called
    /// only when the message is kept.
    pub fn push(
        &self,
        fault: Fault,
        topic: &str,
        payload: &[u8],
        arrival: Timestamp,
        reason: impl FnOnce() -> String,
    ) {
        let mut kept = lock(&self.kept);
        if !kept.may_keep(fault, arrival) {
            if let Some(newest) = kept.messages.iter_mut().rev().find(|bad| bad.fault == fault) {
                newest.more += 1;
            }
            return;
        }
        kept.make_room();
        kept.messages.push_back(BadMessage {
            arrival,
            topic: Self::shown(topic).to_owned(),
            fault,
            reason: reason(),
            payload: payload[..payload.len().min(Self::MAX_PAYLOAD)].to_vec(),
            payload_len: payload.len(),
            more: 0,
        });
    }

    /// A topic, or as much of it as is kept.
    pub fn shown(topic: &str) -> &str {
        &topic[..topic.floor_char_boundary(Self::MAX_TOPIC)]
    }

    /// All that are kept, oldest first.
    pub fn snapshot(&self) -> Vec<BadMessage> {
        lock(&self.kept).messages.iter().cloned().collect()
    }

    /// Forgets them.
    pub fn clear(&self) {
        lock(&self.kept).messages.clear();
    }
}

impl Kept {
    fn may_keep(&mut self, fault: Fault, arrival: Timestamp) -> bool {
        let (second, count) = &mut self.budget[fault as usize];
        if arrival.0.div_euclid(1_000_000) != *second {
            (*second, *count) = (arrival.0.div_euclid(1_000_000), 0);
        }
        *count += 1;
        *count <= BadMessages::PER_SECOND
    }

    /// Where it is full, removes the oldest of the kind of which there are most.
    fn make_room(&mut self) {
        if self.messages.len() < BadMessages::CAPACITY {
            return;
        }
        let mut counts = [0; Fault::COUNT];
        for bad in &self.messages {
            counts[bad.fault as usize] += 1;
        }
        let most = counts.iter().max().copied().unwrap_or_default();
        let oldest = self.messages.iter().position(|bad| counts[bad.fault as usize] == most);
        if let Some(oldest) = oldest {
            self.messages.remove(oldest);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_of_one_kind_keeps_few_a_second_and_counts_the_rest() {
        let bad = BadMessages::default();
        for topic in 0..100_000 {
            bad.push(Fault::Unmapped, &format!("t/{topic}"), b"x", Timestamp(5), String::new);
        }
        let kept = bad.snapshot();
        assert_eq!(kept.len(), 20);
        assert_eq!(kept.iter().map(|bad| bad.more + 1).sum::<u64>(), 100_000);
    }

    #[test]
    fn a_flood_does_not_push_out_another_kind() {
        let bad = BadMessages::default();
        bad.push(Fault::Malformed, "pump", b"{", Timestamp(0), || "cut short".into());
        for second in 1..100 {
            for _ in 0..50 {
                let now = Timestamp(second * 1_000_000);
                bad.push(Fault::Unmapped, "other", b"", now, String::new);
            }
        }
        let kept = bad.snapshot();
        assert_eq!(kept.len(), BadMessages::CAPACITY);
        assert_eq!((kept[0].fault, kept[0].reason.as_str()), (Fault::Malformed, "cut short"));
    }

    #[test]
    fn a_large_payload_is_cut_and_its_length_is_kept() {
        let bad = BadMessages::default();
        let topic = "ä".repeat(400);
        bad.push(Fault::Oversized, &topic, &[7; 10_000], Timestamp(0), String::new);
        let kept = &bad.snapshot()[0];
        assert_eq!((kept.payload.len(), kept.payload_len), (4096, 10_000));
        assert_eq!(kept.topic.len(), 512);
    }
}
