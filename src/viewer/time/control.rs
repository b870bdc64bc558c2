//! What can be asked of time: where the playhead stands and how it goes on.

use bevy::ecs::system::SystemParam;
use bevy::prelude::*;

use super::playback::Stage;
use super::playhead::{Known, played};
use crate::twin::Timestamp;
use crate::viewer::base::Playhead;

/// The playhead, and what is on screen under it, for whoever may move them.
#[derive(SystemParam)]
pub struct TimeControl<'w> {
    playhead: ResMut<'w, Playhead>,
    /// The plant or a recording.
    pub stage: Stage<'w>,
}

impl TimeControl<'_> {
    /// Where the playhead stands.
    pub fn playhead(&self) -> Playhead {
        *self.playhead
    }

    /// The plant's present, where anything is known of it.
    pub fn plant_time(&self) -> Option<Timestamp> {
        self.stage.sources().live().now()
    }

    /// Moves the playhead to an instant of plant time; it stops following the present. In
    /// [`Round::Playhead`](crate::viewer::Round) it comes back to what is known.
    pub fn seek(&mut self, time: Timestamp) {
        self.playhead.set_if_neq(Playhead { time, following: false, ..*self.playhead });
    }

    /// Follows the present again; from a recording it goes back to the plant, if there is one.
    pub fn follow(&mut self) {
        self.stage.end();
        self.playhead.set_if_neq(Playhead { following: true, playing: false, ..*self.playhead });
    }

    /// Lets the playhead go on by itself, or stops it; it leaves the present.
    pub fn play(&mut self, on: bool) {
        let known = Known::of(self.stage.sources(), self.stage.playback());
        let next = played(*self.playhead, on, known);
        self.playhead.set_if_neq(next);
    }

    /// Plant seconds that pass in a second while the playhead goes on by itself.
    ///
    /// # Errors
    /// When it is no number above 0; the speed stays what it was.
    pub fn set_speed(&mut self, speed: f64) -> Result<(), String> {
        if !(speed.is_finite() && speed > 0.0) {
            return Err(format!("{speed} is no speed: expected a number above 0"));
        }
        self.playhead.set_if_neq(Playhead { speed, ..*self.playhead });
        Ok(())
    }
}
