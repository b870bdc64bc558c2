//! The playhead: the one system that owns the clock of the scene.
//!
//! Flows in: the present of the source on screen, and where [`TimeControl`](super::TimeControl) has put
//! the playhead. Flows out: [`Playhead`], which everything that is seen reads, and what each scene
//! shows: the main one what the playhead does, others that follow the present of their own source. A
//! scene whose source was closed is closed.

use bevy::prelude::*;
use bevy::time::Real;

use super::playback::Playback;
use super::sources::Sources;
use crate::history::{State, View};
use crate::twin::Timestamp;
use crate::viewer::base::{Playhead, Round, Scene, SceneView, SceneViews};

/// Speeds at which the playhead can go on by itself.
pub const SPEEDS: [f64; 9] = [0.1, 0.25, 0.5, 1.0, 2.0, 5.0, 10.0, 60.0, 600.0];

/// Adds the playhead, which follows the present at first.
pub fn plugin(app: &mut App) {
    app.insert_resource(Playhead { following: true, ..default() })
        .init_resource::<SceneViews>()
        .add_systems(Update, advance.in_set(Round::Playhead));
}

fn advance(
    sources: Res<Sources>,
    playback: Res<Playback>,
    time: Res<Time<Real>>,
    mut playhead: ResMut<Playhead>,
    mut views: ResMut<SceneViews>,
) {
    let next = Playhead { source: playback.source(), ..*playhead };
    let known = Known::of(&sources, &playback);
    playhead.set_if_neq(moved(next, known, time.delta_secs_f64()));
    let is_main = |shown: &SceneView| shown.scene == Scene::MAIN;
    let moved = |shown: &SceneView| {
        if is_main(shown) {
            return SceneView { view: playhead.view(), follows: playhead.following, ..*shown };
        }
        let live = sources.present(shown.view.source).live.filter(|_| shown.follows);
        let time = live.unwrap_or(shown.view.time);
        SceneView { view: View { time, ..shown.view }, ..*shown }
    };
    // Written only where something differs, so that nobody looks at what is as it was.
    let closed: Vec<Scene> = views
        .iter()
        .filter(|shown| !is_main(shown) && sources.get(shown.view.source).is_none())
        .map(|shown| shown.scene)
        .collect();
    closed.into_iter().for_each(|scene| views.close(scene));
    let differ: Vec<SceneView> = views
        .iter()
        .map(moved)
        .zip(views.iter())
        .filter(|(a, b)| a != *b)
        .map(|(a, _)| a)
        .collect();
    for SceneView { scene, view, follows } in differ {
        views.set(scene, view, follows);
    }
}

/// What the playhead can show.
#[derive(Clone, Copy, Debug)]
pub(super) struct Known {
    oldest: Option<Timestamp>,
    live: Timestamp,
    end: End,
}

/// What follows the newest instant.
#[derive(Clone, Copy, Debug, PartialEq)]
enum End {
    /// It is the plant's present, which goes on.
    Present,
    /// A recording, of which more is still to be read.
    More,
    /// The end of a recording.
    Last,
}

impl Known {
    /// Of the source that is on screen.
    pub(super) fn of(sources: &Sources, playback: &Playback) -> Self {
        let source = playback.source();
        Self {
            oldest: sources.span(source).map(|span| span.from),
            live: sources.present(source).live.unwrap_or(Timestamp::MIN),
            end: match playback.shown() {
                None => End::Present,
                Some(shown) if shown.share < 1.0 => End::More,
                Some(_) => End::Last,
            },
        }
    }
}

/// The playhead once it was asked to go on by itself, or to stop.
pub(super) fn played(mut playhead: Playhead, on: bool, known: Known) -> Playhead {
    // At the end of a recording it begins again.
    if on && known.end == End::Last && playhead.time >= known.live {
        playhead.time = Timestamp::MIN;
    }
    (playhead.following, playhead.playing) = (false, on);
    playhead
}

/// The playhead of the next frame: with the present while it follows, else where it was put or has
/// gone by itself, as long as there is something to see.
fn moved(mut playhead: Playhead, known: Known, passed_s: f64) -> Playhead {
    let Known { oldest, live, end } = known;
    playhead.live = live;
    if playhead.following {
        playhead.time = live;
        return playhead;
    }
    if playhead.playing {
        playhead.time = playhead.time.plus_micros((passed_s * playhead.speed * 1e6) as i64);
    }
    let earliest = oldest.unwrap_or(live).min(live);
    let caught_up = playhead.playing && oldest.is_some() && playhead.time >= live;
    playhead.time = playhead.time.clamp(earliest, live);
    match end {
        End::Present if caught_up => (playhead.following, playhead.playing) = (true, false),
        End::Last if caught_up => playhead.playing = false,
        _ => {}
    }
    playhead
}

#[cfg(test)]
mod tests {
    use super::*;

    const KNOWN: Known =
        Known { oldest: Some(Timestamp(10)), live: Timestamp(90), end: End::Present };

    fn at(time: i64, following: bool) -> Playhead {
        Playhead { time: Timestamp(time), following, ..default() }
    }

    fn playing(time: i64, speed: f64) -> Playhead {
        Playhead { playing: true, speed, ..at(time, false) }
    }

    #[test]
    fn a_following_playhead_is_where_the_present_is() {
        let playhead = moved(at(5, true), KNOWN, 1.0);
        assert_eq!((playhead.time, playhead.live), (Timestamp(90), Timestamp(90)));
    }

    #[test]
    fn in_the_past_it_stays_where_it_was_put_while_the_present_goes_on() {
        let playhead = moved(at(50, false), KNOWN, 1.0);
        assert_eq!((playhead.time, playhead.live), (Timestamp(50), Timestamp(90)));
        assert!(!playhead.following);
    }

    #[test]
    fn it_never_leaves_what_is_known() {
        let before = moved(at(5, false), KNOWN, 1.0);
        let after = moved(at(500, false), KNOWN, 1.0);
        assert_eq!((before.time, after.time), (Timestamp(10), Timestamp(90)));
    }

    #[test]
    fn it_goes_on_at_its_speed_and_follows_when_it_has_caught_up_with_the_plant() {
        let on = moved(playing(20, 10.0), KNOWN, 3e-6);
        assert_eq!((on.time, on.playing, on.following), (Timestamp(50), true, false));
        let there = moved(playing(20, 10.0), KNOWN, 3e-5);
        assert_eq!((there.time, there.playing, there.following), (Timestamp(90), false, true));
    }

    #[test]
    fn at_the_end_of_a_recording_it_stops_and_begins_again_when_asked_to_go_on() {
        let end = Known { end: End::Last, ..KNOWN };
        let there = moved(playing(80, 1.0), end, 1.0);
        assert_eq!((there.time, there.playing, there.following), (Timestamp(90), false, false));
        let again = moved(played(there, true, end), end, 1e-6);
        assert_eq!((again.time, again.playing), (Timestamp(10), true));
        // While more is read it waits at the edge.
        let more = Known { end: End::More, ..KNOWN };
        assert!(moved(playing(80, 1.0), more, 1.0).playing);
    }

    #[test]
    fn a_stop_leaves_the_present() {
        let stopped = played(at(90, true), false, KNOWN);
        assert_eq!((stopped.following, stopped.playing), (false, false));
    }
}
