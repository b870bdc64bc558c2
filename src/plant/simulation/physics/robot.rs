//! A six-axis robot that picks crates and stacks them on a pallet.
//!
//! Frame: glTF's, y up, origin on the floor under axis 1; metres and degrees. Zero pose: upper arm
//! upright, forearm level along +x, flange looking along +x. Axis 1 turns about y, axes 2, 3 and 5
//! about their own z (plus raises), axes 4 and 6 about their own x. The gripper always looks down,
//! so that axis 4 stays at 0 and the arm is a plane two-link problem.

use libm::{acos, atan2, cos, hypot, sin};
use serde::{Deserialize, Serialize};

use super::ramp;
use crate::twin::Pose;

/// Lengths of the links, m.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Links {
    /// Floor to axis 2.
    pub shoulder_height: f64,
    /// Axis 1 to axis 2, forward.
    pub shoulder_offset: f64,
    /// Axis 2 to axis 3.
    pub upper_arm: f64,
    /// Axis 3 to the forearm's line, up.
    pub elbow_offset: f64,
    /// Axis 3 to the wrist, along the forearm.
    pub forearm: f64,
    /// Wrist to the base of what is gripped.
    pub hand: f64,
}

/// Angles of the six axes, degrees.
pub type Joints = [f64; 6];

impl Links {
    /// Joints for which the base of the load is at `target` with its length turned by `yaw_deg`
    /// about y; `None` out of reach.
    pub fn inverse(&self, target: [f64; 3], yaw_deg: f64) -> Option<Joints> {
        let [x, y, z] = target;
        let turn = atan2(-z, x).to_degrees();
        let out = hypot(x, z) - self.shoulder_offset;
        let up = y + self.hand - self.shoulder_height;
        let lower = hypot(self.forearm, self.elbow_offset);
        let distance = hypot(out, up);
        let cosine = (self.upper_arm * self.upper_arm + distance * distance - lower * lower)
            / (2.0 * self.upper_arm * distance);
        if !(-1.0..=1.0).contains(&cosine) {
            return None;
        }
        // Elbow up: the upper arm stands above the line from shoulder to wrist.
        let upper = atan2(up, out) + acos(cosine);
        let elbow = [self.upper_arm * cos(upper), self.upper_arm * sin(upper)];
        let line = atan2(up - elbow[1], out - elbow[0]);
        let forearm = line - atan2(self.elbow_offset, self.forearm);
        let second = upper.to_degrees() - 90.0;
        let third = forearm.to_degrees() - second;
        let fifth = wrap(-90.0 - forearm.to_degrees());
        Some([turn, second, wrap(third), 0.0, fifth, wrap(turn - yaw_deg)])
    }

    /// Where the base of the load is, and its yaw in degrees: the forward kinematics for axis 4 at
    /// 0 and a gripper that looks down.
    pub fn forward(&self, joints: &Joints) -> ([f64; 3], f64) {
        let upper = (90.0 + joints[1]).to_radians();
        let forearm = (joints[1] + joints[2]).to_radians();
        let hand = forearm + joints[4].to_radians();
        let out = self.shoulder_offset + self.upper_arm * cos(upper) + self.forearm * cos(forearm)
            - self.elbow_offset * sin(forearm)
            + self.hand * cos(hand);
        let up = self.shoulder_height
            + self.upper_arm * sin(upper)
            + self.forearm * sin(forearm)
            + self.elbow_offset * cos(forearm)
            + self.hand * sin(hand);
        let turn = joints[0].to_radians();
        ([out * cos(turn), up, -out * sin(turn)], wrap(joints[0] - joints[5]))
    }
}

fn wrap(degrees: f64) -> f64 {
    (degrees + 180.0).rem_euclid(360.0) - 180.0
}

/// What it works on, in its own frame; points are bases of crates.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cell {
    /// Lengths of the links.
    pub links: Links,
    /// The crate at the end of its conveyor.
    pub pick: [f64; 3],
    /// Middle of the top of the empty pallet.
    pub pallet: [f64; 3],
    /// Crates along x, along z, and layers.
    pub stack: [u32; 3],
    /// Distances of crates along x, along z, and of layers, m.
    pub pitch: [f64; 3],
    /// Yaw of the gripper, degrees.
    #[serde(default)]
    pub yaw: f64,
    /// Height above a crate at which it travels, m.
    pub clearance: f64,
    /// Seconds for a whole cycle.
    pub cycle_s: f64,
}

impl Cell {
    /// Crates on a full pallet.
    pub fn full(&self) -> u32 {
        self.stack.iter().product()
    }

