//! What the panel of a machine tells: who decides, what is switched on, what it tripped for.

use crate::plant::simulation::physics::starter::Starter;
use crate::plant::simulation::wiring::{Board, Kind, Wiring};

/// A machine's panel. Signals: run, lockout and acknowledged (true, false), mode (automatic,
/// manual), cause (none, or what it tripped for).
pub struct Panel([usize; 5]);

/// `true` or `false`, as a property of the type `boolean` lists them.
pub fn truth(is: bool) -> &'static str {
    if is { "true" } else { "false" }
}

impl Panel {
    /// Declares its signals.
    pub fn wire(w: &mut Wiring, asset: &str) -> Self {
        let names = ["run", "mode", "lockout", "acknowledged", "cause"];
        Self(names.map(|name| w.output(asset, name, Kind::Word)))
    }

    /// Sets its signals.
    pub fn set(&self, b: &mut Board, starter: &Starter) {
        let words = [
            truth(starter.is_switched_on()),
            starter.mode().name(),
            truth(starter.locked_by().is_some()),
            truth(starter.is_acknowledged()),
            starter.cause().map_or("none", |cause| cause.name()),
        ];
        self.0.iter().zip(words).for_each(|(slot, word)| b.set_word(*slot, word));
    }
}
