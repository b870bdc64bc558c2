//! Who mends the plant: commands that replace a part, the plan, and a crew that comes when something
//! has tripped.
//!
//! A crew has hands for the work on parts; operators acknowledge and reset, and wait for nobody.
//!
//! Work takes its time and is announced when it begins and when it is done. While somebody works on a
//! machine it must not run.

use serde::{Deserialize, Serialize};

use super::blocks::Block;
use super::board::{Announcement, Errand};
use super::command::{Answer, Command, Progress, Takes};
use super::faults::Fault;
use super::noise;
use super::parts::PartSlot;
use super::permits::{AT_WORK, InterlockSlot};
use super::snapshot::{Damaged, Loaded, Saved};
use super::wiring::{Board, Signal, Wiring};

/// How far gone a part is that the crew replaces when its machine has tripped.
const BAD: f64 = 0.5;
/// From one try to reset a machine to the next, s.
const RETRY_S: i64 = 5;
/// The most hands that a crew has.
const MOST_HANDS: usize = 100;

/// The `maintenance` field of the section.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct MaintenanceSpec {
    /// What is replaced regularly.
    plan: Vec<PlanSpec>,
    /// Who does it, and mends what has tripped.
    crew: Option<CrewSpec>,
}

/// A part, or several, that is replaced regularly.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct PlanSpec {
    /// `asset.part`, where `*` stands for anything.
    part: String,
    /// Plant time from one replacement to the next.
    every_h: f64,
    /// How long it takes; without it, what is usual for the part.
    #[serde(default)]
    takes_s: Option<f64>,
}

/// People who mend.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct CrewSpec {
    /// At how many machines they replace parts at the same time.
    #[serde(default = "one")]
    hands: usize,
    /// From a trip until somebody is there, at least and at most.
    #[serde(default = "minutes")]
    responds_s: (f64, f64),
}

fn one() -> usize {
    1
}

fn minutes() -> (f64, f64) {
    (60.0, 240.0)
}

/// How long it usually takes to replace a part, s.
fn takes_s(part: &str) -> f64 {
    match part {
        "bearing" => 2700.0,
        "impeller" => 5400.0,
        "seat" | "plates" => 3600.0,
        "packing" => 1200.0,
        _ if part.starts_with("gear") => 7200.0,
        _ => 1800.0,
    }
}

/// The faults that a new part mends.
fn mends(part: &str) -> &'static [Fault] {
    match part {
        "bearing" => &[Fault::Bearing, Fault::Misalignment],
        "impeller" => &[Fault::Impeller],
        "packing" => &[Fault::Stiction],
        "plates" => &[Fault::Fouling],
        "idlers" => &[Fault::Idler],
        "battery" => &[Fault::Battery],
        _ if part.starts_with("gear") => &[Fault::Gear],
        _ => &[],
    }
}

/// A machine with parts, or one that trips.
struct Machine {
    asset: String,
    parts: Vec<Replaceable>,
    interlock: Option<InterlockSlot>,
    /// Signal by which it is seen to stand still.
    speed: Option<usize>,
    /// Signal by which it is seen to have tripped.
    cause: Option<usize>,
    /// It knows `fill caps`.
    takes_caps: bool,
    stream: u64,
}

struct Replaceable {
    slot: PartSlot,
    name: &'static str,
    takes_us: i64,
}

/// A part of a machine on the plan.
struct Planned {
    machine: usize,
    part: usize,
    every_us: i64,
}

