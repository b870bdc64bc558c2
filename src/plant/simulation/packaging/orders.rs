//! What the packaging side obeys.
//!
//! Numbers of its machines: the line 0, then what has a starter (machines, packer, crate conveyor,
//! robot), then vehicle and gate.

use super::spec::PackagingSpec;
use super::{LOW, Packaging};
use crate::plant::simulation::command::starting::{self, Condition};
use crate::plant::simulation::command::{Answer, Command, Progress, Takes};
use crate::plant::simulation::physics::agv::Leg;
use crate::plant::simulation::physics::joints::COOL_C;
use crate::plant::simulation::physics::starter::Cause;
use crate::plant::simulation::wiring::{Board, Wiring};

/// Plant time in which a command is done or has failed, s.
const WITHIN_S: f64 = 15.0;
/// A change of the rate takes at most 20 s, see `ramp` there.
const RATE_WITHIN_S: f64 = 40.0;

impl PackagingSpec {
    /// The assets that have a starter, in the order of their starters.
    pub(super) fn with_starters(&self) -> Vec<&str> {
        let machines = self.machines.iter().map(|machine| machine.asset.as_str());
        machines.chain([&*self.packer.asset, &*self.crates, &*self.robot]).collect()
    }

    /// The smallest and the largest rate that the line can be set to, bottles an hour.
    fn rates(&self) -> (f64, f64) {
        (0.2 * self.rate, 1.2 * self.rate)
    }

    pub(super) fn wire_commands(&self, w: &mut Wiring) {
        w.command(&self.line, 0, "run", Takes::Switch, WITHIN_S);
        w.command(&self.line, 0, "start", Takes::Nothing, WITHIN_S);
        w.command(&self.line, 0, "stop", Takes::Nothing, WITHIN_S);
        w.command(&self.line, 0, "reset", Takes::Nothing, 1.0);
        let (low, high) = self.rates();
        let rate = Takes::Number { unit: "{bottle}/h", low, high };
        w.command(&self.line, 0, "rate", rate, RATE_WITHIN_S);
        let starters = self.with_starters();
        for (at, asset) in starters.iter().enumerate() {
            starting::wire(w, asset, at + 1, WITHIN_S);
        }
        for (at, machine) in self.machines.iter().enumerate().filter(|(_, m)| m.hopper > 0) {
            w.command(&machine.asset, at + 1, "fill caps", Takes::Nothing, 1.0);
        }
        let percent = Takes::Number { unit: "%", low: 10.0, high: 100.0 };
        w.command(&self.robot, starters.len(), "speed", percent, 1.0);
        let agv = starters.len() + 1;
        w.command(&self.agv, agv, "run", Takes::Switch, WITHIN_S);
        w.command(&self.agv, agv, "start", Takes::Nothing, WITHIN_S);
        w.command(&self.agv, agv, "stop", Takes::Nothing, WITHIN_S);
        w.command(&self.agv, agv, "dispatch", Takes::Nothing, WITHIN_S);
        w.command(&self.agv, agv, "reset", Takes::Nothing, 1.0);
        w.command(&self.gate, agv + 1, "open", Takes::Switch, WITHIN_S);
    }
}

