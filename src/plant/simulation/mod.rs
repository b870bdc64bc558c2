//! The simulated plant: physics on plant time, and the messages that a real plant would send.
//!
//! Flows in: a twin (topics, payload shapes and its `simulation` section) and a seed. Flows out:
//! messages that are a pure function of both and of the plant time since the start.

pub mod balance;
mod blocks;
mod board;
mod checked;
mod command;
mod encode;
mod faults;
mod instructor;
mod instrument;
mod maintenance;
mod message_source;
mod named;
mod network;
mod noise;
#[cfg(not(target_arch = "wasm32"))]
mod offline;
#[cfg(not(target_arch = "wasm32"))]
mod pace;
mod packaging;
mod parts;
mod permits;
pub mod physics;
mod places;
mod publication;
#[cfg(not(target_arch = "wasm32"))]
mod publisher;
mod reading;
mod reported;
mod section;
mod snapshot;
mod tap;
mod topic;
mod wiring;

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use self::balance::Balance;
use self::blocks::Block;
use self::board::Errand;
pub use self::checked::Checked;
use self::command::orders::{Incoming, Orders};
use self::command::payload::LARGEST;
use self::command::topics::Topics;
use self::command::{Argument, Command};
use self::faults::{Fault, FaultSlot, Plan};
use self::instructor::Order as Instruction;
use self::instrument::Moment;
pub use self::message_source::{
    BadScript, Journal, MessageSource, SPEEDS, Scripted, Shelf, Unfit, no_snapshot,
};
use self::network::Network;
#[cfg(not(target_arch = "wasm32"))]
pub use self::offline::record;
pub use self::parts::{Part, Parts};
use self::places::Places;
use self::publication::{PLANT, Publication, check_powered, clock_error_us, publications_of};
#[cfg(not(target_arch = "wasm32"))]
pub use self::publisher::{Obey, PlantError, PlantOptions, publish, run};
use self::section::{Spec, located, read};
use self::snapshot::Definition;
pub use self::snapshot::{Damaged, setup_of};
use self::tap::check_instruments;
use self::tap::transmitters::Transmitters;
use self::wiring::{Board, Known, Wiring};
use crate::twin::{Timestamp, Twin};

/// Bytes that the topic of a command has at most: machines have shorter ones.
const LONGEST_TOPIC: usize = 1200;

/// A mistake in the `simulation` section of a twin file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {message}")]
pub struct Mistake {
    /// File, line and column.
    pub place: String,
    /// What is wrong and what to do.
    pub message: String,
}

/// An MQTT message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Its topic.
    pub topic: String,
    /// Its payload.
    pub payload: Vec<u8>,
    /// Quality of service, 0 to 2.
    pub qos: u8,
    /// Kept by the broker for those who come later.
    pub retain: bool,
}

/// Which plant of a twin file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Setup {
    /// Chooses the noise, the lives of parts and what goes wrong; the same seed gives the same plant.
    pub seed: u64,
    /// Plant time at the first message.
    pub start: Timestamp,
    /// The section's story is told.
    pub story: bool,
}

/// A plant that can be advanced.
pub struct Simulation {
    setup: Setup,
    /// The twin's name, and what it says of the plant: snapshots of others are refused.
    twin: String,
    definition: Definition,
    dt_us: i64,
    warm_up_us: i64,
    elapsed_us: i64,
    /// Up to when it was asked to run, since the start: less than a step beyond `elapsed_us`.
    asked: Duration,
    board: Board,
    blocks: Vec<Box<dyn Block>>,
    publications: Vec<Publication>,
    network: Network,
    /// What is wrong with the clock of the whole plant.
    clock: FaultSlot,
    orders: Orders,
    plan: Plan,
}

impl Simulation {
    /// Builds the plant of a twin file; `start` is its plant time at the first message.
    ///
    /// # Errors
    /// If the twin has no `simulation` section, or with everything that is wrong in it.
    pub fn new(twin: &Twin, seed: u64, start: Timestamp) -> Result<Self, Vec<Mistake>> {
        Self::set_up(twin, Setup { seed, start, story: false })
    }

