//! What the packaging side obeys.
//!
//! Numbers of its machines: the line 0, then what has a starter (machines, packer, crate conveyor,
//! robot), then vehicle and gate.

use super::spec::{Extent, PackagingSpec};
use super::{Packaging, STAGGER_S, belts};
use crate::plant::simulation::command::starting::{self, Condition};
use crate::plant::simulation::command::{Answer, Command, Takes};
use crate::plant::simulation::physics::agv::Leg;
use crate::plant::simulation::physics::joints::COOL_C;
use crate::plant::simulation::physics::starter::Cause;
use crate::plant::simulation::wiring::{Board, Wiring};

/// Plant time in which a command is done or has failed, s.
const WITHIN_S: f64 = 15.0;
/// A change of the rate takes at most 20 s, see `ramp` there.
const RATE_WITHIN_S: f64 = 40.0;
/// The vehicle is sent within this time: a slow robot may finish its cycle.
const DISPATCH_WITHIN_S: f64 = 60.0;
/// What is given up is so before its command has failed, s.
const EARLIER_S: f64 = 1.0;

impl PackagingSpec {
    /// The smallest and the largest rate that the line can be set to, bottles an hour.
    fn rates(&self) -> (f64, f64) {
        (0.2 * self.rate, 1.2 * self.rate)
    }

    pub(super) fn wire_commands(&self, extent: &Extent, w: &mut Wiring) {
        w.command(&self.line, 0, "run", Takes::Switch, WITHIN_S);
        w.command(&self.line, 0, "start", Takes::Nothing, WITHIN_S);
        w.command(&self.line, 0, "stop", Takes::Nothing, WITHIN_S);
        w.command(&self.line, 0, "reset", Takes::Nothing, 1.0);
        let (low, high) = self.rates();
        let rate = Takes::Number { unit: "{bottle}/h", low, high };
        w.command(&self.line, 0, "rate", rate, RATE_WITHIN_S);
        let starters = extent.with_starters(self);
        for (at, asset) in starters.iter().enumerate() {
            starting::wire(w, asset, at + 1, WITHIN_S);
        }
        for (at, machine) in self.machines.iter().enumerate().filter(|(_, m)| m.hopper > 0) {
            w.command(&machine.asset, at + 1, "fill caps", Takes::Nothing, 1.0);
        }
        if let Some(cell) = &extent.cell {
            let percent = Takes::Number { unit: "%", low: 10.0, high: 100.0 };
            w.command(&cell.robot, starters.len(), "speed", percent, 1.0);
        }
        let Some(vehicle) = &extent.vehicle else { return };
        let at = starters.len() + 1;
        w.command(&vehicle.agv, at, "run", Takes::Switch, WITHIN_S);
        w.command(&vehicle.agv, at, "start", Takes::Nothing, WITHIN_S);
        w.command(&vehicle.agv, at, "stop", Takes::Nothing, WITHIN_S);
        w.command(&vehicle.agv, at, "dispatch", Takes::Nothing, DISPATCH_WITHIN_S);
        w.command(&vehicle.agv, at, "reset", Takes::Nothing, 1.0);
        if let Some(gate) = &vehicle.gate {
            w.command(gate, at + 1, "open", Takes::Switch, WITHIN_S);
        }
    }
}

/// Whether a command starts (`true`) or stops; `None` for any other.
pub(super) fn starts(command: &Command) -> Option<bool> {
    match command.name {
        "run" => Some(command.argument.is_on()),
        "start" => Some(true),
        "stop" => Some(false),
        _ => None,
    }
}

impl Packaging {
    pub(super) fn obey(&mut self, b: &Board, command: &Command) -> Answer {
        let starters = self.now.starters.len();
        match command.at {
            0 => self.obey_line(b, command),
            at if at <= starters => self.obey_machine(b, command, at - 1),
            at if at == starters + 1 => self.obey_vehicle(b, command),
            _ => self.obey_gate(b, command),
        }
    }

