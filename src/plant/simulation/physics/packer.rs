//! A case packer: bottles queue in lanes, a gantry lifts a crateful and sets it into a crate.

use serde::{Deserialize, Serialize};

use super::axis::Axis;
use super::bottles::Line;
use crate::twin::Item;

/// The table in front of the gantry: each lane is a line of its own.
#[derive(Clone, Debug)]
pub struct Table {
    /// The lanes.
    pub lanes: Vec<Line>,
    /// Bottles that each lane holds.
    pub deep: usize,
    /// The lane whose turn it is.
    pub next: usize,
}

impl Table {
    /// `count` empty lanes of that length for `deep` bottles each, `gap_m` apart.
    pub fn new(count: usize, length_m: f64, deep: usize, gap_m: f64) -> Self {
        let lane = Line::new(length_m, gap_m, Vec::new());
        Self { lanes: vec![lane; count.max(1)], deep: deep.max(1), next: 0 }
    }

    /// Whether the lane whose turn it is takes a bottle.
    pub fn has_room(&self) -> bool {
        let lane = &self.lanes[self.next];
        lane.now.things.len() < self.deep
            && lane.now.things.back().is_none_or(|last| last.at_m >= lane.gap_m)
    }

    /// Puts a bottle on the lane whose turn it is.
    pub fn put(&mut self, bottle: Item) {
        let lane = &mut self.lanes[self.next];
        lane.now.entered += 1;
        lane.now.things.push_back(Item { at_m: 0.0, ..bottle });
        self.next = (self.next + 1) % self.lanes.len();
    }

    /// Bottles on it.
    pub fn count(&self) -> usize {
        self.lanes.iter().map(|lane| lane.now.things.len()).sum()
    }

    /// Whether every lane is full and stands.
    pub fn is_ready(&self) -> bool {
        self.lanes.iter().all(|lane| {
            let rear = lane.length_m - lane.gap_m * (self.deep - 1) as f64;
            lane.now.things.len() == self.deep
                && lane.now.things.back().is_some_and(|last| last.at_m >= rear - 1e-6)
        })
    }

    /// One step of the belt.
    pub fn step(&mut self, dt_s: f64, belt: f64) {
        self.lanes.iter_mut().for_each(|lane| lane.step(dt_s, belt));
    }

    /// Takes all bottles, lane by lane, the foremost first.
    fn take_all(&mut self) -> Vec<Item> {
        self.next = 0;
        let take = |lane: &mut Line| {
            lane.now.left += lane.now.things.len() as u64;
            std::mem::take(&mut lane.now.things)
        };
        self.lanes.iter_mut().flat_map(take).collect()
    }
}

/// Where the gantry goes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Reach {
    /// Travel from the bottles to the crates, m.
    pub across_m: f64,
    /// Height of the lift that grips the bottles, m (negative is down).
    pub grip_m: f64,
    /// Height that sets them into the crate, m.
    pub set_m: f64,
}

/// The gantry's next move.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum Move {
    Wait,
    DownToBottles,
    UpWithBottles,
    AcrossToCrate,
    DownToCrate,
    UpEmpty,
    Back,
}

/// The gantry with its head.
#[derive(Clone, Debug)]
pub struct Gantry {
    /// Its places.
    pub reach: Reach,
    /// Where it is, and what it holds.
    pub now: Head,
}

/// Where a gantry is, and what its head holds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Head {
    /// Across, m.
    pub across: Axis,
    /// Lift, m.
    pub lift: Axis,
    /// What the head holds.
    pub held: Vec<Item>,
    next: Move,
    grip_s: f64,
}

impl Head {
    /// Whether what it was read from can be one with that reach.
    pub fn is_sound(&self, reach: &Reach) -> bool {
        let between = |at: f64, goals: &[f64]| {
            let low = goals.iter().fold(0.0_f64, |a, b| a.min(*b));
            let high = goals.iter().fold(0.0_f64, |a, b| a.max(*b));
            (low - 0.1..=high + 0.1).contains(&at)
        };
        self.across.is_sound()
            && self.lift.is_sound()
            && between(self.across.at, &[reach.across_m])
            && between(self.lift.at, &[reach.grip_m, reach.set_m])
            && (0.0..=1e5).contains(&self.grip_s)
            && self.held.iter().all(|item| item.at_m.is_finite())
    }
}

/// Speed, m/s, and acceleration, m/s², of both axes.
const SPEED: (f64, f64) = (1.4, 2.5);
/// Time to grip and to let go.
const GRIP_S: f64 = 0.25;

impl Gantry {
    /// Above the bottles.
    pub fn new(reach: Reach) -> Self {
        let (across, lift) = (Axis::default(), Axis::default());
        let now = Head { across, lift, held: Vec::new(), next: Move::Wait, grip_s: 0.0 };
        Self { reach, now }
    }

