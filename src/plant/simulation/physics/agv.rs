//! An automated guided vehicle that carries full pallets away and brings empty ones.
//!
//! It stands under the pallet stand, backs out, turns on the spot, and goes round: dv/dt is limited,
//! v² = 2 a s leaves room to brake. Two driven wheels at `track_m`: the way of each is that of the
//! middle ± half the track × the turn. The battery gives power by speed and load, in whole µJ so that
//! nothing is lost, and is charged at the stand.

use libm::{cos, hypot, sin};
use serde::{Deserialize, Serialize};

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

/// What the battery holds when it is full, µJ: 1.2 kWh.
pub const CAPACITY_UJ: i64 = 4_320_000_000_000;
/// Power of the charger at the stand, kW.
const CHARGER_KW: f64 = 3.456;
/// Below this it does not leave the stand, %.
const LEAVES_AT: f64 = 20.0;

/// The vehicle.
#[derive(Clone, Debug)]
pub struct Agv {
    /// Its route.
    pub route: Route,
    /// Where it is, and what it carries.
    pub now: Ride,
    way: Way,
}

/// What a vehicle does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Leg {
    /// It stands under the stand and is charged.
    Waiting,
    /// It lifts the pallet, and waits for the gate.
    Lifting,
    /// It backs out of the stand.
    BackingOut,
    /// It turns on the spot.
    Turning,
    /// It drives to the warehouse.
    ToWarehouse,
    /// It hands the pallet over and gets an empty one.
    Unloading,
    /// It drives back to the stand.
    Returning,
    /// It sets the empty pallet down.
    Lowering,
}

impl Leg {
    /// The word for it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Lifting => "lifting",
            Self::BackingOut => "backing out",
            Self::Turning => "turning",
            Self::ToWarehouse => "to warehouse",
            Self::Unloading => "unloading",
            Self::Returning => "returning",
            Self::Lowering => "lowering",
        }
    }
}

/// Where a vehicle is, and what it carries.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Ride {
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
    /// Crates on the pallet that it carries; `None`: it carries no pallet.
    pub carries: Option<u32>,
    /// What it does.
    pub leg: Leg,
    /// Crates and pallets handed over in the warehouse.
    pub delivered: (u64, u64),
    /// Energy in its battery, µJ.
    pub energy_uj: i64,
    /// Energy since the start, µJ: brought with its batteries, put in by the charger, used.
    pub brought_uj: i64,
    /// See `brought_uj`.
    pub charged_uj: i64,
    /// See `brought_uj`.
    pub used_uj: i64,
    /// Along the leg that it is on: backwards, by turning, or on the round.
    along: Axis,
    wait_s: f64,
}

impl Ride {
    /// Charge of the battery, %.
    pub fn charge(&self) -> f64 {
        100.0 * self.energy_uj as f64 / CAPACITY_UJ as f64
    }

    /// Whether what it was read from can be one of that route.
    pub fn is_sound(&self, route: &Route) -> bool {
        let Stance { x, z, heading } = self.stance;
        let [left, right] = self.wheels_m;
        let energies = [self.brought_uj, self.charged_uj, self.used_uj];
        [x, z, heading, left, right, self.odometer_m].iter().all(|n| n.abs() < 1e12)
            && self.speed.abs() < 1e3
            && (0.0..=route.lift_mm).contains(&self.lift_mm)
            && self.along.is_sound()
            && (-1e5..=1e5).contains(&self.wait_s)
            && (0..=CAPACITY_UJ).contains(&self.energy_uj)
            && energies.iter().all(|energy| (0..1 << 60).contains(energy))
    }

    /// Why it does not leave the stand whoever sends it; `None` when it can.
    pub fn stays(&self) -> Option<String> {
        let low = self.charge() < LEAVES_AT;
        low.then(|| {
            format!(
                "its battery holds {:.0} %; it leaves with {LEAVES_AT:.0} % or more",
                self.charge().floor()
            )
        })
    }

    /// Whether it is lifting the pallet off the stand, or setting one down there.
    pub fn handles_pallet(&self) -> bool {
        matches!(self.leg, Leg::Lifting | Leg::Lowering)
    }

    /// Power that it would take from the charger, kW.
    pub fn wants_kw(&self) -> f64 {
        if self.leg == Leg::Waiting && self.energy_uj < CAPACITY_UJ { CHARGER_KW } else { 0.0 }
    }

    /// Puts a charged battery in the place of the one that it has: what that held is counted as
    /// used.
    pub fn change_battery(&mut self) {
        self.used_uj += self.energy_uj;
        self.brought_uj += CAPACITY_UJ;
        self.energy_uj = CAPACITY_UJ;
    }
}

