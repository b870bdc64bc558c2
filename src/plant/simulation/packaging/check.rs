//! What is wrong with a `Packaging` block, before anything of it is built: each field has a range, and
//! some are bound to others.

use std::ops::RangeInclusive;

use super::spec::{CellSpec, Extent, MachineSpec, PackagingSpec, PackingSpec};
use crate::plant::simulation::physics::agv::Route;
use crate::plant::simulation::physics::robot::Cell;
use crate::plant::simulation::physics::way::{Way, heading, wrap};
use crate::plant::simulation::reading::figure;
use crate::plant::simulation::wiring::Wiring;

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
/// Places in the hall, m.
const FAR: RangeInclusive<f64> = -1e4..=1e4;

/// Notes a mistake at a field.
fn say(w: &mut Wiring, field: &str, what: String) {
    w.mistakes.push((field.to_string(), what));
}

/// Notes the first of a field's numbers that is out of its range.
fn check_all(w: &mut Wiring, field: &str, values: &[f64], range: &RangeInclusive<f64>, unit: &str) {
    if let Some(wrong) = values.iter().find(|value| !range.contains(value)) {
        w.check(field, *wrong, range.clone(), unit);
    }
}

impl PackagingSpec {
    /// Notes all that is wrong with it; `false` when something is.
    pub fn check(&self, extent: &Extent, w: &mut Wiring) -> bool {
        let before = w.mistakes.len();
        self.check_line(w);
        self.check_machines(w);
        if let Some(packing) = &extent.packing {
            packing.check(w);
        }
        w.check("crate_kg", self.crate_kg, 0.1..=1000.0, "kg");
        if let Some(cell) = &extent.cell {
            cell.check(w);
        }
        if let Some(vehicle) = &extent.vehicle {
            check_route(&vehicle.agv, &vehicle.route, w);
        }
        w.mistakes.len() == before
    }

    fn check_line(&self, w: &mut Wiring) {
        let before = w.mistakes.len();
        let length = w.check("length", self.length, 0.5..=1000.0, "m");
        w.check("belt", self.belt, 0.01..=5.0, "m/s");
        w.check("gap", self.gap, 0.005..=10.0, "m");
        w.check("rate", self.rate, 1.0..=200_000.0, "{bottle}/h");
        w.check("bottle_m3", self.bottle_m3, 1e-6..=1.0, "m3");
        if w.mistakes.len() == before {
            self.check_room(w);
        }
        for (at, (metres, stage)) in self.marks.iter().enumerate() {
            let field = format!("marks.{at}");
            w.check(&field, *metres, 0.0..=length, "m");
            if *stage == 0 {
                let what = format!(
                    "`{field}` of {} gives stage 0, which bottles have from the start; expected 1 or more",
                    self.line
                );
                say(w, &field, what);
            }
        }
        let jam = self.jam_place();
        if let Some(machine) = self.machines.iter().find(|m| jam >= m.enter && jam < m.leave) {
            let what = format!(
                "bottles cannot jam at {} m, which is within {}; state a `jam_at` on a belt",
                figure(jam),
                machine.asset
            );
            say(w, "jam_at", what);
        } else if self.jam_at.is_some() {
            w.check("jam_at", jam, 0.0..=length, "m");
        }
    }

    /// Whether its path has room for its rate, and not for too many bottles.
    fn check_room(&self, w: &mut Wiring) {
        let (gap, most) = (figure(self.gap), 3600.0 * self.belt / self.gap);
        if self.rate > most {
            let what = format!(
                "`rate` of {} is {} bottles an hour, and a belt of {} m/s carries at most {most:.0} of \
                 them {gap} m apart",
                self.line,
                figure(self.rate),
                figure(self.belt)
            );
            say(w, "rate", what);
        }
        if self.length / self.gap > MOST_THINGS {
            let what = format!(
                "the path of {} has room for more than {MOST_THINGS} bottles {gap} m apart, on {} m; make \
                 `gap` larger",
                self.line,
                figure(self.length)
            );
            say(w, "gap", what);
        }
    }

    fn check_machines(&self, w: &mut Wiring) {
        let (mut from, mut before, mut stage) = (0.0, self.line.as_str(), 0);
        for (at, machine) in self.machines.iter().enumerate() {
            let field = |name: &str| format!("machines.{at}.{name}");
            machine.check(&field, self.gap, w);
            if !(from <= machine.enter) {
                let what = format!(
                    "{} takes bottles at {} m, before {} m where {before} gives them back; list \
                     machines in the order of the line",
                    machine.asset,
                    figure(machine.enter),
                    figure(from)
                );
                say(w, &field("enter"), what);
            }
            if machine.stage <= stage {
                let what = format!(
                    "`stage` of {} is {}; expected more than the {stage} that bottles have there",
                    machine.asset, machine.stage
                );
                say(w, &field("stage"), what);
            }
            (from, before, stage) = (machine.leave, &machine.asset, machine.stage);
        }
        if !(from <= self.length) {
            let what = format!(
                "{before} gives bottles back at {} m, beyond the path of {} m",
                figure(from),
                figure(self.length)
            );
            say(w, "length", what);
        }
    }
}

