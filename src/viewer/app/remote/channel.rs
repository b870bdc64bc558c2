//! The two bounded channels between the viewer and whoever steers it.

use bevy::prelude::*;
use crossbeam_channel::{Receiver, Sender, TrySendError, bounded};

use super::protocol::{Event, Request};

/// Requests and events that may wait.
const CAPACITY: usize = 256;

/// The viewer's ends of the two channels.
#[derive(Resource, Clone)]
pub struct Remote {
    pub(super) requests: Receiver<Request>,
    events: Sender<Event>,
}

/// The others' ends.
#[derive(Clone)]
pub struct RemoteHandle {
    /// Where requests go; a full channel refuses.
    pub requests: Sender<Request>,
    /// What happens. While nobody takes it, the viewer sends no more than fits.
    pub events: Receiver<Event>,
}

/// Both ends of a viewer that others steer.
pub fn pair() -> (Remote, RemoteHandle) {
    let (ask, requests) = bounded(CAPACITY);
    let (events, received) = bounded(CAPACITY);
    (Remote { requests, events }, RemoteHandle { requests: ask, events: received })
}

impl Remote {
    /// Whether the event is on its way, or its reader is gone. What finds no room is sent again by
    /// the caller in a later frame.
    #[must_use]
    pub(super) fn send(&self, event: Event) -> bool {
        !matches!(self.events.try_send(event), Err(TrySendError::Full(_)))
    }
}
