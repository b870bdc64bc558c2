//! A control valve: a positioner with a dead time, a stem that sticks, a seat that leaks.
//!
//! The stem stands until the command is further from it than the stiction band and then follows it
//! with a first-order lag, no faster than its actuator can, until it is there. A worn seat lets
//! through up to 4 % of the flow coefficient.

use serde::{Deserialize, Serialize};

use super::delay::Delay;
use super::{hydraulics, lag, ramp};

/// From the command to the first movement of the stem, s.
pub const DEAD_S: f64 = 0.4;
/// Band in which the stem sticks when its packing is worn out, %.
const STICTION: f64 = 6.0;
/// Share of the flow coefficient that a worn-out seat lets through when shut.
const LEAK: f64 = 0.04;

/// A valve's stem.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Valve {
    /// Opening, %.
    pub position: f64,
    /// The command on its way through the positioner.
    delay: Delay,
    /// The stem is on its way.
    moves: bool,
}

impl Valve {
    /// A valve that stands so far open, %.
    pub fn new(position: f64) -> Self {
        Self { position, delay: Delay::default(), moves: false }
    }

    /// One step towards a command in %, with an actuator of the time constant `stroke_s` and a
    /// packing that is worn from 0 to 1. Gives how far the stem moved, %.
    pub fn step(&mut self, dt_s: f64, command: f64, stroke_s: f64, packing: f64) -> f64 {
        let wanted = self.delay.step(dt_s, DEAD_S, command.clamp(0.0, 100.0));
        let band = STICTION * packing.clamp(0.0, 1.0);
        let away = (wanted - self.position).abs();
        self.moves = if self.moves { away > 0.05 * band } else { away > band };
        let before = self.position;
        if self.moves {
            // The whole stroke takes twice the time constant at least.
            let lagged = lag(before, wanted, stroke_s, dt_s);
            self.position = ramp(before, lagged, 50.0 / stroke_s.max(0.01), dt_s);
        }
        (self.position - before).abs()
    }

    /// Flow coefficient in m³/h of a valve with `kvs` whose seat is worn from 0 to 1.
    pub fn kv(&self, kvs: f64, seat: f64) -> f64 {
        hydraulics::equal_percentage_kv(kvs, self.position) + LEAK * kvs * seat.clamp(0.0, 1.0)
    }

    /// In a word.
    pub fn state(&self) -> &'static str {
        match self.position {
            p if p < 1.0 => "closed",
            p if p > 99.0 => "open",
            _ => "control",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_valve_waits_its_dead_time_and_moves_no_faster_than_its_actuator() {
        let mut valve = Valve::new(50.0);
        valve.step(0.02, 50.0, 2.5, 0.0);
        (0..20).for_each(|_| {
            valve.step(0.02, 100.0, 2.5, 0.0);
        });
        assert_eq!(valve.position, 50.0, "0.4 s");
        (0..50).for_each(|_| {
            valve.step(0.02, 100.0, 2.5, 0.0);
        });
        assert!((60.0..=71.0).contains(&valve.position), "a second: {}", valve.position);
        (0..1500).for_each(|_| {
            valve.step(0.02, 100.0, 2.5, 0.0);
        });
        assert_eq!(valve.state(), "open");
    }

    #[test]
    fn a_stem_in_a_worn_packing_stands_and_then_jumps() {
        let mut valve = Valve::new(50.0);
        let mut stood = 0;
        for step in 0..3000 {
            let command = 50.0 + f64::from(step) * 0.005;
            stood += usize::from(valve.step(0.02, command, 0.5, 1.0) == 0.0);
        }
        assert!((valve.position - 65.0).abs() < 6.5, "{}", valve.position);
        assert!(stood > 1500, "it stands most of the time: {stood} of 3000 steps");
    }

    #[test]
    fn a_worn_seat_leaks_when_it_is_shut() {
        let valve = Valve::new(0.0);
        assert_eq!(valve.kv(80.0, 0.0), 0.0);
        assert!((valve.kv(80.0, 0.5) - 1.6).abs() < 1e-9);
    }
}
