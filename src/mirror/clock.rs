//! The only place where plant time and wall time meet.

use std::time::Duration;

use crate::telemetry::ClockReading;
use crate::twin::Timestamp;
use crate::twin::mapping::ClockSource;

/// A told time that differs by more than this much wall time from the expected one is taken as it
/// is; a smaller difference is a message's jitter and is smoothed.
const SNAP_US: f64 = 1e6;
/// Share of a small difference by which the clock is corrected.
const GAIN: f64 = 0.125;
/// A clock that jumps back by more than this begins a new run.
const RESTART_US: i64 = 5_000_000;

#[derive(Clone, Copy, Debug)]
struct Anchor {
    wall: Timestamp,
    plant: Timestamp,
    rate: f64,
}

/// Plant time from wall time.
///
/// Without a clock in the twin file plant time is wall time. With one it is
/// `told time + rate × (wall time − arrival)`, smoothed over the messages; it stands still from the
/// clock's interval after its last message on, and is unknown before the first.
#[derive(Clone, Debug)]
pub struct PlantClock {
    /// Wall time for which a message of the plant's clock holds; `None`: plant time is wall time.
    interval_us: Option<i64>,
    anchor: Option<Anchor>,
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
        Self { interval_us, anchor: None, now: None, wall: None }
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

    /// The plant told its time.
    pub(super) fn hear(&mut self, arrival: Timestamp, told: ClockReading) -> Turn {
        if self.interval_us.is_none() || !told.rate.is_finite() || told.rate < 0.0 {
            return Turn::default();
        }
        let mut turn = Turn::default();
        let mut plant = told.time;
        if let (Some(expected), Some(anchor)) = (self.at(arrival), self.anchor) {
            let error = told.time.0.saturating_sub(expected.0);
            let jitter = SNAP_US * told.rate.max(1.0);
            let known = self.known_at(arrival);
            if known && anchor.rate == told.rate && (error.unsigned_abs() as f64) < jitter {
                plant = expected.plus_micros((error as f64 * GAIN) as i64);
            } else if error < -RESTART_US.max(jitter as i64) {
                turn.restart = Some(told.time);
                self.now = self.now.map(|now| now.min(told.time));
            }
            if !known && turn.restart.is_none() {
                turn.gap = self.stop().map(|stop| (stop, told.time.max(stop)));
            }
        }
        self.anchor = Some(Anchor { wall: arrival, plant, rate: told.rate });
        turn
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
