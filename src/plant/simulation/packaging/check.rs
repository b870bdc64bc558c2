//! What is wrong with a `Packaging` block, before anything of it is built.

use std::ops::RangeInclusive;

use super::spec::{CellSpec, Extent, MachineSpec, PackagingSpec, PackingSpec};
use crate::plant::simulation::physics::agv::Route;
use crate::plant::simulation::physics::robot::Cell;
use crate::plant::simulation::physics::way::{Way, heading, wrap};

/// The most bottles, and crates, that there is room for on a path.
const MOST_THINGS: f64 = 5000.0;
/// The most crates on a pallet.
const MOST_STACKED: u64 = 1000;
/// Caps with which a hopper is of use: below four the capper stops.
const LEAST_CAPS: u32 = 8;
/// The sharpest corner of a way, degrees.
const SHARPEST: f64 = 170.0;
/// Lengths in a frame, m.
const PLACE: RangeInclusive<f64> = -1000.0..=1000.0;

/// The mistakes so far: the asset at fault, and the message.
struct Checks {
    asset: String,
    mistakes: Vec<(String, String)>,
}

impl Checks {
    fn say(&mut self, what: String) {
        self.mistakes.push((self.asset.clone(), what));
    }

    fn within(&mut self, name: &str, value: f64, range: RangeInclusive<f64>) {
        if !range.contains(&value) {
            let (low, high) = range.into_inner();
            let what = format!("`{name}` of {} is {value}; expected {low} to {high}", self.asset);
            self.say(what);
        }
    }

    fn all(&mut self, name: &str, values: &[f64], range: &RangeInclusive<f64>) {
        if let Some(wrong) = values.iter().find(|value| !range.contains(value)) {
            self.within(name, *wrong, range.clone());
        }
    }
}

impl PackagingSpec {
    /// What is wrong with it, and what to do: by asset.
    pub fn check(&self, extent: &Extent) -> Vec<(String, String)> {
        let mut checks = Checks { asset: self.line.clone(), mistakes: Vec::new() };
        self.check_line(&mut checks);
        self.check_machines(&mut checks);
        if let Some(packing) = &extent.packing {
            packing.check(&mut checks);
        }
        if let Some(cell) = &extent.cell {
            checks.asset.clone_from(&cell.robot);
            checks.within("crate_kg", self.crate_kg, 0.1..=1000.0);
            cell.check(&mut checks);
        }
        if let Some(vehicle) = &extent.vehicle {
            checks.asset.clone_from(&vehicle.agv);
            check_route(&vehicle.route, &mut checks);
        }
        checks.mistakes
    }

    fn check_line(&self, checks: &mut Checks) {
        checks.within("length", self.length, 0.5..=1000.0);
        checks.within("belt", self.belt, 0.01..=5.0);
        checks.within("gap", self.gap, 0.005..=10.0);
        checks.within("rate", self.rate, 1.0..=200_000.0);
        checks.within("bottle_m3", self.bottle_m3, 1e-6..=1.0);
        let most = 3600.0 * self.belt / self.gap;
        if self.rate > most {
            checks.say(format!(
                "`rate` is {} bottles an hour, and a belt of {} m/s carries at most {most:.0} of them \
                 {} m apart",
                self.rate, self.belt, self.gap
            ));
        }
        if self.length / self.gap > MOST_THINGS {
            checks.say(format!(
                "a path of {} m has room for more than {MOST_THINGS} bottles {} m apart; make `gap` \
                 larger",
                self.length, self.gap
            ));
        }
        for (at, stage) in &self.marks {
            checks.within("marks", *at, 0.0..=self.length.max(0.0));
            if *stage == 0 {
                checks.say(
                    "a mark gives stage 0, which bottles have from the start; expected 1 or \
                            more"
                        .into(),
                );
            }
        }
        let jam = self.jam_place();
        let held = self.machines.iter().find(|m| jam >= m.enter && jam < m.leave);
        if let Some(machine) = held {
            checks.say(format!(
                "bottles cannot jam at {jam} m, which is within {}; state a `jam_at` on a belt",
                machine.asset
            ));
        } else if !(0.0..=self.length).contains(&jam) {
            checks.say(format!("`jam_at` is {jam} m, beyond the path of {} m", self.length));
        }
    }

