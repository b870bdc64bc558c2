//! A drive that goes to a place: limited speed and acceleration, v² = 2 a s leaves room to brake.

use serde::{Deserialize, Serialize};

use super::ramp;

/// One degree of freedom, in any unit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Axis {
    /// Where it is.
    pub at: f64,
    /// Units a second, with its sign.
    pub speed: f64,
}

impl Axis {
    /// Whether what it was read from can be one.
    pub fn is_sound(&self) -> bool {
        self.at.abs() < 1e6 && self.speed.abs() < 1e6
    }

    /// One step towards `goal`; whether it stands there.
    pub fn towards(&mut self, goal: f64, speed: f64, acceleration: f64, dt_s: f64) -> bool {
        let left = goal - self.at;
        let limit = (2.0 * acceleration * left.abs()).sqrt().min(speed);
        self.speed = ramp(self.speed, limit * left.signum(), 1.5 * acceleration, dt_s);
        let way = self.speed * dt_s;
        // In the last steps the discrete profile would creep or swing: it snaps.
        let arrives = left.abs() <= acceleration * dt_s * dt_s + 1e-9
            || (way / left > 1.0 && self.speed.abs() <= 4.0 * acceleration * dt_s);
        if arrives {
            *self = Self { at: goal, speed: 0.0 };
        } else {
            self.at += way;
        }
        arrives
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_reaches_its_goal_without_passing_it_or_its_limits() {
        for (from, goal) in [(0.0, 10.0), (3.0, -2.0), (0.0, 0.05)] {
            let mut axis = Axis { at: from, speed: 0.0 };
            let mut seconds = 0.0;
            while !axis.towards(goal, 1.5, 0.5, 0.02) {
                let before = axis;
                seconds += 0.02;
                assert!(axis.speed.abs() <= 1.5 + 1e-12);
                assert!((axis.at - goal) * (from - goal) >= 0.0, "{axis:?} has passed {goal}");
                assert!(seconds < 60.0, "{before:?} does not arrive at {goal}");
            }
            assert_eq!(axis, Axis { at: goal, speed: 0.0 });
        }
    }
}
