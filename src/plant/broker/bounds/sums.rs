//! Bytes by client and in all.

use std::collections::HashMap;
use std::sync::Arc;

/// Bytes by client and in all.
#[derive(Debug, Default)]
pub(super) struct Sums {
    clients: HashMap<Arc<str>, usize>,
    all: usize,
}

impl Sums {
    /// Those of one client.
    pub fn of(&self, client: &str) -> usize {
        self.clients.get(client).copied().unwrap_or_default()
    }

    /// Those of all.
    pub fn all(&self) -> usize {
        self.all
    }

    pub fn add(&mut self, client: &Arc<str>, bytes: usize) {
        *self.clients.entry(client.clone()).or_default() += bytes;
        self.all += bytes;
    }

    pub fn remove(&mut self, client: &Arc<str>, bytes: usize) {
        self.all = self.all.saturating_sub(bytes);
        if let Some(sum) = self.clients.get_mut(client) {
            *sum = sum.saturating_sub(bytes);
            if *sum == 0 {
                self.clients.remove(client);
            }
        }
    }
}
