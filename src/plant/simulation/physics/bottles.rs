//! Things that queue on a line: belts, and rotary machines that hold what they handle.
//!
//! Places are metres along the line's path. On a belt a thing moves at the belt's speed until it
//! meets the one ahead at the smallest gap. In a rotary machine every thing sits in a pocket and
//! moves by the way of the pitch circle, s = R θ; a thing enters only when a pocket passes.

use std::collections::VecDeque;

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
    /// Speed of the pitch circle, m/s.
    pub speed: f64,
    /// Way of the pitch circle since the start, m.
    pub travel_m: f64,
    /// Things finished.
    pub count: u64,
    /// Things finished since the last step, for flows.
    pub finished: u32,
    /// Held up by what stands behind it.
    pub blocked: bool,
}

impl Machine {
    /// Turns of the carousel since the start.
    pub fn turns(&self) -> f64 {
        self.travel_m / (std::f64::consts::TAU * self.radius_m)
    }

    /// Speed of the carousel, r/min.
    pub fn rpm(&self) -> f64 {
        60.0 * self.speed / (std::f64::consts::TAU * self.radius_m)
    }

    /// Things an hour at the present speed with every pocket full.
    pub fn rate_per_hour(&self) -> f64 {
        3600.0 * self.speed / self.pitch_m
    }

    fn holds(&self, at_m: f64) -> bool {
        at_m >= self.enter_m && at_m < self.leave_m
    }

    /// The place of the pocket that has passed the entry last, m.
    fn pocket_past_entry(&self) -> f64 {
        let ahead = self.pocket_m + self.travel_m - self.enter_m;
        self.enter_m + ahead.rem_euclid(self.pitch_m)
    }
}

/// A line of things, the foremost first.
#[derive(Clone, Debug)]
pub struct Line {
    /// Length, m.
    pub length_m: f64,
    /// Smallest distance of two things, m.
    pub gap_m: f64,
    /// Speed of the belts, m/s.
    pub belt_speed: f64,
    /// Way of the belts since the start, m.
    pub belt_travel_m: f64,
    /// Rotary machines, in the order of the line.
    pub machines: Vec<Machine>,
    /// Places, m, where a thing gets a stage in passing.
    pub marks: Vec<(f64, u8)>,
    /// What is on the line.
    pub things: VecDeque<Item>,
    /// Things put on since the start.
    pub entered: u64,
    /// Things taken off since the start.
    pub left: u64,
}

impl Line {
    /// An empty line at rest.
    pub fn new(length_m: f64, gap_m: f64, machines: Vec<Machine>) -> Self {
        Self {
            length_m,
            gap_m,
            belt_speed: 0.0,
            belt_travel_m: 0.0,
            machines,
            marks: Vec::new(),
            things: VecDeque::new(),
            entered: 0,
            left: 0,
        }
    }

    /// Puts a thing on the start, if there is room.
    pub fn put(&mut self, stage: u8) -> bool {
        if self.things.back().is_some_and(|last| last.at_m < self.gap_m) {
            return false;
        }
        self.entered += 1;
        self.things.push_back(Item { id: self.entered, at_m: 0.0, stage });
        true
    }

    /// Takes the foremost thing, if it has come to the end.
    pub fn take(&mut self) -> Option<Item> {
        self.foremost_waits()?;
        self.left += 1;
        self.things.pop_front()
    }

    /// The stage of the foremost thing, if it has come to the end.
    pub fn foremost_waits(&self) -> Option<u8> {
        let first = self.things.front()?;
        (first.at_m >= self.length_m - 1e-9).then_some(first.stage)
    }

    /// Number of things that stand closer than `reach_m` before the end.
    pub fn waiting(&self, reach_m: f64) -> usize {
        self.things.iter().take_while(|thing| thing.at_m > self.length_m - reach_m).count()
    }