struct Maintenance {
    machines: Vec<Machine>,
    plan: Vec<Planned>,
    hands: usize,
    responds_s: (f64, f64),
    state: State,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct State {
    jobs: Vec<Job>,
    /// By entry of the plan: when it is due, µs.
    due_us: Vec<i64>,
    /// By machine: when somebody is there to mend it, µs.
    called_us: Vec<Option<i64>>,
}

/// Somebody works on a machine.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Job {
    machine: usize,
    part: Option<usize>,
    planned: bool,
    by: String,
    stage: Stage,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
enum Stage {
    /// Waits until it stands.
    Stopping,
    /// Works until then, µs.
    Working(i64),
    /// Resets it; tries again then, µs.
    Resetting(i64),
    Done,
}

/// Whether a name is that of a pattern in which `*` stands for anything.
fn fits(pattern: &str, name: &str) -> bool {
    let Some((before, after)) = pattern.split_once('*') else { return pattern == name };
    let Some(rest) = name.strip_prefix(before) else { return false };
    (0..=rest.len()).filter(|at| rest.is_char_boundary(*at)).any(|at| fits(after, &rest[at..]))
}

/// Builds what mends the plant whose other blocks are wired; `None` when nothing has parts or trips.
pub fn build(spec: &MaintenanceSpec, w: &mut Wiring) -> Option<Box<dyn Block>> {
    let mut machines = machines(w);
    let plan = plan(spec, &mut machines, w);
    if let Some(crew) = &spec.crew {
        let (least, most) = crew.responds_s;
        if !((1..=MOST_HANDS).contains(&crew.hands) && 0.0 <= least && least <= most) {
            let what = format!(
                "a crew of {} that responds within {least} to {most} s cannot be: expected 1 to \
                 {MOST_HANDS} hands, and two times of which the first is not the larger",
                crew.hands
            );
            w.mistakes.push(("crew".into(), what));
        }
    } else if !spec.plan.is_empty() {
        let what = "a plan needs somebody who does it: add `crew: ()`".to_string();
        w.mistakes.push((spec.plan[0].part.clone(), what));
    }
    if machines.is_empty() {
        return None;
    }
    for (at, machine) in machines.iter().enumerate() {
        let longest = machine.parts.iter().map(|part| part.takes_us).max();
        if let Some(longest) = longest {
            let within_s = longest as f64 * 1e-6 + 600.0;
            w.command(&machine.asset, at, "maintain", Takes::Part, within_s);
        }
    }
    // What is on the plan comes one after the other, not all at once.
    let count = plan.len() as i64;
    let due_us = plan.iter().zip(1..).map(|(entry, turn)| entry.every_us / count * turn).collect();
    let state = State { jobs: Vec::new(), due_us, called_us: vec![None; machines.len()] };
    let (hands, responds_s) =
        spec.crew.as_ref().map_or((0, (0.0, 0.0)), |crew| (crew.hands, crew.responds_s));
    Some(Box::new(Maintenance { machines, plan, hands, responds_s, state }))
}

/// Everything with parts, and everything that knows `reset`.
fn machines(w: &mut Wiring) -> Vec<Machine> {
    let mut names: Vec<String> = Vec::new();
    let resets = w.commands().iter().filter(|known| known.name == "reset");
    let having = w.parts().iter().map(|(_, part)| part.asset.clone());
    for name in resets.map(|known| known.asset.clone()).chain(having) {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    let mut machines = Vec::new();
    for asset in names {
        let parts = w
            .parts()
            .iter()
            .filter(|(_, part)| part.asset == asset)
            .map(|(slot, part)| {
                let takes_us = (takes_s(part.name) * 1e6) as i64;
                Replaceable { slot, name: part.name, takes_us }
            })
            .collect();
        let slot = |signal: &str| w.find(&format!("{asset}.{signal}")).map(|(slot, _)| slot);
        let (speed, cause) = (slot("speed"), slot("cause"));
        let knows = |name: &str| w.commands().iter().any(|k| k.asset == asset && k.name == name);
        machines.push(Machine {
            takes_caps: knows("fill caps"),
            parts,
            interlock: w.has_permit(&asset).then(|| w.interlock(&asset, AT_WORK)),
            speed,
            cause,
            stream: noise::stream(&format!("{asset} call")),
            asset,
        });
    }
    machines
}

/// The entries of the plan, each part by itself.
fn plan(spec: &MaintenanceSpec, machines: &mut [Machine], w: &mut Wiring) -> Vec<Planned> {
    let mut plan = Vec::new();
    for entry in &spec.plan {
        let takes = entry.takes_s.unwrap_or(0.0);
        if !(entry.every_h > 0.0 && entry.every_h <= 1e6 && (0.0..=1e6).contains(&takes)) {
            let what = format!(
                "{:?} every {} h cannot be: expected more than 0 h, and 0 to 1000000 s of work",
                entry.part, entry.every_h
            );
            w.mistakes.push((entry.part.clone(), what));
            continue;
        }
        let before = plan.len();
        for (at, machine) in machines.iter_mut().enumerate() {
            for (number, part) in machine.parts.iter_mut().enumerate() {
                if fits(&entry.part, &format!("{}.{}", machine.asset, part.name)) {
                    if let Some(takes_s) = entry.takes_s {
                        part.takes_us = (takes_s * 1e6) as i64;
                    }
                    let every_us = (entry.every_h * 3.6e9) as i64;
                    plan.push(Planned { machine: at, part: number, every_us });
                }
            }
        }
        if plan.len() == before {
            let what = format!(
                "no machine has a part like {:?}; expected ASSET.PART, where * stands for anything",
                entry.part
            );
            w.mistakes.push((entry.part.clone(), what));
        }
    }
    plan
}

impl Machine {
    fn stands(&self, b: &Board) -> bool {
        self.speed.is_none_or(|slot| b.number(slot).abs() < 1e-3)
    }

    /// What it tripped for.
    fn cause(&self, b: &Board) -> Option<&'static str> {
        match b.signals[self.cause?] {
            Signal::Word(word) if !word.is_empty() && word != "none" => Some(word),
            _ => None,
        }
    }

    /// The worst of its parts, where one is bad.
    fn bad_part(&self, b: &Board) -> Option<usize> {
        let how_bad = |part: &Replaceable| {
            let faults = self.faults(b, part.name).map(|slot| b.faults.severity(slot));
            faults.fold(b.worn(part.slot), f64::max)
        };
        let worst = (0..self.parts.len())
            .max_by(|a, b| how_bad(&self.parts[*a]).total_cmp(&how_bad(&self.parts[*b])))?;
        (how_bad(&self.parts[worst]) > BAD).then_some(worst)
    }

    /// The faults that a new part of it mends.
    fn faults<'a>(
        &'a self,
        b: &'a Board,
        part: &'a str,
    ) -> impl Iterator<Item = super::faults::FaultSlot> + 'a {
        // The gear of an axis breaks as that axis: `R-301.gear 1` is of `R-301.a1`.
        let of_part = match part.strip_prefix("gear ") {
            Some(axis) => format!("{}.a{axis}", self.asset),
            None => format!("{}.{part}", self.asset),
        };
        mends(part).iter().filter_map(move |fault| {
            b.faults.find(&self.asset, *fault).or_else(|| b.faults.find(&of_part, *fault))
        })
    }

    fn order(&self, b: &mut Board, name: &'static str) {
        b.errands.push(Errand { asset: self.asset.clone(), name });
    }
}

