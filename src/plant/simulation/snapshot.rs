//! The state of a plant as bytes, and a plant put back into it.
//!
//! What a snapshot holds: the numbers on the board, stores, meters, parts, faults, permits, the states of
//! the blocks, messages that are being filled, commands on their way. Words, items and poses are set
//! anew by the next step; random numbers depend on seed and step alone.

use std::time::Duration;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::balance::{MetersState, StoresState};
use super::faults::Occurrence;
use super::parts::PartState;
use super::publication::Publication;
use super::wiring::Signal;
use super::{Setup, Simulation};
use crate::twin::{Timestamp, Twin};

/// What a snapshot begins with.
const MAGIC: &[u8; 16] = b"twinscope plant\n";
/// The version that this program writes and reads.
const VERSION: u32 = 3;
/// The largest snapshot, bytes.
const LARGEST: usize = 16 << 20;

/// Check sums of what a state depends on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Definition {
    /// Of the section's text.
    section: u32,
    /// Of messages and properties: topics, periods, types, units, ranges.
    messages: u32,
}

impl Definition {
    /// Of a plant.
    pub fn of(twin: &Twin, section: &str, publications: &[Publication]) -> Self {
        let mut messages = String::new();
        for id in twin.property_ids() {
            let property = twin.property(id);
            let (path, unit) = (twin.property_path(id), property.unit.code());
            messages += &format!("{path} {unit} {:?} {:?}\n", property.ty, property.range);
        }
        for publication in publications {
            messages += &format!("{} {}\n", publication.form(), publication.period_us);
        }
        let [section, messages] = [section, &messages].map(|text| crc32fast::hash(text.as_bytes()));
        Self { section, messages }
    }
}

/// What a snapshot says of itself before the states, after its version.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Head {
    twin: String,
    definition: Definition,
    seed: u64,
    start: Timestamp,
    story: bool,
    elapsed_us: i64,
    asked_ns: u64,
}

/// The board's states, in the order in which they are written.
type BoardState = (Vec<f64>, StoresState, MetersState, Vec<PartState>, Vec<Occurrence>, Vec<bool>);

/// Whose plant a snapshot is of.
///
/// # Errors
/// When it is none, or damaged.
pub fn setup_of(snapshot: &[u8]) -> Result<Setup, Damaged> {
    let head = head(&mut Loaded::new(checked(snapshot)?))?;
    Ok(Setup { seed: head.seed, start: head.start, story: head.story })
}

/// What a snapshot of this version says of itself.
fn head(from: &mut Loaded<'_>) -> Result<Head, Damaged> {
    let version: u32 = from.take()?;
    if version != VERSION {
        return Err(Damaged(format!(
            "the snapshot has version {version}; this program reads version {VERSION}"
        )));
    }
    from.take()
}

/// What stands between the mark and the check sum.
fn checked(snapshot: &[u8]) -> Result<&[u8], Damaged> {
    let damaged = |what: &str| Err(Damaged(what.to_string()));
    if snapshot.len() > LARGEST {
        return damaged("this is no snapshot of a plant: it has more than 16 MiB");
    }
    let Some(rest) = snapshot.strip_prefix(MAGIC) else {
        return damaged("this is no snapshot of a plant");
    };
    let Some((states, sum)) = rest.split_last_chunk::<4>() else {
        return damaged("the snapshot is damaged: it ends early");
    };
    if crc32fast::hash(states) != u32::from_le_bytes(*sum) {
        return damaged("the snapshot is damaged: its check sum does not fit");
    }
    Ok(states)
}

impl Simulation {
    /// The state as bytes.
    ///
    /// # Errors
    /// When a state cannot be written.
    pub fn snapshot(&self) -> Result<Vec<u8>, Damaged> {
        let mut out = Saved::default();
        out.put(&VERSION);
        out.put(&Head {
            twin: self.twin.clone(),
            definition: self.definition,
            seed: self.setup.seed,
            start: self.setup.start,
            story: self.setup.story,
            elapsed_us: self.elapsed_us,
            asked_ns: u64::try_from(self.asked.as_nanos()).unwrap_or(u64::MAX),
        });
        let b = &self.board;
        let number = |signal: &Signal| match signal {
            Signal::Number(number) => *number,
            _ => 0.0,
        };
        let numbers: Vec<f64> = b.signals.iter().map(number).collect();
        let (stores, meters) = (b.stores.state().clone(), b.meters.state().clone());
        let (faults, permits) = (b.faults.present().to_vec(), b.permits.state());
        let board: BoardState = (numbers, stores, meters, b.parts.state(), faults, permits);
        out.put(&board);
        out.put(self.orders.state());
        out.put(self.network.state());
        for publication in &self.publications {
            out.put(&publication.state());
        }
        for block in &self.blocks {
            let mut own = Saved::default();
            block.save(&mut own);
            out.put(&own.bytes()?);
        }
        let states = out.bytes()?;
        let sum = crc32fast::hash(&states).to_le_bytes();
        let snapshot = [&MAGIC[..], &states, &sum].concat();
        if snapshot.len() > LARGEST {
            return Err(Damaged("the snapshot would have more than 16 MiB".into()));
        }
        Ok(snapshot)
    }

    /// Puts back a state. The seed stays this plant's: another one than the snapshot's makes another
    /// future of the same past.
    ///
    /// # Errors
    /// When the bytes are no state of this plant; nothing changes then.
    pub fn restore(&mut self, snapshot: &[u8]) -> Result<(), Damaged> {
        let states = checked(snapshot)?;
        let own = self.snapshot()?;
        let restored = self.put_back(states);
        if restored.is_err() {
            let own = checked(&own)?;
            self.put_back(own)?;
        }
        restored
    }

