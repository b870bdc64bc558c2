//! The live twin without a picture: telemetry flows into state and history.
//!
//! Flows in: batches from the telemetry channel, within a time budget. Flows out: the state in any
//! view, what changed, the plant's present time, counters. The viewer, `watch` and the tests stand
//! on it; it is above `telemetry` and `history`, which do not know each other.
//!
//! # What is read when
//! Between two samples a property is mixed or held, as its definition tells. After the newest
//! sample, and across a gap in the past, the value holds, and is stale from
//! [`STALE_AFTER_INTERVALS`] × its interval on (at least interval + display delay). Across such a
//! gap, across a time offline and beside a bad sample nothing is mixed and nothing is integrated:
//! what was not measured is not imagined. Intervals count in plant time; the display delay counts
//! in wall time, for it bridges the way of the messages.
//!
//! # Sources whose clocks are off
//! A sample keeps its own stamp, by which it is recognised when it comes twice. A source whose
//! stamps are ahead of plant time by more than `max_clock_skew` cannot know the future: its history
//! is read that much later, so its values are current, and go stale, like any other's. A source
//! that is behind may as well be truly late, so its values stay where it put them and may read
//! stale. [`Mirror::clock`] reports both. A single stamp far ahead of its source's others is
//! not taken.
//!
//! # Time
//! [`Mirror::apply`] depends on the batches alone; only [`Mirror::tick`] takes wall time. So the
//! same batches give the same history to the bit.

mod apply;
mod clock;
mod counters;
mod hash;
mod integral;
mod layout;
mod read;
mod replay;
mod skew;
mod sources;
mod swap;
#[cfg(test)]
mod tests;
mod timeline;

use std::collections::HashMap;
use std::sync::Arc;

use crossbeam_channel::{Receiver, TryRecvError};

pub use crate::history::Budget;
pub use clock::PlantClock;
pub use counters::{ClockStatus, Counters, Ingested};
pub use layout::STALE_AFTER_INTERVALS;
pub use replay::{Replay, Replayed, replay};
pub use skew::SkewWarning;
pub use sources::{Opened, Sources};
#[cfg(test)]
pub(crate) use tests::motors;

use crate::history::{ChangeLog, Estimates, Recent, View, What};
use crate::telemetry::{Batch, Update};
use crate::twin::{PropertyId, Timestamp, Twin};
use clock::Turn;
use layout::Layout;
use timeline::Timeline;

/// At most so many properties does one tick look at to count the stale ones; of few a share.
const STALE_LOOK: usize = 1024;

/// The live twin: present state, recent history, the plant's clock.
///
/// ```
/// use std::sync::Arc;
/// use twinscope::mirror::{Budget, Mirror};
/// use twinscope::telemetry::{Batch, Decoder};
/// use twinscope::twin::{Timestamp, Value};
///
/// let twin = Arc::new(twinscope::twin::load("scenes/pump_station.ron".as_ref())?.twin);
/// let now = Timestamp(1_772_366_400_000_000);
/// let mut batch = Batch { arrival: now, ..Batch::default() };
/// let payload = br#"{"ts": 1772366400000, "level": {"percent": 62.5, "mm": 2500}, "volume": 5}"#;
/// let topic = "pump_station/station/TK-1/telemetry";
/// Decoder::new(&twin).decode(topic, payload, now, &mut batch);
///
/// let mut mirror = Mirror::new(twin.clone(), Budget::default());
/// mirror.apply(batch);
/// mirror.tick(now);
/// let level = twin.property_by_path("station/TK-1.percent").expect("the tank has it");
/// assert_eq!(mirror.latest(level).map(|reading| reading.value), Some(Value::Number(62.5)));
/// # Ok::<(), twinscope::twin::Diagnostics>(())
/// ```
pub struct Mirror {
    twin: Arc<Twin>,
    layout: Layout,
    recent: Recent,
    clock: PlantClock,
    /// When each presence group was online.
    presence: Vec<Timeline>,
    /// When plant time was known.
    clock_known: Timeline,
    counters: Counters,
    restarts: u64,
    /// Recent changes, for any number of readers.
    changes: ChangeLog,
    /// What models conclude, beside what was measured.
    estimates: Estimates,
    /// Samples without a stamp that wait for plant time to be known.
    waiting: Vec<(Timestamp, Update)>,
    /// Properties for which messages came before they had any value.
    unread: HashMap<PropertyId, Unread>,
    /// The newest instant that was shown.
    live: Option<Timestamp>,
    stale_look: usize,
    stale_found: u64,
    /// Of the present definition; see [`crate::telemetry::Status::redefine`].
    edition: u32,
    /// How batches of earlier editions are read.
    earlier: Vec<(u32, swap::Translation)>,
    /// Of a table: the step of its rows in microseconds.
    table_step_us: Option<i64>,
}

