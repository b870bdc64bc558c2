//! Telemetry into the live plant, and files that are opened beside it: the first thing in a frame,
//! within a time budget.
//!
//! Flows in: batches from a bounded channel, and what is left of files. Flows out: the state of each
//! source, which all else reads.

use std::time::Duration;

use bevy::platform::time::Instant;
use bevy::prelude::*;
use bevy::time::Real;

use super::playback::Playback;
use super::sources::{Behind, Keep, Sources, TelemetryLink, WallClock};
use crate::mirror::Ingested;
use crate::twin::Timestamp;
use crate::viewer::base::{FrameTime, Round, Seen, TwinDefinition};

/// Time that a frame may spend on taking in samples; what is left waits for the next frame.
pub const BUDGET: Duration = Duration::from_millis(4);
/// The same while nobody sees the scene and nothing is drawn.
const UNSEEN_BUDGET: Duration = Duration::from_millis(50);
/// Where frames are slow (a software renderer), samples gather meanwhile: then this part of a frame
/// is theirs, or the scene would fall behind more with every frame.
const SHARE_OF_SLOW_FRAME: u32 = 5;
/// Frames up to this long take in all that came before them. In a page a longer one also holds up the socket,
/// which shares its thread: what seems silent for as long may have spoken.
const PROMPT: Duration = Duration::from_millis(250);

/// Adds the live plant of the twin on screen and what fills it.
pub fn plugin(app: &mut App) {
    let twin = app.world().resource::<TwinDefinition>().0.clone();
    let keep = app.world().get_resource::<Keep>().copied().unwrap_or_default().0;
    app.init_resource::<WallClock>()
        .init_resource::<Behind>()
        .init_resource::<Playback>()
        .insert_resource(Sources::new(twin, keep))
        .add_systems(Update, take_in.in_set(Round::Ingest));
}

fn take_in(
    mut sources: ResMut<Sources>,
    mut behind: ResMut<Behind>,
    link: Res<TelemetryLink>,
    time: Res<Time<Real>>,
    frame_time: Option<Res<FrameTime>>,
    wall: Res<WallClock>,
    seen: Option<Res<Seen>>,
) {
    let begin = Instant::now();
    let budget = match seen {
        Some(seen) if !seen.0 => UNSEEN_BUDGET,
        _ => BUDGET.max(time.delta() / SHARE_OF_SLOW_FRAME),
    };
    let enough = || begin.elapsed() >= budget;
    // The plant first: its channel is bounded and does not wait, files do.
    let ingested = sources.live_mut().ingest(&link.batches, enough);
    let now = wall.now();
    let frame = match *wall {
        WallClock::System => frame_time.map_or(time.delta(), |mean| time.delta().max(mean.mean())),
        WallClock::At(_) => Duration::ZERO,
    };
    let until = taken_in_until(now, frame, &ingested);
    behind.0 = Duration::from_micros(now.0.saturating_sub(until.0).max(0).unsigned_abs());
    sources.live_mut().tick(until);
    sources.read_on(enough);
}

/// Until when all that the plant sent is taken in. Later is not judged yet: what waits for its turn is no
/// silence.
fn taken_in_until(now: Timestamp, frame: Duration, ingested: &Ingested) -> Timestamp {
    let late = i64::try_from(frame.saturating_sub(PROMPT).as_micros()).unwrap_or(i64::MAX);
    let heard = now.plus_micros(-late);
    let waits = ingested.arrival.filter(|_| ingested.out_of_time);
    waits.map_or(heard, |arrival| heard.min(arrival))
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::sync::Arc;

    use bevy::time::TimeUpdateStrategy;
    use crossbeam_channel::{Sender, bounded};

    use super::*;
    use crate::history::{SourceId, State};
    use crate::telemetry::{Batch, ClockReading, Status, Update};
    use crate::twin::{Condition, NoFiles, PropertyId, Quality, Value, load_text};
    use crate::viewer::time::Survey;

    const TWIN: &str = r#"Twin(schema: 2, name: "t",
        clock: (topic: "t/clock", time: "/now", format: iso8601, interval: "1s"),
        classes: {"A": (properties: {"v": (interval: "200ms")},
            mappings: [Scalar(topic: "t/v", property: "v")])},
        assets: [(name: "a", class: "A")])"#;

    /// A viewer without a picture that draws a frame in so many seconds, and where its plant's batches go in.
    fn viewer(frame_s: f64) -> (App, Sender<Batch>) {
        let loaded = load_text(Path::new("t.ron"), TWIN, &NoFiles);
        let twin = Arc::new(loaded.unwrap_or_else(|wrong| panic!("{wrong}")).twin);
        let (plant, batches) = bounded(1000);
        let mut app = App::new();
        app.add_plugins(MinimalPlugins)
            .insert_resource(TimeUpdateStrategy::ManualDuration(Duration::from_secs_f64(frame_s)))
            .insert_resource(Survey::new(&twin))
            .insert_resource(TwinDefinition(twin))
            .insert_resource(TelemetryLink { batches, status: Arc::new(Status::new("plant")) })
            .add_plugins(plugin);
        Round::chain(&mut app);
        (app, plant)
    }

    /// A value and the plant's time, both of that instant.
    fn send(plant: &Sender<Batch>, at: Timestamp) {
        let (property, value) = (PropertyId(0), Some(Value::Number(1.0)));
        let updates = vec![Update { property, time: Some(at), value, quality: Quality::Good }];
        let clock = Some(ClockReading { time: at, rate: 1.0 });
        let batch = Batch { arrival: at, updates, clock, ..Batch::default() };
        plant.try_send(batch).expect("there is room");
    }

    /// How the property is doing, and whether the plant's time goes on, after a frame.
    fn after_a_frame(app: &mut App) -> (Condition, bool) {
        app.update();
        let live = app.world().resource::<Sources>().live();
        let mut survey = Survey::new(live.twin());
        survey.advance(live, live.twin(), live.live_view(), true);
        let condition = Condition::ALL.into_iter().find(|at| survey.count(*at) == 1);
        (condition.expect("there is one"), live.present(SourceId::LIVE).goes_on)
    }

    #[test]
    fn while_a_frame_takes_seconds_what_came_before_it_is_neither_stale_nor_silent() {
        for (frame_s, expected) in
            [(0.016, (Condition::Stale, false)), (3.9, (Condition::Normal, true))]
        {
            let (mut app, plant) = viewer(frame_s);
            app.update();
            // Five times a second, until three and a half seconds ago.
            let now = Timestamp::now();
            (0..20).rev().for_each(|n| send(&plant, now.plus_micros(-3_500_000 - 200_000 * n)));
            assert_eq!(after_a_frame(&mut app), expected, "{frame_s} s a frame");
        }
    }

    #[test]
    fn what_waits_in_the_channel_is_no_silence() {
        let at = |second: i64| Timestamp(1_772_366_400_000_000 + second * 1_000_000);
        let out_of_time =
            |arrival| Ingested { arrival: Some(arrival), out_of_time: true, ..Ingested::default() };
        let (prompt, slow) = (Duration::from_millis(16), Duration::from_millis(4_250));
        assert_eq!(taken_in_until(at(60), prompt, &out_of_time(at(3))), at(3));
        let all = Ingested { out_of_time: false, ..out_of_time(at(3)) };
        assert_eq!(taken_in_until(at(60), prompt, &all), at(60));
        assert_eq!(taken_in_until(at(60), slow, &all), at(56));
        assert_eq!(taken_in_until(at(60), slow, &out_of_time(at(58))), at(56));
    }
}
