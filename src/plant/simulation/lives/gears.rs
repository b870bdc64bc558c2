//! Lives of the robot's gears: its drives alone, moved as the bottling scene moves them.
//!
//! The way of the arm does not depend on how worn a gear is, and a worn gear does nothing to the
//! others: the way of about an hour is made once, by the scene's blocks, and driven again and again
//! with all gears wearing at the same time. A gear's life ends when it is done or when it is so hot
//! that the robot trips. The room stays at 24 °C.

use super::Life;
use crate::plant::simulation::blocks::BlockSpec;
use crate::plant::simulation::packaging::{GEAR_LIFE, GEARS, USUAL_KW};
use crate::plant::simulation::parts::{PartSlot, Parts, WearSpec};
use crate::plant::simulation::physics::joints::{AxisDrives, HOT_C, Loading};
use crate::plant::simulation::physics::robot::{Joints, Links};
use crate::plant::simulation::tests::scene_section;
use crate::plant::simulation::wiring::{Signal, Wiring};
use crate::plant::simulation::{build, read};

/// How many times faster gears wear.
const AGEING: f64 = 5000.0;
/// A step, s, and steps between two messages of the axes and between two looks at the wear.
const DT_S: f64 = 0.02;
const MESSAGE: usize = 25;
const SECOND: usize = 50;
/// Steps until the line is full and the arm works as it always will, and of the way that is kept.
const BEFORE: usize = 10 * 60 * SECOND;
const KEPT: usize = 60 * 60 * SECOND;
const ROOM_C: f64 = 24.0;
/// What instruments tell of an axis, with the deviation of their noise: of the current also by its
/// share.
const NAMES: [[&str; 2]; 6] = [
    ["R-301.a1_current", "R-301.a1_temperature"],
    ["R-301.a2_current", "R-301.a2_temperature"],
    ["R-301.a3_current", "R-301.a3_temperature"],
    ["R-301.a4_current", "R-301.a4_temperature"],
    ["R-301.a5_current", "R-301.a5_temperature"],
    ["R-301.a6_current", "R-301.a6_temperature"],
];
const CURRENT: (f64, f64) = (0.02, 0.01);
const TEMPERATURE: f64 = 0.08;

/// Where the arm is in each step, and whether it holds a crate. It ends where it begins, at rest.
struct Way {
    steps: Vec<(Joints, bool)>,
    links: Links,
    crate_kg: f64,
}

impl Way {
    /// As the bottling scene moves it when nothing goes wrong.
    fn of_the_scene() -> Self {
        let twin = scene_section("bottling.ron");
        let spec = read(twin.simulation.as_ref().expect("a section")).expect("a good section");
        let mut wiring = Wiring::default();
        let mut blocks = build(&spec, 1, &mut wiring);
        let mut board = wiring.board();
        let slot = |name: &str| wiring.find(&format!("R-301.{name}")).expect("a signal").0;
        let (angles, holds) = (["a1", "a2", "a3", "a4", "a5", "a6"].map(slot), slot("holding"));
        let mut steps = Vec::with_capacity(KEPT);
        for step in 0..BEFORE + KEPT {
            board.clock.tick(20_000);
            for block in &mut blocks {
                block.step(&mut board, step as f64 * DT_S, DT_S);
            }
            if step >= BEFORE {
                let held = board.signals[holds] == Signal::Word("true");
                steps.push((angles.map(|slot| board.number(slot)), held));
            }
        }
        let rests = |at: &usize| *at >= SECOND && steps[*at].0 == steps[*at - SECOND].0;
        let from = (0..KEPT).find(rests).expect("it waits for a crate");
        let back = |at: &usize| {
            let apart = steps[*at].0.iter().zip(&steps[from].0).map(|(a, b)| (a - b).abs());
            rests(at) && apart.fold(0.0, f64::max) < 1e-6
        };
        let to = (0..KEPT).rev().find(back).expect("it waits again");
        assert!(to > from + KEPT / 2, "from {from} to {to}");
        let packaging = spec.blocks.into_iter().find_map(|block| match block {
            BlockSpec::Packaging(spec) => Some(*spec),
            _ => None,
        });
        let packaging = packaging.expect("the scene has a robot");
        let crate_kg = packaging.crate_kg;
        let links = packaging.cell.expect("a robot works on something").links;
        Self { steps: steps[from..to].to_vec(), links, crate_kg }
    }