impl Maintenance {
    fn is_busy(&self, machine: usize) -> bool {
        self.state.jobs.iter().any(|job| job.machine == machine)
    }

    fn has_free_hand(&self) -> bool {
        let works = |job: &&Job| job.by == "crew" && job.part.is_some();
        self.state.jobs.iter().filter(works).count() < self.hands
    }

    /// Calls the crew to what has tripped, and sends it to what is due.
    fn send_crew(&mut self, b: &mut Board, second: u64, now_us: i64) {
        let (least, most) = self.responds_s;
        for at in 0..self.machines.len() {
            let machine = &self.machines[at];
            if machine.cause(b).is_none() || self.is_busy(at) {
                self.state.called_us[at] = None;
                continue;
            }
            let u = noise::uniform(b.clock.seed, machine.stream, second);
            let there = now_us + ((least + (most - least) * u) * 1e6) as i64;
            let called = *self.state.called_us[at].get_or_insert(there);
            let part = machine.bad_part(b);
            if now_us >= called && (part.is_none() || self.has_free_hand()) {
                machine.order(b, "acknowledge");
                if machine.takes_caps && machine.cause(b) == Some("no caps") {
                    machine.order(b, "fill caps");
                }
                let stage = if part.is_some() { Stage::Stopping } else { Stage::Resetting(now_us) };
                self.begin(Job { machine: at, part, planned: false, by: "crew".into(), stage });
            }
        }
        // What is planned can wait until what has tripped was seen to.
        if self.state.called_us.iter().any(Option::is_some) {
            return;
        }
        // What has waited longest comes first.
        let is_due = |at: &usize| now_us >= self.state.due_us[*at];
        let mut due: Vec<usize> = (0..self.plan.len()).filter(is_due).collect();
        due.sort_by_key(|at| self.state.due_us[*at]);
        for at in due {
            let entry = &self.plan[at];
            let (machine, part) = (entry.machine, entry.part);
            if self.has_free_hand() && !self.is_busy(machine) {
                // What was late is due again a whole interval from now.
                let next = self.state.due_us[at] + entry.every_us;
                let done = now_us + self.machines[machine].parts[part].takes_us;
                self.state.due_us[at] = if next > done { next } else { now_us + entry.every_us };
                let (by, stage) = ("crew".to_string(), Stage::Stopping);
                self.begin(Job { machine, part: Some(part), planned: true, by, stage });
            }
        }
    }

