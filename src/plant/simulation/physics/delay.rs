//! A dead time: what goes in comes out unchanged so many steps later.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

/// Longest dead time, s.
pub const LONGEST_S: f64 = 60.0;

/// The values on their way.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Delay(VecDeque<f64>);

impl Delay {
    /// Takes what goes in now and gives what went in `dead_s` ago, the oldest known before that.
    pub fn step(&mut self, dt_s: f64, dead_s: f64, value: f64) -> f64 {
        let steps = (dead_s.clamp(0.0, LONGEST_S) / dt_s.max(1e-3)).round() as usize;
        self.0.push_back(value);
        while self.0.len() > steps + 1 {
            self.0.pop_front();
        }
        self.0.front().copied().unwrap_or(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_goes_in_comes_out_after_the_dead_time() {
        let mut delay = Delay::default();
        let out: Vec<f64> = (0..40).map(|step| delay.step(0.02, 0.4, f64::from(step))).collect();
        assert_eq!((out[0], out[19], out[20], out[39]), (0.0, 0.0, 0.0, 19.0));
        assert_eq!(Delay::default().step(0.02, 0.0, 7.0), 7.0, "none: at once");
    }
}