    fn drive(&self, drives: &mut AxisDrives, step: usize, worn: [f64; 6]) {
        let (joints, holds) = &self.steps[step % self.steps.len()];
        let load_kg = if *holds { self.crate_kg } else { 0.0 };
        let loading = Loading { links: &self.links, load_kg, worn, room_c: ROOM_C, off: false };
        drives.step(DT_S, joints, &loading);
    }
}

/// Drives that are warm, and the highest current and temperature that each then has while it is new.
struct New {
    drives: AxisDrives,
    highest: [[f64; 2]; 6],
}

impl New {
    fn on(way: &Way) -> Self {
        let mut drives = AxisDrives::new(&way.steps[0].0, ROOM_C);
        let turn = way.steps.len();
        (0..2 * turn).for_each(|step| way.drive(&mut drives, step, [0.0; 6]));
        let mut highest = [[0.0f64; 2]; 6];
        for step in 0..turn {
            way.drive(&mut drives, step, [0.0; 6]);
            for (highest, axis) in highest.iter_mut().zip(&drives.0) {
                *highest = [highest[0].max(axis.current_a), highest[1].max(axis.temperature_c)];
            }
        }
        for axis in &mut drives.0 {
            axis.take_work_kj();
        }
        Self { drives, highest }
    }
}

/// The lives of the six gears of one robot; `None` of one whose axis does not turn.
fn live(way: &Way, new: &New, seed: u64) -> [Option<Life>; 6] {
    let wear = WearSpec { ageing: AGEING, ..WearSpec::default() };
    let mut parts = Parts::new(seed, &wear);
    let slots: [PartSlot; 6] =
        GEARS.map(|gear| parts.add("R-301", gear, GEAR_LIFE, &wear).expect("a part"));
    let mut drives = new.drives;
    let mut symptoms = [None; 6];
    let mut lives = [const { None }; 6];
    let turn = way.steps.len();
    for step in 0.. {
        way.drive(&mut drives, step, slots.map(|slot| parts.worn(slot)));
        let hours = (step + 1) as f64 * DT_S / 3600.0 * AGEING;
        if step % MESSAGE == 0 {
            for (at, (axis, symptom)) in drives.0.iter().zip(&mut symptoms).enumerate() {
                let told = [axis.current_a, axis.temperature_c];
                let sigma = [CURRENT.0.hypot(CURRENT.1 * told[0]), TEMPERATURE];
                let away = |of: usize| (told[of] - new.highest[at][of]) / sigma[of];
                let most = usize::from(away(1) > away(0));
                if symptom.is_none() && away(most) > super::VISIBLE {
                    *symptom = Some((hours, NAMES[at][most]));
                }
            }
        }
        if step % SECOND != SECOND - 1 {
            continue;
        }
        for (at, slot) in slots.into_iter().enumerate() {
            let stress = drives.0[at].take_work_kj() / USUAL_KW[at];
            parts.wear(slot, stress, 1.0);
            let is_over = parts.worn(slot) >= 1.0 || drives.0[at].temperature_c > HOT_C;
            if is_over && lives[at].is_none() {
                lives[at] = Some(Life { end_h: hours, symptom: symptoms[at] });
            }
        }
        let turns = |at: usize| parts.worn(slots[at]) > 0.0 || step < turn;
        if (0..6).all(|at| lives[at].is_some() || !turns(at)) {
            break;
        }
    }
    lives
}

/// The rows of the table.
pub fn table(seeds: u64) -> Vec<String> {
    let way = Way::of_the_scene();
    let new = New::on(&way);
    let mut by_gear: [Vec<Life>; 6] = std::array::from_fn(|_| Vec::new());
    for lives in super::of_seeds(seeds, |seed| live(&way, &new, seed)) {
        by_gear.iter_mut().zip(lives).for_each(|(all, life)| all.extend(life));
    }
    let rows = GEARS.iter().zip(&by_gear).filter(|(_, lives)| !lives.is_empty());
    rows.map(|(gear, lives)| super::row(&format!("R-301.{gear}"), lives)).collect()
}

#[test]
fn a_gear_shows_in_the_temperature_or_the_current_of_its_own_axis_before_its_end() {
    let way = Way::of_the_scene();
    let new = New::on(&way);
    let lives = live(&way, &new, 3);
    assert!(lives[3].is_none(), "axis 4 does not turn");
    for (at, life) in lives.iter().enumerate().filter(|(at, _)| *at != 3) {
        let life = life.as_ref().expect("it ends");
        let (at_h, name) = life.symptom.expect("it shows");
        assert!(NAMES[at].contains(&name) && at_h < 0.9 * life.end_h, "{name} at {at_h} h");
    }
}
