//! The end of the bottle line: the packer with its crates, or nothing.

use super::{Packaging, Packing};
use crate::plant::simulation::physics::starter::Cause;
use crate::plant::simulation::wiring::Board;

impl Packaging {
    /// What comes to the end of the line: bottles that lack something are rejected, the others go
    /// on to the packer, or leave.
    pub(super) fn step_end(&mut self, b: &Board, dt_s: f64) {
        let passed = if self.packing.is_some() { self.step_packer(b, dt_s) } else { self.leave() };
        self.now.output.count(passed, dt_s);
    }

    /// Rejects the bottle that has come to the end when it lacks something; whether it did.
    fn rejects_foremost(&mut self) -> bool {
        let lacks = |stage: u8| stage < self.spec.last_stage();
        let rejected = self.line.foremost_waits().is_some_and(lacks);
        if rejected {
            self.line.take();
            self.now.rejects += 1;
        }
        rejected
    }

    /// Without a packer bottles leave at the end; gives their number.
    fn leave(&mut self) -> u32 {
        let left = !self.rejects_foremost() && self.line.take().is_some();
        self.now.left_bottles += u64::from(left);
        u32::from(left)
    }

    fn step_packer(&mut self, b: &Board, dt_s: f64) -> u32 {
        let wanted = self.line_runs(b);
        let runs = self.runs(b, self.packer_at(), wanted, false);
        let rejected = self.rejects_foremost();
        let belt = self.step_crates(b, dt_s);
        let has_robot = self.cell.is_some();
        let Some(p) = &mut self.packing else { return 0 };
        p.table.step(dt_s, if runs { self.spec.belt } else { 0.0 });
        let mut passed = 0;
        if !rejected
            && runs
            && p.table.has_room()
            && let Some(bottle) = self.line.take()
        {
            p.table.put(bottle);
            passed = 1;
        }
        let waits = p.empties.foremost_waits();
        let full = waits.is_some_and(|stage| stage > 0) && !p.gantry.is_at_crate();
        if belt && full && p.crates.put(1) {
            p.empties.take();
        }
        if let Some(bottles) = p.gantry.step(dt_s, &mut p.table, waits == Some(0), runs) {
            match p.empties.now.things.front_mut() {
                Some(empty) if waits == Some(0) => {
                    empty.stage = 1;
                    self.now.packed += 1;
                }
                // The crate was taken away meanwhile.
                _ => self.now.rejects += bottles.len() as u64,
            }
        }
        if !has_robot && p.crates.take().is_some() {
            self.now.left_crates += 1;
        }
        let idle = p.gantry.is_starved() && runs;
        self.now.idle_s = if idle { (self.now.idle_s + dt_s).min(1e4) } else { 0.0 };
        passed
    }

    /// The crate conveyor; whether it is driven.
    fn step_crates(&mut self, b: &Board, dt_s: f64) -> bool {
        let at = self.crates_at();
        let Some(p) = &mut self.packing else { return false };
        let breaks = b.fault(p.broken_crate) > 0.5;
        if breaks && !self.now.crate_seen && p.has_crates() {
            (self.now.crate_seen, self.now.crate_broken) = (true, true);
        }
        self.now.crate_seen &= breaks;
        // It lies there until somebody takes it away, whatever else has stopped the conveyor.
        if self.now.crate_broken {
            self.now.starters[at].trip(Cause::Crate);
        }
        let stopped = p.belts.iter().any(|belt| !belt.is_available(b));
        let speed = p.spec.crate_line.2;
        let runs = self.runs(b, at, true, stopped);
        let Some(p) = &mut self.packing else { return false };
        let speed = if runs { speed } else { 0.0 };
        p.empties.step(dt_s, speed);
        p.crates.step(dt_s, speed);
        if runs {
            p.empties.put(0);
        }
        runs
    }

    /// Takes a broken crate away: the foremost one. Its bottles are rejected.
    pub(super) fn remove_crate(&mut self) {
        self.now.crate_broken = false;
        let Some(p) = &mut self.packing else { return };
        let line = if p.crates.now.things.is_empty() { &mut p.empties } else { &mut p.crates };
        let Some(broken) = line.now.things.pop_front() else { return };
        line.now.left += 1;
        self.now.broken += 1;
        if broken.stage > 0 {
            self.now.rejects += self.extent.per_crate();
        }
    }
}

impl Packing {
    fn has_crates(&self) -> bool {
        !(self.crates.now.things.is_empty() && self.empties.now.things.is_empty())
    }
}
