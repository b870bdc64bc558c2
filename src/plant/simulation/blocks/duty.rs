//! Which of some pumps run.

use serde::{Deserialize, Serialize};

use super::panel::MODES;
use super::{Block, BlockSpec, ModeSpec, SPEED_RPM};
use crate::plant::simulation::command::{Answer, Command, Progress, Takes};
use crate::plant::simulation::physics::starter::Mode;
use crate::plant::simulation::snapshot::{Damaged, Loaded, Saved};
use crate::plant::simulation::wiring::{Board, Input, Source, Wiring, keep, keep_words};

/// Flow from which a pump delivers, m³/h.
const DELIVERS: f64 = 1.0;
/// Time within which so many pumps run as were asked for, and one has taken the place of another, s.
const WITHIN_S: f64 = 60.0;
/// Time within which the newcomer of a swap delivers, or another number of pumps; shorter, so that what
/// failed is taken back before it is answered, µs.
const SWAP_US: i64 = 50_000_000;

/// Which of some pumps run, at which speed. With an automatic change-over, those that cannot run are
/// replaced by those that wait. What tripped does not start again because it was reset: another
/// decision does that. What returns by itself after an undervoltage goes on. Signals:
/// `PUMP.command` each; of its asset, where it has one, speed, running, changeover.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DutySpec {
    /// What obeys as the group.
    #[serde(default)]
    pub(super) asset: Option<String>,
    pub(super) pumps: Vec<String>,
    running: usize,
    speed: Source,
    #[serde(default)]
    changeover: ModeSpec,
}

struct Duty {
    /// By pump: whether its group may run it, whether it runs by hand, whether it comes back by itself, its
    /// flow, its speed.
    inputs: Vec<[Input; 5]>,
    commands: Vec<usize>,
    speed: Input,
    names: Vec<String>,
    /// Running, speed, and the word.
    outputs: Option<([usize; 2], usize)>,
    state: DutyState,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct DutyState {
    on: Vec<bool>,
    running: usize,
    changeover: Mode,
    /// Speed that somebody set, r/min.
    speed: Option<f64>,
    /// One takes the place of another.
    swap: Option<Swap>,
    /// Another number was asked for, and does not run yet.
    asked: Option<Asked>,
    /// No pump has stepped yet.
    is_new: bool,
}

/// One pump takes the place of another.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Swap {
    /// Who stops when the other delivers.
    from: usize,
    /// Who starts.
    to: usize,
    /// Until when it has to deliver.
    until_us: i64,
}

/// Another number of pumps is to run.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Asked {
    /// How many were asked for before: so many again, if this cannot be.
    before: usize,
    /// Until when they have to deliver.
    until_us: i64,
}

impl DutySpec {
    pub(super) fn build(&self, all: &[BlockSpec], w: &mut Wiring) -> Box<dyn Block> {
        let pumps = || {
            all.iter().filter_map(|block| match block {
                BlockSpec::Pump(pump) => Some(&*pump.asset),
                _ => None,
            })
        };
        w.check_machines("pumps", &self.pumps, "Pump", pumps());
        w.check("running", self.running as f64, 0.0..=self.pumps.len() as f64, "1");
        let mut inputs = Vec::new();
        for pump in &self.pumps {
            let [available, flow, speed] = ["available", "flow", "speed"]
                .map(|signal| w.input(&Source::Signal(format!("{pump}.{signal}"))));
            let [by_hand, returns] = ["by_hand", "returns"].map(|name| w.secret(pump, name));
            inputs.push([available, by_hand, returns, flow, speed]);
        }
        if let Some(asset) = &self.asset {
            self.wire(all, w, asset);
        }
        Box::new(Duty {
            inputs,
            commands: self
                .pumps
                .iter()
                .map(|pump| w.number(pump, "command", "{rev}/min"))
                .collect(),
            speed: w.read("speed", &self.speed, SPEED_RPM, "{rev}/min"),
            names: self.pumps.clone(),
            outputs: self.asset.as_ref().map(|asset| {
                let numbers = w.numbers(asset, [("running", "1"), ("speed", "{rev}/min")]);
                (numbers, w.words(asset, "changeover", MODES))
            }),
            state: DutyState {
                on: (0..self.pumps.len()).map(|at| at < self.running).collect(),
                running: self.running.min(self.pumps.len()),
                changeover: self.changeover.mode(),
                speed: None,
                swap: None,
                asked: None,
                is_new: true,
            },
        })
    }