/// That messages came for a property, and none of them had a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unread {
    /// Plant time of the first.
    pub since: Timestamp,
    /// What was last found wrong, for people.
    pub reason: Arc<str>,
}

impl Mirror {
    /// A mirror that knows nothing of the plant yet.
    pub fn new(twin: Arc<Twin>, budget: Budget) -> Self {
        let types: Vec<_> = twin.property_ids().map(|id| twin.property(id).ty.clone()).collect();
        let layout = Layout::new(&twin);
        let mut recent = Recent::new(&types, budget);
        layout.integrals.iter().for_each(|integral| recent.integrate(integral.source));
        Self {
            layout,
            recent,
            estimates: Estimates::new(&twin, share_of(budget)),
            clock: PlantClock::new(twin.clock.as_ref()),
            presence: vec![Timeline::default(); twin.presence.len()],
            clock_known: Timeline::default(),
            counters: Counters::default(),
            restarts: 0,
            changes: ChangeLog::new(twin.property_count()),
            waiting: Vec::new(),
            unread: HashMap::new(),
            live: None,
            stale_look: 0,
            stale_found: 0,
            edition: 0,
            earlier: Vec::new(),
            table_step_us: None,
            twin,
        }
    }

    /// A mirror of what a table tells. Its times are plant time whatever clock the plant has, and
    /// samples are expected no more often than it has rows.
    pub fn of_table(twin: Arc<Twin>, budget: Budget, step_us: i64) -> Self {
        let mut mirror = Self::new(twin, budget);
        mirror.clock = PlantClock::new(None);
        mirror
            .layout
            .traits
            .iter_mut()
            .for_each(|known| known.interval = known.interval.max(step_us));
        mirror.table_step_us = Some(step_us);
        mirror
    }

    /// The definition that is mirrored.
    pub fn twin(&self) -> &Arc<Twin> {
        &self.twin
    }

    /// The samples that are kept.
    pub fn history(&self) -> &Recent {
        &self.recent
    }

    /// Applies what waits in the channel until it is empty or `deadline` tells that time is up.
    /// At least one batch is applied, so that it gets on however slow the machine is.
    pub fn ingest(
        &mut self,
        link: &Receiver<Batch>,
        mut deadline: impl FnMut() -> bool,
    ) -> Ingested {
        let mut done = Ingested::default();
        loop {
            match link.try_recv() {
                Ok(batch) => {
                    done.batches += 1;
                    done.updates += batch.updates.len();
                    done.arrival = done.arrival.max(Some(batch.arrival));
                    self.apply(batch);
                }
                Err(TryRecvError::Empty) => return done,
                Err(TryRecvError::Disconnected) => {
                    done.closed = true;
                    return done;
                }
            }
            if deadline() {
                done.out_of_time = !link.is_empty();
                return done;
            }
        }
    }

    /// Wall time has passed: moves plant time on. Call it once a frame, after ingesting.
    pub fn tick(&mut self, wall: Timestamp) {
        let turn = self.clock.tick(wall);
        self.follow(turn);
        if !self.clock.known_at(wall)
            && let Some(stop) = self.clock.stop()
        {
            self.know_clock(self.hidden_by_delay(stop), false);
        }
        if let Some(now) = self.clock.now() {
            self.recent.advance(now);
            self.estimates.advance(now);
            let live = now.plus_micros(-self.display_delay());
            self.live = Some(self.live.map_or(live, |shown| shown.max(live)));
        }
        self.count_stale();
    }

