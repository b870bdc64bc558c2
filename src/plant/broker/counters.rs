//! What the broker has refused.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::terminal;

/// Counts of what was refused, since the start.
#[derive(Debug, Default)]
pub(super) struct Counters {
    messages: AtomicU64,
    logins: AtomicU64,
    sessions: AtomicU64,
}

/// What a broker has refused since its start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Refused {
    /// Messages for which there was no room.
    pub messages: u64,
    /// Logins with a wrong user or password.
    pub logins: u64,
    /// Sessions that were to outlast their connection, beyond those that are kept.
    pub sessions: u64,
}

/// Counts one, and says so for the first of each power of ten: strangers may go on for ever.
fn count(counter: &AtomicU64, what: &str, why: &str) {
    let count = counter.fetch_add(1, Ordering::Relaxed) + 1;
    if terminal::is_power_of_ten(count) {
        log::warn!("the broker has refused {what} ({count} so far): {why}");
    }
}

impl Counters {
    pub(super) fn refused_message(&self, why: &str) {
        count(&self.messages, "a message", why);
    }

    pub(super) fn refused_login(&self, why: &str) {
        count(&self.logins, "a login", why);
    }

    pub(super) fn refused_session(&self, why: &str) {
        count(&self.sessions, "a session", why);
    }

    pub(super) fn snapshot(&self) -> Refused {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Refused {
            messages: read(&self.messages),
            logins: read(&self.logins),
            sessions: read(&self.sessions),
        }
    }
}