impl MachineSpec {
    fn check(&self, field: &impl Fn(&str) -> String, gap: f64, w: &mut Wiring) {
        let Self { enter, done, leave, .. } = *self;
        if !(0.0 <= enter && enter < done && done <= leave) {
            let what = format!(
                "bottles of {} come in at {} m, are done at {} m and go out at {} m; expected one after \
                 the other: `enter` < `done` <= `leave`",
                self.asset,
                figure(enter),
                figure(done),
                figure(leave)
            );
            say(w, &field("enter"), what);
        }
        w.check(&field("pocket"), self.pocket, PLACE, "m");
        let pockets = w.check(&field("pockets"), f64::from(self.pockets), 1.0..=1000.0, "1");
        let radius = w.check(&field("radius"), self.radius, 0.01..=20.0, "m");
        w.check(&field("power_kw"), self.power_kw, 0.0..=1000.0, "kW");
        let pitch = std::f64::consts::TAU * radius / pockets;
        if radius == self.radius && pitch < gap {
            let what = format!(
                "the pockets of {} are {pitch:.3} m apart, nearer than bottles, {} m; state fewer \
                 `pockets`, or a larger `radius`",
                self.asset,
                figure(gap)
            );
            say(w, &field("pockets"), what);
        }
        if (1..LEAST_CAPS).contains(&self.hopper) {
            let what = format!(
                "`hopper` of {} is {}; expected 0 for none, or {LEAST_CAPS} caps or more",
                self.asset, self.hopper
            );
            say(w, &field("hopper"), what);
        }
        w.check(&field("hopper"), f64::from(self.hopper), 0.0..=1e6, "1");
    }
}

impl PackingSpec {
    fn check(&self, w: &mut Wiring) {
        let packer = &self.packer;
        let (lanes, deep) = packer.lanes;
        check_all(w, "packer.lanes", &[lanes as f64, deep as f64], &(1.0..=100.0), "1");
        let (length, gap) = packer.lane;
        w.check("packer.lane", length, 0.01..=100.0, "m");
        w.check("packer.lane", gap, 0.005..=10.0, "m");
        let needs = (deep.clamp(1, 100) - 1) as f64 * gap;
        if needs > length {
            let what = format!(
                "{deep} bottles {} m apart need {needs:.2} m, and a lane of {} has {} m; state fewer in \
                 `lanes`, or a longer `lane`",
                figure(gap),
                packer.asset,
                figure(length)
            );
            say(w, "packer.lane", what);
        }
        w.check("packer.lane_step", packer.lane_step, PLACE, "m");
        let (step, row) = packer.head_steps;
        check_all(w, "packer.head_steps", &[step, row], &PLACE, "m");
        let (across, grip, set) = packer.reach;
        check_all(w, "packer.reach", &[across, grip, set], &(-20.0..=20.0), "m");
        check_all(w, "packer.head_at", &packer.head_at, &PLACE, "m");
        let (to_filling, to_end, speed, gap) = self.crate_line;
        check_all(w, "crate_line", &[to_filling, to_end, gap], &(0.05..=1000.0), "m");
        w.check("crate_line", speed, 0.01..=5.0, "m/s");
        if gap > 0.0 && to_filling.max(to_end) / gap > MOST_THINGS {
            let what = format!(
                "`crate_line` of {} has room for more than {MOST_THINGS} crates {} m apart",
                self.crates,
                figure(gap)
            );
            say(w, "crate_line", what);
        }
    }
}

