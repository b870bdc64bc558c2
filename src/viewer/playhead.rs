//! The playhead: the one system that owns the clock of the scene.
//!
//! Flows in: the mirror's present, and the user's wish to look at the past. Flows out:
//! [`Playhead`], which everything that is seen reads.

use bevy::prelude::*;

use super::ingest::LiveMirror;
use super::{Command, Playhead, Round};
use crate::twin::Timestamp;

/// Adds the playhead, which follows the present at first.
pub fn plugin(app: &mut App) {
    app.insert_resource(Playhead { following: true, ..default() })
        .add_systems(Update, advance.in_set(Round::Playhead));
}

fn advance(
    mirror: Res<LiveMirror>,
    mut commands: MessageReader<Command>,
    mut playhead: ResMut<Playhead>,
) {
    let mut next = *playhead;
    for command in commands.read() {
        match command {
            Command::Seek(time) => {
                next.following = false;
                next.time = *time;
            }
            Command::Follow => next.following = true,
            _ => {}
        }
    }
    let oldest = mirror.0.history().span().map(|span| span.0);
    playhead.set_if_neq(moved(next, mirror.0.live_view().time, oldest));
}

/// The playhead of the next frame: with the present while it follows, else where it was put, as long
/// as there is something to see.
fn moved(mut playhead: Playhead, live: Timestamp, oldest: Option<Timestamp>) -> Playhead {
    playhead.live = live;
    if playhead.following {
        playhead.time = live;
    } else {
        let earliest = oldest.unwrap_or(live).min(live);
        playhead.time = playhead.time.clamp(earliest, live);
    }
    playhead
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(time: i64, following: bool) -> Playhead {
        Playhead { time: Timestamp(time), following, ..default() }
    }

    #[test]
    fn a_following_playhead_is_where_the_present_is() {
        let playhead = moved(at(5, true), Timestamp(90), Some(Timestamp(10)));
        assert_eq!((playhead.time, playhead.live), (Timestamp(90), Timestamp(90)));
    }

    #[test]
    fn in_the_past_it_stays_where_it_was_put_while_the_present_goes_on() {
        let playhead = moved(at(50, false), Timestamp(90), Some(Timestamp(10)));
        assert_eq!((playhead.time, playhead.live), (Timestamp(50), Timestamp(90)));
        assert!(!playhead.following);
    }

    #[test]
    fn it_never_leaves_what_is_known() {
        let before = moved(at(5, false), Timestamp(90), Some(Timestamp(10)));
        let after = moved(at(500, false), Timestamp(90), Some(Timestamp(10)));
        assert_eq!((before.time, after.time), (Timestamp(10), Timestamp(90)));
    }
}