    fn wire(&self, all: &[BlockSpec], w: &mut Wiring, asset: &str) {
        if matches!(self.speed, Source::Number(_)) {
            let plates = all.iter().filter_map(|block| match block {
                BlockSpec::Pump(pump) if self.pumps.contains(&pump.asset) => Some(&pump.plate),
                _ => None,
            });
            // As fast as the slowest of them may turn, within the ramp of the laziest.
            let (high, ramp_s) = plates.fold((f64::INFINITY, 0.0f64), |(high, ramp_s), plate| {
                (high.min(plate.rated_speed), ramp_s.max(plate.ramp_s))
            });
            let high = if high.is_finite() { high } else { 0.0 };
            let takes = Takes::Number { unit: "{rev}/min", low: 0.0, high };
            w.command(asset, 0, "speed", takes, 3.0 * ramp_s + 10.0);
        }
        let takes = Takes::Number { unit: "1", low: 0.0, high: self.pumps.len() as f64 };
        w.command(asset, 0, "running", takes, WITHIN_S);
        w.command(asset, 0, "changeover", Takes::Word(&["automatic", "manual"]), 1.0);
        let pairs: Vec<&'static str> = self
            .pumps
            .iter()
            .flat_map(|from| self.pumps.iter().map(move |to| (from, to)))
            .filter(|(from, to)| from != to)
            .map(|(from, to)| keep(&format!("{from}>{to}")))
            .collect();
        w.command(asset, 0, "swap", Takes::Word(keep_words(&pairs)), WITHIN_S);
    }
}

impl Duty {
    fn available(&self, b: &Board, at: usize) -> bool {
        b.read(&self.inputs[at][0]) > 0.5
    }

    fn delivers(&self, b: &Board, at: usize) -> bool {
        b.read(&self.inputs[at][3]) > DELIVERS
    }

    /// Starts and stops what the number of pumps asks for.
    fn choose(&mut self, b: &Board) {
        let is_new = std::mem::replace(&mut self.state.is_new, false);
        if !is_new {
            for (on, input) in self.state.on.iter_mut().zip(&self.inputs) {
                // With an automatic change-over another takes its place at once.
                let waits = self.state.changeover == Mode::Manual && b.read(&input[2]) > 0.5;
                *on &= b.read(&input[0]) > 0.5 || waits;
            }
        }
        if let Some(Swap { from, to, until_us }) = self.state.swap {
            if self.delivers(b, to) {
                self.state.on[from] = false;
                self.state.swap = None;
            } else if !self.available(b, to) || b.clock.time_us >= until_us {
                self.state.on[to] = false;
                self.state.swap = None;
            }
        }
        self.take_back(b);
        if self.state.changeover == Mode::Automatic && !is_new {
            self.fill(b);
        }
    }

    /// What was asked for and cannot be is not done later: as many run as before.
    fn take_back(&mut self, b: &Board) {
        let Some(Asked { before, until_us }) = self.state.asked else { return };
        let is_late = b.clock.time_us >= until_us;
        match self.running(b) {
            Progress::Done => self.state.asked = None,
            Progress::Going if !is_late => {}
            _ => {
                (self.state.running, self.state.asked) = (before, None);
                self.fill(b);
            }
        }
    }

    /// Starts spare pumps, or stops the last ones, until so many run as are asked for.
    fn fill(&mut self, b: &Board) {
        let by_hand = self.inputs.iter().filter(|input| b.read(&input[1]) > 0.5).count();
        // While one takes the place of another, both run.
        let is_both = |swap: Swap| self.state.on[swap.from] && self.state.on[swap.to];
        let both = usize::from(self.state.swap.is_some_and(is_both));
        let wanted = self.state.running.saturating_sub(by_hand) + both;
        loop {
            let on = self.state.on.iter().filter(|on| **on).count();
            let next = match on {
                few if few < wanted => {
                    (0..self.names.len()).find(|at| !self.state.on[*at] && self.available(b, *at))
                }
                many if many > wanted => self.state.on.iter().rposition(|on| *on),
                _ => None,
            };
            let Some(at) = next else { return };
            self.state.on[at] = !self.state.on[at];
        }
    }

    fn swap(&mut self, b: &Board, pair: &str) -> Answer {
        let Some((from, to)) = self.pair(pair) else {
            return Answer::Refused(format!("{pair:?} are no two pumps of this group"));
        };
        if self.state.swap.is_some() {
            return Answer::Refused("another swap is under way; wait until it is done".into());
        }
        if !self.state.on[from] {
            let from = &self.names[from];
            return Answer::Refused(format!("{from} does not run for this group"));
        }
        if self.state.on[to] || !self.available(b, to) {
            let to = &self.names[to];
            return Answer::Refused(format!(
                "{to} is not ready in automatic, or runs already; reset it or set its mode to \
                 automatic first"
            ));
        }
        self.state.on[to] = true;
        self.state.swap = Some(Swap { from, to, until_us: b.clock.time_us + SWAP_US });
        Answer::Accepted
    }