    /// Nothing more comes, as at the end of a file: the display delay waits for no message any more, and
    /// what came last is shown.
    pub fn end(&mut self) {
        if let Some(now) = self.clock.now() {
            self.live = Some(now);
        }
    }

    /// What became of the clock, into history.
    fn follow(&mut self, turn: Turn) {
        if let Some((stop, go)) = turn.gap {
            self.know_clock(self.hidden_by_delay(stop), false);
            self.know_clock(go, true);
        }
        if let Some(time) = turn.restart {
            self.restarts += 1;
            self.counters.turned_back += self.recent.turn_back(time) as u64;
            self.presence.iter_mut().for_each(|timeline| timeline.turn_back(time));
            self.clock_known = Timeline::default();
            for source in 0..self.layout.sources.len() as u32 {
                let clock = &mut self.layout.sources[source as usize];
                let was_ahead = clock.ahead != 0;
                clock.forget();
                if was_ahead {
                    self.recount_source(source);
                }
            }
            self.estimates.turn_back(time);
            self.unread.retain(|_, unread| unread.since <= time);
            self.live = None;
            self.changes.push(What::TurnedBack, time);
        }
    }

    /// Plant time is known, or no longer known, from that time on.
    fn know_clock(&mut self, time: Timestamp, known: bool) {
        if self.clock_known.set(time, known) {
            self.changes.push(What::Clock { known }, time);
        }
    }

    /// The live view hangs behind where the clock stopped; what it shows there is stale too.
    fn hidden_by_delay(&self, stop: Timestamp) -> Timestamp {
        stop.plus_micros(-self.display_delay())
    }

    /// The display delay in plant microseconds.
    fn display_delay(&self) -> i64 {
        (self.twin.display_delay.as_micros() as f64 * self.clock.rate()) as i64
    }

    /// `max_clock_skew` in plant microseconds; where plant time runs fast, so does the way of a
    /// message.
    fn allowed_skew(&self) -> i64 {
        (self.twin.max_clock_skew.as_micros() as f64 * self.clock.rate().max(1.0)) as i64
    }

    /// Plant time as of the last tick; `None` while it is unknown.
    pub fn now(&self) -> Option<Timestamp> {
        self.clock.now()
    }

    /// What a scene shows that follows the plant: the present less the display delay, so that it
    /// interpolates between samples instead of guessing ahead. It never goes back, but when the
    /// plant's own time does. Before plant time is known it is the earliest time of all, where
    /// nothing is known.
    pub fn live_view(&self) -> View {
        View::live(self.live.unwrap_or(Timestamp::MIN))
    }

    /// Recent changes, to be followed by any number of readers, each with a cursor of its own.
    pub fn changes(&self) -> &ChangeLog {
        &self.changes
    }

    /// The plant's clock, and the sources whose clocks are off.
    pub fn clock(&self) -> ClockStatus {
        let allowed = self.allowed_skew();
        let sources = self.layout.sources.iter();
        let mut warnings: Vec<_> = sources.filter_map(|source| source.warning(allowed)).collect();
        warnings.sort_by_key(|warning| warning.asset);
        let times = self.clock.now().zip(self.clock.wall());
        ClockStatus {
            known: self.clock.wall().is_some_and(|wall| self.clock.known_at(wall)),
            offset_s: times.map_or(0.0, |(plant, wall)| plant.seconds_since(wall)),
            rate: self.clock.rate(),
            restarts: self.restarts,
            warnings,
        }
    }

    /// What became of everything that came in.
    pub fn counters(&self) -> &Counters {
        &self.counters
    }
}

/// Of the bytes for measured samples, what estimates may take beside them: they come by the minute.
fn share_of(budget: Budget) -> Budget {
    Budget { bytes: budget.bytes / 16, ..budget }
}
