//! The numbers and words of the packaging side, which other blocks may read: written in every step.

use super::cell::GATE_OPEN_DEG;
use super::line::FEW_CAPS;
use super::{Packaging, STAGGER_S};
use crate::plant::simulation::physics::agv::Leg;
use crate::plant::simulation::physics::starter::{Cause, Starter};
use crate::plant::simulation::wiring::Board;

/// Seconds without bottles after which the packer counts as starved: one crateful comes every few.
const STARVED_S: f64 = 12.0;

fn yes(is_so: bool) -> &'static str {
    if is_so { "true" } else { "false" }
}

/// Why what has a starter cannot run, or that it is switched off; `None` while it runs.
fn halted(starter: &Starter) -> Option<&'static str> {
    if starter.locked_by().is_some() {
        Some("locked")
    } else if starter.cause().is_some() {
        Some("tripped")
    } else {
        (!starter.is_switched_on()).then_some("stopped")
    }
}

impl Packaging {
    pub(super) fn write(&self, b: &mut Board) {
        self.write_line(b);
        self.write_machines(b);
        self.write_packer(b);
        self.write_robot(b);
        self.write_vehicle(b);
        for (at, (starter, slots)) in self.now.starters.iter().zip(&self.out.starters).enumerate() {
            b.set_word(slots[0], yes(starter.is_switched_on()));
            b.set_word(slots[1], starter.mode().name());
            b.set_word(slots[2], yes(starter.locked_by().is_some()));
            b.set_word(slots[3], yes(starter.is_acknowledged()));
            // A capper without caps waits for some, and has not tripped.
            let lacks_caps = self.lacks_caps(at).then_some(Cause::NoCaps);
            let cause = starter.cause().or(lacks_caps);
            b.set_word(slots[4], cause.map_or("none", Cause::name));
        }
    }

    fn write_line(&self, b: &mut Board) {
        let (l, o) = (&self.line, &self.out);
        let counts = [l.now.entered, l.now.left, l.now.things.len() as u64].map(|n| n as f64);
        let [entered, left, on_line] = counts;
        let (speed, travel, rejects) = (l.now.speed, l.now.travel_m, self.now.rejects as f64);
        let (rate, set) = (self.now.output.per_hour(), self.now.rate_set);
        b.set_all(&o.line, [speed, travel, entered, left, on_line, rate, set, rejects]);
        let jammed = l.now.stopper_m.is_some();
        let word = match (jammed, l.now.speed > 0.01, l.waiting(1.2) > 10) {
            (true, ..) => "jammed",
            (_, false, _) => "stopped",
            (.., queue) => ["running", "queue"][usize::from(queue)],
        };
        b.set_word(o.line_words[0], word);
        b.set_word(o.line_words[1], yes(self.now.run));
        b.set_word(o.line_words[2], self.line_cause(b));
    }

