//! The commands of everything that turns: run, start, stop, reset, acknowledge, lockout, mode.

use super::{Answer, Command, Progress, Takes};
use crate::plant::simulation::permits::AT_WORK;
use crate::plant::simulation::physics::starter::{Mode, Starter};
use crate::plant::simulation::wiring::Wiring;

/// What a machine is like when a command comes.
#[derive(Clone, Copy, Debug)]
pub struct Condition<'a> {
    /// It stands still.
    pub standing: bool,
    /// What it tripped for is over.
    pub cause_is_gone: bool,
    /// Why it must not run; `None` when it may.
    pub withheld: Option<&'a str>,
}

/// Declares these commands; starting and stopping are done within `within_s`.
pub fn wire(w: &mut Wiring, asset: &str, at: usize, within_s: f64) {
    w.command(asset, at, "run", Takes::Switch, within_s);
    w.command(asset, at, "start", Takes::Nothing, within_s);
    w.command(asset, at, "stop", Takes::Nothing, within_s);
    w.command(asset, at, "reset", Takes::Nothing, 1.0);
    w.command(asset, at, "acknowledge", Takes::Nothing, 1.0);
    w.command(asset, at, "lockout", Takes::Switch, 1.0);
    w.command(asset, at, "mode", Takes::Word(&["automatic", "manual"]), 1.0);
}

/// What the starter says to one of these commands; `None` for any other.
pub fn obey(starter: &mut Starter, command: &Command, is: Condition) -> Option<Answer> {
    let on = command.argument.is_on();
    let starts = match command.name {
        "run" => Some(on),
        "start" => Some(true),
        "stop" => Some(false),
        _ => None,
    };
    Some(match (command.name, starts) {
        (_, Some(true)) => {
            starter.start(is.withheld).map_or_else(Answer::Refused, |()| Answer::Accepted)
        }
        (_, Some(false)) => starter.stop().map_or_else(Answer::Refused, |()| Answer::Accepted),
        ("reset", _) => starter.reset(is.standing, is.cause_is_gone).into(),
        ("acknowledge", _) => starter.acknowledge().into(),
        ("lockout", _) if on => starter.lock(&command.by, is.standing).into(),
        // The lock is what those rely on who work on it.
        ("lockout", _) if is.withheld == Some(AT_WORK) => Answer::Refused(AT_WORK.into()),
        ("lockout", _) => starter.unlock(&command.by).into(),
        ("mode", _) => {
            let automatic = command.argument.word() == "automatic";
            starter.set_mode(if automatic { Mode::Automatic } else { Mode::Manual });
            Answer::Done
        }
        _ => return None,
    })
}

/// How far starting or stopping has come; `None` for any other command. `running` and `standing` are
/// of the machine itself.
pub fn progress(
    starter: &Starter,
    command: &Command,
    (running, standing): (bool, bool),
) -> Option<Progress> {
    let starts = match command.name {
        "run" => command.argument.is_on(),
        "start" => true,
        "stop" => false,
        _ => return None,
    };
    Some(match starter.cause() {
        Some(cause) if starts => Progress::Failed(format!("it tripped: {}", cause.name())),
        _ if if starts { running } else { standing } => Progress::Done,
        _ => Progress::Going,
    })
}