    /// One step: belts towards `belt` m/s, machines towards their `targets` m/s.
    pub fn step(&mut self, dt_s: f64, belt: f64, targets: &[f64]) {
        self.belt_speed = ramp(self.belt_speed, belt, 0.4, dt_s);
        let belt_step = self.belt_speed * dt_s;
        self.belt_travel_m += belt_step;
        let mut ways = Vec::with_capacity(self.machines.len());
        for (at, target) in targets.iter().enumerate().take(self.machines.len()) {
            ways.push(self.turn_machine(at, *target, dt_s));
        }
        let mut ahead = f64::INFINITY;
        for thing in &mut self.things {
            let before = thing.at_m;
            let held = self.machines.iter().position(|machine| machine.holds(before));
            thing.at_m = match held {
                Some(at) => before + ways[at],
                None => {
                    let stop = (ahead - self.gap_m).min(self.length_m);
                    let free = (before + belt_step).min(stop).max(before);
                    enter_machine(&self.machines, &ways, before, free, ahead, self.gap_m)
                }
            };
            for machine in &mut self.machines {
                if before < machine.done_m && thing.at_m >= machine.done_m {
                    thing.stage = thing.stage.max(machine.stage);
                    machine.count += 1;
                    machine.finished += 1;
                }
            }
            for (mark, stage) in &self.marks {
                if before < *mark && thing.at_m >= *mark {
                    thing.stage = thing.stage.max(*stage);
                }
            }
            ahead = thing.at_m;
        }
    }

    /// Moves a machine by what its exit allows; gives the way of its pitch circle.
    fn turn_machine(&mut self, at: usize, target: f64, dt_s: f64) -> f64 {
        let machine = &self.machines[at];
        let behind = self.things.iter().rev().find(|thing| thing.at_m >= machine.leave_m);
        let held = self.things.iter().find(|thing| machine.holds(thing.at_m));
        // The first held thing may come as near to what stands behind the exit as the gap.
        let room = match (behind, held) {
            (Some(behind), Some(held)) => behind.at_m - self.gap_m - held.at_m,
            _ => f64::INFINITY,
        };
        let machine = &mut self.machines[at];
        machine.finished = 0;
        machine.blocked = room < 0.4 * machine.pitch_m && target > 0.0;
        let target = if machine.blocked { 0.0 } else { target };
        machine.speed = ramp(machine.speed, target, 0.25, dt_s);
        let way = (machine.speed * dt_s).min(room.max(0.0));
        if way < machine.speed * dt_s {
            machine.speed = 0.0;
        }
        machine.travel_m += way;
        way
    }
}

/// Where a thing on a belt ends up that wants to move from `before` to `free`: before a machine it
/// waits for a pocket, and then sits in that pocket.
fn enter_machine(
    machines: &[Machine],
    ways: &[f64],
    before: f64,
    free: f64,
    ahead: f64,
    gap: f64,
) -> f64 {
    let entry = machines
        .iter()
        .zip(ways)
        .find(|(machine, _)| before < machine.enter_m && free >= machine.enter_m - 1e-6);
    let Some((machine, way)) = entry else { return free };
    let pocket = machine.pocket_past_entry();
    let passed_now = pocket - machine.enter_m < *way;
    if passed_now && ahead - pocket >= gap { pocket } else { machine.enter_m - 1e-6 }
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
            speed: 0.0,
            travel_m: 0.0,
            count: 0,
            finished: 0,
            blocked: false,
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
            line.step(0.01, 0.4, &[0.35]);
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
            for pair in line.things.iter().collect::<Vec<_>>().windows(2) {
                assert!(pair[0].at_m - pair[1].at_m >= line.gap_m - 1e-9, "{pair:?}");
            }
            for thing in &line.things {
                let before = seen.insert(thing.id, thing.at_m).unwrap_or(0.0);
                assert!(thing.at_m >= before - 1e-9);
            }
        });
    }

    #[test]
    fn no_bottle_vanishes_and_all_that_leave_are_filled() {
        let mut line = run(|line| {
            assert_eq!(line.entered, line.left + line.things.len() as u64);
        });
        assert!(line.left > 100, "{}", line.left);
        while let Some(bottle) = line.take() {
            assert_eq!(bottle.stage, 1);
        }
    }

    #[test]
    fn held_bottles_sit_in_pockets() {
        run(|line| {
            let machine = &line.machines[0];
            for thing in line.things.iter().filter(|thing| machine.holds(thing.at_m)) {
                let off = (thing.at_m - machine.pocket_m - machine.travel_m) / machine.pitch_m;
                assert!((off - off.round()).abs() < 1e-6, "{thing:?} {off}");
            }
        });
    }
}