    /// Why the line stands, though it is switched on or jammed.
    fn line_cause(&self, b: &Board) -> &'static str {
        let stopped = self.wired.belts.iter().any(|belt| !belt.is_available(b));
        match () {
            () if self.line.now.stopper_m.is_some() => "jam",
            () if self.now.back_s <= STAGGER_S => "undervoltage",
            () if stopped => "belt",
            () => "none",
        }
    }

    /// Power of a machine at its full supply, kW.
    pub(super) fn machine_kw(&self, at: usize) -> f64 {
        let (machine, rated) = (&self.line.machines[at], self.spec.machines[at].power_kw);
        let full = self.spec.rate / 3600.0 * machine.pitch_m;
        let idle = if self.now.starters[at].is_switched_on() { 0.15 } else { 0.03 };
        rated * (idle + 0.85 * machine.now.speed / full.max(1e-9))
    }

    fn write_machines(&self, b: &mut Board) {
        let share = b.meters.share(self.wired.bus);
        for (at, (machine, out)) in self.line.machines.iter().zip(&self.out.machines).enumerate() {
            let flow = if at == 0 { self.now.flow } else { 0.0 };
            // Carousels turn clockwise seen from above: negative about the upward axis.
            let (turns, count) = (-machine.turns(), machine.now.count as f64);
            let (rate, power) = (self.now.rates[at].per_hour(), self.machine_kw(at) * share);
            b.set_all(&out.numbers, [machine.rpm(), turns, rate, count, power, flow]);
            b.set_word(out.state, self.machine_word(at));
            if let (Some(slot), Some(hopper)) = (out.caps, self.now.hoppers[at]) {
                b.set(slot, hopper.held() as f64);
            }
        }
    }

    fn lacks_caps(&self, at: usize) -> bool {
        let hopper = self.now.hoppers.get(at).copied().flatten();
        hopper.is_some_and(|caps| caps.held() < FEW_CAPS)
    }

    fn machine_word(&self, at: usize) -> &'static str {
        let now = &self.line.machines[at].now;
        match halted(&self.now.starters[at]) {
            Some(word) => word,
            None if self.lacks_caps(at) => "no caps",
            None if now.blocked => "blocked",
            None if now.starved || at == 0 && self.now.dry => "starved",
            None if now.speed > 0.01 => "running",
            None => "stopped",
        }
    }

    /// Power of the packer, kW: of its control, and of its axes while they move.
    pub(super) fn packer_kw(&self) -> f64 {
        self.packing.as_ref().map_or(0.0, |packing| {
            let head = &packing.gantry.now;
            0.15 + 0.9 * (head.across.speed.abs() + head.lift.speed.abs())
        })
    }

    fn write_packer(&self, b: &mut Board) {
        let (Some(o), Some(p)) = (&self.out.packing, &self.packing) else { return };
        let power = self.packer_kw() * b.meters.share(self.wired.bus);
        let (packed, waiting) = (self.now.packed as f64, p.table.count() as f64);
        let (across, lift) = (p.gantry.now.across.at, p.gantry.now.lift.at);
        b.set_all(&o.packer, [packed, waiting, across, lift, power]);
        let starved = self.now.idle_s > STARVED_S;
        let word = match halted(&self.now.starters[self.packer_at()]) {
            Some(word) => word,
            None if p.gantry.is_blocked() => "blocked",
            None => ["running", "starved"][usize::from(starved)],
        };
        b.set_word(o.state, word);
        let c = &p.crates;
        let (waiting, broken) = (c.waiting(2.0) as f64, self.now.broken as f64);
        b.set_all(&o.crates, [c.now.speed, c.now.travel_m, waiting, broken]);
        let queue = if c.now.things.len() > 6 { "queue" } else { "running" };
        b.set_word(o.crates_state, halted(&self.now.starters[self.crates_at()]).unwrap_or(queue));
    }

    /// Power of the robot, kW: of its control and of its axes.
    pub(super) fn robot_kw(&self) -> f64 {
        if self.cell.is_some() { 0.55 + self.now.drives.power_kw() } else { 0.0 }
    }

    fn write_robot(&self, b: &mut Board) {
        let (Some(o), Some(cell)) = (&self.out.cell, &self.cell) else { return };
        let r = &cell.robot.now;
        let power = self.robot_kw() * b.meters.share(self.wired.bus);
        let ([j1, j2, j3, j4, j5, j6], cycles) = (r.joints, r.cycles as f64);
        let speed = if r.moves() { 100.0 * r.pace } else { 0.0 };
        let set = self.now.robot_speed;
        b.set_all(&o.robot, [j1, j2, j3, j4, j5, j6, r.jaw_mm, cycles, power, speed, set]);
        let axes = &self.now.drives.0;
        b.set_all(&o.currents, std::array::from_fn(|at| axes[at].current_a));
        b.set_all(&o.temperatures, std::array::from_fn(|at| axes[at].temperature_c));
        b.set_word(o.words[0], yes(r.holding));
        let word = halted(&self.now.starters[self.robot_at()]).unwrap_or(r.doing.name());
        b.set_word(o.words[1], word);
        let [along, rows, _] = cell.spec.cell.stack;
        let count = self.now.stand.unwrap_or(0);
        let layers = count.div_ceil(along * rows);
        b.set_all(&o.pallet, [f64::from(count), f64::from(layers)]);
        b.set_word(o.pallet_present, yes(self.now.stand.is_some()));
    }

    fn write_vehicle(&self, b: &mut Board) {
        let (Some(o), Some(vehicle)) = (&self.out.vehicle, &self.vehicle) else { return };
        let a = &vehicle.agv.now;
        let [left, right] = a.wheels_m;
        let (crates, pallets) = (a.delivered.0 as f64, a.delivered.1 as f64);
        let (way, charge) = (a.odometer_m, a.charge());
        b.set_all(&o.agv, [way, left, right, a.speed, a.lift_mm, charge, crates, pallets]);
        let word = if a.energy_uj == 0 {
            "empty"
        } else if !self.now.agv_run {
            "stopped"
        } else if self.now.obstacle && a.leg != Leg::Waiting {
            "blocked"
        } else {
            a.leg.name()
        };
        b.set_word(o.words[0], word);
        b.set_word(o.words[1], yes(a.carries.is_some()));
        b.set_word(o.words[2], yes(self.now.agv_run));
        b.set_word(o.words[3], if a.energy_uj == 0 { "empty" } else { "none" });
        if let Some([angle, state, open]) = o.gate {
            let at = self.now.gate.at;
            b.set(angle, at);
            let moves = if at >= GATE_OPEN_DEG { "open" } else { "moving" };
            b.set_word(state, if at <= 0.0 { "closed" } else { moves });
            b.set_word(open, yes(self.now.gate_open));
        }
        b.set(o.load_count, f64::from(a.carries.unwrap_or(0)));
        b.set_word(o.load_present, yes(a.carries.is_some()));
    }
}
