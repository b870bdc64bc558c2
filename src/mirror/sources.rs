//! The sources that can be looked at, beside each other: the live plant and opened recordings.
//!
//! Flows in: batches into the live mirror, the bytes of files. Flows out: the state of any of them
//! through one interface, by the source that a view names. Each has a mirror, a history, a change log
//! and a clock of its own, so that whoever follows the live plant never reads a recording.

use std::sync::Arc;

use super::{Budget, Mirror, Replay};
use crate::history::{
    Answer, Band, Bucket, ChangeLog, Presence, Present, Reading, SourceId, Span, State, View,
};
use crate::telemetry::Status;
use crate::telemetry::recording::BadLine;
use crate::twin::{AssetId, PropertyId, Quality, Timestamp, Twin};

/// The live plant and what has been opened beside it.
///
/// ```
/// use std::sync::Arc;
/// use twinscope::history::{Lane, State, View};
/// use twinscope::mirror::{Budget, Mirror, Sources};
/// use twinscope::twin::Value;
///
/// let twin = Arc::new(twinscope::twin::load("scenes/pump_station.ron".as_ref())?.twin);
/// let level = twin.property_by_path("station/TK-1.percent").expect("the tank has it");
/// let mut sources = Sources::new(Mirror::new(twin, Budget::default()));
///
/// let table = "time,TK-1.percent\n2026-03-01T12:00:00Z,50\n2026-03-01T12:01:00Z,54\n";
/// let id = sources.open("levels.csv", table.into(), Budget::default())?;
/// sources.read_on(|| false);
///
/// // Half a minute before its end; the live plant beside it still knows nothing.
/// let span = sources.span(id).expect("it has rows");
/// let view = View { source: id, time: span.to.plus_micros(-30_000_000), lane: Lane::Measured };
/// assert_eq!(sources.reading(view, level).map(|reading| reading.value), Some(Value::Number(52.0)));
/// assert_eq!(sources.reading(View::live(view.time), level), None);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Sources {
    live: Mirror,
    /// In the order of their numbers.
    opened: Vec<Opened>,
    /// The last number that was given; numbers are not used twice.
    last: SourceId,
    /// Who was the first to be read in the last call of [`Sources::read_on`].
    first_read: SourceId,
}

/// A recording or a table that has been opened.
pub struct Opened {
    id: SourceId,
    name: String,
    mirror: Mirror,
    replay: Replay,
    is_read: bool,
}

impl Opened {
    /// Under which it is looked at.
    pub fn id(&self) -> SourceId {
        self.id
    }

    /// The file's name, for people.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its state and history.
    pub fn mirror(&self) -> &Mirror {
        &self.mirror
    }

    /// Whether all of it is in memory.
    pub fn is_read(&self) -> bool {
        self.is_read
    }

    /// Share of the file that is read, from 0 to 1; 1 only when all of it is.
    pub fn share(&self) -> f32 {
        if self.is_read { 1.0 } else { self.replay.share().min(0.999) }
    }

    /// What was counted, and what could not be read.
    pub fn status(&self) -> &Arc<Status> {
        self.replay.status()
    }

    /// What of the file is not used, for people.
    pub fn notes(&self) -> &[String] {
        self.replay.notes()
    }
}

impl Sources {
    /// The live plant alone.
    pub fn new(live: Mirror) -> Self {
        Self { live, opened: Vec::new(), last: SourceId::LIVE, first_read: SourceId::LIVE }
    }

    /// The live plant.
    pub fn live(&self) -> &Mirror {
        &self.live
    }

    /// The live plant, to take in what it sends.
    pub fn live_mut(&mut self) -> &mut Mirror {
        &mut self.live
    }

    /// Opens a recording or a table beside the plant. It is read by [`Sources::read_on`].
    ///
    /// # Errors
    /// When it is neither.
    pub fn open(
        &mut self,
        name: &str,
        bytes: Vec<u8>,
        budget: Budget,
    ) -> Result<SourceId, BadLine> {
        let twin = self.live.twin().clone();
        let replay = Replay::open(&twin, name, bytes)?;
        let id = SourceId(self.last.0 + 1);
        self.last = id;
        let mirror = replay.mirror(twin, budget);
        self.opened.push(Opened { id, name: name.to_owned(), mirror, replay, is_read: false });
        Ok(id)
    }

