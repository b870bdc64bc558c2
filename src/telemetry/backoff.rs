//! How long to wait before the next attempt to connect.

use std::time::Duration;

/// First wait after a break; each further one is twice as long.
const FIRST: Duration = Duration::from_millis(100);
/// Longest wait: a mirror is current again within two seconds of a broker's return.
const LONGEST: Duration = Duration::from_millis(1200);

/// A connection that held this long was a good one. A broker that lets a client in and cuts it at once, since it does
/// not allow a subscription or another client has the same identifier, is not asked ten times a second.
const GOOD: Duration = Duration::from_secs(5);

/// Waits that grow up to a limit.
#[derive(Debug)]
pub struct Backoff(Duration);

impl Default for Backoff {
    fn default() -> Self {
        Self(FIRST)
    }
}

impl Backoff {
    /// The next wait: between three quarters and all of what is due, so that many clients do not
    /// come back at once.
    pub fn next(&mut self) -> Duration {
        use std::hash::{BuildHasher, RandomState};
        let random = RandomState::new().hash_one(0) % 256;
        let wait = self.0 * (768 + random as u32) / 1024;
        self.0 = (self.0 * 2).min(LONGEST);
        wait
    }

    /// A connection has ended that the broker had accepted that long ago: after a good one it begins anew.
    pub fn held(&mut self, connection: Duration) {
        if connection >= GOOD {
            *self = Self::default();
        }
    }
}

/// Reports the same thing again after a minute, then after twice as long each time, at most an hour.
#[cfg(not(target_arch = "wasm32"))]
#[derive(Debug, Default)]
pub(crate) struct Rarely {
    last: String,
    due: Duration,
    wait: Duration,
}

#[cfg(not(target_arch = "wasm32"))]
impl Rarely {
    const FIRST: Duration = Duration::from_secs(60);
    const LONGEST: Duration = Duration::from_secs(3600);

    /// Whether to report this now: always when it is not what was reported last. `now` is the time since any fixed
    /// instant.
    pub(crate) fn is_due(&mut self, text: &str, now: Duration) -> bool {
        let is_new = self.last != text;
        if !is_new && now < self.due {
            return false;
        }
        text.clone_into(&mut self.last);
        self.wait = if is_new { Self::FIRST } else { (self.wait * 2).min(Self::LONGEST) };
        self.due = now + self.wait;
        true
    }

    /// It is well again: the next report is due at once.
    pub(crate) fn reset(&mut self) {
        self.last.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_the_longest_and_differ_by_a_quarter_at_most() {
        let mut backoff = Backoff::default();
        let mut due = FIRST;
        for _ in 0..12 {
            let wait = backoff.next();
            assert!(wait <= due && wait >= due * 3 / 4, "{wait:?} of {due:?}");
            due = (due * 2).min(LONGEST);
        }
        assert_eq!(due, LONGEST);
    }

    #[test]
    fn only_a_connection_that_held_for_some_time_shortens_the_wait() {
        let mut backoff = Backoff::default();
        for _ in 0..5 {
            backoff.next();
            backoff.held(Duration::from_millis(50));
        }
        assert!(backoff.next() >= LONGEST * 3 / 4);
        backoff.held(GOOD);
        assert!(backoff.next() <= FIRST);
    }

    #[test]
    fn a_day_without_a_broker_is_reported_some_dozens_of_times_and_each_change_at_once() {
        let mut rarely = Rarely::default();
        let day = (0..86_400).filter(|at| rarely.is_due("gone", Duration::from_secs(*at))).count();
        assert!((20..40).contains(&day), "{day}");
        let now = Duration::from_secs(86_400);
        assert!(rarely.is_due("refused", now) && !rarely.is_due("refused", now));
        rarely.reset();
        assert!(rarely.is_due("refused", now));
    }
}
