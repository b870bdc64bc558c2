//! The drives of a robot's axes: torque, motor current and heat.
//!
//! The arm is a plane chain of three masses (upper arm, forearm, hand with its load) that turns
//! about axis 1. Torques at the joints: inertia J α, gravity m g x (a quarter of it, springs and
//! counterweights carry the rest), friction of the gear. The motor's current is what makes that torque;
//! heat is the friction's and that of the windings, I² R, with one time constant to the room. A worn
//! gear has more friction: first the current of its axis tells, then its temperature.

use libm::{cos, exp, sin};
use serde::{Deserialize, Serialize};

use super::robot::{Joints, Links};

/// Constants of one axis.
struct Drive {
    /// Torque at the joint that one ampere makes, Nm/A.
    nm_per_a: f64,
    /// Friction of the gear whatever the speed, Nm, and with it, Nm s/°.
    coulomb_nm: f64,
    viscous: f64,
    /// Current that warms it by [`RATED_K`], A.
    rated_a: f64,
    /// How much warmer a kilowatt of friction makes the gear, K/kW.
    k_per_kw: f64,
}

/// The motor and the gear of axis 1 are the largest, and stand on the floor, which takes their heat.
const DRIVES: [Drive; 6] = [
    Drive { nm_per_a: 450.0, coulomb_nm: 260.0, viscous: 3.0, rated_a: 4.5, k_per_kw: 80.0 },
    Drive { nm_per_a: 420.0, coulomb_nm: 280.0, viscous: 3.5, rated_a: 3.0, k_per_kw: 200.0 },
    Drive { nm_per_a: 260.0, coulomb_nm: 150.0, viscous: 2.0, rated_a: 3.0, k_per_kw: 200.0 },
    Drive { nm_per_a: 110.0, coulomb_nm: 45.0, viscous: 0.6, rated_a: 1.5, k_per_kw: 200.0 },
    Drive { nm_per_a: 90.0, coulomb_nm: 40.0, viscous: 0.5, rated_a: 1.5, k_per_kw: 200.0 },
    Drive { nm_per_a: 60.0, coulomb_nm: 25.0, viscous: 0.3, rated_a: 1.5, k_per_kw: 200.0 },
];

/// Masses of upper arm, forearm, and hand with gripper, kg.
const MASSES: [f64; 3] = [110.0, 75.0, 45.0];
/// m/s².
const G: f64 = 9.81;
/// Part of gravity that the motors of axes 2 and 3 carry.
const UNBALANCED: f64 = 0.25;
/// Current of a motor that holds nothing, A.
const IDLE_A: f64 = 0.15;
/// How much warmer the rated current makes an axis, K.
const RATED_K: f64 = 30.0;
/// Time constant of an axis' temperature, s.
const WARMS_S: f64 = 480.0;
/// By how much the friction of a gear has grown when it is worn out.
const WORN_FRICTION: f64 = 3.0;

/// At this temperature of a gear its drive trips, °C.
pub const HOT_C: f64 = 95.0;
/// Below this it can be reset, °C.
pub const COOL_C: f64 = 80.0;

/// One axis.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct AxisDrive {
    angle_deg: f64,
    speed_deg_s: f64,
    /// Current of its motor, A.
    pub current_a: f64,
    /// Temperature of its gear, °C.
    pub temperature_c: f64,
    /// Mechanical power, whichever way, kW.
    pub power_kw: f64,
    /// Mechanical work since it was asked for last, kJ.
    work_kj: f64,
}

impl AxisDrive {
    /// The work since this was asked last, kJ.
    pub fn take_work_kj(&mut self) -> f64 {
        std::mem::take(&mut self.work_kj)
    }
}

/// The six axes.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct AxisDrives(pub [AxisDrive; 6]);

/// What the drives move, and where.
#[derive(Clone, Copy, Debug)]
pub struct Loading<'a> {
    /// Lengths of the links.
    pub links: &'a Links,
    /// What the gripper holds, kg.
    pub load_kg: f64,
    /// Wear of each gear, 0 new to 1 worn out.
    pub worn: [f64; 6],
    /// Temperature of the room, °C.
    pub room_c: f64,
    /// Brakes are on: no motor has current.
    pub off: bool,
}