    /// One step; gives the bottles that were set into the crate, if any were. Without `runs` it
    /// brakes and stands; what it holds it keeps.
    pub fn step(
        &mut self,
        dt_s: f64,
        table: &mut Table,
        crate_waits: bool,
        runs: bool,
    ) -> Option<Vec<Item>> {
        let (speed, acceleration) = if runs { SPEED } else { (0.0, SPEED.1) };
        let Head { across, lift, held, next, grip_s } = &mut self.now;
        let mut lift = |goal| lift.towards(goal, speed, acceleration, dt_s);
        let mut across = |goal| across.towards(goal, speed, acceleration, dt_s);
        let done = match *next {
            Move::Wait => table.is_ready(),
            Move::DownToBottles => lift(self.reach.grip_m) && runs && wait(grip_s, dt_s),
            Move::UpWithBottles | Move::UpEmpty => lift(0.0),
            Move::AcrossToCrate => across(self.reach.across_m) && crate_waits,
            Move::DownToCrate => lift(self.reach.set_m) && runs && wait(grip_s, dt_s),
            Move::Back => across(0.0),
        };
        if !done || !runs {
            return None;
        }
        *grip_s = 0.0;
        let was = *next;
        *next = match was {
            Move::Wait => Move::DownToBottles,
            Move::DownToBottles => Move::UpWithBottles,
            Move::UpWithBottles => Move::AcrossToCrate,
            Move::AcrossToCrate => Move::DownToCrate,
            Move::DownToCrate => Move::UpEmpty,
            Move::UpEmpty => Move::Back,
            Move::Back => Move::Wait,
        };
        match was {
            Move::DownToBottles => {
                *held = table.take_all();
                None
            }
            Move::DownToCrate => Some(std::mem::take(held)),
            _ => None,
        }
    }

    /// Whether it waits above the crates for an empty one.
    pub fn is_blocked(&self) -> bool {
        self.now.next == Move::AcrossToCrate && self.now.across.at == self.reach.across_m
    }

    /// Whether it waits for bottles.
    pub fn is_starved(&self) -> bool {
        self.now.next == Move::Wait
    }

    /// Whether its head is down in the crate, or on the way there or out of it.
    pub fn is_at_crate(&self) -> bool {
        matches!(self.now.next, Move::DownToCrate | Move::UpEmpty)
    }
}

fn wait(passed_s: &mut f64, dt_s: f64) -> bool {
    *passed_s += dt_s;
    *passed_s >= GRIP_S
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn twelve_bottles_are_lifted_together_and_none_is_lost() {
        let mut table = Table::new(3, 1.15, 4, 0.0935);
        let mut gantry = Gantry::new(Reach { across_m: 0.9, grip_m: -0.585, set_m: -0.774 });
        let (mut put, mut packed, mut highest) = (0, 0_u64, 0.0_f64);
        for step in 0..6000 {
            if step % 20 == 0 && table.has_room() {
                put += 1;
                table.put(Item { id: put, at_m: 21.0, stage: 3 });
            }
            table.step(0.02, 0.42);
            let at = (gantry.now.across.at, gantry.now.lift.at);
            if let Some(bottles) = gantry.step(0.02, &mut table, true, true) {
                packed += bottles.len() as u64;
                assert_eq!(at, (0.9, -0.774), "set down in the crate");
            }
            assert!(gantry.now.held.is_empty() || gantry.now.held.len() == 12);
            assert_eq!(put, packed + (table.count() + gantry.now.held.len()) as u64);
            let low = gantry.now.lift.at < -1e-9;
            assert!(!low || gantry.now.across.speed == 0.0, "it does not drag bottles along");
            highest = highest.max(gantry.now.across.at);
        }
        assert!(packed >= 12 * 10, "{packed} in two minutes");
        assert_eq!(highest, 0.9);
    }

    #[test]
    fn it_waits_above_the_crates_until_one_is_empty() {
        let mut table = Table::new(1, 0.5, 1, 0.1);
        table.put(Item { id: 1, at_m: 0.0, stage: 3 });
        let mut gantry = Gantry::new(Reach { across_m: 0.9, grip_m: -0.5, set_m: -0.7 });
        for _ in 0..1000 {
            table.step(0.02, 0.4);
            assert!(gantry.step(0.02, &mut table, false, true).is_none());
        }
        assert!(gantry.is_blocked() && gantry.now.held.len() == 1);
        assert!((0..200).any(|_| gantry.step(0.02, &mut table, true, true).is_some()));
    }

    #[test]
    fn one_that_is_stopped_brakes_keeps_its_bottles_and_goes_on_where_it_stood() {
        let mut table = Table::new(1, 0.5, 1, 0.1);
        table.put(Item { id: 1, at_m: 0.0, stage: 3 });
        let mut gantry = Gantry::new(Reach { across_m: 0.9, grip_m: -0.5, set_m: -0.7 });
        let mut set = 0;
        for step in 0..2000 {
            let runs = step % 100 < 60;
            let before = gantry.now.across.at;
            table.step(0.02, 0.4);
            set += gantry.step(0.02, &mut table, true, runs).map_or(0, |bottles| bottles.len());
            assert!((gantry.now.across.at - before).abs() <= 1.4 * 0.02 + 1e-9, "it does not jump");
            if step % 100 == 99 {
                assert_eq!((gantry.now.across.speed, gantry.now.lift.speed), (0.0, 0.0));
            }
            assert_eq!(1, set + table.count() + gantry.now.held.len());
        }
        assert_eq!(set, 1);
    }
}