    fn check_machines(&self, checks: &mut Checks) {
        let (mut from, mut before, mut stage) = (0.0, self.line.as_str(), 0);
        for machine in &self.machines {
            checks.asset.clone_from(&machine.asset);
            machine.check(self.gap, checks);
            if !(from <= machine.enter) {
                checks.say(format!(
                    "{} takes bottles at {} m, before {from} m where {before} gives them back; list \
                     machines in the order of the line",
                    machine.asset, machine.enter
                ));
            }
            if machine.stage <= stage {
                checks.say(format!(
                    "`stage` of {} is {}; expected more than the {stage} that bottles have there",
                    machine.asset, machine.stage
                ));
            }
            (from, before, stage) = (machine.leave, &machine.asset, machine.stage);
        }
        if !(from <= self.length) {
            checks.say(format!(
                "{before} gives bottles back at {from} m, beyond the path of {} m",
                self.length
            ));
        }
        checks.asset.clone_from(&self.line);
    }
}

impl MachineSpec {
    fn check(&self, gap: f64, checks: &mut Checks) {
        let Self { enter, done, leave, .. } = *self;
        if !(0.0 <= enter && enter < done && done <= leave) {
            checks.say(format!(
                "bottles of {} come in at {enter} m, are done at {done} m and go out at {leave} m; \
                 expected one after the other: `enter` < `done` <= `leave`",
                self.asset
            ));
        }
        checks.within("pocket", self.pocket, PLACE);
        checks.within("pockets", f64::from(self.pockets), 1.0..=1000.0);
        checks.within("radius", self.radius, 0.01..=20.0);
        checks.within("power_kw", self.power_kw, 0.0..=1000.0);
        let pitch = std::f64::consts::TAU * self.radius / f64::from(self.pockets.max(1));
        if pitch < gap {
            checks.say(format!(
                "the pockets of {} are {pitch:.3} m apart, nearer than bottles, {gap} m; state fewer \
                 `pockets`, or a larger `radius`",
                self.asset
            ));
        }
        if (1..LEAST_CAPS).contains(&self.hopper) {
            checks.say(format!(
                "`hopper` of {} is {}; expected 0 for none, or {LEAST_CAPS} caps or more",
                self.asset, self.hopper
            ));
        }
    }
}

impl PackingSpec {
    fn check(&self, checks: &mut Checks) {
        let packer = &self.packer;
        checks.asset.clone_from(&packer.asset);
        let (lanes, deep) = packer.lanes;
        checks.all("lanes", &[lanes as f64, deep as f64], &(1.0..=100.0));
        let (length, gap) = packer.lane;
        checks.within("lane", length, 0.01..=100.0);
        checks.within("lane", gap, 0.005..=10.0);
        let needs = (deep.clamp(1, 100) - 1) as f64 * gap;
        if needs > length {
            checks.say(format!(
                "{deep} bottles {gap} m apart need {needs:.2} m, and a lane of {} has {length} m; \
                 state fewer in `lanes`, or a longer `lane`",
                packer.asset
            ));
        }
        checks.within("lane_step", packer.lane_step, PLACE);
        let (step, row) = packer.head_steps;
        checks.all("head_steps", &[step, row], &PLACE);
        let (across, grip, set) = packer.reach;
        checks.all("reach", &[across, grip, set], &(-20.0..=20.0));
        checks.all("head_at", &packer.head_at, &PLACE);
        checks.asset.clone_from(&self.crates);
        let (to_filling, to_end, speed, gap) = self.crate_line;
        checks.all("crate_line", &[to_filling, to_end, gap], &(0.05..=1000.0));
        checks.within("crate_line", speed, 0.01..=5.0);
        if to_filling.max(to_end) / gap > MOST_THINGS {
            checks.say(format!(
                "`crate_line` of {} has room for more than {MOST_THINGS} crates {gap} m apart",
                self.crates
            ));
        }
    }
}