    /// Builds the plant of a twin file.
    ///
    /// # Errors
    /// If the twin has no `simulation` section, no story where one is to be told, or with everything
    /// that is wrong in it.
    pub fn set_up(twin: &Twin, setup: Setup) -> Result<Self, Vec<Mistake>> {
        let mut simulation = Self::cold(twin, setup)?;
        simulation.warm_up(&AtomicBool::new(false));
        Ok(simulation)
    }

    /// Lets the plant time pass that comes before the first message; `false` when `stop` was set meanwhile.
    fn warm_up(&mut self, stop: &AtomicBool) -> bool {
        let mut warm = 0;
        while warm < self.warm_up_us {
            if stop.load(Ordering::Relaxed) {
                return false;
            }
            warm += self.dt_us;
            self.step(warm);
        }
        self.warm_up_us = warm;
        self.board.announcements.clear();
        true
    }

    /// The plant before it has warmed up; what is doubtful in the section is logged.
    fn cold(twin: &Twin, setup: Setup) -> Result<Self, Vec<Mistake>> {
        let (simulation, notices) = Self::wired(twin, setup)?;
        notices.iter().for_each(|notice| log::warn!("{notice}"));
        Ok(simulation)
    }

    /// The plant before its first step, and what is doubtful in the section.
    fn wired(twin: &Twin, setup: Setup) -> Result<(Self, Vec<Mistake>), Vec<Mistake>> {
        let Some(source) = &twin.simulation else {
            let file =
                twin.files.first().map(|file| file.display().to_string()).unwrap_or_default();
            let message =
                "the twin file has no `simulation` section, so there is nothing to simulate".into();
            return Err(vec![Mistake { place: file, message }]);
        };
        let spec: Spec = read(source)?;
        if setup.story && spec.story.is_none() {
            let message = "the simulation section has no `story` that could be told";
            return Err(vec![located(source, "story", message)]);
        }
        let spec = spec.told(setup.story);
        let mut wiring = Wiring::new(setup.seed, spec.wear.clone());
        let mut blocks = build(&spec, setup.seed, &mut wiring);
        let mut publications = Vec::new();
        for id in twin.asset_ids() {
            publications.extend(publications_of(twin, id, &spec, &mut wiring));
            wiring.enter(None);
        }
        check_instruments(twin, &spec, &mut wiring);
        let network = wiring.fault(PLANT, Fault::NetworkLoss);
        let clock = wiring.fault(PLANT, Fault::ClockJump);
        check_powered(twin, &spec, &mut wiring);
        let mut topics = Topics::new(twin, &spec.topics, &mut wiring);
        let measured = publications.iter().map(|publication| publication.topic.clone()).collect();
        topics.check_sent(twin, measured, &mut wiring);
        named::check_keys(twin, &spec, &mut wiring);
        named::check_writes(twin, &topics, &mut wiring);
        let network = Network::new(twin, &topics, network, &mut wiring);
        let plan = Plan::new(&spec.faults, &mut wiring);
        section::check(&spec, &mut wiring);
        let board = wiring.board();
        let places = Places::new(source, setup.story);
        if !wiring.mistakes.is_empty() {
            let mistakes = wiring.mistakes.iter().enumerate();
            return Err(mistakes
                .map(|(at, (word, message))| places.mistake(wiring.entry_of(at), word, message))
                .collect());
        }
        let warm_up_us = (spec.warm_up_s.clamp(0.0, 86_400.0) * 1e6) as i64;
        let dt_us = i64::from(spec.step_ms.clamp(1, 1000)) * 1000;
        // The warm-up ends with a whole step.
        let warm_up_us = warm_up_us.div_euclid(dt_us) * dt_us
            + if warm_up_us.rem_euclid(dt_us) > 0 { dt_us } else { 0 };
        let all = std::mem::take(&mut wiring.transmitters);
        if !all.is_empty() {
            blocks.push(Box::new(Transmitters { all, warm_up_us }));
        }
        let notices = wiring.notices.iter();
        let notices = notices
            .map(|(entry, word, message)| places.mistake(entry.as_ref(), word, message))
            .collect();
        let simulation = Self {
            setup,
            twin: twin.name.clone(),
            definition: Definition::of(twin, source.text.trim(), &publications),
            dt_us,
            warm_up_us,
            elapsed_us: 0,
            asked: Duration::ZERO,
            board,
            blocks,
            publications,
            network,
            clock,
            orders: Orders::new(topics, wiring.commands().to_vec()),
            plan,
        };
        Ok((simulation, notices))
    }

