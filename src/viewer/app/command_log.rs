//! What was asked for, by whom, when, and what became of it: the last requests.

use std::collections::VecDeque;

use bevy::prelude::*;

use crate::twin::Timestamp;
use crate::viewer::base::{Command, Origin};

/// Records that are kept.
pub const CAPACITY: usize = 1000;

/// What became of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It took effect.
    Done,
    /// It was not allowed.
    Refused {
        /// The reason, for people.
        why: String,
    },
    /// There is nothing that it could take effect on.
    Impossible {
        /// The reason, for people.
        why: String,
    },
}

/// A request and what became of it.
#[derive(Clone, Debug, PartialEq)]
pub struct CommandRecord {
    /// When, by the clock on the wall.
    pub wall: Timestamp,
    /// When, by the plant's clock, where that is known.
    pub plant: Option<Timestamp>,
    /// Who asked.
    pub by: Origin,
    /// For what.
    pub command: Command,
    /// What became of it.
    pub outcome: Outcome,
}

/// The last requests, the oldest first.
#[derive(Resource, Default, Debug)]
pub struct CommandLog {
    records: VecDeque<CommandRecord>,
    forgotten: u64,
}

impl CommandLog {
    /// Adds a record; the oldest leaves when there is no room.
    pub fn push(&mut self, record: CommandRecord) {
        if self.records.len() == CAPACITY {
            self.records.pop_front();
            self.forgotten += 1;
        }
        self.records.push_back(record);
    }

    /// The records that are kept, the oldest first.
    pub fn records(&self) -> impl DoubleEndedIterator<Item = &CommandRecord> {
        self.records.iter()
    }

    /// How many there were in all: where a reader that has read everything stands.
    pub fn end(&self) -> u64 {
        self.forgotten + self.records.len() as u64
    }

    /// What came after the first `read` records, and is still kept.
    pub fn since(&self, read: u64) -> impl Iterator<Item = &CommandRecord> {
        let skip = read.saturating_sub(self.forgotten);
        self.records.iter().skip(usize::try_from(skip).unwrap_or(usize::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(second: i64) -> CommandRecord {
        let wall = Timestamp(second);
        let (by, command, outcome) = (Origin::Test, Command::FitAll, Outcome::Done);
        CommandRecord { wall, plant: None, by, command, outcome }
    }

    #[test]
    fn the_log_is_bounded_and_a_reader_goes_on_where_it_stood() {
        let mut log = CommandLog::default();
        (0..3).for_each(|second| log.push(record(second)));
        let read = log.end();
        log.push(record(3));
        let times = |read| log.since(read).map(|record| record.wall.0).collect::<Vec<_>>();
        assert_eq!(times(read), [3]);
        assert_eq!(times(0), [0, 1, 2, 3]);
        (0..2 * CAPACITY).for_each(|second| log.push(record(second as i64)));
        assert_eq!(log.records().count(), CAPACITY);
        // Who fell behind gets what is left.
        assert_eq!(log.since(read).count(), CAPACITY);
        assert_eq!(log.since(log.end()).count(), 0);
    }
}