    /// Closes what was opened; whether there was such a source. The live plant cannot be closed.
    pub fn close(&mut self, id: SourceId) -> bool {
        let before = self.opened.len();
        self.opened.retain(|opened| opened.id != id);
        self.opened.len() < before
    }

    /// What has been opened, in the order in which it was.
    pub fn opened(&self) -> &[Opened] {
        &self.opened
    }

    /// What has been opened under that number.
    pub fn find(&self, id: SourceId) -> Option<&Opened> {
        self.opened.iter().find(|opened| opened.id == id)
    }

    /// The mirror of a source.
    #[inline]
    pub fn get(&self, id: SourceId) -> Option<&Mirror> {
        match id {
            SourceId::LIVE => Some(&self.live),
            id => self.find(id).map(Opened::mirror),
        }
    }

    /// Reads on in each file that is not read to its end, until `enough`; each gets its turn.
    pub fn read_on(&mut self, mut enough: impl FnMut() -> bool) {
        // Another one is the first in each call, for where time is short the first reads most.
        let next = self.opened.partition_point(|opened| opened.id <= self.first_read);
        let (before, after) = self.opened.split_at_mut(next);
        let unread = after.iter_mut().chain(before).filter(|opened| !opened.is_read);
        for (place, opened) in unread.enumerate() {
            if place == 0 {
                self.first_read = opened.id;
            }
            opened.is_read = opened.replay.step(&mut opened.mirror, &mut enough);
        }
    }

    /// All sources have another definition from now on; `edition` is what the live source's status
    /// gave for it. What opened files hold beyond what is read of them is read for that one.
    pub fn redefine(&mut self, twin: &Arc<Twin>, edition: u32) {
        self.live.swap_twin(twin.clone(), edition);
        for opened in &mut self.opened {
            let edition = opened.replay.redefine(twin);
            opened.mirror.swap_twin(twin.clone(), edition);
        }
    }
}

/// What a view says of its source is asked of that source alone.
impl State for Sources {
    fn read(&self, view: View, property: PropertyId) -> Answer {
        self.get(view.source).map_or(Answer::Unknown, |mirror| mirror.read(view, property))
    }

    #[inline]
    fn reading(&self, view: View, property: PropertyId) -> Option<Reading> {
        self.get(view.source)?.reading(view, property)
    }

    fn quality(&self, view: View, property: PropertyId) -> Option<Quality> {
        self.get(view.source)?.quality(view, property)
    }

    fn unread(&self, view: View, property: PropertyId) -> Option<Arc<str>> {
        self.get(view.source)?.unread(view, property)
    }

    fn band(&self, view: View, property: PropertyId) -> Option<Band> {
        self.get(view.source)?.band(view, property)
    }

    fn presence(&self, view: View, asset: AssetId) -> Presence {
        self.get(view.source).map_or(Presence::Unknown, |mirror| mirror.presence(view, asset))
    }

    fn series(&self, view: View, property: PropertyId, over: Span, buckets: usize) -> Vec<Bucket> {
        let mirror = self.get(view.source);
        mirror.map_or_else(Vec::new, |mirror| mirror.series(view, property, over, buckets))
    }

    fn newest(&self, view: View, property: PropertyId) -> Option<Timestamp> {
        self.get(view.source)?.newest(view, property)
    }

    fn stale_from(&self, view: View, property: PropertyId) -> Option<Timestamp> {
        self.get(view.source)?.stale_from(view, property)
    }

    fn span(&self, source: SourceId) -> Option<Span> {
        self.get(source)?.span(source)
    }

    fn present(&self, source: SourceId) -> Present {
        self.get(source).map(|mirror| mirror.present(source)).unwrap_or_default()
    }

    fn changes(&self, source: SourceId) -> Option<&ChangeLog> {
        self.get(source).map(Mirror::changes)
    }
}
