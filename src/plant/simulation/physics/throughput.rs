//! How many things pass in an hour, as a counter tells it that looks back about twenty seconds.
//!
//! Two first-order lags of 6 s one after the other: what comes in beats of a few seconds is smooth, and
//! after a stop it is gone within a minute.

use libm::exp;
use serde::{Deserialize, Serialize};

/// Time constant of each lag, s.
const TAU_S: f64 = 6.0;
/// Below this nothing passes any more, an hour.
const NOTHING: f64 = 1.0;

/// Things an hour, lately.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Throughput {
    first: f64,
    second: f64,
}

impl Throughput {
    /// So many have passed in a step.
    pub fn count(&mut self, things: u32, dt_s: f64) {
        let keeps = exp(-dt_s / TAU_S);
        let now = 3600.0 * f64::from(things) / dt_s;
        self.first = now + (self.first - now) * keeps;
        self.second = self.first + (self.second - self.first) * keeps;
    }

    /// Things an hour.
    pub fn per_hour(&self) -> f64 {
        if self.second < NOTHING { 0.0 } else { self.second }
    }

    /// Whether what it was read from can be one.
    pub fn is_sound(&self) -> bool {
        [self.first, self.second].iter().all(|n| (0.0..1e12).contains(n))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_what_passes_and_nothing_within_a_minute_and_a_half_of_a_stop() {
        let mut throughput = Throughput::default();
        for step in 0..6000 {
            throughput.count(u32::from(step % 30 == 0), 0.02);
            if step > 3000 {
                let off = throughput.per_hour() / 6000.0 - 1.0;
                assert!(off.abs() < 0.01, "{throughput:?}");
            }
        }
        (0..1500).for_each(|_| throughput.count(0, 0.02));
        assert!(throughput.per_hour() < 300.0, "{throughput:?}");
        (0..3000).for_each(|_| throughput.count(0, 0.02));
        assert_eq!(throughput.per_hour(), 0.0);
    }
}