/// What a vehicle finds.
#[derive(Clone, Copy, Debug)]
pub struct Traffic {
    /// Crates of a full pallet.
    pub full: u32,
    /// It is to take the pallet as it is.
    pub dispatch: bool,
    /// The robot is not above the pallet.
    pub clear: bool,
    /// The gate is open.
    pub gate: bool,
    /// It may drive: neither stopped nor before an obstacle.
    pub runs: bool,
    /// What the charger gives, kW.
    pub charger_kw: f64,
}

impl Agv {
    /// Waiting under the stand.
    pub fn new(route: Route) -> Self {
        let (x, z) = route.stand;
        let out = route.points.first().copied().unwrap_or((x + 1.0, z));
        let energy_uj = CAPACITY_UJ / 100 * 88;
        let now = Ride {
            stance: Stance { x, z, heading: heading(out, route.stand) },
            wheels_m: [0.0; 2],
            odometer_m: 0.0,
            speed: 0.0,
            lift_mm: 0.0,
            carries: None,
            leg: Leg::Waiting,
            delivered: (0, 0),
            energy_uj,
            brought_uj: energy_uj,
            charged_uj: 0,
            used_uj: 0,
            along: Axis::default(),
            wait_s: 0.0,
        };
        Self { way: Way::new(&route.points, route.corner_radius), route, now }
    }

    /// Metres from the stand.
    pub fn from_stand_m(&self) -> f64 {
        let (x, z) = self.route.stand;
        hypot(self.now.stance.x - x, self.now.stance.z - z)
    }

    /// One step. `stand` holds the crates on the stand's pallet (`None`: no pallet); a full one is
    /// taken when the robot is clear of it. Without a gate that is open it does not leave. Gives what
    /// the charger put in, µJ.
    pub fn step(&mut self, dt_s: f64, stand: &mut Option<u32>, traffic: Traffic) -> i64 {
        let runs = traffic.runs && self.now.energy_uj > 0;
        let arrived = self.act(dt_s, stand, runs) && runs;
        let takes = |crates: u32| crates >= traffic.full || traffic.dispatch;
        let leaves = runs && traffic.clear && self.now.charge() >= LEAVES_AT;
        let lifted = self.now.lift_mm >= self.route.lift_mm;
        let next = match self.now.leg {
            Leg::Waiting if leaves && stand.is_some_and(takes) => Leg::Lifting,
            Leg::Lifting if lifted && traffic.gate && runs => Leg::BackingOut,
            Leg::BackingOut if arrived => Leg::Turning,
            Leg::Turning if arrived => Leg::ToWarehouse,
            Leg::ToWarehouse if arrived => Leg::Unloading,
            Leg::Unloading if self.now.wait_s <= 0.0 => Leg::Returning,
            Leg::Returning if arrived => Leg::Lowering,
            Leg::Lowering if self.now.lift_mm <= 0.0 => Leg::Waiting,
            leg => leg,
        };
        if next != self.now.leg {
            // The round goes on where it was left for unloading.
            if !matches!(next, Leg::Unloading | Leg::Returning) {
                self.now.along = Axis::default();
            }
            self.now.wait_s = 6.0;
            self.now.leg = next;
        }
        let load = if self.now.carries.is_some() { 1.6 } else { 1.0 };
        let drain_kw = 0.1728 + 1.296 * self.now.speed.abs() * load;
        let used = micro_joules(drain_kw, dt_s).min(self.now.energy_uj);
        self.now.energy_uj -= used;
        self.now.used_uj += used;
        let charged = micro_joules(traffic.charger_kw.max(0.0), dt_s);
        let charged = charged.min(CAPACITY_UJ - self.now.energy_uj);
        self.now.energy_uj += charged;
        self.now.charged_uj += charged;
        charged
    }

    /// What it does on its leg; whether that is done. What does not run brakes and stands.
    fn act(&mut self, dt_s: f64, stand: &mut Option<u32>, runs: bool) -> bool {
        let before = self.now.stance;
        let lift = if runs { 25.0 } else { 0.0 };
        let arrived = match self.now.leg {
            Leg::Lifting => {
                self.now.lift_mm = ramp(self.now.lift_mm, self.route.lift_mm, lift, dt_s);
                if self.now.lift_mm >= self.route.touch_mm && self.now.carries.is_none() {
                    self.now.carries = stand.take();
                }
                true
            }
            Leg::Lowering => {
                self.now.lift_mm = ramp(self.now.lift_mm, 0.0, lift, dt_s);
                if self.now.lift_mm <= self.route.touch_mm && stand.is_none() {
                    *stand = self.now.carries.take();
                }
                true
            }
            Leg::Unloading => {
                self.now.wait_s -= if runs { dt_s } else { 0.0 };
                if self.now.wait_s < 3.0
                    && let Some(crates) = self.now.carries.replace(0)
                    && crates > 0
                {
                    self.now.delivered.0 += u64::from(crates);
                    self.now.delivered.1 += 1;
                }
                true
            }
            Leg::BackingOut => self.back_out(dt_s, runs),
            Leg::Turning => self.turn(dt_s, runs),
            Leg::ToWarehouse => self.drive(dt_s, self.route.warehouse_m, runs),
            Leg::Returning => self.drive(dt_s, self.way.length(), runs),
            Leg::Waiting => true,
        };
        self.roll(before, dt_s);
        arrived
    }