impl CellSpec {
    fn check(&self, w: &mut Wiring) {
        let before = w.mistakes.len();
        let Cell { links, pick, pallet, stack, pitch, yaw, clearance, cycle_s } = &self.cell;
        for (field, length) in [
            ("cell.links.upper_arm", links.upper_arm),
            ("cell.links.forearm", links.forearm),
            ("cell.links.hand", links.hand),
        ] {
            w.check(field, length, 0.01..=20.0, "m");
        }
        for (field, length) in [
            ("cell.links.shoulder_height", links.shoulder_height),
            ("cell.links.shoulder_offset", links.shoulder_offset),
            ("cell.links.elbow_offset", links.elbow_offset),
        ] {
            w.check(field, length, -20.0..=20.0, "m");
        }
        check_all(w, "cell.pick", pick, &PLACE, "m");
        check_all(w, "cell.pallet", pallet, &PLACE, "m");
        check_all(w, "cell.stack", &stack.map(f64::from), &(1.0..=100.0), "1");
        check_all(w, "cell.pitch", pitch, &(0.01..=10.0), "m");
        w.check("cell.yaw", *yaw, -360.0..=360.0, "deg");
        w.check("cell.clearance", *clearance, 0.0..=10.0, "m");
        w.check("cell.cycle_s", *cycle_s, 1.0..=600.0, "s");
        let crates: u64 = stack.iter().map(|count| u64::from(*count).min(MOST_STACKED)).product();
        if w.mistakes.len() == before && crates > MOST_STACKED {
            let what = format!(
                "`stack` of {} holds {crates} crates; expected at most {MOST_STACKED}",
                self.robot
            );
            say(w, "cell.stack", what);
        }
        let (first, step, row, layer) = self.pattern;
        check_all(w, "pattern", &[first, step, row, layer], &PLACE, "m");
        if w.mistakes.len() == before && !self.cell.reaches_all() {
            let what = format!(
                "the robot {} cannot reach its pick place or a place of its stack; move the pallet \
                 or lower the stack",
                self.robot
            );
            say(w, "robot", what);
        }
    }
}

/// The route of the vehicle: its last point is the stand, which it leaves as it comes in.
fn check_route(agv: &str, route: &Route, w: &mut Wiring) {
    let before = w.mistakes.len();
    check_all(w, "route.stand", &[route.stand.0, route.stand.1], &FAR, "m");
    let flat: Vec<f64> = route.points.iter().flat_map(|(x, z)| [*x, *z]).collect();
    check_all(w, "route.points", &flat, &FAR, "m");
    w.check("route.corner_radius", route.corner_radius, 0.0..=100.0, "m");
    let speed = w.check("route.speed", route.speed, 0.05..=20.0, "m/s");
    w.check("route.slow", route.slow, 0.05..=speed, "m/s");
    w.check("route.turn_deg_s", route.turn_deg_s, 1.0..=360.0, "deg/s");
    w.check("route.track_m", route.track_m, 0.05..=10.0, "m");
    let lift = w.check("route.lift_mm", route.lift_mm, 1.0..=2000.0, "mm");
    w.check("route.touch_mm", route.touch_mm, 0.0..=lift, "mm");
    let points = &route.points;
    if !(3..=100).contains(&points.len()) {
        let what = format!(
            "`points` of {agv} has {} places; expected 3 to 100: where it turns round, the corners of its \
             way, and the stand again",
            points.len()
        );
        say(w, "route.points", what);
    }
    if w.mistakes.len() > before {
        return;
    }
    match wrong_way(agv, route) {
        Some(what) => say(w, "route.points", what),
        None => {
            let length = Way::new(points, route.corner_radius).length();
            if !(route.warehouse_m > 0.0 && route.warehouse_m < length) {
                let what = format!(
                    "`warehouse_m` of {agv} is {} m along its way; expected more than 0 and less than \
                     its length, {length:.1} m",
                    figure(route.warehouse_m)
                );
                say(w, "route.warehouse_m", what);
            }
        }
    }
}

/// What of a vehicle's way cannot be driven, and how to change it.
fn wrong_way(agv: &str, route: &Route) -> Option<String> {
    let points = &route.points;
    let apart = |a: (f64, f64), b: (f64, f64)| libm::hypot(a.0 - b.0, a.1 - b.1);
    let (first, last) = (*points.first()?, *points.last()?);
    if apart(last, route.stand) > 1e-6 || apart(first, route.stand) < 0.01 {
        return Some(format!(
            "`points` of {agv} begins at {first:?} and ends at {last:?}; expected a way from outside back \
             to the stand {:?}",
            route.stand
        ));
    }
    if let Some(two) = points.windows(2).find(|two| apart(two[0], two[1]) < 0.01) {
        return Some(format!("`points` of {agv} has the place {:?} twice in a row", two[0]));
    }
    let turn = |a, b, c| wrap(heading(b, c) - heading(a, b)).to_degrees().abs();
    if let Some(sharp) = points.windows(3).find(|p| turn(p[0], p[1], p[2]) > SHARPEST) {
        return Some(format!(
            "the way of {agv} turns back at {:?}; put a place beside it, so that it goes round",
            sharp[1]
        ));
    }
    let before_last = points[points.len() - 2];
    let off = wrap(heading(before_last, last) - heading(first, last)).to_degrees().abs();
    (off > 1.0).then(|| {
        format!(
            "{agv} comes to the stand from {before_last:?} and leaves it towards {first:?}; both have to \
             lie on one line with the stand"
        )
    })
}