    fn begin(&mut self, job: Job) {
        self.state.called_us[job.machine] = None;
        self.state.jobs.push(job);
    }

    /// Brings a job to now; gives its next stage.
    fn go_on(&self, b: &mut Board, job: &Job, now_us: i64) -> Stage {
        let machine = &self.machines[job.machine];
        let Some(part) = job.part.map(|part| &machine.parts[part]) else {
            return self.reset(b, job, now_us);
        };
        match job.stage {
            Stage::Stopping => {
                machine.interlock.iter().for_each(|lock| b.withhold(*lock, true));
                if !machine.stands(b) {
                    return Stage::Stopping;
                }
                self.announce(b, job, part, false);
                Stage::Working(now_us + part.takes_us)
            }
            Stage::Working(until_us) if now_us >= until_us => {
                b.parts.replace(part.slot);
                let mended: Vec<_> = machine.faults(b, part.name).collect();
                for slot in mended {
                    b.faults.clear(Some(slot));
                }
                machine.interlock.iter().for_each(|lock| b.withhold(*lock, false));
                self.announce(b, job, part, true);
                // Who was asked to replace a part does not start the machine.
                if job.by == "crew" && machine.cause(b).is_some() {
                    Stage::Resetting(now_us)
                } else {
                    Stage::Done
                }
            }
            Stage::Resetting(_) => self.reset(b, job, now_us),
            other => other,
        }
    }

    fn reset(&self, b: &mut Board, job: &Job, now_us: i64) -> Stage {
        let machine = &self.machines[job.machine];
        match job.stage {
            _ if machine.cause(b).is_none() => Stage::Done,
            Stage::Resetting(at_us) if now_us >= at_us => {
                // Another trip may have come since.
                machine.order(b, "acknowledge");
                machine.order(b, "reset");
                Stage::Resetting(now_us + RETRY_S * 1_000_000)
            }
            other => other,
        }
    }

    fn announce(&self, b: &mut Board, job: &Job, part: &Replaceable, is_done: bool) {
        b.announcements.push(Announcement {
            asset: self.machines[job.machine].asset.clone(),
            part: part.name,
            is_done,
            planned: job.planned,
            by: job.by.clone(),
            takes_s: part.takes_us as f64 * 1e-6,
        });
    }
}

impl Block for Maintenance {
    fn step(&mut self, b: &mut Board, _time_s: f64, _dt_s: f64) {
        let (Some(second), now_us) = (b.second(), b.clock.time_us) else { return };
        if self.hands > 0 {
            self.send_crew(b, second, now_us);
        }
        let mut jobs = std::mem::take(&mut self.state.jobs);
        for job in &mut jobs {
            job.stage = self.go_on(b, job, now_us);
        }
        jobs.retain(|job| job.stage != Stage::Done);
        self.state.jobs = jobs;
    }