    fn back_out(&mut self, dt_s: f64, runs: bool) -> bool {
        let (x, z) = self.route.stand;
        let Some(out) = self.route.points.first() else { return true };
        let length = hypot(out.0 - x, out.1 - z);
        let slow = if runs { self.route.slow } else { 0.0 };
        let arrived = self.now.along.towards(length, slow, ACCELERATION, dt_s);
        let back = heading(self.route.stand, *out);
        self.now.stance.x = x + self.now.along.at * cos(back);
        self.now.stance.z = z - self.now.along.at * sin(back);
        arrived
    }

    fn turn(&mut self, dt_s: f64, runs: bool) -> bool {
        let Some(goal) = self.way.at(0.0) else { return true };
        let from = heading((goal.x, goal.z), self.route.stand);
        let turn = wrap(goal.heading - from);
        let most = self.route.turn_deg_s.to_radians();
        let speed = if runs { most } else { 0.0 };
        let arrived = self.now.along.towards(turn, speed, most, dt_s);
        self.now.stance.heading = from + self.now.along.at;
        arrived
    }

    fn drive(&mut self, dt_s: f64, stop_m: f64, runs: bool) -> bool {
        let left = self.way.length() - self.now.along.at;
        let speed = if left < SLOW_M { self.route.slow } else { self.route.speed };
        let speed = if runs { speed } else { 0.0 };
        let arrived = self.now.along.towards(stop_m, speed, ACCELERATION, dt_s);
        if let Some(stance) = self.way.at(self.now.along.at) {
            self.now.stance = stance;
        }
        arrived
    }

    /// What the wheels have done since `before`.
    fn roll(&mut self, before: Stance, dt_s: f64) {
        let now = &mut self.now;
        let (dx, dz) = (now.stance.x - before.x, now.stance.z - before.z);
        let turned = wrap(now.stance.heading - before.heading);
        let middle = before.heading + turned / 2.0;
        let way = dx * cos(middle) - dz * sin(middle);
        let side = turned * self.route.track_m / 2.0;
        now.wheels_m[0] += way - side;
        now.wheels_m[1] += way + side;
        now.odometer_m += way.abs();
        now.speed = way / dt_s;
    }

    /// Where it is, in the frame of the route.
    pub fn pose(&self) -> Pose {
        let Stance { x, z, heading } = self.now.stance;
        let half = heading / 2.0;
        Pose { position: [x, 0.0, z], rotation: [0.0, sin(half), 0.0, cos(half)] }
    }
}

