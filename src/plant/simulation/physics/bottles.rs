//! Things that queue on a line: belts, and rotary machines that hold what they handle.
//!
//! Places are metres along the line's path. On a belt a thing moves at the belt's speed until it
//! meets the one ahead at the smallest gap. In a rotary machine every thing sits in a pocket and
//! moves by the way of the pitch circle, s = R θ; a thing enters only when a pocket passes. A
//! stopper is a place on a belt that nothing passes: what a fallen bottle does.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use super::ramp;
use crate::twin::Item;

/// A rotary machine on the line.
#[derive(Clone, Debug)]
pub struct Machine {
    /// Where things are taken from the belt, m.
    pub enter_m: f64,
    /// Where they are given back, m.
    pub leave_m: f64,
    /// A place where a pocket stands at zero travel, m.
    pub pocket_m: f64,
    /// Distance of pockets, m.
    pub pitch_m: f64,
    /// Radius of the pitch circle, m.
    pub radius_m: f64,
    /// Where a thing gets the machine's stage, m.
    pub done_m: f64,
    /// The stage that it gives.
    pub stage: u8,
    /// Its motion and its counts.
    pub now: Carousel,
}

/// What moves and is counted in a rotary machine.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Carousel {
    /// Speed of the pitch circle that it is driven at, m/s.
    pub target: f64,
    /// Whether what passes gets the machine's stage.
    pub works: bool,
    /// Speed of the pitch circle, m/s.
    pub speed: f64,
    /// Way of the pitch circle since the start, m.
    pub travel_m: f64,
    /// Way in the last step, m.
    way_m: f64,
    /// Things finished.
    pub count: u64,
    /// Things finished in the last step, for flows.
    pub finished: u32,
    /// Held up by what stands behind it.
    pub blocked: bool,
    /// Nothing is in it, and nothing comes within two pitches.
    pub starved: bool,
}

impl Default for Carousel {
    fn default() -> Self {
        Self {
            target: 0.0,
            works: true,
            speed: 0.0,
            travel_m: 0.0,
            way_m: 0.0,
            count: 0,
            finished: 0,
            blocked: false,
            starved: true,
        }
    }
}

impl Carousel {
    /// Whether what it was read from can be one.
    pub fn is_sound(&self) -> bool {
        [self.target, self.speed, self.way_m].iter().all(|n| (0.0..1e4).contains(n))
            && (0.0..1e12).contains(&self.travel_m)
    }
}

impl Machine {
    /// Turns of the carousel since the start.
    pub fn turns(&self) -> f64 {
        self.now.travel_m / (std::f64::consts::TAU * self.radius_m)
    }

    /// Speed of the carousel, r/min.
    pub fn rpm(&self) -> f64 {
        60.0 * self.now.speed / (std::f64::consts::TAU * self.radius_m)
    }

    /// Whether a place is within it.
    pub fn holds(&self, at_m: f64) -> bool {
        at_m >= self.enter_m && at_m < self.leave_m
    }

    /// The place of the pocket that has passed the entry last, m.
    fn pocket_past_entry(&self) -> f64 {
        let ahead = self.pocket_m + self.now.travel_m - self.enter_m;
        self.enter_m + ahead.rem_euclid(self.pitch_m)
    }

    /// Where a thing on the belt ends up that wants to move from before its entry past it: it waits
    /// for a pocket, and then sits in that pocket.
    fn enter(&self, ahead: f64, gap_m: f64) -> f64 {
        let pocket = self.pocket_past_entry();
        let passed_now = pocket - self.enter_m < self.now.way_m;
        if passed_now && ahead - pocket >= gap_m { pocket } else { self.enter_m - 1e-6 }
    }
}

/// A line of things, the foremost first.
#[derive(Clone, Debug)]
pub struct Line {
    /// Length, m.
    pub length_m: f64,
    /// Smallest distance of two things, m.
    pub gap_m: f64,
    /// Rotary machines, in the order of the line.
    pub machines: Vec<Machine>,
    /// Places, m, where a thing gets a stage in passing.
    pub marks: Vec<(f64, u8)>,
    /// The belts and what is on them.
    pub now: Belt,
}

/// The belts of a line, and what is on it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Belt {
    /// Speed of the belts, m/s.
    pub speed: f64,
    /// Way of the belts since the start, m.
    pub travel_m: f64,
    /// A place on a belt that nothing passes, m.
    pub stopper_m: Option<f64>,
    /// What is on the line.
    pub things: VecDeque<Item>,
    /// Things put on since the start.
    pub entered: u64,
    /// Things taken off since the start.
    pub left: u64,
}

impl Belt {
    /// Whether what it was read from can be one of a line of that length.
    pub fn is_sound(&self, length_m: f64) -> bool {
        (0.0..1e4).contains(&self.speed)
            && (0.0..1e12).contains(&self.travel_m)
            && self.stopper_m.is_none_or(|at| (0.0..=length_m).contains(&at))
    }
}