    /// Whether as many deliver as were asked for.
    fn running(&self, b: &Board) -> Progress {
        let wanted = self.state.running;
        if (0..self.names.len()).filter(|at| self.delivers(b, *at)).count() == wanted {
            return Progress::Done;
        }
        self.too_many(b, wanted).map_or(Progress::Going, Progress::Failed)
    }

    /// Why not so many can run.
    fn too_many(&self, b: &Board, wanted: usize) -> Option<String> {
        let by_hand = |at: &usize| b.read(&self.inputs[*at][1]) > 0.5;
        let able = (0..self.names.len()).filter(|at| self.available(b, *at) || by_hand(at)).count();
        (able < wanted).then(|| {
            format!(
                "{able} of {wanted} pumps can run; reset the others, or set their mode to automatic"
            )
        })
    }

    fn pair(&self, pair: &str) -> Option<(usize, usize)> {
        let (from, to) = pair.split_once('>')?;
        let at = |name: &str| self.names.iter().position(|pump| pump == name);
        Some((at(from)?, at(to)?))
    }
}

impl Block for Duty {
    fn step(&mut self, b: &mut Board, _time_s: f64, _dt_s: f64) {
        self.choose(b);
        let speed = self.state.speed.unwrap_or_else(|| b.read(&self.speed));
        for (slot, on) in self.commands.iter().zip(&self.state.on) {
            b.set(*slot, if *on { speed } else { 0.0 });
        }
        if let Some((numbers, word)) = self.outputs {
            b.set(numbers[0], self.state.running as f64);
            b.set(numbers[1], speed);
            b.set_word(word, self.state.changeover.name());
        }
    }

    fn command(&mut self, b: &mut Board, command: &Command) -> Answer {
        match command.name {
            "speed" => {
                self.state.speed = Some(command.argument.number());
                return Answer::Accepted;
            }
            "running" => {
                let running = command.argument.number();
                if running.fract() != 0.0 {
                    return Answer::Refused("a number of pumps has no fraction".into());
                }
                if self.state.swap.is_some() {
                    return Answer::Refused("a swap is under way; wait until it is done".into());
                }
                let wanted = running as usize;
                if let Some(reason) = self.too_many(b, wanted) {
                    return Answer::Refused(reason);
                }
                let before = self.state.asked.map_or(self.state.running, |asked| asked.before);
                self.state.asked = Some(Asked { before, until_us: b.clock.time_us + SWAP_US });
                self.state.running = wanted;
                self.fill(b);
                return Answer::Accepted;
            }
            "changeover" => {
                let automatic = command.argument.word() == "automatic";
                self.state.changeover = if automatic { Mode::Automatic } else { Mode::Manual };
            }
            "swap" => return self.swap(b, command.argument.word()),
            other => return Answer::Refused(format!("it knows no {other}")),
        }
        Answer::Done
    }

    fn progress(&self, b: &Board, command: &Command) -> Progress {
        if command.name == "speed" {
            let goal = command.argument.number();
            let away = |at: usize| (b.read(&self.inputs[at][4]) - goal).abs() > 5.0;
            let is_on = |at: &usize| self.state.on[*at];
            let reached = !(0..self.names.len()).filter(is_on).any(away);
            return if reached { Progress::Done } else { Progress::Going };
        }
        if command.name == "running" {
            let wanted = command.argument.number() as usize;
            if wanted != self.state.running {
                let why = self.too_many(b, wanted);
                let why = why.unwrap_or_else(|| "not so many delivered in time".into());
                return Progress::Failed(format!(
                    "{why}; {} are to run as before",
                    self.state.running
                ));
            }
            return self.running(b);
        }
        if command.name != "swap" || self.state.swap.is_some() {
            return if command.name == "swap" { Progress::Going } else { Progress::Done };
        }
        match self.pair(command.argument.word()) {
            Some((from, to)) if self.state.on[to] && !self.state.on[from] => Progress::Done,
            Some((_, to)) => Progress::Failed(format!(
                "{} did not deliver; the other one runs on",
                self.names[to]
            )),
            None => Progress::Done,
        }
    }

    fn save(&self, out: &mut Saved) {
        out.put(&self.state);
    }

    fn load(&mut self, from: &mut Loaded<'_>) -> Result<(), Damaged> {
        let state: DutyState = from.take()?;
        let pumps = self.names.len();
        let swaps = state.swap.is_none_or(|swap| swap.from < pumps && swap.to < pumps);
        if state.on.len() != pumps || !swaps {
            return Err(Damaged("the snapshot has another number of pumps".into()));
        }
        self.state = state;
        Ok(())
    }
}
