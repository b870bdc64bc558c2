//! Messages that wait for clients which do not take them.
//!
//! A message of MQTT 3.1.1 is passed on with a payload that counts itself for as long as anybody holds it
//! ([`Waiting::counted`]): that is exact. One of MQTT 5 has properties that the broker does not show here and
//! that would be lost so: of these the payload is watched ([`Waiting::watch`]). The broker reads several packets
//! into one buffer, and all that can be seen of a buffer is whether it has one holder. Two parts of one that are
//! both kept here hold each other; so which parts lie in one buffer is concluded from their addresses:
//! - A part directly behind another one is taken to lie in its buffer, unless that one has no other holder, for
//!   then it lies in another. Both ends of such a row are kept until they are looked at.
//! - Parts further apart are watched each on its own. Where they are near and are still held after [`SETTLE`],
//!   the earlier one is let go and its bytes are counted with the later.
//!
//! Parts of different buffers that were joined so, all of them held at that time, count until the last of them
//! is let go, also where others are held for longer.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::body::Bytes;

use super::sums::Sums;

/// Bytes between the payloads of two packets that one client has sent, up to which both may lie in one buffer of
/// the broker, with properties or other packets between them.
const SAME_BUFFER: usize = 64 << 10;
/// How long near parts are watched each on its own. Longer than receivers take that read what they are sent.
const SETTLE: Duration = Duration::from_secs(2);
/// A watched message is not counted for longer: a client that stays away for so long is forgotten.
const LONGEST: Duration = Duration::from_secs(3600);

/// Messages that wait, by the clients that have published them.
#[derive(Debug, Default)]
pub(super) struct Waiting {
    sums: Arc<Mutex<Sums>>,
    watched: Mutex<Watched>,
}

impl Waiting {
    /// Bytes of one client, and of all.
    pub fn sums(&self, client: &str) -> (usize, usize) {
        let sums = lock(&self.sums);
        (sums.of(client), sums.all())
    }

    /// Counts bytes until they are released.
    pub fn hold(&self, client: &Arc<str>, bytes: usize) {
        lock(&self.sums).add(client, bytes);
    }

    /// Counts held bytes no more.
    pub fn release(&self, client: &Arc<str>, bytes: usize) {
        lock(&self.sums).remove(client, bytes);
    }

    /// A payload with the same content, for which so many bytes are counted until its last copy is dropped.
    /// It has memory of its own and does not keep the buffer of the connection, which may be far larger.
    pub fn counted(&self, payload: &[u8], client: &Arc<str>, bytes: usize) -> Bytes {
        self.hold(client, bytes);
        let sums = self.sums.clone();
        Bytes::from_owner(Counted { payload: payload.into(), client: client.clone(), bytes, sums })
    }

    /// Counts so many bytes of a message for as long as anybody else holds the buffer that this is a part of. What
    /// they have beyond the part is taken for the room that the packet's head needs at most.
    pub fn watch(&self, part: &Bytes, client: &Arc<str>, bytes: usize) {
        if part.is_empty() {
            // There is no memory that others could share.
            return;
        }
        self.hold(client, bytes);
        let mut watched = lock(&self.watched);
        watched.add(part, client, bytes);
        if watched.is_due() {
            self.sweep(&mut watched, Instant::now());
        }
    }

    /// Counts what was let go no more; at most once in so long a time.
    pub fn let_go(&self, now: Instant, pause: Duration) {
        let mut watched = lock(&self.watched);
        if watched.swept.is_none_or(|swept| now.saturating_duration_since(swept) >= pause) {
            self.sweep(&mut watched, now);
        }
    }