impl Line {
    /// An empty line at rest.
    pub fn new(length_m: f64, gap_m: f64, machines: Vec<Machine>) -> Self {
        Self { length_m, gap_m, machines, marks: Vec::new(), now: Belt::default() }
    }

    /// Puts a thing on the start, if there is room.
    pub fn put(&mut self, stage: u8) -> bool {
        if self.now.things.back().is_some_and(|last| last.at_m < self.gap_m) {
            return false;
        }
        self.now.entered += 1;
        self.now.things.push_back(Item { id: self.now.entered, at_m: 0.0, stage });
        true
    }

    /// Takes the foremost thing, if it has come to the end.
    pub fn take(&mut self) -> Option<Item> {
        self.foremost_waits()?;
        self.now.left += 1;
        self.now.things.pop_front()
    }

    /// Takes off what stands at the stopper, as one who clears a jam does: the things closer before
    /// it than two gaps. Gives their number.
    pub fn clear_stopper(&mut self) -> u32 {
        let Some(stopper) = self.now.stopper_m.take() else { return 0 };
        let before = self.now.things.len();
        let reach = 2.0 * self.gap_m;
        self.now.things.retain(|thing| !(stopper - reach..=stopper).contains(&thing.at_m));
        let removed = before - self.now.things.len();
        self.now.left += removed as u64;
        removed as u32
    }

    /// The stage of the foremost thing, if it has come to the end.
    pub fn foremost_waits(&self) -> Option<u8> {
        let first = self.now.things.front()?;
        (first.at_m >= self.length_m - 1e-9).then_some(first.stage)
    }

    /// Number of things that stand closer than `reach_m` before the end.
    pub fn waiting(&self, reach_m: f64) -> usize {
        self.now.things.partition_point(|thing| thing.at_m > self.length_m - reach_m)
    }

    /// One step: belts towards `belt` m/s, machines towards their targets.
    pub fn step(&mut self, dt_s: f64, belt: f64) {
        self.now.speed = ramp(self.now.speed, belt, 0.4, dt_s);
        let belt_step = self.now.speed * dt_s;
        self.now.travel_m += belt_step;
        for machine in &mut self.machines {
            turn_machine(machine, &self.now.things, self.gap_m, dt_s);
        }
        let mut ahead = f64::INFINITY;
        for thing in &mut self.now.things {
            let before = thing.at_m;
            let held = self.machines.iter().find(|machine| machine.holds(before));
            thing.at_m = match held {
                Some(machine) => before + machine.now.way_m,
                None => {
                    let mut stop = (ahead - self.gap_m).min(self.length_m);
                    if let Some(stopper) = self.now.stopper_m.filter(|at| before <= *at) {
                        stop = stop.min(stopper);
                    }
                    let free = (before + belt_step).min(stop).max(before);
                    let enters = self
                        .machines
                        .iter()
                        .find(|machine| before < machine.enter_m && free >= machine.enter_m - 1e-6);
                    enters.map_or(free, |machine| machine.enter(ahead, self.gap_m))
                }
            };
            // What an earlier machine has not done is not made good by a later one.
            let mut needs = 0;
            for machine in &mut self.machines {
                let passes = before < machine.done_m && thing.at_m >= machine.done_m;
                if passes && machine.now.works && thing.stage >= needs {
                    thing.stage = thing.stage.max(machine.stage);
                    machine.now.count += 1;
                    machine.now.finished += 1;
                }
                needs = machine.stage;
            }
            for (mark, stage) in &self.marks {
                if before < *mark && thing.at_m >= *mark {
                    let earlier = self.machines.iter().filter(|machine| machine.done_m < *mark);
                    if thing.stage >= earlier.map(|machine| machine.stage).max().unwrap_or(0) {
                        thing.stage = thing.stage.max(*stage);
                    }
                }
            }
            ahead = thing.at_m;
        }
    }
}

