//! Requests in, events out, without a window.

use bevy::ecs::system::RunSystemOnce;
use bevy::prelude::*;

use super::protocol::Event;
use super::*;
use crate::viewer::app::command_log::CommandLog;
use crate::viewer::app::open::Opened;
use crate::viewer::app::permission::{Decision, Permission};
use crate::viewer::app::testing;
use crate::viewer::base::{FrameTime, Origin};
use crate::viewer::scene::models::LoadProgress;
use crate::viewer::time::{Playback, Stage};

fn viewer() -> (App, RemoteHandle) {
    let (remote, handle) = pair();
    let mut app = testing::app();
    app.insert_resource(remote)
        .init_resource::<Opened>()
        .init_resource::<LoadProgress>()
        .init_resource::<FrameTime>()
        .add_plugins(plugin);
    (app, handle)
}

#[test]
fn a_request_takes_effect_in_the_frame_that_takes_it_and_is_recorded_as_the_remotes() {
    let (mut app, handle) = viewer();
    handle.requests.try_send(Request::Select(Some("a".into()))).expect("room");
    app.update();
    assert!(handle.events.try_iter().any(|event| event == Event::Selected(Some("a".into()))));
    let log = app.world().resource::<CommandLog>();
    assert_eq!(log.records().map(|record| record.by).collect::<Vec<_>>(), [Origin::Remote]);
}

#[test]
fn what_is_not_allowed_is_refused_to_who_asked_for_it_once() {
    let (mut app, handle) = viewer();
    app.insert_resource(Permission(|_, _| Decision::Refused { why: "it is night".into() }));
    handle.requests.try_send(Request::Play(false)).expect("room");
    app.update();
    app.update();
    let refused = |event: &Event| matches!(event, Event::Refused(why) if why == "it is night");
    assert_eq!(handle.events.try_iter().filter(refused).count(), 1);
}

#[test]
fn refusals_that_find_no_room_among_the_events_are_sent_once_there_is_room() {
    let (mut app, handle) = viewer();
    app.insert_resource(Permission(|_, _| Decision::Refused { why: "it is night".into() }));
    app.update();
    let remote = app.world().resource::<Remote>().clone();
    while remote.send(Event::Ready) {}
    // One request makes no sense, the other is not allowed.
    for request in [Request::Select(Some("nowhere".into())), Request::Play(false)] {
        handle.requests.try_send(request).expect("room");
    }
    app.update();
    let refusals = |handle: &RemoteHandle| {
        let refused = |event| match event {
            Event::Refused(why) => Some(why),
            _ => None,
        };
        handle.events.try_iter().filter_map(refused).collect::<Vec<_>>()
    };
    assert!(refusals(&handle).is_empty(), "there was no room");
    app.update();
    let sent = refusals(&handle);
    assert_eq!(sent.len(), 2, "{sent:?}");
    assert!(sent[0].contains("no asset `nowhere`"), "{sent:?}");
    assert_eq!(sent[1], "it is night");
    app.update();
    assert!(refusals(&handle).is_empty(), "each is sent once");
}

#[test]
fn a_recording_on_screen_is_no_news_of_the_connection() {
    let (mut app, handle) = viewer();
    let states = |handle: &RemoteHandle| {
        let state = |event| match event {
            Event::Connection { state, .. } => Some(state),
            _ => None,
        };
        handle.events.try_iter().filter_map(state).collect::<Vec<_>>()
    };
    app.update();
    assert_eq!(states(&handle), ["connecting"]);
    let begin = |mut stage: Stage| {
        stage.begin("shift.csv", b"time,a.v\n2026-03-01T12:00:00Z,10\n".to_vec())
    };
    let is_shown = app.world_mut().run_system_once(begin).expect("the system runs");
    assert!(is_shown);
    (0..3).for_each(|_| app.update());
    assert!(app.world().resource::<Playback>().shown().is_some());
    assert!(states(&handle).is_empty());
}