    /// Whether a robot can pick there, and set down on every place of the stack.
    pub fn reaches_all(&self) -> bool {
        let reaches = |at: [f64; 3]| {
            let above = [at[0], at[1] + self.clearance, at[2]];
            [at, above].iter().all(|at| self.links.inverse(*at, self.yaw).is_some())
        };
        reaches(self.pick) && (0..self.full()).all(|number| reaches(self.place(number)))
    }

    /// Base of the crate with that number, 0 first. Rows run along x, turned about at each row's
    /// end, and the layers alternate, as the crates' path does.
    pub fn place(&self, number: u32) -> [f64; 3] {
        let [along, rows, _] = self.stack;
        let layer = number / (along * rows);
        let in_layer = number % (along * rows);
        let in_layer = if layer % 2 == 1 { along * rows - 1 - in_layer } else { in_layer };
        let row = in_layer / along;
        let column = in_layer % along;
        let column = if row % 2 == 1 { along - 1 - column } else { column };
        let middle = |count: u32, at: u32| f64::from(at) - (f64::from(count) - 1.0) / 2.0;
        [
            self.pallet[0] + self.pitch[0] * middle(along, column),
            self.pallet[1] + self.pitch[2] * f64::from(layer),
            self.pallet[2] + self.pitch[1] * middle(rows, row),
        ]
    }
}

/// The robot at work.
#[derive(Clone, Debug)]
pub struct Robot {
    /// Its cell.
    pub cell: Cell,
    /// Where it is, and what it holds.
    pub now: Arm,
}

/// What a robot does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Doing {
    /// It waits for a crate.
    Waiting,
    /// It is in a cycle.
    Running,
    /// It waits for a pallet with room.
    Pallet,
}

impl Doing {
    /// The word for it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Running => "running",
            Self::Pallet => "pallet",
        }
    }
}

/// Where a robot is, and what it holds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Arm {
    /// Angles, degrees.
    pub joints: Joints,
    /// Opening of each jaw, mm.
    pub jaw_mm: f64,
    /// Holds a crate.
    pub holding: bool,
    /// Cycles done.
    pub cycles: u64,
    /// What it does.
    pub doing: Doing,
    /// Its speed as a share of that of the stated cycle; it brakes and starts within half a second.
    pub pace: f64,
    /// Share of the cycle that is done; `None` while it waits.
    phase: Option<f64>,
    way: Vec<(f64, Joints)>,
}

impl Arm {
    /// Whether it is in a cycle, so that it, or a crate, may be above the pallet.
    pub fn is_in_cycle(&self) -> bool {
        self.phase.is_some()
    }

    /// Whether what it was read from can be one of that robot: as many stops, finite.
    pub fn is_sound(&self) -> bool {
        let way = &self.way;
        (self.phase.is_none() || way.len() == STOPS)
            && way.len() <= STOPS
            && self.phase.is_none_or(|phase| (0.0..=1.0).contains(&phase))
            && (0.0..=1.0).contains(&self.pace)
            && (0.0..=120.0).contains(&self.jaw_mm)
            && way.windows(2).all(|two| two[0].0 < two[1].0)
            && way.iter().all(|(share, _)| (0.0..=1.0).contains(share))
            && self
                .joints
                .iter()
                .chain(way.iter().flat_map(|(_, joints)| joints))
                .all(|n| n.abs() < 1e6)
    }

    /// Whether it moves: it is in a cycle, and neither stopped nor held up.
    pub fn moves(&self) -> bool {
        self.is_in_cycle() && self.pace > 0.0
    }
}

/// Stops of a cycle.
const STOPS: usize = 9;
/// Shares of the cycle at which it closes its jaws, holds, looks for the pallet, and lets go.
const MARKS: [f64; 4] = [0.14, 0.18, 0.52, 0.64];

/// What a step of the robot wants done to its surroundings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deed {
    /// Nothing.
    None,
    /// It has gripped the waiting crate.
    Picked,
    /// It has set a crate down.
    Placed,
}

/// What a robot finds in its cell.
#[derive(Clone, Copy, Debug)]
pub struct Around {
    /// A crate waits where it picks.
    pub crate_waits: bool,
    /// Crates on the pallet; `None`: there is no pallet, or it is being lifted or lowered.
    pub stacked: Option<u32>,
    /// Share of the cycle's speed that it is to work with; 0: it stands.
    pub pace: f64,
}

