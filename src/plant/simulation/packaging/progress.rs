//! How far what the packaging side obeys has come.

use super::Packaging;
use super::cell::GATE_OPEN_DEG;
use super::orders::starts;
use crate::plant::simulation::command::{Command, Progress, starting};
use crate::plant::simulation::physics::agv::Leg;
use crate::plant::simulation::wiring::Board;

impl Packaging {
    pub(super) fn progress_of(&self, b: &Board, command: &Command) -> Progress {
        let starters = self.now.starters.len();
        match command.at {
            0 => self.progress_of_line(b, command),
            at if at <= starters => {
                let running = self.now.starters[at - 1].is_switched_on();
                let is = (running, self.stands(at - 1));
                starting::progress(&self.now.starters[at - 1], command, is)
                    .unwrap_or(Progress::Done)
            }
            at if at == starters + 1 => self.progress_of_vehicle(b, command),
            _ => self.progress_of_gate(b, command),
        }
    }

    fn progress_of_line(&self, b: &Board, command: &Command) -> Progress {
        match (command.name, starts(command)) {
            ("rate", _) => done(self.now.rate == self.now.rate_set),
            (_, Some(true)) if !self.now.run => {
                let reason = self.line_cannot_run(b);
                let why = reason.unwrap_or_else(|| "it did not come to its speed".into());
                Progress::Failed(format!("{why}; it is switched off again"))
            }
            (_, Some(true)) => done(self.line.now.speed >= 0.9 * self.spec.belt),
            (_, Some(false)) => {
                let machines = &self.line.machines;
                let stand = machines.iter().all(|machine| machine.now.speed <= 0.005);
                done(stand && self.line.now.speed <= 0.005)
            }
            _ => Progress::Done,
        }
    }

    fn progress_of_vehicle(&self, b: &Board, command: &Command) -> Progress {
        let Some(vehicle) = &self.vehicle else { return Progress::Done };
        let ride = &vehicle.agv.now;
        match (command.name, starts(command)) {
            ("dispatch", _) if ride.leg != Leg::Waiting => Progress::Done,
            ("dispatch", _) if self.now.dispatch_s <= 0.0 => {
                let why = self.stays(b);
                Progress::Failed(why.unwrap_or_else(|| "the way was not free in time".into()))
            }
            ("dispatch", _) => Progress::Going,
            (_, Some(false)) => done(ride.speed.abs() < 1e-9),
            _ => Progress::Done,
        }
    }

    fn progress_of_gate(&self, b: &Board, command: &Command) -> Progress {
        if let Some(reason) = self.lacks_supply(b) {
            return Progress::Failed(reason);
        }
        if command.argument.is_on() {
            return match self.now.gate_open {
                true => done(self.now.gate.at >= GATE_OPEN_DEG),
                false => Progress::Failed("its supply was away while it opened".into()),
            };
        }
        // A vehicle that passes keeps it open until it is through.
        done(self.now.gate.at <= 0.0)
    }
}

fn done(is_so: bool) -> Progress {
    if is_so { Progress::Done } else { Progress::Going }
}