/// Whether a command starts (`true`) or stops; `None` for any other.
fn starts(command: &Command) -> Option<bool> {
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
            _ => self.obey_gate(command),
        }
    }

    fn obey_line(&mut self, b: &Board, command: &Command) -> Answer {
        match (command.name, starts(command)) {
            (_, Some(true)) => {
                if let Some(reason) = b.withheld(self.wired.line_permit) {
                    return Answer::Refused(reason.to_string());
                }
                let (belts, names) = (&self.wired.belts, &self.spec.belts);
                if let Some(belt) = Self::stopped_belt(b, belts, names) {
                    return Answer::Refused(format!(
                        "the drive {belt} of its belt is not available: it has tripped or is \
                         locked out"
                    ));
                }
                self.now.run = true;
                Answer::Accepted
            }
            (_, Some(false)) => {
                self.now.run = false;
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
        let gate = (at == self.robot_at() && self.now.gate_open)
            .then(|| format!("the gate {} is open", self.spec.gate));
        let withheld = b.withheld(self.wired.permits[at]).or(gate.as_deref());
        let is =
            Condition { standing: self.stands(at), cause_is_gone: self.is_gone(b, at), withheld };
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
                let hot = at == self.robot_at() && self.now.drives.hottest() > COOL_C;
                b.fault(self.wired.trips[at]) <= 0.5 && !hot
            }
            Some(Cause::Undervoltage) => b.meters.share(self.wired.bus) >= LOW,
            Some(Cause::Gripper) => b.fault(self.wired.gripper) <= 0.5,
            Some(Cause::Crate) => b.fault(self.wired.broken_crate) <= 0.5,
            _ => true,
        }
    }

    /// Whether what has a starter stands still.
    pub(super) fn stands(&self, at: usize) -> bool {
        if let Some(machine) = self.line.machines.get(at) {
            machine.now.speed <= 0.005
        } else if at == self.packer_at() {
            self.gantry.now.across.speed == 0.0 && self.gantry.now.lift.speed == 0.0
        } else if at == self.crates_at() {
            self.crates.now.speed <= 0.005
        } else {
            self.robot.now.pace <= 0.0
        }
    }

    fn obey_vehicle(&mut self, b: &Board, command: &Command) -> Answer {
        let waits = self.agv.now.leg == Leg::Waiting;
        match (command.name, starts(command)) {
            (_, Some(true)) => {
                if let Some(reason) = b.withheld(self.wired.agv_permit) {
                    return Answer::Refused(reason.to_string());
                }
                self.now.agv_run = true;
                Answer::Accepted
            }
            (_, Some(false)) => {
                self.now.agv_run = false;
                Answer::Accepted
            }
            ("dispatch", _) if !waits => Answer::Refused(format!(
                "it is under way ({}); it is sent from {}",
                self.agv.now.leg.name(),
                self.spec.pallet
            )),
            ("dispatch", _) if self.now.stand.unwrap_or(0) == 0 => {
                Answer::Refused(format!("no crate is on {}", self.spec.pallet))
            }
            ("dispatch", _) => {
                self.now.dispatch = true;
                Answer::Accepted
            }
            ("reset", _) if self.agv.now.energy_uj > 0 => Answer::Refused(format!(
                "its battery holds {:.0} %; it is changed when it is empty",
                self.agv.now.charge()
            )),
            ("reset", _) => {
                self.agv.now.change_battery();
                Answer::Done
            }
            (name, _) => Answer::Refused(format!("it knows no {name}")),
        }
    }

    fn obey_gate(&mut self, command: &Command) -> Answer {
        let opens = command.argument.is_on();
        if opens && !self.stands(self.robot_at()) {
            let why = format!("the robot {} moves; stop it first", self.spec.robot);
            return Answer::Refused(why);
        }
        self.now.gate_open = opens;
        Answer::Accepted
    }

    pub(super) fn progress_of(&self, command: &Command) -> Progress {
        let starters = self.now.starters.len();
        let done = |is_so: bool| if is_so { Progress::Done } else { Progress::Going };
        match (command.at, command.name, starts(command)) {
            (0, "rate", _) => done(self.now.rate == self.now.rate_set),
            (0, _, Some(true)) => done(self.line.now.speed >= 0.9 * self.spec.belt),
            (0, _, Some(false)) => {
                let machines = &self.line.machines;
                let stand = machines.iter().all(|machine| machine.now.speed <= 0.005);
                done(stand && self.line.now.speed <= 0.005)
            }
            (at, ..) if at >= 1 && at <= starters => {
                let running = self.now.starters[at - 1].is_switched_on();
                let is = (running, self.stands(at - 1));
                starting::progress(&self.now.starters[at - 1], command, is)
                    .unwrap_or(Progress::Done)
            }
            (_, "dispatch", _) => done(self.agv.now.leg != Leg::Waiting),
            (_, _, Some(false)) => done(self.agv.now.speed.abs() < 1e-9),
            (_, "open", _) => {
                let is_open = self.now.gate.at >= super::cell::GATE_OPEN_DEG;
                // The vehicle may pass just then.
                let shut = self.now.gate.at <= 0.0 || self.vehicle_passes();
                done(if command.argument.is_on() { is_open } else { shut })
            }
            _ => Progress::Done,
        }
    }
}
