//! Commands on their way: taken at the next step, answered, and followed until they are done.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use super::payload::Wanted;
use super::topics::Topics;
use super::{Answer, Argument, Command, Progress};
use crate::plant::simulation::Message;
use crate::plant::simulation::blocks::Block;
use crate::plant::simulation::wiring::{Board, Known, keep};
use crate::twin::{Timestamp, nearest};

/// Messages that wait for the next step at most.
const MOST_WAITING: usize = 1000;
/// Orders that are being done at most.
const MOST_PENDING: usize = 256;
/// Marks that are remembered, by machine.
const REMEMBERED: usize = 32;
/// Plant time between two looks at what is being done, µs.
const LOOK_EVERY_US: i64 = 100_000;

/// A message that has come.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Incoming {
    /// Its topic.
    pub topic: String,
    /// Its payload.
    pub payload: Vec<u8>,
    /// The broker had kept it.
    pub retained: bool,
}

/// An order that was accepted and is being done.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Pending {
    machine: usize,
    /// Number of the command among all.
    known: usize,
    argument: SavedArgument,
    by: String,
    id: Option<String>,
    /// As it was sent, as JSON text.
    value: String,
    until_us: i64,
}

/// An argument as snapshots hold it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
enum SavedArgument {
    Nothing,
    Switch(bool),
    Number(f64),
    Word(String),
}

/// The last answer to a mark.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Remembered {
    id: String,
    answer: Vec<u8>,
}

/// What of it changes, for snapshots.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct OrdersState {
    waiting: VecDeque<Incoming>,
    pending: Vec<Pending>,
    /// By machine.
    remembered: Vec<VecDeque<Remembered>>,
}

/// All commands of a plant.
#[derive(Debug, Default)]
pub struct Orders {
    /// Where they come and are answered.
    pub topics: Topics,
    known: Vec<Known>,
    state: OrdersState,
}

/// What an answer says.
struct Said<'a> {
    id: Option<&'a str>,
    command: &'a str,
    value: &'a Json,
    answer: &'static str,
    reason: Option<&'a str>,
}

impl Orders {
    /// None yet.
    pub fn new(topics: Topics, known: Vec<Known>) -> Self {
        let remembered = vec![VecDeque::new(); topics.machines.len()];
        Self { topics, known, state: OrdersState { remembered, ..OrdersState::default() } }
    }

    /// Every command that a block knows.
    pub fn known(&self) -> &[Known] {
        &self.known
    }

    /// Takes a message for the next step; `false` when it is none for this plant, or too many wait.
    pub fn push(&mut self, incoming: Incoming) -> bool {
        let is_own = self.topics.machine(&incoming.topic).is_some()
            || self.topics.order(&incoming.topic).is_some();
        let is_taken = is_own && self.state.waiting.len() < MOST_WAITING;
        if is_taken {
            self.state.waiting.push_back(incoming);
        }
        is_taken
    }

    /// The next message that waits.
    pub fn pop(&mut self) -> Option<Incoming> {
        self.state.waiting.pop_front()
    }

    /// Carries out a command and answers it.
    pub fn obey(
        &mut self,
        incoming: &Incoming,
        (board, blocks): (&mut Board, &mut [Box<dyn Block>]),
        now: Timestamp,
        sink: &mut dyn FnMut(Message),
    ) {
        let Some((machine, name)) = self.topics.machine(&incoming.topic) else { return };
        let wanted = Wanted::read(&incoming.payload);
        let id = wanted.as_ref().ok().and_then(|wanted| wanted.id.clone());
        if let Some(id) = &id
            && let Some(known) = self.state.remembered[machine].iter().find(|known| known.id == *id)
        {
            let (topic, payload) =
                (self.topics.machines[machine].answer.clone(), known.answer.clone());
            sink(Message { topic, payload, qos: 1, retain: false });
            return;
        }
        let value = wanted.as_ref().map(|wanted| wanted.value.clone()).unwrap_or_default();
        let say = |answer, reason| Said {
            id: id.as_deref(),
            command: name,
            value: &value,
            answer,
            reason,
        };
        let checked = match wanted {
            _ if incoming.retained => {
                Err("the broker had kept this command, so nobody knows how old it \
                                           is; publish commands without retain"
                    .to_string())
            }
            Err(reason) => Err(reason),
            Ok(wanted) => self.check(machine, name, &wanted, board),
        };
        let (known, command) = match checked {
            Ok(checked) => checked,
            Err(reason) => return self.answer(machine, say("refused", Some(&reason)), now, sink),
        };
        let (block, within_s) = (self.known[known].block, self.known[known].within_s);
        match blocks[block].command(board, &command) {
            Answer::Refused(reason) => {
                self.answer(machine, say("refused", Some(&reason)), now, sink)
            }
            Answer::Done => {
                self.supersede(machine, known, now, sink);
                self.answer(machine, say("accepted", None), now, sink);
                self.answer(machine, say("done", None), now, sink);
            }
            Answer::Accepted => {
                self.supersede(machine, known, now, sink);
                self.answer(machine, say("accepted", None), now, sink);
                let argument = match command.argument {
                    Argument::Nothing => SavedArgument::Nothing,
                    Argument::Switch(on) => SavedArgument::Switch(on),
                    Argument::Number(number) => SavedArgument::Number(number),
                    Argument::Word(word) => SavedArgument::Word(word.to_string()),
                };
                self.state.pending.push(Pending {
                    machine,
                    known,
                    argument,
                    by: command.by,
                    id,
                    value: value.to_string(),
                    until_us: board.clock.time_us + (within_s * 1e6) as i64,
                });
            }
        }
    }