    fn obey_line(&mut self, b: &Board, command: &Command) -> Answer {
        match (command.name, starts(command)) {
            (_, Some(true)) => {
                if let Some(reason) = self.line_cannot_run(b) {
                    return Answer::Refused(reason);
                }
                (self.now.run, self.now.start_s) = (true, WITHIN_S - EARLIER_S);
                Answer::Accepted
            }
            (_, Some(false)) => {
                (self.now.run, self.now.start_s) = (false, 0.0);
                Answer::Accepted
            }
            ("rate", _) => {
                self.now.rate_set = command.argument.number();
                Answer::Accepted
            }
            ("reset", _) if self.line.now.stopper_m.is_none() => {
                Answer::Refused("the line is not jammed: there is nothing to reset".into())
            }
            ("reset", _) => {
                self.now.rejects += u64::from(self.line.clear_stopper());
                Answer::Done
            }
            (name, _) => Answer::Refused(format!("it knows no {name}")),
        }
    }

    /// Why the line cannot run, and what to do.
    pub(super) fn line_cannot_run(&self, b: &Board) -> Option<String> {
        if let Some(reason) = b.withheld(self.wired.line_permit) {
            return Some(reason.to_string());
        }
        if let Some(reason) = self.lacks_supply(b) {
            return Some(reason);
        }
        if self.now.back_s <= STAGGER_S {
            return Some("its supply has just come back; start it again in some seconds".into());
        }
        belts::stopped(&self.wired.belts, b)
    }

    /// That its supply is too low.
    pub(super) fn lacks_supply(&self, b: &Board) -> Option<String> {
        let percent = 100.0 * b.meters.share(self.wired.bus);
        self.is_low(b).then(|| {
            format!(
                "its supply {} is down to {percent:.0} %; wait until it is back",
                self.spec.supply
            )
        })
    }

    /// Why what has a starter must not run.
    fn withheld(&self, b: &Board, at: usize) -> Option<String> {
        if let Some(reason) = b.withheld(self.wired.permits[at]) {
            return Some(reason.to_string());
        }
        if let Some(reason) = self.lacks_supply(b) {
            return Some(reason);
        }
        if self.is_robot(at) {
            return self.open_gate().map(|gate| format!("the gate {gate} is open"));
        }
        let packing = self.packing.as_ref().filter(|_| at == self.crates_at());
        packing.and_then(|packing| belts::stopped(&packing.belts, b))
    }

    fn obey_machine(&mut self, b: &Board, command: &Command, at: usize) -> Answer {
        match command.name {
            "fill caps" => {
                let Some(Some(hopper)) = self.now.hoppers.get_mut(at) else {
                    return Answer::Refused("it has no hopper".into());
                };
                let full = u64::from(self.spec.machines[at].hopper);
                hopper.fed += full.saturating_sub(hopper.held());
                return Answer::Done;
            }
            "speed" => {
                self.now.robot_speed = command.argument.number();
                return Answer::Done;
            }
            _ => {}
        }
        let withheld = self.withheld(b, at);
        let is = Condition {
            standing: self.stands(at),
            cause_is_gone: self.is_gone(b, at),
            withheld: withheld.as_deref(),
        };
        let crate_broke = self.now.starters[at].cause() == Some(Cause::Crate);
        let answer = starting::obey(&mut self.now.starters[at], command, is);
        if crate_broke && self.now.starters[at].cause().is_none() {
            self.remove_crate();
        }
        answer.unwrap_or_else(|| Answer::Refused(format!("it knows no {}", command.name)))
    }

    /// Whether what a machine tripped for is over.
    fn is_gone(&self, b: &Board, at: usize) -> bool {
        match self.now.starters[at].cause() {
            Some(Cause::Overload) => {
                let hot = self.is_robot(at) && self.now.drives.hottest() > COOL_C;
                b.fault(self.wired.trips[at]) <= 0.5 && !hot
            }
            Some(Cause::Undervoltage) => !self.is_low(b),
            Some(Cause::Gripper) => {
                self.cell.as_ref().is_none_or(|cell| b.fault(cell.gripper) <= 0.5)
            }
            Some(Cause::Crate) => {
                self.packing.as_ref().is_none_or(|packing| b.fault(packing.broken_crate) <= 0.5)
            }
            _ => true,
        }
    }

