//! Refusals on their way to whoever asked. Each is sent once; one that finds no room among the events
//! is sent in a later frame.

use std::collections::VecDeque;

use bevy::prelude::*;

use super::channel::Remote;
use super::protocol::Event;

/// Refusals that may wait.
const CAPACITY: usize = 256;

/// Refusals that are not sent yet, the oldest first.
#[derive(Resource, Default)]
pub(super) struct Refusals(VecDeque<String>);

impl Refusals {
    /// Adds the reason of a refusal; the oldest leaves when there is no room, which is logged.
    pub(super) fn push(&mut self, why: String) {
        if self.0.len() == CAPACITY
            && let Some(lost) = self.0.pop_front()
        {
            log::warn!("nobody reads the viewer's events; a refusal was not sent: {lost}");
        }
        self.0.push_back(why);
    }

    /// Sends as many as there is room for among the events.
    pub(super) fn send(&mut self, remote: &Remote) {
        while let Some(why) = self.0.front() {
            if !remote.send(Event::Refused(why.clone())) {
                return;
            }
            self.0.pop_front();
        }
    }
}
