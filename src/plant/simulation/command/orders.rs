//! Commands on their way: taken at the next step, answered, and followed until they are done.

use std::collections::{BTreeSet, VecDeque};

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use super::payload::{self, Wanted};
use super::topics::Topics;
use super::{Answer, Argument, Command, Progress};
use crate::plant::simulation::Message;
use crate::plant::simulation::blocks::Block;
use crate::plant::simulation::instructor;
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

/// The last answer to a command with a mark.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Remembered {
    id: String,
    command: String,
    /// What was to be done, as JSON.
    value: String,
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
    /// Topics of which the broker has kept a command: an empty message there removes it.
    kept: BTreeSet<String>,
    /// Answers to what does not wait.
    said: Vec<Message>,
}

/// What an answer says.
struct Said<'a> {
    id: Option<&'a str>,
    command: &'a str,
    value: &'a Json,
    answer: &'static str,
    reason: Option<&'a str>,
}

impl Said<'_> {
    fn payload(&self, now: Timestamp) -> Vec<u8> {
        let payload = serde_json::json!({
            "ts": now.to_string(), "id": self.id, "command": self.command, "value": self.value,
            "answer": self.answer, "reason": self.reason,
        });
        payload.to_string().into_bytes()
    }
}

/// Why a command is not carried out whose mark was that of another.
fn used_id(id: &str, known: &Remembered) -> String {
    format!(
        "the id {id:?} was that of {} with the value {}; give each command an id of its own",
        known.command, known.value
    )
}

impl Orders {
    /// None yet.
    pub fn new(topics: Topics, known: Vec<Known>) -> Self {
        let remembered = vec![VecDeque::new(); topics.machines.len()];
        let state = OrdersState { remembered, ..OrdersState::default() };
        Self { topics, known, state, kept: BTreeSet::new(), said: Vec::new() }
    }

    /// Every command that a block knows.
    pub fn known(&self) -> &[Known] {
        &self.known
    }

    /// Takes a message for the next step, or answers at once that it cannot be taken; `false` when it is none
    /// for this plant.
    pub fn push(&mut self, incoming: Incoming, now: Timestamp) -> bool {
        if self.topics.is_sent(&incoming.topic) {
            return false;
        }
        let machine = self.topics.machine(&incoming.topic);
        let order = self.topics.order(&incoming.topic);
        if machine.is_none() && order.is_none() {
            return self.refuse_stray(&incoming, now);
        }
        if self.state.waiting.len() < MOST_WAITING {
            self.state.waiting.push_back(incoming);
            return true;
        }
        let reason = format!(
            "{MOST_WAITING} commands wait for the plant's next step; send fewer, or let its time go on \
             where it stands still"
        );
        let refusal = match (order, machine) {
            (Some(order), _) => {
                instructor::answer(&self.topics.instructor, order, Err(&reason), now)
            }
            (None, Some((machine, name))) => {
                let topic = self.topics.machines[machine].answer.clone();
                refusal(topic, name, &incoming.payload, &reason, now)
            }
            (None, None) => return false,
        };
        self.said.push(refusal);
        true
    }

    /// Tells who sent a command to no machine where it should have gone; nobody where the broker had kept
    /// it, for nobody waits for an answer then.
    fn refuse_stray(&mut self, incoming: &Incoming, now: Timestamp) -> bool {
        let Some(stray) = self.topics.stray(&incoming.topic).filter(|_| !incoming.retained) else {
            return false;
        };
        let reason = self.topics.whereto(&stray);
        let (name, payload) = (stray.name, &incoming.payload);
        self.said.push(refusal(stray.answer.clone(), name, payload, &reason, now));
        true
    }

    /// Whether something in this plant is told what to do on a topic.
    pub fn knows(&self, topic: &str) -> bool {
        let is_order = |order: &str| instructor::ORDERS.contains(&order);
        let is_command = |(machine, name): (usize, &str)| {
            let asset = &self.topics.machines[machine].asset;
            self.known.iter().any(|known| known.asset == *asset && known.name == name)
        };
        self.topics.order(topic).is_some_and(is_order)
            || self.topics.machine(topic).is_some_and(is_command)
    }

