//! The drives of the belts: the line, and the crate conveyor, stand while one of them is not available.

use crate::plant::simulation::wiring::{Board, Input, Signal, Source, Wiring};

/// The drive of a belt, as its signals tell of it.
pub struct Belt {
    name: String,
    available: Input,
    cause: Input,
    lockout: Input,
}

fn word(b: &Board, input: &Input) -> &'static str {
    match input {
        Input::Slot(slot) => match b.signals.get(*slot) {
            Some(Signal::Word(word)) => word,
            _ => "",
        },
        _ => "",
    }
}

impl Belt {
    /// Looks its signals up.
    pub fn new(name: &str, w: &mut Wiring) -> Self {
        Self {
            available: w.input(&Source::Signal(format!("{name}.available"))),
            cause: w.secret(name, "cause"),
            lockout: w.secret(name, "lockout"),
            name: name.to_string(),
        }
    }

    /// Whether it runs, or would.
    pub fn is_available(&self, b: &Board) -> bool {
        b.read(&self.available) >= 0.5
    }

    /// Why it is not available, and what to do.
    fn reason(&self, b: &Board) -> String {
        let name = &self.name;
        match word(b, &self.cause) {
            _ if word(b, &self.lockout) == "true" => {
                format!("the drive {name} of its belt is locked out; who locked it unlocks it")
            }
            "" | "none" => format!(
                "the drive {name} of its belt is stopped; start it, or set its mode to automatic"
            ),
            cause => format!(
                "the drive {name} of its belt has tripped ({cause}); acknowledge and reset it first"
            ),
        }
    }
}

/// Why the first of some that is not available is not; `None` when all are.
pub fn stopped(belts: &[Belt], b: &Board) -> Option<String> {
    belts.iter().find(|belt| !belt.is_available(b)).map(|belt| belt.reason(b))
}