    /// Whether what has a starter stands still.
    pub(super) fn stands(&self, at: usize) -> bool {
        if let Some(machine) = self.line.machines.get(at) {
            return machine.now.speed <= 0.005;
        }
        if self.is_robot(at) {
            return self.cell.as_ref().is_none_or(|cell| !cell.robot.now.moves());
        }
        self.packing.as_ref().is_none_or(|packing| {
            let head = &packing.gantry.now;
            match at == self.packer_at() {
                true => head.across.speed == 0.0 && head.lift.speed == 0.0,
                false => packing.crates.now.speed <= 0.005,
            }
        })
    }

    fn obey_vehicle(&mut self, b: &Board, command: &Command) -> Answer {
        let Some(vehicle) = &mut self.vehicle else {
            return Answer::Refused("there is no vehicle".into());
        };
        let ride = &mut vehicle.agv.now;
        match (command.name, starts(command)) {
            (_, Some(true)) => {
                if let Some(reason) = b.withheld(vehicle.permit) {
                    return Answer::Refused(reason.to_string());
                }
                if ride.energy_uj == 0 {
                    return Answer::Refused("its battery is empty; reset changes it".into());
                }
                self.now.agv_run = true;
                Answer::Accepted
            }
            (_, Some(false)) => {
                self.now.agv_run = false;
                Answer::Accepted
            }
            ("dispatch", _) => {
                if let Some(reason) = self.stays(b) {
                    return Answer::Refused(reason);
                }
                self.now.dispatch_s = DISPATCH_WITHIN_S - EARLIER_S;
                Answer::Accepted
            }
            ("reset", _) if ride.energy_uj > 0 => Answer::Refused(format!(
                "its battery holds {:.0} %; it is changed when it is empty",
                ride.charge().ceil()
            )),
            ("reset", _) => {
                ride.change_battery();
                Answer::Done
            }
            (name, _) => Answer::Refused(format!("it knows no {name}")),
        }
    }

    /// Why the vehicle cannot be sent, and what to do.
    pub(super) fn stays(&self, b: &Board) -> Option<String> {
        let (vehicle, cell) = (self.vehicle.as_ref()?, self.cell.as_ref()?);
        let (ride, spec) = (&vehicle.agv.now, &cell.spec);
        if let Some(reason) = b.withheld(vehicle.permit) {
            return Some(reason.to_string());
        }
        if ride.leg != Leg::Waiting {
            let leg = ride.leg.name();
            return Some(format!("it is under way ({leg}); it is sent from {}", spec.pallet));
        }
        if !self.now.agv_run {
            return Some("it is switched off; start it first".into());
        }
        if self.now.stand.unwrap_or(0) == 0 {
            return Some(format!("no crate is on {}", spec.pallet));
        }
        if self.now.obstacle {
            return Some("something is in its way; clear it first".into());
        }
        if let Some(reason) = ride.stays() {
            return Some(reason);
        }
        let halts =
            cell.robot.now.is_in_cycle() && !self.now.starters[self.robot_at()].is_switched_on();
        let robot = &spec.robot;
        halts.then(|| format!("the robot {robot} has stopped in its cycle; let it go on first"))
    }

    fn obey_gate(&mut self, b: &Board, command: &Command) -> Answer {
        if let Some(reason) = self.lacks_supply(b) {
            return Answer::Refused(reason);
        }
        let opens = command.argument.is_on();
        if let Some(cell) = self.cell.as_ref().filter(|cell| opens && cell.robot.now.moves()) {
            let why = format!("the robot {} moves; stop it first", cell.spec.robot);
            return Answer::Refused(why);
        }
        self.now.gate_open = opens;
        Answer::Accepted
    }
}
