//! The network between machines and those who command them: while it is away commands do not come, and
//! answers and announcements are not sent.

use std::collections::{BTreeMap, VecDeque};

use serde::{Deserialize, Serialize};

use super::Message;
use super::board::Board;
use super::command::topics::Topics;
use super::faults::FaultSlot;
use super::publication::{LATE, losses_of};
use super::wiring::Wiring;
use crate::twin::Twin;

/// The network of a plant.
pub struct Network {
    /// Of the whole plant.
    pub plant: FaultSlot,
    /// By the topic on which a machine answers, or work on any is announced: the faults by which what is
    /// sent there is lost.
    losses: BTreeMap<String, Vec<FaultSlot>>,
    late: VecDeque<Late>,
}

/// A message that waits until the network is back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Late {
    /// Time since the start, µs.
    at_us: i64,
    topic: String,
    payload: Vec<u8>,
}

impl Network {
    /// That of the machines that obey.
    pub fn new(twin: &Twin, topics: &Topics, plant: FaultSlot, wiring: &mut Wiring) -> Self {
        let mut losses = BTreeMap::from([(topics.maintenance.clone(), vec![plant])]);
        for machine in &topics.machines {
            let id = twin.asset_ids().find(|id| *twin.asset(*id).name == *machine.asset);
            let own = id.map_or(vec![plant], |id| losses_of(twin, id, wiring));
            losses.insert(machine.answer.clone(), own);
        }
        Self { plant, losses, late: VecDeque::new() }
    }

    /// Whether what is sent on a topic is lost now: for how long it waits, s.
    fn loss(&self, board: &Board, topic: &str) -> Option<f64> {
        let away = self.losses.get(topic)?.iter().filter(|slot| board.fault(**slot) > 0.5);
        away.map(|slot| board.size(*slot).unwrap_or(0.0)).reduce(f64::min)
    }

    /// Whether a machine that answers on a topic cannot be reached; where none does, whether the whole
    /// plant cannot.
    pub fn is_away(&self, board: &Board, answer: &str) -> bool {
        match self.losses.contains_key(answer) {
            true => self.loss(board, answer).is_some(),
            false => board.fault(self.plant) > 0.5,
        }
    }

    /// Sends messages, and those that have waited for the network of their topic. What is sent while it is
    /// away is lost, or waits for as long as the fault states.
    pub fn pass_on(
        &mut self,
        messages: Vec<Message>,
        board: &Board,
        now_us: i64,
        sink: &mut dyn FnMut(Message),
    ) {
        for Late { at_us, topic, payload } in std::mem::take(&mut self.late) {
            match self.loss(board, &topic) {
                None => sink(Message { topic, payload, qos: 1, retain: false }),
                Some(keeps_s) if now_us.saturating_sub(at_us) as f64 <= keeps_s * 1e6 => {
                    self.late.push_back(Late { at_us, topic, payload });
                }
                Some(_) => {}
            }
        }
        for message in messages {
            match self.loss(board, &message.topic) {
                None => sink(message),
                Some(keeps_s) if keeps_s > 0.0 => {
                    if self.late.len() == LATE {
                        self.late.pop_front();
                    }
                    let Message { topic, payload, .. } = message;
                    self.late.push_back(Late { at_us: now_us, topic, payload });
                }
                Some(_) => {}
            }
        }
    }

    /// What waits, for snapshots.
    pub fn state(&self) -> &VecDeque<Late> {
        &self.late
    }

    /// Puts back what [`state`](Self::state) gave; `false` when it is none of this plant.
    pub fn restore(&mut self, late: VecDeque<Late>) -> bool {
        let fits = late.len() <= LATE && late.iter().all(|l| self.losses.contains_key(&l.topic));
        if fits {
            self.late = late;
        }
        fits
    }
}