    /// Plant time now.
    pub fn now(&self) -> Timestamp {
        self.setup.start.plus_micros(self.elapsed_us)
    }

    /// Plant time at the first message.
    pub fn start(&self) -> Timestamp {
        self.setup.start
    }

    /// A step of the physics.
    pub fn step_length(&self) -> Duration {
        Duration::from_micros(self.dt_us.unsigned_abs())
    }

    /// How far the parts are worn: the plant's hidden truth, which no message tells.
    pub fn truth(&self) -> &Parts {
        &self.board.parts
    }

    /// Measures and sends no message more often than so.
    fn thin(&mut self, every: Duration) {
        let every_us = i64::try_from(every.as_micros()).unwrap_or(i64::MAX);
        for publication in &mut self.publications {
            publication.period_us = publication.period_us.max(every_us);
        }
    }

    /// Up to when it was asked to run, since the first message.
    pub fn asked(&self) -> Duration {
        self.asked
    }

    /// What the plant's own clock tells at a time; `None` while its network is away.
    pub fn told_time(&self, now: Timestamp) -> Option<Timestamp> {
        let error_us = clock_error_us(&self.board, &[self.clock]);
        (self.board.fault(self.network.plant) <= 0.5).then(|| now.plus_micros(error_us))
    }

    /// Runs the physics up to `elapsed` since the start, and hands over every message that is due
    /// on the way, in order.
    pub fn advance(&mut self, elapsed: Duration, sink: &mut dyn FnMut(Message)) {
        self.said().into_iter().for_each(&mut *sink);
        self.asked = self.asked.max(elapsed);
        let goal = elapsed.as_micros().min(i64::MAX as u128) as i64;
        while self.elapsed_us + self.dt_us <= goal {
            self.elapsed_us += self.dt_us;
            let now = self.now();
            let mut said = Vec::new();
            self.obey(now, &mut |message| said.push(message));
            let (seed, span) = (self.setup.seed, (self.elapsed_us, self.dt_us));
            self.plan.bring(&mut self.board.faults, seed, span, self.warm_up_us);
            self.step(self.warm_up_us + self.elapsed_us);
            let mut say = |message| said.push(message);
            self.orders.look(&self.board, &self.blocks, now, &mut say);
            for announcement in self.board.announcements.drain(..) {
                let (topic, payload) =
                    (self.orders.topics.maintenance.clone(), announcement.payload(now));
                said.push(Message { topic, payload, qos: 1, retain: false });
            }
            self.network.pass_on(said, &self.board, self.elapsed_us, sink);
            for publication in &mut self.publications {
                if self.elapsed_us >= publication.next_us {
                    let count = (self.elapsed_us / self.dt_us) as u64;
                    let at = Moment { seed: self.setup.seed, count, elapsed_us: self.elapsed_us };
                    publication.next_us = publication.next_us.saturating_add(publication.period_us);
                    for block in &publication.shown_by {
                        self.blocks[*block].show(&mut self.board);
                    }
                    publication.send(now, &self.board, at, sink);
                }
            }
        }
    }

    /// Takes a command, or an instructor's order for a fault. It is carried out and answered at the next
    /// step, or refused at once where too many wait or it is for no machine; `false` when it is nothing
    /// that this plant answers.
    pub fn command(&mut self, topic: &str, payload: &[u8], retained: bool) -> bool {
        if topic.len() > LONGEST_TOPIC {
            return false;
        }
        // What is longer is refused as too long: no more of it is kept than shows that.
        let payload = payload[..payload.len().min(LARGEST + 1)].to_vec();
        let now = self.now();
        self.orders.push(Incoming { topic: topic.to_string(), payload, retained }, now)
    }

