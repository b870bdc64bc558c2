//! What the panel of a machine tells: who decides, what is switched on, what it tripped for.

use crate::plant::simulation::physics::starter::Starter;
use crate::plant::simulation::wiring::{Board, Wiring};

/// A machine's panel. Signals: run, lockout and acknowledged (true, false), mode (automatic,
/// manual), cause (none, or what it tripped for).
pub struct Panel([usize; 5]);

/// What a switch is.
pub const TRUTH: &[&str] = &["true", "false"];
/// Who decides.
pub const MODES: &[&str] = &["automatic", "manual"];

/// `true` or `false`, as a property of the type `boolean` lists them.
pub fn truth(is: bool) -> &'static str {
    if is { "true" } else { "false" }
}

impl Panel {
    /// Declares its signals; `causes` are `none` and all that the machine trips for.
    pub fn wire(w: &mut Wiring, asset: &str, causes: &'static [&'static str]) -> Self {
        let signals = [
            ("run", TRUTH),
            ("mode", MODES),
            ("lockout", TRUTH),
            ("acknowledged", TRUTH),
            ("cause", causes),
        ];
        Self(signals.map(|(name, words)| w.words(asset, name, words)))
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
