//! A file of messages or samples into a mirror, as fast as it is wanted: for the scene that plays
//! it, and for tests that compare machines.
//!
//! Only the file's own times are looked at, so that the same file leads to the same state to the bit
//! on every machine.

use std::sync::Arc;

use crossbeam_channel::Receiver;
use serde::Serialize;

use super::hash::Looks;
use super::{Budget, Counters, Mirror};
use crate::telemetry::recording::{BadLine, Reader, is_recording};
use crate::telemetry::table::{Row, Table};
use crate::telemetry::{
    BadMessages, Batch, ConnectionState, Decoder, Delivery, Fault, Feed, Status,
};
use crate::twin::{Timestamp, Twin};

/// Things that could not be used and are kept with their places.
const UNUSED: usize = 100;
/// Recorded time from one look at the state to the next.
const LOOK_EVERY_US: i64 = 100_000;

/// What a recording led to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Replayed {
    /// All states that a scene would have shown, ten a second, as one number in hexadecimal. Two
    /// machines with the same number have shown the same.
    pub state_hash: String,
    /// Messages that were read, or rows of a table.
    pub messages: u64,
    /// Samples in them.
    pub samples: u64,
    /// Messages of which at least a part was not understood, or that no mapping wants.
    pub faults: u64,
    /// Lines that are no message, or no row.
    pub bad_lines: u64,
    /// What of the lines could not be used, each with its place: the first hundred.
    pub unused: Vec<BadLine>,
    /// How much more there was.
    pub more_unused: u64,
    /// What of the file is not used, for people.
    pub notes: Vec<String>,
    /// What became of the samples.
    pub mirror: Counters,
}

/// A file that is read into a mirror step by step.
pub struct Replay {
    input: Input,
    status: Arc<Status>,
    /// Of the definition that it is read for.
    edition: u32,
    bad_lines: u64,
    unused: Vec<BadLine>,
    more_unused: u64,
    /// Wall time of what was read last; never goes back, whatever the clock of the recording
    /// machine did.
    last: Option<Timestamp>,
    /// Until when the mirror's time has gone on by [`Replay::step`].
    ticked: Option<Timestamp>,
}

enum Input {
    /// Traffic, which goes the way of all messages.
    Messages { reader: Reader<Vec<u8>>, feed: Feed, batches: Receiver<Batch> },
    /// Samples in plant time.
    Rows(Table),
}

impl Replay {
    /// Opens a recording of MQTT traffic or a table of samples. `name` is for people.
    ///
    /// # Errors
    /// When it is neither.
    pub fn open(twin: &Twin, name: &str, bytes: Vec<u8>) -> Result<Self, BadLine> {
        let status = Arc::new(Status::new(name));
        let input = if is_recording(&bytes) {
            let reader = Reader::new(bytes)?;
            let (feed, batches) = Feed::new(Decoder::new(twin), status.clone(), 1);
            Input::Messages { reader, feed, batches }
        } else {
            Input::Rows(Table::new(twin, bytes)?)
        };
        let (unused, more_unused) = (Vec::new(), 0);
        let (last, ticked) = (None, None);
        Ok(Self { input, status, edition: 0, bad_lines: 0, unused, more_unused, last, ticked })
    }

    /// What is not read yet is read for another definition of the same plant: topics and columns are
    /// found anew, by their names. Returns the edition by which its batches are known, for
    /// [`Mirror::swap_twin`].
    pub fn redefine(&mut self, twin: &Arc<Twin>) -> u32 {
        self.edition = self.status.redefine(twin);
        match &mut self.input {
            Input::Messages { feed, .. } => {
                let is_renewed = feed.renew();
                debug_assert!(is_renewed, "each message is taken from the channel at once");
            }
            Input::Rows(table) => table.redefine(twin),
        }
        self.edition
    }

    /// What was counted, and what could not be read.
    pub fn status(&self) -> &Arc<Status> {
        &self.status
    }

    /// What of the file is not used, for people.
    pub fn notes(&self) -> &[String] {
        match &self.input {
            Input::Messages { .. } => &[],
            Input::Rows(table) => table.notes(),
        }
    }

    /// Share of the file that has been read, from 0 to 1.
    pub fn share(&self) -> f32 {
        match &self.input {
            Input::Messages { reader, .. } => reader.share(),
            Input::Rows(table) => table.share(),
        }
    }

    /// A mirror for what the file holds.
    pub fn mirror(&self, twin: Arc<Twin>, budget: Budget) -> Mirror {
        match &self.input {
            Input::Messages { .. } => Mirror::new(twin, budget),
            Input::Rows(table) => Mirror::of_table(twin, budget, table.step_us()),
        }
    }

    /// Reads on into a mirror until `enough`, whose time goes on with the file's; `true` at the end.
    pub fn step(&mut self, mirror: &mut Mirror, mut enough: impl FnMut() -> bool) -> bool {
        loop {
            let Some(batch) = self.next_batch() else {
                self.last.into_iter().for_each(|last| mirror.tick(last));
                mirror.end();
                return true;
            };
            let at = self.last.unwrap_or(batch.arrival);
            if self.ticked.is_none_or(|ticked| at.0.saturating_sub(ticked.0) >= LOOK_EVERY_US) {
                mirror.tick(at);
                self.ticked = Some(at);
            }
            mirror.apply(batch);
            if enough() {
                mirror.tick(at);
                return false;
            }
        }
    }