/// Moves a machine by what its exit allows.
fn turn_machine(machine: &mut Machine, things: &VecDeque<Item>, gap_m: f64, dt_s: f64) {
    let past = things.partition_point(|thing| thing.at_m >= machine.leave_m);
    let behind = past.checked_sub(1).and_then(|at| things.get(at));
    let next = things.get(past);
    let held = next.filter(|thing| machine.holds(thing.at_m));
    // The first held thing may come as near to what stands behind the exit as the gap.
    let room = match (behind, held) {
        (Some(behind), Some(held)) => behind.at_m - gap_m - held.at_m,
        _ => f64::INFINITY,
    };
    let near = machine.enter_m - 2.0 * machine.pitch_m;
    let pitch_m = machine.pitch_m;
    let now = &mut machine.now;
    now.finished = 0;
    now.starved = next.is_none_or(|thing| thing.at_m < near);
    now.blocked = room < 0.4 * pitch_m && now.target > 0.0;
    let target = if now.blocked { 0.0 } else { now.target };
    now.speed = ramp(now.speed, target, 0.25, dt_s);
    now.way_m = (now.speed * dt_s).min(room.max(0.0));
    if now.way_m < now.speed * dt_s {
        now.speed = 0.0;
    }
    now.travel_m += now.way_m;
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line() -> Line {
        let machine = Machine {
            enter_m: 2.0,
            leave_m: 5.0,
            pocket_m: 2.1,
            pitch_m: 0.2,
            radius_m: 0.8,
            done_m: 4.0,
            stage: 1,
            now: Carousel { target: 0.35, ..Carousel::default() },
        };
        Line::new(9.0, 0.07, vec![machine])
    }

    /// Runs with a jam at the end from 60 s to 120 s; calls `check` after every step.
    fn run(mut check: impl FnMut(&Line)) -> Line {
        let mut line = line();
        for step in 0..20_000 {
            let time = f64::from(step) * 0.01;
            if step % 60 == 0 {
                line.put(0);
            }
            line.step(0.01, 0.4);
            if !(60.0..120.0).contains(&time) {
                line.take();
            }
            check(&line);
        }
        line
    }

    #[test]
    fn bottles_never_overlap_and_never_go_back() {
        let mut seen = std::collections::HashMap::new();
        run(|line| {
            for pair in line.now.things.iter().collect::<Vec<_>>().windows(2) {
                assert!(pair[0].at_m - pair[1].at_m >= line.gap_m - 1e-9, "{pair:?}");
            }
            for thing in &line.now.things {
                let before = seen.insert(thing.id, thing.at_m).unwrap_or(0.0);
                assert!(thing.at_m >= before - 1e-9);
            }
        });
    }

    #[test]
    fn no_bottle_vanishes_and_all_that_leave_are_filled() {
        let mut line = run(|line| {
            assert_eq!(line.now.entered, line.now.left + line.now.things.len() as u64);
        });
        assert!(line.now.left > 100, "{}", line.now.left);
        while let Some(bottle) = line.take() {
            assert_eq!(bottle.stage, 1);
        }
    }

    #[test]
    fn held_bottles_sit_in_pockets() {
        run(|line| {
            let machine = &line.machines[0];
            for thing in line.now.things.iter().filter(|thing| machine.holds(thing.at_m)) {
                let off = (thing.at_m - machine.pocket_m - machine.now.travel_m) / machine.pitch_m;
                assert!((off - off.round()).abs() < 1e-6, "{thing:?} {off}");
            }
        });
    }

    #[test]
    fn what_a_jam_stops_blocks_the_machine_before_it_and_starves_what_comes_after() {
        let mut line = line();
        line.now.stopper_m = None;
        let mut jam_at = None;
        let (mut blocked, mut last_out) = (None, 0);
        for step in 0..30_000 {
            if step % 60 == 0 {
                line.put(0);
            }
            if step == 9_000 {
                line.now.stopper_m = Some(7.0);
                jam_at = line.now.things.iter().position(|thing| thing.at_m <= 7.0);
            }
            line.step(0.01, 0.4);
            if line.take().is_some() {
                last_out = step;
            }
            if line.machines[0].now.blocked && step > 9_000 {
                blocked = blocked.or(Some(step));
            }
        }
        assert_eq!(jam_at.map(|at| at > 0), Some(true), "some had passed the place before");
        assert!(last_out < 9_000 + 100 * 6, "two metres after the jam run empty: {last_out}");
        let blocked = f64::from(blocked.expect("it is blocked") - 9_000) * 0.01;
        // 2 m of belt between it and the stopper hold 28 bottles, which come every 0.6 s.
        assert!((8.0..18.0).contains(&blocked), "after {blocked} s");
        assert!(line.now.things.front().is_some_and(|first| first.at_m <= 7.0 + 1e-9));
        let (entered, there) = (line.now.entered, line.now.things.len() as u64);
        assert_eq!(entered, line.now.left + there);
        let cleared = u64::from(line.clear_stopper());
        assert!((1..=3).contains(&cleared), "{cleared}");
        assert_eq!(entered, line.now.left + line.now.things.len() as u64);
        (0..1000).for_each(|_| line.step(0.01, 0.4));
        assert!(line.foremost_waits().is_some() && !line.machines[0].now.blocked);
    }

    #[test]
    fn what_passes_a_machine_that_does_not_work_stays_as_it_was_to_the_end() {
        let mut line = line();
        line.marks = vec![(6.0, 2)];
        line.machines[0].now.works = false;
        line.put(0);
        (0..4000).for_each(|_| line.step(0.01, 0.4));
        assert_eq!((line.foremost_waits(), line.machines[0].now.count), (Some(0), 0));
    }

    #[test]
    fn a_machine_without_bottles_is_starved_and_one_that_holds_some_is_not() {
        let mut line = line();
        (0..500).for_each(|_| line.step(0.01, 0.4));
        assert!(line.machines[0].now.starved);
        line.put(0);
        (0..700).for_each(|_| line.step(0.01, 0.4));
        assert!(!line.machines[0].now.starved, "{:?}", line.now.things);
    }
}
