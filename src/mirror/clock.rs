//! The only place where plant time and wall time meet.

use std::time::Duration;

use crate::telemetry::ClockReading;
use crate::twin::Timestamp;
use crate::twin::mapping::ClockSource;

/// A stated time that differs by more than this much wall time from the expected one is taken as it
/// is; a smaller difference is a message's jitter and is smoothed.
const SNAP_US: f64 = 1e6;
/// Share of a small difference by which the clock is corrected.
const GAIN: f64 = 0.125;
/// A clock that jumps back by more than this begins a new run.
const RESTART_US: i64 = 5_000_000;
/// Messages that have to agree before a jump of the clock beyond [`RESTART_US`] is believed: one that is wrong would
/// make everything old, or erase all that is known.
const VOTES: u32 = 3;

#[derive(Clone, Copy, Debug)]
struct Anchor {
    wall: Timestamp,
    plant: Timestamp,
    rate: f64,
}

impl Anchor {
    /// How far a stated time is from where this clock would be by then, in plant microseconds.
    fn error(&self, arrival: Timestamp, stated: ClockReading) -> i64 {
        let passed = arrival.0.saturating_sub(self.wall.0) as f64 * self.rate;
        stated.time.0.saturating_sub(self.plant.plus_micros(passed as i64).0)
    }
}

/// Plant time from wall time.
///
/// Without a clock in the twin file plant time is wall time. With one it is
/// `stated time + rate × (wall time − arrival)`, smoothed over the messages; it stands still from the
/// clock's interval after its last message on, and is unknown before the first.
#[derive(Clone, Debug)]
pub struct PlantClock {
    /// Wall time for which a message of the plant's clock holds; `None`: plant time is wall time.
    interval_us: Option<i64>,
    anchor: Option<Anchor>,
    /// Where the clock jumps to according to the last messages, and how many of them agree.
    jump: Option<(Anchor, u32)>,
    now: Option<Timestamp>,
    wall: Option<Timestamp>,
}

/// What a message of the plant's clock, or the passing of wall time, meant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Turn {
    /// The clock had stopped at the first plant time and goes again from the second.
    pub(super) gap: Option<(Timestamp, Timestamp)>,
    /// Time was turned back to there.
    pub(super) restart: Option<Timestamp>,
}

impl PlantClock {
    /// A clock as the twin file tells.
    pub fn new(source: Option<&ClockSource>) -> Self {
        let interval_us = source.map(|source| micros(source.interval));
        Self { interval_us, anchor: None, jump: None, now: None, wall: None }
    }

    /// Plant time at an instant of wall time, from the messages alone; `None` before the first.
    pub fn at(&self, wall: Timestamp) -> Option<Timestamp> {
        let Some(interval) = self.interval_us else { return Some(wall) };
        let anchor = self.anchor?;
        let passed = wall.0.saturating_sub(anchor.wall.0).clamp(-interval, interval);
        Some(anchor.plant.plus_micros((passed as f64 * anchor.rate) as i64))
    }

    /// Whether plant time is known at that instant of wall time.
    pub fn known_at(&self, wall: Timestamp) -> bool {
        match (self.interval_us, self.anchor) {
            (None, _) => true,
            (Some(interval), Some(anchor)) => wall.0.saturating_sub(anchor.wall.0) <= interval,
            (Some(_), None) => false,
        }
    }

    /// Plant seconds that pass in one second of wall time.
    pub fn rate(&self) -> f64 {
        self.anchor.map_or(1.0, |anchor| anchor.rate)
    }

    /// Plant time as of the last `tick`; it never goes back but for a restart.
    pub fn now(&self) -> Option<Timestamp> {
        self.now
    }

    /// Wall time of the last `tick`.
    pub fn wall(&self) -> Option<Timestamp> {
        self.wall
    }

    /// Where the clock stops for want of messages.
    pub(super) fn stop(&self) -> Option<Timestamp> {
        let (interval, anchor) = (self.interval_us?, self.anchor?);
        self.at(anchor.wall.plus_micros(interval))
    }

    /// The plant stated its time.
    pub(super) fn set(&mut self, arrival: Timestamp, stated: ClockReading) -> Turn {
        if self.interval_us.is_none() || !stated.rate.is_finite() || stated.rate < 0.0 {
            return Turn::default();
        }
        let mut turn = Turn::default();
        let mut plant = stated.time;
        if let (Some(expected), Some(anchor)) = (self.at(arrival), self.anchor) {
            let error = stated.time.0.saturating_sub(expected.0);
            let jitter = SNAP_US * stated.rate.max(1.0);
            let known = self.known_at(arrival);
            let limit = RESTART_US.max(jitter as i64);
            // After a silence it may well be ahead of where it stopped.
            let is_jump = error < -limit || known && error > limit;
            if is_jump && !self.is_confirmed(arrival, stated, limit) {
                return turn;
            }
            self.jump = None;
            if known && anchor.rate == stated.rate && (error.unsigned_abs() as f64) < jitter {
                plant = expected.plus_micros((error as f64 * GAIN) as i64);
            } else if error < -limit {
                turn.restart = Some(stated.time);
                self.now = self.now.map(|now| now.min(stated.time));
            }
            if !known && turn.restart.is_none() {
                turn.gap = self.stop().map(|stop| (stop, stated.time.max(stop)));
            }
        }
        self.anchor = Some(Anchor { wall: arrival, plant, rate: stated.rate });
        turn
    }

    /// Whether as many messages as it takes have said that the clock jumps to there; counts this one.
    fn is_confirmed(&mut self, arrival: Timestamp, stated: ClockReading, limit: i64) -> bool {
        let agrees = |(jump, _): &(Anchor, u32)| {
            jump.rate == stated.rate
                && jump.error(arrival, stated).unsigned_abs() <= limit.unsigned_abs()
        };
        let votes = self.jump.filter(agrees).map_or(0, |(_, votes)| votes) + 1;
        let anchor = Anchor { wall: arrival, plant: stated.time, rate: stated.rate };
        self.jump = Some((anchor, votes));
        votes >= VOTES
    }

    /// Wall time has passed.
    pub(super) fn tick(&mut self, wall: Timestamp) -> Turn {
        let mut turn = Turn::default();
        let stepped_back = self.wall.is_some_and(|last| wall.0 < last.0.saturating_sub(RESTART_US));
        if stepped_back && self.interval_us.is_none() {
            turn.restart = Some(wall);
            self.now = None;
        }
        self.wall = Some(wall);
        self.now = self.at(wall).map(|at| self.now.map_or(at, |now| now.max(at)));
        turn
    }
}

fn micros(span: Duration) -> i64 {
    i64::try_from(span.as_micros()).unwrap_or(i64::MAX)
}
