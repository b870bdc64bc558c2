//! A way on the floor: straight lines with rounded corners, and which way one looks on it.
//!
//! Places are (x, z) in metres, y is up; a heading is the turn about y that brings +x there.

use std::f64::consts::{PI, TAU};

use libm::{atan2, cos, hypot, sin, tan};
use serde::{Deserialize, Serialize};

/// A place on the floor and a heading.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Stance {
    /// m.
    pub x: f64,
    /// m.
    pub z: f64,
    /// Radians about y.
    pub heading: f64,
}

#[derive(Clone, Copy, Debug)]
enum Piece {
    Straight { from: (f64, f64), heading: f64, length: f64 },
    Arc { center: (f64, f64), radius: f64, heading: f64, turn: f64 },
}

/// The way through some points.
#[derive(Clone, Debug)]
pub struct Way {
    pieces: Vec<Piece>,
}

/// The heading from one place to another.
pub fn heading(from: (f64, f64), to: (f64, f64)) -> f64 {
    atan2(from.1 - to.1, to.0 - from.0)
}

/// The smallest turn that gives the same direction, −π to π.
pub fn wrap(angle: f64) -> f64 {
    (angle + PI).rem_euclid(TAU) - PI
}

fn ahead((x, z): (f64, f64), heading: f64, by: f64) -> (f64, f64) {
    (x + by * cos(heading), z - by * sin(heading))
}

impl Piece {
    fn length(&self) -> f64 {
        match self {
            Self::Straight { length, .. } => *length,
            Self::Arc { radius, turn, .. } => radius * turn.abs(),
        }
    }

    fn at(&self, s: f64) -> Stance {
        match *self {
            Self::Straight { from, heading, .. } => {
                let (x, z) = ahead(from, heading, s);
                Stance { x, z, heading }
            }
            Self::Arc { center, radius, heading, turn } => {
                let heading = heading + s / radius * turn.signum();
                // The centre is to the left of one who turns left.
                let side = heading - PI / 2.0 * turn.signum();
                let (x, z) = ahead(center, side, radius);
                Stance { x, z, heading }
            }
        }
    }
}

impl Way {
    /// Through all points; corners are rounded as far as the lines beside them allow.
    pub fn new(points: &[(f64, f64)], radius: f64) -> Self {
        let mut pieces = Vec::new();
        let Some(mut from) = points.first().copied() else { return Self { pieces } };
        for (n, corner) in points.iter().enumerate().skip(1) {
            let now = heading(from, *corner);
            let length = hypot(corner.0 - from.0, corner.1 - from.1);
            let Some(next) = points.get(n + 1) else {
                pieces.push(Piece::Straight { from, heading: now, length });
                break;
            };
            let turn = wrap(heading(*corner, *next) - now);
            let room = length.min(hypot(next.0 - corner.0, next.1 - corner.1) / 2.0);
            let cut = (radius * tan(turn.abs() / 2.0)).min(room);
            pieces.push(Piece::Straight { from, heading: now, length: length - cut });
            let radius = cut / tan(turn.abs() / 2.0);
            if turn.abs() > 1e-9 && radius > 1e-9 {
                let start = ahead(*corner, now, -cut);
                let center = ahead(start, now + PI / 2.0 * turn.signum(), radius);
                pieces.push(Piece::Arc { center, radius, heading: now, turn });
            }
            from = ahead(*corner, now + turn, cut);
        }
        Self { pieces }
    }

    /// Its length, m.
    pub fn length(&self) -> f64 {
        self.pieces.iter().map(Piece::length).sum()
    }

    /// The stance after `s` metres; its ends hold beyond them.
    pub fn at(&self, s: f64) -> Option<Stance> {
        let mut left = s.max(0.0);
        for piece in &self.pieces {
            if left <= piece.length() {
                return Some(piece.at(left));
            }
            left -= piece.length();
        }
        self.pieces.last().map(|last| last.at(last.length()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_right_angle_is_rounded_by_a_quarter_circle() {
        let way = Way::new(&[(0.0, 0.0), (4.0, 0.0), (4.0, 3.0)], 1.0);
        assert!((way.length() - (3.0 + PI / 2.0 + 2.0)).abs() < 1e-12);
        let middle = way.at(3.0 + PI / 4.0).expect("a place");
        let expected = (3.0 + 0.5_f64.sqrt(), 1.0 - 0.5_f64.sqrt());
        assert!((middle.x - expected.0).abs() < 1e-12 && (middle.z - expected.1).abs() < 1e-12);
        // +z is to the right of +x when y is up: a turn to the right, clockwise from above.
        assert!((middle.heading + PI / 4.0).abs() < 1e-12);
        let end = way.at(99.0).expect("a place");
        assert!((end.x - 4.0).abs() < 1e-12 && (end.z - 3.0).abs() < 1e-12);
    }

    #[test]
    fn place_and_heading_never_jump() {
        let points = [
            (16.4, 9.0),
            (-25.5, 9.0),
            (-25.5, 11.0),
            (19.4, 11.0),
            (19.4, 6.5),
            (16.4, 6.5),
            (16.4, 1.8),
        ];
        let way = Way::new(&points, 0.8);
        let mut before = way.at(0.0).expect("a place");
        for step in 1..=(way.length() * 1000.0) as u32 {
            let now = way.at(f64::from(step) * 0.001).expect("a place");
            assert!((now.x - before.x).hypot(now.z - before.z) < 0.001 + 1e-9);
            assert!(wrap(now.heading - before.heading).abs() < 0.002);
            before = now;
        }
    }
}