impl Robot {
    /// Above its pick position. `None` when a place of its stack is out of reach.
    pub fn new(cell: Cell) -> Option<Self> {
        if !cell.reaches_all() {
            return None;
        }
        let [x, y, z] = cell.pick;
        let home = cell.links.inverse([x, y + cell.clearance, z], cell.yaw)?;
        let now = Arm {
            joints: home,
            jaw_mm: 60.0,
            holding: false,
            cycles: 0,
            doing: Doing::Waiting,
            pace: 0.0,
            phase: None,
            way: Vec::new(),
        };
        Some(Self { cell, now })
    }

    /// One step. It starts a cycle when a crate waits and a pallet with room stands there. Slowed or
    /// stopped it stays on its way, and keeps what it holds.
    pub fn step(&mut self, dt_s: f64, around: Around) -> Deed {
        self.now.pace = ramp(self.now.pace, around.pace, 2.0, dt_s);
        let Some(phase) = self.now.phase else {
            let room = around.stacked.is_some_and(|stacked| stacked < self.cell.full());
            self.now.doing = if room { Doing::Waiting } else { Doing::Pallet };
            if let (true, true, Some(stacked)) =
                (around.crate_waits && room, around.pace > 0.0, around.stacked)
            {
                self.now.way = self.plan(stacked);
                self.now.phase = Some(0.0);
            }
            return Deed::None;
        };
        self.now.doing = Doing::Running;
        let mut after = phase + self.now.pace * dt_s / self.cell.cycle_s;
        // In long steps of a short cycle it still does one thing after the other.
        if let Some(second) = MARKS.iter().filter(|mark| **mark > phase).nth(1) {
            after = after.min(second - 1e-9);
        }
        let passed = |mark: f64, after: f64| phase < mark && after >= mark;
        // Without the crate it does not close its jaws, nor sets one down where no pallet is.
        if (passed(0.14, after) || passed(0.18, after)) && !around.crate_waits
            || passed(0.52, after) && around.stacked.is_none()
        {
            after = phase;
            self.now.pace = 0.0;
        }
        self.now.joints = along(&self.now.way, after);
        // Shares of the cycle: down 0–0.14, grip 0.14–0.18, up, over, down 0.52–0.64, release –0.68.
        let closing = ((after - 0.14) / 0.04).clamp(0.0, 1.0);
        let opening = ((after - 0.64) / 0.04).clamp(0.0, 1.0);
        self.now.jaw_mm = 60.0 * (1.0 - closing + opening);
        if passed(0.18, after) {
            self.now.holding = true;
            self.now.phase = Some(after);
            return Deed::Picked;
        }
        self.now.phase = if after < 1.0 { Some(after) } else { None };
        if passed(0.64, after) {
            self.now.holding = false;
            self.now.cycles += 1;
            return Deed::Placed;
        }
        Deed::None
    }

    /// Pose of the held crate in the robot's frame.
    pub fn load_pose(&self) -> Pose {
        let (position, yaw) = self.cell.links.forward(&self.now.joints);
        let half = wrap(yaw - self.cell.yaw).to_radians() / 2.0;
        Pose { position, rotation: [0.0, sin(half), 0.0, cos(half)] }
    }

    /// Share of the cycle and joints at each stop.
    fn plan(&self, stacked: u32) -> Vec<(f64, Joints)> {
        let (cell, links) = (&self.cell, &self.cell.links);
        let place = cell.place(stacked);
        let over = |[x, y, z]: [f64; 3], lift: f64| {
            links.inverse([x, y + lift, z], cell.yaw).unwrap_or(self.now.joints)
        };
        vec![
            (0.00, self.now.joints),
            (0.14, over(cell.pick, 0.0)),
            (0.18, over(cell.pick, 0.0)),
            (0.30, over(cell.pick, cell.clearance)),
            (0.52, over(place, cell.clearance)),
            (0.64, over(place, 0.0)),
            (0.68, over(place, 0.0)),
            (0.78, over(place, cell.clearance)),
            (1.00, over(cell.pick, cell.clearance)),
        ]
    }
}