    /// Finds the command of a name and checks what came with it.
    fn check(
        &self,
        machine: usize,
        name: &str,
        wanted: &Wanted,
        board: &Board,
    ) -> Result<(usize, Command), String> {
        let asset = &self.topics.machines[machine].asset;
        let own = |known: &&Known| known.asset == *asset;
        let Some(at) = self.known.iter().position(|known| own(&known) && known.name == name) else {
            let names = self.known.iter().filter(own).map(|known| known.name);
            let near = nearest(name, names.clone());
            let near = near
                .map(|near| format!("; nearest: {near:?}"))
                .unwrap_or_else(|| format!("; it knows {}", names.collect::<Vec<_>>().join(", ")));
            return Err(format!("{asset} knows no command {name:?}{near}"));
        };
        let known = &self.known[at];
        let parts: Vec<_> = board.parts.names(asset).collect();
        let argument = wanted.argument(known.takes, &parts)?;
        if self.state.pending.len() >= MOST_PENDING && known.within_s > 0.0 {
            return Err(format!("{MOST_PENDING} orders are being done; wait for some"));
        }
        let (at_block, by) = (known.at, wanted.by.clone());
        Ok((at, Command { at: at_block, name: known.name, argument, by }))
    }

    /// Ends what a newer order of the same kind takes the place of.
    fn supersede(
        &mut self,
        machine: usize,
        known: usize,
        now: Timestamp,
        sink: &mut dyn FnMut(Message),
    ) {
        let group = group(self.known[known].name);
        let is_old =
            |p: &Pending| p.machine == machine && group == self::group(self.known[p.known].name);
        let Some(at) = self.state.pending.iter().position(is_old) else { return };
        let old = self.state.pending.remove(at);
        self.end(&old, "failed", Some("a newer command took its place"), now, sink);
    }

    /// Looks at what is being done, and answers what is done or has failed.
    pub fn look(
        &mut self,
        board: &Board,
        blocks: &[Box<dyn Block>],
        now: Timestamp,
        sink: &mut dyn FnMut(Message),
    ) {
        let (time_us, dt_us) = (board.clock.time_us, board.clock.dt_us);
        let is_due =
            time_us.div_euclid(LOOK_EVERY_US) != (time_us - dt_us).div_euclid(LOOK_EVERY_US);
        if !is_due || self.state.pending.is_empty() {
            return;
        }
        for order in std::mem::take(&mut self.state.pending) {
            let known = &self.known[order.known];
            let command = Command {
                at: known.at,
                name: known.name,
                argument: match &order.argument {
                    SavedArgument::Nothing => Argument::Nothing,
                    SavedArgument::Switch(on) => Argument::Switch(*on),
                    SavedArgument::Number(number) => Argument::Number(*number),
                    SavedArgument::Word(word) => Argument::Word(keep(word)),
                },
                by: order.by.clone(),
            };
            match blocks[known.block].progress(board, &command) {
                Progress::Done => self.end(&order, "done", None, now, sink),
                Progress::Failed(reason) => self.end(&order, "failed", Some(&reason), now, sink),
                Progress::Going if time_us >= order.until_us => {
                    let reason = format!("it was not done within {} s", known.within_s);
                    self.end(&order, "failed", Some(&reason), now, sink);
                }
                Progress::Going => self.state.pending.push(order),
            }
        }
    }

    fn end(
        &mut self,
        order: &Pending,
        answer: &'static str,
        reason: Option<&str>,
        now: Timestamp,
        sink: &mut dyn FnMut(Message),
    ) {
        let value = serde_json::from_str(&order.value).unwrap_or_default();
        let command = self.known[order.known].name;
        let said = Said { id: order.id.as_deref(), command, value: &value, answer, reason };
        self.answer(order.machine, said, now, sink);
    }

    fn answer(
        &mut self,
        machine: usize,
        said: Said,
        now: Timestamp,
        sink: &mut dyn FnMut(Message),
    ) {
        let payload = serde_json::json!({
            "ts": now.to_string(), "id": said.id, "command": said.command, "value": said.value,
            "answer": said.answer, "reason": said.reason,
        });
        let payload = payload.to_string().into_bytes();
        if let Some(id) = said.id {
            let remembered = &mut self.state.remembered[machine];
            match remembered.iter_mut().find(|known| known.id == id) {
                Some(known) => known.answer.clone_from(&payload),
                None => {
                    if remembered.len() == REMEMBERED {
                        remembered.pop_front();
                    }
                    remembered
                        .push_back(Remembered { id: id.to_string(), answer: payload.clone() });
                }
            }
        }
        let topic = self.topics.machines[machine].answer.clone();
        sink(Message { topic, payload, qos: 1, retain: false });
    }

    /// The state for snapshots.
    pub fn state(&self) -> &OrdersState {
        &self.state
    }

    /// Puts back what [`state`](Self::state) gave; `false` when it is none of this plant.
    pub fn restore(&mut self, state: OrdersState) -> bool {
        let machines = self.topics.machines.len();
        let fits = state.remembered.len() == machines
            && state.remembered.iter().all(|ring| ring.len() <= REMEMBERED)
            && state.waiting.len() <= MOST_WAITING
            && state.pending.len() <= MOST_PENDING
            && state
                .pending
                .iter()
                .all(|order| order.machine < machines && order.known < self.known.len());
        if fits {
            self.state = state;
        }
        fits
    }
}

/// Orders of one group take the place of each other.
fn group(name: &'static str) -> &'static str {
    if matches!(name, "start" | "stop") { "run" } else { name }
}

#[cfg(test)]
mod tests;
