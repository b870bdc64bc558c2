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

/// Which of some pumps run, at which speed. With an automatic change-over, those that cannot run are
/// replaced by those that wait. Signals: `PUMP.command` each; of its asset, where it has one, speed,
/// running, changeover.
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
    /// By pump: whether its group may run it, whether it runs by hand, its flow.
    inputs: Vec<[Input; 3]>,
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
    /// Of a swap: who stops when the other delivers.
    swap: Option<(usize, usize)>,
    /// No pump has stepped yet.
    is_new: bool,
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
            let [available, flow] = ["available", "flow"]
                .map(|signal| w.input(&Source::Signal(format!("{pump}.{signal}"))));
            inputs.push([available, w.secret(pump, "by_hand"), flow]);
        }
        if let Some(asset) = &self.asset {
            self.wire(w, asset);
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
                is_new: true,
            },
        })
    }

    fn wire(&self, w: &mut Wiring, asset: &str) {
        if matches!(self.speed, Source::Number(_)) {
            let takes = Takes::Number { unit: "{rev}/min", low: 0.0, high: 6000.0 };
            w.command(asset, 0, "speed", takes, 1.0);
        }
        let takes = Takes::Number { unit: "1", low: 0.0, high: self.pumps.len() as f64 };
        w.command(asset, 0, "running", takes, 1.0);
        w.command(asset, 0, "changeover", Takes::Word(&["automatic", "manual"]), 1.0);
        let pairs: Vec<&'static str> = self
            .pumps
            .iter()
            .flat_map(|from| self.pumps.iter().map(move |to| (from, to)))
            .filter(|(from, to)| from != to)
            .map(|(from, to)| keep(&format!("{from}>{to}")))
            .collect();
        w.command(asset, 0, "swap", Takes::Word(keep_words(&pairs)), 60.0);
    }
}

impl Duty {
    fn available(&self, b: &Board, at: usize) -> bool {
        b.read(&self.inputs[at][0]) > 0.5
    }

    /// Starts and stops what the number of pumps asks for.
    fn choose(&mut self, b: &Board) {
        let is_new = std::mem::replace(&mut self.state.is_new, false);
        if self.state.changeover == Mode::Automatic && !is_new {
            for at in 0..self.names.len() {
                self.state.on[at] &= self.available(b, at);
            }
        }
        if let Some((from, to)) = self.state.swap {
            if b.read(&self.inputs[to][2]) > DELIVERS {
                self.state.on[from] = false;
                self.state.swap = None;
            } else if !self.available(b, to) {
                self.state.on[to] = false;
                self.state.swap = None;
            }
            return;
        }
        if self.state.changeover == Mode::Automatic && !is_new {
            self.fill(b);
        }
    }

    /// Starts spare pumps, or stops the last ones, until so many run as are asked for.
    fn fill(&mut self, b: &Board) {
        let by_hand = self.inputs.iter().filter(|input| b.read(&input[1]) > 0.5).count();
        let wanted = self.state.running.saturating_sub(by_hand);
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
        self.state.swap = Some((from, to));
        Answer::Accepted
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
            "speed" => self.state.speed = Some(command.argument.number()),
            "running" => {
                let running = command.argument.number();
                if running.fract() != 0.0 {
                    return Answer::Refused("a number of pumps has no fraction".into());
                }
                self.state.running = running as usize;
                self.fill(b);
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

    fn progress(&self, _b: &Board, command: &Command) -> Progress {
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
        let swaps = state.swap.is_none_or(|(from, to)| from < pumps && to < pumps);
        if state.on.len() != pumps || !swaps {
            return Err(Damaged("the snapshot has another number of pumps".into()));
        }
        self.state = state;
        Ok(())
    }
}