impl AxisDrives {
    /// At rest at a room's temperature.
    pub fn new(joints: &Joints, room_c: f64) -> Self {
        let axis = |angle_deg: f64| AxisDrive {
            angle_deg,
            speed_deg_s: 0.0,
            current_a: 0.0,
            temperature_c: room_c,
            power_kw: 0.0,
            work_kj: 0.0,
        };
        Self(joints.map(axis))
    }

    /// Whether what it was read from can be one.
    pub fn is_sound(&self) -> bool {
        self.0.iter().all(|axis| {
            let AxisDrive { angle_deg, speed_deg_s, current_a, power_kw, work_kj, .. } = *axis;
            let is_small = |n: f64| n.abs() < 1e6;
            is_small(angle_deg)
                && is_small(speed_deg_s)
                && [current_a, power_kw, work_kj].iter().all(|n| (0.0..1e6).contains(n))
                && (-100.0..1e4).contains(&axis.temperature_c)
        })
    }

    /// Temperature of the warmest gear, °C.
    pub fn hottest(&self) -> f64 {
        self.0.iter().map(|axis| axis.temperature_c).fold(f64::MIN, f64::max)
    }

    /// Electrical power of all of them, kW.
    pub fn power_kw(&self) -> f64 {
        self.0
            .iter()
            .map(|axis| axis.power_kw / 0.85 + 0.012 * axis.current_a * axis.current_a)
            .sum()
    }

    /// One step to new angles.
    pub fn step(&mut self, dt_s: f64, joints: &Joints, loading: &Loading<'_>) {
        let mut acceleration = [0.0; 6];
        for ((axis, angle), acceleration) in self.0.iter_mut().zip(joints).zip(&mut acceleration) {
            let turned = (angle - axis.angle_deg + 180.0).rem_euclid(360.0) - 180.0;
            let speed = turned / dt_s;
            *acceleration = ((speed - axis.speed_deg_s) / dt_s).to_radians();
            (axis.angle_deg, axis.speed_deg_s) = (*angle, speed);
        }
        let torques = torques(joints, &acceleration, loading);
        let keeps = exp(-dt_s / WARMS_S);
        for ((axis, drive), (torque, worn)) in
            self.0.iter_mut().zip(&DRIVES).zip(torques.into_iter().zip(loading.worn))
        {
            let speed = axis.speed_deg_s.abs();
            let friction = (drive.coulomb_nm * speed / (speed + 2.0) + drive.viscous * speed)
                * (1.0 + WORN_FRICTION * worn);
            // Friction helps a drive that brakes; what it holds in standstill it holds anyway.
            let needed = (torque * axis.speed_deg_s.signum() + friction).abs();
            axis.current_a = if loading.off { 0.0 } else { IDLE_A + needed / drive.nm_per_a };
            axis.power_kw = if loading.off { 0.0 } else { needed * speed.to_radians() / 1000.0 };
            axis.work_kj += axis.power_kw * dt_s;
            let share = axis.current_a / drive.rated_a;
            let warmer =
                RATED_K * share * share + drive.k_per_kw * friction * speed.to_radians() / 1000.0;
            let goal = loading.room_c + warmer;
            axis.temperature_c = goal + (axis.temperature_c - goal) * keeps;
        }
    }
}