/// Joints at a share of the cycle: from stop to stop with a smooth start and end.
fn along(way: &[(f64, Joints)], share: f64) -> Joints {
    let end = way.partition_point(|(at, _)| *at <= share).clamp(1, way.len() - 1);
    let ((from, start), (to, stop)) = (way[end - 1], way[end]);
    let part = ((share - from) / (to - from)).clamp(0.0, 1.0);
    let smooth = part * part * (3.0 - 2.0 * part);
    std::array::from_fn(|axis| start[axis] + wrap(stop[axis] - start[axis]) * smooth)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cell() -> Cell {
        Cell {
            links: Links {
                shoulder_height: 1.15,
                shoulder_offset: 0.3,
                upper_arm: 1.05,
                elbow_offset: 0.15,
                forearm: 1.05,
                hand: 0.6,
            },
            pick: [-1.3, 0.75, 0.8],
            pallet: [0.0, 0.544, 1.65],
            stack: [2, 4, 4],
            pitch: [0.4, 0.3, 0.25],
            yaw: 90.0,
            clearance: 0.2,
            cycle_s: 6.0,
        }
    }

    #[test]
    fn the_zero_pose_is_where_the_drawing_puts_it() {
        let mut links = cell().links;
        links.hand = 0.2;
        let (flange, _) = links.forward(&[0.0; 6]);
        // 0.3 + 1.05 + 0.2 forward; 1.15 + 1.05 + 0.15 up.
        let expected = [1.55, 2.35, 0.0];
        assert!(flange.iter().zip(expected).all(|(is, should)| (is - should).abs() < 1e-12));
    }

    #[test]
    fn the_joints_reach_every_place_of_the_stack_with_the_gripper_down() {
        let cell = cell();
        let lift = |[x, y, z]: [f64; 3], by: f64| [x, y + by, z];
        let places = (0..cell.full()).map(|number| cell.place(number)).chain([cell.pick]);
        for place in places.flat_map(|place| [place, lift(place, cell.clearance)]) {
            let joints = cell.links.inverse(place, cell.yaw).expect("within reach");
            let (reached, yaw) = cell.links.forward(&joints);
            for axis in 0..3 {
                assert!((reached[axis] - place[axis]).abs() < 1e-9, "{place:?} {reached:?}");
            }
            assert!((wrap(yaw - cell.yaw)).abs() < 1e-9);
            let down = joints[1] + joints[2] + joints[4];
            assert!((wrap(down + 90.0)).abs() < 1e-9, "the hand looks down: {joints:?}");
        }
        assert!(cell.links.inverse([3.5, 0.5, 0.0], 0.0).is_none(), "too far");
    }

    /// What a robot at work finds: a crate, and a pallet with so many.
    fn around(crate_waits: bool, stacked: Option<u32>) -> Around {
        Around { crate_waits, stacked, pace: 1.0 }
    }

    #[test]
    fn a_cycle_picks_once_and_places_once_at_the_next_place() {
        let mut robot = Robot::new(cell()).expect("all within reach");
        let mut deeds = Vec::new();
        let mut set_down = [0.0; 3];
        for _ in 0..400 {
            let deed = robot.step(0.02, around(deeds.is_empty(), Some(deeds.len() as u32 / 2)));
            if deed == Deed::Placed {
                set_down = robot.load_pose().position;
            }
            if deed != Deed::None {
                deeds.push(deed);
            }
        }
        assert_eq!(deeds, [Deed::Picked, Deed::Placed]);
        let place = robot.cell.place(0);
        for axis in 0..3 {
            assert!((set_down[axis] - place[axis]).abs() < 0.01, "{set_down:?} {place:?}");
        }
        assert_eq!((robot.now.doing, robot.now.cycles), (Doing::Waiting, 1));
    }

    #[test]
    fn one_that_is_stopped_anywhere_stands_smoothly_and_finishes_what_it_began() {
        let mut robot = Robot::new(cell()).expect("all within reach");
        let mut deeds = Vec::new();
        let mut before = robot.now.joints;
        for step in 0..2000 {
            let pace = if step % 90 < 40 { 0.6 } else { 0.0 };
            let waits = deeds.is_empty();
            let deed = robot.step(0.02, Around { pace, ..around(waits, Some(0)) });
            deeds.extend((deed != Deed::None).then_some(deed));
            if step % 90 == 89 {
                assert_eq!(robot.now.joints, before, "it stands");
            }
            for (now, before) in robot.now.joints.iter().zip(before) {
                assert!(wrap(now - before).abs() < 5.0, "no jump");
            }
            before = robot.now.joints;
        }
        assert_eq!(deeds, [Deed::Picked, Deed::Placed]);
    }

    #[test]
    fn it_sets_nothing_down_while_no_pallet_is_there() {
        let mut robot = Robot::new(cell()).expect("all within reach");
        let mut picked = false;
        for _ in 0..800 {
            let there = (!picked).then_some(0);
            let deed = robot.step(0.02, around(!picked, there));
            picked |= deed == Deed::Picked;
            assert_ne!(deed, Deed::Placed);
        }
        assert!(robot.now.holding, "it holds the crate above");
        assert!((0..300).any(|_| robot.step(0.02, around(false, Some(3))) == Deed::Placed));
    }
}