impl CellSpec {
    fn check(&self, checks: &mut Checks) {
        let before = checks.mistakes.len();
        let Cell { links, pick, pallet, stack, pitch, yaw, clearance, cycle_s } = &self.cell;
        let arms = [links.upper_arm, links.forearm, links.hand];
        checks.all("links", &arms, &(0.01..=20.0));
        let rest = [links.shoulder_height, links.shoulder_offset, links.elbow_offset];
        checks.all("links", &rest, &(-20.0..=20.0));
        checks.all("pick", pick, &PLACE);
        checks.all("pallet", pallet, &PLACE);
        checks.all("stack", &stack.map(f64::from), &(1.0..=100.0));
        checks.all("pitch", pitch, &(0.01..=10.0));
        checks.within("yaw", *yaw, -360.0..=360.0);
        checks.within("clearance", *clearance, 0.0..=10.0);
        checks.within("cycle_s", *cycle_s, 1.0..=600.0);
        let crates: u64 = stack.iter().map(|count| u64::from(*count).min(MOST_STACKED)).product();
        if crates > MOST_STACKED {
            checks.say(format!(
                "`stack` of {} holds {crates} crates; expected at most {MOST_STACKED}",
                self.robot
            ));
        }
        let (first, step, row, layer) = self.pattern;
        checks.asset.clone_from(&self.pallet);
        checks.all("pattern", &[first, step, row, layer], &PLACE);
        checks.asset.clone_from(&self.robot);
        if checks.mistakes.len() == before && !self.cell.reaches_all() {
            checks.say(format!(
                "the robot {} cannot reach its pick place or a place of its stack; move the pallet \
                 or lower the stack",
                self.robot
            ));
        }
    }
}

/// The route of the vehicle: its last point is the stand, which it leaves as it comes in.
fn check_route(route: &Route, checks: &mut Checks) {
    let before = checks.mistakes.len();
    let far = -1e4..=1e4;
    checks.all("stand", &[route.stand.0, route.stand.1], &far);
    let flat: Vec<f64> = route.points.iter().flat_map(|(x, z)| [*x, *z]).collect();
    checks.all("points", &flat, &far);
    checks.within("corner_radius", route.corner_radius, 0.0..=100.0);
    checks.within("speed", route.speed, 0.05..=20.0);
    checks.within("slow", route.slow, 0.05..=20.0);
    checks.within("turn_deg_s", route.turn_deg_s, 1.0..=360.0);
    checks.within("track_m", route.track_m, 0.05..=10.0);
    checks.within("lift_mm", route.lift_mm, 1.0..=2000.0);
    checks.within("touch_mm", route.touch_mm, 0.0..=route.lift_mm.max(0.0));
    let points = &route.points;
    if !(3..=100).contains(&points.len()) {
        let count = points.len();
        checks.say(format!(
            "`points` has {count} places; expected 3 to 100: where it turns round, the corners of its \
             way, and the stand again"
        ));
    }
    if checks.mistakes.len() > before {
        return;
    }
    let apart = |a: (f64, f64), b: (f64, f64)| libm::hypot(a.0 - b.0, a.1 - b.1);
    let (first, last) = (points[0], points[points.len() - 1]);
    if apart(last, route.stand) > 1e-6 || apart(first, route.stand) < 0.01 {
        checks.say(format!(
            "`points` begins at {first:?} and ends at {last:?}; expected a way from outside back to \
             the stand {:?}",
            route.stand
        ));
        return;
    }
    if let Some(two) = points.windows(2).find(|two| apart(two[0], two[1]) < 0.01) {
        checks.say(format!("`points` has the place {:?} twice in a row", two[0]));
        return;
    }
    let turn = |a, b, c| wrap(heading(b, c) - heading(a, b)).to_degrees().abs();
    if let Some(sharp) = points.windows(3).find(|p| turn(p[0], p[1], p[2]) > SHARPEST) {
        checks.say(format!(
            "the way turns back at {:?}; put a place beside it, so that it goes round",
            sharp[1]
        ));
    }
    let before_last = points[points.len() - 2];
    let off = wrap(heading(before_last, last) - heading(first, last)).to_degrees().abs();
    if off > 1.0 {
        checks.say(format!(
            "it comes to the stand from {before_last:?} and leaves it towards {first:?}; both have to \
             lie on one line with the stand"
        ));
    }
    let length = Way::new(points, route.corner_radius).length();
    if !(route.warehouse_m > 0.0 && route.warehouse_m < length) {
        checks.say(format!(
            "`warehouse_m` is {} m along its way; expected more than 0 and less than its length, \
             {length:.1} m",
            route.warehouse_m
        ));
    }
}
