//! An automated guided vehicle that carries full pallets away and brings empty ones.
//!
//! It stands under the pallet stand, backs out, turns on the spot, and goes round: dv/dt is limited,
//! v² = 2 a s leaves room to brake. Two driven wheels at `track_m`: the way of each is that of the
//! middle ± half the track × the turn. The battery gives power by speed and load and is charged at
//! the stand.

use serde::Deserialize;

use super::axis::Axis;
use super::ramp;
use super::way::{Stance, Way, heading, wrap};
use crate::twin::Pose;

/// The route and the vehicle; places are (x, z) in metres.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Route {
    /// Where it waits; it looks away from the first of the points.
    pub stand: (f64, f64),
    /// From where it turns to, back into the stand.
    pub points: Vec<(f64, f64)>,
    /// By which the corners are rounded, m.
    pub corner_radius: f64,
    /// Where on the round it hands the pallet over and gets an empty one, m.
    pub warehouse_m: f64,
    /// Cruising speed, m/s.
    pub speed: f64,
    /// Speed when it backs out, and on the last metres to the stand, m/s.
    pub slow: f64,
    /// Speed of turning, degrees a second.
    pub turn_deg_s: f64,
    /// Distance of the wheels, m.
    pub track_m: f64,
    /// Travel of the lift, mm.
    pub lift_mm: f64,
    /// Lift at which the plate meets the pallet on the stand, mm.
    pub touch_mm: f64,
}

/// m/s².
const ACCELERATION: f64 = 0.4;
/// The last metres to the stand, which it goes slowly.
const SLOW_M: f64 = 6.0;

/// The vehicle.
#[derive(Clone, Debug)]
pub struct Agv {
    /// Its route.
    pub route: Route,
    /// Where it is and looks to.
    pub stance: Stance,
    /// Ways of the left and of the right wheels, backwards negative, m.
    pub wheels_m: [f64; 2],
    /// All ways since the start, whichever way, m.
    pub odometer_m: f64,
    /// Speed, m/s; negative backwards.
    pub speed: f64,
    /// Lift, mm.
    pub lift_mm: f64,
    /// Charge of the battery, %.
    pub battery: f64,
    /// Crates on the pallet that it carries; `None`: it carries no pallet.
    pub carries: Option<u32>,
    /// What it does.
    pub state: &'static str,
    way: Way,
    /// Along the leg that it is on: backwards, by turning, or on the round.
    leg: Axis,
    wait_s: f64,
}

impl Agv {
    /// Waiting under the stand.
    pub fn new(route: Route) -> Self {
        let (x, z) = route.stand;
        let out = route.points.first().copied().unwrap_or((x + 1.0, z));
        Self {
            stance: Stance { x, z, heading: heading(out, route.stand) },
            way: Way::new(&route.points, route.corner_radius),
            route,
            wheels_m: [0.0; 2],
            odometer_m: 0.0,
            speed: 0.0,
            lift_mm: 0.0,
            battery: 88.0,
            carries: None,
            state: "waiting",
            leg: Axis::default(),
            wait_s: 0.0,
        }
    }

    /// Metres from the stand.
    pub fn from_stand_m(&self) -> f64 {
        let (x, z) = self.route.stand;
        (self.stance.x - x).hypot(self.stance.z - z)
    }

    /// One step. `stand` holds the crates on the stand's pallet (`None`: no pallet); a full one
    /// (`full` crates, and `clear` of the robot) is taken. Without `gate` it does not leave.
    pub fn step(
        &mut self,
        dt_s: f64,
        stand: &mut Option<u32>,
        full: u32,
        (clear, gate): (bool, bool),
    ) {
        let arrived = self.act(dt_s, stand);
        let next = match self.state {
            "waiting" if clear && stand.is_some_and(|crates| crates >= full) => "lifting",
            "lifting" if self.lift_mm >= self.route.lift_mm && gate => "backing out",
            "backing out" if arrived => "turning",
            "turning" if arrived => "to warehouse",
            "to warehouse" if arrived => "unloading",
            "unloading" if self.wait_s <= 0.0 => "returning",
            "returning" if arrived => "lowering",
            "lowering" if self.lift_mm <= 0.0 => "waiting",
            state => state,
        };
        if next != self.state {
            // The round goes on where it was left for unloading.
            if !matches!(next, "unloading" | "returning") {
                self.leg = Axis::default();
            }
            self.wait_s = 6.0;
            self.state = next;
        }
        let load = if self.carries.is_some() { 1.6 } else { 1.0 };
        let drain = 0.004 + 0.03 * self.speed.abs() * load;
        let charge = if self.state == "waiting" { 0.08 } else { 0.0 };
        self.battery = (self.battery + (charge - drain) * dt_s).clamp(8.0, 100.0);
    }

    /// What it does in its state; whether a leg is done.
    fn act(&mut self, dt_s: f64, stand: &mut Option<u32>) -> bool {
        let before = self.stance;
        let arrived = match self.state {
            "lifting" => {
                self.lift_mm = ramp(self.lift_mm, self.route.lift_mm, 25.0, dt_s);
                if self.lift_mm >= self.route.touch_mm && self.carries.is_none() {
                    self.carries = stand.take();
                }
                true
            }
            "lowering" => {
                self.lift_mm = ramp(self.lift_mm, 0.0, 25.0, dt_s);
                if self.lift_mm <= self.route.touch_mm && stand.is_none() {
                    *stand = self.carries.take();
                }
                true
            }
            "unloading" => {
                self.wait_s -= dt_s;
                if self.wait_s < 3.0 {
                    self.carries = Some(0);
                }
                true
            }
            "backing out" => self.back_out(dt_s),
            "turning" => self.turn(dt_s),
            "to warehouse" => self.drive(dt_s, self.route.warehouse_m),
            "returning" => self.drive(dt_s, self.way.length()),
            _ => true,
        };
        self.roll(before, dt_s);
        arrived
    }