    /// Refuses the snapshot of another plant.
    fn check_own(&self, head: &Head) -> Result<(), Damaged> {
        let is_told = |told: bool| if told { "with its story" } else { "without its story" };
        let reason = if head.twin != self.twin {
            format!("it is of the twin {:?}, and this plant is of {:?}", head.twin, self.twin)
        } else if head.story != self.setup.story {
            format!(
                "it was made {}, and this plant runs {}",
                is_told(head.story),
                is_told(self.setup.story)
            )
        } else if head.definition.section != self.definition.section {
            format!("the simulation section of {:?} was another when it was made", self.twin)
        } else if head.definition != self.definition {
            format!(
                "types, units, ranges, topics or periods of {:?} were others when it was made",
                self.twin
            )
        } else {
            let asked_us = i64::try_from(head.asked_ns / 1000).unwrap_or(i64::MAX);
            let times = (0..i64::MAX / 4).contains(&head.elapsed_us)
                && head.elapsed_us % self.dt_us == 0
                && (0..self.dt_us).contains(&(asked_us - head.elapsed_us));
            return match times {
                true => Ok(()),
                false => Err(Damaged("the snapshot is damaged: its times cannot be".into())),
            };
        };
        Err(Damaged(format!(
            "the snapshot was made by another definition: {reason}; use the twin file with which it was made"
        )))
    }

    fn put_back(&mut self, states: &[u8]) -> Result<(), Damaged> {
        let mut from = Loaded::new(states);
        let head = head(&mut from)?;
        self.check_own(&head)?;
        let (numbers, stores, meters, parts, faults, permits): BoardState = from.take()?;
        let now_us = self.warm_up_us + head.elapsed_us;
        let b = &mut self.board;
        let fits = numbers.len() == b.signals.len()
            && numbers.iter().all(|number| number.is_finite())
            && b.stores.restore(stores)
            && b.meters.restore(meters)
            && b.parts.restore(&parts)
            && b.faults.restore(faults, now_us)
            && b.permits.restore(&permits)
            && self.orders.restore(from.take()?)
            && self.network.restore(from.take()?);
        if !fits {
            return Err(Damaged("the snapshot is damaged: its states are not this plant's".into()));
        }
        for (signal, number) in b.signals.iter_mut().zip(&numbers) {
            if let Signal::Number(old) = signal {
                *old = *number;
            }
        }
        for publication in &mut self.publications {
            let state = from.take()?;
            if !publication.fits(&state) {
                return Err(Damaged("the snapshot is damaged: a message has another form".into()));
            }
            publication.restore(state);
        }
        for block in &mut self.blocks {
            let own: Vec<u8> = from.take()?;
            let mut own = Loaded::new(&own);
            block.load(&mut own)?;
            if !own.is_empty() {
                return Err(Damaged("the snapshot is damaged: a state is too long".into()));
            }
        }
        self.board.clock.time_us = now_us;
        self.setup.start = head.start;
        self.elapsed_us = head.elapsed_us;
        self.asked = Duration::from_nanos(head.asked_ns);
        Ok(())
    }
}

/// What a block writes its state into.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Saved {
    bytes: Vec<u8>,
    /// The first state that could not be written.
    error: Option<String>,
}

/// What a block reads its state from, in the order in which it was written.
#[derive(Clone, Debug)]
pub struct Loaded<'a> {
    rest: &'a [u8],
}

/// Bytes that are no state of this plant.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Damaged(pub String);

impl Saved {
    /// Writes a state.
    pub fn put<T: Serialize + ?Sized>(&mut self, state: &T) {
        match postcard::to_extend(state, std::mem::take(&mut self.bytes)) {
            Ok(bytes) => self.bytes = bytes,
            Err(error) => self.error = self.error.take().or(Some(error.to_string())),
        }
    }

    /// What was written.
    ///
    /// # Errors
    /// When a state cannot be written at all.
    pub fn bytes(self) -> Result<Vec<u8>, Damaged> {
        match self.error {
            None => Ok(self.bytes),
            Some(error) => Err(Damaged(format!("a state cannot be written: {error}"))),
        }
    }
}

impl<'a> Loaded<'a> {
    /// Reads what [`Saved::bytes`] gave.
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    /// Reads the next state.
    ///
    /// # Errors
    /// When the bytes are no such state.
    pub fn take<T: DeserializeOwned>(&mut self) -> Result<T, Damaged> {
        let (state, rest) = postcard::take_from_bytes(self.rest)
            .map_err(|error| Damaged(format!("the snapshot is damaged: {error}")))?;
        self.rest = rest;
        Ok(state)
    }

    /// Whether all was read.
    pub fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_are_read_in_the_order_in_which_they_were_written() {
        let mut saved = Saved::default();
        saved.put(&(1.5f64, Some("way".to_string())));
        saved.put(&[7u64, 8][..]);
        let bytes = saved.bytes().expect("they can be written");
        let mut loaded = Loaded::new(&bytes);
        assert_eq!(loaded.take::<(f64, Option<String>)>(), Ok((1.5, Some("way".into()))));
        assert_eq!(loaded.take::<Vec<u64>>(), Ok(vec![7, 8]));
        assert!(loaded.is_empty() && loaded.take::<u8>().is_err());
    }
}