    /// The topic on which something is told what to do that is most like one.
    pub fn nearest(&self, topic: &str) -> Option<String> {
        let set = |known: &Known| {
            let machine = self.topics.machines.iter().find(|machine| machine.asset == known.asset);
            machine.map(|machine| format!("{}{}", machine.set, known.name))
        };
        let orders = instructor::ORDERS.map(|order| format!("{}{order}", self.topics.instructor));
        let all: Vec<String> = self.known.iter().filter_map(set).chain(orders).collect();
        nearest(topic, all.iter().map(String::as_str))
    }

    /// Answers to what was not taken.
    pub fn take_said(&mut self) -> Vec<Message> {
        std::mem::take(&mut self.said)
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
        let mut wanted = match self.unkept(incoming) {
            Ok(()) => Wanted::read(&incoming.payload),
            Err(reason) => Err(reason),
        };
        let asked = wanted.as_ref().ok().map(|wanted| wanted.value.clone());
        let id = payload::id_of(&incoming.payload);
        if wanted.is_ok()
            && let Some(id) = &id
            && let Some(known) = self.remembered(machine, name, id)
        {
            let text = asked.as_ref().map(ToString::to_string);
            if text.as_ref() == Some(&known.value) {
                let (topic, payload) =
                    (self.topics.machines[machine].answer.clone(), known.answer.clone());
                return sink(Message { topic, payload, qos: 1, retain: false });
            }
            wanted = wanted.and_then(|_| Err(used_id(id, known)));
        }
        let value = asked.unwrap_or_default();
        let say = |answer, reason| Said {
            id: id.as_deref(),
            command: name,
            value: &value,
            answer,
            reason,
        };
        let checked = wanted.and_then(|wanted| self.check(machine, name, &wanted, board));
        let (known, command) = match checked {
            Ok(checked) => checked,
            // Not remembered: what is sent again with the same mark may be right then.
            Err(reason) => {
                let payload = say("refused", Some(&reason)).payload(now);
                let topic = self.topics.machines[machine].answer.clone();
                return sink(Message { topic, payload, qos: 1, retain: false });
            }
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

    /// Refuses what the broker had kept, and what only removes that.
    fn unkept(&mut self, incoming: &Incoming) -> Result<(), String> {
        if incoming.retained {
            if self.kept.len() < MOST_WAITING {
                self.kept.insert(incoming.topic.clone());
            }
            return Err(
                "the broker had kept this command, so nobody knows how old it is; publish \
                        commands without retain"
                    .to_string(),
            );
        }
        if incoming.payload.is_empty() && self.kept.remove(&incoming.topic) {
            return Err(
                "this empty message has removed the command that the broker had kept here, and \
                        does nothing else; send it again if it was meant as a command"
                    .to_string(),
            );
        }
        Ok(())
    }

    /// The command with that mark, and its last answer.
    fn remembered(&self, machine: usize, name: &str, id: &str) -> Option<&Remembered> {
        let is_it = |known: &&Remembered| known.id == id && known.command == name;
        self.state.remembered[machine].iter().find(is_it)
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
        let payload = said.payload(now);
        if let Some(id) = said.id {
            let remembered = &mut self.state.remembered[machine];
            let is_it = |known: &&mut Remembered| known.id == id && known.command == said.command;
            match remembered.iter_mut().find(is_it) {
                Some(known) => known.answer.clone_from(&payload),
                None => {
                    if remembered.len() == REMEMBERED {
                        remembered.pop_front();
                    }
                    let (id, command) = (id.to_string(), said.command.to_string());
                    let (value, answer) = (said.value.to_string(), payload.clone());
                    remembered.push_back(Remembered { id, command, value, answer });
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

/// That a command is not taken.
fn refusal(topic: String, command: &str, payload: &[u8], reason: &str, now: Timestamp) -> Message {
    let id = payload::id_of(payload);
    let value = Wanted::read(payload).map(|wanted| wanted.value).unwrap_or_default();
    let (id, value) = (id.as_deref(), &value);
    let said = Said { id, command, value, answer: "refused", reason: Some(reason) };
    Message { topic, payload: said.payload(now), qos: 1, retain: false }
}

/// Orders of one group take the place of each other.
fn group(name: &'static str) -> &'static str {
    if matches!(name, "start" | "stop") { "run" } else { name }
}

#[cfg(test)]
mod tests;