    fn back_out(&mut self, dt_s: f64) -> bool {
        let (x, z) = self.route.stand;
        let Some(out) = self.route.points.first() else { return true };
        let length = (out.0 - x).hypot(out.1 - z);
        let arrived = self.leg.towards(length, self.route.slow, ACCELERATION, dt_s);
        let back = heading(self.route.stand, *out);
        self.stance.x = x + self.leg.at * back.cos();
        self.stance.z = z - self.leg.at * back.sin();
        arrived
    }

    fn turn(&mut self, dt_s: f64) -> bool {
        let Some(goal) = self.way.at(0.0) else { return true };
        let from = heading((goal.x, goal.z), self.route.stand);
        let turn = wrap(goal.heading - from);
        let speed = self.route.turn_deg_s.to_radians();
        let arrived = self.leg.towards(turn, speed, speed, dt_s);
        self.stance.heading = from + self.leg.at;
        arrived
    }

    fn drive(&mut self, dt_s: f64, stop_m: f64) -> bool {
        let left = self.way.length() - self.leg.at;
        let speed = if left < SLOW_M { self.route.slow } else { self.route.speed };
        let arrived = self.leg.towards(stop_m, speed, ACCELERATION, dt_s);
        if let Some(stance) = self.way.at(self.leg.at) {
            self.stance = stance;
        }
        arrived
    }

    /// What the wheels have done since `before`.
    fn roll(&mut self, before: Stance, dt_s: f64) {
        let (dx, dz) = (self.stance.x - before.x, self.stance.z - before.z);
        let turned = wrap(self.stance.heading - before.heading);
        let middle = before.heading + turned / 2.0;
        let way = dx * middle.cos() - dz * middle.sin();
        let side = turned * self.route.track_m / 2.0;
        self.wheels_m[0] += way - side;
        self.wheels_m[1] += way + side;
        self.odometer_m += way.abs();
        self.speed = way / dt_s;
    }

    /// Where it is, in the frame of the route.
    pub fn pose(&self) -> Pose {
        let Stance { x, z, heading } = self.stance;
        let half = heading / 2.0;
        Pose { position: [x, 0.0, z], rotation: [0.0, half.sin(), 0.0, half.cos()] }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn route() -> Route {
        Route {
            stand: (0.0, 0.0),
            points: vec![
                (0.0, 7.0),
                (-20.0, 7.0),
                (-20.0, 9.0),
                (3.0, 9.0),
                (3.0, 5.0),
                (0.0, 5.0),
                (0.0, 0.0),
            ],
            corner_radius: 0.8,
            warehouse_m: 20.0,
            speed: 1.5,
            slow: 0.5,
            turn_deg_s: 30.0,
            track_m: 0.78,
            lift_mm: 80.0,
            touch_mm: 50.0,
        }
    }

    #[test]
    fn a_round_takes_the_full_pallet_away_and_brings_an_empty_one_to_the_same_place() {
        let mut agv = Agv::new(route());
        let mut stand = Some(32);
        let start = agv.stance;
        let mut seen = vec![agv.state];
        for _ in 0..10_000 {
            agv.step(0.02, &mut stand, 32, (true, true));
            if seen.last() != Some(&agv.state) {
                seen.push(agv.state);
            }
            assert!(stand.is_some() != agv.carries.is_some(), "one pallet, in one place");
        }
        let round = [
            "waiting",
            "lifting",
            "backing out",
            "turning",
            "to warehouse",
            "unloading",
            "returning",
            "lowering",
            "waiting",
        ];
        assert_eq!(seen, round);
        assert_eq!((stand, agv.lift_mm, agv.speed), (Some(0), 0.0, 0.0));
        assert!((agv.stance.x - start.x).hypot(agv.stance.z - start.z) < 1e-9);
        assert!(wrap(agv.stance.heading - start.heading).abs() < 1e-9, "it looks as before");
        let around = agv.way.length() + 7.0;
        assert!((agv.odometer_m - around).abs() < 0.01, "{} m of {around}", agv.odometer_m);
    }

    #[test]
    fn it_never_jumps_and_turns_no_faster_than_it_may() {
        let mut agv = Agv::new(route());
        let mut stand = Some(32);
        for _ in 0..10_000 {
            let before = agv.stance;
            agv.step(0.02, &mut stand, 32, (true, true));
            let way = (agv.stance.x - before.x).hypot(agv.stance.z - before.z);
            let turned = wrap(agv.stance.heading - before.heading).to_degrees().abs();
            assert!(way <= 1.5 * 0.02 + 1e-6, "{way} m in a step, {}", agv.state);
            // On the round the fastest turn is that of a corner: 1.5 m/s on 0.8 m.
            let most = if agv.state == "turning" { 30.0 } else { 1.5_f64.to_degrees() / 0.8 };
            assert!(turned <= most * 0.02 + 1e-6, "{turned}° in a step, {}", agv.state);
        }
    }

    #[test]
    fn it_waits_for_the_gate() {
        let mut agv = Agv::new(route());
        let mut stand = Some(32);
        (0..1000).for_each(|_| agv.step(0.02, &mut stand, 32, (true, false)));
        assert_eq!((agv.state, agv.from_stand_m()), ("lifting", 0.0));
    }
}