    /// Answers that do not wait for a step of the plant. Without a network there are none: no command
    /// has come.
    fn said(&mut self) -> Vec<Message> {
        let mut said = self.orders.take_said();
        let instructor = &self.orders.topics.instructor;
        said.retain(|message| {
            message.topic.starts_with(instructor)
                || !self.network.is_away(&self.board, &message.topic)
        });
        said
    }

    /// The topic filters on which commands come.
    pub fn command_filters(&self) -> Vec<String> {
        self.orders.topics.filters()
    }

    fn obey(&mut self, now: Timestamp, sink: &mut dyn FnMut(Message)) {
        while let Some(incoming) = self.orders.pop() {
            let Some(order) = self.orders.topics.order(&incoming.topic) else {
                let answer = self.orders.topics.machine(&incoming.topic);
                let answer = answer.map(|(at, _)| &self.orders.topics.machines[at].answer);
                if answer.is_some_and(|answer| self.network.is_away(&self.board, answer)) {
                    continue;
                }
                let plant = (&mut self.board, &mut self.blocks[..]);
                self.orders.obey(&incoming, plant, now, sink);
                continue;
            };
            let result = self.order(order, &incoming);
            let prefix = &self.orders.topics.instructor;
            let result = result.as_ref().copied().map_err(String::as_str);
            sink(instructor::answer(prefix, order, result, now));
        }
    }

    /// Breaks and mends.
    fn order(&mut self, order: &str, incoming: &Incoming) -> Result<(), String> {
        if incoming.retained {
            return Err("the broker had kept this order; publish orders without retain".into());
        }
        let faults = &mut self.board.faults;
        match instructor::read(order, &incoming.payload, faults)? {
            Instruction::Fault(slot, fault, course) => {
                let from_us = self.warm_up_us + self.elapsed_us - self.dt_us;
                faults.inject(course.occurrence(slot, fault, from_us)?)
            }
            Instruction::Clear(slot) => match (faults.clear(slot), slot) {
                (0, Some(_)) => Err("this fault is not present".into()),
                _ => Ok(()),
            },
            _ => Err("this order is for who runs the plant".into()),
        }
    }

    fn step(&mut self, time_us: i64) {
        let dt_s = self.dt_us as f64 * 1e-6;
        self.board.clock.tick(self.dt_us);
        debug_assert_eq!(self.board.clock.time_us, time_us);
        self.board.faults.advance(time_us);
        for block in &mut self.blocks {
            block.step(&mut self.board, time_us as f64 * 1e-6, dt_s);
        }
        for errand in std::mem::take(&mut self.board.errands) {
            self.run_errand(&errand);
        }
    }

    /// What the crew does at a machine; what is refused it tries again later.
    fn run_errand(&mut self, errand: &Errand) {
        let is_it = |known: &&Known| known.asset == errand.asset && known.name == errand.name;
        let Some(known) = self.orders.known().iter().find(is_it) else { return };
        let (at, name, by) = (known.at, known.name, "crew".to_string());
        let command = Command { at, name, argument: Argument::Nothing, by };
        let answer = self.blocks[known.block].command(&mut self.board, &command);
        log::debug!("the crew: {}/{name}: {answer:?}", errand.asset);
    }

    /// What entered, left and is held of everything that is conserved: entered = left + held at every
    /// instant.
    pub fn balances(&self) -> Vec<Balance> {
        let own = self.blocks.iter().flat_map(|block| block.balances(&self.board));
        balance::by_quantity(self.board.balances().into_iter().chain(own))
    }
}

/// The blocks of a section, in its order.
fn build(spec: &Spec, seed: u64, wiring: &mut Wiring) -> Vec<Box<dyn Block>> {
    let mut built = blocks::build_all(&spec.blocks, &spec.places, seed, wiring);
    wiring.block = built.len();
    built.extend(maintenance::build(&spec.maintenance, wiring));
    built
}

#[cfg(test)]
mod conserved;
#[cfg(test)]
mod lives;
#[cfg(test)]
mod obeyed;
#[cfg(test)]
mod restored;
#[cfg(test)]
mod sections;
#[cfg(test)]
mod symptoms;
#[cfg(test)]
mod tests;
#[cfg(all(test, not(target_arch = "wasm32")))]
mod told;