/// Torques at the joints without friction, Nm; accelerations in rad/s².
fn torques(joints: &Joints, acceleration: &[f64; 6], loading: &Loading<'_>) -> [f64; 6] {
    let links = loading.links;
    let [upper_kg, forearm_kg, hand_kg] = MASSES;
    let held_kg = hand_kg + loading.load_kg;
    let upper = (90.0 + joints[1]).to_radians();
    let forearm = (joints[1] + joints[2]).to_radians();
    let elbow = links.upper_arm * cos(upper);
    let wrist = elbow + links.forearm * cos(forearm) - links.elbow_offset * sin(forearm);
    let reach = wrist - elbow;
    let lower = links.forearm * links.forearm + links.elbow_offset * links.elbow_offset;
    let gravity_3 = G * (forearm_kg * 0.45 + held_kg) * reach;
    let gravity_2 = G * ((upper_kg * 0.5 + forearm_kg + held_kg) * elbow) + gravity_3;
    let inertia_3 = (forearm_kg * 0.3 + held_kg) * lower;
    let inertia_2 = (upper_kg / 3.0 + forearm_kg + held_kg) * links.upper_arm * links.upper_arm;
    let out = links.shoulder_offset + wrist;
    let middle = links.shoulder_offset + 0.5 * (elbow + wrist);
    let inertia_1 = 40.0 + held_kg * out * out + forearm_kg * middle * middle;
    let inertia_5 = 2.0 + held_kg * 0.06;
    let inertia_6 = 1.0 + held_kg * 0.03;
    [
        inertia_1 * acceleration[0],
        UNBALANCED * gravity_2 + inertia_2 * acceleration[1] + inertia_3 * acceleration[2],
        UNBALANCED * gravity_3 + inertia_3 * (acceleration[1] + acceleration[2]),
        inertia_6 * acceleration[3],
        inertia_5 * acceleration[4],
        inertia_6 * acceleration[5],
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINKS: Links = Links {
        shoulder_height: 1.15,
        shoulder_offset: 0.3,
        upper_arm: 1.05,
        elbow_offset: 0.15,
        forearm: 1.05,
        hand: 0.6,
    };

    fn loading(load_kg: f64, worn: [f64; 6]) -> Loading<'static> {
        Loading { links: &LINKS, load_kg, worn, room_c: 22.0, off: false }
    }

    /// Axes 1, 2, 3 and 6 swing smoothly, as in cycles of five seconds.
    fn swing(step: u32) -> Joints {
        let share = (1.0 - cos(f64::from(step) * 0.02 / 5.0 * std::f64::consts::TAU)) / 2.0;
        [90.0 * share, -20.0 + 25.0 * share, -30.0 + 20.0 * share, 0.0, -40.0, 60.0 * share]
    }

    /// Mean current, and temperature at the end, of each axis after half an hour.
    fn work(load_kg: f64, worn: [f64; 6]) -> [(f64, f64); 6] {
        let mut drives = AxisDrives::new(&swing(0), 22.0);
        let mut sums = [0.0; 6];
        let steps = 90_000;
        for step in 0..steps {
            drives.step(0.02, &swing(step), &loading(load_kg, worn));
            sums.iter_mut().zip(&drives.0).for_each(|(sum, axis)| *sum += axis.current_a);
        }
        std::array::from_fn(|at| (sums[at] / f64::from(steps), drives.0[at].temperature_c))
    }

    #[test]
    fn the_axis_that_works_most_draws_most_and_is_the_warmest() {
        let axes = work(14.0, [0.0; 6]);
        let standing = axes[3];
        for (at, (current, temperature)) in axes.iter().enumerate() {
            assert!((0.1..6.0).contains(current), "{at}: {current} A");
            assert!((22.0..90.0).contains(temperature), "{at}: {temperature} °C");
            if [0, 1, 2].contains(&at) {
                assert!(*current > 2.0 * standing.0 && *temperature > standing.1 + 3.0, "{axes:?}");
            }
        }
    }

    #[test]
    fn a_worn_gear_shows_in_the_current_and_the_temperature_of_its_axis_alone() {
        let sound = work(14.0, [0.0; 6]);
        let worn = work(14.0, [0.0, 0.0, 0.8, 0.0, 0.0, 0.0]);
        for at in 0..6 {
            if at == 2 {
                assert!(worn[at].0 > 1.15 * sound[at].0, "{:?} {:?}", worn[at], sound[at]);
                assert!(worn[at].1 > sound[at].1 + 5.0, "{:?} {:?}", worn[at], sound[at]);
            } else {
                assert_eq!(worn[at], sound[at]);
            }
        }
    }

    #[test]
    fn a_heavier_load_needs_more_current_and_brakes_need_none() {
        let (light, heavy) = (work(0.0, [0.0; 6]), work(20.0, [0.0; 6]));
        assert!(heavy[1].0 > light[1].0 && heavy[2].0 > light[2].0, "{light:?} {heavy:?}");
        let mut drives = AxisDrives::new(&swing(0), 22.0);
        drives.step(0.02, &swing(0), &Loading { off: true, ..loading(0.0, [0.0; 6]) });
        assert_eq!((drives.0[1].current_a, drives.power_kw()), (0.0, 0.0));
        drives.step(0.02, &swing(0), &loading(0.0, [0.0; 6]));
        assert!(drives.0[1].current_a > 0.3, "it holds the arm: {} A", drives.0[1].current_a);
    }
}