/// What a power makes in a time, in whole µJ.
fn micro_joules(kw: f64, dt_s: f64) -> i64 {
    (kw * dt_s * 1e9).round() as i64
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRAFFIC: Traffic =
        Traffic { full: 32, dispatch: false, clear: true, gate: true, runs: true, charger_kw: 0.0 };

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
        let start = agv.now.stance;
        let mut seen = vec![agv.now.leg];
        for _ in 0..10_000 {
            agv.step(0.02, &mut stand, TRAFFIC);
            if seen.last() != Some(&agv.now.leg) {
                seen.push(agv.now.leg);
            }
            assert!(stand.is_some() != agv.now.carries.is_some(), "one pallet, in one place");
        }
        let round = [
            Leg::Waiting,
            Leg::Lifting,
            Leg::BackingOut,
            Leg::Turning,
            Leg::ToWarehouse,
            Leg::Unloading,
            Leg::Returning,
            Leg::Lowering,
            Leg::Waiting,
        ];
        assert_eq!(seen, round);
        assert_eq!((stand, agv.now.lift_mm, agv.now.speed), (Some(0), 0.0, 0.0));
        assert_eq!(agv.now.delivered, (32, 1));
        assert!(hypot(agv.now.stance.x - start.x, agv.now.stance.z - start.z) < 1e-9);
        assert!(wrap(agv.now.stance.heading - start.heading).abs() < 1e-9, "it looks as before");
        let around = agv.way.length() + 7.0;
        assert!((agv.now.odometer_m - around).abs() < 0.01, "{} m of {around}", agv.now.odometer_m);
    }

    #[test]
    fn it_never_jumps_and_turns_no_faster_than_it_may() {
        let mut agv = Agv::new(route());
        let mut stand = Some(32);
        for _ in 0..10_000 {
            let before = agv.now.stance;
            agv.step(0.02, &mut stand, TRAFFIC);
            let way = hypot(agv.now.stance.x - before.x, agv.now.stance.z - before.z);
            let turned = wrap(agv.now.stance.heading - before.heading).to_degrees().abs();
            assert!(way <= 1.5 * 0.02 + 1e-6, "{way} m in a step, {:?}", agv.now.leg);
            // On the round the fastest turn is that of a corner: 1.5 m/s on 0.8 m.
            let most = if agv.now.leg == Leg::Turning { 30.0 } else { 1.5_f64.to_degrees() / 0.8 };
            assert!(turned <= most * 0.02 + 1e-6, "{turned}° in a step, {:?}", agv.now.leg);
        }
    }

    #[test]
    fn it_waits_for_the_gate() {
        let mut agv = Agv::new(route());
        let mut stand = Some(32);
        (0..1000).for_each(|_| {
            agv.step(0.02, &mut stand, Traffic { gate: false, ..TRAFFIC });
        });
        assert_eq!((agv.now.leg, agv.from_stand_m()), (Leg::Lifting, 0.0));
    }

    /// Energy that came in is what was used and what is there.
    fn energy_closes(now: &Ride) {
        assert_eq!(now.brought_uj + now.charged_uj, now.used_uj + now.energy_uj, "{now:?}");
        assert!((0..=CAPACITY_UJ).contains(&now.energy_uj));
    }

    #[test]
    fn it_brakes_before_an_obstacle_and_goes_on_where_it_stood() {
        let mut agv = Agv::new(route());
        let mut stand = Some(32);
        for step in 0..20_000 {
            let runs = step % 500 < 350;
            let before = agv.now;
            agv.step(0.02, &mut stand, Traffic { runs, ..TRAFFIC });
            energy_closes(&agv.now);
            let change = (agv.now.speed - before.speed).abs();
            assert!(change < 0.05, "from {} to {} m/s in a step", before.speed, agv.now.speed);
            if step % 500 == 499 {
                assert!(agv.now.speed.abs() < 1e-9 && agv.now.lift_mm == before.lift_mm);
            }
        }
        assert_eq!((stand, agv.now.delivered), (Some(0), (32, 1)), "{:?}", agv.now.leg);
    }

    #[test]
    fn one_that_is_sent_takes_a_pallet_that_is_not_full() {
        let mut agv = Agv::new(route());
        let mut stand = Some(7);
        for _ in 0..200 {
            agv.step(0.02, &mut stand, TRAFFIC);
        }
        assert_eq!(agv.now.leg, Leg::Waiting);
        for _ in 0..8000 {
            let dispatch = stand == Some(7);
            agv.step(0.02, &mut stand, Traffic { dispatch, ..TRAFFIC });
        }
        assert_eq!(agv.now.delivered, (7, 1));
    }

    #[test]
    fn an_empty_battery_stops_it_and_a_low_one_keeps_it_at_the_charger() {
        let mut agv = Agv::new(route());
        let mut stand = Some(32);
        for _ in 0..1500 {
            agv.step(0.02, &mut stand, TRAFFIC);
        }
        assert!(agv.now.speed.abs() > 0.1);
        agv.now.used_uj += agv.now.energy_uj - 50_000_000;
        agv.now.energy_uj = 50_000_000;
        for _ in 0..3000 {
            agv.step(0.02, &mut stand, TRAFFIC);
        }
        energy_closes(&agv.now);
        assert_eq!((agv.now.energy_uj, agv.now.speed), (0, 0.0), "{:?}", agv.now.leg);
        agv.now.change_battery();
        energy_closes(&agv.now);
        for _ in 0..10_000 {
            agv.step(0.02, &mut stand, TRAFFIC);
        }
        assert_eq!((agv.now.leg, stand), (Leg::Waiting, Some(0)));
        agv.now.used_uj += agv.now.energy_uj;
        agv.now.energy_uj = 0;
        stand = Some(32);
        let mut minutes = 0;
        while agv.now.leg == Leg::Waiting {
            let charger_kw = agv.now.wants_kw();
            for _ in 0..3000 {
                agv.step(0.02, &mut stand, Traffic { charger_kw, ..TRAFFIC });
            }
            energy_closes(&agv.now);
            minutes += 1;
            assert!(minutes < 20);
        }
        // 20 % at 3.283 kW net.
        assert!(minutes > 3, "{minutes} min");
    }
}