    fn command(&mut self, b: &mut Board, command: &Command) -> Answer {
        let machine = &self.machines[command.at];
        let name = command.argument.word();
        let Some(part) = machine.parts.iter().position(|part| part.name == name) else {
            let names: Vec<&str> = machine.parts.iter().map(|part| part.name).collect();
            return Answer::Refused(format!("it has no {name:?}; it has {}", names.join(", ")));
        };
        if self.is_busy(command.at) {
            return Answer::Refused("somebody works on it already; wait until it is done".into());
        }
        if machine.interlock.is_some() && !machine.stands(b) {
            return Answer::Refused("it turns; set mode to manual and stop it first".into());
        }
        let by = if command.by.is_empty() { "somebody" } else { &command.by };
        // The crew's hands are not those of others.
        let by = if by == "crew" { "somebody" } else { by }.to_string();
        let stage = Stage::Stopping;
        self.begin(Job { machine: command.at, part: Some(part), planned: false, by, stage });
        Answer::Accepted
    }

    fn progress(&self, _b: &Board, command: &Command) -> Progress {
        if self.is_busy(command.at) { Progress::Going } else { Progress::Done }
    }

    fn save(&self, out: &mut Saved) {
        out.put(&self.state);
    }

    fn load(&mut self, from: &mut Loaded<'_>) -> Result<(), Damaged> {
        let state: State = from.take()?;
        let is_job = |job: &Job| {
            self.machines
                .get(job.machine)
                .is_some_and(|machine| job.part.is_none_or(|part| part < machine.parts.len()))
        };
        if state.due_us.len() != self.plan.len()
            || state.called_us.len() != self.machines.len()
            || !state.jobs.iter().all(is_job)
        {
            return Err(Damaged("the snapshot's maintenance is of another plant".into()));
        }
        self.state = state;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plant::simulation::blocks::bench::Bench;
    use crate::plant::simulation::command::Argument;

    const PUMP: &str = r#"[
        Tank(asset: "TK", area: 30, height: 20, level: 18),
        Duty(pumps: ["P-1"], running: 1, speed: 2600),
        Pump(asset: "P-1", command: "P-1.command",
             plate: (rated_speed: 2900, rated_flow: 20, rated_head: 30, shutoff_head: 42)),
        Circuit(asset: "line", pumps: ["P-1"], from: "TK", to: "outside", static_head: 14, resistance: 0.0025),
    ]"#;

    #[test]
    fn while_the_crew_replaces_a_part_operators_reset_what_trips_elsewhere() {
        let text = PUMP.replacen(
            '[',
            r#"[Drive(asset: "CV", speed: 0.4, rated_kw: 1, rated_speed: 0.5),"#,
            1,
        );
        let entry = PlanSpec { part: "P-*.impeller".into(), every_h: 0.1, takes_s: Some(3600.0) };
        let crew = Some(CrewSpec { hands: 1, responds_s: (60.0, 120.0) });
        let mut bench = Bench::maintained(&text, &MaintenanceSpec { plan: vec![entry], crew });
        bench.until(600.0, |b| b.announced.len() == 1).expect("it begins");
        bench.fault("trip", "CV", 1.0);
        bench.run(1.0);
        assert_eq!(bench.word("CV.state"), "tripped");
        bench.mend();
        bench.run(180.0);
        assert_eq!((bench.word("CV.state"), bench.announced.len()), ("running", 1));
    }

    fn bench(plan: Vec<PlanSpec>, crew: bool) -> Bench {
        let crew = crew.then_some(CrewSpec { hands: 1, responds_s: (60.0, 120.0) });
        Bench::maintained(PUMP, &MaintenanceSpec { plan, crew })
    }

