//! An automated guided vehicle that carries full pallets away and brings empty ones.
//!
//! It goes round a closed route: ds/dt = v with a limited acceleration; the battery gives power by
//! speed and load and is charged at the stand.

use serde::Deserialize;

use super::ramp;

/// The route and the vehicle.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Route {
    /// Length of the round, m; it starts and ends under the pallet stand.
    pub length_m: f64,
    /// Where it hands the pallet over and gets an empty one, m.
    pub warehouse_m: f64,
    /// Cruising speed, m/s.
    pub speed: f64,
    /// Speed near its stops, m/s.
    pub creep: f64,
    /// Travel of the lift, mm.
    pub lift_mm: f64,
    /// Lift at which the plate meets the pallet on the stand, mm.
    pub touch_mm: f64,
}

/// The vehicle.
#[derive(Clone, Debug)]
pub struct Agv {
    /// Its route.
    pub route: Route,
    /// Way since the start, m; whole rounds add up.
    pub distance_m: f64,
    /// Speed, m/s.
    pub speed: f64,
    /// Lift, mm.
    pub lift_mm: f64,
    /// Charge of the battery, %.
    pub battery: f64,
    /// Crates on the pallet that it carries; `None`: it carries no pallet.
    pub carries: Option<u32>,
    /// What it does.
    pub state: &'static str,
    wait_s: f64,
    round_start_m: f64,
}

impl Agv {
    /// Waiting under the stand.
    pub fn new(route: Route) -> Self {
        Self {
            route,
            distance_m: 0.0,
            speed: 0.0,
            lift_mm: 0.0,
            battery: 88.0,
            carries: None,
            state: "waiting",
            wait_s: 0.0,
            round_start_m: 0.0,
        }
    }

    /// One step. `stand` holds the crates on the stand's pallet (`None`: no pallet); a full one
    /// (`full` crates, and `clear` of the robot) is taken.
    pub fn step(&mut self, dt_s: f64, stand: &mut Option<u32>, full: u32, clear: bool) {
        let on_round = self.distance_m - self.round_start_m;
        self.state = match self.state {
            "waiting" if clear && stand.is_some_and(|crates| crates >= full) => "lifting",
            "lifting" if self.lift_mm >= self.route.lift_mm => "to warehouse",
            "to warehouse" if on_round >= self.route.warehouse_m => "unloading",
            "unloading" if self.wait_s <= 0.0 => "returning",
            "returning" if on_round >= self.route.length_m => "lowering",
            "lowering" if self.lift_mm <= 0.0 => "waiting",
            state => state,
        };
        match self.state {
            "lifting" => {
                self.lift_mm = ramp(self.lift_mm, self.route.lift_mm, 25.0, dt_s);
                if self.lift_mm >= self.route.touch_mm && self.carries.is_none() {
                    self.carries = stand.take();
                }
                self.wait_s = 6.0;
                self.round_start_m = self.distance_m;
            }
            "to warehouse" => self.drive(dt_s, self.route.warehouse_m),
            "unloading" => {
                self.wait_s -= dt_s;
                if self.wait_s < 3.0 {
                    self.carries = Some(0);
                }
            }
            "returning" => self.drive(dt_s, self.route.length_m),
            "lowering" => {
                self.lift_mm = ramp(self.lift_mm, 0.0, 25.0, dt_s);
                if self.lift_mm <= self.route.touch_mm && stand.is_none() {
                    *stand = self.carries.take();
                }
            }
            _ => {}
        }
        let load = if self.carries.is_some() { 1.6 } else { 1.0 };
        let drain = 0.004 + 0.03 * self.speed * load;
        let charge = if self.state == "waiting" { 0.08 } else { 0.0 };
        self.battery = (self.battery + (charge - drain) * dt_s).clamp(8.0, 100.0);
    }

    /// Drives towards a place of the round and stops exactly there.
    fn drive(&mut self, dt_s: f64, stop_m: f64) {
        let on_round = self.distance_m - self.round_start_m;
        let left = (stop_m - on_round).max(0.0);
        let near = left.min(on_round + 0.3).min(self.route.length_m - on_round);
        // v² = 2 a s leaves room to brake; it creeps where people and stands are near.
        let limit = (2.0 * 0.4 * near).sqrt().clamp(self.route.creep, self.route.speed);
        self.speed = ramp(self.speed, limit, 0.5, dt_s);
        let way = (self.speed * dt_s).min(left);
        self.distance_m += way;
        if way >= left {
            self.speed = 0.0;
            self.distance_m = self.round_start_m + stop_m;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_round_takes_the_full_pallet_away_and_brings_an_empty_one_to_the_same_place() {
        let route = Route {
            length_m: 60.0,
            warehouse_m: 30.0,
            speed: 1.5,
            creep: 0.15,
            lift_mm: 80.0,
            touch_mm: 50.0,
        };
        let mut agv = Agv::new(route);
        let mut stand = Some(32);
        let mut seen = vec![agv.state];
        for _ in 0..10_000 {
            agv.step(0.02, &mut stand, 32, true);
            if seen.last() != Some(&agv.state) {
                seen.push(agv.state);
            }
            assert!(stand.is_some() != agv.carries.is_some(), "one pallet, in one place");
        }
        let round = ["waiting", "lifting", "to warehouse", "unloading", "returning", "lowering"];
        assert_eq!(seen[..6], round);
        assert_eq!((stand, agv.distance_m, agv.lift_mm), (Some(0), 60.0, 0.0));
    }
}
