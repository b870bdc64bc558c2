//! Whose turn it is: tasks of three priorities, in bounded lines.
//!
//! Flows in: tasks, new ones and those that want another turn. Flows out: the task whose turn it is.
//!
//! **The rule.** Of eight turns one after another, five are those of [`Priority::Interactive`], two
//! of [`Priority::Loading`] and one of [`Priority::Background`]; a turn whose line is empty goes to
//! the highest priority that waits. Within a line the first comes first, and who wants another turn
//! goes to its end. So whatever waits has its turn after at most 8 times as many turns as there are
//! tasks in its line, and no load of higher priority keeps it from that.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex};

use super::{Budget, lock};

/// Jobs that may be under way at each priority, actors included; more are refused.
pub(super) const PLACES: usize = 4096;

/// What has turns, whatever it ends in.
pub(super) trait Task: Send {
    /// Goes on within the budget; itself, if it wants another turn.
    fn go_on(self: Box<Self>, budget: &Budget) -> Option<Box<dyn Task>>;
}

/// How soon work is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Priority {
    /// Somebody waits for it: five turns of eight.
    Interactive,
    /// What a scene or a file needs to be complete: two turns of eight.
    Loading,
    /// What nobody waits for: one turn of eight.
    Background,
}

impl Priority {
    /// All of them, the highest first.
    pub const ALL: [Self; 3] = [Self::Interactive, Self::Loading, Self::Background];
}

const TURNS: [Priority; 8] = {
    use Priority::{Background, Interactive, Loading};
    [Interactive, Loading, Interactive, Interactive, Background, Interactive, Loading, Interactive]
};

/// The work of that priority has no place left; it was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{PLACES} jobs wait already; ask again when some are done")]
pub struct Busy;

/// How much there is to do, to show.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Tasks that wait for a turn, by priority; an actor without messages does not.
    pub queued: [usize; 3],
    /// Tasks that have their turn now.
    pub running: usize,
    /// Jobs and actors that were refused since the start.
    pub refused: u64,
}

/// Lines of what waits, by priority.
pub(super) struct Lines<T> {
    lines: [VecDeque<T>; 3],
    turn: usize,
}

impl<T> Default for Lines<T> {
    fn default() -> Self {
        Self { lines: Default::default(), turn: 0 }
    }
}

impl<T> Lines<T> {
    /// To the end of its line.
    pub(super) fn push(&mut self, priority: Priority, waiting: T) {
        self.lines[priority as usize].push_back(waiting);
    }

    /// The one whose turn it is, and the next turn.
    pub(super) fn pop(&mut self) -> Option<(Priority, T)> {
        let first = TURNS[self.turn];
        for priority in [first].into_iter().chain(Priority::ALL) {
            if let Some(waiting) = self.lines[priority as usize].pop_front() {
                self.turn = (self.turn + 1) % TURNS.len();
                return Some((priority, waiting));
            }
        }
        None
    }
}

/// The lines of all tasks, from which threads and slices take.
#[derive(Default)]
pub(super) struct Queue {
    inner: Mutex<Inner>,
    has_work: Condvar,
}

#[derive(Default)]
struct Inner {
    lines: Lines<Box<dyn Task>>,
    /// Places taken, by priority.
    taken: [usize; 3],
    running: usize,
    refused: u64,
    is_closed: bool,
}

impl Queue {
    /// Takes a place, which a task keeps until it has ended.
    pub(super) fn take_place(&self, priority: Priority) -> Result<(), Busy> {
        let mut inner = lock(&self.inner);
        let taken = &mut inner.taken[priority as usize];
        if *taken >= PLACES {
            inner.refused += 1;
            return Err(Busy);
        }
        *taken += 1;
        Ok(())
    }

    /// A place is free again.
    pub(super) fn leave_place(&self, priority: Priority) {
        lock(&self.inner).taken[priority as usize] -= 1;
    }

    /// Queues a task that has a place. Once the queue is closed the task is dropped.
    pub(super) fn push(&self, priority: Priority, task: Box<dyn Task>) {
        let mut inner = lock(&self.inner);
        // The task is dropped after the lock: it leaves its place, which locks again.
        if !inner.is_closed {
            inner.lines.push(priority, task);
            drop(inner);
            self.has_work.notify_one();
        }
    }

    /// The task whose turn it is, if one waits.
    pub(super) fn next(&self) -> Option<(Priority, Box<dyn Task>)> {
        let mut inner = lock(&self.inner);
        let next = inner.lines.pop()?;
        inner.running += 1;
        Some(next)
    }

    /// Waits for a task; `None` once the queue is closed.
    #[cfg(not(target_arch = "wasm32"))]
    pub(super) fn wait(&self) -> Option<(Priority, Box<dyn Task>)> {
        let mut inner = lock(&self.inner);
        while !inner.is_closed {
            if let Some(next) = inner.lines.pop() {
                inner.running += 1;
                return Some(next);
            }
            inner = self.has_work.wait(inner).unwrap_or_else(std::sync::PoisonError::into_inner);
        }
        None
    }

    /// A task's turn is over; it is given back if it wants another one.
    pub(super) fn turn_over(&self, priority: Priority, task: Option<Box<dyn Task>>) {
        lock(&self.inner).running -= 1;
        if let Some(task) = task {
            self.push(priority, task);
        }
    }

    /// Drops all that waits, and takes no more.
    pub(super) fn close(&self) {
        let mut inner = lock(&self.inner);
        inner.is_closed = true;
        let lines = std::mem::take(&mut inner.lines);
        drop(inner);
        self.has_work.notify_all();
        drop(lines);
    }

    /// What there is to do.
    pub(super) fn counters(&self) -> Counters {
        let inner = lock(&self.inner);
        let queued = std::array::from_fn(|at| inner.lines.lines[at].len());
        Counters { queued, running: inner.running, refused: inner.refused }
    }
}