    #[test]
    fn a_star_stands_for_anything() {
        assert!(fits("P-*.bearing", "P-102.bearing") && fits("*", "x") && fits("a*c*", "abcd"));
        assert!(!fits("P-*.bearing", "P-102.impeller") && !fits("P", "P-1"));
    }

    #[test]
    fn a_part_is_replaced_at_standstill_and_that_takes_its_time_and_is_announced() {
        let mut bench = bench(Vec::new(), false);
        bench.run(30.0);
        bench.fault("bearing", "P-1", 0.3);
        let bearing = Argument::Word("bearing");
        let refused = bench.command("P-1", "maintain", bearing);
        assert!(matches!(&refused, Answer::Refused(why) if why.contains("turns")), "{refused:?}");
        bench.command("P-1", "mode", Argument::Word("manual"));
        bench.command("P-1", "stop", Argument::Nothing);
        bench.run(20.0);
        assert_eq!(bench.command("P-1", "maintain", bearing), Answer::Accepted);
        bench.run(60.0);
        assert_eq!(bench.progress("P-1", "maintain", bearing), Progress::Going);
        let start = bench.command("P-1", "start", Argument::Nothing);
        assert!(matches!(&start, Answer::Refused(why) if why.contains("works on it")));
        bench.run(2700.0);
        assert_eq!(bench.progress("P-1", "maintain", bearing), Progress::Done);
        assert!(bench.board.faults.present().is_empty(), "the new one has no fault");
        let told: Vec<_> = bench.announced.iter().map(|a| (a.part, a.is_done, &*a.by)).collect();
        assert_eq!(told, [("bearing", false, "eva"), ("bearing", true, "eva")]);
        assert_eq!(bench.command("P-1", "start", Argument::Nothing), Answer::Accepted);
    }

    #[test]
    fn a_crew_comes_mends_and_resets_what_has_tripped() {
        let mut bench = bench(Vec::new(), true);
        bench.run(30.0);
        bench.fault("bearing", "P-1", 1.0);
        bench.until(600.0, |b| b.word("P-1.state") == "tripped").expect("it trips");
        bench.run(50.0);
        assert!(bench.announced.is_empty(), "nobody is there before a minute has passed");
        bench.run(2700.0 + 200.0);
        assert_eq!(bench.word("P-1.state"), "running");
        assert_eq!(bench.announced.len(), 2);
    }

    #[test]
    fn of_more_work_than_hands_can_do_each_part_has_its_turn() {
        let text = PUMP.replacen(
            '[',
            r#"[Drive(asset: "CV", speed: 0.4, rated_kw: 1, rated_speed: 0.5),"#,
            1,
        );
        let entry =
            |part: &str| PlanSpec { part: part.into(), every_h: 0.05, takes_s: Some(120.0) };
        let plan = ["P-*.bearing", "P-*.impeller", "CV.idlers"].map(entry).to_vec();
        let crew = Some(CrewSpec { hands: 1, responds_s: (60.0, 120.0) });
        let mut bench = Bench::maintained(&text, &MaintenanceSpec { plan, crew });
        bench.run(3600.0);
        let count = |part: &str| bench.announced.iter().filter(|a| a.part == part).count();
        let done = ["bearing", "impeller", "idlers"].map(count);
        assert!(done.iter().all(|done| *done >= 8), "{done:?}");
        assert!(done.iter().max() <= done.iter().min().map(|least| least + 2).as_ref(), "{done:?}");
    }

    #[test]
    fn the_plan_replaces_a_part_when_it_is_due_and_lets_the_machine_run_again() {
        let entry = PlanSpec { part: "P-*.impeller".into(), every_h: 1.0, takes_s: Some(300.0) };
        let mut bench = bench(vec![entry], true);
        bench.run(3590.0);
        assert!(bench.announced.is_empty());
        bench.run(60.0);
        assert_eq!((bench.word("P-1.state"), bench.announced.len()), ("stopped", 1));
        assert!(bench.announced[0].planned);
        bench.run(330.0);
        assert_eq!((bench.word("P-1.state"), bench.announced.len()), ("running", 2));
    }
}