    fn sweep(&self, watched: &mut Watched, now: Instant) {
        let mut sums = lock(&self.sums);
        watched.sweep(now, |client, bytes| sums.remove(client, bytes));
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A payload that is counted until it is dropped.
struct Counted {
    payload: Box<[u8]>,
    client: Arc<str>,
    bytes: usize,
    sums: Arc<Mutex<Sums>>,
}

impl AsRef<[u8]> for Counted {
    fn as_ref(&self) -> &[u8] {
        &self.payload
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        lock(&self.sums).remove(&self.client, self.bytes);
    }
}

/// Messages that were published one after the other and are taken to lie in one buffer: one copy shows whether
/// anybody holds it.
#[derive(Debug)]
struct Group {
    first: Bytes,
    /// The last of several.
    last: Option<Bytes>,
    bytes: usize,
    since: Instant,
}

impl Group {
    fn last(&self) -> &Bytes {
        self.last.as_ref().unwrap_or(&self.first)
    }

    /// Bytes between the last part and one behind it.
    fn gap(&self, part: &Bytes) -> Option<usize> {
        let end = self.last().as_ptr().addr() + self.last().len();
        part.as_ptr().addr().checked_sub(end)
    }

    /// Whether a part lies in the same buffer, directly behind the last one but for so many bytes.
    fn goes_on_with(&self, part: &Bytes, between: usize) -> bool {
        // In one buffer each is a holder for the other.
        self.gap(part).is_some_and(|gap| gap <= between) && !self.last().is_unique()
    }

    /// Whether anybody else holds a buffer of this.
    fn is_held(&mut self) -> bool {
        // One of the two is let go, so that they do not hold each other: the first, which is taken before the
        // last, unless the last has no holder and so lies in another buffer.
        if let Some(last) = self.last.take().filter(|last| !last.is_unique()) {
            self.first = last;
        }
        !self.first.is_unique()
    }

    /// Whether the next group may lie in the same buffer, and has been watched on its own for long enough.
    fn may_join(&self, next: &Self, now: Instant) -> bool {
        now.saturating_duration_since(next.since) >= SETTLE
            && self.gap(&next.first).is_some_and(|gap| gap <= SAME_BUFFER)
    }
}

/// Watched messages by client.
#[derive(Debug, Default)]
struct Watched {
    clients: HashMap<Arc<str>, VecDeque<Group>>,
    groups: usize,
    bytes: usize,
    /// Number of groups and of bytes at which they are looked through again.
    next: (usize, usize),
    swept: Option<Instant>,
}

impl Watched {
    /// The least groups and bytes before they are looked through.
    const LEAST: (usize, usize) = (4_096, 8 << 20);

    fn add(&mut self, part: &Bytes, client: &Arc<str>, bytes: usize) {
        let since = Instant::now();
        let between = bytes.saturating_sub(part.len());
        let groups = self.clients.entry(client.clone()).or_default();
        match groups.back_mut().filter(|group| group.goes_on_with(part, between)) {
            Some(group) => {
                group.last = Some(part.clone());
                (group.bytes, group.since) = (group.bytes + bytes, since);
            }
            None => {
                groups.push_back(Group { first: part.clone(), last: None, bytes, since });
                self.groups += 1;
            }
        }
        self.bytes += bytes;
    }

    fn is_due(&self) -> bool {
        let (groups, bytes) = (self.next.0.max(Self::LEAST.0), self.next.1.max(Self::LEAST.1));
        self.groups >= groups || self.bytes >= bytes
    }

    /// Forgets the groups that nobody else holds, and gives their clients and bytes.
    fn sweep(&mut self, now: Instant, mut gone: impl FnMut(&Arc<str>, usize)) {
        let (mut left, mut bytes) = (0, 0);
        self.clients.retain(|client, groups| {
            let mut held: VecDeque<Group> = VecDeque::with_capacity(groups.len());
            for mut group in groups.drain(..) {
                let mut is_held =
                    group.is_held() && now.saturating_duration_since(group.since) < LONGEST;
                if is_held && let Some(before) = held.pop_back_if(|it| it.may_join(&group, now)) {
                    group.bytes += before.bytes;
                    drop(before);
                    is_held = group.is_held();
                }
                if is_held {
                    held.push_back(group);
                } else {
                    gone(client, group.bytes);
                }
            }
            left += held.len();
            bytes += held.iter().map(|group| group.bytes).sum::<usize>();
            *groups = held;
            !groups.is_empty()
        });
        (self.groups, self.bytes) = (left, bytes);
        // Twice what is left, so that each group is looked at a bounded number of times.
        self.next = (2 * left, 2 * bytes);
        self.swept = Some(now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client() -> Arc<str> {
        "a".into()
    }

    #[test]
    fn a_counted_payload_counts_until_its_last_copy_is_gone_also_where_it_is_empty() {
        let waiting = Waiting::default();
        for content in [b"some".as_slice(), b""] {
            let payload = waiting.counted(content, &client(), 300);
            let copy = payload.clone();
            assert_eq!(payload, content);
            drop(payload);
            assert_eq!(waiting.sums("a"), (300, 300));
            drop(copy);
            assert_eq!(waiting.sums("a"), (0, 0));
        }
    }

    #[test]
    fn messages_that_came_in_one_buffer_do_not_hold_each_other() {
        // Directly behind one another, and with more between them than is known of.
        for (bytes, settled) in [(500, Duration::ZERO), (100, SETTLE)] {
            let waiting = Waiting::default();
            let buffer = Bytes::from(vec![0; 4_000]);
            for at in 0..10 {
                waiting.watch(&buffer.slice(400 * at..400 * at + 100), &client(), bytes);
            }
            let read_later = buffer.slice(4..8);
            drop(buffer);
            let now = Instant::now() + settled;
            waiting.let_go(now, Duration::ZERO);
            assert_eq!(waiting.sums("a"), (10 * bytes, 10 * bytes), "somebody holds the buffer");
            drop(read_later);
            waiting.let_go(now, Duration::ZERO);
            assert_eq!(waiting.sums("a"), (0, 0));
            assert!(lock(&waiting.watched).clients.is_empty());
        }
    }

    /// Buffers of their own, as they lie one behind the other on the heap.
    fn buffers(count: usize, bytes: usize) -> Vec<Bytes> {
        let mut buffers: Vec<Bytes> = (0..count).map(|_| Bytes::from(vec![0; bytes])).collect();
        buffers.sort_by_key(|buffer| buffer.as_ptr().addr());
        buffers
    }

    #[test]
    fn what_is_held_counts_and_what_is_far_from_it_does_not() {
        for is_first_held in [true, false] {
            let waiting = Waiting::default();
            // The messages at the beginnings of two buffers, which are as far apart as a buffer is long.
            let far = buffers(2, 4 * SAME_BUFFER);
            let held = far[usize::from(!is_first_held)].slice(..100);
            for buffer in far {
                waiting.watch(&buffer.slice(..100), &client(), 300);
            }
            for later in [Duration::ZERO, SETTLE, 2 * SETTLE] {
                waiting.let_go(Instant::now() + later, Duration::ZERO);
                assert_eq!(waiting.sums("a").0, 300, "{is_first_held} {later:?}");
            }
            drop(held);
            waiting.let_go(Instant::now() + 2 * SETTLE, Duration::ZERO);
            assert_eq!(waiting.sums("a").0, 0);
        }
    }

    #[test]
    fn messages_to_one_that_does_not_read_count_also_where_every_other_is_read_at_once() {
        // Neighbours on the heap within what a packet's head may take, and further apart.
        for bytes in [50, 600, 5_000] {
            let waiting = Waiting::default();
            let mut held = Vec::new();
            for (at, part) in buffers(100, bytes).into_iter().enumerate() {
                if at % 2 == 0 {
                    held.push(part.clone());
                }
                waiting.watch(&part, &client(), bytes + 300);
            }
            for later in [Duration::ZERO, SETTLE, 2 * SETTLE] {
                waiting.let_go(Instant::now() + later, Duration::ZERO);
                let least = (bytes + 300) * held.len();
                assert!(waiting.sums("a").0 >= least, "{bytes} {later:?}");
            }
            drop(held);
            waiting.let_go(Instant::now() + 2 * SETTLE, Duration::ZERO);
            assert_eq!(waiting.sums("a").0, 0, "{bytes}");
        }
    }

    #[test]
    fn what_is_taken_at_once_is_let_go_while_more_comes() {
        let waiting = Waiting::default();
        for _ in 0..100_000 {
            // Several in one buffer, as they come from a socket.
            let buffer = Bytes::from(vec![0; 400]);
            for at in 0..4 {
                waiting.watch(&buffer.slice(100 * at..100 * at + 50), &client(), 500);
            }
        }
        assert!(waiting.sums("a").0 <= 2 * Watched::LEAST.1);
        assert!(lock(&waiting.watched).groups <= 2 * Watched::LEAST.0);
    }

    #[test]
    fn they_are_looked_through_no_more_often_than_asked() {
        let waiting = Waiting::default();
        let (now, pause) = (Instant::now(), Duration::from_millis(100));
        waiting.let_go(now, pause);
        waiting.watch(&Bytes::from(vec![0; 100]), &client(), 100);
        waiting.let_go(now + pause / 2, pause);
        assert_eq!(waiting.sums("a").0, 100);
        waiting.let_go(now + pause, pause);
        assert_eq!(waiting.sums("a").0, 0);
    }

    #[test]
    fn what_is_held_for_ever_is_counted_for_an_hour() {
        let waiting = Waiting::default();
        let held = Bytes::from(vec![0; 100]);
        waiting.watch(&held, &client(), 100);
        waiting.let_go(Instant::now() + LONGEST / 2, Duration::ZERO);
        assert_eq!(waiting.sums("a").0, 100);
        waiting.let_go(Instant::now() + LONGEST, Duration::ZERO);
        assert_eq!(waiting.sums("a").0, 0);
    }
}