    /// The next message or row; `None` at the end. What says nothing to the twin is an empty batch.
    pub fn next_batch(&mut self) -> Option<Batch> {
        loop {
            let read = match &mut self.input {
                Input::Messages { reader, feed, batches } => match reader.next() {
                    Some(Ok(message)) => {
                        let at = self.last.map_or(message.at, |last| last.max(message.at));
                        let (topic, payload) = (&message.topic, &message.payload);
                        let delivery = Delivery { qos: message.qos, retained: message.retained };
                        if self.unused.len() < UNUSED {
                            if let Some(reason) = feed.explain(topic, payload, delivery, at) {
                                let reason = format!("{}: {reason}", BadMessages::shown(topic));
                                self.unused.push(BadLine {
                                    line: reader.line(),
                                    column: 1,
                                    reason,
                                });
                            }
                        } else if !feed.take(topic, payload, delivery, at) {
                            self.more_unused += 1;
                        }
                        feed.try_flush();
                        let nothing = Batch { arrival: at, ..Batch::default() };
                        let batch = batches.try_recv().unwrap_or(nothing);
                        Ok(Batch { edition: self.edition, ..batch })
                    }
                    Some(Err(bad)) => Err(vec![bad]),
                    None => break,
                },
                Input::Rows(table) => match table.next() {
                    Some(row) => {
                        if row.time.is_some() {
                            let room = UNUSED.saturating_sub(self.unused.len());
                            self.unused.extend(row.faults.iter().take(room).cloned());
                            self.more_unused += row.faults.len().saturating_sub(room) as u64;
                        }
                        taken(row, &self.status, self.edition)
                    }
                    None => break,
                },
            };
            match read {
                Ok(batch) => {
                    self.last = Some(self.last.map_or(batch.arrival, |l| l.max(batch.arrival)));
                    return Some(batch);
                }
                Err(bad) => {
                    self.bad_lines += 1;
                    count_bad(&self.status, &bad);
                    let room = UNUSED.saturating_sub(self.unused.len());
                    self.more_unused += bad.len().saturating_sub(room) as u64;
                    self.unused.extend(bad.into_iter().take(room));
                }
            }
        }
        self.status.set_connection(ConnectionState::Ended);
        None
    }
}

/// Messages that could not be used, or not all of them.
fn faults(status: &Status) -> u64 {
    let counts = status.counters.snapshot();
    counts.malformed + counts.unmapped + counts.oversized
}

/// A row as a batch that arrived when it was measured, or what is wrong with all of it.
fn taken(row: Row, status: &Status, edition: u32) -> Result<Batch, Vec<BadLine>> {
    let Some(time) = row.time else { return Err(row.faults) };
    status.counters.messages.add(1);
    let samples = row.updates.iter().filter(|update| update.value.is_some());
    status.counters.samples.add(samples.count() as u64);
    if !row.faults.is_empty() {
        count_bad(status, &row.faults);
    }
    Ok(Batch { edition, arrival: time, updates: row.updates, ..Batch::default() })
}

/// Counts a bad line and keeps it to look at.
fn count_bad(status: &Status, bad: &[BadLine]) {
    status.counters.malformed.add(1);
    let why = || bad.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ");
    status.bad.push(Fault::Malformed, "", b"", Timestamp::now(), why);
}

/// Replays a file as fast as it can be read.
///
/// # Errors
/// When it is neither a recording nor a table.
pub fn replay(twin: &Arc<Twin>, bytes: Vec<u8>) -> Result<Replayed, BadLine> {
    let mut replay = Replay::open(twin, "", bytes)?;
    let mut mirror = replay.mirror(twin.clone(), Budget::default());
    let (mut looks, mut hash) = (Looks::default(), 0_u64);
    let mut next_look = None::<Timestamp>;
    while let Some(batch) = replay.next_batch() {
        let at = replay.last.unwrap_or(batch.arrival);
        let mut look = next_look.unwrap_or(at);
        // Of a long silence the beginning and the end are looked at.
        if at.0.saturating_sub(look.0) > 600 * LOOK_EVERY_US {
            look = at.plus_micros(-LOOK_EVERY_US);
        }
        while look < at {
            mirror.tick(look);
            hash = with_state(hash, looks.look(&mirror));
            look = look.plus_micros(LOOK_EVERY_US);
        }
        next_look = Some(look);
        mirror.apply(batch);
    }
    if let Some(last) = replay.last {
        mirror.tick(last);
        hash = with_state(hash, looks.look(&mirror));
        // Once more at what came last, which the display delay has held back.
        mirror.end();
        hash = with_state(hash, looks.look(&mirror));
    }
    let (counts, all) = (replay.status.counters.snapshot(), faults(&replay.status));
    Ok(Replayed {
        state_hash: format!("{hash:016x}"),
        messages: counts.messages,
        samples: counts.samples,
        faults: all - replay.bad_lines,
        bad_lines: replay.bad_lines,
        more_unused: replay.more_unused,
        unused: std::mem::take(&mut replay.unused),
        notes: replay.notes().to_vec(),
        mirror: *mirror.counters(),
    })
}

/// The hash of the looks before, with that of one more.
fn with_state(before: u64, state: u64) -> u64 {
    (before.rotate_left(5) ^ state).wrapping_mul(0x9e37_79b9_7f4a_7c15)
}
