//! The bottle line: bottles that come, belts, machines with their hoppers, jams.

use super::{Packaging, STAGGER_S};
use crate::plant::simulation::balance::Place;
use crate::plant::simulation::physics::bottles::Machine;
use crate::plant::simulation::physics::{lag, ramp};
use crate::plant::simulation::wiring::Board;

/// Below this level of the product, %, the filler gets too little.
const DRY: f64 = 5.0;
/// Caps below which a capper stops: those that it still puts on until it stands.
pub(super) const FEW_CAPS: u64 = 4;
/// A machine without bottles runs empty for so long, s, before it stands.
const UNFED_S: f64 = 5.0;
/// Speed of a belt, m/s, from which bottles fall when they jam.
const MOVES: f64 = 0.01;
/// Time constant of the flow that a filler's meter tells, s.
const FLOW_S: f64 = 1.0;

impl Packaging {
    /// Whether the line as a whole runs.
    pub(super) fn line_runs(&self, b: &Board) -> bool {
        self.now.run
            && b.withheld(self.wired.line_permit).is_none()
            && self.now.back_s > STAGGER_S
            && self.wired.belts.iter().all(|belt| belt.is_available(b))
    }

    /// What was switched on and cannot run, or does not come to its speed in time, is switched off again:
    /// who switched it on is answered that it failed.
    fn step_start(&mut self, b: &Board, dt_s: f64) {
        if self.now.start_s <= 0.0 {
            return;
        }
        self.now.start_s = (self.now.start_s - dt_s).max(0.0);
        if self.line.now.speed >= 0.9 * self.spec.belt {
            self.now.start_s = 0.0;
        } else if !self.line_runs(b) || self.now.start_s <= 0.0 {
            (self.now.run, self.now.start_s) = (false, 0.0);
        }
    }

    /// Bottles jam where they move; each jam has its effect once.
    fn step_jam(&mut self, b: &Board) {
        let jam = b.read(&self.wired.jam) > 0.5 || b.fault(self.wired.jam_fault) > 0.5;
        if jam && !self.now.jam_seen && self.line.now.speed > MOVES {
            self.line.now.stopper_m = Some(self.spec.jam_place());
            self.now.jam_seen = true;
        } else if !jam && self.now.jam_seen {
            self.now.rejects += u64::from(self.line.clear_stopper());
            self.now.jam_seen = false;
        }
    }

    pub(super) fn step_line(&mut self, b: &mut Board, dt_s: f64) {
        self.step_jam(b);
        self.step_start(b, dt_s);
        let runs = self.line_runs(b);
        self.now.rate = ramp(self.now.rate, self.now.rate_set, 0.05 * self.spec.rate, dt_s);
        if runs {
            self.now.due = (self.now.due + self.now.rate / 3600.0 * dt_s).min(2.0);
            if self.now.due >= 1.0 && self.line.put(0) {
                self.now.due -= 1.0;
            }
        }
        self.now.dry = b.read(&self.wired.product) < if self.now.dry { DRY + 3.0 } else { DRY };
        for at in 0..self.line.machines.len() {
            self.step_machine(b, at, runs, dt_s);
        }
        self.line.step(dt_s, if runs { self.spec.belt } else { 0.0 });
        for (at, machine) in self.line.machines.iter().enumerate() {
            self.now.rates[at].count(machine.now.finished, dt_s);
            if let Some(hopper) = &mut self.now.hoppers[at] {
                hopper.used += u64::from(machine.now.finished);
            }
        }
        self.step_product(b, dt_s);
    }

    fn step_machine(&mut self, b: &Board, at: usize, line_runs: bool, dt_s: f64) {
        let lacks = self.step_hopper(b, at, dt_s) || at == 0 && self.now.dry;
        let runs = self.runs(b, at, line_runs, false);
        // Water for the bottle that the filler may finish in this step, and for one more.
        let works = at > 0 || b.stores.volume_m3(self.wired.tank) >= 2.0 * self.spec.bottle_m3;
        let unfed_s = &mut self.now.unfed_s[at];
        let machine = &mut self.line.machines[at];
        *unfed_s = if machine.now.starved { (*unfed_s + dt_s).min(UNFED_S) } else { 0.0 };
        let full = self.now.rate / 3600.0 * machine.pitch_m;
        let fed = !lacks && *unfed_s < UNFED_S;
        machine.now.target = if runs && fed { full } else { 0.0 };
        machine.now.works = works && self.now.hoppers[at].is_none_or(|caps| caps.held() > 0);
    }

    /// What the filler takes from its tank, and what its meter tells: of the bottles under its valves
    /// each gets its share on the way.
    fn step_product(&mut self, b: &mut Board, dt_s: f64) {
        let Some(filler) = self.line.machines.first() else { return };
        let filled = filler.now.finished;
        if filled > 0 {
            let water = b.take(self.wired.tank, f64::from(filled) * self.spec.bottle_m3);
            let rest = b.give(Place::Outside, water);
            debug_assert!(rest.is_empty(), "outside takes everything");
        }
        let flow = if filler.now.works {
            let under = self.under_valves(filler) as f64;
            let share = filler.now.speed / (filler.done_m - filler.enter_m);
            3600.0 * self.spec.bottle_m3 * under * share
        } else {
            0.0
        };
        let stands = filler.now.speed <= 0.0;
        self.now.flow = if stands { 0.0 } else { lag(self.now.flow, flow, FLOW_S, dt_s) };
    }

    /// Bottles that the filler fills now.
    fn under_valves(&self, filler: &Machine) -> usize {
        let things = &self.line.now.things;
        let from = things.partition_point(|bottle| bottle.at_m >= filler.done_m);
        let to = things.partition_point(|bottle| bottle.at_m >= filler.enter_m);
        to - from
    }

    /// The feeder of a hopper, which has a drive of its machine's supply; whether the machine lacks caps.
    fn step_hopper(&mut self, b: &Board, at: usize, dt_s: f64) -> bool {
        let feeds = !self.is_low(b) && self.now.starters[at].locked_by().is_none();
        let (Some(hopper), Some(fault)) = (&mut self.now.hoppers[at], self.wired.no_caps[at])
        else {
            return false;
        };
        let room = u64::from(self.spec.machines[at].hopper).saturating_sub(hopper.held());
        if room > 0 && feeds && b.fault(fault) <= 0.5 {
            hopper.due += 1.5 * self.spec.rate / 3600.0 * dt_s;
            let whole = hopper.due.floor();
            hopper.due -= whole;
            hopper.fed += (whole as u64).min(room);
        }
        hopper.held() < FEW_CAPS
    }
}
